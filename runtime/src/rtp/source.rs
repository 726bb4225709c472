//! Whose packets count: learning where the far end really sends from (symmetric RTP, `strictrtp`).

use std::net::SocketAddr;
use std::time::Duration;

use super::clock::Now;

/// A learned source that sent nothing for so long may be replaced by another one that passes probation (a phone that moved).
pub const FORGET: Duration = Duration::from_secs(5);
/// While the address in SDP sends, nobody else can pass probation before it does: its last packet is no older than this.
const BELIEVED: Duration = Duration::from_millis(200);
/// Unknown senders that may be in probation at once; the one heard longest ago makes room.
const CANDIDATES: usize = 4;

/// Who sends to this stream.
#[derive(Debug)]
pub(super) struct Source {
    strict: bool,
    probation: u8,
    /// The address in SDP: believed until packets say otherwise.
    sdp: Option<SocketAddr>,
    /// When it last sent.
    sdp_heard: Option<Now>,
    learned: Option<(SocketAddr, Now)>,
    candidates: Vec<Candidate>,
}

#[derive(Debug)]
struct Candidate {
    from: SocketAddr,
    ssrc: u32,
    sequence: u16,
    in_sequence: u8,
    heard: Now,
}

/// What to do with a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It counts.
    Accept,
    /// It counts, and its sender is now the learned source.
    Learned,
    /// It comes from a stranger.
    Stranger,
}

impl Source {
    pub(super) fn new(strict: bool, probation: u8) -> Source {
        Source {
            strict,
            probation: probation.max(1),
            sdp: None,
            sdp_heard: None,
            learned: None,
            candidates: Vec::new(),
        }
    }

    /// SDP names this address now. Another one than before: learning begins anew.
    pub(super) fn agreed(&mut self, sdp: Option<SocketAddr>) {
        if self.sdp != sdp {
            self.sdp = sdp;
            self.sdp_heard = None;
            self.learned = None;
            self.candidates.clear();
        }
    }

    /// The learned source, if any.
    pub(super) fn learned(&self) -> Option<SocketAddr> {
        self.learned.map(|(from, _)| from)
    }

    /// Judges a packet.
    pub(super) fn judge(
        &mut self,
        now: Now,
        from: SocketAddr,
        ssrc: u32,
        sequence: u16,
    ) -> Verdict {
        if let Some((learned, heard)) = &mut self.learned {
            if *learned == from {
                *heard = now;
                return Verdict::Accept;
            }
            if self.strict && now.since(*heard) < FORGET {
                return Verdict::Stranger;
            }
        }
        if self.sdp == Some(from) {
            self.sdp_heard = Some(now);
        } else if self.strict
            && self
                .sdp_heard
                .is_some_and(|heard| now.since(heard) < BELIEVED)
        {
            return Verdict::Stranger;
        }
        if self.passes_probation(now, from, ssrc, sequence) {
            self.learned = Some((from, now));
            self.candidates.clear();
            return Verdict::Learned;
        }
        let believed = self.learned.is_none() && self.sdp == Some(from);
        if believed || !self.strict {
            Verdict::Accept
        } else {
            Verdict::Stranger
        }
    }

