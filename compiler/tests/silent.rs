//! Plans and configurations that look like a defect and are none: the check of that name says nothing about them.

use strowger_compiler::source::Sources;
use strowger_compiler::{Options, analyse};

/// Whether the code is told of these files, the plan being the first of them.
fn told(code: &str, files: &[(&str, &str)]) -> bool {
    let mut sources = Sources::new();
    for (name, text) in files {
        sources.add(name, *text);
    }
    let options = Options {
        plan: files[0].0.to_owned(),
        ..Options::default()
    };
    let found = analyse(&sources, &options).diagnostics;
    found.iter().any(|f| f.code == code)
}

const PLAN: (&str, &str) = (
    "extensions.conf",
    "[inside]\nexten => 1,1,Dial(SIP/1001)\n same => n,Dial(PJSIP/abc)\n",
);

fn sip(general: &str, device: &str) -> String {
    format!("[general]\ncontext=nowhere\n{general}[1001]\ntype=friend\nhost=dynamic\n{device}")
}

#[test]
fn a_context_that_no_call_enters() {
    let c001 = |general, device| told("C001", &[PLAN, ("sip.conf", &sip(general, device))]);
    assert!(!c001("allowguest=no\n", "context=inside\n"));
    assert!(!c001("allowguest=no\n", "#include more.conf\n"));
    assert!(c001("allowguest=no\n", ""));
    assert!(c001("", "context=inside\n"));
    assert!(c001("allowguest=no\n", "context=outside\n"));
}

#[test]
fn devices_that_are_written_elsewhere() {
    let transport = "[udp]\ntype=transport\nbind=0.0.0.0\n";
    let endpoint = format!("{transport}[other]\ntype=endpoint\n");
    assert!(!told("C002", &[PLAN, ("pjsip.conf", transport)]));
    assert!(told("C002", &[PLAN, ("pjsip.conf", &endpoint)]));
}

#[test]
fn lines_that_belong_to_the_section_that_includes_them() {
    let lines = "exten => 1,1,Answer()\n same => n,Hangup()\n";
    assert!(!told("S114", &[("zone.conf", lines)]));
    assert!(told("S114", &[("extensions.conf", lines)]));
}

#[test]
fn lines_that_are_to_be_added_to_a_plan() {
    let plan =
        |first: &str| format!("{first}\nexten => 1,1,Answer()\n[b]\nexten => 1,1,Answer()\n");
    let device = sip("allowguest=no\n", "context=local\n");
    let codes = |first: &str| {
        let plan = plan(first);
        let files = [("extensions.conf", plan.as_str()), ("sip.conf", &device)];
        (told("S114", &files), told("C001", &files))
    };
    let added = codes("; Append to bottom of /etc/asterisk/extensions.conf");
    assert_eq!(added, (false, false));
    assert_eq!(codes("; Our extensions.conf"), (true, true));
    assert_eq!(codes("; Append lines to sip.conf"), (true, true));
}

#[test]
fn secrets_that_were_struck_out() {
    let x817 = |name: &str, secret: &str| {
        let device = format!("username={name}\nsecret={secret}\n");
        told(
            "X817",
            &[PLAN, ("sip.conf", &sip("allowguest=no\n", &device))],
        )
    };
    assert!(!x817("USERNAME", "PASSWORD"));
    assert!(x817("1001", "PASSWORD") && x817("USERNAME", "password"));
}

#[test]
fn old_names_that_the_plan_or_its_script_sets() {
    let v503 = |first: &str| {
        let plan = format!("[a]\nexten => 1,1,{first}\n same => n,NoOp(${{ACCOUNTCODE}})\n");
        told("V503", &[("extensions.conf", &plan)])
    };
    assert!(!v503("AGI(who.php)"));
    assert!(!v503("Set(ARRAY(ACCOUNTCODE,b)=${CALLERID(num)},2)"));
    assert!(v503("Answer()"));
}

