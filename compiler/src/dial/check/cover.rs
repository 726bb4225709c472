//! `match`: what each arm is for, whether all values have one, and whether each arm can be reached.

use strowger_dial::tree::{self, Arm, ArmBody, ArmPattern, ArmPatternKind as P, At, Bound as End};

use super::expr::Use;
use super::{Binding, Bound, Checker, Item, constant_text};
use crate::dial::notes::Fact;
use crate::dial::numbers;
use crate::dial::typed::{Expr, ExprKind, Range, Test};
use crate::dial::types::Type;

/// Most steps that a `match` is looked at for completeness; a larger one is taken for incomplete.
const WORK: usize = 100_000;

impl Checker<'_> {
    pub(super) fn matching(&mut self, at: At, of: &tree::Expr, arms: &[Arm], how: &Use) -> Expr {
        let of = self.expr(of, None);
        self.note(at, |_| Fact::Match(of.ty.clone()));
        if matches!(
            of.ty,
            Type::Unit | Type::Never | Type::Pattern | Type::Hours | Type::Trunk | Type::List(_)
        ) {
            let shown = self.show(&of.ty);
            self.tell(self.error(
                "D402",
                of.place.at,
                format!("{shown} cannot be looked at by `match`"),
            ));
            return self.wrong(at);
        }
        let mut made = Vec::with_capacity(arms.len());
        let mut ty: Option<Type> = None;
        let mut agree = true;
        let mut rows: Vec<Vec<Test>> = Vec::new();
        for arm in arms {
            let found_before = self.found.len();
            let (arm_made, arm_ty) = self.in_scope(|c| c.arm(arm, &of.ty, how));
            let whole = self.found.len() == found_before;
            if whole && of.ty != Type::Wrong {
                self.reached(arm, &arm_made.tests, &rows, &of.ty);
            }
            if arm_made.guard.is_none() {
                rows.extend(arm_made.tests.iter().map(|t| vec![t.clone()]));
            }
            match (&ty, how) {
                (None, _) => ty = Some(arm_ty),
                (Some(before), Use::Value(_)) => match self.join(before, &arm_ty) {
                    Some(joined) => ty = Some(joined),
                    None => {
                        if agree {
                            let (a, b) = (self.show(before), self.show(&arm_ty));
                            self.tell(
                                self.error("D402", arm.at, "all arms need the same type")
                                    .label(format!("this one has {b}, those before {a}")),
                            );
                        }
                        agree = false;
                    }
                },
                (Some(before), Use::Nothing { .. }) => {
                    if *before != Type::Never || arm_ty != Type::Never {
                        ty = Some(Type::Unit);
                    }
                }
            }
            made.push(arm_made);
        }
        if of.ty != Type::Wrong {
            self.complete(at, &of, &rows, arms);
        }
        if !agree {
            return self.wrong(at);
        }
        let ty = match (how, ty) {
            (_, None) => Type::Never,
            (Use::Nothing { .. }, Some(Type::Never)) => Type::Never,
            (Use::Nothing { .. }, Some(_)) => Type::Unit,
            (Use::Value(_), Some(ty)) => ty,
        };
        for arm in &mut made {
            self.lift(&mut arm.body, &ty);
        }
        self.made(at, ty, ExprKind::Match(of, made))
    }

    fn arm(&mut self, arm: &Arm, of: &Type, how: &Use) -> (crate::dial::typed::Arm, Type) {
        let outer = std::mem::replace(&mut self.body.region, arm.at);
        let made = self.arm_here(arm, of, how);
        self.body.region = outer;
        made
    }

    fn arm_here(&mut self, arm: &Arm, of: &Type, how: &Use) -> (crate::dial::typed::Arm, Type) {
        let binds = arm.patterns.len() == 1;
        let tests = arm
            .patterns
            .iter()
            .map(|p| self.test(p, of, binds))
            .collect();
        let guard = arm.guard.as_ref().map(|g| self.wanted(g, &Type::Bool));
        let (body, ty) = match &arm.body {
            ArmBody::Block(block) => self.block(block, how),
            ArmBody::Expr(e) => {
                let value = match how {
                    Use::Value(Some(want)) if *want != Type::Unit => {
                        let value = self.used(e, how);
                        self.fit(value, want)
                    }
                    Use::Value(_) => self.used(e, how),
                    Use::Nothing { tail } => self.unused(e, *tail),
                };
                let ty = match (how, &value.ty) {
                    (_, Type::Never) => Type::Never,
                    (Use::Nothing { .. }, _) => Type::Unit,
                    (_, ty) => ty.clone(),
                };
                (self.as_block(value, how), ty)
            }
        };
        let made = crate::dial::typed::Arm {
            tests,
            guard,
            body,
            place: self.place(arm.at),
        };
        (made, ty)
    }

    fn test(&mut self, pattern: &ArmPattern, of: &Type, binds: bool) -> Test {
        let at = pattern.at;
        let any = Test::Any(None);
        if *of == Type::Wrong {
            // Names are known all the same.
            self.bind_all(pattern, binds);
            return any;
        }
        match &pattern.kind {
            P::Any => any,
            P::Name(name) => {
                if let Some(Item::Const(number)) = self.names[self.unit].get(&*name.text).copied() {
                    self.note_item(name, self.unit);
                    return self.constant_test(number, at, of);
                }
                if !binds {
                    self.tell(
                        self.error(
                            "D313",
                            at,
                            "one of several alternatives cannot name the value",
                        )
                        .label("the name would not always be there")
                        .help("write `_`, or an arm of its own"),
                    );
                    self.bind(name, Type::Wrong, false);
                    return any;
                }
                Test::Any(Some(self.bind(name, of.clone(), false)))
            }
            P::Case { name, fields } => self.case_test(at, name, fields.as_deref(), of, binds),
            P::Int(digits) => match (of, digits.parse::<i64>()) {
                (Type::Int, Ok(n)) => Test::Int(n),
                (Type::Int, Err(_)) => {
                    self.tell(
                        self.error("D407", at, "this number is too large")
                            .label("an Int has 64 bits"),
                    );
                    any
                }
                _ => {
                    let mut found = self.arm_mismatch(at, "a number", of);
                    if matches!(of, Type::Digits | Type::Str | Type::Raw) {
                        found = found.fix(
                            format!("digits are text: write \"{digits}\""),
                            self.span(at),
                            format!("\"{digits}\""),
                            true,
                        );
                    }
                    self.tell(found);
                    any
                }
            },
            P::Bool(b) => match of {
                Type::Bool => Test::Bool(*b),
                _ => {
                    let found = self.arm_mismatch(at, "true or false", of);
                    self.tell(found);
                    any
                }
            },
            P::Duration { number, unit } => match (of, self.milliseconds(number, *unit, at)) {
                (Type::Duration, Some(ms)) => Test::Duration(ms),
                (Type::Duration, None) => any,
                _ => {
                    let found = self.arm_mismatch(at, "a time", of);
                    self.tell(found);
                    any
                }
            },
            P::Range { from, to } => self.range_test(at, from.as_ref(), to.as_ref(), of),
            P::Text(text) => match of {
                Type::Str | Type::Raw => Test::Text(text.text.to_string()),
                Type::Digits => {
                    if let Some(bad) = text.text.bytes().find(|b| !numbers::is_digit(*b)) {
                        self.tell(
                            self.error("D302", at, "this arm is never reached")
                                .label(format!("Digits never hold {:?}", bad as char)),
                        );
                    }
                    Test::Text(text.text.to_string())
                }
                _ => {
                    let mut found = self.arm_mismatch(at, "text", of);
                    if let Type::Enum(id) = of {
                        let of = self.enums().get(*id);
                        let meant = of.cases.iter().find(|c| {
                            c.spellings
                                .iter()
                                .any(|s| s.eq_ignore_ascii_case(&text.text))
                        });
                        if let Some(case) = meant {
                            found = found.help(format!("this case is `{}`", case.name)).fix(
                                format!("write `{}`", case.name),
                                self.span(at),
                                case.name.clone(),
                                true,
                            );
                        }
                    }
                    self.tell(found);
                    any
                }
            },
            P::Pattern(written) => {
                let read = self.pattern(written);
                if !matches!(of, Type::Digits | Type::Str | Type::Raw) {
                    let found = self.arm_mismatch(at, "a pattern", of);
                    self.tell(found);
                    return any;
                }
                let mut captures = Vec::new();
                for capture in read.captures {
                    if !binds {
                        self.tell(
                            self.error(
                                "D313",
                                capture.name.at,
                                "one of several alternatives cannot name a part",
                            )
                            .label("the name would not always be there"),
                        );
                        continue;
                    }
                    // A part of digits is digits, whatever its pattern admits.
                    let ty = match of {
                        Type::Digits => Type::Digits,
                        Type::Str if capture.ty == Type::Raw => Type::Str,
                        _ => capture.ty,
                    };
                    let local = self.bind(&capture.name, ty, false);
                    captures.push((local, capture.from, capture.length));
                }
                Test::Pattern(read.regex, captures)
            }
        }
    }

    /// `1..10`, `5s..`.
    fn range_test(&mut self, at: At, from: Option<&End>, to: Option<&End>, of: &Type) -> Test {
        let any = Test::Any(None);
        let time = match of {
            Type::Int => false,
            Type::Duration => true,
            _ => {
                let mut found = self.arm_mismatch(at, "a range", of);
                if matches!(of, Type::Digits | Type::Str | Type::Raw) {
                    found = found.help("numbers of a telephone are matched by patterns: `1XX`");
                }
                self.tell(found);
                return any;
            }
        };
        let mut ends = [None, None];
        for (end, made) in [from, to].into_iter().zip(&mut ends) {
            let read = match end {
                None => continue,
                Some(End::Int(digits)) if !time => digits.parse::<i64>().ok(),
                Some(End::Duration { number, unit }) if time => {
                    let Some(ms) = self.milliseconds(number, *unit, at) else {
                        return any;
                    };
                    i64::try_from(ms).ok()
                }
                Some(_) => {
                    let what = if time { "numbers" } else { "times" };
                    let found = self.arm_mismatch(at, &format!("a range of {what}"), of);
                    self.tell(found);
                    return any;
                }
            };
            let Some(n) = read else {
                self.tell(
                    self.error("D407", at, "this number is too large")
                        .label("an Int has 64 bits"),
                );
                return any;
            };
            *made = Some(n);
        }
        let [from, to] = ends;
        if let (Some(first), Some(end)) = (from, to)
            && first >= end
        {
            self.tell(
                self.error("D302", at, "this arm is never reached")
                    .label("the range holds nothing: its end does not belong to it"),
            );
        }
        Test::Range(Range { from, to, time })
    }

    fn arm_mismatch(&self, at: At, what: &str, of: &Type) -> crate::diagnostic::Diagnostic {
        let of = self.show(of);
        self.error("D402", at, format!("the value is {of}"))
            .label(format!("this is {what}"))
    }

    /// A constant's name in the place of a pattern.
    fn constant_test(&mut self, number: usize, at: At, of: &Type) -> Test {
        let value = self.constant(number, at);
        match (&value.ty, &*value.kind) {
            (Type::Pattern, _) if matches!(of, Type::Digits | Type::Str | Type::Raw) => {
                Test::Pattern(constant_text(&value).unwrap_or_default(), Vec::new())
            }
            (Type::Int, ExprKind::Int(n)) if *of == Type::Int => Test::Int(*n),
            (Type::Duration, ExprKind::Duration(ms)) if *of == Type::Duration => {
                Test::Duration(*ms)
            }
            (Type::Str | Type::Digits, _) if matches!(of, Type::Digits | Type::Str | Type::Raw) => {
                Test::Text(constant_text(&value).unwrap_or_default())
            }
            (Type::Wrong, _) => Test::Any(None),
            (have, _) => {
                let what = self.show(have);
                let found = self.arm_mismatch(at, &what, of);
                self.tell(found);
                Test::Any(None)
            }
        }
    }

    fn case_test(
        &mut self,
        at: At,
        name: &tree::Name,
        fields: Option<&[ArmPattern]>,
        of: &Type,
        binds: bool,
    ) -> Test {
        let any = Test::Any(None);
        match (of, &*name.text, fields) {
            (Type::Option(_), "None", None) => return Test::Nothing,
            (Type::Option(inner), "Some", Some([inside])) => {
                return Test::Just(Box::new(self.test(inside, inner, binds)));
            }
            (Type::Option(inner), _, _) if matches!(**inner, Type::Enum(_)) => {
                let inside = self.case_test(at, name, fields, inner, binds);
                return Test::Just(Box::new(inside));
            }
            (Type::Option(_), _, _) => {
                let mut found = self.arm_mismatch(at, &format!("`{}`", name.text), of);
                found = found.help("an Option is `Some(x)` or `None`");
                self.tell(found);
                return any;
            }
            (Type::Enum(_), _, _) => {}
            _ => {
                let mut found = self.arm_mismatch(at, &format!("the case `{}`", name.text), of);
                if matches!(&*name.text, "Some" | "None") {
                    found = found.help("the value is always there");
                }
                self.tell(found);
                return any;
            }
        }
        let Some((id, case)) = self.find_case(name, Some(of)) else {
            for field in fields.unwrap_or_default() {
                self.bind_all(field, binds);
            }
            return any;
        };
        self.note(name.at, |_| Fact::Case(id, case));
        let carried = self.enums().get(id).cases[case].fields.clone();
        let Some(fields) = fields else {
            // `Support` for `Support(_)`.
            let all = carried.iter().map(|_| Test::Any(None)).collect();
            return Test::Case(id, case, all);
        };
        if fields.len() != carried.len() {
            self.tell(self.error(
                "D403",
                at,
                format!(
                    "`{}` carries {}, not {}",
                    name.text,
                    super::call::values(carried.len()),
                    fields.len()
                ),
            ));
            for field in fields {
                self.bind_all(field, binds);
            }
            return any;
        }
        let tests = fields
            .iter()
            .zip(carried)
            .map(|(f, (_, ty))| self.test(f, &ty, binds))
            .collect();
        Test::Case(id, case, tests)
    }

    /// Binds the names of a pattern whose value is not understood.
    fn bind_all(&mut self, pattern: &ArmPattern, binds: bool) {
        match &pattern.kind {
            P::Name(name) if binds => {
                let bound = Bound {
                    what: Binding::Capture {
                        from: 0,
                        length: None,
                    },
                    ty: Type::Wrong,
                    at: name.at,
                };
                self.bind_as(name, bound);
            }
            P::Case { fields, .. } => {
                for field in fields.iter().flatten() {
                    self.bind_all(field, binds);
                }
            }
            _ => {}
        }
    }

    /// Tells arms, or alternatives of one, that those before leave nothing to.
    fn reached(&mut self, arm: &Arm, tests: &[Test], rows: &[Vec<Test>], of: &Type) {
        let mut rows: Vec<Vec<Test>> = rows.to_vec();
        for (pattern, test) in arm.patterns.iter().zip(tests) {
            let row = vec![test.clone()];
            let mut work = WORK;
            if self.useful(&rows, &row, std::slice::from_ref(of), &mut work) == Some(false) {
                self.tell(
                    self.error("D302", pattern.at, "this arm is never reached")
                        .label("those before it take all of its values"),
                );
            }
            rows.push(row);
        }
    }

    /// Tells what has no arm.
    fn complete(&mut self, at: At, of: &Expr, rows: &[Vec<Test>], arms: &[Arm]) {
        let mut missing: Vec<String> = Vec::new();
        let mut rows = rows.to_vec();
        let mut work = WORK;
        while missing.len() < 8 {
            match self.witness(&rows, std::slice::from_ref(&of.ty), &mut work) {
                Some(mut witness) => {
                    let test = witness.remove(0);
                    missing.push(self.shown_test(&test));
                    rows.push(vec![test]);
                }
                None => break,
            }
        }
        if missing.is_empty() {
            if let (Type::Enum(_), Some(arm)) = (&of.ty, arms.last())
                && let [ArmPattern { kind: P::Any, at }] = arm.patterns.as_slice()
                && arm.guard.is_none()
            {
                self.tell(
                    self.error(
                        "D306",
                        *at,
                        "this arm takes every other case, also those that will be new",
                    )
                    .label("name the cases instead"),
                );
            }
            return;
        }
        let shown = self.show(&of.ty);
        let list: Vec<String> = missing.iter().map(|m| format!("`{m}`")).collect();
        let mut found = self
            .error("D301", of.place.at, format!("not every {shown} has an arm"))
            .label(format!("missing: {}", list.join(", ")));
        let close = At {
            start: at.end.saturating_sub(1),
            end: at.end.saturating_sub(1),
        };
        let arms = missing.join(" | ");
        found = found.help(format!("add `{arms} -> ...`")).fix(
            "add the missing arm",
            self.span(close),
            format!("  {arms} -> hangup()\n"),
            false,
        );
        self.tell(found);
    }

    fn shown_test(&self, test: &Test) -> String {
        match test {
            Test::Any(_) => "_".to_owned(),
            Test::Int(n) => n.to_string(),
            Test::Bool(b) => b.to_string(),
            Test::Duration(ms) => format!("{ms}ms"),
            Test::Range(range) => {
                let shown = |n: i64| match (range.time, n % 1_000) {
                    (false, _) => n.to_string(),
                    (true, 0) => format!("{}s", n / 1_000),
                    (true, _) => format!("{n}ms"),
                };
                match (range.from, range.to) {
                    (Some(from), Some(to)) if from + 1 == to => shown(from),
                    (from, to) => format!(
                        "{}..{}",
                        from.map(shown).unwrap_or_default(),
                        to.map(shown).unwrap_or_default()
                    ),
                }
            }
            Test::Text(text) => format!("{text:?}"),
            Test::Pattern(..) => "_".to_owned(),
            Test::Nothing => "None".to_owned(),
            Test::Just(of) => format!("Some({})", self.shown_test(of)),
            Test::Case(id, case, fields) => {
                let name = &self.enums().get(*id).cases[*case].name;
                if fields.is_empty() {
                    return name.clone();
                }
                let fields: Vec<String> = fields.iter().map(|f| self.shown_test(f)).collect();
                format!("{name}({})", fields.join(", "))
            }
        }
    }

    /// Whether a row takes something that those before do not; none: too much work.
    fn useful(
        &self,
        rows: &[Vec<Test>],
        row: &[Test],
        types: &[Type],
        work: &mut usize,
    ) -> Option<bool> {
        *work = work.checked_sub(1)?;
        let (Some(first), Some(ty)) = (row.first(), types.first()) else {
            return Some(rows.is_empty());
        };
        if let (Some(_), Some(pieces)) = (head(first), pieces(rows, Some(first))) {
            for piece in pieces.iter().filter(|piece| takes(first, piece)) {
                let narrowed = narrow(rows, piece, 0);
                if self.useful(&narrowed, &row[1..], &types[1..], work)? {
                    return Some(true);
                }
            }
            return Some(false);
        }
        match head(first) {
            Some(head) => {
                let types_in = self.inside(&head, ty);
                let narrowed = narrow(rows, &head, types_in.len());
                let row = spread(row, &head, types_in.len())?;
                let types = [types_in.as_slice(), &types[1..]].concat();
                self.useful(&narrowed, &row, &types, work)
            }
            None => {
                for head in self.heads(rows, ty) {
                    let types_in = self.inside(&head, ty);
                    let narrowed = narrow(rows, &head, types_in.len());
                    let mut spread_row: Vec<Test> =
                        types_in.iter().map(|_| Test::Any(None)).collect();
                    spread_row.extend_from_slice(&row[1..]);
                    let types = [types_in.as_slice(), &types[1..]].concat();
                    if self.useful(&narrowed, &spread_row, &types, work)? {
                        return Some(true);
                    }
                }
                if self.is_all(rows, ty) {
                    return Some(false);
                }
                let rest = rest(rows);
                self.useful(&rest, &row[1..], &types[1..], work)
            }
        }
    }

    /// A value that no row takes.
    fn witness(&self, rows: &[Vec<Test>], types: &[Type], work: &mut usize) -> Option<Vec<Test>> {
        *work = work.checked_sub(1)?;
        let Some(ty) = types.first() else {
            return rows.is_empty().then(Vec::new);
        };
        if !self.is_all(rows, ty)
            && let Some(mut found) = self.witness(&rest(rows), &types[1..], work)
        {
            let first = self.absent(rows, ty);
            found.insert(0, first);
            return Some(found);
        }
        for head in self.heads(rows, ty) {
            let types_in = self.inside(&head, ty);
            let narrowed = narrow(rows, &head, types_in.len());
            let types = [types_in.as_slice(), &types[1..]].concat();
            if let Some(mut found) = self.witness(&narrowed, &types, work) {
                let rest = found.split_off(types_in.len());
                let mut all = vec![head.with(found)];
                all.extend(rest);
                return Some(all);
            }
        }
        None
    }

    /// What a value of the type can begin with that stands in the first column.
    fn heads(&self, rows: &[Vec<Test>], _: &Type) -> Vec<Head> {
        if let Some(pieces) = pieces(rows, None) {
            return pieces;
        }
        let mut heads: Vec<Head> = Vec::new();
        for row in rows {
            if let Some(head) = row.first().and_then(head)
                && !heads.contains(&head)
            {
                heads.push(head);
            }
        }
        heads
    }

    /// Whether the first column names all that a value of the type can begin with.
    fn is_all(&self, rows: &[Vec<Test>], ty: &Type) -> bool {
        if pieces(rows, None).is_some() {
            return true;
        }
        let heads = self.heads(rows, ty);
        match ty {
            Type::Bool => heads.len() == 2,
            Type::Option(_) => heads.len() == 2,
            Type::Enum(id) => heads.len() == self.enums().get(*id).cases.len(),
            _ => false,
        }
    }

    /// Something that the first column does not name.
    fn absent(&self, rows: &[Vec<Test>], ty: &Type) -> Test {
        let heads = self.heads(rows, ty);
        match ty {
            Type::Bool if heads.is_empty() => Test::Any(None),
            Type::Bool => Test::Bool(!heads.contains(&Head::Bool(true))),
            Type::Option(_) if heads.contains(&Head::Nothing) => {
                Test::Just(Box::new(Test::Any(None)))
            }
            Type::Option(_) => Test::Nothing,
            Type::Enum(id) => {
                let cases = &self.enums().get(*id).cases;
                let case = (0..cases.len()).find(|c| !heads.contains(&Head::Case(*id, *c)));
                match case {
                    Some(case) => {
                        let fields = cases[case].fields.iter().map(|_| Test::Any(None)).collect();
                        Test::Case(*id, case, fields)
                    }
                    None => Test::Any(None),
                }
            }
            _ => Test::Any(None),
        }
    }

    fn inside(&self, head: &Head, ty: &Type) -> Vec<Type> {
        match (head, ty) {
            (Head::Just, Type::Option(of)) => vec![(**of).clone()],
            (Head::Case(id, case), _) => {
                let fields = &self.enums().get(*id).cases[*case].fields;
                fields.iter().map(|(_, ty)| ty.clone()).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// What a test begins with.
#[derive(Clone, PartialEq, Debug)]
enum Head {
    Int(i64),
    Bool(bool),
    Duration(u64),
    /// A piece of the numbers that no range of the column cuts.
    Piece(Range),
    Text(String),
    Pattern(String),
    Case(crate::dial::types::EnumId, usize),
    Nothing,
    Just,
}

impl Head {
    fn with(self, mut fields: Vec<Test>) -> Test {
        match self {
            Head::Int(n) => Test::Int(n),
            Head::Bool(b) => Test::Bool(b),
            Head::Duration(ms) => Test::Duration(ms),
            Head::Piece(range) => Test::Range(range),
            Head::Text(text) => Test::Text(text),
            Head::Pattern(regex) => Test::Pattern(regex, Vec::new()),
            Head::Case(id, case) => Test::Case(id, case, fields),
            Head::Nothing => Test::Nothing,
            Head::Just => Test::Just(Box::new(fields.pop().unwrap_or(Test::Any(None)))),
        }
    }
}

fn head(test: &Test) -> Option<Head> {
    Some(match test {
        Test::Any(_) => return None,
        Test::Int(n) => Head::Int(*n),
        Test::Bool(b) => Head::Bool(*b),
        Test::Duration(ms) => Head::Duration(*ms),
        Test::Range(range) => Head::Piece(*range),
        Test::Text(text) => Head::Text(text.clone()),
        Test::Pattern(regex, _) => Head::Pattern(regex.clone()),
        Test::Case(id, case, _) => Head::Case(*id, *case),
        Test::Nothing => Head::Nothing,
        Test::Just(_) => Head::Just,
    })
}

/// Whether a test takes all that begins so.
fn takes(test: &Test, head_of: &Head) -> bool {
    match (head_of, range(test)) {
        (Head::Piece(piece), Some(range)) => {
            let starts = range
                .from
                .is_none_or(|a| piece.from.is_some_and(|b| a <= b));
            let ends = range.to.is_none_or(|a| piece.to.is_some_and(|b| a >= b));
            starts && ends
        }
        _ => head(test).as_ref() == Some(head_of),
    }
}

/// The numbers that a test takes.
fn range(test: &Test) -> Option<Range> {
    let one = |n: i64, time| Range {
        from: Some(n),
        to: n.checked_add(1),
        time,
    };
    match test {
        Test::Int(n) => Some(one(*n, false)),
        Test::Duration(ms) => Some(one(i64::try_from(*ms).ok()?, true)),
        Test::Range(range) => Some(*range),
        _ => None,
    }
}

/// All numbers, cut wherever a test of the first column begins or ends; none if no range is among them.
fn pieces(rows: &[Vec<Test>], more: Option<&Test>) -> Option<Vec<Head>> {
    let column = rows.iter().filter_map(|r| r.first()).chain(more);
    let is_range = |test: &&Test| matches!(test, Test::Range(_));
    let time = match column.clone().find(is_range)? {
        Test::Range(range) => range.time,
        _ => return None,
    };
    let ranges = column.filter_map(range);
    let mut cuts: Vec<i64> = ranges.flat_map(|r| [r.from, r.to]).flatten().collect();
    cuts.sort_unstable();
    cuts.dedup();
    let from = std::iter::once(None).chain(cuts.iter().copied().map(Some));
    let to = cuts.iter().copied().map(Some).chain([None]);
    let piece = |(from, to)| Head::Piece(Range { from, to, time });
    Some(from.zip(to).map(piece).collect())
}

/// A row with what its first test holds in the place of that test; none if it begins with something else.
fn spread(row: &[Test], wanted: &Head, width: usize) -> Option<Vec<Test>> {
    let (first, rest) = row.split_first()?;
    let mut spread: Vec<Test> = match first {
        Test::Any(_) => vec![Test::Any(None); width],
        _ if !takes(first, wanted) => return None,
        Test::Case(_, _, fields) => fields.clone(),
        Test::Just(of) => vec![(**of).clone()],
        _ => Vec::new(),
    };
    spread.extend_from_slice(rest);
    Some(spread)
}

fn narrow(rows: &[Vec<Test>], wanted: &Head, width: usize) -> Vec<Vec<Test>> {
    rows.iter()
        .filter_map(|r| spread(r, wanted, width))
        .collect()
}

/// Rows that begin with anything, without it.
fn rest(rows: &[Vec<Test>]) -> Vec<Vec<Test>> {
    rows.iter()
        .filter(|r| matches!(r.first(), Some(Test::Any(_))))
        .map(|r| r[1..].to_vec())
        .collect()
}