    fn passes_probation(&mut self, now: Now, from: SocketAddr, ssrc: u32, sequence: u16) -> bool {
        if let Some(known) = self.candidates.iter_mut().find(|c| c.from == from) {
            let next = known.ssrc == ssrc && sequence == known.sequence.wrapping_add(1);
            known.in_sequence = if next {
                known.in_sequence.saturating_add(1)
            } else {
                1
            };
            (known.ssrc, known.sequence, known.heard) = (ssrc, sequence, now);
            return known.in_sequence >= self.probation;
        }
        if self.candidates.len() >= CANDIDATES
            && let Some(oldest) =
                (0..self.candidates.len()).min_by_key(|&n| self.candidates[n].heard)
        {
            self.candidates.swap_remove(oldest);
        }
        self.candidates.push(Candidate {
            from,
            ssrc,
            sequence,
            in_sequence: 1,
            heard: now,
        });
        self.probation == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Now {
        Now {
            micros: ms * 1_000,
            unix_ms: ms,
        }
    }

    fn addr(port: u16) -> SocketAddr {
        ([192, 0, 2, 1], port).into()
    }

    #[test]
    fn sdp_counts_at_once_and_others_after_probation() {
        let mut source = Source::new(true, 4);
        source.agreed(Some(addr(10)));
        assert_eq!(source.judge(at(0), addr(10), 1, 1), Verdict::Accept);
        let verdicts: Vec<Verdict> = (7..12)
            .map(|n| source.judge(at(220), addr(20), 2, n))
            .collect();
        use Verdict::*;
        assert_eq!(verdicts, [Stranger, Stranger, Stranger, Learned, Accept]);
        assert_eq!(source.judge(at(240), addr(10), 1, 2), Stranger);
        assert_eq!(source.learned(), Some(addr(20)));
    }

    #[test]
    fn nobody_overtakes_an_address_in_sdp_that_sends() {
        let mut source = Source::new(true, 4);
        source.agreed(Some(addr(10)));
        assert_eq!(source.judge(at(0), addr(10), 1, 1), Verdict::Accept);
        for n in 0..20 {
            assert_eq!(source.judge(at(5), addr(20), 2, n), Verdict::Stranger);
        }
        let own: Vec<Verdict> = (2..5)
            .map(|n| source.judge(at(20), addr(10), 1, n))
            .collect();
        assert_eq!(own, [Verdict::Accept, Verdict::Accept, Verdict::Learned]);
    }

    #[test]
    fn packets_out_of_sequence_never_pass() {
        let mut source = Source::new(true, 3);
        source.agreed(Some(addr(10)));
        for n in 0..100_u16 {
            assert_eq!(
                source.judge(at(0), addr(20), 2, n.wrapping_mul(7)),
                Verdict::Stranger
            );
        }
        for n in 0..100_u16 {
            assert_eq!(
                source.judge(at(0), addr(20), u32::from(n), n),
                Verdict::Stranger,
                "a new SSRC begins again"
            );
        }
    }

    #[test]
    fn a_learned_source_is_kept_while_it_sends_and_replaced_when_it_falls_silent() {
        let mut source = Source::new(true, 2);
        source.agreed(Some(addr(10)));
        source.judge(at(0), addr(10), 1, 1);
        assert_eq!(source.judge(at(20), addr(10), 1, 2), Verdict::Learned);
        for n in 0..10 {
            assert_eq!(source.judge(at(30), addr(20), 2, n), Verdict::Stranger);
        }
        assert_eq!(
            source.judge(at(5_020), addr(20), 2, 10),
            Verdict::Stranger,
            "probation first"
        );
        assert_eq!(source.judge(at(5_040), addr(20), 2, 11), Verdict::Learned);
    }

    #[test]
    fn a_crowd_of_strangers_does_not_keep_a_phone_out_and_memory_stays_bounded() {
        let mut source = Source::new(true, 4);
        for n in 0..1_000 {
            source.judge(at(n), addr(1_000 + n as u16), 9, 0);
        }
        assert!(source.candidates.len() <= CANDIDATES);
        let learned =
            (0..4).any(|n| source.judge(at(2_000 + n), addr(10), 1, n as u16) == Verdict::Learned);
        assert!(learned);
    }

    #[test]
    fn a_new_address_in_sdp_starts_again_and_the_same_one_does_not() {
        let mut source = Source::new(true, 1);
        source.agreed(Some(addr(10)));
        assert_eq!(source.judge(at(0), addr(20), 1, 1), Verdict::Learned);
        source.agreed(Some(addr(10)));
        assert_eq!(source.learned(), Some(addr(20)));
        source.agreed(Some(addr(11)));
        assert_eq!(source.learned(), None);
    }

    #[test]
    fn without_strictness_everything_counts() {
        let mut source = Source::new(false, 2);
        source.agreed(Some(addr(10)));
        assert_eq!(source.judge(at(0), addr(30), 1, 1), Verdict::Accept);
        assert_eq!(source.judge(at(0), addr(30), 1, 2), Verdict::Learned);
        assert_eq!(source.judge(at(0), addr(31), 1, 9), Verdict::Accept);
    }
}
