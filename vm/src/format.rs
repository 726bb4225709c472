//! The bytes of a `.dialc` file: magic, format version, checksum of what follows, origin (compiler, digests of the sources, globals),
//! options, then the parts of a module in order; all numbers little endian.

use strowger_stdlib::Dialect;
use strowger_stdlib::signatures::Version;
use strowger_stdlib::template::Slice;
use strowger_stdlib::timespec::TimeSpec;

use crate::module::{
    BadModule, Context, Entry, Include, Module, Options, Parts, Priority, StrId, Target, Wanted,
};
use crate::op::Instr;
use crate::origin::{Digest, Origin, checksum};
use crate::pattern::{ByteSet, Element, Matches, Pattern};
use crate::strings::Strings;
use crate::typed::{Function, Leave, Round, Type, Typed, Variable, Word, Written};

const MAGIC: &[u8; 8] = b"dialc\r\n\x1a";
pub(crate) const VERSION: u32 = 6;
/// Where the checksum ends.
const SEALED: usize = MAGIC.len() + 12;

impl Module {
    /// The bytes of a `.dialc` file.
    pub fn write(&self) -> Vec<u8> {
        let mut w = Writer(MAGIC.to_vec());
        w.u32(VERSION);
        w.0.extend_from_slice(&[0; 8]);
        w.origin(&self.origin);
        let p = &self.parts;
        let dialect = p.options.dialect;
        let flags = [
            p.options.autofallthrough,
            p.options.best_only,
            p.options.jumping,
            dialect.pairs_in_set,
        ];
        w.u8((0..).zip(flags).map(|(n, on)| u8::from(on) << n).sum());
        let Version(major, minor, patch) = dialect.release();
        for part in [major, minor, patch] {
            w.u32(u32::from(part));
        }
        w.u32(p.strings.len() as u32);
        for text in p.strings.iter() {
            w.bytes(text);
        }
        w.list(&p.slices, |w, s| {
            w.u32(s.offset as u32);
            w.u8(u8::from(s.length.is_some()));
            w.u32(s.length.unwrap_or(0) as u32);
        });
        for ids in [&p.names, &p.functions, &p.applications] {
            w.list(ids, |w, id| w.u32(id.0));
        }
        for code in [&p.code, &p.quick] {
            w.list(code, |w, i| w.0.extend_from_slice(&i.bits().to_le_bytes()));
        }
        w.list(&p.targets, |w, t| {
            w.u32(t.context.map_or(u32::MAX, |c| c.0));
            w.u32(t.exten.0);
            let (kind, n) = match t.priority {
                Wanted::Number(n) => (0, n),
                Wanted::Label(l) => (1, l.0),
            };
            w.u8(kind);
            w.u32(n);
        });
        w.list(&p.formats, |w, (zone, format)| {
            w.u32(zone.0);
            w.u32(format.0);
        });
        w.list(&p.contexts, |w, c| {
            w.u32(c.name.0);
            w.list(&c.entries, |w, e| {
                w.u32(e.name.0);
                w.matches(&e.matches);
                w.u8(u8::from(e.caller.is_some()));
                if let Some(c) = &e.caller {
                    w.matches(c);
                }
                w.list(&e.priorities, |w, p| {
                    for n in [
                        p.number,
                        p.label.map_or(u32::MAX, |l| l.0),
                        p.pc,
                        u32::from(p.frame),
                        p.quick,
                    ] {
                        w.u32(n);
                    }
                    for n in [p.application.0, p.arguments.0, p.file.0, p.line] {
                        w.u32(n);
                    }
                });
                w.u32(u32::from(e.frame));
                w.u32(e.typed.unwrap_or(u32::MAX));
                w.u8(u8::from(e.hint.is_some()));
                if let Some((devices, name)) = e.hint {
                    w.u32(devices.0);
                    w.u32(name.0);
                }
            });
            w.list(&c.includes, |w, i| {
                w.u32(i.context.0);
                w.u32(i.times.as_ref().map_or(u32::MAX, |(t, _)| t.0));
            });
            w.list(&c.switches, |w, s| w.u32(s.0));
        });
        w.list(&p.typed, |w, f| {
            w.u32(f.name.0);
            w.u32(f.file.0);
            w.typed(&f.typed);
        });
        w.list(&p.loops, |w, l| {
            w.u32(u32::from(l.head));
            w.u32(u32::from(l.cost));
            w.u8(u8::from(l.is_while));
            w.u8(l.turn);
            w.list(&l.variables, |w, v| {
                w.u32(u32::from(v.name));
                w.u8(v.mark);
                w.u8(u8::from(v.is_read));
                match &v.written {
                    Written::Never => w.u8(0),
                    Written::Steps(steps) => {
                        w.u8(1);
                        w.list(steps, |w, step| w.u32(u32::from(*step)));
                    }
                    Written::Register(register) => {
                        w.u8(2);
                        w.u8(*register);
                    }
                }
            });
            w.list(&l.exits, |w, e| {
                w.u32(u32::from(e.at));
                w.u32(u32::from(e.to));
                w.u32(e.back);
            });
            w.typed(&l.code);
        });
        Module::seal(&mut w.0);
        w.0
    }

