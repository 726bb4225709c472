//! `pjsip.conf`: transports, endpoints, auths, aors, identifies, global, system.
//!
//! An object with a key that nobody knows or a value that cannot be is left out, as in Asterisk; the others count.

use std::collections::{HashMap, HashSet};

use strowger_compiler::conf::line::{self, Section, Value, boolean};
use strowger_compiler::diagnostic::Diagnostic;
use strowger_compiler::source::Span;

use super::account::{
    Account, Aor, AorName, Credential, Host, Identify, Network, Secret, Technology,
};
use super::endpoint::{self, Known};
use super::findings::Findings;
use super::keys::{self, Kind};
use super::listener::Listener;
use super::text;
use crate::sip::digest::Algorithm;
use crate::sip::flow::Protocol;

/// Most transports of one file; the rest is reported and not opened.
const LISTENERS: usize = 64;

/// What the file adds up to.
#[derive(Debug, Default)]
pub(super) struct PjsipConf {
    pub(super) listeners: Vec<Listener>,
    pub(super) accounts: Vec<Account>,
    pub(super) aors: Vec<Aor>,
    pub(super) identifies: Vec<Identify>,
    pub(super) realm: Option<Vec<u8>>,
    pub(super) from_user: Option<Vec<u8>>,
    pub(super) t1: Option<u32>,
}

/// Reads the file.
pub(super) fn read(file: &line::Config, findings: &mut Findings) -> PjsipConf {
    findings.begin(file.open);
    let mut out = PjsipConf::default();
    let objects = objects(file, findings);
    let of = |kind| {
        objects
            .iter()
            .filter(move |(k, _)| *k == kind)
            .map(|(_, s)| *s)
    };

    for section in of(Kind::Global) {
        for value in &section.values {
            let bytes = value.text.bytes();
            match value.key.bytes() {
                b"default_from_user" => out.from_user = Some(bytes.to_vec()),
                b"default_realm" => out.realm = Some(bytes.to_vec()),
                _ => {}
            }
        }
    }
    for value in of(Kind::System).flat_map(|s| s.all("timer_t1")) {
        out.t1 = super::device::number(value, 10, 60_000, findings).or(out.t1);
    }
    for section in of(Kind::Transport) {
        if out.listeners.len() >= LISTENERS {
            findings.not_served(section, "there are more transports than an exchange opens");
        } else if let Some(listener) = transport(section, findings) {
            out.listeners.push(listener);
        }
    }
    let auths: HashMap<&[u8], Credential> = of(Kind::Auth)
        .filter_map(|s| Some((s.name.as_slice(), auth(s, findings)?)))
        .collect();
    out.aors = of(Kind::Aor).filter_map(|s| aor(s, findings)).collect();
    let written: HashSet<(Kind, &[u8])> = file
        .sections()
        .filter_map(|s| Some((Kind::parse(s.get("type")?.text.bytes())?, s.name.as_slice())))
        .collect();
    let unserved: HashSet<(Kind, &[u8])> = objects
        .iter()
        .filter(|(kind, section)| only_asterisk(*kind, section))
        .map(|(kind, section)| (*kind, section.name.as_slice()))
        .collect();
    let aors: HashMap<&[u8], &Aor> = out
        .aors
        .iter()
        .map(|a| (a.name.name.as_slice(), a))
        .collect();
    let known = Known {
        auths: &auths,
        aors: &aors,
        listeners: &out.listeners,
        written: &written,
        unserved: &unserved,
    };
    out.accounts = of(Kind::Endpoint)
        .filter_map(|s| endpoint::read(s, &known, findings))
        .collect();
    let names: HashSet<&[u8]> = out.accounts.iter().map(|a| a.name.as_slice()).collect();
    out.identifies = of(Kind::Identify)
        .filter_map(|s| identify(s, &names, &known, findings))
        .collect();
    if out.listeners.is_empty()
        && !file.open
        && let Some(section) = of(Kind::Endpoint).next()
    {
        let elsewhere = unserved.iter().any(|(kind, _)| *kind == Kind::Transport);
        let code = if elsewhere { "C026" } else { "C022" };
        findings.add(
            Diagnostic::new(code, "pjsip.conf opens no port", section.span)
                .label("there is no `type=transport` that can be used")
                .help("add a section with `type=transport`, `protocol=udp` and `bind=0.0.0.0`"),
        );
    }
    findings.end();
    out
}

