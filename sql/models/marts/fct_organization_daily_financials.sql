-- This history is the one thing here that can't be computed again: it is only ever added to or corrected
-- for the run's own day, `--full-refresh` leaves it alone, and a new column is added to the rows that stand.
{{
    config(
        materialized='incremental'
        , alias='fact_organization_daily_metrics'
        , incremental_strategy='delete+insert'
        , unique_key=['organization_id', 'recorded_date']
        , indexes=[{'columns': ['organization_id', 'recorded_date'], 'unique': true}]
        , on_schema_change='append_new_columns'
        , full_refresh=false
    )
}}

-- depends_on: {{ ref('fct_organization_daily_corrections') }}

with

organizations as (

    select * from {{ ref('dim_organizations') }}

)

, records as (

    select
        organization_id
        , {{ business_date() }} as recorded_date
        , organization_label
        , count_invoices
        , count_invoices_not_final
        , accrued_revenue
        , accepted_payment_amount
        , realized_revenue
        , balance
        , loaded_at
    from organizations

)

{% if is_incremental() %}

, recorded as (

    select
        organization_id
        , balance
        , corrected_at
    from {{ this }}
    where recorded_date = {{ business_date() }}

)

, stamped as (

    select
        records.*
        , case
            when recorded.organization_id is null then cast(null as timestamptz)
            when records.balance is distinct from recorded.balance then records.loaded_at
            else recorded.corrected_at
        end as corrected_at
    from records
    left join recorded
        on records.organization_id = recorded.organization_id

)

{% else %}

, stamped as (

    select
        records.*
        , cast(null as timestamptz) as corrected_at
    from records

)

{% endif %}

select * from stamped
