//! Files, places in them, and text that remembers where it came from.
//!
//! The compiler reads no disk: a [`Sources`] holds every file by name, and answers `#include` patterns either from a recorded
//! answer of the caller ([`Sources::answer`]) or by matching the names it holds.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use crate::listing::{Folder, Listing};

/// A file of a [`Sources`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FileId(pub u32);

/// A range of bytes in one file: `start..end`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// First byte.
    pub start: u32,
    /// The byte after the last.
    pub end: u32,
}

impl Span {
    /// The smallest span that holds both; `self` where the files differ.
    #[must_use]
    pub fn to(self, other: Span) -> Span {
        if self.file != other.file {
            return self;
        }
        Span {
            file: self.file,
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }

    /// The empty span at its end.
    #[must_use]
    pub fn after(self) -> Span {
        Span {
            start: self.end,
            ..self
        }
    }

    /// The empty span at its start.
    #[must_use]
    pub fn before(self) -> Span {
        Span {
            end: self.start,
            ..self
        }
    }

    /// Length in bytes.
    pub fn len(self) -> usize {
        (self.end.saturating_sub(self.start)) as usize
    }

    /// Whether no byte is covered.
    pub fn is_empty(self) -> bool {
        self.end <= self.start
    }
}

/// One file: its name as the configuration directory spells it (`extensions.conf`), its bytes and where its lines begin.
#[derive(Clone, Debug)]
pub struct SourceFile {
    name: String,
    /// Shared with every [`Text`] that stands in it.
    bytes: Arc<Vec<u8>>,
    starts: Vec<u32>,
}

impl SourceFile {
    /// Its name relative to the configuration directory, or absolute.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its bytes, as read.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The text under a span of this file.
    pub fn text(&self, span: Span) -> Text {
        let end = span.end.min(self.bytes.len() as u32);
        let span = Span {
            start: span.start.min(end),
            end,
            ..span
        };
        Text(Kept::InFile(Arc::clone(&self.bytes), span))
    }

    /// How many lines it has; an empty file has one.
    pub fn line_count(&self) -> u32 {
        self.starts.len() as u32
    }

    /// The 1-based line on which the byte `at` stands.
    pub fn line(&self, at: u32) -> u32 {
        self.starts.partition_point(|start| *start <= at) as u32
    }

    /// 1-based line and 1-based column in bytes.
    pub fn line_column(&self, at: u32) -> (u32, u32) {
        let line = self.line(at);
        (line, at - self.starts[line as usize - 1] + 1)
    }

    /// Bytes of the 1-based `line` without its line end; empty when there is no such line.
    pub fn line_bytes(&self, line: u32) -> &[u8] {
        let range = self.line_range(line);
        let text = &self.bytes[range];
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        text.strip_suffix(b"\r").unwrap_or(text)
    }

    /// The byte range of the 1-based `line` with its line end.
    pub fn line_range(&self, line: u32) -> Range<usize> {
        let size = self.bytes.len();
        let start = (line as usize)
            .checked_sub(1)
            .and_then(|i| self.starts.get(i))
            .map_or(size, |s| *s as usize);
        let end = self.starts.get(line as usize).map_or(size, |s| *s as usize);
        start..end.max(start)
    }
}

/// Most bytes of one file; what stands behind is not read. Offsets are 32 bits wide.
pub const FILE_BYTES: usize = 256 << 20;

/// All files that a compilation may look at.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<SourceFile>,
    by_name: HashMap<String, FileId>,
    answers: HashMap<String, Vec<FileId>>,
    stand_ins: HashSet<String>,
    folder: String,
    listings: HashMap<Folder, Listing>,
}

impl Sources {
    /// No files.
    pub fn new() -> Sources {
        Sources::default()
    }

    /// One file, `extensions.conf`.
    pub fn plan(text: impl Into<Vec<u8>>) -> Sources {
        Sources::new().with("extensions.conf", text)
    }

    /// The same with one file more.
    #[must_use]
    pub fn with(mut self, name: &str, text: impl Into<Vec<u8>>) -> Sources {
        self.add(name, text);
        self
    }

