//! What a plan may do beyond talking, for who must answer for it: the doors to what no check sees, and what each context can reach of
//! the machine, the network and money.

mod written;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use strowger_stdlib::Dialect;
use strowger_stdlib::signatures::{self, Capability};
use strowger_stdlib::template::{HoleKind, Template, What, split_body};

use crate::call::Call;
use crate::compile::Surroundings;
use crate::dial;
use crate::graph::{Graph, Kind as Node};
use crate::hir::{Hir, Step};
use crate::jump::{Part, Target};
use crate::peers::Peers;
use crate::roles::Roles;
use crate::source::{Sources, Span};

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Audit {
    /// Doors, in the order of files and places.
    pub doors: Vec<Door>,
    /// Uses of what is not only talk, in the same order.
    pub uses: Vec<Use>,
    /// Contexts with any of it, in the order of the plan.
    pub contexts: Vec<Reach>,
    /// There are more than are listed.
    pub cut: bool,
}

/// A place where the language steps aside: what stands there is not checked.
#[derive(Clone, Debug)]
pub struct Door {
    /// Which.
    pub kind: DoorKind,
    /// Where.
    pub span: Span,
    /// In which context, subroutine or function.
    pub context: String,
    /// In which extension; empty in a subroutine.
    pub exten: String,
    /// What goes through: the name of the application, the text.
    pub what: String,
}

/// The kinds of door.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum DoorKind {
    /// `app("Name", '...')`.
    App,
    /// `asterisk('...')`.
    Asterisk,
    /// `goto dynamic(...)`; in lines: a jump to a context or number that only the call knows.
    Dynamic,
    /// `unchecked(...)`.
    Unchecked,
    /// `channel("X") = ...`: an undeclared variable is written.
    ChannelWrite,
    /// `channel("X")`: one is read.
    ChannelRead,
    /// `import conf`: lines of an extensions.conf.
    Import,
    /// An application whose name only the call knows, or `EVAL()`: text that is run.
    Computed,
}

impl DoorKind {
    /// All of them.
    pub const ALL: [DoorKind; 8] = [
        DoorKind::App,
        DoorKind::Asterisk,
        DoorKind::Dynamic,
        DoorKind::Unchecked,
        DoorKind::ChannelWrite,
        DoorKind::ChannelRead,
        DoorKind::Import,
        DoorKind::Computed,
    ];

    /// As it is called.
    pub fn word(self) -> &'static str {
        match self {
            DoorKind::App => "app",
            DoorKind::Asterisk => "asterisk",
            DoorKind::Dynamic => "dynamic",
            DoorKind::Unchecked => "unchecked",
            DoorKind::ChannelWrite => "channel-write",
            DoorKind::ChannelRead => "channel-read",
            DoorKind::Import => "import-conf",
            DoorKind::Computed => "computed",
        }
    }
}

/// What a plan can use.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Power {
    /// Programs of the machine.
    Shell,
    /// Files of the machine.
    File,
    /// The database of the exchange, or another one.
    Database,
    /// Servers: AGI, HTTP, ENUM, messages of other systems.
    Network,
    /// The environment of the process.
    Environment,
    /// Other people's calls: listening, breaking in.
    Listen,
    /// New calls that nobody asked for.
    Originate,
    /// Calls to devices.
    Dial,
    /// Calls over devices that lead out of the house, as far as the device files tell.
    Trunk,
}

impl Power {
    /// All of them.
    pub const ALL: [Power; 9] = [
        Power::Shell,
        Power::File,
        Power::Database,
        Power::Network,
        Power::Environment,
        Power::Listen,
        Power::Originate,
        Power::Dial,
        Power::Trunk,
    ];

    /// As it is called.
    pub fn word(self) -> &'static str {
        match self {
            Power::Shell => "shell",
            Power::File => "file",
            Power::Database => "database",
            Power::Network => "network",
            Power::Environment => "environment",
            Power::Listen => "listen",
            Power::Originate => "originate",
            Power::Dial => "dial",
            Power::Trunk => "trunk",
        }
    }

    fn of(capability: Capability) -> Power {
        match capability {
            Capability::Dial => Power::Dial,
            Capability::Originate => Power::Originate,
            Capability::Shell => Power::Shell,
            Capability::File => Power::File,
            Capability::Agi | Capability::Http => Power::Network,
            Capability::Env => Power::Environment,
            Capability::Db => Power::Database,
        }
    }
}

/// A door or a power that a plan must not have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Denied {
    /// A door.
    Door(DoorKind),
    /// A power.
    Power(Power),
}

impl Denied {
    /// All that there are, doors first.
    pub fn all() -> impl Iterator<Item = Denied> {
        let doors = DoorKind::ALL.into_iter().map(Denied::Door);
        doors.chain(Power::ALL.into_iter().map(Denied::Power))
    }

