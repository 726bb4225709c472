//! Expressions: steps that compute what needs steps, and what is left to be written where the value is wanted.

use strowger_dial::tree::BinaryOp;
use strowger_stdlib::words::{From, Kind};

use super::formula::{Formula, Level};
use super::number;
use super::operand::{Operand, Read, Trust};
use super::pieces::{Piece, opened};
use super::text;
use super::writer::{To, Writer};
use super::{choice, control};
use crate::dial::typed::{Expr, ExprKind, TextPart};
use crate::dial::types::{EnumId, Type};

impl<'p> Writer<'p> {
    /// Whether the value of an expression needs no step.
    pub(super) fn is_simple(&self, e: &Expr) -> bool {
        let named = |e: &Expr| self.is_simple(e) && (self.is_trusted(e) || is_readable(e));
        match &*e.kind {
            ExprKind::Int(_)
            | ExprKind::Bool(_)
            | ExprKind::Duration(_)
            | ExprKind::Local(_)
            | ExprKind::Variable(_)
            | ExprKind::Exten { .. }
            | ExprKind::Nothing
            | ExprKind::InHours(_) => true,
            ExprKind::Text(parts) => {
                let mut depth = 0;
                parts.iter().all(|p| match p {
                    TextPart::Value(e) => self.is_simple(e) && (depth == 0 || self.is_trusted(e)),
                    TextPart::Asterisk(text) => {
                        depth += opened(text);
                        true
                    }
                    TextPart::Plain(_) => true,
                })
            }
            ExprKind::Case(id, case, fields) => {
                let plain = fields.len() < 2
                    || self
                        .field_types(*id, *case)
                        .all(|t| self.trust(t) >= Trust::Name);
                plain && fields.iter().all(|e| self.is_simple(e))
            }
            ExprKind::List(list) => list.iter().all(|e| self.is_simple(e)),
            ExprKind::Word { word, args } => {
                word.kind != Kind::Application && args.iter().flatten().all(named)
            }
            ExprKind::Just(e) | ExprKind::Not(e) | ExprKind::Bare(e) | ExprKind::Neg(e) => {
                self.is_simple(e)
            }
            ExprKind::Keep(e, _) | ExprKind::IsSome(e) | ExprKind::InPattern(e, _) => named(e),
            ExprKind::Slice(e, from, length) => {
                // The first byte of one that is counted from its end is not as easy to say.
                let front = *from >= 0 && length.is_none_or(|l| l >= 0);
                is_readable(e) && (front || self.is_migrated())
            }
            ExprKind::Number(op, a, b) => {
                self.is_simple(a) && self.is_simple(b) && number::faults(*op, a, b).is_none()
            }
            ExprKind::Same(_, a, b) => named(a) && named(b),
            ExprKind::Both(a, b) | ExprKind::Either(a, b) => self.is_simple(a) && self.is_simple(b),
            ExprKind::If(condition, then, otherwise) => {
                control::short_if(self, condition, then, otherwise.as_ref(), &e.ty)
            }
            _ => false,
        }
    }

    /// Whether the value can stand in quotes in an expression.
    pub(super) fn is_trusted(&self, e: &Expr) -> bool {
        self.trust_of(e) >= Trust::Name || constant_text(e).is_some()
    }

