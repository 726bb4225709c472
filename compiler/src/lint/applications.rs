//! Family `arguments`: applications and what is given to them.

use strowger_stdlib::Dialect;
use strowger_stdlib::args;
use strowger_stdlib::signatures::{Served, Version};
use strowger_stdlib::template::has_hole;

use crate::call::Call;
use crate::diagnostic::{Diagnostic, Edit, Fix};
use crate::dialled;
use crate::hir::Step;
use crate::jump::Shape;
use crate::lint::facts::contains;
use crate::lint::missing::{self, Kind};
use crate::lint::{World, arguments, old_names, versions};
use crate::source::Text;

/// Technologies that this exchange speaks.
const SPOKEN: [&[u8]; 2] = [b"SIP", b"PJSIP"];

/// Steps behind a `Set` that are asked what they do with the variable.
const SHELL_STEPS: usize = 32;

pub(crate) fn check(world: &World<'_>, out: &mut Vec<Diagnostic>) {
    let version = world.dialect.release();
    let contexts = &world.index.hir().contexts;
    for extension in contexts.iter().flat_map(|c| &c.extensions) {
        for (step, at) in extension.steps.iter().zip(1..) {
            let own = step.own();
            call(own, true, version, out);
            for inner in step.commands().filter(|c| !c.own) {
                call(inner, false, version, out);
            }
            dial(step, version, out);
            if !world.dialect.pairs_in_set {
                set(step, &extension.steps[at..], world.dialect, out);
            }
        }
    }
}

/// An application; `all`: with its arguments.
fn call(call: &Call, all: bool, version: Version, out: &mut Vec<Diagnostic>) {
    let app = &call.name;
    let bytes = app.bytes();
    // What is wrong with how the line is written is told by the reader.
    if bytes.is_empty()
        || bytes.iter().any(|b| matches!(b, b',' | b'|' | b'='))
        || bytes.last().is_some_and(|b| *b <= 32)
    {
        return;
    }
    if has_hole(bytes) {
        out.push(
            Diagnostic::new(
                "A401",
                "the name of an application is never substituted",
                app.span(),
            )
            .label("no application is called so: the call ends here")
            .help("write `Exec(${...})` to run an application whose name is in a variable"),
        );
        return;
    }
    let signature = match missing::settle(Kind::Application, app, version, call.app.signature()) {
        Ok(signature) => signature,
        Err(_) if is_foreign(bytes) => {
            out.push(
                Diagnostic::new(
                    "A421",
                    format!("`{}` is no application of Asterisk itself", app.lossy()),
                    app.span(),
                )
                .label("a module from elsewhere brings it; the call ends here without"),
            );
            return;
        }
        Err(found) => {
            out.push(match call.app.signature() {
                Some(s) if versions::is_macro(s, version) => {
                    versions::macro_gone(app, &app.lossy())
                }
                _ => *found,
            });
            return;
        }
    };
    if signature.served == Served::Unserved {
        out.push(
            Diagnostic::new(
                "A421",
                format!("`{}` is not built yet", signature.name),
                app.span(),
            )
            .label("known, but it does nothing here")
            .help(format!("in Asterisk it {}", lower_first(signature.summary))),
        );
    }
    if app.bytes() != signature.name.as_bytes() {
        out.push(
            Diagnostic::new(
                "A402",
                format!("`{}` is mostly written `{}`", app.lossy(), signature.name),
                app.span(),
            )
            .label("letter case does not matter here")
            .fix(
                format!("write `{}`", signature.name),
                app.span(),
                signature.name,
                true,
            ),
        );
    }
    if all {
        let parts = || call.arguments().to_vec();
        arguments::check("A404", signature, app.span(), &call.args, parts, out);
    }
}

/// Applications of modules that are not part of Asterisk, as far as they are well known.
const FOREIGN: [&str; 17] = [
    "CBMysql",
    "Cepstral",
    "Conference",
    "Espeak",
    "Flite",
    "Konference",
    "MRCPRecog",
    "MRCPSynth",
    "NVBackgroundDetect",
    "NVFaxDetect",
    "NVLineDetect",
    "Rpt",
    "RxFAX",
    "SynthAndRecog",
    "Swift",
    "TxFAX",
    "Voximal",
];

