//! Which keys are worth pressing: one of all that the plan cannot tell apart.

use std::collections::BTreeSet;

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};
use strowger_compiler::hir::{Hir, Matches};

/// Everything on a telephone.
const KEYS: &[u8; 12] = b"0123456789*#";
/// Contexts that are looked through for one.
const INCLUDED: usize = 64;
/// So long a number is looked at.
const LENGTH: usize = 16;

/// Keys by context.
pub(crate) struct Keys<'h> {
    hir: &'h Hir,
    /// Keys that the plan writes down somewhere, for what reads digits into a variable.
    written: Vec<u8>,
    chosen: HashMap<Vec<u8>, Vec<u8>>,
    /// Words of the plan: a variable that is none of them can change nothing.
    words: HashSet<Vec<u8>>,
    /// Words that are made longer while the plan runs: `x` of `x${n}`.
    begins: Vec<Vec<u8>>,
}

impl<'h> Keys<'h> {
    pub(crate) fn new(hir: &'h Hir) -> Keys<'h> {
        let mut written = BTreeSet::from([b'#']);
        let steps = hir.contexts.iter().flat_map(|c| &c.extensions);
        for step in steps.flat_map(|e| &e.steps) {
            if step.app.bytes().to_ascii_lowercase().ends_with(b"if") {
                written.extend(alone(step.args.bytes()));
            }
        }
        let mut words = HashSet::new();
        let mut begins = BTreeSet::new();
        let steps = hir.contexts.iter().flat_map(|c| &c.extensions);
        let texts = steps.flat_map(|e| &e.steps).map(|s| s.args.bytes());
        for text in texts.chain(hir.globals.iter().map(|g| g.written.bytes())) {
            let mut at = 0;
            for word in text.split(|b| !b.is_ascii_alphanumeric() && *b != b'_') {
                at += word.len();
                if !word.is_empty() {
                    words.insert(word.to_vec());
                    if text[at..].starts_with(b"$") {
                        begins.insert(word.to_vec());
                    }
                }
                at += 1;
            }
        }
        // One that is compared with nothing.
        let other = KEYS.iter().find(|k| !written.contains(k)).copied();
        Keys {
            hir,
            written: written.into_iter().chain(other).collect(),
            chosen: HashMap::new(),
            words,
            begins: begins.into_iter().collect(),
        }
    }

    /// Whether the plan may read a variable.
    pub(crate) fn mentions(&self, name: &[u8]) -> bool {
        self.words.contains(name) || self.begins.iter().any(|b| name.starts_with(b))
    }

    /// The keys to press where an extension of the context is `chosen`, or where digits are read.
    pub(crate) fn of(&mut self, context: &[u8], chosen: bool) -> &[u8] {
        if !chosen {
            return &self.written;
        }
        if !self.chosen.contains_key(context) {
            let keys = classes(self.hir, context);
            self.chosen.insert(context.to_vec(), keys);
        }
        self.chosen.get(context).map_or(&[], Vec::as_slice)
    }
}

/// Digits of a text that stand alone: `"2"`, `= 2]`.
fn alone(text: &[u8]) -> impl Iterator<Item = u8> {
    (0..text.len())
        .filter(|at| {
            let beside = |at: Option<usize>| at.and_then(|at| text.get(at));
            let word = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
            text[*at].is_ascii_digit()
                && !word(beside(at.checked_sub(1)))
                && !word(beside(Some(at + 1)))
        })
        .map(|at| text[at])
}

/// One key of each kind that the numbers of a context tell apart.
fn classes(hir: &Hir, context: &[u8]) -> Vec<u8> {
    let mut open = vec![context];
    let mut seen: Vec<&[u8]> = Vec::new();
    let mut numbers: Vec<&Matches> = Vec::new();
    while let Some(name) = open.pop() {
        if seen.contains(&name) || seen.len() == INCLUDED {
            continue;
        }
        seen.push(name);
        if let Some(context) = hir.context(name) {
            numbers.extend(context.extensions.iter().map(|e| &e.matches));
            open.extend(context.includes.iter().map(|i| i.context.as_slice()));
        }
    }
    let mut kinds: Vec<(Vec<bool>, u8)> = Vec::new();
    for key in *KEYS {
        let mut kind = Vec::new();
        for number in &numbers {
            let plain = match number {
                Matches::Name(name) => name.clone(),
                Matches::Pattern(pattern) => match pattern.witness() {
                    Some(number) => number,
                    None => continue,
                },
            };
            for at in 0..plain.len().min(LENGTH) {
                let mut other = plain.clone();
                other[at] = key;
                kind.push(match number {
                    Matches::Name(name) => other == *name,
                    Matches::Pattern(pattern) => pattern.matches(&other),
                });
            }
        }
        if !kinds.iter().any(|(k, _)| *k == kind) {
            kinds.push((kind, key));
        }
    }
    kinds.into_iter().map(|(_, key)| key).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use strowger_compiler::Sources;

    fn keys(plan: &str) -> String {
        let compiled = strowger_compiler::compile(&Sources::plan(plan), &Default::default());
        let mut keys = Keys::new(&compiled.hir);
        String::from_utf8_lossy(keys.of(b"menu", true)).into_owned()
    }

    #[test]
    fn one_key_of_each_kind() {
        assert_eq!(
            keys("[menu]\nexten => 1,1,NoOp()\nexten => 2,1,NoOp()\n"),
            "012"
        );
        assert_eq!(keys("[menu]\nexten => _[1-8]XX,1,NoOp()\n"), "01*");
        assert_eq!(
            keys("[menu]\ninclude => more\n[more]\nexten => *1,1,NoOp()\n"),
            "01*"
        );
    }

    #[test]
    fn digits_that_are_compared_are_pressed() {
        let plan = "[menu]\nexten => s,1,Read(x)\nsame => n,GotoIf($[\"${x}\" = \"7\"]?10:20)\n";
        let compiled = strowger_compiler::compile(&Sources::plan(plan), &Default::default());
        let mut keys = Keys::new(&compiled.hir);
        assert_eq!(String::from_utf8_lossy(keys.of(b"menu", false)), "#70");
    }
}
