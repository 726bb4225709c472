//! Whether the accounts of the new file are those of the old ones, as our own reader understands both.

use std::collections::BTreeSet;

use strowger_compiler::diagnostic::Level;
use strowger_compiler::source::Sources;

use crate::config::{
    self, Account, Accounts, Aor, Config, Credential, Host, Role, Secret, Technology,
};
use crate::sip::flow::Protocol;

/// Something that the new file makes otherwise. No secret is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The device, or `the exchange`.
    pub about: String,
    /// What differs.
    pub what: &'static str,
    /// As it was.
    pub before: String,
    /// As it is.
    pub after: String,
}

/// What a comparison found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Compared {
    /// Devices that were compared.
    pub devices: usize,
    /// Those of them that are the same in every respect.
    pub same: usize,
    /// What differs, in the order of the devices.
    pub differences: Vec<Difference>,
    /// Errors that our reader has with the new file, by code and title.
    pub errors: Vec<String>,
}

/// Reads both and compares.
pub(super) fn differences(sources: &Sources, text: &[u8]) -> Compared {
    let mut old = Sources::new();
    // A pjsip.conf that is there already is another matter.
    for (_, file) in sources.files() {
        if file.name() != "pjsip.conf" && file.name() != "strowger.toml" {
            old.add(file.name(), file.bytes());
        }
    }
    for file in ["sip.conf", "users.conf"] {
        let Some(id) = sources.find(file) else {
            continue;
        };
        for pattern in strowger_compiler::conf::line::read(sources, id).requests {
            let found = sources.resolve(&pattern);
            let ids = found
                .iter()
                .filter_map(|id| old.find(sources.file(*id).name()))
                .collect();
            old.answer(&pattern, ids);
        }
    }
    let new = Sources::new().with("pjsip.conf", text);
    let (old, _) = config::understand(&old);
    let (new, findings) = config::understand(&new);
    let mut out = Compared {
        errors: findings
            .iter()
            .filter(|f| f.level == Level::Error)
            .map(|f| format!("{}: {}", f.code, f.message))
            .collect(),
        ..Compared::default()
    };
    exchange(&old, &new, &mut out);
    for account in old
        .accounts
        .iter()
        .filter(|a| a.technology == Technology::Sip)
    {
        let before = out.differences.len();
        device(account, &old.accounts, &new.accounts, &mut out);
        out.devices += 1;
        out.same += usize::from(out.differences.len() == before);
    }
    for account in new.accounts.iter() {
        let known = old.accounts.find(Technology::Sip, &account.name).is_some();
        if !known && account.name != b"anonymous" {
            let name = shown(&account.name);
            put(&mut out, &name, "the device", "not there", "there");
        }
    }
    out
}

fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn put(
    out: &mut Compared,
    about: &str,
    what: &'static str,
    before: impl Into<String>,
    after: impl Into<String>,
) {
    let (before, after) = (before.into(), after.into());
    if before != after {
        out.differences.push(Difference {
            about: about.to_owned(),
            what,
            before,
            after,
        });
    }
}

fn exchange(old: &Config, new: &Config, out: &mut Compared) {
    const ABOUT: &str = "the exchange";
    let sockets = |config: &Config| {
        let all: BTreeSet<String> = config
            .listeners
            .iter()
            .map(|l| format!("{} {}", l.protocol.name().to_ascii_lowercase(), l.bind))
            .collect();
        all.into_iter().collect::<Vec<_>>().join(", ")
    };
    put(out, ABOUT, "sockets", sockets(old), sockets(new));
    let guests = |config: &Config| match config.accounts.guest() {
        Some(guest) => format!(
            "enter context {}, codecs {}",
            shown(&guest.context),
            codecs(guest)
        ),
        None => "refused".to_owned(),
    };
    put(out, ABOUT, "unknown callers", guests(old), guests(new));
    let realm = |config: &Config| shown(config.accounts.realm());
    put(out, ABOUT, "realm", realm(old), realm(new));
    let t1 = |config: &Config| config.sip.t1.to_string();
    put(out, ABOUT, "timer T1", t1(old), t1(new));
}

