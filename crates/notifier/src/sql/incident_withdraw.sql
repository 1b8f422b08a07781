-- Closes the incidents of which nothing holds since run $1 withdrew findings; $2 is now.
with gone as (
    select id, replaces, incident_id, record_date
    from alerting.evaluation
    where run_id = $1
        and outcome = 'withdrawn'
        and incident_id is not null
)

, empty as (
    select distinct gone.incident_id as id
    from gone
    where not exists (
        select
        from alerting.evaluation as other
        where other.incident_id = gone.incident_id
            and other.outcome <> 'withdrawn'
            and other.id not in (select gone.replaces from gone)
            and not exists (select from alerting.evaluation as newer where newer.replaces = other.id)
    )
)

, closed as (
    update alerting.incident
    set state = 'resolved', resolved_at = $2, resolve_reason = 'withdrawn'
    from empty
    where incident.id = empty.id
        and incident.state <> 'resolved'
)

insert into alerting.incident_event (incident_id, at, kind, actor, detail)
select
    incident_id, $2, 'withdrawn', 'evaluation'
    , jsonb_build_object('evaluation_id', id, 'record_date', record_date)
from gone
order by id
