//! What single keys of the configuration files become, and that nothing in a file can harm its reader.
#![allow(clippy::unwrap_used)]

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use proptest::prelude::*;
use strowger_compiler::Level;
use strowger_compiler::levels::{Profile, Target, Who};
use strowger_compiler::source::Sources;
use strowger_runtime::config::{
    self, Account, AorName, CallsAtReload, Codec, Config, Dtmf, FILES, Guests, Network,
    StoreChoice, Technology,
};
use strowger_runtime::sip::digest::Algorithm;
use strowger_runtime::sip::flow::Protocol;
use strowger_stdlib::Dialect;

/// The configuration of some files, and its findings as `CODE file:line`.
fn read(files: &[(&str, &str)]) -> (Config, Vec<String>) {
    let mut sources = Sources::new();
    for (name, text) in files {
        sources.add(name, *text);
    }
    let (config, findings) = config::load(&sources);
    let findings = findings
        .iter()
        .map(|f| {
            let file = sources.file(f.primary.span.file);
            format!(
                "{} {}:{}",
                f.code,
                file.name(),
                file.line(f.primary.span.start)
            )
        })
        .collect();
    (config, findings)
}

fn sip(text: &str) -> (Config, Vec<String>) {
    read(&[("sip.conf", text)])
}

fn pjsip(text: &str) -> (Config, Vec<String>) {
    read(&[("pjsip.conf", text)])
}

fn account(config: &Config, technology: Technology, name: &str) -> Arc<Account> {
    Arc::clone(config.accounts.find(technology, name.as_bytes()).unwrap())
}

const QUIET: &str = "[general]\nallowguest=no\n";

#[test]
fn sip_devices_inherit_general_and_templates() {
    let (config, findings) = sip(
        "[general]\nallowguest=no\ncallerid=Nobody <1>\ncontext=house\nlanguage=fr\ndisallow=all\nallow=alaw\nnat=no\n\
         [base](!)\ntype=friend\nhost=dynamic\nsetvar=A=1\n\
         [10](base)\nsecret=x\nallow=ulaw\nsetvar=B=2=3\ncallerid=\"Ann Lee\" <10>\n\
         [11](base)\nsecret=y\ndisallow=all\nallow=ulaw\ncontext=attic\ncallerid=0123-45\n",
    );
    assert_eq!(findings, Vec::<String>::new());
    let ten = account(&config, Technology::Sip, "10");
    assert_eq!(
        (ten.context.as_slice(), ten.language.as_slice()),
        (&b"house"[..], &b"fr"[..])
    );
    assert_eq!(ten.codecs, [Codec::Alaw, Codec::Ulaw]);
    assert_eq!(
        ten.variables,
        [
            (b"A".to_vec(), b"1".to_vec()),
            (b"B".to_vec(), b"2=3".to_vec())
        ]
    );
    assert_eq!(ten.caller_id.name.as_deref(), Some(&b"Ann Lee"[..]));
    assert_eq!(ten.caller_id.number.as_deref(), Some(&b"10"[..]));
    let eleven = account(&config, Technology::Sip, "11");
    assert_eq!(
        (eleven.context.as_slice(), eleven.codecs.as_slice()),
        (&b"attic"[..], &[Codec::Ulaw][..])
    );
    assert_eq!(eleven.caller_id.number.as_deref(), Some(&b"012345"[..]));
    assert_eq!(eleven.caller_id.name, None, "that of [general] is nobody's");
    assert_eq!(eleven.message_context, b"attic");
}

#[test]
fn codec_lists_follow_file_order() {
    for (lines, wanted) in [
        ("", &[Codec::Ulaw, Codec::Alaw][..]),
        (
            "disallow=all\nallow=alaw\nallow=ulaw",
            &[Codec::Alaw, Codec::Ulaw],
        ),
        (
            "disallow=all\nallow=alaw:20&ulaw",
            &[Codec::Alaw, Codec::Ulaw],
        ),
        ("allow=all,!alaw", &[Codec::Ulaw]),
        ("allow=ulaw\ndisallow=all", &[]),
        ("disallow=all\nallow=gsm", &[]),
    ] {
        let (config, _) = sip(&format!(
            "{QUIET}[1]\ntype=friend\nhost=dynamic\nsecret=x\n{lines}\n"
        ));
        assert_eq!(
            account(&config, Technology::Sip, "1").codecs,
            wanted,
            "{lines}"
        );
    }
    let (_, findings) = sip(&format!(
        "{QUIET}[1]\ntype=friend\nhost=dynamic\nsecret=x\ndisallow=all\nallow=gsm,zsm\n"
    ));
    assert_eq!(
        findings,
        ["C027 sip.conf:8", "C021 sip.conf:8", "C027 sip.conf:3"]
    );
}

