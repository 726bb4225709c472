//! One device of `sip.conf` while its keys are read: `[general]` gives the defaults, templates and the section change them.

use strowger_compiler::conf::line::{Value, boolean};
use strowger_compiler::diagnostic::Diagnostic;

use super::account::{CallerId, Codec, Dtmf, Host, Insecure, Nat, Role};
use super::findings::Findings;
use super::text;
use crate::sip::flow::Protocol;

/// The values of a device while its section is read.
#[derive(Debug, Clone)]
pub(super) struct Device {
    pub(super) role: Option<Role>,
    pub(super) context: Vec<u8>,
    pub(super) message_context: Option<Vec<u8>>,
    pub(super) accepts_messages: bool,
    pub(super) overlap: bool,
    pub(super) challenge_messages: bool,
    pub(super) caller_id: CallerId,
    pub(super) codecs: Vec<Codec>,
    pub(super) dtmf: Dtmf,
    pub(super) nat: Nat,
    pub(super) variables: Vec<(Vec<u8>, Vec<u8>)>,
    pub(super) dynamic: bool,
    pub(super) host: Option<Host>,
    pub(super) port: u16,
    pub(super) default_ip: Option<Host>,
    pub(super) default_user: Option<Vec<u8>>,
    pub(super) secret: Option<Vec<u8>>,
    pub(super) md5_secret: Option<Vec<u8>>,
    pub(super) remote_secret: Option<Vec<u8>>,
    pub(super) insecure: Insecure,
    pub(super) protocols: Vec<Protocol>,
    pub(super) from_user: Option<Vec<u8>>,
    pub(super) from_domain: Option<Vec<u8>>,
    pub(super) language: Vec<u8>,
    pub(super) account_code: Vec<u8>,
}

impl Default for Device {
    fn default() -> Device {
        Device {
            role: None,
            context: b"default".to_vec(),
            message_context: None,
            accepts_messages: true,
            overlap: true,
            challenge_messages: true,
            caller_id: CallerId::default(),
            codecs: Codec::ALL.to_vec(),
            dtmf: Dtmf::Rfc4733,
            nat: Nat {
                auto_force_rport: true,
                ..Nat::default()
            },
            variables: Vec::new(),
            dynamic: false,
            host: None,
            port: 0,
            default_ip: None,
            default_user: None,
            secret: None,
            md5_secret: None,
            remote_secret: None,
            insecure: Insecure::default(),
            protocols: vec![Protocol::Udp],
            from_user: None,
            from_domain: None,
            language: Vec::new(),
            account_code: Vec::new(),
        }
    }
}

impl Device {
    /// One key that devices and `[general]` share, or that is the device's own.
    pub(super) fn set(&mut self, value: &Value, findings: &mut Findings) {
        let bytes = value.text.bytes();
        let text = || bytes.to_vec();
        let some = || (!bytes.is_empty()).then(|| bytes.to_vec());
        match value.key.bytes().to_ascii_lowercase().as_slice() {
            b"context" => self.context = text(),
            b"outofcall_message_context" => self.message_context = some(),
            b"accept_outofcall_message" => {
                self.accepts_messages = truth(value, findings).unwrap_or(self.accepts_messages);
            }
            // `dtmf` would collect the missing digits as tones, which is not served.
            b"allowoverlap" if bytes.eq_ignore_ascii_case(b"dtmf") => self.overlap = false,
            b"allowoverlap" => self.overlap = truth(value, findings).unwrap_or(self.overlap),
            b"auth_message_requests" => {
                self.challenge_messages = truth(value, findings).unwrap_or(self.challenge_messages)
            }
            b"insecure" => self.insecure = insecure(value, findings),
            b"nat" => self.nat = nat(value, findings),
            b"transport" => self.protocols = protocols(value, findings),
            b"allow" => text::codecs(&mut self.codecs, value, true, findings),
            b"disallow" => text::codecs(&mut self.codecs, value, false, findings),
            b"dtmfmode" => self.dtmf = dtmf(value, findings).unwrap_or(self.dtmf),
            b"fromuser" => self.from_user = some(),
            b"fromdomain" => self.from_domain = some(),
            b"accountcode" => self.account_code = text(),
            b"language" => self.language = text(),
            b"host" => {
                self.dynamic = bytes.eq_ignore_ascii_case(b"dynamic");
                self.host = None;
                if !self.dynamic {
                    self.host = text::host(bytes);
                    if self.host.is_none() {
                        findings.bad_value(value, "`dynamic`, an address or a host name");
                    }
                }
            }
            b"port" => {
                self.port = number(value, 1, 65_535, findings)
                    .and_then(|n| u16::try_from(n).ok())
                    .unwrap_or(self.port)
            }
            b"defaultip" => {
                self.default_ip = text::host(bytes);
                if self.default_ip.is_none() {
                    findings.bad_value(value, "an address or a host name");
                }
            }
            b"defaultuser" | b"username" => self.default_user = some(),
            b"secret" => self.secret = some(),
            b"remotesecret" => self.remote_secret = some(),
            b"md5secret" => {
                if bytes.len() == 32 && bytes.iter().all(u8::is_ascii_hexdigit) {
                    self.md5_secret = Some(bytes.to_ascii_lowercase());
                } else {
                    findings.bad_value(value, "32 hexadecimal digits");
                    // Nobody can prove a hash that is none; leaving it out would let everybody in.
                    self.md5_secret = Some(Vec::new());
                }
            }
            b"callerid" => self.caller_id = text::caller_id(bytes),
            b"cid_number" => self.caller_id.number = some(),
            b"fullname" => self.caller_id.name = some(),
            b"setvar" => self.variables.extend(text::variable(value, findings)),
            _ => {}
        }
    }
}

