//! The media side with real sockets on loopback. Waits are bounded; nothing is asserted about how long anything takes.
#![allow(clippy::unwrap_used)]

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use strowger_runtime::media::{Carries, Media, Settings, StreamHandle};
use strowger_runtime::rtp::packet::{Header, Stamp, make};
use strowger_runtime::rtp::tone::{Generator, Tone, measure};
use strowger_runtime::rtp::{
    Codec, Digits, Direction, Event, Format, Frame, Frames, Listener, Next, Payload, PlayEnd,
    Remote,
};

const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// Longer than anything here takes on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// A range of ports that are free now: found by asking the system for one.
fn media(pairs: u16, workers: usize) -> Media {
    let near = UdpSocket::bind((LOCAL, 0))
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let first = near.clamp(2_000, 60_000) & !1;
    let settings = Settings {
        first_port: first,
        last_port: first + pairs * 2 - 1,
        workers,
        ..Settings::default()
    };
    Media::start(settings).unwrap()
}

fn listener() -> (Listener, Receiver<Event>) {
    let (sender, events) = channel();
    let sender = Mutex::new(sender);
    (
        Arc::new(move |event| drop(sender.lock().unwrap().send(event))),
        events,
    )
}

fn wait<T>(events: &Receiver<Event>, mut wanted: impl FnMut(Event) -> Option<T>) -> T {
    loop {
        let event = events.recv_timeout(PATIENCE).expect("an event in time");
        if let Some(found) = wanted(event) {
            return found;
        }
    }
}

/// A phone: a plain socket that speaks one law.
struct Phone {
    socket: UdpSocket,
    codec: Codec,
    sequence: u16,
}

impl Phone {
    fn new(codec: Codec) -> Phone {
        let socket = UdpSocket::bind((LOCAL, 0)).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Phone {
            socket,
            codec,
            sequence: 0,
        }
    }

    fn remote(&self) -> Remote {
        Remote {
            rtp: Some(self.socket.local_addr().unwrap()),
            rtcp: None,
            send: Format::of(self.codec, Some(101)),
            receive: vec![
                (self.codec.payload(), Payload::Audio(self.codec)),
                (101, Payload::Event),
            ],
            direction: Direction::BOTH,
            symmetric: true,
            inband_digits: false,
        }
    }

    fn send(&mut self, to: &StreamHandle, frame: &Frame) {
        self.send_to(to.near(), frame);
    }

    fn send_to(&mut self, to: SocketAddr, frame: &Frame) {
        let stamp = Stamp {
            marker: false,
            sequence: self.sequence,
            timestamp: u32::from(self.sequence) * 160,
            ssrc: 5,
        };
        let mut packet = Vec::new();
        make(&mut packet, stamp, self.codec.payload());
        packet.extend(frame.iter().map(|&s| self.codec.encode(s)));
        self.socket.send_to(&packet, to).unwrap();
        self.sequence += 1;
    }

    fn hear(&self) -> (Header, Vec<i16>, SocketAddr) {
        let mut buffer = [0; 2_048];
        let (length, from) = self
            .socket
            .recv_from(&mut buffer)
            .expect("a packet in time");
        let header = Header::read(&buffer[..length]).unwrap();
        let audio = buffer[header.body.clone()]
            .iter()
            .map(|&b| self.codec.decode(b))
            .collect();
        (header, audio, from)
    }
}

#[test]
fn two_phones_with_different_laws_hear_each_other() {
    let media = media(20, 1);
    let ((tell_a, _a), (tell_b, _b)) = (listener(), listener());
    let a = media.open(LOCAL, None, tell_a).unwrap();
    let b = media.open(LOCAL, Some(&a), tell_b).unwrap();
    let (mut one, mut two) = (Phone::new(Codec::Pcmu), Phone::new(Codec::Pcma));
    a.remote(one.remote());
    b.remote(two.remote());
    a.connect(&b, Digits::Pass, Digits::Pass);
    let (mut low, mut high) = (
        Generator::new(Tone::Sine(440)),
        Generator::new(Tone::Sine(1_000)),
    );
    let (mut at_one, mut at_two) = (Vec::new(), Vec::new());
    for _ in 0..50 {
        one.send(&a, &low.frame());
        let (header, audio, from) = two.hear();
        assert_eq!((header.payload, from), (8, b.near()));
        at_two.extend(audio);
        two.send(&b, &high.frame());
        let (header, audio, from) = one.hear();
        assert_eq!((header.payload, from), (0, a.near()));
        at_one.extend(audio);
    }
    for (heard, hertz) in [(at_two, 440.0), (at_one, 1_000.0)] {
        let heard = measure(&heard);
        assert!(
            (heard.hertz - hertz).abs() <= 1.0 && heard.purity > 0.95,
            "{heard:?}"
        );
    }
}

#[test]
fn our_own_streams_talk_to_each_other_and_one_hears_the_echo() {
    let media = media(20, 1);
    let (tell, events) = listener();
    let phone = media.open(LOCAL, None, tell).unwrap();
    let (tell, echo_events) = listener();
    let echo = media.open(LOCAL, None, tell).unwrap();
    let remote = |to: &StreamHandle| Remote {
        rtp: Some(to.near()),
        ..Phone::new(Codec::Pcma).remote()
    };
    phone.remote(remote(&echo));
    echo.remote(remote(&phone));
    echo.echo(true);
    phone.tone(Tone::Sine(425));
    phone.measure(Duration::from_millis(600));
    let heard = wait(&events, |e| {
        if let Event::Heard(heard) = e {
            Some(heard)
        } else {
            None
        }
    });
    assert!(
        (heard.hertz - 425.0).abs() <= 1.0 && heard.samples > 800,
        "{heard:?}"
    );
    phone.stop();
    phone.send_digit(b'4', Duration::from_millis(80));
    phone.send_digit(b'#', Duration::from_millis(80));
    for expected in [b'4', b'#'] {
        let digit = wait(&echo_events, |e| {
            if let Event::Digit { digit, .. } = e {
                Some(digit)
            } else {
                None
            }
        });
        assert_eq!(digit, expected);
    }
    let digit = wait(&events, |e| {
        if let Event::Digit { digit, .. } = e {
            Some(digit)
        } else {
            None
        }
    });
    assert_eq!(digit, b'4', "the digit comes back, too");
    phone.stats();
    let stats = wait(&events, |e| {
        if let Event::Stats(stats) = e {
            Some(stats)
        } else {
            None
        }
    });
    assert!(
        stats.sent > 20 && stats.received > 10 && stats.sending_to == Some(echo.near()),
        "{stats:?}"
    );
}

