//! Another name for something, at all its places.

use super::names::{MACRO, Role, Symbol};
use super::{View, show, variables};
use crate::diagnostic::Edit;
use crate::source::{FileId, Span};

/// Why a name cannot be changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refused(pub String);

fn refuse<T>(why: impl Into<String>) -> Result<T, Refused> {
    Err(Refused(why.into()))
}

impl View {
    /// The name at a place, if it can be changed.
    ///
    /// # Errors
    /// One sentence that says why not.
    pub fn renamable(&self, file: FileId, offset: u32) -> Result<Span, Refused> {
        let symbols = self.names().at(file, offset);
        let Some(span) = self.names().span_at(file, offset) else {
            return refuse("nothing that has a name stands here");
        };
        for symbol in &symbols {
            self.owned(symbol)?;
        }
        Ok(span)
    }

    /// Whether the plan gives the name.
    fn owned(&self, symbol: &Symbol) -> Result<(), Refused> {
        match symbol {
            Symbol::Variable(name) if variables::meaning(name).is_some() => refuse(format!(
                "`{}` is set by the exchange, so its name is fixed",
                show(name)
            )),
            Symbol::Device { .. } => refuse(
                "devices are known to telephones and trunks by their name; change it by hand",
            ),
            Symbol::Declared(at) => match super::dial::fixed(self.dial(), *at) {
                Some(why) => refuse(why),
                None => Ok(()),
            },
            Symbol::Extension { exten, .. }
                if !exten.iter().all(u8::is_ascii_digit)
                    && self
                        .names()
                        .occurrences(symbol)
                        .any(|o| self.is_dial(o.span.file)) =>
            {
                refuse("only a number of digits can be changed at all its places")
            }
            Symbol::Step { .. } => refuse("this is a number, not a name"),
            Symbol::Extension { exten, .. } if special(exten) => refuse(format!(
                "`{}` has a meaning of its own, so its name is fixed",
                show(exten)
            )),
            symbol
                if self
                    .names()
                    .occurrences(symbol)
                    .all(|o| o.role == Role::Use) =>
            {
                refuse("it is not defined in the files that can be seen")
            }
            _ => Ok(()),
        }
    }

    /// The changes that give the thing at a place another name.
    ///
    /// # Errors
    /// One sentence that says why not.
    pub fn rename(&self, file: FileId, offset: u32, name: &str) -> Result<Vec<Edit>, Refused> {
        let span = self.renamable(file, offset)?;
        // Whoever stands on `Macro(name)` writes the name as it is written there.
        let of_macro = self
            .names()
            .at(file, offset)
            .into_iter()
            .flat_map(|symbol| self.names().occurrences(symbol))
            .any(|o| o.span == span && o.short);
        let whole = format!("macro-{name}");
        let name = if of_macro { &whole } else { name };
        let mut edits = Vec::new();
        for symbol in self.names().at(file, offset) {
            self.acceptable(symbol, name)?;
            for place in self.names().occurrences(symbol) {
                let text = if place.short {
                    let Some(short) = name.as_bytes().strip_prefix(MACRO) else {
                        return refuse("a macro's context is called `macro-` and its name");
                    };
                    short.to_vec()
                } else if matches!(symbol, Symbol::Extension { .. })
                    && place.role == Role::Use
                    && !self.reads_as(symbol, place.span)
                {
                    // A number that a pattern answers is not the pattern's name.
                    continue;
                } else {
                    name.as_bytes().to_vec()
                };
                edits.push(Edit {
                    span: place.span,
                    text,
                });
            }
        }
        edits.sort_by_key(|e| e.span);
        edits.dedup_by_key(|e| e.span);
        Ok(edits)
    }

    /// Whether an extension is spelled at a place as it is called.
    fn reads_as(&self, symbol: &Symbol, span: Span) -> bool {
        matches!(symbol, Symbol::Extension { exten, .. } if self.sources.bytes(span) == exten)
    }

    /// Whether a name may be given.
    fn acceptable(&self, symbol: &Symbol, name: &str) -> Result<(), Refused> {
        if let Symbol::Declared(at) = symbol
            && let Some(why) = super::dial::unfit(self.dial(), *at, name)
        {
            return refuse(why);
        }
        let bytes = name.as_bytes();
        if matches!(symbol, Symbol::Extension { .. })
            && self
                .names()
                .occurrences(symbol)
                .any(|o| self.is_dial(o.span.file))
            && !bytes.iter().all(u8::is_ascii_digit)
        {
            return refuse(format!("`{name}` is no number of digits alone"));
        }
        let forbidden: &[u8] = match symbol {
            Symbol::Context(_) => b"[](),;|&^@/${}\"",
            Symbol::Label { .. } => b"[](),;|&^?:${}+\"",
            Symbol::Extension { .. } => b",;|&^?:${}@/()",
            _ => b"",
        };
        let variable = matches!(symbol, Symbol::Variable(_));
        if bytes.is_empty()
            || bytes.iter().any(|b| *b <= 32 || forbidden.contains(b))
            || variable
                && !bytes
                    .iter()
                    .all(|b| b.is_ascii_alphanumeric() || *b == b'_')
        {
            return refuse(format!("`{name}` cannot be a name here"));
        }
        if matches!(symbol, Symbol::Label { .. }) && bytes[0].is_ascii_digit() {
            return refuse("a label that begins with a digit would be taken for a priority");
        }
        if variable && variables::meaning(bytes).is_some() {
            return refuse(format!("`{name}` is set by the exchange"));
        }
        let taken = match symbol.clone() {
            Symbol::Context(_) => Symbol::Context(bytes.to_vec()),
            Symbol::Variable(_) => Symbol::Variable(bytes.to_vec()),
            Symbol::Label { context, exten, .. } => Symbol::Label {
                context,
                exten,
                label: bytes.to_vec(),
            },
            Symbol::Extension { context, .. } => Symbol::Extension {
                context,
                exten: bytes.to_vec(),
            },
            other => other,
        };
        if taken != *symbol && self.names().occurrences(&taken).next().is_some() {
            return refuse(format!("`{name}` is there already"));
        }
        Ok(())
    }
}

/// Extensions that the exchange itself asks for.
fn special(exten: &[u8]) -> bool {
    matches!(
        exten,
        b"s" | b"i" | b"t" | b"h" | b"o" | b"a" | b"e" | b"T" | b"fax" | b"failed" | b"reconnect"
    )
}
