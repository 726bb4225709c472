//! One endpoint of `pjsip.conf`, with the objects that it names.

use std::collections::{HashMap, HashSet};

use strowger_compiler::conf::line::{Section, Value};
use strowger_compiler::diagnostic::Diagnostic;

use super::account::{
    Account, Aor, AorName, CallerId, Codec, Credential, Dtmf, Insecure, Nat, Role, Secret,
    Technology,
};
use super::findings::Findings;
use super::keys::Kind;
use super::listener::Listener;
use super::pjsip::{refuse, truth};
use super::text;
use crate::sip::digest::Algorithm;
use crate::sip::flow::Protocol;

/// What endpoints refer to.
pub(super) struct Known<'a> {
    pub(super) auths: &'a HashMap<&'a [u8], Credential>,
    pub(super) aors: &'a HashMap<&'a [u8], &'a Aor>,
    pub(super) listeners: &'a [Listener],
    /// Every section that says to be of a kind, used or not.
    pub(super) written: &'a HashSet<(Kind, &'a [u8])>,
    /// Those of them that only an Asterisk serves.
    pub(super) unserved: &'a HashSet<(Kind, &'a [u8])>,
}

impl Known<'_> {
    /// Reports a name whose section is there and was left out. One that was never written is reported by the analyser (C008).
    pub(super) fn missing(
        &self,
        kind: Kind,
        name: &[u8],
        value: &Value,
        effect: &str,
        findings: &mut Findings,
    ) {
        if self.written.contains(&(kind, name)) {
            let served = !self.unserved.contains(&(kind, name));
            findings.unusable(kind.word(), name, served, value.text.span(), effect);
        }
    }

    /// The credentials of a list of auth names.
    fn credentials(
        &self,
        value: Option<&Value>,
        effect: &str,
        findings: &mut Findings,
    ) -> Vec<Credential> {
        let mut out = Vec::new();
        if let Some(value) = value {
            for name in text::words(value.text.bytes()) {
                match self.auths.get(name) {
                    Some(credential) => out.push(credential.clone()),
                    None => self.missing(Kind::Auth, name, value, effect, findings),
                }
            }
        }
        out
    }
}

