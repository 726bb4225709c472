//! Every key that Asterisk's files know, and what becomes of it here.
//!
//! A key is served, or it changes nothing that a caller could notice, or its absence is said once. One that stands in no table is unknown.

/// What becomes of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// Its reader acts on it.
    Served,
    /// It has nothing to act on here, and nobody can tell: tuning, logging, what is always on.
    Harmless,
    /// Not served yet; what that means for the user.
    Later(&'static str),
    /// Not served yet, and somebody will miss it: calls fail, or are not what they were.
    Missed(&'static str),
    /// It would keep somebody out, and does not yet; what that means.
    Open(&'static str),
    /// Media goes through the exchange whatever it says.
    Relayed,
    /// Calls carry audio only.
    AudioOnly,
}

/// Where a key of `sip.conf` may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    /// In `[general]` only.
    General,
    /// In a device only.
    Device,
    /// In both.
    Both,
}

use Fate::{AudioOnly, Harmless, Later, Missed, Open, Relayed, Served};
use Level::{Both, Device, General};

/// A group of keys of `sip.conf` with one fate and level.
type SipGroup = (Fate, Level, &'static str);

const SIP: &[SipGroup] = &[
    (
        Served,
        Device,
        "type host port defaultip defaultuser username secret remotesecret md5secret",
    ),
    (
        Served,
        Device,
        "callerid cid_number fullname setvar permit deny",
    ),
    (
        Served,
        Both,
        "context outofcall_message_context insecure nat transport disallow allow dtmfmode \
         fromuser fromdomain accountcode language allowoverlap",
    ),
    (
        Served,
        General,
        "realm accept_outofcall_message auth_message_requests allowguest alwaysauthreject \
         udpbindaddr bindaddr bindport tcpenable tcpbindaddr maxexpiry maxexpirey minexpiry \
         defaultexpiry defaultexpirey timert1 auth",
    ),
    (
        Relayed,
        Both,
        "directmedia canreinvite directmediapermit directmediadeny directmediaacl \
         directrtpsetup",
    ),
    (AudioOnly, Both, "videosupport textsupport"),
    (
        Harmless,
        Both,
        "preferred_codec_only autoframing maxcallbitrate t1min qualifygap qualifypeers \
         registertrying maxforwards ignoreregexpire legacy_useroption_parsing storesipcause \
         shrinkcallerid rpid_update buggymwi notifymimetype amaflags cid_tag counteronpeer \
         callcounter busylevel allowsubscribe session-timers session-expires session-minse \
         session-refresher relaxdtmf cc_monitor_policy callevents checkmwi musiconhold mailbox usereqphone mohinterpret mohsuggest parkinglot description \
         subscribemwi vmexten mwi_from g726nonstandard autoframing \
         discard_remote_hold_retrieval use_q850_reason promiscredir tonezone rtpkeepalive \
         sipdebug rfc2833compensate ignoresdpversion disallowed_methods supportpath rtp_engine",
    ),
    (
        Harmless,
        General,
        "sdpsession sdpowner compactheaders pedantic tos_sip tos_audio tos_video tos_text \
         cos_sip cos_audio cos_video cos_text rtcachefriends rtsavesysname rtupdate \
         rtautoclear rtsave_path notifyringing notifyhold notifycid websocket_enabled \
         websocket_write_timeout tcpauthtimeout tcpauthlimit dumphistory recordhistory \
         snom_aoc_enabled matchexternaddrlocally dynamic_exclude_static parkinglot jbenable \
         jbforce jbmaxsize jbresyncthreshold jbimpl jbtargetextra jblog auth_options_requests \
         externrefresh send_diversion refer_addheaders mwiexpiry mwi_expiry static \
         sip_resubscribe_interval limitonpeers limitonpeer registertimeout registerattempts \
         register_retry_403 submaxexpiry subminexpiry authfailureevents rtsavepath \
         subscribe_network_change_event",
    ),
    (
        Later("host names are looked up as addresses only"),
        General,
        "srvlookup",
    ),
    (Later("it is 64 times T1"), General, "timerb"),
    (Later("the exchange names itself"), General, "useragent"),
    (
        Later("recordings are not switched on or off by a header"),
        Both,
        "recordonfeature recordofffeature",
    ),
    (Later("calls are not counted"), Device, "call-limit"),
    (
        Later("a call whose audio stops is not ended"),
        Both,
        "rtptimeout rtpholdtimeout",
    ),
    (
        Later("the caller's number is that of From or of `callerid`"),
        Both,
        "trustrpid",
    ),
    (
        Later("presence is not served, so hints are not looked up"),
        Both,
        "subscribecontext",
    ),
    (
        Later("the general realm counts for every domain"),
        General,
        "domainsasrealm",
    ),
    (
        Missed("unknown phones are not registered"),
        General,
        "autocreatepeer",
    ),
    (
        Missed("accounts are found by the user of From"),
        General,
        "match_auth_username",
    ),
    (
        Later("every domain is taken as ours"),
        General,
        "domain autodomain allowexternaldomains",
    ),
    (
        Later("peers are told the address of the listener"),
        General,
        "externaddr externip localnet externhost externtcpport externtlsport media_address \
         rtpbindaddr",
    ),
    (
        Missed("TLS is not served"),
        General,
        "tlsenable tlsbindaddr tlscertfile tlsprivatekey tlscafile tlscapath tlscadir \
         tlscipher tlsclientmethod tlsverifyclient tlsdontverifyserver tlsdisablev1 \
         tlsdisablev11 tlsdisablev12 tlsservercipherorder",
    ),
    (
        Missed("calls go straight to their target"),
        Both,
        "outboundproxy",
    ),
    (
        Later("fax passes as audio"),
        Both,
        "t38pt_udptl t38pt_usertpsource faxdetect",
    ),
    (
        Missed("audio is neither encrypted nor ICE-negotiated"),
        Both,
        "encryption encryption_taglen avpf force_avp icesupport dtlsenable dtlsverify \
         dtlsrekey dtlscertfile dtlsprivatekey dtlscipher dtlscafile dtlscapath dtlssetup \
         dtlsfingerprint rtcp_mux",
    ),
    (
        Later("phones are not pinged; an unreachable one fails when its timer ends"),
        Both,
        "qualify qualifyfreq keepalive",
    ),
    (
        Missed("no outgoing registration is made"),
        General,
        "register mwi",
    ),
    (
        Missed("no outgoing registration is made"),
        Device,
        "callbackextension",
    ),
    (
        Later("no such header is sent"),
        Both,
        "callingpres sendrpid trust_id_outbound",
    ),
    (
        Later("pickup is not served"),
        Device,
        "callgroup pickupgroup namedcallgroup namedpickupgroup",
    ),
    (
        Open("it restricts nobody: only `permit` and `deny` count"),
        Both,
        "acl contactpermit contactdeny contactacl dynamic_exclude_static",
    ),
    (
        Later("no extension is made when a phone registers"),
        Both,
        "regexten regcontext regextenonqualify",
    ),
    (Later("transfers are not served"), Both, "allowtransfer"),
    (
        Later("tones before an answer are sent as the plan says"),
        Both,
        "progressinband prematuremedia",
    ),
    (
        Later("messages waiting are not told"),
        Both,
        "unsolicited_mailbox",
    ),
];

/// The fate of a key of `sip.conf` and where it belongs. Names are compared without case.
pub(super) fn sip(key: &[u8]) -> Option<(Fate, Level)> {
    SIP.iter()
        .find(|(_, _, names)| {
            names
                .split_ascii_whitespace()
                .any(|n| key.eq_ignore_ascii_case(n.as_bytes()))
        })
        .map(|(f, l, _)| (*f, *l))
}

/// All keys of `sip.conf`, for suggestions.
pub(super) fn sip_names() -> impl Iterator<Item = &'static str> {
    SIP.iter()
        .flat_map(|(_, _, names)| names.split_ascii_whitespace())
}

/// Keys of `users.conf` beyond those of `sip.conf`.
const USERS: &[(Fate, &str)] = &[
    (
        Served,
        "hassip host secret fullname cid_number context userscontext username",
    ),
    (
        Harmless,
        "email registersip hasdirectory callwaiting threewaycalling callwaitingcallerid \
         transfer canpark cancallforward callreturn hasmanager hasagent managerread \
         managerwrite userbase localextenlength allow_aliasextns allow_an_extns signalling \
         macaddress autoprov label linenumber linekeys zapchan dahdichan operatorextension \
         trunkname trunkstyle group vmexten provisioning flash registeriax hasiax hasdahdi \
         hash323 requirecalltoken deletevoicemail dialformat disabled",
    ),
    (
        Later("voicemail is not served"),
        "hasvoicemail vmsecret vmpwd imapuser imappassword attach mailbox",
    ),
    (
        Later("no extension is made for users; write one into the plan"),
        "hasexten alternateexts",
    ),
    (Later("no hint is made for users"), "hashints"),
    (Later("`stdexten` is not used"), "stdexten"),
];

/// The fate of a key of `users.conf`; keys of `sip.conf` are legal there.
pub(super) fn users(key: &[u8]) -> Option<Fate> {
    USERS
        .iter()
        .find(|(_, names)| {
            names
                .split_ascii_whitespace()
                .any(|n| key.eq_ignore_ascii_case(n.as_bytes()))
        })
        .map(|(f, _)| *f)
        .or_else(|| sip(key).map(|(f, _)| f))
}

/// The kinds of object of `pjsip.conf` that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Kind {
    /// A listener.
    Transport,
    /// An account.
    Endpoint,
    /// Credentials.
    Auth,
    /// An address of record.
    Aor,
    /// A rule of addresses.
    Identify,
    /// General options.
    Global,
    /// Timers.
    System,
}

