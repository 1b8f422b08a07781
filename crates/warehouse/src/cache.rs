//! The relation cache: what exists, known without asking, kept true by those who change it.

use crate::catalog::{self, Listed};
use crate::{Result, Session};
use platform_core::Relation;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Relations by schema, filled by one catalog query and then told of every change. Safe to share
/// between threads. As in dbt, names are compared without regard to case; the names given back are
/// the database's own.
#[derive(Debug, Default)]
pub struct RelationCache {
    state: RwLock<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Loaded schemas, database and schema in lower case.
    schemas: BTreeSet<(String, String)>,
    relations: BTreeMap<Key, Relation>,
    links: Links,
}

/// Which views read which relations, so that a `drop … cascade` takes them along. Kept both ways: what is dropped or
/// renamed costs its own links, however many there are.
#[derive(Debug, Default)]
struct Links {
    /// Who reads it.
    readers: BTreeMap<Key, BTreeSet<Key>>,
    /// What it reads.
    reads: BTreeMap<Key, BTreeSet<Key>>,
}

/// Where a relation is kept. Database and schema are folded; the identifier is exact beside its
/// folded form, since Postgres holds `"Orders"` and `orders` apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    database: String,
    schema: String,
    folded: String,
    exact: String,
}

impl Key {
    fn of(relation: &Relation) -> Self {
        let text = |part: &Option<String>| part.as_deref().unwrap_or_default().to_lowercase();
        Self {
            database: text(&relation.database),
            schema: text(&relation.schema),
            folded: text(&relation.identifier),
            exact: relation.identifier_name().to_owned(),
        }
    }

    /// The place before everything of a schema, by its folded names.
    fn first_in(database: &str, schema: &str) -> Self {
        Self {
            database: database.to_owned(),
            schema: schema.to_owned(),
            folded: String::new(),
            exact: String::new(),
        }
    }

    fn is_in(&self, database: &str, schema: &str) -> bool {
        self.database == database && self.schema == schema
    }

    /// Whether the two names differ in case at most.
    fn is_near(&self, other: &Self) -> bool {
        self.folded == other.folded && self.is_in(&other.database, &other.schema)
    }
}

impl RelationCache {
    /// Asks the database for the relations of the schemas and keeps them: one query. How many there are.
    pub async fn load(&self, session: &Session, database: &str, schemas: &[&str]) -> Result<usize> {
        let listed = catalog::relations(session, schemas).await?;
        self.fill(database, schemas, &listed);
        Ok(listed.len())
    }

    /// Keeps a listing of the schemas, forgetting what was known of them.
    pub fn fill(&self, database: &str, schemas: &[&str], listed: &[Listed]) {
        let mut state = self.write();
        for schema in schemas {
            state.forget_schema(database, schema);
            state.schemas.insert((database.to_lowercase(), schema.to_lowercase()));
        }
        for entry in listed {
            state.relations.insert(Key::of(&entry.relation), entry.relation.clone());
        }
        for entry in listed {
            for (schema, name) in &entry.reads {
                let read = Relation {
                    schema: Some(schema.clone()),
                    identifier: Some(name.clone()),
                    ..entry.relation.clone()
                };
                state.links.add(Key::of(&read), Key::of(&entry.relation));
            }
        }
    }

    /// Whether the schema has been loaded (even if it does not exist).
    pub fn knows_schema(&self, database: &str, schema: &str) -> bool {
        self.read().schemas.contains(&(database.to_lowercase(), schema.to_lowercase()))
    }

    /// Notes that a schema was created: known, and empty unless relations are known.
    pub fn add_schema(&self, database: &str, schema: &str) {
        self.write().schemas.insert((database.to_lowercase(), schema.to_lowercase()));
    }

    /// Forgets a dropped schema and, with cascade, what reads from it elsewhere.
    pub fn drop_schema(&self, database: &str, schema: &str) {
        let mut state = self.write();
        let (database, schema) = (database.to_lowercase(), schema.to_lowercase());
        let inside: Vec<Key> = state.in_schema(&database, &schema).map(|(key, _)| key.clone()).collect();
        for key in inside {
            state.drop_cascade(&key);
        }
        state.forget_schema(&database, &schema);
    }

    /// The relations of a schema, by name.
    pub fn list(&self, database: &str, schema: &str) -> Vec<Relation> {
        let (database, schema) = (database.to_lowercase(), schema.to_lowercase());
        let state = self.read();
        state.in_schema(&database, &schema).map(|(_, relation)| relation.clone()).collect()
    }