fn is_foreign(name: &[u8]) -> bool {
    FOREIGN
        .iter()
        .any(|known| known.as_bytes().eq_ignore_ascii_case(name))
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map_or_else(String::new, |c| c.to_lowercase().chain(chars).collect())
}

/// `Dial`: destinations, timeout, old pipes.
fn dial(step: &Step, version: Version, out: &mut Vec<Diagnostic>) {
    const OLD_PIPES: [&[u8]; 8] = [
        b"dial",
        b"queue",
        b"voicemail",
        b"macro",
        b"background",
        b"read",
        b"disa",
        b"meetme",
    ];
    let own = step.own();
    let (args, shape) = (&own.args, &own.shape);
    if OLD_PIPES.contains(&&*own.app)
        && shape.find(args.bytes(), b',', 0).is_none()
        && let Some(pipe) = shape.find(args.bytes(), b'|', 0)
        && !args.bytes().contains(&b'"')
    {
        let mut found = Diagnostic::new(
            "A406",
            "`|` no longer separates arguments",
            args.span_of(pipe..pipe + 1),
        )
        .label("plain text since Asterisk 1.6: all of this is one argument");
        found.fixes.push(old_names::with_commas(args, shape));
        out.push(found);
        return;
    }
    if own.app != b"dial" {
        return;
    }
    for destination in dialled::destinations(step) {
        let tech = destination.tech.bytes();
        if !SPOKEN.iter().any(|s| tech.eq_ignore_ascii_case(s)) && !old_names::is_old(tech, version)
        {
            let shown = destination.tech.lossy().into_owned();
            out.push(
                Diagnostic::new(
                    "A422",
                    format!("`{shown}/` is not spoken here"),
                    destination.tech.span(),
                )
                .label("the call fails with CHANUNAVAIL")
                .help("this exchange speaks `SIP/` and `PJSIP/`"),
            );
        }
    }
    let parts = own.arguments();
    if let Some(first) = parts
        .first()
        .filter(|f| !f.is_empty() && !has_hole(f.bytes()))
        && !first.bytes().contains(&b'/')
    {
        out.push(
            Diagnostic::new(
                "A408",
                format!("`{}` names no technology", first.lossy()),
                first.span(),
            )
            .label("the call fails with CHANUNAVAIL")
            .help(format!(
                "write `SIP/{0}` or `PJSIP/{0}`",
                first.trimmed().lossy()
            )),
        );
    }
    if let Some(timeout) = parts
        .get(1)
        .map(Text::trimmed)
        .filter(|t| !t.is_empty() && !has_hole(t.bytes()))
    {
        let digits = timeout
            .bytes()
            .iter()
            .take_while(|b| b.is_ascii_digit() || **b == b'.')
            .count();
        if digits < timeout.len() {
            let rest = timeout.slice(digits..timeout.len());
            let found = Diagnostic::new(
                "A407",
                format!("`{}` is no number of seconds", timeout.lossy()),
                timeout.span(),
            );
            out.push(if digits == 0 {
                found
                    .label("without a number Dial waits as long as it takes")
                    .help("options are the third argument")
            } else {
                found
                    .label(format!(
                        "read as {}; `{}` is lost",
                        timeout.slice(0..digits).lossy(),
                        rest.lossy()
                    ))
                    .fix(
                        "put a comma between timeout and options",
                        rest.span().before(),
                        ",",
                        false,
                    )
            });
        }
    }
}

