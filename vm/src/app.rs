//! The applications that the VM runs itself, and what it asks of the world for the others.

use strowger_stdlib::args::{self, Marks};
use strowger_stdlib::{Dialect, Value, digits, scan, value};

use crate::Text;
use crate::arguments;
use crate::effect::{Answer, Effect, Level};
use crate::inputs::Place;
use crate::keys::Keys;
use crate::known::Known;
use crate::party::State;
use crate::pattern::Question;
use crate::route::Want;
use crate::run::{Act, Feed, Flow, Frame, Out, Vm, World};
use crate::write::{self, Write};

macro_rules! applications {
    ($($kind:ident)*) => {
        /// The applications of this file, named as their variants.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Kind {
            $($kind,)*
        }

        const KINDS: &[(&str, Kind)] = &[$((stringify!($kind), Kind::$kind),)*];
    };
}

applications! {
    Answer BackGround Busy ClearHash Congestion ContinueWhile DBdeltree DateTime Dial Echo Else ElseIf EndIf EndWhile Exec ExecIf
    ExecIfTime ExitIf ExitWhile Gosub GosubIf Goto GotoIf GotoIfTime Hangup If Incomplete Log MSet Macro MacroExclusive MacroExit MacroIf
    MessageSend NoOp Playback
    Proceeding Progress RaiseException Read Return Ringing SayAlpha SayDigits SayMoney SayNumber SayOrdinal SayPhonetic SayUnixTime SendText Set StackPop TryExec
    Verbose Wait WaitDigit WaitExten While
}

impl Kind {
    pub(crate) fn of(name: &[u8]) -> Option<Kind> {
        KINDS
            .iter()
            .find(|(n, _)| n.as_bytes().eq_ignore_ascii_case(name))
            .map(|(_, k)| *k)
    }

    /// The effect of an application that looks at no argument and whose answer is its result.
    #[inline]
    pub(crate) fn only_asks(self) -> Option<Effect> {
        Some(match self {
            Kind::Ringing => Effect::Ringing,
            Kind::Progress => Effect::Progress,
            Kind::Proceeding => Effect::Proceeding,
            Kind::Echo => Effect::Echo,
            _ => return None,
        })
    }
}

/// An application that runs.
#[derive(Debug, Clone)]
pub(crate) struct App {
    pub(crate) name: value::Text,
    known: Known,
    args: Value,
    /// If it fails, the channel goes to n+101 (DL-293).
    pub(crate) jumps: bool,
    pub(crate) state: Waits,
}

/// What it waits for.
#[derive(Debug, Clone)]
pub(crate) enum Waits {
    /// Nothing: it begins.
    Begin,
    /// Its arguments are still to be substituted.
    Raw,
    /// The effect; its answer is the result.
    Effect,
    /// The effect; it ends the call whatever the answer.
    Last,
    /// A prompt that digits may break; one that is an extension of this context leads there.
    Prompt { context: Text },
    /// The first digit of WaitExten.
    Digit,
    /// The arguments of Exec and TryExec, substituted once more.
    Again { lenient: bool },
    /// The application inside TryExec.
    Try,
    /// Incomplete's answer to the channel.
    Answered,
    /// Assignments.
    Written,
    /// Digits of a number; so many were there before.
    Number(Text, usize),
    /// Keys for a variable: what was asked last.
    Keys(Box<(Keys, Effect)>),
}

/// The end of an application.
pub(crate) fn flow(f: Flow) -> Act {
    Act::Return(Out::Flow(f))
}

impl App {
    /// With arguments that are substituted already.
    pub(crate) fn new(known: Known, name: &[u8], args: Value) -> App {
        App {
            name: value::Text::new(name),
            known,
            args,
            jumps: false,
            state: Waits::Begin,
        }
    }

    /// With arguments as written.
    pub(crate) fn line(known: Known, name: &[u8], args: &[u8]) -> App {
        App {
            name: value::Text::new(name),
            known,
            args: Value::text(args),
            jumps: false,
            state: Waits::Raw,
        }
    }

