//! Reading the messages of an ordinary call and registration, beside `rsip` as the yardstick.

use bytes::Bytes;
use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use strowger_runtime::sip::{Message, Writer, verdict};

const MESSAGES: [&[u8]; 9] = [
    include_bytes!("../tests/sip/bench/1-invite.dat"),
    include_bytes!("../tests/sip/bench/2-100.dat"),
    include_bytes!("../tests/sip/bench/3-180.dat"),
    include_bytes!("../tests/sip/bench/4-200.dat"),
    include_bytes!("../tests/sip/bench/5-ack.dat"),
    include_bytes!("../tests/sip/bench/6-bye.dat"),
    include_bytes!("../tests/sip/bench/7-200bye.dat"),
    include_bytes!("../tests/sip/bench/8-register.dat"),
    include_bytes!("../tests/sip/bench/9-401.dat"),
];

fn main() {
    divan::main();
}

fn all(bencher: Bencher<'_, '_>, read: impl Fn(&'static [u8]) + Sync) {
    bencher
        .counter(ItemsCount::new(MESSAGES.len()))
        .counter(BytesCount::new(
            MESSAGES.iter().map(|m| m.len()).sum::<usize>(),
        ))
        .bench(|| MESSAGES.iter().for_each(|m| read(m)));
}

/// The index alone.
#[divan::bench]
fn index(bencher: Bencher<'_, '_>) {
    all(bencher, |m| {
        drop(black_box(Message::parse(Bytes::from_static(m))))
    });
}

/// What every message costs before it finds its transaction: index, all checks, the typed values they need.
#[divan::bench]
fn index_and_check(bencher: Bencher<'_, '_>) {
    all(bencher, |m| {
        if let Ok(m) = Message::parse(Bytes::from_static(m)) {
            let _ = black_box(verdict::check(&m));
        }
    });
}

/// A request read and answered.
#[divan::bench]
fn answer(bencher: Bencher<'_, '_>) {
    let source = std::net::SocketAddr::from(([192, 0, 2, 10], 5060));
    all(bencher, |m| {
        if let Ok(m) = Message::parse(Bytes::from_static(m)) {
            drop(black_box(
                Writer::response(&m, 200, source, Some(b"tag")).end(),
            ));
        }
    });
}

/// The yardstick.
#[divan::bench]
fn rsip(bencher: Bencher<'_, '_>) {
    all(bencher, |m| drop(black_box(rsip::SipMessage::try_from(m))));
}
