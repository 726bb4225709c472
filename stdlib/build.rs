//! Generates the parser of `$[...]` from its grammar.

fn main() {
    if let Err(error) = lalrpop::Configuration::new()
        .use_cargo_dir_conventions()
        .emit_rerun_directives(true)
        .process()
    {
        panic!("src/expr.lalrpop: {error}");
    }
}
