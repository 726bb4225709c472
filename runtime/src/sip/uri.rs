//! Addresses: SIP and SIPS URIs (RFC 3261 19.1), other schemes kept as text, escapes, and when two are the same.
//!
//! Everything here is a view over the bytes of a message. To keep an address, keep its text and read it again.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

pub use super::params::{Param, Params, unquote, write_quoted};

/// Why a text is not an address that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadUri(pub &'static str);

/// An address as it may stand in a request line, a header or a dialplan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Uri<'a> {
    /// `sip:` or `sips:`.
    Sip(SipUri<'a>),
    /// Any other scheme (`tel:`, `urn:`, ...), not looked into.
    Other {
        /// The scheme, as written.
        scheme: &'a [u8],
        /// What follows the colon.
        rest: &'a [u8],
    },
}

impl<'a> Uri<'a> {
    /// Reads one address that fills `text` entirely.
    ///
    /// # Errors
    /// No scheme, blanks or control characters inside, or a `sip:` address without a readable host and port.
    pub fn parse(text: &'a [u8]) -> Result<Uri<'a>, BadUri> {
        let colon = text
            .iter()
            .position(|&b| b == b':')
            .ok_or(BadUri("an address without a scheme"))?;
        let (scheme, rest) = (&text[..colon], &text[colon + 1..]);
        if scheme.is_empty()
            || !scheme[0].is_ascii_alphabetic()
            || !scheme
                .iter()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
        {
            return Err(BadUri("an address without a scheme"));
        }
        if rest
            .iter()
            .any(|&b| b <= b' ' || matches!(b, 0x7f | b'<' | b'>' | b'"'))
        {
            return Err(BadUri("blanks or quotes inside an address"));
        }
        let secure = scheme.eq_ignore_ascii_case(b"sips");
        if !secure && !scheme.eq_ignore_ascii_case(b"sip") {
            if rest.is_empty() {
                return Err(BadUri("an address that is only a scheme"));
            }
            return Ok(Uri::Other { scheme, rest });
        }
        SipUri::parse_after_scheme(secure, rest).map(Uri::Sip)
    }

    /// The SIP or SIPS address, if it is one.
    pub fn sip(self) -> Option<SipUri<'a>> {
        match self {
            Uri::Sip(u) => Some(u),
            Uri::Other { .. } => None,
        }
    }

    /// Whether both name the same resource (RFC 3261 19.1.4 for SIP; other schemes byte by byte, the scheme in any case).
    pub fn same(&self, other: &Uri<'_>) -> bool {
        match (self, other) {
            (Uri::Sip(a), Uri::Sip(b)) => a.same(b),
            (Uri::Other { scheme: a, rest: x }, Uri::Other { scheme: b, rest: y }) => {
                a.eq_ignore_ascii_case(b) && x == y
            }
            _ => false,
        }
    }

    /// Appends the address, escaped where the grammar wants it.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Uri::Sip(u) => u.write(out),
            Uri::Other { scheme, rest } => {
                out.extend_from_slice(scheme);
                out.push(b':');
                out.extend_from_slice(rest);
            }
        }
    }
}

/// A SIP or SIPS URI. `user`, `password`, `params` and `headers` are as written, with their escapes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SipUri<'a> {
    /// `sips:`.
    pub secure: bool,
    /// What stands before `@` (or before `:password@`).
    pub user: Option<&'a [u8]>,
    /// The password, if somebody still writes one.
    pub password: Option<&'a [u8]>,
    /// The host.
    pub host: Host<'a>,
    /// The port, if written.
    pub port: Option<u16>,
    /// `;transport=tcp;lr` and the like.
    pub params: Params<'a>,
    /// What follows `?`.
    pub headers: Option<&'a [u8]>,
}

