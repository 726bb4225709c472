//! New files for a running exchange: plan, accounts and globals are replaced at once, calls and registrations go on.

use crate::config::Config;
use crate::engine::Engine;
use std::sync::Arc;
use strowger_vm::effect::Level;
use strowger_vm::{Globals, Module};

/// What was read, to be in force from now on. Whether it may be is the caller's decision: a fatal error changes nothing (DL-284).
#[derive(Debug)]
pub struct Renewal {
    /// What the configuration files say.
    pub config: Config,
    /// The plan.
    pub module: Arc<Module>,
    /// What its `[globals]` sets.
    pub globals: Globals,
    /// Forget all other globals: what `clearglobalvars` said in the plan that is replaced, because globals are wiped before a file is
    /// read. Otherwise those that calls have set, and those that the file does not mention any more, stay (DL-048).
    pub clear_globals: bool,
}

impl Engine {
    /// The plan that runs.
    #[must_use]
    pub fn module(&self) -> Arc<Module> {
        self.shared.module()
    }

    /// The global variables of this moment.
    #[must_use]
    pub fn globals(&self) -> Arc<Globals> {
        self.shared.globals()
    }

    /// Replaces plan, accounts and globals. New calls take the new plan at once; running ones move to it by name and number
    /// (DL-283), unless `[reload] calls = "stay"` stood in strowger.toml when they began. Registered contacts stay, those of accounts
    /// that are gone too, until they expire: nobody can call them.
    ///
    /// Gives a sentence for each change that waits for a restart; observers and the log are told the same.
    pub async fn reload(&self, renewal: Renewal) -> Vec<String> {
        let (config, lost) = renewal.config.look_up().await;
        for name in lost {
            tracing::warn!(%name, "no address found: whoever is known by this host name stays unknown until the next reload");
        }
        let shared = &self.shared;
        let waiting = shared.renew(
            config,
            renewal.module,
            renewal.globals,
            renewal.clear_globals,
        );
        for sentence in &waiting {
            shared.note("", Level::Warning, "needs-restart", sentence);
        }
        let text = format!(
            "reloaded: {} accounts, channels in progress: {}",
            shared.config().accounts.iter().count(),
            shared.switchboard.len()
        );
        shared.note("", Level::Notice, "reloaded", &text);
        waiting
    }
}
