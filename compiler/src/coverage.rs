//! What tests of a plan could reach: every step, and the ways on from the steps that have more than one: the statuses of each Dial, both
//! sides of each condition, what a menu does with a key, without one, and with a wrong one; and the includes that have times, open and closed.

use strowger_stdlib::args::{self, Marks};
use strowger_stdlib::dialect::Dialect;
use strowger_stdlib::status::DialStatus;
use strowger_stdlib::time::{Moment, Zone};
use strowger_stdlib::timespec::TimeSpec;

use crate::fields::parts;
use crate::hir::{Extension, Hir, Step};
use crate::source::{FileId, Span};

/// Everything that can be reached, in the order of the plan.
#[derive(Clone, Debug, Default)]
pub struct Reachable {
    /// All steps.
    pub steps: Vec<Reach>,
    /// All includes that have times.
    pub gates: Vec<Gate>,
}

/// An include that is there at some times only.
#[derive(Clone, Debug)]
pub struct Gate {
    /// The context that has it, by its number in the plan.
    pub context: usize,
    /// Its place among the includes of that context.
    pub include: usize,
    /// When it is open.
    pub times: TimeSpec,
    /// The line.
    pub span: Span,
}

impl Gate {
    /// The two ways, in the order in which they are counted.
    pub const WAYS: [Way; 2] = [Way::Open, Way::Closed];
}

/// One step.
#[derive(Clone, Debug)]
pub struct Reach {
    /// Its context, by its number in the plan.
    pub context: usize,
    /// Its entry, by its number in the context.
    pub extension: usize,
    /// Its priority.
    pub priority: u32,
    /// Its application as written.
    pub app: String,
    /// The line.
    pub span: Span,
    /// The file of the line.
    pub file: FileId,
    /// The number of the line, from 1.
    pub line: u32,
    /// The ways on, if there is more than one.
    pub ways: Vec<Way>,
}

/// A way on from a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    /// A Dial ends so.
    Status(DialStatus),
    /// The condition holds.
    Then,
    /// It does not.
    Else,
    /// A key chooses an extension.
    Chosen,
    /// Nobody presses a key.
    Silence,
    /// What was pressed does not exist.
    Invalid,
    /// The time of an include has come, and the number is found there.
    Open,
    /// It has not, and the number would be found there.
    Closed,
}

impl Way {
    /// In words, for the margin: `never tried: BUSY`.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Way::Status(status) => status.name(),
            Way::Then => "the condition holds",
            Way::Else => "the condition does not hold",
            Way::Chosen => "a key that leads somewhere",
            Way::Silence => "no key",
            Way::Invalid => "a key that leads nowhere",
            Way::Open => "a number within the times",
            Way::Closed => "a number outside of the times",
        }
    }
}

/// What a Dial may come to. A Dial that never gives up has no NOANSWER.
const STATUSES: [DialStatus; 6] = [
    DialStatus::Answer,
    DialStatus::Busy,
    DialStatus::NoAnswer,
    DialStatus::Congestion,
    DialStatus::ChanUnavail,
    DialStatus::Cancel,
];

impl Reachable {
    /// Of a plan.
    #[must_use]
    pub fn of(hir: &Hir) -> Reachable {
        let mut steps = Vec::new();
        let mut gates = Vec::new();
        for (c, context) in hir.contexts.iter().enumerate() {
            for (e, extension) in context.extensions.iter().enumerate() {
                steps.extend(extension.steps.iter().map(|step| Reach {
                    context: c,
                    extension: e,
                    priority: step.priority,
                    app: step.app.trimmed().lossy().into_owned(),
                    span: step.span,
                    file: step.file,
                    line: step.line,
                    ways: ways(step),
                }));
            }
            for (i, include) in context.includes.iter().enumerate() {
                let Some(times) = &include.times else {
                    continue;
                };
                gates.push(Gate {
                    context: c,
                    include: i,
                    times: TimeSpec::read_for(times, &hir.dialect).0,
                    span: include.span,
                });
            }
        }
        Reachable { steps, gates }
    }

    /// How many ways there are.
    #[must_use]
    pub fn ways(&self) -> usize {
        let of_steps: usize = self.steps.iter().map(|s| s.ways.len()).sum();
        of_steps + self.gates.len() * Gate::WAYS.len()
    }
}

/// The ways on from a step.
fn ways(step: &Step) -> Vec<Way> {
    let mut ways = Vec::new();
    let app = step.app.trimmed().lossy().to_ascii_lowercase();
    match app.as_str() {
        "gotoif" | "gotoiftime" | "gosubif" | "execif" | "execiftime" | "while" | "if"
        | "elseif" | "macroif" => ways.extend([Way::Then, Way::Else]),
        "waitexten" | "background" => ways.extend([Way::Chosen, Way::Silence, Way::Invalid]),
        _ => {}
    }
    for call in step.calls() {
        if call.app == b"dial" {
            let timeout = parts(&call.args)
                .get(1)
                .is_some_and(|t| !t.trimmed().is_empty());
            let may = |s: &DialStatus| timeout || *s != DialStatus::NoAnswer;
            let statuses = STATUSES.iter().filter(|s| may(s));
            ways.extend(statuses.map(|s| Way::Status(*s)));
        }
    }
    let mut seen = std::collections::HashSet::new();
    ways.retain(|way| seen.insert(*way));
    ways
}

/// Whether the condition of a step that ran held: read from its arguments as they were after substitution.
#[must_use]
pub fn held(
    dialect: &Dialect,
    app: &str,
    arguments: &[u8],
    now: Moment,
    zone: &Zone,
) -> Option<bool> {
    let plain = || args::branches_plain(arguments).condition;
    Some(match app.to_ascii_lowercase().as_str() {
        "gotoiftime" | "execiftime" => TimeSpec::read_for(&plain(), dialect).0.matches(now, zone),
        "gotoif" => dialect.truth(&plain()),
        "gosubif" | "execif" | "macroif" => {
            dialect.truth(&args::branches(arguments, Marks::Keep).condition)
        }
        "while" | "if" | "elseif" => dialect.truth(arguments),
        _ => return None,
    })
}

/// A number that no caller dials: the exchange goes there by itself, or another step does.
#[must_use]
pub fn is_special(extension: &Extension) -> bool {
    matches!(
        extension.name.as_slice(),
        b"s" | b"i" | b"t" | b"h" | b"o" | b"a" | b"e" | b"T" | b"failed" | b"fax" | b"talk"
    )
}
