//! How deep a tree gets, counted on the way: whoever walks it, and whoever drops it, may do so by recursion.

use crate::NESTING;
use crate::lines::Lexeme;
use crate::token::Kind;

/// Counts parentheses, braces and the operators that stand around them.
#[derive(Default)]
pub(crate) struct Nesting {
    /// Operators at the level of each open parenthesis or brace.
    levels: Vec<u32>,
    /// Operators at the innermost level.
    here: u32,
    /// All of them.
    sum: u32,
}

impl Nesting {
    /// Looks at the next lexeme. Whether the tree is too deep there.
    pub(crate) fn goes_too_deep(&mut self, lexeme: &Lexeme) -> bool {
        use Kind::*;
        match lexeme.kind {
            ParenOpen | SquareOpen | BraceOpen => {
                self.count();
                self.levels.push(self.here);
                self.here = 0;
            }
            ParenClose | SquareClose => self.close(),
            // What has been read in braces is a leaf to what follows, as in a long row of `else if`.
            BraceClose => {
                self.close();
                self.sum -= self.here.min(1);
                self.here = self.here.saturating_sub(1);
            }
            // What follows does not stand inside of what stood before.
            Comma | Newline | Arrow => {
                self.sum -= self.here;
                self.here = 0;
            }
            Dot | DotDot | Pipe | Default | And | Or | Not | EqEq | NotEq | Less | LessEq
            | Greater | GreaterEq | In | Plus | Minus | Star | Slash | Percent | Else => {
                self.count()
            }
            _ => {}
        }
        self.sum > NESTING
    }

    fn close(&mut self) {
        self.sum -= self.here;
        self.here = self.levels.pop().unwrap_or(0);
    }

    fn count(&mut self) {
        self.here += 1;
        self.sum += 1;
    }
}
