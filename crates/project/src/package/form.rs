//! Forms of `packages.yml` and of its entries, as dbt holds them
//! (<https://docs.getdbt.com/docs/build/packages>).

use crate::code;
use crate::yaml::{Document, Node};
use platform_core::Diagnostic;

/// What a key of an entry may have.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    /// A revision may look like a number.
    TextOrNumber,
    Flag,
    /// It is looked at elsewhere.
    Any,
}

use Kind::{Any, Flag, Text, TextOrNumber};

/// The keys of each kind of package, the one that makes it one first.
const FORMS: [&[(&str, Kind)]; 5] = [
    &[("local", Text), ("name", Text)],
    &[
        ("git", Text),
        ("revision", TextOrNumber),
        ("subdirectory", Text),
        ("warn-unpinned", Flag),
        ("name", Text),
    ],
    &[("package", Text), ("version", Any), ("install_prerelease", Flag), ("name", Text)],
    &[("tarball", Text), ("name", Text)],
    &[
        ("private", Text),
        ("provider", Text),
        ("revision", TextOrNumber),
        ("subdirectory", Text),
        ("warn-unpinned", Flag),
        ("name", Text),
    ],
];

/// Whether an entry has the keys of one kind of package and no others.
pub(crate) fn is_entry(item: &Node) -> bool {
    FORMS.iter().filter(|form| item.get(form[0].0).is_some()).any(|form| {
        item.entries().iter().all(|entry| {
            let known = form.iter().find(|(key, _)| *key == entry.key);
            // dbt's own note of what was written.
            entry.key == "unrendered" || known.is_some_and(|(_, kind)| fits(*kind, &entry.value))
        })
    })
}

fn fits(kind: Kind, value: &Node) -> bool {
    let is_number = || value.text().is_none() && value.boolean().is_none() && value.scalar_text().is_some();
    value.is_null()
        || match kind {
            Text => value.text().is_some(),
            TextOrNumber => value.text().is_some() || is_number(),
            Flag => value.text().is_none() && value.boolean().is_some(),
            Any => true,
        }
}

/// What `packages.yml` may hold beside its packages: nothing. `dependencies.yml` is held less strictly.
pub(super) fn check_keys(document: &Document) -> Result<(), Diagnostic> {
    let fault = |message: String, node: &Node| {
        Diagnostic::error(code::PACKAGE, message).event("DbtProjectError").at(document.place(&node.span))
    };
    let root = &document.root;
    if let Some(projects) = root.get("projects") {
        let message = "The 'projects' key cannot be specified in packages.yml".to_owned();
        return Err(fault(message, projects).hint("it belongs into dependencies.yml"));
    }
    if let Some(entry) = root.entries().iter().find(|entry| entry.key != "packages") {
        let message = format!(
            "The packages.yml file in this project is malformed: Additional properties are not allowed ('{}' was unexpected)",
            entry.key
        );
        return Err(fault(message, &entry.value));
    }
    let is_empty = root.is_null() || (root.is_list() && root.items().is_empty());
    if !is_empty && !root.is_map() {
        let message = "The packages.yml file in this project is malformed: it is no mapping".to_owned();
        return Err(fault(message, root).hint("write `packages:` above the list"));
    }
    Ok(())
}