    /// Adds a file, or replaces the bytes of one that has the name. Bytes beyond [`FILE_BYTES`] are left out.
    pub fn add(&mut self, name: &str, text: impl Into<Vec<u8>>) -> FileId {
        let mut bytes = text.into();
        bytes.truncate(FILE_BYTES);
        let starts = std::iter::once(0)
            .chain(
                bytes
                    .iter()
                    .enumerate()
                    .filter(|(_, b)| **b == b'\n')
                    .map(|(i, _)| i as u32 + 1),
            )
            .collect();
        let file = SourceFile {
            name: name.to_owned(),
            bytes: Arc::new(bytes),
            starts,
        };
        if let Some(id) = self.by_name.get(name) {
            self.files[id.0 as usize] = file;
            return *id;
        }
        let id = FileId(self.files.len() as u32);
        self.files.push(file);
        self.by_name.insert(name.to_owned(), id);
        id
    }

    /// Says in which folder the files stand, as somebody named it who is to be told of them; an empty text for none.
    pub fn stand_in(&mut self, folder: &str) {
        self.folder = folder.to_owned();
    }

    /// The name of a file for a reader: with its folder, as far as one was said.
    pub fn shown(&self, id: FileId) -> String {
        let name = self.file(id).name();
        if self.folder.is_empty() || name.starts_with('/') {
            name.to_owned()
        } else {
            format!("{}/{name}", self.folder.trim_end_matches('/'))
        }
    }

    /// Records which files an `#include` of `pattern` means, in order; an empty list means that nothing is there.
    pub fn answer(&mut self, pattern: &str, files: Vec<FileId>) {
        self.answers.insert(pattern.to_owned(), files);
    }

    /// Whether the caller has answered for `pattern`.
    pub fn answered(&self, pattern: &str) -> bool {
        self.answers.contains_key(pattern)
    }

    /// Says that something stands in for the file that an `#include` names until the plan is installed: a template of it.
    pub fn stand_in_for(&mut self, pattern: &str) {
        self.stand_ins.insert(pattern.to_owned());
    }

    /// Whether something stands in for a file that is not there.
    pub fn stood_in_for(&self, pattern: &str) -> bool {
        self.stand_ins.contains(pattern)
    }

    /// The patterns for which nothing is there.
    pub fn absent(&self) -> impl Iterator<Item = &str> {
        let empty = self.answers.iter().filter(|(_, files)| files.is_empty());
        empty.map(|(pattern, _)| pattern.as_str())
    }

    /// Says what lies in a folder.
    pub fn list(&mut self, folder: Folder, listing: Listing) {
        self.listings.insert(folder, listing);
    }

    /// What lies in a folder, if somebody has said it.
    pub fn listing(&self, folder: Folder) -> Option<&Listing> {
        self.listings.get(&folder)
    }

    /// The file with exactly this name.
    pub fn find(&self, name: &str) -> Option<FileId> {
        self.by_name.get(name).copied()
    }

