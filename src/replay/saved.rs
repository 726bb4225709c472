//! Recorded calls as tests: the phones do what they did, the callers press what they pressed, when they did.
//!
//! A test is written only if the made-up world plays the call as it was; then what happened is what is expected.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use strowger_compiler::dial::is_dial;
use strowger_runtime::record::{Class, Head, Recorded, Replayed, Said, asked, class, words};
use strowger_vm::effect::{Answer, Dial, Effect, Play};
use strowger_vm::{Entry, Interrupt, Reply, Run, Text};

use crate::explore::written::moment;
use crate::test::init::{expected, scalar};
use crate::testing::{Stands, Suite, endpoint_of, import, run, seen, suite_name};

/// Most tests of one file.
const TESTS: usize = 1_000;
/// Seeds that are tried until the made-up world draws what was drawn.
const SEEDS: u64 = 500;
/// A prompt that is broken off goes on at least so much longer.
const REST: u64 = 5_000;

/// See the head of this file.
pub(crate) struct Saved {
    file: PathBuf,
    plan: String,
    /// They are written as blocks of `.dial`.
    as_blocks: bool,
    tests: Vec<String>,
    left: Vec<String>,
}

impl Saved {
    /// # Errors
    /// The file is there, or does not stand beside the plan.
    pub(crate) fn new(file: &Path, plan: &Path) -> Result<Saved, String> {
        let shown = suite_name(file);
        let folder = |path: &Path| -> PathBuf {
            let parent = path.parent().filter(|p| !p.as_os_str().is_empty());
            let parent = parent.unwrap_or(Path::new("."));
            parent.canonicalize().unwrap_or(parent.to_owned())
        };
        if file.exists() {
            return Err(format!(
                "{shown} is there already\n  hint: name another file"
            ));
        }
        if folder(file) != folder(plan) {
            return Err(format!(
                "{shown}: tests stand beside their plan, {}",
                suite_name(plan)
            ));
        }
        let plan = plan.file_name().unwrap_or_default();
        let plan = plan.to_string_lossy().into_owned();
        let as_blocks = is_dial(&shown) && is_dial(&plan);
        if !shown.ends_with(".test.yaml") && !as_blocks {
            let or = if is_dial(&plan) { " or .dial" } else { "" };
            return Err(format!(
                "{shown}: name it so that it ends in .test.yaml{or}"
            ));
        }
        if as_blocks {
            import(&plan)?;
        }
        Ok(Saved {
            file: file.to_owned(),
            plan,
            as_blocks,
            tests: Vec::new(),
            left: Vec::new(),
        })
    }

    pub(crate) fn leave_out(&mut self, call: &Recorded, why: &str) {
        self.left.push(format!("call {}: {why}", call.number));
    }

    /// Adds a call that the plan of today treats as it was treated.
    pub(crate) fn add(&mut self, head: &Head, call: &Recorded, title: &str, replayed: &Replayed) {
        if self.tests.len() >= TESTS {
            self.leave_out(call, &format!("more than {TESTS} tests"));
            return;
        }
        match self.test(head, call, title, &replayed.said) {
            Ok(text) => self.tests.push(text),
            Err(why) => self.leave_out(call, &why),
        }
    }

    fn suite(&self, test: &str) -> Result<Suite, String> {
        let text = format!("dialplan: {}\ntests:\n{test}", scalar(&self.plan));
        let path = self.file.with_extension(match self.as_blocks {
            true => "test.yaml",
            false => "yaml",
        });
        Suite::with_text(&path, text.into_bytes(), None).map_err(|refused| refused.to_string())
    }

