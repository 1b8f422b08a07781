with

source as (

    select * from {{ source('raw', 'raw_organizations') }}

)

, trimmed as (

    select
        {{ readable_text('organization_id') }} as organization_id
        , {{ readable_text('first_payment_date') }} as first_payment_date
        , {{ readable_text('last_payment_date') }} as last_payment_date
        , {{ readable_text('legal_entity_country_code') }} as legal_entity_country_code
        , {{ readable_text('count_total_contracts_active') }} as count_total_contracts_active
        , {{ readable_text('created_date') }} as created_date
        , _loaded_at as loaded_at
        , _business_date as business_date
    from source

)

, read as (

    select
        organization_id
        , {{ readable_date('first_payment_date') }} as first_payment_date
        , {{ readable_date('last_payment_date') }} as last_payment_date
        , legal_entity_country_code
        , {{ readable_integer('count_total_contracts_active') }} as count_total_contracts_active
        , {{ readable_timestamp('created_date') }} as created_date
        , loaded_at
        , business_date
    from trimmed

)

select * from read
