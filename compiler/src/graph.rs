//! The jump graph of a plan: contexts, blocks of steps into the middle of which nothing jumps, and how a call gets from one to
//! another. Drawn by [`Graph::mermaid`] and [`Graph::svg`].

mod mermaid;
mod svg;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use strowger_stdlib::template::{HoleKind, Piece, Template, What, split_body};

use crate::conf::pipes;
use crate::dialled;
use crate::hir::{Extension, Hir, Matches, Step};
use crate::jump::{self, Part, Target};
use crate::lint::flow::ends;
use crate::resolve::Index;
use crate::source::FileId;

pub use svg::NODES as SVG_NODES;

/// Comparisons of names with patterns that one graph may cost; targets beyond it count as computed.
const WORK: usize = 20_000_000;
/// Rows of a block that are shown; more are told by their number, but for those that lead elsewhere.
const ROWS: usize = 12;
/// Characters of a row.
const WIDTH: usize = 46;

/// The jump graph.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// Contexts in the order of the plan, each followed by its blocks; then what is computed or missing.
    pub nodes: Vec<Node>,
    /// In the order of the nodes and rows that they leave.
    pub edges: Vec<Edge>,
}

/// A node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// The node of its context.
    pub group: Option<usize>,
    /// The extension with its caller-id form, or the name of the context, or the target as written.
    pub title: String,
    /// Its steps, as far as they are shown.
    pub rows: Vec<String>,
    /// Where its first step stands.
    pub place: Option<(FileId, u32)>,
}

/// What a node is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A context.
    Context,
    /// Steps that follow each other.
    Block,
    /// A target that is only known when the call is there.
    Computed,
    /// A target that is not in the plan.
    Missing,
}

/// A way from one node to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Where from.
    pub from: usize,
    /// Index of the row that leads there; None: the node as a whole.
    pub row: Option<usize>,
    /// Where to.
    pub to: usize,
    /// How.
    pub why: Why,
    /// Details: the branch, the times of an include, the values of DIALSTATUS.
    pub label: String,
}

/// How a call gets from one node to another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Why {
    /// By the next priority.
    Next,
    /// By Goto.
    Goto,
    /// By a condition.
    Branch,
    /// By a loop.
    Loop,
    /// By a subroutine, and back.
    Gosub,
    /// By dialling `Local/`.
    Local,
    /// By an include of its context.
    Include,
    /// Nothing was pressed in time.
    Timeout,
    /// What was pressed does not exist.
    Invalid,
    /// The channel was hung up.
    Hangup,
}

impl Why {
    /// One word.
    pub fn word(self) -> &'static str {
        match self {
            Why::Next => "next",
            Why::Goto => "goto",
            Why::Branch => "branch",
            Why::Loop => "loop",
            Why::Gosub => "gosub",
            Why::Local => "local",
            Why::Include => "include",
            Why::Timeout => "timeout",
            Why::Invalid => "invalid",
            Why::Hangup => "hangup",
        }
    }
}

/// A step by indices: context, extension, step.
type At = (usize, usize, usize);

/// Where a jump leads.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum To {
    Step(At),
    Context(usize),
    Computed(String),
    Missing(String),
}

struct Jump {
    from: At,
    to: To,
    why: Why,
    label: String,
}

struct Reader<'h> {
    hir: &'h Hir,
    index: Index<'h>,
    /// Entries by context and name in memory, to find their indices again.
    places: HashMap<*const Extension, (usize, usize)>,
    left: usize,
    jumps: Vec<Jump>,
}

impl Graph {
    /// The graph of a plan.
    pub fn of(hir: &Hir) -> Graph {
        let commas = hir.dialect.pipes.then(|| pipes::with_commas(hir));
        let hir = commas.as_ref().unwrap_or(hir);
        let mut places = HashMap::new();
        for (c, context) in hir.contexts.iter().enumerate() {
            for (e, extension) in context.extensions.iter().enumerate() {
                places.insert(std::ptr::from_ref(extension), (c, e));
            }
        }
        let mut reader = Reader {
            hir,
            index: Index::new(hir),
            places,
            left: WORK,
            jumps: Vec::new(),
        };
        for (c, context) in hir.contexts.iter().enumerate() {
            for (e, extension) in context.extensions.iter().enumerate() {
                reader.extension((c, e), extension);
            }
        }
        reader.graph()
    }

