//! One plan with the files beside it, as the disk and the open files say it.

use super::documents::Documents;
use crate::check;
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use strowger_compiler::beside;
use strowger_compiler::editor::{Elsewhere, View};
use strowger_compiler::{Diagnostic, FileId, Options, Reading, Sources};
use strowger_runtime::config::{self, Config};
use strowger_runtime::prompts::Prompts;

/// Folders above a file that are looked at for its plan.
const ABOVE: usize = 3;
/// Prompts that are offered.
const PROMPTS: usize = 10_000;
/// The plan of a directory.
const PLAN: &str = config::FILES[0];

/// Where a plan is: its directory and its name.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(super) struct Key {
    pub(super) directory: PathBuf,
    pub(super) plan: String,
}

/// The files of a plan as they were at one moment, and what is known of them. What is asked for is found out once.
pub(super) struct Snapshot {
    sources: Arc<Sources>,
    key: Key,
    settings: OnceCell<(Options, Config)>,
    reading: OnceCell<Arc<Reading>>,
    view: OnceCell<View>,
    found: OnceCell<Vec<Diagnostic>>,
}

/// What has changed since files were read.
#[derive(Default)]
enum Changed {
    /// Nothing has been read.
    #[default]
    All,
    /// The texts of these open files.
    Texts(BTreeSet<PathBuf>),
}

/// A plan that is looked at.
#[derive(Default)]
pub(super) struct Project {
    now: Option<Rc<Snapshot>>,
    /// The digest of the files of `now`.
    digest: u64,
    /// What has changed since `now`.
    changed: Changed,
    /// What was published is about older files.
    pub(super) stale: bool,
    /// Files, by URI, that findings were published for.
    pub(super) published: BTreeSet<String>,
    prompts: Option<Rc<Vec<String>>>,
}

impl Project {
    /// The files as they are now.
    pub(super) fn snapshot(&mut self, key: &Key, documents: &Documents) -> Rc<Snapshot> {
        let changed = std::mem::replace(&mut self.changed, Changed::Texts(BTreeSet::new()));
        let again = match (&self.now, changed) {
            (Some(now), Changed::Texts(paths)) if paths.is_empty() => return Rc::clone(now),
            (Some(now), Changed::Texts(paths)) => now.with(&paths, documents),
            _ => None,
        };
        let sources = again.unwrap_or_else(|| gather(key, documents));
        let digest = digest(&sources);
        match &self.now {
            Some(now) if self.digest == digest => Rc::clone(now),
            _ => {
                let now = Rc::new(Snapshot {
                    sources: Arc::new(sources),
                    key: key.clone(),
                    settings: OnceCell::new(),
                    reading: OnceCell::new(),
                    view: OnceCell::new(),
                    found: OnceCell::new(),
                });
                self.digest = digest;
                self.now = Some(Rc::clone(&now));
                now
            }
        }
    }

    /// Names of prompts: those that are built in, and those of the sounds folder.
    pub(super) fn prompts(&mut self, snapshot: &Snapshot) -> Rc<Vec<String>> {
        if let Some(prompts) = &self.prompts {
            return Rc::clone(prompts);
        }
        let mut all: BTreeSet<String> = Prompts::builtin().map(str::to_owned).collect();
        let (_, config) = snapshot.settings();
        if let Some(data) = &config.directories.data {
            sounds(&data.join("sounds"), "", 0, &mut all);
        }
        sounds(&snapshot.key.directory.join("sounds"), "", 0, &mut all);
        let prompts = Rc::new(all.into_iter().collect());
        self.prompts = Some(Rc::clone(&prompts));
        prompts
    }

    /// The text of an open file has changed.
    pub(super) fn stir(&mut self, path: &Path) {
        if let Changed::Texts(paths) = &mut self.changed {
            paths.insert(path.to_path_buf());
        }
        self.stale = true;
    }

    /// Something on the disk may have changed.
    pub(super) fn forget(&mut self) {
        self.changed = Changed::All;
        self.stale = true;
        self.prompts = None;
    }
}