    fn test(
        &self,
        head: &Head,
        call: &Recorded,
        title: &str,
        said: &[Said],
    ) -> Result<String, String> {
        let name = format!("call {}, {}: {title}", call.number, moment(call.at));
        let draws = said
            .iter()
            .any(|s| matches!(s.effect, Effect::Random { .. }));
        let world = World::of(&call.entry, said)?;
        let seeds = if draws { SEEDS } else { 1 };
        let mut parted = String::new();
        for seed in 1..=seeds {
            let begin = world.written(&name, head, call, draws.then_some(seed));
            let suite = self.suite(&format!("{begin}    expect: {{ answered: yes }}\n"))?;
            let case = suite.cases.first().ok_or("nothing can be dialled")?;
            let mut simulation = suite.simulation();
            let report = simulation.play(&case.scenario);
            if let Some(one) = parts(said, &report) {
                parted = one;
                continue;
            }
            let mut text = begin;
            expected(&mut text, &seen(case, &report));
            let suite = self.suite(&text)?;
            let outcome = run(&suite, &[0], 1, &|| ());
            let failed = outcome.ran.iter().flat_map(|ran| &ran.failures).next();
            return match failed {
                None => match suite.cases.first().filter(|_| self.as_blocks) {
                    Some(case) => suite.as_block(case, Stands::Beside),
                    None => Ok(text),
                },
                Some(failed) => {
                    let message = failed.failure.message.clone();
                    Err(message.unwrap_or_else(|| format!("`{}` differs", failed.failure.key)))
                }
            };
        }
        Err(parted)
    }

    /// Writes the file; what was done, in words.
    ///
    /// # Errors
    /// There is nothing to write, or it cannot be written.
    pub(crate) fn write(self) -> Result<String, String> {
        let shown = suite_name(&self.file);
        let mut left = String::new();
        for why in self.left.iter().take(10) {
            let _ = write!(left, "\n  left out: {why}");
        }
        if self.left.len() > 10 {
            let _ = write!(left, "\n  and {} more", self.left.len() - 10);
        }
        if self.tests.is_empty() {
            return Err(format!("{shown}: no call can be said as a test{left}"));
        }
        let said = [
            "Recorded calls, written by `strowger replay --save-test`: what happened then.",
            "Give each test a name that says what is meant, and take away what is not.",
        ];
        let tests = self.tests.join("\n");
        let text = match self.as_blocks {
            true => format!(
                "// {}\n// {}\n{}\n{tests}",
                said[0],
                said[1],
                import(&self.plan)?
            ),
            false => format!(
                "# {}\n# {}\ndialplan: {}\n\ntests:\n{tests}",
                said[0],
                said[1],
                scalar(&self.plan)
            ),
        };
        std::fs::write(&self.file, text).map_err(|e| format!("{shown}: {e}"))?;
        let s = if self.tests.len() == 1 { "" } else { "s" };
        Ok(format!(
            "{} test{s} written to {shown}{left}",
            self.tests.len()
        ))
    }
}

/// Where the made-up world does not play a call as it was.
fn parts(said: &[Said], report: &strowger_runtime::sim::Report) -> Option<String> {
    let deeds = said.iter().map(|s| &s.effect);
    let mut then = deeds.filter(|e| class(e) == Class::Deed).map(asked);
    let played = report.answers.iter().filter(|a| a.channel == 0);
    let mut now = played
        .filter(|a| class(&a.effect) == Class::Deed)
        .map(|a| asked(&a.effect));
    loop {
        return match (then.next(), now.next()) {
            (None, None) => None,
            (Some(then), Some(now)) if then == now => continue,
            (then, now) => {
                let words = |one: Option<_>| one.map_or("its end".to_owned(), |one| words(&one));
                Some(format!(
                    "the made-up world cannot play it: {} came, not {}",
                    words(now),
                    words(then)
                ))
            }
        };
    }
}

/// What is outside the plan in one call.
#[derive(Default)]
struct World {
    /// Each endpoint with what it does, call after call.
    phones: BTreeMap<String, Vec<String>>,
    /// When the caller does what, in milliseconds of the made-up world.
    does: Vec<(u64, String)>,
    database: BTreeMap<String, String>,
    environment: BTreeMap<String, String>,
    functions: BTreeMap<String, String>,
    /// How long prompts last; `None`: they are missing.
    sounds: BTreeMap<String, Option<u64>>,
    /// The time of the made-up world.
    now: u64,
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn took(said: &Said) -> u64 {
    u64::try_from(said.answered.0.saturating_sub(said.asked.0) / 1_000).unwrap_or(0)
}

fn set<'r>(reply: &'r Reply, name: &str) -> Option<&'r [u8]> {
    let found = reply.sets.iter().find(|(n, _)| n == name.as_bytes());
    found.map(|(_, value)| value.as_slice())
}

