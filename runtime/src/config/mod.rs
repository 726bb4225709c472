//! Everything that configuration files say, as one typed [`Config`].
//!
//! Reading never fails: a bad line or object is left out with a [`Diagnostic`] that names its place, and the rest counts. Only the caller
//! decides what level of finding stops the exchange. [`gather`] reads a directory, [`load`] understands it; `load` does no I/O.
//!
//! Files: `sip.conf`, `users.conf`, `pjsip.conf`, `rtp.conf`, `asterisk.conf` and our own `strowger.toml`. Secrets never stand in a diagnostic.

mod account;
pub mod convert;
mod device;
mod directories;
mod endpoint;
mod features;
mod findings;
mod keys;
mod listener;
mod lookup;
mod options;
mod pjsip;
mod renew;
mod rtp;
mod sip;
mod summary;
mod text;
mod users;

pub use account::{
    Account, Accounts, Aor, AorName, CallerId, Codec, Credential, Dtmf, Host, Identify, Insecure,
    Nat, Network, Role, Secret, Technology,
};
pub use features::Features;
pub use listener::Listener;
pub use options::{CallsAtReload, Check, GRANTS, Guests, Options, StoreChoice, target};

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use strowger_compiler::conf::line;
use strowger_compiler::diagnostic::{Diagnostic, Level};
use strowger_compiler::source::{FileId, Sources, Span, glob};

use findings::Findings;

/// Where something is written.
pub type Place = Span;

/// What a configuration directory says.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// Sockets to open for SIP, in file order; no two of them are equal.
    pub listeners: Vec<Listener>,
    /// Who may speak with us, and who is reachable where.
    pub accounts: Arc<Accounts>,
    /// General options of signalling.
    pub sip: Signalling,
    /// `rtp.conf`.
    pub rtp: Rtp,
    /// `features.conf`.
    pub features: Features,
    /// `asterisk.conf`.
    pub directories: Directories,
    /// `asterisk.conf`, what is no directory.
    pub system: System,
    /// `strowger.toml`.
    pub options: Options,
}

/// Configuration files that are read if they are there, the plan included.
pub const FILES: [&str; 8] = [
    "extensions.conf",
    "sip.conf",
    "users.conf",
    "pjsip.conf",
    "rtp.conf",
    "asterisk.conf",
    "features.conf",
    "strowger.toml",
];

/// What the plan of a directory may be called: the first one that is there is it.
pub const PLANS: [&str; 2] = [FILES[0], "extensions.dial"];

/// What the plan of a directory is called: `extensions.dial` where that is there and no `extensions.conf` is.
pub fn plan_in(dir: &Path) -> &'static str {
    let there = PLANS.into_iter().find(|name| dir.join(name).is_file());
    there.unwrap_or(PLANS[0])
}

/// Longest configuration file that is read, in bytes.
pub const FILE: u64 = 64 << 20;

/// Reads the files of a configuration directory, with all that they include, into one value that [`load`] and the compiler understand.
/// A file that is not there is left out, and so is an included one that cannot be read: the reader of its includer reports it.
///
/// # Errors
/// The directory cannot be read, or one of [`FILES`] is there and cannot be read or is longer than [`FILE`].
pub fn gather(dir: &Path) -> io::Result<Sources> {
    gather_with(dir, plan_in(dir))
}

/// The same for a plan of another name than `extensions.conf`, which is then not read.
///
/// # Errors
/// As [`gather`].
pub fn gather_with(dir: &Path, plan: &str) -> io::Result<Sources> {
    gather_over(dir, plan, &BTreeMap::new())
}

/// The same where some files, by name, hold something else than the disk does: an editor has not written them yet.
///
/// # Errors
/// As [`gather`].
pub fn gather_over(
    dir: &Path,
    plan: &str,
    over: &BTreeMap<String, Vec<u8>>,
) -> io::Result<Sources> {
    gather_files(dir, Some(plan), over)
}

/// The same without any plan: it has been compiled before.
///
/// # Errors
/// As [`gather`].
pub fn gather_beside(dir: &Path) -> io::Result<Sources> {
    gather_files(dir, None, &BTreeMap::new())
}

