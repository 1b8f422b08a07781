//! `dbt_project.yml`, `profiles.yml`, `packages.yml`, `selectors.yml`.

use super::{Case, check, parse};

#[test]
fn files_beside_the_models() {
    check(
        "project_file",
        &[
            parse(
                "a misspelt key of dbt_project.yml",
                &[("dbt_project.yml", "name: shop\nprofile: shop\nmodel-path: [models]\n")],
            ),
            parse("a project without a name", &[("dbt_project.yml", "profile: shop\n")]),
            parse("a name with a minus", &[("dbt_project.yml", "name: my-shop\nprofile: shop\n")]),
            parse(
                "paths that are no list",
                &[("dbt_project.yml", "name: shop\nprofile: shop\nmodel-paths: models\n")],
            ),
            parse(
                "YAML that ends too soon",
                &[("dbt_project.yml", "name: shop\nprofile: shop\nmodel-paths: [models\nvars:\n  a: 1\n")],
            ),
            parse(
                "a variable of the environment that isn't set",
                &[("dbt_project.yml", "name: shop\nprofile: \"{{ env_var('SHOP_PROFILE') }}\"\n")],
            ),
            parse(
                "a version of dbt that we are not",
                &[("dbt_project.yml", "name: shop\nprofile: shop\nrequire-dbt-version: \">=1.99.0\"\n")],
            ),
            parse("a profile that isn't there", &[("dbt_project.yml", "name: shop\nprofile: shopp\n")]),
            Case { name: "a target that isn't there", files: &[], command: "parse --target prd" },
            parse(
                "a profile for another database",
                &[(
                    "profiles.yml",
                    "shop:\n  outputs:\n    default:\n      type: snowflake\n      account: x\n",
                )],
            ),
            parse(
                "a package that isn't installed",
                &[("packages.yml", "packages:\n  - package: dbt-labs/dbt_utils\n    version: 1.3.0\n")],
            ),
            parse(
                "a selector of no known shape",
                &[(
                    "selectors.yml",
                    "selectors:\n  - name: nightly\n    definition:\n      unions:\n        - tag:nightly\n",
                )],
            ),
        ],
    );
}
