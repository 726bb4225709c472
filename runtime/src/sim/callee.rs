//! A called channel that runs dialplan in the made-up world: before it is called, when it has answered, and behind the call.

use super::call::FarEnd;
use super::dial::{Leg, To};
use super::effects::{Own, Simulated};
use super::report::Played;
use crate::apps::routine;
use crate::channel::{End, drive, drive_again};
use crate::line::{Event, LineId};
use crate::perform::{Address, Inbox, Perform as _};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use strowger_vm::effect::{Answer, Dial, Interruptible, Play};
use strowger_vm::{Entry, Interrupt, Party, Run, State, Text, Vm};

/// The machine of a called channel.
pub(super) struct Callee {
    pub(super) vm: Vm,
    channel: usize,
    /// Who is on it, and its variables, until it runs something.
    new: Option<(Party, Vec<(Text, Text)>)>,
}

/// A called channel that has its own line for a while.
pub(super) struct Turn {
    performer: Simulated,
    inbox: Inbox,
    /// Where the phone's events went before.
    before: Option<Address>,
}

/// Drives a machine inside of an effect of another one.
fn driven<'a>(
    callee: &'a mut Callee,
    run: Run,
    performer: &'a mut Simulated,
    inbox: &'a mut Inbox,
) -> Pin<Box<dyn Future<Output = End> + Send + 'a>> {
    match callee.new.take() {
        Some((party, variables)) => {
            let entry = Entry {
                party,
                variables,
                run,
            };
            Box::pin(drive(&mut callee.vm, entry, performer, inbox))
        }
        None => Box::pin(drive_again(&mut callee.vm, run, performer, inbox)),
    }
}

impl Callee {
    /// It is answered.
    fn up(&mut self) {
        match &mut self.new {
            Some((party, _)) => party.state = State::Up,
            None => self.vm.party_mut().state = State::Up,
        }
    }

    /// Whether anything of it may have something to do at its end.
    fn began(&self) -> bool {
        self.new.is_none()
    }
}

impl Simulated {
    /// The channel of a leg, as something that can run.
    pub(super) fn callee(&self, dial: &Dial, name: Text, number: &[u8]) -> Box<Callee> {
        let mut world = self.stage.world();
        let unique_id = world.names.unique_id(world.now.seconds());
        let slash = name.iter().position(|b| *b == b'/');
        let technology = name[..slash.unwrap_or(name.len())].to_vec();
        let (party, variables) = routine::channel(dial, name, &technology, number, unique_id);
        let of = world.of(self.channel);
        let hand = Inbox::new(None).hand();
        let channel = world.add_channel(&party, of, hand, FarEnd::Nobody);
        if let Some(actor) = world.run.channels.get_mut(channel) {
            actor.called = true;
        }
        let limits = world.limits;
        Box::new(Callee {
            vm: Vm::new(limits),
            channel,
            new: Some((party, variables)),
        })
    }

    /// Gives a called channel its own line, as far as there is one.
    fn stand(&self, callee: &mut Callee, line: LineId, phone: Option<usize>, up: bool) -> Turn {
        let inbox = Inbox::new(Some(line));
        let mut world = self.stage.world();
        let own = match phone {
            Some(phone) => Own::Phone(phone),
            None => Own::Nobody,
        };
        let mut before = None;
        if let Some(phone) = phone.and_then(|at| world.run.phones.get_mut(at))
            && !phone.is_over()
        {
            before = std::mem::replace(&mut phone.address, inbox.address(line));
        }
        if let Some(actor) = world.run.channels.get_mut(callee.channel) {
            actor.hand = inbox.hand();
            if let Some(phone) = phone {
                actor.end = FarEnd::Phone(phone);
            }
        }
        if up {
            callee.up();
            world.channel_up(callee.channel);
        }
        drop(world);
        let mut performer = Simulated::new(&self.stage, self.plan(), callee.channel, own);
        performer.up = up;
        performer.depth = self.depth;
        Turn {
            performer,
            inbox,
            before,
        }
    }

    /// Takes the line back; the cause if it ended meanwhile.
    fn leave(&self, turn: Turn, phone: Option<usize>) -> Option<u16> {
        if let Some(Interrupt::Hangup { cause }) = turn.inbox.latched() {
            return Some(cause);
        }
        let mut world = self.stage.world();
        if let Some(phone) = phone.and_then(|at| world.run.phones.get_mut(at))
            && !phone.is_over()
        {
            phone.address = turn.before;
        }
        None
    }

    /// `b`: what runs on a channel before it is called.
    pub(super) async fn before_call(&self, dial: &Dial, callee: &mut Callee, inbox: &Inbox) {
        let (module, inputs) = (Arc::clone(self.plan()), self.inputs());
        let Some(run) = routine::before_call(dial, &module, &inputs) else {
            return;
        };
        let line = self.stage.world().line();
        let mut turn = self.stand(callee, line, None, false);
        let _hold = inbox.hand().hold();
        driven(callee, run, &mut turn.performer, &mut turn.inbox).await;
    }

