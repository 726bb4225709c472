//! Opening hours: `hours("mon-fri 09:00-17:30, sat 10:00-12:00")` as the times of includes and IFTIME (DL-131).

/// What is wrong with a text of hours: the words, and what they are not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Nothing stands between two commas.
    Empty,
    /// A word that means nothing here.
    Word(String),
    /// A second one of its kind in one stretch: `mon tue`.
    Twice(String),
}

use strowger_stdlib::time::Civil;
use strowger_stdlib::timespec::TimeSpec;

const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

/// A stretch, field by field.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
struct Stretch {
    time: Option<String>,
    days: Option<String>,
    dates: Option<String>,
    months: Option<String>,
}

/// Each stretch as `09:00-17:30,mon-fri,*,*`.
pub(crate) fn read(text: &str, zone: Option<&str>) -> Result<Vec<String>, Trouble> {
    let mut all = Vec::new();
    for stretch in text.split(',') {
        let mut read = Stretch::default();
        let mut any = false;
        for word in stretch.split_whitespace() {
            any = true;
            let lower = word.to_ascii_lowercase();
            let (field, text) = if lower == "daily" {
                (&mut read.days, "*".to_owned())
            } else if is_range(&lower, is_time) && lower.contains('-') {
                (&mut read.time, lower.clone())
            } else if is_range(&lower, |w| day(w).is_some()) {
                (&mut read.days, range(&lower, day))
            } else if is_range(&lower, |w| month(w).is_some()) {
                (&mut read.months, range(&lower, month))
            } else if is_range(&lower, is_date) {
                (&mut read.dates, lower.clone())
            } else {
                return Err(Trouble::Word(word.to_owned()));
            };
            if field.replace(text).is_some() {
                return Err(Trouble::Twice(word.to_owned()));
            }
        }
        if !any {
            return Err(Trouble::Empty);
        }
        if let (Some(dates), None) = (&read.dates, &read.months) {
            // `9-17` without a month: somebody means hours.
            return Err(Trouble::Word(dates.clone()));
        }
        let or_any = |field: Option<String>| field.unwrap_or_else(|| "*".to_owned());
        let mut out = [read.time, read.days, read.dates, read.months]
            .map(or_any)
            .join(",");
        if let Some(zone) = zone {
            out.push(',');
            out.push_str(zone);
        }
        all.push(out);
    }
    Ok(all)
}

fn is_range(text: &str, of: impl Fn(&str) -> bool) -> bool {
    match text.split_once('-') {
        Some((first, last)) => of(first) && of(last),
        None => of(text),
    }
}

fn range(text: &str, of: impl Fn(&str) -> Option<&'static str>) -> String {
    let words = text.split('-').filter_map(of);
    words.collect::<Vec<_>>().join("-")
}

fn day(word: &str) -> Option<&'static str> {
    name(word, &DAYS)
}

fn month(word: &str) -> Option<&'static str> {
    name(word, &MONTHS)
}

/// `mon`, `monday`: the short form of a name that begins so.
fn name(word: &str, names: &'static [&'static str]) -> Option<&'static str> {
    const LONG: [&str; 19] = [
        "sunday",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let short = names.iter().copied().find(|n| word.starts_with(n))?;
    (word == short || LONG.contains(&word)).then_some(short)
}

fn is_time(word: &str) -> bool {
    let Some((h, m)) = word.split_once(':') else {
        return false;
    };
    let number = |t: &str, most: u32| {
        t.len() <= 2
            && t.bytes().all(|b| b.is_ascii_digit())
            && t.parse().is_ok_and(|n: u32| n < most)
    };
    number(h, 24) && m.len() == 2 && number(m, 60)
}

fn is_date(word: &str) -> bool {
    word.bytes().all(|b| b.is_ascii_digit())
        && word.parse().is_ok_and(|n: u32| (1..=31).contains(&n))
}

/// All other times of the week, in the same spelling; none where the times name dates, which weeks do not have, or different zones.
pub(crate) fn others(times: &[String]) -> Option<Vec<String>> {
    let mut zone = None;
    let mut specs = Vec::new();
    for text in times {
        let fields: Vec<&str> = text.split(',').collect();
        if fields.get(2..4) != Some(&["*", "*"]) {
            return None;
        }
        let own = fields.get(4).copied();
        if *zone.get_or_insert(own) != own {
            return None;
        }
        specs.push(TimeSpec::read(fields[..4].join(",").as_bytes()).0);
    }
    let zone = zone.flatten().map_or(String::new(), |z| format!(",{z}"));
    let mut out = Vec::new();
    for (weekday, day) in DAYS.iter().enumerate() {
        let open = |minute: u32| {
            let civil = Civil {
                year: 2023,
                month: 1,
                // The first of January 2023 is a Sunday.
                day: 1 + weekday as u32,
                hour: minute / 60,
                minute: minute % 60,
                second: 0,
                weekday: weekday as u32,
                year_day: 1 + weekday as u32,
                offset: 0,
                is_dst: false,
                abbreviation: String::new(),
            };
            specs.iter().any(|s| s.matches_civil(&civil))
        };
        let mut minute = 0;
        while minute < 24 * 60 {
            let first = minute;
            let closed = !open(first);
            while minute < 24 * 60 && open(minute) != closed {
                minute += 1;
            }
            if !closed {
                continue;
            }
            let times = match (first, minute) {
                (0, 1440) => "*".to_owned(),
                // The last minute is one of the range (DL-132).
                (first, end) => {
                    let last = end - 1;
                    format!(
                        "{:02}:{:02}-{:02}:{:02}",
                        first / 60,
                        first % 60,
                        last / 60,
                        last % 60
                    )
                }
            };
            out.push(format!("{times},{day},*,*{zone}"));
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hours_mean() {
        let hours = |text| read(text, None).unwrap();
        assert_eq!(hours("mon-fri 09:00-17:30"), ["09:00-17:30,mon-fri,*,*"]);
        assert_eq!(
            hours("Monday-Friday 9:00-12:00, sat, 24-26 dec"),
            ["9:00-12:00,mon-fri,*,*", "*,sat,*,*", "*,*,24-26,dec"]
        );
        assert_eq!(
            read("daily 08:00-20:00", Some("Europe/Paris")).unwrap(),
            ["08:00-20:00,*,*,*,Europe/Paris"]
        );
    }

    #[test]
    fn what_is_wrong_with_them() {
        let trouble = |text| read(text, None).unwrap_err();
        assert_eq!(trouble("mon-fri 9-17"), Trouble::Word("9-17".into()));
        assert_eq!(trouble("mon tue"), Trouble::Twice("tue".into()));
        assert_eq!(trouble("mon, "), Trouble::Empty);
        assert_eq!(trouble("25:00-26:00"), Trouble::Word("25:00-26:00".into()));
        assert_eq!(trouble("month"), Trouble::Word("month".into()));
    }
}
