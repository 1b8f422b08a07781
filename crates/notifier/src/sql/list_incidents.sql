-- Incidents, newest first: live ones, with $1 all, $2 at most, times on the clock of $3.
select
    id::text, state || coalesce(' (' || resolve_reason || ')', ''), kind, rule_id, organization_id, label
    , occurrences::text, last_record_date::text
    , to_char(opened_at at time zone $3, 'YYYY-MM-DD HH24:MI')
from alerting.incident
where $1 or state <> 'resolved'
order by incident.id desc
limit $2