    /// Leaves with an effect whose answer is the result.
    pub(crate) fn leave(&mut self, effect: Effect) -> Act {
        self.state = Waits::Effect;
        Act::Leave(effect)
    }

    fn ask_keys(&mut self, keys: Keys, effect: Effect) -> Act {
        self.state = Waits::Keys(Box::new((keys, effect.clone())));
        Act::Leave(effect)
    }

    /// Waits for the digits of a number, some of which may be known.
    pub(crate) fn collect(digits: Text) -> App {
        App {
            name: value::Text::EMPTY,
            known: Known::Nowhere,
            args: Value::EMPTY,
            jumps: false,
            state: Waits::Number(digits, 0),
        }
    }

    /// The same, and at least one more must come.
    pub(crate) fn collect_more(digits: Text) -> App {
        let known = digits.len();
        App {
            state: Waits::Number(digits, known),
            ..App::collect(Text::new())
        }
    }
}

impl Vm {
    pub(crate) fn application(&mut self, w: World, app: &mut App, feed: Feed) -> Act {
        if let Waits::Number(digits, known) = &mut app.state {
            return self.collect_number(w, digits, *known, feed);
        }
        if let Waits::Keys(open) = &mut app.state {
            let (keys, asked) = &mut **open;
            return match self.keys(w, keys, asked, feed) {
                Ok(next) => {
                    asked.clone_from(&next);
                    Act::Leave(next)
                }
                Err(act) => act,
            };
        }
        match (&app.state, feed) {
            (Waits::Raw, Feed::Begin) => Act::Push(self.subst_frame(w, &app.args.bytes())),
            (Waits::Raw, Feed::Out(out)) => {
                app.args = out.value();
                self.begin(w, app)
            }
            (Waits::Begin, _) => self.begin(w, app),
            (Waits::Again { lenient }, Feed::Out(out)) => {
                let (lenient, text) = (*lenient, out.value());
                let name = app.name.clone();
                if lenient {
                    app.state = Waits::Try;
                    Act::Push(Frame::App(Box::new(App::new(
                        w.module.known(name.as_bytes()),
                        name.as_bytes(),
                        text,
                    ))))
                } else {
                    Act::Become(Frame::App(Box::new(App::new(
                        w.module.known(name.as_bytes()),
                        name.as_bytes(),
                        text,
                    ))))
                }
            }
            (Waits::Try, Feed::Out(Out::Flow(result))) => {
                let good = result == Flow::Continue;
                if good && self.tries_macro() {
                    return flow(Flow::Continue);
                }
                self.assign(
                    w,
                    b"TRYSTATUS",
                    Value::from(if good { "SUCCESS" } else { "FAILED" }),
                );
                flow(Flow::Continue)
            }
            (Waits::Written, Feed::Out(_)) => flow(Flow::Continue),
            (Waits::Digit, Feed::Reply(Answer::Done)) => self.nothing_dialled(w),
            (Waits::Prompt { context }, Feed::Reply(Answer::Digit(d)))
                if self.is_choice(w, context, d) =>
            {
                self.jump = Some(Place {
                    context: context.clone(),
                    exten: vec![d],
                    priority: 1,
                });
                flow(Flow::Continue)
            }
            (Waits::Last, _) => flow(Flow::End),
            (Waits::Answered, Feed::Reply(Answer::Stop | Answer::Gone)) => flow(Flow::End),
            (Waits::Answered, _) => flow(Flow::Incomplete),
            (_, Feed::Reply(answer)) => {
                let act = self.answered(app.name.as_bytes(), answer);
                if app.jumps {
                    self.jump_further(w, app.name.as_bytes(), act)
                } else {
                    act
                }
            }
            (_, Feed::Out(_) | Feed::Begin) => flow(Flow::End),
        }
    }

    /// What most applications make of the driver's answer.
    pub(crate) fn answered(&mut self, name: &[u8], answer: Answer) -> Act {
        flow(match answer {
            Answer::Done | Answer::Value(_) => Flow::Continue,
            Answer::Digit(d) => Flow::Digit(d),
            Answer::Stop | Answer::Gone => Flow::End,
            Answer::Jump(place) => {
                self.jump = Some(place);
                Flow::Continue
            }
            Answer::Unserved => {
                self.warn(format!(
                    "the application {} is not served here: the call ends",
                    name.escape_ascii()
                ));
                Flow::End
            }
        })
    }

