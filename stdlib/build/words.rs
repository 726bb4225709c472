//! Makes the words of `.dial` out of the `dial` tables of the signatures, and the enums out of `src/signatures/enums.toml`
//! and the causes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use toml::{Table, Value};

use crate::causes::CAUSES;
use crate::signatures::{Keys, Written, flag, list, structure, tables, text, texts};

/// The file of the enums.
const ENUMS: &str = "src/signatures/enums.toml";

/// Types that are neither enums nor made of other types.
const TYPES: [&str; 15] = [
    "Str", "Raw", "Digits", "Int", "Bool", "Duration", "Time", "Pattern", "Hours", "Endpoint",
    "Trunk", "Host", "Uri", "Mailbox", "Prompt",
];

/// Types that only a result has.
const RESULTS: [&str; 3] = ["Unit", "Never", "Text"];

/// What is collected for `words.rs`.
pub(crate) struct Words {
    /// The cases of each enum.
    enums: BTreeMap<String, Vec<String>>,
    names: BTreeSet<String>,
    words: String,
    written: String,
}

impl Words {
    /// Reads the enums.
    pub(crate) fn read() -> Result<Words, String> {
        println!("cargo::rerun-if-changed={ENUMS}");
        println!("cargo::rerun-if-changed=src/causes.rs");
        let mut words = Words {
            enums: BTreeMap::new(),
            names: BTreeSet::new(),
            words: String::new(),
            written: String::new(),
        };
        let file = std::fs::read_to_string(ENUMS).map_err(|e| format!("{ENUMS}: {e}"))?;
        let mut table: Table = file.parse().map_err(|e| format!("{ENUMS}: {e}"))?;
        let entries = table.remove("enum").ok_or("no enums")?;
        if let Some((key, _)) = table.iter().next() {
            return Err(format!("{ENUMS}: what is `{key}`?"));
        }
        for entry in tables(&entries)? {
            let name = entry.get("name").and_then(Value::as_str).unwrap_or("?");
            let found = words.enumeration(entry);
            found.map_err(|e| format!("{ENUMS}, {name}: {e}"))?;
        }
        words.causes()?;
        Ok(words)
    }

    fn enumeration(&mut self, entry: &Table) -> Result<(), String> {
        let mut keys = Keys::of(entry);
        let name = keys.need("name")?;
        let cases = keys.need("cases")?.as_array().ok_or("cases are no list")?;
        let mut names = Vec::new();
        let cases = list(cases.iter().map(|case| {
            let words = case.as_array().ok_or("a case is no list")?;
            let (case, spellings) = words.split_first().ok_or("an empty case")?;
            names.push(case.as_str().ok_or("no text")?.to_owned());
            if spellings.is_empty() {
                return Err("a case without spelling".to_owned());
            }
            Ok(format!(
                "({}, {})",
                text(case)?,
                list(spellings.iter().map(text))?
            ))
        }))?;
        let variable = keys.take("variable").map_or(Ok("\"\"".to_owned()), text)?;
        let fields = [
            ("name", text(name)?),
            ("cases", cases),
            ("variable", variable),
            ("never", texts(keys.take("never"))?),
            ("summary", text(keys.need("summary")?)?),
        ];
        keys.end()?;
        let name = name.as_str().unwrap_or_default().to_owned();
        self.add_enum(name, names, &fields)
    }

    /// The enum of the hangup causes: spelled as Hangup() takes them; their numbers are understood.
    fn causes(&mut self) -> Result<(), String> {
        let known = CAUSES.iter().filter(|(number, ..)| *number != 0);
        let names = known
            .clone()
            .map(|(_, _, name, _)| (*name).to_owned())
            .collect();
        let cases = list(known.map(|(number, spelling, name, _)| {
            Ok(format!("({name:?}, &[{spelling:?}, \"{number}\"])"))
        }))?;
        let fields = [
            ("name", "\"Cause\"".to_owned()),
            ("cases", cases),
            ("variable", "\"\"".to_owned()),
            ("never", "&[]".to_owned()),
            ("summary", "\"Why a call ends.\"".to_owned()),
        ];
        self.add_enum("Cause".to_owned(), names, &fields)
    }