    pub(super) fn field_types(&self, id: EnumId, case: usize) -> impl Iterator<Item = &'p Type> {
        let case = self.shared.program.enums.get(id).cases.get(case);
        case.into_iter()
            .flat_map(|c| c.fields.iter().map(|(_, ty)| ty))
    }

    /// The value of an expression.
    pub(super) fn value(&mut self, e: &Expr) -> Operand {
        match &*e.kind {
            ExprKind::Int(n) => Operand::number(*n),
            ExprKind::Bool(b) => Operand::truth(*b),
            ExprKind::Duration(ms) => Operand::Constant(seconds(*ms)),
            ExprKind::Text(parts) => self.text(parts),
            ExprKind::Local(id) => Operand::Read(self.local(*id)),
            ExprKind::Variable(number) => {
                let name = self.shared.program.variables.get(*number);
                Operand::Read(Read::new(name.map_or("", |v| v.conf.as_str())))
            }
            ExprKind::Exten { from, length, .. } => Operand::Read(exten(*from, *length)),
            ExprKind::Case(id, case, fields) => self.case(*id, *case, fields),
            ExprKind::Nothing => Operand::Constant(String::new()),
            ExprKind::Just(e) => self.value(e),
            ExprKind::List(list) => {
                let values = self.values(&list.iter().collect::<Vec<_>>());
                let mut parts = Vec::new();
                for value in values {
                    if !parts.is_empty() {
                        parts.push(Operand::Constant("&".to_owned()));
                    }
                    parts.push(value);
                }
                joined(parts)
            }
            ExprKind::Word { word, args } if word.kind != Kind::Application => {
                self.function(word, args)
            }
            ExprKind::Bare(e) => {
                let asked = self.value(e).formula();
                let level = asked.level.min(Level::Sign);
                Operand::Formula(Formula::new(asked.text, level))
            }
            ExprKind::Keep(e, characters) => self.keep_characters(e, characters),
            ExprKind::Slice(e, from, length) => {
                let read = self.readable(e);
                let length = *length;
                match read.stretch(*from, length) {
                    Some(read) => Operand::Read(read),
                    None => {
                        let kept = self.keep(&Operand::Read(read));
                        kept.stretch(*from, length)
                            .map_or_else(|| Operand::Constant(String::new()), Operand::Read)
                    }
                }
            }
            ExprKind::Number(..)
            | ExprKind::Neg(_)
            | ExprKind::Same(..)
            | ExprKind::Both(..)
            | ExprKind::Either(..)
            | ExprKind::Not(_)
            | ExprKind::IsSome(_)
            | ExprKind::InHours(_)
            | ExprKind::InPattern(..)
                if self.is_simple(e)
                    || matches!(*e.kind, ExprKind::Number(..) | ExprKind::Neg(_)) =>
            {
                number::value(self, e)
            }
            ExprKind::Both(..) | ExprKind::Either(..) => {
                // The right side must not run where the left one decides.
                let to = self.between();
                self.truth(e, &to);
                self.written_to(&to)
            }
            ExprKind::Same(..)
            | ExprKind::Not(_)
            | ExprKind::IsSome(_)
            | ExprKind::InPattern(..) => number::value(self, e),
            ExprKind::If(condition, then, otherwise) if self.is_simple(e) => {
                control::if_function(self, condition, then, otherwise.as_ref())
            }
            _ => {
                let to = self.between();
                self.into(e, &to);
                self.written_to(&to)
            }
        }
    }

    /// The value in a variable that was made for it.
    pub(super) fn written_to(&self, to: &To) -> Operand {
        let name = self.variable(to).unwrap_or_default();
        Operand::Read(Read {
            fixed: true,
            ..Read::new(name)
        })
    }

    /// Values from left to right: where a later one needs steps, the earlier ones are kept.
    pub(super) fn values(&mut self, list: &[&Expr]) -> Vec<Operand> {
        let last = list.iter().rposition(|e| !self.is_simple(e));
        let mut values = Vec::with_capacity(list.len());
        for (i, e) in list.iter().enumerate() {
            let value = self.value(e);
            let value = if last.is_some_and(|l| i < l) {
                self.settle(value)
            } else {
                value
            };
            values.push(value);
        }
        values
    }

    /// The value under a name, by which functions can ask for it.
    pub(super) fn readable(&mut self, e: &Expr) -> Read {
        let value = self.value(e);
        self.as_read(value)
    }

    pub(super) fn as_read(&mut self, value: Operand) -> Read {
        match value {
            Operand::Read(read) => read,
            value => self.keep(&value),
        }
    }

    /// Puts the value of an expression somewhere.
    pub(super) fn into(&mut self, e: &Expr, to: &To) {
        if matches!(e.ty, Type::Never) {
            self.effect(e);
            return;
        }
        match &*e.kind {
            ExprKind::If(..) if self.is_simple(e) => {
                let value = self.value(e);
                self.store(to, &value);
            }
            ExprKind::If(condition, then, otherwise) => {
                control::if_else(self, condition, then, otherwise.as_ref(), Some(to));
            }
            ExprKind::Match(value, arms) => choice::match_(self, value, arms, Some(to)),
            ExprKind::Block(block) => control::block(self, block, Some(to)),
            ExprKind::Just(e) => self.into(e, to),
            ExprKind::Default(..) | ExprKind::Digits(_) if !self.is_free(to, e) => {
                let between = self.between();
                self.into(e, &between);
                let value = self.written_to(&between);
                self.store(to, &value);
            }
            ExprKind::Default(a, b) => self.or_default(a, b, to),
            ExprKind::Digits(e) => self.digits(e, to),
            ExprKind::Word { word, args } if word.kind == Kind::Application => {
                self.word(word, args, Some(to));
            }
            ExprKind::Sub(number, args) => {
                self.call(*number, args);
                self.store_text(to, "${GOSUB_RETVAL}");
            }
            ExprKind::Gosub(called, args) => {
                self.gosub(called, args);
                self.store_text(to, "${GOSUB_RETVAL}");
            }
            ExprKind::Both(..) | ExprKind::Either(..)
                if !self.is_simple(e) && self.is_free(to, e) =>
            {
                self.truth(e, to);
            }
            ExprKind::Both(..) | ExprKind::Either(..) if !self.is_simple(e) => {
                let value = self.value(e);
                self.store(to, &value);
            }
            ExprKind::App { .. }
            | ExprKind::Return(_)
            | ExprKind::GotoLabel(_)
            | ExprKind::Goto(..)
            | ExprKind::GotoDynamic(..) => {
                self.effect(e);
            }
            _ => {
                let value = self.value(e);
                self.store(to, &value);
            }
        }
    }

    /// `and` and `or` whose right side needs steps, as a value.
    fn truth(&mut self, e: &Expr, to: &To) {
        let no = self.steps.mark("no");
        let behind = self.steps.mark("end");
        self.branch(e, false, no);
        let before = self.written();
        self.store_text(to, "1");
        self.begin_way(&before);
        self.jump(behind);
        self.steps.bind(no);
        self.store_text(to, "0");
        self.steps.bind(behind);
    }

    /// `a ?? b`.
    fn or_default(&mut self, a: &Expr, b: &Expr, to: &To) {
        self.into(a, to);
        let read = Read::new(self.variable(to).unwrap_or_default());
        let is_empty = emptiness(&read, self.trust_of(a));
        let short = match constant_text(b) {
            Some(text) => text::is_plain(text),
            None => self.is_simple(b) && self.trust_of(b) >= Trust::Name,
        };
        if short {
            let value = self.value(b);
            if value == Operand::Constant(String::new()) {
                return;
            }
            if !matches!(value, Operand::Formula(_) | Operand::Written(_)) {
                let name = &read.name;
                self.run(
                    "ExecIf",
                    format!("{}?Set({name}={})", is_empty.whole(), value.value()),
                );
                return;
            }
        }
        let behind = self.steps.mark("end");
        self.branch_on(is_empty, false, behind);
        self.into(b, to);
        self.steps.bind(behind);
    }

    /// `digits(e)`: what FILTER leaves is all of it, or there is no value. Whatever stands in the text, what is left holds no
    /// other characters; so it is the text only if all of that is digits.
    fn digits(&mut self, e: &Expr, to: &To) {
        if self.trust(&e.ty) == Trust::Plain
            && !matches!(e.ty, Type::Int | Type::Duration | Type::Time)
        {
            self.into(e, to);
            return;
        }
        let read = self.readable(e);
        self.filtered(&read, to);
        let name = self.variable(to).unwrap_or_default();
        let whole = unquoted(&read, '\'');
        self.run(
            "ExecIf",
            format!("$[\"${{{name}}}\" != \"{whole}\"]?Set({name}=)"),
        );
    }

    /// The digits of a text.
    pub(super) fn filtered(&mut self, read: &Read, to: &To) {
        self.store_text(to, &format!("${{FILTER({DIGITS},{})}}", read.hole()));
    }

    fn keep_characters(&mut self, e: &Expr, characters: &str) -> Operand {
        if self.trust_of(e) >= Trust::Name {
            let value = self.value(e);
            return Operand::Written(format!("${{FILTER({characters},{})}}", value.value()));
        }
        let read = self.readable(e);
        // A parenthesis that closes too early followed by a colon would end the call (DL-176): one of them goes away before.
        let without = match (keeps(characters, b':'), keeps(characters, b')')) {
            (false, _) => ":",
            (true, false) => "\\)",
            (true, true) => {
                self.report("D411", "`keep` cannot keep both `:` and `)`", e.place);
                ":"
            }
        };
        let body = read.body();
        Operand::Written(format!(
            "${{FILTER({characters},${{REPLACE({body},{without})}})}}"
        ))
    }

    /// Runs an expression whose value nobody wants.
    pub(super) fn effect(&mut self, e: &Expr) {
        match &*e.kind {
            ExprKind::If(condition, then, otherwise) => {
                control::if_else(self, condition, then, otherwise.as_ref(), None);
            }
            ExprKind::Match(value, arms) => choice::match_(self, value, arms, None),
            ExprKind::Block(block) => control::block(self, block, None),
            ExprKind::Word { word, args } if word.kind == Kind::Application => {
                self.word(word, args, None);
            }
            ExprKind::Sub(number, args) => self.call(*number, args),
            ExprKind::Gosub(called, args) => self.gosub(called, args),
            ExprKind::App { name, args } => {
                let args: String = {
                    let pieces = self.parts(args, Trust::Name);
                    pieces.iter().map(|p| p.value.value()).collect()
                };
                self.run(name, args);
            }
            ExprKind::Return(value) => self.return_(value.as_ref()),
            ExprKind::GotoLabel(label) => {
                let mark = self.label(label);
                self.jump(mark);
            }
            ExprKind::Goto(context, exten) => {
                let exten = self.parts(exten, Trust::Text);
                let exten = self.target_part(exten);
                let target = match context {
                    Some(context) => format!("{},{exten},1", text::constant(context)),
                    None => format!("{exten},1"),
                };
                self.end("Goto", target);
            }
            ExprKind::GotoDynamic(context, exten, priority) => {
                let parts = self.pieces_of(&[context, exten, priority]);
                let parts: Vec<String> = parts.into_iter().map(|p| self.target_part(p)).collect();
                self.end("Goto", parts.join(","));
            }
            _ if self.is_simple(e) => {}
            _ => {
                self.value(e);
            }
        }
    }

    /// A part of a target: commas would begin the next one (DL-244).
    pub(super) fn target_part(&mut self, pieces: Vec<Piece>) -> String {
        let mut out = String::new();
        for piece in pieces {
            match piece.value {
                value if piece.trust >= Trust::Name => out.push_str(&value.value()),
                Operand::Constant(c) => out.push_str(&text::constant(&c.replace(',', ""))),
                value if self.is_migrated() => out.push_str(&value.value()),
                value => {
                    let read = self.as_read(value);
                    out.push_str(&format!("${{REPLACE({},\\,)}}", read.body()));
                }
            }
        }
        out
    }

    fn return_(&mut self, value: Option<&Expr>) {
        match value {
            Some(value) => self.into(value, &To::Return),
            None => self.end("Return", ""),
        }
    }

    /// The value that a call of a word leaves.
    pub(super) fn word_value(value: From) -> Option<Operand> {
        match value {
            From::Status(name) => Some(Operand::Read(Read::new(name))),
            From::Nothing | From::Yield | From::Named(_) => None,
        }
    }
}

