-- what would be lost or broken if another table took this one's name: then its rows are replaced and not the table
with subject as (
    select
        relation.oid
        , relation.reltype
        , relation.relkind
        , relation.relowner
        , relation.relrowsecurity
        , relation.reltablespace
        , relation.relreplident
    from pg_catalog.pg_class as relation
    where relation.oid = $1
)

, shape as (
    select 'it is no ordinary table' as obstacle
    from subject
    where relkind <> 'r'
    union all
    select 'it belongs to another role'
    from subject
    where not pg_catalog.pg_has_role(relowner, 'usage')
    union all
    select 'it has row security, a tablespace or a replica identity of its own'
    from subject
    where
        relrowsecurity
        or reltablespace <> 0
        or relreplident <> 'd'
)

, attached as (
    select 'index ' || pg_catalog.format('%I', index_relation.relname) as obstacle
    from pg_catalog.pg_index as index
    inner join pg_catalog.pg_class as index_relation on index_relation.oid = index.indexrelid
    where index.indrelid = $1
    union all
    select 'constraint ' || pg_catalog.format('%I', conname)
    from pg_catalog.pg_constraint
    where conrelid = $1 or confrelid = $1
    union all
    select 'trigger ' || pg_catalog.format('%I', tgname)
    from pg_catalog.pg_trigger
    where
        tgrelid = $1
        and not tgisinternal
    union all
    select 'policy ' || pg_catalog.format('%I', polname)
    from pg_catalog.pg_policy
    where polrelid = $1
    union all
    select 'rule ' || pg_catalog.format('%I', rulename)
    from pg_catalog.pg_rewrite
    where ev_class = $1
    union all
    select 'statistics ' || pg_catalog.format('%I', stxname)
    from pg_catalog.pg_statistic_ext
    where stxrelid = $1
    union all
    select 'a publication'
    from pg_catalog.pg_publication_rel
    where prrelid = $1
    union all
    select 'inheritance'
    from pg_catalog.pg_inherits
    where inhrelid = $1 or inhparent = $1
    union all
    select 'a security label'
    from pg_catalog.pg_seclabel
    where
        objoid = $1
        and classoid = 'pg_catalog.pg_class'::pg_catalog.regclass
    union all
    select 'column ' || pg_catalog.format('%I', attname) || ' with settings of its own'
    from pg_catalog.pg_attribute
    where
        attrelid = $1
        and attnum > 0
        and not attisdropped
        and (attoptions is not null or attidentity <> '' or attnotnull or atthasdef)
)

-- views are bound anew; everything else that reads the table or its row type is an obstacle
, dependents as (
    select
        dependency.classid
        , dependency.objid
        , rule.ev_class
    from pg_catalog.pg_depend as dependency
    inner join subject
        on
            dependency.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
            and dependency.refobjid = subject.oid
            or dependency.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass
            and dependency.refobjid = subject.reltype
    left join pg_catalog.pg_rewrite as rule
        on
            dependency.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
            and rule.oid = dependency.objid
    where dependency.deptype = 'n'
)

, readers as (
    select distinct
        case
            when view_relation.oid is null then pg_catalog.pg_describe_object(dependents.classid, dependents.objid, 0)
            when view_relation.relkind <> 'v' then pg_catalog.pg_describe_object('pg_catalog.pg_class'::pg_catalog.regclass, view_relation.oid, 0)
            else 'view ' || view_relation.oid::pg_catalog.regclass::text || ' of another role'
        end as obstacle
    from dependents
    left join pg_catalog.pg_class as view_relation on view_relation.oid = dependents.ev_class
    where
        view_relation.oid is null
        or view_relation.oid <> $1
        and (view_relation.relkind <> 'v' or not pg_catalog.pg_has_role(view_relation.relowner, 'usage'))
)

select obstacle from shape
union all
select obstacle from attached
union all
select obstacle from readers
