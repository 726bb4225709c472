//! Family `files`: what the files of a configuration say about each other.

use strowger_stdlib::table::{QuickMap, QuickSet};

use crate::conf::line::{Config, Section};
use crate::diagnostic::Diagnostic;
use crate::dialled::{self, Destination};
use crate::edit_distance::nearest;
use crate::lint::World;
use crate::lint::every_call::Known;
use strowger_stdlib::signatures::Version;

use crate::peers::{CONTEXT_KEYS, Peers, Tech, list};
use crate::source::{Sources, Text};

mod contexts;
mod features;
mod folders;
mod general;
mod keys;
mod mailboxes;
mod media;
mod members;
mod nat;
mod odbc;
mod ports;
mod renamed;
mod secrets;
mod services;
mod strangers;
mod unreached;
mod unseen;
mod usernames;

/// The first release that calls users.conf deprecated.
const USERS_DEPRECATED: Version = Version(21, 0, 0);

pub(crate) fn check(world: &World<'_>, sources: &Sources, out: &mut Vec<Diagnostic>) {
    let peers = &world.peers;
    out.extend(peers.files().flat_map(|f| f.diagnostics.iter().cloned()));
    contexts(world, peers, out);
    let names = device_names(peers);
    dialled_devices(world, peers, &names, out);
    named_devices(world, peers, &names, out);
    general::check(peers, out);
    references(peers, out);
    crate::lint::access::check(peers, out);
    usernames::check(peers, out);
    secrets::check(world, out);
    ports::check(peers, sources, out);
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

/// What only an analysis asks, for which more files are read.
pub(crate) fn beside(world: &World<'_>, sources: &Sources, out: &mut Vec<Diagnostic>) {
    for (_, file) in world.beside.files() {
        out.extend(file.diagnostics.iter().cloned());
    }
    let names = device_names(&world.peers);
    members::check(world, &names, out);
    strangers::check(world, out);
    nat::check(world, out);
    media::check(world, out);
    renamed::check(world, out);
    contexts::check(world, out);
    let known = Known::gather(world.index.hir(), world.dialect);
    mailboxes::check(world, &known, out);
    services::check(world, &known, out);
    features::check(world, out);
    odbc::check(world, out);
    folders::check(world, sources, out);
    unreached::check(world, &known, out);
    unseen::check(world, sources, &names, out);
}

fn show(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Names of devices in small letters, by the word of their technology.
type Names = QuickMap<&'static str, QuickSet<Vec<u8>>>;

fn device_names(peers: &Peers) -> Names {
    let mut names = Names::default();
    for device in peers.devices() {
        names
            .entry(word(device.tech))
            .or_default()
            .insert(device.name.to_ascii_lowercase());
    }
    names
}

/// Endpoints of pjsip.conf that register: they have an address of record without a contact of its own.
fn registering(peers: &Peers) -> Vec<&Section> {
    let open = peers
        .pjsip_objects("aor")
        .filter(|a| a.get("contact").is_none());
    let open: QuickSet<&[u8]> = open.map(|a| a.name.as_slice()).collect();
    let registers = |endpoint: &&Section| {
        let aors = endpoint.get("aors").into_iter().flat_map(list);
        aors.into_iter().any(|a| open.contains(a.bytes()))
    };
    peers.pjsip_objects("endpoint").filter(registers).collect()
}

/// The words of a label, and how often it holds.
fn counted(text: &str, times: usize) -> String {
    if times > 1 {
        format!("{text} ({times} places)")
    } else {
        text.to_owned()
    }
}

/// One finding for many of the same kind.
fn once(found: Vec<Diagnostic>) -> Option<Diagnostic> {
    let times = found.len();
    let mut found = found.into_iter();
    let mut first = found.next()?;
    for other in found {
        first = first.also(other.primary.span, "here too");
    }
    first.primary.text = counted(&first.primary.text, times);
    Some(first)
}

/// The same where the message names something in backticks: the first name, and how many more there are.
fn once_named(found: Vec<Diagnostic>) -> Option<Diagnostic> {
    let more = found.len().saturating_sub(1);
    let mut found = found.into_iter();
    let mut first = found.next()?;
    if more > 0 {
        let ends: Vec<usize> = first.message.match_indices('`').map(|(at, _)| at).collect();
        if let Some(end) = ends.get(1) {
            first
                .message
                .insert_str(end + 1, &format!(" and {more} more"));
        }
    }
    for other in found {
        first = first.also(other.primary.span, "this one too");
    }
    Some(first)
}

/// Contexts that devices name.
fn contexts(world: &World<'_>, peers: &Peers, out: &mut Vec<Diagnostic>) {
    if world.open {
        return;
    }
    let unentered = nobody_enters_general(peers);
    let in_sip = |section: &Section| {
        let mut sip = peers.sip.iter().flat_map(Config::sections);
        sip.any(|s| std::ptr::eq(s, section))
    };
    let mut said: QuickSet<Vec<u8>> = QuickSet::default();
    for section in peers.files().flat_map(Config::sections) {
        for value in CONTEXT_KEYS.iter().filter_map(|k| section.get(k)) {
            let name = value.text.bytes();
            let general = section.name.eq_ignore_ascii_case(b"general");
            if name.is_empty()
                || general && unentered && value.is("context") && in_sip(section)
                || world.index.context(name).is_some()
                || world.made(name)
                || !said.insert(name.to_vec())
            {
                continue;
            }
            let who = if general {
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

/// Whether no call enters the context of [general] of sip.conf: guests are refused, and every device has its own. Devices that are
/// out of sight may have theirs too.
fn nobody_enters_general(peers: &Peers) -> bool {
    let refused = peers
        .sip
        .as_ref()
        .and_then(|sip| sip.value("general", "allowguest"))
        .is_some_and(|v| crate::conf::line::boolean(v.text.bytes()) == Some(false));
    let mut devices = peers.sip_sections().peekable();
    let own = devices.peek().is_some() && devices.all(|s| s.get("context").is_some());
    refused && (own || !peers.complete(Tech::Sip))
}

/// Devices that the plan dials.
fn dialled_devices(world: &World<'_>, peers: &Peers, names: &Names, out: &mut Vec<Diagnostic>) {
    let any = peers.sip.is_some() || peers.users.is_some() || peers.pjsip.is_some();
    for context in &world.index.hir().contexts {
        for extension in &context.extensions {
            for step in &extension.steps {
                for destination in dialled::destinations(step) {
                    if let Some(found) = missing(world, names, any, destination) {
                        out.push(found.label("the call fails with CHANUNAVAIL"));
                    }
                }
            }
            if let Some(hint) = &extension.hint {
                for destination in dialled::split(&hint.written) {
                    if let Some(mut found) = missing(world, names, any, &destination) {
                        found.code = "C006";
                        found.level = crate::codes::level("C006");
                        out.push(found.label("the state of this hint is never known"));
                    }
                }
            }
        }
    }
}

/// Devices that `.dial` names, wherever they stand.
fn named_devices(world: &World<'_>, peers: &Peers, names: &Names, out: &mut Vec<Diagnostic>) {
    let any = peers.sip.is_some() || peers.users.is_some() || peers.pjsip.is_some();
    for device in &world.index.hir().devices {
        let word = word(device.tech);
        let destination = Destination {
            tech: Text::new(word, device.name.span()),
            resource: device.name.clone(),
            whole: device.name.clone(),
        };
        let Some(mut found) = missing(world, names, any, &destination) else {
            continue;
        };
        if device.in_test {
            let shown = device.name.lossy();
            found = found.help(format!(
                "one that nobody has is written `device(\"{word}/{shown}\")`"
            ));
        }
        out.push(found.label("a call to it fails with CHANUNAVAIL"));
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
    world: &World<'_>,
    names: &Names,
    any: bool,
    destination: &Destination,
) -> Option<Diagnostic> {
    let peers = &world.peers;
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
    if !world.knows(tech) {
        return None;
    }
    let name = destination.device()?;
    let bytes = name.bytes();
    let host = bytes.iter().any(|b| matches!(b, b'.' | b':' | b'['))
        || bytes.eq_ignore_ascii_case(b"localhost");
    let none = QuickSet::default();
    let known = names.get(word(tech)).unwrap_or(&none);
    // A file without a single device is not where the devices are written.
    if known.is_empty()
        || known.contains(&bytes.to_ascii_lowercase())
        || tech == Tech::Sip && host
        || bytes.is_empty()
        // `$(EXTEN)`: told as what it is.
        || bytes.contains(&b'$')
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
