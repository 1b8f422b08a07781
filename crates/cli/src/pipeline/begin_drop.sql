insert into platform.drops (
    business_date
    , fingerprint
    , state
    , run_id
)
values ($1, $2, 'running', $3)
on conflict (business_date) do update
set
    fingerprint = excluded.fingerprint
    , state = excluded.state
    , run_id = excluded.run_id
    , started_at = clock_timestamp()
    , finished_at = null
    , message = null
