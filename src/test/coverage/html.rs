//! Text of a plan in a page.

/// Characters of one line that are shown.
pub(super) const WIDTH: usize = 2_000;

/// As it may stand between tags and in quotes. Bytes that are no UTF-8, and what disturbs, become a sign of replacement.
pub(super) fn escaped(text: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    let text = String::from_utf8_lossy(text);
    for (n, c) in text.chars().enumerate() {
        if n == WIDTH {
            out.push('…');
            break;
        }
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' => out.push(c),
            // Controls, and signs that turn the direction of what stands behind them.
            c if c.is_control()
                || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') =>
            {
                out.push('\u{fffd}');
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What a browser makes of it.
    fn read(text: &str) -> String {
        let text = text.replace("&lt;", "<").replace("&gt;", ">");
        let text = text.replace("&quot;", "\"").replace("&#39;", "'");
        text.replace("&amp;", "&")
    }

    proptest! {
        #[test]
        fn nothing_gets_out(text in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..300),
            "[<>&\"'/a-z!;#= -]{0,80}".prop_map(String::into_bytes),
        ]) {
            let shown = escaped(&text);
            prop_assert!(!shown.contains(['<', '>', '"', '\'']), "{}", shown);
            for (at, _) in shown.match_indices('&') {
                let known = ["&amp;", "&lt;", "&gt;", "&quot;", "&#39;"];
                prop_assert!(known.iter().any(|k| shown[at..].starts_with(k)), "{}", shown);
            }
            prop_assert!(!shown.chars().any(|c| c.is_control() && c != '\t'));
            // It says what stood there.
            let clean: String = String::from_utf8_lossy(&text)
                .chars()
                .map(|c| match c {
                    '\t' => c,
                    c if c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') => '\u{fffd}',
                    c => c,
                })
                .collect();
            prop_assert_eq!(read(&shown), clean);
        }
    }

    #[test]
    fn long_lines_are_cut() {
        let shown = escaped("<".repeat(3 * WIDTH).as_bytes());
        assert_eq!(shown.matches("&lt;").count(), WIDTH);
        assert!(shown.ends_with('…'));
    }
}
