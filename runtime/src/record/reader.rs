//! Reads a record, one call at a time, whatever stands in it: what cannot be read is reported with its line and left out.

use serde_json::Value;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::io::{BufRead, Read as _};
use std::sync::Arc;
use strowger_stdlib::time::Zone;
use strowger_vm::{Entry, Interrupt, Reply, System, Text, Time};

use super::line::{self, Delta};
use super::{KIND, VERSION};
use crate::limits;

/// Steps of one line that are read. More: they are left out.
const STEPS: usize = 10_000;
/// Calls whose end was not read yet. More: reported, and left out.
const OPEN: usize = 2 * limits::CHANNELS;
/// Names of the machine that a plan can read.
const NAMES: [&str; 14] = [
    "SYSTEMNAME",
    "ENTITYID",
    "ASTCACHEDIR",
    "ASTETCDIR",
    "ASTMODDIR",
    "ASTVARLIBDIR",
    "ASTDBDIR",
    "ASTKEYDIR",
    "ASTDATADIR",
    "ASTAGIDIR",
    "ASTSPOOLDIR",
    "ASTRUNDIR",
    "ASTLOGDIR",
    "ASTSBINDIR",
];

/// What the head of a record says.
#[derive(Debug, Clone)]
pub struct Head {
    /// The program that wrote it.
    pub program: String,
    /// When it began.
    pub began: Time,
    /// The machine that the plan knew.
    pub system: Arc<System>,
    /// Names and numbers are others than the real ones.
    pub pseudonyms: bool,
    /// The digest of the plan that ran at the start.
    pub plan: String,
}

/// One call of a record.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// Its number in the file.
    pub number: u64,
    /// The line on which it begins.
    pub line: u64,
    /// The digest of its plan.
    pub plan: String,
    /// When it came.
    pub at: Time,
    /// How it entered.
    pub entry: Entry,
    /// Global variables that differed from those of the plan's files.
    pub globals: Delta,
    /// What it asked, in order.
    pub turns: Vec<Turn>,
    /// How it ended; `None`: the record ends before.
    pub end: Option<Ended>,
    /// Why the rest of it was not written.
    pub lost: Option<String>,
    bytes: usize,
}

/// Something that a call asked, and what it was told.
#[derive(Debug, Clone, PartialEq)]
pub struct Turn {
    /// When it asked.
    pub asked: Time,
    /// When it was told.
    pub answered: Time,
    /// The steps before it, since the last turn.
    pub steps: Vec<Passed>,
    /// What it asked; `null`: a line of a log.
    pub asks: Value,
    /// What it was told.
    pub reply: Reply,
    /// What happened to the channel meanwhile.
    pub interrupt: Option<Interrupt>,
    /// Global variables that changed meanwhile.
    pub globals: Delta,
    /// The plan was replaced meanwhile, and the call went on in the new one.
    pub reloaded: bool,
}

/// A step that ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passed {
    /// Context.
    pub context: Text,
    /// Extension, as dialled.
    pub exten: Text,
    /// Priority.
    pub priority: u32,
    /// Application.
    pub application: Text,
    /// `extensions.conf:12`, as it was then.
    pub source: String,
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// When.
    pub at: Time,
    /// The steps after the last turn.
    pub steps: Vec<Passed>,
    /// `over`, `fault`, `returned`.
    pub how: String,
    /// What led to it.
    pub why: String,
    /// Q.850 cause.
    pub cause: u16,
}

/// A line that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bad {
    /// Its number, from 1.
    pub line: u64,
    /// What is wrong.
    pub why: String,
}

/// What comes next.
#[derive(Debug)]
pub enum Next {
    /// A call, as far as the file tells.
    Call(Box<Recorded>),
    /// A line that is left out.
    Bad(Bad),
}

/// What the file says of itself, once all is read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// The last line is cut off: the exchange stopped while it wrote.
    pub truncated: bool,
    /// It has an end: the exchange was stopped as it should be.
    pub finished: bool,
    /// Things that found no place in the queue.
    pub dropped: u64,
    /// It grew to its bound.
    pub full: bool,
}

/// See the head of this file.
#[derive(Debug)]
pub struct Reader<R> {
    from: R,
    line: u64,
    open: HashMap<u64, Recorded>,
    /// Calls of which the rest is not looked at.
    left_out: HashSet<u64>,
    /// Bytes of the lines of open calls.
    held: usize,
    ready: VecDeque<Recorded>,
    /// The head.
    pub head: Head,
    /// What the file says of itself; right once there is no next.
    pub counts: Counts,
    is_over: bool,
}

/// One line.
enum Read {
    Line(Vec<u8>),
    Long,
    End,
}

