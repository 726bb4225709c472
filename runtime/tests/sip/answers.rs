//! The same messages thrown at a whole stack: what leaves by the wire, and what the exchange is asked about.

use bytes::Bytes;
use strowger_runtime::sip::stack::{Event, Flow, Limits, ListenerId, Now, Protocol, Stack};
use strowger_runtime::sip::{Message, verdict};

use crate::{files, rfc};

/// What a stack without calls does with one datagram.
fn outcome(bytes: Vec<u8>) -> String {
    let flow = Flow {
        listener: ListenerId(0),
        protocol: Protocol::Udp,
        local: "198.51.100.1:5060".parse().unwrap(),
        remote: "203.0.113.9:5066".parse().unwrap(),
        connection: 0,
    };
    let mut stack = Stack::new(Limits::default(), [9; 32]);
    stack.receive(Now::default(), flow, Bytes::from(bytes));
    let mut said = Vec::new();
    while let Some(t) = stack.transmit() {
        assert_eq!(t.flow, flow);
        let answer = Message::parse(t.bytes).unwrap();
        // It passes our own reader, unless it goes back through proxies or carries back what was wrong.
        if answer.vias().count() == 1 && answer.status() != Some(400) {
            verdict::check(&answer).unwrap();
        }
        said.push(answer.status().unwrap().to_string());
    }
    while let Some(event) = stack.event() {
        said.push(match event {
            Event::Incoming(i) => format!("asks about {}", i.message.method().unwrap()),
            other => format!("{other:?}"),
        });
    }
    assert_eq!(stack.counts().transactions, 0, "no memory for strangers");
    if said.is_empty() {
        "nothing".into()
    } else {
        said.join(", ")
    }
}

fn table(found: Vec<(String, Vec<u8>)>) -> String {
    found
        .into_iter()
        .map(|(name, bytes)| format!("{name}: {}\n", outcome(bytes)))
        .collect()
}

#[test]
fn rfc_4475() {
    let Some(all) = rfc("rfc4475") else { return };
    insta::assert_snapshot!(table(all), @r"
    badaspec: 400
    badbranch: asks about OPTIONS
    baddate: asks about INVITE
    baddn: 400
    badinv01: 400
    badvers: 505
    bcast: nothing
    bext01: 420
    bigcode: nothing
    clerr: 400
    cparam01: asks about REGISTER
    cparam02: asks about REGISTER
    dblreq: asks about REGISTER
    esc01: asks about INVITE
    esc02: 501
    escnull: asks about REGISTER
    escruri: 400
    insuf: 400
    intmeth: 501
    inv2543: asks about INVITE
    invut: 415
    longreq: asks about INVITE
    ltgtruri: 400
    lwsdisp: asks about OPTIONS
    lwsruri: 400
    lwsstart: 400
    mcl01: 400
    mismatch01: 400
    mismatch02: 400
    mpart01: 415
    multi01: 400
    ncl: 400
    noreason: nothing
    novelsc: 416
    quotbal: 400
    regaut01: asks about REGISTER
    regbadct: 400
    regescrt: asks about REGISTER
    scalar02: 400
    scalarlg: nothing
    sdp01: 406
    semiuri: asks about OPTIONS
    test: nothing
    transports: asks about OPTIONS
    trws: 400
    unkscm: 416
    unksm2: asks about REGISTER
    unreason: nothing
    wsinv: 481
    zeromf: asks about OPTIONS
    ");
}

#[test]
fn rfc_5118() {
    let Some(all) = rfc("rfc5118") else { return };
    insta::assert_snapshot!(table(all), @r"
    ipv4-mapped-ipv6: asks about INVITE
    ipv6-bad: 400
    ipv6-bug-abnf-3-colons: asks about OPTIONS
    ipv6-correct-abnf-2-colons: asks about OPTIONS
    ipv6-good: asks about REGISTER
    ipv6-in-sdp: asks about INVITE
    mult-ip-in-header: 481
    mult-ip-in-sdp: asks about INVITE
    port-ambiguous: asks about REGISTER
    port-unambiguous: asks about REGISTER
    via-received-param-no-delim: asks about OPTIONS
    via-received-param-with-delim: 481
    ");
}

#[test]
fn everyday_messages() {
    insta::assert_snapshot!(table([files("common"), files("zoiper")].concat()), @r"
    auth-digest-sha256: asks about REGISTER
    baddn-terminated: asks about OPTIONS
    compact-forms: asks about INVITE
    contact-multiple-one-line: asks about REGISTER
    contact-star: asks about REGISTER
    empty-header-value: asks about INVITE
    from-no-brackets: asks about INVITE
    hash-in-user: asks about INVITE
    header-case: asks about INVITE
    header-folding: asks about INVITE
    header-name-space-colon: asks about INVITE
    ipv6-all: asks about INVITE
    latin1-display: asks about INVITE
    message-inline: asks about MESSAGE
    missing-content-length-body: 415
    missing-max-forwards: asks about INVITE
    quoted-display-escapes: asks about INVITE
    raw-hash-in-user: asks about INVITE
    record-route-list: asks about INVITE
    response-199: nothing
    response-unknown-code: nothing
    tel-uri-from: 416
    tel-with-visual: 416
    unknown-method: 501
    uri-headers: asks about INVITE
    uri-transport-upper: asks about INVITE
    urn-service: 416
    user-params: asks about INVITE
    utf8-display: asks about INVITE
    via-folded: asks about INVITE
    via-rport-flag: asks about INVITE
    via-rport-received: nothing
    via-stacked-one-line: asks about INVITE
    1-register: asks about REGISTER
    2-200: nothing
    5-bye: 481
    6-200: nothing
    ");
}
