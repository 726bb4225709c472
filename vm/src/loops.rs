//! While and If: found by scanning the priorities behind them, with their state in channel variables (DL-263, DL-264).

use strowger_stdlib::Value;

use crate::Text;
use crate::inputs::Place;
use crate::route::{Route, Want};
use crate::run::{Act, Flow, Out, Vm, World};

fn go_on() -> Act {
    Act::Return(Out::Flow(Flow::Continue))
}

impl Vm {
    /// The lowest number whose `PREFIX_n` is unset.
    fn next_index(&self, w: World, prefix: &str) -> u32 {
        (0..)
            .find(|n| {
                self.variables
                    .get(w.module, format!("{prefix}_{n}").as_bytes())
                    .is_none()
            })
            .unwrap_or(0)
    }

    /// The name of the innermost open one, `None` if there is none.
    fn innermost(&self, w: World, prefix: &str) -> Option<String> {
        Some(format!(
            "{prefix}_{}",
            self.next_index(w, prefix).checked_sub(1)?
        ))
    }

    /// The variable that remembers the number of this very line.
    fn line_name(&self) -> Text {
        let p = &self.place;
        [
            p.context.as_slice(),
            b"_",
            &p.exten,
            b"_",
            p.priority.to_string().as_bytes(),
        ]
        .concat()
    }

    /// `context,exten,priority` of the line `further` behind this one.
    fn place_text(&self, further: u32) -> Value {
        let p = &self.place;
        let priority = p.priority.saturating_add(further).to_string();
        Value::text(&[p.context.as_slice(), &p.exten, priority.as_bytes()].join(&b','))
    }

    /// The variable of this line's loop or branch; made if the line is met for the first time.
    fn own_variable(&mut self, w: World, prefix: &str) -> String {
        let line = self.line_name();
        let number = match self.variables.get(w.module, &line) {
            Some(v) => String::from_utf8_lossy(&v.bytes()).into_owned(),
            None => {
                let n = self.next_index(w, prefix).to_string();
                self.assign(w, &line, Value::text(n.as_bytes()));
                n
            }
        };
        format!("{prefix}_{number}")
    }

    fn forget_if_set(&mut self, w: World, name: &[u8]) {
        if self.variables.get(w.module, name).is_some() {
            self.forget(w, name);
        }
    }

    /// Jumps to a place kept in a variable.
    fn go_to_text(&mut self, v: &Value) {
        let text = v.bytes().into_owned();
        let mut parts = text.rsplitn(3, |b| *b == b',');
        let priority = parts
            .next()
            .and_then(crate::function::jump_number)
            .and_then(|n| u32::try_from(n).ok())
            .unwrap_or(0);
        let exten = parts.next().unwrap_or_default().to_vec();
        let context = parts.next().unwrap_or_default().to_vec();
        self.jump = Some(Place {
            context,
            exten,
            priority,
        });
    }

    /// Jumps within the extension.
    fn go_to_priority(&mut self, priority: u32) {
        self.jump = Some(Place {
            priority,
            ..self.place.clone()
        });
    }

