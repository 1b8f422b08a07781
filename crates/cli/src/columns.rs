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

#[cfg(test)]
mod tests {
    use super::*;
    use docs::catalog::CatalogTable;
    use project::{Profile, ReadOptions};
    use serde_json::json;

    #[test]
    fn a_column_that_is_described_and_not_there_is_told_of_with_its_place() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            std::fs::write(path, text).expect("written");
        };
        write("dbt_project.yml", "name: shop\nprofile: shop\n");
        write("models/m.sql", "select 1 as id, 2 as total");
        let properties = "models:\n  - name: m\n    columns:\n      - name: ID\n      - name: totl\n";
        write("models/m.yml", properties);
        let fallback_profile = Some(Profile { name: "shop".into(), ..Profile::default() });
        let options = ReadOptions { fallback_profile, ..ReadOptions::new(folder.path().to_owned()) };
        let project = project::read(&options).expect("a project");
        let column = |name: &str| json!({"type": "integer", "index": 1, "name": name, "comment": null});
        let table: CatalogTable = serde_json::from_value(json!({
            "metadata": {"type": "VIEW", "schema": "s", "name": "m", "database": "d", "comment": null, "owner": "o"},
            "columns": {"id": column("id"), "total": column("total")},
            "stats": {},
            "unique_id": "model.shop.m",
        }))
        .expect("a table");
        let mut catalog = Catalog::default();
        catalog.nodes.insert("model.shop.m".into(), table);
        let found = absent(&project, &catalog);
        let told: Vec<&str> = found.iter().map(|it| it.message.as_str()).collect();
        assert_eq!(told, ["column `totl` of m is documented but not in m"]);
        assert_eq!(found[0].hint.as_deref(), Some("did you mean `total`?"));
        assert_eq!(found[0].place.as_ref().map(|it| it.line), Some(5));
    }
}
