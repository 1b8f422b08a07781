//! `namespace()`: an object whose attributes `set` can change from inside of a loop.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use indexmap::IndexMap;
use minijinja::Value;
use minijinja::value::{Object, ObjectRepr};

use super::{depth, lock, text};

/// Jinja2's `Namespace`.
#[derive(Debug, Default)]
pub(crate) struct Namespace(pub Mutex<IndexMap<Value, Value>>);

impl Drop for Namespace {
    fn drop(&mut self) {
        let pairs = std::mem::take(self.0.get_mut().unwrap_or_else(PoisonError::into_inner));
        depth::end(pairs.into_values());
    }
}

impl Object for Namespace {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        lock(&self.0).get(key).cloned()
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pairs = super::dict::Dict::value(lock(&self.0).clone());
        write!(f, "<Namespace {}>", text::repr(&pairs))
    }
}
