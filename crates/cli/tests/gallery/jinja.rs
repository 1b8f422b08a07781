//! Templates.

use super::{check, parse};

#[test]
fn templates() {
    check(
        "jinja",
        &[
            parse(
                "a tag that isn't closed",
                &[("models/orders.sql", "select 1 as id\n{% if target.name == 'dev' %}\nlimit 10\n")],
            ),
            parse(
                "an end of another tag",
                &[("models/orders.sql", "select\n{% for it in [1, 2] %}\n  {{ it }}\n{% endif %}\n")],
            ),
            parse("braces that don't match", &[("models/orders.sql", "select *\nfrom {{ ref('orders') }\n")]),
            parse(
                "a macro that doesn't exist",
                &[
                    ("macros/cents.sql", "{% macro cents(it) %}{{ it }} / 100{% endmacro %}\n"),
                    ("models/orders.sql", "select\n    {{ cent('amount') }} as amount\n"),
                ],
            ),
            parse(
                "a package that doesn't exist",
                &[("models/orders.sql", "select {{ dbt_util.star('orders') }}\n")],
            ),
            parse(
                "a filter that doesn't exist",
                &[("models/orders.sql", "select '{{ 'a' | uper }}' as id\n")],
            ),
            parse(
                "an argument too many",
                &[
                    ("macros/cents.sql", "{% macro cents(it) %}{{ it }} / 100{% endmacro %}\n"),
                    ("models/orders.sql", "select\n    {{ cents('amount', 2) }} as amount\n"),
                ],
            ),
            parse(
                "an error that a macro raises",
                &[
                    (
                        "macros/cents.sql",
                        "{% macro cents(it) %}\n  {% if it is not string %}\n    {{ exceptions.raise_compiler_error('cents \
                     wants a column') }}\n  {% endif %}\n  {{ it }} / 100\n{% endmacro %}\n",
                    ),
                    ("models/orders.sql", "select\n    {{ cents(1) }} as amount\n"),
                ],
            ),
            parse(
                "a variable that isn't given",
                &[("models/orders.sql", "select '{{ var('country') }}' as id\n")],
            ),
            parse(
                "a macro file with a typo",
                &[("macros/cents.sql", "{% macro cents(it %}\n  {{ it }} / 100\n{% endmacro %}\n")],
            ),
            parse(
                "a model in Python",
                &[("models/orders.py", "def model(dbt, session):\n    return None\n")],
            ),
        ],
    );
}
