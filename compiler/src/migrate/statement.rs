//! One step as one statement. What is written here is tried: a statement stays only if the compiler makes the same step of it; else the
//! application is called by its name, with its arguments as they stand.

use std::collections::HashMap;

use strowger_stdlib::signatures;
use strowger_stdlib::words::{self, From, Kind};

use super::compare::{same_arguments, same_condition};
use super::formula;
use super::graph::{self, Condition};
use super::names::{Names, What};
use super::subs::{self, Sub};
use super::text::{self, Number, Written, asterisk, quoted, raw};
use super::word::Call;
use super::write::LEGACY;
use crate::dial;
use crate::hir::{Context, Hir, Step};
use crate::jump::Shape;
use crate::source::Sources;

/// A statement.
#[derive(Clone, Debug)]
pub(super) struct Statement {
    pub(super) text: String,
    pub(super) names: Vec<(What, String)>,
    /// It goes through a door: `app`, `asterisk`, `unchecked`, or a write by name.
    pub(super) door: bool,
}

impl Statement {
    pub(super) fn new(written: Written) -> Statement {
        let doors = ["app(\"", "asterisk('", "unchecked("];
        Statement {
            door: doors.iter().any(|d| written.text.contains(d)),
            text: written.text,
            names: written.names,
        }
    }
}

/// Candidates of one step that are tried, at most.
const TRIED: usize = 24;

/// What `exten` is, and in which subroutine it stands.
type Place = (Number, Option<Sub>);

/// Writes statements, and remembers what was tried.
#[derive(Default)]
pub(super) struct Statements {
    known: HashMap<(Vec<u8>, Vec<u8>, Place), Option<Statement>>,
    conditions: HashMap<(Vec<u8>, bool, Place), Written>,
}

impl Statements {
    /// What was tried may be otherwise now.
    pub(super) fn forget(&mut self) {
        *self = Statements::default();
    }

    /// Contexts may have other names now.
    pub(super) fn forget_calls(&mut self) {
        self.known
            .retain(|(app, ..), _| !app.eq_ignore_ascii_case(b"gosub"));
    }

    /// A step with these arguments; none if there is no way to say it.
    pub(super) fn step(
        &mut self,
        hir: &Hir,
        step: &Step,
        args: &[u8],
        number: Number,
        names: &mut Names,
    ) -> Option<Statement> {
        let key = (
            step.app.bytes().to_vec(),
            args.to_vec(),
            (number, names.within.clone()),
        );
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        let app = step.own().app.as_str().to_owned();
        let mut tried = candidates(&app, args, hir, number, names);
        tried.truncate(TRIED);
        tried.extend(door(step.app.bytes(), args));
        let found = tried
            .into_iter()
            .find(|one| gives(one, &app, args, number, names));
        let found = found.map(Statement::new);
        self.known.insert(key, found.clone());
        found
    }

    /// A condition as `if` and `while` ask it. `when` false: its opposite.
    pub(super) fn condition(
        &mut self,
        condition: &Condition,
        when: bool,
        number: Number,
        names: &mut Names,
    ) -> Option<Written> {
        let (key, tried) = match condition {
            Condition::Text(bytes) => {
                let mut tried: Vec<Written> = dial_status(bytes).into_iter().collect();
                let trimmed = bytes.trim_ascii();
                if let Some(inner) = trimmed
                    .strip_prefix(b"$[")
                    .and_then(|t| t.strip_suffix(b"]"))
                {
                    tried.extend(formula::truth(inner, number, names));
                } else if let Some(body) = trimmed
                    .strip_prefix(b"${")
                    .and_then(|t| t.strip_suffix(b"}"))
                {
                    tried.extend(text::value(body, number, names));
                }
                let as_is = std::str::from_utf8(bytes).ok()?;
                tried.push(asterisk(as_is));
                (bytes.clone(), tried)
            }
            Condition::Time(_, bytes, _) => {
                let as_is = std::str::from_utf8(bytes).ok()?;
                let mut tried: Vec<Written> = hours(as_is)
                    .map(|h| Written::plain(format!("now in {h}")))
                    .into_iter()
                    .collect();
                tried.push(asterisk(&format!("${{IFTIME({as_is}?1:0)}}")));
                (bytes.clone(), tried)
            }
        };
        let key = (
            key,
            matches!(condition, Condition::Time(..)),
            (number, names.within.clone()),
        );
        let found = match self.conditions.get(&key) {
            Some(found) => found.clone(),
            None => {
                let found = tried
                    .into_iter()
                    .find(|one| asks(one, condition, number, names))?;
                self.conditions.insert(key, found.clone());
                found
            }
        };
        Some(if when { found } else { opposite(found) })
    }
}

