-- The findings of rule $1 after day $2 that were written down and not replaced since.
select evaluation.organization_id, evaluation.record_date, evaluation.base_value::text, evaluation.cur_value::text
from alerting.evaluation
where evaluation.rule_id = $1
    and evaluation.record_date > $2
    and evaluation.outcome <> 'withdrawn'
    and not exists (select from alerting.evaluation as newer where newer.replaces = evaluation.id)
