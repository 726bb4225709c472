//! The plans of other people, by `STROWGER_CORPUS` as in `tests/labels.rs`: what becomes of them stands in `docs/migration.md`, and this
//! test holds it there. `STROWGER_WRITE=1` writes it anew.

use super::migrate;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Repositories of which every context is proved or tested, in hundredths.
const FLOOR: usize = 90;
/// Between these lines of the document stands the table.
const MARKS: [&str; 2] = ["<!-- corpus -->\n", "<!-- /corpus -->\n"];

/// Files that look like plans.
fn plans(folder: &Path, out: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .flatten()
        .map(|e| e.path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            plans(&path, out);
            continue;
        }
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let other = [
            ".ael", ".lua", ".md", ".sh", ".py", ".js", ".php", ".html", ".xml",
        ];
        if !name.contains("extensions") || other.iter().any(|o| name.ends_with(o)) {
            continue;
        }
        let text = std::fs::read(&path).unwrap_or_default();
        let mut lines = text.split(|b| *b == b'\n').map(<[u8]>::trim_ascii_start);
        if lines.any(|l| l.starts_with(b"exten ") || l.starts_with(b"exten=")) {
            out.push(path);
        }
    }
}

#[derive(Default, Clone)]
struct Row {
    plans: usize,
    contexts: usize,
    proved: usize,
    tested: usize,
    differs: usize,
    kept: usize,
    /// Kept ones that ask a database or another exchange.
    elsewhere: usize,
    mostly: usize,
    returned: usize,
    statements: usize,
    doors: usize,
}

impl Row {
    fn add(&mut self, contexts: &[Value]) {
        self.plans += 1;
        self.contexts += contexts.len();
        for context in contexts {
            let is = |key: &str| usize::from(context[key].as_bool().unwrap());
            let count = |key: &str| usize::try_from(context[key].as_u64().unwrap()).unwrap();
            match context["verdict"].as_str().unwrap() {
                "proved" => self.proved += 1,
                "tested" => self.tested += 1,
                "differs" => self.differs += 1,
                _ if is("elsewhere") == 1 => self.elsewhere += 1,
                _ => self.kept += 1,
            }
            self.mostly += is("mostly_doors");
            self.returned += is("returned");
            self.statements += count("statements");
            self.doors += count("doors");
        }
    }

    fn sum(&mut self, other: &Row) {
        let pairs = [
            (&mut self.plans, other.plans),
            (&mut self.contexts, other.contexts),
            (&mut self.proved, other.proved),
            (&mut self.tested, other.tested),
            (&mut self.differs, other.differs),
            (&mut self.kept, other.kept),
            (&mut self.elsewhere, other.elsewhere),
            (&mut self.mostly, other.mostly),
            (&mut self.returned, other.returned),
            (&mut self.statements, other.statements),
            (&mut self.doors, other.doors),
        ];
        for (to, more) in pairs {
            *to += more;
        }
    }

    fn is_whole(&self) -> bool {
        self.differs + self.kept == 0
    }

    fn line(&self, name: &str) -> String {
        let cells = [
            self.plans,
            self.contexts,
            self.proved,
            self.tested,
            self.differs,
            self.kept,
            self.elsewhere,
            self.mostly,
            self.returned,
            self.statements,
            self.doors,
        ];
        let cells: Vec<String> = cells.iter().map(usize::to_string).collect();
        format!("| {name} | {} |\n", cells.join(" | "))
    }
}

#[test]
fn what_becomes_of_them() {
    let Ok(corpus) = std::env::var("STROWGER_CORPUS") else {
        let _ = writeln!(
            std::io::stderr(),
            "STROWGER_CORPUS is not set: not looked at"
        );
        return;
    };
    let mut rows: BTreeMap<String, Row> = BTreeMap::new();
    let mut repositories: Vec<PathBuf> = std::fs::read_dir(&corpus)
        .unwrap()
        .flatten()
        .map(|e| e.path())
        .filter(|p| p.is_dir())
        .collect();
    repositories.sort();
    for repository in repositories {
        let name = repository.file_name().unwrap().to_string_lossy();
        let name = name.replacen('+', "/", 1);
        let mut files = Vec::new();
        plans(&repository, &mut files);
        // Those that others include are read with them.
        let whole = |p: &PathBuf| p.file_name().is_some_and(|n| n == "extensions.conf");
        files.sort_by_key(|p| !whole(p));
        let mut read: BTreeSet<PathBuf> = BTreeSet::new();
        for file in files {
            if read.contains(&file) {
                continue;
            }
            let (code, out, err) = migrate(
                &[file.to_str().unwrap(), "--json", "--asterisk-version", "23"],
                Path::new("."),
            );
            assert!(matches!(code, 0 | 1), "{}: {err}", file.display());
            let told: Value = serde_json::from_str(&out).unwrap();
            let contexts = told["contexts"].as_array().unwrap();
            for context in contexts {
                let other = file.with_file_name(context["file"].as_str().unwrap());
                read.insert(other);
            }
            if !contexts.is_empty() {
                rows.entry(name.clone()).or_default().add(contexts);
            }
        }
    }
    let mut all = Row::default();
    rows.values().for_each(|row| all.sum(row));
    let whole = rows.values().filter(|r| r.is_whole()).count();
    let mut table = String::from(
        "| repository | plans | contexts | proved | tested | differs | kept | elsewhere | mostly doors | printed again | statements | doors |\n\
         |---|---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for (name, row) in &rows {
        table.push_str(&row.line(name));
    }
    table.push_str(&all.line("**all**"));
    table.push_str(&format!(
        "\nOf {} repositories {whole} have every context proved or tested that is not elsewhere.\n",
        rows.len()
    ));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/migration.md");
    let document = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = document.split_once(MARKS[0]).unwrap();
    let (old, behind) = rest.split_once(MARKS[1]).unwrap();
    if std::env::var_os("STROWGER_WRITE").is_some() {
        let new = [before, MARKS[0], &table, MARKS[1], behind].concat();
        std::fs::write(&path, new).unwrap();
    } else {
        assert_eq!(
            old, table,
            "STROWGER_WRITE=1 writes it into docs/migration.md"
        );
    }
    assert!(whole * 100 >= FLOOR * rows.len(), "{table}");
}
