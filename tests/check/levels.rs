//! Who says how loud a code is, and what the exit status is then.

use crate::Folder;

/// A warning (P701), a note (F319) and, for this exchange only, a warning (A421).
const PLAN: &str = "[a]\nexten => _.,1,VoiceMail(1)\nexten => h,1,Hangup()\n";

fn plan(name: &str) -> Folder {
    Folder::new(name, &[("extensions.conf", PLAN)])
}

fn exit(folder: &Folder, words: &[&str]) -> i32 {
    folder
        .run(&[&["check"], words].concat())
        .status
        .code()
        .unwrap()
}

#[test]
fn the_exit_status_is_that_of_what_is_denied() {
    let folder = plan("exit");
    assert_eq!(exit(&folder, &["."]), 0);
    assert_eq!(exit(&folder, &[".", "--deny", "warnings"]), 1);
    assert_eq!(exit(&folder, &[".", "--deny", "P701"]), 1);
    assert_eq!(exit(&folder, &[".", "--deny", "migration"]), 0);
    let quiet = ["--allow", "P701,A421"];
    assert_eq!(
        exit(
            &folder,
            &[&quiet[..], &[".", "--deny", "warnings"]].concat()
        ),
        0
    );
    assert_eq!(
        exit(&folder, &[&quiet[..], &[".", "--deny", "notes"]].concat()),
        1
    );
    assert_eq!(exit(&folder, &["./nowhere"]), 2);
    assert_eq!(exit(&folder, &[".", "./nowhere"]), 2);
}

