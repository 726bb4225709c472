//! `strowger run`: the exchange on a configuration directory.

use crate::ladder::{self, Ladder};
use crate::{load, render};
use std::collections::BTreeMap;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use strowger_compiler::InForce;
use strowger_runtime::limits;
use strowger_runtime::observe::{Observer, What};
use strowger_runtime::{self as runtime, Engine};
use tokio::sync::oneshot;

/// Prints a line; the exchange goes on when nobody reads any more.
macro_rules! say {
    ($($words:tt)*) => {
        drop(writeln!(std::io::stdout(), $($words)*))
    };
}

/// Parties that a traced ladder has columns for; the messages of further ones are single lines.
const COLUMNS: usize = 4;

/// Run the exchange on an Asterisk configuration directory
///
/// Reads extensions.conf with sip.conf and/or pjsip.conf, and, where there are any, users.conf, rtp.conf, asterisk.conf and
/// strowger.toml. Ctrl-C or SIGTERM lets the calls end and stops; a second one stops at once. SIGHUP reads the files again: new calls
/// take the new plan, running ones go on in it by context, extension and number, and files that cannot run change nothing.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  strowger run /etc/asterisk --check-only              # what would run; opens no socket
  strowger run /etc/asterisk --trace dialplan          # each step with file and line
  strowger run /etc/asterisk --trace sip --trace dialplan
  strowger run /etc/asterisk --record calls.rec        # then: strowger replay calls.rec /etc/asterisk
  strowger run /etc/asterisk/plan.dialc                # a plan made by strowger compile")]
pub(crate) struct Args {
    /// The configuration directory, or a compiled plan (.dialc) with the device files beside it
    directory: PathBuf,
    /// Read, check and say what would run; open no socket
    #[arg(long)]
    check_only: bool,
    /// Print what happens: sip (each message), dialplan (each step)
    #[arg(long, value_enum)]
    trace: Vec<Traced>,
    /// Write down what each call asks and is told, in a new file that only you may read, for `strowger replay`. Numbers and names are
    /// replaced by others that the plan treats alike; passwords and PINs are never written
    #[arg(long, value_name = "FILE", conflicts_with = "check_only")]
    record: Option<PathBuf>,
    /// Write real numbers and names into the record (never passwords or PINs)
    #[arg(long, requires = "record")]
    record_plain: bool,
    #[command(flatten)]
    release: load::Release,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Traced {
    /// Each SIP message, credentials blanked
    Sip,
    /// Each dialplan step with file and line
    Dialplan,
}

pub(crate) fn main(args: Args) -> ExitCode {
    if !args.directory.is_dir() && !load::is_compiled(&args.directory) {
        return load::cannot(&format!(
            "{}: neither a directory nor a compiled plan (.dialc)",
            args.directory.display()
        ));
    }
    let loaded = match load::plan(&args.directory, args.release) {
        Ok(loaded) => loaded,
        // A module that is refused is no configuration that could be mended.
        Err(fault) if load::is_compiled(&args.directory) => return load::cannot(&fault),
        Err(fault) => {
            eprintln!("strowger: {fault}");
            return ExitCode::FAILURE;
        }
    };
    let colour = render::colour(&std::io::stderr());
    if findings(&loaded).is_err() {
        return ExitCode::FAILURE;
    }
    let refused = loaded.fatal();
    say!(
        "Strowger {}   {}",
        env!("CARGO_PKG_VERSION"),
        args.directory.display()
    );
    describe(&loaded);
    if refused {
        eprintln!("strowger: the configuration cannot run as it stands; nothing was started");
        return ExitCode::FAILURE;
    }
    if args.check_only {
        say!("  check only  no socket was opened");
        return ExitCode::SUCCESS;
    }
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_target(false)
        .with_ansi(colour)
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_env("STROWGER_LOG")
                .unwrap_or_else(|_| "info".into()),
        )
        .init();
    let tokio = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(tokio) => tokio,
        Err(fault) => return load::cannot(&fault.to_string()),
    };
    tokio.block_on(exchange(loaded, &args))
}

/// Prints what is wrong with the files.
fn findings(loaded: &load::Loaded) -> std::io::Result<()> {
    let stderr = std::io::stderr();
    let colour = render::colour(&stderr);
    render::human(
        &mut stderr.lock(),
        &loaded.sources,
        &loaded.findings,
        colour,
    )
}