    /// Writes the checksum of bytes that were altered. Only for tests of the verifier: a checksum would hide it from them.
    pub fn seal(bytes: &mut [u8]) {
        if let Some((head, body)) = bytes.split_at_mut_checked(SEALED) {
            head[SEALED - 8..].copy_from_slice(&checksum(body).to_le_bytes());
        }
    }

    /// Reads a `.dialc` file and verifies it.
    pub fn read(bytes: &[u8]) -> Result<Module, BadModule> {
        let rest = bytes.strip_prefix(MAGIC).ok_or(BadModule::Magic)?;
        let mut r = Reader {
            all: bytes.len(),
            rest,
        };
        let version = r.u32()?;
        if version != VERSION {
            return Err(BadModule::Version(version));
        }
        if r.u64()? != checksum(r.rest) {
            return Err(BadModule::Altered);
        }
        let origin = r.origin()?;
        let flags = r.u8()?;
        let release = Version(r.u16()?, r.u16()?, r.u16()?);
        if !(Dialect::OLDEST..=Dialect::NEWEST).contains(&release) {
            return Err(r.damaged());
        }
        let dialect = Dialect::of(release).with_app_set(flags & 8 != 0);
        let mut p = Parts {
            options: Options {
                autofallthrough: flags & 1 != 0,
                best_only: flags & 2 != 0,
                jumping: flags & 4 != 0,
                dialect,
            },
            ..Parts::default()
        };
        for _ in 0..r.u32()? {
            let text = r.bytes()?;
            p.strings.push(text).ok_or_else(|| r.damaged())?;
        }
        p.slices = r.list(|r| {
            let offset = r.u32()? as i32;
            let bounded = r.flag()?;
            let length = r.u32()? as i32;
            Ok(Slice {
                offset,
                length: bounded.then_some(length),
            })
        })?;
        p.names = r.list(Reader::id)?;
        p.functions = r.list(Reader::id)?;
        p.applications = r.list(Reader::id)?;
        for code in [&mut p.code, &mut p.quick] {
            *code = r.list(|r| {
                let word = u64::from(r.u32()?) | u64::from(r.u32()?) << 32;
                Instr::read(word).ok_or_else(|| r.damaged())
            })?;
        }
        p.targets = r.list(|r| {
            let context = r.optional_id()?;
            let exten = r.id()?;
            let is_label = r.flag()?;
            let n = r.u32()?;
            Ok(Target {
                context,
                exten,
                priority: if is_label {
                    Wanted::Label(StrId(n))
                } else {
                    Wanted::Number(n)
                },
            })
        })?;
        p.formats = r.list(|r| Ok((r.id()?, r.id()?)))?;
        let strings = std::mem::take(&mut p.strings);
        p.contexts = r.list(|r| r.context(&strings, &dialect))?;
        p.strings = strings;
        p.typed = r.list(Reader::function)?;
        p.loops = r.list(Reader::round)?;
        if !r.rest.is_empty() {
            return Err(r.damaged());
        }
        let mut module = Module::verified(p)?;
        module.origin = origin;
        Ok(module)
    }
}

struct Writer(Vec<u8>);

impl Writer {
    fn u8(&mut self, n: u8) {
        self.0.push(n);
    }

    fn u32(&mut self, n: u32) {
        self.0.extend_from_slice(&n.to_le_bytes());
    }