fn opposite(written: Written) -> Written {
    let text = written.text.as_str();
    let status = text.strip_prefix("last_dial ").and_then(|rest| {
        let (sign, case) = rest.split_once(' ')?;
        // What may be pasted may make both true: only what is sure is turned around.
        let sign = match sign {
            "==" => "!=",
            "!=" => "==",
            _ => return None,
        };
        text::is_one(case).then(|| format!("last_dial {sign} {case}"))
    });
    let text = match (text.strip_prefix("not "), status) {
        (Some(rest), _) if text::is_one(rest) => rest.to_owned(),
        (_, Some(status)) => status,
        _ if text::is_one(text) || text.starts_with("asterisk(") => format!("not {text}"),
        _ => format!("not ({text})"),
    };
    Written { text, ..written }
}

/// `app("Name", 'args')`.
fn door(app: &[u8], args: &[u8]) -> Option<Written> {
    let name = match signatures::application(app) {
        Some(signature) => signature.name,
        None => std::str::from_utf8(app).ok()?,
    };
    let args = std::str::from_utf8(args).ok()?;
    let text = match args {
        "" => format!("app({})", quoted(name)),
        args => format!("app({}, {})", quoted(name), raw(args)),
    };
    Some(Written::plain(text))
}

/// Whether a statement becomes this one step.
fn gives(written: &Written, app: &str, args: &[u8], number: Number, names: &Names) -> bool {
    // Something follows, so that a value that nobody looks at is told.
    let body = format!("{}\n    trace(\"\")", written.text);
    let never = format!("    {}", written.text);
    [body, never].iter().any(|body| {
        let Some(steps) = trial(body, written, number, names) else {
            return false;
        };
        let Some(first) = steps.first() else {
            return false;
        };
        // Behind it the trial stands, and the end of a subroutine.
        let behind = |s: &Step| matches!(&*s.own().app, b"noop" | b"return");
        let alone = steps.len() <= 3 && steps[1..].iter().all(behind);
        alone && first.own().app.as_str() == app && same_arguments(app, args, first.args.bytes())
    })
}

/// Whether a condition is asked as it should be.
fn asks(written: &Written, condition: &Condition, number: Number, names: &Names) -> bool {
    let body = format!("if {} {{ answer() }}\n    trace(\"\")", written.text);
    let Some(steps) = trial(&body, written, number, names) else {
        return false;
    };
    let index_hir = Hir {
        contexts: vec![Context {
            extensions: vec![crate::hir::Extension {
                name: b"1".to_vec(),
                matches: crate::hir::Matches::read(b"1"),
                caller: None,
                span: steps_span(&steps),
                steps,
                hint: None,
            }],
            ..empty("trial")
        }],
        ..Hir::default()
    };
    let index = crate::resolve::Index::new(&index_hir);
    let reader = graph::Reader::new(&index, false);
    let context = &index_hir.contexts[0];
    let graph = reader.graph(context, &context.extensions[0]);
    match graph.nodes.first() {
        Some(graph::Node::Branch {
            condition: made,
            yes,
            no,
        }) => {
            let answers = |link| match graph.settle(link) {
                graph::Link::Step(at) => {
                    matches!(&graph.nodes[at], graph::Node::Run { app, .. } if app == "answer")
                }
                _ => false,
            };
            match same_condition(condition, made) {
                Some(true) => answers(*yes) && !answers(*no),
                Some(false) => answers(*no) && !answers(*yes),
                None => false,
            }
        }
        _ => false,
    }
}

