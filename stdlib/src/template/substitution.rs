//! Fills a template, one question at a time.

use std::collections::VecDeque;
use std::sync::Arc;

use super::{
    BODY_LIMIT, Body, Call, DEPTH_LIMIT, HoleKind, Piece, RESULT_LIMIT, Slice, Template,
    VALUE_LIMIT, What, split_body,
};
use crate::dialect::Dialect;
use crate::expr;
use crate::value::Value;

/// What a [`Substitution`] wants next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Need {
    /// The value of a variable; answer with [`Substitution::feed`]
    /// ([`Value::EMPTY`] if unset).
    Variable(Vec<u8>),
    /// The value of a function; answer with [`Substitution::feed`] or
    /// [`Substitution::feed_untouched`] or [`Substitution::fail`].
    Call(Call),
    /// The whole text.
    Done(Value),
}

/// A remark that Asterisk would log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remark {
    /// A hole without its closing bracket.
    Unclosed(HoleKind),
    /// A function without its `)`.
    UnclosedCall(Vec<u8>),
    /// Nested deeper than [`DEPTH_LIMIT`].
    TooDeep,
    /// From an expression.
    Expression(expr::Warning),
}

/// Fills a template, asking for one variable or function at a time. It may be
/// kept for as long as an answer takes; nothing is evaluated twice.
#[derive(Clone, Debug)]
pub struct Substitution {
    frames: Vec<Frame>,
    base_depth: usize,
    waiting: Waiting,
    remarks: VecDeque<Remark>,
    dialect: Dialect,
}

/// One level: a template that is being filled.
#[derive(Clone, Debug)]
struct Frame {
    template: Arc<Template>,
    /// What the parent does with the text; `None` for the outermost.
    kind: Option<HoleKind>,
    next: usize,
    out: Vec<u8>,
    /// The expression in this level's text that waits for a function.
    machine: Option<Box<expr::Machine>>,
}

#[derive(Clone, Debug)]
enum Waiting {
    Nothing,
    Hole(Option<Slice>),
    Machine,
}

/// Remarks kept by one substitution; later ones are dropped.
const REMARK_LIMIT: usize = 64;

impl Frame {
    fn new(template: Arc<Template>, kind: Option<HoleKind>) -> Frame {
        Frame {
            template,
            kind,
            next: 0,
            out: Vec::new(),
            machine: None,
        }
    }

    fn append(&mut self, text: &[u8]) {
        let room = BODY_LIMIT.saturating_sub(self.out.len());
        self.out.extend_from_slice(&text[..text.len().min(room)]);
    }
}

impl Substitution {
    /// Starts at the outermost level.
    pub fn new(template: Arc<Template>) -> Substitution {
        Substitution::nested(template, 0)
    }

    /// Starts inside `depth` levels of substitution that already run: `EVAL`
    /// within `EVAL` counts against the same limit (DL-189).
    pub fn nested(template: Arc<Template>, depth: usize) -> Substitution {
        Substitution {
            frames: vec![Frame::new(template, None)],
            base_depth: depth,
            waiting: Waiting::Nothing,
            remarks: VecDeque::new(),
            dialect: Dialect::default(),
        }
    }

    /// With the expressions of a release.
    #[must_use]
    pub fn spoken(mut self, dialect: Dialect) -> Substitution {
        self.dialect = dialect;
        self
    }

    /// Levels of substitution that run now, for [`Substitution::nested`].
    pub fn depth(&self) -> usize {
        self.base_depth + self.frames.len()
    }

    /// Bytes of unfinished text, for memory accounting.
    pub fn heap_bytes(&self) -> usize {
        self.frames.iter().map(|frame| frame.out.len()).sum()
    }

    /// Takes the next remark.
    pub fn remark(&mut self) -> Option<Remark> {
        self.remarks.pop_front()
    }

    /// Goes on until something is needed. Called again without an answer it
    /// takes the empty text for one.
    pub fn step(&mut self) -> Need {
        if !matches!(self.waiting, Waiting::Nothing) {
            self.feed(Value::EMPTY);
        }
        loop {
            if let Some(need) = self.run_machine() {
                return need;
            }
            let depth = self.depth();
            let Some(frame) = self.frames.last_mut() else {
                return Need::Done(Value::EMPTY);
            };
            let template = Arc::clone(&frame.template);
            let Some(piece) = template.pieces.get(frame.next) else {
                if let Some(need) = self.leave() {
                    return need;
                }
                continue;
            };
            frame.next += 1;
            match piece {
                Piece::Text(text) => frame.append(text),
                Piece::Hole(hole) => {
                    if !hole.closed {
                        self.note(Remark::Unclosed(hole.kind));
                    }
                    let plain = if hole.too_deep || (depth >= DEPTH_LIMIT && !hole.body.is_plain())
                    {
                        self.note(Remark::TooDeep);
                        Some(&b""[..])
                    } else {
                        hole.body.as_plain()
                    };
                    match plain {
                        Some(body) => {
                            if let Some(need) = self.fill(hole.kind, body) {
                                return need;
                            }
                        }
                        None => self
                            .frames
                            .push(Frame::new(Arc::clone(&hole.body), Some(hole.kind))),
                    }
                }
            }
        }
    }

