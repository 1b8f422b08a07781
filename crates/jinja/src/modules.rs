//! Python's modules for templates: `datetime`, `re`, `itertools`, `pytz`.

mod class;
mod date;
pub(crate) mod datetime;
pub(crate) mod decimal;
pub(crate) mod delta;
mod instance;
mod iso;
mod itertools;
mod pattern;
mod re;
mod regex_syntax;
mod strftime;
mod strptime;
mod time;
mod zone;

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use minijinja::Value;
use minijinja::value::{DynObject, Object, ObjectRepr};

use crate::error::{Error, ErrorKind};
use crate::python::Result;
use crate::syntax::ast::BinaryOperator;
use class::Class;
use date::Date;
use datetime::DateTime;
use decimal::Decimal;
use delta::Delta;
use instance::{Instance, Py};
use pattern::{Match, Pattern};
use time::Time;
use zone::Zone;

/// The modules by name.
pub(crate) fn all() -> [(&'static str, Value); 4] {
    [
        ("datetime", Module::value("datetime", datetime_member)),
        ("re", Module::value("re", re::member)),
        ("itertools", Module::value("itertools", itertools::member)),
        ("pytz", Module::value("pytz", zone::pytz_member)),
    ]
}

fn datetime_member(name: &str) -> Option<Value> {
    Some(match name {
        "datetime" => datetime::class(),
        "date" => date::class(),
        "time" => time::class(),
        "timedelta" => delta::class(),
        "timezone" => zone::class(),
        "UTC" => Py::value(Zone::utc()),
        "MINYEAR" => Value::from(1),
        "MAXYEAR" => Value::from(9999),
        _ => return None,
    })
}

/// A module: its members by name.
#[derive(Debug)]
struct Module {
    name: &'static str,
    member: fn(&str) -> Option<Value>,
}

impl Module {
    fn value(name: &'static str, member: fn(&str) -> Option<Value>) -> Value {
        Value::from_object(Self { name, member })
    }
}

impl Object for Module {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        (self.member)(key.as_str()?)
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<module '{}'>", self.name)
    }
}

/// Does the same for whichever type a module's object has; none if it is none of them.
macro_rules! each_type {
    ($object:expr, |$it:ident| $work:expr) => {{
        let object = $object;
        if let Some(Py($it)) = object.downcast_ref::<Py<DateTime>>() {
            Some($work)
        } else if let Some(Py($it)) = object.downcast_ref::<Py<Date>>() {
            Some($work)
        } else if let Some(Py($it)) = object.downcast_ref::<Py<Time>>() {
            Some($work)
        } else if let Some(Py($it)) = object.downcast_ref::<Py<Delta>>() {
            Some($work)
        } else if let Some(Py($it)) = object.downcast_ref::<Py<Decimal>>() {
            Some($work)
        } else if let Some(Py($it)) = object.downcast_ref::<Py<Zone>>() {
            Some($work)
        } else if let Some(Py($it)) = object.downcast_ref::<Py<Match>>() {
            Some($work)
        } else if let Some(Py($it)) = object.downcast_ref::<Py<Pattern>>() {
            Some($work)
        } else {
            None
        }
    }};
}

/// `repr` of a module's object, where it differs from `str`.
pub(crate) fn repr(object: &DynObject) -> Option<String> {
    each_type!(object, |it| it.repr())
}

/// The type's name of a module's object.
pub(crate) fn type_of(object: &DynObject) -> Option<&'static str> {
    if object.downcast_ref::<Class>().is_some() {
        return Some("type");
    }
    if object.downcast_ref::<Module>().is_some() {
        return Some("module");
    }
    each_type!(object, |it| it.type_name())
}

/// Whether a module's object is data, which nobody can call.
pub(crate) fn is_data(object: &DynObject) -> bool {
    each_type!(object, |_it| ()).is_some() || object.downcast_ref::<Module>().is_some()
}

fn of<T: Instance>(value: &Value) -> Option<&T> {
    value.downcast_object_ref::<Py<T>>().map(|py| &py.0)
}

