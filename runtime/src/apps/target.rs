//! Dial strings: what stands after `SIP/` and `PJSIP/`, and after `sip:` and `pjsip:` in MessageSend, and the way there.

use crate::config::{Account, Role, Technology};
use crate::engine::Shared;
use crate::registrar;
use crate::sip::flow::{Flow, Protocol};
use crate::sip::uri::{Host, SipUri, escape_user, host_port};
use crate::sip::{Params, Uri};
use crate::wire::Listening;
use bytes::Bytes;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use strowger_vm::Text;
use strowger_vm::effect::Level;

/// Longest wait for the addresses of a host name.
const LOOK_UP: Duration = Duration::from_secs(5);

/// Where a call or a text goes.
#[derive(Debug, Clone)]
pub(crate) struct Destination {
    /// What the called channel's name begins with: `SIP/61`.
    pub(crate) name: Text,
    /// Whose rules it follows; `None` for an address that belongs to nobody.
    pub(crate) account: Option<Arc<Account>>,
    /// Request-URI.
    pub(crate) uri: Bytes,
    /// Ways to it, in order; at least one.
    pub(crate) flows: Vec<Flow>,
}

/// Why there is no way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NoWay {
    /// Q.850 cause.
    pub(crate) cause: u16,
    /// A code that stays the same between releases.
    pub(crate) code: &'static str,
    /// One sentence.
    pub(crate) text: String,
}

/// A dial string as its technology reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Resource {
    /// The peer, the endpoint, or a host.
    whom: Text,
    /// The number in place of the contact's user.
    number: Option<Text>,
    /// `PJSIP/endpoint/sip:uri`: this Request-URI.
    uri: Option<Text>,
    /// `SIP/peer/number/host`: send it there.
    via: Option<Text>,
}

fn cut(text: &[u8], by: u8) -> (&[u8], Option<&[u8]>) {
    match text.iter().position(|b| *b == by) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    }
}

/// `peer`, `number@peer`, `peer/number[/host]`, `user[:secret[..]]@host[:port]`, `user@domain//host` (sip-config.md 1.4).
fn sip(resource: &[u8]) -> Resource {
    // `!touser@todomain!fromuser@fromdomain` only changes headers.
    let (resource, _) = cut(resource, b'!');
    let owned = |t: &[u8]| Some(t.to_vec()).filter(|t| !t.is_empty());
    if let Some(at) = resource.iter().rposition(|b| *b == b'@') {
        let (left, right) = (&resource[..at], &resource[at + 1..]);
        let (user, _) = cut(left, b':');
        let (whom, rest) = cut(right, b'/');
        let via = rest.and_then(|rest| owned(rest.strip_prefix(b"/").unwrap_or(rest)));
        return Resource {
            whom: whom.to_vec(),
            number: owned(user),
            uri: None,
            via,
        };
    }
    let (whom, rest) = cut(resource, b'/');
    let (number, via) = rest.map_or((None, None), |rest| {
        let (number, via) = cut(rest, b'/');
        (owned(number), via.and_then(owned))
    });
    Resource {
        whom: whom.to_vec(),
        number,
        uri: None,
        via,
    }
}

/// The same text for logs and traces: the secrets of dial strings (`SIP/user:secret@host`, and IAX2 alike) are blanked.
pub(crate) fn without_secrets(text: &[u8]) -> Text {
    let mut out = Text::with_capacity(text.len());
    for (n, part) in text
        .split_inclusive(|b| matches!(b, b'/' | b'&' | b','))
        .enumerate()
    {
        let at = part.iter().rposition(|b| *b == b'@');
        let secret = at.and_then(|at| {
            let colon = part[..at].iter().position(|b| *b == b':')?;
            let scheme = [&b"sip"[..], b"sips", b"pjsip"];
            let user = part[..colon].trim_ascii();
            let named = n > 0 && !user.is_empty();
            // The user of an address may stand behind `sip:`, and an IPv6 address before no `@`.
            (named && !scheme.iter().any(|s| user.ends_with(s))).then_some((colon, at))
        });
        match secret {
            Some((colon, at)) => {
                out.extend_from_slice(&part[..=colon]);
                out.extend_from_slice(b"***");
                out.extend_from_slice(&part[at..]);
            }
            None => out.extend_from_slice(part),
        }
    }
    out
}

