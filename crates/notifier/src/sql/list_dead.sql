-- Messages that were given up, newest first, $2 at most, times on the clock of $3. They are all dead: $1,
-- which asks for closed ones too, adds none.
select
    id::text, state, kind, channel, recipient, attempts::text
    , to_char(not_before at time zone $3, 'YYYY-MM-DD HH24:MI'), subject, last_error
from alerting.outbox
where state = 'dead'
    and ($1 or state = 'dead')
order by outbox.id desc
limit $2