    /// Answers the last [`Need`].
    pub fn feed(&mut self, value: Value) {
        match std::mem::replace(&mut self.waiting, Waiting::Nothing) {
            Waiting::Nothing => {}
            Waiting::Hole(slice) => self.put(&value.bytes(), slice),
            Waiting::Machine => {
                if let Some(machine) = self.machine() {
                    machine.feed(value);
                }
            }
        }
    }

    /// Answers that the function gave no result, be it that it failed: empty in
    /// `${}` (DL-194), the argument text itself within `$[]`.
    pub fn feed_untouched(&mut self) {
        if let Waiting::Machine = std::mem::replace(&mut self.waiting, Waiting::Nothing)
            && let Some(machine) = self.machine()
        {
            machine.feed_untouched();
        }
    }

    /// Answers that there is no such function: empty in `${}` (DL-194), `0`
    /// within `$[]` (DL-219).
    pub fn fail(&mut self) {
        if let Waiting::Machine = std::mem::replace(&mut self.waiting, Waiting::Nothing)
            && let Some(machine) = self.machine()
        {
            machine.fail();
        }
    }

    fn machine(&mut self) -> Option<&mut expr::Machine> {
        self.frames.last_mut()?.machine.as_deref_mut()
    }

    fn note(&mut self, remark: Remark) {
        if self.remarks.len() < REMARK_LIMIT {
            self.remarks.push_back(remark);
        }
    }

    /// Appends a hole's value to the innermost unfinished text.
    fn put(&mut self, value: &[u8], slice: Option<Slice>) {
        let cut = slice.map_or(value, |slice| slice.cut(value));
        if let Some(frame) = self.frames.last_mut() {
            frame.append(cut);
        }
    }

    /// Starts on a hole whose body is filled.
    fn fill(&mut self, kind: HoleKind, body: &[u8]) -> Option<Need> {
        match kind {
            HoleKind::Expression => {
                let machine = expr::Machine::new(Arc::new(expr::compile_for(body, &self.dialect)));
                if let Some(frame) = self.frames.last_mut() {
                    frame.machine = Some(Box::new(machine));
                }
                None
            }
            HoleKind::Variable => {
                let Body { what, slice } = split_body(body);
                self.waiting = Waiting::Hole(slice);
                Some(match what {
                    What::Variable(name) => Need::Variable(name),
                    What::Call(call) => {
                        if !call.closed {
                            self.note(Remark::UnclosedCall(call.name.clone()));
                        }
                        Need::Call(call)
                    }
                })
            }
        }
    }

    /// The innermost level is complete: gives the result, or hands its text to
    /// the level around it.
    fn leave(&mut self) -> Option<Need> {
        let mut frame = self.frames.pop()?;
        match frame.kind {
            None => {
                frame.out.truncate(RESULT_LIMIT);
                Some(Need::Done(Value::text(&frame.out)))
            }
            Some(kind) => self.fill(kind, &frame.out),
        }
    }

    fn run_machine(&mut self) -> Option<Need> {
        let frame = self.frames.last_mut()?;
        let machine = frame.machine.as_deref_mut()?;
        let need = machine.step();
        let warnings = machine.take_warnings();
        let answer = match need {
            expr::Need::Call { name, args } => {
                self.waiting = Waiting::Machine;
                Some(Need::Call(Call {
                    name,
                    args,
                    closed: true,
                }))
            }
            expr::Need::Done(value) => {
                frame.machine = None;
                let text = value.bytes();
                frame.append(&text[..text.len().min(VALUE_LIMIT)]);
                None
            }
        };
        for warning in warnings {
            self.note(Remark::Expression(warning));
        }
        answer
    }
}

/// Who answers a substitution that cannot wait: load time (DL-191), tests.
pub trait Resolve {
    /// The value of a variable, `None` if unset.
    fn variable(&mut self, name: &[u8]) -> Option<Value>;
    /// The answer of a function.
    fn call(&mut self, call: &Call) -> Answered;
    /// Whose expressions they are.
    fn dialect(&self) -> Dialect {
        Dialect::default()
    }
}

/// The answer of a function to [`expand`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answered {
    /// A value.
    Value(Value),
    /// It gave no result, see [`Substitution::feed_untouched`].
    Untouched,
    /// There is no such function, see [`Substitution::fail`].
    Failed,
}

/// Fills `text` at once. The remarks are returned beside the result.
pub fn expand(text: &[u8], answers: &mut dyn Resolve) -> (Vec<u8>, Vec<Remark>) {
    let mut run = Substitution::new(Arc::new(Template::read(text))).spoken(answers.dialect());
    let mut remarks = Vec::new();
    loop {
        let need = run.step();
        while let Some(remark) = run.remark() {
            remarks.push(remark);
        }
        match need {
            Need::Variable(name) => run.feed(answers.variable(&name).unwrap_or_default()),
            Need::Call(call) => match answers.call(&call) {
                Answered::Value(value) => run.feed(value),
                Answered::Untouched => run.feed_untouched(),
                Answered::Failed => run.fail(),
            },
            Need::Done(value) => return (value.bytes().into_owned(), remarks),
        }
    }
}
