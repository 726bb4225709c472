//! Which variables a plan reads and sets, over all of it, and where.

use strowger_stdlib::table::{QuickMap, QuickSet};

use strowger_stdlib::Dialect;
use strowger_stdlib::args::inheritance;
use strowger_stdlib::signatures;
use strowger_stdlib::template::{Hole, HoleKind, Piece, Template, What, split_body};

use crate::dialled;
use crate::hir::{Context, Step};
use crate::jump;
use crate::lint::World;
use crate::lint::facts::{self, assigned_by, is_word};
use crate::lint::subroutines::subroutines;
use crate::peers::Peers;
use crate::source::{Span, Text};

/// Functions that take the name of a variable, and at which place of their arguments.
const BY_NAME: [(&[u8], usize); 18] = [
    (b"GLOBAL", 0),
    (b"LOCAL", 0),
    (b"SHARED", 0),
    (b"MASTER_CHANNEL", 0),
    (b"VARIABLE_EXISTS", 0),
    (b"GLOBAL_EXISTS", 0),
    (b"INC", 0),
    (b"DEC", 0),
    (b"SHIFT", 0),
    (b"POP", 0),
    (b"PUSH", 0),
    (b"UNSHIFT", 0),
    (b"IMPORT", 1),
    (b"EXPORT", 1),
    (b"LOCAL_PEEK", 1),
    (b"DELETE", 0),
    (b"GLOBAL_DELETE", 0),
    (b"PJSIP_PARSE_URI_FROM", 0),
];

/// Functions that are called for what they do: a variable that takes their value need not be read.
const DOING: [&[u8]; 18] = [
    b"LOCK(",
    b"UNLOCK(",
    b"DB_DELETE(",
    b"SHELL(",
    b"CURL(",
    b"ODBC",
    b"INC(",
    b"DEC(",
    b"SET(",
    b"SHIFT(",
    b"POP(",
    b"EVAL_SUB(",
    b"REALTIME",
    b"SORT(",
    b"HASH",
    b"QUERY(",
    b"FILE(",
    b"LOOKUP(",
];

/// Beginnings of names of variables that channels, applications and devices set or read by themselves.
const OTHERS: &str = "ABANDONED ACCOUNTCODE AGENT AGI ALERT AMPUSER ANSWEREDTIME ARG ATTENDEDTRANSFER AVAIL BLINDTRANSFER BRIDGE \
    CALLED CALLERID CALLING CDR CHANNEL CONFBRIDGE CONNECTED CURL DAHDI DB_RESULT DIAL DTMF DYNAMIC_ EXIT FAX \
    FORWARD GOSUB_ GROUP HANGUP IAX INVALID_EXTEN ISDN JABBER JB_ LIMIT_ LOCAL MACRO_ MASTER_ MAX_FORWARDS MEETME \
    MEMBER MESSAGE MINIVM MIXMONITOR MONITOR MORSE MVM_ ODBC ORIG OSP OUTBOUND_GROUP PARK PICKUP PLAYBACK PRI PRIVACY \
    QE QUEUE REASON RECORD REDIRECT RTP SAY SEND SIP SLA SMDI SMS SPEECH SPY SRV STAT SYSTEM T38 TALK TEST THREAD \
    TIMEOUT TOUCH_ TRANSFER TRY TXTCID UNICALL USERUSERINFO VM_ VOICEMAIL WAIT WHILE ZAP";

/// What a plan does with its variables.
#[derive(Default)]
pub(super) struct Names {
    /// Where each is read first, how often, and whether it is only asked for emptiness.
    pub(super) read: QuickMap<Vec<u8>, Reading>,
    /// Where each is set first.
    pub(super) set: QuickMap<Vec<u8>, Setting>,
    /// Beginnings and ends of names that are put together, read and set.
    pub(super) reading: QuickSet<(Vec<u8>, Vec<u8>)>,
    pub(super) setting: QuickSet<(Vec<u8>, Vec<u8>)>,
    /// Text is substituted once more: names in it are not seen.
    pub(super) evaluates: bool,
    /// Read where a call begins that something outside starts, and perhaps gives variables.
    pub(super) started: QuickSet<Vec<u8>>,
    /// The context that is being read is one of these.
    pub(super) starting: bool,
    /// Variables that other channels get too: `_X`, `__X`, globals.
    pub(super) inherited: QuickSet<Vec<u8>>,
    /// Names that are set, by themselves in small letters.
    pub(super) folded: QuickMap<Vec<u8>, Vec<Vec<u8>>>,
}

