//! Family `security`, as far as the plan tells: what callers can smuggle in, what they reach without a proof, and what should not
//! stand in a plan at all.

use crate::call::Call;
use crate::compile::Surroundings;
use crate::diagnostic::Diagnostic;
use crate::hir::Extension;
use crate::lint::World;
use crate::peers::Peers;
use crate::roles::Roles;
use crate::source::{Sources, Span};
use crate::taint::Taint;
use crate::ways::{Node, Ways};

mod access;
mod injection;
mod paid;
mod path;
mod secrets;

/// Findings of one check that are told.
const TOLD: usize = 2_000;

pub(crate) fn check(
    world: &World<'_>,
    peers: &Peers,
    sources: &Sources,
    surroundings: &Surroundings,
    out: &mut Vec<Diagnostic>,
) {
    let ways = Ways::new(&world.index, &world.values);
    let roles = Roles::new(peers, surroundings);
    let open = roles.open(&ways);
    let mut taint = Taint::new(&ways, world.dialect, open.clone());
    let odbc = injection::Queries::read(sources);
    let mut found = injection::Found::new(&odbc);
    let mut dials = Vec::new();
    let mut transfers = Vec::new();
    let globals = paid::Globals::new(world.index.hir(), world.dialect);
    let mut listeners = access::Listeners::default();
    taint.visit(&mut |at, number, step| {
        for command in step.commands() {
            found.command(at, command);
            access::voicemail(at, command, out);
            listeners.command(at, number, command);
            dials.extend(paid::dials(at, number, command, &roles, &globals));
            transfers.extend(paid::by_caller(at.node, command));
        }
    });
    found.tell(&taint, out);
    let plan = Plan {
        ways: &ways,
        roles: &roles,
        open: &open,
        dials: &dials,
        transfers: &transfers,
    };
    access::check(&plan, listeners, out);
    paid::check(&plan, out);
    secrets::check(world.index.hir(), world.dialect, out);
}

/// What the checks of ways look at.
struct Plan<'p, 'a> {
    ways: &'p Ways<'a>,
    roles: &'p Roles,
    open: &'p [bool],
    dials: &'p [paid::Paid],
    /// Where options let callers transfer.
    transfers: &'p [(Node, Span)],
}

/// The index of the first step of an extension that asks callers for a proof, or hands them to a program that may.
fn proof(extension: &Extension) -> Option<u32> {
    extension
        .steps
        .iter()
        .position(|step| step.commands().any(asks))
        .and_then(|n| u32::try_from(n).ok())
}

fn asks(command: &Call) -> bool {
    matches!(
        &*command.app,
        b"authenticate"
            | b"vmauthenticate"
            | b"agi"
            | b"eagi"
            | b"deadagi"
            | b"stasis"
            | b"externalivr"
            | b"privacymanager"
    )
}

/// Whether a step comes behind one that asks for a proof.
fn proven(plan: &Plan<'_, '_>, node: Node, step: u32) -> bool {
    plan.ways
        .entry(node)
        .and_then(|e| proof(e.extension))
        .is_some_and(|asked| asked < step)
}

fn show(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
