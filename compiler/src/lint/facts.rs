//! What is true of the whole plan, gathered once for the checks.

use std::sync::OnceLock;

use strowger_stdlib::signatures;
use strowger_stdlib::table::{QuickMap, QuickSet};
use strowger_stdlib::template::{HoleKind, Piece, Template, What, split_body};
use strowger_stdlib::{Dialect, args};

use crate::call::Call;
use crate::hir::{Hir, Step};
use crate::jump::{self, Part, Shape};
use crate::lint::arrivals::Arrivals;
use crate::lint::landings::Landings;
use crate::lint::subroutines::subroutines;
use crate::source::{Span, Text};

/// See the fields.
#[derive(Default)]
pub(crate) struct Facts {
    /// Variables that the plan sets, and whether every value that it gives them has at least one byte.
    pub(crate) set: QuickMap<Vec<u8>, bool>,
    /// Where jumps enter extensions in the middle.
    pub(crate) landings: Landings,
    /// Extensions that some jump names.
    pub(crate) extensions: QuickSet<Vec<u8>>,
    /// Variables that are given the name of another variable.
    pub(crate) names: QuickSet<Vec<u8>>,
    /// Variables that are only ever global.
    pub(crate) globals: QuickSet<Vec<u8>>,
    /// How many arguments, none of them empty, every call of a subroutine or macro gives, by context.
    pub(crate) given: QuickMap<Vec<u8>, usize>,
    /// Something outside of the plan may set variables: a program, a manager, a database.
    pub(crate) outside: bool,
    /// Contexts in which some `Return` gives no value.
    pub(crate) returns_nothing: QuickSet<Vec<u8>>,
    /// What is asked to be empty or not, by context, and the first two steps that ask: `X` where `"${X}" = ""` stands.
    pub(crate) tested: QuickMap<InContext, (Span, Option<Span>)>,
    /// See [`Facts::arrivals`].
    arrivals: OnceLock<Arrivals>,
    /// Whether all that a variable is ever given is a digit, or one more than it is.
    counting: QuickMap<Vec<u8>, bool>,
    /// Variables of one call.
    local: QuickSet<Vec<u8>>,
    /// Variables with values that look like names.
    words: Vec<(Vec<u8>, Vec<u8>)>,
}

/// A context and the body of a `${...}` in it.
pub(crate) type InContext = (Vec<u8>, Vec<u8>);

/// Applications behind which something else sets variables (trap 15 of the catalogue of checks).
pub(crate) const OUTSIDE: [&str; 8] = [
    "agi",
    "eagi",
    "deadagi",
    "fastagi",
    "stasis",
    "externalivr",
    "realtime",
    "mysql",
];

impl Facts {
    pub(crate) fn gather(hir: &Hir, dialect: &Dialect) -> Facts {
        let mut facts = Facts::default();
        for global in &hir.globals {
            facts.globals.insert(global.name.clone());
            let (name, full) = facts.assigned(&global.name, &global.value);
            *facts.set.entry(name).or_insert(true) &= full;
        }
        for context in &hir.contexts {
            for extension in &context.extensions {
                // Variables that this extension gives a value, in its order: a default that comes behind repairs what was empty.
                let mut values: QuickMap<Vec<u8>, bool> = QuickMap::default();
                for step in &extension.steps {
                    let asked = asked(step);
                    for called in step.calls() {
                        for (name, full) in facts.call(called, &context.name, dialect) {
                            let repairs = full && asked.contains(&name);
                            let value = values.entry(name).or_insert(true);
                            *value = repairs || *value && full;
                        }
                    }
                    for body in asked {
                        facts
                            .tested
                            .entry((context.name.clone(), body))
                            .and_modify(|(first, second)| {
                                if *first != step.span {
                                    second.get_or_insert(step.span);
                                }
                            })
                            .or_insert((step.span, None));
                    }
                    facts.jumps(step);
                    facts.landings.read(extension, step);
                }
                for (name, full) in values {
                    *facts.set.entry(name).or_insert(true) &= full;
                }
            }
        }
        let words = std::mem::take(&mut facts.words).into_iter();
        let named = words.filter(|(_, value)| facts.set.contains_key(value));
        facts.names = named.map(|(name, _)| name).collect();
        let local = std::mem::take(&mut facts.local);
        facts.globals.retain(|name| !local.contains(name));
        facts
    }

