-- one record for a run, one for each of its nodes
with run as (
    insert into platform.runs (
        run_id
        , command
        , arguments
        , project
        , target
        , git_sha
        , platform_version
        , process_id
        , as_of
        , started_at
        , finished_at
        , status
        , nodes
        , failures
    )
    values (
        $1
        , $2
        , $3
        , $4
        , $5
        , $6
        , $7
        , $8
        , $9
        , $10
        , clock_timestamp()
        , $11
        , $12
        , $13
    )
    on conflict (run_id) do nothing
    returning run_id
)

insert into platform.node_results (
    run_id
    , unique_id
    , resource_type
    , status
    , started_at
    , finished_at
    , seconds
    , rows_affected
    , failures
    , relation_name
    , thread
    , message
    , sample
)
select
    run.run_id
    , node.unique_id
    , node.resource_type
    , node.status
    , node.started_at
    , node.finished_at
    , node.seconds
    , node.rows_affected
    , node.failures
    , node.relation_name
    , node.thread
    , node.message
    , node.sample
from run
cross join jsonb_to_recordset($14::jsonb) as node (
    unique_id text
    , resource_type text
    , status text
    , started_at timestamptz
    , finished_at timestamptz
    , seconds double precision
    , rows_affected bigint
    , failures bigint
    , relation_name text
    , thread text
    , message text
    , sample jsonb
)
on conflict on constraint node_results_key do nothing
