//! Numbers of `.dial` at their edges, in calls.
#![allow(clippy::unwrap_used)]

use std::fmt::Write;

use strowger::testing::Suite;

/// The largest number.
const LARGEST: i128 = 999_999_999_999_999_999;

/// What each checked operation gives.
fn results(a: i128, b: i128) -> [Option<i128>; 5] {
    let fits = |n: i128| Some(n).filter(|n| n.abs() <= LARGEST);
    [
        fits(a + b),
        fits(a - b),
        fits(a * b),
        (b != 0).then(|| a / b),
        (b != 0).then(|| a % b),
    ]
}

#[test]
fn checked_operations_give_nothing_where_the_operator_would_stop_the_call() {
    const NAMES: [&str; 5] = ["add", "sub", "mul", "div", "rem"];
    let mut plan = String::new();
    for name in NAMES {
        let _ = writeln!(plan, "channel {name}ed: Str = \"\"");
    }
    plan.push_str("\nfn both(a: Int, b: Int) -> Int {\n  checked_mul(a, b) ?? -1\n}\n\n");
    plan.push_str("channel product: Int = 0\n\ncontext office {\n  on 1 {\n");
    plan.push_str("    let a = int(channel(\"A\")) ?? 0\n    let b = int(channel(\"B\")) ?? 0\n");
    for name in NAMES {
        let _ = writeln!(
            plan,
            "    match checked_{name}(a, b) {{\n      Some(n) -> {{\n        {name}ed = \"{{n}}\"\n      }}\n      None -> {{\n        {name}ed = \"nothing\"\n      }}\n    }}"
        );
    }
    plan.push_str("    product = both(a, b)\n    hangup()\n  }\n}\n");
    let edges = [
        0,
        1,
        -1,
        2,
        -3,
        7,
        1_000_000_000,
        -1_000_000_001,
        LARGEST / 2,
        LARGEST / 2 + 1,
        -LARGEST / 3,
        LARGEST - 1,
        LARGEST,
        -LARGEST,
    ];
    let mut tests = 0;
    for a in edges {
        for b in edges {
            tests += 1;
            let _ = write!(
                plan,
                "\ntest \"{a} and {b}\" {{\n  given channel(\"A\") = \"{a}\"\n  given channel(\"B\") = \"{b}\"\n  call 1 in office\n  expect reason == \"hung up\"\n"
            );
            let results = results(a, b);
            for (name, result) in NAMES.iter().zip(results) {
                let shown = result.map_or("nothing".to_owned(), |n| n.to_string());
                let _ = writeln!(plan, "  expect {name}ed == \"{shown}\"");
            }
            let product = results[2].unwrap_or(-1);
            let _ = writeln!(plan, "  expect product == {product}\n}}");
        }
    }
    let suite = Suite::from_dial(&plan).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(suite.names().count(), tests);
    suite.run().assert();
}

#[test]
fn those_of_constants_are_constants() {
    let suite = Suite::from_dial(
        "const most = checked_add(999999999999999998, 1)
const more = checked_add(999999999999999999, 1)
const none = checked_div(1, 0)

channel seen: Str = \"\"

context office {
  on 1 {
    seen = \"{most ?? 0} {more ?? 1} {none ?? 2}\"
    hangup()
  }
}

test \"constants\" {
  call 1 in office
  expect seen == \"999999999999999999 1 2\"
}
",
    )
    .unwrap_or_else(|e| panic!("{e}"));
    suite.run().assert();
}

const RANGES: &str = "
fn size(n: Int) -> Str {
  match n {
    ..0 -> \"negative\"
    0 -> \"none\"
    1 | 2..5 -> \"few\"
    5..1000 -> \"many\"
    1000.. -> \"too many\"
  }
}
";

#[test]
fn ranges_in_a_match() {
    let ranges = RANGES;
    let mut plan = format!(
        "{ranges}
channel seen: Str = \"\"
channel waited: Str = \"\"
channel maybe: Str = \"\"

context office {{
  on 1 {{
    let n = int(channel(\"N\")) ?? 0
    seen = size(n)
    let time = 500ms * n
    waited = match time {{
      ..1s -> \"at once\"
      1s..1m -> \"soon\"
      1m.. -> \"late\"
    }}
    maybe = match int(channel(\"N\")) {{
      Some(-10..10) -> \"small\"
      Some(_) -> \"other\"
      None -> \"nothing\"
    }}
    hangup()
  }}
}}
"
    );
    for n in [
        -1_000_000_i64,
        -10,
        -1,
        0,
        1,
        2,
        4,
        5,
        9,
        10,
        119,
        120,
        999,
        1_000,
        1_001,
    ] {
        let size = match n {
            ..0 => "negative",
            0 => "none",
            1..5 => "few",
            5..1000 => "many",
            1000.. => "too many",
        };
        let waited = match n * 500 {
            ..1_000 => "at once",
            1_000..60_000 => "soon",
            60_000.. => "late",
        };
        let maybe = if (-10..10).contains(&n) {
            "small"
        } else {
            "other"
        };
        let _ = writeln!(
            plan,
            "\ntest \"{n}\" {{\n  given channel(\"N\") = \"{n}\"\n  call 1 in office\n  expect seen == \"{size}\"\n  expect waited == \"{waited}\"\n  expect maybe == \"{maybe}\"\n}}"
        );
    }
    plan.push_str("\ntest \"none\" {\n  call 1 in office\n  expect maybe == \"nothing\" and seen == \"none\"\n}\n");
    let suite = Suite::from_dial(&plan).unwrap_or_else(|e| panic!("{e}"));
    suite.run().assert();
    // Layout keeps them.
    let laid = strowger_dial::print::format(ranges).unwrap();
    assert!(
        laid.contains("    1 | 2..5 -> \"few\"") && laid.contains("    ..0 -> \"negative\""),
        "{laid}"
    );
    assert_eq!(strowger_dial::print::format(&laid).unwrap(), laid);
}

#[test]
fn what_ranges_leave_out_is_told_and_what_they_hide() {
    let wrong = |arms: &str| {
        let plan = format!("fn f(n: Int) -> Int {{\n  match n {{\n{arms}\n  }}\n}}\n");
        let told = Suite::from_dial(&plan).err().map(|e| e.to_string());
        told.unwrap_or_default()
    };
    let told = wrong("    ..0 -> 1\n    1..10 -> 2");
    assert!(told.contains("missing: `0`, `10..`"), "{told}");
    let told = wrong("    ..10 -> 1\n    0..10 -> 2\n    10.. -> 3");
    assert!(told.contains("[D302]") && told.contains(":4:5"), "{told}");
    let told = wrong("    ..10 -> 1\n    7 -> 2\n    10.. -> 3");
    assert!(told.contains("[D302]"), "{told}");
    let told = wrong("    10..3 -> 1\n    _ -> 3");
    assert!(told.contains("the range holds nothing"), "{told}");
    let told = wrong("    1s..3s -> 1\n    _ -> 3");
    assert!(told.contains("a range of times"), "{told}");
    assert_eq!(
        wrong("    ..0 | 0..10 -> 1\n    10 -> 2\n    11.. -> 3"),
        ""
    );
}
