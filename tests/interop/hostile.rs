//! Bad input from the network: 100 000 mutated SIP messages and RTP packets to a running exchange with a call in progress.
//!
//! Needs no other program. The mutants are the same in every run; what arrives when is not.

use crate::exchange::{Exchange, sip_conf};
use crate::{Folder, port, turn};
use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Mutated SIP messages; each fiftieth comes over TCP.
const SIP: usize = 70_000;
/// Mutated RTP and RTCP packets.
const RTP: usize = 30_000;
/// What the exchange may take at its peak. Each answered request is remembered for 32 s, as RFC 3261 wants.
const MEMORY_MIB: u64 = 256;

/// Audio of the caller, of the called phone and of a stranger: a constant byte each.
const NEAR: u8 = 0x11;
const FAR: u8 = 0x22;
const STRANGER: u8 = 0x33;
/// What the caller's own socket sends beside its audio.
const NOISE: u8 = 0x44;

/// A small generator (xorshift64*).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() >> 33) as usize % bound.max(1)
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.next() as u8).collect()
    }
}

const SDP: &str = "v=0\r\no=x 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0 8 101\r\n\
                   a=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=sendrecv\r\n";

/// A well-formed message of some kind. `who` is in From; `me` is where answers go.
fn message(dice: &mut Dice, n: usize, me: SocketAddr, exchange: &str) -> Vec<u8> {
    let who = ["near", "nlys", "nobody", "far"][dice.below(4)];
    let head = |method: &str, more: &str, body: &str| {
        format!(
            "{method} sip:900@{exchange} SIP/2.0\r\nVia: SIP/2.0/UDP {me};branch=z9hG4bKh{n};rport\r\nMax-Forwards: 70\r\n\
             From: \"{who}\" <sip:{who}@{exchange}>;tag=h{n}\r\nTo: <sip:900@{exchange}>\r\nCall-ID: h{n}@hostile\r\n\
             CSeq: {} {method}\r\nContact: <sip:{who}@{me}>\r\n{more}Content-Length: {}\r\n\r\n{body}",
            n % 1000 + 1,
            body.len()
        )
    };
    let sdp = "Content-Type: application/sdp\r\n";
    let text = match dice.below(14) {
        0 | 1 => head("INVITE", sdp, SDP),
        2 => head(
            "INVITE",
            "Supported: replaces, timer\r\nSession-Expires: 1800\r\n",
            "",
        ),
        3 => head(
            "INVITE",
            "Require: 100rel\r\nRecord-Route: <sip:127.0.0.1:9;lr>\r\n",
            "",
        ),
        4 => head("REGISTER", "Expires: 60\r\n", ""),
        5 => head(
            "REGISTER",
            "Authorization: Digest username=\"nlys\", realm=\"asterisk\", nonce=\"01a1fde8c3930000000186e0dd97411ebaaa\", \
             uri=\"sip:x\", response=\"0123456789abcdef0123456789abcdef\", algorithm=MD5, qop=auth, nc=00000001, cnonce=\"c\"\r\n",
            "",
        ),
        6 => head(
            "MESSAGE",
            "Content-Type: text/plain;charset=utf-8\r\n",
            "hello",
        ),
        7 => head("OPTIONS", "Accept: application/sdp\r\n", ""),
        8 => head("SUBSCRIBE", "Event: message-summary\r\nExpires: 60\r\n", ""),
        9 => head("BYE", "Reason: Q.850;cause=16\r\n", ""),
        10 => head("CANCEL", "", ""),
        11 => head("UPDATE", sdp, SDP),
        12 => format!(
            "SIP/2.0 200 OK\r\nv: SIP/2.0/UDP {exchange};branch=z9hG4bK{n}\r\nf: <sip:{who}@{exchange}>;tag=h{n}\r\nt: <sip:900@{exchange}>;tag=t\r\n\
             i: h{n}@hostile\r\nCSeq: 1 INVITE\r\nm: <sip:{who}@{me}>\r\nc: application/sdp\r\nl: {}\r\n\r\n{SDP}",
            SDP.len()
        ),
        _ => format!(
            "SIP/2.0 401 Unauthorized\r\nVia: SIP/2.0/UDP {exchange};branch=z9hG4bK{n}\r\nFrom: <sip:{who}@{exchange}>;tag=h{n}\r\n\
             To: <sip:900@{exchange}>;tag=t\r\nCall-ID: h{n}@hostile\r\nCSeq: 1 INVITE\r\n\
             WWW-Authenticate: Digest realm=\"x\", nonce=\"y\", qop=\"auth,auth-int\", algorithm=SHA-256\r\nContent-Length: 0\r\n\r\n"
        ),
    };
    text.into_bytes()
}

