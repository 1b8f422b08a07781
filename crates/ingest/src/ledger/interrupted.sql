-- whoever holds the lock knows that every load still marked as running is not
update platform.loads
set
    state = 'interrupted'
    , error = 'the loader ended before the load did'
    , finished_at = clock_timestamp()
where
    state = 'running'
    and relation = any($1)