#[test]
fn nat_and_insecure_words() {
    let nat = |word: &str| {
        account(
            &sip(&format!(
                "{QUIET}nat={word}\n[1]\ntype=friend\nhost=dynamic\nsecret=x\n"
            ))
            .0,
            Technology::Sip,
            "1",
        )
        .nat
    };
    assert!(nat("yes").comedia && nat("yes").calls_source(false));
    assert!(!nat("no").force_rport && !nat("no").calls_source(true));
    assert!(
        !nat("auto_force_rport").calls_source(false) && nat("auto_force_rport").calls_source(true)
    );
    assert!(nat("force_rport,comedia").comedia && !nat("comedia").calls_source(true));
    let insecure = |word: &str| {
        account(
            &sip(&format!(
                "{QUIET}[1]\ntype=peer\nhost=192.0.2.1\nsecret=x\ninsecure={word}\n"
            ))
            .0,
            Technology::Sip,
            "1",
        )
        .insecure
    };
    assert!(insecure("very").invite && insecure("very").port);
    assert!(insecure("port,invite").invite && !insecure("port").invite && !insecure("no").port);
}

#[test]
fn hosts_and_ports_of_peers() {
    let (config, findings) = sip(&format!(
        "{QUIET}[a]\ntype=peer\nhost=192.0.2.1\nport=5070\ndefaultuser=me\n[b]\ntype=friend\nhost=[2001:db8::1]:5080\ntransport=tcp\n\
         [c]\ntype=peer\nhost=dynamic\ndefaultip=192.0.2.9\nsecret=x\n[d]\ntype=user\nsecret=x\n[e]\ntype=peer\nhost=pbx.example\n"
    ));
    assert_eq!(findings, Vec::<String>::new());
    let at = |name: &str| {
        let aor = config
            .accounts
            .aor(&AorName::new(Technology::Sip, name.as_bytes()))
            .unwrap();
        (
            String::from_utf8_lossy(&aor.contacts[0]).into_owned(),
            aor.max_contacts,
            aor.fallback,
        )
    };
    assert_eq!(at("a"), ("sip:me@192.0.2.1:5070".to_owned(), 0, false));
    assert_eq!(
        at("b"),
        ("sip:[2001:db8::1]:5080;transport=tcp".to_owned(), 0, false)
    );
    assert_eq!(at("c"), ("sip:192.0.2.9".to_owned(), 1, true));
    assert_eq!(at("e"), ("sip:pbx.example".to_owned(), 0, false));
    assert!(account(&config, Technology::Sip, "d").aors.is_empty());
    assert!(!account(&config, Technology::Sip, "a").by_user);
    assert_eq!(config.accounts.unresolved(), [b"pbx.example".to_vec()]);
    let source: SocketAddr = "192.0.2.77:5060".parse().unwrap();
    assert!(config.accounts.addressed(source, false).is_none());
    let resolved = config.accounts.resolved(&|name| {
        if name == b"pbx.example" {
            vec![source.ip()]
        } else {
            Vec::new()
        }
    });
    assert_eq!(resolved.addressed(source, false).unwrap().name, b"e");
    assert!(resolved.unresolved().is_empty());
}

#[tokio::test]
async fn host_names_are_looked_up_once() {
    let (config, _) = sip(&format!(
        "{QUIET}[a]\ntype=peer\nhost=localhost\n[b]\ntype=peer\nhost=no-such-host.invalid\n"
    ));
    let (config, lost) = config.look_up().await;
    assert_eq!(lost, ["no-such-host.invalid"]);
    let here = |port: u16| SocketAddr::from(([127, 0, 0, 1], port));
    assert_eq!(
        config.accounts.addressed(here(5060), false).unwrap().name,
        b"a"
    );
    assert!(config.accounts.addressed(here(5061), false).is_none());
}

