//! Small changes of a plan: which there are, and that each is one.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use strowger_compiler::mutation::{Mutant, mutants, same};
use strowger_compiler::{Options, Sources, load};

fn of(text: &str) -> Vec<(String, String)> {
    let sources = Sources::plan(text);
    let compiled = load(&sources, &Options::default());
    let (all, cut) = mutants(&sources, &compiled.hir);
    assert!(!cut);
    let made = |m: &Mutant| {
        let made = m.make(&sources);
        let file = made.find("extensions.conf").unwrap();
        String::from_utf8_lossy(made.file(file).bytes()).into_owned()
    };
    all.iter().map(|m| (m.words.clone(), made(m))).collect()
}

/// The lines that are not those of the plan.
fn changed(text: &str) -> String {
    let mut out = String::new();
    for (words, made) in of(text) {
        out.push_str(&format!("{words}\n"));
        for (new, old) in made.lines().zip(text.lines()) {
            if new != old {
                out.push_str(&format!("    {new}\n"));
            }
        }
    }
    out
}

#[test]
fn each_kind_of_change() {
    insta::assert_snapshot!(changed(
        "[office]
include => night,17:00-09:00,mon-fri,*,*
exten => _10XX,1,Dial(PJSIP/${EXTEN:1},20)
exten => _10XX,n,GotoIf($[\"${DIALSTATUS}\" = \"BUSY\"]?busy:out)
exten => _10XX,n(busy),ExecIf($[${N} > 9]?Set(A=1):NoOp(7))
exten => _10XX,n(out),NoOp(9)
exten => 200,1,GotoIfTime(9:00-17:59,mon,*,jan?s,1)
exten => h,1,Hangup()
[night]
exten => _0[1-3].,1,Answer()
"
    ));
}

#[test]
fn a_plan_is_the_same_wherever_its_lines_stand() {
    let hir = |text: &str| load(&Sources::plan(text), &Options::default()).hir;
    let plan = hir("[a]\nexten => 1,1,Answer()\n same => n,Hangup()\n");
    assert!(same(
        &plan,
        &hir("[a]\n; more\nexten => 1,2,Hangup()\nexten => 1,1,Answer()\n")
    ));
    for other in [
        "[a]\nexten => 1,1,Answer()\n same => n,Hangup(17)\n",
        "[a]\nexten => 2,1,Answer()\n same => n,Hangup()\n",
        "[b]\nexten => 1,1,Answer()\n same => n,Hangup()\n",
        "[a]\nexten => 1,1,Answer()\n same => n(x),Hangup()\n",
        "[a]\nexten => 1,1,Answer()\n",
    ] {
        assert!(!same(&plan, &hir(other)), "{other}");
    }
}

proptest! {
    /// Whatever a plan holds, each change is one, and edits come in their order.
    #[test]
    fn every_change_changes_something(lines in prop::collection::vec("(exten => [_0-9XNZ.\\[\\]-]{1,6},(1|n),| same => n,|include => )[A-Za-z]{0,10}(\\([ -~]{0,20}\\))?", 0..12)) {
        let text = format!("[a]\n{}\n", lines.join("\n"));
        for (words, made) in of(&text) {
            prop_assert_ne!(&made, &text, "{}", words);
        }
    }
}
