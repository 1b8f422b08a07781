//! Methods about the columns of relations.

use super::{Adapter, Method};
use crate::context::arguments::{Arguments, text};
use crate::context::macros::{Entry, is_internal};
use crate::runtime::adapter::relations;
use crate::runtime::column::ColumnObject;
use crate::runtime::relation::RelationObject;
use jinja::{HostError, State, Value};
use platform_core::relation::quote_identifier;
use std::sync::Arc;

pub(super) const METHODS: &[(&str, Method)] = &[
    ("get_columns_in_relation", get_columns_in_relation),
    ("columns_after", columns_after),
    ("get_missing_columns", get_missing_columns),
    ("expand_target_column_types", expand_target_column_types),
    ("get_rows_different_sql", get_rows_different_sql),
];

impl Adapter {
    fn columns_of(
        &self,
        value: Option<&Value>,
        state: &mut State<'_, '_>,
    ) -> Result<Vec<ColumnObject>, HostError> {
        let Some(value) = value else { return Ok(Vec::new()) };
        if let Some(found) = self.own_columns_of(value, state)? {
            let known = found.try_iter()?.filter_map(|it| ColumnObject::of(&it));
            return Ok(known.map(|it| (*it).clone()).collect());
        }
        match RelationObject::of(value) {
            Some(relation) => self.columns(&relation.relation),
            None => Ok(Vec::new()),
        }
    }

    /// What a project's or a package's own `get_columns_in_relation` gives, by that name or by dispatch.
    pub(in crate::runtime) fn own_columns_of(
        &self,
        value: &Value,
        state: &mut State<'_, '_>,
    ) -> Result<Option<Value>, HostError> {
        let own = self.own_columns_macro();
        own.map(|entry| {
            let context = self.context.of_package(entry.package.clone());
            context.bind(&entry).call(state, std::slice::from_ref(value))
        })
        .transpose()
    }

    /// Whether a project or a package asks for columns in a way of its own.
    pub(in crate::runtime) fn has_own_columns(&self) -> bool {
        self.own_columns_macro().is_some()
    }

    fn own_columns_macro(&self) -> Option<Arc<Entry>> {
        const NAME: &str = "get_columns_in_relation";
        let (macros, package) = (self.context.macros(), self.context.package());
        let is_own = |entry: &&Arc<Entry>| !is_internal(&entry.package);
        let named = macros.resolve(macros.root(), NAME).filter(is_own);
        named.or_else(|| macros.dispatch(package, NAME, Some("dbt")).ok().filter(is_own)).cloned()
    }
}

fn list(columns: impl IntoIterator<Item = ColumnObject>) -> Value {
    jinja::value::list(columns.into_iter().map(Value::from_object).collect())
}

fn get_columns_in_relation(
    adapter: &Adapter,
    arguments: Arguments<'_>,
    state: &mut State<'_, '_>,
) -> Result<Value, HostError> {
    let [relation] = arguments.bind(["relation"], 1)?;
    if let Some(relation) = &relation
        && let Some(own) = adapter.own_columns_of(relation, state)?
    {
        return Ok(own);
    }
    Ok(list(adapter.columns_of(relation.as_ref(), state)?))
}

fn columns_after(
    adapter: &Adapter,
    arguments: Arguments<'_>,
    state: &mut State<'_, '_>,
) -> Result<Value, HostError> {
    let [statement, relation] = arguments.bind(["statement", "relation"], 2)?;
    let relation = relations::relation(relation.as_ref(), "columns_after")?;
    adapter.columns_after(&text(statement.as_ref()).unwrap_or_default(), &relation, state)
}

fn get_missing_columns(
    adapter: &Adapter,
    arguments: Arguments<'_>,
    state: &mut State<'_, '_>,
) -> Result<Value, HostError> {
    let [from, to] = arguments.bind(["from_relation", "to_relation"], 2)?;
    let known = adapter.columns_of(to.as_ref(), state)?;
    let all = adapter.columns_of(from.as_ref(), state)?;
    Ok(list(all.into_iter().filter(|column| !known.iter().any(|it| it.name == column.name))))
}

fn expand_target_column_types(
    adapter: &Adapter,
    arguments: Arguments<'_>,
    state: &mut State<'_, '_>,
) -> Result<Value, HostError> {
    let [from, to] = arguments.bind(["from_relation", "to_relation"], 2)?;
    let target = adapter.columns_of(to.as_ref(), state)?;
    for goal in adapter.columns_of(from.as_ref(), state)? {
        let Some(current) = target.iter().find(|it| it.name == goal.name) else { continue };
        if current.can_expand_to(&goal) {
            let grown = Value::from(format!("character varying({})", goal.string_size()));
            let relation = to.clone().unwrap_or_default();
            let given = [relation, Value::from(current.name.as_str()), grown];
            adapter.call_macro("alter_column_type", &given, state)?;
        }
    }
    Ok(Value::from(""))
}

fn get_rows_different_sql(
    adapter: &Adapter,
    arguments: Arguments<'_>,
    state: &mut State<'_, '_>,
) -> Result<Value, HostError> {
    let names = ["relation_a", "relation_b", "column_names", "except_operator"];
    let [left, right, only, operator] = arguments.bind(names, 2)?;
    let columns: Vec<String> = match only.filter(|it| !it.is_none()) {
        Some(only) => only.try_iter()?.filter_map(|it| text(Some(&it))).collect(),
        None => adapter.columns_of(left.as_ref(), state)?.into_iter().map(|it| it.name).collect(),
    };
    let columns: Vec<String> = columns.iter().map(|name| quote_identifier(name)).collect();
    let operator = text(operator.as_ref()).unwrap_or_else(|| "except".to_owned());
    let (left, right) = (left.unwrap_or_default().to_string(), right.unwrap_or_default().to_string());
    Ok(Value::from(rows_different(&left, &right, &columns.join(", "), &operator)))
}

/// A query with one row: how far the numbers of rows are apart, and how many rows differ.
fn rows_different(left: &str, right: &str, columns: &str, operator: &str) -> String {
    format!(
        "with only_left as (select {columns} from {left} {operator} select {columns} from {right})
, only_right as (select {columns} from {right} {operator} select {columns} from {left})
, differing as (select count(*) as number from (select * from only_left union all select * from only_right) as both_sides)
, left_size as (select count(*) as number from {left})
, right_size as (select count(*) as number from {right})
select right_size.number - left_size.number as row_count_difference, differing.number as num_mismatched
from differing cross join left_size cross join right_size"
    )
}
