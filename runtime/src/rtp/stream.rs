//! One call leg's audio: what comes from the far end, what goes there. Sans-IO; the worker moves packets between streams.

use std::net::SocketAddr;
use std::ops::Range;
use std::time::Duration;

use super::clock::Now;
use super::detector::Detector;
use super::packet::{self, Header};
use super::reception::Reception;
use super::sending::Sending;
use super::source::{Source, Verdict};
use super::tone::{Generator, Tone};
use super::worker::Outbox;
use super::{
    Audio, Digits, Direction, Event, FRAME, Format, Frame, Listener, Next, Payload, PlayEnd,
    PlayId, Remote, Stats, StreamId, dtmf, rtcp, tone,
};

/// The longest `Measure`; a longer wish is cut.
pub const MEASURE: Duration = Duration::from_secs(30);

/// What feeds the far end beneath prompts and tones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Base {
    /// Nothing.
    Idle,
    /// Another stream of the worker; what happens to the digits heard here.
    Peer(StreamId, Digits),
    /// What it sends itself.
    Echo,
}

/// One stream.
pub(super) struct Stream {
    id: StreamId,
    pub(super) listener: Listener,
    pub(super) base: Base,
    /// Digits that ended and were not told yet.
    pub(super) fresh: Vec<(u8, Duration)>,
    pub(super) digits_out: dtmf::Sender,
    far: Option<Far>,
    source: Source,
    sending: Sending,
    reception: Option<Reception>,
    digits_in: dtmf::Receiver,
    detector: Option<Detector>,
    over: Option<Over>,
    /// Time stamp of the digit that is being sent, and its tone where the far end takes no events.
    digit_line: Option<(u32, Generator)>,
    measure: Option<Measuring>,
    watch: Option<Watch>,
    rtcp: Rtcp,
    stats: Stats,
    decoded: Vec<i16>,
}

/// What SDP says, made quick to look up.
struct Far {
    rtp: Option<SocketAddr>,
    rtcp: Option<SocketAddr>,
    send: Format,
    receive: [Option<Payload>; 128],
    direction: Direction,
    symmetric: bool,
}

/// What plays in place of the base.
struct Over {
    /// A tone has no number: nobody waits for its end.
    id: Option<PlayId>,
    audio: Audio,
    /// Time stamp of its first packet and ticks since; `None`: its first packet is still to come.
    line: Option<(u32, u32)>,
    marker: bool,
}

struct Measuring {
    until: Now,
    samples: Vec<i16>,
}

struct Watch {
    limit: Duration,
    heard: Now,
    told: bool,
}

struct Rtcp {
    interval: Duration,
    due: Now,
    /// The far end's last sender report: middle of its NTP time, and when it came.
    last: Option<(u32, Now)>,
    /// Where its reports come from.
    from: Option<SocketAddr>,
}

/// A received packet that counts.
pub(super) struct Counted {
    pub(super) header: Header,
    pub(super) payload: Payload,
}

/// Figures of a worker that each of its streams needs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    pub(super) strict: bool,
    pub(super) probation: u8,
    pub(super) digit_timeout: Duration,
    pub(super) rtcp_interval: Duration,
}

impl Stream {
    /// `numbers` are random: SSRC, first time stamp, first sequence number.
    pub(super) fn new(
        id: StreamId,
        now: Now,
        listener: Listener,
        rules: &Rules,
        numbers: (u32, u32, u16),
    ) -> Stream {
        let (ssrc, timestamp, sequence) = numbers;
        Stream {
            id,
            listener,
            base: Base::Idle,
            fresh: Vec::new(),
            digits_out: dtmf::Sender::default(),
            far: None,
            source: Source::new(rules.strict, rules.probation),
            sending: Sending::new(ssrc, sequence, timestamp),
            reception: None,
            digits_in: dtmf::Receiver::new(rules.digit_timeout),
            detector: None,
            over: None,
            digit_line: None,
            measure: None,
            watch: None,
            rtcp: Rtcp {
                interval: rules.rtcp_interval,
                due: now.plus(rules.rtcp_interval),
                last: None,
                from: None,
            },
            stats: Stats::default(),
            decoded: Vec::new(),
        }
    }

    pub(super) fn tell(&self, event: Event) {
        (self.listener)(event);
    }

    /// The far end takes digits as events.
    pub(super) fn takes_events(&self) -> bool {
        self.far.as_ref().is_some_and(|f| f.send.event.is_some())
    }

