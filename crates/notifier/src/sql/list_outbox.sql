-- Messages, newest first: those not done with, with $1 all, $2 at most, times on the clock of $3.
select
    id::text, state, kind, channel, recipient, attempts::text
    , to_char(not_before at time zone $3, 'YYYY-MM-DD HH24:MI'), subject, last_error
from alerting.outbox
where $1 or state in ('held', 'ready', 'sending', 'dead')
order by outbox.id desc
limit $2