    /// The part that a call can reach from a context: it, and what its blocks and includes lead to. Empty if there is no such context.
    pub fn reached_from(&self, context: &str) -> Graph {
        let start = self
            .nodes
            .iter()
            .position(|n| n.kind == Kind::Context && n.title == context);
        let mut kept = vec![false; self.nodes.len()];
        let mut work: Vec<usize> = start.into_iter().collect();
        while let Some(n) = work.pop() {
            if std::mem::replace(&mut kept[n], true) {
                continue;
            }
            let node = &self.nodes[n];
            work.extend(node.group);
            if node.kind == Kind::Context {
                // Whoever dials in the context may start any of its extensions.
                let members = (0..self.nodes.len()).filter(|m| self.nodes[*m].group == Some(n));
                work.extend(members);
            }
            work.extend(self.edges.iter().filter(|e| e.from == n).map(|e| e.to));
        }
        let mut numbers = vec![None; self.nodes.len()];
        let mut nodes = Vec::new();
        for (n, node) in self.nodes.iter().enumerate().filter(|(n, _)| kept[*n]) {
            numbers[n] = Some(nodes.len());
            nodes.push(Node {
                group: node.group.and_then(|g| numbers[g]),
                ..node.clone()
            });
        }
        let edges = self
            .edges
            .iter()
            .filter_map(|e| {
                Some(Edge {
                    from: numbers[e.from]?,
                    to: numbers[e.to]?,
                    ..e.clone()
                })
            })
            .collect();
        Graph { nodes, edges }
    }
}

impl<'h> Reader<'h> {
    fn extension(&mut self, (c, e): (usize, usize), extension: &'h Extension) {
        let mut loops = Vec::new();
        for (s, step) in extension.steps.iter().enumerate() {
            let from = (c, e, s);
            for target in jump::all_targets(step) {
                let why = match (target.kind, target.branch) {
                    (jump::Kind::Gosub, _) => Why::Gosub,
                    (jump::Kind::Goto, Some(_)) => Why::Branch,
                    (jump::Kind::Goto, None) => Why::Goto,
                };
                let branch = match target.branch {
                    Some(true) => "then",
                    Some(false) => "else",
                    None => "",
                };
                for (to, value) in self.targets(from, extension, &target) {
                    let label = [branch, value.as_str()];
                    let label: Vec<&str> = label.into_iter().filter(|l| !l.is_empty()).collect();
                    self.jump(from, to, why, label.join(" "));
                }
            }
            for destination in dialled::destinations(step) {
                if destination.tech.bytes().eq_ignore_ascii_case(b"Local") {
                    self.local(from, extension, &destination.resource.lossy());
                }
            }
            match step.app.bytes().to_ascii_lowercase().as_slice() {
                b"while" => loops.push(s),
                b"endwhile" => {
                    if let Some(start) = loops.pop() {
                        self.jump(from, To::Step((c, e, start)), Why::Loop, String::new());
                        if s + 1 < extension.steps.len() {
                            let behind = To::Step((c, e, s + 1));
                            self.jump((c, e, start), behind, Why::Loop, "done".into());
                        }
                    }
                }
                b"waitexten" | b"background" => {
                    for (name, why) in [(b"t", Why::Timeout), (b"i", Why::Invalid)] {
                        if step.app.len() == 10 && why == Why::Timeout {
                            continue; // Background does not wait
                        }
                        self.special(from, name, why);
                    }
                }
                _ => {}
            }
        }
    }

    fn jump(&mut self, from: At, to: To, why: Why, label: String) {
        let same = |j: &&mut Jump| j.from == from && j.to == to && j.why == why;
        match self.jumps.iter_mut().rev().take(64).find(same) {
            Some(jump) if !label.is_empty() && !jump.label.is_empty() => {
                jump.label = format!("{}, {label}", jump.label);
            }
            Some(_) => {}
            None => self.jumps.push(Jump {
                from,
                to,
                why,
                label,
            }),
        }
    }

    /// `t` or `i` of the context in which a step waits for digits.
    fn special(&mut self, from: At, name: &[u8], why: Why) {
        let context = &self.hir.contexts[from.0];
        if let Some(to) = self.find(&context.name, name, b"1") {
            self.jump(from, To::Step(to), why, String::new());
        }
    }

    /// `exten@context[/n]`.
    fn local(&mut self, from: At, extension: &Extension, resource: &str) {
        let address = resource.split('/').next().unwrap_or_default();
        let (exten, context) = address.split_once('@').unwrap_or((address, "default"));
        let to = match self.known(from, extension, exten.as_bytes()) {
            Some(exten) => self.step_or_missing(context.as_bytes(), &exten, b"1"),
            None => self.context_or_computed(context.as_bytes(), exten),
        };
        self.jump(from, to, Why::Local, String::new());
    }

