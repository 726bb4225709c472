//! What came of a search, for people and for programs.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write;

use serde_json::{Value, json};
use strowger_compiler::{Diagnostic, Sources};

use super::property::Property;
use super::search::{Counts, DEPTH};
use super::written::block;
use crate::render;
use crate::testing::{Hits, Stands, Suite, import};

/// How it is said.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people
    Human,
    /// One object a line for each failure, and one for all
    Json,
}

/// Something that must not be.
pub(crate) struct Failure {
    pub(crate) property: Property,
    pub(crate) finding: Diagnostic,
    /// As a member of the list `tests`.
    pub(crate) test: String,
    /// As a block of a plan in `.dial`, if one can say it.
    pub(crate) block: Option<String>,
    pub(crate) context: String,
    pub(crate) number: String,
    pub(crate) at: String,
    pub(crate) choices: String,
}

impl Failure {
    /// The test as the plan has its own.
    fn shown(&self) -> &str {
        self.block.as_deref().unwrap_or(&self.test)
    }
}

/// Everything that came of it.
pub(crate) struct Told<'s> {
    pub(crate) suite: &'s Suite,
    /// Those that findings point into.
    pub(crate) sources: &'s Sources,
    /// What is seen without running anything.
    pub(crate) still: Vec<Diagnostic>,
    pub(crate) failures: Vec<Failure>,
    pub(crate) counts: Counts,
    pub(crate) hits: Hits,
    pub(crate) numbers: usize,
    pub(crate) numbers_left: usize,
    pub(crate) not_looked_at: Vec<String>,
    pub(crate) unserved: BTreeSet<String>,
    pub(crate) moments: usize,
    pub(crate) moments_left: bool,
}

