-- every column of the wanted schemas' relations; of one relation when a name is given
with

attributes as (

    select
        nsp.nspname
        , rel.relname
        , att.attname
        , att.attnum
        , att.attnotnull
        , att.atttypid
        , att.atttypmod
        , typ.typnotnull
        , typ.typtype
        , typ.typbasetype
        , typ.typelem
        , typ.typlen
        , typ_nsp.nspname as type_schema
        , information_schema._pg_truetypid(att, typ) as true_type
        , information_schema._pg_truetypmod(att, typ) as true_modifier
        , pg_catalog.col_description(rel.oid, att.attnum) as comment
    from pg_catalog.pg_attribute as att
    inner join pg_catalog.pg_class as rel
        on att.attrelid = rel.oid
    inner join pg_catalog.pg_namespace as nsp
        on rel.relnamespace = nsp.oid
    inner join pg_catalog.pg_type as typ
        on att.atttypid = typ.oid
    inner join pg_catalog.pg_namespace as typ_nsp
        on typ.typnamespace = typ_nsp.oid
    where lower(nsp.nspname) = any($1)
        and ($2::text is null or rel.relname = $2)
        and rel.relkind in ('r', 'v', 'm', 'f', 'p')
        and att.attnum > 0
        and not att.attisdropped

)

select
    attributes.nspname::text as schema_name
    , attributes.relname::text as relation_name
    , attributes.attname::text as column_name
    , row_number() over (
        partition by attributes.nspname, attributes.relname
        order by attributes.attnum
    )::int as ordinal
    -- the standard's name, as information_schema.columns has it
    , case
        when attributes.typtype = 'd' then case
            when base.typelem <> 0 and base.typlen = -1 then 'ARRAY'
            when base_nsp.nspname = 'pg_catalog' then pg_catalog.format_type(attributes.typbasetype, null)
            else 'USER-DEFINED'
        end
        when attributes.typelem <> 0 and attributes.typlen = -1 then 'ARRAY'
        when attributes.type_schema = 'pg_catalog' then pg_catalog.format_type(attributes.atttypid, null)
        else 'USER-DEFINED'
    end as standard_type
    , pg_catalog.format_type(attributes.atttypid, attributes.atttypmod) as full_type
    , not (attributes.attnotnull or (attributes.typtype = 'd' and attributes.typnotnull)) as nullable
    , information_schema._pg_char_max_length(attributes.true_type, attributes.true_modifier)::int as char_size
    , information_schema._pg_numeric_precision(attributes.true_type, attributes.true_modifier)::int as numeric_precision
    , information_schema._pg_numeric_scale(attributes.true_type, attributes.true_modifier)::int as numeric_scale
    , attributes.comment
from attributes
left join pg_catalog.pg_type as base
    on attributes.typtype = 'd'
    and attributes.typbasetype = base.oid
left join pg_catalog.pg_namespace as base_nsp
    on base.typnamespace = base_nsp.oid
order by 1, 2, 4
