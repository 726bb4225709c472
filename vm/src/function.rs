//! Reading dialplan functions: `${NAME(args)}` (DL-193 to DL-196).
//!
//! Pure functions are stdlib's. The ones here know the channel. Those that need the world leave with an effect.

use strowger_stdlib::Value;
use strowger_stdlib::args;
use strowger_stdlib::pure::{self, PureId};
use strowger_stdlib::scan;
use strowger_stdlib::signatures::Version;
use strowger_stdlib::template::{Answered, has_hole};

use crate::Text;
use crate::arguments;
use crate::effect::{Answer, Effect, Level};
use crate::identity::Item;
use crate::inputs::Place;
use crate::route::Want;
use crate::run::{Act, Feed, Frame, Out, Vm, World};
use crate::write::Write;

/// A function that waits.
#[derive(Debug, Clone)]
pub(crate) enum Function {
    /// For the variable that its argument names.
    Pure { id: PureId, args: Text, body: Text },
    /// For its own writes; what they return is the value.
    Passes,
    /// For the world.
    Asks { effect: Effect, then: Then },
    /// For a subroutine.
    Sub { at: Place, arguments: Vec<Text> },
}

/// What a function makes of the world's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Then {
    /// It is the value.
    Value,
    /// It is the value, and DB_RESULT too.
    Stored,
    /// Whether there was one; DB_RESULT if so.
    Found,
    /// Whether there was one; if not, and there is a name, whether there is one for that.
    Listed { name: Option<Text> },
}

/// Effects whose read the VM composes by itself.
fn ask(effect: Effect, then: Then) -> Act {
    Act::Push(Frame::Function(Box::new(Function::Asks { effect, then })))
}

fn value(v: impl Into<Value>) -> Act {
    Act::Return(Out::Value(v.into()))
}

fn truth(is_true: bool) -> Act {
    value(i64::from(is_true))
}

impl Vm {
    /// Calls a function: answers at once, or gives the frame that will.
    pub(crate) fn begin_function(&mut self, w: World, name: &[u8], text: &[u8]) -> Act {
        if w.module.lacks_function(name) {
            return self.no_function(name);
        }
        let text = &*arguments::of_function(w.module, name, text);
        if let Some(act) = self.own_function(w, name, text) {
            return act;
        }
        if let Some(id) = pure::find(name) {
            let Some(body) = pure::reads(id, text) else {
                return self.call_pure(w, id, text, &Value::EMPTY);
            };
            if !has_hole(&body)
                && let Act::Return(out) = self.peek_body(w, &body)
            {
                return self.call_pure(w, id, text, &out.value());
            }
            return Act::Push(Frame::Function(Box::new(Function::Pure {
                id,
                args: text.to_vec(),
                body,
            })));
        }
        if w.module.has_function(name) {
            let effect = Effect::ReadFunction {
                function: name.to_vec(),
                args: text.to_vec(),
            };
            return ask(effect, Then::Value);
        }
        self.no_function(name)
    }

    pub(crate) fn no_function(&mut self, name: &[u8]) -> Act {
        self.note(
            Level::Error,
            format!("there is no function {}", name.escape_ascii()),
        );
        Act::Return(Out::Failed)
    }

    /// Reads a body that is a plain variable; anything else needs a frame.
    fn peek_body(&mut self, w: World, body: &[u8]) -> Act {
        if body.contains(&b'(') {
            Act::Again
        } else {
            self.begin_body(w, body)
        }
    }

    fn call_pure(&mut self, w: World, id: PureId, text: &[u8], variable: &Value) -> Act {
        self.budget.burn_text(text.len() + variable.heap_bytes());
        let env = self.env(w);
        let answer = pure::call(id, text, variable, &env);
        self.pure_answer(w, answer)
    }

    pub(crate) fn env(&self, w: World) -> pure::Env {
        let system = &w.inputs.system;
        pure::Env {
            now: w.inputs.now.moment(),
            zone: system.zone.clone(),
            has_prompts: system.has_prompts,
            dialect: *w.module.dialect(),
        }
    }

