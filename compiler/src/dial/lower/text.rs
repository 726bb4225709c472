//! Text of the program where the dialplan's own characters would be read (DL-171 to DL-176, DL-229 to DL-240).

/// What stands for a character that must not be seen while the text is read: the value of a hole is not read again (DL-171).
fn hidden(byte: char) -> String {
    format!("${{URIDECODE(%{:02X})}}", byte as u32)
}

/// A constant as a value: a dollar that would open a hole is hidden (DL-173), and so is a line end.
pub(super) fn constant(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let opens = c == '$' && matches!(rest.peek(), Some('{' | '['));
        // A line end could not stand in a line of extensions.conf.
        if opens || matches!(c, '\n' | '\r') {
            out.push_str(&hidden(c));
        } else {
            out.push(c);
        }
    }
    out
}

/// A constant within `$[ ]`: brackets are counted there (DL-200).
pub(super) fn in_brackets(text: &str) -> String {
    within(text, '[', ']')
}

/// A constant within `${ }`: braces are counted there (DL-174).
pub(super) fn in_braces(text: &str) -> String {
    within(text, '{', '}')
}

fn within(text: &str, open: char, close: char) -> String {
    if is_balanced(text, open, close) {
        return constant(text);
    }
    let mut out = String::with_capacity(text.len());
    for piece in text.split_inclusive([open, close]) {
        let plain = piece.trim_end_matches([open, close]);
        // A dollar right before the bracket is no longer before it.
        out.push_str(&constant(plain));
        if let Some(bracket) = piece[plain.len()..].chars().next() {
            out.push_str(&hidden(bracket));
        }
    }
    out
}

fn is_balanced(text: &str, open: char, close: char) -> bool {
    let mut depth = 0usize;
    for c in text.chars() {
        if c == open {
            depth += 1;
        } else if c == close {
            match depth.checked_sub(1) {
                Some(less) => depth = less,
                None => return false,
            }
        }
    }
    depth == 0
}

/// What may split an argument list or vanish from one.
pub(super) const SPECIAL: &str = ",()[]\"\\";

/// A constant as an argument that is split off: with a backslash before what would be read (DL-230).
pub(super) fn escaped(text: &str) -> String {
    // Parentheses within which nothing is split may stay.
    let groups = is_balanced(text, '(', ')') && is_balanced(text, '[', ']');
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let group = matches!(c, '(' | ')' | '[' | ']');
        if SPECIAL.contains(c) && !(group && groups) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// Whether a constant is what it is wherever it stands.
pub(super) fn is_plain(text: &str) -> bool {
    text.bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"_.-/@+*#".contains(&b))
}

/// Whether a function's call that holds this constant ends where it should: a parenthesis too many before a colon makes a
/// stretch of it (DL-176).
pub(super) fn ends_call(text: &str) -> bool {
    let mut depth = 1i64;
    for c in text.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ':' if depth <= 0 => return true,
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_read_that_was_not_meant() {
        assert_eq!(constant("a ${b} $5"), "a ${URIDECODE(%24)}{b} $5");
        assert_eq!(in_brackets("a]b"), "a${URIDECODE(%5D)}b");
        assert_eq!(in_brackets("[a]"), "[a]");
        assert_eq!(in_brackets("$[a"), "$${URIDECODE(%5B)}a");
        assert_eq!(in_braces("}$"), "${URIDECODE(%7D)}$");
        assert_eq!(escaped("a,(b) \"c\""), "a\\,(b) \\\"c\\\"");
        assert_eq!(escaped("a) b"), "a\\) b");
        assert!(ends_call("a):5") && !ends_call("a:(b)") && !ends_call("a)b"));
    }
}
