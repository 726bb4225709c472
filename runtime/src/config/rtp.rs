//! `rtp.conf`: the ports and habits of audio.

use strowger_compiler::conf::line::{self, Value, boolean};
use strowger_compiler::diagnostic::Diagnostic;

use super::Rtp;
use super::device::number;
use super::findings::Findings;
use super::keys::{self, Fate};

/// Reads `[general]`; other sections concern ICE, which is not served.
pub(super) fn read(file: &line::Config, findings: &mut Findings) -> Rtp {
    let mut rtp = Rtp::default();
    let mut places: Vec<&Value> = Vec::new();
    for value in file.named("general").flat_map(|s| &s.values) {
        let key = value.key.bytes();
        let Some(fate) = keys::rtp(key) else {
            findings.unknown_key(value, keys::rtp_names(), "ignored");
            continue;
        };
        findings.fate("rtp.conf", value, fate);
        if fate != Fate::Served {
            continue;
        }
        match key.to_ascii_lowercase().as_slice() {
            b"rtpstart" => {
                rtp.start = port(value, findings).unwrap_or(rtp.start);
                places.push(value);
            }
            b"rtpend" => {
                rtp.end = port(value, findings).unwrap_or(rtp.end);
                places.push(value);
            }
            b"strictrtp" => match value.text.bytes().to_ascii_lowercase().as_slice() {
                b"seqno" => rtp.strict = true,
                other => match boolean(other) {
                    Some(word) => rtp.strict = word,
                    None => findings.bad_value(value, "`yes`, `no` or `seqno`"),
                },
            },
            b"probation" => {
                rtp.probation = number(value, 1, 1_000, findings)
                    .and_then(|n| n.try_into().ok())
                    .unwrap_or(rtp.probation)
            }
            // Written in samples of 1/8000 s.
            b"dtmftimeout" => {
                rtp.dtmf_timeout =
                    number(value, 0, 80_000, findings).map_or(rtp.dtmf_timeout, |n| n / 8)
            }
            b"rtcpinterval" => {
                rtp.rtcp_interval =
                    number(value, 500, 60_000, findings).unwrap_or(rtp.rtcp_interval)
            }
            _ => {}
        }
    }
    let Some(last) = places.last() else {
        return rtp;
    };
    if rtp.start >= rtp.end {
        findings.add(
            Diagnostic::new(
                "C021",
                "the first RTP port is not below the last one",
                last.span(),
            )
            .label("Asterisk takes 5000 to 31000 then, and so does the exchange"),
        );
        rtp.start = Rtp::default().start;
        rtp.end = Rtp::default().end;
    }
    rtp
}

fn port(value: &Value, findings: &mut Findings) -> Option<u16> {
    number(value, 1024, 65_535, findings).and_then(|n| u16::try_from(n).ok())
}
