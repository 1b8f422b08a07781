//! Attributes and items, by Jinja2's rules: `a.b` tries the attribute first, `a['b']` the item first.

use minijinja::Value;
use minijinja::value::{DynObject, ObjectRepr};

use super::{Evaluated, Evaluator};
use crate::python::function::Method;
use crate::python::kind::{Kind, is_container};
use crate::python::methods;
use crate::python::slice::{self, Slice};
use crate::python::undefined::{self, Undefined};

impl Evaluator<'_, '_, '_> {
    /// `object.name`
    pub(crate) fn attribute(&self, object: &Value, name: &str) -> Evaluated<Value> {
        let found = match Kind::of(object) {
            Kind::Undefined(_) => return self.of_undefined(object),
            Kind::Dict(dict) => {
                if methods::is_method(object, name) {
                    Some(Method::value(object, name))
                } else {
                    dict.get_str(name)
                }
            }
            Kind::Object(it) => object_attribute(object, it, name),
            _ if methods::is_method(object, name) => Some(Method::value(object, name)),
            Kind::Range(range) => match name {
                "start" => Some(Value::from(range.start)),
                "stop" => Some(Value::from(range.stop)),
                "step" => Some(Value::from(range.step)),
                _ => None,
            },
            _ => None,
        };
        Ok(found.unwrap_or_else(|| Undefined::attribute(object, name, self.chainable())))
    }

    /// `object[key]`
    pub(crate) fn item(&self, object: &Value, key: &Value) -> Evaluated<Value> {
        let found = match Kind::of(object) {
            Kind::Undefined(_) => return self.of_undefined(object),
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
        Ok(found.unwrap_or_else(|| Undefined::item(object, key, self.chainable())))
    }

    /// `object[a:b:c]`
    pub(crate) fn slice(&self, object: &Value, bounds: [Option<Value>; 3]) -> Evaluated<Value> {
        if undefined::is_undefined(object) {
            return self.of_undefined(object);
        }
        let found = slice::slice(object, Slice::new(bounds)?)?;
        Ok(found.unwrap_or_else(|| {
            let hint = format!("{} can't be sliced", crate::python::kind::describe(object));
            Undefined::hint(hint, self.chainable())
        }))
    }

    /// Any attribute or item of an undefined value.
    fn of_undefined(&self, object: &Value) -> Evaluated<Value> {
        if self.chainable() {
            return Ok(object.clone());
        }
        Err(undefined::error(object).into())
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
