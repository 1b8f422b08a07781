-- Rows that name another one that isn't there, where no foreign key looks at each of them.
with loose as (
    select 'a finding without its run' as what
    from alerting.evaluation
    left join alerting.eval_run using (run_id)
    where eval_run.run_id is null
    union all
    select 'a finding without its rule'
    from alerting.evaluation
    left join alerting.rule
        on rule.rule_id = evaluation.rule_id
        and rule.revision = evaluation.rule_revision
    where rule.rule_id is null
    union all
    select 'a message about a finding that is not there'
    from alerting.outbox_alert
    left join alerting.evaluation on evaluation.id = outbox_alert.evaluation_id
    where evaluation.id is null
    union all
    select 'a part of an incident that is not there'
    from alerting.incident
    left join alerting.incident as parent on parent.id = incident.parent_id
    where incident.parent_id is not null
        and parent.id is null
    union all
    select 'a finding that people are told of without an incident'
    from alerting.evaluation
    left join alerting.suppression on suppression.evaluation_id = evaluation.id
    where evaluation.incident_id is null
        and suppression.evaluation_id is null
)

select count(*) from loose
