//! Family `flow`: F.

use super::{Code, analysis, check, load, plan};
use crate::diagnostic::Level::{Error, Note, Warn};

const F: &str = "flow";

pub(super) static CODES: &[Code] = &[
    load(
        "F302",
        F,
        Error,
        "a priority is written twice",
        "The first one stays, the second is dropped with a warning. Names that differ only in dashes, and patterns that mean the same sets (`_[1-9]X` and `_ZX`), are one extension.",
        plan!("[a]\nexten => 1,1,NoOp(a)\nexten => 1,1,NoOp(b)\n"),
        plan!("[a]\nexten => 1,1,NoOp(a)\nexten => 1,n,NoOp(b)\n"),
    ),
    load(
        "F303",
        F,
        Warn,
        "a label is used twice",
        "In one extension a label means one step. The second is dropped with a warning; its step stays.",
        plan!("[a]\nexten => 1,1(here),NoOp(a)\nsame => n(here),NoOp(b)\n"),
        plan!("[a]\nexten => 1,1(here),NoOp(a)\nsame => n(there),NoOp(b)\n"),
    ),
    check(
        "F330",
        F,
        Warn,
        "`n` counts on from another extension",
        "`n` is one more than the line before it, whatever extension that line belongs to. A new extension that begins with `n` mostly has no priority 1, and then nobody can call it.",
        plan!("[a]\nexten => s,1,NoOp()\nsame => n,NoOp()\nexten => t,n,Hangup()\n"),
        plan!("[a]\nexten => s,1,NoOp()\nsame => n,NoOp()\nexten => t,1,Hangup()\n"),
    ),
    check(
        "F301",
        F,
        Warn,
        "no priority 1",
        "A call to an extension begins at priority 1. Without it the extension can only be entered by a jump.",
        plan!("[a]\nexten => 60,2,NoOp()\n"),
        plan!("[a]\nexten => 60,1,NoOp()\nexten => _6X.,50(sub),NoOp()\n"),
    ),
    check(
        "F304",
        F,
        Warn,
        "a gap between priorities",
        "A call goes from priority to priority. Where the next number is missing it ends, unless a less special pattern has it.",
        plan!("[a]\nexten => 60,1,NoOp()\nexten => 60,2,NoOp()\nexten => 60,4,NoOp()\n"),
        plan!("[a]\nexten => 60,1,NoOp()\nexten => 60,2,NoOp()\nexten => 60,3,NoOp()\n"),
    ),
    check(
        "F305",
        F,
        Warn,
        "a step that is never reached",
        "Goto, Hangup, Return, Busy and Congestion never go on to the next step, and GotoIf does not where both of its targets are written. What follows them needs a label that something jumps to.",
        plan!("[a]\nexten => 60,1,Hangup()\nsame => n,NoOp()\n"),
        plan!(
            "[a]\nexten => 60,1,GotoIf($[1 = 2]?60,there)\nsame => n,Hangup()\nsame => n(there),NoOp()\n"
        ),
    ),
    check(
        "F317",
        F,
        Warn,
        "sound in `h`",
        "`h` runs after the call is hung up. Nobody hears a prompt there, and no digit comes.",
        plan!("[a]\nexten => h,1,Playback(bye)\n"),
        plan!("[a]\nexten => h,1,NoOp(bye)\n"),
    ),
    check(
        "F319",
        F,
        Note,
        "Hangup in `h`",
        "`h` runs after the call is hung up; Hangup has no effect there, except with a cause.",
        plan!("[a]\nexten => h,1,Hangup()\n"),
        plan!("[a]\nexten => h,1,NoOp()\n"),
    ),
    check(
        "V522",
        "variables",
        Error,
        "EXTEN is no number here",
        "In `s`, `i`, `t`, `h`, `e` and `T` the variable EXTEN holds that letter. Dialling it dials a letter.",
        plan!("[a]\nexten => s,1,Dial(SIP/trunk.example.com/${EXTEN})\n"),
        plan!("[a]\nexten => _X.,1,Dial(SIP/trunk.example.com/${EXTEN})\n"),
    ),
    check(
        "F331",
        F,
        Note,
        "a Hangup that is never reached",
        "The step before never goes on, so this Hangup does nothing. It does no harm either.",
        plan!("[a]\nexten => 60,1,Goto(61,1)\nsame => n,Hangup()\nexten => 61,1,NoOp()\n"),
        plan!("[a]\nexten => 60,1,NoOp()\nsame => n,Hangup()\n"),
    ),
    analysis(
        "F310",
        F,
        Error,
        "a loop without an end",
        "The steps of the loop take no time, and none of them leads out of it. A call that comes here keeps one processor busy until its caller hangs up.",
        plan!("[a]\nexten => 1,1,NoOp()\nsame => n(again),NoOp()\nsame => n,Goto(again)\n"),
        plan!("[a]\nexten => 1,1,NoOp()\nsame => n(again),Wait(1)\nsame => n,Goto(again)\n"),
    ),
    analysis(
        "F312",
        F,
        Error,
        "a loop whose counter never changes",
        "The condition that ends the loop asks for a variable that no step of the loop sets. It holds at once or never.",
        plan!(
            "[a]\nexten => 1,1,Set(N=0)\nsame => n(again),Playback(hi)\nsame => n,GotoIf($[${N} < 3]?again)\nsame => n,Hangup()\n"
        ),
        plan!(
            "[a]\nexten => 1,1,Set(N=0)\nsame => n(again),Playback(hi)\nsame => n,Set(N=$[${N} + 1])\nsame => n,GotoIf($[${N} < 3]?again)\nsame => n,Hangup()\n"
        ),
    ),
    analysis(
        "F316",
        F,
        Error,
        "WaitExten where digits choose nothing",
        "A subroutine that Dial runs belongs to the called party, who has no extensions to choose from. In a macro digits are not looked for as outside. Read puts what is pressed into a variable.",
        plan!(
            "[a]\nexten => 1,1,Dial(SIP/1,20,U(ask))\nexten => 2,1,NoOp()\n[ask]\nexten => s,1,Background(press-1)\nsame => n,WaitExten(5)\nsame => n,Return()\nexten => 1,1,Return()\n"
        ),
        plan!(
            "[a]\nexten => 1,1,Dial(SIP/1,20,U(ask))\n[ask]\nexten => s,1,Read(KEY,press-1,1)\nsame => n,Return()\n"
        ),
    ),
    analysis(
        "F321",
        F,
        Error,
        "macros too deep in each other",
        "A macro may be run inside a macro, seven deep. One that calls itself reaches that depth if nothing stops it before.",
        &[
            (
                "extensions.conf",
                "[a]\nexten => 1,1,Macro(again)\n[macro-again]\nexten => s,1,Macro(again)\n",
            ),
            ("strowger.toml", "[dialplan]\nasterisk_version = 13\n"),
        ],
        &[
            (
                "extensions.conf",
                "[a]\nexten => 1,1,Macro(once)\n[macro-once]\nexten => s,1,NoOp()\n",
            ),
            ("strowger.toml", "[dialplan]\nasterisk_version = 13\n"),
        ],
    ),
    analysis(
        "F329",
        F,
        Error,
        "a jump that comes back to itself",
        "The extension that the jump names does not exist, but the pattern that holds the jump matches its name, so the call begins there again, and again.",
        plan!("[a]\nexten => _.,1,NoOp()\nsame => n,Goto(general,1)\n"),
        plan!(
            "[a]\nexten => _.,1,NoOp()\nsame => n,Goto(general,1)\nexten => general,1,Hangup()\n"
        ),
    ),
    analysis(
        "X818",
        "security",
        Error,
        "a call that makes calls without end",
        "A Local channel runs the plan like a caller. If that way leads to the same Dial whatever happens, each call makes another one until the server fails; one call from outside is enough.",
        plan!("[a]\nexten => _X.,1,NoOp()\nsame => n,Dial(Local/${EXTEN}@a)\n"),
        plan!(
            "[a]\nexten => _X.,1,NoOp()\nsame => n,Dial(Local/${EXTEN}@b)\n[b]\nexten => _X.,1,Dial(SIP/${EXTEN})\n"
        ),
    ),
    analysis(
        "F306",
        F,
        Warn,
        "a branch that runs on into the next one",
        "A label is a place to jump to; it does not stop a call that comes from the line above. Each branch needs its own end: Goto, Hangup or Return.",
        plan!(
            "[a]\nexten => 1,1,GotoIf($[${X} = 1]?one)\nsame => n,GotoIf($[${X} = 2]?two)\nsame => n,GotoIf($[${X} = 3]?three)\nsame => n,GotoIf($[${X} = 4]?four)\nsame => n,Hangup()\nsame => n(one),Playback(one)\nsame => n,Hangup()\nsame => n(two),Playback(two)\nsame => n(three),Playback(three)\nsame => n,Hangup()\nsame => n(four),Playback(four)\nsame => n,Hangup()\n"
        ),
        plan!(
            "[a]\nexten => 1,1,GotoIf($[${X} = 1]?one)\nsame => n,GotoIf($[${X} = 2]?two)\nsame => n,GotoIf($[${X} = 3]?three)\nsame => n,GotoIf($[${X} = 4]?four)\nsame => n,Hangup()\nsame => n(one),Playback(one)\nsame => n,Hangup()\nsame => n(two),Playback(two)\nsame => n,Hangup()\nsame => n(three),Playback(three)\nsame => n,Hangup()\nsame => n(four),Playback(four)\nsame => n,Hangup()\n"
        ),
    ),
    analysis(
        "F307",
        F,
        Error,
        "a menu without choices",
        "WaitExten looks for what is dialled among the extensions of the context in which the call is, and its includes. If none of them can be dialled, every digit is a wrong one.",
        plan!(
            "[a]\nexten => s,1,Background(press-1)\nsame => n,WaitExten(5)\nexten => t,1,Hangup()\n"
        ),
        plan!(
            "[a]\nexten => s,1,Background(press-1)\nsame => n,WaitExten(5)\nexten => 1,1,Hangup()\nexten => t,1,Hangup()\n"
        ),
    ),
    analysis(
        "F308",
        F,
        Note,
        "a menu without `i` or `t`",
        "A wrong digit goes to the extension `i`, no digit in time to `t` if the wait has no next step. Without them the call is hung up, and the caller does not know why.",
        plan!(
            "[a]\nexten => s,1,Background(press-1)\nsame => n,WaitExten(5)\nexten => 1,1,Hangup()\n"
        ),
        plan!(
            "[a]\nexten => s,1,Background(press-1)\nsame => n,WaitExten(5)\nexten => 1,1,Hangup()\nexten => i,1,Goto(s,1)\nexten => t,1,Goto(s,1)\n"
        ),
    ),
    analysis(
        "F309",
        F,
        Note,
        "a choice that waits for more digits",
        "When `1` and `1XX` can both be dialled, a caller who presses 1 waits until the digit time-out is over, five seconds unless `TIMEOUT(digit)` says otherwise.",
        plan!(
            "[a]\nexten => s,1,Background(press-1)\nsame => n,WaitExten(5)\nexten => 1,1,Hangup()\nexten => _1XX,1,Hangup()\nexten => i,1,Goto(s,1)\nexten => t,1,Goto(s,1)\n"
        ),
        plan!(
            "[a]\nexten => s,1,Background(press-1)\nsame => n,WaitExten(5)\nexten => 1,1,Hangup()\nexten => _2XX,1,Hangup()\nexten => i,1,Goto(s,1)\nexten => t,1,Goto(s,1)\n"
        ),
    ),
    analysis(
        "F311",
        F,
        Warn,
        "both branches lead to the same place",
        "The call goes on at the same step whether the condition holds or not. Mostly one of the two labels is wrong.",
        plan!("[a]\nexten => 1,1,GotoIf($[${X} = 1]?here:here)\nsame => n(here),NoOp()\n"),
        plan!(
            "[a]\nexten => 1,1,GotoIf($[${X} = 1]?here)\nsame => n,NoOp()\nsame => n(here),NoOp()\n"
        ),
    ),
    analysis(
        "F313",
        F,
        Note,
        "sound before the call is answered",
        "Music, Say and Echo do not answer a call, and on an unanswered one most callers hear nothing. Answer first, or use Progress for sound before the answer. Playback, Background and Read answer by themselves.",
        plan!("[a]\nexten => 1,1,SayDigits(123)\n"),
        plan!("[a]\nexten => 1,1,Answer()\nsame => n,SayDigits(123)\n"),
    ),
    analysis(
        "F314",
        F,
        Warn,
        "Dial without a time-out before a mailbox",
        "Without a second argument Dial rings until the caller gives up. The mailbox behind it is reached only when the phone is busy or switched off.",
        plan!("[a]\nexten => 1,1,Dial(SIP/1)\nsame => n,VoiceMail(1@default,u)\n"),
        plan!("[a]\nexten => 1,1,Dial(SIP/1,20)\nsame => n,VoiceMail(1@default,u)\n"),
    ),
    analysis(
        "F315",
        F,
        Warn,
        "a step that only failed calls reach",
        "After an answered call Dial does not go on to the next step unless it has the option `g`. What has to be done at the end of each call belongs into the extension `h`.",
        plan!(
            "[a]\nexten => 1,1,MixMonitor(x.wav)\nsame => n,Dial(SIP/1,20)\nsame => n,StopMixMonitor()\n"
        ),
        plan!(
            "[a]\nexten => 1,1,MixMonitor(x.wav)\nsame => n,Dial(SIP/1,20,g)\nsame => n,StopMixMonitor()\n"
        ),
    ),
    analysis(
        "F318",
        F,
        Warn,
        "a pattern that takes `i`, `t` or `h` too",
        "Asterisk looks for the extensions `i`, `t` and `h` as it looks for a number. A pattern of letters or with `!` matches them too, and its steps then run at a wrong digit, a time-out or each hang-up.",
        plan!("[a]\nexten => _[a-z],1,NoOp()\n"),
        plan!("[a]\nexten => _[a-z]X,1,NoOp()\n"),
    ),
    analysis(
        "F325",
        F,
        Warn,
        "an include that adds nothing",
        "The extensions of a context itself come before those of its includes, and an earlier include before a later one, however special they are. Here everything in the included context is matched by something before it.",
        plan!("[a]\nexten => _X.,1,NoOp()\ninclude => b\n[b]\nexten => 100,1,NoOp()\n"),
        plan!("[a]\nexten => _XX,1,NoOp()\ninclude => b\n[b]\nexten => 100,1,NoOp()\n"),
    ),
    analysis(
        "F326",
        F,
        Error,
        "a loop or branch without its beginning or end",
        "While looks for its EndWhile in the steps that follow it in the same extension, and EndWhile goes back to a While that has begun. If one of them is missing, the call is hung up.",
        plan!("[a]\nexten => 1,1,While($[${X} < 3])\nsame => n,NoOp()\n"),
        plan!("[a]\nexten => 1,1,While($[${X} < 3])\nsame => n,NoOp()\nsame => n,EndWhile()\n"),
    ),
    analysis(
        "F328",
        F,
        Note,
        "a `t` that is never used",
        "When nothing is pressed in time, the call goes on with the next priority if there is one, and only otherwise to `t`.",
        plan!(
            "[a]\nexten => s,1,Background(press-1)\nsame => n,WaitExten(5)\nsame => n,Hangup()\nexten => 1,1,Hangup()\nexten => i,1,Goto(s,1)\nexten => t,1,Playback(goodbye)\n"
        ),
        plan!(
            "[a]\nexten => s,1,Background(press-1)\nsame => n,WaitExten(5)\nexten => 1,1,Hangup()\nexten => i,1,Goto(s,1)\nexten => t,1,Playback(goodbye)\n"
        ),
    ),
    analysis(
        "F322",
        F,
        Note,
        "a branch that ends without an end",
        "Behind the last step of an extension a call is hung up. Here all other branches of the choice go on somewhere, so the end of this one may have been forgotten.",
        plan!(
            "[a]\nexten => 1,1,GotoIf($[${X} = 1]?one)\nsame => n,GotoIf($[${X} = 2]?two)\nsame => n,GotoIf($[${X} = 3]?three)\nsame => n,Goto(2,1)\nsame => n(one),Playback(one)\nsame => n,Goto(2,1)\nsame => n(two),Playback(two)\nsame => n,Goto(2,1)\nsame => n(three),Playback(three)\nexten => 2,1,Hangup()\n"
        ),
        plan!(
            "[a]\nexten => 1,1,GotoIf($[${X} = 1]?one)\nsame => n,GotoIf($[${X} = 2]?two)\nsame => n,GotoIf($[${X} = 3]?three)\nsame => n,Goto(2,1)\nsame => n(one),Playback(one)\nsame => n,Goto(2,1)\nsame => n(two),Playback(two)\nsame => n,Goto(2,1)\nsame => n(three),Playback(three)\nsame => n,Goto(2,1)\nexten => 2,1,Hangup()\n"
        ),
    ),
];
