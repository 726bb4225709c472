//! `sip.conf`: chan_sip's general options and devices.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use strowger_compiler::conf::line::{self, Section, Value};
use strowger_compiler::diagnostic::Diagnostic;

use super::account::{
    Account, Aor, AorName, CallerId, Credential, Host, Insecure, Role, Secret, Technology,
};
use super::device::{Device, number, truth};
use super::findings::Findings;
use super::keys::{self, Level};
use super::listener::Listener;
use super::options::{Guests, Options};
use super::text;
use crate::sip::digest::Algorithm;
use crate::sip::flow::Protocol;

/// What `sip.conf` (and `users.conf` after it) adds up to.
#[derive(Debug)]
pub(super) struct SipConf {
    pub(super) general: General,
    /// In the order in which their names first stand in a file.
    pub(super) accounts: Vec<Account>,
    pub(super) aors: HashMap<AorName, Aor>,
    /// Where in `accounts` each name is.
    places: HashMap<Vec<u8>, usize>,
}

/// `[general]`: defaults of devices, and what belongs to no device.
#[derive(Debug, Clone)]
pub(super) struct General {
    /// What a device without keys of its own is.
    pub(super) device: Device,
    pub(super) realm: Vec<u8>,
    pub(super) guests: bool,
    pub(super) t1: Option<u32>,
    /// `[authentication]` and `auth=`: credentials by realm, for every call out.
    pub(super) outbound: Vec<Credential>,
    pub(super) listeners: Vec<Listener>,
    minimum: u32,
    maximum: u32,
    default: u32,
}

impl General {
    /// What counts without a `sip.conf`.
    pub(super) fn absent() -> General {
        General {
            device: Device::default(),
            realm: b"asterisk".to_vec(),
            guests: false,
            t1: None,
            outbound: Vec::new(),
            listeners: Vec::new(),
            minimum: 60,
            maximum: 3600,
            default: 120,
        }
    }
}

/// Reads the file.
pub(super) fn read(file: &line::Config, options: &Options, findings: &mut Findings) -> SipConf {
    findings.begin(file.open);
    let general = general(file, options, findings);
    let mut out = SipConf::new(general);
    for template in file.sections.iter().filter(|s| s.template) {
        unknown_keys(template, findings);
    }
    for section in file.sections() {
        if section.name.eq_ignore_ascii_case(b"general")
            || section.name.eq_ignore_ascii_case(b"authentication")
        {
            continue;
        }
        let Some(kind) = section.get("type") else {
            unknown_keys(section, findings);
            findings.lacks(
                section,
                "it has no `type=`: `friend` calls and is called, `peer` is called, `user` calls",
            );
            continue;
        };
        let mut device = out.general.device.clone();
        device.role = match kind.text.bytes().to_ascii_lowercase().as_slice() {
            b"friend" => Some(Role::Friend),
            b"peer" => Some(Role::Peer),
            b"user" => Some(Role::User),
            _ => {
                findings.bad_value(kind, "`friend`, `peer` or `user`");
                findings.left_out(section, "its `type=` is unknown");
                continue;
            }
        };
        for value in &section.values {
            match keys::sip(value.key.bytes()) {
                // Without effect here, which the analyser says (C014); this one is honoured all the same.
                Some((_, Level::General)) if !value.is("accept_outofcall_message") => {}
                Some((fate, _)) => {
                    findings.fate("sip.conf", value, fate);
                    device.set(value, findings);
                }
                None => findings.unknown_key(value, keys::sip_names(), "ignored"),
            }
        }
        let acl = text::acl(section, findings);
        out.add(section, device, acl, findings);
    }
    findings.end();
    out
}

/// Says which keys of a section nobody knows that is read for nothing else.
fn unknown_keys(section: &Section, findings: &mut Findings) {
    let known = |value: &&Value| keys::sip(value.key.bytes()).is_none();
    for value in section.values.iter().filter(known) {
        findings.unknown_key(value, keys::sip_names(), "ignored");
    }
}

