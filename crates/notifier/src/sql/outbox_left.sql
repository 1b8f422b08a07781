-- Messages that are due at $1 (or the database's now) and not delivered, and dead ones.
select
    count(*) filter (
        where state in ('ready', 'held', 'sending') and not_before <= coalesce($1::timestamptz, now())
    )
    , count(*) filter (where state = 'dead')
from alerting.outbox
where state in ('ready', 'held', 'sending', 'dead')
