//! `register =>` lines: registrations with others.

use super::general::{Carrier, General, Transports};
use super::object::Object;
use super::options;
use crate::config::{Host, text};

/// Tries that stand for "for ever": pjsip takes 0 for none at all.
const FOR_EVER: &str = "1000000";

/// What a line says: `[peer?][transport://]user[@domain][:secret[:authuser]]@host[:port][/extension][~expiry]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Register {
    pub(super) peer: Option<Vec<u8>>,
    pub(super) carrier: Carrier,
    pub(super) user: Vec<u8>,
    pub(super) domain: Option<Vec<u8>>,
    pub(super) secret: Option<Vec<u8>>,
    pub(super) auth_user: Option<Vec<u8>>,
    pub(super) host: Vec<u8>,
    pub(super) port: Option<u16>,
    pub(super) extension: Option<Vec<u8>>,
    pub(super) expiry: Option<u32>,
}

fn split_last(text: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let place = text.iter().rposition(|b| *b == at)?;
    Some((&text[..place], &text[place + 1..]))
}

fn split_first(text: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let place = text.iter().position(|b| *b == at)?;
    Some((&text[..place], &text[place + 1..]))
}

fn number<T: std::str::FromStr>(text: &[u8]) -> Option<T> {
    std::str::from_utf8(text).ok()?.trim().parse().ok()
}

/// Reads a line; `None` if it names no user and host.
pub(super) fn parse(text: &[u8]) -> Option<Register> {
    let some = |t: &[u8]| (!t.is_empty()).then(|| t.to_vec());
    let (who, place) = split_last(text.trim_ascii(), b'@')?;
    let (place, expiry) = match split_last(place, b'~') {
        Some((rest, seconds)) => (rest, Some(number(seconds)?)),
        None => (place, None),
    };
    let (place, extension) = match split_first(place, b'/') {
        Some((rest, extension)) => (rest, some(extension)),
        None => (place, None),
    };
    let host = crate::config::text::host(place)?;
    let (peer, who) = match split_first(who, b'?') {
        Some((peer, rest)) => (some(peer), rest),
        None => (None, who),
    };
    let (carrier, who) = match who.windows(3).position(|w| w == b"://") {
        Some(at) => (Carrier::parse(&who[..at])?, &who[at + 3..]),
        None => (Carrier::Udp, who),
    };
    let mut parts = who.split(|b| *b == b':');
    let name = parts.next()?;
    let mut rest: Vec<&[u8]> = parts.collect();
    let (user, mut domain) = match split_first(name, b'@') {
        Some((user, domain)) => (user, some(domain)),
        None => (name, None),
    };
    // `user@domain:domainport:secret:authuser`.
    if rest.len() == 3 {
        let port = rest.remove(0);
        if let Some(domain) = &mut domain
            && !port.is_empty()
        {
            domain.push(b':');
            domain.extend_from_slice(port);
        }
    }
    if user.is_empty() || rest.len() > 2 {
        return None;
    }
    Some(Register {
        peer,
        carrier,
        user: user.to_vec(),
        domain,
        secret: rest.first().copied().and_then(some),
        auth_user: rest.get(1).copied().and_then(some),
        host: host.name,
        port: Some(host.port).filter(|p| *p > 0),
        extension,
        expiry,
    })
}

impl Register {
    /// The registration, and the auth for it, under this name.
    pub(super) fn objects(
        &self,
        name: &[u8],
        general: &General<'_>,
        transports: &Transports,
    ) -> Vec<Object> {
        let host = text::uri_host(&Host {
            name: self.host.clone(),
            addresses: Vec::new(),
            port: self.port.unwrap_or(0),
        });
        let way = match self.carrier {
            Carrier::Udp => String::new(),
            other => format!(";transport={}", other.word()),
        };
        let mut out = Object::new(name, "registration");
        out.put("server_uri", format!("sip:{host}{way}"));
        let domain = self.domain.clone().unwrap_or_else(|| self.host.clone());
        out.put(
            "client_uri",
            [b"sip:", self.user.as_slice(), b"@", &domain].concat(),
        );
        out.put("contact_user", self.extension.as_deref().unwrap_or(b"s"));
        if let Some(transport) = transports.of(self.carrier) {
            out.put("transport", transport);
        }
        if let Some(uri) = general.text(&["outboundproxy"]).and_then(options::proxy) {
            out.put("outbound_proxy", uri);
        }
        let seconds = self
            .expiry
            .or(general.number(&["defaultexpiry", "defaultexpirey"]))
            .unwrap_or(120);
        out.put("expiration", seconds.to_string());
        let pause = general.number(&["registertimeout"]).unwrap_or(20);
        out.put("retry_interval", pause.to_string());
        match general.number(&["registerattempts"]).filter(|n| *n > 0) {
            Some(tries) => out.put("max_retries", tries.to_string()),
            None => out.put("max_retries", FOR_EVER),
        }
        if general.yes("register_retry_403") == Some(true) {
            out.put("forbidden_retry_interval", pause.to_string());
            out.put("auth_rejection_permanent", "no");
        }
        let Some(secret) = &self.secret else {
            return vec![out];
        };
        out.put("outbound_auth", name);
        let mut auth = Object::new(name, "auth");
        auth.put("auth_type", "userpass");
        auth.put("username", self.auth_user.as_ref().unwrap_or(&self.user));
        auth.put("password", secret);
        vec![out, auth]
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let Some(r) = parse(text.as_bytes()) else {
            return "nothing".to_owned();
        };
        let t = |b: &Option<Vec<u8>>| {
            b.as_ref()
                .map_or("-".into(), |b| String::from_utf8_lossy(b).into_owned())
        };
        format!(
            "{} {} {} {} {} {} {} {:?} {} {:?}",
            t(&r.peer),
            r.carrier.word(),
            String::from_utf8_lossy(&r.user),
            t(&r.domain),
            t(&r.secret),
            t(&r.auth_user),
            String::from_utf8_lossy(&r.host),
            r.port,
            t(&r.extension),
            r.expiry
        )
    }

    #[test]
    fn lines_of_all_shapes() {
        let all: Vec<String> = [
            "1234:pw@sip.example",
            "tls://bob@dom:pw:auth@proxy.example:5061/200~600",
            "bob@dom:5070:pw:auth@proxy.example",
            "trunk?tcp://bob:pw@192.0.2.7/bob",
            "bob@sip.example",
            "bob:p@w@sip.example",
            "@sip.example",
            "bob",
            "ftp://bob@sip.example",
        ]
        .iter()
        .map(|t| format!("{t} -> {}", shown(t)))
        .collect();
        insta::assert_snapshot!(all.join("\n"), @r"
        1234:pw@sip.example -> - udp 1234 - pw - sip.example None - None
        tls://bob@dom:pw:auth@proxy.example:5061/200~600 -> - tls bob dom pw auth proxy.example Some(5061) 200 Some(600)
        bob@dom:5070:pw:auth@proxy.example -> - udp bob dom:5070 pw auth proxy.example None - None
        trunk?tcp://bob:pw@192.0.2.7/bob -> trunk tcp bob - pw - 192.0.2.7 None bob None
        bob@sip.example -> - udp bob - - - sip.example None - None
        bob:p@w@sip.example -> - udp bob - p@w - sip.example None - None
        @sip.example -> nothing
        bob -> nothing
        ftp://bob@sip.example -> nothing
        ");
    }
}
