//! Family `migration` (M): what leans on a part of Asterisk that is gone or deprecated.

use super::{Code, analysis, check, plan};
use crate::diagnostic::Level::{Error, Note, Warn};

const M: &str = "migration";

pub(super) static CODES: &[Code] = &[
    analysis(
        "M903",
        M,
        Note,
        "chan_sip",
        "`SIP/` is dialled by chan_sip, which is deprecated since Asterisk 17 and gone since 21. This exchange serves it from sip.conf; on an Asterisk of today devices stand in pjsip.conf and are dialled by `PJSIP/`. `PJSIP/100` rings one phone of an account, `${PJSIP_DIAL_CONTACTS(100)}` all of them.",
        plan!("[a]\nexten => 1,1,Dial(SIP/100)\n"),
        plan!("[a]\nexten => 1,1,Dial(PJSIP/100)\n"),
    ),
    check(
        "M904",
        M,
        Error,
        "headers of chan_sip",
        "SIPAddHeader, SIP_HEADER and SIPPEER went with chan_sip in Asterisk 21. Headers that come in are read by `PJSIP_HEADER(read,Name)`. One that goes out is added on the new channel: in a subroutine that Dial runs by its option `b`.",
        plan!("[a]\nexten => 1,1,Set(X=${SIP_HEADER(To)})\n"),
        plan!("[a]\nexten => 1,1,Set(X=${PJSIP_HEADER(read,To)})\n"),
    ),
    check(
        "M905",
        M,
        Warn,
        "Zap, which is called DAHDI",
        "Zaptel was renamed in Asterisk 1.6: channels are `DAHDI/`, applications begin with DAHDI, and barging in is done by ChanSpy.",
        plan!("[a]\nexten => 1,1,Dial(Zap/1/100)\n"),
        plan!("[a]\nexten => 1,1,Dial(DAHDI/1/100)\n"),
    ),
    check(
        "M907",
        M,
        Warn,
        "MeetMe, which ConfBridge replaces",
        "MeetMe needs the timers of DAHDI and is deprecated since Asterisk 19. `ConfBridge(number)` does the same; the options are profiles of confbridge.conf now, or values of CONFBRIDGE(). Not all of them have a counterpart.",
        plan!("[a]\nexten => 1,1,MeetMe(100)\n"),
        plan!("[a]\nexten => 1,1,ConfBridge(100)\n"),
    ),
    check(
        "M909",
        M,
        Error,
        "`|` between arguments",
        "Until Asterisk 1.4 `|` separated arguments. Since 1.6 it is plain text: the application gets one argument, and mostly finds no file, context or queue of that name. Times (`9:00-17:00|mon-fri|*|*`) still take it.",
        plan!("[a]\nexten => 1,1,Playback(hello|noanswer)\n"),
        plan!("[a]\nexten => 1,1,Playback(hello,noanswer)\n"),
    ),
    analysis(
        "M916",
        M,
        Note,
        "a key of sip.conf without a counterpart",
        "Such a key has nothing of its kind in pjsip.conf: the converter of Asterisk leaves it as a comment. What it did has to be said otherwise, or is lost.",
        &[
            ("extensions.conf", "[default]\nexten => 1,1,Hangup()\n"),
            ("sip.conf", "[general]\nallowguest=no\n"),
        ],
        &[
            ("extensions.conf", "[default]\nexten => 1,1,Hangup()\n"),
            ("sip.conf", "[general]\ncontext=default\n"),
        ],
    ),
    check(
        "M917",
        M,
        Note,
        "a function that no Asterisk has",
        "This exchange has a function of its own: ARGUMENT, which `.dial` uses where a text that anybody may have written becomes one argument among others. A plan that is to run on an Asterisk, too, does without it; `strowger emit --conf` writes a subroutine in its place.",
        plan!(
            "[a]\nexten => 1,1,MessageSend(pjsip:100,${ARGUMENT(MESSAGE(from))})\n same => n,Hangup()\n"
        ),
        plan!("[a]\nexten => 1,1,MessageSend(pjsip:100,${MESSAGE(from)})\n same => n,Hangup()\n"),
    ),
];
