//! What is answered: a question of the protocol to the plan, and the plan's words back.

use super::documents::{self, Documents};
use super::position::Lines;
use super::project::Snapshot;
use lsp_types::*;
use std::collections::HashMap;
use std::str::FromStr;
use strowger_compiler::editor::{self, EntryKind, FoldKind, ItemKind, Role, Symbol, TokenKind};
use strowger_compiler::{Diagnostic as Finding, Edit, FileId, Level, Span, dial, fmt};
use strowger_dial::print;

/// Findings that are shown of one file.
const FINDINGS: usize = 1_000;
/// Symbols that an answer names.
const SYMBOLS: usize = 500;

/// Kinds of words, in the order in which [`token`] counts them.
pub(super) const TOKENS: [&str; 14] = [
    "keyword",
    "namespace",
    "class",
    "number",
    "label",
    "function",
    "macro",
    "variable",
    "property",
    "comment",
    "string",
    "type",
    "enumMember",
    "parameter",
];

fn token(kind: TokenKind) -> u32 {
    match kind {
        TokenKind::Key => 0,
        TokenKind::Context => 1,
        TokenKind::Extension => 2,
        TokenKind::Priority => 3,
        TokenKind::Label => 4,
        TokenKind::Application => 5,
        TokenKind::Function => 6,
        TokenKind::Variable => 7,
        TokenKind::Device => 8,
        TokenKind::Comment => 9,
        TokenKind::Text => 10,
        TokenKind::Type => 11,
        TokenKind::Case => 12,
        TokenKind::Parameter => 13,
    }
}

/// A file of a plan, as a question names it.
pub(super) struct Asked<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) documents: &'a Documents,
    pub(super) file: FileId,
    pub(super) lines: Lines<'a>,
}

/// The URI of a file: as the editor spells it, if it is open.
pub(super) fn uri(snapshot: &Snapshot, documents: &Documents, file: FileId) -> String {
    let path = snapshot.path(file);
    match documents.at(&path) {
        Some(document) => document.uri.clone(),
        None => documents::uri(&path),
    }
}

/// Places of several files in the protocol's words; lines of each file are counted once.
struct Places<'a> {
    snapshot: &'a Snapshot,
    documents: &'a Documents,
    files: HashMap<FileId, (Option<Uri>, Lines<'a>)>,
}

impl<'a> Places<'a> {
    fn new(snapshot: &'a Snapshot, documents: &'a Documents) -> Places<'a> {
        Places {
            snapshot,
            documents,
            files: HashMap::new(),
        }
    }

    fn location(&mut self, span: Span) -> Option<Location> {
        let (snapshot, documents) = (self.snapshot, self.documents);
        let (uri, lines) = self.files.entry(span.file).or_insert_with(|| {
            let uri = uri(snapshot, documents, span.file);
            let lines = Lines::new(snapshot.sources().file(span.file).bytes());
            (Uri::from_str(&uri).ok(), lines)
        });
        Some(Location {
            uri: uri.clone()?,
            range: lines.range(span),
        })
    }

    #[expect(clippy::mutable_key_type)] // a `Uri` does not change
    fn changes(&mut self, edits: &[Edit]) -> WorkspaceEdit {
        let mut changes: HashMap<Uri, Vec<TextEdit>> = HashMap::new();
        for edit in edits {
            if let Some(at) = self.location(edit.span) {
                changes.entry(at.uri).or_default().push(TextEdit {
                    range: at.range,
                    new_text: String::from_utf8_lossy(&edit.text).into_owned(),
                });
            }
        }
        WorkspaceEdit {
            changes: Some(changes),
            ..WorkspaceEdit::default()
        }
    }
}

