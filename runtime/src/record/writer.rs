//! The one thread that writes a record: a line for each thing, flushed whenever nothing waits.

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use strowger_vm::{Globals, Module, System, Time};
use tokio::sync::mpsc::{self, Receiver};

use super::facts::Facts;
use super::pseudonym::Pseudonyms;
use super::recorder::{Recorder, Told};
use super::shadow::{Common, Lost, Shadow};
use super::{KIND, VERSION, line};
use crate::limits;

/// Plans whose facts are kept at once: a reload brings a new one, and calls of the old one go on.
const PLANS: usize = 4;

/// Where calls are to be written down, and how.
#[derive(Debug)]
pub struct Sink {
    file: File,
    plain: bool,
}

impl Sink {
    /// A new file, which only its owner may read. `plain`: with real names and numbers; secrets are never written.
    ///
    /// # Errors
    /// It is there already, or cannot be made.
    pub fn create(path: &Path, plain: bool) -> io::Result<Sink> {
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Ok(Sink {
            file: options.open(path)?,
            plain,
        })
    }

    /// Starts the writer.
    pub(crate) fn start(
        self,
        module: &Arc<Module>,
        base: &Globals,
        system: &Arc<System>,
        key: [u8; 32],
        now: Time,
    ) -> (Recorder, Writer) {
        let (queue, inbox) = mpsc::channel(limits::RECORD_QUEUE);
        let dropped = Arc::new(AtomicU64::new(0));
        let recorder = Recorder::new(queue, Arc::clone(&dropped));
        let mut work = Work {
            out: BufWriter::new(self.file),
            written: 0,
            failed: false,
            plain: self.plain,
            pseudonyms: Pseudonyms::new(key),
            plans: Vec::new(),
            shadows: HashMap::new(),
            counts: Counts::default(),
            dropped,
        };
        let (module, base, system) = (Arc::clone(module), base.clone(), Arc::clone(system));
        let thread = std::thread::spawn(move || {
            work.head(&module, &base, &system, now);
            work.run(inbox);
        });
        (recorder, Writer(Some(thread)))
    }
}

/// The thread. Dropping it leaves the thread to its work.
#[derive(Debug)]
pub(crate) struct Writer(Option<JoinHandle<()>>);

impl Writer {
    /// Waits until everything is written; the recorder must have been finished.
    pub(crate) fn join(mut self) {
        if let Some(thread) = self.0.take() {
            // A panic in the thread was reported where it happened.
            let _ = thread.join();
        }
    }
}

/// A plan that calls run.
#[derive(Debug)]
struct Plan {
    module: Arc<Module>,
    facts: Facts,
    digest: String,
}

#[derive(Debug, Default)]
struct Counts {
    calls: u64,
    whole: u64,
    lost: u64,
}

struct Work {
    out: BufWriter<File>,
    written: u64,
    /// The disk is full, or the file: nothing more is written.
    failed: bool,
    plain: bool,
    pseudonyms: Pseudonyms,
    plans: Vec<Plan>,
    shadows: HashMap<u64, (Shadow, usize)>,
    counts: Counts,
    dropped: Arc<AtomicU64>,
}

impl Work {
    fn run(&mut self, mut inbox: Receiver<Told>) {
        loop {
            let told = match inbox.try_recv() {
                Ok(told) => told,
                Err(_) => {
                    // Nothing waits: what there is, is on the disk if the machine stops now.
                    self.flush();
                    match inbox.blocking_recv() {
                        Some(told) => told,
                        None => break,
                    }
                }
            };
            if matches!(told, Told::Finish) {
                break;
            }
            self.told(told);
        }
        let Counts { calls, whole, lost } = self.counts;
        let dropped = self.dropped.load(Ordering::Relaxed);
        self.put(&json!({
            "end": { "calls": calls, "whole": whole, "lost": lost, "dropped": dropped }
        }));
        self.flush();
    }

    fn head(&mut self, module: &Arc<Module>, base: &Globals, system: &System, now: Time) {
        let plan = self.plan(module, base);
        let digest = self.plans[plan].digest.clone();
        let names = system.names.iter();
        let names: Map<String, Value> = names
            .map(|(name, value)| ((*name).to_owned(), line::text(value)))
            .collect();
        self.put(&json!({
            "strowger": KIND,
            "version": VERSION,
            "program": env!("CARGO_PKG_VERSION"),
            "began": line::moment(now),
            "zone": system.zone.name().unwrap_or("UTC"),
            "prompts": system.has_prompts,
            "names": names,
            "pseudonyms": !self.plain,
            "plan": digest,
        }));
        self.flush();
    }

