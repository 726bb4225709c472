//! Items of CHANNEL() that the VM keeps: what they read by default, and which values they take.

use strowger_stdlib::scan;

use crate::Text;
use crate::party::Party;

/// What became of writing an item.
pub(crate) enum Kept {
    /// It is done.
    Done,
    /// The value is none that the item can have: why.
    Refused(&'static str),
    /// The item is not kept here.
    Elsewhere,
}

/// Transfer capabilities, as ISDN knows them.
const CAPABILITIES: [&str; 6] = [
    "SPEECH",
    "DIGITAL",
    "RESTRICTED_DIGITAL",
    "3K1AUDIO",
    "DIGITAL_W_TONES",
    "VIDEO",
];

/// Automated message accounting: the number is what is read.
const FLAGS: [(&str, i32); 4] = [
    ("omit", 1),
    ("billing", 2),
    ("documentation", 3),
    ("default", 3),
];

/// Feature letters in the order in which they are read.
const FEATURES: &[u8] = b"TKHWX";

/// Groups of calls and pickups: 0 to 63.
const GROUPS: i32 = 64;

impl Party {
    /// An item of CHANNEL() that is kept here.
    pub(crate) fn item(&self, item: &[u8]) -> Option<Text> {
        let item = item.to_ascii_lowercase();
        let kept = |otherwise: &str| {
            let kept = self.kept(&item);
            Some(kept.map_or_else(|| otherwise.as_bytes().to_vec(), <[u8]>::to_vec))
        };
        match item.as_slice() {
            b"name" | b"channame" => Some(self.name.clone()),
            b"uniqueid" => Some(self.unique_id.clone()),
            b"linkedid" => Some(self.linked_id.clone()),
            b"channeltype" => Some(self.technology.clone()),
            b"state" => Some(self.state.as_str().into()),
            b"language" => Some(self.language.clone()),
            b"accountcode" => Some(self.account.clone()),
            b"musicclass" => Some(self.music.clone()),
            b"onhold" => kept("0"),
            b"max_forwards" => kept("20"),
            b"amaflags" => kept("3"),
            b"transfercapability" => kept(CAPABILITIES[0]),
            b"adsicpe" => kept("unknown"),
            b"videonativeformat" => kept("(nothing)"),
            b"userfield"
            | b"parkinglot"
            | b"tenantid"
            | b"peeraccount"
            | b"hangupsource"
            | b"callgroup"
            | b"pickupgroup"
            | b"namedcallgroup"
            | b"namedpickupgroup"
            | b"after_bridge_goto"
            | b"dtmf_features"
            | b"secure_bridge_signaling"
            | b"secure_bridge_media"
            | b"peer" => kept(""),
            name => self.kept(name).map(<[u8]>::to_vec),
        }
    }

    /// Writes an item; its name in small letters.
    pub(crate) fn write_item(&mut self, item: &[u8], value: &[u8]) -> Kept {
        let text = match item {
            b"language" => {
                self.language = value.to_vec();
                return Kept::Done;
            }
            b"accountcode" => {
                self.account = value.to_vec();
                return Kept::Done;
            }
            b"musicclass" => {
                self.music = value.to_vec();
                return Kept::Done;
            }
            b"userfield" | b"parkinglot" | b"tenantid" | b"peeraccount" | b"hangupsource"
            | b"after_bridge_goto" => value.to_vec(),
            b"namedcallgroup" | b"namedpickupgroup" => named_groups(value),
            b"callgroup" | b"pickupgroup" => groups(value),
            b"amaflags" => amaflags(value).to_string().into_bytes(),
            b"dtmf_features" if !value.iter().all(u8::is_ascii_uppercase) => {
                return Kept::Refused("features are capital letters");
            }
            b"dtmf_features" => {
                let letters = FEATURES.iter().filter(|letter| value.contains(letter));
                letters.copied().collect()
            }
            b"max_forwards" => match scan::int32(value) {
                Some((count, _)) if count >= 0 => count.to_string().into_bytes(),
                _ => return Kept::Refused("it is no number that is not negative"),
            },
            b"transfercapability" => {
                let known = CAPABILITIES
                    .iter()
                    .find(|known| value.eq_ignore_ascii_case(known.as_bytes()));
                match known {
                    Some(known) => known.as_bytes().to_vec(),
                    None => return Kept::Refused("there is no such capability"),
                }
            }
            b"secure_bridge_signaling" | b"secure_bridge_media" => {
                let yes: [&[u8]; 6] = [b"yes", b"true", b"y", b"t", b"1", b"on"];
                let is_set = yes.iter().any(|yes| value.eq_ignore_ascii_case(yes));
                if is_set { b"1".to_vec() } else { Text::new() }
            }
            b"adsicpe" => {
                let known: [&[u8]; 4] = [b"unknown", b"available", b"unavailable", b"offhookonly"];
                match known.iter().find(|known| value.eq_ignore_ascii_case(known)) {
                    Some(known) => known.to_vec(),
                    None => return Kept::Refused("there is no such availability"),
                }
            }
            // indications.conf is not read, so there is no zone to choose.
            b"tonezone" => return Kept::Refused("this exchange knows no tone zones"),
            _ => return Kept::Elsewhere,
        };
        self.set_item(item, text);
        Kept::Done
    }

