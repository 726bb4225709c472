//! Playback, BackGround and the Say family: files to the channel's far end.

use crate::audio::length;
use crate::line::Event;
use crate::live::Live;
use crate::observe::What;
use crate::perform::{Inbox, Wake};
use crate::prompts::Prompt;
use crate::rtp;
use std::sync::Arc;
use std::time::Duration;
use strowger_vm::effect::{Answer, Interruptible, Level, Play, Reply};
use strowger_vm::{State, Text};
use tokio::time::Instant;

/// Plays files one after the other.
pub(crate) async fn play(live: &mut Live, play: Play, inbox: &mut Inbox) -> Reply {
    if live.line.is_none() {
        return super::no_audio(live, "Playback").set(play.status, "FAILED");
    }
    let mut state = None;
    if play.answer && !live.is_up() {
        if !live.answer(inbox).await {
            return Reply::with(Answer::Gone);
        }
        state = Some(State::Up);
    }
    let language = if play.language.is_empty() {
        live.language.clone()
    } else {
        play.language
    };
    let (prompts, missing) = find(live, &play.files, &language, play.stop_at_missing);
    let answer = sound(live, prompts, &play.interrupt, inbox).await;
    let mut reply = Reply {
        state,
        ..Reply::with(answer)
    };
    if !play.status.is_empty() {
        reply = reply.set(play.status, if missing { "FAILED" } else { "SUCCESS" });
    }
    reply
}

/// Plays what SayDigits and its relatives put together. A missing file is only logged.
pub(crate) async fn say(
    live: &mut Live,
    files: &[Text],
    interrupt: &Interruptible,
    inbox: &mut Inbox,
) -> Reply {
    if live.line.is_none() {
        return super::no_audio(live, "saying something");
    }
    let language = live.language.clone();
    let (prompts, _) = find(live, files, &language, false);
    Reply::with(sound(live, prompts, interrupt, inbox).await)
}

/// Opens the files; true if one is missing.
fn find(
    live: &Live,
    files: &[Text],
    language: &[u8],
    stop_at_missing: bool,
) -> (Vec<Prompt>, bool) {
    let mut prompts = Vec::with_capacity(files.len());
    let mut missing = false;
    for file in files {
        match live.shared.prompts.find(file, language) {
            Ok(prompt) => {
                let observed = &live.shared.observed;
                if observed.watched() {
                    let what = What::Prompt {
                        channel: Arc::clone(&live.name),
                        file: file.clone(),
                    };
                    observed.say(live.shared.clock.now(), what);
                }
                prompts.push(prompt);
            }
            Err(why) => {
                missing = true;
                live.note(
                    Level::Warning,
                    "no-sound",
                    &format!(
                        "`{}` cannot be played: {why}",
                        String::from_utf8_lossy(file)
                    ),
                );
                if stop_at_missing {
                    break;
                }
            }
        }
    }
    (prompts, missing)
}

/// Plays to the end, to a digit that may break it, or to the hang-up.
async fn sound(
    live: &mut Live,
    prompts: Vec<Prompt>,
    interrupt: &Interruptible,
    inbox: &mut Inbox,
) -> Answer {
    if prompts.is_empty() {
        return match inbox.latched() {
            Some(_) => Answer::Gone,
            None => Answer::Done,
        };
    }
    let own = inbox.main();
    let Some(stream) = live
        .line
        .as_ref()
        .filter(|line| line.up || line.early)
        .and_then(|line| line.stream())
    else {
        // Before the answer, without Progress, the caller hears nothing (DL-311); the time passes all the same.
        let all: Duration = prompts.into_iter().map(length).sum();
        let until = Instant::now() + all;
        loop {
            match live.wait(inbox, Some(until)).await {
                Wake::Time => return Answer::Done,
                Wake::Gone(_) => return Answer::Gone,
                Wake::Event(..) => {}
            }
        }
    };
    let playing = stream.play(prompts);
    let stop = |live: &Live| {
        if let Some(stream) = live.line.as_ref().and_then(|line| line.stream()) {
            stream.stop();
        }
    };
    loop {
        match live.wait(inbox, None).await {
            Wake::Event(line, Event::Media(rtp::Event::Played { id, .. }))
                if Some(line) == own && id == playing =>
            {
                return Answer::Done;
            }
            Wake::Event(line, Event::Digit { digit, .. })
                if Some(line) == own && breaks(interrupt, digit) =>
            {
                stop(live);
                return Answer::Digit(digit);
            }
            Wake::Event(..) => {}
            Wake::Gone(_) => {
                stop(live);
                return Answer::Gone;
            }
            // There is no time to run out.
            Wake::Time => return Answer::Done,
        }
    }
}

pub(crate) fn breaks(interrupt: &Interruptible, digit: u8) -> bool {
    match interrupt {
        Interruptible::No => false,
        Interruptible::Any => true,
        Interruptible::Only(digits) => digits.contains(&digit),
    }
}
