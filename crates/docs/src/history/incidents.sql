-- the newest incidents of every rule, newest first
with numbered as (

    select
        id
        , rule_id
        , coalesce(organization_id, incident_key) as subject
        , state
        , opened_at
        , first_record_date
        , last_record_date
        , row_number() over (partition by rule_id order by id desc) as age
    from alerting.incident

)

select
    rule_id
    , id
    , subject
    , state
    , coalesce('moved on ' || last_record_date::text, '') as what
    , to_char(opened_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as opened_at
from numbered
where age <= $1
order by
    rule_id
    , age
