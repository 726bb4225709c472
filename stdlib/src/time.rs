//! Moments and time zones. Zone rules come from a database built into the
//! program, never from the machine's files; the time itself is always given.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A point in time: microseconds since 1970-01-01 00:00:00 UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// Microseconds since the epoch.
    pub micros: i64,
}

impl Moment {
    /// From whole seconds since the epoch.
    pub fn from_seconds(seconds: i64) -> Moment {
        Moment {
            micros: seconds.saturating_mul(1_000_000),
        }
    }

    /// Whole seconds since the epoch, rounded down: what `${EPOCH}` reads.
    pub fn seconds(self) -> i64 {
        self.micros.div_euclid(1_000_000)
    }

    /// Microseconds within the second.
    pub fn subsecond(self) -> i64 {
        self.micros.rem_euclid(1_000_000)
    }
}

/// A time zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(TimeZone);

impl Default for Zone {
    fn default() -> Zone {
        Zone::utc()
    }
}

impl Zone {
    /// Universal time.
    pub fn utc() -> Zone {
        Zone(TimeZone::UTC)
    }

    /// A zone of the tz database (`Europe/Berlin`, letter case counts), or a
    /// POSIX rule such as `CET-1CEST,M3.5.0,M10.5.0/3`; one that names summer
    /// time without saying when has that of the United States.
    pub fn named(name: &[u8]) -> Option<Zone> {
        let name = std::str::from_utf8(name).ok()?;
        let known = database().get(name.strip_prefix("posix/").unwrap_or(name));
        if let Ok(zone) = known
            && zone.iana_name().is_none_or(|known| name.ends_with(known))
        {
            return Some(Zone(zone));
        }
        TimeZone::posix(name)
            .or_else(|_| TimeZone::posix(&format!("{name},M3.2.0,M11.1.0")))
            .ok()
            .map(Zone)
    }

    /// By which [`named`](Zone::named) finds it, if it has a name.
    pub fn name(&self) -> Option<&str> {
        self.0.iana_name()
    }

    /// What calendar and clock show at a moment, without the zone's name; `None` as for [`Zone::civil`].
    pub fn clock(&self, at: Moment) -> Option<Clock> {
        let offset = self.offset(at)?;
        Some(Clock::reads(at.seconds() + i64::from(offset)))
    }

    /// Seconds east of UTC.
    fn offset(&self, at: Moment) -> Option<i32> {
        let timestamp = Timestamp::from_microsecond(at.micros).ok()?;
        if self.0 == TimeZone::UTC {
            return Some(0);
        }
        Some(self.0.to_offset(timestamp).seconds())
    }

    /// The changes of its clocks from now on, for a zone that is asked often.
    pub fn changes(&self) -> Changes {
        let mut changes = Vec::new();
        if let (Ok(first), Some(offset)) = (
            Timestamp::from_second(Changes::FIRST),
            self.offset(Moment::from_seconds(Changes::FIRST)),
        ) {
            changes.push((Changes::FIRST, offset));
            let following = self.0.following(first);
            let following = following.map(|t| (t.timestamp().as_second(), t.offset().seconds()));
            changes.extend(
                following
                    .take(Changes::MOST)
                    .take_while(|c| c.0 < Changes::LAST),
            );
        }
        Changes(changes)
    }

    /// [`Zone::clock`] by the changes of this zone.
    pub fn clock_by(&self, changes: &Changes, at: Moment) -> Option<Clock> {
        let seconds = at.seconds();
        let known =
            (Changes::FIRST..Changes::LAST).contains(&seconds) && changes.0.len() <= Changes::MOST;
        if !known {
            return self.clock(at);
        }
        let after = changes.0.partition_point(|(from, _)| *from <= seconds);
        let (_, offset) = changes.0.get(after.checked_sub(1)?)?;
        Some(Clock::reads(seconds + i64::from(*offset)))
    }

    /// The calendar and clock reading at a moment; `None` where the year does
    /// not fit a C `int`.
    pub fn civil(&self, at: Moment) -> Option<Civil> {
        self.civil_at(at.seconds())
    }

