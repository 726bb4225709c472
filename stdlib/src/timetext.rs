//! STRFTIME and STRPTIME, in the C locale.

use rustc_apfloat::ieee::X87DoubleExtended as Extended;
use rustc_apfloat::{Float, Round};

use crate::args;
use crate::pure::{Answer, Input, Pure, plain};
use crate::scan;
use crate::time::{Civil, Moment, Zone};

pub(crate) const FUNCTIONS: &[Pure] = &[
    plain("STRFTIME", format_time),
    plain("STRPTIME", parse_time),
];

const WEEKDAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// Bytes that one formatted time may have.
const LIMIT: usize = 4095;

/// Widths beyond this are cut.
const WIDTH_LIMIT: usize = 1024;

/// `STRFTIME([epoch[,zone[,format]]])`.
fn format_time(input: &Input<'_>) -> Answer {
    let parts = args::split(input.args, 3);
    let at = epoch(args::argument(&parts, 0)).unwrap_or(input.env.now);
    let zone = zone(args::argument(&parts, 1), &input.env.zone);
    let format = parts.get(2).map_or(&b"%c"[..], Vec::as_slice);
    if format.is_empty() {
        return Answer::failed("STRFTIME: the format is empty");
    }
    let Some(text) = strftime(format, at, &zone, &input.env.zone) else {
        return Answer::failed("STRFTIME: the time is outside the calendar");
    };
    Answer::value(text)
}

/// Seconds with or without a fraction, computed as Asterisk does: in 80 bits,
/// what is below a microsecond cut off.
fn epoch(text: &[u8]) -> Option<Moment> {
    let (_, read) = scan::float(text)?;
    let spelled = std::str::from_utf8(scan::trim_start(&text[..read])).ok()?;
    let number = Extended::from_str_r(spelled, Round::NearestTiesToEven)
        .ok()?
        .value;
    let whole = number.round_to_integral(Round::TowardZero).value;
    let million = Extended::from_u128(1_000_000).value;
    let rest = ((number - whole).value * million).value;
    let integer = |number: Extended| {
        let mut exact = false;
        let status = number.to_i128_r(64, Round::TowardZero, &mut exact);
        i64::try_from(status.value).ok()
    };
    Some(Moment {
        micros: integer(whole)?
            .checked_mul(1_000_000)?
            .checked_add(integer(rest)?)?,
    })
}

/// An empty name means the server's zone, an unknown one UTC.
fn zone(name: &[u8], server: &Zone) -> Zone {
    if name.is_empty() {
        server.clone()
    } else {
        Zone::named(name).unwrap_or_default()
    }
}