    /// The bare name, and whether the value has at least one byte.
    fn assigned(&mut self, name: &[u8], value: &[u8]) -> (Vec<u8>, bool) {
        let (name, _) = args::inheritance(name);
        let inside = |function: &[u8]| name.strip_prefix(function)?.strip_suffix(b")");
        let name = match (inside(b"GLOBAL("), inside(b"LOCAL(")) {
            (Some(global), _) => {
                self.globals.insert(global.to_vec());
                global
            }
            (None, Some(local)) => {
                self.local.insert(local.to_vec());
                local
            }
            (None, None) => name,
        };
        if is_word(value) {
            self.words.push((name.to_vec(), value.to_vec()));
        }
        let small = matches!(value.trim_ascii(), [b'0'..=b'9']) || one_more(name, value);
        match self.counting.get_mut(name) {
            Some(all) => *all &= small,
            None => {
                self.counting.insert(name.to_vec(), small);
            }
        }
        (name.to_vec(), filled_for(name, value))
    }

    /// Which steps lead to which extensions, gathered when it is first asked for.
    pub(crate) fn arrivals(&self, hir: &Hir) -> &Arrivals {
        self.arrivals.get_or_init(|| Arrivals::gather(hir))
    }

    /// Whether a variable counts up from a digit: the first number above a digit is a digit or 10.
    pub(crate) fn counts(&self, name: &[u8]) -> bool {
        self.counting.get(name) == Some(&true)
    }

    /// Whether the plan, or the exchange, has a variable of this name.
    pub(crate) fn is_known(&self, name: &[u8]) -> bool {
        self.set.contains_key(name) || is_built_in(name)
    }

    /// Whether a variable of the plan begins so.
    pub(crate) fn begins_some(&self, head: &[u8]) -> bool {
        self.set.keys().any(|name| name.starts_with(head))
    }

    /// What an application does; the variables that it sets.
    fn call(&mut self, called: &Call, here: &[u8], dialect: &Dialect) -> Vec<(Vec<u8>, bool)> {
        let mut set = Vec::new();
        for (name, value) in assigned_by(called, dialect) {
            if !name.bytes().starts_with(b"GLOBAL(") {
                self.local
                    .insert(args::inheritance(name.bytes()).0.to_vec());
            }
            let (name, full) =
                self.assigned(name.bytes(), value.as_ref().map_or(b"", |v| v.bytes()));
            let unknown = match &value {
                Some(value) => value.bytes() == b"${GOSUB_RETVAL}",
                // A part of a list.
                None => called
                    .assigned(dialect)
                    .iter()
                    .any(|(_, v)| handed_over(v.bytes())),
            };
            set.push((name, full || unknown));
        }
        for subroutine in subroutines(called, here) {
            let full = subroutine
                .args
                .iter()
                .take_while(|a| !a.trimmed().is_empty())
                .count();
            if let Some(context) = subroutine.context {
                let least = self.given.entry(context).or_insert(full);
                *least = (*least).min(full);
            }
        }
        let app = called.app.as_str();
        // What an application that is not in the table sets is not known.
        self.outside |=
            OUTSIDE.contains(&app) || is_word(app.as_bytes()) && called.app.signature().is_none();
        if app == "return" && called.args.trimmed().is_empty() {
            self.returns_nothing.insert(here.to_vec());
        }
        set
    }

    fn jumps(&mut self, step: &Step) {
        for target in jump::targets(step) {
            if let Part::Text(exten) = &target.exten
                && !self.extensions.contains(exten.bytes())
            {
                self.extensions.insert(exten.bytes().to_vec());
            }
        }
    }
}

