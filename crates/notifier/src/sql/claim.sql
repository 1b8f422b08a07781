-- Claims the next message that is due for worker $1 at $2 (or the database's now) on one of the channels $3,
-- but none of $4: marks it, takes its lock ($5 and its number) and writes the attempt down, all or nothing.
-- The lock is tried on the one row that was chosen, never in the search for it.
with clock as (
    select coalesce($2::timestamptz, now()) as now
)

, due as materialized (
    select outbox.id, coalesce(channel_state.slower, 0) as slower, channel_state.circuit
    from alerting.outbox
    cross join clock
    left join alerting.channel_state on channel_state.channel = outbox.channel
    where outbox.state in ('ready', 'held')
        and outbox.not_before <= clock.now
        and outbox.channel = any ($3)
        and outbox.id <> all ($4)
        and (
            channel_state.retry_at is null
            or channel_state.retry_at <= clock.now
        )
    order by outbox.priority, outbox.not_before, outbox.id
    limit 1
    for update of outbox skip locked
)

, locked as materialized (
    select id, slower, circuit, pg_try_advisory_lock($5 + id) as is_mine from due
)

, claimed as (
    update alerting.outbox
    set state = 'sending', attempts = outbox.attempts + 1
    from locked
    where outbox.id = locked.id
        and locked.is_mine
    returning outbox.*
)

, attempt as (
    insert into alerting.delivery_attempt (outbox_id, worker)
    select id, $1 from claimed
    returning id
)

-- An open circuit lets one message through a minute, to see whether the channel works again.
, probe as (
    update alerting.channel_state
    set retry_at = clock.now + interval '1 minute'
    from claimed, locked, clock
    where channel_state.channel = claimed.channel
        and locked.circuit = 'open'
)

select
    locked.id
    , locked.is_mine
    , attempt.id
    , claimed.channel
    , claimed.subject
    , claimed.attempts
    , locked.slower
    , claimed.dedupe_key
    , claimed.message_id
    , claimed.recipient
    , claimed.payload
    , (
        select earlier.remote_id
        from alerting.outbox as earlier
        where earlier.thread_key = claimed.thread_key
            and earlier.channel = claimed.channel
            and earlier.recipient = claimed.recipient
            and earlier.remote_id is not null
        order by earlier.id
        limit 1
    ) as thread
from locked
left join claimed on claimed.id = locked.id
left join attempt on true
