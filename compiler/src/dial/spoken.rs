//! Findings about steps that were made of `.dial`: which are told, where they stand, and in the words of the language.
//!
//! The checks of a whole plan look at steps. What they say of a step that `.dial` became is told of the statement, if somebody who wrote
//! the statement can have meant something else; what speaks of how a line of extensions.conf is written, or of what the types of
//! `.dial` prove, is not.

use std::collections::HashSet;

use strowger_stdlib::{signatures, words};

use super::check::world;
use super::{elsewhere, is_dial};
use crate::codes::{self, Code};
use crate::diagnostic::Diagnostic;
use crate::hir::{Hir, Step};
use crate::source::{FileId, Sources, Span};

/// Whether findings of a code are told of `.dial`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Told {
    /// Wherever they are found.
    Always,
    /// Where text of Asterisk is written: `app`, `asterisk`, `channel("X")`, `unchecked`, `goto dynamic`.
    Doors,
    /// They speak of other files, or are made for the language.
    Elsewhere,
    /// Never: why.
    Never(&'static str),
}

const LINES: &str = "how lines of extensions.conf are written";
const TYPES: &str = "the types prove it, or it is an error already (D201 to D412)";
const MADE: &str = "the compiler writes these steps, and writes them right";
const ENDS: &str = "what becomes of a call is a value that has to be looked at (D301, D309), and where a body ends the call ends";

/// Whether findings of a code are told of `.dial`.
pub fn told(code: &Code) -> Told {
    use Told::{Always, Doors, Elsewhere, Never};
    match code.id {
        "A419" | "A420" | "A421" | "A422" | "V527" => Always,
        "C002" | "C004" | "C005" | "C006" | "C007" | "C011" | "C012" | "C013" | "C038" | "C039" => {
            Always
        }
        "F307" | "F308" | "F309" | "F310" | "F312" | "F313" | "F316" | "F317" | "F318" => Always,
        "F324" | "F325" | "F328" | "F329" => Always,
        "P701" | "P708" | "P709" => Always,
        "R202" | "R203" | "R205" | "R208" | "R209" | "R210" => Always,
        "X804" | "X805" | "X806" | "X807" | "X808" | "X809" | "X810" | "X811" | "X812" | "X813"
        | "X814" | "X816" | "X818" => Always,
        "V521" | "V523" | "M903" | "M904" => Always,
        // The types keep a caller's text from there, unless somebody opens a door.
        "X801" | "X802" | "X803" => Doors,
        "R201" | "R206" | "R212" | "R215" | "F321" => Doors,
        "V501" | "V502" | "V503" | "V506" | "V511" | "V512" | "V513" | "V514" | "V515" | "V516"
        | "V518" | "V520" | "V525" | "S117" | "S115" => Doors,
        "F320" | "F323" => Never(TYPES),
        "F301" | "F302" | "F303" | "F304" | "F306" | "F326" | "F330" => Never(LINES),
        "F305" | "F331" => Never("statements that are never reached are errors (D304)"),
        "F311" | "F319" => Never(MADE),
        "F314" => Never("a `dial` without `ring:` is told (D305)"),
        "F315" | "F322" | "R214" => Never(ENDS),
        "R204" => Never("a `sub` returns by itself"),
        "R207" | "R213" | "R216" | "R217" => Never(TYPES),
        "V504" | "V508" | "V509" | "V510" | "V522" | "V524" | "V526" => Never(MADE),
        "A409" | "A410" | "A412" | "A416" | "A423" | "A424" | "A402" => Never(TYPES),
        "M902" | "M909" | "M910" | "M911" | "M912" | "M913" | "M917" | "M901" => {
            Never("the steps are written for the release that is asked for")
        }
        "P702" | "P703" | "P704" | "P705" | "P706" | "P707" | "P710" | "P711" => {
            Never("patterns have checks of their own (D312)")
        }
        id if id.starts_with('A') || id.starts_with('M') => Doors,
        id if id.starts_with('E') => Doors,
        id if id.starts_with('S') => Never(LINES),
        _ => Elsewhere,
    }
}

/// What is written where text of Asterisk stands.
const DOORS: [&str; 5] = ["app(", "asterisk(", "channel(", "unchecked(", "dynamic("];

