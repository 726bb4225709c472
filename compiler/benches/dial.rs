//! How fast `.dial` is read and checked: a plan of many contexts, subs and functions. The figure to compare is lines a second.
//!
//!     cargo bench -p strowger-compiler --bench dial
//!
//! Measured on two cores that others kept busy, the fastest of 40: 700 000 lines a second are read, 150 000 read, checked and made
//! steps of; 104 000 loaded; 34 000 looked at by everything that `strowger check` knows.
#![allow(clippy::expect_used)]

use std::fmt::Write;

use divan::Bencher;
use divan::counter::ItemsCount;
use strowger_compiler::{Level, Options, Reading, Sources, analyse, load};

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    divan::main();
}

/// Sites of the plan; each is a part of it like those that people write.
const SITES: usize = 400;

/// A plan of some 20 000 lines.
fn plan() -> String {
    let mut out = String::from(
        "//! A plan of many sites.\nconst open = hours(\"mon-fri 09:00-17:30, sat 10:00-12:00\")\nglobal night: Bool = false as \"NIGHT\"\nchannel tries: Int = 0\n\nenum Choice { Sales, Support(queue: Str), Nobody }\n",
    );
    for n in 0..SITES {
        let _ = write!(
            out,
            r#"
/// What a caller of site {n} has chosen.
fn choice_{n}(key: Digits) -> Choice {{
  match key {{
    "1" -> Sales
    "2" | "3" -> Support("q{n}-{{key}}")
    _ -> Nobody
  }}
}}

/// Leaves a message and ends.
sub leave_{n}(box: Mailbox, why: Missed) -> Never {{
  voicemail(box, greeting: why)
  hangup()
}}

context phones_{n} {{
  include outside_{n} when now in open

  on {first}, {second} {{
    let why = dial(pjsip(exten), ring: 20s, transfer: Both)
    leave_{n}(mailbox(exten), why)
  }}

  on `{short}1X` {{
    match dial_and_return([pjsip(exten), pjsip("desk-{n}")], ring: 20s) {{
      Answered -> hangup()
      Busy | NoAnswer -> voicemail(mailbox(exten), greeting: Busy)
      Congestion | Unavailable | Declined | Refused | Cancelled -> playback("vm-goodbye")
    }}
  }}

  on start {{
    answer()
    if night or not (now in open) {{ goto closed_{n} }}
    while tries < 3 {{
      match read("main-menu", digits: 1, wait: 5s) {{
        Some(key) -> match choice_{n}(key) {{
          Sales -> goto phones_{n}.{first}
          Support(queue) -> queue_call(queue, wait: 5m)
          Nobody -> playback("pbx-invalid")
        }}
        None -> playback("are-you-there")
      }}
      tries = tries + 1
    }}
    log("site {n}: {{caller.number}} gave up after {{tries}}")
    hangup()
  }}

  hint {first} = pjsip("desk-{n}")
}}

context outside_{n} {{
  on `0{{number: ZXXXXXXX}}` {{
    dial(trunk("carrier").to(number), ring: 60s)
  }}
}}

context closed_{n} {{
  on start {{
    playback("closed")
    hangup()
  }}
}}
"#,
            first = 10_000 + n,
            second = 20_000 + n,
            short = 30_000 + n,
        );
    }
    out
}

fn sources() -> (Sources, ItemsCount) {
    let text = plan();
    let lines = ItemsCount::new(text.lines().count());
    let sources = Sources::new().with("extensions.dial", text);
    let compiled = analyse(&sources, &Options::default());
    let wrong = compiled
        .diagnostics
        .iter()
        .find(|d| d.level == Level::Error);
    assert!(wrong.is_none(), "{wrong:?}");
    assert!(compiled.hir.steps().count() > 10 * SITES);
    (sources, lines)
}

/// Tokens and tree alone.
#[divan::bench]
fn read(bencher: Bencher<'_, '_>) {
    let text = plan();
    bencher
        .counter(ItemsCount::new(text.lines().count()))
        .bench(|| strowger_dial::parse(divan::black_box(&text)));
}

/// From text to a checked plan as steps of the graph.
#[divan::bench]
fn read_and_check(bencher: Bencher<'_, '_>) {
    let (sources, lines) = sources();
    let options = Options::default();
    bencher
        .counter(lines)
        .bench(|| Reading::new(divan::black_box(&sources), &options));
}

/// The same, and bytecode that is verified: what an exchange does that loads the plan.
#[divan::bench]
fn load_it(bencher: Bencher<'_, '_>) {
    let (sources, lines) = sources();
    let options = Options::default();
    bencher.counter(lines).bench(|| {
        load(divan::black_box(&sources), &options)
            .module
            .expect("a module")
    });
}

/// The same, and everything that `strowger check` looks for.
#[divan::bench]
fn look_at_everything(bencher: Bencher<'_, '_>) {
    let (sources, lines) = sources();
    let options = Options::default();
    bencher
        .counter(lines)
        .bench(|| analyse(divan::black_box(&sources), &options));
}
