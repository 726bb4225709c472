//! `--fix` and `--diff`: repairs what was found, in the named files only.

use std::io::Write;
use std::path::{Path, PathBuf};

use strowger_compiler::repair::mend;
use strowger_compiler::{FileId, Sources, generated};

use super::place::Place;
use super::{Asked, found};

/// The paths that were named: no other file is ever written.
pub(crate) struct Named(Vec<PathBuf>);

impl Named {
    pub(crate) fn new(paths: &[PathBuf]) -> Named {
        Named(paths.iter().flat_map(|p| p.canonicalize()).collect())
    }

    /// The file that a path leads to, if that was named or lies in a directory that was.
    fn holds(&self, path: &Path) -> Option<PathBuf> {
        let real = path.canonicalize().ok()?;
        let inside = |named: &PathBuf| {
            if named.is_dir() {
                real.starts_with(named)
            } else {
                real == *named
            }
        };
        self.0.iter().any(inside).then_some(real)
    }
}

/// What the repairs of one place change.
#[derive(Default)]
pub(crate) struct Changes {
    /// Path of each file, how it is shown, and its text before and after.
    pub(crate) files: Vec<Change>,
    /// How many fixes were made.
    pub(crate) made: usize,
    /// How many would have changed a file that was not named.
    pub(crate) forbidden: usize,
    /// How many would have brought new errors.
    pub(crate) harmful: usize,
}

/// One file that changes.
pub(crate) struct Change {
    path: PathBuf,
    pub(crate) shown: String,
    pub(crate) old: Vec<u8>,
    pub(crate) new: Vec<u8>,
}

/// Repairs a place in memory.
///
/// # Errors
/// One sentence where the files cannot be understood.
pub(crate) fn changes(place: &Place, named: &Named, asked: &Asked<'_>) -> Result<Changes, String> {
    let original = place.gather()?;
    let may = |sources: &Sources, id: FileId| {
        let file = sources.file(id);
        let written = asked.generated || generated::by(file).is_none();
        written && named.holds(&place.directory.join(file.name())).is_some()
    };
    let mut check =
        |sources: &Sources| Ok::<_, String>(found(place, sources.clone(), asked)?.findings);
    let mended = mend(&original, asked.suggested, &may, &mut check)?;
    let mut out = Changes {
        files: Vec::new(),
        made: mended.made,
        forbidden: mended.forbidden,
        harmful: mended.harmful,
    };
    for (id, file) in mended.sources.files() {
        let old = original.file(id).bytes();
        let path = place.directory.join(file.name());
        if let Some(path) = named.holds(&path)
            && old != file.bytes()
        {
            out.files.push(Change {
                path,
                shown: original.shown(id),
                old: old.to_vec(),
                new: file.bytes().to_vec(),
            });
        }
    }
    Ok(out)
}

/// Writes one file: all of it or nothing, with the mode and the owner that it had.
///
/// # Errors
/// One sentence where it has changed meanwhile, or cannot be written as it was.
pub(crate) fn write(change: &Change) -> Result<(), String> {
    let fault = |why: &dyn std::fmt::Display| format!("{}: {why}", change.shown);
    let now = std::fs::read(&change.path).map_err(|e| fault(&e))?;
    if now != change.old {
        return Err(fault(
            &"has changed while it was checked; nothing is written",
        ));
    }
    let data = std::fs::metadata(&change.path).map_err(|e| fault(&e))?;
    let name = change
        .path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy();
    let beside = format!(".{name}.strowger-{}", std::process::id());
    let beside = change.path.with_file_name(beside);
    let written = || -> std::io::Result<()> {
        let mut file = std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&beside)?;
        file.write_all(&change.new)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::{MetadataExt, fchown};
            let mine = file.metadata()?;
            if (mine.uid(), mine.gid()) != (data.uid(), data.gid()) {
                fchown(&file, Some(data.uid()), Some(data.gid()))?;
            }
        }
        // After the owner, whose change takes some bits of the mode away.
        file.set_permissions(data.permissions())?;
        file.sync_all()?;
        std::fs::rename(&beside, &change.path)
    };
    written().map_err(|e| {
        let _ = std::fs::remove_file(&beside);
        fault(&e)
    })
}
