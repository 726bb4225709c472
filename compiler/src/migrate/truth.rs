//! Conditions in one form: what does not change whether they are true is taken away.
//!
//! Where only the truth of a value counts (alone, beside `&`, `|` and behind `!`), a function that gives 1 or 0 may be compared with
//! either of them, and one that counts with 0 (DL-209, DL-211, DL-214). Parentheses stay: what a variable holds is read together with
//! what stands beside it.

use std::ops::Range;

use strowger_stdlib::expr::{Comparison, Token, tokens};
use strowger_stdlib::template::{HoleKind, Piece, Template};

use super::formula::{self, Marked};

/// Operators may stand in each other so deep.
const DEPTH: usize = 64;

/// What an expression is made of; what is not understood is a row of tokens.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Tree {
    Or(Box<Tree>, Box<Tree>),
    And(Box<Tree>, Box<Tree>),
    Compare(&'static str, Box<Tree>, Box<Tree>),
    Not(Box<Tree>),
    Within(Box<Tree>),
    Text(Vec<u8>),
}

/// What a hole gives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Gives {
    /// 1 or 0.
    Truth,
    /// A whole number that is not below 0.
    Count,
}

/// A condition in one form, and whether it is turned around.
pub(super) fn normal(text: &[u8]) -> (Vec<u8>, bool) {
    let text = formula::plain(text.trim_ascii());
    let inner = text.strip_prefix(b"$[").and_then(|t| t.strip_suffix(b"]"));
    let tree = match inner.filter(|i| closed(i)) {
        Some(inner) => match read(inner) {
            Some(tree) => truth(tree),
            None => return (text, true),
        },
        None if gives(&text).is_some() => truth(Tree::Text(text.clone())),
        None => return (text, true),
    };
    let (tree, as_is) = match tree {
        Tree::Not(of) if matches!(&*of, Tree::Text(t) if gives(t) == Some(Gives::Truth)) => {
            (*of, false)
        }
        Tree::Compare("=", n, zero) if is_count(&n) && *zero == number("0") => {
            (Tree::Compare("!=", n, zero), false)
        }
        tree => (tree, true),
    };
    let mut out = b"$[".to_vec();
    print(&tree, &mut out);
    out.push(b']');
    (out, as_is)
}

/// Whether a text between `$[` and `]` is all of one expression.
fn closed(inner: &[u8]) -> bool {
    let whole = [b"$[", inner, b"]"].concat();
    matches!(Template::read(&whole).pieces.as_slice(), [Piece::Hole(hole)] if hole.closed)
}

fn number(digits: &str) -> Tree {
    Tree::Text(digits.as_bytes().to_vec())
}

fn is_count(tree: &Tree) -> bool {
    matches!(tree, Tree::Text(t) if gives(t) == Some(Gives::Count))
}

/// What a text of one hole gives, if its function says so.
fn gives(text: &[u8]) -> Option<Gives> {
    let template = Template::read(text);
    let [Piece::Hole(hole)] = template.pieces.as_slice() else {
        return None;
    };
    let body = hole.body.print();
    if !hole.closed || hole.kind != HoleKind::Variable || !body.ends_with(b")") {
        return None;
    }
    let open = body.iter().position(|b| *b == b'(')?;
    // Others (STAT, VM_INFO, GROUP_COUNT) give nothing where they cannot answer.
    Some(match &body[..open] {
        b"DB_EXISTS" | b"DIALPLAN_EXISTS" | b"EXISTS" | b"ISNULL" | b"REGEX" => Gives::Truth,
        b"LEN" | b"FIELDQTY" => Gives::Count,
        _ => return None,
    })
}

/// A tree in the place of a truth.
fn truth(tree: Tree) -> Tree {
    match tree {
        Tree::Or(a, b) => Tree::Or(Box::new(truth(*a)), Box::new(truth(*b))),
        Tree::And(a, b) => Tree::And(Box::new(truth(*a)), Box::new(truth(*b))),
        Tree::Within(of) => Tree::Within(Box::new(truth(*of))),
        Tree::Not(of) if is_count(&of) => Tree::Compare("=", of, Box::new(number("0"))),
        Tree::Not(of) => Tree::Not(Box::new(truth(*of))),
        Tree::Text(text) if gives(&text) == Some(Gives::Count) => {
            let count = Box::new(Tree::Text(text));
            Tree::Compare("!=", count, Box::new(number("0")))
        }
        Tree::Compare(sign, a, b) => asked(sign, *a, *b),
        tree => tree,
    }
}

