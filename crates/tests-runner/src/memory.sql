select
    pg_catalog.pg_size_bytes(pg_catalog.current_setting('work_mem')) as work_mem
    , pg_catalog.pg_size_bytes(pg_catalog.current_setting('shared_buffers')) as shared_buffers
    , pg_catalog.current_setting('max_parallel_workers')::bigint as parallel_workers
    , pg_catalog.current_setting('max_parallel_workers_per_gather')::bigint as parallel_workers_each
    , source not in ('default', 'configuration file') as is_chosen
from pg_catalog.pg_settings
where name = 'work_mem'
