//! Where callers' texts come into a plan, and what they may hold.

use crate::pattern::ByteSet;

/// Where a text comes from.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Source {
    /// What was dialled.
    Dialled,
    /// Keys that the caller presses.
    Keys,
    /// The caller's number.
    Number,
    /// The caller's name.
    Name,
    /// A header, or another part of the request.
    Header,
    /// The text or the parties of a message.
    Message,
    /// The name that a fax machine gives.
    Fax,
}

impl Source {
    /// In a sentence.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Source::Dialled => "what a caller dials",
            Source::Keys => "what a caller presses",
            Source::Number => "the caller's number",
            Source::Name => "the caller's name",
            Source::Header => "a header of the call",
            Source::Message => "a received message",
            Source::Fax => "the name of a fax machine",
        }
    }

    /// Who chooses it, and how freely.
    pub(crate) fn freedom(self) -> &'static str {
        match self {
            Source::Dialled => "a SIP phone may dial any characters",
            Source::Keys => "the caller presses these keys",
            Source::Number => "a SIP caller may send any characters as number",
            Source::Name => "callers give themselves any name",
            Source::Header => "the far end writes what it likes",
            Source::Message => "the sender writes what they like",
            Source::Fax => "the far end gives itself any name",
        }
    }

    /// The bytes that it may hold.
    pub(crate) fn bytes(self) -> ByteSet {
        match self {
            Source::Keys => keys(),
            _ => any(),
        }
    }
}

/// Every byte but the controls.
pub(super) fn any() -> ByteSet {
    ByteSet::range(32, 255)
}

/// What telephone keys send.
fn keys() -> ByteSet {
    let mut set = ByteSet::range(b'0', b'9').or(ByteSet::range(b'A', b'D'));
    set.insert(b'*');
    set.insert(b'#');
    set
}

/// Variables that a caller fills. Functions are kept by names such as `CALLERID(num)`.
pub(super) fn of_variable(name: &[u8]) -> Option<Source> {
    Some(match name {
        b"CALLERID(num)" | b"CALLERID(ani)" | b"CALLERIDNUM" | b"CALLERANI" | b"CDR(src)"
        | b"CALLERID(rdnis)" | b"RDNIS" => Source::Number,
        b"CALLERID(name)" | b"CALLERID(all)" | b"CALLERIDNAME" | b"CALLERID" | b"CDR(clid)" => {
            Source::Name
        }
        b"CALLERID(dnid)" | b"DNID" | b"CDR(dst)" => Source::Dialled,
        b"SIP_HEADER" | b"PJSIP_HEADER" | b"SIPCHANINFO" | b"CHANNEL(uri)" | b"REDIRECTING"
        | b"SIPDOMAIN" | b"SIPURI" | b"SIPUSERAGENT" | b"SIPREFERREDBYHDR" => Source::Header,
        b"MESSAGE" | b"MESSAGE_DATA" | b"SMS" | b"SMS_BASE64" | b"USSD" | b"USSD_BASE64"
        | b"CMGR" => Source::Message,
        b"FAXOPT(remotestationid)" | b"REMOTESTATIONID" => Source::Fax,
        _ => return None,
    })
}

/// Whether a variable is one of those that the exchange filled before 1.6 (DL-188).
pub(super) fn is_old(name: &[u8]) -> bool {
    matches!(
        name,
        b"CALLERIDNUM" | b"CALLERIDNAME" | b"CALLERID" | b"CALLERANI" | b"DNID" | b"RDNIS"
    )
}

/// The name under which the value of a function is kept, if a caller may have filled it or a plan may write it.
pub(super) fn of_function(name: &[u8], argument: &[u8]) -> Option<Vec<u8>> {
    let what = argument.trim_ascii().to_ascii_lowercase();
    let kept: &[u8] = match name {
        b"CALLERID" => match what.as_slice() {
            b"num" | b"number" => b"CALLERID(num)",
            b"name" => b"CALLERID(name)",
            b"all" => b"CALLERID(all)",
            w if w.starts_with(b"ani") && w != b"ani2" => b"CALLERID(ani)",
            b"rdnis" => b"CALLERID(rdnis)",
            b"dnid" => b"CALLERID(dnid)",
            _ => return None,
        },
        b"CDR" => match what.as_slice() {
            b"src" => b"CDR(src)",
            b"clid" => b"CDR(clid)",
            b"dst" => b"CDR(dst)",
            _ => return None,
        },
        b"CHANNEL" => match what.as_slice() {
            b"uri" | b"useragent" | b"from" => b"CHANNEL(uri)",
            _ => return None,
        },
        b"SIPCHANINFO" => match what.as_slice() {
            b"uri" | b"useragent" | b"from" => b"SIPCHANINFO",
            _ => return None,
        },
        b"PJSIP_HEADER" if what.starts_with(b"read") => b"PJSIP_HEADER",
        b"SIP_HEADER" => b"SIP_HEADER",
        b"REDIRECTING" if what.ends_with(b"num") || what.ends_with(b"name") => b"REDIRECTING",
        b"MESSAGE" if what != b"custom_data" => b"MESSAGE",
        b"MESSAGE_DATA" => b"MESSAGE_DATA",
        b"FAXOPT" if what == b"remotestationid" => b"FAXOPT(remotestationid)",
        _ => return None,
    };
    Some(kept.to_vec())
}
