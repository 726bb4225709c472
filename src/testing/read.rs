//! From the tree of a test file to cases: what the table cannot say is checked here.

use std::collections::BTreeMap;
use std::sync::Arc;

use strowger_compiler::dial::test::{Ask, Block, Claim, FormulaKind};
use strowger_compiler::edit_distance::nearest;
use strowger_compiler::{Diagnostic, Sources, Span};
use strowger_runtime::config::{Accounts, Technology};
use strowger_runtime::sim::scenario::{Call, Endpoint, Mailbox, Message, Scenario, Sounds};
use strowger_vm::{Identity, Module, Text};

use super::case::{Case, Dialled, Expectation, Field, Mail, PhoneField, Row, Sent, Subject, What};
use super::holds::Holds;
use super::mailboxes::Mailboxes;
use super::phones;
use super::problem::problem;
use super::want::Want;
use super::yaml::{Key, Node};
use super::{keys, yaml};
use crate::moment::Moment;
use crate::{caller, duration, load};

/// When calls come where nothing is said: a Monday morning.
pub(crate) const AT: &str = "2026-03-02 10:00";
/// Where random numbers begin where nothing is said.
pub(crate) const SEED: u64 = 1;
/// Most cases of a file.
const CASES: usize = 20_000;

/// What a file is read beside.
pub(crate) struct Beside<'p> {
    pub(crate) module: &'p Module,
    pub(crate) accounts: &'p Accounts,
    /// Where random numbers begin, whatever the file says.
    pub(crate) seed: Option<u64>,
    /// Those that files beside the plan describe.
    pub(crate) mailboxes: Option<&'p Mailboxes>,
}

/// Reads the tests of a file.
pub(crate) fn cases(root: &Node, beside: &Beside<'_>, found: &mut Vec<Diagnostic>) -> Vec<Case> {
    let before = found.len();
    keys::FILE.check(root, found);
    if found.len() > before {
        return Vec::new();
    }
    let mut reader = Reader {
        beside,
        root,
        defaults: root.get("defaults"),
        strict: root.get("peers").is_some(),
        in_dial: false,
        unlisted: &[],
        found,
        cases: Vec::new(),
    };
    for (name, phone) in root.get("endpoints").map(Node::entries).unwrap_or_default() {
        reader.known(name, phone);
    }
    let tests = root.get("tests").map(Node::items).unwrap_or_default();
    reader.once(tests.iter());
    for test in tests {
        reader.test(test);
    }
    reader.cases
}

/// The tests of the blocks of a `.dial` file.
pub(crate) fn of_blocks(
    blocks: &[(Node, &Block)],
    sources: &Sources,
    beside: &Beside<'_>,
    found: &mut Vec<Diagnostic>,
) -> Vec<Case> {
    let before = found.len();
    for (node, _) in blocks {
        keys::BLOCK.check(node, found);
    }
    if found.len() > before {
        return Vec::new();
    }
    let Some((first, _)) = blocks.first() else {
        return Vec::new();
    };
    let nothing = Node {
        span: first.span,
        value: yaml::Value::Map(Vec::new()),
    };
    let unlisted = blocks.iter().flat_map(|(_, block)| &block.unlisted);
    let unlisted: Vec<Span> = unlisted.copied().collect();
    let mut reader = Reader {
        beside,
        root: &nothing,
        defaults: None,
        strict: beside.accounts.iter().next().is_some(),
        in_dial: true,
        unlisted: &unlisted,
        found,
        cases: Vec::new(),
    };
    reader.once(blocks.iter().map(|(node, _)| node));
    for (node, block) in blocks {
        let first = reader.cases.len();
        reader.test(node);
        let claims = block.claims.iter().map(|c| claim(c, sources));
        let claims: Vec<Expectation> = claims.collect();
        for case in &mut reader.cases[first..] {
            case.expectations.extend(claims.iter().cloned());
        }
    }
    reader.cases
}

/// What a block expects.
fn claim(claim: &Claim, sources: &Sources) -> Expectation {
    let bytes = sources.file(claim.span.file).bytes();
    let text = bytes.get(claim.span.start as usize..claim.span.end as usize);
    let text = String::from_utf8_lossy(text.unwrap_or_default()).into_owned();
    let what = match claim.formula.kind {
        FormulaKind::Ask(_, Ask::Trace) => What::Snapshot,
        _ => What::Holds(Box::new(Holds {
            formula: claim.formula.clone(),
            text: text.as_str().into(),
        })),
    };
    Expectation {
        key: text,
        span: claim.span,
        subject: Subject::All,
        what,
    }
}

