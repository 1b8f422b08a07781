//! What reads what: `ref`, `source`, circles, names that two resources share.

use super::{Case, check, parse};

#[test]
fn references() {
    check(
        "references",
        &[
            parse(
                "a model that doesn't exist",
                &[
                    ("models/stg_orders.sql", "select 1 as id\n"),
                    ("models/orders.sql", "\n\nselect *\nfrom {{ ref('stg_order') }}\n"),
                ],
            ),
            parse(
                "a source that doesn't exist",
                &[
                    ("models/sources.yml", "sources:\n  - name: raw\n    tables:\n      - name: orders\n"),
                    ("models/orders.sql", "select * from {{ source('raw', 'order') }}\n"),
                ],
            ),
            parse(
                "a model that is switched off",
                &[
                    ("models/stg_orders.sql", "{{ config(enabled=false) }}\nselect 1 as id\n"),
                    ("models/orders.sql", "select * from {{ ref('stg_orders') }}\n"),
                ],
            ),
            parse(
                "a relationship to nothing",
                &[
                    ("models/orders.sql", "select 1 as id\n"),
                    (
                        "models/shop.yml",
                        "models:\n  - name: orders\n    columns:\n      - name: id\n        data_tests:\n          - relationships:\n              \
                     arguments:\n                to: ref('customers')\n                field: id\n",
                    ),
                ],
            ),
            Case {
                name: "models that read each other",
                files: &[
                    ("models/a.sql", "select * from {{ ref('c') }}\n"),
                    ("models/b.sql", "select * from {{ ref('a') }}\n"),
                    ("models/c.sql", "select * from {{ ref('b') }}\n"),
                ],
                command: "ls",
            },
            parse(
                "two models of one name",
                &[("models/a/orders.sql", "select 1 as id\n"), ("models/b/orders.sql", "select 2 as id\n")],
            ),
            parse(
                "two models of one alias",
                &[
                    ("models/orders.sql", "{{ config(alias='facts') }}\nselect 1 as id\n"),
                    ("models/sales.sql", "{{ config(alias='facts') }}\nselect 2 as id\n"),
                ],
            ),
            parse(
                "two macros of one name",
                &[
                    ("macros/a.sql", "{% macro cents(it) %}{{ it }}{% endmacro %}\n"),
                    ("macros/b.sql", "{% macro cents(it) %}{{ it }} / 100{% endmacro %}\n"),
                ],
            ),
            parse(
                "a private model of another group",
                &[
                    ("models/orders.sql", "{{ config(access='private', group='sales') }}\nselect 1 as id\n"),
                    ("models/report.sql", "select *\nfrom {{ ref('orders') }}\n"),
                    ("models/groups.yml", "groups:\n  - name: sales\n    owner: {name: Sales}\n"),
                ],
            ),
            parse(
                "a package that reads the root project's model of a name",
                &[
                    ("packages.yml", "packages:\n  - local: pk\n"),
                    ("dbt_packages/pk/dbt_project.yml", "name: pk\n"),
                    ("dbt_packages/pk/models/orders.sql", "{{ config(schema='pk') }}\nselect 1 as id\n"),
                    ("dbt_packages/pk/models/report.sql", "select * from {{ ref('orders') }}\n"),
                    ("models/orders.sql", "select 2 as id\n"),
                ],
            ),
        ],
    );
}