fn codecs(account: &Account) -> String {
    let names: Vec<&str> = account.codecs.iter().map(|c| c.name()).collect();
    names.join(", ")
}

fn word(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}

fn texts<'a>(all: impl Iterator<Item = &'a [u8]>) -> String {
    all.map(shown).collect::<Vec<_>>().join(", ")
}

/// User, realm, and a secret that is told apart from others and never told.
type Proof = (Vec<u8>, Option<Vec<u8>>, Vec<u8>);

/// Who may prove what.
fn proofs(all: &[Credential], realm: &[u8]) -> BTreeSet<Proof> {
    let one = |c: &Credential| {
        let (secret, own) = match &c.secret {
            Secret::Password(p) => ([b"p".as_slice(), p].concat(), c.realm.clone()),
            // A hash holds its realm.
            Secret::Md5(h) => (
                [b"m".as_slice(), h].concat(),
                Some(c.realm.clone().unwrap_or_else(|| realm.to_vec())),
            ),
        };
        (c.username.clone(), own, secret)
    };
    all.iter().map(one).collect()
}

/// The names of the same, for people.
fn names(all: &BTreeSet<Proof>) -> String {
    match all.is_empty() {
        true => "none".to_owned(),
        false => texts(all.iter().map(|(user, _, _)| user.as_slice())),
    }
}

fn secrets(
    about: &str,
    what: &'static str,
    before: (&[Credential], &[u8]),
    after: (&[Credential], &[u8]),
    out: &mut Compared,
) {
    let (a, b) = (proofs(before.0, before.1), proofs(after.0, after.1));
    if a == b {
        return;
    }
    let (before, after) = (names(&a), names(&b));
    let after = if before == after {
        format!("{after}, with another secret or realm")
    } else {
        after
    };
    put(out, about, what, before, after);
}

