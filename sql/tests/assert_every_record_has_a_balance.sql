-- A record without a balance means an invoice of unknown status (or of no readable figure at all): nothing is
-- published until somebody describes the status in the seed and runs the day again.
select
    organization_id
    , recorded_date
from {{ ref('fct_organization_daily_financials') }}
where
    recorded_date = {{ business_date() }}
    and balance is null