fn steps_span(steps: &[Step]) -> crate::source::Span {
    steps.first().map_or(
        crate::source::Span {
            file: crate::source::FileId(0),
            start: 0,
            end: 0,
        },
        |s| s.span,
    )
}

/// The steps that the compiler makes of a body; none if something is wrong with it.
fn trial(body: &str, written: &Written, number: Number, names: &Names) -> Option<Vec<Step>> {
    let on = match number {
        Number::None => "start",
        Number::Digits => "1",
        Number::Raw => "`.`",
    };
    let all = names.sorted();
    let mut text = format!("{}\n", dial::MIGRATED);
    let mut declared = std::collections::HashSet::new();
    let mut hir = Hir::default();
    for key in &written.names {
        if !declared.insert(key) {
            continue;
        }
        if key.0 == What::Sub {
            if let Some(sub) = names.subs.get(&key.1)
                && let Some(name) = all.get(&(What::Context, key.1.clone()))
            {
                let value = if sub.returns { " \"\"" } else { "" };
                let head = sub_head(name, &key.1, sub);
                text.push_str(&format!("{head} {{ return{value} }}\n"));
            }
        } else if key.0 == What::Legacy {
            if hir.contexts.is_empty() {
                text.push_str(&format!("import conf \"extensions.conf\" as {LEGACY}\n"));
            }
            hir.contexts.push(empty(&key.1));
        } else if key.0 == What::Context {
            if let Some(name) = all.get(key) {
                text.push_str(&format!(
                    "context {name} as {} {{\n  on start {{ }}\n}}\n",
                    quoted(&key.1)
                ));
            }
        } else if let Some(name) = all.get(key) {
            let ty = names.ty(&key.1);
            let value = if ty == "Int" || ty == "Bool" { "0" } else { "" };
            text.push_str(&declaration(key.0, name, &key.1, value, ty));
        }
    }
    text.push_str(&match &names.within {
        None => format!("context trial {{\n  on {on} {{\n{body}\n  }}\n}}\n"),
        Some(sub) => {
            let value = if sub.returns { " \"\"" } else { "" };
            let head = sub_head("trial", "trial", sub);
            let body = match body.contains("return") {
                true => body.to_owned(),
                false => format!("{body}\n    return{value}"),
            };
            format!("{head} {{\n{body}\n}}\n")
        }
    });
    let sources = Sources::new()
        .with("trial.dial", text)
        .with("extensions.conf", Vec::new());
    let file = sources.find("trial.dial")?;
    let program = dial::read(&sources, &[file]);
    let found = program.compile(&sources, &mut hir).found;
    let wrong = found
        .iter()
        .any(|d| crate::codes::level(d.code) == crate::Level::Error);
    if wrong {
        return None;
    }
    let context = hir.contexts.iter().find(|c| c.name == b"trial")?;
    Some(context.extensions.first()?.steps.clone())
}

/// A context of which only the name matters.
fn empty(name: &str) -> Context {
    Context {
        name: name.as_bytes().to_vec(),
        span: steps_span(&[]),
        extensions: Vec::new(),
        includes: Vec::new(),
        switches: Vec::new(),
        ignorepats: Vec::new(),
        autohints: false,
    }
}

/// The line that declares a variable.
pub(super) fn declaration(what: What, name: &str, conf: &str, value: &str, ty: &str) -> String {
    let renamed = match name == conf {
        true => String::new(),
        false => format!(" as {}", quoted(conf)),
    };
    match (what, ty) {
        (What::Global, "Int") => format!("global {name}: Int = {value}{renamed}\n"),
        (What::Global, "Bool") => {
            let value = value == "1";
            format!("global {name}: Bool = {value}{renamed}\n")
        }
        (What::Global, _) => format!("global {name}: Str = {}{renamed}\n", quoted(value)),
        // It has no value until a call sets one.
        (_, "Int" | "Bool") => format!("channel {name}: {ty}{renamed}\n"),
        (_, ty) => format!("channel {name}: {ty} = \"\"{renamed}\n"),
    }
}

