-- Writes what detection found and nobody knew yet, and gives the counts of the run. A finding belongs to the
-- open incident of its organization, or opens one; both are written here together, so that no row is touched
-- twice. Only a first run's findings of the past belong to none, and are told to nobody.
--   $10 rule · $11 its revision · $12 run · $13 now · $14 whether nothing was ever evaluated before
--   $15 day up to which everything was evaluated before · $16 ids of segments, the rule's own first (null)
--   $17 days without a record that are worth an alert (0: never) · $18 whether these are the last days
--   $19 whether an incident settles only when the value is back near what it was
{detect}

, newest as (
    select organization_id, newest as record_date
    from organization
    where newest > $1::date
)

, latest as (
    select distinct on (organization_id, record_date) *
    from alerting.evaluation
    where rule_id = $10
        and record_date > $1::date
        and record_date <= $2::date
    order by organization_id, record_date, input_revision desc
)

, day as (
    select distinct record_date from near where record_date > $1::date
)

, missing as (
    select
        newest.organization_id
        , min(day.record_date) as record_date
        , newest.record_date as base_date
        , count(*) as days
    from newest
    join day on day.record_date > newest.record_date
    where newest.record_date < $2::date
    group by newest.organization_id, newest.record_date
)

, found as not materialized (
    select
        organization_id, record_date, outcome, kind, base_date, base_value, base_currency, value, currency
        , label, segment, threshold, {percent} as change_percent, is_stale_baseline
        , encode(sha256(convert_to(
            outcome
            || '|' || coalesce(base_date::text, '')
            || '|' || coalesce(trim_scale(base_value)::text, '')
            || '|' || coalesce(trim_scale(value)::text, '')
            || '|' || coalesce(base_currency, '')
            || '|' || coalesce(currency, '')
            , 'UTF8')), 'hex') as input_sha256
    from judged
    where outcome <> 'ok'
    union all
    select
        missing.organization_id, missing.record_date, 'missing', null, missing.base_date, near.value
        , near.currency, null, near.currency, near.label, near.segment, null, null, false
        , encode(sha256(convert_to('missing|' || missing.base_date, 'UTF8')), 'hex')
    from missing
    join near
        on near.organization_id = missing.organization_id
        and near.record_date = missing.base_date
    where $18
        and $17::int > 0
        and missing.days >= $17::int
)

, reported as materialized (
    select
        found.*
        , coalesce(latest.input_revision, 0) + 1 as input_revision
        , latest.id as replaces
        , latest.id is null
            or latest.outcome = 'withdrawn'
            or latest.input_sha256 <> found.input_sha256 as is_news
        , $14 and (found.outcome = 'missing' or found.record_date < newest.record_date) as is_silent
        , case found.outcome when 'missing' then 'missing' else 'change' end as incident_kind
        , $10 || '|' || found.organization_id
            || case found.outcome when 'missing' then '|missing' else '' end as incident_key
    from found
    join newest using (organization_id)
    left join latest
        on latest.organization_id = found.organization_id
        and latest.record_date = found.record_date
)

, fresh as not materialized (
    select * from reported where is_news
)

, grouped as (
    select
        incident_key
        , incident_kind
        , organization_id
        , max(label) as label
        , min(record_date) as first_record_date
        , max(record_date) as last_record_date
        , count(*)::int as findings
        , count(*) filter (where replaces is null)::int as new_findings
        , (array_agg(base_value order by record_date))[1] as base_value
    from fresh
    where not is_silent
    group by incident_key, incident_kind, organization_id
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
        incident_key, $10, organization_id, label, incident_kind, first_record_date, last_record_date
        , findings, $13::timestamptz, jsonb_strip_nulls(jsonb_build_object('base_value', base_value::text))
    from grouped
    where incident_key not in (select incident_key from live)
    order by organization_id, incident_key
    returning id, incident_key
)

, incident_of as not materialized (
    select id, incident_key, old_state from continued
    union all
    select id, incident_key, null from opened
)

