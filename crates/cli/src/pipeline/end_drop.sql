update platform.drops
set
    state = $2
    , message = $3
    , finished_at = clock_timestamp()
where business_date = $1
