-- a file that comes again with another content is a correction: of which load

alter table platform.loads
    add column corrects bigint references platform.loads on delete set null;

comment on column platform.loads.corrects is 'The load whose file had the same name and another content, where this one took its place.';
