//! Digest authentication, both sides (RFC 3261 22, RFC 7616, and RFC 2069's form without qop, which chan_sip's phones know).
//!
//! A nonce is its time, a number and a keyed hash of both: nothing is stored when one is given out. What is stored is which ones
//! were used, at most [`NONCES`].

use std::borrow::Cow;
use std::collections::BTreeMap;

use md5::{Digest as _, Md5};
use sha2::Sha256;

use super::headers::{self, Method, Name, is_token};
use super::message::Message;
use super::uri::{Param, unquote, write_quoted};

/// Used nonces that are remembered; the oldest leave first, and count as stale from then on.
pub const NONCES: usize = 65_536;

/// How the digest is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// `MD5`, and what is meant when none is named.
    Md5,
    /// `SHA-256` (RFC 7616).
    Sha256,
}

impl Algorithm {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Algorithm::Md5 => "MD5",
            Algorithm::Sha256 => "SHA-256",
        }
    }

    fn of(text: &[u8]) -> Option<Algorithm> {
        [Algorithm::Md5, Algorithm::Sha256]
            .into_iter()
            .find(|a| text.eq_ignore_ascii_case(a.name().as_bytes()))
    }

    /// The hash of the parts joined by colons, in lower-case hexadecimal.
    fn hash(self, parts: &[&[u8]]) -> Vec<u8> {
        fn run<D: md5::Digest>(parts: &[&[u8]]) -> Vec<u8> {
            let mut d = D::new();
            for (i, part) in parts.iter().enumerate() {
                if i > 0 {
                    d.update(b":");
                }
                d.update(part);
            }
            hex(&d.finalize())
        }
        match self {
            Algorithm::Md5 => run::<Md5>(parts),
            Algorithm::Sha256 => run::<Sha256>(parts),
        }
    }
}

fn hex(bytes: &[u8]) -> Vec<u8> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|b| [DIGITS[usize::from(b >> 4)], DIGITS[usize::from(b & 15)]])
        .collect()
}

/// What proves a user. It has no `Debug` form: it must never be printed.
#[derive(Clone, Copy)]
pub enum Secret<'a> {
    /// The password itself.
    Password(&'a [u8]),
    /// `md5secret`, `md5_cred`: the MD5 of `user:realm:password` in hexadecimal. Good for MD5 only.
    Md5(&'a [u8]),
    /// There is no such user. Costs what a wrong password costs, and is never right.
    Nobody,
}

impl Secret<'_> {
    fn ha1(&self, algorithm: Algorithm, username: &[u8], realm: &[u8]) -> Vec<u8> {
        match self {
            Secret::Password(p) => algorithm.hash(&[username, realm, p]),
            Secret::Md5(h) => h.trim_ascii().to_ascii_lowercase(),
            Secret::Nobody => algorithm.hash(&[username, realm, b"no such user"]),
        }
    }
}

/// What an Authorization or Proxy-Authorization header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials<'a> {
    /// Who it claims to be.
    pub username: Cow<'a, [u8]>,
    /// For which realm.
    pub realm: Cow<'a, [u8]>,
    /// The nonce it answers.
    pub nonce: Cow<'a, [u8]>,
    /// The address it was made for.
    pub uri: Cow<'a, [u8]>,
    /// The proof, in hexadecimal.
    pub response: Cow<'a, [u8]>,
    /// MD5 when it names none.
    pub algorithm: Algorithm,
    /// With `qop=auth`: its own nonce and how often it used ours.
    pub qop: Option<Counted<'a>>,
}

/// What `qop=auth` adds to credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted<'a> {
    /// `cnonce`.
    pub cnonce: Cow<'a, [u8]>,
    /// `nc` as written: eight hexadecimal digits.
    pub nc: Cow<'a, [u8]>,
    /// `nc` as a number.
    pub count: u32,
}

