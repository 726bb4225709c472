//! A test file and the plan beside it, read.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use strowger_compiler::coverage::Reachable;
use strowger_compiler::dial::test::Block;
use strowger_compiler::dial::{is_dial, tears};
use strowger_compiler::{Diagnostic, FileId, Sources, Span};
use strowger_runtime::config::{FILES, plan_in};
use strowger_runtime::sim::Simulation;
use strowger_vm::{Globals, Module};

use super::block;
use super::case::Case;
use super::mailboxes::{self, Mailboxes};
use super::problem::problem;
use super::read::{self, Beside};
use super::snapshot::Accepted;
use super::yaml::{self, Node};
use crate::load::{self, Loaded};
use crate::render;

/// The plan of a file that names none.
pub(crate) const PLAN: &str = FILES[0];
/// The file of tests made from texts.
const TYPED: &str = "plan.test.yaml";
/// The plan in `.dial` made from a text.
const DIAL: &str = "extensions.dial";

/// A test file and the plan beside it.
pub struct Suite {
    pub(crate) shown: String,
    pub(crate) path: Option<PathBuf>,
    /// The name of the plan's file.
    plan: String,
    pub(crate) loaded: Loaded,
    pub(crate) sources: Sources,
    pub(crate) cases: Vec<Case>,
    pub(crate) accepted: Accepted,
    pub(crate) reachable: Reachable,
    draft: Draft,
    /// The tests of a `.dial` file, as a test file would say them.
    blocks: Vec<Node>,
}

/// Why tests cannot run: mistakes in their file, each at its place, or a plan that cannot be read.
pub struct Refused {
    /// One sentence where nothing could be read.
    pub(crate) fault: Option<String>,
    pub(crate) sources: Sources,
    pub(crate) found: Vec<Diagnostic>,
    /// Files that were read, or would have been.
    pub(crate) files: Vec<PathBuf>,
}

impl Refused {
    fn fault(fault: impl Into<String>, files: Vec<PathBuf>) -> Box<Refused> {
        Box::new(Refused {
            fault: Some(fault.into()),
            sources: Sources::new(),
            found: Vec::new(),
            files,
        })
    }
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(fault) = &self.fault {
            return f.write_str(fault);
        }
        let mut drawn = Vec::new();
        render::human(&mut drawn, &self.sources, &self.found, false)
            .map_err(|_| std::fmt::Error)?;
        f.write_str(String::from_utf8_lossy(&drawn).trim_end())
    }
}

impl std::fmt::Debug for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

impl std::error::Error for Refused {}

impl std::fmt::Debug for Suite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Suite")
            .field("shown", &self.shown)
            .field("cases", &self.cases.len())
            .finish_non_exhaustive()
    }
}

impl Suite {
    /// Reads a test file (`*.test.yaml`) and the plan beside it.
    ///
    /// # Errors
    /// [`Refused`] says what is wrong with either, at its place.
    pub fn open(path: impl AsRef<Path>) -> Result<Suite, Box<Refused>> {
        Suite::open_with(path.as_ref(), None)
    }

    /// The same; `seed` counts whatever the file says.
    pub(crate) fn open_with(path: &Path, seed: Option<u64>) -> Result<Suite, Box<Refused>> {
        let cannot = |fault: &dyn std::fmt::Display| {
            Refused::fault(
                format!("{}: {fault}", path.display()),
                vec![path.to_owned()],
            )
        };
        let size = std::fs::metadata(path).map_err(|e| cannot(&e))?.len();
        if size > yaml::SIZE as u64 {
            return Err(cannot(&format!("longer than {} bytes", yaml::SIZE)));
        }
        let text = std::fs::read(path).map_err(|e| cannot(&e))?;
        let accepted = Accepted::beside(path).map_err(|e| Refused::fault(e, Vec::new()))?;
        Ok(Suite {
            accepted,
            ..Suite::with_text(path, text, seed)?
        })
    }

