//! Calls written down: what time, chance, others and a reload did to them is told again.

use crate::world::{SIP, World};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use strowger_compiler::source::Sources;
use strowger_runtime::record::{Change, Next, Reader, Recorded, Sink, Verdict, replay};
use strowger_vm::Run;

/// A file that is gone with its test.
struct File(PathBuf);

impl File {
    fn new(name: &str) -> File {
        let path = std::env::temp_dir().join(format!("strowger-{}-{name}.rec", std::process::id()));
        drop(std::fs::remove_file(&path));
        File(path)
    }

    fn sink(&self) -> Sink {
        Sink::create(&self.0, false).unwrap()
    }

    /// The calls in it, each with what it does on a plan.
    fn on(&self, plan: &str) -> Vec<(Recorded, Verdict)> {
        let compiled = strowger_compiler::compile(&Sources::plan(plan), &Default::default());
        let globals = Arc::new(strowger_runtime::globals(&compiled.hir));
        let module = compiled.module.unwrap();
        let file = std::io::BufReader::new(std::fs::File::open(&self.0).unwrap());
        let mut reader = Reader::new(file).unwrap();
        let mut out = Vec::new();
        while let Some(next) = reader.next_one() {
            let Next::Call(call) = next else {
                panic!("{next:?}")
            };
            let verdict = replay(&module, &globals, &reader.head, &call).verdict;
            out.push((*call, verdict));
        }
        assert!(reader.counts.finished && reader.counts.dropped == 0);
        out.sort_by_key(|(call, _)| call.number);
        out
    }
}

impl Drop for File {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.0));
    }
}

const PLAN: &str = "\
[globals]
NIGHT=no
[office]
exten => 100,1,Answer()
 same => n,Set(TIMEOUT(absolute)=5)
 same => n,Wait(${RAND(1,3)})
 same => n,GotoIf($[${EPOCH} % 2]?odd)
 same => n,Wait(0.5)
 same => n(odd),Set(id=${UUID()})
 same => n,Set(DB(ids/${id})=${STRFTIME(${EPOCH},,%H:%M:%S)})
 same => n,Wait(60)
exten => T,1,Set(DB(late/${CALLERID(num)})=yes)
 same => n,Hangup()
exten => 200,1,Answer()
 same => n,Wait(4)
 same => n,GotoIf($[\"${NIGHT}\" = \"yes\"]?night)
 same => n,Wait(1)
 same => n,Hangup(21)
 same => n(night),Set(GROUP()=nights)
 same => n,Wait(${GROUP_COUNT(nights)})
 same => n,Hangup()
exten => h,1,Set(DB(last/h)=${HANGUPCAUSE})
exten => 300,1,Set(GLOBAL(NIGHT)=yes)
 same => n,Set(SHARED(x)=1)
 same => n,Busy(1)
exten => 400,1,Answer()
 same => n,Set(n=${RAND(1,1000)})
 same => n,While($[${n} > 10])
 same => n,Set(n=$[${n} / 3])
 same => n,EndWhile()
 same => n,Wait(60)
[sms]
exten => _X.,1,MessageSend(sip:${EXTEN},${MESSAGE(from)})
 same => n,Set(DB(sms/${MESSAGE_SEND_STATUS})=${MESSAGE(body)})
";

#[tokio::test(start_paused = true)]
async fn time_chance_and_others_are_as_they_were() {
    let file = File::new("chance");
    let world = World::recorded(PLAN, file.sink()).await;
    let (mut a, mut b) = (world.registered("61").await, world.registered("62").await);
    // 200 is told of the night by 300, which comes while it waits.
    let waits = b.call("200");
    b.answered(waits).await;
    let sets = a.call("300");
    assert_eq!(a.ended(sets).await.0, 486);
    let long = a.call("100");
    a.answered(long).await;
    b.ended(waits).await;
    a.ended(long).await;
    let gives_up = b.call("400");
    b.answered(gives_up).await;
    tokio::time::sleep(Duration::from_secs(7)).await;
    b.hang_up(gives_up);
    tokio::time::sleep(Duration::from_secs(1)).await;
    world.engine.stop(Duration::ZERO).await;
    let calls = file.on(PLAN);
    assert_eq!(calls.len(), 4);
    for (call, verdict) in &calls {
        assert_eq!(verdict, &Verdict::Same, "{call:#?}");
    }
    let waiting = &calls
        .iter()
        .find(|(call, _)| enters(call) == b"200")
        .unwrap()
        .0;
    assert!(waiting.turns.iter().any(|turn| !turn.globals.is_empty()));
    // Without what others did it would have gone the other way.
    let mut alone = waiting.clone();
    alone.turns.iter_mut().for_each(|turn| turn.globals.clear());
    let reader = Reader::new(std::io::BufReader::new(
        std::fs::File::open(&file.0).unwrap(),
    ))
    .unwrap();
    let compiled = strowger_compiler::compile(&Sources::plan(PLAN), &Default::default());
    let globals = Arc::new(strowger_runtime::globals(&compiled.hir));
    let replayed = replay(&compiled.module.unwrap(), &globals, &reader.head, &alone);
    assert!(matches!(replayed.verdict, Verdict::Changed(_)));
}

fn enters(call: &Recorded) -> &[u8] {
    match &call.entry.run {
        Run::Call(place) | Run::Message(place) => &place.exten,
        _ => b"",
    }
}

#[tokio::test(start_paused = true)]
async fn texts_are_written_down_too() {
    let file = File::new("texts");
    let sip = SIP.replace(
        "[general]",
        "[general]\naccept_outofcall_message=yes\noutofcall_message_context=sms",
    );
    let mut world = World::recorded(PLAN, file.sink()).await;
    world.reload(PLAN, &sip, &[]).await;
    let mut a = world.registered("61").await;
    assert_eq!(a.text("62", "lunch, Anna?").await, 202);
    tokio::time::sleep(Duration::from_secs(60)).await;
    world.codes();
    world.engine.stop(Duration::ZERO).await;
    let text = std::fs::read_to_string(&file.0).unwrap();
    assert!(!text.contains("Anna"), "{text}");
    let calls = file.on(PLAN);
    let [(call, verdict)] = calls.as_slice() else {
        panic!("{calls:?}")
    };
    assert!(matches!(call.entry.run, Run::Message(_)));
    assert_eq!(verdict, &Verdict::Same);
    assert_eq!(call.entry.party.message.body.len(), "lunch, Anna?".len());
}

#[tokio::test(start_paused = true)]
async fn a_call_over_a_reload_is_whole_and_says_so() {
    let file = File::new("reload");
    let world = World::recorded(PLAN, file.sink()).await;
    let mut a = world.registered("61").await;
    let call = a.call("200");
    a.answered(call).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let new = PLAN.replace("n,Wait(1)\n", "n,Wait(2)\n");
    assert_ne!(new, PLAN);
    world.reload(&new, SIP, &[]).await;
    assert_eq!(a.ended(call).await, (200, 21));
    world.engine.stop(Duration::ZERO).await;
    // In the old plan it waited for a second; it has waited for two.
    let calls = file.on(PLAN);
    let [(call, Verdict::Changed(change))] = calls.as_slice() else {
        panic!("{calls:?}")
    };
    assert!(call.end.is_some() && call.turns.iter().any(|turn| turn.reloaded));
    let Change { turn: Some(n), .. } = **change else {
        panic!("{change:?}")
    };
    assert_eq!(call.turns[n].asks["ms"], 2_000);
    // What it did in both is the same in the new one.
    assert!(
        file.on(&new)
            .iter()
            .all(|(_, verdict)| *verdict == Verdict::Same)
    );
}
