//! The variables of a channel and the frames of its subroutines.

use std::collections::BTreeMap;

use strowger_stdlib::value::Value;

use crate::module::Module;
use crate::{Place, Text};

/// Slots in one page; a page comes into being when one of its slots is first written.
const PAGE: usize = 8;

/// Bytes that a variable or a saved one is counted for, besides its text.
const OVERHEAD: usize = 64;

/// How a variable is inherited by new channels (DL-274).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Mark {
    /// It is not.
    #[default]
    None,
    /// `_x`: once.
    Once,
    /// `__x`: for ever.
    Always,
}

impl Mark {
    /// By the number of `_`.
    pub(crate) fn from_count(n: u8) -> Mark {
        match n {
            0 => Mark::None,
            1 => Mark::Once,
            _ => Mark::Always,
        }
    }

    /// What stands before the name.
    pub(crate) fn prefix(self) -> &'static [u8] {
        match self {
            Mark::None => b"",
            Mark::Once => b"_",
            Mark::Always => b"__",
        }
    }

    /// Splits the prefix off a name.
    pub(crate) fn split(name: &[u8]) -> (Mark, &[u8]) {
        match name {
            [b'_', b'_', rest @ ..] => (Mark::Always, rest),
            [b'_', rest @ ..] => (Mark::Once, rest),
            _ => (Mark::None, name),
        }
    }
}

/// A set variable.
#[derive(Debug, Clone)]
struct Cell {
    value: Value,
    mark: Mark,
    /// When it was set, for those who list variables. Counted up to its end, which a call does not reach in a week of writing.
    stamp: u32,
}

/// Where a variable is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Key {
    Slot(u16),
    Name(Text),
}

/// A subroutine that has not returned.
#[derive(Debug, Clone)]
pub(crate) struct Gosub {
    /// Where Return leads.
    pub(crate) back: Place,
    /// What the frame hides, oldest first; `None`: it was unset.
    undo: Vec<(Key, Option<Cell>)>,
    /// How many arguments it has, masking ones included.
    arguments: usize,
    /// The driver started it: Return ends the run.
    pub(crate) outermost: bool,
    /// Its typed code gave up: what it calls runs in steps, too.
    gave_up: bool,
}

/// Neighbouring slots.
#[derive(Debug, Clone)]
struct Page {
    number: u16,
    cells: [Option<Cell>; PAGE],
}

/// Channel variables and subroutine frames.
#[derive(Debug, Clone, Default)]
pub(crate) struct Variables {
    /// By rising number: a channel of a large plan has few.
    pages: Vec<Page>,
    others: BTreeMap<Text, Cell>,
    frames: Vec<Gosub>,
    stamp: u32,
    bytes: usize,
}

impl Variables {
    fn key(module: &Module, name: &[u8]) -> Key {
        module
            .slot(name)
            .map_or_else(|| Key::Name(name.to_vec()), Key::Slot)
    }

    /// Forgets all of them; keeps the room of the first page.
    pub(crate) fn clear(&mut self) {
        self.pages.truncate(1);
        for cell in self.pages.iter_mut().flat_map(|p| p.cells.iter_mut()) {
            *cell = None;
        }
        self.others.clear();
        self.frames.clear();
        self.stamp = 0;
        self.bytes = 0;
    }

    /// Sets a variable by its slot: `write` gives it its value, in the place where it is kept.
    #[inline]
    pub(crate) fn write_slot(&mut self, slot: u16, mark: Mark, write: impl FnOnce(&mut Value)) {
        self.stamp = self.stamp.saturating_add(1);
        let stamp = self.stamp;
        let place = self.slot_place(slot);
        let fresh = if place.is_none() { OVERHEAD } else { 0 };
        let cell = place.get_or_insert(Cell {
            value: Value::EMPTY,
            mark,
            stamp,
        });
        let freed = cell.value.heap_bytes();
        write(&mut cell.value);
        cell.mark = mark;
        cell.stamp = stamp;
        let new = cell.value.heap_bytes() + fresh;
        self.bytes = (self.bytes + new).saturating_sub(freed);
    }

