//! What the stores keep, and that a restart finds it.
#![allow(clippy::unwrap_used)]

use std::net::SocketAddr;
use std::path::PathBuf;

use bytes::Bytes;
use proptest::prelude::*;
use strowger_runtime::config::{Aor, AorName, Nat, Technology};
use strowger_runtime::registrar::Registrar;
use strowger_runtime::sip::Message;
use strowger_runtime::sip::flow::{Flow, ListenerId, Now, Protocol};
use strowger_runtime::store::{Database, Memory, Saved, Sqlite, Store, StoreError, Write, Writer};

/// A folder of its own for one test, removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("strowger-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("strowger.db")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn aor() -> Aor {
    Aor {
        name: AorName::new(Technology::Sip, b"61\xff"),
        contacts: Vec::new(),
        fallback: false,
        max_contacts: 5,
        remove_existing: true,
        default_expiration: 120,
        minimum_expiration: 60,
        maximum_expiration: 3600,
    }
}

fn flow(protocol: Protocol) -> Flow {
    Flow {
        listener: ListenerId(3),
        protocol,
        local: "192.0.2.9:5060".parse().unwrap(),
        remote: "203.0.113.5:40000".parse().unwrap(),
        connection: u64::from(protocol == Protocol::Tcp),
    }
}

fn register(registrar: &mut Registrar, now: Now, protocol: Protocol, cseq: u32, contact: &str) {
    let text = format!(
        "REGISTER sip:h SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.2;branch=z9hG4bK1\r\nFrom: <sip:61@h>;tag=1\r\nTo: <sip:61@h>\r\nCall-ID: c{cseq}\r\n\
         CSeq: {cseq} REGISTER\r\nContact: {contact}\r\nContent-Length: 0\r\n\r\n"
    );
    let request = Message::parse(Bytes::from(text)).unwrap();
    let nat = Nat {
        rewrite_contact: true,
        ..Nat::default()
    };
    assert_eq!(
        registrar
            .register(now, &request, &flow(protocol), &aor(), nat)
            .status,
        200
    );
}

fn at(unix_ms: u64) -> Now {
    Now {
        micros: 1_000_000,
        unix_ms,
    }
}

/// Three phones register, one leaves, one expires; then the program starts anew with other listener numbers.
fn restart(first: impl Store + 'static, second: impl FnOnce() -> Box<dyn Store>) {
    let mut registrar = Registrar::new();
    let writer = Writer::start(first, |e| panic!("{e}"));
    register(
        &mut registrar,
        at(1_000_000),
        Protocol::Udp,
        1,
        "<sip:61@10.0.0.2>;q=0.7;expires=600",
    );
    register(
        &mut registrar,
        at(1_000_000),
        Protocol::Tcp,
        2,
        "<sip:61@10.0.0.3;transport=tcp>;+sip.instance=\"<urn:x>\";expires=600",
    );
    register(
        &mut registrar,
        at(1_000_000),
        Protocol::Udp,
        3,
        "<sip:61@10.0.0.4>;expires=60",
    );
    register(
        &mut registrar,
        at(1_000_000),
        Protocol::Udp,
        4,
        "<sip:61@10.0.0.5>;expires=600",
    );
    assert!(
        writer.write(
            registrar
                .changes()
                .into_iter()
                .map(Write::Binding)
                .collect()
        )
    );
    register(
        &mut registrar,
        at(1_000_000),
        Protocol::Udp,
        5,
        "<sip:61@10.0.0.5>;expires=0",
    );
    assert!(
        writer.write(
            registrar
                .changes()
                .into_iter()
                .map(Write::Binding)
                .collect()
        )
    );
    writer.flush();
    drop(writer);

    let now = Now {
        micros: 9,
        unix_ms: 1_100_000,
    };
    let saved = second().load(now.unix_ms).unwrap();
    assert_eq!(saved.bindings.len(), 2);
    let local: SocketAddr = "192.0.2.9:5060".parse().unwrap();
    let listeners = [
        (ListenerId(1), Protocol::Udp, local),
        (ListenerId(2), Protocol::Tcp, local),
    ];
    let mut again = Registrar::new();
    assert_eq!(saved.restore(now, &listeners, &mut again), 2);
    let targets = again.contacts_for(now, &aor());
    assert_eq!(&targets[0].uri[..], b"sip:61@10.0.0.3;transport=tcp");
    assert_eq!(targets[0].flow, None, "its connection is gone");
    assert_eq!(&targets[1].uri[..], b"sip:61@10.0.0.2");
    assert_eq!(
        targets[1].flow.map(|f| (f.listener, f.remote)),
        Some((ListenerId(1), "203.0.113.5:40000".parse().unwrap()))
    );
    let binding = &again
        .bindings(&aor().name)
        .iter()
        .find(|b| b.q == 700)
        .unwrap();
    assert_eq!(
        binding.expires,
        9 + 500_000_000,
        "what is left of ten minutes"
    );
    assert_eq!((&binding.call_id[..], binding.cseq), (&b"c1"[..], 1));
    assert!(
        again.changes().is_empty(),
        "what is restored is not written again"
    );

    let tcp_only = [(ListenerId(7), Protocol::Tcp, local)];
    assert_eq!(
        saved.restore(now, &tcp_only, &mut Registrar::new()),
        1,
        "no listener, no binding"
    );
}

