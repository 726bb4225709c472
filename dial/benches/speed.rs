//! How fast `.dial` is read: tokens, tree, layout, over the examples repeated. The figure to compare is lines a second.
//!
//!     cargo bench -p strowger-dial

use divan::counter::ItemsCount;

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const EXAMPLES: [&str; 3] = [
    include_str!("../tests/examples/reception.dial"),
    include_str!("../tests/examples/migrated.dial"),
    include_str!("../tests/examples/tested.dial"),
];

fn main() {
    divan::main();
}

/// About a megabyte.
fn text() -> String {
    let all = EXAMPLES.concat();
    all.repeat((1 << 20) / all.len())
}

fn lines(text: &str) -> ItemsCount {
    ItemsCount::new(text.lines().count())
}

#[divan::bench]
fn tokens(bencher: divan::Bencher<'_, '_>) {
    let text = text();
    bencher
        .counter(lines(&text))
        .bench(|| strowger_dial::token::lex(divan::black_box(&text)));
}

#[divan::bench]
fn tokens_and_tree(bencher: divan::Bencher<'_, '_>) {
    let text = text();
    assert!(strowger_dial::parse(&text).errors.is_empty());
    bencher
        .counter(lines(&text))
        .bench(|| strowger_dial::parse(divan::black_box(&text)));
}

#[divan::bench]
fn layout(bencher: divan::Bencher<'_, '_>) {
    let text = text();
    bencher
        .counter(lines(&text))
        .bench(|| strowger_dial::print::format(divan::black_box(&text)));
}
