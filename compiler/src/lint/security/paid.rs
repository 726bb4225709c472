//! Calls that cost money: who can place them without a proof (X805, X806), who can hand them on (X811), and where they may go (X812).

use std::collections::VecDeque;

use strowger_stdlib::table::{QuickMap, QuickSet};

use strowger_stdlib::Dialect;

use crate::call::Call;
use crate::diagnostic::Diagnostic;
use crate::fields::{has_option, split};
use crate::hir::{Hir, Matches, Step};
use crate::jump::Shape;
use crate::pattern::Element;
use crate::roles::{Door, Roles, Who, public};
use crate::source::Span;
use crate::taint::{At, Link, Mark, Source};
use crate::ways::{Entry, Kind, Node, Way};

use super::{Plan, proven, show};

/// Nodes that all searches from doors may visit together.
const VISITS: usize = 2_000_000;
/// Places of a way that are written out.
const SHOWN: usize = 8;
/// Digits of the shortest number that costs money.
const NATIONAL: usize = 6;

/// Global variables that never change.
pub(super) struct Globals(QuickMap<Vec<u8>, Vec<u8>>);

impl Globals {
    pub(super) fn new(hir: &Hir, dialect: &Dialect) -> Globals {
        let mut all: QuickMap<Vec<u8>, Vec<u8>> = hir
            .globals
            .iter()
            .map(|g| (g.name.clone(), g.value.clone()))
            .collect();
        if all.is_empty() {
            return Globals(all);
        }
        for step in steps(hir) {
            for (name, _) in step.own().assigned(dialect) {
                let name = name.trimmed();
                let name = name.bytes();
                let inner = name
                    .strip_prefix(b"GLOBAL(")
                    .and_then(|n| n.strip_suffix(b")"))
                    .unwrap_or(name);
                all.remove(inner);
            }
        }
        Globals(all)
    }

    /// A text with these variables filled in.
    fn fill(&self, text: &[u8]) -> Vec<u8> {
        if self.0.is_empty() {
            return text.to_vec();
        }
        let mut out = Vec::new();
        let mut at = 0;
        for hole in Shape::read(text).holes {
            out.extend_from_slice(&text[at..hole.start]);
            let name = text
                .get(hole.start + 2..hole.end.saturating_sub(1))
                .unwrap_or_default();
            let name = name
                .strip_prefix(b"GLOBAL(")
                .and_then(|n| n.strip_suffix(b")"))
                .unwrap_or(name);
            match self.0.get(name) {
                Some(value) if text[hole.start + 1] == b'{' => out.extend_from_slice(value),
                _ => out.extend_from_slice(&text[hole.clone()]),
            }
            at = hole.end;
        }
        out.extend_from_slice(&text[at..]);
        out
    }
}

pub(super) fn steps(hir: &Hir) -> impl Iterator<Item = &Step> {
    hir.contexts
        .iter()
        .flat_map(|c| &c.extensions)
        .flat_map(|e| &e.steps)
}

/// A Dial that leads out of the house.
#[derive(Clone, Debug)]
pub(super) struct Paid {
    pub(super) node: Node,
    step: u32,
    /// How it is dialled: `SIP/provider`.
    pub(super) over: String,
    pub(super) span: Span,
    /// Where callers choose the number.
    chosen: Vec<Node>,
    /// The device files say that it leads out.
    certain: bool,
    /// Option `t`: the far end may transfer.
    callee: bool,
    /// Where the options stand.
    options: Option<Span>,
}

