-- The steps that judge the records of the days ($1, $2] against their baselines: that organization's latest
-- valid record that is at least $3 days older, however old. Exact: `numeric` and multiplication, never a
-- division or a float. Statements that ask for a judgement begin with these steps and go on from `judged`.
--   $4 thresholds, $5 floors: of the rule, then of each segment · $6 whether the measure is symmetric
--   $7 currency code · $9 age in days at which a baseline is flagged
-- Judged are organizations that may have moved and those that are watched. The others are seen to be all
-- right from their least and their largest value, without sorting their records. Of those that were all right
-- up to the last day, only that day is judged. The history before the days near the window is read only for
-- organizations that have no valid record just before it.
with record as not materialized (
    select
        (fact.{key})::text collate "C" as organization_id
        , (fact.{date})::date as record_date
        , (fact.{value})::numeric as value
        , ({currency})::text as currency
        , ({label})::text as label
        , {segment} as segment
    from {relation} as fact
    {dimension}
    where fact.{key} is not null
)

, near as materialized (
    select *, coalesce(abs(value) < 'Infinity', false) as valid
    from record
    where record_date > $1::date - $3::int - 3
        and record_date <= $2::date
)

, organization as materialized (
    select
        organization_id
        , max(record_date) as newest
        , min(record_date) filter (where valid) as first_valid
        , max(record_date) filter (where valid and record_date <= $2::date - $3::int) as last_base
        , bool_and(valid) as is_valid
        , {one_currency} as has_one_currency
        , min(value) as least
        , max(value) as largest
        , min(value) filter (where record_date < $2::date) as least_before
        , max(value) filter (where record_date < $2::date) as largest_before
    from near
    group by organization_id
)

, smallest as materialized (
    select min(threshold) as threshold from unnest($4::text[]::numeric[]) as threshold
)

-- Any two values of a calm organization differ by less than the smallest threshold of the smaller of both,
-- so no pair of them can have moved far enough.
, weighed as materialized (
    select
        organization_id
        , last_base
        , {watched} as is_watched
        , not is_valid
            or not has_one_currency
            or first_valid > $1::date + 1 - $3::int as is_odd
        , least = largest
            or (
                (least > 0 or largest < 0)
                and largest - least < least(abs(least), abs(largest)) * smallest.threshold
            ) as is_calm
        , least_before = largest_before
            or (
                (least_before > 0 or largest_before < 0)
                and largest_before - least_before
                    < least(abs(least_before), abs(largest_before)) * smallest.threshold
            ) as was_calm
    from organization
    cross join smallest
    where newest > $1::date
)

-- Their records after `judged_after` are judged, against those from `looked_at_from` on.
, restless as materialized (
    select
        organization_id
        , is_watched
        , case when is_watched or is_odd or not was_calm then $1::date else $2::date - 1 end as judged_after
        , case
            when is_watched or is_odd or not was_calm then '-infinity'::date
            else last_base
        end as looked_at_from
    from weighed
    where is_watched
        or is_odd
        or not is_calm
)

, looked_at as materialized (
    select near.*, restless.judged_after, restless.is_watched
    from near
    join restless using (organization_id)
    where near.record_date >= restless.looked_at_from
)

, beyond as (
    select organization_id
    from organization
    where newest > $1::date
        and (first_valid is null or first_valid > $1::date + 1 - $3::int)
)

, far as (
    select organization_id, max(record.record_date) as record_date
    from beyond
    join record using (organization_id)
    where record.record_date <= $1::date - $3::int - 3
        and abs(record.value) < 'Infinity'
    group by organization_id
)

, far_record as materialized (
    select
        organization_id, record_date, record.value, record.currency, record.label, record.segment
        , $1::date as judged_after
        , false as is_watched
    from far
    join record using (organization_id, record_date)
)

, history as not materialized (
    select organization_id, record_date, value, currency, label, segment, judged_after, is_watched
    from looked_at
    where valid
    union all
    select * from far_record
)

, paired as (
    select
        *
        , last_value(record_date) over earlier as base_date
        , last_value(value) over earlier as base_value
        , last_value(currency) over earlier as base_currency
    from history
    window earlier as (
        partition by organization_id
        order by record_date - date '2000-01-01'
        range between unbounded preceding and $3::int preceding
    )
)

, bad as (
    select distinct on (looked_at.organization_id, looked_at.record_date)
        looked_at.*
        , history.record_date as base_date
        , history.value as base_value
        , history.currency as base_currency
    from looked_at
    left join history
        on history.organization_id = looked_at.organization_id
        and history.record_date <= looked_at.record_date - $3::int
    where not looked_at.valid
        and looked_at.record_date > looked_at.judged_after
    order by looked_at.organization_id, looked_at.record_date, history.record_date desc nulls last
)

, compared as (
    select
        organization_id, record_date, value, currency, label, segment
        , base_date, base_value, base_currency, is_watched
        , true as valid
    from paired
    where record_date > judged_after
    union all
    select
        organization_id, record_date, value, currency, label, segment
        , base_date, base_value, base_currency, is_watched
        , false
    from bad
)

, measured as (
    select
        *
        , ($4::text[]::numeric[])[segment] as threshold
        , ($5::text[]::numeric[])[segment] as floor
        , case when $6 then greatest(abs(value), abs(base_value)) else abs(base_value) end as reference
    from compared
)

, reasoned as (
    select
        *
        , case
            when not valid then 'bad_data'
            when base_date is null then 'first_record'
            when currency is distinct from base_currency then 'currency_changed'
            when value = base_value then 'unchanged'
            when abs(value - base_value) < threshold * reference then 'below_threshold'
            when abs(value - base_value) < floor then 'below_floor'
            else 'moved'
        end as reason
    from measured
)

-- What is plainly all right is only of interest where something is known of the organization.
, judged as materialized (
    select
        organization_id, record_date, value, currency, label, segment
        , base_date, base_value, base_currency, threshold, floor, reference
        , reason
        , case reason
            when 'moved' then 'alert'
            when 'bad_data' then 'bad_data'
            when 'currency_changed' then 'currency_changed'
            else 'ok'
        end as outcome
        , case
            when reason <> 'moved' then null
            when base_value = 0 then 'from_zero'
            when value = 0 then 'to_zero'
            when sign(value) <> sign(base_value) then 'sign_flip'
            when value > base_value then 'increase'
            else 'decrease'
        end as kind
        , coalesce(record_date - base_date > $9::int, false) as is_stale_baseline
    from reasoned
    where is_watched
        or reason not in ('unchanged', 'below_threshold')
)
