//! `|` between arguments before 1.6 (DL-288 to DL-290).

use strowger_vm::effect::Effect;

use super::{answered, main_of, read, run, said};

/// A plan of 1.4 as people wrote it.
const OLD: &str = "[general]
[globals]
TRUNK=SIP/carrier
OPTIONS=SIP/61|20|tT
[main]
exten => s,1,Set(name=Fred)
exten => s,2,GotoIf($[\"${name}\" = \"Fred\"]?fred|1)
exten => fred,1,Goto(other|s|1)
[other]
exten => s,1,Dial(${OPTIONS})
exten => s,2,Dial(SIP/1&SIP/2,15,r)
exten => s,3,Dial(SIP/3|10)
";

#[test]
fn a_plan_of_1_4_runs() {
    let (ran, ..) = answered("1.4", OLD, |_, _| None);
    let dialled: Vec<_> = ran
        .effects
        .iter()
        .filter_map(|e| match e {
            Effect::Dial(d) => Some((
                d.targets.len(),
                d.timeout_ms,
                d.options
                    .iter()
                    .map(|(l, _)| *l as char)
                    .collect::<String>(),
            )),
            _ => None,
        })
        .collect();
    assert_eq!(
        dialled,
        [
            (1, Some(20_000), "tT".to_owned()),
            (2, Some(15_000), "r".to_owned()),
            (1, Some(10_000), String::new()),
        ]
    );
}

#[test]
fn the_same_plan_is_text_since_1_6() {
    let plan = main_of(
        &["Goto(main|x|1)"],
        "exten => x,1,NoOp(x)\nexten => h,1,NoOp(over)\n",
    );
    assert_eq!(said("1.4", &plan), "x over");
    for release in ["1.6.0", "1.8", "23"] {
        assert_eq!(said(release, &plan), "over", "{release}");
    }
}

#[test]
fn commas_become_pipes_when_the_line_is_read() {
    let plan = main_of(
        &[
            "NoOp(a,b|c)",
            "NoOp(a\\,b)",
            "NoOp('a,b'c)",
            "NoOp(\"a,b\")",
            "NoOp(it\\'s)",
        ],
        "",
    );
    assert_eq!(said("1.4", &plan), "a|b|c a,b a,bc \"a|b\" it's");
    assert_eq!(said("1.6.0", &plan), "a,b|c a\\,b 'a,b'c \"a,b\" it\\'s");
}

#[test]
fn what_a_variable_holds_is_split_at_pipes_only() {
    let plan = main_of(
        &[
            "Set(p=main|x|1)",
            "Set(c=main\\,x\\,1)",
            "NoOp(${p}-${c})",
            "Gosub(s|8)",
            "Goto(${LEN(${c})})",
            "NoOp(skipped)",
            "NoOp(skipped)",
            "NoOp(sub)",
            "Return()",
        ],
        "",
    );
    // Set takes the pipe for the end of the first pair.
    assert!(
        said("1.4", &plan).starts_with("main-main,x,1 sub"),
        "{}",
        said("1.4", &plan)
    );
}

#[test]
fn a_call_without_parentheses() {
    let plan = main_of(
        &["NoOp,a|b", "Goto,x|1"],
        "exten => x,1,Answer\nexten => x,2,NoOp,done,with,it\n",
    );
    assert_eq!(said("1.4", &plan), "a|b done,with,it");
    assert_eq!(said("1.6.0", &plan), "");
}

#[test]
fn functions_split_at_pipes() {
    let plan = main_of(
        &[
            "Set(list=a-b-c)",
            "NoOp(${CUT(list,-,2)}${CUT(list|-|3)})",
            "NoOp(${IF($[1 = 1]?yes:no)})",
            "NoOp(${FIELDQTY(list|-)})",
            "NoOp(${MATH(7/2|int)})",
            "Set(words=one\\,two)",
            "NoOp(${CUT(words|\\,|2)})",
            "NoOp(${LEN(a|b,c)})",
        ],
        "",
    );
    assert_eq!(said("1.4", &plan), "bc yes 3 3 two 5");
}

#[test]
fn times_keep_their_pipes() {
    let plan = main_of(
        &["GotoIfTime(*|*|*|*?x|1)", "NoOp(never)"],
        "exten => x,1,NoOp(x)\nexten => x,2,ExecIfTime(*|*|*|*?NoOp|now)\nexten => x,3,ExecIfTime(*|*|1|jan?Goto|main|y|1)\nexten => y,1,NoOp(new year)\n",
    );
    assert_eq!(said("1.4", &plan), "x new year");
    let plan = "[main]\ninclude => late|*|*|*|*\ninclude => never,*,*,*,feb\n[late]\nexten => s,1,NoOp(late)\n[never]\nexten => s,2,NoOp(never)\n";
    for release in ["1.4", "23"] {
        assert_eq!(said(release, plan), "late", "{release}");
    }
}

#[test]
fn exec_if_of_1_4() {
    let plan = main_of(
        &[
            "ExecIf($[1 = 1]|NoOp|a)",
            "ExecIf(0|NoOp|b)",
            "ExecIf($[1 = 1],Goto,main|x|1)",
        ],
        "exten => x,1,ExecIf(1|NoSuchApp|a)\nexten => h,1,NoOp(over)\n",
    );
    let ran = run("1.4", &plan);
    assert!(
        ran.notes.iter().any(|n| n.contains("NoSuchApp")),
        "{:?}",
        ran.notes
    );
    assert_eq!(
        super::spoken(&ran),
        "over",
        "the step of ExecIf is shown, not what it runs"
    );
    assert_eq!(ran.steps.last().unwrap().exten, b"h");
    let new = main_of(&["ExecIf(1?NoOp(a))", "NoOp(never)"], "");
    assert_eq!(said("1.4", &new), "", "no pipe: the call ends");
    assert_eq!(said("1.6.0", &new), "never", "a and then the next");
}

#[test]
fn the_plan_is_listed_as_it_was_read() {
    let compiled = read("1.4", OLD);
    let shown = compiled.show();
    let other = shown.iter().find(|c| c.context == b"other").unwrap();
    assert_eq!(other.priorities[1].args, Some(&b"SIP/1&SIP/2|15|r"[..]));
}