fn gather_files(
    dir: &Path,
    plan: Option<&str>,
    over: &BTreeMap<String, Vec<u8>>,
) -> io::Result<Sources> {
    let mut sources = Sources::new();
    // Says early and clearly that there is no such directory.
    fs::read_dir(dir)?;
    for name in plan.into_iter().chain(FILES.into_iter().skip(1)) {
        let path = dir.join(name);
        let read = over
            .get(name)
            .map_or_else(|| whole(&path), |b| Ok(b.clone()));
        let bytes = match read {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => {
                return Err(io::Error::new(
                    error.kind(),
                    format!("{}: {error}", path.display()),
                ));
            }
        };
        if name == "strowger.toml" {
            sources.add(name, bytes);
        } else {
            line::load(&mut sources, name, bytes, &mut |pattern| {
                included(dir, pattern, over)
            });
        }
    }
    Ok(sources)
}

/// Adds further files of the directory, with all that they include; `over` as for [`gather_over`]. One that is not there or cannot be
/// read is left out. Notes for which included files only a template is there: that is enough to check a plan, and not to run it.
pub fn gather_more(
    sources: &mut Sources,
    dir: &Path,
    names: &[&str],
    over: &BTreeMap<String, Vec<u8>>,
) {
    for name in names {
        let read = over
            .get(*name)
            .cloned()
            .map_or_else(|| whole(&dir.join(name)), Ok);
        let Ok(bytes) = read else {
            continue;
        };
        if name.ends_with(".conf") {
            line::load(sources, name, bytes, &mut |pattern| {
                included(dir, pattern, over)
            });
        } else {
            sources.add(name, bytes);
        }
    }
    let absent: Vec<String> = sources.absent().map(str::to_owned).collect();
    for pattern in absent {
        if has_template(dir, &pattern) {
            sources.stand_in_for(&pattern);
        }
    }
}

/// Whether a template lies where an included file is not: whoever installs the plan makes the file of it.
fn has_template(dir: &Path, pattern: &str) -> bool {
    const ENDINGS: [&str; 9] = [
        "template", "tmpl", "tpl", "dist", "sample", "example", "in", "j2", "erb",
    ];
    let own = in_copy(dir, pattern).unwrap_or(pattern);
    !own.contains(['*', '?', '[', '{'])
        && ENDINGS
            .iter()
            .any(|ending| dir.join(format!("{own}.{ending}")).is_file())
}

/// A regular file of at most [`FILE`] bytes.
fn whole(path: &Path) -> io::Result<Vec<u8>> {
    let data = fs::metadata(path)?;
    if !data.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a file"));
    }
    if data.len() > FILE {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("longer than {FILE} bytes"),
        ));
    }
    fs::read(path)
}

/// The files that an `#include` of `pattern` means (DL-007): relative to the directory, sorted, at most as many as the reader takes.
fn included(dir: &Path, pattern: &str, over: &BTreeMap<String, Vec<u8>>) -> Vec<(String, Vec<u8>)> {
    let found = named(dir, pattern, over);
    match in_copy(dir, pattern) {
        Some(own) if found.is_empty() => named(dir, own, over),
        _ => found,
    }
}

/// `/etc/asterisk/more/a.conf` where the directory is another `asterisk`, a copy of it: `more/a.conf` there.
fn in_copy<'p>(dir: &Path, pattern: &'p str) -> Option<&'p str> {
    let own = dir.canonicalize().ok()?;
    let own = own.file_name()?.to_str()?;
    let folder = format!("/{own}/");
    let at = pattern.starts_with('/').then(|| pattern.rfind(&folder))??;
    Some(&pattern[at + folder.len()..]).filter(|rest| !rest.is_empty() && !rest.contains(".."))
}

/// The same of a pattern as it stands.
fn named(dir: &Path, pattern: &str, over: &BTreeMap<String, Vec<u8>>) -> Vec<(String, Vec<u8>)> {
    let mut names = vec![String::new()];
    let absolute = pattern.starts_with('/');
    let parts: Vec<&str> = pattern.split('/').filter(|p| !p.is_empty()).collect();
    // Braces may hold a slash; such a pattern is matched against nothing and counts as missing.
    for part in &parts {
        let mut next = Vec::new();
        for base in names {
            let join = |name: &str| {
                if base.is_empty() {
                    name.to_owned()
                } else {
                    format!("{base}/{name}")
                }
            };
            if !part.contains(['*', '?', '[', '{']) {
                next.push(join(part));
                continue;
            }
            let folder = if absolute {
                PathBuf::from(format!("/{base}"))
            } else {
                dir.join(&base)
            };
            let entries = fs::read_dir(folder).into_iter().flatten().flatten();
            next.extend(
                entries
                    .filter_map(|e| e.file_name().into_string().ok())
                    .filter(|n| !n.starts_with('.') && glob(part.as_bytes(), n.as_bytes()))
                    .map(|n| join(&n)),
            );
            next.truncate(line::INCLUDED_FILES);
        }
        names = next;
    }
    names.sort_unstable();
    names
        .into_iter()
        .filter_map(|name| {
            let name = if absolute { format!("/{name}") } else { name };
            let bytes = match over.get(&name) {
                Some(bytes) => bytes.clone(),
                None => whole(&dir.join(&name)).ok()?,
            };
            Some((name, bytes))
        })
        .collect()
}

