//! What all parts of a stack share: its transactions, its timers, and its two queues.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::hash::{BuildHasher, Hasher};

use bytes::Bytes;

use super::command::{HeaderLine, LegId, RequestId};
use super::compose;
use super::dice::Dice;
use super::event::Event;
use super::flow::{Flow, Now, Protocol, Transmit};
use super::headers::Method;
use super::limits::Limits;
use super::message::Message;
use super::transaction::{Client, ClientState, Due, Heard, Server, ServerState, Times};

/// Hasher for keys that are hashes already, or numbers of our own choice.
#[derive(Clone, Copy, Default)]
pub(crate) struct Plain;

/// See [`Plain`].
#[derive(Default)]
pub(crate) struct Mix(u64);

impl BuildHasher for Plain {
    type Hasher = Mix;
    fn build_hasher(&self) -> Mix {
        Mix(0)
    }
}

impl Hasher for Mix {
    fn write(&mut self, bytes: &[u8]) {
        for &b in bytes {
            self.write_u64(u64::from(b));
        }
    }
    fn write_u64(&mut self, x: u64) {
        self.0 = (self.0 ^ x)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .rotate_left(23);
    }
    fn write_u128(&mut self, x: u128) {
        // The key is a keyed hash: half of it is as good as all.
        #[allow(clippy::cast_possible_truncation)]
        self.write_u64(x as u64);
    }
    fn finish(&self) -> u64 {
        self.0
    }
}

/// A map from such keys.
pub(crate) type Map<K, V> = HashMap<K, V, Plain>;

/// Name of a transaction: a keyed hash of what RFC 3261 17.1.3 and 17.2.3 compare.
pub(crate) type Key = u128;

/// What a leg's request was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The first INVITE.
    Invite,
    /// A re-INVITE.
    Change,
    /// BYE of the call.
    Bye,
    /// INFO or MESSAGE of [`super::command::Command::Send`], with its token.
    Send(u64),
}

/// Who wants the answer of a client transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum User {
    Leg(LegId, Purpose),
    Request(RequestId),
    /// CANCEL, and BYE of a fork: whatever they say.
    Nobody,
}

struct ServerEntry {
    machine: Server,
    flow: Flow,
    leg: Option<LegId>,
    merge: Option<u128>,
    /// The port of sent-by, for answers when the connection is gone.
    port: u16,
    armed: Option<u64>,
}

struct ClientEntry {
    machine: Client,
    flow: Flow,
    user: User,
    /// The INVITE, until its final answer: ACK and CANCEL are made from it.
    invite: Option<Bytes>,
    armed: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    Server(Key),
    Client(Key),
    Leg(LegId),
}

/// What a due transaction means for somebody.
pub(crate) enum Fired {
    /// Nothing to tell.
    Done,
    /// This user's request got no answer.
    Silent(Key, User),
    /// This leg's deadline.
    Leg(LegId),
}

/// See the module.
pub(crate) struct Tables {
    pub(crate) limits: Limits,
    pub(crate) times: Times,
    pub(crate) dice: Dice,
    /// The moment of the mutation that runs.
    pub(crate) now: Now,
    servers: Map<Key, ServerEntry>,
    clients: Map<Key, ClientEntry>,
    /// Call-ID, From tag and CSeq of requests outside dialogs, for 482.
    merged: Map<u128, Key>,
    /// Dialogs (Call-ID and both tags) and whose they are.
    dialogs: Map<u128, LegId>,
    timers: BinaryHeap<Reverse<(u64, Timer)>>,
    /// How many objects have a timer in the heap.
    armed: usize,
    pub(crate) out: VecDeque<Transmit>,
    pub(crate) events: VecDeque<Event>,
}

fn micros(d: std::time::Duration) -> u64 {
    u64::try_from(d.as_micros()).unwrap_or(u64::MAX)
}

