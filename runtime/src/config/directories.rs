//! `asterisk.conf`: where things lie, and the few options that matter to an exchange.

use std::path::PathBuf;

use strowger_compiler::conf::line::{self, Value, boolean};
use strowger_compiler::diagnostic::Diagnostic;

use super::findings::Findings;
use super::{Directories, System};

const OPTIONS_LATER: &[(&str, &str)] = &[
    ("maxcalls", "the bound is 10000 channels"),
    (
        "languageprefix",
        "the language is always a folder before the sound's name",
    ),
    (
        "transmit_silence",
        "nothing is sent while nothing is played",
    ),
    (
        "live_dangerously",
        "what the plan may touch is granted in strowger.toml",
    ),
    ("execincludes", "no program is ever run while reading"),
];

/// Does the option ask for something else than what the exchange does anyway?
fn wanted(name: &str, value: &Value) -> bool {
    match name {
        "maxcalls" => true,
        "languageprefix" => boolean(value.text.bytes()) == Some(false),
        _ => boolean(value.text.bytes()) != Some(false),
    }
}

/// Reads `[directories]`, `[options]` and `[compat]`.
pub(super) fn read(file: &line::Config, findings: &mut Findings) -> (Directories, System) {
    let mut directories = Directories::default();
    let mut system = System::default();
    for value in file.named("directories").flat_map(|s| &s.values) {
        let path = || Some(path(value.text.bytes())).filter(|p| !p.as_os_str().is_empty());
        match value.key.bytes().to_ascii_lowercase().as_slice() {
            b"astdatadir" => directories.data = path(),
            b"astvarlibdir" => directories.var_lib = path(),
            b"astagidir" => directories.scripts = path(),
            b"astspooldir" => directories.spool = path(),
            b"astlogdir" => directories.log = path(),
            b"astdbdir" => directories.database = path(),
            _ => {}
        }
    }
    for value in file.named("options").flat_map(|s| &s.values) {
        let key = value.key.bytes().to_ascii_lowercase();
        if key == b"execincludes" {
            system.runs_commands = boolean(value.text.bytes()) == Some(true);
        }
        match key.as_slice() {
            b"defaultlanguage" if !value.text.is_empty() => {
                system.language = value.text.bytes().to_vec()
            }
            b"systemname" => system.name = value.text.bytes().to_vec(),
            _ => {
                if let Some((name, meaning)) = OPTIONS_LATER
                    .iter()
                    .find(|(n, _)| n.as_bytes() == key && wanted(n, value))
                {
                    findings.add(
                        Diagnostic::new(
                            "C020",
                            format!("`{name}` is not served"),
                            value.key.span(),
                        )
                        .label(*meaning),
                    );
                }
            }
        }
    }
    let compat = file.named("compat").flat_map(|s| s.all("app_set")).last();
    // Before 1.5 is old; a value that is no number counts for nothing.
    system.app_set = compat
        .and_then(|value| std::str::from_utf8(value.text.bytes()).ok()?.parse().ok())
        .map(|version: f64| version < 1.5);
    (directories, system)
}

#[cfg(unix)]
fn path(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
}

#[cfg(not(unix))]
fn path(bytes: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(bytes).into_owned())
}