    /// Where a target may lead, and for which values.
    fn targets(&mut self, from: At, extension: &Extension, target: &Target) -> Vec<(To, String)> {
        let whole = target.whole.lossy().into_owned();
        let here = &self.hir.contexts[from.0];
        // `s-${DIALSTATUS},1`: what a variable holds might have commas, but the status has none.
        if let (Part::Computed(context), Part::Computed(exten), Part::Text(priority)) =
            (&target.context, &target.exten, &target.priority)
            && context.bytes() == exten.bytes()
        {
            if let Some(exten) = self.known(from, extension, exten.bytes()) {
                let to = self.step_or_missing(&here.name, &exten, priority.bytes());
                return vec![(to, String::new())];
            }
            let by_status = self.by_status(&here.name, exten.bytes(), priority.bytes());
            if !by_status.is_empty() {
                return by_status;
            }
        }
        let context = match &target.context {
            Part::Here => here.name.clone(),
            Part::Text(text) | Part::Computed(text) => {
                match self.known(from, extension, text.bytes()) {
                    Some(name) => name,
                    None => return vec![(To::Computed(whole), String::new())],
                }
            }
        };
        let priority = match &target.priority {
            Part::Here => b"1".to_vec(),
            Part::Text(text) => text.bytes().to_vec(),
            Part::Computed(_) => {
                let to = match (&target.context, &target.exten) {
                    (Part::Here, Part::Here) => To::Computed(whole.clone()),
                    _ => self.context_or_computed(&context, &whole),
                };
                return vec![(to, whole)];
            }
        };
        let written = match &target.exten {
            Part::Here => {
                // The extension that runs: another pattern may have matched, but this one is drawn.
                let at = step_of(extension, from.2, &priority);
                if matches!(target.context, Part::Here)
                    && let Some(s) = at
                {
                    return vec![(To::Step((from.0, from.1, s)), String::new())];
                }
                extension.name.clone()
            }
            Part::Text(text) | Part::Computed(text) => text.bytes().to_vec(),
        };
        if let Some(exten) = self.known(from, extension, &written) {
            let to = self.step_or_missing(&context, &exten, &priority);
            return vec![(to, String::new())];
        }
        let by_status = self.by_status(&context, &written, &priority);
        if !by_status.is_empty() {
            return by_status;
        }
        let label = String::from_utf8_lossy(&written).into_owned();
        vec![(self.context_or_computed(&context, &whole), label)]
    }

