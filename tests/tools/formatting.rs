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
fn what_is_no_plan_is_refused() {
    for path in ["nothing.conf", "plan.ael", "."] {
        let out = run(&["fmt", path], "");
        assert_eq!(out.status.code(), Some(2), "{path}");
    }
}
