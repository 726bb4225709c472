//! What becomes of each option of a device: what it is called in `pjsip.conf`, or why it has no place there.

use strowger_compiler::conf::line::boolean;

use crate::config::{Network, text};

/// What becomes of one option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// These lines of an endpoint say the same; a remark if not quite.
    Endpoint(Vec<(&'static str, Vec<u8>)>, Option<&'static str>),
    /// It is read together with others; where it goes.
    Together(&'static str),
    /// pjsip does so without being told, or it has nothing to act on; why.
    Needless(&'static str),
    /// It has no place; why, and what to do.
    Nowhere(&'static str),
    /// Its value says nothing that chan_sip knew.
    Unreadable,
}

use Place::{Endpoint, Needless, Nowhere, Together, Unreadable};

/// Options that an endpoint has under another name (or the same) with the same values.
const SAME: &[(&str, &str)] = &[
    ("context", "context"),
    ("subscribecontext", "subscribe_context"),
    ("outofcall_message_context", "message_context"),
    ("language", "language"),
    ("accountcode", "accountcode"),
    ("tonezone", "tone_zone"),
    ("cid_tag", "callerid_tag"),
    ("fromuser", "from_user"),
    ("fromdomain", "from_domain"),
    ("setvar", "set_var"),
    ("permit", "permit"),
    ("deny", "deny"),
    ("acl", "acl"),
    ("contactpermit", "contact_permit"),
    ("contactdeny", "contact_deny"),
    ("contactacl", "contact_acl"),
    ("callgroup", "call_group"),
    ("pickupgroup", "pickup_group"),
    ("namedcallgroup", "named_call_group"),
    ("namedpickupgroup", "named_pickup_group"),
    ("callingpres", "callerid_privacy"),
    ("mohsuggest", "moh_suggest"),
    ("rtp_engine", "rtp_engine"),
    ("rtptimeout", "rtp_timeout"),
    ("rtpholdtimeout", "rtp_timeout_hold"),
    ("rtpkeepalive", "rtp_keepalive"),
    ("session-expires", "timers_sess_expires"),
    ("session-minse", "timers_min_se"),
    ("busylevel", "device_state_busy_at"),
    ("vmexten", "voicemail_extension"),
    ("mwi_from", "mwi_from_user"),
    ("unsolicited_mailbox", "incoming_mwi_mailbox"),
    ("recordonfeature", "record_on_feature"),
    ("recordofffeature", "record_off_feature"),
    ("dtlsrekey", "dtls_rekey"),
    ("dtlscertfile", "dtls_cert_file"),
    ("dtlsprivatekey", "dtls_private_key"),
    ("dtlscipher", "dtls_cipher"),
    ("dtlscafile", "dtls_ca_file"),
    ("dtlscapath", "dtls_ca_path"),
    ("dtlssetup", "dtls_setup"),
    ("dtlsfingerprint", "dtls_fingerprint"),
    ("tos_audio", "tos_audio"),
    ("tos_video", "tos_video"),
    ("cos_audio", "cos_audio"),
    ("cos_video", "cos_video"),
    ("sdpsession", "sdp_session"),
    ("sdpowner", "sdp_owner"),
];

/// The same where the value is yes or no.
const YES_NO: &[(&str, &str)] = &[
    ("allowtransfer", "allow_transfer"),
    ("allowsubscribe", "allow_subscribe"),
    ("usereqphone", "user_eq_phone"),
    ("trustrpid", "trust_id_inbound"),
    ("g726nonstandard", "g726_non_standard"),
    ("preferred_codec_only", "preferred_codec_only"),
    ("autoframing", "use_ptime"),
    ("avpf", "use_avpf"),
    ("force_avp", "force_avp"),
    ("icesupport", "ice_support"),
    ("rtcp_mux", "rtcp_mux"),
    ("send_diversion", "send_diversion"),
];

/// Options of a device that are read together with others.
const TOGETHER: &[(&str, &str)] = &[
    ("type", "identify_by of the endpoint"),
    ("host", "the aor, and identify for a fixed address"),
    ("port", "contact of the aor"),
    (
        "defaultuser",
        "contact of the aor, username of the auth for calls out",
    ),
    (
        "username",
        "contact of the aor, username of the auth for calls out",
    ),
    ("secret", "auth"),
    ("md5secret", "auth"),
    ("remotesecret", "auth for calls out"),
    ("insecure", "auth and identify"),
    ("transport", "transport of the endpoint, contact of the aor"),
    ("callerid", "callerid"),
    ("cid_number", "callerid"),
    ("fullname", "callerid"),
    ("mailbox", "mailboxes"),
    (
        "subscribemwi",
        "mailboxes of the aor instead of the endpoint",
    ),
    (
        "qualify",
        "qualify_frequency and qualify_timeout of the aor",
    ),
    ("qualifyfreq", "qualify_frequency of the aor"),
    ("encryption", "media_encryption"),
    ("dtlsenable", "media_encryption"),
    ("videosupport", "the codecs of the endpoint"),
    ("callbackextension", "a registration"),
    ("hassip", "whether there is an endpoint"),
    ("registersip", "a registration"),
    ("disabled", "whether there is an endpoint"),
    ("supportpath", "support_path of the aor"),
];

/// What pjsip does without being told, or what has nothing to act on there.
const NEEDLESS: &[(&str, &str)] = &[
    (
        "callcounter",
        "pjsip always knows how many calls an endpoint has",
    ),
    (
        "limitonpeer",
        "pjsip always knows how many calls an endpoint has",
    ),
    (
        "limitonpeers",
        "pjsip always knows how many calls an endpoint has",
    ),
    (
        "counteronpeer",
        "pjsip always knows how many calls an endpoint has",
    ),
    (
        "srvlookup",
        "pjsip always looks up SRV records where a URI names no port",
    ),
    (
        "alwaysauthreject",
        "pjsip always answers alike, whether a name exists or not",
    ),
    ("static", "it was never an option of chan_sip's own"),
    ("pedantic", "pjsip reads SIP as the standard says"),
    ("checkmwi", "messages waiting are told when they change"),
    ("notifyringing", "pjsip tells ringing to who subscribes"),
    ("notifyhold", "pjsip tells hold to who subscribes"),
    (
        "registertrying",
        "it was about old phones; pjsip sends 100 by itself",
    ),
    (
        "rtcachefriends",
        "it belongs to realtime, which sorcery.conf sets up",
    ),
    (
        "rtsavesysname",
        "it belongs to realtime, which sorcery.conf sets up",
    ),
    (
        "rtsavepath",
        "it belongs to realtime, which sorcery.conf sets up",
    ),
    (
        "rtsave_path",
        "it belongs to realtime, which sorcery.conf sets up",
    ),
    (
        "rtupdate",
        "it belongs to realtime, which sorcery.conf sets up",
    ),
    (
        "rtautoclear",
        "it belongs to realtime, which sorcery.conf sets up",
    ),
    (
        "ignoreregexpire",
        "it belongs to realtime, which sorcery.conf sets up",
    ),
    (
        "dumphistory",
        "there is no such history; `pjsip set history on` records one",
    ),
    (
        "recordhistory",
        "there is no such history; `pjsip set history on` records one",
    ),
    (
        "legacy_useroption_parsing",
        "ignore_uri_user_options is the nearest, and off is right for new plans",
    ),
    ("storesipcause", "HANGUPCAUSE() always knows"),
    ("qualifygap", "pjsip spreads its pings by itself"),
    ("qualifypeers", "pjsip spreads its pings by itself"),
    (
        "tcpauthtimeout",
        "pjsip has its own bound on connections without a name",
    ),
    (
        "tcpauthlimit",
        "pjsip has its own bound on connections without a name",
    ),
    ("websocket_enabled", "a transport of type ws or wss says so"),
    (
        "dynamic_exclude_static",
        "an endpoint has its own permit and deny",
    ),
    ("buggymwi", "it was about phones of long ago"),
    (
        "notifymimetype",
        "pjsip writes application/simple-message-summary, as chan_sip did by default",
    ),
    (
        "rfc2833compensate",
        "it was about Asterisk 1.4 as the far end",
    ),
    (
        "t1min",
        "it was about measured times to peers, which pjsip does not use",
    ),
    (
        "relaxdtmf",
        "it counts for DTMF in the audio; chan_sip's default serves",
    ),
    (
        "allowexternaldomains",
        "pjsip takes requests for any domain, as chan_sip did by default",
    ),
    ("autodomain", "pjsip takes requests for any domain"),
];

/// What has no place, and why.
const NOWHERE: &[(&str, &str)] = &[
    (
        "call-limit",
        "pjsip does not count calls for you: count with GROUP() in the plan",
    ),
    (
        "defaultip",
        "a contact in an aor would count while the phone is registered too",
    ),
    (
        "accept_outofcall_message",
        "an endpoint cannot refuse messages: give it a message_context without extensions",
    ),
    (
        "auth_message_requests",
        "an endpoint with auth has every request challenged",
    ),
    (
        "autocreatepeer",
        "pjsip registers nobody whom no section names",
    ),
    (
        "match_auth_username",
        "write identify_by=auth_username for the endpoints and endpoint_identifier_order in [global]",
    ),
    (
        "maxforwards",
        "pjsip has one number for all: max_forwards of [global]",
    ),
    (
        "regcontext",
        "pjsip has one context for all: regcontext of [global]",
    ),
    (
        "keepalive",
        "pjsip keeps an address open by its pings: write qualify_frequency in the aor",
    ),
    ("rpid_update", "pjsip decides by connected_line_method"),
    (
        "use_q850_reason",
        "pjsip adds the Reason header by itself; suppress_q850_reason_headers takes it away",
    ),
    (
        "shrinkcallerid",
        "write the number as you want it in the plan",
    ),
    (
        "textsupport",
        "real-time text needs max_text_streams and t140, which most builds lack",
    ),
    ("maxcallbitrate", "pjsip names no bandwidth for video"),
    (
        "directmediapermit",
        "pjsip has no list of whose media may go straight; direct_media is on or off",
    ),
    (
        "directmediadeny",
        "pjsip has no list of whose media may go straight; direct_media is on or off",
    ),
    (
        "directmediaacl",
        "pjsip has no list of whose media may go straight; direct_media is on or off",
    ),
    (
        "directrtpsetup",
        "pjsip sets media up by direct_media alone",
    ),
    (
        "prematuremedia",
        "inband_progress is what pjsip has; Progress() in the plan opens early media",
    ),
    (
        "session-refresher",
        "pjsip and the far end agree on who refreshes",
    ),
    ("amaflags", "say it in the plan: Set(CHANNEL(amaflags)=...)"),
    (
        "parkinglot",
        "say it in the plan: Set(CHANNEL(parkinglot)=...)",
    ),
    (
        "musiconhold",
        "say it in the plan: Set(CHANNEL(musicclass)=...)",
    ),
    (
        "regexten",
        "regcontext of [global] makes extensions named after the aor only",
    ),
    (
        "regextenonqualify",
        "pjsip makes and removes the extension by registration alone",
    ),
    ("discard_remote_hold_retrieval", "pjsip has no such option"),
    ("ignoresdpversion", "pjsip reads the SDP of each offer"),
    (
        "disallowed_methods",
        "pjsip answers the methods of its loaded modules: unload one to refuse it",
    ),
    (
        "cc_monitor_policy",
        "say it in the plan: CALLCOMPLETION(cc_monitor_policy)",
    ),
    ("callevents", "AMI tells these events always"),
    ("sipdebug", "switch it on by `pjsip set logger on`"),
    (
        "description",
        "pjsip has no such option; it is kept as a comment",
    ),
    ("email", "it belongs into voicemail.conf"),
    (
        "hasvoicemail",
        "it belongs into voicemail.conf; the mailbox is named in mailboxes",
    ),
    ("vmsecret", "it belongs into voicemail.conf"),
    ("vmpwd", "it belongs into voicemail.conf"),
    ("attach", "it belongs into voicemail.conf"),
    ("deletevoicemail", "it belongs into voicemail.conf"),
    ("imapuser", "it belongs into voicemail.conf"),
    ("imappassword", "it belongs into voicemail.conf"),
    ("hasmanager", "it belongs into manager.conf"),
    ("managerread", "it belongs into manager.conf"),
    ("managerwrite", "it belongs into manager.conf"),
    ("hasagent", "it belongs into queues.conf"),
    (
        "hasexten",
        "write an extension that dials the endpoint into the plan",
    ),
    (
        "alternateexts",
        "write an extension that dials the endpoint into the plan",
    ),
    (
        "userscontext",
        "write the extensions of users into that context of the plan",
    ),
    ("stdexten", "write the subroutine's call into the plan"),
    (
        "hashints",
        "write a hint into the plan: exten => NAME,hint,PJSIP/NAME",
    ),
    (
        "hasdirectory",
        "app_directory reads voicemail.conf: write hidefromdir there",
    ),
    ("hasiax", "it belongs into iax.conf"),
    ("registeriax", "it belongs into iax.conf"),
    ("requirecalltoken", "it belongs into iax.conf"),
    ("hash323", "it belongs into ooh323.conf"),
    ("hasdahdi", "it belongs into chan_dahdi.conf"),
    ("dahdichan", "it belongs into chan_dahdi.conf"),
    ("zapchan", "it belongs into chan_dahdi.conf"),
    ("signalling", "it belongs into chan_dahdi.conf"),
    ("flash", "it belongs into chan_dahdi.conf"),
    ("macaddress", "it belongs into phoneprov.conf"),
    ("autoprov", "it belongs into phoneprov.conf"),
    ("label", "it belongs into phoneprov.conf"),
    ("linenumber", "it belongs into phoneprov.conf"),
    ("linekeys", "it belongs into phoneprov.conf"),
    ("provisioning", "it belongs into phoneprov.conf"),
];

/// Words of codecs that carry pictures.
pub(super) const VIDEO: [&str; 9] = [
    "h261", "h263", "h263p", "h264", "h265", "vp8", "vp9", "mpeg4", "av1",
];

fn find<T: Copy>(table: &[(&'static str, T)], key: &str) -> Option<T> {
    table.iter().find(|(k, _)| *k == key).map(|(_, v)| *v)
}

fn line(key: &'static str, value: impl AsRef<[u8]>) -> Vec<(&'static str, Vec<u8>)> {
    vec![(key, value.as_ref().to_vec())]
}

/// `yes` or `no`.
pub(super) fn word(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}

/// What becomes of an option of a device, or of `[general]` where it is the default of devices. `key` in lower case.
pub(super) fn place(key: &str, value: &[u8]) -> Place {
    if let Some(to) = find(TOGETHER, key) {
        return Together(to);
    }
    if matches!(key, "permit" | "deny" | "contactpermit" | "contactdeny") {
        let networks = text::words(value).all(|w| Network::parse(w).is_some());
        match (networks, key) {
            (true, _) => {}
            // pjsip would refuse the whole endpoint for it. What was to be kept out stays out.
            (false, "deny") => {
                let all = line("deny", "0.0.0.0/0,::/0");
                return Endpoint(all, Some("its value is no network, so all are kept out"));
            }
            (false, "contactdeny") => {
                let all = line("contact_deny", "0.0.0.0/0,::/0");
                return Endpoint(all, Some("its value is no network, so all are kept out"));
            }
            (false, _) => return Unreadable,
        }
    }
    if let Some(to) = find(SAME, key) {
        return if value.is_empty() {
            Needless("it is empty")
        } else {
            Endpoint(line(to, value), None)
        };
    }
    if let Some(to) = find(YES_NO, key) {
        return match boolean(value) {
            Some(yes) => Endpoint(line(to, word(yes)), None),
            None => Unreadable,
        };
    }
    let lower = value.to_ascii_lowercase();
    let yes = boolean(value);
    match key {
        "allow" | "disallow" => codecs(key == "allow", value),
        "dtmfmode" => match lower.as_slice() {
            b"rfc2833" | b"rfc4733" => Endpoint(line("dtmf_mode", "rfc4733"), None),
            b"info" | b"inband" | b"auto" => Endpoint(line("dtmf_mode", lower), None),
            b"shortinfo" => Endpoint(
                line("dtmf_mode", "info"),
                Some("pjsip sends application/dtmf-relay and reads both forms"),
            ),
            _ => Unreadable,
        },
        "nat" => nat(&lower),
        "directmedia" | "canreinvite" => direct_media(&lower),
        "allowoverlap" if lower == b"dtmf" => Endpoint(
            line("allow_overlap", "no"),
            Some("pjsip does not collect the missing digits as tones"),
        ),
        "allowoverlap" => flag("allow_overlap", yes),
        "promiscredir" => match yes {
            Some(true) => Endpoint(line("redirect_method", "uri_pjsip"), None),
            Some(false) => Endpoint(line("redirect_method", "user"), None),
            None => Unreadable,
        },
        "progressinband" => match (lower.as_slice(), yes) {
            (b"never", _) => Endpoint(line("inband_progress", "no"), None),
            (_, Some(yes)) => Endpoint(line("inband_progress", word(yes)), None),
            _ => Unreadable,
        },
        "sendrpid" => match (lower.as_slice(), yes) {
            (b"pai", _) => Endpoint(line("send_pai", "yes"), None),
            (b"rpid", _) | (_, Some(true)) => Endpoint(line("send_rpid", "yes"), None),
            (_, Some(false)) => Endpoint(
                vec![("send_rpid", b"no".to_vec()), ("send_pai", b"no".to_vec())],
                None,
            ),
            _ => Unreadable,
        },
        "trust_id_outbound" => match (lower.as_slice(), yes) {
            (b"legacy", _) => Endpoint(
                line("trust_id_outbound", "no"),
                Some("pjsip has no middle way: hidden callers stay hidden"),
            ),
            (_, Some(yes)) => Endpoint(line("trust_id_outbound", word(yes)), None),
            _ => Unreadable,
        },
        "session-timers" => match lower.as_slice() {
            b"accept" => Endpoint(line("timers", "yes"), None),
            b"originate" => Endpoint(line("timers", "always"), None),
            b"refuse" => Endpoint(line("timers", "no"), None),
            _ => Unreadable,
        },
        "t38pt_udptl" => t38(&lower),
        "t38pt_usertpsource" => match yes {
            Some(yes) => Endpoint(line("t38_udptl_nat", word(yes)), None),
            None => Unreadable,
        },
        "faxdetect" => match (lower.as_slice(), yes) {
            (b"cng", _) | (_, Some(true)) => Endpoint(line("fax_detect", "yes"), None),
            (_, Some(false)) => Endpoint(line("fax_detect", "no"), None),
            (b"t38", _) => Nowhere("pjsip detects a fax by its tone only"),
            _ => Unreadable,
        },
        "encryption_taglen" => match value {
            b"32" => Endpoint(line("srtp_tag_32", "yes"), None),
            b"80" => Needless("80 bits are the default"),
            _ => Unreadable,
        },
        "dtlsverify" => match (lower.as_slice(), yes) {
            (b"fingerprint" | b"certificate", _) => Endpoint(line("dtls_verify", lower), None),
            (_, Some(yes)) => Endpoint(line("dtls_verify", word(yes)), None),
            _ => Unreadable,
        },
        "outboundproxy" => match proxy(value) {
            Some(uri) => Endpoint(line("outbound_proxy", uri), None),
            None => Unreadable,
        },
        "mohinterpret" => match lower.as_slice() {
            b"passthrough" => Endpoint(line("moh_passthrough", "yes"), None),
            b"default" => Needless("it is the default"),
            _ => Nowhere("say it in the plan: Set(CHANNEL(musicclass)=...)"),
        },
        "media_address" => Endpoint(line("media_address", value), None),
        "rtpbindaddr" => Endpoint(
            vec![
                ("media_address", value.to_vec()),
                ("bind_rtp_to_media_address", b"yes".to_vec()),
            ],
            None,
        ),
        _ => find(NEEDLESS, key)
            .map(Needless)
            .or_else(|| find(NOWHERE, key).map(Nowhere))
            .unwrap_or(Nowhere("pjsip has no such option")),
    }
}

fn flag(to: &'static str, yes: Option<bool>) -> Place {
    yes.map_or(Unreadable, |yes| Endpoint(line(to, word(yes)), None))
}

/// Separators become commas; the order stays, which is what counts.
fn codecs(allow: bool, value: &[u8]) -> Place {
    let words: Vec<&[u8]> = value
        .split(|b| matches!(b, b',' | b'&' | b'|'))
        .map(<[u8]>::trim_ascii)
        .filter(|w| !w.is_empty())
        .collect();
    if words.is_empty() {
        return Needless("it is empty");
    }
    let key = if allow { "allow" } else { "disallow" };
    Endpoint(line(key, words.join(&b',')), None)
}

/// `rewrite_contact` depends on the device and is not written here.
fn nat(lower: &[u8]) -> Place {
    const GUESSED: &str = "pjsip does not guess who is behind a router: it is always on";
    let (mut rport, mut symmetric, mut remark) = (false, false, None);
    for word in text::words(lower) {
        match word {
            b"yes" => (rport, symmetric) = (true, true),
            b"force_rport" => rport = true,
            b"comedia" => symmetric = true,
            b"auto_force_rport" => (rport, remark) = (true, Some(GUESSED)),
            b"auto_comedia" => (symmetric, remark) = (true, Some(GUESSED)),
            b"no" | b"never" => (rport, symmetric) = (false, false),
            // Words of 1.4 to 1.8.
            b"route" => (rport, symmetric) = (true, false),
            _ => remark = Some("a word of it means nothing"),
        }
    }
    let lines = vec![
        ("force_rport", word(rport).into()),
        ("rtp_symmetric", word(symmetric).into()),
    ];
    Endpoint(lines, remark)
}

fn direct_media(lower: &[u8]) -> Place {
    let (mut on, mut nonat, mut update, mut outgoing) = (true, false, false, false);
    for word in text::words(lower) {
        match (word, boolean(word)) {
            (b"nonat", _) => nonat = true,
            (b"update", _) => update = true,
            (b"outgoing", _) => outgoing = true,
            (_, Some(yes)) => on = yes,
            _ => return Unreadable,
        }
    }
    let mut lines = vec![("direct_media", word(on).into())];
    if update {
        lines.push(("direct_media_method", b"update".to_vec()));
    }
    if outgoing {
        lines.push(("direct_media_glare_mitigation", b"outgoing".to_vec()));
    }
    if nonat {
        lines.push(("disable_direct_media_on_nat", b"yes".to_vec()));
    }
    Endpoint(lines, None)
}

fn t38(lower: &[u8]) -> Place {
    let mut lines: Vec<(&'static str, Vec<u8>)> = Vec::new();
    let mut correction: &[u8] = b"fec";
    let mut on = false;
    for word in text::words(lower) {
        if let Some(size) = word.strip_prefix(b"maxdatagram=") {
            lines.push(("t38_udptl_maxdatagram", size.to_vec()));
        } else if matches!(word, b"fec" | b"redundancy" | b"none") {
            correction = word;
        } else {
            match boolean(word) {
                Some(yes) => on = yes,
                None => return Unreadable,
            }
        }
    }
    if !on {
        return Endpoint(line("t38_udptl", "no"), None);
    }
    lines.insert(0, ("t38_udptl", b"yes".to_vec()));
    lines.insert(1, ("t38_udptl_ec", correction.to_vec()));
    Endpoint(lines, None)
}

/// `host[:port][,force]` as the URI of a loose router.
pub(super) fn proxy(value: &[u8]) -> Option<Vec<u8>> {
    let first = text::words(value).next()?;
    let lower = first.to_ascii_lowercase();
    let (rest, transport) = [
        (&b"tls://"[..], ";transport=tls"),
        (b"tcp://", ";transport=tcp"),
        (b"udp://", ""),
        (b"sip:", ""),
    ]
    .into_iter()
    .find(|(prefix, _)| lower.starts_with(prefix))
    .map_or((first, ""), |(prefix, t)| (&first[prefix.len()..], t));
    let host = text::host(rest)?;
    Some(format!("sip:{}{transport};lr", text::uri_host(&host)).into_bytes())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::config::keys::{self, Kind, Level};

    /// Values with which every reading of an option is reached.
    const TRIED: [&str; 24] = [
        "yes",
        "no",
        "nonat",
        "update",
        "outgoing",
        "never",
        "pai",
        "rpid",
        "legacy",
        "accept",
        "originate",
        "refuse",
        "yes,redundancy,maxdatagram=400",
        "cng",
        "t38",
        "32",
        "80",
        "comedia",
        "auto_force_rport,auto_comedia",
        "rfc2833",
        "shortinfo",
        "passthrough",
        "proxy.example.com:5070,force",
        "dtmf",
    ];

    #[test]
    fn what_is_written_exists() {
        for key in keys::sip_names().chain(keys::users_names()) {
            for value in TRIED {
                if let Endpoint(lines, _) = place(key, value.as_bytes()) {
                    for (to, _) in lines {
                        let found = keys::pjsip(Kind::Endpoint, to.as_bytes());
                        assert!(found.is_some(), "{key}={value} -> {to}");
                    }
                }
            }
        }
    }

    #[test]
    fn no_option_of_a_device_is_unheard_of() {
        let all = [SAME, YES_NO, TOGETHER, NEEDLESS, NOWHERE].concat();
        let mut missing = Vec::new();
        for key in keys::sip_names() {
            let (_, level) = keys::sip(key.as_bytes()).unwrap();
            if level == Level::General || all.iter().any(|(k, _)| *k == key) {
                continue;
            }
            let tried = TRIED.iter().map(|v| place(key, v.as_bytes()));
            let reads = tried.into_iter().any(|p| matches!(p, Endpoint(..)));
            if !reads {
                missing.push(key);
            }
        }
        assert_eq!(missing, Vec::<&str>::new());
    }

    #[test]
    fn each_option_stands_once() {
        let mut all: Vec<&str> = [SAME, YES_NO, TOGETHER, NEEDLESS, NOWHERE]
            .concat()
            .iter()
            .map(|(k, _)| *k)
            .collect();
        all.sort_unstable();
        let count = all.len();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn a_proxy_is_a_loose_router() {
        let uri = |t: &str| proxy(t.as_bytes()).map(|u| String::from_utf8(u).unwrap());
        assert_eq!(
            uri("proxy.example.com").unwrap(),
            "sip:proxy.example.com;lr"
        );
        assert_eq!(
            uri("192.0.2.1:5070,force").unwrap(),
            "sip:192.0.2.1:5070;lr"
        );
        assert_eq!(
            uri("tls://p.example").unwrap(),
            "sip:p.example;transport=tls;lr"
        );
        assert_eq!(uri("two words"), None);
    }
}
