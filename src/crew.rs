//! Threads: how many, and those that the compiler's analysis is lent.

use std::sync::Mutex;
use std::thread;
use strowger_compiler::Part;

/// How many threads: as many as were asked for, or as the machine runs at a time.
pub(crate) fn threads(asked: Option<u16>) -> usize {
    asked.map_or_else(
        || thread::available_parallelism().map_or(1, usize::from),
        usize::from,
    )
}

/// Calls the parts on as many threads as the machine runs at a time, this one among them.
pub(crate) fn together(parts: &mut [Part<'_>]) {
    let threads = threads(None).min(parts.len());
    let next = Mutex::new(parts.iter_mut());
    let work = || {
        loop {
            // Taken before the part is called, so that the lock is free meanwhile.
            let part = next.lock().map_or(None, |mut parts| parts.next());
            match part {
                Some(part) => part(),
                None => return,
            }
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(work);
        }
        work();
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_is_called_once() {
        let mut counts = [0; 9];
        let mut parts: Vec<Part<'_>> = counts
            .iter_mut()
            .map(|count| -> Part<'_> { Box::new(|| *count += 1) })
            .collect();
        together(&mut parts);
        drop(parts);
        assert_eq!(counts, [1; 9]);
    }
}
