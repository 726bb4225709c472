//! Functions that tell of endpoints, their addresses of record and their contacts: from the configuration and the registrar.

use crate::config::{Account, Aor, AorName, Technology};
use crate::live::Live;
use crate::registrar::Target;
use std::sync::Arc;
use strowger_stdlib::{args, hash};
use strowger_vm::Text;
use strowger_vm::effect::{Level, Reply};

/// Reads one. `None`: it is not one of these.
pub(crate) fn read(live: &Live, function: &[u8], text: &[u8]) -> Option<Reply> {
    let parts = args::split(text, 3);
    let [name, field, third] = [0, 1, 2].map(|n| args::argument(&parts, n));
    let found = match function {
        b"PJSIP_ENDPOINT" => endpoint(live, name, field),
        b"PJSIP_AOR" => aor(live, name, field),
        b"PJSIP_CONTACT" => contact(live, name, field),
        b"PJSIP_DIAL_CONTACTS" => dial_contacts(live, name, field, third),
        b"SIPPEER" => peer(live, name, field),
        _ => return None,
    };
    Some(match found {
        Ok(value) => Reply::value(value),
        Err(why) => {
            let text = format!("{}: {why}", String::from_utf8_lossy(function));
            live.note(Level::Warning, "no-endpoint", &text);
            Reply::done()
        }
    })
}

/// Where an account can be reached now.
pub(super) fn contacts(live: &Live, account: &Account) -> Vec<Target> {
    let now = live.shared.clock.now();
    let registrar = live.shared.registrar();
    aors(live, account)
        .iter()
        .flat_map(|aor| registrar.contacts_for(now, aor))
        .collect()
}

fn aors(live: &Live, account: &Account) -> Vec<Arc<Aor>> {
    let config = live.shared.config();
    let names = account.aors.iter();
    let known = names.filter_map(|name| config.accounts.aor(name));
    known.map(Arc::clone).collect()
}

fn pjsip(live: &Live, name: &[u8]) -> Result<Arc<Account>, String> {
    let config = live.shared.config();
    let found = config
        .accounts
        .find(Technology::Pjsip, name)
        .map(Arc::clone);
    found.ok_or_else(|| format!("there is no endpoint `{}`", name.escape_ascii()))
}

fn yes(is_so: bool) -> Text {
    if is_so {
        b"yes".to_vec()
    } else {
        b"no".to_vec()
    }
}

fn no_field(field: &[u8]) -> String {
    format!("`{}` is not told here", field.escape_ascii())
}

/// `PJSIP_ENDPOINT(name,field)`.
fn endpoint(live: &Live, name: &[u8], field: &[u8]) -> Result<Text, String> {
    let account = pjsip(live, name)?;
    let text = |text: &Option<Text>| text.clone().unwrap_or_default();
    Ok(match field {
        b"aors" => names(account.aors.iter().map(|aor| aor.name.as_slice())),
        b"context" => account.context.clone(),
        b"message_context" => account.message_context.clone(),
        b"allow" => names(account.codecs.iter().map(|codec| codec.name().as_bytes())),
        b"transport" => text(&account.transport),
        b"from_user" => text(&account.from_user),
        b"from_domain" => text(&account.from_domain),
        b"language" => account.language.clone(),
        b"accountcode" => account.account_code.clone(),
        b"callerid" => {
            let name = text(&account.caller_id.name);
            let number = text(&account.caller_id.number);
            if name.is_empty() && number.is_empty() {
                b"<unknown>".to_vec()
            } else {
                [b"\"", name.as_slice(), b"\" <", &number, b">"].concat()
            }
        }
        b"force_rport" => yes(account.nat.force_rport),
        b"rewrite_contact" => yes(account.nat.rewrite_contact),
        b"rtp_symmetric" => yes(account.nat.comedia),
        field => return Err(no_field(field)),
    })
}

fn names<'n>(names: impl Iterator<Item = &'n [u8]>) -> Text {
    names.collect::<Vec<_>>().join(&b',')
}

