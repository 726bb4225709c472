//! Where a long run is: a line on standard error that comes after a second and goes away at the end, on a terminal only.

use std::io::{IsTerminal, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A shorter run says nothing.
const PATIENCE: Duration = Duration::from_secs(1);

/// So often the line is drawn anew.
const BEAT: Duration = Duration::from_millis(200);

/// The line, as long as it is wanted.
pub(crate) struct Progress {
    tell: Option<Sender<String>>,
    thread: Option<JoinHandle<()>>,
}

impl Progress {
    /// Begins to wait; without a terminal nothing ever comes. `verb`: what is done, as `checking`.
    pub(crate) fn begin(verb: &'static str) -> Progress {
        if !std::io::stderr().is_terminal() {
            return Progress {
                tell: None,
                thread: None,
            };
        }
        let (tell, told) = channel();
        Progress {
            tell: Some(tell),
            thread: Some(std::thread::spawn(move || draw(verb, &told))),
        }
    }

    /// Says what is done now.
    pub(crate) fn at(&self, what: &str) {
        if let Some(tell) = &self.tell {
            // Nobody listens any more: nobody is to be told.
            let _ = tell.send(what.to_owned());
        }
    }

    /// Takes the line away.
    pub(crate) fn end(&mut self) {
        self.tell = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.end();
    }
}

fn draw(verb: &str, told: &Receiver<String>) {
    let begin = Instant::now();
    let mut what = String::new();
    let mut drawn = false;
    loop {
        match told.recv_timeout(BEAT) {
            Ok(new) => what = new,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if begin.elapsed() >= PATIENCE {
            let text: String = what.chars().filter(|c| !c.is_control()).take(70).collect();
            eprint!("\r\x1b[K{verb} {text} ({} s)", begin.elapsed().as_secs());
            let _ = std::io::stderr().flush();
            drawn = true;
        }
    }
    if drawn {
        eprint!("\r\x1b[K");
    }
}
