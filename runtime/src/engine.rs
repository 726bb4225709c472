//! The exchange as a whole: starts the shard, stops it, and what all of its parts share.

use crate::audio::Audio;
use crate::channel::Names;
use crate::config::{Config, StoreChoice};
use crate::limits;
use crate::media::{Carries, Media, Settings};
use crate::messages::Messages;
use crate::observe::{Observed, Observer, What};
use crate::prompts::Prompts;
use crate::record::{self, Recorder, Recording};
use crate::registrar::Registrar;
use crate::shard::{self, Order};
use crate::sip::transport::Routes;
use crate::store::{self, Database, Saved, Sqlite, Store, StoreError, Write, Writer};
use crate::switchboard::Switchboard;
use crate::tables::Tables;
use crate::wire::{self, Clock, Listening};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasher as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;
use strowger_vm::effect::Level;
use strowger_vm::{Globals, Interrupt, Module, System};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;

/// How to start.
#[derive(Debug, Default)]
pub struct Options {
    /// Where the configuration was read: the store's file is here unless the configuration names another place.
    pub directory: PathBuf,
    /// Seeds tags, branches, nonces; `None`: from the system's randomness, as it must be outside tests.
    pub seed: Option<[u8; 32]>,
    /// A wire in memory instead of the configured sockets, for tests: then audio has no sockets either, and nothing is kept on disk.
    pub wire: Option<wire::Memory>,
    /// The global variables of `[globals]`: see [`globals`].
    pub globals: Globals,
    /// Where calls are to be written down, if anywhere.
    pub record: Option<record::Sink>,
    /// What the wall clock shows at the start, in milliseconds since 1970, for tests; `None`: what the system's shows.
    pub shows: Option<u64>,
}

/// Why the exchange cannot start. Nothing was left running.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration opens no socket.
    #[error("the configuration names no address to listen at")]
    NoListener,
    /// A socket cannot be opened.
    #[error("cannot listen at {address}: {fault}")]
    Listen {
        /// Where, with its protocol.
        address: String,
        /// What the system says.
        fault: std::io::Error,
    },
    /// The media side cannot start.
    #[error("cannot start the media workers: {0}")]
    Media(std::io::Error),
    /// The store cannot be opened.
    #[error(
        "cannot open the store {path}: {fault}; strowger.toml may name another place (`path`) or `location = \"memory\"` below [store]"
    )]
    Store {
        /// Its file.
        path: String,
        /// What is wrong.
        fault: String,
    },
}

/// Figures of a running exchange.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// Channels at this moment.
    pub channels: usize,
    /// Registered contacts.
    pub bindings: usize,
    /// SIP legs, those included that wait for the last repeat.
    pub legs: usize,
    /// SIP transactions.
    pub transactions: usize,
    /// Armed timers of the signalling.
    pub timers: usize,
    /// Calls that came since the start.
    pub calls: u64,
    /// Texts that came since the start.
    pub messages: u64,
    /// Texts that wait for the dialplan.
    pub waiting: usize,
}

/// Ends the patience of a stop that is under way: a second signal.
#[derive(Debug, Clone)]
pub struct Hurry(Arc<Notify>);

impl Hurry {
    /// Calls get their BYE now.
    pub fn now(&self) {
        self.0.notify_one();
    }
}

/// How a stop went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopped {
    /// Channels that had to be ended.
    pub ended: usize,
}

/// A running exchange. Dropping it without [`Engine::stop`] ends it at once, calls included.
#[derive(Debug)]
pub struct Engine {
    pub(crate) shared: Arc<Shared>,
    tasks: Vec<JoinHandle<()>>,
    hurry: Arc<Notify>,
    /// Who writes down calls.
    scribe: Option<record::Writer>,
}

