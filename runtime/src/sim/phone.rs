//! Phones of the made-up world: what they are, and somebody at one who does what the scenario says.

use super::World;
use super::call::{self, Which};
use super::report::{Acted, Came, Of, Received, keep};
use super::scenario::{Act, Attempt, Call, Moment, Scenario};
use super::stage::{Rank, Stage, after};
use crate::line::Event;
use crate::perform::Address;
use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Duration;
use strowger_vm::Text;
use strowger_vm::effect::Level;

/// Prompts that a phone remembers until it is asked for one.
const HEARD: usize = 1_000;
/// How long a key is held, in milliseconds.
const KEY_MS: u32 = 100;

/// A phone in one call.
#[derive(Debug)]
pub(super) struct Phone {
    /// `PJSIP/61`.
    pub(super) name: Text,
    /// Its entry in the scenario.
    pub(super) endpoint: Option<usize>,
    pub(super) of: Of,
    /// The channel that hears of it.
    pub(super) channel: usize,
    /// Where its events go; `None` once its call is over.
    pub(super) address: Option<Address>,
    pub(super) answered: bool,
    pub(super) held: bool,
    /// Prompts that it heard and was not asked for; kept if it will be.
    heard: VecDeque<(Text, Moment)>,
    pub(super) listens: bool,
    wakers: Vec<Waker>,
}

impl Phone {
    pub(super) fn new(name: Text, endpoint: Option<usize>, of: Of, channel: usize) -> Phone {
        Phone {
            name,
            endpoint,
            of,
            channel,
            address: None,
            answered: false,
            held: false,
            heard: VecDeque::new(),
            listens: false,
            wakers: Vec::new(),
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.address.is_none()
    }

    fn wake(&mut self) {
        for waker in self.wakers.drain(..) {
            waker.wake();
        }
    }
}

/// Calls that an endpoint is in.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Load {
    pub(super) ringing: u32,
    pub(super) talking: u32,
    pub(super) held: u32,
}

impl World {
    /// A phone whose call begins.
    pub(super) fn add_phone(&mut self, phone: Phone) -> usize {
        if let Some(load) = phone.endpoint.and_then(|at| self.run.loads.get_mut(at)) {
            if phone.answered {
                load.talking += 1;
            } else {
                load.ringing += 1;
            }
        }
        self.run.phones.push(phone);
        self.run.phones.len() - 1
    }

    /// The phone's call is answered, by it or to it.
    pub(super) fn phone_answered(&mut self, phone: usize) {
        let Some(phone) = self.run.phones.get_mut(phone) else {
            return;
        };
        if phone.answered || phone.is_over() {
            return;
        }
        phone.answered = true;
        phone.wake();
        if let Some(load) = phone.endpoint.and_then(|at| self.run.loads.get_mut(at)) {
            load.ringing = load.ringing.saturating_sub(1);
            load.talking += 1;
        }
    }

    /// Takes the phone out of its call; where its last event can go.
    pub(super) fn phone_over(&mut self, phone: usize) -> Option<Address> {
        let phone = self.run.phones.get_mut(phone)?;
        let address = phone.address.take()?;
        phone.wake();
        if let Some(load) = phone.endpoint.and_then(|at| self.run.loads.get_mut(at)) {
            if phone.answered {
                load.talking = load.talking.saturating_sub(1);
            } else {
                load.ringing = load.ringing.saturating_sub(1);
            }
            if phone.held {
                load.held = load.held.saturating_sub(1);
            }
        }
        Some(address)
    }

    /// The phone ends its call.
    pub(super) fn phone_hangs_up(&mut self, phone: usize, cause: u16, status: Option<u16>) {
        if let Some(address) = self.phone_over(phone) {
            address.end(cause, status);
        }
    }

    /// Something for the owner of the phone's line. Who does not read loses the line, as in the exchange.
    fn phone_says(&mut self, phone: usize, event: Event) {
        let said = self.run.phones.get(phone).and_then(|p| p.address.as_ref());
        if said.is_some_and(|address| address.deliver(event).is_err()) {
            self.phone_hangs_up(phone, 41, None);
        }
    }

