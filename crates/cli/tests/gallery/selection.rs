//! `--select`, `--exclude`, `--selector` and other words of the command line.

use super::{Case, check};

const FILES: &[(&str, &str)] = &[
    ("models/stg_orders.sql", "{{ config(tags=['nightly']) }}\nselect 1 as id\n"),
    ("models/orders.sql", "select * from {{ ref('stg_orders') }}\n"),
];

#[test]
fn selection() {
    let case = |name, command| Case { name, files: FILES, command };
    check(
        "selection",
        &[
            case("a model that doesn't exist", "ls --select stg_order"),
            case("a tag that nothing has", "ls --select tag:nightli"),
            case("a method that doesn't exist", "ls --select tags:nightly"),
            case("a folder that doesn't exist", "ls --select path:models/mart"),
            case("a selector that isn't defined", "ls --selector nightly"),
            case("a state without a folder", "ls --select state:modified"),
            case("a type that doesn't exist", "ls --resource-type modle"),
            case("variables that are no YAML", "parse --vars {a"),
        ],
    );
}