    /// The one that is called so.
    #[must_use]
    pub fn named(word: &str) -> Option<Denied> {
        Denied::all().find(|denied| denied.word() == word)
    }

    /// As it is called.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Denied::Door(kind) => kind.word(),
            Denied::Power(power) => power.word(),
        }
    }

    /// Where a plan has it: the place, and what stands there.
    pub fn places(self, found: &Audit) -> impl Iterator<Item = (Span, &str)> {
        let doors = found
            .doors
            .iter()
            .filter(move |d| self == Denied::Door(d.kind))
            .map(|d| (d.span, d.what.as_str()));
        let uses = found
            .uses
            .iter()
            .filter(move |u| self == Denied::Power(u.power))
            .map(|u| (u.span, u.by.as_str()));
        doors.chain(uses)
    }
}

/// Applications and functions whose power no table tells: how their names begin, in capitals.
const OTHERS: [(&str, Power); 13] = [
    ("REALTIME", Power::Database),
    ("ODBC", Power::Database),
    ("MYSQL", Power::Database),
    ("DBGET", Power::Database),
    ("DBPUT", Power::Database),
    ("LDAP", Power::Database),
    ("ENUM", Power::Network),
    ("DUNDI", Power::Network),
    ("JABBER", Power::Network),
    ("FESTIVAL", Power::Network),
    ("CHANSPY", Power::Listen),
    ("EXTENSPY", Power::Listen),
    ("DAHDIBARGE", Power::Listen),
];

/// A use of a power.
#[derive(Clone, Debug)]
pub struct Use {
    /// Which.
    pub power: Power,
    /// The application, function or device.
    pub by: String,
    /// The statement or line.
    pub span: Span,
    /// The context.
    pub context: String,
    /// The extension.
    pub exten: String,
}

/// What a context can reach.
#[derive(Clone, Debug)]
pub struct Reach {
    /// Its name.
    pub context: String,
    /// How often its own steps use each power.
    pub own: BTreeMap<Power, usize>,
    /// What calls can use that go on from it: by includes, jumps, subroutines and `Local/`.
    pub reached: BTreeSet<Power>,
}

/// Most doors, and most uses.
const MOST: usize = 100_000;
/// Most contexts of which it is found out what they reach.
const CONTEXTS: usize = 5_000;
/// Functions in the arguments of functions are looked into so deep.
const DEPTH: usize = 32;

/// Looks through a plan. `marks`: what `strowger.toml` says of trunks.
pub fn audit(sources: &Sources, hir: &Hir, marks: &Surroundings) -> Audit {
    let mut audit = Audit::default();
    for (id, file) in sources.files().filter(|(_, f)| dial::is_dial(f.name())) {
        written::doors(id, file.bytes(), &mut audit.doors);
    }
    let roles = Roles::new(&Peers::read(sources), marks);
    for context in &hir.contexts {
        for extension in &context.extensions {
            for step in &extension.steps {
                let mut here = Here {
                    sources,
                    roles: &roles,
                    dialect: &hir.dialect,
                    context: &context.name,
                    exten: &extension.name,
                    step,
                    audit: &mut audit,
                };
                here.step();
            }
        }
    }
    audit.doors.sort_by_key(|d| (d.span.file, d.span.start));
    audit
        .uses
        .sort_by_key(|u| (u.span.file, u.span.start, u.power));
    audit.uses.dedup_by(|a, b| {
        (a.power, &a.by, a.span, &a.context, &a.exten)
            == (b.power, &b.by, b.span, &b.context, &b.exten)
    });
    audit.cut = audit.doors.len() > MOST || audit.uses.len() > MOST;
    audit.doors.truncate(MOST);
    audit.uses.truncate(MOST);
    audit.contexts = reach(hir, &audit.uses);
    audit.cut |= hir.contexts.len() > CONTEXTS;
    audit
}

/// One step.
struct Here<'h> {
    sources: &'h Sources,
    roles: &'h Roles,
    dialect: &'h Dialect,
    context: &'h [u8],
    exten: &'h [u8],
    step: &'h Step,
    audit: &'h mut Audit,
}

