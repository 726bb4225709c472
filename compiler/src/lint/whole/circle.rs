//! Circles: calls that go round without end, and calls that make calls of the same kind.

use std::collections::BTreeSet;

use strowger_stdlib::table::{QuickMap, QuickSet};

use strowger_stdlib::template::{HoleKind, Template, What, split_body};

use super::{Whole, bare};
use crate::diagnostic::{Diagnostic, Label};
use crate::flow::{Node, Why};
use crate::hir::{Matches, Step};
use crate::jump::{self, Kind, Part, Shape};
use crate::pattern::Element;

/// Rounds in which calls that make calls are told from those that do not.
const ROUNDS: usize = 8;
/// Circles of calls that are told.
const TOLD: usize = 32;
/// Further jumps of one pattern that are named.
const PLACES: usize = 16;

pub(crate) fn check(whole: &Whole<'_>, out: &mut Vec<Diagnostic>) {
    let into_itself = through_catch_all(whole, out);
    circles(whole, &into_itself, out);
    amplification(whole, out);
}

/// F329: a jump to a name that only the catch-all matches which holds the jump. The nodes of these jumps.
fn through_catch_all(whole: &Whole<'_>, out: &mut Vec<Diagnostic>) -> QuickSet<Node> {
    let flow = whole.flow;
    let mut told = QuickSet::default();
    let mut first: QuickMap<(usize, usize), usize> = QuickMap::default();
    if whole.fragment {
        return told;
    }
    for node in 0..flow.steps() {
        let (Some((c, e, _)), Some((_, extension)), Some(step)) =
            (flow.place(node), flow.home(node), flow.step(node))
        else {
            continue;
        };
        let Matches::Pattern(pattern) = &extension.matches else {
            continue;
        };
        if !matches!(
            pattern.matching().last(),
            Some(Element::Dot | Element::Bang)
        ) {
            continue;
        }
        for target in jump::targets(step) {
            let Part::Text(name) = &target.exten else {
                continue;
            };
            if target.kind != Kind::Goto || !pattern.matches(name.bytes()) {
                continue;
            }
            // Everything that the jump may mean lies in this very entry and leads back to the jump.
            let why = match target.branch {
                Some(true) => Why::Then,
                Some(false) => Why::Else,
                None => Why::Goto,
            };
            let mut to = flow.edges(node).iter().filter(|e| e.why == why).peekable();
            let own = to.peek().is_some()
                && to.all(|edge| flow.place(edge.to).is_some_and(|p| (p.0, p.1) == (c, e)));
            let back = || {
                let starts = flow
                    .edges(node)
                    .iter()
                    .filter(|e| e.why == why)
                    .map(|e| e.to);
                flow.reached(starts, Why::goes_on).has(node)
            };
            if !own || !whole.world.afford(flow.len()) || !back() {
                continue;
            }
            told.insert(node);
            let shown = name.lossy().into_owned();
            // Of one pattern it is told once.
            if let Some(index) = first.get(&(c, e)) {
                let found: &mut Diagnostic = &mut out[*index];
                if found.secondary.len() < PLACES {
                    found.secondary.push(Label {
                        span: name.span(),
                        text: format!("`{shown}` neither"),
                    });
                }
                continue;
            }
            first.insert((c, e), out.len());
            out.push(
                Diagnostic::new(
                    "F329",
                    format!("`{shown}` is no extension of its own: this jump comes back to itself"),
                    name.span(),
                )
                .label(format!(
                    "matched only by `{}`, which holds the jump",
                    String::from_utf8_lossy(&extension.name)
                ))
                .also(
                    extension.span,
                    "the call goes round here until the caller hangs up",
                )
                .help("name a context before it, or make the extension"),
            );
        }
    }
    told
}

/// Applications that take no time and never end a call.
fn instant(app: &str) -> bool {
    matches!(
        app,
        "noop"
            | "set"
            | "mset"
            | "goto"
            | "gotoif"
            | "gotoiftime"
            | "verbose"
            | "log"
            | "dumpchan"
            | "while"
            | "endwhile"
            | "continuewhile"
            | "exitwhile"
            | "if"
            | "elseif"
            | "else"
            | "endif"
            | "exitif"
    )
}

