//! The database of the dialplan: DB() and its relatives.

use crate::live::Live;
use strowger_vm::Text;
use strowger_vm::effect::{Answer, Level, Reply};

/// Reads a key.
pub(crate) fn get(live: &Live, family: &[u8], key: &[u8]) -> Reply {
    live.shared
        .database()
        .get(family, key)
        .map_or_else(Reply::done, |value| Reply::value(value.to_vec()))
}

/// Writes a key.
pub(crate) fn put(live: &Live, family: &[u8], key: &[u8], value: &[u8]) -> Reply {
    let written = live.shared.database().set(family, key, value);
    match written {
        Ok(change) => {
            live.shared.keep(vec![change]);
            Reply::done()
        }
        Err(full) => {
            live.note(Level::Error, "database-full", &full.to_string());
            Reply::with(Answer::Unserved)
        }
    }
}

/// Deletes a key, or with `tree` everything below it too.
pub(crate) fn delete(live: &Live, family: &[u8], key: &[u8], tree: bool) -> Reply {
    let mut database = live.shared.database();
    let old = database.get(family, key).map(<[u8]>::to_vec);
    let changes = if tree {
        let path = if key.is_empty() {
            family.to_vec()
        } else {
            [family, b"/", key].concat()
        };
        database.remove_tree(&path)
    } else {
        database.remove(family, key).into_iter().collect()
    };
    drop(database);
    let removed = !changes.is_empty();
    live.shared.keep(changes);
    match old {
        Some(old) => Reply::value(old),
        None if removed => Reply::value(Text::new()),
        None => Reply::done(),
    }
}

/// The next path components below a prefix.
pub(crate) fn keys(live: &Live, prefix: &[u8]) -> Reply {
    let keys = live.shared.database().children(prefix);
    if keys.is_empty() {
        Reply::done()
    } else {
        Reply::value(keys.join(&b','))
    }
}
