-- Messages that told of organization $2 on day $3 under rule $1, times on the clock of $4.
select distinct
    outbox.id::text, outbox.state, outbox.kind, outbox.channel, outbox.recipient
    , to_char(coalesce(outbox.sent_at, outbox.not_before) at time zone $4, 'YYYY-MM-DD HH24:MI')
    , coalesce(outbox.remote_reply, outbox.last_error)
from alerting.evaluation
join alerting.outbox_alert on outbox_alert.evaluation_id = evaluation.id
join alerting.outbox on outbox.id = outbox_alert.outbox_id
where evaluation.rule_id = $1
    and evaluation.organization_id = $2
    and evaluation.record_date = $3
order by 1
