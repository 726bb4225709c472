//! Random plans with loops that compute, and runs of them with little fuel at a time.
#![allow(dead_code, unreachable_pub)]

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use strowger_vm::typed::{Native, Pause, Window};
use strowger_vm::{Entry, Globals, Inputs, Limits, Module, Party, Place, Reply, Step, Vm};

/// A machine's plan.
pub fn module(plan: &str) -> Arc<Module> {
    let compiled = strowger_compiler::compile(
        &strowger_compiler::Sources::plan(plan),
        &strowger_compiler::Options::default(),
    );
    compiled.module.unwrap()
}

/// What the variables hold when a plan begins.
pub const VALUES: &[&[(&str, &str)]] = &[
    &[("a", "0"), ("b", "3"), ("i", "0"), ("n", "12")],
    &[
        ("a", "-7"),
        ("b", "999999999999999999"),
        ("i", "0"),
        ("n", "40"),
    ],
    &[("a", "17"), ("b", "-2"), ("i", "4"), ("n", "9")],
    &[("a", "007"), ("b", "1"), ("i", "0"), ("n", "5")],
    &[("a", "1.5"), ("b", "x"), ("i", "0"), ("n", "6")],
    // `n` is the global.
    &[("b", "2"), ("a", "1"), ("i", "0")],
];

/// Writes plans by a seed.
pub struct Writer {
    state: u64,
    out: String,
    labels: usize,
}

const NAMES: &[&str] = &["a", "b", "c", "d", "i"];

impl Writer {
    pub fn plan(seed: u64) -> String {
        let mut w = Writer {
            state: seed | 1,
            out: String::from("[globals]\nn=11\n[main]\nexten => s,1,NoOp()\n"),
            labels: 0,
        };
        for _ in 0..1 + w.next(2) {
            if w.next(2) == 0 {
                w.line("Set(i=0)");
            }
            match w.next(3) {
                0 => w.labelled(),
                1 => w.tested_below(),
                _ => w.while_(),
            }
        }
        w.line("Verbose(${a} ${b} ${c} ${d} ${i})");
        w.out
    }

