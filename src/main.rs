//! The program `strowger`.
fn main() {}