/// Findings in the protocol's words, by file.
pub(super) fn diagnostics(
    snapshot: &Snapshot,
    documents: &Documents,
) -> Vec<(FileId, Vec<Diagnostic>)> {
    let mut places = Places::new(snapshot, documents);
    let mut out: Vec<(FileId, Vec<Diagnostic>)> = Vec::new();
    let mut index: HashMap<FileId, usize> = HashMap::new();
    for finding in snapshot.findings() {
        let file = finding.primary.span.file;
        let at = *index.entry(file).or_insert_with(|| {
            out.push((file, Vec::new()));
            out.len() - 1
        });
        if out[at].1.len() < FINDINGS {
            out[at].1.extend(diagnostic(&mut places, finding));
        }
    }
    out
}

fn diagnostic(places: &mut Places<'_>, finding: &Finding) -> Option<Diagnostic> {
    let at = places.location(finding.primary.span)?;
    let mut message = finding.message.clone();
    if !finding.primary.text.is_empty() {
        message.push_str(&format!("\n{}", finding.primary.text));
    }
    for help in &finding.helps {
        message.push_str(&format!("\nHelp: {help}"));
    }
    let related: Vec<DiagnosticRelatedInformation> = finding
        .secondary
        .iter()
        .filter_map(|label| {
            Some(DiagnosticRelatedInformation {
                location: places.location(label.span)?,
                message: label.text.clone(),
            })
        })
        .collect();
    Some(Diagnostic {
        range: at.range,
        severity: Some(match finding.level {
            Level::Error => DiagnosticSeverity::ERROR,
            Level::Warn => DiagnosticSeverity::WARNING,
            Level::Note | Level::Allow => DiagnosticSeverity::INFORMATION,
        }),
        code: Some(NumberOrString::String(finding.code.to_owned())),
        source: Some("strowger".to_owned()),
        message,
        related_information: (!related.is_empty()).then_some(related),
        ..Diagnostic::default()
    })
}