/// `endpoint`, `user@endpoint`, `endpoint/sip:uri` (sip-config.md 2.1).
fn pjsip(resource: &[u8]) -> Resource {
    let (whom, uri) = cut(resource, b'/');
    if let Some(uri) = uri {
        return Resource {
            whom: whom.to_vec(),
            number: None,
            uri: Some(uri.to_vec()),
            via: None,
        };
    }
    match whom.iter().rposition(|b| *b == b'@') {
        Some(at) => Resource {
            whom: whom[at + 1..].to_vec(),
            number: Some(whom[..at].to_vec()).filter(|n| !n.is_empty()),
            uri: None,
            via: None,
        },
        None => Resource {
            whom: whom.to_vec(),
            number: None,
            uri: None,
            via: None,
        },
    }
}

/// The device, endpoint or trunk that an element of a dial string leads to, whatever number it names there. `None`: another technology.
pub(crate) fn whom(technology: &[u8], resource: &[u8]) -> Option<Text> {
    if technology.eq_ignore_ascii_case(b"SIP") {
        Some(sip(resource).whom)
    } else if technology.eq_ignore_ascii_case(b"PJSIP") {
        Some(pjsip(resource).whom)
    } else {
        None
    }
}

/// Finds the way for one element of a dial string.
pub(crate) async fn resolve(
    shared: &Shared,
    technology: &[u8],
    resource: &[u8],
) -> Result<Destination, NoWay> {
    let shown = || {
        format!(
            "{}/{}",
            String::from_utf8_lossy(technology),
            String::from_utf8_lossy(&without_secrets(&[b"/", resource].concat())[1..])
        )
    };
    match technology.to_ascii_uppercase().as_slice() {
        b"SIP" => device(shared, sip(resource)).await,
        b"PJSIP" => endpoint(shared, pjsip(resource)).await,
        _ => Err(NoWay {
            cause: 66,
            code: "no-technology",
            text: format!(
                "`{}` cannot be called: this exchange speaks SIP/ and PJSIP/ only",
                shown()
            ),
        }),
    }
}

/// `SIP/…`: a device of sip.conf or users.conf by its name, else a host.
async fn device(shared: &Shared, r: Resource) -> Result<Destination, NoWay> {
    let config = shared.config();
    let account = config.accounts.find(Technology::Sip, &r.whom);
    let shown = String::from_utf8_lossy(&r.whom).into_owned();
    if let Some(account) = account {
        if account.role == Role::User {
            return Err(NoWay {
                cause: 20,
                code: "user-not-peer",
                text: format!(
                    "SIP/{shown} is `type=user`: it calls, but cannot be called; write `type=friend`"
                ),
            });
        }
        return contact(shared, account, &r, 20).await;
    }
    let host = r.via.as_deref().unwrap_or(&r.whom);
    let uri = {
        let mut uri = b"sip:".to_vec();
        if let Some(number) = &r.number {
            uri.extend_from_slice(&escape_user(number));
            uri.push(b'@');
        }
        uri.extend_from_slice(&r.whom);
        uri
    };
    let mut name = b"SIP/".to_vec();
    name.extend_from_slice(&r.whom);
    let way = at_host(shared, host, Technology::Sip, Protocol::Udp, None)
        .await
        .map_err(|why| NoWay {
            cause: 20,
            code: "no-peer",
            text: format!("SIP/{shown} is neither a device nor a host that can be reached: {why}"),
        })?;
    Ok(Destination {
        name,
        account: None,
        uri: uri.into(),
        flows: way,
    })
}

