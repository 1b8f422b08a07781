//! `validate_macro_args`: what properties say of a macro's arguments, held against its signature
//! (<https://docs.getdbt.com/reference/resource-properties/arguments>).

use crate::code;
use crate::context::macros::is_internal;
use crate::parse::Scene;
use crate::properties::Block;
use indexmap::IndexMap;
use platform_core::node::MacroDefinition;
use platform_core::{Diagnostic, UniqueId};
use serde_json::json;

/// Names and types that don't fit.
pub fn check(scene: &Scene<'_>, definition: &MacroDefinition, block: &Block) -> Vec<Diagnostic> {
    let Some(signature) = signature(scene, definition) else { return Vec::new() };
    let described = block.node.get("arguments").map(crate::yaml::Node::items).unwrap_or_default();
    let mut found = Vec::new();
    if described.is_empty() {
        return found;
    }
    let name = block.name();
    let mut tell = |node: &crate::yaml::Node, message: String| {
        let warning = Diagnostic::warning(code::PROPERTIES, message).event("InvalidMacroAnnotation");
        found.push(warning.at(block.place(node)));
    };
    if described.len() != signature.len() {
        let message = format!(
            "The number of arguments in the yaml for macro {name} does not match the jinja definition."
        );
        tell(&block.node, message);
    }
    for (argument, expected) in described.iter().zip(&signature) {
        let own = argument.text_of("name").unwrap_or_default();
        if own != expected {
            let message = format!(
                "Argument {own} in yaml for macro {name} does not match the jinja definition ({expected})."
            );
            tell(argument, message);
        }
        let kind = argument.get("type").and_then(crate::yaml::Node::scalar_text).unwrap_or_default();
        if !kind.trim().is_empty() && !is_type(&kind) {
            let message = format!("Argument {own} in the yaml for macro {name} has an invalid type.");
            tell(argument, message);
        }
    }
    found
}

/// Gives macros that properties say nothing of the arguments of their signature. Tests of their own folder
/// (`tests/generic`), files of which `is_test_file` knows, have none, as in dbt.
pub fn fill(
    scene: &Scene<'_>,
    definitions: &mut IndexMap<UniqueId, MacroDefinition>,
    is_test_file: impl Fn(&MacroDefinition) -> bool,
) {
    let bare =
        definitions.values_mut().filter(|it| it.arguments.is_empty() && !is_internal(&it.package_name));
    for definition in bare {
        if is_test_file(definition) {
            continue;
        }
        let names = signature(scene, definition).unwrap_or_default();
        definition.arguments =
            names.iter().map(|name| json!({"name": name, "type": null, "description": ""})).collect();
    }
}

fn signature(scene: &Scene<'_>, definition: &MacroDefinition) -> Option<Vec<String>> {
    let entry = scene.shared.macros.get(&definition.package_name, &definition.name)?;
    Some(entry.callable.block().parameters.iter().map(|it| it.name.to_string()).collect())
}

/// `string`, `list[string]`, `dict[string, any]`, `optional[int]`, …
fn is_type(text: &str) -> bool {
    const PLAIN: [&str; 12] = [
        "string", "str", "boolean", "bool", "integer", "int", "float", "any", "relation", "column", "number",
        "none",
    ];
    let text = text.trim();
    let Some((outer, inner)) = text.strip_suffix(']').and_then(|it| it.split_once('[')) else {
        return PLAIN.contains(&text);
    };
    match outer.trim() {
        "list" | "optional" => is_type(inner),
        "dict" => inner.split_once(',').is_some_and(|(key, value)| is_type(key) && is_type(value)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_type;

    #[test]
    fn knows_types() {
        for good in ["string", "list[int]", "dict[str, list[any]]", "optional[relation]", " bool "] {
            assert!(is_type(good), "{good}");
        }
        for bad in ["invalid", "int[int]", "list", "list[]", "dict[str]", "dict[str, x]"] {
            assert!(!is_type(bad), "{bad}");
        }
    }
}