    /// A text without variables, or with none but EXTEN and CONTEXT where those are known.
    fn known(&self, from: At, extension: &Extension, text: &[u8]) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        for piece in Template::read(text).pieces {
            match piece {
                Piece::Text(text) => out.extend_from_slice(&text),
                Piece::Hole(hole) if hole.kind == HoleKind::Variable => {
                    let body = split_body(hole.body.as_plain()?);
                    let What::Variable(name) = body.what else {
                        return None;
                    };
                    let value = match (name.as_slice(), &extension.matches) {
                        (b"EXTEN", Matches::Name(name)) => name.as_slice(),
                        (b"CONTEXT", _) => self.hir.contexts[from.0].name.as_slice(),
                        _ => return None,
                    };
                    match body.slice {
                        None => out.extend_from_slice(value),
                        Some(slice) => out.extend_from_slice(slice.cut(value)),
                    }
                }
                Piece::Hole(_) => return None,
            }
        }
        Some(out)
    }

    /// An extension that holds `${DIALSTATUS}` and nothing else unknown: one target for each status that has one.
    fn by_status(&mut self, context: &[u8], written: &[u8], priority: &[u8]) -> Vec<(To, String)> {
        const HOLE: &[u8] = b"${DIALSTATUS}";
        let Some(at) = written.windows(HOLE.len()).position(|w| w == HOLE) else {
            return Vec::new();
        };
        let (before, after) = (&written[..at], &written[at + HOLE.len()..]);
        if jump::Shape::read(before).holes.len() + jump::Shape::read(after).holes.len() > 0 {
            return Vec::new();
        }
        let mut found: BTreeMap<To, Vec<&str>> = BTreeMap::new();
        for status in STATUSES {
            let name = [before, status.as_bytes(), after].concat();
            if let Some(to) = self.find(context, &name, priority) {
                found.entry(To::Step(to)).or_default().push(status);
            }
        }
        found
            .into_iter()
            .map(|(to, values)| (to, values.join(", ")))
            .collect()
    }

    fn context_or_computed(&self, context: &[u8], text: &str) -> To {
        match self.index.number(context) {
            Some(c) => To::Context(c),
            None => To::Computed(text.to_owned()),
        }
    }

    fn step_or_missing(&mut self, context: &[u8], exten: &[u8], priority: &[u8]) -> To {
        let lossy = String::from_utf8_lossy;
        match self.find(context, exten, priority) {
            Some(at) => To::Step(at),
            None => To::Missing(format!(
                "{},{},{}",
                lossy(context),
                lossy(exten),
                lossy(priority)
            )),
        }
    }

    /// The first step that a jump to these texts may find, whatever the caller and the time are.
    fn find(&mut self, context: &[u8], exten: &[u8], priority: &[u8]) -> Option<At> {
        let (contexts, _) = self.index.searched(context);
        let cost = self.index.patterns_in(&contexts) + contexts.len();
        self.left = self.left.checked_sub(cost)?;
        // A pattern may be named as it is written.
        for candidate in self.index.candidates_in(&contexts, exten) {
            let s = step_of(candidate.extension, 0, priority);
            if let Some(s) = s {
                let (c, e) = *self.places.get(&std::ptr::from_ref(candidate.extension))?;
                return Some((c, e, s));
            }
        }
        None
    }

    /// Blocks and edges of what was read.
    fn graph(self) -> Graph {
        let mut leaders: BTreeSet<At> = BTreeSet::new();
        let mut leaving: BTreeSet<At> = BTreeSet::new();
        for jump in &self.jumps {
            leaving.insert(jump.from);
            if let To::Step(at) = jump.to {
                leaders.insert(at);
            }
        }
        let mut graph = Graph::default();
        let mut headers = Vec::new();
        // Node and row of each step.
        let mut shown: HashMap<At, (usize, usize)> = HashMap::new();
        let mut falls: Vec<(usize, Option<usize>, usize)> = Vec::new();
        for (c, context) in self.hir.contexts.iter().enumerate() {
            let header = graph.nodes.len();
            headers.push(header);
            graph.nodes.push(Node {
                kind: Kind::Context,
                group: None,
                title: String::from_utf8_lossy(&context.name).into_owned(),
                rows: Vec::new(),
                place: Some((context.span.file, 0)).filter(|_| !context.span.is_empty()),
            });
            for (e, extension) in context.extensions.iter().enumerate() {
                let mut start = 0;
                while start < extension.steps.len() {
                    let follows = |s: usize| {
                        extension.steps[s].priority == extension.steps[s - 1].priority + 1
                    };
                    let end = (start + 1..extension.steps.len())
                        .find(|s| leaders.contains(&(c, e, *s)) || !follows(*s))
                        .unwrap_or(extension.steps.len());
                    let node = graph.nodes.len();
                    let steps = (start..end).map(|s| (c, e, s));
                    let rows = rows(extension, steps, &leaving, |at, row| {
                        shown.insert(at, (node, row));
                    });
                    graph.nodes.push(Node {
                        kind: Kind::Block,
                        group: Some(header),
                        title: title(extension),
                        place: Some((extension.steps[start].file, extension.steps[start].line)),
                        rows,
                    });
                    if end < extension.steps.len()
                        && follows(end)
                        && !leaves(&extension.steps[end - 1])
                    {
                        let row = shown.get(&(c, e, end - 1)).map(|s| s.1);
                        falls.push((node, row, node + 1));
                    }
                    start = end;
                }
            }
        }
        for (from, row, to) in falls {
            graph.edges.push(Edge {
                from,
                row,
                to,
                why: Why::Next,
                label: String::new(),
            });
        }
        let mut others: BTreeMap<To, usize> = BTreeMap::new();
        for jump in self.jumps {
            let Some((from, row)) = shown.get(&jump.from).copied() else {
                continue;
            };
            let to = match jump.to {
                To::Step(at) => shown.get(&at).map_or(headers[at.0], |s| s.0),
                To::Context(c) => headers[c],
                To::Computed(ref text) | To::Missing(ref text) => {
                    let kind = match jump.to {
                        To::Missing(_) => Kind::Missing,
                        _ => Kind::Computed,
                    };
                    *others.entry(jump.to.clone()).or_insert_with(|| {
                        graph.nodes.push(Node {
                            kind,
                            group: None,
                            title: cut(text),
                            rows: Vec::new(),
                            place: None,
                        });
                        graph.nodes.len() - 1
                    })
                }
            };
            graph.edges.push(Edge {
                from,
                row: Some(row),
                to,
                why: jump.why,
                label: jump.label,
            });
        }
        for (c, context) in self.hir.contexts.iter().enumerate() {
            for include in &context.includes {
                let times = include.times.as_deref().unwrap_or_default();
                let to = self.index.number(&include.context);
                let to = match to {
                    Some(to) => headers[to],
                    None => {
                        let name = String::from_utf8_lossy(&include.context).into_owned();
                        let missing = To::Missing(name.clone());
                        *others.entry(missing).or_insert_with(|| {
                            graph.nodes.push(Node {
                                kind: Kind::Missing,
                                group: None,
                                title: cut(&name),
                                rows: Vec::new(),
                                place: None,
                            });
                            graph.nodes.len() - 1
                        })
                    }
                };
                graph.edges.push(Edge {
                    from: headers[c],
                    row: None,
                    to,
                    why: Why::Include,
                    label: cut(&String::from_utf8_lossy(times)),
                });
            }
            let hangup = context.extensions.iter().position(|e| e.name == b"h");
            if let Some(node) = hangup.and_then(|e| shown.get(&(c, e, 0))) {
                graph.edges.push(Edge {
                    from: headers[c],
                    row: None,
                    to: node.0,
                    why: Why::Hangup,
                    label: String::new(),
                });
            }
        }
        graph.edges.sort_by_key(|e| (e.from, e.row, e.why, e.to));
        graph
    }
}

