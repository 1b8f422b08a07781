//! Sets: mutable, shared by reference, in the order of insertion.

use std::fmt;
use std::sync::{Arc, Mutex};

use indexmap::IndexSet;
use minijinja::Value;
use minijinja::value::{Enumerator, Object, ObjectRepr};

use super::{lock, text};

/// Python's `set`. Python's order of a set is arbitrary; ours is that of insertion.
#[derive(Debug, Default)]
pub(crate) struct Set(pub Mutex<IndexSet<Value>>);

impl Set {
    /// A new set as a value.
    pub(crate) fn value(items: IndexSet<Value>) -> Value {
        Value::from_object(Self(Mutex::new(items)))
    }

    /// The items now.
    pub(crate) fn items(&self) -> Vec<Value> {
        lock(&self.0).iter().cloned().collect()
    }

    /// A copy of the inner set.
    pub(crate) fn copy(&self) -> IndexSet<Value> {
        lock(&self.0).clone()
    }

    pub(crate) fn len(&self) -> usize {
        lock(&self.0).len()
    }

    pub(crate) fn contains(&self, item: &Value) -> bool {
        lock(&self.0).contains(item)
    }
}

impl Object for Set {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Iterable
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
