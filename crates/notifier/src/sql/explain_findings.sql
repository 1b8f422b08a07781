-- What was found of organization $2 on day $3 under rule $1, times on the clock of $4.
select
    evaluation.input_revision::text
    , coalesce(evaluation.kind || ' ', '') || evaluation.outcome
    , to_char(evaluation.evaluated_at at time zone $4, 'YYYY-MM-DD HH24:MI')
    , coalesce(incident.id || ' ' || incident.state, '')
    , case
        when suppression.reason = 'silence' then
            'no: silence ' || silence.id || ' by ' || silence.created_by || ', ' || silence.comment
        when suppression.reason = 'first_run' then 'no: history of the first run'
        when exists (select from alerting.outbox_alert where evaluation_id = evaluation.id) then 'yes'
        when exists (select from alerting.evaluation as newer where newer.replaces = evaluation.id) then
            'no: corrected before a message left'
        else 'no'
    end
from alerting.evaluation
left join alerting.incident on incident.id = evaluation.incident_id
left join alerting.suppression on suppression.evaluation_id = evaluation.id
left join alerting.silence on silence.id = suppression.silence_id
where evaluation.rule_id = $1
    and evaluation.organization_id = $2
    and evaluation.record_date = $3
order by evaluation.input_revision
