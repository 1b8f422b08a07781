-- the newest results of every node, oldest first
with numbered as (

    select
        unique_id
        , started_at
        , status
        , seconds
        , rows_affected
        , row_number() over (partition by unique_id order by started_at desc) as age
    from platform.node_results

)

select
    unique_id
    , to_char(started_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as started_at
    , status
    , seconds
    , rows_affected
from numbered
where age <= $1
    and started_at is not null
order by
    unique_id
    , age desc
