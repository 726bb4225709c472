//! `sip.conf` and `users.conf` written anew as `pjsip.conf`: every option has its place there, or is told with the reason why not.
//!
//! Defaults and templates stay templates, in the order in which they count. Whether the accounts are the same afterwards is not argued but
//! compared: [`differences`](compare::differences) holds what [`load`](super::load) makes of both.

mod compare;
mod device;
mod general;
mod object;
mod options;
mod register;

pub use compare::{Compared, Difference};

use std::collections::{BTreeMap, BTreeSet};

use strowger_compiler::conf::line::{self, Section, Value, boolean};
use strowger_compiler::source::{Sources, Span};

use super::keys::{self, Level};
use device::{Shared, Written};
use general::{Carrier, General};
use object::{Object, comments};
use options::Place;

/// What became of a written option.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// It is in the new file.
    Converted,
    /// pjsip does so without being told.
    Needless,
    /// It has no place there.
    Nowhere,
    /// chan_sip ignored it too: nobody knows it, or it stands where it does nothing, or its value means nothing.
    Ignored,
}

/// One line of the old files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The file.
    pub file: String,
    /// Its line, from 1.
    pub line: u32,
    /// The section.
    pub section: String,
    /// The option, in lower case.
    pub option: String,
    /// What became of it.
    pub state: State,
    /// Where it went, or why it did not.
    pub words: String,
}

/// The new file, and what is to be told of it.
#[derive(Debug, Clone)]
pub struct Conversion {
    /// `pjsip.conf`. It holds passwords where the old files did.
    pub text: Vec<u8>,
    /// Every option of the old files, in their order.
    pub options: Vec<Outcome>,
    /// What the new file does otherwise, by the section that it is about.
    pub remarks: Vec<(String, String)>,
    /// What our own reader makes of both.
    pub compared: Compared,
}

/// Most registrations that are written.
const REGISTRATIONS: usize = 10_000;

/// Writes the devices of the old files as a `pjsip.conf`; `None` if there are no such files.
#[must_use]
pub fn convert(sources: &Sources) -> Option<Conversion> {
    let read = |name: &str| sources.find(name).map(|f| line::read(sources, f));
    let (sip, users) = (read("sip.conf"), read("users.conf"));
    if sip.is_none() && users.is_none() {
        return None;
    }
    let empty = line::Config::default();
    let mut work = Work {
        sources,
        sip: sip.as_ref().unwrap_or(&empty),
        users: users.as_ref().unwrap_or(&empty),
        names: BTreeSet::new(),
        objects: Vec::new(),
        options: Vec::new(),
        remarks: Vec::new(),
    };
    work.run();
    let mut text = Vec::new();
    for object in &work.objects {
        object.write(&mut text);
    }
    let text = text.strip_prefix(b"\n").unwrap_or(&text).to_vec();
    let compared = compare::differences(sources, &text);
    Some(Conversion {
        text,
        options: work.options,
        remarks: work.remarks,
        compared,
    })
}

struct Work<'a> {
    sources: &'a Sources,
    sip: &'a line::Config,
    users: &'a line::Config,
    /// Names of sections of the new file.
    names: BTreeSet<Vec<u8>>,
    objects: Vec<Object>,
    options: Vec<Outcome>,
    remarks: Vec<(String, String)>,
}

/// Sections that are no device.
fn is_special(section: &Section) -> bool {
    ["general", "authentication"]
        .iter()
        .any(|n| section.name.eq_ignore_ascii_case(n.as_bytes()))
}

