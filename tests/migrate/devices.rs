//! sip.conf and users.conf become pjsip.conf.

use super::{folder, migrate};

const OLD: &str = "\
[general]
allowguest=no
context=office
call-limit=2

[phone](!)
type=friend
host=dynamic
nat=yes

[100](phone)
secret=never-told

[trunk]
type=peer
host=192.0.2.7
insecure=port,invite
secret=never-told
call-limit=4
";

#[test]
fn the_report() {
    let folder = folder(&[("sip.conf", OLD)]);
    let (code, out, err) = migrate(&["plan", "--devices"], folder.path());
    assert_eq!((code, err.as_str()), (1, ""));
    insta::assert_snapshot!(out);
    let (code, json, _) = migrate(&["plan", "--devices", "--json"], folder.path());
    assert_eq!(code, 1);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["devices"], 2);
    assert_eq!(json["same"], 2);
    assert_eq!(json["options"].as_array().unwrap().len(), 12);
    assert!(!out.contains("never-told") && !json.to_string().contains("never-told"));
    // Nothing was written.
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    assert_eq!(
        std::fs::read_dir(folder.path().join("plan"))
            .unwrap()
            .count(),
        1
    );
}

#[test]
fn everything_has_its_place() {
    let folder = folder(&[(
        "sip.conf",
        "[general]\nallowguest=no\n[100]\ntype=friend\nhost=dynamic\nsecret=x\n",
    )]);
    let (code, out, _) = migrate(&["plan", "--devices"], folder.path());
    assert_eq!(code, 0, "{out}");
}

#[test]
fn files_are_written_where_they_may_be() {
    let folder = folder(&[("sip.conf", OLD)]);
    let at = |p: &str| folder.path().join(p);
    let (code, _, err) = migrate(&["plan", "--devices", "-o", "plan"], folder.path());
    assert_eq!(code, 2);
    assert!(err.contains("--in-place"), "{err}");
    assert_eq!(
        migrate(&["plan", "--devices", "-o", "new"], folder.path()).0,
        1
    );
    let written = std::fs::read_to_string(at("new/pjsip.conf")).unwrap();
    assert!(
        written.contains("[100](endpoint-defaults,phone)"),
        "{written}"
    );
    let report = std::fs::read_to_string(at("new/migration.md")).unwrap();
    assert!(!report.contains("never-told"));
    // Not twice without a word.
    let (code, _, err) = migrate(&["plan", "--devices", "-o", "new"], folder.path());
    assert_eq!(code, 2);
    assert!(err.contains("--force"), "{err}");
    let again = ["plan", "--devices", "-o", "new", "--force"];
    assert_eq!(migrate(&again, folder.path()).0, 1);
    assert_eq!(
        std::fs::read_to_string(at("new/pjsip.conf")).unwrap(),
        written
    );
    assert_eq!(
        migrate(&["plan", "--devices", "--in-place"], folder.path()).0,
        1
    );
    assert_eq!(
        std::fs::read_to_string(at("plan/pjsip.conf")).unwrap(),
        written
    );
    assert_eq!(std::fs::read_to_string(at("plan/sip.conf")).unwrap(), OLD);
}

#[cfg(unix)]
#[test]
fn who_could_not_read_the_old_file_cannot_read_the_new_one() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder(&[("sip.conf", OLD)]);
    let at = |p: &str| folder.path().join(p);
    std::fs::set_permissions(at("plan/sip.conf"), PermissionsExt::from_mode(0o600)).unwrap();
    migrate(&["plan", "--devices", "-o", "new"], folder.path());
    let mode = std::fs::metadata(at("new/pjsip.conf"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_directory_without_devices() {
    let folder = folder(&[("extensions.conf", "[default]\n")]);
    let (code, out, err) = migrate(&["plan", "--devices"], folder.path());
    assert_eq!((code, out.as_str()), (2, ""));
    insta::assert_snapshot!(err, @"strowger: plan: there is neither sip.conf nor users.conf in it");
    assert_eq!(migrate(&["nowhere", "--devices"], folder.path()).0, 2);
}
