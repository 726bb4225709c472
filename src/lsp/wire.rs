//! Messages on a pipe: `Content-Length`, a blank line, JSON. What is no message is told and skipped.

use lsp_server::Message;
use serde::Serialize;
use std::io::{self, BufRead, Read, Write};

/// Longest message that is read, in bytes.
const MESSAGE: u64 = 96 << 20;
/// Longest header line, in bytes.
const HEADER: u64 = 4 << 10;

/// Something that came in.
#[derive(Debug)]
pub(super) enum Incoming {
    /// A message.
    Message(Message),
    /// Bytes that are none, and why.
    Malformed(String),
}

/// Reads the next message; None at the end.
pub(super) fn read(input: &mut impl BufRead) -> io::Result<Option<Incoming>> {
    let mut size: Option<u64> = None;
    loop {
        let mut line = Vec::new();
        if input.by_ref().take(HEADER).read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        if line.last() != Some(&b'\n') {
            // The rest of a line that is too long is a header that nobody knows.
            continue;
        }
        let text = String::from_utf8_lossy(line.trim_ascii()).into_owned();
        if text.is_empty() {
            if size.is_some() {
                break;
            }
            continue;
        }
        if let Some((name, value)) = text.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            size = value.trim().parse().ok();
            if size.is_none() {
                return Ok(Some(Incoming::Malformed(
                    "Content-Length is no number".to_owned(),
                )));
            }
        }
    }
    let size = size.unwrap_or_default();
    if size > MESSAGE {
        io::copy(&mut input.by_ref().take(size), &mut io::sink())?;
        return Ok(Some(Incoming::Malformed(format!(
            "a message of {size} bytes is longer than {MESSAGE}"
        ))));
    }
    // What is announced may never come, so room is made for what does.
    let mut body = Vec::new();
    if input.by_ref().take(size).read_to_end(&mut body)? as u64 != size {
        return Ok(None);
    }
    Ok(Some(match serde_json::from_slice(&body) {
        Ok(message) => Incoming::Message(message),
        Err(fault) => Incoming::Malformed(fault.to_string()),
    }))
}

/// Writes a message.
pub(super) fn write(out: &mut impl Write, message: &impl Serialize) -> io::Result<()> {
    let body = serde_json::to_vec(message)?;
    write!(out, "Content-Length: {}\r\n\r\n", body.len())?;
    out.write_all(&body)?;
    out.flush()
}
