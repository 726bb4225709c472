//! What the checks of a whole plan say of `.dial`: at the statement, and in its words.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use strowger_compiler::codes::{self, FAMILIES};
use strowger_compiler::dial::spoken::{Told, told};
use strowger_compiler::listing::{Folder, Listing};
use strowger_compiler::{Diagnostic, Options, Sources, analyse};

const PJSIP: &str = "[anna]\ntype=endpoint\ncontext=office\n[carrier]\ntype=endpoint\ncontext=outside\naors=carrier\n[carrier]\ntype=aor\ncontact=sip:sip.example.com\n[anonymous]\ntype=endpoint\ncontext=guests\n";

fn found(plan: &str) -> (Sources, Vec<Diagnostic>) {
    let sources = Sources::new()
        .with("extensions.dial", plan)
        .with("pjsip.conf", PJSIP)
        .with("voicemail.conf", "[default]\n61 => 4711,Anna\n")
        .with("queues.conf", "[support]\nmember => PJSIP/anna\n");
    let mut sources = sources;
    let list =
        |root: &str, files: &[&str]| Listing::new(root, files.iter().map(|f| (*f).to_owned()));
    let sounds = ["en/hello.gsm", "en/menu.gsm", "en/welcome-home.gsm"];
    sources.list(Folder::Sounds, list("/sounds", &sounds));
    sources.list(Folder::Scripts, list("/agi-bin", &["lookup.py"]));
    let found = analyse(&sources, &Options::default()).diagnostics;
    (sources, found)
}

/// A body of the context that phones enter.
fn body(text: &str) -> String {
    format!(
        "context office {{\n  on 61 {{\n    {}\n  }}\n}}\n\ncontext outside {{\n  on start {{ hangup() }}\n}}\n\ncontext guests {{\n  on start {{ hangup() }}\n}}\n",
        text.replace('\n', "\n    ")
    )
}

/// What is said of the plan itself, with what stands at each place.
fn said(sources: &Sources, found: &[Diagnostic]) -> String {
    let mut out = String::new();
    for d in found {
        let file = sources.file(d.primary.span.file);
        if file.name() != "extensions.dial" {
            continue;
        }
        let there = |span| String::from_utf8_lossy(sources.bytes(span)).into_owned();
        let (line, _) = file.line_column(d.primary.span.start);
        out.push_str(&format!("{} line {line}: {}\n", d.code, d.message));
        out.push_str(&format!(
            "    ‹{}› {}\n",
            there(d.primary.span),
            d.primary.text
        ));
        for other in &d.secondary {
            let of = sources.file(other.span.file).name();
            out.push_str(&format!(
                "    {of} ‹{}› {}\n",
                there(other.span),
                other.text
            ));
        }
        for help in &d.helps {
            out.push_str(&format!("    help: {help}\n"));
        }
        assert!(d.fixes.is_empty() || d.code.starts_with('D'), "{}", d.code);
    }
    out
}

