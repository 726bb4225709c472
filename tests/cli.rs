//! The command line: what it prints, and how it ends.
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::process::{Command, Output};

fn strowger(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_strowger"))
        .args(args)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("NO_COLOR", "1")
        .output()
        .unwrap()
}

/// Standard output, standard error, and the exit status, as a reader sees them.
fn seen(args: &[&str]) -> String {
    let out = strowger(args);
    let version = env!("CARGO_PKG_VERSION");
    let text = |b: &[u8]| String::from_utf8_lossy(b).replace(version, "VERSION");
    let errors = text(&out.stderr);
    let errors = if errors.is_empty() {
        String::new()
    } else {
        format!("--- standard error\n{errors}")
    };
    format!(
        "$ strowger {}\n{}{errors}--- exit {}\n",
        args.join(" "),
        text(&out.stdout),
        out.status.code().unwrap()
    )
}

fn folder(name: &str, files: &[(&str, &str)]) -> std::path::PathBuf {
    let path = std::env::temp_dir().join(format!("strowger-cli-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    for (name, text) in files {
        std::fs::write(path.join(name), text).unwrap();
    }
    path
}

#[test]
fn checking_the_examples() {
    for example in ["two-phones", "sms", "lab"] {
        insta::assert_snapshot!(
            format!("check_{example}"),
            seen(&["check", &format!("examples/{example}")])
        );
    }
    insta::assert_snapshot!(
        "check_two_sites",
        seen(&["check", "examples/two-sites/E/sip1"])
    );
    insta::assert_snapshot!(
        "check_json",
        seen(&["check", "--format", "json", "examples/sms"])
    );
}

#[test]
fn what_would_run() {
    for example in ["two-phones", "sms", "lab", "two-sites/D.1/sip3"] {
        let out = strowger(&["run", "--check-only", &format!("examples/{example}")]);
        assert!(
            out.status.success(),
            "{example}: {}",
            String::from_utf8_lossy(&out.stderr)
        );
        let name = format!("run_{}", example.replace(['/', '-', '.'], "_"));
        insta::assert_snapshot!(
            name,
            String::from_utf8_lossy(&out.stdout).replace(env!("CARGO_PKG_VERSION"), "VERSION")
        );
    }
}

#[test]
fn asking_a_plan() {
    insta::assert_snapshot!(
        "show",
        seen(&["show", "examples/two-phones", "--context", "default"])
    );
    insta::assert_snapshot!(
        "match_found",
        seen(&["match", "examples/lab", "work", "6001"])
    );
    insta::assert_snapshot!(
        "match_nothing",
        seen(&["match", "examples/lab", "work", "7001"])
    );
    insta::assert_snapshot!(
        "match_no_context",
        seen(&["match", "examples/lab", "nowhere", "7001"])
    );
    insta::assert_snapshot!(
        "eval",
        seen(&[
            "eval",
            "$[${LEN(${x})} > 3 ? long :: short] ${x:1:2} $[1/3]",
            "--var",
            "x=hello"
        ])
    );
    insta::assert_snapshot!("eval_unknown", seen(&["eval", "${NOSUCH(1)}."]));
    insta::assert_snapshot!(
        "simulate",
        seen(&[
            "simulate",
            "examples/two-phones",
            "default,61",
            "--given",
            "SIP/nlys=busy",
            "--now",
            "2026-03-11T12:30:00Z"
        ])
    );
    insta::assert_snapshot!(
        "simulate_answer",
        seen(&[
            "simulate",
            "examples/two-phones",
            "default,62",
            "--given",
            "SIP/ealbouy=answers:2s",
            "--now",
            "2026-03-11 12:30"
        ])
    );
    insta::assert_snapshot!(
        "simulate_unknown",
        seen(&[
            "simulate",
            "examples/two-phones",
            "default,62",
            "--now",
            "2026-03-11 12:30"
        ])
    );
}

#[test]
fn the_bytecode_can_be_read() {
    let shown = seen(&["show", "examples/two-phones", "--bytecode"]);
    assert!(
        shown.contains("Dial") && shown.ends_with("--- exit 0\n"),
        "{shown}"
    );
}

#[test]
fn bad_files_start_nothing() {
    type Files<'a> = &'a [(&'a str, &'a str)];
    let cases: &[(&str, Files<'_>, i32)] = &[
        ("nothing", &[], 1),
        ("no-plan", &[("sip.conf", "[general]\n")], 1),
        (
            "broken-plan",
            &[
                ("extensions.conf", "[default\nexten => 1,1,NoOp()\n"),
                ("sip.conf", "[general]\nudpbindaddr=127.0.0.1\n"),
            ],
            1,
        ),
        (
            "broken-sip",
            &[
                ("extensions.conf", "[default]\nexten => 1,1,NoOp()\n"),
                ("sip.conf", "udpbindaddr=127.0.0.1\n"),
            ],
            1,
        ),
        (
            "broken-toml",
            &[
                ("extensions.conf", "[default]\nexten => 1,1,NoOp()\n"),
                ("sip.conf", "[general]\n"),
                ("strowger.toml", "[sip\n"),
            ],
            1,
        ),
        (
            "include-missing",
            &[
                ("extensions.conf", "#include \"nowhere.conf\"\n[default]\n"),
                ("sip.conf", "[general]\n"),
            ],
            1,
        ),
        (
            "only-mistakes",
            &[
                (
                    "extensions.conf",
                    "[default]\nexten => 1,n,NoOp()\nsame =>> n,X\n",
                ),
                ("sip.conf", "[general]\n"),
            ],
            0,
        ),
    ];
    for (name, files, code) in cases {
        let path = folder(name, files);
        let out = strowger(&["run", "--check-only", path.to_str().unwrap()]);
        let said = String::from_utf8_lossy(&out.stderr);
        assert_eq!(out.status.code(), Some(*code), "{name}: {said}");
        assert!(
            *code == 0 || !said.trim().is_empty(),
            "{name}: nothing was said"
        );
        let _ = std::fs::remove_dir_all(path);
    }
    // Without any file for SIP there is nothing to listen at.
    let path = folder(
        "no-sip",
        &[("extensions.conf", "[default]\nexten => 1,1,NoOp()\n")],
    );
    let out = strowger(&["run", path.to_str().unwrap()]);
    assert_eq!(
        out.status.code(),
        Some(1),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    let _ = std::fs::remove_dir_all(path);
}

#[test]
fn wrong_words_are_answered() {
    for args in [
        &["check", "/no/such/place"][..],
        &["run", "/no/such/place"],
        &["simulate", "examples/lab", "work"],
        &[
            "simulate",
            "examples/lab",
            "work,6001",
            "--given",
            "SIP/6001=sings",
        ],
        &[
            "match",
            "examples/lab",
            "work",
            "6001",
            "--now",
            "yesterday",
        ],
        &["frobnicate"],
    ] {
        let out = strowger(args);
        assert_eq!(out.status.code(), Some(2), "{args:?}");
        assert!(!out.stderr.is_empty(), "{args:?}");
    }
}

#[test]
fn batches_survive_nonsense() {
    use std::io::Write;
    for verb in ["eval", "match", "show", "simulate"] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_strowger"))
            .args([verb, "--batch"])
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(b"{\"id\":\"a\"}\n\nnot json\n[1]\n{\"id\":7,\"text\":5,\"contexts\":[],\"vars\":\"x\"}\n").unwrap();
        let out = child.wait_with_output().unwrap();
        assert_eq!(out.status.code(), Some(2), "{verb}");
        let lines: Vec<serde_json::Value> = String::from_utf8(out.stdout)
            .unwrap()
            .lines()
            .map(|l| serde_json::from_str(l).unwrap())
            .collect();
        assert_eq!(lines.len(), 4, "{verb}");
        assert_eq!(lines[0]["id"], "a", "{verb}");
        assert!(lines[1]["error"].is_string(), "{verb}");
    }
}

#[test]
fn secrets_are_never_printed() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/two-phones");
    for args in [
        vec!["check"],
        vec!["check", "--format", "json"],
        vec!["run", "--check-only"],
        vec!["show"],
    ] {
        let mut args = args;
        args.push(path.to_str().unwrap());
        let out = strowger(&args);
        let said = format!(
            "{}{}",
            String::from_utf8_lossy(&out.stdout),
            String::from_utf8_lossy(&out.stderr)
        );
        assert!(
            !said.contains("lampe-61-orage") && !said.contains("canal-62-brume"),
            "{args:?}"
        );
    }
}

/// One datagram to a running exchange and the answer.
fn ask(socket: &std::net::UdpSocket, message: &str) -> String {
    socket.send(message.as_bytes()).unwrap();
    let mut answer = [0; 4096];
    let size = socket.recv(&mut answer).unwrap();
    String::from_utf8_lossy(&answer[..size]).into_owned()
}

#[test]
#[cfg(unix)]
fn the_exchange_runs_answers_and_stops_on_a_signal() {
    use std::io::{BufRead, BufReader};
    let path = folder(
        "signal",
        &[
            ("extensions.conf", "[default]\nexten => 1,1,Echo()\n"),
            (
                "sip.conf",
                "[general]\nudpbindaddr=127.0.0.1:0\nallowguest=no\n",
            ),
            ("strowger.toml", "[store]\nlocation = \"memory\"\n"),
        ],
    );
    let mut child = Command::new(env!("CARGO_BIN_EXE_strowger"))
        .args(["run", "--trace", "sip", path.to_str().unwrap()])
        .stdout(std::process::Stdio::piped())
        .stderr(std::fs::File::create(path.join("stderr")).unwrap())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok);
    let at = lines.find(|l| l.contains("listening")).unwrap_or_else(|| {
        let said = std::fs::read_to_string(path.join("stderr"));
        panic!("it does not listen: {said:?}")
    });
    let address = at
        .split("udp ")
        .nth(1)
        .unwrap()
        .split(',')
        .next()
        .unwrap()
        .trim()
        .to_owned();
    assert!(lines.any(|l| l.starts_with("Ready.")));

    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    socket
        .set_read_timeout(Some(std::time::Duration::from_secs(5)))
        .unwrap();
    socket.connect(&address).unwrap();
    let me = socket.local_addr().unwrap();
    let request = |method: &str| {
        format!(
            "{method} sip:1@{address} SIP/2.0\r\nVia: SIP/2.0/UDP {me};branch=z9hG4bK{method}1;rport\r\nMax-Forwards: 70\r\nFrom: <sip:x@{me}>;tag=1\r\nTo: <sip:1@{address}>\r\nCall-ID: {method}@x\r\nCSeq: 1 {method}\r\nContact: <sip:x@{me}>\r\nContent-Length: 0\r\n\r\n"
        )
    };
    assert!(ask(&socket, &request("OPTIONS")).starts_with("SIP/2.0 200"));
    assert!(ask(&socket, &request("INVITE")).starts_with("SIP/2.0 401"));
    assert!(ask(&socket, &request("SUBSCRIBE")).starts_with("SIP/2.0 489"));

    assert!(
        Command::new("kill")
            .args(["-TERM", &child.id().to_string()])
            .status()
            .unwrap()
            .success()
    );
    let rest: Vec<String> = lines.collect();
    assert!(child.wait().unwrap().success(), "{rest:?}");
    assert!(
        rest.iter().any(|l| l.contains("- 401 Unauthorized -")),
        "no ladder: {rest:?}"
    );
    assert!(rest.iter().any(|l| l.starts_with("Stopped")), "{rest:?}");
    let _ = std::fs::remove_dir_all(path);
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_strowger"))
        .args(["show", "examples/sms"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let out = child.wait_with_output().unwrap();
    assert!(
        out.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    assert!(out.status.success());
}

/// Zone rules are part of the program: neither the machine's zone, nor its files, nor their absence changes an answer.
#[test]
fn times_do_not_depend_on_the_machine() {
    let text = "${STRFTIME(1689429600,Europe/Berlin,%F %T %z)} ${STRFTIME(1689429600,,%F %T %z)} \
                ${STRPTIME(2023-07-15 16:00,Europe/Berlin,%F %R)} ${STRFTIME(0,Nowhere/Town,%T)}";
    for (zone, folder) in [
        ("", "/nonexistent"),
        ("America/New_York", "/nonexistent"),
        (":/etc/passwd", "/etc"),
        ("UTC", ""),
    ] {
        let out = Command::new(env!("CARGO_BIN_EXE_strowger"))
            .args(["eval", text])
            .env("TZ", zone)
            .env("TZDIR", folder)
            .env("ZONEINFO", folder)
            .output()
            .expect("strowger runs");
        let line = String::from_utf8_lossy(&out.stdout);
        assert_eq!(
            line.trim(),
            "2023-07-15 16:00:00 +0200 2023-07-15 14:00:00 +0000 1689429600 00:00:00",
            "TZ={zone} TZDIR={folder}"
        );
    }
}

#[test]
fn a_plan_in_dial_is_printed_for_an_asterisk() {
    let plan = "/// The front door.\ncontext office as \"from-trunk\" {\n  on 61 {\n    let _ = dial(pjsip(\"nlys\"), ring: 20s)\n    playback(\"sorry\")\n  }\n}\n";
    let files = folder(
        "emit",
        &[
            ("office.dial", plan),
            (
                "wrong.dial",
                "context office {\n  on 61 { playbak(\"x\") }\n}\n",
            ),
            // Mistakes of the files beside it, and of nobody else.
            ("sip.conf", "[general]\ncontext=public\n"),
            ("pjsip.conf", "[anna]\ntype=endpoint\ncontext=nowhere\n"),
        ],
    );
    let path = |name: &str| files.join(name).to_str().unwrap().to_owned();
    let printed = strowger(&["emit", "--conf", &path("office.dial")]);
    assert_eq!(
        String::from_utf8_lossy(&printed.stdout),
        "; The front door.\n[from-trunk]\nexten => 61,1,Dial(PJSIP/nlys,20)\n same => n,Playback(sorry)\n"
    );
    assert_eq!(printed.status.code(), Some(0));
    let wrong = strowger(&[
        "emit",
        "--conf",
        &path("wrong.dial"),
        "-o",
        &path("out.conf"),
    ]);
    assert_eq!(wrong.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("D201"));
    assert!(!files.join("out.conf").exists());
    let other = strowger(&["emit", "--conf", "examples/two-phones"]);
    assert_eq!(other.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&other.stderr).contains("nothing in it is .dial"));
}

#[test]
fn machine_code_is_shown_where_the_program_can_make_it() {
    let loops = "fn last(to: Int) -> Int {\n  var n = 0\n  while n < to { n = n + 1 }\n  n\n}\n";
    let plain = "context c {\n  on 1 { hangup() }\n}\n";
    let folder = folder("native", &[("loop.dial", loops), ("plain.dial", plain)]);
    let show = |name: &str| {
        let path = folder.join(name);
        let out = strowger(&["show", path.to_str().unwrap(), "--native"]);
        let text = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
        (
            out.status.code().unwrap(),
            text(&out.stdout),
            text(&out.stderr),
        )
    };
    let (code, out, err) = show("loop.dial");
    let (nothing, told, _) = show("plain.dial");
    if strowger_native::BUILT {
        assert_eq!((code, nothing), (0, 0), "{err}");
        assert!(out.starts_with("last    ; ") && out.contains("; loop.dial:3\n"));
        assert!(told.contains("no function gains by machine code"), "{told}");
    } else {
        assert_eq!((code, nothing), (2, 2));
        assert_eq!(
            err,
            "strowger: this strowger was built without machine code; build it with: cargo build --release --features jit\n"
        );
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

/// Without its `.dial` files a plan is another one: nobody runs that instead.
#[test]
fn an_error_in_dial_runs_nowhere() {
    let wrong = "context office {\n  on 1 {\n    playbak(\"hello\")\n    dial(2)\n  }\n}\n";
    let conf = "#include \"office.dial\"\n[old]\nexten => 1,1,Answer()\n";
    let tests = "dialplan: extensions.conf\ntests:\n  - name: old\n    call: 1@old\n";
    let folder = folder(
        "torn",
        &[
            ("extensions.conf", conf),
            ("office.dial", wrong),
            ("old.test.yaml", tests),
        ],
    );
    let path = folder.to_str().unwrap();
    let mut all = String::new();
    for words in [
        &["run", "--check-only"][..],
        &["simulate", "old,1"],
        &["match", "old", "1"],
        &["compile"],
        &["explore"],
        &["audit"],
        &["show", "--bytecode"],
        &["bench", "old,1"],
        &["test"],
    ] {
        let mut args = words.to_vec();
        args.insert(1, path);
        all += &seen(&args).replace(path, "FOLDER");
    }
    let parts: Vec<&str> = all.split("$ strowger").skip(1).collect();
    assert!(parts.iter().all(|p| !p.contains("--- exit 0")), "{all}");
    insta::assert_snapshot!(all);
}

#[test]
fn an_error_in_a_test_keeps_no_plan_from_running() {
    let plan = "context office {\n  on 1 {\n    answer()\n    hangup()\n  }\n}\n\ntest \"one\" {\n  call 1 in office\n  expect ended\n}\n";
    let folder = folder("test-only", &[("extensions.dial", plan)]);
    let path = folder.to_str().unwrap();
    let ran = seen(&["simulate", path, "office,1"]);
    assert!(ran.ends_with("--- exit 0\n"), "{ran}");
    let tested = seen(&["test", path]);
    assert!(
        tested.contains("[D501]") && tested.ends_with("--- exit 2\n"),
        "{tested}"
    );
    let checked = seen(&["check", path]);
    assert!(
        checked.contains("[D501]") && checked.ends_with("--- exit 1\n"),
        "{checked}"
    );
}

/// Whoever lets a caller's text through answers for it: `check` fails, and the plan runs.
#[test]
fn what_is_let_through_on_purpose_runs() {
    let plan = "context office as \"default\" {\n  on `X.` {\n    playback(unchecked(exten))\n    hangup()\n  }\n}\n\ntest \"one\" {\n  call 61 in office\n  expect heard == [\"61\"]\n}\n";
    let folder = folder("let-through", &[("extensions.dial", plan)]);
    let path = folder.to_str().unwrap();
    let checked = seen(&["check", path]);
    assert!(
        checked.contains("[D406]") && checked.ends_with("--- exit 1\n"),
        "{checked}"
    );
    let ran = seen(&["simulate", path, "default,61"]);
    assert!(
        ran.contains("Playback(61)") && ran.ends_with("--- exit 0\n"),
        "{ran}"
    );
    let tested = seen(&["test", path]);
    assert!(tested.ends_with("--- exit 0\n"), "{tested}");
    std::fs::write(folder.join("strowger.toml"), "[levels]\nD406 = \"allow\"\n").unwrap();
    let allowed = seen(&["check", path]);
    assert!(allowed.ends_with("--- exit 0\n"), "{allowed}");
}
