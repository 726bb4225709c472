//! Who is where: the bindings of addresses of record to contacts (RFC 3261 10).
//!
//! No I/O and no clock: time is a parameter, and what the store must keep comes out of [`Registrar::changes`]. A binding keeps the Contact
//! as the phone wrote it, which is what the 200 returns and what the Request-URI of a call to it is, and apart from it the flow that its
//! REGISTER came by, which is where a call is sent if the account is behind a router or the phone came by a stream.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};

use bytes::Bytes;

use crate::config::{Aor, AorName, Nat};
use crate::limits;
use crate::sip::command::Answer;
use crate::sip::flow::{Flow, Now, Protocol};
use crate::sip::{Contacts, Message, NameAddr, Uri};
use crate::store::SavedBinding;

/// Longest Contact that is kept, in bytes, parameters included. A longer one gets 400.
pub const CONTACT: usize = 1_024;
/// Longest Call-ID that is kept, in bytes. A longer one gets 400.
pub const CALL_ID: usize = 512;

/// One phone at one address of record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// The contact's address as the phone wrote it, without brackets.
    pub uri: Box<[u8]>,
    /// The contact's parameters as the phone wrote them, without `expires`; empty or beginning with `;`.
    pub params: Box<[u8]>,
    /// Preference in thousandths.
    pub q: u16,
    /// How its REGISTER came.
    pub flow: Flow,
    /// Is it called by that flow instead of by its address?
    pub by_flow: bool,
    /// Call-ID of its REGISTER.
    pub call_id: Box<[u8]>,
    /// CSeq number of its REGISTER.
    pub cseq: u32,
    /// When it ends, in microseconds of [`Now::micros`].
    pub expires: u64,
    /// The same as milliseconds since 1970, which is what the store keeps.
    pub expires_unix_ms: u64,
    /// Which binding was made later; unique.
    made: u64,
}

/// Where a call or a message to an address of record can be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Request-URI: the contact as written.
    pub uri: Bytes,
    /// The flow to use; `None` sends to what the address says.
    pub flow: Option<Flow>,
    /// How its REGISTER came, for the choice of listener; `None` for a contact from the configuration.
    pub came_by: Option<Flow>,
}

/// What the store must be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// This binding exists now, or is refreshed; it is known by aor and address.
    Put(AorName, Box<Binding>),
    /// This one is gone.
    Remove(AorName, Box<[u8]>),
}

/// All bindings.
#[derive(Debug, Default)]
pub struct Registrar {
    bindings: HashMap<AorName, Vec<Binding>>,
    /// When each binding ends, and whose it is.
    ends: BTreeMap<(u64, u64), AorName>,
    /// Who registered from where.
    sources: BTreeSet<(SocketAddr, AorName)>,
    /// Bindings by connection.
    connections: BTreeSet<(u64, AorName)>,
    changes: VecDeque<Change>,
    made: u64,
}

/// Why a REGISTER changes nothing.
struct No {
    status: u16,
    header: Option<(&'static str, u32)>,
}

impl No {
    fn status(status: u16) -> No {
        No {
            status,
            header: None,
        }
    }

    fn with(status: u16, name: &'static str, value: u32) -> No {
        No {
            status,
            header: Some((name, value)),
        }
    }

    fn answer(self) -> Answer {
        let answer = Answer::status(self.status);
        match self.header {
            Some((name, value)) => answer.with(name, value.to_string()),
            None => answer,
        }
    }
}

/// One Contact of a request.
struct Asked<'a> {
    address: NameAddr<'a>,
    seconds: u32,
}

impl Registrar {
    /// An empty table.
    #[must_use]
    pub fn new() -> Registrar {
        Registrar::default()
    }

    /// Answers a REGISTER that was let in, for this address of record. On anything but 200 nothing has changed.
    ///
    /// 400 for what cannot be read, 403 above `max_contacts`, 423 with `Min-Expires`, 500 for a request older than the binding, 503 if the
    /// table or the store's queue is full.
    pub fn register(
        &mut self,
        now: Now,
        request: &Message,
        flow: &Flow,
        aor: &Aor,
        nat: Nat,
    ) -> Answer {
        self.expire(now);
        match self.try_register(now, request, flow, aor, nat) {
            Ok(()) => self.listing(now, &aor.name),
            Err(no) => no.answer(),
        }
    }