pub(super) struct Reading {
    pub(super) place: Span,
    pub(super) count: usize,
}

pub(super) struct Setting {
    pub(super) place: Span,
    /// By `Read`.
    pub(super) collected: bool,
    /// In `[globals]`.
    pub(super) global: bool,
    /// The value is there for what a function does.
    pub(super) doing: bool,
}

impl Names {
    pub(super) fn gather(&mut self, world: &World<'_>, peers: &Peers) {
        let hir = world.index.hir();
        for global in &hir.globals {
            self.text(&global.written);
            self.inherited.insert(global.name.clone());
            self.set.entry(global.name.clone()).or_insert(Setting {
                place: global.span,
                collected: false,
                global: true,
                doing: false,
            });
        }
        let led_to = led_to(world, peers, true);
        for context in &hir.contexts {
            self.context(world.dialect, context, led_to.contains(&context.name));
        }
    }

    /// What one context reads and sets. `entered`: something in the plan leads to it.
    pub(super) fn context(&mut self, dialect: &Dialect, context: &Context, entered: bool) {
        for extension in &context.extensions {
            // Call files and the manager start calls at `s`; devices dial numbers.
            let name = extension.name.as_slice();
            self.starting = !entered && matches!(name, b"s" | b"h" | b"failed" | b"start");
            if let Some(hint) = &extension.hint {
                self.text(&hint.written);
            }
            for step in &extension.steps {
                self.read_in(&step.args, Some(step));
                for called in step.calls() {
                    for (name, value) in assigned_by(called, dialect) {
                        self.sets(&name, value.as_ref(), called.app == "read");
                    }
                    if matches!(called.app.as_str(), "originate" | "mixmonitor") {
                        self.words(&called.args);
                    }
                }
            }
        }
    }

    /// Variables that device files give to calls.
    pub(super) fn configured(&mut self, peers: &Peers) {
        for section in peers.files().flat_map(|f| f.sections()) {
            for value in section.all("setvar").chain(section.all("set_var")) {
                if let Some(equals) = value.text.bytes().iter().position(|b| *b == b'=') {
                    let name = value.text.slice(0..equals).trimmed();
                    self.sets(&name, None, false);
                    // Whoever is dialled has it from the file.
                    self.inherited.insert(name.bytes().to_vec());
                }
            }
        }
    }

    /// Names that stand in text as words: `v(a=b)`, `i(ID)`.
    fn words(&mut self, text: &Text) {
        for word in text
            .bytes()
            .split(|b| !(b.is_ascii_alphanumeric() || *b == b'_'))
        {
            if is_word(word) {
                let (name, _) = inheritance(word);
                self.set.entry(name.to_vec()).or_insert(Setting {
                    place: text.span(),
                    collected: false,
                    global: false,
                    doing: true,
                });
            }
        }
    }

    pub(super) fn sets(&mut self, name: &Text, value: Option<&Text>, collected: bool) {
        let bytes = name.trimmed();
        let (bare, marks) = inheritance(bytes.bytes());
        if marks > 0 {
            self.inherited.insert(bare.to_vec());
        }
        if strowger_stdlib::template::has_hole(bare) {
            self.setting.insert(ends(&Template::read(bare)));
            return;
        }
        if let Some(open) = bare.iter().position(|b| *b == b'(') {
            let inner = &bare[open + 1..bare.len() - usize::from(bare.ends_with(b")"))];
            let function = &bare[..open];
            for (i, part) in inner.split(|b| *b == b',').enumerate() {
                let (part, _) = inheritance(part.trim_ascii());
                let named = function == b"ARRAY" || BY_NAME.contains(&(function, i));
                if named && is_word(part) {
                    if function != b"LOCAL" && function != b"ARRAY" {
                        self.inherited.insert(part.to_vec());
                    }
                    self.write(part, name.span(), false, false);
                }
            }
            return;
        }
        let doing = value.is_some_and(|v| does(v.bytes()));
        self.write(bare, name.span(), collected, doing);
    }

    fn write(&mut self, name: &[u8], place: Span, collected: bool, doing: bool) {
        let setting = self.set.entry(name.to_vec()).or_insert(Setting {
            place,
            collected,
            global: false,
            doing,
        });
        setting.doing |= doing;
    }