    /// A key or a text for a phone.
    pub(super) fn phone_receives(&mut self, phone: usize, what: Came) {
        let at = self.now;
        if let Some(phone) = self.run.phones.get(phone)
            && self.record
        {
            let received = Received {
                at,
                endpoint: phone.name.clone(),
                of: phone.of,
                what,
            };
            keep(&mut self.run.received, received, &mut self.run.dropped);
        }
    }

    /// A prompt begins or ends at a phone.
    pub(super) fn phone_hears(&mut self, phone: usize, name: &[u8], at: Moment) {
        if let Some(phone) = self.run.phones.get_mut(phone)
            && phone.listens
        {
            if phone.heard.len() == HEARD {
                phone.heard.pop_front();
            }
            phone.heard.push_back((name.to_vec(), at));
            phone.wake();
        }
    }

    fn acted(&mut self, phone: usize, act: &Act) {
        if self.record
            && let Some(phone) = self.run.phones.get(phone)
        {
            let acted = Acted {
                at: self.now,
                endpoint: phone.name.clone(),
                of: phone.of,
                act: act.clone(),
            };
            keep(&mut self.run.acted, acted, &mut self.run.dropped);
        }
    }

    fn hold(&mut self, phone: usize, on: bool) {
        let Some(p) = self.run.phones.get_mut(phone) else {
            return;
        };
        if p.held == on {
            return;
        }
        p.held = on;
        if let Some(load) = p.endpoint.and_then(|at| self.run.loads.get_mut(at)) {
            load.held = if on {
                load.held + 1
            } else {
                load.held.saturating_sub(1)
            };
        }
        self.phone_says(phone, Event::Offered { sdp: None });
    }
}

/// What ended a wait at a phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    /// What was waited for.
    Met,
    /// The time is up.
    Time,
    /// The call is over.
    Over,
}

/// Waits at a phone: until something is so, for so long, or until its call is over.
async fn until(
    stage: &Arc<Stage>,
    phone: usize,
    span: Option<Duration>,
    mut met: impl FnMut(&mut World, &Waker) -> bool,
) -> Ended {
    let mut sleep = span.map(|span| {
        let at = after(stage.world().now, span);
        stage.sleep_until(at, Rank::Phone)
    });
    std::future::poll_fn(|context| {
        {
            let mut world = stage.world();
            match world.run.phones.get_mut(phone) {
                Some(own) if !own.is_over() => {}
                _ => return Poll::Ready(Ended::Over),
            }
            if met(&mut world, context.waker()) {
                return Poll::Ready(Ended::Met);
            }
            listen(&mut world, phone, context.waker());
        }
        match &mut sleep {
            Some(sleep) => std::pin::Pin::new(sleep)
                .poll(context)
                .map(|()| Ended::Time),
            None => Poll::Pending,
        }
    })
    .await
}

/// Wakes who waits when something comes to a phone.
fn listen(world: &mut World, phone: usize, waker: &Waker) {
    if let Some(phone) = world.run.phones.get_mut(phone)
        && !phone.wakers.iter().any(|known| known.will_wake(waker))
    {
        phone.wakers.push(waker.clone());
    }
}

/// Lets time pass at a phone; `false`: its call is over.
async fn pause(stage: &Arc<Stage>, phone: usize, span: Duration) -> bool {
    until(stage, phone, Some(span), |_, _| false).await == Ended::Time
}

/// Hangs up after a while, whatever else happens.
pub(super) async fn gives_up(stage: Arc<Stage>, phone: usize, span: Duration) {
    if pause(&stage, phone, span).await {
        let mut world = stage.world();
        world.acted(phone, &Act::HangUp);
        world.phone_hangs_up(phone, 16, None);
    }
}