    /// Digits come as events, not as tones that the audio carries on by itself.
    pub(super) fn hears_events(&self) -> bool {
        self.detector.is_none()
    }

    pub(super) fn remote(&mut self, remote: Remote) {
        let mut receive = [None; 128];
        for (number, payload) in remote.receive {
            if let Some(slot) = receive.get_mut(usize::from(number)) {
                *slot = Some(payload);
            }
        }
        if self.far.as_ref().is_none_or(|f| f.rtp != remote.rtp) {
            self.rtcp.from = None;
        }
        self.source.agreed(remote.rtp);
        match (remote.inband_digits, &self.detector) {
            (true, None) => self.detector = Some(Detector::default()),
            (false, Some(_)) => self.detector = None,
            (true, Some(_)) | (false, None) => {}
        }
        self.far = Some(Far {
            rtp: remote.rtp,
            rtcp: remote.rtcp,
            send: remote.send,
            receive,
            direction: remote.direction,
            symmetric: remote.symmetric,
        });
    }

    /// Where packets go now; `None`: nowhere known, or hold.
    fn target(&self) -> Option<SocketAddr> {
        let far = self.far.as_ref()?;
        if !far.direction.send {
            return None;
        }
        self.peer_address(far)
    }

    fn peer_address(&self, far: &Far) -> Option<SocketAddr> {
        let learned = self.source.learned().filter(|_| far.symmetric);
        learned.or(far.rtp)
    }

    fn rtcp_target(&self) -> Option<SocketAddr> {
        let far = self.far.as_ref()?;
        if far.symmetric && self.rtcp.from.is_some() {
            return self.rtcp.from;
        }
        let next = |mut rtp: SocketAddr| {
            rtp.set_port(rtp.port().checked_add(1)?);
            Some(rtp)
        };
        match self
            .source
            .learned()
            .filter(|learned| far.symmetric && Some(*learned) != far.rtp)
        {
            Some(learned) => next(learned),
            None => far.rtcp.or_else(|| far.rtp.and_then(next)),
        }
    }

    // ---- what comes -------------------------------------------------------------------------------------------------

    /// A packet from the network. What counts is noted, measured and listened to; digits that end are put into `fresh`.
    /// The result may be passed on.
    pub(super) fn hear(&mut self, now: Now, from: SocketAddr, packet: &[u8]) -> Option<Counted> {
        let far = self.far.as_ref()?;
        let Some(header) = Header::read(packet) else {
            self.stats.dropped += 1;
            return None;
        };
        let payload = far
            .receive
            .get(usize::from(header.payload))
            .copied()
            .flatten();
        let Some(payload) = payload.filter(|_| far.direction.receive) else {
            self.stats.dropped += 1;
            return None;
        };
        match self.source.judge(now, from, header.ssrc, header.sequence) {
            Verdict::Stranger => {
                self.stats.strangers += 1;
                return None;
            }
            Verdict::Learned => {
                self.rtcp.from = None;
                self.tell(Event::Learned(from));
            }
            Verdict::Accept => {}
        }
        if let Some(watch) = &mut self.watch {
            (watch.heard, watch.told) = (now, false);
        }
        self.stats.received += 1;
        self.stats.received_bytes += header.body.len() as u64;
        match &mut self.reception {
            Some(way) if way.ssrc() == header.ssrc => {
                way.packet(now, &header, payload != Payload::Event)
            }
            old => {
                if let Some(old) = old {
                    self.stats.lost += old.lost();
                    self.stats.reordered += old.reordered();
                    let fresh = &mut self.fresh;
                    self.digits_in
                        .restart(|digit, length| fresh.push((digit, length)));
                }
                self.rtcp.last = None;
                *old = Some(Reception::new(now, &header));
            }
        }
        let body = &packet[header.body.clone()];
        match payload {
            Payload::Event => {
                let fresh = &mut self.fresh;
                if let Some(body) = dtmf::EventBody::read(body) {
                    self.digits_in
                        .packet(now, header.timestamp, body, |digit, length| {
                            fresh.push((digit, length))
                        });
                }
            }
            Payload::Audio(codec) if self.detector.is_some() || self.measure.is_some() => {
                self.decoded.clear();
                tone::decode(codec, body, &mut self.decoded);
                if let Some(detector) = &mut self.detector {
                    let fresh = &mut self.fresh;
                    detector.hear(&self.decoded, |digit, length| fresh.push((digit, length)));
                }
                if let Some(measure) = &mut self.measure {
                    let room =
                        (MEASURE.as_millis() as usize * 8).saturating_sub(measure.samples.len());
                    measure.samples.extend(self.decoded.iter().take(room));
                }
            }
            Payload::Audio(_) => {}
        }
        Some(Counted { header, payload })
    }

