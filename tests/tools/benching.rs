//! `bench`: figures that hang together. How large they are is the machine's affair.

use crate::{json, run, seen};

#[test]
fn the_figures_hang_together() {
    let told = json(&[
        "bench",
        "office.conf",
        "features,*1",
        "--seconds",
        "0.05",
        "--json",
    ]);
    assert_eq!(told["start"]["exten"], "*1");
    // Set, three times round the loop, Exec of nothing.
    assert_eq!(told["priorities"], 8);
    let number = |key: &str| told[key].as_f64().unwrap();
    assert!(number("calls") >= 1.0);
    let (call, priority) = (number("ns_per_call"), number("ns_per_priority"));
    assert!((call / 8.0 - priority).abs() < 1e-6 * call);
    assert!((number("calls_per_second") * call / 1e9 - 1.0).abs() < 1e-6);
    let ratio = number("naive_ns_per_priority") / priority;
    assert!((number("ratio") / ratio - 1.0).abs() < 1e-6);
    let lines = told["lines"].as_array().unwrap();
    let visits = |source: &str| {
        let line = lines.iter().find(|l| l["source"] == source).unwrap();
        line["visits"].as_u64().unwrap()
    };
    assert_eq!(visits("office.conf:39"), 1);
    assert_eq!(visits("office.conf:40"), 3);
    let shares: f64 = lines.iter().map(|l| l["share"].as_f64().unwrap()).sum();
    assert!((shares - 1.0).abs() < 1e-6, "{shares}");
    assert!(
        lines.iter().all(|l| l["share"].as_f64().unwrap() > 0.0),
        "{lines:?}"
    );
}

#[test]
fn the_time_is_bounded_and_the_text_readable() {
    let began = std::time::Instant::now();
    let out = run(
        &[
            "bench",
            "local.conf",
            "main,1",
            "--seconds",
            "0.1",
            "--lines",
            "2",
        ],
        "",
    );
    // A tenth of a second was asked for; a machine in trouble gets half a minute.
    assert!(began.elapsed().as_secs() < 30);
    let text = String::from_utf8(out.stdout).unwrap();
    for word in [
        "priorities and",
        "a second",
        "a priority",
        "times as long",
        "visits  time  line",
        "and 5 more",
    ] {
        assert!(text.contains(word), "{word}: {text}");
    }
}

#[test]
fn what_cannot_be_measured_is_told() {
    let mut all = String::new();
    for args in [
        &["nowhere,1"][..],
        &["main,deep"],
        &["main"],
        &["main,1", "--seconds", "0"],
        &["main,none"],
    ] {
        all.push_str(&seen(&[&["bench", "local.conf"], args].concat()));
    }
    insta::assert_snapshot!("bench_wrong", all);
}
