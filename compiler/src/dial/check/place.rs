//! What stands before `=`.

use strowger_dial::tree::{self, ExprKind as T};
use strowger_stdlib::words::{self, Kind, Word};
use strowger_stdlib::words::{Part, layout};

use super::{Binding, Checker, Item, constant_text, world};
use crate::dial::notes::Fact;
use crate::dial::typed::{ExprKind, StmtKind, TextPart};
use crate::dial::types::Type;

impl Checker<'_> {
    /// `place = value`; none if something is wrong with the place.
    pub(super) fn assign(&mut self, place: &tree::Expr, value: &tree::Expr) -> Option<StmtKind> {
        match &*place.kind {
            T::Name(name) => {
                if let Some(bound) = self.lookup(&name.text).cloned() {
                    self.note_bound(name.at, bound.at);
                    return match bound.what {
                        Binding::Local { id, mutable: true } => {
                            let value = self.wanted(value, &bound.ty);
                            Some(StmtKind::Set(id, value))
                        }
                        Binding::Local { .. } | Binding::Capture { .. } => {
                            let capture = matches!(bound.what, Binding::Capture { .. });
                            let label = if capture {
                                "a part of the number"
                            } else {
                                "declared by `let`"
                            };
                            let mut found = self
                                .error("D311", name.at, format!("`{}` does not change", name.text))
                                .also(self.span(bound.at), label);
                            if !capture {
                                found = found.help(format!(
                                    "what changes is declared by `var {}`",
                                    name.text
                                ));
                            }
                            self.tell(found);
                            self.expr(value, None);
                            None
                        }
                    };
                }
                match self.names[self.unit].get(&*name.text).copied() {
                    Some(Item::Variable(number)) => {
                        self.note_item(name, self.unit);
                        self.write(name.at, number, value)
                    }
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
                        if self
                            .found
                            .last()
                            .is_some_and(|f| f.code == "D201" && f.helps.is_empty())
                            && let Some(last) = self.found.last_mut()
                        {
                            last.helps
                                .push(format!("a new one is declared: `var {} = ...`", name.text));
                        }
                        self.expr(value, None);
                        None
                    }
                }
            }
            T::Field { of, name } => {
                if let T::Name(first) = &*of.kind {
                    if let Some(Item::Unit(other)) =
                        self.names[self.unit].get(&*first.text).copied()
                        && let Some(Item::Variable(number)) =
                            self.names[other].get(&*name.text).copied()
                    {
                        self.note_item(first, self.unit);
                        self.note_item(name, other);
                        return self.write(place.at, number, value);
                    }
                    if self.lookup(&first.text).is_none()
                        && let Some(field) = world::field_of(&first.text, &name.text)
                    {
                        return match field {
                            world::Field::Word(word)
                                if matches!(word.kind, Kind::Place | Kind::Target) =>
                            {
                                self.write_word(place.at, name, word, &[], value)
                            }
                            _ => {
                                self.tell(
                                    self.error(
                                        "D311",
                                        place.at,
                                        format!("`{}.{}` does not change", first.text, name.text),
                                    )
                                    .label("the call has it as it is"),
                                );
                                self.expr(value, None);
                                None
                            }
                        };
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
        if let T::Name(name) = &*callee.kind
            && &*name.text == "channel"
        {
            let variable = self.variable_name(place.at, name, args);
            if let (Some(variable), [arg]) = (variable.clone(), args) {
                self.note_inside(arg.value.at, |_| Fact::Variable(variable, true));
            }
            // Who reads a status takes it for a word of the exchange.
            let ty = match variable.as_deref().is_some_and(world::is_status) {
                true => Type::Str,
                false => Type::Raw,
            };
            let value = self.wanted(value, &ty);
            if self.pure_only(place.at, "`channel`") {
                return None;
            }
            return Some(StmtKind::WriteTo(vec![TextPart::Plain(variable?)], value));
        }
        let word = match &*callee.kind {
            T::Name(name) => words::named(&name.text).map(|w| (name, w)),
            T::Field { of, name } => match &*of.kind {
                T::Name(first) => {
                    words::named(&format!("{}.{}", first.text, name.text)).map(|w| (name, w))
                }
                _ => None,
            },
            _ => None,
        };
        if let Some((name, word)) = word
            && matches!(word.kind, Kind::Place | Kind::Target)
        {
            return self.write_word(place.at, name, word, args, value);
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

    /// A write to a word: `Set(CALLERID(name)=x)`.
    fn write_word(
        &mut self,
        at: tree::At,
        name: &tree::Name,
        word: &'static Word,
        args: &[tree::Arg],
        value: &tree::Expr,
    ) -> Option<StmtKind> {
        let made = self.call_word(at, name, word, args);
        let want = match self.type_named(word.result) {
            // What a query is given becomes SQL.
            _ if word.name == "odbc" => Type::Str,
            Type::Option(of) => *of,
            other => other,
        };
        let value = self.written(value, &want);
        let ExprKind::Word { word, args } = *made.kind else {
            return None;
        };
        let known: Vec<_> = args.iter().map(|a| constant_text(a.as_ref()?)).collect();
        let called = word.called(|at| known.get(at)?.as_deref())?;
        let mut target = vec![TextPart::Plain(format!("{called}("))];
        let given: Vec<_> = args.iter().map(|e| self.given(e.as_ref())).collect();
        // It fits: call_word has told otherwise.
        let laid = layout(word, &given).ok()?;
        for (number, argument) in laid.arguments.iter().enumerate() {
            if number > 0 {
                target.push(TextPart::Plain(",".to_owned()));
            }
            for part in argument {
                match part {
                    Part::Text(text) => target.push(TextPart::Plain(text.clone())),
                    Part::Value(param) => target.extend(args[*param].clone().map(TextPart::Value)),
                    // No place has lists or names of variables.
                    Part::Element(..) | Part::Variable(_) | Part::Result => return None,
                }
            }
        }
        target.push(TextPart::Plain(")".to_owned()));
        Some(StmtKind::WriteTo(target, value))
    }
}
