//! `strowger lsp`, spoken with over standard input and output as an editor does.
#![allow(clippy::unwrap_used)]

mod dial;
mod editor;

use editor::{Editor, files, number, position};
use serde_json::{Value, json};
use std::path::Path;

const PLAN: &str = "\
[general]
[globals]
TRUNK=SIP/provider
[main]
exten => _0ZXX.,1(start),NoOp(${EXTEN})
 same => n,Set(number=${EXTEN:1})
 same => n,GotoIf($[\"${number}\" = \"1\"]?main,100,ring)
 same => n,Dial(${TRUNK}/${number},20,tT)
 same => n(end),Hangup()
exten => 100,1,Answer()
 same => n(ring),Gosub(sub,s,1(${number}))
 same => n,Macro(greet,1)
 same => n,Goto(start)
include => sub
[sub]
exten => s,1,Return(${ARG1})
[macro-greet]
exten => s,1,Playback(hello)
";

fn codes(found: &[Value]) -> Vec<String> {
    let mut out: Vec<String> = found
        .iter()
        .map(|d| {
            format!(
                "{}:{}",
                number(&d["range"]["start"]["line"]) + 1,
                d["code"].as_str().unwrap()
            )
        })
        .collect();
    out.sort();
    out
}

#[test]
fn hello_and_good_bye() {
    let mut editor = Editor::silent("hello", &[]);
    let early = editor.ask_raw("textDocument/hover", json!({}));
    assert_eq!(early["error"]["code"], -32002);
    let mut hello = editor.ask("initialize", json!({ "capabilities": {} }));
    hello["serverInfo"]["version"] = json!("VERSION");
    insta::assert_snapshot!(serde_json::to_string_pretty(&hello).unwrap());
    assert!(editor.quit().success());

    // Whoever goes without a word leaves an error behind.
    let mut editor = Editor::new("rude", &[]);
    assert!(!editor.wait().success());
}

#[test]
fn findings_as_one_types() {
    let mut editor = Editor::new("typing", &[("extensions.conf", b"")]);
    editor.open(
        "extensions.conf",
        "[main]\nexten => 1,1,NoOp()\nsame =>> n,Hangup()\n",
    );
    let found = editor.findings("extensions.conf");
    assert_eq!(codes(&found), ["3:S103"]);
    assert_eq!(found[0]["severity"], 1);
    assert_eq!(found[0]["source"], "strowger");

    // One letter goes.
    let at = |character: u32| json!({ "line": 2, "character": character });
    editor.change(
        "extensions.conf",
        json!([{ "range": { "start": at(7), "end": at(8) }, "text": "" }]),
    );
    assert_eq!(editor.findings("extensions.conf"), [] as [Value; 0]);
}

/// Each example opened whole: the editor says what `check` says.
#[test]
fn findings_are_those_of_check() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    for example in [
        "two-phones",
        "sms",
        "lab",
        "two-sites/E/sip1",
        "two-sites/D.1/sip3",
    ] {
        let folder = examples.join(example);
        let out = std::process::Command::new(env!("CARGO_BIN_EXE_strowger"))
            .args(["check", "--format", "json"])
            .arg(&folder)
            .output()
            .unwrap();
        let mut said: Vec<String> = String::from_utf8(out.stdout)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap())
            .filter(|object| object["code"].is_string())
            .map(|o| {
                let file = Path::new(o["file"].as_str().unwrap())
                    .strip_prefix(&folder)
                    .unwrap();
                format!(
                    "{}:{}:{}",
                    file.display(),
                    o["line"],
                    o["code"].as_str().unwrap()
                )
            })
            .collect();
        said.sort();

        let all: Vec<(String, Vec<u8>)> = files(&folder)
            .iter()
            .map(|p| {
                (
                    p.strip_prefix(&folder)
                        .unwrap()
                        .to_str()
                        .unwrap()
                        .to_owned(),
                    std::fs::read(p).unwrap(),
                )
            })
            .collect();
        let all: Vec<(&str, &[u8])> = all
            .iter()
            .map(|(n, b)| (n.as_str(), b.as_slice()))
            .collect();
        let mut editor = Editor::new(&example.replace('/', "-"), &all);
        let plan = std::fs::read(folder.join("extensions.conf")).unwrap();
        editor.open("extensions.conf", &String::from_utf8_lossy(&plan));
        editor.findings("extensions.conf");
        // Files of the same plan are told one after the other; an answer comes behind all of them.
        editor.of("foldingRange", "extensions.conf");
        let mut told: Vec<String> = editor
            .told
            .iter()
            .flat_map(|(name, found)| {
                found.iter().map(move |d| {
                    format!(
                        "{name}:{}:{}",
                        number(&d["range"]["start"]["line"]) + 1,
                        d["code"].as_str().unwrap()
                    )
                })
            })
            .collect();
        told.sort();
        assert_eq!(told, said, "{example}");
    }
}