fn general(file: &line::Config, options: &Options, findings: &mut Findings) -> General {
    let mut general = General::absent();
    let mut udp = (IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);
    let mut tcp_bind = None;
    let mut tcp = false;
    let mut port = 5060;
    let mut guests: Option<bool> = None;
    let mut places = (None, None);
    for value in file.named("general").flat_map(|s| &s.values) {
        let Some((fate, level)) = keys::sip(value.key.bytes()) else {
            findings.unknown_key(value, keys::sip_names(), "ignored");
            continue;
        };
        // `callerid` in [general] is the From of calls without a number, which nobody misses.
        if level == Level::Device && !value.is("callerid") {
            let key = value.key.lossy().to_ascii_lowercase();
            findings.add(
                Diagnostic::new(
                    "C023",
                    format!("`{key}` belongs to a device"),
                    value.key.span(),
                )
                .label("without effect in `[general]`"),
            );
            continue;
        }
        findings.fate("sip.conf", value, fate);
        let bytes = value.text.bytes();
        match value.key.bytes().to_ascii_lowercase().as_slice() {
            b"realm" if !bytes.is_empty() => general.realm = bytes.to_vec(),
            b"allowguest" => guests = truth(value, findings).or(guests),
            b"alwaysauthreject" => {
                if truth(value, findings) == Some(false) {
                    findings.add(
                        Diagnostic::new("C020", "`alwaysauthreject` is always on", value.span())
                            .label("an unknown name gets the same answers as a wrong password"),
                    );
                }
            }
            b"udpbindaddr" | b"bindaddr" => match text::bind(bytes, 0) {
                Some(address) => {
                    udp = (address.ip(), address.port());
                    places.0 = Some(value.span());
                }
                None => findings.bad_value(value, "an address, as `0.0.0.0` or `192.0.2.1:5060`"),
            },
            b"tcpbindaddr" => match text::bind(bytes, 0) {
                Some(address) => {
                    tcp_bind = Some(address);
                    places.1 = Some(value.span());
                }
                None => findings.bad_value(value, "an address, as `0.0.0.0` or `192.0.2.1:5060`"),
            },
            b"bindport" => {
                port = number(value, 1, 65_535, findings)
                    .and_then(|n| u16::try_from(n).ok())
                    .unwrap_or(port)
            }
            b"tcpenable" => tcp = truth(value, findings).unwrap_or(tcp),
            b"minexpiry" => {
                general.minimum = number(value, 0, u32::MAX, findings).unwrap_or(general.minimum)
            }
            b"maxexpiry" | b"maxexpirey" => {
                general.maximum = number(value, 1, u32::MAX, findings).unwrap_or(general.maximum)
            }
            b"defaultexpiry" | b"defaultexpirey" => {
                general.default = number(value, 1, u32::MAX, findings).unwrap_or(general.default)
            }
            b"timert1" => general.t1 = number(value, 10, 60_000, findings).or(general.t1),
            b"callerid" => {}
            b"auth" => general.outbound.extend(realm_credential(value, findings)),
            _ => general.device.set(value, findings),
        }
    }
    for value in file.named("authentication").flat_map(|s| s.all("auth")) {
        general.outbound.extend(realm_credential(value, findings));
    }
    let at = |ip, own: u16| SocketAddr::new(ip, if own == 0 { port } else { own });
    general.listeners.push(Listener {
        name: b"udp".to_vec(),
        protocol: Protocol::Udp,
        technology: Technology::Sip,
        bind: at(udp.0, udp.1),
        place: places.0,
    });
    if tcp {
        let bind = tcp_bind.map_or(at(udp.0, udp.1), |a| {
            SocketAddr::new(a.ip(), if a.port() == 0 { port } else { a.port() })
        });
        general.listeners.push(Listener {
            name: b"tcp".to_vec(),
            protocol: Protocol::Tcp,
            technology: Technology::Sip,
            bind,
            place: places.1,
        });
    }
    general.guests = guests_allowed(file, guests, options, &general.device.context, findings);
    general
}