/// One change, or up to six, of the kinds that break parsers.
fn mutate(dice: &mut Dice, bytes: &mut Vec<u8>, other: &[u8]) {
    for _ in 0..=[0, 0, 0, 1, 2, 5][dice.below(6)] {
        if bytes.is_empty() {
            return;
        }
        let at = dice.below(bytes.len());
        let to = at + dice.below((bytes.len() - at).min(64));
        match dice.below(10) {
            0 => bytes[at] ^= 1 << dice.below(8),
            1 => bytes[at] = b"\0\r\n\t \"<>;:,=@%\\\x7f\x80\xff[]"[dice.below(20)],
            2 => {
                let size = dice.below(40);
                let noise = dice.bytes(size);
                bytes.splice(at..at, noise);
            }
            3 => drop(bytes.drain(at..to)),
            4 => {
                let piece = bytes[at..to].repeat(1 + dice.below(100));
                bytes.splice(at..at, piece);
            }
            5 if !other.is_empty() => {
                let from = dice.below(other.len());
                bytes.truncate(at);
                bytes.extend_from_slice(&other[from..]);
            }
            6 => {
                // A number becomes one that fits nowhere.
                if let Some(digit) = bytes[at..].iter().position(u8::is_ascii_digit) {
                    let number: &[u8] =
                        [&b"99999999999999999999"[..], b"-1", b"4294967296", b"0"][dice.below(4)];
                    bytes.splice(at + digit..=at + digit, number.iter().copied());
                }
            }
            7 => {
                // A header field many times.
                if let Some(end) = bytes[at..].windows(2).position(|w| w == b"\r\n") {
                    let start = bytes[..at]
                        .windows(2)
                        .rposition(|w| w == b"\r\n")
                        .map_or(0, |p| p + 2);
                    let line = bytes[start..at + end + 2].repeat(1 + dice.below(60));
                    bytes.splice(start..start, line);
                }
            }
            8 => bytes.truncate(at),
            _ => bytes.swap(at, to),
        }
    }
    bytes.truncate(60_000);
}

/// A field of a message, first of its name.
fn field<'a>(text: &'a str, name: &str) -> &'a str {
    text.lines()
        .find_map(|l| l.strip_prefix(name)?.strip_prefix(':'))
        .unwrap_or_default()
        .trim()
}

/// The port of the first audio line.
fn audio_port(text: &str) -> u16 {
    text.lines()
        .find_map(|l| l.strip_prefix("m=audio ")?.split(' ').next()?.parse().ok())
        .unwrap()
}

fn sdp(port: u16) -> String {
    format!(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
    )
}

