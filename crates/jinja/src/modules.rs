//! Python's modules for templates: `datetime`, `re`, `itertools`, `pytz`.

use std::cmp::Ordering;

use minijinja::Value;
use minijinja::value::DynObject;

use crate::python::Result;
use crate::syntax::ast::BinaryOperator;

/// `repr` of a module's object, where it differs from `str`.
pub(crate) fn repr(_: &DynObject) -> Option<String> {
    None
}

/// The type's name of a module's object.
pub(crate) fn type_of(_: &DynObject) -> Option<&'static str> {
    None
}

/// Whether a module's object is data, which nobody can call.
pub(crate) fn is_data(_: &DynObject) -> bool {
    false
}

/// `a == b` of modules' objects.
pub(crate) fn equal(_: &Value, _: &Value) -> Option<bool> {
    None
}

/// The order of modules' objects.
pub(crate) fn order(_: &Value, _: &Value) -> Option<Result<Ordering>> {
    None
}

/// Arithmetic of modules' objects.
pub(crate) fn arithmetic(_: BinaryOperator, _: &Value, _: &Value) -> Option<Result<Value>> {
    None
}

/// `-value` of modules' objects.
pub(crate) fn sign(_: &Value, _: bool) -> Option<Value> {
    None
}

/// `abs(value)` of modules' objects.
pub(crate) fn abs(_: &Value) -> Option<Value> {
    None
}

/// `format(value, spec)` of modules' objects.
pub(crate) fn format(_: &Value, _: &str) -> Option<Result<String>> {
    None
}

/// The modules by name.
pub(crate) fn all() -> [(&'static str, Value); 0] {
    []
}
