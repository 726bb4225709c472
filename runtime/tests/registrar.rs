//! The registrar by tables, in time that only moves when the test says so.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;
use strowger_runtime::config::{Aor, AorName, Nat, Technology};
use strowger_runtime::limits;
use strowger_runtime::registrar::{Change, Registrar};
use strowger_runtime::sip::Message;
use strowger_runtime::sip::command::Answer;
use strowger_runtime::sip::flow::{Flow, ListenerId, Now, Protocol};

fn aor(max_contacts: u32, remove_existing: bool) -> Aor {
    Aor {
        name: AorName::new(Technology::Pjsip, b"100"),
        contacts: Vec::new(),
        fallback: false,
        max_contacts,
        remove_existing,
        default_expiration: 120,
        minimum_expiration: 60,
        maximum_expiration: 3600,
    }
}

struct Desk {
    registrar: Registrar,
    now: Now,
    aor: Aor,
    flow: Flow,
    nat: Nat,
    via: &'static str,
}

impl Desk {
    fn new(aor: Aor) -> Desk {
        Desk {
            registrar: Registrar::new(),
            now: Now {
                micros: 5_000_000,
                unix_ms: 1_700_000_000_000,
            },
            aor,
            flow: Flow {
                listener: ListenerId(0),
                protocol: Protocol::Udp,
                local: "192.0.2.9:5060".parse().unwrap(),
                remote: "203.0.113.5:40000".parse().unwrap(),
                connection: 0,
            },
            nat: Nat::default(),
            via: "203.0.113.5:40000",
        }
    }

    fn register(&mut self, call_id: &str, cseq: u32, lines: &[&str]) -> Answer {
        let text = format!(
            "REGISTER sip:192.0.2.9 SIP/2.0\r\nVia: SIP/2.0/UDP {};branch=z9hG4bK1\r\nFrom: <sip:100@h>;tag=1\r\nTo: <sip:100@h>\r\n\
             Call-ID: {call_id}\r\nCSeq: {cseq} REGISTER\r\n{}Content-Length: 0\r\n\r\n",
            self.via,
            lines.iter().map(|l| format!("{l}\r\n")).collect::<String>()
        );
        let request = Message::parse(Bytes::from(text)).unwrap();
        self.registrar
            .register(self.now, &request, &self.flow, &self.aor, self.nat)
    }

    /// `status contact | contact`.
    fn says(&mut self, call_id: &str, cseq: u32, lines: &[&str]) -> String {
        show(&self.register(call_id, cseq, lines))
    }

    fn wait(&mut self, seconds: u64) {
        self.now = self.now.after(Duration::from_secs(seconds));
    }

    fn targets(&self) -> Vec<String> {
        self.registrar
            .contacts_for(self.now, &self.aor)
            .iter()
            .map(|t| {
                format!(
                    "{}{}",
                    String::from_utf8_lossy(&t.uri),
                    t.flow
                        .map(|f| format!(" by {}", f.remote))
                        .unwrap_or_default()
                )
            })
            .collect()
    }
}

fn show(answer: &Answer) -> String {
    let headers: Vec<String> = answer
        .headers
        .iter()
        .map(|(_, v)| String::from_utf8_lossy(v).into_owned())
        .collect();
    if headers.is_empty() {
        answer.status.to_string()
    } else {
        format!("{} {}", answer.status, headers.join(" | "))
    }
}

