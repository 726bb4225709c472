//! Functions that quick code calls with their arguments taken apart already. Each answers as the function of the same name
//! does, or gives up.

use strowger_stdlib::Value;

use crate::run::Vm;

macro_rules! shorts {
    ($($variant:ident $name:literal $count:literal,)*) => {
        /// A function with a short form; the number in an instruction.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Short {
            $(#[doc = $name] $variant,)*
        }

        impl Short {
            /// All of them.
            pub(crate) const ALL: &'static [Short] = &[$(Short::$variant,)*];

            /// As people know it.
            pub(crate) fn name(self) -> &'static str {
                match self { $(Short::$variant => $name,)* }
            }

            /// Temporaries that it takes.
            pub(crate) fn count(self) -> u16 {
                match self { $(Short::$variant => $count,)* }
            }

            pub(crate) fn from_byte(b: u8) -> Option<Short> {
                Short::ALL.get(usize::from(b)).copied()
            }
        }
    };
}

shorts! {
    Len "LEN" 1,
    IsNull "ISNULL" 1,
    Exists "EXISTS" 1,
    Upper "TOUPPER" 1,
    Lower "TOLOWER" 1,
    CallerNumber "CALLERID(num)" 0,
    CallerName "CALLERID(name)" 0,
}

/// Longest text that is looked at: no limit of the language cuts what is shorter.
const BYTES: usize = 4_000;

impl Vm {
    /// Calls a function with the temporaries from here on; `None`: it gives up.
    pub(crate) fn short(&self, f: Short, from: u16) -> Option<Value> {
        let at = |n: usize| self.temporaries.get(usize::from(from) + n);
        Some(match f {
            Short::Len => match at(0)? {
                Value::Str(text) => Value::int(argument(text.as_bytes())?.len() as i64),
                n => Value::int(n.bytes().len() as i64),
            },
            Short::IsNull => Value::truth_value(argument(&at(0)?.bytes())?.is_empty()),
            Short::Exists => Value::truth_value(!argument(&at(0)?.bytes())?.is_empty()),
            Short::Upper => Value::text(&argument(&at(0)?.bytes())?.to_ascii_uppercase()),
            Short::Lower => Value::text(&argument(&at(0)?.bytes())?.to_ascii_lowercase()),
            Short::CallerNumber => text(&self.party.caller.number)?,
            Short::CallerName => text(&self.party.caller.name)?,
        })
    }
}

/// A value that stood in a hole between the parentheses: parentheses in it could end the call elsewhere.
fn argument(text: &[u8]) -> Option<&[u8]> {
    (text.len() <= BYTES && !text.iter().any(|b| matches!(b, b'(' | b')'))).then_some(text)
}

fn text(t: &Option<crate::Text>) -> Option<Value> {
    let text = t.as_deref().unwrap_or(b"");
    (text.len() <= BYTES).then(|| Value::text(text))
}
