//! The whole way from files to a checked plan.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use strowger_stdlib::Dialect;
use strowger_vm::{BadModule, Module};

use crate::audit::Denied;
use crate::conf::line::{self, Config};
use crate::conf::{exten, pipes};
use crate::diagnostic::{Diagnostic, Level};
use crate::hir::Hir;
use crate::lint::Plan;
use crate::resolve::Index;
use crate::source::{FileId, Sources};
use crate::{build, codes, dial, lint, lower};

/// What to compile for, and how loud to be.
#[derive(Clone, Debug)]
pub struct Options {
    /// The Asterisk whose reading is followed.
    pub dialect: Dialect,
    /// Levels by code (`S103`) or family (`reading`); a code wins over its family.
    pub levels: HashMap<String, Level>,
    /// The file that holds the plan.
    pub plan: String,
    /// The time of loading in seconds since 1970, for globals that ask for it (`${EPOCH}`, `STRFTIME`).
    pub now: Option<i64>,
    /// On a reload: what the plan finds in force.
    pub in_force: Option<InForce>,
    /// What the readers of the other files have found: it is allowed by comments, given its level and sorted together with the rest.
    /// `None`: nobody has read them.
    pub beside: Option<Vec<Diagnostic>>,
    /// Whether each place of what is told once stands by itself ([`gather`](crate::gather) joins them later).
    pub apart: bool,
    /// What an analysis is told about the plan's surroundings.
    pub surroundings: Surroundings,
}

/// `[check]` of `strowger.toml`: what [`analyse`] cannot read from a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// Contexts that calls enter from outside, beside those that the device files name.
    pub entries: Vec<Vec<u8>>,
    /// Contexts into which anybody may call.
    pub guests: Vec<Vec<u8>>,
    /// Devices whose calls cost money.
    pub trunks: Vec<Vec<u8>>,
    /// Devices and contexts whose callers may do what they like.
    pub trust: Vec<Vec<u8>>,
    /// Numbers of emergency services. Empty: those of many countries are looked at, more cautiously.
    pub emergency: Vec<Vec<u8>>,
    /// What the plan must not have.
    pub denied: Vec<Denied>,
}

/// What a plan finds in force when it takes the place of another one.
#[derive(Clone, Debug, Default)]
pub struct InForce {
    /// How the running plan behaves: an option that the new text does not write keeps its value.
    pub options: strowger_vm::Options,
    /// Global variables that are set: the new text can read them while it is loaded.
    pub globals: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            dialect: Dialect::default(),
            levels: HashMap::new(),
            plan: "extensions.conf".to_owned(),
            now: None,
            in_force: None,
            beside: None,
            apart: false,
            surroundings: Surroundings::default(),
        }
    }
}

impl Options {
    /// The level of a code after configuration.
    pub fn level(&self, code: &str) -> Level {
        if let Some(level) = self.levels.get(code) {
            return *level;
        }
        let family = codes::find(code).map_or("", |c| c.family);
        self.levels
            .get(family)
            .copied()
            .unwrap_or_else(|| codes::level(code))
    }
}

/// A compiled plan.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// Everything found, in the order of files and places. Nothing at level `allow`.
    pub diagnostics: Vec<Diagnostic>,
    /// The plan as a graph.
    pub hir: Hir,
    /// The plan as verified bytecode; an error if it is larger than the format can express.
    pub module: Result<Arc<Module>, BadModule>,
    /// The file cannot be used as it stands (DL-008): a running exchange keeps its old plan.
    pub refused: bool,
    /// A `.dial` file has an error outside its tests, so none of them is part of the plan: a running exchange keeps its old one.
    pub torn: bool,
    /// The tests that its `.dial` files hold.
    pub tests: Vec<dial::test::Block>,
}

impl Compiled {
    /// Whether something is an error.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|d| d.level == Level::Error)
    }

    /// Findings about what loading dropped or misread, without the analyser's.
    pub fn loading(&self) -> impl Iterator<Item = &Diagnostic> {
        self.diagnostics
            .iter()
            .filter(|d| codes::find(d.code).is_some_and(|c| c.loading))
    }
}

/// Compiles a plan and checks it. Never fails: look at the diagnostics.
pub fn compile(sources: &Sources, options: &Options) -> Compiled {
    translate(sources, options, Depth::Check)
}

/// Compiles a plan and analyses it: beside the checks of [`compile()`] those that follow calls through the whole plan.
pub fn analyse(sources: &Sources, options: &Options) -> Compiled {
    translate(sources, options, Depth::Analysis)
}

/// Compiles a plan to run it: as [`compile`], but of the findings only those about what loading dropped or misread
/// ([`Compiled::loading`]). The checks of the whole plan cost more than all the rest.
pub fn load(sources: &Sources, options: &Options) -> Compiled {
    translate(sources, options, Depth::Load)
}

/// How much of what is wrong is looked for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Depth {
    /// What loading drops or misreads.
    Load,
    /// What each line and its neighbours tell.
    Check,
    /// What calls do that go through the whole plan.
    Analysis,
}

