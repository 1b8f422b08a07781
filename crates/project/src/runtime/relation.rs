//! Relations in templates: `this`, what `ref` and `source` give, `api.Relation`.
//!
//! <https://docs.getdbt.com/reference/dbt-classes#relation>

use crate::context::arguments::{Arguments, bound_method, no_method, text, truth};
use crate::context::raised::Raised;
use jinja::{DynObject, Enumerator, HostError, Object, ObjectRepr, State, Value};
use platform_core::relation::{Quoting, quote_identifier};
use platform_core::{Relation, RelationKind};
use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

mod class;
mod parts;

pub use class::RelationClass;
pub(crate) use class::create;
use parts::RelationParts;

/// The longest name Postgres keeps, in bytes (`NAMEDATALEN - 1`).
pub const MAX_NAME: usize = 63;

/// A relation as templates see it: which parts of the name are shown, and whether its rows are limited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelationObject {
    /// The name.
    pub relation: Relation,
    /// Which parts of the name are rendered.
    pub include: Quoting,
    /// `--empty`: rows to read.
    pub limit: Option<u64>,
    /// `--sample` and microbatch: the condition on the event time, ready to stand after `where`.
    pub event_time_filter: Option<String>,
}

impl RelationObject {
    /// The relation with all parts of its name.
    pub fn new(relation: Relation) -> Self {
        let include = Quoting { database: true, schema: true, identifier: true };
        Self { relation, include, limit: None, event_time_filter: None }
    }

    /// As a value for templates.
    pub fn value(relation: Relation) -> Value {
        Value::from_object(Self::new(relation))
    }

    /// The relation inside of a value.
    pub fn of(value: &Value) -> Option<Arc<Self>> {
        value.downcast_object::<Self>()
    }

    /// The database's information schema, as macros of the catalog are given it.
    pub(super) fn information_schema(&self) -> Value {
        Value::from_object(self.view_of_schema(None))
    }

    /// A view of the information schema, or the schema itself.
    fn view_of_schema(&self, view: Option<String>) -> Self {
        let mut changed = self.clone();
        changed.include = Quoting { database: true, schema: true, identifier: view.is_some() };
        changed.relation.schema = Some("INFORMATION_SCHEMA".to_owned());
        changed.relation.identifier = view;
        changed.relation.kind = Some(RelationKind::View);
        changed.relation.quoting = Quoting { database: true, schema: false, identifier: false };
        changed
    }

    /// The name alone, without limits.
    pub fn name(&self) -> String {
        let part = |part: &Option<String>, included: bool| if included { part.clone() } else { None };
        Relation {
            database: part(&self.relation.database, self.include.database),
            schema: part(&self.relation.schema, self.include.schema),
            identifier: part(&self.relation.identifier, self.include.identifier),
            ..self.relation.clone()
        }
        .to_string()
    }

    fn rendered(&self) -> String {
        let name = self.name();
        let table = self.relation.identifier_name();
        // The limit inside, that a condition on the time leaves an empty input empty.
        let limited = match self.limit {
            Some(0) => format!("(select * from {name} where false limit 0) _dbt_limit_subq_{table}"),
            Some(limit) => format!("(select * from {name} limit {limit}) _dbt_limit_subq_{table}"),
            None => name,
        };
        match &self.event_time_filter {
            Some(filter) => format!("(select * from {limited} where {filter}) _dbt_et_filter_subq_{table}"),
            None => limited,
        }
    }

    fn is(&self, kind: RelationKind) -> Value {
        Value::from(self.relation.kind == Some(kind))
    }

    fn attribute(&self, key: &str) -> Option<Value> {
        let part = |part: &Option<String>| part.as_deref().map_or_else(|| Value::from(()), Value::from);
        let policy = |policy: Quoting| {
            let parts = [policy.database, policy.schema, policy.identifier];
            RelationParts::value("Policy", parts.map(Value::from))
        };
        let kinds =
            |kinds: &[&str]| Value::from(kinds.iter().map(|kind| Value::from(*kind)).collect::<Vec<_>>());
        Some(match key {
            "database" => part(&self.relation.database),
            "schema" => part(&self.relation.schema),
            "identifier" | "name" | "table" => part(&self.relation.identifier),
            "type" => self.relation.kind.map_or_else(|| Value::from(()), |kind| Value::from(kind.as_str())),
            "path" => RelationParts::value(
                "Path",
                RelationParts::NAMES.map(|key| self.attribute(key).unwrap_or_default()),
            ),
            "__repr__" => Value::from(format!("<PostgresRelation {}>", self.rendered())),
            "quote_policy" => policy(self.relation.quoting),
            "include_policy" => policy(self.include),
            "quote_character" => Value::from("\""),
            "is_table" => self.is(RelationKind::Table),
            "is_view" => self.is(RelationKind::View),
            "is_cte" => self.is(RelationKind::Cte),
            "is_materialized_view" => self.is(RelationKind::MaterializedView),
            "is_function" => self.is(RelationKind::Function),
            "is_pointer" => Value::from(false),
            "can_be_renamed" | "can_be_replaced" => {
                Value::from(matches!(self.relation.kind, Some(RelationKind::Table | RelationKind::View)))
            }
            "renameable_relations" => kinds(&["table", "view"]),
            "replaceable_relations" => kinds(&["table", "view"]),
            "limit" => self.limit.map_or_else(|| Value::from(()), Value::from),
            "event_time_filter" => {
                self.event_time_filter.as_deref().map_or_else(|| Value::from(()), Value::from)
            }
            "dbt_created" => Value::from(false),
            "metadata" => jinja::value::dict([(Value::from("type"), Value::from("PostgresRelation"))]),
            "View" => Value::from("view"),
            "Table" => Value::from("table"),
            "CTE" => Value::from("cte"),
            "MaterializedView" => Value::from("materialized_view"),
            "External" => Value::from("external"),
            "Function" => Value::from("function"),
            _ => return None,
        })
    }

