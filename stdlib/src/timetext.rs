//! STRFTIME and STRPTIME, in the C locale.

mod format;
mod reading;

use rustc_apfloat::ieee::X87DoubleExtended as Extended;
use rustc_apfloat::{Float, Round};

use crate::args;
use crate::pure::{Answer, Input, Pure, plain};
use crate::scan;
use crate::time::{Civil, Moment, Zone};

pub use format::Format;

pub(crate) const FUNCTIONS: &[Pure] = &[
    plain("STRFTIME", format_time),
    plain("STRPTIME", reading::parse_time),
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
