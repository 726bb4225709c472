//! What happens outside the dialplan, as plain data: who calls, what the phones do, which sounds exist, what time it is.
//!
//! It knows no notation: whoever reads one makes a [`Scenario`], and [`Simulation::play`](super::Simulation::play) runs it.

use std::collections::BTreeMap;
use std::time::Duration;
use strowger_stdlib::time::Zone;
use strowger_vm::{Identity, Text, Time};

/// A made-up world, and what happens in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// When it begins; everything else counts from here.
    pub start: Time,
    /// Where the exchange stands; `None`: in UTC.
    pub zone: Option<Zone>,
    /// Where everything random comes from.
    pub seed: u64,
    /// Which sounds there are.
    pub sounds: Sounds,
    /// Global variables, set over those of the plan.
    pub globals: BTreeMap<Text, Text>,
    /// The database: `family/key` to value.
    pub database: BTreeMap<Text, Text>,
    /// The environment.
    pub environment: BTreeMap<Text, Text>,
    /// Files that FILE() and its relatives read.
    pub files: BTreeMap<Text, Text>,
    /// What functions that reach outside answer: `CURL(http://x)` as it is asked, else the name alone, in capitals.
    pub functions: BTreeMap<Text, Text>,
    /// Mailboxes, by `number@context`; `None`: nobody says which there are, and VoiceMail does nothing.
    pub mailboxes: Option<BTreeMap<Text, Mailbox>>,
    /// Whom the plan may dial, and what they do.
    pub endpoints: Vec<Endpoint>,
    /// Calls that come in.
    pub calls: Vec<Call>,
    /// Texts that come in outside calls. Those of one sender run in order, one after the other.
    pub messages: Vec<Message>,
}

impl Default for Scenario {
    fn default() -> Scenario {
        Scenario {
            start: super::START,
            zone: None,
            seed: 1,
            sounds: Sounds::default(),
            globals: BTreeMap::new(),
            database: BTreeMap::new(),
            environment: BTreeMap::new(),
            files: BTreeMap::new(),
            functions: BTreeMap::new(),
            mailboxes: None,
            endpoints: Vec::new(),
            calls: Vec::new(),
            messages: Vec::new(),
        }
    }
}

/// Which sounds exist, and how long they last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sounds {
    /// How long those last that are not named; `None`: there are no others.
    pub others: Option<Duration>,
    /// By name; `None`: this one does not exist.
    pub named: BTreeMap<Text, Option<Duration>>,
}

impl Default for Sounds {
    fn default() -> Sounds {
        Sounds {
            others: Some(Duration::from_secs(1)),
            named: BTreeMap::new(),
        }
    }
}

impl Sounds {
    /// How long one lasts; `None`: it does not exist.
    #[must_use]
    pub fn length(&self, name: &[u8]) -> Option<Duration> {
        match self.named.get(name) {
            Some(length) => *length,
            None => self.others,
        }
    }
}

/// A mailbox, as voicemail.conf describes it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mailbox {
    /// A message that is shorter is not kept (`minsecs`).
    pub shortest: Duration,
    /// A message ends after so long (`maxsecs`); `None`: never.
    pub longest: Option<Duration>,
    /// `0` leads to the extension `o` (`operator`).
    pub operator: bool,
    /// Where `o` and `a` are looked for (`exitcontext`); empty: where the call is.
    pub exit: Text,
}

impl Mailbox {
    /// `number@context`, from a name that may have no context.
    #[must_use]
    pub fn whole_name(name: &[u8]) -> Text {
        match name.iter().position(|b| *b == b'@') {
            Some(at) if at + 1 < name.len() => name.to_vec(),
            Some(at) => [&name[..at], b"@default"].concat(),
            None => [name, b"@default"].concat(),
        }
    }
}

/// A phone, or a trunk with what stands behind it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Endpoint {
    /// As it is dialled, compared without case: `PJSIP/61`, `PJSIP/3001@trunk`; `PJSIP/trunk` is every number that goes through it and
    /// has no entry of its own. Of two entries with the same name the later one counts.
    pub name: Text,
    /// What it does when it is called the first time, the second time ...; the last one repeats. Empty: it never answers.
    pub attempts: Vec<Attempt>,
    /// Calls that it can be in at once; a further one finds it busy. `None`: as many as come.
    pub most_calls: Option<u32>,
    /// Where calls enter the plan that it makes by itself, to transfer one; empty: where the first call to or from it entered.
    pub context: Text,
    /// The final SIP status of a text that is sent to it; `None`: 200, or no way to it while it is unavailable or not registered.
    pub texts: Option<u16>,
}

/// What an endpoint does when it is called.
#[derive(Debug, Clone, PartialEq)]
pub enum Attempt {
    /// It rings, and answers.
    Answers {
        /// How long it rings.
        after: Duration,
        /// What it does then. After the last act it stays until the other side ends the call.
        then: Vec<Act>,
    },
    /// It rings, and nobody takes the call.
    NeverAnswers,
    /// It is busy (486): at once, or after it rang for so long.
    Busy {
        /// How long it rings; zero: not at all.
        after: Duration,
    },
    /// Somebody there says no (603).
    Declines {
        /// How long it rings; zero: not at all.
        after: Duration,
    },
    /// There is no way to it (503).
    Congested {
        /// How long it rings; zero: not at all.
        after: Duration,
    },
    /// It fails with this Q.850 cause.
    Fails {
        /// How long it rings; zero: not at all.
        after: Duration,
        /// 1 unallocated, 18 no response, 27 out of order ...
        cause: u16,
    },
    /// It is known and cannot be reached.
    Unavailable,
    /// It is known and not registered.
    Unregistered,
    /// It sends the call elsewhere (302). This exchange does not follow that: it counts as unavailable, and a note says so.
    Redirects {
        /// How long it rings; zero: not at all.
        after: Duration,
        /// Where to.
        to: Text,
    },
}