#[test]
fn expiry_comes_from_the_contact_then_the_header_then_the_default() {
    for (lines, expected) in [
        (
            &["Contact: <sip:a@x>;expires=300", "Expires: 200"][..],
            "200 <sip:a@x>;expires=300",
        ),
        (
            &["Contact: <sip:a@x>", "Expires: 200"],
            "200 <sip:a@x>;expires=200",
        ),
        (&["Contact: <sip:a@x>"], "200 <sip:a@x>;expires=120"),
        (
            &["Contact: <sip:a@x>;expires=soon", "Expires: later"],
            "200 <sip:a@x>;expires=120",
        ),
        (
            &["Contact: <sip:a@x>;expires=99999999999"],
            "200 <sip:a@x>;expires=3600",
        ),
        (&["Contact: <sip:a@x>;expires=59"], "423 60"),
        (
            &["Contact: <sip:a@x>;expires=60"],
            "200 <sip:a@x>;expires=60",
        ),
        (&["Contact: <sip:a@x>;expires=0"], "200"),
        (&["Contact: sip:a@x;expires=90"], "200 <sip:a@x>;expires=90"),
        (&[], "200"),
    ] {
        assert_eq!(
            Desk::new(aor(1, false)).says("c", 1, lines),
            expected,
            "{lines:?}"
        );
    }
}

#[test]
fn the_contact_comes_back_as_written() {
    let mut desk = Desk::new(aor(2, false));
    let written = "<sip:nlys@10.213.0.154:52210;rinstance=2b321712b1806966;transport=UDP>";
    assert_eq!(
        desk.says("c", 2, &[&format!("Contact: {written}"), "Expires: 60"]),
        format!("200 {written};expires=60")
    );
    desk.wait(20);
    assert_eq!(desk.says("c", 3, &[]), format!("200 {written};expires=40"));
    let odd =
        "\"A, B\" <sip:%61@X.example>;+sip.instance=\"<urn:uuid:1>\";q=0.5;expires=100;Reg-Id=1";
    let answer = desk.says("d", 1, &[&format!("m: {odd}")]);
    assert!(
        answer.ends_with(
            "<sip:%61@X.example>;+sip.instance=\"<urn:uuid:1>\";q=0.5;Reg-Id=1;expires=100"
        ),
        "{answer}"
    );
}

#[test]
fn a_binding_ends_in_time() {
    let mut desk = Desk::new(aor(1, false));
    desk.register("c", 1, &["Contact: <sip:a@x>;expires=60"]);
    assert_eq!(
        desk.registrar.deadline(),
        Some(desk.now.micros + 60_000_000)
    );
    desk.wait(59);
    desk.registrar.expire(desk.now);
    assert_eq!(desk.targets(), ["sip:a@x"]);
    desk.wait(1);
    assert_eq!(
        desk.targets(),
        Vec::<String>::new(),
        "even before anybody cleans up"
    );
    desk.registrar.expire(desk.now);
    assert!(desk.registrar.is_empty() && desk.registrar.deadline().is_none());
    assert_eq!(desk.registrar.registered_from(desk.flow.remote).count(), 0);
}

#[test]
fn star_removes_all_and_only_with_expires_0() {
    let mut desk = Desk::new(aor(3, false));
    desk.register("c", 1, &["Contact: <sip:a@x>, <sip:b@x>"]);
    assert_eq!(desk.says("c", 2, &["Contact: *"]), "400");
    assert_eq!(desk.says("c", 2, &["Contact: *", "Expires: 60"]), "400");
    assert_eq!(
        desk.says("c", 2, &["Contact: *, <sip:a@x>", "Expires: 0"]),
        "400"
    );
    assert_eq!(
        desk.says("c", 1, &["Contact: *", "Expires: 0"]),
        "500",
        "older than the bindings"
    );
    assert_eq!(desk.registrar.len(), 2);
    assert_eq!(desk.says("c", 2, &["Contact: *", "Expires: 0"]), "200");
    assert!(desk.registrar.is_empty());
}

