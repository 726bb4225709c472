//! Plans and configurations that look like a defect and are none: the check of that name says nothing about them.

use strowger_compiler::source::Sources;
use strowger_compiler::{Options, analyse};

/// Whether the code is told of these files, the plan being the first of them.
fn told(code: &str, files: &[(&str, &str)]) -> bool {
    let mut sources = Sources::new();
    for (name, text) in files {
        sources.add(name, *text);
    }
    let options = Options {
        plan: files[0].0.to_owned(),
        ..Options::default()
    };
    let found = analyse(&sources, &options).diagnostics;
    found.iter().any(|f| f.code == code)
}

const PLAN: (&str, &str) = (
    "extensions.conf",
    "[inside]\nexten => 1,1,Dial(SIP/1001)\n same => n,Dial(PJSIP/abc)\n",
);

fn sip(general: &str, device: &str) -> String {
    format!("[general]\ncontext=nowhere\n{general}[1001]\ntype=friend\nhost=dynamic\n{device}")
}

#[test]
fn a_context_that_no_call_enters() {
    let c001 = |general, device| told("C001", &[PLAN, ("sip.conf", &sip(general, device))]);
    assert!(!c001("allowguest=no\n", "context=inside\n"));
    assert!(!c001("allowguest=no\n", "#include more.conf\n"));
    assert!(c001("allowguest=no\n", ""));
    assert!(c001("", "context=inside\n"));
    assert!(c001("allowguest=no\n", "context=outside\n"));
}

#[test]
fn devices_that_are_written_elsewhere() {
    let transport = "[udp]\ntype=transport\nbind=0.0.0.0\n";
    let endpoint = format!("{transport}[other]\ntype=endpoint\n");
    assert!(!told("C002", &[PLAN, ("pjsip.conf", transport)]));
    assert!(told("C002", &[PLAN, ("pjsip.conf", &endpoint)]));
}

#[test]
fn lines_that_belong_to_the_section_that_includes_them() {
    let lines = "exten => 1,1,Answer()\n same => n,Hangup()\n";
    assert!(!told("S114", &[("zone.conf", lines)]));
    assert!(told("S114", &[("extensions.conf", lines)]));
}

#[test]
fn old_names_that_the_plan_or_its_script_sets() {
    let v503 = |first: &str| {
        let plan = format!("[a]\nexten => 1,1,{first}\n same => n,NoOp(${{ACCOUNTCODE}})\n");
        told("V503", &[("extensions.conf", &plan)])
    };
    assert!(!v503("AGI(who.php)"));
    assert!(!v503("Set(ARRAY(ACCOUNTCODE,b)=${CALLERID(num)},2)"));
    assert!(v503("Answer()"));
}
