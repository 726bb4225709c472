//! Header names and the values that the exchange reads: addresses with tags, Via, CSeq, contacts.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

use super::params::Split;
use super::uri::{self, BadUri, Host, Params, Uri};

macro_rules! names {
    ($($(#[$doc:meta])* $id:ident $text:literal $($short:literal)?,)*) => {
        /// A header name that the exchange knows; compact forms are the same name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Name { $(#[doc = $text] $id,)* /// Any other name; the message keeps its text.
            Other }

        const NAMES: &[(Name, &str)] = &[$((Name::$id, $text),)*];

        impl Name {
            /// Recognises a name in any case, and its compact form.
            pub fn of(text: &[u8]) -> Name {
                if let [letter] = text {
                    return match letter.to_ascii_lowercase() { $($($short => Name::$id,)?)* _ => Name::Other };
                }
                let Some(&first) = text.first() else { return Name::Other };
                let first = first.to_ascii_lowercase();
                for &(id, name) in NAMES {
                    let name = name.as_bytes();
                    if name.len() == text.len() && name[0].to_ascii_lowercase() == first && name.eq_ignore_ascii_case(text) {
                        return id;
                    }
                }
                Name::Other
            }

            /// The long form, as written in what we send; empty for [`Name::Other`].
            pub fn text(self) -> &'static str {
                match self { $(Name::$id => $text,)* Name::Other => "" }
            }
        }
    };
}

// The order is that of the search: what every message carries comes first.
names! {
    Via "Via" b'v', From "From" b'f', To "To" b't', CallId "Call-ID" b'i', CSeq "CSeq", MaxForwards "Max-Forwards",
    Contact "Contact" b'm', ContentLength "Content-Length" b'l', ContentType "Content-Type" b'c', UserAgent "User-Agent",
    Allow "Allow", Supported "Supported" b'k', Route "Route", RecordRoute "Record-Route", Expires "Expires",
    Authorization "Authorization", ProxyAuthorization "Proxy-Authorization", WwwAuthenticate "WWW-Authenticate",
    ProxyAuthenticate "Proxy-Authenticate", Require "Require", ProxyRequire "Proxy-Require", Server "Server",
    Accept "Accept", AcceptEncoding "Accept-Encoding", AcceptLanguage "Accept-Language", AlertInfo "Alert-Info",
    AllowEvents "Allow-Events" b'u', AuthenticationInfo "Authentication-Info", CallInfo "Call-Info",
    ContentDisposition "Content-Disposition", ContentEncoding "Content-Encoding" b'e', ContentLanguage "Content-Language",
    Date "Date", Diversion "Diversion", ErrorInfo "Error-Info", Event "Event" b'o', HistoryInfo "History-Info",
    InReplyTo "In-Reply-To", MimeVersion "MIME-Version", MinExpires "Min-Expires", MinSe "Min-SE",
    Organization "Organization", PAssertedIdentity "P-Asserted-Identity", PPreferredIdentity "P-Preferred-Identity",
    Path "Path", Priority "Priority", Privacy "Privacy", RAck "RAck", RSeq "RSeq", Reason "Reason",
    ReferTo "Refer-To" b'r', ReferredBy "Referred-By" b'b', RemotePartyId "Remote-Party-ID", Replaces "Replaces",
    ReplyTo "Reply-To", RetryAfter "Retry-After", ServiceRoute "Service-Route", SessionExpires "Session-Expires" b'x',
    Subject "Subject" b's', SubscriptionState "Subscription-State", Timestamp "Timestamp", Unsupported "Unsupported",
    Warning "Warning",
}

/// A request method. Methods are compared by case, as RFC 3261 7.1 says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method<'a> {
    /// `INVITE`
    Invite,
    /// `ACK`
    Ack,
    /// `BYE`
    Bye,
    /// `CANCEL`
    Cancel,
    /// `REGISTER`
    Register,
    /// `OPTIONS`
    Options,
    /// `MESSAGE`
    Message,
    /// `INFO`
    Info,
    /// `UPDATE`
    Update,
    /// `PRACK`
    Prack,
    /// `REFER`
    Refer,
    /// `NOTIFY`
    Notify,
    /// `SUBSCRIBE`
    Subscribe,
    /// `PUBLISH`
    Publish,
    /// Any other token.
    Other(&'a [u8]),
}

impl<'a> Method<'a> {
    /// Every method with a name here.
    pub const KNOWN: [Method<'static>; 14] = [
        Method::Invite,
        Method::Ack,
        Method::Bye,
        Method::Cancel,
        Method::Register,
        Method::Options,
        Method::Message,
        Method::Info,
        Method::Update,
        Method::Prack,
        Method::Refer,
        Method::Notify,
        Method::Subscribe,
        Method::Publish,
    ];

