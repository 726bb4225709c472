//! Where a run could have gone on otherwise: each effect whose reply comes from outside, with the replies that it did not get, and what
//! the machine knew there.

use std::hash::{BuildHasher, Hash};
use std::time::Duration;

use foldhash::{HashMap, HashMapExt};
use strowger_runtime::sim::report::Report;
use strowger_vm::effect::{Answer, Dial, Effect, Interruptible, Reply};
use strowger_vm::{Time, Trace};

use super::keys::Keys;
use super::path::{Pick, TALKS, Takes};
use crate::testing::endpoint_of;

/// The caller acts so long after an effect began, or in its middle if that is sooner.
const LATER: Duration = Duration::from_millis(500);

/// Where a run could have gone on otherwise.
#[derive(Clone, Debug)]
pub(crate) struct Point {
    /// The effect: how many were asked for before it.
    pub(crate) rank: usize,
    /// What the machine knew there, and where it stood.
    pub(crate) state: u64,
    /// What else could have come.
    pub(crate) picks: Vec<Pick>,
}

/// What a channel knows, folded from its trace.
#[derive(Default)]
struct Known {
    place: u64,
    values: HashMap<Vec<u8>, u64>,
    /// Of all values together, whatever their order.
    sum: u64,
    stack: Vec<u64>,
    /// Keys since the last step.
    keys: Vec<u8>,
    context: Vec<u8>,
    application: Vec<u8>,
    up: bool,
}

fn digest(what: impl Hash) -> u64 {
    // The same in each run of the program, so that the search is.
    foldhash::quality::FixedState::default().hash_one(what)
}

impl Known {
    fn learn(&mut self, name: &[u8], value: Option<&[u8]>) {
        let new = value.map_or(0, |v| digest((name, v)));
        let old = if value.is_some() {
            match self.values.get_mut(name) {
                Some(slot) => std::mem::replace(slot, new),
                None => {
                    self.values.insert(name.to_vec(), new);
                    0
                }
            }
        } else {
            self.values.remove(name).unwrap_or_default()
        };
        self.sum = self.sum.wrapping_sub(old).wrapping_add(new);
    }

    fn saw(&mut self, what: &Trace, keys: &Keys<'_>) {
        match what {
            Trace::Step(step) => {
                let app = step.application.to_ascii_lowercase();
                if self.application.starts_with(b"gosub") || self.application.starts_with(b"macro")
                {
                    // Whether it went there the place tells.
                    self.stack.push(self.place);
                } else if matches!(self.application.as_slice(), b"return" | b"stackpop") {
                    self.stack.pop();
                }
                self.place = digest((&step.context, &step.exten, step.priority, &app));
                if app == b"set" || app == b"mset" {
                    // Functions that keep what they are given, as CALLERID(num).
                    let written = step.arguments.split(|b| *b == b'=').next();
                    if let Some(name) = written.filter(|n| n.ends_with(b")")) {
                        self.learn(name, Some(&step.arguments));
                    }
                }
                self.keys.clear();
                self.context.clone_from(&step.context);
                self.application = app;
            }
            Trace::Set { name, value } if keys.mentions(name) => self.learn(name, value.as_deref()),
            Trace::Set { .. } => {}
            Trace::Note { .. } => {}
        }
    }
}

/// Everything that a run asked of the outside.
#[derive(Default)]
pub(crate) struct Asked {
    /// In the order in which it was asked.
    pub(crate) points: Vec<Point>,
    /// Random numbers that were drawn.
    pub(crate) drawn: usize,
}

