//! The story of a look-up ends as the look-up does.
#![allow(clippy::unwrap_used)]

mod world;

use proptest::prelude::*;
use strowger_vm::explain::{Seen, Verdict};
use strowger_vm::{Inputs, Time};
use world::module;

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        2 => "[0-3]{1,3}",
        1 => "[0-2]-[0-2]",
        5 => "_([0-2XNZ]|\\[0-2\\]|\\[13\\]){0,3}[.!]?",
        1 => "_[XN]\\[2",
    ]
}

fn entry() -> impl Strategy<Value = String> {
    let caller =
        prop_oneof![4 => Just(String::new()), 1 => "/[12]", 1 => "/_[XN]", 1 => Just("/".into())];
    (name(), caller, 1u8..3)
        .prop_map(|(name, caller, priority)| format!("exten => {name}{caller},{priority},NoOp()\n"))
}

fn include() -> impl Strategy<Value = String> {
    let times =
        prop_oneof![2 => Just(""), 1 => Just(",9:00-17:00,*,*,*"), 1 => Just(",18:00-19:00,*,*,*")];
    ("[a-d]", times).prop_map(|(context, times)| format!("include => {context}{times}\n"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn the_story_ends_as_the_look_up_does(
        contexts in prop::collection::vec((prop::collection::vec(entry(), 0..8), prop::collection::vec(include(), 0..3)), 3..4),
        best in any::<bool>(),
        dialled in "[0-3-]{0,4}",
        caller in prop::option::of("[0-3]"),
    ) {
        let mut plan = String::from("[general]\n");
        if best {
            plan.push_str("extenpatternmatchnew=yes\n");
        }
        for (context, (entries, includes)) in ["a", "B", "b"].iter().zip(contexts) {
            plan.push_str(&format!("[{context}]\n{}{}", entries.concat(), includes.concat()));
        }
        let module = module(&plan);
        // A Wednesday, 12:30.
        let inputs = Inputs { now: Time::from_seconds(1_773_232_200), ..Inputs::default() };
        let caller = caller.as_ref().map(|c| c.as_bytes());
        let found = module.find(&inputs, b"a", dialled.as_bytes(), caller);
        let story = module.explain(&inputs, b"a", dialled.as_bytes(), caller);
        let won = story.winner.map(|(v, c)| (&story.visits[v], &story.visits[v].candidates[c]));
        prop_assert_eq!(
            found.as_ref().map(|f| (&f.context, &f.exten, f.line)),
            won.map(|(v, c)| (&v.context, &c.exten, c.line)),
            "{}", plan
        );
        let wins = story.visits.iter().flat_map(|v| &v.candidates).filter(|c| c.verdict == Verdict::Wins).count();
        prop_assert_eq!(wins, usize::from(won.is_some()));
        for visit in &story.visits {
            let before = visit.candidates.iter().take_while(|c| c.verdict != Verdict::Wins);
            for c in before.filter(|_| visit.seen == Seen::Searched) {
                prop_assert!(!matches!(c.verdict, Verdict::Behind(_)), "{}: {:?}", plan, c);
            }
        }
        prop_assert_eq!(story.more, !story.longer.is_empty(), "{}", plan);
    }
}
