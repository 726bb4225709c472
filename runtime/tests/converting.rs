//! `sip.conf` and `users.conf` written as `pjsip.conf`: what is written, what is told, and that both mean the same.
//!
//! `STROWGER_CORPUS` names a folder of other people's configurations, one folder a repository; without it that test says so and passes.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use strowger_compiler::source::Sources;
use strowger_runtime::config;
use strowger_runtime::config::convert::{Conversion, convert};

fn converted(files: &[(&str, &str)]) -> Conversion {
    let mut sources = Sources::new();
    for (name, text) in files {
        sources.add(name, *text);
    }
    convert(&sources).unwrap()
}

/// The new file, every option with what became of it, what changes, and what the comparison found.
fn story(files: &[(&str, &str)]) -> String {
    let conversion = converted(files);
    let mut out = String::from_utf8(conversion.text).unwrap();
    out.push_str("\n=== options\n");
    for o in &conversion.options {
        out.push_str(&format!(
            "{}:{} [{}] {}: {:?}: {}\n",
            o.file, o.line, o.section, o.option, o.state, o.words
        ));
    }
    out.push_str("\n=== changes\n");
    for (about, words) in &conversion.remarks {
        out.push_str(&format!("{about}: {words}\n"));
    }
    let c = &conversion.compared;
    out.push_str(&format!("\n=== {} of {} the same\n", c.same, c.devices));
    for d in &c.differences {
        out.push_str(&format!(
            "{}: {}: {} -> {}\n",
            d.about, d.what, d.before, d.after
        ));
    }
    out.push_str(&c.errors.join("\n"));
    out
}

#[test]
fn phones_and_templates() {
    insta::assert_snapshot!(story(&[(
        "sip.conf",
        "\
[general]
context=public
allowguest=no
udpbindaddr=0.0.0.0
tcpenable=yes
disallow=all
allow=alaw
allow=ulaw
externaddr=203.0.113.9:5062
localnet=192.168.0.0/255.255.0.0
localnet=10.0.0.0/8
defaultexpiry=600
qualify=yes

; What all phones have.
[phone](!)
type=friend
host=dynamic
context=office
nat=force_rport,comedia
dtmfmode=rfc2833
directmedia=nonat,update
callgroup=1
pickupgroup=1

[desk](!,phone)
mailbox=100
call-limit=2

; Reception
[100](desk)
secret=first-secret
callerid=\"Ada Smith\" <100>
setvar=FLOOR=2

[101](phone)
md5secret=0123456789abcdef0123456789ABCDEF
transport=tcp
qualify=1500
videosupport=yes
disallow=all
allow=ulaw&h264
encryption=yes
",
    )]));
}

#[test]
fn trunks() {
    insta::assert_snapshot!(story(&[(
        "sip.conf",
        "\
[general]
allowguest=yes
context=strangers
realm=pbx.example
register => 4711:register-secret:auth@sip.provider.example:5070/4711~300
register => tls://bob@home.example:bobs-secret@192.0.2.8
registerattempts=0
outboundproxy=proxy.example;transport=tcp
tlsenable=yes
tlscertfile=/etc/asterisk/keys/cert.pem

[authentication]
auth=mark:realm-secret@far.example

[provider]
type=peer
host=sip.provider.example
port=5070
defaultuser=4711
secret=trunk-secret
insecure=port,invite
fromuser=4711
fromdomain=provider.example
context=incoming
dtmfmode=shortinfo
t38pt_udptl=yes,redundancy,maxdatagram=400

[carrier]
type=friend
host=192.0.2.7
context=incoming

[caller]
type=user
secret=caller-secret
context=incoming
permit=192.0.2.0/24
deny=0.0.0.0/0

[roaming]
type=peer
host=dynamic
defaultip=192.0.2.55
secret=roaming-secret
remotesecret=outward-secret
insecure=invite

[sentinel]
context=nowhere
",
    )]));
}

#[test]
fn users() {
    insta::assert_snapshot!(story(&[
        ("sip.conf", "[general]\nallowguest=no\ncontext=default\n"),
        (
            "users.conf",
            "\
[general]
hassip=yes
host=dynamic
hasvoicemail=yes
vmsecret=1234
context=staff
callwaiting=yes

[6000]
fullname=Joe User
cid_number=6000
secret=joes-secret

[6001]
hassip=no
hasiax=yes
"
        ),
    ]));
}

#[test]
fn what_nobody_reads_is_told() {
    insta::assert_snapshot!(story(&[(
        "sip.conf",
        "\
[general]
secret=for-nobody
usrgroup=1
nat=maybe
register => nonsense
[100]
type=friend
host=dynamic
tcpenable=yes
dtmfmode=morse
permit=everywhere
[anonymous]
type=friend
host=dynamic
[101](100)
context=copied
"
    )]));
}

#[test]
fn no_secret_is_told() {
    let conversion = converted(&[(
        "sip.conf",
        "\
[general]
register => 1:hidden1:hidden1@host.example
auth=mark:hidden2@realm.example
[100]
type=friend
host=dynamic
secret=hidden3
remotesecret=hidden4
[100]
type=friend
host=dynamic
md5secret=0123456789abcdef0123456789abcde9
setvar=PIN=hidden5
",
    )]);
    let told = format!(
        "{:?} {:?} {:?}",
        conversion.options, conversion.remarks, conversion.compared
    );
    for secret in ["hidden", "0123456789"] {
        assert!(!told.contains(secret), "{told}");
    }
    let text = String::from_utf8(conversion.text).unwrap();
    for secret in ["hidden1", "hidden2", "hidden5", "0123456789"] {
        assert!(text.contains(secret), "{text}");
    }
}

