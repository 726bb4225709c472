//! Family `files`: what the files of a configuration say about each other.

use std::collections::{HashMap, HashSet};

use crate::conf::line::{Config, Section, Value};
use crate::diagnostic::Diagnostic;
use crate::dialled::{self, Destination};
use crate::edit_distance::nearest;
use crate::lint::World;
use strowger_stdlib::signatures::Version;

use crate::peers::{CONTEXT_KEYS, Peers, Tech, list};
use crate::source::{Sources, Text};

/// The first release that calls users.conf deprecated.
const USERS_DEPRECATED: Version = Version(21, 0, 0);

pub(crate) fn check(world: &World<'_>, sources: &Sources, out: &mut Vec<Diagnostic>) {
    let peers = Peers::read(sources);
    out.extend(peers.files().flat_map(|f| f.diagnostics.iter().cloned()));
    contexts(world, &peers, out);
    dialled_devices(world, &peers, out);
    misplaced(&peers, out);
    references(&peers, out);
    crate::lint::access::check(&peers, out);
    ports(sources, out);
    if world.dialect.release() >= USERS_DEPRECATED
        && let Some(users) = &peers.users
        && let Some(first) = users.sections().next()
    {
        out.push(
            Diagnostic::new(
                "M918",
                "users.conf is no longer read by Asterisk 23",
                first.span,
            )
            .label("deprecated since 21; it is still honoured here")
            .help("write the devices to sip.conf or pjsip.conf"),
        );
    }
}

fn show(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Contexts that devices name.
fn contexts(world: &World<'_>, peers: &Peers, out: &mut Vec<Diagnostic>) {
    if world.open {
        return;
    }
    let mut said: HashSet<Vec<u8>> = HashSet::new();
    for section in peers.files().flat_map(Config::sections) {
        for value in CONTEXT_KEYS.iter().filter_map(|k| section.get(k)) {
            let name = value.text.bytes();
            if name.is_empty() || world.index.context(name).is_some() || !said.insert(name.to_vec())
            {
                continue;
            }
            let who = if section.name.eq_ignore_ascii_case(b"general") {
                "calls that belong to no device, and devices without a context of their own, find nothing there".to_owned()
            } else {
                format!(
                    "what comes from `{}` finds nothing there",
                    show(&section.name)
                )
            };
            let shown = show(name);
            let found = Diagnostic::new(
                "C001",
                format!("there is no context `{shown}` in the dialplan"),
                value.text.span(),
            )
            .label(who);
            let names: Vec<String> = world
                .index
                .hir()
                .contexts
                .iter()
                .map(|c| show(&c.name))
                .collect();
            let near = names
                .iter()
                .find(|n| n.eq_ignore_ascii_case(&shown))
                .cloned();
            let near = near
                .or_else(|| nearest(&shown, names.iter().map(String::as_str)).map(str::to_owned));
            out.push(match near {
                Some(near) => found.fix(format!("write `{near}`"), value.text.span(), near, false),
                None => found.help(format!(
                    "open `[{shown}]` in extensions.conf, or name one of its contexts"
                )),
            });
        }
    }
}

/// Devices that the plan dials.
fn dialled_devices(world: &World<'_>, peers: &Peers, out: &mut Vec<Diagnostic>) {
    let mut names: HashMap<&'static str, HashSet<Vec<u8>>> = HashMap::new();
    for device in peers.devices() {
        names
            .entry(word(device.tech))
            .or_default()
            .insert(device.name.to_ascii_lowercase());
    }
    let any = peers.sip.is_some() || peers.users.is_some() || peers.pjsip.is_some();
    for context in &world.index.hir().contexts {
        for extension in &context.extensions {
            for step in &extension.steps {
                for destination in dialled::destinations(step) {
                    if let Some(found) = missing(peers, &names, any, &destination) {
                        out.push(found.label("the call fails with CHANUNAVAIL"));
                    }
                }
            }
            if let Some(hint) = &extension.hint {
                for destination in dialled::split(&hint.written) {
                    if let Some(mut found) = missing(peers, &names, any, &destination) {
                        found.code = "C006";
                        found.level = crate::codes::level("C006");
                        out.push(found.label("the state of this hint is never known"));
                    }
                }
            }
        }
    }
}

fn word(tech: Tech) -> &'static str {
    match tech {
        Tech::Sip => "SIP",
        Tech::Pjsip => "PJSIP",
        Tech::Iax => "IAX2",
    }
}

