//! The steps of one extension while they are written: jumps lead to marks, which become labels at the end.

use std::collections::{HashMap, HashSet};

use super::formula::Formula;
use crate::dial::typed::Place;

/// A place in the steps, by its number in [`Steps::stems`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Mark(usize);

/// What a step does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum What {
    /// An application with its arguments. `ends`: nothing follows it.
    Run {
        app: String,
        args: String,
        ends: bool,
    },
    /// To a mark.
    Jump(Mark),
    /// To a mark if the condition is so.
    Branch {
        condition: Condition,
        when: bool,
        to: Mark,
    },
}

/// What a branch asks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Condition {
    Formula(Formula),
    /// A time, as a timed include writes it.
    Time(String),
}

#[derive(Clone, Debug)]
struct Line {
    marks: Vec<Mark>,
    /// A label of the program.
    label: Option<String>,
    what: What,
    written: Written,
    place: Place,
}

/// A finished step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Finished {
    pub(super) label: Option<String>,
    pub(super) app: String,
    pub(super) args: String,
    pub(super) written: Written,
    pub(super) place: Place,
}

/// Which bytes of the arguments of a step were written where: from, to and the place.
pub(super) type Written = Vec<(u32, u32, Place)>;

/// Steps in the making.
#[derive(Debug)]
pub(super) struct Steps {
    /// What each mark is for: `loop`, `else`.
    stems: Vec<&'static str>,
    lines: Vec<Line>,
    /// Marks and labels that wait for the next step.
    waiting: Vec<Mark>,
    label: Option<String>,
    /// Where the arguments of the next step were written.
    written: Written,
    /// Marks to which some step jumps.
    used: HashSet<Mark>,
    /// Whether the next step can be reached.
    reachable: bool,
    /// No more than so many lines.
    most: usize,
    full: bool,
}

impl Steps {
    pub(super) fn new(most: usize) -> Steps {
        Steps {
            stems: Vec::new(),
            lines: Vec::new(),
            waiting: Vec::new(),
            label: None,
            written: Vec::new(),
            used: HashSet::new(),
            reachable: true,
            most,
            full: false,
        }
    }

    pub(super) fn mark(&mut self, stem: &'static str) -> Mark {
        self.stems.push(stem);
        Mark(self.stems.len() - 1)
    }

    pub(super) fn is_reachable(&self) -> bool {
        self.reachable
    }

    /// No more lines.
    pub(super) fn fill(&mut self) {
        self.full = true;
    }

    /// Whether there were more lines than there may be.
    pub(super) fn is_full(&self) -> bool {
        self.full
    }

    /// How many lines there are.
    pub(super) fn count(&self) -> usize {
        self.lines.len()
    }

    /// The last line, if the next one follows it and nothing else leads there.
    pub(super) fn last_app(&self) -> Option<&str> {
        let free = self.waiting.iter().all(|m| !self.used.contains(m)) && self.label.is_none();
        match &self.lines.last()?.what {
            What::Run { app, .. } if free => Some(app),
            _ => None,
        }
    }

    fn push(&mut self, what: What, place: Place) {
        if !self.reachable || self.full {
            self.written.clear();
            return;
        }
        if self.lines.len() >= self.most {
            self.full = true;
            return;
        }
        let marks = std::mem::take(&mut self.waiting);
        let label = self.label.take();
        self.lines.push(Line {
            marks,
            label,
            what,
            written: std::mem::take(&mut self.written),
            place,
        });
    }

    /// Where the arguments of the next step were written.
    pub(super) fn wrote(&mut self, written: Written) {
        self.written = written;
    }

    pub(super) fn run(&mut self, app: &str, args: String, place: Place) {
        let (app, ends) = (app.to_owned(), false);
        self.push(What::Run { app, args, ends }, place);
    }

    /// An application behind which nothing happens.
    pub(super) fn end(&mut self, app: &str, args: String, place: Place) {
        let (app, ends) = (app.to_owned(), true);
        self.push(What::Run { app, args, ends }, place);
        self.reachable = false;
    }

    pub(super) fn jump(&mut self, to: Mark, place: Place) {
        if self.reachable {
            self.used.insert(to);
        }
        self.push(What::Jump(to), place);
        self.reachable = false;
    }

    pub(super) fn branch(&mut self, condition: Condition, when: bool, to: Mark, place: Place) {
        if self.reachable {
            self.used.insert(to);
        }
        self.push(
            What::Branch {
                condition,
                when,
                to,
            },
            place,
        );
    }

    /// The next step is the place of this mark.
    pub(super) fn bind(&mut self, mark: Mark) {
        self.waiting.push(mark);
        self.reachable |= self.used.contains(&mark);
    }

    /// A jump to the mark comes later, if the mark is reached.
    pub(super) fn expect(&mut self, mark: Mark) {
        if self.reachable {
            self.used.insert(mark);
        }
    }

    /// Whether a jump leads to the mark.
    pub(super) fn is_used(&self, mark: Mark) -> bool {
        self.used.contains(&mark)
    }

