//! STRPTIME: reads a time by a format, as the C library does.

use super::{MONTHS, WEEKDAYS, zone};
use crate::args;
use crate::pure::{Answer, Input};
use crate::scan;
use crate::time::{Moment, Zone};

/// `STRPTIME(text,zone,format)`: seconds since the epoch.
pub(super) fn parse_time(input: &Input<'_>) -> Answer {
    let parts = args::split(input.args, 3);
    let format = args::argument(&parts, 2);
    if format.is_empty() {
        return Answer::error("Usage: STRPTIME(text,zone,format)");
    }
    let mut reading = Reading::default();
    if reading.read(args::argument(&parts, 0), format, 0).is_none() {
        return Answer::failed("STRPTIME: the text does not fit the format");
    }
    let zone = zone(args::argument(&parts, 1), &input.env.zone);
    let seconds = reading.seconds(&zone, &input.env.zone);
    // Printed as a C int.
    Answer::value(i64::from(seconds as i32))
}

/// What a text told of a time; fields as C's `struct tm` has them.
#[derive(Default)]
struct Reading {
    year: Option<i64>,
    century: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    year_day: Option<i64>,
    /// 0 is Sunday.
    weekday: Option<i64>,
    /// The week of the year and the day that weeks begin with.
    week: Option<(i64, i64)>,
    hour: i64,
    is_twelve_hour: bool,
    is_afternoon: bool,
    minute: i64,
    second: i64,
    epoch: Option<i64>,
}

impl Reading {
    /// Reads `text` by `format`; gives what is left.
    fn read<'a>(&mut self, mut text: &'a [u8], format: &[u8], depth: usize) -> Option<&'a [u8]> {
        let mut at = 0;
        while let Some(byte) = format.get(at) {
            at += 1;
            if scan::is_space(*byte) {
                text = skip_blanks(text);
                continue;
            }
            if *byte != b'%' {
                text = text.strip_prefix(&[*byte])?;
                continue;
            }
            while matches!(
                format.get(at),
                Some(b'-' | b'_' | b'0' | b'^' | b'#' | b'E' | b'O')
            ) {
                at += 1;
            }
            let letter = *format.get(at)?;
            at += 1;
            text = self.read_field(letter, text, depth)?;
        }
        Some(text)
    }

    fn read_field<'a>(&mut self, letter: u8, text: &'a [u8], depth: usize) -> Option<&'a [u8]> {
        let mut rest = text;
        let mut number = |from: i64, to: i64, digits: usize| -> Option<i64> {
            rest = skip_blanks(rest);
            let mut value = i64::from(*rest.first().filter(|byte| byte.is_ascii_digit())? - b'0');
            rest = &rest[1..];
            // A digit that cannot belong any more is left for what follows.
            for _ in 1..digits {
                match rest.first().filter(|byte| byte.is_ascii_digit()) {
                    Some(digit) if value * 10 <= to => {
                        value = value * 10 + i64::from(digit - b'0');
                        rest = &rest[1..];
                    }
                    _ => break,
                }
            }
            (from..=to).contains(&value).then_some(value)
        };
        match letter {
            b'Y' => self.year = Some(number(0, 9999, 4)?),
            b'C' => self.century = Some(number(0, 99, 2)?),
            b'y' => {
                let year = number(0, 99, 2)?;
                let century = match self.century {
                    Some(century) => century,
                    None if year >= 69 => 19,
                    None => 20,
                };
                self.year = Some(century * 100 + year);
            }
            b'm' => self.month = Some(number(1, 12, 2)?),
            b'd' | b'e' => self.day = Some(number(1, 31, 2)?),
            b'j' => self.year_day = Some(number(1, 366, 3)?),
            b'H' | b'k' => {
                self.hour = number(0, 23, 2)?;
                self.is_twelve_hour = false;
            }
            b'I' | b'l' => {
                self.hour = number(1, 12, 2)? % 12;
                self.is_twelve_hour = true;
            }
            b'M' => self.minute = number(0, 59, 2)?,
            b'S' => self.second = number(0, 61, 2)?,
            b'u' => self.weekday = Some(number(1, 7, 1)? % 7),
            b'w' => self.weekday = Some(number(0, 6, 1)?),
            b'U' => self.week = Some((number(0, 53, 2)?, 0)),
            b'W' => self.week = Some((number(0, 53, 2)?, 1)),
            b'V' => {
                number(0, 53, 2)?;
            }
            b'g' => {
                number(0, 99, 2)?;
            }
            b'G' => {
                number(0, 9999, 4)?;
            }
            b's' => {
                let (seconds, read) = scan::integer(rest)?;
                self.epoch = Some(seconds);
                return Some(&rest[read..]);
            }
            b'p' | b'P' => {
                let word = rest.get(..2)?.to_ascii_lowercase();
                self.is_afternoon = match word.as_slice() {
                    b"am" => false,
                    b"pm" => true,
                    _ => return None,
                };
                return Some(&rest[2..]);
            }
            b'a' | b'A' => {
                let (weekday, rest) = name(rest, &WEEKDAYS)?;
                self.weekday = Some(weekday);
                return Some(rest);
            }
            b'b' | b'B' | b'h' => {
                let (month, rest) = name(rest, &MONTHS)?;
                self.month = Some(month + 1);
                return Some(rest);
            }
            b'z' => {
                let rest = skip_blanks(rest);
                if let Some(rest) = rest.strip_prefix(b"Z") {
                    return Some(rest);
                }
                let rest = rest
                    .strip_prefix(b"+")
                    .or_else(|| rest.strip_prefix(b"-"))?;
                return offset(rest);
            }
            b'Z' => {
                let rest = skip_blanks(rest);
                let word = rest
                    .iter()
                    .take_while(|byte| !scan::is_space(**byte))
                    .count();
                return Some(&rest[word..]);
            }
            b'n' | b't' => return Some(skip_blanks(rest)),
            b'%' => return rest.strip_prefix(b"%"),
            _ => {
                let format: &[u8] = match letter {
                    b'c' => b"%a %b %e %H:%M:%S %Y",
                    b'D' | b'x' => b"%m/%d/%y",
                    b'T' | b'X' => b"%H:%M:%S",
                    b'R' => b"%H:%M",
                    b'r' => b"%I:%M:%S %p",
                    b'F' => b"%Y-%m-%d",
                    _ => return None,
                };
                return if depth == 0 {
                    self.read(rest, format, 1)
                } else {
                    None
                };
            }
        }
        Some(rest)
    }

    fn seconds(&self, zone: &Zone, server: &Zone) -> i64 {
        if let Some(epoch) = self.epoch {
            // Read as the server's clock shows it, then taken for the zone's.
            return server
                .civil(Moment::from_seconds(epoch))
                .and_then(|civil| {
                    let clock = i64::from(civil.hour) * 3600
                        + i64::from(civil.minute) * 60
                        + i64::from(civil.second);
                    zone.standard_moment(
                        i64::from(civil.year),
                        i64::from(civil.month),
                        i64::from(civil.day),
                        clock,
                    )
                })
                .map_or(0, Moment::seconds);
        }
        let mut hour = self.hour;
        if self.is_twelve_hour && self.is_afternoon {
            hour += 12;
        }
        let year = self.year.unwrap_or(1900);
        let (month, day) = match (self.month, self.day, self.year_day) {
            (None, None, Some(day)) => (1, day),
            (None, None, None) => match (self.week, self.weekday) {
                (Some((week, begin)), Some(weekday)) => {
                    let first = (first_weekday(year) - begin).rem_euclid(7);
                    let into = (weekday - begin).rem_euclid(7);
                    (1, (7 - first) % 7 + (week - 1) * 7 + into + 1)
                }
                _ => (1, 0),
            },
            (month, day, _) => (month.unwrap_or(1), day.unwrap_or(0)),
        };
        let clock = hour * 3600 + self.minute * 60 + self.second;
        // A reading that no clock of the zone shows gives 0; of one that is
        // shown twice, the one in standard time is meant.
        zone.standard_moment(year, month, day, clock)
            .map_or(0, Moment::seconds)
    }
}