#[test]
fn guests_are_refused_unless_somebody_says_otherwise() {
    let device = "[1]\ntype=friend\nhost=dynamic\nsecret=x\n";
    let toml = ("strowger.toml", "[sip]\nguests = \"asterisk\"\n");
    let general = format!("[general]\ncontext=lobby\n{device}");
    let (config, findings) = sip(&general);
    assert!(config.accounts.guest().is_none());
    assert_eq!(findings, ["C028 sip.conf:1"]);
    let (config, findings) = read(&[("sip.conf", &general), toml]);
    assert_eq!(config.accounts.guest().unwrap().context, b"lobby");
    assert_eq!(findings, ["C028 sip.conf:1"]);
    let (config, _) = sip(&format!("[general]\nallowguest=yes\n{device}"));
    assert_eq!(config.accounts.guest().unwrap().context, b"default");
    let (config, findings) = read(&[("sip.conf", &format!("{QUIET}{device}")), toml]);
    assert!(config.accounts.guest().is_none());
    assert_eq!(findings, Vec::<String>::new());
}

#[test]
fn the_fix_for_guests_silences_the_warning() {
    let mut sources = Sources::new();
    let file = sources.add("sip.conf", "[general](x) ; note\n context=a\n[x]\n");
    let text = "[x](!)\n[general](x) ; note\n context=a\n";
    let file = {
        let _ = file;
        sources.add("sip.conf", text)
    };
    let (_, findings) = config::load(&sources);
    let fix = &findings.iter().find(|f| f.code == "C028").unwrap().fixes[0];
    let edit = &fix.edits[0];
    assert_eq!(edit.span.file, file);
    let mut fixed = text.as_bytes().to_vec();
    fixed.splice(
        edit.span.start as usize..edit.span.end as usize,
        edit.text.iter().copied(),
    );
    let (_, findings) = read(&[("sip.conf", std::str::from_utf8(&fixed).unwrap())]);
    assert_eq!(findings, Vec::<String>::new());
}

#[test]
fn listeners_and_their_overrides() {
    let bind = |files: &[(&str, &str)]| -> Vec<String> {
        read(files)
            .0
            .listeners
            .iter()
            .map(|l| format!("{} {}", l.protocol.name(), l.bind))
            .collect()
    };
    assert_eq!(bind(&[("sip.conf", QUIET)]), ["UDP 0.0.0.0:5060"]);
    assert_eq!(
        bind(&[(
            "sip.conf",
            "[general]\nallowguest=no\nbindaddr=::\nbindport=5070\ntcpenable=yes\ntcpbindaddr=192.0.2.1:80\n"
        )]),
        ["UDP [::]:5070", "TCP 192.0.2.1:80"]
    );
    let toml = (
        "strowger.toml",
        "[bind]\naddress = \"127.0.50.9\"\nport = 0\n",
    );
    assert_eq!(
        bind(&[
            ("sip.conf", "[general]\nallowguest=no\ntcpenable=yes\n"),
            toml
        ]),
        ["UDP 127.0.50.9:0", "TCP 127.0.50.9:0"]
    );
    let pj = "[u]\ntype=transport\nbind=0.0.0.0\n[t]\ntype=transport\nprotocol=tcp\nbind=[::1]:5090\n[s]\ntype=transport\nprotocol=tls\nbind=0.0.0.0\n";
    let (config, findings) = read(&[("sip.conf", QUIET), ("pjsip.conf", pj)]);
    assert_eq!(
        config.listeners.len(),
        2,
        "sip.conf and pjsip.conf share a socket"
    );
    assert_eq!(findings, ["C026 pjsip.conf:10"]);
    assert_eq!(bind(&[]), Vec::<String>::new());
    assert_eq!(
        bind(&[("users.conf", "[1]\nhassip=yes\nhost=dynamic\nsecret=x\n")]),
        ["UDP 0.0.0.0:5060"]
    );
}

#[test]
fn what_may_stand_in_a_file_that_is_missing_is_not_missed() {
    let whole = "[transport-udp]\ntype=transport\nbind=0.0.0.0\n[a]\ntype=auth\nusername=a\n\
                 [b]\ntype=auth\nusername=b\n[100]\ntype=endpoint\nauth=a\n";
    let codes = |text: &str| -> Vec<&str> {
        let mut sources = Sources::new();
        sources.add("pjsip.conf", text);
        let found = config::load(&sources).1;
        found.iter().map(|f| f.code).collect()
    };
    assert_eq!(codes(whole).iter().filter(|c| **c == "C022").count(), 3);
    let open = codes(&format!("{whole}#include secret.conf\n"));
    assert!(!open.contains(&"C022"), "{open:?}");
    assert_eq!(open.iter().filter(|c| **c == "C033").count(), 1, "{open:?}");
    let mut sources = Sources::new();
    sources.add("pjsip.conf", format!("{whole}#include secret.conf\n"));
    let found = config::load(&sources).1;
    let said = found.iter().find(|f| f.code == "C033").unwrap();
    assert_eq!(
        said.message,
        "whether `[a]` and 1 more are complete cannot be told"
    );
    let open = codes("[general]\n[1001]\nhost=dynamic\n#include more.conf\n");
    assert!(!open.contains(&"C022"), "{open:?}");
}

