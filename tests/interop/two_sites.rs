//! `examples/two-sites` as it is published: two exchanges, and phones with addresses of their own, because `identify` knows by address.
//!
//! Each run moves the example's network to a loopback network that no other run uses.

use crate::exchange::Exchange;
use crate::pjsua2::{Phone, heard};
use crate::{Folder, have};
use std::time::Duration;

/// What all phones of the example have.
const SECRET: &str = "1234567890";

/// The example's network, moved: the last number of an address is kept.
struct Network(String);

impl Network {
    fn new() -> Network {
        let id = std::process::id();
        Network(format!("127.{}.{}.", 64 + (id >> 8) % 128, id % 256))
    }

    fn host(&self, last: u8) -> String {
        format!("{}{last}", self.0)
    }

    /// Starts a site of a step of the example.
    fn site(&self, step: &str, site: &str, last: u8) -> Exchange {
        let from = format!(
            "{}/examples/two-sites/{step}/{site}",
            env!("CARGO_MANIFEST_DIR")
        );
        let folder = Folder::new(&format!("two-sites-{step}-{site}"));
        for file in std::fs::read_dir(from).unwrap().flatten() {
            let text = std::fs::read_to_string(file.path()).unwrap();
            folder.write(
                &file.file_name().to_string_lossy(),
                &text.replace("127.0.50.", &self.0),
            );
        }
        Exchange::run(folder, format!("{}:5060", self.host(last)))
    }

    /// A phone that is not registered anywhere yet.
    fn phone(&self, last: u8, user: &str, site: &Exchange, tcp: bool) -> Phone {
        Phone::at(&self.host(last), user, SECRET, &site.address(), tcp)
    }
}

/// `a` calls a number at a site; `b` answers; both hear the other's tone; `a` hangs up.
fn talk(a: &mut Phone, b: &mut Phone, to: &str, site: &Exchange, tcp: bool) {
    a.say("tone 440");
    b.say("tone 880");
    call(a, to, site, tcp);
    b.wait("incoming");
    b.say("answer");
    b.wait("state CONFIRMED");
    a.wait("state CONFIRMED");
    let folder = &site.folder.0;
    let (at_a, at_b) = (folder.join("a.wav"), folder.join("b.wav"));
    a.say(&format!("record {}", at_a.display()));
    b.say(&format!("record {}", at_b.display()));
    std::thread::sleep(Duration::from_millis(2_000));
    a.say("stoprecord");
    b.say("stoprecord");
    a.wait("recorded");
    b.wait("recorded");
    a.say("hangup");
    a.wait("state DISCONNECTED");
    b.wait("state DISCONNECTED");
    heard(&at_a, 880.0);
    heard(&at_b, 440.0);
}

fn call(a: &mut Phone, to: &str, site: &Exchange, tcp: bool) {
    let suffix = if tcp { ";transport=tcp" } else { "" };
    a.say(&format!("call sip:{to}@{}{suffix}", site.address()));
}

#[test]
fn c_knows_two_phones_by_address_and_refuses_the_third() {
    let Some(_turn) = have("two-sites-c", &["python3", "pjsua2"]) else {
        return;
    };
    let network = Network::new();
    let sip3 = network.site("C", "sip3", 52);
    let mut called = network.phone(101, "3001", &sip3, true);
    called.register();
    for (last, user) in [(206, "1001"), (55, "1002")] {
        let mut known = network.phone(last, user, &sip3, false);
        talk(&mut known, &mut called, "3001", &sip3, false);
    }
    let mut stranger = network.phone(103, "1003", &sip3, false);
    call(&mut stranger, "3001", &sip3, false);
    let end = stranger.wait("state DISCONNECTED");
    assert!(end.ends_with("401") || end.ends_with("403"), "{end}");
    drop((called, stranger));
    sip3.stop();
}

/// D: 10XX at a site with `sip.conf` reaches 30XX at one with `pjsip.conf`; the four ways to say where that is.
fn d(step: &str) {
    let Some(_turn) = have(&format!("two-sites-{step}"), &["python3", "pjsua2"]) else {
        return;
    };
    let network = Network::new();
    let sip1 = network.site(step, "sip1", 9);
    let sip3 = network.site(step, "sip3", 52);
    let mut called = network.phone(101, "3001", &sip3, true);
    called.register();
    let mut ninth = network.phone(109, "1009", &sip1, false);
    ninth.register();
    talk(&mut ninth, &mut called, "3001", &sip1, false);
    drop(ninth);
    let mut first = network.phone(102, "1001", &sip1, false);
    first.register();
    call(&mut first, "3001", &sip1, false);
    if step == "D.4" {
        // The address is a variable of phone 1009 alone.
        let end = first.wait("state DISCONNECTED");
        assert!(!end.ends_with("200"), "{end}");
    } else {
        called.wait("incoming");
        called.say("decline");
        first.wait("state DISCONNECTED");
    }
    drop((called, first));
    sip1.stop();
    sip3.stop();
}

#[test]
fn d_1_the_address_in_dial() {
    d("D.1");
}

#[test]
fn d_2_the_address_in_a_variable() {
    d("D.2");
}

#[test]
fn d_3_the_address_in_a_global_variable() {
    d("D.3");
}

#[test]
fn d_4_the_address_in_a_variable_of_one_phone() {
    d("D.4");
}

#[test]
fn e_bridges_both_ways_over_tcp() {
    let Some(_turn) = have("two-sites-e", &["python3", "pjsua2"]) else {
        return;
    };
    let network = Network::new();
    let sip1 = network.site("E", "sip1", 9);
    let sip3 = network.site("E", "sip3", 52);
    // As the files want it: the first phone of each site over UDP, the second over TCP.
    let mut here = network.phone(101, "1001", &sip1, false);
    let mut there = network.phone(102, "3002", &sip3, true);
    here.register();
    there.register();
    talk(&mut here, &mut there, "3002", &sip1, false);
    talk(&mut there, &mut here, "1001", &sip3, true);
    // Nobody is registered as 3009: the other site says the number and that it is invalid.
    call(&mut here, "3009", &sip1, false);
    here.wait("state CONFIRMED");
    here.say("hangup");
    here.wait("state DISCONNECTED");
    // The bridge is TCP: each site saw the other only there.
    for (site, other) in [(&sip1, 52), (&sip3, 9)] {
        let other = network.host(other);
        let log = site.log();
        assert!(log.contains(&format!("TCP {other}")), "{log}");
        assert!(!log.contains(&format!("UDP {other}")), "{log}");
    }
    drop((here, there));
    sip1.stop();
    sip3.stop();
}
