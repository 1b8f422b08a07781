-- a relation and its columns; one row without a column where it has none
select
    relation.oid
    , relation.relkind::text
    , attribute.attname::text
    , pg_catalog.format_type(attribute.atttypid, attribute.atttypmod)
from pg_catalog.pg_class as relation
left join pg_catalog.pg_attribute as attribute
    on
        attribute.attrelid = relation.oid
        and attribute.attnum > 0
        and not attribute.attisdropped
where relation.oid = pg_catalog.to_regclass($1)
order by attribute.attnum
