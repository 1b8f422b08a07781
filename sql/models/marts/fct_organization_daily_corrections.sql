-- Runs before the fact is touched, and keeps what the fact is about to overwrite. It can't `ref` the fact,
-- which comes after it, so it looks the relation up; before the first record there is none.
{{
    config(
        materialized='incremental'
        , incremental_strategy='append'
        , on_schema_change='append_new_columns'
        , full_refresh=false
    )
}}

{%- set fact = adapter.get_relation(
    database=this.database
    , schema=this.schema
    , identifier='fact_organization_daily_metrics'
) if execute %}

with

organizations as (

    select * from {{ ref('dim_organizations') }}

)

{% if fact %}

, recorded as (

    select
        organization_id
        , recorded_date
        , balance
        , loaded_at
    from {{ fact }}
    where recorded_date = {{ business_date() }}

)

{% else %}

, recorded as (

    select
        cast(null as text) as organization_id
        , cast(null as date) as recorded_date
        , cast(null as numeric) as balance
        , cast(null as timestamptz) as loaded_at
    where false

)

{% endif %}

, corrections as (

    select
        recorded.organization_id
        , recorded.recorded_date
        , recorded.balance as recorded_balance
        , recorded.loaded_at as recorded_loaded_at
        , organizations.balance as corrected_balance
        , organizations.loaded_at as corrected_at
    from recorded
    inner join organizations
        on recorded.organization_id = organizations.organization_id
    where recorded.balance is distinct from organizations.balance

)

select * from corrections
