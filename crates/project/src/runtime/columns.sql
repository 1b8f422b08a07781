-- the columns of relations
with relations as (

    select
        relation.oid
        , relation.relname
        , namespace.nspname
    from pg_catalog.pg_class as relation
    inner join pg_catalog.pg_namespace as namespace
        on namespace.oid = relation.relnamespace
    where relation.relkind in ('r', 'p', 'v', 'm', 'f')
        and ({wanted})

)

select
    attribute.attname::text as column_name
    , case
        when base.is_array then 'ARRAY'
        when base.is_ours then 'USER-DEFINED'
        else pg_catalog.format_type(base.oid, null)
    end as data_type
    , information_schema._pg_char_max_length(base.oid, modifier.value)::integer as character_maximum_length
    , information_schema._pg_numeric_precision(base.oid, modifier.value)::integer as numeric_precision
    , information_schema._pg_numeric_scale(base.oid, modifier.value)::integer as numeric_scale
    , case
        when base.is_array or base.is_ours
            then pg_catalog.format_type(attribute.atttypid, attribute.atttypmod)
    end as written_type
    , relations.nspname::text as schema_name
    , relations.relname::text as relation_name
from relations
inner join pg_catalog.pg_attribute as attribute
    on attribute.attrelid = relations.oid
    and attribute.attnum > 0
    and not attribute.attisdropped
inner join pg_catalog.pg_type as type_written
    on type_written.oid = attribute.atttypid
cross join lateral (
    select
        type.oid
        , type.typelem <> 0 and type.typlen = -1 as is_array
        , type.typnamespace <> 'pg_catalog'::regnamespace as is_ours
    from pg_catalog.pg_type as type
    where type.oid = case
        when type_written.typtype = 'd' then type_written.typbasetype
        else type_written.oid
    end
) as base
cross join lateral (
    select case when type_written.typtype = 'd' then type_written.typtypmod else attribute.atttypmod end as value
) as modifier
order by relations.oid, attribute.attnum
