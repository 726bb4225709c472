//! What was found, in the words of whoever asked: people, a script, a code-scanning page, an annotated diff, a test report.

use std::io::Write;

use strowger_compiler::{Diagnostic, Sources};

use super::{github, junit, sarif};
use crate::render::{self, Counts};

/// How findings are said.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub(crate) enum Format {
    /// With the lines of the files, for people
    Human,
    /// One object a line, the last one a summary
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Annotations of a GitHub workflow
    Github,
    /// A JUnit report, in which errors are failures
    Junit,
}

/// One place, checked.
pub(crate) struct Checked {
    /// How it was named.
    pub(crate) shown: String,
    /// Its files.
    pub(crate) sources: Sources,
    /// What is told of them.
    pub(crate) findings: Vec<Diagnostic>,
    /// What is to be known about the findings, a sentence each.
    pub(crate) remarks: Vec<String>,
}

/// The findings of one run, place by place.
pub(crate) struct Report<W: Write> {
    out: W,
    format: Format,
    colour: bool,
    counts: Counts,
    places: usize,
    sarif: sarif::Log,
    junit: junit::Suites,
}

impl<W: Write> Report<W> {
    pub(crate) fn new(out: W, format: Format, colour: bool) -> Report<W> {
        Report {
            out,
            format,
            colour,
            counts: Counts::default(),
            places: 0,
            sarif: sarif::Log::default(),
            junit: junit::Suites::default(),
        }
    }

    /// Says what was found at a place.
    pub(crate) fn add(&mut self, checked: &Checked) -> std::io::Result<()> {
        let Checked {
            sources, findings, ..
        } = checked;
        let counts = Counts::of(findings);
        self.counts += counts;
        self.places += 1;
        match self.format {
            Format::Human => {
                render::human(&mut self.out, sources, findings, self.colour)?;
                for remark in &checked.remarks {
                    writeln!(self.out, "{}: {remark}", checked.shown)?;
                }
                writeln!(self.out, "{}: {counts}", checked.shown)?;
            }
            Format::Json => {
                for finding in findings {
                    writeln!(self.out, "{}", render::object(sources, finding))?;
                }
            }
            Format::Sarif => self.sarif.add(sources, findings),
            Format::Github => {
                for finding in findings {
                    writeln!(self.out, "{}", github::command(sources, finding))?;
                }
            }
            Format::Junit => self.junit.add(sources, findings),
        }
        self.out.flush()
    }

    /// Says what belongs at the end.
    pub(crate) fn end(&mut self) -> std::io::Result<()> {
        match self.format {
            Format::Human if self.places > 1 => {
                writeln!(self.out, "{} places: {}", self.places, self.counts)?;
            }
            Format::Human => {}
            Format::Github => writeln!(self.out, "strowger check: {}", self.counts)?,
            Format::Json => writeln!(self.out, "{}", render::summary_object(self.counts))?,
            Format::Sarif => writeln!(self.out, "{:#}", std::mem::take(&mut self.sarif).value())?,
            Format::Junit => write!(self.out, "{}", std::mem::take(&mut self.junit))?,
        }
        self.out.flush()
    }

    /// Whether something is an error.
    pub(crate) fn denied(&self) -> bool {
        self.counts.errors > 0
    }
}
