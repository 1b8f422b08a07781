with

organizations as (

    select * from {{ ref('dim_organizations') }}
    where is_known

)

, countries as (

    select
        legal_entity_country_code
        , count(*) as count_organizations
        , count(*) filter (where count_invoices = 0) as count_without_invoices
        , sum(balance) as balance
        , {{ adapter.quote(target.schema) }}.median(balance) as median_balance
        , min(balance) as smallest_balance
        , max(balance) as largest_balance
    from organizations
    group by legal_entity_country_code

)

select * from countries
order by balance desc nulls last
