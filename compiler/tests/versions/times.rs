//! Conditions of time, and times.

use strowger_vm::effect::Effect;

use super::{main_of, run, said};

#[test]
fn otherwise_came_with_1_6() {
    let plan = main_of(
        &["GotoIfTime(*,*,*,feb?x,1:y,1)", "NoOp(next)"],
        "exten => y,1,NoOp(y)\n",
    );
    assert_eq!(said("1.4", &plan), "next");
    assert_eq!(said("1.6.0", &plan), "y");
}

#[test]
fn a_single_minute_came_with_1_6_2() {
    let plan = main_of(
        &["GotoIfTime(00:00,*,*,*?x,1)", "NoOp(next)"],
        "exten => x,1,NoOp(x)\n",
    );
    assert_eq!(said("1.6.1", &plan), "next");
    assert_eq!(said("1.6.2", &plan), "x");
    let plan = "[main]\ninclude => minute,00:00,*,*,*\n[minute]\nexten => s,1,NoOp(in)\n";
    assert_eq!(said("1.6.1", plan), "");
    assert_eq!(said("1.6.2", plan), "in");
}

#[test]
fn units_came_with_1_8() {
    let plan = main_of(&["Wait(2m)", "Wait(1.5)", "Wait(500ms)"], "");
    let waited = |release: &str| -> Vec<u64> {
        run(release, &plan)
            .effects
            .iter()
            .filter_map(|e| match e {
                Effect::Wait { ms } => Some(*ms),
                _ => None,
            })
            .collect()
    };
    assert_eq!(waited("1.6.2"), [2_000, 1_500, 500_000]);
    assert_eq!(waited("1.8"), [120_000, 1_500, 500]);
}

#[test]
fn the_time_for_tests_counts_since_1_8() {
    let plan = main_of(
        &[
            "Set(TESTTIME=1900000000)",
            "GotoIfTime(*,*,*,mar?x,1)",
            "NoOp(next)",
        ],
        "exten => x,1,NoOp(x)\n",
    );
    assert_eq!(said("1.6.2", &plan), "next");
    assert_eq!(said("1.8", &plan), "x");
}
