//! Random programs: what they mean, and how they are written.
#![allow(dead_code, unreachable_pub)]

use proptest::prelude::*;

/// A text as `.dial` writes it.
pub fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '{' | '}' => out.extend([c, c]),
            // In front of a hole it is a mistake that is told of.
            '$' => out.push_str("\\u{24}"),
            '\n' => out.push_str("\\n"),
            c => out.push(c),
        }
    }
    out + "\""
}

/// Numbers.
#[derive(Clone, Debug)]
pub enum N {
    Is(i64),
    Local(usize),
    /// A channel variable that `Bump` counts up.
    Counter,
    Bump(Box<N>),
    Op(&'static str, Box<N>, Box<N>),
    Neg(Box<N>),
    Length(Box<S>),
}

/// Truths.
#[derive(Clone, Debug)]
pub enum B {
    Is(bool),
    Local(usize),
    Not(Box<B>),
    And(Box<B>, Box<B>),
    Or(Box<B>, Box<B>),
    Compare(&'static str, Box<N>, Box<N>),
    Same(bool, Box<S>, Box<S>),
    In(Box<S>, usize),
    /// By a subroutine: an effect on the right side of `and` and `or`.
    Asked(Box<B>),
}

/// Texts.
#[derive(Clone, Debug)]
pub enum S {
    Is(String),
    Local(usize),
    /// Two with something between, in holes.
    Joined(usize, String, usize),
    Shown(usize),
    Slice(usize, usize, Option<usize>),
    Keep(Box<S>),
    Digits(Box<S>),
    Through(Box<S>),
}

#[derive(Clone, Debug)]
pub enum Stmt {
    Number(usize, N),
    Truth(usize, B),
    Text(usize, S),
    If(B, Vec<Stmt>, Vec<Stmt>),
    Match(S, Vec<(usize, Vec<Stmt>)>, Vec<Stmt>),
    MatchNumber(N, Vec<(i64, Vec<Stmt>)>, Vec<Stmt>),
    /// Turns.
    While(u8, Vec<Stmt>),
    /// A value in an enum and out of it.
    Boxed(usize, usize, usize),
}

pub const LOCALS: usize = 3;
/// In `.dial`, and the characters of each place; `.` at the end: one or more of any.
pub const PATTERNS: &[(&str, &[&str], bool)] = &[
    ("`NX`", &["23456789", "0123456789"], false),
    ("`Z.`", &["123456789"], true),
    ("`[a-c)]:`", &["abc)", ":"], false),
    ("`.`", &[], true),
];
pub const KEPT: &str = "abc0-3:";
pub const KEPT_CHARS: &str = "abc0123:";
pub const HOSTILE: &[&str] = &[
    "",
    "0",
    "1",
    "12",
    "007",
    "-5",
    "abc",
    "a b",
    " ",
    "\"",
    "\"\"",
    "a\"b",
    "'",
    "|",
    "~^",
    "\" | \"1",
    "\" = \"",
    "a,b",
    ",",
    "x)y",
    ")",
    "(",
    "):0",
    "5):0&PJSIP/trunk",
    "a):1:1",
    "[",
    "]",
    "[a]",
    "${X}",
    "$[1+1]",
    "$",
    "{",
    "}",
    "a}b",
    "\\",
    "\\\"",
    "a?b:c",
    ":",
    "%",
    "%2C",
    "a%,b",
    "NOTICE",
    "a=b",
    "=",
    "+",
    "12)",
    "2\"",
    "b:",
];

#[derive(Clone, Debug, Default)]
pub struct Scope {
    numbers: [i64; LOCALS],
    truths: [bool; LOCALS],
    texts: [String; LOCALS],
    counter: i64,
    asked: usize,
    /// The longest text that there was.
    longest: usize,
}

/// Bytes of a text that no limit of the language cuts, whatever is made of it (DL-189).
const LONGEST: usize = 1_000;

/// Division by zero, or a number of more than 18 digits.
pub struct Fault;

pub const MOST: i64 = 1_000_000_000_000_000_000;

impl Scope {
    fn number(&mut self, n: &N) -> Result<i64, Fault> {
        Ok(match n {
            N::Is(n) => *n,
            N::Local(i) => self.numbers[*i],
            N::Counter => self.counter,
            N::Bump(n) => {
                let n = self.number(n)?;
                self.counter += 1;
                n
            }
            N::Neg(n) => -self.number(n)?,
            N::Length(s) => self.text(s)?.len() as i64,
            N::Op(op, a, b) => {
                let (a, b) = (self.number(a)?, self.number(b)?);
                let result = match *op {
                    "+" => a.checked_add(b),
                    "-" => a.checked_sub(b),
                    "*" => a.checked_mul(b),
                    "/" => a.checked_div(b),
                    _ => a.checked_rem(b),
                };
                result.filter(|r| r.abs() < MOST).ok_or(Fault)?
            }
        })
    }

