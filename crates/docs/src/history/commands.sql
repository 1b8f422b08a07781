-- the newest commands, oldest first
with newest as (

    select
        started_at
        , finished_at
        , command
        , status
        , nodes
        , failures
    from platform.runs
    order by started_at desc
    limit $1

)

select
    to_char(started_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as started_at
    , command
    , status
    , extract(epoch from finished_at - started_at)::double precision as seconds
    , nodes
    , failures
from newest
order by started_at
