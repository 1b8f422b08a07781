//! Configuration: of folders, of properties, of `config()`.

use super::{Case, check, parse};

const ORDERS: (&str, &str) = ("models/marts/orders.sql", "select 1 as id\n");

#[test]
fn configuration() {
    check(
        "configuration",
        &[
            parse(
                "a folder that isn't there",
                &[
                    ORDERS,
                    (
                        "dbt_project.yml",
                        "name: shop\nprofile: shop\nmodels:\n  shop:\n    mart:\n      +materialized: table\n",
                    ),
                ],
            ),
            parse(
                "a folder without the project's name before it",
                &[
                    ORDERS,
                    (
                        "dbt_project.yml",
                        "name: shop\nprofile: shop\nmodels:\n  marts:\n    +materialized: table\n",
                    ),
                ],
            ),
            parse(
                "a misspelt key in dbt_project.yml",
                &[
                    ORDERS,
                    (
                        "dbt_project.yml",
                        "name: shop\nprofile: shop\nmodels:\n  shop:\n    +materialised: table\n",
                    ),
                ],
            ),
            parse(
                "a misspelt key of `config` in properties",
                &[
                    ORDERS,
                    ("models/shop.yml", "models:\n  - name: orders\n    config:\n      enabld: false\n"),
                ],
            ),
            parse(
                "a misspelt key of `config()`",
                &[(
                    "models/orders.sql",
                    "{{ config(\n    materialized='incremental',\n    uniqe_key='id',\n) }}\n\nselect 1 as id\n",
                )],
            ),
            parse(
                "a value of the wrong type",
                &[("models/orders.sql", "{{ config(enabled='no') }}\n\nselect 1 as id\n")],
            ),
            parse(
                "a severity that doesn't exist",
                &[
                    ORDERS,
                    (
                        "models/shop.yml",
                        "models:\n  - name: orders\n    columns:\n      - name: id\n        data_tests:\n          - unique:\n              \
                     config: {severity: warning}\n",
                    ),
                ],
            ),
            parse(
                "a snapshot without a key",
                &[
                    ORDERS,
                    (
                        "snapshots/shop.yml",
                        "snapshots:\n  - name: orders_snapshot\n    relation: ref('orders')\n    config:\n      \
                     strategy: timestamp\n",
                    ),
                ],
            ),
            Case {
                name: "warnings that are errors",
                files: &[
                    ORDERS,
                    ("models/shop.yml", "models:\n  - name: orders\n    descripton: All orders\n"),
                ],
                command: "parse --warn-error",
            },
        ],
    );
}
