//! Values, variables and arguments: what the checks say about lines that look alike, and the false alarms that they must not give.
#![allow(clippy::unwrap_used)]

use strowger_compiler::codes;
use strowger_compiler::{Level, Options, Sources, compile};

/// Codes of these families, sorted, that a plan of these lines gets. Levels do not count.
fn found(lines: &str, with: &[(&str, &str)]) -> Vec<&'static str> {
    let mut sources = Sources::new();
    sources.add("extensions.conf", lines);
    for (name, text) in with {
        sources.add(name, *text);
    }
    let mut options = Options::default();
    options
        .levels
        .extend(codes::all().map(|c| (c.id.to_owned(), Level::Warn)));
    let mut codes: Vec<&'static str> = compile(&sources, &options)
        .diagnostics
        .into_iter()
        .map(|d| d.code)
        .filter(|c| OURS.contains(c))
        .collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

/// Codes that this file is about.
const OURS: [&str; 35] = [
    "A402", "A404", "A405", "A409", "A410", "A411", "A412", "A414", "A415", "A416", "A420", "E602",
    "E603", "E604", "E606", "E608", "E609", "E610", "E613", "E616", "F320", "F323", "V501", "V502",
    "V504", "V508", "V510", "V513", "V514", "V515", "V518", "V520", "V521", "V523", "V524",
];

/// One step in an extension that devices dial.
fn step(call: &str) -> Vec<&'static str> {
    found(&format!("[a]\nexten => _X.,1,{call}\n"), &[])
}

#[track_caller]
fn each(cases: &[(&str, &[&str])]) {
    for (call, codes) in cases {
        assert_eq!(step(call), *codes, "{call}");
    }
}

#[test]
fn arguments_are_counted_as_the_application_counts_them() {
    each(&[
        ("Queue()", &["A404"]),
        ("Queue(sales)", &[]),
        ("ConfBridge()", &["A404"]),
        ("AddQueueMember(sales,SIP/1,1,p,Bob,,5)", &[]),
        ("Park(lot,s,c,d)", &["A404"]),
        // Commas of a last argument that is text, of quotes and of brackets are no separators.
        ("Verbose(1,a,b,c)", &[]),
        ("Log(NOTICE,a,b)", &[]),
        ("Playback(a,noanswer,skip)", &[]),
        ("Dial(SIP/h.example.com,20,b(c^s^1(a,b))L(60000:1,2))", &[]),
        ("MixMonitor(a.wav,b,cp a b,c)", &[]),
        ("NoOp(a,b,c,d)", &[]),
        // A variable may hold commas.
        ("StoreDTMF(${ARG1})", &[]),
        ("StoreDTMF(a)", &["A404"]),
        ("AudioSocket(${UNIQUEID}@h.example.com:9010)", &["A404"]),
    ]);
}

#[test]
fn option_letters_are_those_of_the_application() {
    each(&[
        ("Queue(sales,tTcn)", &[]),
        ("Queue(sales,120,tT)", &["A405"]),
        ("VoiceMail(100,u)", &[]),
        ("VoiceMail(100,z)", &["A405"]),
        ("BackGround(hello,noanswer)", &[]),
        ("Dial(SIP/h.example.com,60rt)", &[]), // A407 tells it
        ("Dial(SIP/h.example.com,,L)", &["A405"]),
        ("Dial(SIP/h.example.com,,m)", &[]),
        ("Dial(SIP/h.example.com,,${OPTS})", &["V501"]),
    ]);
}

#[test]
fn functions_are_counted_too() {
    each(&[
        ("NoOp(${CUT(CHANNEL,-)})", &["V513"]),
        ("NoOp(${CUT(CHANNEL,-,1)})", &[]),
        ("NoOp(${CUT(CHANNEL,\\,,1)})", &[]),
        ("NoOp(${STRFTIME(${EPOCH},,%F,%T)})", &[]),
        ("NoOp(${FILTER(0-9,a,b)})", &[]),
        ("NoOp(${LEN(a,b)})", &[]),
        ("NoOp(${FILTER(0-9)})", &["V513"]),
        ("NoOp(${FILTER(${EXTEN})})", &[]),
        ("NoOp(${DIALPLAN_EXISTS(a,b,1,x)})", &["V513"]),
        ("Set(CALLERID(num)=1)", &[]),
        // Brackets that a hole brings in do not end the function.
        ("NoOp(${CUT(CHANNEL,-,${LEN(a)})})", &[]),
    ]);
}

