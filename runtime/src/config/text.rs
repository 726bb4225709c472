//! Values that several files write alike: codec lists, caller ids, variables, hosts.

use std::net::{IpAddr, SocketAddr};

use strowger_compiler::conf::line::{Section, Value};
use strowger_compiler::diagnostic::Diagnostic;

use super::account::{CallerId, Codec, Host, Network};
use super::findings::Findings;

/// Codecs that Asterisk knows and we do not carry.
const OTHER_CODECS: &[&str] = &[
    "gsm", "g722", "g723", "g723.1", "g726", "g726aal2", "g729", "g719", "ilbc", "lpc10", "speex",
    "speex16", "speex32", "slin", "slin12", "slin16", "slin24", "slin32", "slin44", "slin48",
    "slin96", "slin192", "opus", "adpcm", "siren7", "siren14", "silk8", "silk12", "silk16",
    "silk24", "codec2", "h261", "h263", "h263p", "h264", "h265", "vp8", "vp9", "mpeg4", "jpeg",
    "png", "red", "t140", "t140red", "t38", "testlaw", "none",
];

/// Applies one `allow` or `disallow` line to a preference list (Asterisk's rule: in file order; `all`; `!codec` removes).
pub(super) fn codecs(list: &mut Vec<Codec>, value: &Value, allow: bool, findings: &mut Findings) {
    for word in value
        .text
        .bytes()
        .split(|b| matches!(b, b',' | b'&' | b'|'))
    {
        let word = word.trim_ascii();
        if word.is_empty() {
            continue;
        }
        let (allow, word) = match word.strip_prefix(b"!") {
            Some(rest) => (!allow, rest),
            None => (allow, word),
        };
        // `ulaw:20` asks for a packet time; packets here are of 20 ms.
        let name = word.split(|b| *b == b':').next().unwrap_or(word);
        if name.eq_ignore_ascii_case(b"all") {
            list.clear();
            if allow {
                list.extend(Codec::ALL);
            }
            continue;
        }
        let known = match name.to_ascii_lowercase().as_slice() {
            b"ulaw" | b"mulaw" | b"pcmu" | b"g711u" => Some(Codec::Ulaw),
            b"alaw" | b"pcma" | b"g711a" => Some(Codec::Alaw),
            _ => None,
        };
        match known {
            Some(codec) => {
                list.retain(|c| *c != codec);
                if allow {
                    list.push(codec);
                }
            }
            None if OTHER_CODECS
                .iter()
                .any(|c| name.eq_ignore_ascii_case(c.as_bytes())) =>
            {
                let name = String::from_utf8_lossy(name).into_owned();
                if allow && findings.first(format!("codec {name}")) {
                    findings.add(
                        Diagnostic::new(
                            "C027",
                            format!("`{name}` is not carried"),
                            value.text.span(),
                        )
                        .label("it is never offered; ulaw and alaw are what there is"),
                    );
                }
            }
            None => {
                if !value.inherited {
                    let name = String::from_utf8_lossy(name).into_owned();
                    findings.add(
                        Diagnostic::new("C021", format!("`{name}` is no codec"), value.text.span())
                            .label("ignored"),
                    );
                }
            }
        }
    }
}

/// `"Name" <number>`, `Name <number>`, a number or a name alone.
pub(super) fn caller_id(text: &[u8]) -> CallerId {
    let text = text.trim_ascii();
    if let (Some(open), Some(close)) = (
        text.iter().rposition(|b| *b == b'<'),
        text.iter().rposition(|b| *b == b'>'),
    ) && open < close
    {
        let name = unquoted(text[..open].trim_ascii());
        let number = text[open + 1..close].trim_ascii();
        return CallerId {
            name: (!name.is_empty()).then(|| name.to_vec()),
            number: (!number.is_empty()).then(|| number.to_vec()),
        };
    }
    let plain = unquoted(text);
    if plain.is_empty() {
        return CallerId::default();
    }
    let digits = plain.iter().all(|b| {
        b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'(' | b')' | b'*' | b'#' | b'.' | b' ')
    });
    if digits {
        let number = plain
            .iter()
            .copied()
            .filter(|b| !matches!(b, b'-' | b'(' | b')' | b'.' | b' '))
            .collect();
        CallerId {
            name: None,
            number: Some(number),
        }
    } else {
        CallerId {
            name: Some(plain.to_vec()),
            number: None,
        }
    }
}

