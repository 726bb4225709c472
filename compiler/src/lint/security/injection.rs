//! Callers' texts in places where they mean more than themselves: dial strings, shells, queries, web addresses, file names, and
//! what is substituted a second time (X801, X802, X803, X814, X816).

use std::ops::Range;
use strowger_stdlib::table::QuickMap;

use crate::call::Call;
use crate::conf::line;
use crate::diagnostic::{Diagnostic, Fix, Label};
use crate::fields::fields;
use crate::hir::Matches;
use crate::jump::Shape;
use crate::pattern::{ByteSet, Element};
use crate::source::{FileId, Sources, Text};
use crate::taint::{At, Mark, Piece, Source, Taint, Value};
use crate::ways::Node;

use super::path;
use super::show;

/// Holes that are looked at in functions within each other.
const DEPTH: usize = 8;

/// A use of a caller's text.
struct Use {
    kind: Kind,
    node: Node,
    hole: Text,
    piece: Piece,
    /// Other texts that come to the same place.
    others: Vec<Mark>,
    /// The application or function.
    name: String,
    quotes: Quotes,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Kind {
    Dial,
    Originate,
    Shell,
    CallFile,
    Query,
    Address,
    File,
    Script,
    Twice,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Quotes {
    #[default]
    None,
    Single,
    Double,
}

impl Kind {
    fn code(self) -> &'static str {
        match self {
            Kind::Dial | Kind::Originate => "X801",
            Kind::Shell => "X802",
            Kind::CallFile => "X814",
            Kind::Query | Kind::Address | Kind::File | Kind::Script => "X803",
            Kind::Twice => "X816",
        }
    }

    /// The bytes that do harm.
    fn danger(self, quotes: Quotes) -> ByteSet {
        set(match (self, quotes) {
            (Kind::Dial, _) => b"&/@",
            (Kind::Originate, _) => b"/@",
            (Kind::Shell | Kind::CallFile, Quotes::None) => b"$`;&|<>()'\"\\",
            (Kind::Shell | Kind::CallFile, Quotes::Double) => b"$`\"\\",
            (Kind::Shell | Kind::CallFile, Quotes::Single) => b"'",
            (Kind::Query, Quotes::None) => b"'\"` ;()=-",
            (Kind::Query, Quotes::Double) => b"\"",
            (Kind::Query, Quotes::Single) => b"'",
            (Kind::Address, _) => b"&#?/ ",
            (Kind::File | Kind::Script, _) => b"/",
            (Kind::Twice, _) => b"$",
        })
    }
}

fn set(bytes: &[u8]) -> ByteSet {
    bytes
        .iter()
        .fold(ByteSet::default(), |all, b| all.or(ByteSet::of(*b)))
}

/// Uses found so far.
pub(super) struct Found<'q> {
    uses: Vec<Use>,
    queries: &'q Queries,
}

