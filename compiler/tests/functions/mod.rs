//! Random functions of `.dial` that compute: numbers, truths, durations, loops, calls of each other.
#![allow(dead_code, unreachable_pub)]

use std::sync::Arc;

use strowger_compiler::{Level, Options, Sources, compile};
use strowger_vm::Module;

/// How many functions a program has.
pub const FUNCTIONS: usize = 4;

/// The parameters of each: two numbers, a duration, a truth.
pub const PARAMETERS: &str = "a: Int, b: Int, d: Duration, t: Bool";

#[derive(Clone, Copy, PartialEq)]
enum Ty {
    Int,
    Bool,
    Duration,
}

/// Writes programs by a seed.
pub struct Writer {
    state: u64,
    out: String,
    indent: usize,
    /// Names, types, and whether they may be assigned to.
    names: Vec<(String, Ty, bool)>,
    count: usize,
    in_loop: bool,
    /// Functions that may be called.
    known: usize,
    budget: usize,
}

/// Numbers of all sizes.
const NUMBERS: &[i64] = &[
    0,
    1,
    2,
    3,
    7,
    10,
    60,
    1_000,
    40_000,
    1_000_000_000,
    1_000_000_001,
    4_000_000_000,
    999_999_999_999,
    999_999_999_999_999_999,
];

impl Writer {
    pub fn program(seed: u64) -> String {
        let mut w = Writer {
            state: seed | 1,
            out: String::new(),
            indent: 0,
            names: Vec::new(),
            count: 0,
            in_loop: false,
            known: 0,
            budget: 0,
        };
        for n in 0..FUNCTIONS {
            w.known = n;
            w.budget = 14;
            w.names = [
                ("a", Ty::Int),
                ("b", Ty::Int),
                ("d", Ty::Duration),
                ("t", Ty::Bool),
            ]
            .map(|(n, t)| (n.to_owned(), t, false))
            .to_vec();
            let result = Self::result(n);
            w.line(&format!("fn f{n}({PARAMETERS}) -> {} {{", result.0));
            w.indent = 1;
            w.statements(3);
            let value = w.expression(result.1, 2);
            w.line(&value);
            w.indent = 0;
            w.line("}");
        }
        w.out
    }

    fn result(n: usize) -> (&'static str, Ty) {
        [
            ("Int", Ty::Int),
            ("Bool", Ty::Bool),
            ("Duration", Ty::Duration),
            ("Int", Ty::Int),
        ][n % 4]
    }

