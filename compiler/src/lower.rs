//! The graph to bytecode: contexts, entries and steps as they stand; each argument text compiled to straight code.

use std::collections::HashMap;

use strowger_stdlib::template::{Body, HoleKind, Piece, Template, What, split_body};
use strowger_vm::{BadModule, Builder, Module, Options, StepCode, StepHead};

use crate::hir::Hir;
use crate::quicken;
use crate::source::Sources;

/// Texts that one level of a template leaves on the stack before they are joined.
const TEXTS: u16 = 128;

/// Makes the module of a plan.
///
/// # Errors
/// Only when the plan is larger than the format can express.
pub fn lower(hir: &Hir, sources: &Sources) -> Result<Module, BadModule> {
    let mut builder = Builder::new(Options {
        autofallthrough: hir.general.autofallthrough,
        best_only: hir.general.extenpatternmatchnew,
        jumping: hir.general.priorityjumping,
        dialect: hir.dialect,
    });
    let functions = hir.functions.iter().enumerate();
    let numbers: HashMap<&[u8], usize> =
        functions.map(|(n, f)| (f.context.as_slice(), n)).collect();
    let mut functions = vec![None; hir.functions.len()];
    for context in &hir.contexts {
        // A context that holds more is not only the function's.
        let alone = context.extensions.len() == 1 && context.includes.is_empty();
        let own = numbers.get(context.name.as_slice()).filter(|_| alone);
        let id = builder.context(&context.name);
        for extension in &context.extensions {
            let caller = extension.caller.as_ref().map(|c| c.text.as_slice());
            let entry = builder.entry(id, &extension.name, caller);
            if let Some(hint) = &extension.hint {
                let name = hint.name.as_ref().map_or(&b""[..], |n| n.bytes());
                builder.hint(entry, &hint.devices, name);
            }
            if let Some(place) = own.and_then(|n| functions.get_mut(*n)) {
                *place = Some(entry);
            }
            let mut read = Vec::with_capacity(extension.steps.len());
            for step in &extension.steps {
                let head = StepHead {
                    priority: step.priority,
                    label: step
                        .label
                        .as_ref()
                        .filter(|_| !step.shadowed)
                        .map(|l| l.bytes()),
                    application: step.app.bytes(),
                    arguments: step.args.bytes(),
                    file: sources.file(step.file).name().as_bytes(),
                    line: step.line,
                };
                let known = builder.has_application(step.app.bytes());
                let mut code = builder.step(entry, &head);
                let arguments = known.then(|| Template::read(step.args.bytes()));
                let sound = arguments.filter(is_sound);
                match &sound {
                    Some(arguments) => template(&mut code, arguments),
                    // Whoever runs it shall hear what is wrong with it.
                    None if known => {
                        code.text(step.args.bytes());
                        code.substitute();
                    }
                    None => {}
                }
                code.run();
                read.push(sound);
            }
            if hir.dialect.is_quick() {
                quicken::extension(&mut builder, entry, extension, &read);
            }
        }
        for include in &context.includes {
            builder.include(id, &include.context, include.times.as_deref());
        }
        for switch in &context.switches {
            builder.switch(id, &[switch.tech.as_slice(), b"/", &switch.data].concat());
        }
    }
    for (function, entry) in hir.functions.iter().zip(functions) {
        let file = sources.file(function.file).name().as_bytes();
        builder.function(entry, &function.context, file, &function.typed);
    }
    builder.finish()
}

/// Whether all holes and calls of a text are closed, and none lies too deep. The nesting is bounded by the reader (DL-189).
fn is_sound(text: &Template) -> bool {
    text.pieces.iter().all(|piece| match piece {
        Piece::Text(_) => true,
        Piece::Hole(hole) => {
            let is_open = |body: &[u8]| {
                // Only what has a parenthesis is a call.
                body.contains(&b'(') && matches!(split_body(body).what, What::Call(c) if !c.closed)
            };
            let open_call =
                hole.kind == HoleKind::Variable && hole.body.as_plain().is_some_and(is_open);
            hole.closed && !hole.too_deep && !open_call && is_sound(&hole.body)
        }
    })
}

/// Pushes the pieces of a text: holes left to right, inner before outer. The nesting is bounded by the reader (DL-189).
fn template(code: &mut StepCode, text: &Template) {
    let from = code.depth();
    for piece in &text.pieces {
        if code.depth() - from >= TEXTS {
            code.join(from);
        }
        let hole = match piece {
            Piece::Text(text) => {
                code.text(text);
                continue;
            }
            Piece::Hole(hole) => hole,
        };
        match (hole.kind, hole.body.as_plain()) {
            (HoleKind::Variable, Some(body)) => plain_hole(code, body),
            (HoleKind::Variable, None) => {
                whole(code, &hole.body);
                code.body();
            }
            (HoleKind::Expression, _) => {
                whole(code, &hole.body);
                code.expression();
            }
        }
    }
}

/// Pushes a template as one text.
fn whole(code: &mut StepCode, text: &Template) {
    let from = code.depth();
    template(code, text);
    code.join(from);
}

/// A hole whose body holds no other.
fn plain_hole(code: &mut StepCode, text: &[u8]) {
    let Body { what, slice } = split_body(text);
    match what {
        What::Variable(name) => code.variable(&name),
        What::Call(call) => {
            code.text(&call.args);
            code.call(&call.name);
        }
    }
    if let Some(slice) = slice {
        code.slice(slice);
    }
}