/// Whether FILTER keeps a character.
fn keeps(characters: &str, byte: u8) -> bool {
    let bytes = characters.as_bytes();
    let mut ranges = bytes.windows(3).filter(|w| w[1] == b'-');
    bytes.contains(&byte) || ranges.any(|w| (w[0]..=w[2]).contains(&byte))
}

/// Digits as FILTER writes them.
const DIGITS: &str = "0-9*#+A-D";

/// Characters of a number that was dialled.
fn exten(from: usize, length: Option<usize>) -> Read {
    let slice = (from > 0 || length.is_some()).then_some((from as i64, length.map(|l| l as i64)));
    Read {
        slice,
        fixed: true,
        ..Read::new("EXTEN")
    }
}

/// Whether the value is read from a variable.
fn is_readable(e: &Expr) -> bool {
    match &*e.kind {
        ExprKind::Local(_) | ExprKind::Variable(_) | ExprKind::Exten { .. } => true,
        ExprKind::Just(e) => is_readable(e),
        ExprKind::Slice(e, from, length) => {
            is_readable(e)
                && !matches!(
                    *e.kind,
                    ExprKind::Slice(..)
                        | ExprKind::Exten {
                            length: Some(_),
                            ..
                        }
                )
                && *from >= 0
                && length.is_none_or(|l| l >= 0)
        }
        ExprKind::Text(parts) => match parts.as_slice() {
            [TextPart::Value(e)] => is_readable(e),
            [TextPart::Asterisk(text)] => matches!(written(text), Operand::Read(_)),
            _ => false,
        },
        _ => false,
    }
}

