//! What stays in extensions.conf: the general section, contexts that have no form in `.dial`, and those that others make.

use std::collections::{BTreeMap, BTreeSet};

use super::At;
use super::graph::{Reader, label_of};
use crate::emit::escaped;
use crate::hir::{Context, Extension, General, Hir};

/// The name of the file with all that was migrated.
pub(super) const DIAL: &str = super::FILE;

/// What stays.
pub(super) struct Staying<'s> {
    /// Contexts, and why.
    pub(super) kept: &'s BTreeMap<usize, String>,
    /// Extensions of others.
    pub(super) apart: &'s BTreeMap<At, String>,
    /// Priorities at which calls of contexts that do not stay run on in those that do.
    pub(super) on: &'s BTreeSet<u32>,
    /// Contexts that stand nowhere.
    pub(super) stubs: &'s BTreeSet<Vec<u8>>,
}

/// The file that takes the place of extensions.conf.
pub(super) fn conf(reader: &Reader, hir: &Hir, stays: &Staying, with_globals: bool) -> Vec<u8> {
    let mut out = Vec::new();
    let mut line = |text: &[u8]| {
        out.extend_from_slice(text);
        out.push(b'\n');
    };
    line(b"; What stays in the language of Asterisk. All else stands in plan.dial.");
    line(b"[general]");
    general(&hir.general, &mut line);
    line(b"#include \"plan.dial\"");
    if with_globals && !hir.globals.is_empty() {
        line(b"");
        line(b"[globals]");
        for global in &hir.globals {
            line(&[&global.name, &b" => "[..], &escaped(global.written.bytes())].concat());
        }
    }
    for stub in stays.stubs {
        line(b"");
        line(b"; Not in this plan: another part of the exchange may make it.");
        line(&[b"[", &stub[..], b"]"].concat());
    }
    for (number, context) in hir.contexts.iter().enumerate() {
        let head = [b"[", &context.name[..], b"]"].concat();
        if let Some(reason) = stays.kept.get(&number) {
            line(b"");
            line(format!("; {reason}").as_bytes());
            line(&head);
            for include in &context.includes {
                line(&[b"include => ", &escaped(&include.text)[..]].concat());
            }
            beside(context, &mut line);
            for extension in &context.extensions {
                let named = |p: u32| stays.on.contains(&p);
                self::extension(reader, context, extension, &named, &mut line);
            }
            continue;
        }
        let all = context.extensions.iter().enumerate();
        let apart: Vec<_> = all
            .filter_map(|(e, x)| Some((x, stays.apart.get(&(number, e))?)))
            .collect();
        let others = !context.switches.is_empty() || !context.ignorepats.is_empty();
        if apart.is_empty() && !others && !context.autohints {
            continue;
        }
        line(b"");
        line(b"; The rest of it stands in plan.dial.");
        line(&head);
        beside(context, &mut line);
        for (extension, reason) in apart {
            line(format!("; {reason}").as_bytes());
            self::extension(reader, context, extension, &|_| true, &mut line);
        }
    }
    out
}

fn general(general: &General, line: &mut dyn FnMut(&[u8])) {
    let usual = General::default();
    let mut switch = |name: &str, value: bool, usual: bool| {
        if value != usual {
            let word = if value { "yes" } else { "no" };
            line(format!("{name}={word}").as_bytes());
        }
    };
    switch(
        "autofallthrough",
        general.autofallthrough,
        usual.autofallthrough,
    );
    switch(
        "extenpatternmatchnew",
        general.extenpatternmatchnew,
        usual.extenpatternmatchnew,
    );
    switch(
        "clearglobalvars",
        general.clearglobalvars,
        usual.clearglobalvars,
    );
    switch(
        "priorityjumping",
        general.priorityjumping,
        usual.priorityjumping,
    );
    if let Some(text) = &general.overrideswitch {
        line(&[b"overrideswitch=", text.bytes()].concat());
    }
    if general.userscontext != usual.userscontext {
        line(&[b"userscontext=", &general.userscontext[..]].concat());
    }
}

/// What a context has beside extensions and includes.
fn beside(context: &Context, line: &mut dyn FnMut(&[u8])) {
    for switch in &context.switches {
        let key: &[u8] = if switch.at_lookup {
            b"eswitch"
        } else {
            b"switch"
        };
        line(&[key, b" => ", &switch.tech, b"/", &escaped(&switch.data)].concat());
    }
    for pattern in &context.ignorepats {
        line(&[b"ignorepat => ", pattern.bytes()].concat());
    }
    if context.autohints {
        line(b"autohints = yes");
    }
}

/// The lines of an extension. `named`: whether a step of this priority has a label.
fn extension(
    reader: &Reader,
    context: &Context,
    extension: &Extension,
    named: &dyn Fn(u32) -> bool,
    line: &mut dyn FnMut(&[u8]),
) {
    let mut name = extension.name.clone();
    if let Some(caller) = &extension.caller {
        name.push(b'/');
        name.extend_from_slice(&caller.text);
    }
    if let Some(hint) = &extension.hint {
        let written = hint.written.bytes();
        let called = match &hint.name {
            Some(called) => [b"(", called.bytes(), b")"].concat(),
            None => Vec::new(),
        };
        line(
            &[
                b"exten => ",
                &name[..],
                b",hint,",
                &escaped(written),
                &called,
            ]
            .concat(),
        );
    }
    for step in &extension.steps {
        let mut field = step.priority.to_string().into_bytes();
        let label = step.label.as_ref().map(|l| l.bytes().to_vec());
        if let Some(label) =
            label.or_else(|| named(step.priority).then(|| label_of(extension, step)))
        {
            field.push(b'(');
            field.extend_from_slice(&label);
            field.push(b')');
        }
        let args = reader.arguments(context, extension, step);
        let args = match args.is_empty() {
            true => Vec::new(),
            false => [b"(", &escaped(&args)[..], b")"].concat(),
        };
        line(
            &[
                b"exten => ",
                &name[..],
                b",",
                &field,
                b",",
                step.app.bytes(),
                &args,
            ]
            .concat(),
        );
    }
}