impl<R: BufRead> Reader<R> {
    /// Reads the head.
    ///
    /// # Errors
    /// One sentence: it is no record, or one of another version.
    pub fn new(mut from: R) -> Result<Reader<R>, String> {
        let cannot = |fault: std::io::Error| fault.to_string();
        let no_record =
            || "this is no record of calls; `strowger run --record` makes one".to_owned();
        let first = match read_line(&mut from).map_err(cannot)? {
            Read::Line(line) => line,
            Read::Long | Read::End => return Err(no_record()),
        };
        let value: Value = serde_json::from_slice(&first).map_err(|_| no_record())?;
        if value.get("strowger").and_then(Value::as_str) != Some(KIND) {
            return Err(no_record());
        }
        match value.get("version").and_then(Value::as_u64) {
            Some(VERSION) => {}
            Some(other) => {
                return Err(format!(
                    "a record of version {other}; this program reads version {VERSION}"
                ));
            }
            None => return Err(no_record()),
        }
        let head = head(&value).ok_or("the first line of the record is damaged")?;
        Ok(Reader {
            from,
            line: 1,
            open: HashMap::new(),
            left_out: HashSet::new(),
            held: 0,
            ready: VecDeque::new(),
            head,
            counts: Counts::default(),
            is_over: false,
        })
    }

    fn bad(&self, why: impl Into<String>) -> Next {
        Next::Bad(Bad {
            line: self.line,
            why: why.into(),
        })
    }

    /// The next call whose end was read, or line that cannot be; at the end of the file the calls that have no end.
    pub fn next_one(&mut self) -> Option<Next> {
        loop {
            if let Some(call) = self.ready.pop_front() {
                return Some(Next::Call(Box::new(call)));
            }
            if self.is_over {
                return None;
            }
            self.line += 1;
            let line = match read_line(&mut self.from) {
                Ok(Read::Line(line)) => line,
                Ok(Read::Long) => {
                    self.close_all();
                    return Some(self.bad(format!("longer than {} bytes", limits::RECORD_LINE)));
                }
                Ok(Read::End) => {
                    self.is_over = true;
                    let mut left: Vec<Recorded> = self.open.drain().map(|(_, call)| call).collect();
                    left.sort_by_key(|call| call.line);
                    self.ready.extend(left);
                    continue;
                }
                Err(fault) => {
                    self.is_over = true;
                    return Some(self.bad(fault.to_string()));
                }
            };
            let is_whole = line.last() == Some(&b'\n');
            if line.trim_ascii().is_empty() {
                continue;
            }
            let value: Value = match serde_json::from_slice(&line) {
                Ok(value) => value,
                Err(_) if !is_whole => {
                    self.counts.truncated = true;
                    continue;
                }
                Err(fault) => {
                    self.close_all();
                    return Some(self.bad(format!("no JSON: {fault}")));
                }
            };
            if let Err(why) = self.take(&value, line.len()) {
                return Some(self.bad(why));
            }
        }
    }

    /// One line that is JSON.
    fn take(&mut self, value: &Value, size: usize) -> Result<(), String> {
        let Some(number) = value.get("call").and_then(Value::as_u64) else {
            if let Some(end) = value.get("end") {
                self.counts.finished = true;
                let dropped = end.get("dropped").and_then(Value::as_u64);
                self.counts.dropped = dropped.unwrap_or_default();
                return Ok(());
            }
            if value.get("full").is_some() {
                self.counts.full = true;
                return Ok(());
            }
            return Err("nothing that a record holds".into());
        };
        if value.get("enters").is_some() {
            self.left_out.remove(&number);
            if self.open.contains_key(&number) {
                return Err(format!("call {number} begins a second time"));
            }
            if self.open.len() >= OPEN {
                return Err(format!("more than {OPEN} calls at once"));
            }
            let Some(call) = begun(value, number, self.line, size) else {
                self.leave_out(number);
                return Err(format!(
                    "the begin of call {number} is damaged: it is left out"
                ));
            };
            self.held += size;
            self.open.insert(number, call);
            return Ok(());
        }
        let Some(call) = self.open.get_mut(&number) else {
            if self.left_out.contains(&number) {
                return Ok(());
            }
            return Err(format!("nothing says how call {number} begins"));
        };
        if self.held + size > limits::RECORD_OPEN {
            self.close(number, false);
            self.leave_out(number);
            return Err(format!("call {number} is too long: it is left out"));
        }
        if let Some(why) = value.get("lost") {
            let why = why.as_str().unwrap_or_default();
            call.lost = Some(why.chars().filter(|c| !c.is_control()).take(200).collect());
            self.close(number, true);
            return Ok(());
        }
        if let Some(ends) = value.get("ends") {
            call.end = ended(value, ends, call.at);
            let is_read = call.end.is_some();
            self.close(number, true);
            return is_read
                .then_some(())
                .ok_or_else(|| format!("the end of call {number} is damaged"));
        }
        match turn(value, call.at) {
            Some(turn) => {
                call.bytes += size;
                self.held += size;
                call.turns.push(turn);
                Ok(())
            }
            None => {
                // What comes after it would be compared with the wrong thing.
                call.lost = Some(format!("line {} of the record is damaged", self.line));
                self.close(number, true);
                self.leave_out(number);
                Err(format!(
                    "a line of call {number} is damaged: the call ends there"
                ))
            }
        }
    }

