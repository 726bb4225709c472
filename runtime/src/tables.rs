//! Functions whose state belongs to the exchange, not to one channel: GROUP and its relatives, custom device and presence states,
//! dial groups, locks.
//!
//! The live exchange and the simulator answer them from the same tables.

use std::collections::BTreeMap;
use strowger_stdlib::args;
use strowger_stdlib::regex::Regex;
use strowger_vm::Text;
use strowger_vm::effect::{Answer, Reply};

/// Entries kept of each kind; later ones are refused as unserved.
const ENTRIES: usize = 10_000;

/// The tables.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    /// In the order of joining.
    groups: Vec<Member>,
    /// `Custom:` name: state.
    custom: BTreeMap<Text, Text>,
    /// `CustomPresence:` name: state, subtype, message.
    presence: BTreeMap<Text, [Text; 3]>,
    /// DIALGROUP name: dial strings.
    dial: BTreeMap<Text, Vec<Text>>,
    /// LOCK name: who holds it, and how often.
    locks: BTreeMap<Text, (Text, u32)>,
}

/// A channel in a group.
#[derive(Debug)]
struct Member {
    channel: Text,
    category: Text,
    group: Text,
}

const DEVICE_STATES: [&[u8]; 9] = [
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

const PRESENCE_STATES: [&[u8]; 7] = [
    b"not_set",
    b"unavailable",
    b"available",
    b"away",
    b"xa",
    b"chat",
    b"dnd",
];

/// A state that the dialplan keeps by itself.
const CUSTOM: &[u8] = b"Custom:";
/// A presence that the dialplan keeps by itself.
const CUSTOM_PRESENCE: &[u8] = b"CustomPresence:";

impl Tables {
    /// Reads a function for a channel. `None`: it is not one of these.
    pub(crate) fn read(&mut self, channel: &[u8], function: &[u8], args: &[u8]) -> Option<Reply> {
        Some(match function {
            b"GROUP" => self
                .own(channel, args)
                .map_or_else(Reply::done, |member| Reply::value(member.group.clone())),
            b"GROUP_COUNT" => {
                let (group, category) = split(args, b'@');
                let (group, category) = if group.is_empty() {
                    match self.own(channel, category) {
                        Some(own) => (own.group.clone(), own.category.clone()),
                        None => return Some(Reply::value("0")),
                    }
                } else {
                    (group.to_vec(), category.to_vec())
                };
                let members = self.groups.iter().filter(|member| {
                    member.is_of(&category) && member.group.eq_ignore_ascii_case(&group)
                });
                Reply::value(members.count().to_string())
            }
            b"GROUP_MATCH_COUNT" => {
                let (group, category) = split(args, b'@');
                if group.is_empty() {
                    return Some(Reply::done());
                }
                let count = match (Regex::new(group), Regex::new(category)) {
                    (Ok(group), Ok(pattern)) => {
                        let members = self.groups.iter().filter(|member| {
                            group.is_match(&member.group)
                                && (category.is_empty()
                                    || !member.category.is_empty()
                                        && pattern.is_match(&member.category))
                        });
                        members.count()
                    }
                    _ => 0,
                };
                Reply::value(count.to_string())
            }
            b"GROUP_LIST" => {
                let mine = self.groups.iter().filter(|m| m.channel == channel);
                let texts: Vec<Text> = mine
                    .map(|member| {
                        let mut text = member.group.clone();
                        if !member.category.is_empty() {
                            text.push(b'@');
                            text.extend_from_slice(&member.category);
                        }
                        text
                    })
                    .collect();
                Reply::value(texts.join(&b' '))
            }
            b"DEVICE_STATE" => Reply::value(self.custom(args)?),
            b"PRESENCE_STATE" => {
                let parts = args::split(args, 3);
                let name = args::argument(&parts, 0).strip_prefix(CUSTOM_PRESENCE)?;
                let field = match args::argument(&parts, 1).to_ascii_lowercase().as_slice() {
                    b"value" => 0,
                    b"subtype" => 1,
                    b"message" => 2,
                    _ => return Some(Reply::done()),
                };
                match self.presence.get(name) {
                    Some(fields) => Reply::value(fields[field].clone()),
                    None if field == 0 => Reply::value(PRESENCE_STATES[0]),
                    None => Reply::done(),
                }
            }
            b"DIALGROUP" => self
                .dial
                .get(args)
                .map_or_else(Reply::done, |group| Reply::value(group.join(&b'&'))),
            b"LOCK" | b"TRYLOCK" => {
                let locked = self.lock(channel, args);
                Reply::value(if locked { "1" } else { "0" })
            }
            b"UNLOCK" => {
                let held = self.locks.get_mut(args).filter(|held| held.0 == channel);
                let is_last = match held {
                    None => return Some(Reply::value("0")),
                    Some((_, times)) => {
                        *times -= 1;
                        *times == 0
                    }
                };
                if is_last {
                    self.locks.remove(args);
                }
                Reply::value("1")
            }
            _ => return None,
        })
    }

    /// Takes a lock that nobody else holds; its holder may take it again.
    pub(crate) fn lock(&mut self, channel: &[u8], name: &[u8]) -> bool {
        if self.locks.len() >= ENTRIES && !self.locks.contains_key(name) {
            return false;
        }
        let held = self
            .locks
            .entry(name.to_vec())
            .or_insert_with(|| (channel.to_vec(), 0));
        let is_ours = held.0 == channel && held.1 < u32::MAX;
        held.1 += u32::from(is_ours);
        is_ours
    }

    /// The state of a `Custom:` device; `None` for others.
    pub(crate) fn custom(&self, device: &[u8]) -> Option<String> {
        let name = device.strip_prefix(CUSTOM)?;
        let state = self
            .custom
            .get(name)
            .map_or(DEVICE_STATES[0], Vec::as_slice);
        Some(String::from_utf8_lossy(state).into_owned())
    }

    /// The first group of a channel, of a category if one is named.
    fn own(&self, channel: &[u8], category: &[u8]) -> Option<&Member> {
        self.groups
            .iter()
            .find(|member| member.channel == channel && member.is_of(category))
    }

    /// Writes a function for a channel. `None`: it is not one of these.
    pub(crate) fn write(
        &mut self,
        channel: &[u8],
        function: &[u8],
        args: &[u8],
        value: &[u8],
    ) -> Option<Reply> {
        let full = || Some(Reply::with(Answer::Unserved));
        match function {
            b"GROUP" => {
                let mut text = value.to_vec();
                if !args.is_empty() {
                    text.push(b'@');
                    text.extend_from_slice(args);
                }
                let (group, category) = split(&text, b'@');
                self.groups.retain(|member| {
                    member.channel != channel || !member.category.eq_ignore_ascii_case(category)
                });
                if group.is_empty() {
                    return Some(Reply::done());
                }
                if self.groups.len() >= ENTRIES {
                    return full();
                }
                self.groups.push(Member {
                    channel: channel.to_vec(),
                    category: category.to_vec(),
                    group: group.to_vec(),
                });
            }
            b"DEVICE_STATE" => {
                let name = args.strip_prefix(CUSTOM)?;
                let state = value.to_ascii_uppercase();
                let state = if DEVICE_STATES.contains(&state.as_slice()) {
                    state
                } else {
                    DEVICE_STATES[0].to_vec()
                };
                if self.custom.len() >= ENTRIES && !self.custom.contains_key(name) {
                    return full();
                }
                self.custom.insert(name.to_vec(), state);
            }
            b"PRESENCE_STATE" => {
                let name = args.strip_prefix(CUSTOM_PRESENCE)?;
                let parts = args::split(value, 4);
                let state = args::argument(&parts, 0).to_ascii_lowercase();
                if !PRESENCE_STATES.contains(&state.as_slice()) {
                    return full();
                }
                if self.presence.len() >= ENTRIES && !self.presence.contains_key(name) {
                    return full();
                }
                let [subtype, message] = [1, 2].map(|n| args::argument(&parts, n).to_vec());
                self.presence
                    .insert(name.to_vec(), [state, subtype, message]);
            }
            b"DIALGROUP" => return Some(self.write_dial_group(args, value)),
            _ => return None,
        }
        Some(Reply::done())
    }

    /// `Set(DIALGROUP(name[,add|del])=a&b)`; without an operation the list takes the place of the old one.
    fn write_dial_group(&mut self, text: &[u8], value: &[u8]) -> Reply {
        let parts = args::split(text, 2);
        let name = args::argument(&parts, 0).to_vec();
        let operation = args::argument(&parts, 1).to_ascii_lowercase();
        let entries = args::split_at(value, b'&', ENTRIES, args::Marks::Remove);
        if self.dial.len() >= ENTRIES && !self.dial.contains_key(&name) {
            return Reply::with(Answer::Unserved);
        }
        let group = self.dial.entry(name).or_default();
        if operation.is_empty() {
            group.clear();
        }
        match operation.as_slice() {
            b"" | b"add" => {
                for entry in entries {
                    if group.len() < ENTRIES && !group.contains(&entry) {
                        group.push(entry);
                    }
                }
                Reply::done()
            }
            operation if operation.starts_with(b"del") => {
                group.retain(|entry| !entries.contains(entry));
                Reply::done()
            }
            _ => Reply::with(Answer::Unserved),
        }
    }

    /// A channel is gone: it is in no group and holds no lock any more.
    pub(crate) fn forget(&mut self, channel: &[u8]) {
        self.groups.retain(|member| member.channel != channel);
        self.locks.retain(|_, (holder, _)| holder != channel);
    }
}

impl Member {
    /// Whether it counts where this category is meant; none means any.
    fn is_of(&self, category: &[u8]) -> bool {
        category.is_empty() || self.category.eq_ignore_ascii_case(category)
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

    fn read(tables: &mut Tables, channel: &str, function: &str, args: &str) -> String {
        let reply = tables.read(channel.as_bytes(), function.as_bytes(), args.as_bytes());
        match reply.unwrap().answer {
            Answer::Value(v) => String::from_utf8(v).unwrap(),
            _ => String::new(),
        }
    }

    fn write(tables: &mut Tables, channel: &str, function: &str, args: &str, value: &str) -> Reply {
        tables
            .write(
                channel.as_bytes(),
                function.as_bytes(),
                args.as_bytes(),
                value.as_bytes(),
            )
            .unwrap()
    }

    #[test]
    fn a_channel_is_in_one_group_of_each_category() {
        let mut tables = Tables::default();
        for (value, args) in [("out", ""), ("in", ""), ("x", "c")] {
            write(&mut tables, "SIP/1-0", "GROUP", args, value);
        }
        write(&mut tables, "SIP/2-0", "GROUP", "", "in");
        let mut read = |function, args| read(&mut tables, "SIP/1-0", function, args);
        assert_eq!(read("GROUP", ""), "in");
        assert_eq!(read("GROUP", "C"), "x");
        assert_eq!(read("GROUP_COUNT", "IN"), "2");
        assert_eq!(read("GROUP_COUNT", ""), "2");
        assert_eq!(read("GROUP_COUNT", "out"), "0");
        assert_eq!(read("GROUP_COUNT", "x@c"), "1");
        assert_eq!(read("GROUP_MATCH_COUNT", "."), "3");
        assert_eq!(read("GROUP_MATCH_COUNT", "IN"), "0");
        assert_eq!(read("GROUP_MATCH_COUNT", ".@c"), "1");
        assert_eq!(read("GROUP_LIST", ""), "in x@c");
        tables.forget(b"SIP/2-0");
        assert_eq!(
            super::tests::read(&mut tables, "SIP/1-0", "GROUP_COUNT", "in"),
            "1"
        );
    }

    #[test]
    fn custom_states_are_kept_in_upper_case() {
        let mut tables = Tables::default();
        write(&mut tables, "", "DEVICE_STATE", "Custom:door", "inuse");
        assert_eq!(
            read(&mut tables, "", "DEVICE_STATE", "Custom:door"),
            "INUSE"
        );
        assert!(tables.read(b"", b"DEVICE_STATE", b"SIP/1").is_none());
        write(
            &mut tables,
            "",
            "PRESENCE_STATE",
            "CustomPresence:x",
            "away,lunch,back soon",
        );
        let mut read = |args| read(&mut tables, "", "PRESENCE_STATE", args);
        assert_eq!(read("CustomPresence:x,value"), "away");
        assert_eq!(read("CustomPresence:x,message"), "back soon");
        assert_eq!(read("CustomPresence:y,value"), "not_set");
    }

    #[test]
    fn a_lock_is_its_holders_until_given_back_or_gone() {
        let mut tables = Tables::default();
        let mut ask = |channel, function| read(&mut tables, channel, function, "l");
        assert_eq!(ask("a", "LOCK"), "1");
        assert_eq!(ask("a", "LOCK"), "1");
        assert_eq!(ask("b", "TRYLOCK"), "0");
        assert_eq!(ask("b", "UNLOCK"), "0");
        assert_eq!(ask("a", "UNLOCK"), "1");
        assert_eq!(ask("b", "TRYLOCK"), "0");
        tables.forget(b"a");
        assert_eq!(read(&mut tables, "b", "TRYLOCK", "l"), "1");
        assert_eq!(read(&mut tables, "b", "UNLOCK", "l"), "1");
        assert_eq!(read(&mut tables, "b", "UNLOCK", "l"), "0");
    }

    #[test]
    fn dial_groups_are_lists_without_repetition() {
        let mut tables = Tables::default();
        write(&mut tables, "", "DIALGROUP", "g", "SIP/1&SIP/2&SIP/1");
        write(&mut tables, "", "DIALGROUP", "g,add", "SIP/3");
        write(&mut tables, "", "DIALGROUP", "g,del", "SIP/2");
        assert_eq!(read(&mut tables, "", "DIALGROUP", "g"), "SIP/1&SIP/3");
        let refused = write(&mut tables, "", "DIALGROUP", "g,bogus", "SIP/4");
        assert_eq!(refused.answer, Answer::Unserved);
        write(&mut tables, "", "DIALGROUP", "g", "SIP/9");
        assert_eq!(read(&mut tables, "", "DIALGROUP", "g"), "SIP/9");
    }
}
