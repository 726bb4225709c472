//! Answers to challenges (401, 407) of our own requests.

use super::command::{Credentials, Secret};
use super::digest::{self, Challenge};
use super::headers::{Method, Name};
use super::message::Message;
use super::tables::Tables;

/// How often one request answers challenges: once, and once more when only the nonce was too old or a second proxy asks.
pub(crate) const PROOFS: u8 = 3;

/// The headers that answer the challenges of `answer`; empty if there is nothing that we can answer. Of several algorithms for one
/// realm the first that the far end lists and we can do is taken.
pub(crate) fn proofs(
    t: &mut Tables,
    credentials: &[Credentials],
    answer: &Message,
    method: Method<'_>,
    uri: &[u8],
) -> Vec<(Name, Vec<u8>)> {
    let mut done: Vec<(Name, Vec<u8>)> = Vec::new();
    let mut realms: Vec<(Name, Vec<u8>)> = Vec::new();
    for (header, challenge) in Challenge::all(answer) {
        if realms
            .iter()
            .any(|(h, r)| *h == header && *r == challenge.realm)
        {
            continue;
        }
        let named = credentials.iter().find(|c| {
            c.realm
                .as_ref()
                .is_some_and(|r| r[..] == challenge.realm[..])
        });
        let Some(found) = named.or_else(|| credentials.iter().find(|c| c.realm.is_none())) else {
            continue;
        };
        let secret = match &found.secret {
            Secret::Plain(p) => digest::Secret::Password(p),
            Secret::Md5(h) => digest::Secret::Md5(h),
        };
        let cnonce = t.dice.token();
        if let Some(value) = challenge.answer(method, uri, &found.username, &secret, &cnonce, 1) {
            realms.push((header, challenge.realm.clone()));
            done.push((header, value));
        }
    }
    done
}

/// Whether the far end says again no to the same nonce, that is, to the secret itself.
pub(crate) fn refused(answer: &Message, sent: &[(Name, Vec<u8>)]) -> bool {
    !sent.is_empty()
        && !Challenge::all(answer)
            .iter()
            .any(|(header, c)| c.stale || !sent.iter().any(|(h, _)| h == header))
}
