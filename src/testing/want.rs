//! What a value is compared with: itself, `/a regular expression/`, or `>= 12s`.

use crate::duration;
use regex::bytes::{Regex, RegexBuilder};
use std::cmp::Ordering;

/// Largest compiled regular expression, in bytes.
pub(super) const REGEX: usize = 1 << 20;

/// A comparison.
#[derive(Clone, Debug)]
pub(crate) struct Want {
    /// As it was written.
    pub(crate) written: String,
    how: How,
}

#[derive(Clone, Debug)]
enum How {
    Is(String),
    IsNot(String),
    Matches(Regex),
    /// The orders that are welcome.
    Compares(f64, &'static [Ordering]),
}

use Ordering::{Equal, Greater, Less};

const COMPARISONS: [(&str, &[Ordering]); 4] = [
    (">=", &[Greater, Equal]),
    ("<=", &[Less, Equal]),
    (">", &[Greater]),
    ("<", &[Less]),
];

impl Want {
    /// Reads what was written.
    ///
    /// # Errors
    /// One sentence: the regular expression is none, or nothing to compare with stands behind the sign.
    pub(crate) fn read(text: &str) -> Result<Want, String> {
        Ok(Want {
            written: text.to_owned(),
            how: how(text)?,
        })
    }

    /// The text itself, whatever it looks like.
    pub(crate) fn literally(text: &str) -> Want {
        Want {
            written: text.to_owned(),
            how: How::Is(text.to_owned()),
        }
    }

    /// Whether it is a plain text.
    pub(crate) fn plain(&self) -> Option<&str> {
        match &self.how {
            How::Is(text) => Some(text),
            _ => None,
        }
    }

    /// The text that it must not be.
    pub(crate) fn unlike(&self) -> Option<&str> {
        match &self.how {
            How::IsNot(text) => Some(text),
            _ => None,
        }
    }

    /// The sign and the milliseconds of a comparison with a span of time.
    pub(crate) fn of_time(&self) -> Option<(&'static str, u64)> {
        match &self.how {
            How::Is(text) => Some(("==", duration::read(text)?)),
            How::IsNot(text) => Some(("!=", duration::read(text)?)),
            How::Matches(_) => None,
            How::Compares(want, welcome) => {
                let (sign, _) = COMPARISONS.iter().find(|(_, orders)| orders == welcome)?;
                let ms = (want * 1e3).round();
                (ms >= 0.0).then_some((*sign, ms as u64))
            }
        }
    }

    /// Whether a text is what is wanted.
    pub(crate) fn fits(&self, text: &[u8]) -> bool {
        match &self.how {
            How::Is(want) => want.as_bytes() == text,
            How::IsNot(want) => want.as_bytes() != text,
            How::Matches(regex) => regex.is_match(text),
            How::Compares(want, welcome) => std::str::from_utf8(text)
                .ok()
                .and_then(|t| t.trim().parse::<f64>().ok())
                .and_then(|n| n.partial_cmp(want))
                .is_some_and(|order| welcome.contains(&order)),
        }
    }

    /// Whether a span of time is what is wanted.
    pub(crate) fn fits_time(&self, ms: u64) -> bool {
        let exact = |text: &str| duration::read(text) == Some(ms);
        match &self.how {
            How::Is(want) => exact(want),
            How::IsNot(want) => !exact(want),
            How::Matches(_) => false,
            How::Compares(want, welcome) => (ms as f64 / 1e3)
                .partial_cmp(want)
                .is_some_and(|order| welcome.contains(&order)),
        }
    }

    /// Whether it can be compared with a span of time.
    pub(crate) fn is_time(&self) -> bool {
        match &self.how {
            How::Is(text) | How::IsNot(text) => duration::read(text).is_some(),
            How::Matches(_) => false,
            How::Compares(..) => true,
        }
    }
}

fn how(text: &str) -> Result<How, String> {
    let inner = text
        .strip_prefix('/')
        .and_then(|t| t.strip_suffix('/'))
        .filter(|t| !t.is_empty());
    if let Some(inner) = inner {
        let regex = RegexBuilder::new(inner)
            .size_limit(REGEX)
            .dot_matches_new_line(true)
            .build();
        return regex.map(How::Matches).map_err(|fault| {
            // The crate draws the expression; the last line says what is wrong.
            let words = fault.to_string();
            let last = words.lines().last().unwrap_or_default();
            let last = last.trim_start_matches("error: ");
            format!("`{text}` is no regular expression: {last}")
        });
    }
    if let Some(rest) = text.strip_prefix("!=") {
        return Ok(How::IsNot(rest.trim().to_owned()));
    }
    for (sign, welcome) in COMPARISONS {
        if let Some(rest) = text.strip_prefix(sign) {
            let rest = rest.trim();
            let number = rest
                .parse::<f64>()
                .ok()
                .or_else(|| duration::read(rest).map(|ms| ms as f64 / 1e3));
            return match number {
                Some(number) => Ok(How::Compares(number, welcome)),
                None => Err(format!(
                    "behind `{sign}` a number or a time is expected, as in `{sign} 12s`"
                )),
            };
        }
    }
    Ok(How::Is(text.to_owned()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn fits(want: &str, text: &str) -> bool {
        Want::read(want).unwrap().fits(text.as_bytes())
    }

    #[test]
    fn texts_expressions_and_signs() {
        assert!(fits("BUSY", "BUSY") && !fits("BUSY", "busy"));
        assert!(fits("!= BUSY", "ANSWER") && !fits("!= BUSY", "BUSY"));
        assert!(fits("/has failed/", "it has failed.") && !fits("/^has/", "it has"));
        assert!(fits(">= 3", "3") && fits("> 2.5", "3") && !fits("< 3", "3") && !fits("> 1", "x"));
        assert!(fits("/", "/") && fits("//", "//"));
        assert!(Want::read("/(/").unwrap_err().contains("unclosed group"));
        assert!(Want::read(">= soon").is_err());
    }

    #[test]
    fn spans_of_time() {
        let fits = |want: &str, ms| Want::read(want).unwrap().fits_time(ms);
        assert!(fits(">= 12s", 12_000) && !fits("> 12s", 12_000));
        assert!(fits("12s", 12_000) && fits("12", 12_000) && fits("!= 11s", 12_000));
        assert!(fits("< 1m", 59_999));
        assert!(!Want::read("soon").unwrap().is_time());
    }
}