    /// The applications of the priorities behind this one as they would run, up to the first number that is missing.
    fn applications_behind<'w>(&self, w: World<'w>) -> impl Iterator<Item = (u32, &'w [u8])> {
        let mut route = self.route;
        let mut number = self.place.priority;
        std::iter::from_fn(move || {
            number = number.checked_add(1)?;
            let ahead = route.filter(|r| r.settled).map(|r| Route {
                index: r.index.saturating_add(1),
                ..r
            });
            let is_next = |r: &Route| {
                w.module
                    .priority(r.context, r.entry, r.index)
                    .is_some_and(|p| p.number == number)
            };
            let p = &self.place;
            route = ahead
                .filter(is_next)
                .or_else(|| self.find(w, &p.context, &p.exten, Want::Number(number)));
            let found = route.and_then(|r| w.module.priority(r.context, r.entry, r.index))?;
            Some((number, w.module.text(found.application)))
        })
    }

    /// Whether the loop of the While of this priority, in the present extension, is the innermost one and has been round once.
    /// Then While, if its condition holds, changes nothing, and EndWhile and ContinueWhile only go back to it.
    pub(crate) fn goes_round(&self, w: World, priority: u32) -> bool {
        let p = &self.place;
        // A macro looks where its steps lead; a comma would end the name where the place is read again.
        if !self.macros.is_empty() || p.exten.contains(&b',') {
            return false;
        }
        let priority = priority.to_string();
        let name = |separator: u8| {
            let parts = [p.context.as_slice(), &p.exten, priority.as_bytes()];
            parts.join(&separator)
        };
        let Some(number) = self
            .variables
            .get(w.module, &name(b'_'))
            .and_then(Value::as_int)
        else {
            return false;
        };
        let begun = format!("WHILE_{number}");
        let place = self.variables.get(w.module, begun.as_bytes());
        place.is_some_and(|v| *v.bytes() == *name(b','))
            && i64::from(self.next_index(w, "WHILE")) == number.saturating_add(1)
            && self
                .variables
                .get(w.module, format!("END_{begun}").as_bytes())
                .is_some()
    }

    /// Where `close` ends what `open` began here, and the first priority before it for each of `others` at the same level.
    fn scan<const N: usize>(
        &self,
        w: World,
        open: &str,
        close: &str,
        others: [&str; N],
    ) -> Option<(u32, [Option<u32>; N])> {
        let mut found = [None; N];
        let mut level = 1u32;
        for (number, name) in self.applications_behind(w) {
            let is = |word: &str| name.eq_ignore_ascii_case(word.as_bytes());
            if is(open) {
                level += 1;
            } else if is(close) {
                level -= 1;
                if level == 0 {
                    return Some((number, found));
                }
            } else if level == 1
                && let Some(which) = others.iter().position(|o| is(o))
            {
                found[which].get_or_insert(number);
            }
        }
        None
    }

    /// `While(condition)`.
    pub(crate) fn while_begins(&mut self, w: World, holds: bool) -> Act {
        let name = self.own_variable(w, "WHILE");
        if !holds {
            self.leave_while(w, &name);
        } else if self.variables.get(w.module, name.as_bytes()).is_none() {
            let here = self.place_text(0);
            self.assign(w, name.as_bytes(), here);
        }
        go_on()
    }

    /// Clears the loop and jumps behind it.
    fn leave_while(&mut self, w: World, name: &str) {
        let end = format!("END_{name}");
        self.forget_if_set(w, name.as_bytes());
        let line = self.line_name();
        self.forget_if_set(w, &line);
        if let Some(v) = self.variables.get(w.module, end.as_bytes()).cloned() {
            self.go_to_text(&v);
            self.forget(w, end.as_bytes());
        } else if let Some((priority, [])) = self.scan(w, "While", "EndWhile", []) {
            self.go_to_priority(priority.saturating_add(1));
        } else {
            let priority = self.place.priority;
            self.warn(format!(
                "the While at priority {priority} has no EndWhile: its body runs"
            ));
        }
    }

    /// `EndWhile()`.
    pub(crate) fn while_ends(&mut self, w: World) -> Act {
        if let Some(name) = self.innermost(w, "WHILE")
            && let Some(start) = self.variables.get(w.module, name.as_bytes()).cloned()
        {
            let end = format!("END_{name}");
            if self.variables.get(w.module, end.as_bytes()).is_none() {
                let behind = self.place_text(1);
                self.assign(w, end.as_bytes(), behind);
            }
            self.go_to_text(&start);
        }
        go_on()
    }

    /// `ContinueWhile()`.
    pub(crate) fn while_again(&mut self, w: World) -> Act {
        if let Some(name) = self.innermost(w, "WHILE")
            && let Some(start) = self.variables.get(w.module, name.as_bytes()).cloned()
        {
            self.go_to_text(&start);
        }
        go_on()
    }

    /// `ExitWhile()`.
    pub(crate) fn while_left(&mut self, w: World) -> Act {
        let name = self
            .innermost(w, "WHILE")
            .unwrap_or_else(|| "WHILE_-1".into());
        self.leave_while(w, &name);
        go_on()
    }

    /// `If(condition)` and `ElseIf(condition)`.
    pub(crate) fn if_begins(&mut self, w: World, holds: bool) -> Act {
        let name = self.own_variable(w, "IF");
        if holds {
            if self.variables.get(w.module, name.as_bytes()).is_none() {
                let here = self.place_text(0);
                self.assign(w, name.as_bytes(), here);
            }
            return go_on();
        }
        self.forget_if_set(w, name.as_bytes());
        let line = self.line_name();
        self.forget_if_set(w, &line);
        // An ElseIf decides for itself, even one that stands behind an Else; behind Else and EndIf things go on.
        match self.scan(w, "If", "EndIf", ["ElseIf", "Else"]) {
            Some((_, [Some(priority), _])) => self.go_to_priority(priority),
            Some((priority, [None, absolute])) => {
                self.go_to_priority(absolute.unwrap_or(priority).saturating_add(1));
            }
            None => {}
        }
        go_on()
    }

    /// `Else()` at the end of the branch that ran, and `ExitIf()`.
    pub(crate) fn if_left(&mut self, w: World) -> Act {
        if let Some(name) = self.innermost(w, "IF") {
            self.forget(w, name.as_bytes());
        }
        match self.scan(w, "If", "EndIf", []) {
            Some((priority, [])) => self.go_to_priority(priority.saturating_add(1)),
            None => {
                let priority = self.place.priority;
                self.warn(format!("there is no EndIf behind priority {priority}"));
            }
        }
        go_on()
    }

    /// `EndIf()`.
    pub(crate) fn if_ends(&mut self, w: World) -> Act {
        if let Some(name) = self.innermost(w, "IF") {
            self.forget(w, name.as_bytes());
        }
        go_on()
    }
}