impl Tables {
    pub(crate) fn new(limits: Limits, seed: [u8; 32]) -> Tables {
        // A T1 of zero would repeat without pause.
        let times = Times {
            t1: micros(limits.t1).max(1000),
            t2: micros(limits.t2).max(1000),
            t4: micros(limits.t4),
        };
        Tables {
            limits,
            times,
            dice: Dice::new(seed),
            now: Now::default(),
            servers: Map::default(),
            clients: Map::default(),
            merged: Map::default(),
            dialogs: Map::default(),
            timers: BinaryHeap::new(),
            armed: 0,
            out: VecDeque::new(),
            events: VecDeque::new(),
        }
    }

    pub(crate) fn micros(&self) -> u64 {
        self.now.micros
    }

    pub(crate) fn send(&mut self, flow: Flow, bytes: Bytes) {
        self.out.push_back(Transmit { flow, bytes });
    }

    pub(crate) fn tell(&mut self, event: Event) {
        self.events.push_back(event);
    }

    pub(crate) fn transactions(&self) -> usize {
        self.servers.len() + self.clients.len()
    }

    /// Timers that somebody waits for.
    pub(crate) fn armed(&self) -> usize {
        self.armed
    }

    /// Requests of ours that wait for their final answer.
    pub(crate) fn waiting(&self) -> usize {
        let waits = |e: &&ClientEntry| {
            matches!(
                e.machine.state(),
                ClientState::Calling | ClientState::Proceeding
            )
        };
        self.clients.values().filter(waits).count()
    }

    pub(crate) fn full(&self) -> bool {
        self.transactions() >= self.limits.transactions
    }

    // Dialogs.

    pub(crate) fn dialog(&self, key: u128) -> Option<LegId> {
        self.dialogs.get(&key).copied()
    }

    pub(crate) fn enter_dialog(&mut self, key: u128, leg: LegId) {
        self.dialogs.insert(key, leg);
    }

    pub(crate) fn leave_dialog(&mut self, key: u128) {
        self.dialogs.remove(&key);
    }

    // Server transactions.

    /// Whether a transaction has this key.
    pub(crate) fn serving(&self, key: Key) -> bool {
        self.servers.contains_key(&key)
    }

    /// Whether the same request came by another way and is still being served.
    pub(crate) fn merges(&self, request: &Message, key: Key) -> bool {
        self.merge_key(request)
            .and_then(|m| self.merged.get(&m))
            .is_some_and(|&k| k != key)
    }

    /// The leg that an INVITE with this key made.
    pub(crate) fn leg_of(&self, key: Key) -> Option<LegId> {
        self.servers.get(&key).and_then(|e| e.leg)
    }

    /// A new server transaction. `outside`: the request belongs to no dialog.
    pub(crate) fn serve(
        &mut self,
        key: Key,
        request: &Message,
        flow: Flow,
        leg: Option<LegId>,
        outside: bool,
    ) {
        let merge = if outside {
            self.merge_key(request)
        } else {
            None
        };
        if let Some(merge) = merge {
            self.merged.insert(merge, key);
        }
        let invite = request.method() == Some(Method::Invite);
        let machine = Server::new(invite, flow.protocol.reliable());
        self.servers.insert(
            key,
            ServerEntry {
                machine,
                flow,
                leg,
                merge,
                port: request.via().map_or(5060, |v| v.port_or_default()),
                armed: None,
            },
        );
    }

    /// The request came again: says the last answer again. False if there is no such transaction.
    pub(crate) fn repeated(&mut self, key: Key, flow: Flow) -> bool {
        let Some(entry) = self.servers.get(&key) else {
            return false;
        };
        if let Some(bytes) = entry.machine.repeated() {
            self.send(flow, bytes);
        }
        true
    }

