select relation.relname::text
from pg_catalog.pg_class as relation
inner join pg_catalog.pg_namespace as namespace
    on namespace.oid = relation.relnamespace
where
    namespace.nspname = $1
    and relation.relkind = 'r'
    and starts_with(relation.relname, $2)
order by 1
