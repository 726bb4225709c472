//! `strowger simulate --interactive`: what happens outside the plan, line by line from whoever sits there.

use std::io::{BufRead, IsTerminal, Read, Write};
use std::time::Duration;

use strowger_runtime::sim::{Ask, Attempt, Behaviour, Dialled, Key, World};
use strowger_vm::{Time, Trace};

use crate::{behaviour, duration};

/// Longest line that is read.
const LINE: u64 = 4_096;
/// Lines in a row that may be no answer; then what stands in brackets counts.
const TRIES: usize = 5;
/// Keys of one answer.
const KEYS: usize = 100;

/// What is told before the first question.
const HELP: &str = "\
Each question has an answer in brackets that Enter takes.
  a phone     answers after 2s, hangs up after 30s | busy after 5s | noanswer | congestion | unavailable | refuses
              or `caller hangs up after 5s` (it rings until then)
  the caller  keys as 12#, `none`, or `hang up`
";

/// Asks on standard error, reads from standard input.
#[derive(Debug)]
pub(super) struct Asking {
    began: Time,
    /// Entries of the trace that were shown.
    shown: usize,
    /// Nobody is there any more: what stands in brackets counts.
    over: bool,
}

impl Asking {
    pub(super) fn begin(began: Time) -> Asking {
        eprint!("{HELP}");
        Asking {
            began,
            shown: 0,
            over: false,
        }
    }

    /// The steps since the last question.
    fn steps(&mut self, world: &World) {
        for happened in world.trace.iter().skip(self.shown) {
            let Trace::Step(step) = &happened.what else {
                continue;
            };
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            eprintln!(
                "{:>8.3}  {},{},{}  {}({})",
                (happened.at.0 - self.began.0) as f64 / 1e6,
                text(&step.context),
                text(&step.exten),
                step.priority,
                text(&step.application),
                text(&step.arguments)
            );
        }
        self.shown = world.trace.len();
    }

    /// Asks until an answer is understood; `None`: the one in brackets.
    fn ask<T>(
        &mut self,
        question: &str,
        brackets: &str,
        form: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        for _ in 0..TRIES {
            if self.over {
                break;
            }
            eprint!("          {question} [{brackets}] ");
            // Whoever does not see the question still answers it.
            let _ = std::io::stderr().flush();
            let line = self.line();
            let line = line.trim();
            if line.is_empty() || line == brackets {
                return None;
            }
            if let Some(answer) = read(line) {
                return Some(answer);
            }
            eprintln!("          `{line}`: {form}");
        }
        None
    }

    fn line(&mut self) -> String {
        let stdin = std::io::stdin();
        let mut line = Vec::new();
        let read = stdin.lock().take(LINE).read_until(b'\n', &mut line);
        if !matches!(read, Ok(n) if n > 0) {
            self.over = true;
        }
        let text = String::from_utf8_lossy(&line).into_owned();
        if !stdin.is_terminal() || self.over {
            // No terminal shows what was typed.
            eprintln!("{}", text.trim());
        }
        text
    }
}

impl Ask for Asking {
    fn dialled(&mut self, world: &World, endpoint: &[u8]) -> Dialled {
        self.steps(world);
        let name = String::from_utf8_lossy(endpoint).into_owned();
        let read = |line: &str| {
            if let Some(after) = line.strip_prefix("caller hangs up after ") {
                return Some(Dialled {
                    attempt: Attempt::NeverAnswers,
                    caller_leaves: Some(Duration::from_millis(duration::read(after.trim())?)),
                });
            }
            behaviour::does(line).map(alone)
        };
        let brackets = "answers after 1s, hangs up after 10s";
        let form = "say answers, busy, noanswer, congestion, unavailable or refuses, with `after 5s` behind it if it takes a while, or `caller hangs up after 5s`";
        let said = self.ask(
            &format!("{name} is called. What does it do?"),
            brackets,
            form,
            read,
        );
        // As the brackets say.
        let answers = Behaviour::Answers {
            after_ms: 1_000,
            talks_ms: Some(10_000),
        };
        said.unwrap_or_else(|| alone(answers))
    }

    fn key(&mut self, world: &World, within_ms: Option<u64>) -> Key {
        self.steps(world);
        let span = match within_ms {
            Some(ms) => format!("{} s", ms as f64 / 1e3),
            None => "without an end".to_owned(),
        };
        // A wait without an end would never be over.
        let brackets = if within_ms.is_some() {
            "none"
        } else {
            "hang up"
        };
        let read = |line: &str| match line {
            "none" => Some(Key::Nothing),
            "hang up" | "hangs up" | "hangup" => Some(Key::HangUp),
            keys => {
                let is_key = |b: u8| matches!(b, b'0'..=b'9' | b'*' | b'#' | b'A'..=b'D');
                let fits = keys.len() <= KEYS && keys.bytes().all(is_key);
                fits.then(|| Key::Press(keys.into()))
            }
        };
        let form = "say keys as 12#, `none`, or `hang up`";
        let question = format!("The plan waits for a key ({span}). What does the caller do?");
        let said = self.ask(&question, brackets, form, read);
        said.unwrap_or(if within_ms.is_some() {
            Key::Nothing
        } else {
            Key::HangUp
        })
    }
}

/// The caller waits.
fn alone(behaviour: Behaviour) -> Dialled {
    Dialled {
        attempt: behaviour.into(),
        caller_leaves: None,
    }
}
