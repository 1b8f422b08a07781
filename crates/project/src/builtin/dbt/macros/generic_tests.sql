{# The four tests that every project has. Their text stands in the compiled tests. #}

{% macro default__test_unique(model, column_name) -%}
    {{ return(_counted_by(column_name, 'unique_field', model, 'where %s is not null', ['having count(*) > 1'])) }}
{%- endmacro %}

{# Failures that are kept are kept as whole rows. #}
{% macro default__test_not_null(model, column_name) -%}
    {%- set shown = '*' if should_store_failures() else column_name -%}
    {{ return(_plain_query([shown], model, ['where ' ~ column_name ~ ' is null'])) }}
{%- endmacro %}

{% macro default__test_accepted_values(model, column_name, values, quote=true) -%}
    {%- set accepted = [] -%}
    {%- for value in values %}{% do accepted.append(string_literal(value) if quote else value) %}{% endfor -%}
    {{ return(_query_with(
        {'all_values': _counted_by(column_name, 'value_field', model)},
        _plain_query(['*'], 'all_values', ['where value_field not in (\n    ' ~ accepted | join(',') ~ '\n)']),
    )) }}
{%- endmacro %}

{% macro default__test_relationships(model, column_name, to, field) -%}
    {%- set orphans = ['left join parent\n    on child.from_field = parent.to_field', 'where parent.to_field is null'] -%}
    {{ return(_query_with(
        {
            'child': _plain_query([column_name ~ ' as from_field'], model, ['where ' ~ column_name ~ ' is not null']),
            'parent': _plain_query([field ~ ' as to_field'], to),
        },
        _plain_query(['from_field'], 'child', orphans),
    )) }}
{%- endmacro %}

{# The values of a column, how often each is there. #}
{% macro _counted_by(column_name, label, from, where=none, having=[]) -%}
    {%- set filter = [where % column_name] if where else [] -%}
    {%- set columns = [column_name ~ ' as ' ~ label, 'count(*) as n_records'] -%}
    {{ return(_plain_query(columns, from, filter + ['group by ' ~ column_name] + having)) }}
{%- endmacro %}

{# A select with further clauses, a line each. #}
{% macro _plain_query(columns, from, clauses=[]) -%}
    {{ return((['select\n    ' ~ columns | join(',\n    '), 'from ' ~ from] + clauses) | join('\n')) }}
{%- endmacro %}

{# A query over named ones. #}
{% macro _query_with(named, query) -%}
    {%- set all = [] -%}
    {%- for name, text in named.items() %}{% do all.append(name ~ ' as (\n' ~ text ~ '\n)') %}{% endfor -%}
    {{ return('with ' ~ all | join(', ') ~ '\n' ~ query) }}
{%- endmacro %}
