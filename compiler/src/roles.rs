//! Who calls into which context, and where numbers cost money: guests, providers and phones, as the device files tell.

use std::collections::HashMap;

use crate::compile::Surroundings;
use crate::conf::line::{Section, boolean};
use crate::dialled::destinations;
use crate::hir::Matches;
use crate::pattern::Element;
use crate::peers::{Peers, Tech, list};
use crate::source::{Sources, Span};
use crate::ways::{Kind, Ways};

/// Who comes in by a door.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Who {
    /// Anybody.
    Guest,
    /// Callers of a provider, or of another exchange.
    Trunk,
    /// A phone.
    Phone,
}

/// A context that calls are looked up in.
#[derive(Clone, Debug)]
pub(crate) struct Door {
    pub(crate) context: Vec<u8>,
    pub(crate) who: Who,
    /// The device.
    pub(crate) name: String,
    /// Where that is written; none if it is marked in our own configuration.
    pub(crate) span: Option<Span>,
    /// What is to be seen there.
    pub(crate) words: String,
}

/// The roles of devices and contexts.
#[derive(Debug, Default)]
pub(crate) struct Roles {
    pub(crate) doors: Vec<Door>,
    /// Devices by technology and name in lower case, and whether their calls leave the house.
    devices: HashMap<(Tech, Vec<u8>), bool>,
    marked: Vec<Vec<u8>>,
    /// Some devices are not in sight.
    hidden: bool,
    /// Technologies whose devices are all in sight.
    shown: Vec<Tech>,
    /// A file of devices takes in one that is not in sight.
    torn: bool,
}

/// Contexts into which strangers and providers call, as the device files and the configuration tell.
pub fn strangers(sources: &Sources, marks: &Surroundings) -> Vec<Vec<u8>> {
    Roles::new(&Peers::read(sources), marks).strangers()
}

/// Contexts that no device enters: a parked call comes back to them, or DISA() takes keys for FreePBX's.
const INTERNAL: [&[u8]; 3] = [b"park-dial", b"parkedcallstimeout", b"disa-dial"];
/// Doors that are looked at.
const DOORS: usize = 2_000;

impl Roles {
    pub(crate) fn new(peers: &Peers, marks: &Surroundings) -> Roles {
        let mut roles = Roles {
            marked: marks
                .trunks
                .iter()
                .map(|t| t.to_ascii_lowercase())
                .collect(),
            ..Roles::default()
        };
        let all = [Tech::Sip, Tech::Pjsip, Tech::Iax];
        roles.hidden = all.into_iter().any(|tech| !peers.complete(tech));
        roles.shown = all
            .into_iter()
            .filter(|tech| peers.complete(*tech))
            .collect();
        roles.torn = all
            .into_iter()
            .any(|tech| !peers.complete(tech) && !peers.absent(tech));
        roles.sip(peers);
        roles.pjsip(peers);
        roles.iax(peers);
        let mark = |context: &Vec<u8>, who, words: &str| Door {
            context: context.clone(),
            who,
            name: String::from_utf8_lossy(context).into_owned(),
            span: None,
            words: words.to_owned(),
        };
        for context in &marks.guests {
            roles.doors.push(mark(context, Who::Guest, "strangers"));
        }
        for context in &marks.entries {
            roles.doors.push(mark(context, Who::Phone, "phones"));
        }
        let trusted = |name: &[u8]| marks.trust.iter().any(|t| name.eq_ignore_ascii_case(t));
        for door in &mut roles.doors {
            if trusted(&door.context) || trusted(door.name.as_bytes()) {
                door.who = Who::Phone;
            }
        }
        roles.doors.truncate(DOORS);
        roles
    }

    /// Contexts into which somebody calls who is no phone of the house.
    fn strangers(&self) -> Vec<Vec<u8>> {
        let mut out: Vec<Vec<u8>> = Vec::new();
        for door in self.doors.iter().filter(|d| d.who != Who::Phone) {
            if !out.contains(&door.context) {
                out.push(door.context.clone());
            }
        }
        out
    }

