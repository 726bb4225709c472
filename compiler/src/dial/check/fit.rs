//! Whether a value is of the type that is wanted, what both ways of a choice are, and what is told where it does not fit.

use super::{Checker, constant_text};
use crate::dial::numbers;
use crate::dial::typed::{Block, Expr, ExprKind, TextPart};
use crate::dial::types::Type;

impl Checker<'_> {
    /// The type of which both are, if there is one.
    pub(super) fn join(&self, a: &Type, b: &Type) -> Option<Type> {
        use Type::{Digits, Never, Option, Raw, Str, Wrong};
        Some(match (a, b) {
            _ if a == b => a.clone(),
            (Wrong | Never, other) | (other, Wrong | Never) => other.clone(),
            (Digits | Str | Raw, Raw) | (Raw, Digits | Str) => Raw,
            (Digits, Str) | (Str, Digits) => Str,
            // An address or a mailbox is text that nobody has looked at.
            (Type::Uri, Raw) | (Raw, Type::Uri) => Raw,
            (Option(a), Option(b)) => Option(Box::new(self.join(a, b)?)),
            (Option(of), other) | (other, Option(of)) => Option(Box::new(self.join(of, other)?)),
            _ => return None,
        })
    }

    /// A value of this type, or what is wrong is told.
    pub(super) fn fit(&mut self, e: Expr, want: &Type) -> Expr {
        use Type::{Digits, Option, Raw, Str};
        let at = e.place.at;
        match (&e.ty, want) {
            (have, want) if have == want => return e,
            (Type::Wrong | Type::Never, _) | (_, Type::Wrong) => return e,
            (Digits, Str) | (Digits | Str, Raw) => {
                return Expr {
                    ty: want.clone(),
                    ..e
                };
            }
            // Text of ours may name what is only looked up; so may any text a mailbox.
            (Digits | Str, Type::Prompt | Type::Host | Type::Mailbox | Type::Uri) => {
                return self.literal(e, want);
            }
            (Raw, Type::Uri | Type::Mailbox) | (Type::Uri, Raw) => {
                return Expr {
                    ty: want.clone(),
                    ..e
                };
            }
            (Str, Digits) if constant_text(&e).is_some() => return self.literal(e, want),
            (have, Option(of)) if !matches!(have, Option(_)) => {
                let inner = self.fit(e, of);
                return match inner.ty {
                    Type::Wrong => inner,
                    _ => self.made(at, want.clone(), ExprKind::Just(inner)),
                };
            }
            (Option(inner), Option(of)) if self.join(inner, of).as_ref() == Some(&**of) => {
                return Expr {
                    ty: want.clone(),
                    ..e
                };
            }
            // One is a list of one.
            (have, Type::List(of)) if !matches!(have, Type::List(_) | Option(_)) => {
                let inner = self.fit(e, of);
                return match inner.ty {
                    Type::Wrong => inner,
                    _ => self.made(at, want.clone(), ExprKind::List(vec![inner])),
                };
            }
            (Type::List(inner), Type::List(of)) if **inner == Type::Wrong || inner == of => {
                return Expr {
                    ty: want.clone(),
                    ..e
                };
            }
            // Lines of an extensions.conf take nothing for an empty text.
            (Option(of), Raw | Str) if self.around.unchecked && is_text(of, want) => {
                return Expr {
                    ty: want.clone(),
                    ..e
                };
            }
            // And a number that is not written out for seconds.
            (Type::Int, Type::Duration | Type::Time)
                if self.around.unchecked && !matches!(*e.kind, ExprKind::Int(_)) =>
            {
                return Expr {
                    ty: want.clone(),
                    ..e
                };
            }
            // So is a text or a number that stands where a truth is asked for.
            (_, Type::Bool) if self.asks_text(&e) => {
                return Expr {
                    ty: Type::Bool,
                    ..e
                };
            }
            (Option(_), _) => {
                let have = self.show(&e.ty);
                self.tell(
                    self.error("D404", at, "this may be nothing")
                        .label(format!("{have}, where {} is needed", self.show(want)))
                        .help("leave where it is nothing: `let x = ... else { hangup() }`")
                        .help("or say what counts then: `... ?? other`"),
                );
            }
            (
                Raw | Type::Uri,
                Str | Digits | Type::Endpoint | Type::Host | Type::Prompt | Type::Trunk,
            ) => {
                self.tainted(&e, want);
            }
            _ => self.mismatch(&e, want),
        }
        self.wrong(at)
    }

    /// Constant text in the place of a type that has a form of its own.
    pub(super) fn literal(&mut self, e: Expr, want: &Type) -> Expr {
        let at = e.place.at;
        if let Some(text) = constant_text(&e) {
            let bad = match want {
                Type::Digits => text.bytes().find(|b| !numbers::is_digit(*b)),
                Type::Host => text
                    .bytes()
                    .find(|b| !(b.is_ascii_alphanumeric() || b".-:[]_".contains(b))),
                Type::Prompt => text.bytes().find(|b| b"&,|()".contains(b)),
                Type::Mailbox => text.bytes().find(|b| b"&,|() ".contains(b)),
                _ => None,
            };
            if let Some(bad) = bad {
                let shown = self.show(want);
                let mut found = self
                    .error(
                        "D410",
                        at,
                        format!("{:?} cannot stand in {shown}", bad as char),
                    )
                    .label(format!("no {shown}"));
                if *want == Type::Prompt && bad == b'&' {
                    let all: Vec<String> = text.split('&').map(|p| format!("{p:?}")).collect();
                    found = found.help(format!("several are a list: [{}]", all.join(", ")));
                }
                self.tell(found);
                return self.wrong(at);
            }
        }
        Expr {
            ty: want.clone(),
            ..e
        }
    }

    pub(super) fn mismatch(&mut self, e: &Expr, want: &Type) {
        let (have, shown) = (self.show(&e.ty), self.show(want));
        let mut found = self
            .error("D402", e.place.at, format!("{shown} is needed here"))
            .label(format!("this is {have}"));
        match (&e.ty, want) {
            (Type::Int, Type::Duration) => {
                found = found.help("a time has a unit: `20s`, `5m`, `500ms`");
                if let ExprKind::Int(n) = &*e.kind {
                    found = found.fix(
                        format!("write `{n}s`"),
                        self.span(e.place.at),
                        format!("{n}s"),
                        false,
                    );
                }
            }
            (Type::Int, Type::Digits | Type::Str | Type::Raw) => {
                if let ExprKind::Int(n) = &*e.kind {
                    found = found.fix(
                        format!("digits are text: write \"{n}\""),
                        self.span(e.place.at),
                        format!("\"{n}\""),
                        false,
                    );
                } else {
                    found = found.help("a number becomes text in a hole: \"{n}\"");
                }
            }
            (Type::Str, Type::Digits) => {
                found =
                    found.help("`digits(x)` looks whether it is: `let n = digits(x) else { ... }`");
            }
            (Type::Str | Type::Digits, Type::Endpoint) => {
                found = found.help(
                    "say what kind of device it is: `pjsip(x)`, `sip(x)`, `device(\"TECH/...\")`",
                );
                let text = constant_text(e);
                let name = text.as_deref().and_then(|t| t.strip_prefix("PJSIP/"));
                if let Some(name) = name.filter(|n| !n.contains(['&', '/', '@'])) {
                    let call = format!("pjsip({name:?})");
                    found = found.fix(format!("write {call}"), self.span(e.place.at), call, false);
                }
            }
            (Type::Str | Type::Digits, Type::Int) => {
                found = found.help("`int(x)` reads a number: Option(Int)");
            }
            (_, Type::Bool) => {
                found = found.help("a condition is true or false: compare it with something")
            }
            (_, Type::Raw | Type::Str) => found = found.help("in a hole it becomes text: \"{x}\""),
            _ => {}
        }
        self.tell(found);
    }

    /// Text of the caller where it is obeyed.
    pub(super) fn tainted(&mut self, e: &Expr, want: &Type) {
        let what = match want {
            Type::Endpoint => "a dial target",
            Type::Host => "a host",
            Type::Prompt => "the name of a sound",
            Type::Trunk => "the name of a trunk",
            _ => "a text that is obeyed",
        };
        let shown = self.show(want);
        let raw = raw_part(e).unwrap_or(e);
        let mut found = self
            .error(
                "D401",
                raw.place.at,
                format!("text from outside is used as {what}"),
            )
            .label(match want {
                Type::Digits => "Raw; Digits are needed".to_owned(),
                Type::Str => "Raw; Digits or Str are needed".to_owned(),
                _ => format!("Raw; {shown} is needed"),
            });
        if let (ExprKind::Exten { .. }, Some(at)) = (&*raw.kind, self.body.exten_at) {
            found = found
                .also(self.span(at), "this accepts any character, so the number is Raw here")
                .help("accept digits only: on `XXXX`, or `let number = digits(exten) else { hangup() }`");
        } else {
            found = found.help("keep digits only: `let number = digits(x) else { hangup() }`");
        }
        found = found.help(match want {
            Type::Prompt => "or only characters that do no harm: `keep(x, \"0-9a-z\")`",
            _ => "or look the name up: `let peer = peers.find(x) else { hangup() }`",
        });
        self.tell(found);
    }

    /// A block's value as the type that all ways have.
    pub(super) fn lift(&mut self, block: &mut Block, ty: &Type) {
        if let Some(value) = block.value.take() {
            block.value = Some(match (&value.ty, ty) {
                (have, Type::Option(_))
                    if !matches!(have, Type::Option(_) | Type::Never | Type::Wrong) =>
                {
                    self.fit(value, ty)
                }
                _ => value,
            });
        }
    }
}

/// What in a text comes from outside.
fn raw_part(e: &Expr) -> Option<&Expr> {
    let ExprKind::Text(parts) = &*e.kind else {
        return (e.ty == Type::Raw).then_some(e);
    };
    parts.iter().find_map(|p| match p {
        TextPart::Value(v) if matches!(v.ty, Type::Raw | Type::Uri) => raw_part(v).or(Some(v)),
        _ => None,
    })
}

/// Whether a value of this type is a text of that one.
fn is_text(of: &Type, want: &Type) -> bool {
    matches!(
        (of, want),
        (Type::Str | Type::Digits, _) | (Type::Raw, Type::Raw)
    )
}
