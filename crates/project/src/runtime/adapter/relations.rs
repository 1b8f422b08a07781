//! Methods about relations and schemas, and the cache that knows which exist.

use super::{Adapter, Method};
use crate::context::arguments::{Arguments, text};
use crate::context::raised::{Kind, Raised};
use crate::runtime::relation::RelationObject;
use crate::runtime::telling;
use jinja::{HostError, State, Value};
use platform_core::Relation;
use std::sync::Arc;
use warehouse::RelationCache;

pub(super) const METHODS: &[(&str, Method)] = &[
    ("get_relation", get_relation),
    ("load_relation", load_relation),
    ("already_exists", already_exists),
    ("list_relations", list_relations),
    ("list_relations_without_caching", list_relations_without_caching),
    ("cache_added", cache_added),
    ("cache_add", cache_added),
    ("cache_dropped", cache_dropped),
    ("cache_renamed", cache_renamed),
    ("drop_relation", drop_relation),
    ("truncate_relation", truncate_relation),
    ("rename_relation", rename_relation),
    ("create_schema", create_schema),
    ("drop_schema", drop_schema),
    ("check_schema_exists", check_schema_exists),
    ("list_schemas", list_schemas),
];

impl Adapter {
    /// Sees to it that the cache knows what stands in a schema.
    fn look_up(&self, database: &str, schema: &str) -> Result<(), HostError> {
        if self.cache.knows_schema(database, schema) {
            return Ok(());
        }
        let load = |session| self.connection.wait(self.cache.load(session, database, &[schema]));
        let loaded = self.connection.session().and_then(load);
        loaded.map(drop).map_err(|error| Raised::error(Kind::Database, error.to_string()))
    }

    fn listed(&self, database: &str, schema: &str) -> Result<Vec<Relation>, HostError> {
        self.look_up(database, schema)?;
        Ok(self.cache.list(database, schema))
    }

    fn find(&self, wanted: &Relation) -> Result<Option<Relation>, HostError> {
        let database =
            wanted.database.clone().filter(|it| !it.is_empty()).unwrap_or_else(|| self.database.clone());
        self.look_up(&database, wanted.schema_name())?;
        let wanted = Relation { database: Some(database), ..wanted.clone() };
        let near = self.cache.near(&wanted);
        if let Some(exact) = near.iter().find(|it| it.identifier_name() == wanted.identifier_name()) {
            return Ok(Some(exact.clone()));
        }
        match near.as_slice() {
            [] => Ok(None),
            [one] if !wanted.quoting.identifier => Ok(Some(one.clone())),
            [one, ..] => Err(Raised::compilation(format!(
                "When searching for a relation, dbt found an approximate match: {one} differs from {wanted} in \
                 case only.\nDrop it, rename it, or quote the name as it stands.",
            ))),
        }
    }

    fn found(&self, wanted: &Relation) -> Result<Value, HostError> {
        Ok(self.find(wanted)?.map_or_else(|| Value::from(()), RelationObject::value))
    }

    fn schemas(&self) -> Result<Vec<String>, HostError> {
        let ask = |session| self.connection.wait(warehouse::catalog::schemas(session));
        let schemas = self.connection.session().and_then(ask);
        schemas.map_err(|error| Raised::error(Kind::Database, error.to_string()))
    }
}

/// The relation that a method was given.
pub(super) fn relation(value: Option<&Value>, method: &str) -> Result<Arc<RelationObject>, HostError> {
    value.and_then(RelationObject::of).ok_or_else(|| {
        let given = value.map_or_else(|| "nothing".to_owned(), jinja::value::repr);
        Raised::compilation(format!("adapter.{method} wants a relation, got {given}"))
    })
}

fn get_relation(
    adapter: &Adapter,
    arguments: Arguments<'_>,
    _: &mut State<'_, '_>,
) -> Result<Value, HostError> {
    let [database, schema, identifier] = arguments.bind(["database", "schema", "identifier"], 3)?;
    adapter.found(&Relation {
        database: text(database.as_ref()),
        schema: text(schema.as_ref()),
        identifier: text(identifier.as_ref()),
        kind: None,
        quoting: adapter.quoting,
    })
}

fn load_relation(
    adapter: &Adapter,
    arguments: Arguments<'_>,
    _: &mut State<'_, '_>,
) -> Result<Value, HostError> {
    let [wanted] = arguments.bind(["relation"], 1)?;
    adapter.found(&relation(wanted.as_ref(), "load_relation")?.relation)
}

fn already_exists(
    adapter: &Adapter,
    arguments: Arguments<'_>,
    _: &mut State<'_, '_>,
) -> Result<Value, HostError> {
    let [schema, table] = arguments.bind(["schema", "name"], 2)?;
    let wanted = Relation {
        database: Some(adapter.database.clone()),
        schema: text(schema.as_ref()),
        identifier: text(table.as_ref()),
        ..Relation::default()
    };
    Ok(Value::from(adapter.find(&wanted)?.is_some()))
}

fn list_relations(
    adapter: &Adapter,
    arguments: Arguments<'_>,
    _: &mut State<'_, '_>,
) -> Result<Value, HostError> {
    let [database, schema] = arguments.bind(["database", "schema"], 2)?;
    let database = text(database.as_ref()).unwrap_or_else(|| adapter.database.clone());
    let all = adapter.listed(&database, &text(schema.as_ref()).unwrap_or_default())?;
    Ok(jinja::value::list(all.into_iter().map(RelationObject::value).collect()))
}

