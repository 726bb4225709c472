//! pjsua2, the stack inside MicroSIP and CSipSimple, over UDP and TCP.

use crate::exchange::Exchange;
use crate::{Program, have, tone};
use std::io::{BufRead, BufReader, Write};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

pub(crate) struct Phone {
    _child: Program,
    input: ChildStdin,
    events: Receiver<String>,
    seen: Vec<String>,
}

impl Phone {
    pub(crate) fn start(user: &str, exchange: &Exchange, tcp: bool) -> Phone {
        let password = format!("{user}-secret");
        Phone::at("127.0.0.1", user, &password, &exchange.address(), tcp)
    }

    /// A phone with a loopback address of its own.
    pub(crate) fn at(bind: &str, user: &str, password: &str, server: &str, tcp: bool) -> Phone {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop/pjsua2_phone.py");
        let mut command = Command::new("python3");
        command.args([script, "--user", user, "--password", password]);
        command.args(["--server", server, "--bind", bind]);
        if tcp {
            command.arg("--tcp");
        }
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let input = child.stdin.take().unwrap();
        let output = child.stdout.take().unwrap();
        let (tell, events) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if tell.send(line).is_err() {
                    return;
                }
            }
        });
        let mut phone = Phone {
            _child: Program(child),
            input,
            events,
            seen: Vec::new(),
        };
        phone.wait("ready");
        phone
    }

    pub(crate) fn registered(user: &str, exchange: &Exchange, tcp: bool) -> Phone {
        let mut phone = Phone::start(user, exchange, tcp);
        phone.register();
        phone
    }

    pub(crate) fn register(&mut self) {
        self.say("register");
        self.wait("registered 200");
    }

    pub(crate) fn say(&mut self, line: &str) {
        writeln!(self.input, "{line}").unwrap();
    }

    /// Waits for an event that begins so.
    pub(crate) fn wait(&mut self, start: &str) -> String {
        let end = Instant::now() + Duration::from_secs(15);
        loop {
            match self
                .events
                .recv_timeout(end.saturating_duration_since(Instant::now()))
            {
                Ok(line) => {
                    self.seen.push(line.clone());
                    if line.starts_with(start) {
                        return line;
                    }
                }
                Err(_) => panic!(
                    "the phone never said {start:?}; it said:\n{}",
                    self.seen.join("\n")
                ),
            }
        }
    }
}

/// The recording must hold this tone.
pub(crate) fn heard(wav: &std::path::Path, hertz: f64) {
    let (got, level) = tone(wav).unwrap();
    assert!(
        (got - hertz).abs() < 30.0 && level > -40.0,
        "{}: {got} Hz at {level} dB, not {hertz}",
        wav.display()
    );
}

fn whole_life(tcp: bool) {
    let name = if tcp { "pjsua2-tcp" } else { "pjsua2-udp" };
    let Some(_turn) = have(name, &["python3", "pjsua2"]) else {
        return;
    };
    let exchange = Exchange::start(name, &[]);
    let mut a = Phone::registered("nlys", &exchange, tcp);
    let mut b = Phone::registered("ealbouy", &exchange, tcp);

    // Call, talk both ways, hold, talk again, hang up by the called side.
    a.say("tone 440");
    b.say("tone 880");
    a.say(&format!(
        "call sip:62@{}{}",
        exchange.address(),
        if tcp { ";transport=tcp" } else { "" }
    ));
    let from = b.wait("incoming");
    assert!(from.contains("61"), "{from}");
    a.wait("state EARLY 180");
    // The connection that registered is the one that rings (over UDP, the address): the ladder has no third column.
    exchange.wait("INVITE ealbouy", Duration::from_secs(5));
    let log = exchange.log();
    let columns = |line: &str| line.matches(" 127.0.0.1:").count();
    let headings = log.lines().filter(|l| l.contains(" exchange "));
    assert_eq!(headings.map(columns).max(), Some(2), "{log}");
    b.say("answer");
    a.wait("media active");
    b.wait("media active");
    a.wait("state CONFIRMED");
    let (at_a, at_b) = (
        exchange.folder.0.join("a.wav"),
        exchange.folder.0.join("b.wav"),
    );
    a.say(&format!("record {}", at_a.display()));
    b.say(&format!("record {}", at_b.display()));
    std::thread::sleep(Duration::from_millis(2_500));
    a.say("stoprecord");
    b.say("stoprecord");
    a.wait("recorded");
    b.wait("recorded");
    a.say("hold");
    // The exchange answers a hold itself; the other side stays as it was.
    a.wait("media holding");
    // The phone locks the codec by an UPDATE of its own first; two changes at once would be refused.
    std::thread::sleep(Duration::from_millis(400));
    a.say("unhold");
    a.wait("media active");
    b.say("hangup");
    a.wait("state DISCONNECTED");
    b.wait("state DISCONNECTED");
    heard(&at_a, 880.0);
    heard(&at_b, 440.0);

    // The other way round; the caller cancels, then the callee declines, then the caller hangs up.
    b.say(&format!(
        "call sip:61@{}{}",
        exchange.address(),
        if tcp { ";transport=tcp" } else { "" }
    ));
    a.wait("incoming");
    b.wait("state EARLY 180");
    b.say("hangup");
    a.wait("state DISCONNECTED");
    b.wait("state DISCONNECTED");
    b.say(&format!(
        "call sip:61@{}{}",
        exchange.address(),
        if tcp { ";transport=tcp" } else { "" }
    ));
    a.wait("incoming");
    a.say("decline");
    b.wait("state DISCONNECTED 486");
    b.say(&format!(
        "call sip:61@{}{}",
        exchange.address(),
        if tcp { ";transport=tcp" } else { "" }
    ));
    a.wait("incoming");
    a.say("answer");
    b.wait("state CONFIRMED");
    b.say("hangup");
    a.wait("state DISCONNECTED");

    // Texts, both ways.
    a.say(&format!(
        "text sip:ealbouy@{}{} Bonjour",
        exchange.address(),
        if tcp { ";transport=tcp" } else { "" }
    ));
    a.wait("text-status 202");
    let text = b.wait("text");
    assert!(text.ends_with("Bonjour"), "{text}");
    b.say(&format!(
        "text sip:nlys@{}{} Salut",
        exchange.address(),
        if tcp { ";transport=tcp" } else { "" }
    ));
    let text = a.wait("text <");
    assert!(text.ends_with("Salut") || text.contains("Salut"), "{text}");

    a.say("unregister");
    a.wait("registered 200");
    drop(a);
    drop(b);
    exchange.stop();
}