    /// The same with another text than the file's.
    pub(crate) fn with_text(
        path: &Path,
        text: Vec<u8>,
        seed: Option<u64>,
    ) -> Result<Suite, Box<Refused>> {
        let folder = path
            .parent()
            .filter(|p| !p.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let draft = Draft {
            mailboxes: mailboxes::beside(folder).map(Arc::new),
            ..Draft::read(folder, &name, text, seed)
        };
        let mut suite = if is_dial(&name) {
            let (plan, loaded) = with_blocks(folder, &name)?;
            draft.of_blocks(plan, loaded)?
        } else {
            draft.suite(|plan| load::to_run(&folder.join(plan)))?
        };
        suite.shown = suite_name(path);
        suite.path = Some(path.to_owned());
        Ok(suite)
    }

    /// Tests of a plan that stands in no file.
    ///
    /// # Errors
    /// As [`open`](Suite::open).
    pub fn from_texts(plan: &str, tests: &str) -> Result<Suite, Box<Refused>> {
        let draft = Draft::read(Path::new("."), TYPED, tests.into(), None);
        draft.suite(|name| {
            let sources = Sources::new().with(name, plan);
            load::understand(
                sources,
                PathBuf::from("."),
                name.to_owned(),
                load::Release::default(),
            )
        })
    }

    /// A plan in `.dial` that stands in no file, with its tests.
    ///
    /// # Errors
    /// As [`open`](Suite::open).
    pub fn from_dial(plan: &str) -> Result<Suite, Box<Refused>> {
        let sources = Sources::new().with(DIAL, plan);
        let (folder, release) = (PathBuf::from("."), load::Release::default());
        let loaded = load::understand(sources, folder, DIAL.to_owned(), release);
        Suite::of_blocks(DIAL, loaded.map_err(|e| Refused::fault(e, Vec::new()))?)
    }

    /// The tests that stand in a `.dial` plan that is read already.
    pub(crate) fn of_blocks(plan: &str, loaded: Loaded) -> Result<Suite, Box<Refused>> {
        let draft = Draft::read(Path::new("."), plan, Vec::new(), None);
        draft.of_blocks(plan, loaded)
    }

    /// Tests of a plan whose files are read already.
    pub(crate) fn of_sources(sources: &Sources, tests: String) -> Result<Suite, Box<Refused>> {
        let draft = Draft::read(Path::new("."), TYPED, tests.into(), None);
        draft.suite(|name| {
            load::understand(
                sources.clone(),
                PathBuf::from("."),
                name.to_owned(),
                load::Release::default(),
            )
        })
    }

    /// The names of the tests, in the order of the file. One that dials several numbers has a name for each.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.cases.iter().map(|c| c.name.as_str())
    }

    /// A test as a test file has it.
    pub(crate) fn written(&self, case: &Case) -> Option<Node> {
        let mut blocks = self.blocks.iter();
        if let Some(block) = blocks.find(|node| node.span == case.span) {
            return Some(block.clone());
        }
        let root = yaml::read(case.span.file, &self.draft.text).ok()??;
        let tests = root.get("tests")?.items();
        let named = |test: &&Node| test.get("name").is_some_and(|n| n.span == case.span);
        tests.iter().find(named).cloned()
    }

    /// Other tests of the same plan, in a file of no name.
    pub(crate) fn retold(&self, text: String) -> Result<Suite, Box<Refused>> {
        let draft = Draft {
            name: TYPED.to_owned(),
            text: text.into_bytes(),
            ..self.draft.clone()
        };
        let directory = &self.loaded.directory;
        draft.suite(|name| {
            load::these(
                self.loaded.sources.clone(),
                directory.clone(),
                name.to_owned(),
            )
        })
    }

    /// A test of a test file, as its text in the list `tests`, understood beside this plan.
    pub(crate) fn told(&self, test: &str) -> Result<Case, String> {
        let plan = serde_json::Value::from(self.plan.as_str());
        let text = format!("dialplan: {plan}\ntests:\n{test}");
        let suite = self.retold(text).map_err(|refused| refused.to_string())?;
        suite
            .cases
            .into_iter()
            .next()
            .ok_or_else(|| "nothing".to_owned())
    }

    /// The file that holds the tests, if it is one of `.dial`.
    pub(super) fn blocks_in(&self) -> Option<&str> {
        Some(self.draft.name.as_str()).filter(|name| is_dial(name))
    }

    /// The tests of a `.dial` file of this plan, with other texts.
    pub(super) fn blocks_of(
        &self,
        file: &str,
        plan: &str,
        sources: Sources,
    ) -> Result<Suite, String> {
        let loaded = load::these(sources, self.loaded.directory.clone(), plan.to_owned())?;
        let draft = Draft {
            name: file.to_owned(),
            ..self.draft.clone()
        };
        let suite = draft.of_blocks(plan, loaded);
        suite.map_err(|refused| refused.to_string())
    }

    /// The same tests of a plan whose files are changed. No snapshot is accepted.
    pub(crate) fn changed(&self, sources: &Sources) -> Result<Suite, Box<Refused>> {
        let directory = &self.loaded.directory;
        let read = |name: &str| load::these(sources.clone(), directory.clone(), name.to_owned());
        if is_dial(&self.draft.name) {
            let loaded = read(&self.plan).map_err(|e| Refused::fault(e, Vec::new()))?;
            return self.draft.clone().of_blocks(&self.plan, loaded);
        }
        self.draft.clone().suite(read)
    }

