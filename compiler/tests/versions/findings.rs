//! What the checks say of a plan depends on the release that it is read as.

use super::{codes, main_of, read};

/// A plan of 1.4 in which nothing is wrong.
const OLD: &str = "[general]
priorityjumping=yes
[globals]
TRUNK=SIP/carrier.example.com
[default]
exten => _9XXXXXX,1,Macro(dialout|${EXTEN:1})
exten => 100,1,Dial(SIP/h.example.com|20|tTj)
exten => 100,2,Goto(s|1)
exten => 100,102,Goto(default|s|1)
exten => s,1,Set(TRIES=0|NAME=\"Fred\")
exten => s,2,ExecIf($[\"${NAME}\" = \"Fred\"]|NoOp|${TRIES})
exten => s,3,GotoIf($[${TRIES} > 3]?s|5:s|4)
exten => s,4,NoOp(${CUT(NAME||2)})
exten => s,5,Hangup
[macro-dialout]
exten => s,1,Dial(${TRUNK}/${ARG1}|60)
exten => s,2,Hangup
";

#[test]
fn nothing_is_said_of_a_plan_of_1_4_read_as_1_4() {
    let found = read("1.4", OLD);
    let said: Vec<_> = found
        .diagnostics
        .iter()
        .map(|d| (d.code, d.message.as_str()))
        .collect();
    assert_eq!(said, []);
}

#[test]
fn much_is_said_of_it_read_as_23() {
    let found = codes("23", OLD);
    for code in ["A406", "M902", "M911", "M912"] {
        assert!(found.contains(&code), "{code} is missing: {found:?}");
    }
}

#[test]
fn macro_is_found_with_both_remedies_since_21() {
    let plan = main_of(
        &[
            "Macro(m,a,b)",
            "Macro(m)",
            "ExecIf(1?Macro(m))",
            "MacroIf(1?m)",
            "MacroExit()",
        ],
        "[macro-m]\nexten => s,1,NoOp(${ARG1}${ARG2})\n",
    );
    assert!(!codes("20", &plan).iter().any(|c| c.starts_with('M')));
    let found = read("21", &plan);
    let gone: Vec<_> = found
        .diagnostics
        .iter()
        .filter(|d| d.code == "M902")
        .collect();
    assert_eq!(gone.len(), 3, "one for each application");
    for finding in &gone {
        let help = finding.helps.join(" ");
        assert!(
            help.contains("Gosub(") && help.contains("asterisk_version = 20"),
            "{help}"
        );
    }
    // The repair calls a subroutine.
    let mut text = plan.clone().into_bytes();
    let mut edits: Vec<_> = gone[0].fixes[0].edits.clone();
    edits.sort_by_key(|e| std::cmp::Reverse(e.span.start));
    for edit in edits {
        text.splice(edit.span.start as usize..edit.span.end as usize, edit.text);
    }
    let text = String::from_utf8(text).unwrap();
    assert!(text.contains("s,1,Gosub(macro-m,s,1(a,b))\n"), "{text}");
    assert!(text.contains("s,2,Gosub(macro-m,s,1)\n"), "{text}");
}

#[test]
fn macros_that_are_not_there() {
    let plan = main_of(
        &[
            "Macro(stdextn,a)",
            "Macro(bare)",
            "Macro(${x})",
            "MacroIf(1?stdexten:nosuch,a)",
        ],
        "[macro-stdexten]\nexten => s,1,NoOp()\n[macro-bare]\nexten => x,1,NoOp()\n",
    );
    let found = read("18", &plan);
    let said: Vec<_> = found
        .diagnostics
        .iter()
        .filter(|d| d.code == "R206")
        .map(|d| d.message.as_str())
        .collect();
    assert_eq!(
        said,
        [
            "there is no macro `stdextn`",
            "`macro-bare` has no extension `s`",
            "there is no macro `nosuch`"
        ]
    );
    assert!(!codes("21", &plan).contains(&"R206"));
}

#[test]
fn applications_of_later_releases() {
    let plan = main_of(&["MSet(a=1,b=2)", "NoOp(${a}${b})"], "");
    let found = read("1.4", &plan);
    assert!(
        found
            .diagnostics
            .iter()
            .any(|d| d.message.contains("comes with Asterisk")),
        "{:?}",
        found.diagnostics
    );
    let plan = main_of(&["SetVar(a=1)"], "");
    assert!(codes("1.4", &plan).contains(&"M901"));
    let plan = main_of(&["DBdel(a/b)"], "");
    assert!(!codes("1.4", &plan).contains(&"M901"));
    assert!(codes("16", &plan).contains(&"M901"));
}

#[test]
fn the_new_form_of_execif_in_an_old_plan() {
    let plan = main_of(&["ExecIf($[1 = 1]?NoOp(x))"], "");
    assert!(codes("1.4", &plan).contains(&"M913"));
    assert!(!codes("1.6.0", &plan).contains(&"M913"));
}

#[test]
fn users_conf_is_deprecated_since_21() {
    use strowger_compiler::{Options, Sources, compile};
    use strowger_stdlib::Dialect;
    let sources = Sources::plan("[default]\nexten => 1,1,NoOp()\n")
        .with("users.conf", "[1001]\nhost=dynamic\nsecret=5f8Kz2qL\n");
    let said = |release: &str| {
        let options = Options {
            dialect: Dialect::named(release).unwrap(),
            ..Options::default()
        };
        compile(&sources, &options)
            .diagnostics
            .iter()
            .any(|d| d.code == "M918")
    };
    assert!(!said("20") && said("21") && said("23"));
}
