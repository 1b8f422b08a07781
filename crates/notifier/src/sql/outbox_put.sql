-- Puts a message into the outbox. The same message is there once; one that was taken back before anybody
-- tried to send it comes back.
insert into alerting.outbox as message (
    dedupe_key, rule_id, route, channel, recipient, kind, subject, message_id, payload, payload_sha256
    , priority, state, not_before, expires_at, created_at, fallback_for, thread_key, run_id
)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
on conflict (dedupe_key, channel, recipient) do update
set
    state = excluded.state
    , subject = excluded.subject
    , payload = excluded.payload
    , payload_sha256 = excluded.payload_sha256
    , not_before = excluded.not_before
    , expires_at = excluded.expires_at
    , created_at = excluded.created_at
    , fallback_for = excluded.fallback_for
    , run_id = excluded.run_id
    , last_error = null
where message.state = 'cancelled'
    and message.attempts = 0
returning id