    fn begin(&mut self, w: World, app: &mut App) -> Act {
        let args = std::mem::take(&mut app.args);
        let kind = match app.known {
            Known::Here(kind) => kind,
            Known::Elsewhere(signature) => {
                let application = signature.name.as_bytes().to_vec();
                return app.leave(Effect::Unserved {
                    application,
                    args: args.bytes().into_owned(),
                });
            }
            Known::Nowhere => {
                self.warn(format!(
                    "there is no application '{}' (extension {} in {}, priority {})",
                    app.name.as_bytes().escape_ascii(),
                    self.place.exten.escape_ascii(),
                    self.place.context.escape_ascii(),
                    self.place.priority
                ));
                return flow(Flow::End);
            }
        };
        if let Some(effect) = kind.only_asks() {
            return app.leave(effect);
        }
        let dialect = w.module.dialect();
        let text = args.bytes();
        app.jumps = self.may_jump(w, app.name.as_bytes(), &text);
        let text = if dialect.pipes {
            arguments::modern(kind, app.name.as_bytes(), text)
        } else {
            text
        };
        let text = &*text;
        match kind {
            // These only ask.
            Kind::Ringing | Kind::Progress | Kind::Proceeding | Kind::Echo => flow(Flow::End),
            Kind::NoOp => flow(Flow::Continue),
            Kind::Answer => self.answer(app, text),
            Kind::Hangup => self.hang_up(text),
            Kind::Wait => match seconds(dialect, text) {
                None | Some(0) => flow(Flow::Continue),
                Some(ms) => app.leave(Effect::Wait { ms }),
            },
            Kind::Busy | Kind::Congestion => {
                let seconds = scan::float(text).map_or(0.0, |(s, _)| s);
                let timeout_ms = (seconds > 0.0).then_some((seconds * 1000.0) as u64);
                if self.party.state != State::Up {
                    self.party.cause = if kind == Kind::Busy { 17 } else { 34 };
                }
                app.state = Waits::Last;
                Act::Leave(match kind {
                    Kind::Busy => Effect::Busy { timeout_ms },
                    _ => Effect::Congestion { timeout_ms },
                })
            }
            Kind::Playback => self.playback(w, app, text),
            Kind::BackGround => self.background(w, app, text),
            Kind::SayDigits => self.say(w, app, digits::digits(text)),
            Kind::SayAlpha => self.say(w, app, digits::letters(text)),
            Kind::SayPhonetic => self.say(w, app, digits::phonetic(text)),
            Kind::SayMoney => self.say(w, app, digits::money(text).unwrap_or_default()),
            Kind::Read => match self.read_keys(w, text) {
                Some((keys, effect)) => app.ask_keys(keys, effect),
                None => flow(Flow::Continue),
            },
            Kind::WaitDigit => {
                let (keys, effect) = self.wait_digit(w, text);
                app.ask_keys(keys, effect)
            }
            Kind::SayUnixTime | Kind::DateTime => self.say_unix_time(w, app, text),
            Kind::SayNumber | Kind::SayOrdinal => {
                let parts = args::split(text, 2);
                let n = args::argument(&parts, 0);
                let whole = scan::integer(n).filter(|(_, read)| *read == n.len());
                let say = if kind == Kind::SayNumber {
                    digits::number
                } else {
                    digits::ordinal
                };
                match whole.and_then(|(n, _)| say(n)) {
                    Some(prompts) => self.say(w, app, prompts),
                    None => {
                        self.warn(format!(
                            "{} needs a number, not {}",
                            app.name.as_bytes().escape_ascii(),
                            text.escape_ascii()
                        ));
                        flow(Flow::Continue)
                    }
                }
            }
            Kind::Dial => self.dial(w, app, text),
            Kind::WaitExten => {
                let parts = args::split(text, 2);
                let seconds = args::argument(&parts, 0);
                let ms = self::seconds(dialect, seconds)
                    .filter(|ms| *ms > 0)
                    .unwrap_or(self.party.response_ms);
                app.state = Waits::Digit;
                Act::Leave(Effect::Digit {
                    timeout_ms: Some(ms),
                })
            }
            Kind::Incomplete => {
                app.state = Waits::Answered;
                if text.contains(&b'n') || self.party.state == State::Up {
                    return flow(Flow::Incomplete);
                }
                Act::Leave(Effect::Answer { delay_ms: None })
            }
            Kind::RaiseException => {
                self.jump = Some(self.exception(text));
                flow(Flow::Continue)
            }
            Kind::MessageSend => self.message_send(w, app, text),
            Kind::SendText => {
                let body = self.read(w, b"SENDTEXT_BODY");
                let text = if body.is_empty() {
                    text.to_vec()
                } else {
                    body.bytes().into_owned()
                };
                let content_type = self.read(w, b"SENDTEXT_CONTENT_TYPE").bytes().into_owned();
                app.leave(Effect::SendText { text, content_type })
            }
            Kind::Verbose => {
                let parts = args::split(text, 2);
                let (level, message) = match parts.len() {
                    2 => (
                        scan::integer(&parts[0]).map_or(0, |(n, _)| n.clamp(0, 4)) as u8,
                        parts[1].clone(),
                    ),
                    _ => (0, args::argument(&parts, 0).to_vec()),
                };
                app.leave(Effect::Verbose {
                    level,
                    text: message,
                })
            }
            Kind::Log => self.log(app, text),
            Kind::Set if dialect.pairs_in_set => {
                let (good, bad) = arguments::set(w.module, text);
                for entry in bad {
                    self.warn(format!(
                        "Set needs name=value, not {}",
                        entry.escape_ascii()
                    ));
                }
                self.set(w, app, good)
            }
            Kind::Set => match write::pair(text) {
                Some((name, v)) => self.set(w, app, vec![(name, v)]),
                None => {
                    self.warn(format!("Set needs name=value, not {}", text.escape_ascii()));
                    flow(Flow::Continue)
                }
            },
            Kind::MSet => {
                let (good, bad) = write::pairs(text);
                for entry in bad {
                    self.warn(format!(
                        "MSet needs name=value, not {}",
                        entry.escape_ascii()
                    ));
                }
                self.set(w, app, good)
            }
            Kind::ClearHash => {
                let prefix = [b"~HASH~", text, b"~"].concat();
                let all = self.variables.all(w.module);
                let names: Vec<Text> = all
                    .into_iter()
                    .filter(|(n, _, _)| n.starts_with(&prefix))
                    .map(|(n, _, _)| n.to_vec())
                    .collect();
                for name in names {
                    self.forget(w, &name);
                }
                flow(Flow::Continue)
            }
            Kind::DBdeltree => {
                let at = text.iter().position(|b| *b == b'/');
                let (family, key) =
                    at.map_or((text, &b""[..]), |at| (&text[..at], &text[at + 1..]));
                app.leave(Effect::DbDelete {
                    family: family.to_vec(),
                    key: key.to_vec(),
                    tree: true,
                })
            }
            Kind::Goto => {
                if text.is_empty() {
                    self.warn("Goto needs a target");
                    return flow(Flow::End);
                }
                self.goto(w, text)
            }
            Kind::GotoIf => {
                let b = args::branches_plain(text);
                self.goto_branch(w, dialect.truth(&b.condition), &b)
            }
            Kind::GotoIfTime => {
                if text.is_empty() {
                    self.warn("GotoIfTime needs a time and a target");
                    return flow(Flow::End);
                }
                let mut b = args::branches_plain(text);
                if !dialect.otherwise_by_time
                    && let (Some(then), Some(rest)) = (&mut b.then, b.otherwise.take())
                {
                    then.push(b':');
                    then.extend(rest);
                }
                let holds = !b.condition.is_empty() && self.is_time(w, &b.condition, true);
                self.goto_branch(w, holds, &b)
            }
            Kind::Gosub => {
                if text.is_empty() {
                    self.note(Level::Error, "Gosub needs a target");
                    return flow(Flow::End);
                }
                self.gosub(w, text)
            }
            Kind::GosubIf => {
                let b = args::branches(text, Marks::Keep);
                if b.then.is_none() {
                    self.warn("GosubIf needs a condition and a target");
                    return flow(Flow::Continue);
                }
                let chosen = if dialect.truth(&b.condition) {
                    b.then
                } else {
                    b.otherwise
                };
                match chosen {
                    Some(target) if !target.is_empty() => self.gosub(w, &target),
                    _ => flow(Flow::Continue),
                }
            }
            Kind::Return => self.return_from(w, text),
            Kind::StackPop => {
                if self.variables.is_outermost() {
                    self.warn(
                        "StackPop cannot drop what a routine returns to that the exchange runs",
                    );
                    return flow(Flow::End);
                }
                if self.leave_frame(w).is_none() {
                    self.warn("StackPop outside a subroutine");
                }
                flow(Flow::Continue)
            }
            Kind::Exec | Kind::TryExec => self.exec(w, app, text, kind == Kind::TryExec),
            Kind::ExecIf => self.exec_if(w, text),
            Kind::ExecIfTime => self.exec_if_time(w, text),
            Kind::Macro => self.macro_begins(w, text),
            Kind::MacroExclusive => self.macro_exclusive(w, text),
            Kind::MacroIf => self.macro_if(w, text),
            Kind::MacroExit => flow(Flow::MacroExit),
            Kind::While => self.while_begins(w, dialect.truth(text)),
            Kind::EndWhile => self.while_ends(w),
            Kind::ContinueWhile => self.while_again(w),
            Kind::ExitWhile => self.while_left(w),
            Kind::If | Kind::ElseIf => self.if_begins(w, dialect.truth(text)),
            Kind::Else | Kind::ExitIf => self.if_left(w),
            Kind::EndIf => self.if_ends(w),
        }
    }

