//! Safe fixes: what they leave is no worse than what was there.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use strowger_compiler::repair::{mend, repair};
use strowger_compiler::{Diagnostic, Level, Options, Sources, analyse, codes};

fn found(sources: &Sources) -> Vec<Diagnostic> {
    let options = Options {
        apart: true,
        ..Options::default()
    };
    analyse(sources, &options).diagnostics
}

fn errors(found: &[Diagnostic]) -> usize {
    found.iter().filter(|d| d.level == Level::Error).count()
}

/// The files after one round of safe fixes, or `None` if there is none to make.
fn mended(sources: &Sources, found: &[Diagnostic]) -> Option<Sources> {
    let made = repair(sources, found, false, &|_| true);
    if made.made.is_empty() {
        return None;
    }
    let mut next = sources.clone();
    for (id, text) in made.texts {
        next.add(sources.file(id).name(), text);
    }
    Some(next)
}

fn text(sources: &Sources) -> String {
    let show = |f: &strowger_compiler::SourceFile| {
        format!("; {}\n{}", f.name(), String::from_utf8_lossy(f.bytes()))
    };
    sources.files().map(|(_, f)| show(f)).collect()
}

/// Every safe fix of every example takes its finding away.
#[test]
fn a_safe_fix_of_an_example_mends_it() {
    let mut wrong = Vec::new();
    let mut safe = 0;
    for code in codes::all() {
        let mut sources = Sources::new();
        for (name, text) in code.bad {
            sources.add(name, *text);
        }
        let before = found(&sources);
        let own: Vec<Diagnostic> = before
            .iter()
            .filter(|d| d.code == code.id && d.fixes.iter().any(|f| f.safe))
            .cloned()
            .collect();
        let Some(after) = mended(&sources, &own) else {
            continue;
        };
        safe += 1;
        let left = found(&after);
        let of = |found: &[Diagnostic]| found.iter().filter(|d| d.code == code.id).count();
        if of(&left) >= of(&before) || errors(&left) > errors(&before) {
            wrong.push(format!(
                "{}:\n{}becomes\n{}",
                code.id,
                text(&sources),
                text(&after)
            ));
        }
    }
    assert!(safe > 5, "{safe} examples with a safe fix");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Lines of all examples.
fn lines() -> Vec<&'static str> {
    let plan = |c: &codes::Code| {
        c.bad
            .iter()
            .find(|(n, _)| *n == "extensions.conf")
            .map(|f| f.1)
    };
    let mut all: Vec<&str> = codes::all().filter_map(plan).flat_map(str::lines).collect();
    all.retain(|l| l.len() < 200);
    all.sort_unstable();
    all.dedup();
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn safe_fixes_never_bring_an_error(
        picks in prop::collection::vec((any::<prop::sample::Index>(), 0u8..5), 1..25),
    ) {
        let all = lines();
        let mut plan = String::from("[a]\nexten => 1,1,NoOp()\n");
        for (pick, twist) in picks {
            let line = pick.get(&all);
            match twist {
                0 => plan.push_str(&line.replace("=>", "=")),
                1 => plan.push_str(&format!("same => n,NoOp()\n{line}")),
                // What is read again may hold errors of its own.
                2 => plan.push_str(&line.replace("NoOp(", "Set(X=${CALLERIDD(1)}$[1 +]$[2 3],")),
                _ => plan.push_str(line),
            }
            plan.push('\n');
        }
        let sources = Sources::plan(plan);
        let mut check = |sources: &Sources| Ok::<_, ()>(found(sources));
        let mended = mend(&sources, false, &|_, _| true, &mut check).unwrap();
        let (before, after) = (errors(&found(&sources)), errors(&found(&mended.sources)));
        prop_assert!(after <= before, "{}becomes\n{}", text(&sources), text(&mended.sources));
        // What is left has no safe fix that is not refused.
        let again = mend(&mended.sources, false, &|_, _| true, &mut check).unwrap();
        prop_assert_eq!(again.made, 0);
    }
}

#[test]
fn a_fix_that_brings_errors_is_refused_and_the_others_are_made() {
    let plan = "[a]\nexten => 1,1,NoOp()\nsame =>> n,Set(X=${CALLERIDD(1)}$[1 +]$[\"a\" \"b\"])\nsame =>> n,Hangup()\n";
    let sources = Sources::plan(plan);
    let mut check = |sources: &Sources| Ok::<_, ()>(found(sources));
    let mended = mend(&sources, false, &|_, _| true, &mut check).unwrap();
    assert_eq!((mended.made, mended.harmful), (1, 1));
    let fixed = plan.replace("same =>> n,Hangup", "same => n,Hangup");
    assert_eq!(
        mended.sources.files().next().unwrap().1.bytes(),
        fixed.as_bytes()
    );
}
