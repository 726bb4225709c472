//! Mailboxes that the plan and the devices name, and voicemail.conf does not have (C004).

use strowger_stdlib::table::{QuickMap, QuickSet};

use strowger_stdlib::template::has_hole;

use crate::beside::sections;
use crate::conf::line::boolean;
use crate::diagnostic::Diagnostic;
use crate::lint::World;
use crate::lint::every_call::{self, Known, parts};
use crate::peers::list;
use crate::source::Text;

/// Mailboxes by number, each with the contexts that have it.
struct Boxes {
    contexts: QuickSet<Vec<u8>>,
    by_number: QuickMap<Vec<u8>, Vec<Vec<u8>>>,
    /// A number without a context is looked for in all of them.
    anywhere: bool,
}

/// Applications whose first argument names mailboxes.
const APPLICATIONS: [&[u8]; 5] = [
    b"voicemail",
    b"voicemailmain",
    b"mailboxexists",
    b"vmauthenticate",
    b"hasnewvoicemail",
];

/// Functions whose first argument does.
const FUNCTIONS: [&[u8]; 4] = [b"VM_INFO", b"MAILBOX_EXISTS", b"VMCOUNT", b"VM_MAILBOX"];

pub(super) fn check(world: &World<'_>, known: &Known<'_>, out: &mut Vec<Diagnostic>) {
    let Some(boxes) = Boxes::read(world) else {
        return;
    };
    every_call::each(world.index.hir(), &mut |call| {
        if APPLICATIONS.contains(&&*call.app) {
            let arguments = call.arguments();
            for name in arguments.first().into_iter().flat_map(|a| parts(a, b'&')) {
                let what = match &*call.app {
                    b"voicemail" => "VoiceMail gives up: the caller leaves no message",
                    b"voicemailmain" | b"vmauthenticate" => "nobody can log in there",
                    _ => "so it is never found",
                };
                boxes.look(&name, known.value(&name, call.extension), what, out);
            }
        }
        for read in every_call::reads(&call.args) {
            if FUNCTIONS.contains(&read.name.bytes()) {
                let arguments = every_call::split(&read.args);
                for name in arguments.first().into_iter().flat_map(|a| parts(a, b'&')) {
                    let value = known.value(&name, call.extension);
                    boxes.look(&name, value, "so the answer is always the same", out);
                }
            }
        }
    });
    devices(world, &boxes, out);
}

/// The lamp for waiting messages of a device.
fn devices(world: &World<'_>, boxes: &Boxes, out: &mut Vec<Diagnostic>) {
    let peers = &world.peers;
    let endpoints = peers.pjsip_objects("endpoint");
    let objects = endpoints.chain(peers.pjsip_objects("aor"));
    let sip = peers.sip_sections().filter_map(|s| s.get("mailbox"));
    for value in sip.chain(objects.filter_map(|s| s.get("mailboxes"))) {
        for name in list(value) {
            // Told by the far end, or by another program.
            let context = name.bytes().split(|b| *b == b'@').nth(1);
            if context.is_some_and(|c| c.eq_ignore_ascii_case(b"SIP_Remote")) {
                continue;
            }
            let value = Some(name.bytes().to_vec());
            boxes.look(&name, value, "no lamp ever lights for it", out);
        }
    }
}

impl Boxes {
    fn read(world: &World<'_>) -> Option<Boxes> {
        let beside = &world.beside;
        let file = beside.whole(&beside.voicemail, &["voicemail", "voicemail.conf"])?;
        let switch = |key: &str| {
            let value = file.value("general", key);
            value.is_some_and(|v| boolean(v.text.bytes()) == Some(true))
        };
        // Names of one context may stand for those of another.
        if file.value("general", "aliasescontext").is_some() {
            return None;
        }
        let mut boxes = Boxes {
            contexts: QuickSet::from_iter([b"default".to_vec()]),
            by_number: QuickMap::default(),
            anywhere: switch("searchcontexts"),
        };
        for section in sections(file, &["zonemessages"]) {
            let context = section.name.to_ascii_lowercase();
            boxes.contexts.insert(context.clone());
            for value in &section.values {
                boxes.add(value.key.bytes(), &context);
            }
        }
        let users = file.value("general", "userscontext");
        let users = users.map_or(b"default".to_vec(), |v| v.text.bytes().to_ascii_lowercase());
        if let Some(file) = &world.peers.users {
            if file.open {
                return None;
            }
            for section in sections(file, &[]) {
                boxes.add(&section.name, &users);
            }
        }
        Some(boxes)
    }

