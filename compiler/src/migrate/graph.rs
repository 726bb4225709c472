//! What an extension does, as a graph in a form in which it does not matter how it is written: jumps are followed, labels have no names,
//! a condition may be turned around together with its ways. Two extensions with equal graphs do the same.

use std::collections::{BTreeMap, HashSet};

use strowger_stdlib::signatures;
use strowger_stdlib::timespec::TimeSpec;
use strowger_stdlib::words::{self, Kind};

use crate::hir::{Context, Extension, Hir, Step};
use crate::jump::{Part, Shape, Target};
use crate::resolve::Index;
use crate::source::Text;

/// Functions that change nothing when they are read.
const READERS: [&[u8]; 44] = [
    b"BASE64_DECODE",
    b"BASE64_ENCODE",
    b"CALLERID",
    b"CDR",
    b"CHANNEL",
    b"CONFBRIDGE_INFO",
    b"CONNECTEDLINE",
    b"CUT",
    b"DEVICE_STATE",
    b"DIALPLAN_EXISTS",
    b"ENV",
    b"EXISTS",
    b"EXTENSION_STATE",
    b"FIELDNUM",
    b"FIELDQTY",
    b"FILTER",
    b"GLOBAL",
    b"GROUP_COUNT",
    b"HASH",
    b"IF",
    b"IFTIME",
    b"ISNULL",
    b"LEN",
    b"MATH",
    b"MD5",
    b"PJSIP_HEADER",
    b"PRESENCE_STATE",
    b"REDIRECTING",
    b"REGEX",
    b"REPLACE",
    b"SHARED",
    b"SIP_HEADER",
    b"SPRINTF",
    b"STAT",
    b"STRFTIME",
    b"STRPTIME",
    b"STRREPLACE",
    b"TOLOWER",
    b"TOUPPER",
    b"URIDECODE",
    b"URIENCODE",
    b"VM_INFO",
    b"TIMEOUT",
    b"QUEUE_MEMBER",
];

/// Jumps that follow each other before one is taken as it is.
const FOLLOWED: usize = 1_000;

/// Where a way leads.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Link {
    /// To a step of the extension, by its place.
    Step(usize),
    /// To this priority, which the extension does not have.
    Off(u32),
    /// To a place outside, by its number in [`Graph::places`].
    Out(usize),
}

impl Link {
    /// Whether it leads behind the last step.
    pub(super) fn is_off(self) -> bool {
        matches!(self, Link::Off(_))
    }
}

/// What a condition asks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Condition {
    /// A text that is true or not.
    Text(Vec<u8>),
    /// A time, as it is written; `false`: not all of it is understood.
    Time(Box<TimeSpec>, Vec<u8>, bool),
}

/// A step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Node {
    /// An application; `ends`: nothing follows.
    Run {
        app: String,
        args: Vec<u8>,
        ends: bool,
        next: Link,
    },
    /// One of two ways.
    Branch {
        condition: Condition,
        yes: Link,
        no: Link,
    },
    /// On elsewhere.
    Jump(Link),
}

/// A place outside of the extension: context, extension and priority, or an own label of it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Place {
    /// None: where the call is.
    pub(super) context: Option<Vec<u8>>,
    /// None: the number of the call.
    pub(super) exten: Option<Vec<u8>>,
    /// A label, or 1.
    pub(super) priority: Vec<u8>,
}

/// An extension.
#[derive(Clone, Debug, Default)]
pub(super) struct Graph {
    pub(super) nodes: Vec<Node>,
    pub(super) places: Vec<Place>,
    /// Labels, and the steps that carry them.
    pub(super) labels: BTreeMap<Vec<u8>, usize>,
    /// A loop or a branch that has no other end, or something else that is told by its place among the lines.
    pub(super) torn: Option<&'static str>,
    /// Priorities at which calls run on in other entries, see [`Reader::run_on`].
    pub(super) on: Vec<u32>,
    /// Steps that stood in others, behind those of the extension.
    pub(super) inner: Vec<Step>,
    /// The same while the graph is made, what follows them, and the steps in which they stood.
    waiting: Vec<(Step, Link, usize)>,
}

