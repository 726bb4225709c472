//! `[general]`: which options there are, and which of two counts.

use super::{codes, read};

#[test]
fn the_last_counts_since_23_the_first_before() {
    let plan = "[general]\nautofallthrough=no\nautofallthrough=yes\n[main]\nexten => s,1,NoOp()\n";
    let falls = |release: &str| read(release, plan).hir.general.autofallthrough;
    assert!(falls("23"));
    for release in ["22", "18", "1.4"] {
        assert!(!falls(release), "{release}");
    }
}

#[test]
fn options_come_and_go() {
    for (option, first_without, first_with) in [
        ("extenpatternmatchnew=yes", "1.4", "1.6.0"),
        ("overrideswitch=Realtime/x@y", "1.6.0", "1.6.1"),
    ] {
        let plan = format!("[general]\n{option}\n[main]\nexten => s,1,NoOp()\n");
        assert!(codes(first_without, &plan).contains(&"M912"), "{option}");
        assert!(!codes(first_with, &plan).contains(&"M912"), "{option}");
    }
    for (option, last_with, first_without) in [
        ("priorityjumping=yes", "1.4", "1.6.0"),
        ("userscontext=x", "22", "23"),
    ] {
        let plan = format!("[general]\n{option}\n[main]\nexten => s,1,NoOp()\n");
        assert!(!codes(last_with, &plan).contains(&"M912"), "{option}");
        assert!(codes(first_without, &plan).contains(&"M912"), "{option}");
    }
    for harmless in [
        "priorityjumping=no",
        "userscontext=default",
        "overrideswitch=",
    ] {
        let plan = format!("[general]\n{harmless}\n[main]\nexten => s,1,NoOp()\n");
        assert!(!codes("23", &plan).contains(&"M912"), "{harmless}");
    }
    let plan = "[general]\nextenpatternmatchnew=yes\noverrideswitch=a/b\nuserscontext=u\n[main]\n";
    let general = read("1.4", plan).hir.general;
    assert!(!general.extenpatternmatchnew && general.overrideswitch.is_none());
    assert_eq!(general.userscontext, b"u");
    assert_eq!(read("23", plan).hir.general.userscontext, b"default");
}
