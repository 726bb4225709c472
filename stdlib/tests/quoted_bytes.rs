//! Text in quotes is bytes, whatever its encoding.
#![allow(clippy::unwrap_used)]

use strowger_stdlib::expr::evaluate;

#[test]
fn quoted_text_need_not_be_utf8() {
    assert_eq!(&*evaluate(b"\"\xe9\" = \"\xe9\"").bytes(), b"1");
    assert_eq!(&*evaluate(b"\"\xe9\"").bytes(), b"\"\xe9\"");
}