/// Understands the files in `sources`. Never fails: what cannot be used is left out and reported, in the order of the files.
#[must_use]
pub fn load(sources: &Sources) -> (Config, Vec<Diagnostic>) {
    let (config, findings) = understand(sources);
    let levels = config.options.levels();
    let findings = findings.into_iter().filter_map(|mut finding| {
        finding.level = levels.of(finding.code);
        (finding.level != Level::Allow).then_some(finding)
    });
    let findings = findings.collect();
    (config, findings)
}

/// The same with every finding at its own level, whatever strowger.toml says.
#[must_use]
pub fn understand(sources: &Sources) -> (Config, Vec<Diagnostic>) {
    let mut findings = Findings::default();
    let options = sources
        .find("strowger.toml")
        .map(|f| options::read(sources, f, &mut findings))
        .unwrap_or_default();
    let mut file = |name: &str| conf(sources, sources.find(name)?, &mut findings);
    let (sip_conf, users_conf, pjsip_conf) =
        (file("sip.conf"), file("users.conf"), file("pjsip.conf"));
    let (rtp_conf, asterisk_conf) = (file("rtp.conf"), file("asterisk.conf"));

    let mut sip = match &sip_conf {
        Some(conf) => sip::read(conf, &options, &mut findings),
        None => sip::SipConf::new(sip::General::absent()),
    };
    if let Some(conf) = &users_conf {
        findings.begin(conf.open);
        users::read(conf, &mut sip, &mut findings);
        findings.end();
    }
    let chan_sip = sip_conf.is_some() || !sip.accounts.is_empty();
    if sip_conf.is_none() && chan_sip {
        sip.general.listeners.push(sip::General::default_listener());
    }
    let pjsip = pjsip_conf
        .as_ref()
        .map(|c| pjsip::read(c, &mut findings))
        .unwrap_or_default();
    let rtp = rtp_conf
        .as_ref()
        .map(|c| rtp::read(c, &mut findings))
        .unwrap_or_default();
    let (directories, system) = asterisk_conf
        .as_ref()
        .map(|c| directories::read(c, &mut findings))
        .unwrap_or_default();

    let mut listeners = pjsip.listeners;
    listeners.append(&mut sip.general.listeners);
    let listeners = opened(listeners, &options, &mut findings);

    let signalling = Signalling {
        t1: pjsip
            .t1
            .or(sip.general.t1)
            .unwrap_or(Signalling::default().t1),
        default_from_user: pjsip
            .from_user
            .unwrap_or(Signalling::default().default_from_user),
    };
    let anonymous = pjsip
        .accounts
        .iter()
        .find(|a| a.name == b"anonymous")
        .cloned();
    let guest =
        anonymous.or_else(|| (chan_sip && sip.general.guests).then(|| sip.general.nobody()));
    let stranger = chan_sip.then(|| sip.general.nobody());
    let realm = pjsip.realm.unwrap_or(sip.general.realm);
    let mut accounts = sip.accounts;
    accounts.extend(pjsip.accounts);
    let mut aors: Vec<Aor> = sip.aors.into_values().collect();
    aors.extend(pjsip.aors);
    let accounts = Accounts::new(accounts, aors, pjsip.identifies, guest, stranger, realm);
    let config = Config {
        listeners,
        accounts: Arc::new(accounts),
        sip: signalling,
        rtp,
        // What is wrong with it the check tells, which reads all of it.
        features: sources
            .find("features.conf")
            .map(|file| features::read(&line::read(sources, file)))
            .unwrap_or_default(),
        directories,
        system,
        options,
    };
    (config, findings.into_vec())
}

/// One file through the line reader, whose findings are ours. A file that Asterisk would refuse as a whole is read all the same: what is
/// wrong with it is an error of its own, and the caller stops at errors.
fn conf(sources: &Sources, file: FileId, findings: &mut Findings) -> Option<line::Config> {
    let mut conf = line::read(sources, file);
    for finding in conf.diagnostics.drain(..) {
        findings.add(finding);
    }
    Some(conf)
}

