//! How files are read where the rules are easy to miss: what a listing shows afterwards, and what was said about it.
#![allow(clippy::unwrap_used)]

use strowger_compiler::{Compiled, Level, Options, Sources, compile};

fn read(text: &str) -> (Sources, Compiled) {
    read_files(text, &[])
}

fn read_files(text: &str, files: &[(&str, &str)]) -> (Sources, Compiled) {
    let mut sources = Sources::plan(text);
    for (name, text) in files {
        sources.add(name, *text);
    }
    let compiled = compile(&sources, &Options::default());
    (sources, compiled)
}

/// `context: exten,priority[label]/caller App(args) file:line ...`, contexts in the order of the file, those without steps too.
fn listed((sources, compiled): &(Sources, Compiled)) -> String {
    let mut out = Vec::new();
    for context in compiled.show().iter().rev() {
        let lossy = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
        let mut line = format!("{}:", lossy(context.context));
        for p in &context.priorities {
            let number = p.priority.map_or("hint".to_owned(), |n| n.to_string());
            let label = p.label.map_or(String::new(), |l| format!("[{}]", lossy(l)));
            let caller = p
                .cidmatch
                .map_or(String::new(), |c| format!("/{}", lossy(c)));
            let args = p.args.map_or(String::new(), |a| format!("({})", lossy(a)));
            let file = p
                .listed_file(sources, "extensions.conf")
                .map_or(String::new(), |f| format!("{f}:"));
            line += &format!(
                " {}{caller},{number}{label},{}{args}@{file}{}",
                lossy(p.exten),
                lossy(p.app),
                p.line
            );
        }
        out.push(line);
    }
    out.join("\n")
}

/// The codes that loading found at warning and above, each once.
fn alarms(read: &(Sources, Compiled)) -> Vec<&'static str> {
    let mut codes: Vec<_> = read
        .1
        .loading()
        .filter(|d| d.level >= Level::Warn)
        .map(|d| d.code)
        .collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

#[test]
fn a_line_has_8190_bytes_without_its_end() {
    let with = |size: usize| {
        let head = "exten => s,1,NoOp(";
        let text = format!(
            "[t]\n{head}{})\nexten => s,2,X()\n",
            "x".repeat(size - head.len() - 1)
        );
        let read = read(&text);
        (listed(&read).contains("NoOp"), alarms(&read))
    };
    assert_eq!(with(8190), (true, vec![]));
    assert_eq!(with(8191), (false, vec!["S126"]));
    // A line of two buffers and more is one line.
    let long = read(&format!(
        "[t]\n{}\nexten => s,1,X()\n",
        "y".repeat(3 * 8191 + 5)
    ));
    assert_eq!(listed(&long), "t: s,1,X()@3");
    assert_eq!(alarms(&long), ["S126"]);
}

#[test]
fn a_nul_byte_ends_a_line_and_hides_its_length() {
    let short = read("[t]\nexten => s,1,A()\0B\nexten => s,2,C()\n");
    assert_eq!(listed(&short), "t: s,1,A()@2 s,2,C()@3");
    let long = format!(
        "[t]\nexten => s,1,A()\0{}exten => s,2,C()\n",
        "x".repeat(8191 - 17)
    );
    assert_eq!(listed(&read(&long)), "t: s,1,A()@2 s,2,C()@3");
}

#[test]
fn lines_behind_an_include_belong_to_the_section_before_it() {
    let files = [
        ("b.conf", "exten => 1,1,B()\n[b]\nexten => 2,1,B()\n"),
        ("c.conf", "exten => 3,1,C()\n"),
    ];
    let text = "[a]\n#include b.conf\nexten => 4,1,A()\n#include c.conf\nexten => 5,1,A()\n";
    // An included file begins in the section opened last, wherever that was.
    assert_eq!(
        listed(&read_files(text, &files)),
        "a: 1,1,B()@b.conf:1 4,1,A()@3 5,1,A()@5\nb: 2,1,B()@b.conf:3 3,1,C()@c.conf:1"
    );
    let back = "[a]\n[b]\n[a](+)\n#include c.conf\n";
    assert_eq!(listed(&read_files(back, &files)), "a: 3,1,C()@c.conf:1\nb:");
}

