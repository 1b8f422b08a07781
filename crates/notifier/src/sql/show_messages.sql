-- Messages that tell of incident $1, times on the clock of $2.
select distinct
    outbox.id::text, outbox.state, outbox.kind, outbox.channel, outbox.recipient
    , to_char(coalesce(outbox.sent_at, outbox.not_before) at time zone $2, 'YYYY-MM-DD HH24:MI')
    , coalesce(outbox.remote_reply, outbox.last_error)
from alerting.evaluation
join alerting.outbox_alert on outbox_alert.evaluation_id = evaluation.id
join alerting.outbox on outbox.id = outbox_alert.outbox_id
where evaluation.incident_id = $1
order by 1
