//! Who calls, when, and how the made-up world behaves: what simulate and bench are told alike.

use crate::load::Program;
use crate::moment::Moment;
use crate::{behaviour, caller};
use std::sync::Arc;
use strowger_runtime::sim::{Behaviour, Simulation};
use strowger_vm::{Entry, Identity, Place, Run, Text};

/// The options.
#[derive(clap::Args)]
pub(crate) struct Scene {
    /// What an endpoint does: 'PJSIP/61=busy after 5s'
    #[arg(long = "answer", alias = "given", value_name = "ENDPOINT=WHAT")]
    answers: Vec<String>,
    /// A channel variable, set before the first step; a name may begin with _ or __
    #[arg(long = "set", value_name = "NAME=VALUE")]
    sets: Vec<String>,
    /// Who calls: '\"Name\" <100>', or a number
    #[arg(long, value_name = "CALLER")]
    callerid: Option<String>,
    /// Keys that the caller presses, one at each wait for one
    #[arg(long, alias = "digits", value_name = "KEYS")]
    dtmf: Option<String>,
    /// When it is, as '2026-03-02 10:00', with the name of a zone behind it if the exchange does not stand in UTC (default: now)
    #[arg(long, alias = "now", value_name = "MOMENT")]
    at: Option<String>,
}

/// The same, understood.
pub(crate) struct Ready {
    endpoints: Vec<(Text, Behaviour)>,
    variables: Vec<(Text, Text)>,
    caller: Option<Identity>,
    keys: Text,
    moment: Moment,
}

impl Scene {
    /// Understands the options.
    ///
    /// # Errors
    /// One sentence about the first that is none.
    pub(crate) fn read(&self) -> Result<Ready, String> {
        let moment = Moment::option("--at", self.at.as_deref())?;
        let variables = variables(&self.sets).map_err(|why| format!("--set {why}"))?;
        let mut endpoints = Vec::new();
        for text in &self.answers {
            let (endpoint, does) = behaviour::read(text)
                .ok_or_else(|| format!("--answer '{text}': {}", behaviour::FORM))?;
            endpoints.push((endpoint.into(), does));
        }
        Ok(Ready {
            endpoints,
            variables,
            caller: self.callerid.as_deref().map(caller::identity),
            keys: self.dtmf.as_deref().unwrap_or_default().into(),
            moment,
        })
    }
}

impl Ready {
    /// A fresh world around a plan.
    pub(crate) fn simulation(&self, program: &Program) -> Simulation {
        let mut simulation = Simulation::new(Arc::clone(&program.module));
        let world = &mut simulation.world;
        world.globals = Arc::clone(&program.globals);
        world.prompt_ms = Some(1_000);
        world.digits = self.keys.iter().copied().collect();
        world.now = self.moment.time;
        self.moment.settle(Arc::make_mut(&mut world.system));
        for (endpoint, does) in &self.endpoints {
            world.endpoint(endpoint, *does);
        }
        simulation
    }

    /// The call.
    pub(crate) fn entry(&self, simulation: &mut Simulation, place: Place) -> Entry {
        let mut party = simulation.party();
        if let Some(caller) = &self.caller {
            party.caller = caller.clone();
        }
        Entry {
            party,
            variables: self.variables.clone(),
            run: Run::Call(place),
        }
    }
}

/// `NAME=VALUE`, some.
pub(crate) fn variables(texts: &[String]) -> Result<Vec<(Text, Text)>, String> {
    texts
        .iter()
        .map(|text| {
            text.split_once('=')
                .filter(|(name, _)| !name.is_empty())
                .map(|(name, value)| (name.into(), value.into()))
                .ok_or_else(|| format!("'{text}': write NAME=VALUE"))
        })
        .collect()
}

/// `context,exten[,priority]`.
///
/// # Errors
/// One sentence where it is none.
pub(crate) fn place(text: &str) -> Result<Place, String> {
    let read = || {
        let mut parts = text.split(',');
        let (context, exten) = (parts.next()?, parts.next()?);
        let priority = parts.next().map_or(Some(1), |p| p.trim().parse().ok())?;
        (parts.next().is_none() && priority > 0).then(|| Place::new(context, exten, priority))
    };
    read().ok_or_else(|| format!("{text}: write CONTEXT,EXTEN or CONTEXT,EXTEN,PRIORITY"))
}