impl Snapshot {
    /// How the files are read.
    fn settings(&self) -> &(Options, Config) {
        self.settings
            .get_or_init(|| check::plain(&self.sources, &self.key.plan))
    }

    fn reading(&self) -> &Arc<Reading> {
        self.reading
            .get_or_init(|| Arc::new(Reading::new(&self.sources, &self.settings().0)))
    }

    /// The plan as an editor asks about it.
    pub(super) fn view(&self) -> &View {
        self.view.get_or_init(|| {
            let (sources, reading) = (Arc::clone(&self.sources), Arc::clone(self.reading()));
            View::new(sources, &self.settings().0, reading)
        })
    }

    /// What `check` says.
    pub(super) fn findings(&self) -> &[Diagnostic] {
        self.found
            .get_or_init(|| check::plainly(&self.sources, self.settings(), self.reading()))
    }

    /// The files with the new texts of some; None if other files may belong to the plan now.
    fn with(&self, paths: &BTreeSet<PathBuf>, documents: &Documents) -> Option<Sources> {
        let mut sources = Sources::clone(&self.sources);
        for path in paths {
            let (file, document) = (self.file(path)?, documents.at(path)?);
            let old = self.sources.file(file);
            if old.name() == "strowger.toml" || !includes_alike(old.bytes(), &document.text) {
                return None;
            }
            let name = old.name().to_owned();
            sources.add(&name, document.text.clone());
        }
        Some(sources)
    }

    /// The `.dial` files below the plan's directory that a file of it could import, but for the file itself.
    pub(super) fn importable(&self, asking: FileId, documents: &Documents) -> Vec<Elsewhere> {
        let mut found = Vec::new();
        modules(&self.key.directory, "", 0, &mut found);
        let own = self.sources.file(asking).name().to_owned();
        let other = found
            .into_iter()
            .filter(|path| format!("{path}.dial") != own);
        other
            .filter_map(|path| {
                let on_disk = self.key.directory.join(format!("{path}.dial"));
                let text = match documents.at(&on_disk) {
                    Some(document) => document.text.clone(),
                    None => {
                        let size = std::fs::metadata(&on_disk).ok()?.len();
                        if size > config::FILE {
                            return None;
                        }
                        std::fs::read(&on_disk).ok()?
                    }
                };
                Some(Elsewhere { path, text })
            })
            .collect()
    }

    pub(super) fn sources(&self) -> &Sources {
        &self.sources
    }

    /// Where a file is on the disk.
    pub(super) fn path(&self, file: FileId) -> PathBuf {
        self.key.directory.join(self.sources.file(file).name())
    }

    /// The file at a path.
    pub(super) fn file(&self, path: &Path) -> Option<FileId> {
        self.sources
            .files()
            .find(|(_, f)| self.key.directory.join(f.name()) == path)
            .map(|(id, _)| id)
    }
}

/// The plan that a file belongs to: that of its directory or of one above, if that holds it; else the file itself.
pub(super) fn belongs(path: &Path, documents: &Documents) -> Option<Key> {
    let name = path.file_name()?.to_str()?.to_owned();
    let own = path.parent()?;
    for directory in own.ancestors().take(ABOVE + 1) {
        let there = config::PLANS.into_iter().find(|name| {
            let plan = directory.join(name);
            documents.at(&plan).is_some() || plan.is_file()
        });
        let Some(plan) = there else {
            continue;
        };
        let key = Key {
            directory: directory.to_path_buf(),
            plan: plan.to_owned(),
        };
        let sources = gather(&key, documents);
        if sources
            .files()
            .any(|(_, f)| directory.join(f.name()) == path)
        {
            return Some(key);
        }
    }
    // A file beside a plan that nobody includes, or one without a plan.
    let device = config::FILES.contains(&name.as_str()) || beside::FILES.contains(&name.as_str());
    let text = documents.at(path).map(|d| d.text.clone());
    let text = text
        .or_else(|| std::fs::read(path).ok())
        .unwrap_or_default();
    let dial = name.ends_with(".dial");
    (device || dial || name.starts_with("extensions") || has_steps(&text)).then(|| Key {
        directory: own.to_path_buf(),
        plan: if device { PLAN.to_owned() } else { name },
    })
}