#[test]
fn what_only_an_asterisk_serves_is_told_as_such() {
    let text = "[ws]\ntype=transport\nprotocol=ws\nbind=0.0.0.0\n[g]\ntype=auth\nauth_type=google_oauth\n\
                [100]\ntype=endpoint\ntransport=ws\nauth=g\n";
    let mut sources = Sources::new();
    sources.add("pjsip.conf", text);
    let found = config::load(&sources).1;
    assert!(found.len() >= 4, "{found:?}");
    for finding in found {
        let told = strowger_compiler::codes::ONLY_HERE.contains(&finding.code);
        assert!(told, "{}: {}", finding.code, finding.message);
    }
}

#[test]
fn a_bad_object_of_pjsip_is_left_out_and_the_others_count() {
    let good = "[u]\ntype=transport\nbind=0.0.0.0\n[1]\ntype=endpoint\nallow=ulaw\nauth=1\naors=1\n[1]\ntype=auth\nusername=1\npassword=x\n[1]\ntype=aor\nmax_contacts=2\n";
    let (config, findings) = pjsip(good);
    assert_eq!(findings, Vec::<String>::new());
    let one = account(&config, Technology::Pjsip, "1");
    assert_eq!(
        (one.credentials.len(), one.aors.len(), one.codecs.as_slice()),
        (1, 1, &[Codec::Ulaw][..])
    );
    for (line, code) in [
        ("Context=a", "C010 pjsip.conf:20"),
        ("dtmf_mode=loud", "C021 pjsip.conf:20"),
        ("force_rport=maybe", "C021 pjsip.conf:20"),
        ("canreinvite=no", "C010 pjsip.conf:20"),
    ] {
        let (config, findings) = pjsip(&format!(
            "{good}[2]\ntype=endpoint\nallow=ulaw\nauth=1\n{line}\n"
        ));
        assert!(
            config.accounts.find(Technology::Pjsip, b"2").is_none(),
            "{line}"
        );
        assert!(
            config.accounts.find(Technology::Pjsip, b"1").is_some(),
            "{line}"
        );
        assert_eq!(findings, [code, "C022 pjsip.conf:16"], "{line}");
    }
}

#[test]
fn an_auth_that_cannot_be_used_lets_nobody_in() {
    let (config, findings) = pjsip(
        "[u]\ntype=transport\nbind=0.0.0.0\n[1]\ntype=endpoint\nallow=ulaw\nauth=1,none\n[1]\ntype=auth\nusername=1\n",
    );
    let one = account(&config, Technology::Pjsip, "1");
    assert!(one.challenges(b"INVITE") && one.challenges(b"REGISTER") && one.challenges(b"MESSAGE"));
    assert_eq!(findings, ["C022 pjsip.conf:8", "C022 pjsip.conf:7"]);
}

#[test]
fn pjsip_defaults_and_references() {
    let (config, _) = pjsip(
        "[global]\ntype=global\ndefault_realm=house\n[system]\ntype=system\ntimer_t1=100\n\
         [t]\ntype=transport\nprotocol=tcp\nbind=192.0.2.1\n\
         [1]\ntype=endpoint\nallow=!all,alaw\nauth=1\naors=1,2\ntransport=t\ndtmf_mode=inband\nrewrite_contact=yes\nset_var=X=1\n\
         [1]\ntype=auth\nusername=1\npassword=x\nsupported_algorithms_uas=SHA-256,MD5\n[1]\ntype=aor\ncontact=sip:a@192.0.2.7:5070\n\
         [1]\ntype=identify\nendpoint=1\nmatch=192.0.2.0/24,peer.example\n",
    );
    assert_eq!(config.accounts.realm(), b"house");
    assert_eq!(config.sip.t1, 100);
    let one = account(&config, Technology::Pjsip, "1");
    assert_eq!(
        (one.context.as_slice(), one.message_context.as_slice()),
        (&b"default"[..], &b"default"[..])
    );
    assert_eq!((one.protocol, one.dtmf), (Protocol::Tcp, Dtmf::Inband));
    assert!(one.nat.force_rport && one.nat.rewrite_contact && !one.nat.comedia);
    assert_eq!(one.aors, [AorName::new(Technology::Pjsip, b"1")]);
    assert_eq!(
        one.credentials[0].algorithms,
        [Algorithm::Sha256, Algorithm::Md5]
    );
    let aor = config.accounts.aor(&one.aors[0]).unwrap();
    assert_eq!(
        (aor.max_contacts, aor.default_expiration, aor.contacts.len()),
        (0, 3600, 1)
    );
    assert_eq!(
        config
            .accounts
            .identified("192.0.2.200:1".parse().unwrap())
            .unwrap()
            .name,
        b"1"
    );
    assert!(
        config
            .accounts
            .identified("192.0.3.1:1".parse().unwrap())
            .is_none()
    );
    assert_eq!(config.accounts.unresolved(), [b"peer.example".to_vec()]);
}

