//! Spans of time as people write them: `5s`, `1.5 s`, `500ms`, `2m`.

/// Milliseconds; a bare number is seconds. At most a day.
pub(crate) fn read(text: &str) -> Option<u64> {
    let text = text.trim();
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let scale = match unit.trim() {
        "ms" => 1.0,
        "" | "s" | "sec" | "seconds" => 1e3,
        "m" | "min" | "minutes" => 60e3,
        "h" | "hours" => 3_600e3,
        _ => return None,
    };
    let ms = number.parse::<f64>().ok()? * scale;
    (0.0..=86_400e3).contains(&ms).then_some(ms.round() as u64)
}

/// The same back: `2 s`, `0.5 s`, `14.2 s`.
pub(crate) fn told(ms: u64) -> String {
    format!("{} s", ms as f64 / 1e3)
}

#[cfg(test)]
mod tests {
    #[test]
    fn spans_as_people_write_them() {
        for (text, ms) in [
            ("5s", Some(5_000)),
            ("1.5 s", Some(1_500)),
            ("500ms", Some(500)),
            ("32.352s", Some(32_352)),
            ("2m", Some(120_000)),
            ("24h", Some(86_400_000)),
            ("7", Some(7_000)),
            ("25h", None),
            ("a while", None),
            ("", None),
            ("-1s", None),
        ] {
            assert_eq!(super::read(text), ms, "{text}");
        }
        assert_eq!(super::told(14_200), "14.2 s");
    }
}
