//! Family `migration`: Zap, which is called DAHDI (M905), MeetMe (M907), and `|` between arguments that is text today (M909).

use std::collections::HashSet;

use strowger_stdlib::signatures::{self, Split, Version};
use strowger_stdlib::template::has_hole;

use crate::diagnostic::{Diagnostic, Edit, Fix};
use crate::dialled;
use crate::hir::Global;
use crate::jump::Shape;
use crate::lint::World;
use crate::lint::every_call::{self, Made};
use crate::lint::facts::contains;
use crate::source::{Span, Text};

/// The release that renamed Zap.
const DAHDI: Version = Version(1, 6, 0);
/// The release that calls MeetMe deprecated.
const MEETME: Version = Version(19, 0, 0);

/// Applications whose pipes another check tells (A406, M911, M902).
const TOLD: [&[u8]; 10] = [
    b"dial",
    b"queue",
    b"voicemail",
    b"macro",
    b"background",
    b"read",
    b"disa",
    b"meetme",
    b"set",
    b"mset",
];

pub(crate) fn check(world: &World<'_>, out: &mut Vec<Diagnostic>) {
    let version = world.dialect.release();
    if version < DAHDI {
        return;
    }
    every_call::each(world.index.hir(), &mut |call| {
        if version >= MEETME && call.app.starts_with(b"meetme") {
            out.push(meetme(call));
        }
        if !world.dialect.pipes {
            out.extend(pipes(world, call));
        }
    });
    for global in dialled_globals(world) {
        let span = global.written.span_of(0..3);
        out.push(zap_in(span));
    }
    let contexts = &world.index.hir().contexts;
    for extension in contexts.iter().flat_map(|c| &c.extensions) {
        let steps = extension.steps.iter().flat_map(dialled::destinations);
        let hint: Vec<_> = extension
            .hint
            .iter()
            .flat_map(|h| dialled::split(&h.written))
            .collect();
        for destination in steps.chain(&hint) {
            if destination.tech.bytes().eq_ignore_ascii_case(b"zap") {
                out.push(zap_in(destination.tech.span()));
            }
        }
    }
}

fn zap_in(span: Span) -> Diagnostic {
    Diagnostic::new("M905", "`Zap/` is called `DAHDI/` since Asterisk 1.6", span)
        .label("the call fails with CHANUNAVAIL")
        .fix("write `DAHDI`", span, "DAHDI", false)
}

/// Globals that hold a channel of Zap and that some Dial begins with.
fn dialled_globals<'a>(world: &'a World<'_>) -> Vec<&'a Global> {
    let hir = world.index.hir();
    let begins = |g: &&Global| {
        let head = g.written.bytes().get(..4);
        head.is_some_and(|h| h.eq_ignore_ascii_case(b"zap/"))
    };
    let all: Vec<&Global> = hir.globals.iter().filter(begins).collect();
    if all.is_empty() {
        return all;
    }
    let mut dialled = HashSet::new();
    every_call::each(hir, &mut |call| {
        if call.app == b"dial" || call.app == b"macro" {
            for global in &all {
                let hole = [b"${", global.name.as_slice(), b"}"].concat();
                if contains(call.args.bytes(), &hole) {
                    dialled.insert(global.name.clone());
                }
            }
        }
    });
    all.into_iter()
        .filter(|g| dialled.contains(&g.name))
        .collect()
}

/// Whether a technology is an old name, which is told by [`check`].
pub(crate) fn is_old(tech: &[u8], version: Version) -> bool {
    tech.eq_ignore_ascii_case(b"zap") && version >= DAHDI
}

/// A gone application of Zap: then M905.
pub(crate) fn zap(name: &Text, mut found: Diagnostic) -> Diagnostic {
    if name.bytes().to_ascii_lowercase().starts_with(b"zap") {
        found.code = "M905";
        found.level = crate::codes::level("M905");
    }
    found
}

/// M907: MeetMe and its relatives.
fn meetme(call: &Made<'_>) -> Diagnostic {
    // Without parentheses, what stands behind the name belongs to it.
    let name = call.name.bytes();
    let end = name.iter().position(|b| *b == b',' || *b == b'|');
    let shown = String::from_utf8_lossy(&name[..end.unwrap_or(name.len())]).into_owned();
    let found = Diagnostic::new(
        "M907",
        format!("`{shown}` is deprecated since Asterisk 19"),
        call.name.span(),
    )
    .label("it needs the timers of DAHDI, and is built by request only");
    let instead = match &*call.app {
        b"meetme" => "ConfBridge",
        b"meetmecount" => return found.help("write `${CONFBRIDGE_INFO(parties,number)}`"),
        _ => return found.help("write `ConfKick`, or menus in confbridge.conf"),
    };
    if call.arguments().len() == 1 && !call.args.is_empty() {
        return found.fix("write `ConfBridge`", call.name.span(), instead, false);
    }
    found.help(
        "write `ConfBridge`; what the options said stands in confbridge.conf, or in CONFBRIDGE()",
    )
}

/// M909: `Goto(a|s|1)`, `Playback(x|noanswer)`.
fn pipes(world: &World<'_>, call: &Made<'_>) -> Option<Diagnostic> {
    let args = &call.args;
    if TOLD.contains(&&*call.app) || !call.own {
        return None;
    }
    let signature = signatures::application(&call.app)?;
    let splits = matches!(
        signature.split,
        Split::Standard | Split::Raw | Split::Target
    );
    if !splits || signature.parameters.len() < 2 || !signature.exists_in(world.dialect.release()) {
        return None;
    }
    let shape = Shape::read(args.bytes());
    let outside = |byte| shape.find(args.bytes(), byte, 0);
    let pipe = outside(b'|')?;
    let protected = args
        .bytes()
        .iter()
        .any(|b| matches!(b, b'"' | b'\\' | b'\''));
    if outside(b',').is_some() || protected || has_blank_around(args.bytes(), pipe) {
        return None;
    }
    let mut found = Diagnostic::new(
        "M909",
        "`|` separates nothing since Asterisk 1.6",
        args.span_of(pipe..pipe + 1),
    )
    .label(format!(
        "plain text: `{}` gets all of this as one argument",
        signature.name
    ));
    found.fixes.push(with_commas(args, &shape));
    // A text with variables may hold a command line.
    (!has_hole(&args.bytes()[..pipe]) || signature.split == Split::Target).then_some(found)
}

/// Commas in the place of `|` outside of quotes, functions and the like.
pub(super) fn with_commas(args: &Text, shape: &Shape) -> Fix {
    let mut edits = Vec::new();
    let mut from = 0;
    while let Some(at) = shape.find(args.bytes(), b'|', from) {
        edits.push(Edit {
            span: args.span_of(at..at + 1),
            text: b",".to_vec(),
        });
        from = at + 1;
    }
    Fix {
        title: "separate with commas".to_owned(),
        edits,
        safe: false,
    }
}

/// A pipe between two commands of a shell, or two words.
fn has_blank_around(text: &[u8], at: usize) -> bool {
    let blank = |b: Option<&u8>| b.is_some_and(|b| *b <= 32);
    blank(text.get(at + 1)) || at > 0 && blank(text.get(at - 1))
}