#[test]
fn variables_that_are_set_on_one_way() {
    let v509 = |plan: &str| told("V509", &[("extensions.conf", plan)]);
    let part = |between: &str, last: &str| {
        format!(
            "[a]\nexten => 1,1,GotoIf($[${{LEN(${{WHO}})}} > 4]?out)\n same => n,Set(LINE=desk)\n same => n(out),NoOp()\n{between} same => n,{last}\n"
        )
    };
    // Needed: a device, a number, a whole argument, a target.
    for last in [
        "Dial(SIP/${LINE}/12)",
        "Dial(SIP/12@${LINE})",
        "Dial(SIP/${LINE},20)",
        "Dial(${LINE})",
        "Playback(${LINE})",
        "Goto(${LINE},s,1)",
    ] {
        assert!(v509(&part("", last)), "{last}");
    }
    // Nobody is harmed by nothing there.
    for last in [
        "Dial(SIP/12,20,${LINE})",
        "Dial(SIP/12${LINE})",
        "Dial(SIP/12&SIP/${LINE})",
        "NoOp(${LINE})",
        "Set(X=${LINE})",
        "Playback(hello${LINE})",
    ] {
        assert!(!v509(&part("", last)), "{last}");
    }
    let dial = "Dial(SIP/${LINE}/12)";
    // Set on the way, tested, or decided by the same thing.
    for between in [
        " same => n,Set(LINE=other)\n",
        " same => n,GotoIf($[\"${LINE}\" = \"\"]?end)\n",
        " same => n,ExecIf($[${ISNULL(${LINE})}]?Set(LINE=x))\n",
        " same => n,GotoIf($[\"${WHO}\" = \"boss\"]?end)\n",
        " same => n,AGI(which.py)\n",
        " same => n,Set(${NAME}=x)\n",
        " same => n,Read(LINE,hi,2)\n",
    ] {
        assert!(!v509(&part(between, dial)), "{between}");
    }
    // Set elsewhere too, there with marks, in [globals], by name.
    for more in [
        "[b]\nexten => 1,1,Set(LINE=x)\n same => n,Goto(a,1,1)\n",
        "[b]\nexten => 1,1,Set(__LINE=x)\n same => n,Goto(a,1,1)\n",
        "[b]\nexten => 1,1,Read(LINE,hi,2)\n",
        "[b]\nexten => 1,1,Gosub(give,s,1(LINE))\n",
        "[globals]\nLINE=x\n",
    ] {
        assert!(!v509(&(part("", dial) + more)), "{more}");
    }
    // A flag that the way with the variable leaves behind.
    let flag = "[a]\nexten => 1,1,GotoIf($[\"${WHO}\" = \"boss\"]?out)\n same => n,Set(LINE=desk)\n same => n,Set(HAVE=1)\n same => n(out),GotoIf($[\"${HAVE}\" != \"1\"]?end)\n same => n,Dial(SIP/${LINE}/12)\n same => n(end),Hangup()\n";
    assert!(!v509(flag));
    // Each of several cases sets it.
    let cases = "[a]\nexten => 1,1,ExecIf($[\"${WHO}\" = \"1\"]?Set(LINE=desk))\n same => n,ExecIf($[\"${WHO}\" = \"2\"]?Set(LINE=hall))\n same => n,Dial(SIP/${LINE}/12)\n";
    assert!(!v509(cases));
    let both = "[a]\nexten => 1,1,ExecIf($[\"${WHO}\" = \"1\"]?Set(LINE=desk):Set(LINE=hall))\n same => n,Dial(SIP/${LINE}/12)\n";
    assert!(!v509(both));
    let once = both.replace(":Set(LINE=hall)", "");
    assert!(v509(&once));
    // A loop that fills it.
    let filled = "[a]\nexten => 1,1,GotoIf($[\"${WHO}\" = \"boss\"]?out)\n same => n(out),While($[${I} < 3])\n same => n,Set(LINE=desk)\n same => n,EndWhile()\n same => n,Dial(SIP/${LINE}/12)\n";
    assert!(!v509(filled));
    // A manager may set it.
    let plan = part("", dial);
    let manager = ("manager.conf", "[general]\nenabled=yes\n");
    assert!(!told("V509", &[("extensions.conf", &plan), manager]));
}

/// Whether the code is told of a plan alone.
fn of_plan(code: &str, plan: &str) -> bool {
    told(code, &[("extensions.conf", plan)])
}

