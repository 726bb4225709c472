//! Family `files` (C), further on: what the files beside the plan say about it, and about each other.

use super::{Code, analysis, check};
use crate::diagnostic::Level::{Error, Note, Warn};

const C: &str = "files";

const PLAN: (&str, &str) = (
    "extensions.conf",
    "[default]\nexten => 1001,1,Dial(SIP/1001)\n",
);
const GUARDED: (&str, &str) = (
    "sip.conf",
    "[general]\nallowguest=no\n[1001]\ntype=friend\nhost=dynamic\nsecret=5f8Kz2qLxW\n",
);

/// A plan of one line and a file beside it.
macro_rules! beside {
    ($step:literal, $name:literal, $text:literal) => {
        &[
            (
                "extensions.conf",
                concat!("[default]\nexten => 100,1,", $step, "\n"),
            ),
            ($name, $text),
        ]
    };
}

/// `sip.conf` beside a plan that dials its device.
macro_rules! sip {
    ($text:literal) => {
        &[PLAN, ("sip.conf", $text)]
    };
}

pub(super) static CODES: &[Code] = &[
    analysis(
        "C003",
        C,
        Note,
        "a device that nobody can call",
        "It registers, and no line of the plan dials it: not by its name, not by `${EXTEN}`, not as a member of a queue. Mostly its extension was forgotten. Nothing is said where a variable, a script or a switch may dial anybody.",
        &[
            PLAN,
            (
                "sip.conf",
                "[1001]\ntype=friend\nhost=dynamic\nsecret=5f8Kz2qLxW\n[1002]\ntype=friend\nhost=dynamic\nsecret=Hx72mWq9Rt\n",
            ),
        ],
        &[PLAN, GUARDED],
    ),
    analysis(
        "C004",
        C,
        Error,
        "a mailbox that does not exist",
        "voicemail.conf has no such mailbox in that context. VoiceMail gives up and sets VMSTATUS to FAILED, nobody can log in, no lamp lights. Without `@context` the context is `default`. Users of users.conf have mailboxes too.",
        beside!(
            "VoiceMail(100@sales)",
            "voicemail.conf",
            "[default]\n100 => 4711,Anna\n"
        ),
        beside!(
            "VoiceMail(100)",
            "voicemail.conf",
            "[default]\n100 => 4711,Anna\n"
        ),
    ),
    analysis(
        "C005",
        C,
        Error,
        "a queue, conference profile, music class or parking lot that does not exist",
        "The plan names a section that queues.conf, confbridge.conf, musiconhold.conf or res_parking.conf does not have. Queue gives up at once, a conference lets nobody in, the default music is played, the call is not parked.",
        beside!(
            "Queue(suport)",
            "queues.conf",
            "[support]\nstrategy=ringall\n"
        ),
        beside!(
            "Queue(support)",
            "queues.conf",
            "[support]\nstrategy=ringall\n"
        ),
    ),
    analysis(
        "C011",
        C,
        Warn,
        "a prompt that is not in the sounds folder",
        "No file of this name, with any ending and in any language, lies in the folder: callers hear nothing. The folder is the one of `--sounds`, or that of `astdatadir` in asterisk.conf if it is there.",
        &[
            (
                "extensions.conf",
                "[default]\nexten => 100,1,Playback(greting)\n",
            ),
            ("sounds/en/greeting.wav", ""),
        ],
        &[
            (
                "extensions.conf",
                "[default]\nexten => 100,1,Playback(greeting)\n",
            ),
            ("sounds/en/greeting.wav", ""),
        ],
    ),
    analysis(
        "C012",
        C,
        Warn,
        "a script that does not exist",
        "AGI finds no program of this name in the folder of scripts: AGISTATUS is NOTFOUND and the call goes on. The folder is the one of `--scripts`, or `astagidir` of asterisk.conf if it is there.",
        &[
            (
                "extensions.conf",
                "[default]\nexten => 100,1,AGI(lokup.py)\n",
            ),
            ("agi-bin/lookup.py", ""),
        ],
        &[
            (
                "extensions.conf",
                "[default]\nexten => 100,1,AGI(lookup.py)\n",
            ),
            ("agi-bin/lookup.py", ""),
        ],
    ),
    analysis(
        "C013",
        C,
        Error,
        "a function that func_odbc.conf does not make",
        "Each section of func_odbc.conf makes a function: [NAME] makes ODBC_NAME, or PREFIX_NAME with `prefix=`. There is none for this name, so nothing is read and nothing is written.",
        beside!(
            "Set(X=${ODBC_BLOKED(1)})",
            "func_odbc.conf",
            "[BLOCKED]\ndsn=a\nreadsql=SELECT 1\n"
        ),
        beside!(
            "Set(X=${ODBC_BLOCKED(1)})",
            "func_odbc.conf",
            "[BLOCKED]\ndsn=a\nreadsql=SELECT 1\n"
        ),
    ),
    analysis(
        "C033",
        C,
        Note,
        "something is not in these files",
        "A part of the plan or of the devices is included and missing, kept in a database, or written in AEL or Lua. What is named here may be there, so it is not reported as missing. Check the whole directory to know more.",
        &[
            (
                "extensions.conf",
                "[default]\nexten => 100,1,Goto(office,s,1)\n",
            ),
            ("extensions.ael", "context office { s => NoOp(); };\n"),
        ],
        &[
            (
                "extensions.conf",
                "[default]\nexten => 100,1,Goto(office,s,1)\n[office]\nexten => s,1,NoOp()\n",
            ),
            ("extensions.ael", "context office { s => NoOp(); };\n"),
        ],
    ),
    check(
        "C034",
        C,
        Warn,
        "one secret for several devices",
        "Who learns the secret of one device can register and call as every other one. A stolen phone is then a reason to visit all of them.",
        sip!(
            "[1001]\ntype=friend\nhost=dynamic\nsecret=5f8Kz2qLxW\n[1002]\ntype=friend\nhost=dynamic\nsecret=5f8Kz2qLxW\n"
        ),
        sip!(
            "[1001]\ntype=friend\nhost=dynamic\nsecret=5f8Kz2qLxW\n[1002]\ntype=friend\nhost=dynamic\nsecret=Hx72mWq9Rt\n"
        ),
    ),
    analysis(
        "C035",
        C,
        Warn,
        "strangers call into the context of phones",
        "Calls of strangers are let in (`allowguest=yes`, or an endpoint `anonymous` without `auth`), and into a context where phones with a secret call: strangers may dial whatever these may, and somebody pays for it.",
        sip!(
            "[general]\nallowguest=yes\ncontext=default\n[1001]\ntype=friend\nhost=dynamic\nsecret=5f8Kz2qLxW\n"
        ),
        &[
            (
                "extensions.conf",
                "[public]\nexten => 100,1,Hangup()\n[phones]\nexten => 1001,1,Dial(SIP/1001)\n",
            ),
            (
                "sip.conf",
                "[general]\nallowguest=yes\ncontext=public\n[1001]\ntype=friend\nhost=dynamic\ncontext=phones\nsecret=5f8Kz2qLxW\n",
            ),
        ],
    ),
    analysis(
        "C036",
        C,
        Warn,
        "options about routers that do not go together",
        "An outer address without an inner network, half of an outer address, one that lies inside, or sound sent straight to devices that are said to be behind a router: one side hears nothing, or answers do not arrive.",
        sip!("[general]\nexternaddr=198.51.100.7\nallowguest=no\n"),
        sip!(
            "[general]\nexternaddr=198.51.100.7\nlocalnet=192.168.0.0/255.255.0.0\nallowguest=no\n"
        ),
    ),
    analysis(
        "C037",
        C,
        Note,
        "a key that has another name today",
        "The key was renamed, or moved to another file. Some old names still count; they will not for ever.",
        sip!("[1001]\ntype=friend\nhost=dynamic\nsecret=5f8Kz2qLxW\ncanreinvite=no\n"),
        sip!("[1001]\ntype=friend\nhost=dynamic\nsecret=5f8Kz2qLxW\ndirectmedia=no\n"),
    ),
    analysis(
        "C038",
        C,
        Note,
        "a number that is no device is looked for in the DNS",
        "`Dial(SIP/${EXTEN})` in a pattern that matches more numbers than there are devices: for the others chan_sip asks the DNS for a host of that name, which takes seconds, and may even find one.",
        &[
            (
                "extensions.conf",
                "[default]\nexten => _1XXX,1,Dial(SIP/${EXTEN})\n",
            ),
            GUARDED,
        ],
        &[
            (
                "extensions.conf",
                "[default]\nexten => _100[1],1,Dial(SIP/${EXTEN})\n",
            ),
            GUARDED,
        ],
    ),
    analysis(
        "C039",
        C,
        Note,
        "an option that keeps the sound in the exchange",
        "A device asks for sound that goes straight to the other one, and Dial has an option for which the exchange must hear keys (`t`, `T`, `h`, `H`, `k`, `K`, `w`, `W`, `x`, `X`): all sound stays here. One of the two is not needed.",
        &[
            (
                "extensions.conf",
                "[default]\nexten => 1001,1,Dial(SIP/1001,20,t)\n",
            ),
            (
                "sip.conf",
                "[1001]\ntype=friend\nhost=dynamic\nsecret=5f8Kz2qLxW\ndirectmedia=yes\n",
            ),
        ],
        &[
            PLAN,
            (
                "sip.conf",
                "[1001]\ntype=friend\nhost=dynamic\nsecret=5f8Kz2qLxW\ndirectmedia=yes\n",
            ),
        ],
    ),
    analysis(
        "C040",
        C,
        Warn,
        "a queue, mailbox or conference names a context that does not exist",
        "A key that the caller presses, or what follows a message, should lead into this context. The plan has none of that name, so nothing happens and the caller stays where he is.",
        beside!("Queue(sales)", "queues.conf", "[sales]\ncontext=exit\n"),
        beside!("Queue(sales)", "queues.conf", "[sales]\ncontext=default\n"),
    ),
    analysis(
        "C041",
        C,
        Warn,
        "a feature without a key",
        "DYNAMIC_FEATURES names features of [applicationmap] or groups of them, and option letters of Dial allow features whose keys stand in [featuremap]. features.conf has none, so no key does anything.",
        beside!(
            "Set(DYNAMIC_FEATURES=record)",
            "features.conf",
            "[applicationmap]\nopen => *9,self,Playback,beep\n"
        ),
        beside!(
            "Set(DYNAMIC_FEATURES=open)",
            "features.conf",
            "[applicationmap]\nopen => *9,self,Playback,beep\n"
        ),
    ),
    analysis(
        "C042",
        C,
        Warn,
        "a feature without an application",
        "A line of [applicationmap] has keys, who may press them, and an application. Without the last one it is left out, and the key does nothing.",
        beside!(
            "NoOp()",
            "features.conf",
            "[applicationmap]\nban => *9,peer\n"
        ),
        beside!(
            "NoOp()",
            "features.conf",
            "[applicationmap]\nban => *9,peer,Gosub,\"ban,s,1\"\n"
        ),
    ),
];
