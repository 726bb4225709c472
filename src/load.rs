//! From a path on the command line to a compiled plan: the only place of the program that reads configuration files.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use strowger_compiler::conf::line;
use strowger_compiler::dial;
use strowger_compiler::edit_distance::nearest;
use strowger_compiler::{Compiled, Diagnostic, InForce, Level, Options, Reading, Sources, compile};
use strowger_runtime::config::{self, Config};
use strowger_stdlib::dialect::{self, Dialect};
use strowger_stdlib::hash::sha1;
use strowger_vm::{Globals, Module};

use crate::check::loudness::Loudness;
use crate::crew;

/// A configuration directory, read and understood.
pub(crate) struct Loaded {
    /// Every file.
    pub(crate) sources: Sources,
    /// The dialplan.
    pub(crate) compiled: Compiled,
    module: Arc<Module>,
    /// Everything else.
    pub(crate) config: Config,
    /// What is wrong with any of it, in the order of files and places.
    pub(crate) findings: Vec<Diagnostic>,
    /// The directory.
    pub(crate) directory: PathBuf,
    /// The globals of a plan that was compiled before.
    brought: Option<Arc<Globals>>,
}

impl Loaded {
    /// The bytecode.
    pub(crate) fn module(&self) -> Arc<Module> {
        Arc::clone(&self.module)
    }

    /// Makes machine code for functions, where this program can, and the automata of large contexts, on a thread of its own. Calls
    /// do not wait for it: until it is done functions run in typed code, and numbers are found less quickly.
    pub(crate) fn prepare_aside(&self) {
        let module = self.module();
        std::thread::spawn(move || {
            if let Err(fault) = strowger_native::prepare(&module)
                && strowger_native::BUILT
            {
                tracing::warn!(%fault, "functions run in typed code");
            }
            module.prepare();
        });
    }

    /// Whether a file is so broken that the exchange must not start: one that Asterisk would refuse as a whole (DL-008), or an error in
    /// our own `strowger.toml`, or one of a `.dial` file, which compiles as a whole or not at all.
    pub(crate) fn fatal(&self) -> bool {
        let refused = |name: &&str| {
            name.ends_with(".conf")
                && self
                    .sources
                    .find(name)
                    .is_some_and(|id| line::read(&self.sources, id).refused)
        };
        let ours = self.sources.find("strowger.toml");
        self.compiled.refused
            || self.compiled.torn
            || config::FILES.iter().any(refused)
            || self
                .findings
                .iter()
                .any(|d| d.level == Level::Error && Some(d.primary.span.file) == ours)
    }

    /// For who runs the plan or looks into it: without its `.dial` files it is another one.
    ///
    /// # Errors
    /// The first error of a `.dial` file, if one keeps them from being compiled.
    pub(crate) fn whole(&self) -> Result<(), String> {
        if !self.compiled.torn {
            return Ok(());
        }
        let wrong = |d: &&Diagnostic| {
            let name = self.sources.file(d.primary.span.file).name();
            dial::tears(d.code) && dial::is_dial(name)
        };
        let wrong: Vec<&Diagnostic> = self.findings.iter().filter(wrong).collect();
        let first = wrong.first().map(|first| {
            let file = self.sources.file(first.primary.span.file);
            let (line, column) = file.line_column(first.primary.span.start);
            let place = format!("{}:{line}:{column}", file.name());
            format!("{place}: {} ({})", first.message, first.code)
        });
        let more = match wrong.len() {
            0 | 1 => String::new(),
            n => format!("; {} more", n - 1),
        };
        Err(format!(
            "{}{more}\n  hint: as long as a .dial file has an error, none is compiled; `strowger check` shows all",
            first.unwrap_or_else(
                || "an error in a .dial file is not told, but it is there".to_owned()
            )
        ))
    }

    /// Whether the next reload forgets all global variables first (DL-048).
    pub(crate) fn clears_globals(&self) -> bool {
        self.compiled.hir.general.clearglobalvars
    }

    /// Global variables as loading leaves them.
    pub(crate) fn globals(&self) -> Arc<Globals> {
        match &self.brought {
            Some(globals) => Arc::clone(globals),
            None => globals(&self.compiled),
        }
    }
}

/// Which Asterisk a plan is read as.
#[derive(clap::Args, Clone, Copy, Debug, Default)]
pub(crate) struct Release {
    /// Read the plan as this Asterisk does (1.4, 1.8, 11 ... 23), whatever strowger.toml says
    #[arg(long, value_name = "VERSION", value_parser = release)]
    asterisk_version: Option<Dialect>,
}

impl Release {
    /// Whether the command line says which.
    pub(crate) fn is_named(self) -> bool {
        self.asterisk_version.is_some()
    }

    /// What counts for a configuration, or without one.
    pub(crate) fn dialect(self, config: Option<&Config>) -> Dialect {
        let written = config.map(|c| c.options.dialect).unwrap_or_default();
        let dialect = self.asterisk_version.unwrap_or(written);
        match config.and_then(|c| c.system.app_set) {
            Some(old) => dialect.with_app_set(old),
            None => dialect,
        }
    }
}

