{# What `data_tests: [unique]` and the others call. A project replaces one by a macro `default__test_…`. #}

{% test unique(model, column_name) -%}
    {{ adapter.dispatch('test_unique', 'dbt')(model, column_name) }}
{%- endtest %}

{% test not_null(model, column_name) -%}
    {{ adapter.dispatch('test_not_null', 'dbt')(model, column_name) }}
{%- endtest %}

{% test accepted_values(model, column_name, values, quote=true) -%}
    {{ adapter.dispatch('test_accepted_values', 'dbt')(model, column_name, values, quote) }}
{%- endtest %}

{% test relationships(model, column_name, to, field) -%}
    {{ adapter.dispatch('test_relationships', 'dbt')(model, column_name, to, field) }}
{%- endtest %}
