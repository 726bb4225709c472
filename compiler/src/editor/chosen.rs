//! What a caller may have chosen of a text at the place where it stands, and how it came there.

use strowger_stdlib::template::{HoleKind, Template};

use super::{StepAt, View, show};
use crate::pattern::ByteSet;
use crate::resolve::Index;
use crate::roles::Roles;
use crate::source::FileId;
use crate::taint::{At, Link, Taint};
use crate::values::Values;
use crate::ways::{Node, Ways};

/// Ways that are told one by one.
const WAYS: usize = 3;
/// Bytes that mean something to what takes a text: a dial string, a shell, a query, a file name.
const MEANS: &[u8; 8] = b"&/@$'\";|";

impl View {
    /// What a caller may have chosen of the `${...}` around a place; none if that is nothing, as far as the plan tells.
    pub(super) fn chosen(&self, file: FileId, offset: u32) -> Option<String> {
        let at = self.step_at(file, self.sources.file(file).line(offset))?;
        let extension = &self.hir().contexts[at.context].extensions[at.extension];
        let args = &extension.steps[at.step].args;
        let template = Template::read(args.bytes());
        let holes = template.holes().into_iter();
        let hole = holes
            .filter(|hole| hole.kind == HoleKind::Variable)
            .map(|hole| hole.span.clone())
            .filter(|hole| super::holds(args.span_of(hole.clone()), file, offset))
            .min_by_key(|hole| hole.len())?;
        let text = args.slice(hole);

        let index = Index::new(self.hir());
        let values = Values::new(self.hir());
        let ways = Ways::new(&index, &values);
        let open = Roles::new(&self.peers, &self.surroundings).open(&ways);
        let mut taint = Taint::new(&ways, &self.dialect, open);
        let node = self.node(at);
        let mut pieces = Vec::new();
        taint.visit_one(node, &mut |here: &mut At<'_, '_>, number, _| {
            if number as usize == at.step {
                pieces = here.value(&text).0;
            }
        });
        pieces.retain(|piece| taint.credible(piece.trail, node));
        let mut told = Vec::new();
        for piece in &pieces {
            let source = taint.source(piece.trail);
            let mut line = format!("{} ({})", source.words(), source.freedom());
            let path = taint.path(piece.trail);
            let set = path.iter().filter_map(|trail| match trail.link {
                Link::Set(var) => Some(format!("`{}`", show(taint.name(var)))),
                Link::Given => Some("a subroutine".to_owned()),
                Link::From(_) | Link::Dialled => None,
            });
            let by: Vec<String> = set.collect();
            if !by.is_empty() {
                line.push_str(&format!(", by {}", by.join(", ")));
            }
            line.push_str(&format!(": {}", may_hold(piece.bytes)));
            if !told.contains(&line) {
                told.push(line);
            }
        }
        let more = told.len().saturating_sub(WAYS);
        told.truncate(WAYS);
        let mut text = match told.as_slice() {
            [] => return None,
            [one] => format!("A caller may have chosen it: {one}."),
            many => format!("A caller may have chosen it:\n\n* {}", many.join("\n* ")),
        };
        if more > 0 {
            text.push_str(&format!("\n* and in {more} more ways"));
        }
        Some(text)
    }

    /// The extension of a step as the analyses number them: context after context.
    fn node(&self, at: StepAt) -> Node {
        let before = &self.hir().contexts[..at.context];
        let before: usize = before.iter().map(|c| c.extensions.len()).sum();
        (before + at.extension) as Node
    }
}

/// What such bytes can be, in words.
fn may_hold(bytes: ByteSet) -> String {
    let within = |set: ByteSet| bytes.and(set.others()).is_empty();
    let digits = ByteSet::range(b'0', b'9');
    let letters = ByteSet::range(b'a', b'z').or(ByteSet::range(b'A', b'Z'));
    let keys = digits.or(ByteSet::of(b'*')).or(ByteSet::of(b'#'));
    let keys = keys.or(ByteSet::range(b'A', b'D'));
    if within(digits) {
        return "digits only".to_owned();
    }
    if within(keys) {
        return "keys of a telephone only".to_owned();
    }
    if within(digits.or(letters)) {
        return "letters and digits only".to_owned();
    }
    let means: Vec<String> = MEANS
        .iter()
        .filter(|b| bytes.holds(**b))
        .map(|b| char::from(*b).to_string())
        .collect();
    if means.is_empty() {
        return "nothing that means more than itself".to_owned();
    }
    format!("it may hold ``{}``", means.join(" "))
}
