//! What the options of Dial have run on a called channel, and what comes of it. The live exchange and the simulator read them alike.

use strowger_stdlib::args;
use strowger_stdlib::status::DialStatus;
use strowger_vm::effect::Dial;
use strowger_vm::{Inputs, Module, Party, Place, Run, Text};

/// Before the first key, in milliseconds.
const QUIET_MS: u64 = 100;
/// How long a key is held, and the pause behind it.
pub(crate) const KEY_MS: u64 = 100;
const GAP_MS: u64 = 250;
/// `w` and `W` between keys.
const SHORT_MS: u64 = 500;
const LONG_MS: u64 = 1_000;
/// Keys of one option; what is more is left out.
const KEYS: usize = 256;

/// In the arguments of options `^` stands for the comma.
fn commas(text: &[u8]) -> Text {
    text.iter()
        .map(|b| if *b == b'^' { b',' } else { *b })
        .collect()
}

/// An option that has an argument.
pub(crate) fn argument(dial: &Dial, letter: u8) -> Option<&[u8]> {
    dial.option(letter)?.filter(|text| !text.is_empty())
}

/// What a called channel has to run, in their order, once it has answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `M`: a macro. What it leaves behind if it ends the channel: no bridge.
    Macro,
    /// `U`: a subroutine.
    Gosub,
}

/// Those that a Dial asks for.
pub(crate) fn after_answer(dial: &Dial, module: &Module) -> Vec<Kind> {
    let mut all = Vec::new();
    if argument(dial, b'M').is_some() && module.dialect().macros {
        all.push(Kind::Macro);
    }
    if argument(dial, b'U').is_some() {
        all.push(Kind::Gosub);
    }
    all
}

/// What is to be said of a macro that there is none of any more.
pub(crate) fn lost(dial: &Dial, module: &Module) -> Option<&'static str> {
    let asked = argument(dial, b'M').is_some() && !module.dialect().macros;
    asked.then_some(
        "option M of Dial does nothing: Asterisk 21 and later have no macros; use U with a subroutine",
    )
}

impl Kind {
    /// The variable by which it says how to go on.
    pub(crate) fn result(self) -> &'static [u8] {
        match self {
            Kind::Macro => b"MACRO_RESULT",
            Kind::Gosub => b"GOSUB_RESULT",
        }
    }

    /// What the called channel runs.
    pub(crate) fn run(self, dial: &Dial, module: &Module, inputs: &Inputs) -> Run {
        match self {
            Kind::Macro => {
                let text = commas(argument(dial, b'M').unwrap_or_default());
                let line = [b"Macro(", text.as_slice(), b")"].concat();
                Run::Line(dial.place.clone(), line)
            }
            Kind::Gosub => {
                let text = commas(argument(dial, b'U').unwrap_or_default());
                let comma = text.iter().position(|b| *b == b',');
                let context = &text[..comma.unwrap_or(text.len())];
                let rest = comma.map(|at| [b"(", &text[at + 1..], b")"].concat());
                let (_, arguments) = args::gosub(rest.as_deref().unwrap_or_default());
                // AEL calls its extension so (DL-296).
                let named = |exten: &[u8]| module.exists(inputs, context, exten, None);
                let exten = if !named(b"s") && named(b"~~s~~") {
                    "~~s~~"
                } else {
                    "s"
                };
                Run::Sub(Place::new(context, exten, 1), arguments)
            }
        }
    }
}

/// `b`: the subroutine that runs on each channel before it is called. What it does not name is where the caller stands.
pub(crate) fn before_call(dial: &Dial, module: &Module, inputs: &Inputs) -> Option<Run> {
    let text = commas(argument(dial, b'b')?);
    let (target, arguments) = args::gosub(&text);
    let place = module.aim(inputs, &dial.place, target)?;
    Some(Run::Sub(place, arguments))
}

/// How a Dial goes on after a routine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The two talk.
    Talk,
    /// They do not; the called side is let go.
    Leave {
        /// `DIALSTATUS`; `None`: it stays ANSWER.
        status: Option<DialStatus>,
        /// Where the caller goes.
        to: Onward,
    },
}

/// Where a caller goes on whose Dial ends without a talk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Onward {
    /// To the next priority.
    Next,
    /// Nowhere, unless option `g` says so.
    End,
    /// There, as Goto reads it; nowhere if that does not exist.
    To(Text),
}

/// What the routine's variable says; `None`: it is not set, or the routine ended the channel.
pub(crate) fn verdict(result: Option<&[u8]>) -> Verdict {
    let Some(result) = result else {
        return Verdict::Talk;
    };
    let leave = |status, to| Verdict::Leave { status, to };
    if let Some(prefix) = result.get(..5)
        && prefix.eq_ignore_ascii_case(b"GOTO:")
    {
        return leave(None, Onward::To(commas(&result[5..])));
    }
    match result.to_ascii_uppercase().as_slice() {
        b"BUSY" => leave(Some(DialStatus::Busy), Onward::Next),
        b"CONGESTION" => leave(Some(DialStatus::Congestion), Onward::Next),
        b"CHANUNAVAIL" => leave(Some(DialStatus::ChanUnavail), Onward::Next),
        b"CONTINUE" => leave(None, Onward::Next),
        b"ABORT" => leave(None, Onward::End),
        _ => Verdict::Talk,
    }
}

/// `G`: where the caller goes on; the called channel goes to the priority behind that.
pub(crate) fn split(dial: &Dial, module: &Module, inputs: &Inputs) -> Option<(Place, Place)> {
    let text = commas(argument(dial, b'G')?);
    let caller = module.aim(inputs, &dial.place, &text)?;
    let called = Place {
        priority: caller.priority.saturating_add(1),
        ..caller.clone()
    };
    Some((caller, called))
}

