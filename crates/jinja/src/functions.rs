//! Python's functions for hosts to hand out as global names: `set`, `zip`, `return`, and the modules.

use indexmap::IndexMap;
use minijinja::Value;

use crate::error::{Error, ErrorKind};
use crate::eval::{Evaluated, Evaluator, Flow};
use crate::python::arguments::Arguments;
use crate::python::dict::Dict;
use crate::python::function::NativeFunction;
use crate::python::iterate::{Generator, Items};
use crate::python::methods::collect;
use crate::python::set::Set;

/// `return(value)`: ends the innermost macro call with this value, through loops and call blocks.
pub fn return_function() -> Value {
    NativeFunction::value("return", return_value)
}

fn return_value(_: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    let [value] = call.bind(["data"], 1)?;
    Err(Flow::Return(value.unwrap_or_default()))
}

/// Python's `set(iterable)`.
pub fn set_type() -> Value {
    NativeFunction::of_type("set", set)
}

fn set(_: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    call.no_keywords()?;
    let [items] = call.bind(["iterable"], 0)?;
    Ok(Set::value(match items {
        Some(items) => collect(&items)?,
        None => indexmap::IndexSet::new(),
    }))
}

/// Python's `zip(*iterables)`.
pub fn zip_type() -> Value {
    NativeFunction::of_type("zip", zip)
}

fn zip(_: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    let mut sources = Vec::with_capacity(call.positional.len());
    for (at, source) in call.positional.iter().enumerate() {
        sources.push(Items::of(source).map_err(|_| {
            let message = format!("zip argument #{} must support iteration", at + 1);
            Error::new(ErrorKind::Type, message)
        })?);
    }
    Ok(Generator::value("zip.object", move || {
        let mut row = Vec::with_capacity(sources.len());
        for source in &mut sources {
            match source.next()? {
                Some(item) => row.push(item),
                None => return Ok(None),
            }
        }
        Ok((!row.is_empty()).then(|| crate::value::tuple(row)))
    }))
}

/// The variable `modules`: `datetime`, `re`, `itertools`, `pytz`.
pub fn modules() -> Value {
    let modules = crate::modules::all();
    let pairs = modules.into_iter().map(|(name, module)| (Value::from(name), module));
    Dict::value(pairs.collect::<IndexMap<_, _>>())
}
