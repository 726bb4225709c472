//! `--init` for a `.dial` plan: the tests stand at its end.

use std::collections::BTreeMap;
use std::fmt::Write;

use strowger_compiler::dial;
use strowger_runtime::config::Accounts;
use strowger_stdlib::words;

use super::{Draft, PATH, PATIENCE, Test, flat, lacks};
use crate::load;
use crate::testing::{Seen, Suite, endpoint, endpoint_of, quoted, seen};

/// The plan's text with the tests behind it, how many they are, and how many are left out.
pub(super) fn written(mut draft: Draft, text: &[u8]) -> Result<(Vec<u8>, usize, usize), String> {
    let contexts: BTreeMap<String, String> = dial::contexts(text).into_iter().collect();
    draft
        .tests
        .retain(|test| contexts.contains_key(&test.context));
    let (reports, suite) = draft.learned()?;
    let mut out = String::from_utf8_lossy(text).into_owned();
    if !out.ends_with('\n') {
        out.push('\n');
    }
    out.push_str(
        "\n// Written by `strowger test --init`: what each extension does today. Correct what is not meant, name each test by what is\n\
         // meant, and take the rest away.\n",
    );
    let accounts = &suite.loaded.config.accounts;
    let mut tests = 0;
    for (test, (report, case)) in draft.tests.iter().zip(&reports) {
        let context = contexts.get(&test.context).map_or("", String::as_str);
        match lacks(report) {
            Some(lack) => {
                let _ = writeln!(out, "\n// {}: {}", flat(&name(test, context)), flat(&lack));
            }
            None => {
                tests += 1;
                block(&mut out, test, context, &seen(case, report), accounts);
            }
        }
    }
    if tests == 0 {
        return Err(format!("{}: nothing in it can be tried", draft.plan));
    }
    // What is written must be sound, and must hold.
    let mut sources = suite.loaded.sources.clone();
    sources.add(&draft.plan, out.clone().into_bytes());
    let directory = suite.loaded.directory.clone();
    let loaded = load::these(sources, directory, draft.plan.clone())?;
    let suite = Suite::of_blocks(&draft.plan, loaded).map_err(|refused| refused.to_string())?;
    let report = suite.run();
    if !report.passed() {
        return Err(format!("what was written does not hold:\n{report}"));
    }
    Ok((out.into_bytes(), tests, draft.left))
}

fn name(test: &Test, context: &str) -> String {
    match &test.from {
        Some(from) => format!("{} in {context}, from {from}", test.number),
        None => format!("{} in {context}", test.number),
    }
}

fn block(out: &mut String, test: &Test, context: &str, seen: &Seen, accounts: &Accounts) {
    let _ = writeln!(out, "\ntest {} {{", quoted(&name(test, context)));
    let mut phones: Vec<String> = seen.dialed.clone();
    phones.extend(seen.messages.iter().map(|(to, _)| endpoint_of(to)));
    phones.sort();
    phones.dedup();
    for phone in phones {
        let _ = writeln!(out, "  given {} = answers()", endpoint(&phone, accounts));
    }
    for function in &test.functions {
        let _ = writeln!(out, "  given function({}) = \"\"", quoted(function));
    }
    if test.message {
        let to = quoted(&format!("sip:{}@pbx", test.number));
        let _ = writeln!(
            out,
            "  call message(to: {to}, from: \"sip:1001@pbx\", body: \"hello\") in {context}"
        );
    } else {
        let from = test.from.as_deref().map(quoted);
        let from = from.map_or(String::new(), |from| format!(" from {from}"));
        let _ = write!(out, "  call {}{from} in {context}", number(&test.number));
        let _ = match test.hangs_up {
            true => writeln!(out, " {{\n    wait({PATIENCE})\n    hangup()\n  }}"),
            false => writeln!(out),
        };
    }
    expected(out, seen, accounts);
    out.push_str("}\n");
}

fn expected(out: &mut String, seen: &Seen, accounts: &Accounts) {
    let mut row = |key: &str, values: &[String], always: bool| {
        if always || !values.is_empty() {
            let _ = writeln!(out, "  expect {key} == [{}]", values.join(", "));
        }
    };
    let texts = |values: &[String]| values.iter().map(|v| quoted(v)).collect::<Vec<_>>();
    if seen.path.len() <= PATH {
        row("apps", &texts(&seen.path), true);
    }
    let dialed: Vec<String> = seen.dialed.iter().map(|d| endpoint(d, accounts)).collect();
    row("dialed", &dialed, true);
    row("heard", &texts(&seen.heard), false);
    row("said", &texts(&seen.said), false);
    let sent = words::ENUMS.iter().find(|e| e.name == "Sent");
    for (n, (to, status)) in seen.messages.iter().enumerate() {
        let to = crate::testing::user_of(to);
        let _ = write!(out, "  expect messages[{n}].to == {}", quoted(&to));
        let _ = match sent.and_then(|e| e.case(status)) {
            Some(case) => writeln!(out, " and messages[{n}].status == {case}"),
            None => writeln!(out),
        };
    }
    let statuses = words::ENUMS.iter().find(|e| e.name == "DialStatus");
    let status = seen.status.as_deref();
    if let Some(case) = status.and_then(|s| statuses.and_then(|e| e.case(s))) {
        let _ = writeln!(out, "  expect status == {case}");
    }
    let _ = writeln!(out, "  expect reason == {}", quoted(seen.reason));
}

/// A number of `call`.
fn number(exten: &str) -> String {
    let digits = exten.bytes().all(|b| b.is_ascii_digit());
    match exten {
        "s" => "start".to_owned(),
        _ if digits && exten.len() <= 18 => exten.to_owned(),
        other => quoted(other),
    }
}
