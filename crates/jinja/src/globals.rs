//! The global names of Jinja2: `range`, `dict`, `namespace`, `cycler`, `joiner`, `lipsum`.

use std::fmt;
use std::sync::{Arc, Mutex};

use minijinja::value::{Object, ObjectRepr};
use minijinja::{State, Value};

use crate::error::{Error, ErrorKind};
use crate::eval::{Evaluated, Evaluator};
use crate::python::arguments::{Arguments, flag, integer, length};
use crate::python::dict::Dict;
use crate::python::function::{Method, NativeFunction};
use crate::python::lock;
use crate::python::methods::pairs;
use crate::python::namespace::Namespace;
use crate::python::range::Range;
use crate::python::undefined::{self, is_undefined};

/// The largest range that a template may make, as in Jinja2's sandbox.
const MAX_RANGE: usize = 100_000;

/// The globals by name.
pub(crate) fn all() -> [(&'static str, Value); 6] {
    [
        ("range", NativeFunction::of_type("range", range)),
        ("dict", NativeFunction::of_type("dict", dict)),
        ("namespace", NativeFunction::of_type("jinja2.utils.Namespace", namespace)),
        ("cycler", NativeFunction::of_type("jinja2.utils.Cycler", cycler)),
        ("joiner", NativeFunction::of_type("jinja2.utils.Joiner", joiner)),
        ("lipsum", NativeFunction::value("lipsum", lipsum)),
    ]
}

fn range(_: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    call.no_keywords()?;
    let bound = |at: usize| -> Result<i64, Error> {
        let value = integer(&call.positional[at])?;
        i64::try_from(value)
            .map_err(|_| Error::new(ErrorKind::Arithmetic, "Python int too large to convert to C ssize_t"))
    };
    let range = match call.positional.len() {
        1 => Range { start: 0, stop: bound(0)?, step: 1 },
        2 => Range { start: bound(0)?, stop: bound(1)?, step: 1 },
        3 => Range { start: bound(0)?, stop: bound(1)?, step: bound(2)? },
        0 => {
            let message = "range expected at least 1 argument, got 0";
            return Err(Error::new(ErrorKind::Type, message).into());
        }
        given => {
            let message = format!("range expected at most 3 arguments, got {given}");
            return Err(Error::new(ErrorKind::Type, message).into());
        }
    };
    if range.step == 0 {
        return Err(Error::new(ErrorKind::Value, "range() arg 3 must not be zero").into());
    }
    if range.len() > MAX_RANGE {
        let message =
            format!("Range too big. The sandbox blocks ranges larger than MAX_RANGE ({MAX_RANGE}).");
        return Err(Error::new(ErrorKind::Arithmetic, message).into());
    }
    Ok(Value::from_object(range))
}

/// `dict(mapping, key=value)`
fn dict(this: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    // Python asks for `keys` first.
    if let Some(source) = call.positional.first().filter(|it| is_undefined(it) && !this.is_chainable(it)) {
        return Err(undefined::error(source).into());
    }
    Ok(Dict::value(mapping("dict", call)?))
}

fn mapping(name: &str, call: &Arguments<'_>) -> Result<indexmap::IndexMap<Value, Value>, Error> {
    if call.positional.len() > 1 {
        let given = call.positional.len();
        let message = format!("{name} expected at most 1 argument, got {given}");
        return Err(Error::new(ErrorKind::Type, message));
    }
    let mut found = match call.positional.first() {
        Some(source) => pairs(source)?,
        None => indexmap::IndexMap::new(),
    };
    found.extend(call.keywords.iter().map(|(name, value)| (Value::from(name.clone()), value.clone())));
    Ok(found)
}

fn namespace(_: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    let attributes = mapping("namespace", call)?;
    Ok(Value::from_object(Namespace(Mutex::new(attributes))))
}

/// Jinja2's `cycler`: gives its items one after the other, for ever.
#[derive(Debug)]
struct Cycler {
    items: Vec<Value>,
    at: Mutex<usize>,
}

fn cycler(_: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    call.no_keywords()?;
    if call.positional.is_empty() {
        return Err(Error::new(ErrorKind::Type, "at least one item has to be provided").into());
    }
    let items = call.positional.to_vec();
    Ok(Value::from_object(Cycler { items, at: Mutex::new(0) }))
}

impl Object for Cycler {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        let object = || Value::from_dyn_object(self.clone());
        match key {
            "current" => self.items.get(*lock(&self.at)).cloned(),
            "pos" => Some(Value::from(*lock(&self.at))),
            "items" => Some(crate::value::tuple(self.items.clone())),
            "next" | "reset" => Some(Method::value(&object(), key)),
            _ => None,
        }
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        _: &[Value],
    ) -> Result<Value, minijinja::Error> {
        let mut at = lock(&self.at);
        match method {
            "next" => {
                let current = self.items.get(*at).cloned().unwrap_or_default();
                *at = (*at + 1) % self.items.len().max(1);
                Ok(current)
            }
            "reset" => {
                *at = 0;
                Ok(Value::from(()))
            }
            _ => Err(minijinja::ErrorKind::UnknownMethod.into()),
        }
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<jinja2.utils.Cycler object at {:p}>", Arc::as_ptr(self))
    }
}

/// Jinja2's `joiner`: nothing on the first call, then the separator.
#[derive(Debug)]
struct Joiner {
    separator: Value,
    used: Mutex<bool>,
}

fn joiner(_: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    let [separator] = call.bind(["sep"], 0)?;
    let separator = separator.unwrap_or(Value::from(", "));
    Ok(Value::from_object(Joiner { separator, used: Mutex::new(false) }))
}

impl Object for Joiner {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call(self: &Arc<Self>, _: &mut State<'_, '_>, _: &[Value]) -> Result<Value, minijinja::Error> {
        let used = std::mem::replace(&mut *lock(&self.used), true);
        Ok(if used { self.separator.clone() } else { Value::from("") })
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<jinja2.utils.Joiner object at {:p}>", Arc::as_ptr(self))
    }
}

/// Filler text; always the same words, so that the same input gives the same bytes.
fn lipsum(_: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    const WORDS: &str = "lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod \
                         tempor incididunt ut labore et dolore magna aliqua";
    let [n, html, min, max] = call.bind(["n", "html", "min", "max"], 0)?;
    let paragraphs = length(n.as_ref(), 5)?.min(10_000);
    let (min, max) = (length(min.as_ref(), 20)?, length(max.as_ref(), 100)?);
    let count = usize::midpoint(min, max).min(10_000);
    let words: Vec<&str> = WORDS.split_whitespace().cycle().take(count).collect();
    let mut paragraph = words.join(" ");
    if let Some(first) = paragraph.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    paragraph.push('.');
    let html = flag(html.as_ref(), true);
    let shown = if html { format!("<p>{paragraph}</p>") } else { paragraph };
    let text = vec![shown; paragraphs].join(if html { "\n" } else { "\n\n" });
    Ok(if html { Value::from_safe_string(text) } else { Value::from(text) })
}
