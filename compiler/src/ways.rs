//! How a call gets from one extension to another: by jumps, subroutines, includes, menus and local channels. Extension by
//! extension, which is enough to ask whether something can be reached, and on which way.

use std::borrow::Cow;
use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;
use strowger_stdlib::table::QuickMap;

use strowger_stdlib::template::{HoleKind, Piece, Template, What, has_hole, split_body};

use crate::call::Call;
use crate::fields::{fields, option, split};
use crate::hir::{Context, Extension, Matches};
use crate::jump::{self, Part, Target};
use crate::resolve::Index;
use crate::source::{Span, Text};
use crate::values::Values;

/// Comparisons of names with patterns; jumps beyond it lead to the whole context.
const WORK: usize = 4_000_000;
/// Entries that one target may mean.
const CANDIDATES: usize = 8;
/// Contexts that include another, looked into for a target that says no context.
const INCLUDERS: usize = 8;
/// Nodes that all questions of one kind may visit together.
const VISITS: usize = 4_000_000;

/// An extension or a context: first come all extensions.
pub(crate) type Node = u32;

/// What names mean, by context.
type Found = QuickMap<(usize, Vec<u8>), Rc<Vec<Node>>>;

/// An extension of the plan.
#[derive(Clone, Copy)]
pub(crate) struct Entry<'a> {
    pub(crate) context: usize,
    pub(crate) extension: &'a Extension,
}

/// How a call gets to the next node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// It goes on there.
    Goto,
    /// It goes there and comes back.
    Gosub,
    /// A new call begins there.
    Local,
    /// The context includes another.
    Include,
    /// The context holds the extension.
    Holds,
    /// What the caller presses is looked up there.
    Menu,
    /// It is hung up.
    Hangup,
}

/// A way out of a node.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Way {
    pub(crate) to: Node,
    /// The index of the step that leads there; 0 where none does.
    pub(crate) step: u32,
    pub(crate) kind: Kind,
    /// Where that is written.
    pub(crate) span: Span,
}

/// The ways of a plan.
pub(crate) struct Ways<'a> {
    pub(crate) index: &'a Index<'a>,
    values: &'a Values<'a>,
    pub(crate) entries: Vec<Entry<'a>>,
    first: Vec<u32>,
    out: Vec<Vec<Way>>,
    left: Cell<usize>,
    searched: RefCell<QuickMap<usize, Rc<Vec<&'a Context>>>>,
    found: RefCell<Found>,
    places: QuickMap<*const Extension, Node>,
    reached: RefCell<QuickMap<Node, Rc<Vec<bool>>>>,
    visits: Cell<usize>,
    callers: OnceCell<QuickMap<Node, Vec<Node>>>,
}