#[test]
fn what_is_denied_is_an_error() {
    let folder = plan("denied");
    let levels = folder.codes(&[
        ".",
        "--target",
        "strowger",
        "--deny",
        "P701",
        "--warn",
        "F319",
        "--note",
        "arguments",
    ]);
    insta::assert_snapshot!(levels.join("\n"), @r#"
    P701 error extensions.conf:2
    A421 note extensions.conf:2
    F319 warn extensions.conf:3
    {"errors":1,"warnings":1,"notes":1}
    "#);
}

#[test]
fn the_command_line_wins_over_the_file_and_a_code_over_its_family() {
    let folder = plan("hands");
    folder.write(
        "strowger.toml",
        "[levels]\nP701 = \"deny\"\npatterns = \"note\"\nF319 = \"allow\"\n",
    );
    let codes = folder.codes(&["."]);
    assert_eq!(codes[0], "P701 error extensions.conf:2");
    assert!(!codes.iter().any(|c| c.starts_with("F319")), "{codes:?}");
    let codes = folder.codes(&[".", "--warn", "patterns", "--warn", "F319"]);
    assert_eq!(codes[0], "P701 warn extensions.conf:2");
    assert!(
        codes.contains(&"F319 warn extensions.conf:3".to_owned()),
        "{codes:?}"
    );
}

#[test]
fn profiles() {
    let folder = Folder::new(
        "profiles",
        &[(
            "extensions.conf",
            "[a]\nexten => 1,1,noop()\nexten => h,1,Hangup()\nsame =>> n,NoOp()\n",
        )],
    );
    let profile = |word| folder.codes(&[".", "--profile", word]);
    let default = folder.codes(&["."]);
    assert_eq!(profile("default"), default);
    assert!(default.iter().any(|c| c.starts_with("F319")), "{default:?}");
    // What is a matter of style stays out, what is read wrongly stays in.
    assert!(
        !default.iter().any(|c| c.starts_with("A402")),
        "{default:?}"
    );
    let asterisk = profile("asterisk");
    assert!(
        asterisk.iter().any(|c| c.starts_with("S103")),
        "{asterisk:?}"
    );
    assert!(
        !asterisk.iter().any(|c| c.starts_with("F319")),
        "{asterisk:?}"
    );
    let strict = profile("strict");
    assert!(
        strict.contains(&"A402 note extensions.conf:2".to_owned()),
        "{strict:?}"
    );
    folder.write("strowger.toml", "[check]\nprofile = \"asterisk\"\n");
    assert_eq!(folder.codes(&["."]), asterisk);
    assert_eq!(profile("strict"), strict);
}

#[test]
fn the_target_decides_what_is_missing_and_what_is_gone() {
    let folder = Folder::new(
        "target",
        &[
            (
                "extensions.conf",
                "[a]\nexten => 1,1,VoiceMail(1)\nsame => n,Macro(x)\n[macro-x]\nexten => s,1,Dial(IAX2/1)\n",
            ),
            ("sip.conf", "[general]\nallowguest=no\nqualify=yes\n"),
        ],
    );
    let of = |words: &[&str]| {
        let mut codes = folder.codes(words);
        codes.pop();
        codes.join("\n")
    };
    insta::assert_snapshot!(of(&[".", "--target", "strowger"]), @r"
    A421 warn extensions.conf:2
    M902 error extensions.conf:3
    A422 warn extensions.conf:5
    M916 note sip.conf:2
    C020 note sip.conf:3
    ");
    insta::assert_snapshot!(of(&[".", "--target", "asterisk-23"]), @r"
    M902 error extensions.conf:3
    M916 warn sip.conf:2
    ");
    insta::assert_snapshot!(of(&[".", "--target", "asterisk-20"]), @"");
    folder.write("strowger.toml", "[check]\ntarget = \"asterisk-20\"\n");
    assert_eq!(of(&["."]), "");
    assert_ne!(of(&[".", "--target", "strowger"]), "");
    insta::assert_snapshot!(
        folder.seen(&["check", ".", "--target", "asterisk-20", "--asterisk-version", "23"]),
        @r"
    $ strowger check . --target asterisk-20 --asterisk-version 23
    --- standard error
    strowger: --target names a release already; leave --asterisk-version out
    --- exit 2
    "
    );
}

#[test]
fn commands_that_the_target_runs() {
    let plan = ("extensions.conf", "[a]\n#exec /bin/generate\n");
    let told = |name: &str, options: &str, target: &str| {
        let folder = Folder::new(name, &[plan, ("asterisk.conf", options)]);
        let codes = folder.codes(&[".", "--target", target]);
        codes.iter().any(|c| c.starts_with("S127"))
    };
    let yes = "[options]\nexecincludes = yes\n";
    assert!(!told("exec_yes", yes, "asterisk-23"));
    assert!(told(
        "exec_no",
        "[options]\nexecincludes = no\n",
        "asterisk-23"
    ));
    assert!(told("exec_unsaid", "[options]\n", "asterisk-23"));
    assert!(told("exec_here", yes, "strowger"));
}

#[test]
fn wrong_words_are_hinted_at() {
    let folder = plan("words");
    for (name, words) in [
        ("code", &["check", ".", "--deny", "S1033"][..]),
        ("family", &["check", ".", "--allow", "securty"]),
        ("nothing", &["check", ".", "--warn", "everything"]),
        ("target", &["check", ".", "--target", "asterisk-99"]),
        ("profile", &["check", ".", "--profile", "loud"]),
    ] {
        insta::assert_snapshot!(format!("wrong_{name}"), folder.seen(words));
    }
}

#[test]
fn comments_allow_in_every_file() {
    let folder = Folder::new(
        "comments",
        &[
            (
                "extensions.conf",
                "[a]\n; strowger: allow P701 all comes here\n; strowger: allow A421 later\nexten => _.,1,VoiceMail(1)\nexten => _X,1,VoiceMail(1)\n#include more.conf\n",
            ),
            (
                "more.conf",
                "; strowger: allow F319 habit\nexten => h,1,Hangup()\n; strowger: allow F305 nothing\nexten => 2,1,NoOp()\n",
            ),
            (
                "sip.conf",
                "; strowger: allow C028 behind a firewall\n[general]\n; strowger: allow C020 we know\nqualify=yes\n; strowger: allow S101 old\n======\n[x]\ntype=friend\nhost=dynamic\n; strowger: allow X817\nsecret=x\n",
            ),
            (
                "strowger.toml",
                "# strowger: allow C010 for a later release\n[phones]\n",
            ),
        ],
    );
    insta::assert_snapshot!(folder.codes(&["."]).join("\n"));
}

#[test]
fn files_that_a_program_wrote() {
    let head = ";---;\n; Do NOT edit this file as it is auto-generated by FreePBX. All modifications to ;\n";
    let plan = format!(
        "{head}[a]\nexten => h,1,Hangup()\nexten => s,1,Goto(nowhere,s,1)\nexten => _.,1,noop\n#include mine.conf\n"
    );
    let folder = Folder::new(
        "generated",
        &[
            ("extensions.conf", &plan),
            ("mine.conf", "exten => _!,1,NoOp()\n"),
        ],
    );
    insta::assert_snapshot!("generated", folder.seen(&["check", "."]));
    let all = folder.codes(&[".", "--generated", "all"]);
    assert!(all.iter().any(|c| c.starts_with("F319")), "{all:?}");
    folder.write("strowger.toml", "[check]\ngenerated = \"all\"\n");
    assert_eq!(folder.codes(&["."]), all);
}
