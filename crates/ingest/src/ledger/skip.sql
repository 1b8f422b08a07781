-- a file that is in the table already: what is known of it stands with its newest load
insert into platform.loads (
    run_id
    , source
    , relation
    , file
    , size
    , mtime
    , sha256
    , business_date
    , mode
    , state
    , seconds
    , finished_at
)
select
    $1::text::uuid
    , source
    , relation
    , file
    , size
    , mtime
    , sha256
    , business_date
    , mode
    , 'skipped'
    , 0
    , clock_timestamp()
from platform.loads
where
    relation = $2
    and file = any($3)
    and load_id in (
        select max(load_id)
        from platform.loads
        where state = 'loaded'
        group by
            relation
            , file
    )
