//! Coverage knows both sides of an include with times, and the wrong key in a menu.

use crate::Folder;

const PLAN: &str = "[phones]
include => day,9:00-17:00,mon-fri,*,*
include => night
exten => 300,1,Answer()
 same => n,Goto(menu,s,1)
[day]
exten => 100,1,Playback(open)
exten => 300,1,Playback(never)
include => saturday,*,sat,*,*
[saturday]
exten => 200,1,Playback(market)
[night]
exten => 100,1,Playback(closed)
exten => 400,1,Goto(phones,100,1)
[menu]
exten => s,1,Background(welcome)
 same => n,Hangup()
exten => 1,1,Playback(one)
exten => i,1,Playback(wrong)
";

fn covered(name: &str, tests: &str) -> String {
    let tests = format!("defaults: {{ context: phones }}\ntests:\n{tests}");
    let folder = Folder::new(
        name,
        &[("extensions.conf", PLAN), ("extensions.test.yaml", &tests)],
    );
    let table = folder.seen(&["--coverage"]);
    let told = folder.seen(&["--coverage=lcov.info"]);
    assert!(told.ends_with("--- exit 0\n"), "{told}");
    format!("{table}\n{}", folder.read("lcov.info"))
}

/// The lines of the table that tell of includes.
fn untried(text: &str) -> Vec<&str> {
    text.lines()
        .filter(|l| l.contains("include =>"))
        .map(str::trim)
        .collect()
}

const DAY: &str = "  - name: by day
    dial: \"100\"
    at: \"2026-03-02 10:00\"
    expect: { heard: [open] }
";

const NIGHT: &str = "  - name: by night, and by a jump
    dial: \"400\"
    at: \"2026-03-02 20:00\"
    expect: { path: [Goto, Playback], heard: [closed] }
";

#[test]
fn an_include_with_times_has_two_sides() {
    let seen = covered("day", DAY);
    let lines = untried(&seen);
    assert_eq!(lines.len(), 2, "{seen}");
    assert!(lines[0].contains("include => day"), "{seen}");
    assert!(
        lines[0].ends_with("never tried: a number outside of the times"),
        "{seen}"
    );
    assert!(
        lines[1].contains("include => saturday")
            && lines[1]
                .ends_with("never tried: a number within the times, a number outside of the times"),
        "{seen}"
    );
    assert!(
        seen.contains("BRDA:2,0,0,1\nBRDA:2,0,1,0\n") && seen.contains("DA:2,1\n"),
        "{seen}"
    );
    let seen = covered("both", &format!("{DAY}{NIGHT}"));
    assert_eq!(untried(&seen).len(), 1, "{seen}");
    assert!(seen.contains("BRDA:2,0,0,1\nBRDA:2,0,1,1\n"), "{seen}");
}

/// Neither a number that the context answers itself nor one that is nowhere says anything of its includes.
#[test]
fn an_include_that_decides_nothing_is_not_tried() {
    let seen = covered(
        "nothing",
        "  - name: its own, or nobody's
    dial: [\"300\", \"999\"]
    expect: { dialed: [] }
",
    );
    let lines = untried(&seen);
    assert!(
        lines[0].ends_with("never tried: a number within the times, a number outside of the times"),
        "{seen}"
    );
    assert!(seen.contains("BRDA:2,0,0,-\n"), "{seen}");
}

#[test]
fn a_background_has_a_wrong_key() {
    let menu = |key: &str| {
        format!(
            "  - name: key {key}\n    dial: \"300\"\n    does: [{{ during prompt: welcome, press: \"{key}\" }}]\n    expect: {{ never heard: [open] }}\n"
        )
    };
    let tried = |tests: &str| {
        let seen = covered("keys", tests);
        let line = seen.lines().find(|l| l.contains("Background"));
        line.unwrap_or_default()
            .rsplit("never tried: ")
            .next()
            .unwrap()
            .to_owned()
    };
    assert_eq!(tried(&menu("1")), "no key, a key that leads nowhere");
    assert_eq!(tried(&menu("7")), "a key that leads somewhere, no key");
    assert_eq!(tried(&format!("{}{}", menu("1"), menu("7"))), "no key");
}
