//! What should not stand in a plan: passwords, keys, and PINs that are compared (X807, X813). Their text is never shown.

use strowger_stdlib::table::QuickSet;

use strowger_stdlib::Dialect;
use strowger_stdlib::template::has_hole;

use crate::call::Call;
use crate::diagnostic::Diagnostic;
use crate::fields::{fields, split};
use crate::hir::Hir;
use crate::jump::Shape;
use crate::source::{Span, Text};

use super::paid::steps;
use super::show;

pub(super) fn check(hir: &Hir, dialect: &Dialect, out: &mut Vec<Diagnostic>) {
    for global in &hir.globals {
        if is_secret(&global.name) && is_literal(&global.written) {
            out.push(secret(&global.name, global.span, global.written.span()));
        }
    }
    let mut read = QuickSet::default();
    for step in steps(hir) {
        for command in step.commands() {
            if command.app == b"read" {
                let name = fields(&command.args).swap_remove(0).trimmed();
                if is_pin_name(name.bytes()) {
                    read.insert(name.bytes().to_vec());
                }
            }
        }
    }
    for step in steps(hir) {
        for command in step.commands() {
            one(command, dialect, &read, out);
        }
    }
}

fn one(command: &Call, dialect: &Dialect, read: &QuickSet<Vec<u8>>, out: &mut Vec<Diagnostic>) {
    let args = &command.args;
    match &*command.app {
        b"set" | b"mset" => {
            for (name, value) in command.assigned(dialect) {
                let name = name.trimmed();
                let bytes = name.bytes();
                let inner = bytes
                    .strip_prefix(b"GLOBAL(")
                    .and_then(|n| n.strip_suffix(b")"))
                    .unwrap_or(bytes);
                if is_secret(inner) && is_literal(value) {
                    out.push(secret(inner, name.span(), value.span()));
                }
            }
        }
        // MYSQL(Connect id host user password database)
        b"mysql" => {
            let words: Vec<Text> = split(args, b' ')
                .into_iter()
                .filter(|w| !w.is_empty())
                .collect();
            if let [verb, _, _, _, password, ..] = words.as_slice()
                && verb.bytes().eq_ignore_ascii_case(b"connect")
                && is_literal(password)
            {
                out.push(secret(b"MYSQL", command.name.span(), password.span()));
            }
        }
        b"dial" => {
            for device in fields(args)
                .first()
                .into_iter()
                .flat_map(|l| split(l, b'&'))
            {
                login(&device, out);
            }
        }
        b"gotoif" | b"execif" | b"gosubif" | b"while" => compared(args, read, out),
        _ => {}
    }
    let mut holes = command.shape.holes.iter().map(|h| &args.bytes()[h.clone()]);
    if holes.any(|h| h.windows(5).any(|w| w == b"CURL(")) {
        address(args, out);
    }
}

fn secret(name: &[u8], span: Span, hidden: Span) -> Diagnostic {
    Diagnostic::new(
        "X813",
        format!("a secret stands in the plan: `{}`", show(name)),
        span,
    )
    .label("whoever reads this file, a backup of it or `dialplan show` has it")
    .help("keep it outside of the plan: a file that only Asterisk may read, or `${ENV(...)}`")
    .hide(hidden)
}

/// `IAX2/user:secret@host/number`.
fn login(device: &Text, out: &mut Vec<Diagnostic>) {
    let bytes = device.bytes();
    let shape = Shape::read(bytes);
    let Some(at) = shape.find(bytes, b'@', 0) else {
        return;
    };
    let before = |byte| shape.find(bytes, byte, 0).filter(|found| *found < at);
    let (Some(slash), Some(colon)) = (before(b'/'), before(b':')) else {
        return;
    };
    let tech = bytes[..slash].to_ascii_uppercase();
    if slash < colon && matches!(tech.as_slice(), b"IAX2" | b"SIP") {
        let password = device.slice(colon + 1..at);
        if is_literal(&password) && !bytes[slash + 1..colon].eq_ignore_ascii_case(b"sip") {
            out.push(secret(&tech, device.span_of(0..slash), password.span()));
        }
    }
}

