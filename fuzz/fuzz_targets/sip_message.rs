//! A datagram of any bytes: read whole, judged, answered; the answer must be a message again.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use strowger_runtime::sip::digest::{Challenge, Credentials};
use strowger_runtime::sip::{Message, Name, Writer, verdict};

fuzz_target!(|data: &[u8]| {
    let Ok(m) = Message::parse(Bytes::copy_from_slice(data)) else {
        return;
    };
    let _ = (
        m.uri(),
        m.via(),
        m.from(),
        m.to(),
        m.cseq(),
        m.call_id(),
        m.max_forwards(),
        m.contacts().is_ok(),
    );
    let _ = (
        m.expires(),
        m.content_type(),
        m.sdp(),
        m.method(),
        m.addresses(Name::Route).is_ok(),
        Challenge::all(&m).len(),
    );
    let _ = m
        .all(Name::Authorization)
        .filter_map(Credentials::parse)
        .count();
    if let Ok(Some(contact)) = m.contact()
        && let Ok(uri) = contact.uri()
    {
        assert!(uri.same(&uri));
    }
    let fine = verdict::check(&m).is_ok();
    if m.is_request() {
        let source = std::net::SocketAddr::from(([192, 0, 2, 1], 5060));
        let answer = Message::parse(Writer::response(&m, 400, source, Some(b"tag")).end())
            .expect("our own answer is a message");
        assert_eq!(answer.call_id(), m.call_id());
        if fine && m.vias().count() == 1 {
            verdict::check(&answer).expect("the answer to a good request is a good response");
        }
    }
});
