//! Which sums need no look: behind `n < to` there is room for one more.

use strowger_vm::typed::{Op, Typed, Word};

/// What is known of registers at a word: some number is above theirs, or below.
#[derive(Clone, Copy, Default)]
struct Known {
    below: Set,
    above: Set,
}

/// A set of registers.
#[derive(Clone, Copy, Default)]
struct Set([u64; 4]);

impl Set {
    fn insert(&mut self, register: u8) {
        self.0[usize::from(register / 64)] |= 1 << (register % 64);
    }

    fn remove(&mut self, register: u8) {
        self.0[usize::from(register / 64)] &= !(1 << (register % 64));
    }

    fn contains(&self, register: u8) -> bool {
        self.0[usize::from(register / 64)] & 1 << (register % 64) != 0
    }

    fn and(self, other: Set) -> Set {
        Set(std::array::from_fn(|i| self.0[i] & other.0[i]))
    }
}

impl Known {
    fn less(mut self, low: u8, high: u8) -> Known {
        self.below.insert(low);
        self.above.insert(high);
        self
    }

    /// Behind a word that goes on at its target, or that does not.
    fn behind(mut self, word: Word, taken: bool) -> Known {
        match (word.op, taken) {
            (Op::IfLt, true) => self.less(word.a, word.b),
            (Op::IfLe, false) => self.less(word.b, word.a),
            (op, _) if op.is_jump() && op != Op::Turn => self,
            // Whatever else it does, it may write `a`.
            _ => {
                self.below.remove(word.a);
                self.above.remove(word.a);
                self
            }
        }
    }

    fn and(self, other: Known) -> Known {
        Known {
            below: self.below.and(other.below),
            above: self.above.and(other.above),
        }
    }
}

/// By word: whether it adds 1 to a number below another one, or takes 1 from one above: the sum has no more than 18 digits.
pub(crate) fn certain(f: &Typed) -> Vec<bool> {
    let mut certain = vec![false; f.code.len()];
    let mut ways = Ways(vec![None; f.code.len()]);
    // Of a way back nothing is known yet but what the jump itself says.
    for (at, word) in f.code.iter().enumerate() {
        if let Some(target) = word.target().filter(|t| *t <= at) {
            ways.join(target, Known::default().behind(*word, true));
        }
    }
    // What is known behind the word before, if that goes on.
    let mut here = Some(Known::default());
    for (at, word) in f.code.iter().enumerate() {
        if let Some(known) = here {
            ways.join(at, known);
        }
        // Nothing leads to what no way leads to.
        let known = ways.0[at].unwrap_or_default();
        certain[at] = word.op == Op::AddI
            && match word.n {
                1 => known.below.contains(word.b),
                -1 => known.above.contains(word.b),
                _ => false,
            };
        if let Some(target) = word.target().filter(|t| *t > at) {
            ways.join(target, known.behind(*word, true));
        }
        here = (!word.op.leads_away()).then(|| known.behind(*word, false));
        if word.op == Op::Call {
            // What is called may write all registers behind its first.
            here = Some(Known::default());
        }
    }
    certain
}

/// By word: what is known on all ways that lead there so far; `None`: none does.
struct Ways(Vec<Option<Known>>);

impl Ways {
    fn join(&mut self, target: usize, known: Known) {
        if let Some(place) = self.0.get_mut(target) {
            *place = Some(place.map_or(known, |k| k.and(known)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use strowger_vm::typed::Type;

    fn function(code: &[(Op, u8, u8, u8, i32)]) -> Typed {
        let code: Vec<Word> = code
            .iter()
            .map(|(op, a, b, c, n)| Word::new(*op, *a, *b, *c, *n))
            .collect();
        Typed {
            parameters: vec![Type::Int],
            result: Type::Int,
            registers: 3,
            constants: Vec::new(),
            lines: vec![1; code.len()],
            exits: Vec::new(),
            code,
        }
    }

    #[test]
    fn a_counter_below_its_end_has_room_for_one_more() {
        let f = function(&[
            (Op::Jump, 0, 0, 0, 3),
            (Op::AddI, 1, 1, 0, 1),
            (Op::AddI, 1, 1, 0, 1),
            (Op::IfLt, 1, 0, 0, 1),
            (Op::Return, 1, 0, 0, 0),
        ]);
        // Once, and not twice.
        assert_eq!(certain(&f), [false, true, false, false, false]);
    }

    #[test]
    fn other_ways_and_other_comparisons_say_nothing() {
        for (compare, first) in [
            ((Op::IfLe, 1, 0, 0, 1), (Op::Jump, 0, 0, 0, 3)),
            ((Op::IfLt, 0, 1, 0, 1), (Op::Jump, 0, 0, 0, 3)),
            ((Op::IfNe, 1, 0, 0, 1), (Op::Jump, 0, 0, 0, 3)),
            // It falls into the body, too.
            ((Op::IfLt, 1, 0, 0, 1), (Op::Int, 1, 0, 0, 5)),
        ] {
            let f = function(&[
                first,
                (Op::AddI, 1, 1, 0, 1),
                (Op::Move, 2, 1, 0, 0),
                compare,
                (Op::Return, 1, 0, 0, 0),
            ]);
            assert_eq!(certain(&f), [false; 5], "{compare:?}");
        }
    }

    #[test]
    fn what_is_not_so_says_the_opposite() {
        // Not b <= a: a < b.
        let f = function(&[
            (Op::IfLe, 1, 0, 0, 3),
            (Op::AddI, 2, 0, 0, 1),
            (Op::AddI, 2, 1, 0, -1),
            (Op::Return, 1, 0, 0, 0),
        ]);
        assert_eq!(certain(&f), [false, true, true, false]);
    }
}
