//! Names that another file declares: what has to be written to use them.

use strowger_dial::tree::DeclKind;

use super::super::View;
use crate::diagnostic::{Diagnostic, Edit};
use crate::source::{FileId, Span};

/// A `.dial` file that a file could import, read by whoever has a disk.
#[derive(Clone, Debug)]
pub struct Elsewhere {
    /// As `import` names it: `site/numbers`.
    pub path: String,
    /// Its text.
    pub text: Vec<u8>,
}

/// A name that nobody declares here, and how it can be had.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// What is done.
    pub title: String,
    /// By which changes.
    pub edits: Vec<Edit>,
}

/// Findings that an import may mend: unknown names, types and contexts.
const UNKNOWN: [&str; 3] = ["D201", "D203", "D208"];

impl View {
    /// How the unknown name of a finding can be had from one of these files.
    pub fn imports(&self, found: &Diagnostic, files: &[Elsewhere]) -> Vec<Wanted> {
        let at = found.primary.span;
        if !UNKNOWN.contains(&found.code) || !self.is_dial(at.file) {
            return Vec::new();
        }
        let Ok(name) = std::str::from_utf8(self.sources.bytes(at)) else {
            return Vec::new();
        };
        let name = name.split(['.', '(']).next().unwrap_or_default();
        let Some(module) = self.dial().module(at.file) else {
            return Vec::new();
        };
        let mut out = Vec::new();
        for file in files {
            let declares = strowger_dial::parse_bytes(&file.text).module.decls;
            let here = declares.iter().find(|d| {
                let is_import = matches!(
                    d.kind,
                    DeclKind::Import { .. } | DeclKind::ImportConf { .. }
                );
                !is_import && super::name_of(&d.kind).is_some_and(|n| &*n.text == name)
            });
            let Some(decl) = here else {
                continue;
            };
            let words: Vec<&str> = file.path.split('/').collect();
            let known = module.decls.iter().find_map(|d| match &d.kind {
                DeclKind::Import { path, name }
                    if path.iter().map(|n| &*n.text).eq(words.iter().copied()) =>
                {
                    Some(name.text.to_string())
                }
                _ => None,
            });
            let alias = known
                .clone()
                .unwrap_or_else(|| words.last().copied().unwrap_or_default().to_owned());
            let mut edits = Vec::new();
            // Types and their cases are visible by their own names.
            if !matches!(decl.kind, DeclKind::Enum { .. }) {
                edits.push(Edit {
                    span: Span {
                        end: at.start,
                        ..at
                    },
                    text: format!("{alias}.").into_bytes(),
                });
            }
            if known.is_none() {
                edits.push(self.import_line(at.file, &file.path));
            }
            if edits.is_empty() {
                continue;
            }
            edits.sort_by_key(|e| e.span);
            out.push(Wanted {
                title: match known {
                    Some(_) => format!("write `{alias}.{name}`"),
                    None => format!("import `{name}` from {}", file.path),
                },
                edits,
            });
        }
        out
    }

    /// A further import, behind those that are there.
    fn import_line(&self, file: FileId, path: &str) -> Edit {
        let imports = self.dial().module(file).into_iter().flat_map(|m| &m.decls);
        let last = imports
            .filter(|d| {
                matches!(
                    d.kind,
                    DeclKind::Import { .. } | DeclKind::ImportConf { .. }
                )
            })
            .map(|d| d.at.end)
            .next_back();
        let (at, text) = match last {
            Some(end) => (end, format!("\nimport {path}")),
            None => {
                // Behind what is said of the file.
                let text = self.dial_text(file);
                let head = text.lines().take_while(|l| l.starts_with("//!"));
                let length: usize = head.map(|l| l.len() + 1).sum();
                (length.min(text.len()) as u32, format!("import {path}\n\n"))
            }
        };
        Edit {
            span: Span {
                file,
                start: at,
                end: at,
            },
            text: text.into_bytes(),
        }
    }
}
