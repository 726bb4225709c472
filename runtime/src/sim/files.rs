//! Made-up files: FILE() and its relatives on texts in memory, by bytes or by lines.

use std::collections::BTreeMap;
use strowger_stdlib::args;
use strowger_stdlib::scan;
use strowger_vm::Text;
use strowger_vm::effect::Reply;

/// Bytes that one made-up file may have; what a write adds beyond is lost.
const LONGEST: usize = 1 << 20;

/// Files that a made-up world may have.
const MOST: usize = 1_000;

/// What ends a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Unix,
    Dos,
    Mac,
}

impl Format {
    fn named(text: &[u8]) -> Option<Format> {
        match text.first()?.to_ascii_lowercase() {
            b'u' => Some(Format::Unix),
            b'd' => Some(Format::Dos),
            b'm' => Some(Format::Mac),
            _ => None,
        }
    }

    /// Which one a file follows; `None` without any line end.
    fn of(content: &[u8]) -> Option<Format> {
        let at = content.iter().position(|b| matches!(b, b'\n' | b'\r'))?;
        Some(match &content[at..] {
            [b'\n', ..] => Format::Unix,
            [_, b'\n', ..] => Format::Dos,
            _ => Format::Mac,
        })
    }

    fn end(self) -> &'static [u8] {
        match self {
            Format::Unix => b"\n",
            Format::Dos => b"\r\n",
            Format::Mac => b"\r",
        }
    }

    /// Where lines begin, and the end of the file.
    fn starts(self, content: &[u8]) -> Vec<usize> {
        let end = self.end();
        let mut starts = vec![0];
        let mut at = 0;
        while at < content.len() {
            if content[at..].starts_with(end) {
                at += end.len();
                starts.push(at);
            } else {
                at += 1;
            }
        }
        if starts.last() != Some(&content.len()) {
            starts.push(content.len());
        }
        starts
    }
}

/// What the arguments of FILE() ask for.
struct Asked {
    name: Text,
    offset: i64,
    length: Option<i64>,
    options: Text,
    format: Option<Format>,
}

impl Asked {
    fn read(text: &[u8]) -> Asked {
        let parts = args::split(text, 5);
        let number = |n: usize| scan::integer(args::argument(&parts, n)).map(|(n, _)| n);
        Asked {
            name: args::argument(&parts, 0).to_vec(),
            offset: number(1).unwrap_or(0),
            length: number(2),
            options: args::argument(&parts, 3).to_vec(),
            format: Format::named(args::argument(&parts, 4)),
        }
    }

    /// The part of a file that is meant, in bytes. `None`: there is no such part.
    fn part(&self, content: &[u8]) -> Option<(usize, usize)> {
        let lines = if self.options.contains(&b'l') {
            Some(self.format.or(Format::of(content))?.starts(content))
        } else {
            None
        };
        let count = lines
            .as_ref()
            .map_or(content.len(), |starts| starts.len() - 1);
        let place = |n: i64, from: i64| {
            let n = if n < 0 { from.checked_add(n)? } else { n };
            usize::try_from(n).ok()
        };
        let total = i64::try_from(count).ok()?;
        let first = place(self.offset, total)?.min(count);
        let last = match self.length {
            None => count,
            Some(length) if length < 0 => place(length, total)?,
            Some(length) => first
                .saturating_add(usize::try_from(length).ok()?)
                .min(count),
        };
        if last < first {
            return None;
        }
        Some(match &lines {
            Some(starts) => (starts[first], starts[last]),
            None => (first, last),
        })
    }
}

/// Reads a function on files. `None`: it is not one of these.
pub(super) fn read(files: &BTreeMap<Text, Text>, function: &[u8], text: &[u8]) -> Option<Reply> {
    Some(match function {
        b"FILE" => {
            let asked = Asked::read(text);
            let found = files.get(&asked.name).and_then(|content| {
                let (first, last) = asked.part(content)?;
                content.get(first..last)
            });
            found.map_or_else(Reply::done, |part| Reply::value(part.to_vec()))
        }
        b"FILE_COUNT_LINE" => {
            let parts = args::split(text, 2);
            let count = files.get(args::argument(&parts, 0)).and_then(|content| {
                let format = Format::named(args::argument(&parts, 1)).or(Format::of(content))?;
                Some(format.starts(content).len() - 1)
            });
            count.map_or_else(
                || Reply::value("-1"),
                |count| Reply::value(count.to_string()),
            )
        }
        b"FILE_FORMAT" => {
            let format = files.get(text).and_then(|content| Format::of(content));
            Reply::value(match format {
                Some(Format::Unix) => "u",
                Some(Format::Dos) => "d",
                Some(Format::Mac) => "m",
                None => "x",
            })
        }
        b"STAT" => {
            let parts = args::split_raw(text, 2);
            let file = files.get(args::argument(&parts, 1));
            let what = args::argument(&parts, 0).first();
            Reply::value(match (file, what) {
                (Some(_), Some(b'e' | b'f')) => "1".to_owned(),
                (Some(content), Some(b's')) => content.len().to_string(),
                (Some(_), Some(b'm')) => "100644".to_owned(),
                _ => "0".to_owned(),
            })
        }
        _ => return None,
    })
}

