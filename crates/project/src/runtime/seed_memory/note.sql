insert into platform.seeds (relation, filenode, fingerprint)
values (
    {relation}
    , pg_catalog.pg_relation_filenode({relation}::pg_catalog.regclass)
    , {fingerprint}
)
on conflict (relation) do update set
    filenode = excluded.filenode
    , fingerprint = excluded.fingerprint
    , loaded_at = excluded.loaded_at