struct Clip(u32);

impl Frames for Clip {
    fn next(&mut self) -> Next {
        if self.0 == 0 {
            return Next::End;
        }
        self.0 -= 1;
        Next::Frame(Box::new([1_000; 160]))
    }
}

#[test]
fn a_prompt_plays_to_its_end_even_if_nobody_listens() {
    let media = media(20, 1);
    let (tell, events) = listener();
    let stream = media.open(LOCAL, None, tell).unwrap();
    let play = stream.play_audio(Box::new(Clip(5)));
    let ended = wait(&events, |e| {
        if let Event::Played { id, end } = e {
            Some((id, end))
        } else {
            None
        }
    });
    assert_eq!(ended, (play, PlayEnd::Finished));
}

#[test]
fn a_range_of_five_pairs_carries_two_relayed_calls() {
    assert_eq!(
        Carries::of(16_384, 16_394, 1),
        Carries {
            streams: 5,
            calls: 2
        }
    );
    let media = media(5, 1);
    assert_eq!(
        media.carries(),
        Carries {
            streams: 5,
            calls: 2
        }
    );
    // Somebody else sits on one of the RTCP ports, perhaps; then one stream fewer fits.
    let mut open: Vec<StreamHandle> = std::iter::from_fn(|| media.open(LOCAL, None, listener().0))
        .take(100)
        .collect();
    assert!((1..=5).contains(&open.len()), "{}", open.len());
    assert!(
        open.iter()
            .all(|s| s.near().port() % 2 == 0 && s.near().ip() == LOCAL)
    );
    let mut ports: Vec<u16> = open.iter().map(|s| s.near().port()).collect();
    ports.dedup();
    assert_eq!(ports.len(), open.len());
    assert!(media.open(LOCAL, None, listener().0).is_none());
    // What is closed can be opened again, on the same ports: they are the only free ones.
    let port = open.remove(0).near().port();
    let again = (0..1_000)
        .find_map(|_| {
            std::thread::sleep(Duration::from_millis(5));
            media.open(LOCAL, None, listener().0)
        })
        .expect("a freed pair");
    assert_eq!(again.near().port(), port);
}

#[test]
fn ports_of_other_programs_are_skipped() {
    let media = media(3, 1);
    let first = media.open(LOCAL, None, listener().0).unwrap();
    let taken = UdpSocket::bind((LOCAL, first.near().port() + 3)); // the RTCP port of the next pair
    let second = media.open(LOCAL, None, listener().0).unwrap();
    if taken.is_ok() {
        assert_ne!(second.near().port(), first.near().port() + 2);
    }
}

#[test]
fn streams_of_one_call_share_a_worker() {
    let media = media(40, 4);
    assert_eq!(
        media.carries(),
        Carries {
            streams: 40,
            calls: 20
        }
    );
    let (tell_a, tell_b) = (listener().0, listener().0);
    let a = media.open(LOCAL, None, tell_a).unwrap();
    let b = media.open(LOCAL, Some(&a), tell_b).unwrap();
    let (mut one, two) = (Phone::new(Codec::Pcmu), Phone::new(Codec::Pcmu));
    a.remote(one.remote());
    b.remote(two.remote());
    a.connect(&b, Digits::Pass, Digits::Pass);
    one.send(&a, &[500; 160]);
    assert_eq!(two.hear().1.len(), 160);
}

#[test]
fn an_address_that_is_not_ours_opens_nothing() {
    let media = media(4, 1);
    assert!(
        media
            .open("192.0.2.77".parse().unwrap(), None, listener().0)
            .is_none()
    );
    assert!(
        media.open(LOCAL, None, listener().0).is_some(),
        "and takes no port away"
    );
}

#[test]
fn a_phone_on_ipv6_talks_to_one_on_ipv4() {
    let six = IpAddr::V6(std::net::Ipv6Addr::LOCALHOST);
    let Ok(socket) = UdpSocket::bind((six, 0)) else {
        eprintln!("SKIPPED: this machine has no IPv6 on loopback");
        return;
    };
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let media = media(4, 1);
    let any = IpAddr::V6(std::net::Ipv6Addr::UNSPECIFIED); // takes both families
    let a = media.open(any, None, listener().0).unwrap();
    let b = media.open(any, Some(&a), listener().0).unwrap();
    let (mut one, mut two) = (
        Phone {
            socket,
            codec: Codec::Pcmu,
            sequence: 0,
        },
        Phone::new(Codec::Pcmu),
    );
    a.remote(one.remote());
    b.remote(two.remote());
    a.connect(&b, Digits::Pass, Digits::Pass);
    one.send_to((six, a.near().port()).into(), &[700; 160]);
    assert_eq!(two.hear().1.len(), 160);
    two.send_to((LOCAL, b.near().port()).into(), &[700; 160]);
    assert_eq!(one.hear().1.len(), 160);
}