    fn u64(&mut self, n: u64) {
        self.0.extend_from_slice(&n.to_le_bytes());
    }

    fn origin(&mut self, o: &Origin) {
        self.bytes(&o.compiler);
        self.list(&o.sources, |w, (name, digest)| {
            w.bytes(name);
            w.0.extend_from_slice(digest);
        });
        self.list(&o.globals, |w, (name, value)| {
            w.bytes(name);
            w.bytes(value);
        });
        self.u8(u8::from(o.clear_globals));
    }

    fn bytes(&mut self, b: &[u8]) {
        // The builder refuses longer strings and lists.
        self.u32(b.len() as u32);
        self.0.extend_from_slice(b);
    }

    fn list<T>(&mut self, items: &[T], mut each: impl FnMut(&mut Writer, &T)) {
        self.u32(items.len() as u32);
        for item in items {
            each(self, item);
        }
    }

    fn typed(&mut self, f: &Typed) {
        self.list(&f.parameters, |w, t| w.u8(*t as u8));
        self.u8(f.result as u8);
        self.u32(u32::from(f.registers));
        self.list(&f.constants, |w, n| w.u64(*n as u64));
        self.list(&f.code, |w, word| w.u64(word.bits()));
        self.list(&f.lines, |w, line| w.u32(*line));
        self.list(&f.exits, |w, exit| w.u32(u32::from(*exit)));
    }

    fn matches(&mut self, m: &Matches) {
        match m {
            Matches::Name(name) => {
                self.u8(0);
                self.bytes(name);
            }
            Matches::Pattern(p) => {
                self.u8(1);
                self.list(&p.elements, |w, e| match e {
                    Element::Set(set) => {
                        w.u8(0);
                        for n in set.0 {
                            w.0.extend_from_slice(&n.to_le_bytes());
                        }
                    }
                    Element::Dot => w.u8(1),
                    Element::Bang => w.u8(2),
                    Element::Broken => w.u8(3),
                });
            }
        }
    }
}

