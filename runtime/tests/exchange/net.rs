//! A network in memory: exchanges and phones by address, nothing lost.

use bytes::Bytes;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use strowger_runtime::sip::flow::{Flow, ListenerId, Protocol};
use strowger_runtime::wire::{self, FarEnd, Heard, Memory};
use tokio::sync::mpsc;

/// What arrives at an address.
#[derive(Debug)]
pub struct Packet {
    pub from: SocketAddr,
    pub protocol: Protocol,
    pub bytes: Bytes,
}

#[derive(Clone, Default)]
pub struct Net {
    places: Arc<Mutex<HashMap<SocketAddr, mpsc::UnboundedSender<Packet>>>>,
    /// Everything sent, as `from to first-line`.
    pub log: Arc<Mutex<Vec<String>>>,
}

impl Net {
    /// Opens an address.
    pub fn open(&self, at: SocketAddr) -> mpsc::UnboundedReceiver<Packet> {
        let (sender, receiver) = mpsc::unbounded_channel();
        self.places.lock().unwrap().insert(at, sender);
        receiver
    }

    pub fn send(&self, from: SocketAddr, to: SocketAddr, protocol: Protocol, bytes: Bytes) {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let first = text.lines().next().unwrap_or_default();
        self.log
            .lock()
            .unwrap()
            .push(format!("{from} -> {to} {first}"));
        if let Some(place) = self.places.lock().unwrap().get(&to) {
            let _ = place.send(Packet {
                from,
                protocol,
                bytes,
            });
        }
    }

    /// A wire for an exchange that lives at `near`.
    pub fn exchange(&self, near: SocketAddr) -> Memory {
        let (
            memory,
            FarEnd {
                say,
                heard: mut sent,
            },
        ) = wire::memory(near);
        let mut arriving = self.open(near);
        let net = self.clone();
        tokio::spawn(async move {
            while let Some(out) = sent.recv().await {
                net.send(
                    out.flow.local,
                    out.flow.remote,
                    out.flow.protocol,
                    out.bytes,
                );
            }
        });
        tokio::spawn(async move {
            while let Some(Packet {
                from,
                protocol,
                bytes,
            }) = arriving.recv().await
            {
                let stream = protocol == Protocol::Tcp;
                let flow = Flow {
                    listener: ListenerId(u16::from(stream)),
                    protocol,
                    local: near,
                    remote: from,
                    connection: if stream { u64::from(from.port()) } else { 0 },
                };
                if say.send(Heard::Message(flow, bytes)).await.is_err() {
                    return;
                }
            }
        });
        memory
    }

    /// The messages between two addresses so far, in either direction, as first lines.
    pub fn between(&self, a: SocketAddr, b: SocketAddr) -> Vec<String> {
        let log = self.log.lock().unwrap();
        let (out, back) = (format!("{a} -> {b} "), format!("{b} -> {a} "));
        log.iter()
            .filter_map(|line| {
                let sent = line.strip_prefix(&out).map(|l| format!("> {l}"));
                sent.or_else(|| line.strip_prefix(&back).map(|l| format!("< {l}")))
            })
            .collect()
    }
}
