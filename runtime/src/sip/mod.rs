//! SIP without sockets, clocks or tasks: messages, transactions, dialogs, sessions.
//!
//! Nothing here imports from the rest of the crate. Bytes come in, bytes go out, time is a parameter.

mod calling;
mod change;
mod client;
pub mod command;
mod compose;
mod crowd;
mod dialog;
mod dice;
pub mod digest;
pub mod event;
pub mod flow;
pub mod framing;
pub mod headers;
mod inside;
mod keys;
mod leg;
pub mod limits;
pub mod message;
mod params;
mod proof;
mod sdp;
mod serving;
pub mod session;
pub mod stack;
mod tables;
mod transaction;
pub mod transport;
pub mod uri;
pub mod verdict;
pub mod write;

pub use headers::{CSeq, Contacts, MediaType, Method, Name, NameAddr, Via};
pub use message::Message;
pub use uri::{Host, Params, SipUri, Uri};
pub use verdict::{Fault, Served};
pub use write::Writer;