/// `F`: where the called channel goes on when the caller has hung up; without an argument behind the Dial. `e` wins over it.
pub(crate) fn behind(dial: &Dial, module: &Module, inputs: &Inputs) -> Option<Place> {
    let text = dial.option(b'F')?;
    if dial.option(b'e').is_some() {
        return None;
    }
    match text.filter(|text| !text.is_empty()) {
        Some(text) => module.aim(inputs, &dial.place, &commas(text)),
        None => Some(Place {
            priority: dial.place.priority.saturating_add(1),
            ..dial.place.clone()
        }),
    }
}

/// `e`: the `h` that runs on the called channel at its end.
pub(crate) fn last(dial: &Dial) -> Option<Place> {
    dial.option(b'e')
        .map(|_| Place::new(dial.place.context.clone(), "h", 1))
}

/// `A`: what the called side hears, and what the caller hears meanwhile.
pub(crate) fn announced(dial: &Dial) -> Option<(Text, Text)> {
    let text = argument(dial, b'A')?;
    let colon = text.iter().position(|b| *b == b':');
    let called = text[..colon.unwrap_or(text.len())].to_vec();
    let calling = colon.map(|at| text[at + 1..].to_vec()).unwrap_or_default();
    Some((called, calling))
}

/// `D`: keys for the called side, for the caller, and for the called side while it rings.
pub(crate) fn keys(dial: &Dial) -> [Vec<Beat>; 3] {
    let text = argument(dial, b'D').unwrap_or_default();
    let mut parts = text.split(|b| *b == b':');
    std::array::from_fn(|_| beats(parts.next().unwrap_or_default()))
}

/// A moment of sending keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Beat {
    /// Nothing for so many milliseconds.
    Pause(u64),
    /// This key, for [`KEY_MS`].
    Key(u8),
}

fn beats(text: &[u8]) -> Vec<Beat> {
    let mut out = Vec::new();
    for key in text.iter().take(KEYS) {
        match key {
            b'w' => out.push(Beat::Pause(SHORT_MS)),
            b'W' => out.push(Beat::Pause(LONG_MS)),
            b'0'..=b'9' | b'*' | b'#' | b'A'..=b'D' | b'a'..=b'd' => {
                out.push(Beat::Key(key.to_ascii_uppercase()));
                out.push(Beat::Pause(GAP_MS));
            }
            _ => {}
        }
    }
    if !out.is_empty() {
        out.insert(0, Beat::Pause(QUIET_MS));
    }
    out
}

/// Who is on a called channel, and what it begins with.
pub(crate) fn channel(
    dial: &Dial,
    name: Text,
    technology: &[u8],
    number: &[u8],
    unique_id: Text,
) -> (Party, Vec<(Text, Text)>) {
    let mut party = Party {
        name,
        linked_id: unique_id.clone(),
        unique_id,
        technology: technology.to_vec(),
        account: dial.account.clone(),
        ..Party::default()
    };
    // Whom it is told to be: the number that was dialled for it.
    party.caller.number = Some(dial.place.exten.clone()).filter(|n| !n.is_empty());
    party.others.get_or_insert_default().connected = dial.caller.clone();
    let mut variables = vec![(b"DIALEDPEERNUMBER".to_vec(), number.to_vec())];
    variables.extend(dial.inherited.iter().cloned());
    (party, variables)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dial(options: &[(u8, &str)]) -> Dial {
        Dial {
            options: options
                .iter()
                .map(|(letter, text)| (*letter, Some(text.as_bytes().to_vec())))
                .collect(),
            place: Place::new("office", "61", 3),
            ..Dial::default()
        }
    }

    #[test]
    fn what_a_routine_says() {
        let leave = |status, to| Verdict::Leave { status, to };
        for (text, wanted) in [
            ("busy", leave(Some(DialStatus::Busy), Onward::Next)),
            (
                "CONGESTION",
                leave(Some(DialStatus::Congestion), Onward::Next),
            ),
            ("Continue", leave(None, Onward::Next)),
            ("ABORT", leave(None, Onward::End)),
            ("goto:a^1^2", leave(None, Onward::To(b"a,1,2".to_vec()))),
            ("", Verdict::Talk),
            ("else", Verdict::Talk),
        ] {
            assert_eq!(verdict(Some(text.as_bytes())), wanted, "{text}");
        }
        assert_eq!(verdict(None), Verdict::Talk);
    }

    #[test]
    fn keys_have_their_times() {
        let [called, calling, progress] = keys(&dial(&[(b'D', "1wb:W#")]));
        let total = |beats: &[Beat]| -> u64 {
            let ms = beats.iter().map(|b| match b {
                Beat::Pause(ms) => *ms,
                Beat::Key(_) => KEY_MS,
            });
            ms.sum()
        };
        assert_eq!(total(&called), 100 + 350 + 500 + 350);
        assert_eq!(
            calling,
            [
                Beat::Pause(100),
                Beat::Pause(1_000),
                Beat::Key(b'#'),
                Beat::Pause(250)
            ]
        );
        assert_eq!(progress, []);
        assert_eq!(beats(&[b'1'; 1_000]).len(), 2 * KEYS + 1);
    }

    #[test]
    fn announcements_for_both_sides() {
        let said = |text| announced(&dial(&[(b'A', text)]));
        let both = |a: &str, b: &str| Some((a.as_bytes().to_vec(), b.as_bytes().to_vec()));
        assert_eq!(said("hello"), both("hello", ""));
        assert_eq!(said("hello:wait"), both("hello", "wait"));
        assert_eq!(said(":wait"), both("", "wait"));
        assert_eq!(said(""), None);
    }
}