    /// An ACK came for a final answer that was not 2xx. False if it is not for such a one.
    pub(crate) fn acked(&mut self, key: Key) -> bool {
        let (now, times) = (self.micros(), self.times);
        let Some(entry) = self.servers.get_mut(&key) else {
            return false;
        };
        match entry.machine.state() {
            ServerState::Completed | ServerState::Confirmed => {
                entry.machine.acked(now, times);
                self.arm(Timer::Server(key));
                true
            }
            _ => false,
        }
    }

    /// Whether a final answer may still be given.
    pub(crate) fn unanswered(&self, key: Key) -> bool {
        self.servers.get(&key).is_some_and(|e| {
            matches!(
                e.machine.state(),
                ServerState::Trying | ServerState::Proceeding
            )
        })
    }

    /// Answers. False if a final answer was given before, or the transaction is gone: nothing is sent then.
    pub(crate) fn respond(&mut self, key: Key, status: u16, bytes: Bytes) -> bool {
        let (now, times) = (self.micros(), self.times);
        let Some(entry) = self.servers.get_mut(&key) else {
            return false;
        };
        if !entry.machine.respond(now, times, status, &bytes) {
            return false;
        }
        let flow = entry.flow;
        self.send(flow, bytes);
        self.arm(Timer::Server(key));
        true
    }

    // Client transactions.

    /// A fresh branch.
    pub(crate) fn branch(&mut self) -> Bytes {
        let mut text = b"z9hG4bK".to_vec();
        text.extend_from_slice(&self.dice.token());
        text.into()
    }

    /// Sends a request with a transaction. `branch` is the one in its Via.
    pub(crate) fn request(
        &mut self,
        flow: Flow,
        method: Method<'_>,
        branch: &[u8],
        bytes: Bytes,
        user: User,
    ) -> Key {
        let key = self.client_key(branch, method);
        let invite = method == Method::Invite;
        let machine = Client::new(
            self.micros(),
            self.times,
            invite,
            flow.protocol.reliable(),
            &bytes,
        );
        let entry = ClientEntry {
            machine,
            flow,
            user,
            invite: invite.then(|| bytes.clone()),
            armed: None,
        };
        self.clients.insert(key, entry);
        self.send(flow, bytes);
        self.arm(Timer::Client(key));
        key
    }

    /// An answer came: who wants it. ACKs what the transaction itself must ACK.
    pub(crate) fn heard(&mut self, answer: &Message) -> Option<(Key, User)> {
        let (now, times) = (self.micros(), self.times);
        let status = answer.status()?;
        let method = answer.method()?;
        let key = self.client_key(answer.via().ok()?.branch()?, method);
        let entry = self.clients.get_mut(&key)?;
        let flow = entry.flow;
        let user = entry.user;
        let heard = entry.machine.heard(now, times, status);
        let mut ack = None;
        match heard {
            Heard::Drop => return None,
            Heard::Acknowledge(bytes) => {
                self.send(flow, bytes);
                return None;
            }
            Heard::Pass if status >= 300 && method == Method::Invite => {
                let invite = entry.invite.take().and_then(|b| Message::parse(b).ok());
                ack = invite.map(|invite| compose::acknowledge(&invite, answer));
                if let Some(ack) = &ack {
                    entry.machine.keep_ack(ack);
                }
            }
            Heard::Pass if status >= 200 => entry.invite = None,
            Heard::Pass => {}
        }
        if let Some(ack) = ack {
            self.send(flow, ack);
        }
        self.arm(Timer::Client(key));
        Some((key, user))
    }

    /// Sends CANCEL for an INVITE that has heard a provisional answer, and waits for its end no longer than 64·T1.
    pub(crate) fn cancel(&mut self, key: Key, headers: &[HeaderLine]) -> bool {
        let (now, times) = (self.micros(), self.times);
        let Some(entry) = self.clients.get_mut(&key) else {
            return false;
        };
        if entry.machine.state() != ClientState::Proceeding {
            return false;
        }
        let Some(invite) = entry.invite.clone().and_then(|b| Message::parse(b).ok()) else {
            return false;
        };
        entry.machine.give_up(now, times);
        let flow = entry.flow;
        self.arm(Timer::Client(key));
        let branch = invite
            .via()
            .ok()
            .and_then(|v| v.branch())
            .map(<[u8]>::to_vec)
            .unwrap_or_default();
        self.request(
            flow,
            Method::Cancel,
            &branch,
            compose::cancel(&invite, headers),
            User::Nobody,
        );
        true
    }

