//! stub
use super::typed::Program;
use crate::{Diagnostic, Hir, Sources};
pub(crate) fn lower(_: &Program, _: &Sources, _: &mut Hir) -> Vec<Diagnostic> { Vec::new() }