/// What all parts of the exchange share.
#[derive(Debug)]
pub(crate) struct Shared {
    current: RwLock<Current>,
    pub(crate) system: Arc<System>,
    registrar: Mutex<Registrar>,
    tables: Mutex<Tables>,
    database: Mutex<Database>,
    writer: Writer,
    pub(crate) switchboard: Arc<Switchboard>,
    pub(crate) names: Names,
    pub(crate) audio: Audio,
    pub(crate) prompts: Prompts,
    pub(crate) orders: mpsc::Sender<Order>,
    pub(crate) observed: Observed,
    pub(crate) clock: Clock,
    pub(crate) listening: Vec<Listening>,
    /// What makes flows to new peers; none on a wire in memory.
    pub(crate) routes: Option<Routes>,
    pub(crate) messages: Messages,
    pub(crate) figures: Figures,
    draining: AtomicBool,
    said: Mutex<BTreeSet<String>>,
    each_minute: Mutex<HashMap<&'static str, tokio::time::Instant>>,
    seed: [u8; 32],
    recorder: Option<Recorder>,
}

/// What a reload replaces, all at once.
#[derive(Debug)]
struct Current {
    config: Arc<Config>,
    module: Arc<Module>,
    globals: Arc<Globals>,
    /// Those that the plan's files set.
    base: Arc<Globals>,
}

/// Counters, written by the shard.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    pub(crate) legs: AtomicUsize,
    pub(crate) transactions: AtomicUsize,
    pub(crate) timers: AtomicUsize,
    pub(crate) calls: AtomicU64,
    pub(crate) messages: AtomicU64,
}

impl Shared {
    fn current(&self) -> RwLockReadGuard<'_, Current> {
        self.current.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn current_mut(&self) -> RwLockWriteGuard<'_, Current> {
        self.current.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The configuration of this moment. What is done by it should hold it, so that a reload does not come in between.
    pub(crate) fn config(&self) -> Arc<Config> {
        Arc::clone(&self.current().config)
    }

    /// The plan of this moment.
    pub(crate) fn module(&self) -> Arc<Module> {
        Arc::clone(&self.current().module)
    }

    pub(crate) fn globals(&self) -> Arc<Globals> {
        Arc::clone(&self.current().globals)
    }

    /// Writes down a call that comes now, if calls are written down.
    pub(crate) fn recording(&self) -> Option<Recording> {
        let recorder = self.recorder.as_ref()?;
        recorder.call(Arc::clone(&self.current().base))
    }

    /// Puts what was read anew in force; gives a sentence for each change that waits for a restart.
    pub(crate) fn renew(
        &self,
        config: Config,
        module: Arc<Module>,
        globals: Globals,
        clear_globals: bool,
    ) -> Vec<String> {
        // What was said of the old files may be true of the new ones again.
        self.said
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
        let mut current = self.current_mut();
        let (config, waiting) = current.config.renewed(config);
        current.config = Arc::new(config);
        current.module = module;
        current.base = Arc::new(globals.clone());
        let table = &mut Arc::make_mut(&mut current.globals).0;
        if clear_globals {
            table.clear();
        }
        table.extend(globals.0);
        waiting
    }

    /// Writes (or deletes) a global variable.
    pub(crate) fn set_global(&self, name: Vec<u8>, value: Option<Vec<u8>>) {
        let mut current = self.current_mut();
        let table = &mut Arc::make_mut(&mut current.globals).0;
        match value {
            Some(value) => table.insert(name, value),
            None => table.remove(&name),
        };
    }

    pub(crate) fn registrar(&self) -> MutexGuard<'_, Registrar> {
        self.registrar
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn database(&self) -> MutexGuard<'_, Database> {
        self.database.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has changes kept, behind the back of whoever made them.
    pub(crate) fn keep(&self, changes: Vec<Write>) {
        if !self.writer.write(changes) && self.each_minute("store-queue") {
            self.note(
                "",
                Level::Error,
                "store-queue",
                "the store does not keep up: changes are only in memory and end with the program",
            );
        }
    }

    pub(crate) fn draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// Tells observers and the log something that a person should know.
    pub(crate) fn note(&self, channel: &str, level: Level, code: &'static str, text: &str) {
        match level {
            Level::Error => tracing::error!(code, "{text}"),
            Level::Warning => tracing::warn!(code, "{text}"),
            Level::Notice => tracing::info!(code, "{text}"),
            Level::Debug | Level::Verbose | Level::Dtmf => tracing::debug!(code, "{text}"),
        }
        self.tell(channel, level, code, text);
    }

