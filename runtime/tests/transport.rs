//! Sockets of signalling on loopback: no timed assertions, only what arrives in which form.
#![allow(clippy::unwrap_used)]

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use strowger_runtime::sip::flow::{Flow, ListenerId, Protocol, Transmit};
use strowger_runtime::sip::transport::{Bounds, Heard, Listening, Transport};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};

const OPTIONS: &str = "OPTIONS sip:x@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\n\
    To: <sip:x@y>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";

fn on(listener: u16, protocol: Protocol, address: &str) -> Listening {
    Listening {
        listener: ListenerId(listener),
        protocol,
        address: address.parse().unwrap(),
    }
}

async fn message(t: &mut Transport) -> (Flow, Bytes) {
    loop {
        match t.next().await {
            Heard::Message(flow, bytes) => return (flow, bytes),
            Heard::Unreachable(_) | Heard::Closed(_) => {}
        }
    }
}

#[tokio::test]
async fn datagrams_both_ways_and_keep_alives_swallowed() {
    let mut t = Transport::open(&[on(3, Protocol::Udp, "127.0.0.1:0")], Bounds::default())
        .await
        .unwrap();
    let near = t.listening()[0].address;
    assert_ne!(near.port(), 0);
    let phone = UdpSocket::bind("127.0.0.2:0").await.unwrap();
    for bytes in [&b"\r\n\r\n"[..], b"\0\0\0\0", b"", OPTIONS.as_bytes()] {
        phone.send_to(bytes, near).await.unwrap();
    }
    let (flow, bytes) = message(&mut t).await;
    assert_eq!(bytes, OPTIONS.as_bytes());
    assert_eq!(
        (flow.listener, flow.local, flow.remote),
        (ListenerId(3), near, phone.local_addr().unwrap())
    );
    t.send(Transmit {
        flow,
        bytes: Bytes::from_static(b"SIP/2.0 200 OK\r\n\r\n"),
    });
    let mut buffer = [0; 100];
    let (size, from) = phone.recv_from(&mut buffer).await.unwrap();
    assert_eq!(
        (&buffer[..size], from),
        (&b"SIP/2.0 200 OK\r\n\r\n"[..], near)
    );
}

#[tokio::test]
async fn a_listener_on_all_addresses_names_the_one_on_the_way() {
    let mut t = Transport::open(&[on(0, Protocol::Udp, "0.0.0.0:0")], Bounds::default())
        .await
        .unwrap();
    let port = t.listening()[0].address.port();
    let phone = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    phone
        .send_to(OPTIONS.as_bytes(), ("127.0.0.1", port))
        .await
        .unwrap();
    let (flow, _) = message(&mut t).await;
    assert_eq!(flow.local, SocketAddr::from(([127, 0, 0, 1], port)));
    let made = t
        .routes()
        .flow(
            ListenerId(0),
            Protocol::Udp,
            "127.0.0.9:5060".parse().unwrap(),
        )
        .unwrap();
    assert!(made.local.ip().is_loopback());
    assert!(
        t.routes()
            .flow(
                ListenerId(9),
                Protocol::Udp,
                "127.0.0.9:5060".parse().unwrap()
            )
            .is_none()
    );
}

#[tokio::test]
async fn streams_are_cut_pinged_and_answered_on_the_same_connection() {
    let mut t = Transport::open(&[on(1, Protocol::Tcp, "127.0.0.1:0")], Bounds::default())
        .await
        .unwrap();
    let mut phone = TcpStream::connect(t.listening()[0].address).await.unwrap();
    phone.write_all(b"\r\n\r\n").await.unwrap();
    let mut pong = [0; 2];
    phone.read_exact(&mut pong).await.unwrap();
    assert_eq!(&pong, b"\r\n");
    // Two messages, cut in the middle of the second.
    let both = format!("{OPTIONS}{OPTIONS}");
    phone
        .write_all(&both.as_bytes()[..OPTIONS.len() + 20])
        .await
        .unwrap();
    let (flow, bytes) = message(&mut t).await;
    assert_eq!(bytes, OPTIONS.as_bytes());
    assert_ne!(flow.connection, 0);
    phone
        .write_all(&both.as_bytes()[OPTIONS.len() + 20..])
        .await
        .unwrap();
    assert_eq!(message(&mut t).await.1, OPTIONS.as_bytes());
    // By number, and by address.
    for connection in [flow.connection, 0] {
        t.send(Transmit {
            flow: Flow { connection, ..flow },
            bytes: Bytes::from_static(b"answer"),
        });
        let mut answer = [0; 6];
        phone.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"answer");
    }
    drop(phone);
    assert!(matches!(t.next().await, Heard::Unreachable(f) if f == flow));
    assert!(matches!(t.next().await, Heard::Closed(n) if n == flow.connection));
    t.send(Transmit {
        flow,
        bytes: Bytes::from_static(b"late"),
    });
    assert!(matches!(t.next().await, Heard::Unreachable(f) if f == flow));
}

