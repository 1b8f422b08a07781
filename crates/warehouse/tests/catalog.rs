//! The catalog and the cache on real relations.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that can't go on says so and fails"
)]

use platform_core::{Relation, RelationKind};
use warehouse::catalog::{self, Relkind};
use warehouse::{RelationCache, Result, testing};

const SCHEMA: &str = r#"
    create schema "Main"; create schema other; create schema hidden;
    create table "Main".t (id int not null, name varchar(7), price numeric(10,2), free numeric, tags text[], "When" timestamptz);
    comment on table "Main".t is 'the table';
    comment on column "Main".t.name is 'its name';
    alter table "Main".t drop column free;
    create type other.mood as enum ('sad');
    create domain other.positive as numeric(5,1) not null;
    create table other.typed (m other.mood, p other.positive, c char(3), j jsonb, f double precision, i bigint);
    create table other.parts (d date) partition by range (d);
    create table other.part_1 partition of other.parts for values from ('2026-01-01') to ('2027-01-01');
    create view "Main".v as select * from "Main".t;
    create view other.w as select v.id, typed.i from "Main".v cross join other.typed;
    create materialized view other.m as select * from other.w;
    create table hidden.nobody (a int);
"#;

#[tokio::test]
async fn relations_and_what_they_read() -> Result<()> {
    let (warehouse, database) = testing::warehouse().await?;
    let session = warehouse.session().await?;
    session.run(SCHEMA).await?;
    let listed = catalog::relations(&session, &["MAIN", "other", "missing"]).await?;
    let names: Vec<_> = listed
        .iter()
        .map(|one| (one.relation.schema_name(), one.relation.identifier_name(), one.kind, one.reads.len()))
        .collect();
    assert_eq!(
        names,
        [
            ("Main", "t", Relkind::Table, 0),
            ("Main", "v", Relkind::View, 1),
            ("other", "m", Relkind::MaterializedView, 1),
            ("other", "part_1", Relkind::Table, 0),
            ("other", "parts", Relkind::Partitioned, 0),
            ("other", "typed", Relkind::Table, 0),
            ("other", "w", Relkind::View, 2),
        ]
    );
    assert_eq!(listed[0].relation.database.as_deref(), Some(database.name()));
    assert_eq!((listed[0].owner.as_str(), listed[0].comment.as_deref()), ("platform", Some("the table")));
    assert_eq!(listed[2].relation.kind, Some(RelationKind::MaterializedView));
    Ok(())
}

#[tokio::test]
async fn columns_as_the_information_schema_has_them() -> Result<()> {
    let (warehouse, _database) = testing::warehouse().await?;
    let session = warehouse.session().await?;
    session.run(SCHEMA).await?;
    let ours = catalog::columns(&session, &["main", "other"]).await?;
    // Materialized views are missing from the standard's view; all else must agree.
    let theirs = session
        .query(
            "select table_schema::text, table_name::text, column_name::text, data_type::text, \
                    character_maximum_length::int, numeric_precision::int, numeric_scale::int, is_nullable = 'YES' \
             from information_schema.columns where table_schema in ('Main', 'other') \
             order by 1, 2, ordinal_position",
            &[],
        )
        .await?;
    let ours_there: Vec<_> = ours.iter().filter(|column| column.relation != "m").collect();
    assert_eq!(ours_there.len(), theirs.len());
    for (ours, theirs) in ours_there.iter().zip(&theirs) {
        let text = |at| warehouse::get::<&str>(theirs, at);
        assert_eq!(
            (ours.schema.as_str(), ours.relation.as_str(), ours.name.as_str()),
            (text(0)?, text(1)?, text(2)?)
        );
        assert_eq!(ours.standard_type, text(3)?, "{ours:?}");
        let number = |at| warehouse::get::<Option<i32>>(theirs, at);
        assert_eq!(
            (ours.char_size, ours.numeric_precision, ours.numeric_scale),
            (number(4)?, number(5)?, number(6)?),
            "{ours:?}"
        );
        assert_eq!(ours.nullable, warehouse::get::<bool>(theirs, 7)?, "{ours:?}");
    }
    assert_eq!(ours.iter().filter(|column| column.relation == "m").count(), 2);
    let t = catalog::columns_of_relation(&session, &Relation::in_schema("Main", "t")).await?;
    let types: Vec<_> = t.iter().map(|c| (c.ordinal, c.name.as_str(), c.full_type.as_str())).collect();
    assert_eq!(
        types,
        [
            (1, "id", "integer"),
            (2, "name", "character varying(7)"),
            (3, "price", "numeric(10,2)"),
            (4, "tags", "text[]"),
            (5, "When", "timestamp with time zone")
        ]
    );
    assert_eq!(t[1].comment.as_deref(), Some("its name"));
    assert!(catalog::columns_of_relation(&session, &Relation::in_schema("Main", "T")).await?.is_empty());
    assert_eq!(catalog::schemas(&session).await?, ["Main", "hidden", "other", "public"]);
    Ok(())
}

#[tokio::test]
async fn the_cache_agrees_with_the_database_after_a_cascade() -> Result<()> {
    let (warehouse, database) = testing::warehouse().await?;
    let session = warehouse.session().await?;
    session.run(SCHEMA).await?;
    let cache = RelationCache::default();
    cache.load(&session, database.name(), &["main", "other", "missing"]).await?;
    assert!(cache.knows_schema(database.name(), "MISSING") && !cache.knows_schema(database.name(), "hidden"));
    let table = Relation::new(database.name(), "main", "t");
    let gone = cache.drop(&table);
    let names: Vec<_> = gone.iter().map(Relation::identifier_name).collect();
    assert_eq!(names, ["t", "v", "w", "m"]);
    session.run("drop table \"Main\".t cascade").await?;
    let fresh = RelationCache::default();
    fresh.load(&session, database.name(), &["main", "other"]).await?;
    for schema in ["main", "other"] {
        assert_eq!(cache.list(database.name(), schema), fresh.list(database.name(), schema));
    }
    Ok(())
}
