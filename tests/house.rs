//! The rules of the house, held by a test: who may know whom, who may touch the world, which licences may come in.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    fn walk(at: &Path, out: &mut Vec<(PathBuf, String)>) {
        for entry in std::fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, out);
            } else if path.extension().is_some_and(|e| e == "rs") {
                out.push((path.clone(), std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let mut out = Vec::new();
    walk(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join(folder),
        &mut out,
    );
    assert!(!out.is_empty(), "no sources in {folder}");
    out
}

/// The lines that the product runs: comments and what stands under `#[cfg(test)]` are not looked at.
fn product(text: &str) -> impl Iterator<Item = &str> {
    text.split("#[cfg(test)]\nmod ")
        .next()
        .unwrap()
        .lines()
        .filter(|l| !l.trim_start().starts_with("//"))
}

fn forbid(folder: &str, words: &[&str]) {
    let mut found = Vec::new();
    for (path, text) in sources(folder) {
        if path.file_name().is_some_and(|n| n == "tests.rs") {
            continue;
        }
        for line in product(&text) {
            for word in words {
                if names(line, word) {
                    found.push(format!("{}: `{word}` in `{}`", path.display(), line.trim()));
                }
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Whether `word` begins a word of `line`: `rand::` is not in `Operand::`.
fn names(line: &str, word: &str) -> bool {
    line.match_indices(word)
        .any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
}

/// The sources of all crates of the product.
const CRATES: &[&str] = &[
    "src",
    "stdlib/src",
    "dial/src",
    "vm/src",
    "compiler/src",
    "native/src",
    "runtime/src",
];

const WORLD: &[&str] = &[
    "std::net",
    "std::fs",
    "SystemTime",
    "std::time::Instant",
    "Instant::now",
    "std::thread",
    "tokio",
    "rand::",
    "std::process",
    "std::env",
];

#[test]
fn the_core_touches_no_world() {
    for folder in [
        "stdlib/src",
        "dial/src",
        "vm/src",
        "compiler/src",
        "native/src",
    ] {
        forbid(folder, WORLD);
    }
}

#[test]
fn left_never_knows_right() {
    forbid(
        "stdlib/src",
        &["strowger_vm", "strowger_compiler", "strowger_runtime"],
    );
    forbid(
        "dial/src",
        &[
            "strowger_stdlib",
            "strowger_vm",
            "strowger_compiler",
            "strowger_runtime",
        ],
    );
    forbid(
        "vm/src",
        &["strowger_compiler", "strowger_native", "strowger_runtime"],
    );
    forbid("compiler/src", &["strowger_native", "strowger_runtime"]);
    forbid("native/src", &["strowger_compiler", "strowger_runtime"]);
    forbid("runtime/src", &["strowger_native"]);
}

/// Every crate denies it; the one file that may has to say why.
#[test]
fn one_file_is_unsafe() {
    const DOOR: &str = "native/src/memory.rs";
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for folder in CRATES {
        let manifest = Path::new(folder.trim_end_matches("src")).join("Cargo.toml");
        let manifest = std::fs::read_to_string(root.join(manifest)).unwrap();
        assert!(manifest.contains("[lints]\nworkspace = true"), "{folder}");
        for (path, text) in sources(folder) {
            let is_unsafe = |l: &str| {
                [
                    "unsafe {",
                    "unsafe fn",
                    "unsafe impl",
                    "unsafe extern",
                    "unsafe_code",
                ]
                .iter()
                .any(|word| names(l, word))
            };
            if path != root.join(DOOR) && product(&text).any(is_unsafe) {
                found.push(path.display().to_string());
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    let manifest = std::fs::read_to_string(root.join("Cargo.toml")).unwrap();
    assert!(manifest.contains("unsafe_code = \"deny\""));
}

#[test]
fn protocols_are_without_io_but_for_one_file_each() {
    for (folder, door) in [
        ("runtime/src/sip", "transport.rs"),
        ("runtime/src/rtp", "io.rs"),
    ] {
        let mut found = Vec::new();
        for (path, text) in sources(folder) {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            // The door may have a room of its own behind it: `transport.rs`, `transport/routes.rs`.
            let behind = path
                .parent()
                .is_some_and(|p| p.ends_with(door.trim_end_matches(".rs")));
            if name == door || behind || name == "tests.rs" {
                continue;
            }
            for line in product(&text) {
                for word in [
                    "tokio",
                    "UdpSocket",
                    "TcpStream",
                    "TcpListener",
                    "SystemTime",
                    "Instant::now",
                    "std::thread",
                    "std::fs",
                ] {
                    if line.contains(word) {
                        found.push(format!("{}: `{word}` in `{}`", path.display(), line.trim()));
                    }
                }
                if let Some(at) = line.find("crate::") {
                    let rest = &line[at + 7..];
                    let own = folder.rsplit('/').next().unwrap();
                    if !rest.starts_with(own) {
                        found.push(format!(
                            "{}: knows the exchange: `{}`",
                            path.display(),
                            line.trim()
                        ));
                    }
                }
            }
        }
        assert!(found.is_empty(), "{}", found.join("\n"));
    }
}

#[test]
fn nothing_is_left_to_do() {
    for folder in CRATES {
        forbid(folder, &["todo!(", "unimplemented!("]);
    }
}

/// A crate: name and version.
type Package = (String, String);

fn cargo(arguments: &[&str]) -> std::process::Output {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = std::process::Command::new(cargo);
    command.args(arguments).current_dir(root).output().unwrap()
}

/// The machine that this runs on, as cargo calls it.
fn host() -> String {
    let out = String::from_utf8(cargo(&["-vV"]).stdout).unwrap();
    let line = out.lines().find_map(|l| l.strip_prefix("host: "));
    line.unwrap().to_owned()
}

/// What is built, with the licences that the manifests name; asks the registry only for what is not here.
fn packages(which: &[&str]) -> BTreeMap<Package, Option<String>> {
    let words = ["metadata", "--format-version", "1", "--locked"];
    let words = [words.as_slice(), which].concat();
    let mut out = cargo(&[words.as_slice(), &["--offline"]].concat());
    if !out.status.success() {
        out = cargo(&words);
    }
    let complaint = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "{complaint}");
    let metadata: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    let text = |v: &serde_json::Value| v.as_str().map(str::to_owned);
    let packages = metadata["packages"].as_array().unwrap().iter();
    packages
        .map(|p| {
            let package = (text(&p["name"]).unwrap(), text(&p["version"]).unwrap());
            (package, text(&p["license"]))
        })
        .collect()
}

/// Everything that Cargo.lock names.
fn locked() -> Vec<Package> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let lock = std::fs::read_to_string(root.join("Cargo.lock")).unwrap();
    let value = |line: &str| line.split('"').nth(1).unwrap_or_default().to_owned();
    let packages = lock.split("[[package]]").skip(1);
    packages
        .map(|p| {
            let mut lines = p.lines().filter(|l| l.contains(" = "));
            (value(lines.next().unwrap()), value(lines.next().unwrap()))
        })
        .collect()
}

/// What cargo-deny checks where it is installed, checked everywhere: each crate names a licence that may come in.
#[test]
fn licences_are_welcome() {
    const WELCOME: &[&str] = &[
        "MIT",
        "Apache-2.0",
        "Apache-2.0 WITH LLVM-exception",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "ISC",
        "Unicode-3.0",
        "Zlib",
        "CC0-1.0",
        "Unlicense",
        "0BSD",
        "BSL-1.0",
    ];
    /// Crates whose manifest names no licence but whose LICENSE file is MIT; they serve tests only.
    const BY_FILE: &[&str] = &["rsip", "rsip-derives"];
    /// What only the feature `jit` wants on other machines: it is not downloaded here, so this is what its manifest says.
    const ELSEWHERE: &[(&str, &str)] = &[
        ("mach2", "BSD-2-Clause OR MIT OR Apache-2.0"),
        ("windows-sys", "MIT OR Apache-2.0"),
        ("windows-targets", "MIT OR Apache-2.0"),
        ("windows_aarch64_gnullvm", "MIT OR Apache-2.0"),
        ("windows_aarch64_msvc", "MIT OR Apache-2.0"),
        ("windows_i686_gnu", "MIT OR Apache-2.0"),
        ("windows_i686_gnullvm", "MIT OR Apache-2.0"),
        ("windows_i686_msvc", "MIT OR Apache-2.0"),
        ("windows_x86_64_gnu", "MIT OR Apache-2.0"),
        ("windows_x86_64_gnullvm", "MIT OR Apache-2.0"),
        ("windows_x86_64_msvc", "MIT OR Apache-2.0"),
    ];
    // On all machines without features, and on this one with all.
    let mut licences = packages(&[]);
    licences.extend(packages(&["--all-features", "--filter-platform", &host()]));
    for package in locked() {
        let elsewhere = ELSEWHERE.iter().find(|(name, _)| *name == package.0);
        let licence = elsewhere.map(|(_, licence)| (*licence).to_owned());
        if licence.is_some() {
            licences.entry(package).or_insert(licence);
        } else {
            assert!(
                licences.contains_key(&package),
                "nobody looked at {package:?}"
            );
        }
    }
    let mut bad = Vec::new();
    for ((name, _), licence) in &licences {
        let Some(licence) = licence else {
            if !BY_FILE.contains(&name.as_str()) {
                bad.push(format!("{name}: no licence"));
            }
            continue;
        };
        // `A OR B` needs one welcome side; `(A OR B) AND C` needs C and one of the others.
        let welcome = licence.split(" AND ").all(|part| {
            part.trim_matches(|c| c == '(' || c == ')')
                .replace('/', " OR ")
                .split(" OR ")
                .any(|one| WELCOME.contains(&one.trim().trim_matches(|c| c == '(' || c == ')')))
        });
        if !welcome {
            bad.push(format!("{name}: {licence}"));
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

/// A map that names rooms which are not there misleads.
#[test]
fn the_documents_name_files_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut missing = Vec::new();
    for document in ["README.md", "CONTRIBUTING.md", "docs/architecture.md"] {
        let text = std::fs::read_to_string(root.join(document)).unwrap();
        let mut folder = String::new();
        for (i, piece) in text.split('`').enumerate() {
            let is_path = i % 2 == 1
                && !piece.contains([' ', '\n', '*', '<', '$', '('])
                && piece.contains('.');
            if !is_path
                || !(piece.ends_with(".rs") || piece.ends_with(".md") || piece.ends_with(".toml"))
                || piece == "strowger.toml"
            {
                continue;
            }
            // In a row of the table, a bare name stands for a file of the folder named before it.
            let path = if piece.contains('/') {
                piece.to_owned()
            } else {
                format!("{folder}{piece}")
            };
            if let Some((before, _)) = path.rsplit_once('/') {
                folder = format!("{before}/");
            }
            if !root.join(&path).exists() && !root.join(piece).exists() {
                missing.push(format!("{document}: {piece}"));
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}
