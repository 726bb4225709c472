//! A test as a `test` block of `.dial`: the other direction of [`super::read`]. What a block cannot say is an error, never left out.

use std::fmt::Write;
use std::time::Duration;

use strowger_compiler::dial::{self, is_dial};
use strowger_runtime::config::{Account, Accounts, Technology};
use strowger_runtime::sim::scenario::{
    Act, Attempt, Call, Endpoint, HangUp, Mailbox, Moment, Scenario,
};
use strowger_stdlib::words;

use super::block::{constructor, quoted};
use super::case::{Case, Expectation, Field, Mail, PhoneField, Row, Sent, Subject, What};
use super::mailboxes::Mailboxes;
use super::phones;
use super::read::SEED;
use super::suite::Suite;
use super::want::Want;

/// What a block is written beside.
pub(crate) struct Around<'a> {
    pub(crate) accounts: &'a Accounts,
    /// Mailboxes that need not be said.
    pub(crate) mailboxes: Option<&'a Mailboxes>,
    /// What a context is called where the block stands, by its name in a dialplan.
    pub(crate) context: &'a dyn Fn(&[u8]) -> Option<String>,
}

/// Where a block is to stand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Stands {
    /// In the plan, or in the file of the tests.
    InPlan,
    /// In a file beside it that imports it.
    Beside,
}

/// The file beside a plan, where nothing else is said.
const BESIDE: &str = "found.dial";

/// What a file of tests begins with that stands beside a plan: it imports it.
///
/// # Errors
/// The name of the plan is none that can be imported.
pub(crate) fn import(plan: &str) -> Said<String> {
    let stem = plan.strip_suffix(".dial").unwrap_or(plan);
    let small = stem.starts_with(|c: char| c.is_ascii_lowercase());
    let word = stem.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    match small && word {
        true => Ok(format!("import {stem}\n")),
        false => Err(format!(
            "`{plan}` cannot be imported: its name is no name of the language"
        )),
    }
}

impl Suite {
    /// Whether tests of the plan are written as blocks.
    pub(crate) fn is_dial(&self) -> bool {
        is_dial(self.plan_name())
    }

    /// A test of the plan as a block of its file, or of the file of these tests. What was written is read again: it is the same world.
    ///
    /// # Errors
    /// What a block cannot say.
    pub(crate) fn as_block(&self, case: &Case, stands: Stands) -> Said<String> {
        let plan = self.plan_name();
        let sources = &self.loaded.sources;
        let name = self.blocks_in().filter(|_| stands == Stands::InPlan);
        let name = name.unwrap_or(plan);
        let file = sources.find(name).ok_or("the plan")?;
        let stem = plan.strip_suffix(".dial").unwrap_or(plan);
        let paths = dial::context_paths(sources, file);
        let context = |name: &[u8]| {
            let mut own = paths.iter().filter(|(conf, _)| conf.as_bytes() == name);
            match stands {
                Stands::InPlan => own.next().map(|(_, path)| path.clone()),
                Stands::Beside => own
                    .find(|(_, path)| !path.contains(['.', '[']))
                    .map(|(_, path)| format!("{stem}.{path}")),
            }
        };
        let around = Around {
            accounts: &self.loaded.config.accounts,
            mailboxes: self.mailboxes(),
            context: &context,
        };
        let block = block(case, &around)?;
        let (name, plan, before) = match stands {
            Stands::InPlan => {
                let text = sources.file(file).bytes();
                (name, plan, String::from_utf8_lossy(text).into_owned())
            }
            Stands::Beside => (BESIDE, BESIDE, import(plan)?),
        };
        let mut sources = sources.clone();
        sources.add(name, format!("{before}\n{block}").into_bytes());
        let again = self.blocks_of(name, plan, sources)?;
        let same = again.cases.last().is_some_and(|read| {
            comparable(&read.scenario, &around) == comparable(&case.scenario, &around)
                && read.name == case.name
        });
        match same {
            true => Ok(block),
            false => Err("a world that would be another one".to_owned()),
        }
    }
}

/// A world without what is the same in other words.
fn comparable(scenario: &Scenario, around: &Around<'_>) -> Scenario {
    let mut out = scenario.clone();
    if out.mailboxes.as_ref() == around.mailboxes {
        out.mailboxes = None;
    }
    // How long messages may be, files beside the plan say.
    for mailbox in out.mailboxes.iter_mut().flat_map(|all| all.values_mut()) {
        *mailbox = Mailbox::default();
    }
    for phone in &mut out.endpoints {
        phone.context.clear();
        if phone.attempts.is_empty() {
            phone.attempts.push(Attempt::NeverAnswers);
        }
    }
    out
}

