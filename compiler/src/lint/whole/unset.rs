//! V509: a variable that is set on one way through an extension and needed on another. Only where the whole plan is in sight and the
//! extension alone sets the variable; conditions that may hang together are left alone, as a caller may never take such a way.

use strowger_stdlib::table::{QuickMap, QuickSet};

use strowger_stdlib::args::inheritance;
use strowger_stdlib::signatures::Split;
use strowger_stdlib::template::Template;

use super::{Whole, bare, show};
use crate::call::Call;
use crate::diagnostic::Diagnostic;
use crate::fields::parts;
use crate::flow::{Node, Why};
use crate::hir::{Extension, Step};
use crate::jump::{Part, Shape};
use crate::lint::emptiness::one_variable;
use crate::lint::facts::{self, assigned_by, is_word};
use crate::lint::names::is_others;
use crate::lint::usage::managed;
use crate::peers::Peers;
use crate::source::{Sources, Span, Text};

/// Longer extensions are not looked at: each variable goes through all of one.
const STEPS: usize = 2_000;
/// Variables that are looked for in the rest of the plan.
const FOUND: usize = 1_000;

/// Applications that only tell somebody what they are given.
const TELLING: [&str; 6] = ["noop", "verbose", "log", "userevent", "sendtext", "return"];

/// A variable that may be missing where it is needed.
struct Missing {
    name: Vec<u8>,
    /// Context and extension.
    home: (usize, usize),
    needed: Span,
    set: Span,
    past: Span,
}

pub(crate) fn check(
    whole: &Whole<'_>,
    peers: &Peers,
    sources: &Sources,
    out: &mut Vec<Diagnostic>,
) {
    let sight = !whole.fragment && whole.world.whole && whole.flow.whole;
    if !sight || whole.facts.outside || managed(sources) {
        return;
    }
    let mut found = Vec::new();
    for (c, context) in whole.flow.hir().contexts.iter().enumerate() {
        for (e, extension) in context.extensions.iter().enumerate() {
            if found.len() < FOUND {
                one(whole, (c, e), extension, &mut found);
            }
        }
    }
    if found.is_empty() {
        return;
    }
    let elsewhere = Elsewhere::gather(whole, peers, &found);
    for missing in found {
        if elsewhere.sets(&missing.name) {
            continue;
        }
        let name = show(&missing.name);
        out.push(
            Diagnostic::new(
                "V509",
                format!("`{name}` may not be set here"),
                missing.needed,
            )
            .label("empty for calls that come by the other way")
            .also(missing.set, "set on one way to it")
            .also(missing.past, "from here another way goes past that")
            .help(format!(
                "set `{name}` before the ways part, or on the other one too"
            )),
        );
    }
}

/// One extension, with the graph of its own steps.
struct Own<'w, 'a> {
    whole: &'w Whole<'a>,
    extension: &'w Extension,
    base: Node,
    /// Variables that each step sets, where, and whether it always does.
    sets: QuickMap<Vec<u8>, Vec<(usize, Span, bool)>>,
}

fn one(whole: &Whole<'_>, (c, e): (usize, usize), extension: &Extension, found: &mut Vec<Missing>) {
    let count = extension.steps.len();
    if !(2..=STEPS).contains(&count) {
        return;
    }
    let base = whole.flow.node(c, e, 0);
    if !(0..count).any(|s| branches(whole.flow.app(base + s))) || !entered(whole, base, count) {
        return;
    }
    let mut needed: Vec<(usize, Vec<u8>, Span)> = Vec::new();
    for (s, step) in extension.steps.iter().enumerate() {
        if step.args.bytes().windows(2).any(|w| w == b"${") {
            let mut add = |text: &Text| {
                if let Some(name) = wanted(text) {
                    needed.push((s, name, text.span()));
                }
            };
            needs(step, &mut add);
        }
    }
    if needed.is_empty() {
        return;
    }
    let mut sets: QuickMap<Vec<u8>, Vec<(usize, Span, bool)>> = QuickMap::default();
    for (s, step) in extension.steps.iter().enumerate() {
        for call in step.calls() {
            for (name, _) in assigned_by(call, whole.world.dialect) {
                let plain = bare(name.bytes()).to_vec();
                let before = sets.entry(plain).or_default();
                match before.last_mut().filter(|(at, ..)| *at == s) {
                    // `ExecIf(condition?Set(X=a):Set(X=b))`
                    Some((_, _, always)) => *always = true,
                    None => before.push((s, name.span(), !call.sometimes())),
                }
            }
        }
    }
    let own = Own {
        whole,
        extension,
        base,
        sets,
    };
    let mut told = QuickSet::default();
    for (s, name, span) in needed {
        if told.contains(&name) || !own.sets.contains_key(&name) || own.asks(&name) {
            continue;
        }
        if !whole.world.afford(count) {
            return;
        }
        if let Some((set, past)) = own.missing(&name, s) {
            told.insert(name.clone());
            found.push(Missing {
                name,
                home: (c, e),
                needed: span,
                set,
                past,
            });
        }
    }
}

