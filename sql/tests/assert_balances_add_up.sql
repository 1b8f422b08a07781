-- What all organizations owe is what all invoices owe: nothing is lost or doubled on the way, the invoices of
-- unknown organizations included. Holds unless a status is unknown, which has a test of its own.
with

invoices as (

    select
        count(*) as count_invoices
        , coalesce(sum(balance), 0) as balance
    from {{ ref('dim_invoices') }}

)

, organizations as (

    select
        coalesce(sum(count_invoices), 0) as count_invoices
        , coalesce(sum(balance), 0) as balance
        , coalesce(sum(count_invoices_unknown_status), 0) as count_invoices_unknown_status
    from {{ ref('dim_organizations') }}

)

select
    invoices.count_invoices as invoices_counted_one_by_one
    , organizations.count_invoices as invoices_counted_by_organization
    , invoices.balance as balance_of_invoices
    , organizations.balance as balance_of_organizations
from invoices
cross join organizations
where
    invoices.count_invoices != organizations.count_invoices
    or (organizations.count_invoices_unknown_status = 0 and invoices.balance != organizations.balance)