    fn try_register(
        &mut self,
        now: Now,
        request: &Message,
        flow: &Flow,
        aor: &Aor,
        nat: Nat,
    ) -> Result<(), No> {
        let bad = |_| No::status(400);
        let contacts = request.contacts().map_err(bad)?;
        let call_id = request.call_id().map_err(bad)?;
        let cseq = request.cseq().map_err(bad)?.number;
        let header = request.expires();
        if call_id.len() > CALL_ID {
            return Err(No::status(400));
        }
        if aor.max_contacts == 0 {
            return Err(No::status(403));
        }
        let asked = match contacts {
            Contacts::Star => {
                // RFC 3261 10.3 step 6: only with Expires 0.
                if header != Some(0) {
                    return Err(No::status(400));
                }
                let bound = self
                    .bindings
                    .get(&aor.name)
                    .map(Vec::as_slice)
                    .unwrap_or_default();
                if bound
                    .iter()
                    .any(|b| *b.call_id == *call_id && b.cseq >= cseq)
                {
                    return Err(No::status(500));
                }
                let all: Vec<u64> = bound.iter().map(|b| b.made).collect();
                self.room_for_changes(all.len())?;
                for made in all {
                    if let Some(gone) = self.remove(&aor.name, made) {
                        self.forget(&aor.name, gone);
                    }
                }
                return Ok(());
            }
            Contacts::List(list) if list.is_empty() => return Ok(()),
            Contacts::List(list) => list,
        };
        let mut wanted: Vec<Asked<'_>> =
            Vec::with_capacity(asked.len().min(limits::BINDINGS_PER_AOR));
        for address in asked {
            let Ok(uri @ Uri::Sip(_)) = address.uri() else {
                return Err(No::status(400));
            };
            if address.text.len() > CONTACT {
                return Err(No::status(400));
            }
            let seconds = match address.expires().or(header) {
                None => aor.default_expiration,
                Some(0) => 0,
                Some(s) if s < aor.minimum_expiration => {
                    return Err(No::with(423, "Min-Expires", aor.minimum_expiration));
                }
                Some(s) => s.min(aor.maximum_expiration),
            };
            // The same contact twice in one request: the later one counts.
            wanted.retain(|w| !w.address.uri().is_ok_and(|u| u.same(&uri)));
            if wanted.len() > aor.max_contacts as usize + limits::BINDINGS_PER_AOR {
                return Err(No::status(403));
            }
            wanted.push(Asked { address, seconds });
        }
        self.bind(now, flow, aor, nat, request, call_id, cseq, &wanted)
    }