    pub(super) fn text(&mut self, text: &Text) {
        self.read_in(text, None);
    }

    /// The same of a text that is the arguments of a step.
    fn read_in(&mut self, text: &Text, step: Option<&Step>) {
        let bytes = text.bytes();
        if !bytes.contains(&b'{') && !bytes.contains(&b'$') {
            return;
        }
        // `^{NAME}` and `\${NAME}` are filled later.
        for at in (0..bytes.len()).filter(|i| bytes[*i] == b'{') {
            let name: Vec<u8> = bytes[at + 1..]
                .iter()
                .copied()
                .take_while(|b| b.is_ascii_alphanumeric() || *b == b'_')
                .collect();
            if at > 0 && bytes[at - 1] == b'^' && !name.is_empty() {
                self.reads(&name, text.span_of(at..at + 1));
            }
        }
        if !strowger_stdlib::template::has_hole(bytes) {
            return;
        }
        let own;
        let template = match step {
            Some(step) => step.template(),
            None => {
                own = Template::read(bytes);
                &own
            }
        };
        for hole in template.holes() {
            match hole.kind {
                HoleKind::Variable => self.hole(text, hole),
                HoleKind::Expression => self.expression(text, hole),
            }
        }
    }

    /// Words of an expression may be meant as names (E616), and function calls in it take some.
    fn expression(&mut self, text: &Text, hole: &Hole) {
        for piece in &hole.body.pieces {
            let Piece::Text(plain) = piece else { continue };
            for word in plain.split(|b| !(b.is_ascii_alphanumeric() || *b == b'_')) {
                if is_word(word) && self.set.contains_key(word) {
                    self.reads(word, text.span_of(hole.span.clone()));
                }
            }
        }
    }

    fn hole(&mut self, text: &Text, hole: &Hole) {
        let place = text.span_of(hole.span.clone());
        let Some(plain) = hole.body.as_plain() else {
            self.computed(hole, place);
            return;
        };
        self.body(plain, place);
    }

    /// `NAME`, `NAME:1:2` or `FUNC(...)`, all of it known.
    fn body(&mut self, body: &[u8], place: Span) {
        match split_body(body).what {
            What::Variable(name) => self.reads(&name, place),
            What::Call(call) => self.call(&call.name, &call.args, place),
        }
    }

    fn call(&mut self, name: &[u8], args: &[u8], place: Span) {
        self.evaluates |= name == b"EVAL";
        let signature = signatures::function(name);
        let by_name = signature.is_some_and(|s| s.reads_variable);
        let slot = BY_NAME
            .iter()
            .find(|(n, _)| *n == name)
            .map(|(_, slot)| *slot);
        let Some(slot) = slot.or_else(|| by_name.then_some(0)) else {
            if name == b"SET"
                && let Some(equals) = args.iter().position(|b| *b == b'=')
            {
                self.write(args[..equals].trim_ascii(), place, false, true);
            }
            return;
        };
        // `CUT(CUT(X,-,1),/,2)`: the first argument ends at a comma outside of parentheses.
        let mut depth = 0usize;
        let mut commas = 0;
        let mut part = Vec::new();
        for byte in args {
            match byte {
                b'(' => depth += 1,
                b')' => depth = depth.saturating_sub(1),
                b',' if depth == 0 => {
                    commas += 1;
                    if commas > slot {
                        break;
                    }
                    continue;
                }
                _ => {}
            }
            if commas == slot {
                part.push(*byte);
            }
        }
        let part = part.trim_ascii();
        if !part.is_empty() && part.len() < args.len() + 1 {
            // Each level is shorter than the one around it.
            self.body(part, place);
        }
    }