impl Asked<'_> {
    fn offset(&self, at: Position) -> u32 {
        self.lines.offset(at) as u32
    }

    /// The 1-based lines, as the compiler counts them, of a range; the last one not included.
    fn line_range(&self, range: Range) -> (u32, u32) {
        let source = self.snapshot.sources().file(self.file);
        let line = |at| source.line(self.offset(at));
        (line(range.start), line(range.end) + 1)
    }

    fn all_lines(&self) -> (u32, u32) {
        let source = self.snapshot.sources().file(self.file);
        (1, source.line_count() + 1)
    }

    pub(super) fn hover(&self, at: Position) -> Option<Hover> {
        let hover = self.snapshot.view().hover(self.file, self.offset(at))?;
        Some(Hover {
            contents: HoverContents::Markup(MarkupContent {
                kind: MarkupKind::Markdown,
                value: hover.text,
            }),
            range: Some(self.lines.range(hover.span)),
        })
    }

    pub(super) fn definition(&self, at: Position) -> Vec<Location> {
        let mut places = Places::new(self.snapshot, self.documents);
        self.snapshot
            .view()
            .definitions(self.file, self.offset(at))
            .into_iter()
            .filter_map(|span| places.location(span))
            .collect()
    }

    pub(super) fn references(&self, at: Position, declaration: bool) -> Vec<Location> {
        let mut places = Places::new(self.snapshot, self.documents);
        self.snapshot
            .view()
            .references(self.file, self.offset(at))
            .into_iter()
            .filter(|(_, role)| declaration || *role == Role::Use)
            .filter_map(|(span, _)| places.location(span))
            .collect()
    }

    pub(super) fn highlights(&self, at: Position) -> Vec<DocumentHighlight> {
        self.snapshot
            .view()
            .references(self.file, self.offset(at))
            .into_iter()
            .filter(|(span, _)| span.file == self.file)
            .map(|(span, role)| DocumentHighlight {
                range: self.lines.range(span),
                kind: Some(match role {
                    Role::Definition => DocumentHighlightKind::WRITE,
                    Role::Use => DocumentHighlightKind::READ,
                }),
            })
            .collect()
    }

    pub(super) fn renamable(&self, at: Position) -> Result<PrepareRenameResponse, String> {
        let span = self.snapshot.view().renamable(self.file, self.offset(at));
        let span = span.map_err(|refused| refused.0)?;
        Ok(PrepareRenameResponse::Range(self.lines.range(span)))
    }

    pub(super) fn rename(&self, at: Position, name: &str) -> Result<WorkspaceEdit, String> {
        let view = self.snapshot.view();
        let edits = view.rename(self.file, self.offset(at), name);
        let edits = edits.map_err(|refused| refused.0)?;
        Ok(Places::new(self.snapshot, self.documents).changes(&edits))
    }

    pub(super) fn completion(&self, at: Position, prompts: &[String]) -> Vec<CompletionItem> {
        let world = editor::World { prompts };
        self.snapshot
            .view()
            .complete(self.file, self.offset(at), &world)
            .into_iter()
            .map(|item| CompletionItem {
                label: item.label,
                kind: Some(match item.kind {
                    ItemKind::Key => CompletionItemKind::KEYWORD,
                    ItemKind::Application => CompletionItemKind::FUNCTION,
                    ItemKind::Function => CompletionItemKind::METHOD,
                    ItemKind::Variable => CompletionItemKind::VARIABLE,
                    ItemKind::Context => CompletionItemKind::MODULE,
                    ItemKind::Extension => CompletionItemKind::CLASS,
                    ItemKind::Label => CompletionItemKind::REFERENCE,
                    ItemKind::Option => CompletionItemKind::ENUM_MEMBER,
                    ItemKind::Device => CompletionItemKind::PROPERTY,
                    ItemKind::Prompt => CompletionItemKind::FILE,
                    ItemKind::Case => CompletionItemKind::ENUM_MEMBER,
                    ItemKind::Type => CompletionItemKind::CLASS,
                }),
                detail: (!item.detail.is_empty()).then_some(item.detail),
                text_edit: Some(CompletionTextEdit::Edit(TextEdit {
                    range: self.lines.range(item.replace),
                    new_text: item.insert,
                })),
                ..CompletionItem::default()
            })
            .collect()
    }

    pub(super) fn symbols(&self) -> Vec<DocumentSymbol> {
        let outline = self.snapshot.view().outline(self.file);
        outline.into_iter().map(|e| self.symbol(e)).collect()
    }

    #[expect(deprecated)] // the field has to be written
    fn symbol(&self, entry: editor::Entry) -> DocumentSymbol {
        // An outline is three deep.
        let children: Vec<DocumentSymbol> =
            entry.children.into_iter().map(|e| self.symbol(e)).collect();
        // Some clients refuse a name that is nothing.
        let name = match entry.name.trim() {
            "" => "(no name)".to_owned(),
            _ => entry.name,
        };
        DocumentSymbol {
            name,
            detail: None,
            kind: symbol_kind(entry.kind),
            tags: None,
            deprecated: None,
            range: self.lines.range(entry.span),
            selection_range: self.lines.range(entry.named),
            children: (!children.is_empty()).then_some(children),
        }
    }

    pub(super) fn folds(&self) -> Vec<FoldingRange> {
        let source = self.snapshot.sources().file(self.file);
        // Lines of the compiler are lines of the editor, unless a stray carriage return stands in the file.
        let line = |line: u32| {
            let start = source.line_range(line).start;
            self.lines.position(start).line
        };
        self.snapshot
            .view()
            .folds(self.file)
            .into_iter()
            .map(|fold| FoldingRange {
                start_line: line(fold.from),
                end_line: line(fold.to),
                kind: Some(match fold.kind {
                    FoldKind::Comment => FoldingRangeKind::Comment,
                    FoldKind::Region => FoldingRangeKind::Region,
                }),
                ..FoldingRange::default()
            })
            .collect()
    }

    pub(super) fn hints(&self, range: Range) -> Vec<InlayHint> {
        let (from, to) = self.line_range(range);
        self.snapshot
            .view()
            .hints(self.file, from, to)
            .into_iter()
            .map(|hint| InlayHint {
                position: self.lines.position(hint.offset as usize),
                label: InlayHintLabel::String(hint.text),
                kind: None,
                text_edits: None,
                tooltip: None,
                padding_left: None,
                padding_right: None,
                data: None,
            })
            .collect()
    }

    pub(super) fn tokens(&self, range: Option<Range>) -> SemanticTokens {
        let (from, to) = range.map_or_else(|| self.all_lines(), |r| self.line_range(r));
        let mut data = Vec::new();
        let (mut line, mut character) = (0, 0);
        for word in self.snapshot.view().tokens(self.file, from, to) {
            let at = self.lines.position(word.span.start as usize);
            if at.line != line {
                character = 0;
            }
            let width = self
                .lines
                .width(word.span.start as usize..word.span.end as usize);
            data.push(SemanticToken {
                delta_line: at.line - line,
                delta_start: at.character - character,
                length: width,
                token_type: token(word.kind),
                token_modifiers_bitset: u32::from(word.definition),
            });
            (line, character) = (at.line, at.character);
        }
        SemanticTokens {
            result_id: None,
            data,
        }
    }

    /// What formatting changes, within a range if there is one.
    pub(super) fn formatting(&self, range: Option<Range>) -> Vec<TextEdit> {
        let (from, to) = range.map_or_else(|| self.all_lines(), |r| self.line_range(r));
        let source = self.snapshot.sources().file(self.file);
        if dial::is_dial(source.name()) {
            let text = std::str::from_utf8(source.bytes()).unwrap_or_default();
            // Of a file that cannot be read nothing is changed.
            let changes = print::changes(text).unwrap_or_default().into_iter();
            return changes
                .filter(|(at, _)| (from..to).contains(&source.line(at.end)))
                .map(|(at, new_text)| TextEdit {
                    range: self.lines.of_bytes(at.start as usize..at.end as usize),
                    new_text,
                })
                .collect();
        }
        fmt::changes(self.snapshot.sources().file(self.file).bytes())
            .into_iter()
            .filter(|change| (from..to).contains(&change.line))
            .map(|change| TextEdit {
                range: self.lines.of_bytes(change.range),
                new_text: String::from_utf8_lossy(&change.text).into_owned(),
            })
            .collect()
    }

    /// Repairs of what is found in a range, and all safe ones of the file at once if they are asked for.
    pub(super) fn actions(&self, params: &CodeActionParams) -> Vec<CodeActionOrCommand> {
        let start = self.offset(params.range.start);
        let end = self.offset(params.range.end);
        let wanted = |kind: &CodeActionKind| match &params.context.only {
            None => *kind == CodeActionKind::QUICKFIX,
            Some(only) => only.iter().any(|asked| {
                kind == asked || kind.as_str().starts_with(&format!("{}.", asked.as_str()))
            }),
        };
        let mut places = Places::new(self.snapshot, self.documents);
        let mut out = Vec::new();
        if wanted(&CodeActionKind::QUICKFIX) {
            for finding in self.snapshot.findings() {
                let span = finding.primary.span;
                if span.file != self.file || span.start > end || span.end < start {
                    continue;
                }
                for fix in &finding.fixes {
                    out.push(CodeActionOrCommand::CodeAction(CodeAction {
                        title: capital(&fix.title),
                        kind: Some(CodeActionKind::QUICKFIX),
                        diagnostics: diagnostic(&mut places, finding).map(|d| vec![d]),
                        edit: Some(places.changes(&fix.edits)),
                        is_preferred: Some(fix.safe),
                        ..CodeAction::default()
                    }));
                }
            }
        }
        let all = CodeActionKind::SOURCE_FIX_ALL;
        if wanted(&CodeActionKind::QUICKFIX) {
            out.extend(self.imports(start, end, &mut places));
        }
        let ours = CodeActionKind::from(format!("{}.strowger", all.as_str()));
        if wanted(&ours) {
            let edits = self.safe_edits();
            if !edits.is_empty() {
                out.push(CodeActionOrCommand::CodeAction(CodeAction {
                    title: "Repair everything that is safe to repair".to_owned(),
                    kind: Some(ours),
                    edit: Some(places.changes(&edits)),
                    ..CodeAction::default()
                }));
            }
        }
        out
    }

    /// Imports that bring what is not declared here.
    fn imports(&self, start: u32, end: u32, places: &mut Places<'_>) -> Vec<CodeActionOrCommand> {
        let mut files = None;
        let mut out = Vec::new();
        for finding in self.snapshot.findings() {
            let span = finding.primary.span;
            let here = span.file == self.file && span.start <= end && span.end >= start;
            if !here || !finding.code.starts_with("D2") {
                continue;
            }
            let files =
                files.get_or_insert_with(|| self.snapshot.importable(self.file, self.documents));
            for wanted in self.snapshot.view().imports(finding, files) {
                out.push(CodeActionOrCommand::CodeAction(CodeAction {
                    title: capital(&wanted.title),
                    kind: Some(CodeActionKind::QUICKFIX),
                    diagnostics: diagnostic(places, finding).map(|d| vec![d]),
                    edit: Some(places.changes(&wanted.edits)),
                    ..CodeAction::default()
                }));
            }
        }
        out
    }

    /// The edits of all safe repairs in the file that do not touch each other.
    fn safe_edits(&self) -> Vec<Edit> {
        let mut out: Vec<Edit> = Vec::new();
        for finding in self.snapshot.findings() {
            let Some(fix) = finding.fixes.iter().find(|f| f.safe) else {
                continue;
            };
            let apart = fix.edits.iter().all(|e| {
                e.span.file == self.file
                    && out
                        .iter()
                        .all(|o| e.span.end < o.span.start || e.span.start > o.span.end)
            });
            if apart {
                out.extend(fix.edits.iter().cloned());
            }
        }
        out.sort_by_key(|e| e.span);
        out
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(letters).collect()
}

