//! Two softphones without an exchange between them: signalling and audio over real sockets.
#![allow(clippy::unwrap_used)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use strowger_runtime::media::{self, Media};
use strowger_runtime::phone::{Happened, Password, Phone, Settings};
use strowger_runtime::rtp::tone::Tone;
use strowger_runtime::sip::session::Terms;

const PATIENCE: Duration = Duration::from_secs(10);

async fn until<T>(phone: &mut Phone, mut want: impl FnMut(&Happened) -> Option<T>) -> T {
    let mut seen = Vec::new();
    while let Some(happened) = phone.next(PATIENCE).await {
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
        password: Password("x".into()),
        near: "127.0.0.1:0".parse().unwrap(),
        exchange,
        seed: [user.as_bytes()[0]; 32],
        terms: Terms::default(),
    };
    Phone::start(settings, Arc::clone(media)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn they_call_talk_hold_text_and_hang_up() {
    let media = Arc::new(Media::start(media::Settings::default()).unwrap());
    let mut b = phone("bob", "127.0.0.1:9".parse().unwrap(), &media).await;
    let mut a = phone("alice", b.near(), &media).await;

    a.call("bob").await;
    let from = until(&mut b, |h| {
        if let Happened::Incoming(from) = h {
            Some(from.clone())
        } else {
            None
        }
    })
    .await;
    assert!(from.contains("alice"), "{from}");
    until(&mut a, |h| matches!(h, Happened::Ringing).then_some(())).await;
    b.answer().await;
    assert!(
        until(&mut a, |h| if let Happened::Talking(audio) = h {
            Some(*audio)
        } else {
            None
        })
        .await
    );
    b.tone(Tone::Sine(700)).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    a.measure(Duration::from_millis(400)).await;
    let heard = until(&mut a, |h| {
        if let Happened::Heard(heard) = h {
            Some(*heard)
        } else {
            None
        }
    })
    .await;
    assert!(
        (heard.hertz - 700.0).abs() < 10.0 && heard.purity > 0.9,
        "{heard:?}"
    );

    a.press(b'5').await;
    assert_eq!(
        until(&mut b, |h| if let Happened::Digit(digit) = h {
            Some(*digit)
        } else {
            None
        })
        .await,
        b'5'
    );

    a.hold(true).await;
    assert!(
        until(&mut b, |h| if let Happened::Held(held) = h {
            Some(*held)
        } else {
            None
        })
        .await
    );
    a.hold(false).await;
    assert!(
        !until(&mut b, |h| if let Happened::Held(held) = h {
            Some(*held)
        } else {
            None
        })
        .await
    );

    a.text("bob", "Grüße").await;
    assert_eq!(
        until(&mut b, |h| if let Happened::Text { body, .. } = h {
            Some(body.clone())
        } else {
            None
        })
        .await,
        "Grüße"
    );
    assert_eq!(
        until(&mut a, |h| if let Happened::Texted(status) = h {
            Some(*status)
        } else {
            None
        })
        .await,
        200
    );

    b.hang_up().await;
    assert_eq!(
        until(&mut a, |h| if let Happened::Ended(status) = h {
            Some(*status)
        } else {
            None
        })
        .await,
        0
    );
    assert_eq!(
        until(&mut b, |h| if let Happened::Ended(status) = h {
            Some(*status)
        } else {
            None
        })
        .await,
        0
    );

    // A call that is not taken.
    a.call("bob").await;
    until(&mut b, |h| matches!(h, Happened::Incoming(_)).then_some(())).await;
    b.hang_up().await;
    assert_eq!(
        until(&mut a, |h| if let Happened::Ended(status) = h {
            Some(*status)
        } else {
            None
        })
        .await,
        486
    );

    // A call that the caller takes back.
    a.call("bob").await;
    until(&mut a, |h| matches!(h, Happened::Ringing).then_some(())).await;
    a.hang_up().await;
    until(&mut b, |h| matches!(h, Happened::Ended(_)).then_some(())).await;
}