fn ms(reply: &Reply, name: &str) -> Option<u64> {
    std::str::from_utf8(set(reply, name)?).ok()?.parse().ok()
}

impl World {
    fn of(entry: &Entry, said: &[Said]) -> Result<World, String> {
        let mut world = World::default();
        for one in said {
            world.measure(one);
        }
        let mut is_up = matches!(entry.run, Run::Message(_));
        for one in said {
            world.take(one, is_up)?;
            is_up |= one.reply.state == Some(strowger_vm::State::Up);
        }
        Ok(world)
    }

    /// How long the prompts last, as far as they were played to their end.
    fn measure(&mut self, said: &Said) {
        let (files, is_play) = match &said.effect {
            Effect::Play(play) => (&play.files, true),
            Effect::Say { prompts, .. } => (prompts, false),
            _ => return,
        };
        if files.is_empty() || said.reply.answer != Answer::Done {
            return;
        }
        let count = u64::try_from(files.len()).unwrap_or(1);
        // A file that is there lasts longer than it takes to find that it is not.
        let is_missing = took(said) < 20 * count;
        let failed = match &said.effect {
            Effect::Play(Play { status, .. }) => {
                set(&said.reply, &lossy(status)) == Some(b"FAILED")
            }
            _ => is_missing,
        };
        for file in files {
            let length = match (failed, is_play) {
                (true, _) if is_missing || files.len() == 1 => None,
                _ => Some((took(said) / count).max(1)),
            };
            self.sounds.entry(lossy(file)).or_insert(length);
        }
    }

    /// Lets the caller do something so long after an effect began.
    fn act(&mut self, after: u64, act: String) {
        self.does.push((self.now + after, act));
    }

    fn press(&mut self, after: u64, digit: u8) {
        let key = serde_json::Value::from(char::from(digit).to_string());
        self.act(after, format!("press: {key}"));
    }

    fn take(&mut self, said: &Said, is_up: bool) -> Result<(), String> {
        let reply = &said.reply;
        let mut passed = took(said);
        match &said.effect {
            Effect::Dial(dial) => passed = self.dial(dial, said)?,
            Effect::Play(Play { files, .. }) | Effect::Say { prompts: files, .. } => {
                let mut all = 0;
                for file in files {
                    let length = self
                        .sounds
                        .entry(lossy(file))
                        .or_insert(Some(passed + REST));
                    all += length.unwrap_or(0);
                }
                match &reply.answer {
                    Answer::Digit(digit) => {
                        passed = passed.min(all.saturating_sub(1));
                        self.press(passed, *digit);
                    }
                    Answer::Gone => passed = passed.min(all.saturating_sub(1)),
                    _ => passed = all,
                }
            }
            Effect::Echo if reply.answer == Answer::Done => self.press(passed, b'#'),
            Effect::Wait { ms } if reply.answer == Answer::Done => passed = *ms,
            Effect::Digit { timeout_ms } => match &reply.answer {
                Answer::Digit(digit) => self.press(passed, *digit),
                Answer::Done => passed = timeout_ms.unwrap_or(passed),
                _ => {}
            },
            Effect::Busy { .. } | Effect::Congestion { .. } if !is_up => return Ok(()),
            Effect::Busy { timeout_ms } | Effect::Congestion { timeout_ms }
                if reply.answer == Answer::Stop =>
            {
                passed = timeout_ms.unwrap_or(passed);
            }
            Effect::SendMessage(message) => {
                let name = endpoint_of(&lossy(&message.destination));
                let does = match set(reply, "MESSAGE_SEND_STATUS") {
                    Some(b"SUCCESS") => "texts: 200",
                    _ => "texts: 480",
                };
                self.phones
                    .entry(name)
                    .or_default()
                    .push(format!("{{ {does} }}"));
                passed = 0;
            }
            Effect::DbGet { family, key } => {
                if let Answer::Value(value) = &reply.answer {
                    let path = format!("{}/{}", lossy(family), lossy(key));
                    self.database.entry(path).or_insert(lossy(value));
                }
                passed = 0;
            }
            Effect::ReadFunction { function, args } => {
                if let Answer::Value(value) = &reply.answer {
                    self.function(function, args, value);
                }
                passed = 0;
            }
            Effect::Wait { .. }
            | Effect::Echo
            | Effect::Busy { .. }
            | Effect::Congestion { .. } => {}
            _ => passed = 0,
        }
        if let Some(Interrupt::Hangup { .. }) = said.interrupt {
            self.act(passed, "hang up:".to_owned());
        }
        self.now += passed;
        Ok(())
    }

