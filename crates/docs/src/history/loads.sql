-- the newest loads of every source, newest first
with numbered as (

    select
        source
        , file
        , business_date
        , finished_at
        , rows_loaded
        , rows_quarantined
        , state
        , error
        , row_number() over (partition by source order by load_id desc) as age
    from platform.loads
    where state in ('loaded', 'failed')

)

select
    source
    , file
    , business_date::text as business_date
    , coalesce(to_char(finished_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), '') as finished_at
    , coalesce(rows_loaded, 0) as rows_loaded
    , coalesce(rows_quarantined, 0) as rows_quarantined
    , state
    , error
from numbered
where age <= $1
order by
    source
    , age
