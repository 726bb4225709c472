//! Date and time as prompts, in English: SayUnixTime.

use crate::digits::{self, PROMPT_LIMIT};
use crate::time::{Civil, Moment, Zone};

/// What SayUnixTime says without a format.
pub const DEFAULT_FORMAT: &[u8] = b"ABdY 'digits/at' IMp";

/// The prompts for a moment. Letters of the format: `A` weekday, `B` month,
/// `m` month as a rank, `d` day, `Y` year, `I` and `H` hour of 12 and 24, `M`
/// minute, `S` second, `p` half of the day, `R` and `T` for `HM` and `HMS`, `Q`
/// and `q` the day as seen from `now`, and prompts in single quotes. Letters
/// that are unknown are left out. `None` outside the calendar.
pub fn prompts(format: &[u8], at: Moment, zone: &Zone, now: Moment) -> Option<Vec<String>> {
    let civil = zone.civil(at)?;
    let today = zone.civil(now)?;
    let mut said = Vec::new();
    say(format, &civil, &today, &mut said, 0);
    said.truncate(PROMPT_LIMIT);
    Some(said)
}

fn say(format: &[u8], civil: &Civil, today: &Civil, said: &mut Vec<String>, depth: usize) {
    let mut at = 0;
    while let Some(letter) = format.get(at) {
        at += 1;
        match letter {
            b'\'' => {
                let rest = &format[at..];
                let length = rest
                    .iter()
                    .position(|byte| *byte == b'\'')
                    .unwrap_or(rest.len());
                if length > 0 {
                    said.push(String::from_utf8_lossy(&rest[..length]).into_owned());
                }
                at += length + 1;
            }
            b'A' | b'a' => said.push(format!("digits/day-{}", civil.weekday)),
            b'B' | b'b' | b'h' => said.push(format!("digits/mon-{}", civil.month - 1)),
            b'm' => said.push(format!("digits/h-{}", civil.month)),
            b'd' | b'e' => ordinal(civil.day, said),
            b'Y' => year(civil.year, said),
            b'I' | b'l' => {
                let hour = match civil.hour % 12 {
                    0 => 12,
                    hour => hour,
                };
                said.push(format!("digits/{hour}"));
            }
            b'H' if civil.hour < 10 => {
                said.push("digits/oh".to_owned());
                if civil.hour > 0 {
                    said.push(format!("digits/{}", civil.hour));
                }
            }
            b'k' if civil.hour == 0 => said.push("digits/oh".to_owned()),
            b'H' | b'k' => cardinal(civil.hour, said),
            b'M' | b'N' if civil.minute == 0 => {
                let word = if *letter == b'M' { "oclock" } else { "hundred" };
                said.push(format!("digits/{word}"));
            }
            b'M' | b'N' => two_digits(civil.minute, said),
            b'S' => two_digits(civil.second, said),
            b'p' | b'P' => {
                let half = if civil.hour >= 12 { "p-m" } else { "a-m" };
                said.push(format!("digits/{half}"));
            }
            b'Q' | b'q' => day_from_today(*letter, civil, today, said, depth),
            b'R' if depth == 0 => say(b"HM", civil, today, said, 1),
            b'T' if depth == 0 => say(b"HMS", civil, today, said, 1),
            _ => {}
        }
    }
}

fn cardinal(number: u32, said: &mut Vec<String>) {
    said.extend(digits::number(i64::from(number)).unwrap_or_default());
}

fn ordinal(number: u32, said: &mut Vec<String>) {
    said.extend(digits::ordinal(i64::from(number)).unwrap_or_default());
}

/// `oh five`, `thirty`.
fn two_digits(number: u32, said: &mut Vec<String>) {
    if number < 10 {
        said.push("digits/oh".to_owned());
    }
    if number > 0 {
        cardinal(number, said);
    }
}

/// `nineteen ninety-nine`, `two thousand five`.
fn year(year: i64, said: &mut Vec<String>) {
    let Ok(year) = u32::try_from(year) else {
        return;
    };
    if !(1000..2000).contains(&year) {
        cardinal(year, said);
        return;
    }
    cardinal(year / 100, said);
    match year % 100 {
        0 => said.push("digits/hundred".to_owned()),
        rest => two_digits(rest, said),
    }
}

/// `Q`: today, yesterday or the date. `q`: nothing for today, yesterday, the
/// weekday within a week, or the date.
fn day_from_today(letter: u8, civil: &Civil, today: &Civil, said: &mut Vec<String>, depth: usize) {
    let age = days(today) - days(civil);
    match age {
        0 if letter == b'q' => {}
        0 => said.push("digits/today".to_owned()),
        1 => said.push("digits/yesterday".to_owned()),
        2..=6 if letter == b'q' => said.push(format!("digits/day-{}", civil.weekday)),
        _ if depth == 0 => say(b"ABdY", civil, today, said, 1),
        _ => {}
    }
}

/// Days since some day, by the calendar.
fn days(civil: &Civil) -> i64 {
    let year = civil.year - 1;
    365 * year + year.div_euclid(4) - year.div_euclid(100)
        + year.div_euclid(400)
        + i64::from(civil.year_day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(format: &str, seconds: i64) -> String {
        let now = Moment::from_seconds(1_600_000_000);
        prompts(
            format.as_bytes(),
            Moment::from_seconds(seconds),
            &Zone::utc(),
            now,
        )
        .unwrap()
        .join(" ")
        .replace("digits/", "")
    }

    #[test]
    fn times_are_said() {
        // Sunday, 13 September 2020, 12:26:40.
        let default = std::str::from_utf8(DEFAULT_FORMAT).unwrap();
        assert_eq!(
            said(default, 1_600_000_000),
            "day-0 mon-8 h-13 2 thousand 20 at 12 20 6 p-m"
        );
        assert_eq!(said("HM", 5 * 3600), "oh 5 oclock");
        assert_eq!(said("T", 9), "oh oclock oh 9");
        assert_eq!(said("dY", 915_148_799), "30 h-1 19 90 8");
        assert_eq!(said("Q", 1_600_000_000), "today");
        assert_eq!(said("Q", 1_599_900_000), "yesterday");
        assert_eq!(said("q", 1_599_700_000), "day-4");
        assert_eq!(said("'vm-received' q", 1_600_000_000), "vm-received");
    }
}
