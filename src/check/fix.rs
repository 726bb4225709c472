//! `--fix` and `--diff`: repairs what was found, in the named files only.

use std::collections::{BTreeMap, HashSet};
use std::io::Write;
use std::path::{Path, PathBuf};

use strowger_compiler::repair::{Repaired, repair};
use strowger_compiler::{Diagnostic, FileId, Level, Sources, generated};

use super::baseline::Prints;
use super::place::Place;
use super::{Asked, found};

/// Rounds of repairing and looking again. Each makes one fix of a line; hardly a line needs more than a few.
const ROUNDS: usize = 16;

/// So often a set of fixes is tried that brings new errors, to find those of them that do not.
const TRIALS: usize = 200;

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
    let mut sources = original.clone();
    let mut out = Changes::default();
    let may = |sources: &Sources, id: FileId| {
        let file = sources.file(id);
        let written = asked.generated || generated::by(file).is_none();
        written && named.holds(&place.directory.join(file.name())).is_some()
    };
    let mut refused = HashSet::new();
    for _ in 0..ROUNDS {
        let mut findings = found(place, sources.clone(), asked)?.findings;
        let errors = errors(&findings);
        let mut prints = Prints::new(&sources);
        findings.retain(|f| !f.fixes.is_empty() && !refused.contains(&prints.of(f)));
        let step = repair(&sources, &findings, asked.suggested, &|id| {
            may(&sources, id)
        });
        out.forbidden = out.forbidden.max(step.forbidden);
        if step.made.is_empty() {
            break;
        }
        let step = if asked.suggested {
            step
        } else {
            let harmless = Harmless {
                place,
                asked,
                sources: &sources,
                errors,
                trials: 0,
            };
            let (step, bad) = harmless.of(&findings, step, &|id| may(&sources, id))?;
            let mut prints = Prints::new(&sources);
            out.harmful += bad.len();
            refused.extend(bad.iter().map(|f| prints.of(f)));
            step
        };
        out.made += step.made.len();
        let next = with(&sources, step.texts);
        sources = next;
    }
    for (id, file) in sources.files() {
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

fn errors(findings: &[Diagnostic]) -> usize {
    findings.iter().filter(|f| f.level == Level::Error).count()
}

fn with(sources: &Sources, texts: BTreeMap<FileId, Vec<u8>>) -> Sources {
    let mut next = sources.clone();
    for (id, text) in texts {
        next.add(sources.file(id).name(), text);
    }
    next
}

/// Safe fixes never bring an error: a line that was dropped and is read again might. Those that would are found by halving.
struct Harmless<'a> {
    place: &'a Place,
    asked: &'a Asked<'a>,
    sources: &'a Sources,
    errors: usize,
    trials: usize,
}

impl Harmless<'_> {
    fn of<'f>(
        mut self,
        findings: &'f [Diagnostic],
        all: Repaired,
        may: &dyn Fn(FileId) -> bool,
    ) -> Result<(Repaired, Vec<&'f Diagnostic>), String> {
        if self.holds(&all)? {
            return Ok((all, Vec::new()));
        }
        let made: Vec<usize> = all.made.iter().map(|(index, _)| *index).collect();
        let (mut good, mut bad) = (Vec::new(), Vec::new());
        let mut open = vec![made];
        while let Some(set) = open.pop() {
            let mut trial = good.clone();
            trial.extend(&set);
            trial.sort_unstable();
            if self.trials < TRIALS && self.holds(&self.made_of(findings, &trial, may))? {
                good = trial;
            } else if set.len() == 1 || self.trials >= TRIALS {
                bad.extend(set.iter().map(|i| &findings[*i]));
            } else {
                let (first, second) = set.split_at(set.len() / 2);
                open.push(second.to_vec());
                open.push(first.to_vec());
            }
            self.trials += 1;
        }
        Ok((self.made_of(findings, &good, may), bad))
    }

    fn made_of(
        &self,
        findings: &[Diagnostic],
        which: &[usize],
        may: &dyn Fn(FileId) -> bool,
    ) -> Repaired {
        let chosen: Vec<Diagnostic> = which.iter().map(|i| findings[*i].clone()).collect();
        repair(self.sources, &chosen, false, may)
    }

    /// Whether there are no more errors afterwards than before.
    fn holds(&self, step: &Repaired) -> Result<bool, String> {
        let after = with(self.sources, step.texts.clone());
        let after = found(self.place, after, self.asked)?.findings;
        Ok(errors(&after) <= self.errors)
    }
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