/// The outward destinations of one application.
pub(super) fn dials(
    at: &mut At<'_, '_>,
    step: u32,
    command: &Call,
    roles: &Roles,
    globals: &Globals,
) -> Vec<Paid> {
    let first = match &*command.app {
        b"dial" => 0,
        b"retrydial" => 3,
        _ => return Vec::new(),
    };
    let parts = command.arguments();
    let Some(list) = parts.get(first) else {
        return Vec::new();
    };
    let options = parts.get(first + 2);
    let mut out = Vec::new();
    for device in split(list, b'&') {
        let filled = globals.fill(device.bytes());
        let Some(line) = outward(&filled) else {
            continue;
        };
        let certain = match roles.leaves(line.tech, line.device) {
            Some(false) if !public(line.host) => continue,
            Some(true) => true,
            _ => line.certain(),
        };
        let value = at.value(&device);
        let chosen = value.0.iter().filter(|piece| {
            at.taint.source(piece.trail) != Source::Number
                && at.taint.credible(piece.trail, at.node)
                && far(at, piece.trail)
        });
        let chosen = chosen
            .filter_map(|piece| at.taint.path(piece.trail).first().map(|t| t.node))
            .collect();
        out.push(Paid {
            node: at.node,
            step,
            over: format!("{}/{}", show(line.tech), show(line.device)),
            span: device.span(),
            chosen,
            certain,
            callee: options.is_some_and(|o| has_option(o, b't')),
            options: options.map(|o| o.span()),
        });
    }
    out
}

/// Whether a text may be a number of the telephone network: what a short pattern takes is an extension of another exchange.
fn far(at: &At<'_, '_>, trail: Mark) -> bool {
    if at.taint.source(trail) != Source::Dialled {
        return true;
    }
    let path = at.taint.path(trail);
    let first = path.first().map(|t| t.node);
    // What a jump dials is matched where it leads.
    let last = path.last().filter(|t| matches!(t.link, Link::Dialled));
    let matched = first.into_iter().chain(last.map(|_| at.node));
    let mut patterns = matched.filter_map(|n| at.taint.ways.entry(n));
    patterns.all(|entry| matches!(entry.extension.matches, Matches::Name(_)) || long(entry))
}

/// Whether an extension takes numbers of the telephone network, by a pattern.
fn long(entry: Entry<'_>) -> bool {
    let Matches::Pattern(pattern) = &entry.extension.matches else {
        return false;
    };
    let elements = pattern.matching();
    elements.len() >= NATIONAL || matches!(elements.last(), Some(Element::Dot | Element::Bang))
}

/// A destination with a number that goes over a line.
struct Line<'d> {
    tech: &'d [u8],
    device: &'d [u8],
    /// The host of an address behind the device.
    host: &'d [u8],
}

impl Line<'_> {
    /// Whether the technology itself leads into the telephone network, or the device is a host of the internet.
    fn certain(&self) -> bool {
        const LINES: [&[u8]; 6] = [b"DAHDI", b"ZAP", b"MISDN", b"CAPI", b"DONGLE", b"KHOMP"];
        LINES.iter().any(|l| self.tech.eq_ignore_ascii_case(l))
            || public(self.device)
            || public(self.host)
    }
}

/// Reads `SIP/number@trunk`, `SIP/trunk/number`, `PJSIP/trunk/sip:number@host`, `DAHDI/g0/number`.
fn outward(device: &[u8]) -> Option<Line<'_>> {
    let shape = Shape::read(device);
    let slash = shape.find(device, b'/', 0)?;
    let (tech, rest) = (&device[..slash], &device[slash + 1..]);
    let shape = Shape::read(rest);
    let at = shape.find(rest, b'@', 0);
    let slash = shape.find(rest, b'/', 0);
    let iax = tech.eq_ignore_ascii_case(b"IAX2");
    let sip = tech.eq_ignore_ascii_case(b"SIP") || tech.eq_ignore_ascii_case(b"PJSIP");
    let (name, number) = match (at, slash) {
        // IAX2/user:secret@host/number
        (Some(at), Some(slash)) if iax && at < slash => (&rest[at + 1..slash], &rest[slash + 1..]),
        (Some(at), None) if sip || iax => (&rest[at + 1..], &rest[..at]),
        (Some(at), Some(slash)) if sip && at < slash => (&rest[at + 1..slash], &rest[..at]),
        (_, Some(slash)) => (&rest[..slash], &rest[slash + 1..]),
        _ => return None,
    };
    // A line that a variable names: SIP/${TRUNK}/number.
    let variable = sip && at.is_none() && Shape::read(name).holes.len() == 1;
    let variable = variable && !name.starts_with(b"${EXTEN") && name.ends_with(b"}");
    let known =
        (variable || Shape::read(name).holes.is_empty()) && Shape::read(tech).holes.is_empty();
    let local = tech.eq_ignore_ascii_case(b"Local") || tech.eq_ignore_ascii_case(b"Agent");
    // PJSIP/device/sip:number@host
    let host = match at {
        Some(at) if number.len() < rest.len() && slash.is_some_and(|s| s < at) => &rest[at + 1..],
        _ => b"",
    };
    (known && !local && !name.is_empty() && !Shape::read(number).holes.is_empty()).then_some(Line {
        tech,
        device: name,
        host,
    })
}