/// The weekday of the first of January.
fn first_weekday(year: i64) -> i64 {
    let before = year - 1;
    (1 + 365 * before + before.div_euclid(4) - before.div_euclid(100) + before.div_euclid(400))
        .rem_euclid(7)
}

/// Behind the sign of an offset: `hh`, `hhmm` or `hh:mm`; gives what is left.
fn offset(mut text: &[u8]) -> Option<&[u8]> {
    let mut value = 0;
    let mut digits = 0;
    while digits < 4
        && let Some(digit) = text.first().filter(|byte| byte.is_ascii_digit())
    {
        value = value * 10 + u32::from(digit - b'0');
        digits += 1;
        text = &text[1..];
        if digits == 2
            && let [b':', next, ..] = text
            && next.is_ascii_digit()
        {
            text = &text[1..];
        }
    }
    (digits == 2 || (digits == 4 && value % 100 < 60)).then_some(text)
}

fn skip_blanks(text: &[u8]) -> &[u8] {
    let blanks = text
        .iter()
        .take_while(|byte| scan::is_space(**byte))
        .count();
    &text[blanks..]
}

/// A full or three-letter name.
fn name<'a>(text: &'a [u8], names: &[&str]) -> Option<(i64, &'a [u8])> {
    let starts = |word: &str| {
        text.get(..word.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(word.as_bytes()))
    };
    names.iter().enumerate().find_map(|(index, name)| {
        let length = if starts(name) {
            name.len()
        } else if starts(&name[..3]) {
            3
        } else {
            return None;
        };
        Some((index as i64, &text[length..]))
    })
}

#[cfg(test)]
mod tests {
    use crate::pure::{self, Env};
    use crate::template::Answered;
    use crate::value::Value;

    fn read(args: &str) -> String {
        let id = pure::find(b"STRPTIME").unwrap();
        match pure::call(id, args.as_bytes(), &Value::EMPTY, &Env::default()).outcome {
            Answered::Value(value) => String::from_utf8(value.bytes().into_owned()).unwrap(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn times_are_read() {
        assert_eq!(read("2023-07-04,UTC,%Y-%m-%d"), "1688428800");
        // The second digit cannot belong to a day, so it is left over.
        assert_eq!(read("2023-07-45,UTC,%Y-%m-%d"), "1688428800");
        assert_eq!(read("04 Jul 2023,UTC,%d %b %Y"), "1688428800");
        assert_eq!(read("1000000000,America/New_York,%s"), "1000014400");
        assert_eq!(read("x,UTC,%Y"), "Untouched");
    }
}
