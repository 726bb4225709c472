//! Codes of the exchange itself: what it makes of device and server files. Found when it reads them, not by [`compile`](crate::compile).

use super::{Code, Files, load};
use crate::diagnostic::Level::{Error, Note, Warn};

const C: &str = "files";

const QUIET: &str =
    "[general]\nallowguest=no\n[1001]\ntype=friend\nhost=dynamic\nsecret=5f8Kz2qL\n";
const GOOD: Files = &[("sip.conf", QUIET)];
const TRANSPORT: &str = "[t]\ntype=transport\nbind=0.0.0.0\n";

/// `sip.conf` with one line more in its device.
macro_rules! device {
    ($line:literal) => {
        &[(
            "sip.conf",
            concat!(
                "[general]\nallowguest=no\n[1001]\ntype=friend\nhost=dynamic\nsecret=5f8Kz2qL\n",
                $line,
                "\n"
            ),
        )]
    };
}

pub(super) static CODES: &[Code] = &[
    load(
        "C010",
        C,
        Warn,
        "a key that does not exist",
        "No release of Asterisk knows this key in this place. sip.conf ignores it; an object of pjsip.conf with such a key is not loaded at all. Mostly it is misspelt.",
        device!("canreinivite=no"),
        device!("canreinvite=no"),
    ),
    load(
        "C020",
        C,
        Note,
        "a key that is not served yet",
        "Asterisk acts on this key and this exchange does not. What that means stands beside it. It is said once for each file.",
        device!("qualify=yes"),
        GOOD,
    ),
    load(
        "C021",
        C,
        Warn,
        "a value that its key cannot have",
        "The value is none of those that the key knows, so its default counts; in pjsip.conf the whole object is left out.",
        device!("nat=sometimes"),
        device!("nat=force_rport,comedia"),
    ),
    load(
        "C022",
        C,
        Warn,
        "a section that is left out",
        "The section is no device, lacks what it needs, or stands in the file twice. The others count.",
        &[(
            "sip.conf",
            "[general]\nallowguest=no\n[1001]\nhost=dynamic\nsecret=5f8Kz2qL\n",
        )],
        GOOD,
    ),
    load(
        "C023",
        C,
        Warn,
        "an option of a device in [general]",
        "Only devices have this option. In [general] nobody reads it, and no device inherits it.",
        &[("sip.conf", "[general]\nallowguest=no\nsecret=5f8Kz2qL\n")],
        GOOD,
    ),
    load(
        "C024",
        C,
        Note,
        "media as it always is",
        "Audio goes through the exchange and calls carry no video, whatever this key says: phones behind routers hear each other, and keys pressed are seen.",
        device!("directmedia=yes"),
        GOOD,
    ),
    load(
        "C026",
        C,
        Warn,
        "a transport that is not served",
        "SIP is spoken over UDP and TCP. Nothing listens for TLS or WebSocket yet.",
        device!("transport=tls"),
        device!("transport=udp,tcp"),
    ),
    load(
        "C027",
        C,
        Warn,
        "a codec that is not carried",
        "Calls carry µ-law and A-law, which every phone knows. A device that may use neither can neither call nor be called.",
        device!("disallow=all\nallow=g729"),
        device!("disallow=all\nallow=alaw"),
    ),
    load(
        "C028",
        C,
        Warn,
        "nothing says what becomes of unknown callers",
        "Without `allowguest` chan_sip lets everybody who can reach the port into the context of [general]; toll fraud begins there. This exchange refuses them unless the file says `allowguest=yes`, or strowger.toml says `guests = \"asterisk\"` below `[sip]`.",
        &[(
            "sip.conf",
            "[general]\ncontext=default\n[1001]\ntype=friend\nhost=dynamic\nsecret=5f8Kz2qL\n",
        )],
        GOOD,
    ),
    load(
        "C030",
        C,
        Error,
        "strowger.toml cannot be read",
        "The file is no TOML. Half of it might be the half that keeps strangers out, so the exchange does not start.",
        &[("strowger.toml", "[sip\nguests = \"asterisk\"\n")],
        &[("strowger.toml", "[sip]\nguests = \"asterisk\"\n")],
    ),
    load(
        "C031",
        C,
        Warn,
        "a port that is opened twice",
        "Two transports name the same protocol, address and port. One socket serves both; Asterisk could not start the second one.",
        &[(
            "pjsip.conf",
            "[a]\ntype=transport\nbind=0.0.0.0\n[b]\ntype=transport\nbind=0.0.0.0\n",
        )],
        &[("pjsip.conf", TRANSPORT)],
    ),
    load(
        "C032",
        C,
        Warn,
        "a part that is not served yet and will be missed",
        "Calls that depend on this fail here, or are not what they were: the provider does not know where we are, sound is not encrypted, a proxy is not used. What happens instead stands beside it.",
        device!("callbackextension=100"),
        device!("encryption=no"),
    ),
    load(
        "X820",
        "security",
        Warn,
        "a restriction that is not in force",
        "Asterisk would keep somebody out by this and the exchange does not yet. `permit` and `deny` of a device count.",
        device!("contactdeny=0.0.0.0/0"),
        device!("deny=0.0.0.0/0\npermit=192.0.2.0/24"),
    ),
];
