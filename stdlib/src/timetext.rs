//! STRFTIME and STRPTIME, in the C locale.

mod format;
mod reading;

pub use reading::test_time;

use rustc_apfloat::ieee::X87DoubleExtended as Extended;
use rustc_apfloat::{Float, Round};

use crate::args;
use crate::pure::{Answer, Input, Pure, plain};
use crate::scan;
use crate::time::{Civil, Zone};

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

/// What a conversion stands for that consists of others.
fn composite(letter: u8) -> Option<&'static [u8]> {
    Some(match letter {
        b'c' => b"%a %b %e %H:%M:%S %Y",
        b'x' | b'D' => b"%m/%d/%y",
        b'X' | b'T' => b"%H:%M:%S",
        b'r' => b"%I:%M:%S %p",
        b'R' => b"%H:%M",
        b'F' => b"%Y-%m-%d",
        _ => return None,
    })
}

/// Bytes that one formatted time may have.
const LIMIT: usize = 4095;

/// Widths beyond this are cut.
const WIDTH_LIMIT: usize = 1024;

/// `STRFTIME([epoch[,zone[,format]]])`.
fn format_time(input: &Input<'_>) -> Answer {
    let parts = args::split(input.args, 3);
    let now = input.env.now;
    let (seconds, fraction) =
        epoch(args::argument(&parts, 0)).unwrap_or((now.seconds(), now.subsecond()));
    let zone = zone(args::argument(&parts, 1), &input.env.zone);
    let format = parts.get(2).map_or(&b"%c"[..], Vec::as_slice);
    let text = strftime(format, seconds, fraction, &zone, &input.env.zone);
    if text.is_empty() {
        return Answer::failed("STRFTIME: nothing comes out");
    }
    Answer::value(text)
}

