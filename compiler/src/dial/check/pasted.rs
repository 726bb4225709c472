//! What lines of an extensions.conf do with values in `$[ ]`, for files that were migrated: a text beside a number, and `bare(...)`,
//! in which texts have no quotes around them.

use strowger_dial::tree::{self, Arg, At, BinaryOp, Name};

use super::Checker;
use crate::dial::typed::{Expr, ExprKind, TextPart};
use crate::dial::types::Type;

/// Whether a value is pasted as text.
fn is_text(ty: &Type) -> bool {
    match ty {
        Type::Raw | Type::Str | Type::Digits | Type::Uri => true,
        Type::Option(of) => is_text(of),
        _ => false,
    }
}

impl Checker<'_> {
    /// An operand of a comparison, and whether `bare` stands around it.
    pub(super) fn operand<'e>(&mut self, e: &'e tree::Expr) -> (&'e tree::Expr, bool) {
        if let tree::ExprKind::Call { callee, args } = &*e.kind
            && let tree::ExprKind::Name(name) = &*callee.kind
            && &*name.text == "bare"
            && let [Arg { name: None, value }] = args.as_slice()
        {
            self.bare_is_known(e.at);
            return (value, true);
        }
        (e, false)
    }

    /// Tells it if the file was not migrated.
    fn bare_is_known(&mut self, at: At) {
        if !self.around.unchecked {
            self.tell(
                self.error("D414", at, "values are pasted unlooked at")
                    .label("`bare` is for migrated files")
                    .help("without it the values are compared: x == \"yes\""),
            );
        }
    }

    /// The sides of a comparison that pastes them; none if it is an ordinary one.
    pub(super) fn pasted(
        &self,
        op: BinaryOp,
        left: &Expr,
        right: &Expr,
        bare: [bool; 2],
    ) -> Option<(Expr, Expr)> {
        if !self.around.unchecked {
            return None;
        }
        let bare = bare.map(|b| b || self.bare);
        let text = [is_text(&left.ty), is_text(&right.ty)];
        let number = |ty: &Type| matches!(ty, Type::Int | Type::Bool);
        let quotes = match (bare, text) {
            // Where something is bare, the other side has its quotes.
            ([true, _] | [_, true], _) => [text[0] && !bare[0], text[1] && !bare[1]],
            (_, [true, true]) if !matches!(op, BinaryOp::Eq | BinaryOp::Ne) => [true, true],
            // A text beside a number is read as one.
            (_, [false, false]) if left.ty != right.ty && number(&left.ty) && number(&right.ty) => {
                [false, false]
            }
            (_, [true, false]) if number(&right.ty) => [false, false],
            (_, [false, true]) if number(&left.ty) => [false, false],
            _ => return None,
        };
        let side = |e: &Expr, quoted: bool| match quoted {
            true => Expr {
                ty: Type::Raw,
                place: e.place,
                kind: Box::new(ExprKind::Text(vec![
                    TextPart::Asterisk("\"".to_owned()),
                    TextPart::Value(e.clone()),
                    TextPart::Asterisk("\"".to_owned()),
                ])),
            },
            false => e.clone(),
        };
        Some((side(left, quotes[0]), side(right, quotes[1])))
    }

    /// Whether numbers are counted that are texts of a plan.
    pub(super) fn counts_texts(&self, left: &Expr, right: &Expr) -> bool {
        let pasted = |ty: &Type| is_text(ty) || *ty == Type::Int;
        self.around.unchecked
            && (is_text(&left.ty) || is_text(&right.ty))
            && pasted(&left.ty)
            && pasted(&right.ty)
    }

    /// Whether a text may stand where a truth is wanted: one that is empty or 0 is false.
    pub(super) fn asks_text(&self, e: &Expr) -> bool {
        self.around.unchecked
            && (is_text(&e.ty) || e.ty == Type::Int)
            && super::constant_text(e).is_none()
    }

    /// What is written to a place of the call: lines write any text there.
    pub(super) fn written(&mut self, value: &tree::Expr, want: &Type) -> Expr {
        let made = self.expr(value, Some(want));
        let plain = matches!(
            want,
            Type::Int | Type::Duration | Type::Time | Type::Bool | Type::Enum(_)
        );
        let pasted = self.around.unchecked && plain && is_text(&made.ty);
        match pasted && super::constant_text(&made).is_none() {
            true => Expr {
                ty: want.clone(),
                ..made
            },
            false => self.fit(made, want),
        }
    }

    /// `apart(c)`: `$[c]` within another `$[ ]`, worked out before that is read.
    pub(super) fn apart(&mut self, at: At, name: &Name, args: &[Arg]) -> Expr {
        let [Arg { name: None, value }] = args else {
            self.tell(
                self.error("D403", at, format!("`{}` takes one value", name.text))
                    .help("for example apart(x == \"\") or apart(y == \"\")"),
            );
            return self.wrong(at);
        };
        if !self.around.unchecked {
            self.tell(
                self.error("D414", at, "values are pasted unlooked at")
                    .label("`apart` is for migrated files")
                    .help("parentheses do the same: (x == \"\") or (y == \"\")"),
            );
        }
        let before = std::mem::replace(&mut self.bare, false);
        let made = self.expr(value, None);
        self.bare = before;
        if !matches!(made.ty, Type::Bool | Type::Int) {
            return self.fit(made, &Type::Bool);
        }
        let parts = vec![
            TextPart::Asterisk(String::new()),
            TextPart::Value(made.clone()),
        ];
        self.made(at, made.ty, ExprKind::Text(parts))
    }

    /// `choose(c, a, b)`: `IF(c?a:b)`.
    pub(super) fn choose(&mut self, at: At, name: &Name, args: &[Arg]) -> Expr {
        if !self.around.unchecked {
            self.tell(
                self.error("D414", at, "values are pasted unlooked at")
                    .label("`choose` is for migrated files: a colon in a value ends it")
                    .help("write `if c { a } else { b }`"),
            );
        }
        let given = self.arguments(
            at,
            name,
            args,
            &[("condition", Type::Bool), ("then", Type::Raw)],
            &[("otherwise", Type::Raw)],
        );
        let Some([Some(condition), Some(then), otherwise]) = given.as_deref() else {
            return self.wrong(at);
        };
        let mut parts = vec![
            TextPart::Asterisk("${IF(".to_owned()),
            TextPart::Value(condition.clone()),
            TextPart::Asterisk("?".to_owned()),
            TextPart::Value(then.clone()),
        ];
        if let Some(otherwise) = otherwise {
            parts.push(TextPart::Asterisk(":".to_owned()));
            parts.push(TextPart::Value(otherwise.clone()));
        }
        parts.push(TextPart::Asterisk(")}".to_owned()));
        self.made(at, Type::Raw, ExprKind::Text(parts))
    }

    /// `bare(x)`, but as an operand of a comparison.
    pub(super) fn bare_call(
        &mut self,
        at: At,
        name: &Name,
        args: &[Arg],
        want: Option<&Type>,
    ) -> Expr {
        let [Arg { name: None, value }] = args else {
            self.tell(
                self.error("D403", at, format!("`{}` takes one value", name.text))
                    .help("for example bare(x == \"yes\")"),
            );
            return self.wrong(at);
        };
        self.bare_is_known(at);
        let before = std::mem::replace(&mut self.bare, true);
        let made = self.expr(value, want);
        self.bare = before;
        let asked = match made.ty {
            Type::Wrong => return made,
            Type::Bool => made,
            _ if want == Some(&Type::Bool) => self.fit(made, &Type::Bool),
            _ => {
                self.tell(
                    self.error("D402", at, "nothing is asked here")
                        .label("`bare` belongs to a condition or a comparison"),
                );
                return self.wrong(at);
            }
        };
        match *asked.kind {
            ExprKind::Number(..) | ExprKind::Both(..) | ExprKind::Either(..) => asked,
            _ => self.made(at, Type::Bool, ExprKind::Bare(asked)),
        }
    }
}
