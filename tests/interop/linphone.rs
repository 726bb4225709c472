//! linphone-cli over UDP and TCP: registers, calls, is called, holds, texts.

use crate::exchange::Exchange;
use crate::{Folder, Program, have, port, tone};
use std::io::{Read, Write};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

pub(crate) struct Linphone {
    child: Program,
    input: ChildStdin,
    said: Arc<Mutex<String>>,
    /// What was read of `said` already.
    at: usize,
    pub(crate) folder: Folder,
    user: String,
    suffix: &'static str,
    exchange: String,
}

impl Linphone {
    pub(crate) fn start(user: &str, hertz: u32, exchange: &Exchange, tcp: bool) -> Linphone {
        let folder = Folder::new(&format!("linphone-{user}-{tcp}"));
        std::fs::create_dir_all(folder.0.join(".local/share/linphone")).unwrap();
        let (sip, rtp) = (port(), port());
        let rc = format!(
            "[sip]\nsip_port={sip}\nsip_tcp_port={sip}\nsip_tls_port=-1\nuse_ipv6=0\nguess_hostname=1\n[rtp]\naudio_rtp_port={rtp}\n\
             [net]\nfirewall_policy=0\n[video]\nenabled=0\ncapture=0\ndisplay=0\nautomatically_initiate=0\nautomatically_accept=0\n\
             [sound]\nechocancellation=0\n"
        );
        let rc = folder.write("rc", &rc);
        let wav = folder.0.join("tone.wav");
        let made = Command::new("sox")
            .args(["-n", "-r", "8000", "-c", "1", "-b", "16"])
            .arg(&wav)
            .args(["synth", "20", "sine", &hertz.to_string(), "vol", "0.4"])
            .status()
            .unwrap();
        assert!(made.success());
        let mut child = Command::new("linphonec")
            .args(["-c", rc.to_str().unwrap(), "-d", "0"])
            .env("HOME", &folder.0)
            .env("XDG_DATA_HOME", folder.0.join(".local/share"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let input = child.stdin.take().unwrap();
        let mut output = child.stdout.take().unwrap();
        let said = Arc::new(Mutex::new(String::new()));
        let keep = Arc::clone(&said);
        std::thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(size) = output.read(&mut piece) {
                if size == 0 {
                    return;
                }
                keep.lock()
                    .unwrap()
                    .push_str(&String::from_utf8_lossy(&piece[..size]));
            }
        });
        let suffix = if tcp { ";transport=tcp" } else { "" };
        let mut phone = Linphone {
            child: Program(child),
            input,
            said,
            at: 0,
            folder,
            user: user.into(),
            suffix,
            exchange: exchange.address(),
        };
        phone.say("soundcard use files");
        phone.say(&format!("play {}", wav.display()));
        phone
    }

    pub(crate) fn register(&mut self) {
        let line = format!(
            "register sip:{u}@{e} sip:{e}{s} {u}-secret",
            u = self.user,
            e = self.exchange,
            s = self.suffix
        );
        self.say(&line);
        let end = Instant::now() + Duration::from_secs(15);
        while !self.said.lock().unwrap().contains("registered, identity") {
            assert!(Instant::now() < end, "linphone is not registered");
            self.say("status register");
        }
    }

    pub(crate) fn call(&mut self, number: &str) {
        let line = format!("call sip:{number}@{}{}", self.exchange, self.suffix);
        self.say(&line);
    }

    pub(crate) fn say(&mut self, line: &str) {
        writeln!(self.input, "{line}").unwrap();
        std::thread::sleep(Duration::from_millis(200));
    }

    /// Waits for text that comes after what was waited for last.
    pub(crate) fn wait(&mut self, text: &str) {
        let end = Instant::now() + Duration::from_secs(15);
        loop {
            {
                let said = self.said.lock().unwrap();
                if let Some(found) = said[self.at..].find(text) {
                    self.at += found + text.len();
                    return;
                }
                assert!(
                    Instant::now() < end,
                    "linphone never said {text:?}:\n{said}"
                );
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Linphone {
    fn drop(&mut self) {
        // Without this it may leave files open; the program itself ends in any case.
        let _ = writeln!(self.input, "quit");
        let end = Instant::now() + Duration::from_secs(3);
        while Instant::now() < end && self.child.0.try_wait().is_ok_and(|s| s.is_none()) {
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

fn whole_life(tcp: bool) {
    let name = if tcp { "linphone-tcp" } else { "linphone-udp" };
    let Some(_turn) = have(name, &["linphonec", "sox"]) else {
        return;
    };
    let exchange = Exchange::start(name, &[]);
    let mut a = Linphone::start("nlys", 440, &exchange, tcp);
    let mut b = Linphone::start("ealbouy", 880, &exchange, tcp);
    a.register();
    b.register();

    let (at_a, at_b) = (a.folder.0.join("heard.wav"), b.folder.0.join("heard.wav"));
    a.say(&format!("record {}", at_a.display()));
    b.say(&format!("record {}", at_b.display()));
    a.call("62");
    b.wait("Receiving new incoming call");
    b.say("answer");
    a.wait("Media streams established");
    std::thread::sleep(Duration::from_secs(3));
    a.say("pause");
    a.wait("is now paused");
    a.say("resume");
    a.wait("Media streams established");
    b.say("terminate");
    a.wait("ended");
    std::thread::sleep(Duration::from_millis(500));
    for (wav, hertz) in [(&at_a, 880.0), (&at_b, 440.0)] {
        let (got, level) = tone(wav).unwrap();
        assert!(
            (got - hertz).abs() < 30.0 && level > -45.0,
            "{}: {got} Hz at {level} dB, not {hertz}",
            wav.display()
        );
    }

    // The other way round; the caller hangs up.
    b.call("61");
    a.wait("Receiving new incoming call");
    a.say("answer");
    b.wait("Media streams established");
    std::thread::sleep(Duration::from_millis(500));
    b.say("terminate");
    a.wait("ended");

    a.say(&format!(
        "chat sip:ealbouy@{}{} \"bonjour\"",
        exchange.address(),
        a.suffix
    ));
    b.wait("bonjour");
    drop(a);
    drop(b);
    exchange.stop();
}

#[test]
fn linphone_over_udp() {
    whole_life(false);
}

#[test]
fn linphone_over_tcp() {
    whole_life(true);
}
