//! Other numbers and names in the place of real ones: of the same length and kind, the same for the same within a file, and chosen so that
//! the plan does with them what it did.
//!
//! The key is drawn for each file and is not kept. What stands in the plan itself stays as it is: whoever has the plan knows it, and it is
//! what the plan decides by.

use sha2::{Digest as _, Sha256};
use std::collections::{HashMap, HashSet};
use strowger_vm::Text;

use super::facts::{Facts, Kind, kind};

/// Shorter numbers are keys of menus, not anybody's.
pub(super) const SHORTEST: usize = 3;
/// Candidates for each number of leading digits that stay.
const TRIES: u32 = 24;
/// Numbers that are remembered. Of further ones two may get the same pseudonym.
const NUMBERS: usize = 1_000_000;
/// Longest number that is looked at closely: longer ones are no numbers that anybody dials.
const LONGEST: usize = 40;

/// See the head of this file.
pub(super) struct Pseudonyms {
    key: [u8; 32],
    numbers: HashMap<Text, Text>,
    taken: HashSet<Text>,
}

impl std::fmt::Debug for Pseudonyms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Not the key.
        f.debug_struct("Pseudonyms")
            .field("numbers", &self.numbers.len())
            .finish_non_exhaustive()
    }
}

/// Numbers that follow from a key and a text.
struct Stream {
    block: [u8; 32],
    at: usize,
}

impl Stream {
    fn new(key: &[u8; 32], use_: &[u8], text: &[u8], attempt: u32) -> Stream {
        let mut hash = Sha256::new();
        hash.update(key);
        hash.update(use_);
        hash.update(attempt.to_be_bytes());
        hash.update(text);
        Stream {
            block: hash.finalize().into(),
            at: 0,
        }
    }

    /// Below a bound of at most 255; near enough to even for this use.
    fn below(&mut self, bound: u8) -> u8 {
        if self.at + 2 > self.block.len() {
            self.block = Sha256::digest(self.block).into();
            self.at = 0;
        }
        let drawn = u16::from_be_bytes([self.block[self.at], self.block[self.at + 1]]);
        self.at += 2;
        u8::try_from(drawn % u16::from(bound.max(1))).unwrap_or(0)
    }
}

impl Pseudonyms {
    pub(super) fn new(key: [u8; 32]) -> Pseudonyms {
        Pseudonyms {
            key,
            numbers: HashMap::new(),
            taken: HashSet::new(),
        }
    }

    /// A number that the plan cannot tell from this one.
    pub(super) fn number(&mut self, facts: &Facts, number: &[u8], context: &[u8]) -> Text {
        if number.len() < SHORTEST || facts.has_number(number) {
            return number.to_vec();
        }
        if let Some(known) = self.numbers.get(number) {
            return known.clone();
        }
        let fresh = self.fresh(facts, number, context);
        if self.numbers.len() < NUMBERS {
            self.numbers.insert(number.to_vec(), fresh.clone());
            self.taken.insert(fresh.clone());
        }
        fresh
    }

    fn fresh(&self, facts: &Facts, number: &[u8], context: &[u8]) -> Text {
        // 0, 00: what kind of number it is, nobody's secret.
        let zeros = number.iter().take_while(|b| **b == b'0').count();
        let zeros = zeros.min(number.len() - 1);
        if number.len() > LONGEST {
            return self.candidate(number, zeros, 0, 0);
        }
        let (begin, end) = facts.kept(number);
        for kept in zeros.max(begin.len())..number.len() {
            for attempt in 0..TRIES {
                let candidate = self.candidate(number, kept, end.len(), attempt);
                if candidate != number
                    && !facts.has_number(&candidate)
                    && !self.taken.contains(&candidate)
                    && !facts.tells_apart(number, &candidate, context)
                {
                    return candidate;
                }
            }
        }
        self.last_free(facts, number, context)
    }

    /// Where few numbers are alike, any of them that is free; the number itself if there is no other.
    fn last_free(&self, facts: &Facts, number: &[u8], context: &[u8]) -> Text {
        for digits in 1..=2_u32.min(u32::try_from(number.len() - 1).unwrap_or(0)) {
            let kept = number.len() - digits as usize;
            let all = 10_u32.pow(digits);
            let first = u32::from(Stream::new(&self.key, b"last", number, digits).below(100));
            for n in 0..all {
                let tail = format!("{:0width$}", (first + n) % all, width = digits as usize);
                let candidate = [&number[..kept], tail.as_bytes()].concat();
                if candidate != number
                    && !facts.has_number(&candidate)
                    && !self.taken.contains(&candidate)
                    && !facts.tells_apart(number, &candidate, context)
                {
                    return candidate;
                }
            }
        }
        number.to_vec()
    }

