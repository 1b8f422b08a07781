with

records as (

    select * from {{ ref('fct_organization_daily_financials') }}

)

, compared as (

    select
        organization_id
        , organization_label
        , recorded_date
        , balance
        , lag(recorded_date) over organization as previous_date
        , lag(balance) over organization as previous_balance
        , row_number() over (partition by organization_id order by recorded_date desc) as age
    from records
    where balance is not null
    window organization as (partition by organization_id order by recorded_date)

)

, changes as (

    select
        organization_id
        , organization_label
        , previous_date
        , previous_balance
        , recorded_date
        , balance
        , balance - previous_balance as change
        , round(100 * {{ function('relative_change') }}(previous_balance, balance), 2) as change_percent
    from compared
    where
        age = 1
        and balance != previous_balance
        -- A product is exact, a quotient is rounded.
        and abs(balance - previous_balance) >= 0.5 * abs(previous_balance)

)

select * from changes
order by abs(change) desc, organization_id