fn release(text: &str) -> Result<Dialect, String> {
    Dialect::named(text).ok_or_else(|| format!("write {}", dialect::RELEASES))
}

/// A plan that can run: bytecode and globals.
pub(crate) struct Program {
    pub(crate) module: Arc<Module>,
    pub(crate) globals: Arc<Globals>,
}

/// Reads what [`plan`] reads, for tools that only run it.
///
/// # Errors
/// One sentence when there is nothing to read.
pub(crate) fn program(path: &Path, release: Release) -> Result<Program, String> {
    if is_compiled(path) {
        return read_compiled(path, release);
    }
    // What is wrong with lines of extensions.conf nobody is told here: the rest of them runs.
    let plan = read(path, Asked::of(release), strowger_compiler::load)?;
    plan.whole()?;
    Ok(Program {
        module: plan.module(),
        globals: plan.globals(),
    })
}

/// Reads what [`plan`] reads, for who runs it and knows its lines: what is wrong with them nobody is told here.
///
/// # Errors
/// As [`plan`].
pub(crate) fn to_run(path: &Path) -> Result<Loaded, String> {
    read(path, Asked::default(), strowger_compiler::load)
}

/// The same of files that are already read.
///
/// # Errors
/// One sentence when the plan does not fit into a module.
pub(crate) fn these(sources: Sources, directory: PathBuf, plan: String) -> Result<Loaded, String> {
    comprehend(
        sources,
        directory,
        plan,
        &Asked::default(),
        strowger_compiler::load,
    )
}

/// Whether a path names a compiled plan.
pub(crate) fn is_compiled(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "dialc") && !path.is_dir()
}

/// Reads a compiled plan, and says on standard error which of its sources have changed since.
fn read_compiled(path: &Path, release: Release) -> Result<Program, String> {
    let fault = |why: &dyn std::fmt::Display| format!("{}: {why}", path.display());
    if let Some(asked) = release.asterisk_version {
        return Err(fault(&format!(
            "a compiled plan stays with the Asterisk that it was compiled for\n  hint: strowger compile --asterisk-version {asked} ... makes one for that"
        )));
    }
    let size = std::fs::metadata(path).map_err(|e| fault(&e))?.len();
    if size > COMPILED {
        return Err(fault(&format!("longer than {COMPILED} bytes")));
    }
    let bytes = std::fs::read(path).map_err(|e| fault(&e))?;
    let module = Module::read(&bytes).map_err(|e| {
        fault(&format!(
            "{e}\n  hint: make it again with `strowger compile extensions.conf -o {}`",
            path.display()
        ))
    })?;
    let directory = path.parent().unwrap_or(Path::new(""));
    for (name, digest) in &module.origin().sources {
        let name = String::from_utf8_lossy(name);
        if let Ok(text) = std::fs::read(directory.join(&*name))
            && sha1(&text) != *digest
        {
            eprintln!(
                "strowger: note: {name} has changed since {} was compiled",
                path.display()
            );
        }
    }
    let globals = Globals(module.origin().globals.iter().cloned().collect());
    Ok(Program {
        module: Arc::new(module),
        globals: Arc::new(globals),
    })
}

/// Longest compiled plan that is read, in bytes.
const COMPILED: u64 = 1 << 30;

/// Global variables as loading leaves them.
pub(crate) fn globals(compiled: &Compiled) -> Arc<Globals> {
    Arc::new(Globals(
        compiled
            .globals()
            .iter()
            .map(|(k, v)| (k.to_vec(), v.to_vec()))
            .collect(),
    ))
}

/// For whom a plan is read, beside its files.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    /// Which Asterisk it is read as, whatever the files say.
    pub(crate) release: Release,
    /// What a reload finds in force.
    pub(crate) in_force: Option<InForce>,
    /// How loud each code is; without it, as for an exchange that runs the plan.
    pub(crate) loudness: Option<Loudness>,
}

/// Reads a configuration directory, a single dialplan file with the files that it includes, or a compiled plan with the device files
/// beside it.
///
/// # Errors
/// One sentence when there is nothing to read.
pub(crate) fn plan(path: &Path, release: Release) -> Result<Loaded, String> {
    read(path, Asked::of(release), compile)
}

impl Asked {
    fn of(release: Release) -> Asked {
        Asked {
            release,
            ..Asked::default()
        }
    }
}

/// The same for an exchange that runs: what the plan finds in force counts where it says nothing else.
///
/// # Errors
/// As [`plan`].
pub(crate) fn again(path: &Path, release: Release, in_force: InForce) -> Result<Loaded, String> {
    let asked = Asked {
        in_force: Some(in_force),
        ..Asked::of(release)
    };
    read(path, asked, compile)
}

/// How a plan is compiled: with many checks or few.
type Way = fn(&Sources, &Options) -> Compiled;