/// The plan of a directory.
const PLAN: &str = "extensions.conf";
/// The same in the other language, where there is no [`PLAN`].
const DIAL: &str = "extensions.dial";

/// The plan that the options name; in the place of an extensions.conf that is not there, `extensions.dial`.
fn plan_of<'o>(sources: &Sources, options: &'o Options) -> &'o str {
    let typed =
        options.plan == PLAN && sources.find(PLAN).is_none() && sources.find(DIAL).is_some();
    if typed { DIAL } else { &options.plan }
}

/// A plan that was read: its lines, and the graph that they make.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The plan's file; none if it is not among the files.
    file: Option<FileId>,
    /// A part of a plan that somebody includes; what it names may stand in the rest.
    part: bool,
    pub(crate) config: Config,
    pub(crate) hir: Hir,
    torn: bool,
    tests: Vec<dial::test::Block>,
    /// The `.dial` files of it that nothing imports.
    pub(crate) dials: Vec<FileId>,
    found: Vec<Diagnostic>,
}

impl Reading {
    /// Reads the plan that the options name.
    pub fn new(sources: &Sources, options: &Options) -> Reading {
        let dialect = &options.dialect;
        let file = sources.find(plan_of(sources, options));
        let mut config = Config::default();
        let mut roots = Vec::new();
        if let Some(file) = file {
            if dial::is_dial(plan_of(sources, options)) {
                roots.push(file);
            } else {
                add(&mut config, sources, file, dialect);
                roots = std::mem::take(&mut config.dials);
            }
        }
        let mut read: HashSet<FileId> = file.into_iter().collect();
        let program = loop {
            let program = dial::read(sources, &roots);
            if !program.conf.is_empty() {
                read.extend(
                    config
                        .requests
                        .iter()
                        .flat_map(|name| sources.resolve(name)),
                );
            }
            for conf in &program.conf {
                if read.insert(*conf) {
                    add(&mut config, sources, *conf, dialect);
                }
            }
            // What is imported may include further `.dial` files.
            let mut more = std::mem::take(&mut config.dials);
            more.retain(|dial| !roots.contains(dial));
            if more.is_empty() {
                break program;
            }
            roots.extend(more);
        };
        let mut found = std::mem::take(&mut config.diagnostics);
        let mut hir = Hir::default();
        let mut tests = Vec::new();
        let mut torn = false;
        if file.is_some() {
            let built = build::build(sources, &exten::parse(&config, dialect), options);
            hir = built.0;
            found.extend(built.1);
            if !program.is_empty() {
                let compiled = program.compile(sources, &mut hir);
                (torn, tests) = (compiled.torn, compiled.tests);
                found.extend(compiled.found);
            }
        }
        let named = |s: &line::Section| matches!(s.name.as_slice(), b"general" | b"globals");
        // `extensions_custom.conf` stands beside others of its kind, whatever sections it has.
        let name = plan_of(sources, options)
            .rsplit('/')
            .next()
            .unwrap_or_default();
        let sibling = name.starts_with("extensions");
        let added = file.is_some_and(|file| is_added(sources.file(file).bytes(), name));
        let part = added
            || name != PLAN
                && !dial::is_dial(name)
                && (sibling || !config.sections.iter().any(named));
        config.open |= added;
        Reading {
            file,
            part,
            config,
            hir,
            torn,
            tests,
            dials: roots,
            found,
        }
    }

    /// What is wrong with it, unsorted.
    pub(crate) fn found(&self) -> &[Diagnostic] {
        &self.found
    }
}

impl Reading {
    /// The graph that the lines make.
    pub fn hir(&self) -> &Hir {
        &self.hir
    }
}

/// Whether a file begins with a comment that says that its lines are to be added to one's own file of this name.
fn is_added(text: &[u8], name: &str) -> bool {
    let first = text.split(|b| *b == b'\n').next().unwrap_or_default();
    let Some(said) = first.trim_ascii().strip_prefix(b";") else {
        return false;
    };
    let said = said.trim_ascii_start().to_ascii_lowercase();
    let added = [&b"append "[..], b"add ", b"paste "];
    added.iter().any(|word| said.starts_with(word)) && said.ends_with(name.as_bytes())
}

/// Adds what a file says to a configuration, as if one file included both.
fn add(all: &mut Config, sources: &Sources, file: FileId, dialect: &Dialect) {
    let mut config = line::read_for(sources, file, dialect);
    let before = all.renamed.len() as u32;
    for value in config.sections.iter_mut().flat_map(|s| &mut s.values) {
        if value.renamed > 0 {
            value.renamed += before;
        }
    }
    all.sections.append(&mut config.sections);
    all.diagnostics.append(&mut config.diagnostics);
    all.refused |= config.refused;
    all.open |= config.open;
    all.requests.append(&mut config.requests);
    all.dials.append(&mut config.dials);
    all.renamed.append(&mut config.renamed);
}

/// A part of an analysis, to be called once.
pub type Part<'p> = Box<dyn FnMut() + Send + 'p>;

