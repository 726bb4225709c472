//! `strowger explain`: the page of a code, and all pages as files (`docs/lints/`).

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use strowger_compiler::Level;
use strowger_compiler::codes::{self, Code, Files};
use strowger_compiler::levels::Who;

use crate::check::loudness::{self, Loudness};
use crate::{load, render};

/// Explain a code, or list all of them
///
/// The page says what the code means, why it matters, an example with the message that it draws, what to write instead, how sure it
/// is, and when to allow it.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  strowger explain S103
  strowger explain security
  strowger explain")]
pub(crate) struct Args {
    /// A code (S103) or a family (reading); without it, all codes by family
    #[arg(value_name = "CODE|FAMILY", value_parser = loudness::who)]
    code: Option<Who>,
    /// Write all pages into this folder, a file for each family
    #[arg(long, value_name = "FOLDER", hide = true, conflicts_with = "code")]
    write: Option<PathBuf>,
    /// Colours
    #[arg(long, value_enum, default_value_t)]
    color: render::When,
}

pub(crate) fn main(args: Args) -> ExitCode {
    if let Some(folder) = &args.write {
        return match write(folder) {
            Ok(()) => ExitCode::SUCCESS,
            Err(fault) => load::cannot(&format!("{}: {fault}", folder.display())),
        };
    }
    let stdout = std::io::stdout();
    let ink = Ink(args.color.of(&stdout));
    let text = match args.code {
        Some(Who::Code(id)) => codes::find(id).map_or_else(String::new, |code| page(code, ink)),
        Some(Who::Family(family)) => list(&|name| name == family, ink),
        _ => list(&|_| true, ink),
    };
    // A reader that has gone wants no more.
    let _ = stdout.lock().write_all(text.as_bytes());
    ExitCode::SUCCESS
}

/// Whether headings are bold.
#[derive(Clone, Copy)]
struct Ink(bool);

impl Ink {
    fn bold(self, text: &str) -> String {
        if self.0 {
            format!("\x1b[1m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}

/// The codes of a family, in the order of their names.
fn of(family: &str) -> Vec<&'static Code> {
    let mut all: Vec<_> = codes::all()
        .chain(codes::exchange())
        .chain(codes::explored())
        .filter(|c| c.family == family)
        .collect();
    all.sort_by_key(|c| c.id);
    all
}

/// Codes with their titles, by family.
fn list(wanted: &dyn Fn(&str) -> bool, ink: Ink) -> String {
    let mut out = String::new();
    for (family, about) in codes::FAMILIES.iter().filter(|(name, _)| wanted(name)) {
        let _ = writeln!(out, "{}: {about}", ink.bold(family));
        for code in of(family) {
            let _ = writeln!(
                out,
                "  {}  {:<5}  {}",
                code.id,
                word(code.level),
                code.title
            );
        }
        out.push('\n');
    }
    out.push_str("strowger explain CODE prints the page of one.\n");
    out
}

/// The word of a level; `off` for what is told on request only.
fn word(level: Level) -> &'static str {
    match level {
        Level::Allow => "off",
        level => level.word(),
    }
}

/// The page for a terminal.
fn page(code: &Code, ink: Ink) -> String {
    let mut out = format!("{}  {}\n", ink.bold(code.id), ink.bold(code.title));
    let _ = writeln!(out, "family {}, {}", code.family, level(code));
    let mut part = |title: &str, text: &str| {
        let _ = writeln!(out, "\n{}\n\n{text}", ink.bold(title));
    };
    part("Why it matters", &filled(code.explain));
    part("Example", &indented(&listing(code.bad)));
    part("What it draws", &indented(&drawn(code)));
    part("Instead", &indented(&listing(code.good)));
    part("How sure", &filled(&sure(code)));
    part("When to allow it", &filled(when(code)));
    let _ = write!(
        out,
        "\n  ; strowger: allow {id} the reason     on the line before\n  {id} = \"allow\"                        below [levels] in strowger.toml, for all files\n",
        id = code.id
    );
    out
}

/// The same in Markdown.
fn section(code: &Code) -> String {
    let fence = |text: &str| format!("```text\n{}\n```\n", text.trim_end());
    format!(
        "## {id}: {title}\n\n{level}\n\n{explain}\n\n{bad}\ndraws\n\n{drawn}\nInstead:\n\n{good}\n{sure} {when}\n",
        id = code.id,
        title = code.title,
        level = capital(&level(code)),
        explain = code.explain,
        bad = fence(&listing(code.bad)),
        drawn = fence(&drawn(code)),
        good = fence(&listing(code.good)),
        sure = sure(code),
        when = when(code),
    )
}

fn level(code: &Code) -> String {
    let level = match code.level {
        Level::Error => "an error",
        Level::Warn => "a warning",
        Level::Note => "a note",
        Level::Allow => "off unless asked for (profile `strict`, or by its name)",
    };
    let mut out = level.to_owned();
    if codes::ONLY_HERE.contains(&code.id) {
        out.push_str("; only where the plan is to run on Strowger (`--target`)");
    } else if code.loading {
        out.push_str("; told by `run` too, and in the profile `asterisk`");
    }
    out
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_ascii_uppercase());
    format!(
        "{}{}.",
        first.map(String::from).unwrap_or_default(),
        chars.as_str()
    )
}

/// How sure a finding of this code is.
fn sure(code: &Code) -> String {
    let certain = match code.level {
        _ if codes::ONLY_HERE.contains(&code.id) => {
            "Certain: it says what this exchange does. An Asterisk may do more."
        }
        _ if code.family == "properties" => {
            "Sure where a way is shown: the call was run, and went so. What was not tried is told at the end."
        }
        _ if code.loading => "Certain: the file is read so, whatever calls come.",
        Level::Error => "Sure: it follows from the text of the plan and of the files beside it.",
        Level::Warn => "Probable: nearly always a mistake, and sometimes meant.",
        Level::Note => "A hint: true, and often harmless.",
        Level::Allow => "True, and a question of taste.",
    };
    let mut out = certain.to_owned();
    if code.family == "references" || code.id.starts_with('C') && !code.loading {
        out.push_str(
            " Where something of the plan is out of sight (an included file that is missing, AEL, Lua, a switch) it says nothing.",
        );
    }
    out
}

/// When it is right to allow it.
fn when(code: &Code) -> &'static str {
    match (code.level, code.family) {
        _ if codes::ONLY_HERE.contains(&code.id) => {
            "Allow it where the call can do without, or choose the target on which the plan runs."
        }
        (Level::Error, "security") => {
            "Allow it only where something outside of these files keeps strangers away, and say what."
        }
        (_, "security") => "Allow it where the risk is known and taken, and say by whom.",
        (Level::Error, _) => {
            "There is hardly a reason to; if the line is kept for later, make it a comment."
        }
        (Level::Warn, _) => "Allow it where it is meant, and say why.",
        (Level::Note | Level::Allow, _) => {
            "Allow it where it is meant, or the whole code in strowger.toml if it is never of use."
        }
    }
}

