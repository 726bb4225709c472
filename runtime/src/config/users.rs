//! `users.conf`: one section per person. Only its SIP side is read.

use strowger_compiler::conf::line::{self, boolean};

use super::findings::Findings;
use super::keys;
use super::sip::SipConf;
use super::text;

/// Adds the users of the file to what `sip.conf` made.
pub(super) fn read(file: &line::Config, sip: &mut SipConf, findings: &mut Findings) {
    let general: Vec<_> = file.named("general").collect();
    let mut base = sip.general.device.clone();
    for value in general.iter().flat_map(|s| &s.values) {
        match keys::users(value.key.bytes()) {
            Some(fate) => {
                findings.fate("users.conf", value, fate);
                base.set(value, findings);
            }
            None => findings.unknown_key(value, keys::users_names(), "ignored"),
        }
    }
    let everybody = general.iter().any(|s| {
        s.get("hassip")
            .is_some_and(|v| boolean(v.text.bytes()) == Some(true))
    });
    for section in file.sections() {
        if section.name.eq_ignore_ascii_case(b"general")
            || section.name.eq_ignore_ascii_case(b"authentication")
        {
            continue;
        }
        let hassip = section
            .get("hassip")
            .map(|v| boolean(v.text.bytes()) == Some(true));
        if !hassip.unwrap_or(everybody) {
            findings.lacks(
                section,
                "it has no `hassip=yes`, neither here nor in `[general]`",
            );
            continue;
        }
        let mut device = base.clone();
        for value in &section.values {
            match keys::users(value.key.bytes()) {
                Some(fate) => {
                    findings.fate("users.conf", value, fate);
                    device.set(value, findings);
                }
                None => findings.unknown_key(value, keys::users_names(), "ignored"),
            }
        }
        let mut acl: Vec<_> = general
            .iter()
            .flat_map(|s| text::acl(s, findings))
            .collect();
        acl.extend(text::acl(section, findings));
        sip.add(section, device, acl, findings);
    }
}