/// Makes the account of an endpoint; `None` if one of its values cannot be used.
pub(super) fn read(
    section: &Section,
    known: &Known<'_>,
    findings: &mut Findings,
) -> Option<Account> {
    let shown = String::from_utf8_lossy(&section.name).into_owned();
    let mut context = b"default".to_vec();
    let mut message_context = None;
    let mut caller_id = CallerId::default();
    let mut codecs: Vec<Codec> = Vec::new();
    let mut dtmf = Dtmf::Rfc4733;
    let mut nat = Nat {
        force_rport: true,
        ..Nat::default()
    };
    let mut overlap = true;
    let mut variables = Vec::new();
    let mut by_user = true;
    let mut transport = None;
    let mut from_user = None;
    let mut from_domain = None;
    let mut language = Vec::new();
    let mut account_code = Vec::new();
    let mut aors = Vec::new();
    for value in &section.values {
        let bytes = value.text.bytes();
        let some = || (!bytes.is_empty()).then(|| bytes.to_vec());
        match value.key.bytes() {
            b"context" => context = bytes.to_vec(),
            b"message_context" => message_context = some(),
            b"callerid" => caller_id = text::caller_id(bytes),
            b"allow" => text::codecs(&mut codecs, value, true, findings),
            b"disallow" => text::codecs(&mut codecs, value, false, findings),
            b"dtmf_mode" => {
                dtmf = match bytes {
                    b"rfc4733" => Dtmf::Rfc4733,
                    b"inband" => Dtmf::Inband,
                    b"info" => Dtmf::Info,
                    b"auto" => Dtmf::Auto,
                    b"auto_info" => Dtmf::AutoInfo,
                    b"none" => Dtmf::None,
                    _ => {
                        refuse(
                            section,
                            value,
                            "`rfc4733`, `inband`, `info`, `auto`, `auto_info` or `none`",
                            findings,
                        );
                        return None;
                    }
                }
            }
            b"force_rport" => nat.force_rport = truth(section, value, findings)?,
            b"rewrite_contact" => nat.rewrite_contact = truth(section, value, findings)?,
            b"rtp_symmetric" => nat.comedia = truth(section, value, findings)?,
            b"allow_overlap" => overlap = truth(section, value, findings)?,
            b"set_var" => variables.extend(text::variable(value, findings)),
            b"identify_by" => by_user = identify_by(value, findings),
            b"transport" => transport = named_transport(value, known, findings),
            b"from_user" => from_user = some(),
            b"from_domain" => from_domain = some(),
            b"language" => language = bytes.to_vec(),
            b"accountcode" => account_code = bytes.to_vec(),
            b"aors" => aors = named_aors(value, known, findings),
            _ => {}
        }
    }
    let auth = section.get("auth").filter(|v| !v.text.is_empty());
    let mut credentials = known.credentials(auth, "nobody can prove to be this endpoint", findings);
    if auth.is_some() && credentials.is_empty() {
        // An empty list would let everybody in; a hash that nobody can have lets nobody in.
        credentials.push(Credential {
            username: Vec::new(),
            realm: None,
            secret: Secret::Md5(Vec::new()),
            algorithms: vec![Algorithm::Md5],
        });
    }
    let out_value = section.get("outbound_auth").filter(|v| !v.text.is_empty());
    let outbound = known.credentials(
        out_value,
        "challenges of the far end cannot be answered",
        findings,
    );
    if auth.is_none() {
        warn_unchallenged(section, &shown, by_user, known, findings);
    }
    if codecs.is_empty() {
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
    let listener = transport
        .as_ref()
        .and_then(|name| known.listeners.iter().find(|l| l.name == *name));
    Some(Account {
        name: section.name.clone(),
        technology: Technology::Pjsip,
        role: Role::Endpoint,
        place: Some(section.span),
        message_context: message_context.unwrap_or_else(|| context.clone()),
        context,
        accepts_messages: true,
        overlap,
        caller_id,
        codecs,
        dtmf,
        nat,
        variables,
        credentials,
        outbound,
        insecure: Insecure::default(),
        challenge_messages: true,
        by_user,
        addresses: Vec::new(),
        aors,
        acl: text::acl(section, findings),
        protocol: listener.map_or(Protocol::Udp, |l| l.protocol),
        transport,
        protocols: Vec::new(),
        from_user,
        from_domain,
        language,
        account_code,
    })
}

/// An endpoint without `auth` is asked for nothing.
fn warn_unchallenged(
    section: &Section,
    shown: &str,
    by_user: bool,
    known: &Known<'_>,
    findings: &mut Findings,
) {
    let registers = section
        .get("aors")
        .into_iter()
        .flat_map(|v| text::words(v.text.bytes()))
        .any(|name| known.aors.get(name).is_some_and(|a| a.max_contacts > 0));
    // An endpoint that registers is the analyser's to report (X819). One found by its address is found by its name too, unless told not to.
    // Who writes an endpoint `anonymous` lets everybody in.
    if registers || !by_user || section.name.starts_with(b"anonymous") {
        return;
    }
    let finding = Diagnostic::new(
        "X819",
        format!("anybody who says to be `{shown}` may call as it"),
        section.span,
    )
    .label("it has no `auth`, and its name in From is enough")
    .help("add `identify_by=ip` so that only its address counts");
    findings.add(finding);
}

fn identify_by(value: &Value, findings: &mut Findings) -> bool {
    let mut by_user = false;
    for word in text::words(value.text.bytes()) {
        match word {
            b"username" => by_user = true,
            b"ip" => {}
            b"auth_username" | b"header" | b"request_uri" => {
                let word = String::from_utf8_lossy(word);
                if findings.first(format!("identify_by {word}")) {
                    findings.add(
                        Diagnostic::new(
                            "C020",
                            format!("`identify_by={word}` is not served yet"),
                            value.text.span(),
                        )
                        .label("endpoints are found by address and by the user of From"),
                    );
                }
            }
            _ => findings.bad_value(value, "`username`, `ip` or both"),
        }
    }
    by_user
}

fn named_transport(value: &Value, known: &Known<'_>, findings: &mut Findings) -> Option<Vec<u8>> {
    let name = value.text.bytes();
    if name.is_empty() {
        return None;
    }
    if known.listeners.iter().any(|l| l.name == name) {
        return Some(name.to_vec());
    }
    known.missing(
        Kind::Transport,
        name,
        value,
        "calls to it go by the protocol that the address names, else UDP",
        findings,
    );
    None
}

fn named_aors(value: &Value, known: &Known<'_>, findings: &mut Findings) -> Vec<AorName> {
    let mut out = Vec::new();
    for name in text::words(value.text.bytes()) {
        if known.aors.contains_key(name) {
            out.push(AorName::new(Technology::Pjsip, name));
        } else {
            known.missing(
                Kind::Aor,
                name,
                value,
                "nothing can register there, and calls to it fail",
                findings,
            );
        }
    }
    out
}