/// Something that a block cannot say, in words.
type Said<T> = Result<T, String>;

/// A test as a block.
///
/// # Errors
/// What a block cannot say.
pub(crate) fn block(case: &Case, around: &Around<'_>) -> Said<String> {
    let scenario = &case.scenario;
    let mut out = format!("test {} at {} {{\n", quoted(&case.name), moment(scenario)?);
    let mut lines = given(scenario, around)?;
    for call in &scenario.calls {
        lines.push(self::call(call, scenario.calls.len() > 1, around)?);
    }
    for message in &scenario.messages {
        if !message.at.is_zero() || !message.headers.is_empty() || !message.variables.is_empty() {
            return Err("a text that is sent later, or with more than its body".to_owned());
        }
        lines.push(format!(
            "call message(to: {}, from: {}, body: {}) in {}",
            text(&message.to)?,
            text(&message.from)?,
            text(&message.body)?,
            context(&message.context, around)?
        ));
    }
    for expectation in &case.expectations {
        let claims = claims(expectation, around)?;
        lines.extend(claims.into_iter().map(|claim| format!("expect {claim}")));
    }
    for line in lines.iter().flat_map(|line| line.lines()) {
        let _ = writeln!(out, "  {line}");
    }
    out.push_str("}\n");
    Ok(out)
}

/// When it begins, and where the exchange stands.
fn moment(scenario: &Scenario) -> Said<String> {
    let zone = scenario.zone.as_ref().map(|z| z.name().unwrap_or_default());
    let at = jiff::Timestamp::from_second(scenario.start.seconds()).unwrap_or_default();
    let there = match zone {
        None => jiff::tz::TimeZone::UTC,
        Some(name) => {
            jiff::tz::TimeZone::get(name).map_err(|_| "a zone without a name".to_owned())?
        }
    };
    let civil = at.to_zoned(there);
    let form = match civil.second() {
        0 => "%Y-%m-%d %H:%M",
        _ => "%Y-%m-%d %H:%M:%S",
    };
    let zone = zone.map_or(String::new(), |zone| format!(" {zone}"));
    Ok(format!("\"{}{zone}\"", civil.strftime(form)))
}

/// Everything that a test is given.
fn given(scenario: &Scenario, around: &Around<'_>) -> Said<Vec<String>> {
    let mut out = Vec::new();
    if scenario.seed != SEED {
        out.push(format!("given seed = {}", scenario.seed));
    }
    let language = of_all(scenario, around, |call, own| {
        let usual = own.map_or(&b""[..], |a| &a.language);
        (call.language != usual).then(|| call.language.clone())
    });
    if let Some(language) = language? {
        out.push(format!("given channel.language = {}", text(&language)?));
    }
    let variables = of_all(scenario, around, |call, own| {
        let usual = own.map_or(&[][..], |a| &a.variables);
        let more = call.variables.strip_prefix(usual);
        let more = more.unwrap_or(&call.variables);
        (!more.is_empty()).then(|| more.to_vec())
    });
    let mut name = |word: &str, name: &[u8], value: &[u8]| -> Said<()> {
        out.push(format!("given {word}({}) = {}", text(name)?, text(value)?));
        Ok(())
    };
    for (variable, value) in variables?.unwrap_or_default() {
        name("channel", &variable, &value)?;
    }
    for (word, map) in [
        ("globals", &scenario.globals),
        ("db", &scenario.database),
        ("environment", &scenario.environment),
        ("function", &scenario.functions),
    ] {
        for (key, value) in map {
            name(word, key, value)?;
        }
    }
    if !scenario.files.is_empty() {
        return Err("files".to_owned());
    }
    let others = (scenario.sounds.others != Some(Duration::from_secs(1)))
        .then(|| (b"others".to_vec(), scenario.sounds.others));
    let named = scenario.sounds.named.iter();
    for (sound, length) in others
        .into_iter()
        .chain(named.map(|(n, l)| (n.clone(), *l)))
    {
        let length = length.map_or("None".to_owned(), span);
        out.push(format!("given sound({}) = {length}", text(&sound)?));
    }
    if scenario.mailboxes.as_ref() != around.mailboxes {
        let Some(all) = &scenario.mailboxes else {
            return Err("a world without mailboxes".to_owned());
        };
        let all: Said<Vec<String>> = all.keys().map(|name| mailbox(name)).collect();
        out.push(format!("given mailboxes = [{}]", all?.join(", ")));
    }
    for phone in &scenario.endpoints {
        let name = endpoint(&lossless(&phone.name)?, around.accounts);
        out.push(format!("given {name} = {}", manner(phone, scenario)?));
    }
    Ok(out)
}