    /// A body with holes: the beginning and the end of a name, or a function.
    fn computed(&mut self, hole: &Hole, place: Span) {
        let Some(Piece::Text(head)) = hole.body.pieces.first() else {
            self.reading.insert(ends(&hole.body));
            return;
        };
        // `${SET(NAME=${...})}`
        if let Some(name) = head.strip_prefix(b"SET(")
            && let Some(equals) = name.iter().position(|b| *b == b'=')
        {
            self.write(name[..equals].trim_ascii(), place, false, true);
        }
        let Some(open) = head.iter().position(|b| *b == b'(') else {
            if head.contains(&b':') {
                // A slice whose numbers are computed.
                let name: Vec<u8> = head.iter().copied().take_while(|b| *b != b':').collect();
                self.reads(&name, place);
            } else {
                self.reading.insert(ends(&hole.body));
            }
            return;
        };
        let name = &head[..open];
        let first = &head[open + 1..];
        if first.contains(&b',') || first.contains(&b'(') {
            self.call(name, first, place);
        } else {
            self.call(name, b"", place);
            let by_name = signatures::function(name).is_some_and(|s| s.reads_variable)
                || BY_NAME.iter().any(|(n, _)| *n == name);
            if by_name {
                // `CUT(PRE_${X},...)`.
                self.reading.insert((first.to_vec(), Vec::new()));
            }
        }
    }

    fn reads(&mut self, name: &[u8], place: Span) {
        match self.read.get_mut(name) {
            Some(reading) => reading.count += 1,
            None => {
                self.read.insert(name.to_vec(), Reading { place, count: 1 });
            }
        }
        if self.starting {
            self.started.insert(name.to_vec());
        }
    }

    pub(super) fn is_unset(&self, world: &World<'_>, name: &[u8]) -> bool {
        is_word(name)
            && !self.set.contains_key(name)
            && !facts::is_built_in(name)
            && !is_others(name)
            && !composes(world, &self.setting, name)
    }
}

/// Whether a text calls one of [`DOING`].
fn does(text: &[u8]) -> bool {
    if !text.contains(&b'(') {
        return false;
    }
    let mut starts = (0..text.len()).filter(|at| {
        text[*at].is_ascii_uppercase()
            && at
                .checked_sub(1)
                .is_none_or(|b| !text[b].is_ascii_alphanumeric())
    });
    starts.any(|at| DOING.iter().any(|f| text[at..].starts_with(f)))
}

/// Contexts that jumps, includes and devices lead to, and, if asked for, `Local/`.
pub(super) fn led_to(world: &World<'_>, peers: &Peers, local: bool) -> QuickSet<Vec<u8>> {
    let mut found: QuickSet<Vec<u8>> = QuickSet::default();
    for context in &world.index.hir().contexts {
        found.extend(context.includes.iter().map(|i| i.context.clone()));
        for step in context.extensions.iter().flat_map(|e| &e.steps) {
            for target in jump::targets(step) {
                let context = target.context.constant().map(Text::bytes);
                if let Some(context) = context.filter(|c| !found.contains(*c)) {
                    found.insert(context.to_vec());
                }
            }
            for called in step.calls() {
                let subroutines = subroutines(called, &context.name);
                found.extend(subroutines.into_iter().filter_map(|s| s.context));
            }
            for destination in dialled::destinations(step).iter().filter(|_| local) {
                let resource = destination.resource.bytes();
                if destination.tech.bytes().eq_ignore_ascii_case(b"local")
                    && let Some(at) = resource.iter().position(|b| *b == b'@')
                {
                    let end = resource
                        .iter()
                        .position(|b| *b == b'/')
                        .unwrap_or(resource.len());
                    found.insert(resource[at + 1..end.max(at + 1)].to_vec());
                }
            }
        }
    }
    for section in peers.files().flat_map(|f| f.sections()) {
        found.extend(section.get("context").map(|c| c.text.bytes().to_vec()));
    }
    found
}

/// Names that devices, channels and applications use by themselves.
pub(super) fn is_others(name: &[u8]) -> bool {
    OTHERS
        .split_ascii_whitespace()
        .any(|head| name.starts_with(head.as_bytes()))
}

/// The text before the first hole and behind the last.
fn ends(template: &Template) -> (Vec<u8>, Vec<u8>) {
    let text = |piece: Option<&Piece>| match piece {
        Some(Piece::Text(text)) => text.clone(),
        _ => Vec::new(),
    };
    (
        text(template.pieces.first()),
        text(template.pieces.last().filter(|_| template.pieces.len() > 1)),
    )
}

pub(super) fn composes(
    world: &World<'_>,
    parts: &QuickSet<(Vec<u8>, Vec<u8>)>,
    name: &[u8],
) -> bool {
    // Where there is no time to look, it may.
    !world.afford(parts.len())
        || parts
            .iter()
            .any(|(head, tail)| name.starts_with(head) && name.ends_with(tail))
}
