//! Calls: applications, functions, subroutines.

use strowger_stdlib::signatures::{Signature, Split};
use strowger_stdlib::words::{self, From, Given, Kind, Misfit, Part, Scale, Word, layout};

use super::formula::{Formula, Level};
use super::operand::{Operand, Read, Trust};
use super::pieces::Piece;
use super::steps::Written;
use super::text;
use super::value::{constant_text, is_name, joined};
use super::writer::{To, Writer};
use crate::diagnostic::Diagnostic;
use crate::dial::span;
use crate::dial::typed::{Called, Expr, ExprKind};
use crate::dial::types::Type;

impl Writer<'_> {
    /// An application as a step; its value goes to `to`.
    pub(super) fn word(&mut self, word: &'static Word, args: &[Option<Expr>], to: Option<&To>) {
        let result = match word.value {
            From::Named(_) => {
                let own = to.and_then(|to| match to {
                    // Lines name the variable itself.
                    To::Place(name) if self.is_migrated() && is_name(name) => Some(name.clone()),
                    to => self.declare(to),
                });
                own.or_else(|| {
                    let between = self.between();
                    self.declare(&between)
                })
            }
            _ => None,
        };
        let Some((text, written)) = self.arguments(word, args, result.as_deref()) else {
            return;
        };
        if let From::Status(variable) = word.value
            && word.result.starts_with("Option(")
        {
            // The application may leave it alone.
            self.run("Set", format!("{variable}="));
        }
        self.steps.wrote(written);
        if word.result == "Never" {
            self.end(word.calls, text);
            return;
        }
        self.run(word.calls, text);
        let Some(to) = to else {
            return;
        };
        match (word.value, result) {
            (From::Named(_), Some(name)) if *to == To::Place(name.clone()) => {}
            (From::Named(_), Some(name)) => self.store(to, &Operand::Read(Read::new(name))),
            (value, _) => {
                if let Some(value) = Self::word_value(value) {
                    self.store(to, &value);
                }
            }
        }
    }

    /// A function in a text.
    pub(super) fn function(&mut self, word: &'static Word, args: &[Option<Expr>]) -> Operand {
        let arguments = self.arguments(word, args, None);
        let (text, _) = arguments.unwrap_or_default();
        let constant = |at: usize| args.get(at)?.as_ref().and_then(constant_text);
        let called = word.called(constant).unwrap_or_default();
        let body = match (
            text.is_empty(),
            word.params.is_empty() && word.given.is_empty(),
        ) {
            (true, true) if word.signature().is_none() => word.calls.to_owned(),
            _ => format!("{called}({text})"),
        };
        if is_name(&body) {
            Operand::Read(Read::new(body))
        } else {
            Operand::Written(format!("${{{body}}}"))
        }
    }

    /// The argument text of a word, and where its parts were written. `result` is the variable for its value.
    fn arguments(
        &mut self,
        word: &'static Word,
        args: &[Option<Expr>],
        result: Option<&str>,
    ) -> Option<(String, Written)> {
        let given: Vec<Given> = args.iter().map(|a| self.given(a.as_ref())).collect();
        let laid = match layout(word, &given) {
            Ok(laid) => laid,
            Err(misfit) => {
                let (Misfit::Twice(_, at) | Misfit::Open(at)) = misfit;
                let place = args
                    .get(at)
                    .and_then(|a| a.as_ref())
                    .map_or(self.place, |e| e.place);
                let name = word.params.get(at).map_or("", |p| p.name);
                let message = match misfit {
                    Misfit::Twice(..) => format!("`{name}` contradicts another argument"),
                    Misfit::Open(_) => format!("`{name}` must be known when the file is read"),
                };
                self.report("D317", message, place);
                return None;
            }
        };
        // All values first, from left to right; elements of a list one by one.
        let mut list: Vec<&Expr> = Vec::new();
        let mut places: Vec<(usize, usize)> = Vec::new();
        for (at, arg) in args.iter().enumerate() {
            let Some(arg) = arg else { continue };
            let spread = matches!(
                word.params.get(at).map(|p| p.place),
                Some(words::Place::Rest(_))
            );
            match &*arg.kind {
                ExprKind::List(elements) if spread => {
                    for (number, element) in elements.iter().enumerate() {
                        places.push((at, number));
                        list.push(element);
                    }
                }
                _ => {
                    places.push((at, 0));
                    list.push(arg);
                }
            }
        }
        let mut values = self.pieces_of(&list);
        for (((at, _), e), pieces) in places.iter().zip(&list).zip(&mut values) {
            if let Some(param) = word.params.get(*at) {
                scale(param.scale, e, pieces);
            }
        }
        let find = |at: usize, number: usize| {
            let index = places.iter().position(|p| *p == (at, number))?;
            Some((index, list[index]))
        };
        for (place, at) in &laid.before {
            if let Some((index, _)) = find(*at, 0) {
                let value: String = values[index].iter().map(|p| p.value.value()).collect();
                self.run("Set", format!("{place}={value}"));
            }
        }
        let signature = word.signature();
        let option_slot = signature.and_then(Signature::option_slot);
        let is_function = word.kind != Kind::Application;
        let mut slots = Vec::new();
        let mut written = Written::new();
        let mut begin = 0;
        for (slot, parts) in laid.arguments.iter().enumerate() {
            let depth = depth(signature, slot) + usize::from(option_slot == Some(slot));
            let mut out = String::new();
            for part in parts {
                let (at, number) = match part {
                    Part::Text(text) => {
                        out.push_str(text);
                        continue;
                    }
                    Part::Result => {
                        out.push_str(result.unwrap_or_default());
                        continue;
                    }
                    Part::Value(at) | Part::Variable(at) => (*at, 0),
                    Part::Element(at, number) => (*at, *number),
                };
                let Some((index, e)) = find(at, number) else {
                    continue;
                };
                let pieces = values[index].clone();
                let from = begin + out.len();
                out.push_str(&match part {
                    Part::Variable(_) => self.named_argument(pieces),
                    _ if is_function => self.inner_argument(word, pieces, depth, e),
                    _ => self.argument(pieces, depth),
                });
                if let (Ok(from), Ok(to)) = (u32::try_from(from), u32::try_from(begin + out.len()))
                {
                    written.push((from, to, e.place));
                }
            }
            begin += out.len() + 1;
            slots.push(out);
        }
        while slots.last().is_some_and(String::is_empty) {
            slots.pop();
        }
        Some((slots.join(","), written))
    }

    /// What is known of an argument.
    fn given(&self, e: Option<&Expr>) -> Given<'_> {
        let Some(e) = e else {
            return Given::Nothing;
        };
        match &*e.kind {
            ExprKind::Bool(truth) => Given::Truth(*truth),
            ExprKind::Just(inner) => self.given(Some(inner)),
            ExprKind::Case(id, case, _) => {
                let found = self.shared.program.enums.get(*id).cases.get(*case);
                found.map_or(Given::Value, |c| Given::Case(&c.name))
            }
            ExprKind::List(elements) => Given::Elements(elements.len()),
            _ if constant_text(e) == Some("") => Given::Empty,
            _ => Given::Value,
        }
    }

    /// The name of a variable that holds a value.
    fn named_argument(&mut self, pieces: Vec<Piece>) -> String {
        let value = match pieces.as_slice() {
            [one] => one.value.clone(),
            several => Operand::Written(several.iter().map(|p| p.value.value()).collect()),
        };
        self.as_read(value).body()
    }

    /// An argument, written so that `depth` splitters leave it as it is.
    fn argument(&mut self, pieces: Vec<Piece>, depth: usize) -> String {
        let mut out = String::new();
        for piece in pieces {
            match piece.value {
                Operand::Constant(c) => {
                    let mut c = c;
                    for _ in 0..depth {
                        c = text::escaped(&c);
                    }
                    out.push_str(&text::constant(&c));
                }
                value if depth == 0 || piece.trust >= Trust::Name => out.push_str(&value.value()),
                value => {
                    let read = self.as_read(value);
                    out.push_str(&self.guarded(read, depth));
                }
            }
        }
        out
    }

    /// A text that nobody knows, with a backslash before what a splitter would read.
    fn guarded(&mut self, read: Read, depth: usize) -> String {
        let mut hole = format!("${{ARGUMENT({})}}", read.body());
        for _ in 1..depth {
            let kept = self.keep(&Operand::Written(hole));
            hole = format!("${{ARGUMENT({})}}", kept.body());
        }
        hole
    }

    /// An argument of a function. What stands in it is read once more when it is filled: a parenthesis too many and a colon behind it
    /// would end the call (DL-176).
    fn inner_argument(
        &mut self,
        word: &Word,
        mut pieces: Vec<Piece>,
        depth: usize,
        e: &Expr,
    ) -> String {
        let is_length = word.calls == "LEN";
        if is_length {
            pieces = self.of_one_length(pieces);
        } else if ends_call(&pieces) {
            self.report(
                "D411",
                "a text with `)` and a `:` behind it cannot be an argument of a function",
                e.place,
            );
        }
        let mut out = String::new();
        for piece in pieces {
            match piece.value {
                Operand::Constant(c) => {
                    let mut c = c;
                    for _ in 0..depth {
                        c = text::escaped(&c);
                    }
                    out.push_str(&text::in_braces(&c));
                }
                value => {
                    let instead = is_length.then_some(":,.");
                    let safe = self.within_hole(value, piece.trust, instead);
                    if depth == 0 || piece.trust >= Trust::Name {
                        out.push_str(&safe);
                    } else {
                        let kept = self.keep(&Operand::Written(safe));
                        out.push_str(&self.guarded(kept, depth));
                    }
                }
            }
        }
        out
    }

    /// A text that is only measured: as one piece, and without colons of the program.
    fn of_one_length(&mut self, pieces: Vec<Piece>) -> Vec<Piece> {
        if let [
            Piece {
                value: Operand::Constant(c),
                trust,
            },
        ] = pieces.as_slice()
        {
            let value = Operand::Constant(c.replace(':', "."));
            return vec![Piece {
                value,
                trust: *trust,
            }];
        }
        if pieces.len() < 2 {
            return pieces;
        }
        let whole = joined(pieces.into_iter().map(|p| p.value).collect());
        vec![Piece {
            value: Operand::Read(self.as_read(whole)),
            trust: Trust::Text,
        }]
    }

    /// A value within `${ }`. What stands there is read once more when it is filled: a parenthesis too many and a colon would end
    /// the call (DL-176). Such parentheses go away, or what `instead` says: characters, a comma, what takes their place.
    pub(super) fn within_hole(
        &mut self,
        value: Operand,
        trust: Trust,
        instead: Option<&str>,
    ) -> String {
        match value {
            Operand::Constant(c) => text::in_braces(&c),
            value if trust >= Trust::Name => value.value(),
            value => {
                let read = self.as_read(value);
                let instead = instead.unwrap_or("\\)");
                format!("${{REPLACE({},{instead})}}", read.body())
            }
        }
    }

    /// A call of a subroutine.
    pub(super) fn call(&mut self, number: usize, args: &[Expr]) {
        let Some(sub) = self.shared.program.subs.get(number) else {
            return;
        };
        let list: Vec<&Expr> = args.iter().collect();
        let values = self.pieces_of(&list);
        let types: Vec<&Type> = sub.body.locals.iter().map(|l| &l.ty).collect();
        let by_variable = args
            .iter()
            .zip(&types)
            .any(|(e, ty)| !passes(self.trust(ty), e));
        let mut places: Vec<String> = Vec::new();
        for (i, pieces) in values.into_iter().enumerate() {
            let text: String = pieces.iter().map(|p| p.value.value()).collect();
            let free = types.get(i).is_some_and(|ty| self.trust(ty) < Trust::Name);
            if by_variable && free {
                let name = self.shared.passed_as(number, i);
                self.run("Set", format!("{name}={text}"));
                places.push(String::new());
            } else {
                places.push(text);
            }
        }
        while places.last().is_some_and(String::is_empty) {
            places.pop();
        }
        let start = if by_variable { PASSED } else { "1" };
        let arguments = if places.is_empty() {
            String::new()
        } else {
            format!("({})", places.join(","))
        };
        self.run(
            "Gosub",
            format!("{},s,{start}{arguments}", text::constant(&sub.conf)),
        );
    }

    /// A call of lines that come back. What they are given stands between the parentheses of Gosub, where nothing can be escaped (DL-234).
    pub(super) fn gosub(&mut self, called: &Called, args: &[Expr]) {
        let own: Vec<&Expr> = match called {
            Called::Dynamic(context, exten, priority) => vec![context, exten, priority],
            Called::Place(..) => Vec::new(),
        };
        let list: Vec<&Expr> = own.iter().copied().chain(args).collect();
        let mut values = self.pieces_of(&list);
        let given = values.split_off(own.len());
        let target = match called {
            Called::Place(context, exten) => {
                let exten = self.parts(exten, Trust::Text);
                let exten = self.target_part(exten);
                format!("{},{exten},1", text::constant(context))
            }
            Called::Dynamic(..) => {
                let parts: Vec<String> = values.into_iter().map(|p| self.target_part(p)).collect();
                parts.join(",")
            }
        };
        let mut places: Vec<String> = Vec::new();
        for (arg, pieces) in args.iter().zip(given) {
            if !pieces.iter().all(stands) {
                let words = "a text that may hold a comma cannot be given to a `gosub`";
                let at = span(arg.place.file, arg.place.at);
                let found = Diagnostic::new("D413", words, at)
                    .label("a comma in it would begin the next argument")
                    .help("make it a `sub`, which takes any text, or put the text in a channel variable");
                self.found.push(found);
            }
            places.push(pieces.iter().map(|p| p.value.value()).collect());
        }
        let arguments = match places.is_empty() {
            true => String::new(),
            false => format!("({})", places.join(",")),
        };
        self.run("Gosub", target + &arguments);
    }
}

