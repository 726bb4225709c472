//! A `.dial` file of any bytes: reading ends, tokens cover the text, every place lies in it; what can be read is laid out, and written
//! from its tree, without a change of what it says.
#![no_main]

use libfuzzer_sys::fuzz_target;
use strowger_dial::print::{format, same_words};
use strowger_dial::write::write;
use strowger_dial::{parse, parse_bytes};

fuzz_target!(|data: &[u8]| {
    let read = parse_bytes(data);
    let Ok(text) = std::str::from_utf8(data) else {
        assert_eq!(read.errors.len(), 1);
        return;
    };
    let mut end = 0;
    for token in &read.tokens {
        assert_eq!(token.at.start, end);
        end = token.at.end;
    }
    assert_eq!(end as usize, text.len());
    for error in &read.errors {
        let also = error.also.iter().map(|(at, _)| *at);
        for at in also.chain([error.at]) {
            assert!(text.get(at.start as usize..at.end as usize).is_some());
        }
    }
    let laid = format(text);
    assert_eq!(laid.is_some(), read.errors.is_empty());
    let Some(laid) = laid else {
        return;
    };
    assert!(same_words(text, &laid));
    assert_eq!(format(&laid).as_ref(), Some(&laid));
    let written = write(&read.module);
    let again = parse(&written);
    assert!(again.errors.is_empty(), "{:?}\n{written}", again.errors);
    assert_eq!(write(&again.module), written);
});
