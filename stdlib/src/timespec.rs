//! Time conditions, `times,days-of-week,days-of-month,months[,zone]`
//! (DL-131 to DL-135): GotoIfTime, ExecIfTime, IFTIME and timed includes.

use crate::dialect::Dialect;
use crate::scan;
use crate::time::{Civil, Moment, Zone};

/// A time condition, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeSpec {
    /// Minutes of the day, one bit each.
    minutes: Box<[u64; MINUTE_WORDS]>,
    /// Bit 0 is Sunday.
    weekdays: u8,
    /// Bit 0 is the first.
    days: u32,
    /// Bit 0 is January.
    months: u16,
    /// The zone that the condition names.
    zone: Option<Zone>,
}

const MINUTES: u32 = 24 * 60;
const MINUTE_WORDS: usize = (MINUTES as usize).div_ceil(64);

/// Something in a time condition that is not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// Which part is wrong.
    pub part: Part,
    /// The element as it stands.
    pub text: Vec<u8>,
}

/// The parts of a time condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// `HH:MM-HH:MM`
    Times,
    /// `mon-fri`
    Weekdays,
    /// `1-31`
    Days,
    /// `jan-dec`
    Months,
    /// `Europe/Berlin`
    Zone,
}

const WEEKDAYS: [&[u8]; 7] = [b"sun", b"mon", b"tue", b"wed", b"thu", b"fri", b"sat"];
const MONTHS: [&[u8]; 12] = [
    b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec",
];

impl TimeSpec {
    /// Reads a condition. Bad elements are reported and left out; a part all
    /// of whose elements are bad matches nothing (DL-134).
    pub fn read(text: &[u8]) -> (TimeSpec, Vec<Trouble>) {
        TimeSpec::read_for(text, &Dialect::default())
    }

    /// Reads a condition as a release reads it.
    pub fn read_for(text: &[u8], dialect: &Dialect) -> (TimeSpec, Vec<Trouble>) {
        let mut troubles = Vec::new();
        let fields: Vec<&[u8]> = text.split(|byte| matches!(byte, b',' | b'|')).collect();
        let field = |index: usize| fields.get(index).copied().unwrap_or(b"");
        let mut minutes = Box::new([0u64; MINUTE_WORDS]);
        elements(field(0), Part::Times, &mut troubles, |element| {
            let Some(element) = element else {
                minutes.fill(u64::MAX);
                return true;
            };
            if !dialect.single_minutes && !element.contains(&b'-') {
                return false;
            }
            let Some((from, to)) = time_range(element) else {
                return false;
            };
            cycle(from, to, MINUTES, |minute| {
                minutes[minute as usize / 64] |= 1 << (minute % 64);
            });
            true
        });
        let weekdays = names(field(1), Part::Weekdays, &WEEKDAYS, &mut troubles) as u8;
        let mut days = 0u32;
        elements(field(2), Part::Days, &mut troubles, |element| {
            let Some(element) = element else {
                days = u32::MAX;
                return true;
            };
            let Some((from, to)) = range(element, |end| number(end, 31)) else {
                return false;
            };
            cycle(from, to, 31, |day| days |= 1 << day);
            true
        });
        let months = names(field(3), Part::Months, &MONTHS, &mut troubles);
        let mut zone = None;
        // Only the fifth of exactly five (DL-135). A zone that is not known counts as UTC.
        if fields.len() == 5 && !fields[4].is_empty() {
            let name = fields[4];
            zone = Zone::named(name);
            if zone.is_none() {
                zone = Some(Zone::utc());
                troubles.push(Trouble {
                    part: Part::Zone,
                    text: name.to_vec(),
                });
            }
        }
        (
            TimeSpec {
                minutes,
                weekdays,
                days,
                months,
                zone,
            },
            troubles,
        )
    }

    /// Whether the condition holds; `local` is the server's zone, used unless
    /// the condition names one.
    pub fn matches(&self, now: Moment, local: &Zone) -> bool {
        self.zone
            .as_ref()
            .unwrap_or(local)
            .civil(now)
            .is_some_and(|civil| self.matches_civil(&civil))
    }

    /// Whether the condition holds for a reading of clock and calendar.
    pub fn matches_civil(&self, civil: &Civil) -> bool {
        let minute = civil.hour * 60 + civil.minute;
        self.months & (1 << (civil.month - 1)) != 0
            && self.days & (1 << (civil.day - 1)) != 0
            && self.weekdays & (1 << civil.weekday) != 0
            && self.minutes[minute as usize / 64] & (1 << (minute % 64)) != 0
    }

    /// Whether no moment can ever match.
    pub fn never(&self) -> bool {
        self.months & 0xfff == 0
            || self.days & 0x7fff_ffff == 0
            || self.weekdays & 0x7f == 0
            || self.minutes.iter().all(|word| *word == 0)
    }
}

