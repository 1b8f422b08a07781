-- Silences, newest first: those that hold, with $1 all, $2 at most, times on the clock of $3.
select
    id::text
    , case
        when coalesce(ended_at, ends_at) <= now() then 'ended'
        when starts_at > now() then 'to come'
        else 'holds'
    end
    , organization_id, rule_id, kind
    , to_char(coalesce(ended_at, ends_at) at time zone $3, 'YYYY-MM-DD HH24:MI'), created_by, comment
from alerting.silence
where $1 or coalesce(ended_at, ends_at) > now()
order by silence.id desc
limit $2