#[test]
fn names_and_values_in_functions() {
    each(&[
        // Trap 18: CUT takes a name, and may take a function.
        ("NoOp(${CUT(CUT(CHANNEL,@,1),:,2)})", &[]),
        ("NoOp(${CUT(${CHANNEL},-,1)})", &["V514"]),
        ("NoOp(${CUT(${ARG1},-,1)})", &[]),
        ("NoOp(${CUT(PASSTHRU(${EXTEN}),-,1)})", &[]),
        ("NoOp(${FIELDQTY(${CALLERID(name)},-)})", &["V514"]),
        ("NoOp(${REGEX(\"^1\" ${EXTEN})})", &[]),
        ("NoOp(${REGEX(\"^1,2\" ${EXTEN})})", &[]),
        ("NoOp(${REGEX(\"^1\",${EXTEN})})", &["V518"]),
        ("NoOp(${REGEX(^1 ${EXTEN})})", &["V518"]),
        ("NoOp(${STRFTIME(${EPOCH},%m%d)})", &["V515"]),
        ("NoOp(${STRFTIME(${EPOCH},UTC,%m%d)})", &[]),
    ]);
}

#[test]
fn operands_of_expressions() {
    each(&[
        // Trap 1: a word in capitals before a parenthesis is a function.
        ("GotoIf($[DIALPLAN_EXISTS(a,1,1)]?a,1,1)", &[]),
        ("NoOp($[LEN(abc) + 1])", &[]),
        ("NoOp($[EXTEN > 3])", &["E616"]),
        ("NoOp($[${CONTEXT} = EXTEN])", &["E616"]),
        ("NoOp($[abc + 1])", &["E608"]),
        ("NoOp($[${CONTEXT} = from-trunk])", &["E608"]),
        ("NoOp($[\"${CONTEXT}\" = \"from-trunk\"])", &[]),
        ("NoOp($[\"${EXTEN}\" + 1])", &["E608"]),
        ("NoOp($[${EXTEN} + 1])", &[]),
        ("NoOp($[\"a1\" : \"a([0-9])\" + 1])", &[]),
        ("NoOp($[${EPOCH} / 0])", &["E606"]),
        ("NoOp($[${CALLERID(num)} + 1])", &["E606"]),
        ("NoOp($[0${CALLERID(num)} + 1])", &[]),
        // `- 1` is an expression, ` + 1` is none.
        ("NoOp($[${CALLERID(num)} - 1])", &[]),
        ("NoOp($[\"${EXTEN}\" > \"3\"])", &["E604"]),
        ("NoOp($[\"${EXTEN}\" > \"${EPOCH}\"])", &["E604"]),
        // 0 and 1 come out right as text too, and so does what is always as long.
        ("NoOp($[\"${EXTEN}\" > \"0\"])", &[]),
        ("NoOp($[\"${EXTEN:0:1}\" > \"3\"])", &[]),
        ("NoOp($[\"${STRFTIME(${EPOCH},,%H)}\" >= \"17\"])", &[]),
        ("NoOp($[\"${CONTEXT}\" < \"abc\"])", &[]),
        ("NoOp($[${EXTEN} > 3])", &[]),
        ("NoOp($[1 | 0 & 1])", &["E609"]),
        ("NoOp($[(1 | 0) & 1])", &[]),
        ("NoOp($[\"${EXTEN}\" : \"55\"])", &["E610"]),
        ("NoOp($[\"${EXTEN}\" : \"^55\"])", &[]),
        ("NoOp($[${EXTEN}])", &["E613"]),
        ("NoOp($[ -${EXTEN} ])", &[]),
    ]);
}

#[test]
fn a_word_that_is_a_value_and_a_name() {
    let plan = |call: &str| {
        found(
            &format!(
                "[globals]\nday=1\nMODE=night\n[a]\nexten => _X.,1,{call}\nsame => n,NoOp(${{day}}${{MODE}})\n"
            ),
            &[],
        )
    };
    assert!(plan("GotoIf($[${MODE} = day]?a,1,1)").is_empty());
    assert_eq!(plan("GotoIf($[day > 0]?a,1,1)"), ["E616"]);
}

