-- every relation of the wanted schemas, with what a view reads, in one answer
with

wanted as (

    select
        nsp.oid
        , nsp.nspname
    from pg_catalog.pg_namespace as nsp
    where lower(nsp.nspname) = any($1)

)

, reads as (

    -- a view's rewrite rule depends on what the view reads
    select
        rule.ev_class as reader
        , dependency.refobjid as read
    from pg_catalog.pg_depend as dependency
    inner join pg_catalog.pg_rewrite as rule
        on dependency.objid = rule.oid
    where dependency.classid = 'pg_catalog.pg_rewrite'::regclass
        and dependency.refclassid = 'pg_catalog.pg_class'::regclass
        and rule.ev_class <> dependency.refobjid
    group by 1, 2

)

, read_names as (

    select
        reads.reader
        , json_agg(json_build_array(nsp.nspname, rel.relname) order by nsp.nspname, rel.relname) as names
    from reads
    inner join pg_catalog.pg_class as rel
        on reads.read = rel.oid
    inner join pg_catalog.pg_namespace as nsp
        on rel.relnamespace = nsp.oid
    where rel.relkind in ('r', 'v', 'm', 'f', 'p')
    group by reads.reader

)

select
    current_database()::text as database_name
    , wanted.nspname::text as schema_name
    , rel.relname::text as relation_name
    , rel.relkind::text as kind
    , pg_catalog.pg_get_userbyid(rel.relowner)::text as owner
    , pg_catalog.obj_description(rel.oid, 'pg_class') as comment
    , greatest(rel.reltuples, 0)::double precision as estimated_rows
    , read_names.names::text as reads
from wanted
inner join pg_catalog.pg_class as rel
    on wanted.oid = rel.relnamespace
left join read_names
    on rel.oid = read_names.reader
where rel.relkind in ('r', 'v', 'm', 'f', 'p')
order by 2, 3
