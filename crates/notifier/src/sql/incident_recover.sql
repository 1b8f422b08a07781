-- Closes the live incident with key $1, if there is one; $2 is now. Gives when it was opened, and its detail.
with closed as (
    update alerting.incident
    set state = 'resolved', resolved_at = $2, resolve_reason = 'recovered'
    where incident_key = $1
        and state <> 'resolved'
    returning id, opened_at, detail
)

, noted as (
    insert into alerting.incident_event (incident_id, at, kind, actor)
    select id, $2, 'resolved', 'evaluation' from closed
)

select opened_at, detail from closed