/// A text without variables, or with none but EXTEN and CONTEXT where those are known.
pub(crate) fn known(text: &[u8], extension: &Extension, context: &[u8]) -> Option<Vec<u8>> {
    if !has_hole(text) {
        return Some(text.to_vec());
    }
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
                    (b"CONTEXT", _) => context,
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

impl<'a> Ways<'a> {
    /// Reads the plan.
    pub(crate) fn new(index: &'a Index<'a>, values: &'a Values<'a>) -> Ways<'a> {
        let mut entries = Vec::new();
        let mut first = Vec::new();
        let mut places = QuickMap::default();
        for (context, at) in index.hir().contexts.iter().zip(0..) {
            first.push(entries.len() as u32);
            for extension in &context.extensions {
                places.insert(std::ptr::from_ref(extension), entries.len() as Node);
                entries.push(Entry {
                    context: at,
                    extension,
                });
            }
        }
        first.push(entries.len() as u32);
        let nodes = entries.len() + index.hir().contexts.len();
        let mut ways = Ways {
            index,
            values,
            entries,
            first,
            out: Vec::new(),
            left: Cell::new(WORK),
            searched: RefCell::default(),
            found: RefCell::default(),
            places,
            reached: RefCell::default(),
            visits: Cell::new(VISITS),
            callers: OnceCell::new(),
        };
        let mut out = vec![Vec::new(); nodes];
        for (node, entry) in ways.entries.iter().enumerate() {
            ways.leave(node as Node, *entry, &mut out[node]);
        }
        for (at, context) in index.hir().contexts.iter().enumerate() {
            let node = ways.of_context(at);
            let list = &mut out[node as usize];
            list.extend(ways.held(at).map(|to| Way {
                to,
                step: 0,
                kind: Kind::Holds,
                span: ways.entries[to as usize].extension.span,
            }));
            for include in &context.includes {
                if let Some(to) = index.number(&include.context) {
                    list.push(Way {
                        to: ways.of_context(to),
                        step: 0,
                        kind: Kind::Include,
                        span: include.span,
                    });
                }
            }
        }
        ways.out = out;
        ways
    }

    /// The node of a context.
    pub(crate) fn of_context(&self, context: usize) -> Node {
        (self.entries.len() + context) as Node
    }

    /// The extension of a node, if it is none of a context.
    pub(crate) fn entry(&self, node: Node) -> Option<Entry<'a>> {
        self.entries.get(node as usize).copied()
    }

    /// The context that a node is, or whose extension it is.
    pub(crate) fn context(&self, node: Node) -> &'a Context {
        let number = match self.entry(node) {
            Some(entry) => entry.context,
            None => node as usize - self.entries.len(),
        };
        &self.index.hir().contexts[number]
    }

    /// The extensions that a context holds itself.
    pub(crate) fn held(&self, context: usize) -> impl Iterator<Item = Node> + use<> {
        self.first[context]..self.first[context + 1]
    }

    /// Where a node leads.
    pub(crate) fn from(&self, node: Node) -> &[Way] {
        &self.out[node as usize]
    }

    fn leave(&self, node: Node, entry: Entry<'a>, out: &mut Vec<Way>) {
        for (step, number) in entry.extension.steps.iter().zip(0..) {
            for command in step.commands() {
                let mut add = |to: Node, kind: Kind, span: Span| {
                    if to != node || kind != Kind::Goto {
                        out.push(Way {
                            to,
                            step: number,
                            kind,
                            span,
                        });
                    }
                };
                for (to, kind, span) in self.targets(node, number, command) {
                    add(to, kind, span);
                }
            }
        }
        let steps = !entry.extension.steps.is_empty();
        let here = entry.context;
        if steps && !matches!(&entry.extension.matches, Matches::Name(name) if name == b"h") {
            let found = self.find(here, b"h");
            out.extend(found.iter().map(|to| Way {
                to: *to,
                step: 0,
                kind: Kind::Hangup,
                span: entry.extension.span,
            }));
        }
    }

    /// Where one application leads a call that stands in an extension.
    pub(crate) fn targets(&self, node: Node, step: u32, command: &Call) -> Vec<(Node, Kind, Span)> {
        let mut out = Vec::new();
        let entry = self.entries[node as usize];
        let args = &command.args;
        match &*command.app {
            b"goto" | b"gotoif" | b"gotoiftime" | b"gosub" | b"gosubif" => {
                for target in entry.extension.steps[step as usize].targets_of(command) {
                    let kind = match target.kind {
                        jump::Kind::Goto => Kind::Goto,
                        jump::Kind::Gosub => Kind::Gosub,
                    };
                    let span = target.whole.span();
                    for target in self.meant(node, step, target).iter() {
                        let to = self.lead(node, target);
                        out.extend(to.into_iter().map(|n| (n, kind, span)));
                    }
                }
            }
            b"macro" | b"macroexclusive" | b"macroif" => {
                for call in macros(command) {
                    let name = fields(&call).swap_remove(0).trimmed();
                    for known in self.texts(node, step, name.bytes()) {
                        let to = self.of_macro(&known).into_iter();
                        out.extend(to.map(|n| (n, Kind::Gosub, name.span())));
                    }
                }
            }
            b"waitexten" | b"background" => {
                let span = command.name.span();
                out.push((self.of_context(entry.context), Kind::Menu, span));
            }
            b"disa" => {
                if let Some(context) = fields(args).get(1)
                    && let Some(number) = self.index.number(context.trimmed().bytes())
                {
                    out.push((self.of_context(number), Kind::Menu, context.span()));
                }
            }
            b"dial" | b"retrydial" | b"page" | b"originate" | b"queue" => {
                self.of_dial(node, command, &mut out);
            }
            b"set" => {
                if let Some(target) = hangup_handler(args).and_then(jump::handler) {
                    let span = target.whole.span();
                    let to = self.lead(node, &target);
                    out.extend(to.into_iter().map(|n| (n, Kind::Hangup, span)));
                }
            }
            _ => {}
        }
        out
    }

    /// The targets that one with variables may be, as far as these are known; else itself.
    pub(crate) fn meant<'t>(&self, node: Node, step: u32, target: &'t Target) -> Cow<'t, [Target]> {
        let known = self
            .at(node, step)
            .and_then(|at| self.values.targets(at, target));
        match known {
            Some(known) => known.iter().map(|(target, _)| target.clone()).collect(),
            None => Cow::Borrowed(std::slice::from_ref(target)),
        }
    }

    /// What a text may be, or itself where that is not known.
    fn texts(&self, node: Node, step: u32, text: &[u8]) -> Vec<Vec<u8>> {
        let at = self.at(node, step).filter(|_| has_hole(text));
        match at.and_then(|at| self.values.texts(at, text)) {
            Some(known) => known.into_iter().map(|k| k.text).collect(),
            None => vec![text.to_vec()],
        }
    }

    /// A step by indices.
    fn at(&self, node: Node, step: u32) -> Option<(usize, usize, usize)> {
        let context = self.entry(node)?.context;
        let extension = node.checked_sub(self.first[context])?;
        Some((context, extension as usize, step as usize))
    }

    /// Local channels, and subroutines that run before a call is joined.
    fn of_dial(&self, node: Node, command: &Call, out: &mut Vec<(Node, Kind, Span)>) {
        let bytes = command.args.bytes();
        let local = bytes.windows(6).any(|w| w.eq_ignore_ascii_case(b"local/"));
        let list = command.arguments();
        let at = if command.app == b"retrydial" { 3 } else { 0 };
        if local {
            for device in list.get(at).into_iter().flat_map(|l| split(l, b'&')) {
                let device = device.trimmed();
                let Some(address) = device
                    .bytes()
                    .get(..6)
                    .filter(|t| t.eq_ignore_ascii_case(b"local/"))
                    .map(|_| device.slice(6..device.len()))
                else {
                    continue;
                };
                for to in self.of_local(node, &address) {
                    out.push((to, Kind::Local, device.span()));
                }
            }
        }
        if let Some(options) = list.get(at + 2) {
            for routine in routines(options) {
                if let Some(name) = routine.named {
                    let to = self.of_macro(name.bytes());
                    out.extend(to.into_iter().map(|n| (n, Kind::Gosub, name.span())));
                } else {
                    let span = routine.target.whole.span();
                    let to = self.lead(node, &routine.target);
                    out.extend(to.into_iter().map(|n| (n, Kind::Gosub, span)));
                }
            }
        }
    }

    /// `exten@context[/n]`.
    pub(crate) fn of_local(&self, node: Node, address: &Text) -> Vec<Node> {
        let address = split(address, b'/').swap_remove(0);
        let parts = split(&address, b'@');
        let context = parts.get(1).map_or(&b"default"[..], |c| c.bytes());
        let Some(context) = self
            .known(node, context)
            .and_then(|c| self.index.number(&c))
        else {
            return Vec::new();
        };
        self.anything(node, context, parts[0].bytes())
    }

    fn of_macro(&self, name: &[u8]) -> Vec<Node> {
        let context = [b"macro-", name].concat();
        match self.index.number(&context) {
            Some(number) => self.find(number, b"s").to_vec(),
            None => Vec::new(),
        }
    }

    /// The nodes that a target means; none for a place in the same extension, and none if it is not known at all.
    pub(crate) fn lead(&self, node: Node, target: &Target) -> Vec<Node> {
        let entry = self.entries[node as usize];
        let (context, given) = match &target.context {
            Part::Here => (entry.context, false),
            Part::Text(text) | Part::Computed(text) => {
                let name = self.known(node, text.trimmed().bytes());
                match name.and_then(|n| self.index.number(&n)) {
                    Some(number) => (number, true),
                    None => return Vec::new(),
                }
            }
        };
        match &target.exten {
            Part::Here if !given => Vec::new(),
            Part::Here => self.anything(node, context, b"${EXTEN}"),
            Part::Text(text) | Part::Computed(text) => {
                let found = self.anything(node, context, text.bytes());
                if !found.is_empty() || given {
                    return found;
                }
                let above = self
                    .index
                    .standing_in(&self.index.hir().contexts[context].name, INCLUDERS);
                above
                    .into_iter()
                    .skip(1)
                    .take(INCLUDERS)
                    .filter_map(|c| self.index.number(&c.name))
                    .map(|c| self.anything(node, c, text.bytes()))
                    .find(|found| !found.is_empty())
                    .unwrap_or_default()
            }
        }
    }

    /// What a text means as an extension of a context: the extensions that it matches, or the whole context if it is computed.
    fn anything(&self, node: Node, context: usize, exten: &[u8]) -> Vec<Node> {
        match self.known(node, exten) {
            Some(name) => self.find(context, &name).to_vec(),
            None => vec![self.of_context(context)],
        }
    }

    /// The extensions that a name means, as far as the plan tells.
    fn find(&self, context: usize, name: &[u8]) -> Rc<Vec<Node>> {
        let key = (context, name.to_vec());
        if let Some(found) = self.found.borrow().get(&key) {
            return Rc::clone(found);
        }
        let contexts = self.searched(context);
        let cost = self.index.patterns_in(&contexts) + contexts.len();
        let left = self.left.get();
        let found = if left < cost {
            Rc::new(vec![self.of_context(context)])
        } else {
            self.left.set(left - cost);
            let candidates = self.index.candidates_in(&contexts, name).into_iter();
            let nodes = candidates
                .filter_map(|c| self.places.get(&std::ptr::from_ref(c.extension)).copied());
            Rc::new(nodes.take(CANDIDATES).collect())
        };
        self.found.borrow_mut().insert(key, Rc::clone(&found));
        found
    }

    fn searched(&self, context: usize) -> Rc<Vec<&'a Context>> {
        if let Some(found) = self.searched.borrow().get(&context) {
            return Rc::clone(found);
        }
        let name = &self.index.hir().contexts[context].name;
        let found = Rc::new(self.index.searched(name).0);
        self.searched
            .borrow_mut()
            .insert(context, Rc::clone(&found));
        found
    }

    /// [`known`] of an extension's text.
    pub(crate) fn known(&self, node: Node, text: &[u8]) -> Option<Vec<u8>> {
        let entry = self.entries[node as usize];
        let context = &self.index.hir().contexts[entry.context].name;
        known(text, entry.extension, context)
    }

    /// Whether what one extension sets may be read in another: by a call that has passed the first and comes to the second,
    /// also as a subroutine that has come back. False where it would cost too much to know.
    pub(crate) fn flows(&self, from: Node, to: Node) -> bool {
        from == to || self.reached_from(from).get(to as usize) == Some(&true)
    }

    fn reached_from(&self, from: Node) -> Rc<Vec<bool>> {
        if let Some(known) = self.reached.borrow().get(&from) {
            return Rc::clone(known);
        }
        let mut seen = vec![false; self.out.len()];
        let cost = self.out.len();
        let left = self.visits.get();
        if left >= cost {
            self.visits.set(left - cost);
            let callers = self.callers.get_or_init(|| self.callers());
            let mut work = vec![from];
            while let Some(node) = work.pop() {
                if std::mem::replace(&mut seen[node as usize], true) {
                    continue;
                }
                work.extend(
                    self.from(node)
                        .iter()
                        .filter(|w| w.kind != Kind::Local)
                        .map(|w| w.to),
                );
                work.extend(callers.get(&node).into_iter().flatten());
            }
        }
        let seen = Rc::new(seen);
        self.reached.borrow_mut().insert(from, Rc::clone(&seen));
        seen
    }

    /// Who calls an extension as a subroutine.
    fn callers(&self) -> QuickMap<Node, Vec<Node>> {
        let mut callers: QuickMap<Node, Vec<Node>> = QuickMap::default();
        for node in 0..self.entries.len() as Node {
            for way in self.from(node).iter().filter(|w| w.kind == Kind::Gosub) {
                callers.entry(way.to).or_default().push(node);
            }
        }
        callers
    }
}