impl Here<'_> {
    fn step(&mut self) {
        let step = self.step;
        // What `.dial` says is listed as it is written there.
        let written = dial::is_dial(self.sources.file(step.span.file).name());
        for call in step.calls() {
            self.call(call, written);
        }
        if !written {
            for target in step.targets() {
                self.target(target);
            }
        }
        self.functions(step.args.bytes(), 0, written);
    }

    fn call(&mut self, call: &Call, written: bool) {
        let name = call.name.lossy();
        if strowger_stdlib::template::has_hole(call.name.bytes()) {
            if !written {
                self.door(DoorKind::Computed, name.into_owned());
            }
            return;
        }
        if let Some(power) = power_of(signatures::application(&call.app), &name) {
            self.uses(power, name.trim().to_owned());
        }
        for destination in call.destinations() {
            let device = destination.device();
            let leaves =
                device.and_then(|d| self.roles.leaves(destination.tech.bytes(), d.bytes()));
            if leaves == Some(true) {
                self.uses(Power::Trunk, destination.whole.lossy().into_owned());
            }
        }
        for (place, _) in call.assigned(self.dialect) {
            let place = place.trimmed();
            if let Some(end) = place.bytes().iter().position(|b| *b == b'(') {
                self.function(&place.bytes()[..end], written);
            }
        }
    }

    /// A jump of which the lines do not say where it leads.
    fn target(&mut self, target: &Target) {
        let own = |text: &[u8]| text.starts_with(b"${EXTEN");
        let open = |part: &Part| matches!(part, Part::Computed(text) if !own(text.bytes()));
        if open(&target.context) || open(&target.exten) || target.is_unknown() {
            self.door(DoorKind::Dynamic, target.whole.lossy().into_owned());
        }
    }

    /// The functions in a text, and in their arguments.
    fn functions(&mut self, text: &[u8], depth: usize, written: bool) {
        if depth == DEPTH || !strowger_stdlib::template::has_hole(text) {
            return;
        }
        let template = Template::read(text);
        for hole in template.holes() {
            let body = hole.body.print();
            if hole.kind == HoleKind::Variable
                && let What::Call(call) = split_body(&body).what
            {
                self.function(&call.name, written);
            }
            self.functions(&body, depth + 1, written);
        }
    }

    fn function(&mut self, name: &[u8], written: bool) {
        let shown = String::from_utf8_lossy(name).into_owned();
        if name == b"EVAL" && !written {
            self.door(DoorKind::Computed, "EVAL()".to_owned());
        }
        if let Some(power) = power_of(signatures::function(name), &shown) {
            self.uses(power, format!("{shown}()"));
        }
    }

    fn door(&mut self, kind: DoorKind, what: String) {
        if self.audit.doors.len() <= MOST {
            self.audit.doors.push(Door {
                kind,
                span: self.step.span,
                context: String::from_utf8_lossy(self.context).into_owned(),
                exten: String::from_utf8_lossy(self.exten).into_owned(),
                what,
            });
        }
    }

    fn uses(&mut self, power: Power, by: String) {
        if self.audit.uses.len() <= MOST {
            self.audit.uses.push(Use {
                power,
                by,
                span: self.step.span,
                context: String::from_utf8_lossy(self.context).into_owned(),
                exten: String::from_utf8_lossy(self.exten).into_owned(),
            });
        }
    }
}

fn power_of(signature: Option<&signatures::Signature>, name: &str) -> Option<Power> {
    if let Some(capability) = signature.and_then(|s| s.capability) {
        return Some(Power::of(capability));
    }
    let name = name.trim().to_ascii_uppercase();
    let found = OTHERS.iter().find(|(begin, _)| name.starts_with(begin));
    found.map(|(_, power)| *power)
}

/// What each context reaches.
fn reach(hir: &Hir, uses: &[Use]) -> Vec<Reach> {
    let graph = Graph::of(hir);
    let context_of = |n: usize| graph.nodes[n].group.unwrap_or(n);
    let mut ways: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for edge in &graph.edges {
        let (from, to) = (context_of(edge.from), context_of(edge.to));
        if from != to {
            ways.entry(from).or_default().insert(to);
        }
    }
    let mut own: HashMap<&str, BTreeMap<Power, usize>> = HashMap::new();
    for one in uses {
        let powers = own.entry(&one.context).or_default();
        *powers.entry(one.power).or_default() += 1;
    }
    let contexts = graph.nodes.iter().enumerate();
    let contexts = contexts.filter(|(_, node)| node.kind == Node::Context);
    let reached = contexts.take(CONTEXTS).map(|(start, node)| {
        let mut seen = BTreeSet::from([start]);
        let mut work = vec![start];
        let mut reached = BTreeSet::new();
        while let Some(at) = work.pop() {
            let powers = own.get(graph.nodes[at].title.as_str());
            reached.extend(powers.into_iter().flat_map(|p| p.keys().copied()));
            let next = ways.get(&at).into_iter().flatten();
            work.extend(next.copied().filter(|to| seen.insert(*to)));
        }
        Reach {
            context: node.title.clone(),
            own: own.get(node.title.as_str()).cloned().unwrap_or_default(),
            reached,
        }
    });
    reached.filter(|r| !r.reached.is_empty()).collect()
}
