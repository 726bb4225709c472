//! `--init`: a first file, and what it comes to.

use crate::{Folder, shop};

#[test]
fn a_first_file_passes() {
    let folder = Folder::new("init", &[("extensions.conf", shop::PLAN)]);
    let mut all = folder.seen(&["--init", "."]);
    all.push_str(&folder.read("extensions.test.yaml"));
    all.push_str(&folder.seen(&[]));
    // It is not written over.
    let before = folder.read("extensions.test.yaml");
    all.push_str(&folder.seen(&["--init"]));
    assert_eq!(folder.read("extensions.test.yaml"), before);
    all.push_str(&folder.seen(&["--init", "nosuch"]));
    insta::assert_snapshot!(all);
}
