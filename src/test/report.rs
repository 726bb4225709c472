//! What became of tests, in each format.

use std::io::Write;
use std::time::Duration;

use serde_json::{Map, Value, json};
use strowger_compiler::Diagnostic;
use strowger_vm::trace::Source;

use super::coverage::Coverage;
use crate::check::{github, junit};
use crate::render;
use crate::testing::{Outcome, Ran, Refused, Suite, diagnostic, failed, summary};

/// How it is said.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people
    Human,
    /// One object a line for each test, and one for all
    Json,
    /// A JUnit report: a suite for each file
    Junit,
    /// Annotations of a GitHub workflow
    Github,
}

/// Says it.
pub(crate) struct Report<W> {
    out: W,
    format: Format,
    colour: bool,
    passed: usize,
    failed: usize,
    refused: usize,
    /// Suites of JUnit.
    suites: String,
}

impl<W: Write> Report<W> {
    pub(crate) fn new(out: W, format: Format, colour: bool) -> Report<W> {
        Report {
            out,
            format,
            colour,
            passed: 0,
            failed: 0,
            refused: 0,
            suites: String::new(),
        }
    }

    /// Whether there was nothing to say yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.passed + self.failed + self.refused == 0
    }

    /// Says what is wrong with a test file.
    pub(crate) fn refused(&mut self, refused: &Refused) -> std::io::Result<()> {
        self.refused += 1;
        let Refused { sources, found, .. } = refused;
        match self.format {
            Format::Human => render::human(&mut self.out, sources, found, self.colour)?,
            Format::Json => {
                for wrong in found {
                    writeln!(self.out, "{}", render::object(sources, wrong))?;
                }
            }
            Format::Github => {
                for wrong in found {
                    writeln!(self.out, "{}", github::command(sources, wrong))?;
                }
            }
            Format::Junit => {
                let file = found.first().map(|f| sources.shown(f.primary.span.file));
                let file = junit::escaped(&file.unwrap_or_default());
                let text = junit::escaped(&refused.to_string());
                self.suites.push_str(&format!(
                    "  <testsuite name=\"{file}\" tests=\"1\" failures=\"0\" errors=\"1\" skipped=\"0\">\n    <testcase name=\"the file\" classname=\"{file}\"><error message=\"the tests cannot run\">{text}</error></testcase>\n  </testsuite>\n"
                ));
            }
        }
        self.out.flush()
    }

    /// Says what became of the tests of a file.
    pub(crate) fn suite(&mut self, suite: &Suite, outcome: &Outcome) -> std::io::Result<()> {
        let failed = outcome
            .ran
            .iter()
            .filter(|r| !r.failures.is_empty())
            .count();
        self.failed += failed;
        self.passed += outcome.ran.len() - failed;
        if outcome.ran.is_empty() {
            return Ok(());
        }
        match self.format {
            Format::Human => self.human(suite, outcome)?,
            Format::Json => {
                for ran in &outcome.ran {
                    writeln!(self.out, "{}", object(suite, ran))?;
                }
            }
            Format::Github => {
                for ran in &outcome.ran {
                    for command in commands(suite, ran) {
                        writeln!(self.out, "{command}")?;
                    }
                }
                for (text, _, source) in ignored(outcome) {
                    writeln!(
                        self.out,
                        "::notice file={},line={}::{}",
                        github::property(&shown(suite, source)),
                        source.line,
                        github::data(&text)
                    )?;
                }
            }
            Format::Junit => self.suites.push_str(&junit_suite(suite, outcome, failed)),
        }
        self.out.flush()
    }

    fn human(&mut self, suite: &Suite, outcome: &Outcome) -> std::io::Result<()> {
        writeln!(self.out, "{}", suite.shown)?;
        let names = outcome
            .ran
            .iter()
            .map(|r| suite.cases[r.case].name.chars().count());
        let width = names.max().unwrap_or(0).min(60);
        let ink = |text: &str, code: &str| {
            if self.colour {
                format!("\x1b[{code}m{text}\x1b[0m")
            } else {
                text.to_owned()
            }
        };
        for ran in &outcome.ran {
            let case = &suite.cases[ran.case];
            if ran.failures.is_empty() {
                writeln!(
                    self.out,
                    "  {}    {:<width$}   ({}, {:.1} s of call time)",
                    ink("ok", "32"),
                    case.name,
                    milliseconds(ran.took),
                    ran.call_time.as_secs_f64()
                )?;
                continue;
            }
            writeln!(self.out, "  {}  {}", ink("FAIL", "31;1"), case.name)?;
            for dialled in &case.dialled {
                writeln!(
                    self.out,
                    "        dialled {} in [{}]",
                    dialled.number, dialled.context
                )?;
            }
            for failure in &ran.failures {
                for line in failed(suite, case, failure, self.colour).lines() {
                    writeln!(self.out, "{}", format!("        {line}").trim_end())?;
                }
            }
            writeln!(
                self.out,
                "        again: strowger test {} --filter {} --seed {}",
                suite.shown,
                quoted(&case.name),
                case.scenario.seed
            )?;
        }
        for (text, place, _) in ignored(outcome) {
            writeln!(self.out, "  {}  {place}: {text}", ink("note", "36"))?;
        }
        Ok(())
    }

    /// Says what belongs at the end.
    pub(crate) fn end(
        &mut self,
        coverage: &Coverage,
        table: bool,
        least: Option<u8>,
        took: Duration,
    ) -> std::io::Result<()> {
        let (steps, ways) = coverage.shares();
        let needs = least.map(|l| format!(" (needs {l} %)")).unwrap_or_default();
        let mut counts = format!("{} passed, {} failed", self.passed, self.failed);
        if self.refused > 0 {
            let s = if self.refused == 1 { "" } else { "s" };
            counts.push_str(&format!(", {} file{s} refused", self.refused));
        }
        let mut words = format!("{counts}, {:.3} s.", took.as_secs_f64());
        if self.passed + self.failed > 0 {
            words.push_str(&format!(
                " Coverage {} % of steps, {} % of branches{needs}.",
                steps.percent(),
                ways.percent()
            ));
        }
        match self.format {
            Format::Human => {
                if table && self.passed + self.failed > 0 {
                    write!(self.out, "\n{}", coverage.table())?;
                }
                writeln!(self.out, "{words}")?;
            }
            Format::Github => {
                if coverage.under(least) {
                    writeln!(
                        self.out,
                        "::error title=strowger test::{}",
                        github::data(&words)
                    )?;
                }
                writeln!(self.out, "strowger test: {words}")?;
            }
            Format::Json => {
                let share =
                    |s: super::coverage::Share| json!({ "covered": s.covered, "all": s.all });
                let mut end = json!({ "summary": {
                    "passed": self.passed,
                    "failed": self.failed,
                    "refused": self.refused,
                    "coverage": { "steps": share(steps), "branches": share(ways) },
                } });
                if table {
                    end["summary"]["coverage"] = coverage.object();
                }
                writeln!(self.out, "{end}")?;
            }
            Format::Junit => {
                let tests = self.passed + self.failed + self.refused;
                writeln!(self.out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
                writeln!(
                    self.out,
                    "<testsuites name=\"strowger test\" tests=\"{tests}\" failures=\"{}\" errors=\"{}\">\n{}</testsuites>",
                    self.failed, self.refused, self.suites
                )?;
            }
        }
        self.out.flush()
    }
}