#[test]
fn steps_that_a_computed_number_leads_to() {
    let f305 = |by: &str| {
        let line = format!("GotoIf(${{X}}?$[${{PRIORITY}} + {by}])");
        of_plan(
            "F305",
            &format!("[a]\nexten => 1,1,{line}\n same => n,Hangup()\n same => n,NoOp()\n"),
        )
    };
    assert!(!f305("2"));
    assert!(f305("1"));
    // A number that somebody computes in another extension is none of this one.
    let other = "[a]\nexten => 1,1,Hangup()\n same => n,NoOp()\nexten => 2,1,Goto($[${X} + 1])\n";
    assert!(of_plan("F305", other));
    let both = "[a]\nexten => 1,1,GotoIf(${X}?a:b)\n same => n,NoOp()\n same => n(a),NoOp()\n same => n(b),NoOp()\n";
    assert!(of_plan("F305", both));
    assert!(!of_plan("F305", &both.replace("a:b", "a:")));
}

#[test]
fn values_that_every_way_has_set() {
    let e602 = |jump: &str, plan: &str| {
        let plan = format!(
            "[in]\nexten => 1,1,Read(X,hi)\n same => n,{jump}\n same => n,Hangup()\n{plan}\
             [other]\nexten => 1,1,Set(X=)\n same => n,NoOp(${{X}})\n"
        );
        of_plan("E602", &plan)
    };
    let branch = "exten => s-GO,1,GotoIf($[${X} = 1]?s-GO,2)\n same => n,Hangup()\n";
    // Two ways lead there, and both have set it.
    let set = "exten => 2,1,Set(X=3)\n same => n,Goto(s-GO,1)\n";
    assert!(!e602("ExecIf($[1 = 2]?NoOp())", &format!("{set}{branch}")));
    assert!(e602("Goto(s-GO,1)", &format!("{set}{branch}")));
    // So has what calls a macro, and what it is given is given by all.
    let body = "[macro-m]\nexten => s,1,Set(X=${ARG1})\n same => n,Goto(s-GO,1)\n";
    let inside = format!("{body}{branch}");
    assert!(!e602("Macro(m,a)", &inside));
    assert!(e602("Macro(m)", &inside));
}

#[test]
fn times_of_a_call_that_was_answered() {
    let e606 = |status: &str| {
        let plan = format!(
            "[a]\nexten => 1,1,Dial(SIP/1,,g)\n same => n,GotoIf($[\"${{DIALSTATUS}}\" {status}]?s-OVER,1)\n\
             exten => s-OVER,1,Set(W=$[${{DIALEDTIME}}-${{ANSWEREDTIME}}])\n"
        );
        of_plan("E606", &plan)
    };
    assert!(!e606("= \"ANSWER\""));
    assert!(e606("!= \"ANSWER\""));
    // A jump elsewhere whose context a variable holds.
    assert!(!e606(
        "= \"ANSWER\"]?s-OVER,1)\n same => n,Goto(${WHERE},1,1)\n same => n,GotoIf($[${DIALSTATUS}=ANSWER"
    ));
}

#[test]
fn values_that_a_condition_has_asked_for() {
    let e602 = |asked: &str| {
        let plan = format!(
            "[a]\nexten => 1,1,Set(X=${{DB(a/${{EXTEN}})}})\n same => n,GotoIf($[\"${{X}}\"{asked}]?s-A,1)\n\
             \x20same => n,Goto(s-B,1)\nexten => s-A,1,Hangup()\n\
             exten => s-B,1,GotoIf($[${{X}}=1]?2)\n same => n,Hangup()\n"
        );
        of_plan("E602", &plan)
    };
    assert!(!e602("!=\"0\""));
    assert!(e602("=\"0\"") && e602("!=\"${Y}\""));
}

#[test]
fn a_line_that_was_dropped_is_told_alone() {
    let f301 = |first: &str| {
        of_plan(
            "F301",
            &format!("[a]\nexten => {first}\n same => n,Hangup()\n"),
        )
    };
    assert!(!f301("5,Answer()"));
    assert!(f301("5,2,Answer()"));
}