    /// A report from the network.
    pub(super) fn hear_report(&mut self, now: Now, from: SocketAddr, packet: &[u8]) {
        let Some(far) = &self.far else { return };
        let known = self.source.learned().or(far.rtp).map(|a| a.ip());
        if known != Some(from.ip()) && far.rtcp.map(|a| a.ip()) != Some(from.ip()) {
            self.stats.strangers += 1;
            return;
        }
        let mut understood = false;
        for said in rtcp::read(packet) {
            understood = true;
            match said {
                rtcp::Said::Sent { ssrc, ntp } => {
                    if self.reception.as_ref().is_some_and(|r| r.ssrc() == ssrc) {
                        self.rtcp.last = Some((rtcp::middle(ntp), now));
                    }
                }
                rtcp::Said::Heard(block) if block.ssrc == self.sending.ssrc() => {
                    self.stats.far_lost = Some(u32::try_from(block.lost).unwrap_or(0));
                    if let Some(trip) = rtcp::round_trip(now, &block) {
                        self.stats.round_trip =
                            Some(Duration::from_micros((u64::from(trip) * 1_000_000) >> 16));
                    }
                }
                rtcp::Said::Heard(_) | rtcp::Said::Goodbye { .. } => {}
            }
        }
        if understood {
            self.rtcp.from = Some(from);
        }
    }

    // ---- what goes --------------------------------------------------------------------------------------------------

    /// A packet that stream `from` heard goes on to our far end: its header is rewritten where it lies, its payload
    /// recoded if the two speak different laws. Returns where to send which part of it.
    pub(super) fn pass(
        &mut self,
        now: Now,
        from: StreamId,
        counted: &Counted,
        packet: &mut [u8],
    ) -> Option<(SocketAddr, Range<usize>)> {
        if self.over.is_some() || self.digits_out.busy() {
            return None; // something else has the line
        }
        let to = self.target()?;
        let send = self.far.as_ref()?.send;
        let number = match counted.payload {
            Payload::Event => send.event?,
            Payload::Audio(_) => send.payload,
        };
        let event = counted.payload == Payload::Event;
        let stamp = self.sending.relayed(now, from, &counted.header, event)?;
        let body = counted.header.body.clone();
        if let Payload::Audio(codec) = counted.payload {
            codec.convert(send.codec, &mut packet[body.clone()]);
        }
        self.stats.sent += 1;
        self.stats.sent_bytes += body.len() as u64;
        Some((to, Header::rewrite(packet, &body, stamp, number)))
    }

    /// Plays in place of what plays now.
    pub(super) fn play(&mut self, id: Option<PlayId>, audio: Audio) {
        self.stop(PlayEnd::Replaced);
        self.over = Some(Over {
            id,
            audio,
            line: None,
            marker: true,
        });
    }

    /// Ends what plays.
    pub(super) fn stop(&mut self, end: PlayEnd) {
        if let Some(id) = self.over.take().and_then(|over| over.id) {
            self.tell(Event::Played { id, end });
        }
    }

    pub(super) fn measure(&mut self, now: Now, time: Duration) {
        self.measure = Some(Measuring {
            until: now.plus(time.min(MEASURE)),
            samples: Vec::new(),
        });
    }

    pub(super) fn watch(&mut self, now: Now, limit: Option<Duration>) {
        self.watch = limit.map(|limit| Watch {
            limit,
            heard: now,
            told: false,
        });
    }

    pub(super) fn stats(&self) -> Stats {
        let mut stats = self.stats.clone();
        if let Some(way) = &self.reception {
            stats.lost += way.lost();
            stats.reordered += way.reordered();
            stats.jitter = way.jitter_time();
        }
        stats.sending_to = self.target();
        stats
    }

    /// 20 ms have gone by.
    pub(super) fn tick(&mut self, now: Now, out: &mut Outbox) {
        let fresh = &mut self.fresh;
        self.digits_in
            .tick(now, |digit, length| fresh.push((digit, length)));
        if self.digits_out.busy() {
            self.send_digit(now, out);
        } else {
            self.digit_line = None;
            self.send_over(now, out);
        }
        if self.measure.as_ref().is_some_and(|m| now >= m.until)
            && let Some(measure) = self.measure.take()
        {
            self.tell(Event::Heard(tone::measure(&measure.samples)));
        }
        if let Some(watch) = &mut self.watch
            && !watch.told
            && now.since(watch.heard) >= watch.limit
        {
            watch.told = true;
            let silence = now.since(watch.heard);
            self.tell(Event::Silent(silence));
        }
        if now >= self.rtcp.due {
            self.report(now, out, false);
        }
    }

