//! Which step a call may run after which: a graph over all steps of a plan, for the checks that follow calls. Built only when they are
//! asked for.
//!
//! The edges are all that may happen, whatever the caller, the time and the variables are; a step whose target only the running call
//! knows is [`Flow::opaque`]. A step of an included context belongs to every context from which a call may come to it.

mod find;
mod reach;
mod read;

use strowger_stdlib::table::QuickMap;

use crate::hir::{Context, Extension, Hir, Step};
use crate::resolve::Index;
use crate::values::Values;

pub(crate) use find::statuses;
pub(crate) use reach::Marks;
pub(crate) use read::dialable;

/// A step by its number, or one of the two nodes that each context has behind them: [`Flow::enter`], and the one to which
/// [`Why::Inside`] leads.
pub(crate) type Node = usize;

/// How a call gets from one node to another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Why {
    /// By the next priority.
    Next,
    /// By a jump.
    Goto,
    /// By a condition that holds.
    Then,
    /// By a condition that does not hold.
    Else,
    /// `While`, `If`: the condition does not hold. Also out of a loop and over other branches.
    Skip,
    /// Back to the head of a loop.
    Back,
    /// Into a subroutine or macro, which comes back.
    Call,
    /// A subroutine that another application runs: Dial's options, a hangup handler.
    Handler,
    /// After an application has ended: Dial's options G and F.
    After,
    /// Digits are dialled in a menu.
    Digit,
    /// Nothing was pressed.
    Timeout,
    /// What was dialled, or jumped to, does not exist.
    Invalid,
    /// 0 or * in a mailbox.
    Operator,
    /// `e`, by RaiseException or an error.
    Exception,
    /// Another call begins there: `Local/`.
    Local,
    /// Another call begins there: Originate.
    Originate,
    /// A party of the call is sent there by another party.
    Transfer,
    /// From a step to what the exchange itself runs while a call is in its context.
    Inside,
    /// `h`, when the call ends.
    Hangup,
    /// From [`Flow::enter`] to a first step that digits may choose.
    Dialled,
    /// From [`Flow::enter`] to a first step that only a name chooses.
    Named,
    /// From [`Flow::enter`] of a context to that of an included one.
    Include,
}

impl Why {
    /// Whether the same channel goes on in the same frame.
    pub(crate) fn goes_on(self) -> bool {
        use Why::{Back, Else, Goto, Next, Skip, Then};
        matches!(self, Next | Goto | Then | Else | Skip | Back)
    }

    /// Whether the same channel goes on in the same frame, or waits for a digit there.
    pub(crate) fn stays(self) -> bool {
        use Why::{After, Dialled, Digit, Exception, Include, Invalid, Operator, Timeout};
        self.goes_on()
            || matches!(
                self,
                After | Digit | Timeout | Invalid | Operator | Exception | Dialled | Include
            )
    }
}

/// A way from one node to another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Edge {
    pub(crate) to: Node,
    pub(crate) why: Why,
}

/// The graph.
pub(crate) struct Flow<'a> {
    index: &'a Index<'a>,
    /// The first node of each extension, by context.
    bases: Vec<Vec<Node>>,
    /// Context, extension and step of each step's node.
    places: Vec<(u32, u32, u32)>,
    /// Where the edges of each node begin.
    starts: Vec<usize>,
    edges: Vec<Edge>,
    /// The application of each step, by its number in `names`.
    apps: Vec<u32>,
    names: Vec<String>,
    opaque: Vec<bool>,
    ends: Vec<bool>,
    /// A loop or branch leads behind the end of the extension.
    drops: Vec<bool>,
    returns: Vec<bool>,
    /// Contexts in which calls stand that run the lines of a context.
    standing: Vec<Vec<usize>>,
    /// Contexts that calls enter from outside.
    entries: Vec<usize>,
    /// Whether device files name the entries. Else: all contexts that nothing leads to.
    configured: bool,
    /// Whether every edge was found: not where the work of it would have been too much.
    pub(crate) whole: bool,
    /// Somewhere a variable decides in which context a call goes on.
    pub(crate) wild: bool,
    backward: std::cell::OnceCell<(Vec<usize>, Vec<Edge>)>,
}