#[test]
fn pjsua2_over_udp() {
    whole_life(false);
}

#[test]
fn pjsua2_over_tcp() {
    whole_life(true);
}

#[test]
fn a_wrong_password_is_refused() {
    let Some(_turn) = have("pjsua2-password", &["python3", "pjsua2"]) else {
        return;
    };
    let exchange = Exchange::start(
        "pjsua2-password",
        &[("strowger.toml", "[store]\nlocation = \"memory\"\n".into())],
    );
    let mut stranger = Phone::start("nobody", &exchange, false);
    stranger.say("register");
    stranger.wait("registered 403");
    drop(stranger);
    exchange.stop();
}

#[test]
fn nobody_answers_and_the_plan_goes_on() {
    let Some(_turn) = have("pjsua2-falls-through", &["python3", "pjsua2"]) else {
        return;
    };
    let exchange = Exchange::start("pjsua2-through", &[]);
    let mut a = Phone::registered("nlys", &exchange, false);
    let mut b = Phone::registered("ealbouy", &exchange, false);
    let wav = exchange.folder.0.join("digits.wav");
    a.say(&format!("record {}", wav.display()));
    a.say(&format!("call sip:7012@{}", exchange.address()));
    b.wait("incoming");
    b.wait("state DISCONNECTED"); // after 2 s
    a.wait("state CONFIRMED");
    // 7, 0, 1, 2, invalid; then the plan hangs up.
    a.wait("state DISCONNECTED");
    a.say("stoprecord");
    a.wait("recorded");
    drop(a);
    let (_, level) = tone(&wav).unwrap();
    assert!(level > -45.0, "nothing was said: {level} dB");
    drop(b);
    exchange.stop();
}

/// A phone that is told something, is asked by keys in its audio, is told keys, and goes on when its caller has gone.
#[test]
fn a_called_phone_is_told_and_asked() {
    let Some(_turn) = have("pjsua2-callee", &["python3", "pjsua2"]) else {
        return;
    };
    let plan = r#"
[default]
exten => 62,1,Dial(SIP/ealbouy,20,A(invalid)U(ask)D(12))
 same => n,Answer()
 same => n,Wait(1)
 same => n,Hangup()
exten => 65,1,Dial(SIP/ealbouy,20,F(after^s^1))
[ask]
exten => s,1,Read(KEY,,1,,,10)
 same => n,ExecIf($["${KEY}" = "1"]?NoOp():Set(GOSUB_RESULT=BUSY))
 same => n,Return()
[after]
exten => s,1,SayDigits(123)
"#;
    let exchange = Exchange::start("pjsua2-callee", &[("extensions.conf", plan.into())]);
    let mut a = Phone::registered("nlys", &exchange, false);
    let mut b = Phone::registered("ealbouy", &exchange, false);
    let number = |n: &str| format!("call sip:{n}@{}", exchange.address());
    let told = exchange.folder.0.join("told.wav");

    // It hears the announcement and takes the call; the keys come before its caller.
    b.say(&format!("record {}", told.display()));
    a.say(&number("62"));
    b.wait("incoming");
    b.say("answer");
    b.wait("media active");
    // All of the announcement, then the question.
    exchange.wait("ask,s,1 Read", Duration::from_secs(15));
    b.say("stoprecord");
    b.wait("recorded");
    b.say("digits 1");
    b.wait("digit 1");
    b.wait("digit 2");
    a.wait("state CONFIRMED");
    a.say("hangup");
    b.wait("state DISCONNECTED");
    a.wait("state DISCONNECTED");

    // It breaks the announcement by a key, and does not take the call: the caller is told otherwise.
    a.say(&number("62"));
    b.wait("incoming");
    b.say("answer");
    b.wait("media active");
    std::thread::sleep(Duration::from_millis(1_000));
    b.say("digits 5");
    std::thread::sleep(Duration::from_millis(1_500));
    b.say("digits 2");
    b.wait("state DISCONNECTED");
    a.wait("state CONFIRMED");
    a.wait("state DISCONNECTED");

    // It stays when its caller goes.
    let alone = exchange.folder.0.join("alone.wav");
    a.say(&number("65"));
    b.wait("incoming");
    b.say("answer");
    a.wait("state CONFIRMED");
    b.wait("state CONFIRMED");
    a.say("hangup");
    a.wait("state DISCONNECTED");
    b.say(&format!("record {}", alone.display()));
    b.wait("state DISCONNECTED");
    b.say("stoprecord");
    b.wait("recorded");
    drop((a, b));
    for wav in [told, alone] {
        let (_, level) = tone(&wav).unwrap();
        assert!(level > -45.0, "{}: {level} dB", wav.display());
    }
    exchange.stop();
}