/// Formats a moment like C's `strftime`, with `%[n]q` for fraction digits. The
/// name of the zone (`%Z`) and the count of seconds (`%s`) are, as in
/// Asterisk, those that the server's own zone has for the reading. `None`
/// outside the calendar.
pub fn strftime(format: &[u8], at: Moment, zone: &Zone, server: &Zone) -> Option<Vec<u8>> {
    let civil = zone.civil(at)?;
    let server_name = server.civil(at)?.abbreviation;
    let mut out = Vec::new();
    write_time(format, &civil, &server_name, server, &mut out, 0);
    out.truncate(LIMIT);
    Some(out)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Padding {
    Usual,
    None,
    Blank,
    Zero,
}

struct Field {
    padding: Padding,
    upper: bool,
    swap: bool,
    width: usize,
}

impl Field {
    fn number(&self, value: i64, digits: usize, usual: u8, out: &mut Vec<u8>) {
        let fill = match self.padding {
            Padding::Usual => Some(usual),
            Padding::None => None,
            Padding::Blank => Some(b' '),
            Padding::Zero => Some(b'0'),
        };
        let width = if self.width > 0 { self.width } else { digits };
        let sign = if value < 0 { "-" } else { "" };
        let spelled = value.unsigned_abs().to_string();
        let missing = width.saturating_sub(sign.len() + spelled.len());
        match fill {
            Some(b'0') => {
                out.extend_from_slice(sign.as_bytes());
                out.extend(std::iter::repeat_n(b'0', missing));
            }
            Some(fill) => {
                out.extend(std::iter::repeat_n(fill, missing));
                out.extend_from_slice(sign.as_bytes());
            }
            None => out.extend_from_slice(sign.as_bytes()),
        }
        out.extend_from_slice(spelled.as_bytes());
    }

    fn text(&self, text: &[u8], out: &mut Vec<u8>) {
        let missing = self.width.saturating_sub(text.len());
        let fill = if self.padding == Padding::Zero {
            b'0'
        } else {
            b' '
        };
        out.extend(std::iter::repeat_n(fill, missing));
        if self.upper {
            out.extend(text.to_ascii_uppercase());
        } else if self.swap {
            out.extend(text.to_ascii_lowercase());
        } else {
            out.extend_from_slice(text);
        }
    }
}

fn write_time(
    format: &[u8],
    civil: &Civil,
    server_name: &str,
    server: &Zone,
    out: &mut Vec<u8>,
    depth: usize,
) {
    let mut at = 0;
    while at < format.len() && out.len() <= LIMIT {
        if format[at] != b'%' {
            out.push(format[at]);
            at += 1;
            continue;
        }
        let start = at;
        at += 1;
        // `%[n]q` first: it is understood before C's conversions.
        let digits = format[at..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let places = match format[at..] {
            [b'q', ..] => Some(3),
            [digit @ b'1'..=b'6', b'q', ..] => Some(usize::from(digit - b'0')),
            _ => None,
        };
        if let Some(places) = places {
            let micros = format!("{:06}", civil.moment.subsecond());
            out.extend_from_slice(&micros.as_bytes()[..places]);
            at += digits + 1;
            continue;
        }
        let mut field = Field {
            padding: Padding::Usual,
            upper: false,
            swap: false,
            width: 0,
        };
        while let Some(flag) = format.get(at) {
            match flag {
                b'-' => field.padding = Padding::None,
                b'_' => field.padding = Padding::Blank,
                b'0' => field.padding = Padding::Zero,
                b'^' => field.upper = true,
                b'#' => field.swap = true,
                _ => break,
            }
            at += 1;
        }
        let digits = format[at..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        if let Some((width, _)) = scan::integer(&format[at..at + digits]) {
            field.width = usize::try_from(width).unwrap_or(0).min(WIDTH_LIMIT);
        }
        at += digits;
        let modifier = format
            .get(at)
            .copied()
            .filter(|byte| matches!(byte, b'E' | b'O'));
        if modifier.is_some() {
            at += 1;
        }
        let letter = format.get(at).copied();
        at += usize::from(letter.is_some());
        let known = letter.is_some_and(|letter| {
            write_field(letter, &field, civil, server_name, server, out, depth)
        });
        if !known {
            // What is not understood is copied, filled up to the width.
            let unknown = &format[start..at];
            out.extend(std::iter::repeat_n(
                b' ',
                field.width.saturating_sub(unknown.len()),
            ));
            out.extend_from_slice(unknown);
        }
    }
}

fn write_field(
    letter: u8,
    field: &Field,
    civil: &Civil,
    server_name: &str,
    server: &Zone,
    out: &mut Vec<u8>,
    depth: usize,
) -> bool {
    let weekday = WEEKDAYS[civil.weekday as usize % 7];
    let month = MONTHS[(civil.month as usize + 11) % 12];
    let year = i64::from(civil.year);
    let hour12 = match civil.hour % 12 {
        0 => 12,
        hour => i64::from(hour),
    };
    // Composite conversions are one level deep.
    let composite = |format: &[u8], out: &mut Vec<u8>| {
        let mut text = Vec::new();
        if depth == 0 {
            write_time(format, civil, server_name, server, &mut text, depth + 1);
        }
        field.text(&text, out);
    };
    match letter {
        b'%' => field.text(b"%", out),
        b'n' => field.text(b"\n", out),
        b't' => field.text(b"\t", out),
        b'a' => field.text(&weekday.as_bytes()[..3], out),
        b'A' => field.text(weekday.as_bytes(), out),
        b'b' | b'h' => field.text(&month.as_bytes()[..3], out),
        b'B' => field.text(month.as_bytes(), out),
        b'c' => composite(b"%a %b %e %H:%M:%S %Y", out),
        b'x' | b'D' => composite(b"%m/%d/%y", out),
        b'X' | b'T' => composite(b"%H:%M:%S", out),
        b'r' => composite(b"%I:%M:%S %p", out),
        b'R' => composite(b"%H:%M", out),
        b'F' => composite(b"%Y-%m-%d", out),
        b'C' => field.number(year.div_euclid(100), 2, b'0', out),
        b'y' => field.number(year.rem_euclid(100), 2, b'0', out),
        b'Y' => field.number(year, 1, b'0', out),
        b'm' => field.number(i64::from(civil.month), 2, b'0', out),
        b'd' => field.number(i64::from(civil.day), 2, b'0', out),
        b'e' => field.number(i64::from(civil.day), 2, b' ', out),
        b'H' => field.number(i64::from(civil.hour), 2, b'0', out),
        b'k' => field.number(i64::from(civil.hour), 2, b' ', out),
        b'I' => field.number(hour12, 2, b'0', out),
        b'l' => field.number(hour12, 2, b' ', out),
        b'M' => field.number(i64::from(civil.minute), 2, b'0', out),
        b'S' => field.number(i64::from(civil.second), 2, b'0', out),
        b'j' => field.number(i64::from(civil.year_day), 3, b'0', out),
        b'u' => {
            let day = if civil.weekday == 0 { 7 } else { civil.weekday };
            field.number(i64::from(day), 1, b'0', out);
        }
        b'w' => field.number(i64::from(civil.weekday), 1, b'0', out),
        b'U' => {
            let week = (civil.year_day + 6 - civil.weekday) / 7;
            field.number(i64::from(week), 2, b'0', out);
        }
        b'W' => {
            let week = (civil.year_day + 6 - (civil.weekday + 6) % 7) / 7;
            field.number(i64::from(week), 2, b'0', out);
        }
        b'G' => field.number(iso_week(civil).0, 1, b'0', out),
        b'g' => field.number(iso_week(civil).0.rem_euclid(100), 2, b'0', out),
        b'V' => field.number(iso_week(civil).1, 2, b'0', out),
        b'p' | b'P' => {
            let text: &[u8] = match (civil.hour >= 12, letter) {
                (false, b'p') => b"AM",
                (true, b'p') => b"PM",
                (false, _) => b"am",
                (true, _) => b"pm",
            };
            field.text(text, out);
        }
        b's' => {
            let seconds = i64::from(civil.hour) * 3600
                + i64::from(civil.minute) * 60
                + i64::from(civil.second);
            let shown = server
                .moment(year, i64::from(civil.month), i64::from(civil.day), seconds)
                .unwrap_or(civil.moment);
            field.number(shown.seconds(), 1, b'0', out);
        }
        b'z' => {
            let minutes = civil.offset.abs() / 60;
            let sign = if civil.offset < 0 { '-' } else { '+' };
            let text = format!("{sign}{:02}{:02}", minutes / 60, minutes % 60);
            field.text(text.as_bytes(), out);
        }
        b'Z' => field.text(server_name.as_bytes(), out),
        _ => return false,
    }
    true
}

/// Year and week by ISO 8601.
fn iso_week(civil: &Civil) -> (i64, i64) {
    let monday_based = i64::from((civil.weekday + 6) % 7);
    let mut year = i64::from(civil.year);
    let mut week = (i64::from(civil.year_day) - monday_based + 9) / 7;
    if week < 1 {
        year -= 1;
        week = weeks_of(year);
    } else if week > weeks_of(year) {
        year += 1;
        week = 1;
    }
    (year, week)
}

fn weeks_of(year: i64) -> i64 {
    let last_weekday = |year: i64| {
        (year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400)).rem_euclid(7)
    };
    if last_weekday(year) == 4 || last_weekday(year - 1) == 3 {
        53
    } else {
        52
    }
}

/// `STRPTIME(text,zone,format)`: seconds since the epoch.
fn parse_time(input: &Input<'_>) -> Answer {
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
    let seconds = reading.seconds(&zone);
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
            let count = rest
                .iter()
                .take(digits)
                .take_while(|byte| byte.is_ascii_digit())
                .count();
            let (value, _) = scan::integer(&rest[..count])?;
            rest = &rest[count..];
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
            b'u' => {
                number(1, 7, 1)?;
            }
            b'w' => {
                number(0, 6, 1)?;
            }
            b'U' | b'W' | b'V' => {
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
            b'a' | b'A' => return name(rest, &WEEKDAYS).map(|(_, rest)| rest),
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
                let digits = rest
                    .strip_prefix(b"+")
                    .or_else(|| rest.strip_prefix(b"-"))?;
                let count = digits
                    .iter()
                    .take(5)
                    .take_while(|byte| byte.is_ascii_digit() || **byte == b':')
                    .count();
                return (count >= 2).then(|| &digits[count..]);
            }
            b'Z' => {
                let word = rest
                    .iter()
                    .take_while(|byte| byte.is_ascii_alphabetic())
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

    fn seconds(&self, zone: &Zone) -> i64 {
        if let Some(epoch) = self.epoch {
            return epoch;
        }
        let mut hour = self.hour;
        if self.is_twelve_hour && self.is_afternoon {
            hour += 12;
        }
        let (month, day) = match (self.month, self.day, self.year_day) {
            (None, None, Some(day)) => (1, day),
            (month, day, _) => (month.unwrap_or(1), day.unwrap_or(0)),
        };
        let year = self.year.unwrap_or(1900);
        let clock = hour * 3600 + self.minute * 60 + self.second;
        // A reading that no clock of the zone shows gives 0; of one that is
        // shown twice, the one in standard time is meant.
        zone.standard_moment(year, month, day, clock)
            .map_or(0, Moment::seconds)
    }
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
