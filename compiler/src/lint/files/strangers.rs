//! Strangers who share a context with devices that prove who they are (C035).

use crate::conf::line::{Section, Value, boolean};
use crate::diagnostic::Diagnostic;
use crate::lint::World;
use crate::source::Span;

use super::{registering, show};

pub(super) fn check(world: &World<'_>, out: &mut Vec<Diagnostic>) {
    sip(world, out);
    pjsip(world, out);
}

fn text(value: Option<&Value>) -> Option<&[u8]> {
    value.map(|v| v.text.bytes()).filter(|t| !t.is_empty())
}

/// `allowguest=yes` in the context of phones that have a secret.
fn sip(world: &World<'_>, out: &mut Vec<Diagnostic>) {
    let Some(file) = &world.peers.sip else { return };
    let Some(guest) = file.value("general", "allowguest") else {
        return;
    };
    if boolean(guest.text.bytes()) != Some(true) {
        return;
    }
    let general = file.value("general", "context");
    let context = text(general).unwrap_or(b"default");
    let guarded = |s: &&Section| text(s.get("secret")).or(text(s.get("md5secret"))).is_some();
    let inside = world
        .peers
        .sip_sections()
        .filter(guarded)
        .find(|s| text(s.get("context")).unwrap_or(context) == context);
    if let Some(device) = inside {
        out.extend(shared(world, context, guest.span(), general, device));
    }
}

/// The endpoint `anonymous`, which takes whom no other takes.
fn pjsip(world: &World<'_>, out: &mut Vec<Diagnostic>) {
    let peers = &world.peers;
    let Some(anonymous) = peers.pjsip_object("endpoint", b"anonymous") else {
        return;
    };
    if text(anonymous.get("auth")).is_some() {
        return;
    }
    let own = anonymous.get("context");
    let context = text(own).unwrap_or(b"default");
    let inside = registering(peers)
        .into_iter()
        .filter(|e| text(e.get("auth")).is_some())
        .find(|e| text(e.get("context")).unwrap_or(b"default") == context);
    if let Some(device) = inside {
        out.extend(shared(world, context, anonymous.span, own, device));
    }
}

fn shared(
    world: &World<'_>,
    context: &[u8],
    door: Span,
    written: Option<&Value>,
    device: &Section,
) -> Option<Diagnostic> {
    // A context with nothing in it lets nobody go anywhere.
    let (searched, _) = world.index.searched(context);
    if searched.iter().all(|c| c.extensions.is_empty()) {
        return None;
    }
    let (name, context) = (show(&device.name), show(context));
    let found = Diagnostic::new(
        "C035",
        format!("strangers may dial whatever `{name}` may"),
        door,
    )
    .label(format!(
        "lets them into `{context}`, where phones with a secret call"
    ))
    .help("give strangers a context of their own, with the few numbers that are meant for them");
    let found = match written {
        Some(value) => found.also(value.span(), "the context of strangers"),
        None => found,
    };
    Some(found.also(device.span, "this device calls there too"))
}