    fn truth(&mut self, b: &B) -> Result<bool, Fault> {
        Ok(match b {
            B::Is(b) => *b,
            B::Local(i) => self.truths[*i],
            B::Not(b) => !self.truth(b)?,
            B::And(a, b) => self.truth(a)? && self.truth(b)?,
            B::Or(a, b) => self.truth(a)? || self.truth(b)?,
            B::Compare(op, a, b) => {
                let (a, b) = (self.number(a)?, self.number(b)?);
                match *op {
                    "==" => a == b,
                    "!=" => a != b,
                    "<" => a < b,
                    "<=" => a <= b,
                    ">" => a > b,
                    _ => a >= b,
                }
            }
            B::Same(same, a, b) => (self.text(a)? == self.text(b)?) == *same,
            B::In(s, pattern) => matches(&self.text(s)?, *pattern),
            B::Asked(b) => {
                let b = self.truth(b)?;
                self.asked += 1;
                b
            }
        })
    }

    fn text(&mut self, s: &S) -> Result<String, Fault> {
        Ok(match s {
            S::Is(s) => s.clone(),
            S::Local(i) => self.texts[*i].clone(),
            S::Joined(a, between, b) => format!("{}{between}{}", self.texts[*a], self.texts[*b]),
            S::Shown(i) => format!("<{}>", self.numbers[*i]),
            S::Slice(i, from, to) => {
                let text = self.texts[*i].as_bytes();
                let from = (*from).min(text.len());
                let to = to.unwrap_or(text.len()).clamp(from, text.len());
                String::from_utf8_lossy(&text[from..to]).into_owned()
            }
            S::Keep(s) => self
                .text(s)?
                .chars()
                .filter(|c| KEPT_CHARS.contains(*c))
                .collect(),
            S::Digits(s) => {
                let s = self.text(s)?;
                let all = !s.is_empty() && s.chars().all(|c| "0123456789*#+ABCD".contains(c));
                if all { s } else { "000".to_owned() }
            }
            S::Through(s) => self.text(s)?,
        })
    }

    fn run(&mut self, stmts: &[Stmt]) -> Result<(), Fault> {
        for stmt in stmts {
            match stmt {
                Stmt::Number(i, n) => self.numbers[*i] = self.number(n)?,
                Stmt::Truth(i, b) => self.truths[*i] = self.truth(b)?,
                Stmt::Text(i, s) => {
                    self.texts[*i] = self.text(s)?;
                    self.longest = self.longest.max(self.texts[*i].len());
                    if self.longest > LONGEST {
                        return Err(Fault);
                    }
                }
                Stmt::If(b, then, otherwise) => {
                    let stmts = if self.truth(b)? { then } else { otherwise };
                    self.run(stmts)?;
                }
                Stmt::Match(s, arms, otherwise) => {
                    let s = self.text(s)?;
                    let arm = arms.iter().find(|(p, _)| {
                        if *p < PATTERNS.len() {
                            matches(&s, *p)
                        } else {
                            s == HOSTILE[*p - PATTERNS.len()]
                        }
                    });
                    self.run(arm.map_or(otherwise, |(_, stmts)| stmts))?;
                }
                Stmt::MatchNumber(n, arms, otherwise) => {
                    let n = self.number(n)?;
                    let arm = arms.iter().find(|(m, _)| *m == n);
                    self.run(arm.map_or(otherwise, |(_, stmts)| stmts))?;
                }
                Stmt::While(turns, stmts) => {
                    for _ in 0..*turns {
                        self.run(stmts)?;
                    }
                }
                Stmt::Boxed(..) => {}
            }
        }
        Ok(())
    }
}

pub fn matches(text: &str, pattern: usize) -> bool {
    let (_, places, open) = PATTERNS[pattern];
    let bytes = text.as_bytes();
    let long = if open {
        bytes.len() > places.len()
    } else {
        bytes.len() == places.len()
    };
    long && places
        .iter()
        .zip(bytes)
        .all(|(p, b)| p.as_bytes().contains(b))
}

/// Writes programs.
pub struct Print {
    out: String,
    indent: usize,
    loops: usize,
    kept: usize,
}

impl Print {
    fn line(&mut self, line: &str) {
        self.out += &"  ".repeat(self.indent);
        self.out += line;
        self.out.push('\n');
    }

