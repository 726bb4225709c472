//! "Did you mean": how far two names are apart.

/// Longest name that is compared.
const LONGEST: usize = 64;

/// Insertions, deletions, replacements and swaps of neighbours from one to the other; letter case does not count.
pub fn distance(a: &str, b: &str) -> usize {
    let a: Vec<u8> = a
        .bytes()
        .map(|c| c.to_ascii_lowercase())
        .take(LONGEST)
        .collect();
    let b: Vec<u8> = b
        .bytes()
        .map(|c| c.to_ascii_lowercase())
        .take(LONGEST)
        .collect();
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let replace = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = replace.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before_last[j - 2] + 1);
            }
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
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
        .map(|k| (distance(name, k), k))
        .filter(|(d, _)| *d <= allowed)
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
}
