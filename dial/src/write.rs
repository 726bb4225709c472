//! A tree as text, in the layout of `strowger fmt`. Read again, the text gives the same tree.
//!
//! Parentheses are written where the tree needs them and none stand in it. A hole of a text cannot hold a text in double quotes, nor any
//! value an `if`, `match`, `return` or `goto` inside of it: such trees have no spelling.

use crate::tree::*;

/// Columns of a line on which a block of one statement stands.
const SHORT: usize = 80;

/// A file as text.
pub fn write(module: &Module) -> String {
    write_with(module, &|_| Vec::new())
}

/// The same with comments: `before` gives the lines, without `//`, that stand in front of the declaration, item, statement or arm at a
/// place.
pub fn write_with(module: &Module, before: &dyn Fn(At) -> Vec<String>) -> String {
    let mut writer = Writer {
        out: String::new(),
        indent: 0,
        before,
    };
    for (i, decl) in module.decls.iter().enumerate() {
        // Short ones of a kind stand together.
        let apart =
            i > 0 && !(decl.doc.is_none() && is_line(decl) && is_line(&module.decls[i - 1]));
        if apart {
            writer.out.push('\n');
        }
        writer.decl(decl);
    }
    writer.out
}

/// Whether a declaration is one line as a rule.
fn is_line(decl: &Decl) -> bool {
    matches!(
        decl.kind,
        DeclKind::Import { .. }
            | DeclKind::ImportConf { .. }
            | DeclKind::Const { .. }
            | DeclKind::Global(_)
            | DeclKind::Channel(..)
    )
}

/// How tight an operator binds; what binds looser stands in parentheses.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Tight {
    Pipe,
    Default,
    Or,
    And,
    Not,
    Compare,
    Add,
    Multiply,
    Sign,
    Postfix,
}

fn tight(op: BinaryOp) -> Tight {
    use BinaryOp::*;
    match op {
        Pipe => Tight::Pipe,
        Default => Tight::Default,
        Or => Tight::Or,
        And => Tight::And,
        Eq | Ne | Lt | Le | Gt | Ge | In => Tight::Compare,
        Add | Sub => Tight::Add,
        Mul | Div | Rem => Tight::Multiply,
    }
}

/// The next tighter one.
fn above(tight: Tight) -> Tight {
    use Tight::*;
    match tight {
        Pipe => Default,
        Default => Or,
        Or => And,
        And => Not,
        Not => Compare,
        Compare => Add,
        Add => Multiply,
        Multiply => Sign,
        Sign | Postfix => Postfix,
    }
}

struct Writer<'a> {
    out: String,
    indent: usize,
    before: &'a dyn Fn(At) -> Vec<String>,
}

