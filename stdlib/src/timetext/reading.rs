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
    let mut reading = Reading::new(&input.env.zone);
    if reading.read(args::argument(&parts, 0), format, 0).is_none() {
        return Answer::failed("STRPTIME: the text does not fit the format");
    }
    let zone = zone(args::argument(&parts, 1), &input.env.zone);
    let seconds = reading.seconds(&zone);
    // Printed as a C int.
    Answer::value(i64::from(seconds as i32))
}

/// What `Set(TESTTIME()=...)` reads: `2030/12/25 10:00:00`, and perhaps a zone behind it.
pub fn test_time(text: &[u8], server: &Zone) -> Option<i64> {
    let mut reading = Reading::new(server);
    let rest = reading.read(text, b"%Y/%m/%d %H:%M:%S", 0)?;
    let name = scan::trim(rest)
        .split(|byte| scan::is_space(*byte))
        .next()
        .unwrap_or_default();
    Some(reading.seconds(&zone(name, server)))
}

/// Days before each month, of a year without and of one with a leap day. The C
/// library walks from the first row into the second when a day of the year is
/// one that the year does not have.
const DAYS_BEFORE: [i64; 26] = [
    0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365, // without
    0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335, 366, // with
];

/// What a text told of a time: C's `struct tm`, and what of it was told.
struct Reading<'z> {
    /// Years since 1900.
    year: i64,
    /// Months since January.
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    /// 0 is Sunday.
    weekday: i64,
    /// Days since the first of January.
    year_day: i64,
    century: Option<i64>,
    /// The year was told by two digits.
    is_short_year: bool,
    has_month: bool,
    has_day: bool,
    has_weekday: bool,
    has_year_day: bool,
    /// Weekday and day of the year follow from what was told.
    wants_days: bool,
    /// The week of the year and the day that weeks begin with.
    week: Option<(i64, i64)>,
    is_twelve_hour: bool,
    is_afternoon: bool,
    /// A conversion asked for the locale's other digits.
    wanted_digits: bool,
    /// `%s` is shown as this zone's clock shows it.
    server: &'z Zone,
}

