//! The table of switches in the documentation is the one that the program goes by.

#[test]
fn the_table_is_the_programs() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/versions.md");
    let text = std::fs::read_to_string(path).unwrap();
    let table = strowger_stdlib::dialect::table();
    assert!(
        text.contains(&table),
        "docs/versions.md should hold:\n{table}"
    );
}
