//! Attributes and items, by Jinja2's rules: `a.b` tries the attribute first, `a['b']` the item first.

use minijinja::Value;
use minijinja::value::{DynObject, ObjectRepr};

use super::{Evaluated, Evaluator};
use crate::environment::UndefinedMode;
use crate::python::function::Method;
use crate::python::kind::{Kind, is_container, type_name};
use crate::python::methods;
use crate::python::slice::{self, Slice};
use crate::python::undefined::{self, Undefined};

impl Evaluator<'_, '_, '_> {
    /// `object.name`
    pub(crate) fn attribute(&self, object: &Value, name: &str) -> Evaluated<Value> {
        let found = match Kind::of(object) {
            Kind::Undefined => return self.attribute_of_undefined(object, name),
            Kind::Dict(dict) => {
                if methods::is_method(object, name) {
                    Some(Method::value(object, name))
                } else {
                    dict.get_str(name)
                }
            }
            Kind::Object(it) => object_attribute(object, it, name),
            _ if methods::is_method(object, name) => Some(Method::value(object, name)),
            Kind::Bool(_) | Kind::Int(_) | Kind::Float(_) => number_attribute(object, name),
            Kind::Range(range) => match name {
                "start" => Some(Value::from(range.start)),
                "stop" => Some(Value::from(range.stop)),
                "step" => Some(Value::from(range.step)),
                _ => None,
            },
            _ => None,
        };
        Ok(found.unwrap_or_else(|| {
            if name.starts_with("__") && name.ends_with("__") {
                unsafe_attribute(object, name, self.chainable())
            } else {
                Undefined::attribute(object, name, self.leaves_open(object))
            }
        }))
    }

    /// Whether what an object lacks is undefined to any depth. The host's own objects needn't have all that those of
    /// dbt have, so nothing is refused for that while a project is read.
    fn leaves_open(&self, object: &Value) -> bool {
        let is_the_hosts = matches!(Kind::of(object), Kind::Object(it) if !is_container(it));
        self.chainable() || is_the_hosts && self.env.undefined() == UndefinedMode::ParseTime
    }

    fn attribute_of_undefined(&self, object: &Value, name: &str) -> Evaluated<Value> {
        if self.is_chainable(object) {
            return Ok(Undefined::name(name.into(), true));
        }
        Err(undefined::error(object).into())
    }

    /// `object[key]`
    pub(crate) fn item(&self, object: &Value, key: &Value) -> Evaluated<Value> {
        let found = match Kind::of(object) {
            Kind::Undefined => return self.of_undefined(object),
            Kind::Dict(dict) => {
                let found = match key.as_str() {
                    Some(name) => dict.get_str(name),
                    None => dict.get(key),
                };
                found.or_else(|| method(object, key))
            }
            Kind::Object(it) => object_item(object, it, key),
            _ => slice::item(object, key).or_else(|| method(object, key)),
        };
        Ok(found.unwrap_or_else(|| Undefined::item(object, key, self.leaves_open(object))))
    }

    /// `object[a:b:c]`
    pub(crate) fn slice(&self, object: &Value, bounds: [Option<Value>; 3]) -> Evaluated<Value> {
        if undefined::is_undefined(object) {
            return self.of_undefined(object);
        }
        Ok(slice::slice(object, Slice::new(bounds)?)?)
    }

    /// Any item of an undefined value.
    fn of_undefined(&self, object: &Value) -> Evaluated<Value> {
        if self.is_chainable(object) {
            return Ok(object.clone());
        }
        Err(undefined::error(object).into())
    }
}

/// What Jinja2's sandbox keeps away from templates.
fn unsafe_attribute(object: &Value, name: &str, chainable: bool) -> Value {
    let owner = crate::python::text::repr_str(&type_name(object));
    let hint = format!("access to attribute '{name}' of {owner} object is unsafe.");
    Undefined::hint(hint, chainable)
}

fn number_attribute(number: &Value, name: &str) -> Option<Value> {
    match (name, number.is_integer()) {
        ("real", _) | ("numerator", true) => Some(number.clone()),
        ("imag", true) => Some(Value::from(0)),
        ("imag", false) => Some(Value::from(0.0)),
        ("denominator", true) => Some(Value::from(1)),
        _ => None,
    }
}

fn method(object: &Value, key: &Value) -> Option<Value> {
    let name = key.as_str()?;
    methods::is_method(object, name).then(|| Method::value(object, name))
}

fn object_attribute(object: &Value, it: &DynObject, name: &str) -> Option<Value> {
    // The host's plain containers behave as Python's: methods before keys.
    if is_container(it) && methods::is_method(object, name) {
        return Some(Method::value(object, name));
    }
    it.get_value_by_str(name)
        .or_else(|| methods::is_method(object, name).then(|| Method::value(object, name)))
}

fn object_item(object: &Value, it: &DynObject, key: &Value) -> Option<Value> {
    let found = match key.as_str() {
        Some(name) => it.get_value_by_str(name),
        None if it.repr() == ObjectRepr::Seq => {
            let length = it.enumerator_len()?;
            it.get_value(&Value::from(slice::index(key, length)?))
        }
        None => it.get_value(key),
    };
    found.or_else(|| method(object, key))
}
