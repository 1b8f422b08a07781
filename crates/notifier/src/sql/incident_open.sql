-- Opens or continues an incident for each organization with a new finding in run $1; $2 is now.
with fresh as (
    select
        evaluation.id
        , evaluation.rule_id
        , evaluation.organization_id
        , evaluation.label
        , evaluation.record_date
        , evaluation.base_value
        , evaluation.replaces
        , case evaluation.outcome when 'missing' then 'missing' else 'change' end as kind
        , evaluation.rule_id || '|' || evaluation.organization_id
            || case evaluation.outcome when 'missing' then '|missing' else '' end as incident_key
    from alerting.evaluation
    where evaluation.run_id = $1
        and evaluation.outcome <> 'withdrawn'
        and not exists (
            select from alerting.suppression where suppression.evaluation_id = evaluation.id
        )
)

, grouped as (
    select
        incident_key
        , kind
        , rule_id
        , organization_id
        , max(label) as label
        , min(record_date) as first_record_date
        , max(record_date) as last_record_date
        , count(*)::int as findings
        , count(*) filter (where replaces is null)::int as new_findings
        , (array_agg(base_value order by record_date))[1] as base_value
    from fresh
    group by incident_key, kind, rule_id, organization_id
)

, live as (
    select incident.id, incident.incident_key, incident.state
    from alerting.incident
    join grouped using (incident_key)
    where incident.state <> 'resolved'
)

, continued as (
    update alerting.incident
    set
        state = 'open'
        , acked_at = null
        , acked_by = null
        , first_record_date = least(incident.first_record_date, grouped.first_record_date)
        , last_record_date = greatest(incident.last_record_date, grouped.last_record_date)
        , occurrences = incident.occurrences + grouped.new_findings
        , repeats = 0
        , label = coalesce(grouped.label, incident.label)
    from live
    join grouped using (incident_key)
    where incident.id = live.id
    returning incident.id, live.incident_key, live.state as old_state
)

, opened as (
    insert into alerting.incident (
        incident_key, rule_id, organization_id, label, kind, first_record_date, last_record_date
        , occurrences, opened_at, detail
    )
    select
        incident_key, rule_id, organization_id, label, kind, first_record_date, last_record_date
        , findings, $2, jsonb_strip_nulls(jsonb_build_object('base_value', base_value::text))
    from grouped
    where incident_key not in (select incident_key from live)
    returning id, incident_key
)

, incident_of as (
    select id, incident_key, old_state from continued
    union all
    select id, incident_key, null from opened
)

, linked as (
    update alerting.evaluation
    set incident_id = incident_of.id
    from fresh
    join incident_of using (incident_key)
    where evaluation.id = fresh.id
    returning evaluation.id
)

insert into alerting.incident_event (incident_id, at, kind, actor, detail)
select
    incident_of.id
    , $2
    , case
        when incident_of.old_state is null then 'opened'
        when fresh.replaces is not null then 'corrected'
        when incident_of.old_state = 'acked' then 'reopened'
        else 'occurred'
    end
    , 'evaluation'
    , jsonb_build_object('evaluation_id', fresh.id, 'record_date', fresh.record_date)
from fresh
join incident_of using (incident_key)
order by fresh.record_date, fresh.id
