//! `model` in templates has no keys for what isn't set.

use serde_json::{Map, Value as Json};

/// Takes null keys away: of the node, of its configuration, of its columns and of what else has fields of its own.
///
/// What users write under `meta` stays as it is.
pub fn unset(node: &mut Json) {
    let Json::Object(node) = node else { return };
    part(node);
    for key in ["config", "time_spine", "batch", "test_metadata", "returns"] {
        node.get_mut(key).and_then(Json::as_object_mut).into_iter().for_each(part);
    }
    let columns = node.get_mut("columns").and_then(Json::as_object_mut);
    for column in columns.into_iter().flat_map(Map::values_mut).filter_map(Json::as_object_mut) {
        part(column);
        column.get_mut("config").and_then(Json::as_object_mut).into_iter().for_each(part);
    }
}

/// One set of fields, and what each of them has alike.
fn part(fields: &mut Map<String, Json>) {
    fields.retain(|_, value| !value.is_null());
    for key in ["docs", "contract", "checksum", "depends_on", "snapshot_meta_column_names"] {
        let inner = fields.get_mut(key).and_then(Json::as_object_mut);
        inner.into_iter().for_each(|it| it.retain(|_, value| !value.is_null()));
    }
    for key in ["constraints", "refs", "pre-hook", "post-hook"] {
        let items = fields.get_mut(key).and_then(Json::as_array_mut);
        for item in items.into_iter().flatten().filter_map(Json::as_object_mut) {
            item.retain(|_, value| !value.is_null());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keeps_what_users_wrote() {
        let mut node = json!({
            "group": null, "meta": {"a": null}, "docs": {"show": true, "node_color": null},
            "config": {"alias": null, "meta": {"a": null}, "contract": {"enforced": false, "checksum": null}},
            "columns": {"id": {"data_type": null, "constraints": [{"type": "not_null", "name": null}]}},
            "refs": [{"name": "a", "package": null}],
        });
        unset(&mut node);
        let want = json!({
            "meta": {"a": null}, "docs": {"show": true},
            "config": {"meta": {"a": null}, "contract": {"enforced": false}},
            "columns": {"id": {"constraints": [{"type": "not_null"}]}},
            "refs": [{"name": "a"}],
        });
        assert_eq!(node, want);
    }
}
