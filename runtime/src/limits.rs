//! Every bound of the exchange, by name (engine.md 10): what it counts, and what happens when it is reached.
//!
//! Each reader or queue that a stranger can fill names one of these. The console prints this table.

use std::time::Duration;

/// Longest datagram that is read, in bytes. A longer one cannot exist; a truncated one is dropped.
pub const DATAGRAM: usize = 65_535;
/// Longest message on a stream, head and body, in bytes. Longer: 513 and the stream is closed.
pub const STREAM_MESSAGE: usize = 128 * 1024;
/// Most header fields of one message. More: dropped.
pub const HEADERS: usize = 256;
/// Longest body in bytes. Longer: 413.
pub const BODY: usize = 64 * 1024;
/// Most stream connections at once, and most from one address. More: refused.
pub const CONNECTIONS: usize = 4_096;
/// Most stream connections from one address.
pub const CONNECTIONS_PER_ADDRESS: usize = 64;
/// A new connection has this long to send its first whole message.
pub const FIRST_MESSAGE: Duration = Duration::from_secs(10);
/// A connection without a message for this long is closed.
pub const IDLE: Duration = Duration::from_secs(15 * 60);
/// Messages and commands waiting for a shard. Over half: new requests get 503; full: datagrams are dropped (a phone repeats).
pub const SHARD_INBOX: usize = 4_096;
/// Transactions of one shard. More: 503 with Retry-After.
pub const TRANSACTIONS: usize = 100_000;
/// Legs of one shard. More: 503 with Retry-After.
pub const LEGS: usize = 10_000;
/// Channels of the exchange. More: 503 with Retry-After.
pub const CHANNELS: usize = 10_000;
/// Events waiting for one owner. More: the line is ended.
pub const INBOX: usize = 256;
/// Early dialogs of one outgoing call. A later one is answered by ACK and BYE when it answers.
pub const FORKS: usize = 8;
/// Targets of one `Dial`. The rest is reported and not called.
pub const TARGETS: usize = 64;
/// Bindings of one address of record without `max_contacts`. More: 403.
pub const BINDINGS_PER_AOR: usize = 10;
/// Bindings in all. More: 503.
pub const BINDINGS: usize = 1_000_000;
/// Nonces whose use is remembered. More: the oldest leaves and is stale from then on.
pub const NONCES: usize = 65_536;
/// Texts waiting for the dialplan. More: 503.
pub const MESSAGES: usize = 1_000;
/// Workers for texts; one sender always meets the same one, so that its order is kept.
pub const MESSAGE_WORKERS: usize = 8;
/// Changes waiting for the store. More: REGISTER gets 503.
pub const STORE_QUEUE: usize = 10_000;
/// Frames decoded ahead of a playing file. More: the reader waits.
pub const AHEAD: usize = 64;
/// Longest RTP packet in bytes. Longer: dropped.
pub const RTP_PACKET: usize = 2_048;
/// An effect may go on this long after a hang-up was latched. Longer: dropped and logged, as a defect.
pub const GRACE: Duration = Duration::from_secs(5);
/// How long calls may go on after a stop was asked for.
pub const DRAIN: Duration = Duration::from_secs(30);
/// How long the answers to the last BYEs are waited for.
pub const LAST_ANSWERS: Duration = Duration::from_secs(2);
/// Notices waiting for one observer. More: the observer learns how many it missed.
pub const OBSERVED: usize = 16_384;
/// Things told of calls that wait to be written down. More: the rest of that call is not written, and the file says so.
pub const RECORD_QUEUE: usize = 32_768;
/// Longest record of calls, in bytes. Longer: nothing more is written, and the file says so.
pub const RECORD_BYTES: u64 = 4 << 30;
/// Longest line of a record that is read, in bytes. Longer: reported and skipped.
pub const RECORD_LINE: u64 = 16 << 20;
/// Bytes of a record that belong to calls whose end was not read yet. More: reported, and the call is left out.
pub const RECORD_OPEN: usize = 256 << 20;
/// Channels through `Local/` inside each other.
pub const LOCAL_DEPTH: usize = 16;

