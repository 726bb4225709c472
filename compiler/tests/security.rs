//! What the family `security` says, and where it stays quiet.
#![allow(clippy::unwrap_used)]

use std::fmt::Write;

use strowger_compiler::{Diagnostic, Options, Sources, Span, Surroundings, analyse};

fn security(sources: &Sources, options: &Options) -> Vec<Diagnostic> {
    let mut found = analyse(sources, options).diagnostics;
    found.retain(|d| d.code.starts_with("X8"));
    found
}

/// `code line:column message`, then places and helps.
fn told(sources: &Sources, found: &[Diagnostic]) -> String {
    let place = |span: Span| {
        let file = sources.file(span.file);
        let (line, column) = file.line_column(span.start);
        let text = String::from_utf8_lossy(sources.bytes(span)).into_owned();
        format!("{}:{line}:{column} `{text}`", file.name())
    };
    let mut out = String::new();
    for d in found {
        writeln!(out, "{} {}", d.code, d.message).unwrap();
        // A secret must not come into a snapshot either.
        let hidden = |span: Span| {
            d.hidden
                .iter()
                .any(|h| h.start <= span.start && span.end <= h.end)
        };
        let at = if hidden(d.primary.span) {
            "(a secret)".to_owned()
        } else {
            place(d.primary.span)
        };
        writeln!(out, "  {at}: {}", d.primary.text).unwrap();
        for label in &d.secondary {
            writeln!(out, "  {}: {}", place(label.span), label.text).unwrap();
        }
        for help in &d.helps {
            writeln!(out, "  help: {help}").unwrap();
        }
        for fix in &d.fixes {
            writeln!(out, "  fix: {}", fix.title).unwrap();
        }
    }
    out
}

fn plan(text: &str) -> String {
    let sources = Sources::plan(text);
    told(&sources, &security(&sources, &Options::default()))
}

/// The codes that a plan gives, in order.
fn codes_of(text: &str) -> Vec<&'static str> {
    let found = security(&Sources::plan(text), &Options::default());
    found.iter().map(|d| d.code).collect()
}

#[test]
fn the_way_of_a_text_is_shown() {
    insta::assert_snapshot!(plan(
        "[phones]
exten => _9.,1,Set(number=${EXTEN:1})
same => n,Gosub(out,s,1(${number}))
[out]
exten => s,1,Set(target=SIP/${ARG1}@provider)
same => n,Dial(${target})
"
    ));
    insta::assert_snapshot!(plan(
        "[in]
exten => s,1,Set(who=${CALLERID(name)})
same => n,Set(text=${QUOTE(${who})})
same => n,Macro(log,${text})
[macro-log]
exten => s,1,System(logger ${ARG1})
"
    ));
}

#[test]
fn what_is_clean_is_left_alone() {
    for text in [
        // Patterns of fixed length, and the fixed part of an open one.
        "[a]\nexten => _1XXX,1,Dial(SIP/${EXTEN})\n",
        "[a]\nexten => _9XX.,1,Dial(SIP/${EXTEN:0:3})\n",
        // Filters, also by way of a variable.
        "[a]\nexten => _X.,1,Set(n=${FILTER(0-9,${EXTEN})})\nsame => n(x),Dial(SIP/${n})\n",
        "[a]\nexten => _X.,1,Set(n=${FILTER(0-9\\x2a,${EXTEN})})\nsame => n,Dial(SIP/${n})\n",
        // A check before.
        "[a]\nexten => _X.,1,GotoIf($[${REGEX(\"^[0-9]+$\" ${EXTEN})}]?ok:bad)\nsame => n(ok),Dial(SIP/${EXTEN})\nsame => n(bad),Hangup()\n",
        "[a]\nexten => _X.,1,ExecIf($[\"${EXTEN}\" =~ \"^[0-9]+$\"]?Dial(SIP/${EXTEN}))\n",
        "[a]\nexten => _X.,1,GotoIf($[${DB_EXISTS(phone/${EXTEN})} = 0]?no)\nsame => n,Dial(SIP/${EXTEN})\nsame => n(no),Hangup()\n",
        // Keys of a telephone.
        "[a]\nexten => s,1,Read(n,beep)\nsame => n,System(echo ${n})\nsame => n,Dial(SIP/${n})\n",
        // Overwritten.
        "[a]\nexten => s,1,Set(n=${CALLERID(name)})\nsame => n,Set(n=1)\nsame => n,System(echo ${n})\n",
        "[a]\nexten => s,1,Set(CALLERID(name)=x)\nsame => n,System(echo ${CALLERID(name)})\n",
        // Set by a program.
        "[a]\nexten => _X.,1,Set(n=${EXTEN})\nsame => n,AGI(x)\nsame => n,Dial(SIP/${n})\n",
        // A number of it, not the text.
        "[a]\nexten => _X.,1,System(echo ${LEN(${EXTEN})} $[${EXTEN} + 1])\n",
        // Other calls.
        "[a]\nexten => 1,1,Set(n=${CALLERID(name)})\n[b]\nexten => 2,1,System(echo ${n})\n",
        // A subroutine that is given clean numbers.
        "[a]\nexten => _1XX,1,Gosub(sub,${EXTEN},1)\n[sub]\nexten => _X.,1,Dial(SIP/${EXTEN})\n",
        // Escaped.
        "[a]\nexten => s,1,Set(x=${ODBC_SQL(SELECT a FROM b WHERE c='${SQL_ESC(${CALLERID(name)})}')})\n",
    ] {
        assert_eq!(codes_of(text), [""; 0], "{text}");
    }
}