fn device(old: &Account, before: &Accounts, after: &Accounts, out: &mut Compared) {
    let about = shown(&old.name);
    let about = about.as_str();
    let Some(new) = after.find(Technology::Pjsip, &old.name) else {
        put(out, about, "the device", "there", "not there");
        return;
    };
    let new = new.as_ref();
    put(
        out,
        about,
        "context",
        shown(&old.context),
        shown(&new.context),
    );
    if old.accepts_messages {
        put(
            out,
            about,
            "context of messages",
            shown(&old.message_context),
            shown(&new.message_context),
        );
    } else {
        put(out, about, "messages", "refused", "taken");
    }
    put(
        out,
        about,
        "more digits may follow",
        word(old.overlap),
        word(new.overlap),
    );
    let caller = |a: &Account| {
        let part = |p: &Option<Vec<u8>>| p.as_deref().map_or("-".to_owned(), shown);
        format!(
            "{} <{}>",
            part(&a.caller_id.name),
            part(&a.caller_id.number)
        )
    };
    put(out, about, "caller id", caller(old), caller(new));
    put(out, about, "codecs", codecs(old), codecs(new));
    put(
        out,
        about,
        "keys",
        format!("{:?}", old.dtmf).to_ascii_lowercase(),
        format!("{:?}", new.dtmf).to_ascii_lowercase(),
    );
    let variables = |a: &Account| {
        let one = |(n, v): &(Vec<u8>, Vec<u8>)| [n.as_slice(), b"=", v].concat();
        let all: Vec<Vec<u8>> = a.variables.iter().map(one).collect();
        texts(all.iter().map(Vec::as_slice))
    };
    if old.variables != new.variables {
        put(out, about, "variables", variables(old), variables(new));
    }
    let acl = |a: &Account| {
        let one = |(permit, n): &(bool, config::Network)| {
            let verb = if *permit { "permit" } else { "deny" };
            format!("{verb} {}/{}", n.address, n.bits)
        };
        let mut rules: Vec<String> = a.acl.iter().map(one).collect();
        // A line without any network stands for these two, as often as it has words.
        let all = ["deny 0.0.0.0/0", "deny ::/0"];
        while let Some(at) = rules
            .windows(4)
            .position(|w| w[..2] == all && w[2..] == all)
        {
            rules.drain(at..at + 2);
        }
        rules.join(", ")
    };
    put(out, about, "addresses let in", acl(old), acl(new));
    put(
        out,
        about,
        "language",
        shown(&old.language),
        shown(&new.language),
    );
    put(
        out,
        about,
        "account code",
        shown(&old.account_code),
        shown(&new.account_code),
    );
    let or = |o: &Option<Vec<u8>>| o.as_deref().map(shown).unwrap_or_default();
    put(
        out,
        about,
        "user of From",
        or(&old.from_user),
        or(&new.from_user),
    );
    put(
        out,
        about,
        "host of From",
        or(&old.from_domain),
        or(&new.from_domain),
    );

    // Who may speak for it.
    put(
        out,
        about,
        "found by the user of From",
        word(old.by_user),
        word(new.by_user),
    );
    for (method, what) in [
        (&b"INVITE"[..], "calls must prove who they are"),
        (b"MESSAGE", "messages must prove who they are"),
    ] {
        let (old, new) = (old.challenges(method), new.challenges(method));
        put(out, about, what, word(old), word(new));
    }
    if new.credentials.is_empty() && !old.addresses.is_empty() {
        // No request from a fixed address is challenged now, and none registers there.
    } else {
        secrets(
            about,
            "who may prove to be it",
            (&old.credentials, before.realm()),
            (&new.credentials, after.realm()),
            out,
        );
    }
    if old.role != Role::User && !(old.aors.is_empty() && new.aors.is_empty()) {
        secrets(
            about,
            "answers to challenges of the far end",
            (&old.outbound, before.realm()),
            (&new.outbound, after.realm()),
            out,
        );
    }
    let fixed = |hosts: &[Host]| texts(hosts.iter().map(|h| h.name.as_slice()));
    let known = if old.role == Role::User {
        String::new()
    } else {
        fixed(&old.addresses)
    };
    let rules = after.identifies().iter().filter(|i| i.endpoint == new.name);
    let rules: Vec<String> = rules
        .flat_map(|i| {
            let networks = i.networks.iter().map(|n| n.address.to_string());
            networks.chain(i.hosts.iter().map(|h| shown(&h.name)))
        })
        .collect();
    put(
        out,
        about,
        "addresses it is known by",
        known,
        rules.join(", "),
    );

    // Where it is reached.
    let aor = |a: &Account, all: &Accounts| a.aors.first().and_then(|n| all.aor(n).cloned());
    let (a, b) = (aor(old, before), aor(new, after));
    let registers = |aor: &Option<std::sync::Arc<Aor>>| match aor {
        Some(aor) if aor.max_contacts > 0 => format!(
            "{} phone, {} s, {} to {} s{}",
            aor.max_contacts,
            aor.default_expiration,
            aor.minimum_expiration,
            aor.maximum_expiration,
            if aor.remove_existing {
                ", the newest counts"
            } else {
                ""
            }
        ),
        _ => "nobody".to_owned(),
    };
    put(out, about, "who may register", registers(&a), registers(&b));
    let dynamic = a.as_ref().is_some_and(|a| a.max_contacts > 0);
    let contacts = |aor: &Option<std::sync::Arc<Aor>>| {
        let all = aor.iter().flat_map(|a| &a.contacts);
        all.map(|c| {
            let text = shown(c);
            // Our reader of sip.conf has udp and tcp only.
            match text.split_once(";transport=") {
                Some((uri, "tls" | "ws" | "wss")) => uri.to_owned(),
                _ => text,
            }
        })
        .collect::<Vec<_>>()
        .join(", ")
    };
    put(out, about, "where it is called", contacts(&a), contacts(&b));
    let by = |p: Protocol| p.name().to_ascii_lowercase();
    put(
        out,
        about,
        "protocol of calls to it",
        by(old.protocol),
        by(new.protocol),
    );
    let back = |a: &Account| {
        let (rport, source, media) = (
            a.nat.force_rport || a.nat.auto_force_rport,
            dynamic && a.nat.calls_source(true),
            a.nat.comedia || a.nat.auto_comedia,
        );
        format!(
            "answers to the source: {}, calls to the source: {}, audio to the source: {}",
            word(rport),
            word(source),
            word(media)
        )
    };
    put(out, about, "behind a router", back(old), back(new));
}
