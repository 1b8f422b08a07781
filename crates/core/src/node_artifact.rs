//! A node as it stands in `manifest.json`: each resource type with the fields that the schema gives it.

use crate::node::Node;
use crate::unique_id::ResourceType;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.place(&mut map)?;
        self.definition(&mut map)?;
        if self.resource_type == ResourceType::Seed {
            map.serialize_entry("root_path", &self.only.root_path)?;
            // A seed reads nothing, and the schema gives its `depends_on` no nodes.
            map.serialize_entry("depends_on", &serde_json::json!({ "macros": self.depends_on.macros }))?;
        } else {
            self.code(&mut map)?;
        }
        self.of_its_type(&mut map)?;
        for (key, value) in &self.only.more {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

impl Node {
    fn place<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        map.serialize_entry("database", &self.database)?;
        map.serialize_entry("schema", &self.schema)?;
        map.serialize_entry("name", &self.name)?;
        map.serialize_entry("resource_type", &self.resource_type)?;
        map.serialize_entry("package_name", &self.package_name)?;
        map.serialize_entry("path", &self.path)?;
        map.serialize_entry("original_file_path", &self.original_file_path)?;
        map.serialize_entry("unique_id", &self.unique_id)?;
        map.serialize_entry("fqn", &self.fqn)?;
        map.serialize_entry("alias", &self.alias)?;
        map.serialize_entry("checksum", &self.checksum)
    }

    fn definition<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        map.serialize_entry("config", &self.config)?;
        map.serialize_entry("tags", &self.tags)?;
        map.serialize_entry("description", &self.description)?;
        map.serialize_entry("columns", &self.columns)?;
        map.serialize_entry("meta", &self.meta)?;
        map.serialize_entry("group", &self.group)?;
        map.serialize_entry("docs", &self.docs)?;
        map.serialize_entry("patch_path", &self.patch_path)?;
        map.serialize_entry("build_path", &self.build_path)?;
        map.serialize_entry("unrendered_config", &self.unrendered_config)?;
        map.serialize_entry("created_at", &self.created_at)?;
        map.serialize_entry("relation_name", &self.relation_name)?;
        map.serialize_entry("raw_code", &self.raw_code)?;
        map.serialize_entry("doc_blocks", &self.doc_blocks)
    }

    fn code<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        map.serialize_entry("language", &self.language)?;
        map.serialize_entry("refs", &self.refs)?;
        map.serialize_entry("sources", &self.sources)?;
        map.serialize_entry("metrics", &self.metrics)?;
        map.serialize_entry("functions", &self.functions)?;
        map.serialize_entry("depends_on", &self.depends_on)?;
        map.serialize_entry("compiled_path", &self.compiled_path)?;
        if self.compiled {
            map.serialize_entry("compiled", &true)?;
            map.serialize_entry("compiled_code", &self.compiled_code)?;
            map.serialize_entry("extra_ctes_injected", &self.extra_ctes_injected)?;
            map.serialize_entry("extra_ctes", &self.extra_ctes)?;
        }
        map.serialize_entry("contract", &self.contract)
    }

    fn of_its_type<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        let only = &self.only;
        match self.resource_type {
            ResourceType::Model => {
                map.serialize_entry("access", &only.access)?;
                map.serialize_entry("constraints", only.constraints.as_deref().unwrap_or_default())?;
                map.serialize_entry("version", &only.version)?;
                map.serialize_entry("latest_version", &only.latest_version)?;
                map.serialize_entry("deprecation_date", &only.deprecation_date)?;
                map.serialize_entry("primary_key", only.primary_key.as_deref().unwrap_or_default())?;
                map.serialize_entry("time_spine", &only.time_spine)
            }
            ResourceType::Test if only.test_metadata.is_some() => {
                map.serialize_entry("column_name", &only.column_name)?;
                map.serialize_entry("file_key_name", &only.file_key_name)?;
                map.serialize_entry("attached_node", &only.attached_node)?;
                map.serialize_entry("test_metadata", &only.test_metadata)
            }
            ResourceType::Operation => map.serialize_entry("index", &only.index),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(kind: &str) -> Node {
        serde_json::from_value(serde_json::json!({
            "database": "db", "schema": "s", "name": "n", "resource_type": kind, "package_name": "p", "path": "n.sql",
            "original_file_path": "models/n.sql", "unique_id": format!("{kind}.p.n"), "fqn": ["p", "n"], "alias": "n",
            "config": {},
        }))
        .expect("a node")
    }

    #[test]
    fn a_type_has_its_own_fields_and_no_others() {
        let json = |kind| serde_json::to_value(node(kind)).expect("serializes");
        assert!(json("model").get("access").is_some() && json("model").get("root_path").is_none());
        assert!(json("seed").get("root_path").is_some() && json("seed").get("language").is_none());
        assert!(json("model").get("compiled_code").is_none());
        assert!(json("operation").get("index").is_some());
    }

    #[test]
    fn what_is_written_is_read_back() {
        let mut before = node("model");
        before.compiled = true;
        before.compiled_code = Some("select 1".to_owned());
        let text = serde_json::to_string(&before).expect("serializes");
        let after: Node = serde_json::from_str(&text).expect("reads");
        assert_eq!(text, serde_json::to_string(&after).expect("serializes"));
    }
}
