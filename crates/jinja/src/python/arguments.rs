//! The arguments of a call, and Python's rules to bind them to parameters.

use std::sync::Arc;

use minijinja::Value;

use super::Result;
use super::kind::type_name;
use super::number::{Number, as_int};
use super::undefined;
use crate::error::{Error, ErrorKind};

/// Keyword arguments in the order of the call.
pub(crate) type Keywords = Vec<(Arc<str>, Value)>;

/// The arguments of a call to a native function.
pub(crate) struct Arguments<'a> {
    /// The function's name, for messages.
    pub function: &'a str,
    pub positional: &'a [Value],
    pub keywords: &'a [(Arc<str>, Value)],
}

impl Arguments<'_> {
    /// Binds the arguments to parameters of these names, of which the first `required` must be given.
    pub(crate) fn bind<const N: usize>(
        &self,
        names: [&str; N],
        required: usize,
    ) -> Result<[Option<Value>; N]> {
        let mut bound = [const { None }; N];
        if self.positional.len() > N {
            return Err(self.too_many(required, N));
        }
        for (slot, value) in bound.iter_mut().zip(self.positional) {
            *slot = Some(value.clone());
        }
        for (key, value) in self.keywords {
            let Some(at) = names.iter().position(|name| *name == &**key) else {
                let message = format!("{}() got an unexpected keyword argument '{key}'", self.function);
                return Err(Error::new(ErrorKind::Type, message));
            };
            if bound[at].replace(value.clone()).is_some() {
                let message = format!("{}() got multiple values for argument '{key}'", self.function);
                return Err(Error::new(ErrorKind::Type, message));
            }
        }
        let missing: Vec<String> =
            (0..required).filter(|at| bound[*at].is_none()).map(|at| format!("'{}'", names[at])).collect();
        if missing.is_empty() {
            return Ok(bound);
        }
        let plural = if missing.len() == 1 { "" } else { "s" };
        let message = format!(
            "{}() missing {} required positional argument{plural}: {}",
            self.function,
            missing.len(),
            missing.join(" and ")
        );
        Err(Error::new(ErrorKind::Type, message))
    }

    fn too_many(&self, required: usize, most: usize) -> Error {
        let takes = if required == most {
            format!("{most} positional argument{}", if most == 1 { "" } else { "s" })
        } else {
            format!("from {required} to {most} positional arguments")
        };
        let given = self.positional.len();
        let were = if given == 1 { "was" } else { "were" };
        let message = format!("{}() takes {takes} but {given} {were} given", self.function);
        Error::new(ErrorKind::Type, message)
    }

    /// Only positional arguments; an error for keywords.
    pub(crate) fn no_keywords(&self) -> Result<()> {
        if self.keywords.is_empty() {
            return Ok(());
        }
        let message = format!("{}() takes no keyword arguments", self.function);
        Err(Error::new(ErrorKind::Type, message))
    }
}

/// An integer argument.
pub(crate) fn integer(value: &Value) -> Result<i128> {
    if undefined::is_undefined(value) {
        return Err(undefined::error(value));
    }
    as_int(value).ok_or_else(|| {
        let message = format!("'{}' object cannot be interpreted as an integer", type_name(value));
        Error::new(ErrorKind::Type, message)
    })
}

/// An optional integer argument that is a length or count; negative ones are 0.
pub(crate) fn length(value: Option<&Value>, default: usize) -> Result<usize> {
    match value {
        None => Ok(default),
        Some(value) => Ok(usize::try_from(integer(value)?.max(0)).unwrap_or(usize::MAX)),
    }
}

/// A string argument.
pub(crate) fn string<'a>(value: &'a Value, what: &str) -> Result<&'a str> {
    value.as_str().ok_or_else(|| {
        if undefined::is_undefined(value) {
            return undefined::error(value);
        }
        Error::new(ErrorKind::Type, format!("{what} must be str, not {}", type_name(value)))
    })
}

/// Whether an optional argument is true.
pub(crate) fn flag(value: Option<&Value>, default: bool) -> bool {
    value.map_or(default, Value::is_true)
}

/// A number argument.
pub(crate) fn number(value: &Value) -> Result<Number> {
    if undefined::is_undefined(value) {
        return Err(undefined::error(value));
    }
    Number::of(value).ok_or_else(|| {
        let message = format!("must be real number, not {}", type_name(value));
        Error::new(ErrorKind::Type, message)
    })
}
