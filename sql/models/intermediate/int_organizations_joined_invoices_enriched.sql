with

organizations as (

    select * from {{ ref('stg_organizations') }}

)

, invoices as (

    select * from {{ ref('int_invoices_enriched') }}

)

, totals as (

    select
        organization_id
        , count(*) as count_invoices
        , count(*) filter (where not is_final) as count_invoices_not_final
        , count(*) filter (where not is_status_known) as count_invoices_unknown_status
        , coalesce(sum(accrued_revenue), 0) as accrued_revenue
        , coalesce(sum(accepted_payment_amount), 0) as accepted_payment_amount
        , coalesce(sum(realized_revenue), 0) as realized_revenue
        , coalesce(sum(balance), 0) as balance
        , max(loaded_at) as loaded_at
    from invoices
    group by organization_id

)

-- An organization without invoices stays, with zeros.
, known_organizations as (

    select
        organizations.organization_id
        , organizations.organization_id as organization_label
        , true as is_known
        , organizations.first_payment_date
        , organizations.last_payment_date
        , organizations.legal_entity_country_code
        , organizations.count_total_contracts_active
        , organizations.created_date
        , coalesce(totals.count_invoices, 0) as count_invoices
        , coalesce(totals.count_invoices_not_final, 0) as count_invoices_not_final
        , coalesce(totals.count_invoices_unknown_status, 0) as count_invoices_unknown_status
        , coalesce(totals.accrued_revenue, 0) as accrued_revenue
        , coalesce(totals.accepted_payment_amount, 0) as accepted_payment_amount
        , coalesce(totals.realized_revenue, 0) as realized_revenue
        , coalesce(totals.balance, 0) as balance
        , greatest(organizations.loaded_at, totals.loaded_at) as loaded_at
    from organizations
    left join totals
        on organizations.organization_id = totals.organization_id

)

-- Invoices of organizations that the drop doesn't name are kept under one row, when there are any.
, unknown_organizations as (

    select
        'unknown' as organization_id
        , 'Invoices of unknown organizations' as organization_label
        , false as is_known
        , cast(null as date) as first_payment_date
        , cast(null as date) as last_payment_date
        , cast(null as text) as legal_entity_country_code
        , cast(null as bigint) as count_total_contracts_active
        , cast(null as timestamp) as created_date
        , cast(sum(totals.count_invoices) as bigint) as count_invoices
        , cast(sum(totals.count_invoices_not_final) as bigint) as count_invoices_not_final
        , cast(sum(totals.count_invoices_unknown_status) as bigint) as count_invoices_unknown_status
        , sum(totals.accrued_revenue) as accrued_revenue
        , sum(totals.accepted_payment_amount) as accepted_payment_amount
        , sum(totals.realized_revenue) as realized_revenue
        , sum(totals.balance) as balance
        , max(totals.loaded_at) as loaded_at
    from totals
    left join organizations
        on totals.organization_id = organizations.organization_id
    where organizations.organization_id is null
    having count(*) > 0

)

, all_organizations as (

    select * from known_organizations

    union all

    select * from unknown_organizations

)

-- A status that nobody has described yet can't be counted: no figure is better than a wrong one.
, guarded as (

    select
        organization_id
        , organization_label
        , is_known
        , first_payment_date
        , last_payment_date
        , legal_entity_country_code
        , count_total_contracts_active
        , created_date
        , count_invoices
        , count_invoices_not_final
        , count_invoices_unknown_status
        , case when count_invoices_unknown_status = 0 then accrued_revenue end as accrued_revenue
        , case when count_invoices_unknown_status = 0 then accepted_payment_amount end as accepted_payment_amount
        , case when count_invoices_unknown_status = 0 then realized_revenue end as realized_revenue
        , case when count_invoices_unknown_status = 0 then balance end as balance
        , loaded_at
    from all_organizations

)

select * from guarded