/// The files beside a plan count as the disk has them, unless they are open too.
#[test]
fn open_files_count_before_the_disk() {
    let plan =
        "[main]\nexten => 1,1,Dial(SIP/alice)\n same => n,Dial(SIP/bob)\n same => n,Hangup()\n";
    let alice = "[alice]\ntype=friend\nhost=dynamic\nsecret=Xy7-long-enough-9Q\ncontext=main\n";
    let bob = alice.replace("alice", "bob");
    // What else is said of `SIP/` does not depend on these files.
    let devices = |found: &[Value]| -> Vec<String> {
        let found = codes(found).into_iter();
        found.filter(|c| !c.ends_with("M903")).collect()
    };
    let mut editor = Editor::new(
        "beside",
        &[
            ("extensions.conf", plan.as_bytes()),
            ("sip.conf", alice.as_bytes()),
        ],
    );
    editor.open("extensions.conf", plan);
    assert_eq!(devices(&editor.findings("extensions.conf")), ["3:C002"]);
    editor.open("sip.conf", &format!("{alice}{bob}"));
    assert_eq!(
        devices(&editor.findings("extensions.conf")),
        [] as [&str; 0]
    );
    let uri = editor.uri("sip.conf");
    editor.tell(
        "textDocument/didClose",
        json!({ "textDocument": { "uri": uri } }),
    );
    assert_eq!(devices(&editor.findings("extensions.conf")), ["3:C002"]);
    // The disk changes, and the editor says so.
    std::fs::write(editor.folder.join("sip.conf"), format!("{alice}{bob}")).unwrap();
    editor.tell("workspace/didChangeWatchedFiles", json!({ "changes": [] }));
    assert_eq!(
        devices(&editor.findings("extensions.conf")),
        [] as [&str; 0]
    );
    // Nobody looks any more: what was said is taken back.
    std::fs::write(editor.folder.join("sip.conf"), alice).unwrap();
    editor.tell("workspace/didChangeWatchedFiles", json!({ "changes": [] }));
    assert_eq!(devices(&editor.findings("extensions.conf")), ["3:C002"]);
    let uri = editor.uri("extensions.conf");
    editor.tell(
        "textDocument/didClose",
        json!({ "textDocument": { "uri": uri } }),
    );
    assert_eq!(
        devices(&editor.findings("extensions.conf")),
        [] as [&str; 0]
    );
}