fn read(path: &Path, asked: Asked, way: Way) -> Result<Loaded, String> {
    let (directory, plan) = if path.is_dir() {
        (path.to_path_buf(), config::plan_in(path).to_owned())
    } else {
        let name = path
            .file_name()
            .ok_or_else(|| format!("{}: not a file", path.display()))?;
        let parent = path
            .parent()
            .filter(|p| !p.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        (parent.to_path_buf(), name.to_string_lossy().into_owned())
    };
    let cannot = |fault| format!("{}: {fault}", path.display());
    if is_compiled(path) {
        let program = read_compiled(path, asked.release)?;
        let sources = config::gather_beside(&directory).map_err(cannot)?;
        let mut loaded = comprehend(sources, directory, plan, &asked, compile)?;
        let general = &mut loaded.compiled.hir.general;
        general.clearglobalvars = program.module.origin().clear_globals;
        loaded.module = program.module;
        loaded.brought = Some(program.globals);
        return Ok(loaded);
    }
    let sources = config::gather_with(&directory, &plan).map_err(cannot)?;
    if sources.find(&plan).is_none() {
        return Err(if path.is_dir() {
            format!("{}: there is no {plan} in it", directory.display())
        } else {
            format!("{}: there is no such file", path.display())
        });
    }
    comprehend(sources, directory, plan, &asked, way)
}

/// Understands files that are already read.
///
/// # Errors
/// One sentence when the plan does not fit into a module.
pub(crate) fn understand(
    sources: Sources,
    directory: PathBuf,
    plan: String,
    release: Release,
) -> Result<Loaded, String> {
    comprehend(sources, directory, plan, &Asked::of(release), compile)
}

/// What is wrong with files that are already read, in the order of files and places, and what they say beside the plan. Nothing is
/// compiled. A plan need not be among the files.
pub(crate) fn check(sources: &Sources, plan: &str, asked: &Asked) -> (Vec<Diagnostic>, Config) {
    let (options, config) = options(sources, plan, asked);
    let reading = Reading::new(sources, &options);
    let mut findings = strowger_compiler::check(sources, &options, &reading, crew::together);
    in_order(sources, plan, &mut findings);
    (findings, config)
}

/// What the files and the command line say about how a plan is read, and everything else that the files say.
pub(crate) fn options(sources: &Sources, plan: &str, asked: &Asked) -> (Options, Config) {
    let (config, beside) = config::understand(sources);
    let written = &config.options;
    let mut release = asked.release;
    let levels = match &asked.loudness {
        None => written.levels(),
        Some(loudness) => {
            let (target, of_target) = loudness.target(written);
            release.asterisk_version = release.asterisk_version.or(of_target);
            loudness.levels(written, target, config.system.runs_commands)
        }
    };
    let options = Options {
        dialect: release.dialect(Some(&config)),
        plan: plan.to_owned(),
        levels: levels.by_code(),
        now: SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .ok()
            .and_then(|t| i64::try_from(t.as_secs()).ok()),
        in_force: asked.in_force.clone(),
        beside: Some(beside),
        apart: asked.loudness.is_some(),
        surroundings: written.check.surroundings.clone(),
    };
    (options, config)
}

/// The plan first, then the other files by name; in a file by place.
pub(crate) fn in_order(sources: &Sources, plan: &str, findings: &mut Vec<Diagnostic>) {
    findings.sort_by_cached_key(|d| {
        let name = sources.file(d.primary.span.file).name();
        (name != plan, name.to_owned(), d.primary.span.start, d.code)
    });
    findings.dedup();
}

fn comprehend(
    sources: Sources,
    directory: PathBuf,
    plan: String,
    asked: &Asked,
    way: Way,
) -> Result<Loaded, String> {
    let (options, config) = options(&sources, &plan, asked);
    let compiled = way(&sources, &options);
    let mut findings = compiled.diagnostics.clone();
    in_order(&sources, &plan, &mut findings);
    let module = match &compiled.module {
        Ok(module) => Arc::clone(module),
        Err(fault) => return Err(format!("{plan}: {fault}")),
    };
    Ok(Loaded {
        sources,
        compiled,
        module,
        config,
        findings,
        directory,
        brought: None,
    })
}

/// Says why nothing could be read: exit 2.
pub(crate) fn cannot(fault: &str) -> ExitCode {
    eprintln!("strowger: {fault}");
    ExitCode::from(2)
}

/// `\n  hint: did you mean [..]?` for a context that is not there, or which ones there are.
pub(crate) fn no_context(module: &Module, name: &str) -> String {
    /// So many are named.
    const NAMED: usize = 12;
    let all: Vec<String> = module
        .contexts()
        .map(|c| String::from_utf8_lossy(c).into_owned())
        .collect();
    let hint = match nearest(name, all.iter().map(String::as_str)) {
        Some(meant) => format!("did you mean [{meant}]?"),
        None if all.is_empty() => "the plan has no contexts at all".into(),
        None => {
            let mut words: Vec<String> = all.iter().take(NAMED).map(|c| format!("[{c}]")).collect();
            if all.len() > NAMED {
                words.push(format!("and {} more", all.len() - NAMED));
            }
            let verb = if all.len() == 1 { "is" } else { "are" };
            format!("there {verb} {}", words.join(", "))
        }
    };
    format!("there is no context [{name}] (names are case-sensitive)\n  hint: {hint}")
}