#[test]
fn an_endpoint_for_everybody_is_meant() {
    let told = |name: &str| {
        let (_, findings) = pjsip(&format!("[{name}]\ntype=endpoint\nallow=ulaw\ncontext=a\n"));
        findings.iter().any(|f| f.starts_with("X819"))
    };
    assert!(told("trunk") && !told("anonymous"));
}

#[test]
fn users_need_hassip() {
    let (config, findings) = read(&[(
        "users.conf",
        "[general]\nhost=dynamic\ncontext=work\n[a]\nfullname=Ann\ncid_number=7\nsecret=x\nhassip=yes\n[b]\nsecret=y\n",
    )]);
    let a = account(&config, Technology::Sip, "a");
    assert_eq!(
        (a.context.as_slice(), a.caller_id.name.as_deref()),
        (&b"work"[..], Some(&b"Ann"[..]))
    );
    assert!(config.accounts.find(Technology::Sip, b"b").is_none());
    assert_eq!(findings, ["C022 users.conf:9"]);
}

#[test]
fn port_ranges_say_how_many_calls_they_carry() {
    for (start, end, says) in [
        (16384, 16394, "16384..16394 carries 2 relayed calls"),
        (10000, 20000, "10000..20000 carries 2500 relayed calls"),
        (10001, 10004, "10001..10004 carries 0 relayed calls"),
        (10000, 10003, "10000..10003 carries 1 relayed call"),
        (20000, 10000, "5000..31000 carries 6500 relayed calls"),
    ] {
        let (config, _) = read(&[(
            "rtp.conf",
            &format!("[general]\nrtpstart={start}\nrtpend={end}\n"),
        )]);
        assert_eq!(config.rtp.carries(), says);
    }
}

#[test]
fn directories_and_options() {
    let (config, findings) = read(&[(
        "asterisk.conf",
        "[directories](!)\nastdatadir => /srv/sounds\nastspooldir => /srv/spool\n[options]\nsystemname=north\ndefaultlanguage=de\nlive_dangerously=yes\n",
    )]);
    assert_eq!(config.directories.data, None, "a template is no section");
    assert_eq!(
        (
            config.system.name.as_slice(),
            config.system.language.as_slice()
        ),
        (&b"north"[..], &b"de"[..])
    );
    assert_eq!(findings, ["C020 asterisk.conf:7"]);
    let (config, _) = read(&[(
        "asterisk.conf",
        "[directories]\nastdatadir => /srv/sounds\nastdbdir => /srv/db\n",
    )]);
    assert_eq!(
        config.directories.data.unwrap().to_str(),
        Some("/srv/sounds")
    );
    assert_eq!(
        config.directories.database.unwrap().to_str(),
        Some("/srv/db")
    );
}

#[test]
fn releases_of_old_are_written_in_two_ways() {
    for (text, release, is_right) in [
        ("1.4", "1.4", true),
        ("\"1.8\"", "1.8", true),
        ("18", "18", true),
        ("\"22\"", "22", true),
        ("18.10", "18.10", true),
        ("\"1.6.2\"", "1.6.2", true),
        ("1.2", "23", false),
        ("1.5", "23", false),
        ("\"soon\"", "23", false),
        ("0", "23", false),
        ("24", "23", false),
        ("true", "23", false),
    ] {
        let (config, findings) = read(&[(
            "strowger.toml",
            &format!("[dialplan]\nasterisk_version = {text}\n"),
        )]);
        assert_eq!(config.options.dialect.to_string(), release, "{text}");
        assert_eq!(findings.is_empty(), is_right, "{text}: {findings:?}");
    }
}

