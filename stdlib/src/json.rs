//! JSON_DECODE: a reader of RFC 8259 that keeps order and spelling as the
//! library behind Asterisk does.

use crate::args;
use crate::pure::{Answer, Input, Pure, reading};
use crate::scan;
use crate::sprintf;
use crate::value::Value;

pub(crate) const FUNCTIONS: &[Pure] = &[reading("JSON_DECODE", decode)];

/// Arrays and objects inside each other.
const DEPTH_LIMIT: usize = 128;

#[derive(Clone, Debug, PartialEq)]
enum Json {
    Null,
    Bool(bool),
    Int(i64),
    Real(f64),
    Text(Vec<u8>),
    Array(Vec<Json>),
    Object(Vec<(Vec<u8>, Json)>),
}

/// `JSON_DECODE(variable,path[,separator[,c]])`.
fn decode(input: &Input<'_>) -> Answer {
    let parts = args::split(input.args, 4);
    let path = args::argument(&parts, 1);
    if args::argument(&parts, 0).is_empty() || path.is_empty() {
        return Answer::failed("Usage: JSON_DECODE(variable,path[,separator[,c]])");
    }
    if input.variable.is_empty() {
        return Answer::value(Value::EMPTY);
    }
    // One character, or it is not one.
    let separator = match args::argument(&parts, 2) {
        [one] => *one,
        _ => b'.',
    };
    let counts = args::argument(&parts, 3).contains(&b'c');
    let mut reader = Reader {
        text: input.variable,
        at: 0,
    };
    let Some(root) = reader.document() else {
        return Answer::failed("JSON_DECODE: the variable holds no JSON");
    };
    let mut node = &root;
    for key in path.split(|byte| *byte == separator) {
        let next = match node {
            Json::Object(members) => members
                .iter()
                .rev()
                .find(|(name, _)| name == key)
                .map(|(_, value)| value),
            Json::Array(elements) => index(key).and_then(|index| elements.get(index)),
            // The rest of the path is not looked at.
            _ => break,
        };
        match next {
            Some(next) => node = next,
            None => return Answer::value(Value::EMPTY),
        }
    }
    Answer::value(match node {
        Json::Array(elements) if counts => Value::int(elements.len() as i64),
        Json::Null => Value::EMPTY,
        Json::Bool(is_true) => Value::truth_value(*is_true),
        // Printed as a C int; inside an array or object it stays whole.
        Json::Int(number) => Value::int(i64::from(*number as i32)),
        Json::Text(text) => Value::text(text),
        Json::Real(number) => Value::from(sprintf::general(*number, 17).as_str()),
        other => {
            let mut out = Vec::new();
            other.print(&mut out);
            Value::from(out)
        }
    })
}

/// An element's number: nothing but digits, perhaps with blanks or a sign
/// before them.
fn index(key: &[u8]) -> Option<usize> {
    let (number, read) = scan::integer(key)?;
    (read == key.len())
        .then(|| usize::try_from(number).ok())
        .flatten()
}

impl Json {
    /// Without blanks, in the order read. The depth is bounded by the reader.
    fn print(&self, out: &mut Vec<u8>) {
        match self {
            Json::Null => out.extend_from_slice(b"null"),
            Json::Bool(true) => out.extend_from_slice(b"true"),
            Json::Bool(false) => out.extend_from_slice(b"false"),
            Json::Int(number) => out.extend_from_slice(number.to_string().as_bytes()),
            Json::Real(number) => out.extend_from_slice(print_real(*number).as_bytes()),
            Json::Text(text) => print_text(text, out),
            Json::Array(elements) => {
                out.push(b'[');
                for (index, element) in elements.iter().enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    element.print(out);
                }
                out.push(b']');
            }
            Json::Object(members) => {
                out.push(b'{');
                for (index, (name, value)) in members.iter().enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    print_text(name, out);
                    out.push(b':');
                    value.print(out);
                }
                out.push(b'}');
            }
        }
    }
}

/// Seventeen significant digits, always recognisable as no integer.
fn print_real(number: f64) -> String {
    let scientific = format!("{number:.16e}");
    let (mantissa, power) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let power: i32 = power.parse().unwrap_or(0);
    if !(-4..17).contains(&power) {
        let mantissa = mantissa.trim_end_matches('0').trim_end_matches('.');
        return format!("{mantissa}e{power}");
    }
    let decimals = (16 - power).max(0).unsigned_abs() as usize;
    let plain = format!("{number:.decimals$}");
    let plain = if plain.contains('.') {
        plain.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        plain
    };
    if plain.contains('.') {
        plain
    } else {
        format!("{plain}.0")
    }
}

