//! States of devices and extensions as dialplan functions spell them, and how those of several devices add up.

/// The states of a device, by rising weight: of several the heaviest counts.
const WEIGHTS: [&str; 9] = [
    "INVALID",
    "UNKNOWN",
    "UNAVAILABLE",
    "NOT_INUSE",
    "ONHOLD",
    "RINGING",
    "INUSE",
    "BUSY",
    "RINGINUSE",
];

/// Devices of one hint that are looked at.
const DEVICES: usize = 256;

/// `exten@context` of EXTENSION_STATE(); without a context it is `default`.
pub(crate) fn extension(text: &[u8]) -> (&[u8], &[u8]) {
    let (exten, context) = match text.iter().position(|b| *b == b'@') {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text, &b""[..]),
    };
    let context = if context.is_empty() {
        b"default"
    } else {
        context
    };
    (exten, context)
}

/// The state of an extension from the devices of its hint, `SIP/61&SIP/62`; what stands behind a comma is presence.
pub(crate) fn of_extension(hint: &[u8], mut state: impl FnMut(&[u8]) -> String) -> String {
    let devices = hint.split(|b| *b == b',').next().unwrap_or_default();
    let states: Vec<String> = devices
        .split(|b| *b == b'&')
        .filter(|device| !device.is_empty())
        .take(DEVICES)
        .map(&mut state)
        .collect();
    let rings = states.iter().any(|s| s == "RINGING");
    let talks = states
        .iter()
        .any(|s| matches!(s.as_str(), "INUSE" | "ONHOLD" | "BUSY"));
    if rings && talks {
        return "RINGINUSE".to_owned();
    }
    let weight = |state: &str| WEIGHTS.iter().position(|w| *w == state).unwrap_or(0);
    let heaviest = states
        .iter()
        .map(String::as_str)
        .max_by_key(|state| weight(state))
        .unwrap_or("INVALID");
    // An extension is never invalid or unknown: its devices cannot be reached, or nothing speaks against a call.
    match heaviest {
        "INVALID" => "UNAVAILABLE",
        "UNKNOWN" => "NOT_INUSE",
        state => state,
    }
    .to_owned()
}

/// A random UUID (RFC 9562, version 4) from random bits.
pub(crate) fn uuid(bits: u128) -> String {
    let bits = bits & !(0xf << 76) & !(0x3 << 62) | 0x4 << 76 | 0x2 << 62;
    let hex = format!("{bits:032x}");
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_add_up() {
        let of = |hint: &str| {
            of_extension(hint.as_bytes(), |device| {
                String::from_utf8(device.to_vec()).unwrap()
            })
        };
        assert_eq!(of("NOT_INUSE&UNAVAILABLE"), "NOT_INUSE");
        assert_eq!(of("RINGING&INUSE&NOT_INUSE"), "RINGINUSE");
        assert_eq!(of("INUSE&BUSY"), "BUSY");
        assert_eq!(of("INVALID&INVALID"), "UNAVAILABLE");
        assert_eq!(of("UNKNOWN"), "NOT_INUSE");
        assert_eq!(of("NOT_INUSE,CustomPresence:x"), "NOT_INUSE");
        assert_eq!(of(""), "UNAVAILABLE");
    }

    #[test]
    fn a_uuid_says_its_version() {
        assert_eq!(uuid(u128::MAX), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(uuid(0), "00000000-0000-4000-8000-000000000000");
    }
}
