//! The applications that a step runs: its own, and those that stand in `ExecIf`, `Exec` and `TryExec`. A step is read once, when somebody
//! first asks; all checks look at the same reading.

use std::ops::Range;
use std::sync::OnceLock;

use strowger_stdlib::Dialect;
use strowger_stdlib::signatures::{self, Signature};
use strowger_stdlib::template::{Template, has_hole};

use crate::conf::exten;
use crate::dialled::{self, Destination};
use crate::hir::Step;
use crate::jump::{self, Shape, Target, branches_of_calls};
use crate::source::Text;

/// Applications that run another may stand in each other this deep.
const NESTING: usize = 4;

/// The name of an application in small letters.
#[derive(Clone, Debug)]
pub(crate) enum App {
    /// One of the table.
    Known(&'static Signature),
    /// Another, or a name that a variable makes.
    Other(Box<[u8]>),
}

impl App {
    fn read(name: &[u8]) -> App {
        match signatures::application(name) {
            Some(signature) => App::Known(signature),
            None => App::Other(name.to_ascii_lowercase().into()),
        }
    }

    /// The name as text; empty if it is none.
    pub(crate) fn as_str(&self) -> &str {
        match self {
            App::Known(signature) => signature.lower,
            App::Other(name) => std::str::from_utf8(name).unwrap_or_default(),
        }
    }

    /// What the table says of it.
    pub(crate) fn signature(&self) -> Option<&'static Signature> {
        match self {
            App::Known(signature) => Some(signature),
            App::Other(_) => None,
        }
    }
}

impl PartialEq<&str> for App {
    fn eq(&self, name: &&str) -> bool {
        **self == *name.as_bytes()
    }
}

impl<const N: usize> PartialEq<&[u8; N]> for App {
    fn eq(&self, name: &&[u8; N]) -> bool {
        **self == name[..]
    }
}

impl std::ops::Deref for App {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            App::Known(signature) => signature.lower.as_bytes(),
            App::Other(name) => name,
        }
    }
}

/// One application with its arguments.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// Its name in small letters. A step's own name keeps the blanks behind it: they count (DL-076).
    pub(crate) app: App,
    /// Its name as written.
    pub(crate) name: Text,
    /// Its arguments.
    pub(crate) args: Text,
    /// The holes of the arguments.
    pub(crate) shape: Shape,
    when: Option<Box<(Text, bool)>>,
    /// The step's own; else it stands in another one.
    pub(crate) own: bool,
    /// It only runs another one, which stands behind it.
    carries: bool,
    /// Inside another one, and a variable makes its name, or it has none.
    nameless: bool,
    /// Which of the step's targets it names.
    leads: Range<usize>,
    assigned: OnceLock<Vec<(Text, Text)>>,
    arguments: OnceLock<Vec<Text>>,
    destinations: OnceLock<Vec<Destination>>,
}

impl Call {
    /// The condition under which it runs, and whether it must hold.
    pub(crate) fn when(&self) -> Option<&(Text, bool)> {
        self.when.as_deref()
    }

    /// Whether a condition decides that it runs.
    pub(crate) fn sometimes(&self) -> bool {
        self.when.is_some()
    }

    /// What `Set` and `MSet` assign: names as written and values.
    pub(crate) fn assigned(&self, dialect: &Dialect) -> &[(Text, Text)] {
        match &*self.app {
            b"set" | b"mset" => self
                .assigned
                .get_or_init(|| assigned(&self.app, &self.args, &self.shape, dialect)),
            _ => &[],
        }
    }

    /// What it dials. Destinations whose technology is a variable are left out.
    pub(crate) fn destinations(&self) -> &[Destination] {
        if !dialled::dials(&self.app) {
            return &[];
        }
        self.destinations.get_or_init(|| dialled::of_call(self))
    }

    /// The arguments between commas outside of variables, quotes and brackets; one, empty, where there is nothing.
    pub(crate) fn arguments(&self) -> &[Text] {
        self.arguments
            .get_or_init(|| crate::fields::arguments_of(&self.args, &self.shape))
    }
}

/// What an application in small letters assigns, if it is `Set` or `MSet`.
pub(crate) fn assigned_by_set(app: &[u8], args: &Text, dialect: &Dialect) -> Vec<(Text, Text)> {
    match app {
        b"set" | b"mset" => assigned(app, args, &Shape::read(args.bytes()), dialect),
        _ => Vec::new(),
    }
}

