-- depends_on: {{ ref('invoice_enrichment') }}
-- The functions that on-run-start makes, asked for answers that are known.
with

medians as (

    select
        {{ adapter.quote(target.schema) }}.median(val) filter (where val <= 5) as odd
        , {{ adapter.quote(target.schema) }}.median(val) as even
        , {{ adapter.quote(target.schema) }}.median(val) filter (where false) as nothing
    from unnest(array[1, 5, 3, 10, null]::numeric []) as val

)

, parts as (

    select string_agg(index || value, '' order by index) as joined
    from {{ adapter.quote(target.schema) }}.split_to_table('a,b,,d', ',')

)

select *
from medians
cross join parts
where
    odd is distinct from 3
    or even is distinct from 4
    or nothing is not null
    or joined is distinct from '1a2b34d'