/// What a run asked of the outside. `salt` goes into each state.
pub(crate) fn asked(report: &Report, keys: &mut Keys<'_>, salt: u64) -> Asked {
    let mut points: Vec<(usize, Point)> = Vec::new();
    let mut known: Vec<Known> = Vec::new();
    let mut all = Asked::default();
    let mut read = 0;
    let mut dialled: HashMap<Vec<u8>, usize> = HashMap::new();
    let mut stored: HashMap<Vec<u8>, bool> = HashMap::new();
    let mut store: u64 = 0;
    let own = report.calls.first().and_then(|call| call.channel);
    let stalled = report.calls.first().is_some_and(|call| call.stalled);
    let last_of_own = report.answers.iter().rposition(|a| Some(a.channel) == own);
    for (n, answered) in report.answers.iter().enumerate() {
        for happened in report.trace.get(read..answered.before).unwrap_or_default() {
            while known.len() <= happened.channel {
                known.push(Known::default());
            }
            known[happened.channel].saw(&happened.what, keys);
        }
        read = read.max(answered.before);
        let Some(here) = known.get_mut(answered.channel) else {
            continue;
        };
        let is_caller = Some(answered.channel) == own;
        let state = digest((
            here.place,
            here.sum,
            &here.stack,
            &here.keys,
            here.up,
            store,
            answered.channel,
            salt,
        ));
        let reply = &answered.reply;
        let mut picks = Vec::new();
        let mut hang_ups = Vec::new();
        let began = report.began;
        let took = since(answered.asked, answered.at);
        let later = |from: Time, most: Duration| {
            let half = Duration::from_millis(u64::try_from(most.as_millis() / 2).unwrap_or(0));
            up(since(began, from)) + half.min(LATER)
        };
        match &answered.effect {
            Effect::Dial(dial) => {
                let names: Vec<(Vec<u8>, usize)> = phones(dial)
                    .map(|name| {
                        let times = dialled.entry(name.to_ascii_lowercase()).or_default();
                        *times += 1;
                        (name, *times - 1)
                    })
                    .collect();
                let came = came(reply);
                if !names.is_empty() && came.is_some() {
                    let may = |t: &Takes| {
                        Some(*t) != came && (*t != Takes::NeverAnswers || dial.timeout_ms.is_some())
                    };
                    let takes = Takes::ALL.into_iter().filter(may);
                    picks.extend(takes.map(|t| Pick::Phones(names.clone(), t)));
                }
                if is_caller && came == Some(Takes::Answers) && took > TALKS {
                    // While they talk.
                    hang_ups.push(Pick::HangUp(up(since(began, answered.at)) - TALKS / 2));
                }
            }
            Effect::Play(_) | Effect::Say { .. } | Effect::Digit { .. } => {
                let interrupt = match &answered.effect {
                    Effect::Play(play) => &play.interrupt,
                    Effect::Say { interrupt, .. } => interrupt,
                    _ => &Interruptible::Any,
                };
                if is_caller {
                    let at = || later(answered.asked, took);
                    picks.extend(presses(keys, here, interrupt, reply, at));
                } else if let Some(phone) = Phone::at(report, answered.channel, answered.asked) {
                    let at = || phone.later(answered.asked, took);
                    let pressed = presses(keys, here, interrupt, reply, at);
                    picks.extend(pressed.into_iter().map(|pick| phone.pick(pick)));
                }
            }
            Effect::DbGet { family, key } => {
                let name = [family.as_slice(), b"/", key].concat();
                if reply.answer == Answer::Done && !stored.contains_key(&name) {
                    picks.push(Pick::Stored(name.clone(), b"1".to_vec()));
                }
                stored.insert(name, true);
            }
            Effect::DbPut { family, key, value } => {
                let name = [family.as_slice(), b"/", key].concat();
                store = store.wrapping_add(digest((&name, value)));
                stored.insert(name, true);
            }
            Effect::DbDelete { family, key, .. } => {
                store = store.wrapping_add(digest((family, key)));
            }
            Effect::SetGlobal { name, value } => {
                store = store.wrapping_add(digest((name, value)));
            }
            Effect::SendMessage(message) => {
                let to = String::from_utf8_lossy(&message.destination).into_owned();
                let sent = reply
                    .sets
                    .iter()
                    .any(|(n, v)| n == b"MESSAGE_SEND_STATUS" && v == b"SUCCESS");
                let status = if sent { 503 } else { 200 };
                picks.push(Pick::Text(endpoint_of(&to).into_bytes(), status));
            }
            Effect::Random { .. } => all.drawn += 1,
            _ => {}
        }
        if is_caller && reply.answer != Answer::Gone && !took.is_zero() {
            hang_ups.push(Pick::HangUp(later(answered.asked, took)));
        } else if is_caller && stalled && Some(n) == last_of_own {
            hang_ups.push(Pick::HangUp(up(since(began, answered.asked)) + LATER));
        }
        if let Answer::Digit(key) = reply.answer {
            here.keys.push(key);
        } else if matches!(answered.effect, Effect::Digit { .. }) {
            here.keys.push(b' ');
        }
        here.up |= reply.state.is_some();
        // Whoever hangs up in a Dial does so while it rings, or talks: what the phones do comes first.
        let with_reply = digest((state, came(reply)));
        for (picks, state) in [(picks, state), (hang_ups, with_reply)] {
            if !picks.is_empty() {
                let rank = 0;
                points.push((n, Point { rank, state, picks }));
            }
        }
    }
    let mut order: Vec<usize> = (0..report.answers.len()).collect();
    order.sort_by_key(|n| report.answers[*n].asked);
    let mut ranks = vec![0; order.len()];
    for (rank, n) in order.into_iter().enumerate() {
        ranks[n] = rank;
    }
    for (n, mut point) in points {
        point.rank = ranks[n];
        all.points.push(point);
    }
    all.points.sort_by_key(|point| point.rank);
    all
}