impl<'a> SipUri<'a> {
    /// `sip:user@host:port`. `user` must be escaped already: see [`escape_user`].
    pub fn new(user: Option<&'a [u8]>, host: Host<'a>, port: Option<u16>) -> SipUri<'a> {
        SipUri {
            secure: false,
            user,
            password: None,
            host,
            port,
            params: Params::NONE,
            headers: None,
        }
    }

    fn parse_after_scheme(secure: bool, rest: &'a [u8]) -> Result<SipUri<'a>, BadUri> {
        // The user part may hold `;`, `?`, `/`: only `@` ends it, and no later part may hold an unescaped `@`
        // before a `?`. Phones do write one in `?Replaces=id@host`, so the first counts.
        let (user, password, rest) = match rest.iter().position(|&b| b == b'@') {
            None => (None, None, rest),
            Some(at) => {
                let (info, after) = (&rest[..at], &rest[at + 1..]);
                match info.iter().position(|&b| b == b':') {
                    None => (Some(info), None, after),
                    Some(colon) => (Some(&info[..colon]), Some(&info[colon + 1..]), after),
                }
            }
        };
        let end = rest
            .iter()
            .position(|b| matches!(b, b';' | b'?'))
            .unwrap_or(rest.len());
        let (host, port) = host_port(&rest[..end])?;
        let tail = &rest[end..];
        let (params, headers) = match tail.iter().position(|&b| b == b'?') {
            None => (tail, None),
            Some(q) => (&tail[..q], Some(&tail[q + 1..])),
        };
        Ok(SipUri {
            secure,
            user,
            password,
            host,
            port,
            params: Params(params),
            headers,
        })
    }

    /// The user part with its escapes undone; `None` where there is no user.
    pub fn user_text(&self) -> Option<Cow<'a, [u8]>> {
        self.user.map(unescape)
    }

    /// The port to send to when no DNS lookup says otherwise: as written, else 5060, or 5061 for SIPS.
    pub fn port_or_default(&self) -> u16 {
        self.port
            .unwrap_or(if self.secure || self.params.is(b"transport", b"tls") {
                5061
            } else {
                5060
            })
    }

    /// The `transport` parameter, as written.
    pub fn transport(&self) -> Option<&'a [u8]> {
        self.params.get(b"transport").and_then(|p| p.value)
    }

    /// RFC 3261 19.1.4: whether both name the same resource.
    pub fn same(&self, other: &SipUri<'_>) -> bool {
        let texts = |a: Option<&[u8]>, b: Option<&[u8]>| match (a, b) {
            (None, None) => true,
            (Some(a), Some(b)) => same_escaped(a, b, false),
            _ => false,
        };
        self.secure == other.secure
            && texts(self.user, other.user)
            && texts(self.password, other.password)
            && self.host.same(&other.host)
            && self.port == other.port
            && params_same(self.params, other.params)
            && headers_agree(self.headers, other.headers)
    }

    /// Appends the URI. Bytes that must not stand bare in a user part (`#` above all) leave as `%23`; escapes already there stay.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(if self.secure { b"sips:" } else { b"sip:" });
        if let Some(user) = self.user {
            write_user(user, b"", out);
            if let Some(password) = self.password {
                out.push(b':');
                // Only the first colon parts it from the user; a further one stands as phones write it.
                write_user(password, b":", out);
            }
            out.push(b'@');
        }
        self.host.write(out);
        if let Some(port) = self.port {
            out.extend_from_slice(format!(":{port}").as_bytes());
        }
        out.extend_from_slice(self.params.0);
        if let Some(headers) = self.headers {
            out.push(b'?');
            out.extend_from_slice(headers);
        }
    }

    /// The URI as new text.
    pub fn to_vec(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(48);
        self.write(&mut out);
        out
    }
}

/// A host: a name, or an address with IPv6 brackets taken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Host<'a> {
    /// A name to look up, as written.
    Name(&'a [u8]),
    /// A literal address.
    Ip(IpAddr),
}

