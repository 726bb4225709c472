//! Names and numbers of outcomes: hangup causes, the result of Dial, and what
//! SIP makes of them.

use std::fmt;

use crate::causes::CAUSES;

/// A hangup cause: a Q.850 number, or a number of Asterisk's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cause(pub u16);

impl Cause {
    /// No cause is known.
    pub const NONE: Cause = Cause(0);
    /// 1
    pub const UNALLOCATED: Cause = Cause(1);
    /// 3
    pub const NO_ROUTE_DESTINATION: Cause = Cause(3);
    /// 16
    pub const NORMAL_CLEARING: Cause = Cause(16);
    /// 17
    pub const USER_BUSY: Cause = Cause(17);
    /// 18
    pub const NO_USER_RESPONSE: Cause = Cause(18);
    /// 19
    pub const NO_ANSWER: Cause = Cause(19);
    /// 20
    pub const SUBSCRIBER_ABSENT: Cause = Cause(20);
    /// 21
    pub const CALL_REJECTED: Cause = Cause(21);
    /// 26
    pub const ANSWERED_ELSEWHERE: Cause = Cause(26);
    /// 34
    pub const CONGESTION: Cause = Cause(34);
    /// 38
    pub const NETWORK_OUT_OF_ORDER: Cause = Cause(38);
    /// 58
    pub const BEARER_NOT_AVAILABLE: Cause = Cause(58);
    /// 66
    pub const NO_SUCH_DRIVER: Cause = Cause(66);
    /// 127
    pub const INTERWORKING: Cause = Cause(127);

    /// Reads what `Hangup()` takes: a name in any letter case, or a number. What follows a name or a number is not looked at.
    /// `None`: neither, or not above 0.
    pub fn read(text: &[u8]) -> Option<Cause> {
        let named = CAUSES.iter().find(|(number, name, ..)| {
            *number != 0
                && text
                    .get(..name.len())
                    .is_some_and(|t| t.eq_ignore_ascii_case(name.as_bytes()))
        });
        if let Some((number, ..)) = named {
            return Some(Cause(*number));
        }
        let (number, _) = crate::scan::int32(text)?;
        u16::try_from(number).ok().filter(|n| *n > 0).map(Cause)
    }

    /// The name as a dialplan spells it.
    pub fn name(self) -> Option<&'static str> {
        self.entry().map(|(_, name, ..)| *name)
    }

    /// The name in words; `Unknown` for a number that has none.
    pub fn words(self) -> &'static str {
        self.entry().map_or("Unknown", |(.., words)| words)
    }

    fn entry(self) -> Option<&'static (u16, &'static str, &'static str, &'static str)> {
        CAUSES.iter().find(|(number, ..)| *number == self.0)
    }

    /// The SIP answer that ends an unanswered call with this cause (DL-312).
    pub fn sip_answer(self) -> u16 {
        match self.0 {
            1..=3 => 404,
            17 => 486,
            18 => 408,
            19 | 20 | 31 => 480,
            21 => 403,
            22 => 410,
            23 => 302,
            27 => 502,
            28 => 484,
            29 => 501,
            34 | 42 | 66 => 503,
            38 | 127 => 500,
            58 => 488,
            _ => 603,
        }
    }

    /// The cause that a SIP answer of 300 or more means (DL-313).
    pub fn of_sip_answer(code: u16) -> Cause {
        Cause(match code {
            302 => 23,
            401 | 403 | 407 | 603 => 21,
            404 | 485 | 604 => 1,
            408 => 18,
            409 => 41,
            410 => 22,
            420 => 3,
            480 | 483 => 19,
            484 => 28,
            486 | 600 => 17,
            488 | 606 => 58,
            500 => 38,
            501 => 29,
            502 => 27,
            503 => 34,
            504 => 102,
            _ => match code / 100 {
                4 | 6 => 127,
                5 => 34,
                _ => 0,
            },
        })
    }

    /// What a leg that ended with this cause counts for in Dial's result.
    pub fn dial_class(self) -> LegClass {
        match self.0 {
            17 => LegClass::Busy,
            34 => LegClass::Congested,
            16 | 19 => LegClass::Neutral,
            _ => LegClass::Unavailable,
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "{} {name}", self.0),
            None => write!(f, "{}", self.0),
        }
    }
}

/// What a failed leg counts for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LegClass {
    /// The callee is busy.
    Busy,
    /// The way there is congested.
    Congested,
    /// Nobody answered, or the leg was cleared normally.
    Neutral,
    /// Everything else.
    Unavailable,
}