    fn number(n: &N) -> String {
        match n {
            N::Is(n) if *n < 0 => format!("(-{})", n.unsigned_abs()),
            N::Is(n) => n.to_string(),
            N::Local(i) => format!("n{i}"),
            N::Counter => "counter".into(),
            N::Bump(n) => format!("bump({})", Self::number(n)),
            N::Op(op, a, b) => format!("({} {op} {})", Self::number(a), Self::number(b)),
            N::Neg(n) => format!("(-{})", Self::number(n)),
            N::Length(s) => format!("len({})", Self::text(s)),
        }
    }

    fn truth(b: &B) -> String {
        match b {
            B::Is(b) => b.to_string(),
            B::Local(i) => format!("b{i}"),
            B::Not(b) => format!("(not {})", Self::truth(b)),
            B::And(a, b) => format!("({} and {})", Self::truth(a), Self::truth(b)),
            B::Or(a, b) => format!("({} or {})", Self::truth(a), Self::truth(b)),
            B::Compare(op, a, b) => format!("({} {op} {})", Self::number(a), Self::number(b)),
            B::Same(same, a, b) => {
                let op = if *same { "==" } else { "!=" };
                format!("({} {op} {})", Self::text(a), Self::text(b))
            }
            B::In(s, p) => format!("({} in {})", Self::text(s), PATTERNS[*p].0),
            B::Asked(b) => format!("ask({})", Self::truth(b)),
        }
    }

    fn text(s: &S) -> String {
        match s {
            S::Is(s) => quoted(s),
            S::Local(i) => format!("s{i}"),
            S::Joined(a, between, b) => {
                let between = quoted(between);
                format!("\"{{s{a}}}{}{{s{b}}}\"", &between[1..between.len() - 1])
            }
            S::Shown(i) => format!("\"<{{n{i}}}>\""),
            S::Slice(i, from, None) => format!("s{i}[{from}..]"),
            S::Slice(i, from, Some(to)) => format!("s{i}[{from}..{to}]"),
            S::Keep(s) => format!("keep({}, {})", Self::text(s), quoted(KEPT)),
            S::Digits(s) => format!("(digits({}) ?? \"000\")", Self::text(s)),
            S::Through(s) => format!("through({})", Self::text(s)),
        }
    }

    fn block(&mut self, stmts: &[Stmt]) {
        self.indent += 1;
        self.stmts(stmts);
        self.indent -= 1;
    }

