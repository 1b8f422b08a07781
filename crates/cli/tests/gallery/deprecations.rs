//! What dbt gives up: each kind once, and how often.

use super::{Case, check};

const FILES: &[(&str, &str)] = &[
    (
        "dbt_project.yml",
        "name: shop\nprofile: shop\ntarget-path: build\nmodels:\n  shop:\n    materialized: view\n",
    ),
    (
        "macros/old.sql",
        "{% macro pairs(a, b) %}{{ return(modules.itertools.product(a, b)) }}{% endmacro %}\n{% endmacro %}\n",
    ),
    ("models/orders.sql", "select 1 as id"),
    (
        "models/orders.yml",
        "models:\n  - name: orders\n    access: public\n    columns:\n      - name: id\n        tags: [key]\n        \
         data_tests:\n          - accepted_values: {values: [1]}\n          - unique: {severity: warn}\n",
    ),
];

#[test]
fn old_ways_of_saying_things() {
    check(
        "deprecations",
        &[
            Case { name: "old ways to say things", files: FILES, command: "parse" },
            Case {
                name: "silenced",
                files: FILES,
                command: "parse --warn-error-options {\"silence\":[\"Deprecations\"]}",
            },
            Case { name: "all warnings are errors", files: FILES, command: "parse --warn-error" },
        ],
    );
}
