//! The exchange over real sockets of 127.0.0.1: two softphones register, talk, hear themselves, text.
#![allow(clippy::unwrap_used)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use strowger_compiler::source::Sources;
use strowger_runtime::media::{self, Media};
use strowger_runtime::phone::{Happened, Password, Phone, Settings};
use strowger_runtime::rtp::Heard;
use strowger_runtime::rtp::tone::Tone;
use strowger_runtime::sip::flow::Protocol;
use strowger_runtime::sip::session::Terms;
use strowger_runtime::{Engine, Options, config};

const PLAN: &str = "\
[office]
exten => _6X,1,Dial(SIP/${EXTEN},20)
 same => n,Hangup()
exten => 3666,1,Answer()
 same => n,Echo()
exten => 700,1,Answer()
 same => n,Playback(invalid)
 same => n,SayDigits(42)
 same => n,NoOp(${PLAYBACKSTATUS})
[sms]
exten => _6X,1,MessageSend(sip:${EXTEN},${MESSAGE(from)})
";

const SIP: &str = "\
[general]
context=office
udpbindaddr=127.0.0.1
outofcall_message_context=sms
[61]
type=friend
host=dynamic
secret=s61
[62]
type=friend
host=dynamic
secret=s62
";

async fn until<T>(phone: &mut Phone, mut want: impl FnMut(&Happened) -> Option<T>) -> T {
    let mut seen = Vec::new();
    while let Some(happened) = phone.next(Duration::from_secs(10)).await {
        if let Some(found) = want(&happened) {
            return found;
        }
        seen.push(happened);
    }
    panic!("it never came; what came: {seen:#?}");
}

async fn phone(user: &str, exchange: SocketAddr, media: &Arc<Media>) -> Phone {
    let settings = Settings {
        user: user.into(),
        password: Password(format!("s{user}")),
        near: "127.0.0.1:0".parse().unwrap(),
        exchange,
        seed: [user.as_bytes()[1]; 32],
        terms: Terms::default(),
    };
    let mut phone = Phone::start(settings, Arc::clone(media)).await.unwrap();
    phone.register(60).await;
    let status = until(&mut phone, |h| {
        if let Happened::Registered(s) = h {
            Some(*s)
        } else {
            None
        }
    })
    .await;
    assert_eq!(status, 200);
    phone
}

async fn talking(phone: &mut Phone) {
    assert!(
        until(phone, |h| if let Happened::Talking(audio) = h {
            Some(*audio)
        } else {
            None
        })
        .await
    );
}

async fn hears(phone: &mut Phone) -> Heard {
    tokio::time::sleep(Duration::from_millis(400)).await;
    phone.measure(Duration::from_millis(400)).await;
    until(phone, |h| {
        if let Happened::Heard(heard) = h {
            Some(*heard)
        } else {
            None
        }
    })
    .await
}

