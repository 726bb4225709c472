//! What is wanted one after the other, against what came one after the other.

use super::case::Row;
use super::want::Want;

/// Something that came.
#[derive(Clone, Debug)]
pub(crate) struct Came {
    /// As it is shown.
    pub(crate) shown: String,
    /// Texts by which it can be meant.
    pub(crate) forms: Vec<Vec<u8>>,
    /// Where in the trace it came from: the number of its step.
    pub(crate) step: Option<usize>,
}

impl Came {
    /// Whether it is meant. What has no case in a dialplan (names of applications and technologies) has none here.
    pub(crate) fn is(&self, want: &Want) -> bool {
        self.forms.iter().any(|form| {
            want.fits(form)
                || want
                    .plain()
                    .is_some_and(|p| p.as_bytes().eq_ignore_ascii_case(form))
        })
    }
}

/// Where the two part: the place among what came, or behind its end. `None`: they do not.
pub(crate) fn parting<T, C>(
    wanted: &[Option<T>],
    came: &[C],
    fits: impl Fn(&T, &C) -> bool,
) -> Option<usize> {
    // All places among the wanted that what came so far may have led to.
    let mut places = vec![false; wanted.len() + 1];
    places[0] = true;
    skip(wanted, &mut places);
    for (n, one) in came.iter().enumerate() {
        let mut next = vec![false; wanted.len() + 1];
        for (at, want) in wanted.iter().enumerate().filter(|(at, _)| places[*at]) {
            match want {
                None => next[at] = true,
                Some(want) if fits(want, one) => next[at + 1] = true,
                Some(_) => {}
            }
        }
        skip(wanted, &mut next);
        if !next.contains(&true) {
            return Some(n);
        }
        places = next;
    }
    (!places[wanted.len()]).then_some(came.len())
}

/// `...` may stand for nothing.
fn skip<T>(wanted: &[Option<T>], places: &mut [bool]) {
    for (at, want) in wanted.iter().enumerate() {
        if places[at] && want.is_none() {
            places[at + 1] = true;
        }
    }
}

/// What was wanted, as the file has it.
pub(crate) fn shown(wanted: &Row) -> Vec<String> {
    wanted
        .iter()
        .map(|w| w.as_ref().map_or("...", |w| &w.written).to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(wanted: &str, came: &str) -> Option<usize> {
        let wanted: Vec<Option<char>> = wanted
            .chars()
            .map(|c| Some(c).filter(|c| *c != '.'))
            .collect();
        let came: Vec<char> = came.chars().collect();
        parting(&wanted, &came, |a, b| a == b)
    }

    #[test]
    fn rows_part_where_the_longest_way_ends() {
        assert_eq!(parts("abc", "abc"), None);
        assert_eq!(parts("abc", "abd"), Some(2));
        assert_eq!(parts("abc", "ab"), Some(2));
        assert_eq!(parts("ab", "abc"), Some(2));
        assert_eq!(parts("", ""), None);
        assert_eq!(parts("", "a"), Some(0));
        assert_eq!(parts(".", "abc"), None);
        assert_eq!(parts(".", ""), None);
        assert_eq!(parts(".b.d", "abcd"), None);
        assert_eq!(parts(".b.d", "abcbd"), None);
        assert_eq!(parts(".b", "abcb"), None);
        assert_eq!(parts("a.b", "ac"), Some(2));
        assert_eq!(parts("a.b", "ca"), Some(0));
    }
}
