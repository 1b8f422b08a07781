//! Columns that a project describes, held against those that its relations have.

use crate::exit::Stop;
use crate::invocation::Invocation;
use crate::report;
use docs::catalog::Catalog;
use platform_core::diagnostic::nearest;
use platform_core::{Diagnostic, EventSink as _};
use project::Project;
use project::code::ABSENT_COLUMN;

/// Tells of columns that are documented and stand in no relation.
pub fn tell_absent(invocation: &Invocation, project: &Project, catalog: &Catalog) -> Result<(), Stop> {
    for warning in absent(project, catalog) {
        invocation.log.send(report::warning(&warning));
    }
    invocation.stop_if_escalated()
}

/// Columns that properties describe and that stand in no relation. A name that isn't quoted is of any case.
fn absent(project: &Project, catalog: &Catalog) -> Vec<Diagnostic> {
    let root = project.name();
    let mut found = Vec::new();
    for (id, table) in &catalog.nodes {
        let Some(node) = project.manifest.nodes.get(id).filter(|node| node.package_name == root) else {
            continue;
        };
        let Some(patch_path) = &node.patch_path else { continue };
        for column in node.columns.values() {
            let any_case = column.quote != Some(true);
            let is_there = |name: &String| {
                *name == column.name || (any_case && name.to_lowercase() == column.name.to_lowercase())
            };
            if table.columns.keys().any(is_there) {
                continue;
            }
            let near = nearest(&column.name, table.columns.keys().map(String::as_str));
            let hint = match near.first() {
                Some(near) => format!("did you mean `{near}`?"),
                None => "rename it as the query does, or remove it".to_owned(),
            };
            let message =
                format!("column `{}` of {} is documented but not in {}", column.name, node.name, node.alias);
            let place = project.column_place(patch_path, &node.name, &column.name);
            found.push(Diagnostic::warning(ABSENT_COLUMN, message).at(place).hint(hint));
        }
    }
    found
}