    /// The made-up world of its files.
    pub(crate) fn simulation(&self) -> Simulation {
        let mut simulation = Simulation::new(self.module()).with_globals(self.globals());
        let features = &self.loaded.config.features;
        simulation.world.features.clone_from(features);
        simulation
    }

    /// Mailboxes that files beside the plan describe.
    pub(super) fn mailboxes(&self) -> Option<&Mailboxes> {
        self.draft.mailboxes.as_deref()
    }

    pub(crate) fn module(&self) -> Arc<Module> {
        self.loaded.module()
    }

    pub(crate) fn globals(&self) -> Arc<Globals> {
        self.loaded.globals()
    }

    /// The name of the plan's file.
    pub(crate) fn plan_name(&self) -> &str {
        &self.plan
    }

    /// The plan's file.
    pub(crate) fn plan(&self) -> PathBuf {
        self.loaded.directory.join(&self.plan)
    }

    /// The same as people are told it.
    pub(crate) fn plan_shown(&self) -> String {
        suite_name(&self.plan())
    }

    /// Every file that was read.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let read = self.loaded.sources.files();
        read.map(|(_, file)| self.loaded.directory.join(file.name()))
            .chain(self.path.clone())
            .chain(
                self.draft
                    .mailboxes
                    .as_ref()
                    .map(|_| self.draft.folder.join(mailboxes::FILE)),
            )
            .collect()
    }
}

/// The plan that a path means, a folder or the file itself, and its name.
///
/// # Errors
/// There is none.
pub(crate) fn plan_of(path: &Path) -> Result<(PathBuf, String), String> {
    let plan = if path.is_dir() {
        path.join(plan_in(path))
    } else {
        path.to_owned()
    };
    if !plan.is_file() {
        return Err(format!("{}: there is no such plan", suite_name(&plan)));
    }
    let name = plan.file_name().unwrap_or_default();
    let name = name.to_string_lossy().into_owned();
    Ok((plan, name))
}

/// The plan to which a `.dial` file with tests belongs: that of its folder if it has the file in it, else the file itself with what it
/// imports.
fn with_blocks<'n>(folder: &Path, name: &'n str) -> Result<(&'n str, Loaded), Box<Refused>> {
    let plan = plan_in(folder);
    if plan != name
        && folder.join(plan).is_file()
        && let Ok(loaded) = load::to_run(&folder.join(plan))
        && holds(&loaded, name)
    {
        return Ok((plan, loaded));
    }
    let path = folder.join(name);
    match load::to_run(&path) {
        Ok(loaded) => Ok((name, loaded)),
        Err(fault) => Err(Refused::fault(fault, vec![path])),
    }
}

/// Whether a plan has the file in it: its tests, or what is wrong with it.
fn holds(loaded: &Loaded, name: &str) -> bool {
    let named = |file: FileId| loaded.sources.file(file).name() == name;
    let compiled = &loaded.compiled;
    let mut wrong = compiled.diagnostics.iter();
    compiled.tests.iter().any(|b| named(b.span.file))
        || wrong.any(|d| d.code.starts_with('D') && named(d.primary.span.file))
}

/// How a test file is named to people.
pub(crate) fn suite_name(path: &Path) -> String {
    path.strip_prefix(".").unwrap_or(path).display().to_string()
}

/// A test file of which the plan is not read yet.
#[derive(Clone)]
struct Draft {
    folder: PathBuf,
    name: String,
    text: Vec<u8>,
    seed: Option<u64>,
    /// Those that files beside the plan describe.
    mailboxes: Option<Arc<Mailboxes>>,
}

impl Draft {
    fn read(folder: &Path, name: &str, text: Vec<u8>, seed: Option<u64>) -> Draft {
        Draft {
            folder: folder.to_owned(),
            name: name.to_owned(),
            text,
            seed,
            mailboxes: None,
        }
    }

