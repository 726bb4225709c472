//! Configuration files: the first byte chooses the file, the rest is its text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use strowger_compiler::source::Sources;
use strowger_runtime::config::{FILES, load};

fuzz_target!(|data: &[u8]| {
    let Some((which, text)) = data.split_first() else {
        return;
    };
    let mut sources = Sources::new();
    sources.add(FILES[usize::from(*which) % FILES.len()], text);
    let (config, findings) = load(&sources);
    let _ = config.to_string();
    for finding in findings {
        assert!(finding.primary.span.start <= finding.primary.span.end);
    }
});
