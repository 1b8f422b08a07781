{% macro ret_list() %}text{{ return([1,2]) }}more{% endmacro %}
{% macro ret_loop() %}{% for i in [1,2,3] %}{% if i == 2 %}{{ return(i) }}{% endif %}{% endfor %}{% endmacro %}
{% macro ret_none() %}a{% do return(none) %}b{% endmacro %}
{% macro no_ret() %} text {% endmacro %}
{% macro with_caller() %}[{{ caller() }}]{{ return('x') }}{% endmacro %}
{% macro call_ret() %}{% call with_caller() %}{{ return('inner') }}{% endcall %}after{% endmacro %}
{% macro call_plain() %}[{{ caller() }}]{% endmacro %}
{% macro call_ret2() %}{% set r %}{% call call_plain() %}{{ return('inner') }}{% endcall %}{% endset %}after:{{ r }}{% endmacro %}
{% macro nested() %}{% set x = ret_list() %}{{ x }}{{ x is string }}{% endmacro %}
{% macro rec(n) %}{% if n <= 0 %}{{ return([]) }}{% endif %}{{ return([n] + rec(n - 1)) }}{% endmacro %}
{% macro args(a, b=5) %}{{ a }}{{ b }}{% endmacro %}
{% macro kw() %}{{ kwargs }}{{ varargs }}{% endmacro %}
{% macro ret_in_set() %}{% set x %}{{ return('from set') }}{% endset %}z{% endmacro %}
{% macro mutates(l) %}{% do l.append(1) %}{% endmacro %}
{% macro outer_args() %}{{ args(1, 2, 3) }}{% endmacro %}
{% macro defaults(a, b=a) %}{{ b }}{% endmacro %}
{% macro ret_dict() %}{{ return({'a': [1, none]}) }}{% endmacro %}
{% macro two_ret() %}{{ return(1, 2) }}{% endmacro %}
{% macro calls_call() %}{% set v = call_plain %}{% call v() %}dyn{% endcall %}{% endmacro %}
{% macro callers_arg() %}{{ caller('p') }}{% endmacro %}
{% macro use_callers_arg() %}{% call(x) callers_arg() %}<{{ x }}>{% endcall %}{% endmacro %}
{% macro nested_caller() %}{% call call_plain() %}{% call call_plain() %}deep{% endcall %}{% endcall %}{% endmacro %}
{% macro ctx() %}{{ context['ret_list']() }}{{ context.get('nope', 'd') }}{% endmacro %}
{% macro pkg() %}{{ jproj.ret_list() }}{{ ret_list }}|{{ ret_list.name }}|{{ jproj.nope }}|{% endmacro %}
{% macro through_host() %}{% call call_plain() %}{{ host_calls(return, 'caught') }}{% endcall %}{% endmacro %}

{% macro deeper(x) %}
  {{ x.x.y }}
{% endmacro %}
{% macro deep_error(x) -%}
  {{ deeper(x) }}
{%- endmacro %}
{% macro boom_macro() %}
  {{ boom('database is down') }}
{% endmacro %}
{% macro forever() %}{{ forever() }}{% endmacro %}
{% macro forever_by_host() %}{{ host_calls(forever_by_host) }}{% endmacro %}
