-- Findings of incident $1.
select
    record_date::text, input_revision::text, coalesce(kind, outcome), base_value::text, cur_value::text
    , change_percent::text
from alerting.evaluation
where incident_id = $1
order by record_date, input_revision