impl<'z> Reading<'z> {
    fn new(server: &'z Zone) -> Reading<'z> {
        Reading {
            year: 0,
            month: 0,
            day: 0,
            hour: 0,
            minute: 0,
            second: 0,
            weekday: 0,
            year_day: 0,
            century: None,
            is_short_year: false,
            has_month: false,
            has_day: false,
            has_weekday: false,
            has_year_day: false,
            wants_days: false,
            week: None,
            is_twelve_hour: false,
            is_afternoon: false,
            wanted_digits: false,
            server,
        }
    }

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
            // Flags and a width mean nothing when reading.
            while matches!(
                format.get(at),
                Some(b'-' | b'_' | b'^' | b'#' | b'0'..=b'9')
            ) {
                at += 1;
            }
            let modifier = format
                .get(at)
                .copied()
                .filter(|byte| matches!(byte, b'E' | b'O'));
            at += usize::from(modifier.is_some());
            let letter = *format.get(at)?;
            at += 1;
            let fits: &[u8] = match modifier {
                None => &[letter],
                Some(b'E') => b"cCYxX",
                Some(_) => b"bBhdeHImMSUVWwy",
            };
            if !fits.contains(&letter) {
                return None;
            }
            // Other digits are looked for twice, and there are none.
            if modifier == Some(b'O') && !matches!(letter, b'b' | b'B' | b'h') {
                if self.wanted_digits {
                    return None;
                }
                self.wanted_digits = true;
            }
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
            b'Y' => {
                self.year = number(0, 9999, 4)? - 1900;
                self.is_short_year = false;
                self.wants_days = true;
            }
            b'C' => {
                self.century = Some(number(0, 99, 2)?);
                self.wants_days = true;
            }
            b'y' => {
                let year = number(0, 99, 2)?;
                self.year = if year >= 69 { year } else { year + 100 };
                self.is_short_year = true;
                self.wants_days = true;
            }
            b'm' => {
                self.month = number(1, 12, 2)? - 1;
                self.has_month = true;
                self.wants_days = true;
            }
            b'd' | b'e' => {
                self.day = number(1, 31, 2)?;
                self.has_day = true;
                self.wants_days = true;
            }
            b'j' => {
                self.year_day = number(1, 366, 3)? - 1;
                self.has_year_day = true;
            }
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
            b'u' => {
                self.weekday = number(1, 7, 1)? % 7;
                self.has_weekday = true;
            }
            b'w' => {
                self.weekday = number(0, 6, 1)?;
                self.has_weekday = true;
            }
            b'U' => self.week = Some((number(0, 53, 2)?, 0)),
            b'W' => {
                let week = number(0, 53, 2)?;
                // Weeks that begin with Sunday were told of: that stays.
                let begin = self.week.map_or(1, |(_, begin)| begin);
                self.week = Some((week, begin));
            }
            b'V' => {
                number(0, 53, 2)?;
            }
            b'g' => {
                number(0, 99, 2)?;
            }
            b'G' => {
                let digits = digits(rest);
                return (digits > 0).then(|| &rest[digits..]);
            }
            b's' => return self.read_epoch(rest),
            b'p' => {
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
                self.weekday = weekday;
                self.has_weekday = true;
                return Some(rest);
            }
            b'b' | b'B' | b'h' => {
                let (month, rest) = name(rest, &MONTHS)?;
                self.month = month;
                self.has_month = true;
                self.wants_days = true;
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
                let format = super::composite(letter)?;
                self.wants_days |= !matches!(letter, b'T' | b'X' | b'R' | b'r');
                return if depth == 0 {
                    self.read(rest, format, 1)
                } else {
                    None
                };
            }
        }
        Some(rest)
    }

    /// `%s`: a number of seconds, taken apart as the server's clock shows it.
    fn read_epoch<'a>(&mut self, text: &'a [u8]) -> Option<&'a [u8]> {
        let digits = digits(text);
        let (seconds, _) = scan::integer(&text[..digits])?;
        let civil = self.server.civil(Moment::from_seconds(seconds))?;
        self.year = civil.year - 1900;
        self.month = i64::from(civil.month) - 1;
        self.day = i64::from(civil.day);
        self.hour = i64::from(civil.hour);
        self.minute = i64::from(civil.minute);
        self.second = i64::from(civil.second);
        self.weekday = i64::from(civil.weekday);
        self.year_day = i64::from(civil.year_day) - 1;
        Some(&text[digits..])
    }

    /// Month and day where only a day of the year was told.
    fn month_and_day_from_year_day(&mut self) {
        let row = if is_leap(self.year + 1900) { 13 } else { 0 };
        let rows = &DAYS_BEFORE[row..];
        let next = rows
            .iter()
            .position(|before| *before > self.year_day)
            .unwrap_or(rows.len());
        if !self.has_month {
            self.month = next as i64 - 1;
        }
        if !self.has_day {
            // Before January of a leap year stands the end of the other row.
            let before = (row + next)
                .checked_sub(1)
                .map_or(0, |last| DAYS_BEFORE[last.min(DAYS_BEFORE.len() - 1)]);
            self.day = self.year_day - before + 1;
        }
    }

    /// The order of these steps is the C library's.
    fn complete(&mut self) {
        if self.is_twelve_hour && self.is_afternoon {
            self.hour += 12;
        }
        if let Some(century) = self.century {
            let within = if self.is_short_year {
                self.year % 100
            } else {
                0
            };
            self.year = within + (century - 19) * 100;
        }
        if self.wants_days
            && !self.has_weekday
            && !(self.has_month && self.has_day)
            && self.has_year_day
        {
            self.month_and_day_from_year_day();
            self.has_month = true;
            self.has_day = true;
        }
        if let Some((week, begin)) = self.week
            && self.has_weekday
        {
            let first = first_weekday(self.year + 1900);
            if !self.has_year_day {
                self.year_day =
                    (7 - (first - begin)) % 7 + (week - 1) * 7 + (self.weekday - begin + 7) % 7;
            }
            if !self.has_day || !self.has_month {
                self.month_and_day_from_year_day();
            }
        }
    }

    fn seconds(&mut self, zone: &Zone) -> i64 {
        self.complete();
        let clock = self.hour * 3600 + self.minute * 60 + self.second;
        zone.standard_moment(self.year + 1900, self.month + 1, self.day, clock)
            .map_or(0, Moment::seconds)
    }
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn digits(text: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_digit()).count()
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
