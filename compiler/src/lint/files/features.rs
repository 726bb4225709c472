//! What features.conf has and the plan asks for: features by name, keys behind option letters (C041), applications behind features
//! (C042, A401, M901, M902).

use strowger_stdlib::table::{QuickMap, QuickSet};

use strowger_stdlib::args;
use strowger_stdlib::signatures;
use strowger_stdlib::template::has_hole;

use crate::conf::line::Config;
use crate::diagnostic::Diagnostic;
use crate::edit_distance::nearest;
use crate::lint::every_call::{self, Made, parts};
use crate::lint::missing::{self, Kind};
use crate::lint::{World, versions};

/// Option letters of Dial and Queue whose keys are set in `[featuremap]` only: both letters, its name, what is then impossible.
const KEYS: [(&[u8], &str, &str); 3] = [
    (b"kK", "parkcall", "nobody can park the call"),
    (b"xX", "automixmon", "nobody can start a recording"),
    (b"wW", "automon", "nobody can start a recording"),
];

/// `h`, `t` and their like have keys without any file.
pub(super) fn check(world: &World<'_>, out: &mut Vec<Diagnostic>) {
    let beside = &world.beside;
    let Some(file) = &beside.features else {
        return;
    };
    entries(world, file, out);
    let Some(file) = beside.whole(&beside.features, &["features.conf"]) else {
        return;
    };
    let mut names: QuickSet<Vec<u8>> = QuickSet::default();
    for section in file.sections() {
        if section.name.eq_ignore_ascii_case(b"applicationmap") {
            names.extend(
                section
                    .values
                    .iter()
                    .map(|v| v.key.bytes().to_ascii_lowercase()),
            );
        }
        // A section of its own is a group of features.
        names.insert(section.name.to_ascii_lowercase());
    }
    let mut set_by_plan = false;
    let mut letters: QuickMap<u8, Vec<Diagnostic>> = QuickMap::default();
    every_call::each(world.index.hir(), &mut |call| match &*call.app {
        b"set" | b"mset" => {
            for (name, value) in call.assigned(world.dialect) {
                let name = name.trimmed();
                let bare = name.bytes().iter().position(|b| *b != b'_').unwrap_or(0);
                if name.bytes().starts_with(b"FEATUREMAP(") {
                    set_by_plan = true;
                } else if &name.bytes()[bare..] == b"DYNAMIC_FEATURES" {
                    for part in parts(value, b'#') {
                        if !has_hole(part.bytes())
                            && !names.contains(&part.bytes().to_ascii_lowercase())
                        {
                            out.push(no_feature(&names, &part));
                        }
                    }
                }
            }
        }
        b"dial" | b"queue" => options(file, call, &mut letters),
        _ => {}
    });
    if set_by_plan {
        return;
    }
    let mut letters: Vec<_> = letters.into_iter().collect();
    letters.sort_by_key(|(letter, _)| *letter);
    out.extend(
        letters
            .into_iter()
            .filter_map(|(_, found)| super::once(found)),
    );
}

fn no_feature(names: &QuickSet<Vec<u8>>, part: &crate::source::Text) -> Diagnostic {
    let shown = part.lossy().into_owned();
    let found = Diagnostic::new(
        "C041",
        format!("features.conf has no feature `{shown}`"),
        part.span(),
    )
    .label("no key does anything for it");
    let names: Vec<String> = names
        .iter()
        .map(|n| String::from_utf8_lossy(n).into_owned())
        .collect();
    match nearest(&shown, names.iter().map(String::as_str)) {
        Some(near) => found.fix(format!("write `{near}`"), part.span(), near, false),
        None => {
            found.help("a line `name => keys,who,application` below [applicationmap] makes one")
        }
    }
}

/// Letters that allow a key which no file gives.
fn options(file: &Config, call: &Made<'_>, found: &mut QuickMap<u8, Vec<Diagnostic>>) {
    let slot = if call.app == b"dial" { 2 } else { 1 };
    let arguments = call.arguments();
    let Some(written) = arguments.get(slot).filter(|o| !has_hole(o.bytes())) else {
        return;
    };
    for letter in args::options(written.bytes()).letters {
        let Some((_, key, without)) = KEYS.iter().find(|(l, ..)| l.contains(&letter.letter)) else {
            continue;
        };
        let given = file
            .value("featuremap", key)
            .is_some_and(|v| !v.text.is_empty());
        if given || letter.argument.is_some() {
            continue;
        }
        let shown = char::from(letter.letter);
        found.entry(letter.letter).or_default().push(
            Diagnostic::new(
                "C041",
                format!("`{shown}` allows a key that features.conf does not set"),
                written.span_of(letter.at..letter.at + 1),
            )
            .label(*without)
            .help(format!(
                "write `{key} => *7` or the like below [featuremap]"
            )),
        );
    }
}

/// `name => keys,who,application,arguments`.
fn entries(world: &World<'_>, file: &Config, out: &mut Vec<Diagnostic>) {
    let version = world.dialect.release();
    for value in file.named("applicationmap").flat_map(|s| &s.values) {
        let fields = every_call::split(&value.text);
        let Some(app) = fields.get(2).filter(|a| !a.is_empty()) else {
            out.push(
                Diagnostic::new(
                    "C042",
                    format!("the feature `{}` has no application", value.key.lossy()),
                    value.span(),
                )
                .label("it is left out")
                .help("write `name => keys,who,application`"),
            );
            continue;
        };
        // `Playback(x)` is legal beside `Playback,x`.
        let end = app.bytes().iter().position(|b| *b == b'(');
        let app = app.slice(0..end.unwrap_or(app.len())).trimmed();
        let shown = app.lossy().into_owned();
        let found = match signatures::application(app.bytes()) {
            // Told as in the plan, so that what is said there is not said again here.
            Some(signature) if versions::is_macro(signature, version) => {
                Err(Box::new(versions::macro_gone(&app, &shown)))
            }
            _ => missing::find(Kind::Application, &app, version).map(|_| ()),
        };
        if let Err(found) = found {
            let without = format!("the feature `{}` does nothing", value.key.lossy());
            out.push(found.label(without));
        }
    }
}
