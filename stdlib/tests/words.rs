//! The words of `.dial`: each is an application or function that exists, each option has a name or a reason to have none,
//! each enum spells what Asterisk writes.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};

use strowger_stdlib::signatures::{self, OptionArgument, Served, Signature};
use strowger_stdlib::status::Cause;
use strowger_stdlib::words::{self, From, Kind, Place, Scale, Word};

/// Option letters that no word has, and why.
const NO_NAME: &[(&str, &str, &str)] = &[
    ("Dial", "bBU", "runs a subroutine: a sub is no value"),
    ("Dial", "M", "runs a Macro: Asterisk has none since 21"),
    ("Dial", "FG", "sends both parties to places of the dialplan"),
    ("Dial", "E", "signalling of trunks before ISDN"),
    ("Dial", "O", "operator services of DAHDI"),
    ("Dial", "wW", "without effect since Asterisk 21"),
    ("Originate", "bB", "runs a subroutine: a sub is no value"),
    ("Page", "bB", "runs a subroutine: a sub is no value"),
    ("FollowMe", "bB", "runs a subroutine: a sub is no value"),
    ("Park", "c", "a place of the dialplan to come back to"),
    (
        "Bridge",
        "F",
        "sends the other party to a place of the dialplan",
    ),
    ("Bridge", "wW", "without effect since Asterisk 21"),
    ("Queue", "bB", "runs a subroutine: a sub is no value"),
    ("Queue", "F", "sends the member to a place of the dialplan"),
    ("Queue", "wW", "without effect since Asterisk 21"),
];

/// What is served today but has no word, and why.
const NO_WORD: &[(&str, &str)] = &[
    ("DateTime", "SayUnixTime by another name"),
    ("Set", OWN),
    ("MSet", OWN),
    ("Goto", OWN),
    ("GotoIf", OWN),
    ("GotoIfTime", OWN),
    ("Gosub", OWN),
    ("GosubIf", OWN),
    ("Return", OWN),
    ("StackPop", "a sub is left by `return` only"),
    ("ExecIf", OWN),
    ("ExecIfTime", OWN),
    ("Exec", "the door `app`"),
    ("TryExec", "the door `app`"),
    ("While", OWN),
    ("EndWhile", OWN),
    ("ContinueWhile", OWN),
    ("ExitWhile", OWN),
    ("If", OWN),
    ("ElseIf", OWN),
    ("Else", OWN),
    ("EndIf", OWN),
    ("ExitIf", OWN),
    ("PASSTHRU", "a value is a value"),
    ("SHIFT", BY_NAME),
    ("POP", BY_NAME),
    ("PUSH", BY_NAME),
    ("UNSHIFT", BY_NAME),
    ("ARRAY", BY_NAME),
    ("SET", BY_NAME),
    ("INC", BY_NAME),
    ("DEC", BY_NAME),
    ("LOCAL", "`let` and `var`"),
    ("LOCAL_PEEK", "names of another sub are its own"),
    ("STACK_PEEK", "a sub does not know who calls it"),
    ("DELETE", BY_NAME),
    ("VARIABLE_EXISTS", "every name is declared"),
    ("GLOBAL", "`global`"),
    ("GLOBAL_EXISTS", "every name is declared"),
    ("GLOBAL_DELETE", "every name is declared"),
    ("IF", OWN),
    ("IFTIME", OWN),
    ("ISNULL", OWN),
    ("EXISTS", OWN),
    ("EVAL", "the door `asterisk`"),
    ("EVAL_EXTEN", "a sub is called"),
    ("EVAL_SUB", "a sub is called"),
    ("TESTTIME", "a `test` gives the time"),
    (
        "PJSIP_PARSE_URI",
        "an address with commas does not survive it; PJSIP_PARSE_URI_FROM is a word",
    ),
];

const OWN: &str = "the language has statements and operators for it";
const BY_NAME: &str = "changes variables by their names; the language assigns values";

fn all_of(signature: &Signature) -> Vec<&'static Word> {
    words::of(signature).collect()
}

/// The option letters that a word can write.
fn letters(word: &Word) -> BTreeSet<char> {
    let of_params = word.params.iter().flat_map(|param| match param.place {
        Place::Option(letter) | Place::Part(letter, _) | Place::Flag(letter) => vec![letter],
        Place::Choice(cases) => cases.iter().flat_map(|(_, l)| l.chars()).collect(),
        _ => Vec::new(),
    });
    word.fixed.chars().chain(of_params).collect()
}

