//! What is said about configurations that people have published, mistakes included.
#![allow(clippy::unwrap_used)]

use std::fmt::Write as _;

use strowger_compiler::{Options, Sources, Span, compile};

/// All findings as text: message, place with its line, further places, helps, fixes.
fn findings(files: &[(&str, &str)]) -> String {
    let mut sources = Sources::new();
    for (name, text) in files {
        sources.add(name, *text);
    }
    let compiled = compile(&sources, &Options::default());
    let place = |span: Span| {
        let file = sources.file(span.file);
        let (line, column) = file.line_column(span.start);
        format!("{}:{line}:{column}", file.name())
    };
    let shown = |span: Span| String::from_utf8_lossy(sources.bytes(span)).into_owned();
    let mut out = String::new();
    for d in &compiled.diagnostics {
        writeln!(out, "[{}] {}: {}", d.code, d.level.word(), d.message).unwrap();
        writeln!(
            out,
            "  {} `{}` {}",
            place(d.primary.span),
            shown(d.primary.span),
            d.primary.text
        )
        .unwrap();
        for also in &d.secondary {
            writeln!(
                out,
                "  {} `{}` {}",
                place(also.span),
                shown(also.span),
                also.text
            )
            .unwrap();
        }
        for help in &d.helps {
            writeln!(out, "  help: {help}").unwrap();
        }
        for fix in &d.fixes {
            let edits: Vec<String> = fix
                .edits
                .iter()
                .map(|e| {
                    format!(
                        "`{}` -> `{}`",
                        shown(e.span),
                        String::from_utf8_lossy(&e.text)
                    )
                })
                .collect();
            writeln!(
                out,
                "  {}: {} ({})",
                if fix.safe { "fix" } else { "suggestion" },
                fix.title,
                edits.join(", ")
            )
            .unwrap();
        }
    }
    if out.is_empty() {
        "nothing to say\n".to_owned()
    } else {
        out
    }
}

/// Two accounts that call and text each other; the reader's slips of a first plan.
#[test]
fn texts_between_two_accounts() {
    let sip = "\
[general]
context=public
[1001]
type=friend
secret=1001
context=my
host=dynamic
nat=yes
accept_outofcall_message=yes
outofcall_message_context=sms
[1002]
type=friend
secret=1002
context=my
host=dynamic
nat=yes
accept_outofcall_message=yes
outofcall_message_context=sms
";
    let plan = "\
[default]
exten => _.,1,Hangup()
[demo]
exten => 2600,1,Dial(IAX2/guest@pbx.digium.com/s@default)
same => n,Hangup()
[my]
exten => _[0-9a-zA-Z].,1,Dial(SIP/${EXTEN},30)
same => n,SendText(Welcome to Asterisk)
same  => _[0-9a-zA-Z].,n,Hangup()
[sms]
exten => _.,1,NoOp(SMS receiving dialplan invoked)
exten => _.,n,NoOp(To ${MESSAGE(to)})
exten => _.,n,Set(ACTUALTO=${CUT(MESSAGE(to),@,1)})
exten => _.,n,MessageSend(${ACTUALTO},${MESSAGE(from)})
exten => _.,n,NoOp(Send status is ${MESSAGE_SEND_STATUS})
exten => _.,n,GotoIf($[\"${MESSAGE_SEND_STATUS}\" != \"SUCCESS\"]?sendfailedmsg)
exten => _.,n,Hangup()
;
; Handle failed messaging
exten => _.,n(sendfailedmsg),Set(MESSAGE(body)=\"[${STRFTIME(${EPOCH},,%d%m%Y-%H:%M:%S)}] Your message to ${EXTEN} has failed. Retry later.\")
exten => _.,n,Set(ME_1=${CUT(MESSAGE(from),<,2)})
exten => _.,n,Set(ACTUALFROM=${CUT(ME_1,@,1)})
exten => _.,n,MessageSend(${ACTUALFROM},ServiceCenter)
exten => _.,n,Hangup()
exten => _.,n,Hangup()
";
    insta::assert_snapshot!(findings(&[("sip.conf", sip), ("extensions.conf", plan)]));
}

/// A lab of phones that share a template, with a narrow range of ports.
#[test]
fn phones_from_a_template() {
    let users = "\
[template](!)
type=friend
host=dynamic
dtmfmode=rfc2833
disallow=all
allow=ulaw
context = work
[6001](template)
fullname = Jean MARTIN
username = jmartin
secret=secret
[6002](template)
fullname = Albert DUPONT
username = adupont
secret=secret
";
    let plan = "[work]\nexten => _6XXX,1,Dial(SIP/${EXTEN}, 20)\n";
    let files = [
        ("sip.conf", "[general]\nlanguage=fr\n"),
        ("users.conf", users),
        ("rtp.conf", "[general]\nrtpstart=16384\nrtpend=16394\n"),
        ("extensions.conf", plan),
    ];
    insta::assert_snapshot!(findings(&files));
}

/// Two phones and an echo.
#[test]
fn two_phones() {
    let sip = "\
[general]
context=default
outofcall_message_context=sms
[nlys]
type=friend
host=dynamic
secret=q8Lw2mZx
callerid=61
[ealbouy]
type=friend
host=dynamic
secret=Vt5k9RrB
callerid=62
";
    let plan = "\
[general]
static=yes
writeprotect=no

[default]
; default contexte
exten => 61,1,Dial(SIP/nlys)
exten => 62,1,Dial(SIP/ealbouy)
exten => 3666,1,Answer
exten => 3666,2,Goto(echo,3666,1)
[echo]
exten => 3666,1,Playback(demo-echotest)
exten => 3666,n,Echo
[sms]
exten => _[a-z].,1,MessageSend(sip:${EXTEN})
";
    insta::assert_snapshot!(findings(&[("sip.conf", sip), ("extensions.conf", plan)]));
}

/// One of two sites that reach each other; its endpoints answer challenges and make none.
#[test]
fn a_site_of_two() {
    let pjsip = "\
[transport-udp]
type=transport
protocol=udp
bind=127.0.0.9
[transport-tcp]
type=transport
protocol=tcp
bind=127.0.0.9
[1001]
type=endpoint
outbound_auth=1001_auth
aors=1001
transport=transport-udp
context=default
disallow=all
allow=ulaw
dtmf_mode=inband
[1001_auth]
type=auth
auth_type=userpass
username=3001
password=1234567890
[1001]
type=aor
max_contacts=1
remove_existing=yes
[SIP3]
type=endpoint
aors=SIP3
transport=transport-tcp
context=default
disallow=all
allow=ulaw
[SIP3]
type=identify
endpoint=SIP3
match=127.0.0.52
";
    let plan = "\
[general]
static=yes
writeprotect=no
clearglobalvars=no

[default]
exten => _10XX,1,Dial(PJSIP/${EXTEN},12,tT)
exten => _10XX,n,Answer()
exten => _10XX,n,SayDigits(${EXTEN})
exten => _10XX,n,Playback(invalid)
exten => _10XX,n,Hangup()

exten => _30XX,1,Dial(PJSIP/${EXTEN}@SIP3)
same =>> n,Hangup()
";
    insta::assert_snapshot!(findings(&[
        ("pjsip.conf", pjsip),
        ("extensions.conf", plan)
    ]));
}