#[test]
fn the_set_of_1_4_is_asked_for_in_asterisk_conf() {
    for (value, set) in [("1.4", Some(true)), ("1.6", Some(false)), ("old", None)] {
        let (config, _) = read(&[("asterisk.conf", &format!("[compat]\napp_set = {value}\n"))]);
        assert_eq!(config.system.app_set, set, "{value}");
    }
}

#[test]
fn our_own_file() {
    let (config, findings) = read(&[(
        "strowger.toml",
        "[dialplan]\nasterisk_version = 18\n[sip]\nguests = \"asterisk\"\n[sandbox]\ngrants = [\"shell\", \"teeth\"]\n[store]\npath = \"x.db\"\n\
         [levels]\nX817 = \"allow\"\nflow = \"loud\"\n[bind]\nport = 99999\n[guests]\n[sip2]\n[store.x]\n",
    )]);
    let options = &config.options;
    assert_eq!(
        (options.dialect.to_string().as_str(), options.guests),
        ("18", Guests::Asterisk)
    );
    assert_eq!(options.grants.iter().collect::<Vec<_>>(), ["shell"]);
    assert_eq!(options.store, StoreChoice::At("x.db".into()));
    assert_eq!(options.levels, [(Who::Code("X817"), Level::Allow)]);
    assert_eq!(
        {
            let mut f = findings;
            f.sort();
            f
        },
        [
            "C010 strowger.toml:14",
            "C010 strowger.toml:15",
            "C010 strowger.toml:16",
            "C021 strowger.toml:11",
            "C021 strowger.toml:13",
            "C021 strowger.toml:6",
        ]
    );
    let calls = |text: &str| {
        let text = format!("[reload]\ncalls = {text}\n");
        let (config, findings) = read(&[("strowger.toml", &text)]);
        (config.options.calls_at_reload, findings.join(" "))
    };
    assert_eq!(calls("\"stay\""), (CallsAtReload::Stay, String::new()));
    assert_eq!(calls("\"move\""), (CallsAtReload::Move, String::new()));
    assert_eq!(
        calls("\"hold\""),
        (CallsAtReload::Move, "C021 strowger.toml:2".to_owned())
    );
    let (config, findings) = read(&[(
        "strowger.toml",
        "[check]\nprofile = \"strict\"\ntarget = \"asterisk-20\"\ngenerated = \"all\"\n",
    )]);
    assert_eq!(findings, [""; 0]);
    let check = config.options.check;
    assert_eq!(check.profile, Some(Profile::Strict));
    assert_eq!(check.target, Some((Target::Asterisk, Dialect::named("20"))));
    assert!(check.generated);
    // What the plan is checked for is not what it is run as.
    assert_eq!(config.options.dialect, Dialect::default());
    let (_, findings) = read(&[(
        "strowger.toml",
        "[check]\nprofile = \"loud\"\ntarget = \"asterisk\"\n[levels]\nX999 = \"warn\"\n",
    )]);
    assert_eq!(
        findings,
        [
            "C021 strowger.toml:2",
            "C021 strowger.toml:3",
            "C010 strowger.toml:5"
        ]
    );
    let (config, findings) = read(&[("strowger.toml", "[store]\nlocation = \"memory\"\n[sip\n")]);
    assert_eq!(config.options.store, StoreChoice::Memory);
    assert_eq!(findings, ["C030 strowger.toml:3"]);
}

#[test]
fn levels_of_our_own_file_count_for_findings() {
    let sip = (
        "sip.conf",
        "[general]\n[1]\ntype=friend\nhost=dynamic\nsecret=x\nqualify=yes\n",
    );
    assert_eq!(
        read(&[sip]).1,
        ["C020 sip.conf:6", "C028 sip.conf:1"]
            .map(str::to_owned)
            .into_iter()
            .rev()
            .collect::<Vec<_>>()
    );
    let one = ("strowger.toml", "[levels]\nC028 = \"allow\"\n");
    assert_eq!(read(&[sip, one]).1, ["C020 sip.conf:6"]);
    let family = (
        "strowger.toml",
        "[levels]\nfiles = \"allow\"\nC020 = \"deny\"\n",
    );
    let mut sources = Sources::new();
    for (name, text) in [sip, family] {
        sources.add(name, text);
    }
    let (_, findings) = config::load(&sources);
    assert_eq!(findings.len(), 1);
    assert_eq!(
        (findings[0].code, findings[0].level),
        ("C020", strowger_compiler::Level::Error)
    );
}