    fn function(&mut self, function: &[u8], args: &[u8], value: &[u8]) {
        if function == b"ENV" {
            self.environment.entry(lossy(args)).or_insert(lossy(value));
        } else {
            let call = format!("{}({})", lossy(function), lossy(args));
            self.functions.entry(call).or_insert(lossy(value));
        }
    }

    /// What the phones did in a Dial; how long it takes in the made-up world.
    fn dial(&mut self, dial: &Dial, said: &Said) -> Result<u64, String> {
        let reply = &said.reply;
        let all = ms(reply, "DIALEDTIME_MS").unwrap_or(took(said));
        let status = set(reply, "DIALSTATUS").unwrap_or_default();
        let rang = ms(reply, "RINGTIME_MS").is_some();
        let later = |word: &str| {
            if rang && all > 0 {
                (format!("{{ {word}: {{ after: {all}ms }} }}"), all)
            } else {
                (word.to_owned(), 0)
            }
        };
        let limited = dial.timeout_ms.filter(|limit| all + 50 >= *limit);
        let mut passed = all;
        let (first, others) = match (status, reply.cause) {
            (b"ANSWER", _) => {
                let talked = ms(reply, "ANSWEREDTIME_MS").unwrap_or(0);
                let rings = all.saturating_sub(talked);
                let has_limit = dial.option(b'S').or(dial.option(b'L')).is_some();
                let ends = if reply.answer == Answer::Gone || has_limit {
                    "never".to_owned()
                } else {
                    format!("{talked}ms")
                };
                let answers = format!("{{ answers: {{ after: {rings}ms, hangs up: {ends} }} }}");
                (answers, Some("never answers".to_owned()))
            }
            (b"CANCEL", _) => ("never answers".to_owned(), None),
            (b"NOANSWER", _) if limited.is_some() => {
                passed = limited.unwrap_or(all);
                ("never answers".to_owned(), None)
            }
            (b"BUSY", _) => {
                let (does, after) = later("busy");
                passed = after;
                (does, None)
            }
            (b"CONGESTION", _) => {
                let (does, after) = later("congested");
                passed = after;
                (does, None)
            }
            (_, Some(21)) => {
                let (does, after) = later("declines");
                passed = after;
                (does, None)
            }
            (_, Some(3)) if !rang => {
                passed = 0;
                ("unregistered".to_owned(), None)
            }
            _ => {
                let (does, after) = later("unavailable");
                passed = after;
                (does, None)
            }
        };
        let peer = set(reply, "DIALEDPEERNUMBER").unwrap_or_default();
        let answered = dial.targets.iter().position(|t| t.resource == peer);
        for (n, target) in dial.targets.iter().enumerate() {
            if target.technology.eq_ignore_ascii_case(b"Local") {
                return Err("calls through Local/ cannot be said yet".into());
            }
            let name: Text = [target.technology.as_slice(), b"/", &target.resource].concat();
            let does = match &others {
                Some(others) if n != answered.unwrap_or(0) => others,
                _ => &first,
            };
            self.phones
                .entry(lossy(&name))
                .or_default()
                .push(does.clone());
        }
        Ok(passed)
    }

