-- Message $1, times on the clock of $2.
select
    state, kind, subject, channel, recipient, message_id
    , to_char(created_at at time zone $2, 'YYYY-MM-DD HH24:MI')
    , to_char(not_before at time zone $2, 'YYYY-MM-DD HH24:MI')
    , to_char(sent_at at time zone $2, 'YYYY-MM-DD HH24:MI')
    , remote_reply, last_error
    , coalesce(octet_length(payload)::text, 'forgotten')
from alerting.outbox
where id = $1