/// Keeps of the findings about `.dial` files what is to be told, at their places and in their words.
pub(crate) fn tell(found: &mut Vec<Diagnostic>, sources: &Sources, hir: &Hir) {
    let typed = |file: FileId| is_dial(sources.file(file).name());
    let concerns = |d: &Diagnostic| {
        let others = d.secondary.iter().map(|l| l.span);
        let mut all = others
            .chain(d.hidden.iter().copied())
            .chain([d.primary.span]);
        !d.code.starts_with('D') && all.any(|span| typed(span.file))
    };
    if !found.iter().any(concerns) {
        return;
    }
    let places = Places::new(sources, hir);
    let mut named = named(found, hir);
    found.retain_mut(|d| {
        if !concerns(d) {
            return true;
        }
        if typed(d.primary.span.file) && !places.told(d) {
            return false;
        }
        let here = typed(d.primary.span.file);
        // Who opens a door writes Asterisk's own names.
        let told = codes::find(d.code).map(told);
        let ours = here && told != Some(Told::Doors);
        let events = EVENTS.contains(&d.code);
        let labels = d.secondary.iter_mut().chain([&mut d.primary]);
        for label in labels {
            if typed(label.span.file) {
                label.span = places.written(label.span).0;
            }
            if ours {
                label.text = in_words(&label.text, events);
            }
        }
        for hidden in &mut d.hidden {
            if typed(hidden.file) {
                *hidden = places.written(*hidden).0;
            }
        }
        if here {
            // Repairs are of lines that nobody wrote.
            d.fixes.clear();
        }
        if ours {
            d.message = in_words(&d.message, events);
            let speaks = |help: &String| !CONF.iter().any(|c| help.contains(c));
            d.helps
                .retain(|help| help.contains(".conf") || speaks(help));
            let helps = d.helps.iter_mut();
            helps.for_each(|help| *help = in_words(help, events));
            own_words(d);
        }
        let primary = d.primary.span;
        d.secondary.retain(|label| label.span != primary);
        true
    });
    // A device where it is named, unless what happens there is told already; what says the same of a whole statement is less.
    let devices: HashSet<Span> = hir.devices.iter().map(|d| d.name.span()).collect();
    named.retain(|d| {
        let told = |other: &Diagnostic| {
            NAMES_DEVICES.contains(&other.code) && other.primary.span == d.primary.span
        };
        !found.iter().any(told)
    });
    found.retain(|d| {
        let same = |other: &Diagnostic| other.code == d.code && other.message == d.message;
        !(NAMES_DEVICES.contains(&d.code)
            && typed(d.primary.span.file)
            && !devices.contains(&d.primary.span)
            && named.iter().any(same))
    });
    for d in &mut named {
        d.message = in_words(&d.message, false);
        d.primary.text = in_words(&d.primary.text, false);
    }
    found.append(&mut named);
}

/// Codes that speak of devices that are not there.
const NAMES_DEVICES: [&str; 3] = ["C002", "C006", "C007"];

/// Takes out what is found of devices where `.dial` names them: that stands where it is written already.
fn named(found: &mut Vec<Diagnostic>, hir: &Hir) -> Vec<Diagnostic> {
    let devices: HashSet<Span> = hir.devices.iter().map(|d| d.name.span()).collect();
    let is_named = |d: &Diagnostic| {
        NAMES_DEVICES.contains(&d.code)
            && d.primary.text.starts_with("a call to it")
            && devices.contains(&d.primary.span)
    };
    let (named, others) = std::mem::take(found).into_iter().partition(is_named);
    *found = others;
    named
}

/// Codes that call events by the names of their extensions.
const EVENTS: [&str; 5] = ["F308", "F316", "F317", "F318", "F328"];

/// What a help that speaks of lines of extensions.conf contains.
const CONF: [&str; 7] = [
    "Set(",
    "${",
    "$[",
    "=>",
    "same ",
    "the argument",
    "in the option",
];

/// Steps by the statement that they were made of.
struct Places<'a> {
    sources: &'a Sources,
    steps: Vec<Statement<'a>>,
}

/// A step, by its statement.
struct Statement<'a> {
    at: Span,
    args: &'a [u8],
    /// Which bytes of them were written where.
    written: &'a [(u32, u32, Span)],
}

