-- what the ledger knows of the given tables' files: for each file its newest load, and whether the table still exists
with loaded as (
    select
        load_id
        , relation
        , file
        , size
        , mtime
        , sha256
        , business_date
        , row_number() over (partition by relation, file order by load_id desc) as place
    from platform.loads
    where
        state = 'loaded'
        and relation = any($1)
)

select
    load_id
    , relation
    , file
    , size
    , mtime
    , sha256
    , business_date
from loaded
where place = 1
order by load_id
