//! Ports for sound in rtp.conf (C018).

use crate::conf::line::Value;
use crate::diagnostic::Diagnostic;
use crate::peers::Peers;
use crate::source::Sources;

use super::registering;

/// Fewer calls at a time are few for any exchange.
const FEW: usize = 10;

/// Devices that register: most of them are phones.
fn phones(peers: &Peers) -> usize {
    let dynamic = peers.sip_sections().filter(|s| {
        s.get("host")
            .is_some_and(|h| h.text.bytes().eq_ignore_ascii_case(b"dynamic"))
    });
    dynamic.count() + registering(peers).len()
}

/// How many calls the ports carry, and how many phones there are to make them.
pub(super) fn check(peers: &Peers, sources: &Sources, out: &mut Vec<Diagnostic>) {
    let Some(file) = sources.find("rtp.conf") else {
        return;
    };
    let config = crate::conf::line::read(sources, file);
    let number = |v: Option<&Value>| {
        v.and_then(|v| {
            std::str::from_utf8(v.text.bytes())
                .ok()?
                .parse::<u32>()
                .ok()
        })
    };
    let (start, end) = (
        config.value("general", "rtpstart"),
        config.value("general", "rtpend"),
    );
    let (Some(first), Some(last), Some(place)) = (number(start), number(end), end) else {
        return;
    };
    // A leg takes an even port for sound and the next one for reports; a relayed call has two legs.
    let pairs = (first..=last.min(65_535))
        .filter(|p| p % 2 == 0 && *p < last)
        .count();
    let phones = phones(peers);
    let calls = pairs / 2;
    if calls < FEW || pairs < phones {
        let found = Diagnostic::new(
            "C018",
            format!(
                "these ports carry {calls} relayed call{} at a time",
                if calls == 1 { "" } else { "s" }
            ),
            place.span(),
        )
        .label("a call takes four ports: two for each of its legs")
        .help("the usual range is 10000 to 20000");
        let found = if pairs < phones {
            found.help(format!(
                "there are {phones} phones: when all of them speak, {} find no port",
                phones - pairs
            ))
        } else {
            found
        };
        out.push(match start {
            Some(start) => found.also(start.span(), "the range begins here"),
            None => found,
        });
    }
}
