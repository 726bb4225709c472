//! What others run: the lines of `action.yml` and `.pre-commit-hooks.yaml`.

use std::path::Path;
use std::process::Command;

use crate::Folder;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn file(name: &str) -> String {
    std::fs::read_to_string(Path::new(ROOT).join(name)).unwrap()
}

/// The program's folder first.
fn path() -> std::ffi::OsString {
    let own = Path::new(env!("CARGO_BIN_EXE_strowger")).parent().unwrap();
    let usual = std::env::var_os("PATH").unwrap();
    std::env::join_paths(
        [own.to_owned()]
            .into_iter()
            .chain(std::env::split_paths(&usual)),
    )
    .unwrap()
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Vec<&'a str> {
    text.split(before)
        .skip(1)
        .map(|rest| rest.split(after).next().unwrap())
        .collect()
}

#[test]
fn the_action_annotates() {
    let text = file("action.yml");
    assert!(text.lines().count() <= 12);
    let runs = between(&text, "run: ", "\n");
    assert_eq!(runs.len(), 2);

    // The first installs what stands here, with the versions that stand here.
    assert!(runs[0].starts_with("'cargo install ") && runs[0].contains("--locked"));
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let metadata = Command::new(cargo)
        .args([
            "metadata",
            "--locked",
            "--offline",
            "--no-deps",
            "--format-version",
            "1",
        ])
        .current_dir(ROOT)
        .output()
        .unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let here = metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .find(|p| p["name"] == "strowger");
    let targets = here.unwrap()["targets"].as_array().unwrap();
    assert!(
        targets
            .iter()
            .any(|t| t["name"] == "strowger" && t["kind"][0] == "bin")
    );

    // The second is run as it stands.
    let command = runs[1]
        .strip_prefix('"')
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let names: Vec<&str> = between(runs[1], "${{ inputs.", " }}");
    assert_eq!(names, ["paths", "arguments"]);
    for name in names {
        assert!(text.contains(&format!("\n  {name}: {{")), "{name}");
    }
    let folder = Folder::new(
        "action",
        &[
            ("a b/extensions.conf", "[a]\nexten => 1,1,FILTER()\n"),
            ("c/extensions.conf", "[a]\nexten => _.,1,NoOp()\n"),
        ],
    );
    let run = |paths: &str, arguments: &str| {
        let out = Command::new("bash")
            .args(["-e", "-c", command])
            .current_dir(folder.path())
            .env("PATH", path())
            .env("PATHS", paths)
            .env("ARGUMENTS", arguments)
            .output()
            .unwrap();
        (String::from_utf8(out.stdout).unwrap(), out.status.code())
    };
    let (said, exit) = run(".", "");
    assert_eq!(exit, Some(1));
    assert!(
        said.contains("::error file=a b/extensions.conf,line=2,"),
        "{said}"
    );
    assert!(
        said.contains("::warning file=c/extensions.conf,line=2,"),
        "{said}"
    );
    assert_eq!(run("c", "").1, Some(0));
    assert_eq!(run("c", "--deny warnings").1, Some(1));
}

#[test]
fn the_hook_checks_what_is_committed() {
    let text = file(".pre-commit-hooks.yaml");
    assert!(text.lines().count() <= 12);
    let key = |name: &str| between(&text, &format!("  {name}: "), "\n")[0].to_owned();
    assert_eq!(key("language"), "rust");
    let folder = Folder::new(
        "hook",
        &[
            (
                "etc/extensions.conf",
                "#include extensions_more.conf\n[b]\nexten => 1,1,NoOp()\n",
            ),
            (
                "etc/extensions_more.conf",
                "[a]\nexten => 1,1,Goto(b,1,1)\nexten => 2,1,FILTER()\n",
            ),
            ("etc/pjsip.conf", "[x]\ntype=endpoint\ncontext=nowhere\n"),
            ("etc/notes.conf", "nothing of ours\n"),
            ("etc/strowger.toml", "[levels]\nC022 = \"allow\"\n"),
        ],
    );
    let all = "etc/extensions.conf\netc/extensions_more.conf\netc/pjsip.conf\netc/notes.conf\netc/strowger.toml\nREADME.md\n";
    folder.write("all", all);
    let chosen = Command::new("grep")
        .args(["-E", &key("files"), "all"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let chosen = String::from_utf8(chosen.stdout).unwrap();
    let chosen: Vec<&str> = chosen.lines().collect();
    assert_eq!(chosen.len(), 4, "{chosen:?}");
    // The words of the entry, then the names of the files, as pre-commit puts them.
    let entry = key("entry");
    let run = |files: &[&str]| {
        let words: Vec<&str> = entry.split(' ').collect();
        let out = Command::new(words[0])
            .args(&words[1..])
            .args(files)
            .current_dir(folder.path())
            .env("PATH", path())
            .output()
            .unwrap();
        (String::from_utf8(out.stdout).unwrap(), out.status.code())
    };
    let (said, exit) = run(&chosen);
    assert_eq!(exit, Some(1));
    assert!(
        said.contains("etc/extensions_more.conf:3:14") && said.contains("etc/pjsip.conf:3"),
        "{said}"
    );
    // A file that is a part of a plan is read as such: what it jumps to stands in the other one.
    assert!(!said.contains("R201"), "{said}");
    folder.write(
        "etc/extensions_more.conf",
        "[a]\nexten => 1,1,Goto(b,1,1)\n",
    );
    assert_eq!(run(&["etc/extensions_more.conf"]).1, Some(0));
}
