//! Writing variables and functions: `Set(name=value)`, `Set(FUNC(args)=value)` (DL-197, DL-271 to DL-278).

use strowger_stdlib::args::Marks;
use strowger_stdlib::template::Call;
use strowger_stdlib::{Value, args, pure};

use crate::Text;
use crate::arguments;
use crate::effect::{Answer, Effect, Level};
use crate::frame::Mark;
use crate::function::{HASH_KEYS, hash_name};
use crate::identity::Written;
use crate::items::Kept;
use crate::limits::{HANDLERS, NAMES};
use crate::run::{Act, Feed, Frame, Out, Vm, World};

/// Assignments still to be made, and what to return then.
#[derive(Debug, Clone)]
pub(crate) struct Write {
    /// The next one last.
    queue: Vec<(Text, Value)>,
    /// The function write whose variable is being read.
    reading: Option<(Text, Text, Value)>,
    result: Out,
}

impl Write {
    /// A frame that makes these assignments in order and returns `result`.
    pub(crate) fn frame(mut list: Vec<(Text, Value)>, result: Out) -> Frame {
        list.reverse();
        Frame::Write(Box::new(Write {
            queue: list,
            reading: None,
            result,
        }))
    }
}

impl Vm {
    pub(crate) fn write(&mut self, w: World, q: &mut Write, feed: Feed) -> Act {
        match feed {
            Feed::Begin => {}
            Feed::Out(out) => {
                if let Some((name, text, v)) = q.reading.take() {
                    self.write_pure(w, q, &name, &text, &out.value(), &v);
                }
            }
            Feed::Reply(Answer::Unserved) => self.warn("writing this function is not served here"),
            Feed::Reply(_) => {}
        }
        while let Some((name, v)) = q.queue.pop() {
            self.budget.burn(2);
            if !name.ends_with(b")") {
                self.assign(w, &name, v);
                continue;
            }
            let call = Call::read(&name);
            match self.write_function(w, q, &call, v) {
                Act::Again => {}
                act => return act,
            }
        }
        Act::Return(q.result.clone())
    }

