-- What detection says of each record, for people and for tests: of all organizations or of $10; of all
-- records or, with $11, of those worth telling.
{detect}

select
    organization_id
    , record_date
    , value::text
    , base_date
    , base_value::text
    , base_currency
    , currency
    , label
    , ($12::text[])[segment] as segment
    , threshold::text
    , floor::text
    , outcome
    , kind
    , reason
    , ({percent})::text as change_percent
    , is_stale_baseline
    , abs(value - base_value)::text as difference
    , (threshold * reference)::text as needed
    , reference::text
from judged
where ($10::text is null or organization_id = $10)
    and (not $11 or outcome <> 'ok')
order by record_date, organization_id
