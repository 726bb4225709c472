//! A plan of an old release is written for a newer one, within its files.

use super::{folder, migrate};

const OLD: &str = "\
[general]
[default]
; Who is called
exten => 100,1,Macro(ring,100,SIP/100)
exten => 100,n,Hangup()
exten => 200,1,Answer()
exten => 200,n,Hangup()

[macro-ring]
exten => s,1,Dial(${ARG2},20)
exten => s,n,Goto(s-${DIALSTATUS},1)
exten => s-BUSY,1,Playback(busy)
exten => _s-.,1,Playback(sorry)
";

#[test]
fn the_report_and_the_difference() {
    let folder = folder(&[("extensions.conf", OLD)]);
    let (code, out, err) = migrate(&["plan", "--to-conf"], folder.path());
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    insta::assert_snapshot!(out);
    let (_, diff, _) = migrate(&["plan", "--to-conf", "--diff"], folder.path());
    insta::assert_snapshot!(diff);
    let (_, json, _) = migrate(&["plan", "--to-conf", "--json"], folder.path());
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["from"], "20");
    assert_eq!(json["contexts"][0]["verdict"], "tested");
    // Nothing was written.
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn pipes_are_of_1_4() {
    let folder = folder(&[(
        "extensions.conf",
        "[default]\nexten => 1,1,Dial(SIP/a|20|t)\nexten => 1,2,Goto(default|2|1)\nexten => 2,1,Hangup()\n",
    )]);
    let (code, out, _) = migrate(&["plan", "--to-conf", "--target", "18"], folder.path());
    assert_eq!(code, 0, "{out}");
    insta::assert_snapshot!(out);
}

#[test]
fn what_differs_is_told() {
    // A macro from which a number is called that is not there goes on behind Macro; a subroutine does not.
    let folder = folder(&[(
        "extensions.conf",
        "[default]\nexten => 1,1,Macro(x)\nexten => 1,n,Playback(after)\n[macro-x]\nexten => s,1,Goto(nowhere,1)\n",
    )]);
    let (code, out, _) = migrate(&["plan", "--to-conf"], folder.path());
    assert_eq!(code, 1, "{out}");
    assert!(
        out.contains("| default | differs: dial 1 in default"),
        "{out}"
    );
    insta::assert_snapshot!(out);
}

#[test]
fn what_is_left_is_told() {
    let folder = folder(&[(
        "extensions.conf",
        "[default]\nexten => 1,1,Macro(x)\n[macro-x]\nexten => s,1,Set(MACRO_OFFSET=1)\n",
    )]);
    let (code, out, _) = migrate(&["plan", "--to-conf"], folder.path());
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("extensions.conf:4 M902 MACRO_OFFSET"), "{out}");
}

#[test]
fn files_are_written_where_they_may_be() {
    let folder = folder(&[
        (
            "extensions.conf",
            "#include more.conf\n[default]\nexten => 1,1,Hangup()\n",
        ),
        ("more.conf", OLD),
    ]);
    let at = |p: &str| folder.path().join(p);
    assert_eq!(
        migrate(&["plan", "--to-conf", "-o", "plan"], folder.path()).0,
        2
    );
    assert_eq!(
        migrate(&["plan", "--to-conf", "-o", "new"], folder.path()).0,
        0
    );
    let new = std::fs::read_to_string(at("new/more.conf")).unwrap();
    assert!(
        new.contains("Gosub(macro-ring,s,1(100,PJSIP/100))"),
        "{new}"
    );
    assert!(at("new/migration.json").exists() && !at("new/extensions.conf").exists());
    assert_eq!(std::fs::read_to_string(at("plan/more.conf")).unwrap(), OLD);
    assert_eq!(
        migrate(&["plan", "--to-conf", "-o", "new"], folder.path()).0,
        2
    );
    assert_eq!(
        migrate(&["plan", "--to-conf", "--in-place"], folder.path()).0,
        0
    );
    assert_eq!(std::fs::read_to_string(at("plan/more.conf")).unwrap(), new);
    // The second time there is nothing to do.
    let (code, out, _) = migrate(&["plan", "--to-conf", "--diff"], folder.path());
    assert_eq!((code, out.as_str()), (0, ""));
}

#[test]
fn releases_that_are_none() {
    let folder = folder(&[("extensions.conf", OLD)]);
    let (code, _, err) = migrate(
        &["plan", "--to-conf", "--target", "asterisk-99"],
        folder.path(),
    );
    assert_eq!(code, 2);
    assert!(err.contains("asterisk-99"), "{err}");
}
