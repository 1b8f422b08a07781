//! The arguments of a call, and Python's rules to bind them to parameters.

use std::sync::Arc;

use minijinja::Value;

use super::Result;
use super::kind::type_name;
use super::number::{Number, as_int};
use super::{undefined, wide};
use crate::error::{Error, ErrorKind};

/// Keyword arguments in the order of the call.
pub(crate) type Keywords = Vec<(Arc<str>, Value)>;

/// The arguments of a call to a native function.
pub(crate) struct Arguments<'a> {
    /// What Python puts before the function's name in its messages: `do_` of filters, `test_`, `str.` of methods.
    pub owner: &'a str,
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
            return Err(self.wrong_count(required, N));
        }
        for (slot, value) in bound.iter_mut().zip(self.positional) {
            *slot = Some(value.clone());
        }
        for (key, value) in self.keywords {
            let Some(at) = names.iter().position(|name| *name == &**key) else {
                return Err(self.unexpected(key, N));
            };
            if bound[at].replace(value.clone()).is_some() {
                let name = self.name();
                let message = format!("{name}() got multiple values for argument '{key}'");
                return Err(Error::new(ErrorKind::Type, message));
            }
        }
        let missing: Vec<String> =
            (0..required).filter(|at| bound[*at].is_none()).map(|at| format!("'{}'", names[at])).collect();
        if missing.is_empty() {
            return Ok(bound);
        }
        if self.is_method() {
            return Err(self.wrong_count(required, N));
        }
        let plural = if missing.len() == 1 { "" } else { "s" };
        let message = format!(
            "{}() missing {} required positional argument{plural}: {}",
            self.name(),
            missing.len(),
            missing.join(" and ")
        );
        Err(Error::new(ErrorKind::Type, message))
    }

    fn name(&self) -> String {
        format!("{}{}", self.owner, self.function)
    }

    /// Methods of built-in types have messages of their own.
    fn is_method(&self) -> bool {
        self.owner.ends_with('.')
    }

    fn unexpected(&self, key: &str, most: usize) -> Error {
        let name = self.name();
        let message = if self.is_method() && most <= 1 {
            format!("{name}() takes no keyword arguments")
        } else {
            format!("{name}() got an unexpected keyword argument '{key}'")
        };
        Error::new(ErrorKind::Type, message)
    }

    fn wrong_count(&self, required: usize, most: usize) -> Error {
        let given = self.positional.len();
        let (name, function) = (self.name(), self.function);
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        if !self.is_method() {
            return self.too_many(required, most);
        }
        let message = if most == 0 {
            format!("{name}() takes no arguments ({given} given)")
        } else if most == 1 && required == 1 {
            format!("{name}() takes exactly one argument ({given} given)")
        } else if most == required {
            format!("{function} expected {most} arguments, got {given}")
        } else if given < required {
            format!("{function} expected at least {required} argument{}, got {given}", plural(required))
        } else {
            format!("{function} expected at most {most} argument{}, got {given}", plural(most))
        };
        Error::new(ErrorKind::Type, message)
    }

    fn too_many(&self, required: usize, most: usize) -> Error {
        let takes = if required == most {
            format!("{most} positional argument{}", if most == 1 { "" } else { "s" })
        } else {
            format!("from {required} to {most} positional arguments")
        };
        let given = self.positional.len();
        let were = if given == 1 { "was" } else { "were" };
        let name = self.name();
        let message = format!("{name}() takes {takes} but {given} {were} given");
        Error::new(ErrorKind::Type, message)
    }

    /// Only positional arguments; an error for keywords.
    pub(crate) fn no_keywords(&self) -> Result<()> {
        if self.keywords.is_empty() {
            return Ok(());
        }
        let message = format!("{}() takes no keyword arguments", self.name());
        Err(Error::new(ErrorKind::Type, message))
    }
}

/// An integer argument.
pub(crate) fn integer(value: &Value) -> Result<i128> {
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
    if let Some(decimal) = crate::modules::decimal::decimal_of(value) {
        return Ok(Number::Float(decimal.float()));
    }
    Number::of(value).or_else(|| wide::float(value).map(Number::Float)).ok_or_else(|| {
        let message = format!("must be real number, not {}", type_name(value));
        Error::new(ErrorKind::Type, message)
    })
}
