//! Applications that a caller hears or that end a call: what they ask for.

use strowger_stdlib::status::Cause;
use strowger_stdlib::time::{Moment, Zone};
use strowger_stdlib::{Value, args, clock, scan};

use crate::app::{App, Waits, flow, list};
use crate::effect::{Effect, Interruptible, Level, Outgoing, Play};
use crate::party::State;
use crate::route::Want;
use crate::run::{Act, Flow, Vm, World};

impl Vm {
    pub(crate) fn answer(&mut self, app: &mut App, text: &[u8]) -> Act {
        if self.party.state == State::Up {
            return flow(Flow::Continue);
        }
        let parts = args::split(text, 2);
        let delay = scan::integer(args::argument(&parts, 0)).map_or(0, |(n, _)| n.max(0));
        let at_once = args::argument(&parts, 1).contains(&b'i');
        let delay_ms = (!at_once).then(|| delay.max(500) as u64);
        app.leave(Effect::Answer { delay_ms })
    }

    pub(crate) fn hang_up(&mut self, text: &[u8]) -> Act {
        let cause = Cause::read(text).map(|c| c.0);
        if !text.is_empty() && cause.is_none() {
            self.warn(format!(
                "Hangup does not know the cause {}",
                text.escape_ascii()
            ));
        }
        match cause {
            Some(cause) => self.party.cause = cause,
            None if self.party.cause == 0 => self.party.cause = 16,
            None => {}
        }
        self.hangs_up = true;
        flow(Flow::End)
    }

    pub(crate) fn playback(&mut self, w: World, app: &mut App, text: &[u8]) -> Act {
        let parts = args::split(text, 2);
        let options = args::argument(&parts, 1);
        let has = |word: &[u8]| {
            options
                .windows(word.len())
                .any(|o| o.eq_ignore_ascii_case(word))
        };
        let files = list(args::argument(&parts, 0));
        if files.is_empty() {
            self.warn("Playback needs a file name");
            return flow(Flow::End);
        }
        if has(b"skip") && self.party.state != State::Up {
            self.assign(w, b"PLAYBACKSTATUS", Value::from("SUCCESS"));
            return flow(Flow::Continue);
        }
        let play = Play {
            files,
            answer: !has(b"noanswer"),
            status: b"PLAYBACKSTATUS".to_vec(),
            ..Play::default()
        };
        app.leave(Effect::Play(play))
    }

    pub(crate) fn background(&mut self, w: World, app: &mut App, text: &[u8]) -> Act {
        if text.is_empty() {
            self.warn("BackGround needs a file name");
            return flow(Flow::End);
        }
        let parts = args::split(text, 4);
        let options = args::argument(&parts, 1);
        // Two words, else letters.
        let options: &[u8] = match options.to_ascii_lowercase().as_slice() {
            b"skip" => b"s",
            b"noanswer" => b"n",
            _ => options,
        };
        let skip = options.contains(&b's');
        if skip && self.party.state != State::Up {
            self.assign(w, b"BACKGROUNDSTATUS", Value::from("SUCCESS"));
            return flow(Flow::Continue);
        }
        let mut context = args::argument(&parts, 3).to_vec();
        if context.is_empty() {
            context = self.outer_context().to_vec();
        }
        let single = options.contains(&b'm');
        let interrupt = if options.contains(&b'p') {
            Interruptible::No
        } else if single {
            let digits = b"0123456789*#ABCD".iter().copied();
            Interruptible::Only(
                digits
                    .filter(|d| self.find(w, &context, &[*d], Want::Number(1)).is_some())
                    .collect(),
            )
        } else {
            Interruptible::Any
        };
        app.state = Waits::Prompt { context };
        Act::Leave(Effect::Play(Play {
            files: list(args::argument(&parts, 0)),
            answer: !skip && !options.contains(&b'n'),
            stop_at_missing: true,
            interrupt,
            language: args::argument(&parts, 2).to_vec(),
            status: b"BACKGROUNDSTATUS".to_vec(),
        }))
    }

    pub(crate) fn say(&mut self, w: World, app: &mut App, prompts: Vec<String>) -> Act {
        if prompts.is_empty() {
            return flow(Flow::Continue);
        }
        let jumps = is_yes(&self.read(w, b"SAY_DTMF_INTERRUPT").bytes());
        let interrupt = if jumps {
            Interruptible::Any
        } else {
            Interruptible::No
        };
        let prompts = prompts.into_iter().map(String::into_bytes).collect();
        app.leave(Effect::Say { prompts, interrupt })
    }

    /// SayUnixTime: the only one of its family that answers.
    pub(crate) fn say_unix_time(&mut self, w: World, app: &mut App, text: &[u8]) -> Act {
        let parts = args::split(text, 4);
        let env = self.env(w);
        let at = match scan::integer(args::argument(&parts, 0)) {
            Some((seconds, _)) => Moment::from_seconds(seconds),
            None => env.now,
        };
        let zone = match args::argument(&parts, 1) {
            b"" => env.zone,
            name => Zone::named(name).unwrap_or_default(),
        };
        let format = match args::argument(&parts, 2) {
            b"" => clock::DEFAULT_FORMAT,
            format => format,
        };
        let jumps = args::argument(&parts, 3).contains(&b'j')
            || is_yes(&self.read(w, b"SAY_DTMF_INTERRUPT").bytes());
        let prompts = clock::prompts(format, at, &zone, env.now).unwrap_or_default();
        app.leave(Effect::Play(Play {
            files: prompts.into_iter().map(String::into_bytes).collect(),
            answer: true,
            interrupt: if jumps {
                Interruptible::Any
            } else {
                Interruptible::No
            },
            ..Play::default()
        }))
    }

    pub(crate) fn message_send(&mut self, w: World, app: &mut App, text: &[u8]) -> Act {
        let parts = args::split(text, 3);
        let destination = args::argument(&parts, 0).to_vec();
        if destination.is_empty() {
            self.note(Level::Error, "MessageSend needs a destination");
            self.assign(w, b"MESSAGE_SEND_STATUS", Value::from("INVALID_URI"));
            return flow(Flow::Continue);
        }
        let mut message = self.party.message.clone();
        message.data.retain(|d| d.outgoing);
        let effect = Effect::SendMessage(Box::new(Outgoing {
            destination,
            from: args::argument(&parts, 1).to_vec(),
            to: args::argument(&parts, 2).to_vec(),
            message,
        }));
        app.leave(effect)
    }

    pub(crate) fn log(&mut self, app: &mut App, text: &[u8]) -> Act {
        let parts = args::split(text, 2);
        let level = match args::argument(&parts, 0).to_ascii_uppercase().as_slice() {
            b"ERROR" => Level::Error,
            b"WARNING" => Level::Warning,
            b"NOTICE" => Level::Notice,
            b"DEBUG" => Level::Debug,
            b"VERBOSE" => Level::Verbose,
            b"DTMF" => Level::Dtmf,
            other => {
                self.note(
                    Level::Error,
                    format!("Log does not know the level {}", other.escape_ascii()),
                );
                return flow(Flow::Continue);
            }
        };
        app.leave(Effect::Log {
            level,
            text: args::argument(&parts, 1).to_vec(),
        })
    }
}

/// The words that mean yes (DL-037).
fn is_yes(text: &[u8]) -> bool {
    [&b"yes"[..], b"true", b"y", b"t", b"1", b"on"]
        .iter()
        .any(|w| text.eq_ignore_ascii_case(w))
}