#[test]
fn every_word_is_found_and_calls_what_exists() {
    let mut names = BTreeSet::new();
    for word in words::all() {
        assert!(names.insert(word.name), "{} is there twice", word.name);
        assert_eq!(words::named(word.name), Some(word));
        let signature = word.signature().unwrap();
        assert_eq!(signature.name, word.calls);
        assert!(words::of(signature).any(|w| w == word), "{}", word.name);
        let snake = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_.".contains(c);
        assert!(word.name.chars().all(snake), "{}", word.name);
        assert!(
            word.summary.ends_with('.'),
            "{}: {}",
            word.name,
            word.summary
        );
    }
    assert_eq!(words::named("Dial"), None);
}

#[test]
fn arguments_that_must_be_there_are_given() {
    for word in words::all() {
        let signature = word.signature().unwrap();
        let filled = |slot: usize| {
            let given = word.given.iter().any(|(at, _)| usize::from(*at) == slot);
            let named = matches!(word.value, From::Named(at) if usize::from(at) == slot);
            given
                || named
                || word.params.iter().any(|param| match param.place {
                    Place::Slot(at) | Place::Piece(at, ..) | Place::Variable(at) => {
                        usize::from(at) == slot && !param.optional
                    }
                    Place::Rest(at) => usize::from(at) <= slot,
                    Place::Word(at, _) => usize::from(at) == slot,
                    _ => false,
                })
        };
        // Leading arguments may be empty where later ones must be there: `PauseQueueMember(,SIP/61)`.
        let may_be_empty = signature.usage.contains("([");
        for slot in 0..signature.least {
            assert!(
                filled(slot) || (may_be_empty && slot == 0),
                "{}: argument {slot}",
                word.name
            );
        }
    }
}

#[test]
fn every_option_has_a_name_or_a_reason() {
    let mut reasons: BTreeMap<&str, BTreeSet<char>> = BTreeMap::new();
    for (name, letters, why) in NO_NAME {
        assert!(!why.is_empty());
        reasons.entry(name).or_default().extend(letters.chars());
    }
    for signature in signatures::applications()
        .iter()
        .chain(signatures::functions())
    {
        let words = all_of(signature);
        if words.is_empty() {
            continue;
        }
        let named: BTreeSet<char> = words.iter().flat_map(|word| letters(word)).collect();
        let without = reasons.remove(signature.name).unwrap_or_default();
        let both: Vec<_> = named.intersection(&without).collect();
        assert!(both.is_empty(), "{}: {both:?} have a name", signature.name);
        let all: BTreeSet<char> = signature
            .option_letters()
            .map(|(letter, _)| letter)
            .collect();
        let known: BTreeSet<char> = named.union(&without).copied().collect();
        assert_eq!(known, all, "{}", signature.name);
    }
    assert!(reasons.is_empty(), "no word calls {reasons:?}");
}

