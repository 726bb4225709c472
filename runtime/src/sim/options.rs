//! Options of Dial that this world does not have, nor the exchange: each is named where it would have changed what happens.

use super::World;
use super::effects::Simulated;
use super::report::Ignored;
use crate::apps::dial::not_built;
use strowger_vm::effect::{Dial, Level};

/// These change nothing that a report shows: who else is told, pictures, recordings, what is heard while it rings.
const UNSEEN: &[u8] = b"amijIEsuzwWxX";
/// These count when the called side presses a key.
const CALLED_KEYS: &[u8] = b"thk";
/// These count when the caller presses one.
const CALLER_KEYS: &[u8] = b"THK";
/// This one counts when the caller presses a key while it rings.
const RINGING_KEY: u8 = b'd';

/// Most that are told of one run.
const TOLD: usize = 200;

/// When an option would have counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    /// Whatever happens.
    Dialled,
    /// The caller pressed a key while it rang.
    RingingKey,
    /// The caller pressed a key while the two talked.
    CallerKey,
    /// The called side did.
    CalledKey,
}

impl Moment {
    fn of(letter: u8) -> Moment {
        match letter {
            RINGING_KEY => Moment::RingingKey,
            letter if CALLER_KEYS.contains(&letter) => Moment::CallerKey,
            letter if CALLED_KEYS.contains(&letter) => Moment::CalledKey,
            _ => Moment::Dialled,
        }
    }
}

impl Simulated {
    /// Tells of the options that would have counted at this moment.
    pub(super) fn options(&self, dial: &Dial, moment: Moment) {
        for (letter, argument) in &dial.options {
            if UNSEEN.contains(letter) || Moment::of(*letter) != moment {
                continue;
            }
            if let Some(text) = not_built(*letter, argument.as_deref()) {
                self.stage.world().ignored(self.channel, *letter, text);
            }
        }
    }
}

impl World {
    fn ignored(&mut self, channel: usize, option: u8, text: String) {
        if !self.record {
            return;
        }
        let (place, source) = self.stands(channel);
        let number = self.number(channel);
        let known = |one: &Ignored| one.option == option && one.place == place;
        if self.run.ignored.len() >= TOLD || self.run.ignored.iter().any(known) {
            return;
        }
        self.note(channel, Level::Notice, text.clone());
        self.run.ignored.push(Ignored {
            at: self.now,
            channel: number,
            option,
            text,
            place,
            source,
        });
    }
}
