//! Members of queues in queues.conf: devices that are not there (C002), and contexts (C040).

use crate::beside::sections;
use crate::diagnostic::Diagnostic;
use crate::dialled;
use crate::lint::World;
use crate::source::Text;

use super::Names;

pub(super) fn check(world: &World<'_>, names: &Names, out: &mut Vec<Diagnostic>) {
    let Some(queues) = &world.beside.queues else {
        return;
    };
    for section in sections(queues, &[]) {
        for value in section.all("member").filter(|v| !v.inherited) {
            // Interface, penalty, name, state: the interface is what rings.
            let end = value.text.bytes().iter().position(|b| *b == b',');
            let interface: Text = value.text.slice(0..end.unwrap_or(value.text.len()));
            for destination in dialled::split(&interface) {
                if let Some(found) = super::missing(world, names, true, &destination) {
                    out.push(found.label("this member never rings"));
                }
            }
        }
    }
}
