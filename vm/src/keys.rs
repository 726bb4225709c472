//! Keys that a caller presses: into variables (Read, WaitDigit), or as the number of an extension.

use strowger_stdlib::{Value, args, scan};

use crate::Text;
use crate::app::{flow, list};
use crate::effect::{Answer, Effect, Interruptible, Play};
use crate::inputs::{Place, Time};
use crate::party::State;
use crate::pattern::Question;
use crate::run::{Act, Feed, Flow, Vm, World};

/// Digits that Read takes at most, and that one number may have (DL-145).
const DIGITS: usize = 255;

/// A Read or WaitDigit that runs.
#[derive(Debug, Clone)]
pub(crate) enum Keys {
    Read(Read),
    /// WaitDigit: which keys count, and until when.
    Wait {
        keys: Text,
        until: Option<Time>,
    },
}

/// `Read(variable[,files[,maxdigits[,options[,attempts[,timeout]]]]])`.
#[derive(Debug, Clone)]
pub(crate) struct Read {
    variable: Text,
    files: Vec<Text>,
    most: usize,
    terminators: Text,
    /// The terminator is kept when it is the only key.
    keeps: bool,
    attempts: u32,
    timeout_ms: Option<u64>,
    digits: Text,
}

fn go_on() -> Act {
    flow(Flow::Continue)
}

impl Vm {
    /// Begins a Read; `None`: it is over already.
    pub(crate) fn read_keys(&mut self, w: World, text: &[u8]) -> Option<(Keys, Effect)> {
        let parts = args::split(text, 6);
        let part = |n: usize| args::argument(&parts, n);
        let options = args::options(part(3));
        if part(0).is_empty() {
            self.warn("Read needs a variable");
            self.assign(w, b"READSTATUS", Value::from("ERROR"));
            return None;
        }
        if options.has(b's') && self.party.state != State::Up {
            self.assign(w, part(0), Value::EMPTY);
            self.assign(w, b"READSTATUS", Value::from("SKIPPED"));
            return None;
        }
        if options.has(b'i') {
            self.warn("the tone of Read's option i is not played");
        }
        let number = |n: usize| scan::integer(part(n)).map(|(v, _)| v).filter(|v| *v > 0);
        let read = Read {
            variable: part(0).to_vec(),
            files: if options.has(b'i') {
                Vec::new()
            } else {
                list(part(1))
            },
            most: number(2)
                .and_then(|n| usize::try_from(n).ok())
                .unwrap_or(DIGITS)
                .min(DIGITS),
            terminators: options
                .argument(b't')
                .map_or_else(|| b"#".to_vec(), <[u8]>::to_vec),
            keeps: options.has(b'e'),
            attempts: number(4).and_then(|n| u32::try_from(n).ok()).unwrap_or(1),
            timeout_ms: args::duration(part(5)).filter(|ms| *ms > 0),
            digits: Text::new(),
        };
        let effect = if self.party.state == State::Up || options.has(b'n') || options.has(b's') {
            self.read_again(&read)
        } else {
            Effect::Answer { delay_ms: None }
        };
        Some((Keys::Read(read), effect))
    }

    /// The prompt of an attempt, else the wait for its first key.
    fn read_again(&self, read: &Read) -> Effect {
        if read.files.is_empty() {
            return self.read_next(read);
        }
        Effect::Play(Play {
            files: read.files.clone(),
            interrupt: Interruptible::Any,
            status: b"".to_vec(),
            ..Play::default()
        })
    }

    fn read_next(&self, read: &Read) -> Effect {
        let default = if read.digits.is_empty() {
            self.party.response_ms
        } else {
            self.party.digit_ms
        };
        Effect::Digit {
            timeout_ms: Some(read.timeout_ms.unwrap_or(default)),
        }
    }

