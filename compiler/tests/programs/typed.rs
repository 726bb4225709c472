//! Programs over the whole language, well typed by the way they are made: declarations, contexts, statements, values.
#![allow(unreachable_pub)]

/// A source of numbers that is the same everywhere (splitmix64).
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(seed)
    }

    pub fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % n as u64) as usize
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn pick<'t>(&mut self, all: &[&'t str]) -> &'t str {
        all[self.below(all.len())]
    }
}

/// The types that values are made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Ty {
    Int,
    Bool,
    Str,
    Digits,
    Raw,
    Duration,
    MaybeDigits,
    MaybeStr,
    Team,
}

const ALL: [Ty; 9] = [
    Ty::Int,
    Ty::Bool,
    Ty::Str,
    Ty::Digits,
    Ty::Raw,
    Ty::Duration,
    Ty::MaybeDigits,
    Ty::MaybeStr,
    Ty::Team,
];

impl Ty {
    fn written(self) -> &'static str {
        match self {
            Ty::Int => "Int",
            Ty::Bool => "Bool",
            Ty::Str => "Str",
            Ty::Digits => "Digits",
            Ty::Raw => "Raw",
            Ty::Duration => "Duration",
            Ty::MaybeDigits => "Option(Digits)",
            Ty::MaybeStr => "Option(Str)",
            Ty::Team => "Team",
        }
    }
}

struct Name {
    name: String,
    ty: Ty,
    mutable: bool,
    /// A function may use it.
    pure: bool,
}

/// What stands around a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Where {
    Fn,
    Sub,
    Extension,
}

struct Gen<'d> {
    dice: &'d mut Dice,
    out: String,
    indent: usize,
    names: Vec<Name>,
    /// Functions: name, parameters, result.
    fns: Vec<(String, Vec<Ty>, Ty)>,
    subs: Vec<(String, Vec<Ty>, Option<Ty>)>,
    place: Where,
    exten: bool,
    count: usize,
    /// Statements that may still be written.
    left: usize,
}

/// A program.
pub fn program(dice: &mut Dice) -> String {
    let mut gen_ = Gen {
        dice,
        out: String::new(),
        indent: 0,
        names: Vec::new(),
        fns: Vec::new(),
        subs: Vec::new(),
        place: Where::Fn,
        exten: false,
        count: 0,
        left: 60,
    };
    gen_.file();
    gen_.out
}

