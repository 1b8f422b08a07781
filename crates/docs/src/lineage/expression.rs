//! Expressions: which columns a value is computed from, and what Postgres calls it.

use super::columns::{Columns, Sources};
use super::query::{Scope, Surroundings, resolve};
use sqlparser::ast::{Expr, Ident, Query, Visit, Visitor};
use std::ops::ControlFlow;

/// An identifier as Postgres stores it: folded to lower case unless quoted.
pub(super) fn fold(name: &Ident) -> String {
    if name.quote_style.is_some() { name.value.clone() } else { name.value.to_lowercase() }
}

/// Every column that a value is computed from, those of subqueries in it too.
pub(super) fn sources(value: &Expr, scope: &Scope, around: &Surroundings<'_>) -> Sources {
    let mut reader = Reader { scope, around, depth: 0, found: Sources::default() };
    let _: ControlFlow<()> = value.visit(&mut reader);
    reader.found
}

struct Reader<'a, 'b> {
    scope: &'a Scope,
    around: &'a Surroundings<'b>,
    /// How many subqueries deep; only names outside of any belong to this scope.
    depth: usize,
    found: Sources,
}

impl Visitor for Reader<'_, '_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        if self.depth == 0 {
            match resolve(query, &self.around.inside(self.scope)) {
                Columns::Known(columns) => columns.iter().for_each(|column| self.found.add(&column.sources)),
                whole => self.found.add(&whole.all()),
            }
        }
        self.depth += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _query: &Query) -> ControlFlow<()> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, value: &Expr) -> ControlFlow<()> {
        if self.depth == 0 {
            match value {
                Expr::Identifier(name) => self.found.add(&self.around.look_up(self.scope, &[fold(name)])),
                Expr::CompoundIdentifier(names) => {
                    let names: Vec<String> = names.iter().map(fold).collect();
                    self.found.add(&self.around.look_up(self.scope, &names));
                }
                _ => {}
            }
        }
        ControlFlow::Continue(())
    }
}

/// The name Postgres gives a column without an alias (`FigureColname` in its parser).
pub(super) fn name(value: &Expr) -> String {
    match value {
        Expr::Identifier(name) => fold(name),
        Expr::CompoundIdentifier(names) => names.last().map(fold).unwrap_or_default(),
        Expr::Function(function) => {
            function.name.0.last().and_then(|part| part.as_ident()).map_or_else(unnamed, fold)
        }
        Expr::Cast { expr, data_type, .. } => match name(expr) {
            inner if inner == unnamed() => data_type.to_string().to_lowercase(),
            inner => inner,
        },
        Expr::Nested(inner) | Expr::Collate { expr: inner, .. } => name(inner),
        Expr::Case { else_result, .. } => else_result
            .as_ref()
            .map(|last| name(last))
            .filter(|_| {
                matches!(else_result.as_deref(), Some(Expr::Identifier(_) | Expr::CompoundIdentifier(_)))
            })
            .unwrap_or_else(|| "case".to_owned()),
        Expr::Exists { .. } => "exists".to_owned(),
        Expr::Array(_) => "array".to_owned(),
        Expr::Extract { .. } => "extract".to_owned(),
        Expr::Substring { .. } => "substring".to_owned(),
        Expr::Trim { .. } => "btrim".to_owned(),
        Expr::Position { .. } => "position".to_owned(),
        _ => unnamed(),
    }
}

fn unnamed() -> String {
    "?column?".to_owned()
}
