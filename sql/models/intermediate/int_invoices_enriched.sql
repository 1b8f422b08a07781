with

invoices as (

    select * from {{ ref('stg_invoices') }}

)

, enrichment as (

    select * from {{ ref('invoice_enrichment') }}

)

, joined as (

    select
        invoices.*
        , enrichment.in_status_type is not null as is_status_known
        , enrichment.out_is_final as is_final
        , enrichment.out_amount_coefficient * invoices.amount as accrued_revenue
        , enrichment.out_payment_amount_coefficient * invoices.payment_amount as counted_payment_amount
    from invoices
    left join enrichment
        on invoices.status = enrichment.in_status_type

)

, valued as (

    select
        invoice_id
        , parent_invoice_id
        , transaction_id
        , organization_id
        , type
        , status
        , is_status_known
        , is_final
        , currency
        , payment_currency
        , payment_method
        , amount
        , payment_amount
        , fx_rate
        , fx_rate_payment
        , accrued_revenue
        , coalesce(counted_payment_amount, 0) as accepted_payment_amount
        , case when is_final then counted_payment_amount end as realized_revenue
        , accrued_revenue - coalesce(counted_payment_amount, 0) as balance
        , loaded_at
        , business_date
    from joined

)

select * from valued