impl<'a> Places<'a> {
    fn new(sources: &'a Sources, hir: &'a Hir) -> Places<'a> {
        let typed = |s: &&Step| is_dial(sources.file(s.file).name());
        let steps = hir.steps().filter(typed);
        let mut steps: Vec<_> = steps
            .map(|s| Statement {
                at: s.span,
                args: s.args.bytes(),
                written: s.written.as_deref().unwrap_or_default(),
            })
            .collect();
        let extensions = hir.contexts.iter().flat_map(|c| &c.extensions);
        let hints = extensions.filter_map(|e| e.hint.as_ref());
        steps.extend(
            hints
                .filter(|h| is_dial(sources.file(h.file).name()))
                .map(|h| Statement {
                    at: h.written.span(),
                    args: h.written.bytes(),
                    written: &[],
                }),
        );
        steps.sort_by_key(|s| s.at);
        Places { sources, steps }
    }

    /// Whether a finding is told where it stands.
    fn told(&self, d: &Diagnostic) -> bool {
        let Some(code) = codes::find(d.code) else {
            return true;
        };
        match told(code) {
            Told::Always | Told::Elsewhere => true,
            Told::Never(_) => false,
            Told::Doors => {
                let (at, exact) = self.written(d.primary.span);
                let statement = self.statement(d.primary.span).unwrap_or(at);
                let text = self.sources.bytes(statement);
                let door = DOORS
                    .iter()
                    .any(|door| text.windows(door.len()).any(|w| w == door.as_bytes()));
                door && (exact || d.primary.span == statement)
            }
        }
    }

    /// The steps whose statement holds a place, those of the smallest statement first.
    fn around(&self, span: Span) -> Vec<&Statement<'a>> {
        let until = self
            .steps
            .partition_point(|s| (s.at.file, s.at.start) <= (span.file, span.start));
        let mut around: Vec<_> = self.steps[..until]
            .iter()
            .rev()
            .take(NEAR)
            .filter(|s| s.at.file == span.file && span.end <= s.at.end)
            .collect();
        around.sort_by_key(|s| s.at.len());
        around
    }

    fn statement(&self, span: Span) -> Option<Span> {
        self.around(span).first().map(|s| s.at)
    }

    /// Where that is written of which a check speaks, and whether just that stands there. A check counts bytes of the arguments of a
    /// step from the beginning of the statement.
    fn written(&self, span: Span) -> (Span, bool) {
        let around = self.around(span);
        if around.iter().any(|s| s.at == span) {
            return (self.head(span), false);
        }
        for Statement { at, args, written } in around.iter().copied() {
            let offset = (span.start - at.start) as usize;
            let spoken = args.get(offset..offset + span.len());
            let Some(spoken) = spoken.filter(|s| !s.is_empty()) else {
                continue;
            };
            let end = offset + spoken.len();
            let argument = written
                .iter()
                .filter(|(from, to, _)| *from as usize <= offset && end <= *to as usize)
                .min_by_key(|(from, to, _)| to - from);
            // The same word may stand in several arguments.
            let places = argument.map(|(_, _, own)| *own).into_iter().chain([*at]);
            // `channel("X")` is `${X}`.
            let bare = spoken
                .strip_prefix(b"${")
                .and_then(|s| s.strip_suffix(b"}"));
            for place in places {
                for spoken in [Some(spoken), bare].into_iter().flatten() {
                    if let Some(found) = self.found_in(place, spoken) {
                        return (found, true);
                    }
                }
            }
        }
        match around.first() {
            Some(s) => (self.head(s.at), false),
            None => (span, true),
        }
    }

    /// Where a text stands in a place: as a word of its own, if it is one somewhere.
    fn found_in(&self, place: Span, spoken: &[u8]) -> Option<Span> {
        let text = self.sources.bytes(place);
        let is_word = |at: usize| {
            let letter =
                |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'-');
            let before = at.checked_sub(1).and_then(|i| text.get(i));
            !letter(before) && !letter(text.get(at + spoken.len()))
        };
        let windows = text.windows(spoken.len().max(1)).enumerate();
        let all = windows.filter(|(_, w)| *w == spoken).map(|(at, _)| at);
        let found = all.clone().find(|at| is_word(*at)).or(all.clone().next())?;
        let start = place.start + found as u32;
        let end = start + spoken.len() as u32;
        Some(Span {
            start,
            end,
            ..place
        })
    }

    /// The first line of a statement.
    fn head(&self, at: Span) -> Span {
        let text = self.sources.bytes(at);
        let line = text.split(|b| *b == b'\n').next().unwrap_or_default();
        let shown = match line.len() < text.len() {
            true => line.trim_ascii_end().strip_suffix(b"{").unwrap_or(line),
            false => line,
        };
        let length = shown.trim_ascii_end().len().max(1) as u32;
        Span {
            end: (at.start + length).min(at.end.max(at.start)),
            ..at
        }
    }
}

