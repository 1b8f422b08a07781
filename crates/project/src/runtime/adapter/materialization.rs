//! Methods that materializations ask: what a node's configuration comes to.

use super::{Adapter, Method, relations};
use crate::context::arguments::{Arguments, text};
use crate::context::macros::is_internal;
use crate::context::raised::{Kind, Raised};
use crate::runtime::indexes::Index;
use crate::runtime::seed_memory::SeedMemory;
use crate::runtime::table::Table;
use crate::runtime::{constraints, seed, snapshot};
use jinja::{HostError, State, Value};

/// The strategies of the incremental materialization that are built in.
const STRATEGIES: [&str; 4] = ["append", "delete+insert", "merge", "microbatch"];

pub(super) const METHODS: &[(&str, Method)] = &[
    ("valid_incremental_strategies", |_, _, _| Ok(jinja::value::list(STRATEGIES.map(Value::from).to_vec()))),
    ("builtin_incremental_strategies", builtin_incremental_strategies),
    ("get_incremental_strategy_macro", get_incremental_strategy_macro),
    ("standardize_grants_dict", standardize_grants_dict),
    ("parse_index", parse_index),
    ("render_raw_columns_constraints", render_raw_columns_constraints),
    ("render_raw_model_constraints", render_raw_model_constraints),
    ("convert_type", convert_type),
    ("empty_table", empty_table),
    ("seed_memory", |adapter, _, _| SeedMemory::of(&adapter.node)),
    ("get_hard_deletes_behavior", get_hard_deletes_behavior),
    ("assert_valid_snapshot_target_given_strategy", valid_snapshot_target),
    ("valid_snapshot_target", valid_snapshot_target),
];

/// Those of every platform.
fn builtin_incremental_strategies(
    _: &Adapter,
    _: Arguments<'_>,
    _: &mut State<'_, '_>,
) -> Result<Value, HostError> {
    let all = ["append", "delete+insert", "merge", "insert_overwrite", "microbatch"];
    Ok(jinja::value::list(all.map(Value::from).to_vec()))
}

fn get_incremental_strategy_macro(
    adapter: &Adapter,
    arguments: Arguments<'_>,
    _: &mut State<'_, '_>,
) -> Result<Value, HostError> {
    let [_, strategy] = arguments.bind(["model_context", "strategy"], 2)?;
    let strategy = text(strategy.as_ref()).unwrap_or_else(|| "default".to_owned());
    let name = format!("get_incremental_{}_sql", strategy.replace('+', "_"));
    let found = adapter.context.macros().lookup(adapter.context.package(), &name);
    // The name counts as its macro's does, so `delete_insert` is `delete+insert`.
    let builtin = strategy == "default"
        || STRATEGIES.iter().any(|known| known.replace('+', "_") == strategy.replace('+', "_"));
    let message = match found {
        // A strategy of another platform has a macro too, and Postgres can't run it.
        Some(entry) if builtin || !is_internal(&entry.package) => return Ok(adapter.context.bind(entry)),
        Some(_) => format!("The incremental strategy '{strategy}' is not valid for this adapter"),
        None => format!(
            "dbt could not find an incremental strategy macro with the name \"{name}\" in {}",
            adapter.context.shared().project_name
        ),
    };
    Err(Raised::error(Kind::Runtime, message))
}

/// Grantees by privilege.
fn standardize_grants_dict(
    _: &Adapter,
    arguments: Arguments<'_>,
    _: &mut State<'_, '_>,
) -> Result<Value, HostError> {
    let [table] = arguments.bind(["grants_table"], 1)?;
    let mut grants: Vec<(String, Vec<Value>)> = Vec::new();
    for row in table.unwrap_or_default().try_iter()? {
        let cell = |key: &str| row.get_attr(key).unwrap_or_default();
        let (grantee, privilege) = (cell("grantee"), text(Some(&cell("privilege_type"))).unwrap_or_default());
        match grants.iter_mut().find(|(known, _)| *known == privilege) {
            Some((_, grantees)) => grantees.push(grantee),
            None => grants.push((privilege, vec![grantee])),
        }
    }
    Ok(jinja::value::dict(grants.into_iter().map(|(key, all)| (Value::from(key), jinja::value::list(all)))))
}

fn parse_index(_: &Adapter, arguments: Arguments<'_>, _: &mut State<'_, '_>) -> Result<Value, HostError> {
    let [raw] = arguments.bind(["raw_index"], 1)?;
    let raw = raw.unwrap_or_default();
    if raw.is_none() { Ok(Value::from(())) } else { Index::parse(&raw).map(Value::from_object) }
}

fn render_raw_columns_constraints(
    adapter: &Adapter,
    arguments: Arguments<'_>,
    _: &mut State<'_, '_>,
) -> Result<Value, HostError> {
    let [raw] = arguments.bind(["raw_columns"], 1)?;
    constraints::of_columns(&raw.unwrap_or_default(), &adapter.context)
}

fn render_raw_model_constraints(
    adapter: &Adapter,
    arguments: Arguments<'_>,
    _: &mut State<'_, '_>,
) -> Result<Value, HostError> {
    let [raw] = arguments.bind(["raw_constraints"], 1)?;
    constraints::of_model(&raw.unwrap_or_default(), &adapter.context)
}

fn convert_type(_: &Adapter, arguments: Arguments<'_>, _: &mut State<'_, '_>) -> Result<Value, HostError> {
    let [table, at] = arguments.bind(["agate_table", "col_idx"], 2)?;
    let at = at.and_then(|at| at.as_usize()).unwrap_or(0);
    Ok(Value::from(seed::column_type(&table.unwrap_or_default(), at)))
}

fn empty_table(_: &Adapter, arguments: Arguments<'_>, _: &mut State<'_, '_>) -> Result<Value, HostError> {
    let [names] = arguments.bind(["column_names"], 1)?;
    let names = names.unwrap_or_default().try_iter()?.filter_map(|name| text(Some(&name))).collect();
    Ok(Table::new(names, Vec::new()).into_value())
}

fn get_hard_deletes_behavior(
    _: &Adapter,
    arguments: Arguments<'_>,
    state: &mut State<'_, '_>,
) -> Result<Value, HostError> {
    let [config] = arguments.bind(["config"], 1)?;
    snapshot::hard_deletes(&config.unwrap_or_default(), state).map(Value::from)
}

fn valid_snapshot_target(
    adapter: &Adapter,
    arguments: Arguments<'_>,
    _: &mut State<'_, '_>,
) -> Result<Value, HostError> {
    let [target, names, strategy] = arguments.bind(["relation", "column_names", "strategy"], 1)?;
    let target = relations::relation(target.as_ref(), "valid_snapshot_target")?;
    let existing = adapter.columns(&target.relation)?;
    snapshot::check_target(&target, &existing, names.as_ref(), strategy.as_ref())?;
    Ok(Value::from(""))
}
