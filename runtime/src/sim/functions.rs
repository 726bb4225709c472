//! Functions that reach out, answered from the made-up world.
//!
//! Nothing here touches the machine. Programs, web servers and databases elsewhere do not exist in this world: what they would say is
//! empty, and a note says so.

use super::effects::Simulated;
use super::report::Kind;
use super::scenario::{Attempt, Mailbox};
use super::{World, children, files};
use crate::states;
use strowger_stdlib::signatures::{self, Capability};
use strowger_vm::Text;
use strowger_vm::effect::{Answer, Level, Reply};

impl Simulated {
    pub(super) fn read(&mut self, function: &[u8], args: &[u8]) -> Reply {
        let module = std::sync::Arc::clone(self.plan());
        let mut world = self.stage.world();
        let world = &mut *world;
        let Some(actor) = world.run.channels.get(self.channel) else {
            return Reply::done();
        };
        let name = &actor.name;
        if let Some(reply) = world.tables.read(name, function, args) {
            return reply;
        }
        if let Some(reply) = files::read(&world.files, function, args) {
            return reply;
        }
        match function {
            b"ENV" => world
                .environment
                .get(args)
                .map_or_else(Reply::done, |v| Reply::value(v.clone())),
            b"DEVICE_STATE" => Reply::value(world.device_state(args)),
            b"EXTENSION_STATE" => {
                let (exten, context) = states::extension(args);
                if exten.is_empty() {
                    return Reply::done();
                }
                Reply::value(match module.hint(context, exten) {
                    Some((devices, _)) => {
                        states::of_extension(devices, |device| world.device_state(device))
                    }
                    None => "UNKNOWN".to_owned(),
                })
            }
            b"DB_KEYCOUNT" => Reply::value(children(world.database.keys(), args).len().to_string()),
            b"CHANNEL_EXISTS" if !args.is_empty() => {
                let exists = world.present().any(|actor| actor.name == args);
                Reply::value(if exists { "1" } else { "0" })
            }
            b"CHANNELS" => {
                let names: Vec<&[u8]> = world.present().map(|actor| &*actor.name).collect();
                Reply::value(names.join(&b' '))
            }
            b"UUID" => {
                let high = u128::from(world.draw()) << 64;
                let low = u128::from(world.draw());
                Reply::value(states::uuid(high | low))
            }
            b"MAILBOX_EXISTS" if world.scene.mailboxes.is_some() => {
                let there = world.mailbox(&Mailbox::whole_name(args)).is_some();
                Reply::value(if there { "1" } else { "0" })
            }
            b"VM_INFO" if world.scene.mailboxes.is_some() => {
                let mut parts = args.split(|b| *b == b',');
                let name = Mailbox::whole_name(parts.next().unwrap_or_default());
                match parts.next().unwrap_or_default() {
                    b"exists" => {
                        let there = world.mailbox(&name).is_some();
                        Reply::value(if there { "1" } else { "0" })
                    }
                    b"count" => Reply::value(world.messages_in(&name).to_string()),
                    _ => Reply::done(),
                }
            }
            b"VMCOUNT" if world.scene.mailboxes.is_some() => {
                let name = args.split(|b| *b == b',').next().unwrap_or_default();
                let name = Mailbox::whole_name(name);
                Reply::value(world.messages_in(&name).to_string())
            }
            // This world has neither queues nor conferences, and mailboxes only where somebody names them.
            b"QUEUE_EXISTS" | b"QUEUE_WAITING_COUNT" | b"VMCOUNT" if !args.is_empty() => {
                Reply::value("0")
            }
            b"QUEUE_VARIABLES" if !args.is_empty() => Reply::value("-1"),
            b"QUEUE_MEMBER" | b"CONFBRIDGE_INFO" if args.contains(&b',') => Reply::value("0"),
            _ if is_elsewhere(function) => {
                let call = [function, b"(", args, b")"].concat();
                let functions = &world.scene.functions;
                if let Some(value) = functions.get(&call).or_else(|| functions.get(function)) {
                    return Reply::value(value.clone());
                }
                let name = String::from_utf8_lossy(function);
                let text = format!("{name} reads empty: nothing outside exists in this world");
                world.note(self.channel, Level::Notice, text);
                world.unmocked(self.channel, Kind::Function, call);
                Reply::done()
            }
            _ => Reply::with(Answer::Unserved),
        }
    }