    /// Begins a WaitDigit.
    pub(crate) fn wait_digit(&mut self, w: World, text: &[u8]) -> (Keys, Effect) {
        let parts = args::split(text, 2);
        let timeout_ms = args::duration(args::argument(&parts, 0));
        let keys = match args::argument(&parts, 1) {
            b"" => b"0123456789*#ABCD".to_vec(),
            keys => keys.to_ascii_uppercase(),
        };
        let until = timeout_ms.map(|ms| Time(w.inputs.now.0.saturating_add(ms as i64 * 1000)));
        (Keys::Wait { keys, until }, Effect::Digit { timeout_ms })
    }

    /// The driver has answered. `asked`: what it was asked.
    pub(crate) fn keys(
        &mut self,
        w: World,
        keys: &mut Keys,
        asked: &Effect,
        feed: Feed,
    ) -> Result<Effect, Act> {
        let Feed::Reply(answer) = feed else {
            return Err(go_on());
        };
        match keys {
            Keys::Wait { keys, until } => {
                let (status, result) = match answer {
                    Answer::Digit(d) if keys.contains(&d.to_ascii_uppercase()) => ("DTMF", Some(d)),
                    Answer::Digit(_) => {
                        let left = until
                            .map(|at| u64::try_from((at.0 - w.inputs.now.0) / 1000).unwrap_or(0));
                        if left != Some(0) {
                            return Ok(Effect::Digit { timeout_ms: left });
                        }
                        ("TIMEOUT", None)
                    }
                    Answer::Stop | Answer::Gone => ("CANCEL", None),
                    _ => ("TIMEOUT", None),
                };
                if let Some(d) = result {
                    self.assign(w, b"WAITDIGITRESULT", Value::text(&[d]));
                }
                self.assign(w, b"WAITDIGITSTATUS", Value::from(status));
                Err(if status == "CANCEL" {
                    flow(Flow::End)
                } else {
                    go_on()
                })
            }
            Keys::Read(read) => {
                let status = match (answer, asked) {
                    (Answer::Digit(d), _) if read.terminators.contains(&d) => {
                        if read.keeps && read.digits.is_empty() {
                            read.digits.push(d);
                        }
                        "OK"
                    }
                    (Answer::Digit(d), _) => {
                        read.digits.push(d);
                        if read.digits.len() < read.most {
                            return Ok(self.read_next(read));
                        }
                        "OK"
                    }
                    (Answer::Stop | Answer::Gone, _) => "HANGUP",
                    (_, Effect::Answer { .. }) => return Ok(self.read_again(read)),
                    (_, Effect::Play(_)) => return Ok(self.read_next(read)),
                    _ if read.digits.is_empty() && read.attempts > 1 => {
                        read.attempts -= 1;
                        return Ok(self.read_again(read));
                    }
                    _ => "TIMEOUT",
                };
                let digits = Value::text(&read.digits);
                self.assign(w, &read.variable, digits);
                self.assign(w, b"READSTATUS", Value::from(status));
                Err(go_on())
            }
        }
    }

    /// One round of the digit loop (DL-143).
    pub(crate) fn collect_number(
        &mut self,
        w: World,
        digits: &mut Text,
        known: usize,
        feed: Feed,
    ) -> Act {
        let goes_on = match feed {
            Feed::Begin | Feed::Out(_) => true,
            Feed::Reply(Answer::Digit(d)) => {
                if digits.len() < DIGITS {
                    digits.push(d);
                }
                true
            }
            Feed::Reply(Answer::Stop | Answer::Gone) => return flow(Flow::End),
            Feed::Reply(_) => false,
        };
        if goes_on && self.matches(w, digits, Question::MatchMore) {
            let ms = if digits.is_empty() {
                self.party.response_ms
            } else {
                self.party.digit_ms
            };
            return Act::Leave(Effect::Digit {
                timeout_ms: Some(ms),
            });
        }
        if digits.len() == known {
            return flow(Flow::Timeout);
        }
        if self.matches(w, digits, Question::Match) {
            let context = self.place.context.clone();
            self.jump = Some(Place {
                context,
                exten: std::mem::take(digits),
                priority: 1,
            });
            return flow(Flow::Continue);
        }
        flow(Flow::Invalid(std::mem::take(digits)))
    }
}