    /// Recognises a method.
    pub fn of(text: &'a [u8]) -> Method<'a> {
        Self::KNOWN
            .into_iter()
            .find(|m| m.text() == text)
            .unwrap_or(Method::Other(text))
    }

    /// The method as sent.
    pub fn text(&self) -> &'a [u8] {
        match self {
            Method::Invite => b"INVITE",
            Method::Ack => b"ACK",
            Method::Bye => b"BYE",
            Method::Cancel => b"CANCEL",
            Method::Register => b"REGISTER",
            Method::Options => b"OPTIONS",
            Method::Message => b"MESSAGE",
            Method::Info => b"INFO",
            Method::Update => b"UPDATE",
            Method::Prack => b"PRACK",
            Method::Refer => b"REFER",
            Method::Notify => b"NOTIFY",
            Method::Subscribe => b"SUBSCRIBE",
            Method::Publish => b"PUBLISH",
            Method::Other(t) => t,
        }
    }
}

impl std::fmt::Display for Method<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&String::from_utf8_lossy(self.text()))
    }
}

/// Whether `b` may stand in a token (RFC 3261 25.1).
pub(super) fn token_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&b)
}

/// Whether `text` is a token.
pub(super) fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|&b| token_byte(b))
}

/// `"Alice" <sip:alice@example.com>;tag=1`: From, To, Contact, Route, Record-Route, Refer-To and their like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NameAddr<'a> {
    /// The whole value as written: what a response carries back, what a 200 to REGISTER returns.
    pub text: &'a [u8],
    /// The display name as written, quotes included; empty when there is none.
    pub raw_display: &'a [u8],
    /// The address as written, without `<>`.
    pub uri_text: &'a [u8],
    /// The parameters of the header, not those of the address.
    pub params: Params<'a>,
}

impl<'a> NameAddr<'a> {
    /// Reads one value. A display name outside quotes is taken as it stands, whatever its characters (RFC 4475 3.1.2.15).
    ///
    /// # Errors
    /// Quotes or angle brackets left open, no address, empty parameters, or an address with `?` or blanks that needs `<>`.
    pub fn parse(text: &'a [u8]) -> Result<NameAddr<'a>, BadUri> {
        let text = text.trim_ascii();
        let name_end = if text.first() == Some(&b'"') {
            let end =
                closing_quote(text).ok_or(BadUri("a display name whose quote is never closed"))?;
            end + 1
        } else {
            text.iter().position(|&b| b == b'<').unwrap_or(0)
        };
        let (raw_display, rest) = (
            text[..name_end].trim_ascii(),
            text[name_end..].trim_ascii_start(),
        );
        let (uri_text, params) = if let Some(inside) = rest.strip_prefix(b"<") {
            let close = inside
                .iter()
                .position(|&b| b == b'>')
                .ok_or(BadUri("an angle bracket that is never closed"))?;
            (&inside[..close], &inside[close + 1..])
        } else if name_end > 0 {
            return Err(BadUri(
                "a display name without an address in angle brackets",
            ));
        } else {
            // Without brackets every parameter belongs to the header, and `?` or `,` cannot be told apart (RFC 3261 20.10).
            let end = rest.iter().position(|&b| b == b';').unwrap_or(rest.len());
            let uri = rest[..end].trim_ascii_end();
            if uri.contains(&b'?') {
                return Err(BadUri("an address with `?` outside angle brackets"));
            }
            (uri, &rest[end..])
        };
        if raw_display.first() != Some(&b'"') && raw_display.contains(&b'"') {
            return Err(BadUri("a quote inside an unquoted display name"));
        }
        let params = Params(params.trim_ascii());
        if !params.whole() {
            return Err(BadUri("an empty or broken parameter"));
        }
        Uri::parse(uri_text)?;
        Ok(NameAddr {
            text,
            raw_display,
            uri_text,
            params,
        })
    }

    /// The display name without quotes.
    pub fn display(&self) -> Cow<'a, [u8]> {
        uri::unquote(self.raw_display)
    }

    /// The address. It was read once by [`NameAddr::parse`], so this does not fail for a value that came from there.
    ///
    /// # Errors
    /// As [`Uri::parse`], for a value put together by hand.
    pub fn uri(&self) -> Result<Uri<'a>, BadUri> {
        Uri::parse(self.uri_text)
    }

    /// The SIP address, if it is one.
    pub fn sip(&self) -> Option<uri::SipUri<'a>> {
        self.uri().ok().and_then(Uri::sip)
    }

    /// The tag of From or To.
    pub fn tag(&self) -> Option<&'a [u8]> {
        self.params.get(b"tag").and_then(|p| p.value)
    }

    /// `expires` of a Contact in seconds. A number too large counts as the largest, one that is none as absent (RFC 3261 10.3).
    pub fn expires(&self) -> Option<u32> {
        self.params.get(b"expires").and_then(|p| seconds(&p.text()))
    }

    /// `q` of a Contact in thousandths; 1000 when absent or unreadable.
    pub fn q(&self) -> u16 {
        let Some(value) = self.params.get(b"q").and_then(|p| p.value) else {
            return 1000;
        };
        let q = std::str::from_utf8(value)
            .ok()
            .and_then(|t| t.parse::<f64>().ok())
            .filter(|q| (0.0..=1.0).contains(q));
        // In range by the filter above, so the cast cannot lose anything but the fraction.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        q.map_or(1000, |q| (q * 1000.0).round() as u16)
    }
}

