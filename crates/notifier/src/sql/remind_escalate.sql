-- Marks as escalated at $3 the open incidents of rule $1 that were opened before $2.
with due as (
    select incident.id
    from alerting.incident
    where incident.rule_id = $1
        and incident.state = 'open'
        and incident.kind in ('change', 'missing', 'mass_change')
        and incident.parent_id is null
        and incident.told_at is not null
        and incident.opened_at <= $2
        and incident.escalated_at is null
        and not exists (
            select
            from alerting.silence
            where (silence.rule_id is null or silence.rule_id = incident.rule_id)
                and (silence.organization_id is null or silence.organization_id = incident.organization_id)
                and silence.kind is null
                and silence.starts_at <= $3
                and coalesce(silence.ended_at, silence.ends_at) > $3
        )
    for update skip locked
)

, escalated as (
    update alerting.incident
    set escalated_at = $3
    from due
    where incident.id = due.id
    returning incident.id, incident.opened_at, incident.repeats
)

, noted as (
    insert into alerting.incident_event (incident_id, at, kind, actor)
    select id, $3, 'escalated', 'evaluation' from escalated
)

select id, opened_at, repeats from escalated order by id
