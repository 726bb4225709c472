//! The code of a module for people: whole code, quick code, functions and loops in typed code.

use std::fmt::Write as _;

use strowger_stdlib::template::Slice;

use crate::builtin::Builtin;
use crate::guard::Comparison;
use crate::module::{Entry, Module, NOT_QUICK, StrId, Target, Wanted};
use crate::op::{Instr, Kind, Op};
use crate::short::Short;
use crate::typed::{Function, Typed};

impl Module {
    /// The code of every step in words, for people.
    pub fn disassemble(&self) -> String {
        let mut out = String::new();
        for context in &self.parts.contexts {
            let _ = writeln!(out, "context {}", lossy(self.text(context.name)));
            for entry in &context.entries {
                for p in &entry.priorities {
                    let _ = write!(out, "  {}", lossy(self.text(entry.name)));
                    if let Some(label) = p.label {
                        let _ = write!(out, ",{}({})", p.number, lossy(self.text(label)));
                    } else {
                        let _ = write!(out, ",{}", p.number);
                    }
                    let _ = writeln!(
                        out,
                        "  {}({})    ; {}:{}",
                        lossy(self.text(p.application)),
                        lossy(self.text(p.arguments)),
                        lossy(self.text(p.file)),
                        p.line
                    );
                    for (i, word) in self.parts.code.iter().enumerate().skip(p.pc as usize) {
                        let _ = writeln!(out, "    {i:5}  {}", self.word(i, *word));
                        if word.op() == Op::Next {
                            break;
                        }
                    }
                }
                let first = entry.priorities.first().map_or(NOT_QUICK, |p| p.quick);
                if first == NOT_QUICK {
                    continue;
                }
                let _ = writeln!(out, "  {} in short", lossy(self.text(entry.name)));
                let (mut begun, mut loops) = (0, Vec::new());
                for (i, word) in self.parts.quick.iter().enumerate().skip(first as usize) {
                    if word.op() == Op::Step {
                        if word.bc() < begun {
                            break;
                        }
                        begun = word.bc() + 1;
                    }
                    let _ = writeln!(out, "    {i:5}  {}", self.word(i, *word));
                    if word.op() == Op::Loop {
                        loops.push(word.bc());
                    }
                }
                for number in loops {
                    out.push_str(&self.loop_in_words(entry, number));
                }
            }
            let typed = context.entries.iter().filter_map(|e| e.typed);
            for function in typed.filter_map(|n| self.parts.typed.get(n as usize)) {
                out.push_str(&self.function_in_words(function));
            }
            for include in &context.includes {
                let _ = write!(out, "  include {}", lossy(self.text(include.context)));
                let _ = match &include.times {
                    Some((times, _)) => writeln!(out, " when {}", lossy(self.text(*times))),
                    None => writeln!(out),
                };
            }
        }
        out
    }

    fn function_in_words(&self, function: &Function) -> String {
        let mut out = String::new();
        let f = &function.typed;
        let parameters: Vec<String> = (0..)
            .zip(&f.parameters)
            .map(|(i, ty)| format!("r{i}: {ty:?}"))
            .collect();
        let _ = writeln!(
            out,
            "  {}({}) -> {:?} in typed code",
            lossy(self.text(function.name)),
            parameters.join(", "),
            f.result
        );
        let name = |n: usize| {
            let called = self.parts.typed.get(n);
            called.map_or_else(|| "?".to_owned(), |f| lossy(self.text(f.name)))
        };
        self.typed_in_words(&mut out, f, function.file, name);
        out
    }

    fn loop_in_words(&self, entry: &Entry, number: u32) -> String {
        let mut out = String::new();
        let Some(l) = self.parts.loops.get(number as usize) else {
            return out;
        };
        let Some(head) = entry.priorities.get(usize::from(l.head)) else {
            return out;
        };
        let variables: Vec<String> = (0..)
            .zip(&l.variables)
            .map(|(i, v)| {
                let mark = "_".repeat(usize::from(v.mark));
                format!("r{i} = {mark}{}", lossy(self.slot_name(v.name)))
            })
            .collect();
        let _ = writeln!(
            out,
            "  {},{} loop #{number} in typed code: {}",
            lossy(self.text(entry.name)),
            head.number,
            variables.join(", ")
        );
        self.typed_in_words(&mut out, &l.code, head.file, |_| "?".to_owned());
        for (n, exit) in l.exits.iter().enumerate() {
            let words: Vec<String> = (0..)
                .zip(&l.code.exits)
                .filter(|(_, e)| usize::from(**e) == n)
                .map(|(at, _): (usize, _)| at.to_string())
                .collect();
            if words.is_empty() {
                continue;
            }
            let to = entry.priorities.get(usize::from(exit.to));
            let _ = writeln!(
                out,
                "    words {} leave to priority {}",
                words.join(" "),
                to.map_or(0, |p| p.number)
            );
        }
        out
    }

