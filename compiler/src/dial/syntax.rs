//! What cannot be read in a `.dial` file, as diagnostics: for people who come from extensions.conf, Python or JavaScript.

use strowger_dial::error::{Error, ErrorKind, PatternFault, Place, Quote, plain};
use strowger_dial::tree::At;
use strowger_dial::{ERRORS, FILE_BYTES, NESTING, Parsed};

use strowger_stdlib::signatures;

use super::{elsewhere, span};
use crate::diagnostic::{Diagnostic, Edit, Fix};
use crate::source::{FileId, Span};

/// One finding for each error.
pub fn diagnostics(file: FileId, bytes: &[u8], parsed: &Parsed) -> Vec<Diagnostic> {
    let teller = Teller { file, bytes };
    parsed.errors.iter().map(|e| teller.tell(e)).collect()
}

/// The code of a mistake.
pub fn code(kind: &ErrorKind) -> &'static str {
    use ErrorKind::*;
    match kind {
        NotUtf8 | TooLarge => "D101",
        TooMany => "D102",
        TooDeep => "D103",
        Unknown(_) => "D104",
        Typographic { .. } => "D105",
        Unclosed(_) => "D106",
        Escape(_) => "D107",
        Stuck(_) => "D108",
        OpenHole | LoneBrace | EmptyHole | FormatInHole => "D109",
        QuoteInHole => "D110",
        DollarHole | DollarVariable(_) | DollarExpression => "D111",
        HoleInConstant => "D112",
        Pattern(_) => "D113",
        Semicolons(_) => "D114",
        Comments { .. } => "D115",
        HashInclude => "D116",
        Conf | Application(_) => "D117",
        Operator { .. } => "D118",
        Compound(_) | Step(_) => "D119",
        Ternary => "D120",
        ElseIf(_) | ElseAlone => "D121",
        Foreign { .. } | Needless(_) | ForOfThree => "D122",
        AssignInCondition => "D123",
        ColonForBrace => "D124",
        Chained => "D125",
        OpenBrace => "D126",
        NoBrace(_) => "D127",
        ExtraBrace => "D128",
        OpenParen(_) | ExtraParen(_) | WrongParen { .. } => "D129",
        BraceInArguments => "D130",
        NestedDecl(_) => "D131",
        ItemElsewhere(_) | TestItemElsewhere(_) => "D132",
        StatementElsewhere(_) | ArmElsewhere => "D133",
        ReturnOutside => "D134",
        KeywordAsName(_) => "D135",
        CapitalName(_) | SmallType(_) => "D136",
        NoValue(_) => "D137",
        NoType | NoResult => "D138",
        Number { .. } => "D139",
        TwoOnALine => "D140",
        NoComma => "D141",
        GotoParen | ArmComma | Unexpected { .. } => "D142",
    }
}

struct Teller<'a> {
    file: FileId,
    bytes: &'a [u8],
}