    fn next(&mut self, below: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 11) as usize % below
    }

    fn pick<'t>(&mut self, list: &[&'t str]) -> &'t str {
        list[self.next(list.len())]
    }

    fn line(&mut self, line: &str) {
        let _ = writeln!(self.out, " same => n,{line}");
    }

    fn marked(&mut self, label: &str, line: &str) {
        let _ = writeln!(self.out, " same => n({label}),{line}");
    }

    fn label(&mut self) -> String {
        self.labels += 1;
        format!("l{}", self.labels)
    }

    /// `top: body, count, GotoIf(i < n ? top)`
    fn labelled(&mut self) {
        let (top, end) = (self.label(), self.label());
        self.marked(&top, "NoOp(${i})");
        self.body(&top, &end, 3);
        self.line("Set(i=$[${i} + 1])");
        match self.next(3) {
            0 => self.line(&format!("GotoIf($[${{i}} < ${{n}}]?{top}:{end})")),
            1 => self.line(&format!("GotoIf($[${{i}} >= ${{n}}]?{end}:{top})")),
            _ => {
                self.line(&format!("GotoIf($[${{n}} <= ${{i}}]?{end})"));
                self.line(&format!("Goto({top})"));
            }
        }
        self.marked(&end, "NoOp()");
    }

    /// `Goto(test), top: body, test: GotoIf(... ? top)`
    fn tested_below(&mut self) {
        let (top, test, end) = (self.label(), self.label(), self.label());
        self.line(&format!("Goto({test})"));
        self.marked(&top, "Set(i=$[${i} + 1])");
        self.body(&test, &end, 3);
        self.marked(&test, &format!("GotoIf($[${{i}} < ${{n}}]?{top})"));
        self.marked(&end, "NoOp()");
    }

    fn while_(&mut self) {
        let (top, end) = (self.label(), self.label());
        let condition = match self.next(4) {
            0 => "$[${i} != ${n} & ${i} < 60]".to_owned(),
            1 => "$[!(${i} >= ${n})]".to_owned(),
            _ => "$[${i} < ${n}]".to_owned(),
        };
        self.marked(&top, &format!("While({condition})"));
        self.line("Set(i=$[${i} + 1])");
        let again = self.label();
        self.body(&again, &end, 3);
        if self.next(3) == 0 {
            let condition = self.condition();
            let behind = self.label();
            let app = self.pick(&["ExitWhile()", "ContinueWhile", "EndWhile()"]);
            self.line(&format!("GotoIf({condition}?:{behind})"));
            if app == "EndWhile()" {
                // Ends the whole loop where it stands.
                self.line("ContinueWhile()");
            } else {
                self.line(app);
            }
            self.marked(&behind, "NoOp()");
        }
        self.marked(&again, "NoOp(${a} turns)");
        self.line("EndWhile");
        self.marked(&end, "NoOp()");
    }

    /// Steps that compute; `next` is where a turn ends, `end` where the loop does.
    fn body(&mut self, next: &str, end: &str, depth: usize) {
        for _ in 0..1 + self.next(3) {
            match self.next(if depth == 0 { 4 } else { 8 }) {
                0..=2 => self.set(),
                3 => {
                    let line = self.pick(&["NoOp(${a})", "NoOp()", "NoOp(text)"]);
                    self.line(line);
                }
                4..=5 => {
                    let behind = self.label();
                    let condition = self.condition();
                    let line = match self.next(2) {
                        0 => format!("GotoIf({condition}?{behind})"),
                        _ => format!("GotoIf({condition}?:{behind})"),
                    };
                    self.line(&line);
                    self.body(next, end, depth - 1);
                    self.marked(&behind, "NoOp()");
                }
                6 => {
                    let (other, behind) = (self.label(), self.label());
                    let condition = self.condition();
                    self.line(&format!("GotoIf({condition}?{other})"));
                    self.set();
                    self.line(&format!("Goto({behind})"));
                    self.marked(&other, "NoOp()");
                    self.body(next, end, depth - 1);
                    self.marked(&behind, "NoOp()");
                }
                _ => {
                    let condition = self.condition();
                    // A turn that ends early must count all the same, or it has no end: the bound ends it then.
                    let to = if self.next(3) == 0 { end } else { next };
                    self.line(&format!("GotoIf({condition}?{to})"));
                }
            }
        }
    }

    fn set(&mut self) {
        let name = self.pick(NAMES);
        let name = if name == "i" { "c" } else { name };
        let value = match self.next(8) {
            0 => self.constant(),
            1 => format!("${{{}}}", self.pick(NAMES)),
            _ => {
                let e = self.operation(2);
                format!("$[{e}]")
            }
        };
        let mark = ["", "", "", "_", "__"][self.next(5)];
        // Mostly the same name with the same mark.
        let mark = if name == "d" { mark } else { "" };
        self.line(&format!("Set({mark}{name}={value})"));
    }

    fn condition(&mut self) -> String {
        match self.next(6) {
            0 => format!("${{{}}}", self.pick(NAMES)),
            1 => {
                let e = self.operation(1);
                format!("$[{e}]")
            }
            2 => {
                let e = self.operation(1);
                format!("$[ABS({e}) >= 1000000000000000000]")
            }
            _ => {
                let (a, b) = (self.operand(1), self.operand(1));
                let sign = self.pick(&["<", "<=", ">", ">=", "=", "!="]);
                format!("$[{a} {sign} {b}]")
            }
        }
    }

    fn constant(&mut self) -> String {
        self.pick(&[
            "0",
            "1",
            "2",
            "-1",
            "7",
            "100",
            "-30",
            "2000000000",
            "999999999999999999",
        ])
        .to_owned()
    }

    fn operand(&mut self, depth: usize) -> String {
        match self.next(if depth == 0 { 5 } else { 7 }) {
            0..=2 => format!("${{{}}}", self.pick(NAMES)),
            3 => self.pick(&["0", "1", "2", "5", "300"]).to_owned(),
            4 => "${n}".to_owned(),
            _ => {
                let e = self.operation(depth - 1);
                format!("({e})")
            }
        }
    }

    fn operation(&mut self, depth: usize) -> String {
        let (a, b) = (self.operand(depth), self.operand(depth));
        match self.next(12) {
            0 => format!("!{a}"),
            1 => format!("-{a}"),
            2 => format!("ABS({a} - {b})"),
            3 => format!("{a} ? {b} :: 4"),
            4 => format!("{a} & {b}"),
            5 => format!("{a} | {b}"),
            6 => format!("{a} * {b}"),
            7 => format!("{a} % {b}"),
            8 => format!("{a} < {b}"),
            9 => format!("{a} - {b}"),
            _ => format!("{a} + {b}"),
        }
    }
}