#[test]
fn bindings_survive_a_restart_in_sqlite() {
    let folder = Folder::new("bindings");
    let file = folder.file();
    restart(Sqlite::open(&file).unwrap(), || {
        Box::new(Sqlite::open(&file).unwrap())
    });
}

#[test]
fn the_two_stores_keep_the_same() {
    let folder = Folder::new("same");
    let mut sqlite = Sqlite::open(&folder.file()).unwrap();
    let mut memory = Memory::new();
    let mut registrar = Registrar::new();
    register(
        &mut registrar,
        at(1_000),
        Protocol::Udp,
        1,
        "<sip:61@10.0.0.2>;expires=600",
    );
    register(
        &mut registrar,
        at(1_000),
        Protocol::Udp,
        2,
        "<sip:61@10.0.0.3>;expires=60",
    );
    let mut batch: Vec<Write> = registrar
        .changes()
        .into_iter()
        .map(Write::Binding)
        .collect();
    batch.push(Write::Value(b"/cf/1".to_vec(), Some(b"\xff\0".to_vec())));
    batch.push(Write::Value(b"/cf/2".to_vec(), Some(Vec::new())));
    batch.push(Write::Value(b"/cf/1".to_vec(), Some(b"2".to_vec())));
    batch.push(Write::Value(b"/cf/3".to_vec(), None));
    sqlite.commit(&batch).unwrap();
    memory.commit(&batch).unwrap();
    for when in [2_000, 61_000, 10_000_000] {
        let sort = |mut saved: Saved| {
            saved.bindings.sort_by(|a, b| a.uri.cmp(&b.uri));
            saved
        };
        assert_eq!(
            sort(sqlite.load(when).unwrap()),
            sort(memory.load(when).unwrap())
        );
    }
    assert_eq!(
        sqlite.load(0).unwrap().values,
        [
            (b"/cf/1".to_vec(), b"2".to_vec()),
            (b"/cf/2".to_vec(), Vec::new())
        ]
    );
    assert_eq!(
        sqlite.load(0).unwrap().bindings.len(),
        0,
        "what had ended is forgotten"
    );
}

#[test]
fn a_file_that_is_no_store_or_of_a_later_release_is_refused() {
    let folder = Folder::new("refused");
    std::fs::write(
        folder.file(),
        b"this is a letter to my aunt, and long enough to be read as a header of a database",
    )
    .unwrap();
    assert!(matches!(
        Sqlite::open(&folder.file()),
        Err(StoreError::Sqlite(_))
    ));
    assert_eq!(
        std::fs::read(folder.file()).unwrap()[..4],
        *b"this",
        "and left alone"
    );
    std::fs::remove_file(folder.file()).unwrap();
    drop(Sqlite::open(&folder.file()).unwrap());
    rusqlite::Connection::open(folder.file())
        .unwrap()
        .pragma_update(None, "user_version", 99)
        .unwrap();
    assert!(matches!(
        Sqlite::open(&folder.file()),
        Err(StoreError::Later(99))
    ));
    assert!(Sqlite::open(&folder.0.join("no/such/folder.db")).is_err());
}