    pub(super) fn write(&mut self, function: &[u8], args: &[u8], value: &[u8]) -> Reply {
        let mut world = self.stage.world();
        let world = &mut *world;
        let Some(actor) = world.run.channels.get(self.channel) else {
            return Reply::done();
        };
        if let Some(reply) = world.tables.write(&actor.name, function, args, value) {
            return reply;
        }
        if let Some(written) = files::write(&mut world.files, function, args, value) {
            if let Err(why) = written {
                world.note(self.channel, Level::Warning, format!("FILE: {why}"));
            }
            return Reply::done();
        }
        match function {
            // Names that begin so are Asterisk's own.
            b"ENV" if args.is_empty() || args.starts_with(b"AST_") => Reply::done(),
            b"ENV" if value.is_empty() => {
                world.environment.remove(args);
                Reply::done()
            }
            b"ENV" => {
                world.environment.insert(args.to_vec(), value.to_vec());
                Reply::done()
            }
            _ if is_elsewhere(function) => {
                let call = [function, b"(", args, b")"].concat();
                let functions = &world.scene.functions;
                if functions.contains_key(&call) || functions.contains_key(function) {
                    return Reply::done();
                }
                let name = String::from_utf8_lossy(function);
                let text =
                    format!("{name} is written to nothing: nothing outside exists in this world");
                world.note(self.channel, Level::Notice, text);
                world.unmocked(self.channel, Kind::Function, call);
                Reply::done()
            }
            _ => Reply::with(Answer::Unserved),
        }
    }
}

/// Functions whose answer lies outside any exchange.
fn is_elsewhere(function: &[u8]) -> bool {
    let capability = signatures::function(function).and_then(|s| s.capability);
    matches!(
        capability,
        Some(Capability::Shell | Capability::Http | Capability::File)
    ) || function.starts_with(b"ODBC")
        || function.starts_with(b"ENUM")
        || function.starts_with(b"SRV")
        || function.starts_with(b"REALTIME")
        || function.starts_with(b"PJSIP_")
        || matches!(function, b"TXTCIDNAME" | b"SIPPEER" | b"SQL_ESC")
}

impl World {
    /// Channels that run dialplan now.
    fn present(&self) -> impl Iterator<Item = &super::Actor> {
        self.run.channels.iter().filter(|actor| !actor.over)
    }

    fn device_state(&self, device: &[u8]) -> String {
        if let Some(state) = self.tables.custom(device) {
            return state;
        }
        let Some(at) = self.described(device) else {
            let calls =
                |phone: &&super::Phone| !phone.is_over() && phone.name.eq_ignore_ascii_case(device);
            let is_there = self.run.phones.iter().any(|phone| calls(&phone));
            return if is_there { "INUSE" } else { "INVALID" }.to_owned();
        };
        let load = self.run.loads.get(at).copied().unwrap_or_default();
        match (load.ringing, load.talking) {
            (0, 0) => match self.next_attempt(at) {
                Some(Attempt::Busy { .. }) => "BUSY",
                Some(Attempt::Unavailable | Attempt::Unregistered) => "UNAVAILABLE",
                _ => "NOT_INUSE",
            },
            (0, _) if self.is_full(at) => "BUSY",
            (0, talking) if load.held >= talking => "ONHOLD",
            (0, _) => "INUSE",
            (_, 0) => "RINGING",
            (_, _) => "RINGINUSE",
        }
        .to_owned()
    }
}

/// Files of a world, by name.
pub(super) type Files = std::collections::BTreeMap<Text, Text>;
