//! Digits as telephone events (RFC 4733): received, and sent.

use std::collections::VecDeque;
use std::time::Duration;

use super::FRAME;
use super::clock::{Now, TICK};

/// Digits that may wait to be sent.
pub const WAITING: usize = 64;
/// The shortest digit that we send; a shorter wish becomes this long.
const SHORTEST: Duration = Duration::from_millis(40);
/// The longest: what the 16-bit duration of one event can say, rounded down.
const LONGEST: Duration = Duration::from_secs(8);
/// Silence between two digits.
const GAP_TICKS: u32 = 3;
/// How often the last packet of an event is sent (RFC 4733 2.5.1.4).
const ENDS: u32 = 3;
/// A packet of an event that ended so long ago, or less, is a late repetition, in samples.
const LATE: u32 = 16_000;

const KEYS: &[u8; 16] = b"0123456789*#ABCD";

/// The digit of an event number; events above 15 are none (flash, fax tones).
pub fn digit(event: u8) -> Option<u8> {
    KEYS.get(usize::from(event)).copied()
}

/// The event number of a digit; letters in either case.
pub fn event(digit: u8) -> Option<u8> {
    KEYS.iter()
        .position(|&k| k == digit.to_ascii_uppercase())
        .map(|n| n as u8)
}

/// Payload of one event packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventBody {
    /// Event number.
    pub event: u8,
    /// The event is over.
    pub end: bool,
    /// How long it lasts until now, in samples.
    pub duration: u16,
}

impl EventBody {
    /// Reads a payload. `None`: too short. Further events in the same packet (RFC 4733 2.5.1.5 allows none) are not read.
    pub fn read(body: &[u8]) -> Option<EventBody> {
        let &[event, flags, high, low] = body.first_chunk::<4>()?;
        Some(EventBody {
            event,
            end: flags & 0x80 != 0,
            duration: u16::from_be_bytes([high, low]),
        })
    }

    /// The payload, at a volume of -10 dBm0.
    pub fn bytes(self) -> [u8; 4] {
        let [high, low] = self.duration.to_be_bytes();
        [self.event, u8::from(self.end) << 7 | 10, high, low]
    }
}

/// Digits that come in. One digit per time stamp, told when it ends.
#[derive(Debug)]
pub(super) struct Receiver {
    timeout: Duration,
    current: Option<Press>,
    /// Time stamp of the last digit that ended.
    ended: Option<u32>,
}

#[derive(Debug)]
struct Press {
    event: u8,
    timestamp: u32,
    duration: u16,
    heard: Now,
}

impl Receiver {
    pub(super) fn new(timeout: Duration) -> Receiver {
        Receiver {
            timeout,
            current: None,
            ended: None,
        }
    }

    /// A new sender: what the old one's time stamps were says nothing any more.
    pub(super) fn restart(&mut self, tell: impl FnMut(u8, Duration)) {
        self.finish(tell);
        self.ended = None;
    }

    /// An event packet.
    pub(super) fn packet(
        &mut self,
        now: Now,
        timestamp: u32,
        body: EventBody,
        mut tell: impl FnMut(u8, Duration),
    ) {
        if digit(body.event).is_none() {
            return;
        }
        let repeated = |of: u32| of.wrapping_sub(timestamp) < LATE;
        if self.ended.is_some_and(repeated) {
            return;
        }
        match &mut self.current {
            Some(press) if press.timestamp == timestamp => {
                press.duration = press.duration.max(body.duration);
                press.heard = now;
            }
            Some(press) if repeated(press.timestamp) => return,
            _ => {
                self.finish(&mut tell);
                self.current = Some(Press {
                    event: body.event,
                    timestamp,
                    duration: body.duration,
                    heard: now,
                });
            }
        }
        if body.end {
            self.finish(tell);
        }
    }

    /// Time has gone by: a digit whose end was lost ends.
    pub(super) fn tick(&mut self, now: Now, tell: impl FnMut(u8, Duration)) {
        if self
            .current
            .as_ref()
            .is_some_and(|p| now.since(p.heard) >= self.timeout)
        {
            self.finish(tell);
        }
    }

    fn finish(&mut self, mut tell: impl FnMut(u8, Duration)) {
        if let Some(press) = self.current.take() {
            self.ended = Some(press.timestamp);
            if let Some(digit) = digit(press.event) {
                tell(
                    digit,
                    Duration::from_micros(u64::from(press.duration) * 125),
                );
            }
        }
    }
}

/// Digits that go out, one after the other.
#[derive(Debug, Default)]
pub(super) struct Sender {
    waiting: VecDeque<(u8, u32)>,
    current: Option<Sent>,
    gap: u32,
}

#[derive(Debug)]
struct Sent {
    event: u8,
    /// Ticks that it lasts, and that have gone by.
    length: u32,
    gone: u32,
}

/// What a digit wants to send in this tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Outgoing {
    /// The packet of the event.
    pub(super) body: EventBody,
    /// It is the first one.
    pub(super) first: bool,
    /// The key may be heard: before the repeated end packets. For far ends that take tones only.
    pub(super) sounding: bool,
}

impl Sender {
    /// Puts a digit in the queue. False: it is no digit, or the queue is full.
    pub(super) fn push(&mut self, digit: u8, length: Duration) -> bool {
        let Some(event) = event(digit) else {
            return false;
        };
        if self.waiting.len() >= WAITING {
            return false;
        }
        let ticks = length
            .clamp(SHORTEST, LONGEST)
            .as_micros()
            .div_ceil(TICK.as_micros()) as u32;
        self.waiting.push_back((event, ticks));
        true
    }

