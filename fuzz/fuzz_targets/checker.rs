//! `.dial` files of any text, checked and compiled: it ends, every place lies in its file, a module that is made is verified, and an
//! editor's questions have answers. A run asks about a few places, which its text chooses: asking about each took nearly all of its time.
#![no_main]

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use strowger_compiler::editor::{View, World};
use strowger_compiler::{Options, Reading, Sources, Span, analyse};

/// Places that a run asks about.
const PLACES: usize = 6;

/// Places of a text, other ones for each text, and its end.
fn places(text: &str) -> Vec<u32> {
    let mut hasher = DefaultHasher::new();
    let mut places = vec![text.len() as u32];
    for n in 1..PLACES {
        (n, text).hash(&mut hasher);
        let at = hasher.finish() as usize % (text.len() + 1);
        places.push(text.floor_char_boundary(at) as u32);
    }
    places
}

fuzz_target!(|text: &str| {
    // A second file stands behind a NUL.
    let (first, second) = text.split_once('\0').unwrap_or((text, ""));
    let sources = Sources::new()
        .with("extensions.dial", first)
        .with("other.dial", second)
        .with("legacy.conf", "[legacy]\nexten => 70,1,Hangup()\n")
        .with("pjsip.conf", "[anna]\ntype=endpoint\ncontext=main\n");
    let options = Options::default();
    let compiled = analyse(&sources, &options);
    let lies = |span: Span| {
        let bytes = sources.file(span.file).bytes();
        assert!(span.start <= span.end && span.end as usize <= bytes.len());
    };
    for d in &compiled.diagnostics {
        lies(d.primary.span);
        d.secondary.iter().for_each(|l| lies(l.span));
        let edits = d.fixes.iter().flat_map(|f| &f.edits);
        edits.for_each(|e| lies(e.span));
    }
    let reading = Arc::new(Reading::new(&sources, &options));
    let view = View::new(Arc::new(sources.clone()), &options, reading);
    let Some(file) = sources.find("extensions.dial") else {
        return;
    };
    let lines = sources.file(file).line_count() + 1;
    view.outline(file);
    view.folds(file);
    view.hints(file, 1, lines);
    let mut end = 0;
    for token in view.tokens(file, 1, lines) {
        lies(token.span);
        assert!(token.span.start >= end);
        end = token.span.end;
    }
    for at in places(first) {
        view.hover(file, at);
        view.definitions(file, at);
        view.references(file, at).iter().for_each(|(s, _)| lies(*s));
        view.complete(file, at, &World::default());
        if let Ok(edits) = view.rename(file, at, "other_name") {
            edits.iter().for_each(|e| lies(e.span));
        }
    }
});