    fn cell(&self, key: &Key) -> Option<&Cell> {
        match key {
            Key::Slot(slot) => self.slot_cell(*slot),
            Key::Name(name) => self.others.get(name),
        }
    }

    /// Where the page of a slot is, or would be.
    #[inline]
    fn page(&self, slot: u16) -> Result<usize, usize> {
        let number = slot / PAGE as u16;
        match self.pages.first() {
            Some(first) if first.number == number => Ok(0),
            _ => self.pages.binary_search_by_key(&number, |p| p.number),
        }
    }

    #[inline]
    fn slot_cell(&self, slot: u16) -> Option<&Cell> {
        let page = self.page(slot).ok()?;
        self.pages[page].cells[usize::from(slot) % PAGE].as_ref()
    }

    /// The place of a slot; its page is made if need be.
    #[inline]
    fn slot_place(&mut self, slot: u16) -> &mut Option<Cell> {
        let page = match self.page(slot) {
            Ok(page) => page,
            Err(page) => {
                let new = Page {
                    number: slot / PAGE as u16,
                    cells: Default::default(),
                };
                // Exactly: most channels have one or two.
                if self.pages.len() < 4 {
                    self.pages.reserve_exact(1);
                }
                self.pages.insert(page, new);
                page
            }
        };
        &mut self.pages[page].cells[usize::from(slot) % PAGE]
    }

    /// Sets a variable by its slot.
    #[inline]
    pub(crate) fn set_slot(&mut self, slot: u16, value: Value, mark: Mark) {
        self.write_slot(slot, mark, |place| *place = value);
    }

    /// Puts a cell (or nothing) where a variable is kept, and gives back what was there.
    fn put(&mut self, key: &Key, cell: Option<Cell>) -> Option<Cell> {
        let size = |c: &Option<Cell>| c.as_ref().map_or(0, |c| c.value.heap_bytes() + OVERHEAD);
        let name = match key {
            Key::Slot(_) => 0,
            Key::Name(name) => name.len(),
        };
        let new = size(&cell) + if cell.is_some() { name } else { 0 };
        let old = match key {
            Key::Slot(slot) => std::mem::replace(self.slot_place(*slot), cell),
            Key::Name(name) => match cell {
                Some(cell) => self.others.insert(name.clone(), cell),
                None => self.others.remove(name),
            },
        };
        let freed = size(&old) + if old.is_some() { name } else { 0 };
        self.bytes = (self.bytes + new).saturating_sub(freed);
        old
    }

    /// The value of a slot.
    #[inline]
    pub(crate) fn slot(&self, slot: u16) -> Option<&Value> {
        self.slot_cell(slot).map(|c| &c.value)
    }

    /// The value of a variable by name.
    pub(crate) fn get(&self, module: &Module, name: &[u8]) -> Option<&Value> {
        match module.slot(name) {
            Some(slot) => self.slot(slot),
            None => self.others.get(name).map(|c| &c.value),
        }
    }

    /// Sets the newest variable of that name.
    pub(crate) fn set(&mut self, module: &Module, name: &[u8], value: Value, mark: Mark) {
        match Self::key(module, name) {
            Key::Slot(slot) => self.set_slot(slot, value, mark),
            key @ Key::Name(_) => {
                self.stamp = self.stamp.saturating_add(1);
                let stamp = self.stamp;
                self.put(&key, Some(Cell { value, mark, stamp }));
            }
        }
    }

    /// Unsets it.
    pub(crate) fn unset(&mut self, module: &Module, name: &[u8]) {
        self.put(&Self::key(module, name), None);
    }

