//! The names of variables in the steps.

use std::collections::HashSet;

use crate::dial::typed::{Body, LocalId};
use crate::lint::facts;

/// The names of one body.
#[derive(Debug)]
pub(super) struct Names<'p> {
    /// Names that no body may take.
    reserved: &'p HashSet<String>,
    taken: HashSet<String>,
    locals: Vec<String>,
}

impl<'p> Names<'p> {
    /// Names for the locals of a body: their own, with a number behind those that would be mistaken for another.
    /// `taken`: those of bodies that run on the same channel meanwhile.
    pub(super) fn new(
        body: &Body,
        reserved: &'p HashSet<String>,
        taken: HashSet<String>,
    ) -> Names<'p> {
        let mut names = Names {
            reserved,
            taken,
            locals: Vec::new(),
        };
        for local in &body.locals {
            let name = names.fresh(&local.name);
            names.locals.push(name);
        }
        names
    }

    /// The names that are taken.
    pub(super) fn into_taken(self) -> HashSet<String> {
        self.taken
    }

    pub(super) fn local(&self, id: LocalId) -> &str {
        self.locals.get(id.0 as usize).map_or("", String::as_str)
    }

    /// Calls a local otherwise.
    pub(super) fn rename(&mut self, id: LocalId, name: String) {
        if let Some(local) = self.locals.get_mut(id.0 as usize) {
            *local = name;
        }
    }

    /// A name that nothing else has.
    fn fresh(&mut self, name: &str) -> String {
        let mut number = 1;
        let mut candidate = name.to_owned();
        while facts::is_built_in(candidate.as_bytes()) || !self.take(&candidate) {
            number += 1;
            candidate = format!("{name}_{number}");
        }
        candidate
    }

    /// Takes a name, if it is free.
    fn take(&mut self, name: &str) -> bool {
        !self.reserved.contains(name) && self.taken.insert(name.to_owned())
    }

    /// A name for a value in between: `value_1`.
    pub(super) fn between(&mut self, stem: &str) -> String {
        let mut number = 0;
        loop {
            number += 1;
            let candidate = format!("{stem}_{number}");
            if self.take(&candidate) {
                return candidate;
            }
        }
    }
}
