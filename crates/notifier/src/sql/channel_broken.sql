-- Channel $1 cannot be opened at $2 (or now), for the reason $3: the fallbacks of what waits for it are told.
-- Gives how many messages wait.
with clock as (
    select coalesce($2::timestamptz, now()) as now
)

, waiting as (
    select outbox.id
    from alerting.outbox, clock
    where outbox.channel = $1
        and outbox.state in ('ready', 'held')
        and outbox.not_before <= clock.now
)

, noted as (
    update alerting.outbox set last_error = $3 where id in (select id from waiting)
)

, released as (
    update alerting.outbox
    set state = 'ready', not_before = clock.now
    from clock
    where outbox.fallback_for in (select id from waiting)
        and outbox.state = 'held'
        and outbox.attempts = 0
)

, state as (
    insert into alerting.channel_state (channel, circuit, failures, reason)
    select $1, 'open', 1, $3
    where exists (select from waiting)
    on conflict (channel) do update set circuit = 'open', reason = $3
)

select count(*) from waiting
