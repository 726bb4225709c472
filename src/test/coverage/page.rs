//! What tests reached as one page: it stands alone, asks for nothing from elsewhere, and runs no script.

use std::collections::BTreeMap;
use std::fmt::Write;

use strowger_compiler::FileId;
use strowger_compiler::coverage::{Gate, Way};
use strowger_compiler::graph::Ran;

use super::drawn::state;
use super::html::escaped;
use super::{Coverage, Covered, LISTED, Share};

/// Lines of files that one page holds.
const LINES: usize = 50_000;

/// A longer list of extensions is folded.
const FOLDED: usize = 25;

const STYLE: &str = include_str!("page.css");

/// A step on a line, or an include with times.
struct Stop<'p> {
    context: usize,
    is_step: bool,
    ways: &'p [Way],
    count: u64,
    taken: &'p [u64],
}

impl Coverage {
    /// All plans as one page.
    pub(super) fn page(&self) -> String {
        let (steps, ways) = self.shares();
        let mut out = format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n<title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>What the tests tried</h1>\n<p class=\"soft\">Written by <code>strowger test --coverage</code>.</p>\n",
            match self.plans.len() {
                0 => "Coverage: no test ran".to_owned(),
                _ => format!("Coverage: {} % of branches", ways.percent()),
            }
        );
        if self.plans.is_empty() {
            out.push_str("<p>No test ran.</p>\n");
        } else if self.plans.len() > 1 {
            shares(&mut out, steps, ways);
        }
        out.push_str("<div class=\"key\"><span class=\"ran\">● ran, and all ways on were tried</span><span class=\"partly\">◐ ran, and some ways on were never tried</span><span class=\"never\">○ never ran</span></div>\n");
        let mut left = LINES;
        for (n, covered) in self.plans.values().enumerate() {
            covered.section(n, &mut left, &mut out);
        }
        out.push_str("</main>\n</body>\n</html>\n");
        out
    }
}

/// Both shares, as numbers and as bars.
fn shares(out: &mut String, steps: Share, ways: Share) {
    out.push_str("<div class=\"shares\">\n");
    for (words, share) in [("branches", ways), ("steps", steps)] {
        let percent = share.percent();
        let _ = writeln!(
            out,
            "<div class=\"share\"><b>{percent} %</b> of {words} <span class=\"soft\">({share})</span><meter min=\"0\" max=\"100\" value=\"{percent}\" aria-label=\"{percent} % of {words}\"></meter></div>"
        );
    }
    out.push_str("</div>\n");
}

impl Covered {
    fn section(&self, plan: usize, left: &mut usize, out: &mut String) {
        let (steps, ways) = self.shares();
        let name = escaped(self.suite.plan_shown().as_bytes());
        let _ = writeln!(out, "<h2>{name}</h2>");
        shares(out, steps, ways);
        let mut files: BTreeMap<FileId, BTreeMap<u32, Vec<Stop<'_>>>> = BTreeMap::new();
        for (step, count, taken) in self.steps() {
            let lines = files.entry(step.file).or_default();
            lines.entry(step.line).or_default().push(Stop {
                context: step.context,
                is_step: true,
                ways: &step.ways,
                count,
                taken,
            });
        }
        for (gate, taken) in self.gates() {
            let lines = files.entry(gate.span.file).or_default();
            lines.entry(self.line_of(gate)).or_default().push(Stop {
                context: gate.context,
                is_step: false,
                ways: &Gate::WAYS,
                count: taken[0].saturating_add(taken[1]),
                taken,
            });
        }
        self.files(plan, &files, out);
        self.undialled(plan, out);
        self.graph(out);
        for (file, lines) in &files {
            self.file(plan, *file, lines, left, out);
        }
    }

    /// The files with their shares.
    fn files(
        &self,
        plan: usize,
        files: &BTreeMap<FileId, BTreeMap<u32, Vec<Stop<'_>>>>,
        out: &mut String,
    ) {
        out.push_str("<div class=\"wide\"><table><thead><tr><th>File</th><th class=\"n\">Branches</th><th class=\"n\">Steps</th></tr></thead><tbody>\n");
        for (file, lines) in files {
            let all = || lines.values().flatten();
            let steps = Share::of(all().filter(|s| s.is_step).map(|s| s.count));
            let ways = Share::of(all().flat_map(|s| s.taken.iter().copied()));
            let _ = writeln!(
                out,
                "<tr><td class=\"code\"><a href=\"#{}\">{}</a></td><td class=\"n\">{} % <span class=\"soft\">({ways})</span></td><td class=\"n\">{} % <span class=\"soft\">({steps})</span></td></tr>",
                anchor(plan, *file, None),
                escaped(self.suite.sources.shown(*file).as_bytes()),
                ways.percent(),
                steps.percent(),
            );
        }
        out.push_str("</tbody></table></div>\n");
    }

