-- Channels that messages wait for, and that are none of $1.
select coalesce(array_agg(distinct channel order by channel), '{}')
from alerting.outbox
where state in ('ready', 'held', 'sending')
    and channel <> all ($1::text[])
