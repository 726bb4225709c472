//! `strowger lsp`: the plan in an editor. This file speaks the protocol; what is asked is answered in `lsp/answers.rs`.
//!
//! One thread does everything in the order in which it was asked; another only waits for input, so that the newest edit wins: findings are
//! looked for when nothing more is there to read.

mod answers;
mod documents;
mod position;
mod project;
mod wire;

use answers::Asked;
use documents::Documents;
use lsp_server::{ErrorCode, Message, Notification, Request, RequestId, Response};
use lsp_types::*;
use position::Lines;
use project::{Key, Project, Snapshot};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{self, BufReader, BufWriter, Write};
use std::process::ExitCode;
use std::rc::Rc;
use std::str::FromStr;
use std::sync::mpsc::{self, RecvTimeoutError, TryRecvError};
use std::time::{Duration, Instant};
use wire::Incoming;

/// Answer an editor over standard input and output (Language Server Protocol)
#[derive(clap::Args)]
#[command(after_help = "Examples:
  strowger lsp        # editors start it by themselves: docs/editors.md says how")]
pub(crate) struct Args {
    /// For editors that ask for it by name; nothing else is spoken
    #[arg(long, hide = true)]
    stdio: bool,
}

/// A look for findings that takes longer waits for a pause in the typing, so that questions are answered first.
const BLINK: Duration = Duration::from_millis(50);
/// Questions that an edit raises come so soon behind it.
const GRACE: Duration = Duration::from_millis(3);
/// The longest such wait.
const PAUSE: Duration = Duration::from_millis(500);

/// Messages that wait to be read.
const WAITING: usize = 16;

pub(crate) fn main(_args: Args) -> ExitCode {
    let (sender, receiver) = mpsc::sync_channel(WAITING);
    std::thread::spawn(move || {
        let mut input = BufReader::new(io::stdin());
        while let Ok(Some(incoming)) = wire::read(&mut input) {
            if sender.send(incoming).is_err() {
                return;
            }
        }
    });
    let mut server = Server::new(BufWriter::new(io::stdout()));
    loop {
        let next = match receiver.try_recv() {
            Err(TryRecvError::Empty) => match receiver.recv_timeout(server.pause()) {
                Err(RecvTimeoutError::Timeout) => {
                    if server.settle().is_err() {
                        return ExitCode::FAILURE; // the editor has gone
                    }
                    receiver.recv().ok()
                }
                other => other.ok(),
            },
            other => other.ok(),
        };
        let ended = match next {
            Some(incoming) => server.handle(incoming),
            None => Ok(Some(false)),
        };
        match ended {
            Ok(None) => {}
            Ok(Some(asked)) => {
                return if asked && server.down {
                    ExitCode::SUCCESS
                } else {
                    ExitCode::FAILURE
                };
            }
            Err(_) => return ExitCode::FAILURE,
        }
    }
}

struct Server<W: Write> {
    out: W,
    documents: Documents,
    projects: BTreeMap<Key, Project>,
    /// The plan of each open file.
    homes: BTreeMap<String, Key>,
    ready: bool,
    down: bool,
    watching: bool,
    /// How long the last look for findings took.
    took: Duration,
    /// When a text was last changed.
    edited: Option<Instant>,
    /// It was changed again before findings could be told: somebody is typing.
    typing: bool,
}

/// A response that went well. Answers are long, so they are written as they are made.
#[derive(Serialize)]
struct Answer<'a> {
    jsonrpc: &'static str,
    id: &'a RequestId,
    result: &'a RawValue,
}

impl<'a> Answer<'a> {
    fn new(id: &'a RequestId, result: &'a RawValue) -> Answer<'a> {
        Answer {
            jsonrpc: "2.0",
            id,
            result,
        }
    }
}

/// A notification.
#[derive(Serialize)]
struct Told<T> {
    jsonrpc: &'static str,
    method: &'static str,
    params: T,
}

/// Why a request is not answered.
type Refusal = (ErrorCode, String);