/// Whether a call never goes on to the next priority: also by a condition with a target on both sides.
fn leaves(step: &Step) -> bool {
    let app = step.app.bytes().to_ascii_lowercase();
    let both = || jump::all_targets(step).len() == 2;
    // The end of a loop goes back; the way on leaves its beginning.
    let back = app == b"endwhile";
    ends(step) || back || matches!(app.as_slice(), b"gotoif" | b"gotoiftime") && both()
}

/// What Dial says.
const STATUSES: [&str; 9] = [
    "CHANUNAVAIL",
    "CONGESTION",
    "NOANSWER",
    "BUSY",
    "ANSWER",
    "CANCEL",
    "DONTCALL",
    "TORTURE",
    "INVALIDARGS",
];

/// The step that a number, a label, or a distance from a step means in an extension.
fn step_of(extension: &Extension, from: usize, priority: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(priority).ok()?.trim();
    let number = |n: u32| extension.steps.iter().position(|s| s.priority == n);
    if let Some(distance) = text.strip_prefix('+') {
        let base = extension.steps.get(from)?.priority;
        return number(base.checked_add(distance.parse().ok()?)?);
    }
    if let Some(distance) = text.strip_prefix('-') {
        let base = extension.steps.get(from)?.priority;
        return number(base.checked_sub(distance.parse().ok()?)?);
    }
    match text.parse() {
        Ok(n) => number(n),
        Err(_) => {
            let has = |s: &Step| {
                s.label
                    .as_ref()
                    .is_some_and(|l| l.bytes() == text.as_bytes())
            };
            extension.steps.iter().position(has)
        }
    }
}

fn title(extension: &Extension) -> String {
    let name = String::from_utf8_lossy(&extension.name);
    match &extension.caller {
        Some(caller) => cut(&format!("{name}/{}", String::from_utf8_lossy(&caller.text))),
        None => cut(&name),
    }
}

/// The rows of a block. Every step is told its row.
fn rows(
    extension: &Extension,
    steps: impl Iterator<Item = At>,
    leaving: &BTreeSet<At>,
    mut shown: impl FnMut(At, usize),
) -> Vec<String> {
    let steps: Vec<At> = steps.collect();
    let all = steps.len() <= ROWS;
    let mut rows: Vec<String> = Vec::new();
    let mut hidden = 0;
    for (n, at) in steps.iter().enumerate() {
        let outer = n < ROWS / 2 || n + 2 >= steps.len();
        if all || outer || leaving.contains(at) {
            hidden = 0;
            rows.push(row(&extension.steps[at.2]));
        } else {
            hidden += 1;
            let words = format!("... {hidden} steps");
            match rows.last_mut() {
                Some(last) if hidden > 1 => *last = words,
                _ => rows.push(words),
            }
        }
        shown(*at, rows.len() - 1);
    }
    rows
}

fn row(step: &Step) -> String {
    let label = step.label.as_ref();
    let label = label
        .map(|l| format!("({})", l.lossy()))
        .unwrap_or_default();
    cut(&format!(
        "{}{label} {}({})",
        step.priority,
        step.app.lossy(),
        step.args.lossy()
    ))
}

/// At most [`WIDTH`] characters, none of which disturbs a drawing.
fn cut(text: &str) -> String {
    let clean = |c: char| if c.is_control() { ' ' } else { c };
    let mut out: String = text.chars().take(WIDTH).map(clean).collect();
    if text.chars().nth(WIDTH).is_some() {
        out.pop();
        out.push('…');
    }
    out
}
