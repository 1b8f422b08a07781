-- who else was given rights on a new table by default privileges: its grants will be the old table's
select distinct
    case acl.grantee when 0 then 'public' else pg_catalog.format('%I', pg_catalog.pg_get_userbyid(acl.grantee)) end
from pg_catalog.pg_class as relation
cross join lateral pg_catalog.aclexplode(relation.relacl) as acl
where
    relation.oid = $1
    and acl.grantee <> relation.relowner