    /// Another number; so many first and last digits stay.
    fn candidate(&self, number: &[u8], first: usize, last: usize, attempt: u32) -> Text {
        let mut stream = Stream::new(&self.key, b"number", number, attempt);
        let digit = |(n, was): (usize, &u8)| {
            let drawn = stream.below(if n == 0 { 9 } else { 10 });
            match n {
                n if n < first || n >= number.len() - last => *was,
                // No leading zero that was none.
                0 => b'1' + drawn,
                _ => b'0' + drawn,
            }
        };
        number.iter().enumerate().map(digit).collect()
    }

    /// Digits of which even the plan must not be asked: a PIN.
    pub(super) fn secret(&self, digits: &[u8]) -> Text {
        let mut stream = Stream::new(&self.key, b"secret", digits, 0);
        digits
            .iter()
            .map(|b| match b {
                b'0'..=b'9' => b'0' + stream.below(10),
                b if b.is_ascii_alphabetic() => b'a' + stream.below(26),
                b => *b,
            })
            .collect()
    }

    /// A word of the same length, in the same letter case.
    pub(super) fn word(&self, facts: &Facts, word: &[u8]) -> Text {
        if facts.has_word(word) {
            return word.to_vec();
        }
        let mut stream = Stream::new(&self.key, b"word", word, 0);
        let mut out = Text::with_capacity(word.len());
        for chunk in word.utf8_chunks() {
            for c in chunk.valid().chars() {
                let other = like(c, &mut stream);
                let mut buffer = [0; 4];
                out.extend_from_slice(other.encode_utf8(&mut buffer).as_bytes());
            }
            // Bytes of another alphabet, one a letter.
            out.extend(chunk.invalid().iter().map(|_| 0xe0 + stream.below(23)));
        }
        out
    }

    /// A text with all its numbers and, if `words`, its words replaced.
    pub(super) fn text(
        &mut self,
        facts: &Facts,
        text: &[u8],
        words: impl Fn(&[u8]) -> bool,
        known: &HashMap<Text, Text>,
        context: &[u8],
    ) -> Text {
        let mut out = Text::with_capacity(text.len());
        for run in text.chunk_by(|a, b| kind(*a) == kind(*b)) {
            if let Some(other) = known.get(run) {
                out.extend_from_slice(other);
                continue;
            }
            match run.first().copied().map(kind) {
                Some(Kind::Digit) => out.extend(self.number(facts, run, context)),
                Some(Kind::Letter) if words(run) => out.extend(self.word(facts, run)),
                _ => out.extend_from_slice(run),
            }
        }
        out
    }
}

