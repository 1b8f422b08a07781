-- The records of a run carry the run's business date; the drop carries its own. Where they differ, somebody
-- ran an old date over a new drop, or no drop has come today.
{{ config(severity='warn') }}

select
    max(business_date) as business_date_of_the_drop
    , {{ business_date() }} as business_date_of_the_run
from {{ ref('stg_organizations') }}
having max(business_date) != {{ business_date() }}
