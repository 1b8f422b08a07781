-- Marks as repeated at $4 the open incidents of rule $1 that were last told before $2 and fewer than $3
-- times again; not those above which stands a larger one, nor silenced ones.
with due as (
    select incident.id
    from alerting.incident
    where incident.rule_id = $1
        and incident.state = 'open'
        and incident.kind in ('change', 'missing', 'mass_change')
        and incident.parent_id is null
        and incident.told_at <= $2
        and incident.repeats < $3
        and not exists (
            select
            from alerting.silence
            where (silence.rule_id is null or silence.rule_id = incident.rule_id)
                and (silence.organization_id is null or silence.organization_id = incident.organization_id)
                and silence.kind is null
                and silence.starts_at <= $4
                and coalesce(silence.ended_at, silence.ends_at) > $4
        )
    for update skip locked
)

, repeated as (
    update alerting.incident
    set repeats = repeats + 1, told_at = $4
    from due
    where incident.id = due.id
    returning incident.id, incident.opened_at, incident.repeats
)

, noted as (
    insert into alerting.incident_event (incident_id, at, kind, actor)
    select id, $4, 'repeated', 'evaluation' from repeated
)

select id, opened_at, repeats from repeated order by id