#[test]
fn requests_of_one_call_id_must_come_in_order() {
    let mut desk = Desk::new(aor(2, false));
    desk.register("c", 5, &["Contact: <sip:a@x>;expires=100"]);
    for (call_id, cseq, expected) in [
        ("c", 5, "500"),
        ("c", 4, "500"),
        ("c", 6, "200 <sip:a@x>;expires=200"),
        ("other", 1, "200 <sip:a@x>;expires=200"),
    ] {
        assert_eq!(
            desk.says(call_id, cseq, &["Contact: <sip:a@x>;expires=200"]),
            expected,
            "{call_id} {cseq}"
        );
    }
    // One bad contact of several: nothing changes.
    assert_eq!(
        desk.says("other", 1, &["Contact: <sip:b@x>, <sip:a@x>"]),
        "500"
    );
    assert_eq!(
        desk.says("other", 2, &["Contact: <sip:b@x>, <tel:+1>"]),
        "400"
    );
    assert_eq!(
        desk.says("other", 2, &["Contact: <sip:b@x>, <sip:c@x>;expires=5"]),
        "423 60"
    );
    assert_eq!(desk.targets(), ["sip:a@x"]);
}

#[test]
fn max_contacts() {
    let mut none = Desk::new(aor(0, true));
    assert_eq!(none.says("c", 1, &["Contact: <sip:a@x>"]), "403");
    assert_eq!(none.says("c", 2, &[]), "403");

    let mut strict = Desk::new(aor(2, false));
    assert_eq!(strict.register("a", 1, &["Contact: <sip:a@x>"]).status, 200);
    assert_eq!(strict.register("b", 1, &["Contact: <sip:b@x>"]).status, 200);
    assert_eq!(strict.register("c", 1, &["Contact: <sip:c@x>"]).status, 403);
    assert_eq!(
        strict.register("b", 2, &["Contact: <sip:b@x>"]).status,
        200,
        "a refresh is no new one"
    );
    assert_eq!(
        strict
            .register("c", 2, &["Contact: <sip:b@x>;expires=0, <sip:c@x>"])
            .status,
        200,
        "one goes, one comes"
    );
    assert_eq!(strict.targets(), ["sip:c@x", "sip:a@x"]);

    let mut loose = Desk::new(aor(2, true));
    loose.register("a", 1, &["Contact: <sip:a@x>;expires=100"]);
    loose.register("b", 1, &["Contact: <sip:b@x>;expires=200"]);
    assert_eq!(
        loose.says("c", 1, &["Contact: <sip:c@x>"]),
        "200 <sip:b@x>;expires=200 | <sip:c@x>;expires=120"
    );
    assert_eq!(
        loose
            .register("d", 1, &["Contact: <sip:1@x>, <sip:2@x>, <sip:3@x>"])
            .status,
        403
    );
    assert_eq!(loose.targets(), ["sip:c@x", "sip:b@x"]);
}

#[test]
fn contacts_are_compared_as_addresses() {
    let mut desk = Desk::new(aor(5, false));
    desk.register("c", 1, &["Contact: <sip:a@EXAMPLE.com;transport=udp>"]);
    desk.register("c", 2, &["Contact: <sip:%61@example.com;transport=UDP>"]);
    assert_eq!(
        desk.targets(),
        ["sip:%61@example.com;transport=UDP"],
        "the latest writing counts"
    );
    desk.register("c", 3, &["Contact: <sip:A@example.com;transport=udp>"]);
    assert_eq!(
        desk.registrar.len(),
        2,
        "the user part has letters of both cases"
    );
    desk.register("c", 4, &["Contact: <sip:b@x>, <sip:b@x>;q=0.1"]);
    assert_eq!(desk.registrar.len(), 3);
}

#[test]
fn the_most_wanted_contact_first_and_then_the_latest() {
    let mut desk = Desk::new(aor(5, false));
    desk.register("a", 1, &["Contact: <sip:half@x>;q=0.5"]);
    desk.register("b", 1, &["Contact: <sip:first@x>"]);
    desk.register("c", 1, &["Contact: <sip:second@x>"]);
    assert_eq!(
        desk.targets(),
        ["sip:second@x", "sip:first@x", "sip:half@x"]
    );
    desk.aor.contacts = vec![b"sip:fixed@y".to_vec()];
    assert_eq!(desk.targets()[0], "sip:fixed@y");
    desk.aor.fallback = true;
    assert_eq!(desk.targets().len(), 3);
    desk.register("c", 2, &["Contact: *", "Expires: 0"]);
    assert_eq!(desk.targets(), ["sip:fixed@y"]);
}

