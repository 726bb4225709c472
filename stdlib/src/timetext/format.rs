//! A time format read once: the conversions that plans use, each a number of fixed width or a name. It writes what STRFTIME
//! writes.

use std::sync::OnceLock;

use super::{MONTHS, WEEKDAYS, with_fraction};
use crate::time::{Changes, Clock, Moment, Zone};

/// Bytes of a format; a longer one is read each time.
const LIMIT: usize = 64;

/// A constant format in a constant zone.
#[derive(Clone, Debug)]
pub struct Format {
    /// `None`: the server's.
    zone: Option<(Zone, OnceLock<Changes>)>,
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug)]
enum Piece {
    Byte(u8),
    Year,
    Century,
    YearOfCentury,
    Month,
    Day,
    Hour,
    Minute,
    Second,
    YearDay,
    /// 1 to 7, Monday first.
    Weekday,
    /// 0 to 6, Sunday first.
    WeekdayFromSunday,
    ShortWeekday,
    LongWeekday,
    ShortMonth,
    LongMonth,
}

impl Format {
    /// Reads zone (empty: the server's; unknown: universal time) and format; `None` if something in it has no short form.
    pub fn read(zone: &[u8], format: &[u8]) -> Option<Format> {
        // The fraction of `%%q` is put in before `%%` is understood.
        if format.is_empty() || format.len() > LIMIT || with_fraction(format, 0) != format {
            return None;
        }
        let mut pieces = Vec::new();
        read_into(format, &mut pieces)?;
        Some(Format {
            zone: (!zone.is_empty())
                .then(|| (Zone::named(zone).unwrap_or_default(), OnceLock::new())),
            pieces,
        })
    }

    /// Appends the text of a moment; `false`, and nothing to be used in `out`, outside the years 0 to 9999.
    pub fn write(&self, at: Moment, server: &Zone, out: &mut Vec<u8>) -> bool {
        let clock = match &self.zone {
            Some((zone, changes)) => zone.clock_by(changes.get_or_init(|| zone.changes()), at),
            None => server.clock(at),
        };
        let Some(clock) = clock else { return false };
        if !(0..=9999).contains(&clock.year) {
            return false;
        }
        for piece in &self.pieces {
            piece.write(&clock, out);
        }
        true
    }
}

fn read_into(format: &[u8], pieces: &mut Vec<Piece>) -> Option<()> {
    let mut bytes = format.iter();
    while let Some(byte) = bytes.next() {
        if *byte != b'%' {
            pieces.push(Piece::Byte(*byte));
            continue;
        }
        pieces.push(match bytes.next()? {
            b'%' => Piece::Byte(b'%'),
            b'Y' => Piece::Year,
            b'C' => Piece::Century,
            b'y' => Piece::YearOfCentury,
            b'm' => Piece::Month,
            b'd' => Piece::Day,
            b'H' => Piece::Hour,
            b'M' => Piece::Minute,
            b'S' => Piece::Second,
            b'j' => Piece::YearDay,
            b'u' => Piece::Weekday,
            b'w' => Piece::WeekdayFromSunday,
            b'a' => Piece::ShortWeekday,
            b'A' => Piece::LongWeekday,
            b'b' | b'h' => Piece::ShortMonth,
            b'B' => Piece::LongMonth,
            // Those that consist of others are one level deep.
            other => {
                read_into(super::composite(*other)?, pieces)?;
                continue;
            }
        });
    }
    Some(())
}

impl Piece {
    fn write(&self, c: &Clock, out: &mut Vec<u8>) {
        let two = |n: u32, out: &mut Vec<u8>| {
            out.extend_from_slice(&[b'0' + (n / 10 % 10) as u8, b'0' + (n % 10) as u8]);
        };
        let year = c.year.unsigned_abs();
        match self {
            Piece::Byte(b) => out.push(*b),
            Piece::Year => {
                // As many digits as it has.
                if year >= 1000 {
                    two(year / 100, out);
                    two(year % 100, out);
                } else {
                    out.extend_from_slice(year.to_string().as_bytes());
                }
            }
            Piece::Century => two(year / 100, out),
            Piece::YearOfCentury => two(year % 100, out),
            Piece::Month => two(c.month, out),
            Piece::Day => two(c.day, out),
            Piece::Hour => two(c.hour, out),
            Piece::Minute => two(c.minute, out),
            Piece::Second => two(c.second, out),
            Piece::YearDay => {
                let day = c.year_day();
                out.push(b'0' + (day / 100) as u8);
                two(day % 100, out);
            }
            Piece::Weekday => out.push(match c.weekday() {
                0 => b'7',
                day => b'0' + day as u8,
            }),
            Piece::WeekdayFromSunday => out.push(b'0' + c.weekday() as u8),
            Piece::ShortWeekday => out.extend_from_slice(&weekday(c)[..3]),
            Piece::LongWeekday => out.extend_from_slice(weekday(c)),
            Piece::ShortMonth => out.extend_from_slice(&month(c)[..3]),
            Piece::LongMonth => out.extend_from_slice(month(c)),
        }
    }
}

fn weekday(c: &Clock) -> &'static [u8] {
    WEEKDAYS[c.weekday() as usize % 7].as_bytes()
}

fn month(c: &Clock) -> &'static [u8] {
    MONTHS[(c.month as usize + 11) % 12].as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timetext::strftime;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

        #[test]
        fn a_format_read_once_writes_what_strftime_writes(
            seconds in prop_oneof![-62_135_596_800i64..253_402_300_799, 0i64..4_000_000_000, 1_577_836_800i64..1_900_000_000],
            format in "(%[YCymdHMSjuwaAbBFTRDeIpk%]|[ :xq-]){1,6}",
            zone in prop::sample::select(vec!["", "UTC", "Europe/Paris", "America/New_York", "Asia/Kolkata", "nowhere", "CET-1CEST,M3.5.0,M10.5.0/3"]),
            server in prop::sample::select(vec!["UTC", "Australia/Sydney"]),
        ) {
            let server = Zone::named(server.as_bytes()).unwrap_or_default();
            let at = Moment::from_seconds(seconds);
            let mut out = Vec::new();
            if let Some(f) = Format::read(zone.as_bytes(), format.as_bytes())
                && f.write(at, &server, &mut out)
            {
                let named = if zone.is_empty() { server.clone() } else { Zone::named(zone.as_bytes()).unwrap_or_default() };
                prop_assert_eq!(out, strftime(format.as_bytes(), seconds, 0, &named, &server));
            }
        }
    }

    #[test]
    fn what_has_a_short_form() {
        assert!(Format::read(b"", b"%Y-%m-%d %H:%M:%S").is_some());
        assert!(Format::read(b"", b"%3q").is_none());
        assert!(Format::read(b"", b"%Z").is_none());
        assert!(Format::read(b"", b"%").is_none());
    }
}