fn symbol_kind(kind: EntryKind) -> SymbolKind {
    match kind {
        EntryKind::Section => SymbolKind::NAMESPACE,
        EntryKind::Extension => SymbolKind::FUNCTION,
        EntryKind::Label => SymbolKind::KEY,
        EntryKind::Function => SymbolKind::METHOD,
        EntryKind::Constant => SymbolKind::CONSTANT,
        EntryKind::Variable => SymbolKind::VARIABLE,
        EntryKind::Enum => SymbolKind::ENUM,
        EntryKind::Case => SymbolKind::ENUM_MEMBER,
        EntryKind::Import => SymbolKind::MODULE,
        EntryKind::Test => SymbolKind::EVENT,
    }
}

/// Contexts, extensions and labels of a plan whose name holds a word.
#[expect(deprecated)] // the field has to be written
pub(super) fn named(
    snapshot: &Snapshot,
    documents: &Documents,
    query: &str,
    out: &mut Vec<SymbolInformation>,
) {
    let query = query.to_lowercase();
    let mut places = Places::new(snapshot, documents);
    let names = snapshot.view().names();
    for symbol in names.symbols() {
        if out.len() >= SYMBOLS {
            return;
        }
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (name, kind, within) = match symbol {
            Symbol::Context(name) => (text(name), EntryKind::Section, None),
            Symbol::Extension { context, exten } => {
                (text(exten), EntryKind::Extension, Some(text(context)))
            }
            Symbol::Label {
                context,
                exten,
                label,
            } => {
                let within = format!("{},{}", text(context), text(exten));
                (text(label), EntryKind::Label, Some(within))
            }
            Symbol::Declared(span) => {
                let Some((name, kind)) = snapshot.view().top_level(*span) else {
                    continue;
                };
                (name, kind, None)
            }
            _ => continue,
        };
        if !name.to_lowercase().contains(&query) {
            continue;
        }
        let defined = names
            .occurrences(symbol)
            .find(|o| o.role == Role::Definition);
        let location = defined.and_then(|o| places.location(o.span));
        out.extend(location.map(|location| SymbolInformation {
            name,
            kind: symbol_kind(kind),
            tags: None,
            deprecated: None,
            location,
            container_name: within,
        }));
    }
}
