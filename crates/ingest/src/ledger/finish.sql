-- Of a full dump the content of another date is no correction but the next dump under the same name.
with before as (
    select
        earlier.load_id
        , earlier.sha256
    from platform.loads as this
    inner join platform.loads as earlier
        on
            earlier.relation = this.relation
            and earlier.file = this.file
            and earlier.load_id < this.load_id
            and earlier.state = 'loaded'
            and (this.mode <> 'replace' or earlier.business_date = this.business_date)
    where this.load_id = $1
    order by earlier.load_id desc
    limit 1
)

update platform.loads
set
    state = 'loaded'
    , sha256 = $2
    , size = $3
    , rows_physical = $4
    , rows_loaded = $5
    , rows_quarantined = $6
    , rows_blank = $7
    , corrects = (select load_id from before where sha256 <> $2)
    , seconds = extract(epoch from clock_timestamp() - started_at)
    , finished_at = clock_timestamp()
where
    load_id = $1
    and state = 'running'
returning corrects