#[test]
fn many_devices_are_read_in_a_moment() {
    let mut sip = QUIET.to_owned();
    let mut pj = "[t]\ntype=transport\nbind=0.0.0.0\n".to_owned();
    for n in 0..5_000 {
        sip += &format!("[{n}]\ntype=friend\nhost=dynamic\nsecret=x\n");
        pj += &format!(
            "[{n}]\ntype=endpoint\nallow=ulaw\nauth={n}\naors={n}\n[{n}]\ntype=auth\nusername=a\npassword=b\n[{n}]\ntype=aor\nmax_contacts=1\n[{n}]\ntype=identify\nendpoint={n}\nmatch=192.0.2.1\n"
        );
        pj += &format!("[t{n}]\ntype=transport\nbind=0.0.0.0:{}\n", n + 1);
    }
    let (config, findings) = read(&[("sip.conf", &sip), ("pjsip.conf", &pj)]);
    assert_eq!(config.accounts.iter().count(), 10_000);
    assert_eq!(config.accounts.aors().count(), 10_000);
    assert_eq!(config.listeners.len(), 64);
    assert_eq!(
        findings.len(),
        5_001 - 64,
        "one for each transport too many"
    );
}

#[test]
fn a_device_written_twice() {
    let device =
        |context: &str| format!("[1]\ntype=friend\nhost=dynamic\nsecret=x\ncontext={context}\n");
    let (config, findings) = sip(&format!(
        "{QUIET}{}{}[2]\ntype=user\nsecret=x\n",
        device("a"),
        device("b")
    ));
    assert_eq!(account(&config, Technology::Sip, "1").context, b"b");
    assert_eq!(config.accounts.iter().count(), 2);
    assert_eq!(findings, ["C022 sip.conf:8"]);
}

#[test]
fn networks() {
    let contains = |net: &str, ip: &str| {
        Network::parse(net.as_bytes()).is_some_and(|n| n.contains(ip.parse::<IpAddr>().unwrap()))
    };
    assert!(contains("192.0.2.0/24", "192.0.2.255") && !contains("192.0.2.0/24", "192.0.3.0"));
    assert!(
        contains("192.0.2.0/255.255.255.0", "192.0.2.7") && contains("0.0.0.0/0", "203.0.113.1")
    );
    assert!(contains("192.0.2.7", "::ffff:192.0.2.7") && !contains("0.0.0.0/0", "2001:db8::1"));
    assert!(contains("2001:db8::/32", "2001:db8:1::1") && contains("::/0", "2001:db8::1"));
    for bad in [
        "192.0.2.0/33",
        "192.0.2.0/255.0.255.0",
        "x",
        "",
        "192.0.2.0/::1",
    ] {
        assert!(Network::parse(bad.as_bytes()).is_none(), "{bad}");
    }
}

#[test]
fn permit_and_deny_in_order_the_last_match_counts() {
    let (config, findings) = sip(&format!(
        "{QUIET}[1]\ntype=friend\nhost=dynamic\nsecret=x\ndeny=0.0.0.0/0.0.0.0\npermit=192.0.2.0/24\n[2]\ntype=friend\nhost=dynamic\nsecret=x\ndeny=everywhere\n"
    ));
    let one = account(&config, Technology::Sip, "1");
    assert!(
        one.permits("192.0.2.1".parse().unwrap()) && !one.permits("192.0.3.1".parse().unwrap())
    );
    let two = account(&config, Technology::Sip, "2");
    assert!(
        !two.permits("192.0.2.1".parse().unwrap()),
        "a `deny` that cannot be read closes the door"
    );
    assert_eq!(findings, ["C021 sip.conf:13"]);
}

#[test]
fn a_misspelt_key_gets_a_suggestion() {
    let mut sources = Sources::new();
    sources.add(
        "sip.conf",
        "[general]\nallowguest=no\n[1]\ntype=friend\nhost=dynamic\nsecret=hush\nalow=ulaw\n",
    );
    let (_, findings) = config::load(&sources);
    assert_eq!(findings[0].code, "C010");
    assert_eq!(findings[0].helps, ["did you mean `allow`?"]);
    assert!(!format!("{findings:?}").contains("hush"));
}

#[test]
fn a_key_that_is_not_served_is_said_once() {
    let device = |n: u32| {
        format!(
            "[{n}]\ntype=friend\nhost=dynamic\nsecret=x\nqualify=yes\ndirectmedia=yes\ncallgroup=1\nencryption=no\nencryption=yes\n"
        )
    };
    let (_, findings) = sip(&format!("{QUIET}{}{}{}", device(1), device(2), device(3)));
    assert_eq!(
        findings,
        [
            "C020 sip.conf:7",
            "C024 sip.conf:8",
            "C020 sip.conf:9",
            "C032 sip.conf:11"
        ]
    );
}