impl Teller<'_> {
    fn span(&self, at: At) -> Span {
        span(self.file, at)
    }

    /// What stands at a place.
    fn text(&self, at: At) -> String {
        let end = (at.end as usize).min(self.bytes.len());
        let start = (at.start as usize).min(end);
        String::from_utf8_lossy(&self.bytes[start..end]).into_owned()
    }

    fn tell(&self, error: &Error) -> Diagnostic {
        let at = self.span(error.at);
        let mut found = Diagnostic::new(code(&error.kind), String::new(), at);
        for (place, words) in &error.also {
            found = found.also(self.span(*place), *words);
        }
        let (message, label) = self.words(error);
        found.message = message;
        self.helped(error, found.label(label))
    }

    /// The sentence, and what is to be seen at the place.
    fn words(&self, error: &Error) -> (String, String) {
        use ErrorKind::*;
        let say = |message: &str, label: &str| (message.to_owned(), label.to_owned());
        match &error.kind {
            NotUtf8 => say(
                "this file is not UTF-8",
                "this byte belongs to no character",
            ),
            TooLarge => (
                format!("this file is larger than {} MB", FILE_BYTES >> 20),
                String::new(),
            ),
            TooMany => (
                format!("more than {ERRORS} mistakes"),
                "what follows is not told".into(),
            ),
            TooDeep => (
                format!("this is nested deeper than {NESTING}"),
                "parentheses, braces and operators inside of each other".into(),
            ),
            Unknown(text) => (format!("nothing begins with `{text}`"), String::new()),
            Typographic { wrote, meant } => (
                format!("`{wrote}` is not the character that it looks like"),
                if *meant == ' ' {
                    "a blank is meant".into()
                } else {
                    format!("`{meant}` is meant")
                },
            ),
            Unclosed(quote) => {
                let (what, mark) = match quote {
                    Quote::Double => ("text", '"'),
                    Quote::Single => ("text", '\''),
                    Quote::Back => ("pattern", '`'),
                };
                (
                    format!("this {what} is not closed"),
                    format!("no {mark} follows on this line"),
                )
            }
            Escape(text) => (format!("`{text}` stands for no character"), String::new()),
            Stuck(text) => (
                format!("`{text}` is neither a number nor a name"),
                String::new(),
            ),
            OpenHole => say(
                "this `{` of a text is not closed",
                "no } follows in this text",
            ),
            LoneBrace => say("this `}` of a text was not opened", "no { before it"),
            EmptyHole => say("nothing stands between these braces", ""),
            FormatInHole => say(
                "a hole takes a value and nothing else",
                "`:` begins no format here",
            ),
            QuoteInHole => say(
                "double quotes cannot stand inside of `{…}`",
                "the text ends at the first of them",
            ),
            DollarHole => {
                let inner = self.text(error.at);
                let inner = inner.trim_start_matches("${").trim_end_matches('}');
                let label =
                    elsewhere::variable(inner).map(|name| format!("here it is `{{{name}}}`"));
                (
                    "a hole in a text has no `$`".into(),
                    label.unwrap_or_default(),
                )
            }
            DollarVariable(_) => say("variables have no `$` and no braces", ""),
            DollarExpression => say("arithmetic needs no `$[ ]`", ""),
            HoleInConstant => say(
                "this text is read before any call, so it has no holes",
                "nothing can be put in here",
            ),
            Pattern(fault) => pattern(*fault),
            Semicolons(_) => say("`;` ends no statement", "the end of the line does"),
            Comments { mark, .. } => (format!("`{mark}` begins no comment"), "`//` does".into()),
            HashInclude => say(
                "another file comes in by `import`",
                "`#` begins nothing here",
            ),
            Conf => say(
                "this is written for extensions.conf",
                "a .dial file is written otherwise",
            ),
            Application(name) => (
                format!("`{name}(...)` is a line of extensions.conf"),
                "it is written otherwise here".into(),
            ),
            Needless(word) => match &**word {
                "await" | "async" | "yield" => (
                    format!("`{word}` is not needed"),
                    "every call waits until it is done".into(),
                ),
                "new" => say("`new` is not needed", "a value is made by its name alone"),
                word => (
                    format!("a text needs no `{word}` in front of it"),
                    "every text in double quotes has holes: \"{x}\"".into(),
                ),
            },
            ForOfThree => say("`for` goes through a list", "a count is a `while`"),
            GotoParen => say(
                "the place of a `goto` stands in no parentheses",
                "the place follows as it is",
            ),
            ArmComma => say("no comma stands behind an arm", "the end of the line does"),
            Operator { wrote, meant } => (format!("`{wrote}` is written `{meant}`"), String::new()),
            Compound(operator) => (
                format!("`{operator}` does not exist"),
                "only `=` writes to a variable".into(),
            ),
            Step(operator) => (
                format!("`{operator}` does not exist"),
                "only `=` writes to a variable".into(),
            ),
            Ternary => say("`? :` does not exist", "`if` gives a value"),
            ElseIf(word) => (format!("`{word}` is written `else if`"), String::new()),
            ElseAlone => say("this `else` follows no `if`", ""),
            Foreign { wrote, meant } => match *meant {
                "->" => (
                    format!("an arm of a `match` needs no `{wrote}`"),
                    String::new(),
                ),
                "result" => (
                    format!("`{wrote}` does not exist"),
                    "nothing is thrown: what a call gives says how it went".into(),
                ),
                meant => (
                    format!("`{wrote}` begins nothing here"),
                    format!("`{meant}` may be meant"),
                ),
            },
            AssignInCondition => say("`=` writes, `==` compares", "nothing can be written here"),
            ColonForBrace => say("a block stands in braces", "`{` instead of `:`"),
            Chained => say(
                "comparisons cannot stand in a row",
                "the result of the first is true or false",
            ),
            OpenBrace => say("this `{` is not closed", "opened here"),
            NoBrace(word) => (format!("`{word}` needs a `{{`"), "and has none".into()),
            ExtraBrace => say("this `}` closes nothing", "no `{` is open here"),
            OpenParen(mark) => (format!("this `{mark}` is not closed"), "opened here".into()),
            ExtraParen(mark) => (format!("this `{mark}` closes nothing"), String::new()),
            WrongParen { wrote, meant } => (
                format!("`{wrote}` where `{meant}` is wanted"),
                String::new(),
            ),
            BraceInArguments => say("arguments stand in no braces", ""),
            NestedDecl(word) => (
                format!("`{word}` cannot stand inside of something else"),
                "it belongs to the file itself, outside of all braces".into(),
            ),
            ItemElsewhere(word) => (
                format!("`{word}` stands directly in a context"),
                "and this is none".into(),
            ),
            TestItemElsewhere(word) => (
                format!("`{word}` stands directly in a `test`"),
                "and this is none".into(),
            ),
            StatementElsewhere(place) => match place {
                Place::Context => say(
                    "a context holds no statements",
                    "`on`, `include` or `hint` may stand here",
                ),
                Place::Test => say(
                    "a test holds no statements",
                    "`given`, `call`, `expect` or `let` may stand here",
                ),
                _ => say(
                    "statements stand in a context, a `sub` or a `fn`",
                    "a declaration may stand here",
                ),
            },
            ArmElsewhere => say("an arm stands in a `match`", "no `match` around this"),
            ReturnOutside => say(
                "there is nothing to return to",
                "only a `fn` or a `sub` is called",
            ),
            KeywordAsName(word) => (
                format!("`{word}` is a word of the language"),
                "and cannot be a name".into(),
            ),
            CapitalName(word) => (
                format!("`{word}` begins with a capital letter"),
                "names begin with a small one; types and cases with a capital".into(),
            ),
            SmallType(word) => (
                format!("`{word}` begins with a small letter"),
                "types and cases begin with a capital one".into(),
            ),
            NoValue(word) => (format!("`{word}` needs a value"), "no `=` follows".into()),
            NoType => say("a type is missing", "`: Type` follows the name"),
            NoResult => say(
                "it is not said what this `fn` gives",
                "`-> Type` follows the parameters",
            ),
            Number { wrote, meant } => {
                let what = if meant.starts_with('`') {
                    "a pattern stands in back-quotes"
                } else {
                    "a number with other characters than digits stands in quotes"
                };
                (what.into(), format!("{wrote} is no number of digits alone"))
            }
            TwoOnALine => say(
                "two statements cannot stand on one line",
                "the second begins here",
            ),
            NoComma => say("a comma is missing", "`,` behind this"),
            Unexpected { found, wanted } => unexpected(found.as_deref(), wanted),
        }
    }

    /// What to do about it, where that is not plain.
    fn helped(&self, error: &Error, d: Diagnostic) -> Diagnostic {
        use ErrorKind::*;
        let at = self.span(error.at);
        let here = self.text(error.at);
        match &error.kind {
            NotUtf8 => d.help("save the file as UTF-8; most editors offer it when saving"),
            TooLarge => d.help("divide it, and bring the parts together with `import`"),
            TooDeep => d.help("give a part a name with `let`, or a block one with `sub`"),
            Unknown(text) if &**text == "&" => d.help("several phones are a list: dial([a, b])"),
            Typographic { .. } => {
                let text: String = here.chars().map(|c| plain(c).unwrap_or(c)).collect();
                d.fix("write the plain ones", at, text, true)
            }
            Unclosed(Quote::Single) => d.help("a ' inside of such a text is written twice: ''"),
            Unclosed(_) => d,
            Escape(_) => d.help(r#"escapes are \" \\ \n \t and \u{e9}; text as it stands is written '…'"#),
            Stuck(text) => stuck(d, text),
            OpenHole | LoneBrace => d
                .help("braces that are meant as they stand are doubled: {{ and }}")
                .fix("double it", at, here.repeat(2), false),
            EmptyHole => d.help("braces that are meant as they stand are doubled: {{}}"),
            FormatInHole => d.help("give it its form before: let x = ...; a time has now.format(\"%H:%M\")"),
            QuoteInHole => d.help("give it a name before: let x = ..., then \"... {x} ...\""),
            DollarHole => {
                let inner = here.trim_start_matches("${").trim_end_matches('}');
                match elsewhere::variable(inner) {
                    Some(name) => d.fix(format!("write `{{{name}}}`"), at, format!("{{{name}}}"), true),
                    None => d.fix("leave out `$`", first_character(at, &here), "", true),
                }
            }
            DollarVariable(name) => dollar(d, name),
            DollarExpression => d
                .help("write it as it is: let next = tries + 1")
                .help("text with the meaning that it has in extensions.conf: asterisk('$[...]')"),
            Semicolons(all) => self.everywhere(d, "leave out `;`", all, |_| Some((0, 1, "".into()))),
            Comments { all, .. } => self.everywhere(d, "write `//`", all, comment),
            HashInclude => include(d, &here),
            Conf if here.starts_with("include") => {
                let name = here.trim_start_matches("include").trim_start_matches([' ', '=', '>']);
                let name = name.split(['\n', ',']).next().unwrap_or_default().trim();
                d.help(format!("write: include {name}"))
                    .help("at some times only: include day when now in hours(\"mon-fri 09:00-17:00\")")
            }
            Conf if here.starts_with("[globals]") => d
                .help("a variable of the whole exchange: global operator: Str = \"61\" as \"OPERATOR\"")
                .help("a value that never changes: const operator = \"61\""),
            Application(name) => {
                let known = signatures::application(name.as_bytes()).map_or(&**name, |s| s.name);
                match elsewhere::told(known) {
                    Some(told) => d.help(told),
                    None => d,
                }
            }
            Needless(_) => d.fix("leave it out", Span { end: self.behind(error.at), ..at }, "", true),
            ForOfThree => d
                .help("a list: for who in [\"61\", \"62\"] { ... }")
                .help("a number of times: var i = 0, then while i < 3 { ... i = i + 1 }"),
            GotoParen => d.help("another number: goto office.62; a label: goto @again; a context: goto office"),
            ArmComma => d.fix("leave it out", at, "", true),
            Pattern(PatternFault::Template) => d.help("write: \"{caller.number} calls\""),
            Conf => d
                .help("import it as it is: import conf \"extensions.conf\" as legacy")
                .help("or write it anew: on 61 { dial(pjsip(\"61\"), ring: 20s) }"),
            Operator { meant, .. } => {
                // `a&&b`: words need blanks where signs do not.
                let text = if meant.starts_with(|c: char| c.is_ascii_alphabetic()) {
                    self.spaced(error.at, meant)
                } else {
                    (*meant).to_owned()
                };
                d.fix(format!("write `{meant}`"), at, text, true)
            }
            Compound(operator) => d.help(format!(
                "write it out: x = x {} …",
                operator.trim_end_matches('=')
            )),
            Step(operator) => d.help(format!("write it out: x = x {} 1", &operator[..1])),
            Ternary => d.help("write: if a { b } else { c }"),
            ElseIf(_) => d.fix("write `else if`", at, "else if", true),
            ElseAlone => d.help("`else` follows the `}` of its `if`"),
            Foreign { wrote, meant } => foreign(d, wrote, meant, at),
            AssignInCondition => d.fix("write `==`", at, "==", true),
            ColonForBrace => d.help("for example: if x { answer() } else { hangup() }"),
            Chained => d.help("write: a < b and b < c"),
            NoBrace("on") => d.help("for example: on 61 { dial(pjsip(\"61\")) }"),
            NoBrace("enum") => d.help("for example: enum Team { Sales, Support }"),
            BraceInArguments => d.help("options are named: dial(x, ring: 20s, transfer: Both)"),
            NestedDecl("fn" | "sub") => d.help("a `fn` or `sub` of the file can be called from every context"),
            NestedDecl("global" | "channel") => d.help("a variable of this body alone is `let` or `var`"),
            NestedDecl("const") => d.help("a value of this body alone is `let`"),
            NestedDecl("import") => d.help("what a context takes over from another one is `include`"),
            ItemElsewhere("include") => d.help("to go on elsewhere: goto other.61"),
            StatementElsewhere(Place::Context) => d.help("what happens when a number is called: on 61 { ... }; for any call: on start { ... }"),
            StatementElsewhere(Place::File) => d.help("for example: const x = 1, or context office { on 61 { ... } }"),
            StatementElsewhere(Place::Test) => d.help("what the caller does stands in braces behind `call`"),
            ReturnOutside => d.help("a test ends where it is written out"),
            KeywordAsName(_) => d.help("it may be the name of an argument or a field; a variable needs another one"),
            CapitalName(word) => d.fix("begin it with a small letter", at, recased(word, true), false),
            SmallType(word) => d.fix("begin it with a capital letter", at, recased(word, false), false),
            NoValue("var") => d.help("a variable that has no value yet: var x: Option(Str) = None"),
            NoType => d.help("for example: number: Digits, tries: Int"),
            NoResult => d
                .help("for example: fn twice(n: Int) -> Int { n * 2 }")
                .help("what acts on the call and gives nothing is a `sub`"),
            Number { meant, .. } => {
                let d = if meant.starts_with('`') {
                    d.help(format!("with the back-quotes: on {meant} {{ ... }}"))
                } else {
                    d
                };
                d.fix(format!("write {meant}"), at, meant.to_string(), true)
            }
            TwoOnALine => d.fix("begin a new line", at.before(), "\n", false),
            NoComma => d.fix("add the comma", at.after(), ",", true),
            _ => d,
        }
    }

    /// A repair of the same kind at many places. An edit is from, to and text within its place.
    fn everywhere(
        &self,
        mut d: Diagnostic,
        title: &str,
        all: &[At],
        edit: impl Fn(&str) -> Option<(u32, u32, String)>,
    ) -> Diagnostic {
        if all.len() > 1 {
            let more = all.len() - 1;
            let times = if more == 1 {
                "once more".to_owned()
            } else {
                format!("{more} times more")
            };
            d = d.help(format!("the same {times} in this file"));
        }
        let mut edits = Vec::new();
        let mut title = title;
        for (i, at) in all.iter().enumerate() {
            let Some((from, to, text)) = edit(&self.text(*at)) else {
                continue;
            };
            // Behind a `;` in the middle of a line a new statement begins.
            let behind = &self.bytes[at.end as usize..];
            let line = behind.split(|b| *b == b'\n').next().unwrap_or_default();
            let goes_on = text.is_empty()
                && !(line.trim_ascii().is_empty() || line.trim_ascii_start().starts_with(b"//"));
            let doubled = all.get(i + 1).is_some_and(|next| next.start == at.end);
            let closes = line.trim_ascii_start().starts_with(b"}");
            if goes_on && !doubled && !closes {
                title = "write each statement on a line of its own";
            }
            edits.push(Edit {
                span: self.span(At {
                    start: at.start + from,
                    end: at.start + to,
                }),
                text: if goes_on && !doubled && !closes {
                    b"\n".to_vec()
                } else {
                    text.into_bytes()
                },
            });
        }
        if !edits.is_empty() {
            d.fixes.push(Fix {
                title: title.to_owned(),
                edits,
                safe: true,
            });
        }
        d
    }

    /// Where the next word begins on the line.
    fn behind(&self, at: At) -> u32 {
        let rest = self.bytes.get(at.end as usize..).unwrap_or_default();
        at.end + rest.iter().take_while(|b| **b == b' ').count() as u32
    }

    /// A word with blanks where it would stick to what stands beside it.
    fn spaced(&self, at: At, word: &str) -> String {
        let sticks = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
        let before = (at.start as usize)
            .checked_sub(1)
            .and_then(|i| self.bytes.get(i));
        let behind = self.bytes.get(at.end as usize);
        let blank = |yes| if yes { " " } else { "" };
        format!("{}{word}{}", blank(sticks(before)), blank(sticks(behind)))
    }
}