/// Calls `take` for each `&` element, with `None` for "any"; `false` from it is
/// a trouble.
fn elements(
    field: &[u8],
    part: Part,
    troubles: &mut Vec<Trouble>,
    mut take: impl FnMut(Option<&[u8]>) -> bool,
) {
    if field.is_empty() || field == b"*" {
        take(None);
        return;
    }
    for element in field.split(|byte| *byte == b'&') {
        if !take(Some(element)) {
            troubles.push(Trouble {
                part,
                text: element.to_vec(),
            });
        }
    }
}

/// Counts from `from` to `to`, past the end of the cycle if need be.
fn cycle(from: u32, to: u32, size: u32, mut each: impl FnMut(u32)) {
    let mut at = from;
    loop {
        each(at);
        if at == to {
            return;
        }
        at = (at + 1) % size;
    }
}

/// `a` or `a-b`.
fn range(element: &[u8], end: impl Fn(&[u8]) -> Option<u32>) -> Option<(u32, u32)> {
    let mut ends = element.splitn(2, |byte| *byte == b'-');
    let from = end(ends.next()?)?;
    let to = match ends.next() {
        Some(text) => end(text)?,
        None => from,
    };
    Some((from, to))
}

/// A number of two digits at most, and how many bytes were read; blanks may stand before it.
fn two_digits(text: &[u8]) -> Option<(u32, usize)> {
    let blanks = text.iter().take_while(|b| scan::is_space(**b)).count();
    let end = text.len().min(blanks + 2);
    let (number, read) = scan::int32(&text[..end])?;
    Some((u32::try_from(number).ok()?, read))
}

/// A number from 1 to `most`, counted from 0. What follows its two digits is not looked at.
fn number(text: &[u8], most: u32) -> Option<u32> {
    let (number, _) = two_digits(text)?;
    (1..=most).contains(&number).then(|| number - 1)
}

fn names(field: &[u8], part: Part, names: &[&[u8]], troubles: &mut Vec<Trouble>) -> u16 {
    let size = names.len() as u32;
    let mut bits = 0u16;
    elements(field, part, troubles, |element| {
        let Some(element) = element else {
            bits = u16::MAX;
            return true;
        };
        let found = range(element, |end| {
            names
                .iter()
                .position(|name| end.eq_ignore_ascii_case(name))
                .map(|index| index as u32)
                .or_else(|| number(end, size))
        });
        let Some((from, to)) = found else {
            return false;
        };
        cycle(from, to, size, |at| bits |= 1 << at);
        true
    });
    bits
}

/// `HH:MM` or `HH:MM-HH:MM`. What stands between the dash and the next digit is skipped.
fn time_range(element: &[u8]) -> Option<(u32, u32)> {
    let Some(dash) = element.iter().position(|b| *b == b'-') else {
        let minute = time_of_day(element)?;
        return Some((minute, minute));
    };
    let from = time_of_day(&element[..dash])?;
    let rest = &element[dash + 1..];
    let digit = rest.iter().position(u8::is_ascii_digit)?;
    Some((from, time_of_day(&rest[digit..])?))
}

fn time_of_day(text: &[u8]) -> Option<u32> {
    let (hour, read) = two_digits(text)?;
    let (minute, _) = two_digits(text[read..].strip_prefix(b":")?)?;
    (hour <= 23 && minute <= 59).then_some(hour * 60 + minute)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2020-09-13 12:26:40 UTC, a Sunday.
    const SUNDAY: Moment = Moment {
        micros: 1_600_000_000_000_000,
    };

    fn holds(text: &str) -> bool {
        TimeSpec::read(text.as_bytes())
            .0
            .matches(SUNDAY, &Zone::utc())
    }

    #[test]
    fn conditions_hold_or_not() {
        for text in [
            "*,*,*,*",
            "",
            "12:00-13:00,sun,13,sep",
            "12:26",
            "22:00-12:26",
            "*,fri-mon,*,*",
            "*|1|*|9",
            "*,sat&sun,10-15,*",
            "*,*,30-15,AUG-SEP",
            "12:00-x13:00x",
            " 12:26",
            "*,1x,13-20-2,9",
            "*,*,*,*,Nowhere/Town",
            "12:26,*,*,*,Europe/Berlin,x",
            "14:00-15:00,*,*,*,Europe/Berlin",
        ] {
            assert!(holds(text), "{text}");
        }
        for text in [
            "12:27-12:25",
            "*,mon-sat",
            "*,*,14-12",
            "*,*,*,oct-aug",
            "12:00-13:00,*,*,*,Europe/Berlin",
            "noon",
            "*,sunday",
            " *",
            "*, sun",
            "12:00-",
            "24:00-12:30",
            "*,*,32",
        ] {
            assert!(!holds(text), "{text}");
        }
    }

    #[test]
    fn bad_elements_are_told() {
        let (spec, troubles) = TimeSpec::read(b"25:00-26:00,mon&foo,0,x");
        assert!(spec.never());
        let parts: Vec<Part> = troubles.iter().map(|trouble| trouble.part).collect();
        assert_eq!(
            parts,
            [Part::Times, Part::Weekdays, Part::Days, Part::Months]
        );
    }
}
