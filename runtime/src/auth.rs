//! Who is calling, and is it true: turns a new request into an account, a challenge or a refusal.
//!
//! Synchronous and without I/O, so that a shard can ask for each request. The order in which accounts are tried is that of Asterisk with
//! both channel drivers loaded: pjsip by address (`identify`), pjsip by user, `sip.conf` by the user of From, `sip.conf` by address, guest.
//! A name that nobody has goes the same way as one with a wrong password: a challenge, then 403, at the same cost.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;

use crate::config::{Account, Accounts, Role, Technology};
use crate::registrar::Registrar;
use crate::sip::digest::{self, Algorithm, Credentials, Nonces};
use crate::sip::flow::{Flow, Now};
use crate::sip::{Message, Method, Name};

/// How long a nonce is good for, in milliseconds. Then the phone gets a new one with `stale=true` and asks nobody for a password.
pub const NONCE_LIFE: u64 = 300_000;

/// What to do with a request.
#[derive(Debug, Clone)]
pub enum Verdict {
    /// It is from this account, or from nobody who is let in as this guest.
    Accept(Arc<Account>),
    /// 401 with these values of `WWW-Authenticate`.
    Challenge {
        /// Only the nonce was too old, used, or from before a restart.
        stale: bool,
        /// One value per algorithm, the preferred one first.
        headers: Vec<Bytes>,
    },
    /// This status, and no more than that to the sender.
    Refuse {
        /// 403, 405 or 400.
        status: u16,
        /// Why, for the log only.
        reason: &'static str,
    },
}

/// Judges requests. It holds the nonces that were used; everything else it is shown.
#[derive(Debug)]
pub struct Judge {
    nonces: Nonces,
}

impl Judge {
    /// `seed` must be new in each run and unknown to others.
    #[must_use]
    pub fn new(seed: [u8; 32]) -> Judge {
        Judge {
            nonces: Nonces::new(seed, NONCE_LIFE),
        }
    }

    /// Judges a request outside a dialog that came by `flow`. Call it once per new request: nonces are used up by it.
    pub fn judge(
        &mut self,
        now: Now,
        request: &Message,
        flow: &Flow,
        accounts: &Accounts,
        registrar: &Registrar,
    ) -> Verdict {
        let (Some(method), Ok(from), Ok(to)) = (request.method(), request.from(), request.to())
        else {
            return Verdict::Refuse {
                status: 400,
                reason: "From or To cannot be read",
            };
        };
        if method == Method::Options
            && let Some(stranger) = accounts.stranger()
        {
            return Verdict::Accept(Arc::clone(stranger));
        }
        if method == Method::Register && to.sip().is_none() {
            return Verdict::Refuse {
                status: 400,
                reason: "To is no SIP address, and nothing else can be registered here",
            };
        }
        let from = from
            .sip()
            .map(|uri| (uri.user_text().unwrap_or_default(), uri.host));
        let (user, host) = match &from {
            Some((user, host)) => (user.as_ref(), Some(host)),
            None => (&b""[..], None),
        };
        let to_user = to.sip().and_then(|uri| uri.user_text()).unwrap_or_default();
        let named = Sender {
            user,
            host,
            registers: (method == Method::Register).then_some(to_user.as_ref()),
        };
        let found = find(&named, flow, accounts, registrar);
        let found = found.filter(|account| account.permits(flow.remote.ip()));

        if let Some(account) = found {
            if method == Method::Message && !account.accepts_messages {
                return Verdict::Refuse {
                    status: 405,
                    reason: "messages outside calls are not accepted",
                };
            }
            if named.registers.is_some() && account.role == Role::Guest {
                return self.prove(now, request, method, accounts, None);
            }
            if !account.challenges(method.text()) {
                return admitted(account, named.registers.is_some(), flow);
            }
        }
        match self.prove(now, request, method, accounts, found) {
            Verdict::Accept(account) => admitted(&account, named.registers.is_some(), flow),
            other => other,
        }
    }