/// `key=...` in an address.
fn address(args: &Text, out: &mut Vec<Diagnostic>) {
    const KEYS: [&[u8]; 8] = [
        b"key=",
        b"apikey=",
        b"api_key=",
        b"token=",
        b"password=",
        b"passwd=",
        b"secret=",
        b"access_token=",
    ];
    let bytes = args.bytes();
    for key in KEYS {
        let found = bytes
            .windows(key.len() + 1)
            .position(|w| matches!(w[0], b'?' | b'&') && w[1..].eq_ignore_ascii_case(key));
        let Some(at) = found else { continue };
        let from = at + 1 + key.len();
        let end = bytes[from..]
            .iter()
            .position(|b| !b.is_ascii_alphanumeric() && !matches!(b, b'-' | b'_' | b'.'))
            .map_or(bytes.len(), |n| from + n);
        if end - from >= 6 {
            let name = &key[..key.len() - 1];
            out.push(secret(
                name,
                args.span_of(at + 1..from),
                args.span_of(from..end),
            ));
            return;
        }
    }
}

/// A PIN that the caller presses, compared with one that is written down.
fn compared(args: &Text, read: &QuickSet<Vec<u8>>, out: &mut Vec<Diagnostic>) {
    let bytes = args.bytes();
    for name in read {
        let hole = [b"${", name.as_slice(), b"}"].concat();
        let Some(at) = bytes.windows(hole.len()).position(|w| w == hole) else {
            continue;
        };
        let rest = &bytes[at + hole.len()..];
        let plain = |b: &u8| matches!(b, b'"' | b' ' | b'=');
        let skip = rest.iter().take_while(|b| plain(b)).count();
        let digits = rest[skip..]
            .iter()
            .take_while(|b| b.is_ascii_digit())
            .count();
        if digits >= 3 && rest[..skip].contains(&b'=') {
            let from = at + hole.len() + skip;
            out.push(
                Diagnostic::new(
                    "X807",
                    format!("`{}` is compared with a PIN in the plan", show(name)),
                    args.span_of(at..at + hole.len()),
                )
                .label("the same for everybody, and whoever reads this file knows it")
                .help("use Authenticate() with a file of PINs, or look it up: `${DB(pin/...)}`")
                .hide(args.span_of(from..from + digits)),
            );
        }
    }
}

fn is_pin_name(name: &[u8]) -> bool {
    let name = name.to_ascii_lowercase();
    [
        &b"pin"[..],
        b"pass",
        b"pwd",
        b"clave",
        b"senha",
        b"secret",
        b"code",
    ]
    .iter()
    .any(|w| name.windows(w.len()).any(|x| x == *w))
}

/// Names that say what they hold.
fn is_secret(name: &[u8]) -> bool {
    let upper = name.to_ascii_uppercase();
    let ends = [
        &b"PASS"[..],
        b"PASSWD",
        b"PASSWORD",
        b"SECRET",
        b"APIKEY",
        b"API_KEY",
        b"TOKEN",
        b"PWD",
        b"_KEY",
    ];
    ends.iter().any(|w| upper.ends_with(w)) && !upper.ends_with(b"BYPASS")
}

/// Text that is a secret itself, and neither a switch nor the place of one.
fn is_literal(value: &Text) -> bool {
    let value = value.trimmed();
    let bytes = value.bytes();
    let bytes = bytes
        .strip_prefix(b"\"")
        .and_then(|b| b.strip_suffix(b"\""))
        .unwrap_or(bytes);
    bytes.len() >= 4
        && !has_hole(bytes)
        && !bytes.contains(&b'/')
        && !bytes.contains(&b' ')
        && !["true", "false", "none"]
            .iter()
            .any(|w| bytes.eq_ignore_ascii_case(w.as_bytes()))
}