    /// Runs something on a leg that has answered; `Err`: the cause with which it ended meanwhile.
    pub(super) async fn routine(
        &self,
        dial: &Dial,
        leg: &mut Leg,
        inbox: &Inbox,
        run: Run,
    ) -> Result<(), u16> {
        let phone = leg.phone();
        let (line, name, number) = (leg.line, leg.name.clone(), leg.resource.clone());
        let callee = leg
            .callee
            .get_or_insert_with(|| self.callee(dial, name, &number));
        let mut turn = self.stand(callee, line, phone, true);
        let _hold = inbox.hand().hold();
        driven(callee, run, &mut turn.performer, &mut turn.inbox).await;
        self.leave(turn, phone).map_or(Ok(()), Err)
    }

    /// `A`: plays something to the called side, and something to the caller meanwhile. `Err`: the cause with which the called side
    /// ended; a caller who hangs up is seen by what comes next.
    pub(super) async fn announce(
        &mut self,
        dial: &Dial,
        leg: &mut Leg,
        (called, calling): (Text, Text),
        inbox: &mut Inbox,
    ) -> Result<(), u16> {
        let phone = leg.phone();
        let (line, name, number) = (leg.line, leg.name.clone(), leg.resource.clone());
        let callee = leg
            .callee
            .get_or_insert_with(|| self.callee(dial, name, &number));
        let mut turn = self.stand(callee, line, phone, true);
        let (far, own) = (turn.inbox.hand(), inbox.hand());
        let play = |file: Text, interrupt| Play {
            files: Some(file).filter(|f| !f.is_empty()).into_iter().collect(),
            interrupt,
            ..Play::default()
        };
        let to_called = turn
            .performer
            .play(play(called, Interruptible::Any), &mut turn.inbox);
        let gone = far.clone();
        let began = self.now();
        let to_caller = async {
            let is_cut = tokio::select! {
                biased;
                _ = self.play(play(calling.clone(), Interruptible::No), inbox) => false,
                () = gone.gone() => true,
            };
            if is_cut && !calling.is_empty() {
                self.heard(&calling, None, Played::Broken, began);
            }
        };
        let watch = async {
            own.gone().await;
            far.interrupt(Interrupt::Hangup { cause: 0 });
            std::future::pending::<()>().await;
        };
        let heard = tokio::select! {
            biased;
            (heard, ()) = async { tokio::join!(to_called, to_caller) } => Some(heard),
            () = watch => None,
        };
        if let Some(Answer::Digit(digit)) = heard.map(|reply| reply.answer) {
            self.tell(Event::Digit {
                digit,
                ms: 100,
                info: true,
            });
        }
        if own.latched().is_some() {
            // Nothing has ended the phone's call but us.
            turn.inbox = Inbox::new(None);
        }
        self.leave(turn, phone).map_or(Ok(()), Err)
    }

    /// The last of a called channel that has run something: its `h` by option `e`, its hangup handlers.
    pub(super) async fn called_over(&self, dial: &Dial, callee: &mut Callee, inbox: &Inbox) {
        let last = routine::last(dial);
        if callee.began() || last.is_some() {
            let line = self.stage.world().line();
            let mut turn = self.stand(callee, line, None, false);
            let hand = turn.inbox.hand();
            hand.interrupt(Interrupt::Hangup { cause: 0 });
            callee.vm.interrupt(Interrupt::Hangup { cause: 0 });
            let _hold = inbox.hand().hold();
            driven(
                callee,
                Run::Over(last.unwrap_or_default()),
                &mut turn.performer,
                &mut turn.inbox,
            )
            .await;
        }
        self.stage.world().channel_over(callee.channel);
    }

    /// A called channel goes on alone, at this place: it is a call of its own from now on.
    pub(super) fn goes_on(&self, dial: &Dial, mut leg: Leg, run: Run) {
        let Some(phone) = leg.phone() else {
            self.end_leg(leg);
            return;
        };
        let (line, name, number) = (leg.line, leg.name.clone(), leg.resource.clone());
        let mut callee = leg
            .callee
            .take()
            .unwrap_or_else(|| self.callee(dial, name, &number));
        let mut turn = self.stand(&mut callee, line, Some(phone), true);
        turn.before = None;
        let mut world = self.stage.world();
        world.spawn(Box::pin(alone(callee, run, turn, phone)));
    }
}

/// Runs what a called channel goes on with, to its end.
async fn alone(mut callee: Box<Callee>, run: Run, mut turn: Turn, phone: usize) {
    driven(&mut callee, run, &mut turn.performer, &mut turn.inbox).await;
    let mut world = turn.performer.stage.world();
    world.channel_over(callee.channel);
    drop(world.phone_over(phone));
}

impl Leg {
    /// Its phone, if it is one.
    pub(super) fn phone(&self) -> Option<usize> {
        match self.to {
            To::Phone(phone) => Some(phone),
            To::Local(..) => None,
        }
    }
}
