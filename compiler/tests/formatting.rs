//! Formatting: doing it twice does nothing more, and what was compiled from a plan is compiled from the formatted plan, byte by byte.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use proptest::prelude::*;
use strowger_compiler::{Options, Sources, compile};
use strowger_stdlib::Dialect;

/// Formats a plan in every way in which it may be read.
#[track_caller]
fn formatted(text: &[u8]) -> Vec<u8> {
    let once = strowger_compiler::fmt::format(text);
    assert_eq!(
        String::from_utf8_lossy(&strowger_compiler::fmt::format(&once)),
        String::from_utf8_lossy(&once),
        "twice is not once, of: {}",
        String::from_utf8_lossy(text)
    );
    for version in ["1.4", "1.8", "23"] {
        let options = Options {
            dialect: Dialect::named(version).unwrap(),
            ..Options::default()
        };
        let read = |text: &[u8]| {
            let compiled = compile(&Sources::plan(text), &options);
            let module = compiled.module.as_ref().unwrap();
            // Bytes hold the number of each line, and so does the listing.
            (
                compiled.refused,
                compiled
                    .globals()
                    .into_iter()
                    .map(|(k, v)| (k.to_vec(), v.to_vec()))
                    .collect::<Vec<_>>(),
                module.disassemble(),
                module.write(),
            )
        };
        let (before, after) = (read(text), read(&once));
        assert!(
            before == after,
            "{version} reads otherwise:\n{}\n--- formatted\n{}",
            String::from_utf8_lossy(text),
            String::from_utf8_lossy(&once)
        );
    }
    once
}

fn blanks() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["", "", " ", "  ", "\t", " \t ", "        "])
}

/// Something that may stand where a line stands.
fn line() -> impl Strategy<Value = String> {
    let key = prop::sample::select(vec![
        "exten",
        "exten",
        "exten",
        "same",
        "same",
        "same",
        "Exten",
        "SAME",
        "sameness",
        "include",
        "switch",
        "ignorepat",
        "autohints",
        "\\exten",
        "x",
        "",
    ]);
    let operator = prop::sample::select(vec![
        "=>", "=>", "=>", "=", "=>>", "+=", "==", "= >", "=\t=>",
    ]);
    let name = prop::sample::select(vec![
        "100", "1 0 0", "_X.", "_[1 ,2]X", "_[1-", "s", "", "100/200", "100/ 2 0", "${A}",
        "_${A}[", "a\\,b", "1-0", "é", "a/b/c", "_[1 ", "\"x\"",
    ]);
    let priority = prop::sample::select(vec![
        "1", "n", "n(top)", "n( top )", "hint", "n+2(x)", "n + 2", "2", "top", "", "n(", "s",
        "1|NoOp", "next",
    ]);
    let call = prop::sample::select(vec![
        "NoOp()",
        "NoOp( a , b )",
        "Set(x=${EXTEN} )",
        "NoOp (x)",
        "Goto(a , 1)",
        "SIP/1 & SIP/2",
        "NoOp(a\\;b)",
        "NoOp(${A},1)",
        "NoOp",
        "",
        "NoOp(x) y",
        "NoOp(",
        "${A}(b)",
        "Dial,SIP/1|20",
        "NoOp(a|b)",
        " , ,",
    ]);
    let comment = prop::sample::select(vec![
        "",
        "",
        "",
        "",
        "; why",
        ";",
        ";-- in --;",
        ";-- open",
        "--;",
        ";--- line",
        "\\",
        "\\; no",
        "--; ;-- x",
        " \u{b}",
    ]);
    let step = (
        blanks(),
        key,
        (blanks(), operator, blanks()),
        (name, blanks(), blanks(), priority, blanks(), blanks(), call),
        blanks(),
        comment,
        blanks(),
    )
        .prop_map(
            |(
                indent,
                key,
                (b1, op, b2),
                (name, b3, b4, priority, b5, b6, call),
                b7,
                comment,
                end,
            )| {
                let value = if key.to_ascii_lowercase().starts_with("same") {
                    format!("{priority}{b5},{b6}{call}")
                } else {
                    format!("{name}{b3},{b4}{priority}{b5},{b6}{call}")
                };
                format!("{indent}{key}{b1}{op}{b2}{value}{b7}{comment}{end}")
            },
        );
    let other = prop::sample::select(vec![
        "[a]",
        " [a] ",
        "[b](!)",
        "[c](b)",
        "[a](+)",
        "[c](+exten=100, *1)",
        "[globals]",
        "[General]",
        "A = 1 0 0 ",
        "  A=[",
        "exten += ,1",
        "#include x ",
        "  ; comment  ",
        "  ",
        "",
        ";--",
        "--;",
        "\u{feff}",
        "nothing here",
    ])
    .prop_map(str::to_owned);
    prop_oneof![5 => step, 1 => other]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn random_plans_mean_the_same(
        lines in prop::collection::vec((line(), prop::sample::select(vec!["\n", "\n", "\n", "\r\n", "\r"])), 0..16),
        opened in any::<bool>(),
    ) {
        let body: String = lines.into_iter().map(|(line, end)| line + end).collect();
        let plan = if opened { format!("[a]\n{body}") } else { body };
        formatted(plan.as_bytes());
    }

    #[test]
    fn random_bytes_mean_the_same(bytes in prop::collection::vec(prop_oneof![Just(b'='), Just(b'>'), Just(b';'), Just(b'-'), Just(b' '), Just(b'\n'), Just(b','), any::<u8>()], 0..200)) {
        formatted(&bytes);
        formatted(&[b"[a]\nexten => 1,1,A()\nexten=>".as_slice(), &bytes].concat());
    }
}

/// Lines about as long as the longest that is read.
#[test]
fn the_longest_lines_mean_the_same() {
    for size in 8_160..8_200 {
        let text = "x".repeat(size);
        for line in [
            format!("exten=>1,1,NoOp({text})"),
            format!(" exten => 1 , 1 , NoOp({text})"),
            format!("exten => 1,1,NoOp(x){}", " ".repeat(size)),
        ] {
            formatted(format!("[a]\n{line}\nexten=>2,1,NoOp()\n").as_bytes());
            formatted(format!("[a]\n{line}").as_bytes());
        }
    }
}

#[test]
fn the_examples_mean_the_same() {
    fn walk(at: &Path, seen: &mut usize) {
        for entry in std::fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, seen);
            } else if path.extension().is_some_and(|e| e == "conf") {
                formatted(&std::fs::read(&path).unwrap());
                *seen += 1;
            }
        }
    }
    let mut seen = 0;
    walk(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples"),
        &mut seen,
    );
    assert!(seen >= 10, "{seen}");
}
