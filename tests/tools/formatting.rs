//! `fmt`: what is written, shown, refused, and how it ends.

use crate::{folder, run, seen_with};

const PLAN: &str = "[main]\nexten=>100 , 1, NoOp( x )   ; why\nsame=>n,Hangup()\n\n\n\n\n\n\n\n\nexten => 200,1,NoOp()\n same =>   n,Hangup()";

#[test]
fn standard_input_goes_to_standard_output() {
    insta::assert_snapshot!("fmt_stdin", seen_with(&["fmt", "-"], PLAN));
    insta::assert_snapshot!("fmt_diff", seen_with(&["fmt", "--diff", "-"], PLAN));
    insta::assert_snapshot!("fmt_check", seen_with(&["fmt", "--check", "-"], PLAN));
}

#[test]
fn a_directory_is_its_plan_and_what_that_includes() {
    let folder = folder("fmt");
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    write("extensions.conf", &format!("{PLAN}\n#include more.conf\n"));
    write("more.conf", "[more]\nexten=>1,1,NoOp()\n");
    write("other.conf", "[other]\nexten=>1,1,NoOp()\n");
    write("sip.conf", "[100]  \nsecret=x\n");
    let at = folder.to_str().unwrap();

    let checked = run(&["fmt", "--check", at], "");
    assert_eq!(checked.status.code(), Some(1));
    let said = String::from_utf8_lossy(&checked.stdout).replace(at, "DIR");
    assert_eq!(
        said,
        "DIR/extensions.conf: 3 lines would change\nDIR/more.conf: 1 line would change\n"
    );
    assert!(
        read("extensions.conf").starts_with(PLAN),
        "--check writes nothing"
    );

    assert!(run(&["fmt", at], "").status.success());
    assert_eq!(read("more.conf"), "[more]\nexten => 1,1,NoOp()\n");
    assert!(
        read("extensions.conf")
            .starts_with("[main]\nexten => 100,1,NoOp( x )    ; why\n same => n,Hangup()\n")
    );
    assert_eq!(read("other.conf"), "[other]\nexten=>1,1,NoOp()\n");
    assert_eq!(read("sip.conf"), "[100]  \nsecret=x\n");
    assert!(run(&["fmt", "--check", at], "").status.success());
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn files_in_dial_are_laid_out_and_those_with_mistakes_are_not_touched() {
    let folder = folder("fmt-dial");
    std::fs::create_dir(folder.join("site")).unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    write(
        "office.dial",
        "import site/numbers\ncontext office {\non 61{ hangup() }\n}\n",
    );
    write("site/numbers.dial", "const  desk=\"61\" // the desk\n");
    write("site/other.dial", "const  desk=\"61\"\n");
    let at = folder.to_str().unwrap();

    let checked = run(&["fmt", "--check", at], "");
    assert_eq!(checked.status.code(), Some(1));
    let said = String::from_utf8_lossy(&checked.stdout).replace(at, "DIR");
    assert_eq!(
        said,
        "DIR/office.dial: 1 line would change\nDIR/site/numbers.dial: 1 line would change\n"
    );
    assert!(run(&["fmt", at], "").status.success());
    assert_eq!(
        read("office.dial"),
        "import site/numbers\ncontext office {\n  on 61 { hangup() }\n}\n"
    );
    assert_eq!(
        read("site/numbers.dial"),
        "const desk = \"61\" // the desk\n"
    );
    assert_eq!(read("site/other.dial"), "const  desk=\"61\"\n");

    let wrong = "context office {\non 61{ hangup(); }\n}\n";
    write("office.dial", wrong);
    let out = run(&["fmt", at], "");
    assert_eq!(out.status.code(), Some(2));
    let said = String::from_utf8_lossy(&out.stderr).replace(at, "DIR");
    insta::assert_snapshot!("fmt_dial_with_a_mistake", said);
    assert_eq!(read("office.dial"), wrong);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn what_is_no_plan_is_refused() {
    for path in ["nothing.conf", "plan.ael", "."] {
        let out = run(&["fmt", path], "");
        assert_eq!(out.status.code(), Some(2), "{path}");
    }
}
