//! What stands in `$[ ]`: text with the strength of its loosest operator (DL-205).

/// How strongly the loosest operator of a formula binds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Level {
    Or,
    And,
    Compare,
    Sum,
    Product,
    Sign,
    /// A hole, a number, a text in quotes, a call.
    Atom,
}

/// A formula whose value is a number or a truth.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Formula {
    pub(super) text: String,
    pub(super) level: Level,
    /// What is true where this is not, if that can be said as shortly.
    pub(super) opposite: Option<Box<(String, Level)>>,
    /// It is no formula but a text that is true or not: it stands alone, as it is.
    pub(super) is_text: bool,
}

impl Formula {
    pub(super) fn new(text: impl Into<String>, level: Level) -> Formula {
        Formula {
            text: text.into(),
            level,
            opposite: None,
            is_text: false,
        }
    }

    /// A text of the dialplan that is asked for by itself.
    pub(super) fn text(text: impl Into<String>) -> Formula {
        Formula {
            is_text: true,
            ..Formula::new(text, Level::Atom)
        }
    }

    pub(super) fn or_else(mut self, opposite: impl Into<String>, level: Level) -> Formula {
        self.opposite = Some(Box::new((opposite.into(), level)));
        self
    }

    /// `a op b`, which has an opposite.
    pub(super) fn comparison(left: &str, op: &str, opposite: &str, right: &str) -> Formula {
        Formula::new(format!("{left} {op} {right}"), Level::Compare)
            .or_else(format!("{left} {opposite} {right}"), Level::Compare)
    }

    /// `a & b`, or `a | b`. Its opposite is as short if both have one.
    pub(super) fn joined(a: &Formula, and: bool, b: &Formula) -> Formula {
        let write = |a: &Formula, and: bool, b: &Formula| {
            let (sign, level, next) = if and {
                ("&", Level::And, Level::Compare)
            } else {
                ("|", Level::Or, Level::And)
            };
            (format!("{} {sign} {}", a.at(level), b.at(next)), level)
        };
        let (text, level) = write(a, and, b);
        let joined = Formula::new(text, level);
        if a.opposite.is_none() || b.opposite.is_none() {
            return joined;
        }
        let (text, level) = write(&a.opposed(), !and, &b.opposed());
        joined.or_else(text, level)
    }

    /// What is true where this is not.
    pub(super) fn opposed(&self) -> Formula {
        match &self.opposite {
            Some(opposite) => Formula::new(&opposite.0, opposite.1).or_else(&self.text, self.level),
            None => Formula::new(format!("!{}", self.at(Level::Atom)), Level::Sign)
                .or_else(&self.text, self.level),
        }
    }

    /// As an operand of something that binds this strongly.
    pub(super) fn at(&self, least: Level) -> String {
        if self.level < least {
            format!("({})", self.text)
        } else {
            self.text.clone()
        }
    }

    /// As a value: one hole stands for itself.
    pub(super) fn whole(&self) -> String {
        if self.is_text
            || self.level == Level::Atom && (is_hole(&self.text) || is_number(&self.text))
        {
            self.text.clone()
        } else {
            format!("$[{}]", self.text)
        }
    }
}

/// Whether a text is `${...}` and nothing else.
fn is_hole(text: &str) -> bool {
    let Some(body) = text.strip_prefix("${") else {
        return false;
    };
    let mut depth = 1usize;
    for (at, byte) in body.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at + 1 == body.len();
        }
    }
    false
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b == b'.')
}
