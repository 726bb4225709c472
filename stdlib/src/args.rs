//! Argument texts: the splitters, option strings, jump targets and durations
//! (DL-229 to DL-244).

use crate::scan;

/// Whether a splitter takes quotes and backslashes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marks {
    /// Quotes and backslashes vanish (DL-230).
    Remove,
    /// They stay: where text is split again, or shown (DL-234).
    Keep,
}

/// Splits at commas into at most `slots` arguments: the standard splitter
/// (DL-229 to DL-233). The last slot takes the rest as it stands; the ones
/// before lose quotes and backslashes. Empty text has no arguments.
pub fn split(text: &[u8], slots: usize) -> Vec<Vec<u8>> {
    split_at(text, b',', slots, Marks::Remove)
}

/// Splits at commas by the same rules, removing nothing (DL-234).
pub fn split_raw(text: &[u8], slots: usize) -> Vec<Vec<u8>> {
    split_at(text, b',', slots, Marks::Keep)
}

/// Splits at any separator (DL-235). With `"` for separator quotes do not
/// group.
pub fn split_at(text: &[u8], separator: u8, slots: usize, marks: Marks) -> Vec<Vec<u8>> {
    if text.is_empty() || slots == 0 {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut current = Vec::new();
    let mut at = 0;
    let mut parens = 0usize;
    let mut brackets = 0usize;
    let mut quoted = false;
    while found.len() + 1 < slots && at < text.len() {
        let byte = text[at];
        at += 1;
        match byte {
            _ if byte == separator && parens == 0 && brackets == 0 && !quoted => {
                found.push(std::mem::take(&mut current));
                continue;
            }
            b'(' => parens += 1,
            b')' => parens = parens.saturating_sub(1),
            b'[' => brackets += 1,
            b']' => brackets = brackets.saturating_sub(1),
            b'"' if separator != b'"' => {
                quoted = !quoted;
                if marks == Marks::Remove {
                    continue;
                }
            }
            b'\\' => {
                if marks == Marks::Keep {
                    current.push(byte);
                }
                if let Some(next) = text.get(at) {
                    current.push(*next);
                    at += 1;
                }
                continue;
            }
            _ => {}
        }
        current.push(byte);
    }
    current.extend_from_slice(&text[at..]);
    found.push(current);
    found
}

/// An argument of a split list, empty if absent (DL-233).
pub fn argument(list: &[Vec<u8>], index: usize) -> &[u8] {
    list.get(index).map_or(b"", Vec::as_slice)
}

/// One letter of an option string (DL-239).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptionLetter {
    /// The letter.
    pub letter: u8,
    /// What stood in parentheses behind it, marks removed (DL-240).
    pub argument: Option<Vec<u8>>,
    /// Where the letter stands in the text.
    pub at: usize,
}

/// An option string, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OptionString {
    /// In the order of the text; of a repeated letter the last counts.
    pub letters: Vec<OptionLetter>,
    /// An opened argument was not closed; the letter it belongs to and all
    /// that follows is lost (DL-240).
    pub unclosed: bool,
}

impl OptionString {
    /// Whether the letter is there.
    pub fn has(&self, letter: u8) -> bool {
        self.letters.iter().any(|option| option.letter == letter)
    }

    /// The argument of a letter that is there: empty if it has none.
    pub fn argument(&self, letter: u8) -> Option<&[u8]> {
        self.letters
            .iter()
            .rev()
            .find(|option| option.letter == letter)
            .map(|option| option.argument.as_deref().unwrap_or(b""))
    }
}

/// Takes an option string apart. Whether a letter is known is for the
/// signature to say.
pub fn options(text: &[u8]) -> OptionString {
    let mut found = OptionString::default();
    let mut at = 0;
    while at < text.len() {
        let letter = text[at];
        let place = at;
        at += 1;
        let mut argument = None;
        if text.get(at) == Some(&b'(') {
            match option_argument(&text[at + 1..]) {
                Some((inner, length)) => {
                    argument = Some(inner);
                    at += 1 + length;
                }
                None => {
                    found.unclosed = true;
                    return found;
                }
            }
        }
        found.letters.push(OptionLetter {
            letter,
            argument,
            at: place,
        });
    }
    found
}

