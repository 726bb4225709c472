//! An editor, as far as the protocol goes: it starts the program, and speaks with it over standard input and output.

#![allow(unreachable_pub)]

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// Longer than any answer takes on a machine that does other things too.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Editor {
    child: Child,
    heard: Receiver<Value>,
    count: i32,
    /// Findings by file name, as they were told last.
    pub told: BTreeMap<String, Vec<Value>>,
    pub folder: PathBuf,
    texts: BTreeMap<String, String>,
}

impl Editor {
    /// Starts the program on a fresh folder with these files on the disk, and says hello.
    pub fn new(name: &str, files: &[(&str, &[u8])]) -> Editor {
        let mut editor = Editor::silent(name, files);
        let answer = editor.ask(
            "initialize",
            json!({ "capabilities": {}, "processId": null, "rootUri": null }),
        );
        assert!(answer["capabilities"].is_object(), "{answer}");
        editor.tell("initialized", json!({}));
        editor
    }

    /// Starts the program and says nothing.
    pub fn silent(name: &str, files: &[(&str, &[u8])]) -> Editor {
        let folder =
            std::env::temp_dir().join(format!("strowger-lsp-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        for (name, text) in files {
            let path = folder.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let mut child = Command::new(env!("CARGO_BIN_EXE_strowger"))
            .args(["lsp", "--stdio"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let (sender, heard) = channel();
        std::thread::spawn(move || {
            loop {
                let mut size = 0;
                loop {
                    let mut line = String::new();
                    if out.read_line(&mut line).unwrap_or(0) == 0 {
                        return;
                    }
                    if line.trim().is_empty() {
                        break;
                    }
                    if let Some(n) = line.strip_prefix("Content-Length: ") {
                        size = n.trim().parse().unwrap();
                    }
                }
                let mut body = vec![0; size];
                if out.read_exact(&mut body).is_err() {
                    return;
                }
                let _ = sender.send(serde_json::from_slice(&body).unwrap());
            }
        });
        Editor {
            child,
            heard,
            count: 0,
            told: BTreeMap::new(),
            folder,
            texts: BTreeMap::new(),
        }
    }

    /// Bytes as they are.
    pub fn raw(&mut self, bytes: &[u8]) {
        let input = self.child.stdin.as_mut().unwrap();
        input.write_all(bytes).unwrap();
        input.flush().unwrap();
    }

    fn send(&mut self, mut message: Value) {
        message["jsonrpc"] = json!("2.0");
        let body = message.to_string();
        self.raw(format!("Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes());
    }

    pub fn tell(&mut self, method: &str, params: Value) {
        self.send(json!({ "method": method, "params": params }));
    }

    /// The next message; findings are noted on the way.
    pub fn listen(&mut self) -> Value {
        let message = self
            .heard
            .recv_timeout(PATIENCE)
            .expect("the program says nothing");
        if message["method"] == "textDocument/publishDiagnostics" {
            let uri = message["params"]["uri"].as_str().unwrap();
            let found = message["params"]["diagnostics"].as_array().unwrap().clone();
            self.told.insert(self.name(uri), found);
        }
        message
    }

    /// The whole answer to a request.
    pub fn ask_raw(&mut self, method: &str, params: Value) -> Value {
        self.count += 1;
        let id = self.count;
        self.send(json!({ "id": id, "method": method, "params": params }));
        loop {
            let message = self.listen();
            if message["id"] == id && message.get("method").is_none() {
                return message;
            }
        }
    }

    /// The result of a request.
    pub fn ask(&mut self, method: &str, params: Value) -> Value {
        let answer = self.ask_raw(method, params);
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }

    /// Waits until findings are told of a file.
    pub fn findings(&mut self, name: &str) -> Vec<Value> {
        loop {
            let message = self.listen();
            if message["params"]["uri"] == self.uri(name).as_str() {
                return self.told[name].clone();
            }
        }
    }

    /// Waits until findings are told of the newest text of a file.
    pub fn findings_now(&mut self, name: &str) -> Vec<Value> {
        self.change(name, json!([]));
        loop {
            let message = self.listen();
            let params = &message["params"];
            if params["uri"] == self.uri(name).as_str() && params["version"] == self.count {
                return self.told[name].clone();
            }
        }
    }

    pub fn uri(&self, name: &str) -> String {
        format!("file://{}", self.folder.join(name).display())
    }

    /// The name of a file in the folder.
    pub fn name(&self, uri: &str) -> String {
        let start = format!("file://{}/", self.folder.display());
        uri.strip_prefix(&start).unwrap_or(uri).to_owned()
    }

    /// Opens a file with this text; the `¦` marks the place that is returned.
    pub fn open(&mut self, name: &str, text: &str) -> Value {
        let at = text.find('¦').map(|at| position(text, at));
        let text = text.replacen('¦', "", 1);
        let uri = self.uri(name);
        self.texts.insert(name.to_owned(), text.clone());
        self.tell(
            "textDocument/didOpen",
            json!({ "textDocument": { "uri": uri, "languageId": "asterisk", "version": 1, "text": text } }),
        );
        at.unwrap_or(Value::Null)
    }

    /// Puts another text in the place of a whole file; the `¦` marks the place that is returned.
    pub fn write(&mut self, name: &str, text: &str) -> Value {
        let at = text.find('¦').map(|at| position(text, at));
        let text = text.replacen('¦', "", 1);
        self.texts.insert(name.to_owned(), text.clone());
        self.change(name, json!([{ "text": text }]));
        at.unwrap_or(Value::Null)
    }

    pub fn change(&mut self, name: &str, changes: Value) {
        self.count += 1;
        let uri = self.uri(name);
        self.tell(
            "textDocument/didChange",
            json!({ "textDocument": { "uri": uri, "version": self.count }, "contentChanges": changes }),
        );
    }

    /// A question about a place.
    pub fn at(&mut self, method: &str, name: &str, at: &Value) -> Value {
        let uri = self.uri(name);
        self.ask(
            &format!("textDocument/{method}"),
            json!({ "textDocument": { "uri": uri }, "position": at, "context": { "includeDeclaration": true, "triggerKind": 1 } }),
        )
    }

    /// A question about a whole file.
    pub fn of(&mut self, method: &str, name: &str) -> Value {
        let uri = self.uri(name);
        let end = json!({ "line": 100_000, "character": 0 });
        self.ask(
            &format!("textDocument/{method}"),
            json!({
                "textDocument": { "uri": uri },
                "range": { "start": { "line": 0, "character": 0 }, "end": end },
                "options": { "tabSize": 4, "insertSpaces": true },
                "context": { "diagnostics": [] },
            }),
        )
    }

    /// The text of an open file.
    pub fn text(&self, name: &str) -> &str {
        &self.texts[name]
    }

    /// The text of an open file or of one on the disk, after changes.
    pub fn changed(&self, name: &str, edits: &Value) -> String {
        let text = match self.texts.get(name) {
            Some(text) => text.clone(),
            None => std::fs::read_to_string(self.folder.join(name)).unwrap(),
        };
        let mut edits: Vec<(usize, usize, String)> = edits
            .as_array()
            .unwrap()
            .iter()
            .map(|e| {
                let (start, end) = (
                    offset(&text, &e["range"]["start"]),
                    offset(&text, &e["range"]["end"]),
                );
                (start, end, e["newText"].as_str().unwrap().to_owned())
            })
            .collect();
        edits.sort();
        assert!(
            edits.windows(2).all(|w| w[0].1 <= w[1].0),
            "edits overlap: {edits:?}"
        );
        let mut out = text;
        for (start, end, new) in edits.into_iter().rev() {
            out.replace_range(start..end, &new);
        }
        out
    }

    /// `file:line:column` of locations, counted from 1, with the text that stands there.
    pub fn places(&self, locations: &Value) -> Vec<String> {
        let mut out: Vec<String> = locations
            .as_array()
            .unwrap()
            .iter()
            .map(|l| {
                let name = self.name(l["uri"].as_str().unwrap());
                let (start, end) = (&l["range"]["start"], &l["range"]["end"]);
                let place = format!(
                    "{name}:{}:{}",
                    number(&start["line"]) + 1,
                    number(&start["character"]) + 1
                );
                match self.texts.get(&name) {
                    Some(text) => {
                        format!("{place} {}", &text[offset(text, start)..offset(text, end)])
                    }
                    None => format!("{place}-{}", number(&end["character"]) + 1),
                }
            })
            .collect();
        out.sort();
        out
    }

    /// Says good-bye in order.
    pub fn quit(mut self) -> ExitStatus {
        self.ask("shutdown", Value::Null);
        self.tell("exit", Value::Null);
        self.child.wait().unwrap()
    }

    pub fn wait(&mut self) -> ExitStatus {
        drop(self.child.stdin.take());
        self.child.wait().unwrap()
    }

    /// Whether the program still runs.
    pub fn lives(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

pub fn number(value: &Value) -> usize {
    usize::try_from(value.as_u64().unwrap()).unwrap()
}

/// Line and UTF-16 column of a byte, both from 0, counted in another way than the program does.
pub fn position(text: &str, at: usize) -> Value {
    let before = &text[..at];
    let line = before.matches('\n').count();
    let start = before.rfind('\n').map_or(0, |n| n + 1);
    json!({ "line": line, "character": before[start..].encode_utf16().count() })
}

fn offset(text: &str, at: &Value) -> usize {
    let start = match number(&at["line"]) {
        0 => 0,
        line => text
            .match_indices('\n')
            .nth(line - 1)
            .map_or(text.len(), |(n, _)| n + 1),
    };
    let mut left = number(&at["character"]);
    for (i, c) in text[start..].char_indices() {
        if left == 0 {
            return start + i;
        }
        left -= c.len_utf16();
    }
    text.len()
}

/// All files below a folder.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            out.extend(files(&path));
        } else {
            out.push(path);
        }
    }
    out.sort();
    out
}