    /// The same for observers only: the log has it already.
    pub(crate) fn tell(&self, channel: &str, level: Level, code: &'static str, text: &str) {
        if self.observed.watched() {
            let (channel, text) = (channel.into(), text.into());
            self.observed.say(
                self.clock.now(),
                What::Note {
                    channel,
                    level,
                    code,
                    text,
                },
            );
        }
    }

    /// True at most once a minute for each code.
    pub(crate) fn each_minute(&self, code: &'static str) -> bool {
        let now = tokio::time::Instant::now();
        let mut last = self
            .each_minute
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let due = last
            .get(code)
            .is_none_or(|at| now.duration_since(*at) >= Duration::from_secs(60));
        if due {
            last.insert(code, now);
        }
        due
    }

    /// The same, but each text only once while the exchange runs.
    pub(crate) fn note_once(&self, level: Level, code: &'static str, text: &str) {
        /// Texts remembered; later ones are said each time.
        const REMEMBERED: usize = 10_000;
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if said.contains(text) {
            return;
        }
        if said.len() < REMEMBERED {
            said.insert(text.to_owned());
        }
        drop(said);
        self.note("", level, code, text);
    }

    /// A random number that nobody can tell beforehand.
    pub(crate) fn draw(&self) -> u64 {
        self.secret_number(self.switchboard.number() | 1 << 63)
    }

    /// A number from 0 to 2^64 - 1 that nobody outside can guess, different for each `use_`.
    pub(crate) fn secret_number(&self, use_: u64) -> u64 {
        let mut hash = Sha256::new();
        hash.update(self.seed);
        hash.update(use_.to_be_bytes());
        let digest = hash.finalize();
        digest
            .iter()
            .take(8)
            .fold(0, |n, byte| n << 8 | u64::from(*byte))
    }
}

impl Engine {
    /// Starts the exchange: store, media workers, sockets, shard. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// [`StartError`]; then nothing is left running.
    pub async fn start(
        config: Config,
        module: Arc<Module>,
        options: Options,
    ) -> Result<Engine, StartError> {
        let clock = Clock::new(options.shows);
        let seed = options.seed.unwrap_or_else(random_seed);
        let in_memory = options.wire.is_some();
        let (config, lost) = config.look_up().await;
        for name in lost {
            tracing::warn!(%name, "no address found: whoever is known by this host name stays unknown until the next reload");
        }
        let audio = if in_memory {
            Audio::mute(
                u64::try_from(Carries::of(config.rtp.start, config.rtp.end, 1).streams)
                    .unwrap_or(u64::MAX),
            )
        } else {
            Audio::Workers(Media::start(settings(&config)).map_err(StartError::Media)?)
        };
        let (saved, writer) = if in_memory {
            keep_in(store::Memory::new(), clock.now().unix_ms)
                .map_err(|fault| store_error("in memory", &fault))?
        } else {
            open_store(&config, &options.directory, clock.now().unix_ms)?
        };
        let (wire, listening, routes) = shard::Wire::open(&config, options.wire).await?;
        if listening.is_empty() {
            return Err(StartError::NoListener);
        }
        let mut registrar = Registrar::new();
        let open: Vec<_> = listening
            .iter()
            .map(|l| (l.listener, l.protocol, l.address))
            .collect();
        let restored = saved.restore(clock.now(), &open, &mut registrar);
        if restored > 0 {
            tracing::info!(restored, "bindings of the last run are back");
        }
        // What was just read need not be written again.
        registrar.changes();
        let database = Database::from_saved(&saved);
        let sounds = config
            .directories
            .data
            .as_ref()
            .map(|data| data.join("sounds"));
        let (orders, shard_inbox) = mpsc::channel(limits::SHARD_INBOX);
        let machine = Arc::new(system(&config, &options.directory));
        let base = Arc::new(options.globals);
        let (recorder, scribe) = options
            .record
            .map(|sink| {
                let now = crate::call::time(clock.now());
                sink.start(&module, &base, &machine, random_seed(), now)
            })
            .unzip();
        let shared = Arc::new_cyclic(|weak| Shared {
            system: machine,
            prompts: Prompts::new(sounds.as_deref()),
            current: RwLock::new(Current {
                config: Arc::new(config),
                module,
                globals: Arc::clone(&base),
                base,
            }),
            registrar: Mutex::new(registrar),
            tables: Mutex::new(Tables::default()),
            database: Mutex::new(database),
            writer,
            switchboard: Switchboard::new(),
            names: Names::default(),
            audio,
            orders,
            observed: Observed::new(),
            clock,
            listening,
            routes,
            messages: Messages::start(weak),
            figures: Figures::default(),
            draining: AtomicBool::new(false),
            said: Mutex::default(),
            each_minute: Mutex::default(),
            seed,
            recorder,
        });
        let shard = tokio::spawn(shard::run(Arc::clone(&shared), wire, shard_inbox, seed));
        Ok(Engine {
            shared,
            tasks: vec![shard],
            hurry: Arc::default(),
            scribe,
        })
    }

