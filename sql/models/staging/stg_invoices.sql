with

source as (

    select * from {{ source('raw', 'raw_invoices') }}

)

, read as (

    select
        {{ readable_text('invoice_id') }} as invoice_id
        , {{ readable_text('parent_invoice_id') }} as parent_invoice_id
        , {{ readable_text('transaction_id') }} as transaction_id
        , {{ readable_text('organization_id') }} as organization_id
        , {{ readable_text('type') }} as type
        , lower({{ readable_text('status') }}) as status
        , upper({{ readable_text('currency') }}) as currency
        , upper({{ readable_text('payment_currency') }}) as payment_currency
        , {{ readable_text('payment_method') }} as payment_method
        , {{ readable_numeric('amount') }} as amount
        , {{ readable_numeric('payment_amount') }} as payment_amount
        , {{ readable_numeric('fx_rate') }} as fx_rate
        , {{ readable_numeric('fx_rate_payment') }} as fx_rate_payment
        , _loaded_at as loaded_at
        , _business_date as business_date
    from source

)

select * from read