#[test]
fn conditions_that_never_change() {
    each(&[
        ("GotoIf($[1 = 1]?a,1,1)", &["F323"]),
        ("GotoIf(0?a,1,1)", &["F323"]),
        ("GotoIf($[\"${EXTEN}\" = \"1\"]?a,1,1)", &[]),
        ("ExecIf(${EXISTS(EXTEN)}?NoOp())", &["F323"]),
        ("ExecIf(${EXISTS(${CALLERID(num)})}?NoOp())", &[]),
        ("GotoIf($[DIALPLAN_EXISTS(a,1,1)]?a,1,1)", &[]),
        ("GotoIf($[${RAND(1,2)} = 1]?a,1,1)", &[]),
        // An endless loop is meant.
        ("While(1)", &[]),
        ("While($[1 = 0])", &["F323"]),
        // Trap 3: text outside of `$[ ]` is told once, by the one who knows why.
        ("GotoIf(\"${EXTEN}\" = \"1\"?a,1,1)", &["A414"]),
    ]);
}

#[test]
fn status_words_are_those_of_the_applications() {
    let compared = |variable: &str, word: &str| {
        step(&format!(
            "GotoIf($[\"${{{variable}}}\" = \"{word}\"]?a,1,1)"
        ))
    };
    for (variable, word) in [
        ("DIALSTATUS", "NOANSWER"),
        ("QUEUESTATUS", "JOINEMPTY"),
        ("READSTATUS", "TIMEOUT"),
        ("AMDSTATUS", "MACHINE"),
        ("SYSTEMSTATUS", "APPERROR"),
        ("ORIGINATE_STATUS", "RINGING"),
        ("DIALSTATUS", ""),
        // Any text.
        ("DIALEDPEERNAME", "NO ANSWER"),
    ] {
        assert!(
            !compared(variable, word).contains(&"F320"),
            "{variable} {word}"
        );
    }
    for (variable, word) in [
        ("DIALSTATUS", "NO ANSWER"),
        ("DIALSTATUS", "ANSWERED"),
        ("READSTATUS", "NOINPUT"),
        ("AMDSTATUS", "HUMANS"),
        ("VMSTATUS", "OK"),
    ] {
        assert_eq!(compared(variable, word), ["F320"], "{variable} {word}");
    }
    let own = "[a]\nexten => 1,1,Set(DIALSTATUS=LATE)\nsame => n,GotoIf($[\"${DIALSTATUS}\" = \"LATE\"]?a,1,1)\n";
    assert!(found(own, &[]).is_empty(), "the plan has words of its own");
}

#[test]
fn what_may_be_empty() {
    let e602 = |lines: &str| found(lines, &[]).contains(&"E602");
    // Nothing says that it is not.
    assert!(e602(
        "[a]\nexten => 1,1,Set(X=${DB(a/b)})\nsame => n,GotoIf($[${X} = 1]?a,1,1)\n"
    ));
    // A default that comes behind.
    for repair in [
        "ExecIf($[\"${X}\" = \"\"]?Set(X=0))",
        "Set(X=${IF($[\"${X}\" = \"\"]?0:${X})})",
        "GotoIf($[\"${X}\" = \"\"]?a,1,1)",
        "GotoIf(${ISNULL(${X})}?a,1,1)",
        "ExecIf(${LEN(${DB(a/b)})}?Set(X=${DB(a/b)}):Set(X=0))",
        "Set(X=0${X})",
    ] {
        let plan = format!(
            "[a]\nexten => 1,1,Set(X=${{DB(a/b)}})\nsame => n,{repair}\nsame => n,GotoIf($[${{X}} = 1]?a,1,1)\n"
        );
        assert!(!e602(&plan), "{repair}");
    }
    assert!(e602(
        "[a]\nexten => 1,1,GotoIf($[${ODBC_PIN(${EXTEN})} = yes]?a,1,1)\n"
    ));
    assert!(e602(
        "[a]\nexten => 1,1,Set(ARRAY(X,Y)=${CALLERID(name)})\nsame => n,GotoIf($[${X} = 1]?a,1,1)\nsame => n,NoOp(${Y})\n"
    ));
    // A length of more than ten says nothing about an empty one.
    assert!(e602(
        "[a]\nexten => 1,1,GotoIf($[${CALLERID(num)} = 1]?a,1,1)\nsame => n,GotoIf($[${LEN(${CALLERID(num)})} > 10]?a,1,1)\n"
    ));
    assert!(!e602(
        "[a]\nexten => 1,1,GotoIf($[${LEN(${CALLERID(num)})} = 0]?a,1,1)\nsame => n,GotoIf($[${CALLERID(num)} = 1]?a,1,1)\n"
    ));
    // In the same expression the question comes too late.
    assert!(e602(
        "[a]\nexten => 1,1,Set(X=${DB(a/b)})\nsame => n,GotoIf($[\"${X}\" = \"\" | ${X} = 1]?a,1,1)\n"
    ));
    // Slices of a number that is long enough.
    assert!(!e602(
        "[a]\nexten => _9XX.,1,GotoIf($[${EXTEN:1} = 911]?a,1,1)\n"
    ));
    assert!(e602(
        "[a]\nexten => _9!,1,GotoIf($[${EXTEN:1} = 911]?a,1,1)\n"
    ));
    // Arguments that every call gives, and one that some call leaves out.
    let sub = |calls: &str| {
        format!(
            "[a]\nexten => 1,1,{calls}\n[s]\nexten => s,1,GotoIf($[${{ARG2}} = 1]?s,s,1)\nsame => n,Return()\n"
        )
    };
    assert!(!e602(&sub("Gosub(s,s,1(a,b))")));
    assert!(e602(&sub("Gosub(s,s,1(a,b))\nsame => n,Gosub(s,s,1(a))")));
}

