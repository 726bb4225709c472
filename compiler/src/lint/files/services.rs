//! Queues, conference profiles, classes of music and parking lots that the plan names and their files do not have (C005).

use strowger_stdlib::table::QuickSet;

use strowger_stdlib::args;
use strowger_stdlib::signatures::Version;
use strowger_stdlib::template::has_hole;

use crate::beside::sections;
use crate::conf::line::Config;
use crate::diagnostic::Diagnostic;
use crate::edit_distance::nearest;
use crate::lint::World;
use crate::lint::every_call::{self, Known, Made};
use crate::source::Text;

/// What is named.
#[derive(Clone, Copy)]
struct Kind {
    word: &'static str,
    file: &'static str,
    /// What the caller experiences.
    without: &'static str,
}

const QUEUE: Kind = Kind {
    word: "queue",
    file: "queues.conf",
    without: "Queue gives up at once, and the call goes on behind it",
};
const MEMBER: Kind = Kind {
    without: "nobody is added, removed or paused",
    ..QUEUE
};
const ASKED: Kind = Kind {
    without: "so nothing is known of it",
    ..QUEUE
};
const MUSIC: Kind = Kind {
    word: "class of music",
    file: "musiconhold.conf",
    without: "the class `default` is played instead, or nothing",
};
const LOT: Kind = Kind {
    word: "parking lot",
    file: "res_parking.conf",
    without: "the call is not parked",
};

const fn profile(word: &'static str) -> Kind {
    Kind {
        word,
        file: "confbridge.conf",
        without: "the caller does not get into the conference",
    }
}
const BRIDGE: Kind = profile("bridge profile");
const USER: Kind = profile("user profile");
const MENU: Kind = profile("menu");

/// The release that gave Park its arguments of today.
const PARKING: Version = Version(12, 0, 0);

/// Names in small letters.
type Names = QuickSet<Vec<u8>>;

/// What the files have. None: not there, or not all of it is in sight.
struct Services {
    queues: Option<Names>,
    bridges: Option<Names>,
    users: Option<Names>,
    menus: Option<Names>,
    music: Option<Names>,
    lots: Option<Names>,
}

fn names(file: Option<&Config>, others: &[&str], more: &[&str]) -> Option<Names> {
    let sections = sections(file?, others).map(|s| s.name.to_ascii_lowercase());
    let more = more.iter().map(|n| n.as_bytes().to_vec());
    Some(sections.chain(more).collect())
}

fn profiles(file: Option<&Config>, kind: &str, more: &[&str]) -> Option<Names> {
    let of_kind = sections(file?, &[]).filter(|s| {
        s.get("type")
            .is_some_and(|t| t.text.bytes().eq_ignore_ascii_case(kind.as_bytes()))
    });
    let more = more.iter().map(|n| n.as_bytes().to_vec());
    Some(
        of_kind
            .map(|s| s.name.to_ascii_lowercase())
            .chain(more)
            .collect(),
    )
}

impl Services {
    fn read(world: &World<'_>) -> Services {
        let beside = &world.beside;
        let queues = beside.whole(&beside.queues, &["queues", "queues.conf"]);
        let conferences = beside.whole(&beside.confbridge, &["confbridge.conf"]);
        let music = beside.whole(&beside.music, &["musiconhold", "musiconhold.conf"]);
        let parking = beside.whole(&beside.parking, &["parkinglots", "res_parking.conf"]);
        let parking = parking.filter(|_| world.dialect.release() >= PARKING);
        Services {
            queues: names(queues, &[], &[]),
            bridges: profiles(conferences, "bridge", &["default_bridge"]),
            users: profiles(conferences, "user", &["default_user"]),
            menus: profiles(conferences, "menu", &["default_menu"]),
            music: names(music, &[], &["default", "none"]),
            lots: names(parking, &[], &["default"]),
        }
    }
}

pub(super) fn check(world: &World<'_>, known: &Known<'_>, out: &mut Vec<Diagnostic>) {
    let services = Services::read(world);
    every_call::each(world.index.hir(), &mut |call| {
        of_call(world, &services, known, call, out);
    });
    files(world, &services, out);
}

