//! `[general]` of `sip.conf`: transports, `[global]`, `[system]`, and what counts for every device.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use strowger_compiler::conf::line::{Value, boolean};

use super::object::Object;
use super::options;
use crate::config::text;

/// Options of `[general]` that are no default of devices, and where they go.
const CONVERTED: &[(&str, &str)] = &[
    ("realm", "default_realm of [global]"),
    ("allowguest", "the endpoint `anonymous`"),
    ("udpbindaddr", "bind of the transport for UDP"),
    ("bindaddr", "bind of the transport for UDP"),
    ("bindport", "bind of the transports"),
    ("tcpenable", "the transport for TCP"),
    ("tcpbindaddr", "bind of the transport for TCP"),
    ("tlsenable", "the transport for TLS"),
    ("tlsbindaddr", "bind of the transport for TLS"),
    ("tlscertfile", "cert_file of the transport for TLS"),
    ("tlsprivatekey", "priv_key_file of the transport for TLS"),
    ("tlscafile", "ca_list_file of the transport for TLS"),
    ("tlscapath", "ca_list_path of the transport for TLS"),
    ("tlscadir", "ca_list_path of the transport for TLS"),
    ("tlsverifyclient", "verify_client of the transport for TLS"),
    (
        "tlsdontverifyserver",
        "verify_server of the transport for TLS",
    ),
    ("maxexpiry", "maximum_expiration of the aors"),
    ("maxexpirey", "maximum_expiration of the aors"),
    ("minexpiry", "minimum_expiration of the aors"),
    (
        "defaultexpiry",
        "default_expiration of the aors, expiration of registrations",
    ),
    (
        "defaultexpirey",
        "default_expiration of the aors, expiration of registrations",
    ),
    ("timert1", "timer_t1 of [system]"),
    ("timerb", "timer_b of [system]"),
    ("compactheaders", "compact_headers of [system]"),
    ("useragent", "user_agent of [global]"),
    ("maxforwards", "max_forwards of [global]"),
    ("regcontext", "regcontext of [global]"),
    ("callerid", "default_from_user of [global]"),
    ("auth", "auths for calls out, by realm"),
    (
        "externaddr",
        "external_media_address and external_signaling_address of the transports",
    ),
    (
        "externip",
        "external_media_address and external_signaling_address of the transports",
    ),
    (
        "externhost",
        "external_media_address and external_signaling_address of the transports",
    ),
    (
        "externtcpport",
        "external_signaling_port of the transport for TCP",
    ),
    (
        "externtlsport",
        "external_signaling_port of the transport for TLS",
    ),
    ("localnet", "local_net of the transports"),
    ("tos_sip", "tos of the transports"),
    ("cos_sip", "cos of the transports"),
    ("register", "a registration"),
    ("registertimeout", "retry_interval of registrations"),
    ("registerattempts", "max_retries of registrations"),
    (
        "register_retry_403",
        "forbidden_retry_interval of registrations",
    ),
];

