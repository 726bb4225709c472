//! Sites that call each other: the configurations of `examples/two-sites` as they are published.

use crate::net::Net;
use crate::phone::Phone;
use crate::world::{World, of_folder};
use std::time::Duration;
use strowger_runtime::sip::flow::Protocol;

const SIP1: &str = "127.0.50.9:5060";
const SIP3: &str = "127.0.50.52:5060";

/// A phone of a site; all have the password of the published files.
fn phone(net: &Net, user: &str, near: &str, site: &str, protocol: Protocol) -> Phone {
    let mut phone = Phone::new(net, user, near, site.parse().unwrap(), protocol);
    phone.password = "1234567890".into();
    phone
}

struct Sites {
    net: Net,
    one: World,
    three: World,
}

async fn sites(letter: &str) -> Sites {
    let net = Net::default();
    let one = of_folder(&net, SIP1, &format!("two-sites/{letter}/sip1")).await;
    let three = of_folder(&net, SIP3, &format!("two-sites/{letter}/sip3")).await;
    Sites { net, one, three }
}

/// `a` calls `number`, `b` answers, they talk, `b` hangs up.
async fn they_talk(a: &mut Phone, number: &str, b: &mut Phone) {
    let call = a.call(number);
    let (ringing, _) = b.rings().await;
    b.answer(ringing);
    let sdp = a.answered(call).await;
    assert!(
        sdp.contains("m=audio") && !sdp.contains("m=audio 0 "),
        "{sdp}"
    );
    tokio::time::sleep(Duration::from_secs(10)).await;
    b.hang_up(ringing);
    assert_eq!(a.ended(call).await.0, 200);
}