/// A comparison in the place of a truth.
fn asked(sign: &'static str, a: Tree, b: Tree) -> Tree {
    let (Tree::Text(left), Tree::Text(right)) = (&a, &b) else {
        return Tree::Compare(sign, Box::new(a), Box::new(b));
    };
    // Quotes are part of a text (DL-211): both sides have them, or none.
    let quoted = |t: &[u8]| Some(t.strip_prefix(b"\"")?.strip_suffix(b"\"")?.to_vec());
    let (hole, other) = match (quoted(left), quoted(right)) {
        (Some(hole), Some(other)) => (hole, other),
        (None, None) => (left.clone(), right.clone()),
        _ => return Tree::Compare(sign, Box::new(a), Box::new(b)),
    };
    if gives(&hole) == Some(Gives::Truth) {
        let is = match (sign, other.as_slice()) {
            ("=", b"1") | ("!=", b"0") => true,
            ("=", b"0") | ("!=", b"1") => false,
            _ => return Tree::Compare(sign, Box::new(a), Box::new(b)),
        };
        let hole = Tree::Text(hole);
        return match is {
            true => hole,
            false => Tree::Not(Box::new(hole)),
        };
    }
    if gives(left) == Some(Gives::Count) {
        let sign = match (sign, right.as_slice()) {
            (">" | "!=", b"0") | (">=", b"1") => "!=",
            ("=" | "<=", b"0") | ("<", b"1") => "=",
            _ => return Tree::Compare(sign, Box::new(a), Box::new(b)),
        };
        return Tree::Compare(sign, Box::new(a), Box::new(number("0")));
    }
    Tree::Compare(sign, Box::new(a), Box::new(b))
}

fn print(tree: &Tree, out: &mut Vec<u8>) {
    let mut two = |a: &Tree, sign: &str, b: &Tree| {
        print(a, out);
        out.push(b' ');
        out.extend(sign.bytes());
        out.push(b' ');
        print(b, out);
    };
    match tree {
        Tree::Or(a, b) => two(a, "|", b),
        Tree::And(a, b) => two(a, "&", b),
        Tree::Compare(sign, a, b) => two(a, sign, b),
        Tree::Not(of) => {
            out.extend(b"! ");
            print(of, out);
        }
        Tree::Within(of) => {
            out.extend(b"( ");
            print(of, out);
            out.extend(b" )");
        }
        Tree::Text(text) => out.extend(text),
    }
}

/// The inside of `$[...]`; none if some text in it is no token (DL-204).
fn read(inner: &[u8]) -> Option<Tree> {
    let marked = Marked::read(inner)?;
    let all = tokens(&marked.text);
    if !formula::covers(&marked.text, &all) {
        return None;
    }
    let mut parser = Parser {
        marked: &marked,
        tokens: &all,
        at: 0,
        depth: 0,
    };
    let tree = parser.either()?;
    (parser.at == all.len()).then_some(tree)
}

