//! The page of `--coverage=FILE.html`: what it says, that it stands alone, and that no plan gets out of its text.

use std::collections::BTreeSet;

use crate::{Folder, shop};

/// The page of a plan and its tests.
fn page(name: &str, files: &[(&str, &str)]) -> String {
    let folder = Folder::new(name, files);
    let told = folder.seen(&["--coverage=page.html"]);
    assert!(told.ends_with("--- exit 0\n"), "{told}");
    folder.read("page.html")
}

fn of_the_shop(name: &str) -> String {
    page(
        name,
        &[
            ("extensions.conf", shop::PLAN),
            ("extensions.test.yaml", &shop::good()),
        ],
    )
}

/// Tags, and the text between them.
fn parts(page: &str) -> (Vec<&str>, Vec<&str>) {
    let (mut tags, mut texts) = (Vec::new(), Vec::new());
    let mut rest = page;
    while let Some((text, more)) = rest.split_once('<') {
        texts.push(text);
        let (tag, more) = more.split_once('>').unwrap();
        tags.push(tag);
        rest = more;
        if tag == "style" {
            // Its text is ours.
            rest = &rest[rest.find("</style>").unwrap()..];
        }
    }
    texts.push(rest);
    (tags, texts)
}

/// What a tag is called: `div`, `/div`.
fn called(tag: &str) -> &str {
    tag.split([' ', '\n']).next().unwrap()
}

/// Each tag is one of ours, closes what it opened, and its values stand in quotes and lead nowhere else.
fn is_ours(page: &str) {
    let known: BTreeSet<&str> = [
        "!DOCTYPE", "html", "head", "meta", "title", "style", "details", "summary", "body", "main",
        "h1", "h2", "h3", "p", "div", "span", "b", "br", "a", "code", "meter", "table", "thead",
        "tbody", "tr", "th", "td", "svg", "defs", "marker", "path", "rect", "text",
    ]
    .into();
    let single = ["!DOCTYPE", "meta", "br"];
    let mut open = Vec::new();
    let mut ids = BTreeSet::new();
    let mut links = BTreeSet::new();
    let (tags, texts) = parts(page);
    for tag in tags {
        let name = called(tag);
        if let Some(name) = name.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "{tag}");
            continue;
        }
        let name = name.trim_end_matches('/');
        assert!(known.contains(name), "{tag}");
        if !single.contains(&name) && !tag.ends_with('/') {
            open.push(name);
        }
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        for word in tag[name.len()..]
            .split('"')
            .step_by(2)
            .flat_map(|w| w.split([' ', '\n']))
        {
            let key = word.trim_end_matches('=');
            assert!(
                !key.starts_with("on") && key != "src" && key != "style",
                "{tag}"
            );
        }
        let value = |key: &str| {
            let (_, rest) = tag.split_once(&format!(" {key}=\""))?;
            Some(rest.split_once('"').unwrap().0)
        };
        if let Some(id) = value("id") {
            // The heads of arrows are the same in each drawing.
            assert!(ids.insert(id) || name == "marker", "{tag}");
        }
        if let Some(link) = value("href") {
            links.insert(link.strip_prefix('#').unwrap());
        }
    }
    assert!(open.is_empty(), "{open:?}");
    assert!(links.is_subset(&ids), "{links:?}");
    for text in texts {
        assert!(!text.contains('>'), "{text}");
    }
    assert!(
        !page
            .replace("http://www.w3.org/2000/svg", "")
            .contains("://")
    );
}

#[test]
fn a_page_for_people() {
    let page = of_the_shop("page");
    is_ours(&page);
    let (_, texts) = parts(&page);
    let words: Vec<&str> = texts
        .iter()
        .map(|t| t.trim_matches('\n'))
        .filter(|t| !t.is_empty())
        .collect();
    insta::assert_snapshot!(words.join("\n"));
}

#[test]
fn lines_and_edges_are_marked() {
    let page = of_the_shop("marks");
    let line = |number: u32| {
        let id = format!("id=\"p0f0l{number}\"");
        page.lines().find(|l| l.contains(&id)).unwrap()
    };
    for (number, class, note) in [
        (7, "partly", "never tried: BUSY, NOANSWER"),
        (8, "never", "never ran"),
        (17, "ran", ""),
        (18, "partly", "never tried: the condition does not hold"),
        (25, "never", "never ran"),
    ] {
        let line = line(number);
        assert!(
            line.starts_with(&format!("<div class=\"l {class}\"")),
            "{line}"
        );
        assert!(line.contains(note), "{line}");
        assert_eq!(
            class == "ran",
            line.contains("<span class=\"w\"></span>"),
            "{line}"
        );
    }
    assert!(line(6).starts_with("<div class=\"l\""));
    // Went: GotoIfTime to the menu, its silence, its wrong key, back from there. Not: both keys, a key at once, the busy colleague.
    let edges = |class: &str| page.matches(&format!("<path class=\"e {class}\"")).count() - 1;
    assert_eq!(
        (edges("taken"), edges("untaken"), edges("unknown")),
        (4, 4, 0)
    );
    // An extension that nobody dialled, with its number.
    assert!(page.contains("<td class=\"code\">office</td><td class=\"code\"><a href=\"#p0f0l14\">1009</a></td><td><code>1009</code></td>"), "{page}");
}

