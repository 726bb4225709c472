//! sipp: registrations, texts and load.

use crate::exchange::{Exchange, sip_conf};
use crate::{Folder, Program, have, port};
use std::collections::HashMap;
use std::io::Write;
use std::net::{SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

fn scenario(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop/sipp")).join(name)
}

fn sipp(folder: &Folder, args: &[&str]) -> Command {
    let mut command = Command::new("sipp");
    command
        .current_dir(&folder.0)
        .args([
            "-nostdin",
            "-i",
            "127.0.0.1",
            "-timeout",
            "60s",
            "-timeout_error",
            "-trace_err",
        ])
        .args(args);
    if !args.contains(&"-p") {
        command.args(["-p", &port().to_string()]);
    }
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// What a field of a CSV file must hold so that sipp answers a challenge with it.
fn answer(user: &str, secret: &str) -> String {
    format!("[authentication username={user} password={secret}]")
}

fn good(what: &str, folder: &Folder, out: &Output) {
    if out.status.success() {
        return;
    }
    let errors: String = std::fs::read_dir(&folder.0)
        .unwrap()
        .flatten()
        .filter(|e| e.file_name().to_string_lossy().contains("errors"))
        .filter_map(|e| std::fs::read_to_string(e.path()).ok())
        .map(|t| t.chars().take(4_000).collect::<String>())
        .collect();
    let tail = |b: &[u8]| {
        String::from_utf8_lossy(b)
            .lines()
            .rev()
            .take(60)
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
            .collect::<Vec<_>>()
            .join("\n")
    };
    panic!(
        "{what}: sipp ended with {}\n{}\n{}\n{errors}",
        out.status,
        tail(&out.stdout),
        tail(&out.stderr)
    );
}

#[test]
fn two_hundred_users_register_with_digest() {
    let Some(_turn) = have("sipp-register", &["sipp"]) else {
        return;
    };
    let users: String = (1000..1200)
        .map(|n| format!("[{n}]\ntype=friend\nhost=dynamic\nsecret=s{n}\n"))
        .collect();
    let exchange = Exchange::start(
        "sipp-register",
        &[(
            "sip.conf",
            sip_conf(0, &users).replace("127.0.0.1:0", "127.0.0.1:@PORT@"),
        )],
    );
    let folder = Folder::new("sipp-register-client");
    let csv: String = (1000..1200)
        .map(|n| format!("{n};{};\n", answer(&n.to_string(), &format!("s{n}"))))
        .collect();
    let csv = folder.write("users.csv", &format!("SEQUENTIAL\n{csv}"));
    let xml = scenario("register.xml");
    let args = [
        "-sf",
        xml.to_str().unwrap(),
        "-inf",
        csv.to_str().unwrap(),
        "-m",
        "200",
        "-r",
        "100",
        "-l",
        "100",
        &exchange.address(),
    ];
    good("register", &folder, &sipp(&folder, &args).output().unwrap());
    exchange.stop();
}

#[test]
fn a_text_goes_from_one_user_to_another() {
    let Some(_turn) = have("sipp-message", &["sipp"]) else {
        return;
    };
    let receiver_port = port();
    // A peer with an address of its own need not register.
    let users = format!("[bob]\ntype=friend\nhost=127.0.0.1\nport={receiver_port}\nsecret=b\n");
    let exchange = Exchange::start(
        "sipp-message",
        &[(
            "sip.conf",
            sip_conf(0, &users).replace("127.0.0.1:0", "127.0.0.1:@PORT@"),
        )],
    );
    let folder = Folder::new("sipp-message-client");
    let (receive, send) = (scenario("receiver.xml"), scenario("message.xml"));
    let port = receiver_port.to_string();
    let receiver = sipp(
        &folder,
        &[
            "-sf",
            receive.to_str().unwrap(),
            "-p",
            &port,
            "-m",
            "5",
            &exchange.address(),
        ],
    )
    .spawn()
    .unwrap();
    std::thread::sleep(Duration::from_millis(500));
    let csv = folder.write(
        "users.csv",
        &format!("SEQUENTIAL\nnlys;{};bob\n", answer("nlys", "nlys-secret")),
    );
    let args = [
        "-sf",
        send.to_str().unwrap(),
        "-inf",
        csv.to_str().unwrap(),
        "-m",
        "5",
        "-r",
        "5",
        &exchange.address(),
    ];
    good("message", &folder, &sipp(&folder, &args).output().unwrap());
    good("receiver", &folder, &receiver.wait_with_output().unwrap());
    exchange.stop();
}

/// 20 ms frames of a tone, as µ-law.
fn audio() -> Vec<u8> {
    fn ulaw(sample: i16) -> u8 {
        let sign = if sample < 0 { 0x80 } else { 0 };
        let magnitude = i32::from(sample).abs().min(32_635) + 0x84;
        let exponent = (7..=14)
            .rev()
            .find(|e| magnitude & (1 << e) != 0)
            .unwrap_or(7)
            - 7;
        !(sign | (exponent << 4) as u8 | ((magnitude >> (exponent + 3)) & 0x0f) as u8)
    }
    (0..8_000)
        .map(|n| {
            ulaw(
                (f64::from(n) * 440.0 / 8_000.0 * std::f64::consts::TAU)
                    .sin()
                    .mul_add(8_000.0, 0.0) as i16,
            )
        })
        .collect()
}

/// Sends every datagram back, and counts them by sender.
struct Echo {
    port: u16,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<HashMap<SocketAddr, usize>>,
}

impl Echo {
    fn start() -> Echo {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket
            .set_read_timeout(Some(Duration::from_millis(100)))
            .unwrap();
        let port = socket.local_addr().unwrap().port();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let mut heard = HashMap::new();
            let mut packet = [0; 2048];
            while !stopped.load(Ordering::Relaxed) {
                if let Ok((size, from)) = socket.recv_from(&mut packet) {
                    *heard.entry(from).or_default() += 1;
                    let _ = socket.send_to(&packet[..size], from);
                }
            }
            heard
        });
        Echo { port, stop, thread }
    }

    fn stop(self) -> HashMap<SocketAddr, usize> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

#[test]
fn two_hundred_calls_at_once_with_audio() {
    let Some(_turn) = have("sipp-load", &["sipp"]) else {
        return;
    };
    let callee = port();
    let users = format!(
        "[load]\ntype=friend\nhost=dynamic\nsecret=l\n[far]\ntype=peer\nhost=127.0.0.1\nport={callee}\n"
    );
    let exchange = Exchange::start(
        "sipp-load",
        &[
            (
                "sip.conf",
                sip_conf(0, &users).replace("127.0.0.1:0", "127.0.0.1:@PORT@"),
            ),
            (
                "extensions.conf",
                "[default]\nexten => 900,1,Dial(SIP/far)\n".into(),
            ),
            (
                "rtp.conf",
                "[general]\nrtpstart=34000\nrtpend=35999\n".into(),
            ),
        ],
    );
    let folder = Folder::new("sipp-load-client");
    std::fs::write(folder.0.join("tone.ul"), audio()).unwrap();
    let callee_port = callee.to_string();
    let echo = Echo::start();
    let xml = std::fs::read_to_string(scenario("callee.xml"))
        .unwrap()
        .replace("@ECHO@", &echo.port.to_string());
    let xml = folder.write("callee.xml", &xml);
    let args = [
        "-sf",
        xml.to_str().unwrap(),
        "-p",
        &callee_port,
        &exchange.address(),
    ];
    let uas = Program(
        sipp(&folder, &args)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap(),
    );
    std::thread::sleep(Duration::from_millis(500));
    let csv = folder.write(
        "users.csv",
        &format!("SEQUENTIAL\nload;{};900\n", answer("load", "l")),
    );
    let xml = std::fs::read_to_string(scenario("caller.xml"))
        .unwrap()
        .replace("[audio]", "tone.ul");
    let audio_port = port().to_string();
    let xml = folder.write("caller.xml", &xml);
    let args = [
        "-sf",
        xml.to_str().unwrap(),
        "-inf",
        csv.to_str().unwrap(),
        "-m",
        "200",
        "-l",
        "200",
        "-r",
        "40",
        "-d",
        "12000",
        "-mp",
        &audio_port,
        &exchange.address(),
    ];
    let out = sipp(&folder, &args).output().unwrap();
    let (memory, cpu) = exchange.cost();
    drop(uas);
    good("load", &folder, &out);
    let heard = echo.stop();
    assert_eq!(heard.len(), 200, "calls that carried audio");
    assert!(
        heard.values().all(|n| *n >= 100),
        "packets per call: {heard:?}"
    );
    let _ = writeln!(
        std::io::stderr(),
        "200 relayed calls of 12 s, {} packets of audio each on average, echoed: peak memory {} MiB, {cpu:.1} CPU s ({:.2} ms per call-second)",
        heard.values().sum::<usize>() / heard.len(),
        memory / 1024,
        cpu * 1000.0 / (200.0 * 12.0)
    );
    exchange.stop();
}