    fn kept(&self, name: &[u8]) -> Option<&[u8]> {
        self.items
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.as_slice())
    }

    /// Keeps an item.
    fn set_item(&mut self, name: &[u8], value: Text) {
        self.items.retain(|(n, _)| n != name);
        self.items.push((name.to_vec(), value));
    }
}

/// A number, or the name of one; any other text is no flag at all.
fn amaflags(value: &[u8]) -> i32 {
    if value.first().is_some_and(u8::is_ascii_digit) {
        return scan::int32(value).map_or(0, |(n, _)| n);
    }
    let known = FLAGS
        .iter()
        .find(|(name, _)| value.eq_ignore_ascii_case(name.as_bytes()));
    known.map_or(0, |(_, flag)| *flag)
}

/// `1-3,7` as `1, 2, 3, 7`; what cannot be a group is left out.
fn groups(value: &[u8]) -> Text {
    let mut member = [false; GROUPS as usize];
    for piece in value.split(|byte| *byte == b',') {
        let Some((first, read)) = scan::int32(piece) else {
            continue;
        };
        let last = piece[read..]
            .strip_prefix(b"-")
            .and_then(scan::int32)
            .map_or(first, |(last, _)| last);
        for group in first.max(0)..=last.min(GROUPS - 1) {
            // Between 0 and 63.
            member[group as usize] = true;
        }
    }
    let names: Vec<String> = member
        .iter()
        .enumerate()
        .filter(|(_, is_member)| **is_member)
        .map(|(group, _)| group.to_string())
        .collect();
    names.join(", ").into_bytes()
}

/// `a,b` as `a, b`, each once.
fn named_groups(value: &[u8]) -> Text {
    let mut names: Vec<&[u8]> = Vec::new();
    for name in value.split(|byte| *byte == b',').map(scan::trim) {
        if !name.is_empty() && !names.contains(&name) {
            names.push(name);
        }
    }
    names.join(&b", "[..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_kept_as_they_are_read_back() {
        let mut party = Party::default();
        for (item, value, read) in [
            ("callgroup", "1-3,7,99,x", "1, 2, 3, 7"),
            ("pickupgroup", "abc", ""),
            ("namedcallgroup", "sales,,desk, sales", "sales, desk"),
            ("amaflags", "Billing", "2"),
            ("amaflags", "17x", "17"),
            ("amaflags", "nothing", "0"),
            ("dtmf_features", "XKQ", "KX"),
            ("max_forwards", "7x", "7"),
            ("transfercapability", "digital", "DIGITAL"),
            ("secure_bridge_media", "yes", "1"),
        ] {
            let done = party.write_item(item.as_bytes(), value.as_bytes());
            assert!(matches!(done, Kept::Done), "{item}");
            assert_eq!(party.item(item.as_bytes()), Some(read.into()), "{item}");
        }
        for (item, value) in [
            ("max_forwards", "-1"),
            ("tonezone", "us"),
            ("dtmf_features", "tk"),
        ] {
            let done = party.write_item(item.as_bytes(), value.as_bytes());
            assert!(matches!(done, Kept::Refused(_)), "{item}");
        }
        assert_eq!(party.item(b"MAX_FORWARDS"), Some(b"7".to_vec()));
        assert_eq!(party.item(b"nonsense"), None);
    }
}