impl Told<'_> {
    pub(crate) fn say(
        &self,
        out: &mut impl Write,
        format: Format,
        colour: bool,
    ) -> std::io::Result<()> {
        match format {
            Format::Human => self.human(out, colour),
            Format::Json => self.json(out),
        }
    }

    fn human(&self, out: &mut impl Write, colour: bool) -> std::io::Result<()> {
        render::human(out, self.sources, &self.still, colour)?;
        let findings = self.failures.iter().map(|f| &f.finding);
        let mut files = render::Files::of(self.sources, findings);
        for failure in &self.failures {
            files.draw(out, &failure.finding, colour)?;
            writeln!(out, "  as a test:")?;
            for line in failure.shown().lines() {
                writeln!(out, "    {line}")?;
            }
            writeln!(out)?;
        }
        let counts = self.counts;
        writeln!(
            out,
            "{}: {} from {}, {}, {}, {}",
            self.suite.plan_shown(),
            many(counts.calls, "call"),
            many(self.numbers, "number"),
            many(counts.states, "state"),
            many(counts.choices, "choice"),
            many(self.moments, "moment"),
        )?;
        let (steps, ways) = self.reached();
        writeln!(out, "reached {steps} % of steps, {ways} % of branches")?;
        for line in self.left() {
            writeln!(out, "not tried: {line}")?;
        }
        let found = self.still.len() + self.failures.len();
        match (found, self.left().is_empty()) {
            (0, true) => writeln!(out, "nothing found"),
            (0, false) => writeln!(out, "nothing found in what was tried"),
            (n, _) => writeln!(out, "{} found", many(n, "failure")),
        }
    }

    fn json(&self, out: &mut impl Write) -> std::io::Result<()> {
        for finding in &self.still {
            let mut object = render::object(self.sources, finding);
            object["property"] = Value::from(finding.code);
            writeln!(out, "{object}")?;
        }
        for failure in &self.failures {
            let mut object = render::object(self.sources, &failure.finding);
            object["property"] = Value::from(failure.property.code());
            object["context"] = Value::from(failure.context.as_str());
            object["number"] = Value::from(failure.number.as_str());
            object["at"] = Value::from(failure.at.as_str());
            object["choices"] = Value::from(failure.choices.as_str());
            object["test"] = Value::from(failure.shown());
            writeln!(out, "{object}")?;
        }
        let counts = self.counts;
        let (steps, ways) = self.reached();
        let summary = json!({ "summary": {
            "failures": self.still.len() + self.failures.len(),
            "calls": counts.calls,
            "numbers": self.numbers,
            "states": counts.states,
            "choices": counts.choices,
            "moments": self.moments,
            "steps_percent": steps,
            "branches_percent": ways,
            "not_tried": self.left(),
        }});
        writeln!(out, "{summary}")
    }

    /// Shares of steps and of branches, in hundredths.
    fn reached(&self) -> (usize, usize) {
        let share = |all: Vec<u64>| {
            let hit = all.iter().filter(|n| **n > 0).count();
            (hit * 100).checked_div(all.len()).unwrap_or(100)
        };
        let ways = self.hits.ways.iter().flatten().copied().collect();
        (share(self.hits.steps.clone()), share(ways))
    }

    /// What was not tried, and why.
    fn left(&self) -> Vec<String> {
        let counts = self.counts;
        let mut left = self.not_looked_at.clone();
        let mut say = |n: usize, words: String| {
            if n > 0 {
                left.push(words);
            }
        };
        say(
            counts.waiting,
            format!(
                "{} that had no turn (--max-calls)",
                many(counts.waiting, "path")
            ),
        );
        say(
            counts.too_deep,
            format!(
                "{} with more than {DEPTH} choices",
                many(counts.too_deep, "path")
            ),
        );
        say(
            counts.too_many,
            format!(
                "{} beyond what is remembered of one number",
                many(counts.too_many, "path")
            ),
        );
        say(
            self.numbers_left,
            format!(
                "{} beyond {}",
                many(self.numbers_left, "number"),
                super::entries::ENTRIES
            ),
        );
        say(
            usize::from(self.moments_left),
            format!("more than {} moments", self.moments),
        );
        say(
            counts.drawn,
            format!(
                "other outcomes of {} (--seed)",
                many(counts.drawn, "random number")
            ),
        );
        let names: Vec<&str> = self.unserved.iter().map(String::as_str).collect();
        say(
            names.len(),
            format!("other answers of {}", names.join(", ")),
        );
        left
    }

    /// A test file with all failures.
    pub(crate) fn file(&self) -> String {
        let mut out = String::new();
        let _ = writeln!(
            out,
            "# What `strowger explore` found: each test fails until the plan is mended."
        );
        let _ = writeln!(
            out,
            "dialplan: {}\n\ntests:",
            crate::test::init::scalar(self.suite.plan_name())
        );
        for failure in &self.failures {
            for line in failure.test.lines() {
                let _ = writeln!(out, "  {line}");
            }
            out.push('\n');
        }
        out.truncate(out.trim_end().len());
        out.push('\n');
        out
    }
}

impl Told<'_> {
    /// A `.dial` file with all failures; what a block cannot say is named in it.
    ///
    /// # Errors
    /// The plan is none in `.dial`, or cannot be imported.
    pub(crate) fn blocks(&self) -> Result<String, String> {
        if !self.suite.is_dial() {
            return Err("tests of an extensions.conf stand in a test file\n  hint: let the name end in .test.yaml".to_owned());
        }
        let mut out = String::from(
            "// What `strowger explore` found: each test fails until the plan is mended.\n",
        );
        out.push_str(&import(self.suite.plan_name())?);
        for failure in &self.failures {
            out.push('\n');
            match block(self.suite, &failure.test, Stands::Beside) {
                Ok(block) => out.push_str(&block),
                Err(why) => {
                    let why = why.lines().next().unwrap_or_default();
                    let message = failure.finding.message.replace('\n', " ");
                    let code = failure.property.code();
                    let _ = writeln!(out, "// {code}: {message}. No block says {why}.");
                }
            }
        }
        Ok(out)
    }
}

fn many(n: usize, what: &str) -> String {
    let s = if n == 1 { "" } else { "s" };
    format!("{n} {what}{s}")
}