impl<'a> Credentials<'a> {
    /// Reads the value of a header. `None` for another scheme, another algorithm or qop than we know, or a part missing: all of
    /// which is the same as no credentials.
    pub fn parse(value: &'a [u8]) -> Option<Credentials<'a>> {
        let parts = Parts::of(value)?;
        let algorithm = match parts.get(b"algorithm") {
            None => Algorithm::Md5,
            Some(name) => Algorithm::of(&name)?,
        };
        let qop = match parts.get(b"qop") {
            None => None,
            Some(qop) if qop.eq_ignore_ascii_case(b"auth") => {
                let nc = parts.get(b"nc")?;
                let count = u32::from_str_radix(std::str::from_utf8(&nc).ok()?, 16).ok()?;
                Some(Counted {
                    cnonce: parts.get(b"cnonce")?,
                    nc,
                    count,
                })
            }
            Some(_) => return None,
        };
        Some(Credentials {
            username: parts.get(b"username")?,
            realm: parts.get(b"realm")?,
            nonce: parts.get(b"nonce")?,
            uri: parts.get(b"uri")?,
            response: parts.get(b"response")?,
            algorithm,
            qop,
        })
    }

    /// The credentials of a request for that realm: `Authorization`, or `Proxy-Authorization` if `header` says so.
    pub fn find(message: &'a Message, header: Name, realm: &[u8]) -> Option<Credentials<'a>> {
        message
            .all(header)
            .filter_map(Credentials::parse)
            .find(|c| *c.realm == *realm)
    }

    /// The proof that the owner of `secret` would have sent.
    fn expected(&self, method: Method<'_>, secret: &Secret<'_>) -> Vec<u8> {
        let ha1 = secret.ha1(self.algorithm, &self.username, &self.realm);
        respond(
            self.algorithm,
            &ha1,
            &self.nonce,
            self.qop.as_ref().map(|q| (&*q.nc, &*q.cnonce)),
            method,
            &self.uri,
        )
    }

    /// Whether the proof is right, in the same time whether it is or not. Says nothing about the nonce: see [`Nonces::judge`].
    pub fn proves(&self, method: Method<'_>, secret: &Secret<'_>) -> bool {
        let expected = self.expected(method, secret);
        let given = self.response.to_ascii_lowercase();
        let differ = expected
            .iter()
            .zip(&given)
            .fold(expected.len() ^ given.len(), |d, (a, b)| {
                d | usize::from(a ^ b)
            });
        let known = match secret {
            Secret::Password(_) => true,
            Secret::Md5(_) => self.algorithm == Algorithm::Md5,
            Secret::Nobody => false,
        };
        known & (differ == 0)
    }
}

/// RFC 7616 3.4.1: the proof, with or without qop.
fn respond(
    algorithm: Algorithm,
    ha1: &[u8],
    nonce: &[u8],
    counted: Option<(&[u8], &[u8])>,
    method: Method<'_>,
    uri: &[u8],
) -> Vec<u8> {
    let ha2 = algorithm.hash(&[method.text(), uri]);
    match counted {
        Some((nc, cnonce)) => algorithm.hash(&[ha1, nonce, nc, cnonce, b"auth", &ha2]),
        None => algorithm.hash(&[ha1, nonce, &ha2]),
    }
}

/// What the server makes of credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The user is who it says.
    Right,
    /// The nonce is not ours (any more), or was used: 401 with a new one and `stale=true`.
    Stale,
    /// 403.
    Wrong,
}

/// Gives out nonces and judges what comes back.
#[derive(Debug)]
pub struct Nonces {
    key: [u8; 32],
    life: u64,
    issued: u64,
    /// Number of the nonce -> the highest `nc` seen; `u32::MAX` for one used without qop.
    used: BTreeMap<u64, u32>,
    /// Every number up to here counts as used: it may have been forgotten.
    forgotten: u64,
    bound: usize,
}

impl Nonces {
    /// `seed` must differ from run to run and be unknown to others; `life` is how many milliseconds a nonce is good for.
    pub fn new(seed: [u8; 32], life: u64) -> Nonces {
        Self::bounded(seed, life, NONCES)
    }

    /// As [`Nonces::new`], remembering at most `bound` used ones.
    pub fn bounded(seed: [u8; 32], life: u64, bound: usize) -> Nonces {
        Nonces {
            key: seed,
            life,
            issued: 0,
            used: BTreeMap::new(),
            forgotten: 0,
            bound: bound.max(1),
        }
    }

