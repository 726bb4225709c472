//! A compiled plan as listings show it: contexts newest first, entries in the order in which they are tried.

use crate::compile::Compiled;
use crate::hir::Extension;
use crate::source::{FileId, Sources};

/// A context of a listing.
#[derive(Clone, Debug)]
pub struct Listed<'a> {
    /// Its name.
    pub context: &'a [u8],
    /// Its lines.
    pub priorities: Vec<Priority<'a>>,
    /// Includes with their times.
    pub includes: Vec<&'a [u8]>,
    /// `ignorepat` values.
    pub ignorepats: Vec<&'a [u8]>,
    /// Switches as `Tech/data`.
    pub switches: Vec<Vec<u8>>,
    /// Whether hints are made by themselves.
    pub autohints: bool,
}

/// A line of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Priority<'a> {
    /// The extension's name.
    pub exten: &'a [u8],
    /// The priority; None: `hint`.
    pub priority: Option<u32>,
    /// The label.
    pub label: Option<&'a [u8]>,
    /// The caller-id form.
    pub cidmatch: Option<&'a [u8]>,
    /// The application, or the devices of a hint.
    pub app: &'a [u8],
    /// The arguments; none for a hint.
    pub args: Option<&'a [u8]>,
    /// The line as Asterisk counts it.
    pub line: u32,
    /// The file.
    pub file: FileId,
    /// Asterisk's name of a file that is included again.
    pub renamed: Option<&'a str>,
}

impl<'a> Priority<'a> {
    /// The name of its file as listings show it: without folders; None for the plan's own file.
    pub fn listed_file(&self, sources: &'a Sources, plan: &str) -> Option<&'a str> {
        let own = sources.file(self.file).name();
        let name = self.renamed.unwrap_or(own);
        (name != plan).then(|| name.rsplit('/').next().unwrap_or(name))
    }
}

impl Compiled {
    /// The plan as a listing. Empty where the file is refused.
    pub fn show(&self) -> Vec<Listed<'_>> {
        if self.refused {
            return Vec::new();
        }
        self.hir
            .contexts
            .iter()
            .rev()
            .map(|context| Listed {
                context: &context.name,
                priorities: context
                    .extensions
                    .iter()
                    .flat_map(|e| priorities(e, &self.hir.renamed))
                    .collect(),
                includes: context.includes.iter().map(|i| i.text.as_slice()).collect(),
                ignorepats: context.ignorepats.iter().map(|p| p.bytes()).collect(),
                switches: context
                    .switches
                    .iter()
                    .map(|s| [&s.tech[..], b"/", &s.data[..]].concat())
                    .collect(),
                autohints: context.autohints,
            })
            .collect()
    }

    /// Globals after loading, by name; of several with one name the last.
    pub fn globals(&self) -> std::collections::BTreeMap<&[u8], &[u8]> {
        if self.refused {
            return std::collections::BTreeMap::new();
        }
        self.hir
            .globals
            .iter()
            .filter(|g| g.name.last() != Some(&b')'))
            .map(|g| (g.name.as_slice(), g.value.as_slice()))
            .collect()
    }
}

fn priorities<'a>(
    extension: &'a Extension,
    renamed: &'a [String],
) -> impl Iterator<Item = Priority<'a>> {
    let renamed = |number: u32| {
        let index = (number as usize).checked_sub(1)?;
        renamed.get(index).map(String::as_str)
    };
    let cidmatch = extension.caller.as_ref().map(|c| c.text.as_slice());
    let hint = extension.hint.iter().map(move |hint| Priority {
        exten: &extension.name,
        priority: None,
        label: hint.label.as_ref().map(|l| l.bytes()),
        cidmatch,
        app: &hint.devices,
        args: None,
        line: hint.listed_line,
        file: hint.file,
        renamed: renamed(hint.renamed),
    });
    hint.chain(extension.steps.iter().map(move |step| Priority {
        exten: &extension.name,
        priority: Some(step.priority),
        label: step.label.as_ref().map(|l| l.bytes()),
        cidmatch,
        app: step.app.bytes(),
        args: Some(step.args.bytes()),
        line: step.listed_line,
        file: step.file,
        renamed: renamed(step.renamed),
    }))
}
