//! Set with several pairs (DL-271).

use strowger_compiler::{Options, Sources, compile};
use strowger_stdlib::Dialect;

use super::{answered, codes, main_of, said};

#[test]
fn several_pairs_and_no_quotes_before_1_8() {
    let old = main_of(&["Set(a=\"one\"|b=two|c=x\\,y)", "NoOp(${a}${b}${c})"], "");
    assert_eq!(said("1.4", &old), "onetwox,y");
    let middle = main_of(&["Set(a=\"one\",b=two|2)", "NoOp(${a}${b})"], "");
    assert_eq!(said("1.6.0", &middle), "onetwo|2");
    assert_eq!(said("1.6.2", &middle), "onetwo|2");
    assert_eq!(said("1.8", &middle), "\"one\",b=two|2");
    assert_eq!(said("23", &middle), "\"one\",b=two|2");
}

#[test]
fn a_flag_makes_them_global_in_1_4() {
    let plan = main_of(&["Set(a=1|b=2|g)", "NoOp(${GLOBAL(a)}${GLOBAL(b)})"], "");
    let (ran, _, world) = answered("1.4", &plan, |_, _| None);
    assert_eq!(super::spoken(&ran), "12");
    assert_eq!(world.globals[&b"a"[..]], b"1");
    let other = main_of(&["Set(a=1|x)", "NoOp(${a}.${GLOBAL(a)})"], "");
    assert_eq!(said("1.4", &other), "1.");
    // Later the last one is only what it says.
    let plan = main_of(&["Set(a=1,g)", "NoOp(${a}.${GLOBAL(a)})"], "");
    assert_eq!(said("1.6.0", &plan), "1.");
    assert_eq!(said("1.8", &plan), "1,g.");
}

#[test]
fn app_set_of_asterisk_conf_decides_from_1_6_to_12() {
    let plan = main_of(&["Set(a=1,b=2)", "NoOp(${a}-${b})"], "");
    let with = |release: &str, old: bool| {
        let dialect = Dialect::named(release).unwrap().with_app_set(old);
        let options = Options {
            dialect,
            ..Options::default()
        };
        let module = compile(&Sources::plan(plan.as_str()), &options)
            .module
            .unwrap();
        let bytes = module.write();
        let again = strowger_vm::Module::read(&bytes).unwrap();
        assert_eq!(again.dialect(), &dialect, "a module keeps it");
        dialect.pairs_in_set
    };
    assert!(with("11", true) && !with("11", false));
    assert!(with("1.6.1", true) && !with("1.6.1", false));
    assert!(!with("13", true) && with("1.4", false));
}

#[test]
fn findings_about_set_go_by_the_release() {
    let plan = main_of(&["Set(TRIES=1|WAIT=2)", "NoOp(${TRIES}${WAIT})"], "");
    assert!(codes("23", &plan).contains(&"M911"));
    assert!(!codes("1.4", &plan).contains(&"M911"));
    let plan = main_of(&["Set(TRIES=1,WAIT=2)", "NoOp(${TRIES}${WAIT})"], "");
    assert!(codes("23", &plan).contains(&"A416"));
    assert!(!codes("1.6.0", &plan).contains(&"A416"));
    let plan = main_of(&["Set(TRIES=\"1\")", "NoOp(${TRIES})"], "");
    assert!(codes("23", &plan).contains(&"V526"));
    assert!(!codes("1.4", &plan).contains(&"V526"));
}
