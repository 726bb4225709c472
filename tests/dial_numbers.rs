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