/// What will run, in a few lines.
fn describe(loaded: &load::Loaded) {
    let list = |words: Vec<String>| {
        if words.is_empty() {
            "none".to_owned()
        } else {
            words.join(", ")
        }
    };
    let lossy = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
    say!(
        "  accounts    {}",
        list(loaded.config.accounts.iter().map(|a| a.label()).collect())
    );
    let module = loaded.module();
    let contexts = module
        .sizes()
        .map(|(name, size)| format!("{} ({size})", lossy(name)))
        .filter(|_| !loaded.compiled.refused);
    say!("  contexts    {}", list(contexts.collect()));
    say!(
        "  guests      {}",
        if loaded.config.accounts.guest().is_some() {
            "allowed"
        } else {
            "refused"
        }
    );
    say!(
        "  audio       ports {}-{}: {} relayed calls",
        loaded.config.rtp.start,
        loaded.config.rtp.end,
        loaded.config.rtp.relayed_calls()
    );
    say!("  checked     {}", render::summary(&loaded.findings));
}

async fn exchange(mut loaded: load::Loaded, args: &Args) -> ExitCode {
    let traced = &args.trace;
    let record = match &args.record {
        Some(path) => match runtime::record::Sink::create(path, args.record_plain) {
            Ok(sink) => Some(sink),
            Err(fault) => return load::cannot(&no_record(path, &fault)),
        },
        None => None,
    };
    let options = runtime::Options {
        directory: loaded.directory.clone(),
        globals: (*loaded.globals()).clone(),
        record,
        ..runtime::Options::default()
    };
    // Before the sockets: a signal that comes while they open must not kill half an exchange.
    let mut signals = match Signals::new() {
        Ok(signals) => signals,
        Err(fault) => return load::cannot(&fault.to_string()),
    };
    loaded.prepare_aside();
    let engine = match Engine::start(loaded.config.clone(), loaded.module(), options).await {
        Ok(engine) => engine,
        Err(fault) => {
            eprintln!("strowger: {fault}");
            return ExitCode::FAILURE;
        }
    };
    let at: Vec<String> = engine
        .addresses()
        .iter()
        .map(|l| format!("{} {}", l.protocol.name().to_lowercase(), l.address))
        .collect();
    say!("  listening   {}", at.join(", "));
    if let Some(path) = &args.record {
        let how = if args.record_plain {
            "with real names and numbers"
        } else {
            "names and numbers replaced"
        };
        say!("  record      {} ({how})", path.display());
    }
    // Before anybody is told that it is ready: nothing that comes is missed.
    let (last, finish) = oneshot::channel();
    let tracer = (!traced.is_empty())
        .then(|| tokio::spawn(trace(engine.observe(), traced.to_vec(), finish)));
    say!("Ready. Ctrl-C lets the calls end and stops.");
    let _ = std::io::stdout().flush();
    loop {
        match signals.next().await {
            Signal::Stop => break,
            Signal::Reload => tokio::select! {
                () = reload(&engine, &args.directory, args.release, &mut loaded) => {}
                () = signals.stop() => break,
            },
        }
    }
    let calls = engine.stats().channels;
    say!(
        "Stopping: {calls} channels; waiting at most {} s (again: at once).",
        limits::DRAIN.as_secs()
    );
    let (patience, hurry) = oneshot::channel();
    tokio::spawn(async move {
        signals.stop().await;
        let _ = patience.send(());
    });
    let stopped = engine
        .stop_unless(limits::DRAIN, async { drop(hurry.await) })
        .await;
    // What is still to be told is told before the last line.
    drop(last);
    if let Some(tracer) = tracer {
        let _ = tracer.await;
    }
    say!("Stopped; {} channels had to be ended.", stopped.ended);
    ExitCode::SUCCESS
}

/// Why calls cannot be written down there.
fn no_record(path: &Path, fault: &std::io::Error) -> String {
    let hint = match fault.kind() {
        std::io::ErrorKind::AlreadyExists => {
            "\n  hint: a record is never written over; name another file"
        }
        _ => "",
    };
    format!("{}: {fault}{hint}", path.display())
}

