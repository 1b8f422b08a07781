-- Messages that should have been delivered by $1 (or the database's now), and dead ones.
select
    count(*) filter (
        where state in ('ready', 'held', 'sending')
            and (attempts > 0 or not_before <= coalesce($1::timestamptz, now()))
    )
    , count(*) filter (where state = 'dead')
from alerting.outbox
where state in ('ready', 'held', 'sending', 'dead')
