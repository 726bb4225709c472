//! `strowger explain`.

use crate::Folder;

#[test]
fn a_page() {
    let folder = Folder::new("explain", &[]);
    for code in ["S103", "X817", "A421", "C020", "A402"] {
        insta::assert_snapshot!(format!("explain_{code}"), folder.seen(&["explain", code]));
    }
}

#[test]
fn a_family_and_all() {
    let folder = Folder::new("explain-all", &[]);
    let family = folder.seen(&["explain", "patterns"]);
    assert!(
        family.contains("\npatterns: patterns of extensions\n  P701  warn   "),
        "{family}"
    );
    assert!(!family.contains("S103"), "{family}");
    let all = folder.seen(&["explain"]);
    for word in ["S103", "C020", "\nsecurity: ", "\nfiles: "] {
        assert!(all.contains(word), "{word}: {all}");
    }
    insta::assert_snapshot!("explain_unknown", folder.seen(&["explain", "S999"]));
}

#[test]
fn headings_are_bold_where_that_is_wanted() {
    let folder = Folder::new("explain-bold", &[]);
    let bold = |words: &[&str]| folder.seen(words).contains("\x1b[1mS103");
    assert!(bold(&["explain", "S103", "--color", "always"]));
    assert!(!bold(&["explain", "S103"]));
}
