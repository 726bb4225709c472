//! What is never written down: passwords and PINs, by the names that they go by.

use serde_json::Value;
use strowger_vm::{Globals, Text};

use crate::apps::target::without_secrets;

/// What stands for it.
const MASK: &[u8] = b"***";
/// Shorter values would blot out too much that is none.
const SHORTEST: usize = 3;
/// Most values that are looked for.
const MOST: usize = 1_000;

/// Applications whose arguments are, or hold, a secret.
const APPLICATIONS: [&[u8]; 5] = [
    b"Authenticate",
    b"VMAuthenticate",
    b"AuthenticateVM",
    b"DISA",
    b"VoiceMailMain",
];

/// Whether an application reads a secret from its caller, or has one in its arguments.
pub(super) fn is_application(name: &[u8]) -> bool {
    APPLICATIONS
        .iter()
        .any(|one| one.eq_ignore_ascii_case(name))
}

/// Whether what goes by this name is a secret: `TRUNKPASS`, `pin_1001`, `DB(secret/x)`.
pub(super) fn is_name(name: &[u8]) -> bool {
    let name = name.to_ascii_lowercase();
    let has = |word: &[u8]| name.windows(word.len()).any(|part| part == word);
    let words = ["pass", "pwd", "secret", "token", "apikey", "api_key"];
    words.iter().any(|word| has(word.as_bytes()))
        || name.split(|b| !b.is_ascii_alphabetic()).any(|word| {
            // `PIN`, `userpin`, `pin_1001`; not `shipping`.
            word == b"pincode" || word.ends_with(b"pin") && word.len() <= 8
        })
}

/// Values that are blotted out wherever they stand.
#[derive(Debug, Default)]
pub(super) struct Secrets(Vec<Text>);

impl Secrets {
    /// Those that a plan's globals and a channel's variables hold.
    pub(super) fn of(globals: &Globals, variables: &[(Text, Text)]) -> Secrets {
        let named = globals
            .0
            .iter()
            .chain(variables.iter().map(|(name, value)| (name, value)))
            .filter(|(name, value)| is_name(name) && value.len() >= SHORTEST);
        let mut values: Vec<Text> = named.map(|(_, value)| value.clone()).take(MOST).collect();
        // What holds another goes first.
        values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        values.dedup();
        Secrets(values)
    }

    fn without(&self, text: &[u8]) -> Text {
        let mut text = text.to_vec();
        for secret in &self.0 {
            let mut out = Text::with_capacity(text.len());
            let mut rest = text.as_slice();
            while let Some(at) = memchr::memmem::find(rest, secret) {
                out.extend_from_slice(&rest[..at]);
                out.extend_from_slice(MASK);
                rest = &rest[at + secret.len()..];
            }
            out.extend_from_slice(rest);
            text = out;
        }
        text
    }

    /// Blots them out in everything that is asked.
    pub(super) fn veil(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                let veiled = self.without(&without_secrets(text.as_bytes()));
                if veiled != text.as_bytes() {
                    *text = String::from_utf8_lossy(&veiled).into_owned();
                }
            }
            Value::Array(list) => list.iter_mut().for_each(|one| self.veil(one)),
            Value::Object(map) => map.values_mut().for_each(|one| self.veil(one)),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_of_secrets() {
        for name in [
            "TRUNKPASS",
            "userpin",
            "PIN",
            "pin_1001",
            "secret/1001",
            "ApiKey",
            "vm-password",
        ] {
            assert!(is_name(name.as_bytes()), "{name}");
        }
        for name in ["shipping", "DIALSTATUS", "spinning-wheel", "cfwd/1001", ""] {
            assert!(!is_name(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn values_of_secrets_are_blotted_out_wherever_they_stand() {
        let mut globals = Globals::default();
        globals.0.insert("TRUNKPASS".into(), "hunter2".into());
        globals.0.insert("TRUNK".into(), "carrier".into());
        let secrets = Secrets::of(&globals, &[("_PIN".into(), "4711".into())]);
        let mut value = json!({"do": "Dial", "to": ["SIP/u:hunter2@carrier", "SIP/1/bob:x@y"], "args": "a4711b"});
        secrets.veil(&mut value);
        assert_eq!(
            value,
            json!({"do": "Dial", "to": ["SIP/u:***@carrier", "SIP/1/bob:***@y"], "args": "a***b"})
        );
    }
}
