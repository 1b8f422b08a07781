//! `selectors.yml` → the manifest's `selectors`: every definition in its long form
//! (<https://docs.getdbt.com/reference/node-selection/yaml-selectors>).

use crate::code;
use crate::context::shared::Shared;
use crate::error::Error;
use crate::render::{self, Reading, Renderer};
use crate::shape::{Object, Shape};
use crate::yaml::{self, Document, Node};
use platform_core::Diagnostic;
use serde_json::{Map, Value, json};
use std::path::Path;
use std::sync::Arc;

/// Reads the file of a project's folder; empty where it has none. Warns of definitions that dbt reads otherwise
/// than they look.
pub fn read(
    folder: &Path,
    shared: &Arc<Shared>,
    warnings: &mut Vec<Diagnostic>,
) -> Result<Map<String, Value>, Error> {
    let path = folder.join("selectors.yml");
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Map::new()),
        Err(source) => return Err(Error::File { action: "read", path, source }),
    };
    let document = yaml::parse("selectors.yml", text).map_err(|error| yaml::diagnostic(&error))?;
    let renderer = Renderer::of_root(Reading::Project, shared);
    let root = renderer.render(&document, &document.root, &render::all)?;
    Ok(selectors(&document, &root, warnings)?)
}

fn fault(document: &Document, node: &Node, message: &str) -> Diagnostic {
    Diagnostic::error(code::SELECTOR, format!("Could not read selector file data: {message}"))
        .event("DbtSelectorsError")
        .at(document.place(&node.span))
}

fn unparsable(document: &Document, node: &Node) -> Diagnostic {
    let shown = yaml::dump(&node.to_json());
    Diagnostic::error(
        code::SELECTOR,
        format!(
            "Could not parse selector file data: \n{shown}\nValid root-level selector definitions: union, \
             intersection, string, dictionary. No lists. \nhttps://docs.getdbt.com/reference/node-selection/yaml-selectors"
        ),
    )
    .event("DbtSelectorsError")
    .at(document.place(&node.span))
}

/// What a selector says.
const SELECTOR: Object = Object {
    base: None,
    required: &["name", "definition"],
    fields: &[
        ("name", Shape::Text),
        ("definition", Shape::Either(&[Shape::Text, Shape::Mapping])),
        ("description", Shape::Text),
        ("default", Shape::Boolean),
    ],
    open: false,
};

fn selectors(
    document: &Document,
    root: &Node,
    warnings: &mut Vec<Diagnostic>,
) -> Result<Map<String, Value>, Diagnostic> {
    if root.is_null() {
        return Ok(Map::new());
    }
    let Some(list) = root.get("selectors").filter(|it| it.is_list()) else {
        return Err(unparsable(document, root));
    };
    if root.entries().len() > 1 {
        return Err(unparsable(document, root));
    }
    let mut found = Map::new();
    for item in list.items() {
        if let Err(fault) = SELECTOR.check(item) {
            return Err(unparsable(document, fault.at));
        }
        let name = item.text_of("name").unwrap_or_default().to_owned();
        let Some(definition) = item.get("definition") else { return Err(unparsable(document, item)) };
        let mut selector = Map::from_iter([("name".to_owned(), json!(name))]);
        for key in ["description", "default"] {
            if let Some(value) = item.get(key) {
                selector.insert(key.to_owned(), value.to_json());
            }
        }
        let mut reader = Reader { document, known: &found, warnings };
        reader.root(definition)?;
        let definition = reader.definition(definition)?;
        selector.insert("definition".to_owned(), definition);
        found.insert(name, Value::Object(selector));
    }
    let indirect = platform_core::selection::IndirectSelection::default();
    platform_core::selection::selectors(&found, indirect)
        .map_err(|error| fault(document, list, &error.to_string()))?;
    Ok(found)
}

struct Reader<'a> {
    document: &'a Document,
    known: &'a Map<String, Value>,
    warnings: &'a mut Vec<Diagnostic>,
}

