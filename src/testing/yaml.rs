//! YAML with places: the tree of one file, bounded in size, depth and number of nodes.

use saphyr_parser::{Event, Marker, Parser, ScalarStyle};
use std::collections::HashMap;
use strowger_compiler::{Diagnostic, FileId, Span};

use super::problem::problem;

/// Longest test file, in bytes.
pub(crate) const SIZE: usize = 4 << 20;
/// Lists and mappings may stand in each other this deep.
const DEPTH: usize = 32;
/// Most values of a file, those counted again that an alias repeats; a text counts once more for each [`TEXT`] bytes.
const NODES: usize = 200_000;
/// See [`NODES`].
const TEXT: usize = 64;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) span: Span,
    pub(crate) value: Value,
}

/// What stands there.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// A text; the reader gives it its meaning, so `0900` stays what it is.
    Text(Text),
    /// `[a, b]`, or lines that begin with `-`.
    List(Vec<Node>),
    /// `{ a: b }`, or lines `a: b`; each key once.
    Map(Vec<(Key, Node)>),
}

/// A text, and whether it was written without quotes.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    pub(crate) text: String,
    pub(crate) plain: bool,
}

/// A key and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) span: Span,
    pub(crate) name: String,
}

impl Node {
    /// Nothing was written: `key:` alone, `~` or `null`.
    pub(crate) fn is_empty(&self) -> bool {
        matches!(&self.value, Value::Text(t) if t.plain && matches!(t.text.as_str(), "" | "~" | "null"))
    }

    /// The text, if it is one.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(&text.text),
            Value::List(_) | Value::Map(_) => None,
        }
    }

    /// The members of a list; a single value counts as a list of one, nothing as none.
    pub(crate) fn items(&self) -> &[Node] {
        match &self.value {
            Value::List(items) => items,
            _ if self.is_empty() => &[],
            _ => std::slice::from_ref(self),
        }
    }

    /// The entries of a mapping; none of anything else.
    pub(crate) fn entries(&self) -> &[(Key, Node)] {
        match &self.value {
            Value::Map(entries) => entries,
            Value::Text(_) | Value::List(_) => &[],
        }
    }

    /// A mapping without these keys.
    pub(crate) fn without(&self, keys: &[&str]) -> Node {
        let mut node = self.clone();
        if let Value::Map(entries) = &mut node.value {
            entries.retain(|(key, _)| !keys.contains(&key.name.as_str()));
        }
        node
    }

    /// On one line, as YAML reads it.
    pub(crate) fn flow(&self) -> String {
        let plain = |text: &str| {
            !text.is_empty()
                && text
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "_/.+ -".contains(c))
                && !text.starts_with(['-', ' '])
        };
        let text = |text: &str, was_plain: bool| match was_plain && plain(text) {
            true => text.to_owned(),
            // A JSON text is a YAML text.
            false => serde_json::Value::from(text).to_string(),
        };
        match &self.value {
            _ if self.is_empty() => "~".to_owned(),
            Value::Text(t) => text(&t.text, t.plain),
            Value::List(items) => {
                let items: Vec<String> = items.iter().map(Node::flow).collect();
                format!("[{}]", items.join(", "))
            }
            Value::Map(entries) => {
                let entries = entries.iter();
                let entries: Vec<String> = entries
                    .map(|(key, value)| format!("{}: {}", text(&key.name, true), value.flow()))
                    .collect();
                format!("{{ {} }}", entries.join(", "))
            }
        }
    }

    /// The value of a key.
    pub(crate) fn get(&self, name: &str) -> Option<&Node> {
        let found = self.entries().iter().find(|(key, _)| key.name == name);
        found.map(|(_, node)| node)
    }
}

/// Reads a file. `None`: it holds nothing.
///
/// # Errors
/// What is wrong with it as YAML, at its place.
pub(crate) fn read(file: FileId, bytes: &[u8]) -> Result<Option<Node>, Box<Diagnostic>> {
    let here = |start: usize, end: usize| Span {
        file,
        start: u32::try_from(start).unwrap_or(u32::MAX),
        end: u32::try_from(end).unwrap_or(u32::MAX),
    };
    if bytes.len() > SIZE {
        let message = format!("the file is longer than {SIZE} bytes");
        return Err(Box::new(problem(message, here(0, 0))));
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(fault) => {
            let at = fault.valid_up_to();
            let found = problem("a byte that is no UTF-8", here(at, at + 1));
            return Err(Box::new(found.help("write the file as UTF-8")));
        }
    };
    Reader {
        parser: Parser::new_from_str(text),
        places: Places::of(text),
        file,
        text,
        anchors: HashMap::new(),
        left: NODES,
    }
    .document()
}

/// From the characters that the parser counts to bytes.
struct Places(Option<Vec<u32>>);

impl Places {
    fn of(text: &str) -> Places {
        Places((!text.is_ascii()).then(|| {
            let starts = text.char_indices().map(|(at, _)| at);
            starts
                .chain([text.len()])
                .map(|at| u32::try_from(at).unwrap_or(u32::MAX))
                .collect()
        }))
    }

    fn byte(&self, marker: Marker) -> u32 {
        let index = marker.index();
        match &self.0 {
            None => u32::try_from(index).unwrap_or(u32::MAX),
            Some(starts) => starts
                .get(index)
                .or(starts.last())
                .copied()
                .unwrap_or_default(),
        }
    }
}

struct Reader<'t> {
    parser: Parser<'t, saphyr_parser::StrInput<'t>>,
    places: Places,
    file: FileId,
    text: &'t str,
    /// What an anchor stands for, once it is complete, and how many values that are.
    anchors: HashMap<usize, (Node, usize)>,
    left: usize,
}

type Read<T> = Result<T, Box<Diagnostic>>;

