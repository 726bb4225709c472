//! Plans of extensions.conf as `.dial`: what they look like, what stays, and that a proof can fail.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use strowger_compiler::migrate::{Migrated, Verdict, migrate};
use strowger_compiler::{Options, Sources};

fn migrated(plan: &str) -> Migrated {
    let migrated = migrate(&Sources::plan(plan), &Options::default(), &[]);
    // It is laid out as `strowger fmt` lays it out.
    let laid_out = strowger_dial::print::format(&migrated.dial).unwrap();
    assert_eq!(migrated.dial, laid_out);
    migrated
}

/// What was written, and what is known of each context.
fn shown(plan: &str) -> String {
    let migrated = migrated(plan);
    let mut out = migrated.dial.clone();
    out.push_str("\n---- extensions.conf\n");
    out.push_str(&String::from_utf8_lossy(&migrated.conf));
    out.push_str("---- contexts\n");
    for context in &migrated.contexts {
        let verdict = match &context.verdict {
            Verdict::Proved => "proved".to_owned(),
            Verdict::Unproved(reason) => format!("unproved: {reason}"),
            Verdict::Kept(reason) => format!("kept: {reason}"),
        };
        let apart: String = context
            .apart
            .iter()
            .map(|a| format!("; stays: {a}"))
            .collect();
        let (statements, doors) = (context.statements, context.doors);
        out.push_str(&format!(
            "[{}] {verdict}; {doors} of {statements} are doors{apart}\n",
            context.name
        ));
    }
    for doubt in &migrated.doubts {
        out.push_str(&format!("note: {doubt}\n"));
    }
    out
}

fn kept(plan: &str) -> Vec<String> {
    let contexts = migrated(plan).contexts.into_iter();
    contexts
        .filter_map(|c| match c.verdict {
            Verdict::Proved => None,
            Verdict::Unproved(reason) => Some(format!("unproved: {reason}")),
            Verdict::Kept(reason) => Some(reason),
        })
        .collect()
}

#[test]
fn comments_of_empty_sections_stay_in_them() {
    let dial = migrated(
        "[a]\n; include => b\n;\n; nobody yet\n\n; the office\n[b]\nexten => 1,1,Hangup()\n[c]\n[d]\n;exten => 2,1,Hangup()\n",
    )
    .dial;
    let a =
        "context a {\n  // include => b\n  //\n  // nobody yet\n}\n\n// the office\ncontext b {\n";
    assert!(dial.contains(a), "{dial}");
    assert!(dial.contains("context c {}\n"), "{dial}");
    assert!(
        dial.contains("context d {\n  // exten => 2,1,Hangup()\n}\n"),
        "{dial}"
    );
}

