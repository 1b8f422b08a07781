-- Makes message $1, or without it all dead ones, ready at $2 until $3, with the bytes it has: again, or before
-- the time it waits for. A channel that waits after failures is tried with it.
with replayed as (
    update alerting.outbox
    set state = 'ready', not_before = $2, expires_at = $3, sent_at = null, remote_reply = null
    where payload is not null
        and (
            (id = $1 and state <> 'sending')
            or ($1 is null and state = 'dead')
        )
    returning id, channel
)

, tried as (
    update alerting.channel_state
    set retry_at = $2
    where channel in (select channel from replayed)
        and retry_at > $2
)

select id from replayed order by id
