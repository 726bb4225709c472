//! From the steps of a plan to the edges between them.

use strowger_stdlib::table::QuickMap;

use strowger_stdlib::args;
use strowger_stdlib::template::has_hole;

use super::find::{At, Finder, Found, Said};
use super::{Draft, Edge, Flow, Node, Why};
use crate::call::Call;
use crate::fields::{Options, parts};
use crate::hir::{Extension, Matches, Step};
use crate::jump::{self, Part, Shape, Target};
use crate::resolve::Index;
use crate::values::Values;

/// The graph of a plan, without its entries.
pub(super) fn read<'a>(index: &'a Index<'a>, values: &Values<'a>) -> Flow<'a> {
    let hir = index.hir();
    let mut bases = Vec::new();
    let mut places = Vec::new();
    for (c, context) in hir.contexts.iter().enumerate() {
        let mut base = Vec::with_capacity(context.extensions.len());
        for (e, extension) in context.extensions.iter().enumerate() {
            base.push(places.len());
            places.extend((0..extension.steps.len()).map(|s| (c as u32, e as u32, s as u32)));
        }
        bases.push(base);
    }
    let steps = places.len();
    let mut draft = Draft {
        index,
        values,
        find: Finder::new(index),
        places,
        edges: Vec::with_capacity(steps * 2),
        apps: Vec::with_capacity(steps),
        names: Vec::new(),
        numbers: QuickMap::default(),
        opaque: vec![false; steps],
        ends: vec![false; steps],
        drops: vec![false; steps],
        returns: vec![false; steps],
        wild: false,
    };
    for (c, context) in hir.contexts.iter().enumerate() {
        for (e, extension) in context.extensions.iter().enumerate() {
            draft.extension(&bases, (c, e), extension);
        }
    }
    for c in 0..hir.contexts.len() {
        draft.context(&bases, c);
    }
    let nodes = steps + 2 * hir.contexts.len();
    let mut edges = draft.edges;
    edges.sort_unstable();
    edges.dedup();
    let mut starts = vec![0; nodes + 1];
    for (from, _) in &edges {
        starts[from + 1] += 1;
    }
    for n in 0..nodes {
        starts[n + 1] += starts[n];
    }
    Flow {
        index,
        bases,
        places: draft.places,
        starts,
        edges: edges.into_iter().map(|(_, edge)| edge).collect(),
        apps: draft.apps,
        names: draft.names,
        opaque: draft.opaque,
        ends: draft.ends,
        drops: draft.drops,
        returns: draft.returns,
        standing: draft.find.standing,
        entries: Vec::new(),
        configured: false,
        whole: draft.find.whole,
        wild: draft.wild,
        backward: std::cell::OnceCell::new(),
    }
}

/// A step that is read.
struct Here<'b, 'a> {
    at: At,
    node: Node,
    step: &'a Step,
    bases: &'b [Vec<Node>],
}

