//! Who gets in, who is asked, who is refused: one table per rule.
#![allow(clippy::unwrap_used)]

use std::net::SocketAddr;

use bytes::Bytes;
use strowger_compiler::source::Sources;
use strowger_runtime::auth::{Judge, NONCE_LIFE, Verdict};
use strowger_runtime::config::{self, Config};
use strowger_runtime::registrar::Registrar;
use strowger_runtime::sip::digest::{Challenge, Secret};
use strowger_runtime::sip::flow::{Flow, ListenerId, Now, Protocol};
use strowger_runtime::sip::{Message, Method};

const SIP: (&str, &str) = (
    "sip.conf",
    "[general]\nallowguest=no\ncontext=house\ntransport=udp,tcp\n\
     [friend]\ntype=friend\nhost=dynamic\nsecret=sesame\n\
     [open]\ntype=friend\nhost=dynamic\n\
     [user]\ntype=user\nsecret=sesame\n\
     [trunk]\ntype=peer\nhost=192.0.2.50\nport=5070\nsecret=sesame\ninsecure=invite\n\
     [wide]\ntype=peer\nhost=192.0.2.60\ninsecure=port\n\
     [hashed]\ntype=friend\nhost=dynamic\nmd5secret=b8f4cbebb60f9d2a1b1e2a6a9a2b0a9c\n\
     [mute]\ntype=friend\nhost=dynamic\nsecret=sesame\naccept_outofcall_message=no\n\
     [near]\ntype=friend\nhost=dynamic\nsecret=sesame\ndeny=0.0.0.0/0\npermit=192.0.2.0/24\n\
     [wired]\ntype=friend\nhost=dynamic\nsecret=sesame\ntransport=tcp\n",
);

const PJSIP: (&str, &str) = (
    "pjsip.conf",
    "[t]\ntype=transport\nbind=0.0.0.0\n\
     [3001]\ntype=endpoint\nallow=ulaw\nauth=3001\naors=3001\n[3001]\ntype=auth\nusername=ann\npassword=sesame\n[3001]\ntype=aor\nmax_contacts=1\n\
     [loose]\ntype=endpoint\nallow=ulaw\n\
     [strong]\ntype=endpoint\nallow=ulaw\nauth=strong\n[strong]\ntype=auth\nusername=strong\npassword=sesame\nrealm=vault\nsupported_algorithms_uas=SHA-256,MD5\n\
     [site]\ntype=endpoint\nallow=ulaw\nidentify_by=ip\n[site]\ntype=identify\nendpoint=site\nmatch=198.51.100.0/24\n\
     [friend]\ntype=endpoint\nallow=ulaw\nidentify_by=ip\n",
);

const HOME: &str = "192.0.2.1:5060";

struct Exchange {
    config: Config,
    judge: Judge,
    registrar: Registrar,
    now: Now,
}

/// What a request says.
#[derive(Clone, Copy)]
struct Ask<'a> {
    method: &'a str,
    from: &'a str,
    to: &'a str,
    source: &'a str,
    stream: bool,
}