struct Reader<'a> {
    all: usize,
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn damaged(&self) -> BadModule {
        BadModule::Damaged(self.all - self.rest.len())
    }

    fn take(&mut self, n: usize) -> Result<&'a [u8], BadModule> {
        let (head, rest) = self
            .rest
            .split_at_checked(n)
            .ok_or_else(|| self.damaged())?;
        self.rest = rest;
        Ok(head)
    }

    fn u8(&mut self) -> Result<u8, BadModule> {
        Ok(self.take(1)?[0])
    }

    fn flag(&mut self) -> Result<bool, BadModule> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(self.damaged()),
        }
    }

    fn u32(&mut self) -> Result<u32, BadModule> {
        let b = self.take(4)?;
        Ok(u32::from_le_bytes([b[0], b[1], b[2], b[3]]))
    }

    fn u64(&mut self) -> Result<u64, BadModule> {
        Ok(u64::from(self.u32()?) | u64::from(self.u32()?) << 32)
    }

    fn origin(&mut self) -> Result<Origin, BadModule> {
        Ok(Origin {
            compiler: self.bytes()?.to_vec(),
            sources: self.list(|r| {
                let name = r.bytes()?.to_vec();
                let mut digest = Digest::default();
                digest.copy_from_slice(r.take(size_of::<Digest>())?);
                Ok((name, digest))
            })?,
            globals: self.list(|r| Ok((r.bytes()?.to_vec(), r.bytes()?.to_vec())))?,
            clear_globals: self.flag()?,
        })
    }

    /// A number that was widened to 32 bits.
    fn u16(&mut self) -> Result<u16, BadModule> {
        u16::try_from(self.u32()?).map_err(|_| self.damaged())
    }

    fn id(&mut self) -> Result<StrId, BadModule> {
        Ok(StrId(self.u32()?))
    }

    fn optional_id(&mut self) -> Result<Option<StrId>, BadModule> {
        Ok(Some(self.id()?).filter(|id| id.0 != u32::MAX))
    }

    fn bytes(&mut self) -> Result<&'a [u8], BadModule> {
        let n = self.u32()? as usize;
        self.take(n)
    }

    /// A list; never reserves more than the bytes that are left could hold.
    fn list<T>(
        &mut self,
        mut each: impl FnMut(&mut Reader<'a>) -> Result<T, BadModule>,
    ) -> Result<Vec<T>, BadModule> {
        let n = self.u32()? as usize;
        if n > self.rest.len() {
            return Err(self.damaged());
        }
        let mut items = Vec::new();
        for _ in 0..n {
            items.push(each(self)?);
        }
        Ok(items)
    }

    fn matches(&mut self) -> Result<Matches, BadModule> {
        if !self.flag()? {
            return Ok(Matches::Name(self.bytes()?.to_vec()));
        }
        let elements = self.list(|r| {
            Ok(match r.u8()? {
                0 => {
                    let mut set = ByteSet::default();
                    for word in &mut set.0 {
                        *word = u64::from(r.u32()?) | u64::from(r.u32()?) << 32;
                    }
                    Element::Set(set)
                }
                1 => Element::Dot,
                2 => Element::Bang,
                3 => Element::Broken,
                _ => return Err(r.damaged()),
            })
        })?;
        Ok(Matches::Pattern(Pattern { elements }))
    }

    fn ty(&mut self) -> Result<Type, BadModule> {
        Type::from_byte(self.u8()?).ok_or_else(|| self.damaged())
    }

    fn function(&mut self) -> Result<Function, BadModule> {
        Ok(Function {
            name: self.id()?,
            file: self.id()?,
            typed: self.typed()?,
        })
    }

    fn typed(&mut self) -> Result<Typed, BadModule> {
        Ok(Typed {
            parameters: self.list(Reader::ty)?,
            result: self.ty()?,
            registers: self.u16()?,
            constants: self.list(|r| Ok(r.u64()? as i64))?,
            code: self.list(|r| {
                let word = r.u64()?;
                Word::read(word).ok_or_else(|| r.damaged())
            })?,
            lines: self.list(Reader::u32)?,
            exits: self.list(Reader::u16)?,
        })
    }

    fn round(&mut self) -> Result<Round, BadModule> {
        Ok(Round {
            head: self.u16()?,
            cost: self.u16()?,
            is_while: self.flag()?,
            turn: self.u8()?,
            variables: self.list(|r| {
                Ok(Variable {
                    name: r.u16()?,
                    mark: r.u8()?,
                    is_read: r.flag()?,
                    written: match r.u8()? {
                        0 => Written::Never,
                        1 => Written::Steps(r.list(Reader::u16)?),
                        2 => Written::Register(r.u8()?),
                        _ => return Err(r.damaged()),
                    },
                })
            })?,
            exits: self.list(|r| {
                Ok(Leave {
                    at: r.u16()?,
                    to: r.u16()?,
                    back: r.u32()?,
                })
            })?,
            code: self.typed()?,
        })
    }

    fn context(&mut self, strings: &Strings, dialect: &Dialect) -> Result<Context, BadModule> {
        let name = self.id()?;
        let entries = self.list(|r| {
            let name = r.id()?;
            let matches = r.matches()?;
            let caller = if r.flag()? { Some(r.matches()?) } else { None };
            let priorities = r.list(|r| {
                Ok(Priority {
                    number: r.u32()?,
                    label: r.optional_id()?,
                    pc: r.u32()?,
                    frame: r.u16()?,
                    quick: r.u32()?,
                    application: r.id()?,
                    arguments: r.id()?,
                    file: r.id()?,
                    line: r.u32()?,
                })
            })?;
            let frame = r.u16()?;
            let typed = Some(r.u32()?).filter(|n| *n != u32::MAX);
            let hint = if r.flag()? {
                Some((r.id()?, r.id()?))
            } else {
                None
            };
            Ok(Entry {
                name,
                matches,
                caller,
                priorities,
                hint,
                frame,
                typed,
            })
        })?;
        let includes = self.list(|r| {
            let context = r.id()?;
            let times = match r.optional_id()? {
                None => None,
                Some(id) => {
                    let text = strings.get(id).ok_or_else(|| r.damaged())?;
                    // What is not understood in it was reported when it was compiled.
                    Some((id, TimeSpec::read_for(text, dialect).0))
                }
            };
            Ok(Include { context, times })
        })?;
        let switches = self.list(Reader::id)?;
        Ok(Context {
            name,
            entries,
            includes,
            switches,
        })
    }
}