#[test]
fn keys_of_the_database_that_are_written_together() {
    let e606 = |asked: &str, folder: &str| {
        let plan = format!(
            "[a]\nexten => 1,1,Set(WHO=${{DB(ride/${{EXTEN}}/agent)}})\n\
             \x20same => n,Set(FROM=${{DB({folder}/start)}})\n\
             \x20same => n,GotoIf($[\"${{{asked}}}\"=\"\"]?none)\n\
             \x20same => n,NoOp($[${{EPOCH}}-${{FROM}}])\n same => n(none),Hangup()\n"
        );
        of_plan("E606", &plan)
    };
    assert!(!e606("WHO", "ride/${EXTEN}"));
    assert!(e606("WHO", "other/${EXTEN}"));
    assert!(e606("CALLERID(num)", "ride/${EXTEN}"));
}

#[test]
fn numbers_of_one_length_that_a_jump_brings() {
    let x801 = |from: &str| {
        let plan = format!(
            "[in]\nexten => {from},1,Goto(out,${{EXTEN}},1)\n[out]\nexten => _X!,1,Dial(DAHDI/1/${{EXTEN}})\n"
        );
        of_plan("X801", &plan)
    };
    assert!(!x801("_NXXXXXX") && x801("_NX."));
}

#[test]
fn keys_that_disa_takes() {
    let x801 = |context: &str| {
        let plan = format!("[{context}]\nexten => _X.,1,Dial(Local/${{EXTEN}}@inside)\n");
        told("X801", &[("extensions_additional.conf", &plan)])
    };
    assert!(!x801("disa-dial") && x801("dial"));
}

#[test]
fn quotes_that_a_shell_takes_away() {
    let v526 = |used: &str| {
        let plan = format!("[a]\nexten => 1,1,Set(U=\"http://a/?b=1&c=2\")\n same => n,{used}\n");
        of_plan("V526", &plan)
    };
    assert!(!v526("Set(R=${SHELL(curl ${U})})"));
    assert!(!v526("System(curl ${U})"));
    assert!(v526("NoOp(${U})"));
    assert!(v526("Playback(${U})"));
}

#[test]
fn a_dollar_that_begins_no_variable() {
    let s117 = |step: &str| of_plan("S117", &format!("[a]\nexten => 1,1,{step}\n"));
    assert!(s117("GotoIf($[ $LEFT = 1 ]?1)") && s117("NoOp({$EXTEN})") && s117("Set($X=1)"));
    assert!(!s117("GotoIf($[ \"$LEFT\" = \"1\" ]?1)"));
    assert!(!s117("GotoIf($[${X} =~ ^[0-9]+$ ]?1)"));
    assert!(!s117("NoOp(costs 5$ a $MINUTE)") && !s117("System(echo {$HOME} $HOME)"));
}

#[test]
fn braces_that_are_meant() {
    let s115 = |text: &str| of_plan("S115", &format!("[a]\nexten => 1,1,Set(X={text})\n"));
    assert!(s115("${CALLERID(num)}}"));
    assert!(!s115("{\"a\":{\"n\":${EPOCH}}}") && !s115("${A${B}}") && !s115("a}"));
}

#[test]
fn subroutines_of_queue() {
    let m902 = |context: &str| {
        let plan = format!(
            "[a]\nexten => 1,1,Queue(q,t,,,20,,done)\n same => n,Dial(SIP/1,20,U(done))\n[{context}]\nexten => s,1,Return()\n"
        );
        of_plan("M902", &plan)
    };
    assert!(!m902("done") && m902("macro-done"));
    assert!(of_plan(
        "M902",
        "[a]\nexten => 1,1,Dial(SIP/1,20,tM(done))\n"
    ));
}

#[test]
fn a_global_of_zap_that_nobody_dials() {
    let m905 = |step: &str| {
        let plan = format!("[globals]\nLINE=Zap/g1\n[a]\nexten => 1,1,{step}\n");
        of_plan("M905", &plan)
    };
    assert!(m905("Dial(${LINE}/${EXTEN})") && !m905("NoOp(${LINE})"));
}

