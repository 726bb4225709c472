//! `features.conf`: the key by which a party ends a call (`h` and `H` of Dial), and how long its next key may take.

use strowger_compiler::conf::line;
use strowger_vm::Text;

/// Keys that a party of a call has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Features {
    /// `disconnect` of `[featuremap]`: ends the call. Empty: no key does.
    pub disconnect: Text,
    /// `featuredigittimeout`: how long the next key of a code may take, in milliseconds.
    pub digit_ms: u64,
}

/// Longest code.
const CODE: usize = 10;

impl Default for Features {
    fn default() -> Features {
        Features {
            disconnect: b"*".to_vec(),
            digit_ms: 1_000,
        }
    }
}

/// Reads what is served of it; what is wrong in the rest `check` tells.
pub(super) fn read(file: &line::Config) -> Features {
    let mut features = Features::default();
    let values = |name: &str| -> Vec<(Text, Text)> {
        let sections = file.named(name).flat_map(|s| &s.values);
        sections
            .map(|v| (v.key.bytes().to_ascii_lowercase(), v.text.bytes().to_vec()))
            .collect()
    };
    for (key, text) in values("general") {
        let number = std::str::from_utf8(&text).ok();
        if key == b"featuredigittimeout"
            && let Some(ms) = number.and_then(|t| t.trim().parse().ok())
        {
            features.digit_ms = ms;
        }
    }
    for (key, text) in values("featuremap") {
        let code = text.trim_ascii();
        let is_key = |b: &u8| b.is_ascii_digit() || b"*#ABCDabcd".contains(b);
        if key == b"disconnect" && code.len() <= CODE && code.iter().all(is_key) {
            features.disconnect = code.to_ascii_uppercase();
        }
    }
    features
}
