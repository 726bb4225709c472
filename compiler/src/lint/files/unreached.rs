//! Devices that no line of the plan dials (C003), numbers that are dialled and are no device (C038).

use strowger_stdlib::table::QuickSet;

use strowger_stdlib::template::has_hole;

use crate::beside::sections;
use crate::conf::line::Section;
use crate::diagnostic::Diagnostic;
use crate::dialled::{self, Destination};
use crate::hir::{Extension, Matches};
use crate::lint::World;
use crate::lint::every_call::{self, Known};
use crate::pattern::{Element, Pattern};
use crate::peers::Tech;
use crate::source::Text;

use super::show;

/// Programs that may dial whom they like.
const OUTSIDE: [&[u8]; 9] = [
    b"agi",
    b"eagi",
    b"fastagi",
    b"deadagi",
    b"stasis",
    b"externalivr",
    b"originate",
    b"followme",
    b"system",
];

/// Patterns of one plan that are compared with devices.
const PATTERNS: usize = 2_000;

/// What the plan dials.
#[derive(Default)]
struct Dialled {
    /// Names in small letters, with their technology.
    names: QuickSet<(Tech, Vec<u8>)>,
    /// `${EXTEN}` in extensions of these forms.
    by_number: Vec<(Tech, Pattern)>,
    /// Something may dial anybody.
    anybody: bool,
}

pub(super) fn check(world: &World<'_>, known: &Known<'_>, out: &mut Vec<Diagnostic>) {
    let mut dialled = Dialled::default();
    let mut trap = Vec::new();
    let mut first: QuickSet<(Vec<u8>, Vec<u8>)> = QuickSet::default();
    every_call::each(world.index.hir(), &mut |call| {
        if OUTSIDE.contains(&&*call.app) {
            dialled.anybody = true;
        }
        let slot = match &*call.app {
            b"dial" | b"page" | b"chanisavail" => 0,
            b"retrydial" => 3,
            b"addqueuemember" => 1,
            // Devices are passed to subroutines by whole names.
            b"gosub" | b"macro" | b"gosubif" | b"set" | b"mset" => {
                for destination in named_in(&call.args) {
                    dialled.destination(&destination, None, known, call.extension);
                }
                return;
            }
            _ => return,
        };
        let arguments = call.arguments();
        let Some(list) = arguments.get(slot) else {
            return;
        };
        for part in every_call::parts(list, b'&') {
            let found = dialled::split(&part);
            if found.is_empty() && has_hole(part.bytes()) {
                dialled.unclear(&part, known, call.extension);
            }
            for destination in found {
                let exten = by_number(&destination);
                dialled.destination(&destination, exten, known, call.extension);
                let key = (call.context.name.clone(), call.extension.name.clone());
                if exten == Some(true) && first.insert(key) {
                    trap.extend(to_the_dns(world, &destination, call.extension));
                }
            }
        }
    });
    out.extend(super::once(trap));
    unreached(world, &mut dialled, known, out);
}

/// Device names that stand in an argument as they are: `SIP/100`.
fn named_in(args: &Text) -> Vec<Destination> {
    let bytes = args.bytes();
    let mut out = Vec::new();
    let mut from = 0;
    while let Some(slash) = bytes[from..].iter().position(|b| *b == b'/') {
        let slash = from + slash;
        from = slash + 1;
        let Some(at) = slash.checked_sub(3) else {
            continue;
        };
        if !bytes[at..slash].eq_ignore_ascii_case(b"SIP") {
            continue;
        }
        let start = if at > 1 && bytes[at - 2..at].eq_ignore_ascii_case(b"PJ") {
            at - 2
        } else {
            at
        };
        let stops = |b: &u8| matches!(b, b',' | b')' | b'(' | b'&' | b'"' | b':' | b'?');
        let end = bytes[at..].iter().position(|b| *b <= 32 || stops(b));
        let end = end.map_or(bytes.len(), |n| at + n);
        out.extend(dialled::split(&args.slice(start..end)));
        from = end.max(at + 4).min(bytes.len());
    }
    out
}

