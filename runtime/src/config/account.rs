//! Who may speak with the exchange: one [`Account`] for each device of `sip.conf`, each user of `users.conf` and each endpoint of `pjsip.conf`.
//!
//! The three files say the same things in three dialects. Their readers translate into this one type, so that `auth`, the registrar and the
//! applications know accounts and never a file format. Names and texts are bytes as the file has them.

use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use super::Place;
use crate::sip::digest::Algorithm;
use crate::sip::flow::Protocol;

/// Which dial prefix, and which driver's rules, an account follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Technology {
    /// `SIP/…`: chan_sip's rules; from `sip.conf` and `users.conf`.
    Sip,
    /// `PJSIP/…`: chan_pjsip's rules; from `pjsip.conf`.
    Pjsip,
}

impl Technology {
    /// The prefix of a dial string and of a channel's name.
    pub fn prefix(self) -> &'static str {
        match self {
            Technology::Sip => "SIP",
            Technology::Pjsip => "PJSIP",
        }
    }
}

/// What kind of entry an account was written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// `type=user`: calls in, matched by its name; never called.
    User,
    /// `type=peer`: is called; its own calls are matched by address only.
    Peer,
    /// `type=friend`: both. Users of `users.conf` are friends.
    Friend,
    /// An endpoint of `pjsip.conf`.
    Endpoint,
    /// The account that unknown callers get when guests are let in; it has no name unless it is the endpoint `anonymous`.
    Guest,
}

/// The name under which contacts are registered: one table per technology, because `SIP/100` and `PJSIP/100` are different phones.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AorName {
    /// Whose rules it follows.
    pub technology: Technology,
    /// The device's or aor's name.
    pub name: Vec<u8>,
}

impl AorName {
    /// A name of that technology.
    pub fn new(technology: Technology, name: &[u8]) -> AorName {
        AorName {
            technology,
            name: name.to_vec(),
        }
    }
}

impl fmt::Display for AorName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}/{}",
            self.technology.prefix(),
            String::from_utf8_lossy(&self.name)
        )
    }
}

/// An address of record: where an account can be reached, and how phones may register there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aor {
    /// Its name in the registrar's table.
    pub name: AorName,
    /// Contacts written in the configuration (`contact=`, or a device's fixed `host=`), whole SIP URIs, in order.
    pub contacts: Vec<Vec<u8>>,
    /// True if [`contacts`](Aor::contacts) count only while nobody is registered (`defaultip` of a dynamic device).
    pub fallback: bool,
    /// How many contacts may register; 0 refuses every REGISTER with 403.
    pub max_contacts: u32,
    /// When full, a new contact replaces the oldest one instead of being refused.
    pub remove_existing: bool,
    /// Seconds granted when the phone asks for none.
    pub default_expiration: u32,
    /// Fewer seconds are refused with 423 (RFC 3261 10.3).
    pub minimum_expiration: u32,
    /// More seconds are shortened to this.
    pub maximum_expiration: u32,
}

/// A password or a hash of one. Its text never appears in `Debug`, in a message or in a log.
#[derive(Clone, PartialEq, Eq)]
pub enum Secret {
    /// The password itself.
    Password(Vec<u8>),
    /// `MD5(user:realm:password)`, 32 lower-case hexadecimal digits.
    Md5(Vec<u8>),
}

impl Secret {
    /// The same for the digest code.
    pub fn digest(&self) -> crate::sip::digest::Secret<'_> {
        match self {
            Secret::Password(p) => crate::sip::digest::Secret::Password(p),
            Secret::Md5(h) => crate::sip::digest::Secret::Md5(h),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Secret::Password(_) => "Password(hidden)",
            Secret::Md5(_) => "Md5(hidden)",
        })
    }
}

/// A user name and a secret, for challenges in one direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// The digest user name.
    pub username: Vec<u8>,
    /// Towards others: the realm it is for, `None` for any. From others: the realm we challenge with, `None` for the server's own.
    pub realm: Option<Vec<u8>>,
    /// The secret.
    pub secret: Secret,
    /// The algorithms to offer or to accept, best first. MD5 alone unless the configuration lists more.
    pub algorithms: Vec<Algorithm>,
}

/// A voice codec that the exchange carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// G.711 µ-law, payload type 0.
    Ulaw,
    /// G.711 A-law, payload type 8.
    Alaw,
}

impl Codec {
    /// All that the exchange has, in the order of `allow=all`.
    pub const ALL: [Codec; 2] = [Codec::Ulaw, Codec::Alaw];

    /// The name that configuration files use.
    pub fn name(self) -> &'static str {
        match self {
            Codec::Ulaw => "ulaw",
            Codec::Alaw => "alaw",
        }
    }
}

