//! Where sound goes: options of Dial that keep it in the exchange against the wish of the devices (C039), and ports for it (C018).

use strowger_stdlib::args;
use strowger_stdlib::template::has_hole;

use crate::conf::line::{Value, boolean};
use crate::diagnostic::Diagnostic;
use crate::lint::World;
use crate::lint::every_call;
use crate::peers::Tech;

/// Letters for which somebody has to listen for keys, or to the sound itself.
const LISTENING: &[u8] = b"tThHkKwWxX";

pub(super) fn check(world: &World<'_>, out: &mut Vec<Diagnostic>) {
    let wishes = [wish(world, Tech::Sip), wish(world, Tech::Pjsip)];
    let Some(wish) = wishes.into_iter().flatten().next() else {
        return;
    };
    let mut found = Vec::new();
    every_call::each(world.index.hir(), &mut |call| {
        if call.app != b"dial" {
            return;
        }
        let arguments = call.arguments();
        let Some(options) = arguments.get(2).filter(|o| !has_hole(o.bytes())) else {
            return;
        };
        let letters = args::options(options.bytes()).letters;
        let letter = letters
            .into_iter()
            .find(|l| LISTENING.contains(&l.letter) && l.argument.is_none());
        if let Some(letter) = letter {
            found.push(
                Diagnostic::new(
                    "C039",
                    format!(
                        "`{}` keeps the sound in the exchange",
                        char::from(letter.letter)
                    ),
                    options.span_of(letter.at..letter.at + 1),
                )
                .label("keys have to be heard here, so devices do not send to each other")
                .also(wish.span(), "this asks for the straight way"),
            );
        }
    });
    out.extend(super::once(found));
}

/// The first line that asks for the straight way.
fn wish<'a>(world: &'a World<'_>, tech: Tech) -> Option<&'a Value> {
    let keys: &[&str] = match tech {
        Tech::Sip => &["directmedia", "canreinvite"],
        _ => &["direct_media"],
    };
    let file = match tech {
        Tech::Sip => world.peers.sip.as_ref(),
        _ => world.peers.pjsip.as_ref(),
    };
    let values = file
        .into_iter()
        .flat_map(|c| c.sections())
        .flat_map(|s| &s.values);
    values
        .filter(|v| keys.iter().any(|k| v.is(k)))
        .find(|v| boolean(v.text.bytes()) == Some(true))
}