    /// The call of this INVITE is over: its answer is not waited for longer than 64·T1.
    pub(crate) fn give_up(&mut self, key: Key) {
        let (now, times) = (self.micros(), self.times);
        if let Some(entry) = self.clients.get_mut(&key) {
            entry.machine.give_up(now, times);
            self.arm(Timer::Client(key));
        }
    }

    // Timers.

    /// Makes sure that the next deadline of a transaction is in the heap.
    fn arm(&mut self, timer: Timer) {
        let (deadline, armed) = match timer {
            Timer::Server(key) => match self.servers.get_mut(&key) {
                Some(e) => (e.machine.deadline(), &mut e.armed),
                None => return,
            },
            Timer::Client(key) => match self.clients.get_mut(&key) {
                Some(e) => (e.machine.deadline(), &mut e.armed),
                None => return,
            },
            Timer::Leg(_) => return,
        };
        if let Some(at) = rearm(deadline, armed, &mut self.armed) {
            self.timers.push(Reverse((at, timer)));
        }
    }

    /// A leg's timer fired, or the leg is gone.
    pub(crate) fn disarm_leg(&mut self, armed: &mut Option<u64>) {
        disarm(armed, &mut self.armed);
    }

    /// The same for a leg, which keeps its own record.
    pub(crate) fn arm_leg(&mut self, leg: LegId, deadline: Option<u64>, armed: &mut Option<u64>) {
        if let Some(at) = rearm(deadline, armed, &mut self.armed) {
            self.timers.push(Reverse((at, Timer::Leg(leg))));
        }
    }

    /// The next timer that is due, taken out of the heap; timers that nobody waits for any more are skipped. `leg` tells for which
    /// moment a leg is armed.
    pub(crate) fn due(&mut self, leg: impl Fn(LegId) -> Option<u64>) -> Option<Timer> {
        self.sweep(leg);
        let now = self.micros();
        self.timers.peek().filter(|Reverse((at, _))| *at <= now)?;
        self.timers.pop().map(|Reverse((_, timer))| timer)
    }

    /// Takes timers that nobody waits for any more off the top of the heap.
    pub(crate) fn sweep(&mut self, leg: impl Fn(LegId) -> Option<u64>) {
        while let Some(&Reverse((at, timer))) = self.timers.peek() {
            let armed = match timer {
                Timer::Server(key) => self.servers.get(&key).and_then(|e| e.armed),
                Timer::Client(key) => self.clients.get(&key).and_then(|e| e.armed),
                Timer::Leg(id) => leg(id),
            };
            if armed == Some(at) {
                return;
            }
            self.timers.pop();
        }
    }

    /// Throws out timers that nobody waits for once they are the most of the heap, so that it stays in proportion to what lives.
    pub(crate) fn compact(&mut self, legs: usize, leg: impl Fn(LegId) -> Option<u64>) {
        if self.timers.len() <= 256 + 4 * (self.transactions() + legs) {
            return;
        }
        let mut timers = std::mem::take(&mut self.timers);
        timers.retain(|&Reverse((at, timer))| {
            let armed = match timer {
                Timer::Server(key) => self.servers.get(&key).and_then(|e| e.armed),
                Timer::Client(key) => self.clients.get(&key).and_then(|e| e.armed),
                Timer::Leg(id) => leg(id),
            };
            armed == Some(at)
        });
        self.timers = timers;
    }