    /// Adds a variable to the top frame; `false` without a frame.
    pub(crate) fn set_local(&mut self, module: &Module, name: &[u8], value: Value) -> bool {
        if self.frames.is_empty() {
            return false;
        }
        let (mark, name) = Mark::split(name);
        let key = Self::key(module, name);
        self.stamp = self.stamp.saturating_add(1);
        let cell = Cell {
            value,
            mark,
            stamp: self.stamp,
        };
        let old = self.put(&key, Some(cell));
        if let Some(top) = self.frames.last_mut()
            && !top.undo.iter().any(|(k, _)| *k == key)
        {
            self.bytes += OVERHEAD + old.as_ref().map_or(0, |c| c.value.heap_bytes());
            top.undo.push((key, old));
        }
        true
    }

    /// Enters a subroutine: ARG1.., ARGC, and empty ones that hide surplus arguments of the frame around it (DL-252).
    pub(crate) fn push(
        &mut self,
        module: &Module,
        back: Place,
        arguments: &[Text],
        outermost: bool,
    ) {
        let around = self.frames.last().map_or(0, |f| f.arguments);
        let count = arguments.len();
        self.bytes += OVERHEAD + back.context.len() + back.exten.len();
        self.frames.push(Gosub {
            back,
            undo: Vec::new(),
            arguments: count.max(around),
            outermost,
            gave_up: self.gave_up(),
        });
        for n in 0..count.max(around) {
            let value = arguments.get(n).map_or(Value::EMPTY, |a| Value::text(a));
            self.set_local(module, format!("ARG{}", n + 1).as_bytes(), value);
        }
        self.set_local(module, b"ARGC", Value::int(count as i64));
    }

    /// Leaves a subroutine: what it hid shows again. Also gives the names that changed.
    pub(crate) fn pop(&mut self, module: &Module) -> Option<(Gosub, Vec<Text>)> {
        let mut frame = self.frames.pop()?;
        self.bytes = self
            .bytes
            .saturating_sub(OVERHEAD + frame.back.context.len() + frame.back.exten.len());
        let mut names = Vec::with_capacity(frame.undo.len());
        for (key, old) in std::mem::take(&mut frame.undo).into_iter().rev() {
            self.bytes = self
                .bytes
                .saturating_sub(OVERHEAD + old.as_ref().map_or(0, |c| c.value.heap_bytes()));
            self.put(&key, old);
            names.push(match key {
                Key::Slot(slot) => module.slot_name(slot).to_vec(),
                Key::Name(name) => name,
            });
        }
        Some((frame, names))
    }

    /// Whether typed code gave up in the innermost subroutine, or in one around it.
    pub(crate) fn gave_up(&self) -> bool {
        self.frames.last().is_some_and(|f| f.gave_up)
    }

    /// Typed code gave up in the subroutine that was just entered.
    pub(crate) fn give_up(&mut self) {
        if let Some(top) = self.frames.last_mut() {
            top.gave_up = true;
        }
    }

    /// The frame that is `down` below the top.
    pub(crate) fn frame(&self, down: usize) -> Option<&Gosub> {
        self.frames.iter().rev().nth(down)
    }

    /// Whether the innermost subroutine was started by the exchange and not by a Gosub.
    pub(crate) fn is_outermost(&self) -> bool {
        self.frames.last().is_some_and(|f| f.outermost)
    }

    /// Subroutines that have not returned.
    pub(crate) fn depth(&self) -> usize {
        self.frames.len()
    }

    /// The value that a variable has in the frame `down` below the top: only if it belongs to that frame (DL-252, DL-258).
    pub(crate) fn local(&self, module: &Module, down: usize, name: &[u8]) -> Option<Value> {
        let key = Self::key(module, name);
        let holds = |f: &Gosub| f.undo.iter().any(|(k, _)| *k == key);
        let at = self.frames.len().checked_sub(down + 1)?;
        if !holds(&self.frames[at]) {
            return None;
        }
        // The next newer frame that has the name too has saved this frame's value.
        let newer = self.frames[at + 1..]
            .iter()
            .find_map(|f| f.undo.iter().find(|(k, _)| *k == key));
        let cell = match newer {
            Some((_, old)) => old.as_ref(),
            None => self.cell(&key),
        };
        cell.map(|c| c.value.clone())
    }