struct Broken;

impl Store for Broken {
    fn load(&mut self, _: u64) -> Result<Saved, StoreError> {
        Ok(Saved::default())
    }

    fn commit(&mut self, _: &[Write]) -> Result<(), StoreError> {
        Err(StoreError::Later(0))
    }
}

#[test]
fn a_batch_that_cannot_be_written_is_told() {
    let (tell, told) = std::sync::mpsc::channel();
    let writer = Writer::start(Broken, move |e| tell.send(e.to_string()).unwrap());
    assert!(writer.write(Vec::new()));
    assert!(writer.write(vec![Write::Value(b"/a/b".to_vec(), None)]));
    writer.flush();
    drop(writer);
    assert_eq!(told.iter().count(), 1);
}

#[test]
fn dropping_the_writer_commits_what_is_left() {
    let folder = Folder::new("dropped");
    let writer = Writer::start(Sqlite::open(&folder.file()).unwrap(), |e| panic!("{e}"));
    for n in 0..500u32 {
        assert!(writer.write(vec![Write::Value(
            format!("/n/{n}").into_bytes(),
            Some(b"x".to_vec())
        )]));
    }
    drop(writer);
    assert_eq!(
        Sqlite::open(&folder.file())
            .unwrap()
            .load(0)
            .unwrap()
            .values
            .len(),
        500
    );
}

#[test]
fn families_and_trees() {
    let mut db = Database::default();
    for (family, key, value) in [
        ("cf", "100", "a"),
        ("cf", "101/x", "b"),
        ("cf", "101/y", "c"),
        ("cfx", "1", "d"),
        ("CF", "1", "e"),
    ] {
        db.set(family.as_bytes(), key.as_bytes(), value.as_bytes())
            .unwrap();
    }
    assert_eq!(db.get(b"cf", b"100"), Some(&b"a"[..]));
    assert_eq!(db.get(b"cf", b"1"), None);
    let children = |db: &Database, tree: &str| -> Vec<String> {
        db.children(tree.as_bytes())
            .into_iter()
            .map(|c| String::from_utf8(c).unwrap())
            .collect()
    };
    assert_eq!(children(&db, ""), ["CF", "cf", "cfx"]);
    assert_eq!(children(&db, "cf"), ["100", "101"]);
    assert_eq!(children(&db, "/cf/101/"), ["x", "y"]);
    assert_eq!(
        db.remove(b"cf", b"100"),
        Some(Write::Value(b"/cf/100".to_vec(), None))
    );
    assert_eq!(db.remove(b"cf", b"100"), None);
    assert_eq!(db.remove_tree(b"cf").len(), 2, "and not `cfx`");
    assert_eq!(children(&db, ""), ["CF", "cfx"]);
    assert_eq!(db.len(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_database_comes_back_from_its_writes(steps in proptest::collection::vec((0..3u8, 0..4u8, 0..4u8, any::<u16>()), 0..40)) {
        let mut db = Database::default();
        let mut store = Memory::new();
        for (what, family, key, value) in steps {
            let (family, key) = ([b'f', family], [b'k', key]);
            let writes = match what {
                0 => vec![db.set(&family, &key, &value.to_be_bytes()).unwrap()],
                1 => db.remove(&family, &key).into_iter().collect(),
                _ => db.remove_tree(&family),
            };
            store.commit(&writes).unwrap();
        }
        let saved = store.load(0).unwrap();
        let back = Database::from_saved(&saved);
        prop_assert_eq!(back.len(), db.len());
        for (path, value) in &saved.values {
            let mut parts = path.splitn(3, |b| *b == b'/').skip(1);
            let (family, key) = (parts.next().unwrap(), parts.next().unwrap());
            prop_assert_eq!(db.get(family, key), Some(value.as_slice()));
        }
    }
}
