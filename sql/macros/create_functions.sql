{#- Functions that people who come from Snowflake miss in Postgres, made before every run so that models,
    analyses and BI tools can call them. dbt's own function resources know no SQL aggregates and no table
    functions on Postgres, hence a macro. Made only where they are missing, so that runs side by side
    don't wait for each other. -#}
{% macro create_functions() %}
    {% if execute %}
        create schema if not exists {{ adapter.quote(target.schema) }};
        {{ create_median(adapter.quote(target.schema)) }}
        {{ create_split_to_table(adapter.quote(target.schema)) }}
    {% endif %}
{% endmacro %}

{#- `median(numeric)`: exact, ignores nulls, null for no values; the mean of the middle two. -#}
{% macro create_median(schema) %}
        do $install$
        begin
            if to_regprocedure('{{ schema }}.median(numeric)') is null then
                create or replace function {{ schema }}.median_of(vals numeric[]) returns numeric
                language sql immutable strict parallel safe as $body$
                    with

                    ordered as (

                        select
                            val
                            , row_number() over (order by val) as place
                            , count(*) over () as places
                        from unnest(vals) as val
                        where val is not null

                    )

                    select avg(val)
                    from ordered
                    where place in ((places + 1) / 2, places / 2 + 1)
                $body$;

                create aggregate {{ schema }}.median(numeric) (
                    sfunc = array_append
                    , stype = numeric[]
                    , initcond = '{}'
                    , finalfunc = {{ schema }}.median_of
                );

                comment on function {{ schema }}.median_of(numeric[]) is 'The median of an array; the last step of the aggregate median(numeric)';
                comment on aggregate {{ schema }}.median(numeric) is 'The exact median: the middle value, or the mean of the middle two; nulls are ignored';
            end if;
        end
        $install$;
{% endmacro %}

{#- `split_to_table(text, text)`: the parts of a text as rows, counted from 1. -#}
{% macro create_split_to_table(schema) %}
        do $install$
        begin
            if to_regprocedure('{{ schema }}.split_to_table(text, text)') is null then
                create function {{ schema }}.split_to_table(input text, separator text)
                returns table (index bigint, value text)
                language sql immutable parallel safe as $body$
                    select
                        part.place
                        , part.value
                    from unnest(string_to_array(input, separator)) with ordinality as part(value, place)
                $body$;

                comment on function {{ schema }}.split_to_table(text, text) is 'The parts of a text between separators, one row each, counted from 1';
            end if;
        end
        $install$;
{% endmacro %}
