-- what the platform remembers: loads of files, runs, and what became of each node

create table platform.runs (
    run_id uuid primary key
    , command text not null
    , arguments text
    , project text not null
    , target text
    , git_sha text
    , git_dirty boolean
    , platform_version text not null
    , host text
    , process_id integer
    , as_of date
    , started_at timestamptz not null default clock_timestamp()
    , finished_at timestamptz
    , status text not null default 'running'
    , nodes integer
    , failures integer
    , message text
    , constraint runs_status check (status in ('running', 'success', 'warn', 'error', 'interrupted'))
    , constraint runs_end check ((status = 'running') = (finished_at is null))
);

create index runs_started_at on platform.runs (started_at desc);

comment on table platform.runs is 'One record for each command that built, tested or loaded something.';
comment on column platform.runs.git_sha is 'Commit of the project, where it is a git repository.';
comment on column platform.runs.as_of is 'The business date that the run was for, where it had one.';

create table platform.node_results (
    run_id uuid not null references platform.runs on delete cascade
    , unique_id text not null
    , resource_type text not null
    , status text not null
    , started_at timestamptz
    , finished_at timestamptz
    , seconds double precision not null
    , rows_affected bigint
    , failures bigint
    , relation_name text
    , thread text
    , message text
    , constraint node_results_key primary key (run_id, unique_id)
);

create index node_results_history on platform.node_results (unique_id, started_at desc);

comment on table platform.node_results is 'What became of each node of each run.';
comment on column platform.node_results.failures is 'Tests: rows that failed.';

create table platform.loads (
    load_id bigint generated always as identity primary key
    , run_id uuid
    , source text not null
    , relation text not null
    , file text not null
    , size bigint not null
    , mtime timestamptz
    , sha256 text
    , business_date date
    , mode text
    , state text not null default 'running'
    , rows_physical bigint
    , rows_loaded bigint
    , rows_quarantined bigint
    , rows_blank bigint
    , seconds double precision
    , error text
    , started_at timestamptz not null default clock_timestamp()
    , finished_at timestamptz
    , constraint loads_state check (state in ('running', 'loaded', 'skipped', 'failed', 'interrupted'))
    , constraint loads_end check ((state = 'running') = (finished_at is null))
    , constraint loads_identity check (
        state <> 'loaded' or rows_physical = rows_loaded + rows_quarantined + rows_blank
    )
);

create index loads_file on platform.loads (relation, file, sha256);
create index loads_started_at on platform.loads (source, started_at desc);

comment on table platform.loads is 'The ledger of loaded files. Every record of a file is loaded, quarantined or blank.';
comment on column platform.loads.file is 'Path of the file, relative to the project.';
comment on column platform.loads.size is 'Bytes of the file as it lies on disk.';
