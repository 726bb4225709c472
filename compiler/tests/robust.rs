//! Whatever stands in a file, reading it ends, in bounded time and without a panic.
#![allow(clippy::unwrap_used)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use strowger_compiler::{Compiled, Options, Sources, analyse};

/// Everything that a caller may ask of a compiled plan, with places checked against the files.
fn examine(sources: &Sources, compiled: &Compiled) {
    for diagnostic in &compiled.diagnostics {
        let edits = diagnostic
            .fixes
            .iter()
            .flat_map(|f| &f.edits)
            .map(|e| e.span);
        let secondary = diagnostic.secondary.iter().map(|l| l.span);
        for span in std::iter::once(diagnostic.primary.span)
            .chain(secondary)
            .chain(edits)
        {
            let file = sources.file(span.file);
            assert!(
                span.start <= span.end && span.end as usize <= file.bytes().len(),
                "{diagnostic:?}"
            );
            file.line_column(span.start);
        }
    }
    for context in compiled.show() {
        assert!(context.priorities.iter().all(|p| p.priority != Some(0)));
    }
    compiled.globals();
}

fn check(files: &[(&str, &[u8])]) {
    let mut sources = Sources::new();
    for (name, bytes) in files {
        sources.add(name, *bytes);
    }
    let compiled = analyse(&sources, &Options::default());
    examine(&sources, &compiled);
}

/// Lines that look like a plan, put together from pieces that mean something.
fn lines() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "[a]",
        "[b](!)",
        "[c](b)",
        "[a](+)",
        "[general]",
        "[globals]",
        "\n",
        "\n",
        "\n",
        "exten => ",
        "same => ",
        "same =>> ",
        "include => ",
        "switch => ",
        "hint,",
        "1,",
        "n,",
        "n(l),",
        "s+2,",
        "_X.",
        "_[1-",
        "]",
        "100/",
        "_N!,",
        "Dial(SIP/",
        "Goto(",
        "GotoIf($[",
        "${",
        "}",
        "]?",
        ":",
        "?",
        ")",
        "(",
        ",",
        "a",
        "b",
        "l",
        "1",
        "=",
        "+=",
        "#include ",
        "extensions.conf",
        "sip.conf",
        "*",
        ";--",
        "--;",
        ";",
        "\\",
        "\"",
        "&",
        "/",
        "@",
        "X=${X}",
        "Gosub(a,1,1(",
        "ExecIf(1?",
        "Exec(",
        "\u{fc}",
        "|",
        "h",
        "i",
        "\t",
        "type=endpoint",
        "aors=a",
        "context=b",
        "host=dynamic",
    ]);
    prop::collection::vec(piece, 0..120).prop_map(|p| p.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        check(&[("extensions.conf", &bytes), ("sip.conf", &bytes), ("pjsip.conf", &bytes)]);
    }

    #[test]
    fn near_plans_are_read(plan in lines(), devices in lines()) {
        check(&[("extensions.conf", plan.as_bytes()), ("sip.conf", devices.as_bytes()), ("pjsip.conf", devices.as_bytes())]);
    }
}

/// Input made to be slow. Steps are counted in lines: each of these is read within the ordinary time of a test or never.
#[test]
fn hostile_plans_end() {
    // Files that include themselves many times: 10 deep, a thousand each.
    check(&[(
        "extensions.conf",
        "[a]\n#include extensions.conf\n".repeat(1000).as_bytes(),
    )]);
    // Templates that double.
    let mut text = String::from("[t0](!)\nexten => 1,1,NoOp()\n");
    for i in 1..60 {
        writeln!(text, "[t{i}](!,t{0},t{0})", i - 1).unwrap();
    }
    check(&[("extensions.conf", text.as_bytes())]);
    // Many patterns, many labels looked for, many jumps.
    let mut text = String::from("[a]\n");
    for i in 0..4000 {
        writeln!(
            text,
            "exten => _{i}X.,1(l{i}),Goto(nolabel)\nexten => _{i}X.,x,NoOp()"
        )
        .unwrap();
    }
    check(&[("extensions.conf", text.as_bytes())]);
    // A long chain and a wide net of includes.
    let mut text = String::new();
    for i in 0..3000 {
        writeln!(
            text,
            "[c{i}]\ninclude => c{}\ninclude => c{}\nexten => 1,1,Goto(2,1)",
            i + 1,
            i / 2
        )
        .unwrap();
    }
    check(&[("extensions.conf", text.as_bytes())]);
    // Priorities that fall, brackets that never close.
    let mut text = String::from("[a]\n");
    for i in (1..20_000).rev() {
        writeln!(text, "exten => 1,{i},NoOp(${{").unwrap();
    }
    check(&[("extensions.conf", text.as_bytes())]);
    check(&[(
        "extensions.conf",
        format!("[a]\nexten => 1,1,NoOp({})\n", "${".repeat(4000)).as_bytes(),
    )]);
    check(&[(
        "extensions.conf",
        format!("[globals]\nX={}\n", "$[".repeat(4000)).as_bytes(),
    )]);
}

fn configurations(root: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(root).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            configurations(&path, out);
        } else if path.extension().is_some_and(|e| e == "conf") {
            out.push(path);
        }
    }
}

/// Plans of real people, where they are at hand.
#[test]
fn real_plans_are_read() {
    let root = std::env::var_os("STROWGER_CORPUS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus"),
        PathBuf::from,
    );
    if !root.is_dir() {
        eprintln!(
            "SKIPPED real_plans_are_read: no configurations at {} (set STROWGER_CORPUS)",
            root.display()
        );
        return;
    }
    let mut files = Vec::new();
    configurations(&root, &mut files);
    assert!(!files.is_empty());
    for path in &files {
        let bytes = std::fs::read(path).unwrap();
        let mut sources = Sources::new();
        // Its neighbours are there to be included; the file itself is the plan.
        for near in files.iter().filter(|f| f.parent() == path.parent()) {
            sources.add(
                &near.file_name().unwrap().to_string_lossy(),
                std::fs::read(near).unwrap(),
            );
        }
        sources.add("extensions.conf", bytes);
        let compiled = analyse(&sources, &Options::default());
        examine(&sources, &compiled);
    }
    println!("{} files read", files.len());
}
