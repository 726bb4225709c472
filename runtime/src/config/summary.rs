//! What an exchange will do, in a few lines for people: addresses, accounts, contexts. Secrets never appear.

use std::fmt;

use super::account::{Account, Dtmf, Role, Technology};
use super::{Config, StoreChoice};

impl fmt::Display for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for listener in &self.listeners {
            writeln!(
                f,
                "listen  {} {}",
                listener.protocol.name().to_ascii_lowercase(),
                listener.bind
            )?;
        }
        writeln!(f, "audio   {}", self.rtp.carries())?;
        let realm = String::from_utf8_lossy(self.accounts.realm());
        writeln!(f, "realm   {realm}")?;
        match &self.options.store {
            StoreChoice::Memory => writeln!(f, "store   memory")?,
            StoreChoice::At(path) => writeln!(f, "store   {}", path.display())?,
            StoreChoice::File => {}
        }
        for account in self.accounts.iter() {
            writeln!(f, "{}", Line(account))?;
        }
        for rule in self.accounts.identifies() {
            let networks = rule
                .networks
                .iter()
                .map(|n| format!("{}/{}", n.address, n.bits));
            let hosts = rule
                .hosts
                .iter()
                .map(|h| String::from_utf8_lossy(&h.name).into_owned());
            let all: Vec<String> = networks.chain(hosts).collect();
            writeln!(
                f,
                "from    {} is PJSIP/{}",
                all.join(", "),
                String::from_utf8_lossy(&rule.endpoint)
            )?;
        }
        let mut aors: Vec<_> = self
            .accounts
            .aors()
            .filter(|a| !a.contacts.is_empty())
            .collect();
        aors.sort_by(|a, b| a.name.cmp(&b.name));
        for aor in aors {
            let contacts: Vec<_> = aor
                .contacts
                .iter()
                .map(|c| String::from_utf8_lossy(c))
                .collect();
            writeln!(f, "at      {} {}", aor.name, contacts.join(", "))?;
        }
        match self.accounts.guest() {
            Some(guest) => writeln!(
                f,
                "guests  enter context {}",
                String::from_utf8_lossy(&guest.context)
            ),
            None => writeln!(f, "guests  refused"),
        }
    }
}

/// One account on one line.
struct Line<'a>(&'a Account);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let account = self.0;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let mut notes = vec![format!("context {}", text(&account.context))];
        if account.message_context != account.context {
            notes.push(format!("messages {}", text(&account.message_context)));
        }
        if let Some(number) = &account.caller_id.number {
            notes.push(format!("number {}", text(number)));
        }
        if let Some(name) = &account.caller_id.name {
            notes.push(format!("name \"{}\"", text(name)));
        }
        let codecs: Vec<&str> = account.codecs.iter().map(|c| c.name()).collect();
        notes.push(if codecs.is_empty() {
            "no codec".to_owned()
        } else {
            codecs.join("+")
        });
        if account.dtmf != Dtmf::Rfc4733 {
            notes.push(format!("dtmf {:?}", account.dtmf).to_ascii_lowercase());
        }
        if account.technology == Technology::Pjsip || account.protocols.len() != 1 {
            let protocols: Vec<&str> = match account.technology {
                Technology::Sip => account.protocols.iter().map(|p| p.name()).collect(),
                Technology::Pjsip => vec![account.protocol.name()],
            };
            notes.push(protocols.join("+").to_ascii_lowercase());
        }
        for (name, value) in &account.variables {
            notes.push(format!("{}={}", text(name), text(value)));
        }
        if !account.nat.rewrite_contact && !account.nat.comedia {
            // What needs no word.
        } else {
            notes.push("behind a router".to_owned());
        }
        if account.credentials.is_empty() {
            notes.push("NO PASSWORD ASKED".to_owned());
        }
        if account.aors.is_empty() && account.role != Role::User {
            notes.push("cannot be called".to_owned());
        }
        write!(f, "account {} ({})", account.label(), notes.join(", "))
    }
}