#[test]
fn devices_of_iax_that_prove_who_they_are() {
    let x819 = |keys: &str| {
        let iax = format!("[general]\n[office]\ntype=friend\nhost=dynamic\ncontext=inside\n{keys}");
        told("X819", &[PLAN, ("iax.conf", &iax)])
    };
    assert!(x819("") && x819("secret=\n"));
    assert!(!x819("secret=long\n") && !x819("inkeys=a\n") && !x819("permit=192.0.2.1\n"));
}

#[test]
fn settings_that_may_stay_empty() {
    let v501 = |test: &str| {
        let plan = format!(
            "[a]\nexten => 1,1,GotoIf($[\"{test}\" = \"\"]?2)\n same => n,NoOp(${{GLOBAL(DOMAIN)}})\n"
        );
        of_plan("V501", &plan)
    };
    assert!(!v501("${GLOBAL(DOMAIN)}") && !v501("${DOMAIN}") && v501("${CALLERID(num)}"));
}

#[test]
fn what_an_unknown_application_sets() {
    let v501 = |step: &str| {
        of_plan(
            "V501",
            &format!("[a]\nexten => 1,1,{step}\n same => n,NoOp(${{WEATHER}})\n"),
        )
    };
    assert!(!v501("FetchWeather(here)"));
    assert!(v501("Wait,1(here)") && v501("NoOp(here)"));
}

#[test]
fn a_file_that_may_be_absent_is_not_known() {
    let r201 = |include: &str| {
        of_plan(
            "R201",
            &format!("{include}\n[a]\nexten => 1,1,Goto(far,1,1)\n"),
        )
    };
    assert!(r201("; nothing") && !r201("#tryinclude \"local.conf\""));
}

#[test]
fn counters_of_one_digit() {
    let e604 = |next: &str| {
        let plan = format!(
            "[a]\nexten => 1,1,Set(N=0)\n same => n(top),Set(N={next})\n same => n,GotoIf($[\"${{N}}\" < \"3\"]?top)\n"
        );
        of_plan("E604", &plan)
    };
    assert!(!e604("$[${N} + 1]") && e604("$[${N} + 20]"));
}

#[test]
fn routers_before_phones() {
    let c036 = |host: &str| {
        let sip = format!(
            "[office]\ntype=friend\nhost={host}\ncontext=a\nsecret=x7Hq\nnat=yes\ncanreinvite=yes\n"
        );
        told("C036", &[PLAN, ("sip.conf", &sip)])
    };
    assert!(c036("dynamic") && c036("198.51.100.7") && !c036("10.31.0.11"));
}

#[test]
fn jumps_to_what_a_variable_holds() {
    let plan = |before: &str, jump: &str| {
        format!(
            "[globals]\nMENU=menu\n[a]\nexten => 1,1,NoOp()\n{before} same => n,{jump}\nexten => 2,1,Hangup()\n[menu]\nexten => s,1,Hangup()\n"
        )
    };
    let code = |code: &str, before: &str, jump: &str| {
        told(code, &[("extensions.conf", &plan(before, jump))])
    };
    let to_x = " same => n,Set(X=nemu)\n";
    // Wrong on some way.
    assert!(code("R201", to_x, "Goto(${X},s,1)"));
    assert!(code(
        "R201",
        " same => n,Set(X=menu)\n same => n,ExecIf($[${A} = 1]?Set(X=nemu))\n",
        "Goto(${X},s,1)"
    ));
    assert!(code("R202", " same => n,Set(X=3)\n", "Goto(a,${X},1)"));
    assert!(code("R202", " same => n,Set(X=a,3,1)\n", "Goto(${X})"));
    assert!(code("R202", "", "Goto(${MENU},t,1)"));
    // Right, or not known.
    assert!(!code("R201", " same => n,Set(X=menu)\n", "Goto(${X},s,1)"));
    assert!(!code("R202", " same => n,Set(X=2)\n", "Goto(a,${X},1)"));
    assert!(!code("R202", "", "Goto(${MENU},s,1)"));
    for between in [
        " same => n,AGI(where.py)\n",
        " same => n,Read(X,which,1)\n",
        " same => n,Set(${A}=menu)\n",
        " same => n,Set(X=${DB(where/${A})})\n",
    ] {
        let before = format!("{to_x}{between}");
        assert!(!code("R201", &before, "Goto(${X},s,1)"), "{between}");
    }
    // A program may change globals too.
    let agi = " same => n,AGI(where.py)\n";
    assert!(!code("R202", agi, "Goto(${MENU},t,1)"));
}

