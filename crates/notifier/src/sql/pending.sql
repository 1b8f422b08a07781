-- Findings of rule $1 that wait for a message: those of run $2, and those whose message was taken back; and
-- what people were told of the same pair before.
with waiting as materialized (
    select *
    from alerting.evaluation
    where rule_id = $1
        and (run_id = $2 or planned_at is null)
        and not exists (select from alerting.evaluation as newer where newer.replaces = evaluation.id)
        and not exists (select from alerting.suppression where suppression.evaluation_id = evaluation.id)
)

, told as (
    select distinct on (waiting.id)
        waiting.id
        , earlier.outcome
        , earlier.base_value
        , earlier.cur_value
        , earlier.change_percent
    from waiting
    join alerting.evaluation as earlier
        on earlier.rule_id = waiting.rule_id
        and earlier.organization_id = waiting.organization_id
        and earlier.record_date = waiting.record_date
        and earlier.input_revision < waiting.input_revision
    where waiting.replaces is not null
        and exists (
            select
            from alerting.outbox_alert
            join alerting.outbox on outbox.id = outbox_alert.outbox_id
            where outbox_alert.evaluation_id = earlier.id
                and outbox.state <> 'cancelled'
        )
    order by waiting.id, earlier.input_revision desc
)

select
    waiting.id
    , waiting.organization_id
    , waiting.label
    , waiting.record_date
    , waiting.base_date
    , waiting.base_value::text
    , waiting.cur_value::text
    , waiting.base_currency
    , waiting.currency
    , waiting.segment
    , waiting.outcome
    , waiting.kind
    , waiting.change_percent::text
    , waiting.is_late
    , waiting.is_stale_baseline
    , waiting.incident_id
    , incident.occurrences
    , waiting.input_revision
    , told.outcome
    , told.base_value::text
    , told.cur_value::text
    , told.change_percent::text
from waiting
left join alerting.incident on incident.id = waiting.incident_id
left join told on told.id = waiting.id
order by waiting.record_date, waiting.organization_id
