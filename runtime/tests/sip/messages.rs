//! Reading and writing in detail: addresses, hops, what a writer lets through, captured messages of a phone.

use bytes::Bytes;
use strowger_runtime::sip::uri::{escape_user, unescape};
use strowger_runtime::sip::{
    Contacts, Host, Message, Method, Name, NameAddr, SipUri, Uri, Via, Writer, verdict,
};

use crate::files;

fn uri(text: &str) -> Uri<'_> {
    Uri::parse(text.as_bytes()).unwrap_or_else(|e| panic!("{text}: {e}"))
}

/// RFC 3261 19.1.4, its own examples.
#[test]
fn addresses_compare_as_the_rfc_says() {
    let equal = [
        (
            "sip:%61lice@atlanta.com;transport=TCP",
            "sip:alice@AtlanTa.CoM;Transport=tcp",
        ),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;security=on"),
        (
            "sip:carol@chicago.com;newparam=5",
            "sip:carol@chicago.com;security=on",
        ),
        (
            "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
            "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
        ),
        (
            "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
            "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
        ),
        ("sip:a@[2001:db8::1]", "sip:a@[2001:DB8:0::1]"),
        ("tel:+1", "TEL:+1"),
    ];
    for (a, b) in equal {
        assert!(uri(a).same(&uri(b)) && uri(b).same(&uri(a)), "{a} is {b}");
    }
    let different = [
        (
            "SIP:ALICE@AtLanTa.CoM;Transport=udp",
            "sip:alice@AtLanTa.CoM;Transport=UDP",
        ),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
        (
            "sip:bob@biloxi.com",
            "sip:bob@biloxi.com:6000;transport=tcp",
        ),
        (
            "sip:carol@chicago.com",
            "sip:carol@chicago.com?Subject=next%20meeting",
        ),
        ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
        (
            "sip:carol@chicago.com;security=on",
            "sip:carol@chicago.com;security=off",
        ),
        ("sip:a%3Bb@h", "sip:a;b@h"),
        ("sip:a@h", "sips:a@h"),
        ("sip:h", "sip:@h"),
        ("tel:+1", "tel:+2"),
        ("tel:+1", "sip:+1@h"),
    ];
    for (a, b) in different {
        assert!(
            !uri(a).same(&uri(b)) && !uri(b).same(&uri(a)),
            "{a} is not {b}"
        );
    }
}

#[test]
fn addresses_that_are_none() {
    for text in [
        "",
        "sip",
        "sip:",
        ":x",
        "1sip:x",
        "sip:a b@h",
        "sip:a@",
        "sip:a@h:",
        "sip:a@h:70000",
        "sip:a@h:x",
        "sip:a@[::1",
        "sip:a@[::1]x",
        "sip:a@h<x>",
        "sip:a@2001:db8::10",
        "sip:a@h\0",
        "sip:a@h/x",
        "tel:",
        "sip:\"a\"@h",
        "sip:a@[1.2.3.4]",
    ] {
        assert!(Uri::parse(text.as_bytes()).is_err(), "{text}");
    }
}

#[test]
fn parts_of_an_address() {
    let u = uri("sips:a%20b:pw@[::1]:5071;lr;maddr=10.0.0.1?X=y")
        .sip()
        .unwrap();
    assert!(u.secure && u.params.has(b"LR") && u.params.is(b"maddr", b"10.0.0.1"));
    assert_eq!(
        (u.password, u.port, u.headers),
        (Some(&b"pw"[..]), Some(5071), Some(&b"X=y"[..]))
    );
    assert_eq!(u.host, Host::Ip("::1".parse().unwrap()));
    assert_eq!(
        u.to_vec(),
        b"sips:a%20b:pw@[::1]:5071;lr;maddr=10.0.0.1?X=y"
    );
    let user = escape_user("é#@:%".as_bytes());
    assert_eq!(user, b"%C3%A9%23%40%3A%25");
    assert_eq!(&*unescape(&user), "é#@:%".as_bytes());
    assert_eq!(
        SipUri::new(Some(&user), Host::Name(b"pbx"), None).to_vec(),
        b"sip:%C3%A9%23%40%3A%25@pbx"
    );
    assert_eq!(
        uri("sip:x;transport=tls").sip().unwrap().port_or_default(),
        5061
    );
}

