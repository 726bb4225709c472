//! Options about routers between the exchange and its devices that do not go together (C036).

use crate::conf::line::{Config, Section, Value, boolean};
use crate::diagnostic::Diagnostic;
use crate::lint::World;
use crate::peers::list;

use super::{once, show};

pub(super) fn check(world: &World<'_>, out: &mut Vec<Diagnostic>) {
    if let Some(file) = &world.peers.sip {
        outer_address(file, out);
        sections(file, out);
    }
    transports(world, out);
    endpoints(world, out);
}

fn yes(section: &Section, key: &str) -> bool {
    section
        .get(key)
        .is_some_and(|v| boolean(v.text.bytes()) == Some(true))
}

/// sip.conf: an outer address is told to those outside of `localnet`, and without any to nobody.
fn outer_address(file: &Config, out: &mut Vec<Diagnostic>) {
    let keys = ["externaddr", "externip", "externhost"];
    let outer = keys.iter().find_map(|k| file.value("general", k));
    let Some(outer) = outer.filter(|v| !v.text.is_empty()) else {
        return;
    };
    let inner: Vec<&Value> = file
        .named("general")
        .flat_map(|s| s.all("localnet"))
        .collect();
    if inner.is_empty() {
        if !file.open {
            out.push(
                Diagnostic::new(
                    "C036",
                    format!("`{}` is not used without `localnet`", outer.key.lossy()),
                    outer.span(),
                )
                .label("phones and providers outside are told the inner address: nobody hears them")
                .help("name the inner network: `localnet=192.168.0.0/255.255.0.0`"),
            );
        }
        return;
    }
    out.extend(inside_out(outer, &inner));
}

/// An address for those outside that lies in the network inside.
fn inside_out(outer: &Value, inner: &[&Value]) -> Option<Diagnostic> {
    let text = outer.text.lossy();
    let shown = text.split(':').next()?.trim();
    let address = address(shown)?;
    if !private(address) {
        return None;
    }
    let network = inner.iter().find(|v| {
        list(v)
            .iter()
            .any(|n| contains(&n.lossy(), address).unwrap_or(false))
    })?;
    Some(
        Diagnostic::new(
            "C036",
            format!("{shown} is told to those outside and lies inside"),
            outer.span(),
        )
        .label("nobody outside can reach it, and those inside are not told it")
        .also(network.span(), "the network inside"),
    )
}

/// `192.0.2.1` as a number.
fn address(text: &str) -> Option<u32> {
    let mut parts = text.split('.').map(|p| p.parse::<u8>().ok());
    let mut next = || parts.next().flatten();
    let bytes = [next()?, next()?, next()?, next()?];
    parts.next().is_none().then(|| u32::from_be_bytes(bytes))
}

/// Addresses that no router outside knows: of homes and offices, and of the machine itself.
fn private(address: u32) -> bool {
    matches!(
        address.to_be_bytes(),
        [10 | 127, ..] | [172, 16..=31, ..] | [192, 168, ..]
    )
}

/// Whether `net/mask` or `net/bits` holds an address.
fn contains(network: &str, address_in: u32) -> Option<bool> {
    let (net, mask) = network.split_once('/')?;
    let net = address(net.trim())?;
    let mask = mask.trim();
    let mask = match mask.parse::<u32>() {
        Ok(bits) if bits <= 32 => u32::MAX.checked_shl(32 - bits).unwrap_or(0),
        _ => address(mask)?,
    };
    Some(net & mask == address_in & mask)
}

/// sip.conf: behind a router, and sound from others is to be sent there.
fn sections(file: &Config, out: &mut Vec<Diagnostic>) {
    let mut found = Vec::new();
    for section in file.sections() {
        let behind = section.get("nat").filter(|n| {
            let words = list(n);
            words.iter().any(|w| {
                let word = w.bytes().to_ascii_lowercase();
                matches!(
                    word.as_slice(),
                    b"comedia" | b"yes" | b"always" | b"force_rport,comedia"
                )
            })
        });
        // A fixed address of the own network has no router before it.
        let near = section.get("host").and_then(|h| address(&h.text.lossy()));
        if near.is_some_and(private) {
            continue;
        }
        let direct = section.get("directmedia").or(section.get("canreinvite"));
        let direct = direct.filter(|d| boolean(d.text.bytes()) == Some(true));
        if let (Some(behind), Some(direct)) = (behind, direct) {
            found.push(contradiction(&show(&section.name), direct, behind));
        }
    }
    out.extend(once(found));
}

