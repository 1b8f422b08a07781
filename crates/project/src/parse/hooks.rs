//! `on-run-start` and `on-run-end` as operations, in dbt's order.

use super::Scene;
use super::node::{self, Draft};
use platform_core::{Diagnostic, Node, ResourceType};

/// The hooks of a package.
pub fn of_package(scene: &Scene<'_>, package: &str) -> Vec<Result<Node, Diagnostic>> {
    let Some(found) = scene.packages.get(package) else { return Vec::new() };
    let settings = &found.settings;
    let text = settings.document.as_ref().map(|it| it.text.trim().to_owned()).unwrap_or_default();
    let kinds = [("on-run-start", &settings.on_run_start), ("on-run-end", &settings.on_run_end)];
    let mut nodes = Vec::new();
    for (kind, hooks) in kinds {
        for (index, sql) in hooks.iter().enumerate() {
            let name = format!("{package}-{kind}-{index}");
            let draft = Draft {
                resource: ResourceType::Operation,
                package,
                id_name: name.clone(),
                fqn: vec![package.to_owned(), "hooks".to_owned(), name.clone()],
                path: format!("hooks/{name}.sql"),
                name,
                original_file_path: "./dbt_project.yml".to_owned(),
                raw_code: sql.clone(),
                checksum: node::sha256(&text),
                template: None,
                language: "sql",
            };
            nodes.push(node::build(scene, draft, None).map(|mut node| {
                let own = std::mem::replace(&mut node.tags, vec![kind.to_owned()]);
                node.tags.extend(own);
                node.only.index = Some(index);
                node
            }));
        }
    }
    nodes
}