    fn stmts(&mut self, stmts: &[Stmt]) {
        for stmt in stmts {
            match stmt {
                Stmt::Number(i, n) => self.line(&format!("n{i} = {}", Self::number(n))),
                Stmt::Truth(i, b) => self.line(&format!("b{i} = {}", Self::truth(b))),
                Stmt::Text(i, s) => self.line(&format!("s{i} = {}", Self::text(s))),
                Stmt::If(b, then, otherwise) => {
                    self.line(&format!("if {} {{", Self::truth(b)));
                    self.block(then);
                    self.line("} else {");
                    self.block(otherwise);
                    self.line("}");
                }
                Stmt::Match(s, arms, otherwise) => {
                    self.line(&format!("match {} {{", Self::text(s)));
                    let mut seen = Vec::new();
                    for (p, stmts) in arms {
                        if seen.contains(p) {
                            continue;
                        }
                        seen.push(*p);
                        let pattern = if *p < PATTERNS.len() {
                            PATTERNS[*p].0.to_owned()
                        } else {
                            quoted(HOSTILE[*p - PATTERNS.len()])
                        };
                        self.line(&format!("{pattern} -> {{"));
                        self.block(stmts);
                        self.line("}");
                    }
                    self.line("_ -> {");
                    self.block(otherwise);
                    self.line("}");
                    self.line("}");
                }
                Stmt::MatchNumber(n, arms, otherwise) => {
                    self.line(&format!("match {} {{", Self::number(n)));
                    let mut seen = Vec::new();
                    for (m, stmts) in arms {
                        if seen.contains(m) {
                            continue;
                        }
                        seen.push(*m);
                        self.line(&format!("{m} -> {{"));
                        self.block(stmts);
                        self.line("}");
                    }
                    self.line("_ -> {");
                    self.block(otherwise);
                    self.line("}");
                    self.line("}");
                }
                Stmt::While(turns, stmts) => {
                    let turn = format!("turn{}", self.loops);
                    self.loops += 1;
                    self.line(&format!("var {turn} = 0"));
                    self.line(&format!("while {turn} < {turns} {{"));
                    self.indent += 1;
                    self.line(&format!("{turn} = {turn} + 1"));
                    self.indent -= 1;
                    self.block(stmts);
                    self.line("}");
                }
                Stmt::Boxed(a, b, n) => {
                    let k = self.kept;
                    self.kept += 1;
                    self.line(&format!("match Two(s{a}, n{n}, s{b}) {{"));
                    self.line(&format!("  Two(x{k}, y{k}, z{k}) -> {{"));
                    self.line(&format!("    s{a} = x{k}"));
                    self.line(&format!("    n{n} = y{k}"));
                    self.line(&format!("    s{b} = z{k}"));
                    self.line("  }");
                    self.line("  One(_) | Zero -> {");
                    self.line("    log(\"wrong case\")");
                    self.line("  }");
                    self.line("}");
                }
            }
        }
    }
}

pub fn program(stmts: &[Stmt]) -> String {
    let mut print = Print {
        out: String::new(),
        indent: 2,
        loops: 0,
        kept: 0,
    };
    print.stmts(stmts);
    let mut text = String::from(
        "channel counter: Int = 0\nchannel asked: Int = 0\nenum Box {\n  Zero,\n  One(a: Raw),\n  Two(a: Raw, n: Int, b: Raw),\n}\nsub bump(n: Int) -> Int {\n  counter = counter + 1\n  n\n}\nsub ask(b: Bool) -> Bool {\n  asked = asked + 1\n  b\n}\nsub through(t: Raw) -> Raw { t }\n\ncontext main {\n  on start {\n",
    );
    for i in 0..LOCALS {
        text += &format!(
            "    var s{i}: Raw = channel(\"S{i}\")\n    var n{i} = {i}\n    var b{i} = {}\n",
            i == 1
        );
    }
    text += &print.out;
    for i in 0..LOCALS {
        text += &format!(
            "    log(\"n{i} {{n{i}}}\")\n    log(\"b{i} {{b{i}}}\")\n    log(\"s{i} {{s{i}}}\")\n"
        );
    }
    text + "    log(\"{counter} {asked}\")\n    hangup()\n  }\n}\n"
}

/// What a program logs; `None`: a text in it is so long that the language may cut it.
pub fn expected(stmts: &[Stmt], texts: &[String; LOCALS]) -> Option<Vec<String>> {
    let mut scope = Scope {
        texts: texts.clone(),
        ..Scope::default()
    };
    for i in 0..LOCALS {
        scope.numbers[i] = i as i64;
        scope.truths[i] = i == 1;
    }
    let mut out = Vec::new();
    let ended = scope.run(stmts);
    if scope.longest > LONGEST {
        return None;
    }
    match ended {
        Err(Fault) => out.push("fault".to_owned()),
        Ok(()) => {
            for i in 0..LOCALS {
                out.push(format!("NOTICE,n{i} {}", scope.numbers[i]));
                out.push(format!("NOTICE,b{i} {}", i32::from(scope.truths[i])));
                out.push(format!("NOTICE,s{i} {}", scope.texts[i]));
            }
            out.push(format!("NOTICE,{} {}", scope.counter, scope.asked));
        }
    }
    Some(out)
}

pub fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => prop::sample::select(HOSTILE).prop_map(str::to_owned),
        1 => "[\"a,():${}\\[\\]\\\\ 1%=?|&-]{0,6}",
    ]
}