    /// The next step carries this label of the program; others may jump there.
    pub(super) fn label(&mut self, label: &str, mark: Mark, place: Place) {
        self.reachable = true;
        if self.label.is_some() {
            // One step carries one label.
            self.run("NoOp", String::new(), place);
        }
        self.used.insert(mark);
        self.waiting.push(mark);
        self.label = Some(label.to_owned());
    }

    /// A label of the program stands before the next step that stood before another one already: a `for` writes its body again.
    pub(super) fn label_again(&mut self, mark: Mark) {
        self.reachable = true;
        self.used.insert(mark);
        self.waiting.push(mark);
    }

    /// Whether the next step must exist: somebody jumps there, or it has a label.
    pub(super) fn is_awaited(&self) -> bool {
        self.label.is_some() || self.waiting.iter().any(|m| self.used.contains(m))
    }

    /// The steps with their labels; `place` is where a step stands that only carries a label.
    pub(super) fn finish(mut self, place: Place) -> Vec<Finished> {
        if self.is_awaited() || self.lines.is_empty() {
            self.reachable = true;
            self.run("NoOp", String::new(), place);
        }
        for _ in 0..ROUNDS {
            if !self.simplify() {
                break;
            }
        }
        self.name()
    }

    fn places(&self) -> HashMap<Mark, usize> {
        let lines = self.lines.iter().enumerate();
        lines
            .flat_map(|(i, l)| l.marks.iter().map(move |m| (*m, i)))
            .collect()
    }

    /// Where a jump to a line ends: jumps are followed.
    fn settle(&self, places: &HashMap<Mark, usize>, mark: Mark) -> Mark {
        let mut mark = mark;
        // A ring of jumps ends here.
        for _ in 0..FOLLOWED {
            match places.get(&mark).map(|i| &self.lines[*i].what) {
                Some(What::Jump(next)) if *next != mark => mark = *next,
                _ => break,
            }
        }
        mark
    }

    /// One round: shorter jumps, no jump to the next line, nothing that cannot be reached. Whether something changed.
    fn simplify(&mut self) -> bool {
        let places = self.places();
        let jumped = self.jumped();
        let mut changed = false;
        let mut dropped = vec![false; self.lines.len()];
        for i in 0..self.lines.len() {
            let next = i + 1;
            let leads = |m: &Mark| places.get(m).copied();
            match self.lines[i].what.clone() {
                What::Jump(to) => {
                    let settled = self.settle(&places, to);
                    let end = leads(&settled).and_then(|at| self.ending(at));
                    if leads(&settled) == Some(next) {
                        dropped[i] = true;
                    } else if let Some(end) = end {
                        // The end itself is as short as the way there.
                        self.lines[i].what = end;
                        changed = true;
                    } else if settled != to {
                        self.lines[i].what = What::Jump(settled);
                        changed = true;
                    }
                }
                What::Branch {
                    condition,
                    when,
                    to,
                } => {
                    let mut now = (when, self.settle(&places, to));
                    // Over a jump: the jump's way is taken by the branch.
                    if let Some(over) = self.lines.get(next)
                        && let What::Jump(away) = &over.what
                        && over.label.is_none()
                        && leads(&now.1) == Some(next + 1)
                        && leads(away).is_some()
                        && !dropped[i]
                    {
                        let free = over.marks.iter().all(|m| !jumped.contains(m));
                        if free {
                            now = (!when, *away);
                            dropped[next] = true;
                        }
                    }
                    if leads(&now.1) == Some(next) {
                        dropped[i] = true;
                    } else if now != (when, to) {
                        self.lines[i].what = What::Branch {
                            condition,
                            when: now.0,
                            to: now.1,
                        };
                        changed = true;
                    }
                }
                What::Run { .. } => {}
            }
        }
        self.drop_lines(&dropped) | self.drop_unreachable() | changed
    }

    /// A step that ends the call or the subroutine and may stand anywhere.
    fn ending(&self, at: usize) -> Option<What> {
        match &self.lines.get(at)?.what {
            What::Run {
                app,
                args,
                ends: true,
            } if matches!(app.as_str(), "Hangup" | "Return") && args.len() <= SHORT => {
                Some(self.lines[at].what.clone())
            }
            _ => None,
        }
    }

    /// Marks to which some line jumps.
    fn jumped(&self) -> HashSet<Mark> {
        let targets = self.lines.iter().filter_map(|l| match &l.what {
            What::Jump(to) | What::Branch { to, .. } => Some(*to),
            What::Run { .. } => None,
        });
        targets.collect()
    }

