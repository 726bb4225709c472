//! `--fix`, `--suggested` and `--diff`.

use crate::Folder;

/// A safe fix (S103 twice in one extension), a suggested one (A401), and something that nobody can fix (R201).
const PLAN: &str = "[a]\nexten => 1,1,NoOp()\nsame =>> n,Hangup()\nexten => 2,1,NoOp()\nsame =>> n,Playbak(x)\nexten => 3,1,Goto(nowhere,s,1)\n";

#[test]
fn a_diff_writes_nothing() {
    let folder = Folder::new("diff", &[("extensions.conf", PLAN)]);
    insta::assert_snapshot!("diff_safe", folder.seen(&["check", ".", "--diff"]));
    insta::assert_snapshot!(
        "diff_suggested",
        folder.seen(&["check", ".", "--diff", "--suggested"])
    );
    insta::assert_snapshot!(
        "diff_with_fix",
        folder.seen(&["check", ".", "--fix", "--diff"])
    );
    assert_eq!(folder.read("extensions.conf"), PLAN);
    let coloured = folder.run(&["check", ".", "--diff", "--color", "always"]);
    assert!(String::from_utf8_lossy(&coloured.stdout).contains("\x1b[32m+same => n,Hangup()"));
}

#[test]
fn what_is_left_is_said() {
    let folder = Folder::new("fix", &[("extensions.conf", PLAN)]);
    insta::assert_snapshot!(
        "fix_safe",
        folder.seen(&["check", ".", "--fix", "--format", "github"])
    );
    insta::assert_snapshot!("fix_safe_file", folder.read("extensions.conf"));
    insta::assert_snapshot!(
        "fix_suggested",
        folder.seen(&["check", ".", "--fix", "--suggested", "--format", "github"])
    );
    insta::assert_snapshot!("fix_suggested_file", folder.read("extensions.conf"));
    insta::assert_snapshot!(
        "fix_nothing",
        folder.seen(&["check", ".", "--fix", "--format", "github"])
    );
    // Nothing is left beside the files.
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[cfg(target_os = "linux")]
#[test]
fn a_terminal_shows_what_is_changed() {
    use std::process::Command;
    let folder = Folder::new("fix-terminal", &[("extensions.conf", PLAN)]);
    let words = format!("{} check . --fix", env!("CARGO_BIN_EXE_strowger"));
    let out = Command::new("script")
        .args(["-qec", &words, "/dev/null"])
        .current_dir(folder.path())
        .env("NO_COLOR", "1")
        .output();
    match out {
        Err(fault) => eprintln!("skipped: script: {fault}"),
        Ok(out) => {
            let said = String::from_utf8_lossy(&out.stdout).replace('\r', "");
            assert!(
                said.contains("\n-same =>> n,Hangup()\n+same => n,Hangup()\n"),
                "{said}"
            );
            assert!(said.contains("[A401] Error"), "{said}");
        }
    }
}

#[test]
fn levels_and_comments_decide_what_is_fixed() {
    let folder = Folder::new("fix-levels", &[("extensions.conf", PLAN)]);
    folder.run(&["check", ".", "--fix", "--allow", "S103"]);
    assert_eq!(folder.read("extensions.conf"), PLAN);
    let allowed = PLAN.replace(
        "same =>> n,H",
        "; strowger: allow S103 so be it\nsame =>> n,H",
    );
    folder.write("extensions.conf", &allowed);
    folder.run(&["check", ".", "--fix"]);
    let fixed = folder.read("extensions.conf");
    assert!(
        fixed.contains("=>> n,Hangup") && fixed.contains("same => n,Playbak"),
        "{fixed}"
    );
}

#[test]
fn only_named_files_are_touched() {
    let files = [
        (
            "extensions.conf",
            "#include part.conf\n[b]\nexten => 1,1,NoOp()\nsame =>> n,Hangup()\n",
        ),
        (
            "part.conf",
            "[a]\nexten => 1,1,NoOp()\nsame =>> n,Hangup()\n",
        ),
    ];
    let folder = Folder::new("named", &files);
    insta::assert_snapshot!(
        "fix_one_file",
        folder.seen(&["check", "extensions.conf", "--fix", "--format", "github"])
    );
    assert_eq!(folder.read("part.conf"), files[1].1);
    assert!(!folder.read("extensions.conf").contains("=>>"));
    folder.run(&["check", "part.conf", "--fix"]);
    assert!(!folder.read("part.conf").contains("=>>"));
}

#[cfg(unix)]
#[test]
fn the_mode_stays_and_links_stay_links() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = Folder::new(
        "mode",
        &[
            ("etc/real.conf", PLAN),
            (
                "elsewhere/part.conf",
                "[z]\nexten => 1,1,NoOp()\nsame =>> n,Hangup()\n",
            ),
        ],
    );
    let etc = folder.path().join("etc");
    std::fs::set_permissions(etc.join("real.conf"), PermissionsExt::from_mode(0o640)).unwrap();
    symlink("real.conf", etc.join("extensions.conf")).unwrap();
    folder.run(&["check", "etc", "--fix"]);
    assert!(!folder.read("etc/real.conf").contains("=>>"));
    let data = std::fs::symlink_metadata(etc.join("extensions.conf")).unwrap();
    assert!(data.is_symlink());
    let mode = std::fs::metadata(etc.join("real.conf"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o7777, 0o640);
    // A link that leads out of the named directory is not followed.
    symlink("../elsewhere/part.conf", etc.join("part.conf")).unwrap();
    folder.write("etc/real.conf", "#include part.conf\n");
    let seen = folder.seen(&["check", "etc", "--fix", "--format", "github"]);
    assert!(folder.read("elsewhere/part.conf").contains("=>>"));
    insta::assert_snapshot!("fix_link", seen);
}

#[test]
fn what_a_program_wrote_is_left_to_it() {
    let plan = format!("; auto-generated by FreePBX\n{PLAN}");
    let folder = Folder::new("fix-generated", &[("extensions.conf", &plan)]);
    folder.run(&["check", ".", "--fix", "--suggested"]);
    assert_eq!(folder.read("extensions.conf"), plan);
    folder.run(&["check", ".", "--fix", "--generated", "all"]);
    assert_ne!(folder.read("extensions.conf"), plan);
}
