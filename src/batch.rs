//! `--batch`: one JSON object a line in, one a line out. What the conformance scorer and other programs talk to.

use serde_json::{Map, Value, json};
use std::io::{BufRead, Write};
use std::process::ExitCode;

/// Longest line that is read; a longer one ends the batch.
const LINE: u64 = 64 << 20;

/// Answers each line of standard input. A line that is no object is answered with `{"error": …}`; exit 2 if there was one.
pub(crate) fn answer(mut each: impl FnMut(&Map<String, Value>) -> Map<String, Value>) -> ExitCode {
    let mut input = std::io::stdin().lock();
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut code = ExitCode::SUCCESS;
    let mut line = Vec::new();
    loop {
        line.clear();
        match std::io::Read::take(&mut input, LINE).read_until(b'\n', &mut line) {
            Ok(0) => break,
            Ok(_) => {}
            Err(fault) => {
                eprintln!("strowger: standard input: {fault}");
                return ExitCode::from(2);
            }
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        let answer = match serde_json::from_slice::<Map<String, Value>>(&line) {
            Ok(case) => {
                let mut answer = Map::new();
                answer.insert("id".into(), case.get("id").cloned().unwrap_or(Value::Null));
                answer.extend(each(&case));
                Value::Object(answer)
            }
            Err(fault) => {
                code = ExitCode::from(2);
                json!({ "error": fault.to_string() })
            }
        };
        if writeln!(out, "{answer}").is_err() {
            return code; // the reader has gone
        }
    }
    let _ = out.flush();
    code
}

/// The bytes of a string field; empty when it is absent.
pub(crate) fn text<'a>(case: &'a Map<String, Value>, key: &str) -> &'a [u8] {
    case.get(key)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .as_bytes()
}

/// Bytes as JSON: text where they are UTF-8, else `null` (a caller that must keep them writes hexadecimal).
pub(crate) fn string(bytes: &[u8]) -> Value {
    Value::String(String::from_utf8_lossy(bytes).into_owned())
}

/// `value`, or `value_hex` where the bytes are no UTF-8.
pub(crate) fn value(bytes: &[u8]) -> Map<String, Value> {
    let mut out = Map::new();
    match std::str::from_utf8(bytes) {
        Ok(text) => out.insert("value".into(), json!(text)),
        Err(_) => out.insert(
            "value_hex".into(),
            json!(bytes.iter().map(|b| format!("{b:02x}")).collect::<String>()),
        ),
    };
    out
}
