//! The words of `.dial`: each is an application or function that exists, each option has a name or a reason to have none,
//! each enum spells what Asterisk writes.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};

use strowger_stdlib::args;
use strowger_stdlib::signatures::{self, OptionArgument, Served, Signature, Split};
use strowger_stdlib::status::Cause;
use strowger_stdlib::words::{self, From, Given, Kind, Misfit, Part, Place, Scale, Word, layout};

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
    ("ARGUMENT", "the compiler writes it where a text needs it"),
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
                Place::Name(end) => {
                    assert!(word.calls.ends_with(end) && !param.optional, "{name}")
                }
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

/// What is said of a parameter in the tests: everything it can be.
fn said(param: &words::Param) -> Given<'static> {
    match param.place {
        Place::Flag(_) | Place::Word(..) => Given::Truth(true),
        Place::Choice(cases) => Given::Case(cases.last().unwrap().0),
        Place::Rest(_) => Given::Elements(2),
        _ => Given::Value,
    }
}

/// The argument text, with the names of parameters for values.
fn shown(word: &Word, layout: &words::Layout) -> String {
    let part = |part: &Part| match part {
        Part::Text(text) => text.clone(),
        Part::Value(at) => word.params[*at].name.to_owned(),
        Part::Element(at, number) => format!("{}{number}", word.params[*at].name),
        Part::Variable(at) => format!("of_{}", word.params[*at].name),
        Part::Result => "result".to_owned(),
    };
    let argument = |parts: &Vec<Part>| parts.iter().map(part).collect::<String>();
    let all: Vec<String> = layout.arguments.iter().map(argument).collect();
    all.join(",")
}