#[test]
fn what_only_a_computed_jump_leads_to() {
    let plan = "[a]\nexten => 1,1,Set(X=there)\n same => n,Goto(${X},s,1)\n[there]\nexten => s,1,Hangup()\n[lost]\nexten => s,1,Hangup()\n";
    let sip = sip("allowguest=no\n", "context=a\n");
    let options = Options::default();
    let mut sources = Sources::plan(plan);
    sources.add("sip.conf", sip.as_str());
    let found = analyse(&sources, &options).diagnostics;
    let lonely: Vec<&str> = found
        .iter()
        .filter(|d| d.code == "R210")
        .map(|d| d.message.as_str())
        .collect();
    assert_eq!(lonely, ["nothing here leads to `lost`"]);
}

#[test]
fn what_a_running_asterisk_knows_while_it_loads() {
    let told = |code, text: &str| told(code, &[("extensions.conf", text)]);
    let by_database = "[a]\nexten => ${DB(a/b)},1,Answer()\n same => n,Hangup()\n";
    for code in ["S113", "S141", "S142"] {
        assert!(!told(code, by_database), "{code}");
    }
    assert!(told("S147", by_database));
    assert!(!told("S142", "[globals]\nP=${ASTDATADIR}/x\n"));
    assert!(told("S142", "[globals]\nP=${CALLERID(num)}\n"));
    assert!(told("S141", "[a]\nexten => ${NOWHERE},1,Answer()\n"));
}

#[test]
fn names_from_globals_of_a_file_that_is_not_there() {
    let plan = "[a]\nexten => _XX,1,Answer()\nexten => _${AREA}XX,1,Hangup()\n";
    assert!(told("F302", &[("extensions.conf", plan)]));
    let mut sources = Sources::plan(format!("#include local.conf\n{plan}").as_str());
    sources.answer("local.conf", Vec::new());
    let codes = |sources: &Sources| -> Vec<&str> {
        let found = analyse(sources, &Options::default()).diagnostics;
        found.iter().map(|f| f.code).collect()
    };
    assert!(!codes(&sources).contains(&"F302"));
    assert!(codes(&sources).contains(&"S111"));
    // A template of it is made into the file where the plan is installed.
    sources.stand_in_for("local.conf");
    assert!(!codes(&sources).contains(&"S111"));
}

#[test]
fn expressions_that_do_what_they_say() {
    let step = |code, step: &str| {
        let plan =
            format!("[a]\nexten => 1,1,Set(num1=5)\n same => n,Set(d=1)\n same => n,{step}\n");
        told(code, &[("extensions.conf", &plan)])
    };
    // The name is put together, and looked up.
    assert!(!step("E616", "NoOp(${$[num${d}]})"));
    assert!(step("E616", "NoOp($[num${d}])"));
    assert!(!step("E603", "GotoIf($[${QUOTE(${d})}=\"0\"]?1,1)"));
    assert!(step("E603", "GotoIf($[${d}=\"0\"]?1,1)"));
    // What a subroutine gives back is not known to be empty.
    let list = "Set(ARRAY(x,y)=${GOSUB_RETVAL})\n same => n,Set(z=$[${y}+1])";
    assert!(!step("E606", list));
    assert!(step(
        "E606",
        "Set(ARRAY(x,y)=${DB(a/b)})\n same => n,Set(z=$[${y}+1])"
    ));
}

#[test]
fn a_dialled_t_behind_the_end() {
    let v522 = |first: &str| {
        let plan = format!("[a]\nexten => t,1,{first}\n same => n,Dial(PJSIP/${{EXTEN}})\n");
        told("V522", &[("extensions.conf", &plan)])
    };
    assert!(v522("Answer()") && !v522("Hangup()"));
}