#[test]
fn who_is_called_by_the_way_its_register_came() {
    let none = Nat::default();
    let auto = Nat {
        auto_force_rport: true,
        ..none
    };
    let always = Nat {
        rewrite_contact: true,
        ..none
    };
    let (same, other) = ("203.0.113.5:40000", "10.0.0.2:5060");
    for (nat, via, protocol, by_flow) in [
        (none, same, Protocol::Udp, false),
        (none, other, Protocol::Udp, false),
        (auto, same, Protocol::Udp, false),
        (auto, other, Protocol::Udp, true),
        (always, same, Protocol::Udp, true),
        (none, same, Protocol::Tcp, true),
    ] {
        let mut desk = Desk::new(aor(1, false));
        (desk.nat, desk.via, desk.flow.protocol) = (nat, via, protocol);
        desk.flow.connection = u64::from(protocol == Protocol::Tcp) * 9;
        let answer = desk.says("c", 1, &["Contact: <sip:a@10.0.0.2>"]);
        assert_eq!(
            answer, "200 <sip:a@10.0.0.2>;expires=120",
            "as written, whatever the router did"
        );
        let expected = if by_flow {
            "sip:a@10.0.0.2 by 203.0.113.5:40000"
        } else {
            "sip:a@10.0.0.2"
        };
        assert_eq!(desk.targets(), [expected], "{nat:?} {via} {protocol:?}");
    }
}

#[test]
fn a_connection_that_is_gone_leaves_the_address() {
    let mut desk = Desk::new(aor(3, false));
    desk.flow.protocol = Protocol::Tcp;
    desk.flow.connection = 7;
    desk.register("a", 1, &["Contact: <sip:a@10.0.0.2;transport=tcp>"]);
    desk.flow.connection = 8;
    desk.register("b", 1, &["Contact: <sip:b@10.0.0.2;transport=tcp>"]);
    desk.registrar.connection_gone(7);
    desk.registrar.connection_gone(0);
    desk.registrar.connection_gone(99);
    assert_eq!(
        desk.targets(),
        [
            "sip:b@10.0.0.2;transport=tcp by 203.0.113.5:40000",
            "sip:a@10.0.0.2;transport=tcp"
        ]
    );
}

#[test]
fn what_cannot_be_read_is_400() {
    let mut desk = Desk::new(aor(3, false));
    for line in [
        "Contact: <sip:a@x",
        "Contact: nonsense",
        "Contact: <mailto:a@x>",
        "Contact: <sip:@@>",
    ] {
        assert_eq!(desk.says("c", 1, &[line]), "400", "{line}");
    }
    let long = format!("Contact: <sip:{}@x>", "a".repeat(2000));
    assert_eq!(desk.says("c", 1, &[&long]), "400");
    assert_eq!(
        desk.says(&"c".repeat(1000), 1, &["Contact: <sip:a@x>"]),
        "400"
    );
    assert!(desk.registrar.is_empty());
}