/// What is said once for all calls; it must be the same of each.
fn of_all<T: PartialEq>(
    scenario: &Scenario,
    around: &Around<'_>,
    of: impl Fn(&Call, Option<&Account>) -> Option<T>,
) -> Said<Option<T>> {
    let mut calls = scenario
        .calls
        .iter()
        .map(|call| of(call, account(call, around)));
    let first = calls.next().flatten();
    match calls.all(|other| other == first) {
        true => Ok(first),
        false => Err("calls with a language or variables of their own".to_owned()),
    }
}

fn account<'a>(call: &Call, around: &Around<'a>) -> Option<&'a Account> {
    let (technology, name) = technology(&call.from)?;
    around.accounts.find(technology, name).map(|a| &**a)
}

fn technology(endpoint: &[u8]) -> Option<(Technology, &[u8])> {
    let slash = endpoint.iter().position(|b| *b == b'/')?;
    let (technology, name) = (&endpoint[..slash], &endpoint[slash + 1..]);
    let known = [Technology::Pjsip, Technology::Sip];
    let technology = known
        .into_iter()
        .find(|t| t.prefix().as_bytes().eq_ignore_ascii_case(technology))?;
    Some((technology, name))
}

/// An endpoint by its constructor; of one that the device files do not know, by its name.
pub(crate) fn endpoint(name: &str, accounts: &Accounts) -> String {
    let technology = match name.split_once('/') {
        Some(("PJSIP", _)) => Technology::Pjsip,
        _ => Technology::Sip,
    };
    let rest = name.split_once('/').map_or(name, |(_, rest)| rest);
    let account = rest.split_once('@').map_or(rest, |(_, account)| account);
    let listed =
        accounts.iter().next().is_none() || accounts.find(technology, account.as_bytes()).is_some();
    match listed {
        true => constructor(name),
        false => format!("device({})", quoted(name)),
    }
}

/// What a phone does with its calls.
fn manner(phone: &Endpoint, scenario: &Scenario) -> Said<String> {
    let mut more = Vec::new();
    if let Some(most) = phone.most_calls {
        more.push(format!("calls_at_once: {most}"));
    }
    if let Some(status) = phone.texts {
        more.push(format!("texts: {status}"));
    }
    let transfers = phone.attempts.iter().any(|a| match a {
        Attempt::Answers { then, .. } => then
            .iter()
            .any(|act| matches!(act, Act::BlindTransfer(_) | Act::AttendedTransfer(_))),
        _ => false,
    });
    let usual = match scenario.calls.as_slice() {
        [one] => one.context.as_slice(),
        _ => b"default",
    };
    if transfers && phone.context != usual {
        return Err("a phone that transfers from a context of its own".to_owned());
    }
    let never = [Attempt::NeverAnswers];
    let attempts = match phone.attempts.is_empty() {
        true => &never[..],
        false => &phone.attempts,
    };
    let mut all = Vec::new();
    for attempt in attempts {
        all.push(self::attempt(attempt, std::mem::take(&mut more))?);
    }
    Ok(match all.as_slice() {
        [one] => one.clone(),
        all => format!("[{}]", all.join(", ")),
    })
}

fn attempt(attempt: &Attempt, more: Vec<String>) -> Said<String> {
    let mut arguments = Vec::new();
    let mut rings = |after: &Duration, usual: Duration| {
        if *after != usual {
            arguments.push(format!("after: {}", span(*after)));
        }
    };
    let at_once = Duration::ZERO;
    let word = match attempt {
        Attempt::Answers { after, then } => match then.as_slice() {
            [Act::Wait(talks), Act::HangUpWith(38)] if *after == phones::span(phones::RINGS) => {
                arguments.push(span(*talks));
                "drops_after"
            }
            then => {
                rings(after, phones::span(phones::RINGS));
                match then {
                    [] => arguments.push("hangs_up: false".to_owned()),
                    [Act::Talk(talks), Act::HangUp] => {
                        if *talks != phones::span(phones::TALKS) {
                            arguments.push(format!("hangs_up: {}", span(*talks)));
                        }
                    }
                    then => {
                        let acts: Said<Vec<String>> = then.iter().map(|a| act(a, false)).collect();
                        arguments.push(format!("then: [{}]", acts?.join(", ")));
                    }
                }
                "answers"
            }
        },
        Attempt::NeverAnswers => "never_answers",
        Attempt::Busy { after } => {
            rings(after, at_once);
            "busy"
        }
        Attempt::Declines { after } => {
            rings(after, at_once);
            "declines"
        }
        Attempt::Congested { after } => {
            rings(after, at_once);
            "congested"
        }
        Attempt::Fails { after, cause: 20 } => {
            rings(after, at_once);
            "unavailable"
        }
        Attempt::Fails { .. } => {
            return Err("a phone that fails with a cause of its own".to_owned());
        }
        Attempt::Unavailable => "unavailable",
        Attempt::Unregistered => "unregistered",
        Attempt::Redirects { after, to } => {
            rings(after, at_once);
            arguments.push(format!("to: {}", text(to)?));
            "redirects"
        }
    };
    arguments.extend(more);
    Ok(format!("{word}({})", arguments.join(", ")))
}

