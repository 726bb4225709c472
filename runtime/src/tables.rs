//! Functions whose state belongs to the exchange, not to one channel: GROUP and its relatives, custom device states, locks.
//!
//! The live exchange and the simulator answer them from the same tables.

use std::collections::BTreeMap;
use strowger_stdlib::regex::Regex;
use strowger_vm::Text;
use strowger_vm::effect::{Answer, Reply};

/// Entries kept of each kind; later ones are refused as unserved.
const ENTRIES: usize = 10_000;

/// The tables.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    /// Channel name, category: group.
    groups: BTreeMap<(Text, Text), Text>,
    /// `Custom:` name: state.
    custom: BTreeMap<Text, Text>,
}

impl Tables {
    /// Reads a function for a channel. `None`: it is not one of these.
    pub(crate) fn read(&self, channel: &[u8], function: &[u8], args: &[u8]) -> Option<Reply> {
        Some(match function {
            b"GROUP" => self
                .groups
                .get(&(channel.to_vec(), args.to_vec()))
                .map_or_else(Reply::done, |group| Reply::value(group.clone())),
            b"GROUP_COUNT" => {
                let (group, category) = split(args, b'@');
                let own = self.groups.get(&(channel.to_vec(), category.to_vec()));
                let group = if group.is_empty() {
                    own.map(Vec::as_slice)
                } else {
                    Some(group)
                };
                let count = self
                    .groups
                    .iter()
                    .filter(|((_, c), g)| c == category && Some(g.as_slice()) == group)
                    .count();
                Reply::value(count.to_string())
            }
            b"GROUP_MATCH_COUNT" => {
                let (pattern, category) = split(args, b'@');
                let count = match Regex::ignoring_case(pattern) {
                    Ok(pattern) => {
                        let groups = self.groups.iter().filter(|((_, c), _)| c == category);
                        groups.filter(|(_, group)| pattern.is_match(group)).count()
                    }
                    Err(_) => 0,
                };
                Reply::value(count.to_string())
            }
            b"GROUP_LIST" => {
                let mine = self.groups.iter().filter(|((name, _), _)| name == channel);
                let texts: Vec<Text> = mine
                    .map(|((_, category), group)| {
                        let mut text = group.clone();
                        if !category.is_empty() {
                            text.push(b'@');
                            text.extend_from_slice(category);
                        }
                        text
                    })
                    .collect();
                Reply::value(texts.join(&b' '))
            }
            b"DEVICE_STATE" => match args.strip_prefix(b"Custom:".as_slice()) {
                Some(name) => Reply::value(
                    self.custom
                        .get(name)
                        .cloned()
                        .unwrap_or(b"UNKNOWN".to_vec()),
                ),
                None => return None,
            },
            b"LOCK" | b"TRYLOCK" | b"UNLOCK" => Reply::value(b"1".to_vec()),
            _ => return None,
        })
    }

    /// Writes a function for a channel. `None`: it is not one of these.
    pub(crate) fn write(
        &mut self,
        channel: &[u8],
        function: &[u8],
        args: &[u8],
        value: &[u8],
    ) -> Option<Reply> {
        match function {
            b"GROUP" => {
                let (group, category) = split(value, b'@');
                let category = if category.is_empty() { args } else { category };
                let key = (channel.to_vec(), category.to_vec());
                if group.is_empty() {
                    self.groups.remove(&key);
                } else if self.groups.len() < ENTRIES || self.groups.contains_key(&key) {
                    self.groups.insert(key, group.to_vec());
                } else {
                    return Some(Reply::with(Answer::Unserved));
                }
            }
            b"DEVICE_STATE" => {
                let name = args.strip_prefix(b"Custom:".as_slice())?;
                let state = value.to_ascii_uppercase();
                const STATES: [&[u8]; 9] = [
                    b"UNKNOWN",
                    b"NOT_INUSE",
                    b"INUSE",
                    b"BUSY",
                    b"INVALID",
                    b"UNAVAILABLE",
                    b"RINGING",
                    b"RINGINUSE",
                    b"ONHOLD",
                ];
                let state = if STATES.contains(&state.as_slice()) {
                    state
                } else {
                    b"UNKNOWN".to_vec()
                };
                if self.custom.len() < ENTRIES || self.custom.contains_key(name) {
                    self.custom.insert(name.to_vec(), state);
                } else {
                    return Some(Reply::with(Answer::Unserved));
                }
            }
            _ => return None,
        }
        Some(Reply::done())
    }

    /// A channel is gone: it is in no group any more.
    pub(crate) fn forget(&mut self, channel: &[u8]) {
        self.groups.retain(|(name, _), _| name != channel);
    }
}

/// Splits at the first `by`; the second part is empty without one.
fn split(text: &[u8], by: u8) -> (&[u8], &[u8]) {
    match text.iter().position(|b| *b == by) {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text, &[]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(tables: &Tables, function: &[u8], args: &[u8]) -> Text {
        match tables.read(b"SIP/1-0", function, args).unwrap().answer {
            Answer::Value(v) => v,
            _ => Vec::new(),
        }
    }

    #[test]
    fn a_channel_is_in_one_group_of_each_category() {
        let mut tables = Tables::default();
        for (value, args) in [("out", ""), ("in", ""), ("x", "c")] {
            tables
                .write(b"SIP/1-0", b"GROUP", args.as_bytes(), value.as_bytes())
                .unwrap();
        }
        tables.write(b"SIP/2-0", b"GROUP", b"", b"in").unwrap();
        assert_eq!(read(&tables, b"GROUP", b""), b"in");
        assert_eq!(read(&tables, b"GROUP_COUNT", b"in"), b"2");
        assert_eq!(read(&tables, b"GROUP_COUNT", b"out"), b"0");
        assert_eq!(read(&tables, b"GROUP_COUNT", b"x@c"), b"1");
        assert_eq!(read(&tables, b"GROUP_LIST", b""), b"in x@c");
        tables.forget(b"SIP/2-0");
        assert_eq!(read(&tables, b"GROUP_COUNT", b"in"), b"1");
    }

    #[test]
    fn custom_states_are_kept_in_upper_case() {
        let mut tables = Tables::default();
        tables
            .write(b"", b"DEVICE_STATE", b"Custom:door", b"inuse")
            .unwrap();
        assert_eq!(read(&tables, b"DEVICE_STATE", b"Custom:door"), b"INUSE");
        assert!(tables.read(b"", b"DEVICE_STATE", b"SIP/1").is_none());
    }
}
