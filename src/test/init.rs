//! `--init`: a first file of tests, one for each extension, filled with what happens today.

mod blocks;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use strowger_compiler::coverage::is_special;
use strowger_compiler::dial::{has_tests, is_dial};
use strowger_compiler::hir::{Extension, Matches};
use strowger_runtime::sim::report::{Kind, Report};
use strowger_vm::ON_MESSAGE;

use super::coverage::number_of;
use crate::load;
use crate::testing::{Case, Seen, Suite, endpoint_of, plan_of, seen, suite_name};

/// Most tests that are written.
const TESTS: usize = 500;
/// Longest path that is written, in steps.
const PATH: usize = 60;
/// So often the plan is tried with what the last try lacked.
const ROUNDS: usize = 8;
/// When a caller hangs up whom nobody else hangs up.
const PATIENCE: &str = "60s";

pub(crate) fn main(paths: &[PathBuf]) -> ExitCode {
    let mut worst = ExitCode::SUCCESS;
    for path in paths {
        match init(path) {
            Ok(words) => eprintln!("strowger: {words}"),
            Err(fault) => worst = load::cannot(&fault),
        }
    }
    worst
}

fn init(path: &Path) -> Result<String, String> {
    let (plan, name) = plan_of(path)?;
    if is_dial(&name) {
        return init_blocks(&plan, &name);
    }
    let file = plan.with_extension("test.yaml");
    let shown = suite_name(&file);
    if file.exists() {
        return Err(format!(
            "{shown} is there already\n  hint: move it away, or add tests to it by hand; `strowger test --coverage` tells which extensions lack one"
        ));
    }
    let draft = Draft::of(&file, &name)?;
    let (text, tests, left) = draft.written()?;
    std::fs::write(&file, text).map_err(|e| format!("{shown}: {e}"))?;
    let s = if tests == 1 { "" } else { "s" };
    let left = match left {
        0 => String::new(),
        n => format!("; {n} more than that are left out"),
    };
    Ok(format!(
        "{tests} test{s} written to {shown}{left}\n  they say what happens today: read them, and correct what is not meant; then `strowger test {shown}`"
    ))
}

/// The same at the end of a `.dial` file.
fn init_blocks(plan: &Path, name: &str) -> Result<String, String> {
    let shown = suite_name(plan);
    let cannot = |e: std::io::Error| format!("{shown}: {e}");
    let text = std::fs::read(plan).map_err(cannot)?;
    if has_tests(&text) {
        return Err(format!(
            "{shown} holds tests already\n  hint: add further ones by hand; `strowger test --coverage` tells which extensions lack one"
        ));
    }
    let draft = Draft::of(&plan.with_extension("test.yaml"), name)?;
    let (text, tests, left) = blocks::written(draft, &text)?;
    std::fs::write(plan, text).map_err(cannot)?;
    let s = if tests == 1 { "" } else { "s" };
    let left = match left {
        0 => String::new(),
        n => format!("; {n} more than that are left out"),
    };
    Ok(format!(
        "{tests} test{s} written to the end of {shown}{left}\n  they say what happens today: read them, and correct what is not meant; then `strowger test {shown}`"
    ))
}

/// A test to be.
struct Test {
    context: String,
    number: String,
    /// Who calls, where the entry is for certain callers only.
    from: Option<String>,
    /// A text in the place of a call.
    message: bool,
    /// Somebody must end the call.
    hangs_up: bool,
    /// Functions that reach outside.
    functions: BTreeSet<String>,
}

struct Draft {
    file: PathBuf,
    plan: String,
    peers: Vec<&'static str>,
    endpoints: BTreeSet<String>,
    functions: BTreeSet<String>,
    tests: Vec<Test>,
    left: usize,
}

