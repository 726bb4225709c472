//! A value of the dialplan: an integer or a piece of text.
//!
//! Asterisk knows text only. A text that is exactly the decimal spelling of an
//! integer may be kept as one; nobody can tell the difference, because every
//! observation goes through the text form.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// Integers of this magnitude and beyond print as floating point numbers, so
/// they are never held as [`Value::Int`].
pub const INT_BOUND: i64 = 1_000_000_000_000_000_000;

/// Bytes which a [`Text`] holds without a heap allocation.
const INLINE: usize = 22;

/// Immutable bytes: short ones inline, longer ones shared. Cloning never copies
/// the heap part.
#[derive(Clone)]
pub struct Text(Repr);

#[derive(Clone)]
enum Repr {
    Inline { len: u8, bytes: [u8; INLINE] },
    Heap(Arc<[u8]>),
}

impl Text {
    /// The empty text.
    pub const EMPTY: Text = Text(Repr::Inline {
        len: 0,
        bytes: [0; INLINE],
    });

    /// Copies `bytes`.
    pub fn new(bytes: &[u8]) -> Text {
        if bytes.len() <= INLINE {
            let mut inline = [0; INLINE];
            inline[..bytes.len()].copy_from_slice(bytes);
            Text(Repr::Inline {
                // At most INLINE, checked above.
                len: bytes.len() as u8,
                bytes: inline,
            })
        } else {
            Text(Repr::Heap(Arc::from(bytes)))
        }
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Repr::Inline { len, bytes } => &bytes[..usize::from(*len)],
            Repr::Heap(bytes) => bytes,
        }
    }

    /// Bytes held outside the value itself, for memory accounting. A shared
    /// text counts in full for every holder.
    pub fn heap_bytes(&self) -> usize {
        match &self.0 {
            Repr::Inline { .. } => 0,
            Repr::Heap(bytes) => bytes.len(),
        }
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Text) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for Text {}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.as_bytes().escape_ascii())
    }
}

/// A dialplan value. Equality is equality of the text form.
#[derive(Clone)]
pub enum Value {
    /// An integer with a magnitude below [`INT_BOUND`].
    Int(i64),
    /// Any bytes.
    Str(Text),
}

impl Value {
    /// The empty text: what an unset variable reads as (DL-182).
    pub const EMPTY: Value = Value::Str(Text::EMPTY);

    /// A text value, taken as it is.
    pub fn text(bytes: &[u8]) -> Value {
        Value::Str(Text::new(bytes))
    }

    /// Becomes this text, in the place where it is: short texts are written over, not moved.
    #[inline]
    pub fn set_text(&mut self, text: &[u8]) {
        match self {
            Value::Str(Text(Repr::Inline { len, bytes })) if text.len() <= INLINE => {
                bytes[..text.len()].copy_from_slice(text);
                // At most INLINE.
                *len = text.len() as u8;
            }
            // In two steps, so that the text is not made elsewhere and moved here.
            other if text.len() <= INLINE => {
                *other = Value::EMPTY;
                if let Value::Str(Text(Repr::Inline { len, bytes })) = other {
                    bytes[..text.len()].copy_from_slice(text);
                    *len = text.len() as u8;
                }
            }
            other => *other = Value::text(text),
        }
    }

    /// Becomes the same as another one, in the place where it is.
    #[inline]
    pub fn set(&mut self, other: &Value) {
        match other {
            Value::Int(number) => *self = Value::Int(*number),
            Value::Str(Text(Repr::Inline { len, bytes })) => {
                self.set_text(bytes.get(..usize::from(*len)).unwrap_or_default());
            }
            Value::Str(text) => *self = Value::Str(text.clone()),
        }
    }

    /// An integer value; one too large for [`Value::Int`] becomes text.
    pub fn int(number: i64) -> Value {
        if number > -INT_BOUND && number < INT_BOUND {
            Value::Int(number)
        } else {
            Value::text(number.to_string().as_bytes())
        }
    }

    /// Reads text, keeping it as an integer when it is exactly the decimal
    /// spelling of one (`7` and `-7`, but not `007`, `+7` or `-0`).
    pub fn read(bytes: &[u8]) -> Value {
        match canonical_int(bytes) {
            Some(number) => Value::Int(number),
            None => Value::text(bytes),
        }
    }