    /// The number of a plan among those that are kept.
    fn plan(&mut self, module: &Arc<Module>, base: &Globals) -> usize {
        let known = self
            .plans
            .iter()
            .position(|p| Arc::ptr_eq(&p.module, module));
        if let Some(known) = known {
            return known;
        }
        let plan = Plan {
            module: Arc::clone(module),
            facts: Facts::of(module, base),
            digest: digest(module),
        };
        if self.plans.len() < PLANS {
            self.plans.push(plan);
            return self.plans.len() - 1;
        }
        // The oldest makes room; its calls go on with the facts of the new one.
        let at = usize::try_from(self.counts.calls).unwrap_or(0) % PLANS;
        self.plans[at] = plan;
        at
    }

    fn told(&mut self, told: Told) {
        let mut lines = Vec::new();
        match told {
            Told::Finish => {}
            Told::Began {
                call,
                module,
                base,
                inputs,
                entry,
            } => {
                self.counts.calls += 1;
                let plan = self.plan(&module, &base);
                let own = &self.plans[plan];
                let mut common = Common {
                    facts: &own.facts,
                    pseudonyms: &mut self.pseudonyms,
                    plain: self.plain,
                };
                let (mut line, shadow) =
                    Shadow::begin(&mut common, &module, &base, &inputs, *entry);
                line.insert("plan".into(), json!(own.digest));
                self.shadows.insert(call, (shadow, plan));
                self.line(call, line);
            }
            Told::Interrupted { call, why } => {
                if let Some((shadow, _)) = self.shadows.get_mut(&call) {
                    shadow.interrupted(why);
                }
            }
            Told::Turn { call, turn } => {
                let Some((shadow, plan)) = self.shadows.get_mut(&call) else {
                    return;
                };
                let mut common = Common {
                    facts: &self.plans[*plan].facts,
                    pseudonyms: &mut self.pseudonyms,
                    plain: self.plain,
                };
                let went = shadow.turn(&mut common, *turn, &mut lines);
                lines.into_iter().for_each(|line| self.line(call, line));
                if let Err(why) = went {
                    self.lost(call, why);
                }
            }
            Told::Ended {
                call,
                end,
                now,
                dropped,
            } => {
                if dropped > 0 && self.shadows.contains_key(&call) {
                    self.lost(call, Lost::Dropped);
                }
                let Some((shadow, plan)) = self.shadows.remove(&call) else {
                    return;
                };
                let mut common = Common {
                    facts: &self.plans[plan].facts,
                    pseudonyms: &mut self.pseudonyms,
                    plain: self.plain,
                };
                let went = shadow.end(&mut common, end.as_deref(), now, &mut lines);
                lines.into_iter().for_each(|line| self.line(call, line));
                match went {
                    Ok(()) => self.counts.whole += 1,
                    Err(why) => self.lost(call, why),
                }
            }
        }
    }

    /// The rest of a call is not written.
    fn lost(&mut self, call: u64, why: Lost) {
        self.shadows.remove(&call);
        self.counts.lost += 1;
        self.put(&json!({ "call": call, "lost": why.words() }));
    }

    fn line(&mut self, call: u64, line: Map<String, Value>) {
        let mut whole = Map::new();
        whole.insert("call".into(), json!(call));
        whole.extend(line);
        self.put(&Value::Object(whole));
    }

    fn put(&mut self, value: &Value) {
        if self.failed {
            return;
        }
        let mut text = value.to_string();
        text.push('\n');
        self.written += text.len() as u64;
        if self.written > limits::RECORD_BYTES {
            self.failed = true;
            tracing::error!(
                bytes = limits::RECORD_BYTES,
                "the record is full: nothing more is written"
            );
            drop(self.out.write_all(b"{\"full\":true}\n"));
            return;
        }
        if let Err(fault) = self.out.write_all(text.as_bytes()) {
            self.fail(&fault);
        }
    }

    fn flush(&mut self) {
        if let Err(fault) = self.out.flush()
            && !self.failed
        {
            self.fail(&fault);
        }
    }

    fn fail(&mut self, fault: &io::Error) {
        self.failed = true;
        tracing::error!(%fault, "the record cannot be written any more");
    }
}

/// What tells one plan from another.
pub(super) fn digest(module: &Module) -> String {
    let mut bare = module.clone();
    bare.stamp(strowger_vm::Origin::default());
    let digest = Sha256::digest(bare.write());
    digest.iter().take(16).map(|b| format!("{b:02x}")).collect()
}