    /// [`Zone::civil`] of seconds since the epoch, however many.
    pub fn civil_at(&self, seconds: i64) -> Option<Civil> {
        // The calendar repeats after 400 years, and beyond the years for which
        // there are rules so do they.
        let cycles = match seconds {
            ..FIRST => (FIRST - seconds) / CYCLE + 1,
            LAST.. => -((seconds - LAST) / CYCLE + 1),
            _ => 0,
        };
        let timestamp = Timestamp::from_second(seconds + cycles * CYCLE).ok()?;
        let info = self.0.to_offset_info(timestamp);
        let datetime = info.offset().to_datetime(timestamp);
        let year = i64::from(datetime.year()) - cycles * 400;
        i32::try_from(year - 1900).ok()?;
        Some(Civil {
            year,
            month: u32::from(datetime.month().unsigned_abs()),
            day: u32::from(datetime.day().unsigned_abs()),
            hour: u32::from(datetime.hour().unsigned_abs()),
            minute: u32::from(datetime.minute().unsigned_abs()),
            second: u32::from(datetime.second().unsigned_abs()),
            weekday: u32::from(datetime.weekday().to_sunday_zero_offset().unsigned_abs()),
            year_day: u32::from(datetime.day_of_year().unsigned_abs()),
            offset: info.offset().seconds(),
            is_dst: info.dst().is_dst(),
            abbreviation: info.abbreviation().to_string(),
        })
    }

    /// The moment at which a clock in this zone shows the given reading
    /// (fields may lie outside their ranges and then carry over, as with C's
    /// `mktime`). A reading that does not exist is taken as if the clock had
    /// not been changed; of one that exists twice, the first is meant.
    pub fn moment(&self, year: i64, month: i64, day: i64, seconds: i64) -> Option<Moment> {
        let datetime = reading(year, month, day, seconds)?;
        let zoned = self.0.to_ambiguous_zoned(datetime).compatible().ok()?;
        Some(Moment {
            micros: zoned.timestamp().as_microsecond(),
        })
    }

    /// Like [`Zone::moment`], but a reading that does not exist has no moment.
    /// Which one is meant of a reading that exists twice is decided by halving
    /// all the time there is until it is hit, as Asterisk does.
    pub fn standard_moment(&self, year: i64, month: i64, day: i64, seconds: i64) -> Option<Moment> {
        let months = year.checked_mul(12)?.checked_add(month - 1)?;
        let first = first_of_month(months.div_euclid(12), months.rem_euclid(12) + 1)?;
        let days = first.checked_add(day - 1)?;
        let wanted = i128::from(days.checked_mul(86_400)?.checked_add(seconds)?);
        let (mut low, mut high) = (i64::MIN, i64::MAX);
        loop {
            let mut middle = (low / 2 + high / 2).clamp(low, high);
            let is_late = match self.civil_at(middle) {
                Some(civil) => {
                    let shown = i128::from(middle) + i128::from(civil.offset);
                    if shown == wanted {
                        return Some(Moment::from_seconds(middle));
                    }
                    shown > wanted
                }
                None => middle > 0,
            };
            if middle == low {
                middle = middle.checked_add(1)?;
                low = middle;
            } else if middle == high {
                middle = middle.checked_sub(1)?;
                high = middle;
            }
            if low > high {
                return None;
            }
            if is_late {
                high = middle;
            } else {
                low = middle;
            }
        }
    }
}

/// What calendar and clock show, as numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// The year.
    pub year: i32,
    /// 1 to 12.
    pub month: u32,
    /// 1 to 31.
    pub day: u32,
    /// 0 to 23.
    pub hour: u32,
    /// 0 to 59.
    pub minute: u32,
    /// 0 to 59.
    pub second: u32,
    /// Days since 1970-01-01.
    days: i64,
}

/// The offsets of a zone between two years, and since when each holds.
#[derive(Clone, Debug)]
pub struct Changes(Vec<(i64, i32)>);

impl Changes {
    /// 2020.
    const FIRST: i64 = 1_577_836_800;
    /// 2060.
    const LAST: i64 = 2_840_140_800;
    /// Of a zone that changes more often none are used.
    const MOST: usize = 400;
}

impl Clock {
    /// What a clock shows that is so many seconds ahead of 1970.
    fn reads(shown: i64) -> Clock {
        let (days, seconds) = (shown.div_euclid(86_400), shown.rem_euclid(86_400));
        let (year, month, day) = date_of(days);
        Clock {
            year,
            month,
            day,
            hour: (seconds / 3600) as u32,
            minute: (seconds / 60 % 60) as u32,
            second: (seconds % 60) as u32,
            days,
        }
    }

    /// 0 is Sunday.
    pub fn weekday(&self) -> u32 {
        (self.days + 4).rem_euclid(7) as u32
    }

    /// 1 to 366.
    pub fn year_day(&self) -> u32 {
        let leap = self.year % 4 == 0 && (self.year % 100 != 0 || self.year % 400 == 0);
        let before = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
        before[(self.month as usize + 11) % 12] + self.day + u32::from(leap && self.month > 2)
    }
}

