alter table {beside}
    alter column _loaded_at drop default
    , alter column _business_date drop default
    , alter column _file drop default
    , reset (autovacuum_enabled);

analyze {beside};
