-- the newest results of every node, oldest first
with numbered as (

    select
        unique_id
        , started_at
        , status
        , seconds
        , rows_affected
        , failures
        , message
        -- a database that an older version keeps has no such column yet
        , to_jsonb(node_results) -> 'sample' as sample
        , row_number() over (partition by unique_id order by started_at desc) as age
    from platform.node_results
    where started_at is not null

)

select
    unique_id
    , to_char(started_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as started_at
    , status
    , seconds
    , rows_affected
    , failures
    , case when age = 1 then message end as message
    , case when age = 1 then sample end as sample
from numbered
where age <= $1
order by
    unique_id
    , age desc