impl<'a> Draft<'_, 'a> {
    fn intern(&mut self, name: &str) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = self.names.len() as u32;
        self.names.push(name.to_owned());
        self.numbers.insert(name.to_owned(), number);
        number
    }

    fn enter(&self, context: usize) -> Node {
        self.places.len() + context
    }

    fn edge(&mut self, from: Node, to: Node, why: Why) {
        self.edges.push((from, Edge { to, why }));
    }

    /// Edges to everything that was found. Whether there was anything.
    fn lead(&mut self, here: &Here<'_, 'a>, found: Found, why: Why) -> bool {
        let any = found.opaque || !found.steps.is_empty() || !found.entered.is_empty();
        for (c, e, s) in found.steps {
            self.edge(here.node, here.bases[c][e] + s, why);
        }
        for c in found.entered {
            self.edge(here.node, self.enter(c), why);
        }
        // A target that is not in the plan may be known to the running call.
        self.opaque[here.node] |= found.opaque || !any;
        self.wild |= found.opaque;
        any
    }

    fn extension(&mut self, bases: &[Vec<Node>], (c, e): (usize, usize), extension: &'a Extension) {
        let blocks = Blocks::read(extension);
        for (s, step) in extension.steps.iter().enumerate() {
            let here = Here {
                at: (c, e, s),
                node: bases[c][e] + s,
                step,
                bases,
            };
            let name = step.own().app.as_str();
            let number = self.intern(name);
            self.apps.push(number);
            let inside = self.places.len() + bases.len() + c;
            self.edge(here.node, inside, Why::Inside);
            let mut ends = self.jumps(&here, name);
            for call in step.calls() {
                let stops = self.call(&here, call);
                ends |= stops && !call.sometimes();
            }
            for (to, why) in blocks.edges(extension, s, name) {
                match to {
                    Some(to) => self.edge(here.node, bases[c][e] + to, why),
                    None => self.drops[here.node] = true,
                }
            }
            ends |= matches!(
                name,
                "endwhile" | "continuewhile" | "exitwhile" | "else" | "exitif"
            ) || name == "elseif" && blocks.entered_by_skip(s);
            self.ends[here.node] = ends;
            if !ends || name == "elseif" {
                if self.find.goes_straight_on(here.at) {
                    self.edge(here.node, here.node + 1, Why::Next);
                } else {
                    for (c, e, s) in self.find.next(here.at) {
                        self.edge(here.node, bases[c][e] + s, Why::Next);
                    }
                }
            }
        }
    }

    /// Targets that the step names, those of applications inside it too. Whether it never goes on to the next step.
    fn jumps(&mut self, here: &Here<'_, 'a>, name: &str) -> bool {
        let targets = here.step.targets();
        let mut gone = [false; 2];
        for target in targets {
            let meant = self.values.targets(here.at, target);
            let why = match (target.kind, target.branch) {
                (jump::Kind::Gosub, _) => Why::Call,
                (jump::Kind::Goto, Some(true)) => Why::Then,
                (jump::Kind::Goto, Some(false)) => Why::Else,
                (jump::Kind::Goto, None) => Why::Goto,
            };
            match meant {
                Some(meant) => {
                    for (target, _) in meant.iter() {
                        self.jump(here, target, why);
                    }
                }
                None => self.jump(here, target, why),
            }
            if target.kind == jump::Kind::Goto {
                match target.branch {
                    Some(true) => gone[0] = true,
                    Some(false) => gone[1] = true,
                    None => gone = [true; 2],
                }
            }
        }
        match name {
            "goto" => !here.step.args.is_empty(),
            "gotoif" | "gotoiftime" => gone == [true; 2],
            _ => false,
        }
    }

    fn jump(&mut self, here: &Here<'_, 'a>, target: &Target, why: Why) {
        let found = self.target(here, target);
        let any = self.lead(here, found, why);
        if !any && target.kind == jump::Kind::Goto && named_extension(target) {
            self.invalid(here, target);
        }
    }

    /// A jump to an extension that does not exist goes to `i` there.
    fn invalid(&mut self, here: &Here<'_, 'a>, target: &Target) {
        let starts: Vec<usize> = match &target.context {
            Part::Text(name) => self.index.number(name.bytes()).into_iter().collect(),
            Part::Here => self.find.standing[here.at.0].clone(),
            Part::Computed(_) => return,
        };
        self.special(here, &starts, b"i", Why::Invalid);
    }

    fn target(&mut self, here: &Here<'_, 'a>, target: &Target) -> Found {
        let said = |part: &'_ Part| match part {
            Part::Here => None,
            Part::Text(text) | Part::Computed(text) => Some(text.bytes().to_vec()),
        };
        let (mut context, exten) = (said(&target.context), said(&target.exten));
        let priority = said(&target.priority).unwrap_or_default();
        // Two parts of which a variable comes first: it may hold a comma, but mostly it holds none.
        if let (Part::Computed(_), Part::Computed(e)) = (&target.context, &target.exten)
            && context == exten
        {
            let e = e.bytes();
            if Shape::read(e).holes.contains(&(0..e.len())) && !tells_of_call(e) {
                return Found {
                    opaque: true,
                    ..Found::default()
                };
            }
            context = None;
        }
        // One variable alone.
        if context.is_none() && exten.is_none() && has_hole(&priority) {
            let shape = Shape::read(&priority);
            if shape.holes.contains(&(0..priority.len())) {
                return Found {
                    opaque: true,
                    ..Found::default()
                };
            }
        }
        self.find.target(
            here.at,
            context.as_deref().map_or(Said::Here, Said::Text),
            exten.as_deref().map_or(Said::Here, Said::Text),
            &priority,
        )
    }

    /// `context,extension,priority` as options write it, in one to three parts.
    fn written(&mut self, here: &Here<'_, 'a>, text: &[u8], separator: u8, why: Why) {
        let shape = Shape::read(text);
        let end = shape.find(text, b'(', 0).unwrap_or(text.len());
        let text = &text[..end];
        let mut cuts = Vec::new();
        let mut from = 0;
        while let Some(at) = shape.find(text, separator, from).filter(|_| cuts.len() < 2) {
            cuts.push(&text[from..at]);
            from = at + 1;
        }
        cuts.push(&text[from..]);
        let (context, exten, priority) = match cuts[..] {
            [c, e, p] => (Said::of(c), Said::of(e), p),
            [e, p] => (Said::Here, Said::of(e), p),
            [p] => (Said::Here, Said::Here, p),
            _ => return,
        };
        let found = self.find.target(here.at, context, exten, priority);
        self.lead(here, found, why);
    }

    fn special(&mut self, here: &Here<'_, 'a>, starts: &[usize], name: &[u8], why: Why) {
        for start in starts {
            for (c, e, s) in self.find.special(*start, name) {
                self.edge(here.node, here.bases[c][e] + s, why);
            }
        }
    }

    /// Dialling in the contexts that a text names, or in those in which the call stands.
    fn dial_in(&mut self, here: &Here<'_, 'a>, context: &[u8], why: Why) {
        if has_hole(context) {
            self.opaque[here.node] = true;
            return;
        }
        let starts: Vec<usize> = if context.is_empty() {
            self.find.standing[here.at.0].clone()
        } else {
            self.index.number(context).into_iter().collect()
        };
        for start in &starts {
            self.edge(here.node, self.enter(*start), why);
        }
        if why == Why::Digit {
            self.special(here, &starts, b"i", Why::Invalid);
        }
    }

    /// What one application does to the call. Whether it never goes on to the next step.
    fn call(&mut self, here: &Here<'_, 'a>, call: &Call) -> bool {
        // What nothing follows from need not be read closer.
        if matches!(
            call.app.as_str(),
            "noop"
                | "answer"
                | "playback"
                | "wait"
                | "goto"
                | "gotoif"
                | "gotoiftime"
                | "gosub"
                | "gosubif"
                | "verbose"
                | "log"
        ) {
            return false;
        }
        if matches!(&*call.app, b"set" | b"mset") {
            self.set(here, call);
            return false;
        }
        let standing = self.find.standing[here.at.0].clone();
        let parts = parts(&call.args);
        let nothing = call.args.slice(0..0);
        let part = |n: usize| parts.get(n).unwrap_or(&nothing).trimmed();
        for destination in call.destinations() {
            if destination.tech.bytes().eq_ignore_ascii_case(b"Local") {
                for resource in self.known(here, destination.resource.bytes()) {
                    self.local(here, &resource, Why::Local);
                }
            }
        }
        match call.app.as_str() {
            "hangup" | "busy" | "congestion" | "macroexit" => return true,
            "return" => {
                self.returns[here.node] = true;
                return true;
            }
            "raiseexception" => {
                self.special(here, &standing, b"e", Why::Exception);
                return true;
            }
            "macro" | "macroexclusive" => self.macros(here, part(0).bytes()),
            "macroif" => {
                let shape = Shape::read(call.args.bytes());
                for branch in jump::branches_of_calls(&call.args, &shape) {
                    let name = crate::fields::parts(&branch);
                    if let Some(name) = name.first() {
                        self.macros(here, name.trimmed().bytes());
                    }
                }
            }
            "dial" => self.dial(here, &Options::read(&parts, 2)),
            "retrydial" => self.dial(here, &Options::read(&parts, 5)),
            "queue" => {
                for slot in [6, 7] {
                    let context = part(slot);
                    if !context.is_empty() && !context.bytes()[0].is_ascii_digit() {
                        let context = Said::Text(context.bytes());
                        let found = self.find.target(here.at, context, Said::Text(b"s"), b"1");
                        self.lead(here, found, Why::Handler);
                    }
                }
                self.dial_in(here, b"", Why::Digit);
            }
            "waitexten" => {
                self.dial_in(here, b"", Why::Digit);
                if self.find.next(here.at).is_empty() {
                    self.special(here, &standing, b"t", Why::Timeout);
                }
            }
            "background" | "backgrounddetect" => {
                self.dial_in(here, part(3).bytes(), Why::Digit);
            }
            "disa" => self.dial_in(here, part(1).bytes(), Why::Digit),
            "directory" => self.dial_in(here, part(1).bytes(), Why::Digit),
            "voicemail" | "voicemailmain" | "minivmrecord" => {
                for name in [b"o", b"a"] {
                    self.special(here, &standing, name, Why::Operator);
                }
            }
            "followme" | "page" => {}
            "originate" => {
                if let Some(local) = part(0).bytes().split(|b| *b == b'/').next()
                    && local.eq_ignore_ascii_case(b"Local")
                {
                    self.local(
                        here,
                        &part(0).bytes()[6.min(part(0).len())..],
                        Why::Originate,
                    );
                }
                if part(1).bytes().eq_ignore_ascii_case(b"exten") {
                    let (exten, priority) = (part(3), part(4));
                    let exten: &[u8] = if exten.is_empty() {
                        b"s"
                    } else {
                        exten.bytes()
                    };
                    let priority: &[u8] = if priority.is_empty() {
                        b"1"
                    } else {
                        priority.bytes()
                    };
                    let context = part(2);
                    let context: &[u8] = if context.is_empty() {
                        b"default"
                    } else {
                        context.bytes()
                    };
                    let found =
                        self.find
                            .target(here.at, Said::Text(context), Said::Text(exten), priority);
                    self.lead(here, found, Why::Originate);
                }
            }
            "channelredirect" | "dahdiras" if parts.len() > 1 => {
                let at = parts[0].len() + 1;
                let rest = call.args.slice(at.min(call.args.len())..call.args.len());
                self.written(here, rest.bytes(), b',', Why::Transfer);
            }
            "parkandannounce" => {
                if let Some(last) = parts.last().filter(|_| parts.len() > 3) {
                    self.dial_in(here, last.trimmed().bytes(), Why::Transfer);
                }
            }
            _ => {}
        }
        false
    }

    fn macros(&mut self, here: &Here<'_, 'a>, name: &[u8]) {
        for name in self.known(here, name) {
            let context = [b"macro-", name.as_slice()].concat();
            let found = self
                .find
                .target(here.at, Said::Text(&context), Said::Text(b"s"), b"1");
            self.lead(here, found, Why::Call);
        }
    }

    /// What a text may be, or itself where that is not known.
    fn known(&self, here: &Here<'_, 'a>, text: &[u8]) -> Vec<Vec<u8>> {
        let known = has_hole(text).then(|| self.values.texts(here.at, text));
        match known.flatten() {
            Some(known) => known.into_iter().map(|k| k.text).collect(),
            None => vec![text.to_vec()],
        }
    }

    fn dial(&mut self, here: &Here<'_, 'a>, options: &Options) {
        for letter in [b'b', b'B', b'U'] {
            if let Some(target) = options.argument(letter).filter(|t| !t.is_empty()) {
                let text = target.to_vec();
                match letter {
                    // U(name^arg^arg): the context `name`.
                    b'U' => {
                        let name = text
                            .split(|b| matches!(b, b'^' | b','))
                            .next()
                            .unwrap_or_default();
                        let found =
                            self.find
                                .target(here.at, Said::of(name), Said::Text(b"s"), b"1");
                        self.lead(here, found, Why::Handler);
                    }
                    _ => self.written(here, &text, b'^', Why::Handler),
                }
            }
        }
        if let Some(name) = options.argument(b'M') {
            let name = name.split(|b| *b == b'^').next().unwrap_or_default();
            let context = [b"macro-", name].concat();
            let found = self
                .find
                .target(here.at, Said::Text(&context), Said::Text(b"s"), b"1");
            self.lead(here, found, Why::Handler);
        }
        for letter in [b'G', b'F'] {
            if let Some(target) = options.argument(letter).filter(|t| !t.is_empty()) {
                let text = target.to_vec();
                let before = self.edges.len();
                self.written(here, &text, b'^', Why::After);
                if letter == b'G' {
                    // The other party goes to the step behind.
                    let behind: Vec<Node> =
                        self.edges[before..].iter().map(|(_, e)| e.to + 1).collect();
                    for to in behind {
                        if to < self.places.len() && self.places[to].1 == self.places[to - 1].1 {
                            self.edge(here.node, to, Why::After);
                        }
                    }
                }
            }
        }
        if options.may_have(b't') || options.may_have(b'T') {
            self.dial_in(here, b"", Why::Transfer);
        }
        if options.has(b'd') {
            self.dial_in(here, b"", Why::Digit);
        }
    }

    /// `exten@context[/n]`.
    fn local(&mut self, here: &Here<'_, 'a>, resource: &[u8], why: Why) {
        let shape = Shape::read(resource);
        let end = shape.find(resource, b'/', 0).unwrap_or(resource.len());
        let address = &resource[..end];
        let at = shape.find(address, b'@', 0);
        let (exten, context) = match at {
            Some(at) => (&address[..at], &address[at + 1..]),
            None if has_hole(address) => {
                self.opaque[here.node] = true;
                return;
            }
            None => (address, &b"default"[..]),
        };
        let found = self
            .find
            .target(here.at, Said::Text(context), Said::of(exten), b"1");
        self.lead(here, found, why);
    }

    /// Variables and functions by which a plan sends calls somewhere later.
    fn set(&mut self, here: &Here<'_, 'a>, call: &Call) {
        let pairs = if call.app == "set" {
            vec![call.args.clone()]
        } else {
            parts(&call.args)
        };
        for pair in pairs {
            let Some((name, value)) = args::assignment(pair.bytes()) else {
                continue;
            };
            let (name, _) = args::inheritance(name.trim_ascii());
            let value = value.to_vec();
            match name {
                b"CHANNEL(hangup_handler_push)" => self.written(here, &value, b',', Why::Handler),
                b"CHANNEL(after_bridge_goto)" => self.written(here, &value, b',', Why::After),
                b"GOTO_ON_BLINDXFR" => self.written(here, &value, b'^', Why::Transfer),
                b"TRANSFER_CONTEXT" | b"FORWARD_CONTEXT" => {
                    self.dial_in(here, value.trim_ascii(), Why::Transfer);
                }
                b"EXITCONTEXT" => self.dial_in(here, value.trim_ascii(), Why::Digit),
                _ => {}
            }
        }
    }

    /// Edges of the two nodes of a context.
    fn context(&mut self, bases: &[Vec<Node>], c: usize) {
        let context = &self.index.hir().contexts[c];
        let enter = self.enter(c);
        for (e, extension) in context.extensions.iter().enumerate() {
            if extension.steps.first().is_some_and(|s| s.priority == 1) {
                let why = if dialable(&extension.matches) {
                    Why::Dialled
                } else {
                    Why::Named
                };
                self.edge(enter, bases[c][e], why);
            }
        }
        for include in &context.includes {
            if let Some(to) = self.index.number(&include.context) {
                self.edge(enter, self.enter(to), Why::Include);
            }
        }
        let inside = self.places.len() + bases.len() + c;
        for (name, why) in [
            (&b"h"[..], Why::Hangup),
            (b"T", Why::Timeout),
            (b"e", Why::Exception),
            (b"fax", Why::Named),
        ] {
            for start in self.find.standing[c].clone() {
                for (c, e, s) in self.find.special(start, name) {
                    self.edge(inside, bases[c][e] + s, why);
                }
            }
        }
    }
}