    /// Whether the files say who calls into which context.
    pub(crate) fn known(&self) -> bool {
        !self.doors.is_empty()
    }

    fn sip(&mut self, peers: &Peers) {
        let general = peers
            .sip
            .iter()
            .flat_map(|c| c.sections())
            .find(|s| s.name.eq_ignore_ascii_case(b"general"));
        if let Some(general) = general {
            let guests = general.get("allowguest");
            let context = general.get("context");
            if guests.is_none_or(|g| boolean(g.text.bytes()) != Some(false)) {
                let (span, words) = match (guests, context) {
                    (Some(guests), _) => (guests.span(), "calls of strangers are accepted"),
                    (None, Some(context)) => (
                        context.span(),
                        "calls of strangers come here, since nothing says `allowguest=no`",
                    ),
                    (None, None) => (
                        general.span,
                        "calls of strangers go to [default], since nothing says `allowguest=no`",
                    ),
                };
                self.doors.push(Door {
                    context: context.map_or(b"default".to_vec(), |c| c.text.bytes().to_vec()),
                    who: Who::Guest,
                    name: "strangers".to_owned(),
                    span: Some(span),
                    words: words.to_owned(),
                });
            }
        }
        let inherited = general.and_then(|g| g.get("context"));
        for section in peers.sip_sections() {
            let host = section.get("host").map(|h| h.text.bytes());
            let fixed = host.filter(|h| !h.eq_ignore_ascii_case(b"dynamic"));
            let provider = fixed.is_some_and(public)
                || fixed.is_some()
                    && ["fromuser", "fromdomain", "remotesecret"]
                        .iter()
                        .any(|k| section.get(k).is_some());
            let insecure = section.get("insecure").is_some_and(|i| {
                let value = i.text.bytes();
                value.eq_ignore_ascii_case(b"very") || value.windows(6).any(|w| w == b"invite")
            });
            self.device(Tech::Sip, section, fixed.is_some());
            let calls = !section
                .get("type")
                .is_some_and(|t| t.text.bytes().eq_ignore_ascii_case(b"peer"))
                || host.is_some();
            let context = section.get("context").or(inherited);
            if let Some(context) = context
                && calls
            {
                let who = if fixed.is_some() && (provider || insecure) {
                    Who::Trunk
                } else {
                    Who::Phone
                };
                self.door(section, context.text.bytes(), who, context.span());
            }
        }
    }

    fn pjsip(&mut self, peers: &Peers) {
        for endpoint in peers.pjsip_objects("endpoint") {
            let contact = endpoint
                .get("aors")
                .into_iter()
                .flat_map(list)
                .filter_map(|a| peers.pjsip_object("aor", a.bytes()))
                .find_map(|a| a.get("contact"));
            self.device(Tech::Pjsip, endpoint, contact.is_some());
            let Some(context) = endpoint.get("context") else {
                continue;
            };
            let who = if endpoint.name.starts_with(b"anonymous") {
                Who::Guest
            } else if peers
                .pjsip_objects("identify")
                .filter(|i| {
                    i.get("endpoint")
                        .is_some_and(|e| e.text.bytes() == endpoint.name.as_slice())
                })
                .flat_map(|i| i.all("match"))
                .any(|m| {
                    public(
                        m.text
                            .bytes()
                            .split(|b| *b == b'/')
                            .next()
                            .unwrap_or_default(),
                    )
                })
            {
                Who::Trunk
            } else if let Some(contact) = contact
                && (endpoint.get("outbound_auth").is_some()
                    || public(host_of(contact.text.bytes())))
            {
                Who::Trunk
            } else {
                Who::Phone
            };
            self.door(endpoint, context.text.bytes(), who, context.span());
        }
    }