/// Another letter of the same kind and of as many bytes.
fn like(c: char, stream: &mut Stream) -> char {
    const VOWELS: &[u8; 5] = b"aeiou";
    const OTHERS: &[u8; 20] = b"bcdfghjklmnprstvwxyz";
    let pick = |from: &[u8], stream: &mut Stream| {
        let length = u8::try_from(from.len()).unwrap_or(u8::MAX);
        char::from(from[usize::from(stream.below(length))])
    };
    let far = |first: u32, stream: &mut Stream, width: u8| {
        char::from_u32(first + u32::from(stream.below(width))).unwrap_or(c)
    };
    match c.len_utf8() {
        1 if c.is_ascii_alphabetic() => {
            let is_vowel = VOWELS.contains(&u8::try_from(c.to_ascii_lowercase()).unwrap_or(0));
            let other = pick(if is_vowel { VOWELS } else { OTHERS }, stream);
            if c.is_ascii_uppercase() {
                other.to_ascii_uppercase()
            } else {
                other
            }
        }
        1 => c,
        2 => far(if c.is_uppercase() { 0xc0 } else { 0xe0 }, stream, 23),
        3 => far(0x4e00, stream, 200),
        _ => far(0x1f600, stream, 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use strowger_vm::{Globals, Module};

    const PLAN: &str = "[office]
exten => _10XX,1,Dial(PJSIP/${EXTEN},20)
exten => 1009,1,Dial(PJSIP/boss,20)
exten => _0.,1,GotoIf($[\"${EXTEN:0:4}\" = \"0900\"]?no)
same => n,Dial(PJSIP/${EXTEN:1}@carrier)
same => n(no),Hangup()
exten => _NXXNXXXXXX,1,Dial(PJSIP/${EXTEN}@carrier)
";

    fn plan() -> (Arc<Module>, Facts) {
        let sources = strowger_compiler::source::Sources::plan(PLAN);
        let module = strowger_compiler::compile(&sources, &Default::default());
        let module = module.module.unwrap();
        let facts = Facts::of(&module, &Globals::default());
        (module, facts)
    }

    #[test]
    fn numbers_lead_to_the_same_extension_and_are_others() {
        let (module, facts) = plan();
        let mut pseudonyms = Pseudonyms::new([7; 32]);
        let mut all = HashSet::new();
        let numbers = (1010..1080)
            .map(|n| n.to_string())
            .chain((0..300).map(|n| format!("0171{n:06}")))
            .chain((0..300).map(|n| format!("415555{n:04}")))
            .chain((0..50).map(|n| format!("0900{n:06}")));
        for number in numbers {
            let number = number.as_bytes();
            let other = pseudonyms.number(&facts, number, b"office");
            assert_eq!(other.len(), number.len());
            assert_eq!(pseudonyms.number(&facts, number, b"office"), other);
            assert!(all.insert(other.clone()), "two numbers became one");
            let leads = |n: &[u8]| {
                let found = module.find(&Default::default(), b"office", n, None);
                (found.map(|m| m.exten), n.starts_with(b"0900"))
            };
            assert_eq!(leads(number), leads(&other));
            if number.len() > 4 {
                assert_ne!(other, number);
                let same = other.iter().zip(number).filter(|(a, b)| a == b).count();
                assert!(
                    same < number.len() - 2,
                    "{:?}",
                    String::from_utf8_lossy(&other)
                );
            }
        }
        // What stands in the plan stays, and what is no number of anybody.
        for number in ["1009", "0900", "1", "20"] {
            let kept = pseudonyms.number(&facts, number.as_bytes(), b"office");
            assert_eq!(kept, number.as_bytes());
        }
    }

    /// All numbers of a small class: each gets one of its own.
    #[test]
    fn few_numbers_are_exchanged_among_themselves() {
        let (_, facts) = plan();
        for key in 0..20 {
            let mut pseudonyms = Pseudonyms::new([key; 32]);
            let mut all = HashSet::new();
            let mut kept = 0;
            for n in 1_000..1_100 {
                let number = n.to_string().into_bytes();
                let other = pseudonyms.number(&facts, &number, b"office");
                assert!(other.starts_with(b"10") && all.insert(other.clone()));
                kept += usize::from(other == number);
            }
            // 1009 stands in the plan; of the others at most the last one may find no other.
            assert!((1..=3).contains(&kept), "{kept}");
        }
    }

    #[test]
    fn another_file_has_other_pseudonyms() {
        let (_, facts) = plan();
        let number = |key| Pseudonyms::new([key; 32]).number(&facts, b"01715551234", b"office");
        assert_ne!(number(1), number(2));
    }

    #[test]
    fn names_keep_their_length_and_case() {
        let (_, facts) = plan();
        let pseudonyms = Pseudonyms::new([3; 32]);
        for word in ["Anna", "MÜLLER", "Łukasz", "李小龙", "x"] {
            let other = pseudonyms.word(&facts, word.as_bytes());
            assert_eq!(other.len(), word.len());
            let other = String::from_utf8(other).unwrap();
            let cases = |w: &str| w.chars().map(char::is_uppercase).collect::<Vec<_>>();
            assert_eq!(cases(&other), cases(word), "{other}");
        }
        assert_ne!(pseudonyms.word(&facts, b"Anna"), b"Anna");
        assert_eq!(pseudonyms.word(&facts, b"carrier"), b"carrier");
        assert_eq!(pseudonyms.word(&facts, b"M\xfcller").len(), 6);
    }

    #[test]
    fn texts_are_replaced_piece_by_piece() {
        let (_, facts) = plan();
        let mut pseudonyms = Pseudonyms::new([3; 32]);
        let known = HashMap::from([(b"555123".to_vec(), b"999888".to_vec())]);
        let text = |p: &mut Pseudonyms, text: &str| {
            let all = |_: &[u8]| true;
            String::from_utf8(p.text(&facts, text.as_bytes(), all, &known, b"office")).unwrap()
        };
        let out = text(&mut pseudonyms, "PJSIP/555123@carrier <sip:1011@x> Bob");
        assert!(out.starts_with("PJSIP/999888@carrier <"), "{out}");
        assert!(!out.contains("1011") && !out.contains("Bob"), "{out}");
        assert_eq!(text(&mut pseudonyms, ""), "");
    }
}
