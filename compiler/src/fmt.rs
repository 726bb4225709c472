//! `strowger fmt` for `.conf`: `exten =>`, `same =>` and blanks in one way, and nothing else.
//!
//! Lines stay lines and comments stay where they are. A line that the reader would read otherwise afterwards is left as it stands;
//! so is every line whose meaning other lines have a hand in (block comments, `+=`).

use std::ops::Range;

use strowger_stdlib::{Dialect, template};

use crate::ast::{self, Entry, Exten, Kind};
use crate::build::NAME_BYTES;
use crate::conf::comment::Comments;
use crate::conf::exten;
use crate::conf::line::{LINE_BYTES, Value};
use crate::draft::{Dashes, split_caller, stored_name};
use crate::source::{FileId, Sources, Text};

/// A line that is written otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its 1-based number.
    pub line: u32,
    /// Its bytes, without the line end.
    pub range: Range<usize>,
    /// What stands there instead.
    pub text: Vec<u8>,
}

/// Columns between two tab stops, where blanks before a comment are counted.
const TAB: usize = 8;

/// The whole text after formatting.
pub fn format(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    for change in changes(text) {
        out.extend_from_slice(&text[at..change.range.start]);
        out.extend_from_slice(&change.text);
        at = change.range.end;
    }
    out.extend_from_slice(&text[at..]);
    out
}

/// The lines that formatting changes, from top to bottom.
pub fn changes(text: &[u8]) -> Vec<Change> {
    // A NUL byte ends lines in ways of its own (DL-003).
    if text.contains(&0) {
        return Vec::new();
    }
    let sources = Sources::plan(text);
    let file = sources.file(FileId(0));
    let mut printer = Printer {
        comments: Comments::new(),
        context: true,
        whole: leans_on_text(text),
        dialects: [Some(Dialect::default()), Dialect::named("1.4")],
    };
    let mut out = Vec::new();
    for line in 1..=file.line_count() {
        let range = file.line_range(line);
        let mark = line == 1 && text.starts_with(b"\xef\xbb\xbf");
        let start = range.start + if mark { 3 } else { 0 };
        let end = start + file.line_bytes(line).len() - if mark { 3 } else { 0 };
        let raw = &text[start..end];
        // Such a line is dropped as a whole, and a shorter one would not be.
        if range.len() > LINE_BYTES && text[range.start + LINE_BYTES] != b'\n' {
            continue;
        }
        let span = crate::source::Span {
            file: FileId(0),
            start: start as u32,
            end: end as u32,
        };
        if let Some(new) = printer.line(raw, file.text(span))
            && new != raw
            // A last line of blanks without a line end would be no line.
            && !(new.is_empty() && range.end == end)
            && new.len() + 4 <= LINE_BYTES
        {
            out.push(Change {
                line,
                range: start..end,
                text: new,
            });
        }
    }
    out
}

/// Whether some line looks at the text of others: `key += more` (DL-034) finds a value by key and text, and so does `[name](+key=value)`.
fn leans_on_text(text: &[u8]) -> bool {
    text.windows(2).any(|pair| pair == b"+=")
        || text.split(|b| *b == b'\n').any(|line| {
            let line = line.trim_ascii_start();
            line.first() == Some(&b'[')
                && line
                    .windows(2)
                    .position(|pair| pair == b"(+")
                    .is_some_and(|at| line[at..].contains(&b'='))
        })
}

struct Printer {
    comments: Comments,
    /// Lines belong to a context, as far as this file tells.
    context: bool,
    /// Values are left as they stand.
    whole: bool,
    /// Every reading of a line must stay what it was.
    dialects: [Option<Dialect>; 2],
}

impl Printer {
    /// A line as it shall stand; None: as it does.
    fn line(&mut self, raw: &[u8], text: Text) -> Option<Vec<u8>> {
        if raw.iter().all(|b| *b <= 32) {
            return (!self.comments.inside() && raw.iter().all(is_blank)).then(Vec::new);
        }
        let before = self.comments.inside();
        let live = self.comments.strip(text);
        if before || self.comments.inside() {
            return None;
        }
        let live = live?;
        if live.bytes().trim_ascii_start().first() == Some(&b'[') {
            self.open(live.bytes().trim_ascii_start());
        }
        // Stray control bytes are blanks to the reader, and nobody knows what they are to an editor.
        if raw.iter().any(|b| *b < 32 && *b != b'\t') {
            return None;
        }
        let tidy = trim_end(raw);
        let cut = self
            .comments
            .cut
            .map_or(tidy.len(), |c| raw.len() - c.len());
        let (code, comment) = tidy.split_at(cut.min(tidy.len()));
        if code.windows(3).any(|w| w == b";--" || w == b"--;") {
            return None;
        }
        let body = trim_end(code);
        let indent = body.iter().take_while(|b| is_blank(b)).count();
        let code = match body.get(indent) {
            None => return Some(tidy.to_vec()),
            Some(b'[' | b'#') => body[indent..].to_vec(),
            Some(_) => self
                .value(&live.into_trimmed(), &body[indent..])
                .unwrap_or_else(|| body.to_vec()),
        };
        Some(with_comment(tidy, body, code, comment))
    }

