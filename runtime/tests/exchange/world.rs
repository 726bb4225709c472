//! An exchange with its configuration and its phones.

use crate::net::Net;
use crate::phone::Phone;
use std::net::SocketAddr;
use std::time::Duration;
use strowger_compiler::InForce;
use strowger_compiler::source::Sources;
use strowger_runtime::record::Sink;
use strowger_runtime::sip::flow::Protocol;
use strowger_runtime::{Engine, Observer, Options, Renewal, What, config};

pub struct World {
    pub net: Net,
    pub engine: Engine,
    pub near: SocketAddr,
    observer: Observer,
}

/// An exchange at `near` with a folder of `examples/`.
pub async fn of_folder(net: &Net, near: &str, folder: &str) -> World {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../examples")
        .join(folder);
    start(net, near, &config::gather(&path).unwrap(), None).await
}

/// An exchange at `near` with these files.
pub async fn exchange(net: &Net, near: &str, files: &[(&str, &str)]) -> World {
    let mut sources = Sources::new();
    for (name, text) in files {
        sources.add(name, text.as_bytes());
    }
    start(net, near, &sources, None).await
}

async fn start(net: &Net, near: &str, sources: &Sources, record: Option<Sink>) -> World {
    let near: SocketAddr = near.parse().unwrap();
    let compiled = strowger_compiler::compile(sources, &strowger_compiler::Options::default());
    let (config, _) = config::load(sources);
    let globals = strowger_runtime::globals(&compiled.hir);
    let options = Options {
        seed: Some([1; 32]),
        wire: Some(net.exchange(near)),
        globals,
        record,
        ..Options::default()
    };
    let engine = Engine::start(config, compiled.module.unwrap(), options)
        .await
        .unwrap();
    let observer = engine.observe();
    World {
        net: net.clone(),
        engine,
        near,
        observer,
    }
}

impl World {
    /// Reads these files as the program does on SIGHUP; what waits for a restart.
    pub async fn reload(&self, plan: &str, sip: &str, more: &[(&str, &str)]) -> Vec<String> {
        self.reload_and(plan, sip, more, false).await
    }

    /// The same; `clear`: the plan so far said `clearglobalvars`.
    pub async fn reload_and(
        &self,
        plan: &str,
        sip: &str,
        more: &[(&str, &str)],
        clear: bool,
    ) -> Vec<String> {
        let mut sources = Sources::new();
        for (name, text) in [("extensions.conf", plan), ("sip.conf", sip)]
            .iter()
            .chain(more)
        {
            sources.add(name, text.as_bytes());
        }
        let globals = if clear {
            Default::default()
        } else {
            self.engine.globals().0.clone()
        };
        let in_force = InForce {
            options: self.engine.module().options(),
            globals,
        };
        let compiled = strowger_compiler::compile(
            &sources,
            &strowger_compiler::Options {
                in_force: Some(in_force),
                ..Default::default()
            },
        );
        let renewal = Renewal {
            config: config::load(&sources).0,
            globals: strowger_runtime::globals(&compiled.hir),
            module: compiled.module.unwrap(),
            clear_globals: clear,
        };
        self.engine.reload(renewal).await
    }

    /// Two phones, 61 and 62, and this plan.
    pub async fn with_plan(plan: &str) -> World {
        World::with(plan, SIP).await
    }

    /// The same; its calls are written down.
    pub async fn recorded(plan: &str, record: Sink) -> World {
        let files = Sources::new()
            .with("extensions.conf", plan)
            .with("sip.conf", SIP);
        start(&Net::default(), "192.0.2.1:5060", &files, Some(record)).await
    }

    pub async fn with(plan: &str, sip: &str) -> World {
        exchange(
            &Net::default(),
            "192.0.2.1:5060",
            &[("extensions.conf", plan), ("sip.conf", sip)],
        )
        .await
    }

    pub fn phone(&self, user: &str) -> Phone {
        let near = format!("192.0.2.{user}:5060");
        Phone::new(&self.net, user, &near, self.near, Protocol::Udp)
    }

    /// A phone that has registered.
    pub async fn registered(&self, user: &str) -> Phone {
        let mut phone = self.phone(user);
        assert_eq!(phone.register(3600).await, 200, "{user} registers");
        phone
    }

    /// Dialplan steps (`61:1 Dial(SIP/62)`) and codes of notes since the last time.
    pub fn seen(&mut self, steps: &mut Vec<String>, codes: &mut Vec<&'static str>) {
        while let Some(notice) = self.observer.ready() {
            match notice.what {
                What::Step { step, .. } => steps.push(format!(
                    "{}:{} {}({})",
                    String::from_utf8_lossy(&step.exten),
                    step.priority,
                    String::from_utf8_lossy(&step.application),
                    String::from_utf8_lossy(&step.arguments)
                )),
                What::Note { code, .. } if !code.is_empty() => codes.push(code),
                _ => {}
            }
        }
    }

    /// Dialplan steps since the last time.
    pub fn steps(&mut self) -> Vec<String> {
        let (mut steps, mut codes) = (Vec::new(), Vec::new());
        self.seen(&mut steps, &mut codes);
        steps
    }

    /// Codes of notes since the last time.
    pub fn codes(&mut self) -> Vec<&'static str> {
        let (mut steps, mut codes) = (Vec::new(), Vec::new());
        self.seen(&mut steps, &mut codes);
        codes
    }

    /// After the last repeat is impossible, nothing may be left in the exchange or in the phones.
    pub async fn nothing_left(&self, phones: &[&Phone]) {
        tokio::time::sleep(Duration::from_secs(64)).await;
        let stats = self.engine.stats();
        assert_eq!(
            (stats.channels, stats.legs, stats.transactions, stats.timers),
            (0, 0, 0, 0),
            "{stats:?}"
        );
        for phone in phones {
            assert_eq!(
                phone.counts().await,
                strowger_runtime::sip::stack::Counts::default(),
                "{}",
                phone.user
            );
        }
    }
}

pub const SIP: &str = "\
[general]
context=office
outofcall_message_context=sms
accept_outofcall_message=yes
[61]
type=friend
host=dynamic
secret=secret61
callerid=\"Sixty One\" <61>
[62]
type=friend
host=dynamic
secret=secret62
[63]
type=friend
host=dynamic
secret=secret63
";
