-- what a failed test found, for those who look at it later

alter table platform.node_results
    add column sample jsonb
    , add constraint node_results_sample check (sample is null or jsonb_typeof(sample) = 'array');

comment on column platform.node_results.sample is 'Failed tests: the names of the columns, then up to ten rows, as arrays of text.';