#[test]
fn findings_stand_at_the_statement_in_the_words_of_the_language() {
    let cases: &[(&str, String)] = &[
        ("a device that is not there", body("match dial(pjsip(\"berta\"), ring: 20s) {\n  Busy -> hangup()\n  NoAnswer | Congestion | Unavailable | Declined | Refused -> hangup()\n}")),
        ("a hint of one", body("hangup()").replace("  on 61", "  hint 61 = pjsip(\"berta\")\n\n  on 61")),
        ("a mailbox that is not there", body("voicemail(mailbox(\"99\"), greeting: Busy)")),
        ("a queue that is not there", body("answer()\nqueue_call(\"sales\", wait: 5m)\nhangup()")),
        ("a queue without a limit", body("answer()\nqueue_call(\"support\")\nlog(\"x\")\nhangup()")),
        ("a number that is not there", body("goto office.77")),
        ("a call that comes back, to a number that is not there", body("gosub office.77\nhangup()")),
        ("nobody to return to", body("if exten == \"61\" { return }\nhangup()")),
        ("a loop without an end", body("answer()\nwhile true {\n  log(\"x\")\n}")),
        ("a counter that never changes", body("answer()\nvar i = 0\nwhile i < 3 {\n  playback(\"hello\")\n}\nhangup()")),
        ("a call that calls itself", body("dial(local(\"61\", \"office\"), ring: 9s)")),
        ("a menu", body("answer()\nbackground(\"hello\")\nwait_exten(5s)")),
        ("sound before the answer", body("echo()")),
        ("sound behind the end", body("hangup()\n}\n\non hangup {\n  playback(\"bye\")")),
        ("a pattern that is never chosen", body("hangup()\n}\n\non `6X` {\n  hangup()\n}\n\non `6[0-9]` {\n  hangup()")),
        ("an include that adds nothing", body("hangup()").replace("  on 61", "  include more\n\n  on 61") + "\ncontext more {\n  on 61 { hangup() }\n}\n"),
        ("a context that nothing leads to", body("hangup()") + "\ncontext lost {\n  on 5 { hangup() }\n}\n"),
        ("strangers at a paid line", body("hangup()").replace("context guests {", "context guests {\n  on `9{n: NXXXXXX}` { dial(trunk(\"carrier\").to(n), ring: 60s) }\n")),
        ("calls that go out again", body("hangup()").replace("context outside {", "context outside {\n  include office\n").replace("  on 61", "  on `0{n: NXXXXXX}` {\n    dial(trunk(\"carrier\").to(n), ring: 60s)\n  }\n\n  on 61")),
        ("all numbers abroad", body("hangup()").replace("  on 61", "  on `00{n: ZX.}` {\n    let number = digits(n) else { hangup() }\n    dial(trunk(\"carrier\").to(\"00{number}\"), ring: 60s)\n  }\n\n  on 61")),
        ("transfers by callers from outside", body("hangup()").replace("context outside {", "context outside {\n  on `X.` {\n    let _ = dial(pjsip(\"anna\"), ring: 20s, transfer: Both)\n    hangup()\n  }\n")),
        ("a dial tone", body("disa(\"no-password\", context: \"office\")")),
        ("a PIN", body("authenticate(\"1234\")\nhangup()")),
        ("listening in", body("spy(\"PJSIP\")\nhangup()")),
        ("a counter of all calls", format!("global count: Int = 0\n\n{}", body("count = count + 1\nhangup()"))),
        ("chan_sip", body("dial(sip(\"anna\"), ring: 9s)")),
        ("behind a door: a shell", body("app(\"System\", 'touch /tmp/${CALLERID(name)}')\nhangup()")),
        ("behind a door: a second time", body("log(asterisk('${EVAL(${CALLERID(name)})}'))\nhangup()")),
        ("behind a door: an expression", body("log(asterisk('$[1 + ]'))\nhangup()")),
        ("behind a door: an option", body("app(\"Dial\", 'PJSIP/anna,20,Y')\nhangup()")),
        ("behind a door: a variable", body("log(channel(\"NOSUCH\"))\nhangup()")),
        ("behind a door: a context", body("goto dynamic(\"nosuch\", \"s\", 1)")),
        ("a device that is only named", "const desk = pjsip(\"berta\")\n\n".to_owned() + &body("let phone = pjsip(\"annna\")\nlet _ = dial(phone, ring: 9s)\nlet _ = dial(desk, ring: 9s)\nif device_state(sip(\"x\")) == NotInUse { hangup() }") + "\ntest \"x\" {\n  given pjsip(\"carol\") = busy()\n  call 61 in office\n  expect dialed == [device(\"PJSIP/nobody\")]\n}\n"),
        ("a prompt that is not there", body("answer()\nif exten == \"helo\" { playback(\"helo\") }\nhangup()")),
        ("a script that is not there", body("answer()\nlet _ = agi(\"lokup.py\")\nhangup()")),
        ("allowed", body("// strowger: allow F313 it is a test line\necho()")),
    ];
    let mut out = String::new();
    for (name, plan) in cases {
        let (sources, found) = found(plan);
        out.push_str(&format!("===== {name}\n{}", said(&sources, &found)));
    }
    insta::assert_snapshot!(out);
}