/// What somebody does in a call.
fn act(act: &Act, caller: bool) -> Said<String> {
    Ok(match act {
        Act::Wait(time) => format!("wait({})", span(*time)),
        Act::Talk(time) if !caller => format!("talk({})", span(*time)),
        Act::Answered if caller => "when_answered()".to_owned(),
        Act::Prompt { name, at } => {
            let word = match at {
                Moment::Begins => "during_prompt",
                Moment::Ends => "after_prompt",
            };
            format!("{word}({})", text(name)?)
        }
        Act::Press(keys) => format!("press({})", text(keys)?),
        Act::Text(body) => format!("send_text({})", text(body)?),
        Act::BlindTransfer(to) => format!("transfer({})", text(to)?),
        Act::AttendedTransfer(to) => format!("attended_transfer({})", text(to)?),
        Act::HangUp => "hangup()".to_owned(),
        Act::Hold => "hold()".to_owned(),
        Act::Unhold => "unhold()".to_owned(),
        Act::Talk(_) | Act::Answered | Act::HangUpWith(_) => {
            return Err("something that only the program says".to_owned());
        }
    })
}

fn call(call: &Call, several: bool, around: &Around<'_>) -> Said<String> {
    let exten = lossless(&call.exten)?;
    let digits = !exten.is_empty() && exten.bytes().all(|b| b.is_ascii_digit());
    let number = match exten.as_str() {
        "s" => "start".to_owned(),
        _ if digits && exten.len() <= 18 => exten,
        other => quoted(other),
    };
    let mut out = format!("call {number}");
    if let Some(from) = from(call, around)? {
        let _ = write!(out, " from {}", quoted(&from));
    }
    let _ = write!(out, " in {}", context(&call.context, around)?);
    let mut inner = Vec::new();
    if !call.at.is_zero() {
        if !several {
            return Err("a single call that begins later".to_owned());
        }
        inner.push(format!("begins(after: {})", span(call.at)));
    }
    if !call.keys.is_empty() {
        inner.push(format!("keys({})", text(&call.keys)?));
    }
    match call.hangs_up {
        Some(HangUp::After(time)) => inner.push(format!("hangs_up(after: {})", span(time))),
        Some(HangUp::AtEffect(n)) => inner.push(format!("hangs_up(at_effect: {n})")),
        None => {}
    }
    for one in &call.acts {
        inner.push(act(one, true)?);
    }
    if !inner.is_empty() {
        let _ = write!(out, " {{\n  {}\n}}", inner.join("\n  "));
    }
    Ok(out)
}

/// Who calls, as a test file says it.
fn from(call: &Call, around: &Around<'_>) -> Said<Option<String>> {
    if account(call, around).is_some() {
        return Ok(Some(lossless(&call.from)?));
    }
    let name = call.caller.name.as_deref().map(lossless).transpose()?;
    let number = call.caller.number.as_deref().map(lossless).transpose()?;
    let by_number = |number: &str| call.from.ends_with(format!("/{number}").as_bytes());
    Ok(match (name, number) {
        (Some(name), number) if !name.is_empty() => {
            Some(format!("\"{name}\" <{}>", number.unwrap_or_default()))
        }
        (_, Some(number)) if !number.is_empty() && by_number(&number) => Some(number),
        (None, None) if call.from.ends_with(b"/caller") => None,
        _ => Some(lossless(&call.from)?),
    })
}

fn context(name: &[u8], around: &Around<'_>) -> Said<String> {
    (around.context)(name).ok_or_else(|| {
        let name = String::from_utf8_lossy(name);
        format!("the context `{name}`, which has no name where the test stands")
    })
}

