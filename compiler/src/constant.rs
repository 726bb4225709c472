//! Substitution while a plan is loaded (DL-190, DL-191): no channel, only globals.

use std::collections::HashMap;

/// Globals known so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Globals {
    values: HashMap<Vec<u8>, Vec<u8>>,
}

/// Text after substitution, and what went wrong on the way.
pub(crate) struct Substituted {
    pub(crate) text: Vec<u8>,
    pub(crate) problems: Vec<String>,
}

impl Globals {
    pub(crate) fn set(&mut self, name: &[u8], value: Vec<u8>) {
        self.values.insert(name.to_vec(), value);
    }

    /// Whether the text holds anything to substitute.
    pub(crate) fn concerns(text: &[u8]) -> bool {
        text.windows(2).any(|w| w == b"${" || w == b"$[")
    }

    /// Substitutes a text.
    pub(crate) fn substitute(&self, text: &[u8]) -> Substituted {
        let mut out = Substituted {
            text: Vec::new(),
            problems: Vec::new(),
        };
        let mut at = 0;
        while at < text.len() {
            if text[at..].starts_with(b"${") {
                let end = text[at..].iter().position(|b| *b == b'}').map(|n| at + n);
                if end.is_none() {
                    out.problems.push("`${` is not closed by `}`".to_owned());
                }
                let body = &text[at + 2..end.unwrap_or(text.len())];
                if let Some(value) = self.values.get(body) {
                    out.text.extend_from_slice(value);
                }
                at = end.map_or(text.len(), |e| e + 1);
            } else {
                out.text.push(text[at]);
                at += 1;
            }
        }
        out
    }
}