    /// Logs what a pure function logs and sets what it sets.
    pub(crate) fn pure_answer(&mut self, w: World, answer: pure::Answer) -> Act {
        for line in answer.log {
            let level = match line.level {
                pure::Level::Notice => Level::Notice,
                pure::Level::Warning => Level::Warning,
                pure::Level::Error => Level::Error,
            };
            self.note(level, line.text);
        }
        let out = match answer.outcome {
            Answered::Value(v) => Out::Value(v),
            Answered::Untouched => Out::Untouched,
            Answered::Failed => Out::Failed,
        };
        if answer.writes.iter().any(|(name, _)| name.ends_with(b")")) {
            return Act::Push(Write::frame(answer.writes, out));
        }
        for (name, v) in answer.writes {
            self.assign(w, &name, v);
        }
        Act::Return(out)
    }

    pub(crate) fn function(&mut self, w: World, f: &mut Function, feed: Feed) -> Act {
        match (f, feed) {
            (f @ Function::Pure { .. }, Feed::Begin) => {
                let Function::Pure { id, args, body } = f else {
                    return Act::Return(Out::Failed);
                };
                let act = if has_hole(body) {
                    let whole = [b"${", body.as_slice(), b"}"].concat();
                    Act::Push(self.subst_frame(w, &whole))
                } else {
                    self.begin_body(w, body)
                };
                let act = match act {
                    Act::Return(out) => self.call_pure(w, *id, args, &out.value()),
                    act => return act,
                };
                if matches!(act, Act::Push(_)) {
                    *f = Function::Passes;
                }
                act
            }
            (f @ Function::Pure { .. }, Feed::Out(out)) => {
                let Function::Pure { id, args, .. } = f else {
                    return Act::Return(Out::Failed);
                };
                let act = self.call_pure(w, *id, args, &out.value());
                if matches!(act, Act::Push(_)) {
                    *f = Function::Passes;
                }
                act
            }
            (Function::Passes, Feed::Out(out)) => Act::Return(out),
            (Function::Asks { effect, .. }, Feed::Begin) => Act::Leave(effect.clone()),
            (Function::Asks { effect, then }, Feed::Reply(answer)) => {
                if answer == Answer::Unserved {
                    let name = match effect {
                        Effect::ReadFunction { function, args } => {
                            format!("{}({})", function.escape_ascii(), args.escape_ascii())
                        }
                        _ => "this function".into(),
                    };
                    self.warn(format!("{name} is not served here: it reads empty"));
                    return Act::Return(Out::Failed);
                }
                let found = match answer {
                    Answer::Value(v) => Some(Value::text(&v)),
                    _ => None,
                };
                if let (Some(v), Then::Stored | Then::Found) = (&found, &*then) {
                    self.assign(w, b"DB_RESULT", v.clone());
                }
                match then {
                    Then::Listed { name } => match name.take().filter(|_| found.is_none()) {
                        Some(key) => {
                            *effect = Effect::DbGet {
                                family: b"blacklist".to_vec(),
                                key,
                            };
                            Act::Leave(effect.clone())
                        }
                        None => truth(found.is_some()),
                    },
                    Then::Found => truth(found.is_some()),
                    Then::Value | Then::Stored => {
                        Act::Return(Out::Value(found.unwrap_or_default()))
                    }
                }
            }
            (Function::Sub { at, arguments }, Feed::Begin) => {
                // The value goes to the frame below; this one has done its work.
                self.suspend(true);
                self.enter_sub(w, at.clone(), arguments);
                Act::Again
            }
            (Function::Sub { .. }, _) => Act::Return(Out::Failed),
            (Function::Pure { .. }, Feed::Reply(_))
            | (Function::Asks { .. }, Feed::Out(_))
            | (Function::Passes, _) => Act::Return(Out::Failed),
        }
    }