/// Asterisk lets unknown callers in unless told otherwise; we do not, and say so.
fn guests_allowed(
    file: &line::Config,
    guests: Option<bool>,
    options: &Options,
    context: &[u8],
    findings: &mut Findings,
) -> bool {
    let context = String::from_utf8_lossy(context).into_owned();
    let place = file.named("general").next().map(|s| s.span);
    match (guests, options.guests) {
        // The analyser warns of an open door (X817).
        (Some(true), _) => true,
        (Some(false), _) => false,
        (None, Guests::Asterisk) => {
            if let Some(span) = place {
                findings.add(
                    Diagnostic::new("C028", format!("unknown callers are let into context `{context}`"), span)
                        .label("there is no `allowguest` here, and strowger.toml says `guests = \"asterisk\"`"),
                );
            }
            true
        }
        (None, Guests::Refused) => {
            if let Some(span) = place.or_else(|| file.sections().next().map(|s| s.span)) {
                let mut finding = Diagnostic::new("C028", "unknown callers are refused", span)
                    .label(format!("there is no `allowguest` here; Asterisk would let them into context `{context}`"))
                    .help("to let them in, add the line `allowguest=yes`; `allowguest=no` says that they are meant to stay out");
                let first = file
                    .named("general")
                    .next()
                    .and_then(|s| s.values.iter().find(|v| !v.inherited));
                if let Some(first) = first {
                    let before = first.key.span().before();
                    finding = finding.fix("add `allowguest=no`", before, "allowguest=no\n", false);
                }
                findings.add(finding);
            }
            false
        }
    }
}

impl SipConf {
    /// No devices yet.
    pub(super) fn new(general: General) -> SipConf {
        SipConf {
            general,
            accounts: Vec::new(),
            aors: HashMap::new(),
            places: HashMap::new(),
        }
    }

    /// Makes the account of a section, and its address of record.
    pub(super) fn add(
        &mut self,
        section: &Section,
        mut device: Device,
        acl: Vec<(bool, super::account::Network)>,
        findings: &mut Findings,
    ) {
        let role = device.role.unwrap_or(Role::Friend);
        let name = AorName::new(Technology::Sip, &section.name);
        let shown = String::from_utf8_lossy(&section.name).into_owned();
        let twin = self.places.get(&section.name).copied();
        if let Some(place) = twin
            .and_then(|at| self.accounts.get(at))
            .and_then(|a| a.place)
        {
            // chan_sip reads the second section over the first one; the last word on each device counts.
            self.aors.remove(&name);
            findings.add(
                Diagnostic::new(
                    "C022",
                    format!("`[{shown}]` is written twice"),
                    section.span,
                )
                .label("this one counts")
                .also(place, "this one is left out"),
            );
        }
        if device.codecs.is_empty() {
            findings.add(
                Diagnostic::new(
                    "C027",
                    format!("`{shown}` is left without a codec"),
                    section.span,
                )
                .label("every call with it fails with 488")
                .help("add `allow=ulaw` or `allow=alaw`"),
            );
        }
        let protocol = device.protocols.first().copied().unwrap_or(Protocol::Udp);
        if device.dynamic && role == Role::User {
            device.dynamic = false;
        }
        let contact = |host: &Host, port: u16| {
            let host = Host {
                port: if host.port == 0 { port } else { host.port },
                ..host.clone()
            };
            let user = device
                .default_user
                .as_deref()
                .map(|u| format!("{}@", String::from_utf8_lossy(u)))
                .unwrap_or_default();
            let transport = if protocol == Protocol::Tcp {
                ";transport=tcp"
            } else {
                ""
            };
            format!("sip:{user}{}{transport}", text::uri_host(&host)).into_bytes()
        };
        let fixed = device
            .host
            .as_ref()
            .or(device.default_ip.as_ref().filter(|_| device.dynamic));
        if role != Role::User && (device.dynamic || fixed.is_some()) {
            let aor = Aor {
                name: name.clone(),
                contacts: fixed.map(|h| contact(h, device.port)).into_iter().collect(),
                fallback: device.dynamic,
                max_contacts: u32::from(device.dynamic),
                remove_existing: true,
                default_expiration: self.general.default,
                minimum_expiration: self.general.minimum,
                maximum_expiration: self.general.maximum,
            };
            self.aors.insert(name.clone(), aor);
        }
        let aors = if self.aors.contains_key(&name) {
            vec![name]
        } else {
            Vec::new()
        };
        let unnamed = section.get("host").is_none();
        if unnamed && aors.is_empty() && role != Role::User && !findings.is_open() {
            findings.add(
                Diagnostic::new("C022", format!("`{shown}` cannot be called"), section.span)
                    .label("it has no `host=`: `host=dynamic` lets it register"),
            );
        }
        let mut addresses: Vec<Host> = device.host.iter().cloned().collect();
        for host in &mut addresses {
            host.port = if host.port == 0 {
                device.port
            } else {
                host.port
            };
        }
        let inbound = device
            .md5_secret
            .clone()
            .map(Secret::Md5)
            .or_else(|| device.secret.clone().map(Secret::Password));
        let outward = device
            .remote_secret
            .clone()
            .map(Secret::Password)
            .or_else(|| inbound.clone());
        let outbound_user = device
            .default_user
            .clone()
            .unwrap_or_else(|| section.name.clone());
        let credential = |username: Vec<u8>, secret| Credential {
            username,
            realm: None,
            secret,
            algorithms: vec![Algorithm::Md5],
        };
        let mut outbound: Vec<Credential> = outward
            .map(|s| credential(outbound_user, s))
            .into_iter()
            .collect();
        outbound.extend(self.general.outbound.iter().cloned());
        let account = Account {
            name: section.name.clone(),
            technology: Technology::Sip,
            role,
            place: Some(section.span),
            message_context: device
                .message_context
                .unwrap_or_else(|| device.context.clone()),
            context: device.context,
            accepts_messages: device.accepts_messages,
            overlap: device.overlap,
            caller_id: device.caller_id,
            codecs: device.codecs,
            dtmf: device.dtmf,
            nat: device.nat,
            variables: device.variables,
            credentials: inbound
                .map(|s| credential(section.name.clone(), s))
                .into_iter()
                .collect(),
            outbound,
            insecure: device.insecure,
            challenge_messages: device.challenge_messages,
            by_user: role != Role::Peer,
            addresses,
            aors,
            acl,
            transport: None,
            protocol,
            protocols: device.protocols,
            from_user: device.from_user,
            from_domain: device.from_domain,
            language: device.language,
            account_code: device.account_code,
        };
        match twin.and_then(|at| self.accounts.get_mut(at)) {
            Some(old) => *old = account,
            None => {
                self.places
                    .insert(section.name.clone(), self.accounts.len());
                self.accounts.push(account);
            }
        }
    }
}