/// `0.1 ms`.
fn milliseconds(took: Duration) -> String {
    format!("{:.1} ms", took.as_secs_f64() * 1e3)
}

/// A name as a shell takes it.
fn quoted(name: &str) -> String {
    format!("'{}'", name.replace('\'', "'\\''"))
}

/// A test as one object.
/// Options of Dial that had no effect, once for each line of the plan: words, place, source.
fn ignored(outcome: &Outcome) -> Vec<(String, String, &Source)> {
    let mut out: Vec<(String, String, &Source)> = Vec::new();
    for one in outcome.ran.iter().flat_map(|ran| &ran.ignored) {
        let Some(source) = &one.source else { continue };
        let is_new = |(text, _, s): &(String, String, &Source)| *text != one.text || *s != source;
        if out.iter().all(is_new) {
            let place = format!("{}:{}", source.file, source.line);
            out.push((one.text.clone(), place, source));
        }
    }
    out
}

/// The path of a line of the plan.
fn shown(suite: &Suite, source: &Source) -> String {
    let file = suite.sources.find(&source.file);
    file.map_or_else(|| source.file.clone(), |file| suite.sources.shown(file))
}

fn object(suite: &Suite, ran: &Ran) -> Value {
    let case = &suite.cases[ran.case];
    let (line, column) = suite
        .sources
        .file(case.span.file)
        .line_column(case.span.start);
    let mut out = Map::new();
    out.insert("test".into(), json!(case.name));
    out.insert("file".into(), json!(suite.shown));
    out.insert("line".into(), json!(line));
    out.insert("column".into(), json!(column));
    out.insert("passed".into(), json!(ran.failures.is_empty()));
    out.insert("call_time".into(), json!(ran.call_time.as_secs_f64()));
    out.insert("seed".into(), json!(case.scenario.seed));
    let failures: Vec<Value> = ran
        .failures
        .iter()
        .map(|f| {
            let failure = &f.failure;
            let mut one = render::object(&suite.sources, &diagnostic(suite, case, failure));
            if !failure.key.is_empty() {
                one["key"] = json!(failure.key);
                one["expected"] = json!(failure.expected);
                one["got"] = json!(failure.got);
            }
            one
        })
        .collect();
    out.insert("failures".into(), failures.into());
    if !ran.ignored.is_empty() {
        let notes: Vec<Value> = ran
            .ignored
            .iter()
            .map(|one| {
                let source = one.source.as_ref();
                json!({
                    "text": one.text,
                    "file": source.map(|s| shown(suite, s)),
                    "line": source.map(|s| s.line),
                })
            })
            .collect();
        out.insert("notes".into(), notes.into());
    }
    Value::Object(out)
}

