//! What `.dial` becomes: the priorities of a plan, as an administrator of Asterisk would write them.
#![allow(clippy::unwrap_used)]

use strowger_compiler::{Compiled, Level, Options, Sources, compile};

fn compiled(text: &str) -> Compiled {
    let sources = Sources::new()
        .with("office.dial", text)
        .with("extensions.conf", "[features]\n[night]\n");
    let options = Options {
        plan: "office.dial".to_owned(),
        ..Options::default()
    };
    let compiled = compile(&sources, &options);
    let errors: Vec<_> = compiled
        .diagnostics
        .iter()
        .filter(|d| d.level == Level::Error)
        .map(|d| {
            let line = sources.file(d.primary.span.file).line(d.primary.span.start);
            format!("line {line}: {} {} {}", d.code, d.message, d.primary.text)
        })
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
    compiled
}

/// The plan as text.
fn listing(text: &str) -> String {
    let hir = compiled(text).hir;
    let mut out = String::new();
    let show = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
    for global in &hir.globals {
        out += &format!("{}={}\n", show(&global.name), global.written.lossy());
    }
    for context in hir
        .contexts
        .iter()
        .filter(|c| !["features", "night"].contains(&show(&c.name).as_str()))
    {
        out += &format!("[{}]\n", show(&context.name));
        for include in &context.includes {
            out += &format!("include => {}\n", show(&include.text));
        }
        for extension in &context.extensions {
            let caller = extension
                .caller
                .as_ref()
                .map(|c| format!("/{}", show(&c.text)));
            let name = show(&extension.name) + &caller.unwrap_or_default();
            if let Some(hint) = &extension.hint {
                out += &format!("exten => {name},hint,{}\n", show(&hint.devices));
            }
            for step in &extension.steps {
                let head = if step.priority == 1 {
                    format!("exten => {name},1")
                } else {
                    " same => n".to_owned()
                };
                let label = step.label.as_ref().map(|l| format!("({})", l.lossy()));
                let label = label.unwrap_or_default();
                out += &format!(
                    "{head}{label},{}({})\n",
                    step.app.lossy(),
                    step.args.lossy()
                );
            }
        }
    }
    out
}

fn file(name: &str) -> String {
    let path = format!("{}/tests/dial/{name}.dial", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn a_reception() {
    insta::assert_snapshot!(listing(&file("reception")));
}