impl General {
    /// The socket that chan_sip opens without being asked.
    pub(super) fn default_listener() -> Listener {
        Listener {
            name: b"udp".to_vec(),
            protocol: Protocol::Udp,
            technology: Technology::Sip,
            bind: SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 5060),
            place: None,
        }
    }

    /// The account of callers that nobody knows, as `[general]` describes it. It is named after no section.
    pub(super) fn nobody(&self) -> Account {
        let device = self.device.clone();
        Account {
            name: Vec::new(),
            technology: Technology::Sip,
            role: Role::Guest,
            place: None,
            message_context: device
                .message_context
                .unwrap_or_else(|| device.context.clone()),
            context: device.context,
            accepts_messages: device.accepts_messages,
            overlap: device.overlap,
            caller_id: CallerId::default(),
            codecs: device.codecs,
            dtmf: device.dtmf,
            nat: device.nat,
            variables: Vec::new(),
            credentials: Vec::new(),
            outbound: self.outbound.clone(),
            insecure: Insecure::default(),
            challenge_messages: false,
            by_user: false,
            addresses: Vec::new(),
            aors: Vec::new(),
            acl: Vec::new(),
            transport: None,
            protocol: device.protocols.first().copied().unwrap_or(Protocol::Udp),
            protocols: Vec::new(),
            from_user: device.from_user,
            from_domain: device.from_domain,
            language: device.language,
            account_code: device.account_code,
        }
    }
}

/// `user:secret@realm` or `user#md5@realm`.
fn realm_credential(value: &Value, findings: &mut Findings) -> Option<Credential> {
    let bytes = value.text.bytes();
    let parsed = bytes.iter().rposition(|b| *b == b'@').and_then(|at| {
        let (who, realm) = (&bytes[..at], &bytes[at + 1..]);
        let split = who.iter().position(|b| matches!(b, b':' | b'#'))?;
        let secret = who[split + 1..].to_vec();
        let secret = if who[split] == b'#' {
            Secret::Md5(secret)
        } else {
            Secret::Password(secret)
        };
        Some(Credential {
            username: who[..split].to_vec(),
            realm: Some(realm.to_vec()),
            secret,
            algorithms: vec![Algorithm::Md5],
        })
    });
    if parsed.is_none() {
        findings.bad_value(value, "`user:secret@realm` or `user#md5@realm`");
    }
    parsed
}