/// How keys pressed by the phone travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dtmf {
    /// RFC 4733 events.
    Rfc4733,
    /// As tones in the audio: no telephone-event is offered.
    Inband,
    /// As SIP INFO.
    Info,
    /// RFC 4733 if the far end offers it, else in-band.
    Auto,
    /// RFC 4733 if the far end offers it, else INFO.
    AutoInfo,
    /// Not at all.
    None,
}

/// How an account behind a router is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Nat {
    /// Answers go to the source port of a request even if its Via asks for no `rport` (RFC 3581).
    pub force_rport: bool,
    /// Audio goes to where audio comes from.
    pub comedia: bool,
    /// [`force_rport`](Nat::force_rport) only if the request's Via differs from its source.
    pub auto_force_rport: bool,
    /// [`comedia`](Nat::comedia) only if the request's Via differs from its source.
    pub auto_comedia: bool,
    /// Requests to a registered contact go to the address its REGISTER came from.
    pub rewrite_contact: bool,
}

impl Nat {
    /// Is a registered contact called at the source of its REGISTER (`via_differs`: the Via of that REGISTER named another address)?
    pub fn calls_source(self, via_differs: bool) -> bool {
        self.rewrite_contact || (self.auto_force_rport && via_differs)
    }
}

/// Caller id as an account presents it. An absent part is taken from the From header.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CallerId {
    /// The name shown, `callerid="Name" <…>` or `fullname`.
    pub name: Option<Vec<u8>>,
    /// The number shown.
    pub number: Option<Vec<u8>>,
}

/// When an account's requests pass without a challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Insecure {
    /// Matched by address whatever the port.
    pub port: bool,
    /// INVITE (and MESSAGE) are not challenged.
    pub invite: bool,
}

/// One device, user or endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its section's name; what stands after `SIP/` or `PJSIP/`.
    pub name: Vec<u8>,
    /// Whose rules it follows.
    pub technology: Technology,
    /// What it was written as.
    pub role: Role,
    /// Where it is written; `None` for a guest made from `[general]`.
    pub place: Option<Place>,
    /// Where its calls enter the plan.
    pub context: Vec<u8>,
    /// Where its messages outside calls enter the plan.
    pub message_context: Vec<u8>,
    /// False if its messages are refused (`accept_outofcall_message=no`): 405.
    pub accepts_messages: bool,
    /// A number that more digits could complete gets 484, so that the phone may send them; if false, 404 (`allowoverlap=no`).
    pub overlap: bool,
    /// Caller id of its calls.
    pub caller_id: CallerId,
    /// Codecs allowed, most wanted first; empty means that every call fails with 488.
    pub codecs: Vec<Codec>,
    /// How keys travel.
    pub dtmf: Dtmf,
    /// How it is reached behind a router.
    pub nat: Nat,
    /// Variables of each channel from or to it, in file order.
    pub variables: Vec<(Vec<u8>, Vec<u8>)>,
    /// What its requests must prove: any one of these. Empty means unchallenged.
    pub credentials: Vec<Credential>,
    /// What answers a challenge of the far end.
    pub outbound: Vec<Credential>,
    /// When no challenge is sent although there are credentials.
    pub insecure: Insecure,
    /// Are its messages outside calls challenged?
    pub challenge_messages: bool,
    /// May it be found by the user of the From header?
    pub by_user: bool,
    /// Fixed addresses its requests come from (`host=` of a peer); names are still to be resolved.
    pub addresses: Vec<Host>,
    /// Where it can be called, in order of preference. Empty if it cannot be: a call to it is CHANUNAVAIL.
    pub aors: Vec<AorName>,
    /// Addresses that may speak for it: `true` permits, `false` denies; the last rule that matches counts, none permits.
    pub acl: Vec<(bool, Network)>,
    /// The transport to use where a URI names none: a pjsip transport's name.
    pub transport: Option<Vec<u8>>,
    /// The protocol of calls out where the URI names none.
    pub protocol: Protocol,
    /// Protocols its requests may come by; empty means any.
    pub protocols: Vec<Protocol>,
    /// User part of From in calls to it.
    pub from_user: Option<Vec<u8>>,
    /// Host part of From in calls to it.
    pub from_domain: Option<Vec<u8>>,
    /// Prompt language, empty for the server's.
    pub language: Vec<u8>,
    /// `CHANNEL(accountcode)` of its calls.
    pub account_code: Vec<u8>,
}

impl Account {
    /// Must a request of this method from the account prove who sends it?
    pub fn challenges(&self, method: &[u8]) -> bool {
        if self.credentials.is_empty() {
            return false;
        }
        match method {
            b"INVITE" => !self.insecure.invite,
            b"MESSAGE" => self.challenge_messages && !self.insecure.invite,
            _ => true,
        }
    }

