-- Acknowledges the open incident $1 at $2, by $3, with the note $4.
with acked as (
    update alerting.incident
    set state = 'acked', acked_at = $2, acked_by = $3
    where id = $1
        and state = 'open'
    returning id
)

insert into alerting.incident_event (incident_id, at, kind, actor, detail)
select id, $2, 'acked', $3, jsonb_build_object('note', $4::text) from acked