/// What is expected, one claim each.
fn claims(e: &Expectation, around: &Around<'_>) -> Said<Vec<String>> {
    let of = match e.subject {
        Subject::All => String::new(),
        Subject::Call(n) => format!("calls[{n}]."),
    };
    let alone = |key: &str| match e.subject {
        Subject::All => Ok(()),
        Subject::Call(_) => Err(format!("`{key}` of one call")),
    };
    let plain = |text: &str| -> Said<String> { Ok(quoted(text)) };
    let phone = |name: &str| -> Said<String> { Ok(endpoint(name, around.accounts)) };
    let one = |claim: String| -> Said<Vec<String>> { Ok(vec![claim]) };
    match &e.what {
        What::Path(wanted) => row(&format!("{of}path"), wanted, plain),
        What::Dialed(wanted) => row(&format!("{of}dialed"), wanted, phone),
        What::NeverDialed(wanted) => never(&format!("{of}dialed"), wanted, phone),
        What::Heard(wanted) => row(&format!("{of}heard"), wanted, plain),
        What::NeverHeard(wanted) => never(&format!("{of}heard"), wanted, plain),
        What::Said(wanted) => row(&format!("{of}said"), wanted, plain),
        What::Texts(wanted) => row(&format!("{of}texts"), wanted, plain),
        What::Logs(wanted) => {
            let each = |w: &Want| Ok(format!("{} in {of}logs", quoted(literal("logs", w)?)));
            wanted.iter().map(each).collect()
        }
        What::NeverLogged(wanted) => never(&format!("{of}logs"), wanted, plain),
        What::Phone(name, field) => {
            alone("phones")?;
            let name = match constructor(name) {
                device if device.starts_with("device(") => {
                    return Err(format!("what came to {name}"));
                }
                name => name,
            };
            match field {
                PhoneField::Heard(wanted) => row(&format!("{name}.heard"), wanted, plain),
                PhoneField::Keys(wanted) => one(compared(&format!("{name}.keys"), wanted)?),
                PhoneField::Path(wanted) => row(&format!("{name}.apps"), wanted, plain),
            }
        }
        What::Messages(wanted) => messages(&of, wanted),
        What::Voicemail(wanted) => voicemail(&of, wanted),
        What::Cdr(field, wanted) => one(match field {
            Field::Disposition => compared(&format!("{of}cdr.disposition"), wanted)?,
            Field::Duration => timed(&format!("{of}cdr.duration"), wanted)?,
            Field::BillSec => timed(&format!("{of}cdr.billsec"), wanted)?,
        }),
        What::Time(wanted) => one(timed(&format!("{of}elapsed"), wanted)?),
        What::Cause(wanted) => {
            let case = case("Cause", literal("cause", wanted)?);
            one(format!("{of}cause == {}", case.ok_or("this cause")?))
        }
        What::Reason(reason) => one(format!("{of}reason == {}", quoted(reason))),
        What::Answered(true) => one(format!("{of}answered")),
        What::Answered(false) => one(format!("not {of}answered")),
        What::Variable(name, wanted) if name == "DIALSTATUS" && wanted.plain().is_some() => {
            match case("DialStatus", literal(name, wanted)?) {
                Some(case) => one(format!("{of}status == {case}")),
                None => {
                    alone(name)?;
                    one(compared("channel(\"DIALSTATUS\")", wanted)?)
                }
            }
        }
        What::Variable(name, wanted) => {
            alone(name)?;
            one(compared(&format!("channel({})", quoted(name)), wanted)?)
        }
        What::Global(name, wanted) => one(compared(&format!("globals({})", quoted(name)), wanted)?),
        What::Database(name, wanted) => {
            let value = match literal(name, wanted)? {
                "" => "None".to_owned(),
                text => format!("Some({})", quoted(text)),
            };
            one(format!("db({}) == {value}", quoted(name)))
        }
        What::Holds(holds) => one(holds.text.to_string()),
        What::Snapshot => one("snapshot(trace)".to_owned()),
    }
}

fn messages(of: &str, wanted: &[Option<Sent>]) -> Said<Vec<String>> {
    let wanted: Option<Vec<&Sent>> = wanted.iter().map(Option::as_ref).collect();
    let wanted = wanted.ok_or("messages with others between")?;
    let mut out = vec![format!("{of}messages.count == {}", wanted.len())];
    for (n, sent) in wanted.into_iter().enumerate() {
        if !of.is_empty() {
            return Err("messages of one call".to_owned());
        }
        for (field, want) in [("to", &sent.to), ("from", &sent.from), ("body", &sent.body)] {
            if let Some(want) = want {
                let text = literal(field, want)?;
                let text = match field {
                    "body" => text.to_owned(),
                    _ => super::user_of(text),
                };
                out.push(format!("messages[{n}].{field} == {}", quoted(&text)));
            }
        }
        if let Some(status) = &sent.status {
            let case =
                case("Sent", literal("status", status)?).ok_or("this status of a message")?;
            out.push(format!("messages[{n}].status == {case}"));
        }
    }
    Ok(out)
}

