//! Calls of `ref` as manifests write them.

use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// One call of `ref`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct RefArgs {
    /// Node's name.
    pub name: String,
    /// Package, where given.
    pub package: Option<String>,
    /// Version, where given.
    pub version: Option<Value>,
}

impl<'de> Deserialize<'de> for RefArgs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Written)
    }
}

/// A dictionary; in manifests before version 9, a list of the name, or of package and name.
struct Written;

impl<'de> Visitor<'de> for Written {
    type Value = RefArgs;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a call of `ref`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RefArgs, A::Error> {
        let mut call = RefArgs::default();
        let mut named = false;
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "name" => (call.name, named) = (map.next_value()?, true),
                "package" => call.package = map.next_value()?,
                "version" => call.version = map.next_value()?,
                _ => drop(map.next_value::<serde::de::IgnoredAny>()?),
            }
        }
        if named { Ok(call) } else { Err(A::Error::missing_field("name")) }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<RefArgs, A::Error> {
        let mut names: Vec<String> = Vec::new();
        while let Some(name) = items.next_element()? {
            names.push(name);
        }
        let name = names.pop().ok_or_else(|| A::Error::invalid_length(0, &self))?;
        Ok(RefArgs { name, package: names.pop(), version: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{from_value, json};

    #[test]
    fn reads_calls_of_every_manifest() {
        let call = |package: Option<&str>, version: Option<Value>| RefArgs {
            name: "orders".to_owned(),
            package: package.map(str::to_owned),
            version,
        };
        for (written, read) in [
            (json!(["orders"]), call(None, None)),
            (json!(["shop", "orders"]), call(Some("shop"), None)),
            (json!({"name": "orders", "package": null, "version": 2}), call(None, Some(json!(2)))),
        ] {
            assert_eq!(from_value::<RefArgs>(written).unwrap_or_else(|error| panic!("{error}")), read);
        }
        for wrong in [json!([]), json!({"package": "shop"}), json!("orders")] {
            assert!(from_value::<RefArgs>(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
