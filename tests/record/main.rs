//! `strowger run --record` and `strowger replay`: real calls over loopback, by phones that speak SIP, written down; run again; kept as tests.
#![allow(clippy::unwrap_used)]

mod hostile;
mod told;

use std::io::BufRead as _;
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

fn folder(name: &str) -> PathBuf {
    let id = std::process::id();
    let folder = std::env::temp_dir().join(format!("strowger-record-{id}-{name}"));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(folder.join("sounds")).unwrap();
    let plan = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/record/plan");
    for file in ["extensions.conf", "sip.conf"] {
        std::fs::copy(plan.join(file), folder.join(file)).unwrap();
    }
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
    let cut = |line: &str| match line.rsplit_once(", ") {
        Some((counts, time)) if counts.contains(" same, ") && time.ends_with(" s.") => {
            counts.to_owned()
        }
        _ => line.trim_end().to_owned(),
    };
    all.lines().map(|line| cut(line) + "\n").collect()
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
        for name in ["extensions.conf", "extensions.dial", "sip.conf"] {
            if let Ok(text) = std::fs::read(folder.join(name)) {
                sources.add(name, text);
            }
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
            house.keys(b"471108").await;
            until(&mut house.anna, |h| matches!(h, Happened::Ended(_))).await;
        }
        // 8: through a trunk that is not there, while 7 hears the menu.
        house.bo.call("200").await;
        until(&mut house.bo, |h| matches!(h, Happened::Talking(_))).await;
        tokio::time::sleep(Duration::from_millis(900)).await;
        house.call("01715551234").await;
        house.bo.hang_up().await;
        until(&mut house.bo, |h| matches!(h, Happened::Ended(_))).await;
        house.engine.stop(Duration::from_secs(2)).await;
    });
    std::fs::read_to_string(path).unwrap()
}

const TEXTS: &str = "\
context office {
  on `10XX` {
    let _ = dial(sip(exten), ring: 5s)
    hangup()
  }
}