    /// The relations whose names differ from that one in case at most.
    pub fn near(&self, relation: &Relation) -> Vec<Relation> {
        let key = Key::of(relation);
        let state = self.read();
        state.near(&key).map(|(_, relation)| relation.clone()).collect()
    }

    /// The relation of that name: of exactly that case if there is one, else of any case (compare the
    /// identifier of what comes back).
    pub fn get(&self, relation: &Relation) -> Option<Relation> {
        let state = self.read();
        let key = state.find(&Key::of(relation))?;
        state.relations.get(&key).cloned()
    }

    /// Notes that a relation was created or replaced.
    pub fn add(&self, relation: Relation) {
        let mut state = self.write();
        state.relations.insert(Key::of(&relation), relation);
    }

    /// Notes that `reader` (a view) reads `read`.
    pub fn add_reader(&self, read: &Relation, reader: &Relation) {
        self.write().links.add(Key::of(read), Key::of(reader));
    }

    /// Notes that a relation was dropped with cascade: it and all that read it are forgotten; they are
    /// given back, the relation first.
    pub fn drop(&self, relation: &Relation) -> Vec<Relation> {
        let mut state = self.write();
        match state.find(&Key::of(relation)) {
            Some(key) => state.drop_cascade(&key),
            None => Vec::new(),
        }
    }

    /// What reads the relation, directly or through others.
    pub fn readers(&self, relation: &Relation) -> Vec<Relation> {
        let state = self.read();
        let Some(key) = state.find(&Key::of(relation)) else { return Vec::new() };
        state
            .links
            .with_readers(&key)
            .iter()
            .skip(1)
            .filter_map(|key| state.relations.get(key).cloned())
            .collect()
    }

    /// Notes that a relation was renamed: what reads it goes on reading it.
    pub fn rename(&self, old: &Relation, new: &Relation) {
        let mut state = self.write();
        let (from, to) = (state.find(&Key::of(old)).unwrap_or_else(|| Key::of(old)), Key::of(new));
        let kind = state.relations.remove(&from).and_then(|relation| relation.kind);
        state.relations.insert(to.clone(), Relation { kind: new.kind.or(kind), ..new.clone() });
        state.links.rename(&from, &to);
    }

    /// Forgets everything.
    pub fn clear(&self) {
        *self.write() = State::default();
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// What is kept of a schema, by its folded names.
    fn in_schema(&self, database: &str, schema: &str) -> impl Iterator<Item = (&Key, &Relation)> {
        let all = self.relations.range(Key::first_in(database, schema)..);
        all.take_while(move |(key, _)| key.is_in(database, schema))
    }

    /// What is kept under that name in any case.
    fn near(&self, key: &Key) -> impl Iterator<Item = (&Key, &Relation)> {
        let first = Key { exact: String::new(), ..key.clone() };
        self.relations.range(first..).take_while(move |(found, _)| found.is_near(key))
    }

    /// The key of what is kept under that name, by the exact identifier or the folded one.
    fn find(&self, key: &Key) -> Option<Key> {
        if self.relations.contains_key(key) {
            return Some(key.clone());
        }
        self.near(key).next().map(|(found, _)| found.clone())
    }

    fn drop_cascade(&mut self, key: &Key) -> Vec<Relation> {
        let gone = self.links.with_readers(key);
        gone.iter().for_each(|key| self.links.remove(key));
        gone.iter().filter_map(|key| self.relations.remove(key)).collect()
    }

    fn forget_schema(&mut self, database: &str, schema: &str) {
        let (database, schema) = (database.to_lowercase(), schema.to_lowercase());
        let inside: Vec<Key> = self.in_schema(&database, &schema).map(|(key, _)| key.clone()).collect();
        for key in inside {
            self.links.stop_reading(&key);
            self.relations.remove(&key);
        }
        self.schemas.remove(&(database, schema));
    }
}

impl Links {
    fn add(&mut self, read: Key, reader: Key) {
        self.reads.entry(reader.clone()).or_default().insert(read.clone());
        self.readers.entry(read).or_default().insert(reader);
    }