/// Applies `[bind]`, and leaves out a socket that another one already opens.
fn opened(listeners: Vec<Listener>, options: &Options, findings: &mut Findings) -> Vec<Listener> {
    let mut out: Vec<Listener> = Vec::new();
    for mut listener in listeners {
        if let Some(address) = options.bind_address
            && listener.bind.ip().is_unspecified()
        {
            listener.bind.set_ip(address);
        }
        if let Some(port) = options.bind_port
            && listener.bind.port() == 5060
        {
            listener.bind.set_port(port);
        }
        let twin = out.iter().find(|l| {
            l.protocol == listener.protocol && l.bind == listener.bind && l.bind.port() != 0
        });
        match (twin, listener.place) {
            (None, _) => out.push(listener),
            (Some(twin), Some(place)) => {
                let mut finding =
                    Diagnostic::new("C031", format!("{} is opened twice", listener.bind), place)
                        .label("one socket serves both; Asterisk could not start the second one");
                if let Some(first) = twin.place {
                    finding = finding.also(first, "the first time");
                }
                findings.add(finding);
            }
            (Some(_), None) => {}
        }
    }
    out
}

/// Options of signalling that belong to no account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signalling {
    /// RFC 3261 timer T1 in milliseconds.
    pub t1: u32,
    /// User part of From where a channel has no number.
    pub default_from_user: Vec<u8>,
}

impl Default for Signalling {
    fn default() -> Signalling {
        Signalling {
            t1: 500,
            default_from_user: b"asterisk".to_vec(),
        }
    }
}

/// `rtp.conf`, section `[general]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rtp {
    /// First port.
    pub start: u16,
    /// Last port, inclusive.
    pub end: u16,
    /// Are packets from another source than the learned one dropped?
    pub strict: bool,
    /// Packets in sequence that make a source the learned one.
    pub probation: u16,
    /// Milliseconds after which an RFC 4733 event without an end has ended.
    pub dtmf_timeout: u32,
    /// Milliseconds between RTCP reports.
    pub rtcp_interval: u32,
}

impl Default for Rtp {
    fn default() -> Rtp {
        Rtp {
            start: 5000,
            end: 31000,
            strict: true,
            probation: 4,
            dtmf_timeout: 150,
            rtcp_interval: 5000,
        }
    }
}

impl Rtp {
    /// Port pairs (an even port for RTP and the next one for RTCP) of the range.
    pub fn pairs(&self) -> u32 {
        let first = (u32::from(self.start) + 1) & !1;
        (u32::from(self.end) + 1).saturating_sub(first) / 2
    }

    /// `16384..16394 carries 2 relayed calls`.
    pub fn carries(&self) -> String {
        let calls = self.relayed_calls();
        let s = if calls == 1 { "" } else { "s" };
        format!(
            "{}..{} carries {calls} relayed call{s}",
            self.start, self.end
        )
    }

    /// Calls that can be relayed at once: each takes a pair on either side.
    pub fn relayed_calls(&self) -> u32 {
        self.pairs() / 2
    }
}

/// `asterisk.conf`, section `[options]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct System {
    /// `systemname`: the prefix of `UNIQUEID`; empty for none.
    pub name: Vec<u8>,
    /// `defaultlanguage`: the prompts' language where a channel has none.
    pub language: Vec<u8>,
    /// `[compat] app_set`: whether Set is that of 1.4, in the releases that ask.
    pub app_set: Option<bool>,
    /// `execincludes`: an Asterisk runs the commands of `#exec`. This exchange never does.
    pub runs_commands: bool,
}

impl Default for System {
    fn default() -> System {
        System {
            name: Vec::new(),
            language: b"en".to_vec(),
            app_set: None,
            runs_commands: false,
        }
    }
}

/// `asterisk.conf`, section `[directories]`; absent ones are `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Directories {
    /// Sounds and music on hold are below it.
    pub data: Option<PathBuf>,
    /// Where the data are if nothing else is said.
    pub var_lib: Option<PathBuf>,
    /// Programs that AGI runs.
    pub scripts: Option<PathBuf>,
    /// Recordings and voicemail.
    pub spool: Option<PathBuf>,
    /// Logs and call records.
    pub log: Option<PathBuf>,
    /// The database.
    pub database: Option<PathBuf>,
}
