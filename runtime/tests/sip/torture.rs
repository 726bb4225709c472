//! RFC 4475, RFC 5118 and what real phones send: one pinned verdict for each message, and what must be read from it.

use bytes::Bytes;
use strowger_runtime::sip::digest::Credentials;
use strowger_runtime::sip::{
    Contacts, Fault, Host, Message, Method, Name, Served, Uri, Writer, verdict,
};

use crate::{files, rfc};

const EXCHANGE: Served = Served {
    methods: &[
        Method::Invite,
        Method::Ack,
        Method::Bye,
        Method::Cancel,
        Method::Register,
        Method::Options,
        Method::Message,
        Method::Update,
    ],
    schemes: &["tel", "urn"],
    extensions: &[],
    sessions: &["application/sdp"],
    texts: &["text/*"],
};

/// What becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// Everything that a user agent reads can be read.
    Accept,
    /// Read, and answered with this status before any transaction.
    Answer(u16),
    /// Read and well formed, but this end point does not serve it.
    Unserved(u16),
    /// A response that is dropped.
    Discard,
    /// No message at all.
    Garbage,
}

use Verdict::{Accept, Answer, Discard, Garbage, Unserved};

fn judge(bytes: &[u8]) -> (Verdict, Option<Fault>) {
    let Ok(m) = Message::parse(Bytes::copy_from_slice(bytes)) else {
        return (Garbage, None);
    };
    match verdict::check(&m) {
        Err(f) if m.is_request() => (Answer(f.status), Some(f)),
        Err(f) => (Discard, Some(f)),
        Ok(()) => match EXCHANGE.check(&m) {
            Err(f) => (Unserved(f.status), Some(f)),
            Ok(()) => (Accept, None),
        },
    }
}

/// Where the RFC allows leniency: `baddate` (the header is not needed) is accepted, and so is an unquoted display name in
/// `common/baddn-terminated`, because real gateways send such names; everything else is answered with 400, since repairing it means
/// guessing at addresses.
const RFC4475: &[(&str, Verdict)] = &[
    ("badaspec", Answer(400)),
    ("badbranch", Accept),
    ("baddate", Accept),
    // Its headers have no end: not for its display names.
    ("baddn", Answer(400)),
    ("badinv01", Answer(400)),
    ("badvers", Answer(505)),
    // A response with a second Via was meant for somebody else.
    ("bcast", Discard),
    ("bext01", Unserved(420)),
    ("bigcode", Garbage),
    ("clerr", Answer(400)),
    ("cparam01", Accept),
    ("cparam02", Accept),
    ("dblreq", Accept),
    ("esc01", Accept),
    ("esc02", Unserved(501)),
    ("escnull", Accept),
    ("escruri", Answer(400)),
    ("insuf", Answer(400)),
    ("intmeth", Unserved(501)),
    ("inv2543", Accept),
    ("invut", Unserved(415)),
    ("longreq", Accept),
    ("ltgtruri", Answer(400)),
    ("lwsdisp", Accept),
    ("lwsruri", Answer(400)),
    ("lwsstart", Answer(400)),
    ("mcl01", Answer(400)),
    ("mismatch01", Answer(400)),
    ("mismatch02", Answer(400)),
    ("mpart01", Unserved(415)),
    ("multi01", Answer(400)),
    ("ncl", Answer(400)),
    ("noreason", Accept),
    ("novelsc", Unserved(416)),
    ("quotbal", Answer(400)),
    ("regaut01", Accept),
    ("regbadct", Answer(400)),
    ("regescrt", Accept),
    ("scalar02", Answer(400)),
    ("scalarlg", Discard),
    ("sdp01", Unserved(406)),
    ("semiuri", Accept),
    // A request line without a version: described nowhere, dropped.
    ("test", Garbage),
    ("transports", Accept),
    ("trws", Answer(400)),
    ("unkscm", Unserved(416)),
    ("unksm2", Accept),
    ("unreason", Accept),
    ("wsinv", Accept),
    ("zeromf", Accept),
];

