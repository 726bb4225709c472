//! What a change changes, as `diff -u` shows it.

use std::time::{Duration, Instant};

use similar::{Algorithm, DiffOp, DiffTag, capture_diff_slices_deadline, group_diff_ops};

/// Lines around a change.
const AROUND: usize = 3;

/// After so long a shorter difference is not searched for any more.
const PATIENCE: Duration = Duration::from_secs(2);

/// The difference of two texts of one file, or nothing.
pub(crate) fn unified(name: &str, old: &[u8], new: &[u8], colour: bool) -> Vec<u8> {
    let mut out = Vec::new();
    if old == new {
        return out;
    }
    let (old, new) = (lines(old), lines(new));
    let ops = changes(&old, &new);
    let mut put = |ink: &str, text: &[&[u8]]| {
        let ink = Some(ink).filter(|_| colour && !ink.is_empty());
        out.extend_from_slice(ink.unwrap_or_default().as_bytes());
        out.extend(text.concat());
        if ink.is_some() {
            out.extend_from_slice(b"\x1b[0m");
        }
        out.push(b'\n');
    };
    put("\x1b[1m", &[b"--- ", name.as_bytes()]);
    put("\x1b[1m", &[b"+++ ", name.as_bytes()]);
    for group in group_diff_ops(ops, AROUND) {
        put("\x1b[36m", &[hunk(&group).as_bytes()]);
        for op in group {
            let (gone, come) = (&old[op.old_range()], &new[op.new_range()]);
            let sides = match op.tag() {
                DiffTag::Equal => vec![("", b" ", gone)],
                _ => vec![("\x1b[31m", b"-", gone), ("\x1b[32m", b"+", come)],
            };
            for (ink, sign, lines) in sides {
                for line in lines {
                    put(ink, &[sign, line.strip_suffix(b"\n").unwrap_or(line)]);
                    if !line.ends_with(b"\n") {
                        put("", &[b"\\ No newline at end of file"]);
                    }
                }
            }
        }
    }
    out
}

/// How many lines of a text change, come or go.
pub(crate) fn changed(old: &[u8], new: &[u8]) -> usize {
    let (old, new) = (lines(old), lines(new));
    let touched = |op: &DiffOp| match op.tag() {
        DiffTag::Equal => 0,
        _ => op.old_range().len().max(op.new_range().len()),
    };
    changes(&old, &new).iter().map(touched).sum()
}

/// Where lines change. As a rule they change where they stand; only where some come or go a search is needed, and that has an end.
fn changes(old: &[&[u8]], new: &[&[u8]]) -> Vec<DiffOp> {
    if old.len() != new.len() {
        let end = Instant::now() + PATIENCE;
        return capture_diff_slices_deadline(Algorithm::Myers, old, new, Some(end));
    }
    let mut out = Vec::new();
    let mut from = 0;
    while from < old.len() {
        let same = old[from] == new[from];
        let run = (from..old.len()).take_while(|i| (old[*i] == new[*i]) == same);
        let len = run.count();
        out.push(if same {
            DiffOp::Equal {
                old_index: from,
                new_index: from,
                len,
            }
        } else {
            DiffOp::Replace {
                old_index: from,
                old_len: len,
                new_index: from,
                new_len: len,
            }
        });
        from += len;
    }
    out
}

/// `@@ -1,3 +1,4 @@`.
fn hunk(group: &[DiffOp]) -> String {
    let side = |ranges: Vec<std::ops::Range<usize>>| {
        let start = ranges.first().map_or(0, |r| r.start);
        let end = ranges.last().map_or(0, |r| r.end);
        match end - start {
            1 => format!("{}", start + 1),
            0 => format!("{start},0"),
            n => format!("{},{n}", start + 1),
        }
    };
    format!(
        "@@ -{} +{} @@",
        side(group.iter().map(DiffOp::old_range).collect()),
        side(group.iter().map(DiffOp::new_range).collect())
    )
}

/// Lines with their ends.
fn lines(text: &[u8]) -> Vec<&[u8]> {
    text.split_inclusive(|b| *b == b'\n').collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn lines_that_come_and_go() {
        let text = super::unified("x", b"a\nb\nc\n", b"a\nc\nd\ne\n", false);
        assert_eq!(
            String::from_utf8_lossy(&text),
            "--- x\n+++ x\n@@ -1,3 +1,4 @@\n a\n-b\n c\n+d\n+e\n"
        );
    }

    #[test]
    fn as_diff_shows_it() {
        let old = b"a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl";
        let new = b"a\nB\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl\n";
        let text = super::unified("x.conf", old, new, false);
        let text = String::from_utf8_lossy(&text);
        assert_eq!(
            text,
            "--- x.conf\n+++ x.conf\n@@ -1,5 +1,5 @@\n a\n-b\n+B\n c\n d\n e\n@@ -9,4 +9,4 @@\n i\n j\n k\n-l\n\\ No newline at end of file\n+l\n"
        );
        assert!(super::unified("x.conf", b"a\n", b"a\n", false).is_empty());
    }
}