    /// A section header.
    fn open(&mut self, header: &[u8]) {
        let end = header.iter().position(|b| *b == b']');
        let name = &header[1..end.unwrap_or(header.len()).max(1)];
        self.context =
            !(name.eq_ignore_ascii_case(b"general") || name.eq_ignore_ascii_case(b"globals"));
    }

    /// `key => value` of a context; None: as it stands. `live` is how it is read, `body` how it is written.
    fn value(&self, live: &Text, body: &[u8]) -> Option<Vec<u8>> {
        if !self.context || self.whole {
            return None;
        }
        let (key, object, value) = split(body)?;
        let word = key.to_ascii_lowercase();
        let step = matches!(word.as_slice(), b"exten" | b"same");
        let known = matches!(
            word.as_slice(),
            b"include" | b"ignorepat" | b"switch" | b"lswitch" | b"eswitch"
        );
        // `=>>` is told of, and told by its looks.
        if !(step || known) || matches!(value.first(), Some(b'>' | b'=')) {
            return None;
        }
        let mut out = Vec::with_capacity(body.len() + 4);
        if word == b"same" {
            // So that its arrow stands below that of `exten`.
            out.push(b' ');
        }
        out.extend_from_slice(&word);
        out.extend_from_slice(if step || object { b" =>" } else { b" =" });
        if !value.is_empty() {
            out.push(b' ');
        }
        if step {
            fields(value, word == b"exten", &mut out);
        } else {
            out.extend_from_slice(value);
        }
        self.reads_alike(live, &out).then_some(out)
    }

    /// Whether all readers take the new line for the old one.
    fn reads_alike(&self, old: &Text, new: &[u8]) -> bool {
        let sources = Sources::plan(new);
        let span = crate::source::Span {
            file: FileId(0),
            start: 0,
            end: new.len() as u32,
        };
        let mut comments = Comments::new();
        let Some(new) = comments.strip(sources.file(FileId(0)).text(span)) else {
            return false;
        };
        if comments.inside() || comments.cut.is_some() {
            return false;
        }
        let (Some(old), Some(new)) = (value(old), value(&new.into_trimmed())) else {
            return false;
        };
        self.dialects.iter().flatten().all(|dialect| {
            let (old, new) = (
                exten::line(&old, Kind::Context, dialect),
                exten::line(&new, Kind::Context, dialect),
            );
            match (&old.entry, &new.entry) {
                (Entry::Exten(a), Entry::Exten(b)) => same_step(a, b),
                (a, b) => {
                    std::mem::discriminant(a) == std::mem::discriminant(b)
                        && (matches!(a, Entry::Other) || old.value.bytes() == new.value.bytes())
                }
            }
        })
    }
}

/// Key, whether the operator is `=>`, and value; None for anything that is no plain `key = value`.
fn split(body: &[u8]) -> Option<(&[u8], bool, &[u8])> {
    let equals = body.iter().position(|b| *b == b'=')?;
    let object = body.get(equals + 1) == Some(&b'>');
    let value = &body[equals + 1 + usize::from(object)..];
    (body.first() != Some(&b'\\') && equals > 0 && body[equals - 1] != b'+').then(|| {
        (
            trim_end(&body[..equals]),
            object,
            &value[value.iter().take_while(|b| is_blank(b)).count()..],
        )
    })
}

/// A line as the reader keeps it.
fn value(live: &Text) -> Option<Value> {
    let (_, object, _) = split(live.bytes())?;
    let equals = live.bytes().iter().position(|b| *b == b'=')?;
    Some(Value {
        key: live.slice(0..equals).into_trimmed(),
        text: live
            .slice(equals + 1 + usize::from(object)..live.len())
            .into_trimmed(),
        object,
        inherited: false,
        line: 1,
        listed_line: 1,
        renamed: 0,
        comment: None,
    })
}

/// `NAME,PRIORITY,CALL` without blanks around the first two commas.
fn fields(value: &[u8], named: bool, out: &mut Vec<u8>) {
    let mut rest = value;
    if named {
        let end = exten::name_end(rest);
        let name = &rest[..end];
        let size = match template::has_hole(name) {
            // Of an empty variable, the blank is what is left.
            true => name.len(),
            false => name.iter().rposition(|b| *b != b' ').map_or(0, |i| i + 1),
        };
        out.extend_from_slice(&name[..size]);
        if end == rest.len() {
            return;
        }
        out.push(b',');
        rest = &rest[end + 1..];
    }
    let end = rest.iter().position(|b| *b == b',');
    out.extend_from_slice(rest[..end.unwrap_or(rest.len())].trim_ascii());
    if let Some(end) = end {
        out.push(b',');
        out.extend_from_slice(rest[end + 1..].trim_ascii_start());
    }
}