impl Kind {
    /// As `type=` writes it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Kind::Transport => "transport",
            Kind::Endpoint => "endpoint",
            Kind::Auth => "auth",
            Kind::Aor => "aor",
            Kind::Identify => "identify",
            Kind::Global => "global",
            Kind::System => "system",
        }
    }

    /// Reads `type=`.
    pub(super) fn parse(word: &[u8]) -> Option<Kind> {
        [
            Kind::Transport,
            Kind::Endpoint,
            Kind::Auth,
            Kind::Aor,
            Kind::Identify,
            Kind::Global,
            Kind::System,
        ]
        .into_iter()
        .find(|k| word == k.word().as_bytes())
    }
}

/// Kinds of object that Asterisk knows and we do not serve, and what that means.
pub(super) const PJSIP_LATER: &[(&str, &str)] = &[
    ("registration", "no outgoing registration is made"),
    (
        "acl",
        "the restriction is NOT in force: every address may speak",
    ),
    ("domain_alias", "every domain is taken as ours"),
    ("phoneprov", "phones are not provisioned"),
    ("resource_list", "presence is not served"),
    ("outbound-publish", "presence is not served"),
    ("inbound-publication", "presence is not served"),
    ("asterisk-publication", "presence is not served"),
    (
        "contact",
        "contacts come from REGISTER and from `contact=` of an aor",
    ),
    ("wizard", "write endpoint, aor and auth sections instead"),
];

