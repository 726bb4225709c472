//! One device: its endpoint, auth, aor and identify.

use std::collections::BTreeSet;

use strowger_compiler::conf::line::{Section, Value, boolean};

use super::general::{Carrier, General, Transports};
use super::object::Object;
use super::options::{self, Place};
use super::register::Register;
use crate::config::keys::{self, Level};
use crate::config::text;

/// What all devices share.
pub(super) struct Shared<'a> {
    pub(super) general: &'a General<'a>,
    pub(super) transports: &'a Transports,
    /// Names of the auths for calls out, by realm.
    pub(super) realm_auths: &'a [Vec<u8>],
    /// Name of the template of aors at which phones register.
    pub(super) dynamic_aor: &'a [u8],
    /// The realm of challenges.
    pub(super) realm: &'a [u8],
    /// Names that sections have.
    pub(super) names: &'a BTreeSet<Vec<u8>>,
}

/// A device as it is written.
pub(super) struct Written<'a> {
    pub(super) section: &'a Section,
    /// `[general]` of `users.conf`, for a user.
    pub(super) users: Option<&'a General<'a>>,
    /// Templates of the new file from which its endpoint copies.
    pub(super) bases: Vec<Vec<u8>>,
    /// Are values that it copied written at the device? Else its templates have them.
    pub(super) flat: bool,
    pub(super) comments: Vec<Vec<u8>>,
}

/// What becomes of a device.
#[derive(Debug, Default)]
pub(super) struct Made {
    pub(super) objects: Vec<Object>,
    pub(super) remarks: Vec<String>,
    /// `callbackextension` and `registersip`.
    pub(super) register: Option<Register>,
    /// It has a fixed address and is known by it.
    pub(super) identified: bool,
    /// It is found by the user of From.
    pub(super) by_name: bool,
    /// Where it is called, for registrations that lead there.
    pub(super) host: Option<Vec<u8>>,
}

/// The lines of an endpoint that these values stand for.
pub(super) fn lines<'a>(values: impl Iterator<Item = &'a Value>, object: &mut Object) {
    for value in values {
        let key = value.key.lossy().to_ascii_lowercase();
        if let Place::Endpoint(lines, _) = options::place(&key, value.text.bytes()) {
            for (to, text) in lines {
                object.put(to, text);
            }
        }
    }
}