#[tokio::test]
async fn a_connection_of_ours_leaves_from_the_listeners_address() {
    let mut t = Transport::open(&[on(1, Protocol::Tcp, "127.0.0.3:0")], Bounds::default())
        .await
        .unwrap();
    let phone = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let flow = t
        .routes()
        .flow(ListenerId(1), Protocol::Tcp, phone.local_addr().unwrap())
        .unwrap();
    t.send(Transmit {
        flow,
        bytes: Bytes::from_static(b"one"),
    });
    t.send(Transmit {
        flow,
        bytes: Bytes::from_static(b"two"),
    });
    let (mut stream, from) = phone.accept().await.unwrap();
    assert_eq!(from.ip(), "127.0.0.3".parse::<std::net::IpAddr>().unwrap());
    let mut both = [0; 6];
    stream.read_exact(&mut both).await.unwrap();
    assert_eq!(&both, b"onetwo");
    // What the peer says on it comes by the same flow, with a number.
    stream.write_all(OPTIONS.as_bytes()).await.unwrap();
    let (back, _) = message(&mut t).await;
    assert_eq!((back.local, back.remote), (flow.local, flow.remote));
    // Nobody there: the flow comes back as unreachable.
    let gone = phone.local_addr().unwrap();
    drop((phone, stream));
    assert!(matches!(t.next().await, Heard::Unreachable(_)));
    assert!(matches!(t.next().await, Heard::Closed(_)));
    let flow = t.routes().flow(ListenerId(1), Protocol::Tcp, gone).unwrap();
    t.send(Transmit {
        flow,
        bytes: Bytes::from_static(b"three"),
    });
    assert!(matches!(t.next().await, Heard::Unreachable(f) if f.remote == gone));
}

#[tokio::test]
async fn bounds_of_connections() {
    let bounds = Bounds {
        per_address: 2,
        message: Duration::from_millis(50),
        ..Bounds::default()
    };
    let mut t = Transport::open(&[on(1, Protocol::Tcp, "127.0.0.1:0")], bounds)
        .await
        .unwrap();
    let near = t.listening()[0].address;
    let mut phones = Vec::new();
    for _ in 0..3 {
        phones.push(TcpStream::connect(near).await.unwrap());
    }
    let mut end = [0; 1];
    // The third is refused at once, the others after they said nothing for too long; their places are free again then.
    assert_eq!(phones[2].read(&mut end).await.unwrap_or(0), 0);
    assert!(matches!(t.next().await, Heard::Unreachable(_)));
    assert!(matches!(t.next().await, Heard::Closed(_)));
    assert!(matches!(t.next().await, Heard::Unreachable(_)));
    assert!(matches!(t.next().await, Heard::Closed(_)));
    let mut phone = TcpStream::connect(near).await.unwrap();
    phone.write_all(OPTIONS.as_bytes()).await.unwrap();
    message(&mut t).await;
    // What is no SIP is cut off.
    phone.write_all(b"\x16\x03\x01 this is TLS").await.unwrap();
    assert_eq!(phone.read(&mut end).await.unwrap_or(0), 0);
}

#[tokio::test]
async fn an_address_that_is_taken_is_refused() {
    let first = Transport::open(&[on(0, Protocol::Udp, "127.0.0.1:0")], Bounds::default())
        .await
        .unwrap();
    let wanted = Listening {
        address: first.listening()[0].address,
        ..on(1, Protocol::Udp, "127.0.0.1:0")
    };
    let refused = Transport::open(&[wanted], Bounds::default())
        .await
        .err()
        .unwrap();
    assert!(
        refused
            .to_string()
            .starts_with("cannot listen on UDP 127.0.0.1:"),
        "{refused}"
    );
}

#[tokio::test]
async fn the_inbox_is_measured_in_messages() {
    let bounds = Bounds {
        inbox: 128,
        ..Bounds::default()
    };
    let mut t = Transport::open(&[on(3, Protocol::Udp, "127.0.0.1:0")], bounds)
        .await
        .unwrap();
    let phone = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let to = t.listening()[0].address;
    // Handed over one by one: each time the reader finds a single datagram.
    for _ in 0..64 {
        phone
            .send_to(b"OPTIONS sip:x SIP/2.0\r\n\r\n", to)
            .await
            .unwrap();
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert!(!t.is_loaded(), "half of the inbox is not over half of it");
    for _ in 0..1_000 {
        if t.is_loaded() {
            break;
        }
        phone
            .send_to(b"OPTIONS sip:x SIP/2.0\r\n\r\n", to)
            .await
            .unwrap();
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert!(t.is_loaded());
    for _ in 0..65 {
        message(&mut t).await;
    }
    assert!(!t.is_loaded());
}

#[tokio::test]
async fn one_socket_for_both_families() {
    let wanted = on(0, Protocol::Udp, "[::]:0");
    let Ok(mut t) = Transport::open(&[wanted], Bounds::default()).await else {
        eprintln!("SKIPPED: this machine has no IPv6");
        return;
    };
    let port = t.listening()[0].address.port();
    let phone = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    phone
        .send_to(OPTIONS.as_bytes(), ("127.0.0.1", port))
        .await
        .unwrap();
    let (flow, _) = message(&mut t).await;
    // Neither address is written as `::ffff:127.0.0.1`.
    assert_eq!(flow.remote, phone.local_addr().unwrap());
    assert_eq!(flow.local, SocketAddr::from(([127, 0, 0, 1], port)));
    t.send(Transmit {
        flow,
        bytes: Bytes::from_static(b"back"),
    });
    let mut buffer = [0; 10];
    let (size, _) = phone.recv_from(&mut buffer).await.unwrap();
    assert_eq!(&buffer[..size], b"back");
}
