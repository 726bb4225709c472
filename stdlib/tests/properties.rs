//! No input makes a reader or a pure function panic, and what is printed is
//! what was read.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use proptest::prelude::*;
use strowger_stdlib::pure::{self, Env};
use strowger_stdlib::template::{self, Answered, Call, Resolve, Template};
use strowger_stdlib::timespec::TimeSpec;
use strowger_stdlib::{Value, args, expr};

/// Bytes, rich in the characters that mean something.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..60),
        proptest::collection::vec(
            proptest::sample::select(b"${}[]()\"\\:;,?|&=~<>!+-*/%.09aAZ_ \t\n'#@^\xff".to_vec()),
            0..60
        ),
    ]
}

/// Every variable is `7`, every function gives its argument.
struct Mirror;

impl Resolve for Mirror {
    fn variable(&mut self, _: &[u8]) -> Option<Value> {
        Some(Value::Int(7))
    }

    fn call(&mut self, call: &Call) -> Answered {
        Answered::Value(Value::text(&call.args))
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn a_template_prints_as_it_was_read(text in bytes()) {
        prop_assert_eq!(Template::read(&text).print(), text);
    }

    #[test]
    fn holes_lie_where_they_say(text in bytes()) {
        let template = Template::read(&text);
        for hole in template.holes() {
            let inside = &text[hole.span.clone()];
            prop_assert_eq!(inside[0], b'$');
            let close = matches!(inside[inside.len() - 1], b'}' | b']');
            prop_assert!(close || !hole.closed);
        }
    }

    #[test]
    fn anything_can_be_substituted(text in bytes()) {
        let (result, _) = template::expand(&text, &mut Mirror);
        prop_assert!(result.len() <= template::RESULT_LIMIT);
    }

    #[test]
    fn anything_can_be_evaluated(text in bytes()) {
        let _ = expr::evaluate(&text);
    }

    #[test]
    fn plain_text_stays(text in "[^$]{0,40}") {
        prop_assert_eq!(template::expand(text.as_bytes(), &mut Mirror).0, text.into_bytes());
    }

    #[test]
    fn whole_numbers_are_exact(a in -99_999_999i64..99_999_999, b in -99_999_999i64..99_999_999, c in 1i64..9_999) {
        let number = |text: String| expr::evaluate(text.as_bytes());
        prop_assert_eq!(number(format!("{a} + {b} * {c} + 0")), Value::int(a + b * c));
        prop_assert_eq!(number(format!("({a} - {b}) % {c} + 0")), Value::int((a - b) % c));
        prop_assert_eq!(number(format!("{a} < {b}")), Value::truth_value(a < b));
        prop_assert_eq!(number(format!("{} / {c} + 0", a * c)), Value::int(a));
    }

    #[test]
    fn fractions_agree_with_the_machine(a in 1u32..1_000_000, b in 1u32..1_000_000) {
        let text = String::from_utf8(expr::evaluate(format!("{a} / {b}").as_bytes()).bytes().into_owned()).unwrap();
        let ours: f64 = text.parse().unwrap();
        let theirs = f64::from(a) / f64::from(b);
        prop_assert!((ours - theirs).abs() <= theirs * 1e-15, "{} {}", ours, theirs);
    }

    #[test]
    fn functions_agree_with_the_machine(x in 0.001f64..700.0, y in -20.0f64..20.0) {
        let value = |text: String| -> f64 {
            String::from_utf8(expr::evaluate(text.as_bytes()).bytes().into_owned()).unwrap().parse().unwrap()
        };
        let y_text = if y < 0.0 { format!("0 - {:.9}", -y) } else { format!("{y:.9}") };
        let x = format!("{x:.9}").parse::<f64>().unwrap();
        let y = format!("{y:.9}").parse::<f64>().unwrap();
        for (name, theirs) in [
            ("SQRT", x.sqrt()), ("LOG", x.ln()), ("LOG2", x.log2()), ("LOG10", x.log10()),
            ("EXP", x.exp()), ("SIN", x.sin()), ("COS", x.cos()), ("ATAN", x.atan()),
        ] {
            let ours = value(format!("{name}({x:.9})"));
            prop_assert!((ours - theirs).abs() <= 1e-12 * theirs.abs().max(1.0), "{}({}) {} {}", name, x, ours, theirs);
        }
        let ours = value(format!("POW({x:.9},{y_text})"));
        let theirs = x.powf(y);
        prop_assert!((ours - theirs).abs() <= 1e-12 * theirs.abs(), "POW({},{}) {} {}", x, y, ours, theirs);
        let ours = value(format!("ATAN2({y_text},{x:.9})"));
        prop_assert!((ours - y.atan2(x)).abs() <= 1e-12);
    }

    #[test]
    fn no_pure_function_panics(text in bytes(), variable in bytes(), seconds in any::<i64>()) {
        let mut env = Env::default();
        env.now.micros = seconds;
        let variable = Value::from(variable);
        for (id, name) in pure::names() {
            let _ = pure::reads(id, &text);
            let answer = pure::call(id, &text, &variable, &env);
            if let Answered::Value(value) = answer.outcome {
                prop_assert!(value.bytes().len() < 200_000, "{}", name);
            }
        }
        for name in ["ARRAY", "PUSH", "UNSHIFT", "HASH"] {
            let _ = pure::write_reads(name.as_bytes(), &text);
            let _ = pure::write(name.as_bytes(), &text, &variable, &text);
        }
    }

    #[test]
    fn times_can_be_written_in_any_way(text in bytes(), at in any::<i64>()) {
        let format = [b"%".as_slice(), &text].concat();
        let zone = strowger_stdlib::time::Zone::named(b"America/St_Johns").unwrap();
        let _ = strowger_stdlib::timetext::strftime(&format, at, -1, &zone, &zone);
    }

    #[test]
    fn argument_readers_take_anything(text in bytes(), slots in 0usize..5) {
        for marks in [args::Marks::Keep, args::Marks::Remove] {
            for separator in *b",?:\"/" {
                prop_assert!(args::split_at(&text, separator, slots, marks).len() <= slots);
            }
            let _ = args::branches(&text, marks);
        }
        let raw = args::split_raw(&text, 200);
        if raw.len() < 200 {
            prop_assert_eq!(raw.join(&b','), text.clone());
        }
        let _ = args::options(&text);
        let _ = args::branches_plain(&text);
        let _ = args::Target::read(&text);
        let _ = args::gosub(&text);
        let _ = args::application(&text);
        let _ = args::duration(&text);
        let _ = TimeSpec::read(&text);
        let _ = template::split_body(&text);
        let _ = strowger_stdlib::status::Cause::read(&text);
    }
}

#[test]
fn deep_and_long_texts_do_not_matter() {
    let deep = "(".repeat(100_000);
    assert_eq!(expr::evaluate(deep.as_bytes()), Value::Int(0));
    let long = "1+".repeat(50_000) + "1";
    assert_eq!(expr::evaluate(long.as_bytes()), Value::Int(50_001));
    let minus = "-".repeat(100_000) + "1";
    assert_eq!(expr::evaluate(minus.as_bytes()), Value::Int(1));
    let holes = "${".repeat(10_000);
    let template = Arc::new(Template::read(holes.as_bytes()));
    assert_eq!(template.print(), holes.into_bytes());
}