/// Texts between phones. Who sent one that has failed is told so.
context sms {
  on message {
    let to = keep(message.to.user, \"0-9\")
    let status = message_send_uri(to: \"sip:{to}\", from: message.from, body: message.body)
    if status != Sent {
      let _ = message_send_uri(to: \"sip:1001\", from: message.from, body: \"nobody has {to}\")
    }
    hangup()
  }
}
";

/// Texts that came to an exchange whose plan is in `.dial` enter `on message`, and come back as tests of it.
#[test]
fn texts_are_written_down_and_come_back_as_tests() {
    let folder = folder("texts");
    std::fs::remove_file(folder.join("extensions.conf")).unwrap();
    std::fs::write(folder.join("extensions.dial"), TEXTS).unwrap();
    let devices = std::fs::read_to_string(folder.join("sip.conf")).unwrap();
    let general = "[general]\noutofcall_message_context=sms\n";
    std::fs::write(
        folder.join("sip.conf"),
        devices.replace("[general]\n", general),
    )
    .unwrap();
    let sink = Sink::create(&folder.join("calls.rec"), true).unwrap();
    let tokio = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    tokio.block_on(async {
        let mut house = House::open(&folder, sink).await;
        house.anna.text("1002", "lunch?").await;
        until(&mut house.bo, |h| {
            matches!(h, Happened::Message { .. } | Happened::Text { .. })
        })
        .await;
        until(&mut house.anna, |h| matches!(h, Happened::Texted(200..300))).await;
        house.anna.text("1077", "anybody?").await;
        until(&mut house.anna, |h| {
            matches!(h, Happened::Message { .. } | Happened::Text { .. })
        })
        .await;
        // The call that handles it ends right behind that.
        tokio::time::sleep(Duration::from_millis(300)).await;
        house.engine.stop(Duration::from_secs(2)).await;
    });
    let told = said(
        &folder,
        &["replay", "calls.rec", ".", "--save-test", "kept.test.yaml"],
    );
    assert!(told.contains("2 same"), "{told}");
    let kept = std::fs::read_to_string(folder.join("kept.test.yaml")).unwrap();
    assert!(kept.contains("dialplan: extensions.dial"), "{kept}");
    assert_eq!(kept.matches("    context: sms").count(), 2, "{kept}");
    assert!(
        kept.contains("body: \"lunch?\"") && kept.contains("FAILURE"),
        "{kept}"
    );
    let run = said(&folder, &["test", "kept.test.yaml"]);
    assert!(run.contains("2 passed"), "{run}");
    // The same as blocks that import the plan.
    let told = said(
        &folder,
        &["replay", "calls.rec", ".", "--save-test", "kept.dial"],
    );
    assert!(told.contains("2 same"), "{told}");
    let blocks = std::fs::read_to_string(folder.join("kept.dial")).unwrap();
    assert_eq!(blocks.matches(" in extensions.sms").count(), 2, "{blocks}");
    let run = said(&folder, &["test", "kept.dial"]);
    assert!(run.contains("2 passed"), "{run}");
    // They notice what they are to notice.
    let silent = TEXTS.replace("if status != Sent {", "if status == Sent {");
    std::fs::write(folder.join("extensions.dial"), silent).unwrap();
    let run = said(&folder, &["test", "kept.test.yaml"]);
    assert!(run.contains("2 failed"), "{run}");
    let run = said(&folder, &["test", "kept.dial"]);
    assert!(run.contains("2 failed"), "{run}");
    std::fs::remove_dir_all(folder).unwrap();
}

/// All texts of a record but moments, digests, and the numbers that the exchange counts.
fn texts(record: &str) -> Vec<String> {
    fn collect(value: &serde_json::Value, out: &mut Vec<String>) {
        match value {
            serde_json::Value::String(text) => out.push(text.clone()),
            serde_json::Value::Array(list) => list.iter().for_each(|one| collect(one, out)),
            serde_json::Value::Object(map) => {
                let own = ["at", "began", "plan", "unique_id", "names"];
                let rest = map.iter().filter(|(key, _)| !own.contains(&key.as_str()));
                rest.for_each(|(_, one)| collect(one, out));
            }
            _ => {}
        }
    }
    let mut out = Vec::new();
    for line in record.lines() {
        collect(&serde_json::from_str(line).unwrap(), &mut out);
    }
    out
}

fn lines(record: &str) -> Vec<serde_json::Value> {
    let lines = record.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The keys that a call was told, one after the other.
fn keys(record: &str, call: u64) -> String {
    let lines = lines(record);
    let of = lines.iter().filter(|line| line["call"] == call);
    of.filter_map(|line| line["gets"]["digit"].as_str())
        .collect()
}

const SECRETS: [&str; 4] = ["471108", "987654", "hunter-two", "lampe-orage"];

#[test]
fn live_calls_are_written_down_and_run_again() {
    let folder = folder("live");
    let record = recorded(&folder, false);
    let head = &lines(&record)[0];
    assert_eq!(
        (&head["strowger"], &head["version"]),
        (&"record".into(), &1.into())
    );
    let end = lines(&record).pop().unwrap();
    assert_eq!(
        end,
        serde_json::json!({"end": {"calls": 8, "whole": 8, "lost": 0, "dropped": 0}})
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(folder.join("calls.rec"))
            .unwrap()
            .permissions();
        assert_eq!(mode.mode() & 0o777, 0o600);
    }

    // Nobody is in it.
    let texts = texts(&record);
    for real in [
        "Anna",
        "Lindqvist",
        "LINDQVIST",
        "01715551234",
        "1715551234",
        "Karlstad",
    ]
    .iter()
    .chain(&SECRETS)
    {
        let found: Vec<_> = texts.iter().filter(|t| t.contains(real)).collect();
        assert!(found.is_empty(), "{real}: {found:?}");
    }
    // The same in all calls, and the same as before only where the plan decides by it.
    let begins: Vec<_> = lines(&record)
        .into_iter()
        .filter(|line| line.get("enters").is_some())
        .collect();
    let anna = &begins[0]["who"]["number"];
    assert!(anna != "1001" && anna.as_str().unwrap().len() == 4);
    for begin in &begins[..6] {
        assert_eq!(&begin["who"]["number"], anna);
    }
    let numbers: Vec<_> = begins
        .iter()
        .map(|b| b["enters"][1].as_str().unwrap())
        .collect();
    assert_eq!(numbers[0], numbers[1]);
    assert!(
        numbers[0].starts_with("10") && numbers[0] != "1002",
        "{numbers:?}"
    );
    assert_eq!((numbers[3], numbers[4], numbers[5]), ("200", "310", "300"));
    assert!(
        numbers.iter().any(|n| n.starts_with('0') && n.len() == 11),
        "{numbers:?}"
    );
    // A key of a menu is one; a PIN is another, and the same other.
    assert_eq!(keys(&record, 4), "1");
    assert_eq!(keys(&record, 5).len(), 6);
    assert_eq!(keys(&record, 5), keys(&record, 6));

    // On the same plan all is the same, and all of it can be kept.
    let again = said(&folder, &["replay", "calls.rec"]);
    assert!(
        again.contains("8 same, 0 changed") && again.ends_with("exit 0\n"),
        "{again}"
    );
    let saved = said(
        &folder,
        &["replay", "calls.rec", "--save-test", "kept.test.yaml"],
    );
    assert!(
        saved.contains("8 tests written to kept.test.yaml") && saved.ends_with("exit 0\n"),
        "{saved}"
    );
    let tested = said(&folder, &["test", "kept.test.yaml"]);
    assert!(
        tested.contains("8 passed, 0 failed") && tested.ends_with("exit 0\n"),
        "{tested}"
    );

    // A record that was cut off in the middle of a line.
    let cut = record.rfind("\"asks\"").unwrap();
    std::fs::write(folder.join("cut.rec"), &record[..cut]).unwrap();
    let again = said(&folder, &["replay", "cut.rec"]);
    assert!(
        again.contains("1 the same as far as the record goes")
            && again.contains("0 changed")
            && again.contains("The record has no end")
            && again.ends_with("exit 0\n"),
        "{again}"
    );

    // A plan that does something else is found, and with it the kept tests fail.
    let plan = std::fs::read_to_string(folder.join("extensions.conf")).unwrap();
    let plan = plan.replace("n,Playback(vm-nobodyavail)", "n,Voicemail(${EXTEN})");
    std::fs::write(folder.join("extensions.conf"), plan).unwrap();
    let again = said(&folder, &["replay", "calls.rec"]);
    assert!(
        again.contains("7 same, 1 changed") && again.ends_with("exit 1\n"),
        "{again}"
    );
    assert!(again.contains("then  play vm-nobodyavail"), "{again}");
    let tested = said(&folder, &["test", "kept.test.yaml"]);
    assert!(tested.contains("1 failed"), "{tested}");
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_plain_record_holds_real_names_and_still_no_secrets() {
    let folder = folder("plain");
    let record = recorded(&folder, true);
    let texts = texts(&record);
    for real in ["Anna Lindqvist", "01715551234", "Karlstad", "1001"] {
        assert!(texts.iter().any(|t| t == real), "{real}");
    }
    for secret in SECRETS {
        let found: Vec<_> = texts.iter().filter(|t| t.contains(secret)).collect();
        assert!(found.is_empty(), "{secret}: {found:?}");
    }
    assert_ne!(keys(&record, 6), "471108");
    let again = said(&folder, &["replay", "calls.rec"]);
    assert!(
        again.contains("8 same, 0 changed") && again.ends_with("exit 0\n"),
        "{again}"
    );
    std::fs::remove_dir_all(folder).unwrap();
}

/// The command: a new file with a head and an end; an old one is never written over.
#[cfg(unix)]
#[test]
fn the_exchange_writes_a_new_file() {
    let folder = folder("command");
    let options = "[store]\nlocation = \"memory\"\n";
    std::fs::write(folder.join("strowger.toml"), options).unwrap();
    let sip = std::fs::read_to_string(folder.join("sip.conf")).unwrap();
    let sip = sip.replace("127.0.0.1", "127.0.0.1:0");
    std::fs::write(folder.join("sip.conf"), sip).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_strowger"))
        .current_dir(&folder)
        .args(["run", ".", "--record", "calls.rec"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let lines = std::io::BufReader::new(child.stdout.take().unwrap()).lines();
    let mut lines = lines.map_while(Result::ok);
    let recording = "  record      calls.rec (names and numbers replaced)";
    assert!(lines.any(|line| line == recording));
    assert!(lines.any(|line| line.starts_with("Ready.")));
    let kill = Command::new("kill")
        .args(["-TERM", &child.id().to_string()])
        .status();
    assert!(kill.unwrap().success());
    drop(lines.collect::<Vec<_>>());
    assert!(child.wait().unwrap().success());
    let record = std::fs::read_to_string(folder.join("calls.rec")).unwrap();
    let ends: Vec<_> = record.lines().collect();
    assert_eq!(ends.len(), 2, "{record}");
    assert!(ends[1].starts_with("{\"end\":"), "{record}");
    let again = strowger(&folder, &["run", ".", "--record", "calls.rec"]);
    let text = String::from_utf8_lossy(&again.stderr).into_owned();
    assert_eq!(again.status.code(), Some(2), "{text}");
    assert!(text.contains("a record is never written over"), "{text}");
    std::fs::remove_dir_all(folder).unwrap();
}
