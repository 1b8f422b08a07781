{#- Every value is three letters, but for missing ones; `not_null` speaks about those. -#}
{% test three_letter_code(model, column_name) %}

select {{ column_name }} as value
from {{ model }}
where {{ column_name }} !~ '^[A-Za-z]{3}$' and {{ column_name }} != ''

{% endtest %}