/// What a step may be called, the best first.
fn candidates(
    app: &str,
    args: &[u8],
    hir: &Hir,
    number: Number,
    names: &mut Names,
) -> Vec<Written> {
    match app {
        "set" => set(args, hir, number, names).unwrap_or_default(),
        "return" => match &names.within {
            None if args.is_empty() => vec![Written::plain("return")],
            Some(sub) if !sub.returns => vec![Written::plain("return")],
            Some(_) if args.is_empty() => vec![Written::plain("return \"\"")],
            _ => {
                let value = text::literal(args, number, names);
                let value = value.map(|value| Written {
                    text: format!("return {}", value.text),
                    ..value
                });
                value.into_iter().collect()
            }
        },
        "gosub" => gosub(args, number, names).unwrap_or_default(),
        "goto" => goto(args, number, names),
        "noop" => {
            if args.is_empty() {
                return vec![Written::plain("trace(\"\")")];
            }
            let shown = text::literal(args, number, names);
            let shown = shown.map(|shown| Written {
                text: format!("trace({})", shown.text),
                ..shown
            });
            shown.into_iter().collect()
        }
        _ => {
            let Some(signature) = signatures::application(app.as_bytes()) else {
                return Vec::new();
            };
            let mut all = Vec::new();
            for word in words::of(signature).filter(|w| w.kind == Kind::Application) {
                // The variable that takes the value stands among the arguments.
                let (variable, args) = match word.value {
                    From::Named(slot) => match taken(args, usize::from(slot)) {
                        Some((variable, rest)) => (Some(variable), rest),
                        None => continue,
                    },
                    _ => (None, args.to_vec()),
                };
                for unchecked in [false, true] {
                    let mut call = Call {
                        called: signature.name,
                        number,
                        names: &mut *names,
                        unchecked,
                        open: false,
                    };
                    let Some(call) = call.word(word, signature, &args) else {
                        continue;
                    };
                    if unchecked && !call.open {
                        continue;
                    }
                    if let Some(variable) = &variable {
                        let mut used = call.names;
                        let own = match super::names::is_variable(variable) {
                            true => {
                                used.push((What::Channel, variable.clone()));
                                names.of(What::Channel, variable)
                            }
                            // With marks of inheritance.
                            false => format!("channel({})", quoted(variable)),
                        };
                        all.push(Written {
                            text: format!("{own} = {}", call.text),
                            names: used,
                            open: call.open,
                            ty: "",
                        });
                        continue;
                    }
                    let dropped = Written {
                        text: format!("let _ = {}", call.text),
                        ..call.clone()
                    };
                    if word.must_use || word.result == "Missed" {
                        all.push(dropped);
                    } else {
                        all.push(call);
                        if word.result != "Never" && word.result != "Unit" {
                            all.push(dropped);
                        }
                    }
                }
            }
            all
        }
    }
}

/// The variable at this place of the arguments, and the arguments without it.
fn taken(args: &[u8], slot: usize) -> Option<(String, Vec<u8>)> {
    let mut fields = super::layout::fields(args);
    let field = fields.get_mut(slot)?;
    let name = String::from_utf8(std::mem::take(field)).ok()?;
    let own = name.trim_start_matches('_');
    let plain = super::names::is_name(own)
        && name.len() - own.len() <= 2
        && !crate::lint::facts::is_built_in(own.as_bytes());
    plain.then(|| (name, fields.join(&b',')))
}

/// How a subroutine begins.
pub(super) fn sub_head(name: &str, conf: &str, sub: &Sub) -> String {
    let renamed = match name == conf {
        true => String::new(),
        false => format!(" as {}", quoted(conf)),
    };
    let params: Vec<String> = sub.params.iter().map(|p| format!("{p}: Raw")).collect();
    let result = if sub.returns { " -> Raw" } else { "" };
    format!("sub {name}{renamed}({}){result}", params.join(", "))
}