#[test]
fn names_with_addresses() {
    let n = |t: &'static str| NameAddr::parse(t.as_bytes());
    let a = n(r#""A \"B\" <c>" <sip:x@h;lr>;tag=1 ; q=0.25;expires=99999999999"#).unwrap();
    assert_eq!(
        (&*a.display(), a.uri_text, a.tag()),
        (&b"A \"B\" <c>"[..], &b"sip:x@h;lr"[..], Some(&b"1"[..]))
    );
    assert_eq!((a.q(), a.expires()), (250, Some(u32::MAX)));
    let b = n("sip:x@h;tag=2").unwrap();
    assert_eq!(
        (b.uri_text, b.tag(), b.q(), b.expires()),
        (&b"sip:x@h"[..], Some(&b"2"[..]), 1000, None)
    );
    assert_eq!(
        n("Müller & Co <tel:5>").unwrap().raw_display,
        "Müller & Co".as_bytes()
    );
    assert_eq!(n("<sip:x@h>;q=nan").unwrap().q(), 1000);
    assert_eq!(n("<sip:x@h>;expires=soon").unwrap().expires(), None);
    for bad in [
        "",
        "\"A <sip:x@h>",
        "A sip:x@h",
        "<sip:x@h",
        "<sip:x@h>;",
        "<sip:x@h>;;a",
        "<sip:x@h>;a=",
        "<sip:x@h> x",
        "A\"B <sip:x@h>",
    ] {
        assert!(NameAddr::parse(bad.as_bytes()).is_err(), "{bad}");
    }
}

#[test]
fn hops() {
    let v = Via::parse(b"SIP / 2.0 / UDP  pbx.example.com : 5070 ;branch=z9hG4bKx; rport").unwrap();
    assert_eq!(
        (v.transport, v.port, v.rport()),
        (&b"UDP"[..], Some(5070), Some(None))
    );
    assert_eq!(
        Via::parse(b"SIP/2.0/TLS h").unwrap().port_or_default(),
        5061
    );
    for bad in [
        "",
        "SIP/2.0/UDP",
        "SIP/2.0 h",
        "HTTP/2.0/UDP h",
        "SIP/2.0/UDP h;",
        "SIP/2.0/UDP h;;a",
        "SIP/2.0/UDP h h",
        "SIP/2.0/U@ h",
        "SIP/2.0/UDP ;a=b",
    ] {
        assert!(Via::parse(bad.as_bytes()).is_err(), "{bad}");
    }
    let written = |via: &'static str, from: &str| {
        let mut out = Vec::new();
        Via::parse(via.as_bytes())
            .unwrap()
            .write_received(from.parse().unwrap(), &mut out);
        String::from_utf8(out).unwrap()
    };
    // RFC 3261 18.2.1, RFC 3581 4.
    assert_eq!(
        written("SIP/2.0/UDP 10.0.0.1;branch=b", "10.0.0.1:9"),
        "SIP/2.0/UDP 10.0.0.1;branch=b"
    );
    assert_eq!(
        written("SIP/2.0/UDP 10.0.0.1;branch=b", "10.0.0.2:9"),
        "SIP/2.0/UDP 10.0.0.1;branch=b;received=10.0.0.2"
    );
    assert_eq!(
        written("SIP/2.0/UDP h;rport;branch=b", "10.0.0.2:9"),
        "SIP/2.0/UDP h;branch=b;received=10.0.0.2;rport=9"
    );
    assert_eq!(
        written("SIP/2.0/UDP h;received=6.6.6.6;rport=1", "[::1]:9"),
        "SIP/2.0/UDP h;received=::1;rport=9"
    );
}

#[test]
fn a_writer_lets_no_value_end_its_line() {
    let mut w = Writer::request(Method::Message, b"sip:a\r\nX: y@h");
    w.header(Name::Subject, "one\r\nVia: evil\nmore")
        .named(b"X-\r\nBad: a", "b")
        .number(Name::MaxForwards, 70);
    let m = Message::parse(w.body(b"text/plain\r\nEvil: 1", b"hello")).unwrap();
    assert_eq!(m.uri_text(), b"sip:aX:y@h");
    assert_eq!(m.get(Name::Subject), Some(&b"one  Via: evil more"[..]));
    assert_eq!(
        (
            m.all(Name::Via).count(),
            m.named(b"evil"),
            m.named(b"X-Bada")
        ),
        (0, None, Some(&b"b"[..]))
    );
    assert_eq!((m.max_forwards().unwrap(), m.body()), (70, &b"hello"[..]));
}

#[test]
fn a_comma_list_of_hops_survives_an_answer() {
    let text = b"OPTIONS sip:a@h SIP/2.0\r\nVia: SIP/2.0/TCP a;branch=1;rport , SIP/2.0/UDP b;branch=2\r\nVia: SIP/2.0/UDP c\r\n\r\n";
    let m = Message::parse(Bytes::from_static(text)).unwrap();
    let a = Message::parse(Writer::response(&m, 200, "10.0.0.9:7".parse().unwrap(), None).end())
        .unwrap();
    let hosts: Vec<_> = a.vias().map(|v| v.unwrap().host).collect();
    assert_eq!(
        hosts,
        [Host::Name(b"a"), Host::Name(b"b"), Host::Name(b"c")]
    );
    assert_eq!(a.via().unwrap().rport(), Some(Some(7)));
}