/// F310 and F312: loops that nothing ends.
fn circles(whole: &Whole<'_>, but: &QuickSet<Node>, out: &mut Vec<Diagnostic>) {
    let flow = whole.flow;
    if !flow.whole {
        return;
    }
    let limited = (0..flow.steps())
        .filter(|n| flow.app(*n) == "set")
        .filter_map(|n| flow.step(n))
        .any(|s| {
            let args = s.args.bytes().to_ascii_lowercase();
            args.starts_with(b"timeout(absolute)")
        });
    let found = flow.components(Why::goes_on);
    for members in &found.members {
        if !flow.is_circle(members, Why::goes_on) || members.iter().any(|n| but.contains(n)) {
            continue;
        }
        let Some(circle) = Circle::read(whole, members) else {
            continue;
        };
        if circle.exits.is_empty() {
            if circle.instant && !limited {
                endless(whole, members, out);
            }
        } else {
            unchanged(whole, members, &circle, out);
        }
    }
}

/// What matters of a circle.
struct Circle<'a> {
    /// Steps by whose condition a call leaves it.
    exits: Vec<(Node, &'a Step)>,
    /// Nothing in it takes time.
    instant: bool,
    /// Something in it may change any variable.
    obscure: bool,
}

impl<'a> Circle<'a> {
    /// None: a call may leave it in a way that is no condition.
    fn read(whole: &Whole<'a>, members: &[Node]) -> Option<Circle<'a>> {
        let flow = whole.flow;
        let inside: QuickSet<Node> = members.iter().copied().collect();
        let mut circle = Circle {
            exits: Vec::new(),
            instant: true,
            obscure: false,
        };
        for node in members {
            let step = flow.step(*node)?;
            if flow.opaque(*node) {
                return None;
            }
            for call in step.calls() {
                circle.instant &= instant(call.app.as_str());
                circle.obscure |=
                    !instant(call.app.as_str()) && !leaves_variables(call.app.as_str());
                if call.sometimes()
                    && matches!(
                        call.app.as_str(),
                        "hangup"
                            | "return"
                            | "macroexit"
                            | "busy"
                            | "congestion"
                            | "raiseexception"
                    )
                    || strowger_stdlib::template::has_hole(&call.app)
                {
                    return None;
                }
            }
            let out = flow
                .edges(*node)
                .iter()
                .any(|e| e.why.goes_on() && !inside.contains(&e.to));
            if out || flow.falls_off(*node) {
                circle.exits.push((*node, step));
            }
        }
        Some(circle)
    }
}

/// Applications that set no variable which a loop counts with.
fn leaves_variables(app: &str) -> bool {
    matches!(
        app,
        "playback"
            | "wait"
            | "background"
            | "waitexten"
            | "playtones"
            | "stopplaytones"
            | "ringing"
            | "progress"
            | "answer"
            | "musiconhold"
            | "saydigits"
            | "saynumber"
            | "sayalpha"
            | "dial"
            | "queue"
            | "voicemail"
            | "festival"
            | "flite"
    )
}

/// F310.
fn endless(whole: &Whole<'_>, members: &[Node], out: &mut Vec<Diagnostic>) {
    let flow = whole.flow;
    // The step that goes back.
    let back = members
        .iter()
        .rev()
        .find(|n| {
            flow.edges(**n)
                .iter()
                .any(|e| e.why != Why::Next && e.why.goes_on() && members.contains(&e.to))
        })
        .or(members.last());
    let Some((node, step)) = back.and_then(|n| Some((*n, flow.step(*n)?))) else {
        return;
    };
    let mut found = Diagnostic::new("F310", "this loop never ends", step.span).label(
        "goes back, and nothing in between waits, counts or leaves: the call hangs here at full speed",
    );
    let to = flow
        .edges(node)
        .iter()
        .filter(|e| e.why != Why::Next && e.why.goes_on())
        .find(|e| members.contains(&e.to) && e.to != node);
    if let Some(first) = to.and_then(|e| flow.step(e.to)) {
        found = found.also(first.span, "to here");
    }
    out.push(found);
}

/// Variables that the condition of a step reads; None: something else decides too, or there is no condition.
fn condition(step: &Step) -> Option<(BTreeSet<Vec<u8>>, bool)> {
    let app = &*step.own().app;
    let args = step.args.bytes();
    let end = match app {
        b"gotoif" => Shape::read(args).find(args, b'?', 0)?,
        b"while" => args.len(),
        _ => return None,
    };
    let mut names = BTreeSet::new();
    let template = Template::read(&args[..end]);
    let numeric = args[..end].iter().any(|b| matches!(b, b'<' | b'>'));
    for hole in template.holes() {
        let inner = match hole.kind {
            HoleKind::Expression => hole.body.holes(),
            HoleKind::Variable => vec![hole],
        };
        for hole in inner {
            let body = split_body(hole.body.as_plain()?);
            match body.what {
                What::Variable(name) if hole.kind == HoleKind::Variable => names.insert(name),
                _ => return None,
            };
        }
    }
    // `$[LEN(x)]` calls a function without `${`.
    let calls = args[..end]
        .windows(2)
        .any(|w| w[0].is_ascii_uppercase() && w[1] == b'(');
    (!calls && !names.is_empty()).then_some((names, numeric))
}

/// F312: the conditions that end the loop ask for variables that nothing in it changes.
fn unchanged(whole: &Whole<'_>, members: &[Node], circle: &Circle<'_>, out: &mut Vec<Diagnostic>) {
    let flow = whole.flow;
    if circle.obscure {
        return;
    }
    let mut asked = BTreeSet::new();
    let mut counted = false;
    for (_, step) in &circle.exits {
        let Some((names, numeric)) = condition(step) else {
            return;
        };
        counted |= numeric;
        asked.extend(names);
    }
    let numbers = |name: &[u8]| whole.counters.contains(name);
    if !counted || !asked.iter().all(|n| numbers(n)) {
        return;
    }
    for step in members.iter().filter_map(|n| flow.step(*n)) {
        for call in step.calls() {
            for (name, _) in call.assigned(whole.world.dialect) {
                let name = bare(name.bytes());
                if asked.contains(name) || strowger_stdlib::template::has_hole(name) {
                    return;
                }
            }
        }
    }
    let Some((_, step)) = circle.exits.first() else {
        return;
    };
    let shown = asked
        .iter()
        .map(|n| format!("`{}`", String::from_utf8_lossy(n)))
        .collect::<Vec<_>>()
        .join(", ");
    let back = members.iter().rev().filter_map(|n| flow.step(*n)).next();
    let mut found = Diagnostic::new(
        "F312",
        format!("nothing in this loop changes {shown}"),
        step.span,
    )
    .label("the loop ends at once or never");
    if let Some(back) = back.filter(|b| b.span != step.span) {
        found = found.also(back.span, "the last step of the loop");
    }
    out.push(found);
}

/// X818: a call that dials `Local/`, and comes to the same Dial again whatever happens.
fn amplification(whole: &Whole<'_>, out: &mut Vec<Diagnostic>) {
    let flow = whole.flow;
    let mut dials: Vec<Node> = (0..flow.steps())
        .filter(|n| flow.edges(*n).iter().any(|e| e.why == Why::Local))
        .collect();
    if dials.is_empty() {
        return;
    }
    let found = flow.components(|w| w.goes_on() || w == Why::Local);
    dials.retain(|n| {
        flow.edges(*n)
            .iter()
            .any(|e| e.why == Why::Local && found.of[e.to] == found.of[*n])
    });
    // What stays when all are taken away that may end elsewhere.
    for _ in 0..ROUNDS {
        if dials.is_empty() || !whole.world.afford(flow.len()) {
            return;
        }
        let mut goals = flow.marks();
        dials.iter().for_each(|n| goals.set(*n));
        let sure = flow.inevitable(&goals, Why::goes_on);
        let before = dials.len();
        dials.retain(|n| {
            let mut to = flow.edges(*n).iter().filter(|e| e.why == Why::Local);
            // Of several entries that may be meant each must come back.
            to.all(|e| sure.has(e.to)) && !flow.opaque(*n)
        });
        if dials.len() == before {
            break;
        }
    }
    let mut told = QuickSet::default();
    for node in dials.into_iter().take(TOLD) {
        if !told.insert(found.of[node]) {
            continue;
        }
        let Some(step) = flow.step(node) else {
            continue;
        };
        let mut finding = Diagnostic::new(
            "X818",
            "this call dials itself again and again",
            step.span,
        )
        .label(
            "each call makes a new one, and each of those another, until the server has no room",
        );
        let to = flow.edges(node).iter().find(|e| e.why == Why::Local);
        if let Some(to) = to.and_then(|e| flow.step(e.to)) {
            finding = finding.also(to.span, "what it dials begins here and comes back");
        }
        out.push(finding);
    }
}