/// The acts of a caller, or those behind an answer.
#[derive(Debug, Clone)]
pub(super) enum Script {
    /// Of this call of the scenario.
    Call(Arc<Scenario>, usize),
    /// Of this attempt at this endpoint.
    Attempt(Arc<Scenario>, usize, usize),
}

impl Script {
    pub(super) fn attempt(&self) -> Option<&Attempt> {
        match self {
            Script::Call(..) => None,
            Script::Attempt(scene, endpoint, at) => {
                scene.endpoints.get(*endpoint)?.attempts.get(*at)
            }
        }
    }

    /// Whether prompts are waited for.
    pub(super) fn listens(&self) -> bool {
        let mut acts = self.acts().iter();
        acts.any(|act| matches!(act, Act::Prompt { .. }))
    }

    pub(super) fn acts(&self) -> &[Act] {
        match self {
            Script::Call(scene, at) => scene.calls.get(*at).map_or(&[], |call| &call.acts),
            Script::Attempt(..) => match self.attempt() {
                Some(Attempt::Answers { then, .. }) => then,
                _ => &[],
            },
        }
    }
}

/// A called phone: it rings already.
pub(super) async fn called(stage: Arc<Stage>, phone: usize, script: Script) {
    let (rings, fails) = match script.attempt() {
        None | Some(Attempt::NeverAnswers | Attempt::Unavailable | Attempt::Unregistered) => return,
        Some(Attempt::Answers { after, .. }) => (*after, None),
        Some(Attempt::Busy { after }) => (*after, Some((17, 486))),
        Some(Attempt::Declines { after }) => (*after, Some((21, 603))),
        Some(Attempt::Congested { after }) => (*after, Some((34, 503))),
        Some(Attempt::Fails { after, cause }) => (*after, Some((*cause, 500))),
        Some(Attempt::Redirects { after, .. }) => (*after, Some((23, 302))),
    };
    if !rings.is_zero() && !pause(&stage, phone, rings).await {
        return;
    }
    if let Some((cause, status)) = fails {
        stage.world().phone_hangs_up(phone, cause, Some(status));
        return;
    }
    {
        let mut world = stage.world();
        world.phone_answered(phone);
        world.phone_says(phone, Event::Answered { sdp: None });
    }
    act(stage, phone, script).await;
}

/// Does one act after the other, until the last one or until the call is over.
pub(super) async fn act(stage: Arc<Stage>, phone: usize, script: Script) {
    let acts = script.acts();
    let listens = script.listens();
    if let Some(phone) = stage.world().run.phones.get_mut(phone) {
        phone.listens = listens;
    }
    for act in acts {
        let goes_on = match act {
            Act::Wait(span) | Act::Talk(span) => pause(&stage, phone, *span).await,
            Act::Answered => {
                let answered = |world: &mut World, _: &Waker| {
                    world.run.phones.get(phone).is_some_and(|p| p.answered)
                };
                until(&stage, phone, None, answered).await == Ended::Met
            }
            Act::Prompt { name, at } => {
                let heard = |world: &mut World, _: &Waker| {
                    let Some(phone) = world.run.phones.get_mut(phone) else {
                        return false;
                    };
                    let mut all = phone.heard.iter();
                    let found = all.position(|(heard, moment)| heard == name && moment == at);
                    if let Some(found) = found {
                        phone.heard.drain(..=found);
                    }
                    found.is_some()
                };
                until(&stage, phone, None, heard).await == Ended::Met
            }
            Act::AttendedTransfer(exten) => attended(&stage, phone, act, exten).await,
            at_once => {
                let mut world = stage.world();
                let is_there = world.run.phones.get(phone).is_some_and(|p| !p.is_over());
                is_there && {
                    world.acted(phone, at_once);
                    world.acts(phone, at_once);
                    true
                }
            }
        };
        if !goes_on {
            return;
        }
    }
}