fn assigned(app: &[u8], args: &Text, shape: &Shape, dialect: &Dialect) -> Vec<(Text, Text)> {
    let pair = |from: usize, to: usize| {
        let equals = shape.find(args.bytes(), b'=', from).filter(|e| *e < to)?;
        Some((args.slice(from..equals), args.slice(equals + 1..to)))
    };
    if app == b"set" && !dialect.pairs_in_set {
        return pair(0, args.len()).into_iter().collect();
    }
    let mut out = Vec::new();
    let mut from = 0;
    while from <= args.len() {
        let end = shape.find(args.bytes(), b',', from).unwrap_or(args.len());
        out.extend(pair(from, end));
        from = end + 1;
    }
    out
}

/// What is read of one step.
#[derive(Debug)]
struct Read {
    own: Call,
    more: Vec<Call>,
    targets: Vec<Target>,
    template: OnceLock<Template>,
}

/// A step's reading. A copy of a step is read anew: its arguments may be changed.
#[derive(Debug, Default)]
pub(crate) struct Reading(OnceLock<Box<Read>>);

impl Clone for Reading {
    fn clone(&self) -> Reading {
        Reading::default()
    }
}

impl Step {
    fn read(&self) -> &Read {
        self.reading.0.get_or_init(|| {
            let mut more = Vec::new();
            let mut own = call(&self.app, &self.args, None, 0, &mut more);
            let mut targets = Vec::new();
            for call in std::iter::once(&mut own).chain(&mut more) {
                let first = targets.len();
                jump::of_call(call, &mut targets);
                call.leads = first..targets.len();
            }
            Box::new(Read {
                own,
                more,
                targets,
                template: OnceLock::new(),
            })
        })
    }

    /// Reads the step now.
    pub(crate) fn prepare(&self) {
        self.read();
    }

    /// What the step runs whose name is known. The application that runs another comes first.
    pub(crate) fn commands(&self) -> impl Iterator<Item = &Call> {
        let read = self.read();
        std::iter::once(&read.own)
            .chain(&read.more)
            .filter(|c| !c.nameless)
    }

    /// What the step may run: itself, or what it runs in its place.
    pub(crate) fn calls(&self) -> impl Iterator<Item = &Call> {
        let read = self.read();
        std::iter::once(&read.own)
            .chain(&read.more)
            .filter(|c| !c.carries)
    }

    /// The step's own application.
    pub(crate) fn own(&self) -> &Call {
        &self.read().own
    }

    /// The places that the step leads to.
    pub(crate) fn targets(&self) -> &[Target] {
        &self.read().targets
    }

    /// Those of them that one of its applications names.
    pub(crate) fn targets_of(&self, call: &Call) -> &[Target] {
        &self.read().targets[call.leads.clone()]
    }

    /// The arguments in pieces.
    pub(crate) fn template(&self) -> &Template {
        self.read()
            .template
            .get_or_init(|| Template::read(self.args.bytes()))
    }
}

/// Reads one application; those that it runs come behind it in `more`.
fn call(
    name: &Text,
    args: &Text,
    when: Option<Box<(Text, bool)>>,
    depth: usize,
    more: &mut Vec<Call>,
) -> Call {
    let app = App::read(name.bytes());
    let shape = Shape::read(args.bytes());
    let inner = more.len();
    let carries = depth < NESTING
        && match &*app {
            b"execif" | b"execiftime" => {
                let condition = shape.find(args.bytes(), b'?', 0).unwrap_or(0);
                let condition = args.slice(0..condition);
                let branches = branches_of_calls(args, &shape);
                for (branch, holds) in branches.iter().zip([true, false]) {
                    let when = Some(Box::new((condition.clone(), holds)));
                    inside(branch, when, depth, more);
                }
                true
            }
            b"exec" | b"tryexec" => {
                inside(args, when.clone(), depth, more);
                true
            }
            _ => false,
        };
    debug_assert!(carries || more.len() == inner);
    Call {
        app,
        name: name.clone(),
        args: args.clone(),
        shape,
        when,
        own: true,
        carries,
        nameless: false,
        leads: 0..0,
        assigned: OnceLock::new(),
        arguments: OnceLock::new(),
        destinations: OnceLock::new(),
    }
}

fn inside(text: &Text, when: Option<Box<(Text, bool)>>, depth: usize, more: &mut Vec<Call>) {
    let (name, args, _) = exten::application(text);
    let name = name.into_trimmed();
    let nameless = name.is_empty() || has_hole(name.bytes());
    let mut deeper = Vec::new();
    let depth = if nameless { NESTING } else { depth + 1 };
    let found = call(&name, &args, when, depth, &mut deeper);
    more.push(Call {
        own: false,
        nameless,
        ..found
    });
    more.append(&mut deeper);
}
