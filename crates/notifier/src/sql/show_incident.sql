-- Incident $1, times on the clock of $2.
select
    incident_key
    , state || coalesce(' (' || resolve_reason || ')', '') || coalesce(' by ' || acked_by, '')
    , coalesce(label, organization_id)
    , to_char(opened_at at time zone $2, 'YYYY-MM-DD HH24:MI')
    , coalesce('part of incident ' || parent_id, '')
from alerting.incident
where id = $1