    /// Where the exchange listens, with the real ports.
    #[must_use]
    pub fn addresses(&self) -> Vec<Listening> {
        self.shared.listening.clone()
    }

    /// How much audio the port range carries.
    #[must_use]
    pub fn carries(&self) -> Carries {
        let rtp = &self.shared.config().rtp;
        Carries::of(rtp.start, rtp.end, 1)
    }

    /// Watches from now on: messages, steps, channels, notes.
    #[must_use]
    pub fn observe(&self) -> Observer {
        self.shared.observed.watch()
    }

    /// Figures of this moment.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let figures = &self.shared.figures;
        Stats {
            channels: self.shared.switchboard.len(),
            bindings: self.shared.registrar().len(),
            legs: figures.legs.load(Ordering::Relaxed),
            transactions: figures.transactions.load(Ordering::Relaxed),
            timers: figures.timers.load(Ordering::Relaxed),
            calls: figures.calls.load(Ordering::Relaxed),
            messages: figures.messages.load(Ordering::Relaxed),
            waiting: self.shared.messages.waiting(),
        }
    }

    /// The names of all channels, sorted.
    #[must_use]
    pub fn channels(&self) -> Vec<Arc<str>> {
        self.shared.switchboard.names()
    }

    /// Hangs a channel up. False if there is none of that name.
    pub fn hang_up(&self, channel: &str) -> bool {
        let found = self.shared.switchboard.find(channel);
        if let Some(hand) = &found {
            hand.interrupt(Interrupt::Hangup { cause: 16 });
        }
        found.is_some()
    }

    /// What skips the wait of a [`stop`](Engine::stop) that is under way; to be taken before it.
    #[must_use]
    pub fn hurry(&self) -> Hurry {
        Hurry(Arc::clone(&self.hurry))
    }

    /// Stops: new calls get 503 at once, calls run on up to `drain`, then get BYE with a Reason; their answers are waited for
    /// [`limits::LAST_ANSWERS`], the store is flushed. A `drain` of nothing skips the wait.
    pub async fn stop(self, drain: Duration) -> Stopped {
        self.stop_unless(drain, std::future::pending()).await
    }

    /// The same; the wait for the calls ends early when `hurry` is over.
    pub async fn stop_unless(
        mut self,
        drain: Duration,
        hurry: impl Future<Output = ()>,
    ) -> Stopped {
        self.shared.draining.store(true, Ordering::Relaxed);
        let board = Arc::clone(&self.shared.switchboard);
        let wait = async |longest: Duration| {
            let _ = tokio::time::timeout(longest, async {
                while !board.is_empty() {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            })
            .await;
        };
        tokio::select! {
            () = wait(drain) => {}
            () = hurry => {}
        }
        let hands = board.all();
        let ended = hands.len();
        for hand in hands {
            hand.interrupt(Interrupt::Hangup { cause: 41 });
        }
        if ended > 0 {
            wait(limits::GRACE + limits::LAST_ANSWERS).await;
        }
        let (done, finished) = tokio::sync::oneshot::channel();
        if self.shared.orders.send(Order::Finish(done)).await.is_ok() {
            let _ = tokio::time::timeout(limits::LAST_ANSWERS, finished).await;
        }
        for task in self.tasks.drain(..) {
            task.abort();
        }
        let shared = Arc::clone(&self.shared);
        if let Some(recorder) = &self.shared.recorder {
            recorder.finish().await;
        }
        let record = self.scribe.take();
        let last = move || {
            if let Some(record) = record {
                record.join();
            }
            shared.writer.flush();
        };
        let _ = tokio::task::spawn_blocking(last).await;
        Stopped { ended }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        for hand in self.shared.switchboard.all() {
            hand.interrupt(Interrupt::Hangup { cause: 41 });
        }
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// The global variables that a plan's `[globals]` sets. A later one of the same name wins; names that write a function (DL-053) are left
/// out.
#[must_use]
pub fn globals(plan: &strowger_compiler::Hir) -> Globals {
    let variables = plan.globals.iter().filter(|g| !g.name.ends_with(b")"));
    Globals(
        variables
            .map(|g| (g.name.clone(), g.value.clone()))
            .collect(),
    )
}

/// What the machine tells a dialplan: names and directories.
fn system(config: &Config, directory: &Path) -> System {
    let text = |path: &Path| path.as_os_str().as_encoded_bytes().to_vec();
    let mut system = System::default();
    let directories = &config.directories;
    let mut put = |name, value: Vec<u8>| {
        system.names.insert(name, value);
    };
    put("SYSTEMNAME", config.system.name.clone());
    put("ASTETCDIR", text(directory));
    for (name, path) in [
        ("ASTDATADIR", &directories.data),
        ("ASTSPOOLDIR", &directories.spool),
        ("ASTLOGDIR", &directories.log),
        ("ASTDBDIR", &directories.database),
    ] {
        if let Some(path) = path {
            put(name, text(path));
        }
    }
    system
}

/// Opens the store that the configuration chooses, and reads it.
fn open_store(
    config: &Config,
    directory: &Path,
    unix_ms: u64,
) -> Result<(Saved, Writer), StartError> {
    /// The store's file, unless the configuration names another.
    const FILE: &str = "strowger.sqlite";
    let path = match &config.options.store {
        StoreChoice::Memory => {
            return keep_in(store::Memory::new(), unix_ms)
                .map_err(|fault| store_error("in memory", &fault));
        }
        StoreChoice::File => config
            .directories
            .database
            .as_deref()
            .unwrap_or(directory)
            .join(FILE),
        StoreChoice::At(path) => directory.join(path),
    };
    let shown = path.display().to_string();
    Sqlite::open(&path)
        .and_then(|opened| keep_in(opened, unix_ms))
        .map_err(|fault| store_error(&shown, &fault))
}

fn keep_in(mut opened: impl Store + 'static, unix_ms: u64) -> Result<(Saved, Writer), StoreError> {
    let saved = opened.load(unix_ms)?;
    let writer = Writer::start(
        opened,
        |fault| tracing::error!(%fault, "changes could not be kept; they end with the program"),
    );
    Ok((saved, writer))
}

fn store_error(path: &str, fault: &StoreError) -> StartError {
    StartError::Store {
        path: path.to_owned(),
        fault: fault.to_string(),
    }
}

fn settings(config: &Config) -> Settings {
    Settings {
        first_port: config.rtp.start,
        last_port: config.rtp.end,
        streams: crate::rtp::worker::Config {
            strict: config.rtp.strict,
            probation: u8::try_from(config.rtp.probation).unwrap_or(u8::MAX),
            digit_timeout: Duration::from_millis(config.rtp.dtmf_timeout.into()),
            rtcp_interval: Duration::from_millis(config.rtp.rtcp_interval.into()),
        },
        workers: 1,
    }
}

/// 32 bytes from the keys that the standard library draws from the system for its hash tables.
fn random_seed() -> [u8; 32] {
    let mut hash = Sha256::new();
    for n in 0..8_u64 {
        let mut hasher = std::hash::RandomState::new().build_hasher();
        hasher.write_u64(n);
        hash.update(hasher.finish().to_be_bytes());
    }
    let unix = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    hash.update(unix.as_nanos().to_be_bytes());
    hash.update(std::process::id().to_be_bytes());
    hash.finalize().into()
}
