//! Functions that the host gives to templates, and their arguments, bound to parameters by Python's rules.

use jinja::{HostError, HostErrorKind, Kwargs, Object, ObjectRepr, Rest, State, Value, from_args};
use std::fmt;
use std::sync::Arc;

type Body = dyn Fn(&mut State<'_, '_>, Arguments<'_>) -> Result<Value, HostError> + Send + Sync;

/// A function that takes positional and keyword arguments.
pub(crate) struct Function {
    name: &'static str,
    body: Box<Body>,
}

impl Function {
    /// The function as a value; `name` is what messages call it.
    pub fn value(
        name: &'static str,
        body: impl Fn(&mut State<'_, '_>, Arguments<'_>) -> Result<Value, HostError> + Send + Sync + 'static,
    ) -> Value {
        Value::from_object(Self { name, body: Box::new(body) })
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "<function {}>", self.name)
    }
}

impl Object for Function {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call(self: &Arc<Self>, state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, HostError> {
        (self.body)(state, Arguments::new(self.name, args)?)
    }

    fn render(self: &Arc<Self>, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, out)
    }
}

/// A method that a template took off its object: `set quote = adapter.quote`, `map(attribute='render')`.
#[derive(Debug)]
struct BoundMethod {
    object: Value,
    name: String,
}

impl Object for BoundMethod {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call(self: &Arc<Self>, state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, HostError> {
        self.object.call_method(state, &self.name, args)
    }

    fn render(self: &Arc<Self>, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "<bound method {}>", self.name)
    }
}

/// The object's method of that name as a value.
pub(crate) fn bound_method(object: Value, name: &str) -> Value {
    Value::from_object(BoundMethod { object, name: name.to_owned() })
}

/// The arguments of one call.
pub(crate) struct Arguments<'a> {
    function: &'a str,
    positional: Vec<Value>,
    keywords: Vec<(String, Value)>,
}

impl<'a> Arguments<'a> {
    /// Takes a call's arguments apart; `function` is named in messages.
    pub fn new(function: &'a str, args: &[Value]) -> Result<Self, HostError> {
        let (positional, kwargs): (Rest<Value>, Kwargs) = from_args(args)?;
        let names: Vec<String> = kwargs.args().map(str::to_owned).collect();
        let keywords = names.into_iter().map(|name| kwargs.get(&name).map(|value| (name, value)));
        Ok(Self { function, positional: positional.0, keywords: keywords.collect::<Result<_, _>>()? })
    }

    /// The values of parameters of these names, of which the first `required` must be given.
    pub fn bind<const N: usize>(
        self,
        names: [&str; N],
        required: usize,
    ) -> Result<[Option<Value>; N], HostError> {
        let wrong = |message: String| HostError::new(HostErrorKind::InvalidOperation, message);
        let mut bound = [const { None }; N];
        if self.positional.len() > N {
            let given = self.positional.len();
            return Err(wrong(format!(
                "{}() takes {N} positional arguments but {given} were given",
                self.function
            )));
        }
        for (slot, value) in bound.iter_mut().zip(self.positional) {
            *slot = Some(value);
        }
        for (name, value) in self.keywords {
            let Some(at) = names.iter().position(|known| *known == name) else {
                return Err(wrong(format!(
                    "{}() got an unexpected keyword argument '{name}'",
                    self.function
                )));
            };
            if bound[at].replace(value).is_some() {
                return Err(wrong(format!("{}() got multiple values for argument '{name}'", self.function)));
            }
        }
        match (0..required).find(|at| bound[*at].is_none()) {
            Some(at) => Err(wrong(format!("{}() missing required argument '{}'", self.function, names[at]))),
            None => Ok(bound),
        }
    }

    /// Keyword arguments alone, for functions that take any.
    pub fn into_keywords(self) -> Vec<(String, Value)> {
        self.keywords
    }

    /// Both, for functions that hand them on.
    pub fn into_parts(self) -> (Vec<Value>, Vec<(String, Value)>) {
        (self.positional, self.keywords)
    }
}

/// A text; `None` for none, undefined and the empty string's absence.
pub(crate) fn text(value: Option<&Value>) -> Option<String> {
    let value = value?;
    if value.is_none() || value.is_undefined() {
        return None;
    }
    Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}

/// A truth value; `default` where nothing was given.
pub(crate) fn truth(value: Option<&Value>, default: bool) -> bool {
    value.filter(|value| !value.is_undefined() && !value.is_none()).map_or(default, Value::is_true)
}

/// The error of a call to a method that an object lacks.
pub(crate) fn no_method(object: &str, method: &str) -> HostError {
    HostError::new(HostErrorKind::UnknownMethod, format!("'{object}' object has no attribute '{method}'"))
}
