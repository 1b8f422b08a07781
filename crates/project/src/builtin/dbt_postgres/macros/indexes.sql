{# Names of indexes are one name space with tables', and the old table has its indexes while the new one gets its own:
   a name says what the index is and when it was made, as a hash. #}
{% macro postgres__get_create_index_sql(relation, index_dict) -%}
    {%- set index = adapter.parse_index(index_dict) -%}
    {%- set parts = [
        'create unique index' if index.unique else 'create index',
        'if not exists',
        adapter.quote(index.render(relation)),
        'on ' ~ relation.render(),
        'using ' ~ index.type if index.type else '',
        '(' ~ index.columns | join(', ') ~ ')',
    ] -%}
    {{ return(parts | select | join(' ')) }}
{%- endmacro %}

{% macro postgres__get_drop_index_sql(relation, index_name) -%}
    {{ return('drop index if exists ' ~ adapter.quote(relation.schema) ~ '.' ~ adapter.quote(index_name)) }}
{%- endmacro %}

{# A row an index: name, method, whether it is unique, and its columns, one after the other with commas between. #}
{% macro postgres__get_show_indexes_sql(relation) -%}
    with described as (
        select
            named.relname as name
            , method.amname as method
            , index.indisunique as "unique"
            , (
                select string_agg(att.attname, ',' order by place.position)
                from unnest(index.indkey::smallint[]) with ordinality as place (attnum, position)
                inner join pg_catalog.pg_attribute as att
                    on index.indrelid = att.attrelid
                    and place.attnum = att.attnum
            ) as column_names
        from pg_catalog.pg_index as index
        inner join pg_catalog.pg_class as named
            on index.indexrelid = named.oid
        inner join pg_catalog.pg_am as method
            on named.relam = method.oid
        inner join pg_catalog.pg_class as indexed
            on index.indrelid = indexed.oid
        where indexed.relname = {{ _catalog_literal(relation, 'identifier') }}
            and indexed.relnamespace = (
                select oid from pg_catalog.pg_namespace where nspname = {{ _catalog_literal(relation, 'schema') }}
            )
    )

    select * from described order by name
{%- endmacro %}