fn list_relations_without_caching(
    adapter: &Adapter,
    arguments: Arguments<'_>,
    _: &mut State<'_, '_>,
) -> Result<Value, HostError> {
    let [schema] = arguments.bind(["schema_relation"], 1)?;
    let schema = relation(schema.as_ref(), "list_relations_without_caching")?;
    let names = [schema.relation.schema_name()];
    let connection = &adapter.connection;
    let ask = |session| connection.wait(warehouse::catalog::relations(session, &names));
    let found = connection
        .session()
        .and_then(ask)
        .map_err(|error| Raised::error(Kind::Database, error.to_string()))?;
    Ok(jinja::value::list(found.into_iter().map(|it| RelationObject::value(it.relation)).collect()))
}

fn cache_added(
    adapter: &Adapter,
    arguments: Arguments<'_>,
    _: &mut State<'_, '_>,
) -> Result<Value, HostError> {
    let [relation] = arguments.bind(["relation"], 1)?;
    if let Some(relation) = relation.as_ref().and_then(RelationObject::of) {
        adapter.cache.add(relation.relation.clone());
    }
    Ok(Value::from(""))
}

fn cache_dropped(
    adapter: &Adapter,
    arguments: Arguments<'_>,
    _: &mut State<'_, '_>,
) -> Result<Value, HostError> {
    let [relation] = arguments.bind(["relation"], 1)?;
    if let Some(relation) = relation.as_ref().and_then(RelationObject::of) {
        RelationCache::drop(&adapter.cache, &relation.relation);
    }
    Ok(Value::from(""))
}

fn cache_renamed(
    adapter: &Adapter,
    arguments: Arguments<'_>,
    _: &mut State<'_, '_>,
) -> Result<Value, HostError> {
    let [from, to] = arguments.bind(["from_relation", "to_relation"], 2)?;
    let (from, to) = (relation(from.as_ref(), "cache_renamed")?, relation(to.as_ref(), "cache_renamed")?);
    adapter.cache.rename(&from.relation, &to.relation);
    Ok(Value::from(""))
}

fn drop_relation(
    adapter: &Adapter,
    arguments: Arguments<'_>,
    state: &mut State<'_, '_>,
) -> Result<Value, HostError> {
    let [dropped] = arguments.bind(["relation"], 1)?;
    let dropped = relation(dropped.as_ref(), "drop_relation")?;
    if dropped.relation.kind.is_none() {
        return Err(Raised::compilation(format!(
            "Tried to drop relation {}, but its type is null.",
            dropped.name()
        )));
    }
    RelationCache::drop(&adapter.cache, &dropped.relation);
    adapter.call_macro("drop_relation", &[Value::from_dyn_object(dropped)], state)?;
    Ok(Value::from(""))
}

fn truncate_relation(
    adapter: &Adapter,
    arguments: Arguments<'_>,
    state: &mut State<'_, '_>,
) -> Result<Value, HostError> {
    let [relation] = arguments.bind(["relation"], 1)?;
    adapter.call_macro("truncate_relation", &[relation.unwrap_or_default()], state)?;
    Ok(Value::from(""))
}

fn rename_relation(
    adapter: &Adapter,
    arguments: Arguments<'_>,
    state: &mut State<'_, '_>,
) -> Result<Value, HostError> {
    let [from, to] = arguments.bind(["from_relation", "to_relation"], 2)?;
    let (old, new) = (relation(from.as_ref(), "rename_relation")?, relation(to.as_ref(), "rename_relation")?);
    adapter.cache.rename(&old.relation, &new.relation);
    adapter.call_macro("rename_relation", &[from.unwrap_or_default(), to.unwrap_or_default()], state)?;
    Ok(Value::from(""))
}

fn create_schema(
    adapter: &Adapter,
    arguments: Arguments<'_>,
    state: &mut State<'_, '_>,
) -> Result<Value, HostError> {
    let [given] = arguments.bind(["relation"], 1)?;
    let schema = relation(given.as_ref(), "create_schema")?;
    telling::creating_schema(&**adapter.connection.events(), &schema.relation);
    // It may have stood before, with relations that nobody has looked up yet: the cache learns nothing of it here.
    adapter.call_macro("create_schema", &[given.unwrap_or_default()], state)?;
    adapter.connection.commit()?;
    Ok(Value::from(""))
}

fn drop_schema(
    adapter: &Adapter,
    arguments: Arguments<'_>,
    state: &mut State<'_, '_>,
) -> Result<Value, HostError> {
    let [given] = arguments.bind(["relation"], 1)?;
    let schema = relation(given.as_ref(), "drop_schema")?;
    telling::dropping_schema(&**adapter.connection.events(), &schema.relation);
    adapter.call_macro("drop_schema", &[given.unwrap_or_default()], state)?;
    adapter.connection.commit()?;
    adapter.cache.drop_schema(&adapter.database, schema.relation.schema_name());
    Ok(Value::from(""))
}

fn check_schema_exists(
    adapter: &Adapter,
    arguments: Arguments<'_>,
    _: &mut State<'_, '_>,
) -> Result<Value, HostError> {
    let [database, schema] = arguments.bind(["database", "schema"], 2)?;
    adapter.check_database(database.as_ref())?;
    let schema = text(schema.as_ref()).unwrap_or_default();
    Ok(Value::from(adapter.schemas()?.iter().any(|it| it.eq_ignore_ascii_case(&schema))))
}

fn list_schemas(adapter: &Adapter, _: Arguments<'_>, _: &mut State<'_, '_>) -> Result<Value, HostError> {
    Ok(jinja::value::list(adapter.schemas()?.into_iter().map(Value::from).collect()))
}