/// Protocols of transports that Asterisk speaks and this exchange does not.
fn is_unserved(protocol: &[u8]) -> bool {
    matches!(protocol, b"tls" | b"ws" | b"wss" | b"flow")
}

/// Whether an object asks for what Asterisk does and this exchange does not.
fn only_asterisk(kind: Kind, section: &Section) -> bool {
    let says = |key, holds: fn(&[u8]) -> bool| {
        section
            .get(key)
            .is_some_and(|value| holds(value.text.bytes()))
    };
    match kind {
        Kind::Transport => says("protocol", is_unserved),
        Kind::Auth => says("auth_type", |word| word == b"google_oauth"),
        _ => false,
    }
}

/// The sections that are objects of a known kind, without those left out for their keys.
fn objects<'a>(file: &'a line::Config, findings: &mut Findings) -> Vec<(Kind, &'a Section)> {
    let mut out: Vec<(Kind, &Section)> = Vec::new();
    let mut seen: HashMap<(Kind, &[u8]), Span> = HashMap::new();
    for section in file.sections() {
        let Some(value) = section.get("type") else {
            findings.lacks(section, "it has no `type=`");
            continue;
        };
        let word = value.text.bytes();
        let Some(kind) = Kind::parse(word) else {
            match keys::PJSIP_LATER
                .iter()
                .find(|(name, _)| word == name.as_bytes())
            {
                Some((name, meaning)) => {
                    // A restriction that is not in force is a hole, not a lack.
                    let code = match *name {
                        "acl" => "X820",
                        "registration" | "wizard" => "C032",
                        _ => "C020",
                    };
                    findings.add(
                        Diagnostic::new(
                            code,
                            format!("`type={name}` is not served yet"),
                            value.span(),
                        )
                        .label(*meaning),
                    );
                }
                None => {
                    findings.bad_value(
                        value,
                        "`endpoint`, `auth`, `aor`, `identify`, `transport`, `global` or `system`",
                    );
                    findings.left_out(section, "its `type=` is unknown");
                }
            }
            continue;
        };
        if !keys_are_known(section, kind, findings) {
            continue;
        }
        if let Some(first) = seen.get(&(kind, section.name.as_slice())) {
            let name = String::from_utf8_lossy(&section.name);
            findings.add(
                Diagnostic::new(
                    "C022",
                    format!("`[{name}]` of `type={}` is written twice", kind.word()),
                    section.span,
                )
                .label("this one is left out; Asterisk stops reading this type here")
                .also(*first, "this one counts"),
            );
            continue;
        }
        seen.insert((kind, section.name.as_slice()), section.span);
        out.push((kind, section));
    }
    out
}

/// Looks at every key of an object. One that does not exist makes Asterisk refuse the whole object.
fn keys_are_known(section: &Section, kind: Kind, findings: &mut Findings) -> bool {
    let mut known = true;
    for value in section.values.iter().filter(|v| v.key.bytes() != b"type") {
        // A key from the general table of names in another case is unknown too: names are case-sensitive here.
        match keys::pjsip(kind, value.key.bytes()) {
            Some(fate) => findings.fate("pjsip.conf", value, fate),
            None if value.key.bytes().starts_with(b"@") => {}
            None => {
                findings.unknown_key(
                    value,
                    keys::pjsip_names(kind),
                    "Asterisk refuses the whole object for it",
                );
                known = false;
            }
        }
    }
    if !known {
        findings.left_out(section, "one of its keys does not exist");
    }
    known
}

