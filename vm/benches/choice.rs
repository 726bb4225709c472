//! The choice among the patterns of one context, held against asking one pattern after the other, and what the automaton costs.
//!
//! `cargo bench -p strowger-vm --bench choice`; every answer is compared with the naive one before anything is timed.

use std::hint::black_box;
use std::time::Instant;

use strowger_vm::pattern::{Found, Matches, Question};
use strowger_vm::{Builder, Inputs, Module, Options, StepHead};

/// Different numbers that are asked for, one after the other.
const NUMBERS: usize = 4096;
/// Measurements of each figure; the median counts.
const RUNS: usize = 60;

/// Numbers that look drawn and are the same every time.
struct Draw(u64);

impl Draw {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }

    fn digits(&mut self, count: u64) -> String {
        (0..count)
            .map(|_| char::from(b'0' + self.below(10) as u8))
            .collect()
    }
}

/// Patterns as routing tables hold them: a prefix, and something that varies.
fn patterns(draw: &mut Draw, count: usize) -> Vec<String> {
    const ENDS: [&str; 6] = ["X.", ".", "XXXX", "NXXXXXX", "[2-57]XXX", "ZX!"];
    let mut seen = std::collections::BTreeSet::new();
    while seen.len() < count {
        let length = if count > 1000 {
            4 + draw.below(5)
        } else {
            1 + draw.below(8)
        };
        let prefix = draw.digits(length);
        seen.insert(format!("_{prefix}{}", ENDS[draw.below(6) as usize]));
    }
    seen.into_iter().collect()
}

/// Numbers of which nearly all begin as a pattern does.
fn numbers(draw: &mut Draw, patterns: &[String]) -> Vec<Vec<u8>> {
    (0..NUMBERS)
        .map(|i| {
            let pattern = &patterns[draw.below(patterns.len() as u64) as usize];
            let prefix: String = pattern[1..]
                .chars()
                .take_while(char::is_ascii_digit)
                .collect();
            let rest = draw.below(8);
            if i % 8 == 0 {
                return draw.digits(4 + rest).into_bytes();
            }
            (prefix + &draw.digits(rest)).into_bytes()
        })
        .collect()
}

fn module(patterns: &[String]) -> Module {
    let mut b = Builder::new(Options::default());
    let c = b.context(b"c");
    for pattern in patterns {
        let e = b.entry(c, pattern.as_bytes(), None);
        b.step(
            e,
            &StepHead {
                priority: 1,
                application: b"NoOp",
                ..StepHead::default()
            },
        )
        .run();
    }
    b.finish().expect("a module")
}

/// Nanoseconds that one question takes.
fn time(numbers: &[Vec<u8>], mut ask: impl FnMut(&[u8]) -> bool) -> f64 {
    let mut runs: Vec<f64> = (0..RUNS)
        .map(|_| {
            let began = Instant::now();
            let mut rounds = 0;
            while rounds == 0 || began.elapsed().as_millis() < 2 {
                for number in numbers {
                    black_box(ask(black_box(number)));
                }
                rounds += numbers.len();
            }
            began.elapsed().as_secs_f64() * 1e9 / rounds as f64
        })
        .collect();
    runs.sort_by(f64::total_cmp);
    runs[0]
}

fn main() {
    let inputs = Inputs::default();
    println!(
        "patterns  question   ns each  one number ns    before DFA ns   one by one ns    ratio   DFA built in  its KiB"
    );
    for count in [10, 1_000, 100_000] {
        let mut draw = Draw(count as u64);
        let patterns = patterns(&mut draw, count);
        let numbers = numbers(&mut draw, &patterns);
        let mut list: Vec<Matches> = patterns
            .iter()
            .map(|p| Matches::read(p.as_bytes()))
            .collect();
        list.sort_by(Matches::rank);
        let naive = |number: &[u8], question: Question| {
            list.iter()
                .any(|m| m.answer(number, number, question) != Found::No)
        };
        let module = module(&patterns);
        // A context as large has no automaton before this; a smaller one has it after the first look-up.
        let before = time(&numbers, |n| module.exists(&inputs, b"c", n, None));
        let began = Instant::now();
        module.prepare();
        let built = began.elapsed();
        let few = &numbers[..if count > 1000 { 64 } else { NUMBERS }];
        for number in few {
            assert_eq!(
                module.exists(&inputs, b"c", number, None),
                naive(number, Question::Match)
            );
            assert_eq!(
                module.is_beginning(&inputs, b"c", number, None),
                naive(number, Question::CanMatch)
            );
        }
        for (name, question) in [("match", Question::Match), ("canmatch", Question::CanMatch)] {
            let ask = |n: &[u8]| match question {
                Question::Match => module.exists(&inputs, b"c", n, None),
                _ => module.is_beginning(&inputs, b"c", n, None),
            };
            let each = time(&numbers, ask);
            let one = time(&numbers[1..2], ask);
            let slow = time(few, |n| naive(n, question));
            println!(
                "{count:8}  {name:9} {each:8.1} {one:14.1} {before:16.1} {slow:15.0} {:8.0}   {built:.1?} {:12}",
                slow / each,
                module.automata_size() / 1024
            );
        }
    }
}
