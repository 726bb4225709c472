//! From the paths of a command line to test files.

use std::path::{Path, PathBuf};

use strowger_compiler::dial;

/// Deepest folder that is searched, counted from the named one.
const DEPTH: usize = 12;
/// Most folders that are looked into for one named path.
const FOLDERS: usize = 10_000;
/// Longest `.dial` file in which tests are looked for, in bytes.
const SIZE: u64 = 4 << 20;

/// Whether a file holds tests.
pub(crate) fn is_tests(name: &str) -> bool {
    [".test.yaml", ".test.yml"]
        .iter()
        .any(|end| name.ends_with(end))
}

/// Whether a file is a `.dial` file that holds tests.
fn has_blocks(path: &Path, name: &str) -> bool {
    let small = std::fs::metadata(path).is_ok_and(|m| m.len() <= SIZE);
    dial::is_dial(name) && small && std::fs::read(path).is_ok_and(|text| dial::has_tests(&text))
}

/// Test files in the order of the paths, those of a folder by name; and what is wrong with the paths.
pub(crate) fn files(paths: &[PathBuf]) -> (Vec<PathBuf>, Vec<String>) {
    let (mut found, mut faults) = (Vec::new(), Vec::new());
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            let mut here = below(path);
            here.sort();
            found.extend(here);
        } else if !path.exists() {
            faults.push(format!(
                "{}: there is no such file or directory",
                path.display()
            ));
        } else if name.ends_with(".yaml") || name.ends_with(".yml") || has_blocks(path, &name) {
            found.push(path.clone());
        } else if dial::is_dial(&name) {
            faults.push(format!(
                "{}: there is no `test` in this file\n  hint: strowger test --init {} writes first ones",
                path.display(),
                path.display()
            ));
        } else {
            faults.push(format!(
                "{}: this is no test file\n  hint: name a folder, or a file that ends in .test.yaml or .dial",
                path.display()
            ));
        }
    }
    let mut seen = std::collections::HashSet::new();
    found.retain(|path| seen.insert(path.clone()));
    (found, faults)
}

fn below(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![(root.to_owned(), 0)];
    let mut looked = 0;
    while let Some((folder, depth)) = open.pop() {
        looked += 1;
        if looked > FOLDERS {
            break;
        }
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            // A link may lead in a circle.
            let folder = entry.file_type().is_ok_and(|t| t.is_dir());
            let hidden = name.starts_with('.') || name == "target" || name == "node_modules";
            if folder && !hidden && depth < DEPTH {
                open.push((entry.path(), depth + 1));
            } else if !folder && (is_tests(&name) || has_blocks(&entry.path(), &name)) {
                found.push(entry.path());
            }
        }
    }
    found
}