    fn add(&mut self, number: &[u8], context: &[u8]) {
        let contexts = self.by_number.entry(number.to_ascii_lowercase());
        contexts.or_default().push(context.to_vec());
    }

    /// One name: `number`, `number@context`; the value if it is known.
    fn look(&self, name: &Text, value: Option<Vec<u8>>, what: &str, out: &mut Vec<Diagnostic>) {
        let Some(value) = value else {
            return self.look_at_context(name, what, out);
        };
        let value = value.to_ascii_lowercase();
        let mut halves = value.splitn(2, |b| *b == b'@');
        let number = halves.next().unwrap_or_default();
        let context = halves.next();
        let context_or_default = context.filter(|c| !c.is_empty()).unwrap_or(b"default");
        if number.is_empty() {
            return self.look_at_context(name, what, out);
        }
        let there = self.by_number.get(number);
        let found = match context {
            None if self.anywhere => there.is_some(),
            _ => there.is_some_and(|c| c.iter().any(|c| c == context_or_default)),
        };
        if found || old_letters(number, &self.by_number) {
            return;
        }
        let shown = |number: &[u8], context: &[u8]| {
            String::from_utf8_lossy(&[number, b"@", context].concat()).into_owned()
        };
        let found = Diagnostic::new(
            "C004",
            format!(
                "there is no mailbox `{}`",
                shown(number, context_or_default)
            ),
            name.span(),
        )
        .label(what);
        out.push(match there.map(Vec::as_slice) {
            Some([other]) => {
                let meant = shown(number, other);
                if has_hole(name.bytes()) {
                    found.help(format!("there is `{meant}`"))
                } else {
                    found.fix(format!("write `{meant}`"), name.span(), meant, false)
                }
            }
            Some(_) => found.help("other voicemail contexts have this number"),
            None if self.contexts.contains(context_or_default) => found.help(format!(
                "add a line `{} => password,name` to [{}] of voicemail.conf",
                String::from_utf8_lossy(number),
                String::from_utf8_lossy(context_or_default)
            )),
            None => found.help(format!(
                "voicemail.conf has no context [{}]",
                String::from_utf8_lossy(context_or_default)
            )),
        });
    }

    /// Only the context is written: `${EXTEN}@sales`, `@sales`.
    fn look_at_context(&self, name: &Text, what: &str, out: &mut Vec<Diagnostic>) {
        let Some(at) = name.bytes().iter().rposition(|b| *b == b'@') else {
            return;
        };
        let context = name.slice(at + 1..name.len());
        let bytes = context.bytes();
        // Behind an `@` inside of a variable no context stands.
        if bytes.is_empty()
            || has_hole(name.bytes()) && bytes.iter().any(|b| matches!(b, b'}' | b')' | b'$'))
            || self.contexts.contains(&bytes.to_ascii_lowercase())
        {
            return;
        }
        out.push(
            Diagnostic::new(
                "C004",
                format!("voicemail.conf has no context `{}`", context.lossy()),
                context.span(),
            )
            .label(what.to_owned()),
        );
    }
}

/// `u100`, `b100`: letters of old before a number that is there. That is another mistake.
fn old_letters(number: &[u8], known: &QuickMap<Vec<u8>, Vec<Vec<u8>>>) -> bool {
    let letters = number.iter().take_while(|b| b"sub".contains(b)).count();
    letters > 0 && known.contains_key(&number[letters..])
}
