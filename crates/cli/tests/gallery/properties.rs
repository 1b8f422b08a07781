//! Properties files: what YAML says of models and their columns.

use super::{check, parse};

const ORDERS: (&str, &str) = ("models/orders.sql", "select 1 as id\n");

#[test]
fn properties() {
    check(
        "properties",
        &[
            parse(
                "a misspelt key of a model",
                &[ORDERS, ("models/shop.yml", "models:\n  - name: orders\n    descripton: All orders\n")],
            ),
            parse(
                "tests under `test:`",
                &[
                    ORDERS,
                    (
                        "models/shop.yml",
                        "models:\n  - name: orders\n    columns:\n      - name: id\n        test: [unique]\n",
                    ),
                ],
            ),
            parse(
                "configuration beside `config`",
                &[ORDERS, ("models/shop.yml", "models:\n  - name: orders\n    materialized: table\n")],
            ),
            parse(
                "a section that doesn't exist",
                &[ORDERS, ("models/shop.yml", "model:\n  - name: orders\n")],
            ),
            parse(
                "properties of a model that doesn't exist",
                &[ORDERS, ("models/shop.yml", "models:\n  - name: order\n    description: All orders\n")],
            ),
            parse(
                "a list where a mapping belongs",
                &[ORDERS, ("models/shop.yml", "models:\n  orders:\n    description: All orders\n")],
            ),
            parse(
                "a tab in YAML",
                &[ORDERS, ("models/shop.yml", "models:\n  - name: orders\n\tdescription: All orders\n")],
            ),
            parse(
                "Jinja without quotes in YAML",
                &[
                    ORDERS,
                    (
                        "models/shop.yml",
                        "\nmodels:\n  - name: orders\n    description: {{ doc('orders') }}\n",
                    ),
                ],
            ),
            parse(
                "one model described twice",
                &[
                    ORDERS,
                    ("models/a.yml", "models:\n  - name: orders\n"),
                    ("models/b.yml", "models:\n  - name: orders\n"),
                ],
            ),
            parse(
                "a key that stands twice",
                &[
                    ORDERS,
                    (
                        "models/shop.yml",
                        "models:\n  - name: orders\n    description: One\n    description: Another\n",
                    ),
                ],
            ),
            parse(
                "a test that doesn't exist",
                &[
                    ORDERS,
                    (
                        "models/shop.yml",
                        "models:\n  - name: orders\n    columns:\n      - name: id\n        data_tests: [uniqe]\n",
                    ),
                ],
            ),
            parse(
                "a test's arguments one level too far out",
                &[
                    ORDERS,
                    (
                        "models/shop.yml",
                        "models:\n  - name: orders\n    columns:\n      - name: id\n        data_tests:\n          - \
                     accepted_values:\n            values: [1, 2]\n",
                    ),
                ],
            ),
            parse(
                "a doc block that doesn't exist",
                &[
                    ORDERS,
                    ("models/shop.md", "{% docs orders %}\nAll orders.\n{% enddocs %}\n"),
                    (
                        "models/shop.yml",
                        "models:\n  - name: orders\n    description: \"{{ doc('order') }}\"\n",
                    ),
                ],
            ),
            parse(
                "a doc block that nothing shows",
                &[ORDERS, ("models/shop.md", "# Texts\n\n{% docs orders %}\nAll orders.\n{% enddocs %}\n")],
            ),
        ],
    );
}