impl<'a> Work<'a> {
    fn run(&mut self) {
        let (sip, users) = (self.sip, self.users);
        self.names = sip
            .sections
            .iter()
            .chain(&users.sections)
            .map(|s| s.name.clone())
            .collect();
        let general = General(sip.named("general").flat_map(|s| &s.values).collect());
        let of_users = General(users.named("general").flat_map(|s| &s.values).collect());
        for (file, name) in [(sip, "sip.conf"), (users, "users.conf")] {
            if file.open {
                self.remark(
                    name,
                    "a file that it includes is not there: what it holds is missing",
                );
            }
        }

        // The last section of a name is the device; a user of users.conf goes over one of sip.conf.
        let mut devices: BTreeMap<Vec<u8>, (&'a Section, bool)> = BTreeMap::new();
        let mut order: Vec<&[u8]> = Vec::new();
        for (section, user) in sip
            .sections()
            .map(|s| (s, false))
            .chain(users.sections().map(|s| (s, true)))
        {
            if is_special(section) || !self.is_device(section, user, &of_users) {
                continue;
            }
            if devices
                .insert(section.name.clone(), (section, user))
                .is_none()
            {
                order.push(&section.name);
            }
        }

        let counted: BTreeSet<Span> = devices.values().map(|(s, _)| s.span).collect();
        self.tell(sip, false, &counted);
        self.tell(users, true, &counted);

        let wanted: Vec<Carrier> = devices
            .values()
            .flat_map(|(s, _)| s.all("transport").last())
            .flat_map(|v| super::text::words(v.text.bytes()))
            .filter_map(Carrier::parse)
            .collect();
        let transports = general.transports(&wanted);
        for words in &transports.remarks {
            self.remarks.push(("general".to_owned(), words.clone()));
        }
        let realm_auths = self.realm_auths();
        let auth_names: Vec<Vec<u8>> = realm_auths.iter().map(|o| o.name.clone()).collect();
        let defaults = self.defaults(&general);
        let user_defaults = self.user_defaults(&of_users);
        let dynamic_aor = self.dynamic_aor(&general);
        let templates = self.templates();
        let realm = general.text(&["realm"]).unwrap_or(b"asterisk");
        let taken = self.names.clone();
        let shared = Shared {
            general: &general,
            transports: &transports,
            realm_auths: &auth_names,
            dynamic_aor: &dynamic_aor.name,
            realm,
            names: &taken,
        };
        let kept: BTreeSet<&[u8]> = templates.iter().map(|t| t.name.as_slice()).collect();

        let mut made = Vec::new();
        for name in order {
            let Some((section, user)) = devices.get(name).copied() else {
                continue;
            };
            let (bases, flat) = if user {
                let own = user_defaults.iter().map(|d| d.name.clone()).collect();
                (own, true)
            } else {
                bases(section, sip, &kept)
            };
            let written = Written {
                section,
                users: user.then_some(&of_users),
                bases: [vec![defaults.name.clone()], bases].concat(),
                flat,
                comments: comments(self.sources, section),
            };
            made.push((section, written.made(&shared)));
        }
        let identified = made.iter().any(|(_, m)| m.identified);
        let by_name = made.iter().any(|(_, m)| m.by_name);
        self.objects.extend(transports.objects.iter().cloned());
        self.objects.extend(general.system(identified && by_name));
        self.objects.push(defaults.clone());
        self.objects.extend(user_defaults.clone());
        if made.iter().any(|(_, m)| {
            m.objects
                .iter()
                .any(|o| o.bases.contains(&dynamic_aor.name))
        }) {
            self.objects.push(dynamic_aor.clone());
        }
        self.objects.extend(realm_auths);
        self.objects.extend(templates);
        let mut registers = Vec::new();
        let mut hosts: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
        for (section, mut made) in made {
            let shown = String::from_utf8_lossy(&section.name).into_owned();
            for words in std::mem::take(&mut made.remarks) {
                self.remarks.push((shown.clone(), words));
            }
            registers.extend(made.register.take());
            hosts.extend(made.host.take().map(|h| (h, section.name.clone())));
            self.objects.append(&mut made.objects);
        }
        self.registrations(registers, &hosts, &general, &transports);
        self.guests(&general, &defaults);
    }

    fn remark(&mut self, about: &str, words: &str) {
        self.remarks.push((about.to_owned(), words.to_owned()));
    }

    /// A name that no section has.
    fn free(&mut self, name: &str) -> Vec<u8> {
        let mut out = name.as_bytes().to_vec();
        let mut n = 1;
        while !self.names.insert(out.clone()) {
            n += 1;
            out = format!("{name}-{n}").into_bytes();
        }
        out
    }

    /// Whether a section makes an endpoint; says why one that looks so does not.
    fn is_device(&mut self, section: &Section, user: bool, of_users: &General<'_>) -> bool {
        let shown = String::from_utf8_lossy(&section.name).into_owned();
        let makes = if user {
            let here = section
                .get("hassip")
                .map(|v| boolean(v.text.bytes()) == Some(true));
            let off = section
                .get("disabled")
                .and_then(|v| boolean(v.text.bytes()))
                == Some(true);
            !off && here.unwrap_or(of_users.yes("hassip") == Some(true))
        } else {
            section.get("type").is_some_and(|v| {
                ["friend", "peer", "user"]
                    .iter()
                    .any(|k| v.text.bytes().eq_ignore_ascii_case(k.as_bytes()))
            })
        };
        if !makes {
            let why = if user {
                "it has no `hassip=yes`, so it is no device of SIP"
            } else {
                "it has no `type=` that chan_sip knew, so it was no device"
            };
            self.remarks.push((shown, why.to_owned()));
        } else if section.name == b"anonymous" {
            let why = "it is left out: an endpoint of this name is whom pjsip takes every unknown caller for; give the device another name";
            self.remarks.push((shown, why.to_owned()));
            return false;
        }
        makes
    }

    /// `auth=` lines: passwords for calls out, by realm.
    fn realm_auths(&mut self) -> Vec<Object> {
        let sip = self.sip;
        let mut out = Vec::new();
        let lines = sip
            .named("general")
            .chain(sip.named("authentication"))
            .flat_map(|s| s.all("auth"));
        for value in lines {
            let text = value.text.bytes();
            let Some(at) = text.iter().rposition(|b| *b == b'@') else {
                continue;
            };
            let (who, realm) = (&text[..at], &text[at + 1..]);
            let Some(split) = who.iter().position(|b| matches!(b, b':' | b'#')) else {
                continue;
            };
            let name = self.free("realm-auth");
            let mut object = Object::new(&name, "auth");
            let hash = who[split] == b'#';
            object.put("auth_type", if hash { "md5" } else { "userpass" });
            object.put("username", &who[..split]);
            object.put(
                if hash { "md5_cred" } else { "password" },
                &who[split + 1..],
            );
            object.put("realm", realm);
            out.push(object);
        }
        out
    }

    /// What counts for every device that says nothing else.
    fn defaults(&mut self, general: &General<'_>) -> Object {
        let name = self.free("endpoint-defaults");
        let mut out = Object::new(&name, "endpoint");
        out.template = true;
        // What chan_sip allowed by itself; an endpoint of pjsip allows nothing.
        out.put("allow", "ulaw,alaw,gsm");
        let values = general.0.iter().copied().filter(|v| {
            let level = keys::sip(v.key.bytes()).map(|(_, level)| level);
            level.is_some_and(|l| l != Level::Device)
        });
        device::lines(values, &mut out);
        let clears = |(key, value): &(String, Vec<u8>)| key == "disallow" && value == b"all";
        if out
            .lines
            .iter()
            .find(|(k, _)| k.ends_with("allow"))
            .is_some()
            && let Some(at) = out.lines.iter().position(clears)
        {
            out.lines.retain({
                let mut seen = 0;
                move |(key, _)| {
                    seen += 1;
                    seen > at || !key.ends_with("allow")
                }
            });
        }
        out
    }

    fn user_defaults(&mut self, of_users: &General<'_>) -> Option<Object> {
        let mut out = Object {
            template: true,
            ..Object::default()
        };
        device::lines(of_users.0.iter().copied(), &mut out);
        if out.lines.is_empty() {
            return None;
        }
        out.name = self.free("user-defaults");
        Some(out)
    }

    /// Where one phone registers, as chan_sip let it: the newest place counts.
    fn dynamic_aor(&mut self, general: &General<'_>) -> Object {
        let name = self.free("phone-aor");
        let mut out = Object::new(&name, "aor");
        out.template = true;
        out.put("max_contacts", "1");
        out.put("remove_existing", "yes");
        for (to, from, usual) in [
            (
                "default_expiration",
                &["defaultexpiry", "defaultexpirey"][..],
                120,
            ),
            ("minimum_expiration", &["minexpiry"][..], 60),
            ("maximum_expiration", &["maxexpiry", "maxexpirey"][..], 3600),
        ] {
            let seconds = general.number(from).unwrap_or(usual);
            out.put(to, seconds.to_string());
        }
        out
    }

    /// Templates of `sip.conf` that say something of endpoints.
    fn templates(&mut self) -> Vec<Object> {
        let sip = self.sip;
        let mut out: Vec<Object> = Vec::new();
        let mut seen: BTreeSet<&[u8]> = BTreeSet::new();
        for section in sip.sections.iter().filter(|s| s.template && !is_special(s)) {
            if !seen.insert(&section.name) {
                continue;
            }
            let kept: BTreeSet<&[u8]> = out.iter().map(|t| t.name.as_slice()).collect();
            let (bases, flat) = bases(section, sip, &kept);
            let mut object = Object {
                name: section.name.clone(),
                template: true,
                bases,
                comments: comments(self.sources, section),
                ..Object::default()
            };
            let own = section.values.iter().filter(|v| flat || !v.inherited);
            device::lines(own, &mut object);
            if !object.lines.is_empty() || !object.bases.is_empty() {
                out.push(object);
            }
        }
        out
    }

    fn registrations(
        &mut self,
        of_devices: Vec<register::Register>,
        hosts: &[(Vec<u8>, Vec<u8>)],
        general: &General<'_>,
        transports: &general::Transports,
    ) {
        let lines: Vec<register::Register> = general
            .0
            .iter()
            .filter(|v| v.is("register"))
            .filter_map(|v| register::parse(v.text.bytes()))
            .collect();
        for register in lines.into_iter().chain(of_devices).take(REGISTRATIONS) {
            let host = String::from_utf8_lossy(&register.host).into_owned();
            let known = register.peer.is_some() || hosts.iter().any(|(h, _)| *h == register.host);
            if !known {
                let words = format!(
                    "no device has the host {host}: calls that come by this registration are a stranger's until an identify names it"
                );
                self.remarks.push(("general".to_owned(), words));
            }
            if transports.of(register.carrier).is_none() {
                let words = format!(
                    "the registration at {host} goes by {}, for which sip.conf opens no socket",
                    register.carrier.word()
                );
                self.remarks.push(("general".to_owned(), words));
            }
            let name = self.free(&format!("reg-{host}"));
            self.objects
                .extend(register.objects(&name, general, transports));
        }
    }

    /// Unknown callers, if the file says in so many words that they are let in.
    fn guests(&mut self, general: &General<'_>, defaults: &Object) {
        match general.yes("allowguest") {
            Some(true) => self.objects.push(Object {
                name: b"anonymous".to_vec(),
                bases: vec![defaults.name.clone()],
                comments: vec![b"; Every unknown caller gets this endpoint (allowguest=yes of sip.conf).".to_vec()],
                ..Object::default()
            }),
            Some(false) => {}
            None if self.sip.sections.is_empty() => {}
            None => self.remark(
                "general",
                "unknown callers are refused: sip.conf does not say `allowguest`, and chan_sip let them in; an endpoint named `anonymous` would do so",
            ),
        }
    }

    /// Says of each written line what becomes of it.
    fn tell(&mut self, file: &line::Config, users: bool, counted: &BTreeSet<Span>) {
        let mut all: Vec<(&Section, &Value)> = file
            .sections
            .iter()
            .flat_map(|s| {
                s.values
                    .iter()
                    .filter(|v| !v.inherited)
                    .map(move |v| (s, v))
            })
            .collect();
        all.sort_by_key(|(_, v)| (v.key.span().file, v.key.span().start));
        for (section, value) in all {
            let key = value.key.lossy().to_ascii_lowercase();
            let counts = section.template || is_special(section) || counted.contains(&section.span);
            let (state, words) = if counts {
                self.outcome(section, value, &key, users)
            } else {
                let words = "its section makes no endpoint".to_owned();
                (State::Ignored, words)
            };
            self.options.push(Outcome {
                file: self.sources.file(value.key.span().file).name().to_owned(),
                line: value.line,
                section: String::from_utf8_lossy(&section.name).into_owned(),
                option: key,
                state,
                words,
            });
        }
    }

    fn outcome(&self, section: &Section, value: &Value, key: &str, users: bool) -> (State, String) {
        let level = match (keys::sip(key.as_bytes()), users) {
            (Some((_, level)), _) => level,
            (None, true) if keys::users(key.as_bytes()).is_some() => Level::Both,
            (None, _) => {
                let words = "chan_sip knows no such option".to_owned();
                return (State::Ignored, words);
            }
        };
        let text = value.text.bytes();
        let general = section.name.eq_ignore_ascii_case(b"general");
        if section.name.eq_ignore_ascii_case(b"authentication") {
            return match (key, text.contains(&b'@')) {
                ("auth", true) => (State::Converted, "an auth for calls out".to_owned()),
                _ => (State::Ignored, "it means nothing here".to_owned()),
            };
        }
        if general && !users {
            match general::place(key) {
                Some(Err(why)) => return (State::Nowhere, why.to_owned()),
                Some(Ok(_)) if value.text.is_empty() => {
                    return (State::Needless, "it is empty".to_owned());
                }
                Some(Ok(_)) if key == "register" && register::parse(text).is_none() => {
                    let words = "it names no user and host".to_owned();
                    return (State::Ignored, words);
                }
                Some(Ok("the endpoint `anonymous`")) if boolean(text) == Some(false) => {
                    let words = "there is no endpoint `anonymous`".to_owned();
                    return (State::Converted, words);
                }
                Some(Ok(to)) => return (State::Converted, to.to_owned()),
                None if level == Level::Device => {
                    let words = "it belongs to a device and does nothing in [general]".to_owned();
                    return (State::Ignored, words);
                }
                None => {}
            }
        } else if level == Level::General {
            let words = "it belongs into [general] and does nothing in a device".to_owned();
            return (State::Ignored, words);
        }
        match options::place(key, text) {
            Place::Endpoint(lines, remark) => {
                let mut to: Vec<&str> = lines.iter().map(|(k, _)| *k).collect();
                to.dedup();
                let mut words = to.join(", ");
                if let Some(remark) = remark {
                    words = format!("{words}; {remark}");
                }
                (State::Converted, words)
            }
            Place::Together(to) => (State::Converted, to.to_owned()),
            Place::Needless(why) => (State::Needless, why.to_owned()),
            Place::Nowhere(why) => (State::Nowhere, why.to_owned()),
            Place::Unreadable => (State::Ignored, "its value means nothing".to_owned()),
        }
    }
}

/// The templates of the new file from which a section copies, and whether its copied values have to be written out instead.
fn bases(section: &Section, file: &line::Config, kept: &BTreeSet<&[u8]>) -> (Vec<Vec<u8>>, bool) {
    let template = |name: &[u8]| {
        let first = file.sections.iter().find(|s| s.name == name);
        first.is_some_and(|s| s.template)
    };
    if !section.bases.iter().all(|b| template(b)) {
        return (Vec::new(), true);
    }
    let kept = section.bases.iter().filter(|b| kept.contains(b.as_slice()));
    (kept.cloned().collect(), false)
}