    fn next(&mut self, below: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 11) as usize % below
    }

    fn line(&mut self, line: &str) {
        self.out += &"  ".repeat(self.indent);
        self.out += line;
        self.out.push('\n');
    }

    fn fresh(&mut self) -> String {
        self.count += 1;
        format!("v{}", self.count)
    }

    fn ty(&mut self) -> Ty {
        [Ty::Int, Ty::Int, Ty::Int, Ty::Bool, Ty::Duration][self.next(5)]
    }

    fn block(&mut self, depth: usize) {
        let names = self.names.len();
        self.indent += 1;
        self.statements(depth);
        self.indent -= 1;
        self.names.truncate(names);
    }

    fn statements(&mut self, depth: usize) {
        for _ in 0..=self.next(3) {
            self.statement(depth);
        }
    }

    fn statement(&mut self, depth: usize) {
        if self.budget == 0 {
            return;
        }
        self.budget -= 1;
        let kind = if depth == 0 {
            self.next(5)
        } else {
            self.next(9)
        };
        match kind {
            0..=1 => {
                let ty = self.ty();
                let value = self.expression(ty, 2);
                let name = self.fresh();
                let changes = self.next(3) > 0;
                let word = if changes { "var" } else { "let" };
                self.line(&format!("{word} {name} = {value}"));
                self.names.push((name, ty, changes));
            }
            2..=4 => {
                let open: Vec<_> = self.names.iter().filter(|n| n.2).cloned().collect();
                if open.is_empty() {
                    return;
                }
                let (name, ty, _) = open[self.next(open.len())].clone();
                let value = self.expression(ty, 2);
                self.line(&format!("{name} = {value}"));
            }
            5 => {
                let condition = self.expression(Ty::Bool, 2);
                self.line(&format!("if {condition} {{"));
                self.block(depth - 1);
                let leave = self.next(6);
                if leave == 0 && self.in_loop {
                    let word = ["break", "continue"][self.next(2)];
                    self.line(&format!("  {word}"));
                } else if leave < 4 {
                    self.line("} else {");
                    self.block(depth - 1);
                }
                self.line("}");
            }
            6..=7 => {
                let turn = self.fresh();
                let turns = self.next(6);
                self.line(&format!("var {turn} = 0"));
                let extra = self.expression(Ty::Bool, 1);
                let joined = if self.next(3) == 0 {
                    format!(" and ({extra} or {turn} < 2)")
                } else {
                    String::new()
                };
                self.line(&format!("while {turn} < {turns}{joined} {{"));
                self.line(&format!("  {turn} = {turn} + 1"));
                self.names.push((turn, Ty::Int, false));
                let around = std::mem::replace(&mut self.in_loop, true);
                self.block(depth - 1);
                self.in_loop = around;
                self.line("}");
            }
            _ => {
                let value = self.expression(Ty::Int, 1);
                self.line(&format!("match {value} {{"));
                self.indent += 1;
                let cases = [
                    "0 -> {",
                    "1 | 2 -> {",
                    "7 -> {",
                    "3..7 | ..-5 -> {",
                    "1000.. -> {",
                ];
                for case in &cases[..1 + self.next(5)] {
                    self.line(case);
                    self.block(depth - 1);
                    self.line("}");
                }
                if self.next(2) == 0 {
                    let name = self.fresh();
                    self.names.push((name.clone(), Ty::Int, false));
                    let guard = self.expression(Ty::Bool, 1);
                    self.line(&format!("{name} if {guard} -> {{"));
                    self.block(depth - 1);
                    self.line("}");
                    self.names.pop();
                }
                self.line("_ -> {");
                self.block(depth - 1);
                self.line("}");
                self.indent -= 1;
                self.line("}");
            }
        }
    }

    fn name(&mut self, ty: Ty) -> Option<String> {
        let fit: Vec<String> = self
            .names
            .iter()
            .filter(|n| n.1 == ty)
            .map(|n| n.0.clone())
            .collect();
        (!fit.is_empty()).then(|| fit[self.next(fit.len())].clone())
    }

    fn expression(&mut self, ty: Ty, depth: usize) -> String {
        let plain = depth == 0 || self.next(4) == 0;
        if plain && (self.next(3) > 0 || ty == Ty::Bool) {
            return self.name(ty).unwrap_or_else(|| "t".to_owned());
        }
        let deeper = depth.saturating_sub(1);
        if !plain && self.known > 0 && self.next(7) == 0 {
            let called = self.next(self.known);
            if Self::result(called).1 == ty {
                let a = self.expression(Ty::Int, deeper);
                let b = self.expression(Ty::Int, deeper);
                let d = self.expression(Ty::Duration, deeper);
                let t = self.expression(Ty::Bool, deeper);
                return format!("f{called}({a}, {b}, {d}, {t})");
            }
        }
        if !plain && self.next(6) == 0 {
            let condition = self.expression(Ty::Bool, deeper);
            let yes = self.expression(ty, deeper);
            let no = self.expression(ty, deeper);
            // An `if` is no operand; it stands in a block of its own.
            return match ty {
                Ty::Bool => format!("(({condition} and {yes}) or (not {condition} and {no}))"),
                _ => {
                    let name = self.fresh();
                    self.line(&format!(
                        "let {name} = if {condition} {{ {yes} }} else {{ {no} }}"
                    ));
                    name
                }
            };
        }
        match ty {
            Ty::Int if plain => NUMBERS[self.next(NUMBERS.len())].to_string(),
            Ty::Duration if plain => format!("{}s", [0, 1, 20, 90][self.next(4)]),
            Ty::Int => {
                let a = self.expression(Ty::Int, deeper);
                let b = self.expression(Ty::Int, deeper);
                match self.next(9) {
                    0..=2 => format!("({a} + {b})"),
                    3..=4 => format!("({a} - {b})"),
                    5 => format!("({a} * {b})"),
                    6 => format!("({a} / {})", not_zero(b)),
                    7 => format!("({a} % {})", not_zero(b)),
                    _ => format!("(-{a})"),
                }
            }
            Ty::Duration => {
                let a = self.expression(Ty::Duration, deeper);
                match self.next(4) {
                    0 => {
                        let b = self.expression(Ty::Duration, deeper);
                        format!("({a} + {b})")
                    }
                    1 => {
                        let b = self.expression(Ty::Duration, deeper);
                        format!("({a} - {b})")
                    }
                    2 => {
                        let n = self.expression(Ty::Int, deeper);
                        format!("({a} * {n})")
                    }
                    _ => {
                        let n = self.expression(Ty::Int, deeper);
                        format!("({a} / {})", not_zero(n))
                    }
                }
            }
            Ty::Bool => match self.next(6) {
                0 => format!("(not {})", self.expression(Ty::Bool, deeper)),
                1 => {
                    let a = self.expression(Ty::Bool, deeper);
                    let b = self.expression(Ty::Bool, deeper);
                    format!("({a} and {b})")
                }
                2 => {
                    let a = self.expression(Ty::Bool, deeper);
                    let b = self.expression(Ty::Bool, deeper);
                    format!("({a} or {b})")
                }
                n => {
                    let of = if n == 5 { Ty::Duration } else { Ty::Int };
                    let a = self.expression(of, deeper);
                    let b = self.expression(of, deeper);
                    let sign = ["==", "!=", "<", "<=", ">", ">="][self.next(6)];
                    format!("({a} {sign} {b})")
                }
            },
        }
    }
}

