-- Closes the incidents $1, and gives the names of their organizations; $2 is now.
with closed as (
    update alerting.incident
    set
        state = 'resolved'
        , resolved_at = $2
        , resolve_reason = case kind when 'missing' then 'returned' else 'stable' end
    where id = any ($1)
        and state <> 'resolved'
    returning id, coalesce(label, organization_id) as name
)

, noted as (
    insert into alerting.incident_event (incident_id, at, kind, actor)
    select id, $2, 'resolved', 'evaluation' from closed order by id
)

select name from closed order by name
