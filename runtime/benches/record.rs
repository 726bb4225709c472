//! What it costs to write calls down: a call of twelve effects, from INVITE to BYE, with both ends in this process and time standing still.
//!
//! `cargo bench -p strowger-runtime --bench record`
#![allow(clippy::unwrap_used)]

#[allow(dead_code, unreachable_pub)]
#[path = "../tests/exchange/net.rs"]
mod net;
#[allow(dead_code, unreachable_pub)]
#[path = "../tests/exchange/phone.rs"]
mod phone;
#[allow(dead_code, unreachable_pub)]
#[path = "../tests/exchange/world.rs"]
mod world;

use divan::Bencher;
use std::time::Duration;
use strowger_runtime::record::Sink;
use world::World;

fn main() {
    divan::main();
}

const PLAN: &str = "[office]
exten => _0X.,1,Answer(,i)
 same => n,Set(DB(last/${CALLERID(num)})=${EXTEN})
 same => n,Set(a=${DB(last/${CALLERID(num)})})
 same => n,Set(b=${DB(cfwd/${EXTEN:1})})
 same => n,Set(c=${RAND(1,100)})
 same => n,Set(GROUP()=calls)
 same => n,Set(d=${GROUP_COUNT(calls)})
 same => n,ExecIf($[\"${a}\" = \"${EXTEN}\"]?Set(DB(same/x)=1))
 same => n,Wait(0.1)
 same => n,Set(DB_DELETE(last/${CALLERID(num)})=)
 same => n,Wait(0.1)
 same => n,Hangup()
";

/// Whether and how calls are written down.
const WAYS: [&str; 3] = ["not", "with pseudonyms", "plain"];

/// Calls of one sample.
const CALLS: u32 = 100;

#[divan::bench(args = WAYS, sample_count = 40)]
fn calls(bencher: Bencher<'_, '_>, way: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    let path = std::env::temp_dir().join(format!("strowger-bench-{}.rec", std::process::id()));
    drop(std::fs::remove_file(&path));
    let (world, mut phone) = runtime.block_on(async {
        let world = match way {
            "not" => World::with_plan(PLAN).await,
            way => World::recorded(PLAN, Sink::create(&path, way == "plain").unwrap()).await,
        };
        let phone = world.registered("61").await;
        (world, phone)
    });
    let mut number = 1_715_000_000_u64;
    bencher.counter(CALLS).bench_local(|| {
        runtime.block_on(async {
            for _ in 0..CALLS {
                number += 1;
                let call = phone.call(&format!("0{number}"));
                assert_eq!(phone.ended(call).await.0, 200);
            }
        });
    });
    runtime.block_on(world.engine.stop(Duration::ZERO));
    drop(std::fs::remove_file(&path));
}