    /// Something is to be sent, or the gap after it runs: the line is not free for anything else.
    pub(super) fn busy(&self) -> bool {
        self.current.is_some() || !self.waiting.is_empty() || self.gap > 0
    }

    /// Every 20 ms: what to send. `None` while nothing is, or in a gap.
    pub(super) fn tick(&mut self) -> Option<Outgoing> {
        if self.gap > 0 {
            self.gap -= 1;
            return None;
        }
        if self.current.is_none() {
            let (event, length) = self.waiting.pop_front()?;
            self.current = Some(Sent {
                event,
                length,
                gone: 0,
            });
        }
        let sent = self.current.as_mut()?;
        sent.gone += 1;
        let end = sent.gone >= sent.length;
        let ticks = sent.gone.min(sent.length);
        let out = Outgoing {
            body: EventBody {
                event: sent.event,
                end,
                duration: u16::try_from(ticks * FRAME as u32).unwrap_or(u16::MAX),
            },
            first: sent.gone == 1,
            sounding: sent.gone <= sent.length,
        };
        if sent.gone + 1 >= sent.length + ENDS {
            self.current = None;
            self.gap = GAP_TICKS;
        }
        Some(out)
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

    fn receiver() -> (Receiver, Vec<(char, u128)>) {
        (Receiver::new(Duration::from_millis(150)), Vec::new())
    }

    fn feed(
        r: &mut Receiver,
        heard: &mut Vec<(char, u128)>,
        ms: u64,
        timestamp: u32,
        event: u8,
        duration: u16,
        end: bool,
    ) {
        r.packet(
            at(ms),
            timestamp,
            EventBody {
                event,
                end,
                duration,
            },
            |d, l| heard.push((d.into(), l.as_millis())),
        );
    }

    #[test]
    fn one_digit_per_time_stamp_however_often_its_end_comes() {
        let (mut r, mut heard) = receiver();
        for (ms, duration, end) in [
            (0, 160, false),
            (20, 320, false),
            (40, 800, true),
            (41, 800, true),
            (42, 800, true),
        ] {
            feed(&mut r, &mut heard, ms, 1_000, 5, duration, end);
        }
        feed(&mut r, &mut heard, 43, 1_000, 5, 480, false); // an old one comes late
        assert_eq!(heard, [('5', 100)]);
        feed(&mut r, &mut heard, 200, 3_000, 5, 800, true); // the same key again, only its end arrives
        assert_eq!(heard, [('5', 100), ('5', 100)]);
    }

    #[test]
    fn a_lost_end_is_replaced_by_the_timeout_or_the_next_digit() {
        let (mut r, mut heard) = receiver();
        feed(&mut r, &mut heard, 0, 1_000, 11, 160, false);
        feed(&mut r, &mut heard, 20, 1_000, 11, 320, false);
        r.tick(at(169), |d, l| heard.push((d.into(), l.as_millis())));
        assert_eq!(heard, []);
        r.tick(at(170), |d, l| heard.push((d.into(), l.as_millis())));
        assert_eq!(heard, [('#', 40)]);
        feed(&mut r, &mut heard, 180, 1_000, 11, 800, true); // the end comes after all
        assert_eq!(heard.len(), 1);
        feed(&mut r, &mut heard, 400, 9_000, 1, 160, false);
        feed(&mut r, &mut heard, 500, 12_000, 2, 160, false);
        assert_eq!(heard, [('#', 40), ('1', 20)]);
    }

    #[test]
    fn time_stamps_wrap_and_a_new_sender_may_begin_anywhere() {
        let (mut r, mut heard) = receiver();
        feed(&mut r, &mut heard, 0, u32::MAX - 10, 1, 160, true);
        feed(&mut r, &mut heard, 100, 789, 2, 160, true);
        r.restart(|_, _| ());
        feed(&mut r, &mut heard, 200, 788, 3, 160, true);
        assert_eq!(heard.iter().map(|h| h.0).collect::<String>(), "123");
    }

    #[test]
    fn events_that_are_no_digits_are_ignored() {
        let (mut r, mut heard) = receiver();
        feed(&mut r, &mut heard, 0, 1, 16, 160, true); // flash
        assert_eq!(heard, []);
        assert_eq!(EventBody::read(&[1, 2, 3]), None);
    }

    #[test]
    fn what_is_sent_is_received() {
        let mut sender = Sender::default();
        for key in b"19*#aD" {
            assert!(sender.push(*key, Duration::from_millis(100)));
        }
        assert!(!sender.push(b'x', Duration::from_millis(100)));
        let (mut r, mut heard) = receiver();
        let (mut timestamp, mut ms) = (0, 0);
        while sender.busy() {
            if let Some(out) = sender.tick() {
                if out.first {
                    timestamp = ms as u32 * 8;
                }
                let body = EventBody::read(&out.body.bytes()).unwrap();
                r.packet(at(ms), timestamp, body, |d, l| {
                    heard.push((d.into(), l.as_millis()))
                });
            }
            ms += 20;
        }
        assert_eq!(heard.iter().map(|h| h.0).collect::<String>(), "19*#AD");
        assert!(heard.iter().all(|h| h.1 == 100));
        assert_eq!(
            ms,
            6 * (5 + 2 + 3) * 20,
            "five packets, two more ends and a gap each"
        );
    }

    #[test]
    fn the_queue_is_bounded() {
        let mut sender = Sender::default();
        assert_eq!(
            (0..1_000)
                .filter(|_| sender.push(b'1', Duration::ZERO))
                .count(),
            WAITING
        );
    }
}
