//! What the checker of `.dial` says.
#![allow(clippy::unwrap_used)]

use strowger_compiler::{Compiled, Level, Options, codes, compile};

fn checked(files: codes::Files) -> Compiled {
    let options = Options {
        plan: codes::plan_of(files).to_owned(),
        ..Options::default()
    };
    compile(&codes::sources(files), &options)
}

#[test]
fn every_code_of_the_language_is_drawn_by_its_example_and_by_nothing_else() {
    let codes = codes::all().filter(|c| c.family == "dial");
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
#[ignore = "by hand: files of a folder"]
fn by_hand() {
    let folder = std::env::var("DIAL_FOLDER").unwrap();
    let mut names: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    names.sort();
    for path in names {
        let text = std::fs::read_to_string(&path).unwrap();
        let mut sources = strowger_compiler::Sources::new();
        sources.add("extensions.dial", text.clone());
        sources.add("extensions.conf", "[features]\n[emergency]\n");
        sources.add("std/holidays.dial", "context emergency_x {\n}\n");
        let options = Options {
            plan: "extensions.dial".into(),
            ..Options::default()
        };
        let compiled = compile(&sources, &options);
        println!("== {}", path.display());
        for d in &compiled.diagnostics {
            let file = sources.file(d.primary.span.file);
            let (line, column) = file.line_column(d.primary.span.start);
            println!(
                "{}:{line}:{column}: {} {} [{}] {:?}",
                file.name(),
                d.code,
                d.message,
                d.primary.text,
                d.helps
            );
            println!("     | {}", String::from_utf8_lossy(file.line_bytes(line)));
        }
        for context in &compiled.hir.contexts {
            println!("[{}]", String::from_utf8_lossy(&context.name));
            for e in &context.extensions {
                for s in &e.steps {
                    println!(
                        "{},{}{},{}({})",
                        String::from_utf8_lossy(&e.name),
                        s.priority,
                        s.label
                            .as_ref()
                            .map_or(String::new(), |l| format!("({})", l.lossy())),
                        s.app.lossy(),
                        s.args.lossy()
                    );
                }
            }
        }
    }
}
