//! Native functions and bound methods as values.

use std::fmt;
use std::sync::Arc;

use minijinja::value::{DynObject, Object, ObjectRepr};
use minijinja::{State, Value};

use super::arguments::Arguments;
use super::dict::{Shows, View};
use super::iterate::Generator;
use super::namespace::Namespace;
use crate::eval::{Evaluator, Flow};

/// The code of a native function, filter or test.
pub(crate) type Native = fn(&mut Evaluator<'_, '_, '_>, &Arguments<'_>) -> Result<Value, Flow>;

/// A native function as a value.
pub(crate) struct NativeFunction {
    pub name: &'static str,
    pub call: Native,
    /// A type like `dict` or `range` prints as a class.
    pub is_type: bool,
}

impl NativeFunction {
    /// A function as a value.
    pub(crate) fn value(name: &'static str, call: Native) -> Value {
        Value::from_object(Self { name, call, is_type: false })
    }

    /// A type as a value.
    pub(crate) fn of_type(name: &'static str, call: Native) -> Value {
        Value::from_object(Self { name, call, is_type: true })
    }
}

impl fmt::Debug for NativeFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NativeFunction").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Object for NativeFunction {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call(self: &Arc<Self>, state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, minijinja::Error> {
        crate::eval::call_from_host(state, &Value::from_dyn_object(self.clone()), args)
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_type {
            write!(f, "<class '{}'>", self.name)
        } else {
            write!(f, "<function {} at {:p}>", self.name, Arc::as_ptr(self))
        }
    }
}

/// A method of a value, not called yet: `items.append`.
#[derive(Debug)]
pub(crate) struct Method {
    pub object: Value,
    pub name: Arc<str>,
}

impl Method {
    pub(crate) fn value(object: &Value, name: &str) -> Value {
        Value::from_object(Self { object: object.clone(), name: name.into() })
    }
}

impl Object for Method {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call(self: &Arc<Self>, state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, minijinja::Error> {
        crate::eval::call_method_from_host(state, &self.object, &self.name, args)
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let owner = super::kind::type_name(&self.object);
        let address = Arc::as_ptr(self);
        write!(f, "<built-in method {} of {owner} object at {address:p}>", self.name)
    }
}

/// The type's name of our own objects other than the containers.
pub(crate) fn type_of(object: &DynObject) -> Option<&'static str> {
    if let Some(view) = object.downcast_ref::<View>() {
        return Some(view.type_name());
    }
    if object.downcast_ref::<Generator>().is_some() {
        return Some("generator");
    }
    if object.downcast_ref::<Namespace>().is_some() {
        return Some("jinja2.utils.Namespace");
    }
    if let Some(function) = object.downcast_ref::<NativeFunction>() {
        return Some(if function.is_type { "type" } else { "function" });
    }
    if object.downcast_ref::<Method>().is_some() {
        return Some("builtin_function_or_method");
    }
    crate::eval::type_of(object).or_else(|| crate::modules::type_of(object))
}

/// Whether the value is `dict.keys()` or `dict.items()`, which know set operations.
pub(crate) fn is_set_view(value: &Value) -> bool {
    value.downcast_object_ref::<View>().is_some_and(|view| view.shows != Shows::Values)
}
