//! Keys of sip.conf that count in `[general]` only and stand in a device (C014).

use std::collections::BTreeMap;

use crate::conf::line::Value;
use crate::diagnostic::Diagnostic;
use crate::peers::Peers;

use super::show;

const GENERAL: &str = "accept_outofcall_message auth_message_requests allowguest alwaysauthreject \
    autocreatepeer match_auth_username realm domainsasrealm externaddr externip externhost \
    externrefresh externtcpport externtlsport localnet matchexternaddrlocally udpbindaddr bindaddr \
    bindport tcpenable tcpbindaddr tlsenable tlsbindaddr tlscertfile tlsprivatekey tlscafile \
    tlscapath tlscadir tlscipher tlsclientmethod websocket_enabled srvlookup qualifygap \
    qualifypeers maxexpiry maxexpirey minexpiry defaultexpiry defaultexpirey register \
    registertimeout registerattempts useragent sdpsession sdpowner compactheaders pedantic tos_sip \
    cos_sip rtcachefriends rtsavesysname rtupdate rtautoclear ignoreregexpire domain autodomain \
    allowexternaldomains notifyringing notifyhold notifycid regcontext";

pub(super) fn check(peers: &Peers, out: &mut Vec<Diagnostic>) {
    let Some(sip) = &peers.sip else { return };
    let known: Vec<&str> = GENERAL.split_ascii_whitespace().collect();
    let mut found: BTreeMap<&str, Vec<(&Value, String)>> = BTreeMap::new();
    for section in sip.sections.iter().filter(|s| {
        !s.name.eq_ignore_ascii_case(b"general") && !s.name.eq_ignore_ascii_case(b"authentication")
    }) {
        for value in section.values.iter().filter(|v| !v.inherited) {
            if let Some(key) = known.iter().find(|k| value.is(k)) {
                found
                    .entry(key)
                    .or_default()
                    .push((value, show(&section.name)));
            }
        }
    }
    for (key, values) in found {
        let [(first, section), more @ ..] = values.as_slice() else {
            continue;
        };
        // The one that the exchange honours there: it refuses more, never less.
        let here = if key == "accept_outofcall_message" {
            "; here it counts"
        } else {
            ""
        };
        let mut diagnostic = Diagnostic::new(
            "C014",
            format!("`{key}` belongs to [general]"),
            first.span(),
        )
        .label(format!(
            "Asterisk ignores it in the section of a device (`{section}`){here}"
        ))
        .help(if key == "register" {
            "move the line to [general], or write `callbackextension=` here".to_owned()
        } else {
            format!(
                "write it once, in [general]: `{key}={}`",
                first.text.lossy()
            )
        });
        for (value, _) in more {
            diagnostic = diagnostic.also(value.span(), "and here");
        }
        out.push(diagnostic);
    }
}