#[test]
fn variables_that_nothing_sets() {
    let of = |text: &str| found(&format!("[a]\nexten => _X.,1,{text}\n"), &[]);
    assert_eq!(of("Dial(SIP/t.example.com/${OUT})"), ["V501"]);
    // Set behind a condition, by an application, by a function, by name.
    for line in [
        "ExecIf($[\"${EXTEN}\" = \"1\"]?Set(OUT=1))",
        "Read(OUT,beep)",
        "Set(ARRAY(OUT,B)=1,2)",
        "Set(GLOBAL(OUT)=1)",
        "Set(__OUT=1)",
        "Set(${EXTEN}=1)",
        "Set(OU${EXTEN}=1)",
        "AGI(x.php)",
        "NoOp(${SET(OUT=1)})",
    ] {
        let plan = format!("{line}\nsame => n,Dial(SIP/t.example.com/${{OUT}})");
        assert!(!of(&plan).contains(&"V501"), "{line}");
    }
    // Asked for emptiness: whoever wrote it knows.
    assert!(!of("ExecIf($[\"${OUT}\" != \"\"]?NoOp(${OUT}))").contains(&"V501"));
    // Built in, or set by channels and applications.
    assert!(
        of("NoOp(${DIALSTATUS}${UNIQUEID}${SIPCALLID}${BLINDTRANSFER}${ARG1}${QEHOLDTIME})")
            .is_empty()
    );
    // A device file gives it to calls.
    let peer = (
        "sip.conf",
        "[100]\ntype=friend\nhost=dynamic\nsecret=Yq3pz8kkP\ncontext=a\nsetvar=OUT=1\n",
    );
    let plan = "[a]\nexten => _X.,1,Dial(SIP/t.example.com/${OUT})\n";
    assert!(!found(plan, &[peer]).contains(&"V501"));
    // A manager may set it.
    assert!(!found(plan, &[("manager.conf", "[general]\nenabled=yes\n")]).contains(&"V501"));
    // Where a call begins that something outside starts.
    assert!(found("[out]\nexten => s,1,NoOp(${number})\n", &[]).is_empty());
    // A slip of the pen is told anyway.
    let more = |text: &str| {
        found(
            &format!("#include \"more.conf\"\n[a]\nexten => _X.,1,NoOp(${{{text}}})\n"),
            &[],
        )
    };
    assert_eq!(more("HANGPCAUSE"), ["V501"]);
    assert!(more("HANGUPCAUSE").is_empty() && more("HANDCAUSES").is_empty());
    // Something is out of sight.
    assert!(found(&format!("#include \"more.conf\"\n{plan}"), &[]).is_empty());
}

#[test]
fn letter_case_of_names() {
    let of = |text: &str| found(&format!("[a]\nexten => _X.,1,{text}\n"), &[]);
    assert_eq!(of("NoOp(${exten})"), ["V502"]);
    assert_eq!(of("Set(Port=1)\nsame => n,NoOp(${PORT}${Port})"), ["V502"]);
    // Both spellings are set.
    assert!(
        !of("Set(Port=1)\nsame => n,Set(PORT=2)\nsame => n,NoOp(${PORT}${Port})").contains(&"V502")
    );
    assert!(!of("AGI(x)\nsame => n,Set(Port=1)\nsame => n,NoOp(${PORT}${Port})").contains(&"V502"));
}

