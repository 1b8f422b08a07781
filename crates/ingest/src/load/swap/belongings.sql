-- grants, comments, options and owner of a table ($1), as statements that give them to another ($2, quoted)
with subject as (
    select
        relation.oid
        , relation.relacl
        , relation.relowner
        , relation.reloptions
    from pg_catalog.pg_class as relation
    where relation.oid = $1
)

, grantees as (
    select
        acl.privilege_type
        , acl.is_grantable
        , null::text as column_name
        , acl.grantee
    from subject
    cross join lateral pg_catalog.aclexplode(subject.relacl) as acl
    where acl.grantee <> subject.relowner
    union all
    select
        acl.privilege_type
        , acl.is_grantable
        , pg_catalog.format('%I', attribute.attname)
        , acl.grantee
    from subject
    inner join pg_catalog.pg_attribute as attribute on attribute.attrelid = subject.oid
    cross join lateral pg_catalog.aclexplode(attribute.attacl) as acl
    where not attribute.attisdropped
)

select
    1 as step
    , column_name as needs_column
    , pg_catalog.format(
        'grant %s%s on %s to %s%s'
        , privilege_type
        , ' (' || column_name || ')'
        , $2
        , case grantee when 0 then 'public' else pg_catalog.format('%I', pg_catalog.pg_get_userbyid(grantee)) end
        , case when is_grantable then ' with grant option' end
    ) as statement
from grantees
union all
select
    2
    , null
    , pg_catalog.format('comment on table %s is %L', $2, description)
from pg_catalog.pg_description
where
    classoid = 'pg_catalog.pg_class'::pg_catalog.regclass
    and objoid = $1
    and objsubid = 0
union all
select
    2
    , pg_catalog.format('%I', attribute.attname)
    , pg_catalog.format('comment on column %s.%I is %L', $2, attribute.attname, comment.description)
from pg_catalog.pg_description as comment
inner join pg_catalog.pg_attribute as attribute
    on
        attribute.attrelid = comment.objoid
        and attribute.attnum = comment.objsubid
where
    comment.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass
    and comment.objoid = $1
    and comment.objsubid > 0
union all
select
    3
    , null
    , pg_catalog.format('alter table %s set (%I = %L)', $2, option.option_name, option.option_value)
from subject
cross join lateral pg_catalog.pg_options_to_table(subject.reloptions) as option
union all
select
    4
    , null
    , pg_catalog.format('alter table %s owner to %I', $2, pg_catalog.pg_get_userbyid(relowner))
from subject
where relowner <> (select oid from pg_catalog.pg_roles where rolname = current_user)
order by 1, 3