    /// The file of an id that this value gave out.
    pub fn file(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    /// All files with their ids.
    pub fn files(&self) -> impl Iterator<Item = (FileId, &SourceFile)> {
        self.files
            .iter()
            .enumerate()
            .map(|(i, f)| (FileId(i as u32), f))
    }

    /// The bytes under a span.
    pub fn bytes(&self, span: Span) -> &[u8] {
        let all = self.file(span.file).bytes();
        let end = (span.end as usize).min(all.len());
        &all[(span.start as usize).min(end)..end]
    }

    /// Files that an `#include` of `pattern` means (DL-007): the recorded answer, else the names that match it, sorted.
    pub fn resolve(&self, pattern: &str) -> Vec<FileId> {
        if let Some(files) = self.answers.get(pattern) {
            return files.clone();
        }
        if let Some(id) = self.find(pattern) {
            return vec![id];
        }
        let mut found: Vec<(&str, FileId)> = self
            .files()
            .filter(|(_, f)| glob(pattern.as_bytes(), f.name().as_bytes()))
            .map(|(id, f)| (f.name(), id))
            .collect();
        found.sort_unstable();
        found.into_iter().map(|(_, id)| id).collect()
    }
}

/// Alternatives that one pattern may open with braces; further ones are not tried.
const BRACE_ALTERNATIVES: usize = 64;

/// Whether `name` matches the shell pattern: `*`, `?`, `[a-z]`, `[!a]`, `{a,b}`; `/` only by itself.
pub fn glob(pattern: &[u8], name: &[u8]) -> bool {
    let mut plain = Vec::new();
    braces(pattern.to_vec(), &mut plain);
    plain.iter().any(|p| wildcard(p, name))
}

fn braces(pattern: Vec<u8>, out: &mut Vec<Vec<u8>>) {
    let mut work = vec![pattern];
    while let Some(p) = work.pop() {
        if out.len() + work.len() >= BRACE_ALTERNATIVES {
            out.push(p);
            return;
        }
        // The innermost group is the last `{` before the first `}`.
        let group = p
            .iter()
            .position(|b| *b == b'}')
            .and_then(|end| Some((p[..end].iter().rposition(|b| *b == b'{')?, end)));
        match group {
            None => out.push(p),
            Some((start, end)) => {
                for part in p[start + 1..end].split(|b| *b == b',') {
                    work.push([&p[..start], part, &p[end + 1..]].concat());
                }
            }
        }
    }
}

/// Shell matching with one point of return, so linear in practice and never exponential.
fn wildcard(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    while n < name.len() {
        let step = match pattern.get(p) {
            Some(b'*') => {
                back = Some((p, n));
                p += 1;
                continue;
            }
            Some(b'?') => (name[n] != b'/').then_some(1),
            Some(b'[') => set(&pattern[p..], name[n]),
            Some(c) => (*c == name[n]).then_some(1),
            None => None,
        };
        match (step, back) {
            (Some(width), _) => {
                p += width;
                n += 1;
            }
            (None, Some((star, from))) if name[from] != b'/' => {
                back = Some((star, from + 1));
                p = star + 1;
                n = from + 1;
            }
            _ => return false,
        }
    }
    pattern[p.min(pattern.len())..].iter().all(|b| *b == b'*')
}

/// Matches `[...]` at the start of `pattern`; the width of the set when it holds `c`. An unclosed set is a plain `[`.
fn set(pattern: &[u8], c: u8) -> Option<usize> {
    let negated = matches!(pattern.get(1), Some(b'!' | b'^'));
    let first = if negated { 2 } else { 1 };
    let Some(end) = pattern
        .iter()
        .skip(first + 1)
        .position(|b| *b == b']')
        .map(|i| i + first + 1)
    else {
        return (c == b'[').then_some(1);
    };
    let members = &pattern[first..end];
    let mut held = false;
    let mut i = 0;
    while i < members.len() {
        if i + 2 < members.len() && members[i + 1] == b'-' {
            held |= (members[i]..=members[i + 2]).contains(&c);
            i += 3;
        } else {
            held |= members[i] == c;
            i += 1;
        }
    }
    (held != negated && c != b'/').then_some(end + 1)
}

/// Bytes that know which bytes of a file they are. Comments cut out, a collapsed `\;` or `+=` make several pieces.
#[derive(Clone, Debug)]
pub struct Text(Kept);

#[derive(Clone, Debug)]
enum Kept {
    /// The bytes of a file under the span, which lies in it: nearly all texts, and nothing is copied for them.
    InFile(Arc<Vec<u8>>, Span),
    Apart(Box<Apart>),
}

/// A text that stands in no file in one piece.
#[derive(Clone, Debug)]
struct Apart {
    bytes: Vec<u8>,
    first: Span,
    /// Further pieces: from this offset of `bytes` on, the text stands at the span.
    more: Vec<(u32, Span)>,
}

impl PartialEq for Text {
    fn eq(&self, other: &Text) -> bool {
        self.bytes() == other.bytes() && self.pieces().eq(other.pieces())
    }
}

impl Eq for Text {}

impl Text {
    /// A text that stands at `span` of a file.
    pub fn new(bytes: impl Into<Vec<u8>>, span: Span) -> Text {
        Text(Kept::Apart(Box::new(Apart {
            bytes: bytes.into(),
            first: span,
            more: Vec::new(),
        })))
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        match &self.0 {
            Kept::InFile(file, span) => &file[span.start as usize..span.end as usize],
            Kept::Apart(apart) => &apart.bytes,
        }
    }

