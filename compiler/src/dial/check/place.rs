//! What stands before `=`.

use strowger_dial::tree::{self, ExprKind as T};
use strowger_stdlib::words::{self, Kind};

use super::{Binding, Checker, Item, world};
use crate::dial::typed::{ExprKind, StmtKind, TextPart};
use crate::dial::types::Type;

impl Checker<'_> {
    /// `place = value`; none if something is wrong with the place.
    pub(super) fn assign(&mut self, place: &tree::Expr, value: &tree::Expr) -> Option<StmtKind> {
        match &*place.kind {
            T::Name(name) => {
                if let Some(bound) = self.lookup(&name.text).cloned() {
                    return match bound.what {
                        Binding::Local { id, mutable: true } => {
                            let value = self.wanted(value, &bound.ty);
                            Some(StmtKind::Set(id, value))
                        }
                        Binding::Local { .. } | Binding::Capture { .. } => {
                            let capture = matches!(bound.what, Binding::Capture { .. });
                            let label = if capture { "a part of the number" } else { "declared by `let`" };
                            let mut found = self
                                .error("D311", name.at, format!("`{}` does not change", name.text))
                                .also(self.span(bound.at), label);
                            if !capture {
                                found = found.help(format!("what changes is declared by `var {}`", name.text));
                            }
                            self.tell(found);
                            self.expr(value, None);
                            None
                        }
                    };
                }
                match self.names[self.unit].get(&*name.text).copied() {
                    Some(Item::Variable(number)) => self.write(name.at, number, value),
                    Some(_) => {
                        self.tell(
                            self.error("D311", name.at, format!("`{}` does not change", name.text))
                                .label("only `var`, `global` and `channel` do"),
                        );
                        self.expr(value, None);
                        None
                    }
                    None if world::is_fixed(&name.text) => {
                        self.tell(
                            self.error("D311", name.at, format!("`{}` does not change", name.text))
                                .label("the call has it as it is"),
                        );
                        self.expr(value, None);
                        None
                    }
                    None => {
                        self.unknown(name, "variable");
                        if self.found.last().is_some_and(|f| f.code == "D201" && f.helps.is_empty())
                            && let Some(last) = self.found.last_mut()
                        {
                            last.helps.push(format!("a new one is declared: `var {} = ...`", name.text));
                        }
                        self.expr(value, None);
                        None
                    }
                }
            }
            T::Field { of, name } => {
                if let T::Name(first) = &*of.kind {
                    if let Some(Item::Unit(other)) = self.names[self.unit].get(&*first.text).copied()
                        && let Some(Item::Variable(number)) = self.names[other].get(&*name.text).copied()
                    {
                        return self.write(place.at, number, value);
                    }
                    if let Some(field) = world::field_of(&first.text, &name.text) {
                        if !field.writable {
                            self.tell(
                                self.error("D311", place.at, format!("`{}.{}` does not change", first.text, name.text))
                                    .label("the call has it as it is"),
                            );
                            self.expr(value, None);
                            return None;
                        }
                        if self.pure_only(place.at, &format!("`{}.{}`", first.text, name.text)) {
                            return None;
                        }
                        let value = self.wanted(value, &field.ty);
                        let conf = vec![TextPart::Plain(field.conf.to_owned())];
                        return Some(StmtKind::WriteTo(conf, value));
                    }
                }
                // Tells what is wrong with it.
                let made = self.expr(place, None);
                if made.ty != Type::Wrong {
                    self.tell(self.error("D311", place.at, "this does not change"));
                }
                self.expr(value, None);
                None
            }
            T::Call { callee, args } => self.write_call(place, callee, args, value),
            _ => {
                self.tell(
                    self.error("D311", place.at, "nothing can be written here")
                        .label("before `=` stands a variable, a field, or a place such as `db(\"a/b\")`"),
                );
                self.expr(value, None);
                None
            }
        }
    }

    fn write(&mut self, at: tree::At, number: usize, value: &tree::Expr) -> Option<StmtKind> {
        let name = self.program.variables[number].name.clone();
        if self.pure_only(at, &format!("the variable `{name}`")) {
            return None;
        }
        let ty = self.program.variables[number].ty.clone();
        let value = self.wanted(value, &ty);
        Some(StmtKind::Write(number, value))
    }

    /// `channel("X") = e`, `db("a/b") = e`.
    fn write_call(
        &mut self,
        place: &tree::Expr,
        callee: &tree::Expr,
        args: &[tree::Arg],
        value: &tree::Expr,
    ) -> Option<StmtKind> {
        if let T::Name(name) = &*callee.kind {
            if &*name.text == "channel" {
                let variable = self.variable_name(place.at, name, args);
                let value = self.wanted(value, &Type::Raw);
                if self.pure_only(place.at, "`channel`") {
                    return None;
                }
                return Some(StmtKind::WriteTo(vec![TextPart::Plain(variable?)], value));
            }
            if let Some(word) = words::named(&name.text)
                && word.kind == Kind::Place
            {
                let made = self.expr(place, None);
                let ty = self.type_named(word.result);
                let want = match ty {
                    Type::Option(of) => *of,
                    other => other,
                };
                let value = self.wanted(value, &want);
                let ExprKind::Word { word, args } = *made.kind else {
                    return None;
                };
                let mut target = vec![TextPart::Plain(format!("{}(", word.calls))];
                for (i, arg) in args.into_iter().flatten().enumerate() {
                    if i > 0 {
                        target.push(TextPart::Plain(",".to_owned()));
                    }
                    target.push(TextPart::Value(arg));
                }
                target.push(TextPart::Plain(")".to_owned()));
                return Some(StmtKind::WriteTo(target, value));
            }
        }
        let made = self.expr(place, None);
        if made.ty != Type::Wrong {
            self.tell(
                self.error("D311", place.at, "nothing can be written here")
                    .label("this is a value"),
            );
        }
        self.expr(value, None);
        None
    }
}