/// Reads up to the `)` that closes an option argument; gives the argument and
/// the length including the parenthesis.
fn option_argument(text: &[u8]) -> Option<(Vec<u8>, usize)> {
    let grouped = text.first() == Some(&b'"');
    let mut inner = Vec::new();
    let mut at = usize::from(grouped);
    let mut quoted = grouped;
    let mut depth = 1usize;
    while let Some(byte) = text.get(at) {
        at += 1;
        match byte {
            b'\\' => {
                if let Some(next) = text.get(at) {
                    inner.push(*next);
                    at += 1;
                }
                continue;
            }
            b'"' if grouped => {
                quoted = !quoted;
                continue;
            }
            b'(' if !quoted => depth += 1,
            b')' if !quoted => {
                depth -= 1;
                if depth == 0 {
                    return Some((inner, at));
                }
            }
            _ => {}
        }
        inner.push(*byte);
    }
    None
}

/// The parts of `condition?then:otherwise`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branches {
    /// Before the `?`.
    pub condition: Vec<u8>,
    /// Between `?` and `:`; `None` if there is no `?`.
    pub then: Option<Vec<u8>>,
    /// Behind the `:`; `None` if there is none.
    pub otherwise: Option<Vec<u8>>,
}

/// Splits at the first `?` and the first `:` after it, protecting nothing:
/// GotoIf, GotoIfTime (DL-238).
pub fn branches_plain(text: &[u8]) -> Branches {
    let Some((condition, rest)) = cut(text, b'?') else {
        return Branches {
            condition: text.to_vec(),
            then: None,
            otherwise: None,
        };
    };
    let (then, otherwise) = match cut(rest, b':') {
        Some((then, otherwise)) => (then, Some(otherwise.to_vec())),
        None => (rest, None),
    };
    Branches {
        condition: condition.to_vec(),
        then: Some(then.to_vec()),
        otherwise,
    }
}

/// Splits at `?` and `:` with parentheses, brackets and quotes protecting:
/// IF, ExecIf, GosubIf (DL-236, DL-237). With [`Marks::Remove`] the true
/// branch loses quotes and backslashes, the false branch keeps them.
pub fn branches(text: &[u8], marks: Marks) -> Branches {
    let mut halves = split_at(text, b'?', 2, marks).into_iter();
    let condition = halves.next().unwrap_or_default();
    let Some(rest) = halves.next() else {
        return Branches {
            condition,
            then: None,
            otherwise: None,
        };
    };
    let mut parts = split_at(&rest, b':', 2, marks).into_iter();
    Branches {
        condition,
        then: Some(parts.next().unwrap_or_default()),
        otherwise: parts.next(),
    }
}

fn cut(text: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    let at = text.iter().position(|byte| *byte == separator)?;
    Some((&text[..at], &text[at + 1..]))
}

/// `[[context,]extension,]priority` (DL-244, DL-245). Empty parts are `None`
/// where they mean "this one" (DL-249).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The context, if named.
    pub context: Option<Vec<u8>>,
    /// The extension, if named.
    pub extension: Option<Vec<u8>>,
    /// What the priority part says.
    pub priority: Priority,
}

/// The priority part of a target (DL-246).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Priority {
    /// `+n` or `-n`.
    Relative(i64),
    /// All digits.
    Number(i64),
    /// Anything else, the empty text included (DL-248).
    Label(Vec<u8>),
}