    /// Lets a due timer act.
    pub(crate) fn fire(&mut self, timer: Timer) -> Fired {
        let (now, times) = (self.micros(), self.times);
        match timer {
            Timer::Leg(leg) => Fired::Leg(leg),
            Timer::Server(key) => {
                let Some(entry) = self.servers.get_mut(&key) else {
                    return Fired::Done;
                };
                disarm(&mut entry.armed, &mut self.armed);
                let flow = entry.flow;
                match entry.machine.timeout(now, times) {
                    Due::Nothing => self.arm(timer),
                    Due::Repeat(bytes) => {
                        self.send(flow, bytes);
                        self.arm(timer);
                    }
                    Due::Silent | Due::Over => self.forget_server(key),
                }
                Fired::Done
            }
            Timer::Client(key) => {
                let Some(entry) = self.clients.get_mut(&key) else {
                    return Fired::Done;
                };
                disarm(&mut entry.armed, &mut self.armed);
                let (flow, user) = (entry.flow, entry.user);
                match entry.machine.timeout(now, times) {
                    Due::Nothing => self.arm(timer),
                    Due::Repeat(bytes) => {
                        self.send(flow, bytes);
                        self.arm(timer);
                    }
                    Due::Over => {
                        self.clients.remove(&key);
                    }
                    Due::Silent => {
                        self.clients.remove(&key);
                        return Fired::Silent(key, user);
                    }
                }
                Fired::Done
            }
        }
    }

    fn forget_server(&mut self, key: Key) {
        let Some(mut entry) = self.servers.remove(&key) else {
            return;
        };
        disarm(&mut entry.armed, &mut self.armed);
        if let Some(merge) = entry.merge
            && self.merged.get(&merge) == Some(&key)
        {
            self.merged.remove(&merge);
        }
    }

    /// When something is due next.
    pub(crate) fn deadline(&self) -> Option<u64> {
        self.timers.peek().map(|Reverse((at, _))| *at)
    }

    /// The requests that wait for an answer by this flow: none will come.
    pub(crate) fn lost(&mut self, flow: Flow) -> Vec<(Key, User)> {
        let waits = |e: &ClientEntry| {
            matches!(
                e.machine.state(),
                ClientState::Calling | ClientState::Proceeding
            ) && same_way(e.flow, flow)
        };
        let mut lost: Vec<(Key, User)> = self
            .clients
            .iter()
            .filter(|(_, e)| waits(e))
            .map(|(k, e)| (*k, e.user))
            .collect();
        lost.sort_by_key(|(key, _)| *key);
        for (key, _) in &lost {
            if let Some(mut entry) = self.clients.remove(key) {
                disarm(&mut entry.armed, &mut self.armed);
            }
        }
        // Answers go to where the request says that its sender listens (RFC 3261 18.2.2).
        for entry in self.servers.values_mut() {
            if entry.flow.connection != 0 && same_way(entry.flow, flow) {
                entry.flow.connection = 0;
                entry.flow.remote.set_port(entry.port);
            }
        }
        lost
    }
}

/// Whether what leaves by `ours` would have used the connection that `broken` names.
pub(crate) fn same_way(ours: Flow, broken: Flow) -> bool {
    ours.listener == broken.listener
        && ours.protocol == broken.protocol
        && ours.remote == broken.remote
        && (ours.protocol == Protocol::Udp
            || ours.connection == broken.connection
            || ours.connection == 0)
}

/// Some = push this moment: it is not in the heap yet. `count` counts the objects that are armed.
fn rearm(deadline: Option<u64>, armed: &mut Option<u64>, count: &mut usize) -> Option<u64> {
    let Some(at) = deadline else {
        disarm(armed, count);
        return None;
    };
    match armed.replace(at) {
        Some(old) if old == at => None,
        Some(_) => Some(at),
        None => {
            *count += 1;
            Some(at)
        }
    }
}

fn disarm(armed: &mut Option<u64>, count: &mut usize) {
    if armed.take().is_some() {
        *count -= 1;
    }
}
