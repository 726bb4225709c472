//! Offers and answers: what is agreed on, hold, what must stay the same, and that an answer always fits its offer.

use std::net::SocketAddr;

use proptest::prelude::*;
use strowger_runtime::sip::session::{
    Agreed, Audio, Codec, Direction, PCMA, PCMU, Refused, Session, Terms,
};

const NEAR: &str = "192.0.2.1:16384";

fn near() -> SocketAddr {
    NEAR.parse().unwrap()
}

fn sdp(lines: &str) -> Vec<u8> {
    let body: String = lines
        .split_whitespace()
        .map(|l| l.replace('~', " ") + "\r\n")
        .collect();
    format!("v=0\r\no=- 1 1 IN IP4 10.0.0.7\r\ns=-\r\nc=IN IP4 10.0.0.7\r\nt=0 0\r\n{body}")
        .into_bytes()
}

fn answer(session: &mut Session, offer: &[u8], terms: &Terms) -> (String, Agreed) {
    let (text, agreed) = session
        .answer(offer, terms, near(), Direction::BOTH)
        .unwrap();
    (String::from_utf8(text).unwrap(), agreed)
}

fn rows(text: &str, start: &str) -> Vec<String> {
    text.lines()
        .filter(|l| l.starts_with(start))
        .map(str::to_owned)
        .collect()
}

fn audio(agreed: Agreed) -> Audio {
    agreed.audio.unwrap()
}

