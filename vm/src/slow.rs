//! Text met at run time: the reference semantics of `${...}` and `$[...]`, run as frames of the same loop.

use std::collections::BTreeMap;
use std::sync::Arc;

use strowger_stdlib::template::{
    Body, Call, Need, Remark, Substitution, Template, What, split_body,
};
use strowger_stdlib::{Dialect, Value, expr};

use crate::Text;
use crate::control::Phase;
use crate::effect::Level;
use crate::run::{Act, Feed, Frame, Out, Vm, World};

/// Programs kept per channel; when there are more the cache starts anew.
const PROGRAMS: usize = 64;

/// Longer texts are compiled each time.
const CACHED: usize = 256;

/// Expressions that were met before, by their text.
#[derive(Debug, Clone, Default)]
pub(crate) struct Programs(BTreeMap<Text, Arc<expr::Program>>);

impl Programs {
    /// The program of an expression's text.
    pub(crate) fn expression(&mut self, text: &[u8], dialect: &Dialect) -> Arc<expr::Program> {
        let kept = &mut self.0;
        if let Some(p) = kept.get(text) {
            return Arc::clone(p);
        }
        let program = Arc::new(expr::compile_for(text, dialect));
        if text.len() <= CACHED {
            if kept.len() >= PROGRAMS {
                kept.clear();
            }
            kept.insert(text.to_vec(), Arc::clone(&program));
        }
        program
    }
}

impl Vm {
    /// A frame that fills a text. It knows how deep the texts around it are (DL-189).
    pub(crate) fn subst_frame(&self, w: World, text: &[u8]) -> Frame {
        let around = self.frames.iter().rev().find_map(|f| match f {
            Frame::Subst(s) => Some(s.depth()),
            _ => None,
        });
        let template = Arc::new(Template::read(text));
        let substitution = Substitution::nested(template, around.unwrap_or(0));
        Frame::Subst(Box::new(substitution.spoken(*w.module.dialect())))
    }

    /// Reads what a filled body names.
    pub(crate) fn begin_body(&mut self, w: World, body: &[u8]) -> Act {
        let Body { what, slice } = split_body(body);
        match what {
            What::Variable(name) => {
                let value = self.read(w, &name);
                Act::Return(Out::Value(
                    slice.map_or_else(|| value.clone(), |s| s.cut_value(&value)),
                ))
            }
            What::Call(Call { name, args, closed }) => {
                if !closed {
                    self.remark(&Remark::UnclosedCall(name.clone()));
                }
                match (self.begin_function(w, &name, &args), slice) {
                    (Act::Push(frame), Some(s)) => Act::Push(Frame::Cut(s, Some(Box::new(frame)))),
                    (Act::Return(Out::Value(v)), Some(s)) => {
                        Act::Return(Out::Value(s.cut_value(&v)))
                    }
                    (act, _) => act,
                }
            }
        }
    }

    pub(crate) fn substitute(&mut self, w: World, s: &mut Substitution, feed: Feed) -> Act {
        match feed {
            Feed::Begin => {}
            Feed::Out(Out::Value(v)) => s.feed(v),
            Feed::Out(Out::Untouched) => s.feed_untouched(),
            Feed::Out(Out::Failed | Out::Flow(_)) | Feed::Reply(_) => s.fail(),
        }
        loop {
            let need = s.step();
            while let Some(remark) = s.remark() {
                self.remark(&remark);
            }
            self.budget.burn(3);
            match need {
                Need::Done(value) => return Act::Return(Out::Value(value)),
                Need::Variable(name) => {
                    let value = self.read(w, &name);
                    self.budget.burn_text(value.heap_bytes());
                    s.feed(value);
                }
                Need::Call(call) => match self.begin_function(w, &call.name, &call.args) {
                    Act::Return(Out::Value(v)) => s.feed(v),
                    Act::Return(Out::Untouched) => s.feed_untouched(),
                    Act::Return(Out::Failed | Out::Flow(_)) => s.fail(),
                    act => return act,
                },
            }
        }
    }

    pub(crate) fn evaluate(&mut self, w: World, m: &mut expr::Machine, feed: Feed) -> Act {
        match feed {
            Feed::Begin => {}
            Feed::Out(Out::Value(v)) => m.feed(v),
            Feed::Out(Out::Untouched) => m.feed_untouched(),
            Feed::Out(Out::Failed | Out::Flow(_)) | Feed::Reply(_) => m.fail(),
        }
        loop {
            let need = m.step();
            for warning in m.take_warnings() {
                self.remark(&Remark::Expression(warning));
            }
            self.budget.burn(3);
            match need {
                expr::Need::Done(value) => {
                    let long = value.bytes().len() > strowger_stdlib::template::VALUE_LIMIT;
                    let value = if long {
                        Value::text(&value.bytes()[..strowger_stdlib::template::VALUE_LIMIT])
                    } else {
                        value
                    };
                    return Act::Return(Out::Value(value));
                }
                expr::Need::Call { name, args } => match self.begin_function(w, &name, &args) {
                    Act::Return(Out::Value(v)) => m.feed(v),
                    Act::Return(Out::Untouched) => m.feed_untouched(),
                    Act::Return(Out::Failed | Out::Flow(_)) => m.fail(),
                    act => return act,
                },
            }
        }
    }

    fn remark(&mut self, remark: &Remark) {
        let (level, text) = match remark {
            Remark::Unclosed(kind) => (Level::Warning, format!("a hole ({kind:?}) is not closed")),
            Remark::UnclosedCall(name) => (
                Level::Warning,
                format!(
                    "the call of {} has no closing parenthesis",
                    name.escape_ascii()
                ),
            ),
            Remark::TooDeep => (
                Level::Error,
                "texts are nested too deeply: this one is empty".into(),
            ),
            Remark::Expression(w) => (Level::Warning, w.to_string()),
        };
        // The trace names the step only when its arguments are complete.
        let text = match self.phase {
            Phase::Eval { .. } => text,
            _ => format!(
                "{text} (extension {} in {}, priority {})",
                self.place.exten.escape_ascii(),
                self.place.context.escape_ascii(),
                self.place.priority
            ),
        };
        self.note(level, text);
    }
}
