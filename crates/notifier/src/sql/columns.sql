-- The columns of relation $1 and the names of their types.
select pg_attribute.attname::text, pg_type.typname::text
from pg_catalog.pg_attribute
join pg_catalog.pg_type on pg_type.oid = pg_attribute.atttypid
where pg_attribute.attrelid = to_regclass($1)
    and pg_attribute.attnum > 0
    and not pg_attribute.attisdropped
