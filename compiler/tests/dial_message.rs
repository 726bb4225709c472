//! `on message`: what texts enter, in bytecode, and as lines of an extensions.conf.
#![allow(clippy::unwrap_used)]

use strowger_compiler::{Compiled, Level, Options, Sources, compile, emit};
use strowger_vm::{Globals, Inputs, Module, System, Time};

const SMS: &str = "\
context sms {
  on 62 {
    trace(\"written out\")
    hangup()
  }

  on `6X` {
    hangup(UserBusy)
  }

  on message {
    trace(\"a text for {exten}\")
    hangup()
  }
}

context outer {
  include sms
  on `7X` { hangup() }
}

context by_day {
  include sms when now in hours(\"mon-fri 09:00-17:00\")
}
";

fn compiled(files: &[(&str, &str)]) -> (Sources, Compiled) {
    let mut sources = Sources::new();
    for (name, text) in files {
        sources.add(name, text.as_bytes());
    }
    let plan = files[0].0.to_owned();
    let options = Options {
        plan,
        ..Options::default()
    };
    let compiled = compile(&sources, &options);
    let wrong = compiled
        .diagnostics
        .iter()
        .filter(|d| d.level == Level::Error);
    assert_eq!(wrong.count(), 0, "{:?}", compiled.diagnostics);
    (sources, compiled)
}

fn entered(module: &Module, context: &str, exten: &str) -> String {
    let context = module.entered_by_text(context.as_bytes(), exten.as_bytes());
    String::from_utf8(context.into_owned()).unwrap()
}

fn exists(module: &Module, context: &str, exten: &str, at: &str) -> bool {
    let seconds: i64 = match at {
        "sunday" => 1_772_359_200,
        _ => 1_772_445_600,
    };
    let inputs = Inputs {
        now: Time(seconds * 1_000_000),
        globals: Globals::default().into(),
        system: System::default().into(),
    };
    module.exists(&inputs, context.as_bytes(), exten.as_bytes(), None)
}

#[test]
fn texts_and_calls_part() {
    let (_, compiled) = compiled(&[("extensions.dial", SMS)]);
    let module = compiled.module.unwrap();
    // A number that is written out goes first, a pattern does not.
    assert_eq!(entered(&module, "sms", "62"), "sms");
    assert_eq!(entered(&module, "sms", "6-2"), "sms");
    assert_eq!(entered(&module, "sms", "63"), "sms[message]");
    assert_eq!(entered(&module, "sms", "anna"), "sms[message]");
    assert!(exists(&module, "sms[message]", "anna", "monday"));
    // A call finds nothing there.
    assert!(!exists(&module, "sms", "anna", "monday"));
    assert!(!exists(&module, "sms", "h", "monday"));
    // Through includes, where the context itself does not answer the number.
    assert_eq!(entered(&module, "outer", "anna"), "outer[message]");
    assert!(exists(&module, "outer[message]", "anna", "monday"));
    assert_eq!(entered(&module, "outer", "71"), "outer");
    assert!(exists(&module, "by_day[message]", "anna", "monday"));
    assert!(!exists(&module, "by_day[message]", "anna", "sunday"));
    // What knows no texts is as it was.
    assert_eq!(entered(&module, "nowhere", "1"), "nowhere");
}

#[test]
fn an_extensions_conf_that_includes_the_context_takes_its_texts() {
    let conf = "#include \"sms.dial\"\n[phones]\ninclude => sms\nexten => 1,1,Hangup()\n[more]\ninclude => phones\n";
    let (_, compiled) = compiled(&[("extensions.conf", conf), ("sms.dial", SMS)]);
    let module = compiled.module.unwrap();
    for context in ["phones", "more"] {
        assert_eq!(
            entered(&module, context, "anna"),
            format!("{context}[message]")
        );
        let entered = entered(&module, context, "anna");
        assert!(exists(&module, &entered, "anna", "monday"));
    }
    assert_eq!(entered(&module, "phones", "1"), "phones");
    // No header of an extensions.conf names such a context.
    let clash = "[sms]\nexten => 1,1,Hangup()\n[sms[message]]\nexten => _.,1,Hangup()\n";
    let (_, plain) = self::compiled(&[("extensions.conf", clash)]);
    let module = plain.module.unwrap();
    assert_eq!(entered(&module, "sms", "anna"), "sms");
}

#[test]
fn an_asterisk_is_told_what_is_a_text() {
    let (sources, compiled) = compiled(&[("extensions.dial", SMS)]);
    let conf = emit::conf(&compiled.hir, &sources).unwrap();
    let conf = String::from_utf8(conf).unwrap();
    assert!(!conf.contains("[message]"), "{conf}");
    let expected = "\
exten => _.,1,GotoIf($[\"${CHANNEL:0:8}\" = \"Message/\"]?3)
 same => n,Hangup(${IF($[\"${EXTEN}\" = \"h\"]?${HANGUPCAUSE}:1)})
 same => n,NoOp(a text for ${EXTEN})
 same => n,Hangup()
";
    assert!(conf.contains(expected), "{conf}");
}

#[test]
fn no_context_can_be_called_as_one_for_texts() {
    let sources = Sources::new().with(
        "extensions.dial",
        "context a as \"a[message]\" {\n  on 1 { hangup() }\n}\n",
    );
    let found = compile(&sources, &Options::default()).diagnostics;
    assert!(found.iter().any(|d| d.code == "D210"), "{found:?}");
}
