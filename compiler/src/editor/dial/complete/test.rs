//! What could be written in a `test`: it has items and words of its own.

use strowger_dial::token::Kind;

use super::{Cursor, Inside};
use crate::dial::notes::What;
use crate::dial::test::{
    ACTS, ASKED, GIVEN, GREETINGS, MANNER_ARGUMENTS, MANNERS, OF_CALLERS, REASONS, Takes,
};
use crate::editor::complete::ItemKind;

/// What a test holds.
const ITEMS: &[&str] = &["given", "call", "expect", "let"];
/// What names a phone.
const PHONES: [(&str, &str); 4] = [
    ("pjsip", "a phone of pjsip.conf"),
    ("sip", "a phone of sip.conf"),
    ("trunk", "a number behind a trunk"),
    ("device", "an endpoint that no file names"),
];
/// Fields of what a test asks for, by its name.
const FIELDS: [(&str, &[&str]); 3] = [
    ("cdr", &["disposition", "duration", "billsec"]),
    ("messages", &["to", "from", "body", "status"]),
    ("voicemail", &["mailbox", "greeting", "length"]),
];

impl Cursor<'_> {
    /// What can stand in a test; false: nothing that only tests have.
    pub(super) fn in_test(&mut self, open: &[usize]) -> bool {
        let braces = open
            .iter()
            .filter(|i| self.tokens[**i].kind == Kind::BraceOpen);
        let mut around = braces.map(|i| self.head(*i));
        if !around.any(|inside| inside == Inside::Test) {
            return false;
        }
        let begins = matches!(self.kind(1), None | Some(Kind::LineEnd | Kind::BraceOpen));
        let inner = open.last().copied();
        let in_brace = inner.is_none_or(|i| self.tokens[i].kind == Kind::BraceOpen);
        if begins && in_brace {
            match self.inside(open) {
                Inside::Test => self.keys(ITEMS),
                _ => self.acts(true),
            }
            return true;
        }
        let item = self.item();
        match item.map(|i| self.tokens[i].kind) {
            Some(Kind::Given) => self.given(item.unwrap_or_default(), inner),
            Some(Kind::Call) => self.call(inner),
            Some(Kind::Expect) => self.asked(),
            _ if inner.is_some() => self.values(false),
            _ => {}
        }
        true
    }

    /// The first token of the item, behind the last line that ends outside of brackets.
    fn item(&self) -> Option<usize> {
        let mut depth = 0_usize;
        for (i, token) in self.tokens.iter().enumerate().rev() {
            match token.kind {
                Kind::ParenClose | Kind::SquareClose => depth += 1,
                Kind::ParenOpen | Kind::SquareOpen => depth = depth.saturating_sub(1),
                Kind::Given | Kind::Call | Kind::Expect if depth == 0 => return Some(i),
                Kind::BraceOpen | Kind::BraceClose => return None,
                _ => {}
            }
        }
        None
    }

    fn given(&mut self, item: usize, inner: Option<usize>) {
        let rest = &self.tokens[item + 1..];
        let Some(equals) = rest.iter().position(|t| t.kind == Kind::Eq) else {
            if inner.is_some_and(|i| i > item) {
                return;
            }
            for (name, detail) in GIVEN.iter().chain(&PHONES) {
                self.plain(ItemKind::Key, name, detail);
            }
            self.declared(|c, declared, _| {
                if matches!(declared.what, What::Variable(_)) {
                    c.plain(ItemKind::Variable, &declared.name, "");
                }
            });
            return;
        };
        let first = rest.first().map(|t| self.slice(*t)).unwrap_or_default();
        let is_phone = PHONES.iter().any(|(name, _)| *name == first);
        if !is_phone {
            return self.values(false);
        }
        let inner = inner.filter(|i| *i > item + 1 + equals);
        let callee = inner.and_then(|i| self.callee(i));
        let is_manner = |name: &str| MANNERS.iter().any(|(word, _)| *word == name);
        match callee.as_deref() {
            Some(name) if is_manner(name) => {
                if matches!(self.kind(1), Some(Kind::ParenOpen | Kind::Comma)) {
                    for (name, _) in MANNER_ARGUMENTS {
                        let label = format!("{name}:");
                        self.offer(ItemKind::Option, &label, &format!("{label} "), "");
                    }
                }
            }
            Some(_) => {}
            None => {
                let of_acts = inner
                    .and_then(|i| i.checked_sub(2))
                    .is_some_and(|i| self.slice(self.tokens[i]) == "then");
                match of_acts {
                    true => self.acts(false),
                    false => {
                        for (name, key) in MANNERS {
                            self.offer(ItemKind::Function, name, &format!("{name}()"), key);
                        }
                    }
                }
            }
        }
    }

    fn call(&mut self, inner: Option<usize>) {
        if inner.is_some_and(|i| self.tokens[i].kind == Kind::ParenOpen) {
            return self.values(false);
        }
        match self.kind(1) {
            Some(Kind::In) => self.contexts(),
            Some(Kind::From) => self.phones(),
            Some(Kind::Call) => {
                let text = "message(to: , from: , body: )";
                self.offer(
                    ItemKind::Function,
                    "message",
                    text,
                    "a text outside any call",
                );
            }
            _ => self.keys(&["from", "in"]),
        }
    }

    fn phones(&mut self) {
        for (name, detail) in PHONES {
            self.plain(ItemKind::Device, name, detail);
        }
    }

    /// What somebody does in a call.
    fn acts(&mut self, caller: bool) {
        for act in ACTS {
            let key = if caller { act.caller } else { act.phone };
            if !key.is_empty() {
                let insert = match act.takes {
                    Takes::Nothing => format!("{}()", act.name),
                    _ => act.name.to_owned(),
                };
                self.offer(ItemKind::Function, act.name, &insert, key);
            }
        }
        for (name, key) in OF_CALLERS.iter().filter(|_| caller) {
            self.plain(ItemKind::Function, name, key);
        }
    }

    /// What came of the calls.
    fn asked(&mut self) {
        for (name, detail) in ASKED {
            self.plain(ItemKind::Variable, name, detail);
        }
        self.phones();
        for name in [
            "channel", "globals", "db", "contains", "matches", "snapshot", "not", "mailbox",
        ] {
            self.plain(ItemKind::Function, name, "");
        }
        if matches!(self.kind(1), Some(Kind::EqEq | Kind::NotEq | Kind::In)) {
            for of in strowger_stdlib::words::ENUMS {
                if ["DialStatus", "Cause", "Sent"].contains(&of.name) {
                    for (case, _) in of.cases {
                        self.plain(ItemKind::Case, case, of.name);
                    }
                }
            }
        }
        self.declared(|c, declared, _| {
            if matches!(declared.what, What::Variable(_) | What::Const(_)) {
                c.plain(ItemKind::Variable, &declared.name, "");
            }
        });
    }

    /// What stands behind a point in an `expect`; false: nothing that only tests have.
    pub(super) fn asked_field(&mut self) -> bool {
        if self.item().map(|i| self.tokens[i].kind) != Some(Kind::Expect) {
            return false;
        }
        // `cdr.`, `messages[0].`, `pjsip("61").`
        let (mut at, mut depth, mut closed) = (self.tokens.len().saturating_sub(2), 0_usize, None);
        loop {
            match self.tokens.get(at).map(|t| t.kind) {
                Some(kind @ (Kind::ParenClose | Kind::SquareClose)) => {
                    depth += 1;
                    closed = closed.or(Some(kind));
                }
                Some(Kind::ParenOpen | Kind::SquareOpen) => depth = depth.saturating_sub(1),
                Some(_) if depth == 0 => break,
                Some(_) => {}
                None => return false,
            }
            let Some(before) = at.checked_sub(1) else {
                return false;
            };
            at = before;
        }
        let name = self.slice(self.tokens[at]);
        let fields = FIELDS.iter().find(|(of, _)| *of == name);
        match (closed, fields) {
            (Some(Kind::ParenClose), _) if PHONES.iter().any(|(of, _)| *of == name) => {
                for field in ["heard", "keys", "apps"] {
                    self.plain(ItemKind::Variable, field, "what came to the phone");
                }
            }
            (Some(Kind::SquareClose), _) if name == "calls" => {
                for (asked, detail) in ASKED {
                    if !["calls", "messages", "trace"].contains(&asked) {
                        self.plain(ItemKind::Variable, asked, detail);
                    }
                }
            }
            (Some(Kind::SquareClose), Some((_, fields))) => {
                for field in *fields {
                    self.plain(ItemKind::Variable, field, name);
                }
            }
            (None, Some(("cdr", fields))) => {
                for field in *fields {
                    self.plain(ItemKind::Variable, field, name);
                }
            }
            (None, _) if ASKED.iter().any(|(asked, _)| *asked == name) => {
                self.plain(ItemKind::Variable, "count", "how many there are");
            }
            _ => return false,
        }
        true
    }

    /// A text that is compared with one of a few.
    pub(super) fn asked_text(&mut self) {
        let line = self.tokens.iter().rev();
        let line = line.take_while(|t| !matches!(t.kind, Kind::Expect | Kind::LineEnd));
        let words: Vec<&str> = line.map(|t| self.slice(*t)).collect();
        let all: &[&str] = match words.as_slice() {
            ["==" | "!=", "reason", ..] => &REASONS,
            ["==" | "!=", "greeting", ..] => &GREETINGS,
            _ => &[],
        };
        for word in all {
            self.plain(ItemKind::Key, word, "");
        }
    }
}
