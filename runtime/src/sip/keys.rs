//! Names of transactions and dialogs: keyed hashes of what the RFCs compare (RFC 3261 12, 17.1.3, 17.2.3, 8.2.2.2).

use bytes::Bytes;

use super::dice::Use;
use super::headers::Method;
use super::message::Message;
use super::tables::{Key, Tables};

impl Tables {
    /// Where a request would be found. ACK and CANCEL are looked for as the INVITE that they belong to.
    pub(crate) fn server_key(&self, request: &Message, as_method: Method<'_>) -> Option<Key> {
        let via = request.via().ok()?;
        let as_method = if as_method == Method::Ack {
            Method::Invite
        } else {
            as_method
        };
        let method = as_method.text();
        if let Some(branch) = via.unique_branch() {
            let mut sent_by = Vec::with_capacity(24);
            via.host.write(&mut sent_by);
            sent_by.make_ascii_lowercase();
            let port = via.port.map_or(0, u32::from).to_be_bytes();
            return Some(
                self.dice
                    .hash(Use::ServerKey, &[branch, &sent_by, &port, method]),
            );
        }
        let cseq = request.cseq().ok()?;
        let from = request.from().ok()?;
        let parts: [&[u8]; 6] = [
            request.call_id().ok()?,
            from.tag().unwrap_or_default(),
            &cseq.number.to_be_bytes(),
            request.uri_text(),
            via.text,
            method,
        ];
        Some(self.dice.hash(Use::ServerKey, &parts))
    }

    /// What a merged request has in common with the first (RFC 3261 8.2.2.2).
    pub(crate) fn merge_key(&self, request: &Message) -> Option<u128> {
        let cseq = request.cseq().ok()?;
        let from = request.from().ok()?;
        let parts: [&[u8]; 4] = [
            request.call_id().ok()?,
            from.tag()?,
            &cseq.number.to_be_bytes(),
            cseq.method.text(),
        ];
        Some(self.dice.hash(Use::MergeKey, &parts))
    }

    pub(crate) fn client_key(&self, branch: &[u8], method: Method<'_>) -> Key {
        self.dice.hash(Use::ClientKey, &[branch, method.text()])
    }

    pub(crate) fn dialog_key(&self, call_id: &[u8], local: &[u8], remote: &[u8]) -> u128 {
        self.dice.hash(Use::DialogKey, &[call_id, local, remote])
    }

    /// The tag of our answers to this request: the same whenever it comes.
    pub(crate) fn tag_for(&self, request: &Message) -> Bytes {
        let branch = request
            .via()
            .ok()
            .and_then(|v| v.branch())
            .unwrap_or_default();
        let from = request
            .from()
            .ok()
            .and_then(|f| f.tag())
            .unwrap_or_default();
        let number = request.cseq().map_or(0, |c| c.number).to_be_bytes();
        // CANCEL and ACK get the tag of their INVITE: the branch is the same, the method does not count.
        self.dice
            .tag(&[request.call_id().unwrap_or_default(), from, &number, branch])
    }
}