    fn add_enum(
        &mut self,
        name: String,
        cases: Vec<String>,
        fields: &[(&str, String)],
    ) -> Result<(), String> {
        let _ = writeln!(self.written, "{},", structure("Enum", fields));
        match self.enums.insert(name, cases) {
            Some(_) => Err("an enum of this name is there already".to_owned()),
            None => Ok(()),
        }
    }

    /// Adds the words of one application or function.
    pub(crate) fn add(
        &mut self,
        function: bool,
        entry: &Table,
        dial: &Value,
    ) -> Result<(), String> {
        let words = match dial {
            Value::Table(one) => vec![one],
            many => tables(many)?,
        };
        for word in words {
            let name = word.get("name").and_then(Value::as_str).unwrap_or("?");
            let written = self.word(function, entry, word);
            let written = written.map_err(|e| format!("dial, {name}: {e}"))?;
            if !self.names.insert(name.to_owned()) {
                return Err(format!("the word {name} is there already"));
            }
            let _ = writeln!(self.words, "{written},");
        }
        Ok(())
    }

    fn word(&self, function: bool, entry: &Table, word: &Table) -> Written {
        let mut keys = Keys::of(word);
        let calls = Called::of(entry)?;
        let has = |key: &str| entry.get(key).and_then(Value::as_bool) == Some(true);
        let kind = match keys.take("kind").map(|kind| kind.as_str().unwrap_or("?")) {
            None if !function => "Application",
            None if has("read") => "Function",
            Some("place") if has("read") && has("write") => "Place",
            Some("target") if has("write") => "Target",
            other => return Err(format!("it cannot be a {}", other.unwrap_or("value"))),
        };
        let empty = Vec::new();
        let params = match keys.take("params") {
            Some(params) => tables(params)?,
            None => empty,
        };
        let mut names = BTreeSet::new();
        let mut last = 0;
        let params = list(params.into_iter().map(|param| {
            let name = param.get("name").and_then(Value::as_str).unwrap_or("?");
            if !names.insert(name) {
                return Err(format!("two parameters are called {name}"));
            }
            let (rank, written) = self
                .param(&calls, param)
                .map_err(|e| format!("{name}: {e}"))?;
            if rank < last {
                return Err(format!(
                    "{name}: stands behind what is given by name or may be left out"
                ));
            }
            last = rank;
            Ok(written)
        }))?;
        let result = keys
            .take("result")
            .map_or(Some("Unit"), Value::as_str)
            .ok_or("no type")?;
        self.known(result, true)?;
        let named = keys.take("named");
        let status = keys.take("status");
        let nothing = matches!(result, "Unit" | "Never");
        let value = match (named, status) {
            (Some(slot), None) => format!("From::Named({})", calls.slot(slot)?),
            (None, Some(variable)) => format!("From::Status({})", calls.variable(variable)?),
            (None, None) if function => "From::Yield".to_owned(),
            (None, None) if nothing => "From::Nothing".to_owned(),
            (None, None) => return Err("where does the result come from?".to_owned()),
            (Some(_), Some(_)) => return Err("both `named` and `status`".to_owned()),
        };
        if nothing && value != "From::Nothing" && !function {
            return Err("the value has no type".to_owned());
        }
        let fixed = keys
            .take("fixed")
            .map_or(Some(""), Value::as_str)
            .ok_or("no text")?;
        for letter in fixed.chars() {
            calls.letter(letter)?;
        }
        let summary = keys
            .take("summary")
            .or_else(|| entry.get("summary"))
            .ok_or("no summary")?;
        let fields = [
            ("name", text(keys.need("name")?)?),
            ("calls", text(entry.get("name").ok_or("no `name`")?)?),
            ("kind", format!("Kind::{kind}")),
            ("params", params),
            ("result", format!("{result:?}")),
            ("value", value),
            ("must_use", flag(keys.take("must_use"))?),
            ("fixed", format!("{fixed:?}")),
            ("given", calls.given(keys.take("given"))?),
            ("summary", text(summary)?),
        ];
        keys.end()?;
        Ok(structure("Word", &fields))
    }

