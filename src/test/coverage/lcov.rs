//! What tests reached, as lcov, Codecov and editors read it: geninfo(1).

use std::collections::BTreeMap;
use std::fmt::Write;

use strowger_compiler::FileId;

use super::Covered;

impl Covered {
    /// The record of each file, as lcov reads it.
    pub(super) fn lcov(&self) -> String {
        /// Runs of the steps of a line, and of their branches.
        type Line<'h> = Vec<(u64, &'h [u64])>;
        let mut files: BTreeMap<FileId, BTreeMap<u32, Line<'_>>> = BTreeMap::new();
        for (step, count, taken) in self.steps() {
            let lines = files.entry(step.file).or_default();
            lines.entry(step.line).or_default().push((count, taken));
        }
        for (gate, taken) in self.gates() {
            let lines = files.entry(gate.span.file).or_default();
            let looked = taken[0].saturating_add(taken[1]);
            let line = lines.entry(self.line_of(gate)).or_default();
            line.push((looked, taken.as_slice()));
        }
        let mut out = String::new();
        for (file, lines) in files {
            let _ = writeln!(out, "TN:\nSF:{}", self.suite.sources.shown(file));
            let (mut found, mut hit) = (0, 0);
            for (line, steps) in &lines {
                // A file that several contexts include has a step in each on one line: a block each.
                for (block, (ran, taken)) in steps.iter().enumerate() {
                    for (branch, count) in taken.iter().enumerate() {
                        let count = match *ran {
                            0 => "-".to_owned(),
                            _ => count.to_string(),
                        };
                        let _ = writeln!(out, "BRDA:{line},{block},{branch},{count}");
                        found += 1;
                        hit += usize::from(count != "-" && count != "0");
                    }
                }
            }
            let _ = writeln!(out, "BRF:{found}\nBRH:{hit}");
            let mut covered = 0;
            for (line, steps) in &lines {
                let ran = steps.iter().map(|s| s.0).fold(0, u64::saturating_add);
                let _ = writeln!(out, "DA:{line},{ran}");
                covered += usize::from(ran > 0);
            }
            let _ = writeln!(out, "LF:{}\nLH:{covered}\nend_of_record", lines.len());
        }
        out
    }
}
