-- whether a table holds what a fingerprint stands for, and nobody has emptied or remade it since
select exists (
    select
    from platform.seeds
    where
        relation = {relation}
        and filenode = pg_catalog.pg_relation_filenode({relation}::pg_catalog.regclass)
        and fingerprint = {fingerprint}
)