impl<'a> Flow<'a> {
    /// The graph of a plan. `named`: contexts that device files and the configuration name.
    pub(crate) fn of(index: &'a Index<'a>, values: &Values<'a>, named: &[Vec<u8>]) -> Flow<'a> {
        let mut flow = read::read(index, values);
        flow.entries = named.iter().filter_map(|n| index.number(n)).collect();
        flow.configured = !flow.entries.is_empty();
        if !flow.configured {
            flow.entries = flow.not_led_to();
        }
        flow.entries.sort_unstable();
        flow.entries.dedup();
        flow
    }

    /// Contexts that no include and no step of another context leads to; of contexts that lead to each other in a circle all, if
    /// nothing else leads to them.
    fn not_led_to(&self) -> Vec<usize> {
        let steps = self.places.len();
        let contexts = self.bases.len();
        // One node for each context.
        let mut leads: Vec<(usize, usize)> = Vec::new();
        for node in 0..steps + contexts {
            let own = match self.places.get(node) {
                Some(place) => place.0 as usize,
                None => node - steps,
            };
            for edge in self.edges(node) {
                let to = match self.places.get(edge.to) {
                    Some(place) => place.0 as usize,
                    None if edge.to < steps + contexts => edge.to - steps,
                    None => continue,
                };
                // A menu in an included context is a menu of the one that includes it, and shows no way into it.
                let back = matches!(edge.why, Why::Digit | Why::Transfer)
                    && self.standing[own].contains(&to);
                if to != own && !back {
                    leads.push((own, to));
                }
            }
        }
        leads.sort_unstable();
        leads.dedup();
        let mut starts = vec![0; contexts + 1];
        for (from, _) in &leads {
            starts[from + 1] += 1;
        }
        for c in 0..contexts {
            starts[c + 1] += starts[c];
        }
        let found = reach::components(contexts, |c, visit| {
            leads[starts[c]..starts[c + 1]]
                .iter()
                .for_each(|(_, to)| visit(*to));
        });
        let mut led = vec![false; found.members.len()];
        for (from, to) in &leads {
            if found.of[*from] != found.of[*to] {
                led[found.of[*to]] = true;
            }
        }
        (0..contexts).filter(|c| !led[found.of[*c]]).collect()
    }

    pub(crate) fn hir(&self) -> &'a Hir {
        self.index.hir()
    }

    /// How many nodes are steps; they come first.
    pub(crate) fn steps(&self) -> usize {
        self.places.len()
    }

    /// How many nodes there are.
    pub(crate) fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// Where a call that dials in a context begins.
    pub(crate) fn enter(&self, context: usize) -> Node {
        self.places.len() + context
    }

    /// The context of which a node is [`Flow::enter`].
    pub(crate) fn entered(&self, node: Node) -> Option<usize> {
        let c = node.checked_sub(self.places.len())?;
        (c < self.bases.len()).then_some(c)
    }

    /// The node of a step by indices.
    pub(crate) fn node(&self, context: usize, extension: usize, step: usize) -> Node {
        self.bases[context][extension] + step
    }

    /// Context, extension and step of a node by indices. None: it is no step.
    pub(crate) fn place(&self, node: Node) -> Option<(usize, usize, usize)> {
        self.places
            .get(node)
            .map(|(c, e, s)| (*c as usize, *e as usize, *s as usize))
    }