#[test]
fn the_files_of_one_pattern_are_read_like_one() {
    let files = [
        ("d/1.conf", "[x]\nexten => 1,1,A()"),
        ("d/2.conf", "exten => 2,1,A()\n;-- open\n"),
        ("d/3.conf", "exten => 3,1,A()\n--;\nexten => 4,1,A()\n"),
    ];
    let all = read_files("[a]\n#include d/*.conf\nexten => 5,1,A()\n", &files);
    // The first file ends without a line feed, so it counts two lines; the second counts three.
    assert_eq!(
        listed(&all),
        "a: 5,1,A()@3\nx: 1,1,A()@1.conf:2 2,1,A()@2.conf:3 4,1,A()@3.conf:8"
    );
    assert_eq!(alarms(&all), [] as [&str; 0]);
    let mark = [
        ("e/1.conf", "\u{feff}[x]\nexten => 1,1,A()\n"),
        ("e/2.conf", "\u{feff}[y]\nexten => 2,1,A()\n"),
    ];
    // Only the first line of all is looked at for a byte-order mark.
    let marked = read_files("[a]\n#include e/*.conf\n", &mark);
    assert_eq!(listed(&marked), "a:\nx: 1,1,A()@1.conf:2 2,1,A()@2.conf:5");
    assert_eq!(alarms(&marked), ["S101"]);
}

#[test]
fn a_file_that_is_given_up_does_not_take_the_others_with_it() {
    let files = [
        ("bad.conf", "exten => 1,1,A()\n[open\nexten => 2,1,A()\n"),
        ("d/1.conf", "[broken\n"),
        ("d/2.conf", "exten => 9,1,A()\n"),
    ];
    let text = "[a]\n#include bad.conf\n#include d/*.conf\nexten => 3,1,A()\n";
    let read = read_files(text, &files);
    assert!(!read.1.refused);
    // The files of a pattern behind the one that is given up are not read.
    assert_eq!(listed(&read), "a: 1,1,A()@bad.conf:1 3,1,A()@4");
    // A file that is given up stays counted: the eleventh include is one too many, in the first file too.
    let many = format!("[a]\n{}", "#include bad.conf\n".repeat(11));
    assert!(read_files(&many, &files).1.refused);
    assert!(
        !read_files(&many.replacen("#include bad.conf\n", "", 1), &files)
            .1
            .refused
    );
    // So a file that includes itself twice is refused, and soon.
    let twice = "[a]\n#include extensions.conf\n#include extensions.conf\n";
    assert!(self::read(twice).1.refused);
}

#[test]
fn a_file_that_is_included_again_has_another_name() {
    let files = [
        ("more.conf", "exten => 1,1,A()\n"),
        ("d/x.conf", "exten => 2,1,A()\n"),
    ];
    let text = "[a]\n#include more.conf\n#include d/*.conf\n[b]\n#include more.conf\n[c]\n#include \"more.conf\"\n#include <d/*.conf>\n";
    assert_eq!(
        listed(&read_files(text, &files)),
        "a: 1,1,A()@more.conf:1 2,1,A()@x.conf:1\nb: 1,1,A()@more.conf~~1:1\nc: 1,1,A()@more.conf~~2:1 2,1,A()@*.conf~~1:1"
    );
}

