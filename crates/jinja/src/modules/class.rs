//! Types as values: `datetime.datetime` makes an object when called, and has class methods.

use std::fmt;
use std::sync::Arc;

use minijinja::value::{Object, ObjectRepr};
use minijinja::{State, Value};

use crate::eval::{Evaluator, split_arguments};
use crate::python::arguments::Arguments;
use crate::python::function::{Native, NativeFunction};

/// A type.
pub(super) struct Class {
    pub name: &'static str,
    /// What calling the type does.
    pub new: Native,
    /// Class methods by name.
    pub methods: &'static [(&'static str, Native)],
    /// Other attributes.
    pub attribute: fn(&str) -> Option<Value>,
}

impl Class {
    pub(super) fn value(self) -> Value {
        Value::from_object(self)
    }

    fn short_name(&self) -> &'static str {
        self.name.rsplit('.').next().unwrap_or(self.name)
    }
}

impl fmt::Debug for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Class").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Object for Class {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let name = key.as_str()?;
        let method = self.methods.iter().find(|(known, _)| *known == name);
        match method {
            Some((name, call)) => Some(NativeFunction::value(name, *call)),
            None => (self.attribute)(name),
        }
    }

    fn call(self: &Arc<Self>, state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, minijinja::Error> {
        let (positional, keywords) = split_arguments(args);
        let function = self.short_name();
        let call = Arguments { owner: "", function, positional: &positional, keywords: &keywords };
        Ok((self.new)(&mut Evaluator::inside(state), &call)?)
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<class '{}'>", self.name)
    }
}
