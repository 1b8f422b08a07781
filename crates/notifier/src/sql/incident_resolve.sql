-- Resolves the incident $1 at $2, by $3, for the reason $4.
with resolved as (
    update alerting.incident
    set state = 'resolved', resolved_at = $2, resolve_reason = $4
    where id = $1
        and state <> 'resolved'
    returning id
)

insert into alerting.incident_event (incident_id, at, kind, actor, detail)
select id, $2, 'resolved', $3, jsonb_build_object('reason', $4::text) from resolved
