//! What snapshots need beside SQL: the behaviour for deleted rows, and whether an existing table fits.
//!
//! <https://docs.getdbt.com/docs/build/snapshots>

use crate::context::arguments::{text, truth};
use crate::context::raised::{Kind, Raised};
use crate::runtime::column::ColumnObject;
use crate::runtime::relation::RelationObject;
use jinja::{HostError, State, Value};

/// `ignore`, `invalidate` or `new_record`: `hard_deletes`, else the older `invalidate_hard_deletes`.
pub(super) fn hard_deletes(config: &Value, state: &mut State<'_, '_>) -> Result<String, HostError> {
    let mut get = |key: &str| {
        let found = config.call_method(state, "get", &[Value::from(key)])?;
        Ok::<_, HostError>(Some(found).filter(|it| !it.is_none() && !it.is_undefined()))
    };
    let (older, newer) = (get("invalidate_hard_deletes")?, get("hard_deletes")?);
    match (older, newer) {
        (Some(_), Some(_)) => Err(Raised::error(
            Kind::Runtime,
            "You cannot set both the invalidate_hard_deletes and hard_deletes config properties on the same snapshot.",
        )),
        (Some(older), None) if older.is_true() => Ok("invalidate".to_owned()),
        (_, None) => Ok("ignore".to_owned()),
        (None, Some(newer)) => match newer.to_string().as_str() {
            behaviour @ ("ignore" | "invalidate" | "new_record") => Ok(behaviour.to_owned()),
            _ => Err(Raised::error(Kind::Runtime, "Invalid setting for property hard_deletes.")),
        },
    }
}

/// Whether an existing table has the columns that a snapshot keeps its history in.
pub(super) fn check_target(
    relation: &RelationObject,
    existing: &[ColumnObject],
    names: Option<&Value>,
    strategy: Option<&Value>,
) -> Result<(), HostError> {
    let named = |key: &str| {
        let found = names.and_then(|names| names.get_attr(key).ok()).filter(|it| !it.is_undefined());
        text(found.as_ref()).unwrap_or_else(|| key.to_owned())
    };
    let deletes = strategy.and_then(|it| it.get_attr("hard_deletes").ok());
    let mut wanted = vec!["dbt_scd_id", "dbt_valid_from", "dbt_valid_to"];
    if text(deletes.as_ref()).as_deref() == Some("new_record") {
        wanted.push("dbt_is_deleted");
    }
    let missing: Vec<String> = wanted
        .into_iter()
        .map(named)
        .filter(|name| !existing.iter().any(|column| column.name.eq_ignore_ascii_case(name)))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let configured = truth(names, false)
        && names.is_some_and(|names| names.try_iter().is_ok_and(|mut all| all.next().is_some()));
    let list = missing.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
    let hint = if configured {
        "The snapshot_meta_column_names of an existing snapshot can't be changed without renaming the columns of"
    } else {
        "Add them, set snapshot_meta_column_names to the names that there are, or start over without"
    };
    Err(Raised::error(
        Kind::Compilation,
        format!(
            "Snapshot target is missing configured columns (missing {list}). See \
             https://docs.getdbt.com/docs/build/snapshots#snapshot-meta-fields for more information.\n{hint} {}",
            relation.name()
        ),
    ))
}