    /// The functions that know the channel; `None`: not one of them.
    fn own_function(&mut self, w: World, name: &[u8], text: &[u8]) -> Option<Act> {
        let parts = args::split(text, 8);
        let part = |n: usize| args::argument(&parts, n);
        Some(match name {
            b"CALLERID" => {
                let item = self.party.parties().caller(text);
                self.party_item("CALLERID", text, item)
            }
            b"CONNECTEDLINE" => {
                let item = self.party.parties().connected(text);
                self.party_item("CONNECTEDLINE", text, item)
            }
            b"REDIRECTING" => {
                let item = self.party.parties().redirecting(text);
                self.party_item("REDIRECTING", text, item)
            }
            b"CDR" => self.read_cdr(text),
            b"CHANNEL" => match self.party.item(text) {
                Some(v) => value(v),
                None => match self.channel_place(text) {
                    Some(v) => value(v),
                    None => ask(
                        Effect::ReadFunction {
                            function: name.to_vec(),
                            args: text.to_vec(),
                        },
                        Then::Value,
                    ),
                },
            },
            b"MESSAGE" => match text.to_ascii_lowercase().as_slice() {
                b"to" => value(self.party.message.to.clone()),
                b"from" => value(self.party.message.from.clone()),
                b"body" => value(self.party.message.body.clone()),
                _ => {
                    self.warn(format!("MESSAGE has no field {}", text.escape_ascii()));
                    Act::Return(Out::Failed)
                }
            },
            b"MESSAGE_DATA" => match self.party.message.data(text) {
                Some(v) => value(v.to_vec()),
                None => Act::Return(Out::Untouched),
            },
            b"TIMEOUT" => match self.party.timeout(text, w.inputs.now) {
                Some(v) => value(v),
                None => {
                    self.note(
                        Level::Error,
                        format!("TIMEOUT has no {}", text.escape_ascii()),
                    );
                    Act::Return(Out::Failed)
                }
            },
            b"GLOBAL" => value(w.inputs.globals.get(text).unwrap_or_default().to_vec()),
            b"GLOBAL_EXISTS" => truth(w.inputs.globals.get(text).is_some()),
            b"VARIABLE_EXISTS" => truth(
                self.variables.get(w.module, text).is_some()
                    || w.inputs.globals.get(text).is_some(),
            ),
            b"LOCAL" => match self.variables.local(w.module, 0, text) {
                Some(v) => value(v),
                None => Act::Return(Out::Untouched),
            },
            b"LOCAL_PEEK" => {
                let down = scan::integer(part(0))
                    .and_then(|(n, _)| usize::try_from(n).ok())
                    .unwrap_or(0);
                value(
                    self.variables
                        .local(w.module, down, part(1))
                        .unwrap_or_default(),
                )
            }
            b"STACK_PEEK" => self.stack_peek(part(0), part(1)),
            b"HASH" if parts.len() > 1 => {
                // The key is the last slot: it takes the rest.
                let parts = args::split(text, 2);
                value(self.read(w, &hash_name(&parts[0], &parts[1])))
            }
            b"HASH" if !text.is_empty() => {
                let parts = args::split(text, 2);
                self.hash_values(w, &parts[0])
            }
            b"HASH" => value(Text::new()),
            b"HASHKEYS" => value(self.hash_keys(w, text)),
            b"EVAL" => {
                if text.is_empty() {
                    self.warn("EVAL needs a text");
                    return Some(Act::Return(Out::Failed));
                }
                if !has_hole(text) {
                    return Some(value(text.to_vec()));
                }
                Act::Push(self.subst_frame(w, text))
            }
            b"EVAL_EXTEN" => {
                let found = self.target(w, text).and_then(|at| {
                    let route = self.find(w, &at.context, &at.exten, Want::Number(at.priority))?;
                    w.module.priority(route.context, route.entry, route.index)
                });
                match found {
                    // Whatever the application is: Return is only the usual one.
                    Some(p) => Act::Push(self.subst_frame(w, w.module.text(p.arguments))),
                    None => {
                        self.note(
                            Level::Error,
                            format!("there is no priority at {}", text.escape_ascii()),
                        );
                        Act::Return(Out::Failed)
                    }
                }
            }
            b"EVAL_SUB" => {
                let (target, arguments) = args::gosub(text);
                let at = self.target(w, target);
                match at.filter(|at| {
                    self.find(w, &at.context, &at.exten, Want::Number(at.priority))
                        .is_some()
                }) {
                    Some(at) => {
                        Act::Push(Frame::Function(Box::new(Function::Sub { at, arguments })))
                    }
                    None => {
                        self.note(
                            Level::Error,
                            format!("there is no subroutine {}", target.escape_ascii()),
                        );
                        Act::Return(Out::Failed)
                    }
                }
            }
            b"SET" => match args::assignment(text) {
                Some((name, _)) if scan::trim(name).is_empty() => {
                    self.warn("SET needs the name of a variable");
                    Act::Return(Out::Failed)
                }
                Some((name, v)) => {
                    let v = Value::text(scan::trim(v));
                    Act::Push(Write::frame(
                        vec![(scan::trim(name).to_vec(), v.clone())],
                        Out::Value(v),
                    ))
                }
                None => {
                    self.warn("SET needs name=value");
                    Act::Return(Out::Failed)
                }
            },
            b"EXCEPTION" => {
                let text = text.to_ascii_lowercase();
                let Some(e) = &self.exception else {
                    return Some(Act::Return(Out::Failed));
                };
                match text.as_slice() {
                    b"reason" => value(e.reason.clone()),
                    b"context" => value(e.place.context.clone()),
                    b"exten" => value(e.place.exten.clone()),
                    b"priority" => value(i64::from(e.place.priority)),
                    _ => Act::Return(Out::Failed),
                }
            }
            b"DIALPLAN_EXISTS" => {
                if text.is_empty() {
                    self.note(Level::Error, "DIALPLAN_EXISTS needs a context");
                    return Some(Act::Return(Out::Failed));
                }
                let parts = args::split(text, 3);
                let [context, exten, priority] = [0, 1, 2].map(|n| args::argument(&parts, n));
                let exists = match (context, exten, priority) {
                    (b"", b"", b"") => {
                        self.note(Level::Error, "DIALPLAN_EXISTS needs a context");
                        return Some(Act::Return(Out::Failed));
                    }
                    (context, b"", b"") => w.module.has_context(context),
                    (context, exten, b"") => {
                        self.find(w, context, exten, Want::Number(1)).is_some()
                    }
                    (context, exten, p) => {
                        // A number at the front is enough.
                        let number = scan::integer(p)
                            .and_then(|(n, _)| u32::try_from(n).ok())
                            .filter(|n| *n > 0);
                        let want = number.map_or(Want::Label(p), Want::Number);
                        self.find(w, context, exten, want).is_some()
                    }
                };
                truth(exists)
            }
            b"HINT" => {
                let (exten, context) = match part(0).iter().position(|b| *b == b'@') {
                    Some(at) => (&part(0)[..at], &part(0)[at + 1..]),
                    None => (part(0), self.place.context.as_slice()),
                };
                match w.module.hint(context, exten) {
                    Some((_, name)) if part(1) == b"n" => value(name.to_vec()),
                    Some((devices, _)) => value(devices.to_vec()),
                    None => Act::Return(Out::Failed),
                }
            }
            b"RAND" => {
                let bound = |text: &[u8], default| scan::integer(text).map_or(default, |(n, _)| n);
                let (a, b) = (bound(part(0), 0), bound(part(1), i64::from(i32::MAX)));
                let (min, max) = (a.min(b), a.max(b));
                ask(Effect::Random { min, max }, Then::Value)
            }
            b"DB" | b"DB_EXISTS" | b"DB_DELETE" => match text.iter().position(|b| *b == b'/') {
                Some(at) => {
                    let (family, key) = (text[..at].to_vec(), text[at + 1..].to_vec());
                    match name {
                        b"DB_DELETE" => ask(
                            Effect::DbDelete {
                                family,
                                key,
                                tree: false,
                            },
                            Then::Stored,
                        ),
                        b"DB_EXISTS" => ask(Effect::DbGet { family, key }, Then::Found),
                        _ => ask(Effect::DbGet { family, key }, Then::Stored),
                    }
                }
                None => {
                    self.warn(format!(
                        "{0} needs family/key: {0}({1})",
                        name.escape_ascii(),
                        text.escape_ascii()
                    ));
                    Act::Return(Out::Failed)
                }
            },
            b"DB_KEYS" => ask(
                Effect::DbKeys {
                    prefix: text.to_vec(),
                },
                Then::Value,
            ),
            b"SHARED" if text.is_empty() => {
                self.warn("SHARED needs the name of a variable");
                Act::Return(Out::Failed)
            }
            b"SHARED" if part(1).is_empty() || self.is_own(part(1)) => {
                let found = self
                    .shared
                    .iter()
                    .find(|(n, _)| n == part(0))
                    .map(|(_, v)| v.clone());
                value(found.unwrap_or_default())
            }
            b"IMPORT" if self.is_own(part(0)) => {
                let parts = args::split(text, 2);
                self.own_body(w, args::argument(&parts, 1))
            }
            // The oldest channel of the call is the one that the call is named after.
            b"MASTER_CHANNEL" if text.is_empty() => Act::Return(Out::Failed),
            b"MASTER_CHANNEL" if self.is_master() => self.own_body(w, text),
            b"VERSION" => {
                let Version(major, minor, patch) = w.module.dialect().release();
                // Of the newer releases only the first number matters.
                let [minor, patch] = if major > 1 { [0, 0] } else { [minor, patch] };
                match text {
                    b"" => value(
                        format!(
                            "Asterisk {major}.{minor}.{patch} (Strowger {})",
                            env!("CARGO_PKG_VERSION")
                        )
                        .into_bytes(),
                    ),
                    b"ASTERISK_VERSION_NUM" => {
                        value(format!("{major:02}{minor:02}{patch:02}").into_bytes())
                    }
                    _ => {
                        self.warn(format!("VERSION does not tell {}", text.escape_ascii()));
                        Act::Return(Out::Failed)
                    }
                }
            }
            b"BLACKLIST" => {
                let (number, name) = self.blacklisted();
                ask(
                    Effect::DbGet {
                        family: b"blacklist".to_vec(),
                        key: number,
                    },
                    Then::Listed { name },
                )
            }
            _ => return None,
        })
    }

