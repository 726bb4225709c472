//! baresip: two phones talk, either side hangs up, the echo.

use crate::exchange::Exchange;
use crate::{Folder, Program, have, port, tone};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A baresip with a control connection. It plays a tone and dumps what it hears.
struct Baresip {
    _child: Program,
    control: TcpStream,
    inbox: Vec<u8>,
    events: Vec<serde_json::Value>,
    folder: Folder,
}

const MODULES: &str = "/usr/lib/baresip/modules";

impl Baresip {
    fn start(user: &str, hertz: u32, exchange: &Exchange) -> Baresip {
        let folder = Folder::new(&format!("baresip-{user}-{}", exchange.port()));
        let (control, sip) = (port(), port());
        let made = Command::new("sox")
            .args(["-n", "-r", "8000", "-c", "1", "-b", "16"])
            .arg(folder.0.join("tone.wav"))
            .args(["synth", "30", "sine", &hertz.to_string(), "vol", "0.4"])
            .status()
            .unwrap();
        assert!(made.success());
        let rtp = port();
        folder.write(
            "config",
            &format!(
                "module_path {MODULES}\nmodule g711.so\nmodule aufile.so\nmodule aubridge.so\nmodule sndfile.so\nmodule_tmp uuid.so\nmodule_tmp account.so\n\
                 module_app ctrl_tcp.so\nmodule_app menu.so\nctrl_tcp_listen 127.0.0.1:{control}\nsip_listen 127.0.0.1:{sip}\nnet_interface 127.0.0.1\n\
                 audio_source aufile,{dir}/tone.wav\naudio_player aubridge,{user}\naudio_alert aubridge,{user}-alert\nausrc_srate 8000\nauplay_srate 8000\n\
                 ausrc_channels 1\nauplay_channels 1\nsnd_path {dir}\nrtp_ports {rtp}-{}\nmenu_bell no\n",
                rtp + 20,
                dir = folder.0.display(),
            ),
        );
        folder.write(
            "accounts",
            &format!(
                "<sip:{user}@{};transport=udp>;auth_pass={user}-secret;regint=60\n",
                exchange.address()
            ),
        );
        folder.write("contacts", "");
        let log = std::fs::File::create(folder.0.join("log")).unwrap();
        let child = Program(
            Command::new("baresip")
                .args(["-f", folder.0.to_str().unwrap()])
                .stdin(Stdio::null())
                .stdout(log.try_clone().unwrap())
                .stderr(log)
                .spawn()
                .unwrap(),
        );
        let end = Instant::now() + Duration::from_secs(10);
        let control = loop {
            match TcpStream::connect(("127.0.0.1", control)) {
                Ok(stream) => break stream,
                Err(fault) => assert!(Instant::now() < end, "baresip does not listen: {fault}"),
            }
            std::thread::sleep(Duration::from_millis(50));
        };
        control
            .set_read_timeout(Some(Duration::from_millis(100)))
            .unwrap();
        Baresip {
            _child: child,
            control,
            inbox: Vec::new(),
            events: Vec::new(),
            folder,
        }
    }

    /// Waits for the end of the registration. It may be older than the control connection, so the log tells.
    fn registered(&self) {
        let end = Instant::now() + Duration::from_secs(10);
        loop {
            let log = std::fs::read_to_string(self.folder.0.join("log")).unwrap_or_default();
            if log.contains("200 OK") {
                return;
            }
            assert!(Instant::now() < end, "baresip is not registered:\n{log}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn say(&mut self, command: &str, params: &str) {
        let line =
            serde_json::json!({ "command": command, "params": params, "token": "t" }).to_string();
        write!(self.control, "{}:{line},", line.len()).unwrap();
    }

    /// Waits for an event of this type.
    fn wait(&mut self, kind: &str) -> serde_json::Value {
        let end = Instant::now() + Duration::from_secs(15);
        loop {
            if let Some(at) = self.events.iter().position(|e| e["type"] == kind) {
                return self.events.drain(..=at).next_back().unwrap();
            }
            assert!(
                Instant::now() < end,
                "baresip never told {kind}; it told {:?}\n{}",
                self.events,
                std::fs::read_to_string(self.folder.0.join("log")).unwrap_or_default()
            );
            let mut piece = [0; 4096];
            if let Ok(size) = self.control.read(&mut piece) {
                self.inbox.extend_from_slice(&piece[..size]);
            }
            // Netstrings: `length:json,`.
            while let Some(colon) = self.inbox.iter().position(|b| *b == b':') {
                let length: usize = String::from_utf8_lossy(&self.inbox[..colon])
                    .parse()
                    .unwrap();
                if self.inbox.len() < colon + length + 2 {
                    break;
                }
                let event =
                    serde_json::from_slice(&self.inbox[colon + 1..colon + 1 + length]).unwrap();
                self.inbox.drain(..colon + length + 2);
                self.events.push(event);
            }
        }
    }

    /// The newest dump of what was heard.
    fn heard(&self) -> PathBuf {
        let mut dumps: Vec<PathBuf> = std::fs::read_dir(&self.folder.0)
            .unwrap()
            .flatten()
            .map(|e| e.path())
            .filter(|p| p.to_string_lossy().ends_with("-dec.wav"))
            .collect();
        dumps.sort();
        dumps.pop().unwrap()
    }
}

fn hears(phone: &Baresip, hertz: f64) {
    let wav = phone.heard();
    let (got, level) = tone(&wav).unwrap();
    assert!(
        (got - hertz).abs() < 30.0 && level > -45.0,
        "{}: {got} Hz at {level} dB, not {hertz}",
        wav.display()
    );
}

#[test]
fn two_phones_talk_and_either_side_hangs_up() {
    let Some(_turn) = have("baresip-talk", &["baresip", "sox"]) else {
        return;
    };
    let exchange = Exchange::start("baresip-talk", &[]);
    let mut a = Baresip::start("nlys", 440, &exchange);
    let mut b = Baresip::start("ealbouy", 880, &exchange);
    a.registered();
    b.registered();
    for called_ends in [true, false] {
        a.say("dial", &format!("sip:62@{}", exchange.address()));
        b.wait("CALL_INCOMING");
        a.wait("CALL_RINGING");
        b.say("accept", "");
        a.wait("CALL_ESTABLISHED");
        b.wait("CALL_ESTABLISHED");
        std::thread::sleep(Duration::from_millis(2_500));
        if called_ends {
            b.say("hangup", "")
        } else {
            a.say("hangup", "")
        }
        a.wait("CALL_CLOSED");
        b.wait("CALL_CLOSED");
        std::thread::sleep(Duration::from_millis(1_100)); // dumps are named by the second
        hears(&a, 880.0);
        hears(&b, 440.0);
    }
    drop((a, b));
    exchange.stop();
}

#[test]
fn the_echo_returns_what_is_said() {
    let Some(_turn) = have("baresip-echo", &["baresip", "sox"]) else {
        return;
    };
    let exchange = Exchange::start("baresip-echo", &[]);
    let mut a = Baresip::start("nlys", 660, &exchange);
    a.registered();
    a.say("dial", &format!("sip:3666@{}", exchange.address()));
    a.wait("CALL_ESTABLISHED");
    std::thread::sleep(Duration::from_millis(2_500));
    a.say("hangup", "");
    a.wait("CALL_CLOSED");
    std::thread::sleep(Duration::from_millis(300));
    hears(&a, 660.0);
    drop(a);
    exchange.stop();
}
