//! The formats, colours, and what a reader sees on standard error.

use crate::Folder;

fn folder(name: &str) -> Folder {
    Folder::new(
        name,
        &[
            (
                "extensions.conf",
                "[a]\nexten => 1,1,Playback(a, b & \"c\"<d>)50% of it\nsame =>> n,Hangup()\nsame => n,VoiceMail(1)\nsame => n,VoiceMail(2)\nexten => h,1,Hangup()\n",
            ),
            ("sip.conf", "[general]\nallowguest=no\ncontext=nowhere\n"),
            ("rtp.conf", "[general]\n"),
        ],
    )
}

#[test]
fn every_format() {
    let folder = folder("formats");
    for format in ["human", "json", "github", "junit", "sarif"] {
        insta::assert_snapshot!(
            format!("format_{format}"),
            folder.seen(&["check", ".", "--format", format])
        );
    }
}

#[test]
fn nothing_to_report() {
    let folder = Folder::new(
        "clean",
        &[("extensions.conf", "[a]\nexten => 1,1,NoOp()\n")],
    );
    for format in ["human", "json", "github", "junit", "sarif"] {
        let seen = folder.seen(&["check", ".", "--format", format]);
        insta::assert_snapshot!(format!("clean_{format}"), seen);
    }
}

#[test]
fn json_says_each_thing_by_its_name() {
    let folder = folder("names");
    let out = folder.run(&["check", ".", "--format", "json"]);
    let lines: Vec<serde_json::Value> = String::from_utf8(out.stdout)
        .unwrap()
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    let (summary, findings) = lines.split_last().unwrap();
    assert!(summary["summary"].is_object());
    assert!(findings.len() > 3);
    for finding in findings {
        let keys: Vec<&String> = finding.as_object().unwrap().keys().collect();
        assert_eq!(
            keys,
            [
                "file",
                "line",
                "column",
                "end_line",
                "end_column",
                "code",
                "level",
                "message",
                "notes",
                "related",
                "fixes"
            ]
        );
        assert!(["note", "warn", "error"].contains(&finding["level"].as_str().unwrap()));
    }
}

#[test]
fn the_same_cause_is_told_once_with_its_places() {
    let folder = folder("gathered");
    let plan: String = (0..250)
        .map(|n| format!("exten => {n},1,VoiceMail({n})\n"))
        .collect();
    folder.write("extensions.conf", &format!("[a]\n{plan}"));
    let out = folder.run(&[
        "check",
        "extensions.conf",
        "--format",
        "json",
        "--target",
        "strowger",
    ]);
    let text = String::from_utf8(out.stdout).unwrap();
    let of: Vec<serde_json::Value> = text
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .filter(|v: &serde_json::Value| v["code"] == "A421")
        .collect();
    assert_eq!(of.len(), 1);
    assert!(
        of[0]["notes"][0]
            .as_str()
            .unwrap()
            .ends_with("(250 places)"),
        "{}",
        of[0]["notes"]
    );
    // Other places are named up to a bound.
    assert_eq!(of[0]["related"].as_array().unwrap().len(), 100);
    // People see three of them.
    let human = folder.seen(&["check", "extensions.conf", "--target", "strowger"]);
    assert_eq!(human.matches("here too").count(), 3, "{human}");
}

#[test]
fn colours_where_they_are_wanted() {
    let folder = folder("colours");
    let coloured = |words: &[&str]| {
        let out = folder.run(&[&["check", "."], words].concat());
        out.stdout.contains(&0x1b)
    };
    assert!(!coloured(&[]));
    assert!(coloured(&["--color", "always"]));
    assert!(!coloured(&["--color", "never"]));
    assert!(!coloured(&["--color", "always", "--format", "json"]));
    // Nothing of progress where there is no terminal.
    assert!(folder.run(&["check", "."]).stderr.is_empty());
}

#[cfg(target_os = "linux")]
#[test]
fn colours_on_a_terminal() {
    use std::process::Command;
    // `script` gives a terminal; where it is missing this is said.
    let folder = folder("terminal");
    let seen = |no_color: Option<&str>| {
        let mut command = Command::new("script");
        command
            .args([
                "-qec",
                &format!("{} check .", env!("CARGO_BIN_EXE_strowger")),
                "/dev/null",
            ])
            .current_dir(folder.path())
            .env_remove("NO_COLOR");
        if let Some(value) = no_color {
            command.env("NO_COLOR", value);
        }
        command.output().map(|out| out.stdout.contains(&0x1b))
    };
    match seen(None) {
        Err(fault) => eprintln!("skipped: script: {fault}"),
        Ok(coloured) => {
            assert!(coloured);
            assert!(!seen(Some("1")).unwrap());
            assert!(seen(Some("")).unwrap());
        }
    }
}