/// `a == b` of modules' objects, or of a decimal and a number.
pub(crate) fn equal(a: &Value, b: &Value) -> Option<bool> {
    if let Some(result) = decimal::equal(a, b) {
        return Some(result);
    }
    if let (Some(a), Some(b)) = (of::<DateTime>(a), of::<DateTime>(b)) {
        return Some(a.equals(b));
    }
    if let (Some(a), Some(b)) = (of::<Date>(a), of::<Date>(b)) {
        return Some(a == b);
    }
    if let (Some(a), Some(b)) = (of::<Time>(a), of::<Time>(b)) {
        return Some(a.equals(b));
    }
    if let (Some(a), Some(b)) = (of::<Delta>(a), of::<Delta>(b)) {
        return Some(a == b);
    }
    if let (Some(a), Some(b)) = (of::<Zone>(a), of::<Zone>(b)) {
        return Some(a == b);
    }
    let a = a.as_object().filter(|object| is_data(object))?;
    let b = b.as_object().filter(|object| is_data(object))?;
    Some(a.type_name() == b.type_name() && std::ptr::eq(a, b))
}

/// The order of modules' objects, or of a decimal and a number.
pub(crate) fn order(a: &Value, b: &Value) -> Option<Result<Ordering>> {
    if let Some(order) = decimal::order(a, b) {
        return Some(order);
    }
    if let (Some(a), Some(b)) = (of::<DateTime>(a), of::<DateTime>(b)) {
        return Some(a.compare(b));
    }
    if let (Some(a), Some(b)) = (of::<Date>(a), of::<Date>(b)) {
        return Some(Ok(a.cmp(b)));
    }
    if let (Some(a), Some(b)) = (of::<Time>(a), of::<Time>(b)) {
        return Some(a.compare(b));
    }
    if let (Some(a), Some(b)) = (of::<Delta>(a), of::<Delta>(b)) {
        return Some(Ok(a.cmp(b)));
    }
    let mixed = of::<DateTime>(a).is_some() && of::<Date>(b).is_some()
        || of::<Date>(a).is_some() && of::<DateTime>(b).is_some();
    mixed.then(|| {
        let message = "can't compare datetime.datetime to datetime.date";
        Err(Error::new(ErrorKind::Type, message))
    })
}

/// Arithmetic of modules' objects; none if they have no such operation.
pub(crate) fn arithmetic(operator: BinaryOperator, a: &Value, b: &Value) -> Option<Result<Value>> {
    use BinaryOperator::{Add, Subtract};
    if let Some(result) = decimal::arithmetic(operator, a, b) {
        return Some(result);
    }
    if let Some(moment) = of::<DateTime>(a) {
        return match operator {
            Add => of::<Delta>(b).map(|delta| moment.plus(*delta)),
            Subtract => match (of::<Delta>(b), of::<DateTime>(b)) {
                (Some(delta), _) => Some(moment.plus(delta.negated())),
                (_, Some(other)) => Some(moment.since(other).map(Py::value)),
                _ => None,
            },
            _ => None,
        };
    }
    if let Some(date) = of::<Date>(a) {
        return match operator {
            Add => of::<Delta>(b).map(|delta| date.plus(*delta)),
            Subtract => match (of::<Delta>(b), of::<Date>(b)) {
                (Some(delta), _) => Some(date.plus(delta.negated())),
                (_, Some(other)) => Some(Ok(Py::value(date.since(*other)))),
                _ => None,
            },
            _ => None,
        };
    }
    match (of::<Delta>(a), of::<DateTime>(b), of::<Date>(b)) {
        (Some(delta), Some(moment), _) if operator == Add => Some(moment.plus(*delta)),
        (Some(delta), _, Some(date)) if operator == Add => Some(date.plus(*delta)),
        _ => delta::arithmetic(operator, a, b),
    }
}

/// `-value` of modules' objects.
pub(crate) fn sign(value: &Value, negative: bool) -> Option<Value> {
    if let Some(decimal) = decimal::decimal_of(value) {
        return Some(Py::value(decimal.signed(negative)));
    }
    let delta = of::<Delta>(value)?;
    Some(Py::value(if negative { delta.negated() } else { *delta }))
}

/// `abs(value)` of modules' objects.
pub(crate) fn abs(value: &Value) -> Option<Value> {
    if let Some(decimal) = decimal::decimal_of(value) {
        return Some(Py::value(decimal.absolute()));
    }
    let delta = of::<Delta>(value)?;
    Some(Py::value(if *delta < Delta::ZERO { delta.negated() } else { *delta }))
}

/// `format(value, spec)` of modules' objects: a date's specification is that of `strftime`.
pub(crate) fn format(value: &Value, spec: &str) -> Option<Result<String>> {
    if spec.is_empty() {
        return None;
    }
    let moment = match (of::<DateTime>(value), of::<Date>(value), of::<Time>(value)) {
        (Some(it), _, _) => it.clone(),
        (_, Some(it), _) => it.at_midnight(),
        (_, _, Some(it)) => it.on_day_one(),
        _ => return None,
    };
    Some(Ok(strftime::format(&moment, spec)))
}
