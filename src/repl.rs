//! The prompt of `strowger eval`, and the same without a terminal: one text, command or application line a line.

use crate::eval::{object, print, remarks};
use crate::load;
use crate::session::Session;
use rustyline::Editor;
use rustyline::config::Config;
use rustyline::error::ReadlineError;
use rustyline::history::MemHistory;
use std::io::{BufRead, Read as _};
use std::path::Path;
use std::process::ExitCode;

const HELP: &str = "\
a text              its value: ${CUT(list,-,2)}, $[ 1 + ${x} ]
App(arguments)      runs an application: Set(x=1), MSet(a=1,b=2), Set(DB(f/k)=v)
:set NAME=VALUE     sets a channel variable to what stands there, unevaluated
:unset NAME         removes it
:vars               channel variables
:globals            global variables
:plan FILE          reads a plan: its globals, contexts and hints (a directory, a dialplan file, a .dialc)
:exten EXTEN        the extension in which the text stands, for ${EXTEN}
:context CONTEXT    the context, for ${CONTEXT}
:help, :quit        (or Ctrl-D)
";

/// Lines that can be called back.
const HISTORY: usize = 1_000;
/// Longest line that is read without a terminal.
const LINE: u64 = 64 << 20;

/// What is to be done after a line.
#[derive(PartialEq, Eq)]
enum Then {
    GoOn,
    Quit,
}

/// Talks with a person.
pub(crate) fn talk(mut session: Session) -> ExitCode {
    let config = Config::builder()
        .max_history_size(HISTORY)
        .map(|c| c.auto_add_history(true).build());
    let editor =
        config.and_then(|config| Editor::<(), MemHistory>::with_history(config, MemHistory::new()));
    let mut editor = match editor {
        Ok(editor) => editor,
        Err(fault) => return load::cannot(&fault.to_string()),
    };
    println!("A text is evaluated, Set(x=1) sets, :help tells the rest, Ctrl-D ends.");
    loop {
        match editor.readline("eval> ") {
            Ok(line) => {
                if answer(&mut session, line.as_bytes(), Output::Talk) == Then::Quit {
                    return ExitCode::SUCCESS;
                }
            }
            Err(ReadlineError::Interrupted) => println!("(Ctrl-D ends)"),
            Err(ReadlineError::Eof) => return ExitCode::SUCCESS,
            Err(fault) => return load::cannot(&fault.to_string()),
        }
    }
}

/// Answers each line of standard input. Exit 1 if one of them could not be evaluated.
pub(crate) fn read(mut session: Session, json: bool) -> ExitCode {
    let mut input = std::io::stdin().lock();
    let output = if json { Output::Json } else { Output::Plain };
    let mut line = Vec::new();
    loop {
        line.clear();
        match input.by_ref().take(LINE).read_until(b'\n', &mut line) {
            Ok(0) => return ExitCode::SUCCESS,
            Ok(_) => {}
            Err(fault) => return load::cannot(&format!("standard input: {fault}")),
        }
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        if answer(&mut session, text, output) == Then::Quit {
            return ExitCode::SUCCESS;
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Output {
    /// To a person, who has no other output to mix it with.
    Talk,
    /// Values to standard output, a line each.
    Plain,
    /// An object a line.
    Json,
}

fn answer(session: &mut Session, line: &[u8], output: Output) -> Then {
    let trimmed = line.trim_ascii();
    if trimmed.is_empty() {
        return Then::GoOn;
    }
    if let Some(words) = trimmed.strip_prefix(b":") {
        let words = String::from_utf8_lossy(words);
        return command(session, &words);
    }
    if session.is_application(trimmed) {
        let answer = session.run(trimmed);
        match output {
            Output::Json => println!("{}", object(&answer)),
            Output::Plain => remarks(&answer),
            Output::Talk => {
                remarks(&answer);
                for (name, value) in &answer.set {
                    let name = String::from_utf8_lossy(name);
                    match value {
                        Some(value) => println!("{name} = {}", String::from_utf8_lossy(value)),
                        None => println!("{name} is unset"),
                    }
                }
            }
        }
        return Then::GoOn;
    }
    let answer = session.evaluate(line);
    match output {
        Output::Json => println!("{}", object(&answer)),
        Output::Plain | Output::Talk => print(&answer),
    }
    Then::GoOn
}

fn command(session: &mut Session, words: &str) -> Then {
    let (name, rest) = words.split_once(' ').unwrap_or((words, ""));
    let rest = rest.trim();
    let list = |pairs: &mut dyn Iterator<Item = (&Vec<u8>, &Vec<u8>)>| {
        let mut none = true;
        for (name, value) in pairs {
            none = false;
            println!(
                "{} = {}",
                String::from_utf8_lossy(name),
                String::from_utf8_lossy(value)
            );
        }
        if none {
            println!("none");
        }
    };
    match name {
        "quit" | "q" | "exit" => return Then::Quit,
        "help" | "h" | "?" => print!("{HELP}"),
        "vars" => list(&mut session.variables().iter().map(|(n, v)| (n, v))),
        "globals" => list(&mut session.globals()),
        "set" => match rest.split_once('=') {
            Some((name, value)) if !name.trim().is_empty() => {
                session.set(name.trim().as_bytes(), value.as_bytes());
            }
            _ => eprintln!("write :set NAME=VALUE"),
        },
        "unset" if rest.is_empty() => eprintln!("write :unset NAME"),
        "unset" => {
            if !session.unset(rest.as_bytes()) {
                eprintln!("there is no variable {rest}");
            }
        }
        "plan" if rest.is_empty() => eprintln!("write :plan FILE"),
        "plan" => match session.plan(Path::new(rest)) {
            Ok(()) => println!("{} global variables", session.globals().count()),
            Err(fault) => eprintln!("{fault}"),
        },
        "exten" if rest.is_empty() => {
            println!("{}", String::from_utf8_lossy(&session.place().exten))
        }
        "exten" => session.exten(rest.as_bytes()),
        "context" if rest.is_empty() => {
            println!("{}", String::from_utf8_lossy(&session.place().context));
        }
        "context" => session.context(rest.as_bytes()),
        other => {
            const NAMES: [&str; 9] = [
                "set", "unset", "vars", "globals", "plan", "exten", "context", "help", "quit",
            ];
            match strowger_compiler::edit_distance::nearest(other, NAMES) {
                Some(meant) => eprintln!("there is no :{other}; did you mean :{meant}?"),
                None => eprintln!("there is no :{other}; :help tells what there is"),
            }
        }
    }
    Then::GoOn
}
