//! The four state machines of RFC 3261 17, with the corrections of RFC 6026.
//!
//! A transaction keeps the bytes that it may have to repeat, and nothing parsed. Over a stream it keeps none, and its waits D, I,
//! J and K are 0. Times are microseconds since start; each machine names its next deadline and is told when it came.

use bytes::Bytes;

/// T1, T2 and T4 in microseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    pub(crate) t1: u64,
    pub(crate) t2: u64,
    pub(crate) t4: u64,
}

impl Times {
    /// 64·T1: timers B, D, F, H, J, L and M.
    pub(crate) fn silence(self) -> u64 {
        self.t1.saturating_mul(64)
    }
}

/// A repeat that grows: A doubles without end, E and G up to T2.
#[derive(Clone, Copy, Debug)]
struct Repeat {
    at: u64,
    pause: u64,
}

impl Repeat {
    fn first(now: u64, pause: u64) -> Repeat {
        Repeat {
            at: now.saturating_add(pause),
            pause,
        }
    }

    fn next(self, now: u64, most: u64) -> Repeat {
        let pause = self.pause.saturating_mul(2).min(most);
        Repeat {
            at: now.saturating_add(pause),
            pause,
        }
    }
}

/// What a due timer asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// Nothing; look at the deadline again.
    Nothing,
    /// Send these bytes again.
    Repeat(Bytes),
    /// The other side stayed silent (B, F, H): tell the user, and forget the transaction.
    Silent,
    /// The last repeat is impossible now (D, I, J, K, L, M): forget the transaction.
    Over,
}

/// States of a server transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ServerState {
    /// Nothing said yet (of an INVITE: its owner says 100 at once).
    Trying,
    /// A provisional answer was sent.
    Proceeding,
    /// A final answer was sent, of an INVITE: not 2xx.
    Completed,
    /// ACK came: absorbs its repeats until I.
    Confirmed,
    /// INVITE, 2xx was sent: absorbs repeats of the INVITE until L; the leg repeats the 2xx.
    Accepted,
}

/// A request that came to us.
#[derive(Debug)]
pub(crate) struct Server {
    invite: bool,
    reliable: bool,
    state: ServerState,
    /// The last answer, for repeats.
    last: Option<Bytes>,
    repeat: Option<Repeat>,
    end: Option<u64>,
}

impl Server {
    pub(crate) fn new(invite: bool, reliable: bool) -> Server {
        Server {
            invite,
            reliable,
            state: ServerState::Trying,
            last: None,
            repeat: None,
            end: None,
        }
    }

    pub(crate) fn state(&self) -> ServerState {
        self.state
    }

    /// The request came again: what to say.
    pub(crate) fn repeated(&self) -> Option<Bytes> {
        match self.state {
            ServerState::Proceeding | ServerState::Completed => self.last.clone(),
            ServerState::Trying | ServerState::Confirmed | ServerState::Accepted => None,
        }
    }

    /// Our user answers. False: a final answer was sent before, so this one must not go out.
    pub(crate) fn respond(&mut self, now: u64, times: Times, status: u16, bytes: &Bytes) -> bool {
        if !matches!(self.state, ServerState::Trying | ServerState::Proceeding) {
            return false;
        }
        let keep = (!self.reliable).then(|| bytes.clone());
        if status < 200 {
            self.state = ServerState::Proceeding;
            self.last = keep;
        } else if self.invite && status < 300 {
            self.state = ServerState::Accepted;
            self.last = None;
            self.end = Some(now.saturating_add(times.silence()));
        } else if self.invite {
            self.state = ServerState::Completed;
            self.repeat = (!self.reliable).then(|| Repeat::first(now, times.t1));
            self.last = keep;
            self.end = Some(now.saturating_add(times.silence()));
        } else {
            self.state = ServerState::Completed;
            self.last = keep;
            self.end = Some(if self.reliable {
                now
            } else {
                now.saturating_add(times.silence())
            });
        }
        true
    }

    /// An ACK for our final answer other than 2xx.
    pub(crate) fn acked(&mut self, now: u64, times: Times) {
        if self.invite && self.state == ServerState::Completed {
            self.state = ServerState::Confirmed;
            self.last = None;
            self.repeat = None;
            self.end = Some(if self.reliable {
                now
            } else {
                now.saturating_add(times.t4)
            });
        }
    }