impl<'q> Found<'q> {
    pub(super) fn new(queries: &'q Queries) -> Found<'q> {
        Found {
            uses: Vec::new(),
            queries,
        }
    }

    /// Looks at one application.
    pub(super) fn command(&mut self, at: &mut At<'_, '_>, command: &Call) {
        let args = &command.args;
        if command.shape.holes.is_empty() {
            return;
        }
        let name = command.name.lossy();
        let part = |n: usize| fields(args).get(n).cloned();
        match &*command.app {
            b"dial" | b"chanisavail" | b"page" => {
                if let Some(list) = part(0) {
                    self.uses(at, Kind::Dial, &name, &list);
                }
            }
            b"retrydial" => {
                if let Some(list) = part(3) {
                    self.uses(at, Kind::Dial, &name, &list);
                }
            }
            b"originate" => {
                if let Some(list) = part(0) {
                    self.uses(at, Kind::Originate, &name, &list);
                }
            }
            b"system" | b"trysystem" => self.shell(at, &name, args),
            b"mixmonitor" => {
                if let Some(file) = part(0) {
                    self.uses(at, Kind::File, &name, &file);
                }
                let parts = fields(args);
                if parts.len() > 2 {
                    let from = parts[0].len() + parts[1].len() + 2;
                    self.shell(at, &name, &args.slice(from..args.len()));
                }
            }
            b"record" => {
                if let Some(file) = part(0) {
                    self.uses(at, Kind::File, &name, &file);
                }
            }
            b"monitor" => {
                if let Some(file) = part(1) {
                    self.uses(at, Kind::File, &name, &file);
                }
            }
            b"agi" | b"eagi" | b"deadagi" => {
                if let Some(script) = part(0) {
                    // What stands behind the `?` of `agi://host/script?number=1` is handed to that script.
                    let end = script.bytes().iter().position(|b| *b == b'?');
                    let asked = script.bytes().starts_with(b"agi://");
                    let end = end.filter(|_| asked).unwrap_or(script.len());
                    self.uses(at, Kind::Script, &name, &script.slice(0..end));
                }
            }
            b"mysql" => self.uses(at, Kind::Query, &name, args),
            b"exec" | b"tryexec" => self.uses(at, Kind::Twice, &name, args),
            b"set" | b"mset" => {
                for (target, value) in command.assigned(at.taint.dialect) {
                    self.written(at, target, value);
                }
            }
            _ => {}
        }
        // A function stands behind `${`, mostly in one of these holes, sometimes deeper.
        let watched = |text: &[u8]| {
            let mut starts = (0..text.len()).filter(|at| text[*at] == b'{');
            starts.any(|at| WATCHED.iter().any(|w| text[at + 1..].starts_with(w)))
        };
        let holes = &command.shape.holes;
        if holes.iter().any(|h| watched(&args.bytes()[h.clone()])) {
            let mut calls = Vec::new();
            functions(args, 0, &mut calls);
            for (name, args) in calls {
                self.function(at, &name, &args);
            }
        }
    }

    /// A function that is written.
    fn written(&mut self, at: &mut At<'_, '_>, target: &Text, value: &Text) {
        let bytes = target.bytes();
        let Some(open) = bytes.iter().position(|b| *b == b'(') else {
            return;
        };
        let name = bytes[..open].to_vec();
        let args = target.slice(open + 1..bytes.len().saturating_sub(1).max(open + 1));
        if name.starts_with(b"ODBC") || self.queries.0.contains_key(&name) {
            self.query(at, &name, &args);
            if let Some(quotes) = self.queries.raw(&name, 0) {
                self.uses_in(at, Kind::Query, &show(&name), value, Some(quotes));
            }
        } else if name == b"FILE" {
            let path = fields(&args).swap_remove(0);
            self.uses(at, Kind::File, "FILE", &path);
        }
    }

    fn function(&mut self, at: &mut At<'_, '_>, name: &[u8], args: &Text) {
        match name {
            b"SHELL" => self.shell(at, "SHELL", args),
            b"CURL" => {
                let address = fields(args).swap_remove(0);
                self.uses(at, Kind::Address, "CURL", &address);
            }
            b"EVAL" => self.uses(at, Kind::Twice, "EVAL", args),
            b"FILE" => {
                let path = fields(args).swap_remove(0);
                self.uses(at, Kind::File, "FILE", &path);
            }
            _ => self.query(at, name, args),
        }
    }

    /// A function of func_odbc.conf, or one that takes a query as it stands.
    fn query(&mut self, at: &mut At<'_, '_>, name: &[u8], args: &Text) {
        let shown = show(name);
        if is_query(args.bytes()) {
            self.uses(at, Kind::Query, &shown, args);
            return;
        }
        for (part, number) in fields(args).iter().zip(1..) {
            if let Some(quotes) = self.queries.raw(name, number) {
                self.uses_in(at, Kind::Query, &shown, part, Some(quotes));
            }
        }
    }

    fn shell(&mut self, at: &mut At<'_, '_>, name: &str, text: &Text) {
        let bytes = text.bytes();
        let has = |w: &[u8]| bytes.windows(w.len()).any(|x| x.eq_ignore_ascii_case(w));
        let call_file = has(b"spool/asterisk/outgoing") || has(b".call") || has(b"echo channel:");
        let kind = if call_file {
            Kind::CallFile
        } else {
            Kind::Shell
        };
        self.uses(at, kind, name, text);
    }

    fn uses(&mut self, at: &mut At<'_, '_>, kind: Kind, name: &str, text: &Text) {
        self.uses_in(at, kind, name, text, None);
    }

    /// The same of a text that is put into quotes elsewhere.
    fn uses_in(
        &mut self,
        at: &mut At<'_, '_>,
        kind: Kind,
        name: &str,
        text: &Text,
        around: Option<Quotes>,
    ) {
        if self.uses.len() >= super::TOLD {
            return;
        }
        let mut quoting = Quoting::default();
        for (range, value) in at.holes(text) {
            let quotes = match (around, kind) {
                (Some(around), _) => around,
                (None, Kind::Shell | Kind::CallFile | Kind::Query) => {
                    quoting.before(&range, text.bytes())
                }
                _ => Quotes::None,
            };
            let mut pieces = harmful(at, &value, kind.danger(quotes), kind).into_iter();
            let Some(piece) = pieces.next() else {
                continue;
            };
            self.uses.push(Use {
                kind,
                node: at.node,
                hole: text.slice(range),
                piece,
                others: pieces.map(|p| p.trail).collect(),
                name: name.to_owned(),
                quotes,
            });
        }
    }

    /// One finding for all uses of one source in one extension.
    pub(super) fn tell(self, taint: &Taint<'_>, out: &mut Vec<Diagnostic>) {
        let mut first: QuickMap<(Kind, Cause), (usize, usize)> = QuickMap::default();
        for used in self.uses {
            let source = taint.source(used.piece.trail);
            let key = (used.kind, Cause::of(taint, &used, source));
            if let Some((index, count)) = first.get_mut(&key) {
                *count += 1;
                let kept: &mut Diagnostic = &mut out[*index];
                let span = used.hole.span();
                let told = kept.secondary.iter().filter(|l| l.text == "here too");
                if told.count() < 3 && kept.primary.span != span {
                    kept.secondary.push(Label {
                        span,
                        text: "here too".to_owned(),
                    });
                }
                if let (Some(mine), Some(more)) =
                    (kept.fixes.first_mut(), filtered(taint, &used, source))
                {
                    mine.edits.extend(more.edits);
                }
                continue;
            }
            first.insert(key, (out.len(), 1));
            out.push(tell(taint, &used, source));
        }
        for (index, count) in first.into_values().filter(|(_, count)| *count > 1) {
            let text = &mut out[index].primary.text;
            text.push_str(&format!(" ({count} places)"));
        }
    }
}

/// What is told once: all uses of a text that came in at one place, or of one source in one extension.
#[derive(PartialEq, Eq, Hash)]
enum Cause {
    Place(FileId, u32),
    Here(Node, Source),
}

impl Cause {
    fn of(taint: &Taint<'_>, used: &Use, source: Source) -> Cause {
        let path = taint.path(used.piece.trail);
        match path.first() {
            Some(first) if path.len() > 1 || source == Source::Dialled => {
                Cause::Place(first.span.file, first.span.start)
            }
            _ => Cause::Here(used.node, source),
        }
    }
}

/// The parts of a value that do harm and can really come here.
fn harmful(at: &At<'_, '_>, value: &Value, danger: ByteSet, kind: Kind) -> Vec<Piece> {
    let harms = |piece: &&Piece| {
        !piece.bytes.and(danger).is_empty()
            // `..` needs a dot too.
            && (kind != Kind::File || piece.bytes.holds(b'.'))
            && at.taint.credible(piece.trail, at.node)
    };
    value.0.iter().filter(harms).copied().collect()
}

fn tell(taint: &Taint<'_>, used: &Use, source: Source) -> Diagnostic {
    let span = used.hole.span();
    let who = source.words();
    let name = &used.name;
    let (message, label, help) = match used.kind {
        Kind::Dial => {
            let who = match dialled(taint, used.piece.trail) {
                Some(pattern) if source == Source::Dialled => {
                    format!("whoever dials `{pattern}`")
                }
                _ => who.to_owned(),
            };
            (
                format!("{who} can add destinations to {name}"),
                format!(
                    "`&` in it calls a further device, `/` or `@` another host: {}",
                    source.freedom()
                ),
                "let only digits through, or match numbers of a fixed length (`_XXXX`)".to_owned(),
            )
        }
        Kind::Originate => (
            format!("{who} can lead {name} elsewhere"),
            format!(
                "`@` in it leads to another context or host, `/` to another device: {}",
                source.freedom()
            ),
            "let only digits through with FILTER()".to_owned(),
        ),
        Kind::Shell => (
            format!("{who} gets into a shell command"),
            format!(
                "{}: {}",
                match used.quotes {
                    Quotes::None =>
                        "`;`, `$(...)` or a backquote in it runs a command of the caller",
                    Quotes::Double =>
                        "`$(...)` or a backquote in it runs a command of the caller, in double quotes too",
                    Quotes::Single => "a `'` in it ends the quotes, and the rest is run",
                },
                source.freedom()
            ),
            "let only harmless characters through with FILTER(); QUOTE() does not stop `$(...)`"
                .to_owned(),
        ),
        Kind::CallFile => (
            format!("{who} gets into a call file, by way of a shell"),
            format!(
                "it can hold a command for the shell, or further lines of the call file: {}",
                source.freedom()
            ),
            "use Originate(), and let only digits through with FILTER()".to_owned(),
        ),
        Kind::Query => (
            format!("{who} gets into an SQL query"),
            match used.quotes {
                Quotes::None => format!(
                    "it stands without quotes, so it can add conditions of its own: {}",
                    source.freedom()
                ),
                _ => format!(
                    "a quote in it ends the value, and the rest is read as SQL: {}",
                    source.freedom()
                ),
            },
            "write `${SQL_ESC(...)}` inside of single quotes, or filter digits".to_owned(),
        ),
        Kind::Address => (
            format!("{who} gets into a web address as it is"),
            format!(
                "`&`, `#` or `/` in it changes what is asked for: {}",
                source.freedom()
            ),
            "write `${URIENCODE(...)}`".to_owned(),
        ),
        Kind::File => (
            format!("{who} gets into a file name"),
            format!(
                "with `../` in it the file lies wherever the caller likes: {}",
                source.freedom()
            ),
            "let only harmless characters through with FILTER(), or use `${UNIQUEID}`".to_owned(),
        ),
        Kind::Script => (
            format!("{who} chooses the program that {name} runs"),
            format!("with `/` in it any program will do: {}", source.freedom()),
            "name the program, and pass the text as an argument".to_owned(),
        ),
        Kind::Twice => (
            format!("{who} is evaluated a second time"),
            format!(
                "`${{SHELL(...)}}` in it is carried out: {}",
                source.freedom()
            ),
            "what a caller sends must not come to EVAL() or Exec()".to_owned(),
        ),
    };
    let mut found = Diagnostic::new(used.kind.code(), message, span)
        .label(label)
        .help(help);
    found.fixes.extend(filtered(taint, used, source));
    let mut found = path::labelled(taint, used.piece.trail, span, found);
    // Other patterns lead to the same place.
    for mark in &used.others {
        if used.kind == Kind::Dial
            && taint.source(*mark) == Source::Dialled
            && let (Some(first), Some(pattern)) = (taint.path(*mark).first(), dialled(taint, *mark))
            && !found.secondary.iter().any(|l| l.span == first.span)
        {
            found = found.also(first.span, format!("so does `{pattern}`"));
        }
    }
    found
}

/// The pattern by which a dialled text came in.
fn dialled(taint: &Taint<'_>, mark: Mark) -> Option<String> {
    let first = taint.path(mark).first().map(|t| t.node)?;
    taint.ways.entry(first).map(|e| show(&e.extension.name))
}

/// Whether the pattern by which a text was dialled is made for letters.
fn letters(taint: &Taint<'_>, mark: Mark) -> bool {
    let first = taint.path(mark).first().map(|t| t.node);
    let Some(entry) = first.and_then(|n| taint.ways.entry(n)) else {
        return false;
    };
    let Matches::Pattern(pattern) = &entry.extension.matches else {
        return false;
    };
    let letter = |set: &ByteSet| (b'A'..=b'z').any(|b| set.holds(b));
    pattern
        .matching()
        .iter()
        .any(|e| matches!(e, Element::Set(set) if letter(set)))
}

/// Digits only, where numbers are meant.
fn filtered(taint: &Taint<'_>, used: &Use, source: Source) -> Option<Fix> {
    let allowed = match source {
        Source::Dialled if letters(taint, used.piece.trail) => "0-9A-Za-z",
        Source::Dialled | Source::Number => "0-9*#+",
        _ => return None,
    };
    if !matches!(
        used.kind,
        Kind::Dial | Kind::Originate | Kind::Shell | Kind::Query
    ) {
        return None;
    }
    let hole = used.hole.lossy();
    if used.hole.bytes().iter().filter(|b| **b == b'$').count() != 1 {
        return None;
    }
    let mut fix = Diagnostic::new("X801", "", used.hole.span()).fix(
        if allowed == "0-9*#+" {
            "let only digits, `*`, `#` and `+` through"
        } else {
            "let only digits and letters through"
        },
        used.hole.span(),
        format!("${{FILTER({allowed},{hole})}}"),
        false,
    );
    fix.fixes.pop()
}

/// Functions that are looked for.
const WATCHED: [&[u8]; 5] = [b"SHELL(", b"CURL(", b"EVAL(", b"FILE(", b"ODBC_"];

/// The watched functions in a text, outer ones first.
fn functions(text: &Text, depth: usize, out: &mut Vec<(Vec<u8>, Text)>) {
    if depth >= DEPTH {
        return;
    }
    let bytes = text.bytes();
    for hole in Shape::read(bytes).holes {
        let (start, end) = (
            hole.start + 2,
            hole.end.saturating_sub(1).max(hole.start + 2),
        );
        let body = text.slice(start..end);
        let inner = body.bytes();
        if bytes[hole.start + 1] == b'{'
            && let Some(open) = inner.iter().position(|b| *b == b'(')
            && let Some(close) = inner.iter().rposition(|b| *b == b')')
            && open < close
        {
            let name = &inner[..open];
            if WATCHED
                .iter()
                .any(|w| name.starts_with(w.strip_suffix(b"(").unwrap_or(w)))
            {
                out.push((name.to_vec(), body.slice(open + 1..close)));
            }
        }
        functions(&body, depth + 1, out);
    }
}

/// Whether a text reads like a query.
fn is_query(text: &[u8]) -> bool {
    const WORDS: [&[u8]; 6] = [
        b"select ",
        b"insert ",
        b"update ",
        b"delete ",
        b"replace ",
        b"call ",
    ];
    let text = text.trim_ascii_start();
    WORDS.iter().any(|w| {
        text.get(..w.len())
            .is_some_and(|t| t.eq_ignore_ascii_case(w))
    })
}

/// In which quotes the holes of a text stand.
#[derive(Default)]
struct Quoting {
    at: usize,
    quotes: Quotes,
}

impl Quoting {
    /// The quotes around a hole; holes are asked in their order.
    fn before(&mut self, hole: &Range<usize>, text: &[u8]) -> Quotes {
        while self.at < hole.start {
            self.quotes = match (text[self.at], self.quotes) {
                (b'\\', Quotes::None | Quotes::Double) => {
                    self.at += 2;
                    continue;
                }
                (b'\'', Quotes::None) => Quotes::Single,
                (b'\'', Quotes::Single) => Quotes::None,
                (b'"', Quotes::None) => Quotes::Double,
                (b'"', Quotes::Double) => Quotes::None,
                (_, same) => same,
            };
            self.at += 1;
        }
        self.at = self.at.max(hole.end);
        self.quotes
    }
}

/// The functions of func_odbc.conf, which of their arguments stand in a query as they are, and in which quotes; 0 is the value that
/// is written.
pub(super) struct Queries(QuickMap<Vec<u8>, Vec<(usize, Quotes)>>);

impl Queries {
    pub(super) fn read(sources: &Sources) -> Queries {
        let mut all = QuickMap::default();
        let Some(file) = sources.find("func_odbc.conf") else {
            return Queries(all);
        };
        for section in line::read(sources, file).sections() {
            let prefix = section
                .get("prefix")
                .map_or(&b"ODBC"[..], |p| p.text.bytes());
            let name = [prefix, b"_", &section.name].concat();
            let mut raw = Vec::new();
            for key in ["readsql", "read", "writesql", "write", "insertsql"] {
                for value in section.all(key) {
                    let text = value.text.bytes();
                    for number in 1..=9 {
                        for (what, kept) in [("ARG", number), ("VAL", 0)] {
                            let hole = format!("${{{what}{number}}}");
                            raw.extend(written(text, hole.as_bytes()).map(|q| (kept, q)));
                        }
                    }
                }
            }
            all.insert(name, raw);
        }
        Queries(all)
    }

    /// The quotes around an argument that is not escaped.
    fn raw(&self, name: &[u8], argument: usize) -> Option<Quotes> {
        let raw = self.0.get(name)?;
        raw.iter().find(|(n, _)| *n == argument).map(|(_, q)| *q)
    }
}

/// The quotes around a hole of a query, unless it is escaped.
fn written(query: &[u8], hole: &[u8]) -> Option<Quotes> {
    let at = query.windows(hole.len()).position(|w| w == hole)?;
    if query[..at].ends_with(b"ESC(") {
        return None;
    }
    Some(Quoting::default().before(&(at..at + hole.len()), query))
}
