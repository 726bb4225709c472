//! The keys of the files that are only read to check them.

use crate::conf::line::Section;

/// A kind of section with keys of its own.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Voicemail,
    QueuesGeneral,
    Queue,
    ConferenceUser,
    ConferenceBridge,
    Features,
    FeatureMap,
    Music,
    Database,
    ParkingGeneral,
    Parking,
    Iax,
}

impl Place {
    /// The kind of a section of a file; None where any key may stand.
    pub(super) fn of(file: &str, section: &Section) -> Option<Place> {
        let general = section.name.eq_ignore_ascii_case(b"general");
        Some(match file {
            "voicemail.conf" if general => Place::Voicemail,
            "queues.conf" if general => Place::QueuesGeneral,
            "queues.conf" => Place::Queue,
            "confbridge.conf" => {
                let kind = section.get("type")?.text.bytes().to_ascii_lowercase();
                match kind.as_slice() {
                    b"user" => Place::ConferenceUser,
                    b"bridge" => Place::ConferenceBridge,
                    _ => return None,
                }
            }
            "features.conf" if general => Place::Features,
            "features.conf" if section.name.eq_ignore_ascii_case(b"featuremap") => {
                Place::FeatureMap
            }
            "musiconhold.conf" if !general => Place::Music,
            "func_odbc.conf" if !general => Place::Database,
            "res_parking.conf" if general => Place::ParkingGeneral,
            "res_parking.conf" => Place::Parking,
            "iax.conf" if !section.name.eq_ignore_ascii_case(b"callnumberlimits") => Place::Iax,
            _ => return None,
        })
    }
}