    /// The relation, what reads it, what reads that.
    fn with_readers(&self, key: &Key) -> Vec<Key> {
        let mut known = BTreeSet::from([key]);
        let mut all = vec![key];
        let mut next = 0;
        while let Some(key) = all.get(next).copied() {
            next += 1;
            all.extend(self.readers.get(key).into_iter().flatten().filter(|reader| known.insert(*reader)));
        }
        all.into_iter().cloned().collect()
    }

    /// It reads nothing any more.
    fn stop_reading(&mut self, reader: &Key) {
        for read in self.reads.remove(reader).into_iter().flatten() {
            if let Some(readers) = self.readers.get_mut(&read) {
                readers.remove(reader);
            }
        }
    }

    /// It is read no more.
    fn stop_being_read(&mut self, read: &Key) -> BTreeSet<Key> {
        let readers = self.readers.remove(read).unwrap_or_default();
        for reader in &readers {
            if let Some(reads) = self.reads.get_mut(reader) {
                reads.remove(read);
            }
        }
        readers
    }

    fn remove(&mut self, key: &Key) {
        self.stop_reading(key);
        self.stop_being_read(key);
    }

    fn rename(&mut self, from: &Key, to: &Key) {
        for reader in self.stop_being_read(from) {
            self.add(to.clone(), reader);
        }
        for read in self.reads.get(from).cloned().unwrap_or_default() {
            self.add(read, to.clone());
        }
        self.stop_reading(from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use platform_core::RelationKind;

    fn relation(name: &str) -> Relation {
        Relation::new("DB", "Main", name).with_kind(RelationKind::Table)
    }

    fn names(relations: &[Relation]) -> Vec<&str> {
        relations.iter().map(Relation::identifier_name).collect()
    }

    fn cache(all: &[&str], reads: &[(&str, &str)]) -> RelationCache {
        let cache = RelationCache::default();
        cache.add_schema("db", "main");
        for name in all {
            cache.add(relation(name));
        }
        for (reader, read) in reads {
            cache.add_reader(&relation(read), &relation(reader));
        }
        cache
    }

    #[test]
    fn a_drop_takes_its_readers_along() {
        let cache = cache(&["t", "v1", "v2", "other"], &[("v1", "t"), ("v2", "v1")]);
        assert_eq!(names(&cache.readers(&relation("t"))), ["v1", "v2"]);
        assert_eq!(names(&cache.drop(&relation("t"))), ["t", "v1", "v2"]);
        assert_eq!(names(&cache.list("db", "MAIN")), ["other"]);
        assert!(cache.drop(&relation("t")).is_empty());
    }

    #[test]
    fn a_rename_keeps_its_readers() {
        let cache = cache(&["t", "v"], &[("v", "t")]);
        cache.rename(&relation("t"), &Relation::new("db", "main", "t__old"));
        cache.add(relation("t"));
        assert_eq!(cache.get(&relation("t__old")).unwrap().kind, Some(RelationKind::Table));
        assert_eq!(names(&cache.drop(&relation("t__old"))), ["t__old", "v"]);
        assert_eq!(names(&cache.list("db", "main")), ["t"]);
    }

    #[test]
    fn a_renamed_reader_still_reads() {
        let cache = cache(&["t", "v"], &[("v", "t")]);
        cache.rename(&relation("v"), &relation("w"));
        assert_eq!(names(&cache.drop(&relation("t"))), ["t", "w"]);
    }

    #[test]
    fn case_is_exact_where_possible() {
        let cache = cache(&["Orders", "orders"], &[]);
        assert_eq!(cache.get(&relation("orders")).unwrap().identifier_name(), "orders");
        assert_eq!(cache.get(&relation("Orders")).unwrap().identifier_name(), "Orders");
        assert_eq!(cache.get(&relation("ORDERS")).unwrap().identifier_name(), "Orders");
        assert_eq!(cache.get(&relation("order")), None);
    }

    #[test]
    fn a_dropped_schema_is_unknown() {
        let cache = cache(&["t"], &[]);
        let elsewhere = Relation::new("db", "other", "v");
        cache.add(elsewhere.clone());
        cache.add_reader(&relation("t"), &elsewhere);
        cache.drop_schema("db", "main");
        assert!(!cache.knows_schema("db", "main"));
        assert_eq!(cache.get(&elsewhere), None);
    }

    #[test]
    fn cycles_end() {
        let cache = cache(&["a", "b"], &[("a", "b"), ("b", "a")]);
        assert_eq!(cache.drop(&relation("a")).len(), 2);
    }
}
