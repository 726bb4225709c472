//! Where calls and texts enter a plan: each number that somebody can dial, once.

use std::collections::BTreeSet;
use std::fmt::Write;

use strowger_compiler::coverage::is_special;
use strowger_compiler::hir::{Context, Step};
use strowger_runtime::sim::Scenario;
use strowger_vm::ON_MESSAGE;

use super::marks::included;
use crate::test::coverage::number_of;
use crate::test::init::{caller, reads_text, scalar};
use crate::testing::{Case, Suite};

/// Most numbers that are searched from.
pub(crate) const ENTRIES: usize = 500;
/// Who calls where the plan does not care.
const FROM: &str = "1001";

/// A number, and the world in which it is dialled.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) context: String,
    pub(crate) number: String,
    pub(crate) from: String,
    /// A text in the place of a call.
    pub(crate) message: bool,
    pub(crate) scenario: Scenario,
    pub(crate) case: Case,
}

impl Entry {
    /// `600 in office`.
    pub(crate) fn words(&self) -> String {
        format!("{} in {}", self.number, self.context)
    }

    /// What a test of it begins with.
    pub(crate) fn head(&self, indent: &str) -> String {
        let mut out = String::new();
        if self.message {
            let to = scalar(&format!("sip:{}@pbx", self.number));
            let from = scalar(&format!("sip:{}@pbx", self.from));
            let _ = writeln!(
                out,
                "{indent}message: {{ to: {to}, from: {from}, body: hello }}"
            );
        } else {
            let _ = writeln!(out, "{indent}dial: {}", scalar(&self.number));
            let _ = writeln!(out, "{indent}from: {}", scalar(&self.from));
        }
        let _ = writeln!(out, "{indent}context: {}", scalar(&self.context));
        out
    }
}

/// The plan with a world for each number, and how many numbers were left out.
///
/// `through`: if there are such contexts, only numbers that calls into them find in included contexts.
///
/// # Errors
/// The plan cannot be read, or nothing in it can be dialled.
pub(crate) fn entries(
    plan: &str,
    only: Option<&str>,
    through: &[Vec<u8>],
    suite: &dyn Fn(String) -> Result<Suite, String>,
) -> Result<(Suite, Vec<Entry>, usize), String> {
    let suite = |body: &str| suite(format!("dialplan: {}\n{body}", scalar(plan)));
    let bare = suite("tests: []\n")?;
    bare.loaded.whole()?;
    let accounts = &bare.loaded.config.accounts;
    let for_texts: BTreeSet<&[u8]> = accounts
        .iter()
        .map(|a| a.message_context.as_slice())
        .collect();
    let for_calls: BTreeSet<&[u8]> = accounts.iter().map(|a| a.context.as_slice()).collect();
    let mut found = Vec::new();
    let mut left = 0;
    let hir = &bare.loaded.compiled.hir;
    let named = |name: &[u8]| hir.contexts.iter().find(|c| c.name == name);
    let own = |c: &'_ Context| (c.name.clone(), c.name.clone());
    let pairs: Vec<(Vec<u8>, Vec<u8>)> = if through.is_empty() {
        hir.contexts.iter().map(own).collect()
    } else {
        let all = through.iter().flat_map(|outer| {
            let inner = included(hir, outer).into_iter();
            inner.map(|inner| (outer.clone(), inner.to_vec()))
        });
        all.collect()
    };
    for (name, inner) in &pairs {
        let Some(context) = named(inner) else {
            continue;
        };
        let name = name.as_slice();
        let entered = name.strip_suffix(ON_MESSAGE).unwrap_or(name);
        if only.is_some_and(|only| only.as_bytes() != entered) {
            continue;
        }
        if name.starts_with(b"macro-") {
            continue;
        }
        for entry in &context.extensions {
            // `s` is where trunks and other calls without a number come in.
            let special = is_special(entry) && entry.name != b"s";
            if special || entry.step(1).is_none() || entry.steps.iter().any(returns) {
                continue;
            }
            let Some(number) = number_of(&bare, name, entry) else {
                continue;
            };
            if found.len() == ENTRIES {
                left += 1;
                continue;
            }
            let only_texts =
                for_texts.contains(name) && !for_calls.contains(name) || name.ends_with(ON_MESSAGE);
            let entered = name.strip_suffix(ON_MESSAGE).unwrap_or(name);
            found.push((
                String::from_utf8_lossy(entered).into_owned(),
                number,
                caller(entry).unwrap_or_else(|| FROM.to_owned()),
                only_texts || reads_text(entry),
            ));
        }
    }
    if found.is_empty() {
        return Err(match only {
            Some(only) => format!("{plan}: nothing in context `{only}` can be dialled"),
            None => format!("{plan}: nothing in it can be dialled"),
        });
    }
    let mut body = "tests:\n".to_owned();
    let blank = |(context, number, from, message): (String, String, String, bool), case: Case| {
        let scenario = (*case.scenario).clone();
        Entry {
            context,
            number,
            from,
            message,
            scenario,
            case,
        }
    };
    for (n, (context, number, from, message)) in found.iter().enumerate() {
        let _ = writeln!(body, "  - name: \"{n}\"");
        if *message {
            let _ = writeln!(
                body,
                "    message: {{ to: {}, from: {}, body: hello }}",
                scalar(&format!("sip:{number}@pbx")),
                scalar(&format!("sip:{from}@pbx"))
            );
        } else {
            let _ = writeln!(body, "    dial: {}", scalar(number));
            let _ = writeln!(body, "    from: {}", scalar(from));
        }
        let _ = writeln!(body, "    context: {}", scalar(context));
        body.push_str("    expect: { answered: yes }\n");
    }
    let whole = suite(&body)?;
    let cases = whole.cases.clone();
    let entries = found.into_iter().zip(cases);
    let entries = entries.map(|(found, case)| blank(found, case)).collect();
    Ok((whole, entries, left))
}

/// A subroutine ends so: nobody dials it.
fn returns(step: &Step) -> bool {
    step.app.trimmed().bytes().eq_ignore_ascii_case(b"return")
}
