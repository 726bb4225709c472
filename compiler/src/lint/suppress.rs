//! `; strowger: allow S103 reason` on the line before: a finding that somebody has looked at.

use std::collections::HashMap;

use crate::codes;
use crate::compile::Depth;
use crate::diagnostic::Diagnostic;
use crate::listing::Folder;
use crate::source::{FileId, SourceFile, Sources, Span};

const MARK: &[u8] = b"strowger: allow ";

/// One such comment.
struct Allowed {
    code: &'static str,
    span: Span,
    used: bool,
}

/// Comments by what they speak of: a code on a line of a file.
type Comments = HashMap<(&'static str, FileId, u32), Allowed>;

/// Takes away what is allowed, and reports comments that are wrong or allow nothing: the latter only where all has been looked
/// for that could be allowed, and for codes of the exchange only where it has looked (`exchange`).
pub(crate) fn apply(sources: &Sources, depth: Depth, exchange: bool, found: &mut Vec<Diagnostic>) {
    // A plan without a finding needs no permission.
    if depth < Depth::Check && found.is_empty() {
        return;
    }
    let (mut allowed, mut wrong) = comments(sources);
    remove(sources, &mut allowed, found);
    if depth < Depth::Check {
        return;
    }
    found.append(&mut wrong);
    let of_exchange = |code| codes::exchange().any(|c| c.id == code);
    let explored = |code| codes::explored().any(|c| c.id == code);
    let looked_for =
        |code| depth >= Depth::Analysis || codes::find(code).is_none_or(|c| !c.analysis);
    let mut unused: Vec<Allowed> = allowed
        .into_values()
        .filter(|a| !explored(a.code))
        .filter(|a| !a.used && looked_for(a.code) && (exchange || !of_exchange(a.code)))
        .filter(|a| listed(sources, a.code))
        .collect();
    unused.sort_by_key(|a| (a.span, a.code));
    for comment in unused {
        found.push(
            Diagnostic::new(
                "S144",
                format!("nothing on the next line is {}", comment.code),
                comment.span,
            )
            .label("allows nothing")
            .fix("remove the comment", comment.span, "", false),
        );
    }
}

/// Takes away what comments allow: for findings that are made elsewhere, such as those of a search. `of` tells the finding of each.
pub fn allow<T>(sources: &Sources, found: &mut Vec<T>, of: impl Fn(&T) -> &Diagnostic) {
    if found.is_empty() {
        return;
    }
    let mut allowed = comments(sources).0;
    found.retain(|one| !allows(sources, &mut allowed, of(one)));
}

/// All comments, and those that are wrong.
fn comments(sources: &Sources) -> (Comments, Vec<Diagnostic>) {
    let mut allowed = Comments::new();
    let mut wrong = Vec::new();
    for (id, file) in sources.files() {
        // Most files hold none; one search tells.
        if file.bytes().windows(MARK.len()).any(|w| w == MARK) {
            read(id, file, &mut allowed, &mut wrong);
        }
    }
    (allowed, wrong)
}

fn remove(sources: &Sources, allowed: &mut Comments, found: &mut Vec<Diagnostic>) {
    found.retain(|finding| !allows(sources, allowed, finding));
}

/// Whether a comment allows a finding. That comment counts as used.
fn allows(sources: &Sources, allowed: &mut Comments, finding: &Diagnostic) -> bool {
    if allowed.is_empty() {
        return false;
    }
    let span = finding.primary.span;
    let line = sources.file(span.file).line(span.start);
    // What `check` proves and what a search finds is the same mistake.
    let same = |(code, property): &&(&'static str, &'static str)| {
        *code == finding.code || *property == finding.code
    };
    let others = codes::PROVEN
        .iter()
        .filter(same)
        .flat_map(|(c, p)| [*c, *p]);
    let mut names = std::iter::once(finding.code).chain(others);
    let comment = names.find(|code| allowed.contains_key(&(*code, span.file, line)));
    let comment = comment.and_then(|code| allowed.get_mut(&(code, span.file, line)));
    match comment {
        Some(comment) => {
            comment.used = true;
            true
        }
        None => false,
    }
}

/// Whether the folder is known that a code speaks of.
fn listed(sources: &Sources, code: &str) -> bool {
    match code {
        "C011" => sources.listing(Folder::Sounds).is_some(),
        "C012" => sources.listing(Folder::Scripts).is_some(),
        _ => true,
    }
}

/// Reads the comments of one file. Several may stand above one another; they speak of the line below all of them.
fn read(id: FileId, file: &SourceFile, allowed: &mut Comments, wrong: &mut Vec<Diagnostic>) {
    // TOML and `.dial` have other signs for a comment.
    let sign: &[u8] = match file.name() {
        name if name.ends_with(".toml") => b"#",
        name if crate::dial::is_dial(name) => b"//",
        _ => b";",
    };
    let mut waiting = Vec::new();
    for line in 1..=file.line_count() {
        match comment(id, file, line, sign) {
            None => {
                for one in waiting.drain(..) {
                    let one: Allowed = one;
                    allowed.entry((one.code, id, line)).or_insert(one);
                }
            }
            Some(Ok(one)) => waiting.push(one),
            Some(Err(finding)) => wrong.push(finding),
        }
    }
    for one in waiting {
        allowed.insert((one.code, id, file.line_count() + 1), one);
    }
}

/// One line if it is such a comment.
fn comment(
    id: FileId,
    source: &SourceFile,
    line: u32,
    sign: &[u8],
) -> Option<Result<Allowed, Diagnostic>> {
    let bytes = source.line_bytes(line);
    let start = bytes.iter().take_while(|b| **b <= 32).count();
    let text = bytes[start..].trim_ascii_end();
    let rest = text.strip_prefix(sign)?.trim_ascii_start();
    let rest = rest.strip_prefix(MARK)?;
    let from = (source.line_range(line).start + start) as u32;
    let span = Span {
        file: id,
        start: from,
        end: from + text.len() as u32,
    };
    let end = rest.iter().position(|b| *b <= 32).unwrap_or(rest.len());
    let word = String::from_utf8_lossy(&rest[..end]).into_owned();
    let Some(code) = codes::find(&word) else {
        return Some(Err(Diagnostic::new(
            "S143",
            format!("`{word}` is no code"),
            span,
        )
        .label("allows nothing")));
    };
    if rest[end..].trim_ascii().is_empty() {
        return Some(Err(Diagnostic::new(
            "S143",
            format!("say why {} is allowed here", code.id),
            span,
        )
        .label(
            "a reason belongs behind the code; without one nothing is allowed",
        )));
    }
    Some(Ok(Allowed {
        code: code.id,
        span,
        used: false,
    }))
}