/// A delta-seconds value; more than `u32` holds counts as the largest.
pub(super) fn seconds(text: &[u8]) -> Option<u32> {
    let text = text.trim_ascii();
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(
        uri::number(text)
            .and_then(|n| u32::try_from(n).ok())
            .unwrap_or(u32::MAX),
    )
}

fn closing_quote(text: &[u8]) -> Option<usize> {
    let mut i = 1;
    while i < text.len() {
        match text[i] {
            b'\\' => i += 1,
            b'"' => return Some(i),
            _ => {}
        }
        i += 1;
    }
    None
}

/// The contacts of a REGISTER or a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Contacts<'a> {
    /// `Contact: *`: all that are bound.
    Star,
    /// Those named, in order; may be empty.
    List(Vec<NameAddr<'a>>),
}

/// One hop: `SIP/2.0/UDP host:port;branch=...`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Via<'a> {
    /// The value as written.
    pub text: &'a [u8],
    /// Protocol and sent-by as written: all before the first parameter.
    head: &'a [u8],
    /// `SIP`'s version, `2.0` in every message we accept.
    pub version: &'a [u8],
    /// `UDP`, `TCP`, ... as written.
    pub transport: &'a [u8],
    /// Who sent it, by its own account.
    pub host: Host<'a>,
    /// The port it named, if any.
    pub port: Option<u16>,
    /// `branch`, `rport`, `received`, ...
    pub params: Params<'a>,
}

impl<'a> Via<'a> {
    /// Reads one value.
    ///
    /// # Errors
    /// No `SIP/2.0/transport`, no readable sent-by, empty or broken parameters.
    pub fn parse(text: &'a [u8]) -> Result<Via<'a>, BadUri> {
        const BAD: BadUri = BadUri("a Via that is not `SIP/2.0/transport host`");
        let text = text.trim_ascii();
        let head_end = text.iter().position(|&b| b == b';').unwrap_or(text.len());
        let (head, params) = (text[..head_end].trim_ascii_end(), Params(&text[head_end..]));
        let mut parts = head.splitn(3, |&b| b == b'/');
        let (Some(protocol), Some(version), Some(rest)) =
            (parts.next(), parts.next(), parts.next())
        else {
            return Err(BAD);
        };
        let (version, rest) = (version.trim_ascii(), rest.trim_ascii_start());
        if !protocol.trim_ascii().eq_ignore_ascii_case(b"SIP") || version.is_empty() {
            return Err(BAD);
        }
        let blank = rest.iter().position(u8::is_ascii_whitespace).ok_or(BAD)?;
        let (transport, sent_by) = (&rest[..blank], rest[blank..].trim_ascii());
        if !is_token(transport) {
            return Err(BAD);
        }
        let (host, port) = if sent_by.iter().any(u8::is_ascii_whitespace) {
            // `host : port` is legal; anything else with a blank inside is not.
            let mut halves = sent_by.rsplitn(2, |&b| b == b':');
            let (Some(port), Some(host)) = (halves.next(), halves.next()) else {
                return Err(BAD);
            };
            let port = uri::number(port.trim_ascii())
                .and_then(|n| u16::try_from(n).ok())
                .ok_or(BAD)?;
            (Host::parse(host.trim_ascii())?, Some(port))
        } else {
            uri::host_port(sent_by)?
        };
        if !params.whole() {
            return Err(BadUri("an empty or broken parameter in Via"));
        }
        Ok(Via {
            text,
            head,
            version,
            transport,
            host,
            port,
            params,
        })
    }

    /// The branch as written.
    pub fn branch(&self) -> Option<&'a [u8]> {
        self.params.get(b"branch").and_then(|p| p.value)
    }

