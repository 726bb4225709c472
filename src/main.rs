//! The program `strowger`.
#[allow(dead_code)]
mod render;
fn main() {}