    pub(crate) fn deadline(&self) -> Option<u64> {
        soonest(self.repeat.map(|r| r.at), self.end)
    }

    pub(crate) fn timeout(&mut self, now: u64, times: Times) -> Due {
        if self.end.is_some_and(|at| at <= now) {
            return if self.state == ServerState::Completed && self.invite {
                Due::Silent
            } else {
                Due::Over
            };
        }
        match (self.repeat, &self.last) {
            (Some(repeat), Some(last)) if repeat.at <= now => {
                self.repeat = Some(repeat.next(now, times.t2));
                Due::Repeat(last.clone())
            }
            _ => Due::Nothing,
        }
    }
}

/// States of a client transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClientState {
    /// Sent; nothing came (Calling of an INVITE, Trying of others).
    Calling,
    /// A provisional answer came.
    Proceeding,
    /// A final answer came, of an INVITE: not 2xx.
    Completed,
    /// INVITE, 2xx came: further ones go to the leg until M.
    Accepted,
}

/// What an answer means.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// New: for the user. Of an INVITE with 300 or more, ACK first.
    Pass,
    /// The final answer of an INVITE came again: send this ACK again.
    Acknowledge(Bytes),
    /// Heard before, or impossible now.
    Drop,
}

/// A request of ours.
#[derive(Debug)]
pub(crate) struct Client {
    invite: bool,
    reliable: bool,
    state: ClientState,
    /// The request; after the final answer of an INVITE, the ACK.
    bytes: Option<Bytes>,
    repeat: Option<Repeat>,
    end: Option<u64>,
    /// Nobody waits for the final answer for ever any more.
    abandoned: bool,
}

impl Client {
    /// Starts; the request itself is sent by the caller.
    pub(crate) fn new(
        now: u64,
        times: Times,
        invite: bool,
        reliable: bool,
        request: &Bytes,
    ) -> Client {
        Client {
            invite,
            reliable,
            state: ClientState::Calling,
            bytes: (!reliable).then(|| request.clone()),
            repeat: (!reliable).then(|| Repeat::first(now, times.t1)),
            end: Some(now.saturating_add(times.silence())),
            abandoned: false,
        }
    }

    pub(crate) fn state(&self) -> ClientState {
        self.state
    }

    /// An answer came.
    pub(crate) fn heard(&mut self, now: u64, times: Times, status: u16) -> Heard {
        match (self.state, status) {
            (ClientState::Calling | ClientState::Proceeding, 100..=199) => {
                self.state = ClientState::Proceeding;
                if self.invite {
                    self.repeat = None;
                    self.bytes = None;
                    if !self.abandoned {
                        self.end = None;
                    }
                } else if let Some(repeat) = &mut self.repeat {
                    repeat.pause = times.t2;
                }
                Heard::Pass
            }
            (ClientState::Calling | ClientState::Proceeding, 200..=299) if self.invite => {
                self.state = ClientState::Accepted;
                self.repeat = None;
                self.bytes = None;
                self.end = Some(now.saturating_add(times.silence()));
                Heard::Pass
            }
            (ClientState::Calling | ClientState::Proceeding, _) => {
                self.state = ClientState::Completed;
                self.repeat = None;
                self.bytes = None;
                let wait = match (self.reliable, self.invite) {
                    (true, _) => 0,
                    (false, true) => times.silence(),
                    (false, false) => times.t4,
                };
                self.end = Some(now.saturating_add(wait));
                Heard::Pass
            }
            (ClientState::Accepted, 200..=299) => Heard::Pass,
            (ClientState::Completed, 300..) if self.invite => {
                self.bytes.clone().map_or(Heard::Drop, Heard::Acknowledge)
            }
            _ => Heard::Drop,
        }
    }

    /// The ACK of a final answer that was not 2xx, for repeats.
    pub(crate) fn keep_ack(&mut self, ack: &Bytes) {
        if self.state == ClientState::Completed && !self.reliable {
            self.bytes = Some(ack.clone());
        }
    }

    /// Forget the INVITE at the latest after 64·T1: it was cancelled, and RFC 3261 9.1 waits no longer; or its call is over.
    pub(crate) fn give_up(&mut self, now: u64, times: Times) {
        self.abandoned = true;
        if self.state == ClientState::Proceeding && self.invite && self.end.is_none() {
            self.end = Some(now.saturating_add(times.silence()));
        }
    }

