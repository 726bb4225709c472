//! Applications, functions and variables that are gone, and what is written instead.

use crate::call::Call;
use crate::diagnostic::{Diagnostic, Edit};
use crate::hir::Hir;
use crate::jump::Shape;
use crate::source::{Sources, Span, Text};

use super::{edit, rewrite};

/// How the arguments go over.
#[derive(Clone, Copy)]
enum Way {
    /// Another name, the same arguments.
    Named(&'static str),
    /// Another name; this before and that behind the arguments.
    Around(&'static str, &'static str, &'static str),
    /// `name=value`: another name; before, in the place of `=`, behind.
    Pair(&'static str, &'static str, &'static str, &'static str),
    /// The same where a comma stands between.
    Comma(&'static str, &'static str, &'static str, &'static str),
}

use Way::{Around, Comma, Named, Pair};

/// Applications in small letters.
const APPLICATIONS: &[(&str, Way)] = &[
    ("setvar", Named("Set")),
    ("voicemail2", Named("VoiceMail")),
    ("voicemailmain2", Named("VoiceMailMain")),
    ("deadagi", Named("AGI")),
    ("setglobalvar", Pair("Set", "GLOBAL(", ")=", "")),
    ("importvar", Pair("Set", "", "=${IMPORT(", ")}")),
    ("dbput", Pair("Set", "DB(", ")=", "")),
    ("dbget", Pair("Set", "", "=${DB(", ")}")),
    ("dbdel", Around("NoOp", "${DB_DELETE(", ")}")),
    ("cut", Pair("Set", "", "=${CUT(", ")}")),
    ("sort", Pair("Set", "", "=${SORT(", ")}")),
    ("eval", Pair("Set", "", "=${EVAL(", ")}")),
    ("md5", Pair("Set", "", "=${MD5(", ")}")),
    ("math", Comma("Set", "", "=$[", "]")),
    ("curl", Around("Set", "CURL=${CURL(", ")}")),
    ("readfile", Comma("Set", "", ",0,", ")}")),
    ("absolutetimeout", Around("Set", "TIMEOUT(absolute)=", "")),
    ("digittimeout", Around("Set", "TIMEOUT(digit)=", "")),
    ("responsetimeout", Around("Set", "TIMEOUT(response)=", "")),
    ("setcidname", Around("Set", "CALLERID(name)=", "")),
    ("setcidnum", Around("Set", "CALLERID(num)=", "")),
    ("setrdnis", Around("Set", "CALLERID(rdnis)=", "")),
    ("setcallerid", Around("Set", "CALLERID(all)=", "")),
    ("setcallerpres", Around("Set", "CALLERID(pres)=", "")),
    ("callingpres", Around("Set", "CALLERID(pres)=", "")),
    ("setaccount", Around("Set", "CHANNEL(accountcode)=", "")),
    ("setamaflags", Around("Set", "CHANNEL(amaflags)=", "")),
    ("setcdruserfield", Around("Set", "CDR(userfield)=", "")),
    (
        "appendcdruserfield",
        Around("Set", "CDR(userfield)=${CDR(userfield)}", ""),
    ),
    ("nocdr", Around("Set", "CDR_PROP(disable)=1", "")),
    ("setlanguage", Around("Set", "CHANNEL(language)=", "")),
    ("setmusiconhold", Around("Set", "CHANNEL(musicclass)=", "")),
    ("waitmusiconhold", Around("MusicOnHold", ",", "")),
    (
        "settransfercapability",
        Around("Set", "CHANNEL(transfercapability)=", ""),
    ),
    ("sipdtmfmode", Around("Set", "PJSIP_DTMF_MODE()=", "")),
    (
        "getgroupcount",
        Around("Set", "GROUPCOUNT=${GROUP_COUNT(", ")}"),
    ),
    (
        "getgroupmatchcount",
        Around("Set", "GROUPCOUNT=${GROUP_MATCH_COUNT(", ")}"),
    ),
];

/// Functions: the name, the new one, and what comes behind the arguments.
const FUNCTIONS: &[(&str, &str, &str)] = &[
    ("VALID_EXTEN", "DIALPLAN_EXISTS", ""),
    ("LANGUAGE", "CHANNEL", "language"),
    ("MUSICCLASS", "CHANNEL", "musicclass"),
    ("QUEUEAGENTCOUNT", "QUEUE_MEMBER", ",count"),
    ("QUEUE_MEMBER_COUNT", "QUEUE_MEMBER", ",logged"),
    ("MAILBOX_EXISTS", "VM_INFO", ",exists"),
    ("CALLERPRES", "CALLERID", "pres"),
];

/// Variables of chan_sip.
const VARIABLES: &[(&str, &str)] = &[
    ("SIPCALLID", "CHANNEL(pjsip,call-id)"),
    ("SIPURI", "CHANNEL(pjsip,target_uri)"),
    (
        "SIPDOMAIN",
        "PJSIP_PARSE_URI(${CHANNEL(pjsip,request_uri)},host)",
    ),
    ("PARKINGSLOT", "PARKING_SPACE"),
];

pub(super) fn find(sources: &Sources, hir: &Hir, out: &mut Vec<Diagnostic>) {
    let release = hir.dialect.release();
    for step in hir.steps() {
        for call in step.commands() {
            let gone = call.app.signature().is_none_or(|s| !s.exists_in(release));
            if gone {
                application(sources, call, out);
            }
        }
        functions(hir, &step.args, out);
    }
}

fn application(sources: &Sources, call: &Call, out: &mut Vec<Diagnostic>) {
    let Some((_, way)) = APPLICATIONS.iter().find(|(n, _)| *n == call.app.as_str()) else {
        return;
    };
    let args = &call.args;
    let shape = Shape::read(args.bytes());
    // What a pipe separates is not known here; the pipes are written anew first.
    if args.is_empty() && call.app.as_str() != "nocdr"
        || shape.find(args.bytes(), b'|', 0).is_some()
    {
        return;
    }
    let comma = shape.find(args.bytes(), b',', 0);
    let (name, mut edits) = match *way {
        Named(name) => (name, Vec::new()),
        Around(name, before, behind) => {
            // Options are another thing.
            let plain = [
                "dbdel",
                "curl",
                "appendcdruserfield",
                "setcallerid",
                "waitmusiconhold",
            ];
            if comma.is_some() && !plain.contains(&call.app.as_str()) || args.is_empty() {
                if call.app.as_str() != "nocdr" || !args.is_empty() {
                    return;
                }
                return out.push(nocdr(sources, call, before));
            }
            let edits = vec![
                edit(args.place(0).before(), before),
                edit(args.span().after(), behind),
            ];
            (name, edits)
        }
        Pair(name, before, between, behind) => {
            let Some(at) = shape.find(args.bytes(), b'=', 0) else {
                return;
            };
            (name, around(args, at, before, between, behind))
        }
        Comma(name, before, between, behind) => {
            if call.app.as_str() == "readfile" {
                let Some(at) = shape.find(args.bytes(), b'=', 0) else {
                    return;
                };
                let mut edits = vec![edit(args.span_of(at..at + 1), "=${FILE(")];
                match shape.find(args.bytes(), b',', at) {
                    Some(comma) => {
                        edits.push(edit(args.span_of(comma..comma + 1), between));
                        edits.push(edit(args.span().after(), behind));
                    }
                    None => edits.push(edit(args.span().after(), behind)),
                }
                (name, edits)
            } else {
                let Some(at) = comma else { return };
                (name, around(args, at, before, between, behind))
            }
        }
    };
    edits.retain(|e| !e.text.is_empty() || e.span.start != e.span.end);
    edits.push(edit(call.name.span(), name));
    let title = format!("write `{name}` instead of `{}`", call.name.lossy());
    out.push(rewrite("M901", call.name.span(), title, edits));
}

/// `NoCDR()` and `NoCDR`: between the parentheses if there are any.
fn nocdr(sources: &Sources, call: &Call, before: &str) -> Diagnostic {
    let behind = call.name.span().after();
    let text = sources.file(behind.file).bytes();
    let given = text[behind.start as usize..].starts_with(b"()");
    let open = Span {
        end: behind.start + if given { 2 } else { 0 },
        ..behind
    };
    let edits = vec![
        edit(call.name.span(), "Set"),
        edit(open, format!("({before})")),
    ];
    let title = "write `Set` instead of `NoCDR`";
    rewrite("M901", call.name.span(), title, edits)
}

fn around(args: &Text, at: usize, before: &str, between: &str, behind: &str) -> Vec<Edit> {
    vec![
        edit(args.place(0).before(), before),
        edit(args.span_of(at..at + 1), between),
        edit(args.span().after(), behind),
    ]
}

/// `${NAME(` and `${NAME}`, wherever they stand.
fn functions(hir: &Hir, args: &Text, out: &mut Vec<Diagnostic>) {
    let bytes = args.bytes();
    let holes = bytes.windows(2).enumerate().filter(|(_, w)| *w == b"${");
    for (at, _) in holes {
        let from = at + 2;
        let length = bytes[from..]
            .iter()
            .take_while(|b| b.is_ascii_alphanumeric() || **b == b'_')
            .count();
        let name = &bytes[from..from + length];
        let span = args.span_of(from..from + length.max(1));
        match bytes.get(from + length) {
            Some(b'(') => {
                let Some((old, new, behind)) =
                    FUNCTIONS.iter().find(|(n, ..)| n.as_bytes() == name)
                else {
                    continue;
                };
                let known = strowger_stdlib::signatures::function(old.as_bytes());
                if known.is_some_and(|s| s.exists_in(hir.dialect.release())) {
                    continue;
                }
                let open = from + length;
                let Some(close) = closing(bytes, open) else {
                    continue;
                };
                let mut edits = vec![edit(span, new)];
                if !behind.is_empty() {
                    edits.push(edit(args.span_of(close..close + 1).before(), behind));
                }
                out.push(rewrite(
                    "M910",
                    span,
                    format!("write `{new}` instead of `{old}`"),
                    edits,
                ));
            }
            Some(b'}') if hir.dialect.release().0 >= 21 => {
                if let Some((old, new)) = VARIABLES.iter().find(|(n, _)| n.as_bytes() == name) {
                    let title = format!("write `{new}` instead of `{old}`");
                    out.push(rewrite("M910", span, title, vec![edit(span, new)]));
                }
            }
            _ => {}
        }
    }
}

/// Where the parenthesis at `open` is closed.
fn closing(bytes: &[u8], open: usize) -> Option<usize> {
    let mut depth = 0usize;
    for (at, byte) in bytes.iter().enumerate().skip(open) {
        match byte {
            b'(' => depth += 1,
            b')' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}