#[test]
fn an_ordinary_call() {
    let offer = sdp(
        "m=audio~40000~RTP/AVP~9~8~0~101 a=rtpmap:9~G722/8000 a=rtpmap:8~PCMA/8000 a=rtpmap:101~telephone-event/8000 a=ptime:30",
    );
    let (text, agreed) = answer(&mut Session::new(77), &offer, &Terms::default());
    insta::assert_snapshot!(text, @r"
    v=0
    o=- 77 77 IN IP4 192.0.2.1
    s=-
    c=IN IP4 192.0.2.1
    t=0 0
    m=audio 16384 RTP/AVP 8 0 101
    a=rtpmap:8 PCMA/8000
    a=rtpmap:0 PCMU/8000
    a=rtpmap:101 telephone-event/8000
    a=fmtp:101 0-15
    a=ptime:20
    a=sendrecv
    ");
    assert_eq!(agreed.declined, Vec::<String>::new());
    let a = audio(agreed);
    assert_eq!(a.rtp, Some("10.0.0.7:40000".parse().unwrap()));
    assert_eq!(
        (a.codec, a.payload, a.event, a.receive_event),
        (PCMA, 8, Some(101), Some(101))
    );
    assert_eq!(
        (a.receive, a.ptime, a.direction, a.rtcp),
        (vec![(8, PCMA), (0, PCMU)], Some(30), Direction::BOTH, None)
    );
}

#[test]
fn our_order_and_a_single_codec_if_the_account_wants_them() {
    let offer = sdp("m=audio~4000~RTP/AVP~8~0");
    let terms = |our_order, single| Terms {
        our_order,
        single,
        ..Terms::default()
    };
    let codecs = |t: &Terms| rows(&answer(&mut Session::new(1), &offer, t).0, "m=").join("");
    assert_eq!(codecs(&terms(false, false)), "m=audio 16384 RTP/AVP 8 0");
    assert_eq!(codecs(&terms(true, false)), "m=audio 16384 RTP/AVP 0 8");
    assert_eq!(codecs(&terms(false, true)), "m=audio 16384 RTP/AVP 8");
    let only_alaw = Terms {
        codecs: vec![PCMA],
        ..Terms::default()
    };
    assert_eq!(codecs(&only_alaw), "m=audio 16384 RTP/AVP 8");
}

#[test]
fn every_line_is_answered_in_its_place() {
    let offer = sdp(
        "m=video~5000~RTP/AVP~96 a=rtpmap:96~H264/90000 m=audio~6000~RTP/SAVP~0 m=audio~4000~RTP/AVPF~96~0~97 \
         a=rtpmap:96~opus/48000/2 a=rtpmap:97~telephone-event/8000 a=rtcp-fb:*~nack a=candidate:1~1~UDP~1~10.0.0.7~4000~typ~host \
         m=audio~7000~RTP/AVP~8 m=image~0~udptl~t38 m=application~9~UDP/DTLS/SCTP~webrtc-datachannel",
    );
    let (text, agreed) = answer(&mut Session::new(1), &offer, &Terms::default());
    assert_eq!(
        rows(&text, "m="),
        [
            "m=video 0 RTP/AVP 96",
            "m=audio 0 RTP/SAVP 0",
            "m=audio 16384 RTP/AVPF 0 97",
            "m=audio 0 RTP/AVP 8",
            "m=image 0 udptl t38",
            "m=application 0 UDP/DTLS/SCTP webrtc-datachannel"
        ]
    );
    assert_eq!(agreed.declined, ["video", "audio", "audio", "application"]);
    let a = audio(agreed);
    assert_eq!(
        (a.codec, a.event, a.rtp.unwrap().port()),
        (PCMU, Some(97), 4000)
    );
}

#[test]
fn refusals() {
    let refuse = |text: &[u8]| {
        Session::new(1)
            .answer(text, &Terms::default(), near(), Direction::BOTH)
            .unwrap_err()
    };
    assert_eq!(
        refuse(&sdp("m=audio~4000~RTP/AVP~9~18")),
        Refused::NothingInCommon
    );
    assert_eq!(
        refuse(&sdp("m=video~4000~RTP/AVP~0")),
        Refused::NothingInCommon
    );
    assert_eq!(
        refuse(&sdp("m=audio~4000~RTP/AVP~0 a=rtpmap:0~PCMU/16000")),
        Refused::NothingInCommon
    );
    assert_eq!(
        refuse(&sdp("m=audio~4000~RTP/AVP~96 a=rtpmap:96~PCMU/8000/2")),
        Refused::NothingInCommon
    );
    for text in [
        &b""[..],
        b"hello",
        b"v=1\r\n",
        b"m=audio 1 RTP/AVP 0\r\n",
        b"v=0\r\nm=audio x RTP/AVP 0\r\n",
        b"v=0\r\nm=audio\r\n",
    ] {
        assert_eq!(
            refuse(text),
            Refused::Malformed,
            "{}",
            String::from_utf8_lossy(text)
        );
    }
    assert_eq!(
        (
            Refused::Malformed.status(),
            Refused::NothingInCommon.status()
        ),
        (400, 488)
    );
    assert_eq!(Session::new(1).accept(&sdp("")), Err(Refused::NotAsked));
}

#[test]
fn mistakes_in_lines_that_we_do_not_need_harm_no_call() {
    let offer = b"v=0\no=J\xf6rg x y\ns=\xff\nb=nonsense\nt=-1\nz\n =x\nc=IN IP6 2001:db8::7\nm=audio 4000 RTP/AVP 0\n";
    let (_, agreed) = answer(&mut Session::new(1), offer, &Terms::default());
    assert_eq!(
        audio(agreed).rtp,
        Some("[2001:db8::7]:4000".parse().unwrap())
    );
}

#[test]
fn addresses() {
    let of = |lines: &str| {
        let a = audio(answer(&mut Session::new(1), &sdp(lines), &Terms::default()).1);
        (a.rtp.map(|a| a.to_string()), a.rtcp.map(|a| a.to_string()))
    };
    let some = |t: &str| Some(t.to_owned());
    assert_eq!(
        of("m=audio~4000~RTP/AVP~0 c=IN~IP4~10.0.0.9"),
        (some("10.0.0.9:4000"), None)
    );
    assert_eq!(
        of("m=audio~4000~RTP/AVP~0 a=rtcp:4007"),
        (some("10.0.0.7:4000"), some("10.0.0.7:4007"))
    );
    assert_eq!(
        of("m=audio~4000~RTP/AVP~0 a=rtcp:4007~IN~IP4~10.0.0.8"),
        (some("10.0.0.7:4000"), some("10.0.0.8:4007"))
    );
    assert_eq!(
        of("m=audio~4000~RTP/AVP~0 c=IN~IP4~host.example.com"),
        (None, None)
    );
    let six = Session::new(1).offer(
        &Terms::default(),
        "[2001:db8::1]:5004".parse().unwrap(),
        Direction::BOTH,
    );
    let six = String::from_utf8(six).unwrap();
    assert_eq!(rows(&six, "c="), ["c=IN IP6 2001:db8::1"]);
    assert!(six.contains("o=- 1 1 IN IP6 2001:db8::1\r\n"));
}

#[test]
fn hold_in_its_three_ways_and_back() {
    let mut s = Session::new(5);
    let mut said = Vec::new();
    for lines in [
        "m=audio~4000~RTP/AVP~0",
        "m=audio~4000~RTP/AVP~0 a=sendonly",
        "m=audio~4000~RTP/AVP~0 a=inactive",
        "m=audio~4000~RTP/AVP~0 c=IN~IP4~0.0.0.0",
        "m=audio~4000~RTP/AVP~0 a=recvonly",
        "a=sendonly m=audio~4000~RTP/AVP~0",
        "m=audio~4000~RTP/AVP~0 a=sendrecv",
    ] {
        let (text, agreed) = answer(&mut s, &sdp(lines), &Terms::default());
        let a = audio(agreed);
        let version = rows(&text, "o=")[0].split(' ').nth(2).unwrap().to_owned();
        said.push((
            version,
            text.lines().last().unwrap().to_owned(),
            a.is_held(),
            a.direction.receive,
            a.rtp.is_some(),
        ));
    }
    let row =
        |v: &str, a: &str, held, receive, rtp| (v.to_owned(), a.to_owned(), held, receive, rtp);
    assert_eq!(
        said,
        [
            row("5", "a=sendrecv", false, true, true),
            row("6", "a=recvonly", true, true, true),
            row("7", "a=inactive", true, false, true),
            row("8", "a=recvonly", true, true, false),
            row("9", "a=sendonly", false, false, true),
            row("10", "a=recvonly", true, true, true),
            row("11", "a=sendrecv", false, true, true),
        ]
    );
}

#[test]
fn we_hold_and_they_agree() {
    let mut s = Session::new(5);
    s.offer(&Terms::default(), near(), Direction::BOTH);
    s.accept(&sdp("m=audio~4000~RTP/AVP~0")).unwrap();
    let offer =
        String::from_utf8(s.offer(&Terms::default(), near(), Direction::SEND_ONLY)).unwrap();
    assert_eq!(offer.lines().last(), Some("a=sendonly"));
    let a = audio(s.accept(&sdp("m=audio~4000~RTP/AVP~0 a=recvonly")).unwrap());
    assert_eq!(a.direction, Direction::SEND_ONLY);
    // A phone that answers sendrecv to sendonly has not understood; we still take nothing.
    let a = audio(s.accept(&sdp("m=audio~4000~RTP/AVP~0")).unwrap());
    assert_eq!(a.direction, Direction::SEND_ONLY);
}

#[test]
fn the_version_grows_only_with_the_text() {
    let mut s = Session::new(u64::MAX);
    let first = s.offer(&Terms::default(), near(), Direction::BOTH);
    assert_eq!(s.offer(&Terms::default(), near(), Direction::BOTH), first);
    let other = String::from_utf8(s.offer(
        &Terms::default(),
        "192.0.2.1:17000".parse().unwrap(),
        Direction::BOTH,
    ))
    .unwrap();
    assert_eq!(
        rows(&other, "o="),
        ["o=- 2147483647 2147483648 IN IP4 192.0.2.1"]
    );
    // The answer to their re-INVITE continues the same session.
    let (text, _) = answer(&mut s, &sdp("m=audio~4000~RTP/AVP~0"), &Terms::default());
    assert_eq!(
        rows(&text, "o="),
        ["o=- 2147483647 2147483649 IN IP4 192.0.2.1"]
    );
}

#[test]
fn our_offer_and_their_answer() {
    let mut s = Session::new(9);
    let offer = String::from_utf8(s.offer(&Terms::default(), near(), Direction::BOTH)).unwrap();
    assert_eq!(rows(&offer, "m="), ["m=audio 16384 RTP/AVP 0 8 101"]);
    // Other numbers in the answer are theirs to choose: we send with theirs and receive with ours.
    let a = audio(
        s.accept(&sdp(
            "m=audio~4000~RTP/AVP~8~96 a=rtpmap:96~telephone-event/8000",
        ))
        .unwrap(),
    );
    assert_eq!((a.codec, a.payload, a.event), (PCMA, 8, Some(96)));
    assert_eq!(
        (a.receive, a.receive_event),
        (vec![(0, PCMU), (8, PCMA)], Some(101))
    );
    // A 183 said A-law, the 200 says µ-law.
    assert_eq!(
        audio(s.accept(&sdp("m=audio~4000~RTP/AVP~0")).unwrap()).codec,
        PCMU
    );
    assert_eq!(
        s.accept(&sdp("m=audio~4000~RTP/AVP~9")),
        Err(Refused::NothingInCommon)
    );
    assert_eq!(s.accept(&sdp("")), Err(Refused::NothingInCommon));
    assert_eq!(s.accept(&sdp("m=audio~0~RTP/AVP~0")).unwrap().audio, None);
}

#[test]
fn a_codec_lock_is_answered_with_the_one_codec() {
    let mut s = Session::new(9);
    s.offer(&Terms::default(), near(), Direction::BOTH);
    s.accept(&sdp(
        "m=audio~4000~RTP/AVP~0~8~101 a=rtpmap:101~telephone-event/8000",
    ))
    .unwrap();
    let (text, agreed) = answer(
        &mut s,
        &sdp("m=audio~4000~RTP/AVP~8~101 a=rtpmap:101~telephone-event/8000"),
        &Terms::default(),
    );
    assert_eq!(rows(&text, "m="), ["m=audio 16384 RTP/AVP 8 101"]);
    let a = audio(agreed);
    assert_eq!((a.codec, a.receive), (PCMA, vec![(8, PCMA)]));
}

#[test]
fn without_events_none_are_offered_or_taken() {
    let terms = Terms {
        events: false,
        ..Terms::default()
    };
    let mut s = Session::new(9);
    let offer = String::from_utf8(s.offer(&terms, near(), Direction::BOTH)).unwrap();
    assert!(!offer.contains("telephone-event"));
    let theirs = sdp("m=audio~4000~RTP/AVP~0~101 a=rtpmap:101~telephone-event/8000");
    assert_eq!(audio(s.accept(&theirs).unwrap()).event, None);
    let (text, agreed) = answer(&mut Session::new(1), &theirs, &terms);
    assert_eq!(rows(&text, "m="), ["m=audio 16384 RTP/AVP 0"]);
    assert_eq!(audio(agreed).event, None);
}

#[test]
fn lines_never_vanish_from_our_offers() {
    let mut s = Session::new(9);
    answer(
        &mut s,
        &sdp("m=video~5000~RTP/AVP~96 m=audio~4000~RTP/AVP~8~97 a=rtpmap:97~telephone-event/8000"),
        &Terms::default(),
    );
    let offer = String::from_utf8(s.offer(&Terms::default(), near(), Direction::BOTH)).unwrap();
    assert_eq!(
        rows(&offer, "m="),
        ["m=video 0 RTP/AVP 96", "m=audio 16384 RTP/AVP 0 8 97"]
    );
    let a = audio(
        s.accept(&sdp("m=video~0~RTP/AVP~96 m=audio~4000~RTP/AVP~8"))
            .unwrap(),
    );
    assert_eq!(a.codec, PCMA);
    // They close the audio, we open it again in its place.
    let (text, agreed) = answer(
        &mut s,
        &sdp("m=video~0~RTP/AVP~96 m=audio~0~RTP/AVP~8"),
        &Terms::default(),
    );
    assert_eq!(
        (rows(&text, "m="), agreed.audio),
        (
            vec!["m=video 0 RTP/AVP 96".into(), "m=audio 0 RTP/AVP 8".into()],
            None
        )
    );
    let offer = String::from_utf8(s.offer(&Terms::default(), near(), Direction::BOTH)).unwrap();
    assert_eq!(
        rows(&offer, "m="),
        ["m=video 0 RTP/AVP 96", "m=audio 16384 RTP/AVP 0 8 97"]
    );
}

#[test]
fn a_refused_offer_leaves_the_session_as_it_was() {
    let mut s = Session::new(9);
    let (before, _) = answer(&mut s, &sdp("m=audio~4000~RTP/AVP~8"), &Terms::default());
    assert!(
        s.answer(
            &sdp("m=audio~4000~RTP/AVP~9 m=video~1~RTP/AVP~2"),
            &Terms::default(),
            near(),
            Direction::BOTH
        )
        .is_err()
    );
    let (after, _) = answer(&mut s, &sdp("m=audio~4000~RTP/AVP~8"), &Terms::default());
    assert_eq!(before, after);
}

#[test]
fn other_codecs_get_numbers_of_their_own() {
    const OPUS: Codec = Codec {
        name: "opus",
        rate: 48_000,
        payload: None,
    };
    const SPEEX: Codec = Codec {
        name: "speex",
        rate: 8_000,
        payload: None,
    };
    let terms = Terms {
        codecs: vec![OPUS, SPEEX, PCMU],
        ..Terms::default()
    };
    let mut s = Session::new(9);
    answer(
        &mut s,
        &sdp("m=audio~4000~RTP/AVP~0~97 a=rtpmap:97~telephone-event/8000"),
        &terms,
    );
    let offer = String::from_utf8(s.offer(&terms, near(), Direction::BOTH)).unwrap();
    assert_eq!(rows(&offer, "m="), ["m=audio 16384 RTP/AVP 96 98 0 97"]);
}

#[test]
fn an_account_without_codecs_offers_a_closed_line() {
    let terms = Terms {
        codecs: Vec::new(),
        ..Terms::default()
    };
    let mut s = Session::new(9);
    let offer = String::from_utf8(s.offer(&terms, near(), Direction::BOTH)).unwrap();
    assert_eq!(rows(&offer, "m="), ["m=audio 0 RTP/AVP 0"]);
    assert_eq!(
        s.answer(
            &sdp("m=audio~4000~RTP/AVP~0"),
            &terms,
            near(),
            Direction::BOTH
        ),
        Err(Refused::NothingInCommon)
    );
}

fn media() -> impl Strategy<Value = String> {
    let kind = prop::sample::select(vec![
        "audio",
        "audio",
        "audio",
        "video",
        "image",
        "application",
    ]);
    let proto = prop::sample::select(vec![
        "RTP/AVP",
        "RTP/AVP",
        "RTP/AVPF",
        "RTP/SAVP",
        "UDP/TLS/RTP/SAVPF",
        "udptl",
    ]);
    let port = prop_oneof![1 => Just(0u16), 5 => 1u16..=65_535];
    let map = (
        0u8..128,
        prop::sample::select(vec![
            "PCMU/8000",
            "pcma/8000/1",
            "opus/48000/2",
            "telephone-event/8000",
            "G722/8000",
        ]),
    );
    let formats = prop::collection::vec(prop_oneof![Just(0u8), Just(8), 0u8..140], 1..6);
    let extra = prop::sample::select(vec![
        "",
        "a=sendonly\r\n",
        "a=inactive\r\n",
        "a=recvonly\r\n",
        "c=IN IP4 0.0.0.0\r\n",
        "a=rtcp-mux\r\n",
        "a=ptime:x\r\n",
    ]);
    (
        kind,
        port,
        proto,
        formats,
        prop::collection::vec(map, 0..5),
        extra,
    )
        .prop_map(|(kind, port, proto, formats, maps, extra)| {
            let formats: Vec<String> = formats.iter().map(u8::to_string).collect();
            let maps: String = maps
                .iter()
                .map(|(n, m)| format!("a=rtpmap:{n} {m}\r\n"))
                .collect();
            format!(
                "m={kind} {port} {proto} {}\r\n{maps}{extra}",
                formats.join(" ")
            )
        })
}

fn lines_of(text: &[u8]) -> Vec<(String, String, Vec<String>)> {
    sdp_types::Session::parse(text)
        .unwrap()
        .medias
        .into_iter()
        .map(|m| {
            (
                m.media,
                m.port.to_string(),
                m.fmt.split(' ').map(str::to_owned).collect(),
            )
        })
        .collect()
}

proptest! {
    #[test]
    fn an_answer_fits_its_offer(
        lines in prop::collection::vec(media(), 0..6),
        our_order in any::<bool>(), single in any::<bool>(), events in any::<bool>(),
    ) {
        let offer = [sdp(""), lines.concat().into_bytes()].concat();
        let terms = Terms { our_order, single, events, ..Terms::default() };
        let mut session = Session::new(3);
        if let Ok((text, agreed)) = session.answer(&offer, &terms, near(), Direction::BOTH) {
            let (asked, said) = (lines_of(&offer), lines_of(&text));
            prop_assert_eq!(asked.len(), said.len());
            let mut open = 0;
            for (a, s) in asked.iter().zip(&said) {
                prop_assert_eq!(&a.0, &s.0);
                prop_assert!(s.2.iter().all(|f| a.2.contains(f)), "{:?} {:?}", a, s);
                prop_assert!(a.1 != "0" || s.1 == "0");
                open += usize::from(s.1 != "0");
            }
            prop_assert_eq!(open, usize::from(agreed.audio.is_some()));
            if let Some(a) = agreed.audio {
                prop_assert!(a.receive.contains(&(a.payload, a.codec)));
                prop_assert!(events || a.event.is_none());
                prop_assert_eq!(a.event, a.receive_event);
                prop_assert!(!single || a.receive.len() == 1);
            }
            // The same offer again gives the same bytes; our own reader takes what we wrote.
            prop_assert_eq!(&session.answer(&offer, &terms, near(), Direction::BOTH).unwrap().0, &text);
            let mut caller = Session::new(4);
            caller.offer(&terms, near(), Direction::BOTH);
            let _ = caller.accept(&text);
        }
    }

    #[test]
    fn two_of_us_always_agree(
        ours in prop::sample::subsequence(vec![PCMU, PCMA], 1..=2).prop_shuffle(),
        theirs in prop::sample::subsequence(vec![PCMU, PCMA], 1..=2).prop_shuffle(),
        events in any::<(bool, bool)>(), our_order in any::<bool>(), hold in any::<(bool, bool)>(),
    ) {
        let a = Terms { codecs: ours.clone(), events: events.0, ..Terms::default() };
        let b = Terms { codecs: theirs.clone(), events: events.1, our_order, ..Terms::default() };
        let (mut caller, mut callee) = (Session::new(1), Session::new(2));
        let way = Direction { send: hold.0, receive: hold.1 };
        let offer = caller.offer(&a, near(), way);
        match callee.answer(&offer, &b, "198.51.100.2:4000".parse().unwrap(), Direction::BOTH) {
            Err(e) => {
                prop_assert_eq!(e, Refused::NothingInCommon);
                prop_assert!(!ours.iter().any(|c| theirs.contains(c)));
            }
            Ok((text, there)) => {
                let (here, there) = (audio(caller.accept(&text).unwrap()), audio(there));
                prop_assert_eq!(here.codec, there.codec);
                prop_assert_eq!(here.event, there.event);
                prop_assert_eq!(here.event.is_some(), events.0 && events.1);
                prop_assert_eq!((here.direction.send, here.direction.receive), (there.direction.receive, there.direction.send));
                prop_assert_eq!(here.direction, way);
                prop_assert!(here.receive.contains(&(there.payload, there.codec)));
                prop_assert_eq!((here.rtp, there.rtp), (Some("198.51.100.2:4000".parse().unwrap()), Some(near())));
            }
        }
    }

    #[test]
    fn no_bytes_make_it_fall(bytes in prop::collection::vec(any::<u8>(), 0..400), head in any::<bool>()) {
        let text = if head { [sdp("m=audio~4000~RTP/AVP~0"), bytes].concat() } else { bytes };
        let mut s = Session::new(1);
        let _ = s.answer(&text, &Terms::default(), near(), Direction::BOTH);
        s.offer(&Terms::default(), near(), Direction::BOTH);
        let _ = s.accept(&text);
    }
}
