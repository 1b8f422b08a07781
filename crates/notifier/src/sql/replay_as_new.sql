-- Copies message $1, or without it all dead ones, as a new message under another id, ready at $2 until $3.
with chosen as (
    select
        outbox.*
        , (
            select count(*)
            from alerting.outbox as copy
            where copy.dedupe_key like replace(outbox.dedupe_key, '\', '\\') || '|new %'
                and copy.channel = outbox.channel
                and copy.recipient = outbox.recipient
        ) + 1 as number
    from alerting.outbox
    where payload is not null
        and (
            (id = $1 and state in ('sent', 'dead', 'cancelled'))
            or ($1 is null and state = 'dead')
        )
)

insert into alerting.outbox (
    dedupe_key, rule_id, route, channel, recipient, kind, subject, message_id, payload, payload_sha256
    , priority, state, not_before, expires_at, created_at, thread_key, run_id
)
select
    dedupe_key || '|new ' || number
    , rule_id, route, channel, recipient, kind, subject
    , 'new' || number || '.' || message_id
    , renamed.payload
    , encode(sha256(renamed.payload), 'hex')
    , priority, 'ready', $2, $3, $2, thread_key, run_id
from chosen
cross join lateral (
    select convert_to(
        replace(
            convert_from(chosen.payload, 'UTF8')
            , 'Message-ID: <' || chosen.message_id || '>'
            , 'Message-ID: <new' || chosen.number || '.' || chosen.message_id || '>'
        )
        , 'UTF8'
    ) as payload
) as renamed
returning id