    /// WaitExten: nothing was dialled in time (DL-157).
    fn nothing_dialled(&mut self, w: World) -> Act {
        let next = self.place.priority.saturating_add(1);
        let here = &self.place;
        if self
            .find(w, &here.context, &here.exten, Want::Number(next))
            .is_none()
        {
            self.jump = if self.exists(w, b"t") {
                Some(self.special(b"t"))
            } else if self.takes_errors(w) {
                Some(self.exception(b"RESPONSETIMEOUT"))
            } else {
                self.warn(format!(
                    "nothing was dialled in time, and {} has neither `t` nor `e`",
                    self.place.context.escape_ascii()
                ));
                return flow(Flow::End);
            };
        }
        flow(Flow::Continue)
    }

    /// Whether a digit alone is an extension of a context, and the beginning of none.
    fn is_choice(&self, w: World, context: &[u8], digit: u8) -> bool {
        self.matches_in(w, context, &[digit], Question::CanMatch)
            && !self.matches_in(w, context, &[digit], Question::MatchMore)
    }

    fn set(&mut self, w: World, app: &mut App, list: Vec<(Text, Value)>) -> Act {
        if list.iter().any(|(name, _)| name.ends_with(b")")) {
            app.state = Waits::Written;
            return Act::Push(Write::frame(list, Out::Untouched));
        }
        for (name, v) in list {
            self.assign(w, &name, v);
        }
        flow(Flow::Continue)
    }
}

/// A time in milliseconds; before 1.8 a number of seconds, whatever stands behind it (DL-243).
fn seconds(dialect: &Dialect, text: &[u8]) -> Option<u64> {
    if dialect.units_of_time {
        return args::duration(text);
    }
    let (_, read) = scan::float(text)?;
    args::duration(&text[..read])
}

/// Elements of an `&` list, blanks trimmed, empty ones left out (DL-231, DL-242).
pub(crate) fn list(text: &[u8]) -> Vec<Text> {
    text.split(|b| *b == b'&')
        .map(scan::trim)
        .filter(|e| !e.is_empty())
        .map(<[u8]>::to_vec)
        .collect()
}
