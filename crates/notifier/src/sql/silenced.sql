-- Names of rule $1 whose findings of this moment a silence covers (true), and those that a silence covered
-- which has ended by $2, while nobody was told of it yet (false).
select coalesce(evaluation.label, evaluation.organization_id) as name, suppression.at = $2 as is_now
from alerting.suppression
join alerting.silence on silence.id = suppression.silence_id
join alerting.evaluation on evaluation.id = suppression.evaluation_id
where evaluation.rule_id = $1
    and (
        suppression.at = $2
        or (suppression.summarized_at is null and coalesce(silence.ended_at, silence.ends_at) <= $2)
    )
order by evaluation.record_date, evaluation.organization_id
