-- what became of each business date's drop: how the pipeline knows what is left to do

create table platform.drops (
    business_date date primary key
    , fingerprint text not null
    , state text not null default 'running'
    , run_id uuid
    , started_at timestamptz not null default clock_timestamp()
    , finished_at timestamptz
    , message text
    , constraint drops_state check (state in ('running', 'done', 'failed'))
    , constraint drops_end check ((state = 'running') = (finished_at is null))
);

comment on table platform.drops is 'One record for each business date that the pipeline worked on.';
comment on column platform.drops.fingerprint is 'Digest of the drop''s files and of the project: a drop is done as long as neither changes.';
