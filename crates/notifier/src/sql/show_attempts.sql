-- Attempts to deliver message $1, times on the clock of $2.
select
    to_char(started_at at time zone $2, 'YYYY-MM-DD HH24:MI:SS'), outcome, phase, code::text, worker, detail
from alerting.delivery_attempt
where outbox_id = $1
order by id