/// `PJSIP/…`: an endpoint of pjsip.conf.
async fn endpoint(shared: &Shared, r: Resource) -> Result<Destination, NoWay> {
    let shown = String::from_utf8_lossy(&r.whom).into_owned();
    let config = shared.config();
    let Some(account) = config.accounts.find(Technology::Pjsip, &r.whom) else {
        return Err(NoWay {
            cause: 3,
            code: "no-endpoint",
            text: format!("PJSIP/{shown}: pjsip.conf has no such endpoint"),
        });
    };
    if let Some(uri) = &r.uri {
        let flows = by_address(shared, uri, Technology::Pjsip, Some(account), None)
            .await
            .map_err(|why| NoWay {
                cause: 3,
                code: "bad-address",
                text: format!("{}: {why}", String::from_utf8_lossy(uri)),
            })?;
        return Ok(Destination {
            name: account.label().into_bytes(),
            account: Some(Arc::clone(account)),
            uri: Bytes::copy_from_slice(uri),
            flows,
        });
    }
    contact(shared, account, &r, 3).await
}

/// The first contact of the account's first address of record that has one.
async fn contact(
    shared: &Shared,
    account: &Arc<Account>,
    r: &Resource,
    cause: u16,
) -> Result<Destination, NoWay> {
    let now = shared.clock.now();
    let accounts = &shared.config().accounts;
    let found = {
        let registrar = shared.registrar();
        account
            .aors
            .iter()
            .filter_map(|name| accounts.aor(name))
            .find_map(|aor| registrar.contacts_for(now, aor).into_iter().next())
    };
    let Some(registrar::Target { uri, flow, came_by }) = found else {
        return Err(NoWay {
            cause,
            code: "not-registered",
            text: format!(
                "{} is not registered, and has no fixed address",
                account.label()
            ),
        });
    };
    let uri = match &r.number {
        Some(number) => with_user(&uri, number),
        None => uri,
    };
    let mut flows: Vec<Flow> = flow.into_iter().collect();
    if let (Some(flow), Some(transport)) = (flow, &account.transport)
        && shared
            .config()
            .listeners
            .get(usize::from(flow.listener.0))
            .is_some_and(|l| l.name != *transport)
    {
        let text = format!(
            "{} has `transport={}`, but it registered by {}: it is called where it registered",
            account.label(),
            String::from_utf8_lossy(transport),
            flow.protocol.name()
        );
        shared.note_once(Level::Notice, "registered-flow-wins", &text);
    }
    let address = match &r.via {
        Some(host) => at_host(shared, host, account.technology, account.protocol, came_by).await,
        None => by_address(shared, &uri, account.technology, Some(account), came_by).await,
    };
    match address {
        Ok(more) => flows.extend(more.into_iter().filter(|f| flow != Some(*f))),
        Err(why) if flows.is_empty() => {
            return Err(NoWay {
                cause,
                code: "bad-address",
                text: format!("{} cannot be reached: {why}", account.label()),
            });
        }
        Err(_) => {}
    }
    Ok(Destination {
        name: account.label().into_bytes(),
        account: Some(Arc::clone(account)),
        uri,
        flows,
    })
}

/// The same URI with another user.
fn with_user(uri: &[u8], user: &[u8]) -> Bytes {
    match Uri::parse(uri).ok().and_then(Uri::sip) {
        Some(sip) => {
            let escaped = escape_user(user);
            SipUri {
                user: Some(&escaped),
                ..sip
            }
            .to_vec()
            .into()
        }
        None => Bytes::copy_from_slice(uri),
    }
}