#[test]
fn applications_of_somebody_else() {
    let code = |code, app: &str| {
        let plan = format!("[a]\nexten => 1,1,{app}\n");
        told(code, &[("extensions.conf", &plan)])
    };
    assert!(!code("A401", "BillingCheck(1)") && code("A424", "BillingCheck(1)"));
    assert!(code("A401", "VoiceMial(1)") && code("A401", "DB_DELETE(a/b)"));
}

#[test]
fn functions_of_somebody_else() {
    let told =
        |code, name: &str| of_plan(code, &format!("[a]\nexten => 1,1,NoOp(${{{name}(rx)}})\n"));
    assert!(!told("V511", "COIN_DETECT") && told("A424", "COIN_DETECT"));
    assert!(told("V511", "CALLERIDD") && told("V511", "PLAYBACK"));
}

#[test]
fn what_a_script_of_another_machine_is_given() {
    let x803 = |script: &str| {
        let plan = format!("[default]\nexten => _X.,1,AGI({script})\n");
        told("X803", &[("extensions.conf", &plan)])
    };
    assert!(!x803("agi://pbx/route.php?to=${EXTEN}"));
    assert!(x803("agi://pbx/${EXTEN}?to=1") && x803("${EXTEN}"));
}

#[test]
fn numbers_that_variables_hold() {
    let f311 = |a: &str, b: &str| {
        of_plan(
            "F311",
            &format!("[a]\nexten => 1,1,GotoIf(${{X}}?{a}:{b})\n[b]\nexten => _X.,1,Answer()\n"),
        )
    };
    assert!(!f311("b,${P}${EXTEN},1", "b,${EXTEN},1"));
    assert!(f311("b,${P}${EXTEN},1", "b,${P}${EXTEN},1") && f311("b,11,1", "b,11,1"));
}

#[test]
fn options_of_meetme() {
    let a405 = |option: &str| {
        of_plan(
            "A405",
            &format!("[a]\nexten => 1,1,MeetMe(800,mq{option})\n"),
        )
    };
    assert!(!a405("X") && a405("Z"));
}

#[test]
fn the_technology_of_a_channel() {
    let e602 = |cut: &str| {
        of_plan(
            "E602",
            &format!("[a]\nexten => 1,1,GotoIf($[${{CUT({cut})}} = SIP]?2)\n same => n,Answer()\n"),
        )
    };
    assert!(!e602("CHANNEL,/,1") && e602("CHANNEL,/,3"));
}

#[test]
fn contexts_that_only_programs_enter() {
    let x801 = |device: &str, plan: &str| {
        let sip = sip("allowguest=no\n", device);
        let plan = format!("[inside]\nexten => 1,1,Answer()\n[far]\nexten => _X.,1,{plan}\n");
        told("X801", &[("extensions.conf", &plan), ("sip.conf", &sip)])
    };
    assert!(x801("context=far\n", "Dial(SIP/${EXTEN})"));
    assert!(!x801("context=inside\n", "Dial(SIP/${EXTEN})"));
    // Whose devices are not in sight.
    assert!(x801("context=inside\n", "Dial(DAHDI/g0/${EXTEN})"));
    assert!(x801(
        "context=inside\n#include more.conf\n",
        "Dial(SIP/${EXTEN})"
    ));
}

#[test]
fn t_where_phones_call_in_too() {
    let x811 = |context: &str| {
        let trunk = "[p]\ntype=peer\nhost=sip.example.com\ncontext=inside\n";
        let device = format!("context={context}\n{trunk}");
        let plan = "[inside]\nexten => 1,1,Dial(SIP/1001,30,T)\n[phones]\ninclude => inside\n";
        let sip = sip("allowguest=no\n", &device);
        told("X811", &[("extensions.conf", plan), ("sip.conf", &sip)])
    };
    assert!(x811("phones") && !x811("inside"));
}

#[test]
fn file_names_that_cannot_lead_away() {
    let x803 = |file: &str| {
        let plan = format!("[default]\nexten => 1,1,MixMonitor({file})\n");
        told("X803", &[("extensions.conf", &plan)])
    };
    assert!(x803("drop.${CALLERID(num)}.wav") && x803("${CALLERID(num):0:4}.wav"));
    assert!(!x803("drop.${CALLERID(num):0:4}.wav") && x803("drop.${CALLERID(num):0:9}.wav"));
}