/// Applications behind which a call may go two ways.
fn branches(app: &str) -> bool {
    matches!(
        app,
        "gotoif" | "gotoiftime" | "execif" | "execiftime" | "if"
    )
}

/// Whether a call comes to the first step from elsewhere, and not only from outside of the plan by name: a call file or a manager may
/// bring variables.
fn entered(whole: &Whole<'_>, first: Node, count: usize) -> bool {
    whole.flow.edges_to(first).iter().any(|e| {
        !(first..first + count).contains(&e.to) && !matches!(e.why, Why::Named | Why::Originate)
    })
}

/// The variable that a text is, if it may be told of.
fn wanted(text: &Text) -> Option<Vec<u8>> {
    let name = one_variable(&Template::read(text.bytes()))?;
    let own = is_word(&name)
        && !facts::is_built_in(&name)
        && !is_others(&name)
        && !name.ends_with(b"STATUS");
    own.then_some(name)
}

/// The parts of a step that cannot do their work when they are empty.
fn needs(step: &Step, add: &mut dyn FnMut(&Text)) {
    for target in step.targets() {
        for part in [&target.context, &target.exten, &target.priority] {
            if let Part::Computed(text) = part {
                add(text);
            }
        }
    }
    for call in step.calls() {
        let app = call.app.as_str();
        if matches!(app, "dial" | "retrydial") {
            destination(call, add);
            continue;
        }
        let Some(signature) = call.app.signature() else {
            continue;
        };
        let taken = matches!(signature.split, Split::Standard | Split::Raw);
        if !taken || signature.least == 0 || TELLING.contains(&app) {
            continue;
        }
        for part in parts(&call.args).iter().take(signature.least) {
            add(&part.trimmed());
        }
    }
}

/// The number, the device and the host of a Dial to one place.
fn destination(call: &Call, add: &mut dyn FnMut(&Text)) {
    let list = call.destinations();
    let [one] = list else {
        if list.is_empty()
            && call.app == "dial"
            && let Some(first) = parts(&call.args).first()
        {
            add(first);
        }
        return;
    };
    let bytes = one.resource.bytes();
    let shape = Shape::read(bytes);
    let mut from = 0;
    for at in 0..=bytes.len() {
        let inside = shape.holes.iter().any(|h| h.contains(&at));
        if at == bytes.len() || !inside && matches!(bytes[at], b'/' | b'@' | b':') {
            add(&one.resource.slice(from..at));
            from = at + 1;
        }
    }
}

impl Own<'_, '_> {
    /// Whether a condition of the extension, or of its context a question for nothing, looks at a variable.
    fn asks(&self, name: &[u8]) -> bool {
        let Some((context, _)) = self.whole.flow.home(self.base) else {
            return true;
        };
        self.whole
            .facts
            .tested
            .contains_key(&(context.name.clone(), name.to_vec()))
            || (0..self.extension.steps.len())
                .filter_map(|s| self.condition(s))
                .any(|c| c.contains(name))
    }

    /// The variables by which a step decides.
    fn condition(&self, s: usize) -> Option<QuickSet<Vec<u8>>> {
        let app = self.whole.flow.app(self.base + s);
        let args = &self.extension.steps[s].args;
        let whole = match app {
            "gotoif" | "gosubif" | "execif" | "macroif" => false,
            "if" | "elseif" | "while" => true,
            "gotoiftime" | "execiftime" => return Some(QuickSet::from_iter([b"time".to_vec()])),
            _ => return None,
        };
        let bytes = args.bytes();
        let end = Shape::read(bytes).find(bytes, b'?', 0);
        let end = end.filter(|_| !whole).unwrap_or(bytes.len());
        Some(words(&bytes[..end]))
    }

