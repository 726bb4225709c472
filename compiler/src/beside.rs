//! The files beside the plan that are only read to check it: mailboxes, queues, conferences, features, music, parking, databases.

use crate::conf::line::{self, Config, Section, Value};
use crate::peers::{Peers, Tech};
use crate::source::{Sources, Span};

/// Their names, and those of files of which only matters that they are there.
pub const FILES: [&str; 12] = [
    "voicemail.conf",
    "queues.conf",
    "confbridge.conf",
    "features.conf",
    "musiconhold.conf",
    "func_odbc.conf",
    "res_parking.conf",
    "iax.conf",
    "extconfig.conf",
    "pjsip_wizard.conf",
    "extensions.ael",
    "extensions.lua",
];

/// What of them is there.
#[derive(Debug, Default)]
pub struct Beside {
    /// voicemail.conf.
    pub voicemail: Option<Config>,
    /// queues.conf.
    pub queues: Option<Config>,
    /// confbridge.conf.
    pub confbridge: Option<Config>,
    /// features.conf.
    pub features: Option<Config>,
    /// musiconhold.conf.
    pub music: Option<Config>,
    /// func_odbc.conf.
    pub odbc: Option<Config>,
    /// res_parking.conf.
    pub parking: Option<Config>,
    /// extconfig.conf: what is kept in a database.
    pub stored: Option<Config>,
    /// pjsip_wizard.conf: endpoints in short.
    pub wizard: Option<Config>,
}

impl Beside {
    /// Reads what is there.
    pub fn read(sources: &Sources) -> Beside {
        let read = |name: &str| sources.find(name).map(|file| line::read(sources, file));
        Beside {
            voicemail: read("voicemail.conf"),
            queues: read("queues.conf"),
            confbridge: read("confbridge.conf"),
            features: read("features.conf"),
            music: read("musiconhold.conf"),
            odbc: read("func_odbc.conf"),
            parking: read("res_parking.conf"),
            stored: read("extconfig.conf"),
            wizard: read("pjsip_wizard.conf"),
        }
    }

    /// The files that are there, by name.
    pub fn files(&self) -> impl Iterator<Item = (&'static str, &Config)> {
        [
            ("voicemail.conf", &self.voicemail),
            ("queues.conf", &self.queues),
            ("confbridge.conf", &self.confbridge),
            ("features.conf", &self.features),
            ("musiconhold.conf", &self.music),
            ("func_odbc.conf", &self.odbc),
            ("res_parking.conf", &self.parking),
            ("extconfig.conf", &self.stored),
            ("pjsip_wizard.conf", &self.wizard),
        ]
        .into_iter()
        .filter_map(|(name, file)| Some((name, file.as_ref()?)))
    }

    /// The line that keeps one of these families, or files, in a database.
    pub fn stored_in(&self, families: &[&str]) -> Option<&Value> {
        let rows = self.stored.iter().flat_map(|c| c.named("settings"));
        rows.flat_map(|s| &s.values)
            .find(|v| families.iter().any(|f| v.is(f)))
    }

    /// Where more devices of a technology are than its own file shows.
    pub fn hidden(&self, tech: Tech) -> Option<Span> {
        let families: &[&str] = match tech {
            Tech::Sip => &["sippeers", "sipusers", "sip.conf", "users.conf"],
            Tech::Pjsip => &["ps_endpoints", "pjsip.conf"],
            Tech::Iax => &["iaxpeers", "iaxusers", "iax.conf"],
        };
        let wizard = self.wizard.as_ref().filter(|_| tech == Tech::Pjsip);
        let first = wizard.and_then(|c| c.sections().next());
        let stored = || self.stored_in(families).map(Value::span);
        first.map(|s| s.span).or_else(stored)
    }

    /// Contexts that modules make because a file says so: those of parked calls, and those of registered phones.
    pub fn made_contexts(&self, peers: &Peers) -> Vec<Vec<u8>> {
        let files = [
            (&self.parking, &["context", "comebackcontext"][..]),
            (&self.features, &["context"]),
            (&peers.sip, &["regcontext"]),
            (&peers.iax, &["regcontext"]),
            (&peers.pjsip, &["regcontext"]),
        ];
        // The last is that of the module for Digium's phones.
        let mut out: Vec<Vec<u8>> = [
            &b"parkedcalls"[..],
            b"parkedcallstimeout",
            b"dpma_message_context",
        ]
        .map(<[u8]>::to_vec)
        .into();
        for (file, keys) in files {
            for section in file.iter().flat_map(Config::sections) {
                let named = keys.iter().flat_map(|k| section.all(k));
                out.extend(named.map(|v| v.text.bytes().to_vec()));
            }
        }
        out
    }

    /// A file, if it is there and holds everything of its kind.
    pub fn whole<'a>(&'a self, file: &'a Option<Config>, families: &[&str]) -> Option<&'a Config> {
        file.as_ref()
            .filter(|c| !c.open && self.stored_in(families).is_none())
    }
}

/// Sections of a file but `[general]` and some others.
pub fn sections<'a>(file: &'a Config, others: &'a [&'a str]) -> impl Iterator<Item = &'a Section> {
    file.sections().filter(move |s| {
        !s.name.eq_ignore_ascii_case(b"general")
            && !others
                .iter()
                .any(|o| s.name.eq_ignore_ascii_case(o.as_bytes()))
    })
}
