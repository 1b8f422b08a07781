-- Makes message $1, or without it all dead ones, ready again at $2 until $3, with the bytes it has.
update alerting.outbox
set state = 'ready', not_before = $2, expires_at = $3, sent_at = null, remote_reply = null
where payload is not null
    and (
        (id = $1 and state in ('sent', 'dead', 'cancelled'))
        or ($1 is null and state = 'dead')
    )
returning id
