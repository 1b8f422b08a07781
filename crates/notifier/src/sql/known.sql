organization_id in (
    select incident.organization_id
    from alerting.incident
    where incident.rule_id = $10
        and incident.state <> 'resolved'
        and incident.organization_id is not null
    union all
    select evaluation.organization_id
    from alerting.evaluation
    where evaluation.rule_id = $10
        and evaluation.record_date > $1::date
        and evaluation.record_date <= $2::date
)
