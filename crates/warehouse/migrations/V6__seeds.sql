-- what seeds were loaded from, for those that are to be left alone until their files change

create table platform.seeds (
    relation text primary key
    , filenode oid not null
    , fingerprint text not null
    , loaded_at timestamptz not null default clock_timestamp()
);

comment on table platform.seeds is 'What each table of a seed with `skip_unchanged` was loaded from.';
comment on column platform.seeds.filenode is 'The table''s file after the load; emptying or remaking the table gives it another.';
comment on column platform.seeds.fingerprint is 'Digest of the seed''s file and of how it was read.';
