//! Objects of modules as values: attributes and methods by name.

use std::fmt;
use std::sync::Arc;

use minijinja::value::{DynObject, Object, ObjectRepr};
use minijinja::{State, Value};

use crate::eval::{Evaluated, Evaluator, split_arguments};
use crate::python::arguments::Arguments;
use crate::python::function::Method;

/// A type of one of the modules.
pub(super) trait Instance: fmt::Debug + Send + Sync + Sized + 'static {
    /// The type's full name in Python.
    const TYPE: &'static str;
    /// Its methods.
    const METHODS: &'static [&'static str];

    /// An attribute that is no method.
    fn attribute(&self, name: &str) -> Option<Value>;

    /// Calls one of [`Instance::METHODS`]; `this` is the value itself.
    fn method(
        &self,
        this: &Value,
        evaluator: &mut Evaluator<'_, '_, '_>,
        call: &Arguments<'_>,
    ) -> Evaluated<Value>;

    /// Python's `str`.
    fn str(&self) -> String;

    /// Python's `repr`.
    fn repr(&self) -> String;

    /// An item (`match[1]`).
    fn item(&self, key: &Value) -> Option<Value> {
        self.attribute(key.as_str()?)
    }

    /// The type's name of this value.
    fn type_name(&self) -> &'static str {
        Self::TYPE
    }

    /// The order among values of this type, for their place as keys of dicts and in sets.
    fn key_order(&self, other: &Self) -> std::cmp::Ordering {
        self.repr().cmp(&other.repr())
    }

    /// Its type as a value, whose methods and attributes Python finds on each object as well.
    fn class() -> Option<Value> {
        None
    }

    /// Whether it counts as true.
    fn is_true(&self) -> bool {
        true
    }
}

/// A value of an [`Instance`].
#[derive(Debug)]
pub(super) struct Py<T>(pub T);

impl<T: Instance> Py<T> {
    pub(super) fn value(instance: T) -> Value {
        Value::from_object(Self(instance))
    }
}

impl<T: Instance> Object for Py<T> {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match key.as_str() {
            Some(name) => self.get_value_by_str(name),
            None => self.0.item(key),
        }
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        if T::METHODS.contains(&key) {
            return Some(Method::value(&Value::from_dyn_object(self.clone()), key));
        }
        let own = self.0.attribute(key).or_else(|| self.0.item(&Value::from(key)));
        own.or_else(|| T::class()?.as_object()?.get_value_by_str(key))
    }

    fn is_true(self: &Arc<Self>) -> bool {
        self.0.is_true()
    }

    fn call_method(
        self: &Arc<Self>,
        state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, minijinja::Error> {
        if !T::METHODS.contains(&method) {
            let class = T::class();
            if let Some(found) = class.as_ref().and_then(|it| it.as_object()?.get_value_by_str(method)) {
                return found.call(state, args);
            }
            return Err(minijinja::ErrorKind::UnknownMethod.into());
        }
        let (positional, keywords) = split_arguments(args);
        let call = Arguments { owner: "", function: method, positional: &positional, keywords: &keywords };
        let this = Value::from_dyn_object(self.clone());
        Ok(self.0.method(&this, &mut Evaluator::inside(state), &call)?)
    }

    fn custom_cmp(self: &Arc<Self>, other: &DynObject) -> Option<std::cmp::Ordering> {
        other.downcast_ref::<Self>().map(|other| self.0.key_order(&other.0))
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.str())
    }
}