/// A call that comes back.
fn gosub(args: &[u8], number: Number, names: &mut Names) -> Option<Vec<Written>> {
    let shape = Shape::read(args);
    let (place, arguments) = match shape.find(args, b'(', 0) {
        Some(open) => (&args[..open], args[open + 1..].strip_suffix(b")")?),
        None => (args, &b""[..]),
    };
    let mut given = subs::arguments_of(arguments);
    let parts = super::layout::split(place, b',');
    let (context, exten, priority) = match parts.as_slice() {
        [exten, priority] => (None, exten, priority),
        [context, exten, priority] => (Some(context), exten, priority),
        _ => return None,
    };
    let conf = context.and_then(|context| std::str::from_utf8(context).ok());
    let sub = conf.filter(|_| exten == b"s" && priority == b"1");
    let sub = sub.and_then(|conf| Some((conf, names.subs.get(conf)?.clone())));
    if let Some((_, sub)) = &sub {
        if given.len() > sub.params.len() {
            return None;
        }
        given.resize(sub.params.len(), Vec::new());
    }
    let mut used = Vec::new();
    let mut values = Vec::new();
    for one in given {
        let value = text::text(&one, number, names)
            .or_else(|| Some(asterisk(std::str::from_utf8(&one).ok()?)))?;
        values.push(value.text);
        used.extend(value.names);
    }
    if let Some((conf, _)) = sub {
        let name = names.of(What::Sub, conf);
        used.push((What::Sub, conf.to_owned()));
        let call = Written {
            text: format!("{name}({})", values.join(", ")),
            names: used,
            ..Written::default()
        };
        let dropped = Written {
            text: format!("let _ = {}", call.text),
            ..call.clone()
        };
        return Some(vec![call, dropped]);
    }
    let mut all = Vec::new();
    let path = conf.filter(|_| priority == b"1");
    let path = path.and_then(|conf| Some((conf, site(conf, names)?)));
    if let Some((conf, (path, key))) = path {
        let list = match values.is_empty() {
            true => String::new(),
            false => format!("({})", values.join(", ")),
        };
        let mut add = |exten: Written| {
            all.push(Written {
                text: format!("gosub {path}{}{list}", exten.text),
                names: [exten.names, used.clone(), vec![key.clone()]].concat(),
                open: exten.open,
                ..Written::default()
            });
        };
        let plain = std::str::from_utf8(exten).ok();
        let plain = plain.filter(|e| !e.contains(['$', '"', '\\', '{']));
        let has = |number: &str| {
            let site = names.sites.get(conf);
            site.is_some_and(|s| s.extensions.contains(number))
        };
        match plain {
            Some("s") if has("s") => add(Written::plain("")),
            Some(digits) if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => {
                add(Written::plain(format!(".{digits}")));
            }
            Some(name) if !name.is_empty() => add(Written::plain(format!(".{}", quoted(name)))),
            _ => {
                for one in texts(exten, number, names)? {
                    add(Written {
                        text: format!(".({})", one.text),
                        ..one
                    });
                }
            }
        }
    }
    let context = match context {
        None => vec![Written::plain("channel.context")],
        Some(context) => texts(context, number, names)?,
    };
    let exten = texts(exten, number, names)?;
    let priority = match priority.as_slice() {
        b"1" => vec![Written::plain("1")],
        priority => texts(priority, number, names)?,
    };
    let worst = |all: &[Written]| all.len().saturating_sub(1);
    for level in 0..=worst(&context).max(worst(&exten)).max(worst(&priority)) {
        let one = |all: &[Written]| all[level.min(worst(all))].clone();
        let (context, exten, priority) = (one(&context), one(&exten), one(&priority));
        let place = [&context, &exten, &priority].map(|part| part.text.as_str());
        let values = values.iter().map(String::as_str);
        let list: Vec<&str> = place.into_iter().chain(values).collect();
        all.push(Written {
            text: format!("gosub dynamic({})", list.join(", ")),
            names: [context.names, exten.names, priority.names, used.clone()].concat(),
            ..Written::default()
        });
    }
    Some(all)
}