/// What of `[general]` has no place, and why.
const NOWHERE: &[(&str, &str)] = &[
    (
        "domain",
        "pjsip takes requests for any domain; write a type=domain_alias where an alias matters, and the context at the endpoint",
    ),
    (
        "domainsasrealm",
        "pjsip has one realm: default_realm of [global], or realm in an auth",
    ),
    (
        "mwi",
        "pjsip does not subscribe to mailboxes elsewhere by itself; res_mwi_external or a script can",
    ),
    (
        "externrefresh",
        "pjsip looks the name up when it starts and on reload",
    ),
    (
        "matchexternaddrlocally",
        "pjsip compares addresses with local_net only",
    ),
    (
        "tlscipher",
        "pjsip names ciphers otherwise: write cipher= with names of `pjsip list ciphers`",
    ),
    (
        "tlsclientmethod",
        "leave method= out: the best that both sides have is taken",
    ),
    (
        "tlsdisablev1",
        "leave method= out: the best that both sides have is taken",
    ),
    (
        "tlsdisablev11",
        "leave method= out: the best that both sides have is taken",
    ),
    (
        "tlsdisablev12",
        "leave method= out: the best that both sides have is taken",
    ),
    ("tlsservercipherorder", "pjsip has no such option"),
    ("tos_text", "pjsip marks audio and video only"),
    ("cos_text", "pjsip marks audio and video only"),
    (
        "jbenable",
        "say it in the plan: Set(JITTERBUFFER(adaptive)=default)",
    ),
    (
        "jbforce",
        "say it in the plan: Set(JITTERBUFFER(adaptive)=default)",
    ),
    (
        "jbmaxsize",
        "say it in the plan: Set(JITTERBUFFER(adaptive)=default)",
    ),
    (
        "jbresyncthreshold",
        "say it in the plan: Set(JITTERBUFFER(adaptive)=default)",
    ),
    (
        "jbimpl",
        "say it in the plan: Set(JITTERBUFFER(adaptive)=default)",
    ),
    (
        "jbtargetextra",
        "say it in the plan: Set(JITTERBUFFER(adaptive)=default)",
    ),
    ("jblog", "pjsip has no such option"),
    (
        "snom_aoc_enabled",
        "send_aoc of an endpoint sends advice of charge in the standard form",
    ),
    (
        "sip_resubscribe_interval",
        "pjsip does not subscribe to mailboxes elsewhere by itself",
    ),
    ("notifycid", "pjsip tells no caller id of others' calls"),
    (
        "mwiexpiry",
        "pjsip does not subscribe to mailboxes elsewhere by itself",
    ),
    (
        "mwi_expiry",
        "pjsip does not subscribe to mailboxes elsewhere by itself",
    ),
    (
        "websocket_write_timeout",
        "write websocket_write_timeout into the transports of type ws or wss",
    ),
    (
        "auth_options_requests",
        "an endpoint with auth has OPTIONS challenged; allow_unauthenticated_options takes that away",
    ),
    ("refer_addheaders", "pjsip has no such option"),
    (
        "authfailureevents",
        "the security log tells them: channel `security` of logger.conf",
    ),
    ("submaxexpiry", "pjsip has no such option"),
    (
        "subminexpiry",
        "sub_min_expiry of an endpoint is the nearest",
    ),
    (
        "subscribe_network_change_event",
        "pjsip does not look up its address anew while it runs",
    ),
];

/// Where an option of `[general]` goes that is no default of devices; `Err` says why nowhere.
pub(super) fn place(key: &str) -> Option<Result<&'static str, &'static str>> {
    let find = |table: &[(&'static str, &'static str)]| {
        table.iter().find(|(k, _)| *k == key).map(|(_, v)| *v)
    };
    find(CONVERTED).map(Ok).or_else(|| find(NOWHERE).map(Err))
}

/// Which protocol a transport of the new file speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Carrier {
    Udp,
    Tcp,
    Tls,
    Ws,
    Wss,
}

impl Carrier {
    /// As `transport=` of `sip.conf` and `protocol=` of `pjsip.conf` write it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Carrier::Udp => "udp",
            Carrier::Tcp => "tcp",
            Carrier::Tls => "tls",
            Carrier::Ws => "ws",
            Carrier::Wss => "wss",
        }
    }

    /// Reads a word of `transport=`.
    pub(super) fn parse(word: &[u8]) -> Option<Carrier> {
        [
            Carrier::Udp,
            Carrier::Tcp,
            Carrier::Tls,
            Carrier::Ws,
            Carrier::Wss,
        ]
        .into_iter()
        .find(|c| word.eq_ignore_ascii_case(c.word().as_bytes()))
    }
}

/// The transports of the new file.
#[derive(Debug, Default)]
pub(super) struct Transports {
    pub(super) objects: Vec<Object>,
    pub(super) carriers: Vec<(Carrier, Vec<u8>)>,
    /// What changes, for the report.
    pub(super) remarks: Vec<String>,
}

