//! What the checker of `.dial` says.
#![allow(clippy::unwrap_used)]

use strowger_compiler::{Compiled, Level, Options, codes, compile};

fn checked(files: codes::Files) -> Compiled {
    compile(&codes::sources(files), &Options::default())
}

#[test]
fn every_code_of_the_language_is_drawn_by_its_example_and_by_nothing_else() {
    let codes = codes::all().filter(|c| c.family == "dial" && c.id > "D199");
    let mut count = 0;
    let mut wrongs = Vec::new();
    for code in codes {
        count += 1;
        let bad = checked(code.bad);
        let found: Vec<_> = bad
            .diagnostics
            .iter()
            .map(|d| (d.code, d.message.as_str()))
            .collect();
        if !(found.iter().any(|(c, _)| *c == code.id) && found.len() == 1) {
            wrongs.push(format!("{}: its example draws {found:?}", code.id));
        }
        let good = checked(code.good);
        let wrong: Vec<_> = good
            .diagnostics
            .iter()
            .filter(|d| d.code == code.id || d.level == Level::Error)
            .map(|d| (d.code, d.message.as_str()))
            .collect();
        if !wrong.is_empty() {
            wrongs.push(format!("{}: its good example draws {wrong:?}", code.id));
        }
    }
    assert!(wrongs.is_empty(), "{}", wrongs.join("\n"));
    assert!(count > 30, "{count}");
}

#[test]
fn what_an_imported_plan_includes_is_read() {
    let checked = checked(&[
        (
            "extensions.dial",
            "import conf \"old.conf\" as old\ncontext first {\n  on 61 { goto old[\"legacy\"].62 }\n}\n",
        ),
        (
            "old.conf",
            "#include \"second.dial\"\n[legacy]\nexten => 62,1,Hangup()\n",
        ),
        ("second.dial", "context second {\n  on 63 { hangup() }\n}\n"),
    ]);
    let names: Vec<_> = checked
        .hir
        .contexts
        .iter()
        .map(|c| c.name.as_slice())
        .collect();
    assert_eq!(names, [&b"legacy"[..], b"first", b"second"]);
}
