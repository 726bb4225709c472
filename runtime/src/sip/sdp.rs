//! Reading a session description of the far end, as far as offer and answer need it (RFC 8866).

use std::net::{IpAddr, SocketAddr};

use sdp_types::Media;

use super::session::{Direction, Refused};

/// Their session description, as far as it matters.
pub(super) struct Theirs {
    pub(super) lines: Vec<Line>,
}

/// One m= line.
pub(super) struct Line {
    pub(super) media: String,
    pub(super) port: u16,
    pub(super) proto: String,
    pub(super) fmt: String,
    /// Payload number, encoding name, clock rate.
    pub(super) formats: Vec<(u8, String, u32)>,
    pub(super) rtp: Option<SocketAddr>,
    pub(super) rtcp: Option<SocketAddr>,
    pub(super) direction: Direction,
    pub(super) ptime: Option<u8>,
    /// Connection address 0.0.0.0 or `::`.
    nowhere: bool,
}

impl Theirs {
    pub(super) fn read(text: &[u8]) -> Result<Theirs, Refused> {
        // Only what is used is read, so that a mistake in any other line (or bytes that are no UTF-8 in `s=`) harms no call.
        let text = String::from_utf8_lossy(text);
        let mut kept = String::with_capacity(text.len());
        for line in text.split(['\n', '\r']) {
            let line = line.trim_end();
            let used = matches!(line.as_bytes(), [b'v' | b'c' | b'm' | b'a', b'=', ..])
                && !line.contains('\0');
            if used {
                kept.push_str(line);
                kept.push_str("\r\n");
            }
        }
        let session = sdp_types::Session::parse(kept.as_bytes()).map_err(|_| Refused::Malformed)?;
        let address = |c: &sdp_types::Connection| {
            c.connection_address
                .split('/')
                .next()
                .and_then(|a| a.parse::<IpAddr>().ok())
        };
        let common = session.connection.as_ref();
        let direction = session
            .attributes
            .iter()
            .find_map(|a| Direction::of(&a.attribute))
            .unwrap_or(Direction::BOTH);
        let lines = session
            .medias
            .iter()
            .map(|m| {
                Line::read(
                    m,
                    m.connections.first().or(common).and_then(address),
                    direction,
                )
            })
            .collect();
        Ok(Theirs { lines })
    }
}

impl Line {
    fn read(m: &Media, ip: Option<IpAddr>, common: Direction) -> Line {
        // One slot for each payload number there is: no list of theirs costs more than its length.
        let mut maps: [Option<(&str, u32)>; 128] = [None; 128];
        for (n, name, rate) in [
            (0, "PCMU", 8000),
            (3, "GSM", 8000),
            (8, "PCMA", 8000),
            (9, "G722", 8000),
            (18, "G729", 8000),
        ] {
            maps[n] = Some((name, rate));
        }
        let (mut direction, mut ptime, mut rtcp) = (None, None, None);
        for a in &m.attributes {
            match (a.attribute.as_str(), a.value.as_deref()) {
                ("rtpmap", Some(value)) => {
                    if let Some((n, map)) = rtpmap(value)
                        && let Some(slot) = maps.get_mut(usize::from(n))
                    {
                        *slot = Some(map);
                    }
                }
                ("ptime", Some(value)) => {
                    ptime = value.trim().parse::<u8>().ok().filter(|p| *p > 0).or(ptime)
                }
                ("rtcp", Some(value)) => rtcp = rtcp_address(value, ip),
                (name, None) => direction = direction.or(Direction::of(name)),
                _ => {}
            }
        }
        let mut seen = [false; 128];
        let mut formats = Vec::new();
        for n in m
            .fmt
            .split_ascii_whitespace()
            .filter_map(|f| f.parse::<u8>().ok())
            .filter(|n| *n < 128)
        {
            if !std::mem::replace(&mut seen[usize::from(n)], true)
                && let Some((name, rate)) = maps[usize::from(n)]
            {
                formats.push((n, name.to_owned(), rate));
            }
        }
        let nowhere = ip.is_some_and(|ip| ip.is_unspecified());
        Line {
            media: m.media.clone(),
            port: m.port,
            proto: m.proto.clone(),
            fmt: m.fmt.clone(),
            formats,
            rtp: ip
                .filter(|ip| !ip.is_unspecified() && m.port != 0)
                .map(|ip| SocketAddr::new(ip, m.port)),
            rtcp: rtcp.filter(|a| !a.ip().is_unspecified() && a.port() != 0),
            direction: direction.unwrap_or(common),
            ptime,
            nowhere,
        }
    }

    /// Which ways they leave open. Nothing is sent to 0.0.0.0, whatever the attribute says (RFC 3264 8.4).
    pub(super) fn flow(&self) -> Direction {
        Direction {
            send: self.direction.send,
            receive: self.direction.receive && !self.nowhere,
        }
    }
}

/// `101 telephone-event/8000[/1]`.
fn rtpmap(value: &str) -> Option<(u8, (&str, u32))> {
    let (n, rest) = value.trim().split_once(' ')?;
    let mut parts = rest.trim().split('/');
    let (name, rate) = (parts.next()?, parts.next()?.trim().parse().ok()?);
    // Stereo of a name that we know is another codec.
    if parts.next().is_some_and(|channels| channels.trim() != "1") {
        return Some((n.parse().ok()?, ("", rate)));
    }
    Some((n.parse().ok()?, (name.trim(), rate)))
}

/// `a=rtcp:53020 [IN IP4 126.16.64.4]` (RFC 3605).
fn rtcp_address(value: &str, ip: Option<IpAddr>) -> Option<SocketAddr> {
    let mut words = value.split_ascii_whitespace();
    let port = words.next()?.parse().ok()?;
    let own = words.nth(2).and_then(|a| a.parse().ok());
    Some(SocketAddr::new(own.or(ip)?, port))
}