    /// Takes lines out; their marks go to the line behind. A line with a label stays, and so does the last one.
    fn drop_lines(&mut self, dropped: &[bool]) -> bool {
        let mut marks = Vec::new();
        let mut label = None;
        let mut kept = Vec::with_capacity(self.lines.len());
        let mut changed = false;
        for (line, drop) in std::mem::take(&mut self.lines).into_iter().zip(dropped) {
            let mut line = line;
            marks.append(&mut line.marks);
            let blocked = line.label.is_some() && label.is_some();
            if *drop && !blocked {
                changed = true;
                label = label.or(line.label);
                continue;
            }
            if let Some(waiting) = label.take() {
                if line.label.is_some() {
                    let place = line.place;
                    kept.push(no_op(std::mem::take(&mut marks), Some(waiting), place));
                } else {
                    line.label = Some(waiting);
                }
            }
            line.marks = std::mem::take(&mut marks);
            kept.push(line);
        }
        if let Some(last) = kept.last_mut() {
            // Nothing leads behind the last line: what was dropped there led nowhere else.
            last.marks.append(&mut marks);
        }
        self.lines = kept;
        changed
    }

    fn drop_unreachable(&mut self) -> bool {
        let places = self.places();
        let mut reached = vec![false; self.lines.len()];
        let mut open: Vec<usize> = vec![0];
        open.extend((0..self.lines.len()).filter(|i| self.lines[*i].label.is_some()));
        while let Some(i) = open.pop() {
            let Some(line) = self.lines.get(i) else {
                continue;
            };
            if std::mem::replace(&mut reached[i], true) {
                continue;
            }
            match &line.what {
                What::Run { ends: true, .. } => {}
                What::Run { .. } => open.push(i + 1),
                What::Jump(to) => open.extend(places.get(to)),
                What::Branch { to, .. } => {
                    open.push(i + 1);
                    open.extend(places.get(to));
                }
            }
        }
        let before = self.lines.len();
        let mut keep = reached.iter();
        self.lines.retain(|_| keep.next().is_some_and(|r| *r));
        self.lines.len() != before
    }

    /// Gives labels to the lines that somebody jumps to, and writes the jumps.
    fn name(self) -> Vec<Finished> {
        let places = self.places();
        let mut taken: HashSet<String> =
            self.lines.iter().filter_map(|l| l.label.clone()).collect();
        let mut targets = vec![None; self.lines.len()];
        for line in &self.lines {
            if let What::Jump(to) | What::Branch { to, .. } = &line.what
                && let Some(at) = places.get(to)
            {
                targets[*at] = targets[*at].or(Some(*to));
            }
        }
        let mut counts: HashMap<&'static str, usize> = HashMap::new();
        let labels: Vec<Option<String>> = self
            .lines
            .iter()
            .zip(&targets)
            .map(|(line, target)| {
                let Mark(mark) = match (&line.label, target) {
                    (Some(label), _) => return Some(label.clone()),
                    (None, None) => return None,
                    (None, Some(mark)) => *mark,
                };
                let stem = self.stems[mark];
                let count = counts.entry(stem).or_default();
                loop {
                    *count += 1;
                    let label = format!("{stem}_{count}");
                    if taken.insert(label.clone()) {
                        return Some(label);
                    }
                }
            })
            .collect();
        let label_of = |mark: &Mark| -> &str {
            let at = places.get(mark).and_then(|i| labels[*i].as_deref());
            // Every mark that a line jumps to stands before a line.
            at.unwrap_or_default()
        };
        let lines = self.lines.iter().zip(&labels);
        lines
            .map(|(line, label)| {
                let (app, args) = match &line.what {
                    What::Run { app, args, .. } => (app.clone(), args.clone()),
                    What::Jump(to) => ("Goto".to_owned(), label_of(to).to_owned()),
                    What::Branch {
                        condition,
                        when,
                        to,
                    } => condition.jump(*when, label_of(to)),
                };
                Finished {
                    label: label.clone(),
                    app,
                    args,
                    written: line.written.clone(),
                    place: line.place,
                }
            })
            .collect()
    }
}

/// Bytes of the arguments of an end that is written several times.
const SHORT: usize = 40;

/// Rounds of making steps simpler; what is not simple then stays.
const ROUNDS: usize = 200;

/// Jumps that follow each other before one is taken as it is.
const FOLLOWED: usize = 64;

fn no_op(marks: Vec<Mark>, label: Option<String>, place: Place) -> Line {
    Line {
        marks,
        label,
        what: What::Run {
            app: "NoOp".to_owned(),
            args: String::new(),
            ends: false,
        },
        written: Vec::new(),
        place,
    }
}

impl Condition {
    /// The step that jumps to a label if the condition is so.
    fn jump(&self, when: bool, label: &str) -> (String, String) {
        match self {
            Condition::Time(times) => {
                let colon = if when { "" } else { ":" };
                ("GotoIfTime".to_owned(), format!("{times}?{colon}{label}"))
            }
            Condition::Formula(formula) => {
                let args = match (when, &formula.opposite) {
                    (true, _) => format!("{}?{label}", formula.whole()),
                    (false, Some(_)) => format!("{}?{label}", formula.opposed().whole()),
                    (false, None) => format!("{}?:{label}", formula.whole()),
                };
                ("GotoIf".to_owned(), args)
            }
        }
    }
}
