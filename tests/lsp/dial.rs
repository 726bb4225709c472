//! `.dial` in an editor.

use crate::editor::{Editor, number, position};
use serde_json::{Value, json};

const PLAN: &str = "\
//! The office.
import site/numbers
import conf \"legacy.conf\" as legacy

const ring_time = 20s
global night: Bool = false as \"NIGHT\"
channel tries: Int = 0

enum Team { Sales, Support(queue: Str) }

fn team_of(key: Digits) -> Team {
  match key {
    \"1\" -> Sales
    _ -> Support(\"q{key}\")
  }
}

/// Leaves a message and ends.
sub leave(box: Mailbox, why: Missed) -> Never {
  voicemail(box, greeting: why)
  hangup()
}

context office as \"default\" {
  include legacy[\"features\"] when now in numbers.open

  on 61, 62 {
    let why = dial(pjsip(exten), ring: ring_time, transfer: Both)
    leave(mailbox(exten), why)
  }

  on `9{number: NXX}` {
    label again
    var left = tries
    while left < 3 {
      left = left + 1
      log(\"{number} {left}\")
    }
    if night { goto @again }
    let back = gosub other.start(tries)
    match team_of(\"1\") {
      Sales -> goto office.61
      Support(queue) -> queue_call(queue)
    }
    goto other.start
  }
}

context other {
  on start {
    let _ = dial(pjsip(\"anna\"), ring: numbers.patience)
    hangup()
  }
}
";

const NUMBERS: &str = "\
/// How long it may ring.
const patience = 30s
const open = hours(\"mon-fri 09:00-17:00\")

sub greet(name: Str) {
  log(name)
}
";

const LEGACY: &str =
    "[features]\nexten => 70,1,Goto(other,s,1)\n same => n,NoOp(${NIGHT} ${tries})\n";
const PJSIP: &str =
    "[anna]\ntype=endpoint\ncontext=default\n[bert]\ntype=endpoint\ncontext=other\n";

fn office(name: &str) -> Editor {
    let mut editor = Editor::new(
        name,
        &[
            ("extensions.dial", PLAN.as_bytes()),
            ("site/numbers.dial", NUMBERS.as_bytes()),
            ("legacy.conf", LEGACY.as_bytes()),
            ("pjsip.conf", PJSIP.as_bytes()),
            ("sounds/en/good-morning.wav", b""),
        ],
    );
    editor.open("extensions.dial", PLAN);
    editor
}

fn mark(text: &str, mark: &str) -> Value {
    let word = mark.replace('¦', "");
    let at = text.find(&word).unwrap_or_else(|| panic!("{mark}"));
    position(text, at + mark.find('¦').unwrap())
}

#[test]
fn the_plan_is_sound_and_mistakes_are_told() {
    let mut editor = office("dial-findings");
    let errors = |found: &[Value]| -> Vec<String> {
        let errors = found.iter().filter(|d| d["severity"] == 1);
        errors
            .map(|d| d["code"].as_str().unwrap().to_owned())
            .collect()
    };
    let found = editor.findings("extensions.dial");
    assert_eq!(errors(&found), [] as [&str; 0], "{found:?}");
    editor.write("extensions.dial", &PLAN.replace("left + 1", "left + key"));
    let found = editor.findings("extensions.dial");
    assert_eq!(errors(&found), ["D201"]);
    // Another file of the plan changes.
    editor.write("extensions.dial", PLAN);
    editor.open("site/numbers.dial", &NUMBERS.replace("patience", "waiting"));
    let found = editor.findings_now("extensions.dial");
    assert_eq!(errors(&found), ["D201"], "{found:?}");
}

#[test]
fn words_about_a_place() {
    let mut editor = office("dial-hover");
    let mut told = String::new();
    for place in [
        "site/num¦bers",
        "as leg¦acy",
        "const ring_¦time",
        "global ni¦ght",
        "\"NIG¦HT\"",
        "channel tri¦es",
        "enum Te¦am",
        "Sal¦es,",
        "fn team¦_of",
        "box: Mailbox, why: Missed) ¦",
        "voice¦mail(",
        "gree¦ting: why",
        "greeting: w¦hy",
        "context off¦ice",
        "legacy[\"feat¦ures",
        "numbers.op¦en",
        "on 6¦1",
        "on `9{number: N¦XX}`",
        "let w¦hy",
        "di¦al(pjsip(ex",
        "pjsip(ex¦ten)",
        "ring: ring_¦time",
        "transfer: Bo¦th",
        "le¦ave(mailbox",
        "left =¦ left + 1",
        "{num¦ber} {left",
        "goto @ag¦ain",
        "team_of(\"1\") ¦{",
        "Support(que¦ue) ->",
        "goto office.6¦1",
        "gosub oth¦er",
        "let ba¦ck",
        "pjsip(\"an¦na",
        "numbers.pat¦ience",
    ] {
        let hover = editor.at("hover", "extensions.dial", &mark(PLAN, place));
        let text = hover["contents"]["value"].as_str().unwrap_or("nothing");
        let lines: Vec<&str> = text.lines().collect();
        told.push_str(&format!("===== {place}\n"));
        for line in lines.iter().take(12) {
            told.push_str(&format!("{line}\n"));
        }
        if lines.len() > 12 {
            told.push_str(&format!("({} more lines)\n", lines.len() - 12));
        }
    }
    insta::assert_snapshot!(told);
}

#[test]
fn names() {
    let mut editor = office("dial-names");
    let mut told = String::new();
    for (place, name) in [
        ("fn team¦_of", "team_for"),
        ("context off¦ice", "house"),
        ("goto oth¦er.start", "elsewhere"),
        ("let w¦hy", "reason"),
        ("b¦ox: Mailbox", "mailbox_of"),
        ("{num¦ber} {left", "digits_of"),
        ("goto @ag¦ain", "once_more"),
        ("gosub oth¦er.start", "elsewhere"),
        ("Sal¦es,", "Shop"),
        ("numbers.pat¦ience", "waiting"),
        ("site/num¦bers", "figures"),
        ("as leg¦acy", "old"),
        ("goto office.6¦1", "65"),
        ("on `9{number: N¦XX}`", "8"),
        ("global ni¦ght", "dark"),
        ("channel tri¦es", "attempts"),
        ("legacy[\"feat¦ures", "extras"),
        ("pjsip(\"an¦na", "x"),
        ("voice¦mail(", "x"),
        ("pjsip(ex¦ten)", "x"),
        // Names that cannot be.
        ("let w¦hy", "Why"),
        ("let w¦hy", "match"),
        ("let w¦hy", "exten"),
        ("let w¦hy", "tries"),
        ("Sal¦es,", "shop"),
    ] {
        let at = mark(PLAN, place);
        let uri = editor.uri("extensions.dial");
        told.push_str(&format!("===== {place} -> {name}\n"));
        let definitions = editor.at("definition", "extensions.dial", &at);
        told.push_str(&format!("definition {:?}\n", editor.places(&definitions)));
        let references = editor.at("references", "extensions.dial", &at);
        told.push_str(&format!("references {:?}\n", editor.places(&references)));
        let renamed = editor.ask_raw(
            "textDocument/rename",
            json!({ "textDocument": { "uri": uri }, "position": at, "newName": name }),
        );
        let Some(changes) = renamed["result"]["changes"].as_object() else {
            told.push_str(&format!(
                "refused: {}\n",
                renamed["error"]["message"].as_str().unwrap()
            ));
            continue;
        };
        let mut changes: Vec<_> = changes.iter().collect();
        changes.sort_by_key(|(uri, _)| (*uri).clone());
        for (uri, edits) in changes {
            let name = editor.name(uri);
            let before = match name.as_str() {
                "legacy.conf" => LEGACY,
                "site/numbers.dial" => NUMBERS,
                "pjsip.conf" => PJSIP,
                _ => PLAN,
            };
            let after = editor.changed(&name, edits);
            for (before, after) in before.lines().zip(after.lines()) {
                if before != after {
                    told.push_str(&format!("{name}: {after}\n"));
                }
            }
        }
    }
    // From the other language.
    editor.open("legacy.conf", LEGACY);
    for place in ["Goto(ot¦her", "${NIG¦HT}", "${tri¦es}"] {
        let definitions = editor.at("definition", "legacy.conf", &mark(LEGACY, place));
        told.push_str(&format!(
            "===== {place}\ndefinition {:?}\n",
            editor.places(&definitions)
        ));
    }
    insta::assert_snapshot!(told);
}

#[test]
fn what_could_be_written() {
    let mut editor = office("dial-completion");
    let mut told = String::new();
    for (line, shown) in [
        ("¦", 12),
        ("con¦", 9),
        ("context new {\n  ¦\n}", 9),
        ("context new {\n  on ¦ {\n  }\n}", 12),
        ("context new {\n  include ¦\n}", 12),
        ("context new {\n  on 1 {\n    ¦\n  }\n}", 4),
        ("context new {\n  on 1 {\n    le¦\n  }\n}", 12),
        ("context new {\n  on 1 {\n    goto ¦\n  }\n}", 12),
        ("context new {\n  on 1 {\n    goto office.¦\n  }\n}", 12),
        ("context new {\n  on 1 {\n    gosub ¦\n  }\n}", 12),
        ("context new {\n  on 1 {\n    gosub office.¦\n  }\n}", 12),
        (
            "context new {\n  on 1 {\n    label here\n    goto @¦\n  }\n}",
            12,
        ),
        ("context new {\n  on 1 {\n    caller.n¦\n  }\n}", 12),
        ("context new {\n  on 1 {\n    numbers.¦\n  }\n}", 12),
        ("context new {\n  on 1 {\n    dial(pjsip(\"¦\n  }\n}", 12),
        (
            "context new {\n  on 1 {\n    dial(pjsip(\"anna\"), ri¦)\n  }\n}",
            12,
        ),
        (
            "context new {\n  on 1 {\n    dial(pjsip(\"anna\"), ring: 5s, transfer: ¦)\n  }\n}",
            12,
        ),
        (
            "context new {\n  on 1 {\n    voicemail(mailbox(\"1\"), greeting: ¦)\n  }\n}",
            12,
        ),
        ("context new {\n  on 1 {\n    playback(\"goo¦\n  }\n}", 12),
        (
            "context new {\n  on 1 {\n    playback([\"hello\", \"goo¦\n  }\n}",
            12,
        ),
        ("context new {\n  on 1 {\n    goto legacy[\"¦\n  }\n}", 12),
        (
            "context new {\n  on 1 {\n    match team_of(\"1\") {\n      Sales -> echo()\n      ¦\n    }\n  }\n}",
            12,
        ),
        (
            "context new {\n  on 1 {\n    match dial(pjsip(\"anna\")) {\n      Busy -> echo()\n      ¦\n    }\n  }\n}",
            12,
        ),
        (
            "context new {\n  on `1{tail: X}` {\n    let first = 1\n    log(\"x\", level: ¦)\n  }\n}",
            12,
        ),
        (
            "context new {\n  on `1{tail: X}` {\n    let mine = 1\n    var x = mi¦\n  }\n}",
            12,
        ),
        (
            "context new {\n  on `1{tail: X}` {\n    log(ta¦)\n  }\n}",
            12,
        ),
        ("sub new(x: ¦)", 4),
        ("fn new(x: Int) -> Te¦", 4),
        ("// con¦", 9),
        ("const x = \"con¦\"", 9),
    ] {
        let at = editor.write("extensions.dial", &format!("{PLAN}{line}\n"));
        let items = editor.at("completion", "extensions.dial", &at);
        let items = items.as_array().unwrap();
        told.push_str(&format!(
            "===== {}  ({})\n",
            line.replace('\n', "\\n"),
            items.len()
        ));
        for item in items.iter().take(shown) {
            let edit = &item["textEdit"];
            let written = editor.changed("extensions.dial", &json!([edit]));
            let start = line
                .split('¦')
                .next()
                .unwrap()
                .rfind('\n')
                .map_or(0, |i| i + 1);
            let new = written.strip_prefix(PLAN).unwrap();
            let new = new[start..].lines().next().unwrap_or("").trim();
            let detail = item["detail"].as_str().unwrap_or("");
            told.push_str(&format!(
                "{}: {new}  # {detail}\n",
                item["label"].as_str().unwrap()
            ));
        }
    }
    insta::assert_snapshot!(told);
}

#[test]
fn the_shape_of_a_file() {
    let mut editor = office("dial-shape");
    fn tree(entries: &Value, depth: usize, out: &mut String) {
        for e in entries.as_array().into_iter().flatten() {
            let line = |at: &Value| number(&at["line"]) + 1;
            out.push_str(&format!(
                "{}{} ({}) {}-{}\n",
                "  ".repeat(depth),
                e["name"].as_str().unwrap(),
                number(&e["kind"]),
                line(&e["range"]["start"]),
                line(&e["range"]["end"])
            ));
            tree(&e["children"], depth + 1, out);
        }
    }
    let mut told = String::from("===== symbols\n");
    tree(
        &editor.of("documentSymbol", "extensions.dial"),
        0,
        &mut told,
    );
    told.push_str("===== folds\n");
    for fold in editor
        .of("foldingRange", "extensions.dial")
        .as_array()
        .unwrap()
    {
        told.push_str(&format!(
            "{} {}-{}\n",
            fold["kind"].as_str().unwrap(),
            number(&fold["startLine"]) + 1,
            number(&fold["endLine"]) + 1
        ));
    }
    told.push_str("===== hints\n");
    for hint in editor
        .of("inlayHint", "extensions.dial")
        .as_array()
        .unwrap()
    {
        let line = number(&hint["position"]["line"]);
        let column = number(&hint["position"]["character"]);
        let text = PLAN.lines().nth(line).unwrap();
        told.push_str(&format!(
            "{}«{}»{}\n",
            &text[..column],
            hint["label"].as_str().unwrap(),
            &text[column..]
        ));
    }
    told.push_str("===== in the whole plan\n");
    let found = editor.ask("workspace/symbol", json!({ "query": "e" }));
    for symbol in found.as_array().unwrap() {
        told.push_str(&format!("{}\n", symbol["name"].as_str().unwrap()));
    }
    insta::assert_snapshot!(told);
}

#[test]
fn colours() {
    let mut editor = office("dial-colours");
    let hello = editor.of("semanticTokens/full", "extensions.dial");
    let data: Vec<usize> = hello["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(number)
        .collect();
    let kinds = [
        "keyword",
        "namespace",
        "class",
        "number",
        "label",
        "function",
        "macro",
        "variable",
        "property",
        "comment",
        "string",
        "type",
        "enumMember",
        "parameter",
    ];
    let (mut line, mut character) = (0, 0);
    let mut told = String::new();
    for word in data.chunks(5) {
        if word[0] > 0 {
            character = 0;
            told.push('\n');
        }
        line += word[0];
        character += word[1];
        let shown = &PLAN.lines().nth(line).unwrap()[character..character + word[2]];
        told.push_str(&format!("{shown}·{}  ", kinds[word[3]]));
    }
    insta::assert_snapshot!(told);
}

#[test]
fn formatting_is_that_of_fmt() {
    let text = "context   a{\n on 61{   answer( ) // now  \n\n\n\n hangup()}\n}\n// end";
    let mut editor = Editor::new("dial-fmt", &[("extensions.dial", text.as_bytes())]);
    editor.open("extensions.dial", text);
    let edits = editor.of("formatting", "extensions.dial");
    let formatted = editor.changed("extensions.dial", &edits);
    assert_eq!(strowger_dial::print::format(text).unwrap(), formatted);
    editor.write("extensions.dial", &formatted);
    assert_eq!(editor.of("formatting", "extensions.dial"), json!([]));
    // What cannot be read stays as it is.
    editor.write("extensions.dial", "context   a{\n on 61{\n");
    assert_eq!(editor.of("formatting", "extensions.dial"), json!([]));
}

/// What each repair makes of a file, by its title.
fn repaired(editor: &mut Editor, text: &str) -> Vec<(String, String)> {
    editor.write("extensions.dial", text);
    let actions = editor.of("codeAction", "extensions.dial");
    let uri = editor.uri("extensions.dial");
    let actions = actions.as_array().unwrap().iter();
    actions
        .map(|a| {
            let edits = &a["edit"]["changes"][uri.as_str()];
            let title = a["title"].as_str().unwrap().to_owned();
            (title, editor.changed("extensions.dial", edits))
        })
        .collect()
}

#[test]
fn repairs() {
    let mut editor = office("dial-repairs");
    let plain = |body: &str| format!("context a {{\n  on 61 {{\n{body}\n  }}\n}}\n");
    // The arms that are missing.
    let some = "    match dial(pjsip(\"anna\"), ring: 5s) {\n      Busy -> echo()\n    }";
    let all = repaired(&mut editor, &plain(some));
    let (title, text) = &all[0];
    assert_eq!(title, "Add the missing arm");
    assert_eq!(
        *text,
        plain(
            "    match dial(pjsip(\"anna\"), ring: 5s) {\n      Busy -> echo()\n      NoAnswer | Congestion | Unavailable | Declined | Refused -> hangup()\n    }"
        )
    );
    assert_eq!(strowger_dial::print::format(text).as_ref(), Some(text));
    // A name of another file.
    let all = repaired(&mut editor, &plain("    greet(\"anna\")\n    hangup()"));
    let (title, text) = &all[0];
    assert_eq!(title, "Import `greet` from site/numbers");
    assert_eq!(
        *text,
        format!(
            "import site/numbers\n\n{}",
            plain("    numbers.greet(\"anna\")\n    hangup()")
        )
    );
    // Of one that is imported already.
    let text = format!(
        "import site/numbers as n\n{}",
        plain("    greet(\"anna\")\n    hangup()")
    );
    let all = repaired(&mut editor, &text);
    assert_eq!(all[0].0, "Write `n.greet`");
    assert_eq!(all[0].1, text.replace("greet(", "n.greet("));
    // What findings carry, all at once.
    editor.write("extensions.dial", &plain("    answer();\n    hangup();"));
    let uri = editor.uri("extensions.dial");
    let all = editor.ask(
        "textDocument/codeAction",
        json!({
            "textDocument": { "uri": uri },
            "range": { "start": { "line": 0, "character": 0 }, "end": { "line": 0, "character": 0 } },
            "context": { "diagnostics": [], "only": ["source.fixAll"] },
        }),
    );
    let text = editor.changed("extensions.dial", &all[0]["edit"]["changes"][uri.as_str()]);
    assert_eq!(text, plain("    answer()\n    hangup()"));
}

const TESTED: &str = "\
global night: Bool = false as \"NIGHT\"

context office as \"default\" {
  on `10XX` {
    let _ = dial(pjsip(exten), ring: 12s)
    hangup()
  }
}

test \"busy\" at \"2026-03-02 10:00\" {
  given pjsip(\"anna\") = answers(after: 5s, then: [press(\"1\"), hangup()])
  given night = true
  given mailboxes = [mailbox(\"1001\")]
  call 1001 from pjsip(\"bert\") in office {
    after_prompt(\"beep\")
    hangs_up(after: 60s)
  }
  let last = heard.count
  expect dialed == [pjsip(\"anna\")] and status == Busy
  expect night and messages[0].status == Sent
}
";

/// What is said of the words of a test, and where its names lead.
#[test]
fn words_about_a_place_in_a_test() {
    let mut editor = Editor::new(
        "dial-test-hover",
        &[
            ("extensions.dial", TESTED.as_bytes()),
            ("pjsip.conf", PJSIP.as_bytes()),
        ],
    );
    editor.open("extensions.dial", TESTED);
    let mut told = String::new();
    for place in [
        "given pjsip(\"an¦na",
        "ans¦wers(after",
        "pre¦ss(",
        "given ni¦ght",
        "mail¦boxes",
        "from pjsip(\"be¦rt",
        "in off¦ice {",
        "after_¦prompt",
        "dia¦led ==",
        "stat¦us == Busy",
        "== Bu¦sy",
        "expect ni¦ght",
        "mess¦ages[0]",
        "== Se¦nt",
    ] {
        let at = mark(TESTED, place);
        let hover = editor.at("hover", "extensions.dial", &at);
        let text = hover["contents"]["value"].as_str().unwrap_or("nothing");
        let definitions = editor.at("definition", "extensions.dial", &at);
        told.push_str(&format!(
            "===== {place}\n{}\ndefinition {:?}\n",
            text.lines().take(4).collect::<Vec<_>>().join("\n"),
            editor.places(&definitions)
        ));
    }
    insta::assert_snapshot!(told);
}

/// What could be written in a test.
#[test]
fn what_could_be_written_in_a_test() {
    let mut editor = Editor::new(
        "dial-test-completion",
        &[
            ("extensions.dial", TESTED.as_bytes()),
            ("pjsip.conf", PJSIP.as_bytes()),
        ],
    );
    editor.open("extensions.dial", TESTED);
    let mut told = String::new();
    for line in [
        "¦",
        "given ¦",
        "given ni¦",
        "given pjsip(\"¦",
        "given pjsip(\"anna\") = ¦",
        "given pjsip(\"anna\") = answers(¦",
        "given pjsip(\"anna\") = [busy(), ne¦",
        "given pjsip(\"anna\") = answers(then: [¦",
        "call ¦",
        "call 1001 ¦",
        "call 1001 from ¦",
        "call 1001 in ¦",
        "call 1001 in office {\n    ¦",
        "call 1001 in office {\n    wait(5s)\n    hang¦",
        "expect ¦",
        "expect di¦",
        "expect cdr.¦",
        "expect messages[0].¦",
        "expect voicemail[0].¦",
        "expect voicemail.¦",
        "expect pjsip(\"anna\").¦",
        "expect calls[1].he¦",
        "expect heard.¦",
        "expect status == B¦",
        "expect reason == \"¦",
        "expect voicemail[0].greeting == \"¦",
    ] {
        let (head, _) = TESTED.split_once("  given night").unwrap();
        let text = format!("{head}  {line}");
        let plain = text.replace('¦', "");
        editor.write("extensions.dial", &plain);
        let at = position(&plain, text.find('¦').unwrap());
        let items = editor.at("completion", "extensions.dial", &at);
        let items = items["items"].as_array().or(items.as_array()).cloned();
        let labels: Vec<String> = items
            .unwrap_or_default()
            .iter()
            .map(|i| i["label"].as_str().unwrap().to_owned())
            .collect();
        told.push_str(&format!("===== {line}\n{}\n", labels.join(" ")));
    }
    insta::assert_snapshot!(told);
}

/// Whatever stands in a file, every question about every place has an answer.
#[test]
fn every_place_can_be_asked_about() {
    let mut editor = office("dial-anywhere");
    let broken = format!("{PLAN}\ncontext {{ on 1 {{ goto \nmatch x {{ \"¦ ä😀 `9{{n:");
    for text in [PLAN.to_owned(), TESTED.to_owned(), broken.replace('¦', "")] {
        editor.write("extensions.dial", &text);
        for (at, _) in text.char_indices().step_by(3) {
            let at = position(&text, at);
            for method in ["hover", "definition", "references", "completion"] {
                editor.at(method, "extensions.dial", &at);
            }
        }
        for method in [
            "documentSymbol",
            "foldingRange",
            "inlayHint",
            "semanticTokens/full",
            "formatting",
            "codeAction",
        ] {
            editor.of(method, "extensions.dial");
        }
    }
    assert!(editor.lives());
}