#[test]
fn a_plan_stays_in_its_text() {
    let hostile = "[a<b>]
exten => 1,1,NoOp(</span></div><script>alert(1)</script>)
 same => n,NoOp(\"><img src=x onerror=alert(1)>&lt;&#60;)
 same => n,NoOp('' <!-- --> ]]> </svg></style></title>)
 same => n,Goto(</text><b>,1,1)
exten => <i>,1,NoOp(\u{202e}\u{7}\u{0})
exten => _[<>&\"'],1,Goto(a&b,<script>,1)
include => <u>
; </main><iframe src=//x>
";
    let tests =
        "tests:\n  - name: <s>\n    dial: 1\n    context: a<b>\n    expect: { path: [...] }\n";
    let page = page(
        "hostile",
        &[
            ("<h1>.conf", hostile),
            ("a.test.yaml", &format!("dialplan: <h1>.conf\n{tests}")),
        ],
    );
    is_ours(&page);
    assert!(page.contains("NoOp(&lt;/span&gt;&lt;/div&gt;&lt;script&gt;alert(1)&lt;/script&gt;)"));
    assert!(page.contains("&lt;h1&gt;.conf"));
}

#[test]
fn large_plans_are_cut_and_say_so() {
    let mut plan = String::from("[many]\n");
    for n in 0..400 {
        plan.push_str(&format!("exten => {n},1,NoOp()\n"));
    }
    plan.push_str(&"; a remark\n".repeat(60_000));
    let page = page(
        "large",
        &[
            ("extensions.conf", &plan),
            (
                "a.test.yaml",
                "tests:\n  - { name: a, dial: 1, context: many, expect: { path: [NoOp] } }\n",
            ),
        ],
    );
    is_ours(&page);
    assert!(page.contains("the first 300 of 401 contexts and blocks of the plan"));
    assert!(page.contains("it holds 50000 lines; 10401 more of this file are not in it"));
    assert!(page.contains("... and 199 more."));
}

/// Numbers are looked for within bounds: every other pattern is hidden by the one before it.
#[test]
fn hidden_patterns_cost_little() {
    let mut plan = String::from("[many]\nexten => 1,1,NoOp()\n");
    for n in 100..600 {
        plan.push_str(&format!(
            "exten => _9{n}XXXXXX!,1,NoOp()\nexten => _9{n}XXXXXX,1,NoOp()\n"
        ));
    }
    let begin = std::time::Instant::now();
    let page = page(
        "hidden",
        &[
            ("extensions.conf", &plan),
            (
                "a.test.yaml",
                "tests:\n  - { name: a, dial: 1, context: many, expect: { path: [NoOp] } }\n",
            ),
        ],
    );
    assert!(begin.elapsed() < std::time::Duration::from_secs(60));
    assert!(page.contains("none was found"));
    assert!(page.contains("<details><summary>1000 extensions that no test dialled</summary>"));
}

#[test]
fn a_page_without_a_test_says_so() {
    let folder = Folder::new(
        "no-test",
        &[
            ("extensions.conf", shop::PLAN),
            ("a.test.yaml", "tests: [\n"),
        ],
    );
    let told = folder.seen(&["--coverage=page.html"]);
    assert!(told.ends_with("--- exit 2\n"), "{told}");
    let page = folder.read("page.html");
    is_ours(&page);
    assert!(page.contains("<p>No test ran.</p>") && !page.contains("100 %"));
}

/// Two plans, of which one includes a file twice.
#[test]
fn several_plans() {
    let shared = "[x]\n#include \"s.conf\"\n[y]\n#include \"s.conf\"\n";
    let page = page(
        "plans",
        &[
            ("one/extensions.conf", shop::PLAN),
            ("one/extensions.test.yaml", &shop::good()),
            ("two/extensions.conf", shared),
            (
                "two/s.conf",
                "exten => 1,1,GotoIf(${N}?2)\n same => n,NoOp()\n",
            ),
            (
                "two/extensions.test.yaml",
                "tests:\n  - { name: a, dial: 1, context: x, expect: { path: [GotoIf, NoOp] } }\n",
            ),
        ],
    );
    is_ours(&page);
    assert!(page.contains("[x] never tried: the condition holds<br>[y] never ran"));
    assert_eq!(page.matches("<h2>").count(), 2);
}

#[test]
fn includes_with_times_are_lines_too() {
    let page = page(
        "hours",
        &[
            (
                "extensions.conf",
                "[in]\ninclude => day,9:00-17:00,mon-fri,*,*\nexten => 1,1,NoOp()\n[day]\nexten => 2,1,NoOp()\n",
            ),
            (
                "extensions.test.yaml",
                "tests:\n  - { name: a, dial: 2, context: in, at: \"2026-03-02 10:00\", expect: { path: [NoOp] } }\n",
            ),
        ],
    );
    is_ours(&page);
    let line = page.lines().find(|l| l.contains("id=\"p0f0l2\"")).unwrap();
    assert!(
        line.starts_with("<div class=\"l partly\"") && line.contains("never tried: "),
        "{line}"
    );
    assert!(
        page.contains("50 % <span class=\"soft\">(1 of 2)</span></td></tr>"),
        "{page}"
    );
}
