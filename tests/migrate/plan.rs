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
