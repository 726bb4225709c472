//! What passes between parties as a ladder: one column a party, one arrow a message.

/// Characters between two columns.
const GAP: usize = 30;
/// Characters before the first column.
const EDGE: usize = 10;

/// Who stands where. A party is known by `P`: an address that the exchange sees, or a number.
pub(crate) struct Ladder<P> {
    /// The exchange has no `P`.
    columns: Vec<(Option<P>, String)>,
    exchange: usize,
}

impl<P: Copy + PartialEq> Ladder<P> {
    /// Columns from left to right: the parties before the exchange, the exchange, the parties behind it.
    pub(crate) fn new(left: &[(P, &str)], exchange: &str, right: &[(P, &str)]) -> Ladder<P> {
        let named = |party: &(P, &str)| (Some(party.0), party.1.to_owned());
        let mut columns: Vec<_> = left.iter().map(named).collect();
        let at = columns.len();
        columns.push((None, exchange.to_owned()));
        columns.extend(right.iter().map(named));
        Ladder {
            columns,
            exchange: at,
        }
    }

    /// The names.
    pub(crate) fn head(&self) -> String {
        let mut line = String::new();
        for (i, (_, name)) in self.columns.iter().enumerate() {
            let centre = EDGE + i * GAP;
            let start = centre.saturating_sub(name.chars().count() / 2);
            let have = line.chars().count();
            line.push_str(&" ".repeat(start.saturating_sub(have)));
            line.push_str(name);
        }
        line
    }

    /// One message between the exchange and `party`; parties that have no column have no row.
    pub(crate) fn row(&self, incoming: bool, party: P, label: &str) -> Option<String> {
        let other = self.columns.iter().position(|(at, _)| *at == Some(party))?;
        let (from, to) = if incoming {
            (other, self.exchange)
        } else {
            (self.exchange, other)
        };
        let (left, right) = (from.min(to), from.max(to));
        let width = (right - left) * GAP - 1;
        let room = width.saturating_sub(4);
        let label: String = if label.chars().count() > room {
            label
                .chars()
                .take(room.saturating_sub(1))
                .chain(['…'])
                .collect()
        } else {
            label.to_owned()
        };
        let dashes = width - 1 - label.chars().count() - 2;
        let (before, after) = (dashes / 2, dashes - dashes / 2);
        let body = format!("{} {label} {}", "-".repeat(before), "-".repeat(after));
        let arrow = if from < to {
            format!("{body}>")
        } else {
            format!("<{body}")
        };
        let mut line = " ".repeat(EDGE);
        line.push('|');
        for i in 0..self.columns.len() - 1 {
            if i == left {
                line.push_str(&arrow);
            } else if i < left || i >= right {
                line.push_str(&" ".repeat(GAP - 1));
            }
            if i < left || i + 1 >= right {
                line.push('|');
            }
        }
        Some(line)
    }
}

/// The first line of a message, shortened for a reader: `INVITE 62`, `REGISTER`, `401 Unauthorized`.
pub(crate) fn title(bytes: &[u8]) -> String {
    let line = bytes
        .split(|b| *b == b'\r' || *b == b'\n')
        .next()
        .unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    if let Some(status) = line.strip_prefix("SIP/2.0 ") {
        return status.to_owned();
    }
    let mut words = line.split(' ');
    let (method, uri) = (
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
    );
    let user = uri
        .split_once(':')
        .and_then(|(_, rest)| rest.split_once('@'))
        .map(|(user, _)| user)
        .unwrap_or_default();
    match method {
        "INVITE" | "MESSAGE" | "REFER" => format!("{method} {user}").trim_end().to_owned(),
        _ => method.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::SocketAddr;

    #[test]
    fn arrows_meet_their_columns() {
        let a: SocketAddr = "127.0.0.1:5061".parse().unwrap_or_else(|_| unreachable!());
        let b: SocketAddr = "127.0.0.1:5062".parse().unwrap_or_else(|_| unreachable!());
        let ladder = Ladder::new(&[(a, "61")], "strowger", &[(b, "62")]);
        let rows = [
            ladder.head(),
            ladder.row(true, a, "INVITE 62").unwrap_or_default(),
            ladder.row(false, a, "401 Unauthorized").unwrap_or_default(),
            ladder
                .row(false, b, "a label that is far too long for one column")
                .unwrap_or_default(),
            ladder.row(true, b, "180 Ringing").unwrap_or_default(),
        ];
        insta::assert_snapshot!(rows.join("\n"));
    }

    #[test]
    fn titles_are_short() {
        assert_eq!(
            title(b"INVITE sip:62@127.0.0.1:5060;x=y SIP/2.0\r\nVia: x"),
            "INVITE 62"
        );
        assert_eq!(title(b"SIP/2.0 180 Ringing\r\n"), "180 Ringing");
        assert_eq!(title(b"REGISTER sip:127.0.0.1 SIP/2.0\r\n"), "REGISTER");
    }
}