    /// The step of a node.
    pub(crate) fn step(&self, node: Node) -> Option<&'a Step> {
        let (_, extension) = self.home(node)?;
        extension.steps.get(self.place(node)?.2)
    }

    /// The context and extension that hold a step.
    pub(crate) fn home(&self, node: Node) -> Option<(&'a Context, &'a Extension)> {
        let (c, e, _) = self.place(node)?;
        let context = &self.hir().contexts[c];
        Some((context, &context.extensions[e]))
    }

    /// The application of a step in small letters; empty for other nodes.
    pub(crate) fn app(&self, node: Node) -> &str {
        self.apps
            .get(node)
            .map_or("", |n| self.names[*n as usize].as_str())
    }

    /// What a node leads to.
    pub(crate) fn edges(&self, node: Node) -> &[Edge] {
        &self.edges[self.starts[node]..self.starts[node + 1]]
    }

    /// Whether a step may also lead somewhere that is not known here: by a variable, or to what is not in the plan.
    pub(crate) fn opaque(&self, node: Node) -> bool {
        self.opaque.get(node).copied().unwrap_or(false)
    }

    /// Whether a step never goes on to the next: it hangs up, jumps or returns whenever it runs.
    pub(crate) fn ends(&self, node: Node) -> bool {
        self.ends.get(node).copied().unwrap_or(false)
    }

    /// Whether a step may return from a subroutine.
    pub(crate) fn returns(&self, node: Node) -> bool {
        self.returns.get(node).copied().unwrap_or(false)
    }

    /// Whether a call may fall off the end behind a step: it goes on, and there is no next.
    pub(crate) fn falls_off(&self, node: Node) -> bool {
        node < self.places.len()
            && (self.drops[node]
                || !self.ends(node) && !self.edges(node).iter().any(|e| e.why == Why::Next))
    }

    /// Contexts in which calls stand that run the lines of a context: itself and those that include it.
    pub(crate) fn standing(&self, context: usize) -> &[usize] {
        &self.standing[context]
    }

    /// Contexts that calls enter from outside.
    pub(crate) fn entries(&self) -> &[usize] {
        &self.entries
    }

    /// Whether device files or the configuration name the entries.
    pub(crate) fn configured(&self) -> bool {
        self.configured
    }
}