fn missing(
    peers: &Peers,
    names: &HashMap<&'static str, HashSet<Vec<u8>>>,
    any: bool,
    destination: &Destination,
) -> Option<Diagnostic> {
    let tech = destination.tech.bytes().to_ascii_uppercase();
    let tech = match tech.as_slice() {
        b"SIP" => Tech::Sip,
        b"PJSIP" => Tech::Pjsip,
        _ => return None,
    };
    let file = if tech == Tech::Sip {
        "sip.conf"
    } else {
        "pjsip.conf"
    };
    let present = match tech {
        Tech::Sip => peers.sip.is_some() || peers.users.is_some(),
        _ => peers.pjsip.is_some(),
    };
    if !present {
        // Only where devices are configured at all: a plan alone says nothing about them.
        let other = if tech == Tech::Sip { "PJSIP" } else { "SIP" };
        return any.then(|| {
            Diagnostic::new(
                "C007",
                format!(
                    "there is no {file}, so nothing can be dialled by `{}/`",
                    destination.tech.lossy()
                ),
                destination.tech.span(),
            )
            .help(format!(
                "the devices of this configuration are dialled by `{other}/`"
            ))
        });
    }
    if !peers.complete(tech) {
        return None;
    }
    let name = destination.device()?;
    let bytes = name.bytes();
    let host = bytes.iter().any(|b| matches!(b, b'.' | b':' | b'['))
        || bytes.eq_ignore_ascii_case(b"localhost");
    let none = HashSet::new();
    let known = names.get(word(tech)).unwrap_or(&none);
    if known.contains(&bytes.to_ascii_lowercase()) || tech == Tech::Sip && host || bytes.is_empty()
    {
        return None;
    }
    let shown = name.lossy().into_owned();
    let found = Diagnostic::new(
        "C002",
        format!("`{shown}` is no device of {file}"),
        name.span(),
    );
    let known: Vec<String> = known.iter().map(|n| show(n)).collect();
    if let Some(near) = nearest(&shown, known.iter().map(String::as_str)) {
        return Some(found.help(format!("perhaps `{near}` was meant")));
    }
    Some(if tech == Tech::Sip {
        found.help("Asterisk would ask the DNS for a host of this name")
    } else {
        found
    })
}

/// Keys of sip.conf that stand where nobody reads them.
fn misplaced(peers: &Peers, out: &mut Vec<Diagnostic>) {
    const GENERAL: [&str; 7] = [
        "accept_outofcall_message",
        "auth_message_requests",
        "allowguest",
        "alwaysauthreject",
        "udpbindaddr",
        "tcpenable",
        "localnet",
    ];
    let Some(sip) = &peers.sip else { return };
    let mut said: HashMap<&str, usize> = HashMap::new();
    for section in sip
        .sections()
        .filter(|s| !s.name.eq_ignore_ascii_case(b"general"))
    {
        for key in GENERAL {
            let Some(value) = section.values.iter().find(|v| !v.inherited && v.is(key)) else {
                continue;
            };
            match said.get(key) {
                Some(index) => {
                    let found: &mut Diagnostic = &mut out[*index];
                    if found.secondary.len() < 3 {
                        *found = found.clone().also(value.span(), "and here");
                    }
                }
                None => {
                    said.insert(key, out.len());
                    out.push(
                        Diagnostic::new(
                            "C014",
                            format!("`{key}` belongs to [general]"),
                            value.span(),
                        )
                        .label(format!(
                            "Asterisk ignores it in the section of a device (`{}`){}",
                            show(&section.name),
                            // The one that the exchange honours there: it refuses more, never less.
                            if key == "accept_outofcall_message" {
                                "; here it counts"
                            } else {
                                ""
                            }
                        ))
                        .help(format!(
                            "write it once, in [general]: `{key}={}`",
                            value.text.lossy()
                        )),
                    );
                }
            }
        }
    }
}