/// The place of the first character of what stands at `at`.
fn first_character(at: Span, text: &str) -> Span {
    let length = text.chars().next().map_or(0, char::len_utf8) as u32;
    Span {
        end: at.start + length,
        ..at
    }
}

fn pattern(fault: PatternFault) -> (String, String) {
    let (message, label) = match fault {
        PatternFault::Empty => ("this pattern is empty", "it would match nothing"),
        PatternFault::OpenBrace => ("this `{` of a pattern is not closed", "no } follows"),
        PatternFault::LoneBrace => ("this `}` of a pattern was not opened", "no { before it"),
        PatternFault::Nested => ("parts of a pattern cannot stand inside of each other", ""),
        PatternFault::NoName => ("a part in braces has a name", "for example {number: XXX}"),
        PatternFault::BadName => (
            "this is not a name",
            "names begin with a small letter and hold letters, digits and _",
        ),
        PatternFault::EmptyPart => ("this part has no characters", "for example {number: XXX}"),
        PatternFault::Template => (
            "a text with holes stands in double quotes",
            "back-quotes hold a pattern of numbers",
        ),
        PatternFault::Underscore => (
            "a pattern begins with no `_`",
            "the back-quotes say that it is a pattern",
        ),
    };
    (message.into(), label.into())
}