/// `yes` or `no`; anything else is reported and `None`.
pub(super) fn truth(value: &Value, findings: &mut Findings) -> Option<bool> {
    let word = boolean(value.text.bytes());
    if word.is_none() {
        findings.bad_value(value, "`yes` or `no`");
    }
    word
}

/// A whole number in a range; anything else is reported and `None`.
pub(super) fn number(value: &Value, least: u32, most: u32, findings: &mut Findings) -> Option<u32> {
    let number = std::str::from_utf8(value.text.bytes())
        .ok()
        .and_then(|t| t.parse::<u32>().ok());
    let number = number.filter(|n| (least..=most).contains(n));
    if number.is_none() {
        let most = if most == u32::MAX {
            "more".to_owned()
        } else {
            most.to_string()
        };
        findings.bad_value(value, &format!("a number from {least} to {most}"));
    }
    number
}

fn insecure(value: &Value, findings: &mut Findings) -> Insecure {
    let mut out = Insecure::default();
    for word in text::words(value.text.bytes()) {
        match word.to_ascii_lowercase().as_slice() {
            b"port" | b"yes" => out.port = true,
            b"invite" => out.invite = true,
            b"very" => {
                out = Insecure {
                    port: true,
                    invite: true,
                }
            }
            b"no" | b"none" => out = Insecure::default(),
            _ => findings.bad_value(value, "`port`, `invite`, both, or `no`"),
        }
    }
    out
}

fn nat(value: &Value, findings: &mut Findings) -> Nat {
    let mut out = Nat::default();
    for word in text::words(value.text.bytes()) {
        match word.to_ascii_lowercase().as_slice() {
            b"yes" => {
                out.force_rport = true;
                out.comedia = true;
            }
            b"force_rport" => out.force_rport = true,
            b"comedia" => out.comedia = true,
            b"auto_force_rport" => out.auto_force_rport = true,
            b"auto_comedia" => out.auto_comedia = true,
            b"no" | b"never" => out = Nat::default(),
            _ => findings.bad_value(
                value,
                "`no`, `force_rport`, `comedia`, `auto_force_rport`, `auto_comedia` or `yes`",
            ),
        }
    }
    // chan_sip calls a phone that it answers at its source port by that address too.
    out.rewrite_contact = out.force_rport;
    out
}

fn protocols(value: &Value, findings: &mut Findings) -> Vec<Protocol> {
    let mut out = Vec::new();
    for word in text::words(value.text.bytes()) {
        match word.to_ascii_lowercase().as_slice() {
            b"udp" => out.push(Protocol::Udp),
            b"tcp" => out.push(Protocol::Tcp),
            b"tls" | b"ws" | b"wss" => {
                let word = String::from_utf8_lossy(word).to_ascii_lowercase();
                if findings.first(format!("transport {word}")) {
                    findings.add(
                        Diagnostic::new(
                            "C026",
                            format!("transport `{word}` is not served"),
                            value.text.span(),
                        )
                        .label("udp and tcp are what there is"),
                    );
                }
            }
            _ => findings.bad_value(value, "`udp`, `tcp` or both with a comma"),
        }
    }
    out.dedup();
    if out.is_empty() {
        vec![Protocol::Udp]
    } else {
        out
    }
}

fn dtmf(value: &Value, findings: &mut Findings) -> Option<Dtmf> {
    Some(match value.text.bytes().to_ascii_lowercase().as_slice() {
        b"rfc2833" | b"rfc4733" => Dtmf::Rfc4733,
        b"inband" => Dtmf::Inband,
        b"info" | b"shortinfo" => Dtmf::Info,
        b"auto" => Dtmf::Auto,
        _ => {
            findings.bad_value(value, "`rfc2833`, `info`, `shortinfo`, `inband` or `auto`");
            return None;
        }
    })
}
