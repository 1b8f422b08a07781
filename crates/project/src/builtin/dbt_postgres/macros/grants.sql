{# Grants end with the table they were given on. #}
{% macro postgres__copy_grants() -%}
    {{ return(false) }}
{%- endmacro %}

{# Privileges that this role has given to others: `grantee`, `privilege_type`. #}
{% macro postgres__get_show_grant_sql(relation) -%}
    {%- set of_function = relation.type == 'function' -%}
    {%- set schema, name = _catalog_literal(relation, 'schema'), _catalog_literal(relation, 'identifier') -%}
    select
        pg_catalog.pg_get_userbyid(privilege.grantee) as grantee
        , privilege.privilege_type
    from pg_catalog.{{ 'pg_proc' if of_function else 'pg_class' }} as owned
    cross join lateral pg_catalog.aclexplode(owned.{{ 'proacl' if of_function else 'relacl' }}) as privilege
    where owned.{{ 'proname' if of_function else 'relname' }} = {{ name }}
        and owned.{{ 'pronamespace' if of_function else 'relnamespace' }} = (
            select oid from pg_catalog.pg_namespace where nspname = {{ schema }}
        )
        and privilege.grantor = current_role::regrole
        and privilege.grantee not in (0, current_role::regrole)
{%- endmacro %}
