//! Random bytes and mutated messages: nothing panics, what is read can be written, what is written can be read.

use std::sync::LazyLock;

use bytes::Bytes;
use proptest::prelude::*;
use strowger_runtime::sip::digest::{Challenge, Credentials};
use strowger_runtime::sip::{
    Message, Method, Name, NameAddr, Served, SipUri, Uri, Via, Writer, verdict,
};

use crate::{ours, rfc};

const NOTHING: Served = Served {
    methods: &Method::KNOWN,
    schemes: &[],
    extensions: &[],
    sessions: &["application/sdp"],
    texts: &["text/plain"],
};

/// Reads everything that there is to read.
fn read_all(m: &Message) {
    let _ = (
        m.uri(),
        m.via(),
        m.from(),
        m.to(),
        m.cseq(),
        m.call_id(),
        m.max_forwards(),
        m.contacts().is_ok(),
        m.contact(),
    );
    let _ = (
        m.expires(),
        m.content_type(),
        m.sdp(),
        m.reason(),
        m.method(),
        m.body_bytes(),
        m.named(b"X-Any"),
    );
    for name in [
        Name::Route,
        Name::RecordRoute,
        Name::ReferTo,
        Name::PAssertedIdentity,
    ] {
        for a in m.addresses(name).into_iter().flatten() {
            let _ = (
                a.display(),
                a.uri(),
                a.tag(),
                a.expires(),
                a.q(),
                a.params.iter().count(),
            );
        }
    }
    for via in m.vias().flatten() {
        let _ = (via.received(), via.rport(), via.unique_branch());
    }
    let _ = (
        m.tokens(Name::Require).count(),
        m.seconds(Name::RetryAfter),
        Challenge::all(m).len(),
    );
    let _ = m
        .all(Name::Authorization)
        .filter_map(Credentials::parse)
        .count();
    let _ = (verdict::check(m), NOTHING.check(m));
}

/// Read once, not for every case.
static MESSAGES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let mut all = ours();
    all.extend(rfc("rfc4475").unwrap_or_default());
    all.into_iter().map(|(_, b)| b).collect()
});

#[derive(Debug, Clone)]
enum Edit {
    Put(prop::sample::Index, u8),
    Insert(prop::sample::Index, Vec<u8>),
    Cut(prop::sample::Index, prop::sample::Index),
    Double(prop::sample::Index, prop::sample::Index),
}

fn edit() -> impl Strategy<Value = Edit> {
    let at = any::<prop::sample::Index>;
    let byte = prop_oneof![
        any::<u8>(),
        prop::sample::select(b"\r\n \t:;,<>\"@%=?[]\\*\0".to_vec())
    ];
    let text = prop::sample::select(vec![
        &b"\r\n"[..],
        b"\r\n ",
        b"\"",
        b"<",
        b";;",
        b"%00",
        b"sip:",
        b"Content-Length: 4294967297\r\n",
        b"\r\n\r\n",
    ]);
    prop_oneof![
        (at(), byte).prop_map(|(i, b)| Edit::Put(i, b)),
        (at(), text).prop_map(|(i, t)| Edit::Insert(i, t.to_vec())),
        (at(), at()).prop_map(|(i, j)| Edit::Cut(i, j)),
        (at(), at()).prop_map(|(i, j)| Edit::Double(i, j)),
    ]
}