/// Whether the device is `${EXTEN}` (true), or holds another variable (false); None: it is plain text.
fn by_number(destination: &Destination) -> Option<bool> {
    let resource = destination.resource.bytes();
    let head = resource.split(|b| *b == b'/').next().unwrap_or_default();
    let name = head.rsplit(|b| *b == b'@').next().unwrap_or_default();
    if !has_hole(resource) {
        return None;
    }
    if name == b"${EXTEN}" && destination.device().is_none() {
        return Some(true);
    }
    destination.device().is_none().then_some(false)
}

fn tech(destination: &Destination) -> Option<Tech> {
    match destination.tech.bytes().to_ascii_uppercase().as_slice() {
        b"SIP" => Some(Tech::Sip),
        b"PJSIP" => Some(Tech::Pjsip),
        _ => None,
    }
}

impl Dialled {
    fn destination(
        &mut self,
        destination: &Destination,
        by_number: Option<bool>,
        known: &Known<'_>,
        extension: &Extension,
    ) {
        let Some(tech) = tech(destination) else {
            return;
        };
        if let Some(device) = destination.device() {
            self.names
                .insert((tech, device.bytes().to_ascii_lowercase()));
            return;
        }
        match (by_number, &extension.matches) {
            (Some(true), Matches::Pattern(pattern)) if self.by_number.len() < PATTERNS => {
                self.by_number.push((tech, pattern.clone()));
            }
            (Some(true), Matches::Name(name)) if name.len() > 1 => {
                self.names.insert((tech, name.to_ascii_lowercase()));
            }
            _ => match known.value(&destination.resource, extension) {
                Some(value) => {
                    self.names.insert((tech, value.to_ascii_lowercase()));
                }
                None => self.anybody = true,
            },
        }
    }

    /// A destination that is a variable as a whole.
    fn unclear(&mut self, part: &Text, known: &Known<'_>, extension: &Extension) {
        let Some(value) = known.value(part, extension) else {
            self.anybody |= !contacts(self, part);
            return;
        };
        for destination in dialled::split(&Text::new(value, part.span())) {
            self.destination(&destination, None, known, extension);
        }
    }

    fn reaches(&self, tech: Tech, name: &[u8]) -> bool {
        let lower = name.to_ascii_lowercase();
        self.names.contains(&(tech, lower))
            || self
                .by_number
                .iter()
                .any(|(t, pattern)| *t == tech && pattern.matches(name))
    }
}

/// `${PJSIP_DIAL_CONTACTS(100)}`.
fn contacts(dialled: &mut Dialled, part: &Text) -> bool {
    let reads = every_call::reads(part);
    let Some(read) = reads.first() else {
        return false;
    };
    let first = every_call::split(&read.args);
    let Some(name) = first.first().filter(|n| !has_hole(n.bytes())) else {
        return false;
    };
    if read.name.bytes() != b"PJSIP_DIAL_CONTACTS" {
        return false;
    }
    let name = name.bytes().to_ascii_lowercase();
    dialled.names.insert((Tech::Pjsip, name));
    true
}

