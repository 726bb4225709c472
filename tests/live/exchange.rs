//! A scenario in the exchange: its configuration, its people, and what it tells of the calls.

use crate::Track;
use crate::net::Net;
use crate::people;
use crate::simulated::line;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use strowger_compiler::source::Sources;
use strowger_runtime::record::{Next, Reader, Sink, Verdict, replay};
use strowger_runtime::sim::Scenario;
use strowger_runtime::{Engine, Observer, Options, What, config};
use strowger_vm::{Globals, Module};

/// Where the exchange lives.
const NEAR: &str = "192.0.2.1:5060";
/// Longer than any scenario that is run here, with the last repeats of the signalling.
const END: Duration = Duration::from_secs(150);

/// A folder with prompts of a second each, as in the simulator.
pub(crate) struct Sounds(PathBuf);

impl Sounds {
    pub(crate) fn new() -> Sounds {
        static FOLDERS: AtomicUsize = AtomicUsize::new(0);
        let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
        let data =
            std::env::temp_dir().join(format!("strowger-live-{}-{number}", std::process::id()));
        std::fs::create_dir_all(data.join("sounds/digits")).unwrap();
        Sounds(data)
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.0
    }

    /// Prompts that a scenario plays.
    pub(crate) fn add(&self, tracks: &[Track]) {
        for name in tracks.iter().flat_map(|track| &track.prompts) {
            let file = self.0.join(format!("sounds/{name}.ulaw"));
            if !file.exists() {
                std::fs::write(file, [0xff; 8_000]).unwrap();
            }
        }
    }
}

impl Drop for Sounds {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Who has an account: `SIP/1001` with the context of its calls.
#[derive(Default)]
pub(crate) struct Accounts {
    sip: BTreeMap<String, Account>,
    pjsip: BTreeMap<String, Account>,
    trunks: BTreeSet<String>,
}

#[derive(Default)]
struct Account {
    context: String,
    variables: Vec<(String, String)>,
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

impl Accounts {
    /// Of all that a scenario names, or why it cannot be said to the exchange.
    pub(crate) fn of(scenario: &Scenario) -> Result<Accounts, &'static str> {
        let mut accounts = Accounts::default();
        let own = |a: &mut Accounts, name: &[u8]| -> Result<(bool, String), &'static str> {
            let name = text(name);
            let (technology, user) = name.split_once('/').ok_or("no phone calls")?;
            let is_pjsip = technology == "PJSIP";
            if !is_pjsip && technology != "SIP" {
                return Err("another technology than SIP");
            }
            let all = if is_pjsip { &mut a.pjsip } else { &mut a.sip };
            match user.split_once('@') {
                None => drop(all.entry(user.to_owned()).or_default()),
                Some((_, "")) => return Err("an address without a host"),
                Some((_, host)) if is_pjsip => drop(a.trunks.insert(host.to_owned())),
                Some(_) => {}
            }
            Ok((is_pjsip, user.to_owned()))
        };
        for endpoint in &scenario.endpoints {
            own(&mut accounts, &endpoint.name)?;
        }
        for call in &scenario.calls {
            let (is_pjsip, user) = own(&mut accounts, &call.from)?;
            let all = if is_pjsip {
                &mut accounts.pjsip
            } else {
                &mut accounts.sip
            };
            let account = all.entry(user).or_default();
            account.context = text(&call.context);
            account.variables = call
                .variables
                .iter()
                .map(|(name, value)| (text(name), text(value)))
                .collect();
        }
        for message in &scenario.messages {
            accounts.sip.entry(people::user(&message.from)).or_default();
        }
        Ok(accounts)
    }

    pub(crate) fn files(&self, scenario: &Scenario) -> Vec<(&'static str, String)> {
        let mut sip = "[general]\ncontext=nowhere\naccept_outofcall_message=yes\n".to_owned();
        if let Some(message) = scenario.messages.first() {
            sip.push_str(&format!(
                "outofcall_message_context={}\n",
                text(&message.context)
            ));
        }
        for (user, account) in &self.sip {
            sip.push_str(&format!(
                "[{user}]\ntype=friend\nhost=dynamic\nsecret=secret{user}\ncontext={}\ncallerid=<{user}>\n",
                account.context
            ));
            for (name, value) in &account.variables {
                sip.push_str(&format!("setvar={name}={value}\n"));
            }
        }
        let mut files = vec![("sip.conf", sip)];
        if self.pjsip.is_empty() && self.trunks.is_empty() {
            return files;
        }
        let mut pjsip = format!("[udp]\ntype=transport\nprotocol=udp\nbind={NEAR}\n");
        for (user, account) in &self.pjsip {
            pjsip.push_str(&format!(
                "[{user}]\ntype=endpoint\ncontext={}\nallow=ulaw\nauth={user}\naors={user}\ncallerid=<{user}>\n",
                account.context
            ));
            for (name, value) in &account.variables {
                pjsip.push_str(&format!("set_var={name}={value}\n"));
            }
            pjsip.push_str(&format!(
                "[{user}]\ntype=auth\nauth_type=userpass\nusername={user}\npassword=secret{user}\n[{user}]\ntype=aor\nmax_contacts=2\n"
            ));
        }
        for trunk in &self.trunks {
            pjsip.push_str(&format!(
                "[{trunk}]\ntype=endpoint\nallow=ulaw\naors={trunk}\n[{trunk}]\ntype=aor\ncontact=sip:{}\n",
                people::TRUNK
            ));
        }
        files.push(("pjsip.conf", pjsip));
        files
    }
}