    /// A parameter; first its rank: what is given by place stands before what may be left out, that before what has a name.
    fn param(&self, calls: &Called, param: &Table) -> Result<(u8, String), String> {
        let mut keys = Keys::of(param);
        let name = text(keys.need("name")?)?;
        let mut by_default = "";
        let mut places = Vec::new();
        let slot = |keys: &mut Keys| keys.need("slot").and_then(|slot| calls.slot(slot));
        if let Some(word) = keys.take("word") {
            by_default = "Bool";
            places.push(format!(
                "Place::Word({}, {})",
                slot(&mut keys)?,
                text(word)?
            ));
        } else if param.contains_key("before") || param.contains_key("after") {
            let at = slot(&mut keys)?;
            let mut side = |key| keys.take(key).map_or(Ok("\"\"".to_owned()), text);
            places.push(format!(
                "Place::Piece({at}, {}, {})",
                side("before")?,
                side("after")?
            ));
        } else if param.contains_key("slot") {
            places.push(format!("Place::Slot({})", slot(&mut keys)?));
        }
        if let Some(slot) = keys.take("variable") {
            places.push(format!("Place::Variable({})", calls.slot(slot)?));
        }
        if let Some(slot) = keys.take("rest") {
            places.push(format!("Place::Rest({})", calls.slot(slot)?));
        }
        if let Some(end) = keys.take("completes") {
            places.push(format!("Place::Name({})", text(end)?));
        }
        if let Some(place) = keys.take("set") {
            places.push(format!("Place::Before({})", text(place)?));
        }
        // An option may always be left out, an argument if the entry says so.
        let mut optional = places.is_empty() || by_default == "Bool";
        if let Some(letter) = keys.take("option") {
            let letter = calls.letter_of(letter)?;
            if calls.takes(letter)? == "none" {
                return Err(format!("the option `{letter}` takes nothing"));
            }
            places.push(match keys.take("part") {
                None => format!("Place::Option({letter:?})"),
                Some(part) => format!("Place::Part({letter:?}, {})", small(part)?),
            });
        }
        if let Some(letter) = keys.take("flag") {
            let letter = calls.letter_of(letter)?;
            if calls.takes(letter)? == "required" {
                return Err(format!("the option `{letter}` needs a value"));
            }
            by_default = "Bool";
            places.push(format!("Place::Flag({letter:?})"));
        }
        let ty = match keys.take("type") {
            Some(ty) => ty.as_str().ok_or("no text")?,
            None if by_default.is_empty() => return Err("no `type`".to_owned()),
            None => by_default,
        };
        self.known(ty, false)?;
        if let Some(choice) = keys.take("choice") {
            places.push(self.choice(calls, ty, choice)?);
        }
        let [place] = places.as_slice() else {
            return Err("stands nowhere, or in several places".to_owned());
        };
        if let Some(stated) = keys.take("optional") {
            optional = stated.as_bool().ok_or("neither true nor false")?;
        }
        let positional = match keys.take("by").map(|by| by.as_str().unwrap_or("?")) {
            None => !optional,
            Some("name") => false,
            Some("place") => true,
            Some(other) => return Err(format!("by {other}?")),
        };
        let scale = match keys.take("in").map(|scale| scale.as_str().unwrap_or("?")) {
            None => "Seconds",
            Some(_) if !ty.contains("Duration") => {
                return Err("only a Duration has a scale".to_owned());
            }
            Some("whole seconds") => "WholeSeconds",
            Some("milliseconds") => "Milliseconds",
            Some(other) => return Err(format!("in {other}?")),
        };
        keys.end()?;
        let fields = [
            ("name", name),
            ("ty", format!("{ty:?}")),
            ("optional", optional.to_string()),
            ("positional", positional.to_string()),
            ("place", place.clone()),
            ("scale", format!("Scale::{scale}")),
        ];
        let rank = match (positional, optional) {
            (true, false) => 0,
            (true, true) => 1,
            (false, _) => 2,
        };
        Ok((rank, structure("Param", &fields)))
    }