struct Reader<'a> {
    beside: &'a Beside<'a>,
    root: &'a Node,
    defaults: Option<&'a Node>,
    /// Endpoints that the device files do not name are mistakes.
    strict: bool,
    /// The tests are blocks of a `.dial` file.
    in_dial: bool,
    /// Endpoints that they need not name.
    unlisted: &'a [Span],
    found: &'a mut Vec<Diagnostic>,
    cases: Vec<Case>,
}

/// Who calls.
#[derive(Default)]
struct From {
    phone: Text,
    identity: Identity,
    context: Option<Text>,
    variables: Vec<(Text, Text)>,
    language: Text,
    account: Text,
}

impl<'a> Reader<'a> {
    /// Each test has a name of its own.
    fn once(&mut self, tests: impl Iterator<Item = &'a Node>) {
        let mut names: BTreeMap<&str, Span> = BTreeMap::new();
        for test in tests {
            if let Some(name) = test.get("name")
                && let Some(text) = name.text()
                && let Some(first) = names.insert(text, name.span)
            {
                self.found.push(
                    problem(format!("two tests are called \"{text}\""), name.span)
                        .also(first, "the first")
                        .help("a name tells which test failed, so each has its own"),
                );
            }
        }
    }

    /// What a test says, or the defaults.
    fn get(&self, test: &'a Node, key: &str) -> Option<&'a Node> {
        test.get(key)
            .or_else(|| self.defaults.and_then(|d| d.get(key)))
    }

    /// Names and values of the defaults, with those of the test over them.
    fn names(&self, test: &'a Node, key: &str) -> BTreeMap<Text, &'a Node> {
        let entries = |node: Option<&'a Node>| node.map(Node::entries).unwrap_or_default();
        entries(self.defaults.and_then(|d| d.get(key)))
            .iter()
            .chain(entries(test.get(key)))
            .map(|(name, value)| (name.name.clone().into_bytes(), value))
            .collect()
    }

    fn texts(&self, test: &'a Node, key: &str) -> BTreeMap<Text, Text> {
        self.names(test, key)
            .into_iter()
            .map(|(name, value)| (name, text(value)))
            .collect()
    }

    fn test(&mut self, test: &'a Node) {
        let begins = ["dial", "message", "messages", "calls"];
        let how: Vec<&(Key, Node)> = test
            .entries()
            .iter()
            .filter(|(key, _)| begins.contains(&key.name.as_str()))
            .collect();
        let name_node = test.get("name");
        let span = name_node.map_or(test.span, |n| n.span);
        match how.as_slice() {
            [] => {
                self.found.push(
                    problem("nothing is dialled in this test", span).help(
                        "add `dial: \"1009\"`, `calls:` for several, or `message:` for a text",
                    ),
                );
                return;
            }
            [_] => {}
            [first, second, ..] => {
                self.found.push(
                    problem(
                        format!(
                            "`{}` and `{}` do not go together",
                            first.0.name, second.0.name
                        ),
                        second.0.span,
                    )
                    .also(first.0.span, "this begins the test already"),
                );
                return;
            }
        }
        let name = name_node
            .and_then(Node::text)
            .unwrap_or_default()
            .to_owned();
        let scenario = self.scenario(test);
        let (key, begin) = (&how[0].0, &how[0].1);
        match key.name.as_str() {
            "dial" => {
                let numbers = begin.items();
                if numbers.is_empty() {
                    self.found
                        .push(problem("no number is dialled here", key.span));
                }
                for number in numbers {
                    let own = match number.text() {
                        Some(text) if numbers.len() > 1 => format!("{name} [{text}]"),
                        _ => name.clone(),
                    };
                    let Some((call, dialled)) = self.call(test, number, test) else {
                        continue;
                    };
                    let mut scenario = scenario.clone();
                    scenario.calls.push(call);
                    let expectations = self.expectations(test, Subject::All);
                    self.add(own, span, scenario, vec![dialled], expectations);
                }
            }
            "calls" => {
                let mut scenario = scenario;
                let mut dialled = Vec::new();
                let mut expectations = self.expectations(test, Subject::All);
                for (n, call) in begin.items().iter().enumerate() {
                    let Some(number) = call.get("dial") else {
                        continue;
                    };
                    if let Some((mut made, number)) = self.call(call, number, test) {
                        made.at = phones::span(call.get("after").and_then(phones::ms).unwrap_or(0));
                        scenario.calls.push(made);
                        dialled.push(number);
                    }
                    expectations.extend(self.expectations(call, Subject::Call(n)));
                }
                self.add(name, span, scenario, dialled, expectations);
            }
            _ => {
                let mut scenario = scenario;
                for message in begin.items() {
                    scenario.messages.extend(self.message(message, test));
                }
                let expectations = self.expectations(test, Subject::All);
                self.add(name, span, scenario, Vec::new(), expectations);
            }
        }
    }

    fn add(
        &mut self,
        name: String,
        span: Span,
        scenario: Scenario,
        dialled: Vec<Dialled>,
        expectations: Vec<Expectation>,
    ) {
        if self.cases.len() == CASES {
            self.found.push(problem(
                format!("more than {CASES} tests in one file"),
                span,
            ));
        }
        if self.cases.len() <= CASES {
            self.cases.push(Case {
                name,
                span,
                scenario: Arc::new(scenario),
                dialled,
                expectations,
                in_dial: self.in_dial,
            });
        }
    }

    /// The world of a test, without calls.
    fn scenario(&mut self, test: &'a Node) -> Scenario {
        let at = self.get(test, "at").and_then(Node::text).unwrap_or(AT);
        let moment = Moment::read(at).or_else(|| Moment::read(AT));
        let zone = self.get(test, "zone").and_then(Node::text);
        let zone = zone
            .or(moment.as_ref().and_then(Moment::zone))
            .and_then(|z| strowger_stdlib::time::Zone::named(z.as_bytes()));
        let seed = self.get(test, "seed").and_then(phones::number);
        let context = self
            .get(test, "context")
            .and_then(Node::text)
            .unwrap_or("default");
        let mut endpoints: BTreeMap<String, Endpoint> = BTreeMap::new();
        for (of, key) in [
            (Some(self.root), "endpoints"),
            (Some(test), "endpoints"),
            (Some(test), "with"),
        ] {
            let phones = of.and_then(|node| node.get(key)).map(Node::entries);
            for (name, phone) in phones.unwrap_or_default() {
                if !std::ptr::eq(of.unwrap_or(test), self.root) {
                    self.known(name, phone);
                }
                endpoints.insert(
                    name.name.to_ascii_lowercase(),
                    phones::endpoint(&name.name, phone, context),
                );
            }
        }
        Scenario {
            start: moment.map(|m| m.time).unwrap_or_default(),
            zone,
            seed: self.beside.seed.or(seed).unwrap_or(SEED),
            sounds: self.sounds(test),
            globals: self.texts(test, "globals"),
            database: self.texts(test, "database"),
            environment: self.texts(test, "environment"),
            functions: self.texts(test, "functions"),
            mailboxes: self.mailboxes(test),
            endpoints: endpoints.into_values().collect(),
            ..Scenario::default()
        }
    }

    /// The mailboxes that a test names, as the files beside the plan describe them; of a test that names none, all of those.
    fn mailboxes(&self, test: &'a Node) -> Option<Mailboxes> {
        let described = self.beside.mailboxes;
        let Some(named) = self.get(test, "mailboxes") else {
            return described.cloned();
        };
        let one = |node: &Node| {
            let name = Mailbox::whole_name(&text(node));
            let of_file = described.and_then(|all| all.get(&name));
            (name, of_file.cloned().unwrap_or_default())
        };
        Some(named.items().iter().map(one).collect())
    }

    fn sounds(&mut self, test: &'a Node) -> Sounds {
        let mut sounds = Sounds::default();
        for (name, value) in self.names(test, "sounds") {
            let text = value.text().unwrap_or_default();
            let length = match (text, duration::read(text)) {
                ("missing", _) => None,
                (_, Some(ms)) => Some(phones::span(ms)),
                _ => {
                    self.found.push(
                        problem(format!("`{text}` is no length of a prompt"), value.span)
                            .help("write `3s`, or `missing` for a prompt that is not there"),
                    );
                    continue;
                }
            };
            if name == b"others" {
                sounds.others = length;
            } else {
                sounds.named.insert(name, length);
            }
        }
        sounds
    }

    /// Checks an endpoint and what is said of it.
    fn known(&mut self, name: &Key, phone: &Node) {
        for item in phone.items() {
            let mut manners = phones::manners(item);
            if let (Some((first, _)), Some((second, _))) = (manners.next(), manners.next()) {
                self.found.push(
                    problem("a phone does one thing with a call", second.span)
                        .also(first.span, "this is said already")
                        .help("for one call after the other write a list: [busy, answers]"),
                );
            }
            let only_texts = item.get("texts").is_some();
            if phones::says_nothing(item) && !only_texts {
                self.found.push(
                    problem("this does not say what the phone does", item.span)
                        .help("write `answers`, `busy`, `never answers` ..."),
                );
            }
        }
        let Some((technology, resource)) = name.name.split_once('/') else {
            self.found.push(
                problem(format!("`{}` is no endpoint", name.name), name.span).help(format!(
                    "write it as the plan dials it: PJSIP/{}",
                    name.name
                )),
            );
            return;
        };
        let technology = match technology.to_ascii_uppercase().as_str() {
            "PJSIP" => Technology::Pjsip,
            "SIP" => Technology::Sip,
            _ => return,
        };
        if !self.strict || self.unlisted.contains(&name.span) {
            return;
        }
        // `SIP/3001@SIP3` and `SIP/SIP3/3001` go through a trunk.
        let account = match (resource.rsplit_once('@'), resource.split_once('/')) {
            (Some((_, trunk)), _) => trunk,
            (None, Some((trunk, _))) if technology == Technology::Sip => trunk,
            _ => resource,
        };
        // An address needs no account.
        if account.contains(['.', ':']) {
            return;
        }
        if self
            .beside
            .accounts
            .find(technology, account.as_bytes())
            .is_some()
        {
            return;
        }
        let all: Vec<String> = self
            .beside
            .accounts
            .iter()
            .filter(|a| a.technology == technology)
            .map(|a| String::from_utf8_lossy(&a.name).into_owned())
            .collect();
        let files = match self.in_dial {
            true => "no device file beside the plan names",
            false => "the files of `peers` name no",
        };
        let wrong = problem(
            format!("{files} {}/{account}", technology.prefix()),
            name.span,
        );
        let wrong = match nearest(account, all.iter().map(String::as_str)) {
            Some(meant) => wrong.help(format!("did you mean `{meant}`?")),
            None => wrong,
        };
        self.found.push(match self.in_dial {
            true => wrong.help(format!(
                "one that nobody has is written device(\"{}\")",
                name.name
            )),
            false => wrong,
        });
    }

    /// Who calls; nobody that is known where nothing is said.
    fn from(&self, node: Option<&'a Node>) -> From {
        let accounts = self.beside.accounts;
        let pjsip = accounts.iter().any(|a| a.technology == Technology::Pjsip);
        let prefix = if pjsip || accounts.iter().next().is_none() {
            "PJSIP"
        } else {
            "SIP"
        };
        let Some(text) = node.and_then(Node::text) else {
            return From {
                phone: format!("{prefix}/caller").into_bytes(),
                ..From::default()
            };
        };
        let (technologies, name): (&[Technology], &str) = match text.split_once('/') {
            Some((t, name)) if t.eq_ignore_ascii_case("PJSIP") => (&[Technology::Pjsip], name),
            Some((t, name)) if t.eq_ignore_ascii_case("SIP") => (&[Technology::Sip], name),
            _ => (&[Technology::Pjsip, Technology::Sip], text),
        };
        let identity = caller::identity(name);
        let number = identity.number.clone().unwrap_or_default();
        let account = technologies.iter().find_map(|t| {
            accounts
                .find(*t, name.as_bytes())
                .or(accounts.find(*t, &number))
        });
        let Some(account) = account else {
            let phone = if name == text {
                [prefix.as_bytes(), b"/", &number].concat()
            } else {
                text.into()
            };
            return From {
                phone,
                identity,
                ..From::default()
            };
        };
        let own = &account.caller_id;
        From {
            phone: [account.technology.prefix().as_bytes(), b"/", &account.name].concat(),
            identity: Identity {
                name: own.name.clone().or(identity.name),
                number: own.number.clone().or(identity.number),
                details: None,
            },
            context: Some(account.context.clone()),
            variables: account.variables.clone(),
            language: account.language.clone(),
            account: account.account_code.clone(),
        }
    }

    /// A call. `of` says what this call says, `test` what all say.
    fn call(&mut self, of: &'a Node, number: &'a Node, test: &'a Node) -> Option<(Call, Dialled)> {
        let said = |key: &str| of.get(key).or_else(|| self.get(test, key));
        let from = self.from(said("from"));
        let context = said("context");
        let name = match (context.and_then(Node::text), from.context) {
            (Some(name), _) => name.as_bytes().to_vec(),
            (None, Some(own)) => own,
            (None, None) => b"default".to_vec(),
        };
        let mut variables = from.variables;
        let own = self.names(test, "variables").into_iter();
        // What a test with one call says, it says of its call.
        let more = of.get("variables").filter(|_| !std::ptr::eq(of, test));
        let more = more.map(Node::entries).unwrap_or_default();
        variables.extend(own.map(|(name, value)| (name, text(value))));
        variables.extend(
            more.iter()
                .map(|(key, value)| (key.name.clone().into_bytes(), text(value))),
        );
        let mut acts = Vec::new();
        for act in of.get("does").map(Node::items).unwrap_or_default() {
            acts.extend(phones::acts(act));
        }
        let language = said("language").map(text);
        let hangs_up = of.get("hangs up").and_then(phones::hangs_up);
        let keys = of.get("press").map(text).unwrap_or_default();
        if !self.context(&name, context.map_or(number.span, |c| c.span)) {
            return None;
        }
        let dialled = Dialled {
            number: number.text().unwrap_or_default().to_owned(),
            context: String::from_utf8_lossy(&name).into_owned(),
        };
        let call = Call {
            from: from.phone,
            caller: from.identity,
            context: name,
            exten: text(number),
            variables,
            language: language.unwrap_or(from.language),
            account: from.account,
            acts,
            keys,
            hangs_up,
            ..Call::default()
        };
        Some((call, dialled))
    }

    /// Whether the plan has such a context.
    fn context(&mut self, name: &[u8], span: Span) -> bool {
        if self.beside.module.has_context(name) {
            return true;
        }
        let told = load::no_context(self.beside.module, &String::from_utf8_lossy(name));
        let mut parts = told.split("\n  hint: ");
        let wrong = problem(parts.next().unwrap_or_default(), span);
        self.found.push(match parts.next() {
            Some(hint) => wrong.help(hint),
            None => wrong,
        });
        false
    }

    fn message(&mut self, node: &'a Node, test: &'a Node) -> Option<Message> {
        let context = node.get("context").or_else(|| self.get(test, "context"));
        let address = |key: &str| {
            let text = node.get(key).and_then(Node::text).unwrap_or_default();
            if text.contains(':') || text.contains('<') {
                text.to_owned()
            } else {
                format!("sip:{text}@pbx")
            }
        };
        let from = address("from");
        let name = context.and_then(Node::text).unwrap_or("default");
        if !self.context(name.as_bytes(), context.map_or(node.span, |c| c.span)) {
            return None;
        }
        Some(Message {
            at: phones::span(node.get("after").and_then(phones::ms).unwrap_or(0)),
            from: if from.contains('<') {
                from.into_bytes()
            } else {
                format!("<{from}>").into_bytes()
            },
            to: address("to").into_bytes(),
            body: node.get("body").map(text).unwrap_or_default(),
            context: name.as_bytes().to_vec(),
            ..Message::default()
        })
    }

    fn expectations(&mut self, of: &'a Node, subject: Subject) -> Vec<Expectation> {
        let mut out = Vec::new();
        let Some(node) = of.get("expect") else {
            return out;
        };
        if node.entries().is_empty() {
            self.found
                .push(problem("nothing is expected", node.span).help(
                "a test that expects nothing cannot fail: add `dialed:`, `heard:` or a variable",
            ));
        }
        for (key, value) in node.entries() {
            let span = key.span.to(value.span);
            let mut push = |key: String, span, what| {
                out.push(Expectation {
                    key,
                    span,
                    subject,
                    what,
                });
            };
            let named = |make: &dyn Fn(String, Want) -> What| -> Vec<(String, Span, What)> {
                let one = |(name, value): &(Key, Node)| {
                    let what = make(name.name.clone(), want(value)?);
                    Some((name.name.clone(), name.span.to(value.span), what))
                };
                value.entries().iter().filter_map(one).collect()
            };
            let what = match key.name.as_str() {
                "path" => What::Path(row(value)),
                "dialed" => What::Dialed(row(value)),
                "never dialed" => What::NeverDialed(wants(value)),
                "heard" => What::Heard(row(value)),
                "never heard" => What::NeverHeard(wants(value)),
                "said" => What::Said(row(value)),
                "texts" => What::Texts(row(value)),
                "messages" => What::Messages(value.items().iter().map(sent).collect()),
                "voicemail" => {
                    let all: Vec<Option<Mail>> = value.items().iter().map(mail).collect();
                    for item in value.items() {
                        if let Some(length) = item.get("length")
                            && want(length).is_some_and(|w| !w.is_time())
                        {
                            self.found.push(no_time(length));
                        }
                    }
                    What::Voicemail(all)
                }
                "logs" => What::Logs(wants(value)),
                "never logged" => What::NeverLogged(wants(value)),
                "reason" => What::Reason(value.text().unwrap_or_default().to_owned()),
                "answered" => What::Answered(yes(value)),
                "snapshot" if !yes(value) => continue,
                "snapshot" => What::Snapshot,
                "cdr" => {
                    for (field, value) in value.entries() {
                        let which = match field.name.as_str() {
                            "disposition" => Field::Disposition,
                            "duration" => Field::Duration,
                            _ => Field::BillSec,
                        };
                        let Some(wanted) = want(value) else { continue };
                        if matches!(which, Field::Duration | Field::BillSec) && !wanted.is_time() {
                            self.found.push(no_time(value));
                        }
                        let span = field.span.to(value.span);
                        push(
                            format!("cdr.{}", field.name),
                            span,
                            What::Cdr(which, wanted),
                        );
                    }
                    continue;
                }
                "phones" => {
                    for (phone, fields) in value.entries() {
                        for (field, value) in fields.entries() {
                            let which = match field.name.as_str() {
                                "heard" => PhoneField::Heard(row(value)),
                                "path" => PhoneField::Path(row(value)),
                                _ => {
                                    let Some(wanted) = want(value) else { continue };
                                    PhoneField::Keys(wanted)
                                }
                            };
                            push(
                                format!("phones.{}.{}", phone.name, field.name),
                                field.span.to(value.span),
                                What::Phone(phone.name.clone(), which),
                            );
                        }
                    }
                    continue;
                }
                "variables" | "globals" | "database" => {
                    let make: &dyn Fn(String, Want) -> What = match key.name.as_str() {
                        "variables" => &What::Variable,
                        "globals" => &What::Global,
                        _ => &What::Database,
                    };
                    for (name, span, what) in named(make) {
                        push(name, span, what);
                    }
                    continue;
                }
                name => {
                    let Some(wanted) = want(value) else { continue };
                    match name {
                        "time" if !wanted.is_time() => {
                            self.found.push(no_time(value));
                            continue;
                        }
                        "time" => What::Time(wanted),
                        "cause" => What::Cause(wanted),
                        name => What::Variable(name.to_owned(), wanted),
                    }
                }
            };
            push(key.name.clone(), span, what);
        }
        out
    }
}

fn no_time(node: &yaml::Node) -> Diagnostic {
    let text = node.text().unwrap_or_default();
    problem(format!("`{text}` is no span of time"), node.span)
        .help("write `12s`, or compare with it: `\">= 12s\"`")
}

fn text(node: &Node) -> Text {
    let text = if node.is_empty() { None } else { node.text() };
    text.unwrap_or_default().into()
}

fn yes(node: &Node) -> bool {
    super::shape::flag(node.text().unwrap_or_default()) == Some(true)
}

fn want(node: &Node) -> Option<Want> {
    Want::read(if node.is_empty() { "" } else { node.text()? }).ok()
}

fn wants(node: &Node) -> Vec<Want> {
    node.items().iter().filter_map(want).collect()
}

fn row(node: &Node) -> Row {
    let one = |item: &Node| match item.text() {
        Some("...") => Some(None),
        _ => want(item).map(Some),
    };
    node.items().iter().filter_map(one).collect()
}

fn sent(node: &Node) -> Option<Sent> {
    if node.text() == Some("...") {
        return None;
    }
    let field = |key: &str| node.get(key).and_then(want);
    Some(Sent {
        to: field("to"),
        from: field("from"),
        body: field("body"),
        status: field("status"),
    })
}

fn mail(node: &Node) -> Option<Mail> {
    match node.text() {
        Some("...") => None,
        Some(_) => Some(Mail {
            mailbox: want(node),
            ..Mail::default()
        }),
        None => Some(Mail {
            mailbox: node.get("mailbox").and_then(want),
            greeting: node.get("greeting").and_then(Node::text).map(str::to_owned),
            length: node.get("length").and_then(want),
        }),
    }
}
