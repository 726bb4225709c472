//! `strowger run --record` and `strowger replay`: real calls over loopback, by phones that speak SIP, written down; run again; kept as tests.
#![allow(clippy::unwrap_used)]

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::Duration;
use strowger_compiler::Sources;
use strowger_runtime::config::{self, StoreChoice};
use strowger_runtime::media::{self, Media};
use strowger_runtime::phone::{Happened, Password, Phone, Settings};
use strowger_runtime::record::Sink;
use strowger_runtime::sip::session::Terms;
use strowger_runtime::{Engine, Options, globals};

const PLAN: &str = "[globals]
CARRIER=trunk
TRUNKPASS=hunter-two

[office]
exten => _10XX,1,NoOp(to ${EXTEN})
 same => n,Dial(SIP/${EXTEN},2,t)
 same => n,GotoIf($[\"${DIALSTATUS}\" = \"BUSY\"]?busy)
 same => n,Playback(vm-nobodyavail)
 same => n,Hangup()
 same => n(busy),Playback(vm-isonphone)
 same => n,Hangup(17)
exten => 200,1,Answer()
 same => n,Background(menu)
 same => n,WaitExten(2)
exten => 1,1,Playback(one)
 same => n,Hangup()
exten => 310,1,Answer()
 same => n,Read(NEWPIN,,4)
 same => n,Set(DB(pin/${CALLERID(num)})=${NEWPIN})
 same => n,Hangup()
exten => 300,1,Answer()
 same => n,Read(PIN,,4)
 same => n,GotoIf($[\"${PIN}\" = \"${DB(pin/${CALLERID(num)})}\"]?right)
 same => n,Playback(wrong)
 same => n,Hangup()
 same => n(right),Playback(right)
 same => n,Set(GLOBAL(LAST)=${CALLERID(num)})
 same => n,GotoIfTime(*,*,*,*?:never)
 same => n,Wait(0.2)
 same => n,Hangup()
 same => n(never),Playback(never)
exten => _0.,1,Set(CALLERID(name)=${TOUPPER(${CALLERID(name)})})
 same => n,Dial(SIP/${EXTEN:1}:${TRUNKPASS}@${CARRIER},2)
 same => n,Playback(no-way-${DIALSTATUS})
 same => n,Hangup()
";

const SIP: &str = "[general]
udpbindaddr=127.0.0.1
allowguest=no
context=nowhere
disallow=all
allow=ulaw
[1001]
type=friend
host=dynamic
secret=lampe-orage
context=office
callerid=\"Anna Lindqvist\" <1001>
setvar=SITEPIN=987654
setvar=HOME=Karlstad
[1002]
type=friend
host=dynamic
secret=canal-brume
context=office
callerid=\"Bo Ek\" <1002>
";

fn folder(name: &str) -> PathBuf {
    let id = std::process::id();
    let folder = std::env::temp_dir().join(format!("strowger-record-{id}-{name}"));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(folder.join("sounds")).unwrap();
    std::fs::write(folder.join("extensions.conf"), PLAN).unwrap();
    std::fs::write(folder.join("sip.conf"), SIP).unwrap();
    for sound in ["vm-nobodyavail", "menu", "one", "right", "wrong"] {
        // A fifth of a second.
        std::fs::write(folder.join(format!("sounds/{sound}.ulaw")), [0xff; 1_600]).unwrap();
    }
    std::fs::write(folder.join("sounds/menu.ulaw"), [0xff; 16_000]).unwrap();
    folder
}

fn strowger(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_strowger"));
    command.current_dir(folder).args(args).output().unwrap()
}

/// What it says, with its exit status; times are not the same each time.
fn said(folder: &Path, args: &[&str]) -> String {
    let out = strowger(folder, args);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let all = format!(
        "{}{}exit {}\n",
        text(&out.stdout),
        text(&out.stderr),
        out.status.code().unwrap()
    );
    all.lines().map(|l| format!("{}\n", l.trim_end())).collect()
}

/// The exchange on a folder, and its two phones.
struct House {
    engine: Engine,
    anna: Phone,
    bo: Phone,
}

impl House {
    async fn open(folder: &Path, sink: Sink) -> House {
        let mut sources = Sources::new();
        for name in ["extensions.conf", "sip.conf"] {
            sources.add(name, std::fs::read(folder.join(name)).unwrap());
        }
        let compiled = strowger_compiler::compile(&sources, &Default::default());
        let (mut config, _) = config::load(&sources);
        config.options.store = StoreChoice::Memory;
        config.directories.data = Some(folder.to_owned());
        for listener in &mut config.listeners {
            listener.bind = SocketAddr::from(([127, 0, 0, 1], 0));
        }
        config.listeners.truncate(1);
        let options = Options {
            globals: globals(&compiled.hir),
            record: Some(sink),
            ..Options::default()
        };
        let engine = Engine::start(config, compiled.module.unwrap(), options)
            .await
            .unwrap();
        let exchange = engine.addresses()[0].address;
        let media = Arc::new(Media::start(media::Settings::default()).unwrap());
        let phone = async |user: &str, password: &str| {
            let settings = Settings {
                user: user.into(),
                password: Password(password.into()),
                near: SocketAddr::from(([127, 0, 0, 1], 0)),
                exchange,
                seed: [user.as_bytes()[3]; 32],
                terms: Terms::default(),
            };
            let mut phone = Phone::start(settings, Arc::clone(&media)).await.unwrap();
            phone.register(600).await;
            until(&mut phone, |h| matches!(h, Happened::Registered(200))).await;
            phone
        };
        House {
            anna: phone("1001", "lampe-orage").await,
            bo: phone("1002", "canal-brume").await,
            engine,
        }
    }

    /// Anna calls, and stays until the exchange ends the call.
    async fn call(&mut self, number: &str) {
        self.anna.call(number).await;
        until(&mut self.anna, |h| matches!(h, Happened::Ended(_))).await;
    }

    async fn keys(&mut self, keys: &[u8]) {
        for key in keys {
            self.anna.press(*key).await;
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    }
}

async fn until(phone: &mut Phone, wanted: impl Fn(&Happened) -> bool) {
    let mut came = Vec::new();
    while let Some(happened) = phone.next(Duration::from_secs(8)).await {
        if wanted(&happened) {
            return;
        }
        came.push(happened);
    }
    panic!("it never came; what came: {came:#?}");
}

/// Calls of all kinds, one after the other, and two at once.
fn recorded(folder: &Path, plain: bool) -> String {
    let path = folder.join("calls.rec");
    let sink = Sink::create(&path, plain).unwrap();
    let tokio = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    tokio.block_on(async {
        let mut house = House::open(folder, sink).await;
        // 1: Bo answers, and hangs up.
        house.anna.call("1002").await;
        until(&mut house.bo, |h| matches!(h, Happened::Incoming(_))).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        house.bo.answer().await;
        until(&mut house.anna, |h| matches!(h, Happened::Talking(_))).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        house.bo.hang_up().await;
        until(&mut house.anna, |h| matches!(h, Happened::Ended(_))).await;
        // 2: nobody answers.
        house.call("1002").await;
        // 3: Anna gives up.
        house.anna.call("1002").await;
        tokio::time::sleep(Duration::from_millis(700)).await;
        house.anna.hang_up().await;
        until(&mut house.anna, |h| matches!(h, Happened::Ended(_))).await;
        // 4: a menu; the key breaks its prompt.
        house.anna.call("200").await;
        until(&mut house.anna, |h| matches!(h, Happened::Talking(_))).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        house.anna.press(b'1').await;
        until(&mut house.anna, |h| matches!(h, Happened::Ended(_))).await;
        // 5, 6: a PIN is set, and asked for.
        for number in ["310", "300"] {
            house.anna.call(number).await;
            until(&mut house.anna, |h| matches!(h, Happened::Talking(_))).await;
            tokio::time::sleep(Duration::from_millis(200)).await;
            house.keys(b"4711").await;
            until(&mut house.anna, |h| matches!(h, Happened::Ended(_))).await;
        }
        // 7: through a trunk that is not there, while 8 goes on.
        house.bo.call("200").await;
        until(&mut house.bo, |h| matches!(h, Happened::Talking(_))).await;
        house.call("01715551234").await;
        house.bo.hang_up().await;
        until(&mut house.bo, |h| matches!(h, Happened::Ended(_))).await;
        house.engine.stop(Duration::from_secs(2)).await;
    });
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn live_calls_are_written_down_and_run_again() {
    let folder = folder("live");
    let text = recorded(&folder, false);
    println!("{text}");
    println!("{}", said(&folder, &["replay", "calls.rec"]));
    println!(
        "{}",
        said(
            &folder,
            &["replay", "calls.rec", "--save-test", "calls.test.yaml"]
        )
    );
    println!(
        "{}",
        std::fs::read_to_string(folder.join("calls.test.yaml")).unwrap()
    );
    println!("{}", said(&folder, &["test", "calls.test.yaml"]));
}
