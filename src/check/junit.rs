//! A JUnit report: a suite for each file, a case for each finding. What is denied is a failure; the rest passes and says its words.

use std::fmt;

use strowger_compiler::{Diagnostic, Level, Sources};

/// Suites so far.
#[derive(Default)]
pub(crate) struct Suites {
    text: String,
    cases: usize,
    failures: usize,
}

impl Suites {
    pub(crate) fn add(&mut self, sources: &Sources, findings: &[Diagnostic]) {
        for (id, _) in sources.files() {
            let here: Vec<_> = findings
                .iter()
                .filter(|f| f.primary.span.file == id)
                .collect();
            let name = escaped(&sources.shown(id));
            let failures = here.iter().filter(|f| f.level == Level::Error).count();
            let cases = here.len().max(1);
            self.cases += cases;
            self.failures += failures;
            let mut push = |text: String| self.text.push_str(&text);
            push(format!(
                "  <testsuite name=\"{name}\" tests=\"{cases}\" failures=\"{failures}\" errors=\"0\" skipped=\"0\">\n"
            ));
            if here.is_empty() {
                push(format!(
                    "    <testcase name=\"nothing to report\" classname=\"{name}\"/>\n"
                ));
            }
            for finding in here {
                push(case(sources, finding, &name));
            }
            push("  </testsuite>\n".to_owned());
        }
    }
}

fn case(sources: &Sources, finding: &Diagnostic, name: &str) -> String {
    let file = sources.file(finding.primary.span.file);
    let (line, column) = file.line_column(finding.primary.span.start);
    let message = escaped(&finding.message);
    let mut body = format!("{name}:{line}:{column}: {message}");
    for more in std::iter::once(&finding.primary.text).chain(&finding.helps) {
        if !more.is_empty() {
            body.push('\n');
            body.push_str(&escaped(more));
        }
    }
    let inner = if finding.level == Level::Error {
        format!(
            "<failure type=\"{}\" message=\"{message}\">{body}</failure>",
            finding.code
        )
    } else {
        format!("<system-out>{}: {body}</system-out>", finding.level.word())
    };
    format!(
        "    <testcase name=\"{} line {line} column {column}\" classname=\"{name}\">{inner}</testcase>\n",
        finding.code
    )
}

impl fmt::Display for Suites {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Suites {
            text,
            cases,
            failures,
        } = self;
        writeln!(f, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
        writeln!(
            f,
            "<testsuites name=\"strowger check\" tests=\"{cases}\" failures=\"{failures}\" errors=\"0\">"
        )?;
        writeln!(f, "{text}</testsuites>")
    }
}

/// Text as XML holds it; characters that XML cannot hold at all become `?`.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(c),
            '\u{fffe}' | '\u{ffff}' => out.push('?'),
            c if c < ' ' => out.push('?'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn text_is_escaped() {
        assert_eq!(
            super::escaped("a<b> & \"c\"\u{1}"),
            "a&lt;b&gt; &amp; &quot;c&quot;?"
        );
    }
}