impl Draft {
    /// All entries that somebody can dial.
    fn of(file: &Path, plan: &str) -> Result<Draft, String> {
        let mut draft = Draft {
            file: file.to_owned(),
            plan: plan.to_owned(),
            peers: Vec::new(),
            endpoints: BTreeSet::new(),
            functions: BTreeSet::new(),
            tests: Vec::new(),
            left: 0,
        };
        let suite = draft.suite("tests: []\n")?;
        let sources = &suite.loaded.sources;
        draft.peers = ["pjsip.conf", "sip.conf", "users.conf"]
            .into_iter()
            .filter(|n| sources.find(n).is_some())
            .collect();
        let accounts = &suite.loaded.config.accounts;
        let for_texts: BTreeSet<&[u8]> = accounts
            .iter()
            .map(|a| a.message_context.as_slice())
            .collect();
        let for_calls: BTreeSet<&[u8]> = accounts.iter().map(|a| a.context.as_slice()).collect();
        for context in &suite.loaded.compiled.hir.contexts {
            for entry in &context.extensions {
                if is_special(entry) || entry.step(1).is_none() {
                    continue;
                }
                let Some(number) = number_of(&suite, &context.name, entry) else {
                    continue;
                };
                if draft.tests.len() == TESTS {
                    draft.left += 1;
                    continue;
                }
                let on_message = context.name.strip_suffix(ON_MESSAGE);
                let name = on_message.unwrap_or(&context.name);
                let only_texts = for_texts.contains(name) && !for_calls.contains(name);
                draft.tests.push(Test {
                    context: String::from_utf8_lossy(name).into_owned(),
                    number,
                    from: caller(entry),
                    message: only_texts || on_message.is_some() || reads_text(entry),
                    hangs_up: false,
                    functions: BTreeSet::new(),
                });
            }
        }
        Ok(draft)
    }

    fn suite(&self, text: &str) -> Result<Suite, String> {
        let text = format!("dialplan: {}\n{text}", scalar(&self.plan));
        Suite::with_text(&self.file, text.into_bytes(), None).map_err(|refused| refused.to_string())
    }

    /// What each test came to, with all that it needs.
    fn learned(&mut self) -> Result<(Vec<(Report, Case)>, Suite), String> {
        if self.tests.is_empty() {
            return Err(format!("{}: nothing in it can be dialled", self.plan));
        }
        let mut round = 1;
        loop {
            let suite = self.suite(&self.body(&BTreeMap::new(), false))?;
            let mut simulation = suite.simulation();
            let cases = suite.cases.iter();
            let reports: Vec<(Report, Case)> = cases
                .map(|case| (simulation.play(&case.scenario), case.clone()))
                .collect();
            if round == ROUNDS || !self.learn(reports.iter().map(|(report, _)| report)) {
                return Ok((reports, suite));
            }
            round += 1;
        }
    }

    /// The text of the file, how many tests it holds, and how many are left out.
    fn written(mut self) -> Result<(String, usize, usize), String> {
        let (reports, _) = self.learned()?;
        let mut found = BTreeMap::new();
        for (n, (report, case)) in reports.iter().enumerate() {
            found.insert(n, (seen(case, report), report));
        }
        let with_peers = self.body(&found, true);
        // Files that name phones are worth more where they know all that is dialled.
        let body = match self.suite(&with_peers) {
            Ok(_) => with_peers,
            Err(_) => self.body(&found, false),
        };
        self.suite(&body)?;
        let head = format!(
            "# Tests of {}, written by `strowger test --init`: what each extension does today.\n\
             # Correct what is not meant, name each test by what is meant, and take the rest away.\n\
             dialplan: {}\n",
            self.plan,
            scalar(&self.plan)
        );
        let tests = found.values().filter(|(_, r)| lacks(r).is_none()).count();
        Ok((head + &body, tests, self.left))
    }

