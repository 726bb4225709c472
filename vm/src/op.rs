//! Instructions. One table says everything about each: name, operands, cost, meaning; the encoder, the decoder, the
//! disassembler, the verifier and the loop's dispatch all go by it.
//!
//! A word is `op u8 | k u8 | a u16 | b u16 | c u16`, little endian; `bc` is `b` and `c` as one 32-bit number, `b` low.
//!
//! There are two forms of code. *Whole* code makes the argument text of a step and runs the application with it; every step
//! has it. *Quick* code does in a few words what the application would do to variables and priorities; the steps of an
//! extension that have such a form share one stretch of it. It holds nothing that needs the world, and wherever a value is
//! not of the form that it was written for, it gives up before it has changed anything: the step then runs as whole code.

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
    /// A whole number of 16 bits, signed.
    Small,
    /// A whole number of 32 bits, signed.
    Number,
    /// How two things are compared.
    Comparison,
    /// 0 or 1.
    Flag,
    /// Which of the short functions.
    Short,
    /// A word of quick code in the same extension.
    Word,
    /// The same, counted from the word behind this one.
    Near,
    /// The index of a priority in its entry.
    Index,
    /// A place that is jumped to.
    Place,
    /// A time format.
    Format,
    /// A loop in typed code.
    Loop,
    /// Any byte.
    Byte,
    /// How a variable is inherited.
    Mark,
}

/// Where a word may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// In whole code.
    Whole,
    /// In quick code.
    Quick,
    /// In both.
    Both,
}

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Info {
    pub(crate) name: &'static str,
    pub(crate) operands: &'static [(Field, Kind)],
    /// Fuel that it burns.
    pub(crate) cost: u32,
    pub(crate) form: Form,
    pub(crate) doc: &'static str,
}

macro_rules! operations {
    ($($op:ident $name:literal [$($field:ident $kind:ident),*] $cost:literal $form:ident $doc:literal;)*) => {
        /// What an instruction does.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u8)]
        pub(crate) enum Op {
            $(#[doc = $doc] $op,)*
        }

        /// The table, indexed by operation.
        pub(crate) const TABLE: &[Info] = &[
            $(Info { name: $name, operands: &[$((Field::$field, Kind::$kind)),*], cost: $cost, form: Form::$form, doc: $doc },)*
        ];

        impl Op {
            const ALL: &'static [Op] = &[$(Op::$op,)*];
        }
    };
}

operations! {
    Text   "text"   [A Write, BC Text]               1 Both  "load a string";
    Var    "var"    [A Write, B Slot]                1 Both  "read a variable: the channel's, else the global; unset reads empty";
    Built  "built"  [A Write, K Builtin]             1 Both  "read a built-in variable";
    Slice  "sub"    [A Write, B Read, C Slice]       1 Whole "cut bytes out of a text";
    Cat    "cat"    [A Write, B Read, C Count]       2 Whole "join temporaries to an intermediate text";
    Result "result" [A Write, B Read, C Count]       2 Whole "join temporaries to a whole argument text, cut at its limit";
    Call   "call"   [A Write, B Read, C Function]    3 Whole "call a function with its argument text; may leave";
    Body   "body"   [A Write, B Read]                3 Whole "read what a computed body names; may leave";
    Expr   "expr"   [A Write, B Read]                3 Whole "evaluate the text of an expression; may leave";
    Subst  "subst"  [A Write, B Read]                3 Whole "fill in a text as it is written, and note what is wrong with it; may leave";
    App    "app"    [A Read, BC Application]         5 Whole "run an application with its argument text; may leave; ends the step";
    Next   "next"   []                               1 Both  "go to the next priority";

    Step   "step"   [BC Index]                       3 Quick "the priority of this index begins; the place where quick code is entered and fuel is burnt";
    Int    "int"    [A Write, BC Number]             1 Quick "load a whole number";
    Move   "mov"    [A Write, B Read]                1 Quick "copy a value";
    Add    "add"    [A Write, B Read, C Read]        1 Quick "sum; gives up unless all three are whole numbers";
    AddI   "addi"   [A Write, B Read, C Small]       1 Quick "sum with a constant";
    Sub    "minus"  [A Write, B Read, C Read]        1 Quick "difference";
    Mul    "mul"    [A Write, B Read, C Read]        1 Quick "product";
    Div    "div"    [A Write, B Read, C Read]        1 Quick "quotient; gives up if it is not whole";
    Rem    "rem"    [A Write, B Read, C Read]        1 Quick "remainder";
    Neg    "neg"    [A Write, B Read]                1 Quick "the opposite number";
    Not    "not"    [A Write, B Read]                1 Quick "1 for 0, 0 for any other number";
    Abs    "abs"    [A Write, B Read]                1 Quick "a number without its sign";
    Large  "large"  [A Write, B Read]                1 Quick "whether a whole number has more than 18 digits: 0, or it gives up";
    And    "and"    [A Write, B Read, C Read]        1 Quick "0 if one of two numbers is 0, else the first";
    Or     "or"     [A Write, B Read, C Read]        1 Quick "the second of two numbers if the first is 0, else the first";
    Choose "choose" [A Write, B Read, C Read]        1 Quick "the value of C if B is not 0, else that of the temporary behind C";
    Cmp    "cmp"    [K Comparison, A Write, B Read, C Read] 1 Quick "compare two numbers or words, as `$[a = b]` does";
    Same   "same"   [K Flag, A Write, B Read, C Read] 1 Quick "whether two texts in quotes are the same (K: differ)";
    Short  "short"  [K Short, A Write, B Read, C Count] 3 Quick "call a function with its arguments in temporaries";
    Put    "put"    [BC Text]                        1 Quick "append a string to the text in the making";
    PutVar "putvar" [A Slot]                         1 Quick "append a variable";
    PutSub "putsub" [A Slot, C Slice]                1 Quick "append bytes cut out of a variable";
    PutBuilt "putbuilt" [K Builtin]                  1 Quick "append a built-in variable";
    PutExten "putexten" [C Slice]                    1 Quick "append bytes cut out of EXTEN";
    PutTemp "puttemp" [A Read]                       1 Quick "append a temporary";
    PutCut "putcut" [K Byte, A Slot, B Small, C Small] 2 Quick "append fields of a variable: delimiter, first, last";
    PutTime "puttime" [A Read, C Format]             3 Quick "append a moment by a time format";
    End    "end"    [A Write]                        1 Quick "the text is made: keep it";
    EndSet "endset" [K Mark, B Slot]                 2 Quick "the text is made: write it into a variable";
    SameAs "sameas" [K Write, A Slot, BC Text]       1 Quick "whether a variable in quotes is this text";
    Set    "set"    [K Mark, A Read, B Slot]         2 Quick "write a variable";
    Inc    "inc"    [A Slot, B Slot, C Small]        2 Quick "write the sum of a variable and a constant";
    Jump   "jump"   [BC Word]                        1 Quick "go on there";
    JumpIf "jumpif" [K Flag, A Read, BC Word]        1 Quick "go on there if the condition holds (K 0: if it does not)";
    JumpN  "jumpn"  [K Comparison, A Slot, B Small, C Near] 1 Quick "go on there if a variable compares so with a constant";
    Goto   "goto"   [BC Place]                       2 Quick "go to a place of the plan";
    Run    "run"    [A Application, BC Text]         5 Quick "run an application with a constant argument text; ends the step";
    Loop   "loop"   [BC Loop]                        1 Quick "run a loop that begins with this step as typed code, and go on where it leaves; else go on here";
    While  "while"  [A Read]                         1 Quick "go on if the condition holds and the loop of this While is under way; else run the step as whole code";
    Round  "round"  [BC Word]                        1 Quick "go back to a While if its loop is under way; else run the step as whole code";
    Whole  "whole"  []                               1 Quick "run this step as whole code";
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
    out.push_str("\nin typed code of functions: registers a, b, c and a number n\n");
    out.push_str(&crate::typed::instruction_set());
    out
}

/// One word of code.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Instr {
    op: Op,
    k: u8,
    a: u16,
    b: u16,
    c: u16,
}

