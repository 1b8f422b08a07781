{# A row a column of every wanted relation. A wanted relation without a name is a whole schema. #}
{% macro postgres__get_catalog_relations(information_schema, relations) -%}
    {%- set wanted = [] -%}
    {%- for relation in relations -%}
        {%- set name = _quoted_literal(relation.identifier) if relation.identifier else 'null' -%}
        {%- do wanted.append('(' ~ _quoted_literal(relation.schema) ~ ', ' ~ name ~ ')') -%}
    {%- endfor -%}
    {%- call statement('catalog', fetch_result=true) -%}
        with wanted (schema_name, relation_name) as (
            values
            {{ wanted | join('\n            , ') or '(null, null)' }}
        )

        , relations as (
            select
                rel.oid
                , nsp.nspname
                , rel.relname
                , rel.relowner
                , case
                    when rel.relkind = 'v' then 'VIEW'
                    when rel.relkind = 'm' then 'MATERIALIZED VIEW'
                    when rel.relpersistence = 't' then 'LOCAL TEMPORARY'
                    else 'BASE TABLE'
                end as kind
            from pg_catalog.pg_class as rel
            inner join pg_catalog.pg_namespace as nsp
                on rel.relnamespace = nsp.oid
            where rel.relkind in ('r', 'v', 'm', 'f', 'p')
                and not pg_catalog.pg_is_other_temp_schema(nsp.oid)
                and exists (
                    select
                    from wanted
                    where lower(wanted.schema_name) = lower(nsp.nspname)
                        and lower(coalesce(wanted.relation_name, rel.relname)) = lower(rel.relname)
                )
        )

        select
            current_database() as table_database
            , relations.nspname as table_schema
            , relations.relname as table_name
            , relations.kind as table_type
            , pg_catalog.obj_description(relations.oid, 'pg_class') as table_comment
            , att.attname as column_name
            , att.attnum as column_index
            , pg_catalog.format_type(att.atttypid, att.atttypmod) as column_type
            , pg_catalog.col_description(relations.oid, att.attnum) as column_comment
            , pg_catalog.pg_get_userbyid(relations.relowner) as table_owner
        from relations
        inner join pg_catalog.pg_attribute as att
            on relations.oid = att.attrelid
        where att.attnum > 0
            and not att.attisdropped
        order by relations.nspname, relations.relname, att.attnum
    {%- endcall -%}
    {{ return(load_result('catalog').table) }}
{%- endmacro %}

{# A row a relation of the schema: database, name, schema, type. #}
{% macro postgres__list_relations_without_caching(schema_relation) -%}
    {%- call statement('list_relations_without_caching', fetch_result=true) -%}
        with in_schema as (
            select oid, nspname
            from pg_catalog.pg_namespace
            where lower(nspname) = lower({{ _quoted_literal(schema_relation.schema) }})
        )

        , relations as (
            select
                rel.relname as name
                , in_schema.nspname as schema
                , case rel.relkind when 'v' then 'view' when 'm' then 'materialized_view' else 'table' end as type
            from in_schema
            inner join pg_catalog.pg_class as rel
                on in_schema.oid = rel.relnamespace
            where rel.relkind in ('r', 'p', 'v', 'm')
        )

        , functions as (
            select
                proc.proname as name
                , in_schema.nspname as schema
                , 'function' as type
            from in_schema
            inner join pg_catalog.pg_proc as proc
                on in_schema.oid = proc.pronamespace
            group by proc.proname, in_schema.nspname
        )

        select current_database() as database, name, schema, type from relations
        union all
        select current_database(), name, schema, type from functions
    {%- endcall -%}
    {{ return(load_result('list_relations_without_caching').table) }}
{%- endmacro %}


{# Which view reads which relation, a row a pair: a rewrite rule depends on what its view reads. #}
{% macro postgres__get_relations() -%}
    {%- call statement('relations', fetch_result=true) -%}
        with named as (
            select
                rel.oid
                , nsp.nspname
                , rel.relname
            from pg_catalog.pg_class as rel
            inner join pg_catalog.pg_namespace as nsp
                on rel.relnamespace = nsp.oid
            where nsp.nspname <> 'information_schema'
                and nsp.nspname !~ '^pg_'
        )

        select distinct
            reader.nspname as dependent_schema
            , reader.relname as dependent_name
            , read.nspname as referenced_schema
            , read.relname as referenced_name
        from pg_catalog.pg_depend as dependency
        inner join pg_catalog.pg_rewrite as rule
            on dependency.objid = rule.oid
        inner join named as reader
            on rule.ev_class = reader.oid
        inner join named as read
            on dependency.refobjid = read.oid
        where dependency.classid = 'pg_catalog.pg_rewrite'::regclass
            and dependency.refclassid = 'pg_catalog.pg_class'::regclass
            and reader.oid <> read.oid
        order by 1, 2, 3, 4
    {%- endcall -%}
    {{ return(load_result('relations').table) }}
{%- endmacro %}

{# The name it had before. #}
{% macro postgres_get_relations() -%}
    {{ return(postgres__get_relations()) }}
{%- endmacro %}