fn unexpected(found: Option<&str>, wanted: &[&str]) -> (String, String) {
    let message = match found {
        None => "something is missing here".to_owned(),
        Some("the end of the line") => "the line ends too early".to_owned(),
        Some(text) => format!("`{text}` cannot stand here"),
    };
    let label = match wanted {
        [] => String::new(),
        [one] => format!("{one} is wanted"),
        [rest @ .., last] => format!("{} or {last} is wanted", rest.join(", ")),
    };
    (message, label)
}

fn stuck(d: Diagnostic, text: &str) -> Diagnostic {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    match &text[digits..] {
        "sec" | "secs" | "second" | "seconds" | "S" => {
            d.help("units of time: 500ms, 20s, 5m, 2h, 1d")
        }
        "min" | "mins" | "minute" | "minutes" | "hour" | "hours" | "day" | "days" | "H" | "D"
        | "M" => d.help("units of time: 500ms, 20s, 5m, 2h, 1d"),
        rest if rest.bytes().all(|b| b"XZNxzn0123456789".contains(&b)) => {
            d.help(format!("a pattern stands in back-quotes: `{text}`"))
        }
        _ => d.help("names begin with a letter; text stands in quotes"),
    }
}

fn dollar(d: Diagnostic, name: &str) -> Diagnostic {
    match name {
        "EXTEN" => d.help("the number that was called is `exten`"),
        "DIALSTATUS" => d.help("what came of a call is what dial gives: match dial(...) { ... }"),
        name if name.contains(['(', ':', '$']) || name.is_empty() => {
            d.help("text with the meaning that it has in extensions.conf: asterisk('${...}')")
        }
        name => d
            .help(format!(
                "declared in this file: channel {}: Str as \"{name}\"",
                name.to_ascii_lowercase()
            ))
            .help(format!("undeclared, by its name: channel(\"{name}\")")),
    }
}