/// What the graph of a plan's extension is made with.
pub(super) struct Reader<'a> {
    pub(super) index: &'a Index<'a>,
    /// Contexts in which no call of another context stands: there the call is in this context, by number.
    pub(super) alone: Vec<bool>,
    /// Priorities are told by their numbers: the plan is the one that is migrated.
    pub(super) numbers: bool,
    /// Contexts that stay as they are: their priorities keep their numbers.
    pub(super) kept: HashSet<Vec<u8>>,
    /// Some line asks what DB has found.
    reads_result: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(index: &'a Index<'a>, numbers: bool) -> Reader<'a> {
        let contexts = &index.hir().contexts;
        let alone = contexts
            .iter()
            .map(|c| index.standing_in(&c.name, 2).len() == 1);
        Reader {
            index,
            alone: alone.collect(),
            numbers,
            kept: HashSet::new(),
            reads_result: contexts.iter().flat_map(|c| &c.extensions).any(|e| {
                let mut steps = e.steps.iter();
                steps.any(|s| s.args.bytes().windows(9).any(|w| w == b"DB_RESULT"))
            }),
        }
    }

    fn hir(&self) -> &'a Hir {
        self.index.hir()
    }

    /// Whether calls that run lines of the context stand in it.
    pub(super) fn is_alone(&self, context: &[u8]) -> bool {
        self.index.number(context).is_some_and(|n| self.alone[n])
    }

    /// The graph of an extension.
    pub(super) fn graph(&self, context: &Context, extension: &Extension) -> Graph {
        let mut graph = Graph::default();
        let loops = Loops::read(self, extension);
        graph.torn = loops.torn;
        for (i, step) in extension.steps.iter().enumerate() {
            if let Some(why) = self.counts(context, extension, step) {
                graph.torn = Some(why);
            }
            if let Some(label) = step.label.as_ref().filter(|_| !step.shadowed) {
                graph.labels.insert(label.bytes().to_vec(), i);
            }
            let next = next(extension, i);
            let node = self.node(context, extension, step, i, next, &loops, &mut graph);
            graph.nodes.push(node);
        }
        // Those that stood in others; they may hold more.
        let mut at = 0;
        while let Some((step, next, outer)) = graph.waiting.get(at).cloned() {
            let node = self.node(context, extension, &step, outer, next, &loops, &mut graph);
            graph.inner.push(step);
            graph.nodes.push(node);
            at += 1;
        }
        if self.numbers && !extension.steps.is_empty() {
            self.run_on(context, extension, &mut graph);
        }
        graph
    }

    #[expect(clippy::too_many_arguments)] // one call
    fn node(
        &self,
        context: &Context,
        extension: &Extension,
        step: &Step,
        at: usize,
        next: Link,
        loops: &Loops,
        graph: &mut Graph,
    ) -> Node {
        let own = step.own();
        let name = own.app.as_str();
        let run = |ends: bool| Node::Run {
            app: name_of(step),
            args: self.arguments(context, extension, step),
            ends: ends || ends_call(name),
            next,
        };
        match name {
            "gosub" => Node::Run {
                app: name_of(step),
                args: self.gosub(context, extension, step),
                ends: false,
                next,
            },
            "goto" => match step.targets() {
                [target] => match self.link(context, extension, step, target, graph) {
                    Some(link) => Node::Jump(link),
                    None => run(true),
                },
                _ => run(true),
            },
            "gotoif" | "gotoiftime" => {
                let (bytes, shape) = (own.args.bytes(), Shape::read(own.args.bytes()));
                let Some(question) = shape.find(bytes, b'?', 0) else {
                    return run(false);
                };
                let (mut yes, mut no) = (next, next);
                let colon = shape.find(bytes, b':', question);
                let computed = name == "gotoif" && self.only_reads(&bytes[question..]);
                for target in step.targets() {
                    let link = self.link(context, extension, step, target, graph);
                    let link = match (link, target.branch) {
                        (Some(link), _) => link,
                        // A place that only the call knows: a jump of its own on that way. Both are filled before the choice.
                        (None, Some(holds)) if computed => {
                            let arm = match (holds, colon) {
                                (true, Some(colon)) => &bytes[question + 1..colon],
                                (true, None) => &bytes[question + 1..],
                                (false, Some(colon)) => &bytes[colon + 1..],
                                (false, None) => return run(false),
                            };
                            // GotoIf goes on where nothing is left of it, Goto does not.
                            if !is_something(arm) {
                                return run(false);
                            }
                            let inner = Step {
                                app: Text::new(&b"Goto"[..], step.span),
                                args: Text::new(arm, step.span),
                                label: None,
                                ..step.clone()
                            };
                            let to = Link::Step(extension.steps.len() + graph.waiting.len());
                            graph.waiting.push((inner, next, at));
                            to
                        }
                        _ => return run(false),
                    };
                    match target.branch {
                        Some(true) => yes = link,
                        Some(false) => no = link,
                        None => return run(false),
                    }
                }
                let text = &bytes[..question];
                let condition = if name == "gotoif" {
                    asked(text, self.hir())
                } else if strowger_stdlib::template::has_hole(text) {
                    return run(false);
                } else {
                    time(text, self.hir())
                };
                Node::Branch { condition, yes, no }
            }
            "gosubif" if self.parts(step) => {
                let args = own.args.bytes();
                let question = own.shape.find(args, b'?', 0).unwrap_or(0);
                let condition = asked(&args[..question], self.hir());
                let mut ways = [next, next];
                let arms = crate::jump::branches_of_calls(&own.args, &own.shape);
                for (way, arm) in ways.iter_mut().zip(arms) {
                    if arm.bytes().trim_ascii().is_empty() {
                        continue;
                    }
                    let inner = Step {
                        app: Text::new(&b"Gosub"[..], step.span),
                        args: arm,
                        label: None,
                        ..step.clone()
                    };
                    *way = Link::Step(extension.steps.len() + graph.waiting.len());
                    graph.waiting.push((inner, next, at));
                }
                let [yes, no] = ways;
                Node::Branch { condition, yes, no }
            }
            "execif" if self.parts(step) => {
                let condition = own.args.bytes();
                let question = own.shape.find(condition, b'?', 0).unwrap_or(0);
                let condition = asked(&condition[..question], self.hir());
                let (mut yes, mut no) = (next, next);
                for call in step.commands().filter(|c| !c.own) {
                    let Some((_, holds)) = call.when() else {
                        continue;
                    };
                    let inner = Step {
                        app: call.name.clone(),
                        args: call.args.clone(),
                        label: None,
                        ..step.clone()
                    };
                    let to = Link::Step(extension.steps.len() + graph.waiting.len());
                    graph.waiting.push((inner, next, at));
                    match holds {
                        true => yes = to,
                        false => no = to,
                    }
                }
                Node::Branch { condition, yes, no }
            }
            "while" if loops.partner.contains_key(&at) => {
                let end = loops.partner[&at];
                let no = self::next(extension, end);
                Node::Branch {
                    condition: asked(own.args.bytes(), self.hir()),
                    yes: next,
                    no,
                }
            }
            "endwhile" | "continuewhile" if loops.partner.contains_key(&at) => {
                Node::Jump(Link::Step(loops.partner[&at]))
            }
            "exitwhile" if loops.partner.contains_key(&at) => {
                Node::Jump(self::next(extension, loops.partner[&at]))
            }
            _ => run(false),
        }
    }

    /// Whether an `ExecIf` is a branch with a step on each way. Both argument texts are filled before the choice (DL-227): that must
    /// not be noticed, so they hold variables and functions that only read.
    pub(super) fn parts(&self, step: &Step) -> bool {
        if *step.own().app == *b"gosubif" {
            // The same splits it (DL-257).
            let (args, shape) = (&step.own().args, &step.own().shape);
            let arms = crate::jump::branches_of_calls(args, shape);
            return shape.find(args.bytes(), b'?', 0).is_some_and(|q| q > 0)
                && arms.iter().all(|arm| self.only_reads(arm.bytes()));
        }
        if *step.own().app != *b"execif" {
            return false;
        }
        let inner: Vec<_> = step.commands().filter(|c| !c.own).collect();
        let plain = |name: &[u8]| {
            !matches!(
                name,
                b"while"
                    | b"endwhile"
                    | b"execif"
                    | b"exec"
                    | b"tryexec"
                    | b"execiftime"
                    | b"if"
                    | b"elseif"
                    | b"else"
                    | b"endif"
                    | b"exitif"
            ) && !name.starts_with(b"macro")
        };
        let args = step.own().args.bytes();
        let question = step.own().shape.find(args, b'?', 0);
        !inner.is_empty()
            && inner.len() == step.calls().count()
            && question.is_some_and(|q| q > 0)
            && inner.iter().all(|c| {
                plain(&c.app) && c.when().is_some() && self.only_reads(c.args.bytes())
            })
            // An arm that is there and has no name is none of ours.
            && crate::jump::branches_of_calls(&step.own().args, &step.own().shape)
                .into_iter()
                .filter(|arm| !arm.bytes().trim_ascii().is_empty())
                .count()
                == inner.len()
    }

    /// Whether filling a text changes nothing.
    fn only_reads(&self, text: &[u8]) -> bool {
        let template = strowger_stdlib::template::Template::read(text);
        template.holes().into_iter().all(|hole| {
            let body = hole.body.print();
            if hole.kind == strowger_stdlib::template::HoleKind::Expression {
                return true;
            }
            match body.iter().position(|b| *b == b'(') {
                None => true,
                Some(open) => {
                    let name = body[..open].to_ascii_uppercase();
                    // DB leaves its value in DB_RESULT.
                    READERS.contains(&name.as_slice()) || name == b"DB" && !self.reads_result
                }
            }
        })
    }

    /// Why a step depends on the numbers of priorities.
    fn counts(
        &self,
        context: &Context,
        extension: &Extension,
        step: &Step,
    ) -> Option<&'static str> {
        let asks = |text: &[u8]| {
            let all = text.windows(10);
            all.filter(|w| *w == b"{PRIORITY}" || *w == b"{PRIORITY:")
                .count()
        };
        let mut known = 0;
        for target in step.targets() {
            let relative = |p: &Part| match p {
                Part::Text(text) => matches!(text.bytes(), [b'+' | b'-', b'0'..=b'9', ..]),
                part => counted(step, part).is_some(),
            };
            if !relative(&target.priority) {
                continue;
            }
            let there =
                counted(step, &target.priority).is_some_and(|p| extension.step(p).is_some());
            if !self.numbers || !there || self.place(context, extension, step, target).is_none() {
                return Some("a jump counts priorities (+1)");
            }
            if let Part::Computed(text) = &target.priority {
                known += asks(text.bytes());
            }
        }
        // What is written into the log is told as a doubt.
        let asked = asks(step.args.bytes()) > known && !is_log(step);
        asked.then_some("a text asks for its own priority")
    }

    /// Where a call may run on at a priority of another entry (DL-119), the graph asks whether there is one: that entry's step gets a
    /// label, which is looked for in the same entries in the same order (DL-120).
    fn run_on(&self, context: &Context, extension: &Extension, graph: &mut Graph) {
        let off = graph.run_off(&[Link::Step(0)]);
        for priority in off {
            if !self.runs_on(context, extension, priority) {
                continue;
            }
            let at = graph.nodes.len();
            let label = format!("priority_{priority}");
            let exists = format!("${{DIALPLAN_EXISTS(${{CHANNEL(context)}},${{EXTEN}},{label})}}");
            for node in &mut graph.nodes {
                let links = match node {
                    Node::Run { next, .. } | Node::Jump(next) => vec![next],
                    Node::Branch { yes, no, .. } => vec![yes, no],
                };
                for link in links {
                    if *link == Link::Off(priority) {
                        *link = Link::Step(at);
                    }
                }
            }
            graph.nodes.push(Node::Branch {
                condition: Condition::Text(exists.into_bytes()),
                yes: Link::Step(at + 1),
                no: Link::Off(priority),
            });
            graph.nodes.push(Node::Run {
                app: "goto".to_owned(),
                args: format!("${{EXTEN}},{label}").into_bytes(),
                ends: true,
                next: Link::Off(priority),
            });
            graph.on.push(priority);
        }
    }

    /// Where a target leads; none if only the call knows.
    fn link(
        &self,
        context: &Context,
        extension: &Extension,
        step: &Step,
        target: &Target,
        graph: &mut Graph,
    ) -> Option<Link> {
        let place = self.place(context, extension, step, target)?;
        if place.context.is_none() && place.exten.is_none() {
            return self.local(extension, &place.priority).map(Link::Step);
        }
        let at = graph.places.iter().position(|p| *p == place);
        Some(Link::Out(at.unwrap_or_else(|| {
            graph.places.push(place);
            graph.places.len() - 1
        })))
    }

    /// The step that a priority of a place within the extension means.
    fn local(&self, extension: &Extension, priority: &[u8]) -> Option<usize> {
        let steps = &extension.steps;
        let labelled = |s: &Step| {
            let label = s.label.as_ref().filter(|_| !s.shadowed);
            label.is_some_and(|l| l.bytes() == priority)
        };
        let numbered = |s: &Step| match priority {
            b"1" => s.priority == 1,
            _ => self.numbers && label_of(extension, s) == priority,
        };
        let at = steps.iter().position(labelled);
        at.or_else(|| steps.iter().position(numbered))
    }

    /// A target as a place whose priority has a name; none if only the call knows it.
    pub(super) fn place(
        &self,
        context: &Context,
        extension: &Extension,
        step: &Step,
        target: &Target,
    ) -> Option<Place> {
        let whole = target.whole.bytes();
        let gaps = whole.starts_with(b",") || whole.windows(2).any(|w| w == b",,");
        if gaps && target.priority.constant().is_none_or(|p| p.bytes() != b"1") {
            // A label is not found there (DL-249), a number would have to become one.
            return None;
        }
        let constant = |part: &Part| match part {
            Part::Here => Some(None),
            Part::Text(text) => Some(Some(text.bytes().to_vec())),
            Part::Computed(_) => None,
        };
        // Where the call is, said by itself (DL-245).
        let mut to = match &target.context {
            Part::Computed(text) if text.bytes() == b"${CHANNEL(context)}" => None,
            part => constant(part)?,
        };
        let mut exten = match &target.exten {
            Part::Computed(text) if text.bytes() == b"${EXTEN}" => None,
            part => constant(part)?,
        };
        let counted = counted(step, &target.priority).map(|n| n.to_string().into_bytes());
        let priority = match counted {
            Some(number) => number,
            None => target.priority.constant()?.bytes().to_vec(),
        };
        if to.as_deref() == Some(&context.name[..]) && self.is_alone(&context.name) {
            to = None;
        }
        let plain = extension.caller.is_none() && !extension.name.starts_with(b"_");
        if to.is_none() && plain && exten.as_deref() == Some(&extension.name[..]) {
            exten = None;
        }
        if to.is_none() && exten.is_some() && self.is_alone(&context.name) {
            to = Some(context.name.clone());
        }
        // A number of a priority means another line after migration; a label does not.
        let at = match to.as_deref() {
            None => Some(context),
            Some(name) => self.index.context(name),
        };
        // The one extension that is meant, if it is sure.
        let found = match (at, exten.as_deref()) {
            (Some(_), None) if to.is_none() => Some(extension),
            (Some(at), Some(name)) => {
                let mut all = at.extensions.iter().filter(|e| e.matches.matches(name));
                all.next()
                    .filter(|e| all.next().is_none() && e.caller.is_none())
            }
            _ => None,
        };
        let number = std::str::from_utf8(&priority)
            .ok()
            .and_then(|p| p.parse::<u32>().ok());
        let stays = match to.as_deref() {
            _ if !self.numbers => true,
            None => self.kept.contains(&context.name),
            Some(name) => self.kept.contains(name) || at.is_none(),
        };
        let priority = match number {
            Some(1) => b"1".to_vec(),
            _ if stays => priority,
            // Whichever it is: all that may be meant get this label (DL-120).
            Some(n) => match found.and_then(|f| Some(label_of(f, f.step(n)?))) {
                Some(label) => label,
                None => format!("priority_{n}").into_bytes(),
            },
            None => match found.and_then(|f| Some(label_of(f, f.labelled(&priority)?))) {
                Some(label) => label,
                None if is_word(&priority) => priority,
                None => return None,
            },
        };
        Some(Place {
            context: to,
            exten,
            priority,
        })
    }

    /// The arguments of a step, with names in the place of the numbers of priorities.
    pub(super) fn arguments(
        &self,
        context: &Context,
        extension: &Extension,
        step: &Step,
    ) -> Vec<u8> {
        let args = step.args.bytes();
        let mut out = args.to_vec();
        for target in step.targets() {
            let (Part::Text(number) | Part::Computed(number)) = &target.priority else {
                continue;
            };
            let Some(place) = self.place(context, extension, step, target) else {
                continue;
            };
            if place.priority == number.bytes() {
                continue;
            }
            // The number is the last part of the target.
            let whole = target.whole.bytes();
            let found = out.windows(whole.len().max(1)).position(|w| w == whole);
            if let Some(from) = found {
                let end = from + whole.len();
                let start = end - number.len();
                out.splice(start..end, place.priority.iter().copied());
            }
        }
        out
    }

    /// The arguments of a `Gosub`, its place named in one way.
    fn gosub(&self, context: &Context, extension: &Extension, step: &Step) -> Vec<u8> {
        let place = match step.targets() {
            [target] => self
                .place(context, extension, step, target)
                .map(|place| (place, &target.arguments)),
            _ => None,
        };
        let Some((place, arguments)) = place else {
            // Nothing in parentheses is no argument (DL-234).
            let mut args = self.arguments(context, extension, step);
            let open = Shape::read(&args).find(&args, b'(', 0);
            if open.is_some_and(|open| args[open..] == *b"()") {
                args.truncate(args.len() - 2);
            }
            return args;
        };
        let here = &b"${EXTEN}"[..];
        let mut out = match (place.context, place.exten) {
            (None, None) => return self.arguments(context, extension, step),
            (None, Some(exten)) => exten,
            (Some(to), exten) => [&to, &b","[..], exten.as_deref().unwrap_or(here)].concat(),
        };
        out.push(b',');
        out.extend(place.priority);
        let arguments = arguments.as_ref().map_or(&b""[..], |a| a.bytes());
        if !arguments.is_empty() {
            out.push(b'(');
            out.extend_from_slice(arguments);
            out.push(b')');
        }
        out
    }

    /// Whether a call that has run off an extension at this priority finds it somewhere else (DL-119).
    pub(super) fn runs_on(&self, context: &Context, extension: &Extension, priority: u32) -> bool {
        self.runs_on_but(context, extension, priority, b"")
    }

    /// The same, but for entries that have this label.
    pub(super) fn runs_on_but(
        &self,
        context: &Context,
        extension: &Extension,
        priority: u32,
        label: &[u8],
    ) -> bool {
        !self
            .catching(context, extension, priority, label)
            .is_empty()
    }

    /// The entries that catch it, with the names of their contexts.
    pub(super) fn catching(
        &self,
        context: &Context,
        extension: &Extension,
        priority: u32,
        label: &[u8],
    ) -> Vec<(Vec<u8>, Vec<u8>)> {
        let mut found = Vec::new();
        let mut starts = self.index.standing_in(&context.name, CONTEXTS);
        starts.truncate(CONTEXTS);
        for start in starts {
            let (searched, _) = self.index.searched(&start.name);
            for c in searched {
                let catches = c.extensions.iter().filter(|other| {
                    !std::ptr::eq(*other, extension)
                        && other.step(priority).is_some()
                        && (label.is_empty() || other.labelled(label).is_none())
                        && crate::pattern::overlap(&other.matches, &extension.matches)
                });
                found.extend(catches.map(|other| (c.name.clone(), other.name.clone())));
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// Contexts around one that are looked at.
const CONTEXTS: usize = 500;

/// The name by which a step can be jumped to after migration: its label as far as that is a name.
pub(super) fn label_of(extension: &Extension, step: &Step) -> Vec<u8> {
    let Some(label) = step.label.as_ref().filter(|_| !step.shadowed) else {
        return format!("priority_{}", step.priority).into_bytes();
    };
    if is_word(label.bytes()) {
        return label.bytes().to_vec();
    }
    let name = super::names::identifier(&label.lossy());
    let taken = extension.steps.iter().any(|s| {
        let other = s.label.as_ref().filter(|l| l.bytes() != label.bytes());
        other.is_some_and(|l| {
            l.bytes() == name.as_bytes() || super::names::identifier(&l.lossy()) == name
        })
    });
    if taken || !is_word(name.as_bytes()) {
        return format!("{name}_{}", step.priority).into_bytes();
    }
    name.into_bytes()
}

fn is_word(label: &[u8]) -> bool {
    std::str::from_utf8(label).is_ok_and(super::names::is_identifier)
}

fn next(extension: &Extension, at: usize) -> Link {
    let priority = extension.steps[at].priority + 1;
    match extension.steps.get(at + 1) {
        Some(step) if step.priority == priority => Link::Step(at + 1),
        _ => Link::Off(priority),
    }
}

/// Whether a step only writes into the log.
pub(super) fn is_log(step: &Step) -> bool {
    matches!(step.own().app.as_str(), "noop" | "verbose" | "log")
}

fn name_of(step: &Step) -> String {
    step.own().app.as_str().to_owned()
}

/// Whether an application never comes back.
pub(super) fn ends_call(name: &str) -> bool {
    if matches!(name, "hangup" | "return" | "macroexit") {
        return true;
    }
    let Some(signature) = signatures::application(name.as_bytes()) else {
        return false;
    };
    let mut all = words::of(signature)
        .filter(|w| w.kind == Kind::Application)
        .peekable();
    all.peek().is_some() && all.all(|w| w.result == "Never")
}

/// Whether a text is not empty, whatever its holes hold.
fn is_something(text: &[u8]) -> bool {
    use strowger_stdlib::template::{Piece, Template};
    let pieces = Template::read(text).pieces;
    let solid = |p: &Piece| matches!(p, Piece::Text(t) if !t.trim_ascii().is_empty());
    pieces.iter().any(solid)
}

/// A condition, a time that is asked for in a text included.
fn asked(text: &[u8], hir: &Hir) -> Condition {
    let inner = text
        .strip_prefix(b"${IFTIME(")
        .and_then(|t| t.strip_suffix(b"?1:0)}"));
    match inner {
        Some(inner) if !strowger_stdlib::template::has_hole(inner) => time(inner, hir),
        _ => Condition::Text(text.to_vec()),
    }
}

pub(super) fn time(text: &[u8], hir: &Hir) -> Condition {
    let (spec, troubles) = TimeSpec::read_for(text, &hir.dialect);
    Condition::Time(Box::new(spec), text.to_vec(), troubles.is_empty())
}

/// The priority that a target counts from its own step: `+2` (DL-246), `$[${PRIORITY} + 2]`.
fn counted(step: &Step, priority: &Part) -> Option<u32> {
    let distance = match priority {
        Part::Text(text) => std::str::from_utf8(text.bytes()).ok()?.to_owned(),
        Part::Computed(text) => {
            let text = std::str::from_utf8(text.bytes()).ok()?;
            let inner = text.strip_prefix("$[")?.strip_suffix(']')?.trim();
            inner.strip_prefix("${PRIORITY}")?.replace(' ', "")
        }
        Part::Here => return None,
    };
    if !distance.starts_with(['+', '-']) {
        return None;
    }
    let to = i64::from(step.priority) + distance.parse::<i64>().ok()?;
    u32::try_from(to).ok()
}

/// `While` and its kin, by their lines.
struct Loops {
    /// Of a `While` its end; of the others their `While`, of `ExitWhile` the end.
    partner: BTreeMap<usize, usize>,
    torn: Option<&'static str>,
}

impl Loops {
    fn read(reader: &Reader, extension: &Extension) -> Loops {
        let mut loops = Loops {
            partner: BTreeMap::new(),
            torn: None,
        };
        let mut open: Vec<(usize, Vec<usize>)> = Vec::new();
        for (i, step) in extension.steps.iter().enumerate() {
            match step.own().app.as_str() {
                "while" => open.push((i, Vec::new())),
                "endwhile" => match open.pop() {
                    Some((start, exits)) => {
                        loops.partner.insert(start, i);
                        loops.partner.insert(i, start);
                        for exit in exits {
                            loops.partner.insert(exit, i);
                        }
                    }
                    None => loops.torn = Some("an EndWhile has no While"),
                },
                "continuewhile" => match open.last() {
                    Some((start, _)) => {
                        loops.partner.insert(i, *start);
                    }
                    None => loops.torn = Some("a ContinueWhile stands outside of a loop"),
                },
                "exitwhile" => match open.last_mut() {
                    Some((_, exits)) => exits.push(i),
                    None => loops.torn = Some("an ExitWhile stands outside of a loop"),
                },
                "if" | "elseif" | "else" | "endif" | "exitif" => {
                    loops.torn = Some("the application If has no form in .dial yet");
                }
                _ => {}
            }
            // `ExecIf(...?ExitWhile())` finds the loop around it.
            let inner = step.commands().filter(|c| !c.own);
            let mut leads = inner.filter(|c| c.app.ends_with(b"while"));
            let Some(lead) = leads.next() else {
                continue;
            };
            match (&*lead.app, open.last_mut()) {
                _ if leads.next().is_some() || !reader.parts(step) => {
                    loops.torn = Some("a loop is told by an application within another one");
                }
                (b"exitwhile", Some((_, exits))) => exits.push(i),
                (b"continuewhile", Some((start, _))) => {
                    loops.partner.insert(i, *start);
                }
                _ => loops.torn = Some("a loop is told by an application within another one"),
            }
        }
        if !open.is_empty() {
            loops.torn = Some("a While has no EndWhile");
        }
        loops
    }
}

impl Graph {
    /// Where a way ends when jumps are followed, and what says nothing.
    pub(super) fn settle(&self, link: Link) -> Link {
        let mut link = link;
        for _ in 0..FOLLOWED {
            let Link::Step(at) = link else {
                break;
            };
            link = match &self.nodes[at] {
                Node::Jump(next) => *next,
                Node::Branch { yes, no, condition } if yes == no && condition.is_quiet() => *yes,
                Node::Run {
                    app, args, next, ..
                } if app == "noop" && args.is_empty() => *next,
                _ => break,
            };
        }
        link
    }

    /// The steps that a call can reach from these.
    pub(super) fn reached(&self, roots: &[Link]) -> Vec<bool> {
        let mut reached = vec![false; self.nodes.len()];
        let mut work = roots.to_vec();
        while let Some(link) = work.pop() {
            let Link::Step(at) = self.settle(link) else {
                continue;
            };
            if std::mem::replace(&mut reached[at], true) {
                continue;
            }
            work.extend(self.ways(at));
        }
        reached
    }

    /// Where a step leads.
    pub(super) fn ways(&self, at: usize) -> Vec<Link> {
        match &self.nodes[at] {
            Node::Run { ends: true, .. } => Vec::new(),
            Node::Run { next, .. } | Node::Jump(next) => vec![*next],
            Node::Branch { yes, no, .. } => vec![*yes, *no],
        }
    }

    /// The priorities at which calls run off.
    pub(super) fn run_off(&self, roots: &[Link]) -> Vec<u32> {
        let reached = self.reached(roots);
        let ends = (0..self.nodes.len())
            .filter(|at| reached[*at])
            .flat_map(|at| self.ways(at));
        let mut found: Vec<u32> = ends
            .chain(roots.iter().copied())
            .filter_map(|link| match self.settle(link) {
                Link::Off(priority) => Some(priority),
                _ => None,
            })
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

impl Condition {
    /// Whether asking it does nothing.
    fn is_quiet(&self) -> bool {
        match self {
            Condition::Text(text) => !text.contains(&b'('),
            Condition::Time(..) => true,
        }
    }
}