/// Channels and phones of one simulated world, one after the other included. More: what is called cannot be reached.
pub const SIM_TASKS: usize = 100_000;
/// Channels and phones of one simulated world at once. More: what is called cannot be reached.
pub const SIM_AT_ONCE: usize = 10_000;
/// Turns of channels and phones of one simulated world. More: the run is cut short.
pub const SIM_EVENTS: u64 = 50_000_000;
/// Longest run of a simulated world, in its own time. Longer: everybody is hung up.
pub const SIM_TIME: Duration = Duration::from_secs(10 * 366 * 86_400);
/// Entries that the trace of a simulated world keeps, and each list of what happened in it. More: counted, not kept.
pub const SIM_KEPT: usize = 1_000_000;

/// The table for people: name, bound, what happens when it is reached.
#[must_use]
pub fn table() -> Vec<(&'static str, String, &'static str)> {
    let seconds = |d: Duration| format!("{} s", d.as_secs());
    vec![
        ("DATAGRAM", format!("{DATAGRAM} B"), "dropped"),
        (
            "STREAM_MESSAGE",
            format!("{STREAM_MESSAGE} B"),
            "513, stream closed",
        ),
        ("HEADERS", HEADERS.to_string(), "dropped"),
        ("BODY", format!("{BODY} B"), "413"),
        ("CONNECTIONS", CONNECTIONS.to_string(), "refused"),
        (
            "CONNECTIONS_PER_ADDRESS",
            CONNECTIONS_PER_ADDRESS.to_string(),
            "refused",
        ),
        ("FIRST_MESSAGE", seconds(FIRST_MESSAGE), "stream closed"),
        ("IDLE", seconds(IDLE), "stream closed"),
        (
            "SHARD_INBOX",
            SHARD_INBOX.to_string(),
            "over half: 503; full: dropped",
        ),
        ("TRANSACTIONS", TRANSACTIONS.to_string(), "503"),
        ("LEGS", LEGS.to_string(), "503"),
        ("CHANNELS", CHANNELS.to_string(), "503"),
        ("INBOX", INBOX.to_string(), "the line is ended"),
        ("FORKS", FORKS.to_string(), "ACK and BYE"),
        ("TARGETS", TARGETS.to_string(), "reported, not called"),
        ("BINDINGS_PER_AOR", BINDINGS_PER_AOR.to_string(), "403"),
        ("BINDINGS", BINDINGS.to_string(), "503"),
        ("NONCES", NONCES.to_string(), "oldest forgotten, then stale"),
        ("MESSAGES", MESSAGES.to_string(), "503"),
        ("STORE_QUEUE", STORE_QUEUE.to_string(), "REGISTER gets 503"),
        ("AHEAD", format!("{AHEAD} frames"), "the reader waits"),
        ("RTP_PACKET", format!("{RTP_PACKET} B"), "dropped"),
        ("GRACE", seconds(GRACE), "the effect is dropped and logged"),
        ("DRAIN", seconds(DRAIN), "calls get BYE with Reason"),
        (
            "OBSERVED",
            OBSERVED.to_string(),
            "the observer learns how many it missed",
        ),
        (
            "RECORD_QUEUE",
            RECORD_QUEUE.to_string(),
            "the call's record ends",
        ),
        (
            "RECORD_BYTES",
            format!("{RECORD_BYTES} B"),
            "the record ends",
        ),
        ("RECORD_LINE", format!("{RECORD_LINE} B"), "skipped"),
        (
            "RECORD_OPEN",
            format!("{RECORD_OPEN} B"),
            "the call is left out",
        ),
        ("LOCAL_DEPTH", LOCAL_DEPTH.to_string(), "CHANUNAVAIL"),
        ("SIM_TASKS", SIM_TASKS.to_string(), "CHANUNAVAIL"),
        ("SIM_AT_ONCE", SIM_AT_ONCE.to_string(), "CHANUNAVAIL"),
        ("SIM_EVENTS", SIM_EVENTS.to_string(), "the run is cut short"),
        ("SIM_TIME", seconds(SIM_TIME), "everybody is hung up"),
        ("SIM_KEPT", SIM_KEPT.to_string(), "not kept"),
    ]
}