    /// Reads the plan and understands the tests.
    fn suite(self, plan: impl Fn(&str) -> Result<Loaded, String>) -> Result<Suite, Box<Refused>> {
        let mut found = Vec::new();
        let mut files = vec![self.folder.join(&self.name)];
        // Before the plan is known, the file stands alone.
        let (sources, id) = self.with_plan(Sources::new());
        let refused = |sources, found, files| {
            Box::new(Refused {
                fault: None,
                sources,
                found,
                files,
            })
        };
        let root = match yaml::read(id, &self.text) {
            Ok(Some(root)) => root,
            Ok(None) => {
                let span = Span {
                    file: id,
                    start: 0,
                    end: 0,
                };
                found.push(
                    problem("there is nothing in this file", span)
                        .help("`strowger test --init` writes a first one"),
                );
                return Err(refused(sources, found, files));
            }
            Err(wrong) => return Err(refused(sources, vec![*wrong], files)),
        };
        let named = root.get("dialplan");
        let name = named.and_then(Node::text).unwrap_or(PLAN);
        files.push(self.folder.join(name));
        if name.contains(['/', '\\']) {
            let span = named.map_or(root.span, |n| n.span);
            found.push(
                problem("the plan stands beside its tests", span)
                    .help("write the name of a file in this folder"),
            );
            return Err(refused(sources, found, files));
        }
        let loaded = match plan(name) {
            Ok(loaded) => loaded,
            Err(fault) => match named {
                Some(node) => {
                    found.push(problem(fault, node.span));
                    return Err(refused(sources, found, files));
                }
                None => return Err(Refused::fault(fault, files)),
            },
        };
        loaded
            .whole()
            .map_err(|fault| Refused::fault(fault, files.clone()))?;
        // Places of the plan stay what they were: the file comes behind all others.
        let (sources, id) = self.with_plan(loaded.sources.clone());
        let root = match yaml::read(id, &self.text) {
            Ok(Some(root)) => root,
            Ok(None) => return Err(refused(sources, found, files)),
            Err(wrong) => return Err(refused(sources, vec![*wrong], files)),
        };
        for peers in root.get("peers").map(Node::items).unwrap_or_default() {
            let name = peers.text().unwrap_or_default();
            if loaded.sources.find(name).is_none() {
                let devices = ["pjsip.conf", "sip.conf", "users.conf"];
                let wrong = problem(format!("{name} was not read"), peers.span);
                found.push(if devices.contains(&name) {
                    wrong.help("there is no such file beside this one")
                } else {
                    wrong.help(format!("phones are named in {}", devices.join(", ")))
                });
            }
        }
        let module = loaded.module();
        let beside = Beside {
            module: &module,
            accounts: &loaded.config.accounts,
            seed: self.seed,
            mailboxes: self.mailboxes.as_deref(),
        };
        let cases = read::cases(&root, &beside, &mut found);
        if !found.is_empty() {
            found.sort_by_key(|f| f.primary.span.start);
            return Err(refused(sources, found, files));
        }
        Ok(Suite {
            shown: self.name.clone(),
            path: None,
            plan: name.to_owned(),
            reachable: Reachable::of(&loaded.compiled.hir),
            loaded,
            sources,
            cases,
            accepted: Accepted::default(),
            draft: self,
            blocks: Vec::new(),
        })
    }

    /// Understands the tests that stand in the file itself, of a plan that is read.
    fn of_blocks(self, plan: &str, loaded: Loaded) -> Result<Suite, Box<Refused>> {
        let mut sources = loaded.sources.clone();
        sources.stand_in(&self.shown_folder());
        let files = vec![self.folder.join(&self.name)];
        let refused = |sources, mut found: Vec<Diagnostic>| {
            found.sort_by_key(|f| (f.primary.span.file, f.primary.span.start));
            Box::new(Refused {
                fault: None,
                sources,
                found,
                files,
            })
        };
        let wrong = loaded.compiled.diagnostics.iter();
        let wrong: Vec<Diagnostic> = wrong
            .filter(|d| d.code.starts_with('D') && tears(d.code))
            .cloned()
            .collect();
        if !wrong.is_empty() {
            return Err(refused(sources, wrong));
        }
        let file = sources.find(&self.name);
        let blocks = loaded.compiled.tests.iter();
        let blocks: Vec<&Block> = blocks.filter(|b| Some(b.span.file) == file).collect();
        let nodes: Vec<Node> = blocks.iter().map(|b| block::node(b)).collect();
        let told: Vec<(Node, &Block)> = nodes.iter().cloned().zip(blocks).collect();
        let mut found = Vec::new();
        let module = loaded.module();
        let beside = Beside {
            module: &module,
            accounts: &loaded.config.accounts,
            seed: self.seed,
            mailboxes: self.mailboxes.as_deref(),
        };
        let cases = read::of_blocks(&told, &sources, &beside, &mut found);
        if !found.is_empty() {
            return Err(refused(sources, found));
        }
        Ok(Suite {
            shown: self.name.clone(),
            path: None,
            plan: plan.to_owned(),
            reachable: Reachable::of(&loaded.compiled.hir),
            loaded,
            sources,
            cases,
            accepted: Accepted::default(),
            draft: self,
            blocks: nodes,
        })
    }

    /// How the folder is named to people.
    fn shown_folder(&self) -> String {
        let folder = self.folder.display().to_string();
        let folder = folder.strip_prefix("./").unwrap_or(&folder);
        if folder == "." { "" } else { folder }.to_owned()
    }

    fn with_plan(&self, mut sources: Sources) -> (Sources, FileId) {
        sources.stand_in(&self.shown_folder());
        let id = sources.add(&self.name, self.text.clone());
        (sources, id)
    }
}
