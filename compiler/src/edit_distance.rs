//! "Did you mean": how far two names are apart.

/// Longest name that is compared.
const LONGEST: usize = 64;

/// Insertions, deletions, replacements and swaps of neighbours from one to the other; letter case does not count.
pub fn distance(a: &str, b: &str) -> usize {
    within(a, b, LONGEST).unwrap_or(LONGEST)
}

/// The same if it is not more than so many. A name that nobody knows is compared with every name that there is, so what is far away
/// has to be found out early.
pub fn within(a: &str, b: &str, most: usize) -> Option<usize> {
    let a = &a.as_bytes()[..a.len().min(LONGEST)];
    let b = &b.as_bytes()[..b.len().min(LONGEST)];
    if a.len().abs_diff(b.len()) > most {
        return None;
    }
    let same = |x: u8, y: u8| x.eq_ignore_ascii_case(&y);
    let mut before_last = [0_usize; LONGEST + 1];
    let mut last = before_last;
    for (j, cell) in last.iter_mut().enumerate() {
        *cell = j;
    }
    let mut is_far = false;
    for i in 1..=a.len() {
        let mut row = [0; LONGEST + 1];
        row[0] = i;
        let mut least = i;
        for j in 1..=b.len() {
            let replace = last[j - 1] + usize::from(!same(a[i - 1], b[j - 1]));
            row[j] = replace.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]) {
                row[j] = row[j].min(before_last[j - 2] + 1);
            }
            least = least.min(row[j]);
        }
        // A swap leads over one row.
        if least > most && is_far {
            return None;
        }
        is_far = least > most;
        before_last = std::mem::replace(&mut last, row);
    }
    Some(last[b.len()]).filter(|d| *d <= most)
}

/// The nearest of several names, if it is near enough to have been meant: one change in names of up to five letters, two above.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = match name.len() {
        0..=2 => return None,
        3..=5 => 1,
        _ => 2,
    };
    known
        .into_iter()
        .filter(|k| k.len().abs_diff(name.len()) <= allowed)
        .filter_map(|k| Some((within(name, k, allowed)?, k)))
        .min()
        .map(|(_, k)| k)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names() {
        assert_eq!(distance("VoiceMial", "VoiceMail"), 1);
        assert_eq!(
            nearest("Playbak", ["Playback", "Background"]),
            Some("Playback")
        );
        assert_eq!(nearest("Foo", ["Playback"]), None);
    }

    /// The distance by the whole table of changes.
    fn slowly(a: &str, b: &str) -> usize {
        let (a, b): (Vec<u8>, Vec<u8>) =
            (a.to_ascii_lowercase().into(), b.to_ascii_lowercase().into());
        let mut table = vec![vec![0; b.len() + 1]; a.len() + 1];
        for i in 0..=a.len() {
            for j in 0..=b.len() {
                let mut least = if i == 0 || j == 0 {
                    i.max(j)
                } else {
                    usize::MAX
                };
                if i > 0 && j > 0 {
                    let replace = table[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                    least = replace.min(table[i - 1][j] + 1).min(table[i][j - 1] + 1);
                }
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    least = least.min(table[i - 2][j - 2] + 1);
                }
                table[i][j] = least;
            }
        }
        table[a.len()][b.len()]
    }

    #[test]
    fn what_is_near_is_found_and_nothing_else() {
        let words = [
            "",
            "a",
            "ab",
            "ba",
            "abc",
            "acb",
            "bca",
            "Playback",
            "playbakc",
            "lPaybcak",
            "dial",
            "Daily",
            "background",
            "back",
            "voicemail",
            "vociemial",
        ];
        for a in words {
            for b in words {
                let d = slowly(a, b);
                assert_eq!(distance(a, b), d, "{a} {b}");
                for most in 0..6 {
                    assert_eq!(
                        within(a, b, most),
                        Some(d).filter(|d| *d <= most),
                        "{a} {b} {most}"
                    );
                }
            }
        }
    }
}