    /// Entries that nobody dialled, with numbers that would.
    fn undialled(&self, plan: usize, out: &mut String) {
        let never = self.never_dialled();
        if never.is_empty() {
            out.push_str("<h3>Never dialled</h3>\n<p>Each extension was dialled.</p>\n");
            return;
        }
        let open = if never.len() > FOLDED { "" } else { " open" };
        let _ = writeln!(
            out,
            "<h3>Never dialled</h3>\n<details{open}><summary>{} extension{} that no test dialled</summary>",
            never.len(),
            if never.len() == 1 { "" } else { "s" }
        );
        out.push_str("<div class=\"wide\"><table><thead><tr><th>Context</th><th>Extension</th><th>A number that leads there</th></tr></thead><tbody>\n");
        for (c, e, number) in never.iter().take(LISTED) {
            let context = &self.suite.loaded.compiled.hir.contexts[*c];
            let entry = &context.extensions[*e];
            let name = escaped(&entry.name);
            let name = match entry.step(1) {
                Some(step) => format!(
                    "<a href=\"#{}\">{name}</a>",
                    anchor(plan, step.file, Some(step.line))
                ),
                None => name,
            };
            let number = match number {
                Some(number) => format!("<code>{}</code>", escaped(number.as_bytes())),
                None => "<span class=\"soft\">none was found</span>".to_owned(),
            };
            let _ = writeln!(
                out,
                "<tr><td class=\"code\">{}</td><td class=\"code\">{name}</td><td>{number}</td></tr>",
                escaped(&context.name)
            );
        }
        out.push_str("</tbody></table></div>\n");
        if never.len() > LISTED {
            let _ = writeln!(
                out,
                "<p class=\"soft\">... and {} more.</p>",
                never.len() - LISTED
            );
        }
        out.push_str("</details>\n");
    }

    fn graph(&self, out: &mut String) {
        let (drawing, shown, all) = self.drawn();
        out.push_str("<h3>Where calls went</h3>\n");
        if shown < all {
            let _ = writeln!(
                out,
                "<p>The drawing is cut: it holds the first {shown} of {all} contexts and blocks of the plan.</p>"
            );
        }
        let _ = writeln!(
            out,
            "<div class=\"wide graph\" tabindex=\"0\" role=\"region\" aria-label=\"Jump graph\">\n{drawing}</div>"
        );
    }

    /// A file, line by line.
    fn file(
        &self,
        plan: usize,
        file: FileId,
        lines: &BTreeMap<u32, Vec<Stop<'_>>>,
        left: &mut usize,
        out: &mut String,
    ) {
        let _ = writeln!(
            out,
            "<h3 id=\"{}\">{}</h3>\n<div class=\"file code\">",
            anchor(plan, file, None),
            escaped(self.suite.sources.shown(file).as_bytes())
        );
        let bytes = self.suite.sources.file(file).bytes();
        let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        let mut all = bytes.split(|b| *b == b'\n').zip(1u32..);
        for (text, number) in all.by_ref().take(*left) {
            *left -= 1;
            let stops = lines.get(&number).map(Vec::as_slice).unwrap_or_default();
            self.line(&anchor(plan, file, Some(number)), number, text, stops, out);
        }
        out.push_str("</div>\n");
        let rest = all.count();
        if rest > 0 {
            let _ = writeln!(
                out,
                "<p>The page is cut: it holds {LINES} lines; {rest} more of this file are not in it.</p>"
            );
        }
    }

    fn line(&self, id: &str, number: u32, text: &[u8], stops: &[Stop<'_>], out: &mut String) {
        let text = escaped(text.strip_suffix(b"\r").unwrap_or(text));
        if stops.is_empty() {
            let _ = writeln!(
                out,
                "<div class=\"l\" id=\"{id}\"><span class=\"no\">{number}</span><span class=\"m\"></span><span class=\"c\"></span><span class=\"t\">{text}</span></div>"
            );
            return;
        }
        let states = || stops.iter().map(|s| state(s.count, s.taken));
        let (least, most) = (states().min(), states().max());
        let state = match least {
            Some(least) if Some(least) == most => least,
            _ => Ran::Partly,
        };
        let sign = match state {
            Ran::Wholly => '●',
            Ran::Partly => '◐',
            Ran::Never => '○',
        };
        let count = stops.iter().fold(0, |n: u64, s| n.saturating_add(s.count));
        let _ = writeln!(
            out,
            "<div class=\"l {}\" id=\"{id}\"><span class=\"no\">{number}</span><span class=\"m\">{sign}</span><span class=\"c\">{count}×</span><span class=\"t\">{text}</span><span class=\"w\">{}</span></div>",
            state.word(),
            self.margin(stops)
        );
    }

    /// What was never tried of a line.
    fn margin(&self, stops: &[Stop<'_>]) -> String {
        let mut notes: Vec<String> = Vec::new();
        for stop in stops {
            let ways = stop.ways.iter().zip(stop.taken);
            let untried: Vec<&str> = ways
                .filter(|(_, n)| **n == 0)
                .map(|(way, _)| way.words())
                .collect();
            let mut note = match stop.count {
                0 if stop.is_step => "never ran".to_owned(),
                0 => "no number was looked for here".to_owned(),
                _ if untried.is_empty() => continue,
                _ => format!("never tried: {}", untried.join(", ")),
            };
            if stops.len() > 1 {
                // A file that several contexts include has a step in each.
                let context = &self.suite.loaded.compiled.hir.contexts[stop.context];
                note = format!("[{}] {note}", String::from_utf8_lossy(&context.name));
            }
            notes.push(escaped(note.as_bytes()));
        }
        notes.join("<br>")
    }
}

/// The name of a file, or of a line of it, in the page.
fn anchor(plan: usize, file: FileId, line: Option<u32>) -> String {
    match line {
        Some(line) => format!("p{plan}f{}l{line}", file.0),
        None => format!("p{plan}f{}", file.0),
    }
}