impl Attempt {
    /// It answers, and after a while the line breaks: the call ends with cause 38, network out of order.
    #[must_use]
    pub fn drops_after(rings: Duration, talks: Duration) -> Attempt {
        Attempt::Answers {
            after: rings,
            then: vec![Act::Wait(talks), Act::HangUpWith(38)],
        }
    }
}

/// What a phone does during a call, whether it called or was called. Acts come one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Nothing for so long.
    Wait(Duration),
    /// It talks for so long: the same, said otherwise.
    Talk(Duration),
    /// Waits until its call is answered; at once on a phone that answered itself.
    Answered,
    /// Waits for a prompt that it hears. One that came since the last such act counts.
    Prompt {
        /// The file, as the plan names it.
        name: Text,
        /// For its begin, or for its end.
        at: Moment,
    },
    /// Presses keys, one right behind the other.
    Press(Text),
    /// Hangs up: cause 16.
    HangUp,
    /// The call ends with this cause: the line breaks, a gateway gives up.
    HangUpWith(u16),
    /// Asks the exchange to connect the other side to this extension (REFER). Transfers are not served: it is refused with 405, the
    /// call goes on, and a note says so.
    BlindTransfer(Text),
    /// Holds the call, calls this extension, waits for an answer there, and asks the exchange to join the two (REFER with Replaces).
    /// Transfers are not served: that is refused with 405; the phone ends the second call and takes the first one back.
    AttendedTransfer(Text),
    /// Holds the call (re-INVITE). The exchange agrees, and no application hears of it.
    Hold,
    /// Takes it back.
    Unhold,
    /// Sends a text inside the call (MESSAGE).
    Text(Text),
}

/// Which moment of a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// It begins.
    Begins,
    /// It is over: played to its end, or broken off.
    Ends,
}

/// A call that comes in.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// When, from the start of the scenario.
    pub at: Duration,
    /// The endpoint that calls: `PJSIP/1001`. Empty: a channel without a phone, answered from the beginning, as `strowger simulate` has.
    pub from: Text,
    /// Caller id.
    pub caller: Identity,
    /// The context in which it enters.
    pub context: Text,
    /// What is dialled.
    pub exten: Text,
    /// The first priority.
    pub priority: u32,
    /// Variables set before the first step; a name may begin with `_` or `__`.
    pub variables: Vec<(Text, Text)>,
    /// `CHANNEL(language)`; empty: `en`.
    pub language: Text,
    /// `CHANNEL(accountcode)`.
    pub account: Text,
    /// What the caller does. After the last act it stays until the exchange hangs up.
    pub acts: Vec<Act>,
    /// Keys of somebody who is never in a hurry: each is pressed when the plan next waits for one.
    pub keys: Text,
    /// When the caller hangs up whatever else it does.
    pub hangs_up: Option<HangUp>,
}

impl Default for Call {
    fn default() -> Call {
        Call {
            at: Duration::ZERO,
            from: Text::new(),
            caller: Identity::default(),
            context: b"default".to_vec(),
            exten: b"s".to_vec(),
            priority: 1,
            variables: Vec::new(),
            language: Text::new(),
            account: Text::new(),
            acts: Vec::new(),
            keys: Text::new(),
            hangs_up: None,
        }
    }
}

/// A moment at which a caller hangs up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HangUp {
    /// So long after its call began.
    After(Duration),
    /// While its channel has this effect performed, from 0: `Dial`, `Playback`, a wait, a look into the database, each counts as one.
    AtEffect(u32),
}

/// A text that comes in outside calls.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Message {
    /// When, from the start of the scenario.
    pub at: Duration,
    /// `MESSAGE(from)`: `"Anna" <sip:1001@pbx>`.
    pub from: Text,
    /// `MESSAGE(to)`: `sip:1002@pbx`.
    pub to: Text,
    /// What it is addressed to in the plan; empty: the user of `to`, or `s` if it has none.
    pub exten: Text,
    /// The context in which it enters.
    pub context: Text,
    /// `MESSAGE(body)`.
    pub body: Text,
    /// What MESSAGE_DATA() reads.
    pub headers: Vec<(Text, Text)>,
    /// Variables set before the first step.
    pub variables: Vec<(Text, Text)>,
}

impl Message {
    /// The extension that it enters.
    #[must_use]
    pub fn enters(&self) -> Text {
        if !self.exten.is_empty() {
            return self.exten.clone();
        }
        let to = &self.to;
        // `"Anna" <sip:1002@pbx>` as well as `pjsip:1002@pbx` and `1002`.
        let begin = to.iter().position(|b| *b == b'<').map_or(0, |at| at + 1);
        let address = &to[begin..];
        let address = match address.iter().position(|b| *b == b':') {
            Some(colon) => &address[colon + 1..],
            None => address,
        };
        let end = address
            .iter()
            .position(|b| matches!(b, b'@' | b'>' | b';'))
            .unwrap_or(address.len());
        if end == 0 {
            b"s".to_vec()
        } else {
            address[..end].to_vec()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_enters_at_the_user_of_its_address() {
        for (to, exten) in [
            ("sip:1002@pbx", "1002"),
            ("\"Anna: B\" <sip:1002@pbx;x=1>", "1002"),
            ("pjsip:1002", "1002"),
            ("1002", "1002"),
            ("sip:@pbx", "s"),
            ("", "s"),
        ] {
            let message = Message {
                to: to.into(),
                ..Message::default()
            };
            assert_eq!(message.enters(), exten.as_bytes(), "{to}");
        }
    }
}
