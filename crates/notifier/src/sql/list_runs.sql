-- Evaluations, newest first, $2 at most, times on the clock of $3; without $1 those that looked at data.
select
    to_char(clock_now at time zone $3, 'YYYY-MM-DD HH24:MI'), rule_id, as_of::text, status, checked::text
    , alerts::text, bad_data::text, missing::text, withdrawn::text
from alerting.eval_run
where $1 or status <> 'waiting'
order by finished_at desc
limit $2