#[test]
fn repairs() {
    let mut editor = Editor::new("repairs", &[("extensions.conf", b"")]);
    editor.open(
        "extensions.conf",
        "[main]\nexten => 1,1,NoOp()\nsame =>> n,NoOp()\nsame => n,NoOp(ä)\nsame => n,NoOp(😀 (x)\n// no comment\n",
    );
    let found = editor.findings("extensions.conf");
    assert!(!found.is_empty());
    let actions = editor.of("codeAction", "extensions.conf");
    let titles: Vec<&str> = actions
        .as_array()
        .unwrap()
        .iter()
        .map(|a| a["title"].as_str().unwrap())
        .collect();
    assert!(titles[0].starts_with("Replace `=>>` by `=>`"), "{titles:?}");
    let mut text = editor.text("extensions.conf").to_owned();
    let uri = editor.uri("extensions.conf");
    // Whatever it repairs is not found any more afterwards.
    for action in actions.as_array().unwrap() {
        let before = codes(&found);
        let edits = &action["edit"]["changes"][uri.as_str()];
        let repaired = editor.changed("extensions.conf", edits);
        editor.write("extensions.conf", &repaired);
        let after = codes(&editor.findings("extensions.conf"));
        assert!(after.len() < before.len(), "{action}: {before:?} {after:?}");
        editor.write("extensions.conf", &text);
        editor.findings("extensions.conf");
    }
    // All that is safe at once.
    let all = editor.ask(
        "textDocument/codeAction",
        json!({
            "textDocument": { "uri": uri },
            "range": { "start": { "line": 0, "character": 0 }, "end": { "line": 0, "character": 0 } },
            "context": { "diagnostics": [], "only": ["source.fixAll"] },
        }),
    );
    text = editor.changed("extensions.conf", &all[0]["edit"]["changes"][uri.as_str()]);
    assert!(
        text.contains("same => n,NoOp()") && text.contains("; no comment"),
        "{text}"
    );
}

#[test]
fn words_about_a_place() {
    let mut editor = Editor::new("hover", &[("extensions.conf", PLAN.as_bytes())]);
    editor.open("extensions.conf", PLAN);
    let mut told = String::new();
    for mark in [
        "_0Z¦XX.,1",
        "¦n,Set",
        "n,S¦et(number",
        "=${EXT¦EN:1}",
        "{nu¦mber}\"",
        "main,100,ri¦ng",
        "?ma¦in,100",
        "${TR¦UNK}",
        "n,Di¦al(",
        "Gosub(s¦ub",
        "Gosub(sub,s,¦1(",
        "${AR¦G1}",
        "Macro(gr¦eet",
        "exten => 1¦00",
    ] {
        let word = mark.replace('¦', "");
        let at = PLAN.find(&word).unwrap() + mark.find('¦').unwrap();
        let hover = editor.at("hover", "extensions.conf", &position(PLAN, at));
        let text = hover["contents"]["value"].as_str().unwrap_or("nothing");
        told.push_str(&format!("===== {mark}\n{text}\n"));
    }
    insta::assert_snapshot!(told);
}

#[test]
fn what_a_caller_may_have_chosen() {
    let plan = "\
[in]
exten => _1XX,1,Dial(SIP/${EXTEN})
 same => n,Set(x=${FILTER(0-9,${CALLERID(name)})})
 same => n,Set(y=${CALLERID(num)})
 same => n,Set(y=5)
 same => n,Dial(SIP/${x}&SIP/${y})
";
    let mut editor = Editor::new("chosen", &[("extensions.conf", plan.as_bytes())]);
    editor.open("extensions.conf", plan);
    let mut told = |mark: &str| {
        let word = mark.replace('¦', "");
        let at = plan.find(&word).unwrap() + mark.find('¦').unwrap();
        let hover = editor.at("hover", "extensions.conf", &position(plan, at));
        let text = hover["contents"]["value"].as_str().unwrap().to_owned();
        let lines = text.lines().filter(|l| l.contains("caller may"));
        lines.collect::<Vec<_>>().join("\n")
    };
    assert!(told("SIP/${EX¦TEN}").ends_with("any characters): digits only."));
    assert!(told("${FIL¦TER(").ends_with("give themselves any name): digits only."));
    assert!(told("${CALLER¦ID(name)").ends_with("any name): it may hold ``& / @ $ ' \" ; |``."));
    assert!(told("SIP/${¦x}").ends_with("by `x`: digits only."));
    assert_eq!(told("SIP/${¦y}"), "", "it is 5 here");
}