/// Whether a list comes from a subroutine, which knows what its parts are.
fn handed_over(value: &[u8]) -> bool {
    value.starts_with(b"${GOSUB_RETVAL") || value.starts_with(b"${ARG")
}

/// Whether a value is that of the variable and one more.
fn one_more(name: &[u8], value: &[u8]) -> bool {
    let plain: Vec<u8> = value
        .iter()
        .copied()
        .filter(|b| !b.is_ascii_whitespace())
        .collect();
    let own = [b"${", name, b"}"].concat();
    [
        [b"$[", own.as_slice(), b"+1]"].concat(),
        [b"$[1+", own.as_slice(), b"]"].concat(),
        [b"${INC(", name, b")}"].concat(),
        [b"${MATH(", own.as_slice(), b"+1,i)}"].concat(),
    ]
    .contains(&plain)
}

/// Variables that an application sets because its arguments name them, and their values where they are written.
pub(crate) fn assigned_by(called: &Call, dialect: &Dialect) -> Vec<(Text, Option<Text>)> {
    if matches!(&*called.app, b"set" | b"mset") {
        let mut out = Vec::new();
        for (name, value) in called.assigned(dialect) {
            match array(name) {
                Some(names) => out.extend(names.into_iter().map(|n| (n, None))),
                None => out.push((name.clone(), Some(value.clone()))),
            }
        }
        return out;
    }
    let Some(signature) = called.app.signature() else {
        return Vec::new();
    };
    let slot = signature
        .parameters
        .iter()
        .position(|p| matches!(*p, "variable" | "var"));
    let Some(slot) = slot else {
        return Vec::new();
    };
    let parts = called.arguments();
    parts
        .get(slot)
        .map(|name| (name.trimmed(), None))
        .filter(|(name, _)| !name.is_empty())
        .into_iter()
        .collect()
}

/// The variables of `ARRAY(a,b)`.
fn array(name: &Text) -> Option<Vec<Text>> {
    let bytes = name.bytes();
    let inner = bytes.strip_prefix(b"ARRAY(")?.strip_suffix(b")")?;
    let mut out = Vec::new();
    let mut from = b"ARRAY(".len();
    for part in inner.split(|b| *b == b',') {
        out.push(name.slice(from..from + part.len()).trimmed());
        from += part.len() + 1;
    }
    Some(out)
}

/// Whether text may be the name of a variable.
pub(crate) fn is_word(text: &[u8]) -> bool {
    text.first()
        .is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_')
        && text.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
}

/// Variables that the exchange itself has of each call: they can always be read (DL-185).
const OF_CALL: [&[u8]; 13] = [
    b"EXTEN",
    b"CONTEXT",
    b"PRIORITY",
    b"CHANNEL",
    b"UNIQUEID",
    b"HANGUPCAUSE",
    b"CALLINGPRES",
    b"CALLINGANI2",
    b"CALLINGTON",
    b"CALLINGTNS",
    b"HINT",
    b"HINTNAME",
    b"EPOCH",
];

/// Those, and those of the server.
pub(crate) fn built_in() -> impl Iterator<Item = &'static [u8]> {
    OF_CALL.into_iter().chain(crate::constant::SERVER)
}

/// Whether the exchange has this variable itself, or an application sets it.
pub(crate) fn is_built_in(name: &[u8]) -> bool {
    built_in().any(|own| own == name) || signatures::sets(name).is_some()
}

/// Whether text has at least one byte after substitution, whatever the variables are.
pub(crate) fn filled(text: &[u8]) -> bool {
    filled_for(b"", text)
}

/// The same of a value that a variable is given: its own value counts as filled.
pub(crate) fn filled_for(name: &[u8], text: &[u8]) -> bool {
    !name.is_empty() && text.strip_prefix(b"${").and_then(|t| t.strip_suffix(b"}")) == Some(name)
        || filled_template(name, &Template::read(text))
}

