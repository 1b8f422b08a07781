-- When day $2 was last evaluated under rule $1, on the clock of $3.
select to_char(max(clock_now) at time zone $3, 'YYYY-MM-DD HH24:MI')
from alerting.eval_run
where rule_id = $1
    and status = 'ok'
    and as_of >= $2
    and coalesce(since, as_of) < $2
