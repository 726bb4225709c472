//! extensions.conf becomes plan.dial.

use super::{folder, migrate};
use std::process::Command;

const OLD: &str = "\
[globals]
WAIT=20
[default]
include => more
exten => 61,1,Dial(SIP/nlys,${WAIT})
exten => 61,n,GotoIf($[\"${DIALSTATUS}\" = \"BUSY\"]?busy)
exten => 61,n,Playback(vm-nobodyavail)
exten => 61,n,Hangup
exten => 61,n(busy),Playback(tt-allbusy)
exten => 61,n,Hangup
exten => 62,1,Answer
exten => 62,n,Goto(other,1,3)
[other]
ignorepat => 9
exten => 1,1,Busy
exten => 1,3,Playback(hello)
[more]
exten => _7X,1,Set(N=0)
exten => _7X,n(again),SayNumber(${N})
exten => _7X,n,Set(N=$[${N} + 1])
exten => _7X,n,GotoIf($[${N} < 3]?again)
exten => _7X,n,SayDigits(${EXTEN})
exten => _7X,n,Hangup
";

#[test]
fn a_plan_is_written_anew() {
    let folder = folder(&[("extensions.conf", OLD)]);
    let (code, report, err) = migrate(&["plan"], folder.path());
    assert_eq!((code, err.as_str()), (0, ""));
    // Nothing was written.
    assert_eq!(
        std::fs::read_dir(folder.path().join("plan"))
            .unwrap()
            .count(),
        1
    );
    let (code, same, _) = migrate(&["plan", "-o", "new"], folder.path());
    assert_eq!((code, &same), (0, &report));
    let mut shown = report;
    for file in ["plan.dial", "extensions.conf", "plan.md", "plan.json"] {
        let written = std::fs::read_to_string(folder.path().join("new").join(file)).unwrap();
        shown.push_str(&format!("\n---- {file}\n{written}"));
    }
    insta::assert_snapshot!(shown);
    let old = std::fs::read_to_string(folder.path().join("plan/extensions.conf")).unwrap();
    assert_eq!(old, OLD);
}

#[test]
fn both_plans_answer_alike() {
    let folder = folder(&[("extensions.conf", OLD)]);
    migrate(&["plan", "-o", "new"], folder.path());
    for number in ["61", "62", "71", "99"] {
        let run = |plan: &str| {
            let out = Command::new(env!("CARGO_BIN_EXE_strowger"))
                .args(["simulate", plan, &format!("default,{number}"), "--json"])
                .current_dir(folder.path())
                .output()
                .unwrap();
            let value: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
            // What comes back from outside; which line asked for it is another one.
            let steps = value["steps"].as_array().unwrap();
            let told: Vec<_> = steps.iter().map(|s| s["answers"].clone()).collect();
            let told: Vec<_> = told
                .into_iter()
                .filter(|a| a.as_array().is_some_and(|a| !a.is_empty()))
                .collect();
            let ends = [&value["end"], &value["variables"], &value["globals"]].map(Clone::clone);
            assert!(ends.iter().all(serde_json::Value::is_object), "{value}");
            (out.status.code(), told, ends)
        };
        let (before, after) = (run("plan"), run("new"));
        assert_eq!(before, after, "{number}");
    }
}

/// Jumps whose priority only the call knows: a label is found, the number of another line is not.
const COMPUTED: &str = "\
[labels]
exten => 1,1,Set(X=there)
exten => 1,n,Goto(labels,1,${X})
exten => 1,n,Playback(never)
exten => 1,n(there),Playback(always)
exten => 1,n,Dial(SIP/1,5)
exten => 1,n,Hangup
[numbers]
exten => 1,1,NoOp
exten => 1,n,Set(X=5)
exten => 1,n,Goto(numbers,1,${X})
exten => 1,n,Playback(never)
exten => 1,n,Playback(always)
[nowhere]
exten => h,1,Set(X=1)
exten => h,n,Goto(nowhere,h,${X})
";

#[test]
fn what_is_not_proved_is_tried() {
    let folder = folder(&[("other.conf", COMPUTED)]);
    let (code, report, err) = migrate(&["plan/other.conf", "-o", "new"], folder.path());
    assert_eq!((code, err.as_str()), (1, ""));
    let told = std::fs::read_to_string(folder.path().join("new/plan.md")).unwrap();
    insta::assert_snapshot!(format!("{report}\n---- plan.md\n{told}"));
    let json = std::fs::read_to_string(folder.path().join("new/plan.json")).unwrap();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let verdicts: Vec<&str> = json["contexts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["verdict"].as_str().unwrap())
        .collect();
    assert_eq!(verdicts, ["tested", "differs", "kept"]);
}

#[test]
fn the_devices_are_another_step() {
    let sip = "[61]\ntype=friend\nhost=dynamic\nsecret=x1y2z3\n";
    let folder = folder(&[("extensions.conf", OLD), ("sip.conf", sip)]);
    let (code, report, _) = migrate(&["plan"], folder.path());
    assert_eq!(code, 0);
    assert!(
        report.ends_with("`strowger migrate --devices plan` makes a pjsip.conf of it.\n"),
        "{report}"
    );
    std::fs::write(folder.path().join("plan/pjsip.conf"), "").unwrap();
    let (_, report, _) = migrate(&["plan"], folder.path());
    assert!(!report.contains("--devices"), "{report}");
}

#[test]
fn a_plan_in_dial_stays_what_it_is() {
    let folder = folder(&[("office.dial", "context office {\n  on 1 { hangup() }\n}\n")]);
    let (code, _, err) = migrate(&["plan/office.dial"], folder.path());
    assert_eq!(code, 2);
    assert!(err.contains("office.dial is in .dial already"), "{err}");
}

#[test]
fn nothing_is_written_over() {
    let folder = folder(&[("extensions.conf", "[a]\nexten => 1,1,Answer\n")]);
    let run = |arguments: &[&str]| migrate(arguments, folder.path()).0;
    assert_eq!(run(&["plan", "-o", "plan"]), 2);
    assert_eq!(run(&["plan", "--in-place"]), 2);
    assert_eq!(run(&["plan", "-o", "new"]), 0);
    let (code, _, err) = migrate(&["plan", "-o", "new"], folder.path());
    assert_eq!(code, 2);
    assert!(err.contains("is there already"), "{err}");
    assert_eq!(run(&["plan", "-o", "new", "--force"]), 0);
    assert_eq!(run(&["nowhere"]), 2);
}

/// What a plan of an old release is: macros, and what is gone since.
const MACROS: &str = "\
[globals]
PHONES=SIP/anna
[office]
exten => _1XX,1,Macro(ring,SIP/${EXTEN},20)
exten => _1XX,n,Playback(vm-goodbye)
exten => _1XX,n,Hangup
exten => 200,1,Macro(ring,${PHONES})
exten => 200,n,Macro(menu)
exten => 200,n,Verbose(${MENU})
exten => 200,n,Hangup
exten => 300,1,Macro(lost)
exten => 300,n,Hangup
exten => 400,1,Macro(away)
exten => 400,n,Playback(beep)
[macro-ring]
exten => s,1,NoCDR
exten => s,n,Dial(${ARG1},${ARG2})
exten => s,n,Goto(s-${DIALSTATUS},1)
exten => s-BUSY,1,Playback(tt-allbusy)
exten => s-BUSY,n,MacroExit
exten => _s-.,1,NoOp(${MACRO_EXTEN})
[macro-menu]
exten => s,1,Read(MENU,press-1,1)
exten => s,n,ExecIf($[\"${MENU}\" = \"\"]?MacroExit())
exten => s,n,SayDigits(${MENU})
[macro-unused]
exten => s,1,Playback(hello)
[macro-away]
exten => s,1,Goto(nowhere,1,1)
";

#[test]
fn old_lines_become_new_ones_first() {
    let folder = folder(&[("extensions.conf", MACROS)]);
    let (code, mut shown, err) = migrate(&["plan", "-o", "new"], folder.path());
    assert_eq!((code, err.as_str()), (0, ""));
    for file in ["plan.dial", "plan.md"] {
        let written = std::fs::read_to_string(folder.path().join("new").join(file)).unwrap();
        shown.push_str(&format!("\n---- {file}\n{written}"));
    }
    insta::assert_snapshot!(shown);
    // Who says which release reads the plan wants it for that one, as it stands.
    let told = |way: &[&str]| {
        let (_, told, _) = migrate(&[&["plan", "--json"], way].concat(), folder.path());
        let told: serde_json::Value = serde_json::from_str(&told).unwrap();
        let lines = told["contexts"].as_array().unwrap().iter();
        let tested = lines.filter(|c| c["lines"]["verdict"] == "tested").count();
        (told["from"].clone(), tested)
    };
    assert_eq!(
        told(&["--asterisk-version", "18"]),
        (serde_json::Value::Null, 0)
    );
    assert_eq!(told(&["--from", "1.8"]).0, "1.8");
    let (from, tested) = told(&[]);
    assert_eq!(from, "20");
    assert!(tested >= 3, "{tested}");
}

/// The new plan goes on behind a macro, as the old one did.
#[test]
fn a_plan_with_macros_works() {
    let folder = folder(&[("extensions.conf", MACROS)]);
    migrate(&["plan", "-o", "new"], folder.path());
    for (number, device, answer) in [
        ("101", "101", "busy"),
        ("102", "102", "noanswer"),
        ("200", "anna", "busy"),
    ] {
        let heard = |directory: &str, release: &[&str]| {
            let output = Command::new(env!("CARGO_BIN_EXE_strowger"))
                .args(["simulate", directory, &format!("office,{number}"), "--json"])
                .args(["--dtmf", "5", "--answer", &format!("SIP/{device}={answer}")])
                .args(release)
                .current_dir(folder.path())
                .output()
                .unwrap();
            String::from_utf8(output.stdout).unwrap()
        };
        let old = heard("plan", &["--asterisk-version", "20"]);
        let new = heard("new", &[]);
        let prompts = |text: &str| {
            let words = ["tt-allbusy", "vm-goodbye", "press-1"];
            words.map(|w| text.matches(w).count())
        };
        assert_eq!(prompts(&old), prompts(&new), "{number}\n{old}\n{new}");
        assert!(prompts(&old).iter().sum::<usize>() > 0, "{old}");
    }
}