type PjsipGroup = (Kind, Fate, &'static str);

const PJSIP: &[PjsipGroup] = &[
    (Kind::Transport, Served, "protocol bind"),
    (
        Kind::Transport,
        Harmless,
        "domain tos cos allow_reload symmetric_transport tcp_keepalive_enable \
         tcp_keepalive_idle_time tcp_keepalive_interval_time tcp_keepalive_probe_count \
         websocket_write_timeout async_operations",
    ),
    (
        Kind::Transport,
        Missed("TLS is not served"),
        "cert_file priv_key_file ca_list_file ca_list_path password cipher method \
         verify_server verify_client require_client_cert allow_wildcard_certs",
    ),
    (
        Kind::Transport,
        Later("peers are told the address of the listener"),
        "local_net external_signaling_address external_signaling_port external_media_address \
         external_signaling_hostname",
    ),
    (
        Kind::Endpoint,
        Served,
        "context aors auth outbound_auth transport disallow allow identify_by message_context \
         callerid from_user from_domain dtmf_mode force_rport rewrite_contact rtp_symmetric \
         set_var accountcode language deny permit allow_overlap",
    ),
    (
        Kind::Endpoint,
        Relayed,
        "direct_media direct_media_method direct_media_glare_mitigation \
         disable_direct_media_on_nat",
    ),
    (
        Kind::Endpoint,
        Harmless,
        "trust_connected_line rpid_immediate connected_line_method rtp_ipv6 rtp_keepalive \
         rtp_engine bundle max_audio_streams max_video_streams asymmetric_rtp_codec \
         codec_prefs_incoming_offer codec_prefs_outgoing_offer codec_prefs_incoming_answer \
         codec_prefs_outgoing_answer incoming_call_offer_pref outgoing_call_offer_pref \
         preferred_codec_only use_ptime g726_non_standard ignore_183_without_sdp \
         follow_early_media_fork accept_multiple_sdp_answers sub_min_expiry \
         notify_early_inuse_ringing aggregate_mwi mwi_from_user \
         mwi_subscribe_replaces_unsolicited device_state_busy_at moh_suggest moh_passthrough \
         suppress_moh_on_sendonly tone_zone tenantid timers timers_min_se timers_sess_expires \
         sdp_owner sdp_session tos_audio tos_video cos_audio cos_video user_eq_phone \
         allow_subscribe suppress_q850_reason_headers subscribe_context callerid_tag \
         refer_blind_progress mailboxes voicemail_extension 100rel \
         allow_unauthenticated_options srtp_tag_32 media_use_received_transport stir_shaken \
         stir_shaken_profile geoloc_incoming_call_profile geoloc_outgoing_call_profile \
         send_aoc overlap_context contact_user media_address bind_rtp_to_media_address",
    ),
    (
        Kind::Endpoint,
        Later("no such header is sent"),
        "callerid_privacy trust_id_outbound send_pai send_rpid send_diversion \
         send_history_info send_connected_line",
    ),
    (
        Kind::Endpoint,
        Later("a call whose audio stops is not ended"),
        "rtp_timeout rtp_timeout_hold",
    ),
    (
        Kind::Endpoint,
        Later("the caller's number is that of From or of `callerid`"),
        "trust_id_inbound",
    ),
    (
        Kind::Endpoint,
        Later("ports come from rtp.conf"),
        "rtp_port_start rtp_port_end",
    ),
    (
        Kind::Endpoint,
        Missed("audio is neither encrypted nor ICE-negotiated"),
        "ice_support media_encryption media_encryption_optimistic use_avpf force_avp \
         dtls_verify dtls_rekey dtls_cert_file dtls_private_key dtls_auto_generate_cert \
         dtls_cipher dtls_ca_file dtls_ca_path dtls_setup dtls_fingerprint webrtc rtcp_mux \
         security_negotiation security_mechanisms",
    ),
    (
        Kind::Endpoint,
        Later("tones before an answer are sent as the plan says"),
        "inband_progress",
    ),
    (
        Kind::Endpoint,
        Later("transfers are not served"),
        "allow_transfer",
    ),
    (
        Kind::Endpoint,
        Missed("a redirected call fails"),
        "redirect_method follow_redirect_methods",
    ),
    (
        Kind::Endpoint,
        Later("messages waiting are not told"),
        "incoming_mwi_mailbox",
    ),
    (
        Kind::Endpoint,
        Later("pickup is not served"),
        "call_group pickup_group named_call_group named_pickup_group",
    ),
    (
        Kind::Endpoint,
        Later("fax passes as audio"),
        "t38_udptl t38_udptl_ec t38_udptl_maxdatagram t38_udptl_nat t38_udptl_ipv6 \
         t38_bind_udptl_to_media_address t38_bind_rtp_to_media_address fax_detect fax_detect_timeout",
    ),
    (
        Kind::Endpoint,
        Missed("calls go straight to their target"),
        "outbound_proxy",
    ),
    (
        Kind::Endpoint,
        Open("it restricts nobody: only `permit` and `deny` count"),
        "acl contact_acl contact_deny contact_permit",
    ),
    (
        Kind::Endpoint,
        Later("recording by INFO is not served"),
        "one_touch_recording record_on_feature record_off_feature",
    ),
    (
        Kind::Auth,
        Served,
        "auth_type username password md5_cred password_digest realm supported_algorithms_uas \
         supported_algorithms_uac",
    ),
    (Kind::Auth, Harmless, "nonce_lifetime"),
    (
        Kind::Auth,
        Later("OAuth is not served"),
        "refresh_token oauth_clientid oauth_secret",
    ),
    (
        Kind::Aor,
        Served,
        "contact max_contacts remove_existing remove_unavailable default_expiration \
         minimum_expiration maximum_expiration",
    ),
    (
        Kind::Aor,
        Harmless,
        "mailboxes voicemail_extension qualify_timeout qualify_2xx_only authenticate_qualify",
    ),
    (
        Kind::Aor,
        Later("phones are not pinged; an unreachable one fails when its timer ends"),
        "qualify_frequency",
    ),
    (
        Kind::Aor,
        Missed("calls go straight to their target"),
        "outbound_proxy",
    ),
    (Kind::Aor, Later("Path is not served"), "support_path"),
    (Kind::Identify, Served, "endpoint match"),
    (Kind::Identify, Harmless, "srv_lookups"),
    (
        Kind::Identify,
        Missed("only addresses identify"),
        "match_header match_request_uri transport",
    ),
    (Kind::Global, Served, "default_from_user default_realm"),
    (
        Kind::Global,
        Harmless,
        "max_initial_qualify_time allow_sending_180_after_183 keep_alive_interval max_forwards debug regcontext default_voicemail_extension \
         disable_multi_domain norefersub unidentified_request_count \
         unidentified_request_period unidentified_request_prune_interval \
         contact_expiration_check_interval mwi_tps_queue_high mwi_tps_queue_low \
         mwi_disable_initial_unsolicited send_contact_status_on_update_registration \
         taskprocessor_overload_trigger use_callerid_contact default_auth_algorithms_uas \
         default_auth_algorithms_uac all_codecs_on_empty_reinvite ignore_uri_user_options",
    ),
    (
        Kind::Global,
        Later("the exchange names itself"),
        "user_agent",
    ),
    (
        Kind::Global,
        Later("the order is ip, username, anonymous"),
        "endpoint_identifier_order",
    ),
    (
        Kind::Global,
        Later("messages go by the endpoint that they name"),
        "default_outbound_endpoint",
    ),
    (Kind::System, Served, "timer_t1"),
    (Kind::System, Later("it is 64 times T1"), "timer_b"),
    (
        Kind::System,
        Harmless,
        "compact_headers disable_tcp_switch disable_rport threadpool_initial_size \
         threadpool_auto_increment threadpool_idle_timeout threadpool_max_size \
         taskpool_minimum_size taskpool_initial_size taskpool_auto_increment \
         taskpool_idle_timeout taskpool_max_size follow_early_media_fork \
         accept_multiple_sdp_answers disable_rport",
    ),
];

/// The fate of a key in an object of `pjsip.conf`. Names are case-sensitive.
pub(super) fn pjsip(kind: Kind, key: &[u8]) -> Option<Fate> {
    PJSIP
        .iter()
        .find(|(k, _, names)| {
            *k == kind && names.split_ascii_whitespace().any(|n| key == n.as_bytes())
        })
        .map(|(_, f, _)| *f)
}

/// All keys of a kind of object of `pjsip.conf`, for suggestions.
pub(super) fn pjsip_names(kind: Kind) -> impl Iterator<Item = &'static str> {
    PJSIP
        .iter()
        .filter(move |(k, _, _)| *k == kind)
        .flat_map(|(_, _, names)| names.split_ascii_whitespace())
}

