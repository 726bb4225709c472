//! From the paths of a command line to what is read for them.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};

use strowger_compiler::{Sources, beside};
use strowger_runtime::config;

use crate::load;

/// Deepest folder that is searched for configurations, counted from the named one.
const DEPTH: usize = 8;

/// Most folders that are looked into for one named path.
const FOLDERS: usize = 10_000;

/// What belongs together: a plan and the files beside it.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// Where the files stand.
    pub(crate) directory: PathBuf,
    /// The plan's name there; it may be absent.
    pub(crate) plan: String,
    /// The files that were asked about, if not all of them.
    pub(crate) only: Option<BTreeSet<String>>,
    /// How it was named.
    pub(crate) shown: String,
    /// Texts that count instead of the files of these names.
    over: BTreeMap<String, Vec<u8>>,
    /// There is no directory, just these texts.
    bare: bool,
    /// Beside the plan stands an extensions.conf that does not read it.
    lonely: bool,
}

impl Place {
    fn of(directory: &Path, plan: &str, shown: &Path) -> Place {
        Place {
            directory: directory.to_owned(),
            plan: plan.to_owned(),
            only: None,
            shown: shown.display().to_string(),
            over: BTreeMap::new(),
            bare: false,
            lonely: !config::PLANS.contains(&plan)
                && directory.join(config::plan_in(directory)).exists(),
        }
    }

    /// Reads the files.
    ///
    /// # Errors
    /// One sentence when one of them cannot be read, or there are none.
    pub(crate) fn gather(&self) -> Result<Sources, String> {
        let mut sources = Sources::new();
        if self.bare {
            for (name, text) in &self.over {
                sources.add(name, text.clone());
            }
        } else {
            let cannot = |fault| format!("{}: {fault}", self.shown);
            sources =
                config::gather_over(&self.directory, &self.plan, &self.over).map_err(cannot)?;
            config::gather_more(&mut sources, &self.directory, &beside::FILES, &self.over);
            if let Some(missing) = self.missing(&sources) {
                return Err(missing);
            }
        }
        let folder = self.directory.display().to_string();
        sources.stand_in(if folder == "." { "" } else { &folder });
        Ok(sources)
    }

    /// Whether something is told of a file: it was asked about, and belongs to this plan. Where another plan stands beside this one,
    /// the device files belong to that.
    pub(crate) fn tells(&self, name: &str) -> bool {
        match &self.only {
            Some(only) => only.contains(name),
            None => !self.lonely || !config::FILES.contains(&name),
        }
    }

    /// Whether a finding of that code counts: what another plan stands beside, a copy kept or another installation, may be meant
    /// for other devices, mailboxes and queues than those of the files here.
    pub(crate) fn judges(&self, code: &str) -> bool {
        !self.lonely || !matches!(code, "C001" | "C002" | "C004" | "C005" | "C006")
    }

    fn missing(&self, sources: &Sources) -> Option<String> {
        let none = sources.files().next().is_none();
        let named =
            !config::PLANS.contains(&self.plan.as_str()) && sources.find(&self.plan).is_none();
        let part = self
            .only
            .iter()
            .flatten()
            .find(|name| sources.find(name).is_none());
        if named || part.is_some() {
            return Some(format!("{}: there is no such file", self.shown));
        }
        none.then(|| {
            format!(
                "{}: there is nothing to check: none of {}",
                self.shown,
                config::FILES.join(", ")
            )
        })
    }
}

