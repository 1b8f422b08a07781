//! Python-like values: mutable lists and dicts, and their conversions.

use indexmap::IndexSet;
use minijinja::Value;
use minijinja::value::ObjectRepr;

use crate::eval::Running;
use crate::python;
use crate::python::dict::Dict;
use crate::python::list::List;
use crate::python::set::Set;

pub use crate::python::json::{Layout, dumps, from_json, loads, to_json};

/// A new mutable list.
pub fn list(items: Vec<Value>) -> Value {
    List::value(items)
}

/// A new mutable dict, in this order.
pub fn dict(pairs: impl IntoIterator<Item = (Value, Value)>) -> Value {
    Dict::value(pairs.into_iter().collect())
}

/// A tuple.
pub fn tuple(items: Vec<Value>) -> Value {
    Value::from(minijinja::value::Tuple::new(items))
}

/// A new mutable set, in this order.
///
/// # Errors
/// Python's `TypeError` for an item that can't be in a set: a list, a dict, a set.
pub fn set(items: Vec<Value>) -> Result<Value, crate::Error> {
    items.iter().try_for_each(python::compare::hashable)?;
    Ok(Set::value(items.into_iter().collect::<IndexSet<_>>()))
}

/// A whole number as Python's `int`.
pub fn int(number: i128) -> Value {
    python::number::int(number)
}

/// Which list, dict or set a value is: two values with one identity are one object, `a is b`. None for others.
pub fn identity(value: &Value) -> Option<usize> {
    let list = value.downcast_object_ref::<List>().map(|it| std::ptr::from_ref(it).addr());
    let dict = || value.downcast_object_ref::<Dict>().map(|it| std::ptr::from_ref(it).addr());
    let set = || value.downcast_object_ref::<Set>().map(|it| std::ptr::from_ref(it).addr());
    list.or_else(dict).or_else(set)
}

/// The keys and values of a dict or another mapping, in their order; none for anything else.
pub fn pairs(value: &Value) -> Option<Vec<(Value, Value)>> {
    let object = value.as_object().filter(|it| it.repr() == ObjectRepr::Map)?;
    Some(object.try_iter_pairs()?.collect())
}

/// A moment as Python's aware `datetime`, in UTC.
pub fn moment(moment: chrono::DateTime<chrono::Utc>) -> Value {
    crate::modules::datetime::in_utc(moment)
}

/// A day of ISO form as Python's `date`; `None` for what is none, as `infinity`.
pub fn date_of(text: &str) -> Option<Value> {
    crate::modules::datetime::date_of_iso(text)
}

/// A moment of ISO form as Python's `datetime`, an aware one where an offset stands behind it; `None` for what is
/// none.
pub fn moment_of(text: &str) -> Option<Value> {
    crate::modules::datetime::of_iso(text)
}

/// The decimal of a text's digits as Python's `Decimal`; `None` for what is none.
pub fn decimal_of(text: &str) -> Option<Value> {
    crate::modules::decimal::parsed(text)
}

/// A float as the `Decimal` of its shortest digits: `Decimal(repr(float))`.
pub fn decimal_of_float(number: f64) -> Value {
    crate::modules::decimal::of_float(number)
}

/// A duration in microseconds as Python's `str(timedelta)`: `1 day, 0:00:00`.
pub fn duration_text(micros: i128) -> String {
    crate::modules::delta::text(micros)
}

/// Python's `format(value, spec)`.
///
/// An error for a specification that the value's type doesn't know.
pub fn format(value: &Value, spec: &str) -> Result<String, crate::Error> {
    python::spec::format(value, spec)
}

/// Whether a value is undefined, in either mode.
pub fn is_undefined(value: &Value) -> bool {
    python::undefined::is_undefined(value)
}

/// Python's `str(value)`.
pub fn to_str(value: &Value) -> String {
    python::text::to_str(value)
}

/// Python's `repr(value)`.
pub fn repr(value: &Value) -> String {
    python::text::repr(value)
}

/// Python's `repr` of a text.
pub fn repr_str(text: &str) -> String {
    python::text::repr_str(text)
}

/// Python's `repr` of a float.
pub fn float_repr(number: f64) -> String {
    python::number::float_repr(number)
}

/// The name of the value's Python type: `list`, `NoneType`.
pub fn type_name(value: &Value) -> String {
    python::kind::type_name(value).into_owned()
}

/// Python's `a == b`.
pub fn equal(a: &Value, b: &Value) -> bool {
    python::compare::equal(a, b)
}

/// The items that Python's iteration over the value gives; an error if there is none.
pub fn items(value: &Value) -> Result<Vec<Value>, crate::Error> {
    python::iterate::items(value)
}

/// The context in which the running template or macro looks its names up; host functions that need it call this.
pub fn context(state: &minijinja::State<'_, '_>) -> Option<Value> {
    state.get_extension::<Running>().map(|running| running.context.clone())
}
