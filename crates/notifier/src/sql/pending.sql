-- Findings of rule $1 that wait for a message, and what people were told of the same pair before.
select
    evaluation.id
    , evaluation.organization_id
    , evaluation.label
    , evaluation.record_date
    , evaluation.base_date
    , evaluation.base_value::text
    , evaluation.cur_value::text
    , evaluation.base_currency
    , evaluation.currency
    , evaluation.segment
    , evaluation.outcome
    , evaluation.kind
    , evaluation.change_percent::text
    , evaluation.is_late
    , evaluation.is_stale_baseline
    , evaluation.incident_id
    , incident.occurrences
    , evaluation.input_revision
    , told.outcome
    , told.base_value::text
    , told.cur_value::text
    , told.change_percent::text
from alerting.evaluation
left join alerting.incident on incident.id = evaluation.incident_id
left join lateral (
    select earlier.*
    from alerting.evaluation as earlier
    where earlier.rule_id = evaluation.rule_id
        and earlier.organization_id = evaluation.organization_id
        and earlier.record_date = evaluation.record_date
        and earlier.input_revision < evaluation.input_revision
        and exists (
            select
            from alerting.outbox_alert
            join alerting.outbox on outbox.id = outbox_alert.outbox_id
            where outbox_alert.evaluation_id = earlier.id
                and outbox.state <> 'cancelled'
        )
    order by earlier.input_revision desc
    limit 1
) as told on evaluation.replaces is not null
where evaluation.rule_id = $1
    and evaluation.planned_at is null
    and not exists (select from alerting.evaluation as newer where newer.replaces = evaluation.id)
    and not exists (select from alerting.suppression where suppression.evaluation_id = evaluation.id)
order by evaluation.record_date, evaluation.organization_id