    pub(crate) fn deadline(&self) -> Option<u64> {
        soonest(self.repeat.map(|r| r.at), self.end)
    }

    pub(crate) fn timeout(&mut self, now: u64, times: Times) -> Due {
        if self.end.is_some_and(|at| at <= now) {
            return match self.state {
                ClientState::Calling | ClientState::Proceeding => Due::Silent,
                ClientState::Completed | ClientState::Accepted => Due::Over,
            };
        }
        match (self.repeat, &self.bytes) {
            (Some(repeat), Some(bytes)) if repeat.at <= now => {
                let most = if self.invite { u64::MAX } else { times.t2 };
                self.repeat = Some(repeat.next(now, most));
                Due::Repeat(bytes.clone())
            }
            _ => Due::Nothing,
        }
    }
}

/// The earlier of two moments that may be absent.
pub(crate) fn soonest(a: Option<u64>, b: Option<u64>) -> Option<u64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMES: Times = Times {
        t1: 500_000,
        t2: 4_000_000,
        t4: 5_000_000,
    };

    /// Runs a machine through all its deadlines and writes down what happened when, in milliseconds.
    fn table(mut deadline: impl FnMut(Option<u64>) -> (Option<u64>, Option<Due>)) -> String {
        let mut lines = Vec::new();
        let mut at = deadline(None).0;
        while let Some(now) = at {
            let (next, due) = deadline(Some(now));
            match due {
                Some(Due::Repeat(_)) => lines.push(format!("{} repeat", now / 1000)),
                Some(Due::Silent) => lines.push(format!("{} silent", now / 1000)),
                Some(Due::Over) => lines.push(format!("{} over", now / 1000)),
                Some(Due::Nothing) => lines.push(format!("{} nothing", now / 1000)),
                None => {}
            }
            at = next;
            assert!(lines.len() < 100, "endless: {lines:?}");
        }
        lines.join(", ")
    }

    fn server_table(mut s: Server) -> String {
        table(move |now| {
            let due = now.map(|now| s.timeout(now, TIMES));
            let over = matches!(due, Some(Due::Silent | Due::Over));
            (if over { None } else { s.deadline() }, due)
        })
    }

    fn client_table(mut c: Client) -> String {
        table(move |now| {
            let due = now.map(|now| c.timeout(now, TIMES));
            let over = matches!(due, Some(Due::Silent | Due::Over));
            (if over { None } else { c.deadline() }, due)
        })
    }

    fn text() -> Bytes {
        Bytes::from_static(b"x")
    }

    #[test]
    fn a_and_b_double_without_bound_until_64_t1() {
        let c = Client::new(0, TIMES, true, false, &text());
        assert_eq!(
            client_table(c),
            "500 repeat, 1500 repeat, 3500 repeat, 7500 repeat, 15500 repeat, 31500 repeat, 32000 silent"
        );
        assert_eq!(
            client_table(Client::new(0, TIMES, true, true, &text())),
            "32000 silent"
        );
    }

    #[test]
    fn e_and_f_double_up_to_t2() {
        let c = Client::new(0, TIMES, false, false, &text());
        assert_eq!(
            client_table(c),
            "500 repeat, 1500 repeat, 3500 repeat, 7500 repeat, 11500 repeat, 15500 repeat, 19500 repeat, 23500 repeat, \
             27500 repeat, 31500 repeat, 32000 silent"
        );
        assert_eq!(
            client_table(Client::new(0, TIMES, false, true, &text())),
            "32000 silent"
        );
    }

    #[test]
    fn e_runs_at_t2_once_a_provisional_came() {
        let mut c = Client::new(0, TIMES, false, false, &text());
        assert_eq!(c.heard(100_000, TIMES, 100), Heard::Pass);
        assert_eq!(
            client_table(c),
            "500 repeat, 4500 repeat, 8500 repeat, 12500 repeat, 16500 repeat, 20500 repeat, 24500 repeat, 28500 repeat, 32000 silent"
        );
    }

    #[test]
    fn a_provisional_stops_a_and_b() {
        let mut c = Client::new(0, TIMES, true, false, &text());
        assert_eq!(c.heard(100_000, TIMES, 180), Heard::Pass);
        assert_eq!(client_table(c), "");
    }

    #[test]
    fn d_waits_64_t1_and_acknowledges_repeats() {
        let mut c = Client::new(0, TIMES, true, false, &text());
        assert_eq!(c.heard(1_000_000, TIMES, 486), Heard::Pass);
        let ack = Bytes::from_static(b"ack");
        c.keep_ack(&ack);
        assert_eq!(c.heard(1_500_000, TIMES, 486), Heard::Acknowledge(ack));
        assert_eq!(c.heard(1_500_000, TIMES, 200), Heard::Drop);
        assert_eq!(client_table(c), "33000 over");
        let mut c = Client::new(0, TIMES, true, true, &text());
        c.heard(1_000_000, TIMES, 486);
        assert_eq!(client_table(c), "1000 over");
    }

    #[test]
    fn m_passes_every_2xx_for_64_t1() {
        for reliable in [false, true] {
            let mut c = Client::new(0, TIMES, true, reliable, &text());
            assert_eq!(c.heard(1_000_000, TIMES, 200), Heard::Pass);
            assert_eq!(c.heard(1_500_000, TIMES, 200), Heard::Pass);
            assert_eq!(c.heard(1_500_000, TIMES, 486), Heard::Drop);
            assert_eq!(client_table(c), "33000 over");
        }
    }

    #[test]
    fn k_waits_t4_or_nothing() {
        let mut c = Client::new(0, TIMES, false, false, &text());
        assert_eq!(c.heard(1_000_000, TIMES, 200), Heard::Pass);
        assert_eq!(c.heard(1_000_000, TIMES, 200), Heard::Drop);
        assert_eq!(client_table(c), "6000 over");
        let mut c = Client::new(0, TIMES, false, true, &text());
        c.heard(1_000_000, TIMES, 200);
        assert_eq!(client_table(c), "1000 over");
    }

    #[test]
    fn g_and_h_repeat_until_ack_or_64_t1() {
        let mut s = Server::new(true, false);
        assert!(s.respond(0, TIMES, 486, &text()));
        assert!(!s.respond(0, TIMES, 200, &text()));
        assert_eq!(
            server_table(s),
            "500 repeat, 1500 repeat, 3500 repeat, 7500 repeat, 11500 repeat, 15500 repeat, 19500 repeat, 23500 repeat, \
             27500 repeat, 31500 repeat, 32000 silent"
        );
        let mut s = Server::new(true, true);
        s.respond(0, TIMES, 486, &text());
        assert_eq!(server_table(s), "32000 silent");
    }

    #[test]
    fn i_waits_t4_or_nothing() {
        let mut s = Server::new(true, false);
        s.respond(0, TIMES, 486, &text());
        assert_eq!(s.repeated(), Some(text()));
        s.acked(2_000_000, TIMES);
        assert_eq!(s.repeated(), None);
        assert_eq!(server_table(s), "7000 over");
        let mut s = Server::new(true, true);
        s.respond(0, TIMES, 486, &text());
        s.acked(2_000_000, TIMES);
        assert_eq!(server_table(s), "2000 over");
    }

    #[test]
    fn j_waits_64_t1_or_nothing() {
        let mut s = Server::new(false, false);
        assert_eq!(s.repeated(), None);
        s.respond(0, TIMES, 200, &text());
        assert_eq!(s.repeated(), Some(text()));
        assert_eq!(server_table(s), "32000 over");
        let mut s = Server::new(false, true);
        s.respond(0, TIMES, 200, &text());
        assert_eq!(server_table(s), "0 over");
    }

    #[test]
    fn l_absorbs_repeats_for_64_t1() {
        for reliable in [false, true] {
            let mut s = Server::new(true, reliable);
            s.respond(0, TIMES, 180, &text());
            assert_eq!(s.repeated().is_some(), !reliable);
            s.respond(0, TIMES, 200, &text());
            assert_eq!(s.repeated(), None);
            assert_eq!(server_table(s), "32000 over");
        }
    }

    #[test]
    fn a_cancelled_invite_is_forgotten_after_64_t1() {
        let mut c = Client::new(0, TIMES, true, false, &text());
        c.heard(0, TIMES, 180);
        c.give_up(1_000_000, TIMES);
        c.heard(2_000_000, TIMES, 180);
        assert_eq!(client_table(c), "33000 silent");
        // Given up before anything was heard: timer B stays the end.
        let mut c = Client::new(0, TIMES, true, false, &text());
        c.give_up(1_000_000, TIMES);
        c.heard(2_000_000, TIMES, 100);
        assert_eq!(client_table(c), "32000 silent");
    }
}