fn filled_template(name: &[u8], template: &Template) -> bool {
    template.pieces.iter().any(|piece| match piece {
        Piece::Text(text) => !text.is_empty(),
        Piece::Hole(hole) => match (hole.kind, hole.body.as_plain()) {
            (HoleKind::Expression, _) => true,
            (HoleKind::Variable, Some(body)) => always_filled(body) || both_branches(name, body),
            (HoleKind::Variable, None) => {
                // A function with holes among its arguments: for most of these the name decides.
                matches!(hole.body.pieces.first(), Some(Piece::Text(head))
                if head.iter().position(|b| *b == b'(').is_some_and(|open| {
                    FILLED.iter().any(|f| f.as_bytes() == &head[..open])
                })) || both_branches(name, &hole.body.print())
            }
        },
    })
}

/// `IF(condition?then:otherwise)` with two values that are never empty: also those that the condition asks about.
fn both_branches(name: &[u8], body: &[u8]) -> bool {
    let inside = |name: &[u8]| body.strip_prefix(name)?.strip_suffix(b")");
    let Some(inner) = inside(b"IF(").or_else(|| inside(b"IFTIME(")) else {
        return false;
    };
    let shape = Shape::read(inner);
    let Some(question) = shape.find(inner, b'?', 0) else {
        return false;
    };
    let Some(colon) = shape.find(inner, b':', question + 1) else {
        return false;
    };
    let condition = &inner[..question];
    let value = |text: &[u8]| {
        let text = text.trim_ascii();
        filled_for(name, text)
            || !text.is_empty() && contains(condition, text)
            || text == b"${DB_RESULT}" && contains(condition, b"DB_EXISTS(")
    };
    value(&inner[question + 1..colon]) && value(&inner[colon + 1..])
}

/// Whether text holds a part that is not empty.
pub(crate) fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|w| w == part)
}

/// What text compares with nothing, or asks the length of: bodies of `${...}`.
fn asked(step: &Step) -> Vec<Vec<u8>> {
    if step.own().shape.holes.is_empty() {
        return Vec::new();
    }
    asked_in(step.args.bytes(), step.template())
}

fn asked_in(text: &[u8], template: &Template) -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    for hole in template.holes() {
        if hole.kind != HoleKind::Variable || !hole.closed {
            continue;
        }
        let (before, after) = (&text[..hole.span.start], &text[hole.span.end..]);
        let measured = before.ends_with(b"ISNULL(")
            || before.ends_with(b"EXISTS(")
            || before.ends_with(b"LEN(") && with_nothing(after);
        // `"${X}" = ""`, `x${X} = x`, `${X}foo = foo`: something stands beside it that survives.
        let quoted = before.ends_with(b"\"") && after.starts_with(b"\"");
        let compared = after.iter().take(12).any(|b| matches!(b, b'=' | b'!'));
        let glued = before.last().is_some_and(u8::is_ascii_alphanumeric)
            || after.first().is_some_and(u8::is_ascii_alphanumeric);
        let alone = matches!(before, b"" | b"$[") && matches!(after.first(), Some(b'?' | b']'));
        if measured || alone || compared && (glued || quoted && nothing_behind(&after[1..])) {
            out.push(hole.body.print());
        }
    }
    out
}

/// Whether the length that ends here is compared with 0 or 1, or is a condition by itself.
fn with_nothing(after: &[u8]) -> bool {
    let Some(rest) = after.strip_prefix(b")}") else {
        return false;
    };
    let rest = rest.strip_prefix(b"\"").unwrap_or(rest).trim_ascii_start();
    let operator = rest
        .iter()
        .take_while(|b| matches!(b, b'=' | b'!' | b'<' | b'>'))
        .count();
    let value = rest[operator..].trim_ascii_start();
    let value = value.strip_prefix(b"\"").unwrap_or(value);
    operator == 0
        || matches!(value, [b'0' | b'1', rest @ ..] if !rest.first().is_some_and(u8::is_ascii_digit))
}