    /// A new nonce. `now` is any clock in milliseconds that does not run backwards.
    pub fn issue(&mut self, now: u64) -> Vec<u8> {
        self.issued += 1;
        self.make(now, self.issued)
    }

    fn make(&self, now: u64, number: u64) -> Vec<u8> {
        let mut hash = Sha256::new();
        hash.update(self.key);
        hash.update(now.to_be_bytes());
        hash.update(number.to_be_bytes());
        let mut nonce = format!("{now:012x}{number:08x}").into_bytes();
        nonce.extend(hex(&hash.finalize()[..8]));
        nonce
    }

    /// The number of a nonce that is ours and not too old.
    fn number(&self, now: u64, nonce: &[u8]) -> Option<u64> {
        let text = std::str::from_utf8(nonce).ok().filter(|t| t.is_ascii())?;
        let hash_at = text.len().checked_sub(16).filter(|&n| n >= 20)?;
        let made = u64::from_str_radix(text.get(..12)?, 16).ok()?;
        let number = u64::from_str_radix(text.get(12..hash_at)?, 16).ok()?;
        let fresh = now.checked_sub(made).is_some_and(|age| age <= self.life);
        (fresh && self.make(made, number) == nonce).then_some(number)
    }

    /// Judges credentials for a request. A nonce that is not ours or expired is [`Verdict::Stale`] whatever the password, never
    /// `Wrong`: after a restart every phone comes back with one. Each nonce is good once without qop; with qop, `nc` must grow.
    pub fn judge(
        &mut self,
        now: u64,
        method: Method<'_>,
        credentials: &Credentials<'_>,
        secret: &Secret<'_>,
    ) -> Verdict {
        let right = credentials.proves(method, secret);
        let Some(number) = self.number(now, &credentials.nonce) else {
            return Verdict::Stale;
        };
        if !right {
            return Verdict::Wrong;
        }
        let count = credentials.qop.as_ref().map_or(u32::MAX, |q| q.count);
        let seen = if number <= self.forgotten {
            u32::MAX
        } else {
            self.used.get(&number).copied().unwrap_or(0)
        };
        // A first use without qop is `u32::MAX` against 0; after it nothing grows any more.
        if count <= seen {
            return Verdict::Stale;
        }
        self.used.insert(number, count);
        if self.used.len() > self.bound
            && let Some((oldest, _)) = self.used.pop_first()
        {
            self.forgotten = oldest;
        }
        Verdict::Right
    }
}

/// The value of a WWW-Authenticate or Proxy-Authenticate header that we send.
pub fn challenge(realm: &[u8], nonce: &[u8], algorithm: Algorithm, stale: bool) -> Vec<u8> {
    let mut out = b"Digest algorithm=".to_vec();
    out.extend_from_slice(algorithm.name().as_bytes());
    out.extend_from_slice(b", realm=");
    write_quoted(realm, &mut out);
    out.extend_from_slice(b", nonce=");
    write_quoted(nonce, &mut out);
    out.extend_from_slice(b", qop=\"auth\"");
    if stale {
        out.extend_from_slice(b", stale=true");
    }
    out
}

/// A challenge of the far end to one of our requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// Its realm.
    pub realm: Vec<u8>,
    /// Its nonce.
    pub nonce: Vec<u8>,
    /// To be returned as it is.
    pub opaque: Option<Vec<u8>>,
    /// MD5 when it names none.
    pub algorithm: Algorithm,
    /// Whether it offers `qop=auth`.
    pub qop: bool,
    /// Whether only the nonce was too old.
    pub stale: bool,
}