/// Keys of `rtp.conf`.
const RTP: &[(Fate, &str)] = &[
    (
        Served,
        "rtpstart rtpend strictrtp probation dtmftimeout rtcpinterval",
    ),
    (
        Harmless,
        "rtpchecksums dtls_mtu srtpreplayprotection stun_software_attribute stun_blacklist \
         stun_acl stun_deny stun_permit",
    ),
    (
        Later("ICE, STUN and TURN are not served"),
        "icesupport stunaddr turnaddr turnport turnusername turnpassword ice_deny ice_permit \
         ice_acl",
    ),
];

/// All keys of `users.conf`, for suggestions.
pub(super) fn users_names() -> impl Iterator<Item = &'static str> {
    USERS
        .iter()
        .flat_map(|(_, names)| names.split_ascii_whitespace())
        .chain(sip_names())
}

/// The fate of a key of `rtp.conf`.
pub(super) fn rtp(key: &[u8]) -> Option<Fate> {
    RTP.iter()
        .find(|(_, names)| {
            names
                .split_ascii_whitespace()
                .any(|n| key.eq_ignore_ascii_case(n.as_bytes()))
        })
        .map(|(f, _)| *f)
}

/// All keys of `rtp.conf`, for suggestions.
pub(super) fn rtp_names() -> impl Iterator<Item = &'static str> {
    RTP.iter()
        .flat_map(|(_, names)| names.split_ascii_whitespace())
}