    /// What comes of this call is not looked at.
    fn leave_out(&mut self, number: u64) {
        if self.left_out.len() < OPEN {
            self.left_out.insert(number);
        }
    }

    /// A line cannot be read: it may have been of any call.
    fn close_all(&mut self) {
        let mut all: Vec<u64> = self.open.keys().copied().collect();
        all.sort_unstable();
        for number in all {
            if let Some(call) = self.open.get_mut(&number) {
                call.lost = Some(format!("line {} of the record is damaged", self.line));
            }
            self.close(number, true);
            self.leave_out(number);
        }
    }

    fn close(&mut self, number: u64, is_ready: bool) {
        if let Some(call) = self.open.remove(&number) {
            self.held = self.held.saturating_sub(call.bytes);
            if is_ready {
                self.ready.push_back(call);
            }
        }
    }
}

fn read_line(from: &mut impl BufRead) -> std::io::Result<Read> {
    let mut line = Vec::new();
    from.by_ref()
        .take(limits::RECORD_LINE)
        .read_until(b'\n', &mut line)?;
    if line.is_empty() {
        return Ok(Read::End);
    }
    if line.last() == Some(&b'\n') || (line.len() as u64) < limits::RECORD_LINE {
        return Ok(Read::Line(line));
    }
    // The rest of it.
    loop {
        let chunk = from.fill_buf()?;
        if chunk.is_empty() {
            return Ok(Read::Long);
        }
        let end = memchr::memchr(b'\n', chunk);
        let used = end.map_or(chunk.len(), |at| at + 1);
        from.consume(used);
        if end.is_some() {
            return Ok(Read::Long);
        }
    }
}

fn word(value: &Value, key: &str) -> Option<String> {
    let text = value.get(key)?.as_str()?;
    Some(text.chars().filter(|c| !c.is_control()).take(200).collect())
}

fn head(value: &Value) -> Option<Head> {
    let zone = Zone::named(value.get("zone")?.as_str()?.as_bytes())?;
    let mut names = BTreeMap::new();
    for (name, value) in value.get("names")?.as_object()? {
        if let Some(known) = NAMES.iter().find(|known| **known == name.as_str()) {
            names.insert(*known, line::bytes(value)?);
        }
    }
    Some(Head {
        program: word(value, "program")?,
        began: line::time(value.get("began"))?,
        system: Arc::new(System {
            zone,
            has_prompts: value.get("prompts")?.as_bool()?,
            names,
        }),
        pseudonyms: value.get("pseudonyms")?.as_bool()?,
        plan: word(value, "plan")?,
    })
}

fn begun(value: &Value, number: u64, line: u64, bytes: usize) -> Option<Recorded> {
    Some(Recorded {
        number,
        line,
        plan: word(value, "plan")?,
        at: line::time(value.get("at"))?,
        entry: line::entry_of(value)?,
        globals: line::delta_of(value.get("globals"))?,
        turns: Vec::new(),
        end: None,
        lost: None,
        bytes,
    })
}

fn later(at: Time, micros: i64) -> Time {
    Time(at.0.saturating_add(micros))
}

fn turn(value: &Value, began: Time) -> Option<Turn> {
    let asked = later(began, line::micros(value.get("t"))?);
    Some(Turn {
        asked,
        answered: later(asked, line::micros(value.get("took"))?),
        steps: steps(value)?,
        asks: value
            .get("asks")
            .filter(|v| v.is_null() || v.is_object())?
            .clone(),
        reply: line::reply_of(value.get("gets")?)?,
        interrupt: match value.get("then") {
            Some(why) => Some(line::interrupt_of(why)?),
            None => None,
        },
        globals: line::delta_of(value.get("globals"))?,
        reloaded: value.get("reloaded").is_some(),
    })
}

fn ended(value: &Value, ends: &Value, began: Time) -> Option<Ended> {
    Some(Ended {
        at: later(began, line::micros(value.get("t"))?),
        steps: steps(value)?,
        how: word(ends, "how")?,
        why: word(ends, "why").unwrap_or_default(),
        cause: match ends.get("cause") {
            Some(cause) => u16::try_from(cause.as_u64()?).ok()?,
            None => 0,
        },
    })
}

fn steps(value: &Value) -> Option<Vec<Passed>> {
    let Some(list) = value.get("steps") else {
        return Some(Vec::new());
    };
    let step = |one: &Value| {
        Some(Passed {
            context: line::bytes(one.get(0)?)?,
            exten: line::bytes(one.get(1)?)?,
            priority: u32::try_from(one.get(2)?.as_u64()?).ok()?,
            application: line::bytes(one.get(3)?)?,
            source: one.get(4)?.as_str()?.to_owned(),
        })
    };
    list.as_array()?.iter().take(STEPS).map(step).collect()
}