fn voicemail(of: &str, wanted: &[Option<Mail>]) -> Said<Vec<String>> {
    let wanted: Option<Vec<&Mail>> = wanted.iter().map(Option::as_ref).collect();
    let wanted = wanted.ok_or("messages with others between")?;
    let mut out = vec![format!("{of}voicemail.count == {}", wanted.len())];
    for (n, mail) in wanted.into_iter().enumerate() {
        if !of.is_empty() {
            return Err("messages of one call".to_owned());
        }
        if let Some(want) = &mail.mailbox {
            let name = mailbox(&Mailbox::whole_name(literal("mailbox", want)?.as_bytes()))?;
            out.push(format!("voicemail[{n}].mailbox == {name}"));
        }
        if let Some(greeting) = &mail.greeting {
            out.push(format!("voicemail[{n}].greeting == {}", quoted(greeting)));
        }
        if let Some(length) = &mail.length {
            out.push(timed(&format!("voicemail[{n}].length"), length)?);
        }
    }
    Ok(out)
}

/// `mailbox("1001")`, with its context if that is not `default`.
fn mailbox(name: &[u8]) -> Said<String> {
    let name = lossless(name)?;
    Ok(match name.split_once('@') {
        Some((number, "default")) => format!("mailbox({})", quoted(number)),
        Some((number, context)) => {
            format!("mailbox({}, context: {})", quoted(number), quoted(context))
        }
        None => format!("mailbox({})", quoted(&name)),
    })
}

/// What is wanted one after the other.
fn row(key: &str, wanted: &Row, value: impl Fn(&str) -> Said<String>) -> Said<Vec<String>> {
    let values = |wanted: &[Option<Want>]| -> Said<Vec<String>> {
        let each = wanted.iter().map(|w| match w {
            Some(want) => value(literal(key, want)?),
            None => Err(format!("`{key}` with others between")),
        });
        each.collect()
    };
    let is_any = |w: &Option<Want>| w.as_ref().is_some_and(|w| w.written == "/./");
    Ok(vec![match wanted.as_slice() {
        [None, Some(one), None] => format!("{} in {key}", value(literal(key, one)?)?),
        // So many, and then at least one more.
        [first @ .., any, None] if is_any(any) => {
            values(first)?;
            format!("{key}.count > {}", first.len())
        }
        all => format!("{key} == [{}]", values(all)?.join(", ")),
    }])
}

fn never(key: &str, wanted: &[Want], value: impl Fn(&str) -> Said<String>) -> Said<Vec<String>> {
    let each = |w: &Want| Ok(format!("not ({} in {key})", value(literal(key, w)?)?));
    wanted.iter().map(each).collect()
}

/// A text that is compared with.
fn literal<'w>(key: &str, want: &'w Want) -> Said<&'w str> {
    want.plain()
        .ok_or_else(|| format!("`{key}` compared by `{}`", want.written))
}

fn compared(key: &str, want: &Want) -> Said<String> {
    match (want.plain(), want.unlike()) {
        (Some(text), _) => Ok(format!("{key} == {}", quoted(text))),
        (_, Some(text)) => Ok(format!("{key} != {}", quoted(text))),
        _ => Err(format!("`{key}` compared by `{}`", want.written)),
    }
}

fn timed(key: &str, want: &Want) -> Said<String> {
    let (sign, ms) = want
        .of_time()
        .ok_or_else(|| format!("`{key}` compared by `{}`", want.written))?;
    Ok(format!("{key} {sign} {}", span(phones::span(ms))))
}

/// The case of an enum, by what Asterisk calls it.
fn case(name: &str, spelled: &str) -> Option<&'static str> {
    let of = words::ENUMS.iter().find(|e| e.name == name)?;
    of.case(spelled)
}

fn span(time: Duration) -> String {
    let ms = time.as_millis();
    match ms % 1_000 {
        0 => format!("{}s", ms / 1_000),
        _ => format!("{ms}ms"),
    }
}

fn text(bytes: &[u8]) -> Said<String> {
    Ok(quoted(&lossless(bytes)?))
}

fn lossless(bytes: &[u8]) -> Said<String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "a text that is not UTF-8".to_owned());
    text.map(str::to_owned)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const PLAN: &str = "\
global night: Bool = false as \"NIGHT\"

