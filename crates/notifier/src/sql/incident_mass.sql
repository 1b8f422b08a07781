-- One incident $1 of rule $2 and day $3 above the incidents $5, all told of at $4, which is now. Gives its
-- number.
with found as (
    select id from alerting.incident where incident_key = $1 and state <> 'resolved'
)

, opened as (
    insert into alerting.incident (
        incident_key, rule_id, kind, severity, first_record_date, last_record_date, opened_at, told_at
    )
    select $1, $2, 'mass_change', 'critical', $3, $3, $4, $4
    where not exists (select from found)
    returning id
)

, parent as (
    select id from found
    union all
    select id from opened
)

, noted as (
    insert into alerting.incident_event (incident_id, at, kind, actor)
    select id, $4, 'opened', 'evaluation' from opened
)

, joined as (
    update alerting.incident
    set parent_id = parent.id, told_at = $4
    from parent
    where incident.id = any ($5)
)

select id from parent