    fn party_item(&mut self, function: &str, text: &[u8], item: Item) -> Act {
        match item {
            Item::Value(v) => value(v),
            Item::Unreadable => Act::Return(Out::Failed),
            Item::Unknown => {
                self.note(
                    Level::Error,
                    format!("{function} has no {}", text.escape_ascii()),
                );
                Act::Return(Out::Failed)
            }
        }
    }

    /// `CDR(field[,options])`, as far as the channel itself knows.
    fn read_cdr(&mut self, text: &[u8]) -> Act {
        let parts = args::split(text, 2);
        let field = args::argument(&parts, 0).to_ascii_lowercase();
        if field.is_empty() {
            self.warn("CDR needs the name of a field");
            return Act::Return(Out::Failed);
        }
        if let Some(v) = self.party.field(&field) {
            return value(v.to_vec());
        }
        let is_raw = args::argument(&parts, 1).contains(&b'u');
        match field.as_slice() {
            b"clid" => {
                let item = self.party.parties().caller(b"all");
                self.party_item("CDR", text, item)
            }
            b"src" => value(self.party.caller.number.clone().unwrap_or_default()),
            b"dst" => value(self.place.exten.clone()),
            b"dcontext" => value(self.place.context.clone()),
            b"channel" => value(self.party.name.clone()),
            b"uniqueid" => value(self.party.unique_id.clone()),
            b"linkedid" => value(self.party.linked_id.clone()),
            b"accountcode" => value(self.party.account.clone()),
            b"userfield" => value(Text::new()),
            b"amaflags" => {
                let flag = self.party.item(b"amaflags").unwrap_or_default();
                let name: &[u8] = match flag.as_slice() {
                    _ if is_raw => &flag,
                    b"1" => b"OMIT",
                    b"2" => b"BILLING",
                    b"3" => b"DOCUMENTATION",
                    _ => b"Unknown",
                };
                value(name.to_vec())
            }
            b"start" | b"answer" | b"end" | b"duration" | b"billsec" | b"disposition"
            | b"lastapp" | b"lastdata" | b"dstchannel" | b"sequence" => ask(
                Effect::ReadFunction {
                    function: b"CDR".to_vec(),
                    args: text.to_vec(),
                },
                Then::Value,
            ),
            _ => {
                self.note(
                    Level::Error,
                    format!("CDR has no field {}", text.escape_ascii()),
                );
                Act::Return(Out::Failed)
            }
        }
    }

