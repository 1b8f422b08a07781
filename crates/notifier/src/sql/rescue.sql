-- Gives back message $1, whose sender is gone, at $2 (or the database's now): nobody knows whether it
-- arrived. On the channels $3 that is for a person to find out.
with clock as (
    select coalesce($2::timestamptz, now()) as now
)

, given as (
    update alerting.outbox
    set
        state = case when outbox.channel = any ($3) then 'dead' else 'ready' end
        , not_before = clock.now
        , last_error = 'its sender died; it may have arrived'
    from clock
    where outbox.id = $1
        and outbox.state = 'sending'
    returning outbox.id
)

, attempt as (
    update alerting.delivery_attempt
    set outcome = 'unknown', detail = 'its sender died', finished_at = clock_timestamp()
    from given
    where delivery_attempt.outbox_id = given.id
        and delivery_attempt.outcome = 'started'
)

select id from given
