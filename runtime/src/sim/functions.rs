//! Functions that reach out, answered from the made-up world.
//!
//! Nothing here touches the machine. Programs, web servers and databases elsewhere do not exist in this world: what they would say is
//! empty, and a note says so.

use super::{Behaviour, Simulated, children, files};
use crate::states;
use strowger_stdlib::signatures::{self, Capability};
use strowger_vm::Text;
use strowger_vm::effect::{Answer, Level, Reply};

impl Simulated<'_> {
    pub(super) fn read(&mut self, function: &[u8], args: &[u8]) -> Reply {
        if let Some(reply) = self.world.tables.read(&self.channel.name, function, args) {
            return reply;
        }
        if let Some(reply) = files::read(&self.world.files, function, args) {
            return reply;
        }
        match function {
            b"ENV" => self
                .world
                .environment
                .get(args)
                .map_or_else(Reply::done, |v| Reply::value(v.clone())),
            b"DEVICE_STATE" => Reply::value(self.device_state(args)),
            b"EXTENSION_STATE" => {
                let (exten, context) = states::extension(args);
                if exten.is_empty() {
                    return Reply::done();
                }
                let module = std::sync::Arc::clone(&self.module);
                Reply::value(match module.hint(context, exten) {
                    Some((devices, _)) => {
                        states::of_extension(devices, |device| self.device_state(device))
                    }
                    None => "UNKNOWN".to_owned(),
                })
            }
            b"DB_KEYCOUNT" => {
                Reply::value(children(self.world.database.keys(), args).len().to_string())
            }
            b"CHANNEL_EXISTS" if !args.is_empty() => {
                Reply::value(if args == self.channel.name { "1" } else { "0" })
            }
            b"CHANNELS" => Reply::value(self.channel.name.clone()),
            b"UUID" => {
                let high = u128::from(self.world.draw()) << 64;
                let low = u128::from(self.world.draw());
                Reply::value(states::uuid(high | low))
            }
            // This world has neither queues nor mailboxes nor conferences.
            b"QUEUE_EXISTS" | b"QUEUE_WAITING_COUNT" | b"VMCOUNT" if !args.is_empty() => {
                Reply::value("0")
            }
            b"QUEUE_VARIABLES" if !args.is_empty() => Reply::value("-1"),
            b"QUEUE_MEMBER" | b"CONFBRIDGE_INFO" if args.contains(&b',') => Reply::value("0"),
            _ if self.is_elsewhere(function) => {
                let name = String::from_utf8_lossy(function).into_owned();
                self.note(
                    Level::Notice,
                    format!("{name} reads empty: nothing outside exists in this world"),
                );
                Reply::done()
            }
            _ => Reply::with(Answer::Unserved),
        }
    }

    pub(super) fn write(&mut self, function: &[u8], args: &[u8], value: &[u8]) -> Reply {
        let channel = self.channel.name.clone();
        if let Some(reply) = self.world.tables.write(&channel, function, args, value) {
            return reply;
        }
        if let Some(written) = files::write(&mut self.world.files, function, args, value) {
            if let Err(why) = written {
                self.note(Level::Warning, format!("FILE: {why}"));
            }
            return Reply::done();
        }
        match function {
            // Names that begin so are Asterisk's own.
            b"ENV" if args.is_empty() || args.starts_with(b"AST_") => Reply::done(),
            b"ENV" if value.is_empty() => {
                self.world.environment.remove(args);
                Reply::done()
            }
            b"ENV" => {
                self.world.environment.insert(args.to_vec(), value.to_vec());
                Reply::done()
            }
            _ if self.is_elsewhere(function) => {
                let name = String::from_utf8_lossy(function).into_owned();
                self.note(
                    Level::Notice,
                    format!("{name} is written to nothing: nothing outside exists in this world"),
                );
                Reply::done()
            }
            _ => Reply::with(Answer::Unserved),
        }
    }

    /// Functions whose answer lies outside any exchange.
    fn is_elsewhere(&self, function: &[u8]) -> bool {
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

    fn device_state(&self, device: &[u8]) -> String {
        if let Some(state) = self.world.tables.custom(device) {
            return state;
        }
        let known = self
            .world
            .endpoints
            .iter()
            .rev()
            .find(|(t, _)| t.eq_ignore_ascii_case(device))
            .map(|(_, b)| *b);
        match known {
            Some(Behaviour::Busy) => "BUSY",
            Some(Behaviour::Unavailable) => "UNAVAILABLE",
            Some(_) => "NOT_INUSE",
            None => "INVALID",
        }
        .to_owned()
    }
}

/// Files of a world, by name.
pub(super) type Files = std::collections::BTreeMap<Text, Text>;
