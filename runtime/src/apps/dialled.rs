//! What a `Dial` tells the dialplan: its times and its result. The live exchange and the simulator tell it alike.

use strowger_stdlib::status::DialStatus;
use strowger_vm::Text;
use strowger_vm::effect::Reply;

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
    pub fn set(&self, mut reply: Reply, status: DialStatus) -> Reply {
        reply = reply.set("DIALSTATUS", status.name());
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

    #[test]
    fn times_are_whole_seconds_and_milliseconds() {
        let record = Record {
            answered: Some(2_700),
            rang: Some(120),
            ended: 10_100,
            ..Record::default()
        };
        let reply = record.set(Reply::done(), DialStatus::Answer);
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