/// Ways to the address that a URI names.
async fn by_address(
    shared: &Shared,
    uri: &[u8],
    technology: Technology,
    account: Option<&Arc<Account>>,
    came_by: Option<Flow>,
) -> Result<Vec<Flow>, String> {
    let sip = Uri::parse(uri)
        .ok()
        .and_then(Uri::sip)
        .ok_or("it is no SIP address")?;
    let named = match sip.transport().map(<[u8]>::to_ascii_lowercase).as_deref() {
        Some(b"udp") => Some(Protocol::Udp),
        Some(b"tcp") => Some(Protocol::Tcp),
        Some(other) => {
            return Err(format!(
                "its transport `{}` is not spoken here",
                String::from_utf8_lossy(other)
            ));
        }
        None => None,
    };
    let protocol = named
        .or(came_by.map(|f| f.protocol))
        .or(account.map(|a| a.protocol))
        .unwrap_or(Protocol::Udp);
    // RFC 3261 18.1.1 and Asterisk alike: `maddr` is where it goes.
    let maddr = sip.params.get(b"maddr").map(|p| p.text().into_owned());
    let host = match &maddr {
        Some(maddr) => Host::parse(maddr).map_err(|_| "its maddr is no host")?,
        None => sip.host,
    };
    let addresses = addresses(host, sip.port_or_default()).await?;
    let wanted = Wanted {
        technology,
        protocol,
        transport: account.and_then(|a| a.transport.as_deref()),
        came_by,
    };
    ways(shared, &addresses, &wanted)
}

/// Ways to `host[:port]`.
async fn at_host(
    shared: &Shared,
    host: &[u8],
    technology: Technology,
    protocol: Protocol,
    came_by: Option<Flow>,
) -> Result<Vec<Flow>, String> {
    let (host, port) = host_port(host).map_err(|_| "it is no host")?;
    let addresses = addresses(host, port.unwrap_or(5060)).await?;
    let wanted = Wanted {
        technology,
        protocol,
        transport: None,
        came_by,
    };
    ways(shared, &addresses, &wanted)
}

/// The socket addresses of a host; a name is looked up.
async fn addresses(host: Host<'_>, port: u16) -> Result<Vec<SocketAddr>, String> {
    if let Some(ip) = host.ip() {
        return Ok(vec![SocketAddr::new(ip, port)]);
    }
    let mut name = Vec::new();
    host.write(&mut name);
    let name = String::from_utf8(name).map_err(|_| "its name is no text".to_owned())?;
    // The system takes `62` for the address 0.0.0.62; nobody who dials 62 means that.
    if name.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return Err(format!("`{name}` is no host name"));
    }
    match tokio::time::timeout(LOOK_UP, tokio::net::lookup_host((name.as_str(), port))).await {
        Ok(Ok(found)) => Ok(found.collect()),
        Ok(Err(fault)) => Err(format!("`{name}` has no address: {fault}")),
        Err(_) => Err(format!(
            "`{name}`: no answer to the look-up within {} s",
            LOOK_UP.as_secs()
        )),
    }
}

/// One way to each of the addresses, by a listener that fits.
fn ways(
    shared: &Shared,
    addresses: &[SocketAddr],
    wanted: &Wanted<'_>,
) -> Result<Vec<Flow>, String> {
    let ways: Vec<Flow> = addresses
        .iter()
        .filter_map(|remote| way(shared, *remote, wanted))
        .collect();
    if ways.is_empty() {
        return Err(format!(
            "no {} listener of ours can reach it",
            wanted.protocol.name()
        ));
    }
    Ok(ways)
}

/// Which listener a way should leave by: the one that the phone registered at, else the account's `transport`, else one of the
/// technology's own file, else any that fits.
struct Wanted<'a> {
    technology: Technology,
    protocol: Protocol,
    transport: Option<&'a [u8]>,
    came_by: Option<Flow>,
}

/// The way to one address.
fn way(shared: &Shared, remote: SocketAddr, wanted: &Wanted<'_>) -> Option<Flow> {
    let Wanted {
        technology,
        protocol,
        transport,
        came_by,
    } = *wanted;
    let fits = |l: &&Listening| l.protocol == protocol && l.address.is_ipv4() == remote.is_ipv4();
    let config = shared.config();
    let written = |l: &Listening| config.listeners.get(usize::from(l.listener.0));
    let named = |l: &&Listening| transport.is_some_and(|t| written(l).is_some_and(|c| c.name == t));
    let own = |l: &&Listening| written(l).is_some_and(|c| c.technology == technology);
    let used = |l: &&Listening| came_by.is_some_and(|f| f.listener == l.listener);
    let all = || shared.listening.iter().filter(fits);
    let listener = all()
        .find(used)
        .or_else(|| all().find(named))
        .or_else(|| all().find(own))
        .or_else(|| all().next())?;
    match &shared.routes {
        Some(routes) => routes.flow(listener.listener, protocol, remote),
        None => Some(Flow {
            listener: listener.listener,
            protocol,
            local: listener.address,
            remote,
            connection: 0,
        }),
    }
}