/// `Set`: what is assigned to what.
fn set(step: &Step, behind: &[Step], dialect: &Dialect, out: &mut Vec<Diagnostic>) {
    if !step.app.bytes().eq_ignore_ascii_case(b"set") {
        return;
    }
    let Some((name, value)) = step.own().assigned(dialect).last() else {
        if !has_hole(step.args.bytes()) {
            let place = if step.args.is_empty() {
                step.app.span()
            } else {
                step.args.span()
            };
            out.push(
                Diagnostic::new("A417", "`Set` without a `=` sets nothing", place)
                    .label("write `Set(NAME=value)`"),
            );
        }
        return;
    };
    let trimmed = name.trimmed();
    if trimmed.len() < name.len() && !has_hole(name.bytes()) {
        let shown = name.lossy().into_owned();
        let leading = name.bytes().iter().take_while(|b| **b <= 32).count();
        let blank = if leading > 0 {
            name.span_of(0..leading)
        } else {
            name.span_of(trimmed.len()..name.len())
        };
        out.push(
            Diagnostic::new("A418", "a blank belongs to the name of the variable", blank)
                .label(format!(
                    "this sets `{shown}`, which `${{{}}}` does not read",
                    trimmed.lossy()
                ))
                .fix("remove the blank", blank, "", false),
        );
    }
    let shape = Shape::read(value.bytes());
    if let Some(comma) = second_assignment(value.bytes(), &shape)
        && !name.bytes().contains(&b'(')
    {
        let first = name.trimmed();
        out.push(
            Diagnostic::new(
                "A416",
                "`Set` sets one variable",
                value.span_of(comma..value.len()),
            )
            .label(format!("all of this becomes a part of `{}`", first.lossy()))
            .fix(
                "write `MSet`, which sets several",
                step.app.span(),
                "MSet",
                false,
            ),
        );
    }
    if let [b'"', inner @ .., b'"'] = value.bytes()
        && keeps_quotes(name.trimmed().bytes())
        && !quotes_or_commas(inner)
        && !for_shell(args::inheritance(trimmed.bytes()).0, behind)
    {
        let mut found = Diagnostic::new(
            "V526",
            "the quotes become a part of the value",
            value.span(),
        )
        .label(if inner.is_empty() {
            "the variable is not empty: it holds two quotes".to_owned()
        } else {
            let (bare, _) = args::inheritance(trimmed.bytes());
            format!(
                "`${{{}}}` is then written with quotes",
                String::from_utf8_lossy(bare)
            )
        });
        found.fixes.push(Fix {
            title: "remove the quotes".to_owned(),
            edits: vec![
                Edit {
                    span: value.span_of(0..1),
                    text: Vec::new(),
                },
                Edit {
                    span: value.span_of(value.len() - 1..value.len()),
                    text: Vec::new(),
                },
            ],
            safe: false,
        });
        out.push(found);
    }
}

/// Variables, and functions that take a value as it stands.
fn keeps_quotes(name: &[u8]) -> bool {
    const PLAIN: [&[u8]; 9] = [
        b"GLOBAL(",
        b"LOCAL(",
        b"DB(",
        b"CDR(",
        b"CALLERID(name)",
        b"CALLERID(num)",
        b"CALLERID(number)",
        b"MESSAGE(",
        b"MESSAGE_DATA(",
    ];
    let (name, _) = args::inheritance(name);
    !name.contains(&b'(') || PLAIN.iter().any(|p| name.starts_with(p))
}

/// Quotes or commas outside of holes: then it is a list, or text with quotes of its own.
fn quotes_or_commas(text: &[u8]) -> bool {
    let shape = Shape::read(text);
    [b'"', b',']
        .iter()
        .any(|b| shape.find(text, *b, 0).is_some())
}

/// Whether the steps behind give a variable to a shell, which takes the quotes away, and to nothing else.
fn for_shell(name: &[u8], behind: &[Step]) -> bool {
    let hole = [b"${", name, b"}"].concat();
    let mut uses = behind
        .iter()
        .take(SHELL_STEPS)
        .filter(|s| contains(s.args.bytes(), &hole))
        .peekable();
    uses.peek().is_some()
        && uses.all(|s| {
            let app = s.app.bytes().trim_ascii();
            app.eq_ignore_ascii_case(b"system")
                || app.eq_ignore_ascii_case(b"trysystem")
                || contains(s.args.bytes(), b"SHELL(")
        })
}

/// `,NAME=` in a value, outside of everything that protects it.
fn second_assignment(value: &[u8], shape: &Shape) -> Option<usize> {
    let mut from = 0;
    while let Some(comma) = shape.find(value, b',', from) {
        from = comma + 1;
        if value[..comma]
            .iter()
            .any(|b| matches!(b, b'(' | b'"' | b'<' | b';' | b'?'))
        {
            return None;
        }
        let rest = &value[from..];
        let name = rest
            .iter()
            .take_while(|b| b.is_ascii_alphanumeric() || **b == b'_')
            .count();
        if name > 0
            && !rest[0].is_ascii_digit()
            && rest.get(name) == Some(&b'=')
            && rest.get(name + 1) != Some(&b'=')
        {
            return Some(comma);
        }
    }
    None
}
