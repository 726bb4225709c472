//! `compile`: a plan as bytecode in a file, and every tool that takes one.

use crate::{folder, json, run, seen};

/// Compiles a plan of `plans/` into a fresh folder.
fn compiled(name: &str, plan: &str) -> (std::path::PathBuf, String) {
    let folder = folder(name);
    let file = folder.join("plan.dialc").to_str().unwrap().to_owned();
    let out = run(&["compile", plan, "-o", &file], "");
    assert!(
        out.status.success(),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    (folder, file)
}

#[test]
fn twice_the_same_bytes() {
    for plan in [
        "office.conf",
        "choice.conf",
        "best.conf",
        "../../../examples/sms",
    ] {
        let (a, first) = compiled("twice-a", plan);
        let (b, second) = compiled("twice-b", plan);
        assert!(
            std::fs::read(&first).unwrap() == std::fs::read(&second).unwrap(),
            "{plan}"
        );
        std::fs::remove_dir_all(a).unwrap();
        std::fs::remove_dir_all(b).unwrap();
    }
}

#[test]
fn a_compiled_plan_does_what_the_plan_does() {
    let (folder, file) = compiled("same", "office.conf");
    let alike = |args: &[&str]| {
        let of = |plan: &str| {
            let args: Vec<&str> = args
                .iter()
                .map(|a| if *a == "PLAN" { plan } else { a })
                .collect();
            let out = run(&args, "");
            (
                out.status.code(),
                String::from_utf8_lossy(&out.stdout).into_owned(),
                String::from_utf8_lossy(&out.stderr).into_owned(),
            )
        };
        let from_text = of("office.conf");
        assert_eq!(from_text, of(&file), "{args:?}");
        from_text.1
    };
    let moment = "2026-03-02 10:00";
    assert!(alike(&["match", "PLAN", "office", "61", "--at", moment]).contains("61 in [office]"));
    assert!(alike(&["show", "PLAN", "--bytecode"]).contains("Dial"));
    // TRUNK is a global variable.
    assert!(alike(&["simulate", "PLAN", "office,0123", "--at", moment]).contains("PJSIP/out/123"));
    assert!(
        alike(&["eval", "${TRUNK} ${GREETING}", "--plan", "PLAN"]).contains("welcome to PJSIP/out")
    );
    // HINT() asks the module.
    assert!(alike(&["eval", "${HINT(61@office)}", "--plan", "PLAN"]).contains("PJSIP/61"));
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn the_exchange_takes_one_with_the_device_files_beside_it() {
    let (folder, file) = compiled("exchange", "office.conf");
    std::fs::write(folder.join("sip.conf"), "[general]\nudpbindaddr=127.0.0.1:0\n[61]\ntype=friend\nhost=dynamic\ncontext=office\nsecret=ooMohd3goo\n").unwrap();
    let out = run(&["run", "--check-only", &file], "");
    let said = String::from_utf8_lossy(&out.stdout);
    assert!(
        out.status.success(),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    assert!(
        said.contains("SIP/61") && said.contains("office (19)"),
        "{said}"
    );
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn what_is_no_sound_module_is_refused() {
    let (folder, file) = compiled("refused", "office.conf");
    let whole = std::fs::read(&file).unwrap();
    let refused = |bytes: &[u8]| {
        std::fs::write(&file, bytes).unwrap();
        for args in [
            &["simulate", &file, "office,61"][..],
            &["match", &file, "office", "61"],
            &["show", &file, "--bytecode"],
            &["run", "--check-only", &file],
        ] {
            let out = run(args, "");
            let said = String::from_utf8_lossy(&out.stderr).into_owned();
            assert_eq!(out.status.code(), Some(2), "{args:?}: {said}");
            assert!(!said.contains("panicked"), "{args:?}: {said}");
        }
        let said = seen(&["match", &file, "office", "61"]);
        let said = said.replace(&file, "plan.dialc");
        // The format's own version rises now and then.
        match said.split_once("this program reads ") {
            Some((before, after)) => {
                let after = after.trim_start_matches(|c: char| c.is_ascii_digit());
                format!("{before}this program reads N{after}")
            }
            None => said,
        }
    };
    let mut foreign = whole.clone();
    foreign[8] = 99;
    let mut altered = whole.clone();
    altered[whole.len() / 2] ^= 1;
    let stories = [
        refused(b"[default]\nexten => 1,1,NoOp()\n"),
        refused(&foreign),
        refused(&altered),
        refused(&whole[..whole.len() - 9]),
        refused(b""),
    ];
    insta::assert_snapshot!("compile_refused", stories.concat());
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_source_that_changed_since_is_told() {
    let folder = folder("stale");
    let plan = folder.join("extensions.conf");
    let text = "[a]\n#include \"more.conf\"\n";
    std::fs::write(&plan, text).unwrap();
    std::fs::write(folder.join("more.conf"), "exten => 1,1,NoOp()\n").unwrap();
    let out = json(&["compile", plan.to_str().unwrap(), "--json"]);
    let names: Vec<&str> = out["sources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s["file"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["extensions.conf", "more.conf"]);
    let file = folder.join("extensions.dialc");
    let said = || {
        let out = run(&["match", file.to_str().unwrap(), "a", "1"], "");
        assert!(out.status.success());
        String::from_utf8_lossy(&out.stderr).into_owned()
    };
    assert_eq!(said(), "");
    std::fs::write(folder.join("more.conf"), "exten => 2,1,NoOp()\n").unwrap();
    assert!(said().contains("more.conf has changed since"));
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_plan_that_asterisk_refuses_is_not_written() {
    let folder = folder("broken");
    let plan = folder.join("extensions.conf");
    std::fs::write(&plan, "[default\nexten => 1,1,NoOp()\n").unwrap();
    let out = run(&["compile", plan.to_str().unwrap()], "");
    assert_eq!(out.status.code(), Some(1));
    assert!(!folder.join("extensions.dialc").exists());
    std::fs::remove_dir_all(folder).unwrap();
    insta::assert_snapshot!("compile_nothing", seen(&["compile", "nowhere.conf"]));
}