/// The same word may stand twice in a statement, and in another word: each finding stands where its own does.
#[test]
fn the_word_that_is_meant() {
    for (statement, places) in [
        (
            "playback([\"welcome-home\", \"home\"])",
            &[("C011", 27)][..],
        ),
        (
            "queue_call(\"sales\", wait: 5m, announce: \"sales\")",
            &[("C005", 12), ("C011", 41)],
        ),
        (
            "let _ = dial([pjsip(\"anna\"), device(\"PJSIP/anna1\")], ring: 9s, announce: \"anna1\")",
            &[("C002", 43), ("C011", 74)],
        ),
        (
            "let _ = voicemail(mailbox(\"62\"), greeting: Busy, beep: \"62\")",
            &[("C004", 27)],
        ),
    ] {
        let plan = body(&format!("answer()\n{statement}\nlog(\"x\")\nhangup()"));
        let begins = plan.find(statement).unwrap();
        let (_, found) = found(&plan);
        let at: Vec<_> = found
            .iter()
            .filter(|d| ["C002", "C004", "C005", "C011"].contains(&d.code))
            .map(|d| (d.code, d.primary.span.start as usize - begins))
            .collect();
        let all: Vec<_> = found.iter().map(|d| &d.message).collect();
        assert_eq!(at, places, "{statement} {all:?}");
    }
}

/// What is sound is not found fault with: what types prove is believed.
#[test]
fn what_types_prove_is_not_doubted() {
    for plan in [
        body("hangup()").replace("  on 61", "  on `X.` {\n    let peer = peers.find(exten) else { hangup(UnallocatedNumber) }\n    dial(peer, ring: 20s)\n  }\n\n  on 61"),
        body("let key = read(\"menu\", digits: 1) ?? \"0\"\nlet n = int(key) ?? 0\nlog(\"{n / 2}\")\nhangup()"),
        body("answer()\nplayback([\"hello\", \"welcome-home\"])\nhangup()"),
        "const desk = pjsip(\"anna\")\n\n".to_owned() + &body("let _ = dial([desk, pjsip(\"carrier\")], ring: 9s)\nhangup()") + "\ntest \"x\" {\n  given pjsip(\"anna\") = busy()\n  call 61 from device(\"PJSIP/nobody\") in office\n  expect dialed == []\n}\n",
        body("caller.name = \"Reception\"\ndb(\"last/call\") = caller.number\nlog(db(\"last/call\") ?? \"nobody\")\nhangup()"),
    ] {
        let (sources, found) = found(&plan);
        assert_eq!(said(&sources, &found), "", "{plan}");
    }
}

/// One mistake of the language does not make contexts unknown that device files name.
#[test]
fn a_mistake_has_no_echo() {
    let (_, found) = found(&body("playbak(\"hello\")\nhangup()"));
    let codes: Vec<_> = found.iter().map(|d| d.code).collect();
    assert!(codes.contains(&"D201"), "{codes:?}");
    assert!(!codes.contains(&"C001"), "{codes:?}");
}

/// After a change: `UPDATE=1 cargo test -p strowger-compiler --test dial_spoken`.
#[test]
fn the_page_lists_every_code() {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/dial/checks.md");
    let mut page = String::from(
        "# The checks of a plan, and `.dial`\n\n\
        `strowger check` looks at the steps that a plan becomes, whatever it was written in. What it finds in steps made of `.dial` is\n\
        told of the statement, in the words of the language. A comment allows it: `// strowger: allow X805 why`, on the line before.\n\n\
        * *always*: wherever it is found.\n\
        * *doors*: where text of Asterisk is written: `app`, `asterisk`, `channel(\"X\")`, `unchecked`, `goto dynamic`. The types of\n  \
        the language prove that it cannot be elsewhere.\n\
        * *never*: it is left out, for the reason that is given.\n\n\
        What is said of device files and the like does not depend on the language. The findings of the language itself are D101 to D412:\n\
        `docs/lints/dial.md`.\n",
    );
    for (family, about) in FAMILIES {
        let mut all: Vec<_> = codes::all()
            .filter(|c| c.family == family && !c.id.starts_with('D'))
            .filter(|c| told(c) != Told::Elsewhere)
            .collect();
        all.sort_by_key(|c| c.id);
        if all.is_empty() {
            continue;
        }
        page.push_str(&format!(
            "\n## {about}\n\n| code | what | in `.dial` |\n|---|---|---|\n"
        ));
        for code in all {
            let how = match told(code) {
                Told::Always => "always".to_owned(),
                Told::Doors => "doors".to_owned(),
                Told::Never(why) => format!("never: {why}"),
                Told::Elsewhere => continue,
            };
            page.push_str(&format!("| {} | {} | {how} |\n", code.id, code.title));
        }
    }
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(there == page, "docs/dial/checks.md is stale");
}
