//! Folders of which a check needs the names only: prompts, and scripts of AGI.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use strowger_compiler::Sources;
use strowger_compiler::listing::{self, Folder, Listing};
use strowger_runtime::config;
use strowger_runtime::prompts;

/// Folders below each other are looked into this deep.
const DEPTH: usize = 12;

/// Where prompts and scripts lie.
#[derive(clap::Args, Clone, Debug, Default)]
pub(crate) struct Folders {
    /// Where prompts lie; without it, below astdatadir or astvarlibdir of asterisk.conf, if they are there
    #[arg(long, value_name = "DIR")]
    sounds: Option<PathBuf>,
    /// Where scripts of AGI lie; without it, astagidir of asterisk.conf, if it is there
    #[arg(long, value_name = "DIR")]
    scripts: Option<PathBuf>,
}

impl Folders {
    /// Tells the sources what lies in the folders.
    ///
    /// # Errors
    /// A folder of the command line cannot be read.
    pub(crate) fn list(&self, sources: &mut Sources) -> Result<(), String> {
        let directories = config::load(sources).0.directories;
        let data = directories.data.as_ref().or(directories.var_lib.as_ref());
        let scripts = directories.scripts.clone();
        let wanted = [
            (Folder::Sounds, &self.sounds, data.map(|d| d.join("sounds"))),
            (Folder::Scripts, &self.scripts, scripts),
        ];
        for (folder, asked, configured) in wanted {
            let (path, asked) = match (asked, configured) {
                (Some(path), _) => (path.clone(), true),
                (None, Some(path)) => (path, false),
                (None, None) => continue,
            };
            match below(&path) {
                Ok(names) => {
                    let mut names = names;
                    // The exchange plays these without a file.
                    if folder == Folder::Sounds && !names.is_empty() {
                        names.extend(prompts::carried());
                    }
                    sources.list(folder, Listing::new(&path.to_string_lossy(), names));
                }
                Err(fault) if asked => return Err(format!("{}: {fault}", path.display())),
                Err(_) => {}
            }
        }
        Ok(())
    }
}

/// Paths of the files below a folder, relative to it.
fn below(root: &Path) -> std::io::Result<Vec<String>> {
    let mut names = Vec::new();
    let mut work = VecDeque::from([(root.to_path_buf(), String::new(), 0)]);
    while let Some((folder, prefix, depth)) = work.pop_front() {
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(fault) if depth == 0 => return Err(fault),
            Err(_) => continue,
        };
        for entry in entries.flatten() {
            if names.len() + work.len() >= listing::NAMES {
                return Ok(names);
            }
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            let path = entry.path();
            if path.is_dir() {
                if depth < DEPTH {
                    work.push_back((path, format!("{prefix}{name}/"), depth + 1));
                }
            } else {
                names.push(format!("{prefix}{name}"));
            }
        }
    }
    Ok(names)
}