/// Where a Dial lets the caller transfer, and to what: option `T`.
pub(super) fn by_caller(node: Node, command: &Call) -> Option<(Node, Span)> {
    let options = match &*command.app {
        b"dial" => command.arguments().get(2)?,
        _ => return None,
    };
    has_option(options, b'T').then(|| (node, options.span()))
}

pub(super) fn check(plan: &Plan<'_, '_>, out: &mut Vec<Diagnostic>) {
    let mut visits = VISITS;
    let mut seen = QuickSet::default();
    let mut from_trunk: QuickSet<Node> = QuickSet::default();
    let mut phones: QuickSet<&[u8]> = QuickSet::default();
    for door in plan.roles.doors.iter().filter(|d| d.who == Who::Phone) {
        phones.insert(&door.context);
    }
    for door in &plan.roles.doors {
        if door.who == Who::Phone || !seen.insert((door.context.clone(), door.who)) {
            continue;
        }
        let reached = Reached::from(plan, door, &mut visits);
        // Where phones call in at the same door, the option may be for them.
        if door.who == Who::Trunk && !phones.contains(door.context.as_slice()) {
            from_trunk.extend(reached.before.keys());
        }
        out.extend(reached.tell(plan, door));
    }
    transfers(plan, &from_trunk, out);
    expensive(plan, out);
}

/// What can be reached from a context without a proof, and by which way first.
pub(super) struct Reached {
    before: QuickMap<Node, Option<(Node, Way)>>,
}

impl Reached {
    pub(super) fn from(plan: &Plan<'_, '_>, door: &Door, visits: &mut usize) -> Reached {
        let mut before = QuickMap::default();
        let Some(context) = plan.ways.index.number(&door.context) else {
            return Reached { before };
        };
        let start = plan.ways.of_context(context);
        before.insert(start, None);
        let mut work = VecDeque::from([start]);
        // Ways on which the caller does not choose the number, or only an inner one: told where no other leads there.
        let mut doubtful: Vec<(Node, Way)> = Vec::new();
        loop {
            let Some(node) = work.pop_front() else {
                let Some((from, way)) = doubtful.pop() else {
                    break;
                };
                before.entry(way.to).or_insert_with(|| {
                    work.push_back(way.to);
                    Some((from, way))
                });
                continue;
            };
            for way in plan.ways.from(node) {
                if *visits == 0 {
                    return Reached { before };
                }
                *visits -= 1;
                if way.kind == Kind::Hangup
                    || before.contains_key(&way.to)
                    || proven(plan, node, way.step)
                {
                    continue;
                }
                let anywhere = plan.ways.entry(way.to).is_none();
                if way.kind == Kind::Goto && anywhere && !plan.ways.entry(node).is_some_and(long) {
                    doubtful.push((node, *way));
                    continue;
                }
                before.insert(way.to, Some((node, *way)));
                work.push_back(way.to);
            }
        }
        Reached { before }
    }

    pub(super) fn holds(&self, node: Node) -> bool {
        self.before.contains_key(&node)
    }

