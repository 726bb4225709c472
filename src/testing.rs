//! Tests of a dialplan, for Rust: the runner of `strowger test`.
//!
//! A test file says what the phones do and who calls, and what must come of it. Calls run in a made-up world in virtual time, by the
//! bytecode that an exchange would run. `docs/testing.md` tells what a file may hold.
//!
//! ```
//! use strowger::testing::Suite;
//!
//! let plan = "
//! [office]
//! exten => 61,1,Dial(PJSIP/61,20)
//! same => n,Playback(vm-nobodyavail)
//! ";
//! let tests = "
//! tests:
//!   - name: nobody is in, and the caller hears so
//!     dial: 61
//!     context: office
//!     with: { PJSIP/61: never answers }
//!     expect:
//!       DIALSTATUS: NOANSWER
//!       heard: [vm-nobodyavail]
//!       time: '>= 20s'
//! ";
//! let report = Suite::from_texts(plan, tests)?.run();
//! assert!(report.passed(), "{report}");
//! # Ok::<(), Box<strowger::testing::Refused>>(())
//! ```
//!
//! With files, a test of one's own program is one line:
//!
//! ```no_run
//! # use strowger::testing::Suite;
//! Suite::open("etc/asterisk/extensions.test.yaml")?.run().assert();
//! # Ok::<(), Box<strowger::testing::Refused>>(())
//! ```

mod block;
mod case;
mod gates;
mod hits;
mod holds;
mod judge;
mod keys;
mod mailboxes;
mod phones;
mod phrase;
mod problem;
mod read;
mod row;
mod run;
mod schema;
mod shape;
mod snapshot;
mod suite;
mod told;
mod want;
mod written;
mod yaml;

pub(crate) use block::quoted;
pub(crate) use case::Case;
pub(crate) use hits::{Finder, Hits};
pub(crate) use judge::{Seen, endpoint_of, notices, seen, user_of};
pub(crate) use run::{Failed, Outcome, Ran, run};
pub(crate) use schema::schema;
pub(crate) use suite::{PLAN, plan_of, suite_name};
pub(crate) use told::{changes, diagnostic, difference, failed, summary};
pub(crate) use written::{Stands, endpoint, import};

pub use suite::{Refused, Suite};

use std::sync::Arc;
use std::time::Duration;
use strowger_runtime::sim::Scenario;

/// What became of the tests of a file.
#[derive(Clone, Debug)]
pub struct Report {
    /// One for each test, in the order of the file.
    pub tests: Vec<Verdict>,
}

/// What became of a test.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// Its name.
    pub name: String,
    /// What was not as it was expected, in words; empty: it passed.
    pub failures: Vec<String>,
    /// How long its calls took in their own time.
    pub call_time: Duration,
}

impl Verdict {
    /// Whether everything was as it was expected.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.failures.is_empty()
    }
}

impl Report {
    /// Whether all tests passed.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.tests.iter().all(Verdict::passed)
    }

    /// Panics with the failures if there are any.
    ///
    /// # Panics
    /// A test failed.
    pub fn assert(&self) {
        assert!(self.passed(), "{self}");
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for test in &self.tests {
            let word = if test.passed() { "ok  " } else { "FAIL" };
            writeln!(f, "{word}  {}", test.name)?;
            for failure in &test.failures {
                writeln!(f, "{failure}")?;
            }
        }
        Ok(())
    }
}

impl Suite {
    /// The worlds of all tests, with their names, in the order of the file: for who runs them by other means.
    pub fn scenarios(&self) -> impl Iterator<Item = (&str, &Arc<Scenario>)> {
        self.cases
            .iter()
            .map(|case| (case.name.as_str(), &case.scenario))
    }

    /// Runs all tests, one after the other.
    #[must_use]
    pub fn run(&self) -> Report {
        let all: Vec<usize> = (0..self.cases.len()).collect();
        let outcome = run::run(self, &all, 1, &|| ());
        let verdict = |ran: &Ran| Verdict {
            name: self.cases[ran.case].name.clone(),
            failures: ran
                .failures
                .iter()
                .map(|failure| told::failed(self, &self.cases[ran.case], failure, false))
                .collect(),
            call_time: ran.call_time,
        };
        Report {
            tests: outcome.ran.iter().map(verdict).collect(),
        }
    }
}