pub fn text_strategy() -> impl Strategy<Value = S> {
    let leaf = prop_oneof![
        2 => hostile().prop_map(S::Is),
        4 => (0..LOCALS).prop_map(S::Local),
        1 => (0..LOCALS, hostile(), 0..LOCALS).prop_map(|(a, t, b)| S::Joined(a, t, b)),
        1 => (0..LOCALS).prop_map(S::Shown),
        1 => (0..LOCALS, 0usize..3, prop::option::of(3usize..5)).prop_map(|(i, f, t)| S::Slice(i, f, t)),
    ];
    leaf.prop_recursive(2, 6, 1, |inner| {
        prop_oneof![
            inner.clone().prop_map(|s| S::Keep(Box::new(s))),
            inner.clone().prop_map(|s| S::Digits(Box::new(s))),
            inner.prop_map(|s| S::Through(Box::new(s))),
        ]
    })
}

pub fn number_strategy() -> impl Strategy<Value = N> {
    let leaf = prop_oneof![
        3 => prop::sample::select(vec![0, 1, -1, 2, 7, -5, 10, 1000, 999_999_999_999, -999_999_999_999_999]).prop_map(N::Is),
        4 => (0..LOCALS).prop_map(N::Local),
        1 => Just(N::Counter),
        1 => text_strategy().prop_map(|s| N::Length(Box::new(s))),
    ];
    leaf.prop_recursive(3, 10, 2, |inner| {
        let op = prop::sample::select(vec!["+", "-", "*", "/", "%"]);
        prop_oneof![
            5 => (op, inner.clone(), inner.clone()).prop_map(|(o, a, b)| N::Op(o, Box::new(a), Box::new(b))),
            1 => inner.clone().prop_map(|n| N::Neg(Box::new(n))),
            1 => inner.prop_map(|n| N::Bump(Box::new(n))),
        ]
    })
}

pub fn truth_strategy() -> impl Strategy<Value = B> {
    let compare = prop::sample::select(vec!["==", "!=", "<", "<=", ">", ">="]);
    let leaf = prop_oneof![
        1 => any::<bool>().prop_map(B::Is),
        2 => (0..LOCALS).prop_map(B::Local),
        3 => (compare, number_strategy(), number_strategy()).prop_map(|(o, a, b)| B::Compare(o, Box::new(a), Box::new(b))),
        4 => (any::<bool>(), text_strategy(), text_strategy()).prop_map(|(o, a, b)| B::Same(o, Box::new(a), Box::new(b))),
        2 => (text_strategy(), 0..PATTERNS.len()).prop_map(|(s, p)| B::In(Box::new(s), p)),
    ];
    leaf.prop_recursive(3, 8, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| B::And(Box::new(a), Box::new(b))),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| B::Or(Box::new(a), Box::new(b))),
            inner.clone().prop_map(|b| B::Not(Box::new(b))),
            inner.prop_map(|b| B::Asked(Box::new(b))),
        ]
    })
}

pub fn stmt_strategy() -> impl Strategy<Value = Stmt> {
    let leaf = prop_oneof![
        2 => (0..LOCALS, number_strategy()).prop_map(|(i, n)| Stmt::Number(i, n)),
        2 => (0..LOCALS, truth_strategy()).prop_map(|(i, b)| Stmt::Truth(i, b)),
        2 => (0..LOCALS, text_strategy()).prop_map(|(i, s)| Stmt::Text(i, s)),
        1 => (0..LOCALS, 0..LOCALS, 0..LOCALS).prop_map(|(a, b, n)| Stmt::Boxed(a, b, n)),
    ];
    leaf.prop_recursive(2, 8, 2, |inner| {
        let block = || prop::collection::vec(inner.clone(), 0..3);
        let arms = prop::collection::vec((0..PATTERNS.len() + HOSTILE.len(), block()), 1..3);
        let cases =
            prop::collection::vec((prop::sample::select(vec![0i64, 1, 2, 7]), block()), 1..3);
        prop_oneof![
            (truth_strategy(), block(), block()).prop_map(|(b, t, e)| Stmt::If(b, t, e)),
            (text_strategy(), arms, block()).prop_map(|(s, a, o)| Stmt::Match(s, a, o)),
            (number_strategy(), cases, block()).prop_map(|(n, a, o)| Stmt::MatchNumber(n, a, o)),
            (0u8..4, block()).prop_map(|(n, b)| Stmt::While(n, b)),
        ]
    })
}
