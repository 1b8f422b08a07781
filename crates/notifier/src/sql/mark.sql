-- Writes down what became of attempt $2 of message $1 at $3 (or the database's now): its new state $4, the
-- attempt's outcome $5, phase $6, code $7, words $8; seconds to wait $9; whether the fallback is told at
-- once $10; whether the channel failed $11, opens its circuit at once $12, was too fast $13; what the
-- receiver calls the message $14; failures that open a circuit $15; whether waiting never ends $16.
with clock as (
    select coalesce($3::timestamptz, now()) as now
)

, attempt as (
    update alerting.delivery_attempt
    set outcome = $5, phase = $6, code = $7, detail = $8, finished_at = clock_timestamp()
    where id = $2
        and outcome = 'started'
)

, marked as (
    update alerting.outbox
    set
        state = case when $4 = 'ready' and not $16 and clock.now >= outbox.expires_at then 'dead' else $4 end
        , sent_at = case when $4 = 'sent' then clock.now end
        , not_before = case
            when $4 = 'ready' then clock.now + make_interval(secs => $9) else outbox.not_before
        end
        , remote_reply = case when $4 = 'sent' then $8 end
        , remote_id = coalesce($14, outbox.remote_id)
        , last_error = case when $4 <> 'sent' then $8 end
    from clock
    where outbox.id = $1
        and outbox.state = 'sending'
    returning outbox.id, outbox.channel, outbox.state
)

, fallback as (
    update alerting.outbox
    set
        state = case when marked.state = 'sent' then 'cancelled' else 'ready' end
        , not_before = case when marked.state = 'sent' then outbox.not_before else clock.now end
        , last_error = case when marked.state = 'sent' then 'not needed: the channel itself delivered' end
    from marked, clock
    where outbox.fallback_for = marked.id
        and outbox.state = 'held'
        and outbox.attempts = 0
        and (marked.state in ('sent', 'dead') or $10)
)

, works as (
    update alerting.channel_state
    set circuit = 'closed', failures = 0, retry_at = null, reason = null, slower = greatest(slower - 1, 0)
    from marked, clock
    where channel_state.channel = marked.channel
        and $4 = 'sent'
        and (
            channel_state.failures > 0
            or channel_state.circuit = 'open'
            or channel_state.retry_at < clock.now - interval '10 minutes'
        )
)

, fails as (
    insert into alerting.channel_state as state (channel, circuit, failures, retry_at, slower, reason)
    select
        marked.channel
        , case when $12 or $15 <= 1 then 'open' else 'closed' end
        , 1
        , case when $12 then clock.now + interval '1 minute' when $13 then clock.now + make_interval(secs => $9) end
        , case when $13 then 1 else 0 end
        , $8
    from marked, clock
    where $11 or $12 or $13
    on conflict (channel) do update
    set
        failures = state.failures + case when $13 then 0 else 1 end
        , circuit = case when $12 or (not $13 and state.failures + 1 >= $15) then 'open' else state.circuit end
        , retry_at = case
            when $12 or (not $13 and state.failures + 1 >= $15) then (select now from clock) + interval '1 minute'
            when $13 then (select now from clock) + make_interval(secs => least($9, 60))
            else state.retry_at
        end
        , slower = least(state.slower + case when $13 then 1 else 0 end, 6)
        , reason = $8
)

select state from marked