const KEYS: [(Place, &str); 12] = [
    (
        Place::Voicemail,
        "format maxmsg maxsecs minsecs maxmessage minmessage maxgreet maxsilence silencethreshold \
         maxlogins skipms attach attachfmt operator review sendvoicemail searchcontexts envelope \
         saycid saycidname saycidinfo sayduration saydurationm delete nextaftercmd forcename \
         forcegreetings exitcontext callback dialout tz locale pollmailboxes pollfreq \
         externnotify externpass externpassnotify externpasscheck serveremail fromstring \
         emailsubject emailbody emaildateformat pagerdateformat pagerfromstring pagersubject \
         pagerbody mailcmd charset usedirectory moveheard odbcstorage odbctable userscontext \
         backupdeleted adsifdn adsisec adsiver minpassword listen-control-forward-key \
         listen-control-reverse-key listen-control-pause-key listen-control-restart-key \
         listen-control-stop-key smdienable smdiport hidefromdir tempgreetwarn passwordlocation \
         messagewrap volgain vm-mailboxsuffix directoryinfo directoryintro aliasescontext \
         imapserver imapport imapflags imapfolder imapgreetings imapparentfolder greetingsfolder \
         authuser authpassword expungeonhangup imapreadtimeout imapwritetimeout \
         imapopentimeout imapclosetimeout imapopentimeout deletevoicemail playback \
         vm-password vm-newpassword vm-passchanged vm-reenterpassword vm-mismatch \
         vm-invalid-password vm-pls-try-again vm-prepend-timeout language msg_id_incompat \
         odbc_storage leaveurgent odbcaudioondisk emailext cidinternalcontexts \
         read-notify pbxskip reviewheard beep",
    ),
    (
        Place::QueuesGeneral,
        "persistentmembers autofill monitor-type updatecdr shared_lastcall negative_penalty_invalid \
         log_membername_as_agent force_longest_waiting_caller log-caller-id-name \
         log_unpause_on_reason_change keepstats limitonpeer eventwhencalled \
         check_state_unknown member_state_is_ringing log-restricted-caller-id \
         eventmemberstatus",
    ),
    (
        Place::Queue,
        "musicclass announce announce-to-first-user announce-position \
         announce-position-only-up announce-position-limit announce-holdtime announce-frequency \
         announce-round-seconds min-announce-frequency periodic-announce \
         periodic-announce-frequency periodic-announce-startdelay random-periodic-announce \
         relative-periodic-announce strategy servicelevel context penaltymemberslimit timeout \
         retry timeoutpriority weight wrapuptime autofill autopause autopausedelay \
         autopausebusy autopauseunavail maxlen setinterfacevar setqueueentryvar setqueuevar \
         membermacro membergosub queue-youarenext queue-thereare queue-callswaiting \
         queue-quantity1 queue-quantity2 queue-holdtime queue-minutes queue-minute queue-seconds \
         queue-thankyou queue-callerannounce queue-reporthold queue-lessthan joinempty \
         leavewhenempty reportholdtime ringinuse memberdelay timeoutrestart defaultrule member \
         monitor-format monitor-type monitor-options eventwhencalled eventmemberstatus \
         reportholdtimes log-restricted-caller-id skip_joinempty shared_lastcall joinannounce \
         announceposition persistentmembers musiconhold music monitor-join",
    ),
    (
        Place::ConferenceUser,
        "type admin send_events echo_events marked startmuted quiet hear_own_join_sound \
         wait_marked end_marked end_marked_any announce_user_count announce_user_count_all \
         announce_only_user announcement announce_join_leave announce_join_leave_review \
         dsp_drop_silence dsp_talking_threshold dsp_silence_threshold talk_detection_events \
         denoise pin jitterbuffer music_on_hold_when_empty music_on_hold_class dtmf_passthrough \
         timeout text_messaging template",
    ),
    (
        Place::ConferenceBridge,
        "type max_members record_conference record_file record_file_append \
         record_file_timestamp record_options record_command internal_sample_rate \
         maximum_sample_rate mixing_interval video_mode language regcontext \
         binaural_active video_update_discard remb_send_interval remb_behavior \
         remb_estimated_bitrate enable_events sound_join sound_leave sound_has_joined \
         sound_has_left sound_kicked sound_muted sound_unmuted sound_only_one \
         sound_only_person sound_there_are sound_other_in_party sound_begin \
         sound_place_into_conference sound_wait_for_leader sound_leader_has_left sound_get_pin \
         sound_invalid_pin sound_error_menu sound_locked sound_locked_now sound_unlocked_now \
         sound_participants_muted sound_participants_unmuted sound_binaural_on \
         sound_binaural_off sounds template",
    ),
    (
        Place::Features,
        "featuredigittimeout transferdigittimeout atxfernoanswertimeout atxferdropcall \
         atxferloopdelay atxfercallbackretries transferdialattempts transferretrysound \
         transferinvalidsound transferannouncesound pickupexten pickupsound pickupfailsound \
         courtesytone xfersound xferfailsound recordingfailsound automixmon atxferabort \
         atxfercomplete atxferthreeway atxferswap adsipark parkext parkpos context parkinghints \
         parkingtime comebacktoorigin comebackdialtime comebackcontext parkedplay \
         parkedcalltransfers parkedcallreparking parkedcallhangup parkedcallrecording findslot \
         parkeddynamic parkedmusicclass parkext_exclusive",
    ),
    (
        Place::FeatureMap,
        "blindxfer disconnect atxfer parkcall automon automixmon",
    ),
    (
        Place::Music,
        "mode directory application digit announcement sort format random args kill_escalation_delay \
         kill_method loop_last entry cachertclasses preferchannelclass",
    ),
    (
        Place::Database,
        "prefix dsn readhandle writehandle read write readsql writesql insertsql escapecommas \
         mode rowlimit synopsis syntax minargs table",
    ),
    (
        Place::ParkingGeneral,
        "parkeddynamic parkext parkext_exclusive parkpos context parkinghints parkingtime findslot \
         parkedplay parkedcalltransfers parkedcallreparking parkedcallhangup parkedcallrecording \
         parkedmusicclass comebacktoorigin comebackdialtime comebackcontext courtesytone",
    ),
    (
        Place::Iax,
        "bindport bindaddr port iaxcompat nochecksums delayreject adsi srvlookup nosrvlookup amaflags \
         accountcode language mohinterpret mohsuggest bandwidth allow disallow jitterbuffer \
         forcejitterbuffer maxjitterbuffer maxjitterinterps resyncthreshold jittertargetextra \
         minexcessbuffer maxexcessbuffer jittershrinkrate dropcount iaxthreadcount \
         iaxmaxthreadcount register authdebug tos cos autokill codecpriority allowfwdownload \
         rtcachefriends rtsavesysname rtupdate rtautoclear rtignoreregexpire rtignoreexpire \
         regcontext parkinglot trunkfreq trunktimestamps trunkmaxsize trunkmtu minregexpire \
         maxregexpire pingtime lagrqtime encryption forceencryption calltokenoptional \
         calltokenexpiration maxcallnumbers maxcallnumbers_nonvalidated auth type context callerid \
         secret dbsecret host defaultip username user port qualify qualifysmoothing qualifyfreqok \
         qualifyfreqnotok mailbox mailboxdetail timezone setvar inkeys outkey permit deny acl \
         trunk notransfer transfer requirecalltoken connectedline sendani peercontext regexten \
         immediate keyrotate fullname cid_number maxauthreq description mask sourceaddress \
         subscribe network_change_event shrinkcallerid jittershrink mailboxes trunktimestamp \
         regseconds nat canreinvite dtmfmode videosupport disallowed codec",
    ),
    (
        Place::Parking,
        "parkext parkext_exclusive parkpos context parkinghints parkingtime findslot parkedplay \
         parkedcalltransfers parkedcallreparking parkedcallhangup parkedcallrecording \
         parkedmusicclass comebacktoorigin comebackdialtime comebackcontext courtesytone",
    ),
];

/// Every key of a kind of section.
pub(super) fn names(place: Place) -> impl Iterator<Item = &'static str> {
    KEYS.iter()
        .filter(move |(p, _)| *p == place)
        .flat_map(|(_, names)| names.split_ascii_whitespace())
}

/// Whether a section of the kind has the key, or numbers it: `readhandle2`.
pub(super) fn knows(place: Place, key: &str) -> bool {
    let bare = key.trim_end_matches(|c: char| c.is_ascii_digit());
    names(place).any(|n| n.eq_ignore_ascii_case(key) || n.eq_ignore_ascii_case(bare))
}
