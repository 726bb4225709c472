//! Cases of enums with what they carry, as a text: `Support(q2)`.

use super::operand::{Operand, Read, Trust};
use super::value::joined;
use super::writer::{To, Writer};
use crate::dial::typed::Expr;
use crate::dial::types::{EnumId, Type};

impl Writer<'_> {
    /// A case of an enum with what it carries.
    pub(super) fn case(&mut self, id: EnumId, case: usize, fields: &[Expr]) -> Operand {
        let found = self.shared.program.enums.get(id).cases.get(case);
        let spelling = found
            .and_then(|c| c.spellings.first())
            .cloned()
            .unwrap_or_default();
        if fields.is_empty() {
            return Operand::Constant(spelling);
        }
        let types: Vec<&Type> = self.field_types(id, case).collect();
        let values = self.values(&fields.iter().collect::<Vec<_>>());
        let several = values.len() > 1;
        let mut parts = vec![Operand::Constant(format!("{spelling}("))];
        for (i, value) in values.into_iter().enumerate() {
            if i > 0 {
                parts.push(Operand::Constant(",".to_owned()));
            }
            let free = types.get(i).is_some_and(|t| self.trust(t) == Trust::Text);
            parts.push(if several && free {
                self.packed(value)
            } else {
                value
            });
        }
        parts.push(Operand::Constant(")".to_owned()));
        joined(parts)
    }

    /// A field beside others: without commas.
    fn packed(&mut self, value: Operand) -> Operand {
        if let Operand::Constant(text) = value {
            return Operand::Constant(text.replace('%', "%25").replace(',', "%2C"));
        }
        let to = self.between();
        self.store(&to, &value);
        let name = self.variable(&to).unwrap_or_default();
        self.store_text(&to, &format!("${{STRREPLACE({name},%,%25)}}"));
        self.store_text(&to, &format!("${{STRREPLACE({name},\\,,%2C)}}"));
        self.written_to(&to)
    }

    /// What a case carries, without its name and its parentheses.
    pub(super) fn carried(&mut self, read: &Read, id: EnumId, case: usize) -> Read {
        let found = self.shared.program.enums.get(id).cases.get(case);
        let spelling = found.and_then(|c| c.spellings.first());
        let several = found.is_some_and(|c| c.fields.len() > 1);
        let skip = spelling.map_or(0, String::len) as i64 + 1;
        let whole = match read.slice {
            None => read.clone(),
            Some(_) => self.keep(&Operand::Read(read.clone())),
        };
        let inner = Read {
            slice: Some((skip, Some(-1))),
            ..whole
        };
        if several {
            self.keep(&Operand::Read(inner))
        } else {
            inner
        }
    }

    /// A field of what a case carries goes to `to`.
    pub(super) fn unpack(
        &mut self,
        carried: &Read,
        id: EnumId,
        case: usize,
        field: usize,
        to: &To,
    ) {
        let fields: Vec<&Type> = self.field_types(id, case).collect();
        if fields.len() < 2 {
            self.store(to, &Operand::Read(carried.clone()));
            return;
        }
        let free = fields
            .get(field)
            .is_some_and(|t| self.trust(t) == Trust::Text);
        self.store_text(to, &format!("${{CUT({},\\,,{})}}", carried.name, field + 1));
        if free {
            let name = self.variable(to).unwrap_or_default();
            self.store_text(to, &format!("${{STRREPLACE({name},%2C,\\,)}}"));
            self.store_text(to, &format!("${{STRREPLACE({name},%25,%)}}"));
        }
    }

    /// The same in a variable of its own, if it has none.
    pub(super) fn field(&mut self, carried: &Read, id: EnumId, case: usize, field: usize) -> Read {
        if self.field_types(id, case).count() < 2 {
            return carried.clone();
        }
        let to = self.between();
        self.unpack(carried, id, case, field, &to);
        let name = self.variable(&to).unwrap_or_default();
        Read {
            fixed: true,
            ..Read::new(name)
        }
    }
}
