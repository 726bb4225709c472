//! `.dial`: from what files say to the dialplan graph, which extensions.conf makes, too. Everything behind works on that graph.

use std::collections::HashMap;

use strowger_dial::tree::{At, DeclKind, Module};

use crate::diagnostic::Diagnostic;
use crate::hir::Hir;
use crate::source::{FileId, Sources, Span};

pub(crate) mod check;
mod elsewhere;
mod hours;
mod lower;
pub(crate) mod notes;
mod numbers;
pub mod spoken;
pub mod syntax;
pub mod test;
mod typed;
pub(crate) mod types;

/// Most files of one program.
const FILES: usize = 1_000;

/// Codes of what is not there: names that nothing declares, arms.
const UNKNOWN: [&str; 8] = [
    "D201", "D203", "D204", "D207", "D208", "D212", "D301", "D309",
];

/// How a file begins that was migrated: `unchecked` is allowed in it, and its bodies end as the lines ended of which they were made. Who
/// has looked at all of it takes the line away.
pub const MIGRATED: &str = "//! Migrated from extensions.conf";

/// How a file of this language is called.
pub(crate) const SUFFIX: &str = ".dial";

/// The place of a piece of a `.dial` file among all files.
pub fn span(file: FileId, at: At) -> Span {
    Span {
        file,
        start: at.start,
        end: at.end,
    }
}

/// Whether a file is one of this language, by its name.
pub fn is_dial(name: &str) -> bool {
    name.ends_with(SUFFIX)
}

/// The files that a `.dial` file imports, as they are asked for: other `.dial` files, and extensions.conf ones.
pub(crate) fn imports(bytes: &[u8]) -> Vec<String> {
    let module = strowger_dial::parse_bytes(bytes).module;
    let decls = module.decls.iter();
    decls.filter_map(|d| imported(&d.kind)).collect()
}

/// Whether a file of this language holds tests.
pub fn has_tests(bytes: &[u8]) -> bool {
    let word = b"test";
    let named = bytes.windows(word.len()).any(|w| w == word);
    named && {
        let module = strowger_dial::parse_bytes(bytes).module;
        let mut decls = module.decls.iter();
        decls.any(|d| matches!(d.kind, DeclKind::Test { .. }))
    }
}

/// The contexts of a file: their names in a dialplan, and in the file.
pub fn contexts(bytes: &[u8]) -> Vec<(String, String)> {
    let module = strowger_dial::parse_bytes(bytes).module;
    let decls = module.decls.iter();
    let names = decls.filter_map(|d| match &d.kind {
        DeclKind::Context { name, conf, .. } => {
            let conf = conf.as_ref().map_or(&name.text, |c| &c.text);
            Some((conf.to_string(), name.text.to_string()))
        }
        _ => None,
    });
    names.collect()
}

/// The contexts of a plan that a file can name, by their names in a dialplan and by how it names them: its own, and those of files that
/// it imports.
pub fn context_paths(sources: &Sources, file: FileId) -> Vec<(String, String)> {
    let bytes = sources.file(file).bytes();
    let mut paths = contexts(bytes);
    for decl in &strowger_dial::parse_bytes(bytes).module.decls {
        let (DeclKind::Import { name, .. } | DeclKind::ImportConf { name, .. }) = &decl.kind else {
            continue;
        };
        let files = imported(&decl.kind).map(|path| sources.resolve(&path));
        for other in files.into_iter().flatten() {
            if matches!(decl.kind, DeclKind::Import { .. }) {
                let own = contexts(sources.file(other).bytes()).into_iter();
                paths.extend(own.map(|(conf, context)| (conf, format!("{}.{context}", name.text))));
            } else {
                let config = crate::conf::line::read(sources, other);
                let names = config
                    .sections()
                    .map(|s| String::from_utf8_lossy(&s.name).into_owned());
                paths.extend(names.map(|conf| {
                    let path = format!("{}[\"{conf}\"]", name.text);
                    (conf, path)
                }));
            }
        }
    }
    paths
}

/// The name of the file that a declaration imports.
fn imported(decl: &DeclKind) -> Option<String> {
    match decl {
        DeclKind::Import { path, .. } => {
            let words: Vec<&str> = path.iter().map(|n| &*n.text).collect();
            Some(format!("{}{SUFFIX}", words.join("/")))
        }
        DeclKind::ImportConf { file, .. } => Some(file.text.to_string()),
        _ => None,
    }
}

/// The files of a program, read.
pub(crate) struct Program {
    files: Vec<(FileId, Module)>,
    /// For each file: which file each of its imports is, by the number of the declaration.
    imports: Vec<HashMap<usize, usize>>,
    /// The extensions.conf files that it imports, in their order.
    pub(crate) conf: Vec<FileId>,
    found: Vec<Diagnostic>,
}

