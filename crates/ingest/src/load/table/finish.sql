alter table {beside}
    alter column _loaded_at drop default
    , alter column _business_date drop default
    , alter column _file drop default
    , reset (autovacuum_enabled);

select pg_catalog.set_config(
    'default_statistics_target'
    , least(pg_catalog.current_setting('default_statistics_target')::int, {target})::text
    , true
);

analyze {beside};