    /// `HASH(name)`: the values of all keys, in the order of HASHKEYS(). A key that is no text of its own in a list makes it
    /// all empty.
    fn hash_values(&mut self, w: World, hash: &[u8]) -> Act {
        let keys = self.hash_keys(w, hash);
        self.assign(w, b"~ODBCFIELDS~", Value::text(&keys));
        let mut values = Vec::new();
        for key in args::split(&keys, HASH_KEYS) {
            match self.variables.get(w.module, &hash_name(hash, &key)) {
                Some(v) => values.push(v.bytes().into_owned()),
                None => {
                    self.warn(format!("HASH: there is no key {}", key.escape_ascii()));
                    return Act::Return(Out::Failed);
                }
            }
        }
        value(values.join(&b','))
    }

    fn hash_keys(&self, w: World, hash: &[u8]) -> Text {
        let keys: Vec<Text> = self.hash(w, hash).into_iter().map(|(k, _)| k).collect();
        keys.join(&b',')
    }

    pub(crate) fn is_master(&self) -> bool {
        self.party.linked_id == self.party.unique_id || self.party.linked_id.is_empty()
    }

    /// What BLACKLIST() looks for: the number, then the name.
    fn blacklisted(&self) -> (Text, Option<Text>) {
        let caller = &self.party.caller;
        let name = caller.name.clone().filter(|name| !name.is_empty());
        (caller.number.clone().unwrap_or_default(), name)
    }