    fn iax(&mut self, peers: &Peers) {
        let sections = peers.iax.iter().flat_map(|c| c.sections());
        for section in sections.filter(|s| !s.name.eq_ignore_ascii_case(b"general")) {
            let host = section.get("host").map(|h| h.text.bytes());
            let fixed = host.is_some_and(|h| !h.eq_ignore_ascii_case(b"dynamic"));
            self.device(Tech::Iax, section, fixed);
            let kind = section.get("type").map(|t| t.text.bytes());
            let calls = kind.is_some_and(|k| k.eq_ignore_ascii_case(b"user") || k == b"friend");
            let asked = ["secret", "inkeys", "auth", "deny", "dbsecret", "md5secret"]
                .iter()
                .any(|k| section.get(k).is_some());
            if let Some(context) = section.get("context")
                && calls
            {
                let who = if !asked && !fixed {
                    Who::Guest
                } else if fixed && host.is_some_and(public) {
                    Who::Trunk
                } else {
                    Who::Phone
                };
                self.door(section, context.text.bytes(), who, context.span());
            }
        }
    }

    fn device(&mut self, tech: Tech, section: &Section, outside: bool) {
        self.devices
            .insert((tech, section.name.to_ascii_lowercase()), outside);
    }

    fn door(&mut self, section: &Section, context: &[u8], who: Who, span: Span) {
        let name = String::from_utf8_lossy(&section.name).into_owned();
        let words = match who {
            Who::Guest => format!("`{name}` asks callers for nothing"),
            Who::Trunk => format!("calls from `{name}` come in here"),
            Who::Phone => format!("the phone `{name}` calls here"),
        };
        self.doors.push(Door {
            context: context.to_vec(),
            who,
            name,
            span: Some(span),
            words,
        });
    }

    /// Whether calls over a device leave the house; None if the files do not know it.
    pub(crate) fn leaves(&self, tech: &[u8], name: &[u8]) -> Option<bool> {
        let name = name.to_ascii_lowercase();
        if self.marked.contains(&name) {
            return Some(true);
        }
        let tech = match tech.to_ascii_uppercase().as_slice() {
            b"SIP" => Tech::Sip,
            b"PJSIP" => Tech::Pjsip,
            b"IAX2" | b"IAX" => Tech::Iax,
            _ => return None,
        };
        self.devices.get(&(tech, name)).copied()
    }

    /// Whether calls from outside the plan are looked up in a context, for each context.
    pub(crate) fn open(&self, ways: &Ways<'_>) -> Vec<bool> {
        let contexts = &ways.index.hir().contexts;
        let count = contexts.len();
        let (mut jumped, mut called, mut menu) =
            (vec![false; count], vec![false; count], vec![false; count]);
        // Something else leads there than jumps with a number of one length.
        let mut freely = vec![false; count];
        for node in 0..ways.entries.len() as u32 {
            let here = ways.entries[node as usize].context;
            let here_is = &ways.entries[node as usize].extension.matches;
            for way in ways.from(node) {
                let there = match ways.entry(way.to) {
                    Some(entry) => entry.context,
                    None => way.to as usize - ways.entries.len(),
                };
                match way.kind {
                    Kind::Menu if here == there => menu[there] = true,
                    _ if here == there => {}
                    Kind::Gosub => called[there] = true,
                    Kind::Goto | Kind::Local | Kind::Menu => {
                        jumped[there] = true;
                        let number = ways
                            .entry(way.to)
                            .is_none_or(|e| matches!(e.extension.matches, Matches::Pattern(_)));
                        freely[there] |= way.kind != Kind::Goto || !number || !fixed(here_is);
                    }
                    Kind::Include | Kind::Holds | Kind::Hangup => {}
                }
            }
        }
        let mut included = vec![false; count];
        for context in contexts {
            for include in &context.includes {
                if let Some(number) = ways.index.number(&include.context) {
                    included[number] = true;
                }
            }
        }
        let entered_by_devices = self.known() && self.shows_all(ways);
        let doors: Vec<usize> = self
            .doors
            .iter()
            .filter_map(|d| ways.index.number(&d.context))
            .collect();
        let mut work: Vec<usize> = (0..count)
            .filter(|c| {
                let name = contexts[*c].name.as_slice();
                let subroutine =
                    called[*c] || name.starts_with(b"macro-") || INTERNAL.contains(&name);
                let inside = if self.known() && !self.hidden {
                    subroutine || jumped[*c]
                } else {
                    subroutine || jumped[*c] && (menu[*c] || !freely[*c])
                };
                // What no device enters, only programs do: what they dial is theirs.
                let unentered = entered_by_devices && name != b"default";
                !inside && !included[*c] && !unentered
            })
            .chain(doors)
            .collect();
        let mut open = vec![false; count];
        while let Some(context) = work.pop() {
            if std::mem::replace(&mut open[context], true) {
                continue;
            }
            let includes = contexts[context].includes.iter();
            work.extend(includes.filter_map(|i| ways.index.number(&i.context)));
        }
        open
    }
}