-- What was told and holds no longer: the pair is all right now, or one of its records is gone.
, withdrawn as (
    select latest.*, judged.value as new_value, judged.base_date as new_base_date
        , judged.base_value as new_base_value
    from latest
    left join reported using (organization_id, record_date)
    left join judged using (organization_id, record_date)
    where reported.organization_id is null
        and latest.outcome <> 'withdrawn'
        and (latest.outcome <> 'missing' or judged.organization_id is not null)
)

, written as (
    insert into alerting.evaluation (
        rule_id, rule_revision, organization_id, record_date, input_revision, input_sha256
        , base_date, base_value, cur_value, base_currency, currency, label, segment, threshold
        , outcome, kind, change_percent, is_late, is_stale_baseline, replaces, run_id, evaluated_at
        , planned_at, incident_id
    )
    select
        $10, $11::int, organization_id, record_date, input_revision, input_sha256
        , base_date, base_value, value, base_currency, currency, label, ($16::text[])[segment], threshold
        , outcome, kind, change_percent, coalesce(record_date <= $15::date, false), is_stale_baseline
        , replaces, $12::uuid, $13::timestamptz, $13::timestamptz, incident_of.id
    from fresh
    left join incident_of
        on incident_of.incident_key = fresh.incident_key
        and not fresh.is_silent
    union all
    select
        $10, $11::int, organization_id, record_date, input_revision + 1
        , encode(sha256(convert_to(
            'withdrawn|' || coalesce(new_base_date::text, '')
            || '|' || coalesce(trim_scale(new_base_value)::text, '')
            || '|' || coalesce(trim_scale(new_value)::text, '')
            , 'UTF8')), 'hex')
        , coalesce(new_base_date, base_date), coalesce(new_base_value, base_value), new_value
        , base_currency, currency, label, segment, threshold
        , 'withdrawn', kind, null, true, false, id, $12::uuid, $13::timestamptz, $13::timestamptz, incident_id
    from withdrawn
    returning id, record_date, outcome, replaces, incident_id
)

, noted as (
    insert into alerting.incident_event (incident_id, at, kind, actor, detail)
    select
        written.incident_id
        , $13::timestamptz
        , case
            when incident_of.old_state is null then 'opened'
            when written.replaces is not null then 'corrected'
            when incident_of.old_state = 'acked' then 'reopened'
            else 'occurred'
        end
        , 'evaluation'
        , jsonb_build_object('evaluation_id', written.id, 'record_date', written.record_date)
    from written
    join incident_of on incident_of.id = written.incident_id
    where written.outcome <> 'withdrawn'
    order by written.record_date, written.id
)

, silent as (
    insert into alerting.suppression (evaluation_id, reason, at)
    select id, 'first_run', $13::timestamptz
    from written
    where $14
        and outcome <> 'withdrawn'
        and incident_id is null
    returning evaluation_id
)

, settled as (
    select incident.id
    from alerting.incident
    join newest using (organization_id)
    join judged using (organization_id, record_date)
    left join reported using (organization_id, record_date)
    where $18
        and incident.rule_id = $10
        and incident.state <> 'resolved'
        and reported.organization_id is null
        and case incident.kind
            when 'missing' then newest.record_date >= incident.last_record_date
            when 'change' then newest.record_date > incident.last_record_date
        end
        and (
            not $19
            or incident.kind <> 'change'
            or incident.detail ->> 'base_value' is null
            or abs(judged.value - (incident.detail ->> 'base_value')::numeric)
                <= judged.threshold / 2 * abs((incident.detail ->> 'base_value')::numeric)
        )
)

select
    (select count(*) from near where record_date = $2::date) as checked
    , (select count(*) from judged where record_date = $2::date and reason = 'first_record') as first_records
    , (select count(*) from judged where record_date = $2::date and reason = 'below_floor') as below_floor
    , (select count(*) from missing) as missing
    , (select count(*) from written where outcome = 'alert') as alerts
    , (select count(*) from written where outcome = 'bad_data') as bad_data
    , (select count(*) from written where outcome = 'withdrawn') as withdrawn
    , (select count(*) from silent) as silent
    , (select coalesce(array_agg(id order by id), '{}') from settled) as settled