/// Reads files with all that they import.
pub(crate) fn read(sources: &Sources, roots: &[FileId]) -> Program {
    let mut program = Program {
        files: Vec::new(),
        imports: Vec::new(),
        conf: Vec::new(),
        found: Vec::new(),
    };
    let mut numbers: HashMap<FileId, usize> = HashMap::new();
    let mut work: Vec<FileId> = Vec::new();
    for root in roots {
        if numbers.insert(*root, work.len()).is_none() {
            work.push(*root);
        }
    }
    let mut next = 0;
    while let Some(file) = work.get(next).copied() {
        next += 1;
        let bytes = sources.file(file).bytes();
        let parsed = strowger_dial::parse_bytes(bytes);
        program
            .found
            .extend(syntax::diagnostics(file, bytes, &parsed));
        let mut imports = HashMap::new();
        for (number, decl) in parsed.module.decls.iter().enumerate() {
            let Some(name) = imported(&decl.kind) else {
                continue;
            };
            let place = match &decl.kind {
                DeclKind::ImportConf { file, .. } => file.at,
                _ => decl.at,
            };
            let Some(other) = sources.resolve(&name).first().copied() else {
                let found = Diagnostic::new(
                    "D209",
                    format!("the file `{name}` does not exist"),
                    span(file, place),
                )
                .label("nothing is there by this name");
                program.found.push(found);
                continue;
            };
            if let DeclKind::ImportConf { .. } = decl.kind {
                if !program.conf.contains(&other) {
                    program.conf.push(other);
                }
                continue;
            }
            let index = match numbers.get(&other) {
                Some(index) => *index,
                None if work.len() >= FILES => {
                    let found = Diagnostic::new(
                        "D209",
                        format!("more than {FILES} files are imported"),
                        span(file, place),
                    );
                    program.found.push(found);
                    continue;
                }
                None => {
                    numbers.insert(other, work.len());
                    work.push(other);
                    work.len() - 1
                }
            };
            imports.insert(number, index);
        }
        program.files.push((file, parsed.module));
        program.imports.push(imports);
    }
    program
}

fn units(files: &[(FileId, Module)], imports: Vec<HashMap<usize, usize>>) -> Vec<check::Unit<'_>> {
    let files = files.iter().zip(imports);
    files
        .map(|((file, module), imports)| check::Unit {
            file: *file,
            module,
            imports,
        })
        .collect()
}

fn around(hir: &Hir, unchecked: bool) -> check::Around {
    let contexts = hir.contexts.iter();
    check::Around {
        conf_contexts: contexts
            .map(|c| String::from_utf8_lossy(&c.name).into_owned())
            .collect(),
        unchecked,
    }
}

/// Arms that a repair adds stand on lines of their own, as deep as those before.
fn indent(found: &mut [Diagnostic], sources: &Sources) {
    for found in found.iter_mut().filter(|d| d.code == "D301") {
        for edit in found.fixes.iter_mut().flat_map(|f| &mut f.edits) {
            let source = sources.file(edit.span.file);
            let brace = edit.span.start as usize;
            let start = source.line_range(source.line(edit.span.start)).start;
            let before = &source.bytes()[start..brace];
            let blank = before.iter().all(|b| matches!(b, b' ' | b'\t'));
            match blank {
                true => edit.text.extend_from_slice(before),
                false => edit.text.insert(0, b'\n'),
            }
        }
    }
}

/// Whether nothing of a program is compiled that has such a finding. For what somebody lets through on purpose he answers himself: the
/// program is complete, and `check` fails.
#[must_use]
pub fn tears(code: &str) -> bool {
    code != "D406" && crate::codes::level(code) == crate::Level::Error
}

/// What the files of a program come to.
pub(crate) struct Compiled {
    /// Something is an error, so they are no part of the plan.
    pub(crate) torn: bool,
    /// The tests that they hold; none if one of them is wrong.
    pub(crate) tests: Vec<test::Block>,
    /// What is wrong.
    pub(crate) found: Vec<Diagnostic>,
}

impl Program {
    /// Whether there is nothing in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The files with what checking learns about them, for an editor.
    pub(crate) fn learn(self, hir: &Hir) -> (Vec<(FileId, Module)>, notes::Notes) {
        let units = units(&self.files, self.imports);
        let notes = check::learn(&units, &around(hir, true));
        drop(units);
        (self.files, notes)
    }

    /// Checks the files and adds what they mean to the graph, which holds the extensions.conf already.
    pub(crate) fn compile(self, sources: &Sources, hir: &mut Hir) -> Compiled {
        let migrated = self.files.iter().all(|(file, _)| {
            let text = sources.file(*file).bytes();
            text.starts_with(MIGRATED.as_bytes())
        });
        let mut found = self.found;
        let units = units(&self.files, self.imports);
        let check::Checked {
            mut program,
            tests,
            devices,
            found: mut wrong,
            mut in_tests,
        } = check::check(&units, &around(hir, migrated));
        indent(&mut wrong, sources);
        indent(&mut in_tests, sources);
        program.migrated = migrated;
        if !found.is_empty() {
            // What declares a name, or is an arm, may be what could not be read; and one mistake is told once.
            let within = |d: &Diagnostic| {
                let at = d.primary.span;
                let holds = |s: Span| s.file == at.file && s.start <= at.start && at.end <= s.end;
                found.iter().any(|f| holds(f.primary.span))
            };
            let new = |d: &Diagnostic| !UNKNOWN.contains(&d.code) && !within(d);
            wrong.retain(new);
            in_tests.retain(new);
        }
        found.extend(wrong);
        let is_error = |d: &Diagnostic| tears(d.code);
        let torn = found.iter().any(is_error);
        let tests = match torn || in_tests.iter().any(is_error) {
            true => Vec::new(),
            false => tests,
        };
        found.extend(in_tests);
        if torn {
            return Compiled { torn, tests, found };
        }
        let beyond = lower::lower(&program, sources, hir);
        hir.devices = devices;
        let torn = beyond.iter().any(is_error);
        found.extend(beyond);
        Compiled { torn, tests, found }
    }
}