/// Where names are defined and used, and what another name changes.
#[test]
fn names() {
    let sip = "[phone]\ntype=friend\ncontext=main\n";
    let more = "[more]\nexten => 5,1,Goto(main,100,ring)\n same => n,Dial(Local/100@main)\n same => n,Set(number=${number})\n";
    let plan = format!("{PLAN}#include more.conf\n");
    let mut editor = Editor::new(
        "names",
        &[
            ("extensions.conf", plan.as_bytes()),
            ("more.conf", more.as_bytes()),
            ("sip.conf", sip.as_bytes()),
        ],
    );
    editor.open("extensions.conf", &plan);
    let mut told = String::new();
    for (mark, name) in [
        ("[ma¦in]", "office"),
        ("?main,1¦00,ring", "200"),
        ("main,100,ri¦ng)", "bell"),
        ("Set(num¦ber", "digits"),
        ("Gosub(su¦b", "helper_routine"),
        ("Macro(gre¦et", "hello"),
        ("[macro-gre¦et]", "macro-hello"),
        ("_0Z¦XX.,1", "_0NXX."),
        ("${TR¦UNK}", "LINE"),
        ("${EXT¦EN:1}", "x"),
        ("[sub]\nexten => ¦s", "t"),
        ("n,S¦et(number", "x"),
        ("[ma¦in]", "sub"),
        ("[ma¦in]", "a b"),
        ("(ri¦ng)", "1st"),
    ] {
        let word = mark.replace('¦', "");
        let at = position(&plan, plan.find(&word).unwrap() + mark.find('¦').unwrap());
        let uri = editor.uri("extensions.conf");
        told.push_str(&format!("===== {} -> {name}\n", mark.replace('\n', "\\n")));
        let definitions = editor.at("definition", "extensions.conf", &at);
        told.push_str(&format!("definition {:?}\n", editor.places(&definitions)));
        let references = editor.at("references", "extensions.conf", &at);
        told.push_str(&format!("references {:#?}\n", editor.places(&references)));
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
                "more.conf" => more,
                "sip.conf" => sip,
                _ => &plan,
            };
            let after = editor.changed(&name, edits);
            for (before, after) in before.lines().zip(after.lines()) {
                if before != after {
                    told.push_str(&format!("{name}: {after}\n"));
                }
            }
        }
    }
    insta::assert_snapshot!(told);
}

#[test]
fn what_could_be_written() {
    let pjsip = "[alice]\ntype=endpoint\ncontext=main\n[bob]\ntype=endpoint\n";
    let mut editor = Editor::new(
        "completion",
        &[
            ("extensions.conf", PLAN.as_bytes()),
            ("pjsip.conf", pjsip.as_bytes()),
            ("sounds/en/good-morning.wav", b""),
            ("sounds/en/digits/1.gsm", b""),
        ],
    );
    editor.open("extensions.conf", PLAN);
    let mut told = String::new();
    for (line, shown) in [
        ("¦", 5),
        ("ex¦", 5),
        ("include => ¦", 9),
        ("exten => 7,¦", 9),
        ("exten => 7,1,Pla¦", 9),
        ("exten => 7,1,Goto(ma¦", 9),
        ("exten => 7,1,Goto(main,¦", 9),
        ("exten => 7,1,Goto(main,100,¦", 9),
        ("exten => 7,1,GotoIf($[1=1]?¦", 99),
        ("exten => 7,1,Macro(¦", 9),
        ("exten => 7,1,NoOp(${num¦", 9),
        ("exten => 7,1,NoOp(${CALLER¦", 9),
        ("exten => 7,1,NoOp(${CUT(num¦", 9),
        ("exten => 7,1,Set(TRU¦", 9),
        ("exten => 7,1,Set(CALLERID(¦", 9),
        ("exten => 7,1,Dial(¦", 9),
        ("exten => 7,1,Dial(SIP/x&PJSIP/a¦", 9),
        ("exten => 7,1,Dial(Local/7@su¦", 9),
        ("exten => 7,1,Dial(PJSIP/alice,20,t¦", 3),
        ("exten => 7,1,Playback(goo¦", 9),
        ("exten => 7,1,Playback(hello&digits/¦", 9),
        ("exten => 7,1,ExecIf($[1=1]?Pla¦", 9),
        ("exten => 7,hint,PJSIP/b¦", 9),
        ("; include => ¦", 9),
        ("same => n,Dial(PJSIP/alice,20,t)¦", 9),
    ] {
        let at = editor.write("extensions.conf", &format!("{PLAN}{line}\n"));
        let items = editor.at("completion", "extensions.conf", &at);
        let items = items.as_array().unwrap();
        told.push_str(&format!("===== {line}  ({})\n", items.len()));
        for item in items.iter().take(shown) {
            let edit = &item["textEdit"];
            let written = editor.changed("extensions.conf", &json!([edit]));
            let new = written.strip_prefix(PLAN).unwrap().trim_end_matches('\n');
            told.push_str(&format!("{}: {new}\n", item["label"].as_str().unwrap()));
        }
    }
    let at = editor.open("pjsip.conf", "[alice]\ntype=endpoint\ncontext=¦\n");
    let items = editor.at("completion", "pjsip.conf", &at);
    let labels: Vec<&str> = items
        .as_array()
        .unwrap()
        .iter()
        .map(|i| i["label"].as_str().unwrap())
        .collect();
    told.push_str(&format!("===== pjsip.conf: context=  {labels:?}\n"));
    insta::assert_snapshot!(told);
}