impl<'t> Reader<'t> {
    fn document(mut self) -> Read<Option<Node>> {
        let mut found = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamEnd => return Ok(found),
                Event::DocumentStart(_) if found.is_some() => {
                    return Err(Box::new(
                        problem("a second document begins", span)
                            .label("behind this line nothing is read")
                            .help("one file holds one document: take `---` away"),
                    ));
                }
                Event::DocumentStart(_) | Event::DocumentEnd | Event::StreamStart => {}
                Event::Nothing => {}
                event => found = Some(self.node(event, span, 0)?),
            }
        }
    }

    fn next(&mut self) -> Read<(Event<'t>, Span)> {
        match self.parser.next_event() {
            None => Ok((Event::StreamEnd, self.span(0, 0))),
            Some(Ok((event, span))) => {
                let span = self.trimmed(self.places.byte(span.start), self.places.byte(span.end));
                Ok((event, span))
            }
            Some(Err(fault)) => {
                let at = self.places.byte(*fault.marker());
                let end = u32::try_from(self.text.len()).unwrap_or(u32::MAX);
                let at = at.min(end);
                let span = self.span(at, (at + 1).min(end));
                Err(Box::new(problem(
                    format!("this is no YAML: {}", fault.info()),
                    span,
                )))
            }
        }
    }

    fn span(&self, start: u32, end: u32) -> Span {
        Span {
            file: self.file,
            start,
            end,
        }
    }

    /// Without the blanks and line ends that the parser counts to a value.
    fn trimmed(&self, start: u32, end: u32) -> Span {
        let text = self.text.get(start as usize..end as usize);
        let length = text.map_or(0, |t| t.trim_end().len());
        self.span(start, start + u32::try_from(length).unwrap_or_default())
    }

    fn node(&mut self, event: Event<'t>, span: Span, depth: usize) -> Read<Node> {
        if depth > DEPTH {
            return Err(Box::new(problem(
                format!("lists and mappings stand in each other more than {DEPTH} deep"),
                span,
            )));
        }
        self.count(1, span)?;
        let before = self.left;
        let (anchor, tag, node) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.count(text.len() / TEXT, span)?;
                let value = Value::Text(Text {
                    text: text.into_owned(),
                    plain: style == ScalarStyle::Plain,
                });
                (anchor, tag, Node { span, value })
            }
            Event::SequenceStart(anchor, tag) => (anchor, tag, self.list(span, depth)?),
            Event::MappingStart(anchor, tag) => (anchor, tag, self.map(span, depth)?),
            Event::Alias(id) => {
                let Some((node, size)) = self.anchors.get(&id) else {
                    return Err(Box::new(problem(
                        "this alias stands inside its own value",
                        span,
                    )));
                };
                let (node, size) = (node.clone(), *size);
                self.count(size, span)?;
                (0, None, Node { span, ..node })
            }
            _ => (
                0,
                None,
                Node {
                    span,
                    value: Value::List(Vec::new()),
                },
            ),
        };
        if let Some(tag) = tag {
            return Err(Box::new(
                problem(format!("the tag {tag} means nothing here"), span)
                    .help("write the value without a tag"),
            ));
        }
        if anchor > 0 {
            self.anchors
                .insert(anchor, (node.clone(), before - self.left));
        }
        Ok(node)
    }

    fn count(&mut self, values: usize, span: Span) -> Read<()> {
        match self.left.checked_sub(values) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err(Box::new(problem(
                format!("the file holds more than {NODES} values"),
                span,
            ))),
        }
    }

    fn list(&mut self, start: Span, depth: usize) -> Read<Node> {
        let mut items = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::SequenceEnd {
                return Ok(self.whole(
                    start,
                    span,
                    items.last().map(|n: &Node| n.span),
                    items.first().map(|n: &Node| n.span),
                    Value::List(items),
                ));
            }
            items.push(self.node(event, span, depth + 1)?);
        }
    }

    fn map(&mut self, start: Span, depth: usize) -> Read<Node> {
        let mut entries: Vec<(Key, Node)> = Vec::new();
        let mut seen: HashMap<String, Span> = HashMap::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::MappingEnd {
                let last = entries.last().map(|(key, node)| key.span.to(node.span));
                let first = entries.first().map(|(key, _)| key.span);
                return Ok(self.whole(start, span, last, first, Value::Map(entries)));
            }
            let key = match self.node(event, span, depth + 1)? {
                Node {
                    span,
                    value: Value::Text(text),
                } => Key {
                    span,
                    name: text.text,
                },
                Node { span, .. } => {
                    return Err(Box::new(problem("a key must be a text", span).help(
                        "write `name: value`; a text with `{`, `[` or `*` in front needs quotes",
                    )));
                }
            };
            if let Some(first) = seen.insert(key.name.clone(), key.span) {
                return Err(Box::new(
                    problem(format!("`{}` stands here twice", key.name), key.span)
                        .label("the second")
                        .also(first, "the first"),
                ));
            }
            let (event, span) = self.next()?;
            let mut value = self.node(event, span, depth + 1)?;
            // An empty value has its place behind its key.
            if value.span.is_empty() && value.span.start <= key.span.end {
                value.span = key.span;
            }
            entries.push((key, value));
        }
    }

    /// A list or mapping: with brackets from one to the other, else from its first member to its last.
    fn whole(
        &self,
        start: Span,
        end: Span,
        last: Option<Span>,
        first: Option<Span>,
        value: Value,
    ) -> Node {
        let bracket = matches!(
            self.text.as_bytes().get(start.start as usize),
            Some(b'[' | b'{')
        ) && !end.is_empty();
        let span = match (first, last) {
            (Some(first), Some(last)) if !bracket => first.to(last),
            _ => start.to(end),
        };
        Node { span, value }
    }
}
