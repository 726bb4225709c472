//! Keys that have another name today (C037), and misspelt ones in files that the exchange does not read (C010).

use std::collections::BTreeMap;

use strowger_stdlib::signatures::Version;

use crate::conf::line::{Config, Section, Value};
use crate::diagnostic::{Diagnostic, Edit, Fix};
use crate::edit_distance::nearest;
use crate::lint::World;

use super::keys::{self, Place};

/// A key of old: its file, its name, the name of today and since when, and since when the old one means nothing.
type Renamed = (
    &'static str,
    &'static str,
    &'static str,
    Version,
    Option<Version>,
);

const V14: Version = Version(1, 4, 0);
const V16: Version = Version(1, 6, 0);
const V18: Version = Version(1, 8, 0);
const V23: Version = Version(23, 0, 0);

const RENAMED: [Renamed; 14] = [
    ("sip.conf", "username", "defaultuser", V16, None),
    (
        "sip.conf",
        "canreinvite",
        "directmedia",
        Version(1, 6, 2),
        None,
    ),
    ("sip.conf", "externip", "externaddr", V18, None),
    ("sip.conf", "bindaddr", "udpbindaddr", V16, None),
    ("sip.conf", "maxexpirey", "maxexpiry", V14, None),
    ("sip.conf", "defaultexpirey", "defaultexpiry", V14, None),
    ("sip.conf", "tlscadir", "tlscapath", V18, None),
    ("sip.conf", "limitonpeers", "counteronpeer", V16, None),
    ("sip.conf", "limitonpeer", "counteronpeer", V16, None),
    ("voicemail.conf", "maxmessage", "maxsecs", V16, Some(V23)),
    ("voicemail.conf", "minmessage", "minsecs", V16, Some(V23)),
    ("musiconhold.conf", "random", "sort=random", V16, Some(V23)),
    ("queues.conf", "musiconhold", "musicclass", V14, None),
    ("queues.conf", "music", "musicclass", V14, None),
];

/// Keys of `[general]` of features.conf that moved to res_parking.conf.
const PARKING: [&str; 14] = [
    "parkext",
    "parkpos",
    "context",
    "parkinghints",
    "parkingtime",
    "comebacktoorigin",
    "comebackdialtime",
    "comebackcontext",
    "courtesytone",
    "parkedplay",
    "parkedcalltransfers",
    "parkedcallreparking",
    "findslot",
    "parkeddynamic",
];
const PARKING_MOVED: Version = Version(12, 0, 0);

pub(super) fn check(world: &World<'_>, out: &mut Vec<Diagnostic>) {
    if let Some(sip) = &world.peers.sip {
        old_names(world, "sip.conf", sip, out);
    }
    if let Some(iax) = &world.peers.iax {
        misspelt("iax.conf", iax, out);
    }
    for (name, file) in world.beside.files() {
        old_names(world, name, file, out);
        misspelt(name, file, out);
    }
    if let Some(features) = &world.beside.features {
        parking(world, features, out);
    }
}

fn own(section: &Section) -> impl Iterator<Item = &Value> {
    section.values.iter().filter(|v| !v.inherited)
}

fn old_names(world: &World<'_>, name: &str, file: &Config, out: &mut Vec<Diagnostic>) {
    let mut found: BTreeMap<usize, Vec<&Value>> = BTreeMap::new();
    let sections = file.sections.iter();
    // Keys of a voicemail context are mailboxes.
    let sections =
        sections.filter(|s| name != "voicemail.conf" || s.name.eq_ignore_ascii_case(b"general"));
    for value in sections.flat_map(own) {
        let at = RENAMED.iter().position(|(file, old, _, since, _)| {
            *file == name && value.is(old) && world.dialect.release() >= *since
        });
        if let Some(at) = at {
            found.entry(at).or_default().push(value);
        }
    }
    for (at, values) in found {
        let (_, old, new, _, until) = RENAMED[at];
        let gone = until.is_some_and(|until| world.dialect.release() >= until);
        let [first, more @ ..] = values.as_slice() else {
            continue;
        };
        let mut diagnostic = Diagnostic::new(
            "C037",
            format!("`{}` is written `{}` today", old, new),
            first.key.span(),
        )
        .label(super::counted(
            if gone {
                "the old name means nothing any more"
            } else {
                "the old name still counts"
            },
            values.len(),
        ));
        for value in more {
            diagnostic = diagnostic.also(value.key.span(), "here too");
        }
        if !new.contains('=') {
            diagnostic.fixes.push(Fix {
                title: format!("write `{}`", new),
                edits: values
                    .iter()
                    .map(|v| Edit {
                        span: v.key.span(),
                        text: new.as_bytes().to_vec(),
                    })
                    .collect(),
                safe: !gone,
            });
        }
        out.push(diagnostic);
    }
}

fn parking(world: &World<'_>, file: &Config, out: &mut Vec<Diagnostic>) {
    if world.dialect.release() < PARKING_MOVED {
        return;
    }
    let moved = file
        .named("general")
        .flat_map(own)
        .filter(|v| PARKING.iter().any(|k| v.is(k)) && !v.is("courtesytone"));
    let found = moved.map(|value| {
        Diagnostic::new(
            "C037",
            "the keys of parking stand in res_parking.conf since Asterisk 12",
            value.key.span(),
        )
        .label("not read here")
        .help("move them to [general] of res_parking.conf")
    });
    out.extend(super::once(found.collect()));
}

/// A key near to one that the file knows.
fn misspelt(name: &str, file: &Config, out: &mut Vec<Diagnostic>) {
    for section in &file.sections {
        let Some(place) = Place::of(name, section) else {
            continue;
        };
        for value in own(section) {
            let key = value.key.lossy();
            if keys::knows(place, &key) {
                continue;
            }
            let Some(near) = nearest(&key, keys::names(place)) else {
                continue;
            };
            out.push(
                Diagnostic::new(
                    "C010",
                    format!("`{key}` is no key of this section"),
                    value.key.span(),
                )
                .label("ignored")
                .help(format!("did you mean `{near}`?"))
                .fix(
                    format!("replace `{key}` by `{near}`"),
                    value.key.span(),
                    near,
                    false,
                ),
            );
        }
    }
}