impl Reader<'_> {
    /// At the root a set stands alone.
    fn root(&self, node: &Node) -> Result<(), Diagnostic> {
        let keys: Vec<&str> = node.entries().iter().map(|it| it.key.as_str()).collect();
        if keys.len() < 2 || !keys.iter().any(|key| is_set(key)) {
            return Ok(());
        }
        let message = format!(
            "Only a single 'union' or 'intersection' key is allowed in a root level selector definition; found {}.",
            keys.join(",")
        );
        let fault = fault(self.document, node, &message);
        Err(if keys.contains(&"exclude") {
            fault.hint("write `- exclude: […]` as an item of the list")
        } else {
            fault
        })
    }

    fn definition(&mut self, node: &Node) -> Result<Value, Diagnostic> {
        if let Some(text) = node.text() {
            return Ok(spec(text));
        }
        if !node.is_map() {
            return Err(fault(self.document, node, "Expected a definition: a text, or a mapping"));
        }
        // Of two sets below the root the union counts.
        let Some(key) = ["union", "intersection"].into_iter().find(|key| node.get(key).is_some()) else {
            return self.method(node);
        };
        let list = self.list(node, key)?;
        for item in node.get(key).map(Node::items).unwrap_or_default() {
            self.warn_of_lost_part(item, key);
        }
        let mut definition = Map::from_iter([(key.to_owned(), list)]);
        if node.get("exclude").is_some() {
            definition.insert("exclude".to_owned(), self.list(node, "exclude")?);
        }
        Ok(Value::Object(definition))
    }

    /// The definitions below a key.
    fn list(&mut self, node: &Node, key: &str) -> Result<Value, Diagnostic> {
        let Some(list) = node.get(key).filter(|it| it.is_list()) else {
            let message = format!("Invalid value for key \"{key}\". Expected a list.");
            return Err(fault(self.document, node, &message));
        };
        let items: Result<Vec<Value>, Diagnostic> =
            list.items().iter().map(|item| self.item(item, key)).collect();
        Ok(Value::Array(items?))
    }

    /// An item of a list. In a set, `exclude` beside `method: selector` is the set's, as beside any other method;
    /// elsewhere it says nothing.
    fn item(&mut self, item: &Node, key: &str) -> Result<Value, Diagnostic> {
        let mut definition = self.definition(item)?;
        let is_selector = item.get("method").and_then(Node::text) == Some("selector");
        if is_set(key) && is_selector && item.get("exclude").is_some() {
            let exclusion = self.list(item, "exclude")?;
            if let Some(definition) = definition.as_object_mut() {
                definition.insert("exclude".to_owned(), exclusion);
            }
        }
        Ok(definition)
    }

    /// An item with `exclude` is the exclusion of the whole list: what else it says selects nothing.
    fn warn_of_lost_part(&mut self, item: &Node, key: &str) {
        if item.entries().len() < 2 || item.get("exclude").is_none() {
            return;
        }
        let message = format!(
            "An item of `{key}` has `exclude` beside what it selects: dbt takes the exclusion for that of the whole \
             list, and the item selects nothing"
        );
        let warning = Diagnostic::warning(code::SELECTOR, message)
            .at(self.document.place(&item.span))
            .hint("name the item as a selector of its own and refer to it by `method: selector`");
        self.warnings.push(warning);
    }

    fn method(&mut self, node: &Node) -> Result<Value, Diagnostic> {
        if let (Some(method), Some(value)) = (node.get("method"), node.get("value")) {
            if method.text() == Some("selector") {
                let name = value.scalar_text().unwrap_or_default();
                let Some(known) = self.known.get(&name) else {
                    let message = format!("Existing selector definition for {name} not found.");
                    return Err(fault(self.document, value, &message));
                };
                return Ok(known["definition"].clone());
            }
            // It stays as written; what it excludes is looked at all the same.
            if node.get("exclude").is_some() {
                self.list(node, "exclude")?;
            }
            return Ok(node.to_json());
        }
        match node.entries() {
            [only] if only.key == "exclude" => Ok(json!({"exclude": self.list(node, "exclude")?})),
            [only] => Ok(json!({"method": only.key, "value": only.value.to_json()})),
            entries => {
                let keys: Vec<String> = entries.iter().map(|it| crate::python::repr_text(&it.key)).collect();
                let message = format!(
                    "Expected either 1 key or else \"method\" and \"value\" keys, but got [{}]",
                    keys.join(", ")
                );
                Err(fault(self.document, node, &message))
            }
        }
    }
}

fn is_set(key: &str) -> bool {
    matches!(key, "union" | "intersection")
}

/// The long form of a text: `1+tag:nightly+` as method, value and graph operators.
fn spec(text: &str) -> Value {
    let mut definition = Map::new();
    let mut rest = text;
    let mut before = Map::new();
    if let Some(inner) = rest.strip_prefix('@') {
        before.insert("childrens_parents".to_owned(), json!(true));
        rest = inner;
    } else if let Some(at) = rest.find('+').filter(|at| rest[..*at].bytes().all(|it| it.is_ascii_digit())) {
        before.insert("parents".to_owned(), json!(true));
        if at > 0 {
            before.insert("parents_depth".to_owned(), json!(rest[..at]));
        }
        rest = &rest[at + 1..];
    }
    let mut after = Map::new();
    if let Some(at) = rest.rfind('+').filter(|at| rest[at + 1..].bytes().all(|it| it.is_ascii_digit())) {
        after.insert("children".to_owned(), json!(true));
        if at + 1 < rest.len() {
            after.insert("children_depth".to_owned(), json!(rest[at + 1..]));
        }
        rest = &rest[..at];
    }
    let is_method =
        |it: &str| !it.is_empty() && it.chars().all(|it| it.is_alphanumeric() || matches!(it, '_' | '.'));
    let (method, value) = match rest.split_once(':') {
        Some((method, value)) if is_method(method) => (method, value),
        _ => (default_method(rest), rest),
    };
    definition.insert("method".to_owned(), json!(method));
    definition.insert("value".to_owned(), json!(value));
    definition.extend(before);
    definition.extend(after);
    Value::Object(definition)
}

/// Names of files and folders are paths, everything else is a place in the project.
fn default_method(value: &str) -> &'static str {
    if value.contains('/') || value.contains('\\') {
        "path"
    } else if [".sql", ".py", ".csv"].iter().any(|it| value.to_lowercase().ends_with(it)) {
        "file"
    } else {
        "fqn"
    }
}
