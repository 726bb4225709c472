//! Silence, reports and figures.

use std::time::Duration;

use strowger_runtime::rtp::worker::Port;
use strowger_runtime::rtp::{Codec, Event, Order, rtcp};

use crate::bench::*;

#[test]
fn silence_is_told_once_per_silence() {
    let (mut bench, one, _) = Bench::bridge(far(1, Codec::Pcmu, None), far(2, Codec::Pcmu, None));
    bench.order(one, Order::Watch(Some(Duration::from_secs(1))));
    bench.ticks(120);
    assert_eq!(bench.events(1), [Event::Silent(Duration::from_secs(1))]);
    bench.receive(one, phone(1), &audio(Codec::Pcmu, 1, &[0]));
    bench.ticks(120);
    assert_eq!(bench.events(1).len(), 2);
    bench.order(one, Order::Watch(None));
    bench.ticks(120);
    assert_eq!(bench.events(1).len(), 2);
}

#[test]
fn reports_say_what_was_sent_heard_and_lost() {
    let (mut bench, one, two) = Bench::bridge(far(1, Codec::Pcmu, None), far(2, Codec::Pcmu, None));
    for n in 0..300 {
        if n % 10 != 9 {
            bench.receive(one, phone(1), &audio(Codec::Pcmu, n, &[0; 160]));
        }
        if n == 100 {
            // Phone 2 reports: it lost 5 of our packets.
            let ours = bench.sent_by(2, Port::Rtp)[0].header().ssrc;
            let block = rtcp::Block {
                ssrc: ours,
                lost: 5,
                ..rtcp::Block::default()
            };
            let mut report = Vec::new();
            rtcp::write(&mut report, 0x99, "phone", None, Some(block), false);
            let mut from = phone(2);
            from.set_port(from.port() + 1);
            bench.worker.receive_report(bench.now(), two, from, &report);
            bench
                .worker
                .receive_report(bench.now(), two, ([198, 51, 100, 1], 9).into(), &report);
        }
        bench.ticks(1);
    }
    let report = bench.sent_by(1, Port::Rtcp).remove(0);
    assert_eq!(
        (report.ms, report.to),
        (5_000, ([192, 0, 2, 1], phone(1).port() + 1).into())
    );
    let said: Vec<rtcp::Said> = rtcp::read(&report.bytes).collect();
    let [rtcp::Said::Heard(block)] = said[..] else {
        panic!("{said:?}")
    };
    assert_eq!(
        (block.ssrc, block.lost, block.fraction_lost, block.jitter),
        (0x51, 24, (24 * 256 / 249) as u8, 0)
    );
    let report = bench.sent_by(2, Port::Rtcp).remove(0);
    assert!(rtcp::read(&report.bytes).any(|said| matches!(said, rtcp::Said::Sent { .. })));
    let stats = bench.stats(two);
    assert_eq!(
        (stats.far_lost, stats.sent, stats.strangers),
        (Some(5), 270, 1)
    );
}