/// Whether two lines make the same step.
fn same_step(a: &Exten, b: &Exten) -> bool {
    let alike = |a: &Text, b: &Text| a.bytes() == b.bytes();
    let optional = |a: &Option<Text>, b: &Option<Text>| match (a, b) {
        (Some(a), Some(b)) => alike(a, b),
        (None, None) => true,
        _ => false,
    };
    let label = match (&a.label, &b.label) {
        (ast::Label::Some(a), ast::Label::Some(b)) => alike(a, b),
        (a, b) => std::mem::discriminant(a) == std::mem::discriminant(b),
    };
    let end = match (&a.end, &b.end) {
        (ast::End::Trailing(a), ast::End::Trailing(b)) => alike(a, b),
        (a, b) => std::mem::discriminant(a) == std::mem::discriminant(b),
    };
    let name = match (&a.name, &b.name) {
        (Some(a), Some(b)) => same_name(a.bytes(), b.bytes()),
        (None, None) => true,
        _ => false,
    };
    name && label
        && end
        && alike(&a.priority, &b.priority)
        && optional(&a.offset, &b.offset)
        && alike(&a.app, &b.app)
        && alike(&a.args, &b.args)
}

/// Whether two spellings of a name are kept as the same.
fn same_name(a: &[u8], b: &[u8]) -> bool {
    if a == b {
        return true;
    }
    // Names are cut before their blanks are taken out (DL-081).
    if template::has_hole(a) || a.len() > NAME_BYTES {
        return false;
    }
    let kept = |name: &[u8]| {
        let (name, caller) = split_caller(name.to_vec());
        (
            stored_name(&name, Dashes::Keep),
            stored_name(&name, Dashes::Drop),
            caller.map(|c| c.text),
        )
    };
    kept(a) == kept(b)
}

/// Puts the comment back at its column, or as near as the text lets it.
fn with_comment(old: &[u8], body: &[u8], mut code: Vec<u8>, comment: &[u8]) -> Vec<u8> {
    if comment.is_empty() {
        return code;
    }
    let gap = &old[body.len()..old.len() - comment.len()];
    if code == body || gap.contains(&b'\t') {
        code.extend_from_slice(gap);
    } else if !gap.is_empty() {
        let column = width(body) + gap.len();
        let blanks = column.saturating_sub(width(&code)).max(1);
        code.extend(std::iter::repeat_n(b' ', blanks));
    }
    code.extend_from_slice(comment);
    code
}

/// Columns that a text takes.
fn width(text: &[u8]) -> usize {
    let mut columns = 0;
    for byte in text {
        match byte {
            b'\t' => columns = (columns / TAB + 1) * TAB,
            // The further bytes of a character in UTF-8.
            0x80..0xc0 => {}
            _ => columns += 1,
        }
    }
    columns
}

fn is_blank(byte: &u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

fn trim_end(text: &[u8]) -> &[u8] {
    let end = text.iter().rposition(|b| !is_blank(b)).map_or(0, |i| i + 1);
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn becomes(from: &str, to: &str) {
        let once = format(from.as_bytes());
        assert_eq!(String::from_utf8_lossy(&once), to);
        assert_eq!(format(&once), once);
    }

    #[test]
    fn keys_arrows_and_blanks() {
        becomes(
            "[a]  \n  EXTEN=100 , 1, NoOp( x )  \nsame=>n ,Hangup()\n\tinclude=>b\n",
            "[a]\nexten => 100,1,NoOp( x )\n same => n,Hangup()\ninclude => b\n",
        );
        becomes("exten => _[1 ,2],1,A()\n", "exten => _[1 ,2],1,A()\n");
        becomes(
            "exten=>1,1,A(b , c)\r\n  \r\n",
            "exten => 1,1,A(b , c)\r\n\r\n",
        );
    }

    #[test]
    fn comments_stay_where_they_are() {
        becomes(
            "exten=>1,1,A()      ; one\nexten =>   2,1,A()  ; two\nexten=>3,1,A();c\n   ; alone  \n",
            "exten => 1,1,A()    ; one\nexten => 2,1,A()    ; two\nexten => 3,1,A();c\n   ; alone\n",
        );
        becomes(
            ";--\nexten=>1,1,A()  \n--;\nexten=>1,1,A(\\;) ;-- x --; \n",
            ";--\nexten=>1,1,A()  \n--;\nexten=>1,1,A(\\;) ;-- x --; \n",
        );
    }

    #[test]
    fn what_is_not_understood_stays() {
        for text in [
            "[globals]\n  A=b\nexten=>c\n",
            "same =>> n,A()\n",
            "exten = > 1,1,A()\n",
            "exten=>1,1,A(\nexten += b)\n",
            "sip=x\n",
            "exten 1,1,A()\n",
            "exten=>1,1,A(\0)\n",
        ] {
            becomes(text, text);
        }
    }
}
