//! The checksum of a unit test, as dbt makes it: a state that dbt left finds the same tests modified.

use crate::python;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// Of everything that the test says: what `state:modified` compares.
pub(super) fn checksum(
    model: &str,
    versions: &Value,
    given: &[Value],
    expect: &Value,
    overrides: Option<&Value>,
) -> String {
    let input = |it: &Value| fixture("UnitTestInputFixture", it);
    let versions = match versions {
        Value::Null => "None".to_owned(),
        it => format!(
            "UnitTestNodeVersions(include={}, exclude={})",
            python::repr(&it["include"]),
            python::repr(&it["exclude"])
        ),
    };
    let overrides = overrides.map_or_else(
        || "None".to_owned(),
        |it| {
            format!(
                "UnitTestOverrides(macros={}, vars={}, env_vars={})",
                python::repr(&it["macros"]),
                python::repr(&it["vars"]),
                python::repr(&it["env_vars"])
            )
        },
    );
    let given_shown: Vec<String> = given.iter().map(input).collect();
    let mut data = format!(
        "{model}-{versions}-[{}]-{}-{overrides}",
        given_shown.join(", "),
        fixture("UnitTestOutputFixture", expect)
    );
    // Inputs from files count twice; what is expected from one doesn't.
    for it in given.iter().filter(|it| !it["fixture"].is_null()) {
        data.push('-');
        data.push_str(&python::text(&it["rows"]));
    }
    hex::encode(Sha256::digest(data.as_bytes()))
}

fn fixture(class: &str, value: &Value) -> String {
    let format = value["format"].as_str().unwrap_or_default();
    let variant = match format {
        "csv" => "CSV",
        "sql" => "SQL",
        _ => "Dict",
    };
    let input = match &value["input"] {
        Value::String(input) => format!("input={}, ", python::repr_text(input)),
        _ => String::new(),
    };
    format!(
        "{class}({input}rows={}, format=<UnitTestFormat.{variant}: '{format}'>, fixture={})",
        python::repr(&value["rows"]),
        python::repr(&value["fixture"])
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// What dbt Core 1.11 gave for the same tests.
    #[test]
    fn is_dbts() {
        let expect = json!({"rows": [{"id": 1}], "format": "dict", "fixture": null});
        let check = |given: Value, expected: &str| {
            assert_eq!(checksum("b", &Value::Null, &[given], &expect, None), expected);
        };
        check(
            json!({"input": "ref('a')", "rows": [{"id": 1}], "format": "dict", "fixture": null}),
            "0dd370483d99dbf24f9c2f9b5665354e8189453f81520634997f8716e601958a",
        );
        check(
            json!({"input": "ref('a')", "rows": [{"id": "1"}], "format": "csv", "fixture": "fx"}),
            "3eafd9ffe057aa6c1808d2e3c96f3efc3b07865176153b96e2dedc0205e8dcbf",
        );
    }
}