    /// All of it as plain dictionaries, in dbt's order.
    fn as_dict(&self, omit_none: bool) -> Value {
        let keys = [
            "path",
            "type",
            "quote_character",
            "include_policy",
            "quote_policy",
            "dbt_created",
            "limit",
            "event_time_filter",
            "require_alias",
            "catalog",
            "renameable_relations",
            "replaceable_relations",
        ];
        let plain = |value: Value| match value.downcast_object_ref::<RelationParts>() {
            Some(parts) => parts.as_dict(omit_none),
            None => value,
        };
        let pairs = keys.into_iter().map(|key| {
            let value = match key {
                "require_alias" => Value::from(true),
                _ => self.attribute(key).unwrap_or(Value::from(())),
            };
            (Value::from(key), plain(value))
        });
        jinja::value::dict(pairs.filter(|(_, value)| !(omit_none && value.is_none())))
    }

    /// The same with parts of the name, the type or the policies replaced, as `replace` and `incorporate` do.
    fn changed(&self, keywords: Vec<(String, Value)>) -> Result<Self, HostError> {
        let mut made = self.clone();
        for (key, value) in keywords {
            match key.as_str() {
                "database" => made.relation.database = text(Some(&value)),
                "schema" => made.relation.schema = text(Some(&value)),
                "identifier" => made.relation.identifier = text(Some(&value)),
                "type" => made.relation.kind = kind_of(&value)?,
                "path" => made.change_path(&value),
                "quote_policy" => made.relation.quoting = policy(made.relation.quoting, &value),
                "include_policy" => made.include = policy(made.include, &value),
                "limit" => made.limit = value.as_i64().and_then(|limit| u64::try_from(limit).ok()),
                _ => {}
            }
        }
        made.check_length()?;
        Ok(made)
    }

    /// Postgres cuts a longer name short, and two of them would become one. Unsaid what it is, it may be no relation
    /// of this database.
    pub(super) fn check_length(&self) -> Result<(), HostError> {
        match self.relation.identifier.as_deref() {
            Some(name) if self.relation.kind.is_some() && name.chars().count() > MAX_NAME => {
                Err(Raised::error(
                    crate::context::raised::Kind::Runtime,
                    format!("Relation name '{name}' is longer than {MAX_NAME} characters"),
                ))
            }
            _ => Ok(()),
        }
    }

    fn change_path(&mut self, path: &Value) {
        let given = |key: &str| path.get_attr(key).ok().filter(|part| !part.is_undefined());
        if let Some(part) = given("database") {
            self.relation.database = text(Some(&part));
        }
        if let Some(part) = given("schema") {
            self.relation.schema = text(Some(&part));
        }
        if let Some(part) = given("identifier") {
            self.relation.identifier = text(Some(&part));
        }
    }
}

/// A kind by dbt's name for it; `None` for none.
pub(crate) fn kind_of(value: &Value) -> Result<Option<RelationKind>, HostError> {
    let Some(name) = text(Some(value)) else { return Ok(None) };
    Ok(Some(match name.as_str() {
        "table" => RelationKind::Table,
        "view" => RelationKind::View,
        "cte" => RelationKind::Cte,
        "materialized_view" => RelationKind::MaterializedView,
        "external" => RelationKind::External,
        "function" => RelationKind::Function,
        other => return Err(Raised::compilation(format!("'{other}' is not a valid relation type"))),
    }))
}

fn policy(base: Quoting, value: &Value) -> Quoting {
    let part = |key: &str, old: bool| truth(value.get_attr(key).ok().as_ref(), old);
    Quoting {
        database: part("database", base.database),
        schema: part("schema", base.schema),
        identifier: part("identifier", base.identifier),
    }
}

impl fmt::Display for RelationObject {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.rendered())
    }
}

/// Methods that templates may take off a relation.
const METHODS: &[&str] = &[
    "render",
    "render_limited",
    "relation_max_name_length",
    "quote",
    "include",
    "incorporate",
    "replace",
    "replace_path",
    "without_identifier",
    "information_schema",
    "information_schema_only",
    "matches",
    "quoted",
    "create",
    "to_dict",
    "get_materialized_view_config_change_collection",
];

