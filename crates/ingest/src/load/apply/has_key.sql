-- whether a table has a unique index on exactly these columns, for every row
with keys as (
    select
        index.indexrelid
        , array_agg(attribute.attname::text order by attribute.attname::text collate "C") as columns
    from pg_catalog.pg_index as index
    cross join lateral unnest(index.indkey::int[]) as place (attnum)
    inner join pg_catalog.pg_attribute as attribute
        on
            attribute.attrelid = index.indrelid
            and attribute.attnum = place.attnum
    where
        index.indrelid = pg_catalog.to_regclass($1)
        and index.indisunique
        and index.indisvalid
        and index.indpred is null
        and index.indexprs is null
        and index.indnatts = index.indnkeyatts
    group by index.indexrelid
)

select exists (
    select from keys
    where columns = (select array_agg(name order by name collate "C") from unnest($2) as name)
)