/// A destination of MessageSend: `sip:…` or `pjsip:…`, each of which reaches either kind of account.
pub(crate) async fn for_text(shared: &Shared, destination: &[u8]) -> Result<Destination, NoWay> {
    let (scheme, rest) = cut(destination, b':');
    let rest = rest.unwrap_or_default();
    let accounts = &shared.config().accounts;
    let known = |name: &[u8], first: Technology| {
        let second = if first == Technology::Sip {
            Technology::Pjsip
        } else {
            Technology::Sip
        };
        accounts
            .find(first, name)
            .or_else(|| accounts.find(second, name))
            .filter(|a| a.role != Role::User)
    };
    let first = if scheme.eq_ignore_ascii_case(b"pjsip") {
        Technology::Pjsip
    } else {
        Technology::Sip
    };
    // `pjsip:PJSIP/user@endpoint`, as a dial string.
    if let Some(dialled) = rest.strip_prefix(b"PJSIP/".as_slice()) {
        return endpoint(shared, pjsip(dialled)).await;
    }
    let whole = Resource {
        whom: Text::new(),
        number: None,
        uri: None,
        via: None,
    };
    // `pjsip:endpoint/sip:uri` and `pjsip:sip:user@host`.
    let (name, uri) = cut(rest, b'/');
    if first == Technology::Pjsip && rest.starts_with(b"sip:") {
        return plain(shared, first, rest).await;
    }
    if let (Some(uri), Some(account)) = (uri, known(name, first)) {
        let r = Resource {
            whom: account.name.clone(),
            uri: Some(uri.to_vec()),
            ..whole
        };
        return if account.technology == Technology::Pjsip {
            endpoint(shared, r).await
        } else {
            contact(shared, account, &r, 20).await
        };
    }
    let (user, domain) = cut(rest, b'@');
    let Some(domain) = domain else {
        return match known(rest, first) {
            Some(account) => {
                contact(
                    shared,
                    account,
                    &Resource {
                        whom: rest.to_vec(),
                        ..whole
                    },
                    20,
                )
                .await
            }
            None => Err(NoWay {
                cause: 3,
                code: "no-peer",
                text: format!("no account is called `{}`", String::from_utf8_lossy(rest)),
            }),
        };
    };
    let r = Resource {
        whom: user.to_vec(),
        ..whole.clone()
    };
    match (first, known(user, first)) {
        // `pjsip:endpoint@domain`: the domain is dropped.
        (Technology::Pjsip, Some(account)) => contact(shared, account, &r, 3).await,
        // `sip:user@peer`, `sip:user@host`; our own address means the account of that name.
        (_, account) => {
            let (host, port) = host_port(domain).map_err(|_| NoWay {
                cause: 3,
                code: "bad-address",
                text: "no host after the @".into(),
            })?;
            let ours = host.ip().is_some_and(|ip| {
                shared.listening.iter().any(|l| {
                    (l.address.ip() == ip || l.address.ip().is_unspecified() && ip.is_loopback())
                        && port.is_none_or(|p| p == l.address.port())
                })
            });
            match (account, known(domain, Technology::Sip)) {
                (Some(account), _) if ours => contact(shared, account, &r, 20).await,
                (None, _) if ours => Err(NoWay {
                    cause: 3,
                    code: "no-peer",
                    text: format!("no account is called `{}`", String::from_utf8_lossy(user)),
                }),
                (_, Some(peer)) => {
                    contact(
                        shared,
                        peer,
                        &Resource {
                            number: Some(user.to_vec()),
                            ..whole
                        },
                        20,
                    )
                    .await
                }
                _ => plain(shared, first, &[b"sip:", rest].concat()).await,
            }
        }
    }
}