#[test]
fn what_is_not_clean_is_told() {
    for (text, code) in [
        // Quotes do not hinder a shell.
        (
            "[a]\nexten => s,1,System(echo \"${QUOTE(${CALLERID(name)})}\")\n",
            "X802",
        ),
        (
            "[a]\nexten => s,1,Set(x=${SHELL(echo '${CALLERID(num)}')})\n",
            "X802",
        ),
        // By way of a variable set under a condition, a loop, a label, a hash, a list.
        (
            "[a]\nexten => s,1,Set(n=1)\nsame => n,ExecIf($[1]?Set(n=${CALLERID(name)}))\nsame => n,System(echo ${n})\n",
            "X802",
        ),
        (
            "[a]\nexten => s,1,Set(n=1)\nsame => n(x),System(echo ${n})\nsame => n,Set(n=${CALLERID(name)})\nsame => n,Goto(x)\n",
            "X802",
        ),
        (
            "[a]\nexten => s,1,Set(HASH(h,k)=${CALLERID(name)})\nsame => n,System(echo ${HASH(h,k)})\n",
            "X802",
        ),
        (
            "[a]\nexten => s,1,Set(ARRAY(a,b)=1,${CALLERID(name)})\nsame => n,System(echo ${b})\n",
            "X802",
        ),
        (
            "[a]\nexten => s,1,Set(n=${CUT(CALLERID(name),-,2)})\nsame => n,System(echo ${n})\n",
            "X802",
        ),
        // From one extension to another.
        (
            "[a]\nexten => 1,1,Set(__n=${CALLERID(name)})\nsame => n,Goto(b,2,1)\n[b]\nexten => 2,1,System(echo ${n})\n",
            "X802",
        ),
        // What a subroutine returns.
        (
            "[a]\nexten => 1,1,Gosub(sub,s,1(${CALLERID(name)}))\nsame => n,System(echo ${GOSUB_RETVAL})\n[sub]\nexten => s,1,Return(${ARG1})\n",
            "X802",
        ),
        // An argument of a macro that Dial runs.
        (
            "[a]\nexten => 1,1,Dial(SIP/1,,M(log^${CALLERID(name)}))\n[macro-log]\nexten => s,1,System(echo ${ARG1})\n",
            "X802",
        ),
        // A number that a jump dials.
        (
            "[a]\nexten => _X.,1,Gosub(sub,${EXTEN},1)\n[sub]\nexten => _X.,1,Dial(SIP/${EXTEN})\n",
            "X801",
        ),
        ("[a]\nexten => _X!,1,Dial(SIP/${EXTEN:-4})\n", "X801"),
        (
            "[a]\nexten => s,1,Set(x=${ODBC_SQL(SELECT a FROM b WHERE c='${CALLERID(name)}')})\n",
            "X803",
        ),
        (
            "[a]\nexten => s,1,Record(/var/spool/${CALLERID(num)}.wav)\n",
            "X803",
        ),
        ("[a]\nexten => _X.,1,AGI(${EXTEN})\n", "X803"),
        ("[a]\nexten => _X.,1,Exec(NoOp(${MESSAGE(body)}))\n", "X816"),
    ] {
        assert_eq!(codes_of(text), [code], "{text}");
    }
}

