//! What the library is generated from: the grammar of `$[...]`, the table of applications and functions,
//! and the words of `.dial`.

#[path = "../src/causes.rs"]
mod causes;
mod signatures;
mod words;

fn main() {
    if let Err(error) = lalrpop::Configuration::new()
        .use_cargo_dir_conventions()
        .emit_rerun_directives(true)
        .process()
    {
        panic!("src/expr.lalrpop: {error}");
    }
    if let Err(error) = signatures::write() {
        panic!("src/signatures: {error}");
    }
}
