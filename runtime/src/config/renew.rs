//! A configuration that is read again while the exchange runs: what counts at once, and what waits for a restart.

use super::Config;

impl Config {
    /// What is in force when `newer` is read while this one runs: accounts, guests, grants and general options are the new ones; sockets,
    /// audio ports, directories, the store and timer T1 stay as they were opened. Each of those that would be another is named in a
    /// sentence.
    #[must_use]
    pub fn renewed(&self, mut newer: Config) -> (Config, Vec<String>) {
        let mut waiting = Vec::new();
        let sockets = |config: &Config| {
            let shown = config.listeners.iter().map(|l| {
                let name = String::from_utf8_lossy(&l.name).into_owned();
                let protocol = l.protocol.name().to_ascii_lowercase();
                (format!("{protocol} {}", l.bind), name, l.technology)
            });
            shown.collect::<Vec<_>>()
        };
        let (old, new) = (sockets(self), sockets(&newer));
        for (socket, _, _) in new.iter().filter(|n| !old.iter().any(|o| o.0 == n.0)) {
            waiting.push(format!("{socket} is not listened at before a restart"));
        }
        for (socket, _, _) in old.iter().filter(|o| !new.iter().any(|n| n.0 == o.0)) {
            waiting.push(format!("{socket} is listened at until a restart"));
        }
        if waiting.is_empty() && old != new {
            waiting.push("transports keep their names and order until a restart".to_owned());
        }
        newer.listeners.clone_from(&self.listeners);
        if newer.rtp != self.rtp {
            waiting.push(format!(
                "rtp.conf counts after a restart; audio ports stay {} to {}",
                self.rtp.start, self.rtp.end
            ));
            newer.rtp = self.rtp.clone();
        }
        if newer.directories != self.directories {
            waiting.push("[directories] of asterisk.conf counts after a restart".to_owned());
            newer.directories = self.directories.clone();
        }
        if newer.system.name != self.system.name {
            waiting.push("`systemname` of asterisk.conf counts after a restart".to_owned());
            newer.system.name.clone_from(&self.system.name);
        }
        if newer.options.store != self.options.store {
            waiting.push("[store] of strowger.toml counts after a restart".to_owned());
            newer.options.store = self.options.store.clone();
        }
        if newer.sip.t1 != self.sip.t1 {
            waiting.push(format!("timer T1 stays {} ms until a restart", self.sip.t1));
            newer.sip.t1 = self.sip.t1;
        }
        (newer, waiting)
    }
}
