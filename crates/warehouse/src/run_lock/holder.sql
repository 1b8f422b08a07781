-- who holds an advisory lock; a bigint key is shown as its two halves
select
    format(
        '%s (server process %s, since %s UTC)'
        , coalesce(nullif(activity.application_name, ''), activity.usename::text, 'somebody')
        , held.pid
        , to_char(activity.backend_start at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS')
    ) as holder
from pg_catalog.pg_locks as held
left join pg_catalog.pg_stat_activity as activity
    on held.pid = activity.pid
where held.locktype = 'advisory'
    and held.granted
    and held.objsubid = 1
    and held.database = (select oid from pg_catalog.pg_database where datname = current_database())
    and (held.classid::bigint << 32 | held.objid::bigint) = $1
order by activity.backend_start