    /// Adds what the last try lacked. Whether there was anything.
    fn learn<'r>(&mut self, reports: impl Iterator<Item = &'r Report>) -> bool {
        let mut new = false;
        for (report, test) in reports.zip(&mut self.tests) {
            for one in &report.unmocked {
                let what = String::from_utf8_lossy(&one.what).into_owned();
                new |= match one.kind {
                    Kind::Endpoint => self.endpoints.insert(what),
                    Kind::Text => self.endpoints.insert(endpoint_of(&what)),
                    Kind::Function => {
                        test.functions.insert(what.clone());
                        self.functions.insert(what)
                    }
                    Kind::Application => false,
                };
            }
            if (report.stalled || report.calls.iter().any(|c| c.stalled)) && !test.hangs_up {
                test.hangs_up = true;
                new = true;
            }
        }
        new
    }

    /// Everything behind the head; without expectations that are found out yet, any.
    fn body(&self, found: &BTreeMap<usize, (Seen, &Report)>, peers: bool) -> String {
        let mut out = String::new();
        if peers && !self.peers.is_empty() {
            let _ = writeln!(out, "peers: [{}]", self.peers.join(", "));
        }
        if !self.functions.is_empty() {
            let all: Vec<String> = self
                .functions
                .iter()
                .map(|f| format!("{}: \"\"", scalar(f)))
                .collect();
            let _ = writeln!(out, "defaults:\n  functions: {{ {} }}", all.join(", "));
        }
        if !self.endpoints.is_empty() {
            let _ = writeln!(out, "\nendpoints:");
            for name in &self.endpoints {
                let _ = writeln!(out, "  {}: answers", scalar(name));
            }
        }
        let _ = writeln!(out, "\ntests:");
        let mut any = false;
        for (n, test) in self.tests.iter().enumerate() {
            let name = match &test.from {
                Some(from) => format!("{} in {}, from {from}", test.number, test.context),
                None => format!("{} in {}", test.number, test.context),
            };
            let seen = found.get(&n);
            if let Some(lack) = seen.and_then(|(_, report)| lacks(report)) {
                let _ = writeln!(out, "  # {}: {}", flat(&name), flat(&lack));
                continue;
            }
            any = true;
            let _ = writeln!(out, "  - name: {}", scalar(&name));
            if test.message {
                let _ = writeln!(
                    out,
                    "    message: {{ to: {}, from: {}, body: hello }}",
                    scalar(&format!("sip:{}@pbx", test.number)),
                    scalar("sip:1001@pbx")
                );
            } else {
                let _ = writeln!(out, "    dial: {}", scalar(&test.number));
            }
            let _ = writeln!(out, "    context: {}", scalar(&test.context));
            if let Some(from) = &test.from {
                let _ = writeln!(out, "    from: {}", scalar(from));
            }
            if test.hangs_up && !test.message {
                let _ = writeln!(out, "    does: [{{ after: {PATIENCE}, hang up: }}]");
            }
            match seen {
                None => out.push_str("    expect: { answered: yes }\n"),
                Some((seen, _)) => expected(&mut out, seen),
            }
        }
        if !any {
            // An empty list is one, too.
            out = out.replacen("\ntests:", "\ntests: []", 1);
        }
        out
    }
}

pub(crate) fn expected(out: &mut String, seen: &Seen) {
    out.push_str("    expect:\n");
    let mut row = |key: &str, values: &[String], always: bool| {
        if always || !values.is_empty() {
            let values: Vec<String> = values.iter().map(|v| scalar(v)).collect();
            let _ = writeln!(out, "      {key}: [{}]", values.join(", "));
        }
    };
    if seen.path.len() <= PATH {
        row("path", &seen.path, true);
    }
    row("dialed", &seen.dialed, true);
    row("heard", &seen.heard, false);
    row("said", &seen.said, false);
    if !seen.messages.is_empty() {
        out.push_str("      messages:\n");
        for (to, status) in &seen.messages {
            let _ = writeln!(
                out,
                "        - {{ to: {}, status: {} }}",
                scalar(to),
                scalar(status)
            );
        }
    }
    if let Some(status) = &seen.status {
        let _ = writeln!(out, "      DIALSTATUS: {}", scalar(status));
    }
    let _ = writeln!(out, "      reason: {}", seen.reason);
}

/// Why an extension cannot be tested.
fn lacks(report: &Report) -> Option<String> {
    let one = report
        .unmocked
        .iter()
        .find(|u| u.kind == Kind::Application)?;
    let what = String::from_utf8_lossy(&one.what);
    Some(format!("the simulator does not serve {what}"))
}

pub(crate) fn caller(entry: &Extension) -> Option<String> {
    let number = match &entry.caller.as_ref()?.matches {
        Matches::Name(name) => name.clone(),
        Matches::Pattern(pattern) => pattern.witness()?,
    };
    String::from_utf8(number).ok().filter(|n| !n.is_empty())
}

/// Whether the steps of an entry read a text that came in.
pub(crate) fn reads_text(entry: &Extension) -> bool {
    entry.steps.iter().any(|s| {
        let args = s.args.lossy();
        args.contains("MESSAGE(") || s.app.lossy().eq_ignore_ascii_case("MessageSend")
    })
}

fn flat(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

/// A text as YAML holds it.
pub(crate) fn scalar(text: &str) -> String {
    let first = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let plain = text
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "_/@.-".contains(c));
    let word = matches!(
        text.to_ascii_lowercase().as_str(),
        "yes" | "no" | "on" | "off" | "true" | "false" | "null" | "y" | "n"
    );
    if first && plain && !word {
        return text.to_owned();
    }
    // A JSON text is a YAML text.
    serde_json::Value::from(text).to_string()
}