/// Seconds with or without a fraction, computed as Asterisk does: in 80 bits,
/// what is below a microsecond cut off. Gives whole seconds towards zero and
/// microseconds, which may both be negative.
fn epoch(text: &[u8]) -> Option<(i64, i64)> {
    let (rough, read) = scan::float(text)?;
    let spelled = std::str::from_utf8(scan::trim_start(&text[..read])).ok()?;
    let exact = Extended::from_str_r(spelled, Round::NearestTiesToEven).map(|read| read.value);
    let number = match exact {
        Ok(number) => number,
        // `0x10`, `inf`: the way through 64 bits loses nothing that matters.
        Err(_) if rough.is_finite() => Extended::from_i128(rough as i128).value,
        // What does not fit is the smallest number there is.
        Err(_) => return Some((i64::MIN, 0)),
    };
    let whole = number.round_to_integral(Round::TowardZero).value;
    let million = Extended::from_u128(1_000_000).value;
    let rest = ((number - whole).value * million).value;
    let integer = |number: Extended| {
        let mut exact = false;
        let status = number.to_i128_r(64, Round::TowardZero, &mut exact);
        i64::try_from(status.value).ok()
    };
    Some(match integer(whole) {
        Some(whole) => (whole, integer(rest).unwrap_or(0)),
        None => (i64::MIN, 0),
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

/// Formats a time like C's `strftime`, with `%[n]q` for fraction digits. The
/// name of the zone (`%Z`) and the count of seconds (`%s`) are, as in Asterisk,
/// those that the server's own zone has for the reading.
pub fn strftime(format: &[u8], seconds: i64, fraction: i64, zone: &Zone, server: &Zone) -> Vec<u8> {
    // A time outside the calendar leaves the C structure empty.
    let civil = zone.civil_at(seconds).unwrap_or(Civil {
        year: 1900,
        month: 1,
        day: 0,
        hour: 0,
        minute: 0,
        second: 0,
        weekday: 0,
        year_day: 1,
        offset: 0,
        is_dst: false,
        abbreviation: String::new(),
    });
    let mut writer = Writer {
        civil: &civil,
        server,
        server_name: server
            .civil_at(seconds)
            .map_or_else(String::new, |civil| civil.abbreviation),
        out: Vec::new(),
    };
    writer.write(&with_fraction(format, fraction), 0);
    let mut out = writer.out;
    out.truncate(LIMIT);
    out
}

/// Puts digits of the fraction where `%q` and `%1q` to `%6q` stand, before C's
/// conversions are looked at: the second `%` of `%%q` counts too.
fn with_fraction(format: &[u8], fraction: i64) -> Vec<u8> {
    let mut out = Vec::with_capacity(format.len());
    let mut rest = format;
    while let Some((byte, after)) = rest.split_first() {
        let (places, left) = match rest {
            [b'%', b'q', left @ ..] => (3, left),
            [b'%', digit @ b'1'..=b'6', b'q', left @ ..] => (usize::from(digit - b'0'), left),
            _ => {
                out.push(*byte);
                rest = after;
                continue;
            }
        };
        let dropped = 10i64.pow(6 - places as u32);
        out.extend_from_slice(format!("{:0places$}", fraction / dropped).as_bytes());
        rest = left;
    }
    out
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
    lower: bool,
    /// `#`: names in capitals, `AM` in small letters.
    swap: bool,
    width: usize,
    modifier: Option<u8>,
}

impl Field {
    /// A number of at least so many digits, filled up on the left as usual.
    fn number(&self, value: i64, digits: usize, usual: Padding, out: &mut Vec<u8>) {
        let padding = match self.padding {
            Padding::Usual => usual,
            padding => padding,
        };
        let digits = digits.max(self.width);
        let sign = if value < 0 { "-" } else { "" };
        let spelled = value.unsigned_abs().to_string();
        let missing = digits.saturating_sub(sign.len() + spelled.len());
        match padding {
            Padding::None => {
                let text = format!("{sign}{spelled}");
                out.extend(std::iter::repeat_n(
                    b' ',
                    self.width.saturating_sub(text.len()),
                ));
                out.extend_from_slice(text.as_bytes());
            }
            Padding::Blank => {
                out.extend(std::iter::repeat_n(b' ', missing));
                out.extend_from_slice(sign.as_bytes());
                out.extend_from_slice(spelled.as_bytes());
            }
            Padding::Usual | Padding::Zero => {
                out.extend_from_slice(sign.as_bytes());
                out.extend(std::iter::repeat_n(b'0', missing));
                out.extend_from_slice(spelled.as_bytes());
            }
        }
    }

    /// A text, filled up to the width.
    fn text(&self, text: &[u8], out: &mut Vec<u8>) {
        let fill = if self.padding == Padding::Zero {
            b'0'
        } else {
            b' '
        };
        let missing = self.width.saturating_sub(text.len());
        out.extend(std::iter::repeat_n(fill, missing));
        if self.lower {
            out.extend(text.to_ascii_lowercase());
        } else if self.upper {
            out.extend(text.to_ascii_uppercase());
        } else {
            out.extend_from_slice(text);
        }
    }
}

/// Writes one time.
struct Writer<'a> {
    civil: &'a Civil,
    server: &'a Zone,
    server_name: String,
    out: Vec<u8>,
}

impl Writer<'_> {
    fn write(&mut self, format: &[u8], depth: usize) {
        let mut at = 0;
        while at < format.len() && self.out.len() <= LIMIT {
            if format[at] != b'%' {
                self.out.push(format[at]);
                at += 1;
                continue;
            }
            let start = at;
            at += 1;
            let mut field = Field {
                padding: Padding::Usual,
                upper: false,
                lower: false,
                swap: false,
                width: 0,
                modifier: None,
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
            field.modifier = format
                .get(at)
                .copied()
                .filter(|byte| matches!(byte, b'E' | b'O'));
            at += usize::from(field.modifier.is_some());
            let letter = format.get(at).copied();
            at += usize::from(letter.is_some());
            let known = letter.is_some_and(|letter| self.write_field(letter, &mut field, depth));
            if !known {
                // What is not understood is copied, filled up to the width.
                field.text(&format[start..at], &mut self.out);
            }
        }
    }

    /// Writes what one conversion stands for. `false`: there is none such.
    fn write_field(&mut self, letter: u8, field: &mut Field, depth: usize) -> bool {
        field.upper |= field.swap
            && (matches!(letter, b'b' | b'B' | b'h')
                || matches!(letter, b'a' | b'A') && field.modifier.is_none());
        // Which conversions take a modifier, though it changes nothing here.
        let fits: &[u8] = match field.modifier {
            None => &[letter],
            Some(b'E') => b"%CPRTXYZcnprstuxyz",
            Some(_) => b"%BCGHIMPRSTUVWZbdeghjklmnprstuwyz",
        };
        if !fits.contains(&letter) {
            return false;
        }
        let civil = self.civil;
        let weekday = WEEKDAYS[civil.weekday as usize % 7];
        let month = MONTHS[(civil.month as usize + 11) % 12];
        let hour12 = match civil.hour % 12 {
            0 => 12,
            hour => i64::from(hour),
        };
        if field.swap && matches!(letter, b'p' | b'Z') {
            field.upper = false;
            field.lower = true;
        }
        field.lower |= letter == b'P';
        let out = &mut self.out;
        let zero = |value: i64, digits: usize, out: &mut Vec<u8>| {
            field.number(value, digits, Padding::Zero, out)
        };
        let blank = |value: i64, out: &mut Vec<u8>| field.number(value, 2, Padding::Blank, out);
        match letter {
            b'%' => field.text(b"%", out),
            b'n' => field.text(b"\n", out),
            b't' => field.text(b"\t", out),
            b'a' => field.text(&weekday.as_bytes()[..3], out),
            b'A' => field.text(weekday.as_bytes(), out),
            b'b' | b'h' => field.text(&month.as_bytes()[..3], out),
            b'B' => field.text(month.as_bytes(), out),
            b'C' => zero(civil.year.div_euclid(100), 2, out),
            b'y' => zero(civil.year.rem_euclid(100), 2, out),
            b'Y' => zero(civil.year, 1, out),
            b'm' => zero(i64::from(civil.month), 2, out),
            b'd' => zero(i64::from(civil.day), 2, out),
            b'e' => blank(i64::from(civil.day), out),
            b'H' => zero(i64::from(civil.hour), 2, out),
            b'k' => blank(i64::from(civil.hour), out),
            b'I' => zero(hour12, 2, out),
            b'l' => blank(hour12, out),
            b'M' => zero(i64::from(civil.minute), 2, out),
            b'S' => zero(i64::from(civil.second), 2, out),
            b'j' => zero(i64::from(civil.year_day), 3, out),
            b'u' => {
                let day = if civil.weekday == 0 { 7 } else { civil.weekday };
                zero(i64::from(day), 1, out);
            }
            b'w' => zero(i64::from(civil.weekday), 1, out),
            b'U' => zero(i64::from((civil.year_day + 6 - civil.weekday) / 7), 2, out),
            b'W' => {
                let week = (civil.year_day + 6 - (civil.weekday + 6) % 7) / 7;
                zero(i64::from(week), 2, out);
            }
            b'G' => zero(iso_week(civil).0, 1, out),
            b'g' => zero(iso_week(civil).0.rem_euclid(100), 2, out),
            b'V' => zero(iso_week(civil).1, 2, out),
            b'p' | b'P' => field.text(if civil.hour >= 12 { b"PM" } else { b"AM" }, out),
            b's' => {
                let shown = seconds_shown(civil, self.server);
                field.text(shown.to_string().as_bytes(), out);
            }
            b'z' => {
                let minutes = i64::from(civil.offset.abs() / 60);
                // The sign is filled up to the width, and so are the digits.
                field.text(if civil.offset < 0 { b"-" } else { b"+" }, out);
                zero(minutes / 60 * 100 + minutes % 60, 4, out);
            }
            b'Z' => field.text(self.server_name.as_bytes(), out),
            _ => {
                let Some(format) = composite(letter) else {
                    return false;
                };
                // Composite conversions are one level deep.
                if depth > 0 {
                    return false;
                }
                let before = std::mem::take(&mut self.out);
                self.write(format, depth + 1);
                let text = std::mem::replace(&mut self.out, before);
                field.text(&text, &mut self.out);
            }
        }
        true
    }
}

/// The seconds at which the server's clock shows what this reading shows, if
/// it agrees on whether that is summer time.
fn seconds_shown(civil: &Civil, server: &Zone) -> i64 {
    let seconds =
        i64::from(civil.hour) * 3600 + i64::from(civil.minute) * 60 + i64::from(civil.second);
    let (year, month, day) = (civil.year, i64::from(civil.month), i64::from(civil.day));
    let shown = server
        .moment(year, month, day, seconds)
        .or_else(|| server.standard_moment(year, month, day, seconds))
        .unwrap_or_default();
    let agrees = server
        .civil(shown)
        .map_or(civil.is_dst, |server| server.is_dst);
    match (civil.is_dst, agrees) {
        (true, false) => shown.seconds() - 3600,
        (false, true) => shown.seconds() + 3600,
        _ => shown.seconds(),
    }
}

/// Year and week by ISO 8601.
fn iso_week(civil: &Civil) -> (i64, i64) {
    let monday_based = i64::from((civil.weekday + 6) % 7);
    let mut year = civil.year;
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