    fn typed_in_words(
        &self,
        out: &mut String,
        f: &Typed,
        file: StrId,
        name: impl Fn(usize) -> String + Copy,
    ) {
        let mut line = 0;
        for (at, (word, place)) in f.code.iter().zip(&f.lines).enumerate() {
            let _ = write!(out, "    {at:5}  {}", f.word(*word, name));
            if line != *place {
                line = *place;
                let _ = write!(out, "    ; {}:{line}", lossy(self.text(file)));
            }
            out.push('\n');
        }
    }

    fn word(&self, at: usize, word: Instr) -> String {
        let op = word.op();
        let mut out = format!("{:8}", op.info().name);
        let mut before = 0;
        for (n, (field, kind)) in op.info().operands.iter().enumerate() {
            let value = word.field(*field);
            out.push_str(if n == 0 { " " } else { ", " });
            let _ = match kind {
                Kind::Write | Kind::Read => write!(out, "t{value}"),
                Kind::Count => match value {
                    0 => write!(out, ".."),
                    n => write!(out, "..t{}", before + n - 1),
                },
                Kind::Small => write!(out, "{}", value as u16 as i16),
                Kind::Number => write!(out, "{}", value as i32),
                Kind::Comparison => write!(out, "{}", Comparison::from_byte(value as u8).sign()),
                Kind::Flag => write!(out, "{}", if value == 0 { "not" } else { "if" }),
                Kind::Short => write!(
                    out,
                    "{}",
                    Short::from_byte(value as u8).map_or("?", Short::name)
                ),
                Kind::Word => write!(out, "@{value}"),
                Kind::Near => write!(out, "@{}", at as i64 + 1 + i64::from(value as u16 as i16)),
                Kind::Index => write!(out, "#{value}"),
                Kind::Place => match self.parts.targets.get(value as usize) {
                    Some(t) => write!(out, "{}", self.target_in_words(t)),
                    None => write!(out, "?"),
                },
                Kind::Format => match self.parts.formats.get(value as usize) {
                    Some((zone, format)) => write!(
                        out,
                        "\"{}\" {}",
                        lossy(self.text(*format)),
                        lossy(self.text(*zone))
                    ),
                    None => write!(out, "?"),
                },
                Kind::Loop => write!(out, "#{value}"),
                Kind::Byte => write!(out, "'{}'", (value as u8).escape_ascii()),
                Kind::Mark => write!(out, "{}", "_".repeat(value as usize)),
                Kind::Text => write!(out, "\"{}\"", lossy(self.text(StrId(value)))),
                Kind::Slot => write!(out, "{}", lossy(self.slot_name(value as u16))),
                Kind::Builtin => write!(
                    out,
                    "{}",
                    Builtin::from_byte(value as u8).map_or("?", Builtin::name)
                ),
                Kind::Slice => match self.parts.slices.get(value as usize) {
                    Some(Slice {
                        offset,
                        length: None,
                    }) => write!(out, "{offset}"),
                    Some(Slice {
                        offset,
                        length: Some(length),
                    }) => write!(out, "{offset}:{length}"),
                    None => write!(out, "?"),
                },
                Kind::Function => write!(out, "{}", self.listed(&self.parts.functions, value)),
                Kind::Application => {
                    write!(out, "{}", self.listed(&self.parts.applications, value))
                }
            };
            before = value;
        }
        out
    }

    fn target_in_words(&self, t: &Target) -> String {
        let mut out = String::new();
        if let Some(context) = t.context {
            out.push_str(&lossy(self.text(context)));
            out.push(',');
        }
        out.push_str(&lossy(self.text(t.exten)));
        let _ = match t.priority {
            Wanted::Number(n) => write!(out, ",{n}"),
            Wanted::Label(l) => write!(out, ",{}", lossy(self.text(l))),
        };
        out
    }

    fn listed(&self, list: &[StrId], index: u32) -> String {
        list.get(index as usize)
            .map_or_else(|| "?".into(), |id| lossy(self.text(*id)))
    }
}

fn lossy(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}