    /// The test up to its expectations.
    fn written(&self, name: &str, head: &Head, call: &Recorded, seed: Option<u64>) -> String {
        let mut out = String::new();
        let entry = &call.entry;
        let _ = writeln!(out, "  - name: {}", serde_json::Value::from(name));
        let place = entry.run.place();
        let party = &entry.party;
        if matches!(entry.run, Run::Message(_)) {
            let message = &party.message;
            let _ = writeln!(
                out,
                "    message: {{ to: {}, from: {}, body: {} }}",
                scalar(&lossy(&message.to)),
                scalar(&lossy(&message.from)),
                scalar(&lossy(&message.body))
            );
        } else {
            let _ = writeln!(out, "    dial: {}", scalar(&lossy(&place.exten)));
            let number = party.caller.number.as_deref().map(lossy);
            let from = match (party.caller.name.as_deref().map(lossy), number) {
                (Some(name), Some(number)) if !name.is_empty() => format!("\"{name}\" <{number}>"),
                (_, Some(number)) => number,
                _ => lossy(
                    party
                        .name
                        .rsplitn(2, |b| *b == b'-')
                        .last()
                        .unwrap_or_default(),
                ),
            };
            let _ = writeln!(out, "    from: {}", scalar(&from));
            if party.language != b"en" {
                let _ = writeln!(out, "    language: {}", scalar(&lossy(&party.language)));
            }
        }
        let _ = writeln!(out, "    context: {}", scalar(&lossy(&place.context)));
        let zone = head.system.zone.name().filter(|zone| *zone != "UTC");
        let _ = writeln!(out, "    at: \"{}\"", moment(call.at));
        if let Some(zone) = zone {
            let _ = writeln!(out, "    zone: {zone}");
        }
        if let Some(seed) = seed {
            let _ = writeln!(out, "    seed: {seed}");
        }
        let pair = |(name, value): (&Text, &Text)| {
            format!("{}: {}", scalar(&lossy(name)), scalar(&lossy(value)))
        };
        // Of two with the same name the later one counts.
        let variables: BTreeMap<&Text, &Text> =
            entry.variables.iter().map(|(n, v)| (n, v)).collect();
        let variables = variables.into_iter().map(pair).collect();
        let globals = call.globals.iter();
        let globals = globals
            .filter_map(|(n, v)| v.as_ref().map(|v| pair((n, v))))
            .collect();
        let named = |map: &BTreeMap<String, String>| -> Vec<String> {
            map.iter()
                .map(|(name, value)| format!("{}: {}", scalar(name), scalar(value)))
                .collect()
        };
        let phones = self
            .phones
            .iter()
            .map(|(name, does)| match does.as_slice() {
                [one] => format!("{}: {one}", scalar(name)),
                all => format!("{}: [{}]", scalar(name), all.join(", ")),
            });
        // A prompt lasts a second where nothing is said.
        let sounds = self
            .sounds
            .iter()
            .filter(|(_, length)| **length != Some(1_000));
        let sounds = sounds.map(|(name, length)| match length {
            Some(ms) => format!("{}: {ms}ms", scalar(name)),
            None => format!("{}: missing", scalar(name)),
        });
        for (key, lines) in [
            ("variables", variables),
            ("globals", globals),
            ("database", named(&self.database)),
            ("environment", named(&self.environment)),
            ("functions", named(&self.functions)),
            ("sounds", sounds.collect::<Vec<_>>()),
            ("with", phones.collect()),
        ] {
            if !lines.is_empty() {
                let _ = writeln!(out, "    {key}:");
            }
            for line in lines {
                let _ = writeln!(out, "      {line}");
            }
        }
        if !self.does.is_empty() {
            out.push_str("    does:\n");
        }
        let mut before = 0;
        for (at, act) in &self.does {
            let _ = writeln!(
                out,
                "      - {{ after: {}ms, {act} }}",
                at.saturating_sub(before)
            );
            before = *at;
        }
        out
    }
}