impl<'a> Ask<'a> {
    fn invite(from: &'a str) -> Ask<'a> {
        Ask {
            method: "INVITE",
            from,
            to: "100",
            source: HOME,
            stream: false,
        }
    }

    fn register(user: &'a str) -> Ask<'a> {
        Ask {
            method: "REGISTER",
            from: user,
            to: user,
            source: HOME,
            stream: false,
        }
    }

    fn at(self, source: &'a str) -> Ask<'a> {
        Ask { source, ..self }
    }

    fn by(self, method: &'a str) -> Ask<'a> {
        Ask { method, ..self }
    }

    fn stream(self) -> Ask<'a> {
        Ask {
            stream: true,
            ..self
        }
    }
}

impl Exchange {
    fn new(files: &[(&str, &str)]) -> Exchange {
        let mut sources = Sources::new();
        for (name, text) in files {
            sources.add(name, *text);
        }
        let (config, _) = config::load(&sources);
        let now = Now {
            micros: 1_000_000,
            unix_ms: 1_700_000_000_000,
        };
        Exchange {
            config,
            judge: Judge::new([7; 32]),
            registrar: Registrar::new(),
            now,
        }
    }

    fn send(&mut self, ask: Ask<'_>, authorization: Option<&[u8]>) -> Verdict {
        let mut text = format!(
            "{m} sip:100@192.0.2.9 SIP/2.0\r\nVia: SIP/2.0/UDP {s};branch=z9hG4bK1\r\nMax-Forwards: 70\r\n\
             From: <sip:{f}@192.0.2.9>;tag=1\r\nTo: <{t}>\r\nCall-ID: c\r\nCSeq: 1 {m}\r\n",
            m = ask.method,
            s = ask.source,
            f = ask.from,
            t = if ask.to.contains(':') { ask.to.to_owned() } else { format!("sip:{}@192.0.2.9", ask.to) },
        )
        .into_bytes();
        if let Some(value) = authorization {
            text.extend_from_slice(b"Authorization: ");
            text.extend_from_slice(value);
            text.extend_from_slice(b"\r\n");
        }
        text.extend_from_slice(b"Content-Length: 0\r\n\r\n");
        let request = Message::parse(Bytes::from(text)).unwrap();
        let remote: SocketAddr = ask.source.parse().unwrap();
        let flow = Flow {
            listener: ListenerId(0),
            protocol: if ask.stream {
                Protocol::Tcp
            } else {
                Protocol::Udp
            },
            local: "192.0.2.9:5060".parse().unwrap(),
            remote,
            connection: u64::from(ask.stream),
        };
        self.judge.judge(
            self.now,
            &request,
            &flow,
            &self.config.accounts,
            &self.registrar,
        )
    }

    /// One word per verdict: the account's label, `401`, `401 stale`, or the status.
    fn ask(&mut self, ask: Ask<'_>) -> String {
        word(&self.send(ask, None))
    }

    /// Sends, answers the challenge with this name and password, and says both verdicts.
    fn prove(&mut self, ask: Ask<'_>, user: &str, password: &str) -> String {
        let first = self.send(ask, None);
        let answer = answer(&first, ask.method, user, password, 0, 1);
        format!("{}, {}", word(&first), word(&self.send(ask, Some(&answer))))
    }

    fn later(&mut self, ms: u64) {
        self.now.micros += ms * 1000;
        self.now.unix_ms += ms;
    }
}

fn word(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Accept(account) if account.name.is_empty() => {
            format!("guest in {}", String::from_utf8_lossy(&account.context))
        }
        Verdict::Accept(account) => account.label(),
        Verdict::Challenge { stale: false, .. } => "401".to_owned(),
        Verdict::Challenge { stale: true, .. } => "401 stale".to_owned(),
        Verdict::Refuse { status, .. } => status.to_string(),
    }
}

/// The answer to challenge number `index`, with `nc` = `count`.
fn answer(
    verdict: &Verdict,
    method: &str,
    user: &str,
    password: &str,
    index: usize,
    count: u32,
) -> Vec<u8> {
    let Verdict::Challenge { headers, .. } = verdict else {
        panic!("no challenge: {verdict:?}")
    };
    let challenge = Challenge::parse(&headers[index]).unwrap();
    let secret = Secret::Password(password.as_bytes());
    challenge
        .answer(
            Method::of(method.as_bytes()),
            b"sip:100@192.0.2.9",
            user.as_bytes(),
            &secret,
            b"ab",
            count,
        )
        .unwrap()
}

#[test]
fn who_a_request_is_from() {
    let mut both = Exchange::new(&[SIP, PJSIP]);
    for (ask, expected) in [
        // pjsip by address comes before everything
        (Ask::invite("friend").at("198.51.100.7:9999"), "PJSIP/site"),
        (Ask::invite("3001").at("198.51.100.7:5060"), "PJSIP/site"),
        // pjsip by user; an endpoint that is identified by address only is not found by its name
        (Ask::invite("3001"), "401"),
        (Ask::invite("loose"), "PJSIP/loose"),
        (Ask::invite("site"), "401"),
        // sip.conf by user
        (Ask::invite("friend"), "401"),
        (Ask::invite("open"), "SIP/open"),
        (Ask::invite("user"), "401"),
        // sip.conf by address: the port counts, but for streams and insecure=port
        (Ask::invite("x").at("192.0.2.50:5070"), "SIP/trunk"),
        (Ask::invite("x").at("192.0.2.50:5060"), "401"),
        (
            Ask::invite("x").at("192.0.2.50:40000").stream(),
            "SIP/trunk",
        ),
        (Ask::invite("x").at("192.0.2.60:1234"), "SIP/wide"),
        // a peer is not found by its name
        (Ask::invite("wide"), "401"),
        // nobody
        (Ask::invite("stranger"), "401"),
        (Ask::invite(""), "401"),
    ] {
        assert_eq!(both.ask(ask), expected, "{} from {}", ask.from, ask.source);
    }
}

#[test]
fn a_proof_lets_in_and_anything_else_is_403() {
    let mut both = Exchange::new(&[SIP, PJSIP]);
    for (ask, user, password, expected) in [
        (Ask::invite("friend"), "friend", "sesame", "401, SIP/friend"),
        (Ask::invite("friend"), "friend", "wrong", "401, 403"),
        (Ask::invite("friend"), "user", "sesame", "401, 403"),
        (Ask::invite("3001"), "ann", "sesame", "401, PJSIP/3001"),
        (Ask::invite("3001"), "3001", "sesame", "401, 403"),
        (
            Ask::register("friend"),
            "friend",
            "sesame",
            "401, SIP/friend",
        ),
        (Ask::register("friend"), "friend", "wrong", "401, 403"),
        (Ask::register("3001"), "ann", "sesame", "401, PJSIP/3001"),
        // who is called cannot be guessed from the answers
        (Ask::invite("stranger"), "stranger", "sesame", "401, 403"),
        (Ask::register("stranger"), "stranger", "sesame", "401, 403"),
        (Ask::register("user"), "user", "sesame", "401, 403"),
        // a peer registers by the name in To
        (
            Ask {
                from: "x",
                ..Ask::register("friend")
            },
            "friend",
            "sesame",
            "401, SIP/friend",
        ),
        // address rules
        (Ask::invite("near"), "near", "sesame", "401, SIP/near"),
        (
            Ask::invite("near").at("203.0.113.1:5060"),
            "near",
            "sesame",
            "401, 403",
        ),
        // a phone registers by the protocols that its account lists
        (Ask::register("wired"), "wired", "sesame", "401, 403"),
        (
            Ask::register("wired").stream(),
            "wired",
            "sesame",
            "401, SIP/wired",
        ),
        (Ask::invite("wired"), "wired", "sesame", "401, SIP/wired"),
    ] {
        assert_eq!(
            both.prove(ask, user, password),
            expected,
            "{} {} as {user}",
            ask.method,
            ask.from
        );
    }
}

#[test]
fn methods() {
    let mut both = Exchange::new(&[SIP, PJSIP]);
    for (ask, expected) in [
        (Ask::invite("friend").by("MESSAGE"), "401"),
        (Ask::invite("3001").by("MESSAGE"), "401"),
        (Ask::invite("mute").by("MESSAGE"), "405"),
        (Ask::invite("open").by("MESSAGE"), "SIP/open"),
        // chan_sip answers every OPTIONS, so names cannot be guessed by them
        (Ask::invite("friend").by("OPTIONS"), "guest in house"),
        (Ask::invite("3001").by("OPTIONS"), "guest in house"),
        (Ask::invite("stranger").by("OPTIONS"), "guest in house"),
    ] {
        assert_eq!(both.ask(ask), expected, "{} {}", ask.method, ask.from);
    }
    let mut pjsip = Exchange::new(&[PJSIP]);
    assert_eq!(pjsip.ask(Ask::invite("3001").by("OPTIONS")), "401");
    assert_eq!(pjsip.ask(Ask::invite("stranger").by("OPTIONS")), "401");
    let quiet = (
        "sip.conf",
        "[general]\nallowguest=no\nauth_message_requests=no\n[a]\ntype=friend\nhost=dynamic\nsecret=x\n",
    );
    let mut quiet = Exchange::new(&[quiet]);
    assert_eq!(quiet.ask(Ask::invite("a").by("MESSAGE")), "SIP/a");
    assert_eq!(quiet.ask(Ask::invite("a")), "401");
}

#[test]
fn only_sip_addresses_can_be_registered() {
    let mut both = Exchange::new(&[SIP, PJSIP]);
    for from in ["friend", "3001", "stranger"] {
        let ask = Ask {
            to: "tel:+4512345678",
            ..Ask::register(from)
        };
        assert_eq!(both.ask(ask), "400", "{from}");
    }
}

#[test]
fn guests() {
    let open = (
        "sip.conf",
        "[general]\ncontext=lobby\nallowguest=yes\n[a]\ntype=friend\nhost=dynamic\nsecret=x\n",
    );
    let mut sip = Exchange::new(&[open]);
    assert_eq!(sip.ask(Ask::invite("stranger")), "guest in lobby");
    assert_eq!(sip.ask(Ask::invite("a")), "401");
    assert_eq!(
        sip.prove(Ask::register("stranger"), "stranger", ""),
        "401, 403"
    );
    let anonymous = (
        "pjsip.conf",
        "[anonymous]\ntype=endpoint\nallow=ulaw\ncontext=pj\n",
    );
    let mut both = Exchange::new(&[open, anonymous]);
    assert_eq!(both.ask(Ask::invite("stranger")), "PJSIP/anonymous");
}

#[test]
fn a_registered_phone_is_known_by_its_address() {
    let mut sip = Exchange::new(&[SIP]);
    let source = "192.0.2.77:6000";
    assert_eq!(sip.ask(Ask::invite("x").at(source)), "401");
    let register = Message::parse(Bytes::from_static(
        b"REGISTER sip:192.0.2.9 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.77:6000;branch=z9hG4bK1\r\nFrom: <sip:open@h>;tag=1\r\n\
          To: <sip:open@h>\r\nCall-ID: c\r\nCSeq: 1 REGISTER\r\nContact: <sip:open@192.0.2.77:6000>\r\nContent-Length: 0\r\n\r\n",
    ))
    .unwrap();
    let flow = Flow {
        listener: ListenerId(0),
        protocol: Protocol::Udp,
        local: "192.0.2.9:5060".parse().unwrap(),
        remote: source.parse().unwrap(),
        connection: 0,
    };
    let accounts = sip.config.accounts.clone();
    let account = accounts.find(config::Technology::Sip, b"open").unwrap();
    let aor = accounts.registers_at(account, b"open").unwrap();
    assert_eq!(
        sip.registrar
            .register(sip.now, &register, &flow, aor, account.nat)
            .status,
        200
    );
    assert_eq!(sip.ask(Ask::invite("x").at(source)), "SIP/open");
    assert_eq!(sip.ask(Ask::invite("x").at("192.0.2.77:6001")), "401");
    assert_eq!(
        sip.ask(Ask::invite("x").at("192.0.2.77:6001").stream()),
        "SIP/open"
    );
}

#[test]
fn nonces_expire_are_used_up_and_do_not_survive_a_restart() {
    let mut sip = Exchange::new(&[SIP]);
    let ask = Ask::register("friend");
    let challenge = sip.send(ask, None);
    let once = answer(&challenge, "REGISTER", "friend", "sesame", 0, 1);
    let twice = answer(&challenge, "REGISTER", "friend", "sesame", 0, 2);
    assert_eq!(word(&sip.send(ask, Some(&once))), "SIP/friend");
    assert_eq!(
        word(&sip.send(ask, Some(&once))),
        "401 stale",
        "the same nc again"
    );
    assert_eq!(word(&sip.send(ask, Some(&twice))), "SIP/friend", "nc grows");

    let challenge = sip.send(ask, None);
    let late = answer(&challenge, "REGISTER", "friend", "sesame", 0, 1);
    let wrong = answer(&challenge, "REGISTER", "friend", "no", 0, 1);
    sip.later(NONCE_LIFE + 1);
    assert_eq!(word(&sip.send(ask, Some(&late))), "401 stale");
    assert_eq!(
        word(&sip.send(ask, Some(&wrong))),
        "401 stale",
        "never 403 for an old nonce"
    );

    let challenge = sip.send(ask, None);
    let before = answer(&challenge, "REGISTER", "friend", "sesame", 0, 1);
    sip.judge = Judge::new([8; 32]);
    let again = sip.send(ask, Some(&before));
    assert_eq!(word(&again), "401 stale");
    let after = answer(&again, "REGISTER", "friend", "sesame", 0, 1);
    assert_eq!(word(&sip.send(ask, Some(&after))), "SIP/friend");
}

#[test]
fn an_answer_without_qop_is_good_once() {
    let mut sip = Exchange::new(&[SIP]);
    let ask = Ask::register("friend");
    let Verdict::Challenge { headers, .. } = sip.send(ask, None) else {
        panic!()
    };
    let mut challenge = Challenge::parse(&headers[0]).unwrap();
    challenge.qop = false;
    let plain = challenge
        .answer(
            Method::Register,
            b"sip:100@192.0.2.9",
            b"friend",
            &Secret::Password(b"sesame"),
            b"",
            1,
        )
        .unwrap();
    assert!(!plain.windows(3).any(|w| w == b"qop"));
    assert_eq!(word(&sip.send(ask, Some(&plain))), "SIP/friend");
    assert_eq!(word(&sip.send(ask, Some(&plain))), "401 stale");
}

#[test]
fn md5_alone_unless_the_account_lists_more() {
    let mut both = Exchange::new(&[SIP, PJSIP]);
    let Verdict::Challenge { headers, .. } = both.send(Ask::invite("friend"), None) else {
        panic!()
    };
    assert_eq!(headers.len(), 1);
    assert!(
        headers[0].starts_with(b"Digest algorithm=MD5, realm=\"asterisk\""),
        "{headers:?}"
    );
    let strong = both.send(Ask::invite("strong"), None);
    let Verdict::Challenge { headers, .. } = &strong else {
        panic!()
    };
    let text: Vec<_> = headers
        .iter()
        .map(|h| String::from_utf8_lossy(h).into_owned())
        .collect();
    assert!(
        text[0].contains("algorithm=SHA-256")
            && text[1].contains("algorithm=MD5")
            && text[0].contains("realm=\"vault\""),
        "{text:?}"
    );
    for index in [0, 1] {
        let answer = answer(&strong, "INVITE", "strong", "sesame", index, 1);
        assert_eq!(
            word(&both.send(Ask::invite("strong"), Some(&answer))),
            "PJSIP/strong"
        );
    }
    // SHA-256 where only MD5 was offered proves nothing.
    let md5 = both.send(Ask::invite("friend"), None);
    let Verdict::Challenge { headers, .. } = &md5 else {
        panic!()
    };
    let forged = Bytes::from(
        String::from_utf8_lossy(&headers[0]).replace("algorithm=MD5", "algorithm=SHA-256"),
    );
    let forged = Verdict::Challenge {
        stale: false,
        headers: vec![forged],
    };
    let answer = answer(&forged, "INVITE", "friend", "sesame", 0, 1);
    assert_eq!(
        word(&both.send(Ask::invite("friend"), Some(&answer))),
        "403"
    );
}

#[test]
fn foreign_or_broken_credentials_count_as_none() {
    let mut sip = Exchange::new(&[SIP]);
    for value in [
        &b"Digest"[..],
        b"Basic Zm9v",
        b"Digest username=\"friend\"",
        b"Digest username=\"friend\",realm=\"elsewhere\",nonce=\"1\",uri=\"sip:x\",response=\"1\"",
        b"Digest username=\"friend\",realm=\"asterisk\",nonce=\"1\",uri=\"sip:x\",response=\"1\",algorithm=FOO",
        b"Digest \xff\xfe",
    ] {
        assert_eq!(word(&sip.send(Ask::invite("friend"), Some(value))), "401", "{}", String::from_utf8_lossy(value));
    }
    // Our realm, a nonce that is not ours: as after a restart. Seed of many phones that keep the last nonce.
    let old = b"Digest username=\"nlys\",realm=\"asterisk\",nonce=\"47a5e6d5\",uri=\"sip:x\",response=\"2815130c06b53ab85d1602dff361fe7d\",algorithm=MD5";
    assert_eq!(
        word(&sip.send(Ask::invite("friend"), Some(old))),
        "401 stale"
    );
}

#[test]
fn a_hash_in_place_of_the_secret() {
    // MD5("hashed:asterisk:sesame"), as `md5secret` wants it.
    let hash = {
        use md5::{Digest as _, Md5};
        Md5::digest(b"hashed:asterisk:sesame")
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect::<String>()
    };
    let file = SIP
        .1
        .replace("b8f4cbebb60f9d2a1b1e2a6a9a2b0a9c", &hash.to_uppercase());
    let mut sip = Exchange::new(&[("sip.conf", &file)]);
    assert_eq!(
        sip.prove(Ask::invite("hashed"), "hashed", "sesame"),
        "401, SIP/hashed"
    );
    assert_eq!(
        sip.prove(Ask::invite("hashed"), "hashed", "wrong"),
        "401, 403"
    );
}

#[test]
fn seed_c_lets_in_by_address_and_refuses_the_third() {
    let folder =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/two-sites/C/sip3");
    let (config, _) = config::load(&config::gather(&folder).unwrap());
    let mut site = Exchange {
        config,
        ..Exchange::new(&[])
    };
    assert_eq!(
        site.ask(Ask::invite("1001").at("127.0.50.206:5060")),
        "PJSIP/SIP1"
    );
    assert_eq!(
        site.ask(Ask::invite("1002").at("127.0.50.55:5060")),
        "PJSIP/SIP1"
    );
    assert_eq!(
        site.prove(
            Ask::invite("1003").at("127.0.50.77:5060"),
            "1003",
            "1234567890"
        ),
        "401, 403"
    );
}

/// The REGISTER and its 200 that a class captured from Zoiper and Asterisk 13: an answer without qop to a nonce of another run.
#[test]
fn the_captured_phone_registers_after_one_more_challenge() {
    let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let fixture = |name: &str| std::fs::read(here.join("tests/sip/zoiper").join(name)).unwrap();
    let register = Message::parse(fixture("1-register.dat").into()).unwrap();
    let captured = Message::parse(fixture("2-200.dat").into()).unwrap();
    let (config, _) = config::load(&config::gather(&here.join("../examples/two-phones")).unwrap());
    let mut class = Exchange {
        config,
        ..Exchange::new(&[])
    };
    let flow = Flow {
        listener: ListenerId(0),
        protocol: Protocol::Udp,
        local: "10.255.150.110:5060".parse().unwrap(),
        remote: "10.213.0.154:52210".parse().unwrap(),
        connection: 0,
    };
    let accounts = class.config.accounts.clone();
    let now = class.now;
    let verdict = class
        .judge
        .judge(now, &register, &flow, &accounts, &class.registrar);
    assert_eq!(word(&verdict), "401 stale");

    // The same phone again, with what it would answer: no qop, as it did.
    let Verdict::Challenge { headers, .. } = &verdict else {
        panic!()
    };
    let mut challenge = Challenge::parse(&headers[0]).unwrap();
    challenge.qop = false;
    let uri = register.uri_text();
    let secret = Secret::Password(b"lampe-61-orage");
    let answer = challenge
        .answer(Method::Register, uri, b"nlys", &secret, b"", 1)
        .unwrap();
    let text = String::from_utf8(register.bytes().to_vec()).unwrap();
    let (before, after) = text.split_once("Authorization: ").unwrap();
    let (_, after) = after.split_once("\r\n").unwrap();
    let again = format!(
        "{before}Authorization: {}\r\n{after}",
        String::from_utf8(answer).unwrap()
    );
    let again = Message::parse(again.into_bytes().into()).unwrap();
    let verdict = class
        .judge
        .judge(now, &again, &flow, &accounts, &class.registrar);
    assert_eq!(word(&verdict), "SIP/nlys");

    let Verdict::Accept(account) = verdict else {
        panic!()
    };
    let aor = accounts.registers_at(&account, b"nlys").unwrap();
    let ok = class
        .registrar
        .register(now, &again, &flow, aor, account.nat);
    let contact = captured.get(strowger_runtime::sip::Name::Contact).unwrap();
    assert_eq!(
        (ok.status, &ok.headers[0].1[..]),
        (200, contact),
        "to the letter what Asterisk answered"
    );
}