fn print_text(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for byte in text {
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            8 => out.extend_from_slice(b"\\b"),
            12 => out.extend_from_slice(b"\\f"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0..=31 => out.extend_from_slice(format!("\\u{byte:04X}").as_bytes()),
            byte => out.push(*byte),
        }
    }
    out.push(b'"');
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    /// An array or an object, and nothing after it.
    fn document(&mut self) -> Option<Json> {
        self.blanks();
        if !matches!(self.peek(), Some(b'{' | b'[')) {
            return None;
        }
        let root = self.value(0)?;
        self.blanks();
        (self.at == self.text.len()).then_some(root)
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn take(&mut self, word: &[u8]) -> Option<()> {
        if !self.text[self.at..].starts_with(word) {
            return None;
        }
        self.at += word.len();
        Some(())
    }

    fn value(&mut self, depth: usize) -> Option<Json> {
        if depth > DEPTH_LIMIT {
            return None;
        }
        self.blanks();
        match self.peek()? {
            b'{' => self.object(depth),
            b'[' => self.array(depth),
            b'"' => self.string().map(Json::Text),
            b't' => self.take(b"true").map(|()| Json::Bool(true)),
            b'f' => self.take(b"false").map(|()| Json::Bool(false)),
            b'n' => self.take(b"null").map(|()| Json::Null),
            _ => self.number(),
        }
    }

    fn object(&mut self, depth: usize) -> Option<Json> {
        self.take(b"{")?;
        let mut members: Vec<(Vec<u8>, Json)> = Vec::new();
        self.blanks();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Some(Json::Object(members));
        }
        loop {
            self.blanks();
            let name = self.string()?;
            self.blanks();
            self.take(b":")?;
            let value = self.value(depth + 1)?;
            // The last of equal names counts, at the place of the first.
            match members.iter_mut().find(|(known, _)| *known == name) {
                Some((_, old)) => *old = value,
                None => members.push((name, value)),
            }
            self.blanks();
            if self.take(b",").is_some() {
                continue;
            }
            self.take(b"}")?;
            return Some(Json::Object(members));
        }
    }

    fn array(&mut self, depth: usize) -> Option<Json> {
        self.take(b"[")?;
        let mut elements = Vec::new();
        self.blanks();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Some(Json::Array(elements));
        }
        loop {
            elements.push(self.value(depth + 1)?);
            self.blanks();
            if self.take(b",").is_some() {
                continue;
            }
            self.take(b"]")?;
            return Some(Json::Array(elements));
        }
    }

    fn number(&mut self) -> Option<Json> {
        let start = self.at;
        let _ = self.take(b"-");
        let digits = |reader: &mut Self| {
            let from = reader.at;
            while reader.peek().is_some_and(|byte| byte.is_ascii_digit()) {
                reader.at += 1;
            }
            reader.at - from
        };
        let leading_zero = self.peek() == Some(b'0');
        let whole = digits(self);
        if whole == 0 || (leading_zero && whole > 1) {
            return None;
        }
        let mut is_real = false;
        if self.take(b".").is_some() {
            is_real = true;
            if digits(self) == 0 {
                return None;
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            is_real = true;
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if digits(self) == 0 {
                return None;
            }
        }
        let spelled = std::str::from_utf8(&self.text[start..self.at]).ok()?;
        if is_real {
            // Too large a number is an error, not infinity.
            let number: f64 = spelled.parse().ok()?;
            return number.is_finite().then_some(Json::Real(number));
        }
        spelled.parse().ok().map(Json::Int)
    }

    fn string(&mut self) -> Option<Vec<u8>> {
        self.take(b"\"")?;
        let mut out = Vec::new();
        loop {
            let byte = self.peek()?;
            self.at += 1;
            match byte {
                b'"' => break,
                b'\\' => {
                    let escape = self.peek()?;
                    self.at += 1;
                    match escape {
                        b'"' | b'\\' | b'/' => out.push(escape),
                        b'b' => out.push(8),
                        b'f' => out.push(12),
                        b'n' => out.push(b'\n'),
                        b'r' => out.push(b'\r'),
                        b't' => out.push(b'\t'),
                        b'u' => {
                            let letter = self.unicode()?;
                            let mut buffer = [0; 4];
                            out.extend_from_slice(letter.encode_utf8(&mut buffer).as_bytes());
                        }
                        _ => return None,
                    }
                }
                0..=31 => return None,
                byte => out.push(byte),
            }
        }
        // Text must be UTF-8.
        std::str::from_utf8(&out).is_ok().then_some(out)
    }

    fn unicode(&mut self) -> Option<char> {
        let high = self.hex4()?;
        let code = match high {
            0 => return None,
            0xd800..=0xdbff => {
                self.take(b"\\u")?;
                let low = self.hex4()?;
                if !(0xdc00..=0xdfff).contains(&low) {
                    return None;
                }
                0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00)
            }
            _ => high,
        };
        char::from_u32(code)
    }

    fn hex4(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        let mut code = 0;
        for digit in digits {
            code = code * 16 + char::from(*digit).to_digit(16)?;
        }
        self.at += 4;
        Some(code)
    }
}
