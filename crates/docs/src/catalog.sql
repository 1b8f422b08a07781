-- every column of every relation in the given schemas, in one scan of the system catalog
with relations as (

    select
        relation.oid
        , namespace.nspname as schema_name
        , relation.relname as relation_name
        , case relation.relkind
            when 'r' then case when relation.relpersistence = 't' then 'LOCAL TEMPORARY' else 'BASE TABLE' end
            when 'p' then 'BASE TABLE'
            when 'v' then 'VIEW'
            when 'm' then 'MATERIALIZED VIEW'
            when 'f' then 'FOREIGN TABLE'
        end as relation_type
        , pg_catalog.pg_get_userbyid(relation.relowner) as owner_name
        , case
            when relation.relkind in ('r', 'm') then pg_catalog.pg_total_relation_size(relation.oid)
        end as total_bytes
        -- -1 where nobody has counted yet
        , case
            when relation.relkind in ('r', 'm', 'p') and relation.reltuples >= 0 then relation.reltuples::bigint
        end as estimated_rows
    from pg_catalog.pg_class as relation
    inner join pg_catalog.pg_namespace as namespace
        on namespace.oid = relation.relnamespace
    where namespace.nspname = any ($1)
        and relation.relkind in ('r', 'p', 'v', 'm', 'f')

)

select
    relations.schema_name::text
    , relations.relation_name::text
    , relations.relation_type::text
    , relations.owner_name::text
    , pg_catalog.obj_description(relations.oid, 'pg_class') as relation_comment
    , attribute.attname::text as column_name
    , attribute.attnum::integer as column_index
    , pg_catalog.format_type(attribute.atttypid, attribute.atttypmod) as column_type
    , pg_catalog.col_description(relations.oid, attribute.attnum) as column_comment
    , pg_catalog.current_database()::text as database_name
    , relations.total_bytes
    , relations.estimated_rows
    , to_char(
        greatest(activity.last_analyze, activity.last_autoanalyze) at time zone 'utc'
        , 'YYYY-MM-DD"T"HH24:MI:SS"Z"'
    ) as analyzed_at
from relations
left join pg_catalog.pg_stat_all_tables as activity
    on activity.relid = relations.oid
left join pg_catalog.pg_attribute as attribute
    on attribute.attrelid = relations.oid
    and attribute.attnum > 0
    and not attribute.attisdropped
order by
    relations.schema_name
    , relations.relation_name
    , attribute.attnum
