{# Of a materialized view of Postgres nothing but its indexes can differ from its configuration. #}

{% macro postgres__describe_materialized_view(relation) -%}
    {{ return({'indexes': run_query(get_show_indexes_sql(relation))}) }}
{%- endmacro %}

{% macro postgres__get_materialized_view_configuration_changes(existing_relation, new_config) -%}
    {%- set compare = existing_relation.get_materialized_view_config_change_collection -%}
    {{ return(compare(postgres__describe_materialized_view(existing_relation), new_config.model)) }}
{%- endmacro %}

{% macro postgres__get_alter_materialized_view_as_sql(
    relation, configuration_changes, sql, existing_relation, backup_relation, intermediate_relation
) -%}
    {%- if not configuration_changes.requires_full_refresh -%}
        {{ return(postgres__update_indexes_on_materialized_view(relation, configuration_changes.indexes)) }}
    {%- endif -%}
    {{ return(get_replace_sql(existing_relation, relation, sql)) }}
{%- endmacro %}

{% macro postgres__update_indexes_on_materialized_view(relation, index_changes) -%}
    {%- do log('Applying UPDATE INDEXES to: ' ~ relation) -%}
    {%- set dropped, created = [], [] -%}
    {%- for index in index_changes | selectattr('action', 'equalto', 'drop') | map(attribute='context') -%}
        {%- do dropped.append(get_drop_index_sql(relation, index.name)) -%}
    {%- endfor -%}
    {%- for index in index_changes | selectattr('action', 'equalto', 'create') | map(attribute='context') -%}
        {%- do created.append(get_create_index_sql(relation, index.as_node_config)) -%}
    {%- endfor -%}
    {{ return((dropped + created) | join(';\n')) }}
{%- endmacro %}