    fn tell(&self, plan: &Plan<'_, '_>, door: &Door) -> Option<Diagnostic> {
        let mut paid = plan.dials.iter().filter(|d| {
            d.certain
                && self.holds(d.node)
                && d.chosen.iter().any(|n| self.holds(*n))
                && !proven(plan, d.node, d.step)
        });
        let first = paid.next()?;
        let chooses = first.chosen.iter().copied().find(|n| self.holds(*n))?;
        let more = paid.count();
        let context = show(&door.context);
        let (code, message, label) = match door.who {
            Who::Guest => (
                "X805",
                format!("strangers can place calls over `{}`", first.over),
                "anybody who can reach this exchange dials numbers of their choice here, and you pay",
            ),
            _ => (
                "X806",
                format!(
                    "calls that come from `{}` can go out again over `{}`",
                    door.name, first.over
                ),
                "callers from outside dial numbers of their choice here, and you pay",
            ),
        };
        let label = match more {
            0 => label.to_owned(),
            1 => format!("{label}; one more Dial can be reached so"),
            n => format!("{label}; {n} more Dials can be reached so"),
        };
        let mut found = Diagnostic::new(code, message, first.span).label(label);
        let mut way = Vec::new();
        let mut at = chooses;
        while let Some(Some((from, step))) = self.before.get(&at) {
            way.push((*from, *step));
            at = *from;
        }
        way.reverse();
        way.extend(onward(plan, chooses, first.node));
        let mut words = vec![format!("[{context}]")];
        let mut labels: Vec<(Span, String)> = door
            .span
            .map(|span| (span, door.words.clone()))
            .into_iter()
            .collect();
        for (from, step) in &way {
            words.push(place(plan, *from, step));
            if !matches!(step.kind, Kind::Holds) {
                labels.push((step.span, edge(plan, step)));
            }
        }
        if words.len() > SHOWN {
            let cut = words.len() - SHOWN;
            words.splice(1..=cut, ["...".to_owned()]);
        }
        if labels.len() > 3 {
            let last = labels.split_off(labels.len() - 2);
            labels.truncate(1);
            labels.extend(last);
        }
        for (span, text) in labels {
            found = found.also(span, text);
        }
        let found = found.help(format!("the way: {}, Dial", words.join(", ")));
        Some(found.help(match door.who {
            Who::Guest => {
                "give strangers a context of their own (or `allowguest=no`), and keep outgoing numbers in one that only phones enter"
            }
            _ => "give the provider a context that holds only what may be called from outside",
        }))
    }
}

/// A shortest way on from where the number is chosen to where it is dialled.
fn onward(plan: &Plan<'_, '_>, from: Node, to: Node) -> Vec<(Node, Way)> {
    let mut before: QuickMap<Node, (Node, Way)> = QuickMap::default();
    let mut work = VecDeque::from([from]);
    let mut visits = VISITS;
    while let Some(node) = work.pop_front().filter(|n| *n != to) {
        for way in plan.ways.from(node) {
            visits = visits.saturating_sub(1);
            if visits > 0
                && way.kind != Kind::Hangup
                && way.to != from
                && !before.contains_key(&way.to)
            {
                before.insert(way.to, (node, *way));
                work.push_back(way.to);
            }
        }
    }
    let mut out = Vec::new();
    let mut at = to;
    while let Some(step) = before.get(&at) {
        out.push(*step);
        at = step.0;
    }
    out.reverse();
    out
}

fn place(plan: &Plan<'_, '_>, _: Node, way: &Way) -> String {
    let context = show(&plan.ways.context(way.to).name);
    let target = match plan.ways.entry(way.to) {
        Some(entry) => format!("`{}`", show(&entry.extension.name)),
        None => format!("[{context}]"),
    };
    match way.kind {
        Kind::Holds => target,
        Kind::Include => format!("includes {target}"),
        Kind::Goto => format!("goes on at {target} of [{context}]"),
        Kind::Gosub => format!("calls {target} of [{context}]"),
        Kind::Local => format!("dials {target} of [{context}]"),
        Kind::Menu => format!("lets the caller dial in {target}"),
        Kind::Hangup => format!("ends at {target}"),
    }
}

