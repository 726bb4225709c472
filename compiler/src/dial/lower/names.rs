//! The names of variables in the steps.

use std::collections::HashSet;

use crate::dial::typed::{Body, LocalId};
use crate::lint::facts;

/// The names of one body.
#[derive(Debug)]
pub(super) struct Names {
    taken: HashSet<String>,
    locals: Vec<String>,
}

impl Names {
    /// Names for the locals of a body: their own, with a number behind those that would be mistaken for another.
    pub(super) fn new(body: &Body, reserved: &HashSet<String>) -> Names {
        let mut names = Names {
            taken: reserved.clone(),
            locals: Vec::new(),
        };
        for local in &body.locals {
            let name = names.fresh(&local.name);
            names.locals.push(name);
        }
        names
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
        while facts::is_built_in(candidate.as_bytes()) || !self.taken.insert(candidate.clone()) {
            number += 1;
            candidate = format!("{name}_{number}");
        }
        candidate
    }

    /// A name for a value in between: `value_1`.
    pub(super) fn between(&mut self, stem: &str) -> String {
        let mut number = 0;
        loop {
            number += 1;
            let candidate = format!("{stem}_{number}");
            if self.taken.insert(candidate.clone()) {
                return candidate;
            }
        }
    }
}