    /// `1` or `0`.
    pub fn truth_value(is_true: bool) -> Value {
        Value::Int(i64::from(is_true))
    }

    /// The text form.
    pub fn bytes(&self) -> Cow<'_, [u8]> {
        match self {
            Value::Int(number) => Cow::Owned(number.to_string().into_bytes()),
            Value::Str(text) => Cow::Borrowed(text.as_bytes()),
        }
    }

    /// Appends the text form.
    pub fn append_to(&self, out: &mut Vec<u8>) {
        match self {
            Value::Int(number) => {
                use std::io::Write;
                // Writing into a Vec cannot fail.
                let _ = write!(out, "{number}");
            }
            Value::Str(text) => out.extend_from_slice(text.as_bytes()),
        }
    }

    /// The integer, if the text form is the canonical spelling of one.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Value::Int(number) => Some(*number),
            Value::Str(text) => canonical_int(text.as_bytes()),
        }
    }

    /// Whether the text form is empty.
    pub fn is_empty(&self) -> bool {
        match self {
            Value::Int(_) => false,
            Value::Str(text) => text.as_bytes().is_empty(),
        }
    }

    /// Whether a condition with this value holds (DL-224).
    pub fn is_true(&self) -> bool {
        match self {
            Value::Int(number) => *number != 0,
            Value::Str(text) => truth(text.as_bytes()),
        }
    }

    /// Bytes held outside the value itself, for memory accounting.
    pub fn heap_bytes(&self) -> usize {
        match self {
            Value::Int(_) => 0,
            Value::Str(text) => text.heap_bytes(),
        }
    }
}

impl Default for Value {
    fn default() -> Value {
        Value::EMPTY
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Int(a), Value::Int(b)) => a == b,
            _ => self.bytes() == other.bytes(),
        }
    }
}

impl Eq for Value {}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Int(number) => write!(f, "{number}"),
            Value::Str(text) => write!(f, "{text:?}"),
        }
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Value {
        Value::text(bytes)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::text(text.as_bytes())
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Value {
        Value::text(&bytes)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Value {
        Value::int(number)
    }
}

/// Truth of a condition's text (DL-224): empty is false, text that starts
/// (after blanks) with an integer is true unless that integer is zero, all
/// other text is true.
pub fn truth(text: &[u8]) -> bool {
    if text.is_empty() {
        return false;
    }
    match crate::scan::integer(text) {
        Some((number, _)) => number != 0,
        None => true,
    }
}

fn canonical_int(bytes: &[u8]) -> Option<i64> {
    let (negative, digits) = match bytes.strip_prefix(b"-") {
        Some(rest) => (true, rest),
        None => (false, bytes),
    };
    if digits.is_empty() || digits.len() > 18 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    if digits[0] == b'0' && (digits.len() > 1 || negative) {
        return None;
    }
    let number = digits
        .iter()
        .fold(0i64, |sum, digit| sum * 10 + i64::from(digit - b'0'));
    Some(if negative { -number } else { number })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_decimal_spelling_is_an_integer() {
        for text in ["0", "7", "-7", "999999999999999999"] {
            assert!(
                matches!(Value::read(text.as_bytes()), Value::Int(_)),
                "{text}"
            );
            assert_eq!(Value::read(text.as_bytes()), Value::from(text));
        }
        for text in [
            "",
            "-",
            "007",
            "-0",
            "+7",
            "1.0",
            " 1",
            "1000000000000000000",
        ] {
            assert!(
                matches!(Value::read(text.as_bytes()), Value::Str(_)),
                "{text}"
            );
        }
    }

    #[test]
    fn truth_reads_a_leading_integer() {
        for text in ["1", "-1", "no", "false", "\"0\"", "1x", "00 1x", ".5"] {
            assert_eq!(truth(text.as_bytes()), text != "00 1x", "{text}");
        }
        for text in ["", "0", " 0", "0.5", "00", "-0", "0x1"] {
            assert!(!truth(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn a_value_is_three_words() {
        assert_eq!(std::mem::size_of::<Value>(), 24);
    }
}