/// Whether a line begins with `exten` or `same`.
fn has_steps(text: &[u8]) -> bool {
    text.split(|b| *b == b'\n').any(|line| {
        let line = line.trim_ascii_start();
        ["exten", "same"].iter().any(|key| {
            line.len() > key.len()
                && line[..key.len()].eq_ignore_ascii_case(key.as_bytes())
                && line[key.len()..].trim_ascii_start().starts_with(b"=")
        })
    })
}

/// Whether two texts of a file include the same files: their directives and imports, and what may hide them, are alike.
fn includes_alike(a: &[u8], b: &[u8]) -> bool {
    fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
        text.split(|b| *b == b'\n')
            .map(<[u8]>::trim_ascii)
            .filter(|line| {
                line.first() == Some(&b'#')
                    || line.starts_with(b"import")
                    || line.contains(&0)
                    || line.windows(3).any(|w| w == b";--" || w == b"--;")
            })
    }
    lines(a).eq(lines(b))
}

/// Reads a plan and the files beside it: open files as they stand in the editor, the others from the disk.
fn gather(key: &Key, documents: &Documents) -> Sources {
    let mut over = BTreeMap::new();
    for document in documents.all() {
        let Some(path) = &document.path else { continue };
        let inside = path.strip_prefix(&key.directory).ok();
        for name in [inside, Some(path)].into_iter().flatten() {
            if let Some(name) = name.to_str() {
                over.insert(name.to_owned(), document.text.clone());
            }
        }
    }
    let gathered = config::gather_over(&key.directory, &key.plan, &over).map(|mut sources| {
        config::gather_more(&mut sources, &key.directory, &beside::FILES, &over);
        sources
    });
    gathered.unwrap_or_else(|_| {
        // A directory that is not there yet, or a file that cannot be read: what is open is all there is.
        let mut sources = Sources::new();
        for name in std::iter::once(key.plan.as_str()).chain(config::FILES.into_iter().skip(1)) {
            if let Some(text) = over.remove(name) {
                sources.add(name, text);
            }
        }
        sources
    })
}

/// The `.dial` files below a folder, without their endings.
fn modules(folder: &Path, before: &str, depth: usize, out: &mut Vec<String>) {
    const DEPTH: usize = 3;
    const MODULES: usize = 200;
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<(String, PathBuf)> = entries
        .take(PROMPTS)
        .filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry.path())))
        .collect();
    names.sort();
    for (name, path) in names {
        if out.len() >= MODULES {
            return;
        }
        // What an `import` can name.
        let word = |name: &str| {
            name.starts_with(|c: char| c.is_ascii_lowercase())
                && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        };
        if let Some(stem) = name.strip_suffix(".dial") {
            if word(stem) {
                out.push(format!("{before}{stem}"));
            }
        } else if word(&name) && depth < DEPTH && path.is_dir() {
            modules(&path, &format!("{before}{name}/"), depth + 1, out);
        }
    }
}

fn digest(sources: &Sources) -> u64 {
    let mut hasher = DefaultHasher::new();
    for (_, file) in sources.files() {
        (file.name(), file.bytes()).hash(&mut hasher);
    }
    hasher.finish()
}

/// Names below a folder of sounds, without their endings; folders of languages stand for themselves.
fn sounds(folder: &Path, before: &str, depth: usize, out: &mut BTreeSet<String>) {
    const DEPTH: usize = 4;
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries.take(PROMPTS) {
        if out.len() >= PROMPTS {
            return;
        }
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let kind = entry.file_type();
        if kind.as_ref().is_ok_and(std::fs::FileType::is_dir) {
            // `en/hello` is what `Playback(hello)` finds.
            let language = depth == 0 && name.len() == 2 || name.contains('_');
            let inner = match language {
                true => String::new(),
                false => format!("{before}{name}/"),
            };
            if depth < DEPTH {
                sounds(&entry.path(), &inner, depth + 1, out);
            }
        } else if let Some((stem, _)) = name.rsplit_once('.') {
            out.insert(format!("{before}{stem}"));
        }
    }
}