/// ` = ""` or ` != ""`.
fn nothing_behind(text: &[u8]) -> bool {
    let text = text.trim_ascii_start();
    let operator = text.iter().take_while(|b| matches!(b, b'=' | b'!')).count();
    operator > 0 && text[operator..].trim_ascii_start().starts_with(b"\"\"")
}

/// Functions that always give something.
const FILLED: [&str; 16] = [
    "LEN",
    "MATH",
    "RAND",
    "ISNULL",
    "EXISTS",
    "REGEX",
    "DIALPLAN_EXISTS",
    "VALID_EXTEN",
    "DB_EXISTS",
    "GROUP_COUNT",
    "STRFTIME",
    "FIELDQTY",
    "FIELDNUM",
    "DEVICE_STATE",
    "EXTENSION_STATE",
    "VERSION",
];

/// Bodies of `${...}` that are never empty.
pub(crate) fn always_filled(body: &[u8]) -> bool {
    const NAMES: [&str; 7] = [
        "EPOCH",
        "EXTEN",
        "CONTEXT",
        "PRIORITY",
        "CHANNEL",
        "UNIQUEID",
        "HANGUPCAUSE",
    ];
    let body = split_body(body);
    if body
        .slice
        .is_some_and(|s| s.offset != 0 || s.length.is_some_and(|l| l <= 0))
    {
        return false;
    }
    match body.what {
        What::Variable(name) => {
            NAMES.iter().any(|n| n.as_bytes() == name) || name.ends_with(b"STATUS")
        }
        What::Call(call) => {
            FILLED.iter().any(|n| n.as_bytes() == call.name)
                || with_default(&call.name, &call.args)
                // The technology of a channel's name.
                || call.name == b"CUT" && call.args == b"CHANNEL,/,1"
        }
    }
}

/// A query that is given a word of the plan behind what it looks for, as a rule what it answers where it finds nothing: how it
/// does so stands in func_odbc.conf, or in the database itself.
fn with_default(name: &[u8], args: &[u8]) -> bool {
    let last = args.iter().rposition(|b| *b == b',');
    name.starts_with(b"ODBC_")
        && last.is_some_and(|comma| {
            let word = args[comma + 1..].trim_ascii();
            !word.is_empty() && !word.contains(&b'$')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_whether_something_is_empty() {
        let asked = |text: &[u8]| asked_in(text, &Template::read(text));
        let asks = |text: &str| asked(text.as_bytes()) == [b"X".to_vec()];
        assert!(asks("$[\"${X}\" = \"\"]?a"));
        assert!(asks("$[\"${X}\"!=\"\"]?a"));
        assert!(asks("${X}?a") && asks("$[${X}]?a"));
        assert!(asks("$[x${X} = x]?a") && asks("$[${X}foo = foo]?a"));
        assert!(asked(b"$[${LEN(${X})} = 0]?a").contains(&b"X".to_vec()));
        assert!(
            !asks("$[\"${X}\" = \"1\"]?a") && !asks("$[${X} = 1]?a") && !asks("$[\"${Y}\" = \"\"]")
        );
    }

    #[test]
    fn values_that_are_never_empty() {
        let full = |text: &str| filled_for(b"X", text.as_bytes());
        assert!(full("a${Y}") && full("${X}") && full("$[${Y} + 1]") && full("${LEN(${Y})}"));
        assert!(full("${IF($[\"${Y}\" = \"\"]?3:${Y})}") && full("${IF($[1=${Y}]?a:b)}"));
        assert!(full("${ODBC_SETUP(LDDist,50)}"));
        assert!(
            !full("${Y}")
                && !full("${ODBC_SETUP(LDDist,${Y})}")
                && !full("${ODBC_SETUP(LDDist)}")
                && !full("")
                && !full("${IF($[${Z} = 1]?3:${Y})}")
                && !full("${CUT(Y,-,1)}")
        );
    }
}
