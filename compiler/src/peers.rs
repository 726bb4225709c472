//! Devices of sip.conf, users.conf, pjsip.conf and iax.conf, as far as checking a plan needs them.

use crate::conf::line::{self, Config, Section, Value};
use crate::source::{Sources, Span, Text};

/// The technology of a device, as dial strings write it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Tech {
    /// sip.conf and users.conf.
    Sip,
    /// pjsip.conf.
    Pjsip,
    /// iax.conf.
    Iax,
}

/// Something that can be dialled, or that calls.
#[derive(Clone, Debug)]
pub struct Device {
    /// How it is dialled.
    pub tech: Tech,
    /// Its section.
    pub name: Vec<u8>,
    /// Where the name stands.
    pub span: Span,
    /// Its context, if written in its section.
    pub context: Option<Text>,
}

/// Keys of devices whose value is a context.
pub const CONTEXT_KEYS: [&str; 6] = [
    "context",
    "subscribecontext",
    "subscribe_context",
    "outofcall_message_context",
    "message_context",
    "overlap_context",
];

/// All device files of a configuration. A file that is not there is None.
#[derive(Debug, Default)]
pub struct Peers {
    /// sip.conf.
    pub sip: Option<Config>,
    /// users.conf.
    pub users: Option<Config>,
    /// pjsip.conf.
    pub pjsip: Option<Config>,
    /// iax.conf.
    pub iax: Option<Config>,
}

impl Peers {
    /// Reads what is there.
    pub fn read(sources: &Sources) -> Peers {
        let read = |name: &str| sources.find(name).map(|file| line::read(sources, file));
        Peers {
            sip: read("sip.conf"),
            users: read("users.conf"),
            pjsip: read("pjsip.conf"),
            iax: read("iax.conf"),
        }
    }

    /// The files that are there.
    pub fn files(&self) -> impl Iterator<Item = &Config> {
        [&self.sip, &self.users, &self.pjsip, &self.iax]
            .into_iter()
            .flatten()
    }

    /// Whether the files of a technology are there and hold everything.
    pub fn complete(&self, tech: Tech) -> bool {
        !self.absent(tech)
            && self
                .of(tech)
                .iter()
                .all(|f| f.as_ref().is_none_or(|c| !c.open))
    }

    /// Whether none of the files of a technology is there.
    pub(crate) fn absent(&self, tech: Tech) -> bool {
        self.of(tech).iter().all(|f| f.is_none())
    }

    fn of(&self, tech: Tech) -> [&Option<Config>; 2] {
        match tech {
            Tech::Sip => [&self.sip, &self.users],
            Tech::Pjsip => [&self.pjsip, &None],
            Tech::Iax => [&self.iax, &None],
        }
    }

    /// The devices of sip.conf and users.conf; sections that are no device are left out.
    pub fn sip_sections(&self) -> impl Iterator<Item = &Section> {
        let sip = self
            .sip
            .iter()
            .flat_map(Config::sections)
            .filter(|s| !is(s, &["general", "authentication"]));
        let users = self
            .users
            .iter()
            .flat_map(Config::sections)
            .filter(|s| !is(s, &["general"]));
        let users = users.filter(|s| {
            ["hassip", "host", "secret", "type"]
                .iter()
                .any(|k| s.get(k).is_some())
        });
        sip.chain(users)
    }

    /// The contexts that calls from devices enter, where they are written.
    pub fn contexts(&self) -> impl Iterator<Item = &Value> {
        const KEYS: [&str; 4] = [
            "context",
            "outofcall_message_context",
            "message_context",
            "overlap_context",
        ];
        let sections = self.files().flat_map(Config::sections);
        sections.flat_map(|s| KEYS.iter().filter_map(|k| s.get(k)))
    }

    /// Sections of pjsip.conf with this `type`.
    pub fn pjsip_objects<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Section> {
        let all = self.pjsip.iter().flat_map(Config::sections);
        all.filter(move |s| {
            s.get("type")
                .is_some_and(|t| t.text.bytes() == kind.as_bytes())
        })
    }

    /// The object of this type and name.
    pub fn pjsip_object<'a>(&'a self, kind: &'a str, name: &[u8]) -> Option<&'a Section> {
        self.pjsip_objects(kind).find(|s| s.name == name)
    }

    /// Everything that can be dialled by name.
    pub fn devices(&self) -> Vec<Device> {
        let device = |tech: Tech, s: &Section| Device {
            tech,
            name: s.name.clone(),
            span: s.span,
            context: s.get("context").map(|c| c.text.clone()),
        };
        let mut out: Vec<Device> = self.sip_sections().map(|s| device(Tech::Sip, s)).collect();
        out.extend(
            self.pjsip_objects("endpoint")
                .map(|s| device(Tech::Pjsip, s)),
        );
        let iax = self
            .iax
            .iter()
            .flat_map(Config::sections)
            .filter(|s| !is(s, &["general"]));
        out.extend(iax.map(|s| device(Tech::Iax, s)));
        out
    }
}

fn is(section: &Section, names: &[&str]) -> bool {
    names
        .iter()
        .any(|n| section.name.eq_ignore_ascii_case(n.as_bytes()))
}

/// The parts of a comma list, without blanks, each with its place.
pub fn list(value: &Value) -> Vec<Text> {
    let mut out = Vec::new();
    let mut at = 0;
    for part in value.text.bytes().split(|b| *b == b',') {
        let text = value.text.slice(at..at + part.len()).trimmed();
        at += part.len() + 1;
        if !text.is_empty() {
            out.push(text);
        }
    }
    out
}
