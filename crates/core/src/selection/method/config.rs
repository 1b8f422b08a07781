//! `config.key[.key…]:value`

use crate::resource::Resource;
use crate::unique_id::ResourceType;
use serde_json::Value;

/// A path into the configuration and the text to find there.
pub(in crate::selection) struct ConfigQuery {
    path: Vec<String>,
    value: String,
}

impl ConfigQuery {
    pub fn new(path: &[String], value: &str) -> Self {
        Self { path: path.to_vec(), value: value.to_owned() }
    }

    /// Exposures, functions, unit tests and the semantic layer are not asked for their configuration.
    pub fn matches(&self, resource: Resource<'_>) -> bool {
        let asked = match resource {
            Resource::Node(node) => node.resource_type != ResourceType::Function,
            Resource::Source(_) => true,
            _ => false,
        };
        if !asked {
            return false;
        }
        let Some((first, rest)) = self.path.split_first() else { return false };
        let found = rest.iter().try_fold(resource.config().0.get(first.as_str()), |found, key| {
            found.map(|found| found.get(key.as_str()))
        });
        found.flatten().is_some_and(|found| self.equals(found))
    }

    /// A list holds the value; a boolean and `severity` are read in any case; a text is compared as it is. What is
    /// asked for is text, which no number is, as in dbt.
    fn equals(&self, found: &Value) -> bool {
        match found {
            Value::Array(items) => items.iter().any(|item| self.equals(item)),
            Value::Bool(found) => self.value.eq_ignore_ascii_case(if *found { "true" } else { "false" }),
            Value::String(found) if self.path.last().is_some_and(|key| key == "severity") => {
                found.eq_ignore_ascii_case(&self.value)
            }
            Value::String(found) => *found == self.value,
            Value::Number(_) | Value::Null | Value::Object(_) => false,
        }
    }
}
