//! From a graph to statements: branches that come together again become `if`, what leads back to its head becomes `while`, and every way
//! that is neither becomes `goto @label`. Whatever is chosen here, the proof looks at the result.

use std::collections::HashSet;

use super::graph::{Condition, Graph, Link, Node};

/// Blocks stand in each other no deeper; what lies deeper is jumped to.
const DEPTH: usize = 6;

/// A statement without its words.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    /// The step at this place; `true`: nothing follows it.
    Step(usize, bool),
    /// The step at this place is about to come: a label may stand here.
    Mark(usize),
    /// To a place outside.
    Leave(usize),
    /// To the step at this place.
    Goto(usize),
    /// To the end of the body.
    End,
    If {
        condition: Condition,
        when: bool,
        then: Vec<Shape>,
        otherwise: Vec<Shape>,
    },
    While {
        condition: Condition,
        when: bool,
        body: Vec<Shape>,
    },
    Break,
    Continue,
}

/// What became of an extension.
#[derive(Clone, Debug, Default)]
pub(super) struct Structure {
    pub(super) body: Vec<Shape>,
    /// Steps that somebody jumps to.
    pub(super) labels: HashSet<usize>,
}

/// Puts a graph in order. `roots`: the first step, and those that carry a label that somebody else knows.
pub(super) fn structure(graph: &Graph, roots: &[Link]) -> Structure {
    let flow = Flow::new(graph, roots);
    let mut writer = Writer {
        graph,
        flow: &flow,
        done: vec![false; graph.nodes.len()],
        labels: HashSet::new(),
    };
    let mut body = Vec::new();
    let mut work: Vec<Link> = roots.to_vec();
    // The first one first; what it jumps to comes behind it.
    work.reverse();
    let mut first = true;
    while let Some(link) = work.pop() {
        let at = match graph.settle(link) {
            Link::Step(at) if writer.done[at] => continue,
            Link::Step(at) => at,
            _ if !first => continue,
            Link::Off(_) => {
                first = false;
                continue;
            }
            Link::Out(place) => {
                body.push(Shape::Leave(place));
                first = false;
                continue;
            }
        };
        if !first {
            writer.labels.insert(at);
        }
        first = false;
        let block = Block {
            owner: None,
            follow: None,
            depth: 0,
            inner: None,
        };
        writer.sequence(Link::Step(at), &block, &mut body);
        // What is jumped to and not written yet, in the order of the lines.
        let mut open: Vec<usize> = writer
            .labels
            .iter()
            .copied()
            .filter(|l| !writer.done[*l])
            .collect();
        open.sort_unstable_by(|a, b| b.cmp(a));
        work.extend(open.into_iter().map(Link::Step));
    }
    let mut structure = Structure {
        body,
        labels: writer.labels,
    };
    for root in roots.iter().skip(1) {
        if let Link::Step(at) = graph.settle(*root) {
            structure.labels.insert(at);
        }
    }
    structure
}

/// Which step stands before which on every way.
struct Flow {
    /// The immediate dominator of each step; none: the start.
    above: Vec<Option<usize>>,
    reached: Vec<bool>,
    before: Vec<Vec<usize>>,
    /// Steps at which a call may begin.
    entries: HashSet<usize>,
    /// When a step is met, in reverse post-order.
    order: Vec<usize>,
}