    /// May requests for it come from this address?
    pub fn permits(&self, source: IpAddr) -> bool {
        self.acl
            .iter()
            .rev()
            .find(|(_, n)| n.contains(source))
            .is_none_or(|(permit, _)| *permit)
    }

    /// `SIP/1001`: what a dial string and a channel name begin with.
    pub fn label(&self) -> String {
        format!(
            "{}/{}",
            self.technology.prefix(),
            String::from_utf8_lossy(&self.name)
        )
    }
}

/// A host with an optional port, as a configuration file names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// A name, or an address as text without brackets.
    pub name: Vec<u8>,
    /// The addresses; for a name those that [`Accounts::resolve`] was told.
    pub addresses: Vec<IpAddr>,
    /// The port; 0 for the default.
    pub port: u16,
}

/// A rule of `type=identify`: requests from these addresses belong to that endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identify {
    /// The endpoint.
    pub endpoint: Vec<u8>,
    /// Networks, in file order.
    pub networks: Vec<Network>,
    /// Host names, with what they were resolved to.
    pub hosts: Vec<Host>,
}

/// An address range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    /// Any address of it.
    pub address: IpAddr,
    /// How many leading bits count.
    pub bits: u8,
}

impl Network {
    /// Is `address` inside? An IPv4 address written as IPv6 (`::ffff:…`) counts as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address.to_canonical(), address.to_canonical()) {
            (IpAddr::V4(a), IpAddr::V4(b)) => {
                let mask = u32::MAX
                    .checked_shl(32 - u32::from(self.bits.min(32)))
                    .unwrap_or(0);
                u32::from(a) & mask == u32::from(b) & mask
            }
            (IpAddr::V6(a), IpAddr::V6(b)) => {
                let mask = u128::MAX
                    .checked_shl(128 - u32::from(self.bits.min(128)))
                    .unwrap_or(0);
                u128::from(a) & mask == u128::from(b) & mask
            }
            _ => false,
        }
    }

    /// One address alone.
    pub fn host(address: IpAddr) -> Network {
        Network {
            address,
            bits: if address.is_ipv4() { 32 } else { 128 },
        }
    }

    /// `net`, `net/bits` or `net/mask`. `None` if it is none of these.
    pub fn parse(text: &[u8]) -> Option<Network> {
        let text = std::str::from_utf8(text).ok()?.trim();
        let (address, mask) = text
            .split_once('/')
            .map_or((text, None), |(a, m)| (a, Some(m)));
        let address: IpAddr = address.trim_matches(['[', ']']).parse().ok()?;
        let width: u8 = if address.is_ipv4() { 32 } else { 128 };
        let bits = match mask {
            None => width,
            Some(mask) => match mask.parse::<u8>() {
                Ok(bits) if bits <= width => bits,
                Ok(_) => return None,
                Err(_) => match (address, mask.parse::<IpAddr>().ok()?) {
                    (IpAddr::V4(_), IpAddr::V4(m)) => contiguous(u128::from(u32::from(m)), 32)?,
                    (IpAddr::V6(_), IpAddr::V6(m)) => contiguous(u128::from(m), 128)?,
                    _ => return None,
                },
            },
        };
        Some(Network { address, bits })
    }
}

/// The number of leading ones of a mask of `width` bits without holes.
fn contiguous(mask: u128, width: u8) -> Option<u8> {
    let ones = (mask << (128 - u32::from(width))).leading_ones();
    (mask.count_ones() == ones).then_some(u8::try_from(ones).ok()?)
}

/// Everybody, with the look-ups that a request needs. Made once per load and shared; a reload makes a new one.
#[derive(Debug, Clone, Default)]
pub struct Accounts {
    /// All accounts, in file order.
    all: Vec<Arc<Account>>,
    /// All addresses of record.
    aors: HashMap<AorName, Arc<Aor>>,
    /// Endpoint by address, in file order.
    identifies: Vec<Identify>,
    /// By technology and name.
    by_name: HashMap<AorName, usize>,
    /// Devices of `sip.conf` that have fixed addresses, in file order.
    fixed: Vec<usize>,
    /// Who unknown callers are, if guests are let in.
    guest: Option<Arc<Account>>,
    /// As whom unknown senders of OPTIONS are answered.
    stranger: Option<Arc<Account>>,
    /// The realm of our challenges.
    realm: Vec<u8>,
}