/// Whether a caller can dial it with the keys of a phone.
pub(crate) fn dialable(matches: &Matches) -> bool {
    let key = |b: u8| b.is_ascii_digit() || b"*#ABCD+".contains(&b);
    match matches {
        Matches::Name(name) => !name.is_empty() && name.iter().all(|b| key(*b)),
        Matches::Pattern(pattern) => {
            use crate::pattern::Element;
            pattern.matching().iter().all(|e| match e {
                Element::Set(set) => set.iter().any(key),
                Element::Dot | Element::Bang => true,
                Element::Broken => false,
            })
        }
    }
}

/// `${EXTEN}` and `${CONTEXT}`, which have no comma.
fn tells_of_call(text: &[u8]) -> bool {
    matches!(text, b"${EXTEN}" | b"${CONTEXT}")
}

/// Whether a jump names an extension that may be missing.
fn named_extension(target: &Target) -> bool {
    matches!(target.exten, Part::Text(_))
}

/// Where the loops and branches of an extension begin and end (DL-263, DL-264).
struct Blocks {
    /// For each step that opens, divides or closes a block: its number in `list`.
    of: QuickMap<usize, usize>,
    list: Vec<Block>,
    /// The innermost loop and the innermost branch around each `ExitWhile`, `ContinueWhile`, `ExitIf`.
    around: QuickMap<usize, usize>,
}

