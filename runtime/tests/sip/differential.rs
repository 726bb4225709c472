//! Against `rsip`, on the messages that it accepts: both must read the same.

use bytes::Bytes;
use rsip::headers::{ToTypedHeader as _, UntypedHeader as _};
use rsip::message::{HasHeaders as _, HeadersExt as _};
use strowger_runtime::sip::{Message, Name, SipUri, Uri};

use crate::{ours, rfc};

fn host_port(u: &rsip::Uri) -> String {
    u.host_with_port.to_string().to_lowercase()
}

fn ours_host_port(u: &SipUri<'_>) -> String {
    let mut out = Vec::new();
    u.host.write(&mut out);
    if let Some(port) = u.port {
        out.extend(format!(":{port}").bytes());
    }
    String::from_utf8(out).unwrap().to_lowercase()
}

/// Compares two addresses where rsip read one: it takes any scheme for SIP, and a dot in the user part without angle brackets
/// makes it take the user for a piece of the host.
fn same_uri(name: &str, theirs: &rsip::Uri, ours: Uri<'_>) {
    let Uri::Sip(ours) = ours else { return };
    if host_port(theirs).contains('@') {
        return;
    }
    assert_eq!(host_port(theirs), ours_host_port(&ours), "{name}");
    assert_eq!(theirs.user().map(str::as_bytes), ours.user, "{name}");
    assert_eq!(theirs.is_sips().ok(), Some(ours.secure), "{name}");
}

#[test]
fn both_read_the_same() {
    let mut all = ours();
    all.extend(rfc("rfc4475").unwrap_or_default());
    all.extend(rfc("rfc5118").unwrap_or_default());
    let mut compared = 0;
    for (name, bytes) in all {
        let Ok(theirs) = rsip::SipMessage::try_from(bytes.as_slice()) else {
            continue;
        };
        let Ok(m) = Message::parse(Bytes::from(bytes)) else {
            continue;
        };
        if strowger_runtime::sip::verdict::check(&m).is_err() {
            continue;
        }
        compared += 1;
        match &theirs {
            rsip::SipMessage::Request(r) => {
                assert_eq!(
                    r.method.to_string().as_bytes(),
                    m.method().unwrap().text(),
                    "{name}"
                );
                same_uri(&name, &r.uri, m.uri().unwrap());
            }
            rsip::SipMessage::Response(r) => assert_eq!(
                u16::from(r.status_code.clone()),
                m.status().unwrap(),
                "{name}"
            ),
        }
        // It knows no compact names and no folding, so only what it found is compared.
        if let Ok(h) = theirs.call_id_header() {
            assert_eq!(h.value().as_bytes(), m.call_id().unwrap(), "{name}");
        }
        if let Ok(Ok(h)) = theirs.cseq_header().map(|h| h.typed()) {
            assert_eq!(h.seq, m.cseq().unwrap().number, "{name}");
            assert_eq!(
                h.method.to_string().as_bytes(),
                m.cseq().unwrap().method.text(),
                "{name}"
            );
        }
        if let Ok(Ok(h)) = theirs.from_header().map(|h| h.typed()) {
            let from = m.from().unwrap();
            same_uri(&name, &h.uri, from.uri().unwrap());
            assert_eq!(h.tag().map(|t| t.value().as_bytes()), from.tag(), "{name}");
        }
        if let Ok(Ok(h)) = theirs.to_header().map(|h| h.typed()) {
            let to = m.to().unwrap();
            same_uri(&name, &h.uri, to.uri().unwrap());
            assert_eq!(h.tag().map(|t| t.value().as_bytes()), to.tag(), "{name}");
        }
        // rsip does not cut a comma list of hops.
        let one_row_one_hop = m.all(Name::Via).count() == m.vias().count();
        if let (Ok(Ok(h)), true) = (theirs.via_header().map(|h| h.typed()), one_row_one_hop) {
            let via = m.via().unwrap();
            assert_eq!(
                h.branch().map(|b| b.value().as_bytes()),
                via.branch(),
                "{name}"
            );
            assert_eq!(
                h.transport.to_string().to_uppercase().as_bytes(),
                via.transport.to_ascii_uppercase(),
                "{name}"
            );
            assert_eq!(h.uri.port().map(|p| *p.value()), via.port, "{name}");
        }
        let body = match &theirs {
            rsip::SipMessage::Request(r) => &r.body,
            rsip::SipMessage::Response(r) => &r.body,
        };
        // It ignores Content-Length.
        assert!(body.starts_with(m.body()), "{name}");
        let _ = theirs.headers();
    }
    assert!(compared >= 20, "only {compared} messages compared");
}
