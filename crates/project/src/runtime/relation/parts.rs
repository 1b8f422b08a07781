//! What a relation has for each part of its name: `path`, `quote_policy`, `include_policy`.

use crate::context::arguments::{Arguments, no_method, text};
use jinja::{Enumerator, HostError, Object, ObjectRepr, State, Value};
use std::fmt;
use std::sync::Arc;

/// A value for database, schema and identifier each.
#[derive(Debug)]
pub struct RelationParts {
    class: &'static str,
    parts: [Value; 3],
}

impl RelationParts {
    /// The parts, in order.
    pub const NAMES: [&'static str; 3] = ["database", "schema", "identifier"];

    /// As a value for templates; `class` is what it prints as.
    pub fn value(class: &'static str, parts: [Value; 3]) -> Value {
        Value::from_object(Self { class, parts })
    }

    /// As a plain dictionary.
    pub fn as_dict(&self, omit_none: bool) -> Value {
        let pairs = self.pairs().filter(|(_, value)| !(omit_none && value.is_none()));
        jinja::value::dict(pairs.map(|(name, value)| (Value::from(name), value.clone())))
    }

    fn part(&self, name: &str) -> Option<Value> {
        let at = Self::NAMES.iter().position(|known| *known == name)?;
        Some(self.parts[at].clone())
    }

    fn pairs(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        Self::NAMES.into_iter().zip(&self.parts)
    }
}

impl fmt::Display for RelationParts {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> =
            self.pairs().map(|(name, value)| format!("{name}={}", jinja::value::repr(value))).collect();
        write!(out, "{}({})", self.class, parts.join(", "))
    }
}

impl Object for RelationParts {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        self.part(key)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Str(&Self::NAMES)
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn call_method(
        self: &Arc<Self>,
        state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, HostError> {
        let dict = || self.as_dict(false);
        match method {
            "get_part" | "get_lowered_part" => {
                let [key] = Arguments::new(method, args)?.bind(["key"], 1)?;
                let part = text(key.as_ref()).and_then(|key| self.part(&key)).unwrap_or(Value::from(()));
                Ok(match part.as_str() {
                    Some(written) if method == "get_lowered_part" => Value::from(written.to_lowercase()),
                    _ => part,
                })
            }
            "to_dict" => Ok(dict()),
            "get" | "items" | "keys" | "values" => dict().call_method(state, method, args),
            _ => Err(no_method(self.class, method)),
        }
    }

    fn render(self: &Arc<Self>, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&**self, out)
    }
}
