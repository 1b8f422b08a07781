with

invoices as (

    select * from {{ ref('int_invoices_enriched') }}

)

, organizations as (

    select organization_id from {{ ref('stg_organizations') }}

)

, dimension as (

    select
        invoices.invoice_id
        , invoices.parent_invoice_id
        , invoices.transaction_id
        , invoices.organization_id
        , organizations.organization_id is not null as is_organization_known
        , invoices.type
        , invoices.status
        , invoices.is_final
        , invoices.currency
        , invoices.payment_currency
        , invoices.payment_method
        , invoices.amount
        , invoices.payment_amount
        , invoices.fx_rate
        , invoices.fx_rate_payment
        , invoices.accrued_revenue
        , invoices.accepted_payment_amount
        , invoices.realized_revenue
        , invoices.balance
        , invoices.loaded_at
        , invoices.business_date
    from invoices
    left join organizations
        on invoices.organization_id = organizations.organization_id

)

select * from dimension