impl Sites {
    async fn nothing_left(&self, phones: &[&Phone]) {
        self.one.nothing_left(phones).await;
        self.three.nothing_left(&[]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_one_site_with_plain_peers() {
    let net = Net::default();
    let world = of_folder(&net, SIP1, "two-sites/A/sip1").await;
    let mut a = phone(&net, "1001", "127.0.50.61:5060", SIP1, Protocol::Udp);
    let mut b = phone(&net, "1002", "127.0.50.62:5060", SIP1, Protocol::Tcp);
    assert_eq!((a.register(600).await, b.register(600).await), (200, 200));
    they_talk(&mut a, "1002", &mut b).await;
    they_talk(&mut b, "1001", &mut a).await;
    // The phone that registered by a stream was called on that stream.
    assert!(
        net.log
            .lock()
            .unwrap()
            .iter()
            .any(|l| l.starts_with("127.0.50.9:5060 -> 127.0.50.62:5060 INVITE sip:1002@"))
    );
    world.nothing_left(&[&a, &b]).await;
}

#[tokio::test(start_paused = true)]
async fn b_two_sites_of_plain_peers_that_do_not_know_each_other() {
    for (site, first, second, elsewhere) in [
        ("sip1", "1001", "1002", "2001"),
        ("sip2", "2001", "2002", "1001"),
    ] {
        let net = Net::default();
        let world = of_folder(&net, SIP1, &format!("two-sites/B/{site}")).await;
        let mut a = phone(&net, first, "127.0.50.61:5060", SIP1, Protocol::Udp);
        let mut b = phone(&net, second, "127.0.50.62:5060", SIP1, Protocol::Udp);
        assert_eq!((a.register(600).await, b.register(600).await), (200, 200));
        they_talk(&mut a, second, &mut b).await;
        let call = a.call(elsewhere);
        assert_eq!(a.ended(call).await.0, 404);
        world.nothing_left(&[&a, &b]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn c_only_identified_addresses_reach_the_other_site() {
    let s = sites("C").await;
    let mut callee = phone(&s.net, "3001", "127.0.50.63:5060", SIP3, Protocol::Tcp);
    assert_eq!(
        callee.register(600).await,
        200,
        "unchallenged, for it has outbound_auth only"
    );
    for near in ["127.0.50.206:5060", "127.0.50.55:5060"] {
        let mut known = phone(&s.net, "1001", near, SIP3, Protocol::Udp);
        they_talk(&mut known, "3001", &mut callee).await;
    }
    let mut stranger = phone(&s.net, "1003", "127.0.50.64:5060", SIP3, Protocol::Udp);
    let call = stranger.call("3001");
    assert!(matches!(stranger.ended(call).await.0, 401 | 403));
    callee.quiet(Duration::from_secs(5)).await;
    s.nothing_left(&[&callee, &stranger]).await;
}

#[tokio::test(start_paused = true)]
async fn d_bridges_both_ways_over_udp() {
    for letter in ["D.1", "D.2", "D.3", "D.4"] {
        let s = sites(letter).await;
        let mut one = phone(&s.net, "1009", "127.0.50.61:5060", SIP1, Protocol::Udp);
        let mut three = phone(&s.net, "3001", "127.0.50.63:5060", SIP3, Protocol::Tcp);
        assert_eq!(
            (one.register(600).await, three.register(600).await),
            (200, 200)
        );
        they_talk(&mut one, "3001", &mut three).await;
        let between = s.net.between(SIP1.parse().unwrap(), SIP3.parse().unwrap());
        assert!(
            between
                .iter()
                .any(|l| l.starts_with("> INVITE sip:3001@127.0.50.52")),
            "{letter}: {between:?}"
        );
        // 3001 dials 1009@SIP1 itself, as a guest there.
        let mut guest = phone(&s.net, "3001", "127.0.50.65:5060", SIP1, Protocol::Udp);
        they_talk(&mut guest, "1009", &mut one).await;
        s.nothing_left(&[&one, &three, &guest]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn d4_only_1009_has_the_way() {
    let mut s = sites("D.4").await;
    let mut other = phone(&s.net, "1001", "127.0.50.61:5060", SIP1, Protocol::Udp);
    assert_eq!(other.register(600).await, 200);
    let call = other.call("3001");
    assert!(other.ended(call).await.0 >= 400);
    assert_eq!(s.one.steps(), ["3001:1 Dial(SIP/3001@)"]);
    s.nothing_left(&[&other]).await;
}

#[tokio::test(start_paused = true)]
async fn d_nobody_answers_and_the_far_site_says_so() {
    let mut s = sites("D.1").await;
    let mut one = phone(&s.net, "1009", "127.0.50.61:5060", SIP1, Protocol::Udp);
    let mut three = phone(&s.net, "3001", "127.0.50.63:5060", SIP3, Protocol::Tcp);
    assert_eq!(
        (one.register(600).await, three.register(600).await),
        (200, 200)
    );
    let begin = tokio::time::Instant::now();
    let call = one.call("3001");
    let (ringing, _) = three.rings().await;
    assert_eq!(three.ended(ringing).await.0, 487);
    one.answered(call).await;
    assert_eq!(begin.elapsed().as_secs(), 12);
    assert_eq!(one.ended(call).await.0, 200);
    assert_eq!(
        s.three.steps(),
        [
            "3001:1 Dial(PJSIP/3001,12,tT)",
            "3001:2 Answer()",
            "3001:3 SayDigits(3001)",
            "3001:4 Playback(invalid)",
            "3001:5 Hangup()"
        ]
    );
    s.nothing_left(&[&one, &three]).await;
}

#[tokio::test(start_paused = true)]
async fn e_bridges_both_ways_over_tcp() {
    let s = sites("E").await;
    let mut one = phone(&s.net, "1001", "127.0.50.61:5060", SIP1, Protocol::Tcp);
    let mut three = phone(&s.net, "3001", "127.0.50.63:5060", SIP3, Protocol::Tcp);
    assert_eq!(
        (one.register(600).await, three.register(600).await),
        (200, 200)
    );
    they_talk(&mut one, "3001", &mut three).await;
    they_talk(&mut three, "1001", &mut one).await;
    let between = s.net.between(SIP1.parse().unwrap(), SIP3.parse().unwrap());
    assert!(
        between
            .iter()
            .any(|l| l.starts_with("> INVITE sip:3001@127.0.50.52")),
        "{between:?}"
    );
    s.nothing_left(&[&one, &three]).await;
}