/// The text, if it is known.
pub(super) fn constant_text(e: &Expr) -> Option<&str> {
    match &*e.kind {
        ExprKind::Text(parts) => match parts.as_slice() {
            [] => Some(""),
            [TextPart::Plain(text)] => Some(text),
            _ => None,
        },
        ExprKind::Nothing => Some(""),
        ExprKind::Just(e) => constant_text(e),
        _ => None,
    }
}

/// Text of the dialplan; a hole that is a simple name can be asked for by its name.
pub(super) fn written(text: &str) -> Operand {
    let body = text.strip_prefix("${").and_then(|t| t.strip_suffix('}'));
    match body {
        Some(body) if is_name(body) => Operand::Read(Read::new(body)),
        _ => Operand::Written(text.to_owned()),
    }
}

/// Whether a body of a hole can stand in an argument list as the name of what is read.
pub(super) fn is_name(body: &str) -> bool {
    let plain = |t: &str| {
        t.bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_-./@,".contains(&b))
    };
    match body.split_once('(') {
        None => plain(body) && !body.contains(',') && !body.is_empty(),
        Some((name, args)) => {
            plain(name) && !name.contains(',') && args.strip_suffix(')').is_some_and(plain)
        }
    }
}

/// Pieces of a value one after the other.
pub(super) fn joined(parts: Vec<Operand>) -> Operand {
    let mut merged: Vec<Operand> = Vec::new();
    for part in parts {
        match (merged.last_mut(), part) {
            (_, Operand::Constant(c)) if c.is_empty() => {}
            (Some(Operand::Constant(text)), Operand::Constant(c)) => text.push_str(&c),
            (_, part) => merged.push(part),
        }
    }
    match merged.len() {
        0 => Operand::Constant(String::new()),
        1 => merged.swap_remove(0),
        _ => Operand::Written(merged.iter().map(Operand::value).collect()),
    }
}

