//! `--watch`: waits until a file that was read is another one.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use strowger_runtime::config;

use super::place::Place;
use super::report::Checked;

/// So often the files are asked.
const BEAT: Duration = Duration::from_millis(250);

/// When a file was last written, and its size; `None` where there is none.
type Stamp = Option<(SystemTime, u64)>;

/// The files of a run.
pub(crate) struct Watched {
    files: BTreeMap<PathBuf, Stamp>,
    begun: SystemTime,
}

impl Watched {
    /// Before the first file is read.
    pub(crate) fn begin() -> Watched {
        Watched {
            files: BTreeMap::new(),
            begun: SystemTime::now(),
        }
    }

    /// Notes the files of a place: those that were read, and those that might come.
    pub(crate) fn add(&mut self, place: &Place, checked: Option<&Checked>) {
        let read = checked
            .into_iter()
            .flat_map(|c| c.sources.files().map(|(_, f)| f.name().to_owned()));
        let might = config::FILES.into_iter().map(str::to_owned);
        for name in read.chain(might).chain([place.plan.clone()]) {
            self.note(place.directory.join(name));
        }
    }

    /// Notes a file, or a folder in which one may come.
    pub(crate) fn note(&mut self, path: PathBuf) {
        let stamp = stamp(&path);
        self.files.insert(path, stamp);
    }

    /// Returns when one of them has changed.
    pub(crate) fn wait(&self) {
        let meanwhile = self.begun..SystemTime::now();
        let late = |s: &Stamp| s.is_some_and(|(written, _)| meanwhile.contains(&written));
        std::thread::sleep(BEAT);
        // Some may have been written after they were read and before they were noted here.
        if self.files.values().any(late) {
            return;
        }
        while self.files.iter().all(|(path, was)| stamp(path) == *was) {
            std::thread::sleep(BEAT);
        }
    }
}

fn stamp(path: &PathBuf) -> Stamp {
    let data = std::fs::metadata(path).ok()?;
    Some((data.modified().ok()?, data.len()))
}
