//! Patterns of extension names as the machine matches them, and what two of them have in common.

pub use strowger_vm::pattern::{ByteSet, Decided, Element, Matches, Pattern, without_dashes};

/// Whether some text is matched by both forms.
pub fn overlap(a: &Matches, b: &Matches) -> bool {
    match (a, b) {
        (Matches::Name(a), Matches::Name(b)) => a == b,
        (Matches::Name(name), Matches::Pattern(pattern))
        | (Matches::Pattern(pattern), Matches::Name(name)) => pattern.matches(name),
        (Matches::Pattern(a), Matches::Pattern(b)) => patterns_overlap(a, b),
    }
}

fn patterns_overlap(a: &Pattern, b: &Pattern) -> bool {
    use Element::{Bang, Broken, Dot, Set};
    let (mine, theirs) = (a.matching(), b.matching());
    for i in 0..=mine.len().max(theirs.len()) {
        match (mine.get(i), theirs.get(i)) {
            (None | Some(Bang), None) | (None, Some(Bang)) => return true,
            (Some(Broken), _) | (_, Some(Broken)) | (None, _) | (_, None) => return false,
            (Some(Dot | Bang), _) | (_, Some(Dot | Bang)) => return true,
            (Some(Set(a)), Some(Set(b))) => {
                if !a.meets(b) {
                    return false;
                }
            }
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_patterns_share() {
        let both =
            |a: &str, b: &str| overlap(&Matches::read(a.as_bytes()), &Matches::read(b.as_bytes()));
        assert!(both("_1X", "_X2") && both("12", "_X.") && both("_1!", "1") && both("_X.", "_XX!"));
        assert!(
            !both("_1X", "_2X") && !both("_1", "_1.") && !both("_XX", "_X") && !both("_[1", "_X")
        );
    }
}