fn contradiction(name: &str, direct: &Value, behind: &Value) -> Diagnostic {
    let key = direct.key.lossy().into_owned();
    Diagnostic::new(
        "C036",
        format!("`{key}` sends others' sound straight to devices behind a router"),
        direct.span(),
    )
    .label(format!("`{name}` hears nothing, or is not heard"))
    .also(behind.span(), "this says that it is behind a router")
    .help(format!("write `{key}=no`"))
}

/// pjsip.conf: half of the outer address.
fn transports(world: &World<'_>, out: &mut Vec<Diagnostic>) {
    for section in world.peers.pjsip_objects("transport") {
        let get = |key: &str| section.get(key).filter(|v| !v.text.is_empty());
        let media = get("external_media_address");
        let signalling = get("external_signaling_address").or(get("external_signaling_hostname"));
        let half = |there: &Value, lacks: &str, effect: &str| {
            Diagnostic::new(
                "C036",
                format!("`{}` stands without `{lacks}`", there.key.lossy()),
                there.span(),
            )
            .label(effect)
            .help(format!("add `{lacks}={}`", there.text.lossy()))
        };
        match (media, signalling) {
            (Some(media), None) => out.push(half(
                media,
                "external_signaling_address",
                "SIP still tells the inner address: answers and later requests do not arrive",
            )),
            (None, Some(signalling)) => out.push(half(
                signalling,
                "external_media_address",
                "sound is still asked to the inner address: callers outside are not heard",
            )),
            _ => {}
        }
        let inner: Vec<&Value> = section.all("local_net").collect();
        let outer = media.or(signalling);
        out.extend(outer.and_then(|o| inside_out(o, &inner)));
    }
}

/// pjsip.conf: the same as in sip.conf, and answers that go where the request did not come from.
fn endpoints(world: &World<'_>, out: &mut Vec<Diagnostic>) {
    let mut direct = Vec::new();
    let mut answers = Vec::new();
    for section in world.peers.pjsip_objects("endpoint") {
        let name = show(&section.name);
        let get = |key: &str| section.get(key);
        let behind = ["rtp_symmetric", "rewrite_contact"]
            .iter()
            .find(|k| yes(section, k))
            .and_then(|k| get(k));
        let Some(behind) = behind else { continue };
        if yes(section, "direct_media")
            && !yes(section, "disable_direct_media_on_nat")
            && let Some(value) = get("direct_media")
        {
            direct.push(contradiction(&name, value, behind));
        }
        if let Some(value) = get("force_rport")
            && boolean(value.text.bytes()) == Some(false)
            && yes(section, "rewrite_contact")
        {
            answers.push(
                Diagnostic::new(
                    "C036",
                    "answers go to the port that the device wrote, requests to the one that it sent from",
                    value.span(),
                )
                .label(format!("behind a router `{name}` does not get the answers"))
                .also(behind.span(), "this says that it is behind a router")
                .help("write `force_rport=yes`, which is so without the line"),
            );
        }
    }
    out.extend(once(direct));
    out.extend(once(answers));
}

#[cfg(test)]
mod tests {
    use super::{address, contains, private};

    #[test]
    fn networks_hold_addresses() {
        let holds = |net: &str, ip: &str| contains(net, address(ip).unwrap());
        assert_eq!(holds("192.168.1.0/24", "192.168.1.81"), Some(true));
        assert_eq!(holds("192.168.0.0/255.255.0.0", "192.168.9.1"), Some(true));
        assert_eq!(holds("10.0.0.0/8", "192.168.9.1"), Some(false));
        assert_eq!(holds("0.0.0.0/0", "192.168.9.1"), Some(true));
        assert_eq!(holds("192.168.1.0", "192.168.1.1"), None);
        assert_eq!(holds("192.168.1/24", "192.168.1.1"), None);
    }

    #[test]
    fn addresses_are_private_or_not() {
        let is = |ip: &str| private(address(ip).unwrap());
        assert!(is("10.1.2.3") && is("172.31.0.1") && is("192.168.0.1") && is("127.0.0.1"));
        assert!(!is("172.32.0.1") && !is("198.51.100.7"));
        assert_eq!(address("1.2.3"), None);
        assert_eq!(address("1.2.3.4.5"), None);
    }
}
