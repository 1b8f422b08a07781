-- Every organization, those without an invoice included, has a record of the run's business date.
select organizations.organization_id
from {{ ref('dim_organizations') }} as organizations
left join {{ ref('fct_organization_daily_financials') }} as records
    on
        organizations.organization_id = records.organization_id
        and records.recorded_date = {{ business_date() }}
where records.organization_id is null