impl<W: Write> Server<W> {
    fn new(out: W) -> Server<W> {
        Server {
            out,
            documents: Documents::default(),
            projects: BTreeMap::new(),
            homes: BTreeMap::new(),
            ready: false,
            down: false,
            watching: false,
            took: Duration::ZERO,
            edited: None,
            typing: false,
        }
    }

    /// Deals with one message. `Some(true)`: the editor says good-bye.
    fn handle(&mut self, incoming: Incoming) -> io::Result<Option<bool>> {
        match incoming {
            Incoming::Malformed(why) => {
                let error = json!({ "code": ErrorCode::ParseError as i32, "message": why });
                let answer = json!({ "jsonrpc": "2.0", "id": null, "error": error });
                wire::write(&mut self.out, &answer)?;
            }
            Incoming::Message(Message::Request(request)) => {
                let id = request.id.clone();
                match self.answer(request) {
                    Ok(result) => wire::write(&mut self.out, &Answer::new(&id, &result))?,
                    Err((code, why)) => {
                        self.send(Response::new_err(id, code as i32, why).into())?;
                    }
                }
            }
            Incoming::Message(Message::Notification(note)) => {
                if note.method == "exit" {
                    return Ok(Some(true));
                }
                self.notice(note)?;
            }
            Incoming::Message(Message::Response(_)) => {}
        }
        Ok(None)
    }

    fn send(&mut self, message: Message) -> io::Result<()> {
        message.write(&mut self.out)
    }