impl Target {
    /// Splits by plain commas: no quoting, no trimming. What stands behind a
    /// third comma is dropped.
    pub fn read(text: &[u8]) -> Target {
        let parts: Vec<&[u8]> = text.split(|byte| *byte == b',').take(3).collect();
        let (context, extension, priority) = match parts[..] {
            [context, extension, priority] => (Some(context), Some(extension), priority),
            [extension, priority] => (None, Some(extension), priority),
            [priority] => (None, None, priority),
            _ => (None, None, &b""[..]),
        };
        let named = |part: Option<&[u8]>| part.filter(|part| !part.is_empty()).map(<[u8]>::to_vec);
        Target {
            context: named(context),
            extension: named(extension),
            priority: Priority::read(priority),
        }
    }
}

impl Priority {
    /// Reads a priority part.
    pub fn read(text: &[u8]) -> Priority {
        let number = |digits: &[u8]| -> Option<i64> {
            if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
                return None;
            }
            scan::integer(digits).map(|(number, _)| number)
        };
        match text {
            [b'+', rest @ ..] => number(rest).map(Priority::Relative),
            [b'-', rest @ ..] => number(rest).map(|number| Priority::Relative(-number)),
            _ => number(text).map(Priority::Number),
        }
        .unwrap_or_else(|| Priority::Label(text.to_vec()))
    }
}

/// `target(arg1,arg2)` as Gosub takes it (DL-251): the target's text, and the
/// arguments with their marks kept (DL-234).
pub fn gosub(text: &[u8]) -> (&[u8], Vec<Vec<u8>>) {
    let Some(open) = text.iter().position(|byte| *byte == b'(') else {
        return (text, Vec::new());
    };
    let rest = &text[open + 1..];
    let close = rest.iter().rposition(|byte| *byte == b')');
    let inner = &rest[..close.unwrap_or(rest.len())];
    (&text[..open], split_raw(inner, GOSUB_SLOTS))
}

/// Arguments that one Gosub may pass; the last takes the rest.
pub const GOSUB_SLOTS: usize = 100;

/// Pairs that one MSet may hold (DL-277).
pub const MSET_SLOTS: usize = 99;

/// `App(args)` as Exec, TryExec and ExecIf take it: name and argument text.
/// Text without `(` is a name alone.
pub fn application(text: &[u8]) -> (&[u8], &[u8]) {
    let Some(open) = text.iter().position(|byte| *byte == b'(') else {
        return (text, b"");
    };
    let rest = &text[open + 1..];
    let close = rest.iter().rposition(|byte| *byte == b')');
    (&text[..open], &rest[..close.unwrap_or(rest.len())])
}

/// Splits `name=value` at the first `=` (DL-271).
pub fn assignment(text: &[u8]) -> Option<(&[u8], &[u8])> {
    cut(text, b'=')
}

/// The leading marks of a variable name: `_` inherits once, `__` for ever
/// (DL-274). Gives the bare name and the number of marks, at most two.
pub fn inheritance(name: &[u8]) -> (&[u8], u8) {
    match name {
        [b'_', b'_', rest @ ..] => (rest, 2),
        [b'_', rest @ ..] => (rest, 1),
        _ => (name, 0),
    }
}

