-- the columns of a seed's table: name, type, whether only `insert` tells of what it may not hold
select
    columns.attname
    , pg_catalog.format_type(columns.atttypid, columns.atttypmod)
    , (
        columns.attgenerated <> ''
        or columns.attidentity = 'a'
        or relations.relhasrules
        or relations.relrowsecurity
    )::text
from pg_catalog.pg_attribute as columns
inner join pg_catalog.pg_class as relations on columns.attrelid = relations.oid
where
    columns.attrelid = pg_catalog.to_regclass({relation})
    and columns.attnum > 0
    and not columns.attisdropped
