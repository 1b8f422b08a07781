{#- Every value is three letters, but for missing ones; `not_null` speaks about those. -#}
{% test three_letter_code(model, column_name) %}

select {{ column_name }} as value
from {{ model }}
where (length({{ column_name }}) != 3 or {{ column_name }} ~ '[^A-Za-z]') and {{ column_name }} != ''

{% endtest %}
