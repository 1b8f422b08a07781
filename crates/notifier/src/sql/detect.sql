-- Judges every record of the days ($1, $2] against its baseline: that organization's latest valid record
-- that is at least $3 days older, however old. Exact: `numeric` and multiplication, never a division or
-- a float. One sort of the days near the window; the rest of the history is read only for organizations
-- that have no valid record just before it.
--   $4 thresholds, $5 floors: of the rule, then of each segment · $6 whether the measure is symmetric
--   $7 currency code · $8 decimals of the percentage · $9 age in days at which a baseline is flagged
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

, beyond as (
    select organization_id
    from near
    group by organization_id
    having bool_or(record_date > $1::date)
        and not bool_or(valid and record_date <= $1::date + 1 - $3::int)
)

, far as (
    select organization_id, max(record.record_date) as record_date
    from beyond
    join record using (organization_id)
    where record.record_date <= $1::date - $3::int - 3
        and abs(record.value) < 'Infinity'
    group by organization_id
)

, history as (
    select organization_id, record_date, value, currency, label, segment
    from near
    where valid
    union all
    select organization_id, record_date, record.value, record.currency, record.label, record.segment
    from far
    join record using (organization_id, record_date)
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
    select distinct on (near.organization_id, near.record_date)
        near.organization_id, near.record_date, near.value, near.currency, near.label, near.segment
        , history.record_date as base_date
        , history.value as base_value
        , history.currency as base_currency
    from near
    left join history
        on history.organization_id = near.organization_id
        and history.record_date <= near.record_date - $3::int
    where not near.valid
        and near.record_date > $1::date
    order by near.organization_id, near.record_date, history.record_date desc nulls last
)

, compared as (
    select
        organization_id, record_date, value, currency, label, segment
        , base_date, base_value, base_currency
        , true as valid
    from paired
    where record_date > $1::date
    union all
    select
        organization_id, record_date, value, currency, label, segment
        , base_date, base_value, base_currency
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
    , case
        when reason in ('moved', 'below_threshold', 'below_floor') and base_value <> 0 then
            round(
                sign(value - base_value)
                * div(abs(value - base_value) * 100 * power(10::numeric, $8::int), reference)
                / power(10::numeric, $8::int)
                , $8::int
            )
    end as change_percent
    , coalesce(record_date - base_date > $9::int, false) as is_stale_baseline
from reasoned