/// A text among the arguments of a `gosub`: nothing protects it there.
fn stands(piece: &Piece) -> bool {
    let special = |text: &str| text.contains(|c| text::SPECIAL.contains(c));
    piece.trust >= Trust::Name || matches!(&piece.value, Operand::Constant(c) if !special(c))
}

/// Whether the constants of an argument close a parenthesis too many in front of a colon, or of a value, which may hold one.
fn ends_call(pieces: &[Piece]) -> bool {
    // What anybody may have written loses its closing parentheses, and opening ones only make it safer.
    let shown = pieces.iter().map(|p| match &p.value {
        Operand::Constant(c) => c.as_str(),
        _ => ":",
    });
    text::ends_call(&shown.collect::<String>())
}

/// The label behind which the arguments of a subroutine are taken from variables. No label of a program has a dash.
pub(super) const PASSED: &str = "from-dial";

/// Whether an argument can stand between the parentheses of Gosub: nothing is taken away from it there (DL-234), so nothing can be
/// escaped either.
pub(super) fn passes(trust: Trust, e: &Expr) -> bool {
    trust >= Trust::Name
        || constant_text(e).is_some_and(|t| !t.contains(|c| text::SPECIAL.contains(c)))
}

/// Writes a duration as the argument wants it.
fn scale(scale: Scale, e: &Expr, pieces: &mut [Piece]) {
    if scale == Scale::Seconds || !matches!(e.ty, Type::Duration) {
        return;
    }
    let [piece] = pieces else {
        return;
    };
    piece.value = match (&*e.kind, scale) {
        (ExprKind::Duration(ms), Scale::Milliseconds) => Operand::Constant(ms.to_string()),
        (ExprKind::Duration(ms), _) => Operand::Constant((ms / 1000).to_string()),
        (_, Scale::Milliseconds) => {
            let text = format!("{} * 1000", piece.value.formula().at(Level::Product));
            Operand::Formula(Formula::new(text, Level::Product))
        }
        _ => {
            let text = format!("TRUNC({})", piece.value.formula().text);
            Operand::Formula(Formula::new(text, Level::Atom))
        }
    };
}

/// How many splitters take something away from an argument: the last slot is taken as it stands (DL-232).
fn depth(signature: Option<&Signature>, slot: usize) -> usize {
    let Some(signature) = signature else {
        return 1;
    };
    match signature.split {
        Split::Standard => usize::from(slot + 1 < signature.slots()),
        _ => 0,
    }
}