impl Writer<'_> {
    fn put(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn line(&mut self) {
        self.out.push('\n');
        self.start();
    }

    fn start(&mut self) {
        self.out.extend(std::iter::repeat_n("  ", self.indent));
    }

    /// The comments in front of something, and its doc comment.
    fn notes(&mut self, at: At, doc: Option<&str>) {
        for line in (self.before)(at) {
            self.put("//");
            if !line.is_empty() {
                self.put(" ");
                self.put(&line);
            }
            self.line();
        }
        for line in doc.into_iter().flat_map(|d| d.split('\n')) {
            self.put("///");
            if !line.is_empty() {
                self.put(" ");
                self.put(line);
            }
            self.line();
        }
    }

    fn separated<T>(&mut self, all: &[T], mark: &str, mut one: impl FnMut(&mut Self, &T)) {
        for (i, item) in all.iter().enumerate() {
            if i > 0 {
                self.put(mark);
            }
            one(self, item);
        }
    }

    /// Lines in braces; nothing for none of them.
    fn braces<T>(&mut self, all: &[T], mut one: impl FnMut(&mut Self, &T)) {
        if all.is_empty() {
            self.put("{}");
            return;
        }
        self.put("{");
        self.indent += 1;
        for item in all {
            self.line();
            one(self, item);
        }
        self.indent -= 1;
        self.line();
        self.put("}");
    }

    fn decl(&mut self, decl: &Decl) {
        self.notes(decl.at, decl.doc.as_deref());
        match &decl.kind {
            DeclKind::Import { path, name } => {
                self.put("import ");
                self.separated(path, "/", |w, n| w.put(&n.text));
                if path.last().is_none_or(|last| last.text != name.text) {
                    self.put(" as ");
                    self.put(&name.text);
                }
            }
            DeclKind::ImportConf { file, name } => {
                self.put("import conf ");
                self.constant(file);
                self.put(" as ");
                self.put(&name.text);
            }
            DeclKind::Const { name, ty, value } => {
                self.put("const ");
                self.typed(&name.text, ty.as_ref());
                self.put(" = ");
                self.expr(value);
            }
            DeclKind::Global(v) => {
                self.put("global ");
                self.variable(v);
            }
            DeclKind::Channel(inherit, v) => {
                self.put(match inherit {
                    Inherit::None => "channel ",
                    Inherit::Once => "channel inherit ",
                    Inherit::Ever => "channel inherit* ",
                });
                self.variable(v);
            }
            DeclKind::Enum { name, cases } => {
                self.put("enum ");
                self.put(&name.text);
                self.put(" ");
                self.braces(cases, |w, case| {
                    w.put(&case.name.text);
                    if !case.fields.is_empty() {
                        w.params(&case.fields);
                    }
                    w.put(",");
                });
            }
            DeclKind::Fn(f) => self.callable("fn ", f),
            DeclKind::Sub(f) => self.callable("sub ", f),
            DeclKind::Context { name, conf, items } => {
                self.put("context ");
                self.put(&name.text);
                self.conf(conf.as_ref());
                self.put(" ");
                let mut first = true;
                let long = |item: &Item| matches!(&item.kind, ItemKind::On { body, .. } if body.stmts.len() > 1);
                let mut last_long = false;
                self.braces(items, |w, item| {
                    // What takes several lines stands apart.
                    if !first && (last_long || long(item) || item.doc.is_some()) {
                        let line = w.out.trim_end_matches(' ').len();
                        w.out.truncate(line);
                        w.line();
                    }
                    first = false;
                    last_long = long(item);
                    w.item(item);
                });
            }
            DeclKind::Test { title, time, items } => {
                self.put("test ");
                self.constant(title);
                if let Some(time) = time {
                    self.put(" at ");
                    self.simple(time, Tight::Postfix);
                }
                self.put(" ");
                self.braces(items, |w, item| w.test_item(item));
            }
        }
        self.put("\n");
    }

    fn typed(&mut self, name: &str, ty: Option<&Type>) {
        self.put(name);
        if let Some(ty) = ty {
            self.put(": ");
            self.ty(ty);
        }
    }

    fn ty(&mut self, ty: &Type) {
        self.put(&ty.name.text);
        if !ty.args.is_empty() {
            self.put("(");
            self.separated(&ty.args, ", ", |w, t| w.ty(t));
            self.put(")");
        }
    }

    fn conf(&mut self, conf: Option<&Constant>) {
        if let Some(conf) = conf {
            self.put(" as ");
            self.constant(conf);
        }
    }

    fn variable(&mut self, v: &Variable) {
        self.typed(&v.name.text, Some(&v.ty));
        if let Some(value) = &v.value {
            self.put(" = ");
            self.expr(value);
        }
        self.conf(v.conf.as_ref());
    }

    fn params(&mut self, params: &[Param]) {
        self.put("(");
        self.separated(params, ", ", |w, p| w.typed(&p.name.text, Some(&p.ty)));
        self.put(")");
    }

    fn callable(&mut self, word: &str, f: &Callable) {
        self.put(word);
        self.put(&f.name.text);
        self.conf(f.conf.as_ref());
        self.params(&f.params);
        if let Some(result) = &f.result {
            self.put(" -> ");
            self.ty(result);
        }
        self.put(" ");
        self.block(&f.body);
    }

    fn item(&mut self, item: &Item) {
        self.notes(item.at, item.doc.as_deref());
        match &item.kind {
            ItemKind::Include { context, condition } => {
                self.put("include ");
                self.path(context);
                if let Some((when, e)) = condition {
                    self.put(if *when { " when " } else { " unless " });
                    self.simple(e, Tight::Pipe);
                }
            }
            ItemKind::On {
                numbers,
                from,
                body,
            } => {
                self.put("on ");
                self.separated(numbers, ", ", |w, n| w.number(n));
                if let Some(from) = from {
                    self.put(" from ");
                    self.number(from);
                }
                self.put(" ");
                self.block(body);
            }
            ItemKind::Hint { number, device } => {
                self.put("hint ");
                self.number(number);
                self.put(" = ");
                self.simple(device, Tight::Pipe);
            }
        }
    }

    fn test_item(&mut self, item: &TestItem) {
        self.notes(item.at, None);
        match &item.kind {
            TestItemKind::Given { place, value } => {
                self.put("given ");
                self.simple(place, Tight::Postfix);
                self.put(" = ");
                self.simple(value, Tight::Pipe);
            }
            TestItemKind::Call {
                number,
                from,
                context,
                actions,
            } => {
                self.put("call ");
                self.simple(number, Tight::Postfix);
                if let Some(from) = from {
                    self.put(" from ");
                    self.simple(from, Tight::Postfix);
                }
                self.put(" in ");
                self.path(context);
                if let Some(actions) = actions {
                    self.put(" ");
                    self.block(actions);
                }
            }
            TestItemKind::Expect(e) => {
                self.put("expect ");
                self.simple(e, Tight::Pipe);
            }
            TestItemKind::Let { name, value } => {
                self.put("let ");
                self.put(&name.text);
                self.put(" = ");
                self.expr(value);
            }
        }
    }

    fn number(&mut self, number: &Number) {
        match number {
            Number::Digits(c) => self.put(&c.text),
            Number::Text(c) => self.constant(c),
            Number::Pattern(p) => self.pattern(p),
            Number::Event(n) => self.put(&n.text),
        }
    }

    fn pattern(&mut self, pattern: &Pattern) {
        self.put("`");
        for part in &pattern.parts {
            match &part.name {
                Some(name) => {
                    self.put("{");
                    self.put(&name.text);
                    self.put(": ");
                    self.put(&part.text);
                    self.put("}");
                }
                None => self.put(&part.text),
            }
        }
        self.put("`");
    }

    fn path(&mut self, path: &Path) {
        self.put(&path.first.text);
        for part in &path.rest {
            match part {
                PathPart::Field(name) => {
                    self.put(".");
                    self.put(&name.text);
                }
                PathPart::Key(key) => {
                    self.put("[");
                    self.constant(key);
                    self.put("]");
                }
            }
        }
    }

    fn constant(&mut self, constant: &Constant) {
        self.put("\"");
        escape(&constant.text, &mut self.out);
        self.put("\"");
    }

    /// A block; one of a short statement stands on the line.
    fn block(&mut self, block: &Block) {
        let (end, line) = (self.out.len(), self.line_start());
        if !self.one_line(block) || !self.fits(line) {
            self.out.truncate(end);
            self.lines(block);
        }
    }

    fn line_start(&self) -> usize {
        self.out.rfind('\n').map_or(0, |i| i + 1)
    }

    fn fits(&self, line: usize) -> bool {
        self.out[line..].chars().count() <= SHORT
    }

    /// Writes a block on the line, if it is of one statement at most without braces and comments.
    fn one_line(&mut self, block: &Block) -> bool {
        match &block.stmts[..] {
            [] => self.put("{}"),
            [stmt] if (self.before)(stmt.at).is_empty() && !holds_block(stmt) => {
                self.put("{ ");
                self.stmt(stmt);
                self.put(" }");
            }
            _ => return false,
        }
        true
    }

    fn lines(&mut self, block: &Block) {
        self.braces(&block.stmts, |w, stmt| {
            w.notes(stmt.at, None);
            w.stmt(stmt);
        });
    }

    /// An `if` with all that belongs to it: wholly on one line, or each of its blocks on lines of its own.
    fn if_(&mut self, e: &Expr) {
        let (end, line) = (self.out.len(), self.line_start());
        if !self.branches(e, Writer::one_line) || !self.fits(line) {
            self.out.truncate(end);
            self.branches(e, |w, block| {
                w.lines(block);
                true
            });
        }
    }

    /// Writes its branches; whether all could be written.
    fn branches(&mut self, mut e: &Expr, write: impl Fn(&mut Self, &Block) -> bool) -> bool {
        while let ExprKind::If {
            condition,
            then,
            otherwise,
        } = &*e.kind
        {
            self.put("if ");
            self.simple(condition, Tight::Pipe);
            self.put(" ");
            if !write(self, then) {
                return false;
            }
            match otherwise {
                Some(Else::Block(block)) => {
                    self.put(" else ");
                    return write(self, block);
                }
                Some(Else::If(next)) => {
                    self.put(" else ");
                    e = next;
                }
                None => break,
            }
        }
        true
    }

    fn stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::Let {
                name,
                ty,
                value,
                otherwise,
            } => {
                self.put("let ");
                self.typed(name.as_ref().map_or("_", |n| &n.text), ty.as_ref());
                self.put(" = ");
                self.expr(value);
                if let Some(block) = otherwise {
                    self.put(" else ");
                    self.block(block);
                }
            }
            StmtKind::Var { name, ty, value } => {
                self.put("var ");
                self.typed(&name.text, ty.as_ref());
                self.put(" = ");
                self.expr(value);
            }
            StmtKind::Assign { place, value } => {
                self.simple(place, Tight::Postfix);
                self.put(" = ");
                self.expr(value);
            }
            StmtKind::While { condition, body } => {
                self.put("while ");
                self.simple(condition, Tight::Pipe);
                self.put(" ");
                self.block(body);
            }
            StmtKind::For { name, list, body } => {
                self.put("for ");
                self.put(&name.text);
                self.put(" in ");
                self.simple(list, Tight::Pipe);
                self.put(" ");
                self.block(body);
            }
            StmtKind::Break => self.put("break"),
            StmtKind::Continue => self.put("continue"),
            StmtKind::Label(name) => {
                self.put("label ");
                self.put(&name.text);
            }
            StmtKind::Expr(e) => self.expr(e),
        }
    }

    /// A value where an `if` and its kin may stand.
    fn expr(&mut self, e: &Expr) {
        match &*e.kind {
            ExprKind::If { .. } => self.if_(e),
            ExprKind::Match { of, arms } => {
                self.put("match ");
                self.simple(of, Tight::Pipe);
                self.put(" ");
                self.braces(arms, |w, arm| w.arm(arm));
            }
            ExprKind::Return(value) => {
                self.put("return");
                if let Some(value) = value {
                    self.put(" ");
                    self.simple(value, Tight::Pipe);
                }
            }
            ExprKind::Gosub { target, args } => {
                self.put("gosub ");
                self.target(target);
                if !args.is_empty() {
                    self.put("(");
                    self.separated(args, ", ", |w, e| w.simple(e, Tight::Pipe));
                    self.put(")");
                }
            }
            ExprKind::Goto(target) => {
                self.put("goto ");
                self.target(target);
            }
            _ => self.simple(e, Tight::Pipe),
        }
    }

    fn target(&mut self, target: &Target) {
        match target {
            Target::Label(name) => {
                self.put("@");
                self.put(&name.text);
            }
            Target::Place { context, number } => {
                self.path(context);
                match number {
                    Some(TargetNumber::Fixed(n)) => {
                        self.put(".");
                        self.number(n);
                    }
                    Some(TargetNumber::Computed(e)) => {
                        self.put(".(");
                        self.simple(e, Tight::Pipe);
                        self.put(")");
                    }
                    None => {}
                }
            }
            Target::Dynamic { name, args, .. } => {
                self.path(name);
                self.put("(");
                self.separated(args, ", ", |w, e| w.simple(e, Tight::Pipe));
                self.put(")");
            }
        }
    }

    fn arm(&mut self, arm: &Arm) {
        self.notes(arm.at, None);
        self.separated(&arm.patterns, " | ", |w, p| w.arm_pattern(p));
        if let Some(guard) = &arm.guard {
            self.put(" if ");
            self.simple(guard, Tight::Pipe);
        }
        self.put(" -> ");
        match &arm.body {
            ArmBody::Expr(e) => self.expr(e),
            ArmBody::Block(block) => self.block(block),
        }
    }

    fn arm_pattern(&mut self, pattern: &ArmPattern) {
        match &pattern.kind {
            ArmPatternKind::Case { name, fields } => {
                self.put(&name.text);
                if let Some(fields) = fields {
                    self.put("(");
                    self.separated(fields, ", ", |w, p| w.arm_pattern(p));
                    self.put(")");
                }
            }
            ArmPatternKind::Name(name) => self.put(&name.text),
            ArmPatternKind::Any => self.put("_"),
            ArmPatternKind::Int(digits) => self.put(digits),
            ArmPatternKind::Text(c) => self.constant(c),
            ArmPatternKind::Bool(b) => self.put(if *b { "true" } else { "false" }),
            ArmPatternKind::Pattern(p) => self.pattern(p),
            ArmPatternKind::Duration { number, unit } => {
                self.put(number);
                self.put(unit.word());
            }
            ArmPatternKind::Range { from, to } => {
                from.iter().for_each(|bound| self.bound(bound));
                self.put("..");
                to.iter().for_each(|bound| self.bound(bound));
            }
        }
    }

    fn bound(&mut self, bound: &Bound) {
        match bound {
            Bound::Int(digits) => self.put(digits),
            Bound::Duration { number, unit } => {
                self.put(number);
                self.put(unit.word());
            }
        }
    }

    /// A value that binds at least as tight as is asked for, in parentheses if it does not.
    fn simple(&mut self, e: &Expr, least: Tight) {
        let own = match &*e.kind {
            ExprKind::Binary { op, .. } => tight(*op),
            ExprKind::Unary { op, .. } => match op {
                UnaryOp::Not => Tight::Not,
                UnaryOp::Neg => Tight::Sign,
            },
            _ => Tight::Postfix,
        };
        if own < least {
            self.put("(");
            self.plain(e);
            self.put(")");
        } else {
            self.plain(e);
        }
    }

    fn plain(&mut self, e: &Expr) {
        match &*e.kind {
            ExprKind::Int(digits) => self.put(digits),
            ExprKind::Text(parts) => {
                self.put("\"");
                for part in parts {
                    match part {
                        TextPart::Text(text) => escape(text, &mut self.out),
                        TextPart::Hole(e) => {
                            self.put("{");
                            self.simple(e, Tight::Pipe);
                            self.put("}");
                        }
                    }
                }
                self.put("\"");
            }
            // A line end cannot stand in single quotes.
            ExprKind::Raw(text) if text.contains('\n') => {
                self.put("\"");
                escape(text, &mut self.out);
                self.put("\"");
            }
            ExprKind::Raw(text) => {
                self.put("'");
                self.put(&text.replace('\'', "''"));
                self.put("'");
            }
            ExprKind::Pattern(p) => self.pattern(p),
            ExprKind::Duration { number, unit } => {
                self.put(number);
                self.put(unit.word());
            }
            ExprKind::Bool(b) => self.put(if *b { "true" } else { "false" }),
            ExprKind::Name(name) | ExprKind::Case(name) => self.put(&name.text),
            ExprKind::List(all) => {
                self.put("[");
                self.separated(all, ", ", |w, e| w.simple(e, Tight::Pipe));
                self.put("]");
            }
            ExprKind::Call { callee, args } => {
                self.simple(callee, Tight::Postfix);
                self.put("(");
                self.separated(args, ", ", |w, arg| {
                    if let Some(name) = &arg.name {
                        w.put(&name.text);
                        w.put(": ");
                    }
                    w.simple(&arg.value, Tight::Pipe);
                });
                self.put(")");
            }
            ExprKind::Field { of, name } => {
                self.simple(of, Tight::Postfix);
                self.put(".");
                self.put(&name.text);
            }
            ExprKind::Index { of, index } => {
                self.simple(of, Tight::Postfix);
                self.put("[");
                self.simple(index, Tight::Pipe);
                self.put("]");
            }
            ExprKind::Slice { of, from, to } => {
                self.simple(of, Tight::Postfix);
                self.put("[");
                if let Some(from) = from {
                    self.simple(from, Tight::Pipe);
                }
                self.put("..");
                if let Some(to) = to {
                    self.simple(to, Tight::Pipe);
                }
                self.put("]");
            }
            ExprKind::Unary { op, of } => match op {
                UnaryOp::Not => {
                    self.put("not ");
                    self.simple(of, Tight::Not);
                }
                UnaryOp::Neg => {
                    let again = matches!(
                        &*of.kind,
                        ExprKind::Unary {
                            op: UnaryOp::Neg,
                            ..
                        }
                    );
                    // Two in a row would be another token.
                    self.put(if again { "- " } else { "-" });
                    self.simple(of, Tight::Sign);
                }
            },
            ExprKind::Binary {
                op, left, right, ..
            } => {
                let own = tight(*op);
                let (l, r) = match own {
                    Tight::Default => (above(own), own),
                    Tight::Compare => (above(own), above(own)),
                    _ => (own, above(own)),
                };
                self.simple(left, l);
                self.put(" ");
                self.put(op.word());
                self.put(" ");
                self.simple(right, r);
            }
            ExprKind::Group(e) => {
                self.put("(");
                self.simple(e, Tight::Pipe);
                self.put(")");
            }
            ExprKind::If { .. }
            | ExprKind::Match { .. }
            | ExprKind::Return(_)
            | ExprKind::Gosub { .. }
            | ExprKind::Goto(_) => self.expr(e),
        }
    }
}

/// Whether braces stand in a statement.
fn holds_block(stmt: &Stmt) -> bool {
    let value = |e: &Expr| matches!(&*e.kind, ExprKind::If { .. } | ExprKind::Match { .. });
    match &stmt.kind {
        StmtKind::Let {
            value: v,
            otherwise,
            ..
        } => otherwise.is_some() || value(v),
        StmtKind::Var { value: v, .. } | StmtKind::Assign { value: v, .. } => value(v),
        StmtKind::While { .. } | StmtKind::For { .. } => true,
        StmtKind::Break | StmtKind::Continue => false,
        // A label alone is the end of its body.
        StmtKind::Label(_) => true,
        StmtKind::Expr(e) => value(e),
    }
}

/// Characters as they stand in double quotes.
fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '{' => out.push_str("{{"),
            '}' => out.push_str("}}"),
            c if c.is_control() => out.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
            c => out.push(c),
        }
    }
}
