//! What is true of the whole plan, gathered once for the checks.

use std::collections::{HashMap, HashSet};

use strowger_stdlib::signatures;
use strowger_stdlib::template::{HoleKind, Piece, Template, What, split_body};
use strowger_stdlib::{Dialect, args};

use crate::hir::{Hir, Step};
use crate::jump::{self, Part, Shape};
use crate::source::Text;

/// See the fields.
#[derive(Default)]
pub(crate) struct Facts {
    /// Variables that the plan sets, and whether every value that it gives them has at least one byte.
    pub(crate) set: HashMap<Vec<u8>, bool>,
    /// Priorities that some jump names by number.
    pub(crate) numbers: HashSet<u32>,
    /// Extensions that some jump names.
    pub(crate) extensions: HashSet<Vec<u8>>,
    /// A jump takes its priority from a variable.
    pub(crate) computed: bool,
    /// Variables that are given the name of another variable.
    pub(crate) names: HashSet<Vec<u8>>,
    /// Variables that are only ever global.
    pub(crate) globals: HashSet<Vec<u8>>,
    /// Variables of one call.
    local: HashSet<Vec<u8>>,
    /// Variables with values that look like names.
    words: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Facts {
    pub(crate) fn gather(hir: &Hir, dialect: &Dialect) -> Facts {
        let mut facts = Facts::default();
        for global in &hir.globals {
            facts.globals.insert(global.name.clone());
            facts.assigned(&global.name, &global.value);
        }
        for step in hir
            .contexts
            .iter()
            .flat_map(|c| &c.extensions)
            .flat_map(|e| &e.steps)
        {
            facts.step(step, dialect);
        }
        let words = std::mem::take(&mut facts.words).into_iter();
        let named = words.filter(|(_, value)| facts.set.contains_key(value));
        facts.names = named.map(|(name, _)| name).collect();
        let local = std::mem::take(&mut facts.local);
        facts.globals.retain(|name| !local.contains(name));
        facts
    }

    fn assigned(&mut self, name: &[u8], value: &[u8]) {
        let name = name
            .strip_prefix(b"__")
            .or_else(|| name.strip_prefix(b"_"))
            .unwrap_or(name);
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
        *self.set.entry(name.to_vec()).or_insert(true) &= filled(value);
    }

    /// Whether the plan, or the exchange, has a variable of this name.
    pub(crate) fn is_known(&self, name: &[u8]) -> bool {
        self.set.contains_key(name) || is_built_in(name)
    }

    /// Whether a variable of the plan begins so.
    pub(crate) fn begins_some(&self, head: &[u8]) -> bool {
        self.set.keys().any(|name| name.starts_with(head))
    }

    fn step(&mut self, step: &Step, dialect: &Dialect) {
        for (name, value) in assignments(step, dialect) {
            if !name.bytes().starts_with(b"GLOBAL(") {
                self.local
                    .insert(args::inheritance(name.bytes()).0.to_vec());
            }
            self.assigned(name.bytes(), value.bytes());
        }
        match step.app.bytes().to_ascii_lowercase().as_slice() {
            b"read" => {
                let first = step
                    .args
                    .bytes()
                    .split(|b| *b == b',')
                    .next()
                    .unwrap_or_default();
                self.assigned(first, b"");
            }
            b"goto" | b"gosub" | b"gotoif" | b"gosubif" | b"gotoiftime"
                if step.args.bytes().is_empty() => {}
            b"goto" if jump::targets(step).is_empty() => self.computed = true,
            _ => {}
        }
        for target in jump::targets(step) {
            match &target.priority {
                Part::Computed(_) => self.computed = true,
                Part::Text(text) => {
                    let text = text.trimmed();
                    if let Some(number) = std::str::from_utf8(text.bytes())
                        .ok()
                        .and_then(|t| t.parse().ok())
                    {
                        self.numbers.insert(number);
                    }
                    if matches!(text.bytes().first(), Some(b'+' | b'-')) {
                        self.relative(step, text.bytes());
                    }
                }
                Part::Here => {}
            }
            if let Part::Text(exten) = &target.exten {
                self.extensions.insert(exten.bytes().to_vec());
            }
        }
    }

    fn relative(&mut self, step: &Step, text: &[u8]) {
        if let Some(by) = crate::draft::scan_int(text) {
            let target = i64::from(step.priority) + i64::from(by);
            self.numbers.extend(u32::try_from(target));
        }
    }
}

/// What `Set` and `MSet` assign: names as written and values.
pub(crate) fn assignments(step: &Step, dialect: &Dialect) -> Vec<(Text, Text)> {
    let args = &step.args;
    let pair = |text: Text| {
        let equals = Shape::read(text.bytes()).find(text.bytes(), b'=', 0)?;
        Some((text.slice(0..equals), text.slice(equals + 1..text.len())))
    };
    match step.app.bytes().to_ascii_lowercase().as_slice() {
        b"set" if !dialect.pairs_in_set => pair(args.clone()).into_iter().collect(),
        b"set" | b"mset" => {
            let shape = Shape::read(args.bytes());
            let mut out = Vec::new();
            let mut from = 0;
            while from <= args.len() {
                let end = shape.find(args.bytes(), b',', from).unwrap_or(args.len());
                out.extend(pair(args.slice(from..end)));
                from = end + 1;
            }
            out
        }
        _ => Vec::new(),
    }
}

/// Whether text may be the name of a variable.
fn is_word(text: &[u8]) -> bool {
    text.first()
        .is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_')
        && text.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
}

/// Variables that the exchange itself has: they can always be read (DL-185).
pub(crate) const BUILT_IN: [&[u8]; 27] = [
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
    b"SYSTEMNAME",
    b"ENTITYID",
    b"ASTCACHEDIR",
    b"ASTETCDIR",
    b"ASTMODDIR",
    b"ASTVARLIBDIR",
    b"ASTDBDIR",
    b"ASTKEYDIR",
    b"ASTDATADIR",
    b"ASTAGIDIR",
    b"ASTSPOOLDIR",
    b"ASTRUNDIR",
    b"ASTLOGDIR",
    b"ASTSBINDIR",
];

/// Whether the exchange has this variable itself, or an application sets it.
pub(crate) fn is_built_in(name: &[u8]) -> bool {
    BUILT_IN.contains(&name) || signatures::sets(name).is_some()
}

/// Whether text has at least one byte after substitution, whatever the variables are.
fn filled(text: &[u8]) -> bool {
    Template::read(text).pieces.iter().any(|piece| match piece {
        Piece::Text(text) => !text.is_empty(),
        Piece::Hole(hole) => match (hole.kind, hole.body.as_plain()) {
            (HoleKind::Expression, _) => true,
            (HoleKind::Variable, Some(body)) => always_filled(body),
            (HoleKind::Variable, None) => false,
        },
    })
}

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
    const FUNCTIONS: [&str; 15] = [
        "LEN",
        "MATH",
        "RAND",
        "ISNULL",
        "EXISTS",
        "REGEX",
        "DIALPLAN_EXISTS",
        "DB_EXISTS",
        "GROUP_COUNT",
        "STRFTIME",
        "FIELDQTY",
        "FIELDNUM",
        "DEVICE_STATE",
        "EXTENSION_STATE",
        "VERSION",
    ];
    let body = split_body(body);
    if body.slice.is_some() {
        return false;
    }
    match body.what {
        What::Variable(name) => {
            NAMES.iter().any(|n| n.as_bytes() == name) || name.ends_with(b"STATUS")
        }
        What::Call(call) => FUNCTIONS.iter().any(|n| n.as_bytes() == call.name),
    }
}