/// Sends a packet of audio each 20 ms and counts what comes.
struct Audio {
    port: u16,
    socket: UdpSocket,
    /// Where to send; 0 while unknown.
    to: Arc<AtomicUsize>,
    sent: Arc<AtomicUsize>,
    /// Whole packets of the other phone.
    good: Arc<AtomicUsize>,
    /// Packets of the stranger.
    foreign: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Audio {
    fn start(own: u8, others: u8) -> Audio {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket
            .set_read_timeout(Some(Duration::from_millis(100)))
            .unwrap();
        let [to, sent, good, foreign] = std::array::from_fn(|_| Arc::new(AtomicUsize::new(0)));
        let stop = Arc::new(AtomicBool::new(false));
        let mut threads = Vec::new();
        threads.push(std::thread::spawn({
            let (socket, to, sent, stop) = (
                socket.try_clone().unwrap(),
                Arc::clone(&to),
                Arc::clone(&sent),
                Arc::clone(&stop),
            );
            move || {
                let mut sequence: u16 = 0;
                while !stop.load(Ordering::Relaxed) {
                    std::thread::sleep(Duration::from_millis(20));
                    sequence = sequence.wrapping_add(1);
                    let port = to.load(Ordering::Relaxed) as u16;
                    if port != 0
                        && socket
                            .send_to(&packet(own, sequence), ("127.0.0.1", port))
                            .is_ok()
                    {
                        sent.fetch_add(1, Ordering::Relaxed);
                    }
                }
            }
        }));
        threads.push(std::thread::spawn({
            let (socket, good, foreign, stop) = (
                socket.try_clone().unwrap(),
                Arc::clone(&good),
                Arc::clone(&foreign),
                Arc::clone(&stop),
            );
            move || {
                let mut buffer = [0; 4096];
                while !stop.load(Ordering::Relaxed) {
                    if let Ok((size, _)) = socket.recv_from(&mut buffer) {
                        let payload = buffer.get(12..size).unwrap_or_default();
                        if payload.len() == 160 && payload.iter().all(|b| *b == others) {
                            good.fetch_add(1, Ordering::Relaxed);
                        } else if payload.iter().filter(|b| **b == STRANGER).count() > 20 {
                            foreign.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                }
            }
        }));
        Audio {
            port: socket.local_addr().unwrap().port(),
            socket,
            to,
            sent,
            good,
            foreign,
            stop,
            threads,
        }
    }
}

impl Drop for Audio {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

fn packet(byte: u8, sequence: u16) -> Vec<u8> {
    let mut bytes = vec![0x80, 0];
    bytes.extend(sequence.to_be_bytes());
    bytes.extend((u32::from(sequence) * 160).to_be_bytes());
    bytes.extend([byte; 4]);
    bytes.extend([byte; 160]);
    bytes
}

/// The called phone: takes the calls that it expects, is busy for others, agrees with everything else.
struct Far {
    expected: Arc<AtomicUsize>,
    byes: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Far {
    fn start(at: u16, audio: &Audio) -> Far {
        let socket = UdpSocket::bind(("127.0.0.1", at)).unwrap();
        socket
            .set_read_timeout(Some(Duration::from_millis(100)))
            .unwrap();
        let [expected, byes] = std::array::from_fn(|_| Arc::new(AtomicUsize::new(0)));
        let stop = Arc::new(AtomicBool::new(false));
        let thread = std::thread::spawn({
            let (expected, byes, stop, to, rtp) = (
                Arc::clone(&expected),
                Arc::clone(&byes),
                Arc::clone(&stop),
                Arc::clone(&audio.to),
                audio.port,
            );
            move || {
                let mut taken: HashMap<String, bool> = HashMap::new();
                let mut buffer = vec![0; 65_536];
                while !stop.load(Ordering::Relaxed) {
                    let Ok((size, from)) = socket.recv_from(&mut buffer) else {
                        continue;
                    };
                    let text = String::from_utf8_lossy(&buffer[..size]).into_owned();
                    let (method, call) = (
                        text.split(' ').next().unwrap_or_default(),
                        field(&text, "Call-ID").to_owned(),
                    );
                    let (status, body) = match method {
                        "ACK" | "SIP/2.0" => continue,
                        "INVITE" => {
                            let take = *taken.entry(call).or_insert_with(|| {
                                expected
                                    .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| {
                                        n.checked_sub(1)
                                    })
                                    .is_ok()
                            });
                            if take {
                                to.store(usize::from(audio_port(&text)), Ordering::Relaxed);
                                ("200 OK", sdp(rtp))
                            } else {
                                ("486 Busy Here", String::new())
                            }
                        }
                        "BYE" => {
                            byes.fetch_add(
                                usize::from(taken.get(&call) == Some(&true)),
                                Ordering::Relaxed,
                            );
                            ("200 OK", String::new())
                        }
                        _ => ("200 OK", String::new()),
                    };
                    let vias: String = text
                        .lines()
                        .filter(|l| l.starts_with("Via:"))
                        .map(|l| format!("{l}\r\n"))
                        .collect();
                    let kind = if body.is_empty() {
                        ""
                    } else {
                        "Content-Type: application/sdp\r\n"
                    };
                    let tag = if field(&text, "To").contains("tag=") {
                        ""
                    } else {
                        ";tag=far"
                    };
                    let answer = format!(
                        "SIP/2.0 {status}\r\n{vias}From: {}\r\nTo: {}{tag}\r\nCall-ID: {}\r\nCSeq: {}\r\nContact: <sip:far@127.0.0.1:{at}>\r\n\
                         {kind}Content-Length: {}\r\n\r\n{body}",
                        field(&text, "From"),
                        field(&text, "To"),
                        field(&text, "Call-ID"),
                        field(&text, "CSeq"),
                        body.len()
                    );
                    let _ = socket.send_to(answer.as_bytes(), from);
                }
            }
        });
        Far {
            expected,
            byes,
            stop,
            thread: Some(thread),
        }
    }
}

impl Drop for Far {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The calling phone.
struct Near {
    socket: UdpSocket,
    exchange: String,
    calls: u32,
    /// To of the call that stands.
    to: String,
}

impl Near {
    fn request(&self, method: &str, sequence: u32, to: &str, body: &str) -> String {
        let (me, exchange, n) = (
            self.socket.local_addr().unwrap(),
            &self.exchange,
            self.calls,
        );
        let kind = if body.is_empty() {
            ""
        } else {
            "Content-Type: application/sdp\r\n"
        };
        format!(
            "{method} sip:900@{exchange} SIP/2.0\r\nVia: SIP/2.0/UDP {me};branch=z9hG4bKnear{n}{method};rport\r\nMax-Forwards: 70\r\n\
             From: <sip:near@{exchange}>;tag=near{n}\r\nTo: {to}\r\nCall-ID: near{n}\r\nCSeq: {sequence} {method}\r\n\
             Contact: <sip:near@{me}>\r\n{kind}Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }

    /// Sends a request as often as a phone would, until there is a final answer.
    fn ask(&self, request: &str, sequence: &str) -> String {
        let mut buffer = vec![0; 65_536];
        let end = Instant::now() + Duration::from_secs(16);
        let mut again = Instant::now();
        while Instant::now() < end {
            if Instant::now() >= again {
                self.socket
                    .send_to(request.as_bytes(), &self.exchange)
                    .unwrap();
                again = Instant::now() + Duration::from_secs(1);
            }
            if let Ok((size, _)) = self.socket.recv_from(&mut buffer) {
                let text = String::from_utf8_lossy(&buffer[..size]).into_owned();
                let wanted = field(&text, "CSeq") == sequence
                    && field(&text, "Call-ID") == format!("near{}", self.calls);
                if wanted && text.starts_with("SIP/2.0 ") && !text.starts_with("SIP/2.0 1") {
                    return text;
                }
            }
        }
        panic!("no answer to {sequence}");
    }

    fn call(&mut self, audio: &Audio) {
        self.calls += 1;
        let target = format!("<sip:900@{}>", self.exchange);
        let answer = self.ask(
            &self.request("INVITE", 1, &target, &sdp(audio.port)),
            "1 INVITE",
        );
        assert!(answer.starts_with("SIP/2.0 200"), "{answer}");
        self.to = field(&answer, "To").to_owned();
        let ack = self.request("ACK", 1, &self.to, "");
        self.socket.send_to(ack.as_bytes(), &self.exchange).unwrap();
        audio
            .to
            .store(usize::from(audio_port(&answer)), Ordering::Relaxed);
    }

    fn hang_up(&self) {
        let answer = self.ask(&self.request("BYE", 2, &self.to, ""), "2 BYE");
        assert!(answer.starts_with("SIP/2.0 200"), "{answer}");
    }
}

/// Waits until audio flows both ways: `count` more packets at each end.
fn flows(a: &Audio, b: &Audio, count: usize) {
    let before = (
        a.good.load(Ordering::Relaxed),
        b.good.load(Ordering::Relaxed),
    );
    let end = Instant::now() + Duration::from_secs(10);
    while a.good.load(Ordering::Relaxed) < before.0 + count
        || b.good.load(Ordering::Relaxed) < before.1 + count
    {
        assert!(Instant::now() < end, "no audio");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_hundred_thousand_mutants_harm_nothing() {
    let _turn = turn();
    let far_port = port();
    let users = format!(
        "[near]\ntype=friend\nhost=dynamic\n[far]\ntype=peer\nhost=127.0.0.1\nport={far_port}\n"
    );
    let at = port();
    let folder = Folder::new("hostile");
    folder.write("extensions.conf", "[default]\nexten => 900,1,Dial(SIP/far)\n[sms]\nexten => _X!,1,MessageSend(sip:far,${MESSAGE(from)})\n");
    folder.write("sip.conf", &sip_conf(at, &users));
    folder.write("strowger.toml", "[store]\nlocation = \"memory\"\n");
    let exchange = Exchange::quiet(folder, format!("127.0.0.1:{at}"));
    let (idle, _) = exchange.cost();

    let (near_audio, far_audio) = (Audio::start(NEAR, FAR), Audio::start(FAR, NEAR));
    let far = Far::start(far_port, &far_audio);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket
        .set_read_timeout(Some(Duration::from_millis(100)))
        .unwrap();
    let mut near = Near {
        socket,
        exchange: exchange.address(),
        calls: 0,
        to: String::new(),
    };
    far.expected.store(1, Ordering::Relaxed);
    near.call(&near_audio);
    flows(&near_audio, &far_audio, 10);

    let count = |audio: &Audio| {
        (
            audio.sent.load(Ordering::Relaxed),
            audio.good.load(Ordering::Relaxed),
        )
    };
    let before = (count(&near_audio), count(&far_audio));
    let began = Instant::now();
    let stranger = UdpSocket::bind("127.0.0.1:0").unwrap();
    let me = stranger.local_addr().unwrap();
    let ports = [&near_audio, &far_audio].map(|a| a.to.load(Ordering::Relaxed) as u16);
    stranger.set_nonblocking(true).unwrap();
    let mut answer = [0; 4096];
    let mut answers: BTreeMap<String, usize> = BTreeMap::new();
    let mut dice = Dice(0x5eed_0001);
    let mut other = Vec::new();
    for n in 0..SIP.max(RTP) {
        if n < SIP {
            let mut bytes = message(&mut dice, n, me, &exchange.address());
            let whole = bytes.clone();
            mutate(&mut dice, &mut bytes, &other);
            other = whole;
            if n % 50 == 0 {
                let mut stream = TcpStream::connect(exchange.address()).unwrap();
                let _ = stream.write_all(&bytes);
            } else {
                let _ = stranger.send_to(&bytes, exchange.address());
            }
        }
        if n < RTP {
            let mut bytes = packet(STRANGER, n as u16);
            mutate(&mut dice, &mut bytes, &[]);
            // From strangers to both ports of both sides; and from the caller's own socket, between its audio.
            let to = ports[n % 2] + u16::from(n % 10 == 0);
            if n % 3 == 0 {
                bytes
                    .iter_mut()
                    .filter(|b| **b == STRANGER)
                    .for_each(|b| *b = NOISE);
                let _ = near_audio.socket.send_to(&bytes, ("127.0.0.1", ports[0]));
            } else {
                let _ = stranger.send_to(&bytes, ("127.0.0.1", to));
            }
        }
        while let Ok(size) = stranger.recv(&mut answer) {
            let status = String::from_utf8_lossy(answer[..size].get(8..11).unwrap_or_default());
            *answers.entry(status.into_owned()).or_default() += 1;
        }
        // The exchange keeps up: an honest question between the mutants is answered.
        if n % 250 == 249 {
            near.calls += 1_000;
            let to = format!("<sip:{}>", exchange.address());
            near.ask(&near.request("OPTIONS", 9, &to, ""), "9 OPTIONS");
        }
    }
    let took = began.elapsed();
    near.calls = 1;
    flows(&near_audio, &far_audio, 50);
    let after = (count(&near_audio), count(&far_audio));
    let (memory, cpu) = exchange.cost();
    let _ = writeln!(
        std::io::stderr(),
        "{SIP} SIP and {RTP} RTP mutants in {:.1} s: peak memory {} MiB ({} MiB before), {cpu:.1} CPU s; packets of the call {} of {} and {} of {}; answers {answers:?}",
        took.as_secs_f64(),
        memory / 1024,
        idle / 1024,
        after.1.1 - before.1.1,
        after.0.0 - before.0.0,
        after.0.1 - before.0.1,
        after.1.0 - before.1.0,
    );
    // Most were understood well enough for an answer, so they did reach the inner rooms.
    assert!(answers.values().sum::<usize>() > SIP / 10, "{answers:?}");
    // The called phone's audio was not attacked at its source: what it sent must have come.
    assert!(
        (after.0.1 - before.0.1) * 100 >= (after.1.0 - before.1.0) * 90,
        "audio of the called phone was lost"
    );
    assert!(
        (after.1.1 - before.1.1) * 100 >= (after.0.0 - before.0.0) * 80,
        "audio of the caller was lost"
    );
    for audio in [&near_audio, &far_audio] {
        assert_eq!(
            audio.foreign.load(Ordering::Relaxed),
            0,
            "a stranger was heard"
        );
    }
    assert!(memory < MEMORY_MIB * 1024, "{memory} KiB");

    // The call ends as calls do, and the next one works.
    near.hang_up();
    let end = Instant::now() + Duration::from_secs(5);
    while far.byes.load(Ordering::Relaxed) == 0 {
        assert!(Instant::now() < end, "the called phone saw no BYE");
        std::thread::sleep(Duration::from_millis(20));
    }
    far.expected.store(1, Ordering::Relaxed);
    near.call(&near_audio);
    flows(&near_audio, &far_audio, 10);
    near.hang_up();
    assert!(!exchange.log().contains("panicked"), "{}", exchange.log());
    exchange.stop();
}
