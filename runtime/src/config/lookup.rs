//! Host names of peers and `identify` rules, looked up once at the start and at each reload, as Asterisk does.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use super::Config;

/// Names looked up at the same time; the others wait.
const AT_ONCE: usize = 32;
/// How long one look-up may take.
const PATIENCE: Duration = Duration::from_secs(5);

impl Config {
    /// The same configuration with the addresses of the host names that it trusts, and the names that have none: whoever is known by one
    /// of those alone stays unknown until the next reload.
    pub async fn look_up(mut self) -> (Config, Vec<String>) {
        let mut waiting = self.accounts.unresolved().into_iter();
        let mut running = JoinSet::new();
        let mut found: HashMap<Vec<u8>, Vec<IpAddr>> = HashMap::new();
        loop {
            while running.len() < AT_ONCE
                && let Some(name) = waiting.next()
            {
                running.spawn(async move {
                    let text = String::from_utf8_lossy(&name).into_owned();
                    let look_up = tokio::net::lookup_host((text.as_str(), 0));
                    let addresses = match tokio::time::timeout(PATIENCE, look_up).await {
                        Ok(Ok(addresses)) => addresses.map(|a| a.ip()).collect(),
                        Ok(Err(_)) | Err(_) => Vec::new(),
                    };
                    (name, addresses)
                });
            }
            match running.join_next().await {
                Some(Ok((name, addresses))) => {
                    found.insert(name, addresses);
                }
                // A look-up that panicked found nothing.
                Some(Err(_)) => {}
                None => break,
            }
        }
        if !found.is_empty() {
            let resolved = self
                .accounts
                .resolved(&|name| found.get(name).cloned().unwrap_or_default());
            self.accounts = Arc::new(resolved);
        }
        let lost = self
            .accounts
            .unresolved()
            .iter()
            .map(|n| String::from_utf8_lossy(n).into_owned())
            .collect();
        (self, lost)
    }
}