impl Accounts {
    /// The look-ups over accounts, aors and identify rules. Of two accounts with one technology and name the later one counts.
    pub fn new(
        accounts: Vec<Account>,
        aors: Vec<Aor>,
        identifies: Vec<Identify>,
        guest: Option<Account>,
        stranger: Option<Account>,
        realm: Vec<u8>,
    ) -> Accounts {
        let all: Vec<Arc<Account>> = accounts.into_iter().map(Arc::new).collect();
        let by_name = all
            .iter()
            .enumerate()
            .map(|(i, a)| (AorName::new(a.technology, &a.name), i))
            .collect();
        let has_address = |a: &Account| {
            a.technology == Technology::Sip && a.role != Role::User && !a.addresses.is_empty()
        };
        let fixed = (0..all.len()).filter(|&i| has_address(&all[i])).collect();
        let aors = aors
            .into_iter()
            .map(|a| (a.name.clone(), Arc::new(a)))
            .collect();
        Accounts {
            all,
            aors,
            identifies,
            by_name,
            fixed,
            guest: guest.map(Arc::new),
            stranger: stranger.map(Arc::new),
            realm,
        }
    }

    /// All accounts in file order.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Account>> {
        self.all.iter()
    }

    /// The account `SIP/name` or `PJSIP/name`. Names are case-sensitive.
    pub fn find(&self, technology: Technology, name: &[u8]) -> Option<&Arc<Account>> {
        self.by_name
            .get(&AorName::new(technology, name))
            .and_then(|&i| self.all.get(i))
    }

    /// The address of record of that name.
    pub fn aor(&self, name: &AorName) -> Option<&Arc<Aor>> {
        self.aors.get(name)
    }

    /// The address of record that a REGISTER of this account for the user of To is about: the one of that name, or the only one of a
    /// device of `sip.conf`. 404 if there is none.
    pub fn registers_at(&self, account: &Account, to_user: &[u8]) -> Option<&Arc<Aor>> {
        let named = account.aors.iter().find(|a| a.name == to_user);
        let only = account
            .aors
            .first()
            .filter(|_| account.technology == Technology::Sip);
        self.aor(named.or(only)?)
    }

    /// All addresses of record, in no order.
    pub fn aors(&self) -> impl Iterator<Item = &Arc<Aor>> {
        self.aors.values()
    }

    /// Who unknown callers are; `None` if they are refused.
    pub fn guest(&self) -> Option<&Arc<Account>> {
        self.guest.as_ref()
    }

    /// As whom an OPTIONS is answered whoever sends it: chan_sip never challenges them. `None` without `sip.conf`.
    pub fn stranger(&self) -> Option<&Arc<Account>> {
        self.stranger.as_ref()
    }

    /// The realm of our challenges.
    pub fn realm(&self) -> &[u8] {
        &self.realm
    }

    /// The pjsip endpoint that an `identify` rule gives to this source.
    pub fn identified(&self, source: SocketAddr) -> Option<&Arc<Account>> {
        let ip = source.ip();
        let rule = self.identifies.iter().find(|rule| {
            rule.networks.iter().any(|n| n.contains(ip))
                || rule.hosts.iter().any(|h| {
                    h.addresses
                        .iter()
                        .any(|a| a.to_canonical() == ip.to_canonical())
                })
        })?;
        self.find(Technology::Pjsip, &rule.endpoint)
    }

    /// Peers of `sip.conf` with fixed addresses that include this source. The port counts unless the request came by a stream or the
    /// peer says `insecure=port`.
    pub fn addressed(&self, source: SocketAddr, stream: bool) -> Option<&Arc<Account>> {
        let ip = source.ip().to_canonical();
        self.fixed
            .iter()
            .filter_map(|&i| self.all.get(i))
            .find(|a| {
                a.addresses.iter().any(|h| {
                    let port = if h.port == 0 { 5060 } else { h.port };
                    (stream || a.insecure.port || port == source.port())
                        && h.addresses.iter().any(|x| x.to_canonical() == ip)
                })
            })
    }

    /// Host names that addresses are still missing for, each once.
    pub fn unresolved(&self) -> Vec<Vec<u8>> {
        let hosts = self
            .all
            .iter()
            .flat_map(|a| &a.addresses)
            .chain(self.identifies.iter().flat_map(|i| &i.hosts));
        let mut names: Vec<Vec<u8>> = hosts
            .filter(|h| h.addresses.is_empty())
            .map(|h| h.name.clone())
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The same accounts with the addresses that `lookup` knows for host names.
    #[must_use]
    pub fn resolved(&self, lookup: &dyn Fn(&[u8]) -> Vec<IpAddr>) -> Accounts {
        let fill = |h: &mut Host| {
            if h.addresses.is_empty() {
                h.addresses = lookup(&h.name);
            }
        };
        let mut out = self.clone();
        for account in &mut out.all {
            if account.addresses.iter().any(|h| h.addresses.is_empty()) {
                Arc::make_mut(account).addresses.iter_mut().for_each(fill);
            }
        }
        out.identifies
            .iter_mut()
            .flat_map(|i| &mut i.hosts)
            .for_each(fill);
        out
    }

    /// The identify rules, in file order.
    pub fn identifies(&self) -> &[Identify] {
        &self.identifies
    }
}