/// The checker refuses a constant 0 there.
fn not_zero(divisor: String) -> String {
    if divisor == "0" {
        "3".to_owned()
    } else {
        divisor
    }
}

/// Arguments for the functions of a program: `a`, `b`, `d`, `t`.
pub const ARGUMENTS: &[[&str; 4]] = &[
    ["0", "0", "0", "0"],
    ["1", "2", "3", "1"],
    ["7", "-3", "20", "0"],
    ["-1", "1", "90", "1"],
    ["999999999999999999", "2", "1", "0"],
    ["-999999999999999999", "-1", "0", "1"],
    ["1000000000", "1000000001", "86400", "0"],
    ["2", "7", "-5", "1"],
    // None of these is what the machine would write.
    ["007", "1", "2", "1"],
    ["5", "1", "0.5", "1"],
    ["5", "", "2", "1"],
    ["1.5", "2", "2", "0"],
    ["1", "2", "2", "yes"],
    ["1000000000000000000", "2", "2", "0"],
];

/// The module of functions, with an extension for each that calls it with variables `a`, `b`, `d`, `t`. `None`: the checker says no.
pub fn module(functions: &str) -> Result<Arc<Module>, String> {
    let mut plan = String::from("#include \"functions.dial\"\n[calls]\n");
    for n in 0..FUNCTIONS {
        plan += &format!(
            "exten => {n},1,Gosub(f{n},s,1(${{a}},${{b}},${{d}},${{t}}))\n same => n,NoOp(${{GOSUB_RETVAL}})\n"
        );
    }
    let mut sources = Sources::plan(plan);
    sources.add("functions.dial", functions.as_bytes().to_vec());
    let compiled = compile(&sources, &Options::default());
    let errors: Vec<String> = compiled
        .diagnostics
        .iter()
        .filter(|d| d.level == Level::Error)
        .map(|d| {
            let line = sources.file(d.primary.span.file).line(d.primary.span.start);
            format!("line {line}: {} {}", d.code, d.message)
        })
        .collect();
    if !errors.is_empty() {
        return Err(errors.join("\n"));
    }
    compiled.module.map_err(|e| e.to_string())
}