/// `PJSIP_AOR(name,field)`.
fn aor(live: &Live, name: &[u8], field: &[u8]) -> Result<Text, String> {
    let known = AorName::new(Technology::Pjsip, name);
    let config = live.shared.config();
    let Some(aor) = config.accounts.aor(&known) else {
        return Err(format!(
            "there is no address of record `{}`",
            name.escape_ascii()
        ));
    };
    let number = |n: u32| n.to_string().into_bytes();
    Ok(match field {
        b"contact" => {
            let now = live.shared.clock.now();
            let targets = live.shared.registrar().contacts_for(now, aor);
            let names: Vec<Text> = targets.iter().map(|to| contact_name(name, to)).collect();
            names.join(&b',')
        }
        b"max_contacts" => number(aor.max_contacts),
        b"default_expiration" => number(aor.default_expiration),
        b"minimum_expiration" => number(aor.minimum_expiration),
        b"maximum_expiration" => number(aor.maximum_expiration),
        b"remove_existing" => yes(aor.remove_existing),
        field => return Err(no_field(field)),
    })
}

/// The name of a contact: its address of record, how it came to be there, and a digest of its URI.
fn contact_name(aor: &[u8], to: &Target) -> Text {
    let mark: &[u8] = if to.came_by.is_some() { b";@" } else { b"@@" };
    [aor, mark, &hash::hex(&hash::md5(&to.uri))].concat()
}

/// `PJSIP_CONTACT(name,field)`, by a name that PJSIP_AOR(...,contact) gave.
fn contact(live: &Live, name: &[u8], field: &[u8]) -> Result<Text, String> {
    let unknown = || format!("there is no contact `{}`", name.escape_ascii());
    let cut = name
        .windows(2)
        .rposition(|mark| mark == b";@" || mark == b"@@")
        .ok_or_else(unknown)?;
    let owner = AorName::new(Technology::Pjsip, &name[..cut]);
    let config = live.shared.config();
    let aor = config.accounts.aor(&owner).ok_or_else(unknown)?;
    let now = live.shared.clock.now();
    let targets = live.shared.registrar().contacts_for(now, aor);
    let target = targets
        .iter()
        .find(|to| contact_name(&owner.name, to) == name)
        .ok_or_else(unknown)?;
    Ok(match field {
        b"uri" => target.uri.to_vec(),
        b"aor" => owner.name,
        // Nobody asks them whether they are there.
        b"status" => b"NonQualified".to_vec(),
        field => return Err(no_field(field)),
    })
}

/// `PJSIP_DIAL_CONTACTS(endpoint[,aor[,user]])`: what to give to Dial to reach every contact.
fn dial_contacts(live: &Live, name: &[u8], aor: &[u8], user: &[u8]) -> Result<Text, String> {
    let account = pjsip(live, name)?;
    let now = live.shared.clock.now();
    let registrar = live.shared.registrar();
    let mut dial: Vec<Text> = Vec::new();
    for known in aors(live, &account) {
        if !aor.is_empty() && known.name.name != aor {
            continue;
        }
        for to in registrar.contacts_for(now, &known) {
            let at: &[u8] = if user.is_empty() { b"" } else { b"@" };
            dial.push([b"PJSIP/", user, at, name, b"/", &to.uri].concat());
        }
    }
    Ok(dial.join(&b'&'))
}

/// `SIPPEER(peer,item)`.
fn peer(live: &Live, name: &[u8], item: &[u8]) -> Result<Text, String> {
    let config = live.shared.config();
    let Some(account) = config.accounts.find(Technology::Sip, name) else {
        return Err(format!("there is no peer `{}`", name.escape_ascii()));
    };
    let text = |text: &Option<Text>| text.clone().unwrap_or_default();
    let address = || {
        let targets = contacts(live, account);
        let flow = targets.iter().find_map(|to| to.came_by.or(to.flow));
        flow.map(|flow| flow.remote)
    };
    Ok(match item.to_ascii_lowercase().as_slice() {
        b"ip" | b"" => address().map_or_else(|| b"(null)".to_vec(), |a| a.ip().to_string().into()),
        b"port" => address().map_or_else(|| b"0".to_vec(), |a| a.port().to_string().into()),
        b"status" => {
            if contacts(live, account).is_empty() {
                b"UNKNOWN".to_vec()
            } else {
                b"Unmonitored".to_vec()
            }
        }
        b"dynamic" => yes(aors(live, account).iter().any(|aor| aor.max_contacts > 0)),
        b"context" => account.context.clone(),
        b"language" => account.language.clone(),
        b"accountcode" => account.account_code.clone(),
        b"callerid_name" => text(&account.caller_id.name),
        b"callerid_num" => text(&account.caller_id.number),
        b"codecs" => names(account.codecs.iter().map(|codec| codec.name().as_bytes())),
        item => return Err(no_field(item)),
    })
}