impl Gen<'_> {
    fn line(&mut self, text: &str) {
        // Layout is no part of the meaning.
        let blank = self.dice.below(8);
        let indent = if blank == 1 { 0 } else { self.indent };
        self.out.push_str(&"  ".repeat(indent));
        self.out.push_str(text);
        match blank {
            2 => self.out.push_str("  // what it does"),
            3 => self.out.push_str("\n\n"),
            4 => self.out.push_str("   "),
            _ => {}
        }
        self.out.push('\n');
    }

    fn fresh(&mut self, word: &str) -> String {
        self.count += 1;
        format!("{word}_{}", self.count)
    }

    fn file(&mut self) {
        self.line("//! A program that a machine has made.");
        self.line("enum Team { Sales, Support(size: Int, title: Str), Nobody }");
        self.line("const open = hours(\"mon-fri 09:00-17:00, sat 10:00-12:00\")");
        self.line("const short = `[2-5]X`");
        for i in 0..self.dice.below(3) {
            let n = self.dice.below(100);
            self.line(&format!("const size_{i}: Int = {n}"));
            self.know(format!("size_{i}"), Ty::Int, false, true);
        }
        self.line("const greeting = \"hello, world\"");
        self.know("greeting".into(), Ty::Str, false, true);
        for (word, ty, value) in [
            ("global", Ty::Int, "7"),
            ("global", Ty::Str, "\"all\""),
            ("global", Ty::Bool, "true"),
            ("channel", Ty::Int, "3"),
            ("channel inherit", Ty::Raw, "\"leg\""),
            ("channel inherit*", Ty::MaybeDigits, "None"),
            ("channel", Ty::Team, "Nobody"),
            ("channel", Ty::Duration, "90s"),
        ] {
            if self.dice.one_in(2) {
                let name = self.fresh("kept");
                let conf = if self.dice.one_in(3) {
                    format!(" as \"{}\"", name.to_ascii_uppercase())
                } else {
                    String::new()
                };
                let ty_ = ty.written();
                self.line(&format!("{word} {name}: {ty_} = {value}{conf}"));
                self.know(name, ty, true, false);
            }
        }
        for _ in 0..self.dice.below(4) {
            self.callable(true);
        }
        for _ in 0..self.dice.below(3) {
            self.callable(false);
        }
        self.contexts();
    }

    fn know(&mut self, name: String, ty: Ty, mutable: bool, pure: bool) {
        self.names.push(Name {
            name,
            ty,
            mutable,
            pure,
        });
    }

    fn any(&mut self) -> Ty {
        ALL[self.dice.below(ALL.len())]
    }

    fn callable(&mut self, pure: bool) {
        let name = self.fresh(if pure { "made" } else { "done" });
        let count = self.dice.below(4);
        let params: Vec<(String, Ty)> = (0..count)
            .map(|_| (self.fresh("given"), self.any()))
            .collect();
        let result = match pure || self.dice.one_in(2) {
            true => Some(self.any()),
            false => None,
        };
        let before = self.names.len();
        let shown: Vec<String> = params
            .iter()
            .map(|(n, t)| format!("{n}: {}", t.written()))
            .collect();
        let arrow = result.map_or(String::new(), |t| format!(" -> {}", t.written()));
        let word = if pure { "fn" } else { "sub" };
        self.line("/// What it is for.");
        self.line(&format!("{word} {name}({}){arrow} {{", shown.join(", ")));
        for (n, t) in &params {
            self.know(n.clone(), *t, true, true);
        }
        self.place = if pure { Where::Fn } else { Where::Sub };
        self.exten = false;
        self.indent += 1;
        let statements = self.dice.below(4);
        self.statements(statements, 2);
        if let Some(ty) = result {
            let value = self.value(ty, 3);
            let returned = self.dice.one_in(3);
            self.line(&match returned {
                true => format!("return {value}"),
                false => value,
            });
        }
        self.indent -= 1;
        self.line("}");
        self.names.truncate(before);
        let types = params.iter().map(|(_, t)| *t).collect();
        match (pure, result) {
            (true, Some(result)) => self.fns.push((name, types, result)),
            _ => self.subs.push((name, types, result)),
        }
    }

    fn contexts(&mut self) {
        self.place = Where::Extension;
        self.line("context main {");
        self.indent += 1;
        self.line("include others");
        self.line("include night when now in open");
        self.line("hint 61 = pjsip(\"anna\")");
        for (head, captures, exten) in [
            ("on start", &[][..], false),
            ("on 61, 62", &[], true),
            ("on `7{tail: XX}`", &["tail"], true),
            ("on hangup", &[], false),
        ] {
            self.line(&format!("{head} {{"));
            let before = self.names.len();
            self.exten = exten;
            for capture in captures {
                self.know((*capture).to_owned(), Ty::Digits, false, true);
            }
            self.indent += 1;
            let count = 1 + self.dice.below(5);
            self.left = 40;
            self.statements(count, 3);
            match self.dice.below(if head == "on hangup" { 1 } else { 4 }) {
                0 => {}
                1 => self.line("goto others.5"),
                _ => self.line("hangup()"),
            }
            self.indent -= 1;
            self.names.truncate(before);
            self.line("}");
        }
        self.indent -= 1;
        self.line("}");
        self.called();
        self.line("context others as \"the-others\" { on 5 { log(\"{exten}\") } }");
        self.line("context night { on 6 { hangup(UserBusy) } }");
    }

    /// What others come to by `gosub`: its names are those that they have, too.
    fn called(&mut self) {
        self.line("context called as \"the-called\" {");
        self.indent += 1;
        for head in ["on start", "on 7", "on \"way-1\""] {
            self.line(&format!("{head} {{"));
            let (before, count) = (self.names.len(), self.count);
            (self.exten, self.count, self.left) = (false, 0, 6);
            self.indent += 1;
            // No call goes in circles.
            self.place = Where::Fn;
            self.statements(3, 1);
            self.place = Where::Extension;
            let value = self.value(Ty::Raw, 2);
            let kind = self.dice.below(3);
            self.line(&match kind {
                0 => "return".to_owned(),
                1 => format!("return {value}"),
                _ => "return channel(\"ARG1\")".to_owned(),
            });
            self.indent -= 1;
            self.names.truncate(before);
            self.count = self.count.max(count);
            self.line("}");
        }
        self.indent -= 1;
        self.line("}");
    }

    /// A call of one of them.
    fn gosub(&mut self) {
        let given = [Ty::Int, Ty::Digits, Ty::Duration, Ty::Bool];
        let given: Vec<String> = (0..self.dice.below(3))
            .map(|_| {
                let ty = given[self.dice.below(given.len())];
                self.value(ty, 1)
            })
            .collect();
        let list = given.join(", ");
        let call = match self.dice.below(4) {
            0 => format!("gosub called({list})"),
            1 => format!("gosub called.7({list})"),
            2 => format!("gosub called.\"way-1\"({list})"),
            _ => {
                let place = ["\"the-called\"", "\"7\"", "1"].map(str::to_owned);
                let all = [&place[..], &given[..]].concat();
                format!("gosub dynamic({})", all.join(", "))
            }
        };
        if self.dice.one_in(2) {
            self.line(&call);
            return;
        }
        let name = self.fresh("local");
        self.line(&format!("let {name} = {call}"));
        self.know(name, Ty::Raw, false, true);
    }

    fn statements(&mut self, count: usize, depth: usize) {
        for _ in 0..count {
            if self.left == 0 {
                return;
            }
            self.left -= 1;
            self.statement(depth);
        }
    }

    fn block(&mut self, depth: usize) {
        let before = self.names.len();
        self.indent += 1;
        let count = self.dice.below(3);
        self.statements(count, depth);
        self.indent -= 1;
        self.names.truncate(before);
    }

    fn statement(&mut self, depth: usize) {
        let acts = self.place != Where::Fn;
        let kinds = if depth == 0 { 5 } else { 16 };
        match self.dice.below(kinds) {
            0 | 1 => {
                let ty = self.any();
                let value = self.chosen(ty);
                let (name, var) = (self.fresh("local"), self.dice.one_in(2));
                let word = if var { "var" } else { "let" };
                // `None` alone has no type of its own.
                self.line(&format!("{word} {name}: {} = {value}", ty.written()));
                self.know(name, ty, var, true);
            }
            2 => {
                let here: Vec<(String, Ty)> = self
                    .names
                    .iter()
                    .filter(|n| n.mutable && (acts || n.pure))
                    .map(|n| (n.name.clone(), n.ty))
                    .collect();
                if here.is_empty() {
                    return;
                }
                let (name, ty) = here[self.dice.below(here.len())].clone();
                let value = self.value(ty, 3);
                self.line(&format!("{name} = {value}"));
            }
            3 | 4 if acts => {
                let text = self.value(Ty::Raw, 2);
                let number = self.value(Ty::Digits, 1);
                let name = self.value(Ty::Str, 1);
                let line = match self.dice.below(9) {
                    0 => format!("log({text})"),
                    1 => format!("trace({text})"),
                    2 => format!("caller.name = {text}"),
                    3 => format!("db(\"made/{}\") = {text}", self.dice.below(3)),
                    4 => format!("channel(\"FREE_{}\") = {text}", self.dice.below(3)),
                    5 => "playback([\"hello\", \"goodbye\"])".to_owned(),
                    6 => format!("say_digits({number})"),
                    7 => "wait(100ms)".to_owned(),
                    _ => format!("log({name}, level: Warning)"),
                };
                self.line(&line);
            }
            5 => {
                let condition = self.value(Ty::Bool, 3);
                self.line(&format!("if {condition} {{"));
                self.block(depth - 1);
                if self.dice.one_in(2) {
                    let other = self.value(Ty::Bool, 2);
                    self.line(&format!("}} else if {other} {{"));
                    self.block(depth - 1);
                }
                self.line("} else {");
                self.block(depth - 1);
                self.line("}");
            }
            6 => {
                let turn = self.fresh("turn");
                let most = self.dice.below(4);
                self.line(&format!("var {turn} = 0"));
                self.line(&format!("while {turn} < {most} {{"));
                self.indent += 1;
                self.line(&format!("{turn} = {turn} + 1"));
                if self.dice.one_in(3) {
                    let condition = self.value(Ty::Bool, 2);
                    let word = self.dice.pick(&["break", "continue"]);
                    self.line(&format!("if {condition} {{ {word} }}"));
                }
                self.indent -= 1;
                self.block(depth - 1);
                self.line("}");
            }
            7 => {
                let (one, list, ty) = match self.dice.below(2) {
                    0 => (self.fresh("each"), "[\"a\", \"b\", greeting]", Ty::Str),
                    _ => (self.fresh("each"), "[1, 20, 300]", Ty::Int),
                };
                self.line(&format!("for {one} in {list} {{"));
                let before = self.names.len();
                self.know(one, ty, false, true);
                self.block(depth - 1);
                self.names.truncate(before);
                self.line("}");
            }
            8 => {
                let of = self.value(Ty::Team, 2);
                let (size, title) = (self.fresh("part"), self.fresh("part"));
                self.line(&format!("match {of} {{"));
                self.arm("Sales | Nobody", &[], depth);
                let parts = [(size.clone(), Ty::Int), (title.clone(), Ty::Str)];
                self.arm(&format!("Support({size}, {title})"), &parts, depth);
                self.line("}");
            }
            9 => {
                let ty = [Ty::MaybeDigits, Ty::MaybeStr][self.dice.below(2)];
                let of = self.value(ty, 2);
                let part = self.fresh("part");
                let inner = match ty {
                    Ty::MaybeDigits => Ty::Digits,
                    _ => Ty::Str,
                };
                // A case alone has no type that an arm could take apart.
                let name = self.fresh("local");
                self.line(&format!("let {name}: {} = {of}", ty.written()));
                self.line(&format!("match {name} {{"));
                self.arm(&format!("Some({part})"), &[(part.clone(), inner)], depth);
                self.arm("None", &[], depth);
                self.line("}");
            }
            10 => {
                let of = self.value(Ty::Digits, 2);
                self.line(&format!("match {of} {{"));
                self.arm("\"1\" | \"2\"", &[], depth);
                let part = self.fresh("part");
                let parts = [(part.clone(), Ty::Digits)];
                self.arm(&format!("`5{{{part}: XX}}`"), &parts, depth);
                self.arm("short", &[], depth);
                self.arm("_", &[], depth);
                self.line("}");
            }
            11 => {
                let of = self.value(Ty::Int, 2);
                self.line(&format!("match {of} {{"));
                self.arm("0", &[], depth);
                let guard = self.value(Ty::Bool, 1);
                self.arm(&format!("-7 if {guard}"), &[], depth);
                self.arm("_", &[], depth);
                self.line("}");
            }
            12 if acts && !self.subs.is_empty() => {
                let at = self.dice.below(self.subs.len());
                let (name, params, result) = self.subs[at].clone();
                let call = self.call(&name, &params, 2);
                self.line(&match result {
                    Some(_) => format!("let _ = {call}"),
                    None => call,
                });
            }
            13 if self.place == Where::Extension => {
                self.line(
                    "match dial([pjsip(\"anna\"), pjsip(\"bert\")], ring: 5s, transfer: Both) {",
                );
                self.arm("Busy | NoAnswer", &[], depth);
                self.arm("Congestion | Unavailable | Declined | Refused", &[], depth);
                self.line("}");
            }
            14 if self.place == Where::Extension => {
                let label = self.fresh("further");
                let condition = self.value(Ty::Bool, 2);
                self.line(&format!("if {condition} {{ goto @{label} }}"));
                let text = self.value(Ty::Raw, 2);
                self.line(&format!("log({text})"));
                self.line(&format!("label {label}"));
            }
            15 if acts => self.gosub(),
            _ => {
                let value = self.value(Ty::Int, 2);
                let name = self.fresh("local");
                self.line(&format!("let {name} = {value}"));
                self.know(name, Ty::Int, false, true);
            }
        }
    }

    fn arm(&mut self, pattern: &str, parts: &[(String, Ty)], depth: usize) {
        let before = self.names.len();
        for (name, ty) in parts {
            self.know(name.clone(), *ty, false, true);
        }
        self.line(&format!("{pattern} -> {{"));
        self.block(depth.saturating_sub(1));
        self.line("}");
        self.names.truncate(before);
    }

    fn call(&mut self, name: &str, params: &[Ty], depth: usize) -> String {
        let args: Vec<String> = params.iter().map(|t| self.value(*t, depth)).collect();
        format!("{name}({})", args.join(", "))
    }

    /// A value, or a choice between two.
    fn chosen(&mut self, ty: Ty) -> String {
        if !self.dice.one_in(5) {
            return self.value(ty, 3);
        }
        let condition = self.value(Ty::Bool, 2);
        let (a, b) = (self.value(ty, 2), self.value(ty, 2));
        format!("if {condition} {{ {a} }} else {{ {b} }}")
    }

    /// A value of a type.
    fn value(&mut self, ty: Ty, depth: usize) -> String {
        let acts = self.place != Where::Fn;
        let known: Vec<String> = self
            .names
            .iter()
            .filter(|n| n.ty == ty && (acts || n.pure))
            .map(|n| n.name.clone())
            .collect();
        if !known.is_empty() && (depth == 0 || self.dice.one_in(3)) {
            return known[self.dice.below(known.len())].clone();
        }
        if depth == 0 {
            return self.plain(ty);
        }
        if self.dice.one_in(8) {
            let called: Vec<(String, Vec<Ty>)> = self
                .fns
                .iter()
                .map(|(n, p, r)| (n, p, Some(*r)))
                .chain(
                    self.subs
                        .iter()
                        .filter(|_| acts)
                        .map(|(n, p, r)| (n, p, *r)),
                )
                .filter(|(_, _, r)| *r == Some(ty))
                .map(|(n, p, _)| (n.clone(), p.clone()))
                .collect();
            if !called.is_empty() {
                let (name, params) = called[self.dice.below(called.len())].clone();
                return self.call(&name, &params, depth - 1);
            }
        }
        let d = depth - 1;
        match ty {
            Ty::Int => match self.dice.below(7) {
                0 => self.plain(ty),
                1 | 2 => {
                    let op = self.dice.pick(&["+", "-", "*"]);
                    format!("({} {op} {})", self.value(ty, d), self.value(ty, d))
                }
                3 => {
                    let op = self.dice.pick(&["/", "%"]);
                    format!("({} {op} {})", self.value(ty, d), 1 + self.dice.below(9))
                }
                4 => format!(
                    "(int({}) ?? {})",
                    self.value(Ty::Raw, d),
                    self.dice.below(9)
                ),
                5 => format!("-({})", self.value(ty, d)),
                _ => format!("len({})", self.value(Ty::Str, d)),
            },
            Ty::Bool => match self.dice.below(8) {
                0 => self.plain(ty),
                1 => format!("not ({})", self.value(ty, d)),
                2 => {
                    let op = self.dice.pick(&["and", "or"]);
                    format!("({} {op} {})", self.value(ty, d), self.value(ty, d))
                }
                3 | 4 => {
                    let op = self.dice.pick(&["==", "!=", "<", "<=", ">", ">="]);
                    format!(
                        "({} {op} {})",
                        self.value(Ty::Int, d),
                        self.value(Ty::Int, d)
                    )
                }
                5 => {
                    let op = self.dice.pick(&["==", "!="]);
                    format!(
                        "({} {op} {})",
                        self.value(Ty::Raw, d),
                        self.value(Ty::Str, d)
                    )
                }
                6 => format!("({} in short)", self.value(Ty::Digits, d)),
                _ if acts => "(now in open)".to_owned(),
                _ => format!("({} == Nobody)", self.value(Ty::Team, d)),
            },
            Ty::Str => match self.dice.below(5) {
                0 => self.plain(ty),
                1 => {
                    let holes: Vec<String> = self
                        .names
                        .iter()
                        .filter(|n| matches!(n.ty, Ty::Int | Ty::Str | Ty::Digits | Ty::Bool))
                        .filter(|n| acts || n.pure)
                        .map(|n| n.name.clone())
                        .collect();
                    match holes.is_empty() {
                        true => self.plain(ty),
                        false => {
                            let one = holes[self.dice.below(holes.len())].clone();
                            format!("\"<{{{one}}}> {{{{kept}}}}\"")
                        }
                    }
                }
                2 => format!("keep({}, \"0-9a-z\")", self.value(Ty::Raw, d)),
                3 => format!(
                    "({} ?? {})",
                    self.known_option(Ty::MaybeStr),
                    self.plain(ty)
                ),
                _ => self.value(Ty::Digits, d),
            },
            Ty::Digits => match self.dice.below(4) {
                0 => self.plain(ty),
                1 => format!("(digits({}) ?? \"0\")", self.value(Ty::Raw, d)),
                2 if self.exten => self
                    .dice
                    .pick(&["exten", "exten[1..]", "exten[..2]", "exten[0]"])
                    .to_owned(),
                _ => format!("keep({}, \"0-9\")", self.value(Ty::Raw, d)),
            },
            Ty::Raw => match self.dice.below(5) {
                0 if acts => self
                    .dice
                    .pick(&["caller.name", "caller.number", "channel(\"FREE_1\")"])
                    .to_owned(),
                1 if acts => format!("(db(\"made/{}\") ?? \"none\")", self.dice.below(3)),
                2 if acts => "asterisk('${CHANNEL}')".to_owned(),
                _ => self.value(Ty::Str, d),
            },
            Ty::Duration => match self.dice.below(3) {
                0 => format!("({} + {})", self.value(ty, d), self.plain(ty)),
                1 => format!("({} * {})", self.value(ty, d), self.dice.below(5)),
                _ => self.plain(ty),
            },
            Ty::MaybeDigits => match self.dice.below(3) {
                0 => "None".to_owned(),
                1 => format!("Some({})", self.value(Ty::Digits, d)),
                _ => format!("digits({})", self.value(Ty::Raw, d)),
            },
            Ty::MaybeStr => match self.dice.below(2) {
                0 => "None".to_owned(),
                _ => format!("Some({})", self.value(Ty::Str, d)),
            },
            Ty::Team => match self.dice.below(3) {
                0 => self.plain(ty),
                _ => {
                    let (size, title) = (self.value(Ty::Int, d), self.value(Ty::Str, d));
                    format!("Support({size}, {title})")
                }
            },
        }
    }

    /// A name of an option's type, or a value whose type is plain.
    fn known_option(&mut self, ty: Ty) -> String {
        let acts = self.place != Where::Fn;
        let known: Vec<String> = self
            .names
            .iter()
            .filter(|n| n.ty == ty && (acts || n.pure))
            .map(|n| n.name.clone())
            .collect();
        match known.is_empty() {
            true => format!("Some({})", self.plain(Ty::Str)),
            false => known[self.dice.below(known.len())].clone(),
        }
    }

    fn plain(&mut self, ty: Ty) -> String {
        match ty {
            Ty::Int => self
                .dice
                .pick(&["0", "1", "2", "9", "42", "1000", "-3"])
                .to_owned(),
            Ty::Bool => self.dice.pick(&["true", "false"]).to_owned(),
            Ty::Str => self
                .dice
                .pick(&[
                    "\"\"",
                    "\"a\"",
                    "\"a, b\"",
                    "\"x)y\"",
                    "'${X}'",
                    "\"\\\"quoted\\\"\"",
                    "\"é\\n\"",
                    "\"12\"",
                    "\"a%2Cb\"",
                    "'it''s'",
                    "\"NOTICE\"",
                ])
                .to_owned(),
            Ty::Digits => self
                .dice
                .pick(&["\"1\"", "\"22\"", "\"*98\"", "\"512\""])
                .to_owned(),
            Ty::Raw => self.plain(Ty::Str),
            Ty::Duration => self
                .dice
                .pick(&["0s", "500ms", "5s", "2m", "1h"])
                .to_owned(),
            Ty::MaybeDigits | Ty::MaybeStr => "None".to_owned(),
            Ty::Team => self.dice.pick(&["Sales", "Nobody"]).to_owned(),
        }
    }
}