    /// Where a step leads within the extension.
    fn next(&self, s: usize) -> impl Iterator<Item = usize> + '_ {
        let around = matches!(self.whole.flow.app(self.base + s), "while");
        let range = self.base..self.base + self.extension.steps.len();
        let edges = self.whole.flow.edges(self.base + s).iter();
        edges
            // A loop is taken to run at least once.
            .filter(move |e| e.why.goes_on() && !(around && e.why == Why::Skip))
            .filter(move |e| range.contains(&e.to))
            .map(|e| e.to - self.base)
    }

    /// Steps that come to `goal` by a step that sets the variable, without coming to it before.
    fn by_way_of(&self, sets: &[(usize, Span, bool)], goal: usize) -> (Vec<bool>, Vec<bool>) {
        let count = self.extension.steps.len();
        let mut before: Vec<Vec<usize>> = vec![Vec::new(); count];
        for s in (0..count).filter(|s| *s != goal) {
            for to in self.next(s) {
                before[to].push(s);
            }
        }
        let back = |starts: Vec<usize>| {
            let mut seen = vec![false; count];
            let mut work = starts;
            while let Some(s) = work.pop() {
                if !std::mem::replace(&mut seen[s], true) {
                    work.extend(&before[s]);
                }
            }
            seen
        };
        let to_goal = back(vec![goal]);
        let helping = sets.iter().map(|(s, ..)| *s).filter(|s| to_goal[*s]);
        (back(helping.collect()), to_goal)
    }

    /// The step that sets a variable on one way to a step that needs it, and the one from which another way goes past that.
    fn missing(&self, name: &[u8], needed: usize) -> Option<(Span, Span)> {
        let sets = self.sets.get(name)?;
        let always = |s: usize| sets.iter().any(|(at, _, always)| *at == s && *always);
        // A way from the beginning past all that set it.
        let count = self.extension.steps.len();
        let mut from: Vec<Option<usize>> = vec![None; count];
        let mut seen = vec![false; count];
        let mut work = std::collections::VecDeque::from([0]);
        seen[0] = true;
        while let Some(s) = work.pop_front().filter(|s| *s != needed) {
            if always(s) {
                continue;
            }
            for to in self.next(s) {
                if !std::mem::replace(&mut seen[to], true) {
                    from[to] = Some(s);
                    work.push_back(to);
                }
            }
        }
        if !seen[needed] || always(needed) {
            return None;
        }
        let mut way = vec![needed];
        let mut at = needed;
        while let Some(before) = from[at] {
            way.push(before);
            at = before;
        }
        way.reverse();
        let (setting, to_goal) = self.by_way_of(sets, needed);
        let parting = way
            .iter()
            .rposition(|s| *s != needed && setting[*s])
            .map(|i| way[i])?;
        if !branches(self.whole.flow.app(self.base + parting)) || self.hang_together(&way, name) {
            return None;
        }
        let set = sets
            .iter()
            .find(|(s, ..)| to_goal[*s] && *s != needed)
            .map(|(_, span, _)| *span)?;
        Some((set, self.extension.steps[parting].span))
    }

    /// Whether the conditions on a way may be true together only on the way that sets the variable.
    fn hang_together(&self, way: &[usize], name: &[u8]) -> bool {
        let on_way = |s: &usize| way.contains(s);
        let mut seen: QuickSet<Vec<u8>> = QuickSet::default();
        for s in way {
            let Some(condition) = self.condition(*s) else {
                continue;
            };
            let app = self.whole.flow.app(self.base + *s);
            let mut here = self.extension.steps[*s].calls();
            let matters = !app.starts_with("exec")
                || Some(s) == way.last()
                || !self.extension.steps[*s].targets().is_empty()
                || here.any(|c| {
                    let set = assigned_by(c, self.whole.world.dialect);
                    set.iter().any(|(n, _)| bare(n.bytes()) == name)
                });
            if !matters {
                continue;
            }
            let elsewhere = |word: &Vec<u8>| {
                self.sets
                    .get(word)
                    .is_some_and(|sets| sets.iter().any(|(s, ..)| !on_way(s)))
            };
            if condition.is_empty() || condition.iter().any(|w| seen.contains(w) || elsewhere(w)) {
                return true;
            }
            seen.extend(condition);
        }
        false
    }
}

