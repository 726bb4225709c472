//! Which includes with times were open, and which closed, for numbers that are to be found through them.

use std::sync::Arc;

use strowger_compiler::Hir;
use strowger_compiler::coverage::Reachable;
use strowger_compiler::hir::{Context, Matches};
use strowger_stdlib::time::{Moment, Zone};
use strowger_vm::{Globals, Inputs, Module, System, Time};

/// Contexts that include each other are followed so far.
const DEPTH: usize = 64;
/// Includes that are looked at for one number.
const LOOKED: usize = 4_096;

/// The includes of a plan, and what its module finds.
pub(crate) struct Gates<'r> {
    reachable: &'r Reachable,
    hir: &'r Hir,
    module: Arc<Module>,
    globals: Arc<Globals>,
}

impl<'r> Gates<'r> {
    pub(crate) fn new(
        reachable: &'r Reachable,
        hir: &'r Hir,
        module: Arc<Module>,
        globals: Arc<Globals>,
    ) -> Gates<'r> {
        Gates {
            reachable,
            hir,
            module,
            globals,
        }
    }

    /// Whether there is anything to count.
    pub(crate) fn is_empty(&self) -> bool {
        self.reachable.gates.is_empty()
    }

    /// Counts the includes that decided where a number leads at a moment.
    pub(crate) fn count(
        &self,
        context: &[u8],
        exten: &[u8],
        now: Time,
        zone: &Zone,
        hits: &mut [[u64; 2]],
    ) {
        let system = System {
            zone: zone.clone(),
            ..System::default()
        };
        let look = Look {
            gates: self,
            inputs: Inputs {
                now,
                globals: Arc::clone(&self.globals),
                system: Arc::new(system),
            },
            exten,
        };
        look.walk(context, 0, &mut LOOKED.clone(), hits);
    }
}

/// One number at one moment.
struct Look<'g> {
    gates: &'g Gates<'g>,
    inputs: Inputs,
    exten: &'g [u8],
}

impl Look<'_> {
    fn walk(&self, context: &[u8], depth: usize, left: &mut usize, hits: &mut [[u64; 2]]) {
        let contexts = &self.gates.hir.contexts;
        let Some(number) = contexts.iter().position(|c| c.name == context) else {
            return;
        };
        if depth == DEPTH || self.owns(&contexts[number]) {
            return;
        }
        for (i, include) in contexts[number].includes.iter().enumerate() {
            let Some(fewer) = left.checked_sub(1) else {
                return;
            };
            *left = fewer;
            let module = &self.gates.module;
            let leads = module.exists(&self.inputs, &include.context, self.exten, None);
            let mut open = true;
            let gates = &self.gates.reachable.gates;
            let gate = gates
                .iter()
                .position(|g| g.context == number && g.include == i);
            if let Some(gate) = gate {
                let now = Moment::from_seconds(self.inputs.now.seconds());
                open = gates[gate].times.matches(now, &self.inputs.system.zone);
                if leads {
                    hits[gate][usize::from(!open)] += 1;
                }
            }
            if open {
                self.walk(&include.context, depth + 1, left, hits);
                if leads {
                    return;
                }
            }
        }
    }

    /// Whether a context answers the number itself, so that its includes are not asked.
    fn owns(&self, context: &Context) -> bool {
        let mut entries = context.extensions.iter();
        entries.any(|entry| {
            entry.step(1).is_some()
                && match &entry.matches {
                    Matches::Name(name) => name == self.exten,
                    Matches::Pattern(pattern) => pattern.matches(self.exten),
                }
        })
    }
}