fn of_call(
    world: &World<'_>,
    services: &Services,
    known: &Known<'_>,
    call: &Made<'_>,
    out: &mut Vec<Diagnostic>,
) {
    let mut look = |kind: Kind, names: &Option<Names>, name: Option<&Text>| {
        if let (Some(names), Some(name)) = (names, name)
            && let Some(value) = known.value(name, call.extension)
        {
            out.extend(missing(kind, names, name, &value));
        }
    };
    let arguments = || call.arguments();
    match &*call.app {
        b"queue" if services.queues.is_some() => {
            look(QUEUE, &services.queues, arguments().first());
        }
        b"addqueuemember" | b"removequeuemember" | b"pausequeuemember" | b"unpausequeuemember" => {
            look(MEMBER, &services.queues, arguments().first());
        }
        b"confbridge" if services.bridges.is_some() => {
            let arguments = arguments();
            look(BRIDGE, &services.bridges, arguments.get(1));
            look(USER, &services.users, arguments.get(2));
            look(MENU, &services.menus, arguments.get(3));
        }
        b"musiconhold" | b"startmusiconhold" | b"setmusiconhold" => {
            look(MUSIC, &services.music, arguments().first());
        }
        b"park" | b"parkedcall" => look(LOT, &services.lots, arguments().first()),
        b"dial" if services.music.is_some() => {
            let arguments = arguments();
            if let Some(options) = arguments.get(2).filter(|o| !has_hole(o.bytes())) {
                let letters = args::options(options.bytes());
                let name = letters.argument(b'm').filter(|n| !n.is_empty());
                let at = name.and_then(|n| find(options.bytes(), n));
                if let Some((at, name)) = at.zip(name) {
                    let name = options.slice(at..at + name.len());
                    look(MUSIC, &services.music, Some(&name));
                }
            }
        }
        b"set" | b"mset" => {
            for (name, value) in call.assigned(world.dialect) {
                let name = name.trimmed();
                match name.bytes() {
                    b"CHANNEL(musicclass)" => look(MUSIC, &services.music, Some(value)),
                    b"CHANNEL(parkinglot)" => look(LOT, &services.lots, Some(value)),
                    b"CONFBRIDGE(bridge,template)" => {
                        look(BRIDGE, &services.bridges, Some(value));
                    }
                    b"CONFBRIDGE(user,template)" => look(USER, &services.users, Some(value)),
                    b"CONFBRIDGE(menu,template)" => look(MENU, &services.menus, Some(value)),
                    _ => {}
                }
            }
        }
        _ => {}
    }
    if services.queues.is_none() {
        return;
    }
    for read in every_call::reads(&call.args) {
        let name = read.name.bytes();
        let about =
            name.starts_with(b"QUEUE_") && name != b"QUEUE_EXISTS" || name == b"QUEUE_VARIABLES";
        if about {
            let arguments = every_call::split(&read.args);
            let first = arguments.first().filter(|n| !n.is_empty());
            if let (Some(names), Some(first)) = (&services.queues, first)
                && let Some(value) = known.value(first, call.extension)
            {
                out.extend(missing(ASKED, names, first, &value));
            }
        }
    }
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|w| w == part)
}

fn missing(kind: Kind, names: &Names, name: &Text, value: &[u8]) -> Option<Diagnostic> {
    let value = value.trim_ascii().to_ascii_lowercase();
    if value.is_empty() || names.contains(&value) {
        return None;
    }
    let shown = String::from_utf8_lossy(&value).into_owned();
    let found = Diagnostic::new(
        "C005",
        format!("there is no {} `{shown}` in {}", kind.word, kind.file),
        name.span(),
    )
    .label(kind.without);
    let known: Vec<String> = names
        .iter()
        .map(|n| String::from_utf8_lossy(n).into_owned())
        .collect();
    Some(match nearest(&shown, known.iter().map(String::as_str)) {
        Some(near) if !has_hole(name.bytes()) => {
            found.fix(format!("write `{near}`"), name.span(), near, false)
        }
        _ => found,
    })
}

/// Classes of music and parking lots that other files name.
fn files(world: &World<'_>, services: &Services, out: &mut Vec<Diagnostic>) {
    const NAMED: [(&str, bool); 8] = [
        ("mohinterpret", true),
        ("mohsuggest", true),
        ("musiconhold", true),
        ("musicclass", true),
        ("moh_suggest", true),
        ("music_on_hold_class", true),
        ("parkinglot", false),
        ("parkedmusicclass", true),
    ];
    let beside = &world.beside;
    let more = [
        &beside.queues,
        &beside.confbridge,
        &beside.parking,
        &beside.features,
    ];
    let files = world.peers.files().chain(more.into_iter().flatten());
    for section in files.flat_map(Config::sections) {
        for value in section.values.iter().filter(|v| !v.inherited) {
            let Some((_, music)) = NAMED.iter().find(|(key, _)| value.is(key)) else {
                continue;
            };
            let (kind, names) = if *music {
                (MUSIC, &services.music)
            } else {
                (LOT, &services.lots)
            };
            // The far end's own music.
            if value.text.bytes().eq_ignore_ascii_case(b"passthrough") {
                continue;
            }
            if let Some(names) = names {
                out.extend(missing(kind, names, &value.text, value.text.bytes()));
            }
        }
    }
}
