//! What a `Dial` amounts to: Q.850 causes and SIP statuses in each other's terms, and the verdict over all called lines.
//!
//! The live exchange and the simulator judge by the same rules.

use strowger_vm::Text;
use strowger_vm::effect::Reply;

/// The Q.850 cause of a SIP failure (DL-313).
#[must_use]
pub fn cause_of(status: u16) -> u16 {
    match status {
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
        300..400 => 23,
        400..500 | 600..700 => 127,
        505..600 => 34,
        _ => 16,
    }
}

/// The SIP answer with which a call is refused that is hung up before its answer (DL-312).
#[must_use]
pub fn status_of(cause: u16) -> u16 {
    match cause {
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

/// How the called lines of one `Dial` failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// All targets.
    pub lines: usize,
    /// Those that were busy.
    pub busy: usize,
    /// Those without a way.
    pub congested: usize,
    /// Those that could not be called, or that said no in another way.
    pub unavailable: usize,
}

impl Tally {
    /// One line failed with this cause. 16 and 19 are neutral: somebody was there and did not take the call.
    pub fn fail(&mut self, cause: u16) {
        match cause {
            17 => self.busy += 1,
            34 => self.congested += 1,
            16 | 19 => {}
            _ => self.unavailable += 1,
        }
    }

    /// DIALSTATUS when no line is left and nobody answered.
    #[must_use]
    pub fn status(&self) -> Status {
        if self.busy + self.congested + self.unavailable < self.lines {
            Status::NoAnswer
        } else if self.busy > 0 {
            Status::Busy
        } else if self.congested > 0 {
            Status::Congestion
        } else {
            Status::ChanUnavail
        }
    }
}

/// DIALSTATUS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// A callee answered.
    Answer,
    /// Every line is busy, or busy decides.
    Busy,
    /// Nobody took the call.
    NoAnswer,
    /// The caller hung up first.
    Cancel,
    /// There is no way to any of them.
    Congestion,
    /// None of them can be called.
    ChanUnavail,
    /// The arguments make no sense.
    InvalidArgs,
}

impl Status {
    /// As the variable spells it.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Status::Answer => "ANSWER",
            Status::Busy => "BUSY",
            Status::NoAnswer => "NOANSWER",
            Status::Cancel => "CANCEL",
            Status::Congestion => "CONGESTION",
            Status::ChanUnavail => "CHANUNAVAIL",
            Status::InvalidArgs => "INVALIDARGS",
        }
    }
}

/// When what happened in one `Dial`, in milliseconds since its start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Record {
    /// The callee's channel and what was dialled to reach it, once it answered.
    pub peer: Option<(Text, Text)>,
    /// First ringing.
    pub rang: Option<u64>,
    /// First progress.
    pub progressed: Option<u64>,
    /// The answer.
    pub answered: Option<u64>,
    /// The end.
    pub ended: u64,
}

impl Record {
    /// Sets the variables of Dial in the order of its signature.
    #[must_use]
    pub fn set(&self, mut reply: Reply, status: Status) -> Reply {
        reply = reply.set("DIALSTATUS", status.text());
        if let Some((name, number)) = &self.peer {
            reply = reply
                .set("DIALEDPEERNAME", name.clone())
                .set("DIALEDPEERNUMBER", number.clone());
        }
        let answered = self.answered.map(|at| self.ended.saturating_sub(at));
        for (name, ms) in [
            ("DIALEDTIME", Some(self.ended)),
            ("ANSWEREDTIME", answered),
            ("RINGTIME", self.rang),
            ("PROGRESSTIME", self.progressed),
        ] {
            if let Some(ms) = ms {
                reply = reply
                    .set(name, (ms / 1000).to_string())
                    .set(format!("{name}_MS"), ms.to_string());
            }
        }
        reply
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(causes: &[u16]) -> &'static str {
        let mut tally = Tally {
            lines: causes.len(),
            ..Tally::default()
        };
        causes.iter().for_each(|c| tally.fail(*c));
        tally.status().text()
    }

    #[test]
    fn what_phones_say_becomes_what_the_dialplan_reads() {
        for (status, text) in [
            (486, "BUSY"),
            (600, "BUSY"),
            (503, "CONGESTION"),
            (480, "NOANSWER"),
            (483, "NOANSWER"),
            (603, "CHANUNAVAIL"),
            (403, "CHANUNAVAIL"),
            (404, "CHANUNAVAIL"),
            (408, "CHANUNAVAIL"),
            (500, "CHANUNAVAIL"),
            (505, "CONGESTION"),
        ] {
            assert_eq!(verdict(&[cause_of(status)]), text, "{status}");
        }
    }

    #[test]
    fn one_busy_line_outweighs_the_others_but_one_silent_line_outweighs_it() {
        assert_eq!(verdict(&[17, 34, 3]), "BUSY");
        assert_eq!(verdict(&[34, 3]), "CONGESTION");
        assert_eq!(verdict(&[17, 19]), "NOANSWER");
        assert_eq!(verdict(&[]), "CHANUNAVAIL");
    }

    #[test]
    fn a_cause_leaves_as_the_answer_of_its_rule() {
        for (cause, status) in [
            (0, 603),
            (16, 603),
            (1, 404),
            (17, 486),
            (19, 480),
            (21, 403),
            (34, 503),
            (99, 603),
        ] {
            assert_eq!(status_of(cause), status);
        }
    }

    #[test]
    fn times_are_whole_seconds_and_milliseconds() {
        let record = Record {
            answered: Some(2_700),
            rang: Some(120),
            ended: 10_100,
            ..Record::default()
        };
        let reply = record.set(Reply::done(), Status::Answer);
        let text: Vec<String> = reply
            .sets
            .iter()
            .map(|(n, v)| {
                format!(
                    "{}={}",
                    String::from_utf8_lossy(n),
                    String::from_utf8_lossy(v)
                )
            })
            .collect();
        assert_eq!(
            text,
            [
                "DIALSTATUS=ANSWER",
                "DIALEDTIME=10",
                "DIALEDTIME_MS=10100",
                "ANSWEREDTIME=7",
                "ANSWEREDTIME_MS=7400",
                "RINGTIME=0",
                "RINGTIME_MS=120"
            ]
        );
    }
}