#[test]
fn what_a_request_must_not_say() {
    let with = |row: &str, method: &str| {
        let text = format!(
            "{method} sip:a@h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:b@h>\r\nCall-ID: 1\r\n\
             CSeq: 1 {method}\r\n{row}\r\n\r\n"
        );
        verdict::check(&Message::parse(Bytes::from(text)).unwrap())
            .err()
            .map(|f| (f.status, f.header))
    };
    assert_eq!(with("Subject: fine", "INVITE"), None);
    assert_eq!(with("No colon in this line", "INVITE"), None);
    assert_eq!(
        with("Contact: *", "INVITE"),
        Some((400, Some(Name::Contact)))
    );
    assert_eq!(
        with("Contact: *", "REGISTER"),
        Some((400, Some(Name::Contact)))
    );
    assert_eq!(with("Contact: *\r\nExpires: 0", "REGISTER"), None);
    assert_eq!(
        with("Contact: *, <sip:a@h>\r\nExpires: 0", "REGISTER"),
        Some((400, Some(Name::Contact)))
    );
    assert_eq!(
        with("Contact: <sip:a@h>,", "REGISTER"),
        Some((400, Some(Name::Contact)))
    );
    assert_eq!(
        with("Record-Route: nonsense", "INVITE"),
        Some((400, Some(Name::RecordRoute)))
    );
    assert_eq!(
        with("Max-Forwards: -1", "INVITE"),
        Some((400, Some(Name::MaxForwards)))
    );
    assert_eq!(
        with("Content-Length: 1", "INVITE"),
        Some((400, Some(Name::ContentLength)))
    );
    let long = "x".repeat(64 * 1024 + 1);
    assert_eq!(
        with(&format!("Subject: x\r\n\r\n{long}"), "MESSAGE"),
        Some((413, None))
    );
}

#[test]
fn bounds_of_a_message() {
    let rows = |n| {
        let text = format!("OPTIONS sip:a SIP/2.0\r\n{}\r\n", "X: y\r\n".repeat(n));
        Message::parse(Bytes::from(text)).map(|m| m.headers().count())
    };
    assert_eq!(rows(256), Ok(256));
    assert!(rows(257).is_err());
    for garbage in [
        "",
        "\r\n",
        "x",
        "HELLO\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "SIP/2.0 99 x\r\n\r\n",
        "SIP/2.0 1000 x\r\n\r\n",
        "SIP/3.0 200 OK\r\n\r\n",
    ] {
        assert!(
            Message::parse(Bytes::from_static(garbage.as_bytes())).is_err(),
            "{garbage}"
        );
    }
}

/// Captured on a real network between Zoiper 5 and Asterisk 13; the sizes are those of the frames.
#[test]
fn zoiper_and_asterisk() {
    let all = files("zoiper");
    let sizes: Vec<_> = all.iter().map(|(n, b)| (n.as_str(), b.len())).collect();
    assert_eq!(
        sizes,
        [
            ("1-register", 751),
            ("2-200", 630),
            ("5-bye", 569),
            ("6-200", 467)
        ]
    );
    let read: Vec<Message> = all
        .into_iter()
        .map(|(_, b)| Message::parse(Bytes::from(b)).unwrap())
        .collect();
    for m in &read {
        verdict::check(m).unwrap();
    }
    let (register, bound, bye) = (&read[0], &read[1], &read[2]);
    assert_eq!(register.expires(), Some(60));
    let Contacts::List(asked) = register.contacts().unwrap() else {
        panic!()
    };
    let Contacts::List(given) = bound.contacts().unwrap() else {
        panic!()
    };
    assert_eq!(asked[0].uri_text, given[0].uri_text);
    assert_eq!(given[0].expires(), Some(60));
    assert!(register.lists(Name::Allow, b"MESSAGE"));
    // Our answer to the same request carries back what Asterisk's did.
    let ours = Message::parse(
        Writer::response(
            register,
            200,
            "10.213.0.154:52210".parse().unwrap(),
            Some(b"as53c50b59"),
        )
        .end(),
    )
    .unwrap();
    for name in [Name::From, Name::To, Name::CallId, Name::CSeq, Name::Via] {
        assert_eq!(ours.get(name), bound.get(name), "{name:?}");
    }
    assert_eq!(bye.uri_text(), b"sip:62@10.255.150.110:5060");
    assert_eq!(bye.cseq().unwrap().number, 3);
}
