//! A stream of any bytes, whole and in pieces (the first byte says how large): the frames are the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use strowger_runtime::sip::framing::{Frame, Framer};

fn frames<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Vec<Frame> {
    let mut framer = Framer::new();
    let mut out = Vec::new();
    for piece in pieces {
        framer.push(piece);
        while let Some(frame) = framer.frame() {
            out.push(frame);
        }
    }
    out
}

fuzz_target!(|data: &[u8]| {
    let Some((&size, stream)) = data.split_first() else {
        return;
    };
    assert_eq!(
        frames(stream.chunks(usize::from(size) + 1)),
        frames(std::iter::once(stream))
    );
});
