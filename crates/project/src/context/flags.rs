//! `flags`: what the command was told, under names in upper or lower case.

use crate::flags::Flags;
use jinja::{HostError, Object, State, Value, from_args};
use std::fmt;
use std::sync::Arc;

/// The `flags` of templates.
pub fn value(flags: &Flags) -> Value {
    Value::from_object(Shown(flags.clone()))
}

/// Switches that are off, and not unknown, where nobody said a thing.
const OFF: [&str; 5] = ["full_refresh", "store_failures", "fail_fast", "empty", "debug"];

#[derive(Debug)]
struct Shown(Flags);

impl Shown {
    fn find(&self, name: &str) -> Option<Value> {
        let told = self.0.get(name).map(jinja::value::from_json);
        told.or_else(|| OFF.iter().any(|off| off.eq_ignore_ascii_case(name)).then(|| Value::from(false)))
    }
}

impl Object for Shown {
    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.find(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        self.find(key)
    }

    fn call_method(
        self: &Arc<Self>,
        _state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, HostError> {
        if method == "get" {
            let (name, default): (String, Option<Value>) = from_args(args)?;
            return Ok(self.find(&name).or(default).unwrap_or_else(|| Value::from(())));
        }
        Err(HostError::new(jinja::HostErrorKind::UnknownMethod, format!("`flags` has no method `{method}`")))
    }

    fn render(self: &Arc<Self>, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("<flags>")
    }
}