#[test]
fn options_are_written_as_they_must_be() {
    for word in words::all() {
        let signature = word.signature().unwrap();
        for param in word.params {
            let name = format!("{} {}", word.name, param.name);
            match param.place {
                Place::Flag(letter) => {
                    assert_eq!(param.ty, "Bool", "{name}");
                    assert_ne!(
                        signature.option(letter),
                        Some(OptionArgument::Required),
                        "{name}"
                    );
                }
                Place::Option(letter) | Place::Part(letter, _) => {
                    assert_ne!(
                        signature.option(letter),
                        Some(OptionArgument::None),
                        "{name}"
                    );
                }
                Place::Word(..) => assert_eq!(param.ty, "Bool", "{name}"),
                Place::Choice(cases) => {
                    let of = words::enumeration(param.ty).unwrap();
                    let names = |list: &[(&'static str, _)]| -> Vec<&str> {
                        list.iter().map(|(n, _)| *n).collect()
                    };
                    assert_eq!(
                        names(cases),
                        of.cases.iter().map(|(n, _)| *n).collect::<Vec<_>>(),
                        "{name}"
                    );
                }
                Place::Rest(_) => assert!(param.ty.starts_with("List("), "{name}"),
                Place::Slot(_) | Place::Piece(..) | Place::Variable(_) | Place::Before(_) => {}
            }
            if param.scale != Scale::Seconds {
                assert!(param.ty.contains("Duration"), "{name}");
            }
        }
        // Parts of one option leave no gap.
        for param in word.params {
            if let Place::Part(letter, part @ 1..) = param.place {
                let before = Place::Part(letter, part - 1);
                assert!(
                    word.params.iter().any(|p| p.place == before),
                    "{} {}",
                    word.name,
                    param.name
                );
            }
        }
    }
}

#[test]
fn what_is_given_by_place_stands_first() {
    for word in words::all() {
        let rank = |p: &words::Param| (!p.positional, p.positional && p.optional);
        let mut sorted = word.params.to_vec();
        sorted.sort_by_key(rank);
        assert_eq!(sorted, word.params, "{}", word.name);
    }
}

#[test]
fn enums_spell_what_asterisk_writes() {
    for one in words::ENUMS {
        let mut spellings = BTreeSet::new();
        let mut names = BTreeSet::new();
        for (name, list) in one.cases {
            assert!(names.insert(name), "{}: {name} twice", one.name);
            assert!(name.starts_with(|c: char| c.is_ascii_uppercase()), "{name}");
            assert!(name.chars().all(|c| c.is_ascii_alphanumeric()), "{name}");
            for spelling in *list {
                assert!(
                    spellings.insert(*spelling),
                    "{}: {spelling} twice",
                    one.name
                );
                assert_eq!(one.case(spelling), Some(*name));
            }
        }
        for spelling in one.never {
            assert!(spellings.insert(spelling), "{}: {spelling} twice", one.name);
        }
    }
    assert_eq!(words::enumeration("Missed").unwrap().case("ANSWER"), None);
}

/// A status that a word gives as an enum has exactly the values that the signature lists; and each status with listed values
/// has an enum.
#[test]
fn enums_have_the_values_that_applications_set() {
    let mut with_enum = BTreeSet::new();
    for word in words::all() {
        let From::Status(variable) = word.value else {
            continue;
        };
        let signature = word.signature().unwrap();
        let set = signature
            .sets
            .iter()
            .find(|set| set.name == variable)
            .unwrap();
        let Some(of) = words::enumeration(word.result) else {
            assert!(set.values.is_empty(), "{}: {variable} has words", word.name);
            continue;
        };
        assert_eq!(of.variable, variable, "{}", word.name);
        with_enum.insert(of.name);
        let spelled = of
            .cases
            .iter()
            .flat_map(|(_, list)| list.iter())
            .chain(of.never);
        let spelled: BTreeSet<&str> = spelled.copied().collect();
        assert_eq!(
            spelled,
            set.values.iter().copied().collect(),
            "{}",
            word.name
        );
    }
    assert!(with_enum.len() > 5, "{with_enum:?}");
    for signature in signatures::applications() {
        if all_of(signature).is_empty() {
            continue;
        }
        for set in signature.sets.iter().filter(|set| !set.values.is_empty()) {
            let fits = words::ENUMS.iter().any(|one| {
                one.variable == set.name
                    && set
                        .values
                        .iter()
                        .all(|v| one.case(v).is_some() || one.never.contains(v))
            });
            assert!(fits, "{}: no enum for {}", signature.name, set.name);
        }
    }
}

#[test]
fn causes_are_what_hangup_takes() {
    let causes = words::enumeration("Cause").unwrap();
    assert!(causes.cases.len() > 40);
    for (name, spellings) in causes.cases {
        let read: BTreeSet<_> = spellings
            .iter()
            .map(|s| Cause::read(s.as_bytes()).unwrap())
            .collect();
        assert_eq!(read.len(), 1, "{name}");
        assert_eq!(read.first().unwrap().name(), Some(spellings[0]));
    }
    assert_eq!(causes.case("17"), Some("UserBusy"));
    assert_eq!(causes.case("UNALLOCATED"), Some("UnallocatedNumber"));
}

#[test]
fn functions_and_applications_are_not_mixed_up() {
    for word in words::all() {
        let signature = word.signature().unwrap();
        match word.kind {
            Kind::Application => assert_ne!(word.value, From::Yield, "{}", word.name),
            Kind::Function => assert!(signature.read, "{}", word.name),
            Kind::Place => assert!(signature.read && signature.write, "{}", word.name),
            Kind::Target => assert!(signature.write, "{}", word.name),
        }
        if word.kind != Kind::Application {
            assert_eq!(word.value, From::Yield, "{}", word.name);
        }
        let nothing = matches!(word.result, "Unit" | "Never");
        assert_eq!(nothing, word.value == From::Nothing, "{}", word.name);
    }
}

#[test]
fn what_is_served_has_a_word_or_a_reason() {
    let mut reasons: BTreeMap<&str, &str> = NO_WORD.iter().copied().collect();
    let mut missing = Vec::new();
    for signature in signatures::applications()
        .iter()
        .chain(signatures::functions())
    {
        let reason = reasons.remove(signature.name);
        match (all_of(signature).is_empty(), reason) {
            (true, None) if signature.served != Served::Unserved && signature.until.is_none() => {
                missing.push(signature.name)
            }
            (false, Some(reason)) => panic!("{} has a word, and {reason}", signature.name),
            _ => {}
        }
    }
    assert!(missing.is_empty(), "{missing:?}");
    assert!(reasons.is_empty(), "{reasons:?}");
}

#[test]
fn the_reference() {
    insta::assert_snapshot!(words::reference());
}