impl Written<'_> {
    /// The last value that counts for it, of these names.
    fn value(&self, shared: &Shared<'_>, names: &[&str]) -> Option<Vec<u8>> {
        let own = self
            .section
            .values
            .iter()
            .rev()
            .find(|v| names.iter().any(|n| v.is(n)));
        let shared_with_general =
            |v: &&Value| keys::sip(v.key.bytes()).is_some_and(|(_, level)| level == Level::Both);
        own.or_else(|| self.users.and_then(|u| u.last(names)))
            .or_else(|| shared.general.last(names).filter(shared_with_general))
            .map(|v| v.text.bytes().to_vec())
            .filter(|t| !t.is_empty())
    }

    fn yes(&self, shared: &Shared<'_>, name: &str) -> bool {
        self.value(shared, &[name]).as_deref().and_then(boolean) == Some(true)
    }

    fn has_word(&self, shared: &Shared<'_>, name: &str, wanted: &[&str]) -> bool {
        let value = self.value(shared, &[name]).unwrap_or_default();
        text::words(&value).any(|w| wanted.iter().any(|x| w.eq_ignore_ascii_case(x.as_bytes())))
    }

    /// Makes its objects.
    pub(super) fn made(&self, shared: &Shared<'_>) -> Made {
        let mut out = Made::default();
        let name = &self.section.name;
        let kind = self.value(shared, &["type"]).unwrap_or_default();
        let is_user = kind.eq_ignore_ascii_case(b"user");
        let is_peer = kind.eq_ignore_ascii_case(b"peer");
        let host = self.value(shared, &["host"]).filter(|_| !is_user);
        let dynamic = host
            .as_deref()
            .is_some_and(|h| h.eq_ignore_ascii_case(b"dynamic"));
        let fixed = host.as_deref().filter(|_| !dynamic).and_then(text::host);
        let open_calls = self.has_word(shared, "insecure", &["invite", "very"]);
        let open_port = self.has_word(shared, "insecure", &["port", "very", "yes"]);
        let carriers: Vec<Carrier> = self
            .value(shared, &["transport"])
            .map(|t| text::words(&t).filter_map(Carrier::parse).collect())
            .unwrap_or_default();
        let first = carriers.first().copied().unwrap_or(Carrier::Udp);
        let default_user = self.value(shared, &["defaultuser", "username"]);

        let mut endpoint = Object {
            name: name.clone(),
            bases: self.bases.clone(),
            comments: self.comments.clone(),
            ..Object::default()
        };
        if let Some(words) = self.value(shared, &["description"]) {
            endpoint.comments.push([b"; ", words.as_slice()].concat());
        }
        let own = self
            .section
            .values
            .iter()
            .filter(|v| self.flat || !v.inherited);
        lines(own, &mut endpoint);
        if let Some(caller) = self.caller_id() {
            endpoint.put("callerid", caller);
        }
        if first != Carrier::Udp {
            match shared.transports.of(first) {
                Some(transport) => endpoint.put("transport", transport),
                None => out.remarks.push(format!(
                    "it is reached by {}, for which sip.conf opens no socket",
                    first.word()
                )),
            }
        }
        if dynamic && self.rewrites(shared) {
            endpoint.put("rewrite_contact", "yes");
        }
        self.encryption(shared, &mut endpoint);
        self.video(shared, &mut endpoint);

        // Who may speak for it.
        let secret = self.secret(shared, name, &["md5secret"], &["secret"]);
        let asks = secret.is_some() && !(open_calls && fixed.is_some());
        let by_address = fixed.is_some() && (is_peer || !asks);
        if by_address {
            endpoint.put("identify_by", "ip");
        } else if dynamic || is_user {
            endpoint.put("identify_by", "username");
        }
        out.by_name = !by_address;
        out.identified = fixed.is_some();
        if by_address && !is_peer {
            out.remarks.push(
                "it is known by its address only: chan_sip took calls of that name from anywhere, without a password".to_owned(),
            );
        }
        if dynamic && is_peer {
            out.remarks.push(
                "its calls are found by the user of From: pjsip does not compare them with the registered address".to_owned(),
            );
        }
        if dynamic && open_calls && secret.is_some() {
            out.remarks.push(
                "`insecure=invite` is not kept: an endpoint with a password has its calls challenged too".to_owned(),
            );
        }
        if fixed.is_some() && !open_port {
            out.remarks
                .push("pjsip compares the address of its requests and not the port".to_owned());
        }
        let mut auths = Vec::new();
        if asks && let Some(mut auth) = secret.clone() {
            auth.name.clone_from(name);
            endpoint.put("auth", name);
            auths.push(auth);
        }
        if !is_user && (fixed.is_some() || dynamic) {
            let user = default_user.clone().unwrap_or_else(|| name.clone());
            let outward = self
                .secret(shared, &user, &[], &["remotesecret"])
                .or_else(|| self.secret(shared, &user, &["md5secret"], &["secret"]));
            let mut names: Vec<Vec<u8>> = Vec::new();
            if let Some(mut outward) = outward {
                let twin = auths.iter().find(|a| a.lines == outward.lines);
                match twin {
                    Some(twin) => names.push(twin.name.clone()),
                    None => {
                        outward.name.clone_from(name);
                        while shared.names.contains(&outward.name) {
                            outward.name.extend_from_slice(b"-out");
                        }
                        names.push(outward.name.clone());
                        auths.push(outward);
                    }
                }
            }
            names.extend(shared.realm_auths.iter().cloned());
            if !names.is_empty() {
                endpoint.put("outbound_auth", names.join(&b','));
            }
        }

        // Where it is reached.
        let mailboxes = self.mailboxes(shared);
        let at_aor = self.yes(shared, "subscribemwi");
        if let Some(boxes) = mailboxes.as_ref().filter(|_| !at_aor) {
            endpoint.put("mailboxes", boxes);
        }
        let mut aor = Object::new(name, "aor");
        if dynamic {
            aor.lines.clear();
            aor.bases.push(shared.dynamic_aor.to_vec());
        }
        if let Some(mut fixed) = fixed.clone() {
            if fixed.port == 0 {
                // A value that is no port leaves the one before it.
                let port = |t: &[u8]| std::str::from_utf8(t).ok()?.parse().ok();
                let own = self.section.values.iter().rev().filter(|v| v.is("port"));
                fixed.port = own
                    .map(|v| v.text.bytes())
                    .find_map(port)
                    .or_else(|| port(&self.value(shared, &["port"])?))
                    .unwrap_or(0);
            }
            let mut contact = b"sip:".to_vec();
            if let Some(user) = &default_user {
                contact.extend_from_slice(user);
                contact.push(b'@');
            }
            contact.extend(text::uri_host(&fixed).into_bytes());
            if first != Carrier::Udp {
                contact.extend(format!(";transport={}", first.word()).into_bytes());
            }
            aor.put("contact", contact);
            out.host = Some(fixed.name);
        }
        if dynamic || fixed.is_some() {
            self.reach(shared, &mut aor, &mut out.remarks);
            if let Some(boxes) = mailboxes.filter(|_| at_aor) {
                aor.put("mailboxes", boxes);
            }
            endpoint.put("aors", name);
        }
        out.register = self.register(shared, name, default_user.as_deref(), fixed.as_ref(), first);
        out.objects.push(endpoint);
        out.objects.extend(auths);
        if dynamic || fixed.is_some() {
            out.objects.push(aor);
        }
        if let Some(fixed) = fixed {
            let mut identify = Object::new(name, "identify");
            identify.put("endpoint", name);
            identify.put("match", fixed.name);
            out.objects.push(identify);
        }
        out
    }

    /// Pings and what else belongs to the way to it.
    fn reach(&self, shared: &Shared<'_>, aor: &mut Object, remarks: &mut Vec<String>) {
        let qualify = self.value(shared, &["qualify"]).unwrap_or_default();
        let milliseconds: Option<u32> = match boolean(&qualify) {
            Some(true) => Some(2000),
            Some(false) => None,
            None => std::str::from_utf8(&qualify)
                .ok()
                .and_then(|t| t.parse().ok())
                .filter(|n| *n > 0),
        };
        if let Some(ms) = milliseconds {
            let often = self.value(shared, &["qualifyfreq"]);
            let often: u32 = often
                .and_then(|f| std::str::from_utf8(&f).ok()?.parse().ok())
                .filter(|n| *n > 0)
                .unwrap_or(60);
            aor.put("qualify_frequency", often.to_string());
            aor.put("qualify_timeout", (f64::from(ms) / 1000.0).to_string());
        }
        if self.yes(shared, "supportpath") {
            aor.put("support_path", "yes");
        }
        let proxy = self.value(shared, &["outboundproxy"]);
        if let Some(uri) = proxy.as_deref().and_then(options::proxy) {
            aor.put("outbound_proxy", uri);
        }
        if self.value(shared, &["defaultip"]).is_some() {
            remarks.push("before it has registered it is not called at its `defaultip`".to_owned());
        }
    }

    /// The lines of an auth, without a name; the first group of keys holds hashes, the second passwords.
    fn secret(
        &self,
        shared: &Shared<'_>,
        user: &[u8],
        hashes: &[&str],
        passwords: &[&str],
    ) -> Option<Object> {
        let hash = Some(hashes).filter(|h| !h.is_empty());
        if let Some(hash) = hash.and_then(|h| self.value(shared, h)) {
            let mut out = Object::new(b"", "auth");
            out.put("auth_type", "md5");
            out.put("username", user);
            out.put("md5_cred", hash.to_ascii_lowercase());
            out.put("realm", shared.realm);
            return Some(out);
        }
        let password = self.value(shared, passwords)?;
        let mut out = Object::new(b"", "auth");
        out.put("auth_type", "userpass");
        out.put("username", user);
        out.put("password", password);
        Some(out)
    }

    /// `callerid`, over which `fullname` and `cid_number` go as they stand in the file.
    fn caller_id(&self) -> Option<Vec<u8>> {
        let mut caller = text::caller_id(&[]);
        let users = self.users.into_iter().flat_map(|u| u.0.iter().copied());
        for value in users.chain(&self.section.values) {
            let bytes = value.text.bytes();
            let some = (!bytes.is_empty()).then(|| bytes.to_vec());
            if value.is("callerid") {
                caller = text::caller_id(bytes);
            } else if value.is("fullname") {
                caller.name = some;
            } else if value.is("cid_number") {
                caller.number = some;
            }
        }
        match (caller.name, caller.number) {
            (None, None) => None,
            (Some(name), Some(number)) => {
                Some([b"\"", name.as_slice(), b"\" <", &number, b">"].concat())
            }
            (Some(name), None) => Some([b"\"", name.as_slice(), b"\" <>"].concat()),
            (None, Some(number)) => Some([b"<", number.as_slice(), b">"].concat()),
        }
    }

    /// Is it called where its requests come from?
    fn rewrites(&self, shared: &Shared<'_>) -> bool {
        self.value(shared, &["nat"]).is_none_or(|nat| {
            text::words(&nat).any(|w| {
                ["yes", "force_rport", "auto_force_rport", "route"]
                    .iter()
                    .any(|x| w.eq_ignore_ascii_case(x.as_bytes()))
            })
        })
    }

    fn encryption(&self, shared: &Shared<'_>, endpoint: &mut Object) {
        if self.yes(shared, "dtlsenable") {
            endpoint.put("media_encryption", "dtls");
        } else if self.yes(shared, "encryption") {
            endpoint.put("media_encryption", "sdes");
        }
    }

    /// chan_sip offers pictures only where `videosupport` says so; an endpoint offers what `allow` names.
    fn video(&self, shared: &Shared<'_>, endpoint: &mut Object) {
        let support = self.value(shared, &["videosupport"]).unwrap_or_default();
        if boolean(&support) == Some(true) || support.eq_ignore_ascii_case(b"always") {
            return;
        }
        let mut named: Vec<&str> = Vec::new();
        let general = shared.general.0.iter().copied();
        let users = self.users.into_iter().flat_map(|u| u.0.iter().copied());
        for value in general.chain(users).chain(&self.section.values) {
            let allow = value.is("allow");
            if !allow && !value.is("disallow") {
                continue;
            }
            let lower = value.text.bytes().to_ascii_lowercase();
            for word in lower.split(|b| matches!(b, b',' | b'&' | b'|')) {
                let word = word.trim_ascii();
                if word == b"all" {
                    named.clear();
                    if allow {
                        named.extend(options::VIDEO);
                    }
                } else if let Some(known) = options::VIDEO.iter().find(|v| word == v.as_bytes()) {
                    named.retain(|n| n != known);
                    if allow {
                        named.push(known);
                    }
                }
            }
        }
        if !named.is_empty() {
            endpoint.put("disallow", named.join(","));
        }
    }

    /// Mailboxes, each with its context.
    fn mailboxes(&self, shared: &Shared<'_>) -> Option<Vec<u8>> {
        let named = self.value(shared, &["mailbox"]).or_else(|| {
            let user = self.users.is_some() && self.yes(shared, "hasvoicemail");
            user.then(|| self.section.name.clone())
        })?;
        let all: Vec<Vec<u8>> = text::words(&named)
            .map(|m| match m.contains(&b'@') {
                true => m.to_vec(),
                false => [m, b"@default"].concat(),
            })
            .collect();
        (!all.is_empty()).then(|| all.join(&b','))
    }

    fn register(
        &self,
        shared: &Shared<'_>,
        name: &[u8],
        user: Option<&[u8]>,
        host: Option<&crate::config::Host>,
        carrier: Carrier,
    ) -> Option<Register> {
        let back = self.value(shared, &["callbackextension"]);
        let signs = self.users.is_some() && self.yes(shared, "registersip");
        if back.is_none() && !signs {
            return None;
        }
        let host = host?;
        Some(Register {
            peer: Some(name.to_vec()),
            carrier,
            user: user.unwrap_or(name).to_vec(),
            domain: None,
            secret: self
                .value(shared, &["remotesecret"])
                .or_else(|| self.value(shared, &["secret"])),
            auth_user: None,
            host: host.name.clone(),
            port: Some(host.port).filter(|p| *p > 0),
            extension: back,
            expiry: None,
        })
    }
}
