//! Lists: mutable, shared by reference.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use minijinja::Value;
use minijinja::value::{Enumerator, Object, ObjectRepr};

use super::{depth, lock, text};

/// Python's `list`.
#[derive(Debug, Default)]
pub(crate) struct List(pub Mutex<Vec<Value>>);

impl List {
    /// A new list as a value.
    pub(crate) fn value(items: Vec<Value>) -> Value {
        Value::from_object(Self(Mutex::new(items)))
    }

    /// The items now.
    pub(crate) fn items(&self) -> Vec<Value> {
        lock(&self.0).clone()
    }

    pub(crate) fn len(&self) -> usize {
        lock(&self.0).len()
    }

    pub(crate) fn get(&self, index: usize) -> Option<Value> {
        lock(&self.0).get(index).cloned()
    }
}

impl Drop for List {
    fn drop(&mut self) {
        depth::end(std::mem::take(self.0.get_mut().unwrap_or_else(PoisonError::into_inner)));
    }
}

impl Object for List {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get(key.as_usize()?)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.items())
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        Some(self.len())
    }

    fn call_method(
        self: &Arc<Self>,
        state: &mut minijinja::State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, minijinja::Error> {
        crate::eval::call_method_from_host(state, &Value::from_dyn_object(self.clone()), method, args)
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text::repr(&Value::from_dyn_object(self.clone())))
    }
}