context office as \"default\" {
  on `10XX` {
    match dial(pjsip(exten), ring: 12s) {
      Busy -> voicemail(mailbox(exten), greeting: Busy)
      _ -> playback(\"vm-nobodyavail\")
    }
    hangup()
  }
  on start {
    answer()
    let _ = read(\"main-menu\", digits: 1, wait: 5s)
    hangup()
  }
  on message {
    let _ = message_send(to: message.to.user, from: message.from, body: message.body)
  }
}
";

    /// A test file of a plan in `.dial`.
    fn suite(tests: &str) -> Suite {
        let bare = Suite::from_dial(PLAN).unwrap();
        let plan = bare.plan_name().to_owned();
        bare.retold(format!("dialplan: {plan}\ntests:\n{tests}"))
            .unwrap()
    }

    /// All that can be said, from a test file to a block; reading the block gives the same world.
    #[test]
    fn a_test_file_as_blocks() {
        let suite = suite(
            r#"
- name: "all that a call has: \"quotes\", {braces}, \\ and ü"
  at: "2026-07-02 20:00:30 Europe/Paris"
  seed: 7
  language: de
  variables: { LIMIT: 3, __WHO: "a \"b\" {c}" }
  globals: { NIGHT: "1" }
  database: { cfwd/61: "62" }
  environment: { HOME: /root }
  functions: { "CURL(http://x)": hello, CURL: "" }
  sounds: { others: 2s, beep: 500ms, vm-intro: missing }
  mailboxes: [1001, 2@sales]
  with:
    PJSIP/1001: [busy, busy after 5s, never answers, answers, "answers after 2s, hangs up after 1m"]
    PJSIP/1002: { answers: { after: 3s, hangs up: never }, calls at once: 1, texts: 480 }
    SIP/7: { answers: { then: [{ wait: 1s, press: "1#" }, { talk: 3s }, { after prompt: x, text: hi }, hold, unhold, { hang up: }] } }
    PJSIP/33@carrier: { drops: { after: 5s } }
    DAHDI/1: { redirects: { to: "62", after: 1500ms } }
    IAX2/a: { unavailable: { after: 5s } }
    PJSIP/1003: [unavailable, unregistered, congested after 2s, declines]
  from: "\"Anna B.\" <1005>"
  dial: 1001
  press: 12#
  hangs up: 40s
  does: [{ after: 3s, press: "5" }, { during prompt: vm-intro, press: "*" }, { at answer:, transfer: "1002" }, { after: 1s, hang up: }]
  expect:
    path: [Dial, "VoiceMail(1001,b)", "default,1001,3"]
    dialed: [PJSIP/1001]
    never dialed: [PJSIP/1002, SIP/7]
    heard: [a, b]
    never heard: [c]
    said: ["1001"]
    texts: []
    messages: [{ to: 1002, status: FAILURE }]
    voicemail: [{ mailbox: 1001, greeting: busy, length: ">= 5s" }, 2@sales]
    cdr: { disposition: NO ANSWER, duration: 12, billsec: "< 5s" }
    time: ">= 12s"
    logs: [some line]
    never logged: [another]
    cause: 17
    reason: busy
    answered: no
    DIALSTATUS: BUSY
    LIMIT: "!= 3"
    globals: { NIGHT: "1" }
    database: { cfwd/61: "62", cfwd/62: "" }
    phones: { PJSIP/1001: { heard: [], keys: "12" } }
    snapshot: yes
- name: several calls
  mailboxes: []
  calls:
    - { dial: "1001", from: 1005, expect: { dialed: [..., PJSIP/1001, ...], reason: hung up } }
    - { dial: s, after: 5s, hangs up: { at effect: 2 }, expect: { path: [Answer, Read, /./, ...] } }
  expect: { logs: [] }
- name: texts
  messages:
    - { to: 1001, from: 1002, body: "hello {x}" }
    - { to: "sip:1001@pbx", from: "\"A\" <sip:1002@pbx>" }
  expect: { messages: [] }
"#,
        );
        let blocks: Vec<String> = suite
            .cases
            .iter()
            .map(|case| suite.as_block(case, Stands::InPlan).unwrap())
            .collect();
        insta::assert_snapshot!(blocks.join("\n"));
        let beside = suite.as_block(&suite.cases[1], Stands::Beside).unwrap();
        assert!(
            beside.contains("call 1001 from \"1005\" in extensions.office"),
            "{beside}"
        );
    }

    /// What no block says is named.
    #[test]
    fn what_a_block_cannot_say() {
        for (test, why) in [
            ("expect: { heard: [/a/] }", "`heard` compared by `/a/`"),
            (
                "expect: { heard: [a, ..., b] }",
                "`heard` with others between",
            ),
            (
                "expect: { DIALSTATUS: /A/ }",
                "`channel(\"DIALSTATUS\")` compared by `/A/`",
            ),
        ] {
            let suite = suite(&format!("- name: x\n  dial: 1001\n  {test}\n"));
            let told = suite.as_block(&suite.cases[0], Stands::InPlan).unwrap_err();
            assert_eq!(told, why);
        }
        let suite = suite(
            "- name: x\n  calls: [{ dial: 1001, variables: { A: 1 } }, { dial: 1002 }]\n  expect: { heard: [] }\n",
        );
        let told = suite.as_block(&suite.cases[0], Stands::InPlan).unwrap_err();
        assert_eq!(told, "calls with a language or variables of their own");
    }

    use proptest::prelude::*;

    fn words() -> impl Strategy<Value = Vec<u8>> {
        "[ -~äß\t]{1,12}".prop_map(String::into_bytes)
    }

    fn prompts() -> impl Strategy<Value = Vec<u8>> {
        "[a-z][a-z/-]{0,8}[0-9]".prop_map(String::into_bytes)
    }

    fn times() -> impl Strategy<Value = Duration> {
        prop_oneof![
            (0..90_u64).prop_map(Duration::from_secs),
            (0..90_000_u64).prop_map(Duration::from_millis)
        ]
    }

    /// What callers and phones do alike.
    fn acts() -> impl Strategy<Value = Vec<Act>> {
        let one = prop_oneof![
            times().prop_map(Act::Wait),
            prompts().prop_map(|name| Act::Prompt {
                name,
                at: Moment::Ends
            }),
            prompts().prop_map(|name| Act::Prompt {
                name,
                at: Moment::Begins
            }),
            "[0-9*#]{1,4}".prop_map(|k| Act::Press(k.into_bytes())),
            words().prop_map(Act::Text),
            words().prop_map(Act::BlindTransfer),
            Just(Act::Hold),
            Just(Act::Unhold),
            Just(Act::HangUp),
        ];
        prop::collection::vec(one, 0..5)
    }

    fn attempts() -> impl Strategy<Value = Attempt> {
        prop_oneof![
            (times(), acts()).prop_map(|(after, then)| Attempt::Answers { after, then }),
            (times(), times()).prop_map(|(after, talks)| Attempt::Answers {
                after,
                then: vec![Act::Talk(talks), Act::HangUp],
            }),
            times().prop_map(|after| Attempt::Busy { after }),
            times().prop_map(|after| Attempt::Declines { after }),
            times().prop_map(|after| Attempt::Congested { after }),
            times().prop_map(|t| Attempt::drops_after(Duration::from_secs(1), t)),
            (times(), words()).prop_map(|(after, to)| Attempt::Redirects { after, to }),
            Just(Attempt::NeverAnswers),
            Just(Attempt::Unavailable),
            Just(Attempt::Unregistered),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        /// A world that was written as a block is read as the same world: `as_block` looks itself.
        #[test]
        fn any_world_is_read_back(
            phones in prop::collection::btree_map("(PJSIP|SIP|DAHDI)/[a-z0-9]{1,4}", prop::collection::vec(attempts(), 1..3), 0..3),
            (acts, keys, hangs_up) in (acts(), "[0-9#]{0,3}", prop::option::of(times())),
            database in prop::collection::btree_map(words(), words(), 0..3),
            exten in "[0-9]{1,6}|s|h|[a-z*#.]{1,5}",
            name in words(),
            second in 0..2_000_000_000_i64,
        ) {
            let suite = suite("- name: x\n  dial: 1001\n  expect: { heard: [] }\n");
            let mut case = suite.cases[0].clone();
            case.name = String::from_utf8(name).unwrap();
            let mut scenario = (*case.scenario).clone();
            scenario.start = strowger_vm::Time::from_seconds(second);
            scenario.database = database;
            scenario.endpoints = phones
                .into_iter()
                .map(|(name, attempts)| Endpoint { name: name.into(), attempts, context: "default".into(), ..Endpoint::default() })
                .collect();
            scenario.endpoints.sort_by_key(|e| e.name.to_ascii_lowercase());
            let call = &mut scenario.calls[0];
            call.exten = exten.into();
            call.acts = acts;
            call.keys = keys.into();
            call.hangs_up = hangs_up.map(HangUp::After);
            case.scenario = std::sync::Arc::new(scenario);
            let block = suite.as_block(&case, Stands::InPlan);
            prop_assert!(block.is_ok(), "{}", block.unwrap_err());
        }
    }
}