impl Flow {
    fn new(graph: &Graph, roots: &[Link]) -> Flow {
        let count = graph.nodes.len();
        let reached = graph.reached(roots);
        let ways = |at: usize| -> Vec<usize> {
            let all = graph.ways(at).into_iter();
            all.filter_map(|link| match graph.settle(link) {
                Link::Step(to) => Some(to),
                _ => None,
            })
            .collect()
        };
        let mut before = vec![Vec::new(); count];
        for at in (0..count).filter(|at| reached[*at]) {
            for to in ways(at) {
                before[to].push(at);
            }
        }
        let entries: HashSet<usize> = roots
            .iter()
            .filter_map(|r| match graph.settle(*r) {
                Link::Step(at) => Some(at),
                _ => None,
            })
            .collect();
        // Post-order without recursion.
        let mut post = Vec::new();
        let mut seen = vec![false; count];
        let mut starts: Vec<usize> = entries.iter().copied().collect();
        starts.sort_unstable();
        for start in starts {
            let mut stack = vec![(start, false)];
            while let Some((at, left)) = stack.pop() {
                if left {
                    post.push(at);
                } else if !std::mem::replace(&mut seen[at], true) {
                    stack.push((at, true));
                    stack.extend(ways(at).into_iter().rev().map(|to| (to, false)));
                }
            }
        }
        let mut order = vec![usize::MAX; count];
        for (i, at) in post.iter().rev().enumerate() {
            order[*at] = i + 1;
        }
        // Dominators over all entries (Cooper, Harvey and Kennedy); the start has number 0.
        const START: usize = usize::MAX;
        let mut above: Vec<Option<usize>> = vec![None; count];
        let number = |at: usize| if at == START { 0 } else { order[at] };
        let mut changed = true;
        while changed {
            changed = false;
            for at in post.iter().rev().copied() {
                let mut new: Option<usize> = entries.contains(&at).then_some(START);
                for from in &before[at] {
                    if above[*from].is_none() {
                        continue;
                    }
                    new = Some(match new {
                        None => *from,
                        Some(other) => {
                            let (mut a, mut b) = (*from, other);
                            while a != b {
                                while number(a) > number(b) {
                                    a = above[a].unwrap_or(START);
                                }
                                while number(b) > number(a) {
                                    b = above[b].unwrap_or(START);
                                }
                            }
                            a
                        }
                    });
                }
                if new.is_some() && above[at] != new {
                    above[at] = new;
                    changed = true;
                }
            }
        }
        let above = above
            .into_iter()
            .map(|a| a.filter(|a| *a != START))
            .collect();
        Flow {
            above,
            reached,
            before,
            entries,
            order,
        }
    }

    fn dominates(&self, upper: usize, lower: usize) -> bool {
        let mut at = Some(lower);
        while let Some(one) = at {
            if one == upper {
                return true;
            }
            at = self.above[one];
        }
        false
    }

    /// Whether only this one leads there.
    fn only_from(&self, at: usize, from: usize) -> bool {
        self.before[at] == [from] && !self.entries.contains(&at)
    }
}

/// The block that is written.
#[derive(Clone, Copy)]
struct Block {
    /// Only what this one dominates may stand in it; none: anything.
    owner: Option<usize>,
    /// What comes behind the block.
    follow: Option<Link>,
    depth: usize,
    /// The head of the loop around it, and what comes behind the loop.
    inner: Option<(usize, Link)>,
}

struct Writer<'g> {
    graph: &'g Graph,
    flow: &'g Flow,
    done: Vec<bool>,
    labels: HashSet<usize>,
}