/// The names in the `${...}` of a text, also those that its functions are given.
fn words(text: &[u8]) -> QuickSet<Vec<u8>> {
    let mut out = QuickSet::default();
    let mut inside = 0usize;
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let length = rest
            .iter()
            .take_while(|b| b.is_ascii_alphanumeric() || **b == b'_')
            .count();
        if rest.starts_with(b"${") {
            inside += 1;
            at += 2;
        } else if rest[0] == b'}' {
            inside = inside.saturating_sub(1);
            at += 1;
        } else if length > 0 {
            let function = rest.get(length) == Some(&b'(');
            if inside > 0 && !function && is_word(&rest[..length]) {
                out.insert(rest[..length].to_vec());
            }
            at += length;
        } else {
            at += 1;
        }
    }
    out
}

/// Names that something else than the extension of a variable may set.
struct Elsewhere {
    names: QuickSet<Vec<u8>>,
    /// Beginnings and ends of names that are put together.
    computed: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Elsewhere {
    fn gather(whole: &Whole<'_>, peers: &Peers, found: &[Missing]) -> Elsewhere {
        let hir = whole.flow.hir();
        let homes: QuickMap<&[u8], (usize, usize)> =
            found.iter().map(|m| (m.name.as_slice(), m.home)).collect();
        let mut all = Elsewhere {
            names: hir.globals.iter().map(|g| g.name.clone()).collect(),
            computed: Vec::new(),
        };
        // Told of in two extensions: each may have it from the other.
        for missing in found {
            if homes[missing.name.as_slice()] != missing.home {
                all.names.insert(missing.name.clone());
            }
        }
        for (c, context) in hir.contexts.iter().enumerate() {
            for (e, extension) in context.extensions.iter().enumerate() {
                for step in &extension.steps {
                    let text = step.args.bytes();
                    let plain = text.split(|b| !(b.is_ascii_alphanumeric() || *b == b'_'));
                    let mut from = 0;
                    for word in plain {
                        let at = from;
                        from += word.len() + 1;
                        let (name, _) = inheritance(word);
                        let Some(home) = homes.get(name) else {
                            continue;
                        };
                        // Read, or set where that is known.
                        let read = at >= 2 && &text[at - 2..at] == b"${";
                        let set =
                            text.get(from - 1) == Some(&b'=') && !text[..at].ends_with(b"${SET(");
                        let known =
                            *home == (c, e) && name == word && (set || collected(step, word));
                        if !read && !known {
                            all.names.insert(name.to_vec());
                        }
                    }
                    all.put_together(step);
                }
            }
        }
        for section in peers.files().flat_map(|f| f.sections()) {
            for value in section.all("setvar").chain(section.all("set_var")) {
                let name = value.text.bytes().split(|b| *b == b'=').next();
                all.names
                    .extend(name.map(|n| bare(n.trim_ascii()).to_vec()));
            }
        }
        all
    }

    fn put_together(&mut self, step: &Step) {
        let text = step.args.bytes();
        if !text.contains(&b'=') || !text.windows(2).any(|w| w == b"${") {
            return;
        }
        for call in step
            .calls()
            .filter(|c| matches!(c.app.as_str(), "set" | "mset"))
        {
            let shape = Shape::read(call.args.bytes());
            let end = shape.find(call.args.bytes(), b'=', 0).unwrap_or(0);
            let holes: Vec<_> = shape.holes.iter().filter(|h| h.end <= end).collect();
            if let (Some(first), Some(last)) = (holes.first(), holes.last()) {
                let bytes = call.args.bytes();
                let head = bare(&bytes[..first.start]).to_vec();
                self.computed
                    .push((head, bytes[last.end..end].trim_ascii_end().to_vec()));
            }
        }
    }

    fn sets(&self, name: &[u8]) -> bool {
        self.names.contains(name)
            || self
                .computed
                .iter()
                .any(|(head, tail)| name.starts_with(head) && name.ends_with(tail))
    }
}

/// Whether an application such as Read is given the name of a variable that it sets.
fn collected(step: &Step, word: &[u8]) -> bool {
    step.calls().any(|c| {
        !matches!(c.app.as_str(), "set" | "mset")
            && c.app.signature().is_some_and(|s| {
                s.parameters
                    .iter()
                    .any(|p| matches!(*p, "variable" | "var"))
            })
            && parts(&c.args).iter().any(|p| p.trimmed().bytes() == word)
    })
}
