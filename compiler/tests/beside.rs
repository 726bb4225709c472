//! Checks across files say nothing of what they cannot know, and see through what they can.
#![allow(clippy::unwrap_used)]

use strowger_compiler::listing::{Folder, Listing};
use strowger_compiler::{Options, Sources, analyse};

/// Messages of one code.
fn said(code: &str, sources: &Sources) -> Vec<String> {
    let found = analyse(sources, &Options::default()).diagnostics;
    let found = found.into_iter().filter(|d| d.code == code);
    found.map(|d| d.message).collect()
}

fn of(code: &str, files: &[(&str, &str)]) -> Vec<String> {
    let mut sources = Sources::new();
    for (name, text) in files {
        sources.add(name, *text);
    }
    said(code, &sources)
}

const BOXES: &str = "[default]\n100 => 1,Anna\n[sales]\n200 => 1,Ben\n";

fn mailbox(step: &str, more: &[(&str, &str)]) -> Vec<String> {
    let plan = format!("[globals]\nBOX=300\n[default]\nexten => 100,1,{step}\n");
    let mut files = vec![
        ("extensions.conf", plan.as_str()),
        ("voicemail.conf", BOXES),
    ];
    files.extend(more);
    of("C004", &files)
}

#[test]
fn mailboxes_are_known_as_far_as_texts_are() {
    assert_eq!(
        mailbox("VoiceMail(100&101@default,u)", &[]),
        ["there is no mailbox `101@default`"]
    );
    assert_eq!(
        mailbox("VoiceMail(${BOX}@sales)", &[]),
        ["there is no mailbox `300@sales`"]
    );
    assert_eq!(
        mailbox("VoiceMail(${EXTEN}@sales)", &[]),
        ["there is no mailbox `100@sales`"]
    );
    assert_eq!(
        mailbox("ExecIf($[1]?VoiceMail(${WHO}@nobody))", &[]),
        ["voicemail.conf has no context `nobody`"]
    );
    let quiet: [String; 0] = [];
    for step in [
        "VoiceMail(${EXTEN})",
        "VoiceMail(${WHO})",
        "VoiceMail(u100)",
        "VoiceMailMain(@sales)",
        "VoiceMailMain()",
        "VoiceMail(${CUT(X,@,1)})",
    ] {
        assert_eq!(mailbox(step, &[]), quiet, "{step}");
    }
    let missing = "VoiceMail(101)";
    assert_eq!(mailbox(missing, &[]).len(), 1);
    for file in [
        ("voicemail.conf", "[default]\n#include more.conf\n"),
        ("voicemail.conf", "[general]\naliasescontext=x\n[default]\n"),
        ("extconfig.conf", "[settings]\nvoicemail => odbc,asterisk\n"),
        ("users.conf", "[101]\nhasvoicemail=yes\n"),
    ] {
        assert_eq!(mailbox(missing, &[file]), quiet, "{file:?}");
    }
}

#[test]
fn devices_out_of_sight_are_spoken_of_once() {
    let plan = (
        "extensions.conf",
        "[default]\nexten => 1,1,Dial(SIP/1)\nexten => 2,1,Dial(SIP/2)\nexten => 3,1,Dial(PJSIP/3)\n",
    );
    let sip = ("sip.conf", "[9]\ntype=friend\nhost=dynamic\n");
    let pjsip = ("pjsip.conf", "[9]\ntype=endpoint\n");
    assert_eq!(of("C002", &[plan, sip, pjsip]).len(), 3);
    assert_eq!(of("C033", &[plan, sip, pjsip]).len(), 0);
    let stored = ("extconfig.conf", "[settings]\nsippeers => odbc,asterisk\n");
    let wizard = ("pjsip_wizard.conf", "[3]\ntype=wizard\n");
    let files = [plan, sip, pjsip, stored, wizard];
    assert_eq!(of("C002", &files).len(), 0);
    assert_eq!(
        of("C033", &files),
        [
            "whether `SIP/` has `1`, `2` cannot be told",
            "whether `PJSIP/` has `3` cannot be told"
        ]
    );
}

