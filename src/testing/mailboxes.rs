//! The mailboxes that files beside a plan describe: voicemail.conf, and users.conf.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use strowger_compiler::Sources;
use strowger_compiler::beside::sections;
use strowger_compiler::conf::line::{self, Config, Section, boolean};
use strowger_runtime::config;
use strowger_runtime::sim::scenario::Mailbox;
use strowger_vm::Text;

/// By `number@context`.
pub(crate) type Mailboxes = BTreeMap<Text, Mailbox>;

/// The file that describes them.
pub(crate) const FILE: &str = "voicemail.conf";

/// Those beside a plan; none: there is no file, or it does not say what is in them alone.
pub(super) fn beside(folder: &Path) -> Option<Mailboxes> {
    if !folder.join(FILE).is_file() {
        return None;
    }
    let mut sources = Sources::new();
    let files = [FILE, "users.conf", "extconfig.conf"];
    config::gather_more(&mut sources, folder, &files, &BTreeMap::new());
    of(&sources)
}

fn of(sources: &Sources) -> Option<Mailboxes> {
    let read = |name: &str| sources.find(name).map(|file| line::read(sources, file));
    let file = read(FILE)?;
    let general = |key: &str| file.value("general", key).map(|v| v.text.bytes());
    // Names of one context that stand for another's, or that are looked for in all of them.
    let open = general("aliasescontext").is_some()
        || general("searchcontexts").and_then(boolean) == Some(true);
    let stored = read("extconfig.conf").is_some_and(|c| {
        let rows = c.named("settings").flat_map(|s| &s.values);
        let mut rows = rows.map(|row| row.key.bytes());
        rows.any(|key| key == b"voicemail" || key == FILE.as_bytes())
    });
    if open || stored || file.open {
        return None;
    }
    let mut all = Mailboxes::new();
    let usual = usual(&file);
    for section in sections(&file, &["zonemessages"]) {
        for value in &section.values {
            // Password, name, mail, pager, then options.
            let fields = value.text.bytes().splitn(5, |b| *b == b',');
            let options = fields.skip(4).flat_map(|o| o.split(|b| *b == b'|'));
            let mut mailbox = usual.clone();
            for option in options {
                let (key, value) = match option.iter().position(|b| *b == b'=') {
                    Some(at) => (&option[..at], &option[at + 1..]),
                    None => continue,
                };
                set(&mut mailbox, key.trim_ascii(), value.trim_ascii());
            }
            all.insert(name(value.key.bytes(), &section.name), mailbox);
        }
    }
    let users = general("userscontext").unwrap_or(b"default");
    if let Some(file) = read("users.conf") {
        let has = |section: &Section| {
            let value = section.get("hasvoicemail").map(|v| v.text.bytes());
            value.and_then(boolean)
        };
        let usually = file.named("general").filter_map(has).last() == Some(true);
        for section in sections(&file, &[]) {
            if has(section).unwrap_or(usually) {
                all.entry(name(&section.name, users))
                    .or_insert_with(|| usual.clone());
            }
        }
    }
    Some(all)
}

fn name(number: &[u8], context: &[u8]) -> Text {
    [number, b"@", context].concat()
}

/// What counts for each mailbox that says nothing else.
fn usual(file: &Config) -> Mailbox {
    let mut usual = Mailbox::default();
    for section in file.named("general") {
        for value in &section.values {
            set(&mut usual, value.key.bytes(), value.text.bytes());
        }
    }
    usual
}

fn set(mailbox: &mut Mailbox, key: &[u8], value: &[u8]) {
    let seconds = std::str::from_utf8(value)
        .ok()
        .and_then(|v| v.trim().parse().ok());
    let seconds = seconds.map(Duration::from_secs);
    match key.to_ascii_lowercase().as_slice() {
        b"minsecs" | b"minmessage" => mailbox.shortest = seconds.unwrap_or_default(),
        b"maxsecs" | b"maxmessage" => mailbox.longest = seconds.filter(|s| !s.is_zero()),
        b"operator" => mailbox.operator = boolean(value) == Some(true),
        b"exitcontext" => mailbox.exit = value.to_vec(),
        _ => {}
    }
}