    /// All set variables, oldest first.
    pub(crate) fn all<'a>(&'a self, module: &'a Module) -> Vec<(&'a [u8], &'a Value, Mark)> {
        let mut list: Vec<_> = self.others.iter().map(|(n, c)| (n.as_slice(), c)).collect();
        for page in &self.pages {
            for (i, cell) in (0u16..).zip(page.cells.iter()) {
                if let Some(cell) = cell {
                    let slot = page.number * PAGE as u16 + i;
                    list.push((module.slot_name(slot), cell));
                }
            }
        }
        list.sort_by_key(|(_, c)| c.stamp);
        list.into_iter()
            .map(|(n, c)| (n, &c.value, c.mark))
            .collect()
    }

    /// What a new channel starts with (DL-274, DL-308): `_x` arrives as `x`, `__x` stays `__x`.
    pub(crate) fn inherited(&self, module: &Module) -> Vec<(Text, Text)> {
        let all = self.all(module);
        all.into_iter()
            .filter(|(_, _, mark)| *mark != Mark::None)
            .map(|(name, value, mark)| {
                let mut full = if mark == Mark::Always {
                    b"__".to_vec()
                } else {
                    Vec::new()
                };
                full.extend_from_slice(name);
                (full, value.bytes().into_owned())
            })
            .collect()
    }

    /// The same variables for another module: each finds its place there by name.
    pub(crate) fn rekey(&mut self, old: &Module, new: &Module) {
        let moved = |key: &Key| match key {
            Key::Slot(slot) => Self::key(new, old.slot_name(*slot)),
            Key::Name(name) => Self::key(new, name),
        };
        let mut keys: Vec<Key> = self.others.keys().cloned().map(Key::Name).collect();
        for page in &self.pages {
            let set = (0u16..).zip(page.cells.iter());
            let set = set.filter(|(_, cell)| cell.is_some());
            keys.extend(set.map(|(i, _)| Key::Slot(page.number * PAGE as u16 + i)));
        }
        let cells: Vec<_> = keys
            .iter()
            .map(|key| (moved(key), self.put(key, None)))
            .collect();
        self.pages.clear();
        for (key, cell) in cells {
            self.put(&key, cell);
        }
        for (key, _) in self.frames.iter_mut().flat_map(|f| &mut f.undo) {
            *key = moved(key);
        }
    }

    /// Bytes outside the value itself.
    pub(crate) fn heap_bytes(&self) -> usize {
        let cells = self.pages.iter().flat_map(|p| p.cells.iter().flatten());
        let others = self.others.iter();
        self.pages.capacity() * size_of::<Page>()
            + cells.map(|c| c.value.heap_bytes()).sum::<usize>()
            + others
                .map(|(n, c)| size_of::<(Text, Cell)>() + n.capacity() + c.value.heap_bytes())
                .sum::<usize>()
            + self.frames.capacity() * size_of::<Gosub>()
            + self
                .frames
                .iter()
                .map(|f| {
                    f.back.context.capacity()
                        + f.back.exten.capacity()
                        + f.undo.capacity() * size_of::<(Key, Option<Cell>)>()
                })
                .sum::<usize>()
    }

    /// Counts bytes that something else keeps for the channel.
    pub(crate) fn count(&mut self, bytes: usize) {
        self.bytes += bytes;
    }

    /// They are gone.
    pub(crate) fn discount(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_sub(bytes);
    }

    /// Whether so many variables more keep within a bound.
    pub(crate) fn has_room(&self, variables: usize, bound: usize) -> bool {
        self.bytes.saturating_add(variables * OVERHEAD) <= bound
    }

    /// Bytes held, roughly.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }
}
