//! The endpoints of a scenario: which entry answers for a target, what comes next there, and the list of what was dialled.

use super::World;
use super::report::{Dialed, Of, Outcome, keep};
use super::scenario::Attempt;
use crate::apps::target;
use crate::limits;
use strowger_stdlib::status::DialStatus;
use strowger_vm::effect::Target;

impl World {
    /// The last entry with this name.
    pub(super) fn described(&self, name: &[u8]) -> Option<usize> {
        if name.is_empty() {
            return None;
        }
        self.scene
            .endpoints
            .iter()
            .rposition(|endpoint| endpoint.name.eq_ignore_ascii_case(name))
    }

    /// The entry for a target: its own, or that of the trunk that it goes through.
    pub(super) fn endpoint_of(&self, target: &Target, name: &[u8]) -> Option<usize> {
        self.described(name).or_else(|| {
            let whom = target::whom(&target.technology, &target.resource)?;
            self.described(&[target.technology.as_slice(), b"/", &whom].concat())
        })
    }

    /// Which attempt comes next at an endpoint.
    pub(super) fn next_number(&self, endpoint: usize) -> usize {
        let all = self
            .scene
            .endpoints
            .get(endpoint)
            .map_or(0, |endpoint| endpoint.attempts.len());
        let tries = self.run.tries.get(endpoint).copied().unwrap_or(0);
        tries.min(all.saturating_sub(1))
    }

    /// What an endpoint will do next.
    pub(super) fn next_attempt(&self, endpoint: usize) -> Option<&Attempt> {
        let number = self.next_number(endpoint);
        self.scene.endpoints.get(endpoint)?.attempts.get(number)
    }

    /// Whether an endpoint is in as many calls as it can be in.
    pub(super) fn is_full(&self, endpoint: usize) -> bool {
        let most = self
            .scene
            .endpoints
            .get(endpoint)
            .and_then(|endpoint| endpoint.most_calls);
        let load = self.run.loads.get(endpoint).copied().unwrap_or_default();
        most.is_some_and(|most| load.ringing + load.talking >= most)
    }

    /// Writes down that something is dialled.
    pub(super) fn dials(&mut self, channel: usize, endpoint: &[u8]) -> Option<usize> {
        if !self.record || self.run.dialed.len() >= limits::SIM_KEPT {
            return None;
        }
        let (place, source) = self.stands(channel);
        let dialed = Dialed {
            at: self.now,
            of: self.of(channel),
            channel: self.number(channel),
            endpoint: endpoint.to_vec(),
            outcome: Outcome::GivenUp,
            settled: self.now,
            place,
            source,
        };
        keep(&mut self.run.dialed, dialed, &mut self.run.dropped);
        Some(self.run.dialed.len() - 1)
    }

    /// Writes down what became of it.
    pub(super) fn settle(&mut self, entry: Option<usize>, outcome: Outcome) {
        let now = self.now;
        if let Some(dialed) = entry.and_then(|at| self.run.dialed.get_mut(at)) {
            dialed.outcome = outcome;
            dialed.settled = now;
        }
    }

    /// For the record of the call.
    pub(super) fn dial_over(&mut self, channel: usize, status: DialStatus) {
        if let Of::Call(number) = self.of(channel)
            && let Some(call) = self.run.calls.get_mut(number)
            && call.channel == Some(channel)
        {
            call.dial = Some(status);
        }
    }
}
