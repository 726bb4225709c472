//! Streams cut anywhere give the same frames; what cannot be cut ends the stream.

use std::sync::LazyLock;

use bytes::Bytes;
use proptest::prelude::*;
use strowger_runtime::sip::framing::{Frame, Framer, STREAM_MESSAGE, keeps_alive};
use strowger_runtime::sip::{Message, Name, verdict};

use crate::{files, ours, rfc};

/// Feeds the pieces one by one.
fn frames<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Frame> {
    let mut framer = Framer::new();
    let mut out = Vec::new();
    for piece in pieces {
        framer.push(piece);
        while let Some(frame) = framer.frame() {
            out.push(frame);
        }
    }
    out
}

fn fatal(text: &[u8]) -> (u16, Option<Message>) {
    match frames([text]).pop() {
        Some(Frame::Fatal(f)) => {
            let answer = f
                .answer("10.0.0.1:5060".parse().unwrap(), b"t")
                .map(|a| Message::parse(a).unwrap());
            (f.fault.status, answer)
        }
        other => panic!("{other:?}"),
    }
}

/// Messages that may stand on a stream: those with a Content-Length that fits.
static STREAMABLE: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let fits = |b: &Vec<u8>| {
        let Ok(m) = Message::parse(Bytes::from(b.clone())) else {
            return false;
        };
        let length = m
            .get(Name::ContentLength)
            .and_then(|v| std::str::from_utf8(v).ok())
            .and_then(|v| v.parse().ok());
        verdict::check(&m).is_ok() && length == Some(m.body().len()) && b.ends_with(m.body())
    };
    let whole =
        |b: &Vec<u8>| matches!(frames([b.as_slice()]).as_slice(), [Frame::Message(m)] if m == b);
    let all: Vec<_> = ours().into_iter().map(|(_, b)| b).filter(fits).collect();
    assert!(all.len() > 25 && all.iter().all(whole));
    all
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_cut_gives_the_same_messages(
        picks in prop::collection::vec((any::<prop::sample::Index>(), 0usize..6), 1..6),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..40),
    ) {
        const BETWEEN: [&[u8]; 6] = [b"", b"\r\n", b"\r\n\r\n", b"\0\0", b"\r\n\r\n\r\n\r\n", b"\n\n"];
        let (mut stream, mut expected) = (Vec::new(), Vec::new());
        for (index, between) in picks {
            let message = index.get(&STREAMABLE);
            stream.extend_from_slice(BETWEEN[between]);
            expected.extend(std::iter::repeat_n(Frame::Ping, [0, 0, 1, 0, 2, 1][between]));
            stream.extend_from_slice(message);
            expected.push(Frame::Message(Bytes::from(message.clone())));
        }
        let mut at: Vec<usize> = cuts.iter().map(|c| c.index(stream.len())).collect();
        at.push(0);
        at.push(stream.len());
        at.sort_unstable();
        prop_assert_eq!(frames(at.windows(2).map(|w| &stream[w[0]..w[1]])), expected.clone());
        prop_assert_eq!(frames(stream.chunks(1)), expected);
    }

    #[test]
    fn random_streams_end_the_same_way_however_they_are_cut(
        bytes in prop::collection::vec(prop_oneof![any::<u8>(), Just(b'\n'), Just(b'\r'), Just(b':'), Just(b' ')], 0..600),
        head in prop::sample::select(vec![&b""[..], b"INVITE sip:a SIP/2.0\r\nl:5\r\n", b"SIP/2.0 200 OK\r\nContent-Length\r\n :\r\n 3\r\n"]),
        size in 1usize..50,
    ) {
        let stream = [head, &bytes].concat();
        prop_assert_eq!(frames(stream.chunks(size)), frames([stream.as_slice()]));
    }
}

#[test]
fn a_folded_content_length_counts() {
    let text = b"OPTIONS sip:a SIP/2.0\r\nContent-Length\r\n :\r\n  3\r\n\r\nabc";
    assert_eq!(
        frames([&text[..]]),
        [Frame::Message(Bytes::from_static(text))]
    );
}

#[test]
fn what_cannot_be_cut_is_answered_and_ends_the_stream() {
    let head = "INVITE sip:a@h SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:b@h>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n";
    for (rows, status) in [
        ("", 400),
        ("Content-Length: -1\r\n", 400),
        ("Content-Length: 1\r\nl: 1\r\n", 400),
        ("Content-Length: x\r\n", 400),
        ("Content-Length: 65537\r\n", 413),
        ("Content-Length: 99999999999999999999999\r\n", 400),
    ] {
        let (found, answer) = fatal(format!("{head}{rows}\r\n").as_bytes());
        assert_eq!(found, status, "{rows}");
        let answer = answer.unwrap();
        assert_eq!(
            (
                answer.status(),
                answer.call_id().unwrap(),
                answer.to().unwrap().tag()
            ),
            (Some(status), &b"1"[..], Some(&b"t"[..]))
        );
    }
    let ack = head.replace("INVITE", "ACK");
    assert!(fatal(format!("{ack}\r\n").as_bytes()).1.is_none());
    assert!(matches!(fatal(b"SIP/2.0 200 OK\r\n\r\n"), (400, None)));
    assert!(matches!(
        fatal(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        (400, None)
    ));
    // A TLS hello has no line end to wait for.
    assert!(matches!(fatal(b"\x16\x03\x01\x02\x00"), (400, None)));
    assert!(matches!(
        fatal(format!("{head}{}", "X: y\r\n".repeat(252)).as_bytes()),
        (513, None)
    ));
    let long = "x".repeat(STREAM_MESSAGE);
    assert!(matches!(
        fatal(format!("{head}X: {long}").as_bytes()),
        (513, None)
    ));
    let (status, answer) = fatal(
        format!(
            "{head}X: {}\r\nl: 65536\r\n\r\n",
            "x".repeat(STREAM_MESSAGE - 65_600)
        )
        .as_bytes(),
    );
    assert_eq!((status, answer.is_some()), (513, true));
    let mut framer = Framer::new();
    framer.push(b"\x16");
    assert!(framer.frame().is_some());
    framer.push(head.as_bytes());
    assert_eq!((framer.frame(), framer.is_waiting()), (None, false));
}

#[test]
fn a_message_without_content_length_is_for_datagrams_only() {
    let (_, bytes) = files("common")
        .into_iter()
        .find(|(n, _)| n == "missing-content-length-body")
        .unwrap();
    let (status, answer) = fatal(&bytes);
    assert_eq!((status, answer.unwrap().status()), (400, Some(400)));
    if let Some(all) = rfc("rfc4475") {
        let (_, negative) = all.into_iter().find(|(n, _)| n == "ncl").unwrap();
        assert_eq!(fatal(&negative).0, 400);
    }
}

#[test]
fn what_keeps_a_path_open_is_swallowed() {
    for alive in [&b""[..], b"\r\n\r\n", b"\0", b"\0\0\0\0", b"\r\n"] {
        assert!(keeps_alive(alive));
    }
    assert!(!keeps_alive(b"\r\nX"));
    let mut framer = Framer::new();
    framer.push(b"\r\n\0");
    assert_eq!((framer.frame(), framer.is_waiting()), (None, false));
    framer.push(b"\r\n");
    assert_eq!(framer.frame(), Some(Frame::Ping));
    framer.push(b"I");
    assert_eq!((framer.frame(), framer.is_waiting()), (None, true));
}
