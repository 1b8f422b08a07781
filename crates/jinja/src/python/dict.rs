//! Dicts: mutable, shared by reference, in the order of insertion.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use indexmap::{Equivalent, IndexMap};
use minijinja::Value;
use minijinja::value::{Enumerator, Object, ObjectRepr};

use super::{depth, lock, text};

/// Python's `dict`.
#[derive(Debug, Default)]
pub(crate) struct Dict(pub Mutex<IndexMap<Value, Value>>);

/// A string as the key of a look-up, without making a value of it.
struct Text<'a>(&'a str);

impl Hash for Text<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl Equivalent<Value> for Text<'_> {
    fn equivalent(&self, key: &Value) -> bool {
        key.as_str() == Some(self.0)
    }
}

impl Dict {
    /// A new dict as a value.
    pub(crate) fn value(pairs: IndexMap<Value, Value>) -> Value {
        Value::from_object(Self(Mutex::new(pairs)))
    }

    /// The pairs now.
    pub(crate) fn pairs(&self) -> Vec<(Value, Value)> {
        lock(&self.0).iter().map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    /// The keys now.
    pub(crate) fn keys(&self) -> Vec<Value> {
        lock(&self.0).keys().cloned().collect()
    }

    /// The values now.
    pub(crate) fn values(&self) -> Vec<Value> {
        lock(&self.0).values().cloned().collect()
    }

    pub(crate) fn len(&self) -> usize {
        lock(&self.0).len()
    }

    pub(crate) fn get(&self, key: &Value) -> Option<Value> {
        lock(&self.0).get(key).cloned()
    }

    pub(crate) fn get_str(&self, key: &str) -> Option<Value> {
        lock(&self.0).get(&Text(key)).cloned()
    }
}

impl Drop for Dict {
    fn drop(&mut self) {
        let pairs = std::mem::take(self.0.get_mut().unwrap_or_else(PoisonError::into_inner));
        depth::end(pairs.into_values());
    }
}

impl Object for Dict {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get(key)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        self.get_str(key)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::KeyValueIter(Box::new(self.pairs().into_iter()))
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

/// What a [`View`] shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shows {
    Keys,
    Values,
    Items,
}

/// Python's `dict_keys`, `dict_values`, `dict_items`: follows its dict.
#[derive(Debug)]
pub(crate) struct View {
    pub dict: Value,
    pub shows: Shows,
}

impl View {
    pub(crate) fn value(dict: &Value, shows: Shows) -> Value {
        Value::from_object(Self { dict: dict.clone(), shows })
    }

    /// What it shows now.
    pub(crate) fn items(&self) -> Vec<Value> {
        let Some(dict) = self.dict.downcast_object_ref::<Dict>() else {
            return Vec::new();
        };
        match self.shows {
            Shows::Keys => dict.keys(),
            Shows::Values => dict.values(),
            Shows::Items => dict.pairs().into_iter().map(pair).collect(),
        }
    }

    pub(crate) fn type_name(&self) -> &'static str {
        match self.shows {
            Shows::Keys => "dict_keys",
            Shows::Values => "dict_values",
            Shows::Items => "dict_items",
        }
    }
}

/// A pair as a tuple.
pub(crate) fn pair((key, value): (Value, Value)) -> Value {
    Value::from(minijinja::value::Tuple::from([key, value]))
}

impl Object for View {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Iterable
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.items())
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        self.dict.len()
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text::repr(&Value::from_dyn_object(self.clone())))
    }
}