    /// Writes one function. `Again`: done.
    fn write_function(&mut self, w: World, q: &mut Write, call: &Call, v: Value) -> Act {
        if w.module.lacks_function(&call.name) {
            self.no_function(&call.name);
            return Act::Again;
        }
        let text = &*arguments::of_function(w.module, &call.name, &call.args);
        let bytes = v.bytes().into_owned();
        let parts = args::split(text, 8);
        match call.name.as_slice() {
            b"GLOBAL" => {
                let (_, name) = Mark::split(text);
                return Act::Leave(Effect::SetGlobal {
                    name: name.to_vec(),
                    value: Some(bytes),
                });
            }
            b"GLOBAL_DELETE" => {
                return Act::Leave(Effect::SetGlobal {
                    name: text.to_vec(),
                    value: None,
                });
            }
            b"LOCAL" => {
                if self.variables.set_local(w.module, text, v) {
                    let (_, name) = Mark::split(text);
                    self.trail.push(crate::Trace::Set {
                        name: name.to_vec(),
                        value: Some(bytes),
                    });
                } else {
                    self.note(
                        Level::Error,
                        format!("LOCAL({}) outside a subroutine", text.escape_ascii()),
                    );
                }
            }
            b"DELETE" => self.forget(w, text),
            b"HASH" if parts.len() > 1 => {
                // The key is the last slot: it takes the rest.
                let parts = args::split(text, 2);
                let (mark, hash) = Mark::split(&parts[0]);
                let name = [mark.prefix(), &hash_name(hash, &parts[1])].concat();
                self.assign(w, &name, v);
            }
            b"HASH" => {
                // Only after a database function, or `HASH(name)` read, said which keys there are.
                let Some(keys) = self.variables.get(w.module, b"~ODBCFIELDS~") else {
                    self.warn("HASH without a key is only written by database functions");
                    return Act::Again;
                };
                let keys = keys.bytes().into_owned();
                let (hash, list) = (text.to_vec(), args::split(&bytes, HASH_KEYS));
                let names = args::split(&keys, HASH_KEYS);
                for (index, key) in names.iter().enumerate() {
                    let v = Value::text(args::argument(&list, index));
                    self.assign(w, &hash_name(&hash, key), v);
                }
            }
            b"SHARED" if text.is_empty() => self.warn("SHARED needs the name of a variable"),
            b"SHARED"
                if args::argument(&parts, 1).is_empty()
                    || self.is_own(args::argument(&parts, 1)) =>
            {
                let (_, name) = Mark::split(args::argument(&parts, 0));
                self.shared.retain(|(n, _)| n != name);
                if self.shared.len() < NAMES {
                    self.shared.push((name.to_vec(), bytes));
                } else {
                    self.warn(format!(
                        "a channel has at most {NAMES} SHARED() names: this one is refused"
                    ));
                }
            }
            b"CALLERID" => {
                let written = self.party.parties_mut().set_caller(text, &bytes);
                self.party_written("CALLERID", text, written);
                // A caller-id form may match now, or no longer.
                self.route = self.route.map(crate::route::Route::open);
            }
            b"CONNECTEDLINE" => {
                let written = self.party.parties_mut().set_connected(text, &bytes);
                self.party_written("CONNECTEDLINE", text, written);
            }
            b"REDIRECTING" => {
                let written = self.party.parties_mut().set_redirecting(text, &bytes);
                self.party_written("REDIRECTING", text, written);
            }
            b"CDR" => self.write_cdr(text, bytes),
            b"TESTTIME" => {
                if !strowger_stdlib::value::truth(&bytes) {
                    self.forget(w, b"TESTTIME");
                } else if let Some(seconds) =
                    strowger_stdlib::timetext::test_time(&bytes, &w.inputs.system.zone)
                {
                    self.assign(w, b"__TESTTIME", Value::int(seconds));
                } else {
                    self.warn("TESTTIME wants YYYY/MM/DD hh:mm:ss, perhaps with a zone");
                }
            }
            b"CHANNEL"
                if !w.module.dialect().hangup_handlers && text.starts_with(b"hangup_handler") =>
            {
                self.note(
                    Level::Error,
                    format!("CHANNEL has no {}", text.escape_ascii()),
                );
            }
            b"EXPORT" if self.is_own(args::argument(&parts, 0)) => {
                let parts = args::split(text, 2);
                q.queue.push((args::argument(&parts, 1).to_vec(), v));
            }
            b"MASTER_CHANNEL" if self.is_master() => q.queue.push((text.to_vec(), v)),
            b"CHANNEL" => return self.write_channel(text, bytes),
            b"MESSAGE" => match text.to_ascii_lowercase().as_slice() {
                b"to" => self.party.message.to = bytes,
                b"from" => self.party.message.from = bytes,
                b"body" => self.party.message.body = bytes,
                b"custom_data" => match bytes.as_slice() {
                    b"mark_all_outbound" => self.party.message.mark_all(true),
                    b"clear_all_outbound" => self.party.message.mark_all(false),
                    _ => self
                        .warn("MESSAGE(custom_data) takes mark_all_outbound or clear_all_outbound"),
                },
                _ => self.warn(format!("MESSAGE has no field {}", text.escape_ascii())),
            },
            b"MESSAGE_DATA" => {
                if !self.party.message.set_data(text, bytes) {
                    self.warn(format!(
                        "a message has at most {NAMES} headers: this one is refused"
                    ));
                }
            }
            b"TIMEOUT" => {
                if !self.party.set_timeout(text, &bytes, w.inputs.now) {
                    self.note(
                        Level::Error,
                        format!("TIMEOUT has no {}", text.escape_ascii()),
                    );
                }
            }
            b"DB" => {
                let Some(at) = text.iter().position(|b| *b == b'/') else {
                    self.warn("DB needs family/key");
                    return Act::Again;
                };
                return Act::Leave(Effect::DbPut {
                    family: text[..at].to_vec(),
                    key: text[at + 1..].to_vec(),
                    value: bytes,
                });
            }
            b"DB_DELETE" => {
                let Some(at) = text.iter().position(|b| *b == b'/') else {
                    return Act::Again;
                };
                return Act::Leave(Effect::DbDelete {
                    family: text[..at].to_vec(),
                    key: text[at + 1..].to_vec(),
                    tree: false,
                });
            }
            name => {
                if let Some(body) = pure::write_reads(name, text) {
                    q.reading = Some((name.to_vec(), text.to_vec(), v));
                    match self.begin_body(w, &body) {
                        Act::Return(out) => {
                            if let Some((name, text, v)) = q.reading.take() {
                                self.write_pure(w, q, &name, &text, &out.value(), &v);
                            }
                            return Act::Again;
                        }
                        act => return act,
                    }
                }
                if pure::write(name, text, &Value::EMPTY, &bytes).is_some() {
                    self.write_pure(w, q, name, text, &Value::EMPTY, &v);
                } else if w.module.has_function(name) {
                    return Act::Leave(Effect::WriteFunction {
                        function: name.to_vec(),
                        args: text.to_vec(),
                        value: bytes,
                    });
                } else {
                    self.no_function(name);
                }
            }
        }
        Act::Again
    }

    /// A write that stdlib turns into assignments; they come next.
    fn write_pure(
        &mut self,
        w: World,
        q: &mut Write,
        name: &[u8],
        text: &[u8],
        variable: &Value,
        v: &Value,
    ) {
        let Some(answer) = pure::write(name, text, variable, &v.bytes()) else {
            return;
        };
        let mut writes = answer.writes.clone();
        writes.reverse();
        q.queue.append(&mut writes);
        self.pure_answer(
            w,
            pure::Answer {
                writes: Vec::new(),
                ..answer
            },
        );
    }