    fn send_digit(&mut self, now: Now, out: &mut Outbox) {
        if let Some(over) = &mut self.over {
            (over.line, over.marker) = (None, true); // it goes on afterwards, as a new spurt
        }
        let Some(digit) = self.digits_out.tick() else {
            return;
        };
        if digit.first {
            let tone = Generator::new(Tone::of_event(digit.body.event));
            self.digit_line = Some((self.sending.begin(now), tone));
        }
        let (Some(to), Some(far)) = (self.target(), &self.far) else {
            return;
        };
        let Some((timestamp, tone)) = &mut self.digit_line else {
            return;
        };
        match far.send.event {
            Some(number) => {
                let stamp = self.sending.made(now, *timestamp, digit.first);
                out.rtp(self.id, to, |bytes| {
                    packet::make(bytes, stamp, number);
                    bytes.extend(digit.body.bytes());
                });
                self.stats.sent += 1;
                self.stats.sent_bytes += 4;
            }
            None if digit.sounding => {
                let (frame, at) = (tone.frame(), *timestamp);
                *timestamp = at.wrapping_add(FRAME as u32);
                self.send_frame(now, to, &frame, at, digit.first, out);
            }
            None => {}
        }
    }

    fn send_over(&mut self, now: Now, out: &mut Outbox) {
        let Some(over) = &mut self.over else { return };
        let next = over.audio.next();
        if let Some((_, ticks)) = &mut over.line {
            *ticks = ticks.wrapping_add(1);
        }
        match next {
            Next::Frame(frame) => {
                let (begin, ticks) = *over
                    .line
                    .get_or_insert_with(|| (self.sending.begin(now), 0));
                let marker = std::mem::take(&mut over.marker);
                if let Some(to) = self.target() {
                    let timestamp = begin.wrapping_add(ticks.wrapping_mul(FRAME as u32));
                    self.send_frame(now, to, &frame, timestamp, marker, out);
                }
            }
            Next::Late => over.marker = true,
            Next::End => self.stop(PlayEnd::Finished),
        }
    }

    fn send_frame(
        &mut self,
        now: Now,
        to: SocketAddr,
        frame: &Frame,
        timestamp: u32,
        marker: bool,
        out: &mut Outbox,
    ) {
        let Some(send) = self.far.as_ref().map(|f| f.send) else {
            return;
        };
        let stamp = self.sending.made(now, timestamp, marker);
        out.rtp(self.id, to, |bytes| {
            packet::make(bytes, stamp, send.payload);
            bytes.extend(frame.iter().map(|&sample| send.codec.encode(sample)));
        });
        self.stats.sent += 1;
        self.stats.sent_bytes += FRAME as u64;
    }

    /// Sends a report; nothing was sent and nothing heard: nothing to report.
    pub(super) fn report(&mut self, now: Now, out: &mut Outbox, goodbye: bool) {
        self.rtcp.due = now.plus(self.rtcp.interval);
        let Some(to) = self.rtcp_target() else { return };
        let last = self.rtcp.last;
        let heard = self.reception.as_mut().map(|way| rtcp::Block {
            ssrc: way.ssrc(),
            fraction_lost: way.fraction_lost(),
            lost: i32::try_from(way.lost()).unwrap_or(i32::MAX),
            newest: way.newest(),
            jitter: way.jitter(),
            last_report: last.map_or(0, |(middle, _)| middle),
            since_report: last.map_or(0, |(_, at)| {
                u32::try_from((now.since(at).as_micros() << 16) / 1_000_000).unwrap_or(u32::MAX)
            }),
        });
        let sent = (self.stats.sent > 0).then(|| rtcp::Sent {
            ntp: now.ntp(),
            timestamp: self.sending.timestamp_at(now),
            packets: self.stats.sent as u32,
            bytes: self.stats.sent_bytes as u32,
        });
        if sent.is_none() && heard.is_none() {
            return;
        }
        let ssrc = self.sending.ssrc();
        out.rtcp(self.id, to, |bytes| {
            rtcp::write(bytes, ssrc, "strowger", sent, heard, goodbye)
        });
    }
}