fn include(d: Diagnostic, line: &str) -> Diagnostic {
    let file = line.split(['"', '<', '>']).nth(1).unwrap_or("");
    let name = file.rsplit('/').next().unwrap_or("");
    match name.rsplit_once('.') {
        Some((stem, "dial")) => d
            .help(format!("write: import {}", file.trim_end_matches(".dial")))
            .help(format!("its names are then {stem}.something")),
        Some(_) => d.help(format!("write: import conf \"{file}\" as legacy")),
        None => d.help("write: import site/numbers, or import conf \"extensions.conf\" as legacy"),
    }
}

fn foreign(d: Diagnostic, wrote: &str, meant: &'static str, at: Span) -> Diagnostic {
    match meant {
        "->" => d.help("write: Busy -> hangup(), and _ -> for all that is left"),
        "sub" => d
            .help("what acts on the call: sub greet(name: Str) { ... }")
            .help("what only computes: fn twice(n: Int) -> Int { ... }"),
        "while" if wrote == "until" => d.help("write: while not x { ... }"),
        "while" => d.help("write: while x { ... }"),
        "match" => d.help("write: match x { \"1\" -> echo() _ -> hangup() }, an arm a line"),
        "result" => d.help("write: match agi(\"lookup.py\") { Done -> ... _ -> hangup() }"),
        "on" => d.help("write: on 61 { ... }"),
        "if not" => d.fix("write `if not`", at, "if not", false),
        "for" => d.fix("write `for`", at, "for", false),
        "enum" => d.help("a closed set of cases: enum Team { Sales, Support }"),
        "import" => d.help("write: import site/numbers"),
        "include" => d.fix("write `include`", at, "include", false),
        "let" => d.help("write: let x = 1, or x = 1 for a variable that exists"),
        "const" => d.help("write: const x = 1; what changes is `global` or `channel`"),
        _ => d,
    }
}

/// How a comment of another language is written here.
fn comment(text: &str) -> Option<(u32, u32, String)> {
    if text.starts_with("/*") {
        return None;
    }
    let marks = match text.as_bytes().first()? {
        b'-' => text.bytes().take_while(|b| *b == b'-').count(),
        first => text.bytes().take_while(|b| b == first).count(),
    };
    let blank = !text[marks..].is_empty() && !text[marks..].starts_with([' ', '\t']);
    Some((
        0,
        marks as u32,
        if blank { "// ".into() } else { "//".into() },
    ))
}

/// A word with its first letter small, or capital.
fn recased(word: &str, small: bool) -> String {
    let mut out = word.to_owned();
    if let Some(first) = out.get_mut(..1) {
        if small {
            first.make_ascii_lowercase();
        } else {
            first.make_ascii_uppercase();
        }
    }
    out
}
