//! `strowger demo`: the exchange at work, seen by two phones. What it prints was observed; what was not observed fails it.

use crate::ladder::{Ladder, title};
use crate::{load, render};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};
use strowger_compiler::Sources;
use strowger_runtime::config::{Secret, StoreChoice, Technology};
use strowger_runtime::media::{self, Media};
use strowger_runtime::observe::{Observer, What};
use strowger_runtime::phone::{Happened, Password, Phone, Settings};
use strowger_runtime::rtp::Heard;
use strowger_runtime::rtp::tone::Tone;
use strowger_runtime::sip::session::Terms;
use strowger_runtime::{self as runtime, Engine};

/// Show the exchange at work: two phones register, talk, hear an echo, and text each other
///
/// Needs no configuration, no rights and no sound files. Everything stays on this machine, on free ports.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  strowger demo
  strowger demo --brief")]
pub(crate) struct Args {
    /// Say only what was observed, without the ladders
    #[arg(long)]
    brief: bool,
}

/// The configuration that the demo runs, as it stands in `examples/two-phones`.
const FILES: [(&str, &str); 2] = [
    (
        "extensions.conf",
        include_str!("../examples/two-phones/extensions.conf"),
    ),
    ("sip.conf", include_str!("../examples/two-phones/sip.conf")),
];

/// The whole demo may take so long; then it has failed.
const LONGEST: Duration = Duration::from_secs(60);
/// One thing that must happen may take so long.
const PATIENCE: Duration = Duration::from_secs(8);

pub(crate) fn main(args: Args) -> ExitCode {
    let mut sources = Sources::new();
    for (name, text) in FILES {
        sources.add(name, text);
    }
    let loaded = match load::understand(
        sources,
        PathBuf::new(),
        "extensions.conf".into(),
        load::Release::default(),
    ) {
        Ok(loaded) => loaded,
        Err(fault) => return load::cannot(&fault),
    };
    let tokio = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(tokio) => tokio,
        Err(fault) => return load::cannot(&fault.to_string()),
    };
    let began = Instant::now();
    let told = tokio.block_on(async { tokio::time::timeout(LONGEST, tell(loaded, &args)).await });
    // Phones and exchange are gone; nothing waits for what is left of them.
    tokio.shutdown_background();
    let seconds = began.elapsed().as_secs_f32();
    match told {
        Ok(Ok(story)) if story.missed == 0 => {
            println!(
                "\nAll {} things were observed, in {seconds:.1} s. The same plan with your own phones:",
                story.seen
            );
            println!("    strowger run examples/two-phones");
            ExitCode::SUCCESS
        }
        Ok(Ok(story)) => {
            println!(
                "\n{} of {} things were not observed.",
                story.missed,
                story.seen + story.missed
            );
            ExitCode::FAILURE
        }
        Ok(Err(fault)) => {
            println!("\nThe demo stopped: {fault}");
            ExitCode::FAILURE
        }
        Err(_) => {
            println!("\nThe demo took longer than {} s.", LONGEST.as_secs());
            ExitCode::FAILURE
        }
    }
}

/// What was promised and what of it was observed.
struct Story {
    brief: bool,
    seen: usize,
    missed: usize,
    observer: Observer,
    ladder: Ladder<SocketAddr>,
    parties: Vec<SocketAddr>,
}

impl Story {
    fn chapter(&self, number: u8, heading: &str) {
        println!("\n{number}. {heading}\n");
    }

    /// One promise.
    fn check(&mut self, what: &str, observed: bool) {
        if observed {
            self.seen += 1;
            println!("   ok      {what}");
        } else {
            self.missed += 1;
            println!("   MISSING {what}");
        }
    }

    /// Draws what the exchange saw since the last time: messages as arrows, dialplan steps with file and line. Returns the steps.
    fn ladder(&mut self, with: &[usize]) -> Vec<String> {
        let mut steps = Vec::new();
        let mut rows = Vec::new();
        while let Some(notice) = self.observer.ready() {
            match notice.what {
                What::Message {
                    incoming,
                    remote,
                    bytes,
                    ..
                } if with.iter().any(|i| self.parties[*i] == remote) => {
                    rows.extend(self.ladder.row(incoming, remote, &title(&bytes)));
                }
                What::Step { step, .. } => {
                    let lossy = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
                    let source = step
                        .source
                        .as_ref()
                        .map(|s| format!("{}:{}", s.file, s.line))
                        .unwrap_or_default();
                    let application = lossy(&step.application);
                    rows.push(format!(
                        "      {source:<20} {},{}  {application}({})",
                        lossy(&step.exten),
                        step.priority,
                        lossy(&step.arguments)
                    ));
                    steps.push(application);
                }
                _ => {}
            }
        }
        if !self.brief && !rows.is_empty() {
            println!("{}", self.ladder.head());
            for row in rows {
                println!("{row}");
            }
            println!();
        }
        steps
    }
}