#[test]
fn contexts_that_modules_make_exist() {
    let plan = "[a]\ninclude => lot\nexten => 1,1,Goto(reg,s,1)\n";
    let made = [
        ("extensions.conf", plan),
        ("res_parking.conf", "[x]\ncontext=lot\n"),
        ("sip.conf", "[general]\nregcontext=reg\n"),
    ];
    assert_eq!(of("R207", &made).len() + of("R201", &made).len(), 0);
    assert_eq!(
        of("R207", &made[..1]).len() + of("R201", &made[..1]).len(),
        2
    );
}

#[test]
fn a_device_is_reached_in_many_ways() {
    let devices = |names: &[&str]| -> String {
        let one = |n: &&str| format!("[{n}]\ntype=friend\nhost=dynamic\nsecret=Xq8{n}kLm2\n");
        names.iter().map(one).collect()
    };
    let unreached = |plan: &str, more: &[(&str, &str)]| {
        let sip = devices(&["1001", "1002", "bob"]);
        let mut files = vec![("extensions.conf", plan), ("sip.conf", sip.as_str())];
        files.extend(more);
        of("C003", &files)
    };
    let plan = "[globals]\nBOB=SIP/bob\n[a]\nexten => _100X,1,Dial(SIP/${EXTEN})\nexten => 7,1,Dial(${BOB})\n";
    assert_eq!(unreached(plan, &[]), [""; 0]);
    let some = "[a]\nexten => 1001,1,Dial(SIP/${EXTEN})\n";
    assert_eq!(unreached(some, &[]), ["nobody can call `1002` and 1 more"]);
    let queue = (
        "queues.conf",
        "[q]\nmember => SIP/bob,1\nmember => SIP/1002\n",
    );
    assert_eq!(unreached(some, &[queue]), [""; 0]);
    for anybody in ["AGI(x)", "Dial(${WHO})", "Dial(SIP/${WHO})"] {
        let plan = format!("{some}exten => 2,1,{anybody}\n");
        assert_eq!(unreached(&plan, &[]), [""; 0], "{anybody}");
    }
}

#[test]
fn functions_have_the_prefix_of_their_section() {
    let odbc = "[WHO]\nprefix=ODBC\n[LIST]\nprefix=OFFICE\n[a]\n";
    let plan = "[a]\nexten => 1,1,Set(X=${ODBC_WHO(1)}${OFFICE_LIST(1)}${ODBC_a(1)}${ODBC_A(1)})\nsame => n,Set(ODBC_LIST(1)=2)\n";
    assert_eq!(
        of(
            "C013",
            &[("extensions.conf", plan), ("func_odbc.conf", odbc)]
        ),
        [
            "func_odbc.conf makes no function `ODBC_A`",
            "func_odbc.conf makes no function `ODBC_LIST`"
        ]
    );
}

#[test]
fn prompts_and_scripts_by_their_listing() {
    let plan = "[a]\nexten => 1,1,Playback(hello&bye.wav&/snd/en/hello&/tmp/x&${Y}&mine)\nsame => n,Record(mine.wav)\nsame => n,AGI(agi://h/x)\nsame => n,AGI(/agi/y.py,1)\nsame => n,AGI(/agi/z.py)\n";
    let mut sources = Sources::plan(plan);
    let names = ["en/hello.gsm", "en/bye.gsm"].map(str::to_owned);
    assert_eq!(said("C011", &sources), [""; 0]);
    sources.list(Folder::Sounds, Listing::new("/snd", names));
    sources.list(Folder::Scripts, Listing::new("/agi", ["y.py".to_owned()]));
    assert_eq!(said("C011", &sources), ["there is no prompt `bye.wav`"]);
    assert_eq!(said("C012", &sources), ["there is no script `/agi/z.py`"]);
}

#[test]
fn pipes_that_still_separate_are_left_alone() {
    let found = |step: &str| {
        let plan = format!("[a]\nexten => 1,1,{step}\nexten => 2,1,NoOp()\n");
        of("M909", &[("extensions.conf", plan.as_str())])
    };
    for step in [
        "GotoIfTime(9:00-17:00|mon-fri|*|*?2,1)",
        "System(ls | wc)",
        "Set(X=$[1 | 0])",
        "NoOp(a|b)",
        "Goto(2,1)",
    ] {
        assert_eq!(found(step), [""; 0], "{step}");
    }
    assert_eq!(found("Goto(a|2|1)").len(), 1);
}