/// What is gathered while a graph is built.
struct Draft<'b, 'a> {
    index: &'a Index<'a>,
    values: &'b Values<'a>,
    find: find::Finder<'a>,
    places: Vec<(u32, u32, u32)>,
    edges: Vec<(Node, Edge)>,
    apps: Vec<u32>,
    names: Vec<String>,
    numbers: QuickMap<String, u32>,
    opaque: Vec<bool>,
    ends: Vec<bool>,
    drops: Vec<bool>,
    returns: Vec<bool>,
    wild: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Options, Sources, compile};

    /// A plan, and what its graph says of it.
    fn with<T>(plan: &str, ask: impl FnOnce(&Flow<'_>) -> T) -> T {
        let hir = compile(&Sources::plan(plan), &Options::default()).hir;
        let index = Index::new(&hir);
        ask(&Flow::of(&index, &Values::new(&hir), &[]))
    }

    fn name(flow: &Flow<'_>, node: Node) -> String {
        let lossy = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
        match (flow.home(node), flow.step(node)) {
            (Some((context, extension)), Some(step)) => format!(
                "{},{},{}",
                lossy(&context.name),
                lossy(&extension.name),
                step.priority
            ),
            _ => match flow.entered(node) {
                Some(c) => format!("enter {}", lossy(&flow.hir().contexts[c].name)),
                None => "inside".to_owned(),
            },
        }
    }

    /// All edges but [`Why::Inside`], as text.
    fn edges(plan: &str) -> Vec<String> {
        with(plan, |flow| {
            let mut out = Vec::new();
            for node in 0..flow.steps() {
                for edge in flow.edges(node).iter().filter(|e| e.why != Why::Inside) {
                    let (from, to) = (name(flow, node), name(flow, edge.to));
                    out.push(format!("{from} {:?} {to}", edge.why));
                }
                if flow.opaque(node) {
                    out.push(format!("{} anywhere", name(flow, node)));
                }
                if flow.falls_off(node) {
                    out.push(format!("{} ends", name(flow, node)));
                }
            }
            out
        })
    }

    #[test]
    fn priorities_go_on_in_less_special_entries() {
        let plan = "[a]\nexten => _1XX,1,NoOp()\nexten => _X.,1,NoOp()\nexten => _X.,2,NoOp()\ninclude => b\n[b]\nexten => _.,3,NoOp()\nexten => 200,3,NoOp()\nexten => x,3,NoOp()\n";
        assert_eq!(
            edges(plan),
            [
                "a,_1XX,1 Next a,_X.,2",
                "a,_X.,1 Next a,_X.,2",
                "a,_X.,2 Next b,200,3",
                "a,_X.,2 Next b,_.,3",
                "b,200,3 ends",
                "b,x,3 ends",
                "b,_.,3 ends",
            ]
        );
    }

    #[test]
    fn jumps_by_status_by_shape_and_to_nowhere() {
        let plan = "[a]\nexten => 1,1,Goto(s-${DIALSTATUS},1)\nexten => 2,1,Goto(m-${X},1)\nexten => 3,1,Goto(${X})\nexten => 4,1,GotoIf($[${Y}]?nosuch,1:b,${EXTEN},1)\nexten => s-BUSY,1,Hangup()\nexten => _s-.,1,Hangup()\nexten => m-1,1,Hangup()\nexten => i,1,Hangup()\n[b]\nexten => 4,1,Hangup()\n";
        assert_eq!(
            edges(plan),
            [
                "a,1,1 Goto a,s-BUSY,1",
                "a,1,1 Goto a,_s-.,1",
                "a,2,1 Goto a,m-1,1",
                "a,3,1 anywhere",
                "a,4,1 Invalid a,i,1",
                "a,4,1 Else b,4,1",
                "a,4,1 anywhere",
            ]
        );
    }

    #[test]
    fn jumps_to_what_a_variable_was_set_to() {
        let after = |steps: &str| {
            let plan = format!(
                "[a]\nexten => 1,1,NoOp()\n{steps}exten => 2,1,NoOp()\nexten => 22,1,NoOp()\n[b]\nexten => 2,1,Hangup()\n[sub]\nexten => s,1,Set(Z=b)\nsame => n,Set(GLOBAL(G)=b)\nsame => n,Return()\n"
            );
            let mut found = edges(&plan);
            let last = steps.lines().count() + 1;
            found.retain(|e| {
                e.starts_with(&format!("a,1,{last} "))
                    && !e.contains(" Next ")
                    && !e.contains(" ends")
            });
            found
        };
        let both = ["a,1,5 Goto a,2,1", "a,1,5 Goto b,2,1"];
        for (steps, to) in [
            (
                "same => n,Set(X=b)\nsame => n,Goto(${X},2,1)\n",
                &["a,1,3 Goto b,2,1"][..],
            ),
            // Text with commas, a part of a text, a function, a distance.
            (
                "same => n,Set(X=b,2,1)\nsame => n,Goto(${X})\n",
                &["a,1,3 Goto b,2,1"],
            ),
            (
                "same => n,Set(X=abc)\nsame => n,Goto(${X:1:1},2,1)\n",
                &["a,1,3 Goto b,2,1"],
            ),
            (
                "same => n,Set(X=a-b)\nsame => n,Goto(${CUT(X,-,2)},2,1)\n",
                &["a,1,3 Goto b,2,1"],
            ),
            (
                "same => n,Set(X=b)\nsame => n,Set(Y=${X})\nsame => n,Goto(${Y},2,1)\n",
                &["a,1,4 Goto b,2,1"],
            ),
            (
                "same => n,Set(X=2)\nsame => n,Goto(a,${X}${X},1)\n",
                &["a,1,3 Goto a,22,1"],
            ),
            (
                "same => n,Set(X=${EXTEN}2)\nsame => n,Set(X=${X:1})\nsame => n,Goto(a,${X},1)\n",
                &["a,1,4 Goto a,2,1"],
            ),
            // Over two ways.
            (
                "same => n,Set(X=a)\nsame => n,GotoIf($[${C}]?to)\nsame => n,Set(X=b)\nsame => n(to),Goto(${X},2,1)\n",
                &both,
            ),
            (
                "same => n,Set(X=a)\nsame => n,ExecIf($[${C}]?Set(X=b))\nsame => n,NoOp()\nsame => n,Goto(${X},2,1)\n",
                &both,
            ),
            (
                "same => n,NoOp()\nsame => n,NoOp()\nsame => n,ExecIf($[${C}]?Set(X=b):Set(X=a))\nsame => n,Goto(${X},2,1)\n",
                &both,
            ),
            // A subroutine that leaves it alone.
            (
                "same => n,Set(X=b)\nsame => n,Gosub(sub,s,1)\nsame => n,Goto(${X},2,1)\n",
                &["a,1,4 Goto b,2,1"],
            ),
        ] {
            let mut found = after(steps);
            found.sort();
            assert_eq!(found, to, "{steps}");
        }
        for steps in [
            // What is not known.
            "same => n,Goto(${X},2,1)\n",
            "same => n,GotoIf($[${C}]?to)\nsame => n,Set(X=b)\nsame => n(to),Goto(${X},2,1)\n",
            "same => n,Set(X=b)\nsame => n,Read(X,hi,1)\nsame => n,Goto(${X},2,1)\n",
            "same => n,Set(X=b)\nsame => n,AGI(x.py)\nsame => n,Goto(${X},2,1)\n",
            "same => n,Set(X=b)\nsame => n,Set(${C}=a)\nsame => n,Goto(${X},2,1)\n",
            "same => n,Set(X=b)\nsame => n,NoOp(${SHIFT(X)})\nsame => n,Goto(${X},2,1)\n",
            "same => n,Set(X=${CALLERID(num)})\nsame => n,Goto(${X},2,1)\n",
            "same => n,Set(Z=a)\nsame => n,Gosub(sub,s,1)\nsame => n,Goto(${Z},2,1)\n",
            "same => n,Set(G=a)\nsame => n,Gosub(sub,s,1)\nsame => n,Goto(${G},2,1)\n",
            "same => n,Set(X=b)\nsame => n(to),Goto(${X},2,1)\nexten => 3,1,Goto(1,to)\n",
            "same => n,Set(X=x)\nsame => n(up),Set(X=${X}x)\nsame => n,GotoIf($[${C}]?up)\nsame => n,Goto(${X},2,1)\n",
        ] {
            let own = steps.lines().take_while(|l| l.starts_with("same")).count() + 1;
            let found = edges(&format!(
                "[a]\nexten => 1,1,NoOp()\n{steps}[b]\nexten => 2,1,Hangup()\n[sub]\nexten => s,1,Set(Z=b)\nsame => n,Set(GLOBAL(G)=b)\nsame => n,Return()\n"
            ));
            assert!(
                found.contains(&format!("a,1,{own} anywhere")),
                "{steps}: {found:?}"
            );
        }
    }

    #[test]
    fn subroutines_handlers_and_other_calls() {
        let plan = "[a]\nexten => 1,1,GosubIf($[${Y}]?sub,s,1(x))\nsame => n,Dial(Local/2@a/n,20,gU(sub^x)b(sub^s^2)G(a^3^1))\nsame => n,ExecIf($[${Y}]?Goto(3,1))\nsame => n,Originate(Local/2@a,exten,a,3,1)\nexten => 2,1,NoOp()\nexten => 3,1,Macro(m)\nsame => n,NoOp()\n[sub]\nexten => s,1,NoOp()\nsame => n,Return()\n[macro-m]\nexten => s,1,MacroExit()\n";
        assert_eq!(
            edges(plan),
            [
                "a,1,1 Next a,1,2",
                "a,1,1 Call sub,s,1",
                "a,1,2 Next a,1,3",
                "a,1,2 Local a,2,1",
                "a,1,2 After a,3,1",
                "a,1,2 After a,3,2",
                "a,1,2 Handler sub,s,1",
                "a,1,2 Handler sub,s,2",
                "a,1,3 Next a,1,4",
                "a,1,3 Then a,3,1",
                "a,1,4 Originate a,2,1",
                "a,1,4 Originate a,3,1",
                "a,1,4 ends",
                "a,2,1 ends",
                "a,3,1 Next a,3,2",
                "a,3,1 Call macro-m,s,1",
                "a,3,2 ends",
                "sub,s,1 Next sub,s,2",
            ]
        );
    }

    #[test]
    fn loops_and_branches() {
        let plan = "[a]\nexten => 1,1,While($[${I}])\nsame => n,ExecIf($[${J}]?ExitWhile())\nsame => n,EndWhile()\nsame => n,If($[${A}])\nsame => n,NoOp(a)\nsame => n,ElseIf($[${B}])\nsame => n,NoOp(b)\nsame => n,Else()\nsame => n,NoOp(c)\nsame => n,EndIf()\n";
        assert_eq!(
            edges(plan),
            [
                "a,1,1 Next a,1,2",
                "a,1,1 Skip a,1,4",
                "a,1,2 Next a,1,3",
                "a,1,3 Back a,1,1",
                "a,1,4 Next a,1,5",
                "a,1,4 Skip a,1,6",
                "a,1,5 Next a,1,6",
                "a,1,6 Next a,1,7",
                "a,1,6 Skip a,1,9",
                "a,1,6 Skip a,1,10",
                "a,1,7 Next a,1,8",
                "a,1,8 Skip a,1,10",
                "a,1,9 Next a,1,10",
                "a,1,10 ends",
            ]
        );
    }

    #[test]
    fn menus_lead_to_what_can_be_dialled_and_to_t() {
        let plan = "[a]\nexten => s,1,Background(hi)\nsame => n,WaitExten(5)\nexten => 1,1,NoOp()\nexten => t,1,NoOp()\ninclude => b\n[b]\nexten => 2,1,WaitExten()\nsame => n,NoOp()\nexten => i,1,NoOp()\n";
        let found = edges(plan);
        for expected in [
            "a,s,1 Digit enter a",
            "a,s,1 Invalid b,i,1",
            "a,s,2 Timeout a,t,1",
            "b,2,1 Digit enter a",
            "b,2,1 Digit enter b",
        ] {
            assert!(found.iter().any(|f| f == expected), "{expected}: {found:?}");
        }
        assert!(!found.contains(&"b,2,1 Timeout a,t,1".to_owned()));
        with(plan, |flow| {
            assert_eq!(flow.entries(), [0]);
            let dialled = flow.reached([flow.enter(0)], Why::stays);
            let all: Vec<String> = dialled.iter().map(|n| name(flow, n)).collect();
            assert!(all.contains(&"b,2,2".to_owned()) && all.contains(&"b,i,1".to_owned()));
        });
    }

    #[test]
    fn circles_and_what_cannot_be_avoided() {
        let plan = "[a]\nexten => 1,1,NoOp()\nsame => n(x),NoOp()\nsame => n,GotoIf($[${A}]?x)\nsame => n,Hangup()\nexten => 2,1,GotoIf($[${A}]?1,1:3,1)\nexten => 3,1,NoOp()\n";
        with(plan, |flow| {
            let found = flow.components(Why::goes_on);
            let circles: Vec<&Vec<Node>> = found
                .members
                .iter()
                .filter(|m| flow.is_circle(m, Why::goes_on))
                .collect();
            assert_eq!(circles, [&vec![1, 2]]);
            let mut goals = flow.marks();
            goals.set(3);
            let sure = flow.inevitable(&goals, Why::goes_on);
            assert_eq!(sure.iter().collect::<Vec<_>>(), [3]);
            let mut goals = flow.marks();
            goals.set(2);
            let sure = flow.inevitable(&goals, Why::goes_on);
            assert_eq!(sure.iter().collect::<Vec<_>>(), [0, 1, 2]);
            let way = flow.way([4], Why::goes_on, |n| n == 3);
            assert_eq!(way, Some(vec![4, 0, 1, 2, 3]));
        });
    }
}
