//! Priority jumping (DL-293): an application that failed sends the channel to n+101 if the extension has that priority.

use strowger_stdlib::{args, pipes};

use crate::inputs::Place;
use crate::route::Want;
use crate::run::{Act, Flow, Out, Vm, World};

/// An application that jumps.
struct Jumping {
    name: &'static str,
    /// Which argument holds its options.
    options: Option<usize>,
    /// The variable that tells how it ended.
    variable: &'static str,
    /// The values at which it jumps.
    failed: &'static [&'static str],
}

macro_rules! jumping {
    ($($name:literal $options:expr, $variable:literal = $($failed:literal)|+;)*) => {
        const JUMPING: &[Jumping] = &[$(Jumping {
            name: $name,
            options: $options,
            variable: $variable,
            failed: &[$($failed),+],
        },)*];
    };
}

jumping! {
    "Dial" Some(2), "DIALSTATUS" = "BUSY" | "CONGESTION" | "CHANUNAVAIL";
    "ChanIsAvail" Some(1), "AVAILCHAN" = "";
    "MailboxExists" Some(1), "VMBOXEXISTSSTATUS" = "SUCCESS";
    "VoiceMail" Some(1), "VMSTATUS" = "FAILED";
    "Playback" Some(1), "PLAYBACKSTATUS" = "FAILED";
    "ControlPlayback" Some(7), "CPLAYBACKSTATUS" = "ERROR";
    "PrivacyManager" Some(2), "PRIVACYMGRSTATUS" = "FAILED";
    "System" None, "SYSTEMSTATUS" = "FAILURE" | "APPERROR";
    "TrySystem" None, "SYSTEMSTATUS" = "FAILURE" | "APPERROR";
    "AddQueueMember" Some(3), "AQMSTATUS" = "MEMBERALREADY";
    "RemoveQueueMember" Some(2), "RQMSTATUS" = "NOTINQUEUE";
    "PauseQueueMember" Some(2), "PQMSTATUS" = "NOTFOUND";
    "UnpauseQueueMember" Some(2), "UPQMSTATUS" = "NOTFOUND";
    "SendText" Some(1), "SENDTEXTSTATUS" = "UNSUPPORTED";
    "SendImage" Some(1), "SENDIMAGESTATUS" = "UNSUPPORTED";
    "SendURL" Some(1), "SENDURLSTATUS" = "UNSUPPORTED";
    "Transfer" Some(1), "TRANSFERSTATUS" = "FAILURE" | "UNSUPPORTED";
}

impl Jumping {
    fn of(name: &[u8]) -> Option<&'static Jumping> {
        JUMPING
            .iter()
            .find(|j| j.name.as_bytes().eq_ignore_ascii_case(name))
    }
}

/// How much further it goes.
const FURTHER: u32 = 101;

impl Vm {
    /// Whether this call of an application jumps if it fails: by `priorityjumping`, or by an option `j`.
    pub(crate) fn may_jump(&self, w: World, name: &[u8], text: &[u8]) -> bool {
        if !w.module.dialect().priority_jumping {
            return false;
        }
        let Some(jumping) = Jumping::of(name) else {
            return false;
        };
        w.module.parts.options.jumping
            || jumping.options.is_some_and(|n| {
                let parts = pipes::split(text, n + 2);
                args::options(args::argument(&parts, n)).has(b'j')
            })
    }

    /// The application has ended: the channel goes further if it failed.
    pub(crate) fn jump_further(&mut self, w: World, name: &[u8], act: Act) -> Act {
        if !matches!(act, Act::Return(Out::Flow(Flow::Continue))) || self.jump.is_some() {
            return act;
        }
        let Some(jumping) = Jumping::of(name) else {
            return act;
        };
        let status = self.read(w, jumping.variable.as_bytes());
        let at = Place {
            priority: self.place.priority.saturating_add(FURTHER),
            ..self.place.clone()
        };
        if jumping
            .failed
            .iter()
            .any(|v| v.as_bytes() == &*status.bytes())
            && self
                .find(w, &at.context, &at.exten, Want::Number(at.priority))
                .is_some()
        {
            self.jump = Some(at);
        }
        act
    }
}
