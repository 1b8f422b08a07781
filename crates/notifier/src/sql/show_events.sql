-- Events of incident $1, times on the clock of $2.
select to_char(at at time zone $2, 'YYYY-MM-DD HH24:MI'), kind, actor, nullif(detail, '{}')::text
from alerting.incident_event
where incident_id = $1
order by id