    fn first(&self) -> Span {
        match &self.0 {
            Kept::InFile(_, span) => *span,
            Kept::Apart(apart) => apart.first,
        }
    }

    fn more(&self) -> &[(u32, Span)] {
        match &self.0 {
            Kept::InFile(..) => &[],
            Kept::Apart(apart) => &apart.more,
        }
    }

    /// Its bytes as UTF-8 for messages; broken sequences are replaced.
    pub fn lossy(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(self.bytes())
    }

    /// Whether it has no bytes.
    pub fn is_empty(&self) -> bool {
        self.bytes().is_empty()
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        self.bytes().len()
    }

    /// From its first to its last byte.
    pub fn span(&self) -> Span {
        let first = self.first();
        self.more()
            .iter()
            .filter(|(_, s)| s.file == first.file)
            .fold(first, |all, (_, s)| all.to(*s))
    }

    /// Adds bytes that stand at `span`.
    pub fn push(&mut self, bytes: &[u8], span: Span) {
        if let Kept::InFile(_, at) = &self.0 {
            *self = Text::new(self.bytes(), *at);
        }
        let Kept::Apart(apart) = &mut self.0 else {
            return;
        };
        if apart.bytes.is_empty() {
            apart.first = span;
            apart.more.clear();
        } else {
            let at = apart.bytes.len() as u32;
            let last = apart.more.last_mut().map_or(&mut apart.first, |(_, s)| s);
            if last.file == span.file && last.end == span.start {
                last.end = span.end;
            } else {
                apart.more.push((at, span));
            }
        }
        apart.bytes.extend_from_slice(bytes);
    }

    /// Adds another text.
    pub fn append(&mut self, other: &Text) {
        if self.is_empty() && !other.is_empty() {
            *self = other.clone();
            return;
        }
        if let (Kept::InFile(mine, at), Kept::InFile(theirs, next)) = (&mut self.0, &other.0)
            && Arc::ptr_eq(mine, theirs)
            && at.file == next.file
            && at.end == next.start
        {
            at.end = next.end;
            return;
        }
        for (range, span) in other.pieces() {
            self.push(&other.bytes()[range], span);
        }
    }

    fn pieces(&self) -> impl Iterator<Item = (Range<usize>, Span)> + '_ {
        let ends = self
            .more()
            .iter()
            .map(|(at, _)| *at as usize)
            .chain([self.len()]);
        let starts = [(0, self.first())]
            .into_iter()
            .chain(self.more().iter().map(|(at, s)| (*at as usize, *s)));
        starts
            .zip(ends)
            .map(|((start, span), end)| (start..end, span))
    }

    /// Where the byte `at` of this text stands; `at` may be its length.
    pub fn place(&self, at: usize) -> Span {
        let more = self.more();
        let (from, span) = match more.partition_point(|(start, _)| *start as usize <= at) {
            0 => (0, self.first()),
            n => (more[n - 1].0 as usize, more[n - 1].1),
        };
        let start = (span.start + (at - from) as u32).min(span.end);
        Span {
            file: span.file,
            start,
            end: (start + 1).min(span.end).max(start),
        }
    }

    /// Where the bytes `range` of this text stand.
    pub fn span_of(&self, range: Range<usize>) -> Span {
        let start = self.place(range.start);
        if range.is_empty() {
            return start.before();
        }
        start.to(self.place(range.end - 1))
    }