impl Roles {
    /// Whether the plan dials no technology but those whose devices are all in sight.
    fn shows_all(&self, ways: &Ways<'_>) -> bool {
        let steps = ways.entries.iter().flat_map(|e| &e.extension.steps);
        !self.torn
            && steps.flat_map(destinations).all(|destination| {
                let tech = destination.tech.bytes().to_ascii_uppercase();
                match tech.as_slice() {
                    b"SIP" => self.shown.contains(&Tech::Sip),
                    b"PJSIP" => self.shown.contains(&Tech::Pjsip),
                    b"IAX2" | b"IAX" => self.shown.contains(&Tech::Iax),
                    other => matches!(other, b"LOCAL" | b"CONSOLE"),
                }
            })
    }
}

/// Whether an extension takes numbers of one length only.
fn fixed(matches: &Matches) -> bool {
    match matches {
        Matches::Name(_) => true,
        Matches::Pattern(pattern) => pattern
            .matching()
            .iter()
            .all(|e| matches!(e, Element::Set(_))),
    }
}

/// The host of `sip:user@host:port;...`.
fn host_of(contact: &[u8]) -> &[u8] {
    let at = contact.iter().rposition(|b| *b == b'@');
    let rest = match at {
        Some(at) => &contact[at + 1..],
        None => contact.strip_prefix(b"sip:").unwrap_or(contact),
    };
    let end = rest
        .iter()
        .position(|b| matches!(b, b':' | b';' | b'/'))
        .unwrap_or(rest.len());
    &rest[..end]
}

/// Whether a host is no address of a private network.
pub(crate) fn public(host: &[u8]) -> bool {
    let Ok(host) = std::str::from_utf8(host) else {
        return false;
    };
    let host = host.split(':').next().unwrap_or_default();
    match octets(host) {
        Some([a, b, ..]) => {
            let private = a == 10 || a == 192 && b == 168 || a == 172 && b & 0xf0 == 16;
            !(private || matches!(a, 0 | 127) || a == 169 && b == 254)
        }
        None => host.contains('.') && !host.ends_with(".local") && !host.ends_with(".lan"),
    }
}

/// The four numbers of an address.
fn octets(host: &str) -> Option<[u8; 4]> {
    let mut out = [0; 4];
    let mut parts = host.split('.');
    for octet in &mut out {
        *octet = parts.next()?.parse().ok()?;
    }
    parts.next().is_none().then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_are_not_public() {
        for host in [
            "192.168.1.1",
            "10.0.0.2",
            "127.0.0.1",
            "localhost",
            "gw.local",
        ] {
            assert!(!public(host.as_bytes()), "{host}");
        }
        assert!(public(b"203.0.113.9") && public(b"sip.example.com"));
        assert_eq!(host_of(b"sip:100@sip.example.com:5060"), b"sip.example.com");
        assert_eq!(host_of(b"sip:192.0.2.7"), b"192.0.2.7");
    }
}
