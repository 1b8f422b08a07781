-- What a silence covered that has ended by $2 was told, in sum.
update alerting.suppression
set summarized_at = $2
from alerting.silence, alerting.evaluation
where silence.id = suppression.silence_id
    and evaluation.id = suppression.evaluation_id
    and evaluation.rule_id = $1
    and suppression.summarized_at is null
    and coalesce(silence.ended_at, silence.ends_at) <= $2
