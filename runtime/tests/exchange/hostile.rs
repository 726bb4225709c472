//! What strangers send: a call in progress does not notice.

use crate::world::World;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;
use strowger_runtime::limits;
use strowger_runtime::sip::flow::Protocol;

/// A generator of numbers.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides as u64).unwrap()
    }
}

fn messages() -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for folder in ["common", "bench"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/sip")
            .join(folder);
        let mut files: Vec<_> = std::fs::read_dir(path)
            .unwrap()
            .map(|f| f.unwrap().path())
            .collect();
        files.sort();
        all.extend(
            files
                .into_iter()
                .filter(|f| f.extension().is_some_and(|e| e == "dat"))
                .map(|f| std::fs::read(f).unwrap()),
        );
    }
    assert!(all.len() > 20);
    all
}

fn mutate(message: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut out = message.to_vec();
    for _ in 0..=dice.roll(4) {
        if out.is_empty() {
            break;
        }
        let at = dice.roll(out.len());
        match dice.roll(6) {
            0 => out[at] = u8::try_from(dice.roll(256)).unwrap(),
            1 => out.truncate(at),
            2 => drop(out.remove(at)),
            3 => out.insert(at, b"\r\n<>;,\"@: "[dice.roll(10)]),
            4 => {
                let end = (at + dice.roll(60)).min(out.len());
                let piece = out[at..end].to_vec();
                let to = dice.roll(out.len());
                out.splice(to..to, piece);
            }
            // Another number: lengths, ports, CSeq.
            _ => {
                if let Some(digit) = out[at..].iter().position(u8::is_ascii_digit) {
                    out.splice(at + digit..=at + digit, *b"99999999999999999999");
                }
            }
        }
    }
    out
}

#[tokio::test(start_paused = true)]
async fn mutated_datagrams_leave_calls_alone() {
    let plan = "[office]\nexten => _6X,1,Dial(SIP/${EXTEN},20)\n";
    let world = World::with_plan(plan).await;
    let (mut a, mut b) = (world.registered("61").await, world.registered("62").await);
    let call = a.call("62");
    let (ringing, _) = b.rings().await;
    b.answer(ringing);
    a.answered(call).await;
    let messages = messages();
    let mut dice = Dice(0x0123_4567_89ab_cdef);
    for n in 0..8_000_u32 {
        let message = mutate(&messages[dice.roll(messages.len())], &mut dice);
        let from = SocketAddr::from(([198, 51, 100, u8::try_from(dice.roll(200)).unwrap()], 5060));
        let protocol = if n % 8 == 0 {
            Protocol::Tcp
        } else {
            Protocol::Udp
        };
        world.net.send(from, world.near, protocol, message.into());
        if n % 500 == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let stats = world.engine.stats();
    assert_eq!((stats.channels, stats.bindings), (1, 2), "{stats:?}");
    a.hang_up(call);
    assert_eq!(b.ended(ringing).await.0, 200);
    a.ended(call).await;
    world.nothing_left(&[&a, &b]).await;
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_texts_is_503_and_the_queue_empties() {
    // Each text takes a minute, so that the queue fills.
    let world =
        World::with_plan("[office]\nexten => 1,1,Hangup()\n[sms]\nexten => 5,1,Wait(60)\n").await;
    let mut a = world.registered("61").await;
    let mut answers = std::collections::BTreeMap::new();
    for _ in 0..limits::MESSAGES + 5 {
        *answers.entry(a.text("5", "spam").await).or_insert(0) += 1;
    }
    assert_eq!(answers.get(&202).copied(), Some(limits::MESSAGES));
    assert_eq!(answers.get(&503).copied(), Some(5));
    assert_eq!(world.engine.stats().waiting, limits::MESSAGES);
}

#[tokio::test(start_paused = true)]
async fn a_plan_that_never_ends_ends_its_own_call_only() {
    let plan = "[office]\nexten => 1,1,NoOp()\n same => n,Goto(1)\nexten => 3666,1,Answer()\n same => n,Echo()\n";
    let mut world = World::with_plan(plan).await;
    let (mut a, mut b) = (world.registered("61").await, world.registered("62").await);
    let good = b.call("3666");
    b.answered(good).await;
    let bad = a.call("1");
    assert!(a.ended(bad).await.0 >= 400);
    assert!(world.codes().contains(&"fault"));
    assert_eq!(world.engine.stats().channels, 1);
    b.hang_up(good);
    b.ended(good).await;
    world.nothing_left(&[&a, &b]).await;
}