fn is_tone(heard: Heard, hertz: f32) {
    assert!(
        (heard.hertz - hertz).abs() < 10.0 && heard.purity > 0.9,
        "{heard:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn phones_register_talk_echo_and_text() {
    let mut sources = Sources::new();
    for (name, text) in [
        ("extensions.conf", PLAN),
        ("sip.conf", SIP),
        ("rtp.conf", "[general]\nrtpstart=22000\nrtpend=22040\n"),
        (
            "strowger.toml",
            "[bind]\nport = 0\n[store]\npath = \":memory:\"\n",
        ),
    ] {
        sources.add(name, text.as_bytes());
    }
    let plan = strowger_compiler::compile(&sources, &strowger_compiler::Options::default());
    let (mut config, _) = config::load(&sources);
    config.options.store = config::StoreChoice::Memory;
    let engine = Engine::start(config, plan.module.unwrap(), Options::default())
        .await
        .unwrap();
    let udp = engine
        .addresses()
        .into_iter()
        .find(|l| l.protocol == Protocol::Udp)
        .unwrap()
        .address;

    let media = Arc::new(
        Media::start(media::Settings {
            first_port: 23_000,
            last_port: 23_100,
            ..media::Settings::default()
        })
        .unwrap(),
    );
    let mut a = phone("61", udp, &media).await;
    let mut b = phone("62", udp, &media).await;
    assert_eq!(engine.stats().bindings, 2);

    a.call("62").await;
    until(&mut b, |h| matches!(h, Happened::Incoming(_)).then_some(())).await;
    until(&mut a, |h| matches!(h, Happened::Ringing).then_some(())).await;
    b.answer().await;
    talking(&mut a).await;
    a.tone(Tone::Sine(440)).await;
    b.tone(Tone::Sine(880)).await;
    is_tone(hears(&mut a).await, 880.0);
    is_tone(hears(&mut b).await, 440.0);
    a.press(b'7').await;
    assert_eq!(
        until(&mut b, |h| if let Happened::Digit(d) = h {
            Some(*d)
        } else {
            None
        })
        .await,
        b'7'
    );
    b.hang_up().await;
    until(&mut a, |h| matches!(h, Happened::Ended(_)).then_some(())).await;

    a.call("3666").await;
    talking(&mut a).await;
    a.tone(Tone::Sine(600)).await;
    is_tone(hears(&mut a).await, 600.0);
    a.hang_up().await;
    until(&mut a, |h| matches!(h, Happened::Ended(_)).then_some(())).await;

    let mut observer = engine.observe();
    a.call("700").await;
    talking(&mut a).await;
    let heard = hears(&mut a).await;
    assert!(heard.level > -50.0, "the prompt is heard: {heard:?}");
    until(&mut a, |h| matches!(h, Happened::Ended(_)).then_some(())).await;
    let mut status = None;
    while let Some(notice) = observer.ready() {
        if let strowger_runtime::What::Step { step, .. } = notice.what
            && step.application == b"NoOp"
        {
            status = Some(String::from_utf8(step.arguments.clone()).unwrap());
        }
    }
    assert_eq!(status.as_deref(), Some("SUCCESS"));

    a.text("62", "hello").await;
    assert_eq!(
        until(&mut a, |h| if let Happened::Texted(s) = h {
            Some(*s)
        } else {
            None
        })
        .await,
        202
    );
    let body = until(&mut b, |h| {
        if let Happened::Text { body, .. } = h {
            Some(body.clone())
        } else {
            None
        }
    })
    .await;
    assert_eq!(body, "hello");

    // The text's own channel may still wait for its 200; a stop lets it finish.
    assert_eq!(engine.stop(Duration::from_secs(5)).await.ended, 0);
}

/// With both files there are two sockets; the far end may know us by the port of one of them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_leaves_by_the_listener_of_its_own_file() {
    let far = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let host = far.local_addr().unwrap();
    let plan = format!(
        "[office]\nexten => 1,1,Dial(SIP/500@{host},2)\nexten => 2,1,Dial(PJSIP/71/sip:500@{host},2)\n"
    );
    let pjsip = "[u]\ntype=transport\nprotocol=udp\nbind=127.0.0.1\n[71]\ntype=endpoint\nallow=ulaw\naors=71\n[71]\ntype=aor\n";
    let mut sources = Sources::new();
    for (name, text) in [
        ("extensions.conf", plan.as_str()),
        ("sip.conf", SIP),
        ("pjsip.conf", pjsip),
        ("rtp.conf", "[general]\nrtpstart=22050\nrtpend=22090\n"),
        ("strowger.toml", "[bind]\nport = 0\n"),
    ] {
        sources.add(name, text.as_bytes());
    }
    let plan = strowger_compiler::compile(&sources, &strowger_compiler::Options::default());
    let (mut config, _) = config::load(&sources);
    config.options.store = config::StoreChoice::Memory;
    let at = |technology| {
        config
            .listeners
            .iter()
            .position(|l| l.technology == technology)
            .unwrap()
    };
    let (sip, pjsip) = (at(config::Technology::Sip), at(config::Technology::Pjsip));
    let engine = Engine::start(config, plan.module.unwrap(), Options::default())
        .await
        .unwrap();
    let open = engine.addresses();
    let media = Arc::new(
        Media::start(media::Settings {
            first_port: 23_110,
            last_port: 23_130,
            ..media::Settings::default()
        })
        .unwrap(),
    );
    let mut a = phone("61", open[sip].address, &media).await;
    for (number, listener) in [("1", sip), ("2", pjsip)] {
        a.call(number).await;
        let mut text = [0; 4_096];
        let (_, from) = tokio::time::timeout(Duration::from_secs(10), far.recv_from(&mut text))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(from, open[listener].address, "{number}");
        until(&mut a, |h| matches!(h, Happened::Ended(_)).then_some(())).await;
        // Repeats of this call must not be taken for the next one.
        while far.try_recv_from(&mut text).is_ok() {}
    }
    engine.stop(Duration::ZERO).await;
}