struct Block {
    /// The opening step, `ElseIf` and `Else`, the closing step.
    marks: Vec<usize>,
    closed: bool,
}

impl Blocks {
    fn read(extension: &Extension) -> Blocks {
        let mut blocks = Blocks {
            of: QuickMap::default(),
            list: Vec::new(),
            around: QuickMap::default(),
        };
        let mut loops: Vec<usize> = Vec::new();
        let mut branches: Vec<usize> = Vec::new();
        for (s, step) in extension.steps.iter().enumerate() {
            let name = &*step.own().app;
            match name {
                b"while" | b"if" => {
                    let open = if name == b"while" {
                        &mut loops
                    } else {
                        &mut branches
                    };
                    open.push(blocks.list.len());
                    blocks.of.insert(s, blocks.list.len());
                    blocks.list.push(Block {
                        marks: vec![s],
                        closed: false,
                    });
                }
                b"endwhile" | b"endif" => {
                    let open = if name == b"endwhile" {
                        &mut loops
                    } else {
                        &mut branches
                    };
                    if let Some(b) = open.pop() {
                        blocks.of.insert(s, b);
                        blocks.list[b].marks.push(s);
                        blocks.list[b].closed = true;
                    }
                }
                b"elseif" | b"else" => {
                    if let Some(b) = branches.last() {
                        blocks.of.insert(s, *b);
                        blocks.list[*b].marks.push(s);
                    }
                }
                b"exitwhile" | b"continuewhile" => {
                    if let Some(b) = loops.last() {
                        blocks.around.insert(s, *b);
                    }
                }
                b"exitif" => {
                    if let Some(b) = branches.last() {
                        blocks.around.insert(s, *b);
                    }
                }
                _ => {}
            }
        }
        blocks
    }