fn unquoted(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\"")
        .map_or(text, |t| t.strip_suffix(b"\"").unwrap_or(t))
        .trim_ascii()
}

/// `NAME=value`.
pub(super) fn variable(value: &Value, findings: &mut Findings) -> Option<(Vec<u8>, Vec<u8>)> {
    let text = value.text.bytes();
    let Some(at) = text.iter().position(|b| *b == b'=') else {
        findings.bad_value(value, "`NAME=value`");
        return None;
    };
    Some((
        text[..at].trim_ascii().to_vec(),
        text[at + 1..].trim_ascii().to_vec(),
    ))
}

/// A list of words between commas, without blanks and empty ones.
pub(super) fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|b| *b == b',')
        .map(<[u8]>::trim_ascii)
        .filter(|w| !w.is_empty())
}

/// `host`, `host:port`, `[v6]`, `[v6]:port`, a bare IPv6 address. `None` if it is none of these.
pub(super) fn host(text: &[u8]) -> Option<Host> {
    let text = std::str::from_utf8(text).ok()?.trim();
    if let Ok(address) = text.parse::<SocketAddr>() {
        return Some(Host {
            name: address.ip().to_string().into_bytes(),
            addresses: vec![address.ip()],
            port: address.port(),
        });
    }
    if let Ok(address) = text.trim_matches(['[', ']']).parse::<IpAddr>() {
        return Some(Host {
            name: address.to_string().into_bytes(),
            addresses: vec![address],
            port: 0,
        });
    }
    let (name, port) = match text.split_once(':') {
        Some((name, port)) => (name, port.parse().ok()?),
        None => (text, 0),
    };
    let plain = !name.is_empty()
        && name.len() <= 253
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'));
    plain.then(|| Host {
        name: name.as_bytes().to_vec(),
        addresses: Vec::new(),
        port,
    })
}

/// A host as it stands in a URI: IPv6 in brackets.
pub(super) fn uri_host(host: &Host) -> String {
    let name = String::from_utf8_lossy(&host.name);
    let name = if name.contains(':') {
        format!("[{name}]")
    } else {
        name.into_owned()
    };
    if host.port == 0 {
        name
    } else {
        format!("{name}:{}", host.port)
    }
}

/// The `permit` and `deny` lines of a section in file order; each may hold a list.
pub(super) fn acl(section: &Section, findings: &mut Findings) -> Vec<(bool, Network)> {
    let mut rules = Vec::new();
    for value in &section.values {
        let permit = value.is("permit");
        if !permit && !value.is("deny") {
            continue;
        }
        for word in words(value.text.bytes()) {
            match Network::parse(word) {
                Some(network) => rules.push((permit, network)),
                None => {
                    findings.bad_value(value, "a network such as `192.0.2.0/24`");
                    // A rule that cannot be read must not open what it was meant to close.
                    for all in ["0.0.0.0/0", "::/0"] {
                        rules.extend(
                            Network::parse(all.as_bytes())
                                .filter(|_| !permit)
                                .map(|n| (false, n)),
                        );
                    }
                }
            }
        }
    }
    rules
}

/// An address to listen on: `address`, `address:port`, IPv6 in brackets or bare.
pub(super) fn bind(text: &[u8], port: u16) -> Option<SocketAddr> {
    let host = host(text)?;
    let ip = *host.addresses.first()?;
    Some(SocketAddr::new(
        ip,
        if host.port == 0 { port } else { host.port },
    ))
}