/// The files of an example.
fn listing(files: Files) -> String {
    let named = files.len() > 1 || files.iter().any(|(name, _)| *name != "extensions.conf");
    let mut out = String::new();
    for (name, text) in files {
        if named {
            let _ = writeln!(out, "; {name}");
        }
        for line in text.lines() {
            let line: String = line.chars().map(shown).take(LINE).collect();
            let _ = writeln!(out, "{line}");
        }
    }
    out
}

/// Longer lines of an example are cut; no reader needs all of them.
const LINE: usize = 200;

fn shown(c: char) -> char {
    if c.is_control() && c != '\t' { ' ' } else { c }
}

/// The first message that the example draws.
fn drawn(code: &Code) -> String {
    let sources = codes::sources(code.bad);
    if code.family == "properties" {
        return cut(&crate::explore::first(&sources, code.id));
    }
    let asked = load::Asked {
        loudness: Some(Loudness::only(code)),
        ..load::Asked::default()
    };
    let (found, _) = load::check(&sources, "extensions.conf", &asked);
    let mut findings = strowger_compiler::gather(found);
    findings.retain(|f| f.code == code.id);
    findings.truncate(1);
    let mut out = Vec::new();
    // A vector takes everything.
    let _ = render::human(&mut out, &sources, &findings, false);
    cut(&String::from_utf8_lossy(&out))
}

/// Lines that fit on a page.
fn cut(text: &str) -> String {
    let lines: Vec<String> = text
        .lines()
        .map(|line| line.trim_end().chars().take(LINE).collect())
        .collect();
    lines.join("\n")
}

/// Text in lines of at most 80 characters.
fn filled(text: &str) -> String {
    let mut out = String::new();
    let mut width = 0;
    for word in text.split_whitespace() {
        let size = word.chars().count();
        if width > 0 && width + 1 + size > 80 {
            out.push('\n');
            width = 0;
        } else if width > 0 {
            out.push(' ');
            width += 1;
        }
        out.push_str(word);
        width += size;
    }
    out
}

fn indented(text: &str) -> String {
    let lines: Vec<String> = text
        .trim_end()
        .lines()
        .map(|line| format!("  {line}").trim_end().to_owned())
        .collect();
    lines.join("\n")
}

/// Writes every page: a file for each family and an index. Pages of families that are gone go away.
fn write(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let mut index = String::from(
        "# Codes\n\nWhat `strowger check` finds, family by family. These pages are written by `UPDATE=1 cargo test --test lint_pages` from the\nregistry of codes; `strowger explain S103` prints the same.\n",
    );
    let mut written = BTreeSet::from(["README.md".to_owned()]);
    for (family, about) in codes::FAMILIES {
        let codes = of(family);
        let mut text = format!(
            "<!-- Written by `UPDATE=1 cargo test --test lint_pages`; change the registry instead. -->\n\n# {family}: {about}\n\n[All codes](README.md)\n"
        );
        let _ = write!(
            index,
            "\n## [{family}]({family}.md): {about}\n\n| code | level | what it is |\n|---|---|---|\n"
        );
        for code in codes {
            let _ = write!(text, "\n{}", section(code));
            let _ = writeln!(
                index,
                "| [{id}]({family}.md#{anchor}) | {level} | {title} |",
                id = code.id,
                anchor = anchor(code),
                level = word(code.level),
                title = code.title.replace('|', "\\|"),
            );
        }
        let name = format!("{family}.md");
        std::fs::write(folder.join(&name), text)?;
        written.insert(name);
    }
    std::fs::write(folder.join("README.md"), index)?;
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.extension().is_some_and(|e| e == "md") && !written.contains(&*name) {
            std::fs::remove_file(&path)?;
        }
    }
    Ok(())
}

/// The anchor that a renderer of Markdown makes of the heading of a code.
fn anchor(code: &Code) -> String {
    format!("{}: {}", code.id, code.title)
        .to_lowercase()
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}