/// C003: a phone that registers, and that nobody can call.
fn unreached(
    world: &World<'_>,
    dialled: &mut Dialled,
    known: &Known<'_>,
    out: &mut Vec<Diagnostic>,
) {
    let hir = world.index.hir();
    let switches = hir.contexts.iter().any(|c| !c.switches.is_empty());
    let hooks = world
        .peers
        .sip_sections()
        .any(|s| s.get("regexten").is_some());
    if world.open || switches || hooks || world.peers.users.is_some() || hir.contexts.is_empty() {
        return;
    }
    for global in &hir.globals {
        let extension = hir.contexts.iter().flat_map(|c| &c.extensions).next();
        if let Some(extension) = extension {
            for destination in named_in(&global.written) {
                dialled.destination(&destination, None, known, extension);
            }
        }
    }
    if let Some(queues) = &world.beside.queues {
        if queues.open {
            return;
        }
        for value in sections(queues, &[]).flat_map(|s| s.all("member")) {
            for destination in named_in(&value.text) {
                if let (Some(tech), Some(device)) = (tech(&destination), destination.device()) {
                    let name = device.bytes().to_ascii_lowercase();
                    dialled.names.insert((tech, name));
                }
            }
        }
    }
    let cost = dialled
        .by_number
        .len()
        .saturating_mul(world.peers.devices().len());
    if dialled.anybody || !world.afford(cost) {
        return;
    }
    let mut found = Vec::new();
    let phone = |s: &Section| {
        s.get("host")
            .is_some_and(|h| h.text.bytes().eq_ignore_ascii_case(b"dynamic"))
            && s.get("type")
                .is_none_or(|t| !t.text.bytes().eq_ignore_ascii_case(b"user"))
    };
    let sip = world.peers.sip_sections().filter(|s| phone(s));
    let pjsip = super::registering(&world.peers).into_iter();
    let devices = sip
        .map(|s| (Tech::Sip, s))
        .chain(pjsip.map(|s| (Tech::Pjsip, s)));
    for (tech, section) in devices {
        if world.knows(tech) && !dialled.reaches(tech, &section.name) {
            let name = show(&section.name);
            found.push(
                Diagnostic::new("C003", format!("nobody can call `{name}`"), section.span)
                    .label("no line of the plan dials it"),
            );
        }
    }
    out.extend(super::once_named(found));
}

/// C038: `SIP/${EXTEN}` in a pattern that matches more than there are devices.
fn to_the_dns(
    world: &World<'_>,
    destination: &Destination,
    extension: &Extension,
) -> Option<Diagnostic> {
    let Matches::Pattern(pattern) = &extension.matches else {
        return None;
    };
    if tech(destination) != Some(Tech::Sip) || !world.knows(Tech::Sip) {
        return None;
    }
    // `user@${EXTEN}` is a host by intent.
    if destination.resource.bytes().contains(&b'@') {
        return None;
    }
    let example = stranger(world, pattern)?;
    Some(
        Diagnostic::new(
            "C038",
            format!("`{example}` is matched here and is no device"),
            destination.whole.span(),
        )
        .label(
            "Asterisk asks the DNS for a host of such a name, and the caller waits for the answer",
        )
        .help("write the numbers that are devices, or test them first"),
    )
}

/// A number that the pattern matches and no device has.
fn stranger(world: &World<'_>, pattern: &Pattern) -> Option<String> {
    /// So many numbers are tried.
    const TRIED: usize = 200;
    let mut digits: Vec<Vec<u8>> = Vec::new();
    for element in pattern.matching() {
        match element {
            Element::Set(set) => digits.push(set.iter().collect()),
            Element::Dot | Element::Bang => {
                digits.push(vec![b'0']);
                break;
            }
            Element::Broken => return None,
        }
    }
    if digits.is_empty() || digits.iter().any(Vec::is_empty) || !world.afford(TRIED) {
        return None;
    }
    let known: QuickSet<&[u8]> = world
        .peers
        .sip_sections()
        .map(|s| s.name.as_slice())
        .collect();
    let mut at = vec![0usize; digits.len()];
    for _ in 0..TRIED.max(known.len() + 1).min(10_000) {
        let number: Vec<u8> = at.iter().zip(&digits).map(|(i, d)| d[*i]).collect();
        if !known.contains(number.as_slice()) {
            return String::from_utf8(number).ok();
        }
        // The next number, the last digit first.
        let place = (0..at.len())
            .rev()
            .find(|p| at[*p] + 1 < digits[*p].len())?;
        at[place] += 1;
        at[place + 1..].fill(0);
    }
    None
}
