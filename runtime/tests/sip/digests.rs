//! Digest authentication: published vectors, a phone of the field, and the life of a nonce.

use bytes::Bytes;
use strowger_runtime::sip::digest::{
    Algorithm, Challenge, Credentials, Nonces, Secret, Verdict, challenge,
};
use strowger_runtime::sip::{Message, Method, Name};

use crate::files;

const GET: Method<'static> = Method::Other(b"GET");

#[test]
fn rfc_2617_with_qop() {
    let value = br#"Digest username="Mufasa", realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093",
        uri="/dir/index.html", qop=auth, nc=00000001, cnonce="0a4f113b", response="6629fae49393a05397450978507c4ef1",
        opaque="5ccc069c403ebaf9f0171e9517f40e41""#;
    let c = Credentials::parse(value).unwrap();
    assert!(c.proves(GET, &Secret::Password(b"Circle Of Life")));
    assert!(c.proves(GET, &Secret::Md5(b"939E7578ED9E3C518A452ACEE763BCE9")));
    assert!(!c.proves(GET, &Secret::Password(b"circle of life")));
    assert!(!c.proves(Method::Other(b"POST"), &Secret::Password(b"Circle Of Life")));
    assert!(!c.proves(GET, &Secret::Nobody));
}

#[test]
fn rfc_2069_without_qop() {
    // The value of the RFC's erratum 749.
    let value = br#"Digest username="Mufasa", realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093",
        uri="/dir/index.html", response="1949323746fe6a43ef61f9606e7febea", opaque="5ccc069c403ebaf9f0171e9517f40e41""#;
    let c = Credentials::parse(value).unwrap();
    assert_eq!((c.algorithm, &c.qop), (Algorithm::Md5, &None));
    assert!(c.proves(GET, &Secret::Password(b"CircleOfLife")));
}

fn rfc_7616(algorithm: &str) -> Challenge {
    let value = format!(
        r#"Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={algorithm},
        nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS""#
    );
    Challenge::parse(value.as_bytes()).unwrap()
}

#[test]
fn rfc_7616_both_algorithms_both_sides() {
    for (name, response) in [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        (
            "SHA-256",
            "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
        ),
    ] {
        let secret = Secret::Password(b"Circle of Life");
        let cnonce = b"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
        let answer = rfc_7616(name)
            .answer(GET, b"/dir/index.html", b"Mufasa", &secret, cnonce, 1)
            .unwrap();
        let c = Credentials::parse(&answer).unwrap();
        assert_eq!(String::from_utf8_lossy(&c.response), response);
        assert!(c.proves(GET, &secret));
        assert!(String::from_utf8_lossy(&answer).contains("opaque=\"FQhe/"));
    }
    // A stored MD5 hash cannot answer SHA-256, and proves nothing there.
    let hash = Secret::Md5(b"00000000000000000000000000000000");
    assert_eq!(
        rfc_7616("SHA-256").answer(GET, b"/", b"Mufasa", &hash, b"c", 1),
        None
    );
}

#[test]
fn what_cannot_be_answered_is_no_challenge() {
    for value in [
        &b"Basic realm=\"x\""[..],
        b"Digest realm=\"x\", nonce=\"n\", algorithm=SHA-512-256",
        b"Digest realm=\"x\", nonce=\"n\", qop=\"auth-int\"",
        b"Digest realm=\"x\"",
        b"Digest",
        b"",
    ] {
        assert_eq!(
            Challenge::parse(value),
            None,
            "{}",
            String::from_utf8_lossy(value)
        );
    }
}

/// Zoiper answers a challenge without qop in the form of RFC 2069, commas without blanks, and repeats it in BYE unasked.
#[test]
fn zoiper_credentials_are_read() {
    for (name, bytes) in files("zoiper")
        .into_iter()
        .filter(|(n, _)| n == "1-register" || n == "5-bye")
    {
        let m = Message::parse(Bytes::from(bytes)).unwrap();
        let c = Credentials::find(&m, Name::Authorization, b"asterisk").unwrap();
        assert_eq!(
            (&*c.username, c.algorithm, &c.qop),
            (&b"nlys"[..], Algorithm::Md5, &None),
            "{name}"
        );
        assert_eq!(&*c.uri, m.uri_text(), "{name}");
        assert_eq!((c.nonce.len(), c.response.len()), (8, 32), "{name}");
        assert_eq!(
            Credentials::find(&m, Name::Authorization, b"elsewhere"),
            None
        );
        // A nonce of another server, or of ours before a restart: stale, whatever the password.
        let mut nonces = Nonces::new([7; 32], 32_000);
        assert_eq!(
            nonces.judge(0, m.method().unwrap(), &c, &Secret::Password(b"anything")),
            Verdict::Stale
        );
    }
}