fn apply(bytes: &mut Vec<u8>, edit: &Edit) {
    if bytes.is_empty() {
        return;
    }
    // Spans stay short so that most of a message survives.
    let span = |i: &prop::sample::Index, j: &prop::sample::Index, len: usize| {
        let from = i.index(len);
        from..(from + j.index(24)).min(len)
    };
    match edit {
        Edit::Put(i, b) => {
            let at = i.index(bytes.len());
            bytes[at] = *b;
        }
        Edit::Insert(i, text) => {
            let at = i.index(bytes.len());
            bytes.splice(at..at, text.iter().copied());
        }
        Edit::Cut(i, j) => {
            let cut = span(i, j, bytes.len());
            bytes.drain(cut);
        }
        Edit::Double(i, j) => {
            let range = span(i, j, bytes.len());
            let (at, copy) = (range.end, bytes[range].to_vec());
            bytes.splice(at..at, copy);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn mutated_messages(pick in any::<prop::sample::Index>(), edits in prop::collection::vec(edit(), 1..8)) {
        let mut bytes = pick.get(&MESSAGES).clone();
        for e in &edits {
            apply(&mut bytes, e);
        }
        if let Ok(m) = Message::parse(Bytes::from(bytes)) {
            read_all(&m);
            if m.is_request() {
                let answer = Writer::response(&m, 486, "10.0.0.1:5060".parse().unwrap(), Some(b"t")).end();
                let answer = Message::parse(answer).map_err(|e| TestCaseError::fail(e.to_string()))?;
                prop_assert_eq!(answer.status(), Some(486));
                prop_assert_eq!(answer.call_id(), m.call_id());
                if verdict::check(&m).is_ok() && m.vias().count() == 1 {
                    prop_assert_eq!(verdict::check(&answer), Ok(()));
                }
            }
        }
    }

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300), start in prop::sample::select(vec![&b""[..], b"INVITE sip:a SIP/2.0\r\n", b"SIP/2.0 200 OK\r\n"])) {
        if let Ok(m) = Message::parse(Bytes::from([start, &bytes].concat())) {
            read_all(&m);
        }
        let _ = (Uri::parse(&bytes), NameAddr::parse(&bytes), Via::parse(&bytes), Credentials::parse(&bytes), Challenge::parse(&bytes));
    }

    #[test]
    fn addresses_written_are_read_the_same(
        user in prop::option::of(prop::collection::vec(any::<u8>(), 0..12)),
        host in prop_oneof!["[a-z][a-z0-9.-]{0,12}", "10\\.[0-9]\\.0\\.1", "\\[2001:db8::[0-9a-f]{1,4}\\]"],
        port in prop::option::of(any::<u16>()),
        params in prop::sample::select(vec!["", ";lr", ";transport=TCP;x=%20", ";maddr=10.0.0.1"]),
    ) {
        let user = user.map(|u| strowger_runtime::sip::uri::escape_user(&u));
        let mut u = SipUri::new(user.as_deref(), strowger_runtime::sip::Host::parse(host.as_bytes()).unwrap(), port);
        u.params = strowger_runtime::sip::Params(params.as_bytes());
        let text = u.to_vec();
        let back = Uri::parse(&text).map_err(|e| TestCaseError::fail(e.to_string()))?;
        prop_assert_eq!(back, Uri::Sip(u));
        prop_assert!(back.same(&back));
        prop_assert_eq!(back.sip().unwrap().to_vec(), text);
    }

    #[test]
    fn an_address_that_can_be_read_equals_itself_written(text in "sips?:[ -~é]{0,30}") {
        if let Ok(u) = Uri::parse(text.as_bytes()) {
            let mut out = Vec::new();
            u.write(&mut out);
            let again = Uri::parse(&out).map_err(|e| TestCaseError::fail(format!("{text}: {e}")))?;
            prop_assert!(again.same(&u) && u.same(&again), "{} became {}", text, String::from_utf8_lossy(&out));
        }
    }

    #[test]
    fn what_is_written_is_read_the_same(
        values in prop::collection::vec((prop::sample::select(vec![Name::Subject, Name::Contact, Name::UserAgent, Name::Via, Name::Other]), prop::collection::vec(any::<u8>(), 0..40)), 0..20),
        body in prop::option::of(prop::collection::vec(any::<u8>(), 0..200)),
    ) {
        let mut w = Writer::request(Method::Other(b"PING"), b"sip:a@h");
        for (name, value) in &values {
            if *name == Name::Other { w.named(b"X-Thing", value) } else { w.header(*name, value) };
        }
        let m = Message::parse(match &body { Some(b) => w.body(b"text/plain", b), None => w.end() }).unwrap();
        let blanked = |v: &Vec<u8>| v.iter().map(|b| if matches!(b, b'\r' | b'\n') { b' ' } else { *b }).collect::<Vec<u8>>().trim_ascii().to_vec();
        let found: Vec<(Name, Vec<u8>)> = m.headers().filter(|(n, ..)| !matches!(n, Name::ContentLength | Name::ContentType)).map(|(n, _, v)| (n, v.to_vec())).collect();
        let expected: Vec<(Name, Vec<u8>)> = values.iter().map(|(n, v)| (*n, blanked(v))).collect();
        prop_assert_eq!(found, expected);
        prop_assert_eq!(m.body(), body.as_deref().unwrap_or_default());
    }
}

/// Many values in one header cost no more than their length.
#[test]
fn long_lists_are_read_in_linear_time() {
    let many = |piece: &str| piece.repeat(60_000 / piece.len());
    let head = "REGISTER sip:a@h SIP/2.0\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:a@h>\r\nCall-ID: 1\r\nCSeq: 1 REGISTER\r\n";
    for rows in [
        format!("Via: {}SIP/2.0/UDP h\r\n", many("SIP/2.0/UDP h,")),
        format!("Via: SIP/2.0/UDP h{}\r\n", many(";a")),
        format!(
            "Via: SIP/2.0/UDP h\r\nContact: <sip:a@h>{}\r\n",
            many(",<sip:a@h>")
        ),
        format!(
            "Via: SIP/2.0/UDP h\r\nContact: <sip:a@h{}>\r\n",
            many(";a=b")
        ),
        format!(
            "Via: SIP/2.0/UDP h\r\nAuthorization: Digest {}x=1\r\n",
            many("a=b,")
        ),
        format!("Via: SIP/2.0/UDP h\r\nRequire: {}\r\n", many("a,")),
        format!(
            "Via: SIP/2.0/UDP h\r\nContact: \"{}\" <sip:a@h>\r\n",
            many("\\\"")
        ),
    ] {
        let m = Message::parse(Bytes::from(format!("{head}{rows}\r\n"))).unwrap();
        read_all(&m);
        if let Ok(Some(c)) = m.contact() {
            let u = c.uri().unwrap();
            assert!(u.same(&u));
        }
    }
}
