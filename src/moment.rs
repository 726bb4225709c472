//! Moments as people write them on the command line.

use strowger_vm::{System, Time};

/// What to write where a moment is not understood.
pub(crate) const FORM: &str = "write the moment as '2026-03-02 10:00', '2026-03-02T10:00:00Z' or '2026-03-02 10:00 Europe/Berlin'";

/// A moment, and the zone that was named with it: then the exchange stands there.
#[derive(Debug, Clone)]
pub(crate) struct Moment {
    pub(crate) time: Time,
    zone: Option<String>,
}

impl Moment {
    /// `2026-03-02 10:00`, with a `T` for the blank, with seconds, with `Z`, ` UTC` or the name of a zone behind it, with the day of
    /// the week in parentheses; UTC where no zone is named.
    pub(crate) fn read(text: &str) -> Option<Moment> {
        let text = text.split('(').next()?.trim();
        // A zone stands behind a blank and begins with a letter; `2026-03-02 10:00` has a blank, too.
        let (text, zone) = match text.rsplit_once(' ') {
            Some((before, zone)) if zone.starts_with(|c: char| c.is_ascii_alphabetic()) => {
                (before.trim(), Some(zone).filter(|z| *z != "UTC"))
            }
            _ => (text.trim_end_matches('Z'), None),
        };
        let civil: jiff::civil::DateTime = text.replace(' ', "T").parse().ok()?;
        let there = match zone {
            None => jiff::tz::TimeZone::UTC,
            Some(name) => jiff::tz::TimeZone::get(name).ok()?,
        };
        let time = Time::from_seconds(civil.to_zoned(there).ok()?.timestamp().as_second());
        Some(Moment {
            time,
            zone: zone.map(str::to_owned),
        })
    }

    /// The moment that an option names; now where it is absent.
    ///
    /// # Errors
    /// One sentence where it is not understood.
    pub(crate) fn option(name: &str, text: Option<&str>) -> Result<Moment, String> {
        match text {
            None => Ok(Moment {
                time: now(),
                zone: None,
            }),
            Some(text) => Moment::read(text).ok_or_else(|| format!("{name} '{text}': {FORM}")),
        }
    }

    /// The zone that was named.
    pub(crate) fn zone(&self) -> Option<&str> {
        self.zone.as_deref()
    }

    /// Puts the exchange into the zone that was named.
    pub(crate) fn settle(&self, system: &mut System) {
        let zone = self.zone.as_ref();
        if let Some(zone) = zone.and_then(|z| strowger_stdlib::time::Zone::named(z.as_bytes())) {
            system.zone = zone;
        }
    }
}

/// The clock of the machine.
pub(crate) fn now() -> Time {
    let micros = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |d| d.as_micros());
    Time(i64::try_from(micros).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_a_moment() {
        let seconds = |t: &str| Moment::read(t).map(|m| m.time.seconds());
        let noon = Some(1_773_232_200);
        for text in [
            "2026-03-11T12:30:00Z",
            "2026-03-11 12:30",
            "2026-03-11 12:30 UTC (Wednesday)",
            "2026-03-11T12:30:00",
            "2026-03-11 13:30 Europe/Berlin",
        ] {
            assert_eq!(seconds(text), noon, "{text}");
        }
        assert_eq!(seconds("yesterday"), None);
        assert_eq!(seconds("2026-03-11 12:30 Atlantis"), None);
    }
}