/// Calls the parts of an analysis, in any order or at the same time, and returns when all have ended. The compiler starts no thread; who
/// has some lends them so.
pub type Crew = fn(&mut [Part<'_>]);

/// One part after the other.
pub fn alone(parts: &mut [Part<'_>]) {
    parts.iter_mut().for_each(|part| part());
}

/// What is wrong with a plan that was read: what [`analyse`] finds, without compiling.
pub fn check(
    sources: &Sources,
    options: &Options,
    reading: &Reading,
    crew: Crew,
) -> Vec<Diagnostic> {
    let found = reading.found.clone();
    look(sources, options, reading, found, Depth::Analysis, crew)
}

/// A plan of fewer steps is looked at sooner by one thread: a second one brings an arena of its own.
const SMALL: usize = 2_000;

fn look(
    sources: &Sources,
    options: &Options,
    reading: &Reading,
    mut found: Vec<Diagnostic>,
    depth: Depth,
    crew: Crew,
) -> Vec<Diagnostic> {
    let (dialect, hir) = (&options.dialect, &reading.hir);
    if depth == Depth::Analysis && reading.part {
        // Such lines belong to the section that includes the file.
        found.retain(|finding| finding.code != "S114");
    }
    if depth == Depth::Analysis && !matches!(plan_of(sources, options), PLAN | DIAL) {
        // The section that is added to may stand in the file that includes this one.
        found.retain(|finding| finding.code != "S122");
    }
    if depth >= Depth::Check && reading.file.is_some() {
        let beside = ["extensions.ael", "extensions.lua"]
            .iter()
            .any(|f| sources.find(f).is_some());
        let commas = dialect.pipes.then(|| pipes::with_commas(hir));
        let index = Index::new(commas.as_ref().unwrap_or(hir));
        // What has an error is not in the graph.
        let torn = reading.config.open || beside || reading.torn;
        let whole = matches!(plan_of(sources, options), PLAN | DIAL);
        let plan = Plan::new(index, torn, reading.part, whole, dialect, sources);
        if depth >= Depth::Analysis {
            found.extend(analysis(&plan, sources, options, crew));
        } else {
            found.extend(lint::check(&plan, sources));
        }
    }
    dial::spoken::tell(&mut found, sources, hir);
    settle(sources, options, depth, reading.file, found)
}

/// All checks, in parts that are independent of each other.
fn analysis(plan: &Plan<'_>, sources: &Sources, options: &Options, crew: Crew) -> Vec<Diagnostic> {
    let around = &options.surroundings;
    let mut found: [Vec<Diagnostic>; 4] = Default::default();
    let [lines, files, ways, callers] = &mut found;
    let mut parts: [Part<'_>; 4] = [
        Box::new(|| *lines = lint::check(plan, sources)),
        Box::new(|| *callers = lint::secure(plan, sources, around)),
        Box::new(|| *files = lint::beside(plan, sources)),
        Box::new(|| *ways = lint::whole::check(plan, sources, plan_of(sources, options), around)),
    ];
    let steps = plan.index.hir().steps();
    let crew = if steps.clone().nth(SMALL).is_some() {
        // Else each would wait for the other at every step.
        steps.for_each(|step| step.prepare());
        crew
    } else {
        alone
    };
    crew(&mut parts);
    drop(parts);
    found.into_iter().flatten().collect()
}

fn translate(sources: &Sources, options: &Options, depth: Depth) -> Compiled {
    let mut reading = Reading::new(sources, options);
    // The lines have been read; a large plan needs their memory now.
    reading.config.sections = Vec::new();
    let found = std::mem::take(&mut reading.found);
    let diagnostics = look(sources, options, &reading, found, depth, alone);
    let module = match reading.file {
        Some(_) => lower::lower(&reading.hir, sources).map(Arc::new),
        None => Ok(Arc::default()),
    };
    Compiled {
        diagnostics,
        hir: reading.hir,
        module,
        refused: reading.config.refused,
        torn: reading.torn,
        tests: reading.tests,
    }
}

/// From all that was found to what is told: without what comments and levels allow, each cause once, in the order of files and places.
fn settle(
    sources: &Sources,
    options: &Options,
    depth: Depth,
    plan: Option<FileId>,
    mut found: Vec<Diagnostic>,
) -> Vec<Diagnostic> {
    let beside = options.beside.is_some();
    found.extend(options.beside.iter().flatten().cloned());
    lint::suppress::apply(sources, depth, beside, &mut found);
    found.retain_mut(|finding| {
        finding.level = options.level(finding.code);
        finding.level != Level::Allow
    });
    if !options.apart {
        found = lint::gather(found);
    }
    // The plan first, then the device files, each from top to bottom.
    found.sort_by_key(|d| {
        let at = d.primary.span;
        (Some(at.file) != plan, at.file, at.start)
    });
    // Lines that templates copy are read once for each copy.
    let mut seen = HashSet::new();
    found.retain(|d| seen.insert((d.code, d.primary.span, d.message.clone())));
    found
}
