with ranked as (
    select
        ctid as place
        , row_number() over later as rank
        , first_value(_file) over later as kept_file
        , first_value(_line) over later as kept_line
    from {beside}
    window later as (partition by {key} order by _file desc, _line desc)
)

delete from {beside} as beside
using ranked
where
    beside.ctid = ranked.place
    and ranked.rank > 1
returning
    beside._file
    , beside._line
    , ranked.kept_file
    , ranked.kept_line