    /// Whether an `ElseIf` belongs to an `If`.
    fn entered_by_skip(&self, s: usize) -> bool {
        self.of.contains_key(&s)
    }

    /// Ways of a step that its block makes, `None` behind the end of the extension.
    fn edges(&self, extension: &Extension, s: usize, name: &str) -> Vec<(Option<usize>, Why)> {
        let behind = |at: usize| (at + 1 < extension.steps.len()).then_some(at + 1);
        let block = self.of.get(&s).or_else(|| self.around.get(&s));
        let Some(block) = block.map(|b| &self.list[*b]) else {
            return Vec::new();
        };
        let (Some(first), Some(last)) = (block.marks.first(), block.marks.last()) else {
            return Vec::new();
        };
        let end = block.closed.then_some(*last);
        let after = |s: usize| {
            let next = block.marks.iter().copied().find(|m| *m > s)?;
            let name = extension.steps[next]
                .app
                .trimmed()
                .bytes()
                .to_ascii_lowercase();
            match name.as_slice() {
                b"else" => behind(next),
                _ => Some(next),
            }
        };
        match name {
            "while" => end.map(|e| (behind(e), Why::Skip)).into_iter().collect(),
            "endwhile" | "continuewhile" => vec![(Some(*first), Why::Back)],
            "exitwhile" => end.map(|e| (behind(e), Why::Skip)).into_iter().collect(),
            "if" => vec![(after(s), Why::Skip)],
            "elseif" => vec![(after(s), Why::Skip), (end, Why::Skip)],
            "else" | "exitif" => vec![(end, Why::Skip)],
            _ => Vec::new(),
        }
    }
}