const TALL: &str = "\
; one
; two

[one](!)
exten => _X,1(top),NoOp(${x})
 same => n,NoOp()   ; why

;-- a block
of comment
--;
[two](one)
exten => 5,1,NoOp()
 same => n+3(far),Goto(top)
 same => 10,NoOp()
exten => 5,hint,SIP/5
[globals]
A=b
";

#[test]
fn the_shape_of_a_file() {
    let mut editor = Editor::new("shape", &[("extensions.conf", TALL.as_bytes())]);
    editor.open("extensions.conf", TALL);
    fn tree(entries: &Value, depth: usize, out: &mut String) {
        for e in entries.as_array().into_iter().flatten() {
            let line = |at: &Value| number(&at["line"]) + 1;
            let (range, named) = (&e["range"], &e["selectionRange"]);
            out.push_str(&format!(
                "{}{} {}-{} (name in {})\n",
                "  ".repeat(depth),
                e["name"].as_str().unwrap(),
                line(&range["start"]),
                line(&range["end"]),
                line(&named["start"])
            ));
            tree(&e["children"], depth + 1, out);
        }
    }
    let mut told = String::from("===== symbols\n");
    tree(
        &editor.of("documentSymbol", "extensions.conf"),
        0,
        &mut told,
    );
    told.push_str("===== folds\n");
    for fold in editor
        .of("foldingRange", "extensions.conf")
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
    let lines: Vec<&str> = TALL.lines().collect();
    for hint in editor
        .of("inlayHint", "extensions.conf")
        .as_array()
        .unwrap()
    {
        let line = lines[number(&hint["position"]["line"])];
        let (a, b) = line.split_at(number(&hint["position"]["character"]));
        told.push_str(&format!("{a}{{{}}}{b}\n", hint["label"].as_str().unwrap()));
    }
    told.push_str("===== symbols of the plan with `t`\n");
    for s in editor
        .ask("workspace/symbol", json!({ "query": "t" }))
        .as_array()
        .unwrap()
    {
        told.push_str(&format!(
            "{} in {}\n",
            s["name"].as_str().unwrap(),
            s["containerName"]
        ));
    }
    insta::assert_snapshot!(told);
}