/// A part of a place: as it is, and through a door if the call may have chosen it.
fn texts(part: &[u8], number: Number, names: &mut Names) -> Option<Vec<Written>> {
    let plain = text::text(part, number, names);
    let as_is = asterisk(std::str::from_utf8(part).ok()?);
    let unchecked = |w: &Written| Written {
        text: format!("unchecked({})", w.text),
        ..w.clone()
    };
    let mut all: Vec<Written> = plain.iter().cloned().collect();
    if plain.is_some() && !strowger_stdlib::template::has_hole(part) {
        return Some(all);
    }
    all.push(unchecked(plain.as_ref().unwrap_or(&as_is)));
    Some(all)
}

/// How `gosub` names a context, and what stands for it.
fn site(conf: &str, names: &mut Names) -> Option<(String, (What, String))> {
    let stays = names.sites.get(conf)?.stays;
    let (path, what) = match stays {
        true => (format!("{LEGACY}[{}]", quoted(conf)), What::Legacy),
        false => (names.of(What::Context, conf), What::Context),
    };
    Some((path, (what, conf.to_owned())))
}

/// A `Goto` to a place that only the call knows, the best first.
pub(super) fn goto(args: &[u8], number: Number, names: &mut Names) -> Vec<Written> {
    let parts = super::layout::split(args, b',');
    let (context, exten, priority) = match parts.as_slice() {
        [exten, priority] => (None, exten, priority),
        [context, exten, priority] => (Some(context), exten, priority),
        _ => return Vec::new(),
    };
    // The own extension is none of those that only the call knows.
    if number == Number::None && exten == b"${EXTEN}" {
        return Vec::new();
    }
    let mut part = |text: &[u8]| text::literal(text, number, names);
    let context = match context {
        None => Some(Written::plain("channel.context")),
        Some(context) => part(context),
    };
    let priority = match priority.as_slice() {
        b"1" => Some(Written::plain("1")),
        priority => part(priority),
    };
    let (Some(context), Some(exten), Some(priority)) = (context, part(exten), priority) else {
        return Vec::new();
    };
    let parts = [context, exten, priority];
    let shown = |unchecked: bool| {
        let texts = parts.iter().map(|p| match unchecked && p.open {
            true => format!("unchecked({})", p.text),
            false => p.text.clone(),
        });
        let texts: Vec<String> = texts.collect();
        Written {
            names: parts.iter().flat_map(|p| p.names.clone()).collect(),
            open: !unchecked && parts.iter().any(|p| p.open),
            ..Written::plain(format!("goto dynamic({})", texts.join(", ")))
        }
    };
    vec![shown(false), shown(true)]
}