#[test]
fn the_store_hears_every_change_and_its_queue_is_bounded() {
    let mut desk = Desk::new(aor(2, true));
    desk.register("a", 1, &["Contact: <sip:a@x>"]);
    desk.register("a", 2, &["Contact: <sip:a@x>"]);
    desk.register("b", 1, &["Contact: <sip:b@x>, <sip:c@x>"]);
    desk.register("b", 2, &["Contact: <sip:c@x>;expires=0"]);
    let words: Vec<String> = desk
        .registrar
        .changes()
        .iter()
        .map(|c| match c {
            Change::Put(aor, b) => format!("put {aor} {}", String::from_utf8_lossy(&b.uri)),
            Change::Remove(aor, uri) => format!("remove {aor} {}", String::from_utf8_lossy(uri)),
        })
        .collect();
    assert_eq!(
        words,
        [
            "put PJSIP/100 sip:a@x",
            "put PJSIP/100 sip:a@x",
            "remove PJSIP/100 sip:a@x",
            "put PJSIP/100 sip:b@x",
            "put PJSIP/100 sip:c@x",
            "remove PJSIP/100 sip:c@x"
        ]
    );
    assert!(desk.registrar.changes().is_empty());
    let mut status = 200;
    for n in 0..limits::STORE_QUEUE as u32 + 1 {
        status = desk.register("z", n + 1, &["Contact: <sip:z@x>"]).status;
    }
    assert_eq!(status, 503, "the store does not keep up");
    assert!(desk.registrar.changes().len() <= limits::STORE_QUEUE);
}

#[test]
fn sources_tell_who_registered_there() {
    let mut desk = Desk::new(aor(2, false));
    desk.register("a", 1, &["Contact: <sip:a@x>, <sip:b@x>"]);
    let source = desk.flow.remote;
    let host = |desk: &Desk| desk.registrar.registered_from_host(source.ip()).count();
    assert_eq!(
        (desk.registrar.registered_from(source).count(), host(&desk)),
        (1, 1)
    );
    let other: SocketAddr = "203.0.113.5:40001".parse().unwrap();
    assert_eq!(desk.registrar.registered_from(other).count(), 0);
    desk.register("a", 2, &["Contact: <sip:a@x>;expires=0"]);
    assert_eq!(host(&desk), 1, "the second contact is still there");
    desk.register("a", 3, &["Contact: <sip:b@x>;expires=0"]);
    assert_eq!(host(&desk), 0);
}

proptest! {
    /// Whatever phones do, the table agrees with a plain list of who is bound until when, and never exceeds its bound.
    #[test]
    fn any_history_keeps_the_table_right(
        remove_existing in any::<bool>(),
        steps in proptest::collection::vec((0..4u8, 0..3usize, prop_oneof![Just(0u32), 60..200u32], 0..90u64, 0..3u64), 1..60),
    ) {
        let mut desk = Desk::new(aor(3, remove_existing));
        let mut model: BTreeMap<String, u64> = BTreeMap::new();
        for (n, (who, call_id, seconds, pause, connection)) in steps.into_iter().enumerate() {
            desk.wait(pause);
            desk.flow.protocol = if connection == 0 { Protocol::Udp } else { Protocol::Tcp };
            desk.flow.connection = connection;
            let second = desk.now.micros / 1_000_000;
            model.retain(|_, end| *end > second);
            let uri = format!("sip:{who}@x");
            let answer = desk.register(["a", "b", "c"][call_id], n as u32 + 1, &[&format!("Contact: <{uri}>;expires={seconds}")]);
            match answer.status {
                200 if seconds == 0 => { model.remove(&uri); }
                200 => {
                    model.insert(uri, second + u64::from(seconds));
                    if model.len() > 3 {
                        prop_assert!(remove_existing);
                        let kept: Vec<String> = desk.targets().iter().map(|t| t.split(' ').next().unwrap().to_owned()).collect();
                        model.retain(|uri, _| kept.contains(uri));
                    }
                }
                403 => prop_assert!(!remove_existing && model.len() == 3 && !model.contains_key(&uri)),
                other => prop_assert!(false, "status {other}"),
            }
            let mut targets: Vec<String> = desk.targets().iter().map(|t| t.split(' ').next().unwrap().to_owned()).collect();
            targets.sort();
            prop_assert_eq!(targets, model.keys().cloned().collect::<Vec<_>>());
            prop_assert!(desk.registrar.len() <= 3);
        }
        desk.wait(10_000);
        desk.registrar.expire(desk.now);
        prop_assert!(desk.registrar.is_empty());
        prop_assert_eq!(desk.registrar.registered_from_host(desk.flow.remote.ip()).count(), 0);
    }
}