/// What is read for each path, in their order, or why nothing is.
pub(crate) fn places(paths: &[PathBuf], stdin: Option<&Path>) -> Vec<Result<Place, String>> {
    let mut out = Vec::new();
    for path in paths {
        if path.as_os_str() == "-" {
            let mut text = Vec::new();
            if let Err(fault) = std::io::stdin().lock().read_to_end(&mut text) {
                out.push(Err(format!("standard input: {fault}")));
                continue;
            }
            out.push(Ok(typed(text, stdin)));
        } else if load::is_compiled(path) {
            out.push(Err(format!(
                "{}: a compiled plan has no lines to check\n  hint: check the files that it was made of",
                path.display()
            )));
        } else if path.is_dir() {
            for folder in configurations(path) {
                let below = folder.strip_prefix(".").ok().map(Path::to_owned);
                let folder = below
                    .filter(|b| !b.as_os_str().is_empty())
                    .unwrap_or(folder);
                join(
                    &mut out,
                    Place::of(&folder, config::plan_in(&folder), &folder),
                );
            }
        } else if path.exists() {
            let (folder, name) = split(path);
            join(&mut out, file(&folder, &name, path));
        } else {
            out.push(Err(format!(
                "{}: there is no such file or directory",
                path.display()
            )));
        }
    }
    out
}

/// Directory and name of a file.
fn split(path: &Path) -> (PathBuf, String) {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty());
    (
        parent.unwrap_or(Path::new(".")).to_owned(),
        name.into_owned(),
    )
}

/// A file is a part of the plan beside it if that reads it; else it is a plan.
fn file(folder: &Path, name: &str, shown: &Path) -> Place {
    let plan = config::plan_in(folder);
    if name == plan {
        return Place::of(folder, plan, shown);
    }
    let known = config::FILES.contains(&name) || beside::FILES.contains(&name);
    let part = || {
        folder.join(plan).exists()
            && config::gather(folder).is_ok_and(|sources| sources.find(name).is_some())
    };
    if known || part() {
        return Place {
            only: Some(BTreeSet::from([name.to_owned()])),
            ..Place::of(folder, plan, shown)
        };
    }
    Place::of(folder, name, shown)
}

/// Text from standard input, as the file of that name.
fn typed(text: Vec<u8>, name: Option<&Path>) -> Place {
    let Some(path) = name else {
        let mut place = Place::of(Path::new("."), "<stdin>", Path::new("<stdin>"));
        place.over.insert("<stdin>".to_owned(), text);
        place.bare = true;
        return place;
    };
    let (folder, name) = split(path);
    let mut place = file(&folder, &name, path);
    place.bare = !folder.is_dir();
    place.only = Some(BTreeSet::from([name.clone()]));
    place.over.insert(name, text);
    place
}

/// Adds a place, or widens the one that reads the same plan.
fn join(all: &mut Vec<Result<Place, String>>, new: Place) {
    let twin = all
        .iter_mut()
        .flatten()
        .find(|p| p.directory == new.directory && p.plan == new.plan && p.over.is_empty());
    match (twin, new.only) {
        (None, only) => all.push(Ok(Place { only, ..new })),
        (Some(twin), Some(names)) => {
            if let Some(only) = &mut twin.only {
                only.extend(names);
            }
        }
        (Some(twin), None) => twin.only = None,
    }
}

/// The directory itself, or, where it holds no configuration, those below it that do.
fn configurations(directory: &Path) -> Vec<PathBuf> {
    let names = || config::FILES.into_iter().chain(config::PLANS);
    let holds = |folder: &Path| names().any(|f| folder.join(f).is_file());
    let mut found = Vec::new();
    let mut open = vec![(directory.to_owned(), 0)];
    let mut looked = 0;
    while let Some((folder, depth)) = open.pop() {
        looked += 1;
        if holds(&folder) {
            found.push(folder.clone());
            if depth == 0 {
                break;
            }
        }
        if depth == DEPTH || looked > FOLDERS {
            continue;
        }
        let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        open.extend(
            entries
                // A link may lead in a circle.
                .filter(|e| e.file_type().is_ok_and(|t| t.is_dir()))
                .filter(|e| !e.file_name().as_encoded_bytes().starts_with(b"."))
                .map(|e| (e.path(), depth + 1)),
        );
    }
    found.sort();
    if found.is_empty() {
        found.push(directory.to_owned());
    }
    found
}
