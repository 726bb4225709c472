//! Contexts that queues, mailboxes, parking lots and menus of conferences name and the plan does not have (C040).

use crate::conf::line::{Config, Value};
use crate::diagnostic::Diagnostic;
use crate::edit_distance::nearest;
use crate::lint::World;
use crate::lint::every_call;
use crate::source::Text;

use super::show;

pub(super) fn check(world: &World<'_>, out: &mut Vec<Diagnostic>) {
    if world.open {
        return;
    }
    let beside = &world.beside;
    for value in sections(&beside.queues, &["context"]) {
        let without = "a caller who presses a key stays in the queue";
        look(world, &value.text, without, out);
    }
    // Elsewhere such a line is a mailbox of that name.
    let general = beside.voicemail.iter().flat_map(Config::sections);
    let general = general.filter(|s| s.name.eq_ignore_ascii_case(b"general"));
    let keys = ["exitcontext", "callback", "dialout"];
    let values = general.flat_map(|s| &s.values);
    for value in values.filter(|v| !v.inherited && keys.iter().any(|k| v.is(k))) {
        let without = "the key that leads there does nothing";
        look(world, &value.text, without, out);
    }
    for section in beside.confbridge.iter().flat_map(Config::sections) {
        for value in section.values.iter().filter(|v| !v.inherited) {
            menu(world, value, out);
        }
    }
}

fn sections<'a>(file: &'a Option<Config>, keys: &'a [&'a str]) -> impl Iterator<Item = &'a Value> {
    let values = file
        .iter()
        .flat_map(Config::sections)
        .flat_map(|s| &s.values);
    values.filter(|v| !v.inherited && keys.iter().any(|k| v.is(k)))
}

/// `*5=dialplan_exec(context,extension,priority)`.
fn menu(world: &World<'_>, value: &Value, out: &mut Vec<Diagnostic>) {
    const WORD: &[u8] = b"dialplan_exec(";
    let bytes = value.text.bytes();
    let Some(at) = bytes.windows(WORD.len()).position(|w| w == WORD) else {
        return;
    };
    let from = at + WORD.len();
    let end = bytes[from..].iter().position(|b| *b == b')');
    let inner = value
        .text
        .slice(from..end.map_or(bytes.len(), |n| from + n));
    if let Some(context) = every_call::split(&inner).first() {
        look(world, context, "the key does nothing", out);
    }
}

fn look(world: &World<'_>, name: &Text, without: &str, out: &mut Vec<Diagnostic>) {
    let bytes = name.bytes();
    if bytes.is_empty() || world.index.context(bytes).is_some() || world.made(bytes) {
        return;
    }
    let shown = name.lossy().into_owned();
    let found = Diagnostic::new(
        "C040",
        format!("there is no context `{shown}` in the dialplan"),
        name.span(),
    )
    .label(without);
    let contexts = &world.index.hir().contexts;
    if !world.afford(contexts.len()) {
        return out.push(found);
    }
    let names: Vec<String> = contexts.iter().map(|c| show(&c.name)).collect();
    out.push(match nearest(&shown, names.iter().map(String::as_str)) {
        Some(near) => found.fix(format!("write `{near}`"), name.span(), near, false),
        None => found,
    });
}