#[test]
fn plus_and_bases_choose_sections() {
    let two = "[a]\nkind=one\nexten => 1,1,A()\n[b]\n[a]\nkind = two\nexten => 2,1,A()\n";
    let add = |header: &str| listed(&read(&format!("{two}{header}\nexten => 9,1,A()\n")));
    assert_eq!(add("[a](+)"), "a: 1,1,A()@3 2,1,A()@7 9,1,A()@9\nb:");
    // Keys and values are regular expressions, found anywhere; all must be there in one section.
    let numbering = |filter: &str| {
        listed(&read(&format!("{two}{filter}\nsame => n,A()\n")))
            .matches("@9")
            .count()
    };
    let last = |filter: &str| {
        let text = format!(
            "[a]\nkind=one\nexten => 1,1,A()\n[a]\nkind=two\nexten => 2,1,A()\n{filter}\nsame => n,A()\n"
        );
        listed(&read(&text))
    };
    assert_eq!(numbering("[a](+)"), 1);
    assert_eq!(last("[a](+kind=w)"), "a: 1,1,A()@3 2,1,A()@6 2,2,A()@8");
    assert_eq!(last("[a](+ki..=^one$)"), "a: 1,1,A()@3 1,2,A()@8 2,1,A()@6");
    assert_eq!(last("[a](+kind=one&exten=^1)"), last("[a](+kind=one)"));
    for none in [
        "[a](+kind=three)",
        "[a](+kind)",
        "[a](+kind=one&kind=two)",
        "[a](+TEMPLATES=restrict)",
    ] {
        assert!(read(&format!("{two}{none}\n")).1.refused, "{none}");
    }
    let template = "[t](!)\nexten => 1,1,A()\n[t](+TEMPLATES=include)\nexten => 2,1,A()\n[c](t)\n";
    assert_eq!(listed(&read(template)), "c: 1,1,A()@2 2,1,A()@4");
    // An empty base is the first section of the file.
    assert_eq!(
        listed(&read("[a]\nexten => 1,1,A()\n[b]()\nexten => 2,1,A()\n")),
        "a: 1,1,A()@2\nb: 1,1,A()@2 2,1,A()@4"
    );
}

#[test]
fn plus_equals_makes_the_last_value_longer() {
    assert_eq!(
        listed(&read("[a]\nexten => 1,1\nexten +=  ,A(x)  \n")),
        "a: 1,1,A(x)@2"
    );
    assert_eq!(
        listed(&read("[a]\nexten =\nexten +=   1,1,A()\n")),
        "a: 1,1,A()@2"
    );
    // The key is compared exactly, but the place is found by the text.
    assert_eq!(
        listed(&read("[a]\nexten => 1,1,A\nEXTEN => 1,1,a\nexten += (x)\n")),
        "a: 1,1,A()@2"
    );
    // The arrow belongs to what is added.
    assert_eq!(
        listed(&read("[a]\nexten => 1,1,A\nexten +=> (x)\n")),
        "a: 1,1,A> (x)@2"
    );
}

#[test]
fn globals_write_global_and_no_other_function() {
    let read = read("[globals]\nGLOBAL(x)=5\nA=${x}\nDB(a/b)=1\nB=${ASTETCDIR}\n");
    let globals = read.1.globals();
    assert_eq!(globals.get(b"x".as_slice()), Some(&b"5".as_slice()));
    assert_eq!(globals.get(b"A".as_slice()), Some(&b"5".as_slice()));
    assert_eq!(globals.len(), 3);
    let said: Vec<_> = read
        .1
        .loading()
        .map(|d| (d.code, d.message.as_str()))
        .collect();
    assert_eq!(
        said,
        [
            ("S142", "`DB(a/b)` is not written while the file is loaded"),
            ("S147", "`ASTETCDIR` is not known before Asterisk runs"),
        ]
    );
}

#[test]
fn a_long_name_is_not_found_again() {
    let name = "x".repeat(81);
    assert!(read(&format!("[{name}]\n[{name}](+)\n")).1.refused);
    let name = "x".repeat(79);
    assert!(!read(&format!("[{name}]\n[{name}](+)\n")).1.refused);
}

#[test]
fn a_backslash_at_the_start_of_a_line_protects_ascii() {
    assert_eq!(listed(&read("[a]\n\\exten => 1,1,A()\n")), "a: 1,1,A()@2");
    assert!(read("[a]\n\\\u{e9}=1\n").1.refused);
}

#[test]
fn options_stand_in_the_first_general_section() {
    let read = read(
        "[general]\nautofallthrough=no\n[a]\n[general]\nautofallthrough=yes\nclearglobalvars=yes\n",
    );
    assert!(!read.1.hir.general.autofallthrough && !read.1.hir.general.clearglobalvars);
    assert_eq!(alarms(&read), ["S146"]);
    let added = self::read("[general]\nstatic=yes\n[a]\n[general](+)\nautofallthrough=no\n");
    assert!(!added.1.hir.general.autofallthrough && alarms(&added).is_empty());
}