/// Where `Set(CHANNEL(hangup_handler_push)=...)` sends the call when it ends.
fn hangup_handler(args: &Text) -> Option<Text> {
    const PUSH: &[u8] = b"CHANNEL(hangup_handler_push)=";
    const WIPE: &[u8] = b"CHANNEL(hangup_handler_wipe)=";
    let bytes = args.bytes();
    (bytes.starts_with(PUSH) || bytes.starts_with(WIPE))
        .then(|| args.slice(PUSH.len()..bytes.len()))
}

/// The `name,arguments` of Macro and MacroIf.
pub(crate) fn macros(command: &Call) -> Vec<Text> {
    if command.app != b"macroif" {
        return vec![command.args.clone()];
    }
    let parts = split(&command.args, b'?');
    parts
        .get(1)
        .map_or_else(Vec::new, |calls| split(calls, b':'))
}

/// A subroutine that an option of Dial runs.
pub(crate) struct Routine {
    /// A macro by name; else the target counts.
    pub(crate) named: Option<Text>,
    pub(crate) target: Target,
    /// What it is given.
    pub(crate) arguments: Vec<Text>,
}

/// `M(name^arg)`, `U(context^exten^priority(args))` and their like.
pub(crate) fn routines(options: &Text) -> Vec<Routine> {
    let mut out = Vec::new();
    for letter in [b'M', b'U', b'b', b'B'] {
        let Some(text) = option(options, letter) else {
            continue;
        };
        let mut parts = split(&text, b'^');
        // A `^` becomes a comma before it is read, so commas separate too.
        if letter == b'U' && parts.len() == 1 {
            parts = fields(&text);
        }
        let here = |whole: &Text| Target {
            kind: jump::Kind::Gosub,
            context: Part::Here,
            exten: Part::Here,
            priority: Part::Here,
            whole: whole.clone(),
            branch: None,
            arguments: None,
        };
        if letter == b'M' {
            out.push(Routine {
                named: parts.first().cloned(),
                target: here(&text),
                arguments: parts.into_iter().skip(1).collect(),
            });
            continue;
        }
        // U(name^args) runs extension s of the context.
        if letter == b'U' {
            let target = Target {
                context: Part::Text(parts[0].clone()),
                exten: Part::Text(Text::new(&b"s"[..], parts[0].span())),
                ..here(&text)
            };
            out.push(Routine {
                named: None,
                target,
                arguments: parts.into_iter().skip(1).collect(),
            });
            continue;
        }
        if let [context, exten, ..] = parts.as_slice() {
            let bytes = text.bytes();
            let open = bytes.iter().position(|b| *b == b'(');
            let close = bytes.iter().rposition(|b| *b == b')');
            let arguments = match open.zip(close) {
                Some((open, close)) if open < close => split(&text.slice(open + 1..close), b'^'),
                _ => Vec::new(),
            };
            out.push(Routine {
                named: None,
                target: Target {
                    context: Part::Text(context.clone()),
                    exten: Part::Text(exten.clone()),
                    ..here(&text)
                },
                arguments,
            });
        }
    }
    out
}