#[test]
fn variables_that_nothing_reads() {
    let of = |text: &str| found(&format!("[a]\nexten => _X.,1,{text}\n"), &[]);
    assert_eq!(of("Set(ALONE=1)"), ["V510"]);
    assert_eq!(of("Read(DIGITS,beep)"), ["A412"]);
    for line in [
        "Set(ALONE=1)\nsame => n,NoOp(${CUT(ALONE,-,1)})",
        "Set(ALONE=1)\nsame => n,NoOp(${LEN(${ALONE})})",
        "Set(ALONE=1)\nsame => n,NoOp(${GLOBAL(ALONE)})",
        "Set(ALONE=1)\nsame => n,NoOp(${${EXTEN}})",
        "Set(ALONE=1)\nsame => n,NoOp(${AL${EXTEN}})",
        "Set(ALONE=1)\nsame => n,MixMonitor(a.wav,,echo ^{ALONE})",
        "Set(ALONE=${SHELL(date)})",
        "Set(CDR(userfield)=1)",
        "Set(QUEUE_PRIO=1)",
        "Set(LIMIT_PLAYAUDIO_CALLER=yes)",
        "Set(ALONE=1)\nsame => n,AGI(x.php)",
        "Set(ALONE=1)\nsame => n,NoOp(${EVAL(${EXTEN})})",
    ] {
        assert!(!of(line).contains(&"V510"), "{line}");
    }
}

#[test]
fn names_as_values() {
    let of = |text: &str| found(&format!("[a]\nexten => _X.,1,{text}\n"), &[]);
    assert!(of("Set(FOO=12)\nsame => n,Set(${FOO}=1)").contains(&"V504"));
    // Trap 14, and a variable that holds a name.
    assert!(!of("Set(${ARG1}=x)").contains(&"V504"));
    assert!(!of("Set(FOO=BAR)\nsame => n,Set(BAR=1)\nsame => n,Set(${FOO}=1)").contains(&"V504"));
    assert_eq!(of("Set(CDR(userfield)=_X.)"), ["V524"]);
    assert!(of("Goto(a,_X.,1)").is_empty(), "R213 tells it");
}

#[test]
fn old_forms_of_single_applications() {
    each(&[
        ("VoiceMail(u100)", &["A409"]),
        ("VoiceMail(su100@x)", &["A409"]),
        ("VoiceMail(u${EXTEN})", &["A409"]),
        ("VoiceMail(sales)", &[]),
        ("VoiceMail(100,u)", &[]),
        ("VoiceMailMain(s100)", &["A410"]),
        ("VoiceMailMain(100,s)", &[]),
        ("Record(hello)", &["A411"]),
        ("Record(hello.wav)", &[]),
        ("Record(hello:wav)", &[]),
        ("Record(/tmp/${UNIQUEID})", &[]),
        // Trap 2: pipes still separate the parts of a time condition; times may go over midnight.
        ("GotoIfTime(22:00-06:00|mon-fri|*|*?a,1,1)", &[]),
        ("GotoIfTime(9:00-17:00?a,1,1)", &[]),
        ("GotoIfTime(9-17,mon-fri,*,*?a,1,1)", &["A415"]),
        ("GotoIfTime(9:00-17:00,monday,*,*?a,1,1)", &["A415"]),
        ("GotoIfTime(${HOURS},mon-fri,*,*?a,1,1)", &["V501"]),
    ]);
    let times = |times: &str| {
        found(
            &format!("[a]\ninclude => b,{times}\n[b]\nexten => 1,1,NoOp()\n"),
            &[],
        )
    };
    assert_eq!(times("9:00-17:00,mo-fr,*,*"), ["A415"]);
    assert!(times("9:00-17:00,mon-fri,*,*").is_empty());
}

#[test]
fn variables_of_the_other_leg() {
    let plan = |set: &str, dial: &str| {
        found(
            &format!(
                "[a]\nexten => _X.,1,{set}\nsame => n,{dial}\n[leg]\nexten => s,1,NoOp(${{WHO}})\nsame => n,Return()\n"
            ),
            &[],
        )
    };
    for dial in [
        "Dial(SIP/h.example.com,,U(leg))",
        "Dial(SIP/h.example.com,,b(leg^s^1))",
        "Dial(Local/s@leg)",
    ] {
        assert!(plan("Set(WHO=1)", dial).contains(&"V508"), "{dial}");
        assert!(!plan("Set(__WHO=1)", dial).contains(&"V508"), "{dial}");
        assert!(
            !plan("Set(GLOBAL(WHO)=1)", dial).contains(&"V508"),
            "{dial}"
        );
        assert!(
            !plan("Set(WHO=1)\nsame => n,Gosub(leg,s,1)", dial).contains(&"V508"),
            "{dial}"
        );
    }
}