#[test]
fn an_entry_is_called_as_its_first_step_calls_it() {
    assert_eq!(
        listed(&read("[a]\nexten => 12,2,A()\nexten => 1-2,1,A()\n")),
        "a: 1-2,1,A()@3 1-2,2,A()@2"
    );
    assert_eq!(
        listed(&read("[a]\nexten => 12,1,A()\nexten => 1-2,2,A()\n")),
        "a: 12,1,A()@2 12,2,A()@3"
    );
    assert_eq!(
        listed(&read(
            "[a]\nexten => _[1-9]X,1,A()\nexten => _ZX,hint,SIP/1\n"
        )),
        "a: _ZX,hint,SIP/1@3 _ZX,1,A()@2"
    );
    // Brackets mean something in a pattern only.
    assert_eq!(
        listed(&read("[a]\nexten => 1[2 3-4],1,A()\n")),
        "a: 1[23-4],1,A()@2"
    );
    assert_eq!(
        listed(&read("[a]\nexten => _1[2 3],1,A()\n")),
        "a: _1[2 3],1,A()@2"
    );
    assert_eq!(
        listed(&read(
            "[a]\nexten => 1/[1-3],1,A()\nexten => 1/_[1-3]-X,1,A()\n"
        )),
        "a: 1/[13],1,A()@2 1/_[1-3]X,1,A()@3"
    );
}

#[test]
fn a_label_is_seen_to_be_there_only_up_to_the_next_step() {
    let again = read("[a]\nexten => s,1(x),A()\nexten => s,2(x),A()\n");
    assert_eq!(listed(&again), "a: s,1[x],A()@2 s,2,A()@3");
    // The new step comes before the two that follow, and only the first of them is looked at.
    let before = read("[a]\nexten => s,3,A()\nexten => s,5(x),A()\nexten => s,1(x),A()\n");
    assert_eq!(listed(&before), "a: s,1[x],A()@4 s,3,A()@2 s,5[x],A()@3");
    assert_eq!(alarms(&before), ["F303"]);
    let entry = &before.1.hir.contexts[0].extensions[0];
    assert_eq!(entry.labelled(b"x").unwrap().priority, 5);
}

#[test]
fn a_hint_is_filled_in_for_a_variable_only() {
    let hint = |devices: &str| {
        listed(&read(&format!(
            "[globals]\nD=SIP\n[a]\nexten => 7,hint,{devices}\n"
        )))
    };
    assert_eq!(hint("${D}/${EXTEN}@${CONTEXT}"), "a: 7,hint,SIP/7@a@4");
    assert_eq!(hint("SIP/$[1+1]"), "a: 7,hint,SIP/$[1+1]@4");
    assert_eq!(hint("${D}/$[1+1]"), "a: 7,hint,SIP/2@4");
}

#[test]
fn an_offset_may_lead_to_where_nothing_can_be_counted_on() {
    // 1 - 3 = -2 is what a section begins with.
    let read = read("[a]\nexten => 1,1,A()\nexten => 1,1+-3,A()\nexten => 1,n,A()\n");
    assert_eq!(listed(&read), "a: 1,1,A()@2");
    assert_eq!(alarms(&read), ["S103"]);
}

#[test]
fn what_loads_as_it_stands_is_no_finding_of_loading() {
    for silent in [
        "exten => s,1,NoOp (a)",
        "exten => s,1,",
        "exten => s,1,NoOp,a",
        "exten => s,1,n,NoOp(a)",
        "exten => s,1,same => n,NoOp(a)",
        "exten => s,1,NoOp(${a)",
        "exten => s,1,NoOp($[1 +])",
        "exten => s,1,NoOp()\nexten => t,n,NoOp()",
    ] {
        let read = read(&format!("[t]\n{silent}\n"));
        assert_eq!(alarms(&read), [] as [&str; 0], "{silent}");
        assert!(
            read.1.diagnostics.iter().any(|d| d.level >= Level::Warn),
            "{silent}"
        );
    }
    for (dropped, code) in [
        ("[t]\nexten => s,1x,NoOp()\n", "S107"),
        ("[t]\nexten => s,1(a)x,NoOp()\n", "S107"),
        ("[t]\nexten => s,1+2x,NoOp()\n", "S107"),
        ("[globals]\nA=${B\n", "S145"),
        ("[globals]\nA=$[1 +]\n", "S145"),
        ("[t]\nexten => ${A,1,NoOp()\n", "S145"),
    ] {
        assert!(alarms(&read(dropped)).contains(&code), "{dropped}");
    }
}
