-- the newest incidents of every rule, newest first, each with its latest finding
with numbered as (

    select
        id
        , rule_id
        , coalesce(label, organization_id, incident_key) as subject
        , kind
        , state
        , opened_at
        , last_record_date
        , row_number() over (partition by rule_id order by id desc) as age
        , count(*) filter (where state <> 'resolved') over (partition by rule_id) as open_incidents
    from alerting.incident

)

, found as (

    select distinct on (incident_id)
        incident_id
        , base_value
        , cur_value
        , change_percent
    from alerting.evaluation
    where incident_id is not null
    order by
        incident_id
        , record_date desc
        , input_revision desc

)

select
    numbered.rule_id
    , numbered.id
    , numbered.subject
    , numbered.state
    , coalesce(
        'moved by ' || round(found.change_percent, 1)::text || ' %'
        , replace(numbered.kind, '_', ' ')
    ) || coalesce(' on ' || numbered.last_record_date::text, '') as what
    , found.base_value::text as before_value
    , found.cur_value::text as after_value
    , to_char(numbered.opened_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as opened_at
    , numbered.open_incidents
from numbered
left join found
    on found.incident_id = numbered.id
where numbered.age <= $1
order by
    numbered.rule_id
    , numbered.age
