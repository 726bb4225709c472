//! Gosub before 1.6: no arguments, no value (DL-292).

use super::{main_of, said};

#[test]
fn arguments_and_values_came_with_1_6() {
    let plan = main_of(
        &["Gosub(sub,s,1(a))", "NoOp(${GOSUB_RETVAL}.)"],
        "[sub]\nexten => s,1,NoOp(sub ${ARG1}.)\nexten => s,2,Return(value)\n",
    );
    assert_eq!(said("1.6.0", &plan), "sub a. value.");
    assert_eq!(said("1.4", &plan), "sub . .");
}

#[test]
fn a_subroutine_sees_the_arguments_of_its_macro() {
    let plan = main_of(
        &["Macro(m|a)"],
        "[macro-m]\nexten => s,1,Gosub(sub|s|1)\n[sub]\nexten => s,1,NoOp(${ARG1})\nexten => s,2,Return()\n",
    );
    assert_eq!(said("1.4", &plan), "a");
}
