//! Time conditions, `times,days-of-week,days-of-month,months[,zone]`
//! (DL-131 to DL-135): GotoIfTime, ExecIfTime, IFTIME and timed includes.

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
        let mut troubles = Vec::new();
        let fields: Vec<&[u8]> = text.split(|byte| matches!(byte, b',' | b'|')).collect();
        let field = |index: usize| fields.get(index).copied().unwrap_or(b"");
        let mut minutes = Box::new([0u64; MINUTE_WORDS]);
        elements(field(0), Part::Times, &mut troubles, |element| {
            let Some(element) = element else {
                minutes.fill(u64::MAX);
                return true;
            };
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
        if fields.len() > 4 {
            let name: Vec<u8> = text
                .splitn(5, |byte| matches!(byte, b',' | b'|'))
                .nth(4)
                .unwrap_or(b"")
                .to_vec();
            zone = Zone::named(&name);
            if zone.is_none() && !name.is_empty() {
                troubles.push(Trouble {
                    part: Part::Zone,
                    text: name,
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
    let trimmed = scan::trim(field);
    if trimmed.is_empty() || trimmed == b"*" {
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

/// A number from 1 to `most`, counted from 0.
fn number(text: &[u8], most: u32) -> Option<u32> {
    let text = scan::trim(text);
    let (number, read) = scan::int32(text)?;
    let number = u32::try_from(number).ok()?;
    (read == text.len() && (1..=most).contains(&number)).then(|| number - 1)
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

fn time_range(element: &[u8]) -> Option<(u32, u32)> {
    range(element, |end| {
        let end = scan::trim(end);
        let mut parts = end.splitn(2, |byte| *byte == b':');
        let hour = clock_part(parts.next()?, 23)?;
        let minute = clock_part(parts.next()?, 59)?;
        Some(hour * 60 + minute)
    })
}

fn clock_part(text: &[u8], most: u32) -> Option<u32> {
    let (number, read) = scan::int32(text)?;
    let number = u32::try_from(number).ok()?;
    (read == text.len() && number <= most).then_some(number)
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