fn edge(plan: &Plan<'_, '_>, way: &Way) -> String {
    let context = show(&plan.ways.context(way.to).name);
    match way.kind {
        Kind::Include => format!("takes in [{context}]"),
        Kind::Menu => format!("the caller may dial what [{context}] holds"),
        Kind::Local => format!("dials into [{context}]"),
        Kind::Gosub => format!("calls [{context}]"),
        _ => format!("goes on in [{context}]"),
    }
}

/// Transfers by people outside (X811).
fn transfers(plan: &Plan<'_, '_>, from_trunk: &QuickSet<Node>, out: &mut Vec<Diagnostic>) {
    let mut over: QuickSet<Span> = QuickSet::default();
    for dial in plan.dials {
        let Some(span) = dial.options else { continue };
        if dial.callee && dial.certain {
            over.insert(span);
            out.push(
                Diagnostic::new(
                    "X811",
                    format!(
                        "whoever answers a call over `{}` may transfer it",
                        dial.over
                    ),
                    span,
                )
                .label(
                    "`t` lets the far end send your side on, to any number that the context allows",
                )
                .help("leave out `t` where calls leave the house"),
            );
        }
    }
    for (node, span) in plan.transfers {
        if from_trunk.contains(node) && !over.contains(span) {
            out.push(
                Diagnostic::new(
                    "X811",
                    "callers from outside may transfer the call that they place",
                    *span,
                )
                .label("`T` is for callers of this house: these come from a provider")
                .help("leave out `T` where calls come in"),
            );
        }
    }
}

/// Numbers abroad that anybody may dial (X812).
fn expensive(plan: &Plan<'_, '_>, out: &mut Vec<Diagnostic>) {
    let mut paid: QuickMap<Node, Vec<&Paid>> = QuickMap::default();
    for dial in plan.dials {
        paid.entry(dial.node).or_default().push(dial);
    }
    if paid.is_empty() {
        return;
    }
    let mut visits = VISITS;
    for (entry, node) in plan.ways.entries.iter().zip(0..) {
        if !abroad(&entry.extension.matches)
            || !plan.open[entry.context]
            || entry.extension.caller.is_some()
        {
            continue;
        }
        // What the number comes to, also in subroutines.
        let mut seen = QuickSet::from_iter([node]);
        let mut work = vec![node];
        let mut found = None;
        while let Some(node) = work.pop() {
            let here = paid.get(&node).into_iter().flatten();
            found = here
                .filter(|d| !proven(plan, node, d.step))
                .map(|d| d.span)
                .next();
            if found.is_some() || visits == 0 {
                break;
            }
            for way in plan.ways.from(node) {
                visits = visits.saturating_sub(1);
                if matches!(way.kind, Kind::Goto | Kind::Gosub | Kind::Local)
                    && plan.ways.entry(way.to).is_some()
                    && !proven(plan, node, way.step)
                    && seen.insert(way.to)
                {
                    work.push(way.to);
                }
            }
        }
        let Some(span) = found else { continue };
        let name = show(&entry.extension.name);
        out.push(
            Diagnostic::new(
                "X812",
                format!("every number abroad may be dialled: `{name}`"),
                entry.extension.span,
            )
            .label("whoever calls into this context reaches the most expensive numbers of the world, without a PIN")
            .also(span, "they go out here")
            .help("name the countries that are called (`_0044.`), or ask for a PIN with Authenticate()"),
        );
    }
}

/// Whether a pattern takes all numbers behind the prefix for calls abroad.
fn abroad(matches: &Matches) -> bool {
    const PREFIXES: [&[u8]; 6] = [b"00", b"011", b"900", b"9011", b"000", b"0011"];
    let Matches::Pattern(pattern) = matches else {
        return false;
    };
    let elements = pattern.matching();
    if !matches!(elements.last(), Some(Element::Dot | Element::Bang)) {
        return false;
    }
    let mut prefix = Vec::new();
    for element in elements {
        match element {
            Element::Set(set) if set.len() == 1 => prefix.extend(set.first()),
            // The first digit of a country is not 0.
            Element::Set(set) if set.len() < 8 => return false,
            _ => break,
        }
    }
    PREFIXES.contains(&prefix.as_slice())
}