#[test]
fn colours() {
    let mut editor = Editor::new("colours", &[("extensions.conf", b"")]);
    let hello = "namespace";
    // Signs of one, two and four bytes before the words.
    let text = "[ä😀]\nexten => _X.,1(ä),Set(x=😀${EXTEN:1}${CUT(x,-,1)}) ; ü\n same => n,Goto(ä😀,55,ä)\n; é\n";
    editor.open("extensions.conf", text);
    let words = editor.of("semanticTokens/full", "extensions.conf");
    let data: Vec<usize> = words["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(number)
        .collect();
    let kinds = [
        "keyword", hello, "class", "number", "label", "function", "macro", "variable", "property",
        "comment",
    ];
    let (mut line, mut character) = (0, 0);
    let mut told = String::new();
    for word in data.chunks(5) {
        if word[0] > 0 {
            character = 0;
        }
        line += word[0];
        character += word[1];
        let units: Vec<u16> = text.lines().nth(line).unwrap().encode_utf16().collect();
        let shown = String::from_utf16(&units[character..character + word[2]]).unwrap();
        let definition = if word[4] == 1 { " definition" } else { "" };
        told.push_str(&format!("{} {shown}{definition}\n", kinds[word[3]]));
    }
    insta::assert_snapshot!(told);
    // A part of the file is a part of the answer.
    let uri = editor.uri("extensions.conf");
    let part = editor.ask(
        "textDocument/semanticTokens/range",
        json!({ "textDocument": { "uri": uri }, "range": { "start": { "line": 3, "character": 0 }, "end": { "line": 3, "character": 1 } } }),
    );
    assert_eq!(part["data"], json!([3, 0, 3, 9, 0]));
}

#[test]
fn formatting_is_that_of_fmt() {
    let text = "[ä]\nexten=>1 , 1, NoOp(😀)   ; ö\nsame=>n,Hangup()  \r\n\tinclude=>ä\n";
    let mut editor = Editor::new("formatting", &[("extensions.conf", text.as_bytes())]);
    editor.open("extensions.conf", text);
    let edits = editor.of("formatting", "extensions.conf");
    let formatted = editor.changed("extensions.conf", &edits);
    let out = std::process::Command::new(env!("CARGO_BIN_EXE_strowger"))
        .args([
            "fmt",
            editor.folder.join("extensions.conf").to_str().unwrap(),
        ])
        .output()
        .unwrap();
    assert!(out.status.success());
    assert_eq!(
        formatted,
        std::fs::read_to_string(editor.folder.join("extensions.conf")).unwrap()
    );
    assert_ne!(formatted, text);
    editor.write("extensions.conf", &formatted);
    assert_eq!(editor.of("formatting", "extensions.conf"), json!([]));
}

/// A file on the disk in Latin-1, which nobody has opened: places in it are those of an editor that shows one sign for a broken byte.
#[test]
fn places_in_files_that_are_not_utf_8() {
    let more =
        b"[a\xe4\xf6b]\nexten => 1,1,NoOp(\xfc\xfc) ; \xe9\n same => n(\xe4z),Set(x\xe4=1)\n";
    let plan = "[main]\nexten => 1,1,Goto(a\u{fffd}\u{fffd}b,1,1)\n same => n,NoOp(${y})\n#include more.conf\n";
    let mut editor = Editor::new(
        "latin",
        &[("extensions.conf", plan.as_bytes()), ("more.conf", more)],
    );
    editor.open("extensions.conf", plan);
    editor.findings("extensions.conf");
    let found = editor.ask("workspace/symbol", json!({ "query": "z" }));
    assert_eq!(
        found[0]["location"]["range"]["start"],
        json!({ "line": 2, "character": 11 })
    );
    assert_eq!(
        found[0]["location"]["range"]["end"],
        json!({ "line": 2, "character": 13 })
    );
    let found = editor.ask("workspace/symbol", json!({ "query": "b" }));
    assert_eq!(
        found[0]["location"]["range"]["end"],
        json!({ "line": 0, "character": 5 })
    );
}

/// Files in folders below belong to the plan that includes them; a plan that nobody includes is one of its own.
#[test]
fn where_files_belong() {
    let mut editor = Editor::new(
        "belong",
        &[
            (
                "extensions.conf",
                b"[main]\ninclude => below\n#include extensions.d/*.conf\n",
            ),
            (
                "extensions.d/below.conf",
                b"[below]\nexten => 1,1,Goto(main,2,1)\n",
            ),
            (
                "alone.conf",
                b"[x]\nexten => 1,1,NoOp()\nsame =>> n,NoOp()\n",
            ),
            ("logger.conf", b"[logfiles]\nconsole => error\n"),
        ],
    );
    let at = editor.open(
        "extensions.d/below.conf",
        "[below]\nexten => 1,1,Goto(ma¦in,2,1)\n",
    );
    let found = editor.at("definition", "extensions.d/below.conf", &at);
    assert_eq!(editor.places(&found), ["extensions.conf:1:2-6"]);
    editor.open(
        "alone.conf",
        "[x]\nexten => 1,1,NoOp()\nsame =>> n,NoOp()\n",
    );
    assert_eq!(codes(&editor.findings("alone.conf")), ["3:S103"]);
    // Of a file that is no plan nothing is said, and every question has an answer.
    editor.open("logger.conf", "[logfiles]\nconsole => error\n");
    assert_eq!(editor.of("documentSymbol", "logger.conf"), Value::Null);
    assert!(!editor.told.contains_key("logger.conf"));
}

/// Bytes that are no message, and messages that mean nothing: the program says so and lives.
#[test]
fn nonsense_is_survived() {
    let mut editor = Editor::new("nonsense", &[("extensions.conf", PLAN.as_bytes())]);
    editor.open("extensions.conf", PLAN);
    for bytes in [
        "Content-Length: 5\r\n\r\n{\"a\":".to_owned(),
        "Content-Length: 2\r\n\r\n[]".to_owned(),
        "Content-Length: nonsense\r\n\r\n".to_owned(),
        format!("Content-Length: {}\r\n\r\n{}", 200_000, "[".repeat(200_000)),
        "hello\r\n\r\n\r\n".to_owned(),
        format!("{}\r\n", "x".repeat(100_000)),
        "Content-Length: 4\r\nContent-Type: x\r\n\r\n\u{fffd}!".to_owned(),
    ] {
        editor.raw(bytes.as_bytes());
    }
    for (method, params) in [
        ("textDocument/hover", json!(null)),
        ("textDocument/hover", json!({ "textDocument": 1 })),
        (
            "textDocument/rename",
            json!({ "textDocument": { "uri": "file:///x" } }),
        ),
        (
            "textDocument/hover",
            json!({ "textDocument": { "uri": "not a uri %%" }, "position": { "line": 0, "character": 0 } }),
        ),
        ("textDocument/nothing", json!({})),
        ("initialize", json!({ "capabilities": {} })),
    ] {
        let answer = editor.ask_raw(method, params);
        assert!(answer["error"]["code"].is_i64(), "{method}: {answer}");
    }
    for (method, params) in [
        (
            "textDocument/didChange",
            json!({ "textDocument": { "uri": "file:///never/opened", "version": 1 }, "contentChanges": [] }),
        ),
        ("textDocument/didOpen", json!([])),
        (
            "textDocument/didClose",
            json!({ "textDocument": { "uri": "file:///never/opened" } }),
        ),
        ("$/cancelRequest", json!({ "id": 1 })),
        (
            "textDocument/didOpen",
            json!({ "textDocument": { "uri": "file:///nowhere/extensions.conf", "languageId": "x", "version": 1, "text": "[a]\n" } }),
        ),
        (
            "textDocument/didOpen",
            json!({ "textDocument": { "uri": "untitled:1", "languageId": "x", "version": 1, "text": "[a]\n" } }),
        ),
    ] {
        editor.tell(method, params);
    }
    // Places that are not there.
    for (line, character) in [(0, u32::MAX), (u32::MAX, 0), (u32::MAX, u32::MAX)] {
        let at = json!({ "line": line, "character": character });
        for method in ["hover", "definition", "references", "completion"] {
            editor.at(method, "extensions.conf", &at);
        }
        let backwards =
            json!([{ "range": { "start": at, "end": { "line": 0, "character": 0 } }, "text": "" }]);
        editor.change("extensions.conf", backwards);
    }
    assert!(editor.lives());
    let hover = editor.at(
        "hover",
        "extensions.conf",
        &json!({ "line": 8, "character": 18 }),
    );
    assert!(
        hover["contents"]["value"]
            .as_str()
            .unwrap()
            .contains("Hangup"),
        "{hover}"
    );
    assert!(editor.quit().success());
}

/// A message that says it is larger than anything that could be meant is passed over without making room for it.
#[test]
fn a_huge_message_takes_no_room() {
    let mut editor = Editor::new("huge", &[]);
    editor.raw(b"Content-Length: 18000000000000000000\r\n\r\n{}");
    // Nothing more can be understood on this pipe; the program waits, and ends when the pipe does.
    assert!(editor.lives());
    assert!(!editor.wait().success());
}

/// Random edits at random places, with questions between: what is found in the end is what is found in a file opened with that text.
#[test]
fn edits_add_up() {
    const PIECES: [&str; 14] = [
        "exten => ",
        "same => n,",
        "1,1,",
        "NoOp(",
        ")",
        "\n",
        "\r\n",
        "\r",
        "😀",
        "ä",
        "[main]\n",
        ";",
        "${x",
        "",
    ];
    let mut editor = Editor::new(
        "edits",
        &[
            ("extensions.conf", PLAN.as_bytes()),
            ("other/extensions.conf", b""),
        ],
    );
    editor.open("extensions.conf", PLAN);
    let mut text = PLAN.to_owned();
    let mut seed = 42_u64;
    let mut random = |below: usize| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap() % below
    };
    for turn in 0..300 {
        let mut place = || {
            let mut at = random(text.len() + 1);
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let (a, b) = (place(), place());
        let (start, end) = (a.min(b), a.max(b).min(a.min(b) + 6));
        let end = (end..).find(|at| text.is_char_boundary(*at)).unwrap();
        let new = PIECES[random(PIECES.len())];
        let range = json!({ "start": counted(&text, start), "end": counted(&text, end) });
        editor.change("extensions.conf", json!([{ "range": range, "text": new }]));
        text.replace_range(start..end, new);
        if turn % 7 == 0 {
            let at = json!({ "line": random(25), "character": random(40) });
            let method = [
                "hover",
                "definition",
                "references",
                "completion",
                "documentHighlight",
            ][random(5)];
            editor.at(method, "extensions.conf", &at);
            let method = [
                "documentSymbol",
                "foldingRange",
                "semanticTokens/full",
                "inlayHint",
                "codeAction",
                "formatting",
            ][random(6)];
            editor.of(method, "extensions.conf");
        }
    }
    let found = editor.findings_now("extensions.conf");
    let looks = |editor: &mut Editor, name: &str| {
        [
            "documentSymbol",
            "foldingRange",
            "semanticTokens/full",
            "inlayHint",
            "formatting",
        ]
        .map(|method| editor.of(method, name))
    };
    let seen = looks(&mut editor, "extensions.conf");
    editor.open("other/extensions.conf", &text);
    assert_eq!(editor.findings("other/extensions.conf"), found);
    assert_eq!(looks(&mut editor, "other/extensions.conf"), seen);
}

/// As `position`, but a carriage return ends a line too.
fn counted(text: &str, at: usize) -> Value {
    let before = &text.as_bytes()[..at];
    let ends = |i: &usize| {
        before[*i] == b'\n' || before[*i] == b'\r' && text.as_bytes().get(i + 1) != Some(&b'\n')
    };
    let line = (0..at).filter(ends).count();
    let start = (0..at).rev().find(ends).map_or(0, |i| i + 1);
    json!({ "line": line, "character": text[start..at].encode_utf16().count() })
}
