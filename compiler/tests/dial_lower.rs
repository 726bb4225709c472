//! What `.dial` becomes: the priorities of a plan, as an administrator of Asterisk would write them.
#![allow(clippy::unwrap_used)]

mod programs;
mod world;

use programs::{HOSTILE, LOCALS, S, Stmt, expected, hostile, program, stmt_strategy};
use proptest::prelude::*;
use strowger_compiler::{Compiled, Level, Options, Sources, compile, emit};
use strowger_vm::{Limits, Vm};
use world::{Ran, World, call, run_with, text};

fn compiled(text: &str) -> Compiled {
    let (compiled, errors) = checked(text);
    let errors: Vec<_> = errors.iter().map(|(_, e)| e).collect();
    assert!(errors.is_empty(), "{errors:#?}\n{text}");
    compiled
}

/// The plan, and what is wrong with it: codes and messages.
fn checked(text: &str) -> (Compiled, Vec<(&'static str, String)>) {
    let sources = office(text);
    let options = Options {
        plan: "office.dial".to_owned(),
        ..Options::default()
    };
    let compiled = compile(&sources, &options);
    let errors = compiled
        .diagnostics
        .iter()
        .filter(|d| d.level == Level::Error);
    let errors = errors
        .map(|d| {
            let line = sources.file(d.primary.span.file).line(d.primary.span.start);
            (
                d.code,
                format!("line {line}: {} {} {}", d.code, d.message, d.primary.text),
            )
        })
        .collect();
    (compiled, errors)
}

/// The plan as text.
fn listing(text: &str) -> String {
    let hir = compiled(text).hir;
    let mut out = String::new();
    let show = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
    for global in &hir.globals {
        out += &format!("{}={}\n", show(&global.name), global.written.lossy());
    }
    for context in hir
        .contexts
        .iter()
        .filter(|c| !["features", "night"].contains(&show(&c.name).as_str()))
    {
        out += &format!("[{}]\n", show(&context.name));
        for include in &context.includes {
            out += &format!("include => {}\n", show(&include.text));
        }
        for extension in &context.extensions {
            let caller = extension
                .caller
                .as_ref()
                .map(|c| format!("/{}", show(&c.text)));
            let name = show(&extension.name) + &caller.unwrap_or_default();
            if let Some(hint) = &extension.hint {
                out += &format!("exten => {name},hint,{}\n", show(&hint.devices));
            }
            for step in &extension.steps {
                let head = if step.priority == 1 {
                    format!("exten => {name},1")
                } else {
                    " same => n".to_owned()
                };
                let label = step.label.as_ref().map(|l| format!("({})", l.lossy()));
                let label = label.unwrap_or_default();
                out += &format!(
                    "{head}{label},{}({})\n",
                    step.app.lossy(),
                    step.args.lossy()
                );
            }
        }
    }
    out
}

fn file(name: &str) -> String {
    let path = format!("{}/tests/dial/{name}.dial", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn a_reception() {
    insta::assert_snapshot!(listing(&file("reception")));
}

#[test]
fn every_statement() {
    insta::assert_snapshot!(listing(&file("ways")));
}

/// What is printed for an Asterisk, and what that is read as.
fn emitted(compiled: &Compiled, sources: &Sources) -> Result<(String, Compiled), Vec<String>> {
    let conf = emit::conf(&compiled.hir, sources).map_err(|refused| {
        let line = |r: &emit::Refusal| sources.file(r.span.file).line(r.span.start);
        refused
            .iter()
            .map(|r| format!("line {}: {}", line(r), r.why))
            .collect::<Vec<_>>()
    })?;
    let printed = Sources::new()
        .with("office.conf", conf.clone())
        .with("extensions.conf", "[features]\n[night]\n");
    let options = Options {
        plan: "office.conf".to_owned(),
        ..Options::default()
    };
    let again = compile(&printed, &options);
    Ok((text(&conf), again))
}

/// All that a plan does, but for places in files.
fn meaning(hir: &strowger_compiler::Hir) -> Vec<String> {
    let show = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
    let mut out: Vec<String> = hir
        .globals
        .iter()
        .map(|g| format!("{}={}", show(&g.name), show(&g.value)))
        .collect();
    for context in &hir.contexts {
        out.push(format!("[{}]", show(&context.name)));
        out.extend(context.includes.iter().map(|i| {
            format!(
                "{:?} {:?}",
                show(&i.context),
                i.times.as_ref().map(|t| show(t))
            )
        }));
        for e in &context.extensions {
            let caller = e.caller.as_ref().map(|c| show(&c.text));
            out.push(format!(
                "{} {caller:?} {:?}",
                show(&e.name),
                e.hint.as_ref().map(|h| show(&h.devices))
            ));
            for s in &e.steps {
                out.push(format!(
                    "{} {:?} {} {}",
                    s.priority,
                    s.label.as_ref().map(|l| l.lossy().into_owned()),
                    s.app.lossy(),
                    s.args.lossy()
                ));
            }
        }
    }
    out
}

fn office(text: &str) -> Sources {
    let sources = Sources::new().with("office.dial", text);
    if text.contains("import conf") {
        return sources.with("extensions.conf", "[features]\n[night]\n");
    }
    sources
}

#[test]
fn what_is_printed_for_an_asterisk_is_read_as_it_was() {
    let source = file("ways");
    let plan = compiled(&source);
    let (conf, again) = emitted(&plan, &office(&source)).unwrap();
    let told: Vec<_> = again.loading().map(|d| d.code).collect();
    assert!(told.is_empty(), "{told:?}");
    assert_eq!(meaning(&again.hir), meaning(&plan.hir));
    insta::assert_snapshot!(conf);
}

#[test]
fn what_no_asterisk_has_is_printed_as_a_subroutine() {
    let source = file("reception");
    let (conf, again) = emitted(&compiled(&source), &office(&source)).unwrap();
    // Messages come for any number.
    let told: Vec<_> = again.loading().map(|d| d.code).collect();
    assert_eq!(told, ["P701"]);
    let from = conf.find("exten => _.").unwrap();
    insta::assert_snapshot!(&conf[from..]);
}

#[test]
fn odd_texts_survive_the_print() {
    let source = "global a: Str = \" x; y \"\nglobal b: Str = \"\\n\"\ncontext main {\n  on start {\n    log(\" one; two \\\\; three\\n--; four ;-- five \")\n    hangup()\n  }\n  hint 61 = pjsip(\"a\")\n  on 61 { dial(pjsip(\"a\"), ring: 5s) }\n}\n";
    let plan = compiled(source);
    let (conf, again) = emitted(&plan, &office(source)).unwrap();
    assert_eq!(meaning(&again.hir), meaning(&plan.hir), "{conf}");
    assert_eq!(
        logged(&run(&again, &[])),
        ["NOTICE, one; two \\; three\n--; four ;-- five "]
    );
}

/// Runs `[main]` `s` with these variables.
fn run(compiled: &Compiled, variables: &[(&str, &str)]) -> Ran {
    let mut entry = call("main", "s", 1);
    let bytes = |t: &str| t.as_bytes().to_vec();
    entry.variables = variables
        .iter()
        .map(|(n, v)| (bytes(n), bytes(v)))
        .collect();
    let mut world = World::default();
    for global in &compiled.hir.globals {
        world
            .globals
            .insert(global.name.clone(), global.value.clone());
    }
    let module = compiled.module.as_ref().unwrap();
    run_with(
        &mut world,
        &mut Vm::new(Limits::default()),
        module,
        entry,
        |_, _| None,
    )
}

/// What a run logs, with its level.
fn logged(ran: &Ran) -> Vec<String> {
    let logs = ran.steps.iter().filter(|s| text(&s.application) == "Log");
    logs.map(|s| text(&s.arguments)).collect()
}

const ARGUMENTS: &str = "sub through(t: Raw) -> Raw { t }\ncontext main {\n  on start {\n    let a = channel(\"A\")\n    let b = channel(\"B\")\n    let _ = message_send(to: uri(a), from: uri(b), body: b)\n    let _ = message_send(to: uri(through(b)), from: uri(\"x{a},({b}\"), body: a)\n    send_text(\"{a}{b}\")\n    hangup()\n  }\n}\n";

#[test]
fn an_argument_is_one_whatever_stands_in_it() {
    let plan = compiled(ARGUMENTS);
    for (a, b) in HOSTILE
        .iter()
        .flat_map(|a| HOSTILE.iter().map(move |b| (*a, *b)))
    {
        let ran = run(&plan, &[("A", a), ("B", b)]);
        let sent: Vec<Vec<String>> = ran
            .steps
            .iter()
            .filter(|s| text(&s.application) == "MessageSend")
            .map(|s| {
                strowger_stdlib::args::split(&s.arguments, 3)
                    .iter()
                    .map(|a| text(a))
                    .collect()
            })
            .collect();
        // An address without its kind is one of SIP.
        let wanted = [
            vec![format!("pjsip:{a}"), b.to_owned()],
            vec![format!("pjsip:{b}"), format!("x{a},({b}")],
        ];
        assert_eq!(sent, wanted, "{a:?} {b:?}");
        let said = ran
            .steps
            .iter()
            .find(|s| text(&s.application) == "SendText")
            .unwrap();
        assert_eq!(text(&said.arguments), format!("{a}{b}"));
    }
}

/// What a query is given becomes SQL, so text from outside is refused there, read or written.
#[test]
fn a_query_takes_no_text_from_outside() {
    let codes = |statement: &str| -> Vec<&'static str> {
        let text =
            format!("context main {{\n  on `X.` {{\n    {statement}\n    hangup()\n  }}\n}}\n");
        let found = checked(&text).1;
        found
            .into_iter()
            .map(|(code, _)| code)
            .filter(|c| *c == "D401")
            .collect()
    };
    assert_eq!(codes("let a = odbc(\"NAME\", exten)"), ["D401"]);
    assert_eq!(codes("odbc(\"NAME\", \"a\") = caller.name"), ["D401"]);
    assert_eq!(
        codes("shared(\"A\", channel: caller.name) = \"1\""),
        ["D401"]
    );
    let safe = "odbc(\"NAME\", keep(exten, \"0-9\")) = keep(caller.name, \"a-z\")";
    assert_eq!(codes(safe), [""; 0]);
}

/// Digits hold nothing that would have to be protected, whatever an argument takes.
#[test]
fn a_number_of_digits_is_an_argument_as_it_is() {
    let plan = |pattern: &str| {
        listing(&format!(
            "context main {{\n  on `{pattern}` {{\n    let _ = voicemail(\"{{exten}}\")\n    let _ = voicemail([exten])\n    hangup()\n  }}\n}}\n"
        ))
    };
    let digits = plan("2XX");
    assert_eq!(digits.matches("VoiceMail(${EXTEN}").count(), 2, "{digits}");
    let any = plan("X.");
    assert_eq!(
        any.matches("VoiceMail(${ARGUMENT(EXTEN)}").count(),
        2,
        "{any}"
    );
}

#[test]
fn loops_in_loops_come_to_an_end() {
    let head = "const all = [1, 2, 3, 4, 5, 6, 7, 8, 9]\ncontext main {\n  on start {\n";
    // Nothing behind the hang-up becomes a step, but it could be written for ever.
    for first in ["", "    if true { hangup() }\n"] {
        let loops: String = (0..40)
            .map(|i| format!("    for a{i} in all {{\n"))
            .collect();
        let text = format!(
            "{head}{first}{loops}    log(\"x\")\n{}    hangup()\n  }}\n}}\n",
            "    }\n".repeat(40)
        );
        let (_, errors) = checked(&text);
        assert!(
            errors.iter().all(|(code, _)| *code == "D318") && !errors.is_empty(),
            "{errors:?}"
        );
    }
}

#[test]
fn a_subroutine_that_calls_itself_keeps_its_values() {
    let plan = compiled(
        "fn fib(n: Int) -> Int {\n  if n < 2 { return n }\n  let before = fib(n - 1)\n  before + fib(n - 2)\n}\ncontext main {\n  on start {\n    let before = 7\n    log(\"{fib(12)} {before}\")\n    hangup()\n  }\n}\n",
    );
    assert_eq!(logged(&run(&plan, &[])), ["NOTICE,144 7"]);
}

/// Bodies run on one channel: a context that is called leaves the names of its caller alone, those of a loop over texts, too.
#[test]
fn a_context_that_is_called_comes_back() {
    let plan = compiled(
        "sub twice(n: Int) -> Int {\n  let wait = n + n\n  gosub menu.7(wait)\n  wait\n}\n\
         context main {\n  on start {\n    let wait = 5\n    let came = gosub menu.7(wait, \"b\", 20s)\n    log(\"{came} {wait}\")\n    \
         for who in [\"{came}x\", \"z\"] {\n      let back = gosub menu.\"s-BUSY\"\n      log(\"{who} {back}\")\n    }\n    \
         log(\"{twice(4)}\")\n    let there = gosub menu(1)\n    log(\"{there}\")\n    let other = gosub dynamic(\"menu\", \"7\", 1, 9)\n    log(other)\n    \
         let said = gosub menu.(digits(came) ?? \"8\")\n    log(\"{said}\")\n    hangup()\n  }\n}\n\
         context menu {\n  on start { return channel(\"ARG1\") }\n  on 7 {\n    let wait = 99\n    let who = 98\n    if wait == 99 { return \"{channel('ARG1')} {channel('ARG2')} {channel('ARG3')}\" }\n    return who\n  }\n  \
         on \"s-BUSY\" {\n    let who = \"busy\"\n    for each in [\"1{who}\", who] { log(each) }\n    return who\n  }\n  on 8 { return }\n}\n",
    );
    assert_eq!(
        logged(&run(&plan, &[])),
        [
            "NOTICE,5 b 20 5",
            "NOTICE,1busy",
            "NOTICE,busy",
            "NOTICE,5 b 20x busy",
            "NOTICE,1busy",
            "NOTICE,busy",
            "NOTICE,z busy",
            "NOTICE,8",
            "NOTICE,1",
            "NOTICE,9  ",
            "NOTICE,",
        ]
    );
}

/// What a `gosub` cannot mean is told.
#[test]
fn a_gosub_that_leads_nowhere_is_refused() {
    let told = |line: &str| {
        let menu = "context menu {\n  on 7 { return }\n}\n";
        let text = format!(
            "context main {{\n  on start {{\n    label again\n    {line}\n    hangup()\n  }}\n}}\n{menu}"
        );
        let (_, errors) = checked(&text);
        errors.iter().map(|e| e.0).collect::<Vec<_>>()
    };
    for (line, code) in [
        ("gosub manu.7", "D208"),
        ("gosub @again", "D207"),
        ("gosub menu", "D208"),
        ("gosub menu.7(caller.name)", "D413"),
        ("gosub menu.7(\"a,b\")", "D413"),
        ("gosub menu.(caller.number)", "D401"),
        ("gosub dynamic(caller.number, \"7\", 1)", "D401"),
        ("gosub dynamic(\"menu\", \"7\")", "D403"),
        ("gosub menu.7(read(\"x\"))", "D404"),
        ("gosub menu.`X`", "D208"),
    ] {
        assert_eq!(told(line), [code], "{line}");
    }
    for line in ["gosub menu.7", "let _ = gosub menu.7(1, \"b c\", Busy)"] {
        assert_eq!(told(line), [""; 0], "{line}");
    }
    let (_, errors) =
        checked("fn f() -> Int {\n  gosub menu.7\n  1\n}\ncontext menu {\n  on 7 { return }\n}\n");
    assert_eq!(errors.iter().map(|e| e.0).collect::<Vec<_>>(), ["D310"]);
}

/// A `for` writes its body once for each element: a jump stays in its turn, one from outside leads to the first.
#[test]
fn a_label_in_a_for_is_one_in_each_turn() {
    let plan = compiled(
        "context main {\n  on start {\n    var again = true\n    for who in [\"a\", \"b\", \"c\"] {\n      if who == \"b\" { goto @behind }\n      log(who)\n      label behind\n      log(\"-{who}\")\n    }\n    if again {\n      again = false\n      goto @behind\n    }\n    hangup()\n  }\n}\n",
    );
    let turns = [
        "NOTICE,a",
        "NOTICE,-a",
        "NOTICE,-b",
        "NOTICE,c",
        "NOTICE,-c",
    ];
    let mut wanted = turns.to_vec();
    wanted.extend(["NOTICE,-c", "NOTICE,-b", "NOTICE,c", "NOTICE,-c"]);
    assert_eq!(logged(&run(&plan, &[])), wanted);
}

#[test]
fn a_jump_into_a_for_over_nothing_is_refused() {
    let body = |list: &str, inside: &str, behind: &str| {
        format!(
            "context main {{\n  on start {{\n    for who in {list} {{\n      label again\n      log(who)\n      {inside}\n    }}\n    {behind}\n    hangup()\n  }}\n}}\n"
        )
    };
    let jump = "if now in hours(\"mon 09:00-17:00\") { goto @again }";
    let codes = |text: String| -> Vec<&'static str> {
        let (_, errors) = checked(&text);
        errors.into_iter().map(|(code, _)| code).collect()
    };
    assert_eq!(codes(body("[]", "", jump)), ["D207"]);
    assert_eq!(codes(body("[\"a\"]", "", jump)), [""; 0]);
    assert_eq!(
        codes(body("[]", jump, "")),
        [""; 0],
        "nothing of it is written"
    );
}

/// What the checker may refuse of a random program.
const REFUSED: [&str; 2] = ["D302", "D407"];

fn agree(stmts: &[Stmt], texts: &[String; LOCALS]) -> Result<(), TestCaseError> {
    let source = program(stmts);
    let (compiled, errors) = checked(&source);
    // The checker sees some divisions by zero beforehand, and arms that others leave nothing.
    if !errors.is_empty() && errors.iter().all(|(code, _)| REFUSED.contains(code)) {
        return Err(TestCaseError::reject("refused"));
    }
    prop_assert!(errors.is_empty(), "{:#?}\n{}", errors, source);
    let variables: Vec<(&str, &str)> = ["S0", "S1", "S2"]
        .into_iter()
        .zip(texts.iter().map(String::as_str))
        .collect();
    let mut seen = logged(&run(&compiled, &variables));
    if seen.last().is_some_and(|l| l.starts_with("ERROR,")) {
        seen = vec!["fault".to_owned()];
    }
    let Some(expected) = expected(stmts, texts) else {
        return Err(TestCaseError::reject(
            "a text is longer than the language keeps",
        ));
    };
    let expected: Vec<String> = expected.iter().map(|l| text(l.as_bytes())).collect();
    if let Ok((conf, again)) = emitted(&compiled, &office(&source)) {
        prop_assert_eq!(meaning(&again.hir), meaning(&compiled.hir), "{}", conf);
    }
    prop_assert_eq!(
        seen,
        expected,
        "{}\n{}\n{:?}",
        source,
        listing(&source),
        texts
    );
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, max_shrink_iters: 3000, max_global_rejects: 3000, ..ProptestConfig::default() })]

    #[test]
    fn steps_do_what_the_program_says(
        stmts in prop::collection::vec(stmt_strategy(), 1..4),
        texts in [hostile(), hostile(), hostile()],
    ) {
        agree(&stmts, &texts)?;
    }
}

/// A text that doubles in each turn is cut by the language in the end (DL-189): such programs are not compared.
#[test]
fn texts_that_grow_are_not_compared() {
    let twice = || Stmt::Text(0, S::Joined(0, "-".to_owned(), 0));
    let turns = |n: u8| [Stmt::While(3, vec![Stmt::While(n, vec![twice(), twice()])])];
    let texts = [0; LOCALS].map(|_| "\"a),$[x\\".to_owned());
    agree(&turns(1), &texts).unwrap();
    let refused = agree(&turns(3), &texts);
    assert!(matches!(refused, Err(TestCaseError::Reject(_))));
}
