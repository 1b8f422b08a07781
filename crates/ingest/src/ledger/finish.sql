update platform.loads
set
    state = 'loaded'
    , sha256 = $2
    , size = $3
    , rows_physical = $4
    , rows_loaded = $5
    , rows_quarantined = $6
    , rows_blank = $7
    , seconds = extract(epoch from clock_timestamp() - started_at)
    , finished_at = clock_timestamp()
where
    load_id = $1
    and state = 'running'