/// Annotations stand at the expectation: the plan may be right.
fn commands(suite: &Suite, ran: &Ran) -> Vec<String> {
    let case = &suite.cases[ran.case];
    let one = |f: &crate::testing::Failed| {
        let (line, _) = suite
            .sources
            .file(f.failure.span.file)
            .line_column(f.failure.span.start);
        let shown: Diagnostic = diagnostic(suite, case, &f.failure);
        let mut text = summary(&f.failure);
        let at = shown.primary.span;
        if at.file != f.failure.span.file {
            let (line, _) = suite.sources.file(at.file).line_column(at.start);
            let file = suite.sources.shown(at.file);
            text.push_str(&format!("\n{file}:{line}: {}", shown.primary.text));
        }
        for help in &shown.helps {
            text.push('\n');
            text.push_str(help);
        }
        format!(
            "::error file={},line={line},title={}::{}",
            github::property(&suite.sources.shown(f.failure.span.file)),
            github::property(&case.name),
            github::data(&text)
        )
    };
    ran.failures.iter().map(one).collect()
}

fn junit_suite(suite: &Suite, outcome: &Outcome, failed_tests: usize) -> String {
    let file = junit::escaped(&suite.shown);
    let mut out = format!(
        "  <testsuite name=\"{file}\" tests=\"{}\" failures=\"{failed_tests}\" errors=\"0\" skipped=\"0\">\n",
        outcome.ran.len()
    );
    for ran in &outcome.ran {
        let case = &suite.cases[ran.case];
        let name = junit::escaped(&case.name);
        let time = ran.took.as_secs_f64();
        out.push_str(&format!(
            "    <testcase name=\"{name}\" classname=\"{file}\" time=\"{time:.6}\""
        ));
        if ran.failures.is_empty() {
            out.push_str("/>\n");
            continue;
        }
        let first = summary(&ran.failures[0].failure);
        let body: String = ran
            .failures
            .iter()
            .map(|f| failed(suite, case, f, false))
            .collect();
        out.push_str(&format!(
            "><failure type=\"expectation\" message=\"{}\">{}</failure></testcase>\n",
            junit::escaped(&first),
            junit::escaped(&body)
        ));
    }
    out.push_str("  </testsuite>\n");
    out
}
