//! Directories, files, standard input, several of them.

use crate::Folder;

const BAD: &str = "[a]\nexten => 1,1,FILTER()\n";
const GOOD: &str = "[a]\nexten => 1,1,NoOp()\n";

#[test]
fn several_at_once() {
    let folder = Folder::new(
        "several",
        &[
            ("one/extensions.conf", BAD),
            ("two/extensions.conf", GOOD),
            ("two/other.conf", BAD),
            ("deep/er/extensions.conf", BAD),
            ("deep/.hidden/extensions.conf", BAD),
            ("empty/readme", "x"),
        ],
    );
    insta::assert_snapshot!(
        "several",
        folder.seen(&["check", "one", "two", "two/other.conf"])
    );
    // A directory without a configuration of its own is searched.
    insta::assert_snapshot!(folder.codes(&["."]).join("\n"), @r#"
    A401 error deep/er/extensions.conf:2
    A401 error one/extensions.conf:2
    {"errors":2,"warnings":0,"notes":0}
    "#);
    for words in [
        &["check", "empty"][..],
        &["check", "nowhere"],
        &["check", "one/nowhere.conf"],
    ] {
        insta::assert_snapshot!(
            format!("no_{}", words[1].replace('/', "_")),
            folder.seen(words)
        );
    }
    // The others are checked all the same.
    let out = folder.run(&["check", "nowhere", "one", "--format", "json"]);
    assert_eq!(out.status.code(), Some(2));
    assert_eq!(crate::codes(&out).len(), 2);
}

#[test]
fn a_file_of_a_plan_is_checked_as_a_part_of_it() {
    let folder = Folder::new(
        "part",
        &[
            (
                "extensions.conf",
                "#include parts/one.conf\n#include parts/two.conf\n[c]\nexten => 1,1,FILTER()\n",
            ),
            (
                "parts/one.conf",
                "[a]\nexten => 1,1,Goto(b,1,1)\nexten => 2,1,FILTER()\n",
            ),
            ("parts/two.conf", "[b]\nexten => 1,1,NoOp()\n"),
            (
                "sip.conf",
                "[general]\nallowguest=no\ncontext=b\nfrobnicate=yes\n",
            ),
            ("alone.conf", "[z]\nexten => 1,1,FILTER()\n"),
        ],
    );
    let file = |codes: Vec<String>| -> Vec<String> {
        codes.into_iter().filter(|c| c.contains(".conf")).collect()
    };
    // What an included file jumps to is known, and nothing else is told.
    let codes = |words: &[&str]| file(folder.codes(words));
    insta::assert_snapshot!(codes(&["sip.conf"]).join("\n"), @r"
    M916 note sip.conf:2
    C010 warn sip.conf:4
    ");
    insta::assert_snapshot!(codes(&["alone.conf"]).join("\n"), @r"
    C033 note alone.conf:1
    A401 error alone.conf:2
    ");
    let both = codes(&["sip.conf", "alone.conf"]);
    assert_eq!(both.len(), 4, "{both:?}");
    let whole = codes(&["extensions.conf"]);
    let all = codes(&["extensions.conf", "sip.conf", "."]);
    assert_eq!(all, whole);
}

/// What a part of a plan names may stand in the rest.
#[test]
fn a_part_alone_is_an_open_world() {
    let part = "[a]\nexten => 1,1,Goto(elsewhere,s,1)\n";
    let whole = format!("[general]\n{part}");
    let folder = Folder::new("alone", &[("part.conf", part), ("whole.conf", &whole)]);
    let knows = |file: &str| folder.codes(&[file]).iter().any(|c| c.starts_with("R201"));
    assert!(!knows("part.conf"));
    assert!(knows("whole.conf"));
}

#[test]
fn standard_input() {
    let folder = Folder::new(
        "stdin",
        &[
            (
                "extensions.conf",
                "[a]\nexten => 1,1,NoOp()\n#include more.conf\n",
            ),
            ("more.conf", "[b]\nexten => 1,1,NoOp()\n"),
            (
                "sip.conf",
                "[general]\nallowguest=no\ncontext=a\nfrobnicate=yes\n",
            ),
        ],
    );
    let typed = |words: &[&str], text: &str| {
        let words = [
            &["check", "-", "--format", "json", "--allow", "R210"],
            words,
        ]
        .concat();
        let out = folder.run_with(&words, text);
        format!(
            "{}\nexit {}",
            crate::codes(&out).join("\n"),
            out.status.code().unwrap()
        )
    };
    insta::assert_snapshot!(typed(&[], "[x]\nexten => 1,1,FILTER()\n"), @r#"
    A401 error <stdin>:2
    {"errors":1,"warnings":0,"notes":0}
    exit 1
    "#);
    // The files beside it count, and only it is told about.
    insta::assert_snapshot!(typed(&["--stdin-filename", "extensions.conf"], "[a]\nexten => 1,1,Goto(b,1,1)\nexten => 2,1,Goto(c,1,1)\n#include more.conf\n"), @r#"
    R201 error extensions.conf:3
    {"errors":1,"warnings":0,"notes":0}
    exit 1
    "#);
    insta::assert_snapshot!(typed(&["--stdin-filename", "more.conf"], "[b]\nexten => 1,1,FILTER()\n"), @r#"
    A401 error more.conf:2
    {"errors":1,"warnings":0,"notes":0}
    exit 1
    "#);
    insta::assert_snapshot!(typed(&["--stdin-filename", "new/place.conf"], "[b]\nexten => 1,1,FILTER()\n"), @r#"
    A401 error new/place.conf:2
    {"errors":1,"warnings":0,"notes":0}
    exit 1
    "#);
    for words in [
        &["check", "-", "--fix"][..],
        &["check", "-", "-"],
        &["check", ".", "--stdin-filename", "x.conf"],
        &["check", ".", "--suggested"],
    ] {
        assert_eq!(folder.run(words).status.code(), Some(2), "{words:?}");
    }
}

#[test]
fn a_large_file_is_fine() {
    let mut plan = String::from("[a]\n");
    while plan.len() < 3 << 20 {
        plan.push_str(&format!(
            "exten => {},1,NoOp(a line of a large plan)\n",
            plan.len()
        ));
    }
    plan.push_str("exten => x,1,FILTER()\n");
    let folder = Folder::new("large", &[("extensions.conf", &plan)]);
    let codes = folder.codes(&["."]);
    assert!(codes[0].starts_with("A401 error"), "{codes:?}");
    assert_eq!(codes.len(), 2, "{codes:?}");
}

#[test]
fn compiled_plans_have_no_lines() {
    let folder = Folder::new("compiled", &[("extensions.conf", GOOD)]);
    assert!(
        folder
            .run(&["compile", ".", "-o", "plan.dialc"])
            .status
            .success()
    );
    insta::assert_snapshot!("compiled", folder.seen(&["check", "plan.dialc"]));
}