#[test]
fn an_office() {
    insta::assert_snapshot!(shown(
        "; our numbers
[globals]
OPERATOR=61
GREETING => welcome to us

; phones and the way out
[default]
include => night,18:00-8:00,mon-fri,*,*
exten => 61,1,Dial(SIP/nlys,20,tT) ; the boss
exten => 61,n,GotoIf($[\"${DIALSTATUS}\" = \"BUSY\"]?busy)
exten => 61,n,VoiceMail(61@default,u)
exten => 61,n,Hangup()
; somebody talks
exten => 61,n(busy),VoiceMail(61@default,b)
exten => 61,n,Hangup()
exten => _10XX,1,Answer
exten => _10XX,n,SayDigits(${EXTEN:2})
exten => _10XX,n,Set(CALLERID(name)=Office ${EXTEN})
exten => _10XX,n,Playback(demo&invalid)
exten => _10XX,n,Goto(night,s,1)
exten => 61,hint,SIP/nlys

[night]
exten => s,1,Set(TRIES=0)
exten => s,n(again),Background(closed)
exten => s,n,WaitExten(5)
exten => s,n,Set(TRIES=$[${TRIES} + 1])
exten => s,n,GotoIf($[${TRIES} < 3]?again:done)
exten => s,n(done),Hangup(16)
exten => i,1,Goto(s,again)
"
    ));
}

#[test]
fn bare_comparisons() {
    insta::assert_snapshot!(shown(
        "[globals]
LIMIT=3

[a]
exten => s,1,GotoIf($[ ${CALLS} > ${LIMIT}]?x)
 same => n,GotoIf($[${DND}=yes]?x)
 same => n,GotoIf($[\"${DND}\"=1]?x)
 same => n,GotoIf($[${ARG1:0:2}=01]?x)
 same => n,GotoIf(${BLOCKED}?x)
 same => n,GotoIf($[${BLOCKED}]?x)
 same => n,GotoIf($[!${BLOCKED}]?x)
 same => n,GotoIf($[!${LEN(${NAME})} | \"${NAME}\" = \"-\"]?x)
 same => n,GotoIf($[\"${DB_EXISTS(a/${NAME})}\" = \"0\"]?x)
 same => n,GotoIf($[\"${CONFIDENCE}\" > \"0.5\"]?x)
 same => n,GotoIf($[PRO${NAME} = PROTEX & ${CALLS}]?x)
 same => n,Set(LEFT=$[${DIALEDTIME}-${ANSWEREDTIME}])
 same => n,NoOp(was ${DB_DELETE(busy/${NAME})} before)
 same => n(x),Hangup()
"
    ));
}

#[test]
fn functions_and_places() {
    insta::assert_snapshot!(shown(
        "[a]
exten => _1X,1,Read(__CODE,vm-password,4)
 same => n,Set(ARG1=)
 same => n,Set(CALLERID(number)=${CALLERID(NUM):0:40})
 same => n,Set(CDR_PROP(disable)=true)
 same => n,Set(CONNECTEDLINE(num,i)=${EXTEN})
 same => n,Set(DEVICE_STATE(Custom:CF${EXTEN})=${STATE})
 same => n,Set(DEVICE_STATE(Custom:night)=RINGING)
 same => n,Set(TIMEOUT(digit)=${DURATION})
 same => n,Set(X=${STRFTIME(${EPOCH},,%Y%m%d)}-${UNIQUEID})
 same => n,Set(I=${MATH(${I}+1,int)})
 same => n,Set(X=${ODBC_LIMIT(time_limit,${CALLERID(num)})})
 same => n,Set(ODBC_NIGHT(office)=YES)
 same => n,Set(X=${IF($[\"${X}\"=\"\"]?${EXTEN}:${X})})
 same => n,Set(X=${OUTCID_${X}})
 same => n,Set(LAST=${DIALSTATUS})
 same => n,GotoIf($[\"${EXTENSION_STATE(${X}@a)}\"=\"NOT_INUSE\"]?x)
 same => n,GotoIf($[${REGEX(\"^[\\+]?[0-9]+$\" ${CALLERID(num)})} = 1]?x)
 same => n,GotoIf($[$[\"${X}\" = \"\"] | $[${LEN(${X})} = 0]]?x)
 same => n,GotoIf($[\"${X}\" = \"1\"]?a,s-${DIALSTATUS},1)
 same => n,Playback(\"welcome\")
 same => n,AGI(count.py,${CDR(billsec)},${EXTEN})
 same => n(x),Goto(b,${X},1)
exten => s-BUSY,1,Hangup()

[b]
exten => 1,1,Hangup()
"
    ));
}

#[test]
fn ladders_of_dialstatus() {
    insta::assert_snapshot!(shown(
        "[a]
exten => _1X,1,Dial(PJSIP/${EXTEN},20)
 same => n,GotoIf($[\"${DIALSTATUS}\" = \"BUSY\"]?busy)
 same => n,GotoIf($[\"${DIALSTATUS}\"=\"NOANSWER\" | \"${DIALSTATUS}\" = \"CONGESTION\"]?na)
 same => n,Playback(other)
 same => n,Hangup()
 same => n(busy),Playback(busy)
 same => n,Hangup()
 same => n(na),VoiceMail(${EXTEN},u)
 same => n,Hangup()
exten => 2,1,Dial(PJSIP/2,20,g)
 same => n,ExecIf($[\"${DIALSTATUS}\" = \"ANSWER\"]?Hangup())
 same => n,ExecIf($[\"${DIALSTATUS}\" = \"BUSY\"]?Playback(b):NoOp(c))
 same => n,Hangup()
exten => 3,1,NoOp(x)
 same => n,GotoIf($[\"${DIALSTATUS}\" = \"BUSY\"]?a,s-BUSY,1)
 same => n,GotoIf($[\"${DIALSTATUS}\" = \"CANCEL\"]?a,s-C,1)
 same => n,Hangup()
exten => s-BUSY,1,Hangup()
exten => s-C,1,Hangup()
"
    ));
}

/// GotoIf goes on where nothing is left of a place, Goto does not.
#[test]
fn a_place_that_may_be_nothing() {
    let plan = |place: &str| {
        let lines = format!("exten => 1,1,GotoIf($[\"${{X}}\" = \"1\"]?{place})");
        migrated(&format!("[a]\n{lines}\n same => n,Hangup()\n")).dial
    };
    assert!(plan("${PLACE}").contains("app(\"GotoIf\""));
    assert!(plan("b,${PLACE},1").contains("goto dynamic(\"b\""));
}

/// Who reads a status takes it for a word of the exchange: what is written there is looked at.
#[test]
fn a_status_takes_no_text_from_outside() {
    let dial = migrated(
        "[a]\nexten => 1,1,Set(VMSTATUS=${CALLERID(num)})\n same => n,Set(VMSTATUS=FAILED)\n",
    )
    .dial;
    assert!(
        dial.contains("channel(\"VMSTATUS\") = unchecked(caller.number)"),
        "{dial}"
    );
    assert!(
        dial.contains("channel(\"VMSTATUS\") = \"FAILED\""),
        "{dial}"
    );
}

#[test]
fn loops_and_jumps() {
    insta::assert_snapshot!(shown(
        "[loops]
exten => s,1,Set(I=0)
 same => n,While($[${I} < 3])
 same => n,SayNumber(${I})
 same => n,ExecIf($[${I} = 2]?NoOp(two))
 same => n,GotoIf($[\"${STOP}\" = \"yes\"]?out)
 same => n,Set(I=$[${I} + 1])
 same => n,EndWhile
 same => n(out),Goto(numbers,100,3)

[numbers]
exten => 100,1,Answer
 same => n,Hangup
 same => n,GotoIfTime(9:00-17:00,mon-fri,*,*?open,s,1)
 same => n,Gosub(sub-log,s,1(closed,${EXTEN}))
 same => n,Congestion

[sub-log]
exten => s,1,NoOp(${ARG1} ${ARG2})
 same => n,Return
"
    ));
}

#[test]
fn subroutines_of_all_kinds() {
    insta::assert_snapshot!(shown(
        "[main]
exten => 100,1,Gosub(one,s,1(a,${X}))
 same => n,Gosub(menu,s,1(a))
 same => n,Gosub(menu,7,1)
 same => n,Gosub(menu,en,1())
 same => n,Set(R=${GOSUB_RETVAL})
 same => n,GosubIf($[\"${R}\" = \"x\"]?menu,s,again(1))
 same => n,Gosub(menu,s,3)
 same => n,Gosub(menu,${EXTEN},1)
 same => n,Gosub(menu,${R},1(x))
 same => n,Gosub(of-${R},s,1(x))
 same => n,Gosub(elsewhere,s,1(x))
 same => n,Gosub(200,1(b))
 same => n,Gosub(200,1())
 same => n,Goto(menu,s,1)
exten => 200,1,NoOp(${ARG1})
 same => n,Return
[one]
exten => s,1,NoOp(${ARG1} ${ARG2})
 same => n,Return(${ARG2})
[menu]
exten => s,1,NoOp(${ARG1})
 same => n(again),Answer
 same => n,Return(done)
exten => 7,1,ExecIf($[\"${X}\" = \"\"]?Return)
 same => n,Return(${X}-${Y})
exten => en,1,Playback(hello)
 same => n,Return()
exten => _2XX,1,Return()
"
    ));
}

#[test]
fn what_runs_on_in_another_extension() {
    insta::assert_snapshot!(shown(
        "[calls]
exten => 100,1,NoOp(one)
exten => _1XX,1,NoOp(first)
exten => _1XX,2,NoOp(second)
exten => _1XX,3,Hangup
"
    ));
}

#[test]
fn what_stays() {
    let reasons = |lines: &str| kept(&format!("[a]\nexten => 1,1,Answer\n{lines}"));
    assert_eq!(
        kept("[a]\nswitch => Realtime/x@y\n"),
        ["a switch to Realtime has no form in .dial"]
    );
    assert_eq!(
        kept("[a]\nexten => 2,3,Answer\n"),
        ["it begins at priority 3"]
    );
    // 3 of the other extension would follow, and it gets another number.
    assert_eq!(
        reasons("exten => _2X,2,Answer\nexten => 22,1,Answer\nexten => 22,3,Hangup\n"),
        ["_2X: it begins at priority 2"]
    );
    assert_eq!(
        reasons("exten => 2,1,Goto(+1)\n"),
        ["2: a jump counts priorities (+1)"]
    );
    assert_eq!(
        reasons("exten => 2,1,System(${PRIORITY})\n"),
        ["2: a text asks for its own priority"]
    );
    assert_eq!(
        reasons("exten => 2,1,While(1)\n"),
        ["2: a While has no EndWhile"]
    );
    assert_eq!(
        reasons("exten => 2,1,Goto(${X})\nexten => 2,2,Goto(a,1,${X})\n"),
        ["unproved: a jump leads to a priority of it that only the call knows"]
    );
    assert_eq!(reasons(""), [""; 0]);
}

#[test]
fn a_part_stays() {
    insta::assert_snapshot!(shown(
        "[a]
ignorepat => 9
switch => DUNDi/e164
include => b
exten => t,2,Playback(never)
exten => _X.,50000(deep),NoOp(counted)
 same => n,Return
exten => s,1,Answer
 same => n,Gosub(a,7000,deep(1))
 same => n,GotoIf($[${X}]?$[${PRIORITY} + 2])
 same => n,Playback(one)
 same => n,NoOp(at ${PRIORITY})
 same => n,GotoIf($[${Y}]?-2:+1)
 same => n,Hangup
[b]
exten => 1,1,Goto(a,t,2)
"
    ));
}

#[test]
fn what_stays_is_written_as_it_was() {
    let plan = "[a]\nexten => 2,1,While(1)\nexten => 1,1(start),System(a \\; b)\nexten => 1,2,Goto(b,1,2)\n[b]\nexten => 1,1,Answer\nexten => 1,2,Hangup\n";
    insta::assert_snapshot!(shown(plan));
}

#[test]
fn text_of_all_kinds() {
    insta::assert_snapshot!(shown(
        "[texts]
exten => 1,1,Set(A=it's {so} \"quoted\" \\\\ ${B}${CALLERID(num)})
 same => n,Set(B=${A:1:3})
 same => n,Set(__C=$[1 + 2])
 same => n,Set(DB(a/b)=${A})
 same => n,Set(GLOBAL(D)=${EXTEN})
 same => n,NoSuchThing(a,b)
 same => n,NoOp(broken ${A)
"
    ));
}

/// The folders of the examples that hold a plan.
fn plans(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            plans(&path, out);
        } else if path.file_name().is_some_and(|n| n == "extensions.conf") {
            out.push(path);
        }
    }
}

#[test]
fn every_example_is_proved() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let mut found = Vec::new();
    plans(&root, &mut found);
    assert!(found.len() > 5, "{found:?}");
    for path in found {
        let text = std::fs::read(&path).unwrap();
        let migrated = migrate(&Sources::plan(text), &Options::default(), &[]);
        for context in &migrated.contexts {
            assert_eq!(
                context.verdict,
                Verdict::Proved,
                "{} [{}]",
                path.display(),
                context.name
            );
        }
    }
}