/// A text with another character in the place of its quotes: so that it can stand in quotes.
pub(super) fn unquoted(read: &Read, instead: char) -> String {
    format!("${{REPLACE({},\\\",{instead})}}", read.body())
}

/// Milliseconds as a dialplan writes them.
pub(super) fn seconds(ms: u64) -> String {
    let (whole, rest) = (ms / 1000, ms % 1000);
    if rest == 0 {
        return whole.to_string();
    }
    format!("{whole}.{rest:03}")
        .trim_end_matches('0')
        .to_owned()
}

/// The sign of a comparison, and of its opposite.
pub(super) fn sign(op: BinaryOp) -> Option<(&'static str, &'static str)> {
    Some(match op {
        BinaryOp::Eq => ("=", "!="),
        BinaryOp::Ne => ("!=", "="),
        BinaryOp::Lt => ("<", ">="),
        BinaryOp::Le => ("<=", ">"),
        BinaryOp::Gt => (">", "<="),
        BinaryOp::Ge => (">=", "<"),
        _ => return None,
    })
}

/// What is true where the text is empty. Only one byte of it is looked at: nothing that stands in it can end the call early.
pub(super) fn emptiness(read: &Read, trust: Trust) -> Formula {
    if trust >= Trust::Name {
        return Formula::comparison(&format!("\"{}\"", read.hole()), "=", "!=", "\"\"");
    }
    match read.first() {
        Some(first) => Formula::new(format!("${{ISNULL({first})}}"), Level::Atom)
            .or_else(format!("${{LEN({first})}}"), Level::Atom),
        None => {
            let hole = unquoted(read, '\'');
            Formula::comparison(&format!("\"{hole}\""), "=", "!=", "\"\"")
        }
    }
}