#[test]
fn calls_are_laid_out_as_asterisk_reads_them() {
    let laid = |name: &str, given: &[(&str, Given<'static>)]| {
        let word = words::named(name).unwrap();
        let of = |param: &words::Param| given.iter().find(|(name, _)| *name == param.name);
        let all = word
            .params
            .iter()
            .map(|p| of(p).map_or(Given::Nothing, |(_, g)| *g));
        let layout = layout(word, &all.collect::<Vec<_>>());
        layout.map(|l| format!("{}({})", word.calls, shown(word, &l)))
    };
    let value = Given::Value;
    let yes = Given::Truth(true);
    let text = |name: &str, given: &[(&str, Given<'static>)]| laid(name, given).unwrap();
    assert_eq!(text("dial", &[("to", value)]), "Dial(to)");
    assert_eq!(
        text(
            "dial",
            &[
                ("to", value),
                ("ring", value),
                ("transfer", Given::Case("Both")),
                ("music", value)
            ]
        ),
        "Dial(to,ring,tTm(music))"
    );
    assert_eq!(
        text(
            "dial_and_return",
            &[
                ("to", value),
                ("limit", value),
                ("warn_every", value),
                ("ringback", yes)
            ]
        ),
        "Dial(to,,grL(limit::warn_every))"
    );
    assert_eq!(
        text("dial", &[("to", value), ("music", Given::Empty)]),
        "Dial(to,,m)"
    );
    assert_eq!(
        text("dial", &[("to", value), ("ringback", Given::Truth(false))]),
        "Dial(to)"
    );
    assert_eq!(
        text("dial", &[("to", value), ("progress_wait", value)]),
        "Dial(to,^progress_wait)"
    );
    assert_eq!(
        text(
            "read",
            &[("prompts", value), ("digits", value), ("wait", value)]
        ),
        "Read(result,prompts,digits,,,wait)"
    );
    assert_eq!(
        text(
            "playback",
            &[("prompts", value), ("early", yes), ("say", yes)]
        ),
        "Playback(prompts,noanswer,say)"
    );
    assert_eq!(
        text(
            "voicemail",
            &[("mailboxes", value), ("greeting", Given::Case("Busy"))]
        ),
        "VoiceMail(mailboxes,b)"
    );
    assert_eq!(text("log", &[("text", value)]), "Log(NOTICE,text)");
    assert_eq!(
        text("log", &[("text", value), ("level", value)]),
        "Log(level,text)"
    );
    assert_eq!(
        text(
            "cut",
            &[("text", value), ("delimiter", value), ("field", value)]
        ),
        "CUT(of_text,delimiter,field)"
    );
    assert_eq!(
        text("regex", &[("expression", value), ("text", value)]),
        "REGEX(\"expression\" text)"
    );
    assert_eq!(
        text("extension_state", &[("exten", value), ("context", value)]),
        "EXTENSION_STATE(exten@context)"
    );
    assert_eq!(
        text(
            "agi",
            &[("command", value), ("arguments", Given::Elements(2))]
        ),
        "AGI(command,arguments0,arguments1)"
    );
    assert_eq!(
        text(
            "agi",
            &[("command", value), ("arguments", Given::Elements(0))]
        ),
        "AGI(command)"
    );
    assert_eq!(
        text("sip_header", &[("name", value)]),
        "PJSIP_HEADER(read,name)"
    );
    assert_eq!(text("caller.number", &[]), "CALLERID(num)");
    assert_eq!(text("hangup", &[]), "Hangup()");
    assert_eq!(
        text("message_send", &[("to", value), ("body", value)]),
        "MessageSend(pjsip:to)"
    );
    let send = words::named("message_send").unwrap();
    assert_eq!(
        layout(send, &[value, value]).unwrap().before,
        [("MESSAGE(body)", 1)]
    );
    // Two names of one letter exclude each other; what decides over letters must be known.
    let number = |name: &str| {
        words::named("dial")
            .unwrap()
            .params
            .iter()
            .position(|p| p.name == name)
            .unwrap()
    };
    assert_eq!(
        laid(
            "dial",
            &[("to", value), ("ringback", yes), ("ringback_tone", value)]
        ),
        Err(Misfit::Twice(number("ringback"), number("ringback_tone")))
    );
    assert_eq!(
        laid("dial", &[("to", value), ("ringback", value)]),
        Err(Misfit::Open(number("ringback")))
    );
    assert_eq!(
        laid("dial", &[("to", value), ("transfer", value)]),
        Err(Misfit::Open(number("transfer")))
    );
}

/// Whatever is given, Asterisk's splitter and its reader of options find it where the signature has it.
#[test]
fn laid_out_calls_are_read_back() {
    for word in words::all() {
        let signature = word.signature().unwrap();
        let mut wanted: Vec<Vec<usize>> = (0..word.params.len()).map(|at| vec![at]).collect();
        wanted.push((0..word.params.len()).collect());
        for chosen in wanted {
            let mut given = vec![Given::Nothing; word.params.len()];
            for (at, param) in word.params.iter().enumerate() {
                if !param.optional || chosen.contains(&at) {
                    given[at] = said(param);
                }
            }
            // Names that exclude each other: the first stays.
            let layout = loop {
                match layout(word, &given) {
                    Ok(layout) => break layout,
                    Err(Misfit::Twice(_, second)) => given[second] = Given::Nothing,
                    Err(Misfit::Open(at)) => panic!("{} {at}", word.name),
                }
            };
            let text = shown(word, &layout);
            let found = match signature.split {
                Split::Standard => args::split(text.as_bytes(), signature.slots()),
                Split::Raw => args::split_raw(text.as_bytes(), signature.slots()),
                _ => vec![text.clone().into_bytes()],
            };
            assert!(found.len() >= signature.least, "{}: {text}", word.name);
            for (at, param) in word
                .params
                .iter()
                .enumerate()
                .filter(|(at, _)| given[*at] != Given::Nothing)
            {
                let about = format!("{} {}: {text}", word.name, param.name);
                let slot = |slot: u8| String::from_utf8(found[usize::from(slot)].clone()).unwrap();
                let options = || {
                    let slot = signature.option_slot().unwrap();
                    args::options(&found[slot])
                };
                match param.place {
                    Place::Slot(number) => assert_eq!(slot(number), param.name, "{about}"),
                    Place::Piece(number, ..) => {
                        assert!(slot(number).contains(param.name), "{about}")
                    }
                    Place::Variable(number) => {
                        assert_eq!(slot(number), format!("of_{}", param.name), "{about}")
                    }
                    Place::Rest(number) => {
                        for element in 0..2u8 {
                            assert_eq!(
                                slot(number + element),
                                format!("{}{element}", param.name),
                                "{about}"
                            );
                        }
                    }
                    Place::Word(number, word) => {
                        let words = (number..).map_while(|n| found.get(usize::from(n)));
                        let words: Vec<u8> = words.flatten().copied().collect();
                        assert!(String::from_utf8(words).unwrap().contains(word), "{about}");
                    }
                    Place::Option(letter) => {
                        assert_eq!(
                            options().argument(letter as u8),
                            Some(param.name.as_bytes()),
                            "{about}"
                        );
                    }
                    Place::Part(letter, number) => {
                        let options = options();
                        let mut parts = options
                            .argument(letter as u8)
                            .unwrap()
                            .split(|b| *b == b':');
                        assert_eq!(
                            parts.nth(number.into()),
                            Some(param.name.as_bytes()),
                            "{about}"
                        );
                    }
                    Place::Flag(letter) => assert!(options().has(letter as u8), "{about}"),
                    Place::Choice(cases) => {
                        let options = options();
                        let letters = cases.last().unwrap().1;
                        assert!(letters.bytes().all(|l| options.has(l)), "{about}");
                    }
                    Place::Name(_) => {
                        let called = word.called(|n| (n == at).then_some("x"));
                        assert_eq!(called.as_deref(), Some("ODBC_x"), "{about}");
                    }
                    Place::Before(place) => {
                        assert!(layout.before.contains(&(place, at)), "{about}")
                    }
                }
            }
        }
    }
}
