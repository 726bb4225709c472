//! Where the arguments of a call of `.dial` stand in the argument text of the application or function that it is. Values stay
//! open: who writes the text knows what protects them there.

use super::{From, Place, Word};

/// What is known of an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given<'t> {
    /// It is left out.
    Nothing,
    /// `true` or `false`.
    Truth(bool),
    /// A text that is known to be empty: an option letter stands alone.
    Empty,
    /// A case of an enum.
    Case(&'t str),
    /// A list of so many elements.
    Elements(usize),
    /// A value.
    Value,
}

/// A piece of an argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Text of the dialplan, as it stands.
    Text(String),
    /// The value of the parameter with this number.
    Value(usize),
    /// Element number so and so of the parameter with this number.
    Element(usize, usize),
    /// The name of a variable that holds the value of the parameter with this number.
    Variable(usize),
    /// The name of the variable that gets the result.
    Result,
}

/// A call, laid out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// What is set before the call: a place, and the number of the parameter.
    pub before: Vec<(&'static str, usize)>,
    /// The arguments; none of the last ones is empty.
    pub arguments: Vec<Vec<Part>>,
}

/// Why a call cannot be laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misfit {
    /// Two parameters, by their numbers, want the same option letter.
    Twice(usize, usize),
    /// What this parameter is has to be known when the file is read.
    Open(usize),
}

/// Lays a call out. There is one `Given` for each parameter; what is missing at the end is left out.
pub fn layout(word: &Word, given: &[Given]) -> Result<Layout, Misfit> {
    let mut laid = Layout::default();
    let mut options = Options::default();
    for letter in word.fixed.chars() {
        options.add(letter, None, Vec::new());
    }
    if let From::Named(slot) = word.value {
        laid.argument(slot).push(Part::Result);
    }
    for (at, param) in word.params.iter().enumerate() {
        let given = match given.get(at).copied().unwrap_or(Given::Nothing) {
            Given::Nothing => continue,
            given => given,
        };
        match param.place {
            Place::Slot(slot) => laid.argument(slot).push(Part::Value(at)),
            Place::Piece(slot, before, after) => {
                let argument = laid.argument(slot);
                argument.extend(text(before));
                argument.push(Part::Value(at));
                argument.extend(text(after));
            }
            Place::Variable(slot) => laid.argument(slot).push(Part::Variable(at)),
            Place::Rest(slot) => {
                let Given::Elements(count) = given else {
                    return Err(Misfit::Open(at));
                };
                laid.argument(slot);
                laid.arguments.truncate(slot.into());
                let elements = (0..count).map(|number| vec![Part::Element(at, number)]);
                laid.arguments.extend(elements);
            }
            Place::Word(slot, word) => {
                if truth(given, at)? {
                    let argument = laid.argument(slot);
                    let comma = if argument.is_empty() { "" } else { "," };
                    argument.push(Part::Text(format!("{comma}{word}")));
                }
            }
            Place::Option(letter) => {
                let parts = match given {
                    Given::Empty => Vec::new(),
                    _ => vec![(0, at)],
                };
                options.letter(letter, at, parts)?;
            }
            Place::Part(letter, number) => options.part(letter, number, at)?,
            Place::Flag(letter) => {
                if truth(given, at)? {
                    options.letter(letter, at, Vec::new())?;
                }
            }
            Place::Choice(cases) => {
                let Given::Case(case) = given else {
                    return Err(Misfit::Open(at));
                };
                let letters = cases.iter().find(|(name, _)| *name == case);
                for letter in letters.map_or("", |(_, letters)| letters).chars() {
                    options.letter(letter, at, Vec::new())?;
                }
            }
            Place::Name(_) => {}
            Place::Before(place) => laid.before.push((place, at)),
        }
    }
    if !options.0.is_empty() {
        let slot = word.signature().and_then(|s| s.option_slot());
        let slot = slot.and_then(|slot| u8::try_from(slot).ok());
        // The build lets no word have letters whose signature has none.
        laid.argument(slot.unwrap_or(0)).extend(options.written());
    }
    for (slot, constant) in word.given {
        let argument = laid.argument(*slot);
        if argument.is_empty() {
            argument.extend(text(constant));
        }
    }
    while laid.arguments.last().is_some_and(Vec::is_empty) {
        laid.arguments.pop();
    }
    Ok(laid)
}

impl Layout {
    fn argument(&mut self, slot: u8) -> &mut Vec<Part> {
        let slot = usize::from(slot);
        if self.arguments.len() <= slot {
            self.arguments.resize(slot + 1, Vec::new());
        }
        &mut self.arguments[slot]
    }
}

/// Option letters in the order of the parameters.
#[derive(Default)]
struct Options(Vec<Letter>);

/// An option letter that is written.
struct Letter {
    letter: char,
    /// The parameter that wants it first; none wants those that are always written.
    first: Option<usize>,
    /// The parts of its value: their numbers and parameters.
    parts: Vec<(u8, usize)>,
}

impl Options {
    fn add(&mut self, letter: char, first: Option<usize>, parts: Vec<(u8, usize)>) {
        self.0.push(Letter {
            letter,
            first,
            parts,
        });
    }

    fn letter(
        &mut self,
        letter: char,
        param: usize,
        parts: Vec<(u8, usize)>,
    ) -> Result<(), Misfit> {
        if let Some(known) = self.0.iter().find(|known| known.letter == letter) {
            return Err(Misfit::Twice(known.first.unwrap_or(param), param));
        }
        self.add(letter, Some(param), parts);
        Ok(())
    }

    /// Parts share their letter.
    fn part(&mut self, letter: char, number: u8, param: usize) -> Result<(), Misfit> {
        match self.0.iter_mut().find(|known| known.letter == letter) {
            Some(known) if !known.parts.is_empty() => {
                known.parts.push((number, param));
                Ok(())
            }
            _ => self.letter(letter, param, vec![(number, param)]),
        }
    }

    fn written(self) -> Vec<Part> {
        let mut out = Vec::new();
        let mut plain = String::new();
        for mut option in self.0 {
            plain.push(option.letter);
            if option.parts.is_empty() {
                continue;
            }
            option.parts.sort_unstable();
            plain.push('(');
            let mut number = 0;
            for (wanted, param) in option.parts {
                while number < wanted {
                    plain.push(':');
                    number += 1;
                }
                out.extend(text(&std::mem::take(&mut plain)));
                out.push(Part::Value(param));
            }
            plain.push(')');
        }
        out.extend(text(&plain));
        out
    }
}

fn text(text: &str) -> Option<Part> {
    (!text.is_empty()).then(|| Part::Text(text.to_owned()))
}

fn truth(given: Given, at: usize) -> Result<bool, Misfit> {
    match given {
        Given::Truth(truth) => Ok(truth),
        _ => Err(Misfit::Open(at)),
    }
}