/// A phone that was called, and its own channel runs dialplan.
struct Phone<'r> {
    name: &'r [u8],
    /// So often it was called before.
    times: usize,
    answered: Time,
}

impl<'r> Phone<'r> {
    /// Who is at a called channel.
    fn at(report: &'r Report, channel: usize, moment: Time) -> Option<Phone<'r>> {
        let channel = report.channels.get(channel).filter(|c| c.called)?;
        let dash = channel.name.iter().rposition(|b| *b == b'-')?;
        let name = &channel.name[..dash];
        let calls = report.dialed.iter();
        let calls = calls.filter(|d| d.at <= moment && d.endpoint.eq_ignore_ascii_case(name));
        let (times, last) = calls.enumerate().last()?;
        Some(Phone {
            name: &last.endpoint,
            times,
            answered: last.settled,
        })
    }

    /// A moment of a wait, counted from its answer.
    fn later(&self, from: Time, most: Duration) -> Duration {
        up(since(self.answered, from)) + (most / 2).min(LATER)
    }

    /// A caller's key as one of its own.
    fn pick(&self, pick: Pick) -> Pick {
        match pick {
            Pick::Key(at, key) => Pick::PhoneKey(self.name.to_vec(), self.times, up(at), key),
            other => other,
        }
    }
}

fn presses(
    keys: &mut Keys<'_>,
    here: &Known,
    interrupt: &Interruptible,
    reply: &Reply,
    at: impl Fn() -> Duration,
) -> Vec<Pick> {
    if reply.answer != Answer::Done {
        return Vec::new();
    }
    let breaks = |key: &u8| match interrupt {
        Interruptible::No => false,
        Interruptible::Any => true,
        Interruptible::Only(only) => only.contains(key),
    };
    let chosen = matches!(here.application.as_slice(), b"background" | b"waitexten");
    let keys = keys.of(&here.context, chosen);
    let keys = keys.iter().filter(|key| breaks(key));
    keys.map(|key| Pick::Key(at(), *key)).collect()
}

/// The phones that a Dial calls, each once.
fn phones(dial: &Dial) -> impl Iterator<Item = Vec<u8>> {
    let mut seen = Vec::new();
    dial.targets.iter().filter_map(move |target| {
        let local = target.technology.eq_ignore_ascii_case(b"Local");
        let name = [target.technology.as_slice(), b"/", &target.resource].concat();
        if local || seen.contains(&name) {
            return None;
        }
        seen.push(name.clone());
        Some(name)
    })
}

/// How the phones took a call, as the status tells; none where the caller gave up, or nobody was called.
fn came(reply: &Reply) -> Option<Takes> {
    let status = reply.sets.iter().rfind(|(name, _)| name == b"DIALSTATUS");
    Some(match status?.1.as_slice() {
        b"ANSWER" => Takes::Answers,
        b"BUSY" => Takes::Busy,
        b"NOANSWER" => Takes::NeverAnswers,
        b"CONGESTION" => Takes::Congested,
        b"CHANUNAVAIL" => Takes::Unavailable,
        _ => return None,
    })
}

pub(crate) fn since(from: Time, to: Time) -> Duration {
    Duration::from_micros(u64::try_from(to.0 - from.0).unwrap_or(0))
}

/// In whole milliseconds, upwards: what a test file can say.
fn up(time: Duration) -> Duration {
    Duration::from_millis(u64::try_from(time.as_micros().div_ceil(1_000)).unwrap_or(u64::MAX))
}