/// Writes one. `None`: it is not one of these.
pub(super) fn write(
    files: &mut BTreeMap<Text, Text>,
    function: &[u8],
    text: &[u8],
    value: &[u8],
) -> Option<Result<(), String>> {
    if function != b"FILE" {
        return None;
    }
    let asked = Asked::read(text);
    let by_lines = asked.options.contains(&b'l');
    let appends = asked.options.contains(&b'a');
    let whole = asked.offset == 0 && asked.length.is_none();
    if asked.name.is_empty() {
        return Some(Err("FILE needs the name of a file".to_owned()));
    }
    let Some(content) = files.get(&asked.name) else {
        if !appends && !whole {
            return Some(Err("there is no such file in this world".to_owned()));
        }
        if files.len() >= MOST {
            return Some(Err(format!("a made-up world has at most {MOST} files")));
        }
        files.insert(asked.name.clone(), Text::new());
        return write(files, function, text, value);
    };
    let mut value = value.to_vec();
    if by_lines {
        // A new file has no line ends yet: Unix has the most usual one.
        let format = asked.format.or(Format::of(content)).unwrap_or(Format::Unix);
        if !asked.options.contains(&b'd') {
            value.extend_from_slice(format.end());
        }
    }
    let part = if appends {
        Some((content.len(), content.len()))
    } else if whole {
        Some((0, content.len()))
    } else {
        asked.part(content)
    };
    let Some((first, last)) = part else {
        return Some(Err("the file has no such part".to_owned()));
    };
    let mut written = [&content[..first], &value, &content[last..]].concat();
    written.truncate(LONGEST);
    files.insert(asked.name, written);
    Some(Ok(()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use strowger_vm::effect::Answer;

    fn asked(files: &BTreeMap<Text, Text>, function: &str, args: &str) -> String {
        match read(files, function.as_bytes(), args.as_bytes())
            .unwrap()
            .answer
        {
            Answer::Value(v) => String::from_utf8(v).unwrap(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn files_are_read_by_bytes_and_by_lines() {
        let mut files = BTreeMap::new();
        files.insert(b"/x".to_vec(), b"one\ntwo\nthree\n".to_vec());
        for (args, read) in [
            ("/x,0,3", "one"),
            ("/x,-6,5", "three"),
            ("/x,4,-7", "two"),
            ("/x,1,1,l", "two\n"),
            ("/x,-1,1,l", "three\n"),
            ("/x,9,1,l", ""),
            ("/y", "Done"),
        ] {
            assert_eq!(asked(&files, "FILE", args), read, "{args}");
        }
        assert_eq!(asked(&files, "FILE_COUNT_LINE", "/x"), "3");
        assert_eq!(asked(&files, "FILE_COUNT_LINE", "/y"), "-1");
        assert_eq!(asked(&files, "FILE_FORMAT", "/x"), "u");
        assert_eq!(asked(&files, "STAT", "s,/x"), "14");
        assert_eq!(asked(&files, "STAT", "e,/y"), "0");
    }

    #[test]
    fn files_are_written_by_bytes_and_by_lines() {
        let mut files = BTreeMap::new();
        let mut put = |args: &str, value: &str| {
            write(&mut files, b"FILE", args.as_bytes(), value.as_bytes()).unwrap()
        };
        assert_eq!(put("/x", "ab"), Ok(()));
        assert_eq!(put("/x,,,a", "cd"), Ok(()));
        assert_eq!(put("/x,1,2", "-"), Ok(()));
        assert_eq!(put("/y,,,al", "one"), Ok(()));
        assert_eq!(put("/y,,,al", "two"), Ok(()));
        assert_eq!(put("/y,0,1,l", "1"), Ok(()));
        assert!(put("/z,3,1", "x").is_err());
        assert_eq!(files[&b"/x"[..]], b"a-d");
        assert_eq!(files[&b"/y"[..]], b"1\ntwo\n");
    }
}
