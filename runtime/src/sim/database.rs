//! What the made-up world keeps by itself: globals, the database, chance.

use super::World;
use std::sync::Arc;
use strowger_vm::Text;
use strowger_vm::effect::{Effect, Reply};

impl World {
    /// What the world keeps by itself: globals, the database, chance.
    pub(super) fn keeps(&mut self, effect: Effect) -> Reply {
        match effect {
            Effect::SetGlobal { name, value } => {
                let globals = Arc::make_mut(&mut self.globals);
                match value {
                    Some(value) => globals.0.insert(name, value),
                    None => globals.0.remove(&name),
                };
                Reply::done()
            }
            Effect::DbGet { family, key } => self
                .database
                .get(&path(&family, &key))
                .map_or_else(Reply::done, |v| Reply::value(v.clone())),
            Effect::DbPut { family, key, value } => {
                self.database.insert(path(&family, &key), value);
                Reply::done()
            }
            Effect::DbDelete { family, key, tree } => self.delete(&path(&family, &key), tree),
            Effect::DbKeys { prefix } => self.keys(&prefix),
            Effect::Random { min, max } => {
                let width = u128::try_from(i128::from(max) - i128::from(min)).unwrap_or(0) + 1;
                let drawn =
                    i128::from(min) + i128::try_from(u128::from(self.draw()) % width).unwrap_or(0);
                Reply::value(drawn.to_string())
            }
            // All others are a channel's own.
            _ => Reply::done(),
        }
    }

    fn delete(&mut self, at: &[u8], tree: bool) -> Reply {
        let old = self.database.remove(at);
        let below = [at, b"/"].concat();
        let before = self.database.len();
        if tree {
            self.database.retain(|key, _| !key.starts_with(&below));
        }
        match old {
            Some(old) => Reply::value(old),
            None if self.database.len() < before => Reply::value(Text::new()),
            None => Reply::done(),
        }
    }

    fn keys(&mut self, prefix: &[u8]) -> Reply {
        let keys = children(self.database.keys(), prefix);
        if keys.is_empty() {
            Reply::done()
        } else {
            Reply::value(keys.join(&b','))
        }
    }
}

/// `family/key`.
fn path(family: &[u8], key: &[u8]) -> Text {
    let family = family.strip_prefix(b"/").unwrap_or(family);
    if key.is_empty() {
        family.to_vec()
    } else {
        [family, b"/", key].concat()
    }
}

/// The path components right below a prefix, in order, each once.
pub(crate) fn children<'k>(keys: impl Iterator<Item = &'k Text>, prefix: &[u8]) -> Vec<Text> {
    let prefix = prefix.strip_prefix(b"/").unwrap_or(prefix);
    let prefix = prefix.strip_suffix(b"/").unwrap_or(prefix);
    let mut found: Vec<Text> = Vec::new();
    for key in keys {
        let rest = if prefix.is_empty() {
            Some(key.as_slice())
        } else {
            key.strip_prefix(prefix).and_then(|k| k.strip_prefix(b"/"))
        };
        if let Some(next) = rest.and_then(|r| r.split(|b| *b == b'/').next())
            && found.last().is_none_or(|last| last != next)
        {
            found.push(next.to_vec());
        }
    }
    found
}