impl<'a> Host<'a> {
    /// Reads a host without a port; IPv6 with or without brackets.
    ///
    /// # Errors
    /// Characters that no host name has.
    pub fn parse(text: &'a [u8]) -> Result<Host<'a>, BadUri> {
        if let Some(inside) = text.strip_prefix(b"[") {
            let inside = inside
                .strip_suffix(b"]")
                .ok_or(BadUri("an IPv6 address without its closing bracket"))?;
            return ipv6(inside)
                .map(|a| Host::Ip(IpAddr::V6(a)))
                .ok_or(BadUri("no IPv6 address inside the brackets"));
        }
        if text.is_empty() {
            return Err(BadUri("an address without a host"));
        }
        if text[0].is_ascii_digit()
            && let Some(ip) = ipv4(text)
        {
            return Ok(Host::Ip(IpAddr::V4(ip)));
        }
        if text.contains(&b':') {
            return ipv6(text)
                .map(|a| Host::Ip(IpAddr::V6(a)))
                .ok_or(BadUri("a colon inside a host name"));
        }
        // The underscore is no host name character, yet there are such names in many networks.
        if text
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'))
        {
            Ok(Host::Name(text))
        } else {
            Err(BadUri("a character that no host has"))
        }
    }

    /// The literal address, if it is one.
    pub fn ip(&self) -> Option<IpAddr> {
        match self {
            Host::Ip(ip) => Some(*ip),
            Host::Name(_) => None,
        }
    }

    /// Names in any case, addresses by value.
    pub fn same(&self, other: &Host<'_>) -> bool {
        match (self, other) {
            (Host::Name(a), Host::Name(b)) => a.eq_ignore_ascii_case(b),
            (Host::Ip(a), Host::Ip(b)) => a == b,
            _ => false,
        }
    }

    /// Appends the host, IPv6 in brackets.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Host::Name(n) => out.extend_from_slice(n),
            Host::Ip(IpAddr::V4(a)) => out.extend_from_slice(a.to_string().as_bytes()),
            Host::Ip(IpAddr::V6(a)) => out.extend_from_slice(format!("[{a}]").as_bytes()),
        }
    }
}

impl From<IpAddr> for Host<'_> {
    fn from(ip: IpAddr) -> Self {
        Host::Ip(ip)
    }
}

/// Reads `host`, `host:port`, `[v6]`, `[v6]:port`.
///
/// # Errors
/// A host that is none, or a port that is no number up to 65 535.
pub fn host_port(text: &[u8]) -> Result<(Host<'_>, Option<u16>), BadUri> {
    let host_end = if text.first() == Some(&b'[') {
        text.iter()
            .position(|&b| b == b']')
            .ok_or(BadUri("an IPv6 address without its closing bracket"))?
            + 1
    } else {
        text.iter().position(|&b| b == b':').unwrap_or(text.len())
    };
    let host = Host::parse(&text[..host_end])?;
    let port = match text[host_end..].split_first() {
        None => None,
        Some((b':', digits)) => {
            let n = number(digits)
                .filter(|&n| n <= 65_535)
                .ok_or(BadUri("a port that is no number"))?;
            Some(u16::try_from(n).map_err(|_| BadUri("a port that is no number"))?)
        }
        Some(_) => return Err(BadUri("text after the closing bracket of a host")),
    };
    Ok((host, port))
}

/// `host:port` with IPv6 in brackets, as Via, Contact and the Request-URI want it.
pub fn write_socket(address: SocketAddr, out: &mut Vec<u8>) {
    out.extend_from_slice(address.to_string().as_bytes());
}

/// A run of decimal digits as a number; `None` for no digits, other characters, or more than `u64` holds.
pub fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0u64, |n, &b| {
        if !b.is_ascii_digit() {
            return None;
        }
        n.checked_mul(10)?.checked_add(u64::from(b - b'0'))
    })
}

fn ipv4(text: &[u8]) -> Option<Ipv4Addr> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

fn ipv6(text: &[u8]) -> Option<Ipv6Addr> {
    let text = std::str::from_utf8(text).ok()?;
    // RFC 5118 4.10: an old mistake of the grammar allowed `:::`.
    text.parse()
        .ok()
        .or_else(|| text.replacen(":::", "::", 1).parse().ok())
}