/// An address that belongs to nobody here.
async fn plain(shared: &Shared, technology: Technology, uri: &[u8]) -> Result<Destination, NoWay> {
    let flows = by_address(shared, uri, technology, None, None)
        .await
        .map_err(|why| NoWay {
            cause: 3,
            code: "bad-address",
            text: format!("`{}`: {why}", String::from_utf8_lossy(uri)),
        })?;
    Ok(Destination {
        name: b"SIP/".to_vec(),
        account: None,
        uri: Bytes::copy_from_slice(uri),
        flows,
    })
}

/// A URI without its parameters and headers, as it stands in To.
pub(crate) fn bare(uri: &[u8]) -> Bytes {
    match Uri::parse(uri).ok().and_then(Uri::sip) {
        Some(sip) => SipUri {
            params: Params::NONE,
            headers: None,
            ..sip
        }
        .to_vec()
        .into(),
        None => Bytes::copy_from_slice(uri),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(r: &Resource) -> String {
        let text = |t: &Option<Text>| {
            t.as_ref()
                .map_or("-".to_owned(), |t| String::from_utf8_lossy(t).into_owned())
        };
        format!(
            "{} {} {} {}",
            String::from_utf8_lossy(&r.whom),
            text(&r.number),
            text(&r.uri),
            text(&r.via)
        )
    }

    #[test]
    fn dial_strings_of_sip() {
        for (written, read) in [
            ("61", "61 - - -"),
            ("100@trunk", "trunk 100 - -"),
            ("trunk/100", "trunk 100 - -"),
            ("trunk/100/192.0.2.1", "trunk 100 - 192.0.2.1"),
            ("3001@192.0.2.1:5070", "192.0.2.1:5070 3001 - -"),
            ("u:secret:md5:auth:tcp@192.0.2.1", "192.0.2.1 u - -"),
            ("u@example.com//192.0.2.7", "example.com u - 192.0.2.7"),
            ("61!to@there!from@here", "61 - - -"),
        ] {
            assert_eq!(shown(&sip(written.as_bytes())), read, "{written}");
        }
    }

    #[test]
    fn secrets_of_dial_strings_are_blanked() {
        for (text, shown) in [
            ("SIP/u:pw@192.0.2.1,10", "SIP/u:***@192.0.2.1,10"),
            (
                "SIP/61&SIP/u:pw:md5:auth:tcp@h&IAX2/g:x@y/s@default",
                "SIP/61&SIP/u:***@h&IAX2/g:***@y/s@default",
            ),
            (
                "PJSIP/t/sip:500@192.0.2.1:5070",
                "PJSIP/t/sip:500@192.0.2.1:5070",
            ),
            ("sip:62,\"A\" <sip:61@h>", "sip:62,\"A\" <sip:61@h>"),
            ("SIP/3001@[2001:db8::1]:5060", "SIP/3001@[2001:db8::1]:5060"),
            ("10:20", "10:20"),
        ] {
            let blanked = without_secrets(text.as_bytes());
            assert_eq!(String::from_utf8_lossy(&blanked), shown);
        }
    }

    #[test]
    fn dial_strings_of_pjsip() {
        for (written, read) in [
            ("61", "61 - - -"),
            ("3001@SIP3", "SIP3 3001 - -"),
            (
                "trunk/sip:100@192.0.2.1:5070",
                "trunk - sip:100@192.0.2.1:5070 -",
            ),
        ] {
            assert_eq!(shown(&pjsip(written.as_bytes())), read, "{written}");
        }
    }

    #[test]
    fn the_number_takes_the_place_of_the_contacts_user() {
        assert_eq!(
            with_user(b"sip:x@192.0.2.1:5070;transport=tcp", b"30 1").as_ref(),
            b"sip:30%201@192.0.2.1:5070;transport=tcp"
        );
        assert_eq!(
            bare(b"sip:x@192.0.2.1:5070;transport=tcp").as_ref(),
            b"sip:x@192.0.2.1:5070"
        );
    }
}
