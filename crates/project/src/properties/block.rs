//! One resource's properties, with the file they stand in.

use crate::code;
use crate::files::File;
use crate::python;
use crate::render::ITEM;
use crate::yaml::{Document, Node};
use platform_core::{Diagnostic, Place, ResourceType};
use serde_json::{Map, Value};
use std::sync::Arc;

/// A properties file, parsed.
#[derive(Debug)]
pub struct Properties {
    /// The package it stands in.
    pub package: String,
    /// The file.
    pub file: File,
    /// Its YAML.
    pub document: Document,
    /// Whether `arguments` of a generic test are its arguments, and no argument of that name.
    pub nests_arguments: bool,
}

impl Properties {
    /// An error at a place of the file.
    pub fn fault(&self, node: &Node, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(code::PROPERTIES, message).event("ParsingError").at(self.place(node))
    }

    /// The place of a value.
    pub fn place(&self, node: &Node) -> Place {
        self.document.place(&node.span)
    }

    /// `package://path`, as artifacts name the file.
    pub fn patch_path(&self) -> String {
        format!("{}://{}", self.package, self.file.path)
    }
}

macro_rules! sections {
    ($($(#[$doc:meta])* $variant:ident = $key:literal),+ $(,)?) => {
        /// A section of a properties file.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Section { $($(#[$doc])* $variant,)+ }

        impl Section {
            /// Every section.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Its key.
            pub fn key(self) -> &'static str {
                match self { $(Self::$variant => $key,)+ }
            }

            /// The section of a key.
            pub fn parse(key: &str) -> Option<Self> {
                match key { $($key => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

sections! {
    /// Models.
    Models = "models",
    /// Seeds.
    Seeds = "seeds",
    /// Snapshots, described or defined.
    Snapshots = "snapshots",
    /// Sources.
    Sources = "sources",
    /// Macros.
    Macros = "macros",
    /// Analyses.
    Analyses = "analyses",
    /// Exposures.
    Exposures = "exposures",
    /// Groups.
    Groups = "groups",
    /// Singular data tests.
    DataTests = "data_tests",
    /// The same under its old name.
    Tests = "tests",
    /// Unit tests.
    UnitTests = "unit_tests",
    /// Functions.
    Functions = "functions",
    /// Metrics.
    Metrics = "metrics",
    /// Semantic models.
    SemanticModels = "semantic_models",
    /// Saved queries.
    SavedQueries = "saved_queries",
}

impl Section {
    /// What stands in a file of its own and may be referred to, or be read.
    pub fn of_files(self) -> Option<ResourceType> {
        match self {
            Self::Models => Some(ResourceType::Model),
            Self::Seeds => Some(ResourceType::Seed),
            Self::Snapshots => Some(ResourceType::Snapshot),
            Self::Analyses => Some(ResourceType::Analysis),
            _ => None,
        }
    }

    /// Whether the value at that path of a block, where items of lists are [`ITEM`], stays as it is written: it is no
    /// template, or one that is rendered later. As in dbt it is the depth that counts, and a source's tables are read for
    /// themselves.
    pub fn keeps(self, path: &[&str]) -> bool {
        let (path, is_table) = match path {
            ["tables", ITEM, below @ ..] if self == Self::Sources && !below.is_empty() => (below, true),
            path => (path, false),
        };
        let Some((last, outer)) = path.split_last() else { return false };
        let is_listed = |key: &&str| match *key {
            // What a function's arguments are described by is rendered, unlike what it returns.
            "arguments" => self != Self::Functions,
            key => LISTS.contains(&key),
        };
        match *last {
            "description" => match outer {
                [] | [_] => true,
                [list, ITEM] => is_listed(list),
                _ => outer.len() == 4 && (is_table || self != Self::Sources),
            },
            "tests" | "data_tests" => {
                outer.len() < 2 || outer.iter().all(|key| *key == ITEM || is_listed(key))
            }
            // dbt keeps `pre_hook` alone and refuses `this` in a `pre-hook`; what it gives elsewhere is the same later.
            "pre-hook" | "post-hook" | "pre_hook" | "post_hook" => {
                matches!(outer, ["config"] | ["versions", ITEM, "config"])
            }
            "filter" => self == Self::Metrics,
            "where" | "group_by" | "order_by" => self == Self::SavedQueries,
            "loaded_at_query" => outer.len() < 2,
            _ => false,
        }
    }
}

/// Keys of a resource whose items are described and tested.
const LISTS: [&str; 7] = ["columns", "tables", "versions", "entities", "dimensions", "measures", "exports"];

/// One resource's properties.
#[derive(Clone, Debug)]
pub struct Block {
    /// The file.
    pub properties: Arc<Properties>,
    /// The section.
    pub section: Section,
    /// Which entry of the section it is, from 0.
    pub index: usize,
    /// What it says, rendered.
    pub node: Arc<Node>,
    /// What it says, as written.
    pub written: Arc<Node>,
}

impl Block {
    /// The resource's name.
    pub fn name(&self) -> &str {
        self.node.text_of("name").unwrap_or_default()
    }

    /// The package.
    pub fn package(&self) -> &str {
        &self.properties.package
    }

    /// Where in the file it stands: `models[0]`.
    pub fn path(&self) -> String {
        format!("{}[{}]", self.section.key(), self.index)
    }

    /// The place of a value.
    pub fn place(&self, node: &Node) -> Place {
        self.properties.place(node)
    }

    /// The place of its name.
    pub fn name_place(&self) -> Place {
        self.written.entry("name").map_or_else(|| self.place(&self.node), |entry| self.place(&entry.value))
    }

    /// An error at a place of the block.
    pub fn fault(&self, node: &Node, message: impl Into<String>) -> Diagnostic {
        self.properties.fault(node, message)
    }

    /// An error of the block's form: where in the block, and why, as JSON Schema says it.
    pub fn invalid(&self, path: &str, why: &str, node: &Node) -> Diagnostic {
        let shown = python::repr(&self.node.to_json());
        let shown: String = if shown.chars().count() > 400 {
            shown.chars().take(400).chain("...".chars()).collect()
        } else {
            shown
        };
        self.fault(
            node,
            format!(
                "Invalid {key} config given in {} @ {key}: {shown} - at path {path}: {why}",
                self.properties.file.path,
                key = self.section.key()
            ),
        )
    }

    /// The text under a key of a part of the block; an error where it is no text.
    pub fn text<'a>(&self, node: &'a Node, key: &str, path: &str) -> Result<Option<&'a str>, Diagnostic> {
        match node.entry(key) {
            None => Ok(None),
            Some(entry) => match entry.value.text() {
                Some(text) => Ok(Some(text)),
                None if entry.value.is_null() && key != "description" => Ok(None),
                None => Err(self.of_type(&entry.value, &format!("{path}['{key}']"), "string")),
            },
        }
    }

    /// The mapping under a key, empty where missing or null.
    pub fn map(&self, node: &Node, key: &str, path: &str) -> Result<Map<String, Value>, Diagnostic> {
        match node.get(key) {
            None => Ok(Map::new()),
            Some(value) if value.is_map() => Ok(value.to_json_map()),
            Some(value) => Err(self.of_type(value, &format!("{path}['{key}']"), "object")),
        }
    }

    /// The list under a key, empty where missing or null.
    pub fn list<'a>(&self, node: &'a Node, key: &str, path: &str) -> Result<&'a [Node], Diagnostic> {
        match node.get(key) {
            None => Ok(&[]),
            Some(value) if value.is_list() => Ok(value.items()),
            Some(value) => Err(self.of_type(value, &format!("{path}['{key}']"), "array")),
        }
    }

    /// A value of a wrong type.
    pub fn of_type(&self, node: &Node, path: &str, wanted: &str) -> Diagnostic {
        let shown = python::repr(&node.to_json());
        self.invalid(path, &format!("{shown} is not of type '{wanted}'"), node)
    }

    /// The block's `config`, and above it those top-level keys that count as configuration; an error where one
    /// stands in both places.
    pub fn config(&self, node: &Node, movable: &[&str]) -> Result<Map<String, Value>, Diagnostic> {
        let mut config = self.map(node, "config", "")?;
        for key in movable {
            let Some(value) = node.get(key) else { continue };
            if config.contains_key(*key) {
                return Err(self.fault(
                    value,
                    format!(
                        "In {}: found {key} dictionary in 'config' dictionary and as top-level key: keep the one \
                         under 'config'",
                        self.properties.file.path
                    ),
                ));
            }
            config.insert((*key).to_owned(), value.to_json());
        }
        Ok(config)
    }
}