/// Waits for one thing that a phone tells, and lets the others pass.
async fn until<T>(phone: &mut Phone, mut want: impl FnMut(&Happened) -> Option<T>) -> Option<T> {
    let end = Instant::now() + PATIENCE;
    loop {
        let happened = phone
            .next(end.saturating_duration_since(Instant::now()))
            .await?;
        if let Some(found) = want(&happened) {
            return Some(found);
        }
    }
}

async fn registered(phone: &mut Phone) -> Option<u16> {
    until(phone, |h| {
        if let Happened::Registered(status) = h {
            Some(*status)
        } else {
            None
        }
    })
    .await
}

async fn text(phone: &mut Phone) -> Option<String> {
    until(phone, |h| {
        if let Happened::Text { body, .. } = h {
            Some(body.clone())
        } else {
            None
        }
    })
    .await
}

async fn talking(phone: &mut Phone) -> bool {
    until(phone, |h| {
        matches!(h, Happened::Talking(_)).then_some(matches!(h, Happened::Talking(true)))
    })
    .await
        == Some(true)
}

async fn over(phone: &mut Phone) -> bool {
    until(phone, |h| matches!(h, Happened::Ended(_)).then_some(()))
        .await
        .is_some()
}

async fn heard(phone: &mut Phone) -> Option<Heard> {
    until(phone, |h| {
        if let Happened::Heard(heard) = h {
            Some(*heard)
        } else {
            None
        }
    })
    .await
}

fn is_tone(heard: Option<Heard>, hertz: f32) -> bool {
    heard.is_some_and(|h| h.purity > 0.8 && (h.hertz - hertz).abs() < 15.0)
}

fn words(heard: Option<Heard>) -> String {
    heard.map_or_else(
        || "nothing".into(),
        |h| format!("{:.0} Hz, {:.0} dB", h.hertz, h.level),
    )
}