/// The value of DIALSTATUS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DialStatus {
    /// No leg could be reached.
    ChanUnavail,
    /// At least one leg was congested and none busy.
    Congestion,
    /// Time ran out, or nobody answered.
    NoAnswer,
    /// At least one leg was busy.
    Busy,
    /// Answered.
    Answer,
    /// The caller hung up first.
    Cancel,
    /// The callee, asked for privacy, sent the caller away.
    DontCall,
    /// The callee, asked for privacy, sent the caller to the torture script.
    Torture,
    /// The arguments could not be read.
    InvalidArgs,
}

impl DialStatus {
    /// All of them.
    pub const ALL: [DialStatus; 9] = [
        DialStatus::ChanUnavail,
        DialStatus::Congestion,
        DialStatus::NoAnswer,
        DialStatus::Busy,
        DialStatus::Answer,
        DialStatus::Cancel,
        DialStatus::DontCall,
        DialStatus::Torture,
        DialStatus::InvalidArgs,
    ];

    /// As the dialplan reads it.
    pub fn name(self) -> &'static str {
        match self {
            DialStatus::ChanUnavail => "CHANUNAVAIL",
            DialStatus::Congestion => "CONGESTION",
            DialStatus::NoAnswer => "NOANSWER",
            DialStatus::Busy => "BUSY",
            DialStatus::Answer => "ANSWER",
            DialStatus::Cancel => "CANCEL",
            DialStatus::DontCall => "DONTCALL",
            DialStatus::Torture => "TORTURE",
            DialStatus::InvalidArgs => "INVALIDARGS",
        }
    }

    /// Reads the spelling.
    pub fn read(text: &[u8]) -> Option<DialStatus> {
        DialStatus::ALL
            .into_iter()
            .find(|status| status.name().as_bytes() == text)
    }

    /// The result of a Dial in which no leg answered and each ended with a
    /// cause: all failed gives BUSY before CONGESTION before CHANUNAVAIL; a leg
    /// that merely was not answered makes it NOANSWER.
    pub fn of_legs(causes: &[Cause]) -> DialStatus {
        let has = |class: LegClass| causes.iter().any(|cause| cause.dial_class() == class);
        if has(LegClass::Neutral) {
            DialStatus::NoAnswer
        } else if has(LegClass::Busy) {
            DialStatus::Busy
        } else if has(LegClass::Congested) {
            DialStatus::Congestion
        } else {
            DialStatus::ChanUnavail
        }
    }
}

impl fmt::Display for DialStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_have_numbers_and_names() {
        assert_eq!(Cause::read(b"17"), Some(Cause::USER_BUSY));
        assert_eq!(Cause::read(b"user_busy"), Some(Cause::USER_BUSY));
        assert_eq!(Cause::read(b"User_Busy, really"), Some(Cause(17)));
        assert_eq!(Cause::read(b"17x"), Some(Cause(17)));
        for neither in ["0", "-5", "", "BUSY", "AST_CAUSE_USER_BUSY", "NOTDEFINED"] {
            assert_eq!(Cause::read(neither.as_bytes()), None, "{neither}");
        }
        assert_eq!(Cause::read(b"999"), Some(Cause(999)));
        assert_eq!(Cause::read(b"bogus"), None);
        assert_eq!(Cause(17).words(), "User busy");
    }

    #[test]
    fn a_sip_answer_survives_the_way_through_a_cause() {
        for code in [
            302, 403, 404, 408, 410, 480, 484, 486, 488, 500, 501, 502, 503,
        ] {
            assert_eq!(Cause::of_sip_answer(code).sip_answer(), code);
        }
        assert_eq!(Cause::of_sip_answer(486).dial_class(), LegClass::Busy);
        assert_eq!(Cause::of_sip_answer(503).dial_class(), LegClass::Congested);
        assert_eq!(Cause::of_sip_answer(480).dial_class(), LegClass::Neutral);
        assert_eq!(
            Cause::of_sip_answer(603).dial_class(),
            LegClass::Unavailable
        );
    }

    #[test]
    fn the_legs_decide_the_status() {
        let of = DialStatus::of_legs;
        assert_eq!(of(&[Cause(17), Cause(3)]), DialStatus::Busy);
        assert_eq!(of(&[Cause(34), Cause(3)]), DialStatus::Congestion);
        assert_eq!(of(&[Cause(17), Cause(19)]), DialStatus::NoAnswer);
        assert_eq!(of(&[]), DialStatus::ChanUnavail);
        for status in DialStatus::ALL {
            assert_eq!(DialStatus::read(status.name().as_bytes()), Some(status));
        }
    }
}
