-- a run is recorded when it ends: columns that nothing can fill go

alter table platform.runs
    drop column host
    , drop column git_dirty;