struct Parser<'p> {
    marked: &'p Marked,
    tokens: &'p [(Token<'p>, Range<usize>)],
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token<'_>> {
        self.tokens.get(self.at).map(|(token, _)| token)
    }

    fn either(&mut self) -> Option<Tree> {
        let mut left = self.both()?;
        while matches!(self.peek(), Some(Token::Or)) {
            self.at += 1;
            let right = self.both()?;
            left = Tree::Or(Box::new(left), Box::new(right));
        }
        Some(left)
    }

    fn both(&mut self) -> Option<Tree> {
        let mut left = self.compared()?;
        while matches!(self.peek(), Some(Token::And)) {
            self.at += 1;
            let right = self.compared()?;
            left = Tree::And(Box::new(left), Box::new(right));
        }
        Some(left)
    }

    fn compared(&mut self) -> Option<Tree> {
        let left = self.operand()?;
        let Some(Token::Compare(sign)) = self.peek() else {
            return Some(left);
        };
        let sign = match sign {
            Comparison::Equal => "=",
            Comparison::Unequal => "!=",
            Comparison::Less => "<",
            Comparison::Greater => ">",
            Comparison::LessEqual => "<=",
            Comparison::GreaterEqual => ">=",
        };
        self.at += 1;
        let right = self.operand()?;
        // A second sign is left over, and then all of it stays as it is.
        Some(Tree::Compare(sign, Box::new(left), Box::new(right)))
    }

    /// What stands between two of these signs.
    fn operand(&mut self) -> Option<Tree> {
        self.depth += 1;
        if self.depth > DEPTH {
            return None;
        }
        let from = self.at;
        let made = match self.peek()? {
            Token::Not => {
                self.at += 1;
                self.operand().map(|of| Tree::Not(Box::new(of)))
            }
            Token::Open => {
                self.at += 1;
                let of = self.either();
                let closed = matches!(self.peek(), Some(Token::Close));
                self.at += 1;
                of.filter(|_| closed).map(|of| Tree::Within(Box::new(of)))
            }
            Token::Operand(_) => {
                self.at += 1;
                self.text(from)
            }
            _ => None,
        };
        self.depth -= 1;
        let made = made?;
        if self.ends() {
            return Some(made);
        }
        // Sums, calls and matches: a row of tokens.
        self.at = from;
        let mut depth = 0usize;
        while depth > 0 || !self.ends() {
            match self.peek()? {
                Token::Open => depth += 1,
                Token::Close => depth = depth.checked_sub(1)?,
                _ => {}
            }
            self.at += 1;
        }
        self.text(from)
    }

    /// Whether an operand ends here.
    fn ends(&self) -> bool {
        matches!(
            self.peek(),
            None | Some(Token::Or | Token::And | Token::Compare(_) | Token::Close)
        )
    }

    /// The tokens from there to here, with blanks between.
    fn text(&self, from: usize) -> Option<Tree> {
        let mut out = Vec::new();
        for (token, range) in &self.tokens[from..self.at] {
            if matches!(token, Token::Question | Token::Colons) {
                return None;
            }
            if !out.is_empty() {
                out.push(b' ');
            }
            let spelled = formula::spelled(token, &self.marked.text[range.clone()]);
            out.extend(self.marked.restored(spelled));
        }
        Some(Tree::Text(out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(text: &str) -> (String, bool) {
        let (text, as_is) = normal(text.as_bytes());
        (String::from_utf8_lossy(&text).into_owned(), as_is)
    }

    #[test]
    fn functions_that_count_and_that_are_true() {
        let (one, is) = form("${LEN(${X})}");
        for same in [
            "$[${LEN(${X})}]",
            "$[${LEN(${X})}>0]",
            "$[${LEN(${X})} != 0]",
            "$[ ${LEN(${X})} >= 1 ]",
        ] {
            assert_eq!(form(same), (one.clone(), is), "{same}");
        }
        for other in [
            "$[!${LEN(${X})}]",
            "$[${LEN(${X})}=0]",
            "$[${LEN(${X})} < 1]",
        ] {
            assert_eq!(form(other), (one.clone(), !is), "{other}");
        }
        let (one, is) = form("$[${DB_EXISTS(a/b)}]");
        assert_eq!(form("$[\"${DB_EXISTS(a/b)}\" = \"1\"]"), (one.clone(), is));
        assert_eq!(form("$[\"${DB_EXISTS(a/b)}\" = \"0\"]"), (one, !is));
        assert_eq!(
            form("$[!${LEN(${X})} | \"${Y}\"=\"a\"]").0,
            "$[${LEN(${X})} = 0 | \"${Y}\" = \"a\"]"
        );
    }

    #[test]
    fn what_is_not_the_same() {
        // An empty value is no expression, and a quoted nothing is not 0.
        assert_ne!(form("${X}"), form("$[${X}]"));
        assert_ne!(form("$[!${X}]").0, form("$[${X}]").0);
        assert_ne!(form("$[\"${LEN(${X})}\" != \"0\"]"), form("${LEN(${X})}"));
        assert_ne!(form("$[${LEN(${X})} > 1]"), form("${LEN(${X})}"));
        assert_ne!(
            form("$[(\"${X}\" = \"a\") & \"${Y}\" = \"b\"]"),
            form("$[\"${X}\" = \"a\" & \"${Y}\" = \"b\"]")
        );
        assert_ne!(
            form("$[\"${DB_EXISTS(a/b)}\" = 1]"),
            form("$[${DB_EXISTS(a/b)} = 1]")
        );
        // Not all of the text is one expression.
        assert_eq!(form("$[1] & $[2]").0, "$[1] & $[2]");
    }
}
