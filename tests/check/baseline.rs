//! `--baseline`: what is there is accepted, what is new is told.

use crate::Folder;

const PLAN: &str = "[a]\nexten => 1,1,FILTER()\nexten => 2,1,VoiceMail(1)\nsame => n,VoiceMail(1)\n[b]\nexten => 1,1,FILTER()\n";

#[test]
fn only_what_is_new_is_told() {
    let folder = Folder::new("baseline", &[("extensions.conf", PLAN)]);
    let with = [
        "check",
        ".",
        "--target",
        "strowger",
        "--baseline",
        "known.json",
    ];
    insta::assert_snapshot!("baseline_missing", folder.seen(&with));
    let write = [&with[..], &["--write-baseline"]].concat();
    insta::assert_snapshot!("baseline_written", folder.seen(&write));
    insta::assert_snapshot!("baseline_file", folder.read("known.json"));
    insta::assert_snapshot!("baseline_quiet", folder.seen(&with));

    // Lines may move and blanks may be set anew.
    let moved = PLAN
        .replace("[a]\n", "; a comment\n\n[a]\n")
        .replace("exten => 1,1,", "exten  =>  1,1,");
    folder.write("extensions.conf", &moved);
    assert_eq!(folder.run(&with).status.code(), Some(0));

    // One more of what is known is new, in another extension too.
    folder.write(
        "extensions.conf",
        &PLAN.replace(
            "[b]\n",
            "exten => 3,1,VoiceMail(1)\n[b]\nexten => 4,1,FILTER()\n",
        ),
    );
    insta::assert_snapshot!("baseline_new", folder.seen(&with));

    // What is gone is said, so that the file can be made smaller.
    folder.write("extensions.conf", "[a]\nexten => 1,1,FILTER()\n");
    insta::assert_snapshot!("baseline_gone", folder.seen(&with));
    folder.run(&write);
    assert!(folder.read("known.json").len() < 200);

    folder.write("known.json", "{}");
    assert_eq!(folder.run(&with).status.code(), Some(2));
}

#[test]
fn a_baseline_holds_no_text_of_the_files() {
    let secret = "[general]\nallowguest=no\n[1001]\ntype=friend\nhost=dynamic\nsecret=1001\n";
    let folder = Folder::new(
        "baseline-secret",
        &[
            ("extensions.conf", "[default]\nexten => 1,1,NoOp()\n"),
            ("sip.conf", secret),
        ],
    );
    let words = ["check", ".", "--baseline", "known.json", "--write-baseline"];
    assert!(folder.run(&words).status.success());
    let text = folder.read("known.json");
    assert!(
        text.contains("X817") && !text.contains("secret") && !text.contains("1001\""),
        "{text}"
    );
}
