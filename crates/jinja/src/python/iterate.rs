//! Iteration: over live lists, dicts that must not change, and generators that run once.

use std::fmt;
use std::sync::{Arc, Mutex};

use minijinja::Value;
use minijinja::value::{DynObject, Enumerator, Object, ObjectRepr};

use super::dict::{Dict, Shows, View, pair};
use super::kind::{Kind, type_name};
use super::list::List;
use super::{Result, lock};
use crate::error::{Error, ErrorKind};

/// A running iteration.
pub(crate) enum Items {
    /// A list: items added while it runs are seen.
    List {
        list: Value,
        at: usize,
    },
    /// A dict or a view of one: an error if its size changes while it runs.
    Dict {
        dict: Value,
        shows: Shows,
        size: usize,
        at: usize,
    },
    /// A generator; it's used up.
    Generator(Arc<Generator>),
    Values(std::vec::IntoIter<Value>),
    Chars {
        text: Value,
        at: usize,
    },
    Range {
        range: super::range::Range,
        at: usize,
    },
    Host(Box<dyn Iterator<Item = Value> + Send + Sync>),
}

impl Items {
    /// The items of a value; an error if Python can't iterate over it.
    pub(crate) fn of(value: &Value) -> Result<Self> {
        Ok(match Kind::of(value) {
            Kind::List(_) => Self::List { list: value.clone(), at: 0 },
            Kind::Tuple(tuple) => Self::over(tuple.to_vec()),
            Kind::Dict(dict) => Self::dict(value, dict, Shows::Keys),
            Kind::Set(set) => Self::over(set.items()),
            Kind::Range(range) => Self::Range { range: *range, at: 0 },
            Kind::Str(_) => Self::Chars { text: value.clone(), at: 0 },
            Kind::Undefined => Self::over(Vec::new()),
            Kind::Object(object) => return Self::object(value, object),
            Kind::Other if let Some(bytes) = value.as_bytes() => {
                Self::over(bytes.iter().map(|byte| Value::from(*byte)).collect())
            }
            _ => return Err(not_iterable(value)),
        })
    }

    /// These items.
    pub(crate) fn over(values: Vec<Value>) -> Self {
        Self::Values(values.into_iter())
    }

    fn dict(value: &Value, dict: &Dict, shows: Shows) -> Self {
        Self::Dict { dict: value.clone(), shows, size: dict.len(), at: 0 }
    }

    fn object(value: &Value, object: &DynObject) -> Result<Self> {
        if let Some(generator) = object.downcast::<Generator>() {
            return Ok(Self::Generator(generator));
        }
        if let Some(view) = object.downcast_ref::<View>()
            && let Some(dict) = view.dict.downcast_object_ref::<Dict>()
        {
            return Ok(Self::dict(&view.dict, dict, view.shows));
        }
        match object.try_iter() {
            Some(items) if object.repr() != ObjectRepr::Plain => Ok(Self::Host(items)),
            _ => Err(not_iterable(value)),
        }
    }

    /// The next item.
    pub(crate) fn next(&mut self) -> Result<Option<Value>> {
        Ok(match self {
            Self::List { list, at } => {
                *at += 1;
                list.downcast_object_ref::<List>().and_then(|list| list.get(*at - 1))
            }
            Self::Dict { dict, shows, size, at } => {
                let Some(dict) = dict.downcast_object_ref::<Dict>() else {
                    return Ok(None);
                };
                *at += 1;
                return dict_item(dict, *shows, *size, *at - 1);
            }
            Self::Generator(generator) => return generator.next(),
            Self::Values(values) => values.next(),
            Self::Chars { text, at } => {
                let next = text.as_str().and_then(|text| text[*at..].chars().next());
                next.map(|character| {
                    *at += character.len_utf8();
                    Value::from(character.encode_utf8(&mut [0; 4]) as &str)
                })
            }
            Self::Range { range, at } => {
                *at += 1;
                (*at <= range.len()).then(|| range.at(*at - 1))
            }
            Self::Host(items) => items.next(),
        })
    }

    /// All items that are left.
    pub(crate) fn collect(mut self) -> Result<Vec<Value>> {
        let mut all = Vec::new();
        while let Some(item) = self.next()? {
            all.push(item);
        }
        Ok(all)
    }
}

fn dict_item(dict: &Dict, shows: Shows, size: usize, at: usize) -> Result<Option<Value>> {
    let pairs = lock(&dict.0);
    if pairs.len() != size {
        let message = "dictionary changed size during iteration";
        return Err(Error::new(ErrorKind::Value, message));
    }
    Ok(pairs.get_index(at).map(|(key, value)| match shows {
        Shows::Keys => key.clone(),
        Shows::Values => value.clone(),
        Shows::Items => pair((key.clone(), value.clone())),
    }))
}

fn not_iterable(value: &Value) -> Error {
    Error::new(ErrorKind::Type, format!("'{}' object is not iterable", type_name(value)))
}

/// All items of a value.
pub(crate) fn items(value: &Value) -> Result<Vec<Value>> {
    match Kind::of(value) {
        Kind::List(list) => Ok(list.items()),
        Kind::Tuple(tuple) => Ok(tuple.to_vec()),
        Kind::Dict(dict) => Ok(dict.keys()),
        Kind::Set(set) => Ok(set.items()),
        _ => Items::of(value)?.collect(),
    }
}

/// `len(value)`
pub(crate) fn len(value: &Value) -> Result<usize> {
    Ok(match Kind::of(value) {
        Kind::Str(text) => text.chars().count(),
        Kind::List(list) => list.len(),
        Kind::Tuple(tuple) => tuple.len(),
        Kind::Dict(dict) => dict.len(),
        Kind::Set(set) => set.len(),
        Kind::Range(range) => range.len(),
        Kind::Undefined => 0,
        Kind::Other if let Some(bytes) = value.as_bytes() => bytes.len(),
        Kind::Object(object) if object.downcast_ref::<Generator>().is_none() => {
            return object
                .enumerator_len()
                .filter(|_| object.repr() != ObjectRepr::Plain)
                .ok_or_else(|| no_len(value));
        }
        _ => return Err(no_len(value)),
    })
}

fn no_len(value: &Value) -> Error {
    Error::new(ErrorKind::Type, format!("object of type '{}' has no len()", type_name(value)))
}

type Next = Box<dyn FnMut() -> Result<Option<Value>> + Send>;

/// A generator: gives each item once.
pub(crate) struct Generator {
    name: &'static str,
    next: Mutex<Next>,
}

impl Generator {
    /// A generator as a value; `name` is what Python would print.
    pub(crate) fn value(
        name: &'static str,
        next: impl FnMut() -> Result<Option<Value>> + Send + 'static,
    ) -> Value {
        Value::from_object(Self { name, next: Mutex::new(Box::new(next)) })
    }

    /// A generator over values that are known already.
    pub(crate) fn over(name: &'static str, items: Vec<Value>) -> Value {
        let mut items = items.into_iter();
        Self::value(name, move || Ok(items.next()))
    }

    fn next(&self) -> Result<Option<Value>> {
        lock(&self.next)()
    }
}

impl fmt::Debug for Generator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Generator").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Object for Generator {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Iterable
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let this = self.clone();
        Enumerator::Iter(Box::new(std::iter::from_fn(move || this.next().ok().flatten())))
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        None
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = Arc::as_ptr(self).cast::<()>();
        if self.name.contains(['.', '_']) && !self.name.starts_with("sync") {
            return write!(f, "<{} object at {address:p}>", self.name);
        }
        write!(f, "<generator object {} at {address:p}>", self.name)
    }
}