    /// The request must prove that it is from `account`; `None` is somebody who does not exist.
    fn prove(
        &mut self,
        now: Now,
        request: &Message,
        method: Method<'_>,
        accounts: &Accounts,
        account: Option<&Arc<Account>>,
    ) -> Verdict {
        let required = account
            .map(|a| a.credentials.as_slice())
            .unwrap_or_default();
        let realm = required
            .iter()
            .find_map(|c| c.realm.as_deref())
            .unwrap_or(accounts.realm());
        let algorithms: &[Algorithm] = required
            .first()
            .map_or(&[Algorithm::Md5], |c| &c.algorithms);
        let Some(given) = Credentials::find(request, Name::Authorization, realm) else {
            return self.challenge(now, realm, algorithms, false);
        };
        let secret = required
            .iter()
            .find(|c| c.username == *given.username && c.algorithms.contains(&given.algorithm))
            .map_or(digest::Secret::Nobody, |c| c.secret.digest());
        match (
            self.nonces.judge(now.unix_ms, method, &given, &secret),
            account,
        ) {
            (digest::Verdict::Right, Some(account)) => Verdict::Accept(Arc::clone(account)),
            (digest::Verdict::Stale, _) => self.challenge(now, realm, algorithms, true),
            (digest::Verdict::Wrong | digest::Verdict::Right, account) => Verdict::Refuse {
                status: 403,
                reason: if account.is_some() {
                    "wrong user name or password"
                } else {
                    "no such user"
                },
            },
        }
    }

    fn challenge(
        &mut self,
        now: Now,
        realm: &[u8],
        algorithms: &[Algorithm],
        stale: bool,
    ) -> Verdict {
        let headers = algorithms
            .iter()
            .map(|a| {
                Bytes::from(digest::challenge(
                    realm,
                    &self.nonces.issue(now.unix_ms),
                    *a,
                    stale,
                ))
            })
            .collect();
        Verdict::Challenge { stale, headers }
    }
}

/// Accepts, unless a phone registers by a protocol that its account does not list.
fn admitted(account: &Arc<Account>, registers: bool, flow: &Flow) -> Verdict {
    if registers && !account.protocols.is_empty() && !account.protocols.contains(&flow.protocol) {
        return Verdict::Refuse {
            status: 403,
            reason: "the account's `transport` does not list this protocol",
        };
    }
    Verdict::Accept(Arc::clone(account))
}

/// What a request says about its sender.
struct Sender<'a> {
    user: &'a [u8],
    host: Option<&'a crate::sip::Host<'a>>,
    /// The user of To in a REGISTER.
    registers: Option<&'a [u8]>,
}

/// The account that a request claims to be from, before any proof.
fn find<'a>(
    sender: &Sender<'_>,
    flow: &Flow,
    accounts: &'a Accounts,
    registrar: &Registrar,
) -> Option<&'a Arc<Account>> {
    let by_name = |technology, name: &[u8]| accounts.find(technology, name).filter(|a| a.by_user);
    accounts
        .identified(flow.remote)
        .or_else(|| {
            let domain = sender.host.map(|host| {
                let mut name = sender.user.to_vec();
                name.push(b'@');
                host.write(&mut name);
                name
            });
            domain
                .and_then(|name| by_name(Technology::Pjsip, &name))
                .or_else(|| by_name(Technology::Pjsip, sender.user))
        })
        .or_else(|| match sender.registers {
            // chan_sip knows a phone that registers by To, and peers register too.
            Some(user) => accounts
                .find(Technology::Sip, user)
                .filter(|a| a.role != Role::User),
            None => by_name(Technology::Sip, sender.user),
        })
        .or_else(|| {
            if sender.registers.is_some() {
                return None;
            }
            accounts
                .addressed(flow.remote, flow.protocol.reliable())
                .or_else(|| registered(flow.remote, flow.protocol.reliable(), accounts, registrar))
        })
        .or_else(|| accounts.guest())
}

/// A device of `sip.conf` that registered from this source. Its port counts as for fixed addresses.
fn registered<'a>(
    source: SocketAddr,
    stream: bool,
    accounts: &'a Accounts,
    registrar: &Registrar,
) -> Option<&'a Arc<Account>> {
    let device = |name: &crate::config::AorName| {
        accounts
            .find(name.technology, &name.name)
            .filter(|a| a.technology == Technology::Sip && a.role != Role::User)
    };
    registrar
        .registered_from(source)
        .find_map(device)
        .or_else(|| {
            registrar
                .registered_from_host(source.ip())
                .find_map(|name| device(name).filter(|a| stream || a.insecure.port))
        })
}
