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
    /// What is random on a bad network; `None` on a good one.
    dice: Option<Arc<Mutex<u64>>>,
}

impl Net {
    /// A network that treats each datagram badly with a chance of one in five.
    pub fn lossy(seed: u64) -> Net {
        let seed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        Net {
            dice: Some(Arc::new(Mutex::new(seed))),
            ..Net::default()
        }
    }

    fn roll(&self, sides: u64) -> Option<u64> {
        let mut dice = self.dice.as_ref()?.lock().unwrap();
        *dice ^= *dice << 13;
        *dice ^= *dice >> 7;
        *dice ^= *dice << 17;
        Some(*dice % sides)
    }

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
        let fate = if protocol == Protocol::Udp {
            self.roll(15)
        } else {
            None
        };
        match fate {
            // Lost, twice, late: one in five in all.
            Some(0) => {}
            Some(1) => {
                self.deliver(from, to, protocol, bytes.clone());
                self.late(from, to, bytes);
            }
            Some(2) => self.late(from, to, bytes),
            _ => self.deliver(from, to, protocol, bytes),
        }
    }

    fn deliver(&self, from: SocketAddr, to: SocketAddr, protocol: Protocol, bytes: Bytes) {
        if let Some(place) = self.places.lock().unwrap().get(&to) {
            let _ = place.send(Packet {
                from,
                protocol,
                bytes,
            });
        }
    }

    fn late(&self, from: SocketAddr, to: SocketAddr, bytes: Bytes) {
        let delay = std::time::Duration::from_millis(self.roll(1_500).unwrap_or(0));
        let net = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(delay).await;
            net.deliver(from, to, Protocol::Udp, bytes);
        });
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
