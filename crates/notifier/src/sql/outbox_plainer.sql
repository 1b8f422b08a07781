-- A short message $3 (its hash $4) in place of message $1, whose contents were refused; $2 is now.
insert into alerting.outbox (
    dedupe_key, rule_id, route, channel, recipient, kind, subject, message_id, payload, payload_sha256
    , priority, state, not_before, expires_at, created_at, thread_key, run_id
)
select
    dedupe_key || '|plain', rule_id, route, channel, recipient, kind, subject
    , 'plain.' || message_id, $3, $4, priority, 'ready', coalesce($2, now())
    , expires_at, coalesce($2, now()), thread_key, run_id
from alerting.outbox
where id = $1
on conflict (dedupe_key, channel, recipient) do nothing