impl Writer<'_> {
    /// Writes what happens from a link on, until the end or what comes behind the block.
    fn sequence(&mut self, link: Link, block: &Block, out: &mut Vec<Shape>) {
        let mut link = self.graph.settle(link);
        loop {
            let Link::Step(at) = link else {
                self.jump(link, block, out);
                return;
            };
            let owned = block.owner.is_none_or(|o| self.flow.dominates(o, at));
            if block.follow == Some(link) || self.done[at] || !owned {
                self.jump(link, block, out);
                return;
            }
            self.done[at] = true;
            out.push(Shape::Mark(at));
            link = match &self.graph.nodes[at] {
                Node::Run { ends, next, .. } => {
                    out.push(Shape::Step(at, *ends));
                    if *ends {
                        return;
                    }
                    self.graph.settle(*next)
                }
                Node::Jump(next) => self.graph.settle(*next),
                Node::Branch { condition, yes, no } => {
                    let (yes, no) = (self.graph.settle(*yes), self.graph.settle(*no));
                    match self.branch(at, condition, yes, no, block, out) {
                        Some(next) => next,
                        None => return,
                    }
                }
            };
        }
    }

    /// Writes how to get to a link that is not written here.
    fn jump(&mut self, link: Link, block: &Block, out: &mut Vec<Shape>) {
        if block.follow == Some(link) {
            return;
        }
        match (link, block.inner) {
            (Link::Step(at), Some((head, _))) if at == head => out.push(Shape::Continue),
            (link, Some((_, behind))) if link == behind => out.push(Shape::Break),
            (Link::Step(at), _) => {
                self.labels.insert(at);
                out.push(Shape::Goto(at));
            }
            (Link::Out(place), _) => out.push(Shape::Leave(place)),
            (Link::Off(_), _) => out.push(Shape::End),
        }
    }

    /// Whether a block of its own can begin there.
    fn nests(&self, link: Link, from: usize) -> bool {
        matches!(link, Link::Step(at) if self.flow.only_from(at, from) && !self.done[at])
    }

    /// Writes a branch; what comes behind it in the same block.
    fn branch(
        &mut self,
        at: usize,
        condition: &Condition,
        yes: Link,
        no: Link,
        block: &Block,
        out: &mut Vec<Shape>,
    ) -> Option<Link> {
        let deep = block.depth >= DEPTH;
        for (body, rest, when) in [(yes, no, true), (no, yes, false)] {
            let Link::Step(head) = body else {
                continue;
            };
            let loops = self.nests(body, at)
                && self.flow.before[at]
                    .iter()
                    .any(|p| self.flow.dominates(head, *p));
            if !loops || deep {
                continue;
            }
            let inner = Block {
                owner: Some(head),
                follow: Some(Link::Step(at)),
                depth: block.depth + 1,
                inner: Some((at, rest)),
            };
            let mut written = Vec::new();
            self.sequence(body, &inner, &mut written);
            out.push(Shape::While {
                condition: condition.clone(),
                when,
                body: written,
            });
            return Some(rest);
        }
        // Where both ways come together again: the first step that this one decides and several lead to.
        let together = (0..self.graph.nodes.len())
            .filter(|m| {
                self.flow.reached[*m]
                    && self.flow.above[*m] == Some(at)
                    && self.flow.before[*m].len() > 1
                    && !self.done[*m]
                    && !self.flow.entries.contains(m)
            })
            .min_by_key(|m| self.flow.order[*m]);
        let arm = |writer: &mut Self, link: Link, follow: Option<Link>| {
            let mut written = Vec::new();
            let inner = Block {
                owner: None,
                follow,
                depth: block.depth + 1,
                inner: block.inner,
            };
            match link {
                Link::Step(head) if writer.nests(link, at) && !deep => {
                    let inner = Block {
                        owner: Some(head),
                        ..inner
                    };
                    writer.sequence(link, &inner, &mut written);
                }
                link => writer.jump(link, &inner, &mut written),
            }
            written
        };
        let follow = match together {
            Some(m) if !deep => Some(Link::Step(m)),
            _ => None,
        };
        if let Some(follow) = follow {
            let then = arm(self, yes, Some(follow));
            let otherwise = arm(self, no, Some(follow));
            let falls = falls(&then) || falls(&otherwise);
            choice(condition, then, otherwise, out);
            return falls.then_some(follow);
        }
        // One way is taken in a block, the other goes on behind it: mostly the next line.
        let nested = self.nests(yes, at) && !deep;
        let goes_on = self.nests(no, at) || nested || matches!(no, Link::Step(_));
        let (inside, behind, when) = match goes_on || !self.nests(yes, at) {
            true => (yes, no, true),
            false => (no, yes, false),
        };
        if block.follow.is_some() && behind == block.follow.unwrap_or(behind)
            || inside_follows(block, inside)
        {
            // One way ends the block.
            let then = arm(self, yes, block.follow);
            let otherwise = arm(self, no, block.follow);
            choice(condition, then, otherwise, out);
            return None;
        }
        let written = arm(self, inside, None);
        let (then, otherwise) = match when {
            true => (written, Vec::new()),
            false => (Vec::new(), written),
        };
        if falls(&then) && when || falls(&otherwise) && !when {
            // Cannot be: without a follow every way jumps.
            choice(condition, then, otherwise, out);
            return Some(behind);
        }
        choice(condition, then, otherwise, out);
        Some(behind)
    }
}

fn inside_follows(block: &Block, inside: Link) -> bool {
    block.follow == Some(inside)
}

/// Writes an `if`; the empty side goes away.
fn choice(condition: &Condition, then: Vec<Shape>, otherwise: Vec<Shape>, out: &mut Vec<Shape>) {
    let (when, then, otherwise) = match then.is_empty() {
        true => (false, otherwise, then),
        false => (true, then, otherwise),
    };
    out.push(Shape::If {
        condition: condition.clone(),
        when,
        then,
        otherwise,
    });
}

/// Whether a call goes on behind a block.
pub(super) fn falls(block: &[Shape]) -> bool {
    match block.last() {
        None => true,
        Some(
            Shape::Step(_, true)
            | Shape::Goto(_)
            | Shape::Leave(_)
            | Shape::End
            | Shape::Break
            | Shape::Continue,
        ) => false,
        Some(Shape::If {
            then, otherwise, ..
        }) => falls(then) || falls(otherwise),
        Some(Shape::Step(..) | Shape::Mark(_) | Shape::While { .. }) => true,
    }
}
