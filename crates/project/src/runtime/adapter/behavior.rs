//! `adapter.behavior`: flags of `dbt_project.yml`, off where nobody set them.

use crate::context::Context;
use jinja::{Object, Value};
use std::fmt;
use std::sync::Arc;

/// The flags by name.
pub(super) struct Behavior {
    /// Knows the project's flags.
    pub context: Arc<Context>,
}

impl fmt::Debug for Behavior {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Behavior")
    }
}

impl Object for Behavior {
    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        Some(Value::from_object(BehaviorFlag(self.context.shared().flags.is_on(key))))
    }
}

/// One flag: true or false by itself, and as `.no_warn`.
#[derive(Debug)]
struct BehaviorFlag(bool);

impl Object for BehaviorFlag {
    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        matches!(key, "no_warn" | "setting").then(|| Value::from(self.0))
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn is_true(self: &Arc<Self>) -> bool {
        self.0
    }

    fn render(self: &Arc<Self>, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(if self.0 { "True" } else { "False" })
    }
}