    fn write_channel(&mut self, item: &[u8], bytes: Text) -> Act {
        match item.to_ascii_lowercase().as_slice() {
            b"hangup_handler_push" if self.handlers.len() >= HANDLERS => {
                self.warn(format!(
                    "a channel has at most {HANDLERS} hangup handlers: this one is refused"
                ));
            }
            b"hangup_handler_push" => self.push_handler(&bytes),
            b"hangup_handler_pop" => {
                self.handlers.pop();
                self.push_handler(&bytes);
            }
            b"hangup_handler_wipe" => {
                self.handlers.clear();
                self.push_handler(&bytes);
            }
            name => match self.party.write_item(name, &bytes) {
                Kept::Done => {}
                Kept::Refused(why) => self.warn(format!(
                    "CHANNEL({}) cannot be {}: {why}",
                    item.escape_ascii(),
                    bytes.escape_ascii()
                )),
                Kept::Elsewhere => {
                    return Act::Leave(Effect::WriteFunction {
                        function: b"CHANNEL".to_vec(),
                        args: item.to_vec(),
                        value: bytes,
                    });
                }
            },
        }
        Act::Again
    }

    fn party_written(&mut self, function: &str, text: &[u8], written: Written) {
        match written {
            Written::Done | Written::Unreadable => {}
            Written::Refused => self.note(
                Level::Error,
                format!("{function}({}) cannot have that value", text.escape_ascii()),
            ),
            Written::Unknown => self.note(
                Level::Error,
                format!("{function}({}) cannot be written", text.escape_ascii()),
            ),
        }
    }

    /// `Set(CDR(field)=value)`.
    fn write_cdr(&mut self, text: &[u8], bytes: Text) {
        let parts = args::split(text, 2);
        let field = args::argument(&parts, 0).to_ascii_lowercase();
        match field.as_slice() {
            b"" => self.warn("CDR needs the name of a field"),
            b"accountcode" | b"amaflags" => {
                self.party.write_item(&field, &bytes);
            }
            b"clid" | b"src" | b"dst" | b"dcontext" | b"channel" | b"dstchannel" | b"lastapp"
            | b"lastdata" | b"start" | b"answer" | b"end" | b"duration" | b"billsec"
            | b"disposition" | b"uniqueid" | b"linkedid" | b"sequence" => self.note(
                Level::Error,
                format!("CDR({}) cannot be written", text.escape_ascii()),
            ),
            _ => {
                let cdr = &mut self.party.others.get_or_insert_default().cdr;
                cdr.retain(|(name, _)| *name != field);
                if cdr.len() < NAMES {
                    cdr.push((field, bytes));
                } else {
                    self.warn(format!(
                        "a call has at most {NAMES} CDR() fields: this one is refused"
                    ));
                }
            }
        }
    }
}

impl Vm {
    /// Keeps a hangup handler. What its target leaves out is what holds here, not where the call ends.
    fn push_handler(&mut self, handler: &[u8]) {
        if handler.is_empty() {
            return;
        }
        let open = handler.iter().position(|b| *b == b'(');
        let (target, arguments) = handler.split_at(open.unwrap_or(handler.len()));
        let parts: Vec<&[u8]> = target.split(|b| *b == b',').take(3).collect();
        let (context, exten, priority): (&[u8], &[u8], &[u8]) = match parts[..] {
            [context, exten, priority] => (context, exten, priority),
            [exten, priority] => (b"", exten, priority),
            [priority] => (b"", b"", priority),
            _ => (b"", b"", b""),
        };
        let or = |part: &'_ [u8], here: &[u8]| {
            if part.is_empty() {
                here.to_vec()
            } else {
                part.to_vec()
            }
        };
        let context = or(context, &self.place.context);
        let exten = or(exten, &self.place.exten);
        let target = [context.as_slice(), &exten, priority].join(&b',');
        self.handlers.push([target.as_slice(), arguments].concat());
    }
}

/// The argument of Set: a name and everything behind the first `=` (DL-271).
pub(crate) fn pair(text: &[u8]) -> Option<(Text, Value)> {
    let (name, v) = args::assignment(text)?;
    Some((name.to_vec(), Value::read(v)))
}

/// The pairs of MSet (DL-277), and the entries without `=`.
pub(crate) fn pairs(text: &[u8]) -> (Vec<(Text, Value)>, Vec<Text>) {
    let mut good = Vec::new();
    let mut bad = Vec::new();
    for entry in args::split(text, args::MSET_SLOTS) {
        // Parentheses and quotes protect a `=` here, other than in Set.
        let mut parts = args::split_at(&entry, b'=', 2, Marks::Remove).into_iter();
        match (parts.next(), parts.next()) {
            (Some(name), Some(v)) => good.push((name, Value::text(&v))),
            _ => bad.push(entry),
        }
    }
    (good, bad)
}
