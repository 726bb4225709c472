//! Family `security` (X), as far as it is found in the plan.

use super::{Code, Files, check, plan};
use crate::diagnostic::Level::{Error, Warn};

const X: &str = "security";

/// A provider that knows us, and a phone, with a plan.
macro_rules! house {
    ($general:literal, $from_provider:literal, $plan:literal) => {
        &[
            ("extensions.conf", $plan),
            (
                "sip.conf",
                concat!(
                    "[general]\n",
                    $general,
                    "\n[provider]\ntype=peer\nhost=sip.example.com\nfromuser=4930123\ncontext=",
                    $from_provider,
                    "\n[1001]\ntype=friend\nhost=dynamic\nsecret=5f8Kz2qL\ncontext=phones\n"
                ),
            ),
        ]
    };
}

const APART: Files = house!(
    "allowguest=no",
    "public",
    "[public]\nexten => 4930123,1,Dial(SIP/1001)\n[phones]\ninclude => public\nexten => _0XXXXXXX,1,Dial(SIP/${EXTEN}@provider)\n"
);

pub(super) static CODES: &[Code] = &[
    check(
        "X801",
        X,
        Error,
        "a caller can add to a dial string",
        "A pattern that ends in `.` or `!` takes any characters, and a SIP phone can dial any: also `100&SIP/provider/0088213...`. Dial reads `&` as a further destination, `/` and `@` as the beginning of a host, `,` as its next argument. Let only digits through: `${FILTER(0-9,${EXTEN})}`; or match numbers of a fixed length. The same counts for the caller's number, headers and messages.",
        plan!("[phones]\nexten => _9.,1,Dial(SIP/${EXTEN:1}@provider)\n"),
        plan!(
            "[phones]\nexten => _9.,1,Dial(SIP/${FILTER(0-9,${EXTEN:1})}@provider)\nexten => _1XXX,1,Dial(SIP/${EXTEN})\n"
        ),
    ),
    check(
        "X802",
        X,
        Error,
        "a caller's text in a shell command",
        "System() and SHELL() hand their text to a shell, which runs what stands in `$(...)` or behind `;`. The caller's name and number, headers and messages are written by the caller. QUOTE() puts double quotes around a text, and a shell looks for `$(...)` inside of them too. Let only harmless characters through: `${FILTER(0-9A-Za-z,${CALLERID(name)})}`, or use an AGI, which gets its arguments without a shell.",
        plan!("[a]\nexten => s,1,System(echo ${CALLERID(name)} >> /var/log/calls)\n"),
        plan!(
            "[a]\nexten => s,1,System(echo ${FILTER(0-9A-Za-z,${CALLERID(name)})} >> /var/log/calls)\n"
        ),
    ),
    check(
        "X803",
        X,
        Error,
        "a caller's text in a query, a web address or a file name",
        "In SQL a quote ends the value, in an address `&` begins the next one, in a file name `../` leads elsewhere. Write `${SQL_ESC(...)}` inside of single quotes, `${URIENCODE(...)}` in addresses, and name files by `${UNIQUEID}`.",
        plan!("[a]\nexten => s,1,Set(x=${CURL(http://localhost/who?name=${CALLERID(name)})})\n"),
        plan!(
            "[a]\nexten => s,1,Set(x=${CURL(http://localhost/who?name=${URIENCODE(${CALLERID(name)})})})\n"
        ),
    ),
    check(
        "X804",
        X,
        Error,
        "a dial tone without a password",
        "DISA gives the caller a dial tone and looks up what is dialled as if it came from a phone of the house. With `no-password` everybody who reaches it gets one.",
        plan!("[a]\nexten => 1,1,DISA(no-password,phones)\n[phones]\nexten => _1XX,1,NoOp()\n"),
        plan!(
            "[a]\nexten => 1,1,Authenticate(/etc/asterisk/pins,m)\nsame => n,DISA(no-password,phones)\n[phones]\nexten => _1XX,1,NoOp()\n"
        ),
    ),
    check(
        "X805",
        X,
        Error,
        "strangers reach a paid line",
        "Callers whom the exchange does not know are looked up in the context of [general] (chan_sip, unless `allowguest=no`), of the endpoint `anonymous` (chan_pjsip), or of an IAX user without a secret. If that context leads to a provider, directly or over includes and jumps, anybody on the net can place calls at your expense; scanners find such exchanges within hours.",
        house!(
            "context=phones",
            "public",
            "[public]\nexten => 4930123,1,Dial(SIP/1001)\n[phones]\nexten => _0XXXXXXX,1,Dial(SIP/${EXTEN}@provider)\n"
        ),
        APART,
    ),
    check(
        "X806",
        X,
        Error,
        "a provider's calls go out again",
        "Calls that a provider brings are looked up in a context from which numbers outside can be dialled: mostly it includes that of the phones. People outside then call on at your expense, by a menu or by what the provider lets through.",
        house!(
            "allowguest=no",
            "phones",
            "[phones]\nexten => _0XXXXXXX,1,Dial(SIP/${EXTEN}@provider)\n"
        ),
        APART,
    ),
    check(
        "X807",
        X,
        Warn,
        "a PIN in the plan",
        "One PIN for all cannot be taken from one person, and the file, its backups, `dialplan show` and the log all show it.",
        plan!("[a]\nexten => 1,1,Authenticate(4711)\n"),
        plan!("[a]\nexten => 1,1,Authenticate(/etc/asterisk/pins,m)\n"),
    ),
    check(
        "X808",
        X,
        Error,
        "voicemail opened by the caller's number",
        "With the option `s` VoiceMailMain asks for no password, and the mailbox is that of the caller's number, which a caller can choose. Anybody hears the messages of others, and may turn their greeting into a trap for paid calls.",
        plan!("[a]\nexten => *97,1,VoiceMailMain(${CALLERID(num)}@default,s)\n"),
        plan!("[a]\nexten => *97,1,VoiceMailMain(${CALLERID(num)}@default)\n"),
    ),
    check(
        "X809",
        X,
        Error,
        "the caller's number as a proof",
        "The caller's number is a claim, not a proof: SIP callers write it themselves, and networks pass on what they are given. Ask for a PIN, or let the device decide by its context.",
        plan!(
            "[a]\nexten => 1,1,ExecIf($[\"${CALLERID(num)}\" = \"4930123\"]?DISA(1234,phones))\n[phones]\nexten => _1XX,1,NoOp()\n"
        ),
        plan!(
            "[a]\nexten => 1,1,ExecIf($[\"${DIALSTATUS}\" = \"BUSY\"]?DISA(1234,phones))\n[phones]\nexten => _1XX,1,NoOp()\n"
        ),
    ),
    check(
        "X810",
        X,
        Error,
        "listening in without a check",
        "ChanSpy lets a phone hear the calls of others, and nothing before it asks who listens. In many countries that is a crime even inside of a company.",
        plan!("[a]\nexten => 555,1,ChanSpy(all)\n"),
        plan!("[a]\nexten => 555,1,Authenticate(/etc/asterisk/pins,m)\nsame => n,ChanSpy(all)\n"),
    ),
    check(
        "X811",
        X,
        Warn,
        "people outside may transfer",
        "`t` lets the one who is called transfer the call, `T` the one who calls. Given to somebody outside, they can send your side, or themselves, to any number that the context allows, and the call goes on at your expense.",
        house!(
            "allowguest=no",
            "public",
            "[public]\nexten => 4930123,1,Dial(SIP/1001)\n[phones]\nexten => _0XXXXXXX,1,Dial(SIP/${EXTEN}@provider,60,tT)\n"
        ),
        house!(
            "allowguest=no",
            "public",
            "[public]\nexten => 4930123,1,Dial(SIP/1001,,t)\n[phones]\nexten => _0XXXXXXX,1,Dial(SIP/${EXTEN}@provider,60,T)\n"
        ),
    ),
    check(
        "X812",
        X,
        Warn,
        "all numbers abroad are open",
        "`_00.` or `_011.` lets every phone of the context call the most expensive numbers of the world. Stolen phones and broken passwords are used for just that, at night. Name the countries that are called, or ask for a PIN.",
        plan!("[phones]\nexten => _00.,1,Dial(DAHDI/g0/${FILTER(0-9,${EXTEN})})\n"),
        plan!("[phones]\nexten => _0044.,1,Dial(DAHDI/g0/${FILTER(0-9,${EXTEN})})\n"),
    ),
    check(
        "X813",
        X,
        Warn,
        "a secret in the plan",
        "Plans are copied, mailed and put into repositories, and `dialplan show` prints them. A password or key in one is soon known to others.",
        plan!("[globals]\nAMPDBPASS=x8Hq2zz9\n[a]\nexten => 1,1,NoOp()\n"),
        plan!("[globals]\nAMPDBPASS=${ENV(DBPASS)}\n[a]\nexten => 1,1,NoOp()\n"),
    ),
    check(
        "X814",
        X,
        Error,
        "a call file written from a caller's text",
        "The shell that writes the file runs what stands in `$(...)`, and a line break in the text adds lines to the call file: other channels, other contexts. Originate() places a call without either.",
        plan!(
            "[a]\nexten => s,1,System(echo \"Channel: SIP/${CALLERID(num)}\" > /var/spool/asterisk/outgoing/x.call)\n"
        ),
        plan!("[a]\nexten => s,1,Originate(SIP/100,exten,a,s,1)\n"),
    ),
    check(
        "X816",
        X,
        Error,
        "a caller's text is evaluated a second time",
        "What `${...}` gives is not looked through again, so a caller's text is only text. EVAL() and Exec() do look through it again: then `${SHELL(...)}` in a message is carried out.",
        plan!("[messages]\nexten => _X.,1,Set(x=${EVAL(${MESSAGE(body)})})\n"),
        plan!("[messages]\nexten => _X.,1,Set(x=${MESSAGE(body)})\n"),
    ),
    check(
        "X821",
        X,
        Error,
        "something that strowger.toml denies",
        "`denied = [\"unchecked\", \"shell\"]` below [check] says what the plan must not have: doors through which no check sees (app, asterisk, dynamic, unchecked, channel-write, channel-read, import-conf, computed), and what it could use (shell, file, database, network, environment, listen, originate, dial, trunk). `strowger audit` lists all of them. One place is allowed by a comment on the line before it, with the reason: `// strowger: allow X821 the number was looked up`, in lines of extensions.conf with `;`.",
        &[
            (
                "extensions.conf",
                "[a]\nexten => 1,1,System(touch /tmp/x)\nexten => 2,1,Goto(${WHERE},1)\n",
            ),
            (
                "strowger.toml",
                "[check]\ndenied = [\"shell\", \"dynamic\"]\n",
            ),
        ],
        &[
            (
                "extensions.conf",
                "[a]\n; strowger: allow X821 it takes no text of a caller\nexten => 1,1,System(touch /tmp/x)\nexten => 2,1,Playback(hello)\n",
            ),
            (
                "strowger.toml",
                "[check]\ndenied = [\"shell\", \"dynamic\"]\n",
            ),
        ],
    ),
];
