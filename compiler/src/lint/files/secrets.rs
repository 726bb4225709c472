//! Secrets that are easy to guess (X817), or that several devices share (C034). No secret is ever shown.

use std::collections::{HashMap, HashSet};

use crate::beside::sections;
use crate::conf::line::Section;
use crate::diagnostic::Diagnostic;
use crate::lint::World;
use crate::peers::list;

use super::show;

/// Shorter ones are tried out within hours.
const SHORTEST: usize = 8;

/// Words that every scanner tries.
const COMMON: [&str; 22] = [
    "password",
    "passw0rd",
    "secret",
    "changeme",
    "asterisk",
    "voip",
    "phone",
    "admin",
    "test",
    "guest",
    "welcome",
    "qwerty",
    "letmein",
    "default",
    "mypassword",
    "mysecret",
    "freepbx",
    "trixbox",
    "unsecurepassword",
    "supersecret",
    "12345678",
    "123456789",
];

/// A device with its secret.
struct Guarded<'a> {
    name: String,
    section: &'a Section,
    secret: Vec<u8>,
    /// Told by another check: it is the name itself.
    told: bool,
    /// The far end chose it.
    foreign: bool,
    /// Struck out, as the name of the account is: `USERNAME` and `PASSWORD`.
    struck_out: bool,
}

pub(super) fn check(world: &World<'_>, out: &mut Vec<Diagnostic>) {
    let devices = guarded(world);
    let mut weak = Vec::new();
    let mut shared: HashMap<&[u8], Vec<&Guarded<'_>>> = HashMap::new();
    for device in devices
        .iter()
        .filter(|d| !d.told && !d.foreign && !d.struck_out)
    {
        match weakness(&device.name, &device.secret) {
            Some(why) => weak.push(
                Diagnostic::new(
                    "X817",
                    format!("the secret of `{}` is easily guessed", device.name),
                    // Not the secret's own line: a terminal or a log would show it.
                    device.section.span,
                )
                .label(why)
                .help("choose long random secrets, one for each device"),
            ),
            None => shared.entry(&device.secret).or_default().push(device),
        }
    }
    out.extend(super::once_named(weak));
    let mut groups: Vec<Vec<&Guarded<'_>>> = shared.into_values().filter(|g| g.len() > 1).collect();
    groups.sort_by_key(|g| (g[0].section.span.file, g[0].section.span.start));
    for group in groups {
        let names: Vec<String> = group.iter().map(|d| format!("`{}`", d.name)).collect();
        let mut found = Diagnostic::new(
            "C034",
            format!("{} have the same secret", and(&names)),
            group[0].section.span,
        )
        .label("who learns it, and every owner of such a phone does, can register and call as the others")
        .help("choose long random secrets, one for each device");
        for device in &group[1..] {
            found = found.also(device.section.span, "the same here");
        }
        out.push(found);
    }
}

/// `a`, `b` and `c`; `a`, `b`, `c` and 4 more.
fn and(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [before @ .., last] if before.len() < 4 => format!("{} and {last}", before.join(", ")),
        many => format!("{} and {} more", many[..3].join(", "), many.len() - 3),
    }
}

fn guarded<'a>(world: &'a World<'_>) -> Vec<Guarded<'a>> {
    let peers = &world.peers;
    // Of those in iax.conf nobody else speaks.
    let other = peers.iax.as_ref().and_then(|c| c.sections().next());
    let other = other.map(|s| s.span.file);
    let sip = |s: &Section| Some(s.span.file) != other;
    let mut out = Vec::new();
    let iax = peers.iax.iter().flat_map(|c| sections(c, &[]));
    for section in peers.sip_sections().chain(iax) {
        let Some(secret) = section.get("secret").filter(|s| !s.text.is_empty()) else {
            continue;
        };
        let dynamic = section
            .get("host")
            .is_none_or(|h| h.text.bytes().eq_ignore_ascii_case(b"dynamic"));
        out.push(Guarded {
            name: show(&section.name),
            section,
            secret: secret.text.bytes().to_vec(),
            told: sip(section) && secret.text.bytes().eq_ignore_ascii_case(&section.name),
            foreign: !dynamic,
            struck_out: struck_out(section, secret.text.bytes()),
        });
    }
    let named = |e: &'a Section| e.get("auth").into_iter().flat_map(list);
    let inward: HashSet<Vec<u8>> = peers
        .pjsip_objects("endpoint")
        .flat_map(named)
        .map(|n| n.bytes().to_vec())
        .collect();
    for section in peers.pjsip_objects("auth") {
        let Some(secret) = section.get("password").filter(|s| !s.text.is_empty()) else {
            continue;
        };
        out.push(Guarded {
            name: show(&section.name),
            section,
            secret: secret.text.bytes().to_vec(),
            told: false,
            foreign: !inward.contains(&section.name),
            struck_out: struck_out(section, secret.text.bytes()),
        });
    }
    out
}

/// Whether somebody took the secret and the name of the account out before others saw the file, and wrote words in capitals for them.
fn struck_out(section: &Section, secret: &[u8]) -> bool {
    let word = |text: &[u8]| {
        let capital = |b: &u8| b.is_ascii_uppercase() || *b == b'_';
        text.len() > 3 && text.iter().all(capital)
    };
    let named = ["username", "defaultuser", "fromuser"]
        .iter()
        .filter_map(|key| section.get(key));
    word(secret) && named.map(|n| n.text.bytes()).any(word)
}

fn weakness(name: &str, secret: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(secret).to_ascii_lowercase();
    // Not what is written by another program when the file is installed: `${SECRET}`, `@SECRET@`, `<secret>`.
    let filled_in = ["$", "@", "<", "{", "%"]
        .iter()
        .any(|s| text.starts_with(s));
    if filled_in {
        return None;
    }
    let name = name.to_ascii_lowercase();
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    if text == name || (text.starts_with(&name) && digits && text.len() < name.len() + 3) {
        return Some("its own name is the first that is tried".to_owned());
    }
    let plain = text.trim_end_matches(|c: char| c.is_ascii_digit() || c == '!');
    // `your_secret_password` was never meant to stay.
    let placeholder = ["password", "secret", "changeme"]
        .iter()
        .any(|w| text.contains(w));
    if placeholder || COMMON.iter().any(|w| *w == text || *w == plain) {
        return Some("a word that every scanner tries".to_owned());
    }
    if digits && text.len() < 10 {
        return Some("only digits, and few: all of them are tried within hours".to_owned());
    }
    (text.len() < SHORTEST)
        .then(|| format!("shorter than {SHORTEST} letters: tried out within hours"))
}