#[test]
fn secrets_stand_in_no_summary_and_no_finding() {
    let mut sources = Sources::new();
    sources.add(
        "sip.conf",
        "[general]\nauth=me-Xyzzy\nsecret=Xyzzy\n[1]\ntype=friend\nhost=dynamic\nsecret=Xyzzy\nremotesecret=Xyzzy\nmd5secret=Xyzzy\n[2]\ntype=none\nsecret=Xyzzy\n[authentication]\nauth=a:Xyzzy@b\n",
    );
    sources.add(
        "users.conf",
        "[1]\nsecret=Xyzzy\n[3]\nhassip=yes\nhost=dynamic\nsecret=Xyzzy\nvmsecret=Xyzzy\n",
    );
    sources.add("pjsip.conf", "[1]\ntype=auth\nusername=1\npassword=Xyzzy\nmd5_cred=Xyzzy\n[2]\ntype=auth\nusername=1\npassword=Xyzzy\n[2]\ntype=endpoint\nauth=2\noutbound_auth=2\npassword=Xyzzy\n");
    let (config, findings) = config::load(&sources);
    assert!(findings.len() > 8);
    assert!(!format!("{config:?}{config}{findings:?}").contains("Xyzzy"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_bytes_are_read_without_harm(which in 0..FILES.len(), bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let mut sources = Sources::new();
        sources.add(FILES[which], bytes);
        let (config, _) = config::load(&sources);
        let _ = config.to_string();
    }

    #[test]
    fn lines_that_nearly_make_sense_are_read_without_harm(
        which in 1..FILES.len(),
        lines in proptest::collection::vec((0..KEYS.len(), 0..VALUES.len(), 0..6u8), 0..40),
    ) {
        let mut text = String::new();
        for (key, value, kind) in lines {
            let (key, value) = (KEYS[key], VALUES[value]);
            text += &match kind {
                0 => format!("[{value}]\n"),
                1 => format!("[{value}](!)\n"),
                2 => format!("[{value}]\ntype={}\n", ["endpoint", "auth", "aor", "identify", "transport", "friend", "peer"][key.len() % 7]),
                _ => format!("{key}={value}\n"),
            };
        }
        let mut sources = Sources::new();
        sources.add(FILES[which], text);
        let (config, findings) = config::load(&sources);
        let _ = config.to_string();
        for finding in findings {
            let span = finding.primary.span;
            prop_assert!(span.start <= span.end && span.end as usize <= sources.file(span.file).bytes().len() + 1);
        }
    }
}

const KEYS: &[&str] = &[
    "type",
    "host",
    "port",
    "secret",
    "md5secret",
    "allow",
    "disallow",
    "nat",
    "insecure",
    "transport",
    "callerid",
    "setvar",
    "permit",
    "deny",
    "context",
    "auth",
    "aors",
    "outbound_auth",
    "username",
    "password",
    "max_contacts",
    "contact",
    "match",
    "endpoint",
    "bind",
    "protocol",
    "dtmf_mode",
    "dtmfmode",
    "udpbindaddr",
    "bindport",
    "tcpenable",
    "rtpstart",
    "rtpend",
    "dtmftimeout",
    "astdatadir",
    "hassip",
    "identify_by",
    "realm",
    "version",
    "guests",
    "grants",
    "#include",
    "minimum_expiration",
    "allowguest",
];

const VALUES: &[&str] = &[
    "",
    "yes",
    "no",
    "dynamic",
    "1",
    "0",
    "-1",
    "65536",
    "99999999999999999999",
    "ulaw",
    "all",
    "!all,alaw",
    "udp,tcp",
    "tls",
    "a=b",
    "=",
    "\"x\" <1>",
    "<",
    ">",
    "><",
    "[::1]",
    "[::1]:5060",
    "::",
    "0.0.0.0",
    "192.0.2.1:5060",
    "192.0.2.0/24",
    "/",
    "sip:a@b",
    "sip:",
    "1001",
    "general",
    "globals",
    "endpoint",
    "\\;",
    ",,,",
    "asterisk",
    "[\"shell\"]",
    "\u{fc}ber",
    "sip.conf",
    "*.conf",
    "d41d8cd98f00b204e9800998ecf8427e",
];
