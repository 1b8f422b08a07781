{# What `information_schema.columns` says of a table or view, from the catalogs below it, in a fraction of the time.
   A relation without a schema is found as an unqualified name is: among temporary tables first. #}
{% macro postgres__get_columns_in_relation(relation) -%}
    {%- set name = _catalog_literal(relation, 'identifier') -%}
    {%- set described -%}
        with relation as (
            select oid
            from pg_catalog.pg_class
            where relname = {{ name }}
                and relkind in ('r', 'v', 'f', 'p')
                {%- if relation.schema %}
                and relnamespace = (
                    select oid from pg_catalog.pg_namespace where nspname = {{ _catalog_literal(relation, 'schema') }}
                )
                {%- else %}
                and pg_catalog.pg_table_is_visible(oid)
                {%- endif %}
        )

        , attributes as (
            select
                att.attname
                , att.attnum
                -- a domain is shown as the type it is made of
                , coalesce(nullif(typ.typbasetype, 0), typ.oid) as type_id
                , case typ.typtype when 'd' then typ.typtypmod else att.atttypmod end as modifier
            from relation
            inner join pg_catalog.pg_attribute as att
                on relation.oid = att.attrelid
            inner join pg_catalog.pg_type as typ
                on att.atttypid = typ.oid
            where att.attnum > 0
                and not att.attisdropped
        )

        select
            attributes.attname::text as column_name
            , case
                when typ.typelem <> 0 and typ.typlen = -1 then 'ARRAY'
                when typ.typnamespace = 'pg_catalog'::regnamespace then pg_catalog.format_type(typ.oid, null)
                else 'USER-DEFINED'
            end as data_type
            , information_schema._pg_char_max_length(type_id, modifier)::int as character_maximum_length
            , information_schema._pg_numeric_precision(type_id, modifier)::int as numeric_precision
            , information_schema._pg_numeric_scale(type_id, modifier)::int as numeric_scale
        from attributes
        inner join pg_catalog.pg_type as typ
            on attributes.type_id = typ.oid
        order by attributes.attnum
    {%- endset -%}
    {%- call statement('get_columns_in_relation', fetch_result=true) -%}{{ described }}{%- endcall -%}
    {{ return(sql_convert_columns_in_relation(load_result('get_columns_in_relation').table)) }}
{%- endmacro %}

{# The schema or the name of a relation, as the catalog has it: Postgres folds what stands in SQL without quotes. #}
{% macro _catalog_literal(relation, part) -%}
    {%- set name = relation[part] -%}
    {{ return(_quoted_literal(name if relation.quote_policy[part] else name.lower())) }}
{%- endmacro %}
