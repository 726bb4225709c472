//! Keys of a talk that mean something to the exchange: the code that ends it (`h` and `H` of Dial). The live exchange and the simulator
//! read them alike.

use crate::config::Features;
use strowger_vm::Text;
use strowger_vm::effect::Dial;

/// One side of a talk: what it has pressed of the code so far.
#[derive(Debug)]
pub(crate) struct Watch {
    code: Text,
    pressed: Text,
    digit_ms: u64,
}

/// What a key comes to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Pressed {
    /// These go to the other side.
    On(Text),
    /// It may be the beginning of the code: held back, at most so many milliseconds.
    Held(u64),
    /// It was the code.
    Ends,
}

impl Watch {
    /// The caller's side (`H`) and the called side (`h`).
    pub(crate) fn both(dial: &Dial, features: &Features) -> [Watch; 2] {
        [b'H', b'h'].map(|letter| Watch {
            code: match dial.option(letter) {
                Some(_) => features.disconnect.clone(),
                None => Text::new(),
            },
            pressed: Text::new(),
            digit_ms: features.digit_ms,
        })
    }

    /// Whether its keys are held back at all.
    pub(crate) fn is_on(&self) -> bool {
        !self.code.is_empty()
    }

    /// A key.
    pub(crate) fn key(&mut self, key: u8) -> Pressed {
        self.pressed.push(key);
        if !self.is_on() || !self.code.starts_with(&self.pressed) {
            return Pressed::On(self.late());
        }
        if self.pressed == self.code {
            self.pressed.clear();
            return Pressed::Ends;
        }
        Pressed::Held(self.digit_ms)
    }

    /// The next key did not come in time: what was held back.
    pub(crate) fn late(&mut self) -> Text {
        std::mem::take(&mut self.pressed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watch(code: &str) -> Watch {
        let dial = Dial {
            options: vec![(b'h', None)],
            ..Dial::default()
        };
        let features = Features {
            disconnect: code.into(),
            digit_ms: 500,
        };
        let [caller, called] = Watch::both(&dial, &features);
        assert!(!caller.is_on());
        called
    }

    #[test]
    fn one_key_ends_it_and_others_go_on() {
        let mut watch = watch("*");
        assert_eq!(watch.key(b'1'), Pressed::On(b"1".to_vec()));
        assert_eq!(watch.key(b'*'), Pressed::Ends);
    }

    #[test]
    fn a_code_of_two_holds_its_beginning_back() {
        let mut watch = watch("*0");
        assert_eq!(watch.key(b'*'), Pressed::Held(500));
        assert_eq!(watch.key(b'1'), Pressed::On(b"*1".to_vec()));
        assert_eq!(watch.key(b'*'), Pressed::Held(500));
        assert_eq!(watch.late(), b"*");
        assert_eq!(watch.key(b'*'), Pressed::Held(500));
        assert_eq!(watch.key(b'0'), Pressed::Ends);
    }

    #[test]
    fn no_code_ends_nothing() {
        let mut watch = watch("");
        assert!(!watch.is_on());
        assert_eq!(watch.key(b'*'), Pressed::On(b"*".to_vec()));
    }
}
