//! What loading costs: read, parse, compile and verify, tries built. Each size runs in processes of its own, so that the
//! highest memory is that of one load.
//!
//! `cargo bench --bench load`; beside each figure stands what a real Asterisk needed for a plan of the same shape.

use std::fmt::Write as _;
use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use strowger_compiler::{Compiled, Options, Sources, compile, load};

/// Loads of each size; the median counts.
const RUNS: usize = 5;

/// A plan, and what Asterisk 23 needed to load one of its kind.
struct Plan {
    name: &'static str,
    text: fn() -> String,
    /// Seconds of Asterisk.
    seconds: f64,
    /// MiB of Asterisk; 0: not measured.
    memory: f64,
}

const fn plan(name: &'static str, text: fn() -> String, seconds: f64, memory: f64) -> Plan {
    Plan {
        name,
        text,
        seconds,
        memory,
    }
}

const PLANS: [Plan; 5] = [
    plan("10 000 lines", || lines(10_000), 0.016, 53.0),
    plan("100 000 lines", || lines(100_000), 0.16, 102.0),
    plan("500 000 lines", || lines(500_000), 0.97, 317.0),
    plan("one context of 20 000", || flat(20_000), 3.7, 0.0),
    plan("one context of 50 000", || flat(50_000), 50.0, 0.0),
];

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match &arguments[..] {
        [_, mode, path] if mode == "--once" => once(Path::new(path), load),
        [_, mode, path] if mode == "--checked" => once(Path::new(path), compile),
        [_, mode, plan, path] if mode == "--write" => {
            let plan = PLANS.iter().find(|p| p.name == plan).expect("no such plan");
            std::fs::write(path, (plan.text)()).expect("a plan on the disk");
        }
        _ => table(),
    }
}

/// Loads one file, and prints the seconds that it took by the clock and of the processor, and the most memory that this process
/// ever held.
fn once(path: &Path, way: fn(&Sources, &Options) -> Compiled) {
    let began = Instant::now();
    let text = std::fs::read(path).expect("the plan");
    let compiled = way(&Sources::plan(text), &Options::default());
    let took = began.elapsed().as_secs_f64();
    let findings = compiled.diagnostics.len();
    black_box(compiled.module.expect("a module"));
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status
        .lines()
        .find_map(|l| l.strip_prefix("VmHWM:"))
        .and_then(|l| l.trim().trim_end_matches(" kB").parse::<f64>().ok())
        .unwrap_or(f64::NAN);
    println!("{took} {} {} {findings}", processor(), peak / 1024.0);
}

/// Seconds of the processor that this process has had: on a machine that is shared the clock says little.
fn processor() -> f64 {
    let text = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let spent = text
        .split_whitespace()
        .next()
        .and_then(|n| n.parse::<f64>().ok());
    spent.map_or(f64::NAN, |n| n / 1e9)
}

fn table() {
    println!(
        "plan                   load s  of cpu s  peak MiB  Asterisk s   MiB  times faster | with every check s  of cpu s   MiB"
    );
    let program = std::env::current_exe().expect("this program");
    let path = std::env::temp_dir().join(format!("strowger-load-{}.conf", std::process::id()));
    for Plan {
        name,
        text,
        seconds,
        memory,
    } in PLANS
    {
        std::fs::write(&path, text()).expect("a plan on the disk");
        let median = |mode: &str| {
            let runs: Vec<Vec<f64>> = (0..RUNS)
                .map(|_| {
                    let out = Command::new(&program).arg(mode).arg(&path).output();
                    let out = String::from_utf8(out.expect("a run").stdout).expect("text");
                    let words = out.split_whitespace();
                    words.map(|w| w.parse().expect("a number")).collect()
                })
                .collect();
            // Each figure by itself.
            [0, 1, 2].map(|figure| {
                let mut of: Vec<f64> = runs.iter().map(|run| run[figure]).collect();
                of.sort_by(f64::total_cmp);
                of[RUNS / 2]
            })
        };
        let [clock, cpu, peak] = median("--once");
        let [checked, checked_cpu, checked_peak] = median("--checked");
        println!(
            "{name:21} {clock:7.3} {cpu:9.3} {peak:9.1} {seconds:11.3} {memory:5.0} {:13.1} | {checked:18.3} {checked_cpu:9.3} {checked_peak:5.1}",
            seconds / clock,
        );
    }
    let _ = std::fs::remove_file(path);
}