const RFC5118: &[(&str, Verdict)] = &[
    ("ipv4-mapped-ipv6", Accept),
    ("ipv6-bad", Answer(400)),
    ("ipv6-bug-abnf-3-colons", Accept),
    ("ipv6-correct-abnf-2-colons", Accept),
    ("ipv6-good", Accept),
    ("ipv6-in-sdp", Accept),
    ("mult-ip-in-header", Accept),
    ("mult-ip-in-sdp", Accept),
    ("port-ambiguous", Accept),
    ("port-unambiguous", Accept),
    ("via-received-param-no-delim", Accept),
    ("via-received-param-with-delim", Accept),
];

/// Those of `common/` that are well formed and still not served.
const COMMON: &[(&str, Verdict)] = &[
    ("missing-content-length-body", Unserved(415)),
    ("unknown-method", Unserved(501)),
];

fn pin(found: Vec<(String, Vec<u8>)>, expected: impl Fn(&str) -> Option<Verdict>) {
    let mut wrong = Vec::new();
    for (name, bytes) in found {
        let (verdict, fault) = judge(&bytes);
        if expected(&name) != Some(verdict) {
            wrong.push(format!(
                "{name}: {verdict:?} ({fault:?}), expected {:?}",
                expected(&name)
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn of(table: &[(&str, Verdict)], name: &str) -> Option<Verdict> {
    table.iter().find(|(n, _)| *n == name).map(|(_, v)| *v)
}

#[test]
fn rfc_4475_messages_get_their_verdicts() {
    let Some(found) = rfc("rfc4475") else { return };
    assert_eq!(found.len(), RFC4475.len());
    pin(found, |name| of(RFC4475, name));
}

#[test]
fn rfc_5118_messages_get_their_verdicts() {
    let Some(found) = rfc("rfc5118") else { return };
    assert_eq!(found.len(), RFC5118.len());
    pin(found, |name| of(RFC5118, name));
}

#[test]
fn what_phones_send_every_day_is_accepted() {
    pin(files("common"), |name| of(COMMON, name).or(Some(Accept)));
}

#[test]
fn an_ordinary_call_is_accepted_but_for_responses_on_their_way_to_a_proxy() {
    pin(files("bench"), |name| {
        Some(if matches!(name, "2-100" | "3-180" | "4-200") {
            Discard
        } else {
            Accept
        })
    });
}

/// Whatever could be cut can be answered, and the answer passes our own reader and carries back what it must.
#[test]
fn every_request_can_be_answered() {
    let source = "198.51.100.9:5070".parse().unwrap();
    let mut all = crate::ours();
    all.extend(rfc("rfc4475").unwrap_or_default());
    all.extend(rfc("rfc5118").unwrap_or_default());
    for (name, bytes) in all {
        let Ok(m) = Message::parse(bytes.into()) else {
            continue;
        };
        if !m.is_request() {
            continue;
        }
        let answer = Writer::response(&m, 400, source, Some(b"ours")).end();
        let answer = Message::parse(answer).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(answer.status(), Some(400), "{name}");
        for same in [Name::From, Name::CallId, Name::CSeq] {
            assert_eq!(
                answer.all(same).collect::<Vec<_>>(),
                m.all(same).collect::<Vec<_>>(),
                "{name} {same:?}"
            );
        }
        assert_eq!(
            answer.all(Name::Via).count(),
            m.all(Name::Via).count(),
            "{name}"
        );
        if let (Ok(asked), Ok(answered)) = (m.to(), answer.to()) {
            assert_eq!(answered.uri_text, asked.uri_text, "{name}");
            assert_eq!(answered.tag(), asked.tag().or(Some(b"ours")), "{name}");
        }
        if verdict::check(&m).is_ok() {
            let hops: Vec<_> = m.vias().map(Result::unwrap).collect();
            let back: Vec<_> = answer
                .vias()
                .map(|v| v.unwrap_or_else(|e| panic!("{name}: {e}")))
                .collect();
            assert_eq!(hops.len(), back.len(), "{name}");
            assert_eq!(hops[0].branch(), back[0].branch(), "{name}");
            assert_eq!(back[0].received(), Some(source.ip()), "{name}");
        }
    }
}

fn message(all: &[(String, Vec<u8>)], name: &str) -> Message {
    let bytes = &all.iter().find(|(n, _)| n == name).unwrap().1;
    Message::parse(Bytes::copy_from_slice(bytes)).unwrap()
}

#[test]
fn rfc_4475_details() {
    let Some(all) = rfc("rfc4475") else { return };
    let get = |name: &str| message(&all, name);

    let m = get("wsinv");
    assert_eq!(m.cseq().unwrap().number, 9);
    assert_eq!(m.max_forwards().unwrap(), 68);
    assert_eq!(m.to().unwrap().tag(), Some(&b"1918181833n"[..]));
    assert_eq!(&*m.from().unwrap().display(), b"J Rosenberg \\\"");
    assert_eq!(m.from().unwrap().tag(), Some(&b"98asjd8"[..]));
    let hops: Vec<_> = m.vias().map(Result::unwrap).collect();
    assert_eq!(
        hops.iter().map(|v| v.transport).collect::<Vec<_>>(),
        [b"UDP", b"TCP", b"UDP"]
    );
    assert_eq!(hops[0].unique_branch(), None);
    assert_eq!(hops[1].unique_branch(), Some(&b"z9hG4bK9ikj8"[..]));
    assert_eq!(hops[2].host, Host::Ip("192.168.255.111".parse().unwrap()));
    assert_eq!(m.contact().unwrap().unwrap().q(), 330);
    assert_eq!(
        &*m.contact().unwrap().unwrap().display(),
        b"Quoted string \"\""
    );
    assert_eq!(m.body().len(), 150);

    let m = get("esc01");
    let user = m
        .uri()
        .unwrap()
        .sip()
        .unwrap()
        .user_text()
        .unwrap()
        .into_owned();
    assert_eq!(user, b"sips:user@example.com");
    let to = m.to().unwrap().uri().unwrap();
    assert!(to.same(&Uri::parse(b"sip:user@example.com").unwrap()));
    assert!(!to.same(&Uri::parse(b"sip:USER@example.com").unwrap()));

    let m = get("escnull");
    assert_eq!(
        &*m.to().unwrap().sip().unwrap().user_text().unwrap(),
        b"null-\0-null"
    );
    let Contacts::List(contacts) = m.contacts().unwrap() else {
        panic!()
    };
    assert!(!contacts[0].uri().unwrap().same(&contacts[1].uri().unwrap()));

    let m = get("esc02");
    assert_eq!(m.method(), Some(Method::Other(b"RE%47IST%45R")));
    assert_eq!(&*m.to().unwrap().display(), b"%Z%45");
    assert_eq!(m.all(Name::Contact).count(), 2);

    let m = get("semiuri");
    assert_eq!(
        &*m.uri().unwrap().sip().unwrap().user_text().unwrap(),
        b"user;par=u@example.net"
    );
    assert_eq!(m.tokens(Name::Accept).count(), 6);

    let m = get("intmeth");
    let uri = m.uri().unwrap().sip().unwrap();
    assert_eq!(
        uri.user,
        Some(&b"1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*"[..])
    );
    assert_eq!(
        uri.password,
        Some(&b"&it+has=1,weird!*pas$wo~d_too.(doesn't-it)"[..])
    );
    assert_eq!(uri.host, Host::Name(b"example.com"));
    assert_eq!(&*m.to().unwrap().display(), b"BEL:\x07 NUL:\0 DEL:\x7f");
    assert_eq!(m.from().unwrap().tag(), Some(&b"_token~1'+`*%!-."[..]));

    let m = get("dblreq");
    assert_eq!(m.method(), Some(Method::Register));
    assert_eq!(m.body(), b"");
    assert_eq!(m.all(Name::Via).count(), 1);

    let m = get("transports");
    assert_eq!(m.vias().count(), 5);
    let m = get("mpart01");
    assert_eq!(m.body().len(), 553);
    assert!(m.body().ends_with(b"--7a9cbec02ceef655--\r\n"));
    let m = get("unreason");
    assert_eq!(m.status(), Some(200));
    assert!(m.reason().starts_with("= 2**3 * 5**2 но".as_bytes()));
    assert_eq!(get("noreason").reason(), b"");
    assert_eq!(get("badbranch").via().unwrap().unique_branch(), None);
    assert_eq!(
        get("longreq").vias().filter(Result::is_ok).count(),
        get("longreq").vias().count()
    );

    let (_, fault) = judge(get("bext01").bytes());
    let unsupported = b"nothingSupportsThis, nothingSupportsThisEither".to_vec();
    assert_eq!(fault.unwrap().answer, [(Name::Unsupported, unsupported)]);
    let (_, fault) = judge(get("invut").bytes());
    assert_eq!(
        fault.unwrap().answer,
        [(Name::Accept, b"application/sdp".to_vec())]
    );
    assert_eq!(get("unksm2").to().unwrap().sip(), None);
    assert_eq!(
        Credentials::find(&get("regaut01"), Name::Authorization, b"example.com"),
        None
    );
    assert_eq!(get("zeromf").max_forwards().unwrap(), 0);

    let contact = |name: &str| -> (Vec<u8>, Vec<u8>) {
        let m = get(name);
        let c = m.contact().unwrap().unwrap();
        (c.uri_text.to_vec(), c.params.0.to_vec())
    };
    assert_eq!(
        contact("cparam01"),
        (
            b"sip:+19725552222@gw1.example.net".to_vec(),
            b";unknownparam".to_vec()
        )
    );
    assert_eq!(
        contact("cparam02"),
        (
            b"sip:+19725552222@gw1.example.net;unknownparam".to_vec(),
            b"".to_vec()
        )
    );
    assert_eq!(
        contact("regescrt").0,
        b"sip:user@example.com?Route=%3Csip:sip.example.com%3E"
    );
    let m = get("inv2543");
    assert_eq!(
        (
            m.from().unwrap().tag(),
            m.via().unwrap().branch(),
            m.max_forwards().unwrap()
        ),
        (None, None, 70)
    );
    assert_eq!(m.sdp().map(|s| s.starts_with(b"v=0")), Some(true));
}

#[test]
fn rfc_5118_details() {
    let Some(all) = rfc("rfc5118") else { return };
    let get = |name: &str| message(&all, name);
    let host = |name: &str| {
        let m = get(name);
        let u = m.uri().unwrap().sip().unwrap();
        (u.host.ip().unwrap().to_string(), u.port_or_default())
    };
    assert_eq!(host("port-ambiguous"), ("2001:db8::10:5070".into(), 5060));
    assert_eq!(host("port-unambiguous"), ("2001:db8::10".into(), 5070));
    assert_eq!(
        host("ipv6-bug-abnf-3-colons"),
        host("ipv6-correct-abnf-2-colons")
    );
    for name in [
        "via-received-param-no-delim",
        "via-received-param-with-delim",
    ] {
        assert_eq!(
            get(name).via().unwrap().received(),
            Some("2001:db8::9:255".parse().unwrap()),
            "{name}"
        );
    }
    assert_eq!(get("ipv4-mapped-ipv6").via().unwrap().port, Some(19823));
}

#[test]
fn common_details() {
    let all = files("common");
    let get = |name: &str| message(&all, name);
    assert_eq!(get("missing-content-length-body").body(), b"hello");
    let m = get("raw-hash-in-user");
    let uri = m.uri().unwrap().sip().unwrap();
    assert_eq!(&*uri.user_text().unwrap(), b"#21#");
    assert_eq!(uri.to_vec(), b"sip:%2321%23@example.com");
    assert_eq!(
        get("hash-in-user").uri().unwrap().sip().unwrap().to_vec(),
        b"sip:*72%23123@example.com"
    );
    let m = get("latin1-display");
    assert_eq!(&*m.from().unwrap().display(), b"J\xf6rg");
    assert_eq!(
        m.contact().unwrap().unwrap().uri_text,
        b"sip:100@192.0.2.10:5060"
    );
    assert_eq!(
        get("baddn-terminated").to().unwrap().raw_display,
        b"Watson, Thomas"
    );
    assert_eq!(get("missing-max-forwards").max_forwards().unwrap(), 70);
    assert_eq!(
        judge(get("unknown-method").bytes()).1.unwrap().answer[0].0,
        Name::Allow
    );
    assert!(matches!(
        get("urn-service").uri().unwrap(),
        Uri::Other {
            scheme: b"urn",
            rest: b"service:sos"
        }
    ));
    assert!(matches!(
        get("tel-uri-from").from().unwrap().uri().unwrap(),
        Uri::Other { scheme: b"tel", .. }
    ));
    assert_eq!(get("via-stacked-one-line").vias().count(), 2);
    let m = get("contact-multiple-one-line");
    let Contacts::List(list) = m.contacts().unwrap() else {
        panic!()
    };
    let read: Vec<_> = list
        .iter()
        .map(|c| (c.display().into_owned(), c.expires(), c.q()))
        .collect();
    assert_eq!(
        read,
        [
            (b"A, B".to_vec(), Some(3600), 700),
            (b"".to_vec(), Some(60), 1000)
        ]
    );
    assert_eq!(list[1].sip().unwrap().transport(), Some(&b"TCP"[..]));
    assert_eq!(
        get("record-route-list")
            .addresses(Name::RecordRoute)
            .unwrap()
            .len(),
        2
    );
    let m = get("header-folding");
    let subject: Vec<&[u8]> = m
        .get(Name::Subject)
        .unwrap()
        .split(u8::is_ascii_whitespace)
        .filter(|w| !w.is_empty())
        .collect();
    assert_eq!(
        subject.join(&b" "[..]),
        b"first line second line third line"
    );
    assert_eq!(
        get("via-folded").via().unwrap().branch(),
        Some(&b"z9hG4bKa1"[..])
    );
    assert_eq!(get("contact-star").contacts().unwrap(), Contacts::Star);
    assert_eq!(
        &*get("quoted-display-escapes").from().unwrap().display(),
        b"J \"Rock\" <x>; tag=z"
    );
    assert_eq!(
        get("header-name-space-colon").get(Name::Subject),
        Some(&b"spaced"[..])
    );
    let m = get("compact-forms");
    assert_eq!(m.get(Name::SessionExpires), Some(&b"1800"[..]));
    assert!(m.lists(Name::Supported, b"TIMER"));
    let via = get("via-rport-received");
    assert_eq!(
        (via.via().unwrap().rport(), via.via().unwrap().received()),
        (Some(Some(40123)), Some("198.51.100.7".parse().unwrap()))
    );
    assert_eq!(get("via-rport-flag").via().unwrap().rport(), Some(None));
    let m = get("uri-headers");
    let refer = m.address(Name::ReferTo).unwrap();
    assert_eq!(
        refer.sip().unwrap().headers,
        Some(&b"Replaces=abc%40h%3Bto-tag%3D1%3Bfrom-tag%3D2&Priority=urgent"[..])
    );
    assert_eq!(
        get("user-params").uri().unwrap().sip().unwrap().user,
        Some(&b"+12015550123;npdi;rn=+12015550000"[..])
    );
    let m = get("auth-digest-sha256");
    let c = Credentials::find(&m, Name::Authorization, b"example.com").unwrap();
    assert_eq!((&*c.username, c.qop.unwrap().count), (&b"100"[..], 1));
    assert_eq!(
        m.contact()
            .unwrap()
            .unwrap()
            .params
            .get(b"reg-id")
            .unwrap()
            .value,
        Some(&b"1"[..])
    );
    assert_eq!(get("message-inline").body(), "Grüße".as_bytes());
    assert!(
        get("message-inline")
            .content_type()
            .unwrap()
            .is("text/plain")
    );
}
