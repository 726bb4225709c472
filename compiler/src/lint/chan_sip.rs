//! Family `migration`: what leans on chan_sip, which Asterisk 21 has lost: `SIP/` (M903), headers (M904), keys of sip.conf (M916).

use std::collections::BTreeMap;

use strowger_stdlib::signatures::Version;

use crate::conf::line::Value;
use crate::diagnostic::{Diagnostic, Edit, Fix};
use crate::lint::World;
use crate::lint::every_call;
use crate::source::{Span, Text};

/// The first release without chan_sip.
const GONE: Version = Version(21, 0, 0);

/// Applications whose arguments are only shown or handed to other programs.
const SHOWING: [&[u8]; 10] = [
    b"noop",
    b"verbose",
    b"log",
    b"playback",
    b"background",
    b"system",
    b"trysystem",
    b"agi",
    b"userevent",
    b"sendtext",
];

/// Names that the pjsip converter leaves as comments, because pjsip.conf has nothing for them.
const WITHOUT: [&str; 24] = [
    "accept_outofcall_message",
    "allowguest",
    "autocreatepeer",
    "call-limit",
    "callbackextension",
    "domain",
    "insecure",
    "maxcallbitrate",
    "mohinterpret",
    "outofcall_message_context",
    "parkinglot",
    "progressinband",
    "promiscredir",
    "qualify",
    "regexten",
    "regcontext",
    "rtsavesysname",
    "srvlookup",
    "textsupport",
    "username",
    "usereqphone",
    "videosupport",
    "vmexten",
    "allowoverlap",
];

/// Applications and functions about headers and peers of chan_sip.
const HEADERS: [&str; 8] = [
    "SIPAddHeader",
    "SIPRemoveHeader",
    "SIPGetHeader",
    "SIP_HEADER",
    "SIP_HEADERS",
    "SIPPEER",
    "SIPCHANINFO",
    "CHECKSIPDOMAIN",
];

pub(crate) fn check(world: &World<'_>, out: &mut Vec<Diagnostic>) {
    if world.dialect.release() < GONE {
        return;
    }
    technology(world, out);
    keys(world, out);
}

/// M903: `SIP/` anywhere in the plan, told once.
fn technology(world: &World<'_>, out: &mut Vec<Diagnostic>) {
    let mut places: Vec<Span> = Vec::new();
    every_call::each(world.index.hir(), &mut |call| {
        // What a nested call dials stands in the outer one too.
        if call.own && !SHOWING.contains(&&*call.app) {
            places.extend(first(&call.args));
        }
    });
    let contexts = &world.index.hir().contexts;
    let hints = contexts.iter().flat_map(|c| &c.extensions);
    let hints = hints.filter_map(|e| e.hint.as_ref());
    places.extend(hints.filter_map(|h| first(&h.written)));
    places.sort_by_key(|s| (s.file, s.start));
    places.dedup();
    out.extend(places.into_iter().map(|place| {
        Diagnostic::new("M903", "`SIP/` is gone since Asterisk 21, which has no chan_sip", place)
            .label("there the call fails with CHANUNAVAIL; this exchange serves it")
            .help("for an older Asterisk write `asterisk_version = 20` (or its number) under [dialplan] in strowger.toml")
            .help("with devices in pjsip.conf `SIP/100` is written `PJSIP/100`, and `SIP/trunk/100` is written `PJSIP/100@trunk`")
    }));
}

/// The first `SIP/` that is no `PJSIP/`.
fn first(args: &Text) -> Option<Span> {
    let bytes = args.bytes();
    let slashes = bytes.iter().enumerate().filter(|(_, b)| **b == b'/');
    let mut words = slashes.filter_map(|(slash, _)| slash.checked_sub(3));
    let at = words.find(|at| {
        bytes[*at..*at + 3].eq_ignore_ascii_case(b"SIP")
            && at.checked_sub(1).is_none_or(|before| {
                !bytes[before].is_ascii_alphanumeric() && bytes[before] != b'/'
            })
    })?;
    Some(args.span_of(at..at + 3))
}

/// M916: keys of sip.conf that pjsip.conf has no word for, told once.
fn keys(world: &World<'_>, out: &mut Vec<Diagnostic>) {
    let Some(sip) = &world.peers.sip else { return };
    let mut found: BTreeMap<&str, &Value> = BTreeMap::new();
    for value in sip.sections.iter().flat_map(|s| &s.values) {
        if let Some(key) = WITHOUT.iter().find(|k| value.is(k))
            && !value.inherited
        {
            found.entry(key).or_insert(value);
        }
    }
    let mut values: Vec<(&str, &Value)> = found.into_iter().collect();
    values.sort_by_key(|(_, v)| (v.span().file, v.span().start));
    let [(key, first), more @ ..] = values.as_slice() else {
        return;
    };
    let names: Vec<String> = values.iter().map(|(k, _)| format!("`{k}`")).collect();
    let message = if more.is_empty() {
        format!("`{key}` has no counterpart in pjsip.conf")
    } else {
        format!("{} have no counterpart in pjsip.conf", names.join(", "))
    };
    let mut diagnostic = Diagnostic::new("M916", message, first.key.span())
        .label("a move to chan_pjsip loses this, or needs a line of another kind")
        .help(instead(key));
    for (_, value) in more {
        diagnostic = diagnostic.also(value.key.span(), "and this");
    }
    out.push(diagnostic);
}

/// What is written in pjsip.conf for it.
fn instead(key: &str) -> String {
    let what = match key {
        "allowguest" => {
            "an endpoint named `anonymous` lets strangers in; without one they are refused"
        }
        "insecure" => {
            "leave `auth` out of the endpoint, and add an `identify` with the address of the far end"
        }
        "qualify" => "`qualify_frequency` in the aor pings a phone",
        "call-limit" => "count calls with GROUP() in the plan",
        "username" => "`username` of the auth, or the user of `contact` in the aor",
        "outofcall_message_context" | "accept_outofcall_message" => {
            "`message_context` in the endpoint"
        }
        "videosupport" | "textsupport" => "list the codecs in `allow`",
        "callbackextension" => "a section with `type=registration`, and an `identify`",
        "mohinterpret" => "`moh_suggest` in the endpoint",
        "usereqphone" => "`user_eq_phone` in the endpoint",
        "domain" => "a section with `type=domain_alias`",
        _ => "look at what the key was for, and whether it is still needed",
    };
    format!("instead of `{key}`: {what}")
}

/// Whether a gone name is one of these: then M904, with a repair where one is plain.
pub(crate) fn header(name: &Text, mut found: Diagnostic) -> Diagnostic {
    let shown = name.lossy().into_owned();
    if !HEADERS.iter().any(|h| h.eq_ignore_ascii_case(&shown)) {
        return found;
    }
    found.code = "M904";
    found.level = crate::codes::level("M904");
    if shown == "SIP_HEADER" {
        // Up to and with the parenthesis, which follows at once.
        let span = Span {
            end: name.span().end + 1,
            ..name.span()
        };
        found.fixes.push(Fix {
            title: "write `PJSIP_HEADER(read,...)`".to_owned(),
            edits: vec![Edit {
                span,
                text: b"PJSIP_HEADER(read,".to_vec(),
            }],
            safe: false,
        });
    }
    if shown.eq_ignore_ascii_case("SIPAddHeader") {
        found.helps.clear();
        found = found
            .help("write a subroutine with `Set(PJSIP_HEADER(add,Name)=value)` and `Return()`")
            .help("run it on the new channel: `Dial(PJSIP/...,,b(that-context^s^1))`");
    }
    found
}