/// Reads the files again, and puts them in force if they can run.
async fn reload(engine: &Engine, path: &Path, release: load::Release, loaded: &mut load::Loaded) {
    let in_force = InForce {
        options: engine.module().options(),
        // They are wiped before the file is read, or the file can read them.
        globals: if loaded.clears_globals() {
            BTreeMap::new()
        } else {
            engine.globals().0.clone()
        },
    };
    say!("Reloading   {}", path.display());
    let path = path.to_path_buf();
    let read = tokio::task::spawn_blocking(move || load::again(&path, release, in_force)).await;
    let refused = match read.map_err(|fault| fault.to_string()).flatten() {
        Err(fault) => Some(fault),
        Ok(read) => {
            // Nobody may read it any more.
            drop(findings(&read));
            if read.fatal() {
                Some("the configuration cannot run as it stands".to_owned())
            } else {
                describe(&read);
                let renewal = runtime::Renewal {
                    config: read.config.clone(),
                    module: read.module(),
                    globals: (*read.globals()).clone(),
                    clear_globals: loaded.clears_globals(),
                };
                read.prepare_aside();
                engine.reload(renewal).await;
                *loaded = read;
                None
            }
        }
    };
    match refused {
        Some(why) => {
            drop(writeln!(std::io::stderr(), "strowger: {why}"));
            say!("Not reloaded: nothing was changed.");
        }
        None => say!(
            "Reloaded. Channels in progress: {}",
            engine.stats().channels
        ),
    }
    let _ = std::io::stdout().flush();
}

/// What somebody outside wants.
enum Signal {
    /// Ctrl-C and SIGTERM.
    Stop,
    /// SIGHUP.
    #[cfg_attr(not(unix), allow(dead_code))]
    Reload,
}

/// Ctrl-C, SIGTERM and SIGHUP.
struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    hang_up: tokio::signal::unix::Signal,
}

impl Signals {
    fn new() -> std::io::Result<Signals> {
        #[cfg(unix)]
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Signals {
            #[cfg(unix)]
            terminate: signal(SignalKind::terminate())?,
            #[cfg(unix)]
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) -> Signal {
        #[cfg(unix)]
        tokio::select! {
            _ = tokio::signal::ctrl_c() => Signal::Stop,
            _ = self.terminate.recv() => Signal::Stop,
            _ = self.hang_up.recv() => Signal::Reload,
        }
        #[cfg(not(unix))]
        {
            self.stop().await;
            Signal::Stop
        }
    }

    /// Waits for Ctrl-C or SIGTERM.
    async fn stop(&mut self) {
        #[cfg(unix)]
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = self.terminate.recv() => {}
        }
        #[cfg(not(unix))]
        let _ = tokio::signal::ctrl_c().await;
    }
}

/// Prints what happens: messages as a ladder with a column for each party, dialplan steps between them.
/// Ends when the exchange is gone, or when `finish` comes and all that has happened is told.
async fn trace(mut observer: Observer, traced: Vec<Traced>, mut finish: oneshot::Receiver<()>) {
    let mut parties: Vec<(SocketAddr, String)> = Vec::new();
    let mut finishing = false;
    loop {
        let notice = if finishing {
            observer.ready()
        } else {
            tokio::select! {
                notice = observer.next() => notice,
                _ = &mut finish => {
                    finishing = true;
                    continue;
                }
            }
        };
        let Some(notice) = notice else { return };
        let time = format!("{:>10.3}", notice.micros as f64 / 1e6);
        match notice.what {
            What::Message {
                incoming,
                protocol,
                local,
                remote,
                bytes,
            } if traced.contains(&Traced::Sip) => {
                let title = ladder::title(&bytes);
                let named = |p: &[(SocketAddr, String)]| {
                    let columns: Vec<(SocketAddr, &str)> =
                        p.iter().map(|(at, name)| (*at, name.as_str())).collect();
                    Ladder::new(&[], "exchange", &columns)
                };
                if !parties.iter().any(|(at, _)| *at == remote) && parties.len() < COLUMNS {
                    parties.push((remote, format!("{} {remote}", protocol.name())));
                    say!("{time} {}", named(&parties).head());
                }
                match named(&parties).row(incoming, remote, &title) {
                    Some(row) => say!("{time} {row}"),
                    None => {
                        let arrow = if incoming { "<--" } else { "-->" };
                        say!(
                            "{time}  {local} {arrow} {} {remote}  {title}",
                            protocol.name()
                        );
                    }
                }
            }
            What::Step { channel, step } if traced.contains(&Traced::Dialplan) => {
                let lossy = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
                let at = step
                    .source
                    .as_ref()
                    .map(|s| format!("{}:{}", s.file, s.line))
                    .unwrap_or_default();
                say!(
                    "{time}  {channel}  [{}@{}:{}] {}({})  {at}",
                    lossy(&step.exten),
                    lossy(&step.context),
                    step.priority,
                    lossy(&step.application),
                    lossy(&step.arguments)
                );
            }
            _ => {}
        }
    }
}
