//! `PJSIP/` in the place of `SIP/`.

use crate::diagnostic::Diagnostic;
use crate::hir::Hir;
use crate::jump::Shape;
use crate::source::Text;

use super::{edit, rewrite};

/// The release without chan_sip.
const GONE: u16 = 21;

/// Applications whose arguments are only shown or handed to other programs.
const SHOWING: [&str; 10] = [
    "noop",
    "verbose",
    "log",
    "playback",
    "background",
    "system",
    "trysystem",
    "agi",
    "userevent",
    "sendtext",
];

pub(super) fn find(hir: &Hir, out: &mut Vec<Diagnostic>) {
    if hir.dialect.release().0 < GONE {
        return;
    }
    for step in hir.steps() {
        for call in step.calls() {
            if !SHOWING.contains(&call.app.as_str()) {
                channels(&call.args, out);
            }
        }
    }
    let extensions = hir.contexts.iter().flat_map(|c| &c.extensions);
    for hint in extensions.filter_map(|e| e.hint.as_ref()) {
        channels(&hint.written, out);
    }
    for global in &hir.globals {
        channels(&global.written, out);
    }
}

/// Each `SIP/` of a text, up to what ends the name of a channel.
fn channels(text: &Text, out: &mut Vec<Diagnostic>) {
    let bytes = text.bytes();
    let shape = Shape::read(bytes);
    let ends = |b: u8| matches!(b, b',' | b'&' | b'|' | b'"' | b')' | b'(' | b'^') || b <= 32;
    let mut from = 0;
    while let Some(slash) = shape.find(bytes, b'/', from) {
        from = slash + 1;
        let Some(start) = slash.checked_sub(3) else {
            continue;
        };
        let word = bytes[start..slash].eq_ignore_ascii_case(b"SIP");
        let inside = start
            .checked_sub(1)
            .is_some_and(|b| bytes[b].is_ascii_alphanumeric() || bytes[b] == b'/');
        if !word || inside {
            continue;
        }
        let end = shape
            .outside(bytes.len())
            .find(|at| *at > slash && ends(bytes[*at]))
            .unwrap_or(bytes.len());
        let (tech, resource) = (text.slice(start..slash), text.slice(slash + 1..end));
        out.extend(of(&tech, &resource));
        from = end;
    }
}

/// One channel; none where nobody can know which endpoint is meant.
fn of(tech: &Text, resource: &Text) -> Option<Diagnostic> {
    let bytes = resource.bytes();
    let shape = Shape::read(bytes);
    let outside = |byte| shape.find(bytes, byte, 0);
    // A password, other names in To or From, a parameter of the address.
    if bytes.is_empty() || [b':', b'!', b';'].iter().any(|b| outside(*b).is_some()) {
        return None;
    }
    let mut edits = vec![edit(tech.span(), "PJSIP")];
    match (outside(b'@'), outside(b'/')) {
        (None, None) => {}
        (Some(at), None) => {
            // A host, and not the name of a device.
            let peer = resource.slice(at + 1..bytes.len());
            if peer.is_empty() || is_host(&peer) {
                return None;
            }
        }
        (None, Some(slash)) => {
            let (peer, number) = (
                resource.slice(0..slash),
                resource.slice(slash + 1..bytes.len()),
            );
            if peer.is_empty() || number.is_empty() || shape.find(bytes, b'/', slash + 1).is_some()
            {
                return None;
            }
            let swapped = [number.bytes(), b"@", peer.bytes()].concat();
            edits.push(edit(resource.span(), swapped));
        }
        (Some(_), Some(_)) => return None,
    }
    Some(rewrite("M903", tech.span(), "write `PJSIP/`", edits))
}

/// `sip.example.com` and `192.0.2.1`.
fn is_host(name: &Text) -> bool {
    name.bytes().contains(&b'.')
}
