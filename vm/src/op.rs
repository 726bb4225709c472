//! Instructions. One table says everything about each: name, operands, cost, meaning; the encoder, the decoder, the
//! disassembler, the verifier and the loop's dispatch all go by it.
//!
//! A word is `op u8 | k u8 | a u16 | b u16 | c u16`, little endian; `bc` is `b` and `c` as one 32-bit number, `b` low.

/// Where in the word an operand stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    /// One byte.
    K,
    /// Sixteen bits.
    A,
    /// Sixteen bits.
    B,
    /// Sixteen bits.
    C,
    /// Thirty-two bits.
    BC,
}

/// What an operand means; the verifier checks it against the table of that kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A temporary that is written.
    Write,
    /// A temporary that is read.
    Read,
    /// How many temporaries, counted from the one before it.
    Count,
    /// A string.
    Text,
    /// A variable by its slot.
    Slot,
    /// A built-in variable.
    Builtin,
    /// A slice constant.
    Slice,
    /// A function name.
    Function,
    /// An application name.
    Application,
}

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Info {
    pub(crate) name: &'static str,
    pub(crate) operands: &'static [(Field, Kind)],
    /// Fuel that it burns.
    pub(crate) cost: u32,
    pub(crate) doc: &'static str,
}

macro_rules! operations {
    ($($op:ident $name:literal [$($field:ident $kind:ident),*] $cost:literal $doc:literal;)*) => {
        /// What an instruction does.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u8)]
        pub(crate) enum Op {
            $(#[doc = $doc] $op,)*
        }

        /// The table, indexed by operation.
        pub(crate) const TABLE: &[Info] = &[
            $(Info { name: $name, operands: &[$((Field::$field, Kind::$kind)),*], cost: $cost, doc: $doc },)*
        ];

        impl Op {
            const ALL: &'static [Op] = &[$(Op::$op,)*];
        }
    };
}

operations! {
    Text   "text"   [A Write, BC Text]               1 "load a string";
    Var    "var"    [A Write, B Slot]                1 "read a variable: the channel's, else the global; unset reads empty";
    Built  "built"  [A Write, K Builtin]             1 "read a built-in variable";
    Slice  "sub"    [A Write, B Read, C Slice]       1 "cut bytes out of a text";
    Cat    "cat"    [A Write, B Read, C Count]       2 "join temporaries to an intermediate text";
    Result "result" [A Write, B Read, C Count]       2 "join temporaries to a whole argument text, cut at its limit";
    Call   "call"   [A Write, B Read, C Function]    3 "call a function with its argument text; may leave";
    Body   "body"   [A Write, B Read]                3 "read what a computed body names; may leave";
    Expr   "expr"   [A Write, B Read]                3 "evaluate the text of an expression; may leave";
    App    "app"    [A Read, BC Application]         5 "run an application with its argument text; may leave; ends the step";
    Next   "next"   []                               1 "go to the next priority";
}

impl Op {
    /// The operation of a code byte.
    pub(crate) fn from_byte(b: u8) -> Option<Op> {
        Op::ALL.get(usize::from(b)).copied()
    }

    /// Its row.
    pub(crate) fn info(self) -> &'static Info {
        // The table and the enumeration are made by one macro and have the same length.
        &TABLE[self as usize]
    }
}

/// The table of instructions for people: name, operands, cost, meaning; a line each.
pub fn instruction_set() -> String {
    let mut out = String::new();
    for info in TABLE {
        let operands: Vec<String> = info
            .operands
            .iter()
            .map(|(field, kind)| format!("{kind:?}:{field:?}"))
            .collect();
        out.push_str(&format!(
            "{:7} {:30} {}  {}\n",
            info.name,
            operands.join(" "),
            info.cost,
            info.doc
        ));
    }
    out
}

/// One word of code.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Instr(pub(crate) u64);

impl Instr {
    pub(crate) fn new(op: Op, k: u8, a: u16, b: u16, c: u16) -> Instr {
        Instr(
            u64::from(op as u8)
                | u64::from(k) << 8
                | u64::from(a) << 16
                | u64::from(b) << 32
                | u64::from(c) << 48,
        )
    }

    /// With `b` and `c` as one number.
    pub(crate) fn wide(op: Op, k: u8, a: u16, bc: u32) -> Instr {
        Instr(u64::from(op as u8) | u64::from(k) << 8 | u64::from(a) << 16 | u64::from(bc) << 32)
    }

    /// `None`: no such operation (never in a verified module).
    pub(crate) fn op(self) -> Option<Op> {
        Op::from_byte(self.0 as u8)
    }

    pub(crate) fn k(self) -> u8 {
        (self.0 >> 8) as u8
    }

    pub(crate) fn a(self) -> u16 {
        (self.0 >> 16) as u16
    }

    pub(crate) fn b(self) -> u16 {
        (self.0 >> 32) as u16
    }

    pub(crate) fn c(self) -> u16 {
        (self.0 >> 48) as u16
    }

    pub(crate) fn bc(self) -> u32 {
        (self.0 >> 32) as u32
    }

    /// The value of an operand.
    pub(crate) fn field(self, f: Field) -> u32 {
        match f {
            Field::K => u32::from(self.k()),
            Field::A => u32::from(self.a()),
            Field::B => u32::from(self.b()),
            Field::C => u32::from(self.c()),
            Field::BC => self.bc(),
        }
    }
}

impl std::fmt::Debug for Instr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Some(op) = self.op() else {
            return write!(f, "?{:016x}", self.0);
        };
        write!(f, "{}", op.info().name)?;
        for (field, kind) in op.info().operands {
            write!(f, " {kind:?}:{}", self.field(*field))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_keep_their_fields() {
        let i = Instr::new(Op::Cat, 7, 1, 2, 65_535);
        assert_eq!(
            (i.op(), i.k(), i.a(), i.b(), i.c()),
            (Some(Op::Cat), 7, 1, 2, 65_535)
        );
        let w = Instr::wide(Op::Text, 0, 9, 0x0001_0002);
        assert_eq!((w.a(), w.bc(), w.b(), w.c()), (9, 0x0001_0002, 2, 1));
    }

    #[test]
    fn every_operation_has_its_row() {
        assert_eq!(TABLE.len(), Op::ALL.len());
        for (i, op) in Op::ALL.iter().enumerate() {
            assert_eq!(*op as usize, i);
            assert!(op.info().cost > 0 && !op.info().doc.is_empty());
        }
        let mut names: Vec<_> = TABLE.iter().map(|i| i.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), TABLE.len());
    }
}
