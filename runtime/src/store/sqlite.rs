//! The usual store: one SQLite file.

use std::net::SocketAddr;
use std::path::Path;

use rusqlite::{Connection, Row, params};

use super::{Saved, SavedBinding, Store, StoreError, Write};
use crate::config::{AorName, Technology};
use crate::registrar::Change;
use crate::sip::flow::Protocol;

/// The layout that this release writes.
pub(super) const LAYOUT: i64 = 1;

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS binding (
        technology TEXT NOT NULL, aor BLOB NOT NULL, uri BLOB NOT NULL, params BLOB NOT NULL, q INTEGER NOT NULL,
        protocol TEXT NOT NULL, local TEXT NOT NULL, remote TEXT NOT NULL, by_flow INTEGER NOT NULL,
        call_id BLOB NOT NULL, cseq INTEGER NOT NULL, expires INTEGER NOT NULL,
        PRIMARY KEY (technology, aor, uri)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS value (path BLOB PRIMARY KEY, text BLOB NOT NULL) WITHOUT ROWID;
";

/// A store in a file.
#[derive(Debug)]
pub struct Sqlite {
    connection: Connection,
}

impl Sqlite {
    /// Opens the file, or makes it.
    ///
    /// # Errors
    /// It cannot be opened or written, is no SQLite file, or is of a later layout.
    pub fn open(path: &Path) -> Result<Sqlite, StoreError> {
        Self::prepare(Connection::open(path)?)
    }

    fn prepare(connection: Connection) -> Result<Sqlite, StoreError> {
        connection.pragma_update(None, "journal_mode", "WAL")?;
        // With WAL this loses at most the last batches when the power fails, and never the file.
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        let layout: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if layout > LAYOUT {
            return Err(StoreError::Later(layout));
        }
        connection.execute_batch(TABLES)?;
        connection.pragma_update(None, "user_version", LAYOUT)?;
        Ok(Sqlite { connection })
    }
}

/// A row of `binding`; `None` if a word in it is none of ours.
fn binding(row: &Row<'_>) -> rusqlite::Result<Option<SavedBinding>> {
    let technology: String = row.get("technology")?;
    let technology = [Technology::Sip, Technology::Pjsip]
        .into_iter()
        .find(|t| t.prefix() == technology);
    let protocol: String = row.get("protocol")?;
    let protocol = [Protocol::Udp, Protocol::Tcp]
        .into_iter()
        .find(|p| p.name() == protocol);
    let address = |name: &str| -> rusqlite::Result<Option<SocketAddr>> {
        let text: String = row.get(name)?;
        Ok(text.parse().ok())
    };
    let (Some(technology), Some(protocol), Some(local), Some(remote)) =
        (technology, protocol, address("local")?, address("remote")?)
    else {
        return Ok(None);
    };
    let aor: Vec<u8> = row.get("aor")?;
    let expires: i64 = row.get("expires")?;
    Ok(Some(SavedBinding {
        aor: AorName::new(technology, &aor),
        uri: row.get("uri")?,
        params: row.get("params")?,
        q: row.get("q")?,
        protocol,
        local,
        remote,
        by_flow: row.get("by_flow")?,
        call_id: row.get("call_id")?,
        cseq: row.get("cseq")?,
        expires_unix_ms: u64::try_from(expires).unwrap_or(0),
    }))
}

/// Times beyond the year 292 million are as good as the largest.
fn milliseconds(unix_ms: u64) -> i64 {
    i64::try_from(unix_ms).unwrap_or(i64::MAX)
}

impl Store for Sqlite {
    fn load(&mut self, unix_ms: u64) -> Result<Saved, StoreError> {
        self.connection.execute(
            "DELETE FROM binding WHERE expires <= ?1",
            params![milliseconds(unix_ms)],
        )?;
        let mut saved = Saved::default();
        let mut rows = self
            .connection
            .prepare("SELECT * FROM binding ORDER BY expires, technology, aor, uri")?;
        for row in rows.query_map([], binding)? {
            saved.bindings.extend(row?);
        }
        let mut rows = self
            .connection
            .prepare("SELECT path, text FROM value ORDER BY path")?;
        for row in rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))? {
            saved.values.push(row?);
        }
        Ok(saved)
    }

    fn commit(&mut self, batch: &[Write]) -> Result<(), StoreError> {
        let transaction = self.connection.transaction()?;
        {
            let mut put = transaction.prepare_cached(
                "INSERT OR REPLACE INTO binding VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            )?;
            let mut remove = transaction.prepare_cached(
                "DELETE FROM binding WHERE technology = ?1 AND aor = ?2 AND uri = ?3",
            )?;
            let mut set =
                transaction.prepare_cached("INSERT OR REPLACE INTO value VALUES (?1, ?2)")?;
            let mut unset = transaction.prepare_cached("DELETE FROM value WHERE path = ?1")?;
            for write in batch {
                match write {
                    Write::Binding(Change::Put(aor, b)) => {
                        put.execute(params![
                            aor.technology.prefix(),
                            aor.name,
                            &b.uri[..],
                            &b.params[..],
                            b.q,
                            b.flow.protocol.name(),
                            b.flow.local.to_string(),
                            b.flow.remote.to_string(),
                            b.by_flow,
                            &b.call_id[..],
                            b.cseq,
                            milliseconds(b.expires_unix_ms),
                        ])?;
                    }
                    Write::Binding(Change::Remove(aor, uri)) => {
                        remove.execute(params![aor.technology.prefix(), aor.name, &uri[..]])?;
                    }
                    Write::Value(path, Some(text)) => {
                        set.execute(params![path, text])?;
                    }
                    Write::Value(path, None) => {
                        unset.execute(params![path])?;
                    }
                }
            }
        }
        transaction.commit()?;
        Ok(())
    }
}