    /// Other bytes at the same places; their number must be the same.
    #[must_use]
    pub(crate) fn with_bytes(&self, bytes: Vec<u8>) -> Text {
        debug_assert_eq!(bytes.len(), self.len());
        Text(Kept::Apart(Box::new(Apart {
            bytes,
            first: self.first(),
            more: self.more().to_vec(),
        })))
    }

    /// The bytes `range` as a text of their own.
    #[must_use]
    pub fn slice(&self, range: Range<usize>) -> Text {
        if let Kept::InFile(file, span) = &self.0 {
            return Text(Kept::InFile(Arc::clone(file), within(*span, range)));
        }
        if self.more().is_empty() {
            let span = self.first();
            let start = (span.start + range.start as u32).min(span.end);
            let end = (start + range.len() as u32).min(span.end);
            return Text::new(&self.bytes()[range], Span { start, end, ..span });
        }
        let mut out = Text::new(Vec::new(), self.place(range.start).before());
        for (piece, span) in self.pieces() {
            let (start, end) = (piece.start.max(range.start), piece.end.min(range.end));
            if start < end {
                let from = (span.start + (start - piece.start) as u32).min(span.end);
                let to = (from + (end - start) as u32).min(span.end);
                out.push(
                    &self.bytes()[start..end],
                    Span {
                        file: span.file,
                        start: from,
                        end: to,
                    },
                );
            }
        }
        out
    }

    /// The same, where the whole is not needed any more.
    #[must_use]
    pub fn cut(self, range: Range<usize>) -> Text {
        match self.0 {
            Kept::InFile(file, span) => Text(Kept::InFile(file, within(span, range))),
            Kept::Apart(_) => self.slice(range),
        }
    }

    /// The range of its bytes without blanks (bytes up to 32) at both ends.
    fn inner(&self) -> Range<usize> {
        let bytes = self.bytes();
        let start = bytes.iter().position(|b| *b > 32).unwrap_or(bytes.len());
        let end = bytes.iter().rposition(|b| *b > 32).map_or(start, |i| i + 1);
        start..end
    }

    /// Without blanks (bytes up to 32) at both ends.
    #[must_use]
    pub fn trimmed(&self) -> Text {
        self.slice(self.inner())
    }

    /// The same, where the whole is not needed any more.
    #[must_use]
    pub fn into_trimmed(self) -> Text {
        let inner = self.inner();
        self.cut(inner)
    }
}

/// A range of a text that is the bytes of a file under a span.
fn within(span: Span, range: Range<usize>) -> Span {
    assert!(range.start <= range.end && range.end <= span.len());
    Span {
        file: span.file,
        start: span.start + range.start as u32,
        end: span.start + range.end as u32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_as_a_shell_does() {
        assert!(glob(b"ext.d/*.conf", b"ext.d/a.conf"));
        assert!(!glob(b"*.conf", b"ext.d/a.conf"));
        assert!(glob(b"{a,b{c,d}}.conf", b"bd.conf"));
        assert!(glob(b"[a-c]?[!x]", b"b1y"));
        assert!(!glob(b"[a-c]?[!x]", b"b1x"));
        assert!(!glob(b"a*b*c", b"a_b_d"));
    }

    #[test]
    fn text_in_pieces_knows_its_places() {
        let file = FileId(0);
        let at = |start, end| Span { file, start, end };
        let mut text = Text::new(&b"abc"[..], at(10, 13));
        text.push(b"def", at(20, 23));
        assert_eq!(text.place(2), at(12, 13));
        assert_eq!(text.place(3), at(20, 21));
        assert_eq!(text.span_of(1..5), at(11, 22));
        assert_eq!(text.slice(2..4).bytes(), b"cd");
        assert_eq!(text.slice(4..6).span(), at(21, 23));
    }

    #[test]
    fn lines_count_from_one() {
        let sources = Sources::plan("a\nbc\n");
        let file = sources.file(FileId(0));
        assert_eq!(file.line_column(3), (2, 2));
        assert_eq!(file.line_bytes(2), b"bc");
        assert_eq!(file.line_bytes(9), b"");
    }
}
