//! What is true of the whole plan, gathered once for the checks.

use std::collections::{HashMap, HashSet};

use strowger_stdlib::Dialect;
use strowger_stdlib::template::{HoleKind, Piece, Template, What, split_body};

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
}

impl Facts {
    pub(crate) fn gather(hir: &Hir, dialect: &Dialect) -> Facts {
        let mut facts = Facts::default();
        for global in &hir.globals {
            facts.assigned(&global.name, !global.value.is_empty());
        }
        for step in hir
            .contexts
            .iter()
            .flat_map(|c| &c.extensions)
            .flat_map(|e| &e.steps)
        {
            facts.step(step, dialect);
        }
        facts
    }

    fn assigned(&mut self, name: &[u8], filled: bool) {
        let name = name
            .strip_prefix(b"__")
            .or_else(|| name.strip_prefix(b"_"))
            .unwrap_or(name);
        *self.set.entry(name.to_vec()).or_insert(true) &= filled;
    }

    fn step(&mut self, step: &Step, dialect: &Dialect) {
        for (name, value) in assignments(step, dialect) {
            self.assigned(name.bytes(), filled(value.bytes()));
        }
        match step.app.bytes().to_ascii_lowercase().as_slice() {
            b"read" => {
                let first = step
                    .args
                    .bytes()
                    .split(|b| *b == b',')
                    .next()
                    .unwrap_or_default();
                self.assigned(first, false);
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