/// The date of a day counted from 1970-01-01, in the calendar of today.
fn date_of(days: i64) -> (i32, u32, u32) {
    // Years begin in March here, so that the leap day is the last one of a year; 400 years are an era of 146 097 days.
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day = days.rem_euclid(146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let year_day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * year_day + 2) / 153;
    let date = year_day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    // A moment fits into the years -9999 to 9999.
    (year as i32, month as u32, date as u32)
}

/// Seconds between which the rules are asked as they stand.
const FIRST: i64 = -377_000_000_000;
const LAST: i64 = 253_000_000_000;

/// Seconds of 400 years.
const CYCLE: i64 = 146_097 * 86_400;

/// Days from 1970-01-01 to the first of a month (1 to 12).
fn first_of_month(year: i64, month: i64) -> Option<i64> {
    // Years that begin in March have their leap day at the end.
    let year = year.checked_sub(i64::from(month <= 2))?;
    let cycle = year.div_euclid(400);
    let within = year.rem_euclid(400);
    let month = (month + 9) % 12;
    let days = within * 365 + within / 4 - within / 100 + (153 * month + 2) / 5;
    cycle.checked_mul(146_097)?.checked_add(days - 719_468)
}

/// A reading of calendar and clock, overflowing fields carried over.
fn reading(year: i64, month: i64, day: i64, seconds: i64) -> Option<jiff::civil::DateTime> {
    let months = year.checked_mul(12)?.checked_add(month - 1)?;
    let year = i16::try_from(months.div_euclid(12)).ok()?;
    let month = i8::try_from(months.rem_euclid(12) + 1).ok()?;
    jiff::civil::Date::new(year, month, 1)
        .ok()?
        .checked_add(jiff::Span::new().try_days(day - 1).ok()?)
        .ok()?
        .at(0, 0, 0, 0)
        .checked_add(jiff::SignedDuration::from_secs(seconds))
        .ok()
}

/// The bundled tz database.
fn database() -> &'static jiff::tz::TimeZoneDatabase {
    static DATABASE: std::sync::LazyLock<jiff::tz::TimeZoneDatabase> =
        std::sync::LazyLock::new(jiff::tz::TimeZoneDatabase::bundled);
    &DATABASE
}

/// A moment as calendar and clock show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Civil {
    /// As far as a C `int` reaches.
    pub year: i64,
    /// 1 to 12.
    pub month: u32,
    /// 1 to 31.
    pub day: u32,
    /// 0 to 23.
    pub hour: u32,
    /// 0 to 59.
    pub minute: u32,
    /// 0 to 59.
    pub second: u32,
    /// 0 is Sunday.
    pub weekday: u32,
    /// 1 to 366.
    pub year_day: u32,
    /// Seconds east of UTC.
    pub offset: i32,
    /// Whether the zone calls this summer time.
    pub is_dst: bool,
    /// `CET`, `UTC`, `-03`.
    pub abbreviation: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_come_from_the_program() {
        let berlin = Zone::named(b"Europe/Berlin").unwrap();
        let civil = berlin.civil(Moment::from_seconds(1_600_000_000)).unwrap();
        assert_eq!((civil.hour, civil.minute), (14, 26));
        assert_eq!(civil.abbreviation, "CEST");
        assert_eq!(
            berlin.moment(2020, 9, 13, 14 * 3600 + 26 * 60 + 40),
            Some(Moment::from_seconds(1_600_000_000))
        );
        assert_eq!(Zone::named(b"Nowhere/Town"), None);
        assert_eq!(Zone::named(b"europe/berlin"), None);
    }

    #[test]
    fn the_changes_of_a_zone_say_what_its_rules_say() {
        for zone in [
            "Europe/Paris",
            "Africa/Casablanca",
            "Asia/Kolkata",
            "UTC",
            "CET-1CEST,M3.5.0,M10.5.0/3",
        ] {
            let zone = Zone::named(zone.as_bytes()).unwrap();
            let changes = zone.changes();
            assert!(changes.0.len() <= Changes::MOST);
            let around = changes
                .0
                .iter()
                .map(|(from, _)| *from)
                .chain([Changes::LAST, 0]);
            for at in around.flat_map(|from| [from - 1, from, from + 1]) {
                let at = Moment::from_seconds(at);
                assert_eq!(zone.clock_by(&changes, at), zone.clock(at), "{at:?}");
            }
        }
    }

    #[test]
    fn fields_carry_over() {
        let moment = Zone::utc().moment(2023, 2, 29, 0).unwrap();
        assert_eq!(Zone::utc().civil(moment).unwrap().month, 3);
    }
}
