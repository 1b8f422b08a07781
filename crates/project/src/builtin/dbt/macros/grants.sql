{# Grants (https://docs.getdbt.com/reference/resource-configs/grants). #}

{% macro apply_grants(relation, grant_config, should_revoke) -%}
    {{ return(adapter.dispatch('apply_grants', 'dbt')(relation, grant_config, should_revoke)) }}
{%- endmacro %}

{# Grants what is configured. Where the relation may have grants of before, first takes back what isn't, and leaves
   alone what is already as it should be. #}
{% macro default__apply_grants(relation, grant_config, should_revoke=true) -%}
    {%- if grant_config -%}
        {%- set held = adapter.standardize_grants_dict(run_query(get_show_grant_sql(relation))) if should_revoke else {} -%}
        {%- set statements = get_dcl_statement_list(relation, diff_of_two_dicts(held, grant_config), get_revoke_sql)
            + get_dcl_statement_list(relation, diff_of_two_dicts(grant_config, held), get_grant_sql) -%}
        {%- if statements -%}
            {%- do call_dcl_statements(statements) -%}
        {%- else -%}
            {%- do log('Grants on ' ~ relation.render() ~ ' are as configured') -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{% macro call_dcl_statements(dcl_statement_list) -%}
    {{ return(adapter.dispatch('call_dcl_statements', 'dbt')(dcl_statement_list)) }}
{%- endmacro %}

{% macro default__call_dcl_statements(dcl_statement_list) -%}
    {%- do _run_together(dcl_statement_list, 'grants') -%}
{%- endmacro %}

{% macro get_dcl_statement_list(relation, grant_config, get_dcl_macro) -%}
    {{ return(adapter.dispatch('get_dcl_statement_list', 'dbt')(relation, grant_config, get_dcl_macro)) }}
{%- endmacro %}

{# A statement a privilege; a statement for each grantee too, where the database takes one at a time. #}
{% macro default__get_dcl_statement_list(relation, grant_config, get_dcl_macro) -%}
    {%- set together = support_multiple_grantees_per_dcl_statement() -%}
    {%- set all = [] -%}
    {%- for privilege, grantees in grant_config.items() -%}
        {%- for group in ([grantees] if together and grantees else grantees | batch(1)) -%}
            {%- do all.append(get_dcl_macro(relation, privilege, group)) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(all) }}
{%- endmacro %}

{% macro support_multiple_grantees_per_dcl_statement() -%}
    {{ return(adapter.dispatch('support_multiple_grantees_per_dcl_statement', 'dbt')()) }}
{%- endmacro %}

{% macro default__support_multiple_grantees_per_dcl_statement() -%}
    {{ return(true) }}
{%- endmacro %}

{% macro get_grant_sql(relation, privilege, grantees) -%}
    {{ return(adapter.dispatch('get_grant_sql', 'dbt')(relation, privilege, grantees)) }}
{%- endmacro %}

{% macro default__get_grant_sql(relation, privilege, grantees) -%}
    {{ return(_dcl_text(['grant', privilege, 'on', relation, 'to'], grantees)) }}
{%- endmacro %}

{% macro get_revoke_sql(relation, privilege, grantees) -%}
    {{ return(adapter.dispatch('get_revoke_sql', 'dbt')(relation, privilege, grantees)) }}
{%- endmacro %}

{# These names come from the database, so they are quoted. #}
{% macro default__get_revoke_sql(relation, privilege, grantees) -%}
    {%- set names = [] -%}
    {%- for role in grantees %}{% do names.append(adapter.quote(role)) %}{% endfor -%}
    {{ return(_dcl_text(['revoke', privilege, 'on', relation, 'from'], names)) }}
{%- endmacro %}

{# The words with the relation among them, then the roles; a function is said to be one. #}
{% macro _dcl_text(words, roles) -%}
    {%- set relation = words[3] -%}
    {%- set words = words[:3] + (['function'] if relation.type == 'function' else []) + [relation.render(), words[4]] -%}
    {{ return(words | join(' ') ~ ' ' ~ roles | join(', ')) }}
{%- endmacro %}

{% macro get_show_grant_sql(relation) -%}
    {{ return(adapter.dispatch('get_show_grant_sql', 'dbt')(relation)) }}
{%- endmacro %}

{# Whether the relation may hold grants of before: it stood already, and is not a new one under the old name. #}
{% macro should_revoke(existing_relation, full_refresh_mode=true) -%}
    {{ return(true if existing_relation and (copy_grants() or not full_refresh_mode) else false) }}
{%- endmacro %}

{# Whether a new relation takes over the grants of the one it replaces. #}
{% macro copy_grants() -%}
    {{ return(adapter.dispatch('copy_grants', 'dbt')()) }}
{%- endmacro %}

{% macro default__copy_grants() -%}
    {{ return(true) }}
{%- endmacro %}
