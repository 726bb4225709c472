//! What a plan decides by: the texts in it, and which extension of it a number leads to.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use strowger_vm::{Globals, Inputs, Module, Text};

/// Contexts that are asked about a number. What a further one would say shows when the shadow runs.
const CONTEXTS: usize = 64;
/// Texts of a plan that are kept to compare with. What further ones would say shows when the shadow runs.
const TEXTS: usize = 200_000;
/// Shorter numbers in a plan decide too little: each timeout is one.
const SHORTEST: usize = 2;

/// By fewer last digits hardly a plan decides.
const LAST_DIGITS: usize = 3;

/// See the head of this file.
#[derive(Debug)]
pub(super) struct Facts {
    module: Arc<Module>,
    numbers: BTreeSet<Text>,
    words: HashSet<Text>,
    contexts: Vec<Text>,
}

impl Facts {
    pub(super) fn of(module: &Arc<Module>, globals: &Globals) -> Facts {
        let mut facts = Facts {
            module: Arc::clone(module),
            numbers: BTreeSet::new(),
            words: HashSet::new(),
            contexts: module
                .contexts()
                .take(CONTEXTS)
                .map(<[u8]>::to_vec)
                .collect(),
        };
        let globals = globals.0.iter().flat_map(|(name, value)| [name, value]);
        let texts = module.texts().chain(globals.map(Vec::as_slice));
        for text in texts.take(TEXTS) {
            for run in text.chunk_by(|a, b| kind(*a) == kind(*b)) {
                match run.first().copied().map(kind) {
                    Some(Kind::Digit) if run.len() >= SHORTEST => {
                        facts.numbers.insert(run.to_vec());
                    }
                    Some(Kind::Letter) => drop(facts.words.insert(run.to_vec())),
                    _ => {}
                }
            }
        }
        facts
    }

    /// Whether the plan holds this word.
    pub(super) fn has_word(&self, word: &[u8]) -> bool {
        self.words.contains(word)
    }

    /// Whether the plan holds this number.
    pub(super) fn has_number(&self, number: &[u8]) -> bool {
        self.numbers.contains(number)
    }

    /// The longest begin and end of a number that stand in the plan by themselves.
    pub(super) fn kept<'n>(&self, number: &'n [u8]) -> (&'n [u8], &'n [u8]) {
        let begins = (SHORTEST..number.len()).rev();
        let ends = (LAST_DIGITS..number.len()).rev();
        let begin = begins.map(|n| &number[..n]).find(|n| self.has_number(n));
        let end = ends
            .map(|n| &number[number.len() - n..])
            .find(|n| self.has_number(n));
        (begin.unwrap_or_default(), end.unwrap_or_default())
    }

    /// Whether the plan tells two numbers of the same length apart, as far as its texts and patterns show.
    pub(super) fn tells_apart(&self, one: &[u8], other: &[u8], context: &[u8]) -> bool {
        if self.kept(one) != self.kept(other) {
            return true;
        }
        let inputs = Inputs::default();
        let contexts = self.contexts.iter().map(Vec::as_slice);
        contexts.chain([context]).any(|context| {
            let leads = |number: &[u8]| self.module.find(&inputs, context, number, None);
            let is_other = match (leads(one), leads(other)) {
                (None, None) => false,
                (Some(one), Some(other)) => {
                    (one.context, one.exten, one.line) != (other.context, other.exten, other.line)
                }
                _ => true,
            };
            let grows = |number: &[u8]| self.module.is_beginning(&inputs, context, number, None);
            is_other || (1..=one.len()).any(|n| grows(&one[..n]) != grows(&other[..n]))
        })
    }
}

/// Kinds of bytes that stand together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Digit,
    /// Of a word; a character of another alphabet has several bytes.
    Letter,
    Other,
}

pub(super) fn kind(byte: u8) -> Kind {
    match byte {
        b'0'..=b'9' => Kind::Digit,
        b if b.is_ascii_alphabetic() || b >= 0x80 => Kind::Letter,
        _ => Kind::Other,
    }
}
