update platform.loads
set
    state = 'failed'
    , error = $2
    , seconds = extract(epoch from clock_timestamp() - started_at)
    , finished_at = clock_timestamp()
where
    load_id = any($1)
    and state = 'running'