    /// Steps 7 and 8: checks everything first, so that the request changes all or nothing.
    #[allow(clippy::too_many_arguments)]
    fn bind(
        &mut self,
        now: Now,
        flow: &Flow,
        aor: &Aor,
        nat: Nat,
        request: &Message,
        call_id: &[u8],
        cseq: u32,
        wanted: &[Asked<'_>],
    ) -> Result<(), No> {
        let bound = self
            .bindings
            .get(&aor.name)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let mut replaced = Vec::new();
        for asked in wanted {
            if let Some(old) = bound.iter().find(|b| same(&b.uri, asked.address.uri_text)) {
                if *old.call_id == *call_id && old.cseq >= cseq {
                    return Err(No::status(500));
                }
                replaced.push(old.made);
            }
        }
        let added = wanted.iter().filter(|w| w.seconds > 0).count();
        let max = aor.max_contacts as usize;
        let left: Vec<&Binding> = bound
            .iter()
            .filter(|b| !replaced.contains(&b.made))
            .collect();
        let over = (left.len() + added).saturating_sub(max);
        if over > 0 {
            // `remove_existing` makes room among those that this request does not name.
            if !aor.remove_existing || added > max {
                return Err(No::status(403));
            }
            let mut oldest = left;
            oldest.sort_by_key(|b| (b.expires, b.made));
            replaced.extend(oldest.iter().take(over).map(|b| b.made));
        }
        if self.ends.len() + added > limits::BINDINGS + replaced.len() {
            return Err(No::with(503, "Retry-After", 60));
        }
        self.room_for_changes(replaced.len() + added)?;

        let via_differs = via_differs(request, flow);
        let by_flow = flow.protocol.reliable() || nat.calls_source(via_differs);
        for made in replaced {
            let gone = self.remove(&aor.name, made);
            // A refreshed one is overwritten in the store by what follows.
            let stays = |gone: &Binding| {
                wanted
                    .iter()
                    .any(|w| w.seconds > 0 && *w.address.uri_text == *gone.uri)
            };
            if let Some(gone) = gone.filter(|g| !stays(g)) {
                self.forget(&aor.name, gone);
            }
        }
        for asked in wanted.iter().filter(|w| w.seconds > 0) {
            let later = u64::from(asked.seconds);
            self.made += 1;
            self.put(
                aor.name.clone(),
                Binding {
                    uri: asked.address.uri_text.into(),
                    params: without_expires(&asked.address).into(),
                    q: asked.address.q(),
                    flow: *flow,
                    by_flow,
                    call_id: call_id.into(),
                    cseq,
                    expires: now.micros.saturating_add(later * 1_000_000),
                    expires_unix_ms: now.unix_ms.saturating_add(later * 1_000),
                    made: self.made,
                },
            );
        }
        Ok(())
    }

    fn room_for_changes(&self, more: usize) -> Result<(), No> {
        if self.changes.len() + more > limits::STORE_QUEUE {
            return Err(No::with(503, "Retry-After", 5));
        }
        Ok(())
    }

    fn put(&mut self, name: AorName, binding: Binding) {
        self.changes
            .push_back(Change::Put(name.clone(), Box::new(binding.clone())));
        self.index(name, binding);
    }

    fn index(&mut self, name: AorName, binding: Binding) {
        self.ends
            .insert((binding.expires, binding.made), name.clone());
        self.sources.insert((binding.flow.remote, name.clone()));
        if binding.flow.connection != 0 {
            self.connections
                .insert((binding.flow.connection, name.clone()));
        }
        self.bindings.entry(name).or_default().push(binding);
    }

    fn forget(&mut self, name: &AorName, gone: Binding) {
        self.changes
            .push_back(Change::Remove(name.clone(), gone.uri));
    }

    fn remove(&mut self, name: &AorName, made: u64) -> Option<Binding> {
        let bound = self.bindings.get_mut(name)?;
        let at = bound.iter().position(|b| b.made == made)?;
        let gone = bound.remove(at);
        let source_left = bound.iter().any(|b| b.flow.remote == gone.flow.remote);
        let connection_left = bound
            .iter()
            .any(|b| b.flow.connection == gone.flow.connection);
        if bound.is_empty() {
            self.bindings.remove(name);
        }
        self.ends.remove(&(gone.expires, made));
        if !source_left {
            self.sources.remove(&(gone.flow.remote, name.clone()));
        }
        if !connection_left {
            self.connections
                .remove(&(gone.flow.connection, name.clone()));
        }
        Some(gone)
    }

    /// The 200: every binding as its phone wrote it, with the seconds left.
    fn listing(&self, now: Now, name: &AorName) -> Answer {
        let mut answer = Answer::status(200);
        for binding in self
            .bindings
            .get(name)
            .map(Vec::as_slice)
            .unwrap_or_default()
        {
            let left = binding
                .expires
                .saturating_sub(now.micros)
                .div_ceil(1_000_000);
            let mut value = Vec::with_capacity(binding.uri.len() + binding.params.len() + 24);
            value.push(b'<');
            value.extend_from_slice(&binding.uri);
            value.push(b'>');
            value.extend_from_slice(&binding.params);
            value.extend_from_slice(format!(";expires={left}").as_bytes());
            answer = answer.with("Contact", value);
        }
        answer
    }

    /// Where `aor` can be reached now, most wanted first: its registered contacts by `q` and then the latest first; after them, or before
    /// them, those of the configuration. Empty if nowhere.
    #[must_use]
    pub fn contacts_for(&self, now: Now, aor: &Aor) -> Vec<Target> {
        let mut bound: Vec<&Binding> = self
            .bindings
            .get(&aor.name)
            .map(Vec::as_slice)
            .unwrap_or_default()
            .iter()
            .filter(|b| b.expires > now.micros)
            .collect();
        bound.sort_by_key(|b| (std::cmp::Reverse(b.q), std::cmp::Reverse(b.made)));
        let registered = bound.into_iter().map(|b| Target {
            uri: Bytes::copy_from_slice(&b.uri),
            flow: b.by_flow.then_some(b.flow),
            came_by: Some(b.flow),
        });
        let fixed = aor.contacts.iter().map(|c| Target {
            uri: Bytes::copy_from_slice(c),
            flow: None,
            came_by: None,
        });
        if aor.fallback {
            let registered: Vec<Target> = registered.collect();
            if registered.is_empty() {
                fixed.collect()
            } else {
                registered
            }
        } else {
            fixed.chain(registered).collect()
        }
    }

    /// The bindings of `name`, in the order in which they were made.
    #[must_use]
    pub fn bindings(&self, name: &AorName) -> &[Binding] {
        self.bindings
            .get(name)
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    /// All bindings.
    pub fn iter(&self) -> impl Iterator<Item = (&AorName, &Binding)> {
        self.bindings
            .iter()
            .flat_map(|(name, list)| list.iter().map(move |b| (name, b)))
    }

    /// How many bindings there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Is nobody registered?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Who registered from exactly this address and port.
    pub fn registered_from(&self, source: SocketAddr) -> impl Iterator<Item = &AorName> {
        let first = AorName::new(crate::config::Technology::Sip, b"");
        self.sources
            .range((source, first)..)
            .take_while(move |(s, _)| *s == source)
            .map(|(_, name)| name)
    }

    /// Who registered from this address by any port, lowest port first.
    pub fn registered_from_host(&self, source: IpAddr) -> impl Iterator<Item = &AorName> {
        let first = AorName::new(crate::config::Technology::Sip, b"");
        self.sources
            .range((SocketAddr::new(source, 0), first)..)
            .take_while(move |(s, _)| s.ip() == source)
            .map(|(_, name)| name)
    }

    /// Tells that a connection has ended: what is bound to it is called by its address from now on.
    pub fn connection_gone(&mut self, connection: u64) {
        let first = AorName::new(crate::config::Technology::Sip, b"");
        let names: Vec<AorName> = self
            .connections
            .range((connection, first)..)
            .take_while(|(c, _)| *c == connection)
            .map(|(_, name)| name.clone())
            .collect();
        for name in names {
            for binding in self.bindings.get_mut(&name).into_iter().flatten() {
                if binding.flow.connection == connection && connection != 0 {
                    binding.by_flow = false;
                    binding.flow.connection = 0;
                }
            }
            self.connections.remove(&(connection, name));
        }
    }

    /// Removes what has ended by now. The store is not told: it knows the ends itself.
    pub fn expire(&mut self, now: Now) {
        while let Some((&(ends, made), name)) = self.ends.first_key_value() {
            if ends > now.micros {
                return;
            }
            let name = name.clone();
            self.remove(&name, made);
        }
    }

    /// When [`expire`](Registrar::expire) has something to do next, in microseconds of [`Now::micros`].
    #[must_use]
    pub fn deadline(&self) -> Option<u64> {
        self.ends.first_key_value().map(|((ends, _), _)| *ends)
    }

    /// Takes what the store has not been told yet. At most [`limits::STORE_QUEUE`] wait.
    pub fn changes(&mut self) -> Vec<Change> {
        self.changes.drain(..).collect()
    }

    /// Puts back a binding that the store kept. One that has ended, one too many, and one whose connection is gone are treated as such.
    pub fn restore(&mut self, now: Now, name: AorName, mut binding: Binding) {
        if binding.expires_unix_ms <= now.unix_ms || self.ends.len() >= limits::BINDINGS {
            return;
        }
        let left = binding.expires_unix_ms - now.unix_ms;
        binding.expires = now.micros.saturating_add(left.saturating_mul(1_000));
        binding.flow.connection = 0;
        if binding.flow.protocol == Protocol::Tcp {
            binding.by_flow = false;
        }
        self.made += 1;
        binding.made = self.made;
        self.index(name, binding);
    }
}

impl Binding {
    /// A binding as the store kept it, on the flow that it has now; to be passed to [`Registrar::restore`].
    pub(crate) fn stored(saved: &SavedBinding, flow: Flow) -> Binding {
        Binding {
            uri: saved.uri.as_slice().into(),
            params: saved.params.as_slice().into(),
            q: saved.q,
            flow,
            by_flow: saved.by_flow,
            call_id: saved.call_id.as_slice().into(),
            cseq: saved.cseq,
            expires: 0,
            expires_unix_ms: saved.expires_unix_ms,
            made: 0,
        }
    }
}

/// Do two addresses name the same contact (RFC 3261 19.1.4)?
fn same(a: &[u8], b: &[u8]) -> bool {
    a == b || matches!((Uri::parse(a), Uri::parse(b)), (Ok(a), Ok(b)) if a.same(&b))
}

/// Does the top Via name another address than the one that the request came from?
fn via_differs(request: &Message, flow: &Flow) -> bool {
    request.via().is_ok_and(|via| {
        via.host.ip().map(|ip| ip.to_canonical()) != Some(flow.remote.ip().to_canonical())
            || via.port_or_default() != flow.remote.port()
    })
}

/// The parameters of a Contact without `expires`, each as written.
fn without_expires(address: &NameAddr<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    for param in address
        .params
        .iter()
        .filter(|p| !p.name.eq_ignore_ascii_case(b"expires"))
    {
        out.push(b';');
        out.extend_from_slice(param.name);
        if let Some(value) = param.value {
            out.push(b'=');
            out.extend_from_slice(value);
        }
    }
    out
}