/// Numbers that look drawn and are the same every time.
struct Draw(u64);

impl Draw {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

/// A step as plans have them.
fn step(draw: &mut Draw, context: usize, number: usize) -> String {
    match draw.below(12) {
        0 => "NoOp(call from ${CALLERID(num)} to ${EXTEN})".into(),
        1 => format!(
            "Set(CHANNEL(language)={})",
            ["de", "en", "fr"][draw.below(3) as usize]
        ),
        2 => format!("Set(count=$[${{count}} + {}])", draw.below(9)),
        3 => format!("GotoIf($[\"${{DIALSTATUS}}\" = \"BUSY\"]?ctx{context},{number},1)"),
        4 => format!("Gosub(sub-ring,s,1(${{EXTEN}},{}))", draw.below(60)),
        5 => format!("Set(DB(last/{number})=${{STRFTIME(${{EPOCH}},,%Y%m%d-%H%M%S)}})"),
        6 => format!(
            "ExecIf($[${{LEN(${{CALLERID(num)}})}} > 5]?Set(CALLERID(name)=outside {number}))"
        ),
        7 => "Answer()".into(),
        8 => format!("Wait({})", draw.below(4)),
        9 => format!("Playback(custom/menu-{})", draw.below(300)),
        10 => format!("Set(target=${{CUT(list{number},-,2)}})"),
        _ => format!("Dial(PJSIP/{number},{},tTr)", 10 + draw.below(50)),
    }
}

/// A plan of about so many lines: 100 extensions in a context, two to eight lines each, one in five a pattern.
fn lines(count: usize) -> String {
    let mut draw = Draw(1);
    let mut out = String::from(
        "[general]\nautofallthrough=yes\n[globals]\nTRUNK=PJSIP/trunk\n[sub-ring]\nexten => s,1,NoOp(${ARG1})\n same => n,Return()\n",
    );
    let (mut written, mut context) = (7, 0);
    while written < count {
        let _ = writeln!(out, "[ctx{context}]");
        written += 1;
        for i in 0..100 {
            let number = 1000 + i * 7;
            let name = match draw.below(10) {
                0 => format!("_{}X.", 10 + i),
                1 => format!("_{}NXXXX", 10 + i),
                _ => number.to_string(),
            };
            let _ = writeln!(out, "exten => {name},1,NoOp(to ${{EXTEN}} of {context})");
            let more = 1 + draw.below(7);
            for _ in 0..more {
                let _ = writeln!(out, " same => n,{}", step(&mut draw, context, number));
            }
            written += 1 + more as usize;
        }
        context += 1;
    }
    out
}

/// One context of so many extensions, half of them patterns.
fn flat(count: usize) -> String {
    let mut draw = Draw(2);
    let mut out = String::from("[flat]\n");
    for i in 0..count / 2 {
        let _ = writeln!(out, "exten => {},1,Dial(PJSIP/{i},30)", 2_000_000 + i * 3);
        let name = match draw.below(4) {
            0 => format!("_{}X.", 100_000 + i),
            1 => format!("_{}XXX", 100_000 + i),
            2 => format!("_{}[2-57]N", 100_000 + i),
            _ => format!("_{}Z!", 100_000 + i),
        };
        let _ = writeln!(
            out,
            "exten => {name},1,Dial(PJSIP/${{EXTEN}}@trunk{})",
            i % 9
        );
    }
    out
}
