//! The readers of the language on any bytes: expressions, templates, argument lists, options, time conditions, time formats, patterns.
#![no_main]

use libfuzzer_sys::fuzz_target;
use strowger_stdlib::Value;
use strowger_stdlib::args::{self, Marks};
use strowger_stdlib::expr::{self, Part};
use strowger_stdlib::pure::{self, Env};
use strowger_stdlib::template::Template;
use strowger_stdlib::time::{Moment, Zone};
use strowger_stdlib::timespec::TimeSpec;
use strowger_stdlib::timetext::{Format, strftime};
use strowger_vm::pattern::{Found, Matches, Question, without_dashes};

fuzz_target!(|data: &[u8]| {
    let Some((which, text)) = data.split_first() else {
        return;
    };
    match which % 7 {
        0 => {
            let value = expr::evaluate(text);
            // With a hole in its place a number gives the same shape, or none.
            if let Some(at) = text.iter().position(|b| *b == b'7') {
                let parts = [
                    Part::Text(&text[..at]),
                    Part::Hole(0),
                    Part::Text(&text[at + 1..]),
                ];
                if expr::shape(&parts).is_some() {
                    assert!(
                        expr::compile(text).warnings.is_empty(),
                        "a shape where there is none"
                    );
                }
            }
            drop(value);
        }
        1 => assert_eq!(Template::read(text).print(), text),
        2 => {
            for marks in [Marks::Keep, Marks::Remove] {
                let _ = args::branches(text, marks);
                let _ = args::split_at(text, b',', 9, marks);
            }
            let _ = (
                args::options(text),
                args::gosub(text),
                args::application(text),
                args::duration(text),
            );
            let _ = (args::branches_plain(text), args::Target::read(text));
        }
        3 => {
            let (spec, _) = TimeSpec::read(text);
            spec.matches(Moment::from_seconds(1_773_232_200), &Zone::utc());
        }
        4 => {
            let (zone, format) = text.split_at(text.len().min(4));
            let at = Moment::from_seconds(i64::from(which / 7) * 123_456_789);
            let mut out = Vec::new();
            let server = Zone::utc();
            if let Some(f) = Format::read(zone, format)
                && f.write(at, &server, &mut out)
            {
                let named = if zone.is_empty() {
                    server.clone()
                } else {
                    Zone::named(zone).unwrap_or_default()
                };
                assert_eq!(out, strftime(format, at.seconds(), 0, &named, &server));
            }
        }
        5 => {
            // Any pure function with any arguments.
            let Some((n, arguments)) = text.split_first() else {
                return;
            };
            let count = pure::names().count();
            if let Some((id, _)) = pure::names().nth(usize::from(*n) % count) {
                let env = Env::default();
                let _ = pure::reads(id, arguments);
                let _ = pure::call(id, arguments, &Value::from("a-1,b \"c\""), &env);
            }
        }
        _ => {
            let mut parts = text.splitn(3, |b| *b == 0);
            let mut name = |start: &[u8]| [start, parts.next().unwrap_or_default()].concat();
            let (a, b) = (Matches::read(&name(b"_")), Matches::read(&name(b"_")));
            let dialled = name(b"");
            let plain = without_dashes(&dialled);
            assert_eq!(a.rank(&b), b.rank(&a).reverse());
            for m in [&a, &b] {
                let matched = m.answer(&dialled, &plain, Question::Match) != Found::No;
                assert_eq!(matched, m.matches(&dialled), "{m:?}");
                // A name that is spelled like the pattern is only asked for whole (DL-106).
                if matched && !dialled.starts_with(b"_") {
                    assert!(m.answer(&dialled, &plain, Question::CanMatch) != Found::No);
                }
            }
        }
    }
});