impl Object for RelationObject {
    /// A mapping, as packages find out by `is mapping` whether they were given a relation.
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        let method =
            || METHODS.contains(&key).then(|| bound_method(Value::from_dyn_object(self.clone()), key));
        if key == "__class__" {
            // What messages call it.
            return Some(Value::from("dbt.adapters.postgres.relation.PostgresRelation"));
        }
        self.attribute(key).or_else(method)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Str(&[
            "database",
            "schema",
            "identifier",
            "type",
            "quote_policy",
            "include_policy",
            "metadata",
        ])
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, HostError> {
        let arguments = Arguments::new(method, args)?;
        let made = |relation: Self| Ok(Value::from_object(relation));
        match method {
            // The name without limits, for what is no reading of rows: hooks, statements of one's own.
            "render" => Ok(Value::from(self.name())),
            "render_limited" => Ok(Value::from(self.rendered())),
            "relation_max_name_length" => Ok(Value::from(MAX_NAME)),
            "quote" | "include" => {
                let [database, schema, identifier] =
                    arguments.bind(["database", "schema", "identifier"], 0)?;
                let mut changed = (**self).clone();
                let policy =
                    if method == "quote" { &mut changed.relation.quoting } else { &mut changed.include };
                policy.database = truth(database.as_ref(), policy.database);
                policy.schema = truth(schema.as_ref(), policy.schema);
                policy.identifier = truth(identifier.as_ref(), policy.identifier);
                made(changed)
            }
            "incorporate" | "replace" | "replace_path" => made(self.changed(arguments.into_keywords())?),
            "without_identifier" => {
                let mut changed = (**self).clone();
                changed.include.identifier = false;
                changed.relation.identifier = None;
                made(changed)
            }
            "information_schema" | "information_schema_only" => {
                let [view] = arguments.bind(["view_name"], 0)?;
                made(self.view_of_schema(text(view.as_ref())))
            }
            "matches" => {
                let wanted = arguments.bind(["database", "schema", "identifier"], 0)?;
                let own = [&self.relation.database, &self.relation.schema, &self.relation.identifier];
                let same = wanted.iter().zip(own).all(|(wanted, own)| {
                    text(wanted.as_ref()).is_none_or(|wanted| {
                        own.as_ref().is_some_and(|own| own.eq_ignore_ascii_case(&wanted))
                    })
                });
                Ok(Value::from(same))
            }
            "quoted" => {
                let [name] = arguments.bind(["identifier"], 1)?;
                Ok(Value::from(quote_identifier(&text(name.as_ref()).unwrap_or_default())))
            }
            "get" => {
                let [key, default] = arguments.bind(["key", "default"], 1)?;
                let found = text(key.as_ref()).and_then(|key| self.attribute(&key));
                Ok(found.or(default).unwrap_or_else(|| Value::from(())))
            }
            "create" => create(args),
            "to_dict" => {
                let [omit_none] = arguments.bind(["omit_none"], 0)?;
                Ok(self.as_dict(truth(omit_none.as_ref(), false)))
            }
            "get_materialized_view_config_change_collection" => {
                let [described, wanted] = arguments.bind(["relation_results", "relation_config"], 2)?;
                super::indexes::changes(described.as_ref(), wanted.as_ref())
            }
            "items" | "keys" | "values" => Ok(jinja::value::list(
                ["database", "schema", "identifier", "type"]
                    .into_iter()
                    .map(|key| {
                        let value = self.attribute(key).unwrap_or_default();
                        match method {
                            "items" => jinja::value::tuple(vec![Value::from(key), value]),
                            "keys" => Value::from(key),
                            _ => value,
                        }
                    })
                    .collect(),
            )),
            _ => Err(no_method("PostgresRelation", method)),
        }
    }

    fn custom_cmp(self: &Arc<Self>, other: &DynObject) -> Option<Ordering> {
        let other = other.downcast_ref::<Self>()?;
        let key = |it: &Self| {
            (
                it.relation.database.clone(),
                it.relation.schema.clone(),
                it.relation.identifier.clone(),
                it.relation.kind,
            )
        };
        Some(key(self).cmp(&key(other)))
    }

    fn render(self: &Arc<Self>, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&**self, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renders_included_parts_and_limits() {
        let mut relation = RelationObject::new(Relation::new("db", "s", "t"));
        assert_eq!(relation.to_string(), r#""db"."s"."t""#);
        relation.include.database = false;
        relation.limit = Some(0);
        assert_eq!(relation.to_string(), r#"(select * from "s"."t" where false limit 0) _dbt_limit_subq_t"#);
        relation.event_time_filter = Some("at >= '2026-01-01'".to_owned());
        assert_eq!(
            relation.to_string(),
            r#"(select * from (select * from "s"."t" where false limit 0) _dbt_limit_subq_t where at >= '2026-01-01') _dbt_et_filter_subq_t"#
        );
        assert_eq!(relation.name(), r#""s"."t""#);
    }
}