/// Reads a duration with an optional unit `h`, `m`, `s` or `ms` in any letter
/// case, seconds by default (DL-243). In milliseconds; `None` if it does not
/// start with a number or has another unit; negative ones are 0.
pub fn duration(text: &[u8]) -> Option<u64> {
    let (number, read) = scan::float(text)?;
    let rest = &text[read..];
    let blanks = rest.iter().take_while(|b| scan::is_space(**b)).count();
    let unit = rest[blanks..]
        .split(|b| scan::is_space(*b))
        .next()
        .unwrap_or_default();
    let factor = match unit.to_ascii_lowercase().as_slice() {
        b"ms" => 1.0,
        b"" | b"s" => 1000.0,
        b"m" => 60_000.0,
        b"h" => 3_600_000.0,
        _ => return None,
    };
    if !number.is_finite() || number <= 0.0 {
        return Some(0);
    }
    // Fractions of a millisecond are cut off, but not for the error of the product. Saturating by the rules of `as`.
    Some((number * factor + 1e-6) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(list: &[Vec<u8>]) -> Vec<String> {
        list.iter()
            .map(|part| String::from_utf8_lossy(part).into_owned())
            .collect()
    }

    #[test]
    fn the_standard_splitter_removes_marks_except_in_the_last_slot() {
        assert_eq!(
            shown(&split(b"m1=x,m2=\"y,z\",m3=\\,w", 99)),
            ["m1=x", "m2=y,z", "m3=,w"]
        );
        assert_eq!(
            shown(&split(b"NOTICE,\"a,b\" x\\,y", 2)),
            ["NOTICE", "\"a,b\" x\\,y"]
        );
        assert_eq!(shown(&split(b"(a,b),[c,d],e", 9)), ["(a,b)", "[c,d]", "e"]);
        assert_eq!(shown(&split(b"a),b", 9)), ["a)", "b"]);
        assert_eq!(shown(&split(b"a,", 9)), ["a", ""]);
        assert!(split(b"", 9).is_empty());
    }

    #[test]
    fn the_raw_splitter_keeps_marks() {
        let (target, args) = gosub(b"sub,s,1(a,\"b,c\",d e)");
        assert_eq!(target, b"sub,s,1");
        assert_eq!(shown(&args), ["a", "\"b,c\"", "d e"]);
    }

    #[test]
    fn options_have_arguments() {
        let found = options(b"tTL(60000:30000)U(sub^a(b)^c)");
        assert_eq!(found.argument(b'L'), Some(&b"60000:30000"[..]));
        assert_eq!(found.argument(b'U'), Some(&b"sub^a(b)^c"[..]));
        assert_eq!(found.argument(b't'), Some(&b""[..]));
        assert!(!found.has(b'x'));
        assert!(options(b"tL(60").unclosed);
        assert_eq!(options(b"A(\"a)b\")").argument(b'A'), Some(&b"a)b"[..]));
        assert_eq!(options(b"A(a\\)b)").argument(b'A'), Some(&b"a)b"[..]));
    }

    #[test]
    fn branches_protect_or_not() {
        let found = branches(b"0?Log(NOTICE,x):Log(NOTICE,a:b)", Marks::Keep);
        assert_eq!(found.then.as_deref(), Some(&b"Log(NOTICE,x)"[..]));
        assert_eq!(found.otherwise.as_deref(), Some(&b"Log(NOTICE,a:b)"[..]));
        let found = branches_plain(b"1?a(b:c):d");
        assert_eq!(found.then.as_deref(), Some(&b"a(b"[..]));
        assert_eq!(found.otherwise.as_deref(), Some(&b"c):d"[..]));
        assert_eq!(branches_plain(b"1").then, None);
    }

    #[test]
    fn targets_have_one_to_three_parts() {
        assert_eq!(Target::read(b"+2").priority, Priority::Relative(2));
        let target = Target::read(b"ctx,,5abc");
        assert_eq!(target.context.as_deref(), Some(&b"ctx"[..]));
        assert_eq!(target.extension, None);
        assert_eq!(target.priority, Priority::Label(b"5abc".to_vec()));
        assert_eq!(Target::read(b"100,").priority, Priority::Label(Vec::new()));
    }

    #[test]
    fn durations_have_units() {
        assert_eq!(duration(b"1.5"), Some(1500));
        assert_eq!(duration(b"2m"), Some(120_000));
        assert_eq!(duration(b"500ms"), Some(500));
        assert_eq!(duration(b"-1"), Some(0));
        assert_eq!(duration(b"x"), None);
        assert_eq!(duration(b"2 M"), Some(120_000));
        assert_eq!(duration(b"1.001"), Some(1001));
        assert_eq!(duration(b"0.0009"), Some(0));
        for bad in ["5x", "1min", "2ms3", "1,5"] {
            assert_eq!(duration(bad.as_bytes()), None, "{bad}");
        }
    }
}