impl Transports {
    /// The name of the transport for a protocol.
    pub(super) fn of(&self, carrier: Carrier) -> Option<&[u8]> {
        self.carriers
            .iter()
            .find(|(c, _)| *c == carrier)
            .map(|(_, name)| name.as_slice())
    }
}

/// The values of `[general]`, the last of each name counting.
pub(super) struct General<'a>(pub(super) Vec<&'a Value>);

impl<'a> General<'a> {
    /// The last value of one of these names.
    pub(super) fn last(&self, names: &[&str]) -> Option<&'a Value> {
        self.0
            .iter()
            .rev()
            .find(|v| names.iter().any(|n| v.is(n)))
            .copied()
            .filter(|v| !v.text.is_empty())
    }

    /// The text of the same.
    pub(super) fn text(&self, names: &[&str]) -> Option<&'a [u8]> {
        self.last(names).map(|v| v.text.bytes())
    }

    /// Whether the last value of that name is a yes.
    pub(super) fn yes(&self, name: &str) -> Option<bool> {
        self.text(&[name]).and_then(boolean)
    }

    /// A whole number.
    pub(super) fn number(&self, names: &[&str]) -> Option<u32> {
        std::str::from_utf8(self.text(names)?).ok()?.parse().ok()
    }

    /// Sockets as chan_sip opened them, `wanted` those that only devices ask for.
    pub(super) fn transports(&self, wanted: &[Carrier]) -> Transports {
        let mut out = Transports::default();
        let port = self
            .number(&["bindport"])
            .and_then(|n| u16::try_from(n).ok());
        let port = port.filter(|p| *p > 0).unwrap_or(5060);
        let at = |text: Option<&[u8]>, usual: SocketAddr| {
            let bind = text.and_then(|t| text::bind(t, 0)).unwrap_or(usual);
            match bind.port() {
                0 => SocketAddr::new(bind.ip(), usual.port()),
                _ => bind,
            }
        };
        let any = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port);
        let udp = at(self.text(&["udpbindaddr", "bindaddr"]), any);
        self.open(&mut out, Carrier::Udp, udp);
        if self.yes("tcpenable") == Some(true) {
            let bind = at(self.text(&["tcpbindaddr"]), udp);
            self.open(&mut out, Carrier::Tcp, bind);
        }
        if self.yes("tlsenable") == Some(true) {
            let bind = at(self.text(&["tlsbindaddr"]), SocketAddr::new(udp.ip(), 5061));
            self.open(&mut out, Carrier::Tls, bind);
        }
        for carrier in [Carrier::Ws, Carrier::Wss] {
            if wanted.contains(&carrier) {
                self.open(&mut out, carrier, any);
                out.remarks.push(format!(
                    "the transport for {} takes its address from http.conf, which has to be set up",
                    carrier.word()
                ));
            }
        }
        let outside = self.text(&["externaddr", "externip", "externhost"]);
        if outside.is_some() && self.text(&["localnet"]).is_none() {
            out.remarks.push(
                "the address outside is not written: without `localnet` chan_sip never used it"
                    .to_owned(),
            );
        }
        out
    }

    /// One socket; two of them for an address that meant both kinds of IP.
    fn open(&self, out: &mut Transports, carrier: Carrier, bind: SocketAddr) {
        let both = bind.ip() == IpAddr::V6(Ipv6Addr::UNSPECIFIED);
        let word = carrier.word();
        if both {
            let v4 = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), bind.port());
            self.transport(out, carrier, v4, format!("transport-{word}"));
            self.transport(out, carrier, bind, format!("transport-{word}6"));
        } else {
            self.transport(out, carrier, bind, format!("transport-{word}"));
        }
    }

    fn transport(&self, out: &mut Transports, carrier: Carrier, bind: SocketAddr, name: String) {
        let mut object = Object::new(name.as_bytes(), "transport");
        object.put("protocol", carrier.word());
        object.put("bind", bind.to_string());
        if carrier == Carrier::Tls {
            self.tls(&mut object);
        }
        let outside = self.text(&["externaddr", "externip", "externhost"]);
        let outside = outside.filter(|_| bind.is_ipv4() && self.text(&["localnet"]).is_some());
        if let Some(outside) = outside {
            let own = match carrier {
                Carrier::Tcp => self.number(&["externtcpport"]),
                Carrier::Tls => self.number(&["externtlsport"]),
                _ => None,
            };
            if let Some(host) = text::host(outside) {
                let plain = text::uri_host(&crate::config::Host {
                    port: 0,
                    ..host.clone()
                });
                object.put("external_media_address", &plain);
                object.put("external_signaling_address", &plain);
                let written = Some(u32::from(host.port)).filter(|p| *p > 0);
                if let Some(port) = own.or(written.filter(|_| carrier == Carrier::Udp)) {
                    object.put("external_signaling_port", port.to_string());
                }
            }
        }
        if bind.is_ipv4() {
            for net in self.0.iter().filter(|v| v.is("localnet")) {
                object.put("local_net", net.text.bytes());
            }
        }
        for (from, to) in [("tos_sip", "tos"), ("cos_sip", "cos")] {
            if let Some(value) = self.text(&[from]) {
                object.put(to, value);
            }
        }
        if out.of(carrier).is_none() {
            out.carriers.push((carrier, name.into_bytes()));
        }
        out.objects.push(object);
    }

    fn tls(&self, object: &mut Object) {
        let certificate = self.text(&["tlscertfile"]);
        for (from, to) in [
            (certificate, "cert_file"),
            // chan_sip took the key from the file of the certificate.
            (
                self.text(&["tlsprivatekey"]).or(certificate),
                "priv_key_file",
            ),
            (self.text(&["tlscafile"]), "ca_list_file"),
            (self.text(&["tlscapath", "tlscadir"]), "ca_list_path"),
        ] {
            if let Some(value) = from {
                object.put(to, value);
            }
        }
        if let Some(yes) = self.yes("tlsverifyclient") {
            object.put("verify_client", options::word(yes));
        }
        if let Some(no) = self.yes("tlsdontverifyserver") {
            object.put("verify_server", options::word(!no));
        }
    }

    /// `[global]` and `[system]`, where they would say something.
    pub(super) fn system(&self, by_name_first: bool) -> Vec<Object> {
        let mut global = Object::new(b"global", "global");
        let mut system = Object::new(b"system", "system");
        for (from, to) in [
            ("realm", "default_realm"),
            ("useragent", "user_agent"),
            ("maxforwards", "max_forwards"),
            ("regcontext", "regcontext"),
        ] {
            if let Some(value) = self.text(&[from]) {
                global.put(to, value);
            }
        }
        if let Some(value) = self.text(&["callerid"]) {
            let caller = text::caller_id(value);
            if let Some(user) = caller.number.or(caller.name).filter(|u| !u.contains(&b' ')) {
                global.put("default_from_user", user);
            }
        }
        if by_name_first {
            global.put("endpoint_identifier_order", "username,ip,anonymous");
        }
        for (from, to) in [("timert1", "timer_t1"), ("timerb", "timer_b")] {
            if let Some(number) = self.number(&[from]) {
                system.put(to, number.to_string());
            }
        }
        if let Some(yes) = self.yes("compactheaders") {
            system.put("compact_headers", options::word(yes));
        }
        [global, system]
            .into_iter()
            .filter(|o| o.lines.len() > 1)
            .collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::config::keys::{self, Level};

    #[test]
    fn no_option_of_general_is_unheard_of() {
        let told = options::Place::Nowhere("pjsip has no such option");
        for key in keys::sip_names() {
            let (_, level) = keys::sip(key.as_bytes()).unwrap();
            if level == Level::General && place(key).is_none() {
                assert_ne!(options::place(key, b"yes"), told, "{key} is in no table");
            }
        }
    }
}