/// `NAME=value` of `Set`.
fn set(args: &[u8], hir: &Hir, number: Number, names: &mut Names) -> Option<Vec<Written>> {
    if hir.dialect.pairs_in_set {
        return None;
    }
    let args = std::str::from_utf8(args).ok()?;
    let (left, right) = args.split_once('=')?;
    let left = String::from_utf8(formula::aliased(left.as_bytes())).ok()?;
    let left = left.as_str();
    let value = text::text(right.as_bytes(), number, names);
    let shown = text::literal(right.as_bytes(), number, names);
    let as_is = asterisk(right);
    let mut all = Vec::new();
    let mut place = |place: Written, values: &[&Written]| {
        for value in values {
            all.push(Written {
                text: format!("{} = {}", place.text, value.text),
                names: [place.names.clone(), value.names.clone()].concat(),
                open: true,
                ty: "",
            });
        }
    };
    let mut values: Vec<&Written> = value.iter().collect();
    values.extend(shown.iter().filter(|s| value.as_ref() != Some(s)));
    // Places may hold numbers and times.
    let digits = !right.is_empty() && right.len() < 10 && right.bytes().all(|b| b.is_ascii_digit());
    let truth = match right {
        "1" | "true" => "true",
        _ => "false",
    };
    let others = [format!("{right}s"), right.to_owned(), truth.to_owned()].map(Written::plain);
    if digits || right == "true" {
        values.extend(&others);
    }
    values.push(&as_is);
    let unchecked = value.as_ref().filter(|v| v.open).map(|v| Written {
        text: format!("unchecked({})", v.text),
        ..v.clone()
    });
    values.extend(&unchecked);
    let case = |ty: &str| {
        let case = words::enumeration(ty).and_then(|of| of.case(right));
        case.map(Written::plain)
    };
    let name = left.trim_start_matches('_');
    let param = left
        .strip_prefix("ARG")
        .and_then(|n| n.parse::<usize>().ok()?.checked_sub(1));
    let within = names.within.as_ref();
    if let Some(param) = param.and_then(|n| within?.params.get(n)) {
        place(Written::plain(param.clone()), &values);
    } else if let Some(field) = dial::check::world::field_by_conf(left) {
        let case = case(dial::check::world::type_of(field));
        let all: Vec<&Written> = case.iter().chain(values.iter().copied()).collect();
        place(Written::plain(field), &all);
    } else if let Some(inner) = left
        .strip_prefix("GLOBAL(")
        .and_then(|t| t.strip_suffix(')'))
    {
        if names.globals.contains(inner) {
            let own = names.of(What::Global, inner);
            let written = Written {
                names: vec![(What::Global, inner.to_owned())],
                ..Written::plain(own)
            };
            place(written, &values);
        }
    } else if super::names::is_name(name) {
        if name == left
            && super::names::is_variable(name)
            && !crate::lint::facts::is_built_in(name.as_bytes())
        {
            let own = names.of(What::Channel, name);
            let written = Written {
                names: vec![(What::Channel, name.to_owned())],
                ..Written::plain(own)
            };
            place(written, &values);
        }
        place(
            Written::plain(format!("channel({})", quoted(left))),
            &values,
        );
    } else if let Some((function, inner)) = left.strip_suffix(')').and_then(|l| l.split_once('(')) {
        let signature = signatures::function(function.as_bytes())?;
        for word in words::of(signature).filter(|w| matches!(w.kind, Kind::Place | Kind::Target)) {
            let case = case(word.result);
            let all: Vec<&Written> = case.iter().chain(values.iter().copied()).collect();
            for unchecked in [false, true] {
                let mut call = Call {
                    called: function,
                    number,
                    names: &mut *names,
                    unchecked,
                    open: false,
                };
                if let Some(written) = call.word(word, signature, inner.as_bytes()) {
                    place(written, &all);
                }
            }
        }
    }
    Some(all)
}

/// `last_dial == Busy`, for a text that asks for DIALSTATUS.
fn dial_status(text: &[u8]) -> Option<Written> {
    let text = std::str::from_utf8(text).ok()?;
    let inner = text.strip_prefix("$[")?.strip_suffix(']')?;
    let (left, right, sign) = match inner.split_once("!=") {
        Some((left, right)) => (left, right, "!="),
        None => {
            let (left, right) = inner.split_once('=')?;
            (left, right.strip_prefix('=').unwrap_or(right), "==")
        }
    };
    if left.trim().trim_matches('"') != "${DIALSTATUS}" {
        return None;
    }
    let case = words::enumeration("DialStatus")?.case(right.trim().trim_matches('"'))?;
    Some(Written::plain(format!("last_dial {sign} {case}")))
}

/// `hours("mon-fri 09:00-17:00")` of a time condition; none if `hours` cannot say it.
pub(super) fn hours(spec: &str) -> Option<String> {
    let separator = if spec.contains(',') { ',' } else { '|' };
    let fields: Vec<&str> = spec.split(separator).map(str::trim).collect();
    let field = |n: usize| {
        fields
            .get(n)
            .copied()
            .filter(|f| !f.is_empty() && *f != "*")
    };
    let parts: Vec<&str> = [1, 0, 2, 3].into_iter().filter_map(field).collect();
    let text = if parts.is_empty() {
        "daily".to_owned()
    } else {
        parts.join(" ")
    };
    let zone = field(4).map_or(String::new(), |z| format!(", zone: {}", quoted(z)));
    Some(format!("hours({}{zone})", quoted(&text)))
}