/// References between the objects of pjsip.conf.
fn references(peers: &Peers, out: &mut Vec<Diagnostic>) {
    let Some(pjsip) = &peers.pjsip else { return };
    if pjsip.open {
        return;
    }
    // type, key, type of what is named, what happens without it
    const LINKS: [(&str, &str, &str, &str); 8] = [
        (
            "endpoint",
            "aors",
            "aor",
            "it has no address: calls to it fail, and it cannot register",
        ),
        ("endpoint", "auth", "auth", "the endpoint is not loaded"),
        (
            "endpoint",
            "outbound_auth",
            "auth",
            "challenges of the far end are not answered",
        ),
        ("endpoint", "transport", "transport", "calls to it fail"),
        (
            "identify",
            "endpoint",
            "endpoint",
            "what comes from the address belongs to nobody",
        ),
        (
            "registration",
            "outbound_auth",
            "auth",
            "challenges of the registrar are not answered",
        ),
        (
            "registration",
            "transport",
            "transport",
            "the registration fails",
        ),
        (
            "registration",
            "endpoint",
            "endpoint",
            "calls of the provider belong to nobody",
        ),
    ];
    for (kind, key, target, without) in LINKS {
        for section in peers.pjsip_objects(kind) {
            let Some(value) = section.get(key) else {
                continue;
            };
            for name in list(value) {
                if peers.pjsip_object(target, name.bytes()).is_none() {
                    out.push(dangling(peers, section, &name, (key, target, without)));
                }
            }
        }
    }
}

fn dangling(
    peers: &Peers,
    section: &Section,
    name: &Text,
    (key, target, without): (&str, &str, &str),
) -> Diagnostic {
    let shown = name.lossy().into_owned();
    let found = Diagnostic::new(
        "C008",
        format!(
            "`{key}` of `{}` names `{shown}`, which is no {target}",
            show(&section.name)
        ),
        name.span(),
    )
    .label(without);
    let others: Vec<String> = peers.pjsip_objects(target).map(|s| show(&s.name)).collect();
    match nearest(&shown, others.iter().map(String::as_str)) {
        Some(near) => found.help(format!("perhaps `{near}` was meant")),
        None => found.help(format!("add a section `[{shown}]` with `type={target}`")),
    }
}

/// How many calls the ports of rtp.conf carry.
fn ports(sources: &Sources, out: &mut Vec<Diagnostic>) {
    let Some(file) = sources.find("rtp.conf") else {
        return;
    };
    let config = crate::conf::line::read(sources, file);
    let number = |v: Option<&Value>| {
        v.and_then(|v| {
            std::str::from_utf8(v.text.bytes())
                .ok()?
                .parse::<u32>()
                .ok()
        })
    };
    let (start, end) = (
        config.value("general", "rtpstart"),
        config.value("general", "rtpend"),
    );
    let (Some(first), Some(last), Some(place)) = (number(start), number(end), end) else {
        return;
    };
    // A leg takes an even port for sound and the next one for reports; a relayed call has two legs.
    let pairs = (first..=last.min(65_535))
        .filter(|p| p % 2 == 0 && *p < last)
        .count();
    if pairs / 2 < 10 {
        let calls = pairs / 2;
        let found = Diagnostic::new(
            "C018",
            format!(
                "these ports carry {calls} relayed call{} at a time",
                if calls == 1 { "" } else { "s" }
            ),
            place.span(),
        )
        .label("a call takes four ports: two for each of its legs")
        .help("the usual range is 10000 to 20000");
        out.push(match start {
            Some(start) => found.also(start.span(), "the range begins here"),
            None => found,
        });
    }
}