#[test]
fn functions_of_func_odbc_conf_are_known() {
    let files = |sql: &str| {
        let mut sources =
            Sources::plan("[a]\nexten => s,1,Set(x=${ODBC_NAME(${CALLERID(num)})})\n");
        sources.add("func_odbc.conf", format!("[NAME]\ndsn=a\nreadsql={sql}\n"));
        let found = security(&sources, &Options::default());
        found.iter().map(|d| d.code).collect::<Vec<_>>()
    };
    assert_eq!(files("SELECT n FROM t WHERE id='${ARG1}'"), ["X803"]);
    assert_eq!(
        files("SELECT n FROM t WHERE id='${SQL_ESC(${ARG1})}'"),
        [""; 0]
    );
}

const HOUSE: &str = "[general]
context=in
allowguest=yes
[provider]
type=peer
host=sip.example.com
context=from-provider
[1001]
type=friend
host=dynamic
secret=5f8Kz2qL
context=phones
";

fn house(text: &str, surroundings: Surroundings) -> String {
    let sources = Sources::plan(text).with("sip.conf", HOUSE);
    let options = Options {
        surroundings,
        ..Options::default()
    };
    let mut found = security(&sources, &options);
    found.retain(|d| matches!(d.code, "X805" | "X806"));
    told(&sources, &found)
}

const THROUGH: &str = "[in]
exten => 100,1,Goto(menu,s,1)
[menu]
exten => s,1,Background(welcome)
same => n,WaitExten(10)
include => internal
[internal]
include => outgoing
exten => _1XXX,1,Dial(SIP/${EXTEN})
[outgoing]
exten => _0ZXXXXXX,1,Gosub(sub-out,s,1(${EXTEN}))
[sub-out]
exten => s,1,Dial(SIP/${ARG1}@provider,60)
[phones]
include => internal
[from-provider]
exten => 4930123,1,Dial(SIP/1001)
";

#[test]
fn the_way_to_a_paid_line_is_shown_as_a_whole() {
    insta::assert_snapshot!(house(THROUGH, Surroundings::default()));
}

#[test]
fn a_proof_on_the_way_is_enough() {
    let proven = THROUGH.replace(
        "exten => s,1,Dial(SIP/${ARG1}",
        "exten => s,1,Authenticate(/etc/asterisk/pins)\nsame => n,Dial(SIP/${ARG1}",
    );
    assert_ne!(proven, THROUGH);
    assert_eq!(house(&proven, Surroundings::default()), "");
    let proven = THROUGH.replace(
        "exten => s,1,Background(welcome)",
        "exten => s,1,VMAuthenticate()\nsame => n,Background(welcome)",
    );
    assert_eq!(house(&proven, Surroundings::default()), "");
}

#[test]
fn numbers_that_the_plan_chooses_are_no_fraud() {
    let fixed = THROUGH.replace(
        "Gosub(sub-out,s,1(${EXTEN}))",
        "Gosub(sub-out,s,1(4940555))",
    );
    assert_ne!(fixed, THROUGH);
    assert_eq!(house(&fixed, Surroundings::default()), "");
}

#[test]
fn strowger_toml_says_what_the_files_do_not() {
    let trust = Surroundings {
        trust: vec![b"in".to_vec()],
        ..Surroundings::default()
    };
    assert_eq!(house(THROUGH, trust), "");
    let guests = Surroundings {
        guests: vec![b"phones".to_vec()],
        trust: vec![b"in".to_vec()],
        ..Surroundings::default()
    };
    insta::assert_snapshot!(house(THROUGH, guests));
}

#[test]
fn a_secret_is_marked_as_one() {
    let sources = Sources::plan(
        "[globals]\nDBPASS=hunter22\n[a]\nexten => 1,1,Authenticate(4711)\nexten => 2,1,Read(PIN,beep,4)\nsame => n,GotoIf($[\"${PIN}\" = \"8812\"]?3,1)\nexten => 3,1,Dial(IAX2/me:hunter23@example.com/100)\n",
    );
    let found = security(&sources, &Options::default());
    let hidden: Vec<&[u8]> = found
        .iter()
        .flat_map(|d| &d.hidden)
        .map(|s| sources.bytes(*s))
        .collect();
    let secrets: [&[u8]; 4] = [b"hunter22", b"4711", b"8812", b"hunter23"];
    assert_eq!(hidden, secrets);
    for d in &found {
        let words = format!("{} {} {:?}", d.message, d.primary.text, d.helps);
        for secret in ["hunter", "4711", "8812"] {
            assert!(!words.contains(secret), "{words}");
        }
    }
}