async fn tell(loaded: load::Loaded, args: &Args) -> Result<Story, String> {
    println!(
        "Strowger {}: a telephone exchange and two phones, on this machine only.",
        env!("CARGO_PKG_VERSION")
    );
    println!("\n1. The plan, examples/two-phones\n");
    for (name, text) in FILES {
        println!("   {name:<16} {} lines", text.lines().count());
    }
    println!("   checked          {}", render::summary(&loaded.findings));
    for finding in &loaded.findings {
        let file = loaded.sources.file(finding.primary.span.file);
        println!(
            "     {}:{}  {}  {}",
            file.name(),
            file.line(finding.primary.span.start),
            finding.code,
            finding.message
        );
    }

    let mut config = loaded.config.clone();
    config.options.store = StoreChoice::Memory;
    for listener in &mut config.listeners {
        listener.bind = SocketAddr::from(([127, 0, 0, 1], 0));
    }
    config.listeners.truncate(1);
    let password = |user: &str| match config
        .accounts
        .find(Technology::Sip, user.as_bytes())
        .and_then(|a| a.credentials.first())
        .map(|c| &c.secret)
    {
        Some(Secret::Password(secret)) => {
            Ok(Password(String::from_utf8_lossy(secret).into_owned()))
        }
        _ => Err(format!("sip.conf has no password for {user}")),
    };
    let (first, second) = (password("nlys")?, password("ealbouy")?);
    let options = runtime::Options {
        globals: (*loaded.globals()).clone(),
        ..runtime::Options::default()
    };
    let engine = Engine::start(config, loaded.module(), options)
        .await
        .map_err(|fault| fault.to_string())?;
    let exchange = engine
        .addresses()
        .first()
        .ok_or("the exchange does not listen")?
        .address;
    let observer = engine.observe();

    let media =
        Arc::new(Media::start(media::Settings::default()).map_err(|fault| fault.to_string())?);
    let start = async |user: &str, password: Password, seed: u8| {
        let settings = Settings {
            user: user.into(),
            password,
            near: SocketAddr::from(([127, 0, 0, 1], 0)),
            exchange,
            seed: [seed; 32],
            terms: Terms::default(),
        };
        Phone::start(settings, Arc::clone(&media))
            .await
            .map_err(|fault| fault.to_string())
    };
    let mut a = start("nlys", first, 61).await?;
    let mut b = start("ealbouy", second, 62).await?;
    let mut story = Story {
        brief: args.brief,
        seen: 0,
        missed: 0,
        observer,
        ladder: Ladder::new(
            &[(a.near(), "61 nlys")],
            "exchange",
            &[(b.near(), "62 ealbouy")],
        ),
        parties: vec![a.near(), b.near()],
    };
    println!("   running          udp {exchange}");

    story.chapter(2, "Two phones register; passwords never cross the wire");
    a.register_with("not my password").await;
    let mut asked = false;
    let refused = until(&mut a, |h| {
        asked |= matches!(h, Happened::Message { sent: false, line } if line.contains(" 401 "));
        if let Happened::Registered(status) = h {
            Some(*status)
        } else {
            None
        }
    })
    .await;
    a.register(300).await;
    let came = registered(&mut a).await;
    b.register(300).await;
    let also = registered(&mut b).await;
    story.ladder(&[0, 1]);
    story.check("61 was asked to prove who it is (401)", asked);
    story.check("a wrong password was refused (403)", refused == Some(403));
    story.check(
        "61 and 62 registered (200)",
        came == Some(200) && also == Some(200),
    );

    story.chapter(3, "61 calls 62; they talk; 62 hangs up");
    a.call("62").await;
    let rang = until(&mut b, |h| {
        if let Happened::Incoming(from) = h {
            Some(from.clone())
        } else {
            None
        }
    })
    .await;
    let ringing = until(&mut a, |h| matches!(h, Happened::Ringing).then_some(()))
        .await
        .is_some();
    b.answer().await;
    let (up_a, up_b) = (talking(&mut a).await, talking(&mut b).await);
    a.tone(Tone::Sine(440)).await;
    b.tone(Tone::Sine(880)).await;
    tokio::time::sleep(Duration::from_millis(400)).await;
    a.measure(Duration::from_millis(600)).await;
    b.measure(Duration::from_millis(600)).await;
    let (at_a, at_b) = (heard(&mut a).await, heard(&mut b).await);
    b.hang_up().await;
    let ended = over(&mut a).await && over(&mut b).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    let steps = story.ladder(&[0, 1]);
    story.check(
        "the plan ran Dial",
        steps.iter().any(|s| s.eq_ignore_ascii_case("Dial")),
    );
    story.check(
        &format!(
            "62 rang, and saw who calls: {}",
            rang.clone().unwrap_or_default()
        ),
        rang.is_some_and(|f| f.contains("61")),
    );
    story.check(
        "61 heard that it rings, and both phones were connected",
        ringing && up_a && up_b,
    );
    story.check(
        &format!("61 hums 440 Hz; 62 hears {}", words(at_b)),
        is_tone(at_b, 440.0),
    );
    story.check(
        &format!("62 hums 880 Hz; 61 hears {}", words(at_a)),
        is_tone(at_a, 880.0),
    );
    story.check("62 hung up, and 61 was told", ended);

    story.chapter(4, "61 calls 3666 and hears itself");
    a.call("3666").await;
    let up = talking(&mut a).await;
    a.measure(Duration::from_millis(600)).await;
    let prompt = heard(&mut a).await;
    let mut steps = story_until(&mut story, "Echo").await;
    a.tone(Tone::Sine(660)).await;
    tokio::time::sleep(Duration::from_millis(400)).await;
    a.measure(Duration::from_millis(600)).await;
    let echo = heard(&mut a).await;
    a.hang_up().await;
    let ended = over(&mut a).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    steps.extend(story.ladder(&[0]));
    story.check(
        "the plan ran Answer, Goto, Playback, Echo",
        ["Answer", "Goto", "Playback", "Echo"]
            .iter()
            .all(|w| steps.iter().any(|s| s == w)),
    );
    story.check(
        &format!("a voice explains the test ({})", words(prompt)),
        up && prompt.is_some_and(|h| h.level > -50.0),
    );
    story.check(
        &format!("61 hums 660 Hz and hears {}", words(echo)),
        is_tone(echo, 660.0),
    );
    story.check("61 hung up", ended);

    story.chapter(5, "61 texts ealbouy; then a number that is nobody's");
    a.text("ealbouy", "Bonjour Eric, tu as deux minutes ?")
        .await;
    let accepted = until(&mut a, |h| {
        if let Happened::Texted(status) = h {
            Some(*status)
        } else {
            None
        }
    })
    .await;
    let got = text(&mut b).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    story.ladder(&[0, 1]);
    story.check("the exchange took the text (202)", accepted == Some(202));
    story.check(
        &format!("62 reads: {}", got.clone().unwrap_or_default()),
        got.as_deref() == Some("Bonjour Eric, tu as deux minutes ?"),
    );
    a.text("62", "Et toi ?").await;
    let notice = text(&mut a).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    let steps = story.ladder(&[0, 1]);
    story.check(
        "the plan noticed that it failed",
        steps.iter().filter(|s| *s == "MessageSend").count() == 2,
    );
    story.check(
        &format!("61 reads: {}", notice.clone().unwrap_or_default()),
        notice.is_some_and(|n| n.contains("Your message to 62 has failed")),
    );

    story.chapter(6, "The exchange stops");
    let left = engine.stats();
    engine.stop(Duration::from_secs(2)).await;
    story.check("no call was left", left.channels == 0);
    Ok(story)
}

/// Lets time pass until the plan has run `application`; the steps so far are drawn.
async fn story_until(story: &mut Story, application: &str) -> Vec<String> {
    let end = Instant::now() + PATIENCE;
    let mut steps = Vec::new();
    while !steps.iter().any(|s: &String| s == application) && Instant::now() < end {
        tokio::time::sleep(Duration::from_millis(50)).await;
        steps.extend(story.ladder(&[0]));
    }
    steps
}