/// Undoes `%HH`. A percent sign that is no escape stays.
pub fn unescape(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.contains(&b'%') {
        return Cow::Borrowed(text);
    }
    Cow::Owned(Escaped(text).map(|(b, _)| b).collect())
}

/// Escapes plain text for the user part of a SIP URI.
pub fn escape_user(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for &b in text {
        if user_byte(b) {
            out.push(b)
        } else {
            escape(b, &mut out)
        }
    }
    out
}

fn user_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"-_.!~*'()&=+$,;?/".contains(&b)
}

fn escape(b: u8, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    out.extend_from_slice(&[b'%', HEX[usize::from(b >> 4)], HEX[usize::from(b & 15)]]);
}

fn write_user(raw: &[u8], also: &[u8], out: &mut Vec<u8>) {
    for (i, &b) in raw.iter().enumerate() {
        let is_escape = b == b'%'
            && raw
                .get(i + 1..i + 3)
                .is_some_and(|h| h.iter().all(u8::is_ascii_hexdigit));
        if user_byte(b) || also.contains(&b) || is_escape {
            out.push(b)
        } else {
            escape(b, out)
        }
    }
}

/// Bytes with `%HH` undone, each with whether it was written as an escape.
struct Escaped<'a>(&'a [u8]);

impl Iterator for Escaped<'_> {
    type Item = (u8, bool);

    fn next(&mut self) -> Option<(u8, bool)> {
        let hex = |b: u8| {
            char::from(b)
                .to_digit(16)
                .and_then(|d| u8::try_from(d).ok())
        };
        let (&first, rest) = self.0.split_first()?;
        if first == b'%'
            && let [h, l, after @ ..] = rest
            && let (Some(h), Some(l)) = (hex(*h), hex(*l))
        {
            self.0 = after;
            return Some((h << 4 | l, true));
        }
        self.0 = rest;
        Some((first, false))
    }
}

/// RFC 3261 19.1.4: an escape equals its character unless that character is reserved.
fn same_escaped(a: &[u8], b: &[u8], any_case: bool) -> bool {
    let canon = move |(b, escaped): (u8, bool)| {
        let reserved = b";/?:@&=+$,".contains(&b);
        (
            if any_case { b.to_ascii_lowercase() } else { b },
            escaped && reserved,
        )
    };
    Escaped(a).map(canon).eq(Escaped(b).map(canon))
}

fn params_same(a: Params<'_>, b: Params<'_>) -> bool {
    // Each is looked for in the other list, so a list longer than any phone's is only compared as text.
    const MOST: usize = 64;
    let short = |p: Params<'_>| p.iter().take(MOST + 1).count() <= MOST;
    a.0 == b.0 || (short(a) && short(b) && params_agree(a, b) && params_agree(b, a))
}

fn params_agree(a: Params<'_>, b: Params<'_>) -> bool {
    // These say where a request goes, so one that stands on one side only makes a difference.
    const MATTER: [&[u8]; 5] = [b"user", b"ttl", b"method", b"maddr", b"transport"];
    a.iter().all(
        |p| match b.iter().find(|q| same_escaped(p.name, q.name, true)) {
            None => !MATTER.iter().any(|m| p.name.eq_ignore_ascii_case(m)),
            Some(q) => match (p.value, q.value) {
                (None, None) => true,
                (Some(x), Some(y)) => same_escaped(x, y, true),
                _ => false,
            },
        },
    )
}

fn headers_agree(a: Option<&[u8]>, b: Option<&[u8]>) -> bool {
    let sorted = |h: Option<&[u8]>| {
        let mut list: Vec<(Vec<u8>, Vec<u8>)> = h
            .unwrap_or_default()
            .split(|&b| b == b'&')
            .filter(|t| !t.is_empty())
            .map(|t| {
                let p = Param::read(t);
                (
                    unescape(p.name).to_ascii_lowercase(),
                    unescape(p.value.unwrap_or_default()).into_owned(),
                )
            })
            .collect();
        list.sort();
        list
    };
    (a.is_none() && b.is_none()) || sorted(a) == sorted(b)
}