    /// Whether a channel named in an argument is this one: its name whole, or without what follows the last dash.
    pub(crate) fn is_own(&self, channel: &[u8]) -> bool {
        let name = &self.party.name;
        channel == name.as_slice()
            || name
                .strip_prefix(channel)
                .is_some_and(|rest| rest.first() == Some(&b'-'))
    }

    /// A variable or function of this channel, by its text.
    fn own_body(&mut self, w: World, text: &[u8]) -> Act {
        if text.contains(&b'(') {
            Act::Push(self.subst_frame(w, &[b"${", text, b"}"].concat()))
        } else {
            self.begin_body(w, text)
        }
    }

    /// Keys and values of a HASH(), the newest first.
    fn hash(&self, w: World, hash: &[u8]) -> Vec<(Text, Text)> {
        let prefix = [b"~HASH~", hash, b"~"].concat();
        let all = self.variables.all(w.module).into_iter().rev();
        all.filter_map(|(name, v, _)| {
            let key = name.strip_prefix(prefix.as_slice())?.strip_suffix(b"~")?;
            Some((key.to_vec(), v.bytes().into_owned()))
        })
        .collect()
    }

    /// Items of CHANNEL() that tell where the channel stands.
    fn channel_place(&self, item: &[u8]) -> Option<Value> {
        match item.to_ascii_lowercase().as_slice() {
            b"exten" => Some(Value::text(&self.place.exten)),
            b"context" => Some(Value::text(&self.place.context)),
            b"checkhangup" => Some(Value::truth_value(self.hangup.is_some())),
            _ => None,
        }
    }

    /// `STACK_PEEK(n,c|e|p|l)`: where the subroutine `n` frames down was called from (DL-258).
    fn stack_peek(&mut self, n: &[u8], what: &[u8]) -> Act {
        let down = scan::integer(n).map_or(0, |(n, _)| n);
        let frame = usize::try_from(down - 1)
            .ok()
            .and_then(|n| self.variables.frame(n));
        let Some(frame) = frame else {
            self.note(
                Level::Error,
                format!("there is no subroutine {down} frames down"),
            );
            return Act::Return(Out::Failed);
        };
        let at = &frame.back;
        let priority = at.priority.saturating_sub(1);
        match what.first().map(u8::to_ascii_lowercase) {
            Some(b'c') => value(at.context.clone()),
            Some(b'e') => value(at.exten.clone()),
            Some(b'p') => value(i64::from(priority)),
            Some(b'l') => {
                let mut label = [at.context.as_slice(), &at.exten].join(&b',');
                label.extend_from_slice(format!(",{priority}").as_bytes());
                value(label)
            }
            _ => {
                self.note(Level::Error, "STACK_PEEK wants c, e, p or l");
                Act::Return(Out::Failed)
            }
        }
    }
}

/// Keys that `HASH(name)` reads.
pub(crate) const HASH_KEYS: usize = 100;

/// The variable that keeps one key of a HASH().
pub(crate) fn hash_name(hash: &[u8], key: &[u8]) -> Text {
    [b"~HASH~", hash, b"~", key, b"~"].concat()
}

/// A priority that is a number: blanks may stand before it, nothing behind it.
pub(crate) fn jump_number(text: &[u8]) -> Option<i32> {
    let (n, read) = scan::integer(text)?;
    // Blanks may follow, and the number is a C `int`.
    let blank = text[read..].iter().all(|b| scan::is_space(*b));
    blank.then_some(n as i32)
}
