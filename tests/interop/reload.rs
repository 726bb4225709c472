//! `strowger run` on a copy of `examples/two-phones`, told by SIGHUP to read its files again while a phone is in a call.

use crate::exchange::Exchange;
use crate::{Folder, have, port};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use strowger_runtime::media::{self, Media};
use strowger_runtime::phone::{Happened, Password, Phone, Settings};
use strowger_runtime::sip::session::Terms;

const PATIENCE: Duration = Duration::from_secs(10);

/// Waits for what is wanted; the rest is passed over.
async fn until(phone: &mut Phone, what: &str, wanted: impl Fn(&Happened) -> bool) -> Happened {
    let end = tokio::time::Instant::now() + PATIENCE;
    let mut told = Vec::new();
    while tokio::time::Instant::now() < end {
        match phone.next(PATIENCE).await {
            Some(happened) if wanted(&happened) => return happened,
            Some(other) => told.push(other),
            None => break,
        }
    }
    panic!("no {what}: {told:?}");
}

async fn talking(phone: &mut Phone) {
    until(phone, "talk", |h| matches!(h, Happened::Talking(true))).await;
}

/// The final status if the call never stood, else 0.
async fn ended(phone: &mut Phone) -> u16 {
    match until(phone, "end", |h| matches!(h, Happened::Ended(_))).await {
        Happened::Ended(status) => status,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_call_goes_on_over_a_reload_and_its_next_goto_uses_the_new_plan() {
    let Some(_turn) = have("reload", &[]) else {
        return;
    };
    // The phone goes on while the test waits for the exchange.
    let tokio = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    tokio.block_on(over_a_reload());
}

async fn over_a_reload() {
    let port = port();
    let folder = Folder::new("reload");
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/two-phones");
    for file in std::fs::read_dir(example).unwrap().flatten() {
        // The plan in the other language would take the place of one that is gone.
        if file.file_name() != "extensions.dial" {
            std::fs::copy(file.path(), folder.0.join(file.file_name())).unwrap();
        }
    }
    folder.write("rtp.conf", "[general]\nrtpstart=30000\nrtpend=31999\n");
    folder.write(
        "strowger.toml",
        &format!(
            "[store]\nlocation = \"memory\"\n[bind]\naddress = \"127.0.0.1\"\nport = {port}\n"
        ),
    );
    let plan = std::fs::read_to_string(folder.0.join("extensions.conf")).unwrap();
    let address = format!("127.0.0.1:{port}");
    let exchange = Exchange::launch(folder, address.clone(), &["--trace", "dialplan"]);
    let media = Arc::new(Media::start(media::Settings::default()).unwrap());
    let settings = Settings {
        user: "nlys".into(),
        password: Password("lampe-61-orage".into()),
        near: SocketAddr::from(([127, 0, 0, 1], 0)),
        exchange: address.parse().unwrap(),
        seed: [61; 32],
        terms: Terms::default(),
    };
    let mut phone = Phone::start(settings, media).await.unwrap();
    phone.register(60).await;
    until(&mut phone, "registration", |h| {
        matches!(h, Happened::Registered(200))
    })
    .await;

    phone.call("3666").await;
    talking(&mut phone).await;
    exchange.wait("[3666@echo:2] Echo()", PATIENCE);

    // The new plan goes on behind the echo, to where the old one had nothing.
    let new = plan.replace(
        "; exten => 3666,n,Playback(demo-echodone)",
        "exten => 3666,n,Goto(default,4000,1)",
    ) + "[default](+)\nexten => 4000,1,NoOp(reached)\n same => n,Wait(60)\n same => n,NoOp(done)\n";
    assert_ne!(new, plan);
    exchange.folder.write("extensions.conf", &new);
    exchange
        .folder
        .write("rtp.conf", "[general]\nrtpstart=40000\nrtpend=41999\n");
    exchange.signal("-HUP");
    exchange.wait("Reloaded. Channels in progress: 1", PATIENCE);
    exchange.wait("rtp.conf counts after a restart", PATIENCE);
    phone.press(b'#').await;
    exchange.wait("[3666@echo:3] Goto(default,4000,1)", PATIENCE);
    exchange.wait("[4000@default:2] Wait(60)", PATIENCE);

    // A file that Asterisk would refuse changes nothing, and says why.
    exchange
        .folder
        .write("extensions.conf", "[default\nexten => 4000,1,Hangup()\n");
    exchange.signal("-HUP");
    exchange.wait("Not reloaded: nothing was changed.", PATIENCE);
    exchange.wait("[S124]", PATIENCE);
    phone.hang_up().await;
    assert_eq!(ended(&mut phone).await, 0);
    phone.call("4000").await;
    until(
        &mut phone,
        "ringing or an answer",
        |h| matches!(h, Happened::Message { sent: false, line } if line.starts_with("SIP/2.0 100")),
    )
    .await;
    phone.hang_up().await;
    assert_eq!(ended(&mut phone).await, 487);

    // Nor does one in .dial that has an error: it is compiled as a whole or not at all.
    exchange.folder.write(
        "office.dial",
        "context office {\n  on 1 { playbak(\"hello\") }\n}\n",
    );
    exchange.folder.write(
        "extensions.conf",
        "#include \"office.dial\"\n[default]\nexten => 4000,1,Hangup()\n",
    );
    exchange.signal("-HUP");
    exchange.wait("there is no function or sub `playbak`", PATIENCE);
    exchange.wait("Not reloaded: nothing was changed.", PATIENCE);

    // Without its plan it keeps the one that it has; with a sound one it goes on.
    std::fs::remove_file(exchange.folder.0.join("extensions.conf")).unwrap();
    exchange.signal("-HUP");
    exchange.wait("there is no extensions.conf in it", PATIENCE);
    exchange.folder.write(
        "extensions.conf",
        "[default]\nexten => 5000,1,Answer()\n same => n,NoOp(last)\n same => n,Hangup()\n",
    );
    exchange.signal("-HUP");
    exchange.wait("Reloaded. Channels in progress: 0", PATIENCE);
    phone.call("4000").await;
    assert_eq!(ended(&mut phone).await, 404);
    phone.call("5000").await;
    exchange.wait("NoOp(last)", PATIENCE);
    exchange.stop();
}