/// Counts how often loops are entered, and makes no machine code.
#[derive(Debug, Default)]
pub struct Counter(pub AtomicUsize);

impl Native for Counter {
    fn enter(&self, _: usize, _: &mut usize, _: &mut Window, _: &mut i64) -> Option<Pause> {
        self.0.fetch_add(1, Ordering::Relaxed);
        None
    }
}

/// What can be seen of a run: all that it was at each pause, too.
#[derive(Debug, PartialEq)]
pub struct Seen {
    pub pauses: Vec<Place>,
    /// With `_` or `__` before the names of those that are inherited; the oldest first.
    pub variables: Vec<(String, String)>,
    /// `None`: it goes on and on.
    pub end: Option<Step>,
    pub place: Place,
}

pub fn machine(fuel: u32, typed: bool) -> Vm {
    machine_with(fuel, typed, 1 << 20)
}

pub fn machine_with(fuel: u32, typed: bool, memory: usize) -> Vm {
    let mut vm = Vm::new(Limits {
        fuel,
        typed,
        memory,
        ..Limits::default()
    });
    vm.trace_steps(false);
    vm
}

fn inputs() -> Inputs {
    let globals = [(b"n".to_vec(), b"11".to_vec())].into();
    Inputs {
        globals: Arc::new(Globals(globals)),
        ..Inputs::default()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

pub fn start(vm: &mut Vm, module: &Arc<Module>, values: &[(&str, &str)]) -> Step {
    let mut entry = Entry::call(Party::default(), Place::new("main", "s", 1));
    for (name, value) in values {
        entry
            .variables
            .push((name.as_bytes().to_vec(), value.as_bytes().to_vec()));
    }
    vm.start(module, &inputs(), entry)
}

pub fn resume(vm: &mut Vm, module: &Arc<Module>) -> Step {
    vm.resume(module, &inputs(), Reply::done())
}

/// Pauses, and fuel, after which a run is taken for endless.
const PAUSES: usize = 60;
const FUEL: u32 = 30_000;

pub fn run(module: &Arc<Module>, values: &[(&str, &str)], fuel: u32, typed: bool) -> Seen {
    let mut vm = machine(fuel, typed);
    let mut step = start(&mut vm, module, values);
    let mut pauses = Vec::new();
    let most = PAUSES.min((FUEL / fuel) as usize + 1);
    while matches!(step, Step::OutOfFuel | Step::Effect(_)) && pauses.len() < most {
        pauses.push(vm.place().clone());
        step = resume(&mut vm, module);
    }
    Seen {
        pauses,
        variables: vm
            .bequest()
            .into_iter()
            .map(|(n, v)| (text(&n), text(&v)))
            .collect(),
        end: (step != Step::OutOfFuel).then_some(step),
        place: vm.place().clone(),
    }
}