/// A phone that registers with us: challenge as sent, answer as read.
struct Phone {
    nonces: Nonces,
    qop: bool,
}

impl Phone {
    fn new(qop: bool) -> Phone {
        Phone {
            nonces: Nonces::bounded([1; 32], 32_000, 4),
            qop,
        }
    }

    fn challenge(&mut self, now: u64) -> Challenge {
        let nonce = self.nonces.issue(now);
        let mut c =
            Challenge::parse(&challenge(b"asterisk", &nonce, Algorithm::Md5, false)).unwrap();
        assert!(c.qop && !c.stale);
        c.qop = self.qop;
        c
    }

    fn answer(&mut self, now: u64, c: &Challenge, password: &[u8], count: u32) -> Verdict {
        let value = c
            .answer(
                Method::Register,
                b"sip:pbx",
                b"61",
                &Secret::Password(password),
                b"cn",
                count,
            )
            .unwrap();
        self.nonces.judge(
            now,
            Method::Register,
            &Credentials::parse(&value).unwrap(),
            &Secret::Password(b"right"),
        )
    }
}

#[test]
fn without_qop_each_nonce_is_good_once() {
    let mut phone = Phone::new(false);
    let first = phone.challenge(1_000);
    let second = phone.challenge(1_000);
    assert_ne!(first.nonce, second.nonce);
    assert_eq!(phone.answer(1_001, &first, b"wrong", 1), Verdict::Wrong);
    assert_eq!(phone.answer(1_002, &first, b"right", 1), Verdict::Right);
    assert_eq!(phone.answer(1_003, &first, b"right", 1), Verdict::Stale);
    assert_eq!(phone.answer(1_004, &second, b"right", 1), Verdict::Right);
}

#[test]
fn with_qop_nc_must_grow() {
    let mut phone = Phone::new(true);
    let c = phone.challenge(0);
    assert_eq!(phone.answer(1, &c, b"right", 1), Verdict::Right);
    assert_eq!(phone.answer(2, &c, b"right", 1), Verdict::Stale);
    assert_eq!(phone.answer(3, &c, b"right", 5), Verdict::Right);
    assert_eq!(phone.answer(4, &c, b"right", 4), Verdict::Stale);
    assert_eq!(phone.answer(5, &c, b"right", 6), Verdict::Right);
}

#[test]
fn an_old_a_foreign_and_a_forged_nonce_are_stale_and_never_wrong() {
    let mut phone = Phone::new(true);
    let c = phone.challenge(1_000);
    assert_eq!(phone.answer(33_001, &c, b"wrong", 1), Verdict::Stale);
    assert_eq!(phone.answer(999, &c, b"right", 1), Verdict::Stale);
    assert_eq!(phone.answer(33_000, &c, b"right", 1), Verdict::Right);
    let mut restarted = Phone {
        nonces: Nonces::new([2; 32], 32_000),
        qop: true,
    };
    assert_eq!(restarted.answer(1_500, &c, b"wrong", 2), Verdict::Stale);
    for at in 0..c.nonce.len() {
        let mut forged = c.clone();
        forged.nonce[at] = if forged.nonce[at] == b'0' { b'1' } else { b'0' };
        assert_eq!(
            phone.answer(1_500, &forged, b"right", 9),
            Verdict::Stale,
            "{at}"
        );
    }
}

#[test]
fn the_table_of_used_nonces_is_bounded_and_what_leaves_it_is_stale() {
    let mut phone = Phone::new(true);
    let all: Vec<Challenge> = (0..6).map(|_| phone.challenge(0)).collect();
    for c in &all {
        assert_eq!(phone.answer(1, c, b"right", 1), Verdict::Right);
    }
    // Four are remembered: the first two have left.
    for (i, c) in all.iter().enumerate() {
        let expected = if i < 2 {
            Verdict::Stale
        } else {
            Verdict::Right
        };
        assert_eq!(phone.answer(2, c, b"right", 2), expected, "{i}");
    }
}

#[test]
fn a_stale_challenge_says_so_and_nobody_is_ever_right() {
    let text = challenge(b"a \"quoted\" realm", b"abc", Algorithm::Sha256, true);
    let c = Challenge::parse(&text).unwrap();
    assert_eq!(
        (c.realm.as_slice(), c.stale, c.algorithm),
        (&b"a \"quoted\" realm"[..], true, Algorithm::Sha256)
    );
    let answer = c
        .answer(
            Method::Invite,
            b"sip:x",
            b"u",
            &Secret::Password(b"no such user"),
            b"c",
            1,
        )
        .unwrap();
    assert!(
        !Credentials::parse(&answer)
            .unwrap()
            .proves(Method::Invite, &Secret::Nobody)
    );
}
