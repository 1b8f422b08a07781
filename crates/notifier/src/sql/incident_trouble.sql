-- Opens the incident with key $1 of rule $2 and kind $3, or continues it on day $4; $5 is now, $6 its detail.
-- Gives its number, whether it is new, how often it was repeated, when it was last told, and its old detail.
with live as (
    select id, repeats, told_at, detail
    from alerting.incident
    where incident_key = $1 and state <> 'resolved'
)

, continued as (
    update alerting.incident
    set last_record_date = $4, occurrences = occurrences + 1, detail = $6
    where id in (select id from live)
)

, opened as (
    insert into alerting.incident (
        incident_key, rule_id, kind, severity, first_record_date, last_record_date, opened_at, detail
    )
    select $1, $2, $3, 'critical', $4, $4, $5, $6
    where not exists (select from live)
    returning id
)

, noted as (
    insert into alerting.incident_event (incident_id, at, kind, actor)
    select id, $5, 'opened', 'evaluation' from opened
)

select id, false as is_new, repeats, told_at, detail from live
union all
select id, true, 0, null, null from opened