impl World {
    /// What takes no time.
    fn acts(&mut self, phone: usize, act: &Act) {
        match act {
            Act::Press(keys) => {
                for digit in keys {
                    let event = Event::Digit {
                        digit: digit.to_ascii_uppercase(),
                        ms: KEY_MS,
                        info: true,
                    };
                    self.phone_says(phone, event);
                }
            }
            Act::HangUp => self.phone_hangs_up(phone, 16, None),
            Act::HangUpWith(cause) => self.phone_hangs_up(phone, *cause, None),
            Act::BlindTransfer(exten) => self.refuse_transfer(phone, exten),
            Act::Hold => self.hold(phone, true),
            Act::Unhold => self.hold(phone, false),
            Act::Text(body) => {
                let event = Event::Text {
                    kind: b"text/plain".to_vec(),
                    body: body.clone().into(),
                };
                self.phone_says(phone, event);
            }
            // These take time.
            Act::Wait(_)
            | Act::Talk(_)
            | Act::Answered
            | Act::Prompt { .. }
            | Act::AttendedTransfer(_) => {}
        }
    }

    /// The exchange answers REFER with 405 and changes nothing.
    fn refuse_transfer(&mut self, phone: usize, exten: &[u8]) {
        if let Some(phone) = self.run.phones.get(phone) {
            let text = format!(
                "{} asks to transfer the call to {} (REFER): refused with 405, transfers are not served",
                String::from_utf8_lossy(&phone.name),
                String::from_utf8_lossy(exten)
            );
            self.note(phone.channel, Level::Notice, text);
        }
    }
}

/// Holds, calls somebody else, and asks to have the two joined; `false`: the first call is over.
async fn attended(stage: &Arc<Stage>, phone: usize, act: &Act, exten: &[u8]) -> bool {
    let number = {
        let mut world = stage.world();
        let Some((call, of)) = world.second_call(phone, exten) else {
            return false;
        };
        world.acted(phone, act);
        world.hold(phone, true);
        let number = world.add_call(&call, Some(of));
        let module = Arc::clone(&world.run.module);
        let which = Which::Own(Box::new(call));
        let second = call::run(Arc::clone(stage), module, which, number);
        if !world.spawn(Box::pin(second))
            && let Some(call) = world.run.calls.get_mut(number)
        {
            call.over = true;
        }
        number
    };
    // Until the second call is answered, or has come to nothing.
    let mut second = None;
    let met = |world: &mut World, waker: &Waker| {
        let Some(other) = world.run.calls.get(number) else {
            return true;
        };
        second = other.phone;
        match second.and_then(|at| world.run.phones.get(at)) {
            Some(other) if !other.is_over() && !other.answered => {}
            Some(_) => return true,
            None if other.over => return true,
            None => {
                world.run.waiting.push(waker.clone());
                return false;
            }
        }
        if let Some(at) = second {
            listen(world, at, waker);
        }
        false
    };
    let is_there = until(stage, phone, None, met).await == Ended::Met;
    let mut world = stage.world();
    if is_there {
        world.refuse_transfer(phone, exten);
    }
    if let Some(second) = second {
        world.phone_hangs_up(second, 16, None);
    }
    if is_there {
        world.hold(phone, false);
    }
    is_there
}

impl World {
    /// The call that a phone makes beside the one that it is in.
    fn second_call(&self, phone: usize, exten: &[u8]) -> Option<(Call, usize)> {
        let phone = self.run.phones.get(phone).filter(|p| !p.is_over())?;
        let Of::Call(number) = phone.of else {
            return None;
        };
        let first = self.run.calls.get(number)?;
        let described = phone.endpoint.and_then(|at| self.scene.endpoints.get(at));
        let context = described
            .map(|endpoint| endpoint.context.clone())
            .filter(|context| !context.is_empty())
            .unwrap_or_else(|| first.context.clone());
        let name = phone.name.as_slice();
        let number_of = name.rsplit(|b| *b == b'/').next().unwrap_or_default();
        let mut call = Call {
            from: phone.name.clone(),
            context,
            exten: exten.to_vec(),
            ..Call::default()
        };
        call.caller.number = Some(number_of.to_vec()).filter(|n| !n.is_empty());
        Some((call, number))
    }
}