#[test]
fn a_semicolon_comes_back() {
    let conversion = converted(&[(
        "sip.conf",
        "[general]\nallowguest=no\n[100]\ntype=friend\nhost=dynamic\nsecret=a\\;b\nsetvar=X=1\\;--2\n",
    )]);
    assert_eq!(conversion.compared.differences, vec![]);
    assert_eq!(conversion.compared.same, 1);
}

/// `sip*.conf` and `users.conf` below a folder.
fn files(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() {
            files(&path, out);
        } else if name.ends_with(".conf")
            && (name.starts_with("sip") || name == "users.conf")
            && !name.contains("notify")
        {
            out.push(path);
        }
    }
}

#[test]
fn real_files() {
    let Some(corpus) = std::env::var_os("STROWGER_CORPUS") else {
        eprintln!("skipped: STROWGER_CORPUS names no folder of configurations");
        return;
    };
    let mut all = Vec::new();
    files(Path::new(&corpus), &mut all);
    all.sort();
    let mut table = String::new();
    let (mut devices, mut same, mut options) = (0, 0, [0; 4]);
    for path in &all {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let as_name = if name == "users.conf" {
            "users.conf"
        } else {
            "sip.conf"
        };
        let bytes = std::fs::read(path).unwrap();
        let mut sources = Sources::new();
        strowger_compiler::conf::line::load(&mut sources, as_name, bytes, &mut |pattern| {
            let file = path.parent().unwrap().join(pattern);
            std::fs::read(file)
                .map(|bytes| vec![(pattern.to_owned(), bytes)])
                .unwrap_or_default()
        });
        let conversion = convert(&sources).unwrap();
        let shown = path.display();
        // Every line that holds an option is told of, once.
        let read = strowger_compiler::conf::line::read(&sources, sources.find(as_name).unwrap());
        let own = read
            .sections
            .iter()
            .flat_map(|s| &s.values)
            .filter(|v| !v.inherited);
        assert_eq!(own.count(), conversion.options.len(), "{shown}");
        assert!(
            conversion.options.iter().all(|o| !o.words.is_empty()),
            "{shown}"
        );
        // Nothing of the new file is refused.
        assert_eq!(conversion.compared.errors, Vec::<String>::new(), "{shown}");
        let again = Sources::new().with("pjsip.conf", conversion.text.clone());
        let (_, findings) = config::understand(&again);
        for finding in findings {
            let of_value = ["C021"].contains(&finding.code);
            assert!(
                !of_value || finding.message.contains("codec"),
                "{shown}: {finding:?}"
            );
        }
        let mut counts = [0; 4];
        for o in &conversion.options {
            counts[o.state as usize] += 1;
        }
        let c = &conversion.compared;
        table.push_str(&format!(
            "{shown}: {:?}, {} of {} the same\n",
            counts, c.same, c.devices
        ));
        for d in &c.differences {
            table.push_str(&format!(
                "    {}: {}: {} -> {}\n",
                d.about, d.what, d.before, d.after
            ));
        }
        devices += c.devices;
        same += c.same;
        for (all, here) in options.iter_mut().zip(counts) {
            *all += here;
        }
    }
    eprintln!(
        "{table}{} files, {options:?}, {same} of {devices} devices the same",
        all.len()
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn no_file_is_too_much(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let mut text = b"[general]\n".to_vec();
        text.extend(&bytes);
        let sources = Sources::new().with("sip.conf", text);
        convert(&sources).unwrap();
    }

    #[test]
    fn values_mean_what_they_meant(
        keys in proptest::collection::vec(
            (proptest::sample::select(vec![
                "context", "secret", "callerid", "nat", "dtmfmode", "insecure", "allow", "disallow",
                "setvar", "permit", "deny", "defaultuser", "port", "fromuser", "language", "transport",
                "directmedia", "mailbox", "qualify", "allowoverlap", "outofcall_message_context",
            ]), proptest::sample::select(vec![
                "yes", "no", "a;b", "\"A B\" <12>", "12", "ulaw", "alaw,ulaw", "all", "all,!alaw", "udp", "tcp",
                "X=1", "192.0.2.0/24", "force_rport", "comedia", "auto_force_rport", "info", "inband", "port,invite",
            ])), 0..14),
        host in proptest::sample::select(vec!["dynamic", "192.0.2.9", "pbx.example"]),
        kind in proptest::sample::select(vec!["friend", "peer", "user"]),
    ) {
        // A user in a contact is one word.
        let keys = keys.into_iter().filter(|(k, v)| *k != "defaultuser" || v.bytes().all(|b| b.is_ascii_alphanumeric()));
        let keys: Vec<_> = keys.collect();
        let mut text = format!("[general]\nallowguest=no\ntcpenable=yes\n[100]\ntype={kind}\nhost={host}\n");
        for (key, value) in &keys {
            text.push_str(&format!("{key}={}\n", value.replace(';', "\\;")));
        }
        let conversion = converted(&[("sip.conf", &text)]);
        // These may differ, each with a remark; nothing else may.
        const TOLD: [&str; 6] = [
            "found by the user of From", "calls must prove who they are", "messages must prove who they are",
            "who may prove to be it", "behind a router", "protocol of calls to it",
        ];
        for d in &conversion.compared.differences {
            prop_assert!(TOLD.contains(&d.what), "{text}\n{d:?}\n{}", String::from_utf8_lossy(&conversion.text));
        }
    }
}
