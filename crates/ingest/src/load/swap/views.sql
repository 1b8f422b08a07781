-- the views that read a table directly, each as the statement that defines it anew under its oid: what reads the view,
-- its owner, grants and comments stay. Names are qualified, since the search path is empty.
with direct as (
    select distinct rule.ev_class as oid
    from pg_catalog.pg_depend as dependency
    inner join pg_catalog.pg_rewrite as rule on rule.oid = dependency.objid
    where
        dependency.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
        and dependency.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
        and dependency.refobjid = $1
        and rule.ev_class <> $1
)

select
    pg_catalog.format(
        'create or replace view %s%s as %s'
        , view_relation.oid::pg_catalog.regclass
        , (
            select ' with (' || pg_catalog.string_agg(pg_catalog.format('%I = %L', option_name, option_value), ', ') || ')'
            from pg_catalog.pg_options_to_table(view_relation.reloptions)
        )
        , pg_catalog.pg_get_viewdef(view_relation.oid)
    ) as definition
from direct
inner join pg_catalog.pg_class as view_relation on view_relation.oid = direct.oid
where view_relation.relkind = 'v'
order by view_relation.oid
