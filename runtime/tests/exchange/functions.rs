//! Functions that only the exchange can answer, and those that it refuses.

use crate::world::World;

const PLAN: &str = "\
[office]
exten => 1,1,NoOp(${DEVICE_STATE(SIP/61)} ${DEVICE_STATE(SIP/62)} ${DEVICE_STATE(SIP/99)})
 same => n,NoOp(${EXTENSION_STATE(both@office)} ${EXTENSION_STATE(gone@office)} ${EXTENSION_STATE(none@office)})
 same => n,Set(DB(f/a)=1)
 same => n,Set(DB(f/b/c)=2)
 same => n,NoOp(${DB(f/a)} ${DB_KEYS(f)} ${DB_KEYCOUNT(f)} ${DB_EXISTS(f/x)})
 same => n,NoOp(${LOCK(l)} ${TRYLOCK(l)} ${UNLOCK(l)} ${LEN(${UUID()})} ${CHANNEL_EXISTS(${CHANNEL})})
 same => n,Set(GROUP(out)=trunk)
 same => n,NoOp(${GROUP(out)} ${GROUP_COUNT(trunk@out)} ${GROUP_COUNT(trunk)})
 same => n,NoOp(${CALLERID(dnid)} ${CALLERID(num)} ${REDIRECTING(count)})
 same => n,Hangup()
exten => 2,1,NoOp([${SHELL(id)}][${FILE(/etc/passwd)}][${CURL(http://localhost/)}][${ENV(HOME)}])
 same => n,Hangup()
exten => both,hint,SIP/61&SIP/62
exten => gone,hint,SIP/62
";

#[tokio::test(start_paused = true)]
async fn the_exchange_answers_for_devices_hints_database_locks_and_groups() {
    let mut world = World::with_plan(PLAN).await;
    let mut a = world.registered("61").await;
    let call = a.call("1");
    let _ = a.ended(call).await;
    assert_eq!(
        world.steps(),
        [
            "1:1 NoOp(INUSE UNAVAILABLE INVALID)",
            "1:2 NoOp(INUSE UNAVAILABLE UNKNOWN)",
            "1:3 Set(DB(f/a)=1)",
            "1:4 Set(DB(f/b/c)=2)",
            "1:5 NoOp(1 a,b 2 0)",
            "1:6 NoOp(1 1 1 36 1)",
            "1:7 Set(GROUP(out)=trunk)",
            "1:8 NoOp(trunk 1 1)",
            "1:9 NoOp(1 61 0)",
            "1:10 Hangup()",
        ]
    );
    world.nothing_left(&[&a]).await;
}

#[tokio::test(start_paused = true)]
async fn what_reaches_out_is_refused_and_the_key_is_named() {
    let mut world = World::with_plan(PLAN).await;
    let mut a = world.registered("61").await;
    let call = a.call("2");
    let _ = a.ended(call).await;
    let (mut steps, mut codes) = (Vec::new(), Vec::new());
    world.seen(&mut steps, &mut codes);
    assert_eq!(steps, ["2:1 NoOp([][][][])", "2:2 Hangup()"]);
    let refused = codes.iter().filter(|code| **code == "refused-capability");
    assert_eq!(refused.count(), 4, "{codes:?}");
    world.nothing_left(&[&a]).await;
}