/// A value that cannot be: says so, and that its object is left out.
pub(super) fn refuse(section: &Section, value: &Value, wanted: &str, findings: &mut Findings) {
    findings.bad_value(value, wanted);
    findings.left_out(section, "one of its values cannot be used");
}

/// `yes` or `no`; anything else leaves the object out.
pub(super) fn truth(section: &Section, value: &Value, findings: &mut Findings) -> Option<bool> {
    let word = boolean(value.text.bytes());
    if word.is_none() {
        refuse(section, value, "`yes` or `no`", findings);
    }
    word
}

fn number(section: &Section, value: &Value, findings: &mut Findings) -> Option<u32> {
    let number = std::str::from_utf8(value.text.bytes())
        .ok()
        .and_then(|t| t.parse::<u32>().ok());
    if number.is_none() {
        refuse(section, value, "a whole number", findings);
    }
    number
}

fn transport(section: &Section, findings: &mut Findings) -> Option<Listener> {
    let protocol = match section.get("protocol") {
        None => Protocol::Udp,
        Some(value) => match value.text.bytes() {
            b"udp" => Protocol::Udp,
            b"tcp" => Protocol::Tcp,
            word if is_unserved(word) => {
                let word = value.text.lossy();
                findings.add(
                    Diagnostic::new(
                        "C026",
                        format!("transport `{word}` is not served"),
                        value.text.span(),
                    )
                    .label("nothing listens here; udp and tcp are what there is"),
                );
                return None;
            }
            _ => {
                refuse(
                    section,
                    value,
                    "`udp`, `tcp`, `tls`, `ws` or `wss`",
                    findings,
                );
                return None;
            }
        },
    };
    let Some(value) = section.get("bind") else {
        findings.lacks(section, "a transport needs `bind=`, as `bind=0.0.0.0`");
        return None;
    };
    match text::bind(value.text.bytes(), 5060) {
        Some(bind) => Some(Listener {
            name: section.name.clone(),
            protocol,
            technology: Technology::Pjsip,
            bind,
            place: Some(value.span()),
        }),
        None => {
            refuse(
                section,
                value,
                "an address, as `0.0.0.0` or `192.0.2.1:5060`",
                findings,
            );
            None
        }
    }
}

fn auth(section: &Section, findings: &mut Findings) -> Option<Credential> {
    let mut username = Vec::new();
    let mut realm = None;
    let mut password = None;
    let mut md5 = None;
    let mut algorithms = vec![Algorithm::Md5];
    for value in &section.values {
        let bytes = value.text.bytes();
        match value.key.bytes() {
            b"auth_type" => match bytes {
                b"userpass" | b"md5" | b"digest" => {}
                b"google_oauth" => {
                    findings.not_served(section, "OAuth is not served yet");
                    return None;
                }
                _ => {
                    refuse(
                        section,
                        value,
                        "`digest`, `userpass`, `md5` or `google_oauth`",
                        findings,
                    );
                    return None;
                }
            },
            b"username" => username = bytes.to_vec(),
            b"password" => password = Some(bytes.to_vec()),
            b"realm" => realm = (!bytes.is_empty()).then(|| bytes.to_vec()),
            b"md5_cred" | b"password_digest" => {
                let hash = if value.key.bytes() == b"md5_cred" {
                    Some(bytes)
                } else {
                    bytes.strip_prefix(b"MD5:")
                };
                match hash {
                    Some(hash) if hash.len() == 32 && hash.iter().all(u8::is_ascii_hexdigit) => {
                        md5 = Some(hash.to_ascii_lowercase());
                    }
                    Some(_) => {
                        refuse(section, value, "32 hexadecimal digits", findings);
                        return None;
                    }
                    None => findings.add(
                        Diagnostic::new(
                            "C020",
                            "only MD5 hashes of passwords are served",
                            value.key.span(),
                        )
                        .label("this one is not used"),
                    ),
                }
            }
            b"supported_algorithms_uas" => {
                let listed: Vec<Algorithm> = text::words(bytes)
                    .filter_map(|w| match w.to_ascii_uppercase().as_slice() {
                        b"MD5" => Some(Algorithm::Md5),
                        b"SHA-256" => Some(Algorithm::Sha256),
                        _ => None,
                    })
                    .collect();
                if listed.is_empty() {
                    refuse(section, value, "`MD5`, `SHA-256` or both", findings);
                    return None;
                }
                algorithms = listed;
            }
            _ => {}
        }
    }
    let secret = match (md5, password) {
        (Some(hash), _) => {
            algorithms = vec![Algorithm::Md5];
            Secret::Md5(hash)
        }
        (None, Some(password)) => Secret::Password(password),
        (None, None) => {
            findings.lacks(section, "it has no `password`");
            return None;
        }
    };
    if username.is_empty() {
        findings.lacks(section, "it has no `username`");
        return None;
    }
    Some(Credential {
        username,
        realm,
        secret,
        algorithms,
    })
}

