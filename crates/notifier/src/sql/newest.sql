-- The newest finding of each of the incidents $1 that still holds.
select distinct on (incident.id)
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
    , null::text
    , null::text
    , null::text
    , null::text
from alerting.incident
join alerting.evaluation on evaluation.incident_id = incident.id
where incident.id = any ($1)
    and evaluation.outcome <> 'withdrawn'
    and not exists (select from alerting.evaluation as newer where newer.replaces = evaluation.id)
order by incident.id, evaluation.record_date desc
