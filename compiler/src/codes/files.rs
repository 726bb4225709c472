//! Families `files` (C) and what belongs to the device files of `security` (X) and `migration` (M).

use super::{Code, check};
use crate::diagnostic::Level::{Error, Note, Warn};

const C: &str = "files";
const PLAN: (&str, &str) = (
    "extensions.conf",
    "[default]\nexten => _1XXX,1,Dial(SIP/1001)\n",
);
const PJPLAN: (&str, &str) = (
    "extensions.conf",
    "[default]\nexten => _1XXX,1,Dial(PJSIP/1001)\n",
);
const PHONE: &str = "[1001]\ntype=friend\nhost=dynamic\nsecret=5f8Kz2qL\ncontext=default\n";

pub(super) static CODES: &[Code] = &[
    check(
        "C001",
        C,
        Error,
        "a device calls into a context that does not exist",
        "Calls and messages of the device are looked up in its context. Where there is none, every call is refused with 404.",
        &[PLAN, ("sip.conf", "[general]\ncontext=public\n")],
        &[PLAN, ("sip.conf", "[general]\ncontext=default\n")],
    ),
    check(
        "C002",
        C,
        Error,
        "a device is dialled that does not exist",
        "The name behind the technology is no section of the device file. chan_sip then asks the DNS for a host of that name; chan_pjsip fails at once. Either way DIALSTATUS is CHANUNAVAIL. In `.dial` every device that is named by a text is looked for, wherever it stands: `const desk = pjsip(\"61\")`, a `test`.",
        &[
            (
                "extensions.conf",
                "[default]\nexten => 1,1,Dial(SIP/1002)\n",
            ),
            ("sip.conf", PHONE),
        ],
        &[PLAN, ("sip.conf", PHONE)],
    ),
    check(
        "C006",
        C,
        Warn,
        "a hint watches a device that does not exist",
        "The state of such a hint is never known, so lamps stay dark.",
        &[
            (
                "extensions.conf",
                "[default]\nexten => 1,1,NoOp()\nexten => 1,hint,SIP/1002\n",
            ),
            ("sip.conf", PHONE),
        ],
        &[
            (
                "extensions.conf",
                "[default]\nexten => 1,1,NoOp()\nexten => 1,hint,SIP/1001\n",
            ),
            ("sip.conf", PHONE),
        ],
    ),
    check(
        "C007",
        C,
        Error,
        "a technology without its file",
        "`SIP/` dials devices of sip.conf and users.conf, `PJSIP/` those of pjsip.conf. Without the file nothing can be dialled so.",
        &[PJPLAN, ("sip.conf", PHONE)],
        &[PLAN, ("sip.conf", PHONE)],
    ),
    check(
        "C008",
        C,
        Error,
        "a section of pjsip.conf names one that does not exist",
        "`aors`, `auth`, `outbound_auth`, `transport` and `endpoint` name other sections, each of its own type. Several sections may share a name.",
        &[
            PJPLAN,
            (
                "pjsip.conf",
                "[1001]\ntype=endpoint\naors=1001\nauth=1001\n[1001]\ntype=auth\nusername=1001\npassword=x8Hq2\n",
            ),
        ],
        &[
            PJPLAN,
            (
                "pjsip.conf",
                "[1001]\ntype=endpoint\naors=1001\nauth=1001\n[1001]\ntype=auth\nusername=1001\npassword=x8Hq2\n[1001]\ntype=aor\nmax_contacts=1\n",
            ),
        ],
    ),
    check(
        "C014",
        C,
        Warn,
        "an option that belongs to [general]",
        "chan_sip reads this option in [general] only and ignores it in the section of a device.",
        &[
            PLAN,
            (
                "sip.conf",
                "[1001]\ntype=friend\nhost=dynamic\nsecret=5f8Kz2qL\naccept_outofcall_message=yes\n",
            ),
        ],
        &[
            PLAN,
            (
                "sip.conf",
                "[general]\naccept_outofcall_message=yes\n[1001]\ntype=friend\nhost=dynamic\nsecret=5f8Kz2qL\n",
            ),
        ],
    ),
    check(
        "C016",
        C,
        Warn,
        "the user name of another device",
        "The auth section is named after one endpoint and holds the number of another; a phone that sends its own number is refused, and one that sends the other number passes.",
        &[
            PJPLAN,
            (
                "pjsip.conf",
                "[1001]\ntype=endpoint\naors=1001\nauth=1001_auth\n[1001_auth]\ntype=auth\nusername=3001\npassword=x8Hq2\n[1001]\ntype=aor\nmax_contacts=1\n",
            ),
        ],
        &[
            PJPLAN,
            (
                "pjsip.conf",
                "[1001]\ntype=endpoint\naors=1001\nauth=1001_auth\n[1001_auth]\ntype=auth\nusername=1001\npassword=x8Hq2\n[1001]\ntype=aor\nmax_contacts=1\n",
            ),
        ],
    ),
    check(
        "C018",
        C,
        Note,
        "few ports for sound",
        "Each leg of a call takes an even port for sound and the next for reports, and a relayed call has two legs. When the ports are used up, further calls are refused.",
        &[
            PLAN,
            ("rtp.conf", "[general]\nrtpstart=16384\nrtpend=16394\n"),
        ],
        &[
            PLAN,
            ("rtp.conf", "[general]\nrtpstart=10000\nrtpend=20000\n"),
        ],
    ),
    check(
        "X817",
        "security",
        Warn,
        "a door that is easy to open",
        "A secret that equals the name is the first that scanners try; `insecure=very` asks for none; `allowguest=yes` lets strangers into the context of [general]. Toll fraud begins here.",
        &[
            PLAN,
            (
                "sip.conf",
                "[1001]\ntype=friend\nhost=dynamic\nsecret=1001\n",
            ),
        ],
        &[PLAN, ("sip.conf", PHONE)],
    ),
    check(
        "X819",
        "security",
        Warn,
        "a device that is asked for nothing",
        "Without `secret` in sip.conf, or without `auth` in an endpoint of pjsip.conf, requests in the name of the device are not challenged: anybody may register and call as it. `outbound_auth` is no `auth`: it answers challenges of the far end.",
        &[
            PJPLAN,
            (
                "pjsip.conf",
                "[1001]\ntype=endpoint\naors=1001\noutbound_auth=1001\n[1001]\ntype=auth\nusername=1001\npassword=x8Hq2\n[1001]\ntype=aor\nmax_contacts=1\n",
            ),
        ],
        &[
            PJPLAN,
            (
                "pjsip.conf",
                "[1001]\ntype=endpoint\naors=1001\nauth=1001\n[1001]\ntype=auth\nusername=1001\npassword=x8Hq2\n[1001]\ntype=aor\nmax_contacts=1\n",
            ),
        ],
    ),
    check(
        "M918",
        "migration",
        Note,
        "users.conf",
        "users.conf is deprecated since Asterisk 21 and no longer read by 23. It is honoured here.",
        &[
            PLAN,
            ("users.conf", "[1001]\nhost=dynamic\nsecret=5f8Kz2qL\n"),
        ],
        &[PLAN, ("sip.conf", PHONE)],
    ),
];
