//! Percent encoding, and the parts of SIP URIs.

use crate::args;
use crate::pure::{Answer, Input, Pure, plain, reading};
use crate::scan;

pub(crate) const FUNCTIONS: &[Pure] = &[
    plain("URIENCODE", |input| Answer::value(encode(input.args))),
    plain("URIDECODE", decode_function),
    plain("PJSIP_PARSE_URI", |input| {
        let parts = args::split(input.args, 2);
        parse_uri(args::argument(&parts, 0), args::argument(&parts, 1))
    }),
    reading("PJSIP_PARSE_URI_FROM", |input| {
        let parts = args::split(input.args, 2);
        parse_uri(input.variable, args::argument(&parts, 1))
    }),
];

/// Everything but letters, digits and `-_.!~*'()` becomes `%XX`.
pub fn encode(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for byte in text {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(byte) {
            out.push(*byte);
        } else {
            out.extend_from_slice(format!("%{byte:02X}").as_bytes());
        }
    }
    out
}

/// `%XX` becomes a byte; what starts with no digit stays, `+` too.
pub fn decode(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let digit = |index: usize| {
            text.get(index)
                .and_then(|byte| char::from(*byte).to_digit(16))
        };
        if text[at] == b'%'
            && at + 2 < text.len()
            && let Some(high) = digit(at + 1)
        {
            // One digit alone counts, and what stands in place of the second
            // is swallowed. Two hexadecimal digits make one byte.
            out.push(digit(at + 2).map_or(high, |low| high * 16 + low) as u8);
            at += 3;
        } else {
            out.push(text[at]);
            at += 1;
        }
    }
    out
}

fn decode_function(input: &Input<'_>) -> Answer {
    if input.args.is_empty() {
        return Answer::failed("URIDECODE needs text");
    }
    let mut text = decode(input.args);
    // Text ends at the first NUL.
    let end = text.iter().position(|byte| *byte == 0);
    text.truncate(end.unwrap_or(text.len()));
    Answer::value(text)
}

/// A part of a SIP URI, with or without a display name around it.
fn parse_uri(uri: &[u8], part: &[u8]) -> Answer {
    let Some(parsed) = SipUri::read(uri) else {
        return Answer::failed("PJSIP_PARSE_URI: not a SIP URI");
    };
    let parameter = |name: &[u8]| parsed.parameter(name).unwrap_or(b"");
    match part {
        b"display" => Answer::value(parsed.display),
        b"scheme" => Answer::value(parsed.scheme),
        b"user" => Answer::value(parsed.user),
        b"passwd" => Answer::value(parsed.password),
        b"host" => Answer::value(parsed.host),
        b"port" => Answer::value(if parsed.port.is_empty() {
            b"0"
        } else {
            parsed.port
        }),
        b"user_param" => Answer::value(parameter(b"user")),
        b"method_param" => Answer::value(parameter(b"method")),
        b"transport_param" => Answer::value(parameter(b"transport")),
        b"ttl_param" => Answer::value(parsed.parameter(b"ttl").unwrap_or(b"-1")),
        b"lr_param" => Answer::truth(parsed.parameter(b"lr").is_some()),
        b"maddr_param" => Answer::value(parameter(b"maddr")),
        _ => Answer::failed("PJSIP_PARSE_URI: unknown part"),
    }
}

/// The parts of a SIP URI as far as a dialplan asks for them.
struct SipUri<'a> {
    display: &'a [u8],
    scheme: &'a [u8],
    user: &'a [u8],
    password: &'a [u8],
    host: &'a [u8],
    port: &'a [u8],
    parameters: &'a [u8],
}

impl<'a> SipUri<'a> {
    fn read(text: &'a [u8]) -> Option<SipUri<'a>> {
        let text = scan::trim(text);
        let (display, uri) = match text.iter().position(|byte| *byte == b'<') {
            Some(open) => {
                let rest = &text[open + 1..];
                let close = rest.iter().position(|byte| *byte == b'>')?;
                let display = scan::trim(&text[..open]);
                let display = match display {
                    [b'"', inner @ .., b'"'] => inner,
                    _ => display,
                };
                (display, &rest[..close])
            }
            None => (&b""[..], text),
        };
        let (scheme, rest) = cut(uri, b':');
        let rest = rest?;
        if !matches!(
            scheme.to_ascii_lowercase().as_slice(),
            b"sip" | b"sips" | b"tel"
        ) {
            return None;
        }
        let (rest, _headers) = cut(rest, b'?');
        let at = rest.iter().rposition(|byte| *byte == b'@');
        let (userinfo, rest) = match at {
            Some(at) => (&rest[..at], &rest[at + 1..]),
            None => (&b""[..], rest),
        };
        let (user, password) = cut(userinfo, b':');
        let (place, parameters) = cut(rest, b';');
        let (host, port) = match place.iter().position(|byte| *byte == b']') {
            // An IPv6 address in brackets.
            Some(end) => (&place[..=end], place[end + 1..].strip_prefix(b":")),
            None => cut(place, b':'),
        };
        Some(SipUri {
            display,
            scheme,
            user,
            password: password.unwrap_or(b""),
            host: host
                .strip_prefix(b"[")
                .and_then(|host| host.strip_suffix(b"]"))
                .unwrap_or(host),
            port: port.unwrap_or(b""),
            parameters: parameters.unwrap_or(b""),
        })
    }

    fn parameter(&self, name: &[u8]) -> Option<&'a [u8]> {
        self.parameters
            .split(|byte| *byte == b';')
            .map(|parameter| cut(parameter, b'='))
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.unwrap_or(b""))
    }
}

fn cut(text: &[u8], separator: u8) -> (&[u8], Option<&[u8]>) {
    match text.iter().position(|byte| *byte == separator) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::Answered;

    fn part(uri: &str, part: &str) -> String {
        match parse_uri(uri.as_bytes(), part.as_bytes()).outcome {
            Answered::Value(value) => String::from_utf8(value.bytes().into_owned()).unwrap(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn parts_of_a_uri_are_told() {
        let uri = "\"Bob Q\" <sips:bob:pw@[2001:db8::1]:5061;transport=tcp;lr>;tag=1";
        assert_eq!(part(uri, "display"), "Bob Q");
        assert_eq!(part(uri, "scheme"), "sips");
        assert_eq!(part(uri, "user"), "bob");
        assert_eq!(part(uri, "passwd"), "pw");
        assert_eq!(part(uri, "host"), "2001:db8::1");
        assert_eq!(part(uri, "port"), "5061");
        assert_eq!(part(uri, "transport_param"), "tcp");
        assert_eq!(part(uri, "lr_param"), "1");
        assert_eq!(part("sip:host", "host"), "host");
        assert_eq!(part("sip:host", "port"), "0");
        assert_eq!(part("mailto:x@y", "host"), "Untouched");
    }

    #[test]
    fn percent_signs_decode() {
        assert_eq!(decode(b"a%20b%"), b"a b%");
        assert_eq!(decode(b"%4"), b"%4");
        assert_eq!(decode(b"%C3%A9+"), "é+".as_bytes());
        assert_eq!(encode("a b/é".as_bytes()), b"a%20b%2F%C3%A9");
    }
}