    /// Letters by the cases of an enum: all of them, and no other.
    fn choice(&self, calls: &Called, ty: &str, choice: &Value) -> Written {
        let cases = self
            .enums
            .get(ty)
            .ok_or_else(|| format!("{ty} is no enum"))?;
        let choice = choice.as_table().ok_or("no table")?;
        if let Some(other) = choice.keys().find(|case| !cases.contains(case)) {
            return Err(format!("{ty} has no case {other}"));
        }
        let letters = list(cases.iter().map(|case| {
            let letters = choice.get(case).and_then(Value::as_str);
            let letters = letters.ok_or_else(|| format!("no letters for {case}"))?;
            for letter in letters.chars() {
                calls.letter(letter)?;
            }
            Ok(format!("({case:?}, {letters:?})"))
        }))?;
        Ok(format!("Place::Choice({letters})"))
    }

    /// Whether there is such a type.
    fn known(&self, ty: &str, result: bool) -> Result<(), String> {
        let inner = ["Option(", "List("]
            .iter()
            .find_map(|made| ty.strip_prefix(made));
        if let Some(inner) = inner {
            let inner = inner
                .strip_suffix(')')
                .ok_or_else(|| format!("{ty} does not end"))?;
            return self.known(inner, false);
        }
        if TYPES.contains(&ty) || self.enums.contains_key(ty) || (result && RESULTS.contains(&ty)) {
            return Ok(());
        }
        Err(format!("there is no type `{ty}`"))
    }

    /// The two lists.
    pub(crate) fn end(self) -> String {
        format!(
            "static WORDS: &[Word] = &[{}];\n/// The enums of the language.\npub static ENUMS: &[Enum] = &[{}];\n",
            self.words, self.written
        )
    }
}

/// What a word calls.
struct Called<'t> {
    slots: u8,
    options: Option<&'t Table>,
    sets: Vec<&'t str>,
}

impl<'t> Called<'t> {
    fn of(entry: &'t Table) -> Result<Called<'t>, String> {
        let count = |key: &str| entry.get(key).and_then(Value::as_array).map_or(0, Vec::len);
        let repeats = entry.get("repeats").and_then(Value::as_bool) == Some(true);
        let sets = entry.get("sets").map_or(Ok(Vec::new()), tables)?;
        Ok(Called {
            slots: match repeats {
                true => u8::MAX,
                false => u8::try_from(count("parameters")).map_err(|e| e.to_string())?,
            },
            options: entry.get("options").and_then(Value::as_table),
            sets: sets
                .iter()
                .filter_map(|set| set.get("name")?.as_str())
                .collect(),
        })
    }

    fn slot(&self, value: &Value) -> Result<u8, String> {
        let slot = small(value)?;
        match slot < self.slots {
            true => Ok(slot),
            false => Err(format!("there is no argument {slot}")),
        }
    }

    fn takes(&self, letter: char) -> Result<&'t str, String> {
        let found = self.options.and_then(|o| o.get(&letter.to_string()));
        found
            .and_then(Value::as_str)
            .ok_or_else(|| format!("there is no option `{letter}`"))
    }

    fn letter(&self, letter: char) -> Result<(), String> {
        match self.takes(letter)? {
            "required" => Err(format!("the option `{letter}` needs a value")),
            _ => Ok(()),
        }
    }

    fn letter_of(&self, value: &Value) -> Result<char, String> {
        let mut letters = value.as_str().unwrap_or_default().chars();
        match (letters.next(), letters.next()) {
            (Some(letter), None) => Ok(letter),
            _ => Err("no letter".to_owned()),
        }
    }

    fn variable(&self, value: &Value) -> Written {
        let name = value.as_str().ok_or("no text")?;
        match self.sets.contains(&name) {
            true => text(value),
            false => Err(format!("it does not set {name}")),
        }
    }

    fn given(&self, value: Option<&Value>) -> Written {
        let empty = Table::new();
        let table = value
            .map_or(Some(&empty), Value::as_table)
            .ok_or("no table")?;
        list(table.iter().map(|(slot, argument)| {
            let number = slot.parse::<i64>().map_err(|e| format!("{slot}: {e}"))?;
            Ok(format!(
                "({}, {})",
                self.slot(&Value::from(number))?,
                text(argument)?
            ))
        }))
    }
}

fn small(value: &Value) -> Result<u8, String> {
    let number = value.as_integer().ok_or("no number")?;
    u8::try_from(number).map_err(|_| format!("{number} is no number of an argument"))
}
