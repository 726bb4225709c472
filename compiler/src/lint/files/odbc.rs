//! Functions of func_odbc.conf (C013).

use std::collections::HashSet;

use strowger_stdlib::template::has_hole;

use crate::beside::sections;
use crate::diagnostic::Diagnostic;
use crate::edit_distance::nearest;
use crate::lint::World;
use crate::lint::every_call;
use crate::source::Text;

pub(super) fn check(world: &World<'_>, out: &mut Vec<Diagnostic>) {
    let beside = &world.beside;
    let Some(file) = beside.whole(&beside.odbc, &["func_odbc.conf"]) else {
        return;
    };
    let mut names: HashSet<Vec<u8>> = HashSet::from([b"ODBC_FETCH".to_vec()]);
    for section in sections(file, &[]) {
        let prefix = section.get("prefix").filter(|p| !p.text.is_empty());
        let prefix = prefix.map_or(b"ODBC".to_vec(), |p| p.text.bytes().to_vec());
        names.insert([&prefix[..], b"_", &section.name].concat());
    }
    let mut look = |name: &Text, what: &str| {
        let bytes = name.bytes();
        if bytes.starts_with(b"ODBC_") && !has_hole(bytes) && !names.contains(bytes) {
            out.push(missing(&names, name, what));
        }
    };
    every_call::each(world.index.hir(), &mut |call| {
        for (name, _) in call.assigned(world.dialect) {
            let name = name.trimmed();
            if let Some(open) = name.bytes().iter().position(|b| *b == b'(') {
                look(&name.slice(0..open), "nothing is written");
            }
        }
        // What a nested call reads stands in the outer one too.
        if call.name == call.step.app {
            for read in every_call::reads(&call.args) {
                look(&read.name, "gives nothing, and an error in the log");
            }
        }
    });
}

fn missing(names: &HashSet<Vec<u8>>, name: &Text, what: &str) -> Diagnostic {
    let shown = name.lossy().into_owned();
    let found = Diagnostic::new(
        "C013",
        format!("func_odbc.conf makes no function `{shown}`"),
        name.span(),
    )
    .label(what);
    let known: Vec<String> = names
        .iter()
        .map(|n| String::from_utf8_lossy(n).into_owned())
        .collect();
    if let Some(same) = known.iter().find(|n| n.eq_ignore_ascii_case(&shown)) {
        return found
            .help("names of functions differ by capitals and small letters")
            .fix(format!("write `{same}`"), name.span(), same.clone(), false);
    }
    match nearest(&shown, known.iter().map(String::as_str)) {
        Some(near) => found.fix(format!("write `{near}`"), name.span(), near, false),
        None => found.help(format!(
            "a section [{}] with `readsql` or `writesql` makes it",
            shown.trim_start_matches("ODBC_")
        )),
    }
}