impl Instr {
    pub(crate) fn new(op: Op, k: u8, a: u16, b: u16, c: u16) -> Instr {
        Instr { op, k, a, b, c }
    }

    /// With `b` and `c` as one number.
    pub(crate) fn wide(op: Op, k: u8, a: u16, bc: u32) -> Instr {
        Instr::new(op, k, a, bc as u16, (bc >> 16) as u16)
    }

    /// From the eight bytes of a file; `None`: no such operation.
    pub(crate) fn read(word: u64) -> Option<Instr> {
        let op = Op::from_byte(word as u8)?;
        Some(Instr::new(
            op,
            (word >> 8) as u8,
            (word >> 16) as u16,
            (word >> 32) as u16,
            (word >> 48) as u16,
        ))
    }

    /// The eight bytes of a file.
    pub(crate) fn bits(self) -> u64 {
        u64::from(self.op as u8)
            | u64::from(self.k) << 8
            | u64::from(self.a) << 16
            | u64::from(self.b) << 32
            | u64::from(self.c) << 48
    }

    pub(crate) fn op(self) -> Op {
        self.op
    }

    pub(crate) fn k(self) -> u8 {
        self.k
    }

    pub(crate) fn a(self) -> u16 {
        self.a
    }

    pub(crate) fn b(self) -> u16 {
        self.b
    }

    pub(crate) fn c(self) -> u16 {
        self.c
    }

    pub(crate) fn bc(self) -> u32 {
        u32::from(self.b) | u32::from(self.c) << 16
    }

    /// The same word that goes on somewhere else: for jumps forward, whose target is known later.
    pub(crate) fn to(self, bc: u32) -> Instr {
        Instr::wide(self.op, self.k, self.a, bc)
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
        write!(f, "{}", self.op.info().name)?;
        for (field, kind) in self.op.info().operands {
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
            (Op::Cat, 7, 1, 2, 65_535)
        );
        let w = Instr::wide(Op::Text, 0, 9, 0x0001_0002);
        assert_eq!((w.a(), w.bc(), w.b(), w.c()), (9, 0x0001_0002, 2, 1));
        assert_eq!(Instr::read(i.bits()), Some(i));
        assert_eq!(Instr::read(0xff), None);
        assert_eq!(std::mem::size_of::<Instr>(), 8);
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