/// Statements that may stand around a place and begin before it.
const NEAR: usize = 2_000;

/// A sentence about steps in the words of `.dial`. What stands in back-quotes is code.
fn in_words(text: &str, events: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for (i, piece) in text.split('`').enumerate() {
        if i > 0 {
            out.push('`');
        }
        match i % 2 {
            1 => out.push_str(&code(piece, events)),
            _ => out.push_str(&plain(piece)),
        }
    }
    out
}

/// A piece of code.
fn code(piece: &str, events: bool) -> String {
    let event = world::EVENTS.iter().find(|(_, exten)| *exten == piece);
    if let Some((event, _)) = event.filter(|_| events) {
        return format!("on {event}");
    }
    if let Some(pattern) = piece.strip_prefix('_').filter(|p| !p.is_empty()) {
        return pattern.to_owned();
    }
    let inner = piece.strip_prefix("${").and_then(|p| p.strip_suffix('}'));
    if let Some(name) = inner.and_then(elsewhere::variable) {
        return name.to_owned();
    }
    let (name, rest) = match piece.find('(') {
        Some(at) => piece.split_at(at),
        None => (piece, ""),
    };
    match word(name) {
        Some(word) if matches!(rest, "" | "()") => format!("{word}{rest}"),
        _ => piece.to_owned(),
    }
}

/// A piece of a sentence: names of applications and of what came of a call.
fn plain(piece: &str) -> String {
    let mut out = String::with_capacity(piece.len());
    for part in piece.split_inclusive(|c: char| !c.is_ascii_alphanumeric()) {
        let name = part.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        let told = match name {
            "CHANUNAVAIL" => Some("Unavailable"),
            "NOANSWER" => Some("NoAnswer"),
            "CONGESTION" => Some("Congestion"),
            "BUSY" => Some("Busy"),
            name if name.starts_with(|c: char| c.is_ascii_uppercase()) => word(name),
            _ => None,
        };
        match told {
            Some(word) => {
                // The parentheses of `FILTER()` follow as pieces of their own.
                out.push_str(&format!("`{word}`{}", &part[name.len()..]));
            }
            None => out.push_str(part),
        }
    }
    out.replace("`()", "()`")
}

/// The word of an application that is spelled as Asterisk spells it.
fn word(name: &str) -> Option<&'static str> {
    let known = signatures::application(name.as_bytes()).filter(|s| s.name == name)?;
    let mut words = words::all().iter();
    words
        .find(|w| w.kind == words::Kind::Application && w.calls == known.name)
        .map(|w| w.name)
}

/// What is told otherwise than of a line.
fn own_words(d: &mut Diagnostic) {
    match d.code {
        "A419" => d.helps = vec!["with a time it ends: busy(10s)".to_owned()],
        "A420" => d.primary.text = "it has no `wait:`".to_owned(),
        "V521" => d.helps.push(
            "hold a lock meanwhile: `let held = lock(\"count\")` before, `unlock(\"count\")` behind it"
                .to_owned(),
        ),
        "X804" => {
            d.helps = vec![
                "ask for a PIN: disa(\"4711\", ...) at least, better authenticate() with a PIN for each person"
                    .to_owned(),
            ];
        }
        "X807" => {
            d.helps = vec![
                "keep PINs in a file or in the database: authenticate(\"/etc/asterisk/pins\", hashed_file: true), db(\"pin/...\")"
                    .to_owned(),
            ];
        }
        "X811" => {
            d.primary.text = "`transfer:` is for callers of this house: these come from a provider"
                .to_owned();
            d.helps =
                vec!["where calls come in leave it out, or write `transfer: Called`".to_owned()];
        }
        "C039" => {
            d.message = "`transfer:` and its kin keep the sound in the exchange".to_owned();
        }
        "R205" => {
            d.message = "`return` with nobody to return to".to_owned();
            d.helps = vec!["hangup() ends the call, goto goes on elsewhere; who comes by gosub comes back".to_owned()];
            for label in &mut d.secondary {
                label.text = label.text.replace("no Gosub", "no `gosub`");
            }
        }
        "F310" => d.primary.text = d.primary.text.replace("goes back, and nothing", "nothing"),
        _ => {}
    }
}
