//! What a step dials: the destinations in the first argument of `Dial`, and of a hint (DL-242, DL-304).

use crate::call::Call;
use crate::hir::Step;
use crate::jump::Shape;
use crate::source::Text;

/// One `Tech/resource`.
#[derive(Clone, Debug)]
pub struct Destination {
    /// The technology, as written.
    pub tech: Text,
    /// What follows the slash.
    pub resource: Text,
    /// All of it.
    pub whole: Text,
}

/// Applications whose first argument is a list of destinations.
const DIALLING: [&[u8]; 4] = [b"dial", b"page", b"retrydial", b"chanisavail"];

/// The destinations of a step, if its application dials. Destinations whose technology is a variable are left out.
pub fn destinations(step: &Step) -> &[Destination] {
    step.own().destinations()
}

/// Whether an application in small letters dials.
pub(crate) fn dials(app: &[u8]) -> bool {
    DIALLING.contains(&app)
}

/// What an application dials that does.
pub(crate) fn of_call(call: &Call) -> Vec<Destination> {
    let (args, shape) = (&call.args, &call.shape);
    let first = |from| shape.find(args.bytes(), b',', from).unwrap_or(args.len());
    let range = match &*call.app {
        // RetryDial(announce,sleep,retries,destinations...)
        b"retrydial" => {
            let mut from = 0;
            for _ in 0..3 {
                from = (first(from) + 1).min(args.len());
            }
            from..first(from)
        }
        _ => 0..first(0),
    };
    split(&args.slice(range))
}

/// A list with `&` in its destinations.
pub fn split(list: &Text) -> Vec<Destination> {
    let shape = Shape::read(list.bytes());
    let mut out = Vec::new();
    let mut from = 0;
    while from <= list.len() {
        let end = shape.find(list.bytes(), b'&', from).unwrap_or(list.len());
        let whole = list.slice(from..end).trimmed();
        from = end + 1;
        let shape = Shape::read(whole.bytes());
        let Some(slash) = shape.find(whole.bytes(), b'/', 0) else {
            continue;
        };
        if shape.holes.iter().any(|h| h.start < slash) {
            continue;
        }
        let (tech, resource) = (whole.slice(0..slash), whole.slice(slash + 1..whole.len()));
        out.push(Destination {
            tech,
            resource,
            whole,
        });
    }
    out
}

impl Destination {
    /// The name of the device or host that is dialled: behind the last `@`, else before the first `/`. What follows the `/` of
    /// `PJSIP/endpoint/sip:user@host` is an address and names no device. None if it holds a variable.
    pub fn device(&self) -> Option<Text> {
        let shape = Shape::read(self.resource.bytes());
        let mut at = None;
        let mut from = 0;
        let pjsip = self.tech.bytes().eq_ignore_ascii_case(b"pjsip");
        let addressed = shape.find(self.resource.bytes(), b'/', 0).filter(|_| pjsip);
        while let Some(found) = shape
            .find(self.resource.bytes(), b'@', from)
            .filter(|found| addressed.is_none_or(|slash| *found < slash))
        {
            at = Some(found);
            from = found + 1;
        }
        let from = at.map_or(0, |a| a + 1);
        let end = shape
            .find(self.resource.bytes(), b'/', from)
            .unwrap_or(self.resource.len());
        if shape.holes.iter().any(|h| h.start < end && h.end > from) {
            return None;
        }
        let name = self.resource.slice(from..end);
        (!name.is_empty()).then_some(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;

    #[test]
    fn the_device_of_a_dial_string() {
        for (written, device) in [
            ("SIP/61", Some("61")),
            ("SIP/100@trunk", Some("trunk")),
            ("SIP/trunk/100", Some("trunk")),
            ("SIP/u@example.com//192.0.2.7", Some("example.com")),
            ("PJSIP/3001@SIP3", Some("SIP3")),
            ("PJSIP/trunk/sip:100@192.0.2.1:5070", Some("trunk")),
            ("PJSIP/${EXTEN}@SIP3", Some("SIP3")),
            ("PJSIP/${TRUNK}/sip:100@192.0.2.1", None),
            ("SIP/${EXTEN}", None),
        ] {
            let mut sources = Sources::new();
            let file = sources.add("x", written.as_bytes());
            let span = crate::source::Span {
                file,
                start: 0,
                end: u32::try_from(written.len()).unwrap(),
            };
            let list = split(&Text::new(written.as_bytes(), span));
            let found = list[0].device().map(|d| d.lossy().into_owned());
            assert_eq!(found.as_deref(), device, "{written}");
        }
    }
}
