//! The program under test: `strowger run` on a folder, watched line by line.

use crate::{Folder, port};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

/// A running exchange. Dropping it ends it by SIGTERM and fails the test if it does not end well.
pub(crate) struct Exchange {
    address: String,
    pub(crate) folder: Folder,
    child: Child,
    said: Arc<(Mutex<Vec<String>>, Condvar)>,
}

/// The plan and phones that most tests use: three registering phones, an echo, one that nobody answers.
pub(crate) const PLAN: &str = r"
[default]
exten => 61,1,Dial(SIP/nlys,20)
exten => 62,1,Dial(SIP/ealbouy,20)
exten => 63,1,Dial(SIP/alice,20)
exten => 3666,1,Answer
exten => 3666,n,Echo
exten => _70XX,1,Dial(SIP/ealbouy,2)
exten => _70XX,n,Answer()
exten => _70XX,n,SayDigits(${EXTEN})
exten => _70XX,n,Playback(invalid)
exten => _70XX,n,Hangup()
[sms]
exten => _.,1,MessageSend(sip:${EXTEN},${MESSAGE(from)})
";

pub(crate) fn sip_conf(port: u16, more: &str) -> String {
    let phone = |name: &str, number: &str| {
        format!(
            "[{name}]\ntype=friend\nhost=dynamic\nsecret={name}-secret\ncallerid=\"{name}\" <{number}>\n"
        )
    };
    format!(
        "[general]\ncontext=default\nallowguest=no\nudpbindaddr=127.0.0.1:{port}\ntcpenable=yes\ntcpbindaddr=127.0.0.1:{port}\ntransport=udp,tcp\n\
         outofcall_message_context=sms\ndisallow=all\nallow=ulaw\nallow=alaw\n{}{}{}{more}",
        phone("nlys", "61"),
        phone("ealbouy", "62"),
        phone("alice", "63"),
    )
}

impl Exchange {
    /// Starts on a fresh folder with these files; `sip.conf` and the plan may be replaced.
    pub(crate) fn start(name: &str, files: &[(&str, String)]) -> Exchange {
        let port = port();
        let folder = Folder::new(name);
        folder.write("extensions.conf", PLAN);
        folder.write("sip.conf", &sip_conf(port, ""));
        folder.write("rtp.conf", "[general]\nrtpstart=30000\nrtpend=31999\n");
        folder.write("strowger.toml", "[store]\nlocation = \"memory\"\n");
        for (name, text) in files {
            folder.write(name, &text.replace("@PORT@", &port.to_string()));
        }
        Exchange::run(folder, format!("127.0.0.1:{port}"))
    }

    /// Starts on a folder as it is; `address` is where it will listen.
    pub(crate) fn run(folder: Folder, address: String) -> Exchange {
        Exchange::launch(folder, address, &["--trace", "sip"])
    }

    /// The same without a trace, for those who send much.
    pub(crate) fn quiet(folder: Folder, address: String) -> Exchange {
        Exchange::launch(folder, address, &[])
    }

    /// The same with these options of `strowger run`.
    pub(crate) fn launch(folder: Folder, address: String, options: &[&str]) -> Exchange {
        let mut child = Command::new(env!("CARGO_BIN_EXE_strowger"))
            .arg("run")
            .args(options)
            .arg(&folder.0)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let said = Arc::new((Mutex::new(Vec::new()), Condvar::new()));
        let listen = |stream: Box<dyn std::io::Read + Send>| {
            let said = Arc::clone(&said);
            std::thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    said.0.lock().unwrap().push(line);
                    said.1.notify_all();
                }
            });
        };
        listen(Box::new(child.stdout.take().unwrap()));
        listen(Box::new(child.stderr.take().unwrap()));
        let exchange = Exchange {
            address,
            folder,
            child,
            said,
        };
        exchange.wait("Ready.", Duration::from_secs(10));
        exchange
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// `127.0.0.1:PORT`.
    pub(crate) fn address(&self) -> String {
        self.address.clone()
    }

    /// The port alone.
    pub(crate) fn port(&self) -> u16 {
        self.address.rsplit(':').next().unwrap().parse().unwrap()
    }

    /// Waits for a line that holds `text`; the whole log is shown when it does not come.
    pub(crate) fn wait(&self, text: &str, limit: Duration) -> String {
        let end = Instant::now() + limit;
        let mut said = self.said.0.lock().unwrap();
        loop {
            if let Some(line) = said.iter().find(|l| l.contains(text)) {
                return line.clone();
            }
            let left = end.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero(),
                "the exchange never said {text:?}:\n{}",
                said.join("\n")
            );
            said = self.said.1.wait_timeout(said, left).unwrap().0;
        }
    }

    /// Everything that it said.
    pub(crate) fn log(&self) -> String {
        self.said.0.lock().unwrap().join("\n")
    }

    /// Peak memory in KiB and CPU seconds so far.
    pub(crate) fn cost(&self) -> (u64, f64) {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap_or_default();
        let peak = status
            .lines()
            .find_map(|l| l.strip_prefix("VmHWM:"))
            .and_then(|l| l.split_whitespace().next()?.parse().ok());
        let stat =
            std::fs::read_to_string(format!("/proc/{}/stat", self.pid())).unwrap_or_default();
        let ticks: f64 = stat
            .rsplit(')')
            .next()
            .unwrap_or_default()
            .split_whitespace()
            .skip(11)
            .take(2)
            .filter_map(|t| t.parse::<f64>().ok())
            .sum();
        (peak.unwrap_or(0), ticks / 100.0)
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args([name, &self.pid().to_string()])
            .status();
        assert!(sent.unwrap().success(), "kill {name}");
    }

    /// Ends it as a service manager does; it must let go of everything and say 0.
    pub(crate) fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.signal("-TERM");
        let end = Instant::now() + Duration::from_secs(40);
        while Instant::now() < end {
            if let Some(status) = self.child.try_wait().unwrap() {
                if !std::thread::panicking() {
                    assert!(status.success(), "it ended with {status}:\n{}", self.log());
                }
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        if !std::thread::panicking() {
            panic!("it did not end within 40 s:\n{}", self.log());
        }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|s| s.is_none()) {
            if std::thread::panicking() {
                let _ = writeln!(std::io::stderr(), "what the exchange said:\n{}", self.log());
                let _ = self.child.kill();
                let _ = self.child.wait();
                return;
            }
            self.end();
        }
    }
}