    /// Something that wants no answer. What cannot be understood is passed over.
    fn notice(&mut self, note: Notification) -> io::Result<()> {
        if !self.ready {
            return Ok(());
        }
        match note.method.as_str() {
            "initialized" if self.watching => self.watch()?,
            "textDocument/didOpen" => {
                if let Ok(DidOpenTextDocumentParams { text_document: d }) = read(note.params) {
                    let uri = d.uri.as_str();
                    if self.documents.open(uri, d.version, d.text) {
                        self.settle_in(uri);
                    }
                }
            }
            "textDocument/didChange" => {
                if let Ok(DidChangeTextDocumentParams {
                    text_document,
                    content_changes,
                }) = read(note.params)
                {
                    let uri = text_document.uri.as_str();
                    if self
                        .documents
                        .change(uri, text_document.version, content_changes)
                    {
                        self.stir(uri);
                    }
                }
            }
            "textDocument/didClose" => {
                if let Ok(DidCloseTextDocumentParams { text_document }) = read(note.params) {
                    let uri = text_document.uri.as_str();
                    self.documents.close(uri);
                    if let Some(key) = self.homes.remove(uri)
                        && let Some(project) = self.projects.get_mut(&key)
                    {
                        project.forget();
                    }
                    self.leave()?;
                }
            }
            "textDocument/didSave" | "workspace/didChangeWatchedFiles" => {
                for project in self.projects.values_mut() {
                    project.forget();
                }
                // An `#include` may have come or gone, and with it where a file belongs.
                let open: Vec<String> = self.documents.all().map(|d| d.uri.clone()).collect();
                for uri in open {
                    self.settle_in(&uri);
                }
                self.leave()?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Asks to be told when files of the configuration change on the disk.
    fn watch(&mut self) -> io::Result<()> {
        let params = json!({ "registrations": [{
            "id": "files",
            "method": "workspace/didChangeWatchedFiles",
            "registerOptions": { "watchers": [
                { "globPattern": "**/*.conf" },
                { "globPattern": "**/*.dial" },
                { "globPattern": "**/strowger.toml" },
            ] },
        }] });
        let request = Request {
            id: RequestId::from("watch".to_owned()),
            method: "client/registerCapability".to_owned(),
            params,
        };
        self.send(request.into())
    }

    /// Finds the plan that an open file belongs to.
    fn settle_in(&mut self, uri: &str) {
        let Some(document) = self.documents.get(uri) else {
            return;
        };
        let home = match document.path.clone() {
            Some(path) => project::belongs(&path, &self.documents),
            None => None,
        };
        match home {
            Some(key) => {
                self.projects.entry(key.clone()).or_default().forget();
                self.homes.insert(uri.to_owned(), key);
            }
            None => {
                self.homes.remove(uri);
            }
        }
    }

    /// A file has changed: so have the plans that hold it.
    fn stir(&mut self, uri: &str) {
        let before = self.edited.replace(Instant::now());
        self.typing = before.is_some_and(|before| before.elapsed() < 2 * self.took);
        let path = self.documents.get(uri).and_then(|d| d.path.as_deref());
        let home = self.homes.get(uri).and_then(|k| self.projects.get_mut(k));
        if let (Some(project), Some(path)) = (home, path) {
            project.stir(path);
        }
    }

    /// Forgets plans of which no file is open, and takes back what was said of them.
    fn leave(&mut self) -> io::Result<()> {
        let gone: Vec<Key> = self
            .projects
            .keys()
            .filter(|key| !self.homes.values().any(|home| home == *key))
            .cloned()
            .collect();
        for key in gone {
            let Some(project) = self.projects.remove(&key) else {
                continue;
            };
            for uri in project.published {
                self.publish(&uri, Vec::new())?;
            }
        }
        Ok(())
    }

    fn publish(&mut self, uri: &str, diagnostics: Vec<Diagnostic>) -> io::Result<()> {
        let Ok(parsed) = Uri::from_str(uri) else {
            return Ok(());
        };
        let params = PublishDiagnosticsParams {
            uri: parsed,
            diagnostics,
            version: self.documents.get(uri).map(|d| d.version),
        };
        let method = "textDocument/publishDiagnostics";
        wire::write(
            &mut self.out,
            &Told {
                jsonrpc: "2.0",
                method,
                params,
            },
        )
    }

    /// How long nothing must come before findings are looked for.
    fn pause(&self) -> Duration {
        match self.took > BLINK {
            true if self.typing => self.took.min(PAUSE),
            true => GRACE,
            false => Duration::ZERO,
        }
    }

    /// Looks for findings where files have changed, and tells them.
    fn settle(&mut self) -> io::Result<()> {
        let begun = Instant::now();
        let stale: Vec<Key> = self
            .projects
            .iter()
            .filter(|(_, project)| project.stale)
            .map(|(key, _)| key.clone())
            .collect();
        for key in stale {
            let Some(snapshot) = self.snapshot(&key) else {
                continue;
            };
            let found = answers::diagnostics(&snapshot, &self.documents);
            let mut told: BTreeMap<String, Vec<Diagnostic>> = found
                .into_iter()
                .map(|(file, found)| (answers::uri(&snapshot, &self.documents, file), found))
                .collect();
            // Open files are told of even when nothing is wrong: that is an answer too.
            for (uri, home) in &self.homes {
                if *home == key {
                    told.entry(uri.clone()).or_default();
                }
            }
            let Some(project) = self.projects.get_mut(&key) else {
                continue;
            };
            project.stale = false;
            let before = std::mem::take(&mut project.published);
            project.published = told.keys().cloned().collect();
            for uri in before {
                told.entry(uri).or_default();
            }
            for (uri, found) in told {
                self.publish(&uri, found)?;
            }
            self.took = begun.elapsed();
        }
        Ok(())
    }

    fn snapshot(&mut self, key: &Key) -> Option<Rc<Snapshot>> {
        let project = self.projects.get_mut(key)?;
        Some(project.snapshot(key, &self.documents))
    }

    /// The answer to a request.
    fn answer(&mut self, request: Request) -> Result<Box<RawValue>, Refusal> {
        let Request { method, params, .. } = request;
        if method == "initialize" {
            return self.initialize(params);
        }
        if !self.ready {
            return Err((
                ErrorCode::ServerNotInitialized,
                "`initialize` comes first".to_owned(),
            ));
        }
        if self.down {
            return Err((ErrorCode::InvalidRequest, "shut down".to_owned()));
        }
        match method.as_str() {
            "shutdown" => {
                self.down = true;
                Ok(Box::default())
            }
            "textDocument/hover" => {
                let p: HoverParams = read(params)?;
                let at = p.text_document_position_params;
                self.of(&at.text_document, |asked, _| Ok(asked.hover(at.position)))
            }
            "textDocument/definition" => {
                let p: GotoDefinitionParams = read(params)?;
                let at = p.text_document_position_params;
                self.of(&at.text_document, |asked, _| {
                    Ok(asked.definition(at.position))
                })
            }
            "textDocument/references" => {
                let p: ReferenceParams = read(params)?;
                let at = p.text_document_position;
                let declaration = p.context.include_declaration;
                self.of(&at.text_document, |asked, _| {
                    Ok(asked.references(at.position, declaration))
                })
            }
            "textDocument/documentHighlight" => {
                let p: DocumentHighlightParams = read(params)?;
                let at = p.text_document_position_params;
                self.of(&at.text_document, |asked, _| {
                    Ok(asked.highlights(at.position))
                })
            }
            "textDocument/prepareRename" => {
                let p: TextDocumentPositionParams = read(params)?;
                self.of(&p.text_document, |asked, _| {
                    asked.renamable(p.position).map_err(refused)
                })
            }
            "textDocument/rename" => {
                let p: RenameParams = read(params)?;
                let at = p.text_document_position;
                self.of(&at.text_document, |asked, _| {
                    asked.rename(at.position, &p.new_name).map_err(refused)
                })
            }
            "textDocument/completion" => {
                let p: CompletionParams = read(params)?;
                let at = p.text_document_position;
                self.of(&at.text_document, |asked, project| {
                    let prompts = project.prompts(asked.snapshot);
                    Ok(asked.completion(at.position, &prompts))
                })
            }
            "textDocument/documentSymbol" => {
                let p: DocumentSymbolParams = read(params)?;
                self.of(&p.text_document, |asked, _| Ok(asked.symbols()))
            }
            "textDocument/foldingRange" => {
                let p: FoldingRangeParams = read(params)?;
                self.of(&p.text_document, |asked, _| Ok(asked.folds()))
            }
            "textDocument/inlayHint" => {
                let p: InlayHintParams = read(params)?;
                self.of(&p.text_document, |asked, _| Ok(asked.hints(p.range)))
            }
            "textDocument/semanticTokens/full" => {
                let p: SemanticTokensParams = read(params)?;
                self.of(&p.text_document, |asked, _| Ok(asked.tokens(None)))
            }
            "textDocument/semanticTokens/range" => {
                let p: SemanticTokensRangeParams = read(params)?;
                self.of(&p.text_document, |asked, _| Ok(asked.tokens(Some(p.range))))
            }
            "textDocument/formatting" => {
                let p: DocumentFormattingParams = read(params)?;
                self.of(&p.text_document, |asked, _| Ok(asked.formatting(None)))
            }
            "textDocument/rangeFormatting" => {
                let p: DocumentRangeFormattingParams = read(params)?;
                self.of(&p.text_document, |asked, _| {
                    Ok(asked.formatting(Some(p.range)))
                })
            }
            "textDocument/codeAction" => {
                let p: CodeActionParams = read(params)?;
                self.of(&p.text_document, |asked, _| Ok(asked.actions(&p)))
            }
            "workspace/symbol" => {
                let p: WorkspaceSymbolParams = read(params)?;
                let keys: Vec<Key> = self.projects.keys().cloned().collect();
                let mut out = Vec::new();
                for key in keys {
                    if let Some(snapshot) = self.snapshot(&key) {
                        answers::named(&snapshot, &self.documents, &p.query, &mut out);
                    }
                }
                to_raw(out)
            }
            _ => Err((
                ErrorCode::MethodNotFound,
                format!("`{method}` is not spoken here"),
            )),
        }
    }

    /// Answers a question about an open file. Of a file that belongs to no plan nothing is known: the answer is null.
    fn of<T: Serialize>(
        &mut self,
        document: &TextDocumentIdentifier,
        answer: impl FnOnce(&Asked<'_>, &mut Project) -> Result<T, Refusal>,
    ) -> Result<Box<RawValue>, Refusal> {
        let uri = document.uri.as_str();
        let Some(key) = self.homes.get(uri).cloned() else {
            return Ok(Box::default());
        };
        let Some(snapshot) = self.snapshot(&key) else {
            return Ok(Box::default());
        };
        let path = self.documents.get(uri).and_then(|d| d.path.clone());
        let Some(file) = path.and_then(|path| snapshot.file(&path)) else {
            return Ok(Box::default());
        };
        let asked = Asked {
            snapshot: &snapshot,
            documents: &self.documents,
            file,
            lines: Lines::new(snapshot.sources().file(file).bytes()),
        };
        let Some(project) = self.projects.get_mut(&key) else {
            return Ok(Box::default());
        };
        to_raw(answer(&asked, project)?)
    }

    fn initialize(&mut self, params: Value) -> Result<Box<RawValue>, Refusal> {
        if self.ready {
            let why = "`initialize` has been answered already";
            return Err((ErrorCode::InvalidRequest, why.to_owned()));
        }
        self.ready = true;
        let watched = "/capabilities/workspace/didChangeWatchedFiles/dynamicRegistration";
        self.watching = params.pointer(watched) == Some(&Value::Bool(true));
        let capabilities = ServerCapabilities {
            position_encoding: Some(PositionEncodingKind::UTF16),
            text_document_sync: Some(TextDocumentSyncCapability::Options(
                TextDocumentSyncOptions {
                    open_close: Some(true),
                    change: Some(TextDocumentSyncKind::INCREMENTAL),
                    save: Some(TextDocumentSyncSaveOptions::Supported(true)),
                    ..TextDocumentSyncOptions::default()
                },
            )),
            hover_provider: Some(HoverProviderCapability::Simple(true)),
            definition_provider: Some(OneOf::Left(true)),
            references_provider: Some(OneOf::Left(true)),
            document_highlight_provider: Some(OneOf::Left(true)),
            rename_provider: Some(OneOf::Right(RenameOptions {
                prepare_provider: Some(true),
                work_done_progress_options: WorkDoneProgressOptions::default(),
            })),
            completion_provider: Some(CompletionOptions {
                trigger_characters: Some(
                    ["(", ",", "{", "/", "&", "@", "=", ">", "?", ":", ".", "\""]
                        .map(str::to_owned)
                        .to_vec(),
                ),
                ..CompletionOptions::default()
            }),
            document_symbol_provider: Some(OneOf::Left(true)),
            workspace_symbol_provider: Some(OneOf::Left(true)),
            folding_range_provider: Some(FoldingRangeProviderCapability::Simple(true)),
            inlay_hint_provider: Some(OneOf::Left(true)),
            semantic_tokens_provider: Some(
                SemanticTokensServerCapabilities::SemanticTokensOptions(SemanticTokensOptions {
                    legend: SemanticTokensLegend {
                        token_types: answers::TOKENS.map(SemanticTokenType::new).to_vec(),
                        token_modifiers: vec![SemanticTokenModifier::DEFINITION],
                    },
                    range: Some(true),
                    full: Some(SemanticTokensFullOptions::Bool(true)),
                    ..SemanticTokensOptions::default()
                }),
            ),
            document_formatting_provider: Some(OneOf::Left(true)),
            document_range_formatting_provider: Some(OneOf::Left(true)),
            code_action_provider: Some(CodeActionProviderCapability::Options(CodeActionOptions {
                code_action_kinds: Some(vec![
                    CodeActionKind::QUICKFIX,
                    CodeActionKind::SOURCE_FIX_ALL,
                ]),
                ..CodeActionOptions::default()
            })),
            ..ServerCapabilities::default()
        };
        to_raw(InitializeResult {
            capabilities,
            server_info: Some(ServerInfo {
                name: "strowger".to_owned(),
                version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            }),
        })
    }
}

fn refused(why: String) -> Refusal {
    (ErrorCode::RequestFailed, why)
}

fn read<T: DeserializeOwned>(params: Value) -> Result<T, Refusal> {
    serde_json::from_value(params).map_err(|e| (ErrorCode::InvalidParams, e.to_string()))
}

fn to_raw(value: impl Serialize) -> Result<Box<RawValue>, Refusal> {
    serde_json::value::to_raw_value(&value).map_err(|e| (ErrorCode::InternalError, e.to_string()))
}