impl Challenge {
    /// Reads the value of a header. `None` for what we cannot answer: another scheme or algorithm, or only `auth-int`.
    pub fn parse(value: &[u8]) -> Option<Challenge> {
        let parts = Parts::of(value)?;
        let algorithm = match parts.get(b"algorithm") {
            None => Algorithm::Md5,
            Some(name) => Algorithm::of(&name)?,
        };
        let qop = match parts.get(b"qop") {
            None => false,
            Some(list) => headers::list(&list)
                .any(|q| q.eq_ignore_ascii_case(b"auth"))
                .then_some(true)?,
        };
        Some(Challenge {
            realm: parts.get(b"realm")?.into_owned(),
            nonce: parts.get(b"nonce")?.into_owned(),
            opaque: parts.get(b"opaque").map(Cow::into_owned),
            algorithm,
            qop,
            stale: parts
                .get(b"stale")
                .is_some_and(|s| s.eq_ignore_ascii_case(b"true")),
        })
    }

    /// The challenges of a 401 or 407 that we can answer, in the order of the far end's preference.
    pub fn all(response: &Message) -> Vec<(Name, Challenge)> {
        [
            (Name::WwwAuthenticate, Name::Authorization),
            (Name::ProxyAuthenticate, Name::ProxyAuthorization),
        ]
        .into_iter()
        .flat_map(|(asks, answers)| {
            response
                .all(asks)
                .filter_map(Challenge::parse)
                .map(move |c| (answers, c))
        })
        .collect()
    }

    /// The value of the Authorization or Proxy-Authorization that answers. `count` is how often this nonce was used, from 1;
    /// `cnonce` is ours, from the caller's seed. `None` where an MD5 hash is all we have and another algorithm is asked for.
    pub fn answer(
        &self,
        method: Method<'_>,
        uri: &[u8],
        username: &[u8],
        secret: &Secret<'_>,
        cnonce: &[u8],
        count: u32,
    ) -> Option<Vec<u8>> {
        if matches!(secret, Secret::Nobody)
            || (matches!(secret, Secret::Md5(_)) && self.algorithm != Algorithm::Md5)
        {
            return None;
        }
        let ha1 = secret.ha1(self.algorithm, username, &self.realm);
        let nc = format!("{count:08x}");
        let counted = self.qop.then_some((nc.as_bytes(), cnonce));
        let response = respond(self.algorithm, &ha1, &self.nonce, counted, method, uri);
        let mut out = b"Digest username=".to_vec();
        write_quoted(username, &mut out);
        let quoted: [(&[u8], &[u8]); 4] = [
            (b"realm", &self.realm),
            (b"nonce", &self.nonce),
            (b"uri", uri),
            (b"response", &response),
        ];
        for (name, value) in quoted {
            out.extend_from_slice(b", ");
            out.extend_from_slice(name);
            out.push(b'=');
            write_quoted(value, &mut out);
        }
        out.extend_from_slice(b", algorithm=");
        out.extend_from_slice(self.algorithm.name().as_bytes());
        if self.qop {
            out.extend_from_slice(b", qop=auth, nc=");
            out.extend_from_slice(nc.as_bytes());
            out.extend_from_slice(b", cnonce=");
            write_quoted(cnonce, &mut out);
        }
        if let Some(opaque) = &self.opaque {
            out.extend_from_slice(b", opaque=");
            write_quoted(opaque, &mut out);
        }
        Some(out)
    }
}

/// `Digest name=value, name="value"`.
struct Parts<'a>(Vec<Param<'a>>);

impl<'a> Parts<'a> {
    /// More parts than any phone sends are not looked at.
    const MOST: usize = 32;

    fn of(value: &'a [u8]) -> Option<Parts<'a>> {
        let value = value.trim_ascii();
        let blank = value.iter().position(u8::is_ascii_whitespace)?;
        if !value[..blank].eq_ignore_ascii_case(b"Digest") {
            return None;
        }
        let parts = headers::list(&value[blank..])
            .take(Self::MOST)
            .filter_map(|t| {
                let eq = t.iter().position(|&b| b == b'=')?;
                let name = t[..eq].trim_ascii();
                is_token(name).then_some(Param {
                    name,
                    value: Some(t[eq + 1..].trim_ascii()),
                })
            });
        Some(Parts(parts.collect()))
    }

    fn get(&self, name: &[u8]) -> Option<Cow<'a, [u8]>> {
        self.0
            .iter()
            .find(|p| p.name.eq_ignore_ascii_case(name))
            .and_then(|p| p.value)
            .map(unquote)
    }
}
