//! Family `properties` (P): what must be so whatever happens outside. `strowger explore` finds them; `old.conf` is the plan that
//! P006 compares with.

use super::{Code, Files, analysis, plan};
use crate::diagnostic::Level::{Error, Warn};

const P: &str = "properties";

pub(super) static CODES: &[Code] = &[
    analysis(
        "P001",
        P,
        Error,
        "a call that may never end",
        "Somebody who is silent, or a reply that nobody thought of, keeps the call going round: it holds a line until the caller hangs up, and a caller that is a trunk or another exchange may never do that. Count the rounds, and end the call after the third.",
        plan!(
            "[default]\nexten => 100,1,Answer()\nsame => n(again),Background(menu)\nsame => n,WaitExten(5)\nexten => 1,1,Hangup()\nexten => t,1,Goto(100,again)\nexten => i,1,Goto(100,again)\n"
        ),
        plan!(
            "[default]\nexten => 100,1,Answer()\nsame => n,Background(menu)\nsame => n,WaitExten(5)\nexten => 1,1,Hangup()\nexten => t,1,Hangup()\nexten => i,1,Hangup()\n"
        ),
    ),
    analysis(
        "P002",
        P,
        Warn,
        "an outcome that nobody handles",
        "The plan asks how a Dial came out, and one of the outcomes leads nowhere: the call stops without a word to the caller. Write a step that takes what is left, as `_s-.`, or go on behind the last question. `strowger check` tells a jump by status with a missing case as R214; a comment that allows either allows both.",
        plan!(
            "[default]\nexten => 100,1,Dial(PJSIP/61,20)\nsame => n,Goto(s-${DIALSTATUS},1)\nexten => s-BUSY,1,Busy(5)\nexten => s-NOANSWER,1,Playback(vm-nobodyavail)\nsame => n,Hangup()\n"
        ),
        plan!(
            "[default]\nexten => 100,1,Dial(PJSIP/61,20)\nsame => n,Goto(s-${DIALSTATUS},1)\nexten => s-BUSY,1,Busy(5)\nexten => _s-.,1,Playback(vm-nobodyavail)\nsame => n,Hangup()\n"
        ),
    ),
    analysis(
        "P003",
        P,
        Error,
        "a guest can place paid calls",
        "From a context into which anybody may call there is a way to a line that costs money: over includes, jumps, subroutines and menus. The finding shows the way. Who is a guest and what costs money the device files tell, and `guests`, `trunks` and `trust` below [check] in strowger.toml. `strowger check` tells it as X805 or X806; `explore` adds the call that gets there, as a test.",
        GUEST,
        HOUSE,
    ),
    analysis(
        "P004",
        P,
        Warn,
        "a prompt that is missing in a language in use",
        "The plan or a device sets a language for which this prompt was never recorded: callers hear another language, or nothing. Languages are those of `CHANNEL(language)` in the plan and of the devices. The folder is the one of `--sounds`, or that of `astdatadir` in asterisk.conf if it is there. The test that comes with it names the prompt as missing: delete that line once it is recorded.",
        &[
            (
                "extensions.conf",
                "[default]\nexten => 100,1,Set(CHANNEL(language)=fr)\nsame => n,Playback(welcome)\n",
            ),
            ("sounds/en/welcome.wav", ""),
        ],
        &[
            (
                "extensions.conf",
                "[default]\nexten => 100,1,Set(CHANNEL(language)=fr)\nsame => n,Playback(welcome)\n",
            ),
            ("sounds/en/welcome.wav", ""),
            ("sounds/fr/welcome.wav", ""),
        ],
    ),
    analysis(
        "P005",
        P,
        Error,
        "something is left behind at hang-up",
        "The caller hangs up, and a channel, a leg or `h` goes on: it holds a line, runs on for ever, or calls somebody for nobody. `h` should write down what is to be written down, and end.",
        plan!(
            "[default]\nexten => 100,1,Answer()\nsame => n,Wait(10)\nsame => n,Hangup()\nexten => h,1,Verbose(1,over)\nsame => n,Goto(1)\n"
        ),
        plan!(
            "[default]\nexten => 100,1,Answer()\nsame => n,Wait(10)\nsame => n,Hangup()\nexten => h,1,Verbose(1,over)\n"
        ),
    ),
    analysis(
        "P006",
        P,
        Error,
        "another plan does something else",
        "`strowger explore NEW --against OLD` runs each call through both plans and compares what callers notice: who is dialled, what is heard and said, messages, how the call ends and how long it takes. The steps that lead there may differ. Here the old plan stands in old.conf.",
        &[
            (
                "extensions.conf",
                "[default]\nexten => 100,1,Dial(PJSIP/61,10)\n",
            ),
            ("old.conf", "[default]\nexten => 100,1,Dial(PJSIP/61,20)\n"),
        ],
        &[
            (
                "extensions.conf",
                "[default]\nexten => 100,1,Set(to=PJSIP/61)\nsame => n,Dial(${to},20)\n",
            ),
            ("old.conf", "[default]\nexten => 100,1,Dial(PJSIP/61,20)\n"),
        ],
    ),
];

const GUEST: Files = &[
    (
        "extensions.conf",
        "[public]\ninclude => phones\n[phones]\nexten => _0XXXXXXX,1,Dial(SIP/${EXTEN}@provider)\n",
    ),
    (
        "sip.conf",
        "[general]\ncontext=public\nallowguest=yes\n[provider]\ntype=peer\nhost=sip.example.com\n",
    ),
];

const HOUSE: Files = &[
    (
        "extensions.conf",
        "[public]\nexten => 100,1,Dial(SIP/1001)\n[phones]\nexten => _0XXXXXXX,1,Dial(SIP/${EXTEN}@provider)\n",
    ),
    (
        "sip.conf",
        "[general]\ncontext=public\nallowguest=yes\n[provider]\ntype=peer\nhost=sip.example.com\n",
    ),
];