    /// The branch if it identifies a transaction: it starts with the magic cookie and says more than that (RFC 4475 3.2.1).
    pub fn unique_branch(&self) -> Option<&'a [u8]> {
        const COOKIE: &[u8] = b"z9hG4bK";
        self.branch()
            .filter(|b| b.len() > COOKIE.len() && b[..COOKIE.len()].eq_ignore_ascii_case(COOKIE))
    }

    /// `received`, in brackets or not (RFC 5118 4.5).
    pub fn received(&self) -> Option<IpAddr> {
        self.params
            .get(b"received")
            .and_then(|p| p.value)
            .and_then(|v| Host::parse(v).ok())
            .and_then(|h| h.ip())
    }

    /// `rport`: `None` when absent, `Some(None)` when the sender asks for it, `Some(Some(port))` when filled in.
    pub fn rport(&self) -> Option<Option<u16>> {
        let p = self.params.get(b"rport")?;
        Some(
            p.value
                .and_then(uri::number)
                .and_then(|n| u16::try_from(n).ok()),
        )
    }

    /// The port of sent-by: as written, else 5060, or 5061 over TLS.
    pub fn port_or_default(&self) -> u16 {
        self.port
            .unwrap_or(if self.transport.eq_ignore_ascii_case(b"TLS") {
                5061
            } else {
                5060
            })
    }

    /// Appends the value as a response carries it back: with `received` where the packet came from elsewhere than sent-by says,
    /// and `rport` filled in where it was asked for (RFC 3261 18.2.1, RFC 3581 4). What the sender itself claimed there is dropped.
    pub fn write_received(&self, source: SocketAddr, out: &mut Vec<u8>) {
        out.extend_from_slice(self.head);
        let asked = self.rport().is_some();
        for p in self.params.iter() {
            if p.name.eq_ignore_ascii_case(b"received") || p.name.eq_ignore_ascii_case(b"rport") {
                continue;
            }
            out.push(b';');
            out.extend_from_slice(p.name);
            if let Some(v) = p.value {
                out.push(b'=');
                out.extend_from_slice(v);
            }
        }
        if asked || self.host.ip() != Some(source.ip()) {
            out.extend_from_slice(format!(";received={}", source.ip()).as_bytes());
        }
        if asked {
            out.extend_from_slice(format!(";rport={}", source.port()).as_bytes());
        }
    }
}

/// `CSeq: 314159 INVITE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CSeq<'a> {
    /// Below 2^31 (RFC 3261 8.1.1.5).
    pub number: u32,
    /// The method.
    pub method: Method<'a>,
}

impl<'a> CSeq<'a> {
    /// Reads the value.
    ///
    /// # Errors
    /// Not a number below 2^31 and a token.
    pub fn parse(text: &'a [u8]) -> Result<CSeq<'a>, BadUri> {
        const BAD: BadUri = BadUri("a CSeq that is not a number and a method");
        let text = text.trim_ascii();
        let digits = text
            .iter()
            .position(|b| !b.is_ascii_digit())
            .unwrap_or(text.len());
        let number = uri::number(&text[..digits])
            .filter(|&n| n < 1 << 31)
            .ok_or(BAD)?;
        let rest = &text[digits..];
        let method = rest.trim_ascii_start();
        if method.len() == rest.len() || !is_token(method) {
            return Err(BAD);
        }
        Ok(CSeq {
            number: u32::try_from(number).map_err(|_| BAD)?,
            method: Method::of(method),
        })
    }
}

/// `type/subtype;params`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MediaType<'a> {
    /// `type/subtype` as written; compare with [`MediaType::is`].
    pub essence: &'a [u8],
    /// `;charset=utf-8` and the like.
    pub params: Params<'a>,
}

impl<'a> MediaType<'a> {
    /// Splits a Content-Type or one element of Accept.
    pub fn parse(text: &'a [u8]) -> MediaType<'a> {
        let text = text.trim_ascii();
        let end = text.iter().position(|&b| b == b';').unwrap_or(text.len());
        MediaType {
            essence: text[..end].trim_ascii_end(),
            params: Params(&text[end..]),
        }
    }

    /// Whether this is that type, in any case, blanks around the slash aside.
    pub fn is(&self, essence: &str) -> bool {
        let halves = |t: &'a [u8]| {
            t.iter()
                .position(|&b| b == b'/')
                .map(|i| (t[..i].trim_ascii(), t[i + 1..].trim_ascii()))
        };
        let Some((kind, sub)) = essence.split_once('/') else {
            return false;
        };
        halves(self.essence).is_some_and(|(k, s)| {
            k.eq_ignore_ascii_case(kind.as_bytes()) && s.eq_ignore_ascii_case(sub.as_bytes())
        })
    }

    /// Whether this range of an Accept header (`*/*`, `application/*`) takes that type.
    pub fn takes(&self, essence: &str) -> bool {
        let kind = essence.split_once('/').map_or(essence, |(k, _)| k);
        self.is(essence) || self.is("*/*") || self.is(&format!("{kind}/*"))
    }
}

/// The elements of a comma list, without the blanks around them; commas in quotes and angle brackets do not count.
pub fn list(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    Split::new(value, b',').map(<[u8]>::trim_ascii)
}