fn aor(section: &Section, findings: &mut Findings) -> Option<Aor> {
    let mut out = Aor {
        name: AorName::new(Technology::Pjsip, &section.name),
        contacts: Vec::new(),
        fallback: false,
        max_contacts: 0,
        remove_existing: false,
        default_expiration: 3600,
        minimum_expiration: 60,
        maximum_expiration: 7200,
    };
    for value in &section.values {
        match value.key.bytes() {
            b"contact" => {
                for contact in text::words(value.text.bytes()) {
                    if crate::sip::Uri::parse(contact)
                        .ok()
                        .and_then(crate::sip::Uri::sip)
                        .is_none()
                    {
                        refuse(
                            section,
                            value,
                            "a SIP URI, as `sip:192.0.2.1:5060`",
                            findings,
                        );
                        return None;
                    }
                    out.contacts.push(contact.to_vec());
                }
            }
            b"max_contacts" => out.max_contacts = number(section, value, findings)?,
            b"remove_existing" => out.remove_existing = truth(section, value, findings)?,
            b"remove_unavailable"
                if truth(section, value, findings)? && findings.first("remove_unavailable") =>
            {
                findings.add(
                    Diagnostic::new(
                        "C020",
                        "`remove_unavailable` is not served yet",
                        value.key.span(),
                    )
                    .label("phones are not pinged, so none is known to be unavailable"),
                );
            }
            b"default_expiration" => {
                out.default_expiration = number(section, value, findings)?.max(1)
            }
            b"minimum_expiration" => out.minimum_expiration = number(section, value, findings)?,
            b"maximum_expiration" => {
                out.maximum_expiration = number(section, value, findings)?.max(1)
            }
            _ => {}
        }
    }
    Some(out)
}

fn identify(
    section: &Section,
    endpoints: &HashSet<&[u8]>,
    known: &Known<'_>,
    findings: &mut Findings,
) -> Option<Identify> {
    let Some(target) = section.get("endpoint") else {
        findings.lacks(section, "an identify needs `endpoint=`");
        return None;
    };
    let endpoint = target.text.bytes().to_vec();
    if !endpoints.contains(endpoint.as_slice()) {
        known.missing(
            Kind::Endpoint,
            &endpoint,
            target,
            "this rule matches nobody",
            findings,
        );
    }
    let mut networks = Vec::new();
    let mut hosts: Vec<Host> = Vec::new();
    for value in section.all("match") {
        for word in text::words(value.text.bytes()) {
            match (Network::parse(word), text::host(word)) {
                (Some(network), _) => networks.push(network),
                (None, Some(host)) if host.port == 0 => hosts.push(host),
                _ => {
                    refuse(
                        section,
                        value,
                        "addresses, networks or host names",
                        findings,
                    );
                    return None;
                }
            }
        }
    }
    if networks.is_empty() && hosts.is_empty() {
        findings.lacks(section, "an identify needs `match=` with an address");
        return None;
    }
    Some(Identify {
        endpoint,
        networks,
        hosts,
    })
}
