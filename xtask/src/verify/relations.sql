-- Every relation of the user's schemas with its columns and properties; no row of it.
-- $1: schemas to leave out.
with

relations as (

    select
        pg_class.oid
        , pg_namespace.nspname as schema_name
        , pg_class.relname as relation_name
        , pg_class.relkind
        , pg_class.relpersistence
        , pg_class.relowner
        , pg_class.relacl
    from pg_catalog.pg_class
    inner join pg_catalog.pg_namespace
        on pg_class.relnamespace = pg_namespace.oid
    where
        pg_class.relkind in ('r', 'v', 'm', 'p', 'f')
        and pg_namespace.nspname !~ '^pg_'
        and pg_namespace.nspname != all ($1)

)

, attributes as (

    select
        relations.oid
        , json_agg(
            json_build_array(
                pg_attribute.attname
                , pg_catalog.format_type(pg_attribute.atttypid, pg_attribute.atttypmod)
                , pg_attribute.attnotnull
                , pg_catalog.pg_get_expr(pg_attrdef.adbin, pg_attrdef.adrelid)
                , pg_catalog.col_description(relations.oid, pg_attribute.attnum)
            )
            order by pg_attribute.attnum
        ) as entries
    from relations
    inner join pg_catalog.pg_attribute
        on relations.oid = pg_attribute.attrelid
    left join pg_catalog.pg_attrdef
        on
            pg_attribute.attrelid = pg_attrdef.adrelid
            and pg_attribute.attnum = pg_attrdef.adnum
    where
        pg_attribute.attnum > 0
        and not pg_attribute.attisdropped
    group by relations.oid

)

, comments as (

    select
        oid
        , 'comment ' || pg_catalog.obj_description(oid, 'pg_class') as property
    from relations

)

-- Names of indexes are made of hashes and clocks: what they index is what counts.
, indexes as (

    select
        relations.oid
        , regexp_replace(
            pg_catalog.pg_get_indexdef(pg_index.indexrelid)
            , '^CREATE (UNIQUE )?INDEX .* ON (ONLY )?.* USING'
            , '\1index using'
        ) as property
    from relations
    inner join pg_catalog.pg_index
        on relations.oid = pg_index.indrelid

)

, constraints as (

    select
        relations.oid
        , 'constraint ' || pg_catalog.pg_get_constraintdef(pg_constraint.oid) as property
    from relations
    inner join pg_catalog.pg_constraint
        on relations.oid = pg_constraint.conrelid

)

, grants as (

    select
        relations.oid
        , 'grant ' || privileges.privilege_type || ' to '
        || coalesce(pg_catalog.pg_get_userbyid(nullif(privileges.grantee, 0)), 'public') as property
    from relations
    cross join lateral pg_catalog.aclexplode(relations.relacl) as privileges
    where privileges.grantee != relations.relowner

)

, properties as (

    select * from comments

    union all

    select * from indexes

    union all

    select * from constraints

    union all

    select * from grants

)

, sorted_properties as (

    select
        oid
        , json_agg(property order by property) as entries
    from properties
    where property is not null
    group by oid

)

select
    relations.schema_name
    , relations.relation_name
    , case relations.relpersistence when 'u' then 'unlogged ' when 't' then 'temporary ' else '' end
    || case relations.relkind
        when 'r' then 'table'
        when 'v' then 'view'
        when 'm' then 'materialized view'
        when 'p' then 'partitioned table'
        else 'foreign table'
    end as kind
    , coalesce(cast(attributes.entries as text), '[]') as columns
    , coalesce(cast(sorted_properties.entries as text), '[]') as properties
from relations
left join attributes
    on relations.oid = attributes.oid
left join sorted_properties
    on relations.oid = sorted_properties.oid
order by relations.schema_name, relations.relation_name