/// What a scenario asks for that cannot be done to the exchange from here.
fn unsaid(scenario: &Scenario) -> Option<&'static str> {
    let presets = !scenario.database.is_empty()
        || !scenario.environment.is_empty()
        || !scenario.files.is_empty()
        || !scenario.functions.is_empty()
        || !scenario.sounds.named.is_empty();
    if presets {
        return Some("presets of prompts, functions, or the database");
    }
    let contexts: BTreeSet<_> = scenario
        .calls
        .iter()
        .map(|c| (&c.from, &c.context))
        .collect();
    let phones: BTreeSet<_> = scenario.calls.iter().map(|c| &c.from).collect();
    if contexts.len() > phones.len() {
        return Some("one phone in two contexts");
    }
    people::unsaid(scenario)
}

/// What happened on each channel of the plan, and what was written down of the calls; or why the scenario cannot be run.
pub(crate) fn run(
    plan: &[u8],
    scenario: &Arc<Scenario>,
    sounds: &Sounds,
) -> Result<(Vec<Track>, Tally), &'static str> {
    if let Some(reason) = unsaid(scenario) {
        return Err(reason);
    }
    let accounts = Accounts::of(scenario)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    Ok(runtime.block_on(played(plan, scenario, &accounts, sounds)))
}

async fn played(
    plan: &[u8],
    scenario: &Arc<Scenario>,
    accounts: &Accounts,
    sounds: &Sounds,
) -> (Vec<Track>, Tally) {
    let near: SocketAddr = NEAR.parse().unwrap();
    let net = Net::default();
    let mut sources = Sources::new();
    sources.add("extensions.conf", plan);
    for (name, text) in accounts.files(scenario) {
        sources.add(name, text.as_bytes());
    }
    let compiled = strowger_compiler::compile(&sources, &strowger_compiler::Options::default());
    let (mut config, _) = config::load(&sources);
    config.directories.data = Some(sounds.0.clone());
    let mut globals = strowger_runtime::globals(&compiled.hir);
    globals.0.extend(scenario.globals.clone());
    let (module, base) = (compiled.module.unwrap(), Arc::new(globals.clone()));
    let record = sounds.0.join("calls.rec");
    let options = Options {
        seed: Some([1; 32]),
        wire: Some(net.exchange(near)),
        globals,
        record: Some(Sink::create(&record, false).unwrap()),
        shows: Some(u64::try_from(scenario.start.0 / 1_000).unwrap()),
        ..Options::default()
    };
    let engine = Engine::start(config, Arc::clone(&module), options)
        .await
        .unwrap();
    people::at_their_places(&net, near, scenario).await;
    let mut observer = engine.observe();
    people::call(&net, near, scenario);
    tokio::time::sleep(END).await;
    let seen = seen(&mut observer, &near.ip().to_string());
    engine.stop(Duration::ZERO).await;
    let tally = again(&record, &module, &base);
    std::fs::remove_file(record).unwrap();
    (seen, tally)
}

/// How the calls of a record are today.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) same: usize,
    /// Their record ends where a real number decides.
    pub(crate) so_far: Vec<String>,
    pub(crate) other: Vec<String>,
}

/// Runs all calls of a record again, on the plan that they ran on.
fn again(record: &Path, module: &Arc<Module>, base: &Arc<Globals>) -> Tally {
    let file = std::io::BufReader::new(std::fs::File::open(record).unwrap());
    let mut reader = Reader::new(file).unwrap();
    let mut tally = Tally::default();
    while let Some(next) = reader.next_one() {
        match next {
            Next::Bad(bad) => tally.other.push(format!("{bad:?}")),
            Next::Call(call) => match replay(module, base, &reader.head, &call).verdict {
                Verdict::Same => tally.same += 1,
                Verdict::SameSoFar(why) => tally.so_far.push(why),
                changed => tally.other.push(format!("{changed:#?}\n{call:#?}")),
            },
        }
    }
    assert!(reader.counts.finished && reader.counts.dropped == 0);
    tally
}

/// The tracks of the channels in the order in which they began to run the plan. `near`: the address of the exchange.
pub(crate) fn seen(observer: &mut Observer, near: &str) -> Vec<Track> {
    let mut names: Vec<Arc<str>> = Vec::new();
    let mut tracks: Vec<Track> = Vec::new();
    let mut of = |name: &Arc<str>, change: &dyn Fn(&mut Track)| {
        let at = names.iter().position(|n| n == name).unwrap_or_else(|| {
            names.push(Arc::clone(name));
            tracks.push(Track::default());
            names.len() - 1
        });
        change(&mut tracks[at]);
    };
    while let Some(notice) = observer.ready() {
        match notice.what {
            What::Step { channel, step } => of(&channel, &|track| {
                // The exchange is called by its address here, `pbx` in the scenario.
                track.steps.push(line(&step).replace(near, "pbx"));
            }),
            What::Status {
                channel,
                name,
                value,
            } => of(&channel, &|track| {
                track
                    .statuses
                    .push(format!("{}={}", text(&name), text(&value)));
            }),
            What::Prompt { channel, file } => {
                of(&channel, &|track| track.prompts.push(text(&file)));
            }
            _ => {}
        }
    }
    tracks
}
