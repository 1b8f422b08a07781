-- Every function of the user's schemas. $1: schemas to leave out.
select
    pg_namespace.nspname || '.' || pg_proc.proname || '('
    || pg_catalog.pg_get_function_identity_arguments(pg_proc.oid) || ')' as signature
    , case pg_proc.prokind when 'a' then 'aggregate' when 'p' then 'procedure' when 'w' then 'window' else 'function' end
    || ' returns ' || coalesce(pg_catalog.pg_get_function_result(pg_proc.oid), 'nothing')
    || case pg_proc.provolatile when 'i' then ', immutable' when 's' then ', stable' else ', volatile' end as meaning
from pg_catalog.pg_proc
inner join pg_catalog.pg_namespace
    on pg_proc.pronamespace = pg_namespace.oid
where
    pg_namespace.nspname !~ '^pg_'
    and pg_namespace.nspname != all ($1)
order by signature
