//! A session description of any bytes, as an offer and as an answer.
#![no_main]

use libfuzzer_sys::fuzz_target;
use strowger_runtime::sip::session::{Direction, Session, Terms};

fuzz_target!(|data: &[u8]| {
    let near = std::net::SocketAddr::from(([192, 0, 2, 1], 16384));
    let terms = Terms::default();
    let mut callee = Session::new(1);
    if let Ok((text, agreed)) = callee.answer(data, &terms, near, Direction::BOTH) {
        let again = callee
            .answer(data, &terms, near, Direction::BOTH)
            .expect("the same offer again");
        assert_eq!((&again.0, &again.1), (&text, &agreed));
        // What we write, we read.
        let _ = Session::new(2).answer(&text, &terms, near, Direction::BOTH);
    }
    let mut caller = Session::new(3);
    caller.offer(&terms, near, Direction::BOTH);
    let _ = caller.accept(data);
    caller.offer(&terms, near, Direction::SEND_ONLY);
});