#[test]
fn large_plans_take_their_time_and_no_more() {
    let started = std::time::Instant::now();
    let mut text = String::from("[a]\n");
    for n in 0..50_000 {
        writeln!(
            text,
            "exten => {n},1,Set(x={n})\nsame => n,Goto(b,${{x}},1)"
        )
        .unwrap();
    }
    text.push_str("[b]\n");
    for n in 0..2_000 {
        writeln!(
            text,
            "exten => _{n}.,1,Set(y=${{EXTEN}})\nsame => n,Goto(a,${{y}},1)"
        )
        .unwrap();
    }
    codes_of(&text);
    // A debug build under load: what is meant is that nothing is quadratic.
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}

#[test]
fn ways_of_a_text_that_are_easy_to_miss() {
    // What a replacement puts in, what hangup handlers and routines of Dial find, and the rest behind a missing parenthesis.
    assert_eq!(
        codes_of(
            "[a]\nexten => _0X.,1,Set(T=SIP/p/dst)\n same => n,Dial(${STRREPLACE(T,\"dst\",${EXTEN})},30)\n"
        ),
        ["X801"]
    );
    let handler = "[a]\nexten => 1,1,Set(WHO=${CALLERID(num)})\n same => n,Set(CHANNEL(hangup_handler_push)=over,s,1)\n[over]\nexten => s,1,System(echo ${WHO})\n same => n,Return()\n";
    assert_eq!(codes_of(handler), ["X802"]);
    assert_eq!(codes_of(&handler.replace("over,s,1", "other,s,1")), [""; 0]);
    let open = "[a]\nexten => _8.,1,ExecIf($[1 = 1]?Gosub(out,s,1(SIP/${EXTEN}@p,30))\n[out]\nexten => s,1,Dial(${ARG1},${ARG2})\n";
    assert_eq!(codes_of(open), ["X801"]);
}

#[test]
fn names_that_nothing_fills_any_more() {
    let shell = |name: &str| codes_of(&format!("[a]\nexten => 1,1,System(echo {name})\n"));
    assert_eq!(shell("${CALLERIDNUM}"), [""; 0]);
    assert_eq!(shell("${CALLERID(num)}"), ["X802"]);
    let mailbox = |text: &str| codes_of(&format!("[a]\nexten => 1,1,VoiceMailMain({text})\n"));
    assert_eq!(mailbox("s${CALLERID(num)}"), [""; 0]);
    assert_eq!(mailbox("${CALLERID(num)},s"), ["X808"]);
}

#[test]
fn every_pattern_that_leads_to_a_dial_string_is_named() {
    insta::assert_snapshot!(plan(
        "[a]\nexten => _0X.,1,Gosub(out,s,1(${EXTEN}))\nexten => _9X.,1,Gosub(out,s,1(${EXTEN}))\n[out]\nexten => s,1,Dial(SIP/${ARG1}@p,30)\n"
    ));
}

#[test]
fn a_proof_that_a_jump_leads_past() {
    let disa = |jump: &str| {
        codes_of(&format!(
            "[a]\nexten => 1,1,GotoIf($[\"${{X}}\" = \"\"]?{jump})\n same => n,Authenticate(/etc/pins)\n same => n(disa),DISA(no-password,a)\n same => n(end),Hangup()\n"
        ))
    };
    assert_eq!(disa("disa"), ["X804"]);
    assert_eq!(disa("end"), [""; 0]);
}

#[test]
fn short_numbers_of_another_exchange_cost_nothing() {
    let out = |exten: &str| {
        house(
            &format!(
                "[in]\nexten => _X.,1,Goto(inside,${{EXTEN}},1)\n[inside]\nexten => {exten},1,Dial(SIP/provider/${{EXTEN}})\n"
            ),
            Surroundings::default(),
        )
    };
    assert!(out("_0X.").contains("X805"), "{}", out("_0X."));
    assert_eq!(out("_7XXX"), "");
}
